from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .res_partner import COLUMNS


class ResPartner(models.Model):
    """A list of customers that is filtered by the rule works it out once (P17)."""

    _inherit = "res.partner"

    @api.model
    @api.readonly
    def web_search_read(
        self, domain, specification, offset=0, limit=None, order=None, count_limit=None
    ):
        # EXTENDS 'web': what the page and its number ask is asked before, once
        return super().web_search_read(
            self._resolve_followup(domain),
            specification,
            offset=offset,
            limit=limit,
            order=order,
            count_limit=count_limit,
        )

    @api.model
    def _resolve_followup(self, domain):
        """Put the customers that the rule finds in the place of its conditions."""
        domain = Domain(domain)
        names = {condition.field_expr for condition in domain.iter_conditions()}
        if not names & COLUMNS.keys():
            return domain
        return domain.map_conditions(self._find_followup)

    def _find_followup(self, condition):
        if condition.field_expr not in COLUMNS:
            return condition
        # the search method makes it a list of ids, as a statement that is not run yet
        found = condition.optimize_full(self)
        return found.map_conditions(self._run_followup)

    def _run_followup(self, condition):
        if condition.field_expr != "id" or not isinstance(condition.value, SQL):
            return condition
        rows = self.env.execute_query(condition.value)
        is_negative = condition.operator in Domain.NEGATIVE_OPERATORS
        operator = "not in" if is_negative else "in"
        return Domain("id", operator, [row_id for (row_id,) in rows])

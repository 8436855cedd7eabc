from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from .account_move_line import GROUPS

TABLE = Markup(
    '<table class="table table-sm table-borderless w-auto mb-0 o_followup_totals">'
    '<thead><tr><th></th><th class="{number} text-muted fw-normal">{due}</th>'
    '<th class="{number} text-muted fw-normal">{overdue}</th></tr></thead>'
    "<tbody>{rows}</tbody></table>"
)
ROW = Markup(
    '<tr><td class="py-0 ps-0">{name}</td><td class="{number}">{due}</td>'
    '<td class="{number}">{overdue}</td></tr>'
)
NUMBER = "py-0 ps-3 pe-0 text-end text-nowrap"


class ResPartner(models.Model):
    """Totals of a customer who owes in other currencies than the company's (B4)."""

    _inherit = "res.partner"

    followup_currency_totals = fields.Html(
        "Totals by Currency",
        compute="_compute_followup_currency_totals",
        groups=GROUPS,
        help="What is due and what is overdue in each currency, credits deducted, "
        "excluded items left out; empty when all is in the company's currency.",
    )

    @api.depends_context("company", "lang")
    def _compute_followup_currency_totals(self):
        own = self.env.company.root_id.currency_id
        totals = self._get_followup_currency_totals()
        for partner in self:
            mine = totals.get(partner._origin.id, [])
            others = any(currency != own for currency, *_amounts in mine)
            partner.followup_currency_totals = (
                self._render_followup_totals(mine) if others else False
            )

    def _get_followup_currency_totals(self):
        """Return {customer id: [(currency, due, overdue, credit)]} of these customers.

        The items come added up in groups that the rule does not tell apart, so that
        a customer with many of them costs no more memory than one with a few.
        """
        root = self.env.company.root_id
        days = root._get_followup_days(root)
        if root not in days or not self._origin.ids:
            return {}
        query = self._get_followup_totals_sql({root: days[root]})
        rows = self.env.execute_query_dict(query)
        by_partner = {}
        for row in rows:
            by_partner.setdefault(row["partner_id"], []).append(row)
        service = self.env["account.followup.claim"]
        return {key: service._get_totals(mine) for key, mine in by_partner.items()}

    @api.model
    def _render_followup_totals(self, totals):
        """Return a small table."""
        rows = Markup().join(
            ROW.format(
                number=NUMBER,
                name=currency.name,
                due=formatLang(self.env, due, currency_obj=currency),
                overdue=formatLang(self.env, overdue, currency_obj=currency),
            )
            for currency, due, overdue, _credit in totals
        )
        return TABLE.format(
            number=NUMBER,
            due=self.env._("Total Due"),
            overdue=self.env._("Total Overdue"),
            rows=rows,
        )

    def _get_followup_totals_sql(self, days):
        """Return the items of these customers, added up as far as they are alike."""
        items = self.env["account.followup.item"]
        parts = items._get_sql_parts(days)
        return SQL(
            """
            SELECT item.partner_id,
                   item.currency_id,
                   item.rest_reason,
                   MAX(item.days_late) AS days_late,
                   SUM(%s) AS residual
              FROM (%s) item
             WHERE item.partner_id IN %s
             GROUP BY item.partner_id, item.currency_id, item.rest_reason,
                      item.residual <= 0, item.days_late > 0
            """,
            items._get_sql_open(parts),
            items._get_sql(days, parts=parts),
            tuple(self._origin.ids),
        )

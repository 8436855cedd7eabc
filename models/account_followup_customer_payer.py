from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .account_followup_customer import ID_SHIFT
from .account_followup_customer_fill import filled_by
from .account_followup_customer_find import found_by

#: Field of a row: column of the payer's record.
COLUMNS = {"average_days_late": "average", "late_share": "late_share"}

OPERATORS = {name: SQL(name) for name in ("<", "<=", ">", ">=")}

fill_payer = filled_by("_fill_payer", "partner_id", "company_id", "days_late")


class AccountFollowupCustomerFind(models.AbstractModel):
    _inherit = "account.followup.customer.find"

    @api.model
    def _get_sql_payers(self):
        """Return the payer's records of the companies whose rows are seen."""
        days = self.env["res.company"]._get_followup_days_seen()
        if not days:
            return None
        return self.env["account.followup.payer"].sudo()._get_sql_paid(days)

    @api.model
    def _find_average_days_late(self, operator, value):
        return self._find_payers("average", operator, value)

    @api.model
    def _find_late_share(self, operator, value):
        return self._find_payers("late_share", operator, value)

    @api.model
    def _find_payers(self, column, operator, value):
        """Find customers by how they have paid: who has not is none of them."""
        if operator not in OPERATORS:
            return NotImplemented
        if not (payers := self._get_sql_payers()):
            return Domain.FALSE
        found = SQL(
            "(SELECT (payer.company_id::bigint << %s) | payer.partner_id"
            " FROM (%s) payer WHERE %s %s %s)",
            ID_SHIFT,
            payers,
            SQL.identifier("payer", column),
            OPERATORS[operator],
            value,
        )
        return Domain("id", "in", found)


class AccountFollowupCustomerFill(models.AbstractModel):
    _inherit = "account.followup.customer.fill"

    @api.model
    def _fill_payer(self, customers):
        service = self.env["account.followup.payer"].sudo()
        days = self.env["res.company"]._get_followup_days(customers.company_id)
        open_days = {
            (row.partner_id.id, row.company_id.id): row.days_late for row in customers
        }
        records = service._get_records(customers.partner_id, days, open_days)
        for row in customers:
            record = records.get((row.partner_id.id, row.company_id.id), {})
            row.average_days_late = record.get("average")
            row.late_share = record.get("late_share")
            row.suggested_trust = record.get("trust")


class AccountFollowupCustomer(models.Model):
    """The payer's record in the work-list: read only when a column is shown."""

    _inherit = "account.followup.customer"

    average_days_late = fields.Float(
        digits=(16, 1),
        compute=fill_payer,
        search=found_by("_find_average_days_late"),
        help="Between due date and payment, weighted by amount, in the last 12 months.",
    )
    late_share = fields.Float(
        "Share Paid Late", compute=fill_payer, search=found_by("_find_late_share")
    )
    suggested_trust = fields.Selection(
        selection=lambda self: (
            self.env["account.followup.customer.trust"]._get_choices()
        ),
        compute=fill_payer,
        help="What the payments suggest. Trust is set by people only.",
    )

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        # EXTENDS 'base': sorted by the record, which is read for all then
        if field_name not in COLUMNS:
            return super()._order_field_to_sql(
                alias, field_name, direction, nulls, query
            )
        payer = query.make_alias(alias, "payer")
        payers = self.env["account.followup.customer.find"]._get_sql_payers()
        if not payers:
            return SQL()
        if payer not in query._joins:
            pairs = [
                SQL("%s = %s", SQL.identifier(payer, name), SQL.identifier(alias, name))
                for name in ("partner_id", "company_id")
            ]
            on = SQL(" AND ").join(pairs)
            query.add_join("LEFT JOIN", payer, SQL("(%s)", payers), on)
        column = SQL.identifier(payer, COLUMNS[field_name])
        return SQL("COALESCE(%s, -1) %s", column, direction)

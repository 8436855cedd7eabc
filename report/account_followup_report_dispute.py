from odoo import api, models
from odoo.tools import SQL

from .engine.columns import make_column, sql_sum


class AccountFollowupReport(models.AbstractModel):
    """What is in dispute, in the two reports on what is open (X8).

    The column is there as long as something is in dispute.
    """

    _inherit = "account.followup.report"

    @api.model
    def _get_extra_columns(self, options):
        # EXTENDS 'account_payment_followup'
        columns = super()._get_extra_columns(options)
        is_now = {
            "aged_receivable": SQL("item.period = 0"),
            "followup_report": SQL("TRUE"),
        }.get(options["variant"])
        disputes = self.env["account.followup.dispute.report"]
        if not is_now or not disputes._has_disputes():
            return columns
        amount = disputes._get_sql_disputed()
        label = self.env._("In Dispute")
        total = sql_sum(amount, is_now)
        return [*columns, make_column("amount", "disputed", label, amount, total)]


class AccountFollowupDisputeReport(models.AbstractModel):
    """How much of an item is in dispute."""

    _name = "account.followup.dispute.report"
    _description = "Amounts in Dispute"

    @api.model
    def _has_disputes(self):
        """Return whether items of the user's companies are in dispute.

        A dispute that is hidden, since it is about items of others too, counts.
        """
        return bool(
            self.env["account.followup.dispute"]
            .sudo()
            .search_count(
                [
                    ("company_id", "=", self.env.company.root_id.id),
                    ("state", "=", "open"),
                    ("line_ids.company_id", "in", self.env.companies.ids),
                ],
                limit=1,
            )
        )

    @api.model
    def _get_sql_disputed(self):
        """Return how much of ``item`` is in dispute: all, or the part that was said."""
        disputes = self.env["account.followup.dispute"]
        names = ("is_partial", "state")
        parts = self.env["account.followup.dispute.part"]
        return SQL(
            """
            (
                SELECT item.amount * MAX(
                           CASE WHEN dispute.is_partial
                                THEN LEAST(COALESCE(%s / NULLIF(
                                    line.amount_residual_currency, 0), 1), 1)
                                ELSE 1
                           END)
                  FROM account_followup_dispute_line_rel disputed
                  JOIN account_followup_dispute dispute
                    ON dispute.id = disputed.dispute_id
                   AND dispute.state = 'open'
                  JOIN account_move_line line ON line.id = disputed.line_id
                 WHERE disputed.line_id = item.id
            )
            """,
            parts._get_sql_left(),
            to_flush=[
                *(disputes._fields[name] for name in names),
                *parts._get_fields_read(),
            ],
        )

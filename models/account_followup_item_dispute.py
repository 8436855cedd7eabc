from odoo import api, fields, models
from odoo.tools import SQL, format_amount

from ..tools.sql import get_fields


class AccountFollowupItem(models.Model):
    """What is in dispute rests until that ends (rule 15)."""

    _inherit = "account.followup.item"

    rest_reason = fields.Selection(selection_add=[("dispute", "In dispute")])
    review_date = fields.Date(
        "Review On",
        compute="_compute_review_date",
        help="Day on which somebody is to look at it again.",
    )

    @api.model
    def _get_rest_reasons(self):
        # EXTENDS 'account_payment_followup'
        disputed = self._get_sql_is_resting("dispute")
        return [*super()._get_rest_reasons(), ("dispute", disputed, None)]

    @api.model
    def _get_resting(self):
        # EXTENDS 'account_payment_followup': where the rest is claimed (rule 15), an
        # item is at rest when there is no rest
        disputed = SQL(
            """
            SELECT disputed.line_id
              FROM account_followup_dispute dispute
              JOIN account_followup_dispute_line_rel disputed
                ON disputed.dispute_id = dispute.id
             WHERE dispute.state = 'open'
               AND (
                   dispute.is_rest_claimed IS NOT TRUE
                   OR %s >= (
                       SELECT item.amount_residual_currency
                         FROM account_move_line item
                        WHERE item.id = disputed.line_id
                   )
               )
            """,
            self.env["account.followup.dispute.part"]._get_sql_left(),
            to_flush=self._get_dispute_fields(),
        )
        return {**super()._get_resting(), "dispute": (SQL("line.id"), disputed)}

    @api.model
    def _get_dispute_fields(self):
        """Return what the rule reads of disputes."""
        names = ("company_id", "is_rest_claimed", "state")
        return [
            *get_fields(self.env, {"account.followup.dispute": names}),
            *self.env["account.followup.dispute.part"]._get_fields_read(),
        ]

    @api.depends("rest_kind", "move_line_id")
    def _compute_review_date(self):
        disputes = self._get_disputes()
        for item in self:
            dispute = disputes.get(item.move_line_id)
            item.review_date = (
                dispute.review_date
                if dispute
                else item.rest_kind and item.move_line_id.followup_review_date
            )

    def _get_disputes(self):
        """Return {journal item: its open dispute}."""
        mine = self.filtered(lambda item: item.rest_kind == "dispute")
        disputes = self.env["account.followup.dispute"]
        if mine:
            disputes = disputes._get_open(mine.move_line_id)
        return {line: dispute for dispute in disputes for line in dispute.line_ids}

    def _compute_rest(self):
        # EXTENDS 'account_payment_followup'
        super()._compute_rest()
        for line, dispute in self._get_disputes().items():
            for item in self.filtered(lambda one, line=line: one.move_line_id == line):
                texts = (dispute.reason_id.name, dispute.note)
                if item.disputed_part:
                    part = item.disputed_part
                    texts = (format_amount(self.env, part, item.currency_id), *texts)
                item.rest_why = ": ".join(filter(None, texts))

from odoo import api, fields, models
from odoo.tools import SQL


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
        return [
            *super()._get_rest_reasons(),
            ("dispute", self._get_sql_is_disputed(), None),
        ]

    @api.model
    def _get_sql_is_disputed(self):
        """Return the condition; there are few of them, which are read once."""
        disputes = self.env["account.followup.dispute"]
        return SQL(
            """
            line.id IN (
                SELECT disputed.line_id
                  FROM account_followup_dispute dispute
                  JOIN account_followup_dispute_line_rel disputed
                    ON disputed.dispute_id = dispute.id
                 WHERE dispute.state = 'open'
            )
            """,
            to_flush=[disputes._fields[name] for name in ("line_ids", "state")],
        )

    @api.depends("rest_reason", "move_line_id")
    def _compute_review_date(self):
        disputes = self._get_disputes()
        for item in self:
            dispute = disputes.get(item.move_line_id)
            item.review_date = (
                dispute.review_date
                if dispute
                else item.rest_reason and item.move_line_id.followup_review_date
            )

    def _get_disputes(self):
        """Return {journal item: its open dispute}."""
        mine = self.filtered(lambda item: item.rest_reason == "dispute")
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
                item.rest_why = ": ".join(filter(None, texts))

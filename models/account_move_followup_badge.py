from odoo import api, fields, models
from odoo.tools import format_date

from .account_move_line import GROUPS


class AccountMove(models.Model):
    """What a reminder knows of an invoice, near the top of its form."""

    _inherit = "account.move"

    followup_badge = fields.Char(
        "Payment Follow-up", compute="_compute_followup_badge", groups=GROUPS
    )
    can_send_followup = fields.Boolean(compute="_compute_followup_badge", groups=GROUPS)

    @api.depends_context("lang")
    @api.depends(
        "state",
        "move_type",
        "payment_state",
        "no_followup",
        "followup_hold_until",
        "expected_payment_date",
        "followup_level_id",
    )
    def _compute_followup_badge(self):
        self.followup_badge = self.can_send_followup = False
        open_ones = self.filtered(
            lambda move: (
                move.state == "posted"
                and move.move_type in ("out_invoice", "out_receipt")
                and move.amount_residual
            )
        )
        for company, moves in open_ones.grouped("company_id").items():
            root = company.root_id.sudo()
            day = root._get_followup_day()[root]
            for move in moves:
                move.followup_badge = move._get_followup_badge(day)
                move.can_send_followup = root.followup_enabled and any(
                    line.date_maturity and line.date_maturity < day
                    for line in move._get_followup_lines()
                    if not line.reconciled
                )

    def _get_followup_badge(self, day):
        """Return what rests or which level was reached, in a few words, or nothing."""
        self.ensure_one()
        if self.no_followup:
            return self.env._("Excluded from reminders")
        if (hold := self.followup_hold_until) and hold >= day:
            return self.env._("On hold until %s", format_date(self.env, hold))
        if (expected := self.expected_payment_date) and expected >= day:
            return self.env._("Payment expected on %s", format_date(self.env, expected))
        if not self.followup_level_id:
            return False
        return self.env._(
            "%(level)s, %(date)s",
            level=self.followup_level_id.sudo().name,
            date=format_date(self.env, self.followup_date),
        )

    def action_send_followup(self):
        """Open Send and Print for the customer of the invoice."""
        self.ensure_one()
        self.check_access("read")
        partner = self.commercial_partner_id.with_company(self.company_id)
        action = partner.action_send_followup()
        action["context"]["default_company_id"] = self.company_id.root_id.id
        return action

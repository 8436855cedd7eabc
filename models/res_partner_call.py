from odoo import api, fields, models

from ..tools.actions import get_window
from .account_move_line import GROUPS


class ResPartner(models.Model):
    """Phone calls with a customer about open invoices (C8)."""

    _inherit = "res.partner"

    followup_call_count = fields.Integer(
        compute="_compute_followup_call_count", groups=GROUPS
    )

    @api.depends_context("company")
    def _compute_followup_call_count(self):
        counts = self._count_followup_records("account.followup.call")
        for partner in self:
            partner.followup_call_count = counts.get(partner._origin.id, 0)

    def action_log_followup_call(self):
        """Open the window Log a Call for the customer."""
        self.ensure_one()
        self._check_followup_access()
        return get_window(
            "account.followup.call.wizard",
            self.env._("Log a Call"),
            default_partner_id=self.commercial_partner_id.id,
        )

    def action_view_followup_calls(self):
        """Open the calls with the customer (E3)."""
        return self._get_followup_action("action_account_followup_call_customer")

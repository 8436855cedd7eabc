from odoo import api, fields, models
from odoo.exceptions import UserError

from .account_move_line import GROUPS


class ResPartner(models.Model):
    """The way from a customer to the reports, and back (F1, F3, F8)."""

    _inherit = "res.partner"

    followup_has_entries = fields.Boolean(
        compute="_compute_followup_has_entries",
        groups=GROUPS,
        help="Something was ever posted on the customer's receivable account.",
    )

    @api.depends_context("company")
    def _compute_followup_has_entries(self):
        lines = self.env["account.move.line"]
        for partner in self:
            partner.followup_has_entries = bool(
                lines.search_count(
                    [
                        ("partner_id", "=", partner.commercial_partner_id._origin.id),
                        ("account_type", "=", "asset_receivable"),
                        ("parent_state", "=", "posted"),
                    ],
                    limit=1,
                )
            )

    def action_open_customer_statement(self):
        """Open the statement of these customers on the screen (F1, F3).

        :raise UserError: none is selected
        """
        self.env["account.followup.report"]._check_report_access()
        self.check_access("read")
        if not self:
            raise UserError(self.env._("Select at least one customer."))
        return {
            "type": "ir.actions.client",
            "tag": "account_payment_followup.report",
            "name": self.env._("Customer Statement"),
            "params": {
                "variant": "customer_statement",
                "partner_ids": self.commercial_partner_id.ids,
            },
        }

    def set_followup_trust(self, trust=None):
        """Change the trust in a customer, also for who may not edit contacts (B3).

        :param str trust: a value of ``trust``
        :raise UserError: there is no such trust
        """
        self._check_followup_access()
        if trust not in self._fields["trust"].get_values(self.env):
            raise UserError(
                self.env._(
                    "%(trust)s is no degree of trust. Choose one of the menu.",
                    trust=trust,
                )
            )
        self.commercial_partner_id.sudo().trust = trust
        return True

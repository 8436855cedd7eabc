from odoo import api, fields, models

from ..tools.actions import get_window
from .account_move_line import GROUPS

#: Keys of the context that say what a window for statements begins with.
DEFAULTS = ("default_period", "default_date_from", "default_date_to")


class ResPartner(models.Model):
    """Statements of account of a customer (F2, F3)."""

    _inherit = "res.partner"

    followup_statement_opt_out = fields.Boolean(
        "No Statements",
        compute="_compute_followup_settings",
        inverse="_inverse_followup_statement_opt_out",
        search="_search_followup_statement_opt_out",
        groups=GROUPS,
        help="Neither the monthly statement nor one that is sent to many customers. "
        "Sending it by hand is always possible.",
    )
    followup_statement_count = fields.Integer(
        compute="_compute_followup_statement_count", groups=GROUPS
    )

    @api.depends_context("company")
    def _compute_followup_statement_count(self):
        counts = self._count_followup_records("account.followup.statement")
        for partner in self:
            partner.followup_statement_count = counts.get(partner._origin.id, 0)

    def _inverse_followup_statement_opt_out(self):
        self._write_followup("statement_opt_out", "followup_statement_opt_out")

    def _search_followup_statement_opt_out(self, operator, value):
        return self._search_followup_setting("statement_opt_out", operator, value)

    def action_send_followup_statement(self):
        """Open the window that sends statements to one or more customers (F2, F3).

        Defaults of the window's fields (``default_period``, ``default_date_from``,
        ``default_date_to``) may be in the context.
        """
        self._check_followup_access()
        defaults = {
            name: value for name, value in self.env.context.items() if name in DEFAULTS
        }
        return get_window(
            "account.followup.statement.wizard",
            self.env._("Send Statements"),
            **defaults,
            default_partner_ids=self.commercial_partner_id.ids,
        )

    def action_view_followup_statements(self):
        """Open the statements that were sent to the customer (E3)."""
        return self._get_followup_action("action_account_followup_statement_customer")

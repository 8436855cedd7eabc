from odoo import api, fields, models

from .account_followup_recipients import INVOICES
from .account_move_line import GROUPS


class ResPartner(models.Model):
    """To whom the open invoices of a customer are made out, for statements (C3)."""

    _inherit = "res.partner"

    followup_invoiced_ids = fields.Many2many(
        "res.partner",
        string="Open Invoices Made Out To",
        compute="_compute_followup_invoiced_ids",
        compute_sudo=True,
        groups=GROUPS,
    )

    @api.depends_context("company")
    def _compute_followup_invoiced_ids(self):
        """Read those of all customers at once, in the tree of the current company."""
        groups = self.env["account.move"]._read_group(
            [
                ("commercial_partner_id", "in", self._origin.ids),
                ("move_type", "in", INVOICES),
                ("state", "=", "posted"),
                ("amount_residual", ">", 0),
                ("company_id", "child_of", self.env.company.root_id.id),
            ],
            ["commercial_partner_id"],
            ["partner_id:recordset"],
        )
        found = dict(groups)
        for partner in self:
            partner.followup_invoiced_ids = found.get(partner._origin, self.browse())

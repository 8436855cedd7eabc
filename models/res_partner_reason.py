from odoo import api, fields, models

from .account_move_line import GROUPS


class ResPartner(models.Model):
    """Why a customer is not reminded now, in the sentence of all screens."""

    _inherit = "res.partner"

    followup_reason_text = fields.Char(
        "Why Not Now", compute="_compute_followup_reason_text", groups=GROUPS
    )

    @api.depends("followup_status")
    @api.depends_context("company", "lang")
    def _compute_followup_reason_text(self):
        customers = self.commercial_partner_id._origin
        texts = self.env["account.followup.reason"]._get_reason_texts(customers)
        for partner in self:
            partner.followup_reason_text = texts.get(
                partner.commercial_partner_id._origin, ""
            )

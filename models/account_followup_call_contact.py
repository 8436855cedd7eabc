from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AccountFollowupCall(models.Model):
    """Who was spoken to: the next caller asks for that person (Y6)."""

    _inherit = "account.followup.call"

    contact_id = fields.Many2one(
        "res.partner",
        string="Spoken To",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )

    @api.constrains("contact_id", "partner_id")
    def _check_contact(self):
        for call in self.filtered("contact_id"):
            if call.contact_id.commercial_partner_id != call.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(contact)s is no contact of %(customer)s.",
                        contact=call.contact_id.display_name,
                        customer=call.partner_id.display_name,
                    )
                )

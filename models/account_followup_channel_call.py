from odoo import api, models


class AccountFollowupChannelCall(models.AbstractModel):
    """A phone call: it is made by a person, so nothing is ever queued."""

    _name = "account.followup.channel.call"
    _inherit = "account.followup.channel"
    _description = "Payment Reminders by Phone"

    _has_statements = False

    @api.model
    def _get_addresses(self, contact):
        # EXTENDS 'account.followup.channel'
        return [contact.phone] if contact.phone else []

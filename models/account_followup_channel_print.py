from odoo import api, models


class AccountFollowupChannelPrint(models.AbstractModel):
    """A letter that a person prints and hands over to the post."""

    _name = "account.followup.channel.print"
    _inherit = "account.followup.channel"
    _description = "Printed Payment Reminders"

    _place = 10
    _language_place = 30
    _is_paper = True
    _stays_here = True
    _has_test = True
    _needs_address = False  # it can be handed over

    @api.model
    def _get_addresses(self, contact):
        """Return the address on one line: complete enough for an envelope."""
        # EXTENDS 'account.followup.channel'
        if not contact.street:
            return []
        return [" ".join(contact._display_address(without_company=True).split())]

    @api.model
    def _queue(self, sents, parts):
        # EXTENDS 'account.followup.channel'
        none = self.env["snailmail.letter"]
        attachments = sents._make_pages([(sent, none) for sent in sents], parts)
        self._create_deliveries(
            sent._prepare_delivery(
                "print",
                contact,
                state="sent",
                recipient=contact.display_name,
                attachment_id=attachment.id,
            )
            for sent, attachment in zip(sents, attachments, strict=True)
            for contact in sent._get_recipients("print")[:1]
        )

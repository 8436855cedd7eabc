from odoo import api, models


class AccountFollowupChannelLetter(models.AbstractModel):
    """A letter by post, through core's ``snailmail``, which needs credits."""

    _name = "account.followup.channel.letter"
    _inherit = "account.followup.channel"
    _description = "Payment Reminders by Post"

    _place = 20
    _language_place = 20
    _is_paper = True
    _has_copies = True  # to another address: see ``_get_reached``
    _has_credits = True
    _notification_type = "snail"
    _cron = "snailmail.snailmail_print"

    @api.model
    def _get_addresses(self, contact):
        """Return the address on one line: complete enough for the post."""
        # EXTENDS 'account.followup.channel'
        if not self.env["snailmail.letter"]._is_valid_address(contact):
            return []
        return [" ".join(contact._display_address(without_company=True).split())]

    @api.model
    def _get_address_problem(self, contact):
        # EXTENDS 'account.followup.channel'
        return self.env._(
            "%s has no complete postal address (street, city, ZIP, country).",
            contact.display_name,
        )

    @api.model
    def _get_missing_message(self, count, total):
        # EXTENDS 'account.followup.channel'
        return self.env._(
            "%(count)s of %(total)s customers have no complete postal address.",
            count=count,
            total=total,
        )

    # ------------------------------------------------------------------
    # Queue
    # ------------------------------------------------------------------

    @api.model
    def _queue(self, sents, parts):
        """Hand a letter to each contact to core's queue (C7), in earnest only."""
        # EXTENDS 'account.followup.channel'
        contacts = [
            (sent, contact)
            for sent in sents
            for contact in sent._get_recipients("letter")
        ]
        letters = self._create_letters(contacts, sents._get_letter_values())
        pairs = [
            (sent, letter)
            for (sent, _contact), letter in zip(contacts, letters, strict=True)
        ]
        attachments = sents._make_pages(pairs, parts)
        for letter, attachment in zip(letters, attachments, strict=True):
            letter.attachment_id = attachment
        self._create_deliveries(
            self._prepare_delivery(sent, letter) for sent, letter in pairs
        )

    @api.model
    def _prepare_delivery(self, sent, letter):
        """Return the values of the delivery of a letter."""
        return sent._prepare_delivery(
            "letter",
            letter.partner_id,
            attachment_id=letter.attachment_id.id,
            letter_id=letter.id,
            mail_message_id=letter.message_id.id,
        )

    @api.model
    def _create_letters(self, pairs, values):
        """Create core's letters, with their note in the chatter and notification.

        The notes are posted together: core would post one after the other, see
        ``create`` of snailmail.letter.

        :param pairs: list of (reminder or statement, contact)
        :param dict values: of all of the letters
        :return: the letters, in this order
        """
        post = {"body": self.env._("Letter sent by post"), "message_type": "snailmail"}
        messages = self.env["account.followup.chatter"]._post_messages(
            [
                {"partner": sent.partner_id, "values": dict(post)}
                for sent, _contact in pairs
            ]
        )
        return self.env["snailmail.letter"].create(
            [
                {**self._prepare_letter(contact, message), **values}
                for (_sent, contact), message in zip(pairs, messages, strict=True)
            ]
        )

    @api.model
    def _prepare_letter(self, contact, message):
        """Return the values of a letter to a contact, with the address as it is."""
        return {
            "partner_id": contact.id,
            "message_id": message.id,
            "model": message.model,
            "res_id": message.res_id,
            "company_id": self.env.company.id,
            "user_id": self.env.uid,
            **self.env["snailmail.letter"]._prepare_followup_address(contact),
        }

    # ------------------------------------------------------------------
    # State
    # ------------------------------------------------------------------

    @api.model
    def _get_waiting(self, deliveries):
        # EXTENDS 'account.followup.channel'
        return deliveries.filtered(
            lambda delivery: delivery.letter_id.state == "pending"
        )

    @api.model
    def _get_queued(self, deliveries):
        # EXTENDS 'account.followup.channel'
        return deliveries.letter_id

    @api.model
    def _cancel(self, messages):
        # EXTENDS 'account.followup.channel'
        messages.cancel()

    @api.model
    def _get_failed(self, delivery):
        # EXTENDS 'account.followup.channel'
        return delivery.letter_id

    @api.model
    def _put_back(self, messages):
        # EXTENDS 'account.followup.channel'
        messages._requeue_followup()

    @api.model
    def _get_failed_notifications(self, delivery):
        """Add those that core has cancelled: it would have tried them again."""
        # EXTENDS 'account.followup.channel'
        return delivery._get_notifications().filtered(
            lambda notification: (
                notification.notification_status in ("exception", "bounce", "canceled")
            )
        )

from odoo import api, models

from .account_followup_send import concat


class AccountFollowupSend(models.AbstractModel):
    """Reminders on paper: printed by a person, or posted by core's ``snailmail``."""

    _inherit = "account.followup.send"

    @api.model
    def _get_addresses(self, channel, contact):
        """Return the address on one line: complete enough for the post, or to print."""
        if channel not in ("letter", "print"):
            return super()._get_addresses(channel, contact)
        is_valid = self.env["snailmail.letter"]._is_valid_address
        if not (is_valid(contact) if channel == "letter" else contact.street):
            return []
        address = contact._display_address(without_company=True)
        return [" ".join(address.split())]

    @api.model
    def _get_address_problem(self, channel, contact):
        if channel == "letter":
            return self.env._(
                "%s has no complete postal address (street, city, ZIP, country).",
                contact.display_name,
            )
        return super()._get_address_problem(channel, contact)

    @api.model
    def _queue_print(self, batch):
        reminders = concat(data["reminder"] for data in batch)
        none = self.env["snailmail.letter"]
        attachments = self._create_letters([(data, none) for data in batch])
        self._create_deliveries(
            [
                reminder._prepare_delivery(
                    "print",
                    contact,
                    state="sent",
                    recipient=contact.display_name,
                    attachment_id=attachment.id,
                )
                for reminder, attachment in zip(reminders, attachments, strict=True)
                for contact in reminder._get_recipients("print")[:1]
            ]
        )

    @api.model
    def _queue_letter(self, batch):
        """Hand a letter to each contact to core's queue; it needs credits (C7)."""
        pairs = [
            (data, contact)
            for data in batch
            for contact in data["reminder"]._get_recipients("letter")
        ]
        letters = self._create_snailmail_letters(
            [(data["reminder"], contact) for data, contact in pairs]
        )
        attachments = self._create_letters(
            [(data, letter) for (data, _), letter in zip(pairs, letters, strict=True)]
        )
        for letter, attachment in zip(letters, attachments, strict=True):
            letter.attachment_id = attachment
        self._create_deliveries(
            self._prepare_letter_delivery(data["reminder"], letter)
            for (data, _contact), letter in zip(pairs, letters, strict=True)
        )
        self.env.ref("snailmail.snailmail_print")._trigger()

    @api.model
    def _prepare_letter_delivery(self, sent, letter):
        return sent._prepare_delivery(
            "letter",
            letter.partner_id,
            attachment_id=letter.attachment_id.id,
            letter_id=letter.id,
            mail_message_id=letter.message_id.id,
        )

    @api.model
    def _create_snailmail_letters(self, pairs, **values):
        """Create core's letters, with their note in the chatter and notification.

        Core's own ``create`` posts one note after the other.

        :param pairs: list of (reminder or statement, contact)
        :param values: of all of the letters
        :return: the letters, in this order
        """
        post = {
            "body": self.env._("Letter sent by post"),
            "message_type": "snailmail",
        }
        messages = self._post_messages(
            [
                {"partner": sent.partner_id, "values": dict(post)}
                for sent, _contact in pairs
            ]
        )
        letters = models.Model.create(
            self.env["snailmail.letter"],
            [
                {**self._prepare_snailmail_letter(contact, message), **values}
                for (_sent, contact), message in zip(pairs, messages, strict=True)
            ],
        )
        self.env["mail.notification"].create(
            [
                {
                    "author_id": letter.message_id.author_id.id,
                    "mail_message_id": letter.message_id.id,
                    "res_partner_id": letter.partner_id.id,
                    "notification_type": "snail",
                    "letter_id": letter.id,
                    "is_read": True,  # not for the inbox
                    "notification_status": "ready",
                }
                for letter in letters
            ]
        )
        return letters

    @api.model
    def _prepare_snailmail_letter(self, contact, message):
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

    @api.model
    def _create_letters(self, pairs):
        """Make the letters and keep them as attachments of their reminders.

        The letter as such is kept in ``data["letter"]``, for the e-mail.

        :param pairs: list of (data of a reminder, ``snailmail.letter`` or an empty
            one): for the post the page is laid out on A4, with margins, and the
            address in the window of the envelope
        :return: the attachments, in this order
        """
        letters = [(data["reminder"], letter) for data, letter in pairs]
        pages = self._print_letters(letters)
        for (data, _letter), content in zip(pairs, pages, strict=True):
            data.setdefault("letter", content)
        self._read_documents_ahead([data for data, _letter in pairs])
        return self.env["ir.attachment"].create(
            [
                {
                    "name": self._get_letter_name(data["reminder"]),
                    "raw": self._finish_letter(
                        letter, self._add_invoices(data, content, bool(letter))
                    ),
                    "res_model": data["reminder"]._name,
                    "res_id": data["reminder"].id,
                    "mimetype": "application/pdf",
                }
                for (data, letter), content in zip(pairs, pages, strict=True)
            ]
        )

    @api.model
    def _get_letter_content(self, data):
        """Return the letter as (file name, content) in a list; nothing without one.

        It is the same for all channels and contacts, and comes without the invoices,
        which an e-mail has as files of their own.
        """
        if "letter" not in data:
            return []
        return [(self._get_letter_name(data["reminder"]), data["letter"])]

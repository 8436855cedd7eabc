from odoo import api, models
from odoo.exceptions import UserError


class AccountFollowupSend(models.AbstractModel):
    """Reminders on paper: printed by a person, or posted by core's ``snailmail``."""

    _inherit = "account.followup.send"

    @api.model
    def _get_letter_contacts(self, partner):
        """Return the recipients whose address is complete enough for the post."""
        return self._get_recipients(partner).filtered(
            self.env["snailmail.letter"]._is_valid_address
        )

    @api.model
    def _get_channel_problem(self, channel, partner):
        if channel == "letter" and not self._get_letter_contacts(partner):
            return self.env._(
                "%s has no complete postal address (street, city, ZIP, country).",
                self._get_recipients(partner)[:1].display_name,
            )
        return super()._get_channel_problem(channel, partner)

    @api.model
    def _queue_print(self, followup, reminder, data):
        contact = self._get_recipients(reminder.partner_id)[:1]
        self.env["account.followup.delivery"].create(
            {
                "reminder_id": reminder.id,
                "channel": "print",
                "state": "sent",
                "recipient": contact.display_name,
                "attachment_id": self._create_letter(reminder).id,
            }
        )

    @api.model
    def _queue_letter(self, followup, reminder, data):
        """Hand a letter to each contact to core's queue; it needs credits (C7)."""
        for contact in self._get_letter_contacts(followup.partner_id):
            self._queue_letter_to(contact, followup, reminder)
        self.env.ref("snailmail.snailmail_print")._trigger()

    @api.model
    def _queue_letter_to(self, contact, followup, reminder):
        letter = (
            self.env["snailmail.letter"]
            .with_company(followup.company_id)
            .create(
                {
                    "partner_id": contact.id,
                    "model": followup.partner_id._name,
                    "res_id": followup.partner_id.id,
                    "company_id": followup.company_id.id,
                    "user_id": self.env.uid,
                }
            )
        )
        attachment = self._create_letter(reminder, letter)
        letter.attachment_id = attachment
        self.env["account.followup.delivery"].create(
            {
                "reminder_id": reminder.id,
                "channel": "letter",
                "recipient": " ".join(
                    contact._display_address(without_company=True).split()
                ),
                "attachment_id": attachment.id,
                "letter_id": letter.id,
                "mail_message_id": letter.message_id.id,
            }
        )

    @api.model
    def _create_letter(self, reminder, letter=None):
        """Make the letter and keep it as an attachment of the reminder.

        :param reminder: the reminder
        :param letter: ``snailmail.letter`` for which its page is laid out: on A4, with
            margins, and the address in the window of the envelope
        :return: the attachment
        """
        report = self.env["ir.actions.report"].with_company(reminder.company_id)
        # for the post an address is written in another way: core's cache holds only one
        self._get_recipients(reminder.partner_id).invalidate_recordset(["display_name"])
        if letter:
            letter = letter.with_context(snailmail_layout=True)
            report = report.with_context(
                snailmail_layout=True, followup_contact_id=letter.partner_id.id
            )
        content, kind = report._render_qweb_pdf(
            "account_payment_followup.action_report_reminder", reminder.ids
        )
        self._check_pdf(content, kind)
        if letter and content.startswith(b"%PDF"):
            content = letter._overwrite_margins(content)
            if letter.cover:
                content = letter._append_cover_page(content)
        return self.env["ir.attachment"].create(
            {
                "name": self._get_letter_name(reminder),
                "raw": content,
                "res_model": reminder._name,
                "res_id": reminder.id,
                "mimetype": "application/pdf",
            }
        )

    @api.model
    def _check_pdf(self, content, kind):
        """Raise UserError when the PDF engine has ended well, but made no PDF."""
        if kind == "pdf" and not content.startswith(b"%PDF"):
            raise UserError(
                self.env._(
                    "The letter was not made: wkhtmltopdf gave no PDF. Ask your "
                    "administrator to look at it, the next try is tomorrow."
                )
            )

    @api.model
    def _get_letter_name(self, reminder):
        reminder = reminder.with_context(lang=reminder.lang)
        name = reminder.level_id.name or reminder.env._("Reminder")
        return " ".join(f"{name} {reminder.date}.pdf".replace("/", "-").split())

    @api.model
    def _get_letter_content(self, reminder):
        """Return the letters of a reminder as attachments of a message."""
        letters = reminder.delivery_ids.attachment_id
        return [(letter.name, letter.raw) for letter in letters]

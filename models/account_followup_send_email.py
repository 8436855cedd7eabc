from odoo import api, models
from odoo.tools import email_normalize_all


class AccountFollowupSend(models.AbstractModel):
    """Reminders by e-mail: a message on the customer, so that the proof stays (E1)."""

    _inherit = "account.followup.send"

    @api.model
    def _get_email_contacts(self, partner):
        """Return the recipients who have a usable address."""
        return self._get_recipients(partner).filtered("email_normalized")

    @api.model
    def _get_email_addresses(self, contacts):
        """Return the addresses that core writes to: a contact may have several."""
        return [
            address
            for contact in contacts
            for address in email_normalize_all(contact.email)
        ]

    @api.model
    def _get_channel_problem(self, channel, partner):
        if channel == "email" and not self._get_email_contacts(partner):
            return self.env._(
                "%s has no valid e-mail address.",
                self._get_recipients(partner)[:1].display_name,
            )
        return super()._get_channel_problem(channel, partner)

    @api.model
    def _queue_email(self, followup, reminder, data):
        contacts = self._get_email_contacts(followup.partner_id)
        attachments = self._get_letter_content(reminder)
        attachments += self._get_invoice_documents(data)
        message = (
            followup.partner_id.with_context(
                lang=reminder.lang,
                mail_notify_force_send=False,
                mail_post_autofollow=False,
                mail_post_autofollow_author_skip=True,
                email_notification_allow_footer=True,
            )
            .with_company(followup.company_id)
            .message_post(
                body=reminder.body,
                subject=reminder.subject,
                # not "comment", since answers to a note are notes, which core keeps
                # from the followers (E4)
                message_type="auto_comment",
                subtype_xmlid="account_payment_followup.mt_reminder",
                partner_ids=contacts.ids,
                attachments=attachments,
                email_layout_xmlid="mail.mail_notification_layout",
                email_add_signature=False,
                mail_auto_delete=True,
                force_email_company=followup.company_id,
                force_email_lang=reminder.lang,
                record_company_id=followup.company_id.id,
                **self._get_author(followup, data),
            )
        )
        reminder.mail_message_id = message
        self.env["account.followup.delivery"].create(
            {
                "reminder_id": reminder.id,
                "channel": "email",
                "recipient": ", ".join(self._get_email_addresses(contacts)),
                "mail_message_id": message.id,
            }
        )
        self._release_email(message, data)

    @api.model
    def _release_email(self, message, data):
        """Let the queued e-mail go: by hand after the commit, else with the queue."""
        if data["trigger"] == "manual":
            mails = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
            mails.send_after_commit()
        else:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    @api.model
    def _get_author(self, followup, data):
        """Return who writes: who sends, else the responsible, else the company.

        :return: dict of values for ``message_post``
        """
        user = self.env.user if data["trigger"] != "automatic" else None
        partner = user and user.partner_id
        partner = partner or followup._get_responsible().partner_id
        partner = partner or followup.company_id.partner_id
        values = {"author_id": partner.id}
        if partner.email_formatted:
            values["email_from"] = partner.email_formatted
        return values

    @api.model
    def _get_invoice_documents(self, data):
        """Return the PDF of the overdue invoices, stored ones as they are (A4).

        :return: list of (file name, content)
        """
        if not data["attach_invoices"]:
            return []
        moves = self.env["account.move"].browse(
            row["move_id"] for row in data["rows"] if row["residual"] > 0
        )
        moves = moves.filtered(lambda move: move.is_sale_document())
        return [self._get_invoice_document(move) for move in moves]

    @api.model
    def _get_invoice_document(self, move):
        """Return the invoice as (file name, content).

        It is printed if none is stored, or its file is gone.
        """
        stored = move.invoice_pdf_report_id
        if content := stored.raw:
            return (stored.name, content)
        report = self.env["account.move.send"]._get_default_pdf_report_id(move)
        content, _kind = (
            self.env["ir.actions.report"]
            .with_company(move.company_id)
            ._render_qweb_pdf(report.report_name, move.ids)
        )
        return (move._get_invoice_report_filename(report=report), content)

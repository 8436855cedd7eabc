from markupsafe import Markup

from odoo import models


class AccountFollowupReminder(models.Model):
    """What of a reminder goes out over the channels, and stays in the chatter."""

    _inherit = "account.followup.reminder"

    _can_be_called_back = True
    _subtype = "mt_reminder"

    def _keep_texts(self, parts, problems):
        # EXTENDS 'account.followup.sent.mixin'
        for reminder in self:
            if self.env["account.followup.channels"]._needing(
                "body", parts[reminder]["channels"]
            ):
                self.env["account.followup.body"]._keep_body(parts[reminder])

    def _read_files_ahead(self, parts):
        # EXTENDS 'account.followup.sent.mixin'
        service = self.env["account.followup.document"]
        service._read_documents_ahead([parts[reminder] for reminder in self])

    def _get_email_files(self, part):
        # EXTENDS 'account.followup.sent.mixin'
        return {
            "attachments": [
                *self.env["account.followup.letter"]._get_letter_content(part),
                *self.env["account.followup.document"]._get_invoice_documents(part),
                *part.get("attachments", ()),
            ]
        }

    def _make_pages(self, pairs, parts):
        # EXTENDS 'account.followup.sent.mixin'
        if any(parts[reminder].get("is_paperless") for reminder, _letter in pairs):
            return [self.env["ir.attachment"]] * len(pairs)
        return self.env["account.followup.letter"]._create_letters(
            [(parts[reminder], letter) for reminder, letter in pairs]
        )

    def _prepare_note(self):
        """Return the note that keeps a reminder which goes out on paper.

        One that reaches nobody says so above its text: it must not look as if sent.
        """
        # EXTENDS 'account.followup.sent.mixin'
        self.ensure_one()
        if not (self.body and self.delivery_ids):
            return None
        body = self.body
        if self.state == "failed":
            reason = self.failure_reason or ""
            void = self.env._("This reminder was not sent: %s", reason)
            body = Markup("<p><strong>%s</strong></p>%s") % (void, body)
        values = {"body": body, "subject": self.subject, "message_type": "comment"}
        return {
            "partner": self.partner_id,
            "files": self.delivery_ids.attachment_id,
            "values": values,
        }

    def _get_note_line(self):
        # EXTENDS 'account.followup.sent.mixin'
        return self.env._(
            "Payment reminder: %(reminder)s (%(channels)s)",
            reminder=self._get_html_link(),
            channels=self.channels,
        )

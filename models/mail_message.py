from odoo import models


class MailMessage(models.Model):
    _inherit = "mail.message"

    def _to_store_defaults(self, target):
        """Show in the chatter only the files that the user may open."""
        # EXTENDS 'mail'
        result = super()._to_store_defaults(target)
        for field in result:
            if getattr(field, "field_name", None) == "attachment_ids":
                field.value = lambda message: message._get_followup_files()
        return result

    def _get_followup_files(self):
        """Return the files, without those of reminders which are not for this user."""
        files = self.sudo().attachment_ids
        return files.filtered(lambda file: not file._is_closed_followup())

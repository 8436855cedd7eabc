from odoo import models

from ..tools import links
from .ir_attachment import CLOSED_MODELS


class MailMail(models.Model):
    """Copies of reminders for followers: with what they may open themselves."""

    _inherit = "mail.mail"

    def _prepare_outgoing_list(self, *args, **kwargs):
        # EXTENDS 'mail'
        result = super()._prepare_outgoing_list(*args, **kwargs)
        # what people write in the chatter of a dispute is no copy
        models_read = set(CLOSED_MODELS) - {self.mail_message_id.model}
        files = self.attachment_ids.sudo().filtered(
            lambda file: file.res_model in models_read
        )
        if files:
            recipients = self.mail_message_id.partner_ids
            for values in result:
                follower = (values["partner_id"] or recipients) - recipients
                if follower and not self._may_open_followup(follower, files):
                    values["attachments"] = []
                    # files that are too large for an e-mail are links
                    for name in ("body", "body_alternative"):
                        values[name] = links.hide_secrets(values[name] or "")[0]
        return result

    def _may_open_followup(self, follower, files):
        """Return whether a follower may open the files of a reminder in Odoo."""
        user = follower.sudo().user_ids.filtered("active")[:1]
        if not user:
            return False
        files = files.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        return files.has_access("read")

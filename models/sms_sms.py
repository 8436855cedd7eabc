from odoo import models


class SmsSms(models.Model):
    _inherit = "sms.sms"

    def _send(self, *args, **kwargs):
        """Check reminders once more just before they leave (promise 2, X2)."""
        # EXTENDS 'sms'
        deliveries = self.env["account.followup.delivery"]._search_by_messages(
            self.mail_message_id, "sms"
        )
        withdrawn = deliveries._withdraw_settled().mail_message_id
        settled = self.filtered(lambda sms: sms.mail_message_id in withdrawn)
        settled.action_set_canceled()
        remaining = self - settled
        return super(SmsSms, remaining)._send(*args, **kwargs) if remaining else None

from odoo import models


class MailNotification(models.Model):
    _inherit = "mail.notification"

    def write(self, vals):
        # EXTENDS 'mail': the state of a delivery follows its recipients' (promise 5)
        result = super().write(vals)
        if vals.get("notification_status") and self.env.registry.ready:
            self.env["account.followup.delivery"]._search_by_messages(
                self.sudo().mail_message_id, "email", "sms", "letter"
            )._sync_notifications()
        return result

    def _get_followup_reason(self):
        """Return why a message did not arrive, as one line."""
        failed = self.filtered(
            lambda notification: (
                notification.notification_status in ("exception", "bounce")
            )
        )[:1]
        labels = dict(self._fields["failure_type"]._description_selection(self.env))
        label = labels.get(failed.failure_type)
        return label or failed.failure_reason or self.env._("It was not delivered.")

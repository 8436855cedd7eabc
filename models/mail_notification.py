from odoo import models
from odoo.tools.translate import LazyTranslate

from .mail_mail import TOLD_BY_MAIL

_lt = LazyTranslate(__name__)

#: Why a message did not arrive, where core has no more than a key word for it.
REASONS = {
    "mail_bounce": _lt("The e-mail came back."),
    "sms_acc": _lt("There is no account (IAP) for SMS."),
    "sms_credit": _lt("There are not enough credits (IAP) for SMS."),
    "sms_number_format": _lt("The phone number is not valid."),
    "sms_server": _lt("The SMS service could not be reached or made no sense."),
    "sn_credit": _lt("There are not enough credits (IAP) for letters by post."),
    "sn_error": _lt("The post service could not be reached or made no sense."),
    "sn_fields": _lt("The postal address is not complete."),
    "sn_format": _lt("The post service cannot print the letter."),
    "sn_price": _lt("The post service does not deliver to this country."),
    "sn_trial": _lt("There is no account (IAP) for letters by post."),
}


class MailNotification(models.Model):
    _inherit = "mail.notification"

    def write(self, vals):
        # EXTENDS 'mail': the state of a delivery follows its recipients' (promise 5)
        result = super().write(vals)
        told = isinstance(self.env.context.get(TOLD_BY_MAIL), frozenset)
        if vals.get("notification_status") and self.env.registry.ready and not told:
            self.env["account.followup.delivery"]._search_by_messages(
                self.sudo().mail_message_id
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
        kind = failed.failure_type
        reason = str(REASONS.get(kind) or labels.get(kind) or "")
        if kind in (False, "unknown", "mail_bounce") and failed.failure_reason:
            details = " ".join(failed.failure_reason.split())[:300]
            reason = f"{reason} {details}".strip()
        return reason or self.env._("It was not delivered.")

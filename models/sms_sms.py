import logging

import psycopg2

from odoo import models

_logger = logging.getLogger(__name__)


class SmsSms(models.Model):
    _inherit = "sms.sms"

    def _send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        """Check reminders once more just before they leave (promise 2, X2).

        They are a call of their own: whatever the service answers, they end as sent or
        as failed (promise 5), and the SMS of other modules as core leaves them.
        """
        # EXTENDS 'sms'
        options = {
            "unlink_failed": unlink_failed,
            "unlink_sent": unlink_sent,
            "raise_exception": raise_exception,
        }
        reminders, leaving = self._check_followups()
        if others := self - reminders:
            super(SmsSms, others)._send(**options)
        if not leaving:
            return
        try:
            with self.env.cr.savepoint():
                super(SmsSms, leaving)._send(**options)
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if raise_exception:
                raise
            _logger.info("SMS %s: no usable answer: %r", leaving.ids, error)
        unanswered = leaving.filtered(lambda sms: sms.state == "outgoing")
        unanswered.action_set_error("sms_server")

    def _check_followups(self):
        """Return the SMS of reminders, and those of them that may leave."""
        deliveries = self.env["account.followup.delivery"]._search_by_messages(
            self.mail_message_id, "sms"
        )
        reminders = self.filtered(
            lambda sms: sms.mail_message_id in deliveries.mail_message_id
        )
        held = reminders._hold_followups(deliveries)
        deliveries = deliveries.filtered(
            lambda delivery: delivery.mail_message_id not in held.mail_message_id
        )
        over = {
            (delivery.mail_message_id, delivery.recipient): delivery.state
            for delivery in deliveries._get_over()
        }
        free = deliveries._lock_messages().mail_message_id
        leaving = self.browse()
        for sms in reminders - held:
            state = over.get((sms.mail_message_id, sms.number))
            if state == "failed":
                sms.state = "error"  # as it was, so that it can be sent again
            elif state == "withdrawn":
                sms.action_set_canceled()
            elif sms.mail_message_id in free:
                leaving += sms
        # the last place before they leave: in test mode to its number and nowhere else
        tests = self.env["account.followup.test"]
        if refused := tests._get_refused_sms(leaving, deliveries):
            _logger.warning("SMS %s: refused in test mode", refused.ids)
            refused.action_set_error("sms_number_format")
        return reminders, leaving - refused

from odoo import models

from .account_followup_send import concat

#: Reminders about which the rule is asked together.
LOOK_SIZE = 10
#: Context key: the e-mail itself tells how it ends. No client can make its value.
TOLD_BY_MAIL = "followup_told_by_mail"


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _send(self, *args, **kwargs):
        """Check reminders once more just before they leave (promise 2, X2).

        The rule is asked for some of them together. They go one by one, and it is asked
        anew as soon as something that it has read was changed by then.
        """
        # EXTENDS 'mail'
        deliveries = self.env["account.followup.delivery"]._search_by_messages(
            self.mail_message_id, "email"
        )
        if not deliveries:
            return super()._send(*args, **kwargs)
        by_message = deliveries.grouped("mail_message_id")
        reminders = self.filtered(lambda mail: mail.mail_message_id in by_message)
        if others := self - reminders:
            super(MailMail, others)._send(*args, **kwargs)
        look = self.env["account.followup.look"]
        for start in range(0, len(reminders), LOOK_SIZE):
            mails = reminders[start : start + LOOK_SIZE]
            looked = mails._look_again(by_message)
            for mail in mails:
                mine = by_message[mail.mail_message_id]
                if looked[mine] != look._get_fingerprints(mine.reminder_id):
                    mail._look_again(by_message)
                mail = mail.with_context(**{TOLD_BY_MAIL: frozenset()})
                super(MailMail, mail)._send(*args, **kwargs)
        return True

    def _look_again(self, by_message):
        """Cancel the e-mails of reminders that must not leave any more.

        :param dict by_message: deliveries of each message
        :return: dict {deliveries of an e-mail: fingerprints of what was read}
        """
        deliveries = {mail: by_message[mail.mail_message_id] for mail in self}
        every = concat(by_message[message] for message in self.mail_message_id)
        look = self.env["account.followup.look"]
        fingerprints = look._get_fingerprints(every.reminder_id)
        every._withdraw_outdated()
        if mails := self.filtered(lambda mail: mail._is_withdrawn(deliveries[mail])):
            mails.sudo()._withdraw_reminder()
        if mails := self.filtered(lambda mail: mail._is_over(deliveries[mail])):
            mails.sudo()._fail_again()
        return {
            mine: {
                reminder_id: fingerprints[reminder_id]
                for reminder_id in mine.reminder_id.ids
            }
            for mine in deliveries.values()
        }

    def _is_withdrawn(self, deliveries):
        """Return whether an e-mail must not leave any more.

        :param deliveries: those of its message: its own decides, of a copy for
            followers all of them
        """
        self.ensure_one()
        own = deliveries.sudo().filtered(lambda one: one.mail_mail_id == self)
        return set((own or deliveries).mapped("state")) == {"withdrawn"}

    def _is_over(self, deliveries):
        """Return whether the reminder of an e-mail has failed and is over.

        Core's Retry puts it back without asking: but its customer may have paid since,
        or got the next try, a new reminder. Send Again asks, and queues the delivery.
        A statement is as good later.

        :param deliveries: those of its message; a copy for followers has none itself
        """
        self.ensure_one()
        own = deliveries.sudo().filtered(lambda one: one.mail_mail_id == self)
        states = set(own.filtered("reminder_id").mapped("state"))
        return self.state == "outgoing" and states == {"failed"}

    def _fail_again(self):
        """Leave e-mails as they were, so that they can be sent again, and say how."""
        self.write(
            {
                "state": "exception",
                "failure_reason": self.env._(
                    "The e-mail of a payment reminder is sent again from the history "
                    "of its customer."
                ),
            }
        )

    def _withdraw_reminder(self):
        """Cancel the queued e-mail of a reminder that was withdrawn."""
        self.cancel()
        self.env["mail.notification"].search(
            [("mail_mail_id", "in", self.ids)]
        ).notification_status = "canceled"

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        # EXTENDS 'mail': the last moment at which the e-mail is sure to exist
        deliveries = self.env["account.followup.delivery"]._search_by_mails(self)
        if deliveries:
            deliveries._keep_addresses()
            sent = bool(success_pids or success_emails)
            # without a connection core keeps the reason only on the e-mails
            reason = failure_reason or self[:1].failure_reason
            reason = " ".join((reason or "").split())[:500]
            if not (self.recipient_ids or self.email_to):
                reason = self.env._("The contact was deleted before it was sent.")
            deliveries._note_state(
                "sent" if sent else "failed",
                None if sent else reason or self.env._("It was not delivered."),
            )
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason, failure_type
        )

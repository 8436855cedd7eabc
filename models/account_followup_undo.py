from odoo import api, models
from odoo.exceptions import UserError

#: So many seconds an e-mail that was sent by hand waits, so that it can be called back.
UNDO_SECONDS = 10


class AccountFollowupSend(models.AbstractModel):
    _inherit = "account.followup.send"

    @api.model
    def _get_undo_seconds(self):
        """Return for how long e-mails that are sent by hand wait; 0 for not at all."""
        parameters = self.env["ir.config_parameter"].sudo()
        seconds = parameters.get_param("account_payment_followup.undo_seconds")
        return int(seconds) if (seconds or "").isdecimal() else UNDO_SECONDS


class AccountFollowupReminder(models.Model):
    """What was sent by hand can be called back until it has left the server."""

    _inherit = "account.followup.reminder"

    def _get_undo_seconds(self):
        # EXTENDS 'account.followup.sent.mixin'
        return self.env["account.followup.send"]._get_undo_seconds()

    def _call_back(self):
        """Withdraw what has not left; the caller has checked that the user may.

        A printed letter is still in the house, so it is called back with the rest.

        :return: what has left all the same, as {channel: addresses}
        :raise UserError: all of it has left, or is leaving at this moment
        """
        self.ensure_one()
        deliveries = self.sudo().delivery_ids
        queued = deliveries.filtered(lambda one: one.state == "queued")
        if not queued:
            raise UserError(self._get_too_late_text())
        left = deliveries.filtered(
            lambda one: one.state == "sent" and one.channel != "print"
        )
        messages = queued._lock_queued()
        printed = deliveries.filtered(
            lambda one: one.state == "sent" and one.channel == "print" and not left
        )
        (queued + printed)._set_state(
            "withdrawn", self.env._("%s called it back.", self.env.user.name)
        )
        queued._cancel_messages(*messages)
        self._undo_extras()
        self._log_call_back()
        return {
            channel: ", ".join(filter(None, mine.mapped("recipient")))
            for channel, mine in left.grouped("channel").items()
        }

    def _get_too_late_text(self):
        self.ensure_one()
        if self.state == "withdrawn":
            return self.env._(
                "%s has been called back already.", self.partner_id.display_name
            )
        return self.env._(
            "The reminder to %s has left already: it cannot be called back. Write to "
            "the customer if it was wrong.",
            self.partner_id.display_name,
        )

    def _undo_extras(self):
        """Take away the activity that was planned in the same transaction."""
        level = self.sudo().level_id
        tasks = self.sudo().partner_id.activity_ids.filtered(
            lambda task: (
                level
                and task.activity_type_id == level.activity_type_id
                and task.create_uid == self.env.user
                and task.create_date == self.sudo().create_date
            )
        )
        tasks.unlink()

    def _log_call_back(self):
        """Say so in the chatters of the customer and of the invoices (E1, E2)."""
        reminder = self.sudo()
        note = self.env._(
            "%(reminder)s was called back by %(user)s before it had left.",
            reminder=reminder._get_html_link(),
            user=self.env.user.name,
        )
        reminder.partner_id._message_log(body=note)
        moves = reminder.line_ids.move_line_id.move_id
        moves._message_log_batch(dict.fromkeys(moves.ids, note))


class AccountFollowupDelivery(models.Model):
    _inherit = "account.followup.delivery"

    def _lock_queued(self):
        """Return what stands in the queues for these deliveries, copies included.

        :return: e-mails, SMS and letters
        :raise UserError: a queue is at one of them
        """
        emails = self.filtered(lambda one: one.channel == "email")
        mails = self.env["mail.mail"].search(
            [("mail_message_id", "in", emails.mail_message_id.ids)]
        )
        texts = self.filtered(lambda one: one.channel == "sms")
        sms = self.env["account.followup.channel.sms"]._get_sms(texts)
        letters = self.letter_id
        for messages in (mails, sms, letters):
            if messages.try_lock_for_update(allow_referencing=True) != messages:
                raise UserError(
                    self.env._(
                        "The reminder to %s is leaving at this moment: it cannot be "
                        "called back.",
                        self.reminder_id[:1].partner_id.display_name,
                    )
                )
        return mails, sms, letters

    def _cancel_messages(self, mails, sms, letters):
        """Cancel messages: a queue that has read them before fails on that."""
        if mails:
            mails._withdraw_reminder()
        if sms:
            sms.action_set_canceled()
        if letters:
            letters.cancel()

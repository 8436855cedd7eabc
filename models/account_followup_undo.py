from odoo import api, models
from odoo.exceptions import UserError

#: So many seconds an e-mail that was sent by hand waits, so that it can be called back.
UNDO_SECONDS = 10


class AccountFollowupUndo(models.AbstractModel):
    """What was sent by hand can be called back until it has left the server."""

    _name = "account.followup.undo"
    _description = "Calling Back Payment Reminders"

    @api.model
    def _get_seconds(self):
        """Return for how long e-mails that are sent by hand wait; 0 for not at all."""
        parameters = self.env["ir.config_parameter"].sudo()
        seconds = parameters.get_param("account_payment_followup.undo_seconds")
        return int(seconds) if (seconds or "").isdecimal() else UNDO_SECONDS

    @api.model
    def _call_back(self, reminder):
        """Withdraw what has not left; the caller has checked that the user may.

        What is still in the house, as a printed letter, is called back with the rest.

        :return: what has left all the same, as {channel: addresses}
        :raise UserError: all of it has left, or is leaving at this moment
        """
        reminder.ensure_one()
        deliveries = reminder.sudo().delivery_ids
        queued = deliveries.filtered(lambda one: one.state == "queued")
        if not queued:
            raise UserError(self._get_too_late_text(reminder))
        sent = deliveries.filtered(lambda one: one.state == "sent")
        here = sent.filtered(lambda one: one._get_channel()._stays_here)
        left = sent - here
        queues = self._lock_queues(queued)
        (queued if left else queued + here)._set_state(
            "withdrawn", self.env._("%s called it back.", self.env.user.name)
        )
        for channel, messages in queues:
            channel._cancel(messages)
        self.env["account.followup.task"]._undo_level_extras(reminder)
        self._log_call_back(reminder)
        return {
            channel: ", ".join(filter(None, mine.mapped("recipient")))
            for channel, mine in left.grouped("channel").items()
        }

    @api.model
    def _lock_queues(self, deliveries):
        """Lock what stands in the queues for some deliveries, copies included.

        :return: list of (channel, messages)
        :raise UserError: a queue is at one of them
        """
        channels = deliveries.env["account.followup.channels"]
        queues = [
            (channels._get(name), channels._get(name)._get_queued(mine))
            for name, mine in deliveries.grouped("channel").items()
        ]
        queues = [(channel, messages) for channel, messages in queues if messages]
        for _channel, messages in queues:
            if messages.try_lock_for_update(allow_referencing=True) != messages:
                raise UserError(self._get_leaving_text(deliveries.reminder_id[:1]))
        return queues

    @api.model
    def _get_leaving_text(self, reminder):
        return self.env._(
            "The reminder to %s is leaving at this moment: it cannot be called back.",
            reminder.partner_id.display_name,
        )

    @api.model
    def _get_too_late_text(self, reminder):
        if reminder.state == "withdrawn":
            return self.env._(
                "%s has been called back already.", reminder.partner_id.display_name
            )
        return self.env._(
            "The reminder to %s has left already: it cannot be called back. Write to "
            "the customer if it was wrong.",
            reminder.partner_id.display_name,
        )

    @api.model
    def _log_call_back(self, reminder):
        """Say so in the chatters of the customer and of the invoices (E1, E2)."""
        reminder = reminder.sudo()
        if reminder.is_test:
            return
        note = self.env._(
            "%(reminder)s was called back by %(user)s before it had left.",
            reminder=reminder._get_html_link(),
            user=self.env.user.name,
        )
        reminder.partner_id._message_log(body=note)
        moves = reminder.line_ids.move_line_id.move_id
        moves._message_log_batch(dict.fromkeys(moves.ids, note))

from markupsafe import escape

from odoo import api, fields, models

from ..tools import days as day_tools

#: So often on one day a customer's reminder is made anew after it was withdrawn.
WITHDRAWALS_A_DAY = 3


class AccountFollowupOutcome(models.AbstractModel):
    """What becomes of reminders, and what follows for the customer (rule 11)."""

    _name = "account.followup.outcome"
    _description = "Outcome of Payment Reminders"

    @api.model
    def _record_reminders(self, followups, reminders):
        """Note that reminders were made: the day set by hand has done its work.

        :param reminders: one of each of these customers, in the same order
        """
        values = {"last_sent": fields.Datetime.now()}
        if not reminders[0].is_test:  # all of them are, or none
            values["next_reminder_date"] = False
        followups.write(values)
        for followup, reminder in zip(followups, reminders, strict=True):
            self._record_outcome(followup, reminder, reminder.date)

    @api.model
    def _record_outcome(self, followup, reminder, day, is_outdated=False):
        """Note how a reminder ended; while it is queued that is not known.

        A test changes nothing for the customer.

        :param bool is_outdated: withdrawn since things have changed, not by hand
        """
        if reminder.is_test:
            return
        if reminder.state == "failed":
            self._record_failure(followup, reminder.failure_reason, day)
        elif reminder.state == "sent" and followup.failure_count:
            followup.write(
                {"failure_reason": False, "failure_count": 0, "retry_date": False}
            )
            self._close_failure_task(followup)
        elif reminder.state == "withdrawn":
            self._record_withdrawal(followup, reminder, day, is_outdated)

    @api.model
    def _record_failure(self, followup, reason, day):
        """Note a failure, put off the next try and give the responsible one task.

        :param str reason: one sentence
        :param date day: the company's day
        """
        first = not followup.failure_count
        count = followup.failure_count + 1
        followup.write(
            {
                "failure_reason": reason,
                "failure_count": count,
                "retry_date": day_tools.get_retry_date(day, count),
            }
        )
        if first:
            summary = self.env._("The payment reminder could not be sent")
            user = followup._get_responsible()
            task = self._schedule_task(followup, user, summary, reason, day)
            followup.failure_activity_id = task

    @api.model
    def _close_failure_task(self, followup):
        """Mark the task about a failure as done: a later reminder got through."""
        task, followup.failure_activity_id = followup.failure_activity_id, False
        if task.active:
            task.action_feedback(self.env._("A later payment reminder was sent."))

    @api.model
    def _schedule_task(self, followup, user, summary, note, day):
        """Plan a task on the customer; the note is plain text."""
        user = user or self.env.ref("base.user_admin")
        # when a server fails there are many: no e-mail to the user about each
        partner = followup.partner_id.with_context(mail_activity_quick_update=True)
        return partner.with_company(followup.company_id).activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=day,
            summary=summary,
            note=escape(note),  # it may name the customer, or what a server answered
            user_id=user.id,
        )

    @api.model
    def _record_withdrawal(self, followup, reminder, day, is_outdated):
        """Decide anew at once when things have changed, else not before tomorrow."""
        if is_outdated and reminder._is_by_hand():
            self._ask_sender(followup, reminder, day)
        elif is_outdated and self._is_made_anew(reminder, day):
            self.env["account.followup.delivery"]._trigger_sweep()
            return
        followup.retry_date = day_tools.get_retry_date(day, 1)

    @api.model
    def _is_made_anew(self, reminder, day):
        """Return whether the rule decides anew at once, after this was withdrawn.

        Not for ever: whatever it is that changes, a day has an end.
        """
        withdrawn = reminder.search_count(
            [
                ("partner_id", "=", reminder.partner_id.id),
                ("company_id", "=", reminder.company_id.id),
                ("state", "=", "withdrawn"),
                ("date", "=", day),
                ("is_test", "=", False),
            ]
        )
        return withdrawn < WITHDRAWALS_A_DAY

    @api.model
    def _ask_sender(self, followup, reminder, day):
        """Ask who sent a reminder by hand what to do, since it was withdrawn."""
        user = (reminder.resend_user_id or reminder.user_id).filtered("active")
        self._schedule_task(
            followup,
            user or followup._get_responsible(),
            self.env._("Your payment reminder was not sent"),
            self.env._(
                "%(reason)s Press Send on the customer to send one with the figures of "
                "today, if it is still needed.",
                reason=reminder.failure_reason,
            ),
            day,
        )

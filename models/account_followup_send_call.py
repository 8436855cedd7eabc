from odoo import api, models
from odoo.exceptions import UserError


class AccountFollowupSend(models.AbstractModel):
    """Levels that are a task for a person: carried out from the customer, by a call."""

    _inherit = "account.followup.send"

    @api.model
    def _has_task(self, level):
        """Return whether a level can be carried out although nothing is sent."""
        return bool(level.schedule_activity and level.activity_type_id)

    @api.model
    def _get_task_text(self, followup, level):
        """Return what carrying out a level does when nothing is sent."""
        return self.env._(
            'Nothing is sent. "%(task)s" is planned for %(user)s, and the invoices '
            'reach the level "%(level)s".',
            task=level.activity_summary or level.activity_type_id.name,
            user=self._get_task_user(followup, level).name,
            level=level.name,
        )

    @api.model
    def _is_call(self, level):
        """Return whether a level is a call and nothing else."""
        return bool(
            not self.env["account.followup.channels"]._get_default_channels(level)
            and level.schedule_activity
            and level.activity_type_id.category == "phonecall"
        )

    @api.model
    def _get_level_of_call(self, followup, day):
        """Return the level that a call on a day carries out: one due that is a call.

        :param followup: case of one customer
        :param date day: day of the call
        """
        row = followup._get_due_rows(day).get(followup.partner_id.id) or {}
        level = self.env["account.followup.level"].sudo()
        if row.get("status") != "in_need_of_action":
            return level
        level = level.browse(row["level_id"])
        return level if self._is_call(level) else level.browse()

    @api.model
    def _record_call(self, call):
        """Record that a call has carried out the level due, if that is a call.

        It is a reminder like any other of that day, with level, key and gap; but
        nothing is sent, and no task is planned, since it is done.

        :param call: account.followup.call in which somebody was reached
        :return: the reminder, none if no such level was due
        :raise UserError: the customer is being reminded at this moment
        """
        reminders = self.env["account.followup.reminder"]
        followup = self.env["account.followup"]._get_case(
            call.partner_id, call.company_id
        )
        if not self._get_level_of_call(followup, call.date):
            return reminders
        followup = followup._get_or_create(call.partner_id, call.company_id)
        if not followup.try_lock_for_update(allow_referencing=True):
            raise UserError(
                self.env._(
                    "%s is being reminded at this moment. Log the call again in a "
                    "moment.",
                    call.partner_id.display_name,
                )
            )
        data = self._prepare_data(
            followup, call.date, trigger="manual", channels=set(), call=call
        )
        return self._send_reminder(followup, call.date, data)

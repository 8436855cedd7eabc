from odoo import api, models
from odoo.tools import format_date


class AccountFollowupClock(models.AbstractModel):
    """Reminders that a clock which was ahead has dated in days to come."""

    _name = "account.followup.clock"
    _description = "Reminders Dated Ahead"

    @api.model
    def _notice_ahead(self, days):
        """Note which reminders are dated after today, and tell about it, once.

        They count as of today from now on (``_get_sql_counted_date``), so that the gap
        and the days between levels begin now. The date itself stays: should it be this
        clock that is behind, they count as of their date when it is right again.

        :param days: dict {root company: date that counts as today}
        """
        if not days:
            return
        reminders = self.env["account.followup.reminder"]
        found = reminders.search(
            [
                ("company_id", "in", [company.id for company in days]),
                ("date", ">", min(days.values())),
                ("noticed_date", "=", False),
            ]
        )
        for company, reminders in found.grouped("company_id").items():
            day = days[company]
            ahead = reminders.filtered(lambda one, day=day: one.date > day)
            if ahead:
                ahead.noticed_date = day
                self._tell_ahead(ahead, company, day)

    @api.model
    def _get_text(self, reminder, day):
        """Return what the chatter of a customer says."""
        return self.env._(
            "The reminder of %(date)s is dated in the future, since the clock of the "
            "server was ahead. It counts as of %(day)s.",
            date=format_date(self.env, reminder.date),
            day=format_date(self.env, day),
        )

    @api.model
    def _tell_ahead(self, reminders, company, day):
        """Tell customers' chatters and, in one task, who looks after the company."""
        texts = {one.partner_id.id: self._get_text(one, day) for one in reminders}
        self.env["res.partner"].browse(texts)._message_log_batch(texts)
        company._schedule_followup_task(
            self.env._("Reminders are dated in the future"),
            self.env._(
                "%(company)s: the clock of the server was ahead, or is behind now. "
                "%(count)s reminders are dated after today, up to %(date)s. They count "
                "as of today. Check the clock, and the customers' reminders of that "
                "run.",
                company=company.name,
                count=len(reminders),
                date=format_date(self.env, max(reminders.mapped("date"))),
            ),
            day,
        )

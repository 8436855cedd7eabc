from datetime import datetime, time, timedelta

import pytz

from odoo import api, models

from ..tools.days import SATURDAY, add_working_days

#: Days that are read at once to find the next one on which somebody works.
STEP = 31
#: And the days after which a calendar is said to have none.
HORIZON = 366


class AccountFollowupWorkdays(models.AbstractModel):
    """On which days somebody works, by a calendar of core with its public holidays."""

    _name = "account.followup.workdays"
    _description = "Working Days of Payment Follow-ups"

    @api.model
    def _get_calendar(self, company):
        """Return the calendar by which a company counts working days; it may be empty.

        :param company: root company, with all rights
        """
        return company.followup_calendar_id or company.resource_calendar_id

    @api.model
    def _get_worked(self, calendar, company, first, last):
        """Return the days on which somebody works, as a set; Monday to Friday if empty.

        Core reads no day to its end unless the moment says so, and takes moments
        without a time zone as UTC.

        :param date first: of the days that are asked for
        :param date last: of these days, too
        """
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        if not calendar:
            return {day for day in days if day.weekday() < SATURDAY}
        zone = pytz.timezone(calendar.tz or "UTC")
        off = calendar.sudo()._get_unusual_days(
            zone.localize(datetime.combine(first, time.min)),
            zone.localize(datetime.combine(last, time.max)),
            company,
        )
        return {day for day in days if not off.get(str(day))}

    @api.model
    def _count_since(self, calendar, company, day, until):
        """Return the number of working days after a day, up to another one."""
        first = day + timedelta(days=1)
        if first > until:
            return 0
        return len(self._get_worked(calendar, company, first, until))

    @api.model
    def _get_next(self, calendar, company, day):
        """Return the first working day from a day on, None if there is none."""
        for start in range(0, HORIZON, STEP):
            first = day + timedelta(days=start)
            last = first + timedelta(days=STEP - 1)
            if days := self._get_worked(calendar, company, first, last):
                return min(days)
        return None

    @api.model
    def _get_following(self, company, day):
        """Return the first working day of a company after a day.

        Monday to Friday where its calendar has none at all.

        :param company: root company, with all rights
        """
        calendar = self._get_calendar(company)
        following = self._get_next(calendar, company, day + timedelta(days=1))
        return following or add_working_days(day, 1)

    @api.model
    def _is_worked(self, company, day):
        """Return whether a day is a working day of a company, see above."""
        return self._get_following(company, day - timedelta(days=1)) == day

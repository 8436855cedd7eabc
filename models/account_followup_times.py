from functools import cached_property

from odoo.tools import SQL, format_date, format_duration

from ..tools import windows


class SendingTimes:
    """On which days and in which hours automatic reminders of a company leave (X15).

    The day that counts is that of the customer's country, if its clock is chosen. For a
    day to come, of which no hour is known, only the working days count.
    """

    def __init__(self, company, day, now=None, is_sms=False):
        """
        :param company: root company, with all rights
        :param date day: the company's day
        :param datetime now: UTC; None for a day to come
        :param bool is_sms: about SMS that are queued: they have hours of their own
        """
        self.env = company.env
        self.company = company
        self.day = day
        self.now = now
        self.calendar = company.followup_calendar_id
        self.window = (company.followup_send_from, company.followup_send_to)
        if is_sms:
            self.window = windows.ALWAYS
        self.sms_window = (company.followup_sms_from, company.followup_sms_to)
        self.reasons = {}

    @property
    def has_window(self):
        return self.window != windows.ALWAYS

    @property
    def is_on(self):
        return bool(self.calendar) or self.has_window

    @property
    def is_by_country(self):
        """Whether customers of two countries may differ."""
        by_clock = self.now and self.company.followup_send_zone == "customer"
        return bool(by_clock or self.calendars)

    @cached_property
    def calendars(self):
        """Calendars of countries that have one, where working days count at all."""
        if not self.calendar:
            return {}
        rows = self.env["account.followup.calendar"].sudo()
        rows = rows.search([("company_id", "=", self.company.id)])
        return {row.country_id: row.calendar_id for row in rows}

    @cached_property
    def company_zone(self):
        return self.company._get_followup_zone()

    def get_zone(self, country):
        """Return the time zone of customers in a country."""
        zone = None
        if self.company.followup_send_zone == "customer":
            zone = windows.get_country_zone(country.code, self.now)
        return zone or self.company_zone

    def get_calendar(self, country):
        return self.calendars.get(country) or self.calendar

    def get_countries(self, partner_ids):
        """Return {customer id: country}, an empty one for all if it does not matter."""
        none = self.env["res.country"]
        if not self.is_by_country:
            return dict.fromkeys(partner_ids, none)
        rows = self.env.execute_query(
            SQL(
                "SELECT id, country_id FROM res_partner WHERE id = ANY(%s)",
                list(partner_ids),
                to_flush=[self.env["res.partner"]._fields["country_id"]],
            )
        )
        countries = {id_: none.browse(id_) for id_ in {row[1] for row in rows} if id_}
        return {id_: countries.get(country_id, none) for id_, country_id in rows}

    # ------------------------------------------------------------------
    # Answers
    # ------------------------------------------------------------------

    def get_reason(self, country):
        """Return why nothing leaves to customers in a country, or None."""
        if country not in self.reasons:
            self.reasons[country] = self._get_day_reason(
                country
            ) or self._get_hour_reason(country)
        return self.reasons[country]

    def _get_day_reason(self, country):
        calendar = self.get_calendar(country)
        if not calendar:
            return None
        day = self._get_day(country)
        leaving = self._get_next(calendar, day)
        if leaving == day:
            return None
        env = self.env
        if leaving is None:
            return env._("The calendar %s has no working day.", calendar.display_name)
        return env._(
            "%(day)s is no working day by the calendar %(calendar)s, the next one is "
            "%(next)s.",
            day=format_date(env, day),
            calendar=calendar.display_name,
            next=format_date(env, leaving),
        )

    def _get_hour_reason(self, country):
        if not self.now or not self.has_window:
            return None
        zone = self.get_zone(country)
        if windows.is_open(self.now, zone, self.window):
            return None
        start, end = map(format_duration, self.window)
        return self.env._(
            "Reminders leave from %(start)s to %(end)s (%(zone)s).",
            start=start,
            end=end,
            zone=zone,
        )

    def get_opening(self, country):
        """Return the moment from which on something may leave, None if never."""
        return self._get_opening(country, self.window)

    def _get_opening(self, country, window):
        zone, calendar = self.get_zone(country), self.get_calendar(country)
        moment = windows.get_opening(self.now, zone, window)
        if not calendar:
            return moment
        day = windows.get_local(moment, zone).date()
        leaving = self._get_next(calendar, day)
        if leaving is None or leaving == day:
            return leaving and moment
        return windows.get_moment(leaving, zone, window[0])

    def get_sms_opening(self, country):
        """Return the moment from which on SMS leave to customers in a country.

        Days off are left out; not if all are, so that the calendar is told then.
        """
        opening = self._get_opening(country, self.sms_window)
        return opening or self._get_sms_hour(country)

    def _get_sms_hour(self, country):
        """Return when the hours of SMS begin, on whatever day; now if it is in them."""
        return windows.get_opening(self.now, self.get_zone(country), self.sms_window)

    def get_sms_reason(self, country):
        """Return that SMS do not leave by themselves at this hour, or None."""
        if self._get_sms_hour(country) <= self.now:
            return None
        start, end = map(format_duration, self.sms_window)
        return self.env._(
            "It is %(time)s at the customer's: SMS leave by themselves from %(start)s "
            "to %(end)s only.",
            time=f"{windows.get_local(self.now, self.get_zone(country)):%H:%M}",
            start=start,
            end=end,
        )

    def _get_day(self, country):
        """Return the day in a country.

        It is a day more or less than the company's where the clocks say so, also when
        a run began before midnight.
        """
        if self.now is None:
            return self.day
        days = [
            windows.get_local(self.now, zone).date()
            for zone in (self.get_zone(country), self.company_zone)
        ]
        return self.day + (days[0] - days[1])

    def _get_next(self, calendar, day):
        workdays = self.env["account.followup.workdays"]
        return workdays._get_next(calendar, self.company, day)

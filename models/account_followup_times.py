from functools import cached_property
from typing import NamedTuple

from odoo.tools import SQL, format_date, format_duration

from ..tools import windows


class Place(NamedTuple):
    """Of what it depends when a reminder leaves to a customer; empty if of nothing."""

    country_id: int | None = None
    calendar_id: int | None = None  # of the customer's plan, if it has one


class SendingTimes:
    """On which days and in which hours automatic reminders of a company leave (X15).

    The working days are those of the customer's plan (X16), else of the customer's
    country, else of the company. The day that counts is that of the country, if its
    clock is chosen. For a day to come, of which no hour is known, only the working days
    count.
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
        return bool(self.calendar) or self.has_window or self.is_by_plan

    @property
    def is_by_plan(self):
        """Whether a plan has working days of its own."""
        return self.company.followup_has_plan_calendar

    @property
    def is_by_country(self):
        """Whether customers of two countries may differ."""
        by_clock = self.now and self.company.followup_send_zone == "customer"
        return bool(by_clock or self.calendars)

    @property
    def is_by_customer(self):
        """Whether two customers may differ."""
        return self.is_by_plan or self.is_by_country

    @cached_property
    def calendars(self):
        """Calendars of countries that have one, where working days count at all."""
        if not self.calendar:
            return {}
        rows = self.env["account.followup.calendar"].sudo()
        rows = rows.search([("company_id", "=", self.company.id)])
        return {row.country_id.id: row.calendar_id for row in rows}

    @cached_property
    def company_zone(self):
        return self.company._get_followup_zone()

    def get_zone(self, place):
        """Return the time zone of customers at a place."""
        zone = None
        if self.company.followup_send_zone == "customer":
            country = self.env["res.country"].browse(place.country_id)
            zone = windows.get_country_zone(country.code, self.now)
        return zone or self.company_zone

    def get_calendar(self, place):
        if place.calendar_id:
            return self.calendar.browse(place.calendar_id)
        return self.calendars.get(place.country_id) or self.calendar

    def get_places(self, partner_ids):
        """Return {customer id: place}, an empty one for all if it does not matter.

        :param partner_ids: commercial partners
        """
        countries = self._get_countries(partner_ids) if self.is_by_country else {}
        calendars = self._get_plan_calendars(partner_ids) if self.is_by_plan else {}
        return {
            id_: Place(countries.get(id_), calendars.get(id_)) for id_ in partner_ids
        }

    def _get_countries(self, partner_ids):
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, country_id FROM res_partner WHERE id = ANY(%s)",
                    list(partner_ids),
                    to_flush=[self.env["res.partner"]._fields["country_id"]],
                )
            )
        )

    def _get_plan_calendars(self, partner_ids):
        """Return {customer id: calendar id}, nothing where the plan has none."""
        partners = self.env["res.partner"].browse(partner_ids)
        choice = self.env["account.followup.plan.choice"]
        plans = choice._get_plans(partners, self.company)
        return {
            partner.id: plan.calendar_id.id or None for partner, plan in plans.items()
        }

    # ------------------------------------------------------------------
    # Answers
    # ------------------------------------------------------------------

    def get_reason(self, place):
        """Return why nothing leaves to customers at a place, or None."""
        if place not in self.reasons:
            self.reasons[place] = self._get_day_reason(place) or self._get_hour_reason(
                place
            )
        return self.reasons[place]

    def is_day_off(self, place):
        """Return whether it is the calendar that nothing leaves by."""
        return bool(self._get_day_reason(place))

    def _get_day_reason(self, place):
        calendar = self.get_calendar(place)
        if not calendar:
            return None
        day = self._get_day(place)
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

    def _get_hour_reason(self, place):
        if not self.now or not self.has_window:
            return None
        zone = self.get_zone(place)
        if windows.is_open(self.now, zone, self.window):
            return None
        start, end = map(format_duration, self.window)
        return self.env._(
            "Reminders leave from %(start)s to %(end)s (%(zone)s).",
            start=start,
            end=end,
            zone=zone,
        )

    def get_opening(self, place):
        """Return the moment from which on something may leave, None if never."""
        return self._get_opening(place, self.window)

    def _get_opening(self, place, window):
        zone, calendar = self.get_zone(place), self.get_calendar(place)
        moment = windows.get_opening(self.now, zone, window)
        if not calendar:
            return moment
        day = windows.get_local(moment, zone).date()
        leaving = self._get_next(calendar, day)
        if leaving is None or leaving == day:
            return leaving and moment
        return windows.get_moment(leaving, zone, window[0])

    def get_sms_opening(self, place):
        """Return the moment from which on SMS leave to customers at a place.

        Days off are left out; not if all are, so that the calendar is told then.
        """
        opening = self._get_opening(place, self.sms_window)
        return opening or self._get_sms_hour(place)

    def _get_sms_hour(self, place):
        """Return when the hours of SMS begin, on whatever day; now if it is in them."""
        return windows.get_opening(self.now, self.get_zone(place), self.sms_window)

    def get_sms_reason(self, place):
        """Return that SMS do not leave by themselves at this hour, or None."""
        if self._get_sms_hour(place) <= self.now:
            return None
        start, end = map(format_duration, self.sms_window)
        return self.env._(
            "It is %(time)s at the customer's: SMS leave by themselves from %(start)s "
            "to %(end)s only.",
            time=f"{windows.get_local(self.now, self.get_zone(place)):%H:%M}",
            start=start,
            end=end,
        )

    def _get_day(self, place):
        """Return the day at a place.

        It is a day more or less than the company's where the clocks say so, also when
        a run began before midnight.
        """
        if self.now is None:
            return self.day
        days = [
            windows.get_local(self.now, zone).date()
            for zone in (self.get_zone(place), self.company_zone)
        ]
        return self.day + (days[0] - days[1])

    def _get_next(self, calendar, day):
        workdays = self.env["account.followup.workdays"]
        return workdays._get_next(calendar, self.company, day)

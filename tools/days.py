"""Dates of follow-ups. Pure functions: no database, no clock of their own."""

from datetime import date, datetime, timedelta

import pytz

#: Ends of Python's calendar. PostgreSQL knows more days.
FIRST, LAST = date.min, date.max

#: Days that people may choose: from the first one, until so many days from today.
EARLIEST = date(1900, 1, 1)
MAX_AHEAD = 3653  # ten years

SATURDAY = 5

#: Days to wait before the next automatic try, by number of failures in a row.
BACK_OFF = (1, 2, 4, 7)


def get_day(now, *timezones):
    """Return the calendar day at a moment in the first usable time zone.

    :param datetime now: naive moment in UTC, as Odoo keeps it
    :param str timezones: names of time zones, best first; empty and unknown ones
        are passed over, UTC when none is left
    :return: date
    """
    if zone := get_zone(*timezones):
        return pytz.utc.localize(now).astimezone(pytz.timezone(zone)).date()
    return now.date() if isinstance(now, datetime) else now


def get_zone(*timezones):
    """Return the first usable of some names of time zones, None if there is none."""
    return next((name for name in timezones if name in pytz.all_timezones_set), None)


def get_retry_date(day, failures):
    """Return the first day of the next automatic try (rule 11, promise 3).

    :param date day: the day of the failure
    :param int failures: failures in a row, this one included
    :return: date, never before the next day
    """
    index = min(max(failures, 1), len(BACK_OFF)) - 1
    return day + timedelta(days=BACK_OFF[index])


def is_put_off(retry_date, day):
    """Return whether the next automatic try is on a later day.

    What is further away than any wait was noted by a clock that was ahead.

    :param date retry_date: see ``get_retry_date``; may be empty
    """
    return bool(retry_date) and 0 < (retry_date - day).days <= BACK_OFF[-1]


def get_last_monthly(day, number):
    """Return the last day with a number of its month, up to and including a day.

    :param int number: 1 to 28, so that every month has it

    >>> from datetime import date
    >>> get_last_monthly(date(2024, 3, 4), 5)
    datetime.date(2024, 2, 5)
    """
    if day.day < number:
        day = day.replace(day=1) - timedelta(days=1)
    return day.replace(day=number)


def is_sensible(day, today):
    """Return whether a day that somebody chose is one to plan with.

    >>> is_sensible(date(9999, 12, 31), date(2024, 5, 15))
    False
    """
    return EARLIEST <= day and (day - today).days <= MAX_AHEAD


def add_working_days(day, number):
    """Return the day that is so many working days, Monday to Friday, after a day."""
    while number > 0:
        day += timedelta(days=1)
        number -= day.weekday() < SATURDAY
    return day

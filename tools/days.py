"""Dates of follow-ups. Pure functions: no database, no clock of their own."""

from datetime import datetime, timedelta

import pytz

#: Days to wait before the next automatic try, by number of failures in a row.
BACK_OFF = (1, 2, 4, 7)


def get_day(now, *timezones):
    """Return the calendar day at a moment in the first usable time zone.

    :param datetime now: naive moment in UTC, as Odoo keeps it
    :param str timezones: names of time zones, best first; empty and unknown ones
        are passed over, UTC when none is left
    :return: date
    """
    for name in timezones:
        if name in pytz.all_timezones_set:
            return pytz.utc.localize(now).astimezone(pytz.timezone(name)).date()
    return now.date() if isinstance(now, datetime) else now


def get_retry_date(day, failures):
    """Return the first day of the next automatic try (rule 11, promise 3).

    :param date day: the day of the failure
    :param int failures: failures in a row, this one included
    :return: date, never before the next day
    """
    index = min(max(failures, 1), len(BACK_OFF)) - 1
    return day + timedelta(days=BACK_OFF[index])


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

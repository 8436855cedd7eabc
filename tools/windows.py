"""Hours in which messages may leave. No database, no clock of their own.

A window is from one hour to another one of a day, 0 to 24, in a time zone.
"""

from datetime import datetime, time, timedelta

import pytz

#: Hours of a window that is always open.
ALWAYS = (0.0, 24.0)

SECONDS = 3600


def get_country_zone(code, now):
    """Return the time zone of a country, None if it has several or is not known.

    Names under which the clock shows the same now are one: Germany has two.

    :param str code: ISO code of the country; may be empty
    :param datetime now: naive, UTC

    >>> get_country_zone("DE", datetime(2024, 5, 15))
    'Europe/Berlin'
    >>> get_country_zone("US", datetime(2024, 5, 15))
    """
    names = pytz.country_timezones.get(code or "") or ()
    offsets = {get_local(now, name).utcoffset() for name in names}
    return names[0] if len(offsets) == 1 else None


def get_local(now, zone):
    """Return the moment as the clocks of a time zone show it.

    :param datetime now: naive, UTC
    """
    return pytz.utc.localize(now).astimezone(pytz.timezone(zone))


def is_open(now, zone, window):
    """Return whether messages may leave at a moment.

    >>> is_open(datetime(2024, 5, 15, 6), "Europe/Berlin", (8, 18))
    True
    >>> is_open(datetime(2024, 5, 15, 16), "Europe/Berlin", (8, 18))
    False
    """
    local = get_local(now, zone)
    seconds = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    start, end = window
    return start * SECONDS <= seconds.total_seconds() < end * SECONDS


def get_moment(day, zone, hour):
    """Return the moment of an hour of a day, naive in UTC."""
    local = datetime.combine(day, time()) + timedelta(hours=hour)
    moment = pytz.timezone(zone).localize(local).astimezone(pytz.utc)
    return moment.replace(tzinfo=None)


def get_opening(now, zone, window):
    """Return the moment from which on a window is open, now if it is.

    >>> get_opening(datetime(2024, 5, 15, 20), "Europe/Berlin", (8, 18))
    datetime.datetime(2024, 5, 16, 6, 0)
    """
    if is_open(now, zone, window):
        return now
    day = get_local(now, zone).date()
    today = get_moment(day, zone, window[0])
    return today if today > now else get_moment(day + timedelta(1), zone, window[0])

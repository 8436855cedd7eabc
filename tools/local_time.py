"""What time it is where somebody is. Pure functions: no database, no clock."""

import pytz


def get_local_times(now, country_code):
    """Return the times of day in a country at a moment, in order.

    :param datetime now: naive moment in UTC
    :param str country_code: of two letters; unknown ones have no time
    :return: list of naive datetimes: one, or several in a wide country

    >>> from datetime import datetime
    >>> get_local_times(datetime(2024, 5, 15, 12), "DE")
    [datetime.datetime(2024, 5, 15, 14, 0)]
    """
    zones = pytz.country_timezones.get((country_code or "").upper(), ())
    moment = pytz.utc.localize(now)
    return sorted(
        {moment.astimezone(pytz.timezone(zone)).replace(tzinfo=None) for zone in zones}
    )

"""Ready-made periods of the reports. Pure functions: no database, no clock."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

#: In the order in which they are offered.
PERIODS = (
    "all",
    "this_month",
    "last_month",
    "this_quarter",
    "last_quarter",
    "this_year",
    "last_year",
    "custom",
)
#: For reports as of a day: its end.
DAYS = ("today", "last_month", "last_quarter", "last_year", "custom")

DAY = timedelta(days=1)


def get_period(period, day, year):
    """Return first and last day of a ready-made period.

    :param str period: one of ``PERIODS`` but ``custom``, or ``today``
    :param date day: the day that counts as today
    :param tuple year: first and last day of the fiscal year of that day
    :return: (date or None, date); None: from the beginning
    :raise KeyError: there is no such period
    """
    month = day.replace(day=1)
    quarter = month.replace(month=(day.month - 1) // 3 * 3 + 1)
    quarter_end = quarter + relativedelta(months=3) - DAY
    return {
        "today": (None, day),
        "all": (None, day),
        "this_month": (month, month + relativedelta(months=1) - DAY),
        "last_month": (month - relativedelta(months=1), month - DAY),
        "this_quarter": (quarter, quarter_end),
        "last_quarter": (quarter - relativedelta(months=3), quarter - DAY),
        "this_year": year,
        "last_year": (year[0] - relativedelta(years=1), year[0] - DAY),
    }[period]


def get_earlier_days(day, count):
    """Return the ends of the last months before a day, latest first.

    >>> from datetime import date
    >>> get_earlier_days(date(2024, 3, 31), 2)
    [datetime.date(2024, 2, 29), datetime.date(2024, 1, 31)]
    """
    month = day.replace(day=1)
    return [month - relativedelta(months=back) - DAY for back in range(count)]

"""Ageing buckets. Pure functions: no database, no clock."""

#: Upper ends of the buckets in days, as they are kept in the settings.
DEFAULT_LIMITS = "30, 60, 90, 120"
MAX_LIMITS = 8
MAX_DAYS = 36_500


def parse_limits(text):
    """Return the upper ends of the ageing buckets.

    :param str text: whole numbers of days, separated by commas
    :return: tuple of increasing positive numbers up to ``MAX_DAYS``, at least one
    :raise ValueError: the text is anything else
    """
    limits = tuple(int(part) for part in (text or "").split(","))
    if not 0 < len(limits) <= MAX_LIMITS or limits[0] < 1 or limits[-1] > MAX_DAYS:
        raise ValueError(text)
    if any(first >= second for first, second in zip(limits, limits[1:], strict=False)):
        raise ValueError(text)
    return limits


def get_buckets(limits):
    """Return the buckets as (first day, last day), open ends are None.

    The first one holds what is not late at all: 0 days and less.

    >>> get_buckets((30, 60))
    [(None, 0), (1, 30), (31, 60), (61, None)]
    """
    ends = [0, *limits]
    middle = [(first + 1, last) for first, last in zip(ends, ends[1:], strict=False)]
    return [(None, 0), *middle, (ends[-1] + 1, None)]


def get_bucket(limits, days):
    """Return the number of the bucket of so many days, see ``get_buckets``."""
    for number, (_first, last) in enumerate(get_buckets(limits)):
        if last is None or days <= last:
            return number
    raise AssertionError("the last bucket has no end")

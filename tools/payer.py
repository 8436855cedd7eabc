"""What a customer's payments tell of him. Pure functions: no database."""

#: Up to so many days late on average, and so much of it late, is a good payer.
GOOD_DAYS, GOOD_SHARE = 5, 0.2
#: From so many days on it is a bad one; and when something is open for so long.
BAD_DAYS, BAD_OPEN_DAYS = 30, 90
#: So many broken promises are too many, when they are more than those kept.
BAD_BROKEN = 2
#: The trend is another when the average differs by more than that.
STEADY_DAYS = 3


def suggest_trust(record):
    """Return the trust that a payer's record suggests, and why, as codes.

    :param dict record: ``paid`` (amount in the last year), ``average`` (days late),
        ``late_share``, ``open_days`` (days late of the oldest open item), ``kept``
        and ``broken`` (promises)
    :return: (``good``, ``normal``, ``bad`` or None, when nothing is known; codes)

    >>> suggest_trust({"paid": 100, "average": 40, "late_share": 1, "open_days": 0,
    ...                "kept": 0, "broken": 0})
    ('bad', ['slow'])
    """
    bad = [
        code
        for code, holds in (
            ("slow", record["paid"] and record["average"] >= BAD_DAYS),
            ("open", record["open_days"] >= BAD_OPEN_DAYS),
            (
                "broken",
                record["broken"] >= BAD_BROKEN and record["broken"] > record["kept"],
            ),
        )
        if holds
    ]
    if bad:
        return "bad", bad
    if not record["paid"]:
        return None, ["unknown"]
    is_prompt = record["average"] <= GOOD_DAYS and record["late_share"] <= GOOD_SHARE
    if is_prompt and record["open_days"] <= GOOD_DAYS and not record["broken"]:
        return "good", ["prompt"]
    return "normal", ["usual"]


def get_trend(average, before):
    """Return whether a customer pays ``slower``, ``faster`` or as before (``steady``).

    :param before: average of the year before; None if nothing was paid then

    >>> get_trend(12.0, 5.0)
    'slower'
    """
    if average is None or before is None:
        return None
    if abs(average - before) <= STEADY_DAYS:
        return "steady"
    return "slower" if average > before else "faster"

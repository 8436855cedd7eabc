"""The ladder of follow-up levels, in days. Pure functions: no database.

The SQL of ``account.followup.item`` joins the steps that are worked out here, so
rule 4 (which level comes next) is said in this file only.
"""

from datetime import date
from typing import NamedTuple

#: Bounds of "days late" that no due date of a business exceeds (some 2,700 years).
FIRST_DAY, LAST_DAY = -1_000_000, 1_000_000

#: A level that was reached, packed into 63 bits: delay, day since the epoch, level.
LEVEL_BITS, DATE_BITS = 22, 20
LEVEL_MASK, DATE_MASK = 2**LEVEL_BITS - 1, 2**DATE_BITS - 1
EPOCH = date(1900, 1, 1)


class Step(NamedTuple):
    """Which level is next for an item, while its days late are in a range."""

    reached: int  # id of the level that the item has reached, 0 for none
    first: int  # days late from which the step counts
    last: int  # days late up to which it counts
    level: int  # id of the level that is next
    delay: int  # its delay, days after the due date
    wait: int  # days to wait after the day the reached level was reached


def get_key(level_id, delay):
    """Return a number that orders levels by delay and that holds the level's id.

    There is room in it for a day: ``days since EPOCH << LEVEL_BITS`` can be added.
    """
    delay = min(max(delay, FIRST_DAY), LAST_DAY)
    return ((delay - FIRST_DAY) << (LEVEL_BITS + DATE_BITS)) | level_id


#: The keys of levels before the due date are less than this one.
FIRST_LATE_KEY = get_key(0, 0)


def _get_next(candidates, days_late, catch_up):
    """Return the next level among (delay, id) pairs that are sorted, or None.

    Before the due date every level may be next, afterwards only those with a
    delay of zero or more. With ``jump`` it is the last level that fits the age.
    """
    allowed = [level for level in candidates if level[0] >= 0 or days_late <= 0]
    if catch_up == "jump":
        fitting = [level for level in allowed if level[0] <= days_late]
        if fitting:
            return fitting[-1]
    return allowed[0] if allowed else None


def get_steps(levels, catch_up="step", reached_levels=()):
    """Return every step of one company's ladder.

    :param levels: the levels in use, pairs (id, delay in days)
    :param str catch_up: ``step`` (one level after the other) or ``jump`` (to the
        level that matches the age)
    :param reached_levels: further pairs (id, delay) that items can have reached
        although they are not in use any more (archived)
    :return: list of Step; ranges of one reached level do not overlap
    """
    ladder = sorted((delay, level_id) for level_id, delay in levels)
    starts = sorted({FIRST_DAY, 1, *(delay for delay, _level_id in ladder)})
    ends = [start - 1 for start in starts[1:]] + [LAST_DAY]
    steps = []
    for reached, base in [(0, None), *{**dict(levels), **dict(reached_levels)}.items()]:
        candidates = [level for level in ladder if base is None or level[0] > base]
        for first, last in zip(starts, ends, strict=True):
            found = _get_next(candidates, first, catch_up)
            if not found:
                continue
            delay, level_id = found
            if steps and steps[-1].reached == reached and steps[-1].level == level_id:
                steps[-1] = steps[-1]._replace(last=last)
                continue
            wait = 0 if base is None else delay - base
            steps.append(Step(reached, first, last, level_id, delay, wait))
    return steps

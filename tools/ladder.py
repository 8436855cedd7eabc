"""The ladder of follow-up levels, in days. Pure functions: no database.

The SQL of ``account.followup.item`` joins the steps that are worked out here, so
rule 4 (which level comes next) is said in this file only.
"""

import math
from bisect import bisect_left, bisect_right
from datetime import date
from typing import NamedTuple

#: Bounds of "days late": the whole calendar, 0001-01-01 to 9999-12-31.
FIRST_DAY, LAST_DAY = -3_700_000, 3_700_000

#: Bounds of a level's days: ten years before and after the due date.
MAX_DELAY = 3650

#: Levels in use that a company may have: nobody tells more of them apart.
MAX_LEVELS = 50

#: A level that was reached, packed into 63 bits: its delay (one more than the bits
#: hold is cut, in order), the day since the epoch (until 2617), its id (any integer).
LEVEL_BITS, DATE_BITS, DELAY_BITS = 31, 18, 14
DELAY_SHIFT = LEVEL_BITS + DATE_BITS
LEVEL_MASK, DATE_MASK = 2**LEVEL_BITS - 1, 2**DATE_BITS - 1
EPOCH = date(1900, 1, 1)

#: What is added to a delay, so that it is positive; 0 is left for "no level".
DELAY_OFFSET = 2 ** (DELAY_BITS - 1)
MAX_KEY_DELAY = DELAY_OFFSET - 1


class Step(NamedTuple):
    """Which level is next for an item, while its days late are in a range."""

    reached: int  # slot of the level that the item has reached, 0 for none
    first: int  # days late from which the step counts
    last: int  # days late up to which it counts
    level: int  # id of the level that is next
    delay: int  # its delay, days after the due date
    age: int  # days late from which it can be carried out
    wait: int | None  # and days after the day on which the reached level was reached


def get_slot(delay):
    """Return a positive number for a delay, in their order, see ``DELAY_BITS``."""
    return min(max(delay, -MAX_KEY_DELAY), MAX_KEY_DELAY) + DELAY_OFFSET


def get_key(level_id, delay):
    """Return a number that orders levels by delay and that holds the level's id.

    There is room in it for a day: ``days since EPOCH << LEVEL_BITS`` can be added.

    :raise ValueError: there is no room for the id
    """
    if not 0 <= level_id <= LEVEL_MASK:
        raise ValueError(f"No level can have the id {level_id}")
    return get_slot(delay) << DELAY_SHIFT | level_id


#: Slot of items that have reached nothing, and start another way than their plan says.
START_SLOT = -1

#: What is taken from the slot of items whose promise was not kept.
BROKEN_SHIFT = 2 ** (DELAY_BITS + 1)

#: The keys of levels before the due date are less than this one.
FIRST_LATE_KEY = get_key(0, 0)


def get_free_delay(delay, taken):
    """Return the days of a level that comes after all others, ten days later.

    Where there is no room for it, the last days that are free.

    :param int delay: of a level that it comes after
    :param taken: delays of the levels of its plan
    """
    wanted = max((delay, *taken)) + 10
    if wanted <= MAX_DELAY:
        return wanted
    free = range(MAX_DELAY, -MAX_DELAY - 1, -1)
    return next(one for one in free if one not in set(taken))


def _get_next(candidates, late, days_late, catch_up):
    """Return the next level among (delay, id) pairs that are sorted, or None.

    Before the due date every level may be next, afterwards only those with a
    delay of zero or more. With ``jump`` it is the last level that fits the age.

    :param int late: where the levels with a delay of zero or more begin
    """
    first = late if days_late > 0 else 0
    if catch_up == "jump":
        fitting = bisect_right(candidates, (days_late, math.inf))
        if fitting > first:
            return candidates[fitting - 1]
    return candidates[first] if first < len(candidates) else None


def get_steps(levels, catch_up="step", reached_levels=()):
    """Return every step of one company's ladder.

    Step by step there are two for each level, at most; with ``jump`` one for each pair
    of levels, which is why ``MAX_LEVELS`` bounds those in use.

    :param levels: the levels in use, pairs (id, delay in days)
    :param str catch_up: ``step`` (one level after the other) or ``jump`` (to the
        level that matches the age)
    :param reached_levels: further pairs (id, delay) that items can have reached
        although they are not in use any more (archived)
    :return: list of Step; ranges of one reached delay do not overlap
    """
    ladder = sorted((delay, level_id) for level_id, delay in levels)
    bases = {delay for _level_id, delay in (*levels, *reached_levels)}
    steps = []
    for base in (None, *sorted(bases)):
        first = bisect_right(ladder, (base, math.inf)) if base is not None else 0
        steps += _get_steps_after(base, ladder[first:], catch_up)
    return steps


def get_start_steps(levels, catch_up):
    """Return the steps of items that start another way than their plan says.

    They have reached nothing; once they have, all goes on as the plan says.

    :param levels: the levels in use, pairs (id, delay in days)
    :param str catch_up: see ``get_steps``
    """
    ladder = sorted((delay, level_id) for level_id, delay in levels)
    steps = _get_steps_after(None, ladder, catch_up)
    return [step._replace(reached=START_SLOT) for step in steps]


def _get_steps_after(base, candidates, catch_up):
    """Return the steps of items that have reached a delay, or None.

    :param candidates: (delay, id) of the levels that come after it, sorted
    """
    starts = {FIRST_DAY, 1}
    if catch_up == "jump":
        starts.update(delay for delay, _level_id in candidates)
    starts = sorted(starts)
    ends = [start - 1 for start in starts[1:]] + [LAST_DAY]
    late = bisect_left(candidates, (0, 0))
    steps = []
    for first, last in zip(starts, ends, strict=True):
        found = _get_next(candidates, late, first, catch_up)
        if not found:
            continue
        delay, level_id = found
        if steps and steps[-1].level == level_id:
            steps[-1] = steps[-1]._replace(last=last)
            continue
        reached, wait = (0, 0) if base is None else (get_slot(base), delay - base)
        steps.append(Step(reached, first, last, level_id, delay, delay, wait))
    return steps


def get_broken_steps(steps, level):
    """Return the steps of items whose promise was not kept, where a plan jumps then.

    The level it names takes the place of all that come before it, also of itself. It
    needs neither its own age nor days after the level before, only that the item is
    overdue. Who has reached it goes on as the plan says, and is not among them.

    :param steps: those of the plan
    :param level: pair (id, delay), on the due date or after it
    """
    level_id, delay = level
    jumps = []
    for step in steps:
        if step.reached >= get_slot(delay):
            continue
        reached = step.reached - BROKEN_SHIFT
        if step.delay > delay:
            jumps.append(step._replace(reached=reached, wait=None))
        elif jumps and (jumps[-1].reached, jumps[-1].level) == (reached, level_id):
            jumps[-1] = jumps[-1]._replace(last=step.last)
        else:
            jumps.append(
                Step(
                    reached, step.first, step.last, level_id, delay, min(delay, 1), None
                )
            )
    return jumps

"""Time and count, the subject and its floor in turns."""

import time
from contextlib import contextmanager
from statistics import median
from typing import NamedTuple


class Figure(NamedTuple):
    """Seconds of several runs."""

    runs: list

    @property
    def median(self):
        return median(self.runs)

    def __str__(self):
        low, high = min(self.runs), max(self.runs)
        return f"{show(self.median)} ({show(low)}–{show(high)})"


class Row(NamedTuple):
    """A row of the table."""

    id: str
    what: str
    figure: str
    floor: str
    ratio: str
    goal: str
    seconds: float = 0.0  # for comparing sizes


def get_ratio(subject, base):
    return f"{subject.median / base.median:.2f}×"


def compare(id_, what, figures, goal):
    """Return the row of two figures: what it is compared to, then the subject."""
    base, subject = figures.values()
    return Row(
        id_,
        what,
        str(subject),
        str(base),
        get_ratio(subject, base),
        goal,
        subject.median,
    )


def show(seconds):
    if seconds >= 10:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.{0 if seconds >= 0.01 else 1}f} ms"


def measure(functions, runs, is_warm=False):
    """Run functions in turns, so that what disturbs one disturbs the others, too.

    Every other round goes backwards: who comes first may have it easier.

    :param dict functions: {name: function}; each is run once before, unmeasured
    :param bool is_warm: leave that out
    :return: {name: Figure}
    """
    for function in () if is_warm else functions.values():
        function()
    seconds = {name: [] for name in functions}
    for number in range(runs):
        turn = list(functions.items())
        for name, function in reversed(turn) if number % 2 else turn:
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    return {name: Figure(runs) for name, runs in seconds.items()}


@contextmanager
def counted(env):
    """Count the queries of a block: the list that it yields gets the number."""
    result = []
    env.flush_all()
    start = env.cr.sql_log_count
    yield result
    env.flush_all()
    result.append(env.cr.sql_log_count - start)

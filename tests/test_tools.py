from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.account_payment_followup.tools import days, ladder

delays = st.integers(min_value=-40, max_value=120)
catch_ups = st.sampled_from(["step", "jump"])
zones = st.sampled_from(
    [
        "UTC",
        "Europe/Brussels",
        "Pacific/Auckland",
        "America/Los_Angeles",
        "Asia/Kolkata",
    ]
)
moments = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2037, 1, 1))


@st.composite
def ladders(draw):
    """Return the levels in use and the archived ones, pairs (id, delay) each."""
    in_use = draw(st.lists(delays, max_size=6, unique=True))
    archived = draw(st.lists(delays, max_size=3))
    ids = draw(st.permutations(range(1, len(in_use) + len(archived) + 1)))
    pairs = list(zip(ids, [*in_use, *archived], strict=True))
    return pairs[: len(in_use)], pairs[len(in_use) :]


def get_next_naively(in_use, base, days_late, catch_up):
    """Return the next level of an item word by word as rule 4 has it, or None.

    :param base: delay of the level that was reached, or None
    """
    chosen = None
    for level, delay in sorted(in_use, key=lambda pair: pair[1]):
        if base is not None and delay <= base:
            continue
        if delay < 0 < days_late:
            continue
        if chosen is None:
            chosen = level
        elif catch_up == "jump" and delay <= days_late:
            chosen = level
    return chosen


@tagged("post_install", "-at_install")
class TestTools(BaseCase):
    # ------------------------------------------------------------------
    # Ladder
    # ------------------------------------------------------------------

    @settings(max_examples=400, deadline=None, derandomize=True, database=None)
    @given(ladders(), catch_ups)
    def test_steps_naively(self, levels, catch_up):
        """On each day each item has the step of its next level, and no other."""
        in_use, archived = levels
        steps = ladder.get_steps(in_use, catch_up, archived)
        days_late = [*range(-45, 130), ladder.FIRST_DAY, ladder.LAST_DAY]
        by_id = dict(in_use + archived)
        for base in [None, *by_id.values()]:
            reached = 0 if base is None else ladder.get_slot(base)
            own = [step for step in steps if step.reached == reached]
            for day in days_late:
                found = [step for step in own if step.first <= day <= step.last]
                level = get_next_naively(in_use, base, day, catch_up)
                self.assertEqual(
                    [step.level for step in found], [level] if level else []
                )
                for step in found:
                    self.assertEqual(step.delay, by_id[level])
                    self.assertEqual(step.age, by_id[level])
                    wait = 0 if base is None else by_id[level] - base
                    self.assertEqual(step.wait, wait)

    @settings(max_examples=400, deadline=None, derandomize=True, database=None)
    @given(ladders(), catch_ups)
    def test_steps_ranges(self, levels, catch_up):
        """Ranges are in order and without a gap; neighbours lead to other levels."""
        in_use, archived = levels
        steps = ladder.get_steps(in_use, catch_up, archived)
        known = {ladder.get_slot(delay) for _level, delay in in_use + archived}
        self.assertLessEqual({step.reached for step in steps}, known | {0})
        for reached in known | {0}:
            own = [step for step in steps if step.reached == reached]
            for step in own:
                self.assertLessEqual(step.first, step.last)
                self.assertGreater(ladder.get_slot(step.delay), reached)
            for earlier, later in zip(own, own[1:], strict=False):
                self.assertEqual(earlier.last + 1, later.first)
                self.assertNotEqual(earlier.level, later.level)
            if own:
                self.assertEqual(own[0].first, ladder.FIRST_DAY)
                after_due = [step for step in own if step.last >= 1]
                if after_due:
                    self.assertEqual(own[-1].last, ladder.LAST_DAY)
                else:
                    self.assertEqual(own[-1].last, 0)

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(ladders(), catch_ups, st.randoms(use_true_random=False))
    def test_x7_steps_after_a_broken_promise(self, levels, catch_up, rng):
        """The level named takes the place of those before it, and of no other."""
        in_use, archived = levels
        named = [level for level in in_use if level[1] >= 0]
        if not named:
            return
        level_id, delay = rng.choice(named)
        steps = ladder.get_steps(in_use, catch_up, archived)
        jumps = ladder.get_broken_steps(steps, (level_id, delay))
        by_id = dict(in_use + archived)
        for base in [None, *by_id.values()]:
            reached = 0 if base is None else ladder.get_slot(base)
            own = [
                step for step in jumps if step.reached == reached - ladder.BROKEN_SHIFT
            ]
            if base is not None and base >= delay:
                self.assertFalse(own)
                continue
            self.assertEqual(own[0].first, ladder.FIRST_DAY)
            self.assertEqual(own[-1].last, ladder.LAST_DAY)
            for earlier, later in zip(own, own[1:], strict=False):
                self.assertEqual(earlier.last + 1, later.first)
                self.assertNotEqual(earlier.level, later.level)
            for day in range(-45, 130):
                [found] = [step for step in own if step.first <= day <= step.last]
                level = get_next_naively(in_use, base, day, catch_up)
                if level and by_id[level] > delay:
                    self.assertEqual((found.level, found.age), (level, by_id[level]))
                    self.assertIsNone(found.wait)
                else:
                    self.assertEqual((found.level, found.wait), (level_id, None))
                    self.assertEqual((found.delay, found.age), (delay, min(delay, 1)))

    @settings(max_examples=200, deadline=None, derandomize=True, database=None)
    @given(ladders(), catch_ups, st.randoms(use_true_random=False))
    def test_steps_order(self, levels, catch_up, rng):
        """The order in which the levels are given does not matter."""
        in_use, archived = levels
        steps = ladder.get_steps(in_use, catch_up, archived)
        shuffled = rng.sample(in_use, len(in_use))
        again = ladder.get_steps(shuffled, catch_up, archived)
        self.assertEqual(set(steps), set(again))
        self.assertEqual(len(steps), len(again))

    def test_a2_keys_tell_before_the_due_date_from_after(self):
        """Delay 0 is not before the due date; one day before it is."""
        for level_id in (1, 4_000_000):
            self.assertLess(ladder.get_key(level_id, -1), ladder.FIRST_LATE_KEY)
            self.assertGreaterEqual(ladder.get_key(level_id, 0), ladder.FIRST_LATE_KEY)

    @given(st.lists(st.tuples(delays, moments, st.integers(1, 4_000_000)), min_size=1))
    def test_key_order(self, reached):
        """The greatest key tells the highest delay, its last day, and a level."""
        keys = [
            ladder.get_key(level, delay)
            + ((moment.date() - ladder.EPOCH).days << ladder.LEVEL_BITS)
            for delay, moment, level in reached
        ]
        highest = max(keys)
        delay, day, level = max(
            (delay, moment.date(), level) for delay, moment, level in reached
        )
        self.assertEqual(highest & ladder.LEVEL_MASK, level)
        packed = highest >> ladder.LEVEL_BITS & ladder.DATE_MASK
        self.assertEqual(ladder.EPOCH + timedelta(days=packed), day)
        self.assertEqual(highest < ladder.FIRST_LATE_KEY, delay < 0)
        self.assertLess(highest, 2**63, "a bigint")

    def test_key_limits(self):
        """A delay that no business has neither overflows nor changes the order."""
        ends = (-(10**9), -ladder.MAX_DELAY, -1, 0, 1, 500, ladder.MAX_DELAY, 10**9)
        last_id = 2**31 - 1  # of PostgreSQL's integers
        for delay in ends:
            key = ladder.get_key(last_id, delay)
            far = key + (ladder.DATE_MASK << ladder.LEVEL_BITS)
            self.assertEqual(far & ladder.LEVEL_MASK, last_id)
            self.assertEqual(far >> ladder.DELAY_SHIFT, ladder.get_slot(delay))
            self.assertLess(far, 2**63)
            self.assertGreater(ladder.get_slot(delay), 0, "0 is no level")
        keys = [ladder.get_key(1, delay) for delay in ends]
        self.assertEqual(keys, sorted(set(keys)))
        self.assertEqual(ladder.EPOCH.year + ladder.DATE_MASK / 365.25 // 1, 2617)

    def test_a2_days_of_a_copied_level(self):
        last = ladder.MAX_DELAY
        self.assertEqual(ladder.get_free_delay(5, []), 15)
        self.assertEqual(ladder.get_free_delay(5, [5, 40, -3]), 50)
        self.assertEqual(ladder.get_free_delay(5, [last - 10]), last)
        self.assertEqual(ladder.get_free_delay(5, [last - 9]), last)
        self.assertEqual(ladder.get_free_delay(5, [last, last - 1]), last - 2)

    def test_key_of_an_id_that_does_not_fit(self):
        for level_id in (-1, 2**31):
            with self.assertRaisesRegex(ValueError, str(level_id)):
                ladder.get_key(level_id, 1)

    def test_number_of_steps(self):
        """It grows with the levels, not with their square, but for jumps."""
        levels = [(number, number - 100) for number in range(1, 1001)]
        self.assertLessEqual(len(ladder.get_steps(levels)), 2 * len(levels) + 2)
        few = levels[: ladder.MAX_LEVELS]
        steps = ladder.get_steps(few, "jump", levels)
        self.assertLessEqual(len(steps), (len(levels) + 1) * (len(few) + 1))

    def test_steps_examples(self):
        in_use = [(1, -3), (2, 5), (3, 15)]
        first, last = ladder.FIRST_DAY, ladder.LAST_DAY
        slot = ladder.get_slot
        self.assertEqual(
            ladder.get_steps(in_use),
            [
                (0, first, 0, 1, -3, -3, 0),
                (0, 1, last, 2, 5, 5, 0),
                (slot(-3), first, last, 2, 5, 5, 8),
                (slot(5), first, last, 3, 15, 15, 10),
            ],
        )
        self.assertEqual(
            ladder.get_steps(in_use, "jump", [(4, 5), (5, 7)]),
            [
                (0, first, 0, 1, -3, -3, 0),
                (0, 1, 14, 2, 5, 5, 0),
                (0, 15, last, 3, 15, 15, 0),
                (slot(-3), first, 14, 2, 5, 5, 8),
                (slot(-3), 15, last, 3, 15, 15, 18),
                (slot(5), first, last, 3, 15, 15, 10),
                (slot(7), first, last, 3, 15, 15, 8),
            ],
        )
        self.assertEqual(ladder.get_steps([]), [])
        self.assertEqual(ladder.get_steps([], "jump", [(4, 5)]), [])

    # ------------------------------------------------------------------
    # Days
    # ------------------------------------------------------------------

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(moments, zones, zones)
    def test_get_day(self, now, zone, other):
        """The first usable time zone says which day it is."""
        expected = now.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone)).date()
        self.assertEqual(days.get_day(now, zone, other), expected)
        self.assertEqual(days.get_day(now, False, None, "", zone, other), expected)
        self.assertEqual(days.get_day(now, "Mars/Olympus", zone, other), expected)
        self.assertLessEqual(abs((expected - now.date()).days), 1)

    def test_get_day_examples(self):
        evening = datetime(2024, 12, 31, 23, 30)
        self.assertEqual(days.get_day(evening), date(2024, 12, 31))
        self.assertEqual(days.get_day(evening, False, "Nowhere"), date(2024, 12, 31))
        self.assertEqual(days.get_day(evening, "Europe/Brussels"), date(2025, 1, 1))
        self.assertEqual(
            days.get_day(evening, "America/Los_Angeles", "Europe/Brussels"),
            date(2024, 12, 31),
        )
        # summer time begins in the night
        self.assertEqual(
            days.get_day(datetime(2024, 3, 30, 22, 59), "Europe/Brussels"),
            date(2024, 3, 30),
        )
        self.assertEqual(
            days.get_day(datetime(2024, 3, 31, 22, 0), "Europe/Brussels"),
            date(2024, 4, 1),
        )

    @settings(max_examples=200, deadline=None, derandomize=True, database=None)
    @given(
        st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)),
        st.integers(min_value=-2, max_value=50),
    )
    def test_get_retry_date(self, day, failures):
        """Never before tomorrow, never sooner after more failures, and it ends."""
        retry = days.get_retry_date(day, failures)
        self.assertGreater(retry, day)
        self.assertLessEqual(retry, days.get_retry_date(day, failures + 1))
        self.assertLessEqual(retry, day + timedelta(days=7))

    def test_get_retry_date_examples(self):
        day = date(2024, 2, 28)
        waits = [
            (days.get_retry_date(day, failures) - day).days for failures in range(7)
        ]
        self.assertEqual(waits, [1, 1, 2, 4, 7, 7, 7])

    def test_is_put_off(self):
        """Until the day; what a clock ahead has noted keeps nobody waiting."""
        day = date(2024, 2, 28)
        for days_ahead, expected in (
            (-400, False),
            (0, False),
            (1, True),
            (7, True),
            (8, False),
            (365, False),
        ):
            with self.subTest(days_ahead=days_ahead):
                retry = day + timedelta(days=days_ahead)
                self.assertEqual(days.is_put_off(retry, day), expected)
        self.assertFalse(days.is_put_off(None, day))
        self.assertFalse(days.is_put_off(False, date.max))

    def test_get_last_monthly_examples(self):
        for day, number, expected in (
            (date(2024, 3, 4), 5, date(2024, 2, 5)),
            (date(2024, 3, 5), 5, date(2024, 3, 5)),
            (date(2024, 3, 6), 5, date(2024, 3, 5)),
            (date(2024, 1, 1), 28, date(2023, 12, 28)),
            (date(2024, 3, 1), 1, date(2024, 3, 1)),
        ):
            with self.subTest(day=day, number=number):
                self.assertEqual(days.get_last_monthly(day, number), expected)

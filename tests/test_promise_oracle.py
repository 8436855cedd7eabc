import logging
import random
from collections import Counter
from datetime import timedelta
from pprint import pformat

from freezegun import freeze_time

from odoo.tests import tagged

from . import oracle_promise
from .common import TODAY
from .test_promise import PromiseCommon

_logger = logging.getLogger(__name__)

ROUNDS = 12
EVENTS = 14


@tagged("post_install", "-at_install")
class TestPromiseOracle(PromiseCommon):
    """X7: whatever happens, states are those of a plain calculation, on every day."""

    def test_x7_random_histories(self):
        counts = Counter()
        for seed in range(ROUNDS):
            rng = random.Random(seed)  # noqa: S311
            with self.subTest(seed=seed), self.env.cr.savepoint(flush=True) as point:
                self._live(rng)
                counts += self._compare(rng)
                point.rollback()
            self.env.invalidate_all()
        _logger.info("States compared with the oracle: %s", dict(counts))
        for state in ("open", "kept", "partly", "broken", "replaced", "cancelled"):
            self.assertGreater(counts[state], 5, state)

    def _live(self, rng):
        """Promise, pay, credit, take back, in any order."""
        self.day = TODAY
        self.moves = self.invoice
        for _number in range(2):
            self.moves += self._create_late(20, rng.choice((50, 60.5, 100)))
        for _number in range(EVENTS):
            self.day += timedelta(days=rng.choice((0, 0, 1, 2, 4)))
            event = rng.choice(
                (
                    self._event_promise,
                    self._event_promise,
                    self._event_pay,
                    self._event_pay,
                    self._event_pay,
                    self._event_credit,
                    self._event_take_back,
                    self._event_cancel,
                    self._event_dispute,
                    self._event_end_dispute,
                )
            )
            with freeze_time(self.day):
                event(rng)
                self.env.flush_all()
                self.env.invalidate_all()

    def _get_open(self):
        lines = self._get_lines(*self.moves)
        return lines.filtered(lambda line: line.amount_residual > 0)

    def _event_promise(self, rng):
        lines = self._get_open()
        lines = lines.filtered(lambda _line: rng.random() < 0.7) or lines[:1]
        if not lines:
            return
        total = sum(lines.mapped("amount_residual"))
        first = self.day + timedelta(days=rng.randint(0, 6))
        parts = [(first, rng.choice((None, None, round(total / 2, 2))))]
        if rng.random() < 0.3:
            half = round(total / 2, 2)
            rest = round(total - half, 2)
            parts = [(first, half), (first + timedelta(days=4), rest)]
            if not half or not rest:
                return
        self._promise_parts(parts, lines, day=self.day)

    def _event_pay(self, rng):
        line = self._get_open()[:1]
        if line:
            amount = round(line.amount_residual * rng.choice((0.5, 0.995, 1, 1)), 2)
            day = self.day - timedelta(days=rng.choice((0, 0, 0, 3)))
            self._pay(line.move_id, amount or line.amount_residual, day)

    def _event_credit(self, rng):
        self.line = self._get_open()[:1]
        if self.line:
            self._credit(rng.choice((10, 60, 200)), self.day)

    def _event_take_back(self, rng):
        line = rng.choice(self._get_lines(*self.moves))
        line.remove_move_reconcile()

    def _event_cancel(self, rng):
        promises = self.promises.search([("state", "=", "open")])
        if promises and rng.random() < 0.5:
            rng.choice(promises).action_cancel()

    def _event_dispute(self, rng):
        """Dispute an item or a part of it; in earnest it is another moment, too."""
        disputes = self.env["account.followup.dispute"]
        line = self._get_open()[-1:]
        if not line or disputes._get_open(line):
            return
        amount = rng.choice((None, None, 10, 40))
        if amount and amount > line.amount_residual:
            return
        disputes._dispute(
            line,
            self.env.ref("account_payment_followup.dispute_reason_amount"),
            {self.company: self.day},
            amount,
            is_rest_claimed=rng.random() < 0.7,
        )

    def _event_end_dispute(self, rng):
        disputes = self.env["account.followup.dispute"]
        if dispute := disputes.search([("state", "=", "open")])[:1]:
            dispute._end(rng.choice(("accepted", "rejected", "settled")))

    def _compare(self, rng):
        counts = Counter()
        promises = self.promises.search([])
        facts = {one: oracle_promise.read_promise(one) for one in promises}
        for number in range(-2, 40, 3):
            day = self.day + timedelta(days=number)
            with freeze_time(day):
                self.env.invalidate_all()
                for promise in promises:
                    expected = oracle_promise.get_state(facts[promise], day)
                    got = (promise.state, promise.paid_amount)
                    text = f"{day}\n{pformat(facts[promise])}"
                    self.assertEqual(got[0], expected[0], text)
                    self.assertAlmostEqual(got[1], float(expected[1]), 2, text)
                    counts[expected[0]] += 1
        return counts

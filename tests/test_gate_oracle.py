import logging
import os
import random
import time
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools.mail import email_normalize

from ..models.account_followup_processing import Result
from . import oracle_gates
from .gate_ledger import BASE, GateLedger

_logger = logging.getLogger(__name__)

SEED = 20240519
#: A round decides about all customers at one moment.
ROUNDS = int(
    os.environ.get("FOLLOWUP_GATE_ROUNDS")
    or (100 if os.environ.get("FOLLOWUP_LONG") else 24)
)
#: Of so many rounds one sends for real; the others end where reminders would be made.
SENT = 8


@tagged("post_install", "-at_install")
class TestGateOracle(GateLedger):
    """X4, X5, X9, X15, X17: the run reminds if and only if the rule asks for it and no
    gate holds.

    What the gates should say is worked out once more in plain Python. The run is the
    real one, in batches; ``FOLLOWUP_GATE_CUSTOMERS`` asks for so many customers.
    """

    CUSTOMERS = int(os.environ.get("FOLLOWUP_GATE_CUSTOMERS") or 240)

    @contextmanager
    def _round(self, seed):
        savepoint = self.env.cr.savepoint()
        try:
            with self.subTest(seed=seed):
                yield random.Random(seed)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_x4_x5_x9_x15_the_run_reminds_if_no_gate_holds(self):
        counts, seconds = Counter(), 0.0
        for number in range(ROUNDS):
            with self._round(SEED + number) as rng:
                minutes = rng.randrange(8 * 24 * 4) * 15
                now = datetime.combine(BASE, datetime.min.time())
                now += timedelta(minutes=minutes)
                with freeze_time(now):
                    house = self._scatter_house(rng, now)
                    people = self._scatter_people(rng, house)
                    self._scatter_approval(rng, house, people)
                    self.env.flush_all()
                    self.env.invalidate_all()
                    answer = oracle_gates.decide(people, house)
                    self._check_texts(people, house)
                    start = time.process_time()
                    reminded = self._remind(house, is_sent=number % SENT == 0)
                    seconds += time.process_time() - start
                    self.assertEqual(reminded, answer.reminded, house)
                    self._check_list(house, answer)
                counts.update(self._count(people, house, answer))
        _logger.info("Decided: %s, %.1f s without the database", dict(counts), seconds)
        for name in ("reminded", "listed", "approved", "in turns", "tested", "paused"):
            self.assertTrue(counts[name], f"{name}: the rounds are too tame")

    def _count(self, people, house, answer):
        reminded, approval = len(answer.reminded), house.approval
        return {
            "customers": len(people),
            "reminded": reminded,
            "listed": len(answer.listed),
            "approved": reminded * bool(approval and approval.state == "approved"),
            "in turns": reminded * bool(house.hour_cap),
            "tested": reminded * house.is_test,
            "paused": sum(bool(one.pause_until) for one in people),
        }

    # ------------------------------------------------------------------
    # The run
    # ------------------------------------------------------------------

    def _remind(self, house, is_sent):
        """Run the scheduled action; return the ids of those who are reminded."""
        if is_sent:
            return self._send(house)
        reminded = []

        def remind(_result, cases, *_args):
            reminded.extend(cases.partner_id.ids)

        with patch.object(Result, "remind", remind):
            self._run_cron()
        self.assertEqual(len(reminded), len(set(reminded)))
        return set(reminded)

    def _send(self, house):
        """Run it and the queue; return the ids of those whose message has left."""
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
            addresses = [
                email_normalize(address)
                for one in self._mails
                for address in one["email_to"]
            ]
        reminders = self.env["account.followup.reminder"].search(
            [
                ("partner_id", "in", self.customers.ids),
                ("delivery_ids", "!=", False),  # none of those before
            ]
        )
        self.assertEqual(set(reminders.mapped("state")) - {"sent"}, set())
        self.assertEqual(set(reminders.mapped("is_test")) - {house.is_test}, set())
        ids = reminders.partner_id.ids
        self.assertEqual(len(ids), len(reminders))
        tester = self.company.followup_test_email
        expected = [
            tester if house.is_test else partner.email
            for partner in reminders.partner_id
        ]
        self.assertCountEqual(addresses, expected)
        return set(ids)

    # ------------------------------------------------------------------
    # What is told
    # ------------------------------------------------------------------

    def _check_list(self, house, answer):
        """A list is made, brought up to date or ended if and only if it has to be."""
        approval = self.company.followup_approval_id
        before = house.approval
        was_open = bool(before and before.state == "open")
        if not answer.listed:
            self.assertEqual(bool(approval), bool(before))
            self.assertEqual(approval.state == "open", was_open and not answer.is_over)
            return
        self.assertEqual((approval.state, approval.date), ("open", house.day))
        taken_off = before.taken_off if was_open else frozenset()
        lines = approval.line_ids
        self.assertEqual(set(lines.partner_id.ids), answer.listed | taken_off)
        off = lines.filtered(lambda line: not line.is_chosen)
        self.assertEqual(set(off.partner_id.ids), taken_off)

    def _check_texts(self, people, house):
        """Exactly who is due and is held says why; the rule is as it was."""
        if house.cap or house.hour_cap or house.is_test:
            return  # what counts knows no more than the run; a test is no gate
        rows = self.env["account.followup.customer"].search(
            [("partner_id", "in", self.customers.ids)]
        )
        expected = oracle_gates.decide(people, house).reminded
        due = {one.id for one in people if oracle_gates.is_required(one, house)}
        waiting = rows.filtered("waiting_text").partner_id.ids
        self.assertEqual(set(waiting), due - expected, house)

from datetime import date, datetime, timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from . import proof_gate
from .common import TODAY
from .proof_common import ProofCommon
from .test_conflicts import CONFLICT

#: The first 13th from the day of the tests on.
THIRTEENTH = next(
    day for n in range(31) if (day := TODAY + timedelta(days=n)).day == 13
)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestProofGate(ProofCommon):
    """One more gate, as documented (rule 17)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_models(proof_gate.MODELS)
        cls._create_late(20)

    def _get_status(self):
        return self.customer.with_company(self.company).followup_status

    def test_nothing_leaves_and_the_rule_stays(self):
        with freeze_time(THIRTEENTH):
            self._run_cron()
            self.assertFalse(self._get_reminders())
            self.assertEqual(self._get_status(), "in_need_of_action")
        with freeze_time(THIRTEENTH + timedelta(days=1)):
            self._run_cron()
            self.assertEqual(len(self._get_reminders()), 1, "once, not twice")

    def test_one_customer_waits(self):
        other = self.customer.copy({"name": "Not Marked", "email": "not@example.com"})
        self._create_late(20, partner=other)
        self.customer.ref = "wait"
        self._run_cron()
        self.assertFalse(self._get_reminders())
        self.assertTrue(self._get_reminders(other))

    def test_by_hand_with_a_warning(self):
        self.customer.ref = "wait"
        window = self._open_window()
        self.assertIn("The customer is marked.", str(window.alerts))
        with self.mock_mail_gateway():
            window.action_send()
            self._run_mail_queue()
        self.assertEqual(self._get_reminders().state, "sent")

    def test_what_is_queued_does_not_leave(self):
        self._run_cron()
        self.assertEqual(self._get_reminders().state, "queued")
        self.customer.ref = "wait"
        with self.mock_mail_gateway():
            self._run_mail_queue()
            self.assertNotSentEmail()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("The customer is marked.", reminder.delivery_ids.failure_reason)
        self.customer.ref = False
        self._run_cron()
        self.assertEqual(len(self._get_reminders()), 2, "the rule decides anew")

    def test_a_gate_that_counts_is_not_asked_again(self):
        gate = self.registry["account.followup.gate.proof"]
        self._run_cron()
        self.customer.ref = "wait"
        with patch.object(gate, "_is_asked_again", False), self.mock_mail_gateway():
            self._run_mail_queue()
        self.assertEqual(self._get_reminders().state, "sent")

    def test_a_gate_that_fails_is_told_and_stops_no_other_company(self):
        gate = self.registry["account.followup.gate.proof"]
        with (
            patch.object(gate, "_let_pass", side_effect=ValueError("broken")),
            self.assertLogs("odoo.addons.account_payment_followup", "WARNING"),
        ):
            self._run_cron()
        self.assertFalse(self._get_reminders())
        task = self.company.partner_id.activity_ids.filtered("automated")
        self.assertIn("broken", task.note)

    def _get_calls(self):
        triggers = self.env["ir.cron.trigger"].sudo()
        return triggers.search([("cron_id", "=", self.cron.id)]).mapped("call_at")

    def test_a_conflict_is_tried_again_and_stops_no_other_company(self):
        """A user who approves or ends a task at this moment is no failure."""
        other = self.env["res.company"].create({"name": "Other"})
        gates, asked = self.env["account.followup.gates"], []

        def collide(_gates, company, sizes, day, now):
            asked.append(company)
            if company == self.company:
                # what the database says, and what it makes of the transaction
                self.env.cr.execute(SQL(CONFLICT))
            return {id_ for ids in sizes.values() for id_ in ids}

        due = {(self.company, 100): [self.customer.id], (other, 100): [other.id]}
        days = dict.fromkeys((self.company, other), TODAY)
        now = datetime(TODAY.year, TODAY.month, TODAY.day, 1)
        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        with (
            patch.object(self.registry[gates._name], "_get_passing", collide),
            mute_logger("odoo.sql_db"),
        ):
            passed = gates._let_pass_apart(due, days, now)
        self.assertEqual(asked, [self.company, other])
        self.assertEqual(passed, {(other, 100): [other.id]})
        self.assertEqual(self._get_calls(), [now + timedelta(minutes=1)])
        self.assertFalse(self.company.partner_id.activity_ids.filtered("automated"))

    def test_what_is_no_conflict_ends_the_run(self):
        gates = self.env["account.followup.gates"]
        due = {(self.company, 100): [self.customer.id]}
        killed = psycopg2.OperationalError("killed")
        with (
            patch.object(
                self.registry[gates._name], "_get_passing", side_effect=killed
            ),
            self.assertRaises(psycopg2.OperationalError),
        ):
            gates._let_pass_apart(due, {self.company: TODAY}, datetime.now())

    def test_a_conflict_in_the_sweep_ends_no_run(self):
        sweep = self.env["account.followup.sweep"]

        def collide(_sweep):
            self.env.cr.execute(SQL(CONFLICT))

        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        with (
            patch.object(self.registry[sweep._name], "_follow_up_promises", collide),
            patch.object(self.registry[sweep._name], "_ask_for_review") as ask,
            mute_logger("odoo.sql_db"),
        ):
            sweep._sweep()
        ask.assert_called_once()
        now = datetime(TODAY.year, TODAY.month, TODAY.day)
        self.assertEqual(self._get_calls(), [now + timedelta(minutes=1)])

    def test_who_is_held_is_no_work(self):
        gates = self.env["account.followup.gates"]
        held = gates._get_reasons(
            self.env["account.followup"]._get_or_create(self.customer, self.company),
            date(2026, 2, 13),
        )
        [[(gate, text)]] = held.values()
        self.assertEqual((gate._get_code(), text), ("proof", "Not on the 13th."))

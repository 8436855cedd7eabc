import threading
from unittest.mock import patch

from odoo import fields
from odoo.modules.registry import Registry
from odoo.tests import get_db_name, tagged

from .patience import PATIENCE
from .test_concurrency import ConcurrencyCommon

MODELS = "odoo.addons.account_payment_followup.models"

#: Customers, and how many of them are taken in one transaction.
CUSTOMERS, BATCH = 7, 2


class SharedRunCommon(ConcurrencyCommon):
    """Customers of one company who are due, and workers who meet."""

    #: With one, they make their batches in turns.
    HOUR_CAP = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._turn_gates_on()

    def setUp(self):
        super().setUp()
        registry = Registry(get_db_name())
        today = fields.Date.today()

        def get_days(companies):
            return {companies.browse(self.company_id): today}

        companies = registry["res.company"]
        self.startPatcher(patch.object(companies, "_get_followup_days", get_days))
        self.startPatcher(patch(f"{MODELS}.account_followup_due.BATCH_SIZE", BATCH))
        with self._connect() as env:
            self._exclude_others(env)
            domain = [("company_id", "=", env.company.id)]
            env["account.followup.level"].search(domain).is_automatic = True
            self._go_live(env)
            env.company.write({**self.CAP, "followup_hour_cap": self.HOUR_CAP})
            self.partner_ids = [self.partner_id, *self._create_more(env).ids]

    def _exclude_others(self, env):
        """Nobody is due but the customers of this test."""
        domain = [
            ("company_id", "=", env.company.id),
            ("partner_id", "!=", self.partner_id),
            ("account_type", "=", "asset_receivable"),
            ("reconciled", "=", False),
        ]
        env["account.move.line"].search(domain).no_followup = True

    def _create_more(self, env):
        invoice = env["account.move"].search([("partner_id", "=", self.partner_id)])
        partners = env["res.partner"].create(
            [
                {
                    "name": f"Shared {number}",
                    "email": f"shared{number}@customer.example.com",
                }
                for number in range(CUSTOMERS - 1)
            ]
        )
        for partner in partners:
            values = {
                "partner_id": partner.id,
                "invoice_date": invoice.invoice_date,
                "invoice_date_due": invoice.invoice_date_due,
            }
            invoice.copy(values).action_post()
        return partners

    def _run(self):
        """Do what a worker does."""
        with self._connect() as env:
            env["account.followup"]._cron_process_followups()

    def _get_counts(self):
        with self._connect() as env:
            groups = env["account.followup.reminder"]._read_group(
                [("partner_id", "in", self.partner_ids)], ["partner_id"], ["__count"]
            )
            return {partner.id: count for partner, count in groups}


@tagged("post_install", "-at_install")
class TestSharedRun(SharedRunCommon):
    """Several workers carry out the scheduled action at once, each a part of it.

    The scheduled action is one row, which one worker takes; with a copy of it, two
    workers or servers do what follows here.
    """

    def test_two_workers_share_a_run(self):
        """While one is at a batch, the other does the rest; nobody is done twice."""
        followups = Registry(get_db_name())["account.followup"]
        process = followups._process
        done = {}
        at_work, go_on = threading.Event(), threading.Event()

        def slow_process(cases, *args, **kwargs):
            name = threading.current_thread().name
            result = process(cases, *args, **kwargs)
            done.setdefault(name, []).append(result["done"].partner_id.ids)
            if name == "first" and len(done[name]) == 1:
                at_work.set()  # not committed yet
                go_on.wait(PATIENCE)
            return result

        with patch.object(followups, "_process", slow_process):
            first = threading.Thread(target=self._run, name="first")
            first.start()
            try:
                self.assertTrue(at_work.wait(PATIENCE))
                second = threading.Thread(target=self._run, name="second")
                second.start()
                second.join(PATIENCE)
                self.assertFalse(second.is_alive(), "It does not wait for the first")
            finally:
                go_on.set()
                first.join(PATIENCE)
        self.assertEqual(self._get_counts(), dict.fromkeys(self.partner_ids, 1))
        # batches are taken in the order of the customers
        ours, rest = self.partner_ids[:BATCH], self.partner_ids[BATCH:]
        self.assertEqual(sorted(sum(done["first"], [])), ours)
        self.assertEqual(sorted(sum(done["second"], [])), rest)
        self.assertEqual(done["second"][0], [], "The batch of the first is left to it")

    def test_x9_two_workers_share_a_run_of_tests(self):
        """In test mode there is no key that would refuse the second one."""
        with self._connect() as env:
            env.company.write(
                {
                    "followup_test_mode": True,
                    "followup_test_email": "tester@company.example.com",
                }
            )
        try:
            self.test_two_workers_share_a_run()
            self._run()
            self.assertEqual(self._get_counts(), dict.fromkeys(self.partner_ids, 1))
        finally:
            with self._connect() as env:
                env.company.followup_test_mode = False
        self.assertFalse(self._get_counts())

    def test_a_copy_of_the_scheduled_action_works(self):
        """The way to a second worker: duplicate the scheduled action."""
        with self._connect() as env:
            job = env.ref("account_payment_followup.ir_cron_process_followups")
            second_id = job.copy().id
        try:
            with self._connect() as env:
                second = env["ir.cron"].browse(second_id)
                self.assertTrue(second.active)
                second.method_direct_trigger()
        finally:
            with self._connect() as env:
                env["ir.cron"].browse(second_id).unlink()
        self.assertEqual(self._get_counts(), dict.fromkeys(self.partner_ids, 1))


@tagged("post_install", "-at_install")
class TestSharedRunGates(SharedRunCommon):
    """What counts reminders is counted by one worker at a time; all gates are asked."""

    HOUR_CAP = 1_000_000

    def test_x15_batches_are_made_in_turns(self):
        """Who comes second leaves it to the first, and comes again."""
        with self._connect() as env:
            env.company.lock_for_update(allow_referencing=True)
            self._run()
        self.assertEqual(self._get_counts(), {})
        with self._connect() as env:
            job = env.ref("account_payment_followup.ir_cron_process_followups")
            coming = [("cron_id", "=", job.id), ("call_at", ">", fields.Datetime.now())]
            self.assertTrue(env["ir.cron.trigger"].search(coming))
        self._run()
        self.assertEqual(self._get_counts(), dict.fromkeys(self.partner_ids, 1))

    def test_x4_x5_x15_gates_are_asked(self):
        """Those that the other tests run with let nobody pass when they close."""
        for closed, opened in self._get_closed_gates():
            with self.subTest(closed=closed):
                self._write(closed)
                self._run()
                self.assertEqual(self._get_counts(), {})
                self._write(opened)
        self._run()
        self.assertEqual(self._get_counts(), dict.fromkeys(self.partner_ids, 1))

    def _write(self, values):
        with self._connect() as env:
            env.company.write(values)

import threading
from contextlib import contextmanager
from datetime import date
from unittest.mock import patch

import psycopg2

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from .patience import PATIENCE, Patience, wait_until


class ConcurrencyCommon(Patience, BaseCase):
    """Real second connections: everything here is committed.

    The company of these tests stays in the database, switched off.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the runner holds the lock of registries, for which a thread would wait
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls._connect() as env:
            companies = env["res.company"]
            company = companies.search([("name", "=", "Concurrency Company")])
            if not company:
                company = companies.create({"name": "Concurrency Company"})
                env.user.company_ids += company
                env["account.chart.template"].try_loading(
                    "generic_coa", company, install_demo=False
                )
            company.followup_enabled = True
            # late in the evening it would be tomorrow by its working calendar
            company.partner_id.tz = "UTC"
            cls.company_id = company.id
        cls.addClassCleanup(cls._switch_off)

    @classmethod
    def _switch_off(cls):
        with cls._connect() as env:
            env["res.company"].browse(cls.company_id).followup_enabled = False

    @classmethod
    def _go_live(cls, env):
        """Switch automatic reminders on, as the assistant does it, without a cap."""
        env.company.write(
            {
                "followup_automatic": True,
                "followup_start_date": fields.Date.today(),
                "followup_run_cap": 0,
            }
        )

    #: So many a day, counted each day, that nobody has to approve them.
    CAP = {
        "followup_run_cap": 1_000_000,
        "followup_run_cap_until": date(2999, 1, 1),
        "followup_approval_id": False,
    }

    @classmethod
    def _turn_gates_on(cls):
        """Let the gates of bank data, matching, days, hours and numbers be asked.

        They let everybody pass, on every day (X4, X5, X15).
        """
        days = [
            Command.create(
                {
                    "name": "Work",
                    "dayofweek": str(day),
                    "hour_from": 0,
                    "hour_to": 24,
                    "day_period": "morning",
                }
            )
            for day in range(7)
        ]
        with cls._connect() as env:
            company = env.company
            # of another test, which has left it open
            lists = env["account.followup.approval"]
            lists.search([("company_id", "=", company.id)]).unlink()
            bank = env["account.journal"].search(
                [("type", "=", "bank"), ("company_id", "=", company.id)], limit=1
            )
            env["account.bank.statement.line"].create(
                {
                    "date": company._get_followup_day()[company],
                    "amount": 1,
                    "payment_ref": "Of nobody",
                    "journal_id": bank.id,
                }
            )
            calendar = env["resource.calendar"].create(
                {
                    "name": "Every Day",
                    "company_id": company.id,
                    "attendance_ids": [Command.clear(), *days],
                }
            )
            company.write(
                {
                    "followup_bank_max_age": 30,
                    "followup_wait_for_matching": True,
                    "followup_calendar_id": calendar.id,
                    "followup_hour_cap": 1_000_000,
                    **cls.CAP,
                    "followup_sms_from": 0,
                    "followup_sms_to": 24,
                }
            )
        cls.addClassCleanup(cls._turn_gates_off)

    @classmethod
    def _get_closed_gates(cls):
        """Return settings that close one of the gates, and those that open it again."""
        with cls._connect() as env:
            banks, calendars = env["account.journal"], env["resource.calendar"]
            name = "Never in use"
            bank = banks.search([("name", "=", name)]) or banks.create(
                {"name": name, "type": "bank", "code": "NEVER"}
            )
            calendar = calendars.create(
                {"name": name, "attendance_ids": [Command.clear()]}
            )
            calendar_id = env.company.followup_calendar_id.id
        return [
            (
                {"followup_bank_journal_ids": [Command.set(bank.ids)]},
                {"followup_bank_journal_ids": [Command.clear()]},
            ),
            (
                {"followup_calendar_id": calendar.id},
                {"followup_calendar_id": calendar_id},
            ),
            ({"followup_run_cap": 1}, cls.CAP),
        ]

    @classmethod
    def _turn_gates_off(cls):
        with cls._connect() as env:
            env.company.write(
                {
                    "followup_bank_max_age": 0,
                    "followup_wait_for_matching": False,
                    "followup_calendar_id": False,
                    "followup_hour_cap": 0,
                    "followup_run_cap": 0,
                }
            )

    @classmethod
    @contextmanager
    def _connect(cls):
        """Open a connection of its own; commit at the end, roll back on errors."""
        with Registry(get_db_name()).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if hasattr(cls, "company_id"):
                company = env["res.company"].browse(cls.company_id)
                env = env["res.company"].with_company(company).env
            yield env

    @classmethod
    def _wait_for_lock(cls):
        """Return as soon as another connection waits for what somebody has locked."""
        with Registry(get_db_name()).cursor() as cr:

            def is_waiting():
                cr.rollback()  # in a transaction the activity stays the same
                cr.execute(
                    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND datname = current_database()"
                )
                return cr.fetchone()

            wait_until(is_waiting, "nobody waits")

    def setUp(self):
        super().setUp()
        with self._connect() as env:
            partner = env["res.partner"].create(
                {"name": "Contended Ltd", "email": "contended@customer.example.com"}
            )
            today = fields.Date.today()
            invoice = env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_date": fields.Date.subtract(today, days=40),
                    "invoice_date_due": fields.Date.subtract(today, days=30),
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Work", "price_unit": 100, "tax_ids": False}
                        )
                    ],
                }
            )
            invoice.action_post()
            self.partner_id = partner.id


@tagged("post_install", "-at_install")
class TestConcurrency(ConcurrencyCommon):
    """Promise 1: two runs, or a run and a window, at the same moment."""

    def _process(self, env):
        followup = env["account.followup"]._get_or_create(
            env["res.partner"].browse(self.partner_id), env.company
        )
        return followup._process()

    def _count(self):
        with self._connect() as env:
            return env["account.followup.reminder"].search_count(
                [("partner_id", "=", self.partner_id)]
            )

    def _make_row(self):
        with self._connect() as env:
            partner = env["res.partner"].browse(self.partner_id)
            env["account.followup"]._get_or_create(partner, env.company)

    def test_x1_second_run_skips_what_the_first_holds(self):
        self._make_row()
        with self._connect() as first, self._connect() as second:
            self.assertEqual(len(self._process(first)["done"]), 1)
            result = self._process(second)
            self.assertFalse(result["done"])
            self.assertIn("elsewhere", next(iter(result["skipped"].values())))
        self.assertEqual(self._count(), 1)

    @mute_logger("odoo.sql_db")
    def test_x9_tests_are_made_once(self):
        """A test takes no key: the lock and the day keep the second run from it."""
        with self._connect() as env:
            env.company.write(
                {
                    "followup_test_mode": True,
                    "followup_test_email": "tester@company.example.com",
                }
            )
        self.addCleanup(self._end_test_mode)
        self.test_x1_second_run_skips_what_the_first_holds()
        with self._connect() as again:
            self.assertFalse(self._process(again)["done"])
        self._end_test_mode()
        self.assertEqual(self._count(), 0)

    def _end_test_mode(self):
        with self._connect() as env:
            env.company.followup_test_mode = False

    @mute_logger("odoo.sql_db")
    def test_x1_run_with_an_old_snapshot_cannot_lock(self):
        self._make_row()
        with self._connect() as late:
            late.cr.execute("SELECT 1 FROM res_users")  # takes the snapshot
            with self._connect() as first:
                self.assertEqual(len(self._process(first)["done"]), 1)
            with self.assertRaises(psycopg2.errors.SerializationFailure):
                self._process(late)
            late.cr.rollback()
            # what the server does with the failure: again, in a new transaction
            self.assertFalse(self._process(late)["done"])
        self.assertEqual(self._count(), 1)

    def test_x1_both_make_the_first_row(self):
        """No row yet: the second waits for the first, then has to begin anew.

        The log does not speak of it as an error.
        """
        outcome = []

        def run_second():
            try:
                with self._connect() as env:
                    outcome.append(self._process(env))
            except psycopg2.errors.SerializationFailure as error:
                outcome.append(error)

        with self._connect() as first:
            self.assertEqual(len(self._process(first)["done"]), 1)
            first.flush_all()
            second = threading.Thread(target=run_second)
            second.start()
            self._wait_for_lock()
            self.assertTrue(second.is_alive(), "it waits for the key")
        second.join(PATIENCE)
        self.assertIsInstance(outcome[0], psycopg2.errors.SerializationFailure)
        self.assertEqual(self._count(), 1)

    def test_x1_scheduled_action_against_the_window(self):
        self._make_row()
        with self._connect() as clerk, self._connect() as job:
            partner = clerk["res.partner"].browse(self.partner_id)
            context = partner.action_send_followup()["context"]
            window = clerk["account.followup.send.wizard"].with_context(**context)
            window = window.create({"do_email": True})
            window.action_send()
            self.assertFalse(self._process(job)["done"])
        with self._connect() as job:
            self.assertFalse(self._process(job)["done"])
        self.assertEqual(self._count(), 1)

    def test_payment_is_not_held_up(self):
        """Promise 4: while a reminder is being made, the invoice can be paid."""
        self._make_row()
        with self._connect() as run, self._connect() as cashier:
            self._process(run)
            run.flush_all()
            cashier.cr.execute("SET LOCAL lock_timeout = '5s'")
            invoice = cashier["account.move"].search(
                [("partner_id", "=", self.partner_id)]
            )
            cashier["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids
            ).create({})._create_payments()
            cashier.flush_all()
        with self._connect() as env:
            invoice = env["account.move"].browse(invoice.id)
            self.assertEqual(invoice.amount_residual, 0)
            reminder = env["account.followup.reminder"].search(
                [("partner_id", "=", self.partner_id)]
            )
            self.assertEqual(
                reminder.delivery_ids._withdraw_outdated(), reminder.delivery_ids
            )

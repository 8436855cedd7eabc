from contextlib import contextmanager
from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from hypothesis import example, given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.service.model import retrying
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from ..tools import ladder
from .common import TODAY, FollowupCommon

NEVER = date(9999, 12, 31)
LONG_AGO = date(1, 1, 1)
VARIANTS = ("customer_statement", "partner_ledger", "aged_receivable")

some_day = st.one_of(
    st.sampled_from([NEVER, LONG_AGO, None]), st.dates(LONG_AGO, NEVER), st.none()
)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestAnyDate(FollowupCommon):
    """Any date of the calendar, in any place where one can be: nothing breaks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(20)
        cls.credit = cls._create_late(5, 30.0, move_type="out_refund")
        cls.other = cls._create_late(20)
        cls.line, cls.credit_line, cls.other_line = (
            cls.invoice + cls.credit + cls.other
        )._get_followup_lines()

    def setUp(self):
        super().setUp()
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        self.reminder = self._get_reminders()
        self.followup = self._get_followup()
        self.env.flush_all()

    def _set(self, records, **values):
        """Write what an import or another program can have written."""
        for name, value in values.items():
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = %s WHERE id IN %s",
                    SQL.identifier(records._table),
                    SQL.identifier(name),
                    value,
                    tuple(records.ids),
                )
            )
        self.env.invalidate_all()

    @contextmanager
    def _undone(self):
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _look(self):
        """Read all that shows or uses dates."""
        partner = self.customer.with_company(self.company)
        partner.read(
            [
                "followup_status",
                "followup_level_id",
                "followup_next_reminder_date",
                "total_due",
                "total_overdue",
                "followup_currency_totals",
            ]
        )
        partner.followup_item_ids.read()
        customers = self.env["account.followup.customer"]
        customers.search([("partner_id", "=", partner.id)]).read()
        partner.search([("followup_next_reminder_date", ">=", TODAY)])
        for variant in VARIANTS:
            options = {"variant": variant, "partner_ids": partner.ids}
            self._read_report(options | {"period": "custom", "date_to": "9999-12-31"})
            self._read_report(options)
        self._read_report({"variant": "followup_report", "partner_ids": partner.ids})
        window = self._open_window()
        window.read()
        Form(window)

    def _read_report(self, options):
        reports = self.env["account.followup.report"].with_company(self.company)
        report = reports.get_report(options)
        for row in report["rows"]:
            reports.get_lines(options, row["id"])

    @settings(max_examples=25, deadline=None, derandomize=True, database=None)
    @example(NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER)
    @example(*[LONG_AGO] * 8)
    @example(NEVER, None, None, None, None, None, None, None)
    @example(None, NEVER, None, None, None, None, None, None)
    @given(*[some_day] * 8)
    def test_any_date(self, due, invoiced, hold, expected, by_hand, retry, sent, seen):
        with self._undone():
            self._set(
                self.line,
                date_maturity=due,
                invoice_date=invoiced,
                followup_hold_until=hold,
                expected_payment_date=expected,
            )
            self._set(self.credit_line, date_maturity=invoiced, invoice_date=due)
            self._set(self.followup, next_reminder_date=by_hand, retry_date=retry)
            for records in (self.reminder, self.reminder.line_ids):
                values = {"date": sent or TODAY, "noticed_date": seen}
                self._set(records, **values)
            self._look()
            with self.mock_mail_gateway():
                self._run_cron()

    def test_the_others_are_reminded(self):
        """What is held for ever does not keep the rest from being reminded."""
        self._set(self.line, followup_hold_until=NEVER)
        with freeze_time(TODAY + timedelta(days=14)), self.mock_mail_gateway():
            self._run_cron()
        reminder = self._get_reminders()[-1]
        self.assertEqual(reminder.level_id, self.level_2)
        self.assertNotIn(self.line, reminder.line_ids.move_line_id)
        self.assertIn(self.other_line, reminder.line_ids.move_line_id)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTypedDates(FollowupCommon):
    """What a person types for "never" is refused with a sentence that helps."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(20)
        cls.line = cls.invoice._get_followup_lines()

    def test_hold_and_expected_payment(self):
        for record in (self.invoice, self.line):
            for name in ("followup_hold_until", "expected_payment_date"):
                for day in (NEVER, TODAY + timedelta(days=3660), date(202, 5, 15)):
                    with self.assertRaisesRegex(ValidationError, self.invoice.name):
                        record[name] = day
                record[name] = TODAY + timedelta(days=3650)
                record[name] = TODAY - timedelta(days=3650)

    def test_window(self):
        window = self.env["account.followup.hold.wizard"].create(
            {
                "line_ids": [Command.set(self.line.ids)],
                "operation": "hold",
                "period": "date",
                "hold_until": NEVER,
            }
        )
        with self.assertRaisesRegex(ValidationError, "excluded"):
            window.action_apply()
        window.write({"operation": "expect", "expected_date": NEVER})
        with self.assertRaisesRegex(ValidationError, "within ten years"):
            window.action_apply()

    def test_next_reminder(self):
        partner = self.customer.with_company(self.company)
        with self.assertRaisesRegex(ValidationError, "exclude the customer"):
            partner.followup_next_reminder_date = NEVER
        partner.followup_next_reminder_date = TODAY + timedelta(days=3650)

    def test_call(self):
        for values in (
            {"outcome": "reached", "date": LONG_AGO},
            {"outcome": "reached", "next_reminder_date": NEVER},
            {"outcome": "promise", "promised_date": NEVER},
            {"outcome": "dispute", "review_date": NEVER},
        ):
            with self.assertRaisesRegex(ValidationError, "within ten years"):
                self.env["account.followup.call"]._log_call(
                    {
                        "partner_id": self.customer.id,
                        "company_id": self.company.id,
                        "date": TODAY,
                        "line_ids": [Command.set(self.line.ids)],
                        **values,
                    },
                    TODAY,
                )

    def _save_as_the_client_does(self, record, **values):
        """Write as a request does, which turns errors of the database into sentences.

        :return: what the user is told, or None
        """
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            mine = record.with_env(self.env(cr=cr))
            try:
                retrying(lambda: mine.write(values), mine.env)
            except ValidationError as error:
                return str(error)
            finally:
                cr.rollback()
        return None

    @mute_logger("odoo.sql_db")
    def test_numbers(self):
        """One more than the bound is refused, with the bounds; the bound is not."""
        plan = self.level_1.plan_id
        for record, name, low, high, sentence in (
            (
                self.level_1,
                "delay",
                -3650,
                3650,
                "The days of a follow-up level are between -3,650 and 3,650, which are "
                "ten years before and after the due date.",
            ),
            (
                self.level_1,
                "payment_days",
                0,
                366,
                "The days to pay of a follow-up level are between 0 and 366.",
            ),
            (
                self.company,
                "followup_min_days",
                0,
                3650,
                "The minimum number of days between two reminders is one from 0 to "
                "3,650, which are ten years.",
            ),
            (
                plan,
                "min_days",
                0,
                3650,
                "The days between two reminders of a follow-up plan are from 0 to "
                "3,650.",
            ),
        ):
            for value in (low, high):
                with self.subTest(record=record, name=name, value=value):
                    self.assertIsNone(
                        self._save_as_the_client_does(record, **{name: value})
                    )
            for value in (low - 1, high + 1, 2**31 - 1):
                with self.subTest(record=record, name=name, value=value):
                    self.assertEqual(
                        self._save_as_the_client_does(record, **{name: value}),
                        f"The operation cannot be completed: {sentence}",
                    )

    def test_ageing_limits(self):
        with self.assertRaisesRegex(ValidationError, "36500"):
            self.company.followup_ageing_limits = "30, 36501"
        self.company.followup_ageing_limits = "30, 36500"

    def test_number_of_levels(self):
        values = {"name": "One more", "company_id": self.company.id}
        values["mail_template_id"] = self.template.id
        levels = self.env["account.followup.level"].create(
            [
                {**values, "delay": 100 + number}
                for number in range(ladder.MAX_LEVELS - 3)
            ]
        )
        refused = self.assertRaisesRegex(ValidationError, "Archive one")
        with refused, self.env.cr.savepoint():
            levels.create({**values, "delay": 99})
        archived = levels.create({**values, "delay": 99, "active": False})
        refused = self.assertRaisesRegex(ValidationError, "more than 50")
        with refused, self.env.cr.savepoint():
            archived.active = True
        levels[0].active = False
        archived.active = True

    def test_copy_at_the_end(self):
        self.level_3.delay = 3650
        copy = self.level_3.copy({"active": True})
        self.assertEqual(copy.delay, 3649)

    def test_out_of_bounds_in_the_database(self):
        """What an older version has let in does not stop anybody."""
        for table, name in (
            ("account_followup_level", "account_followup_level_delay_within_ten_years"),
            ("res_company", "res_company_followup_min_days_positive"),
        ):
            self.env.cr.execute(
                SQL(
                    "ALTER TABLE %s DROP CONSTRAINT %s",
                    SQL.identifier(table),
                    SQL.identifier(name),
                )
            )
        self.level_1.delay = -10_000_000
        self.level_3.delay = 2**31 - 1
        self.company.followup_min_days = 10_000_000
        self.env.flush_all()
        customers = self.env["account.followup.customer"]
        rows = customers.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(rows.level_id, self.level_2)
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertEqual(len(self._get_reminders()), 1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLevelsOfCompanies(FollowupCommon):
    """Levels with large ids, of other companies, and many of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.setup_other_company(name="Second House")["company"]
        cls.env.user.company_ids += cls.second
        cls.env.flush_all()

    def _remind(self):
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()

    def test_large_ids(self):
        """An id that was given after millions of others works like any other."""
        self._set_sequence(2**31 - 9)
        levels = self._replace_levels((1, 15))
        self.assertGreater(min(levels.ids), 2**30)
        invoice = self._create_late(20)
        self._remind()
        self.assertEqual(self._get_reminders().level_id, levels[0])
        self.assertEqual(invoice.followup_level_id, levels[0])
        self.customer.invalidate_recordset()
        partner = self.customer.with_company(self.company)
        self.assertEqual(partner.followup_level_id, levels[0])
        with freeze_time(TODAY + timedelta(days=14)):
            self._remind()
        self.assertEqual(self._get_reminders()[-1].level_id, levels[1])

    def _set_sequence(self, number):
        """Set what no rollback sets back, until the end of the test."""
        name = "account_followup_level_id_seq"
        self.env.cr.execute("SELECT nextval(%s)", [name])
        [last] = self.env.cr.fetchone()
        query = "SELECT setval(%s, %s)"
        self.addCleanup(lambda: self.env.cr.execute(query, [name, last]))
        self.env.cr.execute(query, [name, number])

    def test_used_level_stays_with_its_company(self):
        self._create_late(20)
        self._remind()
        self.assertEqual(self._get_reminders().level_id, self.level_1)
        with self.assertRaisesRegex(UserError, "Level 1"):
            self.level_1.company_id = self.second
        self.level_1.company_id = self.company  # as it is
        self.level_2.write({"company_id": self.second.id, "delay": 77})

    def test_level_that_the_ladder_does_not_know(self):
        """A level that was moved nevertheless counts by its delay."""
        invoice = self._create_late(20)
        self._remind()
        self.env.cr.execute(
            "UPDATE account_followup_level SET company_id = %s, delay = 7"
            " WHERE id = %s",
            [self.second.id, self.level_1.id],
        )
        self.env.invalidate_all()
        item = self.env["account.followup.item"].search([("move_id", "=", invoice.id)])
        self.assertEqual(item.reached_level_id, self.level_1)
        self.assertEqual(item.next_level_id, self.level_2)
        with freeze_time(TODAY + timedelta(days=14)):
            self._remind()
        self.assertEqual(self._get_reminders()[-1].level_id, self.level_2)

    def _get_steps(self, companies):
        days = dict.fromkeys(companies, TODAY)
        parts = self.env["account.followup.item"]._get_sql_parts(days)
        self.env.cr.execute(SQL("SELECT * FROM (%s) step", parts["steps"]))
        return self.env.cr.fetchall()

    def test_a_list_pays_for_its_own_companies(self):
        """Levels and companies of others are not read."""
        steps = self._get_steps(self.company)
        self.assertEqual({step[0] for step in steps}, {self.company.id})
        clerk = self._create_user("clerk", "account.group_account_invoice")
        seen = []
        method = type(self.company)._get_followup_day

        def spy(companies):
            seen.extend(companies.ids)
            return method(companies)

        self._create_late(20)
        with patch.object(type(self.company), "_get_followup_day", spy):
            customers = self.env["account.followup.customer"].with_user(clerk)
            customers.search([]).read(["status"])
            partner = self.customer.with_user(clerk)
            partner.read(["followup_status", "followup_currency_totals"])
            partner.search([("followup_status", "=", "in_need_of_action")])
            partner.search([("followup_next_reminder_date", "=", TODAY)])
        self.assertEqual(set(seen), {self.company.id})

    def test_a_client_cannot_choose_the_companies(self):
        """The context key counts only with what no client can send."""
        self._create_late(20)
        customers = self.env["account.followup.customer"]
        for value in ([], [self.second.id], {"a": 1}, "x", 5):
            found = customers.with_context(followup_root_ids=value).search(
                [("partner_id", "=", self.customer.id)]
            )
            self.assertTrue(found)

    def test_many_levels(self):
        """The steps of a ladder grow with its levels."""
        self._replace_levels([])
        self._replace_levels(range(1, 51), active=True)
        self._replace_archived(500)
        self.assertLess(len(self._get_steps(self.company)), 1200)

    def _replace_archived(self, count):
        self.env["account.followup.level"].create(
            [
                {
                    "name": "Old",
                    "company_id": self.company.id,
                    "delay": 60 + number,
                    "active": False,
                    "send_email": False,
                }
                for number in range(count)
            ]
        )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCompaniesApart(FollowupCommon):
    """An error in one company's data is an error of that company (promise 3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.setup_other_company(name="Broken House")
        cls.broken = cls.data["company"]
        cls.env.user.company_ids += cls.broken
        cls._go_live(cls.broken)
        cls.broken.followup_responsible_id = cls.responsible
        cls._create_late(20)

    def _break(self, model, method, get_companies):
        """Let a method fail whenever it is about the broken company."""
        original = getattr(type(self.env[model]), method)

        def fail(records, *args, **kwargs):
            if self.broken in get_companies(records, *args):
                raise ValueError("date out of range")
            return original(records, *args, **kwargs)

        return patch.object(type(self.env[model]), method, fail)

    def _check_told(self, count=1):
        tasks = self.broken.partner_id.activity_ids
        self.assertEqual(len(tasks), count)
        if count:
            self.assertEqual(tasks.user_id, self.responsible)
            self.assertIn("Broken House", tasks.note)
            self.assertIn("date out of range", tasks.note)
        self.assertFalse(self.company.partner_id.activity_ids)

    def _run_broken(self, patcher, logger):
        with patcher, self.mock_mail_gateway(), self.assertLogs(logger, "WARNING"):
            self._run_cron()
            self._run_cron()

    LOGGER = "odoo.addons.account_payment_followup.models.res_company"

    def test_choice_of_customers(self):
        patcher = self._break(
            "account.followup.due", "_get_automatic_due", lambda _self, days: days
        )
        self._run_broken(patcher, self.LOGGER)
        self.assertEqual(len(self._get_reminders()), 1)
        self._check_told()

    def test_database_refuses_the_choice(self):
        """An error of the database ends the statement, not the transaction."""
        original = type(self.env["account.followup.due"])._get_automatic_due

        def fail(records, days):
            if self.broken in days:
                records.env.cr.execute("SELECT '9999-12-31'::date + 2147483647")
            return original(records, days)

        patcher = patch.object(
            type(self.env["account.followup.due"]), "_get_automatic_due", fail
        )
        with patcher, self.mock_mail_gateway(), self.assertLogs(self.LOGGER, "WARNING"):
            self._run_cron()
        self.assertEqual(len(self._get_reminders()), 1)
        self._check_told()

    def test_batch(self):
        journal = self.data["default_journal_sale"]
        self._create_late(20, journal_id=journal.id)
        patcher = self._break(
            "account.followup.ready",
            "_get_due_rows",
            lambda _ready, cases, *_args: cases.company_id,
        )
        self._run_broken(patcher, self.LOGGER)
        self.assertEqual(self._get_reminders().company_id, self.company)
        self._check_told()

    def test_background_runs_of_persons(self):
        """A run that fails does not stop those behind it, and can be tried again."""
        journal = self.data["default_journal_sale"]
        self._create_late(20, journal_id=journal.id)
        runs = "odoo.addons.account_payment_followup.models.account_followup_run"
        with patch(f"{runs}.DIRECT_LIMIT", 0):
            mine, other = (
                self.env["account.followup.run"]._start(self.customer, company)
                for company in (self.broken, self.company)
            )
        cron = self.env.ref("account_payment_followup.ir_cron_process_runs").sudo()
        patcher = self._break(
            "account.followup.ready",
            "_get_due_rows",
            lambda _ready, cases, *_args: cases.company_id,
        )
        with patcher, self.mock_mail_gateway(), self.assertLogs(runs, "WARNING"):
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertRecordValues(
            mine.line_ids, [{"state": "failed", "reason": "date out of range"}]
        )
        self.assertEqual((mine.state, other.done_count), ("done", 1))
        self.assertEqual(self._get_reminders().company_id, self.company)
        with self.mock_mail_gateway():
            mine.action_retry_failed()
        self.assertEqual((mine.failed_count, mine.done_count), (0, 1))
        self.assertEqual(self._get_reminders()[-1].company_id, self.broken)

    def test_sweep(self):
        patcher = patch.object(
            type(self.env["account.followup.delivery"]),
            "_sync_queued",
            side_effect=ValueError("broken"),
        )
        self._run_broken(
            patcher,
            "odoo.addons.account_payment_followup.models.account_followup_sweep",
        )
        self.assertEqual(len(self._get_reminders()), 1)

    def _create_reviews(self, company, name):
        """Something to be asked about in a company: customer, item and dispute."""
        data = self.data if company == self.broken else self.company_data
        customer = self._create_customer(name)
        journal = data["default_journal_sale"]
        invoice, held, promised = (
            self._create_late(20, partner_id=customer.id, journal_id=journal.id)
            for _number in range(3)
        )
        days = {company: TODAY - timedelta(days=9)}
        self.env["account.followup.promise"]._promise(
            promised._get_followup_lines(),
            [(TODAY - timedelta(days=5), None)],
            days,
            origin="clerk",
        )
        self.env["account.followup.dispute"]._dispute(
            invoice._get_followup_lines(),
            self.env.ref("account_payment_followup.dispute_reason_amount"),
            days,
            review_date=TODAY,
        )
        held._get_followup_lines().write(
            {"no_followup": True, "followup_review_date": TODAY}
        )
        case = self.env["account.followup"]._get_or_create(customer, company)
        case.write({"excluded": True, "review_date": TODAY})
        return customer

    def _break_tasks(self, customer, summary):
        """Let the task of a kind fail of a customer."""
        outcome = type(self.env["account.followup.outcome"])
        original = outcome._schedule_task

        def fail(service, followup, user, text, note, day):
            if followup.partner_id == customer and text == summary:
                raise ValueError("date out of range")
            return original(service, followup, user, text, note, day)

        return patch.object(outcome, "_schedule_task", fail)

    def test_reviews_and_promises(self):
        """Others are asked, and the company is told, whichever step it is."""
        for number, (summary, count) in enumerate(
            (
                ("Look again at an excluded customer", 3),
                ("Look again at what rests", 3),
                ("Look again at a dispute", 3),
                ("A promise to pay was broken", 3),
            )
        ):
            with self.subTest(summary):
                mine = self._create_reviews(self.broken, f"Broken {number}")
                other = self._create_reviews(self.company, f"Other {number}")
                self._run_broken(self._break_tasks(mine, summary), self.LOGGER)
                self._check_told()
                self.assertEqual(len(other.activity_ids), 4)
                self.assertEqual(len(mine.activity_ids), count, "the other steps")
                self.assertNotIn(summary, mine.activity_ids.mapped("summary"))
                mine.activity_ids.unlink()
                self.broken.partner_id.activity_ids.unlink()
                with self.mock_mail_gateway():
                    self._run_cron()
                self.assertIn(summary, mine.activity_ids.mapped("summary"), "mended")

    def test_monthly_statements(self):
        (self.company + self.broken).followup_statement_monthly = True
        since = TODAY - timedelta(days=99)
        for company in self.company + self.broken:
            company.followup_statement_since = since
        self.env.flush_all()
        patcher = self._break(
            "res.company",
            "_get_statement_month",
            lambda company, _day: company,
        )
        runs = self.env["account.followup.statement.run"]
        cron = self.env.ref("account_payment_followup.ir_cron_send_statements")
        with patcher, self.mock_mail_gateway(), self.assertLogs(self.LOGGER, "WARNING"):
            with self.enter_registry_test_mode():
                cron.sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(runs.search([]).company_id, self.company)
        self._check_told()

from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import TODAY, FollowupCommon


class BankCommon(FollowupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank = cls.company_data["default_journal_bank"]
        cls.bank.name = "House Bank"

    def _receive(self, day, amount=10.0, journal=None, **values):
        """Enter a line of a bank statement; return it."""
        return self.env["account.bank.statement.line"].create(
            {
                "date": day,
                "amount": amount,
                "journal_id": (journal or self.bank).id,
                "payment_ref": "Transfer",
                **values,
            }
        )

    def _match(self, line, invoice):
        """Match a line with an invoice, as an add-on for that does."""
        _liquidity, suspense, _others = line._seek_for_lines()
        receivable = invoice.line_ids.filtered(
            lambda item: item.account_type == "asset_receivable"
        )
        suspense.write(
            {"account_id": receivable.account_id.id, "partner_id": self.customer.id}
        )
        (suspense + receivable).reconcile()

    def _get_tasks(self, summary):
        tasks = self.company.partner_id.activity_ids
        return tasks.filtered(lambda task: task.summary == summary)

    def _get_row(self, partner=None):
        return self.env["account.followup.customer"].search(
            [("partner_id", "=", (partner or self.customer).id)]
        )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestBank(BankCommon):
    """X5: automatic reminders wait while the bank data is old."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.followup_bank_max_age = 2
        cls._create_late(20)

    def _get_bank_tasks(self):
        return self._get_tasks("Automatic reminders wait for bank data")

    def test_x5_old_bank_data_waits(self):
        """Friday is three working days before Wednesday."""
        self._receive(date(2024, 5, 10))
        self._run_cron()
        self.assertFalse(self._get_reminders())
        task = self._get_bank_tasks()
        self.assertEqual(task.user_id, self.responsible)
        self.assertIn("older than 2 working days: House Bank 05/10/2024.", task.note)
        self.assertIn('href="/odoo/accounting"', task.note)
        self.assertEqual(self._get_row().status, "in_need_of_action", "the rule stays")
        self._run_cron()
        self.assertEqual(self._get_bank_tasks(), task, "one task, not one a night")

        self._receive(date(2024, 5, 14))
        self._run_cron()
        self.assertEqual(len(self._get_reminders()), 1)
        self.assertFalse(self._get_bank_tasks(), "done")

    def test_x5_so_many_working_days_are_new_enough(self):
        self._receive(date(2024, 5, 13))
        self._run_cron()
        self.assertTrue(self._get_reminders())
        self.assertFalse(self._get_bank_tasks())

    def test_x5_a_holiday_is_no_working_day(self):
        self._receive(date(2024, 5, 10))
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": "2024-05-13 00:00:00",
                "date_to": "2024-05-13 23:59:59",
            }
        )
        self._run_cron()
        self.assertTrue(self._get_reminders())

    def test_x5_off(self):
        self.company.followup_bank_max_age = 0
        self._receive(date(2024, 1, 10))
        self._run_cron()
        self.assertTrue(self._get_reminders())

    def test_x5_off_costs_no_query(self):
        self.company.followup_bank_max_age = 0
        case = self._get_followup().sudo()
        gates = self.env["account.followup.gates"]
        now = fields.Datetime.now()
        gates._get_reasons(case, TODAY, now)  # settings are read
        with self.assertQueryCount(0):
            self.assertFalse(gates._get_reasons(case, TODAY, now))

    def test_x5_what_is_to_come_is_not_new(self):
        self._receive(date(2024, 5, 6))
        self._receive(date(2024, 5, 20))
        self._run_cron()
        self.assertFalse(self._get_reminders())

    def test_x5_a_cancelled_line_is_none(self):
        self._receive(date(2024, 5, 6))
        line = self._receive(date(2024, 5, 14))
        line.move_id.button_draft()
        self._run_cron()
        self.assertFalse(self._get_reminders())

    def test_x5_payments_where_no_statement_is_entered(self):
        other = self._create_customer("Payer")
        paid = self._create_late(5, partner=other)
        self._run_cron()
        self.assertFalse(self._get_reminders(), "nothing is known of any bank")
        self.assertIn("no bank entry", self._get_bank_tasks().note)
        self._pay(paid, day=date(2024, 5, 14))
        self._run_cron()
        self.assertTrue(self._get_reminders())

    def test_x5_payments_entered_by_hand_are_no_statement(self):
        self._receive(date(2024, 5, 6))
        paid = self._create_late(5, partner=self._create_customer("Payer"))
        self._pay(paid, day=date(2024, 5, 14))
        self._run_cron()
        self.assertFalse(self._get_reminders())

    def test_x5_a_dormant_bank_is_left_out(self):
        dormant = self.bank.copy()
        dormant.name = "Old Bank"
        self._receive(date(2023, 6, 1), journal=dormant)
        self._receive(date(2024, 5, 6))
        self._run_cron()
        note = self._get_bank_tasks().note
        self.assertIn("House Bank 05/06/2024", note)
        self.assertIn("without an entry for 180 days: Old Bank", note)

    def test_x5_the_banks_that_are_chosen(self):
        other = self.bank.copy()
        self._receive(date(2024, 5, 14), journal=other)
        self._receive(date(2024, 5, 6))
        self.company.followup_bank_journal_ids = self.bank
        self._run_cron()
        self.assertFalse(self._get_reminders())
        self.company.followup_bank_journal_ids = other
        self._run_cron()
        self.assertTrue(self._get_reminders())

    def test_x5_what_is_queued_waits_too(self):
        self._receive(date(2024, 5, 13))
        self._run_cron()
        with freeze_time(TODAY + timedelta(days=1)), self.mock_mail_gateway():
            self._run_mail_queue()
            self.assertNotSentEmail()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("House Bank 05/13/2024", reminder.failure_reason)

    def test_x5_by_hand_with_a_warning(self):
        self._receive(date(2024, 5, 6))
        window = self._open_window()
        self.assertIn("House Bank 05/06/2024", str(window.alerts))
        with self.mock_mail_gateway():
            window.action_send()
            self._run_mail_queue()
        self.assertEqual(self._get_reminders().state, "sent")

    def test_x5_one_reminder_after_the_wait(self):
        """Two levels became ripe meanwhile: the rule gives one (rule 18)."""
        self._receive(date(2024, 5, 6))
        for days in range(0, 20, 5):
            with freeze_time(TODAY + timedelta(days=days)):
                self._run_cron()
        self.assertFalse(self._get_reminders())
        day = TODAY + timedelta(days=20)
        with freeze_time(day):
            self._receive(day)
            self._run_cron()
            self.assertEqual(self._get_reminders().level_id, self.level_1)
            self._run_cron()
        self.assertEqual(len(self._get_reminders()), 1)

    def test_x5_a_day_to_come(self):
        """It is told as it stands today: what comes in by then is not known."""
        gate = self.env["account.followup.gate.bank"]
        company = self.company.sudo()
        self._receive(date(2024, 5, 13))
        day = TODAY + timedelta(days=10)
        self.assertIsNone(gate._get_company_reason(company, day))
        self._receive(date(2024, 5, 6))
        self.env["account.bank.statement.line"].search(
            [("date", "=", "2024-05-13"), ("company_id", "=", self.company.id)]
        ).unlink()
        self.assertIn("House Bank", gate._get_company_reason(company, day))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestUnmatched(BankCommon):
    """X5: automatic reminders wait for money of the customer that is not matched."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.followup_wait_for_matching = True
        cls.invoice = cls._create_late(20)
        cls.other = cls._create_customer("Other Ltd")
        cls._create_late(20, partner=cls.other)

    def _get_match_tasks(self):
        return self._get_tasks("Match payments received")

    def test_x5_money_of_the_customer(self):
        line = self._receive(TODAY, 60, partner_id=self.customer.id)
        self._run_cron()
        self.assertFalse(self._get_reminders())
        self.assertTrue(self._get_reminders(self.other), "only whose money it is")
        task = self._get_match_tasks()
        self.assertEqual(task.user_id, self.responsible)
        self.assertIn("Late Ltd: $&nbsp;60.00, 05/15/2024", task.note)
        self.assertIn(f'href="/odoo/entries/{line.move_id.id}"', task.note)
        self._run_cron()
        self.assertEqual(self._get_match_tasks(), task)

        self._match(line, self.invoice)
        self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.amount_claimed, 40)
        self.assertFalse(self._get_match_tasks(), "done")

    def test_x5_money_of_a_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Shop", "is_company": True, "parent_id": self.customer.id}
        )
        contact.is_company = False
        self._receive(TODAY, partner_id=contact.id)
        self._run_cron()
        self.assertFalse(self._get_reminders(contact.commercial_partner_id))

    def test_x5_money_of_a_known_account(self):
        self.env["res.partner.bank"].create(
            {"acc_number": "BE71 0961 2345 6769", "partner_id": self.customer.id}
        )
        line = self._receive(TODAY, account_number="BE71096123456769")
        line.partner_id = False
        self._run_cron()
        self.assertFalse(self._get_reminders())
        self.assertTrue(self._get_reminders(self.other))

    def test_x5_money_that_is_spent_or_of_others(self):
        self._receive(TODAY, -60, partner_id=self.customer.id)
        self._receive(TODAY, account_number="BE00000000000000")
        self._run_cron()
        self.assertTrue(self._get_reminders())
        self.assertFalse(self._get_match_tasks())

    def test_x5_a_payment_that_is_no_entry_yet(self):
        """As add-ons that leave the entry to the bank statement register it."""
        payment = self._create_payment()
        payment.outstanding_account_id = False
        payment.action_post()
        self.assertFalse(payment.move_id)
        self._run_cron()
        self.assertFalse(self._get_reminders())
        self.assertIn("A payment received", self._get_row().waiting_text)

    def _create_payment(self):
        return self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": 30,
                "date": TODAY,
                "journal_id": self.bank.id,
                "memo": "On account",
            }
        )

    def test_x5_a_credit_is_netted_and_nobody_waits(self):
        self._create_payment().action_post()
        self._run_cron()
        self.assertEqual(self._get_reminders().amount_claimed, 70)

    def test_x5_a_text_that_names_an_invoice_is_a_hint(self):
        line = self._receive(TODAY, 100, payment_ref=f"thanks, {self.invoice.name}!")
        line.partner_id = False
        self._run_cron()
        self.assertTrue(self._get_reminders(), "nobody waits for a hint")
        note = self._get_match_tasks().note
        self.assertIn(self.invoice.name, note)
        self.assertIn(f'href="/odoo/entries/{line.move_id.id}"', note)

    def test_x5_off(self):
        self.company.followup_wait_for_matching = False
        self._receive(TODAY, 60, partner_id=self.customer.id)
        self._run_cron()
        self.assertTrue(self._get_reminders())
        self.assertFalse(self._get_match_tasks())

    def test_x5_what_is_queued_is_withdrawn(self):
        self._run_cron()
        self._receive(TODAY, 60, partner_id=self.customer.id)
        with self.mock_mail_gateway():
            self._run_mail_queue()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("not matched yet", reminder.failure_reason)
        self.assertEqual(self._get_reminders(self.other).state, "sent")

    def test_x5_by_hand_with_a_warning(self):
        self._receive(TODAY, 60, partner_id=self.customer.id)
        window = self._open_window(user=self.responsible)
        self.assertIn("not matched yet", str(window.alerts))
        with self.mock_mail_gateway():
            window.action_send()
            self._run_mail_queue()
        self.assertEqual(self._get_reminders().state, "sent")

    def test_x5_of_a_branch(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.env.user.company_ids += branch
        journal = self.env["account.journal"].create(
            {
                "name": "Bank of the Branch",
                "type": "bank",
                "code": "BBR",
                "suspense_account_id": self.bank.suspense_account_id.id,
                "company_id": branch.id,
            }
        )
        self._receive(TODAY, journal=journal, partner_id=self.customer.id)
        self._run_cron()
        self.assertFalse(self._get_reminders())

    def test_x5_the_work_list_says_who_waits_and_why(self):
        self._receive(TODAY, 60, partner_id=self.customer.id)
        self._receive(TODAY, 5, partner_id=self.customer.id)
        text = self._get_row().with_user(self.responsible).waiting_text
        self.assertIn("2 payments received are not matched yet", text)
        self.assertFalse(self._get_row(self.other).waiting_text)
        customer = self.customer.with_company(self.company).with_user(self.responsible)
        self.assertEqual(customer.followup_waiting_text, text)
        self.company.followup_automatic = False
        self.env.invalidate_all()
        self.assertFalse(self._get_row().waiting_text, "nothing would leave anyway")

    def test_x5_one_set_of_queries_a_page(self):
        partners = self.env["res.partner"]
        for number in range(10):
            partner = self._create_customer(f"Number {number}")
            self._create_late(20, partner=partner)
            self._receive(TODAY, partner_id=partner.id)
            partners += partner
        counts = []
        for count in (2, 2, 10):  # the first one fills caches
            self.env.invalidate_all()
            rows = self.env["account.followup.customer"].search(
                [("partner_id", "in", partners[:count].ids)]
            )
            rows.mapped("level_id.is_automatic")
            before = self.env.cr.sql_log_count
            self.assertTrue(all(rows.mapped("waiting_text")))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts[1:])


@tagged("post_install", "-at_install")
class TestBankTour(BankCommon, HttpCase):
    """X5 on the screen: set up, who waits and why, sent by hand all the same."""

    def test_x5_wait_for_the_bank(self):
        today = self._get_real_today()
        self._create_late(20, 250, day=today)
        self._receive(today - timedelta(days=30))
        user = self._create_user(
            "person",
            "base.group_partner_manager",
            "base.group_system",
            "account.group_account_manager",
        )
        user.password = user.login
        self.company.tax_exigibility = True  # core warns of the taxes of the company
        self.start_tour(
            "/odoo/action-account.action_account_config",
            "account_followup_bank",
            login=user.login,
            timeout=120,
        )
        self.assertEqual(self.company.followup_bank_max_age, 3)
        self.assertEqual(self._get_reminders().trigger, "manual")

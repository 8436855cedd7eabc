from datetime import timedelta

from lxml import html

from odoo import Command
from odoo.tests import freeze_time, tagged

from .common import TODAY, FollowupCommon


@tagged("post_install", "-at_install")
class TestCurrencies(FollowupCommon):
    """What is claimed is decided in each currency (rules 6 and 13)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency(
            "EUR", rates=[("2024-01-01", 0.92), ("2024-05-01", 0.93)]
        )
        cls.startClassPatcher(freeze_time(TODAY))

    def _pay_unmatched(self, amount, day=TODAY, currency=None):
        """Post a payment that nobody has matched yet; return its receivable item."""
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": amount,
                "currency_id": (currency or self.euro).id,
                "date": day,
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        return payment.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )

    def _get_items(self):
        items = self.env["account.followup.item"]
        return items._get_rows({self.company: TODAY}, self.customer)

    def _get_row(self, day=TODAY):
        self.env.invalidate_all()
        customers = self.env["account.followup.customer"]
        rows = customers._get_rows({self.company: day}, self.customer)
        return rows[0] if rows else None

    def _get_cells(self, reminder):
        return [
            [" ".join(cell.text_content().split()) for cell in row.iter("td")]
            for row in html.fromstring(str(reminder.body)).iter("tr")
        ]

    def _send(self, subject=None):
        window = self._open_window()
        if subject:
            window.subject = subject
        with self.mock_mail_gateway():
            window.action_send()
        return self._get_reminders()[-1:]

    # ------------------------------------------------------------------
    # Paid, but not matched
    # ------------------------------------------------------------------

    def test_paid_at_another_rate(self):
        """Who has paid all euros owes nothing, whatever the rate was (F1, c06)."""
        invoice = self._create_late(20, 10_000, currency_id=self.euro.id)
        credit = self._pay_unmatched(10_000)
        items = self._get_items()
        self.assertEqual(len(items), 2)
        booked = sum(row["residual_company"] for row in items)
        self.assertAlmostEqual(booked, 10_869.57 - 10_752.69, msg="by the ledger")
        row = self._get_row()
        self.assertEqual(row["status"], "with_overdue_invoices")
        self.assertFalse(row["next_reminder_date"])
        self.assertEqual((row["total_due"], row["total_overdue"]), (0, 0))
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertFalse(self._get_reminders())
        window = self._open_window()
        self.assertFalse(window.level_id)
        self.assertIn("credit", window.alerts)
        reminder = self._send()
        self.assertEqual((reminder.amount_overdue, reminder.amount_claimed), (0, 0))
        self.assertFalse(reminder.line_ids.level_id)
        self.assertEqual(reminder.line_ids.move_id, invoice + credit.move_id)

    def test_a_rest_that_the_rate_hides(self):
        """100 euros are late although the payment was booked for more than all."""
        self._create_late(20, 10_000, currency_id=self.euro.id)
        credit = self._pay_unmatched(9_900)
        self.env.cr.execute(
            "UPDATE account_move_line SET amount_residual = -11000 WHERE id = %s",
            [credit.id],
        )
        row = self._get_row()
        self.assertEqual(row["status"], "in_need_of_action")
        self.assertEqual(row["level_id"], self.level_1.id)
        # at the rate of the invoice
        self.assertEqual((row["total_due"], row["total_overdue"]), (108.7, 108.7))
        with self.mock_mail_gateway():
            self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.amount_overdue, 108.7)
        self.assertEqual(reminder.amount_claimed, 108.7)
        self.assertIn(["Total overdue", "100.00 €"], self._get_cells(reminder))

    def test_queued_reminder_of_what_was_paid(self):
        """The last look sees that all euros are paid (F1, X2)."""
        self._create_late(20, 10_000, currency_id=self.euro.id)
        with self.mock_mail_gateway():
            self.env["account.followup"]._get_or_create(
                self.customer, self.company
            )._process(TODAY, trigger="automatic")
            reminder = self._get_reminders()
            self.assertEqual(reminder.state, "queued")
            self._pay_unmatched(10_000)
            self._run_mail_queue()
        self.assertEqual(reminder.state, "withdrawn")

    def test_a_credit_in_another_currency(self):
        """It is listed and stays a credit; it settles nothing (rule 13, c07)."""
        self._create_late(20, 920, currency_id=self.euro.id)
        self._create_late(0, 600, move_type="out_refund")
        row = self._get_row()
        self.assertEqual(row["status"], "in_need_of_action")
        self.assertEqual(row["total_overdue"], 1000, "less no dollars")
        self.assertEqual(row["total_due"], 400)
        with self.mock_mail_gateway():
            self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.amount_overdue, 1000)
        cells = self._get_cells(reminder)
        self.assertIn(["Total overdue", "920.00 €"], cells)
        self.assertFalse([row for row in cells if row[:1] == ["Total overdue"]][1:])
        self.assertIn("$ -600.00", [cell for row in cells for cell in row])
        self.assertNotIn("credit", self._open_window().alerts)

    def test_a_currency_without_claim_does_not_count(self):
        """The highest level of what credits cover is not due, nor is it reached.

        Nor is it the wording: nobody gets a harder text for what is as good as paid.
        """
        harder = self.template.copy({"subject": "Second notice"})
        self.level_2.write({"mail_template_id": harder.id, "copy_customer": True})
        covered = self._create_late(40, 100, currency_id=self.euro.id)
        self._create_late(0, 150, currency_id=self.euro.id, move_type="out_refund")
        lines = covered.line_ids
        for level in self.level_1 + self.level_2:
            self._remember(covered, level, TODAY - timedelta(days=60 - level.delay))
        self.assertEqual(self._get_row()["status"], "with_overdue_invoices")
        claimed = self._create_late(5, 80)
        row = self._get_row()
        self.assertEqual(row["status"], "in_need_of_action")
        self.assertEqual(row["level_id"], self.level_1.id, "not the third")
        self.assertEqual(self._open_window().level_id, self.level_1)
        with self.mock_mail_gateway():
            self._run_cron()
        reminder = self._get_reminders()[-1]
        self.assertEqual(reminder.level_id, self.level_1)
        self.assertEqual(reminder.text_level_id, self.level_1)
        self.assertNotIn("Second notice", reminder.subject)
        levels = {line.move_id: line.level_id for line in reminder.line_ids}
        self.assertEqual(levels[claimed], self.level_1)
        self.assertFalse(levels[covered], "its third level is not skipped")
        self.assertEqual(reminder.amount_overdue, 80)
        self.assertEqual(lines.followup_level_id, self.level_2)
        window = self._open_window()
        self.assertFalse(window.level_id, "none is due")
        self.assertEqual(window.mail_template_id, self.template)

    def _remember(self, invoice, level, day):
        """Write a reminder of the past."""
        line = invoice.line_ids.filtered("date_maturity")
        return (
            self.env["account.followup.reminder"]
            .sudo()
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "date": day,
                    "trigger": "automatic",
                    "level_id": level.id,
                    "delivery_ids": [
                        Command.create({"channel": "email", "state": "sent"})
                    ],
                    "line_ids": [
                        Command.create({"move_line_id": line.id, "level_id": level.id})
                    ],
                }
            )
        )

    def test_minimum_amount_over_all_currencies(self):
        """Claims are added up in company currency, credits do not reach over."""
        self._create_late(20, 92, currency_id=self.euro.id)  # 100 dollars
        self._create_late(20, 50)
        self.company.followup_min_amount = 150
        self.assertEqual(self._get_row()["status"], "in_need_of_action")
        self.company.followup_min_amount = 150.01
        self.assertEqual(self._get_row()["status"], "with_overdue_invoices")
        self.company.followup_min_amount = 100
        self._create_late(0, 200, move_type="out_refund")
        row = self._get_row()
        self.assertEqual(row["status"], "in_need_of_action", "100 in euros")
        self.assertEqual(row["total_overdue"], 100)
        self.assertEqual(row["total_due"], -50)

    def test_nothing_speaks_of_what_is_covered(self):
        """Neither days nor totals: where credits cover all, nothing is claimed."""
        self._create_late(90, 100, currency_id=self.euro.id)
        self._create_late(0, 150, currency_id=self.euro.id, move_type="out_refund")
        self._create_late(5, 80)
        self.env.flush_all()
        rows = self.env["account.followup.customer"]
        row = rows.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(row.status, "in_need_of_action")
        self.assertEqual(row.due_since, TODAY - timedelta(days=4))
        reminder = self._send("[[oldest_due_date]]: [[days_late]] days, [[count]]")
        self.assertEqual(reminder.subject, "05/10/2024: 5 days, 2")
        cells = self._get_cells(reminder)
        totals = [row for row in cells if row[:1] == ["Total overdue"]]
        self.assertEqual(totals, [["Total overdue", "$ 80.00"]])
        self.assertIn(["Total open", "-50.00 €"], cells)

    def test_a_person_reminds_of_what_is_covered(self):
        """Then it is spoken of, but nothing of it is overdue."""
        self._create_late(90, 100, currency_id=self.euro.id)
        self._create_late(0, 100, currency_id=self.euro.id, move_type="out_refund")
        reminder = self._send("[[days_late]] days, [[count]]")
        self.assertEqual(reminder.subject, "90 days, 1")
        cells = self._get_cells(reminder)
        self.assertNotIn("Total overdue", [row[0] for row in cells if row])
        self.assertIn(["Total open", "0.00 €"], cells)

    # ------------------------------------------------------------------
    # Nothing open in its own currency
    # ------------------------------------------------------------------

    def _set_residual(self, invoice, residual, residual_company):
        line = invoice.line_ids.filtered("date_maturity")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move_line SET amount_residual_currency = %s,"
            " amount_residual = %s WHERE id = %s",
            [residual, residual_company, line.id],
        )
        self.env.invalidate_all()

    def test_nothing_open_in_its_currency(self):
        """What is left in company currency only is a difference of rates (c50)."""
        old = self._create_late(40, 10, currency_id=self.euro.id)
        self._set_residual(old, 0, 75)
        self.assertFalse(self._get_row())
        self.assertFalse(self._get_items())
        self._create_late(20, 50, currency_id=self.euro.id)
        with self.mock_mail_gateway():
            self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.amount_overdue, 54.35)
        self.assertEqual(len(reminder.line_ids), 1)

    def test_imported_without_residual(self):
        self._set_residual(self._create_late(40, 10), None, None)
        self.assertFalse(self._get_row())
        self.assertFalse(self._get_items())

    def test_less_than_the_least_amount(self):
        """Money is compared with the rounding of its currency."""
        invoice = self._create_late(40, 10, currency_id=self.euro.id)
        self._set_residual(invoice, 0.004, 0.5)
        self.assertEqual(self._get_row()["status"], "with_overdue_invoices")
        self._set_residual(invoice, 0.005, 0.5)
        self.assertEqual(self._get_row()["status"], "in_need_of_action")

    # ------------------------------------------------------------------
    # The history
    # ------------------------------------------------------------------

    def test_not_overdue_yet(self):
        """A reminder before the due date claims, but nothing of it is overdue (F18)."""
        self._replace_levels((-10, 5))
        self._create_late(-5, 50)
        with self.mock_mail_gateway():
            self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.amount_overdue, 0)
        self.assertEqual(reminder.amount_claimed, 50)

    def test_history_has_no_sum(self):
        """Each reminder claims the same debt once more: they are not added up."""
        reminders = self.env["account.followup.reminder"]
        for name in ("amount_overdue", "amount_claimed"):
            self.assertFalse(reminders.fields_get([name])[name].get("aggregator"), name)
        views = reminders.get_views([(False, "list")])["views"]["list"]["arch"]
        self.assertNotIn("sum=", views)
        self.assertIn('name="amount_claimed"', views)

    def test_history_says_of_no_credit_that_it_is_late(self):
        reminders = self.env["account.followup.reminder"]
        arch = reminders.get_views([(False, "form")])["views"]["form"]["arch"]
        [days_late] = html.fromstring(arch).xpath(
            "//field[@name='line_ids']//field[@name='days_late']"
        )
        self.assertEqual(days_late.get("invisible"), "residual <= 0")


@tagged("post_install", "-at_install")
class TestRests(FollowupCommon):
    """Who has paid, or may not be asked, is not reminded."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(TODAY))
        cls.invoice = cls._create_late(20, 100)

    def _get_row(self):
        self.env.invalidate_all()
        customers = self.env["account.followup.customer"]
        rows = customers._get_rows({self.company: TODAY}, self.customer)
        return rows[0] if rows else None

    def _check_rests(self, reason):
        row = self._get_row()
        self.assertEqual(row["status"], "with_overdue_invoices")
        self.assertFalse(row["next_reminder_date"], "no day is known")
        [item] = self.env["account.followup.item"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(item.rest_reason, reason)
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertFalse(self._get_reminders())
        resting = self.env["account.followup.item"].search(
            [
                ("rest_reason", "not in", ["excluded", False]),
                ("partner_id", "=", self.customer.id),
            ]
        )
        self.assertEqual(resting, item)

    def test_blocked(self):
        """Core's (Un)Block Payment (F6)."""
        self.assertEqual(self._get_row()["status"], "in_need_of_action")
        self.invoice.action_toggle_block_payment()
        self._check_rests("blocked")
        self.invoice.line_ids.followup_hold_until = TODAY
        self._check_rests("blocked")  # longer than the hold
        self.invoice.action_toggle_block_payment()
        self.invoice.line_ids.followup_hold_until = False
        self.assertEqual(self._get_row()["status"], "in_need_of_action")

    def test_blocked_and_paid(self):
        """Core keeps the state after payment: then nothing is open."""
        self.invoice.action_toggle_block_payment()
        self._pay(self.invoice)
        self.assertEqual(self.invoice.payment_state, "blocked")
        self.assertFalse(self._get_row())

    def test_paid_online(self):
        """While the provider has not answered (F14)."""
        transaction = self._pay_online(self.invoice, "pending")
        self._check_rests("online_payment")
        for state, status in (
            ("cancel", "in_need_of_action"),
            ("error", "in_need_of_action"),
            ("draft", "in_need_of_action"),
            ("pending", "with_overdue_invoices"),
        ):
            transaction.state = state
            self.assertEqual(self._get_row()["status"], status, state)
        self._authorize(transaction)
        self._check_rests("online_payment")

    def test_paid_online_and_not_booked_yet(self):
        """The provider has the money; core makes an entry of it minutes later."""
        transaction = self._pay_online(self.invoice, "done")
        self._check_rests("online_payment")
        [explained] = self._get_followup()._get_explanation(TODAY)["items"]
        self.assertIn("online done", str(explained["reasons"]))
        transaction.amount = -100
        self.assertEqual(self._get_row()["status"], "in_need_of_action", "a refund")
        transaction.write({"amount": 100, "is_post_processed": True})
        self.assertEqual(self._get_row()["status"], "in_need_of_action", "booked")

    def test_why_names_what_is_under_way(self):
        """Not what was tried before."""
        self._pay_online(self.invoice, "pending")
        self._pay_online(self.invoice, "cancel")
        [explained] = self._get_followup()._get_explanation(TODAY)["items"]
        self.assertIn("online pending", str(explained["reasons"]))
        self.assertNotIn("online cancel", str(explained["reasons"]))

    def test_paid_online_and_never_booked(self):
        """Core gives up after some days: somebody has to know of it, once."""
        transaction = self._pay_online(self.invoice, "done")
        transaction.last_state_change = TODAY
        other = self._pay_online(self.invoice, "pending")
        other.last_state_change = TODAY
        for days, count in ((1, 0), (2, 1), (3, 1)):
            self._run_on(days)
            self.assertEqual(len(self._get_unbooked_tasks()), count, days)
        task = self._get_unbooked_tasks()
        self.assertEqual(task.user_id, self.responsible)
        self.assertIn("online done", task.note)
        self.assertIn(self.invoice.name, task.note)
        self.assertNotIn("online pending", task.note)
        transaction.is_post_processed = True
        self._run_on(4)
        self.assertFalse(task.active, "it ends by itself")

    def test_paid_online_and_never_decided(self):
        """Nobody captures it, or the provider's answer got lost: it is told, too."""
        payments = [self._pay_online(self.invoice, "pending") for _number in range(2)]
        for payment in payments:
            payment.last_state_change = TODAY
        self._authorize(payments[1])
        for days, count in ((13, 0), (15, 1), (16, 1)):
            self._run_on(days)
            self.assertEqual(len(self._get_unbooked_tasks()), count, days)
            self.assertEqual(len(self._find_forgotten(days)), count, days)
        task = self._get_unbooked_tasks()
        self.assertEqual(task.user_id, self.responsible)
        for text in (*(payment.reference for payment in payments), self.invoice.name):
            self.assertIn(text, task.note)
        payments[0].state = "cancel"
        self._run_on(16)
        self.assertTrue(task.active)
        payments[1].state = "cancel"
        self._run_on(17)
        self.assertFalse(task.active, "it ends by itself")
        self.assertFalse(self._find_forgotten(17))

    def test_paid_online_and_never_booked_is_forgotten(self):
        """Unless somebody looks at it on a day to come."""
        self._pay_online(self.invoice, "done").last_state_change = TODAY
        self.assertFalse(self._find_forgotten(0))
        self.assertEqual(self._find_forgotten(2).move_id, self.invoice)
        line = self.invoice._get_followup_lines()
        line.followup_review_date = TODAY + timedelta(days=5)
        self.assertFalse(self._find_forgotten(2))

    def _authorize(self, transaction):
        """Let it be authorized, which the provider at hand does not know."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET state = 'authorized' WHERE id = %s",
            [transaction.id],
        )
        self.env.invalidate_all()

    def _find_forgotten(self, days):
        with freeze_time(TODAY + timedelta(days=days)):
            self.env.flush_all()
            self.env.invalidate_all()
            return self.env["account.followup.item"].search(
                [("partner_id", "=", self.customer.id), ("is_forgotten", "=", True)]
            )

    def test_never_booked_but_settled(self):
        """Somebody has registered the payment by hand: nothing is left to do."""
        self._pay_online(self.invoice, "done").last_state_change = TODAY
        self._pay(self.invoice)
        self._run_on(2)
        self.assertFalse(self._get_unbooked_tasks())

    def _run_on(self, days):
        with freeze_time(TODAY + timedelta(days=days)):
            self.env.invalidate_all()
            self._run_cron()

    def _get_unbooked_tasks(self):
        activities = self.env["mail.activity"].with_context(active_test=False)
        return activities.search(
            [("summary", "=", "Online payments are not in the books")]
        )

    def test_announced_transfers(self):
        """A wire transfer that is announced is no payment yet."""
        for code in ("none", "custom"):
            self._pay_online(self.invoice, "pending", code)
            self.assertEqual(self._get_row()["status"], "in_need_of_action", code)

    def test_non_trade(self):
        """What an employee was advanced is no customer's debt (F17)."""
        line = self.invoice.line_ids.filtered("date_maturity")
        line.account_id.non_trade = True
        self.assertFalse(self._get_row())
        line.account_id.non_trade = False
        self.assertTrue(self._get_row())

    def test_still_queued(self):
        """While a message is queued, however long, no further one is made (rule 6)."""
        day = TODAY - timedelta(days=50)
        reminder = (
            self.env["account.followup.reminder"]
            .sudo()
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "date": day,
                    "trigger": "automatic",
                    "delivery_ids": [
                        Command.create({"channel": "sms", "state": "sent"}),
                        Command.create({"channel": "letter", "state": "queued"}),
                    ],
                }
            )
        )
        row = self._get_row()
        self.assertEqual(row["status"], "with_overdue_invoices")
        self.assertEqual(row["next_reminder_date"], TODAY + timedelta(days=1))
        customers = self.env["account.followup.customer"]
        [row] = customers._get_rows(
            {self.company: TODAY}, self.customer, without=reminder
        )
        self.assertEqual(row["status"], "in_need_of_action", "it is left out")
        reminder.delivery_ids.state = "sent"
        row = self._get_row()
        self.assertEqual(row["status"], "in_need_of_action")
        self.assertEqual(row["next_reminder_date"], TODAY)

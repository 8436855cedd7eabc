from datetime import timedelta

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo import Command
from odoo.tests import HttpCase, tagged

from ..tools.payer import get_trend, suggest_trust
from .common import TODAY, FollowupCommon

DAY = timedelta(days=1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPayer(FollowupCommon):
    """The payer's record: how a customer has paid, and what trust it suggests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.customer.with_company(cls.company)
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")
        cls.rows = cls.env["account.followup.customer"].with_user(cls.clerk)

    def _pay_late(self, days_late, amount, paid_on=TODAY - DAY, partner=None):
        """An invoice that was paid so many days after its due date."""
        invoice = self._create_late(days_late, amount, partner=partner, day=paid_on)
        self._pay(invoice, day=paid_on)
        return invoice

    def _read(self, partner=None):
        self.env.flush_all()
        self.env.invalidate_all()
        return (partner or self.customer).with_user(self.clerk)

    def test_x17_payer_weighted_by_amount(self):
        self._pay_late(10, 300)
        self._pay_late(50, 100)
        self._pay_late(-20, 100)
        mine = self._read()
        # (300 * 10 + 100 * 50 + 100 * 0) / 500
        self.assertEqual(mine.followup_payer_text, "16.0")
        self.assertAlmostEqual(mine.followup_late_share, 0.8)
        self.assertEqual(mine.followup_suggested_trust, "normal")
        self.assertEqual(mine.trust, "normal", "never set by itself")

    def test_x17_payer_trend(self):
        self._pay_late(40, 100)
        self._pay_late(4, 100, paid_on=TODAY - relativedelta(months=13))
        self._pay_late(400, 100, paid_on=TODAY - relativedelta(months=25))
        mine = self._read()
        self.assertEqual(mine.followup_payer_text, "40.0 (the year before: 4.0)")
        self.assertEqual(mine.followup_suggested_trust, "bad")
        self.assertEqual(
            mine.followup_trust_reasons,
            "pays 40 days late on average, slower than the year before",
        )

    def test_x17_payer_credits_are_no_payments(self):
        invoice = self._create_late(40)
        credit = self._create_late(0, move_type="out_refund")
        (invoice + credit)._get_followup_lines().reconcile()
        mine = self._read()
        self.assertFalse(mine.followup_payer_text)
        self.assertFalse(mine.followup_suggested_trust)

    def test_x17_payer_write_off_in_a_payment_is_no_payment(self):
        """What a payment writes off beside the money was not paid, as of a promise."""
        invoice = self._create_late(20)
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        wizard.create(
            {
                "payment_date": TODAY,
                "amount": 40,
                "payment_difference_handling": "reconcile",
                "writeoff_account_id": self.company_data["default_account_expense"].id,
            }
        )._create_payments()
        self.assertFalse(invoice.amount_residual)
        self._pay_late(0, 60, paid_on=TODAY)
        # (40 * 20 + 60 * 0) / 100
        self.assertEqual(self._read().followup_payer_text, "8.0")
        self.assertAlmostEqual(self._read().followup_late_share, 0.4)

    def test_x17_payer_bounced_payment_is_no_payment(self):
        invoice = self._create_late(40)
        payment = self._pay(invoice, day=TODAY - DAY)
        invoice._get_followup_lines().remove_move_reconcile()
        owed = payment.move_id._get_followup_lines()
        bank = payment.move_id.line_ids - owed
        common = {"partner_id": self.customer.id, "name": "Returned"}
        entry = self.env["account.move"].create(
            {
                "journal_id": payment.journal_id.id,
                "date": TODAY,
                "line_ids": [
                    Command.create(
                        {**common, "account_id": owed.account_id.id, "debit": 100}
                    ),
                    Command.create(
                        {**common, "account_id": bank.account_id.id, "credit": 100}
                    ),
                ],
            }
        )
        entry.action_post()
        (entry._get_followup_lines() | owed).reconcile()
        self.assertFalse(self._read().followup_payer_text)

    def test_x17_payer_payment_back_in_draft_is_no_payment(self):
        """Core keeps its match: what is not posted was not paid, as of a promise."""
        invoice = self._create_late(90)
        payment = self._pay(invoice, day=TODAY - 90 * DAY)
        self.assertEqual(self._read().followup_payer_text, "0.0")
        payment.move_id.button_draft()
        self.assertTrue(invoice.line_ids.matched_credit_ids, "core keeps the match")
        self.assertFalse(self._read().followup_payer_text)
        self.assertNotEqual(self._read().followup_suggested_trust, "good")

    def test_x17_payer_due_as_by_the_rule(self):
        """What has no due date of its own is due on the day of its invoice (rule 2)."""
        invoice = self._pay_late(0, 100, paid_on=TODAY)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move_line SET date_maturity = NULL, invoice_date = %s"
            " WHERE id = %s",
            [TODAY - 30 * DAY, invoice._get_followup_lines().id],
        )
        self.assertEqual(self._read().followup_payer_text, "30.0")

    def test_x17_payer_payment_by_general_entry(self):
        """What it books on bank or cash is paid; what it writes off is not."""
        bank = self.company_data["default_journal_bank"].default_account_id
        expense = self.company_data["default_account_expense"]
        for days_late, account in ((20, bank), (50, expense)):
            item = self._create_late(days_late)._get_followup_lines()
            common = {"partner_id": self.customer.id}
            entry = self.env["account.move"].create(
                {
                    "journal_id": self.company_data["default_journal_misc"].id,
                    "date": TODAY,
                    "line_ids": [
                        Command.create(
                            {**common, "account_id": account.id, "debit": 100}
                        ),
                        Command.create(
                            {**common, "account_id": item.account_id.id, "credit": 100}
                        ),
                    ],
                }
            )
            entry.action_post()
            (entry._get_followup_lines() | item).reconcile()
        self.assertEqual(self._read().followup_payer_text, "20.0")

    def test_x17_payer_open_for_long(self):
        """Who does not pay at all is no good payer."""
        self._create_late(100, 70)
        mine = self._read()
        self.assertEqual(mine.followup_suggested_trust, "bad")
        self.assertEqual(mine.followup_trust_reasons, "has been owing for 100 days")
        self.assertEqual(mine.followup_largest_balance, 70)

    def test_x17_payer_largest_balance(self):
        """The most that was open on one day of the last year."""
        long_ago = TODAY - relativedelta(months=20)
        self._pay_late(0, 5000, paid_on=long_ago)
        first = self._create_late(0, 100, day=TODAY - 30 * DAY)
        self._create_late(0, 250, day=TODAY - 20 * DAY)
        self._pay(first, day=TODAY - 5 * DAY)
        self.assertEqual(self._read().followup_largest_balance, 350)

    def test_x17_payer_promises_and_disputes(self):
        """Promises kept of made: what was kept in part was not kept."""
        promises = self.env["account.followup.promise"]
        days = {self.company: TODAY - 40 * DAY}
        with freeze_time(TODAY - 40 * DAY):
            for amount, paid in ((100, 100), (200, 0), (300, 0), (400, 100)):
                invoice = self._create_late(50, amount, day=TODAY)
                lines = invoice._get_followup_lines()
                promises._promise(lines, [(TODAY - 30 * DAY, None)], days)
                if paid:
                    self._pay(invoice, paid, day=TODAY - 35 * DAY)
        mine = self._read()
        self.assertEqual(mine.followup_promises_kept, "1 of 4")
        self.assertEqual(mine.followup_suggested_trust, "bad")
        self.assertIn("3 promises were broken", mine.followup_trust_reasons)
        lines = self._create_late(3)._get_followup_lines()
        disputes = self.env["account.followup.dispute"]
        reason = self.env["account.followup.dispute.reason"]._get_reason()
        disputes._dispute(lines, reason, {self.company: TODAY})
        service = self.env["account.followup.payer"].sudo()
        records = service._get_records(self.customer, {self.company: TODAY}, {})
        [record] = records.values()
        self.assertEqual(record["disputes"], 1)
        text = self.env["account.followup.caller"]._get_payer_text(record)
        self.assertIn("disputes: 1", text)

    def test_x17_payer_broken_instalments_count_once(self):
        """A plan is one promise when it is broken, however many are to come."""
        promises = self.env["account.followup.promise"]
        made = TODAY - 40 * DAY
        with freeze_time(made):
            invoice = self._create_late(50, 100, day=TODAY)
            parts = [(made + days * DAY, 25) for days in (5, 10, 15, 20)]
            lines = invoice._get_followup_lines()
            promises._promise(lines, parts, {self.company: made})
            self._pay(invoice, 35, day=made + 5 * DAY)
        # the first one was kept, the second one in part, the others not at all
        self.assertEqual(self._read().followup_promises_kept, "1 of 2")

    def test_x17_payer_good(self):
        self._pay_late(-3, 500)
        self._pay_late(2, 100)
        mine = self._read()
        self.assertEqual(mine.followup_suggested_trust, "good")
        self.assertEqual(mine.followup_trust_reasons, "pays on time")
        self.assertFalse(mine.followup_promises_kept, "nothing was promised")

    def test_x17_payer_partly_paid_and_of_a_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.customer.id}
        )
        invoice = self._create_late(10, 100, partner=contact)
        self._pay(invoice, 40, day=TODAY - 5 * DAY)
        self.assertEqual(self._read().followup_payer_text, "5.0")

    def test_x17_payer_work_list(self):
        """Columns, sorting and filters of the list; not asked, nothing is read."""
        slow = self._create_customer("Slow Ltd")
        prompt = self._create_customer("Prompt Ltd")
        for partner, days in ((slow, 45), (prompt, -1)):
            self._pay_late(days, 100, partner=partner)
            self._create_late(2, partner=partner)
        self._create_late(2)
        self.env.flush_all()
        mine = [("company_id", "=", self.company.id)]
        found = self.rows.search([*mine, ("average_days_late", ">=", 30)])
        self.assertEqual(found.partner_id, slow)
        self.assertEqual((found.average_days_late, found.late_share), (45, 1))
        self.assertEqual(found.suggested_trust, "bad")
        ordered = self.rows.search(mine, order="average_days_late DESC, id")
        self.assertEqual(ordered.partner_id.ids, (slow + prompt + self.customer).ids)
        page = self.rows.web_search_read(
            mine, {"average_days_late": {}}, limit=2, order="average_days_late DESC"
        )
        self.assertEqual(page["length"], 3)
        self.assertEqual([row["average_days_late"] for row in page["records"]], [45, 0])
        self.assertTrue(self.rows.fields_get()["average_days_late"]["sortable"])

    def test_x17_payer_other_companies(self):
        """What was paid to another company is of its own record."""
        other = self.setup_other_company()
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "company_id": other["company"].id,
                "journal_id": other["default_journal_sale"].id,
                "partner_id": self.customer.id,
                "invoice_date": TODAY - 60 * DAY,
                "invoice_date_due": TODAY - 50 * DAY,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create({"name": "Work", "price_unit": 9, "tax_ids": False})
                ],
            }
        )
        invoice.action_post()
        self._pay(invoice.with_company(other["company"]))
        self.assertFalse(self._read().followup_payer_text)

    def test_x17_suggestion(self):
        """Edges of what is suggested."""
        usual = {
            "paid": 1,
            "average": 10,
            "late_share": 1,
            "open_days": 0,
            "kept": 0,
            "broken": 0,
        }
        for values, trust in (
            ({}, "normal"),
            ({"average": 30}, "bad"),
            ({"average": 29.9}, "normal"),
            ({"average": 5, "late_share": 0.2}, "good"),
            ({"average": 5, "late_share": 0.21}, "normal"),
            ({"average": 5, "late_share": 0, "open_days": 6}, "normal"),
            ({"open_days": 90}, "bad"),
            ({"broken": 2, "kept": 1}, "bad"),
            ({"broken": 2, "kept": 2}, "normal"),
            ({"paid": 0, "average": None}, None),
        ):
            with self.subTest(values):
                self.assertEqual(suggest_trust({**usual, **values})[0], trust)
        self.assertEqual(get_trend(10, 6), "slower")
        self.assertEqual(get_trend(10, 7), "steady")
        self.assertEqual(get_trend(1, 7), "faster")
        self.assertIsNone(get_trend(1, None))


@tagged("post_install", "-at_install")
class TestPayerTour(FollowupCommon, HttpCase):
    def test_x17_payer_column(self):
        """A costly column is read when somebody shows it, and sorts the list."""
        user = self._create_user("person", "account.group_account_invoice")
        user.password = user.login
        today = self._get_real_today()
        paid = self._create_late(46, 100, day=today)
        self._pay(paid, day=today - DAY)
        self._create_late(20, 250, day=today)
        self.start_tour("/odoo", "account_followup_payer_column", login=user.login)

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportScreen(FollowupCommon):
    """What the screen of the reports asks the server for, beside the rows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")
        cls.reader = cls._create_user("reader", "account.group_account_readonly")
        cls.invoice = cls._create_late(20, 100)

    def _get_lines(self):
        options = {"variant": "customer_statement"}
        row_id = f"{self.customer.id}-{self.company.currency_id.id}"
        lines = self.env["account.followup.report"].get_lines(options, row_id)["rows"]
        return {row["move_id"]: row for row in lines if row["type"] == "line"}

    def test_f8_only_what_is_open_can_be_held(self):
        paid = self._create_late(10, 50)
        payment = self._pay(paid)
        lines = self._get_lines()
        self.assertTrue(lines[self.invoice.id]["is_open"])
        self.assertFalse(lines[paid.id]["is_open"])
        self.assertFalse(lines[payment.move_id.id]["is_open"])
        line = self.env["account.move.line"].browse(lines[self.invoice.id]["line_id"])
        self.assertTrue(line.with_user(self.clerk).action_hold_followup())

    def test_f6_columns_that_can_be_sorted(self):
        report = self.env["account.followup.report"].get_report(
            {"variant": "aged_receivable"}
        )
        sortable = {col["name"]: col["sortable"] for col in report["columns"]}
        self.assertTrue(sortable["total"])
        self.assertFalse(sortable["due_date"], "customers have no due date")

    def test_f1_button_of_a_customer(self):
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.customer.id}
        )
        other = self._create_customer("Never Bought Ltd")
        self.assertTrue(self.customer.followup_has_entries)
        self.assertTrue(contact.followup_has_entries)
        self.assertFalse(other.followup_has_entries)
        action = contact.with_user(self.reader).action_open_customer_statement()
        self.assertEqual(action["tag"], "account_payment_followup.report")
        self.assertEqual(
            action["params"],
            {"variant": "customer_statement", "partner_ids": self.customer.ids},
        )

    def test_f1_no_button_on_a_new_customer(self):
        form = Form(self.env["res.partner"].with_user(self.env.user))
        form.name = "New Ltd"
        self.assertFalse(form.followup_has_entries)

    def test_f3_statements_of_several_customers(self):
        other = self._create_customer("Other Ltd")
        self._create_late(5, 30, partner=other)
        rows = (
            self.env["account.followup.customer"]
            .with_user(self.reader)
            .search([("partner_id", "in", (self.customer + other).ids)])
        )
        action = rows.action_open_customer_statements()
        self.assertCountEqual(
            action["params"]["partner_ids"], (self.customer + other).ids
        )
        with self.assertRaisesRegex(UserError, "Select at least one customer"):
            rows.browse().action_open_customer_statements()

    def test_f3_rows_of_another_company_change_to_it(self):
        second = self._create_company(name="Second Company")
        self.env.user.company_ids += second
        row = self.env["account.followup.customer"].search(
            [("partner_id", "=", self.customer.id)]
        )
        row = row.with_context(allowed_company_ids=[second.id, self.company.id])
        action = row.action_open_customer_statements()
        self.assertEqual(action["tag"], "account_followup_open_in_company")
        self.assertEqual(action["params"]["company_ids"][0], self.company.id)
        self.assertIn(f"partner_ids={self.customer.id}", action["params"]["url"])

    def test_b3_trust_is_changed_from_a_report(self):
        """By who may send reminders, also without the right to edit contacts."""
        self.customer.with_user(self.clerk).set_followup_trust("bad")
        self.assertEqual(self.customer.trust, "bad")
        with self.assertRaises(AccessError):
            self.customer.with_user(self.reader).set_followup_trust("good")
        with self.assertRaisesRegex(UserError, "splendid is no degree of trust"):
            self.customer.with_user(self.clerk).set_followup_trust("splendid")
        self.assertEqual(self.customer.trust, "bad")

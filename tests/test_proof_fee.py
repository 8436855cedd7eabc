from lxml import html

from odoo.tests import tagged

from . import proof_fee
from .proof_common import ProofCommon
from .test_message import MessageCommon


@tagged("post_install", "-at_install")
class TestProofFee(ProofCommon, MessageCommon):
    """A fee in table and totals, as documented: whatever names an amount has it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_models(proof_fee.MODELS)
        cls.levels.fee = 5
        cls.levels.mail_template_id.write(
            {"body_html": "<p>[[amount]] / [[total_overdue]] / [[total_due]]</p>"}
        )

    def _get_rows(self, body):
        """Return the rows of the table as their texts."""
        table = html.fromstring(f"<div>{body}</div>").find_class("o_followup_table")[0]
        rows = [
            [" ".join(cell.text_content().split()) for cell in row.iter("td")]
            for row in table.iter("tr")
        ]
        return [row for row in rows if row]

    def _assert_fee(self, body, total="$ 105.00"):
        rows = self._get_rows(body)
        self.assertIn(["Reminder fee", "$ 5.00"], rows)
        self.assertIn(["Total overdue", total], rows)
        self.assertEqual(self._get_details(body)[0]["Amount"], total, "how to pay")
        text = " ".join(html.fromstring(str(body)).text_content().split())
        self.assertIn(f"{total} / {total} / {total}", text)

    def test_email(self):
        self._create_late(20)
        reminder = self._send()
        self._assert_fee(self._new_mails[-1].body_html)
        self._assert_fee(str(reminder.body))
        self.assertEqual(reminder.fee, 5)
        self.assertEqual(reminder.pay_ways[0]["amount"], 105, "what QR codes say")

    def test_letter(self):
        self._create_late(20)
        reminder = self._send(do_email=False, do_print=True)
        self._assert_fee(reminder.delivery_ids.attachment_id.raw.decode())

    def test_preview(self):
        """What the window shows is what leaves."""
        self._create_late(20)
        self._assert_fee(str(self._open_window().preview))

    def test_nightly_run(self):
        self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        self.assertEqual(self._get_reminders().state, "sent")
        self._assert_fee(self._mails[-1]["body"])

    def test_what_is_not_listed(self):
        """The total of all that is open has the fee, too, and says that it is more."""
        self._create_late(20)
        self._create_late(-5, 50)
        rows = self._get_rows(self._send().body)
        self.assertIn(["Total overdue", "$ 105.00"], rows)
        self.assertIn(
            ["Total open, including what is not listed here", "$ 155.00"], rows
        )

    def test_another_currency(self):
        """The fee is claimed in its own currency, beside what is owed in another."""
        euro = self.setup_other_currency("EUR", rates=[("2024-01-01", 0.92)])
        self._create_late(20, currency_id=euro.id)
        reminder = self._send()
        rows = self._get_rows(reminder.body)
        self.assertIn(["Total overdue", "100.00 €"], rows)
        self.assertIn(["Total overdue", "$ 5.00"], rows)
        amounts = [details["Amount"] for details in self._get_details(reminder.body)]
        self.assertEqual(amounts, ["100.00 €", "$ 5.00"])

    def test_level_without_a_fee(self):
        self.levels.fee = 0
        self._create_late(20)
        body = self._send().body
        self.assertNotIn("Reminder fee", body)
        self.assertIn(["Total overdue", "$ 100.00"], self._get_rows(body))

    def test_ledger_and_rule_do_not_know_it(self):
        self._create_late(20)
        reminder = self._send()
        self.assertEqual(reminder.amount_overdue, 100)
        self.assertEqual(self.customer.with_company(self.company).total_due, 100)
        item = self.env["account.followup.item"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(item.residual, 100)

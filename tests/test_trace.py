from datetime import timedelta

from odoo import Command
from odoo.tests import Form, freeze_time, tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTrace(FollowupCommon):
    """Row E1: who let what rest, until when and why, however it was set."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(20)
        cls.line = cls.invoice.line_ids.filtered("date_maturity")
        cls.clerk = cls._create_user(
            "clerk", "account.group_account_invoice", "base.group_partner_manager"
        )
        cls.customer = cls.customer.with_company(cls.company)

    def _get_news(self, record, change):
        """Return what the chatter says of a change, author and text of each message."""
        self.flush_tracking()
        before = record.message_ids
        change()
        self.flush_tracking()
        self.env.invalidate_all()
        news = (record.message_ids - before).sorted("id")
        self.assertFalse(news - news.filtered(lambda one: one.author_id), "by whom")
        self.assertFalse(
            news.filtered(lambda one: one.author_id != self.clerk.partner_id)
        )
        return [str(one.body).removeprefix("<p>").removesuffix("</p>") for one in news]

    def _fill_in(self, record, values, view=None):
        def change():
            with Form(record.with_user(self.clerk), view) as form:
                for name, value in values.items():
                    setattr(form, name, value)

        return change

    def _write(self, record, values):
        return lambda: record.with_user(self.clerk).write(values)

    def test_invoice_form(self):
        """One line each, though the form writes day and reason apart."""
        for values, text in (
            (
                {
                    "followup_hold_until": TODAY + timedelta(days=7),
                    "followup_hold_reason": "Goods are replaced",
                },
                "Reminders on hold until 05/22/2024: Goods are replaced",
            ),
            (
                {"followup_hold_until": False},
                "Reminders resumed: was on hold until 05/22/2024",
            ),
            (
                {
                    "expected_payment_date": TODAY + timedelta(days=3),
                    "expected_payment_note": "Ms Jones said so",
                },
                "Payment expected on 05/18/2024: Ms Jones said so",
            ),
            ({"no_followup": True}, "Excluded from reminders"),
        ):
            with self.subTest(text=text):
                news = self._get_news(self.invoice, self._fill_in(self.invoice, values))
                self.assertEqual(len(news), 1)
                self.assertIn(text, news[0])

    def test_other_ways(self):
        """By RPC on the invoice, the journal item, and where items are listed."""
        day = TODAY + timedelta(days=7)
        item = self.env["account.followup.item"].browse(self.line.id)
        for number, (record, values) in enumerate(
            (
                (self.invoice, {"followup_hold_until": day}),
                (self.line, {"expected_payment_date": day}),
                (self.line, {"no_followup": True}),
                (item.move_line_id, {"no_followup": False}),
            )
        ):
            with self.subTest(number=number):
                news = self._get_news(self.invoice, self._write(record, values))
                self.assertEqual(len(news), 1, news)

    def test_window_says_it_once(self):
        action = self.invoice.with_user(self.clerk).action_hold_followup()
        window = self.env[action["res_model"]].with_user(self.clerk)
        form = Form(window.with_context(**action["context"]))
        form.reason = "In <b>court</b>"
        wizard = form.save()
        news = self._get_news(self.invoice, wizard.action_apply)
        self.assertEqual(len(news), 1)
        self.assertIn("on hold until 05/22/2024: In &lt;b&gt;court", news[0])

    def test_nothing_changed(self):
        values = {"no_followup": False, "followup_hold_until": False}
        self.assertFalse(self._get_news(self.invoice, self._write(self.line, values)))

    def test_changed_and_taken_back(self):
        def change():
            line = self.line.with_user(self.clerk)
            line.followup_hold_until = TODAY
            line.followup_hold_until = False

        self.assertFalse(self._get_news(self.invoice, change))

    def test_one_instalment(self):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_date": "2024-04-01",
                "invoice_payment_term_id": self.env.ref(
                    "account.account_payment_term_advance_60days"
                ).id,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Work", "price_unit": 100, "tax_ids": False}
                    )
                ],
            }
        )
        invoice.action_post()
        lines = invoice._get_followup_lines().sorted("date_maturity")
        values = {"followup_hold_until": TODAY}
        news = self._get_news(invoice, self._write(lines[:1], values))
        self.assertEqual(len(news), 1)
        self.assertIn("(instalment due ", news[0])

    def test_draft_and_posting_say_nothing(self):
        """What is not posted is not followed up; posting sets what core decides."""
        draft = self.invoice.copy()
        news = self._get_news(
            draft, self._write(draft.line_ids, {"followup_hold_until": TODAY})
        )
        self.assertFalse(news)
        self.flush_tracking()
        before = draft.message_ids
        draft.action_post()
        self.flush_tracking()
        texts = "".join((draft.message_ids - before).mapped("body"))
        self.assertNotIn("eminder", texts)

    # ------------------------------------------------------------------
    # The customer
    # ------------------------------------------------------------------

    def test_customer_form(self):
        view = "account_payment_followup.res_partner_view_form_followup"
        for values, texts in (
            ({"followup_excluded": True}, ["Excluded: No → Yes"]),
            ({"followup_excluded": False}, ["Excluded: Yes → No"]),
            ({"followup_reminder_type": "manual"}, ["Reminders: Automatic → Manual"]),
            (
                {"followup_next_reminder_date": TODAY + timedelta(days=3)},
                ["by the rule → 05/18/2024"],
            ),
            ({"followup_responsible_id": self.clerk}, ["the company's → Clerk"]),
            ({"followup_statement_opt_out": True}, ["No Statements: No → Yes"]),
        ):
            with self.subTest(texts=texts):
                change = self._fill_in(self.customer, values, view)
                news = self._get_news(self.customer, change)
                self.assertEqual(len(news), 1, news)
                for text in texts:
                    self.assertIn(text, news[0])

    def test_customer_by_rpc(self):
        case = self._get_followup()
        values = {"excluded": True, "reminder_type": "manual"}
        news = self._get_news(self.customer, self._write(case, values))
        self.assertEqual(len(news), 1)
        self.assertIn("Excluded: No → Yes, Reminders: Automatic → Manual", news[0])
        self.assertFalse(self._get_news(self.customer, self._write(case, values)))

    def test_several_customers(self):
        others = self.customer + self._create_customer("Other Ltd")
        others = others.with_company(self.company)
        change = self._write(others, {"followup_excluded": True})
        self.assertEqual(len(self._get_news(self.customer, change)), 1)
        self.assertIn("Excluded", others[1].message_ids[0].body)

    def test_reminder_is_no_setting(self):
        """It takes back the day set by hand, and says of itself that it was sent."""
        self._get_followup().next_reminder_date = TODAY
        self.env.flush_all()
        with self.mock_mail_gateway():
            self._open_window().action_send()
        self.flush_tracking()
        texts = "".join(self.customer.message_ids.mapped("body"))
        self.assertNotIn("Payment follow-up: ", texts)

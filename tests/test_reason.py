from datetime import timedelta

from odoo.tests import Form, freeze_time, tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReason(FollowupCommon):
    """Why a customer is not reminded is said in one sentence, from what decides."""

    def _get_reason(self, partner=None):
        self.env.invalidate_all()
        partner = partner or self.customer
        reasons = self.env["account.followup.reason"].with_company(self.company)
        return reasons._get_reason_texts(partner)[partner]

    def _set(self, **values):
        self.customer.with_company(self.company).write(values)

    def test_required(self):
        self._create_late(20)
        self.assertEqual(self._get_reason(), "")

    def test_nothing_is_owed(self):
        self.assertEqual(self._get_reason(), "Nothing is owed.")

    def test_switched_off(self):
        self._create_late(20)
        self.company.followup_enabled = False
        self.assertEqual(self._get_reason(), "Payment follow-ups are switched off.")

    def test_decided_by_a_person(self):
        self._create_late(20)
        self._set(followup_next_reminder_date=TODAY + timedelta(days=9))
        self.assertEqual(
            self._get_reason(),
            f"The next reminder was set to 05/24/2024 by {self.env.user.name}.",
        )
        self._set(followup_excluded=True)
        self.assertEqual(
            self._get_reason(), "The customer is excluded from follow-ups."
        )

    def test_what_rests(self):
        invoices = self._create_late(20) + self._create_late(30)
        invoices[0].line_ids.write(
            {
                "followup_hold_until": TODAY + timedelta(days=2),
                "followup_hold_reason": "asks for a copy",
            }
        )
        self.assertEqual(self._get_reason(), "", "the other one is due")
        invoices[1].line_ids.write({"expected_payment_date": TODAY})
        self.assertEqual(
            self._get_reason(),
            f"All overdue invoices rest: {invoices[1].name} until 05/15/2024 "
            f"(Payment expected), {invoices[0].name} until 05/17/2024 "
            "(asks for a copy).",
        )
        invoices.no_followup = True
        self.assertEqual(
            self._get_reason(), "All open invoices are excluded from follow-ups."
        )

    def test_credits(self):
        self._create_late(20, 100)
        self._create_late(0, 100, move_type="out_refund")
        self.assertEqual(
            self._get_reason(), "Payments or credits cover what would be claimed."
        )

    def test_minimum(self):
        self._create_late(20, 100)
        self.company.followup_min_amount = 500
        self.assertIn("less than the minimum amount of $", self._get_reason())

    def test_less_than_the_smallest_amount(self):
        rates = [("2020-01-01", 900.0)]
        yen = self.setup_other_currency("JPY", rounding=1, rates=rates)
        self._create_late(20, amount=1, currency_id=yen.id)
        self.assertEqual(self._get_reason(), "Less than $\xa00.01 would be claimed.")

    def test_not_late(self):
        self._create_late(-5)
        self.assertEqual(
            self._get_reason(),
            "Nothing is overdue; the next reminder is due on 05/21/2024.",
        )

    def test_gap_and_levels(self):
        """The last reminder, the level that comes, and the end of the ladder."""
        self._create_late(5)
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY)
            self.assertEqual(
                self._get_reason(),
                "A reminder of 05/15/2024 is still waiting to be sent.",
            )
            self._run_mail_queue()
        self.assertEqual(self._get_reason(), "The next level comes on 05/29/2024.")
        self._create_late(20)
        self.company.followup_min_days = 7
        self.assertEqual(
            self._get_reason(),
            "The last reminder was on 05/15/2024; the next one is not before "
            "05/22/2024.",
        )

    def test_all_levels_are_done(self):
        (self.level_2 + self.level_3).active = False
        self._create_late(5)
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY)
            self._run_mail_queue()
        self.assertEqual(self._get_reason(), "All levels are done.")

    def test_in_one_go(self):
        """More customers take no more queries."""
        partners = self.env["res.partner"]
        for number in range(6):
            partners += self._create_customer(f"Many {number}")
            self._create_late(-number, partner=partners[-1])
        reasons = self.env["account.followup.reason"].with_company(self.company)
        days = self.company._get_followup_day()
        reasons._get_reason_texts(partners, days)

        def count(some):
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            reasons._get_reason_texts(some, days)
            return self.cr.sql_log_count - start

        self.assertEqual(count(partners), count(partners[:2]))

    def test_on_the_screen(self):
        invoice = self._create_late(20)
        line = invoice.line_ids.filtered("date_maturity")
        line.followup_hold_until = TODAY
        item = self.env["account.followup.item"].search([("move_id", "=", invoice.id)])
        self.assertEqual(item.rest_text, f"{invoice.name} until 05/15/2024 (On hold)")
        row = self.env["account.followup.customer"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(
            row.reason_text, f"All overdue invoices rest: {item.rest_text}."
        )
        customer = self.customer.with_company(self.company)
        self.assertEqual(customer.followup_reason_text, row.reason_text)
        contact = self._create_customer("Jane", parent_id=customer.id, is_company=False)
        contact = contact.with_company(self.company)
        self.assertEqual(contact.followup_reason_text, row.reason_text)
        with Form(customer, "account_payment_followup.res_partner_view_form_followup"):
            pass
        line.followup_hold_until = False
        self.env.invalidate_all()
        self.assertFalse(customer.followup_reason_text, "it is to be reminded")

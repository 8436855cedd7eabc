from datetime import timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestState(FollowupCommon):
    """Rows A6, B2, B4, B7 and G5: what the screen says of a customer, at any moment."""

    def _get_status(self, partner=None):
        self.env.invalidate_all()
        return (partner or self.customer).followup_status

    def test_b2_status_follows_every_event(self):
        """No nightly job: each event shows at once."""
        self.assertEqual(self._get_status(), "no_action_needed")
        invoice = self._create_late(-1)
        self.assertEqual(self._get_status(), "no_action_needed")
        with freeze_time(TODAY + timedelta(days=2)):
            self.assertEqual(self._get_status(), "in_need_of_action")
        invoice.followup_hold_until = TODAY + timedelta(days=2)
        with freeze_time(TODAY + timedelta(days=2)):
            self.assertEqual(self._get_status(), "with_overdue_invoices")
        with freeze_time(TODAY + timedelta(days=3)):
            self.assertEqual(self._get_status(), "in_need_of_action")
            self._pay(invoice)
            self.assertEqual(self._get_status(), "no_action_needed")
            # it was not for this invoice: the amount is a credit until it is applied
            invoice.line_ids.remove_move_reconcile()
            self.assertEqual(self._get_status(), "with_overdue_invoices")
            self._create_late(20, 0.01)
            self.assertEqual(self._get_status(), "in_need_of_action")
            invoice.button_draft()
            self.env.invalidate_all()
            self.assertEqual(self.customer.total_due, -99.99)
            self.assertEqual(self._get_status(), "with_overdue_invoices")

    def test_b2_search_and_group(self):
        self._create_late(20)
        held = self._create_customer("Held")
        self._create_late(20, partner=held)
        held.followup_next_reminder_date = TODAY + timedelta(days=5)
        idle = self._create_customer("Idle")
        mine = [("id", "in", (self.customer + held + idle).ids)]
        for status, partner in (
            ("in_need_of_action", self.customer),
            ("with_overdue_invoices", held),
            ("no_action_needed", idle),
        ):
            domain = [("followup_status", "=", status), *mine]
            self.assertEqual(self.env["res.partner"].search(domain), partner)
        groups = self.env["account.followup.customer"]._read_group(
            [("company_id", "=", self.company.id)], ["status"], ["__count"]
        )
        self.assertEqual(
            dict(groups), {"in_need_of_action": 1, "with_overdue_invoices": 1}
        )

    def test_b4_credits_are_netted(self):
        self._create_late(20, 100)
        self._create_late(-10, 40)
        self._create_late(0, 30, move_type="out_refund")
        self.assertEqual(self.customer.total_due, 110)
        self.assertEqual(self.customer.total_overdue, 70)
        self.assertEqual(self.customer.total_due, self.customer.credit)
        self._create_late(0, 200, move_type="out_refund")
        self.assertEqual(self._get_status(), "with_overdue_invoices")
        self.assertEqual(self.customer.total_overdue, 0)
        self.assertFalse(self.customer.followup_next_reminder_date)

    def test_b4_item_booked_on_a_contact(self):
        """A payment booked on a contact counts for its company."""
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.customer.id}
        )
        self._create_late(20, 100, partner=contact)
        self.assertEqual(self.customer.total_overdue, 100)
        self.assertEqual(contact.total_overdue, 0, "no amount is shown twice")
        account = self.company_data["default_account_receivable"]
        other = self.company_data["default_account_revenue"]
        entry = self.env["account.move"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": TODAY,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": contact.id,
                            "credit": 60,
                        }
                    ),
                    Command.create({"account_id": other.id, "debit": 60}),
                ],
            }
        )
        entry.action_post()
        self.env.invalidate_all()
        self.assertEqual(self.customer.total_overdue, 40)

    def test_b7_due_date_of_each_instalment(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "30 % now, 70 % in 30 days",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 30, "nb_days": 0}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 70, "nb_days": 30}
                    ),
                ],
            }
        )
        invoice = self._create_late(0, 100, invoice_payment_term_id=term.id)
        items = self.env["account.followup.item"].search([("move_id", "=", invoice.id)])
        issued = TODAY - timedelta(days=10)
        self.assertEqual(
            [(item.due_date, item.residual) for item in items],
            [(issued, 30.0), (issued + timedelta(days=30), 70.0)],
        )
        self.assertEqual(items.mapped("days_late"), [10, -20])
        self.assertEqual(self.customer.total_overdue, 30)
        with self.mock_mail_gateway():
            self._open_window().action_send()
        self.assertEqual(
            self._get_reminders().line_ids.mapped("name"), [f"{invoice.name} (1/2)"]
        )

    def test_b7_no_payment_term(self):
        invoice = self._create_late(5, invoice_date_due=False)
        item = self.env["account.followup.item"].search([("move_id", "=", invoice.id)])
        self.assertEqual(item.due_date, invoice.invoice_date)

    def test_a6_minimum_amount(self):
        self.company.followup_min_amount = 100.01
        self._create_late(20, 100)
        self.assertEqual(self._get_status(), "with_overdue_invoices")
        self.company.followup_min_amount = 100
        self.assertEqual(self._get_status(), "in_need_of_action")

    def test_a6_minimum_days(self):
        self.company.followup_min_days = 5
        self._create_late(20)
        with self.mock_mail_gateway():
            self._open_window().action_send()
        self._create_late(3)
        self.assertEqual(self._get_status(), "with_overdue_invoices")
        self.assertEqual(
            self.customer.followup_next_reminder_date, TODAY + timedelta(days=5)
        )
        with freeze_time(TODAY + timedelta(days=5)):
            self.assertEqual(self._get_status(), "in_need_of_action")

    def test_g5_levels_that_were_used(self):
        self._create_late(20)
        with self.mock_mail_gateway():
            self._open_window().action_send()
        with self.assertRaisesRegex(UserError, "Level 1: reminders were sent"):
            self.level_1.unlink()
        self.level_1.active = False
        self.env.flush_all()
        self.level_1.copy({"delay": 1, "name": "New level 1", "active": True})
        with freeze_time(TODAY + timedelta(days=30)):
            self.assertEqual(self._get_status(), "in_need_of_action")
            self.assertEqual(
                self.customer.followup_level_id,
                self.level_2,
                "the item does not start again at the level that took the place",
            )

    def test_g5_archived_customer(self):
        """Archiving forgives nothing: the debt stays in the work-list."""
        self._create_late(20)
        self.customer.active = False
        self.assertEqual(self._get_status(), "in_need_of_action")
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertEqual(len(self._get_reminders()), 1)

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLinks(FollowupCommon):
    """Ways from the follow-ups to core's own lists, where the rest is done."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reader = cls._create_user("reader", "account.group_account_readonly")
        cls.invoice = cls._create_late(20)
        cls.coming = cls._create_late(-5)
        cls.paid = cls._create_late(25)
        cls._pay(cls.paid)
        cls.foreign = cls._create_late(20, partner=cls._create_customer("Else"))

    def _open(self, items, **context):
        """Press the button; return the invoices that the list shows."""
        items = items.with_user(self.reader).with_context(**context)
        action = items.action_view_invoices()
        self.assertEqual(action["res_model"], "account.move")
        names = [name for name in action["context"] if name.startswith("search_def")]
        moves = self.env["account.move"].search(action["domain"])
        for name in names:
            self.assertEqual(name, "search_default_open")
            moves = moves.filtered(
                lambda move: move.payment_state in ("not_paid", "partial")
            )
        return moves.filtered(lambda move: move.company_id == self.company)

    def _get_items(self, *moves):
        lines = self.env["account.move"].union(*moves)._get_followup_lines()
        return self.env["account.followup.item"].browse(lines.ids)

    def test_b1_invoices_that_were_chosen(self):
        items = self._get_items(self.invoice, self.foreign)
        self.assertEqual(self._open(items), self.invoice + self.foreign)

    def test_b1_invoices_of_the_customer(self):
        """Nothing chosen: what the customer has to pay, also of its contacts."""
        contact = self._create_customer(
            "Office", parent_id=self.customer.id, is_company=False
        )
        of_contact = self._create_late(3, partner=contact)
        action = self.customer.with_user(self.reader).action_view_followup_items()
        moves = self._open(self.env["account.followup.item"], **action["context"])
        self.assertEqual(moves, self.invoice + self.coming + of_contact)

    def test_b1_late_instalment(self):
        """Core's filter Overdue waits for the last instalment: it is not set."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Two instalments",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50}),
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": 90}
                    ),
                ],
            }
        )
        invoice = self._create_late(20, invoice_payment_term_id=term.id)
        moves = self._open(
            self.env["account.followup.item"], followup_partner_id=self.customer.id
        )
        self.assertIn(invoice, moves)

    def test_g2_links(self):
        employee = self._create_user("employee", "base.group_user")
        with self.assertRaises(AccessError):
            self._get_items(self.invoice).with_user(employee).action_view_invoices()

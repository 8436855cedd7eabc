from datetime import timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TODAY, FollowupCommon


class MemoryCommon(FollowupCommon):
    """Invoices that were reminded, and then change."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.mail"].sudo().search([]).unlink()
        cls.right = cls._create_customer("Right Ltd")
        cls.halves = cls.env["account.payment.term"].create(
            {
                "name": "Two halves",
                "line_ids": [
                    Command.create({"value_amount": 50, "nb_days": 8}),
                    Command.create({"value_amount": 50, "nb_days": 9}),
                ],
            }
        )

    def _process(self, day=TODAY):
        """Run the job and the queue of a day; return the new reminders."""
        before = self.env["account.followup.reminder"].search([])
        with freeze_time(day), self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        return (self.env["account.followup.reminder"].search([]) - before).sudo()

    def _move_to(self, invoice, customer):
        """Correct the customer of an invoice, as clerks do."""
        invoice.button_draft()
        invoice.partner_id = customer
        invoice.action_post()

    def _get_lines(self, invoice):
        return invoice._get_followup_lines().sorted("date_maturity")

    def _get_levels(self, invoice):
        """Return the levels reached by the instalments, as all places say them."""
        self.env.flush_all()
        self.env.invalidate_all()
        lines = self._get_lines(invoice)
        items = self.env["account.followup.item"].browse(lines.ids)
        levels = [line.followup_level_id for line in lines]
        self.assertEqual([item.reached_level_id for item in items], levels)
        for line, level in zip(lines, levels, strict=True):
            found = lines.search(
                [("id", "in", lines.ids), ("followup_level_id", "=", level.id)]
            )
            self.assertIn(line, found)
        highest = max(levels, key=lambda level: level.delay or -99)
        self.assertEqual(invoice.followup_level_id, highest)
        found = invoice.search(
            [("id", "=", invoice.id), ("followup_level_id", "=", highest.id)]
        )
        self.assertEqual(found, invoice)
        return levels


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestOtherCustomer(MemoryCommon):
    """Rule 4: the levels of an invoice belong to its customer, too."""

    def test_r4_the_right_customer_starts_anew(self):
        invoice = self._create_late(20)
        self.assertEqual(self._process().level_id, self.level_1)
        self._move_to(invoice, self.right)
        self.assertFalse(self._get_levels(invoice)[0])
        self.assertFalse(invoice.followup_date)
        reminder = self._process()
        self.assertEqual(reminder.partner_id, self.right)
        self.assertEqual(reminder.level_id, self.level_1)
        self.assertEqual(self._get_levels(invoice), [self.level_1])

    def test_r4_back_again_goes_on(self):
        """Who was reminded at a level is not reminded at it again."""
        invoice = self._create_late(20)
        self._process()
        self._move_to(invoice, self.right)
        self._process()
        self._move_to(invoice, self.customer)
        self.assertEqual(self._get_levels(invoice), [self.level_1])
        self.assertFalse(self._process())
        self.assertEqual(
            self._process(TODAY + timedelta(days=14)).level_id, self.level_2
        )

    def test_r4_contact_of_the_customer(self):
        """A contact of the same customer is no other customer."""
        contact = self._create_customer("Desk", parent_id=self.customer.id)
        contact.is_company = False
        invoice = self._create_late(20)
        self._process()
        self._move_to(invoice, contact)
        self.assertEqual(self._get_levels(invoice), [self.level_1])

    def test_r4_hold_and_expected_payment_stay_with_the_customer(self):
        """What was agreed with one customer does not keep another from reminders."""
        invoice = self._create_late(20)
        lines = self._get_lines(invoice)
        lines._hold_followup(
            TODAY + timedelta(days=30), "He asked", {self.company: TODAY}
        )
        lines._expect_followup_payment(
            TODAY + timedelta(days=40), "He said", {self.company: TODAY}
        )
        self._move_to(invoice, self.right)
        self.assertFalse(invoice.followup_hold_until)
        self.assertFalse(invoice.followup_hold_reason)
        self.assertFalse(invoice.expected_payment_date)
        self.assertFalse(invoice.expected_payment_note)
        texts = " ".join(invoice.message_ids.mapped("body"))
        self.assertIn("He asked", texts)
        self.assertIn("Late Ltd", texts)
        self.assertEqual(self._process().partner_id, self.right)

    def test_r4_hold_stays_in_draft_and_with_a_contact(self):
        contact = self._create_customer("Desk", parent_id=self.customer.id)
        contact.is_company = False
        invoice = self._create_late(20)
        until = TODAY + timedelta(days=30)
        self._get_lines(invoice)._hold_followup(until, "", {self.company: TODAY})
        self._move_to(invoice, contact)
        self.assertEqual(invoice.followup_hold_until, until)

    def test_r4_item_of_an_entry_gets_another_customer(self):
        line = self._create_late(20).line_ids[:1].copy_data()[0]
        account = self.company_data["default_account_receivable"]
        revenue = self.company_data["default_account_revenue"]
        line = {"partner_id": self.customer.id, "account_id": account.id}
        entry = self.env["account.move"].create(
            {
                "date": TODAY - timedelta(days=20),
                "line_ids": [
                    Command.create({**line, "debit": 50}),
                    Command.create({"account_id": revenue.id, "credit": 50}),
                ],
            }
        )
        item = self._get_lines(entry)
        item.followup_hold_until = TODAY + timedelta(days=9)
        item.partner_id = self.right
        self.assertFalse(item.followup_hold_until)

    @mute_logger("odoo.addons.base.partner.merge")
    def test_r4_both_customers_are_merged(self):
        """Both were reminded of it at a level: that is one memory, and no error."""
        invoice = self._create_late(20)
        first = self._process()
        self._move_to(invoice, self.right)
        second = self._process()
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((self.customer + self.right).ids, self.right)
        self.env.invalidate_all()
        self.assertEqual((first + second).partner_id, self.right)
        self.assertEqual((first + second).mapped("state"), ["sent", "sent"])
        self.assertEqual((first + second).line_ids.level_id, self.level_1)
        self.assertEqual(self._get_levels(invoice), [self.level_1])
        # what is told of the first message later on changes nothing
        first.delivery_ids._set_state("failed", "Bounced")
        first.delivery_ids._set_state("sent")
        self.assertEqual(self._get_levels(invoice), [self.level_1])
        self.assertFalse(self._process())

    def test_r4_queued_for_the_wrong_customer(self):
        """By hand or not: nothing about an invoice leaves to who does not owe it."""
        for number, is_manual in enumerate((True, False)):
            customer = self._create_customer(f"Wrong {number}")
            invoice = self._create_late(20, partner=customer)
            with self.mock_mail_gateway():
                if is_manual:
                    window = self._open_window(customer)
                    window.write({"do_email": True, "do_print": False})
                    window.action_send()
                    mails = self._new_mails
                    mails.state = "outgoing"
                else:
                    self._run_cron()
            reminder = self._get_reminders(customer)
            reminder.delivery_ids.sudo().state = "queued"
            self._move_to(invoice, self.right)
            with self.mock_mail_gateway():
                self._run_mail_queue()
                self.assertNotIn(customer.email, str(self._mails))
            self.assertEqual(reminder.state, "withdrawn", is_manual)

    def test_r4_failed_message_is_not_sent_again_to_the_wrong_customer(self):
        invoice = self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
        reminder = self._get_reminders().sudo()
        reminder.delivery_ids._set_state("failed", "Refused")
        self.env["mail.mail"].search([]).state = "exception"
        self._move_to(invoice, self.right)
        with self.assertRaisesRegex(UserError, "Late Ltd"):
            reminder.delivery_ids.action_retry()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestInstalments(MemoryCommon):
    """Rule 4: new instalments take over what the invoice has reached, and rests."""

    def _create_due(self, **values):
        return self._create_late(20, invoice_date=TODAY - timedelta(days=30), **values)

    def _change_term(self, invoice, term):
        invoice.button_draft()
        if term:
            invoice.invoice_payment_term_id = term
        else:
            invoice.invoice_payment_term_id = False
            invoice.invoice_date_due = TODAY - timedelta(days=19)
        invoice.action_post()

    def test_r4_one_becomes_two(self):
        invoice = self._create_due()
        self._process()
        self._change_term(invoice, self.halves)
        self.assertEqual(self._get_levels(invoice), [self.level_1, self.level_1])
        self.assertFalse(self._process(), "nothing is said twice")
        later = self._process(TODAY + timedelta(days=14))
        self.assertEqual(later.level_id, self.level_2)
        self.assertEqual(later.line_ids.level_id, self.level_2)

    def test_r4_two_become_one(self):
        invoice = self._create_due(invoice_payment_term_id=self.halves.id)
        self._process()
        self._change_term(invoice, False)
        self.assertEqual(self._get_levels(invoice), [self.level_1])
        self.assertFalse(self._process())

    def test_r4_journal_item_is_deleted_and_made_anew(self):
        """Whatever Odoo does with the lines, the invoice is the same."""
        invoice = self._create_due()
        reminder = self._process()
        invoice.button_draft()
        line = self._get_lines(invoice)
        values = line.copy_data()[0]
        invoice.with_context(
            check_move_validity=False, skip_invoice_sync=True, dynamic_unlink=True
        ).line_ids = [Command.delete(line.id), Command.create(values)]
        invoice.action_post()
        self.assertFalse(reminder.line_ids.move_line_id)
        self.assertEqual(reminder.line_ids.move_id, invoice)
        self.assertEqual(self._get_levels(invoice), [self.level_1])
        self.assertFalse(self._process())

    def test_r4_a_sibling_keeps_its_own_ladder(self):
        """An instalment that was there is not raised by one that is older."""
        term = self.halves
        term.line_ids[1].nb_days = 30
        invoice = self._create_due(invoice_payment_term_id=term.id)
        self._process()
        levels = self.env["account.followup.level"]
        self.assertEqual(self._get_levels(invoice), [self.level_1, levels])
        later = self._process(TODAY + timedelta(days=14))
        self.assertEqual(self._get_levels(invoice), [self.level_2, self.level_1])
        self.assertEqual(set(later.line_ids.level_id), {self.level_1, self.level_2})

    def test_r4_reset_and_posted_unchanged(self):
        invoice = self._create_due(invoice_payment_term_id=self.halves.id)
        self._process()
        invoice.button_draft()
        invoice.action_post()
        self.assertEqual(self._get_levels(invoice), [self.level_1, self.level_1])

    def test_r4_void_reminder_is_not_tried_again(self):
        """The new instalment was reminded at the level since: the old one is over."""
        invoice = self._create_due()
        void = self._process()
        void.delivery_ids._set_state("failed", "Bounced")
        self._change_term(invoice, self.halves)
        self._get_followup().retry_date = False
        again = self._process(TODAY + timedelta(days=1))
        self.assertEqual(again.level_id, self.level_1)
        self.assertEqual(self.env["account.followup.look"]._get_replaced(void), void)
        with self.assertRaisesRegex(UserError, "reminded again"):
            void.delivery_ids.action_retry()

    def _let_rest(self, lines, reason, **values):
        """Let items rest as people do, until a day or for good; return a dispute."""
        days = {self.company: TODAY}
        until = TODAY + timedelta(days=30)
        if reason == "excluded":
            lines._exclude_followup("Never again")
        elif reason == "hold":
            lines._hold_followup(until, "He asked", days)
        elif reason == "expected_payment":
            lines._expect_followup_payment(until, "He said", days)
        else:
            why = self.env.ref("account_payment_followup.dispute_reason_amount")
            disputes = self.env["account.followup.dispute"]
            return disputes._dispute(lines, why, days, **values)
        return None

    def _get_items(self, invoice):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["account.followup.item"].browse(self._get_lines(invoice).ids)

    def test_r4_new_instalments_rest_as_well(self):
        """Nobody has agreed that what Odoo makes anew be reminded."""
        invoices = {}
        for reason in ("excluded", "hold", "expected_payment", "dispute"):
            invoice = invoices[reason] = self._create_due()
            self._let_rest(self._get_lines(invoice), reason)
            self._change_term(invoice, self.halves)
            items = self._get_items(invoice)
            self.assertEqual(items.mapped("rest_reason"), [reason, reason])
        self.assertFalse(self._process())
        for reason, text in (
            ("excluded", "Never again"),
            ("hold", "He asked"),
            ("expected_payment", "He said"),
            ("dispute", "Wrong price or amount"),
        ):
            message = invoices[reason].message_ids.filtered(
                lambda one: "The instalments have changed" in one.body
            )
            self.assertIn(text, message.body)
        # an agreement ends on its day, for both halves
        reminder = self._process(TODAY + timedelta(days=31))
        reminded = reminder.line_ids.move_line_id
        agreed = invoices["hold"] | invoices["expected_payment"]
        self.assertEqual(reminded, agreed._get_followup_lines())

    def test_r4_new_instalments_are_promised_as_well(self):
        """Both halves keep the promise, and one alone does not."""
        invoice = self._create_due()
        self._let_rest(self._get_lines(invoice), "expected_payment")
        self._change_term(invoice, self.halves)
        lines = self._get_lines(invoice)
        promise = self.env["account.followup.promise"].search(
            [("line_ids", "in", lines.ids)]
        )
        self.assertEqual((promise.line_ids, promise.amount), (lines, 100))
        self.assertEqual(promise.state, "open")
        self._pay(invoice, 50)
        promise.invalidate_recordset()
        self.assertEqual((promise.state, promise.paid_amount), ("open", 50))
        self._pay(invoice)
        promise.invalidate_recordset()
        self.assertEqual(promise.state, "kept")

    def test_r4_excluded_with_another_day(self):
        """Odoo makes its field anew with the day; only people end an exclusion."""
        invoice = self._create_due()
        self._let_rest(self._get_lines(invoice), "excluded")
        self._change_term(invoice, False)
        item = self._get_items(invoice)
        self.assertEqual(item.due_date, TODAY - timedelta(days=19))
        self.assertEqual(item.rest_reason, "excluded")
        self.assertFalse(self._process())
        day = TODAY - timedelta(days=21)
        line = item.move_line_id
        for values in (
            {"no_followup": False, "invoice_date_due": day},
            {"line_ids": [Command.update(line.id, {"no_followup": False})]},
        ):
            invoice.line_ids.no_followup = True
            invoice.button_draft()
            invoice.write(values)
            invoice.action_post()
            self.assertFalse(self._get_items(invoice).rest_reason)

    def test_r4_what_is_left_rests_for_what_odoo_deletes(self):
        """Whichever of two instalments it was that rested: its amount still does."""
        for reason in ("excluded", "hold", "expected_payment", "dispute"):
            for index in (0, 1):
                invoice = self._create_due(invoice_payment_term_id=self.halves.id)
                self._let_rest(self._get_lines(invoice)[index], reason)
                self._change_term(invoice, False)
                items = self._get_items(invoice)
                self.assertEqual(items.mapped("rest_reason"), [reason], index)
        self.assertFalse(self._process())

    def test_r4_of_two_days_the_later_one_is_left(self):
        for index in (0, 1):
            invoice = self._create_due(invoice_payment_term_id=self.halves.id)
            late, early = self._get_lines(invoice).sorted(reverse=bool(index))
            self._let_rest(early | late, "hold")
            late.followup_hold_until = TODAY + timedelta(days=60)
            self._change_term(invoice, False)
            until = self._get_lines(invoice).followup_hold_until
            self.assertEqual(until, TODAY + timedelta(days=60), index)

    def test_r4_new_instalment_beside_one_that_did_not_rest(self):
        """What was agreed for one instalment was not agreed for a new one."""
        invoice = self._create_due(invoice_payment_term_id=self.halves.id)
        held = self._get_lines(invoice)[0]
        self._let_rest(held, "hold")
        parts = ((25, 7), (25, 8), (50, 9))
        term = self.env["account.payment.term"].create(
            {
                "name": "Three parts",
                "line_ids": [
                    Command.create({"value_amount": value, "nb_days": days})
                    for value, days in parts
                ],
            }
        )
        self._change_term(invoice, term)
        lines = self._get_lines(invoice)
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines.filtered("followup_hold_until"), held)
        reminder = self._process()
        self.assertEqual(reminder.line_ids.move_line_id, lines - held)

    def test_r4_disputed_part_stays_with_its_item(self):
        for part, claimed in ((80, 0), (30, 70)):
            invoice = self._create_due()
            dispute = self._let_rest(
                self._get_lines(invoice), "part", amount=part, is_rest_claimed=True
            )
            item = dispute.line_ids
            self._change_term(invoice, self.halves)
            reminder = self._process()
            named = reminder.line_ids.filtered(
                lambda line, invoice=invoice: line.move_id == invoice
            )
            self.assertEqual(sum(named.mapped("residual")), claimed)
            self.assertIn(item, dispute.line_ids)
            self.assertEqual(dispute.line_ids == item, claimed > 0)
            dispute._end("settled")
            self._pay(invoice)

    def test_r4_disputed_part_of_what_odoo_deletes(self):
        for index in (0, 1):
            invoice = self._create_due(invoice_payment_term_id=self.halves.id)
            line = self._get_lines(invoice)[index]
            self._let_rest(line, "part", amount=30, is_rest_claimed=True)
            self._change_term(invoice, False)
            item = self._get_items(invoice)
            self.assertEqual((item.residual, item.disputed_part), (70, 30), index)

    def test_r4_new_instalments_of_another_customer_rest_for_nothing(self):
        """But for the exclusion, which is of the document."""
        for reason in ("excluded", "hold", "expected_payment", "dispute"):
            invoice = self._create_due()
            self._let_rest(self._get_lines(invoice), reason)
            invoice.button_draft()
            invoice.write(
                {
                    "partner_id": self.right.id,
                    "invoice_payment_term_id": self.halves.id,
                }
            )
            invoice.action_post()
            rests = [reason == "excluded" and reason] * 2
            items = self._get_items(invoice)
            self.assertEqual(items.mapped("rest_reason"), rests, reason)

    def test_r4_line_added_to_an_entry_is_another_debt(self):
        """The lines of an opening entry are no instalments of one invoice."""
        account = self.company_data["default_account_receivable"]
        revenue = self.company_data["default_account_revenue"]
        line = {
            "partner_id": self.customer.id,
            "account_id": account.id,
            "date_maturity": TODAY - timedelta(days=20),
        }
        entry = self.env["account.move"].create(
            {
                "date": TODAY - timedelta(days=30),
                "line_ids": [
                    Command.create({**line, "debit": 50}),
                    Command.create({"account_id": revenue.id, "credit": 50}),
                ],
            }
        )
        entry.action_post()
        entry.line_ids.no_followup = False
        self._process()
        entry.button_draft()
        entry.line_ids = [
            Command.create({**line, "debit": 30}),
            Command.create({"account_id": revenue.id, "credit": 30}),
        ]
        entry.action_post()
        entry.line_ids.no_followup = False
        first, second = entry._get_followup_lines().sorted("id")
        self.assertEqual(first.followup_level_id, self.level_1)
        self.assertFalse(second.followup_level_id)
        reminder = self._process()
        self.assertEqual(reminder.line_ids.filtered("level_id").move_line_id, second)

from datetime import timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from .common import TODAY, FollowupCommon
from .test_page import PageCommon


def in_days(number):
    return TODAY + timedelta(days=number)


class PromiseCommon(FollowupCommon):
    """A customer with an overdue invoice of 100, who promises to pay it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(20)
        cls.line = cls._get_lines(cls.invoice)
        cls.promises = cls.env["account.followup.promise"]

    @classmethod
    def _get_lines(cls, *moves):
        return cls.env["account.move"].union(*moves)._get_followup_lines()

    def _promise(self, days=5, amount=None, lines=None, **values):
        return self._promise_parts([(in_days(days), amount)], lines, **values)

    def _promise_parts(self, parts, lines=None, day=TODAY, **values):
        lines = self.line if lines is None else lines
        values = {"origin": "clerk", **values}
        return self.promises._promise(lines, parts, {self.company: day}, **values)

    def _get_state(self, promise, day=None):
        """Return the state as it is read on a day, by the field and by a search."""
        with freeze_time(day or TODAY):
            self.env.flush_all()
            self.env.invalidate_all()
            state = promise.state
            found = self.promises.search([("state", "=", state)])
            self.assertIn(promise, found)
            self.env.invalidate_all()
        return state

    def _credit(self, amount, day=TODAY):
        """Credit a part of the invoice."""
        note = self._create_late(
            0, amount, day=day, move_type="out_refund", invoice_date=day, date=day
        )
        (self._get_lines(note) + self.line).reconcile()
        return note

    def _get_tasks(self, partner=None):
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", "res.partner"),
                ("res_id", "=", (partner or self.customer).id),
            ]
        )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPromise(PromiseCommon):
    """X7: a promise rests its items, and its state is found from the payments."""

    def test_x7_rests_and_resumes(self):
        customer = self.customer.with_company(self.company)
        self.assertEqual(customer.followup_status, "in_need_of_action")
        promise = self._promise(5, note="Ms Jones")
        self.env.invalidate_all()
        self.assertEqual(customer.followup_status, "with_overdue_invoices")
        self.assertEqual(self.line.expected_payment_date, in_days(5))
        self.assertEqual(self.line.expected_payment_note, "Ms Jones")
        self.assertEqual(customer.followup_next_reminder_date, in_days(6))
        self.assertEqual(promise.amount, 100)
        with self.mock_mail_gateway():
            with freeze_time(in_days(5)):
                self._run_cron()
                self._run_mail_queue()
            self.assertFalse(self._get_reminders())
            with freeze_time(in_days(6)):
                self._run_cron()
                self._run_mail_queue()
        self.assertEqual(self._get_reminders().level_id, self.level_1)

    def test_x7_kept(self):
        promise = self._promise(5)
        self.assertEqual(self._get_state(promise), "open")
        self._pay(self.invoice, 60, in_days(3))
        self.assertEqual(self._get_state(promise, in_days(3)), "open")
        self.assertEqual(promise.paid_amount, 60)
        self._pay(self.invoice, 40, in_days(5))
        self.assertEqual(self._get_state(promise, in_days(5)), "kept")
        self.assertEqual(self._get_state(promise, in_days(300)), "kept")

    def test_x7_partly_kept_and_broken(self):
        promise = self._promise(5)
        self.assertEqual(self._get_state(promise, in_days(7)), "open", "2 days more")
        self.assertEqual(self._get_state(promise, in_days(8)), "broken")
        self._pay(self.invoice, 60, in_days(7))
        self.assertEqual(self._get_state(promise, in_days(8)), "partly")
        self._pay(self.invoice, 40, in_days(8))
        self.assertEqual(self._get_state(promise, in_days(9)), "partly", "too late")
        self.assertEqual(promise.paid_amount, 60)

    def test_x7_tolerance(self):
        """Days and per cent of the company, as they were when it was made."""
        promise = self._promise(5)
        self.company.followup_promise_tolerance_days = 0
        self.company.followup_promise_tolerance_percent = 0
        strict = self._promise(5, lines=self._get_lines(self._create_late(20)))
        for one in promise + strict:
            self._pay(one.line_ids.move_id, 99, in_days(6))
        self.assertEqual(self._get_state(promise, in_days(8)), "kept")
        self.assertEqual(self._get_state(strict, in_days(6)), "broken")

    def test_x7_a_part_is_promised(self):
        promise = self._promise(5, 40)
        self._pay(self.invoice, 40, in_days(2))
        self.assertEqual(self._get_state(promise, in_days(2)), "kept")

    def test_x7_credit_note_does_not_keep_it(self):
        """It makes the promise smaller; when nothing is left it is no promise."""
        promise = self._promise(5)
        self._credit(70)
        self.assertEqual(self._get_state(promise, in_days(8)), "broken")
        self._pay(self.invoice, 30, in_days(5))
        self.assertEqual(self._get_state(promise, in_days(8)), "kept")
        other = self._create_late(20)
        self.line = self._get_lines(other)
        promise = self._promise(5)
        self._credit(100)
        self.assertEqual(self._get_state(promise, in_days(8)), "cancelled")

    def test_x7_write_off_does_not_keep_it(self):
        """Also one that is a part of the payment."""
        promise = self._promise(5)
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        )
        wizard.create(
            {
                "payment_date": TODAY,
                "amount": 10,
                "payment_difference_handling": "reconcile",
                "writeoff_account_id": self.company_data["default_account_expense"].id,
            }
        )._create_payments()
        self.assertFalse(self.line.amount_residual)
        self.assertEqual(self._get_state(promise, in_days(8)), "kept")
        self.assertEqual(promise.paid_amount, 10)

    def _dispute(self, amount=None, day=TODAY, is_rest_claimed=True, lines=None):
        return self.env["account.followup.dispute"]._dispute(
            self.line if lines is None else lines,
            self.env.ref("account_payment_followup.dispute_reason_amount"),
            {self.company: day},
            amount,
            is_rest_claimed=is_rest_claimed,
        )

    def _end(self, dispute, state, days):
        with freeze_time(in_days(days)):
            dispute._end(state)

    def test_x7_disputed_part_is_not_wanted(self):
        """Who has paid all that is claimed has kept the promise."""
        promise = self._promise(5)
        dispute = self._dispute(40)
        self.assertEqual(self._get_state(promise, in_days(8)), "broken")
        self._pay(self.invoice, 50, in_days(5))
        self.assertEqual(self._get_state(promise, in_days(8)), "partly")
        self._pay(self.invoice, 10, in_days(6))
        self.assertEqual(self._get_state(promise, in_days(6)), "kept")
        self.assertEqual(self._get_state(promise, in_days(8)), "kept")
        self.assertEqual(promise.paid_amount, 60)
        # the day has passed meanwhile: it was kept, and the rest is claimed by now
        self._end(dispute, "rejected", 9)
        self.assertEqual(self._get_state(promise, in_days(30)), "kept")

    def test_x7_disputed_part_without_the_rest(self):
        """Nothing of the invoice is claimed: nothing of it is wanted."""
        promise = self._promise(5)
        self._dispute(40, is_rest_claimed=False)
        self.assertEqual(self._get_state(promise, in_days(8)), "cancelled")

    def test_x7_dispute_that_ends_in_time(self):
        """The promise holds again, as it was made."""
        promise = self._promise(5)
        dispute = self._dispute(40)
        self._pay(self.invoice, 60, in_days(2))
        self.assertEqual(self._get_state(promise, in_days(2)), "kept")
        self._end(dispute, "rejected", 3)
        self.assertEqual(self._get_state(promise, in_days(3)), "open")
        self.assertEqual(self._get_state(promise, in_days(8)), "partly")

    def test_x7_dispute_of_the_whole(self):
        """It waits for the end of the dispute; after its day nothing is left of it."""
        promise = self._promise(5)
        dispute = self._dispute()
        self.assertEqual(self._get_state(promise, in_days(7)), "open")
        self.assertEqual(self._get_state(promise, in_days(8)), "cancelled")
        self._end(dispute, "rejected", 9)
        self.assertEqual(self._get_state(promise, in_days(20)), "cancelled")
        self._pay(self.invoice, day=in_days(21))
        self.assertEqual(self._get_state(promise, in_days(21)), "cancelled")

    def test_x7_dispute_of_one_of_two_invoices(self):
        other = self._create_late(10, 40)
        promise = self._promise(5, lines=self._get_lines(self.invoice, other))
        self._dispute(lines=self._get_lines(other))
        self._pay(self.invoice, 100, in_days(5))
        self.assertEqual(self._get_state(promise, in_days(8)), "kept")
        self._pay(other, 40, in_days(9))
        self.assertEqual(self._get_state(promise, in_days(9)), "kept")

    def test_x7_dispute_that_is_accepted(self):
        """The credit note is made later, and the customer has not to wait for it."""
        promise = self._promise(5)
        self._end(self._dispute(40), "accepted", 2)
        self._pay(self.invoice, 60, in_days(5))
        self.assertEqual(self._get_state(promise, in_days(8)), "kept")
        self._credit(40, in_days(9))
        self.assertEqual(self._get_state(promise, in_days(9)), "kept")
        self.assertEqual(promise.paid_amount, 60)

    def test_x7_dispute_and_a_credit_note_in_time(self):
        """What was credited is not taken off twice."""
        promise = self._promise(5)
        self._dispute(40)
        self._credit(40, in_days(1))
        self._pay(self.invoice, 50, in_days(5))
        self.assertEqual(self._get_state(promise, in_days(8)), "partly")
        self._pay(self.invoice, 10, in_days(5))
        self.assertEqual(self._get_state(promise, in_days(8)), "kept")

    def test_x7_dispute_after_it_was_broken(self):
        promise = self._promise(0)
        self._dispute(day=in_days(3))
        self.assertEqual(self._get_state(promise, in_days(4)), "broken")

    def test_x7_promise_of_what_is_in_dispute(self):
        """Who promises it all the same means it."""
        dispute = self._dispute(40)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_followup_dispute"
            " SET create_date = create_date - interval '1 hour' WHERE id = %s",
            [dispute.id],
        )
        self.env.invalidate_all()
        promise = self._promise(5, 100)
        self._pay(self.invoice, 60, in_days(5))
        self.assertEqual(self._get_state(promise, in_days(8)), "partly")

    def test_x7_dispute_and_instalments(self):
        """The later ones get smaller, as by a credit note."""
        first, last = self._promise_parts([(in_days(2), 50), (in_days(9), 50)])
        self._dispute(30)
        self._pay(self.invoice, 50, in_days(2))
        self.assertEqual(self._get_state(first, in_days(5)), "kept")
        self._pay(self.invoice, 20, in_days(9))
        self.assertEqual(self._get_state(last, in_days(12)), "kept")

    def test_x7_payment_before_it_does_not_keep_it(self):
        self._pay(self.invoice, 50, in_days(-1))
        self._match_before(self.line)
        promise = self._promise(5)
        self.assertEqual(promise.amount, 50)
        self.assertEqual(self._get_state(promise, in_days(8)), "broken")

    def test_x7_payment_under_way_keeps_it(self):
        """The bank's day is before that of the note, and it is matched after it."""
        for ago, state in ((2, "kept"), (3, "cancelled")):
            self.invoice = self._create_late(20)
            self.line = self._get_lines(self.invoice)
            promise = self._promise(5)
            self._pay(self.invoice, day=in_days(-ago))
            self.assertEqual(self._get_state(promise), state, f"{ago} days ago")

    def test_x7_payment_that_was_posted_before_keeps_it(self):
        """It was there, and nobody had matched it when the customer called."""
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.customer.id,
                "amount": 100,
                "date": in_days(-1),
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        promise = self._promise(0)
        self.assertEqual(self._get_state(promise), "open")
        (self._get_lines(payment.move_id) + self.line).reconcile()
        self.assertEqual(self._get_state(promise), "kept")
        self.assertEqual(promise.paid_amount, 100)

    def test_x7_says_to_have_paid(self):
        """Kept by what came around the day that the customer has named."""
        for ago, state in ((4, "kept"), (1, "kept"), (8, "kept"), (9, "cancelled")):
            self.invoice = self._create_late(20)
            self.line = self._get_lines(self.invoice)
            promise = self._promise(
                -1, is_payment=True, rest_until=in_days(6), origin="debtor"
            )
            self._pay(self.invoice, day=in_days(-ago))
            self.assertEqual(self._get_state(promise), state, f"{ago} days ago")
            self.assertEqual(promise.made_on, in_days(-1))

    def test_x7_payment_of_the_same_day_before_it_does_not_keep_it(self):
        self._pay(self.invoice, 60, TODAY)
        self._match_before(self.line)
        promise = self._promise(5)
        self.assertEqual(promise.amount, 40)
        self.assertEqual(self._get_state(promise), "open")
        self.assertEqual(promise.paid_amount, 0)
        self._pay(self.invoice, 40, in_days(1))
        self.assertEqual(self._get_state(promise, in_days(2)), "kept")

    def test_x7_bank_statement_keeps_it(self):
        """By the date of the entry; a payment taken back breaks the promise again."""
        promise = self._promise(5)
        statement_line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": in_days(4),
                "payment_ref": "Thanks",
                "amount": 100,
                "partner_id": self.customer.id,
            }
        )
        suspense = statement_line.move_id.line_ids.filtered("credit")
        suspense.account_id = self.line.account_id
        (suspense + self.line).reconcile()
        self.assertEqual(self._get_state(promise, in_days(8)), "kept")
        self.line.remove_move_reconcile()
        self.assertEqual(self._get_state(promise, in_days(8)), "broken")

    def _book(self, day, **debits):
        """Book a payment as a general entry; match it with the invoice.

        :param debits: amounts by name of the default account
        """
        entry = self.env["account.move"].create(
            {
                "journal_id": self.company_data["default_journal_misc"].id,
                "date": day,
                "line_ids": [
                    *(
                        Command.create(
                            {
                                "account_id": self._get_account(name).id,
                                "partner_id": self.customer.id,
                                "debit": amount,
                            }
                        )
                        for name, amount in debits.items()
                    ),
                    Command.create(
                        {
                            "account_id": self.line.account_id.id,
                            "partner_id": self.customer.id,
                            "credit": sum(debits.values()),
                        }
                    ),
                ],
            }
        )
        entry.action_post()
        credit = entry.line_ids.filtered(lambda line: line.credit)
        (credit + self.line).reconcile()

    def _get_account(self, name):
        if name == "bank":
            return self.company_data["default_journal_bank"].default_account_id
        return self.company_data[f"default_account_{name}"]

    def test_x7_general_entry_keeps_it(self):
        """Who books payments by hand has bank or cash in the entry."""
        promise = self._promise(5)
        self._book(in_days(4), bank=100)
        self.assertEqual(self._get_state(promise, in_days(8)), "kept")
        self.assertEqual(promise.paid_amount, 100)

    def test_x7_general_entry_is_money_in_part(self):
        """Only what came in: a cost beside it was not paid."""
        promise = self._promise(5)
        self._book(in_days(4), bank=40, expense=20)
        self.assertEqual(self._get_state(promise, in_days(8)), "partly")
        self.assertAlmostEqual(promise.paid_amount, 40)

    def test_x7_general_entry_without_money_keeps_nothing(self):
        promise = self._promise(5)
        self._book(in_days(4), expense=60)
        self.assertEqual(self._get_state(promise, in_days(8)), "broken")
        self.assertEqual(promise.paid_amount, 0)

    def _promise_before(self, amount=None, days=10, **values):
        """A promise for a new invoice of 100, made on the day that it is for."""
        invoice = self._create_late(20, **values)
        day = in_days(-days)
        with freeze_time(day):
            lines = self._get_lines(invoice)
            self._promise_parts([(day, amount)], lines, day)
        return invoice

    def _find_broken(self):
        """Return what both filters *Broken Promises* find: items, and customers."""
        self.env.flush_all()
        self.env.invalidate_all()
        found = []
        for model in ("account.followup.item", "account.followup.customer"):
            records = self.env[model].with_user(self.responsible)
            records = records.with_company(self.company)
            name = "is_promise_broken" if "item" in model else "promise_broken"
            mine = [("company_id", "=", self.company.id), (name, "=", True)]
            found.append(records.search(mine))
        return found[0].move_id, found[1].partner_id

    def test_x7_filter_broken(self):
        """By what the ledger says, not by the day alone."""
        names = ("Broken", "Partly", "Kept", "Tolerated", "Anew", "Excluded")
        partners = [self._create_customer(name) for name in names]
        broken, partly, kept, tolerated, anew, excluded = (
            self._promise_before(
                40 if partner.name == "Kept" else None,
                days=1 if partner.name == "Tolerated" else 10,
                partner=partner,
            )
            for partner in partners
        )
        for invoice in (partly, kept):
            self._pay(invoice, 40, in_days(-9))
        self._promise(5, lines=self._get_lines(anew))
        self._get_lines(excluded).no_followup = True
        moves, customers = self._find_broken()
        self.assertEqual(set(moves), {broken, partly})
        self.assertEqual(set(customers), set(partners[:2]))
        self.assertEqual(kept.amount_residual, 60, "promised was a part")
        with freeze_time(in_days(2)):
            moves, customers = self._find_broken()
        self.assertEqual(set(moves), {broken, partly, tolerated})

    def test_x7_cancelled_invoice(self):
        promise = self._promise(5)
        self.invoice.button_draft()
        self.invoice.button_cancel()
        self.assertEqual(self._get_state(promise, in_days(8)), "cancelled")

    def test_x7_newest_counts(self):
        first = self._promise(5)
        second = self._promise(9)
        self.assertEqual(self._get_state(first), "replaced")
        self.assertEqual(self._get_state(second), "open")
        self.assertEqual(self.line.expected_payment_date, in_days(9))

    def test_x7_newest_of_an_item(self):
        """What is promised anew leaves the older one, the rest of it goes on."""
        other = self._get_lines(self._create_late(30, 60))
        first = self._promise(5, lines=self.line + other)
        self._promise(9, lines=other)
        self.assertEqual((first.line_ids, first.amount), (self.line, 100))
        self._pay(self.invoice, day=TODAY)
        self.assertEqual(self._get_state(first), "kept")

    def test_x7_what_has_ended_is_not_replaced(self):
        first = self._promise(5)
        with freeze_time(in_days(10)):
            self._promise_parts([(in_days(20), None)], day=in_days(10))
        self.assertEqual(self._get_state(first, in_days(10)), "broken")

    def test_x7_several_currencies(self):
        """One promise for each customer and currency."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        other = self._get_lines(self._create_late(20, 80, currency_id=euro.id))
        promises = self._promise(5, lines=self.line + other)
        amounts = {one.currency_id: one.amount for one in promises}
        self.assertEqual(amounts, {self.company.currency_id: 100, euro: 80})

    def test_x7_cancel(self):
        promise = self._promise(5)
        promise.with_user(self.responsible).action_cancel()
        self.assertEqual(self._get_state(promise), "cancelled")
        self.assertFalse(self.line.expected_payment_date)
        self.assertIn("Promise to pay cancelled", self.customer.message_ids[0].body)

    def test_x7_too_much(self):
        with self.assertRaisesRegex(UserError, r"is more than the .*100.00 that is"):
            self._promise(5, 100.01)
        with self.assertRaisesRegex(UserError, "that day has passed"):
            self._promise(-1)

    def test_x7_chatter(self):
        self._promise(5, note="Ms Jones")
        body = self.customer.message_ids[0].body
        for text in ("100.00 by 05/20/2024", self.invoice.name, "Ms Jones"):
            self.assertIn(text, body.replace("\xa0", " "))

    def test_x7_another_customer(self):
        """Promised by the former one: it ends with the agreement."""
        promise = self._promise(5)
        self.invoice.button_draft()
        self.invoice.partner_id = self._create_customer("Other")
        self.invoice.action_post()
        self.assertEqual(self._get_state(promise), "cancelled")

    @mute_logger("odoo.addons.base.partner.merge")
    def test_x7_merge(self):
        promise = self._promise(5)
        kept = self._create_customer("Kept")
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((kept + self.customer).ids, kept)
        self.env.invalidate_all()
        self.assertEqual(promise.partner_id, kept)
        self.assertEqual(self._get_state(promise), "open")
        self._pay(self.invoice, day=TODAY)
        self.assertEqual(self._get_state(promise), "kept")

    def test_x7_lists_group_by_state(self):
        self._promise(5)
        kept = self._create_late(20)
        self._promise(5, lines=self._get_lines(kept))
        self._pay(kept, day=TODAY)
        self.env.flush_all()
        groups = self.promises._read_group(
            [("partner_id", "=", self.customer.id)], ["state"], ["amount:sum"]
        )
        self.assertEqual(sorted(groups), [("kept", 100.0), ("open", 100.0)])

    def test_x7_lists_have_no_sum(self):
        """Who promises anew promises the same debt once more."""
        arch = self.promises.get_views([(False, "list")])["views"]["list"]["arch"]
        self.assertIn('name="amount"', arch)
        self.assertNotIn("sum=", arch)
        amount = self.promises.fields_get(["amount"])["amount"]
        self.assertFalse(amount.get("aggregator"))

    def test_x7_paying_costs_no_query_more(self):
        def count():
            invoice = self._create_late(20)
            self.env.flush_all()
            start = self.env.cr.sql_log_count
            self._pay(invoice, day=TODAY)
            self.env.flush_all()
            return self.env.cr.sql_log_count - start

        count()
        before = count()
        for _number in range(3):
            self._promise(5, lines=self._get_lines(self._create_late(20)))
        self.assertEqual(count(), before)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPromiseByHand(PromiseCommon):
    """X7: the expected payment date made by hand is a promise, too."""

    def _get_promises(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        return self.promises.search([("partner_id", "=", self.customer.id)])

    def test_x7_date_on_the_invoice(self):
        self.invoice.expected_payment_date = in_days(5)
        self.invoice.expected_payment_note = "By e-mail"
        promise = self._get_promises()
        self.assertEqual(promise.line_ids, self.line)
        self.assertEqual(
            (promise.date, promise.amount, promise.origin, promise.note),
            (in_days(5), 100, "clerk", "By e-mail"),
        )
        self.line.expected_payment_date = in_days(7)
        promises = self._get_promises()
        self.assertEqual(len(promises), 2)
        self.assertEqual(self._get_state(promise), "replaced")
        self.line.expected_payment_date = False
        self.assertEqual(
            set(self._get_promises().mapped("state")), {"replaced", "cancelled"}
        )

    def test_x7_resume_ends_it(self):
        promise = self._promise(5)
        self.line.with_user(self.responsible).action_followup_resume()
        self.assertEqual(self._get_state(promise), "cancelled")

    def test_x7_a_day_in_the_past_is_no_promise(self):
        self.line.expected_payment_date = in_days(-3)
        self.assertFalse(self._get_promises())

    def test_x7_window_hold(self):
        self.line._expect_followup_payment(in_days(4), "", {self.company: TODAY})
        promise = self._get_promises()
        self.assertEqual((promise.date, promise.origin), (in_days(4), "clerk"))

    def test_x7_call(self):
        self.env["account.followup.call"]._log_call(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "date": TODAY,
                "outcome": "promise",
                "promised_date": in_days(4),
                "note": "Next week",
                "line_ids": [Command.set(self.line.ids)],
            },
            TODAY,
        )
        promise = self._get_promises()
        self.assertEqual(
            (promise.date, promise.origin, promise.note, promise.user_id),
            (in_days(4), "call", "Next week", self.env.user),
        )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPromiseRun(PromiseCommon):
    """X7: one task for a broken promise; instalments one after the other."""

    def _run(self, day):
        with freeze_time(day), self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()

    def test_x7_one_task(self):
        self._promise(5)
        for day in (5, 7):
            self._run(in_days(day))
        self.assertFalse(self._get_tasks(), "it may still arrive")
        for day in (8, 9, 30):
            self._run(in_days(day))
        (task,) = self._get_tasks()
        self.assertEqual(task.summary, "A promise to pay was broken")
        self.assertEqual(task.user_id, self.responsible)
        self.assertEqual(task.date_deadline, in_days(8))
        self.assertIn(self.invoice.name, task.note)

    def test_x7_payment_taken_back(self):
        """A direct debit comes back: the promise that was kept is broken, once."""
        promise = self._promise(5)
        self._pay(self.invoice, day=in_days(5))
        self._run(in_days(9))
        self.assertFalse(self._get_tasks())
        self.line.remove_move_reconcile()
        self._run(in_days(30))
        self._run(in_days(31))
        self.assertEqual(self._get_state(promise, in_days(31)), "broken")
        self.assertEqual(len(self._get_tasks()), 1)

    def test_x7_automatic_off(self):
        """The task comes, whether reminders are automatic or not."""
        self.company.followup_automatic = False
        self._promise(5)
        self._run(in_days(8))
        self.assertEqual(len(self._get_tasks()), 1)

    def test_x7_instalments(self):
        parts = [(in_days(5), 40), (in_days(12), 40), (in_days(19), 20)]
        first, second, third = self._promise_parts(parts)
        self.assertEqual(self.line.expected_payment_date, in_days(5))
        self._pay(self.invoice, 40, in_days(5))
        self._run(in_days(6))
        self.assertEqual(self.line.expected_payment_date, in_days(12))
        self.assertEqual(self._get_state(first, in_days(6)), "kept")
        self.assertEqual(self._get_state(second, in_days(6)), "open")
        self._pay(self.invoice, 30, in_days(12))
        self._run(in_days(15))
        self.assertEqual(self.line.expected_payment_date, in_days(12), "it resumes")
        self.assertEqual(self._get_state(second, in_days(15)), "partly")
        self.assertEqual(second.paid_amount, 30)
        self._pay(self.invoice, 30, in_days(19))
        self.assertEqual(self._get_state(third, in_days(23)), "kept")
        self.assertEqual(len(self._get_tasks()), 1)

    def test_x7_broken_instalments_are_told_once(self):
        """The plan is broken: that each later one is, too, is no news."""
        parts = [(in_days(5), 40), (in_days(12), 40), (in_days(19), 20)]
        promises = self._promise_parts(parts)
        other = self._get_lines(self._create_late(30, 60))
        self._promise(12, lines=other)
        for day in (8, 9, 15, 16, 22, 23):
            self._run(in_days(day))
        tasks = self._get_tasks().filtered(
            lambda task: task.summary == "A promise to pay was broken"
        )
        self.assertEqual(len(tasks), 2, "of the plan, and of the other promise")
        days = promises.sorted("date").mapped("told_on")
        self.assertEqual(days, [in_days(8), in_days(15), in_days(22)])

    def test_x7_broken_instalments_at_once(self):
        """The run was off for long: the first one of them is told of."""
        parts = [(in_days(5), 40), (in_days(12), 60)]
        self._promise_parts(parts)
        self._run(in_days(30))
        (task,) = self._get_tasks()
        self.assertIn("40.00", task.note.replace("\xa0", " "))

    def test_x7_instalments_are_replaced_together(self):
        parts = [(in_days(5), 40), (in_days(12), 60)]
        old = self._promise_parts(parts)
        self._promise(3)
        self.assertEqual({self._get_state(one) for one in old}, {"replaced"})

    def test_x7_cancelling_one_instalment_ends_all(self):
        parts = [(in_days(5), 40), (in_days(12), 60)]
        promises = self._promise_parts(parts)
        promises[1].action_cancel()
        self.assertEqual({self._get_state(one) for one in promises}, {"cancelled"})
        self.assertFalse(self.line.expected_payment_date)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPromiseWindow(PromiseCommon):
    """X7: the window Promise, of a customer, a row of the work-list and items."""

    def _open(self, records, user=None):
        user = user or self.responsible
        action = records.with_user(user).with_company(self.company)
        action = action.action_promise_followup()
        window = self.env[action["res_model"]].with_user(user)
        return Form(window.with_context(**action["context"]))

    def test_x7_window(self):
        self._create_late(-5, 70)  # not due yet
        form = self._open(self.customer)
        self.assertEqual(form.amount, 100)
        form.date = in_days(5)
        form.note = "Ms\nJones"
        window = form.save()
        window.action_promise()
        promise = window.promise_id
        window.action_promise()  # a second click
        self.assertEqual(self.promises.search([]), promise)
        self.assertEqual(
            (promise.date, promise.amount, promise.user_id, promise.note),
            (in_days(5), 100, self.responsible, "Ms Jones"),
        )

    def test_x7_window_proposes_nothing_in_dispute(self):
        disputed = self._create_late(30, 70)._get_followup_lines()
        reason = self.env["account.followup.dispute.reason"]._get_reason()
        disputes = self.env["account.followup.dispute"]
        disputes._dispute(disputed, reason, {self.company: TODAY})
        self.assertEqual(self._open(self.customer).amount, 100)

    def test_x7_window_from_the_lists(self):
        other = self._create_late(30, 70)
        items = self.env["account.followup.item"].search([("move_id", "=", other.id)])
        self.assertEqual(self._open(items).amount, 70)
        rows = self.env["account.followup.customer"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(self._open(rows).amount, 170)

    def test_x7_window_with_instalments(self):
        form = self._open(self.customer)
        form.date = in_days(5)
        form.instalment_count = 3
        parts = [(part["date"], part["amount"]) for part in form.part_ids._records]
        self.assertEqual([amount for _day, amount in parts], [33.33, 33.33, 33.34])
        self.assertEqual(str(parts[1][0]), "2024-06-20")
        with form.part_ids.edit(0) as part:
            part.amount = 50
        window = form.save()
        with self.assertRaisesRegex(UserError, "are .*116.67 together, but .*100.00"):
            window.action_promise()
        window.part_ids[1].amount = 16.66
        window.action_promise()
        promises = window.promise_id._get_instalments().sorted("date")
        self.assertEqual(promises.mapped("amount"), [50, 16.66, 33.34])

    def test_x7_window_says_what_is_missing(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        other = self._create_late(20, 80, currency_id=euro.id)
        wizard = self.env["account.followup.promise.wizard"]
        for lines, day, text in (
            (self._get_lines(self.invoice, other), in_days(5), "about .*EUR"),
            (self.line.browse(), in_days(5), "Choose the invoices that Late Ltd"),
            (self.line, False, "Enter the day on which Late Ltd will pay"),
            (self.line, in_days(-1), "that day has passed"),
        ):
            window = wizard.create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "line_ids": [Command.set(lines.ids)],
                    "date": day,
                    "amount": 10,
                }
            )
            with self.subTest(text=text), self.assertRaisesRegex(UserError, text):
                window.action_promise()

    def test_x7_g2_readers_see_it(self):
        reader = self._create_user("reader", "account.group_account_readonly")
        promise = self._promise(5)
        self.assertEqual(promise.with_user(reader).state, "open")
        with self.assertRaises(AccessError):
            promise.with_user(reader).action_cancel()
        customer = self.customer.with_user(reader).with_company(self.company)
        self.assertEqual(customer.followup_promise_count, 1)
        text = customer.followup_promise_text.replace("\xa0", " ")
        self.assertEqual(text, "$ 100.00 by 05/20/2024")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPromisePage(PageCommon):
    """X7: what a customer promises alone is limited, and counted."""

    def _get_promises(self):
        return self.env["account.followup.promise"].search(
            [("partner_id", "=", self.customer.id)], order="id"
        )

    def test_x7_page_promise(self):
        self._answer("promise", date="2024-05-20", text="As soon as I can")
        promise = self._get_promises()
        self.assertEqual(
            (promise.origin, str(promise.date), promise.amount, promise.user_id.id),
            ("debtor", "2024-05-20", 100, False),
        )

    def test_x7_page_paid(self):
        """The day is past, and the money has a time of its own to arrive."""
        self._answer("paid", date="2024-05-13", amount="60.5", reference="SEPA 1")
        promise = self._get_promises()
        self.assertEqual(
            (str(promise.date), str(promise.rest_until), promise.amount, promise.note),
            ("2024-05-13", "2024-05-22", 60.5, "SEPA 1"),
        )
        self.assertTrue(promise.is_payment)
        self.assertEqual(promise.state, "open")
        self._pay(self.invoice, 60.5, TODAY - timedelta(days=1))
        self.env.invalidate_all()
        self.assertEqual(promise.state, "kept", "of the day before it was said")

    def test_x7_page_paid_and_nothing_came(self):
        self._answer("paid", date="2024-05-13")
        with freeze_time("2024-05-23"):
            self.env.invalidate_all()
            self.assertEqual(self._get_promises().state, "broken")

    def test_x7_page_paid_rests_once(self):
        """Until the next reminder, as a promise: nobody puts off for ever."""
        self._answer("paid", date="2024-05-13")
        with freeze_time("2024-05-20"):
            self._answer("paid", date="2024-05-13")
        self.assertEqual(
            str(self._get_line(self.invoice).expected_payment_date), "2024-05-22"
        )
        self.assertEqual(len(self._get_promises()), 1)

    def test_x7_page_paid_after_a_promise_rests_once(self):
        """Who pays on the day promised is not reminded while the money comes."""
        self._answer("promise", date="2024-05-20")
        line = self._get_line(self.invoice)
        for day, until, limit in (
            ("2024-05-20", "2024-05-27", None),
            ("2024-05-24", "2024-05-27", "Does not rest longer: announced before"),
            ("2024-05-28", "2024-05-27", "Does not rest: announced before"),
            ("2024-05-29", "2024-06-05", None),
        ):
            with self.subTest(day=day), freeze_time(day):
                if day == "2024-05-29":
                    self.reminder.sudo().date = day
                self._answer("paid", date="2024-05-20")
                self.assertEqual(str(line.expected_payment_date), until)
                note = self._get_tasks()[-1].note
                self.assertIn(limit or "Paid on", note)
                self.assertEqual("Does not rest" in note, bool(limit))
        self.assertEqual(
            self._get_promises().mapped("ended"), ["replaced", False, False]
        )

    def test_x7_page_third_promise_does_not_rest(self):
        """Two were broken: the third one is told, and stops nothing."""
        for day in ("2024-05-17", "2024-05-27", "2024-06-06"):
            with freeze_time(day):
                if day != "2024-05-17":
                    self.reminder.sudo().date = day  # the last one
                self._answer("promise", date=day)
        self.assertEqual(
            self._get_promises().mapped(lambda one: str(one.date)),
            ["2024-05-17", "2024-05-27"],
        )
        line = self._get_line(self.invoice)
        self.assertEqual(str(line.expected_payment_date), "2024-05-27")
        self.assertEqual(len(self._get_tasks()), 3)
        self.assertIn("promised before and not paid", self._get_tasks()[-1].note)

    def test_x7_page_the_next_one_replaces_no_late_one(self):
        """Within the days of tolerance, too: it is counted when nothing comes."""
        self._answer("promise", date="2024-05-17")
        with freeze_time("2024-05-18"):
            self.reminder.sudo().date = "2024-05-18"
            self._answer("promise", date="2024-05-27")
        with freeze_time("2024-05-20"):
            self.env.invalidate_all()
            states = self._get_promises().mapped("state")
        self.assertEqual(states, ["broken", "open"])


@tagged("post_install", "-at_install")
class TestPromiseTour(FollowupCommon, HttpCase):
    """X7: from the customer to the promise, in a browser."""

    def test_x7_tour(self):
        today = self._get_real_today()
        self.level_1.name = "Friendly Reminder"
        self._create_late(20, day=today)
        person = self._create_user("person", "account.group_account_invoice")
        person.password = person.login
        self.start_tour("/odoo", "account_followup_promise", login=person.login)
        promises = self.env["account.followup.promise"].search([])
        self.assertEqual(promises.mapped("amount"), [40, 60], "the last day first")
        self.assertEqual(set(promises.mapped("state")), {"cancelled"})

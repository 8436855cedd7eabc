from datetime import datetime, time, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.base.tests.test_ir_cron import CronMixinCase
from odoo.addons.mail.models.mail_mail import MailMail

from .common import TODAY, FollowupCommon
from .iap_common import IapCommon

CRON = "account_payment_followup.ir_cron_process_followups"


class LookCommon(FollowupCommon):
    """What a customer does while a reminder waits, or after it has failed."""

    def _get_answers(self):
        """Return [(part of the reason, what a customer does with an invoice)]."""
        days, until = {self.company: TODAY}, TODAY + timedelta(days=5)
        wrong = self.env.ref("account_payment_followup.dispute_reason_amount")
        disputes = self.env["account.followup.dispute"]
        promises = self.env["account.followup.promise"]

        def dispute(invoice):
            lines = invoice._get_followup_lines()
            return disputes._dispute(lines, wrong, days, origin="debtor")

        def accept(invoice):
            dispute(invoice).action_accept()

        def promise(invoice):
            lines = invoice._get_followup_lines()
            promises._promise(lines, [(until, None)], days, origin="debtor")

        return [
            ("An online payment", lambda one: self._pay_online(one, "pending")),
            ("An online payment", lambda one: self._pay_online(one, "done")),
            ("A dispute was opened", dispute),
            ("A dispute was opened", accept),
            ("A payment was announced", promise),
        ]

    def _make_earlier(self, reminder):
        """Let it be of yesterday: in a test all is of one moment."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_followup_reminder SET create_date = %s WHERE id = %s",
            [TODAY - timedelta(days=1), reminder.id],
        )
        self.env.invalidate_all()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLastLook(LookCommon, CronMixinCase):
    """Promise 2: a message leaves only if the rule would make its reminder now."""

    def _ask_rule(self, without):
        """Return status and level due, and the reached levels of the items."""
        days = {self.company: TODAY}
        customers = self.env["account.followup.customer"]
        (row,) = customers._get_rows(days, self.customer, without=without)
        rows = self.env["account.followup.item"]._get_rows(
            days, self.customer, without=without
        )
        reached = [row["reached_level_id"] for row in rows]
        return row["status"], row["level_id"], reached

    def test_rule_without_some_reminders(self):
        """The rule can be asked as if a reminder had not been made."""
        self.company.followup_min_days = 10
        self._create_late(20)
        followup = self._get_followup()
        first = followup._process(TODAY)["done"]
        level_1 = self.level_1.id
        self.assertEqual(
            self._ask_rule(first.browse()),
            ("with_overdue_invoices", level_1, [level_1]),
        )
        self.assertEqual(
            self._ask_rule(first), ("in_need_of_action", level_1, [None]), "no gap, too"
        )
        self.company.followup_min_days = 0
        second = self._open_window()
        second.action_send()
        self.company.followup_min_days = 10
        status, _level, _reached = self._ask_rule(first)
        self.assertEqual(status, "with_overdue_invoices", "the other one counts")
        self.assertEqual(
            self._ask_rule(first + second.reminder_id),
            ("in_need_of_action", level_1, [None]),
        )

    # ------------------------------------------------------------------
    # What the run has made
    # ------------------------------------------------------------------

    def _queue(self, partner=None, **values):
        """Make a reminder as the scheduled action does; return it, still queued."""
        self._run_cron()
        reminder = self._get_reminders(partner)[-1]
        self.assertEqual(reminder.state, "queued")
        return reminder

    def _leave(self):
        """Run the mail queue; return how many e-mails left."""
        with self.mock_mail_gateway():
            self._run_mail_queue()
            return len(self._mails)

    def _assert_withdrawn(self, reminder, reason):
        with self.capture_triggers(CRON) as captured:
            self.assertEqual(self._leave(), 0)
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn(reason, reminder.failure_reason)
        self.assertFalse(any(reminder.line_ids.mapped("is_standing")))
        self.assertFalse(self.customer.activity_ids, "nothing is left to do")
        self.assertTrue(captured.records, "the rule decides anew at once")
        self.assertFalse(self._get_followup().retry_date)

    def test_s1_1_the_larger_invoice_is_paid(self):
        """Nobody reads that 9,000 are overdue which he has paid."""
        large, small = self._create_late(20, 9000), self._create_late(20, 50)
        reminder = self._queue()
        self._pay(large)
        self._assert_withdrawn(reminder, f"{large.name} is settled")
        self.assertFalse(small.followup_level_id)
        anew = self._queue()
        self.assertEqual(self._leave(), 1)
        self.assertEqual(anew.state, "sent")
        self.assertEqual(anew.amount_overdue, 50)
        self.assertEqual(anew.line_ids.move_id, small)

    def test_s1_1_partly_paid(self):
        invoice = self._create_late(20, 100)
        reminder = self._queue()
        self._pay(invoice, 60)
        self._assert_withdrawn(reminder, f"open amount of {invoice.name} has changed")
        self.assertEqual(self._queue().amount_overdue, 40)
        self.assertEqual(self._leave(), 1)

    def test_s1_1_a_credit_came_in(self):
        """A payment that nobody has matched yet is deducted in the next one."""
        self._create_late(20, 100)
        reminder = self._queue()
        credit = self._create_late(0, 30, move_type="out_refund")
        self._assert_withdrawn(reminder, f"came in: {credit.name}")
        self.assertEqual(self._queue().amount_overdue, 70)
        self.assertEqual(self._leave(), 1)

    def test_s1_1_a_credit_in_another_currency(self):
        """It is named in the next one, and pays nothing of what is claimed there."""
        euro = self.setup_other_currency("EUR", rates=[("2024-01-01", 0.5)])
        dollar = self.company.currency_id
        for claimed, credited in ((dollar, euro), (euro, dollar)):
            partner = self._create_customer(f"Claimed {claimed.name}")
            self._create_late(20, 100, partner, currency_id=claimed.id)
            with self.subTest(claimed=claimed.name):
                reminder = self._queue(partner)
                credit = self._create_late(
                    0, 900, partner, move_type="out_refund", currency_id=credited.id
                )
                self._leave()
                self.assertEqual(reminder.state, "withdrawn")
                self.assertIn(f"came in: {credit.name}", reminder.failure_reason)
                anew = self._queue(partner)
                self.assertEqual(self._leave(), 1, "the claim is as it was")
                self.assertEqual(anew.state, "sent")
                self.assertEqual(anew.amount_overdue, reminder.amount_overdue)
                self.assertEqual(
                    anew.line_ids.mapped(
                        lambda line: (line.currency_id, line.residual)
                    ),
                    [(claimed, 100), (credited, -900)],
                )

    def test_s1_1_a_credit_as_large_as_the_claim(self):
        """In the currency of the claim: nothing is left to remind of."""
        euro = self.setup_other_currency("EUR", rates=[("2024-01-01", 0.5)])
        self._create_late(20, 100, currency_id=euro.id)
        reminder = self._queue()
        credit = self._create_late(0, 100, move_type="out_refund", currency_id=euro.id)
        self._assert_withdrawn(reminder, f"came in: {credit.name}")
        self._run_cron()
        self.assertEqual(self._leave(), 0)
        self.assertEqual(self._get_reminders(), reminder, "and none is made anew")

    def test_one_of_several_rests(self):
        changes = {
            "Excluded": {"no_followup": True},
            "On hold": {"followup_hold_until": TODAY},
            "Payment expected": {"expected_payment_date": TODAY},
        }
        for reason, values in changes.items():
            partner = self._create_customer(f"Rests {reason}")
            invoice = self._create_late(20, partner=partner)
            self._create_late(20, partner=partner)
            with self.subTest(reason):
                reminder = self._queue(partner)
                invoice.write(values)
                self._leave()
                self.assertEqual(reminder.state, "withdrawn")
                self.assertIn("It rests: ", reminder.failure_reason)
                self.assertIn(f"({reason})", reminder.failure_reason)

    def test_s1_3_switches(self):
        """The emergency brake of somebody who sees a flood begin."""

        def switch(name, value):
            return lambda customer: setattr(self.company, name, value)

        def change(name, value):
            return lambda customer: setattr(customer, name, value)

        cases = (
            (switch("followup_automatic", False), "Automatic reminders are switched"),
            (switch("followup_enabled", False), "follow-ups were switched off"),
            (change("followup_reminder_type", "manual"), "are manual"),
            (change("followup_excluded", True), "is excluded"),
            (
                change("followup_next_reminder_date", TODAY + timedelta(days=1)),
                "was set to",
            ),
            (lambda customer: self.level_1.write({"is_automatic": False}), "level is"),
            (lambda customer: self.level_1.write({"active": False}), "Another level"),
        )
        for number, (brake, reason) in enumerate(cases):
            partner = self._create_customer(f"Braked {number}")
            self._create_late(20, partner=partner)
            with self.subTest(reason):
                reminder = self._queue(partner)
                brake(partner.with_company(self.company))
                self._leave()
                self.assertEqual(reminder.state, "withdrawn")
                self.assertIn(reason, reminder.failure_reason)
                self.company.followup_automatic = self.company.followup_enabled = True
                self.level_1.write({"is_automatic": True, "active": True})

    def test_from_a_list_asks_the_rule_but_not_the_automatic(self):
        """Who has chosen the customers needs no switch; what is settled is settled."""
        others = [self._create_customer(f"Chosen {number}") for number in range(2)]
        invoices = [self._create_late(20, partner=partner) for partner in others]
        cases = [self._get_followup(partner) for partner in others]
        for case in cases:
            case._process(TODAY, trigger="mass")
        self.company.followup_automatic = False
        cases[0].reminder_type = "manual"
        self._pay(invoices[1])
        self.assertEqual(self._leave(), 1)
        states = [self._get_reminders(partner).state for partner in others]
        self.assertEqual(states, ["sent", "withdrawn"])

    def test_s1_2_too_old(self):
        """A day in the queue is usual; more than the gap is not."""
        self.company.followup_min_days = 3
        self._create_late(20)
        reminder = self._queue()
        with freeze_time(TODAY + timedelta(days=4)):
            self.env.invalidate_all()
            self._assert_withdrawn(reminder, "waited in the queue for too long")
            self._queue()
            self.assertEqual(self._leave(), 1)

    def test_its_last_day_to_pay_has_passed(self):
        """Nobody is asked on the 21st to pay by the 20th: he gets another day."""
        self.company.followup_min_days = 10
        self.levels.payment_days = 5
        self._create_late(20)
        reminder = self._queue()
        with freeze_time(TODAY + timedelta(days=6)):
            self.env.invalidate_all()
            self._assert_withdrawn(reminder, "Its last day to pay has passed: 05/20")
            anew = self._queue()
            self.assertEqual(anew.payment_deadline, TODAY + timedelta(days=11))
            self.assertEqual(self._leave(), 1)
            self.assertEqual(anew.state, "sent")

    def test_on_its_last_day_to_pay(self):
        self.company.followup_min_days = 10
        self.levels.payment_days = 5
        self._create_late(20)
        reminder = self._queue()
        with freeze_time(TODAY + timedelta(days=5)):
            self.env.invalidate_all()
            self.assertEqual(self._leave(), 1)
            self.assertEqual(reminder.state, "sent")

    def _queue_until_next_level(self, catch_up):
        """Queue a reminder at the first level, within a long gap; return it."""
        self.company.followup_min_days = 60
        self.company.followup_catch_up = catch_up
        self._create_late(0)
        with freeze_time(TODAY + timedelta(days=2)):
            self.env.invalidate_all()
            reminder = self._queue()
        self.assertEqual(reminder.level_id, self.level_1)
        return reminder

    def test_level_of_today(self):
        """Of the age of the next level by now: one at that level leaves instead."""
        reminder = self._queue_until_next_level("jump")
        with freeze_time(TODAY + timedelta(days=16)):
            self.env.invalidate_all()
            self._assert_withdrawn(reminder, "Another level is due now: Level 15.")
            anew = self._queue()
            self.assertEqual(anew.level_id, self.level_2)
            self.assertEqual(self._leave(), 1)
            self.assertEqual(anew.state, "sent")

    def test_level_of_today_step_by_step(self):
        """As old, but the next level comes only after this one: it leaves."""
        reminder = self._queue_until_next_level("step")
        with freeze_time(TODAY + timedelta(days=16)):
            self.env.invalidate_all()
            self.assertEqual(self._leave(), 1)
            self.assertEqual(reminder.state, "sent")
            self.assertEqual(reminder.line_ids.level_id, self.level_1)

    def test_gap_and_level_count_from_the_day_it_left(self):
        self.company.followup_min_days = 3
        invoice = self._create_late(20)
        reminder = self._queue()
        with freeze_time(TODAY + timedelta(days=3)):
            self.env.invalidate_all()
            self.assertEqual(self._leave(), 1)
            self.assertEqual(reminder.date, TODAY + timedelta(days=3))
            self.assertEqual(invoice.followup_date, TODAY + timedelta(days=3))
        for days, count in ((16, 1), (17, 2)):
            with freeze_time(TODAY + timedelta(days=days)):
                self.env.invalidate_all()
                self._run_cron()
                self.assertEqual(len(self._get_reminders()), count)

    def test_the_day_it_left_is_the_company_s(self):
        """Before midnight at the server it is the next day already in Brussels."""
        self.company.partner_id.tz = "Europe/Brussels"
        self._create_late(20)
        evening = datetime.combine(TODAY, time(20))
        with freeze_time(evening):
            reminder = self._queue()
            self.assertEqual(reminder.date, TODAY)
        with freeze_time(evening + timedelta(hours=3)):
            self.env.invalidate_all()
            self.assertEqual(self._leave(), 1)
            self.assertEqual(reminder.date, TODAY + timedelta(days=1))
        with freeze_time(evening + timedelta(days=3)):  # a sweep changes nothing of it
            self.env.invalidate_all()
            self._run_cron()
            self.assertEqual(reminder.date, TODAY + timedelta(days=1))

    def test_queued_while_the_clock_was_ahead(self):
        """It is dated on the day on which it leaves, and counts as of it."""
        self.company.followup_min_days = 3
        invoice = self._create_late(20)
        with freeze_time(TODAY + timedelta(days=365)):
            reminder = self._queue()
        self._run_cron()
        self.assertEqual(reminder.noticed_date, TODAY)
        with freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            self.assertEqual(self._leave(), 1)
            self.assertEqual(reminder.date, TODAY + timedelta(days=1))
            self.assertFalse(reminder.noticed_date)
            self.assertEqual(invoice.followup_date, TODAY + timedelta(days=1))

    def test_cost_of_ten_reminders(self):
        """The rule is asked for ten of them together: in two queries each."""
        counts = []
        mails = self.env.registry["mail.mail"]
        look = mails._look_again

        def count(mails, by_message):
            before = self.env.cr.sql_log_count
            result = look(mails, by_message)
            counts.append((len(mails), self.env.cr.sql_log_count - before))
            return result

        partners = [self._create_customer(f"Look {number}") for number in range(20)]
        for partner in partners:
            self._create_late(20, partner=partner)
        self._run_cron()
        with patch.object(mails, "_look_again", count):
            self.assertEqual(self._leave(), 20)
        self.assertEqual([number for number, _queries in counts], [10, 10])
        self.assertLessEqual(max(queries for _number, queries in counts), 20)

    def _change_between_two(self, change):
        """Return the states of two reminders, when ``change`` comes between them."""
        partners = [self._create_customer(f"Next {number}") for number in range(2)]
        invoices = [self._create_late(20, partner=partner) for partner in partners]
        self._run_cron()
        reminders = self._get_reminders(partners[0]) + self._get_reminders(partners[1])
        send, changed = MailMail._send, []

        def send_and_change(mails, *args, **kwargs):
            result = send(mails, *args, **kwargs)
            if not changed:
                # a savepoint writes as another transaction does
                with self.env.cr.savepoint():
                    for invoice in invoices:
                        change(invoice)
                    changed.append(True)
            return result

        with patch.object(MailMail, "_send", send_and_change):
            self.assertEqual(self._leave(), 1)
        return set(reminders.mapped("state"))

    def test_between_two_emails(self):
        """What happens when the one before has left counts, too."""
        for change in (
            lambda invoice: invoice.action_toggle_block_payment(),
            lambda invoice: self._pay_online(invoice, "pending"),
            lambda invoice: invoice.line_ids.write({"followup_hold_until": TODAY}),
            lambda invoice: self._create_late(
                0, 100, partner=invoice.partner_id, move_type="out_refund"
            ),
            lambda invoice: self.level_1.write({"is_automatic": False}),
        ):
            states = self._change_between_two(change)
            self.assertEqual(states, {"sent", "withdrawn"})

    def test_not_for_ever_on_one_day(self):
        """Whatever it is that changes all day long: tomorrow is another day."""
        invoice = self._create_late(20, 100)
        for _time in range(4):
            self._run_cron()
            self._pay(invoice, 10)
            self._leave()
            self._run_cron()
        reminders = self._get_reminders()
        self.assertEqual(reminders.mapped("state"), ["withdrawn"] * 3)
        with freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            self._queue()
            self.assertEqual(self._leave(), 1)

    def test_queue_stands_still_for_weeks(self):
        """All levels automatic: exactly one current reminder leaves, and it counts."""
        self._create_late(2)
        for day in range(42):
            with freeze_time(TODAY + timedelta(days=day)):
                self.env.invalidate_all()
                self._run_cron()
        self.assertEqual(len(self._get_reminders()), 1, "while one is queued, no more")
        with freeze_time(TODAY + timedelta(days=42)):
            self.env.invalidate_all()
            self.assertEqual(self._leave(), 0)
            for _run in range(3):
                self._run_cron()
                self._leave()
        states = self._get_reminders().mapped("state")
        self.assertEqual(states, ["withdrawn", "sent"])
        self.assertEqual(self._get_reminders()[-1].date, TODAY + timedelta(days=42))

    # ------------------------------------------------------------------
    # What a person has sent
    # ------------------------------------------------------------------

    def _send_by_hand(self, partner=None, lines=None):
        """Send as a clerk does, the e-mail still in the queue; return the reminder.

        :param lines: items that the clerk chooses, None for those proposed
        """
        mails = self.env.registry["mail.mail"]
        with patch.object(mails, "send_after_commit", lambda self: None):
            window = self._open_window(partner, user=self.responsible)
            if lines:
                window.item_line_ids = lines
            window.action_send()
        return window.reminder_id.sudo()

    def _assert_sender_asked(self, reminder, reason, leaving=0):
        """It does not leave, and who sent it is told why, and what to do."""
        self.assertEqual(self._leave(), leaving)
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn(reason, reminder.failure_reason)
        self.assertFalse(any(reminder.line_ids.mapped("is_standing")))
        task = reminder.partner_id.activity_ids.filtered(
            lambda task: task.summary == "Your payment reminder was not sent"
        )
        self.assertEqual(task.user_id, self.responsible)
        self.assertIn(reason, task.note)
        self.assertIn("Press Send", task.note)

    def test_by_hand_settled_asks_the_person(self):
        first, second = self._create_late(20, 900), self._create_late(20, 50)
        reminder = self._send_by_hand()
        self._pay(first)
        self.assertEqual(self._leave(), 0)
        self.assertEqual(reminder.state, "withdrawn")
        self.assertFalse(second.followup_level_id)
        task = self.customer.activity_ids
        self.assertEqual(task.user_id, self.responsible)
        self.assertIn(f"{first.name} is settled", task.note)
        self.assertIn("Press Send", task.note)
        window = self._open_window(user=self.responsible)
        with self.mock_mail_gateway():
            window.action_send()
            self.assertEqual(len(self._mails), 1)

    def test_by_hand_means_what_rests(self):
        invoice = self._create_late(20)
        reminder = self._send_by_hand()
        invoice.followup_hold_until = TODAY
        self.customer.with_company(self.company).followup_excluded = True
        self.company.followup_automatic = False
        self.assertEqual(self._leave(), 1)
        self.assertEqual(reminder.state, "sent")

    def _get_invoices_to_answer(self):
        """Yield a late invoice of another customer with each of the answers."""
        for number, (reason, answer) in enumerate(self._get_answers()):
            partner = self._create_customer(f"Customer {number}")
            yield self._create_late(20, partner=partner), reason, answer

    def test_by_hand_the_customer_has_answered_since(self):
        """Nobody knew it who pressed Send: an answer is no hold of a colleague."""
        for invoice, reason, answer in self._get_invoices_to_answer():
            with self.subTest(invoice=invoice.name, reason=reason):
                reminder = self._send_by_hand(invoice.partner_id)
                self._make_earlier(reminder)
                answer(invoice)
                self._assert_sender_asked(reminder, reason)
                self.assertIn(invoice.name, reminder.failure_reason)

    def test_by_hand_means_what_was_answered_before(self):
        """It rested when the clerk named it: that is meant."""
        for invoice, reason, answer in self._get_invoices_to_answer():
            with self.subTest(invoice=invoice.name, reason=reason):
                answer(invoice)
                lines = invoice._get_followup_lines()
                reminder = self._send_by_hand(invoice.partner_id, lines)
                self.assertEqual(reminder.line_ids.move_id, invoice)
                self.assertEqual(self._leave(), 1)
                self.assertEqual(reminder.state, "sent")

    def test_by_hand_an_answer_that_is_over_again(self):
        """Rejected, cancelled, declined: nothing of it holds the reminder."""
        invoice = self._create_late(20)
        reminder = self._send_by_hand()
        self._make_earlier(reminder)
        domain = [("line_ids", "in", invoice._get_followup_lines().ids)]
        for number, (_reason, answer) in enumerate(self._get_answers()):
            with self.subTest(number=number), self.env.cr.savepoint() as savepoint:
                answer(invoice)
                self.env.invalidate_all()
                disputes = self.env["account.followup.dispute"].search(domain)
                disputes.sudo().state = "rejected"
                for promise in self.env["account.followup.promise"].search(domain):
                    promise.action_cancel()
                invoice.sudo().transaction_ids.state = "cancel"
                self.assertEqual(self._leave(), 1)
                self.assertEqual(reminder.state, "sent")
                savepoint.rollback()

    def test_by_hand_its_last_day_to_pay_has_passed(self):
        self.levels.payment_days = 5
        self._create_late(20)
        reminder = self._send_by_hand()
        self.assertEqual(reminder.payment_deadline, TODAY + timedelta(days=5))
        with freeze_time(TODAY + timedelta(days=6)):
            self.env.invalidate_all()
            self._assert_sender_asked(reminder, "Its last day to pay has passed")

    def test_by_hand_a_payment_came_later(self):
        self._create_late(20)
        known = self._create_late(0, 10, move_type="out_refund")
        mine, theirs = self._create_customer("Mine"), self._create_customer("Theirs")
        self._create_late(20, partner=mine)
        self._create_late(0, 10, partner=mine, move_type="out_refund")
        self._create_late(20, partner=theirs)
        line = known.line_ids.filtered(lambda line: line.account_type[:5] == "asset")
        window = self._open_window(user=self.responsible)
        window.item_line_ids -= line
        mails = self.env.registry["mail.mail"]
        with patch.object(mails, "send_after_commit", lambda self: None):
            window.action_send()
        others = self._send_by_hand(mine) + self._send_by_hand(theirs)
        later = self._create_late(0, 10, partner=theirs, move_type="out_refund")
        self.assertEqual(self._leave(), 2, "what he has left out is meant")
        self.assertEqual(window.reminder_id.state, "sent")
        self.assertEqual(others.mapped("state"), ["sent", "withdrawn"])
        self.assertIn(later.name, theirs.activity_ids.note)

    def test_by_hand_a_credit_written_before_counts_later(self):
        """A draft that is posted later, and a payment whose match is undone."""
        self._create_late(20, 900)
        draft = self._create_late(0, 100, move_type="out_refund")
        draft.button_draft()
        other = self._create_customer("Other")
        self._create_late(20, 900, partner=other)
        paid = self._create_late(20, 70, partner=other)
        self._pay(paid)
        reminders = self._send_by_hand() + self._send_by_hand(other)
        draft.action_post()
        paid.line_ids.remove_move_reconcile()
        self.assertEqual(self._leave(), 0)
        self.assertEqual(reminders.mapped("state"), ["withdrawn", "withdrawn"])
        self.assertIn(draft.name, reminders[0].failure_reason)
        self.assertIn("A payment or credit came in", reminders[1].failure_reason)

    def test_wrong_customer(self):
        """The invoice gets another customer: to the first one nothing leaves."""
        other = self._create_customer("Right Ltd")
        third = self._create_customer("Automatic")
        invoices = self._create_late(20) + self._create_late(20, partner=third)
        by_hand = self._send_by_hand()
        automatic = self._queue(third)
        for invoice in invoices:
            invoice.button_draft()
            invoice.partner_id = other
            invoice.action_post()
        self.assertEqual(self._leave(), 0)
        for reminder in (by_hand, automatic):
            self.assertEqual(reminder.state, "withdrawn")
            self.assertIn("belongs to another customer", reminder.failure_reason)

    def _fail(self):
        """Run the mail queue while the mail server refuses everything."""
        with self.mock_mail_gateway(), self._refusing_mails():
            self._run_mail_queue()

    def test_core_s_retry_of_what_has_failed(self):
        """The next try is a new reminder: who has paid, or got that, gets no old one.

        Somebody marks all e-mails of the night and presses Retry in core's list.
        """
        anew, again = self._create_customer("Anew"), self._create_customer("Again")
        invoice, *_others = (
            self._create_late(20, partner=partner)
            for partner in (self.customer, anew, again)
        )
        self._run_cron()
        self._fail()
        reminders = self._get_reminders() + self._get_reminders(again)
        reminders += self._get_reminders(anew)
        self.assertEqual(set(reminders.mapped("state")), {"failed"})
        mails = reminders.delivery_ids.sudo().mail_mail_id
        again.with_company(self.company).followup_reminder_type = "manual"
        with freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            self._pay(invoice)
            self._queue(anew)
            self.assertEqual(self._leave(), 1)
            mails.action_retry()
            self.assertEqual(self._leave(), 0)
            self.assertEqual(set(reminders.mapped("state")), {"failed"})
            self.assertEqual(set(mails.mapped("state")), {"exception"})
            for mail in mails:
                self.assertIn("from the history of its customer", mail.failure_reason)
            reminders[1].delivery_ids.with_user(self.responsible).action_retry()
            self.assertEqual(self._leave(), 1, "Send Again is meant")
        self.assertEqual(reminders.mapped("state"), ["failed", "sent", "failed"])

    def test_sent_again_is_meant(self):
        """Send Again days later: neither its age nor a switch holds it back."""
        self._create_late(20)
        reminder = self._queue()
        self._fail()
        self.assertEqual(reminder.state, "failed")
        self.company.followup_automatic = False
        with freeze_time(TODAY + timedelta(days=9)):
            self.env.invalidate_all()
            reminder.delivery_ids.with_user(self.responsible).action_retry()
            self.assertEqual(self._leave(), 1)
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(reminder.resend_user_id, self.responsible)

    def _send_again(self, reminder):
        reminder.delivery_ids.with_user(self.responsible).action_retry()

    def test_not_sent_again_after_its_last_day_to_pay(self):
        """The clerk is told at once, and what to do instead."""
        self.levels.payment_days = 5
        self._create_late(20)
        reminder = self._queue()
        self._fail()
        with freeze_time(TODAY + timedelta(days=6)):
            self.env.invalidate_all()
            with self._refused(UserError, "last day to pay has passed.*Press Send"):
                self._send_again(reminder)
            self.assertEqual(self._leave(), 0)
        with freeze_time(TODAY + timedelta(days=5)):
            self.env.invalidate_all()
            self._send_again(reminder)
            self.assertEqual(self._leave(), 1)
        self.assertEqual(reminder.state, "sent")

    def test_not_sent_again_after_the_next_level(self):
        """The first reminder does not come a day after the second one."""
        self.company.followup_catch_up = "jump"
        self._create_late(14)
        old = self._queue()
        self._fail()
        self.assertEqual((old.level_id, old.state), (self.level_1, "failed"))
        with freeze_time(TODAY + timedelta(days=1)):
            new = self._queue()
            self.assertEqual(new.level_id, self.level_2)
            with self._refused(UserError, "reminded again since then"):
                self._send_again(old)
            self.assertEqual(self._leave(), 1)
            with self._refused(UserError, "reminded again since then"):
                self._send_again(old)
            self.assertEqual(self._leave(), 0)
        self.assertEqual((old + new).mapped("state"), ["failed", "sent"])

    def test_sent_again_while_a_colleague_sends_another_one(self):
        """The older one still waits in the queue: it does not leave after the newer."""
        self._create_late(20)
        old = self._queue()
        self._fail()
        self._send_again(old)
        new = self._send_by_hand()
        self._assert_sender_asked(old, "The customer was reminded again", leaving=1)
        self.assertEqual(new.state, "sent")

    def test_not_sent_again_when_the_customer_has_answered(self):
        """The clerk is told of it before anything is queued."""
        for invoice, reason, answer in self._get_invoices_to_answer():
            with self.subTest(invoice=invoice.name, reason=reason):
                reminder = self._queue(invoice.partner_id)
                self._fail()
                self._make_earlier(reminder)
                answer(invoice)
                refusal = f"{reason} .*{invoice.name}.*Press Send"
                with self._refused(UserError, refusal):
                    self._send_again(reminder)
                self.assertEqual(self._leave(), 0)
                self.assertEqual(reminder.state, "failed")

    def test_sent_again_and_then_the_customer_has_answered(self):
        """What fails is sent again, and waits: who has pressed that is asked."""
        for invoice, reason, answer in self._get_invoices_to_answer():
            with self.subTest(invoice=invoice.name, reason=reason):
                reminder = self._queue(invoice.partner_id)
                self._fail()
                self._make_earlier(reminder)
                self._send_again(reminder)
                answer(invoice)
                self._assert_sender_asked(reminder, reason)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLastLookOfSmsAndLetters(LookCommon, IapCommon):
    """Promise 2: whatever holds back an e-mail holds back an SMS and a letter."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.followup_min_days = 3
        cls.other = cls._create_customer("Right Ltd")
        cls.large, cls.small = cls._create_late(20, 9000), cls._create_late(20, 50)
        cls.levels.payment_days = 2

    def _get_causes(self):
        """Return [(days in the queue, what happens meanwhile, part of the reason)]."""
        company, customer = self.company, self.customer.with_company(self.company)
        large, tomorrow = self.large, TODAY + timedelta(days=1)

        def change(record, name, value):
            return lambda: record.write({name: value})

        return [
            (0, change(company, "followup_automatic", False), "Automatic reminders"),
            (0, change(company, "followup_enabled", False), "follow-ups were"),
            (0, change(customer, "followup_reminder_type", "manual"), "are manual"),
            (0, change(customer, "followup_next_reminder_date", tomorrow), "was set"),
            (0, lambda: self._pay(large), f"{large.name} is settled"),
            (0, change(large, "followup_hold_until", TODAY), "(On hold)"),
            (0, change(large, "no_followup", True), "(Excluded)"),
            (5, lambda: None, "waited in the queue for too long"),
            (3, lambda: None, "last day to pay has passed"),
            (0, self._move_to_other, f"{large.name} belongs to another customer"),
        ]

    def _move_to_other(self):
        self.large.button_draft()
        self.large.partner_id = self.other
        self.large.action_post()

    def _queue(self, channel):
        """Make a reminder of both invoices over one channel; return it, queued."""
        template = self.env.ref("account_payment_followup.sms_template_reminder")
        values = {"send_email": False, "sms_template_id": template.id}
        self.levels.write({**values, f"send_{channel}": True})
        self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.line_ids.move_id, self.large + self.small)
        self.assertEqual(reminder.delivery_ids.channel, channel)
        self.assertEqual(reminder.state, "queued")
        return reminder

    def _hold_by_each_cause(self, reminder, run):
        """Let one cause after the other come up, each as if it were the only one."""
        for days, change, reason in self._get_causes():
            with (
                self.subTest(reason),
                freeze_time(TODAY + timedelta(days=days)),
                self.env.cr.savepoint() as savepoint,
            ):
                change()
                self.env.invalidate_all()
                run()
                self.assertEqual(len(self.service.requests), 0, "nothing leaves")
                self.assertEqual(reminder.delivery_ids.state, "withdrawn")
                self.assertEqual(reminder.state, "withdrawn")
                self.assertIn(reason, reminder.failure_reason)
                self.assertFalse(self.small.followup_level_id, "no level was reached")
                savepoint.rollback()
            self.service.reset()
            self.assertEqual(reminder.state, "queued", "ready for the next cause")

    def test_x2_sms(self):
        reminder = self._queue("sms")
        self._hold_by_each_cause(reminder, self._run_sms_queue)
        self._run_sms_queue()
        self.assertEqual(len(self.service.sms), 1, "nothing has come up")
        self.assertEqual(reminder.state, "sent")

    def test_x2_letter(self):
        reminder = self._queue("letter")
        self._hold_by_each_cause(reminder, self._run_letter_queue)
        self._run_letter_queue()
        self.assertEqual(len(self.service.letters), 1, "nothing has come up")
        self.assertEqual(reminder.state, "sent")

    def _assert_not_sent_again(self, channel):
        """Nobody gets the second reminder again, when the third one has come."""
        self.levels.payment_days = 0
        self.company.followup_catch_up = "jump"
        old = self._queue(channel)
        self.assertEqual(old.level_id, self.level_2)
        old.delivery_ids.sudo()._set_state("failed", "Refused")
        with freeze_time(TODAY + timedelta(days=10)):
            self._run_cron()
            new = self._get_reminders() - old
            self.assertEqual((new.level_id, new.state), (self.level_3, "queued"))
            with self._refused(UserError, "reminded again since then"):
                old.delivery_ids.action_retry()
        self.assertEqual(old.state, "failed")

    def test_sms_is_not_sent_again_after_the_next_level(self):
        self._assert_not_sent_again("sms")

    def test_letter_is_not_sent_again_after_the_next_level(self):
        self._assert_not_sent_again("letter")

    def test_letter_by_hand_when_the_customer_has_answered(self):
        """Core posts letters once a day: until then the customer can pay online."""
        self.levels.write({"send_email": False, "send_letter": True})
        window = self._open_window(user=self.responsible)
        window.action_send()
        reminder = window.reminder_id.sudo()
        self.assertEqual(reminder.delivery_ids.mapped("channel"), ["letter"])
        self._make_earlier(reminder)
        for number, (reason, answer) in enumerate(self._get_answers()):
            with (
                self.subTest(number=number, reason=reason),
                self.env.cr.savepoint() as savepoint,
            ):
                answer(self.large)
                self.env.invalidate_all()
                self._run_letter_queue()
                self.assertFalse(self.service.requests, "nothing leaves")
                self.assertEqual(reminder.state, "withdrawn")
                self.assertIn(reason, reminder.failure_reason)
                self.assertIn(self.large.name, reminder.failure_reason)
                savepoint.rollback()
        self._run_letter_queue()
        self.assertEqual(len(self.service.letters), 1, "nothing has come up")

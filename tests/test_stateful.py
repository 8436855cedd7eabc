import logging
import os
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from email.message import EmailMessage

from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import oracle, oracle_promise
from .common import TODAY, FollowupCommon
from .oracle_facts import OracleFacts

_logger = logging.getLogger(__name__)

LONG = os.environ.get("FOLLOWUP_LONG")
CUSTOMERS = 3

customers = st.integers(0, CUSTOMERS - 1)
numbers = st.integers(0, 50)
amounts = st.sampled_from([10.0, 33.33, 100.0, 250.0])
days = st.integers(-5, 20)


class Crash(Exception):
    """The server dies: what was not committed never was."""


class Business(RuleBasedStateMachine):
    """What can happen to customers, in any order, day after day."""

    case = None  # the test in whose database it happens
    events = Counter()  # states of reminders that came up

    @initialize(
        min_days=st.sampled_from([0, 3]),
        min_amount=st.sampled_from([0.0, 50.0]),
        catch_up=st.sampled_from(["step", "jump"]),
        delays=st.sampled_from([(1, 15, 30), (-3, 1, 10), (0, 5)]),
        start=st.lists(st.tuples(amounts, days), min_size=4, max_size=8),
        first=st.sampled_from(["promised", "answered", "paid", ""]),
    )
    def open_house(self, min_days, min_amount, catch_up, delays, start, first):
        case = self.case
        self.savepoint = case.env.cr.savepoint()
        self.day = TODAY
        self.left = set()
        self.merged = set()
        self.pauses = {}  # customer: last day on which it is not reminded
        self.answers = 0
        case.company.write(
            {
                "followup_min_days": min_days,
                "followup_min_amount": min_amount,
                "followup_catch_up": catch_up,
            }
        )
        case.company.write({"followup_enabled": True, "followup_automatic": True})
        self.levels = case._replace_levels(delays)
        case.partners = case.env["res.partner"]
        for number in range(CUSTOMERS):
            case.partners += case._create_customer(f"Player {number}")
        self.moves = case.env["account.move"]
        self._freeze()
        for number, (amount, late) in enumerate(start):
            partner = self._get_partner(number)
            self.moves += case._create_late(late, amount, partner, self.day)
        self._begin(first)

    def _begin(self, first):
        """Let something happen at first that dice alone seldom lead to."""
        if first == "promised":  # and it was broken by now
            self.level_after_a_broken_promise(len(self.levels) - 1)
            self.promise(0, 0, None)
            self.days_pass(3)
        elif first == "answered":
            self.night()
            self.answer_comes(0)
        elif first == "paid":
            self.all_is_paid_between_run_and_queue()

    def teardown(self):
        if hasattr(self, "freezer"):
            self.freezer.stop()
            self.savepoint.close(rollback=True)
            self.case.env.invalidate_all()

    def _freeze(self):
        if hasattr(self, "freezer"):
            self.freezer.stop()
        self.freezer = freeze_time(self.day)
        self.freezer.start()

    def _get_partner(self, number):
        return self.case.partners[number % len(self.case.partners)]

    def _get_move(self, number, **where):
        moves = self.moves.filtered_domain([(key, "=", where[key]) for key in where])
        return moves[number % len(moves)] if moves else moves

    def _get_lines(self, move):
        return move.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )

    def _try(self, method, *args):
        """Do what may be refused with a sentence, and is not half done then."""
        try:
            with self.case.env.cr.savepoint():
                return method(*args)
        except UserError:
            self.case.env.invalidate_all()

    # ------------------------------------------------------------------
    # The ledger
    # ------------------------------------------------------------------

    @rule(customer=customers, amount=amounts, late=days)
    def invoice(self, customer, amount, late):
        self.moves += self.case._create_late(
            late, amount, self._get_partner(customer), day=self.day
        )

    @rule(customer=customers, amount=amounts)
    def credit_note(self, customer, amount):
        self.moves += self.case._create_late(
            0, amount, self._get_partner(customer), self.day, move_type="out_refund"
        )

    @precondition(lambda self: self.moves)
    @rule(number=numbers, share=st.sampled_from([0.3, 1.0]))
    def pay(self, number, share):
        move = self._get_move(number, state="posted", move_type="out_invoice")
        if move and move.amount_residual:
            amount = round(move.amount_residual * share, 2)
            self.case._pay(move, amount, self.day)

    @precondition(lambda self: self.moves)
    @rule(number=numbers)
    def take_back_payment(self, number):
        self._get_lines(self._get_move(number)).remove_move_reconcile()

    @precondition(lambda self: self.moves)
    @rule(number=numbers)
    def match_credit(self, number):
        note = self._get_move(number, state="posted", move_type="out_refund")
        invoices = self.moves.filtered(
            lambda move: move.partner_id == note.partner_id
            and move.state == "posted"
            and move.move_type == "out_invoice"
        )
        lines = self._get_lines(note + invoices[:1])
        lines = lines.filtered(lambda line: not line.reconciled)
        if len(lines.move_id) > 1:
            lines.reconcile()

    @precondition(lambda self: self.moves)
    @rule(number=numbers)
    def back_to_draft_and_post(self, number):
        move = self._get_move(number, state="posted")
        if move:
            move.button_draft()
            move.action_post()

    @precondition(lambda self: self.moves)
    @rule(number=numbers)
    def cancel_invoice(self, number):
        move = self._get_move(number, state="posted")
        if move:
            move.button_draft()
            move.button_cancel()

    @precondition(lambda self: self.moves)
    @rule(number=numbers)
    def reopen_invoice(self, number):
        move = self._get_move(number, state="cancel")
        if move:
            move.button_draft()
            move.action_post()

    @precondition(lambda self: self.moves)
    @rule(number=numbers, customer=customers)
    def correct_customer(self, number, customer):
        move = self._get_move(number, state="posted")
        if move and not any(self._get_lines(move).mapped("matched_credit_ids")):
            move.button_draft()
            move.partner_id = self._get_partner(customer)
            move.action_post()

    @precondition(lambda self: self.moves)
    @rule(number=numbers, days=st.tuples(days, days))
    def change_instalments(self, number, days):
        move = self._get_move(number, state="posted", move_type="out_invoice")
        if move:
            move.button_draft()
            move.invoice_payment_term_id = self.case.env["account.payment.term"].create(
                {
                    "name": "Other instalments",
                    "line_ids": [
                        Command.create({"value_amount": 50, "nb_days": 10 + day})
                        for day in days
                    ],
                }
            )
            move.action_post()

    # ------------------------------------------------------------------
    # What a clerk does
    # ------------------------------------------------------------------

    @precondition(lambda self: self.moves)
    @rule(number=numbers, ahead=st.integers(0, 10))
    def hold(self, number, ahead):
        until = self.day + timedelta(days=ahead)
        self._get_lines(self._get_move(number)).followup_hold_until = until

    @precondition(lambda self: self.moves)
    @rule(number=numbers, ahead=st.integers(0, 10))
    def expect_payment(self, number, ahead):
        day = self.day + timedelta(days=ahead)
        self._get_lines(self._get_move(number)).expected_payment_date = day

    @precondition(lambda self: self.moves)
    @rule(number=numbers, ahead=st.integers(0, 10), share=st.sampled_from([None, 0.5]))
    def promise(self, number, ahead, share):
        lines = self._get_lines(self._get_move(number))
        amount = share and round(sum(lines.mapped("amount_residual")) * share, 2)
        parts = [(self.day + timedelta(days=ahead), amount)]
        days = {self.case.company: self.day}
        promises = self.case.env["account.followup.promise"]
        self._try(promises._promise, lines, parts, days)

    @rule(number=numbers)
    def cancel_promise(self, number):
        promises = self._get_promises().filtered(lambda one: one.state == "open")
        if promises:
            promises[number % len(promises)].action_cancel()

    @rule(number=st.integers(-1, 2))
    def level_after_a_broken_promise(self, number):
        level = self.levels[number % len(self.levels)]
        level = level if number >= 0 else level.browse()
        self._try(self.levels.plan_id.write, {"broken_level_id": level.id})

    @rule(number=numbers)
    def answer_comes(self, number):
        """An e-mail about a reminder pauses, until somebody has looked at it (X17)."""
        sent = self._get_reminders().filtered(
            lambda one: (
                one.state == "sent"
                and one.mail_message_id
                and one.partner_id in self.case.partners
            )
        )
        if not sent:
            return
        reminder = sent[number % len(sent)]
        partner = reminder.partner_id
        if self._is_answer(partner):
            until = self._get_pause_end()
            self.pauses[partner.id] = max(self.pauses.get(partner.id, until), until)
            self.events["paused"] += 1
        self._receive(reminder)

    def _is_answer(self, partner):
        """Whether something of a reminder is open still, and no answer unread."""
        lines = self._get_reminders().line_ids.filtered(
            lambda line: (
                line.partner_id == partner
                and line.reminder_id.state == "sent"
                and line.is_standing
                and line.residual > 0
                and line.move_line_id
                and not line.move_line_id.reconciled
            )
        )
        case = self.case._get_followup(partner)
        is_unread = case.pause_activity_id.active
        return lines and self.case.company.followup_enabled and not is_unread

    def _get_pause_end(self):
        """Return the fifth working day from today."""
        days = [self.day + timedelta(days=number) for number in range(1, 8)]
        return [day for day in days if day.weekday() < 5][4]

    def _receive(self, reminder):
        self.answers += 1
        message = reminder.mail_message_id
        mail = EmailMessage()
        mail["From"] = reminder.partner_id.email
        mail["To"] = message.reply_to
        mail["Subject"] = "Re: Your invoice"
        mail["In-Reply-To"] = message.message_id
        mail["Message-Id"] = f"<answer-{self.answers}@customer.example.com>"
        mail.set_content("We are looking at it.")
        logger = "odoo.addons.mail.models.mail_thread"
        with self.case.mock_mail_gateway(), mute_logger(logger):
            threads = self.case.env["mail.thread"].sudo()
            threads.message_process(None, mail.as_bytes())

    @rule(customer=customers)
    def go_on(self, customer):
        partner = self._get_partner(customer).with_company(self.case.company)
        partner.action_end_followup_pause()
        self.pauses.pop(partner.id, None)

    @rule(customer=customers, ahead=st.integers(0, 10))
    def pause_by_hand(self, customer, ahead):
        partner = self._get_partner(customer)
        until = self.day + timedelta(days=ahead)
        case = self.case._get_followup(partner)
        self.case.env["account.followup.pause"]._begin_by_hand(case, until, "Asked")
        self.pauses[partner.id] = until

    @precondition(lambda self: self.moves)
    @rule(
        number=numbers,
        share=st.sampled_from([None, 0.4, 0.4]),
        is_rest_claimed=st.booleans(),
    )
    def dispute(self, number, share, is_rest_claimed):
        """Dispute an invoice, or a part of its first instalment."""
        disputes = self.case.env["account.followup.dispute"]
        lines = self._get_lines(self._get_move(number))
        lines = lines[:1] if share else lines
        amount = share and round(sum(lines.mapped("amount_residual")) * share, 2)
        reason = self.case.env["account.followup.dispute.reason"]._get_reason()
        days = {self.case.company: self.day}

        def dispute():
            disputes._dispute(
                lines, reason, days, amount, is_rest_claimed=is_rest_claimed
            )

        self._try(dispute)

    @rule(number=numbers, end=st.sampled_from(["accept", "reject", "settle"]))
    def end_dispute(self, number, end):
        disputes = self.case.env["account.followup.dispute"].search(
            [("state", "=", "open"), ("partner_id", "in", self.case.partners.ids)]
        )
        if disputes:
            getattr(disputes[number % len(disputes)], f"action_{end}")()

    @precondition(lambda self: self.moves)
    @rule(number=numbers, value=st.booleans())
    def exclude_invoice(self, number, value):
        self._get_move(number).no_followup = value

    @rule(customer=customers, value=st.booleans())
    def exclude_customer(self, customer, value):
        self._get_partner(customer).followup_excluded = value

    @rule(customer=customers, ahead=st.integers(-2, 10))
    def next_reminder(self, customer, ahead):
        """A day that is earlier than that of the rule is refused, and only that."""
        partner = self._get_partner(customer)
        day = self.day + timedelta(days=ahead)
        known = self.case._read_customers()[partner.id, self.case.company.id]
        done = self._try(partner.write, {"followup_next_reminder_date": day})
        assert (not done) == oracle.is_refused_by_hand(known, day, self.day)

    @rule(customer=customers)
    def send_by_hand(self, customer):
        def send():
            window = self.case._open_window(self._get_partner(customer))
            window.write({"do_email": True, "do_print": False})
            window.action_send()

        with self.case.mock_mail_gateway():
            self._try(send)
            self._keep_mails()

    @rule(customer=customers)
    def archive_customer(self, customer):
        partner = self._get_partner(customer)
        partner.active = not partner.active

    @precondition(lambda self: len(self.case.partners) > 2)
    @rule(customer=customers)
    def merge_customers(self, customer):
        kept = self._get_partner(customer)
        gone = (self.case.partners - kept)[0]
        wizard = self.case.env["base.partner.merge.automatic.wizard"].create({})
        (kept + gone).active = True
        wizard._merge((kept + gone).ids, kept)
        self.case.env.invalidate_all()
        self.case.partners -= gone
        self.merged.add(kept.id)
        pauses = {self.pauses.pop(one.id, None) for one in kept + gone} - {None}
        if pauses:
            self.pauses[kept.id] = max(pauses)

    @rule(number=numbers, delay=st.integers(-5, 40))
    def change_delay(self, number, delay):
        level = self.levels[number % len(self.levels)]
        if delay not in self.levels.mapped("delay"):
            self._try(level.write, {"delay": delay})

    @rule(number=numbers)
    def archive_level(self, number):
        level = self.levels[number % len(self.levels)]
        level.active = not level.active

    @rule(
        name=st.sampled_from(["followup_automatic", "followup_enabled"]),
        value=st.booleans(),
    )
    def switch(self, name, value):
        """The emergency brake, and back."""
        self.case.company[name] = value

    @rule(customer=customers, value=st.sampled_from(["automatic", "manual"]))
    def type_of_reminders(self, customer, value):
        self._get_partner(customer).followup_reminder_type = value

    # ------------------------------------------------------------------
    # Days, runs, crashes
    # ------------------------------------------------------------------

    @rule(count=st.sampled_from([0, 1, 1, 2, 5, 20]), is_run=st.booleans())
    def days_pass(self, count, is_run=False):
        self.day += timedelta(days=count)
        self._freeze()
        if is_run:
            self.night()

    def _run(self):
        """Run the job: what it names is open, none of it is settled (rule 8)."""
        before = self._get_reminders()
        self.case._run_cron()
        new = self._get_reminders() - before
        self.case.assertFalse(new.line_ids.move_line_id.filtered("reconciled"))
        self.case.assertFalse(
            new.filtered(lambda one: one.partner_id.followup_excluded)
        )
        self._check_not_paused(new)

    def _check_not_paused(self, reminders):
        """Nothing is made, and nothing leaves, for who is paused (rule 16)."""
        for reminder in reminders.filtered(lambda one: one.trigger == "automatic"):
            until = self.pauses.get(reminder.partner_id.id)
            self.case.assertFalse(until and until >= self.day, "It was paused")

    @rule()
    def night(self):
        with self.case.mock_mail_gateway():
            self._run()
            self.case._run_mail_queue()
            self._keep_mails()

    @rule()
    def run_without_queue(self):
        with self.case.mock_mail_gateway():
            self._run()

    @rule()
    def all_is_paid_between_run_and_queue(self):
        with self.case.mock_mail_gateway():
            self._run()
            open_moves = self.moves.filtered(
                lambda move: move.state == "posted"
                and move.move_type == "out_invoice"
                and move.amount_residual
            )
            for move in open_moves:
                self.case._pay(move, day=self.day)
            self.case._run_mail_queue()
            self._keep_mails()

    @rule()
    def crash_in_the_run(self):
        try:
            with self.case.env.cr.savepoint(), self.case.mock_mail_gateway():
                self.case._run_cron()
                raise Crash
        except Crash:
            self.case.env.invalidate_all()

    @rule()
    def queue_alone(self):
        with self.case.mock_mail_gateway():
            self.case._run_mail_queue()
            self._keep_mails()

    def _keep_mails(self):
        """What left was owed at that moment, and nobody had switched it off (X2)."""
        sent = self._get_reminders().filtered(lambda one: one.state == "sent")
        self.events.update(self._get_reminders().mapped("state"))
        new = sent.filtered(lambda one: one.id not in self.left)
        self._check_not_paused(new)
        for reminder in new:
            self.left.add(reminder.id)
            owed = reminder.line_ids.move_line_id.filtered(
                lambda line: line.amount_residual > 0
            )
            self.case.assertTrue(owed, "Nothing of the reminder was owed")
            if reminder.trigger == "automatic":
                self.case.assertTrue(reminder.company_id.followup_automatic)
                self.case.assertTrue(reminder.company_id.followup_enabled)
                partner = reminder.partner_id.with_company(reminder.company_id)
                self.case.assertEqual(partner.followup_reminder_type, "automatic")

    def _get_reminders(self):
        return self.case.env["account.followup.reminder"].search(
            [("company_id", "=", self.case.company.id)], order="id"
        )

    # ------------------------------------------------------------------
    # What always holds
    # ------------------------------------------------------------------

    @invariant()
    def each_item_reaches_each_level_once(self):
        lines = self._get_reminders().line_ids.filtered(
            lambda line: line.is_standing and line.level_id and line.move_line_id
        )
        count = Counter(
            (line.move_line_id.id, line.partner_id.id, line.level_id.id)
            for line in lines
        )
        self.case.assertLessEqual(max(count.values(), default=0), 1)

    @invariant()
    def no_automatic_reminder_comes_too_early(self):
        gap = self.case.company.followup_min_days
        standing = self._get_reminders().filtered(
            lambda one: one.state in ("queued", "sent")
        )
        for partner, reminders in standing.grouped("partner_id").items():
            if partner.id in self.merged:
                continue  # two histories became one
            reminders = reminders.sorted(lambda one: (one.date, one.id))
            for first, second in zip(reminders, reminders[1:], strict=False):
                if second.trigger == "automatic":
                    days_between = (second.date - first.date).days
                    self.case.assertGreaterEqual(days_between, gap)

    @invariant()
    def state_is_the_oracles(self):
        case = self.case
        case.env.flush_all()
        case.env.invalidate_all()
        if not case.company.followup_enabled:
            return  # nothing is shown
        facts = case._read_customers()
        for partner in case.partners.with_company(case.company):
            customer = facts[partner.id, case.company.id]
            answer = oracle.explain_customer(customer, self.day)
            shown = {
                "status": partner.followup_status,
                "due": Decimal(str(partner.total_due)),
                "overdue": Decimal(str(partner.total_overdue)),
            }
            expected = {
                "status": answer.status,
                "due": answer.total_due,
                "overdue": answer.total_overdue,
            }
            case.assertEqual(shown, expected, customer)

    @invariant()
    def pauses_are_as_told(self):
        for partner in self.case.partners:
            case = self.case._get_followup(partner)
            until = self.pauses.get(partner.id, False)
            self.case.assertEqual(case.pause_until, until)

    @invariant()
    def broken_promises_are_counted(self):
        """So that the test knows that some of them were there."""
        rows = self.case.env["account.followup.item"]._get_rows(
            {self.case.company: self.day}, self.case.partners
        )
        for row in rows:
            if row["broken_date"] and row["broken_date"] <= self.day:
                self.events["jumps"] += 1

    def _get_promises(self):
        return self.case.env["account.followup.promise"].search(
            [("partner_id", "in", self.case.partners.ids)]
        )

    @invariant()
    def promises_are_the_oracles(self):
        """Also when what kept them was taken back, or they became another's (X7)."""
        for promise in self._get_promises():
            facts = oracle_promise.read_promise(promise)
            state, paid = oracle_promise.get_state(facts, self.day)
            self.case.assertEqual(promise.state, state, facts)
            self.case.assertAlmostEqual(promise.paid_amount, float(paid), 2)
            self.events[state] += 1

    @invariant()
    def totals_are_the_ledgers(self):
        case = self.case
        if not case.company.followup_enabled:
            return
        for partner in case.partners.with_company(case.company):
            lines = case.env["account.move.line"].search(
                [
                    ("partner_id", "=", partner.id),
                    ("account_id.account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("no_followup", "=", False),
                ]
            )
            case.assertAlmostEqual(
                partner.total_due, sum(lines.mapped("amount_residual")), 2
            )


@tagged("post_install", "-at_install")
class TestStateful(OracleFacts, FollowupCommon):
    """Promises 1 to 5, whatever happens in whatever order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.roots = cls.companies = cls.company
        cls.partners = cls.env["res.partner"]

    def test_x1_whatever_happens(self):
        Business.case = self
        run_state_machine_as_test(
            Business,
            settings=settings(
                max_examples=200 if LONG else 16,
                stateful_step_count=20,
                deadline=None,
                database=None,
                derandomize=not LONG,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
            ),
        )
        _logger.info("What came up: %s", dict(Business.events))
        # it was not for nothing
        self.assertGreater(Business.events["sent"], 10)
        self.assertGreater(Business.events["withdrawn"], 0)
        names = ["broken", "jumps", "paused"]
        for name in names + (["kept", "replaced", "cancelled"] if LONG else []):
            self.assertGreater(Business.events[name], 0, name)

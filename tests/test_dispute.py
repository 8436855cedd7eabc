from datetime import timedelta

from freezegun import freeze_time
from lxml import etree

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import TODAY, FollowupCommon
from .test_page import PageCommon


def in_days(number):
    return TODAY + timedelta(days=number)


class DisputeCommon(FollowupCommon):
    """A customer with two overdue invoices, who disputes one of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(20)
        cls.line = cls.invoice._get_followup_lines()
        cls.other = cls._create_late(10, 40)
        cls.disputes = cls.env["account.followup.dispute"]
        cls.reason = cls.env.ref("account_payment_followup.dispute_reason_amount")
        cls.customer = cls.customer.with_company(cls.company)

    def _dispute(self, lines=None, amount=None, **values):
        lines = self.line if lines is None else lines
        days = {self.company: TODAY}
        return self.disputes._dispute(lines, self.reason, days, amount, **values)

    def _get_item(self, line=None):
        self.env.flush_all()
        self.env.invalidate_all()
        items = self.env["account.followup.item"]
        return items.search([("move_line_id", "=", (line or self.line).id)])

    def _get_tasks(self):
        return self.env["mail.activity"].search(
            [("res_model", "=", "res.partner"), ("res_id", "=", self.customer.id)]
        )

    def _run(self, day):
        with freeze_time(day), self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestDispute(DisputeCommon):
    """X8: what is in dispute rests until that ends, all else goes on."""

    def test_x8_rests_and_the_rest_goes_on(self):
        self._dispute(note="Too dear")
        item = self._get_item()
        self.assertEqual(item.rest_reason, "dispute")
        self.assertEqual(item.rest_text, f"{self.invoice.name} (In dispute)")
        self.assertEqual(item.rest_why, "Wrong price or amount: Too dear")
        self.assertEqual(item.review_date, in_days(14))
        self._run(TODAY)
        self.assertEqual(self._get_reminders().line_ids.move_id, self.other)
        for days in (20, 40, 80):
            self._run(in_days(days))
        self.assertEqual(self._get_reminders().line_ids.move_id, self.other)

    def test_x8_what_is_queued_does_not_leave(self):
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY)
            self._dispute(self.line | self.other._get_followup_lines())
            self._run_mail_queue()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("(In dispute)", reminder.failure_reason)

    def test_x8_owner(self):
        """Of the reason, else the responsible of the customer."""
        self.assertEqual(self._dispute().user_id, self.responsible)
        owner = self._create_user("owner", "account.group_account_invoice")
        self.reason.user_id = owner
        dispute = self._dispute(self.other._get_followup_lines())
        self.assertEqual(dispute.user_id, owner)

    def test_x8_customer_who_is_a_user_is_told_nothing(self):
        """Whatever a program writes: the screen offers employees only."""
        stranger = new_test_user(self.env, "stranger", "base.group_portal")
        dispute = self._dispute()
        dispute.user_id = stranger
        self.assertNotIn(stranger.partner_id, dispute.message_partner_ids)

    def test_x8_rejected(self):
        dispute = self._dispute()
        dispute.with_user(self.responsible).action_reject()
        self.assertEqual((dispute.state, dispute.closed_on), ("rejected", TODAY))
        self.assertFalse(self._get_item().rest_reason)
        self.assertIn("Dispute rejected", self.customer.message_ids[0].body)
        self.assertIn("Dispute rejected", self.invoice.message_ids[0].body)
        with self.assertRaisesRegex(UserError, "has ended already"):
            dispute.action_settle()

    def test_x8_accepted(self):
        """Core's window makes the credit note; until then the invoice rests still."""
        dispute = self._dispute()
        action = dispute.with_user(self.responsible).action_accept()
        self.assertEqual(dispute.state, "accepted")
        item = self._get_item()
        self.assertEqual((item.rest_reason, item.rest_until), ("hold", in_days(7)))
        wizard = self.env[action["res_model"]].with_context(**action["context"])
        wizard = wizard.create({"journal_id": self.invoice.journal_id.id})
        note = self.env["account.move"].browse(wizard.reverse_moves()["res_id"])
        self.assertEqual(note.reversed_entry_id, self.invoice)

    def test_x8_accepted_with_several_invoices(self):
        dispute = self._dispute(self.line | self.other._get_followup_lines())
        action = dispute.with_user(self.responsible).action_accept()
        moves = self.invoice | self.other
        self.assertEqual(set(action["context"]["active_ids"]), set(moves.ids))

    def test_x8_resume_settles(self):
        dispute = self._dispute()
        self._get_item().with_user(self.responsible).action_followup_resume()
        self.assertEqual(dispute.state, "settled")
        self.assertFalse(self._get_item().rest_reason)

    def test_x8_review(self):
        """The owner is asked once for each day of review; it rests on."""
        dispute = self._dispute(review_date=in_days(5))
        for days in (4, 5, 6):
            self._run(in_days(days))
        (task,) = self._get_tasks()
        self.assertEqual(task.summary, "Look again at a dispute")
        self.assertEqual(task.date_deadline, in_days(5))
        self.assertIn(self.invoice.name, task.note)
        self.assertEqual(self._get_item().rest_reason, "dispute")
        dispute.with_user(self.responsible).review_date = in_days(9)
        self._run(in_days(9))
        self.assertEqual(len(self._get_tasks()), 2)
        dispute.action_settle()
        self._run(in_days(30))
        self.assertEqual(len(self._get_tasks()), 2)

    def _give_away(self, invoice):
        invoice.button_draft()
        invoice.partner_id = self._create_customer("Other")
        invoice.action_post()

    def test_x8_another_customer(self):
        """It was disputed by the former one, who has nothing to do with it any more."""
        dispute = self._dispute()
        self._give_away(self.invoice)
        self.assertEqual((dispute.state, dispute.closed_on), ("settled", TODAY))
        item = self._get_item(self.invoice._get_followup_lines())
        self.assertEqual(item.partner_id.name, "Other")
        self.assertFalse(item.rest_reason)
        self.assertIn("Dispute settled", self.customer.message_ids[0].body)
        bodies = "".join(self.invoice.message_ids.mapped("body"))
        self.assertIn("The customer is not Late Ltd any more", bodies)

    def test_x8_another_customer_of_one_invoice(self):
        """What stays with the customer is in dispute still."""
        line = self.other._get_followup_lines()
        dispute = self._dispute(self.line | line)
        self._give_away(self.invoice)
        self.assertEqual(dispute.state, "open")
        self.assertEqual((dispute.line_ids, dispute.amount), (line, 40))
        self.assertEqual(self._get_item(line).rest_reason, "dispute")
        moved = self._get_item(self.invoice._get_followup_lines())
        self.assertFalse(moved.rest_reason)

    def test_x8_contact_of_the_customer_is_no_other_one(self):
        dispute = self._dispute()
        contact = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": self.customer.id}
        )
        self.invoice.button_draft()
        self.invoice.partner_id = contact
        self.invoice.action_post()
        self.assertEqual(dispute.state, "open")

    def test_x8_ends_when_nothing_is_open(self):
        """Paid: nobody is asked to look again, and it does not count for ever."""
        both = self.line | self.other._get_followup_lines()
        dispute = self._dispute(both, review_date=in_days(5))
        self._pay(self.invoice, day=TODAY)
        self._run(in_days(1))
        self.assertEqual(dispute.state, "open", "one is open still")
        self._pay(self.other, day=TODAY)
        self._run(in_days(5))
        self.assertEqual((dispute.state, dispute.closed_on), ("settled", in_days(5)))
        self.assertFalse(self._get_tasks())
        self.assertIn("Dispute settled", self.customer.message_ids[0].body)
        bodies = "".join(self.other.message_ids.mapped("body"))
        self.assertIn("Dispute settled", bodies)

    def test_x8_ends_when_the_invoice_is_cancelled(self):
        dispute = self._dispute()
        self.invoice.button_draft()
        self.invoice.button_cancel()
        self._run(in_days(1))
        self.assertEqual(dispute.state, "settled")

    def test_x8_goes_on_while_the_invoice_is_in_draft(self):
        """Who corrects a text has not come to terms with the customer."""
        dispute = self._dispute()
        self.invoice.button_draft()
        self._run(in_days(1))
        self.assertEqual(dispute.state, "open")
        self.invoice.action_post()
        self.assertEqual(self._get_item().rest_reason, "dispute")
        self._run(in_days(30))
        reminded = self._get_reminders().line_ids.move_id
        self.assertEqual(reminded, self.other)

    def test_x8_part_of_an_invoice(self):
        self.assertEqual(self._dispute(amount=30).amount, 30)
        lines = self._create_late(9, 50)._get_followup_lines()
        lines |= self.other._get_followup_lines()
        for amount, text in (
            (0, "enter the disputed amount"),
            (10, "one invoice after the other"),
            (91, "is more than the"),
        ):
            with self.assertRaisesRegex(UserError, text):
                self._dispute(lines, amount)

    def test_x8_twice(self):
        self._dispute()
        with self.assertRaisesRegex(UserError, "in dispute already"):
            self._dispute()

    @mute_logger("odoo.addons.base.partner.merge")
    def test_x8_merge(self):
        dispute = self._dispute()
        kept = self._create_customer("Kept")
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((kept + self.customer).ids, kept)
        self.env.invalidate_all()
        self.assertEqual(dispute.partner_id, kept)
        self.assertEqual(self._get_item().rest_reason, "dispute")

    def test_x8_window(self):
        action = self.customer.with_user(self.responsible).action_dispute_followup()
        window = self.env[action["res_model"]].with_user(self.responsible)
        form = Form(window.with_context(**action["context"]))
        form.reason_id = self.env.ref("account_payment_followup.dispute_reason_paid")
        self.assertEqual(form.review_date, in_days(7))
        form.line_ids.add(self.line)
        self.assertEqual(form.amount, 100)
        form.amount = 30
        form.note = "Paid in cash"
        window = form.save()
        window.action_dispute()
        window.action_dispute()  # a second click
        (dispute,) = self.disputes.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(
            (dispute.amount, dispute.is_partial, dispute.note, dispute.user_id),
            (30, True, "Paid in cash", self.responsible),
        )
        self.assertIn("In dispute", self.customer.message_ids[0].body)
        text = self.customer.followup_dispute_text.replace("\xa0", " ")
        self.assertEqual(text, "$ 30.00: Already paid, review on 05/22/2024")

    def test_x8_window_says_what_is_missing(self):
        windows = self.env["account.followup.dispute.wizard"]
        common = {"partner_id": self.customer.id, "company_id": self.company.id}
        for values, text in (
            ({}, "Choose the invoices that Late Ltd disputes"),
            ({"line_ids": [Command.set(self.line.ids)]}, "choose a reason"),
        ):
            with self.assertRaisesRegex(UserError, text):
                windows.create({**common, **values}).action_dispute()

    def test_x8_reasons(self):
        """Eight are there; at least one stays for what customers say."""
        reasons = self.env["account.followup.dispute.reason"]
        self.assertEqual(len(reasons.search([("company_id", "=", False)])), 8)
        with self.assertRaisesRegex(UserError, "keep at least one reason"):
            reasons.search([]).unlink()
        self._dispute()
        with self.assertRaisesRegex(UserError, "amount: disputes have this reason"):
            self.reason.unlink()

    def test_x8_reason_of_another_company(self):
        """The screen offers none; who calls the methods gets a sentence."""
        other = self.setup_other_company()["company"]
        foreign = self.reason.sudo().copy({"name": "Secret", "company_id": other.id})
        dispute = self._dispute()
        words = "Late Ltd: this reason is one of another company"
        with self.assertRaisesRegex(ValidationError, words):
            dispute.with_user(self.responsible).write({"reason_id": foreign.id})
        values = {
            "partner_id": self.customer.id,
            "company_id": self.company.id,
            "reason_id": foreign.id,
        }
        for name in ("answer", "call", "dispute"):
            windows = self.env[f"account.followup.{name}.wizard"]
            with self.subTest(name), self.assertRaisesRegex(ValidationError, words):
                windows.create(values)
        calls = self.env["account.followup.call"].sudo()
        with self.assertRaisesRegex(ValidationError, words):
            calls.create({**values, "date": TODAY, "outcome": "reached"})
        own = self.reason.sudo().copy({"name": "Own", "company_id": self.company.id})
        dispute.with_user(self.responsible).write({"reason_id": own.id})
        self.assertEqual(dispute.reason_id, own)

    def test_x8_reports(self):
        """A column of both reports on what is open, as long as there is a dispute."""
        reports = self.env["account.followup.report"].with_company(self.company)
        self._dispute(amount=30)
        self._dispute(self.other._get_followup_lines())
        for variant in ("followup_report", "aged_receivable"):
            with self.subTest(variant=variant):
                options = {"variant": variant, "partner_ids": self.customer.ids}
                report = reports.get_report(options)
                labels = {col["name"]: col["label"] for col in report["columns"]}
                self.assertEqual(labels["disputed"], "In Dispute")
                (row,) = report["rows"]
                self.assertEqual(row["values"]["disputed"], 70)
                lines = reports.get_lines(options, row["id"])["rows"]
                amounts = [
                    line["values"]["disputed"]
                    for line in lines
                    if line["type"] == "line"
                ]
                self.assertEqual(sorted(amounts), [30, 40])
        self.disputes.search([]).action_settle()
        report = reports.get_report({"variant": "aged_receivable"})
        self.assertNotIn("disputed", [col["name"] for col in report["columns"]])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestForgotten(DisputeCommon):
    """X8: exclusions and holds come back, and what rests unseen is listed."""

    def _find(self):
        self.env.flush_all()
        self.env.invalidate_all()
        view = "account_payment_followup.account_followup_item_view_search"
        arch = etree.fromstring(self.env.ref(view).arch)
        (domain,) = arch.xpath("//filter[@name='forgotten']/@domain")
        mine = [("partner_id", "=", self.customer.id)]
        items = self.env["account.followup.item"]
        return items.search(safe_eval(domain) + mine).move_line_id

    def _apply(self, operation, **values):
        action = self.line.with_user(self.responsible).action_hold_followup()
        window = self.env[action["res_model"]].with_user(self.responsible)
        form = Form(window.with_context(**action["context"]))
        form.operation = operation
        for name, value in values.items():
            setattr(form, name, value)
        form.save().action_apply()

    def test_x8_exclusion_comes_back(self):
        self._apply("exclude")
        self.assertEqual(self.line.followup_review_date, in_days(365))
        self._apply("resume")
        self.assertFalse(self.line.followup_review_date)
        self._apply("exclude", review_date=in_days(3))
        self.assertFalse(self._find())
        for days in (2, 3, 4):
            self._run(in_days(days))
        (task,) = self._get_tasks()
        self.assertEqual(task.summary, "Look again at what rests")
        self.assertEqual(task.date_deadline, in_days(3))
        self.assertIn(self.invoice.name, task.note)
        with freeze_time(in_days(4)):
            self.assertEqual(self._find(), self.line)

    def test_x8_hold_comes_back(self):
        self._apply(
            "hold", period="date", hold_until=in_days(60), review_date=in_days(2)
        )
        self._run(in_days(2))
        self.assertEqual(len(self._get_tasks()), 1)

    def test_x8_review_on_a_day_of_which_was_told(self):
        """The run has asked about one item; another one is set to that day then."""
        self._apply("exclude", review_date=in_days(3))
        self._run(in_days(3))
        self.assertEqual(len(self._get_tasks()), 1)
        other = self.other._get_followup_lines()
        with freeze_time(in_days(3)):
            other.no_followup = True
            other.followup_review_date = in_days(3)
        self._run(in_days(3))
        self._run(in_days(4))
        tasks = self._get_tasks().sorted("id")
        self.assertEqual(len(tasks), 2, "once for each of both")
        self.assertIn(self.invoice.name, tasks[0].note)
        self.assertIn(self.other.name, tasks[1].note)
        self.assertNotIn(self.invoice.name, tasks[1].note)

    def test_x8_review_day_has_passed(self):
        with self.assertRaisesRegex(UserError, "nobody can look again on 05/14/2024"):
            self._apply("exclude", review_date=in_days(-1))

    def test_x8_forgotten(self):
        short = self.other._get_followup_lines()
        short.followup_hold_until = in_days(30)
        long = self._create_late(9, 50)._get_followup_lines()
        long.followup_hold_until = in_days(200)
        excluded = self._create_late(9, 60)._get_followup_lines()
        excluded.no_followup = True
        self._dispute(review_date=in_days(5))
        promised = self._create_late(9, 70)._get_followup_lines()
        promised.expected_payment_date = in_days(200)
        self.assertEqual(self._find(), long | excluded | promised)
        promised.expected_payment_date = in_days(30)
        self.assertEqual(self._find(), long | excluded)
        excluded.followup_review_date = in_days(1)
        self.assertEqual(self._find(), long)
        with freeze_time(in_days(6)):
            self.assertEqual(self._find(), long | excluded | self.line)
            items = self.env["account.followup.item"]
            mine = [("partner_id", "=", self.customer.id), ("is_forgotten", "=", True)]
            amounts = items._read_group(mine, ["rest_reason"], ["residual:sum"])
            self.assertEqual(
                dict(amounts), {"hold": 50.0, "excluded": 60.0, "dispute": 100.0}
            )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestDisputePage(PageCommon):
    """X8: "There is something wrong" on the debtor page opens a dispute."""

    def _get_disputes(self):
        return self.env["account.followup.dispute"].search(
            [("partner_id", "=", self.customer.id)]
        )

    def test_x8_page(self):
        self._answer("dispute", reason="goods", text="Broken\nby you")
        dispute = self._get_disputes()
        self.assertEqual(
            (dispute.origin, dispute.note, dispute.amount, dispute.user_id),
            ("debtor", "Broken\nby you", 100, self.responsible),
        )
        self.assertEqual(dispute.reason_id.name, "Defect in goods or services")
        self.assertIn("being looked into", self._get_text(self._get()))
        self._answer("dispute", reason="amount")
        self.assertEqual(self._get_disputes(), dispute, "it is told, and rests already")
        self.assertEqual(len(self._get_tasks()), 2)

    def test_x8_page_rejected_does_not_rest_again(self):
        self._answer("dispute", reason="goods")
        dispute = self._get_disputes()
        dispute.action_reject()
        self._answer("dispute", reason="amount")
        self.assertEqual(self._get_disputes(), dispute)
        self.assertIn("Does not rest", self._get_tasks()[-1].note)

    def test_x8_page_reason_is_gone(self):
        self.env.ref("account_payment_followup.dispute_reason_goods").unlink()
        self._answer("dispute", reason="goods")
        self.assertEqual(len(self._get_disputes()), 1)


@tagged("post_install", "-at_install")
class TestDisputeTour(FollowupCommon, HttpCase):
    """X8: from the customer to the dispute and its end, in a browser."""

    def test_x8_tour(self):
        today = self._get_real_today()
        self.level_1.name = "Friendly Reminder"
        self._create_late(20, day=today)
        person = self._create_user("person", "account.group_account_invoice")
        person.password = person.login
        self.start_tour("/odoo", "account_followup_dispute", login=person.login)
        dispute = self.env["account.followup.dispute"].search([])
        self.assertEqual((dispute.state, dispute.amount), ("rejected", 30))

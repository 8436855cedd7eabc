import io
import re
from datetime import timedelta

from freezegun import freeze_time
from pypdf import PdfReader

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import TODAY
from .test_dispute import DisputeCommon, in_days
from .test_page import PageCommon


class PartCommon(DisputeCommon):
    """Of an invoice of 100, 40 are in dispute, and 60 are claimed."""

    def _dispute_part(self, amount=40, **values):
        return self._dispute(amount=amount, is_rest_claimed=True, **values)

    def _get_text(self, html):
        text = re.sub(r"<style.*?</style>|<[^>]+>", " ", str(html), flags=re.S)
        text = text.replace("&nbsp;", " ").replace("\xa0", " ")
        return " ".join(text.split()).replace(" ,", ",")

    def _get_row(self):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["account.followup.customer"]
        return rows.search([("partner_id", "=", self.customer.id)])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestDisputedPart(PartCommon):
    """X8: the undisputed part of an invoice is claimed, if the dispute says so."""

    def test_x8_part_item(self):
        self._dispute_part(note="Too dear")
        item = self._get_item()
        self.assertFalse(item.rest_reason)
        self.assertEqual(item.section, "overdue")
        self.assertEqual((item.residual, item.disputed_part), (60, 40))
        self.assertEqual((item.amount_open, item.amount_resting), (100, 40))
        self.assertEqual((item.rest_kind, item.is_disputed), ("dispute", True))
        why = item.rest_why.replace("\xa0", " ")
        self.assertEqual(why, "$ 40.00: Wrong price or amount: Too dear")
        self.assertEqual(item.review_date, in_days(14))

    def test_x8_part_totals_are_the_ledgers(self):
        """What is in dispute is owed: the work-list shows what is open in the books."""
        before = self._get_row()
        totals = (before.total_due, before.total_overdue)
        self._dispute_part()
        row = self._get_row()
        self.assertEqual((row.total_due, row.total_overdue), totals)
        self.assertEqual(row.status, "in_need_of_action")

    def test_x8_part_without_the_option_rests(self):
        dispute = self._dispute(amount=40)
        self.env.cr.flush()  # as it was opened is no change
        item = self._get_item()
        self.assertEqual((item.rest_reason, item.residual), ("dispute", 100))
        tracked = dispute.with_user(self.responsible)
        context = {"tracking_disable": False, "mail_notrack": False}
        form = Form(tracked.with_context(**context))
        form.is_rest_claimed = True
        form.save()
        self.assertEqual((self._get_item().rest_reason, item.residual), (False, 60))
        self.env.flush_all()
        self.assertIn("Claim the Rest", self._get_tracked(dispute))

    def _get_tracked(self, dispute):
        self.env.cr.flush()
        self.env.invalidate_all()
        values = dispute.message_ids.sudo().tracking_value_ids
        return values.field_id.mapped("field_description")

    def test_x8_part_of_whole_or_several_invoices(self):
        """There is no rest: the option says nothing."""
        self.assertFalse(self._dispute_part(100).is_rest_claimed)
        self.assertEqual(self._get_item().rest_reason, "dispute")
        lines = self.other._get_followup_lines()
        lines |= self._create_late(9, 50)._get_followup_lines()
        dispute = self._dispute(lines, is_rest_claimed=True)
        self.assertFalse(dispute.is_rest_claimed)

    def test_x8_part_reminder(self):
        self._dispute_part()
        self._run(TODAY)
        reminder = self._get_reminders()
        line = reminder.line_ids.filtered(lambda one: one.move_id == self.invoice)
        self.assertEqual((line.residual, line.disputed_part), (60, 40))
        self.assertEqual(reminder.amount_claimed, 100)  # 60 and 40 of the other
        text = self._get_text(reminder.body)
        self.assertIn("60.00 of $ 100.00 open, $ 40.00 in dispute", text)
        self.assertIn("Total overdue $ 100.00", text)
        self.assertIn("Total open, including what is not listed here $ 140.00", text)
        (way,) = reminder.pay_ways
        self.assertEqual(way["amount"], 100)
        self.assertIn("60.00", self._mails[0]["body"])

    def test_x8_part_letter(self):
        self._dispute_part()
        window = self._open_window(user=self.responsible)
        window.write({"do_print": True, "do_email": False})
        with self.mock_mail_gateway(), self.allow_pdf_render():
            window.with_context(force_report_rendering=True).action_send()
        content = window.reminder_id.sudo().delivery_ids.attachment_id.raw
        pages = PdfReader(io.BytesIO(content)).pages
        text = "".join(page.extract_text() for page in pages)
        text = " ".join(text.replace("\xa0", " ").split())
        self.assertIn("of $ 100.00 open, $ 40.00 in dispute", text)
        self.assertIn("Total overdue $ 100.00", text)

    def test_x8_part_minimum_amount(self):
        """Rule 6 looks at what is claimed."""
        self.other.no_followup = True
        self.company.followup_min_amount = 80
        self.assertEqual(self._get_row().status, "in_need_of_action")
        dispute = self._dispute_part()
        self.assertEqual(self._get_row().status, "with_overdue_invoices")
        self.assertFalse(self._get_row().next_reminder_date)
        self.company.followup_min_amount = 60
        self.assertEqual(self._get_row().status, "in_need_of_action")
        self.company.followup_min_amount = 80
        dispute.with_user(self.responsible).action_reject()
        self.assertEqual(self._get_row().status, "in_need_of_action")

    def test_x8_part_credit_is_deducted_from_the_rest(self):
        self.other.no_followup = True
        self._dispute_part()
        self._create_credit(70)
        self.assertEqual(self._get_row().total_due, 30)
        self.assertEqual(self._get_row().status, "with_overdue_invoices")

    def _create_credit(self, amount):
        note = self._create_late(0, amount, move_type="out_refund")
        self.assertEqual(note.state, "posted")

    def test_x8_part_promise_is_of_the_rest(self):
        """Who promises to pay what is claimed promises nothing that is in dispute."""
        self._dispute_part()
        promise = self.env["account.followup.promise"]._promise(
            self.line, [(in_days(5), None)], {self.company: TODAY}, origin="clerk"
        )
        self.assertEqual((promise.amount, promise.amount_open), (60, 100))
        windows = self.env["account.followup.promise.wizard"]
        form = Form(
            windows.with_user(self.responsible).with_context(
                default_partner_id=self.customer.id,
                default_company_id=self.company.id,
            )
        )
        form.line_ids.clear()
        form.line_ids.add(self.line)
        self.assertEqual((form.amount, form.amount_open), (60, 100))

    def test_x8_part_rests_when_the_rest_is_paid(self):
        self.other.no_followup = True
        self._dispute_part()
        self._pay(self.invoice, 50)
        item = self._get_item()
        self.assertEqual((item.residual, item.disputed_part), (10, 40))
        self._pay(self.invoice, 10)
        item = self._get_item()
        self.assertEqual((item.rest_reason, item.residual), ("dispute", 40))
        self.assertEqual((item.disputed_part, item.amount_resting), (0, 40))
        self._pay(self.invoice, 30)
        self.assertEqual(self._get_item().residual, 10)
        self._run(TODAY)
        self.assertFalse(self._get_reminders())

    def _credit(self, amount, line=None):
        """Match a credit note with the invoice."""
        note = self._create_late(0, amount, move_type="out_refund")
        (note._get_followup_lines() | (line or self.line)).reconcile()
        return note

    def _get_parts(self):
        item = self._get_item()
        return item.residual, item.disputed_part, item.rest_reason

    def test_x8_part_credit_note_is_for_the_part(self):
        """What is credited is what the customer complains of, not what is claimed."""
        self.other.no_followup = True
        self._dispute_part()
        self._credit(25)
        self.assertEqual(self._get_parts(), (60, 15, False))
        why = self._get_item().rest_why.replace("\xa0", " ")
        self.assertIn("$ 15.00: Wrong price", why)
        self._pay(self.invoice, 50)
        self.assertEqual(self._get_parts(), (10, 15, False))
        self._pay(self.invoice, 10)
        self.assertEqual(self._get_parts(), (15, 0, "dispute"))
        self._credit(10)
        self.assertEqual(self._get_parts(), (5, 0, "dispute"))

    def test_x8_part_credit_note_of_more_than_the_part(self):
        """Nothing is in dispute any more: all is claimed, and the dispute ends."""
        dispute = self._dispute_part()
        self._credit(50)
        self.assertEqual(self._get_parts(), (50, 0, False))
        self.assertFalse(self._get_item().rest_kind)
        self._run(TODAY)
        self.assertEqual(dispute.state, "settled")
        self.assertEqual(self._get_reminders().amount_claimed, 90)

    def test_x8_part_credit_note_taken_back(self):
        self._dispute_part()
        note = self._credit(25)
        note._get_followup_lines().remove_move_reconcile()
        self.assertEqual(self._get_parts(), (60, 40, False))

    def test_x8_part_credit_note_from_before(self):
        """What was credited before the complaint is for something else."""
        self._credit(20)
        self._match_before(self.line)
        self._dispute_part()
        self.assertEqual(self._get_parts(), (40, 40, False))

    def test_x8_part_credit_note_where_all_rests(self):
        """The rest of it is claimed as soon as the part is credited."""
        dispute = self._dispute(amount=40)
        self._credit(30)
        self.assertEqual(self._get_parts(), (70, 0, "dispute"))
        self._run(TODAY)
        self.assertEqual(dispute.state, "open")
        self._credit(10)
        self._run(TODAY)
        self.assertEqual((dispute.state, self._get_parts()[2]), ("settled", False))

    def test_x8_part_credit_note_and_promise(self):
        """The promise of all that is claimed is made of the same amount."""
        self._dispute_part()
        self._credit(25)
        promise = self.env["account.followup.promise"]._promise(
            self.line, [(in_days(5), None)], {self.company: TODAY}, origin="clerk"
        )
        self.assertEqual((promise.amount, promise.amount_open), (60, 75))

    def test_x8_part_payment_taken_back(self):
        self.other.no_followup = True
        self._dispute_part()
        self._pay(self.invoice, 60)
        self.assertEqual(self._get_item().rest_reason, "dispute")
        self.line.remove_move_reconcile()
        self.assertEqual(self._get_item().residual, 60)

    def test_x8_part_ends(self):
        """Rejected: all of it is claimed, at the level that it has reached."""
        dispute = self._dispute_part()
        self._run(TODAY)
        self.assertEqual(self._get_item().reached_level_id, self.level_1)
        dispute.with_user(self.responsible).action_reject()
        item = self._get_item()
        self.assertEqual((item.residual, item.disputed_part), (100, 0))
        self.assertEqual(item.reached_level_id, self.level_1)

    def test_x8_part_last_look(self):
        """What is queued claims too much, once a part is disputed."""
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY)
            self._dispute_part()
            self._run_mail_queue()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("The open amount of", reminder.failure_reason)

    def test_x8_part_in_another_currency(self):
        """The rest is valued at the rate at which the invoice is booked."""
        self.other.no_followup = self.invoice.no_followup = True
        foreign = self.setup_other_currency("CHF", rates=[("1900-01-01", 3.0)])
        invoice = self._create_late(20, 100, currency_id=foreign.id)
        line = invoice._get_followup_lines()
        self._dispute(line, 33.34, is_rest_claimed=True)
        item = self._get_item(line)
        self.assertAlmostEqual(item.residual, 66.66)
        self.assertAlmostEqual(item.residual_company, 22.22)
        self.assertAlmostEqual(item.amount_open_company, line.amount_residual)
        self.assertAlmostEqual(self._get_row().total_due, line.amount_residual)
        self._run(TODAY)
        self.assertAlmostEqual(self._get_reminders().amount_claimed, 22.22)

    def test_x8_part_filters(self):
        """What Rests counts the part, Forgotten when nobody looks at it."""
        self._dispute_part(review_date=in_days(5))
        items = self.env["account.followup.item"]
        mine = [("partner_id", "=", self.customer.id)]
        self.env.flush_all()
        resting = items._read_group(
            [*mine, ("rest_kind", "!=", False)], ["rest_kind"], ["amount_resting:sum"]
        )
        self.assertEqual(resting, [("dispute", 40.0)])
        forgotten = [*mine, ("is_forgotten", "=", True)]
        self.assertFalse(items.search(forgotten))
        with freeze_time(in_days(6)):
            self.env.invalidate_all()
            self.assertEqual(items.search(forgotten).move_line_id, self.line)
        self.assertEqual(
            items.search([*mine, ("is_disputed", "=", True)]).move_line_id, self.line
        )

    def test_x8_part_resume(self):
        dispute = self._dispute_part()
        self._get_item().with_user(self.responsible).action_followup_resume()
        self.assertEqual(dispute.state, "settled")
        self.assertEqual(self._get_item().residual, 100)

    def test_x8_part_why(self):
        self._dispute_part()
        explanation = self._get_followup()._get_explanation(TODAY)
        self.assertTrue(explanation["will_be_reminded"])
        self.assertFalse([one for one in explanation["reasons"] if one["blocks"]])
        item = self._get_item()
        self.assertTrue(item.is_counted)
        text = item.explanation.replace("\xa0", " ")
        self.assertIn("Due for the level", text)
        said = "$ 40.00 of it are in dispute: Wrong price or amount (since"
        self.assertIn(said, text)
        self.assertIn(f"by {self.env.user.name}). The rest is claimed.", text)

    def test_x8_part_reports(self):
        """The disputed part is a column, the lines and totals are the ledger's."""
        reports = self.env["account.followup.report"].with_company(self.company)
        self._dispute_part()
        for paid, credited, disputed in (
            (0, 0, 40),
            (50, 0, 40),
            (0, 10, 30),
            (20, 0, 20),
        ):
            if paid:
                self._pay(self.invoice, paid)
            if credited:
                self._credit(credited)
            for variant in ("followup_report", "aged_receivable"):
                with self.subTest(variant=variant, paid=paid):
                    options = {"variant": variant, "partner_ids": self.customer.ids}
                    report = reports.get_report(options)
                    (row,) = report["rows"]
                    values = row["values"]
                    self.assertAlmostEqual(values["disputed"], disputed)
                    self.env.flush_all()
                    total = self.line.amount_residual + 40
                    self.assertAlmostEqual(values["total"], total)

    def test_x8_part_window(self):
        action = self.customer.with_user(self.responsible).action_dispute_followup()
        window = self.env[action["res_model"]].with_user(self.responsible)
        form = Form(window.with_context(**action["context"]))
        form.reason_id = self.reason
        form.line_ids.add(self.line)
        self.assertTrue(form._get_modifier("is_rest_claimed", "invisible"))
        form.amount = 40
        self.assertFalse(form._get_modifier("is_rest_claimed", "invisible"))
        form.is_rest_claimed = True
        form.save().action_dispute()
        self.assertEqual(self._get_item().residual, 60)
        window = self.env["account.followup.dispute.wizard"].create(
            {"partner_id": self.customer.id, "company_id": self.company.id}
        )
        self.assertEqual(window.available_line_ids, self.other._get_followup_lines())

    def test_x8_part_by_call_and_answer(self):
        for number, model in enumerate(("call", "answer")):
            line = (self.line, self.other._get_followup_lines())[number]
            windows = self.env[f"account.followup.{model}.wizard"]
            form = Form(
                windows.with_user(self.responsible).with_context(
                    default_partner_id=self.customer.id,
                    default_company_id=self.company.id,
                )
            )
            form["outcome" if model == "call" else "operation"] = "dispute"
            form.line_ids.clear()
            form.line_ids.add(line)
            form.reason_id = self.reason
            form.review_date = in_days(9)
            form.amount = 30
            form.is_rest_claimed = True
            window = form.save()
            (window.action_log if model == "call" else window.action_apply)()
            item = self._get_item(line)
            self.assertEqual((item.disputed_part, item.rest_reason), (30, False))

    def test_x8_part_of_others(self):
        """Who may not let an item rest does not let it be claimed, either."""
        dispute = self._dispute(amount=40)
        reader = self._create_user("looker", "account.group_account_readonly")
        with self.assertRaises(AccessError):
            dispute.with_user(reader).is_rest_claimed = True
        dispute.action_settle()
        with self.assertRaisesRegex(UserError, "has ended already"):
            dispute.with_user(self.responsible).is_rest_claimed = True

    def test_x8_take_out_after_a_payment(self):
        """What stays in dispute is what was open of it then, whatever was paid."""
        line = self.other._get_followup_lines()
        dispute = self._dispute(self.line | line)
        self.assertEqual(dispute.amount, 140)
        self._pay(self.invoice, 90)
        self._pay(self.other, 15)
        self.env.flush_all()
        self.disputes._take_out(self.line)
        self.assertEqual((dispute.line_ids, dispute.amount), (line, 40))

    def test_x8_take_out_leaves_the_part(self):
        """A part is never more than it was, nor than what stays."""
        line = self.other._get_followup_lines()
        dispute = self._dispute(self.line | line)
        dispute.sudo().amount = 30
        self.disputes._take_out(self.line)
        self.assertEqual(dispute.amount, 30)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestDisputedPartPage(PageCommon):
    """X8: the debtor page shows and lets pay what is claimed."""

    def test_x8_part_page(self):
        line = self._get_line(self.invoice)
        total = line.amount_residual
        self.env["account.followup.dispute"]._dispute(
            line,
            self.env.ref("account_payment_followup.dispute_reason_amount"),
            {self.company: TODAY},
            total - 25,
            is_rest_claimed=True,
        )
        text = self._get_text(self._get())
        self.assertIn(f"of $ {total:.2f} open", text)
        self.assertIn(f"$ {total - 25:.2f} in dispute", text)
        self.assertIn("Total overdue $ 25.00", text)
        self.assertIn(f"Total open $ {total:.2f}", text)
        page = self.env["account.followup.page"]
        payment = page._get_payment(self.reminder, line.ids)
        self.assertEqual(payment["amount"], 25)
        # and what is in dispute, too, by who wants to
        self._pay(self.invoice, 25, TODAY + timedelta(days=1))
        payment = page._get_payment(self.reminder, line.ids)
        self.assertEqual(payment["amount"], total - 25)

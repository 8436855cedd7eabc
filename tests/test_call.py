from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCall(FollowupCommon):
    """A call with a customer: its outcome, and what it does to the invoices."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reader = cls._create_user("reader", "account.group_account_readonly")
        cls.late = cls._create_late(20)
        cls.later = cls._create_late(10)
        cls.not_due = cls._create_late(-10)
        cls.credit = cls._create_late(5, amount=30.0, move_type="out_refund")

    def _get_form(self, partner=None, user=None):
        """Open the window as the button does."""
        user = user or self.responsible
        partner = (partner or self.customer).with_user(user)
        action = partner.with_company(self.company).action_log_followup_call()
        window = self.env[action["res_model"]].with_user(user)
        return Form(window.with_context(**action["context"]))

    def _log(self, outcome, **values):
        form = self._get_form()
        form.outcome = outcome
        for name, value in values.items():
            setattr(form, name, value)
        form.save().action_log()
        self.env.invalidate_all()
        return self._get_calls()[:1]

    def _get_calls(self):
        return self.env["account.followup.call"].search(
            [("partner_id", "=", self.customer.id)]
        )

    def _get_lines(self, *moves):
        return self.env["account.move"].union(*moves)._get_followup_lines()

    def _get_status(self):
        self.customer.invalidate_recordset()
        return self.customer.with_company(self.company).followup_status

    def test_c8_outcomes(self):
        """C8: each outcome is recorded with date, user and note."""
        for outcome in ("reached", "not_reached", "message"):
            call = self._log(outcome, note="Nobody\nthere <b>")
            self.assertEqual(call.outcome, outcome)
            self.assertEqual(call.date, TODAY)
            self.assertEqual(call.user_id, self.responsible)
            self.assertEqual(call.company_id, self.company)
            self.assertEqual(call.note, "Nobody\nthere <b>")
            self.assertFalse(call.line_ids)
            self.assertFalse(
                any(
                    self._get_lines(self.late, self.later).mapped("followup_hold_until")
                )
            )
        self.assertEqual(len(self._get_calls()), 3)

    def test_c8_e3_no_reminder(self):
        """C8, E3: a call reaches no level and does not count for the gap."""
        self.company.followup_min_days = 5
        self._log("reached", note="Will look into it")
        self.assertFalse(self._get_reminders())
        self.assertFalse(self._get_lines(self.late).followup_level_id)
        self.assertEqual(self._get_status(), "in_need_of_action")

    def test_c8_e1_chatter(self):
        """C8, E1: the customer's chatter tells of the call; nobody is notified."""
        self._log(
            "promise",
            promised_date=TODAY + timedelta(days=3),
            next_reminder_date=TODAY + timedelta(days=4),
            note="Ms <b>Jones</b>\npays",
        )
        message = self.customer.message_ids.sorted("id")[-1:]
        self.assertEqual(message.author_id, self.responsible.partner_id)
        self.assertIn("Phone call: Promise to Pay, for 05/18/2024, ", message.body)
        self.assertIn(self.late.name, message.body)
        self.assertIn("next reminder 05/19/2024", message.body)
        self.assertIn("Ms &lt;b&gt;Jones&lt;/b&gt;<br>pays", message.body)
        self.assertFalse(message.notified_partner_ids)

    def test_c8_b8_next_reminder(self):
        """C8, B8: the next reminder is set, the customer rests until then."""
        day = TODAY + timedelta(days=6)
        call = self._log("not_reached", next_reminder_date=day)
        self.assertEqual(call.next_reminder_date, day)
        customer = self.customer.with_company(self.company)
        self.assertEqual(customer.followup_next_reminder_date, day)
        self.assertEqual(self._get_status(), "with_overdue_invoices")
        self._log("reached")
        self.assertEqual(self._get_followup().next_reminder_date, day, "as it is")

    def test_c8_b6_promise(self):
        """C8, B6: what was promised rests until then, with the note."""
        form = self._get_form()
        form.outcome = "promise"
        lines = self._get_lines(self.late, self.later)
        self.assertEqual(set(form.line_ids.ids), set(lines.ids), "all overdue ones")
        self.assertEqual(
            set(form.available_line_ids.ids),
            set((lines + self._get_lines(self.not_due)).ids),
            "neither credits nor excluded ones",
        )
        call = self._log(
            "promise", promised_date=TODAY + timedelta(days=3), note="By\nbank"
        )
        self.assertEqual(call.line_ids, lines)
        for line in lines:
            self.assertEqual(line.expected_payment_date, TODAY + timedelta(days=3))
            self.assertEqual(line.expected_payment_note, "By bank")
        self.assertFalse(self._get_lines(self.not_due).expected_payment_date)
        self.assertEqual(self._get_status(), "with_overdue_invoices")
        body = self.late.message_ids.sorted("id")[-1:].body
        self.assertIn("Payment expected on 05/18/2024: By bank", body)
        with freeze_time(TODAY + timedelta(days=4)):
            self.assertEqual(self._get_status(), "in_need_of_action")

    def test_c8_dispute(self):
        """C8: what is in dispute rests, all else does not."""
        form = self._get_form()
        form.outcome = "dispute"
        form.review_date = TODAY + timedelta(days=14)
        form.note = "Wrong price"
        form.line_ids.remove(id=self._get_lines(self.later).id)
        form.save().action_log()
        held = self._get_lines(self.late)
        dispute = self.env["account.followup.dispute"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(
            (dispute.line_ids, dispute.origin, dispute.note, dispute.review_date),
            (held, "call", "Wrong price", TODAY + timedelta(days=14)),
        )
        self.env.invalidate_all()
        items = self.customer.with_company(self.company).followup_item_ids
        self.assertEqual(
            items.filtered(lambda item: item.rest_reason == "dispute").move_line_id,
            held,
        )
        call = self._get_calls()
        self.assertEqual(call.line_ids, held)
        self.assertEqual(call.review_date, TODAY + timedelta(days=14))
        self.assertFalse(call.promised_date)

    def test_c8_defaults_without_note(self):
        """A promise or dispute without a note still says where it comes from."""
        self._log("promise", promised_date=TODAY)
        line = self._get_lines(self.late)
        self.assertEqual(line.expected_payment_note, "Promised on the phone")
        self._log("dispute", review_date=TODAY)
        dispute = self.env["account.followup.dispute"].search(
            [("line_ids", "in", line.ids)]
        )
        self.assertEqual(dispute.reason_id.name, "Something else")

    def test_c8_excluded_is_not_offered(self):
        """What is excluded is not offered; what rests can be promised anew."""
        self.late.no_followup = True
        self._get_lines(self.later).expected_payment_date = TODAY
        form = self._get_form()
        lines = self._get_lines(self.later)
        self.assertEqual(form.line_ids.ids, lines.ids)
        self._log("promise", promised_date=TODAY + timedelta(days=9))
        self.assertEqual(lines.expected_payment_date, TODAY + timedelta(days=9))

    def test_c8_days_on_the_wrong_side(self):
        """Days that cannot be are refused in one sentence with the name."""
        past, future = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
        for outcome, values, words in (
            ("reached", {"date": future}, "Late Ltd: a call of 05/16/2024"),
            (
                "reached",
                {"next_reminder_date": past},
                "Late Ltd cannot be reminded on 05/14/2024: that day has passed.",
            ),
            ("promise", {"promised_date": past}, f"{self.late.name}.* cannot rest"),
            ("dispute", {"review_date": past}, f"{self.late.name}.* cannot rest"),
        ):
            with self.assertRaisesRegex(UserError, words):
                self._log(outcome, **values)
        self.assertFalse(self._get_lines(self.late).expected_payment_date)
        self._log("reached", date=past)

    def test_c8_promise_and_dispute_are_complete(self):
        """A promise has a day and invoices, a dispute a review day and invoices."""
        for outcome, name, words in (
            ("promise", "promised_date", "Enter the day for which Late Ltd"),
            (
                "dispute",
                "review_date",
                "Enter the day on which to look again at the dispute with L",
            ),
        ):
            wizards = self.env["account.followup.call.wizard"]
            window = wizards.create(
                {"partner_id": self.customer.id, "outcome": outcome}
            )
            with self.assertRaisesRegex(ValidationError, words):
                window.action_log()
            window[name] = TODAY
            window.line_ids = False
            with self.assertRaisesRegex(UserError, "Choose the invoices"):
                window.action_log()

    def test_c8_without_open_items(self):
        """A customer who owes nothing can be called, too."""
        partner = self._create_customer("Paid Ltd")
        form = self._get_form(partner)
        self.assertFalse(form.line_ids.ids)
        form.save().action_log()
        self.assertEqual(partner.with_company(self.company).followup_call_count, 1)

    def test_c8_contact(self):
        """C8, C3: a contact leads to its customer; the number to call is shown."""
        self.customer.phone = "+1 555 0100"
        contact = self._create_customer(
            "Ms Jones",
            is_company=False,
            parent_id=self.customer.id,
            type="followup",
            phone="+1 555 0101",
        )
        form = self._get_form(contact)
        self.assertEqual(form.partner_id, self.customer)
        self.assertIn("+1 555 0100", form.contact_info)
        self.assertIn("+1 555 0101", form.contact_info)

    def test_c8_second_click(self):
        """Two clicks log one call."""
        window = self._get_form().save()
        window.action_log()
        window.action_log()
        self.assertEqual(len(self._get_calls()), 1)

    def test_c8_planned_call_is_done(self):
        """C8, A5: the call that a level planned is done, with the note."""
        self.level_1.write(
            {
                "schedule_activity": True,
                "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
            }
        )
        self._run_cron()
        planned = self.customer.activity_ids
        self.assertEqual(planned.activity_type_id.category, "phonecall")
        by_hand = self.customer.activity_ids.create(
            {
                "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                "res_id": self.customer.id,
                "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
                "summary": "Birthday",
            }
        )
        form = self._get_form()
        self.assertEqual(form.activity_count, 1)
        form.outcome = "not_reached"
        self.assertFalse(form.close_activities, "still to be called")
        form.save().action_log()
        self.assertTrue(planned.active)
        self._log("reached", note="Cheque is in the mail")
        self.assertFalse(planned.active)
        self.assertEqual(planned.feedback, "Cheque is in the mail")
        self.assertTrue(by_hand.active)

    def test_c8_e3_list_of_the_customer(self):
        """C8, E3: the calls of the customer are one click away, in its company."""
        self._log("reached")
        other = self.setup_other_company()["company"].root_id
        self.env["account.followup.call"].sudo().create(
            {
                "partner_id": self.customer.id,
                "company_id": other.id,
                "date": TODAY,
                "outcome": "reached",
            }
        )
        for user in (self.responsible, self.reader):
            customer = self.customer.with_user(user).with_company(self.company)
            self.assertEqual(customer.followup_call_count, 1)
            action = customer.action_view_followup_calls()
            calls = self.env[action["res_model"]].with_user(user)
            self.assertEqual(len(calls.search(action["domain"])), 1)
            self.assertIn("Late Ltd", calls.search(action["domain"]).display_name)

    def test_c8_foreign_invoices(self):
        """The invoices are those of the customer."""
        other = self._create_late(20, partner=self._create_customer("Other Ltd"))
        with self.assertRaisesRegex(ValidationError, f"{other.name}: .* Late Ltd"):
            self.env["account.followup.call"].sudo().create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "date": TODAY,
                    "outcome": "promise",
                    "promised_date": TODAY,
                    "line_ids": [Command.set(self._get_lines(other).ids)],
                }
            )

    def test_c8_invoices_of_another_company(self):
        """Those of the same customer in another house are refused in a sentence."""
        other = self.setup_other_company()["company"]
        self.responsible.company_ids += other
        foreign = self._create_late(20, company_id=other.id)
        windows = self.env["account.followup.call.wizard"].with_user(self.responsible)
        windows = windows.with_context(allowed_company_ids=(self.company + other).ids)
        for outcome, name in (("promise", "promised_date"), ("dispute", "review_date")):
            window = windows.create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "outcome": outcome,
                    name: TODAY,
                    "line_ids": [Command.set(self._get_lines(foreign).ids)],
                }
            )
            with (
                self.subTest(outcome),
                self.assertRaisesRegex(ValidationError, "not owed by Late Ltd"),
            ):
                window.action_log()

    def test_c8_g2_access(self):
        """G2: Invoicing logs, read-only accountants look, others see nothing."""
        call = self._log("reached")
        employee = self._create_user("employee", "base.group_user")
        for user in (self.reader, employee):
            customer = self.customer.with_user(user)
            with self.assertRaises(AccessError):
                customer.action_log_followup_call()
            with self.assertRaises(AccessError):
                self.env["account.followup.call.wizard"].with_user(user).create(
                    {"partner_id": self.customer.id}
                )
        self.assertTrue(call.with_user(self.reader).outcome)
        with self.assertRaises(AccessError):
            call.with_user(employee).read(["outcome"])
        with self.assertRaises(AccessError):
            self.customer.with_user(employee).read(["followup_call_count"])
        for user in (self.reader, self.responsible):
            with self.assertRaises(AccessError):
                call.with_user(user).write({"note": "Changed"})
            with self.assertRaises(AccessError):
                call.with_user(user).unlink()

    def test_c8_g2_own_window(self):
        """G2: nobody uses the window of somebody else."""
        window = self.env["account.followup.call.wizard"].create(
            {"partner_id": self.customer.id}
        )
        with self.assertRaises(AccessError):
            window.with_user(self.responsible).action_log()

    def test_c8_g2_other_company(self):
        """G2: calls of another company are not seen."""
        other = self.setup_other_company()["company"]
        call = (
            self.env["account.followup.call"]
            .sudo()
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": other.id,
                    "date": TODAY,
                    "outcome": "reached",
                }
            )
            .sudo(False)
        )
        with self.assertRaises(AccessError):
            call.with_user(self.responsible).read(["outcome"])

    def test_c8_g1_branch(self):
        """G1: a branch logs in its main company and sees those calls."""
        branch = self._create_company(parent_id=self.company.id, name="Branch")
        invoice = self._create_late(3, company_id=branch.id)
        user = self._create_user("branch", "account.group_account_invoice")
        user.write({"company_ids": [Command.set(branch.ids)], "company_id": branch.id})
        customer = self.customer.with_user(user).with_company(branch)
        action = customer.action_log_followup_call()
        form = Form(
            self.env[action["res_model"]]
            .with_user(user)
            .with_company(branch)
            .with_context(**action["context"])
        )
        form.outcome = "promise"
        form.promised_date = TODAY
        self.assertEqual(form.line_ids.ids, self._get_lines(invoice).ids)
        form.save().action_log()
        self.assertEqual(self._get_calls().company_id, self.company)
        customer.invalidate_recordset()
        self.assertEqual(customer.followup_call_count, 1)

    def test_c8_g2_branch_lets_nothing_of_others_rest(self):
        """G2: a call is no way around the right to hold an invoice."""
        branch = self._create_company(parent_id=self.company.id, name="Branch")
        user = self._create_user("branch", "account.group_account_invoice")
        user.write({"company_ids": [Command.set(branch.ids)], "company_id": branch.id})
        calls = self.env["account.followup.call"].with_user(user)
        calls = calls.with_context(allowed_company_ids=branch.ids)
        values = {
            "partner_id": self.customer.id,
            "company_id": self.company.id,
            "date": TODAY,
            "line_ids": [Command.set(self._get_lines(self.late).ids)],
        }
        for outcome, name in (("promise", "promised_date"), ("dispute", "review_date")):
            with self.subTest(outcome), self.assertRaises(AccessError):
                calls._log_call({**values, "outcome": outcome, name: TODAY}, TODAY)

    @mute_logger("odoo.sql_db")
    def test_c8_kept_for_ever(self):
        """A customer who was called cannot be deleted with the history."""
        self._log("reached")
        self.assertEqual(len(self._get_calls()), 1)
        partner = self._create_customer("Paid Ltd")
        self._get_form(partner).save().action_log()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            partner.unlink()

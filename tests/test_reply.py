from datetime import date, timedelta
from pathlib import Path
from string import Template
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import TODAY, FollowupCommon

MAILS = Path(__file__).parent / "mails"

#: Files of e-mails that a person has written; the day is a Wednesday.
ANSWERS = (
    "reply",
    "reply_html",
    "forward",
    "other_address",
    "empty",
    "encrypted_pgp",
    "encrypted_smime",
)
#: Of machines, of servers, and of colleagues.
OTHERS = (
    "auto_exchange",
    "auto_gmail",
    "auto_sieve",
    "auto_cpanel",
    "auto_ticket",
    "read_receipt",
    "colleague",
)
UNTIL = date(2024, 5, 22)
SUMMARY = "The customer has answered a payment reminder"


class ReplyCommon(FollowupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.customer.with_company(cls.company)
        cls.invoice = cls._create_late(2)

    def _send(self):
        """Remind the customer by the scheduled actions; return the reminder."""
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        reminder = self._get_reminders()[-1:]
        self.assertEqual(reminder.state, "sent")
        return reminder

    def _receive(self, name, reminder=None, message=None, **values):
        """Let an e-mail arrive as core's mail gateway does."""
        message = message or reminder.mail_message_id
        source = Template((MAILS / f"{name}.eml").read_text("utf-8")).substitute(
            {
                "customer": self.customer.email,
                "to": message.reply_to,
                "message_id": message.message_id,
                **values,
            }
        )
        with (
            self.mock_mail_gateway(),
            mute_logger("odoo.addons.mail.models.mail_thread"),
        ):
            self.env["mail.thread"].sudo().message_process(None, source.encode())
        self.env.flush_all()
        self.env.invalidate_all()

    def _get_tasks(self):
        return self.customer.activity_ids.filtered(lambda one: one.summary == SUMMARY)

    def _assert_paused(self, until=UNTIL):
        self.env.invalidate_all()
        self.assertEqual(self._get_followup().pause_until, until)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReply(ReplyCommon):
    """X17, rule 16: who answers is not reminded by itself for a while."""

    def test_x17_answers_pause(self):
        """What a person writes pauses and gives a task, whatever it looks like."""
        reminder = self._send()
        for name in ANSWERS:
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self._receive(name, reminder)
                self._assert_paused()
                task = self._get_tasks()
                self.assertEqual(task.user_id, self.responsible)
                self.assertEqual(task.date_deadline, TODAY)
                message = self._get_followup().pause_message_id
                self.assertEqual(message.model, "res.partner")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_x17_machines_do_not_pause(self):
        """Automatic answers, receipts and colleagues are no answer of the customer."""
        reminder = self._send()
        for name in OTHERS:
            with self.subTest(name):
                self._receive(name, reminder)
                self._assert_paused(False)
                self.assertFalse(self._get_tasks())

    def test_x17_bounce_does_not_pause(self):
        reminder = self._send()
        self._receive("bounce", reminder)
        self._assert_paused(False)
        self.assertEqual(reminder.state, "failed", "as before (E3)")

    def test_x17_run_waits_and_goes_on(self):
        """The next level is due in the pause, and leaves on the day after."""
        self._receive("reply", self._send())
        self._create_late(20)
        self._run_cron()
        self.assertEqual(len(self._get_reminders()), 1)
        self.assertEqual(self.customer.followup_status, "in_need_of_action")
        with freeze_time(UNTIL):
            self.env.invalidate_all()
            self._run_cron()
            self.assertEqual(len(self._get_reminders()), 1, "the last day of the pause")
        with freeze_time(UNTIL + timedelta(days=1)):
            self.env.invalidate_all()
            self._run_cron()
            self.assertEqual(len(self._get_reminders()), 2)
            self.assertFalse(self.customer.followup_pause_text)

    def test_x17_queued_is_withdrawn(self):
        """An answer comes while the next reminder is queued: it does not leave."""
        reminder = self._send()
        self._create_late(20)
        self._run_cron()
        self._receive("reply", reminder)
        with self.mock_mail_gateway():
            self._run_mail_queue()
            self.assertNotSentEmail()
        queued = self._get_reminders()[-1]
        self.assertEqual(queued.state, "withdrawn")
        self.assertIn("answered on", queued.delivery_ids.failure_reason)

    def test_x17_another_channel_is_still_queued(self):
        """The e-mail has left at night, the SMS waits for its hours: it stays here."""
        self.customer.phone = "+12025550122"
        template = self.env.ref("account_payment_followup.sms_template_reminder")
        self.level_1.write({"send_sms": True, "sms_template_id": template.id})
        self._run_cron()
        reminder = self._get_reminders()
        message = self.customer.message_post(
            body="Hello", subtype_xmlid="mail.mt_comment"
        )
        self._receive("forward", message=message)
        self._assert_paused(False)  # nothing of it has left
        with self.mock_mail_gateway():
            self._run_mail_queue()
        self.assertEqual(reminder.state, "queued")
        self._receive("reply", reminder)
        self._assert_paused()
        self.assertTrue(self._get_tasks())
        deliveries = reminder.sudo().delivery_ids
        sms = deliveries.filtered(lambda one: one.channel == "sms")
        sms._withdraw_outdated()
        self.assertEqual(sms.state, "withdrawn")
        self.assertIn("answered on", sms.failure_reason)
        self.assertEqual(reminder.state, "sent")

    def test_x17_by_hand_with_a_warning(self):
        self._receive("reply", self._send())
        self._create_late(20)
        window = self._open_window(user=self.responsible)
        self.assertIn("Paused until 05/22/2024: answered on", str(window.alerts))
        with self.mock_mail_gateway():
            window.action_send()
            self._run_mail_queue()
        self.assertEqual(self._get_reminders()[-1].state, "sent")

    def test_x17_one_task(self):
        """Several e-mails: one task, and a pause from the first one on.

        Who knows the Message-Id of a reminder makes no pause longer by that.
        """
        reminder = self._send()
        self._receive("reply", reminder)
        with freeze_time(TODAY + timedelta(days=1)):
            self._receive("forward", reminder)
            self._assert_paused()
            [task] = self._get_tasks()
            self.assertIn("Re: Payment reminder", task.note)
            self.assertIn("Fwd: Payment reminder", task.note)
            first = self._get_followup().pause_message_id
            self.assertEqual(first.subject, "Re: Payment reminder")
            task.action_feedback("I have called them")
            self._receive("reply_html", reminder)
            self._assert_paused(UNTIL + timedelta(days=1))
            self.assertEqual(len(self._get_tasks()), 1, "a new answer, a new task")

    def test_x17_many_answers(self):
        """The note of the task has an end; a pause that is over stays over."""
        reminder = self._send()
        self._receive("reply", reminder)
        task = self._get_tasks()
        task.note = "x" * 5000
        with freeze_time(UNTIL + timedelta(days=1)):
            self._receive("forward", reminder)
            self._assert_paused()
            self.assertNotIn("Fwd:", self._get_tasks().note)

    def test_x17_on_the_invoice(self):
        """An answer in the chatter of the invoice counts as well."""
        self._send()
        message = self.invoice.message_post(
            body="Your invoice", subtype_xmlid="mail.mt_comment"
        )
        self._receive("reply", message=message)
        self._assert_paused()
        self.assertEqual(self._get_followup().pause_message_id.model, "account.move")

    def test_x17_of_a_contact(self):
        """A contact of the customer is the customer."""
        self._send()
        contact = self.env["res.partner"].create(
            {
                "name": "Ann",
                "email": "ann@customer.example.com",
                "parent_id": self.customer.id,
            }
        )
        message = contact.message_post(body="Hello", subtype_xmlid="mail.mt_comment")
        self._receive("reply", message=message, customer=contact.email)
        self._assert_paused()

    def test_x17_without_a_reminder(self):
        """An e-mail of somebody who was not reminded, or has paid, is an e-mail."""
        message = self.customer.message_post(
            body="Hello", subtype_xmlid="mail.mt_comment"
        )
        self._receive("reply", message=message)
        self._assert_paused(False)
        reminder = self._send()
        self._pay(self.invoice)
        self._receive("forward", reminder)
        self._assert_paused(False)

    def test_x17_setting(self):
        reminder = self._send()
        self.company.followup_reply_pause_days = 0
        self._receive("reply", reminder)
        self._assert_paused(False)
        self.company.followup_reply_pause_days = 1
        self._receive("forward", reminder)
        self._assert_paused(TODAY + timedelta(days=1))
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"):
            self.company.followup_reply_pause_days = 366
            self.env.flush_all()

    def test_x17_only_the_company_that_has_asked(self):
        """A customer of two companies answers the reminder of one of them."""
        reminder = self._send()
        other = self.setup_other_company()["company"]
        self.env["account.followup"]._get_or_create(self.customer, other)
        self._receive("reply", reminder)
        cases = self.env["account.followup"].search(
            [("partner_id", "=", self.customer.id), ("pause_until", "!=", False)]
        )
        self.assertEqual(cases.company_id, self.company)

    def test_x17_an_error_loses_no_mail(self):
        """Core throws away an e-mail when an error comes out of the gateway."""
        reminder = self._send()
        service = self.registry["account.followup.reply"]
        error = patch.object(service, "_note_posted", side_effect=ValueError("broken"))
        with error, self.assertLogs("odoo.addons.account_payment_followup", "WARNING"):
            self._receive("reply", reminder)
        self.assertIn("we pay on Friday", self.customer.message_ids[0].body)

    def test_x17_conflict_is_tried_again(self):
        """The customer is being reminded at this moment: noted after the commit."""
        reminder = self._send()
        service = self.registry["account.followup.reply"]
        conflict = psycopg2.errors.SerializationFailure("could not serialize access")
        with patch.object(service, "_note_posted", side_effect=conflict):
            self._receive("reply", reminder)
        again = self.env.cr.postcommit._funcs.pop()
        self.assertEqual(again.func, service._note_again)
        registry, message_id, threads = again.args
        self.assertEqual(registry, self.registry)
        self.env["account.followup.reply"].sudo()._note_posted(message_id, threads)
        self._assert_paused()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPause(ReplyCommon):
    """X17: what a clerk sees of an answer, and does about it."""

    def setUp(self):
        super().setUp()
        self._receive("reply", self._send())
        self._create_late(20)
        self.clerk = self.customer.with_user(self.responsible)

    def _get_window(self):
        action = self.clerk.action_answer_followup()
        window = self.env[action["res_model"]].with_user(self.responsible)
        return Form(window.with_context(**action["context"]))

    def _apply(self, operation, **values):
        form = self._get_window()
        form.operation = operation
        for name, value in values.items():
            setattr(form, name, value)
        form.save().action_apply()
        self.env.invalidate_all()

    def _assert_goes_on(self):
        self._assert_paused(False)
        self.assertFalse(self._get_tasks(), "it is done")
        self._run_cron()
        self.assertEqual(len(self._get_reminders()), 2)

    def test_x17_shown(self):
        """Customer, work-list and window say until when and why."""
        text = "Paused until 05/22/2024: answered on 05/15/2024"
        self.assertEqual(self.clerk.followup_pause_text, text)
        rows = self.env["account.followup.customer"].with_user(self.responsible)
        row = rows.search([("pause_until", "!=", False)])
        self.assertEqual(row.partner_id, self.customer)
        self.assertEqual(row.pause_until, UNTIL)
        self.assertEqual(row.status_note, "Answer came")
        window = self._get_window()
        self.assertIn("we pay on Friday", window.answer)
        self.assertIn("Re: Payment reminder", window.answer_info)
        self._get_followup().pause_message_id.unlink()
        self.assertFalse(self._get_window().answer_info, "paused by hand")

    def test_x17_go_on(self):
        self.clerk.action_end_followup_pause()
        self._assert_goes_on()
        bodies = "".join(self.customer.message_ids.mapped("body"))
        self.assertIn("Paused Until: 05/22/2024 → No", bodies)

    def test_x17_answer_go_on(self):
        self._apply("go_on", note="Nothing new")
        self._assert_goes_on()

    def test_x17_answer_hold(self):
        self._apply("hold", note="Ann looks into it")
        self._assert_paused(date(2024, 5, 29))
        self.assertFalse(self._get_tasks(), "somebody has read it")
        self.assertIn("Ann looks into it", self.clerk.followup_pause_text)
        self._run_cron()
        self.assertEqual(len(self._get_reminders()), 1)

    def test_x17_answer_promise(self):
        day = TODAY + timedelta(days=2)
        self._apply("promise", promised_date=day)
        self._assert_paused(False)
        lines = self.invoice._get_followup_lines()
        self.assertEqual(lines.expected_payment_date, day)
        promise = self.env["account.followup.promise"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual((promise.origin, promise.state), ("reply", "open"))
        self._run_cron()
        self.assertEqual(len(self._get_reminders()), 1, "all invoices rest")

    def test_x17_answer_dispute(self):
        day = TODAY + timedelta(days=9)
        form = self._get_window()
        form.operation = "dispute"
        form.review_date = day
        form.note = "Damaged"
        form.line_ids.remove(index=0)
        form.save().action_apply()
        self.env.invalidate_all()
        dispute = self.env["account.followup.dispute"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(len(dispute.line_ids), 1)
        self.assertEqual((dispute.origin, dispute.note), ("reply", "Damaged"))
        self.assertEqual(dispute.review_date, day)
        self._assert_goes_on()

    def test_x17_answer_refused(self):
        """Each mistake has a sentence that names the customer."""
        form = self._get_window()
        form.operation = "hold"
        form.pause_until = TODAY - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "Late Ltd cannot be paused"):
            form.save().action_apply()
        form.pause_until = date(9999, 12, 31)
        with self.assertRaisesRegex(ValidationError, "Late Ltd.*too far away"):
            form.save().action_apply()

    def test_x17_rights(self):
        reader = self._create_user("reader", "account.group_account_readonly")
        for method in ("action_end_followup_pause", "action_answer_followup"):
            with self.assertRaises(AccessError):
                getattr(self.customer.with_user(reader), method)()
        self._assert_paused()

    def test_x17_merged(self):
        """The longest pause of those who become one stays (G5)."""
        other = self._create_customer("Double Ltd")
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.customer + other).ids, other
        )
        case = self.env["account.followup"].search([("partner_id", "=", other.id)])
        self.assertEqual(case.pause_until, UNTIL)
        self.assertEqual(case.pause_activity_id.res_id, other.id)

    def test_x17_by_rpc(self):
        """A pause is a setting like others: written by hand, told in the chatter."""
        case = self._get_followup().with_user(self.responsible)
        case.write({"pause_until": TODAY + timedelta(days=40)})
        self.assertIn("Paused Until", self.customer.message_ids[0].body)
        with self.assertRaises(AccessError):
            case.write({"pause_activity_id": False})

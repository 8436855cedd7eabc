from contextlib import contextmanager
from datetime import timedelta
from unittest import skipUnless

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from .common import TODAY
from .iap_common import IAP_LOGGERS, IapCommon
from .iap_server import EMPTY, ERROR_500, HANG_UP, NO_JSON, NONSENSE, TIMEOUT

try:
    import phonenumbers
except ImportError:
    phonenumbers = None

NUMBER = "+12025550122"

#: Odoo does without it, and sends numbers as they were typed.
NO_LIBRARY = "the Python library phonenumbers is not installed"

#: What a mail server sends back when it does not know an address.
BOUNCE = """\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.com>
To: {bounce_to}
Subject: Undelivered Mail Returned to Sender
Message-Id: <bounce-1@mx.example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="BOUNDARY"

--BOUNDARY
Content-Type: text/plain; charset=us-ascii

This is the mail system at mx.example.com. No such user here.

--BOUNDARY
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user here

--BOUNDARY
Content-Type: message/rfc822

Message-Id: {message_id}
To: {address}
Subject: Payment reminder

--BOUNDARY--
"""

REPLY = """\
From: {address}
To: {to}
Subject: Re: Payment reminder
Message-Id: <reply-1@customer.example.com>
In-Reply-To: {message_id}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

We will pay on Friday.
"""


class SmsCommon(IapCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sms_template = cls.env.ref("account_payment_followup.sms_template_reminder")
        cls.levels.write(
            {
                "send_email": False,
                "send_sms": True,
                "sms_template_id": cls.sms_template.id,
            }
        )

    def _send_sms(self):
        """Remind the customer by the scheduled actions; return the reminder."""
        self._run_cron()
        self._run_sms_queue()
        return self._get_reminders()[-1:]

    def _assert_failed(self, reminder, reason):
        """All deliveries of a reminder failed: rule 11."""
        self.assertEqual(reminder.delivery_ids.mapped("state"), ["failed"])
        self.assertRegex(reminder.failure_reason, reason)
        self.assertEqual(reminder.state, "failed")
        self.assertFalse(any(reminder.line_ids.mapped("is_standing")))
        self.assertFalse(
            reminder.line_ids.move_line_id.followup_level_id, "no level was reached"
        )
        followup = self._get_followup(reminder.partner_id)
        self.assertEqual(followup.retry_date, TODAY + timedelta(days=1))
        self.assertEqual(followup.failure_count, 1)
        activity = reminder.partner_id.activity_ids
        self.assertEqual(len(activity), 1, "one task for the responsible")
        self.assertEqual(activity.user_id, self.responsible)
        self.assertRegex(activity.note, reason)

    def _create_contacts(self, *names, **values):
        return self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "parent_id": self.customer.id,
                    "type": "followup",
                    "phone": f"+120255501{number}",
                    "country_id": self.country.id,
                    **values,
                }
                for number, name in enumerate(names, 50)
            ]
        )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestSms(SmsCommon, CronMixinCase):
    """Rows C1, C3, C7, E3, X2: reminders by SMS, from the level to the service."""

    # ------------------------------------------------------------------
    # C7: what arrives
    # ------------------------------------------------------------------

    def test_c7_cron_to_service(self):
        late = self._create_late(20)
        self._run_cron()
        reminder = self._get_reminders()
        self.assertFalse(self.service.requests, "nothing leaves before the queue")
        self.assertEqual(reminder.state, "queued")
        self._run_sms_queue()
        (sms,) = self.service.sms
        self.assertEqual(sms["number"], NUMBER, "international")
        text, _slash, token = sms["text"].rpartition("/")
        self.assertIn(f"{self.company.name}: please pay $ 100.00. Details: ", text)
        self.assertTrue(token)
        delivery = reminder.delivery_ids
        self.assertEqual((delivery.channel, delivery.state), ("sms", "sent"))
        self.assertEqual(delivery.recipient, NUMBER)
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(reminder.sms_body, text, "what is kept opens nothing")
        self.assertEqual(late.followup_level_id, self.level_1)
        # again and again: nothing more
        for _run in range(3):
            self._run_cron()
            self._run_sms_queue()
        self.assertEqual(len(self.service.sms), 1)

    def test_c7_queue_is_woken(self):
        self._create_late(20)
        with self.capture_triggers("sms.ir_cron_sms_scheduler_action") as captured:
            self._get_followup()._process(TODAY)
        self.assertTrue(captured.records)

    def test_c1_window(self):
        self._create_late(20)
        window = self._open_window()
        self.assertTrue(window.do_sms)
        self.assertFalse(window.do_email)
        self.assertIn("in-app credits", window.alerts["credits"]["message"])
        window.sms_body = "Please call us. Œuvre, 谢谢"
        with self.mock_mail_gateway():
            window.action_send()
            self.assertFalse(self._mails)
        self._run_sms_queue()
        self.assertEqual(
            [(sms["number"], sms["text"]) for sms in self.service.sms],
            [(NUMBER, "Please call us. Œuvre, 谢谢")],
        )
        self.assertEqual(self._get_reminders().state, "sent")

    def test_c1_email_and_sms_together(self):
        self._create_late(20)
        window = self._open_window()
        window.do_email = True
        with self.mock_mail_gateway():
            window.action_send()
            self.assertEqual(len(self._mails), 1)
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "queued", "the SMS is under way")
        self._run_sms_queue()
        self.assertEqual(
            {delivery.channel: delivery.state for delivery in reminder.delivery_ids},
            {"email": "sent", "sms": "sent"},
        )
        self.assertEqual(reminder.state, "sent")

    def test_c4_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.sms_template.with_context(lang="fr_FR").body = "Veuillez payer, merci"
        self.customer.lang = "fr_FR"
        self._create_late(20)
        self._send_sms()
        self.assertEqual(self.service.sms[0]["text"], "Veuillez payer, merci")

    @skipUnless(phonenumbers, NO_LIBRARY)
    def test_c7_number_in_international_form(self):
        for country, typed, number in (
            ("base.us", "202 555 0122", NUMBER),
            ("base.us", "(202) 555-0122", NUMBER),
            ("base.de", "030 901820", "+4930901820"),
            ("base.us", "+49 30 901820", "+4930901820"),
        ):
            with self.subTest(typed=typed, country=country):
                self.service.reset()
                customer = self._create_customer(
                    f"{typed} {country}",
                    phone=typed,
                    country_id=self.env.ref(country).id,
                )
                self._create_late(20, partner=customer)
                self._send_sms()
                self.assertEqual(self.service.sms[0]["number"], number)
                reminder = self._get_reminders(customer)
                self.assertEqual(reminder.delivery_ids.recipient, number)

    def test_c3_several_contacts(self):
        self._create_contacts("Ann", "Bob")
        silent = self._create_contacts("Silent", phone=False)
        self._create_late(20)
        reminder = self._send_sms()
        numbers = {"+12025550150", "+12025550151"}
        self.assertEqual({sms["number"] for sms in self.service.sms}, numbers)
        self.assertEqual(set(reminder.delivery_ids.mapped("recipient")), numbers)
        self.assertNotIn(silent, reminder.delivery_ids.mail_message_id.partner_ids)
        self.assertEqual(reminder.state, "sent")

    def test_c3_contacts_with_the_same_number_get_one(self):
        self._create_contacts("Ann", "Bob", phone="+12025550199")
        self._create_late(20)
        self._send_sms()
        self.assertEqual([sms["number"] for sms in self.service.sms], ["+12025550199"])

    # ------------------------------------------------------------------
    # C3, E3: what is known before
    # ------------------------------------------------------------------

    def test_c3_no_number(self):
        for phone in (False, "12", "call me") if phonenumbers else (False,):
            with self.subTest(phone=phone):
                customer = self._create_customer(f"No Number {phone}", phone=phone)
                self._create_late(20, partner=customer)
                alert = self._open_window(customer).alerts["sms"]
                self.assertEqual(alert["level"], "danger")
                self.assertIn("no valid phone number", alert["message"])
                self.assertEqual(alert["action"]["res_id"], customer.id)
                self._send_sms()
                self._assert_failed(
                    self._get_reminders(customer), "no valid phone number"
                )
        self.assertFalse(self.service.requests)

    def test_c3_blacklisted_number(self):
        self.env["phone.blacklist"].sudo().add(NUMBER)
        self._create_late(20)
        self.assertIn("blacklist", self._open_window().alerts["sms"]["message"])
        self._assert_failed(self._send_sms(), "does not want messages.*blacklist")
        self.assertFalse(self.service.requests)

    def test_c3_one_of_two_contacts_is_blacklisted(self):
        self._create_contacts("Ann", "Bob")
        self.env["phone.blacklist"].sudo().add("+12025550150")
        self._create_late(20)
        self.assertEqual(self._send_sms().state, "sent")
        self.assertEqual([sms["number"] for sms in self.service.sms], ["+12025550151"])

    def test_e3_number_as_used(self):
        """Corrected while the SMS waits: the history says where it went."""
        self._create_late(20)
        self._run_cron()
        self.customer.phone = "+12025550199"
        self._run_cron()
        self._run_sms_queue()
        self.assertEqual([sms["number"] for sms in self.service.sms], [NUMBER])
        delivery = self._get_reminders().delivery_ids
        self.assertEqual((delivery.recipient, delivery.state), (NUMBER, "sent"))

    # ------------------------------------------------------------------
    # E3: what the service says
    # ------------------------------------------------------------------

    def test_e3_refused(self):
        """Each way to fail ends in a failed delivery with a reason (promise 5)."""
        for answer, reason in {
            "insufficient_credit": "credits.*SMS",
            "unregistered": "account.*SMS",
            "wrong_number_format": "number",
            "country_not_supported": "ountry",
            "registration_needed": "egistration",
            "incompatible_content": "incompatible_content",
            "server_error": "SMS service",
            ERROR_500: "SMS service",
            HANG_UP: "SMS service",
            NO_JSON: "SMS service",
            NONSENSE: "SMS service",
            EMPTY: "SMS service",
            TIMEOUT: "SMS service",
        }.items():
            with self.subTest(answer=answer):
                customer = self._create_customer(f"Like {answer}", phone=NUMBER)
                customer.country_id = self.country
                self._create_late(20, partner=customer)
                self.service.sms_answer = answer
                with mute_logger(*IAP_LOGGERS):
                    self._send_sms()
                self._assert_failed(self._get_reminders(customer), reason)
                calls = len(self.service.requests)
                self._run_cron()
                self._run_sms_queue()
                self.assertEqual(len(self.service.requests), calls, "not again today")
        self.assertFalse(self.service.sms)

    def test_e3_nonsense_for_one_spares_the_others(self):
        """SMS of other modules in the same queue are as core leaves them."""
        other = self.env["sms.sms"].sudo().create({"number": "+33123", "body": "Hi"})
        self._create_late(20)
        self.service.answers[NUMBER] = NONSENSE
        reminder = self._send_sms()
        self._assert_failed(reminder, "SMS service")
        self.assertEqual([sms["number"] for sms in self.service.sms], ["+33123"])
        self.assertEqual(other.state, "pending")

    def test_e3_next_day_a_new_try(self):
        late = self._create_late(20)
        self.service.sms_answer = "insufficient_credit"
        self._assert_failed(self._send_sms(), "credits")
        self.service.reset()
        with freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            reminder = self._send_sms()
        self.assertEqual(len(self.service.sms), 1, "the old one is not sent, too")
        self.assertEqual(self._get_reminders().mapped("state"), ["failed", "sent"])
        self.assertEqual(late.followup_level_id, self.level_1)
        self.assertFalse(self._get_followup().failure_reason)
        self.assertEqual(reminder.delivery_ids.failure_reason, False)

    def test_e3_other_channels_go_on(self):
        self.levels.send_email = True
        late = self._create_late(20)
        self.service.sms_answer = "insufficient_credit"
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        self._run_sms_queue()
        reminder = self._get_reminders()
        self.assertEqual(
            {delivery.channel: delivery.state for delivery in reminder.delivery_ids},
            {"email": "sent", "sms": "failed"},
        )
        self.assertIn("credits", reminder.failure_reason)
        self.assertEqual(reminder.state, "sent", "it reached the customer")
        self.assertEqual(late.followup_level_id, self.level_1)
        self.assertFalse(self.customer.activity_ids)

    def test_e3_one_of_two_contacts_is_enough(self):
        """In whatever order the service answers, the reminder is never failed."""
        ann, bob = self._create_contacts("Ann", "Bob")
        self._create_late(20)
        for refused, other in ((ann, bob), (bob, ann)):
            with self.subTest(refused=refused.name):
                self.service.reset()
                self.service.answers[refused.phone_sanitized] = "wrong_number_format"
                window = self._open_window()
                window.action_send()
                self._run_sms_queue()
                reminder = self._get_reminders()[-1]
                self.assertEqual(reminder.state, "sent")
                self.assertEqual(
                    reminder.failure_reason,
                    f"{refused.phone_sanitized}: The phone number is not valid.",
                )
                self.assertFalse(self.customer.activity_ids, "not even for a moment")
                self.assertEqual(
                    [sms["number"] for sms in self.service.sms], [other.phone_sanitized]
                )

    def test_e3_processing_counts_as_sent(self):
        self._create_late(20)
        self.service.sms_answer = "processing"
        self.assertEqual(self._send_sms().state, "sent")

    # ------------------------------------------------------------------
    # X2: the last look
    # ------------------------------------------------------------------

    def test_x2_paid_between_queue_and_sending(self):
        late = self._create_late(20)
        other = self._create_customer("Other", phone=NUMBER, country_id=self.country.id)
        self._create_late(20, partner=other)
        self._run_cron()
        self._pay(late)
        self._run_sms_queue()
        self.assertEqual(len(self.service.sms), 1, "only the other customer's")
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("ettled", reminder.failure_reason)
        self.assertFalse(self._get_queued_sms())
        self.assertEqual(self._get_reminders(other).state, "sent")
        self.assertEqual(
            reminder.delivery_ids.mail_message_id.notification_ids.notification_status,
            "canceled",
        )
        self.assertFalse(self.customer.activity_ids)

    def test_x2_sent_from_the_list_of_sms(self):
        """Core's own button Send Now looks once more, too."""
        late = self._create_late(20)
        self._run_cron()
        self._pay(late)
        with self._outside_of_tests() as env:
            env["sms.sms"].search([("state", "=", "outgoing")]).send()
        self.assertFalse(self.service.requests)
        self.assertEqual(self._get_reminders().state, "withdrawn")

    def test_x2_failed_sms_is_not_sent_later(self):
        """Core's Retry on an SMS of a reminder that has failed: it is over."""
        late = self._create_late(20)
        self.service.sms_answer = "insufficient_credit"
        reminder = self._send_sms()
        self._pay(late)
        self.service.reset()
        with self._outside_of_tests() as env:
            env["sms.sms"].search([("state", "=", "error")]).resend_failed()
        self.assertFalse(self.service.requests)
        self._assert_failed(reminder, "credits")

    # ------------------------------------------------------------------
    # E3: by hand
    # ------------------------------------------------------------------

    def test_e3_cancelled_in_the_queue(self):
        self._create_late(20)
        self._run_cron()
        self._get_queued_sms().action_set_canceled()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("by hand", reminder.failure_reason)
        self._run_cron()
        self._run_sms_queue()
        self.assertFalse(self.service.requests)
        self.assertEqual(self._get_reminders(), reminder, "not before tomorrow")
        with freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            self.assertEqual(self._send_sms().state, "sent")
        self.assertEqual(len(self.service.sms), 1)

    def test_e3_deleted_from_the_queue(self):
        self._create_late(20)
        self._run_cron()
        self._get_queued_sms().unlink()
        self._run_cron()
        self._assert_failed(self._get_reminders(), "deleted")
        self.assertEqual(len(self._get_reminders()), 1, "not before tomorrow")

    def test_promise_5_sweep_leaves_what_is_under_way(self):
        self._create_late(20)
        self._run_cron()
        self._run_cron()
        self.assertEqual(self._get_reminders().state, "queued")
        self._run_sms_queue()
        self.assertEqual(self._get_reminders().state, "sent")

    def test_e3_retry(self):
        late = self._create_late(20)
        self.service.sms_answer = "insufficient_credit"
        reminder = self._send_sms()
        self._assert_failed(reminder, "credits")
        self.service.reset()
        clerk = self._create_user("clerk", "account.group_account_invoice")
        with self.capture_triggers("sms.ir_cron_sms_scheduler_action") as captured:
            reminder.delivery_ids.with_user(clerk).action_retry()
        self.assertTrue(captured.records)
        self.assertEqual(reminder.state, "queued")
        self._run_sms_queue()
        self.assertEqual([sms["number"] for sms in self.service.sms], [NUMBER])
        self.assertEqual(reminder.state, "sent")
        self.assertFalse(reminder.failure_reason)
        self.assertEqual(late.followup_level_id, self.level_1)
        self.assertFalse(self._get_followup().failure_reason)
        self._run_cron()
        self._run_sms_queue()
        self.assertEqual(len(self.service.sms), 1)

    def test_e3_retry_fails_again(self):
        self._create_late(20)
        self.service.sms_answer = "insufficient_credit"
        reminder = self._send_sms()
        self.service.sms_answer = ERROR_500
        reminder.delivery_ids.action_retry()
        with mute_logger(*IAP_LOGGERS):
            self._run_sms_queue()
        self.assertEqual(reminder.state, "failed")
        self.assertIn("SMS service", reminder.failure_reason)
        self.assertEqual(len(self.customer.activity_ids), 1, "still one task")

    def test_e3_retry_of_what_was_paid(self):
        late = self._create_late(20)
        self.service.sms_answer = "insufficient_credit"
        reminder = self._send_sms()
        self._pay(late)
        self.service.reset()
        reminder.delivery_ids.action_retry()
        self._run_sms_queue()
        self.assertFalse(self.service.requests)
        self.assertEqual(reminder.state, "withdrawn")

    def test_e3_retry_with_nothing_to_send(self):
        self.customer.phone = False
        self._create_late(20)
        reminder = self._send_sms()
        self._assert_failed(reminder, "no valid phone number")
        with self.assertRaisesRegex(UserError, "no message to send again"):
            reminder.delivery_ids.action_retry()
        self.service.sms_answer = "insufficient_credit"
        self.customer.phone = NUMBER
        with freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            reminder = self._send_sms()
        self.env["sms.sms"].sudo().search([("state", "=", "error")]).unlink()
        with self.assertRaisesRegex(UserError, "no message to send again"):
            reminder.delivery_ids.action_retry()

    def test_e3_retry_after_a_newer_reminder(self):
        """The level was reached by another reminder: never twice (promise 1)."""
        self._create_late(20)
        self.service.sms_answer = "insufficient_credit"
        old = self._send_sms()
        self.service.reset()
        with freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            self.assertEqual(self._send_sms().state, "sent")
            with self.assertRaisesRegex(UserError, "reminded again since"):
                old.delivery_ids.action_retry()
            self._run_sms_queue()
        self.assertEqual(len(self.service.sms), 1)
        self.assertEqual(self._get_reminders().mapped("state"), ["failed", "sent"])

    def test_e3_retry_of_one_of_two_contacts(self):
        """Who has got it does not get it again."""
        self._create_contacts("Ann", "Bob")
        self.service.sms_answer = "insufficient_credit"
        self._create_late(20)
        reminder = self._send_sms()
        self.service.reset()
        self.service.answers["+12025550150"] = "wrong_number_format"
        for delivery in reminder.delivery_ids:
            delivery.action_retry()
        self._run_sms_queue()
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(reminder.delivery_ids.mapped("state"), ["failed", "sent"])
        with self.assertRaises(UserError):
            reminder.delivery_ids[1].action_retry()
        self.assertEqual([sms["number"] for sms in self.service.sms], ["+12025550151"])

    # ------------------------------------------------------------------
    # E3, E4: e-mails that come back
    # ------------------------------------------------------------------

    def _send_email(self):
        self.levels.write({"send_email": True, "send_sms": False})
        self._create_late(20)
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self._run_cron()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "sent")
        return reminder

    def _receive(self, text, reminder, **values):
        """Let an e-mail arrive as core's mail gateway does."""
        message = reminder.mail_message_id
        source = text.format(
            **{
                "address": self.customer.email,
                "to": message.reply_to,
                "bounce_to": "bounce.test@test.mycompany.com",
                "message_id": message.message_id,
                **values,
            }
        )
        with (
            self.mock_mail_gateway(),
            mute_logger("odoo.addons.mail.models.mail_thread"),
        ):
            self.env["mail.thread"].sudo().message_process(None, source.encode())
        self.env.invalidate_all()

    def test_e3_bounced_email(self):
        reminder = self._send_email()
        late = reminder.line_ids.move_id
        self.assertEqual(late.followup_level_id, self.level_1)
        self._receive(BOUNCE, reminder)
        self._assert_failed(reminder, "came back.*No such user here")
        with self.assertRaisesRegex(UserError, "no message to send again"):
            reminder.delivery_ids.action_retry()
        self.customer.email = "right@customer.example.com"
        with freeze_time(TODAY + timedelta(days=1)), self.mock_mail_gateway():
            self.env.invalidate_all()
            self._run_cron()
            self._run_mail_queue()
            self.assertIn("right@customer", self._mails[0]["email_to"][0])
        self.assertEqual(late.followup_level_id, self.level_1)

    def test_e3_bounce_of_one_of_two_contacts(self):
        for contact in self._create_contacts("Ann", "Bob"):
            contact.email = f"{contact.name}@customer.example.com"
        self.levels.write({"send_email": True, "send_sms": False})
        self._create_late(20)
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self._run_cron()
            self._run_mail_queue()
        reminder = self._get_reminders()
        self._receive(BOUNCE, reminder, address="ann@customer.example.com")
        self.assertEqual(reminder.state, "sent", "Bob has got it")
        self._receive(BOUNCE, reminder, address="bob@customer.example.com")
        self.assertEqual(reminder.state, "failed")

    def test_e3_retry_of_an_email(self):
        self.levels.write({"send_email": True, "send_sms": False})
        self._create_late(20)
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self._run_cron()
            mail = self.env["mail.mail"].sudo().search([("state", "=", "outgoing")])
            mail.write({"state": "exception", "failure_reason": "Connection refused"})
            mail._postprocess_sent_message([], [], "Connection refused", "mail_smtp")
            reminder = self._get_reminders()
            self._assert_failed(reminder, "Connection refused")
            reminder.delivery_ids.action_retry()
            self.assertEqual(reminder.state, "queued")
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(reminder.line_ids.move_id.followup_level_id, self.level_1)

    def test_e4_reply_reaches_the_followers(self):
        follower = self._create_user("follower", "base.group_user")
        self.level_1.follower_user_ids = [Command.set(follower.ids)]
        reminder = self._send_email()
        self._receive(REPLY, reminder)
        reply = self.customer.message_ids[0]
        self.assertIn("We will pay on Friday", reply.body)
        self.assertEqual(reply.author_id, self.customer)
        self.assertEqual(reply.parent_id, reminder.mail_message_id)
        self.assertEqual(reminder.reply_ids, reply, "the history shows it")
        self.assertIn(follower.partner_id, reply.notified_partner_ids)
        self.assertEqual(reminder.state, "sent")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestSmsReports(SmsCommon, HttpCase):
    """E3: the service tells later, by the web, what became of an SMS."""

    @contextmanager
    def enter_registry_test_mode(self):
        """HttpCase is in it all the time."""
        self.env.flush_all()
        yield
        self.env.invalidate_all()

    def _report(self, sms, status):
        with mute_logger("odoo.http"):
            answer = self.make_jsonrpc_request(
                "/sms/status",
                {"message_statuses": [{"uuids": [sms["uuid"]], "sms_status": status}]},
            )
        self.assertEqual(answer, "OK")
        self.env.invalidate_all()

    def test_e3_delivered(self):
        self._create_late(20)
        reminder = self._send_sms()
        self._report(self.service.sms[0], "delivered")
        self.assertEqual(reminder.state, "sent")

    def test_e3_failed_after_it_was_taken(self):
        late = self._create_late(20)
        self.service.sms_answer = "processing"
        reminder = self._send_sms()
        self.assertEqual(late.followup_level_id, self.level_1)
        self._report(self.service.sms[0], "not_delivered")
        self._assert_failed(reminder, "Not Delivered")
        with self.assertRaisesRegex(UserError, "no message to send again"):
            reminder.delivery_ids.action_retry()

    def test_e3_rejected_number(self):
        self._create_late(20)
        reminder = self._send_sms()
        self._report(self.service.sms[0], "invalid_destination")
        self._assert_failed(reminder, "Invalid Destination")

    def test_e3_delivered_after_all(self):
        """Told to have failed, reminded again, then told to have arrived."""
        self._create_late(20)
        old = self._send_sms()
        self._report(self.service.sms[0], "expired")
        self.assertEqual(old.state, "failed")
        with freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            new = self._send_sms()
        self.assertNotEqual(old, new)
        self._report(self.service.sms[0], "delivered")
        self.assertEqual(old.state, "failed", "the newer reminder has the level")
        self.assertEqual(new.state, "sent")

    def test_e3_delivered_after_all_without_another(self):
        late = self._create_late(20)
        reminder = self._send_sms()
        self._report(self.service.sms[0], "expired")
        self._report(self.service.sms[0], "delivered")
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(late.followup_level_id, self.level_1)
        self.assertFalse(self._get_followup().failure_reason)

import io
from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.mail import email_normalize
from odoo.tools.pdf import PdfFileReader

from .common import TODAY, FollowupCommon
from .test_page import PageCommon
from .test_sms import NUMBER, SmsCommon
from .test_statement import StatementCommon

TESTER = "tester@company.example.com"
TEST_NUMBER = "+12025550199"
CUSTOMER = "late.ltd@customer.example.com"

#: What core logs when it notes that an e-mail was not sent.
MAIL_LOGGER = "odoo.addons.mail.models.mail_mail"


class TestModeMixin:
    """Switches, and what they are about."""

    @classmethod
    def _switch_on(cls, company=None):
        (company or cls.company).write(
            {
                "followup_test_mode": True,
                "followup_test_email": TESTER,
                "followup_test_phone": TEST_NUMBER,
            }
        )

    def _switch_off(self):
        self.company.followup_test_mode = False
        self.env.flush_all()
        self.env.invalidate_all()

    def _assert_to_tester(self, mails):
        """Nobody else is in any address of e-mails, nor in what answers go to."""
        self.assertTrue(mails)
        for mail in mails:
            addresses = [*mail["email_to"], *(mail["email_cc"] or ())]
            self.assertEqual({email_normalize(one) for one in addresses}, {TESTER})
            self.assertEqual(email_normalize(mail["reply_to"]), TESTER)
            self.assertNotIn("X-Msg-To-Add", mail["headers"])
            self.assertFalse([name for name in mail["headers"] if "Followup" in name])


class TestModeCommon(TestModeMixin, SmsCommon):
    """A company in test mode whose levels send e-mails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.levels.write({"send_email": True, "send_sms": False})
        cls._switch_on()
        cls.invoice = cls._create_late(20)

    def _remind(self):
        """Run the scheduled actions; return (reminders, e-mails that have left)."""
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self._run_cron()
            self._run_mail_queue()
        return self._get_reminders(), list(self._mails)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTestMode(TestModeCommon):
    """X9: all is real, but no message reaches a customer, by any path."""

    # ------------------------------------------------------------------
    # The switch
    # ------------------------------------------------------------------

    def test_x9_needs_an_address(self):
        self._switch_off()
        for address in (False, "nobody", "one@x.example, two@x.example"):
            with self.assertRaisesRegex(ValidationError, "enter one Test Address"):
                self.company.write(
                    {"followup_test_mode": True, "followup_test_email": address}
                )

    def test_x9_settings(self):
        self._switch_off()
        self.company.followup_test_email = False
        settings = self.env["res.config.settings"].with_company(self.company)
        settings.create(
            {"followup_test_mode": True, "followup_test_email": TESTER}
        ).execute()
        self.assertTrue(self.company.followup_test_mode)
        settings.create({"followup_test_mode": False}).execute()
        self.assertTrue(self.company.followup_test_mode, "opened before it was on")
        opened = settings.create({})
        self.assertTrue(opened.followup_is_testing)
        self.assertIn(TESTER, opened.followup_test_notice)
        manager = self._create_user("manager", "account.group_account_manager")
        with self.assertRaises(AccessError):
            opened.with_user(manager).action_end_followup_test_mode()
        opened.action_end_followup_test_mode()
        self.assertFalse(self.company.followup_test_mode)

    def test_x9_branch_and_other_companies(self):
        """It is of the whole house, and of no other one."""
        tests = self.env["account.followup.test"]
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.assertTrue(tests._is_on(branch))
        other = self.env["res.company"].create({"name": "Other"})
        self.assertFalse(tests._is_on(other))
        # a window says what holds for the company that it is about
        window = self.env["account.followup.process.wizard"].with_context(
            allowed_company_ids=(other + self.company).ids,
            default_company_id=self.company.id,
        )
        self.assertTrue(window.default_get(["is_test"])["is_test"])

    # ------------------------------------------------------------------
    # E-mail
    # ------------------------------------------------------------------

    def test_x9_email(self):
        self.levels.attach_invoices = True
        reminder, mails = self._remind()
        (mail,) = mails
        self._assert_to_tester(mails)
        self.assertEqual(mail["subject"], f"[TEST → {CUSTOMER}] {reminder.subject}")
        self.assertIn(f"Test mode: this goes to {TESTER}", mail["body"])
        self.assertIn("would go to Late Ltd", mail["body"])
        self.assertIn(self.invoice.name, mail["body"])
        names = [name for name, *_rest in mail["attachments"]]
        self.assertEqual([name[:5] for name in names], ["TEST "], names)
        self.assertTrue(reminder.is_test)
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(reminder.delivery_ids.recipient, CUSTOMER)
        self.assertFalse(reminder.mail_message_id.partner_ids)
        self.assertFalse(reminder.mail_message_id.notification_ids)

    def test_x9_each_recipient_has_a_test(self):
        contacts = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "email": f"{name}@customer.example.com",
                    "type": "followup",
                    "parent_id": self.customer.id,
                }
                for name in ("ann", "bob")
            ]
        )
        reminder, mails = self._remind()
        self._assert_to_tester(mails)
        self.assertEqual(
            sorted(mail["subject"].partition("]")[0] for mail in mails),
            [f"[TEST → {contact.email}" for contact in contacts],
        )
        self.assertEqual(reminder.delivery_ids.mapped("state"), ["sent", "sent"])

    def test_x9_followers_and_copies_of_the_template(self):
        """Neither who follows the customer, nor whom the template adds."""
        subtypes = self.env["mail.message.subtype"].search([])
        self.responsible.notification_type = "email"
        other = self._create_customer("Following")
        followers = self.customer | other | self.responsible.partner_id
        self.customer.message_subscribe(followers.ids, subtypes.ids)
        self.template.write(
            {
                "email_cc": "cc@customer.example.com",
                "email_to": "to@customer.example.com",
                "partner_to": str(other.id),
                "reply_to": "answers@company.example.com",
            }
        )
        _reminder, mails = self._remind()
        self.assertEqual(len(mails), 1)
        self._assert_to_tester(mails)

    def test_x9_recipients_chosen_by_hand(self):
        other = self._create_customer("Chosen")
        window = self._open_window(user=self.responsible)
        self.assertTrue(window.is_test)
        self.assertIn(TESTER, window.test_notice)
        window.email_recipient_ids = other
        with self.mock_mail_gateway():
            window.action_send()
            self._run_mail_queue()
        self._assert_to_tester(self._mails)
        self.assertIn("[TEST → chosen@customer.example.com]", self._mails[0]["subject"])

    def test_x9_customer_who_is_a_user(self):
        """Neither the inbox nor the e-mail of a customer with a login."""
        user = self._create_user("late", "base.group_user")
        user.notification_type = "inbox"
        user.partner_id.write({"parent_id": self.customer.id, "type": "followup"})
        reminder, mails = self._remind()
        self._assert_to_tester(mails)
        message = reminder.mail_message_id
        self.assertFalse(message.notification_ids)
        self.assertNotIn(user.partner_id, message.partner_ids)

    # ------------------------------------------------------------------
    # The outermost edge
    # ------------------------------------------------------------------

    def _send_refused(self, **values):
        """Queue an e-mail by another way than ours; it must not leave."""
        mail = self.env["mail.mail"].create({"body_html": "<p>Hello</p>", **values})
        with self.mock_mail_gateway(), mute_logger(MAIL_LOGGER):
            mail.send()
        self.assertFalse(self._mails)
        self.assertEqual(mail.state, "exception")
        self.assertIn("is in test mode", mail.failure_reason)

    def test_x9_guard_of_emails(self):
        """Core's own notifications of our messages, and our files, are refused."""
        reminder, _mails = self._remind()
        message = reminder.mail_message_id
        people = [Command.link(self.customer.id)]
        self._send_refused(mail_message_id=message.id, recipient_ids=people)
        self._send_refused(
            mail_message_id=message.id, email_to=f"{TESTER}, a@x.example"
        )
        self._send_refused(
            mail_message_id=message.id, email_to=TESTER, email_cc="a@x.example"
        )
        file = self.env(su=True)["ir.attachment"].create(
            {
                "name": "Letter.pdf",
                "raw": b"letter",
                "res_model": reminder._name,
                "res_id": reminder.id,
            }
        )
        self._send_refused(
            email_to="a@x.example", attachment_ids=[Command.link(file.id)]
        )

    def test_x9_guard_leaves_others_alone(self):
        mail = self.env["mail.mail"].create(
            {"body_html": "<p>Hello</p>", "email_to": "a@x.example"}
        )
        with self.mock_mail_gateway():
            mail.send()
        self.assertEqual(len(self._mails), 1)

    def test_x9_core_notifies_once_more(self):
        """Core's notification of the reminder's message, as a module might call it."""
        reminder, _mails = self._remind()
        self.customer.message_subscribe(self.customer.ids)
        message = reminder.mail_message_id
        with self.mock_mail_gateway(), mute_logger(MAIL_LOGGER):
            self.customer._notify_thread(
                message, {"partner_ids": self.customer.ids, "body": message.body}
            )
            self._run_mail_queue()
        self.assertFalse(self._mails)

    def test_x9_address_is_changed_while_queued(self):
        self._run_cron()
        self.company.followup_test_email = "other@company.example.com"
        with self.mock_mail_gateway(), mute_logger(MAIL_LOGGER):
            self._run_mail_queue()
        self.assertFalse(self._mails)
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "failed")
        self.assertFalse(self._get_followup().failure_count, "a test changes nothing")
        self.assertFalse(self.customer.activity_ids)

    # ------------------------------------------------------------------
    # SMS and letters
    # ------------------------------------------------------------------

    def test_x9_sms(self):
        self.levels.write({"send_email": False, "send_sms": True})
        reminder = self._send_sms()
        (sms,) = self.service.sms
        self.assertEqual(sms["number"], TEST_NUMBER)
        self.assertTrue(sms["text"].startswith(f"[TEST → {NUMBER}] "), sms)
        self.assertTrue(reminder.is_test)
        self.assertEqual(reminder.state, "sent")

    def test_x9_sms_without_a_number(self):
        self.company.followup_test_phone = False
        self.levels.write({"send_email": False, "send_sms": True})
        reminder = self._send_sms()
        self.assertFalse(self.service.sms)
        self.assertEqual(reminder.state, "failed")
        self.assertIn("has no phone number", reminder.failure_reason)

    def test_x9_guard_of_sms(self):
        self.levels.write({"send_email": False, "send_sms": True})
        self._run_cron()
        sms = self._get_queued_sms()
        sms.number = NUMBER
        self._get_reminders().delivery_ids.sudo().recipient = NUMBER
        with mute_logger("odoo.addons.account_payment_followup.models.sms_sms"):
            self._run_sms_queue()
        self.assertFalse(self.service.sms)
        self.assertEqual(sms.state, "error")

    def test_x9_letter(self):
        """It is printed with a mark across each page, and never posted."""
        self.levels.write(
            {"send_email": True, "send_letter": True, "attach_invoices": True}
        )
        with self.allow_pdf_render():
            case = self._get_followup().with_context(force_report_rendering=True)
            case._process(TODAY, trigger="automatic")
        self._run_letter_queue()
        self.assertFalse(self.service.letters)
        self.assertFalse(self._get_letters())
        reminder = self._get_reminders()
        printed = reminder.delivery_ids.filtered(lambda one: one.channel == "print")
        self.assertEqual(len(printed), 1)
        self.assertTrue(printed.attachment_id.name.startswith("TEST "))
        files = printed.attachment_id | reminder.mail_message_id.attachment_ids
        self.assertEqual(len(files), 3, "letter with the invoice, and each for itself")
        for file in files:
            self.assertTrue(file.name.startswith("TEST "), file.name)
            for page in PdfFileReader(io.BytesIO(file.raw)).pages:
                text = "".join(page.extract_text().split())
                self.assertIn("TEST", text, file.name)

    def test_x9_channel_of_another_module(self):
        """One that does not know of the test mode sends nothing."""
        channels = self.env["account.followup.channels"]
        reminder = self._get_followup()._process(TODAY)["done"]
        problem = self.env["account.followup.test"]._get_problem(
            channels._get("letter"), reminder
        )
        self.assertEqual(problem, "Letter by Post has no test mode: nothing was sent.")

    # ------------------------------------------------------------------
    # A test reaches nothing
    # ------------------------------------------------------------------

    def test_x9_reaches_no_level(self):
        self._get_followup().failure_count = 1
        activity = self.env.ref("mail.mail_activity_data_todo")
        self.levels.write(
            {
                "follower_user_ids": self.responsible.ids,
                "schedule_activity": True,
                "activity_type_id": activity.id,
            }
        )
        logged = len(self.invoice.message_ids)
        reminder, _mails = self._remind()
        self.assertEqual(reminder.level_id, self.level_1)
        self.assertFalse(any(reminder.line_ids.mapped("is_standing")))
        self.assertFalse(self.invoice.followup_level_id)
        self.assertEqual(self.customer.followup_status, "in_need_of_action")
        self.assertEqual(self.customer.followup_level_id, self.level_1)
        self.assertEqual(self._get_followup().failure_count, 1)
        self.assertFalse(self.customer.activity_ids)
        self.assertNotIn(self.responsible.partner_id, self.customer.message_partner_ids)
        self.assertEqual(len(self.invoice.message_ids), logged)

    def test_x9_once_a_day(self):
        """The run of each hour would find the customer again: once a day is enough."""
        self._remind()
        reminders, mails = self._remind()
        self.assertEqual(len(reminders), 1)
        self.assertFalse(mails)
        action = self.customer.with_company(self.company).action_process_followups()
        process = self.env["account.followup.process.wizard"]
        window = process.with_context(**action["context"]).create({})
        self.assertEqual(
            window.line_ids.reason, "Test mode: this level was tested today."
        )
        with freeze_time(TODAY + timedelta(days=1)):
            reminders, mails = self._remind()
        self.assertEqual(len(reminders), 2)
        self.assertEqual(reminders.level_id, self.level_1, "no level was reached")
        self._assert_to_tester(mails)

    def test_x9_gap_and_queue_do_not_count(self):
        """What is real goes on as if there were no tests."""
        self.company.followup_min_days = 10
        self._run_cron()
        self.assertEqual(self._get_reminders().state, "queued")
        self.assertEqual(self.customer.followup_status, "in_need_of_action")
        self.assertEqual(self.customer.followup_next_reminder_date, TODAY)

    def test_x9_day_by_hand_stays(self):
        case = self._get_followup()
        case.next_reminder_date = TODAY
        self._remind()
        self.assertEqual(case.next_reminder_date, TODAY)

    # ------------------------------------------------------------------
    # Before and after
    # ------------------------------------------------------------------

    def test_x9_queued_before_is_withdrawn(self):
        self._switch_off()
        self.levels.write({"send_email": True, "send_sms": True, "send_letter": True})
        self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "queued")
        self.assertEqual(len(reminder.delivery_ids), 3)
        self._switch_on()
        with self.mock_mail_gateway():
            self._run_mail_queue()
        self._run_sms_queue()
        self._run_letter_queue()
        self.assertFalse(self._mails)
        self.assertFalse(self.service.sms)
        self.assertFalse(self.service.letters)
        self.assertEqual(set(reminder.delivery_ids.mapped("state")), {"withdrawn"})
        self.assertIn("test mode was switched on", reminder.failure_reason)
        self.assertFalse(reminder.is_test)

    def test_x9_failed_before_is_not_sent_again(self):
        self._switch_off()
        self._run_cron()
        reminder = self._get_reminders()
        mail = self.env["mail.mail"].search([])
        mail.state = "exception"
        reminder.delivery_ids.sudo()._set_state("failed", "The server was down.")
        self._switch_on()
        with self.assertRaisesRegex(UserError, "nothing is sent again"):
            reminder.delivery_ids.action_retry()
        # an administrator tries it in the list of e-mails
        mail.mark_outgoing()
        with self.mock_mail_gateway(), mute_logger(MAIL_LOGGER):
            mail.send()
        self.assertFalse(self._mails)

    def test_x9_queued_test_after_the_end(self):
        self.levels.write({"send_sms": True})
        self._run_cron()
        self._switch_off()
        with self.mock_mail_gateway():
            self._run_mail_queue()
        self._run_sms_queue()
        self.assertFalse(self._mails)
        self.assertFalse(self.service.sms)

    def test_x9_made_while_it_ends(self):
        """Another transaction has made a test: it does not leave, and goes later."""
        self._run_cron()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_company SET followup_test_mode = FALSE WHERE id = %s",
            [self.company.id],
        )
        self.env.invalidate_all()
        with self.mock_mail_gateway():
            self._run_mail_queue()
        self.assertFalse(self._mails)
        self.assertIn("the test mode has ended", self._get_reminders().failure_reason)
        self.env["account.followup.test"]._gc_tests()
        self.assertFalse(self._get_reminders())

    def test_x9_end_removes_all(self):
        self.levels.write(
            {"send_sms": True, "send_letter": True, "attach_invoices": True}
        )
        messages = self.customer.message_ids
        files = self.env["ir.attachment"].search_count([])
        self._remind()
        run = self.env["account.followup.run"]._start(
            self._create_customer("Other"), self.company
        )
        self.assertTrue(run.is_test)
        self.assertIn("[TEST]", run.display_name)
        reminder = self._get_reminders()
        self.assertTrue(reminder.page_link_ids)
        self._switch_off()
        self.assertFalse(reminder.exists())
        self.assertFalse(run.exists())
        self.assertEqual(self.customer.message_ids, messages)
        self.assertFalse(self.env["mail.mail"].search([]))
        self.assertFalse(self.env["sms.sms"].search([]))
        self.assertEqual(self.env["ir.attachment"].search_count([]), files)
        # and all is as if nothing had been: the first level reaches the customer
        reminder, (mail,) = self._remind()
        self.assertEqual(reminder.level_id, self.level_1)
        self.assertIn(CUSTOMER, mail["email_to"][0])
        self.assertNotIn("TEST", mail["subject"])
        self.assertNotIn("Test mode", mail["body"])
        self.assertEqual(self.invoice.followup_level_id, self.level_1)

    def test_x9_before_the_go_live(self):
        """A night can be tested before the go-live; nothing leaves after the test."""
        self.company.followup_start_date = False
        reminder, mails = self._remind()
        self.assertTrue(reminder.is_test)
        self._assert_to_tester(mails)
        self._switch_off()
        reminders, mails = self._remind()
        self.assertFalse(reminders)
        self.assertFalse(mails)

    def test_x9_real_history_stays(self):
        self._switch_off()
        reminder, _mails = self._remind()
        self._switch_on()
        self._switch_off()
        self.assertEqual(reminder.exists().state, "sent")
        self.assertEqual(self.invoice.followup_level_id, self.level_1)

    # ------------------------------------------------------------------
    # Windows and runs that were begun before
    # ------------------------------------------------------------------

    def test_x9_window_sends_in_the_mode_that_it_shows(self):
        window = self._open_window(user=self.responsible)
        self._switch_off()
        with self.assertRaisesRegex(UserError, "it would go to the customer"):
            window.action_send()
        window = self._open_window(user=self.responsible)
        self.assertFalse(window.is_test)
        self.assertFalse(window.test_notice)
        self._switch_on()
        with self.assertRaisesRegex(UserError, "was switched on since"):
            window.action_send()
        self.assertFalse(self._get_reminders())

    def test_x9_run_of_before_waits(self):
        """What was begun in earnest goes on when the mode has ended, not as a test."""
        self._switch_off()
        customers = self.customer
        for number in range(11):
            partner = self._create_customer(f"Customer {number}")
            self._create_late(20, partner=partner)
            customers |= partner
        run = self.env["account.followup.run"]._start(customers, self.company)
        self.assertEqual(run.waiting_count, 12)
        self._switch_on()
        job = self.env.ref("account_payment_followup.ir_cron_process_runs").sudo()
        with self.enter_registry_test_mode():
            job.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(run.waiting_count, 12)
        self._switch_off()
        with self.enter_registry_test_mode():
            job.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(run.done_count, 12)
        self.assertFalse(any(run.line_ids.reminder_id.mapped("is_test")))

    def test_x9_run_of_tests_never_gets_real(self):
        run = self.env["account.followup.run"]._start(self.customer, self.company)
        self.assertTrue(run.line_ids.reminder_id.is_test)
        lines = run.sudo().line_ids
        lines.write({"state": "waiting", "reminder_id": False})
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_company SET followup_test_mode = FALSE")
        self.env.invalidate_all()
        run.sudo()._process_lines(lines)
        self.assertEqual(run.line_ids.state, "skipped")
        self.assertIn("the test mode has ended", run.line_ids.reason)

    def test_x9_call(self):
        """A call that carries out a level reaches nothing either."""
        call = self.env.ref("mail.mail_activity_data_call")
        self.levels.write(
            {
                "send_email": False,
                "schedule_activity": True,
                "activity_type_id": call.id,
            }
        )
        self.env["account.followup.call"].with_user(self.responsible)._log_call(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "date": TODAY,
                "outcome": "reached",
            },
            TODAY,
        )
        self.assertTrue(self._get_reminders().is_test)
        self.assertFalse(self.invoice.followup_level_id)

    def test_x9_work_list_says_so(self):
        customers = self.env["account.followup.customer"].with_company(self.company)
        self.assertIn(TESTER, customers.get_work_list_numbers()["test_notice"])
        self._switch_off()
        self.assertFalse(customers.get_work_list_numbers()["test_notice"])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTestModeStatement(TestModeMixin, StatementCommon):
    """X9: statements."""

    def test_x9_statement(self):
        self._switch_on()
        self.customer.message_subscribe(
            self.customer.ids, self.env["mail.message.subtype"].search([]).ids
        )
        window = self._open_statement_window()
        self.assertIn(TESTER, window.test_notice)
        window.do_letter = True
        _action, mails = self._send(window)
        self.assertEqual(len(mails), 1)
        self._assert_to_tester(mails)
        self.assertIn(f"[TEST → {CUSTOMER}]", mails[0]["subject"])
        self.assertEqual(
            [name[:5] for name, *_rest in mails[0]["attachments"]], ["TEST "]
        )
        statement = self._get_statements()
        self.assertTrue(statement.is_test)
        self.assertEqual(
            set(statement.delivery_ids.mapped("channel")), {"email", "print"}
        )
        self._switch_off()
        self.assertFalse(statement.exists())

    def test_x9_statement_queued_before(self):
        self._open_statement_window().action_send()
        statement = self._get_statements()
        self.assertEqual(statement.state, "queued")
        self._switch_on()
        with self.mock_mail_gateway():
            self._run_mail_queue()
        self.assertFalse(self._mails)
        self.assertEqual(statement.state, "withdrawn")

    def test_x9_window_of_statements(self):
        window = self._open_statement_window()
        self._switch_on()
        with self.assertRaisesRegex(UserError, "was switched on since"):
            window.action_send()

    def test_x9_monthly_statements(self):
        """A month that was tested is sent in earnest when the mode has ended."""
        first = fields.Date.add(TODAY, months=1, day=1)
        self.company.followup_statement_monthly = True
        self._switch_on()
        mails = self._run_job(first)
        self.assertEqual(len(mails), 1)
        self._assert_to_tester(mails)
        statement = self._get_statements()
        self.assertTrue(statement.is_test)
        with freeze_time(first):
            self._switch_off()
        mails = self._run_job(first + timedelta(days=1))
        self.assertEqual(len(mails), 1)
        self.assertIn(CUSTOMER, mails[0]["email_to"][0])
        self.assertFalse(self._get_statements().is_test)

    def test_x9_monthly_statements_of_before_wait(self):
        first = fields.Date.add(TODAY, months=1, day=1)
        self.company.followup_statement_monthly = True
        with freeze_time(first):
            self.env["account.followup.statement.schedule"]._schedule_months()
        self._switch_on()
        self.assertFalse(self._run_job(first))
        self.assertEqual(self._get_statements().state, "waiting")
        with freeze_time(first):
            self._switch_off()
        self.assertEqual(len(self._run_job(first)), 1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTestModePage(TestModeMixin, PageCommon):
    """X9: the debtor page of a test opens and changes nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.real_token = cls.token
        cls._switch_on()
        cls.reminder = cls._record_reminder(cls.customer)
        cls.token = cls.reminder.page_link_ids._get_token()

    def test_x9_page_opens(self):
        response = self._get()
        self.assertEqual(response.status_code, 200)
        text = self._get_text(response)
        self.assertIn("This is a test", text)
        self.assertIn(self.invoice.name, text)
        self.assertNotIn("Pay what is ticked", text)

    def test_x9_page_changes_nothing(self):
        item = self._get_line(self.invoice)
        day = TODAY + timedelta(days=3)
        for kind, values in {
            "paid": {"date": TODAY},
            "promise": {"date": day},
            "dispute": {"reason": "amount"},
            "call": {"phone": "123"},
        }.items():
            with self.subTest(kind):
                response = self._answer(kind, **values)
                self.assertEqual(response.status_code, 200)
                self.assertIn("nothing was recorded", self._get_text(response))
        self.assertFalse(self._get_tasks())
        self.assertFalse(item.followup_hold_until)
        self.assertFalse(item.expected_payment_date)

    def test_x9_page_does_not_pay(self):
        item = self._get_line(self.invoice)
        response = self._get(f"/pay?item={item.id}")
        self.assertIn("nothing is paid", self._get_text(response))
        before = self.env["payment.transaction"].search_count([])
        answer = self.make_jsonrpc_request(
            f"/followup/{self.token}/transaction/{item.id}", {"access_token": "x"}
        )
        self.assertEqual(answer["state_message"], "This is a test: nothing is paid.")
        self.assertEqual(self.env["payment.transaction"].search_count([]), before)

    def _renew(self, token):
        self._post("/renew", token=token)
        cron = self.env.ref("account_payment_followup.ir_cron_renew_page_links")
        cron.sudo().method_direct_trigger()
        self.env.invalidate_all()

    def test_x9_new_link(self):
        """Whoever asks for one, for whichever link: it goes to the test address."""
        for token in (self.real_token, self.token):
            self.env["account.followup.page.limit"].sudo().search([]).unlink()
            self._renew(token)
            with self.mock_mail_gateway():
                self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
            self._assert_to_tester(self._mails)
            self.assertIn(f"[TEST → {CUSTOMER}]", self._mails[0]["subject"])

    def test_x9_new_link_of_before(self):
        self._switch_off()
        self.env["account.followup.page.limit"].sudo().search([]).unlink()
        self._renew(self.real_token)
        self._switch_on()
        with self.mock_mail_gateway(), mute_logger(MAIL_LOGGER):
            self._run_mail_queue()
        self.assertFalse(self._mails)

    def test_x9_customer_who_logs_in(self):
        """The way of who logs in leads to the page of a real reminder."""
        group = self.env.ref("base.group_portal")
        user = self.env["res.users"].create(
            {
                "name": "Portal",
                "login": "followup_portal",
                "group_ids": [Command.set(group.ids)],
            }
        )
        user.partner_id.parent_id = self.customer
        user.password = user.login
        self.authenticate(user.login, user.login)
        response = self.url_open("/followup", allow_redirects=False)
        self.assertTrue(response.headers["Location"].endswith(self.real_token))

    def test_x9_page_is_gone_after_the_end(self):
        self._switch_off()
        self.assertEqual(self._get().status_code, 404)
        self.assertEqual(self._get(token=self.real_token).status_code, 200)


@tagged("post_install", "-at_install")
class TestTestModeTour(FollowupCommon, HttpCase):
    def test_x9_tour(self):
        """Switched on in the settings, sent, seen: the message is marked."""
        self.level_1.name = "Friendly Reminder"
        self.company.tax_exigibility = True  # as core's settings want it
        today = self._get_real_today()
        self._create_late(20, 250, day=today)
        user = self._create_user(
            "admin",
            "base.group_system",
            "base.group_partner_manager",
            "account.group_account_manager",
        )
        user.password = user.login
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self.start_tour("/odoo", "account_followup_test_mode", login=user.login)
            self._run_mail_queue()
        self.assertTrue(self.company.followup_test_mode)
        reminder = self._get_reminders()
        self.assertTrue(reminder.is_test)
        (mail,) = [one for one in self._mails if reminder.subject in one["subject"]]
        self.assertEqual(mail["email_to"], [TESTER])
        self.assertTrue(mail["subject"].startswith(f"[TEST → {CUSTOMER}]"))

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from .common import TODAY, FollowupCommon
from .test_dispute import DisputeCommon
from .test_sms import BOUNCE

TEST = "tests@example.com"


class RejectCommon(DisputeCommon):
    """A dispute that is rejected, with a text to the customer or without."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dispute = cls.disputes._dispute(cls.line, cls.reason, {cls.company: TODAY})
        cls.accounting = cls.env["res.partner"].create(
            {
                "name": "Their Accounting",
                "type": "followup",
                "email": "accounting@late.example.com",
                "parent_id": cls.customer.id,
            }
        )

    def _open_reject(self, user=None):
        """Open the window as the button does; return its form."""
        user = user or self.responsible
        windows = self.env["account.followup.reject.wizard"].with_user(user)
        return Form(
            windows.with_context(
                default_dispute_id=self.dispute.id, default_company_id=self.company.id
            )
        )

    def _reject(self, **values):
        form = self._open_reject()
        for name, value in values.items():
            form[name] = value
        window = form.save()
        with self.mock_mail_gateway(mail_unlink_sent=False):
            window.action_reject()
            window.action_reject()  # a second click
            self._run_mail_queue()
        return window


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestDisputeReject(RejectCommon):
    """X8: rejected, optionally with a text."""

    def test_x8_reject_without_a_text(self):
        form = self._open_reject()
        self.assertFalse(form.do_email, "nothing is sent unless somebody wants it")
        self._reject()
        self.assertEqual(self.dispute.state, "rejected")
        self.assertFalse(self._mails)
        self.assertFalse(self.dispute.text_message_id)
        self.assertFalse(self._get_item().rest_reason)

    def test_x8_reject_with_a_text(self):
        form = self._open_reject()
        form.do_email = True
        self.assertIn("accounting@late.example.com", form.contact_info)
        self.assertIn(self.invoice.name, form.subject)
        self.assertIn("To our mind the invoice is correct", form.body)
        self._reject(do_email=True)
        self.assertEqual(self.dispute.state, "rejected")
        (mail,) = self._mails
        self.assertIn("accounting@late.example.com", str(mail["email_to"]))
        self.assertIn(self.invoice.name, mail["subject"])
        self.assertIn("Wrong price or amount", mail["body"])
        self.assertNotIn("X-Followup-Company", str(mail["headers"]))
        message = self.dispute.text_message_id
        self.assertEqual((message.model, message.res_id), self._get_place())
        self.assertEqual(message.author_id, self.responsible.partner_id)
        self.assertIn("Their Accounting", message.notified_partner_ids.mapped("name"))

    def _get_place(self):
        return "res.partner", self.customer.id

    def test_x8_reject_with_an_edited_text(self):
        self._reject(do_email=True, subject="Of Monday", body="<p>Look at page 2</p>")
        (mail,) = self._mails
        self.assertEqual(mail["subject"], "Of Monday")
        self.assertIn("Look at page 2", mail["body"])
        self.assertNotIn("To our mind", mail["body"])

    def test_x8_reject_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.accounting.lang = "de_DE"
        template = self.env["account.followup.dispute.text"]._get_template()
        template.with_context(lang="de_DE").write(
            {"subject": "Ihre Beanstandung", "body_html": "<p>Sehr geehrte Damen</p>"}
        )
        self._reject(do_email=True)
        (mail,) = self._mails
        self.assertEqual(mail["subject"], "Ihre Beanstandung")
        self.assertIn("Sehr geehrte Damen", mail["body"])

    def test_x8_reject_reaches_nobody(self):
        """It says so, and the dispute goes on until somebody decides."""
        (self.accounting | self.customer).email = False
        form = self._open_reject()
        form.do_email = True
        self.assertIn("has no valid e-mail address", form.problem)
        with self.assertRaisesRegex(UserError, "has no valid e-mail address"):
            form.save().action_reject()
        self.assertEqual(self.dispute.state, "open")

    def test_x8_reject_says_that_the_blacklist_does_not_count(self):
        self.env["mail.blacklist"].sudo()._add(self.accounting.email)
        form = self._open_reject()
        form.do_email = True
        self.assertIn("On the e-mail blacklist", form.notice)

    def test_x8_reject_without_words(self):
        windows = self.env["account.followup.reject.wizard"]
        window = windows.with_user(self.responsible).create(
            {
                "dispute_id": self.dispute.id,
                "company_id": self.company.id,
                "do_email": True,
                "mail_template_id": False,
            }
        )
        with self.assertRaisesRegex(UserError, "enter subject and text"):
            window.action_reject()
        self.assertEqual(self.dispute.state, "open")

    def test_x8_reject_with_a_template_of_another_model(self):
        """It is filled in with all rights: it must not tell of other records."""
        other = self.level_1.mail_template_id
        with self.assertRaisesRegex(UserError, "is not about disputes"):
            texts = self.env["account.followup.dispute.text"]
            texts._render(self.dispute, other, "subject")

    def test_x8_reject_twice(self):
        self._reject()
        with self.assertRaisesRegex(UserError, "has ended already"):
            self._open_reject().save().action_reject()

    def test_x8_reject_not_by_who_only_reads(self):
        reader = self._create_user("looker", "account.group_account_readonly")
        with self.assertRaises(AccessError):
            self._open_reject(reader)

    def test_x8_reject_of_another_company(self):
        """A client names a dispute: it learns nothing of what is not its user's."""
        other = self.setup_other_company()["company"]
        user = self._create_user("stranger", "account.group_account_invoice")
        user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        windows = self.env["account.followup.reject.wizard"].with_user(user)
        with self.assertRaises(AccessError):
            windows.with_company(other).create({"dispute_id": self.dispute.id})

    def test_x8_reject_removed_with_personal_data(self):
        self._reject(do_email=True)
        message = self.dispute.text_message_id
        self.dispute.sudo()._remove_personal_data()
        self.assertFalse(message.exists())


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestDisputeRejectFails(RejectCommon):
    """X8: when the text does not arrive, somebody is told, as of a reminder."""

    SUMMARY = "The customer was not told why a dispute was rejected"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other.no_followup = cls.invoice.no_followup = True  # no reminders

    def _reject_in_vain(self):
        with self._refusing_mails():
            self._reject(do_email=True)

    def _get_failures(self):
        self.env.invalidate_all()
        return self._get_tasks().filtered(lambda one: one.summary == self.SUMMARY)

    def _find_mail(self):
        message = self.dispute.text_message_id
        mails = self.env["mail.mail"].sudo()
        return mails.search(
            [
                ("mail_message_id", "=", message.id),
                ("recipient_ids", "in", self.accounting.ids),
            ]
        )

    def test_x8_reject_text_fails(self):
        self._reject_in_vain()
        self.assertEqual(self.dispute.state, "rejected")
        (task,) = self._get_failures()
        self.assertEqual((task.user_id, task.date_deadline), (self.responsible, TODAY))
        self.assertIn(self.invoice.name, task.note)
        self.assertIn("Connection refused", task.note)
        self.assertIn("Connection refused", self.dispute.text_failure_reason)
        self._run(TODAY)
        self.assertEqual(self._get_failures(), task, "one task")

    def test_x8_reject_text_fails_and_is_sent_again(self):
        """Core's button in the chatter puts it back into the queue."""
        self._reject_in_vain()
        (task,) = self._get_failures()
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self._find_mail().action_retry()
            self._run_mail_queue()
        self.assertEqual(len(self._mails), 1)
        self.assertFalse(self._get_failures())
        self.assertFalse(task.exists().active)
        self.assertFalse(self.dispute.text_failure_reason)

    def test_x8_reject_text_arrives(self):
        self._reject(do_email=True)
        self._run(TODAY)
        self.assertFalse(self._get_failures())
        self.assertFalse(self.dispute.text_failure_reason)

    def test_x8_reject_text_comes_back(self):
        self._reject(do_email=True)
        source = BOUNCE.format(
            address=self.accounting.email,
            to=self.dispute.text_message_id.reply_to,
            bounce_to="bounce.test@test.mycompany.com",
            message_id=self.dispute.text_message_id.message_id,
        )
        with (
            self.mock_mail_gateway(),
            mute_logger("odoo.addons.mail.models.mail_thread"),
        ):
            self.env["mail.thread"].sudo().message_process(None, source.encode())
        (task,) = self._get_failures()
        self.assertRegex(task.note, "The e-mail came back.*No such user here")

    def test_x8_reject_text_is_deleted(self):
        """By hand, before it was sent: the next run takes it up."""
        self.patch(self.registry["mail.mail"], "send_after_commit", lambda mails: None)
        form = self._open_reject()
        form.do_email = True
        with self.mock_mail_gateway():
            form.save().action_reject()
        self._find_mail().unlink()
        self._run(TODAY)
        (task,) = self._get_failures()
        self.assertIn("It was deleted before it was sent.", task.note)

    def test_x8_reject_copy_of_a_follower_fails(self):
        """Who follows gets a copy; the customer was told."""
        follower = self._create_customer("Follower")
        self.customer.message_subscribe(follower.ids, [])
        self.customer.message_follower_ids.subtype_ids = self.env.ref(
            "account_payment_followup.mt_reminder"
        )
        self._reject(do_email=True)
        message = self.dispute.text_message_id
        copies = message.notification_ids.sudo().filtered(
            lambda one: one.res_partner_id == follower
        )
        self.assertTrue(copies)
        copies.write({"notification_status": "bounce", "failure_type": "mail_bounce"})
        self._run(TODAY)
        self.assertFalse(self._get_failures())

    def test_x8_reject_test_fails(self):
        """X9: a test concerns no customer."""
        self.company.write({"followup_test_email": TEST, "followup_test_mode": True})
        self._reject_in_vain()
        self._run(TODAY)
        self.assertFalse(self._get_failures())


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestDisputeRejectInTestMode(RejectCommon):
    """X9: in test mode the text goes to the test address, by whichever way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"followup_test_email": TEST, "followup_test_mode": True})

    def test_x8_reject_in_test_mode(self):
        self._reject(do_email=True)
        (mail,) = self._mails
        self.assertEqual(mail["email_to"], [TEST])
        self.assertTrue(mail["subject"].startswith("[TEST → "))
        self.assertIn("In earnest it would go to", mail["body"])
        message = self.dispute.text_message_id
        self.assertFalse(message.notified_partner_ids)
        self.assertEqual(self.dispute.state, "open", "the customer learns nothing")
        self.company.followup_test_mode = False
        self.assertFalse(message.exists())
        self.assertFalse(self.dispute.text_message_id)

    def test_x8_reject_says_what_a_test_does(self):
        form = self._open_reject()
        self.assertIn(f"the text goes to {TEST}, not to the cust", form.test_notice)
        self.assertIn("the dispute stays open", form.test_notice)
        self.company.followup_test_mode = False
        self.assertFalse(self._open_reject().test_notice)

    def test_x8_reject_in_test_mode_without_a_text(self):
        """It says so: nobody is to be told, so it holds."""
        self._reject()
        self.assertEqual(self.dispute.state, "rejected")

    def test_x8_reject_tested_again_and_in_earnest(self):
        """Each test takes the place of the one before; the customer gets the text."""
        self._reject(do_email=True)
        first = self.dispute.text_message_id
        self._reject(do_email=True, subject="Second")
        self.assertFalse(first.exists())
        second = self.dispute.text_message_id
        self.company.followup_test_mode = False
        self.assertFalse(second.exists())
        self._reject(do_email=True)
        self.assertEqual(self.dispute.state, "rejected")
        self.assertIn("accounting@late.example.com", str(self._mails[0]["email_to"]))

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_x8_reject_refused_at_the_edge(self):
        """Whatever put the customer's address into the queue."""
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self.patch(
                self.registry["mail.mail"], "send_after_commit", lambda mails: None
            )
            window = self._open_reject()
            window.do_email = True
            window.save().action_reject()
            mail = self.env["mail.mail"].search(
                [("mail_message_id", "=", self.dispute.text_message_id.id)]
            )
            mail.email_to = "accounting@late.example.com"
            self._run_mail_queue()
        self.assertFalse(self._mails)

    def test_x8_reject_over_the_end_of_the_test_mode(self):
        window = self._open_reject()
        window.do_email = True
        window = window.save()
        self.company.followup_test_mode = False
        with self.assertRaisesRegex(UserError, "The test mode of .* has ended"):
            window.action_reject()
        self.assertEqual(self.dispute.state, "open")


@tagged("post_install", "-at_install")
class TestDisputeRejectTour(FollowupCommon, HttpCase):
    """X8: reject with a text, in a browser."""

    def test_x8_reject_tour(self):
        invoice = self._create_late(20)
        person = self._create_user("person", "account.group_account_invoice")
        person.password = person.login
        reason = self.env.ref("account_payment_followup.dispute_reason_amount")
        dispute = self.env["account.followup.dispute"]._dispute(
            invoice._get_followup_lines(), reason, {self.company: TODAY}
        )
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self.start_tour(
                f"/odoo/followup-disputes/{dispute.id}",
                "account_followup_dispute_text",
                login=person.login,
            )
        self.env.invalidate_all()
        self.assertEqual(dispute.state, "rejected")
        self.assertEqual(dispute.text_message_id.subject, "Your complaint of Monday")

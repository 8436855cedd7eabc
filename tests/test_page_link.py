import re
from datetime import timedelta

import psycopg2
from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools.links import TOKEN_LENGTH
from .common import TODAY, FollowupCommon

TOKEN = re.compile(rf"/followup/([a-z2-7]{{{TOKEN_LENGTH}}})(?![a-z0-9])")


class PageLinkCommon(FollowupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(20)
        cls.links = cls.env["account.followup.page.link"]

    def _remind(self):
        """Remind all customers, and let the e-mails leave; return the reminders."""
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self._run_cron()
            self._run_mail_queue()
        return self._get_reminders()

    def _get_mailed_token(self):
        (mail,) = self._mails
        (token,) = set(TOKEN.findall(mail["body"]))
        return token


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPageLink(PageLinkCommon):
    """X11: each reminder leads to the page, and nothing that is kept does."""

    def test_link_of_the_mail(self):
        reminder = self._remind()
        token = self._get_mailed_token()
        self.assertEqual(self.links._find(token).reminder_id, reminder)
        self.assertEqual(reminder.access_url, reminder._get_page_url())
        self.assertTrue(reminder.access_url.endswith(f"/followup/{token}"))
        self.assertLessEqual(len(token), 30)

    def test_nothing_kept_has_the_token(self):
        """Neither text nor chatter nor what the table of links has."""
        reminder = self._remind()
        token = self._get_mailed_token()
        message = reminder.mail_message_id
        self.assertIn("/followup", reminder.body)
        for text in (reminder.body, message.body, reminder.subject):
            self.assertNotIn(token, text)
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT * FROM account_followup_page_link WHERE reminder_id = %s",
            [reminder.id],
        )
        self.assertNotIn(token, str(self.env.cr.fetchall()))

    def test_copy_of_a_follower(self):
        """A follower has the rights of its own: no link for it."""
        follower = self._create_user("follower", "account.group_account_invoice")
        follower.notification_type = "email"
        subtype = self.env.ref("account_payment_followup.mt_reminder")
        self.customer.message_subscribe(follower.partner_id.ids, subtype.ids)
        self._remind()
        self.assertEqual(len(self._mails), 2)
        for mail in self._mails:
            is_customer = self.customer.email in str(mail["email_to"])
            self.assertEqual(bool(TOKEN.search(mail["body"])), is_customer)

    def test_each_reminder_has_its_own(self):
        self._create_late(20, partner=self._create_customer("Other"))
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self._run_cron()
            self._run_mail_queue()
        tokens = {TOKEN.search(mail["body"])[1] for mail in self._mails}
        self.assertEqual(len(tokens), 2)

    def test_stand_in_of_a_text(self):
        """What stands for the link in a text becomes the link as it leaves."""
        service = self.env["account.followup.link"]
        stand_in = service._get_page_stand_in(self.company)
        self.template.body_html = f"<p>Look at {stand_in}, please.</p>"
        reminder = self._remind()
        self.assertIn(f"Look at {stand_in}, please", reminder.body)
        (mail,) = self._mails
        self.assertIn(f"Look at {reminder.access_url}, please", mail["body"])

    def test_sms(self):
        stand_in = self.env["account.followup.link"]._get_page_stand_in(self.company)
        self.customer.phone = "+12025550122"
        with self.mock_mail_gateway():
            window = self._open_window()
            window.write(
                {
                    "do_email": False,
                    "do_sms": True,
                    "sms_body": f"Please pay: {stand_in}.",
                }
            )
            window.action_send()
        reminder = self._get_reminders()
        self.assertEqual(reminder.sms_body, f"Please pay: {stand_in}.")
        sms = self.env["sms.sms"].search([], order="id desc", limit=1)
        self.assertEqual(sms.body, f"Please pay: {reminder.access_url}.")

    def test_expires(self):
        reminder = self._remind()
        token = self._get_mailed_token()
        self.company.followup_page_days = 10
        for days, is_open in ((10, True), (11, False)):
            with freeze_time(TODAY + timedelta(days=days)):
                self.env.invalidate_all()
                self.assertEqual(bool(self.links._find(token)), is_open)
                self.assertEqual(bool(reminder._get_page_url()), is_open)

    def test_withdrawn(self):
        reminder = self._remind()
        token = self._get_mailed_token()
        other = self._create_customer("Other")
        self._create_late(20, partner=other)
        with self.mock_mail_gateway():
            self._run_cron()
        clerk = self.customer.with_user(self.responsible)
        clerk.action_withdraw_followup_links()
        self.assertFalse(self.links._find(token))
        self.assertFalse(reminder.access_url)
        self.assertTrue(self._get_reminders(other).access_url, "of somebody else")
        self.assertIn("withdrawn", self.customer.message_ids[0].body)
        with self.assertRaises(UserError):
            clerk.action_withdraw_followup_links()

    def test_switched_off(self):
        """Then the link of core remains."""
        self.company.followup_page_enabled = False
        self.invoice._portal_ensure_token()
        reminder = self._remind()
        (mail,) = self._mails
        self.assertIn(f"/my/invoices/{self.invoice.id}?access_token=", mail["body"])
        self.assertFalse(reminder.page_link_ids)
        self.assertFalse(reminder.access_url)

    def test_switched_off_later(self):
        self._remind()
        token = self._get_mailed_token()
        self.company.followup_page_enabled = False
        self.assertFalse(self.links._find(token))

    def test_wrong_tokens(self):
        self._remind()
        token = self._get_mailed_token()
        for wrong in ("", token[:-1], token + "a", "ä", "'", "\\", "%", "a" * 5000):
            with self.subTest(wrong=wrong[:30]):
                self.assertFalse(self.links._find(wrong))
        self.assertTrue(self.links._find(token.upper()), "typed from a letter")

    def test_same_queries_for_right_and_wrong(self):
        """Wrong, expired, withdrawn: the same single statement says no."""
        reminder = self._remind()
        token = self._get_mailed_token()
        with self.assertQueryCount(1):
            self.links._find(token)
        with self.assertQueryCount(1):
            self.links._find("a" * TOKEN_LENGTH)
        reminder.sudo().page_link_ids.is_withdrawn = True
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.links._find(token)

    def test_settings_have_bounds(self):
        for name in (
            "followup_page_days",
            "followup_paid_wait_days",
            "followup_promise_max_days",
        ):
            with (
                self.subTest(name=name),
                self.assertRaises(psycopg2.errors.CheckViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.company[name] = 100000
                self.env.flush_all()

from datetime import timedelta

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, freeze_time, tagged

from .common import TODAY, FollowupCommon

TOMORROW = TODAY + timedelta(days=1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCustomerPage(FollowupCommon):
    """U27: who may remind sets what README promises, without editing contacts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")
        cls.reader = cls._create_user("reader", "account.group_account_readonly")
        cls.late = cls._create_late(20)

    def _as(self, user):
        return self.customer.with_user(user).with_company(self.company)

    def _open(self, user):
        action = self._as(user).action_edit_followup_settings()
        settings = self.env[action["res_model"]].with_user(user)
        settings = settings.with_company(self.company).browse(action["res_id"])
        return Form(settings)

    def test_u27_clerk_without_contact_creation(self):
        with self.assertRaises(AccessError):
            self._as(self.clerk).name = "Other"
        with self._open(self.clerk) as form:
            form.next_reminder_date = TOMORROW
            form.reminder_type = "manual"
            form.responsible_id = self.clerk
            form.trust = "bad"
        self.env.invalidate_all()
        customer = self._as(self.clerk)
        self.assertEqual(customer.followup_next_reminder_date, TOMORROW)
        self.assertEqual(customer.followup_reminder_type, "manual")
        self.assertEqual(customer.followup_responsible_id, self.clerk)
        self.assertEqual(customer.trust, "bad")
        with self._open(self.clerk) as form:
            form.excluded = True
        self.env.invalidate_all()
        self.assertTrue(customer.followup_excluded)
        notes = self.customer.message_ids.filtered(
            lambda message: message.author_id == self.clerk.partner_id
        )
        text = "".join(notes.mapped("body"))
        for word in ("05/16/2024", "Manual", "Clerk", "Exclude"):
            self.assertIn(word, text)

    def test_u27_reader_may_not(self):
        with self.assertRaises(AccessError):
            self._as(self.reader).action_edit_followup_settings()

    def test_u27_button_is_for_who_cannot_edit(self):
        view = self.env.ref("account_payment_followup.res_partner_view_form_followup")
        editor = self._create_user(
            "editor", "account.group_account_invoice", "base.group_partner_manager"
        )
        for user, count in ((self.clerk, 1), (editor, 0), (self.reader, 0)):
            arch = self.env["res.partner"].with_user(user).get_view(view.id)["arch"]
            buttons = etree.fromstring(arch).xpath(
                "//button[@name='action_edit_followup_settings']"
            )
            self.assertEqual(len(buttons), count, user.name)

    def test_w14_reminder_from_the_invoice(self):
        invoice = self.late.with_user(self.clerk)
        self.assertTrue(invoice.can_send_followup)
        self.assertFalse(invoice.followup_badge)
        action = invoice.action_send_followup()
        window = self.env[action["res_model"]].with_user(self.clerk)
        window = window.with_context(**action["context"]).create({})
        self.assertEqual(window.partner_id, self.customer)
        self.assertEqual(window.item_line_ids.move_id, self.late)
        with self.mock_mail_gateway():
            window.action_send()
        invoice.invalidate_recordset()
        self.assertEqual(invoice.followup_badge, "Level 1, 05/15/2024")

    def test_w14_badge_says_what_rests(self):
        line = self.late.line_ids.filtered("date_maturity")
        line.followup_hold_until = TOMORROW
        self.assertEqual(self.late.followup_badge, "On hold until 05/16/2024")
        line.write({"followup_hold_until": False, "expected_payment_date": TOMORROW})
        self.assertEqual(self.late.followup_badge, "Payment expected on 05/16/2024")
        self.late.no_followup = True
        self.assertEqual(self.late.followup_badge, "Excluded from reminders")
        fresh = self._create_late(-5)
        self.assertFalse(fresh.can_send_followup)
        self._pay(fresh)
        self.assertFalse(fresh.followup_badge)
        draft = self.late.copy()
        self.assertFalse(draft.can_send_followup)

    def test_u26_layout_is_asked_for_before_the_first_letter(self):
        admin = self._create_user(
            "admin", "account.group_account_invoice", "base.group_system"
        )
        self.company.external_report_layout_id = False
        window = self._open_window(user=admin)
        window.do_print = True
        action = window.action_send()
        self.assertEqual(action["res_model"], "base.document.layout")
        self.assertEqual(action["context"]["report_action"]["res_id"], window.id)
        self.assertFalse(self._get_reminders())
        self.company.external_report_layout_id = self.env.ref(
            "web.external_layout_standard"
        )
        with self.mock_mail_gateway():
            window.action_send()
        self.assertEqual(len(self._get_reminders()), 1)

    def test_u26_is_not_asked_of_a_clerk_or_for_an_e_mail(self):
        self.company.external_report_layout_id = False
        window = self._open_window(user=self.clerk)
        window.do_print = True
        with self.mock_mail_gateway():
            window.action_send()
        self.assertEqual(len(self._get_reminders()), 1)


@tagged("post_install", "-at_install")
class TestSendWindowTour(FollowupCommon, HttpCase):
    """U22, U24, U27 on the screen, in a real browser."""

    def _start(self, tour, *groups, path="/odoo"):
        self.level_1.name = "Friendly Reminder"
        today = self._get_real_today()
        self._create_late(20, 250, day=today)
        user = self._create_user("person", "account.group_account_invoice", *groups)
        user.password = user.login
        self.start_tour(path, tour, login=user.login)

    def test_u22_u24_nothing_typed_is_lost(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment_followup.undo_seconds", "10"
        )
        self.customer.email = False
        self._start("account_followup_send_window", "base.group_partner_manager")
        reminder = self._get_reminders()
        self.assertEqual(reminder.subject, "Please pay, Late Ltd")
        self.assertEqual(reminder.state, "withdrawn")
        self.assertEqual(self.customer.email, "late@customer.example.com")

    def test_y4_y5_placeholders(self):
        """A text is put together with clicks, seen, and sent to oneself."""
        template = self.template.copy(
            {"name": "Mine", "subject": "x", "body_html": "<p>Payable=</p>"}
        )
        self.levels.write({"mail_template_id": template.id, "payment_days": 8})
        groups = ("account.group_account_manager", "mail.group_mail_template_editor")
        with self.mock_mail_gateway():
            self._start(
                "account_followup_placeholders",
                *groups,
                path=f"/odoo/mail.template/{template.id}",
            )
            self._run_mail_queue()
        self.assertIn("[[by_deadline]]", template.body_html)
        # beside the one that says that the password was changed
        (mail,) = [one for one in self._mails if "[Test]" in one["subject"]]
        self.assertEqual(mail["email_to"], ['"Person" <person@company.example.com>'])
        self.assertEqual(" ".join(mail["subject"].split()), "[Test] Owed=$ 250.00")
        self.assertRegex(mail["body"], r"Payable=by \d")
        self.assertFalse(self._get_reminders())

    def test_u27_settings_of_a_clerk(self):
        self._start("account_followup_clerk_settings")
        self.env.invalidate_all()
        self.assertEqual(self._get_followup().reminder_type, "manual")
        self.assertEqual(self.customer.with_company(self.company).trust, "bad")

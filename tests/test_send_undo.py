from datetime import datetime, timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from .common import TODAY, FollowupCommon

NOON = datetime.combine(TODAY, datetime.min.time()).replace(hour=12)
TOMORROW = TODAY + timedelta(days=1)


@tagged("post_install", "-at_install")
class TestSendUndo(FollowupCommon, CronMixinCase):
    """U24: what left is said, and for ten seconds it can be called back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].sudo().set_param(
            "account_payment_followup.undo_seconds", "10"
        )

    def setUp(self):
        super().setUp()
        self._set_time(0)
        self.invoice = self._create_late(20)

    def _set_time(self, seconds):
        frozen = freeze_time(NOON + timedelta(seconds=seconds))
        self.startPatcher(frozen)
        self.env.invalidate_all()

    def startPatcher(self, frozen):
        frozen.start()
        self.addCleanup(frozen.stop)

    def _send(self, window=None):
        window = window or self._open_window(user=self.responsible)
        with self.mock_mail_gateway():
            action = window.action_send()
            self.assertFalse(self._mails, "nothing leaves at once")
        return window, action

    def _leave(self, seconds):
        self._set_time(seconds)
        with self.mock_mail_gateway():
            self._run_mail_queue()
            return len(self._mails)

    def test_u24_notice_says_what_left(self):
        window, action = self._send()
        self.assertEqual(action["tag"], "account_followup_sent")
        params = action["params"]
        self.assertEqual(params["title"], "Reminder sent to Late Ltd")
        self.assertEqual(params["message"], "Email: late.ltd@customer.example.com")
        self.assertEqual(
            params["undo"], {"model": window._name, "id": window.id, "seconds": 10}
        )
        self.assertEqual(params["link"]["action"]["res_id"], window.reminder_id.id)

    def test_u24_leaves_after_ten_seconds(self):
        self._send()
        self.assertEqual(self._leave(9), 0)
        self.assertEqual(self._leave(10), 1)
        self.assertEqual(self._get_reminders().state, "sent")

    def test_u24_queue_is_triggered(self):
        queue = "mail.ir_cron_mail_scheduler_action"
        with self.capture_triggers(queue) as captured:
            self._send()
        self.assertEqual(
            captured.records.mapped("call_at"), [NOON + timedelta(seconds=10)]
        )

    def test_u24_called_back(self):
        customer = self.customer.with_company(self.company)
        customer.followup_next_reminder_date = TOMORROW
        self.level_1.write(
            {"schedule_activity": True, "activity_summary": "Call after it"}
        )
        window, _action = self._send()
        self.assertTrue(self.customer.activity_ids)
        self.assertEqual(self.invoice.followup_level_id, self.level_1)
        self._set_time(5)
        text = window.action_undo()
        self.assertEqual(text, "The reminder to Late Ltd was called back.")
        self.env.invalidate_all()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertEqual(reminder.failure_reason, "Responsible called it back.")
        self.assertFalse(self.invoice.followup_level_id, "its lines reach nothing")
        self.assertEqual(customer.followup_next_reminder_date, TOMORROW)
        self.assertFalse(self.customer.activity_ids)
        for record in (self.customer, self.invoice):
            self.assertIn(
                "was called back by Responsible",
                "".join(record.message_ids.mapped("body")),
            )
        self.assertEqual(self._leave(60), 0)
        with self.assertRaisesRegex(UserError, "called back already"):
            window.action_undo()

    def test_u24_it_can_be_sent_again(self):
        window, _action = self._send()
        window.action_undo()
        self.env.invalidate_all()
        self._send()
        self.assertEqual(self._leave(60), 1)
        self.assertEqual(self.invoice.followup_level_id, self.level_1)

    def test_u24_too_late(self):
        window, _action = self._send()
        self.assertEqual(self._leave(10), 1)
        with self.assertRaisesRegex(UserError, "to Late Ltd has left already"):
            window.action_undo()
        self.assertEqual(self._get_reminders().state, "sent")

    def test_u24_with_a_letter(self):
        """What was printed is still in the house."""
        window = self._open_window(user=self.responsible)
        window.do_print = True
        window, action = self._send(window)
        self.assertIn("/web/content/", action["params"]["download"])
        window.action_undo()
        states = set(self._get_reminders().delivery_ids.mapped("state"))
        self.assertEqual(states, {"withdrawn"})
        self.assertEqual(self._get_reminders().state, "withdrawn")

    def test_u24_copies_for_followers(self):
        self.customer.message_subscribe(
            partner_ids=self._create_user("follower", "base.group_user").partner_id.ids,
            subtype_ids=self.env.ref("account_payment_followup.mt_reminder").ids,
        )
        window, _action = self._send()
        window.action_undo()
        self.assertEqual(self._leave(60), 0)

    def test_u24_of_somebody_else(self):
        window, _action = self._send()
        other = self._create_user("other", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            window.with_user(other).action_undo()
        foreign = self._open_window(user=other)
        foreign.sudo().reminder_id = window.reminder_id
        with self.assertRaisesRegex(AccessError, "Only who has sent"):
            foreign.action_undo()

    def test_u24_switched_off(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment_followup.undo_seconds", "0"
        )
        with self.mock_mail_gateway():
            action = self._open_window().action_send()
            self.assertEqual(len(self._mails), 1)
        self.assertFalse(action["params"]["undo"])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestSendNext(FollowupCommon):
    """U16: the window leads through the list from which it was opened."""

    def _open(self, partner, partners):
        action = partner.with_company(self.company).action_send_followup()
        windows = self.env[action["res_model"]].with_context(
            **action["context"], followup_list_partner_ids=partners.ids
        )
        return windows.create({})

    def test_u16_send_and_next(self):
        first, second, third, fourth = (
            self._create_customer(name) for name in ("First", "Second", "Third", "Last")
        )
        for partner in first + third + fourth:
            self._create_late(20, partner=partner)
        self._create_late(-9, partner=second)
        shown = third + first + second + fourth  # as it is sorted
        window = self._open(first, shown)
        self.assertTrue(window.has_next)
        names = []
        with self.mock_mail_gateway():
            for _number in range(3):
                names.append(window.partner_id.name)
                action = window.action_send_next()
                following = action["params"]["next"]
                if following["type"] == "ir.actions.act_window_close":
                    break
                window = (
                    self.env[following["res_model"]]
                    .with_context(**following["context"])
                    .create({})
                )
            self.assertEqual(len(self._mails), 3)
        self.assertEqual(names, ["First", "Last", "Third"], "who is not due is skipped")
        self.assertIn("the last one of the list", action["params"]["message"])

    def test_u16_without_a_list(self):
        self._create_late(20)
        self.assertFalse(self._open_window().has_next)
        self.assertFalse(self._open(self.customer, self.customer).has_next)

    def test_u16_shown_anew_is_not_next(self):
        """What has changed is looked at before anything is sent."""
        invoice = self._create_late(20, 100)
        self._create_late(20, 50)
        window = self._open(self.customer, self.customer)
        self.env.flush_all()
        self._pay(invoice)
        action = window.action_send_next()
        self.assertEqual(action["res_id"], window.id)
        self.assertFalse(self._get_reminders())


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestSendContent(FollowupCommon):
    """U14, U21, V1, V9: recipients, files, total and text of the window."""

    def _send(self, window):
        with self.mock_mail_gateway():
            window.action_send()
            return list(self._mails)

    def test_v9_total_of_what_is_chosen(self):
        first = self._create_late(20, 100)
        self._create_late(20, 50.5)
        self._create_late(0, 30, move_type="out_refund")
        window = self._open_window()
        self.assertEqual(window.amount_claimed.replace("\xa0", " "), "$ 120.50")
        window.item_line_ids = first.line_ids.filtered("date_maturity")
        self.assertEqual(window.amount_claimed.replace("\xa0", " "), "$ 100.00")

    def test_u21_recipients_of_this_one(self):
        self._create_late(20)
        lawyer = self._create_customer("Lawyer")
        window = self._open_window(user=self.responsible)
        self.assertEqual(window.email_recipient_ids, self.customer)
        window.email_recipient_ids += lawyer
        self.assertIn("Lawyer <lawyer@customer", window.contact_info)
        mails = self._send(window)
        self.assertEqual(len(mails), 2)
        self.assertEqual(
            {mail["email_to"][0].split("<")[-1].strip(">") for mail in mails},
            {"late.ltd@customer.example.com", "lawyer@customer.example.com"},
        )
        self.assertEqual(
            self._get_reminders().delivery_ids.partner_id, self.customer + lawyer
        )
        self.assertFalse(self._open_window().email_recipient_ids - self.customer)

    def test_u21_another_recipient(self):
        self._create_late(20)
        self.customer.email = False
        window = self._open_window()
        self.assertIn("email", window.alerts)
        lawyer = self._create_customer("Lawyer")
        window.email_recipient_ids = lawyer
        self.assertNotIn("email", window.alerts or {})
        self.assertEqual(len(self._send(window)), 1)
        self.assertEqual(self._get_reminders().state, "sent")

    def test_u21_recipient_without_address(self):
        self._create_late(20)
        window = self._open_window()
        window.email_recipient_ids = self._create_customer("Silent", email=False)
        self.assertIn("Silent has no valid", window.alerts["email"]["message"])
        with self.assertRaisesRegex(UserError, "None of the recipients has"):
            window.action_send()

    def test_u21_contact_that_the_user_may_not_see(self):
        self._create_late(20)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        hidden = self._create_customer("Hidden", company_id=company.id)
        window = self._open_window(user=self.responsible)
        window.sudo().email_recipient_ids = hidden
        window.invalidate_recordset()
        self.assertFalse(window.email_recipient_ids)
        self._send(window)
        self.assertEqual(self._get_reminders().delivery_ids.partner_id, self.customer)

    def test_u21_own_files(self):
        self._create_late(20)
        window = self._open_window(user=self.responsible)
        window.attachment_ids = [
            Command.create({"name": "delivery note.txt", "raw": b"signed"})
        ]
        [mail] = self._send(window)
        self.assertIn(
            ("delivery note.txt", b"signed"),
            [(one[0], one[1]) for one in mail["attachments"]],
        )

    def test_v1_subject_and_text_belong_together(self):
        self._create_late(20)
        final = self.env.ref("account_payment_followup.mail_template_final_notice")
        window = self._open_window()
        window.body = "<p>My own words</p>"
        window.mail_template_id = final
        self.assertIn("My own words", window.body)
        self.assertNotIn("Final notice", window.subject)
        self.assertTrue(window.is_text_kept)
        action = window.action_use_template()
        self.assertEqual(action["res_id"], window.id)
        self.assertIn("Final notice", window.subject)
        self.assertNotIn("My own words", window.body)
        self.assertFalse(window.is_text_kept)
        window.mail_template_id = self.template
        self.assertNotIn("Final notice", window.subject, "nobody has edited it")

    def test_v1_edited_subject(self):
        self._create_late(20)
        window = self._open_window()
        text = window.body
        window.subject = "Please call us"
        window.mail_template_id = self.env.ref(
            "account_payment_followup.mail_template_final_notice"
        )
        self.assertEqual(window.subject, "Please call us")
        self.assertEqual(window.body, text)
        self.assertTrue(window.is_text_kept)

    def _reach_second_level(self):
        """An invoice at level 2, and one that comes to level 1 today."""
        second = self.template.copy({"subject": "Second reminder"})
        self.level_2.mail_template_id = second
        old = self._create_late(20)
        with freeze_time(TODAY - timedelta(days=19)), self.mock_mail_gateway():
            self.env.invalidate_all()
            self._run_cron()
            self._run_mail_queue()
        with freeze_time(TODAY - timedelta(days=5)), self.mock_mail_gateway():
            self.env.invalidate_all()
            self._run_cron()
            self._run_mail_queue()
        self.env.invalidate_all()
        self.assertEqual(old.followup_level_id, self.level_2)
        return old, self._create_late(3)

    def test_u14_wording_never_goes_back(self):
        old, young = self._reach_second_level()
        window = self._open_window()
        self.assertEqual(window.level_id, self.level_1)
        self.assertEqual(window.subject, "Second reminder")
        window.item_line_ids = young.line_ids.filtered("date_maturity")
        self.assertIn("Payment reminder", window.subject, "only the young one")
        self._run_cron()
        reminder = self._get_reminders()[-1]
        self.assertEqual(reminder.trigger, "automatic")
        self.assertEqual(reminder.subject, "Second reminder")
        self.assertEqual(reminder.level_id, self.level_1, "recorded as it is")
        levels = {line.move_id: line.level_id for line in reminder.line_ids}
        self.assertEqual(levels, {old: self.level_1.browse(), young: self.level_1})

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TODAY, FollowupCommon

TOMORROW = TODAY + timedelta(days=1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestSendChecked(FollowupCommon):
    """What a person saw is what is sent and recorded, and what came of it is told."""

    def _open_window(self, *args, **kwargs):
        """Open it and show it: what it says is worked out."""
        window = super()._open_window(*args, **kwargs)
        self.env.flush_all()
        return window

    def _send(self, window):
        with self.mock_mail_gateway():
            action = window.action_send()
            self.sent = len(self._mails)
        return action

    def test_s2_6_opened_in_the_evening_sent_in_the_morning(self):
        """The level that comes at midnight is not recorded without its text."""
        invoice = self._create_late(14)
        with freeze_time(TODAY - timedelta(days=13)):
            self.env.invalidate_all()
            self._send(self._open_window())
        self.env.invalidate_all()
        self.assertEqual(invoice.followup_level_id, self.level_1)
        second = self.template.copy({"subject": "Second reminder"})
        self.level_2.mail_template_id = second
        window = self._open_window()
        self.assertFalse(window.level_id)
        window.body = "<p>Typed by hand</p>"
        with freeze_time(TOMORROW):
            self.env.invalidate_all()
            action = self._send(window)
            self.assertEqual(self.sent, 0)
            self.assertEqual(action["res_id"], window.id)
            self.assertIn("Another level is due", window.alerts["changed"]["message"])
            self.assertEqual(window.level_id, self.level_2)
            self.assertIn("Typed by hand", window.body, "what was typed stays")
            self.assertTrue(window.is_text_kept, "the window asks")
            self.assertEqual(invoice.followup_level_id, self.level_1)
            self._send(window)
            self.assertEqual(self.sent, 1)
            self.env.invalidate_all()
            self.assertEqual(invoice.followup_level_id, self.level_2)

    def _set_texts_and_tasks(self):
        """Each of the two levels has a text and a task of its own."""
        call = self.env.ref("mail.mail_activity_data_call")
        for level, name in ((self.level_1, "First"), (self.level_2, "Second")):
            level.write(
                {
                    "mail_template_id": self.template.copy(
                        {
                            "subject": f"{name} reminder",
                            "body_html": f"<p>{name} text</p>",
                        }
                    ).id,
                    "schedule_activity": True,
                    "activity_type_id": call.id,
                    "activity_summary": f"{name} call",
                }
            )

    def test_s2_6_next_level_with_its_text_in_the_morning(self):
        """What nobody has edited becomes the text of the level that leaves."""
        self._set_texts_and_tasks()
        reminded = self._create_late(14)
        with freeze_time(TODAY - timedelta(days=13)):
            self.env.invalidate_all()
            self._send(self._open_window())
        self.customer.activity_ids.unlink()
        other = self._create_late(3)
        self.env.invalidate_all()
        window = self._open_window()
        self.assertEqual(window.level_id, self.level_1)
        self.assertEqual(window.subject, "First reminder")
        self.assertIn("First text", window.body)
        with freeze_time(TOMORROW):
            self.env.invalidate_all()
            action = self._send(window)
            self.assertEqual(self.sent, 0)
            self.assertEqual(action["res_id"], window.id, "it shows anew")
            self.assertEqual(len(self._get_reminders()), 1)
            self._check_second_level(window)
            self._send(window)
            self.env.invalidate_all()
        self._check_second_level_sent(reminded, other)

    def _check_second_level(self, window):
        """The window says that it is another level now, and shows its text."""
        self.assertIn("Another level is due", window.alerts["changed"]["message"])
        self.assertEqual(window.level_id, self.level_2)
        self.assertEqual(window.subject, "Second reminder")
        self.assertIn("Second text", window.body)
        self.assertNotIn("First", window.body)
        self.assertFalse(window.is_text_kept, "there is nothing to ask")

    def _check_second_level_sent(self, reminded, other):
        """What left, what the history says and who is to call are of that level."""
        (mail,) = self._mails
        self.assertEqual(mail["subject"], "Second reminder")
        self.assertIn("Second text", mail["body"])
        reminder = self._get_reminders()[-1]
        self.assertEqual(reminder.date, TOMORROW)
        self.assertEqual(reminder.level_id, self.level_2)
        self.assertEqual(reminder.text_level_id, self.level_2)
        self.assertEqual(reminder.subject, "Second reminder")
        self.assertIn("Second text", reminder.body)
        self.assertEqual(reminded.followup_level_id, self.level_2)
        self.assertEqual(other.followup_level_id, self.level_1)
        task = self.customer.activity_ids
        self.assertEqual(task.mapped("summary"), ["Second call"])
        self.assertEqual(task.user_id, self.responsible)

    def test_s2_6_only_another_day(self):
        self._create_late(20)
        window = self._open_window()
        with freeze_time(TOMORROW):
            self.env.invalidate_all()
            self._send(window)
            self.assertEqual(self.sent, 0)
            self.assertIn("another day", window.alerts["changed"]["message"])
            self._send(window)
            self.assertEqual(self.sent, 1)

    def test_s2_6_paid_while_the_window_was_open(self):
        first, second = self._create_late(20, 900), self._create_late(20, 50)
        window = self._open_window()
        self._pay(first)
        self._send(window)
        self.assertEqual(self.sent, 0)
        self.assertIn("have changed", window.alerts["changed"]["message"])
        self.assertEqual(window.item_line_ids.move_id, second)
        self._send(window)
        self.assertEqual(window.reminder_id.line_ids.move_id, second)

    def test_s2_6_a_credit_comes_in_while_the_window_is_open(self):
        """It is in nobody's choice yet, and nobody has left it out."""
        invoice = self._create_late(20, 900)
        self._create_late(20, 50)
        window = self._open_window()
        credit = self._create_late(0, 100, move_type="out_refund")
        window.item_line_ids = window.item_line_ids.filtered(
            lambda line: line.move_id == invoice
        )
        self._send(window)
        self.assertEqual(self.sent, 0)
        self.assertIn(credit.name, window.alerts["changed"]["message"])
        self.assertEqual(window.item_line_ids.move_id, invoice + credit)
        self.assertIn("800.00", window.amount_claimed)
        self._send(window)
        self.assertEqual(self.sent, 1)
        self.assertEqual(window.reminder_id.line_ids.move_id, invoice + credit)

    def test_s2_6_a_credit_that_was_left_out(self):
        """Before, or when the window has shown it: that is meant."""
        invoice = self._create_late(20, 900)
        known = self._create_late(0, 10, move_type="out_refund")
        window = self._open_window()
        self.assertEqual(window.item_line_ids.move_id, invoice + known)
        mine = window.item_line_ids.filtered(lambda line: line.move_id == invoice)
        window.item_line_ids = mine
        self._create_late(0, 100, move_type="out_refund")
        self._send(window)
        self.assertEqual(self.sent, 0)
        window.item_line_ids = mine
        self._send(window)
        self.assertEqual(self.sent, 1)
        self.assertEqual(window.reminder_id.line_ids.move_id, invoice)

    def test_s2_6_choice_of_items_is_no_change(self):
        self._create_late(20, 900)
        self._create_late(20, 50)
        window = self._open_window()
        window.item_line_ids = window.item_line_ids[:1]
        self._send(window)
        self.assertEqual(self.sent, 1)

    def test_u2_nobody_can_be_reached(self):
        """It does not look sent: the window stays open, with what is to be done."""
        self._create_late(20)
        self.customer.email = False
        window = self._open_window()
        with self.assertRaisesRegex(UserError, "e-mail address.*Print"):
            self._send(window)
        self.assertFalse(self._get_reminders())
        window.do_print = True
        action = self._send(window)
        self.assertEqual(action["tag"], "account_followup_sent")
        self.assertEqual(action["params"]["type"], "danger")
        self.assertIn("Email: Late Ltd", action["params"]["message"])
        self.assertIn("/web/content/", action["params"]["download"])
        self.assertEqual(window.reminder_id.state, "sent")

    def test_u2_no_other_way_is_offered_that_fails(self):
        self._create_late(20)
        self.customer.write({"email": False, "phone": "+12025550123"})
        window = self._open_window()
        with self.assertRaisesRegex(UserError, "works: .*Printed Letter.*SMS"):
            self._send(window)
        self.customer.phone = False
        with self.assertRaises(UserError) as caught:
            self._send(window)
        self.assertNotIn("SMS", str(caught.exception))

    def test_u2_void_one_does_not_look_sent(self):
        """The run cannot ask: what reaches nobody says so in the chatter."""
        self._create_late(20)
        self.customer.email = False
        self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "failed")
        self.assertIn(
            "This reminder was not sent: Late Ltd has no valid e-mail",
            reminder.mail_message_id.body,
        )
        self.assertNotIn("was not sent", reminder.body)
        self.customer.email = "late@customer.example.com"
        self._send(self._open_window())
        self.assertNotIn("was not sent", self._get_reminders()[-1].mail_message_id.body)

    def test_u3_all_overdue_invoices_rest(self):
        held, promised = self._create_late(20, 100), self._create_late(15, 50)
        held.line_ids.write(
            {"followup_hold_until": TOMORROW, "followup_hold_reason": "Damaged goods"}
        )
        promised.line_ids.expected_payment_date = TOMORROW
        window = self._open_window()
        self.assertFalse(window.item_line_ids)
        self.assertEqual(
            window.alerts["rest"]["message"],
            f"All overdue invoices rest: {held.name} until 05/16/2024 (Damaged goods), "
            f"{promised.name} until 05/16/2024 (Payment expected). Add one to claim it "
            "anyway.",
        )
        self.assertNotIn("credit", window.alerts)
        self.assertNotIn("nothing", window.alerts)
        window.item_line_ids = held.line_ids.filtered("date_maturity")
        self.assertNotIn("rest", window.alerts)
        self._send(window)
        self.assertEqual(self.sent, 1)

    def test_u3_nothing_is_chosen(self):
        self._create_late(20, 100)
        window = self._open_window()
        window.item_line_ids = False
        self.assertIn("No open invoice is chosen", window.alerts["nothing"]["message"])
        self.assertNotIn("rest", window.alerts)
        self.assertNotIn("credit", window.alerts)

    def test_u3_credit_is_blamed_only_if_there_is_one(self):
        self._create_late(20, 100)
        self._create_late(0, 150, move_type="out_refund")
        alerts = self._open_window().alerts
        self.assertIn("The credits cover", alerts["credit"]["message"])
        self.assertNotIn("nothing", alerts)

    def test_u5_put_off_by_hand(self):
        self._create_late(20)
        customer = self.customer.with_user(self.responsible).sudo()
        customer.with_company(self.company).followup_next_reminder_date = TOMORROW
        alert = self._open_window().alerts["waiting"]
        self.assertIn("Resting until 05/16/2024, set by Resp", alert["message"])
        self._get_followup().next_reminder_user_id = False
        alert = self._open_window().alerts["waiting"]
        self.assertIn("05/16/2024, set by hand", alert["message"])
        with freeze_time(TOMORROW):
            self.env.invalidate_all()
            self.assertNotIn("waiting", self._open_window().alerts or {})

    def test_module_adds_an_alert(self):
        """What the developers' documentation says of it (F2)."""
        self._create_late(20)
        model = self.registry["account.followup.send.alert"]
        keys = model._get_keys

        def get_tax_alert(_alerts, choice):
            name = choice.window.partner_id.name
            return {"level": "info", "message": f"Look at {name}"}

        with (
            patch.object(model, "_get_keys", lambda one: [*keys(one), "tax"]),
            patch.object(model, "_get_tax_alert", get_tax_alert, create=True),
        ):
            alerts = self._open_window().alerts
        self.assertEqual(alerts["tax"]["message"], "Look at Late Ltd")

    def test_u4_a_failed_one_was_not_sent(self):
        self._create_late(20)
        with self._refusing_mails():
            action = self._send(self._open_window())
        self.assertIn("Connection refused", action["params"]["message"])
        self.assertNotIn("recent", self._open_window().alerts or {})

    def test_waiting_one_is_said(self):
        self._create_late(20)
        self._run_cron()
        alert = self._open_window().alerts["recent"]["message"]
        self.assertIn("is still waiting to be sent", alert)
        with self.mock_mail_gateway():
            self._run_mail_queue()
        alert = self._open_window().alerts["recent"]["message"]
        self.assertIn("was sent on", alert)

    def test_u13_task_ends_with_a_later_success(self):
        self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
        with self.mock_mail_gateway(), self._refusing_mails():
            self._run_mail_queue()
        task = self.customer.activity_ids
        self.assertEqual(task.summary, "The payment reminder could not be sent")
        self._send(self._open_window())
        self.assertEqual(self.sent, 1)
        self.env.invalidate_all()
        self.assertFalse(self.customer.activity_ids)
        notes = self.customer.message_ids.mapped("body")
        self.assertTrue(
            any("A later payment reminder was sent" in one for one in notes)
        )

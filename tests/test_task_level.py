from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time, tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTaskLevel(FollowupCommon):
    """A level that sends nothing but asks a person to call, as the shipped one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.call_type = cls.env.ref("mail.mail_activity_data_call")
        cls.level_2.write(
            {
                "name": "Phone Call",
                "send_email": False,
                "schedule_activity": True,
                "activity_type_id": cls.call_type.id,
                "activity_summary": "Ask for the money",
            }
        )
        cls.late = cls._create_late(20, 300)
        cls._record_level(cls.level_1, TODAY - timedelta(days=19), cls.late)

    @classmethod
    def _record_level(cls, level, day, invoice):
        """Record a reminder as it would have been made on an earlier day."""
        item = invoice.line_ids.filtered("date_maturity")
        values = {"move_line_id": item.id, "level_id": level.id}
        return (
            cls.env["account.followup.reminder"]
            .sudo()
            .create(
                {
                    "partner_id": cls.customer.id,
                    "company_id": cls.company.id,
                    "level_id": level.id,
                    "date": day,
                    "trigger": "manual",
                    "line_ids": [Command.create(values)],
                }
            )
        )

    def _log(self, outcome="reached", **values):
        customer = self.customer.with_user(self.responsible).with_company(self.company)
        action = customer.action_log_followup_call()
        window = self.env[action["res_model"]].with_user(self.responsible)
        form = Form(window.with_context(**action["context"]))
        form.outcome = outcome
        for name, value in values.items():
            setattr(form, name, value)
        answered = form.answered_level_id
        wizard = form.save()
        wizard.action_log()
        wizard.action_log()  # a second click
        self.env.invalidate_all()
        return answered

    def _get_calls(self):
        return self.env["account.followup.call"].search(
            [("partner_id", "=", self.customer.id)]
        )

    # ------------------------------------------------------------------
    # Send and Print
    # ------------------------------------------------------------------

    def test_nothing_is_ticked(self):
        """The customer has had a text already; this level is a task."""
        window = self._open_window()
        self.assertEqual(window.level_id, self.level_2)
        for name in ("do_print", "do_email", "do_sms", "do_letter"):
            self.assertFalse(window[name], name)
        self.assertIn("Ask for the money", window.task)
        self.assertIn("Responsible", window.task)
        self.assertIn("Phone Call", window.task)

    def test_carried_out_from_the_customer(self):
        window = self._open_window(user=self.responsible)
        with self.mock_mail_gateway():
            window.action_send()
            window.action_send()
            self.assertFalse(self._mails)
        reminder = self._get_reminders()[-1]
        self.assertEqual(len(self._get_reminders()), 2, "one, also with two clicks")
        self.assertEqual(reminder.level_id, self.level_2)
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(reminder.channels, "Activity")
        self.assertFalse(reminder.delivery_ids)
        self.assertFalse(reminder.subject, "nothing was written")
        self.assertEqual(self.late.followup_level_id, self.level_2)
        activity = self.customer.activity_ids
        self.assertEqual(activity.activity_type_id, self.call_type)
        self.assertEqual(activity.user_id, self.responsible)
        self.assertEqual(activity.summary, "Ask for the money")
        self.env.invalidate_all()
        self.assertEqual(self.customer.followup_status, "with_overdue_invoices")

    def test_call_from_the_window(self):
        """Who opens it to call finds the number, and the window for the call."""
        self.customer.phone = "+1 (555) 0199"
        window = self._open_window()
        self.assertTrue(window.is_call)
        self.assertIn("+1 (555) 0199", window.contact_info)
        action = window.action_log_call()
        self.assertEqual(action["res_model"], "account.followup.call.wizard")
        call = self.env[action["res_model"]].with_user(self.responsible)
        call = call.with_context(**action["context"]).create({})
        self.assertEqual(call.answered_level_id, self.level_2)
        self.assertIn('<a href="tel:+15550199">+1 (555) 0199</a>', call.contact_info)
        window.do_email = True
        self.assertNotIn("0199", window.contact_info, "an e-mail goes elsewhere")
        self.level_2.activity_type_id = self.env.ref("mail.mail_activity_data_todo")
        self.assertFalse(self._open_window().is_call)

    def test_a_text_can_be_sent_all_the_same(self):
        window = self._open_window()
        window.mail_template_id = self.template
        window.do_email = True
        with self.mock_mail_gateway():
            window.action_send()
            self.assertEqual(len(self._mails), 1)
        self.assertEqual(self.late.followup_level_id, self.level_2)
        self.assertEqual(len(self.customer.activity_ids), 1)

    def test_v3_level_that_does_nothing(self):
        """One of an older version, or whose type of activity was deleted."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_followup_level SET schedule_activity = false WHERE id = %s",
            self.level_2.ids,
        )
        self.env.invalidate_all()
        window = self._open_window()
        self.assertFalse(window.task)
        with self.assertRaisesRegex(UserError, "Tick Print, Email"):
            window.action_send()
        result = self._get_followup()._process(TODAY)
        self.assertFalse(result["done"])
        self.assertIn("does nothing", result["failed"][self._get_followup()])
        self.env.invalidate_all()
        self.assertIn("does nothing", self.customer.followup_failure_reason)
        self.assertEqual(self.late.followup_level_id, self.level_1)
        window.mail_template_id = self.template
        window.do_email = True
        with self.mock_mail_gateway():
            window.action_send()
            self.assertEqual(len(self._mails), 1, "by hand something can be sent")

    def test_refused_without_a_task(self):
        """Nothing ticked and nothing to do is refused, as before."""
        self.level_2.write({"send_email": True, "schedule_activity": False})
        window = self._open_window()
        self.assertFalse(window.task)
        window.do_email = False
        with self.assertRaisesRegex(UserError, "Tick Print, Email"):
            window.action_send()

    def test_no_level_due(self):
        """Without a level a text is all there is to send."""
        partner = self._create_customer("Early Ltd")
        self._create_late(-5, partner=partner)
        window = self._open_window(partner)
        self.assertFalse(window.level_id)
        self.assertTrue(window.do_email)
        self.assertFalse(window.task)

    # ------------------------------------------------------------------
    # A logged call
    # ------------------------------------------------------------------

    def test_call_reaches_the_level(self):
        with self.mock_mail_gateway():
            answered = self._log(note="Will pay")
            self.assertFalse(self._mails)
        self.assertEqual(answered, self.level_2, "the window says so before")
        reminder = self._get_reminders()[-1]
        self.assertEqual(reminder.level_id, self.level_2)
        self.assertEqual(reminder.date, TODAY)
        self.assertEqual(reminder.user_id, self.responsible)
        self.assertEqual(reminder.call_id, self._get_calls())
        self.assertEqual(reminder.channels, "Phone Call")
        self.assertFalse(reminder.delivery_ids)
        self.assertEqual(reminder.line_ids.level_id, self.level_2)
        self.assertEqual(self.late.followup_level_id, self.level_2)
        self.assertFalse(self.customer.activity_ids, "it is done")
        self.assertEqual(self.customer.followup_status, "with_overdue_invoices")
        self.assertEqual(
            self.customer.followup_next_reminder_date, TODAY + timedelta(days=15)
        )
        self.assertIn("Phone Call", self.late.message_ids[0].body)

    def test_run_after_the_call_plans_nothing(self):
        self._log()
        self._run_cron()
        self.assertEqual(len(self._get_reminders()), 2)
        self.assertFalse(self.customer.activity_ids)

    def test_second_call_reaches_nothing_more(self):
        self._log()
        self.assertFalse(self._log(note="Once more"))
        self.assertEqual(len(self._get_calls()), 2)
        self.assertEqual(len(self._get_reminders()), 2)

    def test_call_counts_for_the_gap(self):
        self.company.followup_min_days = 5
        self._create_late(3, partner=self.customer)
        self._log()
        self._create_late(40, partner=self.customer)
        self.env.invalidate_all()
        self.assertEqual(self.customer.followup_status, "with_overdue_invoices")
        self.assertEqual(
            self.customer.followup_next_reminder_date, TODAY + timedelta(days=5)
        )

    def test_nobody_reached(self):
        """The call is still to be made: the level stays due."""
        self.assertFalse(self._log("not_reached"))
        self.assertEqual(len(self._get_reminders()), 1)
        self.assertEqual(self.customer.followup_status, "in_need_of_action")

    def test_other_levels_stay_due(self):
        """A call takes the place of no text: the level sends an e-mail, too."""
        self.level_2.send_email = True
        self.assertFalse(self._log())
        self.assertEqual(len(self._get_reminders()), 1)
        self.level_2.write(
            {
                "send_email": False,
                "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
            }
        )
        self.assertFalse(self._log())
        self.assertEqual(len(self._get_reminders()), 1, "a task, but no call")

    def test_call_before_its_day(self):
        """Yesterday nothing was due yet; what is logged today does not change that."""
        self._get_reminders().sudo().date = TODAY - timedelta(days=14)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.customer.followup_status, "in_need_of_action")
        self.assertFalse(self._log(date=TODAY - timedelta(days=1)))
        self.assertEqual(len(self._get_reminders()), 1)

    def test_call_of_an_earlier_day(self):
        """It was due then: the level is reached on the day of the call."""
        day = TODAY - timedelta(days=2)
        self.assertEqual(self._log(date=day), self.level_2)
        self.assertEqual(self._get_reminders()[-1].date, day)
        self.assertEqual(self.late.followup_date, day)
        self.assertEqual(
            self.customer.followup_next_reminder_date, day + timedelta(days=15)
        )

    def test_promise_and_dispute(self):
        """The invoices that rest from now on were due for the call."""
        day = TODAY + timedelta(days=4)
        for outcome, values in (
            ("promise", {"promised_date": day}),
            ("dispute", {"review_date": day}),
        ):
            with self.subTest(outcome=outcome):
                savepoint = self.env.cr.savepoint()
                self.assertEqual(self._log(outcome, **values), self.level_2)
                self.assertEqual(self.late.followup_level_id, self.level_2)
                line = self.late.line_ids.filtered("date_maturity")
                disputes = self.env["account.followup.dispute"].search(
                    [("line_ids", "in", line.ids)]
                )
                self.assertEqual(
                    line.expected_payment_date or disputes.review_date, day
                )
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_next_reminder_of_the_call_stays(self):
        """The reminder takes back the day set before, not the one of the call."""
        day = TODAY + timedelta(days=20)
        self._log(next_reminder_date=day)
        self.assertEqual(self._get_followup().next_reminder_date, day)

    def test_call_at_rest_reaches_nothing(self):
        """Rule 6: what is held, excluded or covered is not due."""
        self.customer.followup_excluded = True
        self.assertFalse(self._log())
        self.assertEqual(len(self._get_reminders()), 1)

    def test_planned_call_is_closed(self):
        """The run has planned it and reached the level: the call ends it, no more."""
        self._run_cron()
        self.assertEqual(len(self.customer.activity_ids), 1)
        self.assertFalse(self._log())
        self.assertFalse(self.customer.activity_ids)
        self.assertEqual(len(self._get_reminders()), 2)

    def test_whole_plan(self):
        """Reminder by e-mail, call, final notice: each once, on its day."""
        self._log()
        with self.mock_mail_gateway():
            for days in range(1, 20):
                with freeze_time(TODAY + timedelta(days=days)):
                    self.env.invalidate_all()
                    self._run_cron()
        reminders = self._get_reminders()
        self.assertEqual(reminders.level_id, self.levels)
        self.assertEqual(
            fields.Date.to_string(reminders[-1].date),
            str(TODAY + timedelta(days=15)),
        )

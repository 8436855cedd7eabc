from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from .common import TODAY, FollowupCommon

SUMMARY = "Messages to customers are not being sent"


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestWaiting(FollowupCommon):
    """Promise 5: a queue that stands still is told, once, with the way out."""

    def setUp(self):
        super().setUp()
        self.queue = self.env.ref("mail.ir_cron_mail_scheduler_action")
        self._create_late(20)
        self._create_late(20, partner=self._create_customer("Other Ltd"))
        self._run_cron()
        self._date_deliveries()

    def _date_deliveries(self):
        """The database has a clock of its own."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_followup_delivery SET write_date = %s"
            " WHERE company_id = %s",
            [TODAY, self.company.id],
        )
        self.env.invalidate_all()

    def _get_tasks(self):
        activities = self.env["mail.activity"].with_context(active_test=False)
        return activities.search([("summary", "=", SUMMARY)])

    def _run_on(self, days):
        with freeze_time(TODAY + timedelta(days=days)):
            self.env.invalidate_all()
            self._run_cron()

    def test_told_once(self):
        self.queue.active = False
        self._run_on(1)
        self.assertFalse(self._get_tasks(), "a day is usual")
        for days in range(2, 6):
            self._run_on(days)
        task = self._get_tasks()
        self.assertEqual(len(task), 1, "one for the company, not for each customer")
        self.assertEqual(task.user_id, self.responsible)
        for part in (
            "2 messages",
            "Scheduled Actions",
            f"Switched off: {self.queue.name}",
        ):
            self.assertIn(part, task.note)
        task.action_feedback("I am at it")
        self._run_on(6)
        self.assertEqual(len(self._get_tasks()), 1, "the same outage")

    def test_ends_and_begins_again(self):
        self._run_on(2)
        task = self._get_tasks()
        self.assertIn("look at the mail server", task.note)
        with self.mock_mail_gateway():
            self._run_mail_queue()
        self._run_on(3)
        self.assertFalse(task.exists().active, "nothing waits any more")
        self.assertFalse(self.company.followup_waiting_since)
        self._create_late(20, partner=self._create_customer("Third Ltd"))
        self._run_on(3)
        self._date_deliveries()
        self._run_on(5)
        self.assertEqual(len(self._get_tasks().filtered("active")), 1, "a new outage")

    def test_work_list(self):
        rows = self.env["account.followup.customer"]
        mine = [("company_id", "=", self.company.id)]
        waiting = rows.search([*mine, ("waiting_since", "!=", False)])
        self.assertEqual(waiting.mapped("waiting_since"), [TODAY, TODAY])
        with self.mock_mail_gateway():
            self._run_mail_queue()
        self.assertFalse(rows.search([*mine, ("waiting_since", "!=", False)]))
        others = rows.search([*mine, ("waiting_since", "=", False)])
        self.assertEqual(len(others), 2)

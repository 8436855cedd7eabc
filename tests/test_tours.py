from datetime import timedelta

from odoo import Command
from odoo.tests import HttpCase, tagged

from .common import FollowupCommon


@tagged("post_install", "-at_install")
class TestTours(FollowupCommon, HttpCase):
    """What people do on the screen, in a real browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.followup_min_days = 3
        cls.level_1.name = "Friendly Reminder"

    def _start(self, path, tour, *groups):
        user = self._create_user("person", "base.group_partner_manager", *groups)
        user.password = user.login
        self.start_tour(path, tour, login=user.login)

    def _create_late_today(self, days_late, amount=100.0, **values):
        return self._create_late(
            days_late, amount, day=self._get_real_today(), **values
        )

    def test_a1_configure_a_level(self):
        self._start(
            "/odoo",
            "account_followup_configure_level",
            "account.group_account_manager",
        )
        level = self.env["account.followup.level"].search(
            [("company_id", "=", self.company.id), ("name", "=", "Soon to be Paid")]
        )
        self.assertRecordValues(
            level,
            [
                {
                    "delay": -3,
                    "is_automatic": True,
                    "send_email": True,
                    "mail_template_id": self.env.ref(
                        "account_payment_followup.mail_template_upcoming"
                    ).id,
                    "schedule_activity": True,
                    "activity_responsible": "user",
                    "activity_user_id": self.responsible.id,
                    "activity_summary": "Ask whether all is well",
                }
            ],
        )

    def test_c1_send_a_reminder(self):
        invoice = self._create_late_today(20, 250)
        self._start(
            "/odoo", "account_followup_send_reminder", "account.group_account_invoice"
        )
        reminder = self._get_reminders()
        self.assertEqual(len(reminder), 1, "a double click sends one")
        self.assertEqual(reminder.trigger, "manual")
        self.assertEqual(reminder.subject, "Please pay, Late Ltd")
        self.assertEqual(reminder.line_ids.move_line_id.move_id, invoice)
        self.assertEqual(invoice.followup_level_id, self.level_1)

    def test_d1_process_from_the_work_list(self):
        self._create_late_today(20, 250)
        self._start(
            "/odoo", "account_followup_process", "account.group_account_invoice"
        )
        self.assertEqual(self._get_reminders().trigger, "mass")

    def test_u16_walk_through_the_work_list(self):
        """The arrows lead through the list as it is sorted."""
        for name, amount in (("A First", 10), ("Late Ltd", 20), ("Z Last", 30)):
            partner = self.customer if name == "Late Ltd" else None
            partner = partner or self._create_customer(name)
            self._create_late_today(20, amount, partner=partner)
        self._start(
            "/odoo", "account_followup_walk_through", "account.group_account_invoice"
        )

    def test_u16_send_on_the_row(self):
        """Three clicks: menu, Send, Send; the numbers at the head follow."""
        self._create_late_today(20, 250)
        self._start(
            "/odoo", "account_followup_send_on_row", "account.group_account_invoice"
        )
        self.assertEqual(self._get_reminders().trigger, "manual")

    def test_u16_call_on_the_row(self):
        """Five clicks: menu, call, promise, the day, Log Call."""
        invoice = self._create_late_today(20, 250)
        self._start(
            "/odoo", "account_followup_call_on_row", "account.group_account_invoice"
        )
        today = self._get_real_today()
        self.assertEqual(invoice.expected_payment_date, today + timedelta(days=7))

    def test_u19_hold_from_the_work_list(self):
        """Three clicks: menu, Hold, Apply."""
        invoice = self._create_late_today(20, 250)
        self._start(
            "/odoo",
            "account_followup_hold_on_customer",
            "account.group_account_invoice",
        )
        self.assertTrue(invoice.followup_hold_until)

    def test_u16_pay_on_the_row(self):
        """Four clicks from the work-list: customer, overdue, Pay, Create."""
        invoice = self._create_late_today(20, 250)
        self._start(
            "/odoo", "account_followup_pay_on_row", "account.group_account_invoice"
        )
        payment = self.env["account.payment"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(payment.amount, 250)
        self.assertIn(invoice.payment_state, ("in_payment", "paid"))

    def test_wish5_process_all_due(self):
        """Three clicks: menu, all, Process."""
        self._create_late_today(20, 250)
        self._start(
            "/odoo", "account_followup_process_all", "account.group_account_invoice"
        )
        self.assertEqual(self._get_reminders().trigger, "mass")

    def test_u17_repair_after_a_run(self):
        """Three clicks: the customer, back, Try Again."""
        self.customer.email = False
        self._create_late_today(20, 250)
        user = self._create_user(
            "person", "base.group_partner_manager", "account.group_account_invoice"
        )
        user.password = user.login
        run = self.env["account.followup.run"].with_user(user)
        run = run._start(self.customer, self.company)
        self.assertEqual(run.failed_count, 1)
        self.start_tour(
            f"/odoo/account.followup.run/{run.id}",
            "account_followup_run_repair",
            login=user.login,
        )
        with self.mock_mail_gateway():
            self._run_mail_queue()
        self.assertEqual(self._get_reminders()[-1].state, "sent")

    def test_u19_hold_on_the_row(self):
        """Also in a narrow window, where other columns give way (U29)."""
        self._create_late_today(20, 250)
        self._start(
            "/odoo", "account_followup_hold_on_row", "account.group_account_invoice"
        )

    def test_d3_many_from_the_work_list(self):
        """Beyond a few in the background: the screen says so, then what came of it."""
        self._create_late_today(20, 250)
        for number in range(10):
            partner = self._create_customer(f"Customer {number}")
            self._create_late_today(20, partner=partner)
        silent = self._create_customer("Silent", email=False)
        self._create_late_today(20, partner=silent)
        paid = self._create_late_today(20, partner=self._create_customer("Paid"))
        self._start(
            "/odoo", "account_followup_process_many", "account.group_account_invoice"
        )
        run = self.env["account.followup.run"].search([], limit=1)
        self.assertEqual(run.waiting_count, 13)
        self._pay(paid, day=self._get_real_today())
        cron = self.env.ref("account_payment_followup.ir_cron_process_runs")
        with self.mock_mail_gateway():
            cron.sudo().method_direct_trigger()
        self.start_tour(
            f"/odoo/account.followup.run/{run.id}",
            "account_followup_process_many_done",
            login=run.user_id.login,
        )

    def test_d2_activities_of_the_work_list(self):
        self._create_late_today(20, 250)
        person = self._create_user(
            "person", "base.group_partner_manager", "account.group_account_invoice"
        )
        person.password = person.login
        today = self._get_real_today()
        activity = self.customer.activity_schedule(
            "mail.mail_activity_data_call",
            date_deadline=today - timedelta(days=2),
            summary="Ask for the reason",
            user_id=person.id,
        )
        self.start_tour("/odoo", "account_followup_activities", login=person.login)
        self.assertFalse(activity.exists().active, "it was done")
        self.assertEqual(self.customer.activity_ids.summary, "Visit them")

    def test_d2_row_of_another_company(self):
        """The form says what the company of the row knows, and Send works for it."""
        self._create_late_today(20, 250)
        other = self._create_company(name="Second Company")
        user = self._create_user(
            "traveller", "base.group_partner_manager", "account.group_account_invoice"
        )
        user.write({"company_ids": [Command.link(other.id)], "company_id": other.id})
        user.password = user.login
        self.start_tour(
            "/odoo",
            "account_followup_other_company",
            login=user.login,
            cookies={"cids": f"{other.id}-{self.company.id}"},
        )

    def test_g2_read_only_accountant(self):
        self._create_late_today(20, 250)
        self._start(
            "/odoo", "account_followup_read_only", "account.group_account_readonly"
        )
        self.assertFalse(self._get_reminders())

    def test_b5_exclude_an_invoice(self):
        invoice = self._create_late_today(20, 250)
        self._start(
            "/odoo", "account_followup_exclude_invoice", "account.group_account_invoice"
        )
        self.assertTrue(invoice.no_followup)
        self.assertEqual(self.customer.followup_status, "no_action_needed")

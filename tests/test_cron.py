from datetime import timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCron(FollowupCommon, CronMixinCase):
    """Rows D3 to D5, X1, X2 and rules 11, 12: the scheduled action."""

    def test_d4_exactly_the_automatic_levels(self):
        manual_level = self._create_customer("Manual Level")
        manual_customer = self._create_customer("Manual Customer")
        held = self._create_customer("Held")
        excluded = self._create_customer("Excluded")
        not_due = self._create_customer("Not Due")
        for partner in (self.customer, manual_customer, held, excluded):
            self._create_late(5, partner=partner)
        self._create_late(0, partner=not_due)
        self.level_2.is_automatic = False
        self.company.followup_catch_up = "jump"
        self._create_late(20, partner=manual_level)
        manual_customer.followup_reminder_type = "manual"
        held.followup_next_reminder_date = TODAY + timedelta(days=4)
        excluded.followup_excluded = True
        with self.mock_mail_gateway():
            self._run_cron()
            self.assertFalse(self._mails, "nothing leaves before the mail queue")
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        reminder = self.env["account.followup.reminder"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(reminder.partner_id, self.customer)
        self.assertEqual(reminder.trigger, "automatic")
        self.assertEqual(reminder.state, "sent")
        self.assertFalse(reminder.user_id)
        self.env.invalidate_all()
        self.assertEqual(manual_customer.followup_status, "in_need_of_action")
        self.assertEqual(manual_level.followup_status, "in_need_of_action")

    def test_d4_ten_more_runs_send_nothing(self):
        self._create_late(20)
        with self.mock_mail_gateway():
            for _run in range(11):
                self._run_cron()
                self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        self.assertEqual(len(self._get_reminders()), 1)

    def test_a6_switches(self):
        self._create_late(20)
        self.company.followup_automatic = False
        self._run_cron()
        self.assertFalse(self._get_reminders())
        self.company.followup_automatic = True
        self.company.followup_enabled = False
        self._run_cron()
        self.assertFalse(self._get_reminders())
        self.assertEqual(self.customer.followup_status, "no_action_needed")

    def test_d5_hundred_days(self):
        """Each item meets each level once, in order, on the day the rules say."""
        first = self._create_late(-3, 100)
        second = self._create_late(-13, 200)
        with self.mock_mail_gateway():
            for offset in range(100):
                with freeze_time(TODAY + timedelta(days=offset)):
                    self.env.invalidate_all()
                    self._run_cron()
                    self._run_mail_queue()
            sent = len(self._mails)
        met = {}
        for line in self._get_reminders().line_ids.sorted("id"):
            if line.level_id:
                day = (line.date - TODAY).days
                met.setdefault(line.move_id, []).append((line.level_id.delay, day))
        # due on day 3 and day 13; levels 1, 15 and 30 days after that
        self.assertEqual(met[first], [(1, 4), (15, 18), (30, 33)])
        self.assertEqual(met[second], [(1, 14), (15, 28), (30, 43)])
        self.assertEqual(sent, 6)

    def test_d5_missed_days_are_caught_up_with_one_reminder(self):
        self._create_late(90)
        with self.mock_mail_gateway():
            for offset in range(40):
                with freeze_time(TODAY + timedelta(days=offset)):
                    self.env.invalidate_all()
                    self._run_cron()
                    self._run_mail_queue()
        days = [
            (r.level_id.delay, (r.date - TODAY).days) for r in self._get_reminders()
        ]
        self.assertEqual(days, [(1, 0), (15, 14), (30, 29)], "step by step, no burst")

    def test_d5_jump_to_the_level_of_the_age(self):
        self.company.followup_catch_up = "jump"
        self._create_late(90)
        with self.mock_mail_gateway():
            for offset in range(40):
                with freeze_time(TODAY + timedelta(days=offset)):
                    self.env.invalidate_all()
                    self._run_cron()
        self.assertEqual(self._get_reminders().level_id, self.level_3)
        self.assertEqual(len(self._get_reminders()), 1)

    def test_x1_unique_in_the_database(self):
        self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
        line = self._get_reminders().line_ids.sudo()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.Error):
            with self.env.cr.savepoint():
                line.copy({"reminder_id": line.reminder_id.id})
                self.env.flush_all()

    def test_x1_the_key_stops_a_run_that_read_too_early(self):
        """A run that does not see another's reminder fails on the key, only that."""
        self._create_late(20)
        followup = self._get_followup()
        ready = self.env["account.followup.ready"]
        rows = ready._get_due_rows(followup, TODAY)
        items = self.env["account.followup.item"]._get_rows(
            {self.company: TODAY}, self.customer
        )
        followup._process(TODAY)
        with (
            patch.object(type(ready), "_get_due_rows", lambda *args, **kwargs: rows),
            patch.object(
                self.env.registry["account.followup.item"],
                "_get_rows",
                lambda *args, **kwargs: items,
            ),
            mute_logger("odoo.sql_db"),
        ):
            result = followup._process(TODAY)
        self.assertFalse(result["done"])
        self.assertIn("just now", result["skipped"][followup])
        self.assertEqual(len(self._get_reminders()), 1)

    def test_x2_paid_between_queue_and_sending(self):
        invoice = self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
            self.assertEqual(self._get_reminders().state, "queued")
            self._pay(invoice)
            self._run_mail_queue()
            self.assertFalse(self._mails)
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn(f"{invoice.name} is settled", reminder.failure_reason)
        self.assertFalse(reminder.line_ids.is_standing)
        self.assertFalse(invoice.followup_level_id, "the level was not reached")
        self.assertEqual(
            reminder.mail_message_id.notification_ids.notification_status, "canceled"
        )

    def test_x2_paid_but_not_matched_between_queue_and_sending(self):
        """Credits that cover it come as good as a payment; else they are deducted."""
        for credit, owed in ((60.0, 40.0), (100.0, 0), (150, 0)):
            with self.subTest(credit=credit):
                partner = self._create_customer(f"Credited {credit}")
                self._create_late(3, 100.0, partner)
                with self.mock_mail_gateway():
                    self._run_cron()
                    self._create_late(0, credit, partner, move_type="out_refund")
                    self._run_mail_queue()
                    self.assertFalse(self._mails)
                    self.assertEqual(self._get_reminders(partner).state, "withdrawn")
                    self._run_cron()
                    self._run_mail_queue()
                    self.assertEqual(len(self._mails), 1 if owed else 0)
                anew = self._get_reminders(partner)[1:]
                self.assertEqual(anew.mapped("amount_overdue"), [owed] if owed else [])

    def test_x2_excluded_or_held_between_queue_and_sending(self):
        changes = (
            lambda customer, invoice: invoice.write({"no_followup": True}),
            lambda customer, invoice: invoice.write({"followup_hold_until": TODAY}),
            lambda customer, invoice: invoice.write({"expected_payment_date": TODAY}),
            lambda customer, invoice: customer.write({"followup_excluded": True}),
        )
        for number, change in enumerate(changes):
            customer = self._create_customer(f"Changed {number}")
            invoice = self._create_late(20, partner=customer)
            with self.subTest(number), self.mock_mail_gateway():
                self._run_cron()
                change(customer.with_company(self.company), invoice)
                self._run_mail_queue()
                self.assertFalse(self._mails)
                self.assertEqual(self._get_reminders(customer).state, "withdrawn")

    def test_x2_partly_paid_is_made_anew(self):
        invoice = self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
            self._pay(invoice, 60)
            self._run_mail_queue()
            self.assertFalse(self._mails)
            self._run_cron()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        self.assertEqual(self._get_reminders().mapped("state"), ["withdrawn", "sent"])
        self.assertEqual(self._get_reminders()[-1].amount_overdue, 40)

    def test_x2_one_of_many_in_the_queue(self):
        others = [self._create_customer(f"Customer {n}") for n in range(3)]
        invoices = [self._create_late(20, partner=partner) for partner in others]
        with self.mock_mail_gateway():
            self._run_cron()
            self._pay(invoices[1])
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 2)
        states = [self._get_reminders(partner).state for partner in others]
        self.assertEqual(states, ["sent", "withdrawn", "sent"])

    def test_promise_3_one_customers_error(self):
        broken = self._create_customer("Broken")
        late = self._create_customer("Zeta")
        for partner in (self.customer, broken, late):
            self._create_late(20, partner=partner)
        service = self.env.registry["account.followup.text"]
        render = service._render_batch

        def fail_for_one(self, followups, *args, **kwargs):
            if broken in followups.partner_id:
                raise ValueError("Template went wrong")
            return render(self, followups, *args, **kwargs)

        with (
            self.mock_mail_gateway(),
            patch.object(service, "_render_batch", fail_for_one),
        ):
            self._run_cron()
            self._run_cron()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 2)
        self.assertFalse(self._get_reminders(broken))
        followup = self._get_followup(broken)
        self.assertEqual(followup.failure_reason, "Template went wrong")
        self.assertEqual(followup.retry_date, TODAY + timedelta(days=1))
        self.assertEqual(followup.failure_count, 1, "tried once on this day")
        self.assertEqual(broken.followup_failure_reason, "Template went wrong")
        self.assertEqual(len(broken.activity_ids), 1)
        self.assertEqual(broken.activity_ids.user_id, self.responsible)
        # mended: the next day it goes out and the failure is forgotten
        with self.mock_mail_gateway(), freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            self._run_cron()
            self._run_mail_queue()
        self.assertEqual(len(self._get_reminders(broken)), 1)
        self.assertFalse(self._get_followup(broken).failure_reason)

    def test_rule_11_void_reminder(self):
        """Mail server refuses: void, one task, not again before tomorrow."""
        invoice = self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
        with self.mock_mail_gateway(), self._refusing_mails():
            self._run_mail_queue()
            self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(len(reminder), 1, "not tried again on the same day")
        self.assertEqual(reminder.state, "failed")
        self.assertIn("Connection refused", reminder.failure_reason)
        self.assertFalse(invoice.followup_level_id)
        self.assertEqual(len(self.customer.activity_ids), 1)
        with self.mock_mail_gateway(), freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            self._run_cron()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        self.assertEqual(self._get_reminders()[-1].state, "sent")
        self.assertEqual(invoice.followup_level_id, self.level_1)

    def test_failing_every_day(self):
        """Back-off: 1, 2, 4, then every 7 days; one task in all (promise 3)."""
        self.customer.email = False
        self._create_late(20)
        for offset in range(30):
            with freeze_time(TODAY + timedelta(days=offset)):
                self.env.invalidate_all()
                self._run_cron()
        days = [(reminder.date - TODAY).days for reminder in self._get_reminders()]
        self.assertEqual(days, [0, 1, 3, 7, 14, 21, 28])
        self.assertEqual(set(self._get_reminders().mapped("state")), {"failed"})
        self.assertEqual(len(self.customer.activity_ids), 1)

    def test_mail_server_down_for_weeks(self):
        """A queued e-mail that fails later counts as well: back-off and one task."""
        self._create_late(20)
        with self.mock_mail_gateway(), self._refusing_mails():
            for offset in range(20):
                with freeze_time(TODAY + timedelta(days=offset)):
                    self.env.invalidate_all()
                    self._run_cron()
                    self._run_mail_queue()
        days = [(reminder.date - TODAY).days for reminder in self._get_reminders()]
        self.assertEqual(days, [0, 1, 3, 7, 14])
        self.assertEqual(len(self.customer.activity_ids), 1)

    def test_promise_5_cancelled_and_deleted_mails(self):
        gone = self._create_customer("Gone")
        self._create_late(20)
        self._create_late(20, partner=gone)
        with self.mock_mail_gateway():
            self._run_cron()
        mails = self.env["mail.mail"].sudo()
        mails.search([("res_id", "=", self.customer.id)]).cancel()
        mails.search([("res_id", "=", gone.id)]).unlink()
        self._run_cron()
        self.assertEqual(self._get_reminders()[0].state, "withdrawn")
        self.assertEqual(self._get_reminders(gone)[0].state, "failed")

    def test_company_day(self):
        """The day is the company's: in Auckland it is tomorrow already."""
        self._create_late(1)
        self.company.partner_id.tz = "Pacific/Auckland"
        with freeze_time("2024-05-14 11:00:00"):
            self.env.invalidate_all()
            self.assertEqual(self.customer.followup_status, "no_action_needed")
        with freeze_time("2024-05-14 13:00:00"):
            self.env.invalidate_all()
            self.assertEqual(self.customer.followup_status, "in_need_of_action")

    def test_more_customers_than_a_batch(self):
        partners = self.env["res.partner"]
        for number in range(7):
            partner = self._create_customer(f"Customer {number}")
            self._create_late(20, partner=partner)
            partners += partner
        with (
            patch(
                "odoo.addons.account_payment_followup.models.account_followup_due.BATCH_SIZE",
                3,
            ),
            self.mock_mail_gateway(),
        ):
            self._run_cron()
        self.assertEqual(len(self._get_reminders(partners[0])), 1)
        self.assertEqual(
            self.env["account.followup.reminder"].search_count(
                [("partner_id", "in", partners.ids)]
            ),
            7,
        )

    def test_mail_queue_is_woken(self):
        self._create_late(20)
        with self.capture_triggers("mail.ir_cron_mail_scheduler_action") as captured:
            self._get_followup()._process(TODAY)
        self.assertTrue(captured.records)

    def test_b5_b6_b8_rest(self):
        excluded, held, expected = (self._create_late(20) for _n in range(3))
        excluded.no_followup = True
        held.followup_hold_until = TODAY
        expected.expected_payment_date = fields.Date.add(TODAY, days=2)
        self._run_cron()
        self.assertFalse(self._get_reminders())
        with freeze_time(TODAY + timedelta(days=1)), self.mock_mail_gateway():
            self.env.invalidate_all()
            self._run_cron()
        self.assertEqual(self._get_reminders().line_ids.move_id, held)

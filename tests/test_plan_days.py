import psycopg2
from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TODAY
from .test_calendar import (
    MONDAY,
    SATURDAY,
    THURSDAY,
    WEDNESDAY,
    CalendarCommon,
    at,
)


@tagged("post_install", "-at_install")
class TestPlanDays(CalendarCommon):
    """X16: a plan has working days of its own, else the company's hold (X15)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        plans = cls.env["account.followup.plan"]
        cls.offices = plans._get_default_plan(cls.company).copy({"name": "Offices"})
        cls.office_days = cls._create_calendar("Office Days", cls.company)
        cls.offices.calendar_id = cls.office_days
        cls.office = cls._create_customer_in("de")
        cls.shop = cls._create_customer_in("de")
        cases = cls.env["account.followup"]._get_or_create(cls.office, cls.company)
        cases.plan_id = cls.offices

    def test_x16_days_of_the_plan(self):
        """Its holiday holds its customers alone, and the run comes again for them."""
        self._create_holiday(WEDNESDAY, self.office_days)
        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        self.assertEqual(self._run_at(at(WEDNESDAY, 10)), self.shop)
        with freeze_time(at(WEDNESDAY, 10)):
            row = self._get_row(self.office)
            self.assertEqual(row.status, "in_need_of_action")
            self.assertEqual(
                row.waiting_text,
                "05/15/2024 is no working day by the calendar Office Days, the next "
                "one is 05/16/2024.",
            )
            self.assertFalse(self._get_row(self.shop).waiting_text)
        self.assertEqual(self._get_calls(), [at(WEDNESDAY, 22)])
        self.assertEqual(self._run_at(at(WEDNESDAY, 22)), self.office)

    def test_x16_days_of_the_plan_go_before_country_and_company(self):
        self.company.followup_calendar_id = self.calendar
        abroad = self._create_calendar("Abroad", self.company)
        self.env["account.followup.calendar"].create(
            {
                "company_id": self.company.id,
                "country_id": self.env.ref("base.de").id,
                "calendar_id": abroad.id,
            }
        )
        self._create_holiday(WEDNESDAY, abroad)
        self.assertEqual(self._run_at(at(WEDNESDAY, 10)), self.office)
        self._create_holiday(THURSDAY, self.calendar)
        self.assertEqual(self._run_at(at(THURSDAY, 10)), self.shop)

    def test_x16_an_archived_plan_holds_nobody(self):
        self._create_holiday(WEDNESDAY, self.office_days)
        self.assertTrue(self.company.followup_has_plan_calendar)
        self.offices.active = False
        self.assertFalse(self.company.followup_has_plan_calendar)
        self.assertEqual(self._run_at(at(WEDNESDAY, 10)), self.office + self.shop)

    def test_x16_the_days_hold_what_is_queued(self):
        """A plan that got its days, or a customer his plan, after it was made."""
        self._create_holiday(THURSDAY, self.office_days)
        with self.mock_mail_gateway():
            self._run_at(at(WEDNESDAY, 21))
            with freeze_time(at(THURSDAY, 10)):
                self._run_mail_queue()
        reminders = self._get_reminders(self.office) + self._get_reminders(self.shop)
        self.assertEqual(reminders.mapped("state"), ["withdrawn", "sent"])

    def test_x16_approved_until_the_day_of_the_plan(self):
        """What is approved on a holiday of the plan leaves on the day after it."""
        self._create_holiday(WEDNESDAY, self.office_days)
        approval = (
            self.env["account.followup.approval"]
            .sudo()
            .create(
                {
                    "company_id": self.company.id,
                    "date": WEDNESDAY,
                    "line_ids": [Command.create({"partner_id": self.office.id})],
                }
            )
        )
        with freeze_time(at(WEDNESDAY, 10)):
            self.assertEqual(approval._get_last_day(), THURSDAY)

    def test_x16_a_plan_works_when_the_company_does_not(self):
        self.company.followup_calendar_id = self.calendar
        week = self.office_days.attendance_ids
        for day in ("5", "6"):
            week[0].copy({"dayofweek": day})
        self.assertEqual(self._run_at(at(SATURDAY, 10)), self.office)
        self.assertEqual(self._run_at(at(MONDAY, 10)), self.shop)

    def test_x16_a_clerk_reads_why_it_waits(self):
        self._create_holiday(WEDNESDAY, self.office_days)
        clerk = self._create_user("clerk", "account.group_account_invoice")
        with freeze_time(at(WEDNESDAY, 10)):
            row = self._get_row(self.office).with_user(clerk)
            self.assertIn("Office Days", row.waiting_text)
            case = row.followup_id
            reasons = case._get_explanation(WEDNESDAY)["reasons"]
        settings = {one["code"]: one["record"] for one in reasons}
        self.assertEqual(settings["calendar"].sudo(), self.offices)

    def test_x16_why_leads_to_the_days_that_hold(self):
        """To the company's, or to its hours, where these do."""
        self.company.followup_calendar_id = self.calendar
        self._create_holiday(WEDNESDAY, self.calendar)
        self.company.write({"followup_send_from": 8, "followup_send_to": 17})
        for customer, hour in ((self.shop, 10), (self.office, 18)):
            with freeze_time(at(WEDNESDAY, hour)):
                row = self._get_row(customer)
                case = self.env["account.followup"]._get_case(customer, self.company)
                now = at(WEDNESDAY, hour)
                reasons = case._get_explanation(WEDNESDAY, now=now)["reasons"]
            self.assertTrue(row.waiting_text)
            settings = {one["code"]: one["record"] for one in reasons}
            self.assertEqual(settings["calendar"], self.company)

    def test_x16_a_calendar_that_a_plan_needs_is_not_deleted(self):
        """Its customers would get reminders on their holidays, and nobody knew."""
        with self._refused(psycopg2.IntegrityError, "."), mute_logger("odoo.sql_db"):
            self.office_days.unlink()
        self.offices.calendar_id = False
        self.office_days.unlink()

    def test_x16_a_calendar_of_another_company_is_refused(self):
        other = self.env["res.company"].create({"name": "Other House"})
        theirs = self._create_calendar("Theirs", other)
        with self._refused(UserError, "Theirs"):
            self.offices.calendar_id = theirs

    def test_x16_who_has_no_days_of_his_own_costs_no_query(self):
        """A gate that is off asks the database nothing."""
        self.offices.calendar_id = False
        self.company.followup_send_zone = "company"
        gate = self.env["account.followup.gate.calendar"]
        self.env.flush_all()
        self.company.mapped("followup_has_plan_calendar")
        with self.assertQueryCount(0):
            gate._let_pass(self.company, self.office.ids, TODAY, at(TODAY, 10))

    def test_x16_sms_wait_for_the_days_of_the_plan(self):
        """Not for the company's: each SMS leaves on the days of its customer."""
        self._create_holiday(WEDNESDAY, self.office_days)
        service = self.env["sms.sms"]
        reminders = self.env["account.followup.reminder"].sudo()
        reminders = reminders.create(
            [
                {
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "date": WEDNESDAY,
                    "trigger": "automatic",
                }
                for partner in self.office + self.shop
            ]
        )
        with freeze_time(at(WEDNESDAY, 10)):
            self.assertEqual(
                list(service._get_followup_openings(reminders).values()),
                [at(WEDNESDAY, 22), at(WEDNESDAY, 10)],
            )

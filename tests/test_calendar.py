from datetime import date, datetime, timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL, mute_logger

from ..models.account_followup_gate_hour_cap import get_turn
from ..models.account_followup_processing import Result
from ..tools import windows
from .common import TODAY, FollowupCommon
from .test_sms import SmsCommon

MODELS = "odoo.addons.account_payment_followup.models"

WEDNESDAY, THURSDAY = TODAY, TODAY + timedelta(days=1)
SATURDAY, SUNDAY, MONDAY = (TODAY + timedelta(days=days) for days in (3, 4, 5))


def at(day, hour, minute=0):
    """Return a moment of a day, UTC: two hours before the clocks in Berlin."""
    return datetime(day.year, day.month, day.day, hour, minute)


class CalendarCommon(FollowupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "Europe/Berlin"
        cls.calendar = cls._create_calendar("House Calendar", cls.company)

    @classmethod
    def _create_calendar(cls, name, company):
        return cls.env["resource.calendar"].create(
            {"name": name, "company_id": company.id, "tz": "Europe/Berlin"}
        )

    @classmethod
    def _create_holiday(cls, day, calendar=None, hours=(0, 24)):
        """Close on a day, by the clock of Berlin."""
        first, last = (windows.get_moment(day, "Europe/Berlin", one) for one in hours)
        return cls.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": cls.company.id,
                "calendar_id": calendar.id if calendar else False,
                "date_from": first,
                "date_to": last - timedelta(seconds=1),
            }
        )

    @classmethod
    def _create_customer_in(cls, code, **values):
        country = cls.env.ref(f"base.{code}") if code else cls.env["res.country"]
        partner = cls._create_customer(
            f"Customer {code}", country_id=country.id, **values
        )
        cls._create_late(20, partner=partner)
        return partner

    def _run_at(self, moment):
        """Run the scheduled action at a moment; return who was reminded."""
        reminders = self.env["account.followup.reminder"]
        with freeze_time(moment):
            before = reminders.search([])
            self._run_cron()
            new = reminders.search([]) - before
            # the database has a clock of its own
            self.env.cr.execute(
                SQL(
                    "UPDATE account_followup_reminder SET create_date = %s"
                    " WHERE id = ANY(%s)",
                    moment if isinstance(moment, datetime) else at(moment, 0),
                    new.ids,
                )
            )
            new.invalidate_recordset()
        return new.partner_id

    def _get_calls(self):
        """Return the moments at which the scheduled action comes again."""
        triggers = self.env["ir.cron.trigger"].sudo()
        return triggers.search([("cron_id", "=", self.cron.id)]).mapped("call_at")

    def _get_row(self, partner=None):
        return self.env["account.followup.customer"].search(
            [("partner_id", "=", (partner or self.customer).id)]
        )


@tagged("post_install", "-at_install")
class TestCalendar(CalendarCommon):
    """X15: automatic reminders leave on working days (rule 18)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.followup_calendar_id = cls.calendar

    def test_x15_a_sunday_leaves_on_monday(self):
        invoice = self._create_late(1, day=SUNDAY)
        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        self.assertFalse(self._run_at(at(SUNDAY, 10)))
        with freeze_time(at(SUNDAY, 10)):
            row = self._get_row()
            self.assertEqual(row.status, "in_need_of_action", "the rule stays")
            self.assertEqual(row.next_reminder_date, SUNDAY, "the day of the rule")
            self.assertEqual(
                row.waiting_text,
                "05/19/2024 is no working day by the calendar House Calendar, the next "
                "one is 05/20/2024.",
            )
        # Monday begins in Berlin while it is Sunday by UTC
        self.assertEqual(self._get_calls(), [at(SUNDAY, 22)])
        self.assertEqual(self._run_at(at(SUNDAY, 22)), self.customer)
        reminder = self._get_reminders()
        self.assertEqual(reminder.date, MONDAY)
        self.assertEqual(reminder.line_ids.days_late, 2, "calendar days")
        self.assertEqual(invoice.followup_date, MONDAY)

    def test_x15_the_ladder_counts_from_the_day_it_left(self):
        """Rule 5: the later of due date + delay, and reached + the days between."""
        self._create_late(1, day=SUNDAY)
        self._run_at(at(MONDAY, 10))
        due, item = SUNDAY - timedelta(days=1), self.env["account.followup.item"]
        with freeze_time(at(MONDAY, 12)):
            item = item.search([("partner_id", "=", self.customer.id)])
            self.assertEqual(
                item.ripe_date,
                max(due + timedelta(days=15), MONDAY + timedelta(days=14)),
            )

    def test_x15_a_level_that_left_on_its_day_does_not_shift_the_next(self):
        self._create_late(1, day=MONDAY)
        self._run_at(at(MONDAY, 10))
        with freeze_time(at(MONDAY, 12)):
            item = self.env["account.followup.item"].search(
                [("partner_id", "=", self.customer.id)]
            )
            self.assertEqual(item.ripe_date, MONDAY + timedelta(days=14))

    def test_x15_holidays(self):
        self._create_late(20)
        self._create_holiday(WEDNESDAY, self.calendar)
        self._create_holiday(THURSDAY)  # of the whole company
        self.assertFalse(self._run_at(at(WEDNESDAY, 10)))
        self.assertFalse(self._run_at(at(THURSDAY, 10)))
        self.assertTrue(self._run_at(at(THURSDAY + timedelta(days=1), 10)))

    def test_x15_half_a_holiday_is_a_working_day(self):
        self._create_late(20)
        self._create_holiday(WEDNESDAY, self.calendar, hours=(0, 13))
        self.assertTrue(self._run_at(at(WEDNESDAY, 10)))

    def test_x15_a_holiday_of_another_calendar(self):
        self._create_late(20)
        other = self._create_calendar("Other", self.company)
        self._create_holiday(WEDNESDAY, other)
        self.assertTrue(self._run_at(at(WEDNESDAY, 10)))

    def test_x15_the_last_day_that_is_read_is_read_to_its_end(self):
        """Core would say that nobody works on a day of which midnight is read."""
        days = self.env["account.followup.workdays"]._get_worked(
            self.calendar, self.company, WEDNESDAY, WEDNESDAY
        )
        self.assertEqual(days, {WEDNESDAY})

    def test_x15_a_calendar_without_working_days_says_so(self):
        self._create_late(20)
        self.calendar.attendance_ids.unlink()
        self.assertFalse(self._run_at(at(WEDNESDAY, 10)))
        with freeze_time(at(WEDNESDAY, 10)):
            self.assertIn("has no working day", self._get_row().waiting_text)

    def test_x15_the_calendar_of_a_country(self):
        french = self._create_customer_in("fr")
        german = self._create_customer_in("de")
        nowhere = self._create_customer_in("")
        calendar = self._create_calendar("France", self.company)
        self.env["account.followup.calendar"].create(
            {
                "company_id": self.company.id,
                "country_id": self.env.ref("base.fr").id,
                "calendar_id": calendar.id,
            }
        )
        self._create_holiday(WEDNESDAY, calendar)
        self._create_holiday(THURSDAY, self.calendar)
        self.assertEqual(self._run_at(at(WEDNESDAY, 10)), german + nowhere)
        with freeze_time(at(WEDNESDAY, 10)):
            self.assertIn("France", self._get_row(french).waiting_text)
        self.assertEqual(self._run_at(at(THURSDAY, 10)), french)

    def test_x15_one_calendar_for_a_country(self):
        values = {
            "company_id": self.company.id,
            "country_id": self.env.ref("base.fr").id,
            "calendar_id": self.calendar.id,
        }
        self.env["account.followup.calendar"].create(values)
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.Error):
            self.env["account.followup.calendar"].create(values)

    def test_x15_a_day_to_come(self):
        """No hour is known of it: working days count, hours do not."""
        self.company.write({"followup_send_from": 8, "followup_send_to": 18})
        case = self._get_followup().sudo()
        gates = self.env["account.followup.gates"]
        self.assertIn("no working day", gates._get_reasons(case, SUNDAY)[case][0][1])
        self.assertFalse(gates._get_reasons(case, MONDAY))

    @freeze_time(at(SUNDAY, 10))
    def test_x15_by_hand_with_a_warning(self):
        self._create_late(20)
        window = self._open_window(user=self.responsible)
        self.assertIn("no working day", str(window.alerts))
        with self.mock_mail_gateway():
            window.action_send()
            self._run_mail_queue()
        self.assertEqual(self._get_reminders().state, "sent")
        self.assertEqual(self._get_reminders().date, SUNDAY)

    @freeze_time(at(SUNDAY, 10))
    def test_x15_from_the_list_too(self):
        self._create_late(20)
        result = self._get_followup()._process(trigger="mass")
        self.assertEqual(result["done"].partner_id, self.customer)

    def test_x15_off_costs_no_query(self):
        self.company.followup_calendar_id = False
        case = self._get_followup().sudo()
        gates = self.env["account.followup.gates"]
        now = fields.Datetime.now()
        gates._get_reasons(case, TODAY, now)  # settings are read
        with self.assertQueryCount(0):
            self.assertFalse(gates._get_reasons(case, TODAY, now))


@tagged("post_install", "-at_install")
class TestWindow(CalendarCommon):
    """X15: automatic reminders leave in the hours of the window."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"followup_send_from": 8, "followup_send_to": 18})

    def test_x15_the_clock_of_the_customer(self):
        japan = self._create_customer_in("jp")
        # the zone of a contact is where the clerk sits who made it
        nowhere = self._create_customer_in("", tz="Asia/Tokyo")
        # which zone it is cannot be known
        america = self._create_customer_in("us", tz="America/New_York")
        germany = self._create_customer_in("de")
        self.assertEqual(self._run_at(at(WEDNESDAY, 5)), japan, "15 o'clock")
        with freeze_time(at(WEDNESDAY, 5)):
            self.assertEqual(
                self._get_row(america).waiting_text,
                "Reminders leave from 08:00 to 18:00 (Europe/Berlin).",
            )
        # eight o'clock in Berlin
        self.assertEqual(self._run_at(at(WEDNESDAY, 6)), nowhere + america + germany)

    def test_x15_the_clock_of_the_company(self):
        self.company.followup_send_zone = "company"
        japan = self._create_customer_in("jp")
        self.assertFalse(self._run_at(at(WEDNESDAY, 5)))
        self.assertEqual(self._run_at(at(WEDNESDAY, 6)), japan)

    def test_x15_the_run_comes_again_when_the_window_opens(self):
        self._create_customer_in("jp")
        self._create_customer_in("de")
        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        # 23 o'clock in Berlin, six in Tokyo
        self.assertFalse(self._run_at(at(WEDNESDAY, 21)))
        self.assertEqual(self._get_calls(), [at(WEDNESDAY, 23)])
        self.assertFalse(self._run_at(at(WEDNESDAY, 21, 30)))
        self.assertEqual(self._get_calls(), [at(WEDNESDAY, 23)], "once")

    def test_x15_one_call_to_come_is_enough(self):
        """A run that comes before the opening asks for it then."""
        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        gate = self.env["account.followup.gate"]
        opening, before = at(WEDNESDAY, 23), at(WEDNESDAY, 22)
        with freeze_time(at(WEDNESDAY, 21)):
            gate._run_again_at(before)
            gate._run_again_at(opening)
            self.assertEqual(self._get_calls(), [before])
        with freeze_time(before):  # that call is there until the run has begun
            gate._run_again_at(opening)
            gate._run_again_at(opening + timedelta(hours=3))
            self.assertEqual(sorted(self._get_calls()), [before, opening])
            sooner = opening - timedelta(minutes=5)
            gate._run_again_at(sooner)
            self.assertIn(sooner, self._get_calls())

    def test_x15_the_window_opens_on_the_next_working_day(self):
        self.company.followup_calendar_id = self.calendar
        self._create_customer_in("de")
        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        self.assertFalse(self._run_at(at(SATURDAY, 10)))
        self.assertEqual(self._get_calls(), [at(MONDAY, 6)])

    def test_x15_what_is_queued_does_not_leave_at_night(self):
        self._create_late(20)
        self.assertTrue(self._run_at(at(WEDNESDAY, 15, 59)))
        with freeze_time(at(WEDNESDAY, 16, 1)), self.mock_mail_gateway():
            self._run_mail_queue()
            self.assertNotSentEmail()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("Reminders leave from 08:00 to 18:00", reminder.failure_reason)
        # and is made anew
        self.assertTrue(self._run_at(at(THURSDAY, 6)))
        with freeze_time(at(THURSDAY, 6, 1)), self.mock_mail_gateway():
            self._run_mail_queue()
        self.assertEqual(self._get_reminders()[-1].state, "sent")

    def test_x15_hours_that_are_none(self):
        for values in (
            {"followup_send_from": 19},
            {"followup_send_to": 25},
            {"followup_send_from": -1},
            {"followup_sms_from": 20, "followup_sms_to": 8},
            {"followup_hour_cap": -1},
        ):
            with (
                self.subTest(values=values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.company.write(values)
                self.env.flush_all()

    def test_x15_windows(self):
        """Daylight saving: the hour is that of the clocks on the wall."""
        berlin, window = "Europe/Berlin", (8, 18)
        for day, hour in ((date(2024, 3, 30), 7), (date(2024, 3, 31), 6)):
            self.assertFalse(windows.is_open(at(day, hour - 1, 59), berlin, window))
            self.assertTrue(windows.is_open(at(day, hour), berlin, window))
            self.assertEqual(
                windows.get_opening(at(day, 0), berlin, window), at(day, hour)
            )
        night = at(date(2024, 3, 30), 20)
        self.assertEqual(
            windows.get_opening(night, berlin, window), at(date(2024, 3, 31), 6)
        )
        self.assertTrue(windows.is_open(night, berlin, windows.ALWAYS))
        self.assertIsNone(windows.get_country_zone("XX", night))
        self.assertIsNone(windows.get_country_zone(False, night))


@tagged("post_install", "-at_install")
class TestApprovalTimes(CalendarCommon):
    """X4 with X15: what is approved leaves when reminders may leave next."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "followup_calendar_id": cls.calendar.id,
                "followup_send_from": 8,
                "followup_send_to": 18,
                "followup_run_cap": 1,
                "followup_run_cap_until": TODAY + timedelta(days=30),
            }
        )
        cls.partners = cls._create_customer_in("de") + cls._create_customer_in("at")

    def _approve_at(self, moment):
        approval = self.env["account.followup.approval"].search(
            [("company_id", "=", self.company.id), ("state", "=", "open")]
        )
        with freeze_time(moment):
            manager = self._create_user("manager", "account.group_account_manager")
            approval.with_user(manager).action_approve()
        return approval

    def test_x4_approved_in_the_evening(self):
        self.assertFalse(self._run_at(at(WEDNESDAY, 10)))
        approval = self._approve_at(at(WEDNESDAY, 17))
        self.assertEqual(approval.approved_day, THURSDAY)
        self.assertFalse(self._run_at(at(WEDNESDAY, 17)))
        self.assertEqual(self._run_at(at(THURSDAY, 6)), self.partners)

    def test_x4_approved_within_the_hours(self):
        self.assertFalse(self._run_at(at(WEDNESDAY, 10)))
        approval = self._approve_at(at(WEDNESDAY, 11))
        self.assertEqual(approval.approved_day, WEDNESDAY)
        self.assertEqual(self._run_at(at(WEDNESDAY, 11)), self.partners)

    def test_x4_approved_on_a_day_off(self):
        friday = THURSDAY + timedelta(days=1)
        self.assertFalse(self._run_at(at(friday, 10)))
        approval = self._approve_at(at(SATURDAY, 10))
        self.assertEqual(approval.approved_day, MONDAY)
        self.assertFalse(self._run_at(at(SUNDAY, 10)))
        self.assertEqual(self._run_at(at(MONDAY, 6)), self.partners)

    def test_x4_approved_for_customers_all_round_the_world(self):
        """In Tokyo the hours are over: they begin at one o'clock in Berlin."""
        japan = self._create_customer_in("jp")
        # both are open, from eight to eleven o'clock in Berlin
        self.assertFalse(self._run_at(at(WEDNESDAY, 8)))
        approval = self._approve_at(at(WEDNESDAY, 12))
        self.assertEqual(approval.approved_day, THURSDAY)
        self.assertEqual(self._run_at(at(WEDNESDAY, 12)), self.partners)
        self.assertEqual(self._run_at(at(WEDNESDAY, 23)), japan)


@tagged("post_install", "-at_install")
class TestMidnight(CalendarCommon):
    """X4, X15: a run is one of the day on which it began, also past midnight."""

    def setUp(self):
        super().setUp()
        self.company.write(
            {
                "followup_calendar_id": self.calendar.id,
                "followup_run_cap": 2,
                "followup_run_cap_until": MONDAY,
            }
        )
        for code in ("de", "at", "ch"):
            self._create_customer_in(code)
        self.friday = THURSDAY + timedelta(days=1)

    def _approve_at(self, moment):
        approvals = self.env["account.followup.approval"]
        with freeze_time(moment):
            manager = self._create_user("manager", "account.group_account_manager")
            approval = approvals.search([("state", "=", "open")])
            approval.with_user(manager).action_approve()

    def _run_past_midnight(self):
        """Begin before it by the clock of the house; it is midnight after a batch."""
        remind = Result.remind
        night = at(self.friday, 22)
        with freeze_time(night - timedelta(seconds=1)) as clock:

            def slow_remind(*args):
                remind(*args)
                clock.move_to(night + timedelta(seconds=1))

            with (
                patch(f"{MODELS}.account_followup_due.BATCH_SIZE", 1),
                patch.object(Result, "remind", slow_remind),
            ):
                self._run_cron()

    def test_x4_approved_and_sent_past_midnight(self):
        self.assertFalse(self._run_at(at(self.friday, 10)))
        self._approve_at(at(self.friday, 11))
        self._run_past_midnight()
        reminders = self.env["account.followup.reminder"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(reminders.mapped("date"), [self.friday] * 3)
        gate = self.env["account.followup.gate.cap"].sudo()
        counts = [gate._get_done(self.company, day) for day in (self.friday, SATURDAY)]
        self.assertEqual(counts, [3, 0])

    def test_x4_a_run_after_midnight_is_one_of_the_new_day(self):
        self.assertFalse(self._run_at(at(self.friday, 10)))
        self._approve_at(at(self.friday, 11))
        self.company.followup_calendar_id = False
        self.assertFalse(self._run_at(at(self.friday, 22, 1)))
        approval = self.company.followup_approval_id
        self.assertEqual((approval.state, approval.date), ("open", SATURDAY))


@tagged("post_install", "-at_install")
class TestHourCap(CalendarCommon):
    """X15: at most so many an hour, spread over it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.followup_hour_cap = 4
        cls.customers = cls.env["res.partner"]
        for number in range(6):
            partner = cls._create_customer(f"Number {number}")
            cls._create_late(20, partner=partner)
            cls.customers += partner

    def test_x15_so_many_an_hour(self):
        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        start, reminded, calls = at(WEDNESDAY, 8), [], []
        for minutes in range(0, 80, 10):
            moment = start + timedelta(minutes=minutes)
            reminded.append(self._run_at(moment))
            calls.append(self._get_calls())
        self.assertEqual(
            [len(partners) for partners in reminded], [1, 1, 1, 1, 0, 0, 1, 1]
        )
        turns = [partner.id for partners in reminded for partner in partners]
        self.assertEqual(turns, sorted(self.customers.ids, key=get_turn))
        # not before the hour has room again, and no more when nobody is left
        minutes = [[10], [20], [30], [60], [60], [60], [70], []]
        self.assertEqual(
            calls,
            [[start + timedelta(minutes=one) for one in mine] for mine in minutes],
        )

    def test_x15_who_has_waited_longest_goes_first(self):
        """Else some would wait for ever where each day brings more than leave."""
        oldest, newest = (self._create_customer(name) for name in ("Old", "New"))
        self._create_late(25, partner=oldest)
        self._create_late(2, partner=newest)
        reminded = [self._run_at(at(WEDNESDAY, hour)) for hour in range(8, 16)]
        self.assertEqual([len(partners) for partners in reminded], [1] * 8)
        self.assertEqual((reminded[0], reminded[-1]), (oldest, newest))

    def test_x15_who_does_not_rest_has_waited(self):
        """What rests does not count, however old it is."""
        resting, newest = (self._create_customer(name) for name in ("Rest", "New"))
        late = self._create_late(300, partner=resting)
        late.line_ids.no_followup = True
        self._create_late(3, partner=resting)
        self._create_late(2, partner=newest)
        reminded = [self._run_at(at(WEDNESDAY, hour)) for hour in range(8, 16)]
        self.assertEqual(reminded[-2:], [resting, newest])

    def test_x15_what_credits_cover_has_not_waited(self):
        """Nothing is claimed in its currency, however old it is (rule 6)."""
        covered, newest = (self._create_customer(name) for name in ("Covered", "New"))
        euro = {"currency_id": self.setup_other_currency("EUR").id}
        self._create_late(300, partner=covered, **euro)
        self._create_late(0, partner=covered, move_type="out_refund", **euro)
        self._create_late(3, partner=covered)
        self._create_late(2, partner=newest)
        reminded = [self._run_at(at(WEDNESDAY, hour)) for hour in range(8, 16)]
        self.assertEqual(reminded[-2:], [covered, newest])

    def test_x15_the_hour_is_full(self):
        """Nobody can leave: the run comes when there is room, not all the time."""
        self.company.followup_hour_cap = 1
        self.assertTrue(self._run_at(at(WEDNESDAY, 8)))
        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        for minutes in (10, 20, 30):
            self.assertFalse(self._run_at(at(WEDNESDAY, 8, minutes)))
            self.assertEqual(self._get_calls(), [at(WEDNESDAY, 9)])
        self.assertTrue(self._run_at(at(WEDNESDAY, 9)))

    def test_x15_paused_customers_take_no_turns(self):
        first = self.customers.sorted(lambda one: get_turn(one.id))[0]
        cases = self.env["account.followup"]._get_or_create(first, self.company)
        cases.pause_until = WEDNESDAY
        reminded = self._run_at(at(WEDNESDAY, 8))
        self.assertEqual(len(reminded), 1, "the next one has the turn")
        self.assertNotIn(first, reminded)

    def test_x9_who_was_tested_takes_no_turns(self):
        """Tests reach nothing, so that they are due all day."""
        self.company.write(
            {"followup_test_mode": True, "followup_test_email": "test@example.com"}
        )
        tested = self.env["res.partner"]
        for hour in range(8, 14):
            new = self._run_at(at(WEDNESDAY, hour))
            self.assertEqual(len(new), 1)
            self.assertFalse(new & tested)
            tested += new
        self.assertEqual(tested, self.customers)
        self.assertFalse(self._run_at(at(WEDNESDAY, 14)))

    def test_x15_what_was_let_pass_leaves(self):
        self.company.followup_hour_cap = 36
        self.assertEqual(self._run_at(at(WEDNESDAY, 8)), self.customers)
        self.company.followup_hour_cap = 1
        with freeze_time(at(WEDNESDAY, 8, 1)), self.mock_mail_gateway():
            self._run_mail_queue()
        reminders = self.env["account.followup.reminder"].search(
            [("partner_id", "in", self.customers.ids)]
        )
        self.assertEqual(set(reminders.mapped("state")), {"sent"})

    def test_x15_others_over_the_same_mail_server_count(self):
        self.env["ir.mail_server"].search([]).active = False
        other = self.env["res.company"].create({"name": "Other Root"})
        other.followup_automatic = True
        gate = self.env["account.followup.gate.hour_cap"]
        self.assertEqual(
            gate._get_companies(self.company.sudo()) & (other + self.company),
            other + self.company,
        )
        self.env["ir.mail_server"].create(
            [
                {"name": "All", "smtp_host": "all.example.com"},
                {
                    "name": "Own",
                    "smtp_host": "own.example.com",
                    "from_filter": "company.example.com",
                },
            ]
        )
        self.company.email = "accounts@company.example.com"
        other.email = "accounts@other.example.org"
        self.assertNotIn(other, gate._get_companies(self.company.sudo()))

    def test_x15_who_waits_is_told(self):
        self.assertTrue(self._run_at(at(WEDNESDAY, 8)))
        self.company.followup_hour_cap = 1
        waiting = self.customers.sorted(lambda partner: get_turn(partner.id))[1]
        with freeze_time(at(WEDNESDAY, 8, 5)):
            self.assertEqual(
                self._get_row(waiting).waiting_text,
                "1 reminders left in the last hour, which is the limit.",
            )
        with freeze_time(at(WEDNESDAY, 9, 5)):
            self.env.invalidate_all()
            self.assertFalse(self._get_row(waiting).waiting_text)


@tagged("post_install", "-at_install")
class TestSmsWindow(SmsCommon):
    """X15: SMS of automatic reminders leave by day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "America/New_York"
        cls.company.write({"followup_sms_from": 8, "followup_sms_to": 20})
        # half past ten in the evening, and eight in the morning
        cls.night, cls.morning = at(WEDNESDAY, 2, 30), at(WEDNESDAY, 12)

    def _get_sms(self):
        return self.env["sms.sms"].sudo().search([])

    def test_x15_the_default_is_from_eight_to_eight(self):
        company = self.env["res.company"].create({"name": "New"})
        self.assertEqual((company.followup_sms_from, company.followup_sms_to), (8, 20))

    def test_x15_sms_wait_for_the_morning(self):
        self._create_late(20)
        cron = self.env.ref("sms.ir_cron_sms_scheduler_action")
        with freeze_time(self.night):
            self._run_cron()
            self._run_sms_queue()
            self.assertFalse(self.service.sms)
            self.assertEqual(self._get_sms().state, "outgoing")
            self.assertEqual(self._get_sms().followup_not_before, self.morning)
            calls = self.env["ir.cron.trigger"].sudo()
            calls = calls.search([("cron_id", "=", cron.id)]).mapped("call_at")
            self.assertIn(self.morning, calls)
            self.assertEqual(self._get_reminders().state, "queued")
        with freeze_time(self.morning):
            self._run_sms_queue()
        self.assertEqual(len(self.service.sms), 1)
        self.assertEqual(self._get_reminders().state, "sent")

    def test_x15_what_waits_is_not_in_the_way(self):
        self._create_late(20)
        self.env["ir.config_parameter"].sudo().set_param("sms.session.batch.size", 1)
        with freeze_time(self.night):
            self._run_cron()
            self._run_sms_queue()
            self.env["sms.sms"].sudo().create(
                {"number": "+12025550199", "body": "Your code", "state": "outgoing"}
            )
            self._run_sms_queue()
        self.assertEqual([sms["number"] for sms in self.service.sms], ["+12025550199"])

    def test_x15_paid_while_it_waits(self):
        invoice = self._create_late(20)
        with freeze_time(self.night):
            self._run_cron()
            self._run_sms_queue()
        self._pay(invoice)
        with freeze_time(self.morning):
            self._run_sms_queue()
        self.assertFalse(self.service.sms)
        self.assertEqual(self._get_reminders().state, "withdrawn")

    def _close_at_weekends(self):
        self.company.followup_calendar_id = self.env["resource.calendar"].create(
            {
                "name": "House Calendar",
                "company_id": self.company.id,
                "tz": "America/New_York",
            }
        )

    def test_x15_sms_leave_by_day_though_reminders_leave_by_night(self):
        """Their queue has hours of its own: those of reminders withdraw nothing."""
        self.company.write({"followup_send_from": 0, "followup_send_to": 6})
        self._create_late(20)
        with freeze_time(at(WEDNESDAY, 5)):
            self._run_cron()
            self._run_sms_queue()
            self.assertEqual(self._get_sms().followup_not_before, self.morning)
        with freeze_time(self.morning):
            self._run_sms_queue()
        self.assertEqual(len(self.service.sms), 1)
        self.assertEqual(self._get_reminders().state, "sent")

    def test_x15_sms_wait_for_a_working_day(self):
        self._close_at_weekends()
        self._create_late(20)
        friday_night, opening = at(SATURDAY, 0, 30), at(MONDAY, 12)
        with freeze_time(friday_night):
            self._run_cron()
            self._run_sms_queue()
            self.assertEqual(self._get_sms().followup_not_before, opening)
        with freeze_time(at(SATURDAY, 12)):
            self._run_sms_queue()
        self.assertEqual(self._get_reminders().state, "queued")
        # and nobody is told that the queue stands
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE account_followup_delivery SET write_date = %s WHERE id IN %s",
                friday_night,
                tuple(self._get_reminders().delivery_ids.ids),
            )
        )
        deliveries = self.env["account.followup.delivery"]
        with freeze_time(at(MONDAY, 11)):
            self.assertNotIn(self.company.id, deliveries._get_waiting())
        with freeze_time(opening + timedelta(days=1, hours=1)):
            self.assertIn(self.company.id, deliveries._get_waiting())
        with freeze_time(opening):
            self._run_sms_queue()
        self.assertEqual(len(self.service.sms), 1)
        reminder = self._get_reminders()
        self.assertEqual((reminder.state, reminder.date), ("sent", MONDAY))

    def test_x15_an_sms_does_not_leave_after_its_last_day_to_pay(self):
        """It names Saturday: on Monday another one leaves, which names Tuesday."""
        self._close_at_weekends()
        self.levels.payment_days = 1
        self._create_late(20)
        with freeze_time(at(SATURDAY, 0, 30)):
            self._run_cron()
            self._run_sms_queue()
        old = self._get_reminders()
        self.assertEqual(old.payment_deadline, SATURDAY)
        with freeze_time(at(MONDAY, 12)):
            self._run_sms_queue()
            self.assertFalse(self.service.sms)
            self.assertEqual(old.state, "withdrawn")
            self.assertIn("last day to pay has passed", old.failure_reason)
            self._run_cron()
            self._run_sms_queue()
        self.assertEqual(len(self.service.sms), 1)
        new = self._get_reminders() - old
        self.assertEqual(new.state, "sent")
        self.assertEqual(new.payment_deadline, MONDAY + timedelta(days=1))

    def test_x15_an_sms_beside_an_email_waits_for_a_working_day(self):
        self._close_at_weekends()
        self.levels.send_email = True
        self._create_late(20)
        with freeze_time(at(SATURDAY, 0, 30)), self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        for moment in (at(SATURDAY, 0, 31), at(SATURDAY, 12), at(MONDAY, 12)):
            with freeze_time(moment):
                self._run_sms_queue()
        self.assertEqual(len(self.service.sms), 1)
        states = self._get_reminders().delivery_ids.mapped("state")
        self.assertEqual(states, ["sent", "sent"])

    def test_x15_the_working_day_of_sms_is_that_of_the_customer(self):
        """Monday morning in Tokyo is Sunday evening in New York."""
        self._close_at_weekends()
        self.customer.country_id = self.env.ref("base.jp")
        self._create_late(20)
        with freeze_time(at(SUNDAY, 20)):
            self._run_cron()
            self._run_sms_queue()
            self.assertEqual(self._get_sms().followup_not_before, at(SUNDAY, 23))
        with freeze_time(at(SUNDAY, 23)):
            self._run_sms_queue()
        self.assertEqual(self._get_reminders().state, "sent")

    def test_x15_sms_of_a_calendar_without_working_days_are_withdrawn(self):
        self._create_late(20)
        with freeze_time(self.night):
            self._run_cron()
            self._run_sms_queue()
        self._close_at_weekends()
        self.company.followup_calendar_id.attendance_ids.unlink()
        with freeze_time(self.morning):
            self._run_sms_queue()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("has no working day", reminder.failure_reason)

    def test_x15_by_hand_it_leaves_at_night(self):
        self._create_late(20)
        with freeze_time(self.night):
            window = self._open_window()
            self.assertTrue(window.do_sms)
            self.assertIn("It is 22:30 at the customer's", str(window.alerts))
            window.action_send()
            self._run_sms_queue()
        self.assertEqual(len(self.service.sms), 1)


@tagged("post_install", "-at_install")
class TestCalendarTour(CalendarCommon, HttpCase):
    """X15 on the screen: days, hours, countries; who waits is told."""

    def test_x15_choose_days_and_hours(self):
        today = self._get_real_today()
        self._create_late(20, 250, day=today)
        for day in range(-1, 3):
            self._create_holiday(today + timedelta(days=day), self.calendar)
        user = self._create_user(
            "person",
            "base.group_partner_manager",
            "base.group_system",
            "account.group_account_manager",
        )
        user.password = user.login
        self.company.tax_exigibility = True  # core warns of the taxes of the company
        self.start_tour(
            "/odoo/action-account.action_account_config",
            "account_followup_calendar",
            login=user.login,
            timeout=120,
        )
        self.assertRecordValues(
            self.company,
            [
                {
                    "followup_calendar_id": self.calendar.id,
                    "followup_send_from": 8.5,
                    "followup_send_to": 18,
                    "followup_hour_cap": 100,
                }
            ],
        )
        row = self.env["account.followup.calendar"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(row.country_id.code, "FR")

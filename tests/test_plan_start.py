from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import TODAY
from .test_golive import GoliveCommon

FIRST = "At the first level"
AGE = "At the level of its age"
REMINDED = "What is due before a day counts as reminded"


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPlanStart(GoliveCommon):
    """X16: a plan says how its overdue invoices start, else the go-live does (X4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        plans = cls.env["account.followup.plan"]
        cls.standard = plans._get_default_plan(cls.company)
        cls.offices = cls.standard.copy({"name": "Offices"})
        # 20 days late, as Middle Ltd
        cls.office = cls._create_customer("Office")
        cls._create_late(20, 70, partner=cls.office)
        cases = cls.env["account.followup"]._get_or_create(cls.office, cls.company)
        cases.plan_id = cls.offices
        cls.everybody += cls.office
        cls.level_3.is_automatic = True

    def test_x16_start_of_the_plan(self):
        self.offices.start = "age"
        self._open_start(start="first").action_start()
        self._live(1)
        self.assertEqual(
            self._get_levels_reminded(),
            {
                "Old Ltd": ["Level 1"],
                "Middle Ltd": ["Level 1"],
                "Young Ltd": ["Level 1"],
                "Office": ["Level 15"],
            },
        )

    def test_x16_only_the_plan_counts_as_reminded(self):
        self.offices.start = "reminded"
        window = self._open_start(start="first", until_date=TODAY)
        self.assertEqual(
            self._get_lines(window, "first"),
            [
                (FIRST, "leave by themselves", 3, 4, 350),
                ("Standard: Level 1", "by itself", 3, 4, 350),
                ("Offices: Level 15", "nothing sent", 1, 1, 70),
            ],
        )
        window.action_start()
        self.assertEqual(self.company.followup_start_until, TODAY)
        counted = self._get_reminders(self.office)
        self.assertEqual((counted.trigger, counted.state), ("start", "sent"))
        self.assertFalse(self._get_reminders(self.middle))
        self._live(1)
        self.assertEqual(len(self._get_reminders(self.office)), 1)
        self.assertEqual(self._get_reminders(self.middle).trigger, "automatic")

    def test_x16_the_plan_does_not_count_as_reminded(self):
        self.offices.start = "first"
        window = self._open_start(start="reminded", until_date=TODAY)
        self.assertIn(
            ("Offices: Level 1", "by itself", 1, 1, 70),
            self._get_lines(window, "reminded"),
        )
        window.action_start()
        self._live(1)
        self.assertEqual(self._get_reminders(self.office).level_id.name, "Level 1")
        self.assertEqual(self._get_reminders(self.middle).mapped("trigger"), ["start"])

    def test_x16_what_is_shown_is_what_leaves(self):
        """Each start of the company with each of a plan, gaps, both settings."""
        starts = ("first", "age", "reminded")
        for start in starts:
            for own in (False, *starts):
                for catch_up, min_days in (("step", 0), ("jump", 3)):
                    with (
                        self.subTest(start=start, own=own, catch_up=catch_up),
                        self.env.cr.savepoint() as savepoint,
                    ):
                        self.offices.start = own
                        self.offices.catch_up = catch_up
                        self.company.followup_min_days = min_days
                        window = self._open_start(start=start, until_date=TODAY)
                        shown = {
                            line[0]: line[2]
                            for line in self._get_lines(window, start)
                            if line[1] == "by itself"
                        }
                        window.action_start()
                        self._live(1)
                        found = {
                            f"{level.plan_id.name}: {level.name}": count
                            for level, count in self._count_sent()
                        }
                        self.assertEqual(found, shown)
                        savepoint.rollback()
                        self.env.invalidate_all()

    def test_x16_only_what_was_overdue_at_the_go_live(self):
        self.offices.start = "age"
        self._open_start(start="first").action_start()
        late = self._create_customer("Found Late Ltd")
        self.env["account.followup"]._get_or_create(
            late, self.company
        ).plan_id = self.offices
        day = TODAY + timedelta(days=40)
        with freeze_time(day), self.mock_mail_gateway():
            self._create_late(20, partner=late, day=day)
            self._run_cron()
        self.assertEqual(self._get_reminders(late).level_id.name, "Level 1")

    def test_x16_undo_takes_back_what_counted_in_the_plan(self):
        self.offices.start = "reminded"
        self._open_start(start="age", until_date=TODAY).action_start()
        self._open_start().action_undo()
        self.assertFalse(self._get_reminders(self.office))
        self.offices.start = False  # and one may choose again

    def test_x16_the_window_says_which_plans_differ(self):
        self.offices.start = "reminded"
        window = self._open_start()
        self.assertEqual(window.plan_info, f"Offices – {REMINDED}")
        with Form(window) as form:
            form.start = "age"
            self.assertTrue(form.is_until_needed)
        self.offices.start = "age"
        window = self._open_start()
        self.assertFalse(window.is_until_needed)
        window.action_start()
        self.assertIn(f"Offices – {AGE}", self.company._get_followup_start_text())

    def test_x16_a_day_to_come_is_refused_for_a_plan_too(self):
        self.offices.start = "reminded"
        with self._refused(ValidationError, "Only what is overdue"):
            self._open_start(start="first", until_date=TODAY + timedelta(days=1))

    def test_x16_no_other_start_once_it_is_live(self):
        self.offices.start = "age"
        self._open_start(start="first").action_start()
        for start in ("first", "reminded", False):
            with self._refused(ValidationError, "Offices.*is live"):
                self.offices.start = start
        self.offices.write({"start": "age", "name": "Public Offices"})
        self.assertFalse(self.offices.copy().start)
        with self._refused(ValidationError, "Late.*is live"):
            self.env["account.followup.plan"].create(
                {"name": "Late", "company_id": self.company.id, "start": "age"}
            )

    def test_x16_a_plan_that_comes_to_a_live_company_has_no_start(self):
        """Moved to it, or restored: nobody was shown what it would do."""
        self.offices.start = "age"
        self.offices.active = False
        self._open_start(start="first").action_start()
        self.offices.active = True
        self.assertFalse(self.offices.start)
        self._live(1)
        self.assertEqual(self._get_reminders(self.office).level_id.name, "Level 1")
        other = self.env["res.company"].create({"name": "Other House"})
        theirs = self.env["account.followup.plan"].create(
            {"name": "Theirs", "company_id": other.id, "start": "age"}
        )
        with self._refused(ValidationError, "Theirs.*is live"):
            theirs.company_id = self.company

    def test_x16_the_day_before_which_it_counts_is_said(self):
        self.offices.start = "reminded"
        self._open_start(start="first", until_date=TODAY).action_start()
        self.assertIn(
            "Offices – What is due before 05/15/2024 counts as reminded",
            self.company._get_followup_start_text(),
        )

    def test_x16_where_nothing_counts_no_day_is_said(self):
        """Each plan has a start of its own; a plan without levels counts nothing."""
        silent = self.env["account.followup.plan"].create(
            {"name": "Silent", "company_id": self.company.id, "start": "reminded"}
        )
        self.assertFalse(silent.level_ids)
        self.standard.start = self.offices.start = "age"
        window = self._open_start(start="reminded")
        self.assertFalse(window.is_until_needed)
        window.action_start()
        self.assertFalse(self.company.followup_start_until)
        text = self.company._get_followup_start_text()
        self.assertIn(f"· {REMINDED} ·", text)

    def test_x16_what_was_shown_is_what_starts(self):
        """A plan gets another start while the window is open."""
        self.offices.start = "reminded"
        window = self._open_start(start="first", until_date=TODAY)
        self.assertTrue(self._get_lines(window, "first"), "it is looked at")
        self.offices.start = False
        with self._refused(UserError, "something else would leave by now"):
            window.action_start()
        self.assertFalse(self.company.followup_automatic)
        self._open_start(start="first", until_date=TODAY).action_start()
        self.assertTrue(self.company.followup_automatic)

    def test_x16_form_of_a_plan_that_may_start_its_own_way(self):
        with Form(self.offices.with_user(self.admin)) as form:
            form.start = "age"
            form.calendar_id = self.company.resource_calendar_id
        self.assertEqual(self.offices.start, "age")
        self._open_start(start="first").action_start()
        with Form(self.offices.with_user(self.admin)) as form:
            with self.assertRaises(AssertionError):
                form.start = "first"

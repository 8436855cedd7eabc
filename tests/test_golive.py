from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from .common import TODAY, FollowupCommon

NOT_LIVE = {
    "followup_automatic": False,
    "followup_start": False,
    "followup_start_date": False,
    "followup_switch_date": False,
}


class GoliveCommon(FollowupCommon):
    """A company with years of old debt that never reminded anybody (X4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(NOT_LIVE)
        cls.level_3.is_automatic = False
        cls.admin = cls._create_user(
            "admin", "account.group_account_manager", "base.group_system"
        )
        # days late: 100 (third level, by a person), 20, 20 (second), 2 (first)
        cls.old = cls._create_customer("Old Ltd")
        cls.old_invoice = cls._create_late(100, partner=cls.old)
        cls.middle = cls._create_customer("Middle Ltd")
        cls.middle_invoices = cls._create_late(20, partner=cls.middle)
        cls.middle_invoices += cls._create_late(20, 50, partner=cls.middle)
        cls.young = cls._create_customer("Young Ltd")
        cls._create_late(2, partner=cls.young)
        cls.everybody = cls.old + cls.middle + cls.young

    def _open_start(self, user=None, **values):
        windows = self.env["account.followup.start.wizard"].with_company(self.company)
        return windows.with_user(user or self.admin).create(
            {"company_id": self.company.id, **values}
        )

    def _get_lines(self, window, start):
        return [
            (
                line.name.strip(),
                line.way,
                line.customer_count,
                line.invoice_count,
                line.amount,
            )
            for line in window.line_ids
            if line.start == start
        ]

    def _get_levels_reminded(self):
        """Return {customer: levels of its reminders, the oldest first}."""
        return {
            partner.name: self._get_reminders(partner).level_id.mapped("name")
            for partner in self.everybody
            if self._get_reminders(partner)
        }

    def _count_sent(self):
        """Return pairs of a level and the number of automatic reminders at it."""
        return self.env["account.followup.reminder"]._read_group(
            [("trigger", "=", "automatic"), ("company_id", "=", self.company.id)],
            ["level_id"],
            ["__count"],
        )

    def _live(self, days):
        """Let nights pass, each with its run and its queue; the first is today's."""
        with self.mock_mail_gateway():
            for number in range(days):
                with freeze_time(TODAY + timedelta(days=number)):
                    self._run_cron()
                    self._run_mail_queue()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestGolive(GoliveCommon):
    """Row X4: three starts, each shown before, and what follows of it."""

    def test_x4_what_would_leave_is_shown(self):
        window = self._open_start(until_date=TODAY)
        self.assertEqual(
            self._get_lines(window, "first"),
            [
                ("At the first level", "leave by themselves", 3, 4, 350),
                ("Level 1", "by itself", 3, 4, 350),
            ],
        )
        self.assertEqual(
            self._get_lines(window, "age"),
            [
                ("At the level of its age", "leave by themselves", 2, 3, 250),
                ("Level 1", "by itself", 1, 1, 100),
                ("Level 15", "by itself", 1, 2, 150),
                ("Level 30", "waits for a person", 1, 1, 100),
            ],
        )
        self.assertEqual(
            self._get_lines(window, "reminded"),
            [
                (
                    "What is due before a day counts as reminded",
                    "leave by themselves",
                    *(0, 0, 0),
                ),
                ("Level 1", "nothing sent", 1, 1, 100),
                ("Level 15", "nothing sent", 1, 2, 150),
                ("Level 30", "nothing sent", 1, 1, 100),
            ],
        )
        self.assertFalse(self._get_levels_reminded(), "looking changes nothing")
        self.assertFalse(self.company.followup_automatic)

    def test_x4_what_is_shown_is_what_leaves(self):
        """For each start, some gaps and days, on both settings of late invoices."""
        for start in ("first", "age", "reminded"):
            for catch_up in ("step", "jump"):
                for min_days, until in ((0, TODAY), (3, date(2024, 5, 1))):
                    with (
                        self.subTest(start=start, catch_up=catch_up, until=until),
                        self.env.cr.savepoint() as savepoint,
                    ):
                        self.company.followup_catch_up = catch_up
                        self.company.followup_min_days = min_days
                        window = self._open_start(start=start, until_date=until)
                        lines = self._get_lines(window, start)
                        shown = {
                            line[0]: line[2] for line in lines if line[1] == "by itself"
                        }
                        window.action_start()
                        self._live(1)
                        sent = self._count_sent()
                        found = {level.name: count for level, count in sent}
                        self.assertEqual(found, shown)
                        savepoint.rollback()
                        self.env.invalidate_all()

    def test_x4_start_at_the_first_level(self):
        self._open_start(start="first").action_start()
        self._live(1)
        self.assertEqual(
            self._get_levels_reminded(),
            {
                "Old Ltd": ["Level 1"],
                "Middle Ltd": ["Level 1"],
                "Young Ltd": ["Level 1"],
            },
        )

    def test_x4_start_at_the_first_level_though_the_setting_says_jump(self):
        self.company.followup_catch_up = "jump"
        self._open_start(start="first").action_start()
        late = self._create_customer("Found Late Ltd")
        self._live(1)
        self.assertEqual(self._get_reminders(self.middle).level_id, self.level_1)
        with freeze_time(TODAY + timedelta(days=40)), self.mock_mail_gateway():
            # due after the go-live: as the setting says
            self._create_late(20, partner=late, day=TODAY + timedelta(days=40))
            self._run_cron()
        self.assertEqual(self._get_reminders(late).level_id, self.level_2)

    def test_x4_start_at_the_level_of_its_age(self):
        """Only what was overdue at the go-live; all else goes step by step."""
        later = self._create_customer("Later Ltd")
        self._create_late(-1, partner=later)
        self._open_start(start="age").action_start()
        self._live(1)
        self.assertEqual(
            self._get_levels_reminded(),
            {"Middle Ltd": ["Level 15"], "Young Ltd": ["Level 1"]},
        )
        with freeze_time(TODAY + timedelta(days=60)), self.mock_mail_gateway():
            self._run_cron()
        self.assertEqual(self._get_reminders(later).level_id, self.level_1)

    def test_x4_start_at_the_level_of_its_age_says_the_next_reminder(self):
        """Rule 9: the day shown is the day on which it comes."""
        self._create_late(3, partner=self.middle)
        self._open_start(start="age").action_start()
        resting = self._create_customer("Resting Ltd")
        invoice = self._create_late(20, partner=resting)
        invoice.followup_hold_until = TODAY + timedelta(days=3)
        partner = resting.with_company(self.company)
        self.assertEqual(partner.followup_next_reminder_date, TODAY + timedelta(days=4))
        self._live(5)
        reminder = self._get_reminders(resting)
        self.assertEqual(reminder.date, TODAY + timedelta(days=4))
        self.assertEqual(reminder.level_id, self.level_2)

    def test_x4_counts_as_reminded(self):
        """Recorded in the history, nothing is sent, and the ladder goes on there."""
        self._open_start(start="reminded", until_date=TODAY).action_start()
        counted = self._get_reminders(self.middle)
        self.assertRecordValues(
            counted,
            [
                {
                    "trigger": "start",
                    "date": TODAY,
                    "state": "sent",
                    "level_id": self.level_2.id,
                    "channels": "Nothing Sent",
                    "name": False,
                    "amount_overdue": 150,
                    "user_id": self.admin.id,
                }
            ],
        )
        self.assertFalse(counted.delivery_ids)
        self.assertEqual(len(counted.line_ids), 2)
        self.assertEqual(self.old_invoice.followup_level_id, self.level_3)
        self.level_3.is_automatic = True
        self._live(15)
        self.assertEqual(len(self._get_reminders(self.middle)), 1)
        self.assertEqual(len(self._mails), 1, "Young Ltd, at the second level")
        with freeze_time(TODAY + timedelta(days=15)), self.mock_mail_gateway():
            self._run_cron()
        self.assertEqual(self._get_reminders(self.middle)[1:].level_id, self.level_3)
        self.assertEqual(len(self._get_reminders(self.old)), 1, "never again")

    def test_x4_counts_as_reminded_before_a_day(self):
        day = TODAY - timedelta(days=50)
        self._open_start(start="reminded", until_date=day).action_start()
        self.assertEqual(self._get_levels_reminded(), {"Old Ltd": ["Level 30"]})
        self._live(1)
        self.assertEqual(self._get_reminders(self.young).trigger, "automatic")

    def test_x4_what_rests_counts_and_what_is_excluded_does_not(self):
        self.old_invoice.followup_hold_until = TODAY + timedelta(days=1)
        self.middle_invoices[0].line_ids.no_followup = True
        self._open_start(start="reminded", until_date=TODAY).action_start()
        self.assertEqual(self.old_invoice.followup_level_id, self.level_3)
        self.assertFalse(self.middle_invoices[0].followup_level_id)
        self.assertEqual(self.middle_invoices[1].followup_level_id, self.level_2)

    def test_x4_what_was_reminded_by_hand_is_not_taken_back(self):
        with self.mock_mail_gateway():
            self._open_window(self.middle).action_send()
            self._run_mail_queue()
        self._open_start(start="reminded", until_date=TODAY).action_start()
        by_hand, counted = self._get_reminders(self.middle)
        self.assertEqual(by_hand.level_id, self.level_1)
        self.assertEqual(counted.level_id, self.level_2)

    def test_x4_until_is_not_a_day_to_come(self):
        with self.assertRaisesRegex(ValidationError, "Only what is overdue"):
            self._open_start(start="reminded", until_date=TODAY + timedelta(days=1))

    # ------------------------------------------------------------------
    # Undo
    # ------------------------------------------------------------------

    def test_x4_undone_before_the_first_run(self):
        for start in ("first", "age", "reminded"):
            with self.subTest(start=start):
                self._open_start(start=start).action_start()
                window = self._open_start()
                self.assertTrue(window.can_undo)
                self.assertIn("Live since 05/15/2024", window.live_info)
                window.action_undo()
                self.assertFalse(self._get_levels_reminded())
                self.assertFalse(self.company.followup_automatic)
                self.assertTrue(self.company._needs_followup_start())

    def test_x4_not_undone_after_a_reminder(self):
        self._open_start(start="first").action_start()
        self._live(1)
        window = self._open_start()
        self.assertFalse(window.can_undo)
        with self.assertRaisesRegex(UserError, "reminders were made after it"):
            window.action_undo()

    def test_x4_undone_after_a_test(self):
        """Nothing rests upon what was only tested."""
        self._open_start(start="first").action_start()
        self.company.write(
            {"followup_test_mode": True, "followup_test_email": "test@example.com"}
        )
        self._live(1)
        reminders = self.env["account.followup.reminder"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(set(reminders.mapped("is_test")), {True})
        window = self._open_start()
        self.assertTrue(window.can_undo)
        window.action_undo()
        self.assertFalse(self.company.followup_automatic)

    def test_x4_once(self):
        first, second = self._open_start(), self._open_start()
        first.action_start()
        with self.assertRaisesRegex(UserError, "are live already"):
            second.action_start()

    # ------------------------------------------------------------------
    # Who, and by which way
    # ------------------------------------------------------------------

    def test_x4_switched_on_without_the_assistant(self):
        """By RPC or an import: the run says so, once, and does nothing."""
        self.company.followup_automatic = True
        self._live(2)
        self.assertFalse(self._get_levels_reminded())
        [task] = self.company.partner_id.activity_ids.filtered("automated")
        self.assertEqual(task.user_id, self.responsible)
        self.assertIn("3 customers would be reminded", task.note)
        self.assertIn("Go Live in the settings", task.note)
        window = self._open_window(self.middle)
        self.assertIn("The go-live of automatic reminders", str(window.alerts))
        with self.mock_mail_gateway():
            window.action_send()
        self.assertTrue(self._get_reminders(self.middle), "by hand it can be sent")
        self._open_start().action_start()
        self._live(1)
        self.assertTrue(self._get_reminders(self.young))

    def test_x4_off_for_long_is_a_new_start(self):
        self._open_start().action_start()
        for days, needed in ((30, False), (31, True)):
            with self.subTest(days=days):
                self.company.followup_automatic = False
                self.assertEqual(self.company.followup_switch_user_id, self.env.user)
                with freeze_time(TODAY + timedelta(days=days)):
                    self.assertEqual(self.company._needs_followup_start(), needed)
                    self.company.followup_automatic = True
                    self.assertEqual(not self.company.followup_start_date, needed)
                    self.assertEqual(self.company._needs_followup_start(), needed)

    def test_x4_only_who_may_change_the_settings_switches_on(self):
        manager = self._create_user("manager", "account.group_account_manager")
        window = self._open_start(manager)
        with self.assertRaisesRegex(AccessError, "administrators of settings"):
            window.action_start()
        clerk = self._create_user("clerk", "account.group_account_invoice")
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            self._open_start(clerk)

    def test_x4_settings_open_the_assistant(self):
        settings = self.env["res.config.settings"].with_user(self.admin)
        settings = settings.with_company(self.company)
        with mute_logger("odoo.tests.form.onchange"), Form(settings) as form:
            self.assertFalse(form.followup_automatic)
            form.followup_automatic = True
            self.assertIn("When you save, you see", form.followup_automatic_info)
            form.followup_min_days = 5
        action = form.record.execute()
        self.assertEqual(action["res_model"], "account.followup.start.wizard")
        self.assertEqual(action["context"], {"default_company_id": self.company.id})
        self.assertFalse(self.company.followup_automatic)
        self.assertEqual(self.company.followup_min_days, 5, "the rest is saved")
        windows = self.env[action["res_model"]].with_user(self.admin)
        windows = windows.with_company(self.company).with_context(**action["context"])
        with Form(windows) as form:
            form.start = "age"
        form.record.action_start()
        self.assertTrue(self.company.followup_automatic)

    def test_x4_settings_switch_off_and_on_again(self):
        self._open_start().action_start()
        settings = self.env["res.config.settings"].with_user(self.admin)
        settings = settings.with_company(self.company)
        for value in (False, True):
            with mute_logger("odoo.tests.form.onchange"), Form(settings) as form:
                self.assertIn("Live since", form.followup_start_info)
                form.followup_automatic = value
            action = form.record.execute()
            self.assertEqual(action["tag"], "reload")
            self.assertEqual(self.company.followup_automatic, value)


@tagged("post_install", "-at_install")
class TestGoliveTour(GoliveCommon, HttpCase):
    """Row X4: the settings and the assistant, in a real browser."""

    def test_x4_tour(self):
        self.admin.password = self.admin.login
        self.company.tax_exigibility = True  # core warns of the taxes of the company
        self.start_tour(
            "/odoo/action-account.action_account_config",
            "account_followup_golive",
            login=self.admin.login,
        )
        self.assertRecordValues(
            self.company,
            [{"followup_automatic": True, "followup_start": "age"}],
        )

import threading
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.modules.registry import Registry
from odoo.tests import get_db_name, tagged

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from .common import TODAY, FollowupCommon
from .patience import PATIENCE
from .test_shared_run import SharedRunCommon


class CapCommon(FollowupCommon, CronMixinCase):
    """More than two customers a day are to be approved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"followup_run_cap": 2, "followup_run_cap_until": TODAY})
        cls.manager = cls._create_user("manager", "account.group_account_manager")
        cls.partners = cls._create_due(3)

    @classmethod
    def _create_due(cls, count, prefix="Customer", day=TODAY, late=5):
        partners = cls.env["res.partner"]
        for number in range(count):
            partner = cls._create_customer(f"{prefix} {number}")
            cls._create_late(late, 100 + number, partner=partner, day=day)
            partners += partner
        return partners

    def _get_approval(self):
        return self.env["account.followup.approval"].search(
            [("company_id", "=", self.company.id)], order="id"
        )

    def _get_reminded(self):
        """Return who was reminded by itself."""
        return (
            self.env["account.followup.reminder"]
            .search(
                [("company_id", "=", self.company.id), ("trigger", "=", "automatic")]
            )
            .partner_id
        )

    def _get_tasks(self):
        return self.company.partner_id.activity_ids.filtered("automated")

    def _run(self, day=TODAY):
        with freeze_time(day), self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCap(CapCommon):
    """Row X4: many reminders at once wait for a person who looks at the list."""

    def test_x4_up_to_the_cap_they_leave(self):
        self.company.followup_run_cap = 3
        self._run()
        self.assertEqual(self._get_reminded(), self.partners)
        self.assertFalse(self._get_approval())

    def test_x4_above_it_there_is_a_list_and_nothing_else(self):
        self._run()
        self.assertFalse(self._get_reminded())
        approval = self._get_approval()
        self.assertRecordValues(
            approval,
            [
                {
                    "state": "open",
                    "date": TODAY,
                    "customer_count": 3,
                    "chosen_count": 3,
                    "chosen_amount": 303,
                }
            ],
        )
        self.assertIn("3 customers are due", approval.reason)
        self.assertEqual(
            approval.line_ids.mapped(
                lambda line: (
                    line.partner_id.name,
                    line.level_id,
                    line.amount,
                    line.days_late,
                    line.invoice_count,
                )
            ),
            [
                (f"Customer {number}", self.level_1, 100 + number, 5, 1)
                for number in (2, 1, 0)
            ],
        )
        self.assertEqual(
            self.partners.with_company(self.company).mapped("followup_status"),
            ["in_need_of_action"] * 3,
            "the rule says what it said (rule 17)",
        )
        [task] = self._get_tasks()
        self.assertTrue(
            task.user_id.has_group("account.group_account_manager"),
            "the responsible may not do it",
        )
        self.assertIn(f"/odoo/followup-approvals/{approval.id}", task.note)

    def test_x4_it_is_said_to_who_sends_by_hand(self):
        self._run()
        window = self._open_window(self.partners[0])
        self.assertIn("3 customers wait for the approval", str(window.alerts))

    def test_x4_the_list_is_brought_up_to_date_not_doubled(self):
        self._run()
        approval = self._get_approval()
        approval.line_ids[0].is_chosen = False
        self._run()
        self.assertEqual(len(approval.line_ids), 3)
        more = self._create_due(1, "More")
        self._pay(
            self.env["account.move"].search([("partner_id", "=", self.partners[0].id)])
        )
        self.company.followup_run_cap_until = TODAY + timedelta(days=1)
        self._run(TODAY + timedelta(days=1))
        self.assertEqual(self._get_approval(), approval)
        self.assertEqual(approval.date, TODAY + timedelta(days=1))
        self.assertEqual(approval.line_ids.partner_id, self.partners[1:] + more)
        self.assertFalse(
            approval.line_ids.filtered(
                lambda line: line.partner_id == self.partners[2]
            ).is_chosen,
            "who was taken off stays off",
        )
        self.assertEqual(len(self._get_tasks()), 1)

    def test_x4_what_is_approved_leaves_and_nothing_else(self):
        self._run()
        approval = self._get_approval()
        off = approval.line_ids.filtered(
            lambda line: line.partner_id == self.partners[0]
        )
        off.with_user(self.manager).is_chosen = False
        late = self._create_due(1, "Late")  # due since then: not on the list
        cron = self.cron.sudo()
        with self.capture_triggers(cron.id) as captured:
            approval.with_user(self.manager).action_approve()
        self.assertEqual(len(captured.records), 1, "the run is woken")
        self.assertFalse(self._get_tasks())
        self._run()
        self.assertEqual(self._get_reminded(), self.partners[1:])
        self._run()
        self.assertEqual(len(self._get_reminders(self.partners[1])), 1, "once")
        self.assertRecordValues(
            approval,
            [
                {
                    "state": "approved",
                    "user_id": self.manager.id,
                    "approved_day": TODAY,
                }
            ],
        )
        self.assertEqual(self._get_followup(self.partners[0]).reminder_type, "manual")
        self.assertIn(
            "Automatic → Manual",
            str(self.partners[0].message_ids.mapped("body")),
        )
        self._run(TODAY + timedelta(days=1))
        self.assertEqual(self._get_reminded(), self.partners[1:] + late)

    def test_x4_the_rule_decides_anew(self):
        """Who has paid since the list was made gets nothing."""
        self._run()
        self._pay(
            self.env["account.move"].search([("partner_id", "=", self.partners[0].id)])
        )
        self._get_approval().with_user(self.manager).action_approve()
        self._run()
        self.assertEqual(self._get_reminded(), self.partners[1:])

    def test_x4_the_approval_counts_on_its_day(self):
        self._run()
        self._get_approval().with_user(self.manager).action_approve()
        self.company.followup_run_cap_until = TODAY + timedelta(days=9)
        self._run(TODAY + timedelta(days=1))
        self.assertFalse(self._get_reminded())
        self.assertEqual(self._get_approval().mapped("state"), ["approved", "open"])

    def test_x4_the_approval_of_a_test_does_not_count_in_earnest(self):
        self.company.write(
            {"followup_test_mode": True, "followup_test_email": "test@example.com"}
        )
        self._run()
        self._get_approval().with_user(self.manager).action_approve()
        self.company.followup_test_mode = False
        self._run()
        self.assertFalse(self._get_reminded())
        self.assertEqual(self._get_approval().mapped("state"), ["approved", "open"])

    def test_x4_who_is_taken_off_in_a_test_stays_automatic(self):
        self.company.write(
            {"followup_test_mode": True, "followup_test_email": "test@example.com"}
        )
        self._run()
        approval = self._get_approval()
        off = approval.line_ids[0]
        off.with_user(self.manager).is_chosen = False
        approval.with_user(self.manager).action_approve()
        self.assertEqual(approval.state, "approved")
        case = self._get_followup(off.partner_id)
        self.assertEqual(case.reminder_type, "automatic")
        self._run()
        self.assertEqual(self._get_reminded(), self.partners - off.partner_id)

    def test_x4_tests_do_not_count_in_earnest(self):
        """Neither for the cap of a day nor for what is usual; in a test only they."""
        self.company.followup_run_cap = 3
        self._run()
        reminders = self._get_reminders(self.partners[0])
        gate = self.env["account.followup.gate.cap"].sudo()
        tests = self.registry["account.followup.test"]

        def count():
            done = gate._get_done(self.company, TODAY)
            return done, gate._get_usual(self.company, TODAY + timedelta(days=1))

        self.assertEqual(count(), (3, 3))
        reminders.sudo().is_test = True
        self.assertEqual(count(), (2, 2))
        with patch.object(tests, "_is_on", return_value=True):
            self.assertEqual(count(), (1, 1))

    def test_x4_the_cap_is_that_of_a_day(self):
        """The runs of a day together, so that not each hour takes its part."""
        self.partners[0].followup_reminder_type = "manual"
        self._run()
        self.assertEqual(len(self._get_reminded()), 2)
        more = self._create_due(1, "More")
        self._run()
        self.assertEqual(len(self._get_reminded()), 2)
        self.assertEqual(self._get_approval().line_ids.partner_id, more)

    def test_x4_a_list_that_is_not_needed_any_more_ends(self):
        self._run()
        self.partners[0].followup_excluded = True
        self._run()
        self.assertEqual(self._get_approval().state, "over")
        self.assertFalse(self._get_tasks())
        self.assertEqual(self._get_reminded(), self.partners[1:])
        with self.assertRaisesRegex(UserError, "cannot be done"):
            self._get_approval().with_user(self.manager).action_approve()

    def test_x4_an_import_of_old_invoices(self):
        """After the first week: more than the number, and three times the usual."""
        self.company.followup_run_cap_until = TODAY - timedelta(days=1)
        for number in range(1, 3):  # usually it is one a day
            day = TODAY - timedelta(days=number)
            self._create_due(1, f"Usual {number}", day, late=1)
        self.partners.followup_excluded = True
        for number in (2, 1):
            self._run(TODAY - timedelta(days=number))
        self.assertEqual(len(self._get_reminded()), 2)
        self.partners.followup_excluded = False
        self._run()
        self.assertEqual(len(self._get_reminded()), 5, "three are three times as many")
        self._create_due(6, "Imported")
        day = TODAY + timedelta(days=1)
        self._run(day)
        self.assertEqual(len(self._get_reminded()), 5)
        self.assertIn("usually it is 2 on a day", self._get_approval().reason)

    def test_x4_after_the_first_week_the_cap_is_that_of_a_day_too(self):
        """An import in parts, with a run after each of them."""
        self.company.followup_run_cap_until = TODAY - timedelta(days=1)
        self.partners[0].followup_reminder_type = "manual"
        self._run()
        self.assertEqual(len(self._get_reminded()), 2)
        more = self._create_due(2, "More")
        self._run()
        self.assertEqual(len(self._get_reminded()), 2)
        approval = self._get_approval()
        self.assertEqual(approval.line_ids.partner_id, more)
        self.assertIn("4 customers are due, usually it is 0", approval.reason)

    def test_x4_without_a_cap_nobody_asks(self):
        self.company.write({"followup_run_cap": 0})
        self._run()
        self.assertEqual(self._get_reminded(), self.partners)

    def test_x4_what_is_queued_leaves_though_a_list_is_made(self):
        """The gate counts what was made, so it is not asked again."""
        self.partners[0].followup_reminder_type = "manual"
        with self.mock_mail_gateway():
            self._run_cron()
            self._create_due(1, "More")
            self._run_cron()
            self.assertEqual(self._get_approval().state, "open")
            self._run_mail_queue()
        reminders = self._get_reminders(self.partners[1])
        self.assertEqual(reminders.state, "sent")

    def test_x4_only_managers_approve(self):
        self._run()
        approval = self._get_approval().with_user(self.responsible)
        with self.assertRaisesRegex(AccessError, "Only administrators of Invoicing"):
            approval.action_approve()
        with self.assertRaises(AccessError):
            approval.line_ids[0].is_chosen = False
        line = approval.line_ids[0].with_user(self.manager)
        with self.assertRaises(AccessError):
            line.amount = 5
        approval.with_user(self.manager).action_approve()
        with self.assertRaisesRegex(UserError, "was approved already"):
            line.is_chosen = False

    def test_x4_nobody_on_the_list(self):
        self._run()
        approval = self._get_approval().with_user(self.manager)
        approval.line_ids.is_chosen = False
        with self.assertRaisesRegex(UserError, "nobody is on the list"):
            approval.action_approve()

    def test_x4_remind_nobody(self):
        """All of the list wait for a person; who is due after that comes tomorrow."""
        self._run()
        approval = self._get_approval()
        with self.assertRaisesRegex(AccessError, "Only administrators of Invoicing"):
            approval.with_user(self.responsible).action_remind_nobody()
        approval.with_user(self.manager).action_remind_nobody()
        self.assertRecordValues(
            approval,
            [
                {
                    "state": "approved",
                    "chosen_count": 0,
                    "user_id": self.manager.id,
                    "approved_day": TODAY,
                }
            ],
        )
        self.assertFalse(self._get_tasks())
        self.assertEqual(
            self._get_followup(self.partners).mapped("reminder_type"), ["manual"] * 3
        )
        self.assertIn(
            "Automatic → Manual",
            str(self.partners[0].message_ids.mapped("body")),
        )
        later = self._create_due(1, "Later")
        self._run()
        self.assertFalse(self._get_reminded())
        self._run(TODAY + timedelta(days=1))
        self.assertEqual(self._get_reminded(), later)
        with self.assertRaisesRegex(UserError, "cannot be done"):
            approval.with_user(self.manager).action_remind_nobody()

    def test_x4_costs_nothing_while_few_are_due(self):
        """No query for the guard, neither without a cap nor far below it."""
        self.company.followup_run_cap_until = False
        gate = self.env["account.followup.gate.cap"]
        company = self.company.sudo()
        cases = self.env["account.followup"].sudo()
        cases = cases._get_or_create(self.partners, company)
        cases.mapped("company_id.followup_approval_id")
        for cap in (0, 30):
            company.followup_run_cap = cap
            self.env.flush_all()
            with self.assertQueryCount(0):
                gate._let_pass(company, self.partners.ids, TODAY, None)
                gate._get_company_reason(company, TODAY)
                gate._get_case_reasons(cases, TODAY)


@tagged("post_install", "-at_install")
class TestSharedRunCap(SharedRunCommon):
    """Two workers with a cap on: one list, and each customer once."""

    def setUp(self):
        super().setUp()
        self._write({"followup_run_cap": 2, "followup_approval_id": False})
        self.addCleanup(self._write, self.CAP)
        with self._connect() as env:
            env["account.followup.approval"].search([]).unlink()

    def _write(self, values):
        with self._connect() as env:
            env.company.write(values)

    def _run_both(self):
        workers = [threading.Thread(target=self._run) for _number in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(PATIENCE)
            self.assertFalse(worker.is_alive())

    def test_x4_two_workers_make_one_list(self):
        approvals = Registry(get_db_name())["account.followup.approval"]
        keep_others_off = approvals._keep_others_off
        barrier = threading.Barrier(2, timeout=PATIENCE)

        def meet(*args):
            barrier.wait()  # neither has made it
            return keep_others_off(*args)

        with patch.object(approvals, "_keep_others_off", meet):
            self._run_both()
        self.assertEqual(self._get_counts(), {})
        with self._connect() as env:
            approval = env["account.followup.approval"].search(
                [("company_id", "=", self.company_id)]
            )
            approval.ensure_one()
            self.assertEqual(
                sorted(approval.line_ids.partner_id.ids), sorted(self.partner_ids)
            )
            self.assertEqual(env.company.followup_approval_id, approval)
            approval.action_approve()
        self._run_both()
        self._run()  # what one of them left to the other
        self.assertEqual(self._get_counts(), dict.fromkeys(self.partner_ids, 1))

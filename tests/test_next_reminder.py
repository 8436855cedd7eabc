from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time, tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestNextReminder(FollowupCommon):
    """Rule 9, B8: a day set by hand holds; an earlier one is refused."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.customer.with_company(cls.company)
        # level 1 comes the day after the due date: in six days
        cls.invoice = cls._create_late(-5)
        cls.rule_day = TODAY + timedelta(days=6)

    def _get_shown(self):
        self.env.invalidate_all()
        return self.customer.followup_next_reminder_date

    def _assert_refused(self, set_day, day):
        with self.assertRaises(UserError) as error, self.env.cr.savepoint():
            set_day(day)
        text = str(error.exception)
        self.assertIn("Late Ltd: by the rule the next reminder is on 05/21/2024", text)
        self.assertIn("Press Send", text)
        self.assertIn("empty Next Reminder", text)

    def _get_ways(self):
        """Return functions that set the day as a person can, by all ways there are."""
        clerk = self.customer.with_user(self.responsible)
        case = self._get_followup().with_user(self.responsible)

        def fill_in_form(day):
            view = "account_payment_followup.res_partner_view_form_followup"
            user = self._create_user(
                "clerk", "account.group_account_invoice", "base.group_partner_manager"
            )
            with Form(self.customer.with_user(user), view) as form:
                form.followup_next_reminder_date = day

        def load_file(day):
            self.env["ir.model.data"].create(
                {
                    "name": "late",
                    "module": "test",
                    "model": "res.partner",
                    "res_id": self.customer.id,
                }
            )
            result = self.customer.load(
                ["id", "followup_next_reminder_date"], [["test.late", str(day)]]
            )
            if not result["ids"]:
                raise UserError(result["messages"][0]["message"])

        def log_call(day):
            action = clerk.action_log_followup_call()
            window = self.env[action["res_model"]].with_user(self.responsible)
            form = Form(window.with_context(**action["context"]))
            form.next_reminder_date = day
            form.save().action_log()

        return {
            "form": fill_in_form,
            "rpc": lambda day: clerk.sudo().write({"followup_next_reminder_date": day}),
            "case": lambda day: case.write({"next_reminder_date": str(day)}),
            "import": load_file,
            "call": log_call,
        }

    def test_earlier_is_refused(self):
        self.assertEqual(self._get_shown(), self.rule_day)
        for name, set_day in self._get_ways().items():
            with self.subTest(way=name):
                self._assert_refused(set_day, self.rule_day - timedelta(days=1))
                self.assertEqual(self._get_shown(), self.rule_day, "as it was")

    def test_past_is_refused(self):
        for name, set_day in self._get_ways().items():
            if name == "call":
                continue  # its own sentence, see test_call.py
            with self.subTest(way=name):
                self._assert_refused(set_day, TODAY - timedelta(days=1))

    def test_later_holds(self):
        later = self.rule_day + timedelta(days=3)
        for name, set_day in self._get_ways().items():
            with self.subTest(way=name):
                savepoint = self.env.cr.savepoint()
                set_day(later)
                self.assertEqual(self._get_shown(), later)
                self.assertEqual(self._get_followup().next_reminder_date, later)
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_day_of_the_rule(self):
        """Not earlier: accepted, and the reminder comes on it."""
        self.customer.followup_next_reminder_date = self.rule_day
        self.assertEqual(self._get_shown(), self.rule_day)
        with freeze_time(self.rule_day), self.mock_mail_gateway():
            self.env.invalidate_all()
            self._run_cron()
        self.assertEqual(len(self._get_reminders()), 1)

    def test_hold_is_no_rule(self):
        """A hold can be made shorter: the day of the rule counts, not the one shown."""
        self.customer.followup_next_reminder_date = self.rule_day + timedelta(days=9)
        shorter = self.rule_day + timedelta(days=2)
        self.customer.followup_next_reminder_date = shorter
        self.assertEqual(self._get_shown(), shorter)
        self.customer.followup_next_reminder_date = False
        self.assertEqual(self._get_shown(), self.rule_day, "back to the rule")

    def test_refused_hold_stays(self):
        later = self.rule_day + timedelta(days=9)
        self.customer.followup_next_reminder_date = later
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.customer.followup_next_reminder_date = TODAY
        self.assertEqual(self._get_shown(), later)

    def test_due_today(self):
        """Whoever is due can wait from today on."""
        late = self._create_customer("Later Ltd").with_company(self.company)
        self._create_late(20, partner=late)
        late.followup_next_reminder_date = TODAY + timedelta(days=1)
        self.env.invalidate_all()
        self.assertEqual(late.followup_status, "with_overdue_invoices")
        with self.assertRaisesRegex(UserError, "is on 05/15/2024"):
            late.followup_next_reminder_date = TODAY - timedelta(days=1)

    def test_nothing_to_come(self):
        """A customer who owes nothing can be held in advance, but not in the past."""
        quiet = self._create_customer("Quiet Ltd").with_company(self.company)
        quiet.followup_next_reminder_date = TODAY + timedelta(days=2)
        self.assertEqual(quiet.followup_next_reminder_date, TODAY + timedelta(days=2))
        with self.assertRaisesRegex(UserError, "05/14/2024 has passed"):
            quiet.followup_next_reminder_date = TODAY - timedelta(days=1)

    def test_new_case_by_rpc(self):
        partner = self._create_customer("New Ltd")
        self._create_late(-5, partner=partner)
        values = {"partner_id": partner.id, "company_id": self.company.id}
        cases = self.env["account.followup"].with_user(self.responsible)
        with (
            self.assertRaisesRegex(UserError, "New Ltd: by the rule"),
            self.env.cr.savepoint(),
        ):
            cases.create({**values, "next_reminder_date": TODAY})
        later = self.rule_day + timedelta(days=1)
        case = cases.create({**values, "next_reminder_date": later, "excluded": True})
        self.assertEqual(case.next_reminder_date, later)
        self.assertTrue(case.excluded)

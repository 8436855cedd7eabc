from datetime import timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestActivity(FollowupCommon):
    """Row D2: the customer's activities stand beside what is to be reminded."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")
        cls._create_late(20)
        cls.call = cls.env.ref("mail.mail_activity_data_call")

    def _plan(self, days, partner=None, user=None, **values):
        return (partner or self.customer).activity_schedule(
            activity_type_id=self.call.id,
            date_deadline=TODAY + timedelta(days=days),
            user_id=(user or self.clerk).id,
            **values,
        )

    def _search(self, *domain, user=None):
        self.env.invalidate_all()
        rows = self.env["account.followup.customer"].with_user(user or self.clerk)
        return rows.search([("company_id", "=", self.company.id), *domain])

    def test_d2_next_activity(self):
        self._plan(3, summary="Call Mr Late")
        self._plan(9, summary="Call him again")
        row = self._search()
        self.assertRecordValues(
            row,
            [
                {
                    "activity_state": "planned",
                    "activity_summary": "Call Mr Late",
                    "activity_type_id": self.call.id,
                    "activity_type_icon": "fa-phone",
                    "activity_date_deadline": TODAY + timedelta(days=3),
                    "activity_user_id": self.clerk.id,
                }
            ],
        )
        self.assertEqual(row.activity_ids, self.customer.activity_ids)

    def test_d2_number_to_call(self):
        """A click on it calls, where the computer can."""
        self.customer.phone = "+1 555 0100"
        row = self._search()
        self.assertEqual(row.phone, "+1 555 0100")
        for view in ("list", "kanban"):
            arch = row.get_view(view_type=view)["arch"]
            self.assertRegex(arch, r'<field name="phone" widget="phone"')

    def test_d2_filters(self):
        late, today = self._create_customer("Two"), self._create_customer("Three")
        idle = self._create_customer("Four")
        for partner in (late, today, idle):
            self._create_late(20, partner=partner)
        self._plan(3)
        self._plan(-1, late, user=self.responsible)
        self._plan(5, late)
        self._plan(0, today)
        for state, partner in (
            ("planned", self.customer),
            ("overdue", late),
            ("today", today),
            (False, idle),
        ):
            rows = self._search(("activity_state", "=", state))
            self.assertEqual(rows.partner_id, partner)
        self.assertEqual(
            self._search(("activity_state", "!=", "overdue")).partner_id,
            self.customer + today + idle,
        )
        rows = self._search(("activity_user_id", "=", self.responsible.id))
        self.assertEqual(rows.partner_id, late)
        view = self.env.ref(
            "account_payment_followup.account_followup_customer_view_search"
        )
        for name in ("activities_mine", "activities_late", "activities_today"):
            self.assertIn(f'name="{name}"', view.arch)

    def test_d2_done(self):
        activity = self._plan(0)
        self.assertEqual(self._search().activity_state, "today")
        activity.with_user(self.clerk).action_feedback(feedback="Will pay on Friday")
        self.assertFalse(self._search().activity_state)
        self.assertFalse(self._search().activity_ids)

    def test_d2_queries_do_not_grow_with_the_rows(self):
        names = ["activity_ids", "activity_state", "activity_type_icon"]
        counts = []
        for number in range(6):
            partner = self._create_customer(f"Customer {number}")
            self._create_late(20, partner=partner)
            self._plan(number - 3, partner)
            rows = self._search()
            rows.mapped("partner_id.name")
            before = self.env.cr.sql_log_count
            rows.read(names)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(len(rows), 7)
        self.assertEqual(counts[1:], counts[1:2] * 5)

    def test_g2_customer_that_may_not_be_read(self):
        """The row stays, and says nothing of a customer of another company."""
        self._plan(0, summary="Secret")
        other = self._create_company(name="Other House")
        self.customer.company_id = other
        self.clerk.company_ids = [Command.set(self.company.ids)]
        row = self._search()
        self.assertEqual(row.partner_id.id, self.customer.id)
        self.assertFalse(row.activity_state)
        self.assertFalse(row.activity_summary)

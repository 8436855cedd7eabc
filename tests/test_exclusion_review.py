from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import TODAY
from .test_dispute import DisputeCommon, in_days


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestExclusionReview(DisputeCommon):
    """X8: an excluded customer has a day of review, and comes back."""

    def _exclude(self, **values):
        case = self._get_followup().with_user(self.responsible)
        case.write({"excluded": True, **values})
        return case.sudo()

    def _find_forgotten(self):
        self.env.flush_all()
        self.env.invalidate_all()
        mine = [("partner_id", "=", self.customer.id), ("is_forgotten", "=", True)]
        return self.env["account.followup.item"].search(mine)

    def test_x8_excluded_customer_is_looked_at_once_a_year(self):
        case = self._exclude()
        self.assertEqual(case.review_date.isoformat(), "2025-05-15")
        case.excluded = False
        self.assertFalse(case.review_date)

    def test_x8_excluded_customer_comes_back(self):
        """The responsible is asked once for each day, as long as something is owed."""
        case = self._exclude(review_date=in_days(3))
        for days in (2, 3, 4):
            self._run(in_days(days))
        (task,) = self._get_tasks()
        self.assertEqual(task.summary, "Look again at an excluded customer")
        self.assertEqual(task.date_deadline, in_days(3))
        self.assertEqual(task.user_id, self.responsible)
        self.assertIn("Late Ltd", task.note)
        case.review_date = in_days(9)
        self._pay(self.invoice)
        self._pay(self.other)
        self._run(in_days(9))
        self.assertEqual(len(self._get_tasks()), 1, "nothing is owed")
        self._create_late(1)
        self._run(in_days(10))
        self.assertEqual(len(self._get_tasks()), 2)

    def test_x8_excluded_customer_forgotten(self):
        """What is owed by who is excluded rests without anybody looking at it."""
        case = self._exclude(review_date=in_days(3))
        self.assertFalse(self._find_forgotten())
        with freeze_time(in_days(4)):
            items = self._find_forgotten()
        self.assertEqual(items.move_id, self.invoice | self.other)
        self.assertEqual(sum(items.mapped("amount_resting")), 140)
        self.assertEqual(set(items.mapped("rest_kind")), {"customer"})
        self.assertIn("The customer is excluded", items[0].rest_why)
        self.assertEqual(items[0].review_date, in_days(3))
        case.sudo().review_date = False
        self.assertEqual(len(self._find_forgotten()), 2)

    def test_x8_excluded_customer_rests(self):
        """An item that rests by itself says its own reason."""
        self._exclude()
        self.line.followup_hold_until = in_days(30)
        items = self.env["account.followup.item"]
        self.env.flush_all()
        kinds = items._read_group(
            [("partner_id", "=", self.customer.id), ("rest_kind", "!=", False)],
            ["rest_kind"],
            ["amount_resting:sum"],
        )
        self.assertEqual(dict(kinds), {"hold": 100.0, "customer": 40.0})

    def test_x8_review_of_an_excluded_customer_on_screens(self):
        """Where one excludes, the day can be said: customer, settings, desk."""
        partner = self.customer.with_company(self.company)
        view = "account_payment_followup.res_partner_view_form_followup"
        with Form(partner, view) as form:
            form.followup_excluded = True
            form.followup_review_date = in_days(5)
        self.assertEqual(self._get_followup().review_date, in_days(5))
        case = self._get_followup().with_user(self.responsible)
        with Form(case) as form:
            form.review_date = in_days(6)
        self.env.invalidate_all()
        self.assertEqual(self.customer.followup_review_date, in_days(6))
        desk = self.env["account.followup.desk"].with_user(self.responsible)
        desk = desk.search([("partner_id", "=", self.customer.id)])
        with Form(desk) as form:
            form.review_date = in_days(7)
        self.assertEqual(self._get_followup().review_date, in_days(7))

    def test_x8_review_of_an_excluded_customer_is_traced(self):
        case = self._exclude()
        case.with_user(self.responsible).review_date = in_days(8)
        body = self.customer.message_ids[0].body
        self.assertIn("Review On: 05/15/2025 → 05/23/2024", body)
        trace = self.env["account.followup.trace"]._get_last(case)
        self.assertEqual(trace[case.id, "review_date"].user_id, self.responsible)

    def test_x8_review_of_an_excluded_customer_has_passed(self):
        with self.assertRaisesRegex(UserError, "nobody can look again on 05/14/2024"):
            self._exclude(review_date=in_days(-1))

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged

from ..tools.local_time import get_local_times
from .common import TODAY, FollowupCommon


class DeskCommon(FollowupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # who may not edit contacts
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")
        cls.rows = cls.env["account.followup.customer"].with_user(cls.clerk)

    def _open(self, *partners):
        """Open the desk for customers of the work-list; return their desks."""
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.rows.search([("company_id", "=", self.company.id)])
        by_partner = rows.grouped("partner_id")
        chosen = self.rows.union(*(by_partner[partner] for partner in partners))
        result = chosen.action_open_desk()
        return (
            self.env["account.followup.desk"]
            .with_user(self.clerk)
            .browse(result["ids"])
        )


@freeze_time(f"{TODAY} 12:00:00")
@tagged("post_install", "-at_install")
class TestDesk(DeskCommon):
    """Y6: what a caller sees of one customer, and does, without other rights."""

    def test_y6_in_the_order_of_the_list(self):
        others = self.env["res.partner"]
        for name in ("A", "B"):
            others += self._create_customer(name)
        for partner in others + self.customer:
            self._create_late(20, partner=partner)
        desks = self._open(others[1], self.customer, others[0])
        self.assertEqual(
            desks.mapped("partner_id.name"), ["B", "Late Ltd", "A"], "as it was sorted"
        )

    def test_y6_of_this_company_only(self):
        with self.assertRaisesRegex(UserError, "no customer of"):
            self.rows.action_open_desk()
        reader = self._create_user("reader", "account.group_account_readonly")
        self._create_late(20)
        rows = self.rows.with_user(reader).search([])
        with self.assertRaises(AccessError):
            rows.action_open_desk()

    def test_y6_what_is_open(self):
        self._create_late(20, 250)
        self._create_late(-5, 70)
        desk = self._open(self.customer)
        self.assertEqual(desk.status, "in_need_of_action")
        self.assertEqual((desk.total_overdue, desk.days_late), (250, 20))
        self.assertEqual(desk.level_id, self.level_1)
        self.assertEqual(desk.item_ids.mapped("residual"), [250, 70])

    def test_y6_whom_to_call(self):
        self._create_late(20)
        self.customer.write(
            {"phone": "+49 30 1234", "country_id": self.env.ref("base.de").id}
        )
        desk = self._open(self.customer)
        self.assertIn('href="tel:+49301234"', desk.contacts)
        self.assertIn("14:00 in Germany now", desk.contacts)
        self.customer.write({"phone": False, "country_id": self.env.ref("base.us").id})
        desk = self._open(self.customer)
        self.assertIn("No phone number", desk.contacts)
        self.assertRegex(desk.contacts, "0[12]:00 to 08:00 in United States now")

    def test_y6_last_person_spoken_to(self):
        self._create_late(20)
        ann = self.env["res.partner"].create(
            {"name": "Ann <b>", "parent_id": self.customer.id}
        )
        action = self._open(self.customer).action_log_followup_call()
        window = self.env[action["res_model"]].with_user(self.clerk)
        form = Form(window.with_context(**action["context"]))
        form.contact_id = ann
        form.note = "Will look\ninto it"
        form.save().action_log()
        action = self._open(self.customer).action_log_followup_call()
        form = Form(window.with_context(**action["context"]))
        form.outcome = "not_reached"
        form.save().action_log()
        desk = self._open(self.customer)
        self.assertIn(
            "05/15/2024, Clerk spoke to Ann &lt;b&gt;: Reached, Will look into it",
            desk.contacts,
        )
        self.assertEqual(desk.history.count("Call"), 2)
        with self.assertRaisesRegex(ValidationError, "Other is no contact of Late"):
            self.env["account.followup.call"].sudo().create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "date": TODAY,
                    "outcome": "reached",
                    "contact_id": self._create_customer("Other").id,
                }
            )

    def test_y6_last_reminders(self):
        self._create_late(20)
        self.assertIn("Nothing was sent yet", self._open(self.customer).history)
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        self.customer.message_post(
            body="We pay on Friday",
            message_type="email",
            author_id=self.customer.id,
            email_from=self.customer.email,
        )
        history = self._open(self.customer).history
        self.assertIn("Level 1, Email, Sent", history)
        self.assertIn("We pay on Friday", history)

    def test_y6_settings(self):
        """A clerk without the right to change contacts sets them here."""
        self._create_late(20)
        day = TODAY + timedelta(days=3)
        desk = self._open(self.customer)
        with Form(desk) as form:
            form.next_reminder_date = day
            form.responsible_id = self.responsible
            form.reminder_type = "manual"
            form.excluded = True
            form.trust = "bad"
        case = self._get_followup()
        self.assertEqual(case.next_reminder_date, day)
        self.assertEqual(case.next_reminder_user_id, self.clerk)
        self.assertEqual(case.responsible_id, self.responsible)
        self.assertEqual(case.reminder_type, "manual")
        self.assertTrue(case.excluded)
        self.assertEqual(self.customer.with_company(self.company).trust, "bad")
        self.assertIn("Exclude", self.customer.message_ids[0].body)

    def test_y6_skip_until_tomorrow(self):
        self._create_late(20)
        desk = self._open(self.customer)
        action = desk.action_skip_until_tomorrow()
        self.assertIn("Late Ltd: again on 05/16/2024", action["params"]["message"])
        self.assertNotEqual(self._open(self.customer).status, "in_need_of_action")
        with freeze_time(TODAY + timedelta(days=1)):
            self.assertEqual(self._open(self.customer).status, "in_need_of_action")
        other = self._create_customer("Early")
        self._create_late(-5, partner=other)
        self._open(other).action_skip_until_tomorrow()
        self.assertFalse(self._get_followup(other).next_reminder_date)

    def test_y6_queries(self):
        """Opening the desk for many customers costs no query for each."""
        partners = self.env["res.partner"]
        for number in range(12):
            partners += self._create_customer(f"Customer {number}")
            self._create_late(20, partner=partners[-1:])
        self.env.flush_all()
        rows = self.rows.search([("partner_id", "in", partners.ids)])
        rows[:2].action_open_desk()
        counts = []
        for chosen in (rows[2:3], rows[3:]):
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            chosen.action_open_desk()
            counts.append(self.env.cr.sql_log_count - start)
        self.assertEqual(counts[0], counts[1])

    def test_y6_local_times(self):
        noon = fields.Datetime.to_datetime("2024-05-15 12:00:00")
        self.assertEqual(get_local_times(noon, "XX"), [])
        self.assertEqual(get_local_times(noon, False), [])
        self.assertEqual([t.hour for t in get_local_times(noon, "JP")], [21])


@tagged("post_install", "-at_install")
class TestDeskTours(DeskCommon, HttpCase):
    """Y6: five clicks or fewer for each of what a caller does, in a real browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.followup_min_days = 3
        cls.clerk.password = cls.clerk.login
        today = cls._get_real_today()
        cls.today = today
        cls.invoice = cls._create_late(20, 250, day=today)
        cls.other = cls._create_customer("Other Ltd")
        cls._create_late(20, 100, partner=cls.other, day=today)

    def _start(self, tour):
        self.start_tour("/odoo", tour, login=self.clerk.login)

    def test_y6_tour_send(self):
        self._start("account_followup_desk_send")
        self.assertEqual(self._get_reminders().trigger, "manual")

    def test_y6_tour_call_not_reached(self):
        self._start("account_followup_desk_not_reached")
        calls = self.env["account.followup.call"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(calls.outcome, "not_reached")

    def test_y6_tour_promise(self):
        self._start("account_followup_desk_promise")
        self.assertEqual(
            self.invoice.expected_payment_date, self.today + timedelta(days=7)
        )

    def test_y6_tour_dispute(self):
        self._start("account_followup_desk_dispute")
        dispute = self.env["account.followup.dispute"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(dispute.line_ids.move_id, self.invoice)

    def test_y6_tour_skip(self):
        self._start("account_followup_desk_skip")
        cases = self._get_followup() + self._get_followup(self.other)
        tomorrow = self.today + timedelta(days=1)
        self.assertEqual(cases.mapped("next_reminder_date"), [tomorrow, tomorrow])

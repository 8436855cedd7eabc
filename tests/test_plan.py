from contextlib import nullcontext
from datetime import timedelta

from freezegun import freeze_time
from lxml import html

from odoo.tests import Form, HttpCase, tagged

from .common import TODAY
from .iap_common import IapCommon

#: The plan of row A7: days, name, what the level does, text.
PLAN = (
    (-3, "Coming Up", {"email"}, "mail_template_upcoming"),
    (1, "First Reminder", {"email", "letter"}, "mail_template_reminder"),
    (15, "Phone Call", {"call"}, None),
    (
        35,
        "Second Reminder",
        {"email", "letter", "call"},
        "mail_template_second_reminder",
    ),
    (60, "Formal Notice", {"letter"}, "mail_template_final_notice"),
)

DAYS = 80


class PlanCommon(IapCommon):
    """A company without levels, its administrator, and the days of a plan."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.followup_min_days = 3
        cls.company.partner_id.write(
            {"street": "2 Sender Road", "city": "Boston", "zip": "02108"}
        )
        cls.administrator = cls._create_user(
            "administrator", "account.group_account_manager"
        )
        cls.levels.unlink()

    def _build_plan(self):
        """Fill in the form of each level, as an administrator does."""
        levels = self.env["account.followup.level"].with_user(self.administrator)
        self.assertFalse(levels.search([("company_id", "=", self.company.id)]))
        for days, name, actions, template in PLAN:
            with Form(levels) as form:
                form.name = name
                form.delay = days
                form.is_automatic = True
                form.send_email = "email" in actions
                form.send_letter = "letter" in actions
                if template:
                    form.mail_template_id = self.env.ref(
                        f"account_payment_followup.{template}"
                    )
                form.schedule_activity = "call" in actions
                if "call" in actions:
                    form.activity_type_id = self.env.ref("mail.mail_activity_data_call")
                    form.activity_summary = f"Call: {name}"

    def _create_addressee(self, name, **values):
        values = {"zip": "20500", "country_id": self.country.id, **values}
        return self._create_customer(name, **values)

    def _create_due(self, partner, day, amount=100.0):
        """Post an invoice that is due on a day of the test."""
        return self._create_late(-day, amount, partner=partner)

    def _run_days(self, first=0, last=DAYS):
        """Run all scheduled actions once a day.

        :return: ({customer's e-mail: {day: mail}}, {customer's name: {day: letter}})
        """
        mails, letters = {}, {}
        for day in range(first, last):
            with freeze_time(TODAY + timedelta(days=day)):
                self.env.invalidate_all()
                with self.mock_mail_gateway():
                    self._run_cron()
                    self._run_mail_queue()
                    for mail in self._mails:
                        (address,) = mail["email_to"]
                        mine = mails.setdefault(address, {})
                        self.assertNotIn(day, mine, "one e-mail a day is enough")
                        mine[day] = mail
                seen = len(self.service.letters)
                self._run_letter_queue()
                for letter in self.service.letters[seen:]:
                    mine = letters.setdefault(letter["address"]["name"], {})
                    self.assertNotIn(day, mine, "one letter a day is enough")
                    mine[day] = letter
        self.env.invalidate_all()
        return mails, letters

    def _get_calls(self, partner):
        """Return {day: summary} of the calls that somebody has to make."""
        call = self.env.ref("mail.mail_activity_data_call")
        return {
            (activity.date_deadline - TODAY).days: activity.summary
            for activity in partner.activity_ids
            if activity.activity_type_id == call
        }

    def _get_expected(self, due_days, action):
        """Return {day: level} on which something is to be done by the plan."""
        return {
            due_day + days: name
            for due_day in due_days
            for days, name, actions, _template in PLAN
            if action in actions
        }

    def _check_plan(self):
        """Two customers live through eighty days, and receive what the plan says."""
        one, two = self._create_addressee("One"), self._create_addressee("Two")
        single = self._create_due(one, 5)
        first, second = self._create_due(two, 5), self._create_due(two, 14)
        mails, letters = self._run_days()
        for partner, invoices, due_days in (
            (one, single, [5]),
            (two, first + second, [5, 14]),
        ):
            expected = self._get_expected(due_days, "email")
            received = mails[partner.email_formatted]
            self.assertEqual(sorted(received), sorted(expected))
            expected = self._get_expected(due_days, "letter")
            self.assertEqual(sorted(letters[partner.name]), sorted(expected))
            calls = self._get_calls(partner)
            expected = self._get_expected(due_days, "call")
            self.assertEqual(
                calls, {day: f"Call: {name}" for day, name in expected.items()}
            )
            self._check_history(partner, invoices, due_days)
        self.assertEqual(set(mails), {one.email_formatted, two.email_formatted})
        self.assertEqual(set(letters), {"One", "Two"})
        self._check_texts(mails[one.email_formatted], letters["One"], single)

    def _check_history(self, partner, invoices, due_days):
        """Each invoice meets each level once, on the day of the plan."""
        reminders = self._get_reminders(partner)
        self.assertEqual(set(reminders.mapped("state")), {"sent"})
        self.assertEqual(
            {delivery.state for delivery in reminders.delivery_ids}, {"sent"}
        )
        for invoice, due_day in zip(invoices, due_days, strict=True):
            lines = reminders.line_ids.filtered(
                lambda line, invoice=invoice: line.move_id == invoice and line.level_id
            ).sorted("date")
            self.assertEqual(
                [((line.date - TODAY).days, line.level_id.name) for line in lines],
                [(due_day + days, name) for days, name, *_rest in PLAN],
            )
            self.assertEqual(invoice.followup_level_id.name, "Formal Notice")

    def _check_texts(self, mails, letters, invoice):
        company = self.company.name
        subjects = {day: mail["subject"] for day, mail in mails.items()}
        self.assertEqual(
            subjects,
            {
                2: f"{company}: invoices that will fall due",
                6: f"Payment reminder from {company}",
                40: f"Second payment reminder from {company}",
            },
        )
        for day, text in (
            (2, "will fall due shortly"),
            (6, "past their due date"),
            (40, "Despite our earlier reminder"),
        ):
            self.assertIn(text, mails[day]["body"])
            self.assertIn(invoice.name, mails[day]["body"])
        self.assertNotIn("overdue", html.fromstring(mails[2]["body"]).text_content())
        for mail in mails.values():
            self.assertNotIn("Internal communication", mail["body"])
        for day, text in (
            (6, "past their due date"),
            (40, "Despite our earlier reminder"),
            (65, "This is our final notice"),
        ):
            letter = letters[day]["pdf"].decode()
            self.assertIn(text, letter)
            self.assertIn(invoice.name, letter)


@tagged("post_install", "-at_install")
class TestPlanOnScreen(PlanCommon, HttpCase):
    """Row A7: from an empty list, with nothing but the screen."""

    def enter_registry_test_mode(self):
        # EXTENDS 'base': with a browser the test is in that mode from the start
        return nullcontext()

    def test_a7_plan_from_the_screen_alone(self):
        levels = self.env["account.followup.level"].with_context(active_test=False)
        mine = [("company_id", "=", self.company.id)]
        self.assertFalse(levels.search(mine))
        self.administrator.password = self.administrator.login
        self.start_tour(
            "/odoo", "account_followup_build_plan", login=self.administrator.login
        )
        self.assertEqual(levels.search(mine).mapped("delay"), [-3, 1, 15, 35, 60])
        # core tells the administrator of the new browser: no matter of the plan
        self.env["mail.mail"].sudo().search([]).unlink()
        with freeze_time(TODAY):
            self._check_plan()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPlan(PlanCommon):
    """Rows A7 and A2: a plan is built in the forms, then it runs by itself."""

    def setUp(self):
        super().setUp()
        self._build_plan()

    def test_a7_customers_receive_exactly_the_plan(self):
        self._check_plan()

    def test_a2_marks_what_is_late_already(self):
        """Rule 8 names the late invoice, too; it is told apart from the coming one."""
        late = self._create_due(self.customer, 5)
        coming = self._create_due(self.customer, 14)
        mails, _letters = self._run_days(0, 12)
        mail = mails[self.customer.email_formatted][11]
        self.assertIn("will fall due shortly", mail["body"])
        rows = {}
        for row in html.fromstring(mail["body"]).iter("tr"):
            text = row.text_content()
            red = "#c0392b" in html.tostring(row, encoding="unicode")
            rows.update({move: red for move in (late, coming) if move.name in text})
        self.assertEqual(rows, {late: True, coming: False})

    def test_a7_what_is_paid_is_reminded_no_more(self):
        invoice = self._create_due(self.customer, 5)
        mails, letters = self._run_days(0, 21)
        self._pay(invoice, day=TODAY + timedelta(days=21))
        later_mails, later_letters = self._run_days(21)
        address = self.customer.email_formatted
        self.assertEqual(list(mails[address]), [2, 6])
        self.assertEqual(list(letters["Late Ltd"]), [6])
        self.assertFalse(later_mails or later_letters)
        self.assertEqual(list(self._get_calls(self.customer)), [20])

    def test_a7_half_a_channel_is_better_than_none(self):
        """Without an address the letter fails, the e-mail arrives, the level counts."""
        self.customer.street = False
        invoice = self._create_due(self.customer, 5)
        mails, letters = self._run_days(0, 45)
        self.assertEqual(list(mails[self.customer.email_formatted]), [2, 6, 40])
        self.assertFalse(letters)
        self.assertEqual(invoice.followup_level_id.name, "Second Reminder")
        states = self._get_reminders()[1].delivery_ids.mapped(
            lambda delivery: (delivery.channel, delivery.state)
        )
        self.assertEqual(sorted(states), [("email", "sent"), ("letter", "failed")])

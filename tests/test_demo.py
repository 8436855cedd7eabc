from datetime import timedelta
from unittest import SkipTest
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

MODULE = "account_payment_followup"

#: The company's day and that of UTC, in which messages are dated, differ at night.
DAY = timedelta(days=1)

DUE = "in_need_of_action"
LATE = "with_overdue_invoices"
NOTHING = "no_action_needed"

#: customer: status, delay of the level, next reminder in days, overdue in the company's
#: currency (None where it depends on a rate)
CUSTOMERS = {
    "cascade": (NOTHING, None, 25, 0.0),
    "fournil": (NOTHING, None, 8, 0.0),
    "kettle": (LATE, None, 3, 696.0),
    "hafenkontor": (DUE, 5, 0, None),
    "tulpenveld": (LATE, 5, 6, 1480.0),
    "valdemora": (LATE, 15, 3, 2247.0),
    "bellandi": (LATE, 25, 15, 3296.0),
    "valette": (DUE, 25, 0, 2142.0),
    "maplewood": (DUE, 40, 0, 8670.0),
    "grindstone": (LATE, 40, None, 7340.0),
    "lindqvist": (DUE, 5, 0, 6720.0),
    "harbour": (DUE, 5, 0, 1748.0),
    "hoshizora": (LATE, None, None, 0.0),
    "alpenblick": (DUE, 15, 0, None),
    "pampa": (LATE, 5, 5, 2820.0),
    "oakfield": (LATE, 5, None, 3560.0),
    "solana": (LATE, 5, 7, 2088.0),
    "brigid": (LATE, None, None, 3275.0),
    "karoo": (LATE, None, 9, 1496.0),
    "fjordlys": (DUE, 15, 0, 2412.0),
    "blackwater": (DUE, 5, 0, 845.0),
    "pacific": (DUE, 15, 0, 4120.0),
    "rioclaro": (DUE, 5, 0, 2260.0),
    "ostwald": (NOTHING, None, 32, 0.0),
    "tamarind": (LATE, 5, 1, 883.2),
}

#: customer: open items as (open amount in its own currency, in foreign currency or
#: not, days late, delay of the level reached, delay of the next level, why it rests)
ITEMS = {
    "hafenkontor": [(4004.0, True, 8, None, 5, None)],
    "lindqvist": [
        (3840.0, False, 24, 15, 25, None),
        (2880.0, False, 10, None, 5, None),
        (2880.0, False, -21, None, 5, None),
    ],
    "harbour": [
        (-552.0, False, 15, None, None, None),
        (2300.0, False, 12, None, 5, None),
    ],
    "hoshizora": [
        (1030.0, False, 13, None, 5, None),
        (-1500.0, False, 6, None, None, None),
    ],
    "alpenblick": [
        (2490.0, False, 18, 5, 15, None),
        (2580.0, True, 6, None, 5, None),
    ],
    "pampa": [
        (2820.0, False, 50, None, 5, "excluded"),
        (2820.0, False, 10, 5, 15, None),
    ],
    "oakfield": [(3560.0, False, 20, 5, 15, "dispute")],
    "solana": [(2088.0, False, 17, 5, 15, "expected_payment")],
    "ostwald": [(1524.0, False, -27, None, 5, None)],
    "tamarind": [(883.2, False, 14, 5, 15, None)],
}

#: customer: reminders as (days ago, delay of the level, who or what sent it)
HISTORY = {
    "tulpenveld": [(4, 5, "automatic")],
    "valdemora": [(17, 5, "automatic"), (7, 15, "mass")],
    "bellandi": [(20, 5, "automatic"), (10, 15, "mass"), (0, 25, "mass")],
    "valette": [(23, 5, "mass"), (13, 15, "mass")],
    "maplewood": [(39, 5, "mass"), (29, 15, "mass"), (19, 25, "mass")],
    "grindstone": [
        (56, 5, "mass"),
        (46, 15, "mass"),
        (36, 25, "mass"),
        (21, 40, "manual"),
    ],
    "lindqvist": [(19, 5, "mass"), (9, 15, "mass")],
    "alpenblick": [(13, 5, "mass")],
    "pampa": [(5, 5, "mass")],
    "oakfield": [(15, 5, "mass")],
    "solana": [(12, 5, "mass")],
    "fjordlys": [(11, 5, "manual")],
    "pacific": [(11, 5, "mass")],
    "rioclaro": [(0, 5, "mass")],
    "ostwald": [(4, 5, "mass")],
    "tamarind": [(9, 5, "mass")],
}


class DemoCommon(TransactionCase):
    """The demo customers, on the day of the installation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        first = cls._find("invoice_cascade_1")
        if not first:
            raise SkipTest("The demo data are not installed.")
        cls.company = first.company_id
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )
        cls.day = first.invoice_date + timedelta(days=10)
        cls.customers = cls.env["res.partner"].union(*map(cls._customer, CUSTOMERS))
        cls.reminders = cls.env["account.followup.reminder"].search(
            [("partner_id", "in", cls.customers.ids)], order="date, id"
        )

    @classmethod
    def _find(cls, name):
        return cls.env.ref(f"{MODULE}.demo_{name}", raise_if_not_found=False)

    @classmethod
    def _customer(cls, key):
        return cls.env.ref(f"{MODULE}.demo_customer_{key}")


@tagged("post_install", "-at_install")
class TestDemo(DemoCommon):
    """Each state that the demo data promise is there on the day of the installation."""

    def _reminders(self, key):
        customer = self._customer(key)
        return self.reminders.filtered(lambda reminder: reminder.partner_id == customer)

    def _case(self, key):
        return self.env["account.followup"].search(
            [
                ("partner_id", "=", self._customer(key).id),
                ("company_id", "=", self.company.id),
            ]
        )

    def _rows(self):
        """Return {customer: row of the rule} on the day of the installation."""
        rows = self.env["account.followup.customer"]._get_rows(
            {self.company: self.day}, self.customers
        )
        return {row["partner_id"]: row for row in rows}

    def _delay(self, level_id):
        return self.env["account.followup.level"].browse(level_id).delay

    # ------------------------------------------------------------------
    # States
    # ------------------------------------------------------------------

    def test_customers(self):
        rows = self._rows()
        for key, (status, delay, days, overdue) in CUSTOMERS.items():
            with self.subTest(customer=key):
                row = rows[self._customer(key).id]
                self.assertEqual(row["status"], status)
                level_id = row["level_id"]
                self.assertEqual(level_id and self._delay(level_id), delay)
                day = None if days is None else self.day + timedelta(days=days)
                self.assertEqual(row["next_reminder_date"], day)
                if overdue is not None:
                    self.assertAlmostEqual(float(row["total_overdue"]), overdue)

    def test_g3_every_status_and_level_is_there(self):
        found = {}
        for row in self._rows().values():
            delay = row["level_id"] and self._delay(row["level_id"])
            found.setdefault(row["status"], set()).add(delay)
        self.assertEqual(
            found,
            {
                DUE: {5, 15, 25, 40},
                LATE: {None, 5, 15, 25, 40},
                NOTHING: {None},
            },
        )

    def test_items(self):
        currency = self.company.currency_id
        for key, expected in ITEMS.items():
            with self.subTest(customer=key):
                rows = self.env["account.followup.item"]._get_rows(
                    {self.company: self.day}, self._customer(key)
                )
                found = [
                    (
                        float(row["residual"]),
                        row["currency_id"] != currency.id,
                        row["days_late"],
                        row["reached_level_id"]
                        and self._delay(row["reached_level_id"]),
                        row["residual"] > 0
                        and self._delay(row["next_level_id"])
                        or None,
                        row["rest_reason"],
                    )
                    for row in rows
                ]
                self.assertEqual(found, expected)

    def test_settings(self):
        self.assertTrue(self._case("brigid").excluded)
        self.assertEqual(self._case("fjordlys").reminder_type, "manual")
        self.assertEqual(
            self._case("karoo").next_reminder_date, self.day + timedelta(days=9)
        )
        invoice = self._find("invoice_oakfield_1")
        dispute = self.env["account.followup.dispute"].search(
            [("line_ids", "in", invoice.line_ids.ids)]
        )
        self.assertEqual(dispute.review_date, self.day + timedelta(days=14))
        self.assertTrue(dispute.note)
        invoice = self._find("invoice_solana_1")
        self.assertEqual(invoice.expected_payment_date, self.day + timedelta(days=6))
        self.assertTrue(invoice.expected_payment_note)
        self.assertTrue(self._find("invoice_pampa_1").no_followup)
        self.assertEqual(self._find("invoice_tamarind_1").payment_state, "partial")
        self.assertFalse(self._customer("blackwater").email)
        self.assertEqual(set(self.customers.mapped("trust")), {"good", "normal", "bad"})
        self.assertGreater(len(self.customers.country_id), 10)

    def test_responsible(self):
        user = self.company.followup_responsible_id
        self.assertTrue(user.has_group("account.group_account_invoice"))
        self.assertFalse(self.company.followup_automatic)

    # ------------------------------------------------------------------
    # History
    # ------------------------------------------------------------------

    def test_history(self):
        self.assertEqual(len(self.reminders), sum(map(len, HISTORY.values())))
        for key, expected in HISTORY.items():
            with self.subTest(customer=key):
                found = [
                    (
                        (self.day - reminder.date).days,
                        reminder.level_id.delay,
                        reminder.trigger,
                    )
                    for reminder in self._reminders(key)
                ]
                self.assertEqual(found, expected)

    def test_history_obeys_the_rules(self):
        for line in self.reminders.line_ids.filtered("level_id"):
            ripe = line.due_date + timedelta(days=line.level_id.delay)
            self.assertGreaterEqual(line.date, ripe)
        for key in HISTORY:
            dates = self._reminders(key).mapped("date")
            for earlier, later in zip(dates, dates[1:], strict=False):
                gap = timedelta(days=self.company.followup_min_days)
                self.assertGreaterEqual(later - earlier, gap)

    def test_reminders_are_in_the_chatter(self):
        for reminder in self.reminders.filtered("delivery_ids"):
            message = reminder.mail_message_id
            self.assertEqual(message.model, "res.partner")
            self.assertEqual(message.res_id, reminder.partner_id.id)
            self.assertAlmostEqual(message.date.date(), reminder.date, delta=DAY)
            for line in reminder.line_ids:
                self.assertIn(line.name, message.body)
        for reminder in self.reminders:
            for move in reminder.line_ids.move_id:
                notes = move.message_ids.filtered(
                    lambda note, reminder=reminder: (
                        f'data-oe-id="{reminder.id}"' in note.body
                    )
                )
                self.assertAlmostEqual(notes.date.date(), reminder.date, delta=DAY)

    def test_deliveries(self):
        void = self._reminders("rioclaro") + self._reminders("ostwald")
        self.assertEqual(set((self.reminders - void).mapped("state")), {"sent"})
        deliveries = (self.reminders - void).delivery_ids
        self.assertEqual(set(deliveries.mapped("state")), {"sent"})
        self.assertEqual(
            set(
                deliveries.mail_message_id.notification_ids.mapped(
                    "notification_status"
                )
            ),
            {"sent"},
        )
        final = self._reminders("grindstone")[-1]
        self.assertEqual(set(final.delivery_ids.mapped("channel")), {"email", "print"})
        contact = self._find("contact_pacific")
        self.assertEqual(
            self._reminders("pacific").delivery_ids.recipient, contact.email
        )

    def test_failed(self):
        reminder = self._reminders("rioclaro")
        self.assertEqual(reminder.state, "failed")
        case = self._case("rioclaro")
        self.assertEqual(case.failure_reason, reminder.failure_reason)
        self.assertEqual(case.retry_date, self.day + timedelta(days=1))
        self.assertEqual(
            self._customer("rioclaro").activity_ids.user_id,
            self.company.followup_responsible_id,
        )

    def test_withdrawn(self):
        reminder = self._reminders("ostwald")
        self.assertEqual(reminder.state, "withdrawn")
        self.assertTrue(reminder.delivery_ids.failure_reason)
        self.assertEqual(self._find("invoice_ostwald_1").amount_residual, 0.0)
        self.assertFalse(self._customer("ostwald").activity_ids)

    def test_calls(self):
        call = self._customer("bellandi").activity_ids
        self.assertEqual(
            call.activity_type_id, self.env.ref("mail.mail_activity_data_call")
        )
        self.assertEqual(call.date_deadline, self.day)
        self.assertEqual(call.user_id, self.company.followup_responsible_id)
        for key in ("maplewood", "grindstone"):
            self.assertEqual(len(self._calls(key)), 1)
            customer = self._customer(key).with_context(active_test=False)
            self.assertFalse(customer.activity_ids.filtered("active"))
            self.assertEqual(len(customer.activity_ids), 1)

    def _calls(self, key):
        return self.env["account.followup.call"].search(
            [("partner_id", "=", self._customer(key).id)]
        )

    def test_logged_calls(self):
        """Each outcome is there, with the day of the call and what follows from it."""
        calls = self.env["account.followup.call"].search(
            [("partner_id", "in", self.customers.ids)]
        )
        outcomes = calls._fields["outcome"].get_values(self.env)
        self.assertEqual(sorted(calls.mapped("outcome")), sorted(outcomes))
        promise = self._calls("solana")
        self.assertEqual(promise.date, self.day - timedelta(days=11))
        self.assertEqual(promise.promised_date, self.day + timedelta(days=6))
        invoice = self._find("invoice_solana_1")
        self.assertEqual(promise.line_ids.move_id, invoice)
        self.assertEqual(invoice.expected_payment_date, promise.promised_date)
        made = self.env["account.followup.promise"].search(
            [("line_ids", "in", promise.line_ids.ids)]
        )
        self.assertEqual((made.origin, made.state), ("call", "open"))
        dispute = self._calls("oakfield")
        self.assertEqual(dispute.line_ids.move_id, self._find("invoice_oakfield_1"))
        self.assertEqual(dispute.review_date, self.day + timedelta(days=14))
        for call in calls:
            notes = call.partner_id.message_ids.filtered(
                lambda note, call=call: call.note in (note.body or "")
            )
            self.assertTrue(notes)
            for note in notes:
                self.assertAlmostEqual(note.date.date(), call.date, delta=DAY)

    def test_nothing_leaves(self):
        messages = self.env["mail.message"].search(
            [("model", "=", "res.partner"), ("res_id", "in", self.customers.ids)]
        )
        for model in ("mail.mail", "sms.sms"):
            queue = self.env[model].search([("mail_message_id", "in", messages.ids)])
            self.assertFalse(queue)
        letters = [("partner_id", "in", self.customers.ids)]
        self.assertFalse(self.env["snailmail.letter"].search(letters))
        self.assertNotIn("queued", self.reminders.delivery_ids.mapped("state"))

    # ------------------------------------------------------------------
    # Installation
    # ------------------------------------------------------------------

    def _count(self):
        models = ("account.move", "account.payment", "account.followup.reminder")
        return [self.env[model].search_count([]) for model in models]

    def _forget(self):
        """Let the demo look as if it had not been installed."""
        self.env["ir.model.data"].search(
            [
                ("module", "=", MODULE),
                ("model", "=", "account.move"),
                ("name", "=like", "demo_%"),
            ]
        ).unlink()

    def test_install_again(self):
        count = self._count()
        self.env["account.followup.demo"]._install()
        self.assertEqual(self._count(), count)

    def test_install_without_chart(self):
        self._forget()
        self.company.chart_template = False
        count = self._count()
        self.env["account.followup.demo"]._install()
        self.assertEqual(self._count(), count)

    def test_install_error_stays_in_the_demo(self):
        self._forget()
        count = self._count()
        demo = self.env["account.followup.demo"]
        error = ValueError("A tax is required on each line.")
        with (
            mute_logger(f"odoo.addons.{MODULE}.demo.account_followup_demo"),
            patch.object(type(demo), "_end_day", side_effect=error),
        ):
            demo._install()
        self.assertEqual(self._count(), count)
        self.assertTrue(self.customers.exists())

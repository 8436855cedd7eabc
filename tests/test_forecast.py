from collections import Counter
from datetime import timedelta
from pprint import pformat
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, freeze_time, tagged

from . import oracle, proof_gate
from .common import TODAY, FollowupCommon
from .proof_common import ProofCommon
from .test_rule_oracle import SEED, LedgerCase

LAST = TODAY + timedelta(days=13)


class PlannedCommon(FollowupCommon):
    def _open_planned(self, user=None):
        """Open the screen; return its rows and the action."""
        self.env.flush_all()
        self.env.invalidate_all()
        forecast = self.env["account.followup.forecast"]
        forecast = forecast.with_user(user or self.responsible)
        forecast = forecast.with_context(allowed_company_ids=self.company.ids)
        action = forecast.action_open_planned()
        return forecast.env[action["res_model"]].search([]), action

    def _get_rows(self, user=None):
        rows, _action = self._open_planned(user)
        return [
            (row.date, row.partner_id.name, row.level_id.name, row.way, row.amount)
            for row in rows
        ]


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPlanned(PlannedCommon):
    """Row X6: the screen Planned shows the coming 14 days from the rule."""

    def test_x6_day_and_level(self):
        self._create_late(20, 100)
        early = self._create_customer("Early Ltd")
        self._create_late(-3, 50, partner=early)
        self._create_late(-9, 70, partner=early)
        late = self._create_customer("Too Late Ltd")
        self._create_late(-13, 90, partner=late)
        self.assertEqual(
            self._get_rows(),
            [
                (TODAY, "Late Ltd", "Level 1", "automatic", 100),
                (TODAY + timedelta(days=4), "Early Ltd", "Level 1", "automatic", 50),
            ],
            "once each; what comes after 14 days is not shown",
        )

    def test_x6_what_waits_for_a_person(self):
        self._create_late(20, 100)
        self.customer.with_company(self.company).followup_reminder_type = "manual"
        rows, _action = self._open_planned()
        self.assertEqual(rows.way, "manual")
        self.assertEqual(rows.reason, "Reminders to this customer are manual.")

    def test_x6_after_a_failure_or_a_reminder(self):
        """What is queued has left tomorrow; a failure is tried again on its day."""
        self.company.followup_min_days = 3
        self._create_late(14, 100)
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY)
        other = self._create_customer("Other Ltd")
        self._create_late(5, 60, partner=other)
        retry = TODAY + timedelta(days=2)
        self._get_followup(other).sudo().retry_date = retry
        self.assertEqual(
            self._get_rows(),
            [(retry, "Other Ltd", "Level 1", "automatic", 60)],
            "the next level of Late Ltd comes in 14 days",
        )
        self._create_late(2, 40)
        rows = self._get_rows()
        gap = TODAY + timedelta(days=3)
        self.assertIn((gap, "Late Ltd", "Level 1", "automatic", 140), rows)

    def test_x6_a_day_set_by_hand(self):
        """On that day nothing may be due yet: then the day of the rule counts."""
        self._create_late(-5, 100)
        case = self._get_followup().sudo()
        case.next_reminder_date = TODAY + timedelta(days=2)
        [row] = self._get_rows()
        self.assertEqual(row[0], TODAY + timedelta(days=6))
        case.next_reminder_date = TODAY + timedelta(days=9)
        [row] = self._get_rows()
        self.assertEqual(row[0], TODAY + timedelta(days=9))

    def test_x6_currencies_apart(self):
        currency = self.setup_other_currency("CHF")
        self._create_late(20, 100)
        self._create_late(20, 80, currency_id=currency.id)
        self._create_late(0, 30, move_type="out_refund")
        rows, action = self._open_planned()
        self.assertEqual(
            {row.currency_id.name: row.amount for row in rows},
            {self.company.currency_id.name: 70, "CHF": 80},
        )
        self.assertEqual(action["context"]["search_default_group_currency"], 3)

    def test_x6_at_the_rate_of_what_is_claimed(self):
        """As in the reminder itself; how old a credit is says nothing."""
        euro = self.setup_other_currency("EUR", rates=[("2023-01-01", 0.92)])
        self._create_late(20, 10_000, currency_id=euro.id)
        credit = self._create_late(
            204, 9_900, currency_id=euro.id, move_type="out_refund"
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move_line SET amount_residual = -11000 WHERE id = %s",
            [credit._get_followup_lines().id],
        )
        row, _action = self._open_planned()
        self.assertEqual((row.amount, row.amount_company), (100, 108.7))
        self.assertEqual(row.days_late, 20)

    def test_x6_who_may_look(self):
        self._create_late(20, 100)
        reader = self._create_user("reader", "account.group_account_readonly")
        self.assertEqual(len(self._get_rows(reader)), 1)
        self.assertEqual(len(self._get_rows()), 1)
        self.assertEqual(len(self._get_rows()), 1, "opened again it shows no more")
        stranger = self._create_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self._open_planned(stranger)

    def test_x6_from_a_row(self):
        self._create_late(20, 100)
        rows, _action = self._open_planned()
        action = rows.action_explain_followup()
        self.assertEqual(action["res_id"], self.customer.id)
        self.assertEqual(rows.action_open_customer()["res_id"], self.customer.id)

    def test_x6_switched_off(self):
        self._create_late(20, 100)
        self.company.followup_enabled = False
        self.assertFalse(self._get_rows())


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPlannedGate(ProofCommon, PlannedCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_models(proof_gate.MODELS)

    def test_x6_a_gate_moves_it(self):
        """What a gate holds comes on the first day on which it may leave."""
        self._create_late(20, 100)
        held = self._create_customer("Held Ltd", ref="wait")
        self._create_late(20, 50, partner=held)
        gate = self.registry["account.followup.gate.proof"]

        def get_reason(_self, company, day, now=None):
            return "Not today." if day <= TODAY + timedelta(days=1) else None

        with patch.object(gate, "_get_company_reason", get_reason):
            rows, _action = self._open_planned()
        self.assertEqual(
            [(row.date, row.partner_id.name, row.way, row.reason) for row in rows],
            [
                (TODAY, "Held Ltd", "held", "Not today."),
                (TODAY + timedelta(days=2), "Late Ltd", "automatic", False),
            ],
        )


@tagged("post_install", "-at_install")
class TestForecastOracle(LedgerCase):
    def test_x6_random_ledgers(self):
        """The day and the level of each customer are those of the rules."""
        counts = Counter()
        for seed in range(SEED, SEED + 2):
            with self._round(seed) as (_rng, days):
                customers = self._read_customers()
                for root, today in days.items():
                    counts += self._check_company(customers, root, today)
        self.assertGreater(counts["today"], 2)
        self.assertGreater(counts["later"], 5)

    def _check_company(self, customers, root, today):
        counts = Counter()
        last = today + timedelta(days=13)
        forecast = self.env["account.followup.forecast"]
        planned = forecast._get_planned(root, today, today, last)
        claims = forecast._get_claims(planned, root)
        planned = {one["row"]["partner_id"]: one for one in planned}
        for partner in self.partners:
            customer = customers[partner.id, root.id]
            if self._is_ahead(customer, today):
                planned.pop(partner.id, None)
                continue
            day, level = self._get_first(customer, today, last)
            one = planned.pop(partner.id, None)
            says = pformat((customer, one))
            self.assertEqual(one and one["row"]["level_id"], level and level.id, says)
            if not one:
                continue
            self.assertEqual(one["day"], day, says)
            counts["today" if day == today else "later"] += 1
            mine = {
                self.env["res.currency"].browse(currency_id).name: claim
                for (id_, currency_id), claim in claims.items()
                if id_ == partner.id
            }
            customer = oracle.get_customer_as_of(customer, today)
            self._check_claims(customer, day, mine, says)
        self.assertFalse(planned)
        return counts

    def _check_claims(self, customer, day, claims, says):
        """What is planned is what the reminder of that day would claim."""
        expected, settings = self._get_claims(customer, day), customer.settings
        self.assertTrue(expected, says)
        self.assertEqual(set(claims), set(expected), says)
        unit = float(settings.units[settings.currency])
        for currency, (amount, value, days_late) in expected.items():
            claim = claims[currency]
            self.assertAlmostEqual(claim[0], float(amount), 6, says)
            self.assertAlmostEqual(claim[1], float(value), delta=unit, msg=says)
            self.assertEqual(claim[2], days_late, says)

    def _get_claims(self, customer, day):
        """Return {currency: (amount, in company currency, days late)} (rules 8, 13)."""
        settings, claims = customer.settings, {}
        items = [entry for entry in oracle.get_items(customer) if not entry.excluded]
        for currency, mine in oracle.by_currency(items).items():
            credits = [entry for entry in mine if oracle.is_credit(entry)]
            named = [
                oracle.without_part(entry, settings)
                for entry in mine
                if self._is_named(entry, settings, day)
            ]
            value = oracle.get_claim(named, credits, settings)
            if value is not None:
                days_late = max(oracle.get_days_late(one, day) for one in named)
                amount = oracle.get_net(named + credits)
                claims[currency] = (amount, value, days_late)
        return claims

    def _is_named(self, entry, settings, day):
        """Rule 8: overdue, or ripe for a level before the due date."""
        section = oracle.get_section(entry, day)
        return section == "overdue" or (
            section == "not_due"
            and oracle.is_ripe(entry, settings, day)
            and oracle.get_next(entry, settings, day).delay < 0
        )

    def _is_ahead(self, customer, today):
        """Return whether a clock that was ahead has made one of its reminders."""
        mentions = [one.day for entry in customer.entries for one in entry.mentions]
        reminders = [day for day, _states, _noticed in customer.reminders]
        return any(day > today for day in mentions + reminders)

    def _get_first(self, customer, today, last):
        """Return the first day on which rule 6 holds, and the level due then."""
        customer = oracle.get_customer_as_of(customer, today)
        day = today
        while day <= last:
            level = oracle.get_level_due(customer, day, is_coming=day > today)
            if level:
                return day, level
            day += timedelta(days=1)
        return None, None


@tagged("post_install", "-at_install")
class TestPlannedTour(FollowupCommon, HttpCase):
    def test_x6_planned_tour(self):
        today = self._get_real_today()
        self.level_1.name = "Friendly Reminder"
        self._create_late(-2, 250, day=today)
        user = self._create_user(
            "person", "base.group_partner_manager", "account.group_account_invoice"
        )
        user.password = user.login
        self.start_tour("/odoo", "account_followup_planned", login=user.login)

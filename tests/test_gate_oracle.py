import os
import random
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .test_calendar import CalendarCommon

SEED = 20240519
#: A round decides about all customers at one moment.
ROUNDS = int(
    os.environ.get("FOLLOWUP_GATE_ROUNDS")
    or (300 if os.environ.get("FOLLOWUP_LONG") else 12)
)
CUSTOMERS = 24
BASE = date(2024, 5, 15)
HOUSE = "Europe/Berlin"
#: Countries, and the time zone where there is only one.
ZONES = {
    "": HOUSE,
    "de": HOUSE,
    "uk": "Europe/London",
    "jp": "Asia/Tokyo",
    "nz": HOUSE,  # has two
    "us": HOUSE,  # has many
}


@tagged("post_install", "-at_install")
class TestGateOracle(CalendarCommon):
    """X5, X15: the run reminds if and only if the rule asks for it and no gate holds.

    What the gates should say is worked out here once more, in plain Python.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        bank = cls.company_data["default_journal_bank"]
        cls.banks = bank + bank.copy({"name": "Second Bank"})
        cls.customers = cls.env["res.partner"]
        for number in range(CUSTOMERS):
            customer = cls._create_customer(f"Number {number}")
            cls._create_late(1, partner=customer, day=BASE)
            cls.customers += customer
        cls.env["res.partner.bank"].create(
            [
                {"acc_number": f"XX {customer.id:06}", "partner_id": customer.id}
                for customer in cls.customers
            ]
        )

    @contextmanager
    def _round(self, seed):
        savepoint = self.env.cr.savepoint()
        try:
            with self.subTest(seed=seed):
                yield random.Random(seed)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _scatter(self, rng, now):
        """Set up the company and its customers for a while; return the facts."""
        facts = {
            "now": now,
            "day": now.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(HOUSE)).date(),
            "window": rng.choice(((0, 24), (0, 24), (8, 18), (6.5, 12), (13, 24))),
            "zone": rng.choice(("customer", "company")),
            "max_age": rng.choice((0, 0, 1, 2, 4)),
            "matching": rng.random() < 0.6,
        }
        self._scatter_calendars(rng, facts)
        self._scatter_bank(rng, facts)
        self.company.write(
            {
                "followup_calendar_id": facts["calendar"] and self.calendar.id,
                "followup_send_from": facts["window"][0],
                "followup_send_to": facts["window"][1],
                "followup_send_zone": facts["zone"],
                "followup_bank_max_age": facts["max_age"],
                "followup_wait_for_matching": facts["matching"],
            }
        )
        facts["customers"] = {
            customer: self._scatter_customer(rng, customer)
            for customer in self.customers
        }
        self.env.flush_all()
        self.env.invalidate_all()
        return facts

    def _scatter_calendars(self, rng, facts):
        """Make the days on which somebody works: of the house, and of one country."""
        facts["calendar"] = rng.random() < 0.7 and self._scatter_days(
            rng, self.calendar
        )
        facts["countries"] = {}
        if rng.random() < 0.6:
            code = rng.choice(("de", "jp", "us"))
            calendar = self._create_calendar("Abroad", self.company)
            facts["countries"][code] = self._scatter_days(rng, calendar)
            self.env["account.followup.calendar"].create(
                {
                    "company_id": self.company.id,
                    "country_id": self.env.ref(f"base.{code}").id,
                    "calendar_id": calendar.id,
                }
            )

    def _scatter_days(self, rng, calendar):
        """Return (weekdays, holidays) of a calendar."""
        weekdays = set(rng.sample(range(7), rng.choice((4, 5, 5, 6))))
        calendar.attendance_ids = [
            Command.clear(),
            *(
                Command.create(
                    {
                        "name": "Work",
                        "dayofweek": str(weekday),
                        "hour_from": 9,
                        "hour_to": 17,
                        "day_period": "morning",
                    }
                )
                for weekday in sorted(weekdays)
            ),
        ]
        holidays = {
            BASE + timedelta(days=days) for days in rng.sample(range(-8, 12), 4)
        }
        for day in holidays:
            self._create_holiday(day, calendar)
        return weekdays, holidays

    def _scatter_bank(self, rng, facts):
        facts["lines"] = []
        for bank in self.banks:
            for _number in range(rng.choice((0, 1, 2))):
                day = BASE + timedelta(days=rng.choice((-300, -9, -6, -3, -1, 0, 3, 6)))
                self._receive(day, bank)
                facts["lines"].append(day)

    def _receive(self, day, bank, **values):
        return self.env["account.bank.statement.line"].create(
            {
                "date": day,
                "amount": 10,
                "payment_ref": "x",
                "journal_id": bank.id,
                **values,
            }
        )

    def _scatter_customer(self, rng, customer):
        code = rng.choice(sorted(ZONES))
        customer.country_id = self.env.ref(f"base.{code}") if code else False
        excluded, manual = rng.random() < 0.1, rng.random() < 0.1
        self._get_followup(customer).write(
            {
                "excluded": excluded,
                "reminder_type": "manual" if manual else "automatic",
            }
        )
        money = rng.choice((None, None, None, "partner", "account", "out", "other"))
        if money:
            # of long ago, so that it is no new bank data
            self._receive(
                BASE - timedelta(days=400),
                self.banks[0],
                amount=-10 if money == "out" else 10,
                partner_id=customer.id if money in ("partner", "out") else False,
                account_number=f"XX{customer.id:06}" if money == "account" else False,
            )
        return code, not excluded and not manual, money in ("partner", "account")

    # ------------------------------------------------------------------
    # The oracle
    # ------------------------------------------------------------------

    def _is_bank_old(self, facts):
        """Whether the newest entry is older than so many working days."""
        if not facts["max_age"]:
            return False
        day = facts["day"]
        lines = [one for one in facts["lines"] if one <= day]
        newest = max(lines, default=None)
        if not newest or (day - newest).days > 180:
            return True
        between = (
            newest + timedelta(days=n) for n in range(1, (day - newest).days + 1)
        )
        weekdays, holidays = facts["calendar"] or (set(range(5)), set())
        worked = [
            one for one in between if one.weekday() in weekdays and one not in holidays
        ]
        return len(worked) > facts["max_age"]

    def _is_closed(self, facts, code):
        """Whether it is no day or no hour to write to a country."""
        zone = ZONES[code] if facts["zone"] == "customer" else HOUSE
        local = facts["now"].replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone))
        start, end = facts["window"]
        if not start <= local.hour + local.minute / 60 < end:
            return True
        if not facts["calendar"]:
            return False
        weekdays, holidays = facts["countries"].get(code, facts["calendar"])
        return local.weekday() not in weekdays or local.date() in holidays

    def _get_expected(self, facts):
        expected = self.customers.browse()
        if self._is_bank_old(facts):
            return expected
        for customer, (code, is_due, has_money) in facts["customers"].items():
            held = facts["matching"] and has_money
            if is_due and not held and not self._is_closed(facts, code):
                expected += customer
        return expected

    # ------------------------------------------------------------------

    def test_x5_x15_the_run_reminds_if_no_gate_holds(self):
        sizes = set()
        for seed in range(SEED, SEED + ROUNDS):
            with self._round(seed) as rng:
                minutes = rng.randrange(8 * 24 * 4) * 15
                now = datetime(2024, 5, 15) + timedelta(minutes=minutes)
                with freeze_time(now):
                    facts = self._scatter(rng, now)
                    expected = self._get_expected(facts)
                    self._check_texts(facts, expected)
                    self._run_cron()
                    reminders = self.env["account.followup.reminder"].search(
                        [("partner_id", "in", self.customers.ids)]
                    )
                    self.assertEqual(set(reminders.partner_id), set(expected), facts)
                    self.assertEqual(len(reminders), len(expected))
                sizes.add(len(expected))
        self.assertGreater(len(sizes), 3, "the rounds differ")

    def _check_texts(self, facts, expected):
        """Exactly who is due and is held says why; the rule is as it was."""
        rows = self.env["account.followup.customer"].search(
            [("partner_id", "in", self.customers.ids)]
        )
        due = {customer for customer, (_, due, _) in facts["customers"].items() if due}
        self.assertEqual(
            set(rows.filtered("waiting_text").partner_id), due - set(expected), facts
        )

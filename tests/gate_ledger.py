"""Many customers with one debt each, whose facts are scattered in the database."""

import json
from datetime import date, timedelta

from odoo import Command
from odoo.tools import SQL

from . import oracle_gates
from .test_calendar import CalendarCommon

BASE = date(2024, 5, 15)
#: Of long ago, so that it is no new bank data.
LONG_AGO = BASE - timedelta(days=400)


class GateLedger(CalendarCommon):
    """For tests that set ``CUSTOMERS``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        bank = cls.company_data["default_journal_bank"]
        cls.banks = bank + bank.copy({"name": "Second Bank"})
        others = cls.env["res.company"].search([("id", "!=", cls.company.id)])
        others.followup_automatic = False  # of one mail server
        cls.company.followup_start_date = LONG_AGO
        cls.countries = {
            code: cls.env.ref(f"base.{code}").id if code else None
            for code in oracle_gates.ZONES
        }
        plans = cls.env["account.followup.plan"]
        cls.default_plan = plans._get_default_plan(cls.company)
        cls.own_plan = cls.default_plan.copy({"name": "Own Days"})
        cls.own_calendar = cls._create_calendar("Own Days", cls.company)
        cls.customers = cls._create_customers()
        cls._create_samples()
        cls.env.flush_all()

    @classmethod
    def _create_customers(cls):
        """Create customers; each has a copy of one invoice, a bank account, a case."""
        invoice = cls._create_late(1, day=BASE)
        customers = cls.env["res.partner"].create(
            [
                {
                    "name": f"Number {number}",
                    "email": f"number{number}@customer.example.com",
                    "property_payment_term_id": False,
                }
                for number in range(cls.CUSTOMERS)
            ]
        )
        cls.env["res.partner.bank"].create(
            [
                {"acc_number": f"XX {customer.id:06}", "partner_id": customer.id}
                for customer in customers
            ]
        )
        move_ids = cls._copy_rows(
            invoice,
            [
                {
                    "partner_id": id_,
                    "commercial_partner_id": id_,
                    "partner_shipping_id": id_,
                    "name": f"COPY/{id_}",
                }
                for id_ in customers.ids
            ],
        )
        lines = {}
        for line in invoice.line_ids:
            lines[line] = cls._copy_rows(
                line,
                [
                    {"partner_id": id_, "move_id": move_id}
                    for id_, move_id in zip(customers.ids, move_ids, strict=True)
                ],
            )
        owed = invoice.line_ids.filtered("date_maturity")
        cls.line_ids = dict(zip(customers.ids, lines[owed], strict=True))
        cls.env["account.followup"]._get_or_create(customers, cls.company)
        owed.no_followup = True  # it was a pattern only
        return customers

    @classmethod
    def _create_samples(cls):
        """Create what rounds copy: it is of nobody and says nothing."""
        cls.line_sample = cls._receive(LONG_AGO, cls.banks[0], amount=-1)
        cls.payment_sample = cls.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": cls.company.partner_id.id,
                "amount": 30,
                "date": LONG_AGO,
                "journal_id": cls.banks[0].id,
            }
        )
        cls.payment_sample.outstanding_account_id = False
        cls.payment_sample.action_post()
        assert cls.payment_sample.state == "in_process"
        assert not cls.payment_sample.move_id

    @classmethod
    def _receive(cls, day, bank, **values):
        return cls.env["account.bank.statement.line"].create(
            {
                "date": day,
                "amount": 10,
                "payment_ref": "x",
                "journal_id": bank.id,
                **values,
            }
        )

    @classmethod
    def _copy_rows(cls, record, rows):
        """Copy the row of a record, once for each dict of other values; return ids."""
        cls.env.flush_all()
        if not rows:
            return []
        table = SQL.identifier(record._table)
        ids = cls.env.execute_query(
            SQL(
                """
                INSERT INTO %(table)s
                SELECT copy.*
                  FROM %(table)s source
                 CROSS JOIN jsonb_array_elements(%(rows)s::jsonb)
                       WITH ORDINALITY new(data, number)
                 CROSS JOIN LATERAL jsonb_populate_record(
                       NULL::%(table)s,
                       to_jsonb(source) || new.data
                       || jsonb_build_object('id', nextval(%(sequence)s))
                 ) copy
                 WHERE source.id = %(id)s
                 ORDER BY new.number
                RETURNING id
                """,
                table=table,
                rows=json.dumps(rows, default=str),
                sequence=f"{record._table}_id_seq",
                id=record.id,
            )
        )
        return sorted(id_ for (id_,) in ids)

    def _set_column(self, table, column, values, column_type, key="id"):
        """Write a column of many rows: {key of the row: value}."""
        self.env.execute_query(
            SQL(
                """
                UPDATE %(table)s mine SET %(column)s = new.value
                  FROM unnest(%(keys)s, %(values)s::%(type)s[]) new(key, value)
                 WHERE mine.%(key)s = new.key
                RETURNING mine.id
                """,
                table=SQL.identifier(table),
                column=SQL.identifier(column),
                keys=list(values),
                values=list(values.values()),
                type=SQL(column_type),
                key=SQL.identifier(key),
            )
        )

    # ------------------------------------------------------------------
    # The house of a round
    # ------------------------------------------------------------------

    def _scatter_house(self, rng, now):
        """Set up the company for a while, and return what the oracle has to know."""
        house = oracle_gates.House(
            now,
            is_live=rng.random() < 0.9,
            is_test=rng.random() < 0.3,
            window=rng.choice((*[(0, 24)] * 4, (8, 18), (6.5, 12), (13, 24))),
            zone=rng.choice(("customer", "company")),
            max_age=rng.choice((*[0] * 5, 2, 4)),
            matching=rng.random() < 0.6,
            cap=rng.choice((0, 0, 0, 1, self.CUSTOMERS // 4, self.CUSTOMERS)),
            hour_cap=rng.choice((0, 0, 0, 6, self.CUSTOMERS, 6 * self.CUSTOMERS)),
        )
        house.cap_until = rng.choice((None, house.day - timedelta(1), house.day))
        house.calendar = (
            self._scatter_days(rng, self.calendar) if rng.random() < 0.6 else None
        )
        house.countries = self._scatter_countries(rng)
        house.plan_calendar = (
            self._scatter_days(rng, self.own_calendar) if rng.random() < 0.4 else None
        )
        self.own_plan.calendar_id = house.plan_calendar and self.own_calendar
        house.lines = self._scatter_bank(rng)
        house.reminders = self._scatter_reminders(rng, house)
        self.company.write(
            {
                "followup_start_date": LONG_AGO if house.is_live else False,
                "followup_test_mode": house.is_test,
                "followup_test_email": "tester@company.example.com",
                "followup_calendar_id": house.calendar and self.calendar.id,
                "followup_send_from": house.window[0],
                "followup_send_to": house.window[1],
                "followup_send_zone": house.zone,
                "followup_bank_max_age": house.max_age,
                "followup_wait_for_matching": house.matching,
                "followup_run_cap": house.cap,
                "followup_run_cap_until": house.cap_until,
                "followup_hour_cap": house.hour_cap,
            }
        )
        return house

    def _scatter_countries(self, rng):
        """Make the days on which somebody works in one country."""
        if rng.random() < 0.4:
            return {}
        code = rng.choice(("de", "jp", "us"))
        calendar = self._create_calendar("Abroad", self.company)
        self.env["account.followup.calendar"].create(
            {
                "company_id": self.company.id,
                "country_id": self.countries[code],
                "calendar_id": calendar.id,
            }
        )
        return {code: self._scatter_days(rng, calendar)}

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

    def _scatter_bank(self, rng):
        days = []
        for bank in self.banks:
            for _number in range(rng.choice((0, 1, 2))):
                days.append(BASE + timedelta(rng.choice((-300, -9, -6, -3, -1, 0, 3))))
                self._receive(days[-1], bank)
        return tuple(days)

    def _scatter_reminders(self, rng, house):
        """Make reminders to somebody else: today, in the last hour, and before."""
        reminders = []
        for days in (0, 0, 0, *rng.sample(range(1, 70), 12)):
            moment = house.now - timedelta(days, minutes=rng.choice((3, 25, 70)))
            one = oracle_gates.Reminder(
                moment,
                oracle_gates.get_local(moment, oracle_gates.HOUSE).date(),
                is_automatic=rng.random() < 0.9,
                is_withdrawn=rng.random() < 0.1,
                is_test=rng.random() < 0.2,
            )
            reminders += [one] * rng.choice((1, 2, self.CUSTOMERS // 20))
        self._insert_reminders(
            [(one, self.company.partner_id.id, None) for one in reminders]
        )
        return tuple(reminders)

    def _insert_reminders(self, rows):
        """Write reminders, a list of (oracle's reminder, customer id, level id)."""
        columns = zip(
            *(
                (
                    one.day,
                    "automatic" if one.is_automatic else "manual",
                    "withdrawn" if one.is_withdrawn else "sent",
                    one.is_test,
                    one.moment,
                    partner_id,
                    level_id,
                )
                for one, partner_id, level_id in rows
            ),
            strict=True,
        )
        self.env.execute_query(
            SQL(
                """
                INSERT INTO account_followup_reminder (
                    company_id, date, trigger, state, is_test, create_date,
                    partner_id, level_id
                )
                SELECT %s, new.*
                  FROM unnest(
                       %s::date[], %s::varchar[], %s::varchar[], %s::boolean[],
                       %s::timestamp[], %s::integer[], %s::integer[]
                  ) new
                RETURNING id
                """,
                self.company.id,
                *map(list, columns),
            )
        )
        self.env["account.followup.reminder"].invalidate_model()

    # ------------------------------------------------------------------
    # Its customers
    # ------------------------------------------------------------------

    def _scatter_people(self, rng, house):
        people = [
            oracle_gates.Person(
                id_,
                country=rng.choice(sorted(oracle_gates.ZONES)),
                ripe_on=BASE + timedelta(rng.choice((-30, -3, 0, 0, 4, 9))),
                is_stopped=rng.random() < 0.15,
                money=rng.choice(
                    ("", "", "", "", "partner", "account", "payment", "out", "hint")
                ),
                pause_until=rng.choice(
                    (*[None] * 6, *(house.day + timedelta(n) for n in (-1, 0, 5)))
                ),
                tested=house.is_test and rng.choice(("", "", "level", "other")) or "",
                has_plan=rng.random() < 0.3,
            )
            for id_ in self.customers.ids
        ]
        self._write_people(rng, people)
        self._write_money(people)
        house.reminders += self._write_tests(people, house)
        self.env.invalidate_all()
        return people

    def _write_people(self, rng, people):
        by_id = {one.id: one for one in people}
        self._set_column(
            "res_partner",
            "country_id",
            {one.id: self.countries[one.country] for one in people},
            "integer",
        )
        self._set_column(
            "account_move_line",
            "date_maturity",
            {self.line_ids[one.id]: one.ripe_on - timedelta(days=1) for one in people},
            "date",
        )
        stopped = {one.id: rng.random() < 0.5 for one in people if one.is_stopped}
        for column, values, column_type in (
            ("excluded", {id_: stopped.get(id_) is True for id_ in by_id}, "boolean"),
            (
                "reminder_type",
                {
                    id_: "manual" if stopped.get(id_) is False else "automatic"
                    for id_ in by_id
                },
                "varchar",
            ),
            (
                "pause_until",
                {id_: one.pause_until for id_, one in by_id.items()},
                "date",
            ),
            (
                "plan_id",
                {id_: self._get_plan(one).id for id_, one in by_id.items()},
                "integer",
            ),
        ):
            self._set_column(
                "account_followup", column, values, column_type, "partner_id"
            )

    def _get_plan(self, person):
        return self.own_plan if person.has_plan else self.default_plan

    def _write_money(self, people):
        """Money received that nobody has matched, sent, or known by its text only."""
        lines = []
        for one in people:
            values = {"amount": 10, "partner_id": None, "account_number": None}
            if one.money in ("partner", "out"):
                values["partner_id"] = one.id
            if one.money == "account":
                values["account_number"] = f"xx-{one.id:06}"
            if one.money == "out":
                values["amount"] = -10
            if one.money == "hint":
                values["payment_ref"] = f"Invoice COPY/{one.id}"
            if one.money not in ("", "payment"):
                lines.append(values)
        self._copy_rows(self.line_sample, lines)
        self._copy_rows(
            self.payment_sample,
            [{"partner_id": one.id} for one in people if one.money == "payment"],
        )

    def _write_tests(self, people, house):
        """Make the tests of the day: at the level due, or at another one."""
        numbers = {"level": 0, "other": 1}
        test = oracle_gates.Reminder(
            house.now - timedelta(hours=2), house.day, is_test=True
        )
        rows = [
            (test, one.id, self._get_plan(one).level_ids[numbers[one.tested]].id)
            for one in people
            if one.tested
        ]
        if rows:
            self._insert_reminders(rows)
        return tuple(row[0] for row in rows)

    def _scatter_approval(self, rng, house, people):
        """Make the last list of the company, if there is one."""
        if rng.random() < 0.4:
            return
        ids = [one.id for one in people if rng.random() < 0.8]
        taken_off = {id_ for id_ in ids if rng.random() < 0.2}
        state = rng.choice(("open", "approved", "approved", "over"))
        day = house.day - timedelta(rng.choice((0, 0, 1, 2)))
        last_day = day + timedelta(rng.choice((0, 0, 1, 2)))
        approval = (
            self.env["account.followup.approval"]
            .sudo()
            .create(
                {
                    "company_id": self.company.id,
                    "date": day,
                    "state": state,
                    "approved_day": last_day if state == "approved" else False,
                    "line_ids": [
                        Command.create(
                            {"partner_id": id_, "is_chosen": id_ not in taken_off}
                        )
                        for id_ in ids
                    ],
                }
            )
        )
        self.company.followup_approval_id = approval
        house.approval = oracle_gates.Approval(
            state, day, last_day, frozenset(ids) - taken_off, frozenset(taken_off)
        )

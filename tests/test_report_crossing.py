from datetime import timedelta
from random import Random

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from ..report.engine.query import Query
from .common import TODAY
from .report_common import EPOCH, ReportCommon

CURRENCIES = ("company", "document")
POSTINGS = ("customer_statement", "partner_ledger")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportCrossing(ReportCommon):
    """Rows F1, F4, F5, F6: what is settled is settled in every row, on every day.

    The closing balance of a statement is what *Open by Age* adds up to, whatever was
    matched with what; the totals of all reports are the general ledger.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls._create_ledger(3, 60, 5)
        dice = Random(3)
        cls.days = [EPOCH + timedelta(days=dice.randrange(400)) for _day in range(4)]
        cls.days.append(TODAY)

    def _get_totals(self, report, column):
        """Return {currency: sum of the customers' rows}."""
        sums = {}
        for row in report["rows"]:
            key = row["currency_id"]
            sums[key] = sums.get(key, 0.0) + row["values"][column]
        return {key: self._round(value, key) for key, value in sums.items()}

    def test_the_ledger_has_what_is_rare(self):
        """Else the properties below prove nothing."""
        matches = self._get_ledger().matched_credit_ids
        currencies = customers = nobody = 0
        for match in matches:
            sides = match.debit_move_id + match.credit_move_id
            currencies += len(sides.currency_id) > 1
            customers += len(sides.partner_id.commercial_partner_id) > 1
            nobody += not all(side.partner_id for side in sides)
        self.assertGreater(min(currencies, customers, nobody), 2)
        drafts = self._get_ledger(states=("draft",))
        self.assertTrue(drafts.matched_credit_ids + drafts.matched_debit_ids)
        self.assertTrue(
            self._get_ledger().filtered(
                lambda line: line.balance and not line.amount_currency
            )
        )

    def test_f1_closing_is_open_by_age(self):
        """For every row of statement and ledger, on any day."""
        for variant in POSTINGS:
            for currency in CURRENCIES:
                for day in self.days:
                    with self.subTest(variant=variant, currency=currency, day=day):
                        self._check_closing(variant, currency, day)

    def _check_closing(self, variant, currency, day):
        options = {"currency": currency, "period": "custom", "date_to": str(day)}
        postings = self._get_report(variant, **options)
        aged = self._get_report("aged_receivable", **options)
        self.assertEqual(
            self._without_zeros(self._get_figures(postings["rows"], "balance")),
            self._without_zeros(self._get_figures(aged["rows"], "total")),
        )
        at = lambda line: self._get_open_at(line, day)  # noqa: E731
        self.assertEqual(
            self._without_zeros(self._get_figures(postings["rows"], "balance")),
            self._without_zeros(
                self._get_sums(self._get_ledger(day), currency == "document", at)
            ),
        )

    def test_f1_open_by_age_of_each_row_is_its_closing(self):
        """What the customer reads below the balance, whatever was matched with what."""
        for currency in CURRENCIES:
            for day in self.days:
                with self.subTest(currency=currency, day=day):
                    self.assertTrue(self._check_open_by_age(currency, day))

    def test_f1_lines_lead_from_opening_to_closing(self):
        first, last = sorted(self.days[:2])
        for variant in POSTINGS:
            for currency in CURRENCIES:
                options = {"currency": currency, "period": "custom"}
                report = self._get_report(
                    variant, date_from=str(first), date_to=str(last), **options
                )
                before = self._get_report(
                    variant, date_to=str(first - timedelta(days=1)), **options
                )
                self.assertEqual(
                    self._without_zeros(self._get_figures(report["rows"], "opening")),
                    self._without_zeros(self._get_figures(before["rows"], "balance")),
                )
                for row in report["rows"]:
                    with self.subTest(variant=variant, row=row["id"]):
                        self._check_lines(report, row)

    def _check_lines(self, report, row):
        lines = self._get_all_lines(report, row)
        balance, sums = row["values"]["opening"], {"debit": 0.0, "credit": 0.0}
        for line in lines:
            if line["type"] != "line":
                continue
            values = line["values"]
            for name in sums:
                sums[name] += values[name] or 0.0
            balance += (values["debit"] or 0.0) - (values["credit"] or 0.0)
            self.assertEqual(
                values["balance"], self._round(balance, row["currency_id"])
            )
        self.assertEqual(
            self._round(balance, row["currency_id"]), row["values"]["balance"]
        )
        for name, value in sums.items():
            self.assertEqual(
                self._round(value, row["currency_id"]), row["values"][name]
            )
        ids = [line["id"] for line in lines]
        self.assertEqual(len(set(ids)), len(ids))

    def test_f5_totals_are_the_general_ledger(self):
        """In company currency, also when each amount is shown in its own."""
        columns = {"aged_receivable": "total", "followup_report": "total"}
        for variant in (*POSTINGS, "aged_receivable"):
            for day in self.days:
                balance = self.company.currency_id.round(
                    sum(self._get_ledger(day).mapped("balance"))
                )
                for currency in CURRENCIES:
                    with self.subTest(variant=variant, day=day, currency=currency):
                        report = self._get_report(
                            variant,
                            currency=currency,
                            period="custom",
                            date_to=str(day),
                        )
                        name = columns.get(variant, "balance")
                        name += "_company" if currency == "document" else ""
                        total = report["totals"][-1]
                        self.assertEqual(total["values"][name], balance)

    def test_f4_followup_report_is_the_ledger(self):
        balance = self.company.currency_id.round(
            sum(self._get_ledger().mapped("balance"))
        )
        for currency in CURRENCIES:
            with self.subTest(currency=currency):
                report = self._get_report("followup_report", currency=currency)
                name = "total" if currency == "company" else "total_company"
                self.assertEqual(report["totals"][-1]["values"][name], balance)

    def test_f5_hide_settled_changes_no_balance(self):
        """Neither that of the beginning nor that of the end of a period."""
        first = sorted(self.days)[1]
        for variant in POSTINGS:
            for currency in CURRENCIES:
                for day in self.days:
                    with self.subTest(variant=variant, currency=currency, day=day):
                        options = {
                            "currency": currency,
                            "period": "custom",
                            "date_from": str(first) if first <= day else False,
                            "date_to": str(day),
                        }
                        every = self._get_report(variant, **options)
                        rest = self._get_report(variant, hide_settled=True, **options)
                        for name in ("opening", "balance"):
                            self.assertEqual(
                                self._without_zeros(
                                    self._get_figures(every["rows"], name)
                                ),
                                self._without_zeros(
                                    self._get_figures(rest["rows"], name)
                                ),
                            )
                        self.assertEqual(
                            self._get_in_company(every), self._get_in_company(rest)
                        )

    def _get_in_company(self, report):
        return (report["totals"] or [{"values": {}}])[-1]["values"].get(
            "balance_company"
        )

    def test_f5_drafts_that_are_asked_for_settle(self):
        """With drafts, a match with a draft counts in all reports alike."""
        for currency in CURRENCIES:
            options = {
                "currency": currency,
                "period": "custom",
                "date_to": str(TODAY),
                "draft": True,
            }
            ledger = self._get_report("partner_ledger", **options)
            aged = self._get_report("aged_receivable", **options)
            self.assertEqual(
                self._without_zeros(self._get_figures(ledger["rows"], "balance")),
                self._without_zeros(self._get_figures(aged["rows"], "total")),
            )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportSettled(ReportCommon):
    """Rows F1 and F5: a match of two rows is said in both, on the day it is made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daughter = cls._create_customer("Daughter")
        cls.day = TODAY - timedelta(days=3)

    def _get_said(self, report):
        """Return {customer and currency: [(day, reference, debit, credit)]}."""
        said = {}
        for row in report["rows"]:
            currency = self.env["res.currency"].browse(row["currency_id"]).name
            lines = self._get_all_lines(report, row)
            said[f"{row['name']} {currency}"] = [
                (
                    line["values"]["date"],
                    line["values"]["ref"],
                    line["values"]["debit"],
                    line["values"]["credit"],
                )
                for line in lines
                if line["id"].startswith("m")
            ]
        return said

    def _get_balances(self, report):
        return [row["values"]["balance"] for row in report["rows"]]

    def _pay_in_euro(self):
        invoice = self._create_late(10, 1000.0)
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        wizard = wizard.create({"payment_date": self.day, "currency_id": self.euro.id})
        payment = wizard._create_payments()
        self.assertEqual(invoice.amount_residual, 0.0)
        return invoice, payment

    def test_f1_paid_in_another_currency(self):
        invoice, payment = self._pay_in_euro()
        report = self._get_report("customer_statement", period="all")
        self.assertEqual(self._get_balances(report), [0.0, 0.0])
        day = str(self.day)
        self.assertEqual(
            self._get_said(report),
            {
                "Late Ltd EUR": [(day, "Used in USD", None, -payment.amount)],
                "Late Ltd USD": [(day, "Settled in EUR", None, 1000.0)],
            },
        )
        dollars = self.company.currency_id.id
        row = next(row for row in report["rows"] if row["currency_id"] == dollars)
        lines = self._get_all_lines(report, row)
        moved = next(line for line in lines if line["id"].startswith("m"))
        self.assertEqual(moved["name"], payment.move_id.name)
        self.assertEqual(moved["move_id"], payment.move_id.id)
        self.assertFalse(moved["line_id"])
        self.assertFalse(moved["is_open"])
        hidden = self._get_report("customer_statement", period="all", hide_settled=True)
        self.assertEqual(hidden["rows"], [])
        before = self._get_report(
            "customer_statement",
            period="custom",
            date_to=str(self.day - timedelta(days=1)),
        )
        self.assertEqual(self._get_balances(before), [1000.0])

    def test_f1_next_year_nothing_is_carried_forward(self):
        self._pay_in_euro()
        with freeze_time("2025-02-01"):
            report = self._get_report("customer_statement", period="this_year")
        self.assertEqual(report["rows"], [])

    def test_f1_paid_by_another_customer(self):
        invoice = self._create_late(10, 500.0)
        self._settle_by(None, invoice, self.daughter, share=0.6)
        report = self._get_report("customer_statement", period="all")
        said = self._get_said(report)
        day = said["Daughter USD"][0][0]
        self.assertEqual(
            said,
            {
                "Daughter USD": [(day, "Used for Late Ltd", None, -300.0)],
                "Late Ltd USD": [(day, "Settled by Daughter", None, 300.0)],
            },
        )
        self.assertEqual(self._get_balances(report), [0.0, 200.0])

    @classmethod
    def _get_later_day(cls, dice, move):
        return cls.day if dice is None else super()._get_later_day(dice, move)

    def test_s3_1_a_hidden_customer_is_not_named(self):
        invoice = self._create_late(10, 500.0)
        self._settle_by(None, invoice, self.daughter, share=1)
        self.daughter.company_id = self.setup_other_company(name="B")["company"]
        self.env.flush_all()
        reports = self.reports.with_user(self.clerk).with_company(self.company)
        report = reports.get_report({"period": "all", "partner_ids": self.customer.ids})
        lines = reports.get_lines(report["options"], report["rows"][0]["id"])["rows"]
        self.assertIn("Settled by another customer", str(lines))
        self.assertNotIn("Daughter", str(lines))

    def test_f1_paid_by_an_entry_without_customer(self):
        invoice = self._create_late(10, 500.0)
        self._settle_by(None, invoice, self.env["res.partner"], share=1)
        report = self._get_report("partner_ledger", period="all")
        self.assertEqual(self._get_balances(report), [0.0, 0.0])
        self.assertIn(
            "Settled by an entry without customer", str(self._get_said(report))
        )
        (total,) = report["totals"]
        self.assertEqual(total["values"]["debit"], 500.0)
        self.assertEqual(total["values"]["credit"], 500.0)

    def test_f1_paid_to_a_branch(self):
        """The statement of one company says it; its ledger is its ledger."""
        self.company.child_ids = [
            Command.create(
                {"name": "Branch", "currency_id": self.company.currency_id.id}
            )
        ]
        branch = self.company.child_ids
        self.env.user.company_ids += branch
        invoice = self._create_late(10, 500.0)
        payment = self._pay(invoice, day=self.day)
        self.env.cr.execute(
            "UPDATE account_move_line SET company_id = %s WHERE move_id = %s",
            [branch.id, payment.move_id.id],
        )
        self.env.invalidate_all()
        reports = self.reports.with_context(allowed_company_ids=self.company.ids)
        for variant, balance, hidden in (
            ("customer_statement", 0.0, []),
            ("partner_ledger", 500.0, [500.0]),
        ):
            options = {"variant": variant, "period": "all"}
            report = reports.get_report(options)
            self.assertEqual(self._get_balances(report), [balance])
            lines = reports.get_lines(report["options"], report["rows"][0]["id"])
            self.assertEqual("Settled in Branch" in str(lines), not balance)
            report = reports.get_report({**options, "hide_settled": True})
            self.assertEqual(self._get_balances(report), hidden)
        due = reports.get_report({"variant": "followup_report"})
        self.assertEqual(due["rows"], [])
        aged = reports.get_report({"variant": "aged_receivable"})
        self.assertEqual(aged["rows"], [])
        self.assertIn("paid to other companies is paid", aged["subtitle"])
        both = self.reports.with_context(
            allowed_company_ids=(self.company + branch).ids
        ).get_report({"variant": "aged_receivable"})
        self.assertNotIn("paid to other", both["subtitle"])

    def test_f2_a_payment_in_draft_settles_nothing(self):
        invoice = self._create_late(10, 500.0)
        payment = self._pay(invoice)
        payment.move_id.button_draft()
        self.assertTrue(invoice.line_ids.matched_credit_ids, "core keeps the match")
        for variant in ("aged_receivable", "followup_report"):
            report = self._get_report(variant)
            self.assertEqual(report["rows"][0]["values"]["total"], 500.0)
        (line,) = [
            line
            for line in self._get_all_lines(report, report["rows"][0])
            if line["type"] == "line"
        ]
        self.assertIn("matched with a draft", line["name"])
        self.assertFalse(line["is_open"])
        report = self._get_report("aged_receivable", draft=True)
        self.assertEqual(report["rows"], [])

    def test_f3_what_is_nothing_in_its_currency(self):
        """It is in every total, and a line of all but the customer's statement."""
        self._revalue(Random(1), self._create_late(10, 10.0), None)
        euro = self.euro.id
        for variant in ("aged_receivable", "followup_report", "partner_ledger"):
            report = self._get_report(variant, currency="document")
            row = next(row for row in report["rows"] if row["currency_id"] == euro)
            lines = self._get_all_lines(report, row)
            with self.subTest(variant=variant):
                self.assertIn("line", [line["type"] for line in lines])
        report = self._get_report("customer_statement")
        row = next(row for row in report["rows"] if row["currency_id"] == euro)
        self.assertEqual(row["line_count"], 0)
        self.assertNotEqual(row["values"]["balance_company"], 0.0)

    def test_f3_a_difference_of_rates_is_not_late(self):
        """An invoice that is settled in its own currency is no item (rule 1)."""
        settled, late = (
            self._create_late(40, 10.0, currency_id=self.euro.id) for _each in range(2)
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move_line"
            " SET amount_residual_currency = 0, amount_residual = 75 WHERE id = %s",
            [settled._get_followup_lines().id],
        )
        self.env.invalidate_all()
        for variant in (*POSTINGS, "aged_receivable", "followup_report"):
            report = self._get_report(variant, currency="document")
            lines = {
                line["move_id"]: (line["flags"], line["is_open"])
                for row in report["rows"]
                for line in self._get_all_lines(report, row)
                if line["type"] == "line"
            }
            with self.subTest(variant=variant):
                self.assertEqual(lines[settled.id], ([], False))
                self.assertEqual(lines[late.id], (["overdue"], True))

    def test_f7_opening_entries_are_told_apart(self):
        lines = [
            Command.create(
                {
                    "account_id": self.company_data["default_account_receivable"].id,
                    "partner_id": self.customer.id,
                    "name": name,
                    "debit": 10.0,
                }
            )
            for name in ("Old invoice 4711", "Old invoice 4712")
        ]
        other = self.company_data["default_account_revenue"]
        lines.append(Command.create({"account_id": other.id, "credit": 20.0}))
        self.env["account.move"].create(
            {"date": TODAY, "ref": "Opening balance", "line_ids": lines}
        ).action_post()
        for variant in (
            "customer_statement",
            "partner_ledger",
            "aged_receivable",
            "followup_report",
        ):
            report = self._get_report(variant)
            lines = self._get_all_lines(report, report["rows"][0])
            with self.subTest(variant=variant):
                for number in ("4711", "4712"):
                    label = f"– Old invoice {number}"
                    told = [
                        line
                        for line in lines
                        if label in f"{line['name']} {line['values'].get('ref')}"
                    ]
                    self.assertEqual(len(told), 1)

    def test_f12_a_credit_is_not_late(self):
        self._create_late(204, 10.0, move_type="out_refund")
        report = self._get_report("followup_report")
        lines = self._get_all_lines(report, report["rows"][0])
        self.assertEqual({line["values"].get("days_late") for line in lines}, {None})

    def test_f6_pairs_of_many_customers_are_one_value(self):
        """Joined on two, the server takes the currency, which all items have."""
        keys = [(number, 1) for number in range(1, 200)]
        query = Query(self.reports, {}).get_keys(keys)
        self.assertNotIn("(item.partner_id, item.currency_id)", query.code)
        self.assertEqual(len(set(query.params[1])), len(keys))


class BranchCommon(ReportCommon):
    """A company with a branch; ``ticked`` are those that the user has ticked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls._create_branch("Branch")
        cls.tree = cls.ticked = cls.company + cls.branch

    def _get_reports(self):
        return self.reports.with_context(allowed_company_ids=self.ticked.ids)

    def _get_balance(self, day=None):
        """Return the general ledger of the companies that are ticked."""
        ledger = self._get_ledger(day, companies=self.ticked)
        return self.company.currency_id.round(sum(ledger.mapped("balance")))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportBranch(BranchCommon):
    """Rows F1, F4, F5, F6: what a branch is owed and the main company was paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(10, 500.0, company_id=cls.branch.id)

    def _settle(self, share):
        entry = self._settle_by(Random(1), self.invoice, self.customer, share=share)
        self.assertEqual(
            (self.invoice.company_id, entry.company_id), (self.branch, self.company)
        )
        return entry

    def _get_totals(self, column, variant, **options):
        rows = self._get_report(variant, **options)["rows"]
        return [row["values"][column] for row in rows]

    def _check(self, companies, is_open, balance, ledger):
        """All that is about debts says what is open, the ledger what is booked."""
        self.ticked = companies
        for currency in CURRENCIES:
            with self.subTest(companies=companies.mapped("name"), currency=currency):
                for variant in ("aged_receivable", "followup_report"):
                    totals = self._get_totals("total", variant, currency=currency)
                    self.assertEqual(totals, is_open)
                options = {"currency": currency, "period": "all"}
                self.assertEqual(
                    self._get_totals("balance", "customer_statement", **options),
                    [balance],
                )
                self.assertEqual(
                    self._get_totals("balance", "partner_ledger", **options), [ledger]
                )
                self._check_open_by_age(currency, TODAY, companies)
        self.assertEqual(self._get_balance(), ledger)

    def test_f1_branch_is_owed_the_main_company_was_paid(self):
        self._check(self.branch, [500.0], 500.0, 500.0)
        self._settle(0.6)
        self._check(self.branch, [200.0], 200.0, 500.0)
        self._check(self.company, [], 0.0, -300.0)
        self._check(self.tree, [200.0], 200.0, 200.0)
        self._settle(1)
        self._check(self.branch, [], 0.0, 500.0)
        self._check(self.company, [], 0.0, -500.0)
        self._check(self.tree, [], 0.0, 0.0)

    def _get_moved(self):
        """Return [(reference, debit, credit)] of what has moved to the row."""
        report = self._get_report("customer_statement", period="all")
        (row,) = report["rows"]
        lines = [line["values"] for line in self._get_all_lines(report, row)[:-1]]
        names = ("ref", "debit", "credit")
        return [tuple(values[name] for name in names) for values in lines[1:]]

    def test_f1_statement_says_where_it_was_paid(self):
        self._settle(1)
        for companies, moved in (
            (self.branch, [("Settled in First House", None, 500.0)]),
            (self.company, [("Used in Branch", None, -500.0)]),
        ):
            self.ticked = companies
            self.assertEqual(self._get_moved(), moved)
            hidden = self._get_report(
                "customer_statement", period="all", hide_settled=True
            )
            self.assertEqual(hidden["rows"], [])
            aged = self._get_report("aged_receivable")
            self.assertIn("paid to other companies is paid", aged["subtitle"])

    def test_s3_1_a_company_of_others_is_not_named(self):
        self._settle(1)
        self.clerk.write(
            {
                "company_id": self.branch.id,
                "company_ids": [Command.set(self.branch.ids)],
            }
        )
        self.ticked, self.reports = self.branch, self.reports.with_user(self.clerk)
        self.assertEqual(
            self._get_moved(), [("Settled in another company", None, 500.0)]
        )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportBranchLedger(BranchCommon):
    """Rows F1, F4, F5, F6: the same for a random ledger of a company and a branch."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dice = Random(4)
        partners = cls._create_ledger(4, 40, 4)
        moves = cls.env["account.move"].search(
            [
                ("commercial_partner_id", "in", partners.ids),
                ("state", "=", "posted"),
                ("amount_residual", ">", 0),
            ],
            order="id",
        )
        for move in moves[::2]:  # by the same customer, in either company
            cls._settle_by(cls.dice, move, move.commercial_partner_id)
        cls.days = [EPOCH + timedelta(days=days) for days in (150, 300)]
        cls.days.append(TODAY)

    @classmethod
    def _choose_company(cls):
        return cls.dice.choice(cls.tree)

    def _for_each_tick(self, check):
        """Call with the companies that somebody can tick, and each kind of amounts."""
        for companies in (self.company, self.branch, self.tree):
            self.ticked = companies
            for currency in CURRENCIES:
                with self.subTest(companies=companies.mapped("name"), by=currency):
                    check(companies, currency)

    def test_the_ledger_has_what_is_rare(self):
        """Else the properties below prove nothing."""
        matches = self._get_ledger(companies=self.tree).matched_credit_ids
        counts = dict.fromkeys(("branch", "main", "same", "other", "foreign"), 0)
        for match in matches:
            debit, credit = match.debit_move_id, match.credit_move_id
            if debit.company_id != credit.company_id:
                counts["branch" if debit.company_id == self.branch else "main"] += 1
                customers = (debit + credit).partner_id.commercial_partner_id
                is_same = customers and debit.partner_id and credit.partner_id
                is_same = is_same and len(customers) == 1
                counts["same" if is_same else "other"] += 1
                counts["foreign"] += debit.currency_id != credit.currency_id
        self.assertGreater(min(counts.values()), 2, counts)

    def test_f1_open_by_age_of_each_row_is_its_closing(self):
        self._for_each_tick(self._check_ages)

    def _check_ages(self, companies, currency):
        for day in self.days:
            self.assertTrue(self._check_open_by_age(currency, day, companies))

    def test_f4_f6_what_is_open_is_the_balance(self):
        """Statement, Aged Receivable and Follow-up Report agree in each row."""
        self._for_each_tick(self._check_open)

    def _check_open(self, _companies, currency):
        options = {"currency": currency, "period": "custom", "date_to": str(TODAY)}
        statement = self._get_report("customer_statement", **options)
        balances = self._get_figures(statement["rows"], "balance")
        for variant in ("aged_receivable", "followup_report"):
            report = self._get_report(variant, currency=currency)
            self.assertEqual(
                self._without_zeros(self._get_figures(report["rows"], "total")),
                self._without_zeros(balances),
            )

    def test_f5_totals_are_the_general_ledger(self):
        """Of the companies that are ticked, whoever was paid for them."""
        self._for_each_tick(self._check_totals)

    def _check_totals(self, companies, currency):
        suffix = "_company" if currency == "document" else ""
        names = {"partner_ledger": "balance"}
        if companies == self.tree:
            names |= {"customer_statement": "balance", "aged_receivable": "total"}
        for day in self.days:
            options = {"period": "custom", "date_to": str(day)}
            for variant, name in names.items():
                report = self._get_report(variant, currency=currency, **options)
                total = report["totals"][-1]["values"][f"{name}{suffix}"]
                self.assertEqual(total, self._get_balance(day))

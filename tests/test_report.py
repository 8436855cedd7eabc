from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import BaseCase, tagged

from ..tools import ageing, periods
from .common import TODAY
from .report_common import ReportCommon

#: A busy machine is no reason to fail.
patient = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
limits = st.lists(st.integers(1, 400), min_size=1, max_size=8, unique=True)
dates = st.dates(date(1990, 1, 1), date(2099, 12, 31))
QUERY = "odoo.addons.account_payment_followup.report.engine.query"
NEEDS_ACTION = "in_need_of_action"
VARIANTS = (
    "customer_statement",
    "followup_report",
    "partner_ledger",
    "aged_receivable",
)


@tagged("post_install", "-at_install")
class TestReportTools(BaseCase):
    """Buckets and periods, against what the words mean."""

    @patient
    @given(limits.map(sorted).map(tuple), st.integers(-1000, 1000))
    def test_f6_every_day_is_in_one_bucket(self, ends, days):
        inside = [
            number
            for number, (first, last) in enumerate(ageing.get_buckets(ends))
            if (first is None or days >= first) and (last is None or days <= last)
        ]
        self.assertEqual(inside, [ageing.get_bucket(ends, days)])

    @patient
    @given(limits.map(sorted))
    def test_a6_limits_are_read_as_they_are_written(self, ends):
        self.assertEqual(ageing.parse_limits(", ".join(map(str, ends))), tuple(ends))

    def test_a6_other_limits_are_refused(self):
        for text in ("", "30,", "a", "30, 30", "60, 30", "0, 30", "-1", "1.5", None):
            with self.subTest(text=text), self.assertRaises(ValueError):
                ageing.parse_limits(text)
        with self.assertRaises(ValueError):
            ageing.parse_limits(",".join(map(str, range(1, 11))))

    @patient
    @given(dates)
    def test_f1_periods_touch_each_other(self, day):
        year = (date(day.year, 1, 1), date(day.year, 12, 31))
        for unit in ("month", "quarter", "year"):
            first, last = periods.get_period(f"this_{unit}", day, year)
            before = periods.get_period(f"last_{unit}", day, year)
            self.assertLessEqual(first, day)
            self.assertGreaterEqual(last, day)
            self.assertEqual(before[1] + timedelta(days=1), first)
            self.assertEqual(before[0].day, 1)
            self.assertEqual((last + timedelta(days=1)).day, 1)
        self.assertEqual(periods.get_period("today", day, year), (None, day))

    def test_f1_periods_by_example(self):
        day = date(2024, 5, 15)
        year = (date(2023, 7, 1), date(2024, 6, 30))
        for name, expected in {
            "all": (None, day),
            "today": (None, day),
            "this_month": (date(2024, 5, 1), date(2024, 5, 31)),
            "last_month": (date(2024, 4, 1), date(2024, 4, 30)),
            "this_quarter": (date(2024, 4, 1), date(2024, 6, 30)),
            "last_quarter": (date(2024, 1, 1), date(2024, 3, 31)),
            "this_year": year,
            "last_year": (date(2022, 7, 1), date(2023, 6, 30)),
        }.items():
            with self.subTest(period=name):
                self.assertEqual(periods.get_period(name, day, year), expected)

    def test_f1_what_is_offered_exists(self):
        day = date(2024, 5, 15)
        for offered in (periods.PERIODS, periods.DAYS):
            self.assertEqual(offered[-1], "custom")
            for name in offered[:-1]:
                self.assertTrue(periods.get_period(name, day, (day, day)))

    def test_f6_buckets_by_example(self):
        limits = ageing.parse_limits(ageing.DEFAULT_LIMITS)
        self.assertEqual(limits, (30, 60, 90, 120))
        buckets = [(None, 0), (1, 30), (31, 60), (61, 90), (91, 120), (121, None)]
        self.assertEqual(ageing.get_buckets(limits), buckets)
        self.assertEqual(ageing.parse_limits("1"), (1,))
        longest = ",".join(map(str, range(1, 9)))
        self.assertEqual(len(ageing.parse_limits(longest)), 8)
        with self.assertRaises(ValueError):
            ageing.parse_limits(longest + ",9")

    @patient
    @given(dates, st.integers(0, 24))
    def test_f6_earlier_days_are_month_ends(self, day, count):
        days = periods.get_earlier_days(day, count)
        self.assertEqual(len(days), count)
        for earlier, later in zip(days, [day, *days], strict=False):
            self.assertLess(earlier, later)
            self.assertEqual((earlier + timedelta(days=1)).day, 1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReport(ReportCommon):
    """Rows F1 to F8: what is shown, to whom, and what bad choices lead to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_customer("Another Ltd", ref="C-77")
        cls.late = cls._create_late(40, 500.0)
        cls.early = cls._create_late(-5, 200.0)
        cls.foreign = cls._create_late(10, 90.0, cls.other, currency_id=cls.euro.id)
        cls._pay(cls.late, 100.0, TODAY - timedelta(days=3))

    def _get_names(self, report):
        return [row["name"] for row in report["rows"]]

    def _get_row(self, report, name="Late Ltd"):
        return next(row for row in report["rows"] if row["name"] == name)

    def _get_line(self, invoice):
        return invoice.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )

    # ------------------------------------------------------------------
    # What it shows
    # ------------------------------------------------------------------

    def test_f1_statement(self):
        report = self._get_report(
            "customer_statement",
            partner_ids=self.customer.ids,
            period="custom",
            date_from="2024-04-10",
            date_to="2024-05-15",
        )
        row = self._get_row(report)
        self.assertEqual(row["values"]["opening"], 500.0)
        self.assertEqual(row["values"]["debit"], 200.0)
        self.assertEqual(row["values"]["credit"], 100.0)
        self.assertEqual(row["values"]["balance"], 600.0)
        lines = self._get_all_lines(report, row)
        self.assertEqual(
            [(line["type"], line["values"].get("balance")) for line in lines],
            [
                ("opening", 500.0),
                ("line", 700.0),
                ("line", 600.0),
                ("closing", 600.0),
                ("ageing", None),
            ],
        )
        ages = [age["value"] for age in lines[-1]["ageing"]]
        self.assertEqual(ages, [200.0, 0.0, 400.0, 0.0, 0.0, 0.0])

    def test_f1_nothing_is_called_later_than_it_is(self):
        """A period that ends after today: the ages are those of today."""
        report = self._get_report("customer_statement", period="this_month")
        self.assertEqual(report["options"]["date_to"], "2024-05-15")
        ageing_row = self._get_all_lines(report, self._get_row(report))[-1]
        ages = [age["value"] for age in ageing_row["ageing"]]
        self.assertEqual(ages, [200.0, 0.0, 400.0, 0.0, 0.0, 0.0])

    def test_f1_late_due_dates_are_marked(self):
        report = self._get_report("customer_statement", period="all")
        lines = self._get_all_lines(report, self._get_row(report))
        flags = {line["name"]: line["flags"] for line in lines}
        self.assertEqual(flags[self.late.name], ["overdue"])
        self.assertEqual(flags[self.early.name], [])

    def test_f1_balance_over_time(self):
        report = self._get_report(
            "customer_statement", partner_ids=self.customer.ids, period="all"
        )
        self.assertEqual(
            [(point["date"], point["value"]) for point in report["chart"]["points"]],
            [
                ("2024-03-26", 500.0),
                ("2024-05-10", 700.0),
                ("2024-05-12", 600.0),
                ("2024-05-15", 600.0),
            ],
        )

    def test_f1_no_chart_of_several_customers(self):
        self.assertFalse(self._get_report("customer_statement")["chart"])

    def test_f4_parts(self):
        line = self._get_line(self.late)
        line.expected_payment_date = TODAY + timedelta(days=3)
        self._get_line(self._create_late(5, 30.0)).no_followup = True
        self._create_late(7, 70.0)
        report = self._get_report("followup_report", partner_ids=self.customer.ids)
        values = self._get_row(report)["values"]
        self.assertEqual(values["overdue"], 70.0)
        self.assertEqual(values["not_due"], 200.0)
        self.assertEqual(values["resting"], 400.0)
        self.assertEqual(values["excluded"], 30.0)
        self.assertEqual(values["total"], 700.0)
        lines = self._get_all_lines(report, self._get_row(report))
        self.assertEqual(
            [(line["type"], line["values"]["total"]) for line in lines],
            [("section", 70.0), ("line", 70.0)]
            + [("section", 200.0), ("line", 200.0)]
            + [("section", 400.0), ("line", 400.0)]
            + [("section", 30.0), ("line", 30.0)],
        )
        self.assertEqual(lines[1]["values"]["next_level"], "Level 1")
        self.assertEqual(lines[5]["values"]["expected_payment_date"], "2024-05-18")
        self.assertEqual(lines[5]["flags"], ["overdue", "expected_payment"])

    def test_f4_level_reached(self):
        self._run_cron()
        report = self._get_report("followup_report", partner_ids=self.customer.ids)
        lines = self._get_all_lines(report, self._get_row(report))
        self.assertEqual(lines[1]["values"]["level"], "Level 1")
        self.assertEqual(self._get_row(report)["state"]["level"], "Level 1")

    def test_v6_an_excluded_customer_has_no_status(self):
        """It is marked as excluded, not as one of whom something is overdue."""
        options = {"variant": "followup_report", "partner_ids": self.customer.ids}
        state = self.reports.get_report(options)["rows"][0]["state"]
        self.assertEqual((state["status"], state["excluded"]), (NEEDS_ACTION, False))
        self.customer.with_company(self.company).followup_excluded = True
        state = self.reports.get_report(options)["rows"][0]["state"]
        self.assertEqual((state["status"], state["excluded"]), (False, True))

    def test_f4_without_follow_ups_there_is_no_such_report(self):
        self.company.followup_enabled = False
        report = self._get_report("aged_receivable")
        self.assertNotIn("followup_report", dict(report["variants"]))
        self.assertFalse(report["has_followups"])
        with self.assertRaisesRegex(
            UserError, "switched off for First House.*settings"
        ):
            self._get_report("followup_report")

    def test_f5_items_without_customer_count(self):
        """A receivable that nobody is named for is in the ledger: so it is here."""
        account = self.company_data["default_account_receivable"]
        other = self.company_data["default_account_revenue"]
        self.env["account.move"].create(
            {
                "date": TODAY,
                "line_ids": [
                    Command.create({"account_id": account.id, "debit": 11.0}),
                    Command.create({"account_id": other.id, "credit": 11.0}),
                ],
            }
        ).action_post()
        for variant in VARIANTS:
            report = self._get_report(variant)
            who = "Partner" if variant == "partner_ledger" else "Customer"
            row = self._get_row(report, f"Without {who}")
            self.assertFalse(row["partner_id"])
            lines = self._get_all_lines(report, row)
            self.assertEqual(len([one for one in lines if one["line_id"]]), 1)

    def test_f5_drafts_are_asked_for_and_marked(self):
        draft = self.late.copy({"invoice_date": TODAY, "date": TODAY})
        report = self._get_report("partner_ledger")
        self.assertEqual(self._get_row(report)["values"]["balance"], 600.0)
        report = self._get_report("partner_ledger", draft=True)
        self.assertEqual(self._get_row(report)["values"]["balance"], 1100.0)
        lines = self._get_all_lines(report, self._get_row(report))
        (line,) = [one for one in lines if one["move_id"] == draft.id]
        self.assertEqual(line["flags"], ["draft"])

    # ------------------------------------------------------------------
    # Choosing
    # ------------------------------------------------------------------

    def test_f7_totals_per_currency(self):
        report = self._get_report("aged_receivable", currency="document")
        totals = {row["name"]: row["values"]["total"] for row in report["totals"][:-1]}
        self.assertEqual(totals, {"Total EUR": 90.0, "Total USD": 600.0})
        last = report["totals"][-1]
        self.assertEqual(last["name"], "Total in USD")
        balance = sum(self._get_ledger().mapped("amount_residual"))
        self.assertEqual(last["values"], {"total_company": balance})

    def test_f3_some_customers(self):
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.customer.id}
        )
        report = self._get_report("customer_statement", partner_ids=contact.ids)
        self.assertEqual(self._get_names(report), ["Late Ltd"])

    def test_f6_filters(self):
        category = self.env["res.partner.category"].create({"name": "Wholesale"})
        self.other.category_id = category
        self.other.with_company(self.company).trust = "bad"
        for options, names in (
            ({"category_ids": category.ids}, ["Another Ltd"]),
            ({"trust": ["bad"]}, ["Another Ltd"]),
            ({"trust": ["normal"]}, ["Late Ltd"]),
            ({"status": ["in_need_of_action"]}, ["Another Ltd", "Late Ltd"]),
            ({"status": ["no_action_needed"]}, []),
            ({"level_ids": self.level_1.ids}, ["Another Ltd", "Late Ltd"]),
            ({"level_ids": self.level_3.ids}, []),
            ({"currency_ids": self.euro.ids}, ["Another Ltd"]),
            ({"search": "late"}, ["Late Ltd"]),
            ({"search": "c-77"}, ["Another Ltd"]),
            ({"search": "nobody"}, []),
        ):
            for variant in VARIANTS:
                with self.subTest(variant=variant, options=options):
                    report = self._get_report(variant, **options)
                    self.assertEqual(self._get_names(report), names)
                    self.assertEqual(report["count"], len(names))

    def test_v7_an_entry_finds_its_customer(self):
        """By number, reference and payment reference, as on a bank slip."""
        self.foreign.ref = "Order 00017"
        self.late.payment_reference = "RF18 5390"
        for search, names in (
            (self.late.name, ["Late Ltd"]),
            ("00017", ["Another Ltd"]),
            ("RF18", ["Late Ltd"]),
            ("another", ["Another Ltd"]),
        ):
            for variant in VARIANTS:
                with self.subTest(variant=variant, search=search):
                    report = self._get_report(variant, search=search, period=None)
                    self.assertEqual(self._get_names(report), names)
                    lines = self._get_all_lines(report, report["rows"][0])
                    self.assertTrue([one for one in lines if one["type"] == "line"])

    def test_v7_of_others_nothing_is_found(self):
        """A number of another company is as one that does not exist."""
        second = self.setup_other_company(name="Second House")["company"]
        reports = self.reports.with_user(self.clerk)
        self.clerk.company_ids += second
        both = reports.with_context(allowed_company_ids=(second + self.company).ids)
        report = both.get_report({"search": self.late.name})
        self.assertFalse(report["rows"])

    def test_f6_people(self):
        """Whose customers they are: the salesperson's, or who follows up (wish 13)."""
        seller = self._create_user("seller", "account.group_account_invoice")
        self.other.user_id = seller
        self.customer.with_company(self.company).followup_responsible_id = self.clerk
        for options, names in (
            ({"salesperson_ids": seller.ids}, ["Another Ltd"]),
            ({"responsible_ids": self.clerk.ids}, ["Late Ltd"]),
            ({"salesperson_ids": seller.ids, "responsible_ids": self.clerk.ids}, []),
        ):
            for variant in VARIANTS:
                with self.subTest(variant=variant, options=options):
                    report = self._get_report(variant, **options)
                    self.assertEqual(self._get_names(report), names)

    def test_f7_what_a_report_can_do_is_said(self):
        """The screen knows no report by its name."""
        for variant, expected in (
            ("customer_statement", {"drafts", "settled", "letter"}),
            ("partner_ledger", {"drafts", "settled"}),
            ("aged_receivable", {"as_of", "drafts", "ageing", "compare"}),
            ("followup_report", {"as_of", "followup", "statuses"}),
        ):
            report = self._get_report(variant)
            self.assertEqual(set(report["features"]), expected)
            self.assertTrue(report["has_followups"])

    def test_v7_only_what_is_unfolded_has_lines(self):
        """On paper as on the screen: all, some, or totals only."""
        rows = self._get_report("partner_ledger")["rows"]
        chosen = rows[1]["id"]
        for options, unfolded in (
            ({}, {rows[0]["id"], chosen}),
            ({"unfold": False}, set()),
            ({"unfold": False, "unfolded": [chosen]}, {chosen}),
            ({"unfold": False, "unfolded": [chosen, "0-1"]}, {chosen}),
        ):
            options = {"variant": "partner_ledger", **options}
            document = self.reports._get_document(options)
            found = {row["id"]: len(lines) for row, lines in document["rows"]}
            with self.subTest(options=options):
                self.assertEqual(list(found), [row["id"] for row in rows])
                self.assertEqual(
                    {id_ for id_, count in found.items() if count}, unfolded
                )
        with self.assertRaises(UserError):
            self.reports._get_document({"unfolded": ["nonsense"]})

    def test_f6_sorting_and_pages(self):
        big = self._create_customer("Big Ltd")
        self._create_late(1, 9000.0, big)
        report = self._get_report("aged_receivable")
        self.assertEqual(
            self._get_names(report), ["Another Ltd", "Big Ltd", "Late Ltd"]
        )
        report = self._get_report("aged_receivable", sort="total", descending=True)
        self.assertEqual(
            self._get_names(report), ["Big Ltd", "Late Ltd", "Another Ltd"]
        )
        page = self._get_report(
            "aged_receivable", sort="total", descending=True, offset=1, limit=1
        )
        self.assertEqual(self._get_names(page), ["Late Ltd"])
        self.assertEqual(page["count"], 3)
        self.assertEqual(page["totals"], report["totals"])

    def test_f1_lines_come_in_pages(self):
        many = self._create_customer("Many Ltd")
        account = self.company_data["default_account_receivable"]
        other = self.company_data["default_account_revenue"]
        lines = [
            Command.create(
                {
                    "account_id": account.id,
                    "partner_id": many.id,
                    "debit": 1.0,
                    "name": str(number),
                }
            )
            for number in range(450)
        ]
        lines.append(Command.create({"account_id": other.id, "credit": 450.0}))
        self.env["account.move"].create(
            {"date": TODAY, "line_ids": lines}
        ).action_post()
        report = self._get_report("customer_statement", partner_ids=many.ids)
        row = self._get_row(report, "Many Ltd")
        first = self.reports.get_lines(report["options"], row["id"])
        self.assertEqual((first["count"], first["remaining"]), (450, 250))
        self.assertEqual(first["rows"][0]["type"], "opening")
        self.assertEqual(first["rows"][-1]["values"]["balance"], 200.0)
        rows = self._get_all_lines(report, row)
        self.assertEqual(len([one for one in rows if one["type"] == "line"]), 450)
        self.assertEqual(rows[-2]["type"], "closing")
        self.assertEqual(rows[-2]["values"]["balance"], 450.0)

    def test_f7_a_document_has_what_the_screen_has(self):
        for variant in VARIANTS:
            with self.subTest(variant=variant):
                report = self._get_report(variant)
                document = self.reports._get_document({"variant": variant})
                self.assertEqual(document["totals"], report["totals"])
                rows = list(document["rows"])
                for (row, lines), shown in zip(rows, report["rows"], strict=True):
                    self.assertEqual(row["values"], shown["values"])
                    self.assertEqual(lines, self._get_all_lines(report, shown))

    # ------------------------------------------------------------------
    # Bad choices, access, companies, cost
    # ------------------------------------------------------------------

    def test_f7_a_document_of_many_customers_is_the_same(self):
        """Few customers are named in the statement, many are joined."""
        for variant in VARIANTS:
            with self.subTest(variant=variant):
                few = self._get_document_rows(variant)
                with patch(f"{QUERY}.FEW_KEYS", 0):
                    many = self._get_document_rows(variant)
                self.assertEqual(many, few)
                self.assertEqual(len(few), 2)

    def _get_document_rows(self, variant):
        reports = self.reports.with_company(self.company)
        document = reports._get_document({"variant": variant, "unfold": True})
        return list(document["rows"])

    def test_f6_bad_options_are_named(self):
        for options in (
            {"variant": "nonsense"},
            {"variant": "postings"},
            {"period": "next_century"},
            {"period": "custom", "date_to": "yesterday"},
            {"period": "custom", "date_to": 7},
            {"period": "custom", "date_from": "2024-05-02", "date_to": "2024-05-01"},
            {"partner_ids": ["1"]},
            {"partner_ids": 1},
            {"partner_ids": [2**31 - 1]},
            {"trust": ["DROP TABLE"]},
            {"status": "in_need_of_action"},
            {"currency": "gold"},
            {"compare": 1000},
            {"compare": -1},
            {"offset": "0"},
            {"limit": 10**6},
        ):
            with self.subTest(options=options), self.assertRaises(UserError):
                self.reports.get_report({"variant": "aged_receivable", **options})
        for row_id in ("", "x-y", "1", "1-2-3", None, 5, [1]):
            with self.subTest(row_id=row_id), self.assertRaises(UserError):
                self.reports.get_lines({"variant": "aged_receivable"}, row_id)

    def test_f6_sorting_by_what_is_no_column_sorts_by_name(self):
        report = self._get_report("aged_receivable", sort="1; DROP TABLE res_users")
        self.assertEqual(self._get_names(report), ["Another Ltd", "Late Ltd"])

    def test_f6_row_of_nobody(self):
        lines = self.reports.get_lines({"variant": "aged_receivable"}, "999999999-1")
        self.assertEqual(lines, {"rows": [], "count": 0, "remaining": 0})

    def test_a6_bad_buckets(self):
        settings = self.env["res.config.settings"].with_company(self.company)
        with self.assertRaisesRegex(ValidationError, "First House: the ageing buckets"):
            settings.create({"followup_ageing_limits": "60, 30"})
        settings.create({"followup_ageing_limits": "10, 20"}).execute()
        self.assertEqual(self.company.followup_ageing_limits, "10, 20")

    def test_g2_who_may_not(self):
        employee = self._create_user("employee", "base.group_user")
        public = self.env.ref("base.public_user")
        for user in (employee, public):
            for variant in VARIANTS:
                reports = self.reports.with_user(user).with_company(self.company)
                options = {"variant": variant}
                with self.subTest(user=user.id, variant=variant):
                    with self.assertRaises(AccessError):
                        reports.get_report(options)
                    with self.assertRaises(AccessError):
                        reports.get_lines(options, f"{self.customer.id}-1")

    def test_g1_companies(self):
        """Each company has its own; the user's companies decide, not the context."""
        second = self.setup_other_company(name="Second House")["company"]
        clerk = self.clerk
        own = self.reports.with_user(clerk).with_company(self.company)
        self.assertEqual(self._get_names(own.get_report()), ["Another Ltd", "Late Ltd"])
        with self.assertRaises(AccessError):
            own.with_context(allowed_company_ids=second.ids).get_report()
        clerk.company_ids += second
        both = self.reports.with_user(clerk).with_context(
            allowed_company_ids=(second + self.company).ids
        )
        self.assertEqual(self._get_names(both.get_report()), [])

    def test_g1_branches(self):
        """A main company sees its branches, a branch only itself."""
        self.company.child_ids = [
            Command.create(
                {"name": "Branch", "currency_id": self.company.currency_id.id}
            )
        ]
        branch = self.company.child_ids
        self.env.user.company_ids += branch
        invoice = self._create_late(3, 70.0)
        self.env.cr.execute(
            "UPDATE account_move_line SET company_id = %s WHERE move_id = %s",
            [branch.id, invoice.id],
        )
        self.env.invalidate_all()

        def get_balance(companies):
            reports = self.reports.with_context(allowed_company_ids=companies.ids)
            report = reports.get_report({"variant": "aged_receivable"})
            return self._get_row(report)["values"]["total"]

        self.assertEqual(get_balance(self.company + branch), 670.0)
        self.assertEqual(get_balance(branch), 70.0)
        self.assertEqual(get_balance(self.company), 600.0)

    def test_f6_cost_does_not_depend_on_the_number_of_customers(self):
        for variant in VARIANTS:
            self._count_queries(variant)  # what is read once
            few = self._count_queries(variant)
            for number in range(20):
                partner = self._create_customer(f"{variant} {number}")
                self._create_late(3, 10.0, partner)
            with self.subTest(variant=variant):
                self.assertLessEqual(self._count_queries(variant), few)

    def _count_queries(self, variant):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        report = self._get_report(variant)
        self.reports.get_lines(report["options"], report["rows"][0]["id"])
        list(self.reports._get_document(report["options"])["rows"])
        return self.env.cr.sql_log_count - before

from datetime import date, timedelta
from random import Random

from freezegun import freeze_time

from odoo.tests import tagged

from ..tools import ageing
from .common import TODAY
from .report_common import EPOCH, ReportCommon

SEEDS = (1, 2)
CURRENCIES = ("company", "document")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportLedger(ReportCommon):
    """Rows F1, F4, F5, F6: the reports and the general ledger say the same.

    Rows add up to the totals, lines to their row, and all of it is what the journal
    items say, today and on past days.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for seed in SEEDS:
            cls._create_ledger(seed)
        dice = Random(7)
        cls.days = [EPOCH + timedelta(days=dice.randrange(400)) for _day in range(3)]
        cls.days.append(TODAY)
        # one that has been late for a day, one that will be tomorrow
        for days_late in (0, 1):
            cls._create_late(days_late, 12.0)

    def _assert_totals(self, report):
        """Rows add up to the total of their currency, column by column."""
        amounts = [col["name"] for col in report["columns"] if col["type"] == "amount"]
        totals = {row["currency_id"]: row for row in report["totals"][::-1]}
        for currency_id, total in totals.items():
            rows = [row for row in report["rows"] if row["currency_id"] == currency_id]
            for name in amounts:
                if total["values"].get(name) is None:
                    continue
                values = [row["values"].get(name) or 0.0 for row in rows]
                self.assertEqual(
                    self._round(sum(values), currency_id), total["values"][name], name
                )

    # ------------------------------------------------------------------
    # F1 and F5: postings
    # ------------------------------------------------------------------

    def _check_postings(self, variant, currency):
        first, last = sorted(self.days[:2])
        report = self._get_report(
            variant,
            currency=currency,
            period="custom",
            date_from=str(first),
            date_to=str(last),
        )
        self._assert_totals(report)
        document = currency == "document"
        inside = self._get_ledger(last, first)
        rows = report["rows"]
        # what was settled by an item of another row is settled in this one
        for name, day in (("opening", first - timedelta(days=1)), ("balance", last)):
            at = lambda line, day=day: self._get_open_at(line, day)  # noqa: E731
            self.assertEqual(
                self._without_zeros(self._get_figures(rows, name)),
                self._without_zeros(
                    self._get_sums(self._get_ledger(day), document, at)
                ),
            )
        debits = lambda line: (line.debit, max(line.amount_currency, 0))  # noqa: E731
        self.assertEqual(
            self._without_zeros(self._get_figures(rows, "debit")),
            self._without_zeros(self._get_sums(inside, document, debits)),
        )
        for row in rows:
            self._check_running_balance(report, row)

    def _check_running_balance(self, report, row):
        lines = self._get_all_lines(report, row)
        balance = row["values"]["opening"]
        self.assertEqual(lines[0]["type"], "opening")
        self.assertEqual(lines[0]["values"]["balance"], balance)
        for line in lines[1:]:
            if line["type"] == "line":
                values = line["values"]
                balance += (values["debit"] or 0.0) - (values["credit"] or 0.0)
                self.assertEqual(
                    values["balance"], self._round(balance, row["currency_id"])
                )
            elif line["type"] == "closing":
                self.assertEqual(line["values"]["balance"], row["values"]["balance"])
        self.assertEqual(
            self._round(balance, row["currency_id"]), row["values"]["balance"]
        )

    def test_f5_ledger_in_company_currency(self):
        self._check_postings("partner_ledger", "company")

    def test_f5_ledger_in_currencies(self):
        self._check_postings("partner_ledger", "document")

    def test_f1_statement_in_currencies(self):
        self._check_postings("customer_statement", "document")

    def test_f1_statement_in_company_currency(self):
        self._check_postings("customer_statement", "company")

    def test_f5_whole_ledger(self):
        """Until today: debit, credit and balance of the accounts themselves."""
        report = self._get_report("partner_ledger", period="all")
        lines = self._get_ledger(TODAY)
        (total,) = report["totals"]
        for name in ("debit", "credit", "balance"):
            self.assertEqual(
                total["values"][name],
                self.company.currency_id.round(sum(lines.mapped(name))),
            )
        self.assertEqual(total["values"]["opening"], 0.0)

    def test_f5_hide_settled_changes_no_balance(self):
        """What was settled among itself is left out, every balance stays."""
        for currency in CURRENCIES:
            for day in self.days:
                with self.subTest(currency=currency, day=day):
                    options = {
                        "currency": currency,
                        "period": "custom",
                        "date_to": str(day),
                    }
                    every = self._get_report("partner_ledger", **options)
                    rest = self._get_report(
                        "partner_ledger", hide_settled=True, **options
                    )
                    figures = self._get_figures(every["rows"], "balance")
                    self.assertEqual(
                        self._without_zeros(figures),
                        self._without_zeros(self._get_figures(rest["rows"], "balance")),
                    )
                    total = lambda one: sum(  # noqa: E731
                        row["values"]["debit"] for row in one["rows"]
                    )
                    if day == TODAY:
                        self.assertLess(total(rest), total(every))

    # ------------------------------------------------------------------
    # F6: what was open on a day
    # ------------------------------------------------------------------

    def test_f6_aged_is_what_was_open(self):
        """As of any day a line has what was open; all is the ledger's balance."""
        for day in self.days:
            for currency in CURRENCIES:
                with self.subTest(day=day, currency=currency):
                    self._check_aged(day, currency)

    def _check_aged(self, day, currency):
        report = self._get_report(
            "aged_receivable", currency=currency, period="custom", date_to=str(day)
        )
        self._assert_totals(report)
        document = currency == "document"
        lines = self._get_ledger(day)
        at = lambda line: self._get_open_at(line, day)  # noqa: E731
        self.assertEqual(
            self._without_zeros(self._get_figures(report["rows"], "total")),
            self._without_zeros(self._get_sums(lines, document, at)),
        )
        ledger = self.company.currency_id.round(sum(lines.mapped("balance")))
        if not document:
            (total,) = report["totals"] or [{"values": {"total": 0.0}}]
            self.assertEqual(total["values"]["total"], ledger)
        self._check_aged_lines(report, lines, day, document)

    def _check_aged_lines(self, report, lines, day, document):
        limits = (30, 60, 90, 120)
        shown = {}
        for row in report["rows"]:
            for line in self._get_all_lines(report, row):
                shown[line["line_id"]] = line["values"]
        open_at = {line.id: self._get_open_at(line, day) for line in lines}
        # what is nothing in its own currency is shown for the sake of the total
        expected = {
            id_: own if document else amount
            for id_, (amount, own) in open_at.items()
            if amount or (own and document)
        }
        self.assertEqual(
            {id_: values["total"] for id_, values in shown.items()}, expected
        )
        for line in lines.filtered(lambda line: line.id in shown):
            due = line.date_maturity or line.invoice_date or line.date
            bucket = ageing.get_bucket(limits, (day - due).days)
            filled = {
                name: value
                for name, value in shown[line.id].items()
                if name.startswith("bucket") and value is not None
            }
            self.assertEqual(filled, {f"bucket_{bucket}": shown[line.id]["total"]})

    def test_p14_one_customer_is_as_among_all(self):
        """Of few customers the matches of later days are looked up in another way."""
        for day in self.days:
            options = {"period": "custom", "date_to": str(day)}
            rows = self._get_report("aged_receivable", **options)["rows"]
            for row in rows[::3]:
                partner_ids = [row["partner_id"]]
                alone = self._get_report(
                    "aged_receivable", partner_ids=partner_ids, **options
                )
                self.assertEqual(
                    [one["values"] for one in alone["rows"]], [row["values"]]
                )

    def test_f6_comparison_is_the_report_of_that_day(self):
        report = self._get_report("aged_receivable", compare=3)
        self._assert_totals(report)
        ends = ["2024-04-30", "2024-03-31", "2024-02-29"]
        for number, day in enumerate(ends, start=1):
            earlier = self._get_report("aged_receivable", period="custom", date_to=day)
            self.assertEqual(
                self._without_zeros(
                    self._get_figures(report["rows"], f"compare_{number}")
                ),
                self._without_zeros(self._get_figures(earlier["rows"], "total")),
            )

    def test_f6_by_invoice_date(self):
        report = self._get_report("aged_receivable", age_by="invoice_date")
        for row in report["rows"]:
            for line in self._get_all_lines(report, row):
                days = (TODAY - self._date(line["values"]["date"])).days
                bucket = ageing.get_bucket((30, 60, 90, 120), days)
                self.assertIsNotNone(line["values"][f"bucket_{bucket}"])

    def test_f6_buckets_of_the_settings(self):
        self.company.followup_ageing_limits = "7, 45"
        report = self._get_report("aged_receivable")
        labels = [col["label"] for col in report["columns"] if col.get("bucket")]
        self.assertEqual(labels, ["Not due", "1–7 days", "8–45 days", "Over 45 days"])
        self._assert_totals(report)
        values = report["totals"][0]["values"]
        self.assertEqual(
            self.company.currency_id.round(
                sum(values[f"bucket_{number}"] for number in range(4))
            ),
            values["total"],
        )

    # ------------------------------------------------------------------
    # F4: due and overdue
    # ------------------------------------------------------------------

    def test_f4_total_is_all_that_is_open(self):
        for currency in CURRENCIES:
            with self.subTest(currency=currency):
                report = self._get_report("followup_report", currency=currency)
                self._assert_totals(report)
                at = lambda line: self._get_open_at(line, date.max)  # noqa: E731
                sums = self._get_sums(self._get_ledger(), currency == "document", at)
                self.assertEqual(
                    self._without_zeros(self._get_figures(report["rows"], "total")),
                    self._without_zeros(sums),
                )

    def test_f4_says_what_the_customer_says(self):
        """Total due is all but what is excluded; parts add up to the total."""
        owed = self._get_ledger().filtered(lambda line: line.amount_residual > 0)
        owed[0].no_followup = True  # core: with all parts of its invoice
        report = self._get_report("followup_report", currency="company")
        parts = ("overdue", "not_due", "credit", "resting", "excluded")
        for row in report["rows"]:
            values = row["values"]
            partner = self.env["res.partner"].browse(row["partner_id"])
            partner = partner.with_company(self.company)
            if not partner:
                continue
            self.assertAlmostEqual(
                partner.total_due, values["total"] - values["excluded"], 2
            )
            self.assertAlmostEqual(
                sum(values[name] for name in parts), values["total"], 2
            )
            late = self._get_ledger().filtered(
                lambda line, partner=partner: (
                    line.partner_id.commercial_partner_id == partner
                    and line.amount_residual > 0
                    and not line.no_followup
                    and (line.date_maturity or line.invoice_date or line.date) < TODAY
                )
            )
            self.assertAlmostEqual(
                values["overdue"], sum(late.mapped("amount_residual")), 2
            )
        excluded = report["totals"][0]["values"]["excluded"]
        partner = owed[0].partner_id.commercial_partner_id
        row = next(row for row in report["rows"] if row["partner_id"] == partner.id)
        lines = self._get_all_lines(report, row)
        section = {line["line_id"]: line.get("section") for line in lines}
        self.assertEqual(section[owed[0].id], "excluded")
        claimed = self.env["account.followup.item"].search(
            [("company_id", "=", self.company.id), ("rest_reason", "!=", "excluded")]
        )
        self.assertAlmostEqual(
            excluded,
            sum(self._get_ledger().mapped("balance"))
            - sum(claimed.mapped("residual_company")),
            2,
        )

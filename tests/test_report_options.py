import io

import openpyxl
from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..report.engine.document import Document
from ..report.engine.options import ID_LISTS, MAX_INTEGER
from .common import TODAY
from .report_common import ReportCommon
from .report_files_common import VARIANTS

FAR = "9999-12-31"
METHODS = ("get_report", "_render_xlsx", "_render_pdf", "_get_document")
#: Name of what is hidden, and of a hidden currency.
SECRETS = ("TOP SECRET", "ZZY")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportOptions(ReportCommon):
    """Rows F6, F7 and G2: what a client sends is checked before anything is read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(40, 500.0)
        cls.company_2 = cls.setup_other_company(name="Second House")["company"]
        cls.secret = cls._create_customer("TOP SECRET", company_id=cls.company_2.id)
        cls.missing = cls.env["res.partner"].create({"name": "Gone"})
        cls.missing.unlink()

    def _ask(self, options, method="get_report"):
        """Return the answer to the clerk; an error as its text."""
        reports = self.reports.with_user(self.clerk).with_company(self.company)
        try:
            return getattr(reports, method)(options)
        except UserError as error:
            return str(error)

    def test_s3_1_hidden_customers_are_as_missing_ones(self):
        """On the screen, in sheets and in print, alone and among others."""
        for method in METHODS:
            for variant in VARIANTS:
                answers = []
                for partner in (self.secret, self.missing):
                    answer = self._ask(
                        {"variant": variant, "partner_ids": partner.ids}, method
                    )
                    self.assertIsInstance(answer, str)
                    answers.append(answer.replace(str(partner.id), "id"))
                with self.subTest(method=method, variant=variant):
                    self.assertIn("Open it anew", answers[0])
                    self.assertEqual(*answers)

    def test_s3_1_no_name_in_the_filters(self):
        ids = (self.secret + self.customer).ids
        reports = self.reports.with_user(self.clerk).with_company(self.company)
        for variant in VARIANTS:
            document = reports._get_document({"variant": variant, "partner_ids": ids})
            self.assertEqual(document["options"]["partner_ids"], self.customer.ids)
            self.assertNotIn("SECRET", str(Document(reports, document).get_filters()))

    def test_s3_1_contact_of_a_hidden_customer(self):
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.secret.id}
        )
        contact.company_id = False
        self.env.flush_all()
        answer = self._ask({"partner_ids": contact.ids}, "_get_document")
        self.assertIn("Open it anew", answer)

    def test_s3_1_other_records(self):
        """A level of another company is no level; an archived own one is."""
        level = self.level_1.copy({"company_id": self.company_2.id, "delay": 99})
        for level_id in (level.id, 2**31 - 1):
            answer = self._ask({"level_ids": [level_id]})
            self.assertIn("Open it anew", answer)
        self.level_1.active = False
        self.assertIsInstance(self._ask({"level_ids": self.level_1.ids}), dict)

    def _hide(self, records):
        """Let a record rule hide records from all users."""
        self.env["ir.rule"].sudo().create(
            {
                "name": "Hidden",
                "model_id": self.env["ir.model"]._get_id(records._name),
                "domain_force": str([("id", "not in", records.ids)]),
            }
        )
        return records

    def _create_guest(self):
        """Return a portal user of another company."""
        return (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": SECRETS[0],
                    "login": "followup_guest",
                    "company_id": self.company_2.id,
                    "company_ids": self.company_2.ids,
                    "group_ids": self.env.ref("base.group_portal").ids,
                }
            )
        )

    def _create_secrets(self):
        """Return {option: records that are not for the clerk}."""
        name = {"name": SECRETS[0]}
        level = {**name, "delay": 99}
        foreign_level = self.level_1.copy({**level, "company_id": self.company_2.id})
        guest = self._create_guest()
        hidden = self._create_user("hidden", "account.group_account_invoice")
        hidden.write(name)
        currency = self.env["res.currency"].create({"name": SECRETS[1], "symbol": "Z"})
        users = self._hide(hidden) + guest
        return {
            "partner_ids": self.secret,
            "category_ids": self._hide(self.env["res.partner.category"].create(name)),
            "level_ids": self._hide(self.level_1.copy(level)) + foreign_level,
            "currency_ids": self._hide(currency),
            "salesperson_ids": users,
            "responsible_ids": users,
        }

    def _get_shown(self):
        """Return {option: (record that the clerk may read, its name in the head)}."""
        category = self.env["res.partner.category"].create({"name": "Good"})
        self.customer.write(
            {"category_id": category.ids, "user_id": self.responsible.id}
        )
        people = (self.responsible, "Responsible")
        return {
            "partner_ids": (self.customer, "Late Ltd"),
            "category_ids": (category, "Good"),
            "level_ids": (self.level_1, "Level 1"),
            "currency_ids": (self.company.currency_id, "USD"),
            "salesperson_ids": people,
            "responsible_ids": people,
        }

    def test_s3_1_hidden_records_are_as_missing_ones(self):
        """Whatever is chosen, of another company or hidden by a record rule."""
        secrets = self._create_secrets()
        self.assertEqual(set(secrets), set(ID_LISTS))
        for name, records in secrets.items():
            mine = records.with_user(self.clerk).with_company(self.company)
            self.assertFalse(mine._filtered_access("read"), name)
            for method in METHODS:
                for variant in VARIANTS:
                    with self.subTest(name=name, method=method, variant=variant):
                        self._check_as_missing(name, records, method, variant)

    def _check_as_missing(self, name, records, method, variant):
        answers = set()
        for id_ in (*records.ids, MAX_INTEGER):
            answer = self._ask({"variant": variant, name: [id_]}, method)
            self.assertIsInstance(answer, str)
            answers.add(answer.replace(f"[{id_}]", "[id]"))
        (answer,) = answers
        self.assertIn(f"{name} = [id]. Open it anew", answer)

    def test_s3_1_hidden_records_among_others(self):
        """They are ignored, and nothing is told of them on screen and in files."""
        secrets = self._create_secrets()
        for name, (shown, label) in self._get_shown().items():
            ids = secrets[name].ids + shown.ids
            for variant in VARIANTS:
                with self.subTest(name=name, variant=variant):
                    self._check_told({"variant": variant, name: ids}, name, shown)
            options = {"variant": "aged_receivable", name: ids}
            with self.subTest(name=name):
                self._check_files(options, label)

    def _check_told(self, options, name, shown):
        report = self._ask(options)
        self.assertEqual(report["options"][name], shown.ids)
        reports = self.reports.with_user(self.clerk).with_company(self.company)
        document = reports._get_document(options)
        filters = Document(reports, document).get_filters()
        for secret in SECRETS:
            self.assertNotIn(secret, f"{report} {filters}")

    def _check_files(self, options, label):
        _name, sheet = self._ask(options, "_render_xlsx")
        book = openpyxl.load_workbook(io.BytesIO(sheet))
        cells = str([*book.active.iter_rows(values_only=True)])
        _name, paper = self._ask(options, "_render_pdf")
        for text in (cells, paper.decode()):
            self.assertIn(label, text)
            for secret in SECRETS:
                self.assertNotIn(secret, text)

    def test_s3_1_rows_of_hidden_customers(self):
        """What is unfolded names customers, too."""
        partner = self.secret.with_company(self.company_2)
        self._create_late(40, 700.0, partner, company_id=self.company_2.id)
        reports = self.reports.with_user(self.clerk).with_company(self.company)
        currency = self.company.currency_id.id
        for variant in VARIANTS:
            answers = []
            for one in (self.secret, self.missing):
                row_id = f"{one.id}-{currency}"
                options = {"variant": variant, "unfold": False, "unfolded": [row_id]}
                lines = reports.get_lines(options, row_id)
                document = reports._get_document(options)
                rows = [(row["name"], lines) for row, lines in document["rows"]]
                answers.append((lines, rows, document["row_count"]))
            with self.subTest(variant=variant):
                nothing = {"rows": [], "count": 0, "remaining": 0}
                self.assertEqual(answers[0], (nothing, [("Late Ltd", [])], 1))
                self.assertEqual(*answers)

    def test_s4_odd_options_end_in_a_sentence(self):
        for options in (
            {"offset": 2**70},
            {"offset": True},
            {"limit": -1},
            {"compare": 2**70},
            {"compare": 13},
            {"search": "a\0b"},
            {"search": "\ud800"},
            {"search": ["a"]},
            {"sort": {"a": 1}},
            {"partner_ids": [2**70]},
            {"partner_ids": [-1]},
            {"partner_ids": [0]},
            {"category_ids": [2**70]},
            {"level_ids": [2**31]},
            {"currency_ids": [2**70]},
            {"currency_ids": {"a": 1}},
            {"period": "custom", "date_to": "0001-01-05", "compare": 12},
            {"period": "custom", "date_to": "1899-12-31"},
            {"period": "custom", "date_to": "10000-01-01"},
            {"period": "custom", "date_to": ["2024-01-01"]},
            {"period": ["custom"]},
            {"trust": {"a": 1}},
            {"trust": [["bad"]]},
            {"accounts": "all"},
            {"accounts": ["both"]},
            {"currency": ["company"]},
            {"variant": ["aged_receivable"]},
        ):
            for method in ("get_report", "_get_document"):
                with self.subTest(options=str(options), method=method):
                    answer = self._ask(
                        {"variant": "aged_receivable", **options}, method
                    )
                    self.assertIsInstance(answer, str)
                    self.assertIn("Open it anew", answer)

    def test_s4_odd_rows_end_in_a_sentence(self):
        options = {"variant": "aged_receivable"}
        for row_id, offset in (
            (f"{2**70}-1", 0),
            (f"1-{2**70}", 0),
            ("1-1", 2**70),
            ("1-1", True),
            ("1-1", "0"),
        ):
            with self.assertRaisesRegex(UserError, "Open it anew"):
                self.reports.get_lines(options, row_id, offset)

    def test_s4_a_long_value_is_not_repeated(self):
        answer = self._ask({"search": ["x" * 10000]})
        self.assertLess(len(answer), 400)

    def test_s4_any_day_that_can_be_meant(self):
        for variant in VARIANTS:
            for day in ("1900-01-01", FAR):
                options = {
                    "variant": variant,
                    "period": "today" if variant == "followup_report" else "custom",
                    "date_to": day,
                    "compare": 12,
                }
                for method in ("get_report", "_render_xlsx", "_render_pdf"):
                    with self.subTest(variant=variant, day=day, method=method):
                        self.assertTrue(self._ask(options, method))

    def test_s4_records_of_the_client_that_are_archived(self):
        self.customer.active = False
        report = self._get_report("aged_receivable", partner_ids=self.customer.ids)
        self.assertEqual(len(report["rows"]), 1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportAccounts(ReportCommon):
    """Row F5: the Partner Ledger of customers, vendors, and who is both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(10, 100.0)
        cls.bill = cls._create_late(
            10, 40.0, move_type="in_invoice", invoice_date=TODAY, date=TODAY
        )
        cls.vendor = cls._create_customer("Vendor Ltd")
        cls._create_late(10, 30.0, cls.vendor, move_type="in_invoice", date=TODAY)

    def _get_balances(self, **options):
        report = self._get_report("partner_ledger", **options)
        return {row["name"]: row["values"]["balance"] for row in report["rows"]}

    def test_f5_both_by_default(self):
        self.assertEqual(self._get_balances(), {"Late Ltd": 60.0, "Vendor Ltd": -30.0})
        report = self._get_report("partner_ledger")
        choices = [name for name, _label in report["choices"]["accounts"]]
        self.assertEqual(set(choices), {"both", "receivable", "payable"})

    def test_f5_one_kind_of_accounts(self):
        self.assertEqual(self._get_balances(accounts="receivable"), {"Late Ltd": 100.0})
        self.assertEqual(
            self._get_balances(accounts="payable"),
            {"Late Ltd": -40.0, "Vendor Ltd": -30.0},
        )

    def test_f5_each_choice_is_the_general_ledger(self):
        self._create_ledger(5, 20, 3)
        types = {
            "receivable": ["asset_receivable"],
            "payable": ["liability_payable"],
            "both": ["asset_receivable", "liability_payable"],
        }
        for accounts, account_types in types.items():
            lines = self.env["account.move.line"].search(
                [
                    ("account_id.account_type", "in", account_types),
                    ("company_id", "=", self.company.id),
                    ("parent_state", "=", "posted"),
                    ("date", "<=", TODAY),
                ]
            )
            report = self._get_report("partner_ledger", accounts=accounts, period="all")
            total = report["totals"][-1]["values"]
            for name in ("debit", "credit", "balance"):
                with self.subTest(accounts=accounts, name=name):
                    self.assertEqual(
                        total[name],
                        self.company.currency_id.round(sum(lines.mapped(name))),
                    )

    def test_f5_what_is_payable_is_no_matter_of_reminders(self):
        report = self._get_report("partner_ledger", accounts="payable")
        for row in report["rows"]:
            lines = self._get_all_lines(report, row)
            lines = [line for line in lines if line["type"] == "line"]
            self.assertTrue(lines)
            self.assertFalse([line for line in lines if line["is_open"]])

    def test_f5_others_are_about_what_is_receivable(self):
        for variant in set(VARIANTS) - {"partner_ledger"}:
            report = self._get_report(variant)
            self.assertEqual([row["name"] for row in report["rows"]], ["Late Ltd"])
            self.assertEqual(len(report["choices"]["accounts"]), 1)

    def test_f5_files_say_the_accounts(self):
        reports = self.reports.with_company(self.company)
        document = reports._get_document(
            {"variant": "partner_ledger", "accounts": "payable"}
        )
        self.assertIn(
            ("Accounts", "Payable"), Document(reports, document).get_filters()
        )
        self.assertTrue(reports._render_xlsx(document["options"]))
        self.assertEqual(document["who"], "Partner")

    def test_f5_non_trade_is_no_debt_of_a_customer(self):
        account = self.company_data["default_account_receivable"].copy(
            {"name": "Deposits", "code": "121999", "non_trade": True}
        )
        self.env["account.move"].create(
            {
                "date": TODAY,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": self.customer.id,
                            "debit": 5.0,
                        }
                    ),
                    Command.create(
                        {
                            "account_id": self.company_data[
                                "default_account_revenue"
                            ].id,
                            "credit": 5.0,
                        }
                    ),
                ],
            }
        ).action_post()
        self.assertEqual(self._get_balances(accounts="receivable")["Late Ltd"], 105.0)
        for variant in set(VARIANTS) - {"partner_ledger"}:
            report = self._get_report(
                variant, period="all" if variant == "customer_statement" else None
            )
            column = "balance" if variant == "customer_statement" else "total"
            self.assertEqual(report["rows"][0]["values"][column], 100.0)

import io
import json
import zipfile
from datetime import date
from unittest.mock import patch

import openpyxl
from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..report.engine import document as documents
from ..tools import xlsx_sheet
from .common import TODAY
from .report_files_common import VARIANTS, ReportFilesCommon

#: Texts that a spreadsheet would take for something else.
BAIT = ("=cmd|' /C calc'!A0", "http://example.com", "@SUM(1)", "+1", "-2+3", "{=1+1}")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportXlsx(ReportFilesCommon):
    """Row F7: the sheet of each report."""

    def _render(self, variant, **options):
        """Return (content, sheet) of a report."""
        options = {"variant": variant, **options}
        name, content = self.report._render_xlsx(options)
        self.assertTrue(name.endswith(".xlsx"))
        return content, openpyxl.load_workbook(io.BytesIO(content)).active

    def _get_table(self, sheet):
        """Return (number of the head's row, labels, [{label: cell}])."""
        rows = list(sheet.iter_rows())
        heads = ("Customer", "Partner")
        number = next(n for n, row in enumerate(rows) if row[0].value in heads)
        labels = ["Customer", *(cell.value for cell in rows[number][1:])]
        table = [dict(zip(labels, row, strict=True)) for row in rows[number + 1 :]]
        return number + 1, labels, table

    def _get_value(self, cell, column):
        if column["type"] == "date" and cell.value:
            return cell.value.date().isoformat()
        return cell.value

    def _check_row(self, row, cells, columns):
        for column in columns:
            expected = row["values"].get(column["name"])
            found = self._get_value(cells[column["label"]], column)
            self.assertEqual(found, None if expected == "" else expected)
            if column["type"] in ("amount", "integer") and expected is not None:
                self.assertEqual(cells[column["label"]].data_type, "n")

    def _check_sheet(self, variant, **options):
        document = self._get_document(variant, **options)
        columns = [col for col in document["columns"] if not col.get("hidden")]
        _content, sheet = self._render(variant, **options)
        _head, _labels, table = self._get_table(sheet)
        rows = self._get_rows(document)
        self.assertEqual(len(table), len(rows) + len(document["totals"]))
        for row, cells in zip(rows, table, strict=False):
            self._check_row(row, cells, columns)
            if row["type"] != "customer":
                self.assertEqual(cells["Number"].value, row["name"])
        for row, cells in zip(document["totals"], table[len(rows) :], strict=True):
            self._check_row(row, cells, columns)
            self.assertEqual(cells["Customer"].value, row["name"])
        return rows, table

    def test_f7_sheet_is_the_report(self):
        """Each row and total of each report, as numbers and dates."""
        for variant in VARIANTS:
            for currency in ("document", "company"):
                with self.subTest(variant=variant, currency=currency):
                    rows, _table = self._check_sheet(variant, currency=currency)
                    currencies = {row["currency_id"] for row in rows}
                    self.assertEqual(len(currencies), 2 - (currency == "company"))

    def test_f7_lines_repeat_their_customer(self):
        """So that filters and pivot tables find them; the currency is said, too."""
        rows, table = self._check_sheet("customer_statement")
        names = {partner.id: partner.name for partner in self.customer + self.other}
        for row, cells in zip(rows, table, strict=False):
            self.assertEqual(cells["Customer"].value, names[row["partner_id"]])
            currency = self.env["res.currency"].browse(row["currency_id"])
            self.assertEqual(cells["Currency"].value, currency.name)

    def test_f7_no_column_for_another_currency_without_one(self):
        for variant in VARIANTS:
            _content, sheet = self._render(variant, partner_ids=self.other.ids)
            _head, labels, _table = self._get_table(sheet)
            foreign = [one for one in labels if "urrency" in one or " in USD" in one]
            self.assertFalse(foreign)

    def test_f7_currency_of_the_document(self):
        """Amounts in another currency stand beside its code."""
        _content, sheet = self._render("partner_ledger")
        _head, _labels, table = self._get_table(sheet)
        cells = next(
            cells for cells in table if cells["Number"].value == self.invoices[3].name
        )
        self.assertEqual(cells["Amount in Currency"].value, 80)
        self.assertEqual(cells["Debit"].value, 160)
        self.assertEqual(cells["Currency of the Document"].value, "EUR")

    def test_f7_ageing_of_the_statement(self):
        """It has columns of its own, on the row of the customer."""
        document = self._get_document("customer_statement")
        _content, sheet = self._render("customer_statement")
        _head, labels, table = self._get_table(sheet)
        ages = [label for label in labels if label.startswith("Open: ")]
        found = [
            [cells[label].value for label in ages]
            for cells in table
            if cells[ages[0]].value is not None
        ]
        expected = [
            [bucket["value"] for bucket in row["ageing"]]
            for _customer, rows in document["rows"]
            for row in rows
            if row["type"] == "ageing"
        ]
        self.assertEqual(found, expected)
        self.assertEqual(sum(map(sum, found)), 12345.5 + 150 + 300 + 80 + 640 - 30)

    def test_f7_text_is_never_a_formula_or_a_link(self):
        for text in BAIT:
            partner = self._create_customer(text)
            self._create_late(20, partner=partner, ref=text)
        for variant in VARIANTS:
            with self.subTest(variant=variant):
                content, sheet = self._render(variant, search="")
                texts = [
                    cell.value
                    for row in sheet.iter_rows()
                    for cell in row
                    if cell.value in BAIT
                ]
                self.assertGreaterEqual(len(texts), 2 * len(BAIT))
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    names = archive.namelist()
                    xml = archive.read("xl/worksheets/sheet1.xml").decode()
                self.assertNotIn("<f>", xml)
                self.assertNotIn("hyperlink", xml)
                self.assertFalse([name for name in names if "externalLink" in name])

    def test_f7_text_of_filters_is_text(self):
        self.customer.name = BAIT[0]
        _content, sheet = self._render(
            "partner_ledger", partner_ids=self.customer.ids, search="cmd"
        )
        filters = {row[0].value: row[1] for row in sheet.iter_rows(max_row=8)}
        self.assertEqual(filters["Customers"].value, BAIT[0])
        self.assertNotEqual(filters["Customers"].data_type, "f")
        self.assertEqual(filters["Search"].value, "cmd")

    def test_f7_decimals_of_the_currency(self):
        yen = self.setup_other_currency("JPY", rates=[("2024-01-01", 150)])
        self._create_late(20, 7000, currency_id=yen.id)
        _content, sheet = self._render("customer_statement")
        _head, _labels, table = self._get_table(sheet)
        formats = {
            cells["Currency"].value: cells["Balance"].number_format
            for cells in table
            if cells["Balance"].value is not None
        }
        two = "#,##0.00"
        self.assertEqual(formats, {"USD": two, "EUR": two, "JPY": "#,##0"})
        in_company = {cells["Balance in USD"].number_format for cells in table}
        self.assertIn("#,##0.00", in_company)
        self.assertNotIn("#,##0", in_company)

    def test_f7_dates_of_the_language(self):
        for lang, expected, is_rtl in (
            ("en_US", "mm/dd/yyyy", False),
            ("de_DE", "dd.mm.yyyy", False),
            ("ar_001", "dd/mm/yyyy", True),
        ):
            with self.subTest(lang=lang):
                self.env["res.lang"]._activate_lang(lang)
                report = self.report.with_context(lang=lang)
                _name, content = report._render_xlsx({"variant": "aged_receivable"})
                sheet = openpyxl.load_workbook(io.BytesIO(content)).active
                dates = {
                    cell.number_format
                    for row in sheet.iter_rows()
                    for cell in row
                    if cell.is_date
                }
                self.assertEqual(dates, {expected})
                self.assertEqual(bool(sheet.sheet_view.rightToLeft), is_rtl)

    def test_f7_overdue_in_red(self):
        _content, sheet = self._render("customer_statement")
        _head, _labels, table = self._get_table(sheet)
        colors = {
            cells["Number"].value: cells["Due Date"].font.color for cells in table
        }
        self.assertEqual(colors[self.invoices[0].name].rgb, "FFC0392B")
        not_due = colors[self.invoices[2].name]
        self.assertTrue(not_due is None or not_due.rgb != "FFC0392B")

    def test_f7_what_is_excluded_is_not_late(self):
        """Days are marked as on the screen: nobody is to be reminded of these."""
        excluded, late = self.invoices[0], self.invoices[4]
        excluded.no_followup = True
        for variant, columns in (
            ("aged_receivable", ["Due Date"]),
            ("followup_report", ["Due Date", "Days Late"]),
        ):
            _content, sheet = self._render(variant)
            _head, _labels, table = self._get_table(sheet)
            rows = {cells["Number"].value: cells for cells in table}
            for invoice, is_marked in ((excluded, False), (late, True)):
                for name in columns:
                    color = rows[invoice.name][name].font.color
                    with self.subTest(variant=variant, name=name, marked=is_marked):
                        self.assertEqual(
                            bool(color) and color.rgb == "FFC0392B", is_marked
                        )

    def test_x8_parts_in_dispute(self):
        """A part, a part of what is paid in part, one that is credited, and a whole."""
        first, second, _third, foreign, other = self.invoices
        self._dispute(first, 345.5)
        self._dispute(second, 100)
        self._pay(second, 80)  # 50 of it were paid before: 70 are open
        self._dispute(foreign)
        self._dispute(other, 40)
        note = self._create_late(0, 15, partner=self.other, move_type="out_refund")
        (note + other)._get_followup_lines().reconcile()
        lines = {first: 345.5, second: 70, foreign: 80, other: 25}
        for variant in ("followup_report", "aged_receivable"):
            for currency, rate in (("document", 1), ("company", 2)):
                with self.subTest(variant=variant, currency=currency):
                    _rows, table = self._check_sheet(variant, currency=currency)
                    by_kind = {"Customer": [], "Item": [], "Total": []}
                    for cells in table:
                        if amount := cells["In Dispute"].value:
                            by_kind[cells["Kind of Row"].value].append(amount)
                    found = {
                        cells["Number"].value: cells["In Dispute"].value
                        for cells in table
                        if cells["Kind of Row"].value == "Item"
                        and cells["In Dispute"].value
                    }
                    expected = {**lines, foreign: 80 * rate}
                    self.assertEqual(
                        found, {move.name: amount for move, amount in expected.items()}
                    )
                    late = [345.5 + 70, 80] if rate == 1 else [345.5 + 70 + 160]
                    self.assertCountEqual(by_kind["Customer"], [*late, 25])
                    total = [345.5 + 70 + 25, 80] if rate == 1 else [345.5 + 70 + 185]
                    self.assertCountEqual(by_kind["Total"], total)

    def test_x8_no_column_without_a_dispute(self):
        self._dispute(self.invoices[0], 345.5).action_settle()
        for variant in ("followup_report", "aged_receivable"):
            _content, sheet = self._render(variant)
            self.assertNotIn("In Dispute", self._get_table(sheet)[1])

    def test_f7_head_filters_outline_and_print(self):
        self.company.name = "First & Last"
        _content, sheet = self._render("partner_ledger")
        head, labels, table = self._get_table(sheet)
        self.assertEqual(sheet["A1"].value, "Partner Ledger")
        self.assertEqual(sheet["A2"].value, "First & Last")
        self.assertEqual(sheet["A3"].value, "01/01/2024 to 12/31/2024")
        self.assertEqual(sheet.freeze_panes, f"C{head + 1}")
        last = openpyxl.utils.get_column_letter(len(labels))
        end = head + len(table) - 1  # the totals are not filtered away
        self.assertEqual(sheet.auto_filter.ref, f"A{head}:{last}{end}")
        levels = [
            sheet.row_dimensions[head + number].outlineLevel
            for number in range(1, len(table) + 1)
        ]
        is_line = [bool(cells["Number"].value) for cells in table]
        self.assertEqual(levels, [int(one) for one in is_line])
        self.assertFalse(sheet.sheet_properties.outlinePr.summaryBelow)
        self.assertEqual(sheet.page_setup.orientation, "landscape")
        self.assertEqual(sheet.page_setup.fitToHeight, 0)
        self.assertTrue(sheet.sheet_properties.pageSetUpPr.fitToPage)
        self.assertEqual(sheet.print_title_rows, f"${head}:${head}")
        self.assertEqual(sheet.oddFooter.right.text, "Page &P of &N")
        self.assertIn("First && Last", sheet.oddHeader.left.text)
        self.assertGreater(sheet.column_dimensions["A"].width, 20)

    def test_f7_a_pivot_counts_nothing_twice(self):
        """Each row says what it is; those of one kind are all there is, once."""
        for variant in ("partner_ledger", "aged_receivable"):
            _content, sheet = self._render(variant)
            self.assertEqual(sheet.title, self.report._get_variants()[variant])
            _head, _labels, table = self._get_table(sheet)
            column = "Debit" if variant == "partner_ledger" else "Total"
            sums = {}
            for cells in table:
                kind = cells["Kind of Row"].value
                sums[kind] = sums.get(kind, 0) + (cells[column].value or 0)
            who = "Partner" if variant == "partner_ledger" else "Customer"
            self.assertAlmostEqual(sums["Item"], sums[who])
            self.assertAlmostEqual(sums["Item"], sums["Total"])

    def test_f7_names_of_tabs(self):
        for text, name in (
            ("Rapport: client/ligne [1]", "Rapport client ligne 1"),
            ("'A' report", "A' report"),
            ("x" * 40, "x" * 31),
            ("[]", None),
        ):
            self.assertEqual(xlsx_sheet.get_tab_name(text), name)

    def test_f7_customers_only(self):
        document = self._get_document("aged_receivable", unfold=False)
        _content, sheet = self._render("aged_receivable", unfold=False)
        _head, labels, table = self._get_table(sheet)
        self.assertIn("Total", labels)
        self.assertNotIn("Due Date", labels, "only lines have one")
        self.assertFalse([rows for _customer, rows in document["rows"] if rows])
        self.assertEqual(
            [cells["Customer"].value for cells in table],
            ["Late Ltd", "Other & Sons", "Total USD"],
        )

    def test_f7_drafts_are_marked(self):
        draft = self.invoices[0].copy({"invoice_date": TODAY})
        _content, sheet = self._render("partner_ledger", draft=True)
        _head, _labels, table = self._get_table(sheet)
        marked = [
            cells["Debit"].value
            for cells in table
            if "(draft)" in str(cells["Number"].value)
        ]
        self.assertEqual(marked, [draft.amount_total])

    def test_f7_nothing_is_a_sheet_with_a_head(self):
        _content, sheet = self._render("partner_ledger", search="nobody at all")
        _head, labels, table = self._get_table(sheet)
        self.assertIn("Debit", labels)
        self.assertFalse(table)

    def test_f7_more_rows_than_a_sheet_has(self):
        with (
            patch.object(xlsx_sheet, "MAX_ROWS", 12),
            self.assertRaises(UserError) as no,
        ):
            self._render("partner_ledger")
        self.assertIn("shorter period", str(no.exception))

    def test_f7_lines_are_read_in_parts(self):
        """The rows are made while they are written: never all at once."""
        self.report._render_xlsx({"variant": "partner_ledger"})
        with patch.object(documents, "split_customers", lambda c: [c[:1]]):
            _content, sheet = self._render("partner_ledger")
        _head, _labels, table = self._get_table(sheet)
        names = {
            cells["Customer"].value
            for cells in table
            if cells["Kind of Row"].value == "Item"
        }
        self.assertEqual(names, {"Late Ltd"})

    def test_f7_who_may_not_read_the_accounts(self):
        employee = self._create_user("employee", "base.group_user")
        for render in ("_render_xlsx", "_render_pdf"):
            with self.assertRaises(AccessError):
                getattr(self.report.with_user(employee), render)({})

    def test_f7_values_are_days_and_not_times(self):
        _content, sheet = self._render("aged_receivable")
        _head, _labels, table = self._get_table(sheet)
        cells = next(c for c in table if c["Number"].value == self.invoices[0].name)
        self.assertEqual(cells["Due Date"].value.date(), date(2024, 4, 25))
        self.assertEqual(json.dumps(cells["Total"].value), "12345.5")

import io

import openpyxl
from freezegun import freeze_time
from lxml import html

from odoo.tests import tagged
from odoo.tools import SQL

from ..report.engine.columns import make_column, sql_sum
from .common import TODAY
from .report_files_common import VARIANTS, ReportFilesCommon

ORIGIN = "SO-4711"


def add_columns(columns):
    """What another module adds to every report, in one override."""
    amount = SQL("item.open_company")
    return [
        *columns,
        make_column("text", "origin", "Order", SQL("move.invoice_origin")),
        make_column(
            "amount", "open_now", "Open Now", amount, sql_sum(amount, SQL("TRUE"))
        ),
    ]


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportColumns(ReportFilesCommon):
    """The hook ``_get_extra_columns``: one more column in all four reports."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoices.invoice_origin = ORIGIN

    def setUp(self):
        super().setUp()
        builder = self.env.registry["account.followup.report"]
        original = builder._get_extra_columns
        self.patch(
            builder,
            "_get_extra_columns",
            lambda report, options: add_columns(original(report, options)),
        )

    def test_f7_column_on_the_screen(self):
        for variant in VARIANTS:
            with self.subTest(variant=variant):
                options = {"variant": variant, "partner_ids": self.other.ids}
                report = self.report.get_report(options)
                labels = {col["name"]: col["label"] for col in report["columns"]}
                self.assertEqual(labels["origin"], "Order")
                (row,) = report["rows"]
                self.assertEqual(row["values"]["open_now"], 640)
                self.assertEqual(report["totals"][0]["values"]["open_now"], 640)
                lines = self.report.get_lines(options, row["id"])["rows"]
                (line,) = [one for one in lines if one["type"] == "line"]
                self.assertEqual(line["values"]["origin"], ORIGIN)
                self.assertEqual(line["values"]["open_now"], 640)

    def test_f7_column_on_paper(self):
        for variant in VARIANTS:
            with self.subTest(variant=variant):
                options = {"variant": variant, "partner_ids": self.other.ids}
                _name, content = self.report._render_pdf(options)
                root = html.document_fromstring(content.decode())
                cells = [cell.text_content() for cell in root.iter("td", "th")]
                for text in ("Order", "Open Now", ORIGIN):
                    self.assertIn(text, cells)

    def test_f7_column_in_the_sheet(self):
        for variant in VARIANTS:
            with self.subTest(variant=variant):
                options = {"variant": variant, "partner_ids": self.other.ids}
                _name, content = self.report._render_xlsx(options)
                sheet = openpyxl.load_workbook(io.BytesIO(content)).active
                values = [cell.value for row in sheet.iter_rows() for cell in row]
                for value in ("Order", "Open Now", ORIGIN):
                    self.assertIn(value, values)

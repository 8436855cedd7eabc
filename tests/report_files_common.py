import io
import unicodedata

from odoo import Command
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from .common import TODAY, FollowupCommon

VARIANTS = (
    "customer_statement",
    "followup_report",
    "partner_ledger",
    "aged_receivable",
)
#: Variants that are printed as lists.
LISTS = VARIANTS[1:]


class ReportFilesCommon(FollowupCommon):
    """Two customers, one of them in two currencies, with all kinds of entries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency("EUR", rates=[("2024-01-01", 0.5)])
        cls.other = cls._create_customer("Other & Sons")
        cls.invoices = cls._create_late(20, 12345.5)
        cls.invoices += cls._create_late(45, 200)
        cls.invoices += cls._create_late(-5, 300, ref="Order 7")
        cls.invoices += cls._create_late(10, 80, currency_id=cls.euro.id)
        cls.invoices += cls._create_late(70, 640, partner=cls.other)
        cls._create_late(3, 30, move_type="out_refund")
        cls._pay(cls.invoices[1], 50)
        cls.report = cls.env["account.followup.report"]

    def _get_document(self, variant, **options):
        """Return head and rows of a report; the rows are a list."""
        document = self.report._get_document({"variant": variant, **options})
        return {**document, "rows": list(document["rows"])}

    def _get_rows(self, document):
        """Return all rows that are written, in their order."""
        rows = []
        for customer, under in document["rows"]:
            rows += [customer, *(row for row in under if row["type"] != "ageing")]
        return rows

    def _create_entry(self, lines, partner=None):
        """Post an entry with so many receivable lines, labelled K0001, K0002, …"""
        receivable = self.company_data["default_account_receivable"]
        revenue = self.company_data["default_account_revenue"]
        commands = [
            Command.create(
                {
                    "name": f"K{number:04}",
                    "account_id": receivable.id,
                    "partner_id": (partner or self.customer).id,
                    "date_maturity": TODAY,
                    "debit": number,
                }
            )
            for number in range(1, lines + 1)
        ]
        total = Command.create(
            {"account_id": revenue.id, "credit": lines * (lines + 1) / 2}
        )
        entry = self.env["account.move"].create(
            {"date": TODAY, "line_ids": [*commands, total]}
        )
        entry.action_post()
        return entry


class ReportPdfCommon(ReportFilesCommon):
    """Real PDFs, with the styles of the server: together with ``HttpCase``."""

    def setUp(self):
        super().setUp()
        if self.env["ir.actions.report"].get_wkhtmltopdf_state() != "ok":
            self.skipTest("wkhtmltopdf is missing")
        self.report = self.report.with_context(force_report_rendering=True)
        # without rtlcss the letterhead stays as it is
        muted = mute_logger("odoo.addons.base.models.assetsbundle")
        muted.__enter__()
        self.addCleanup(muted.__exit__)

    def _render(self, **options):
        """Return the pages of a report."""
        name, content = self.report._render_pdf(options)
        self.assertTrue(name.endswith(".pdf"))
        return self._get_pages(content)

    def _get_pages(self, content):
        self.assertTrue(content.startswith(b"%PDF"))
        return PdfFileReader(io.BytesIO(content)).pages

    def _get_text(self, pages):
        """Return the text of pages without spaces, glyphs as the letters they show."""
        text = "".join(page.extract_text() for page in pages)
        return "".join(unicodedata.normalize("NFKC", text).split())

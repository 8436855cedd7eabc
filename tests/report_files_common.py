import io
import unicodedata

from odoo import Command
from odoo.tools import SQL, mute_logger
from odoo.tools.pdf import PdfFileReader

from .common import TODAY, FollowupCommon

VARIANTS = (
    "customer_statement",
    "followup_report",
    "partner_ledger",
    "aged_receivable",
)
#: Of the lines of a long entry.
LABEL = SQL("'K' || TO_CHAR(number, 'FM0000')")
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

    def _dispute(self, invoice, amount=None):
        """Let an invoice be disputed, or a part of it while the rest is claimed."""
        return self.env["account.followup.dispute"]._dispute(
            invoice._get_followup_lines(),
            self.env.ref("account_payment_followup.dispute_reason_amount"),
            {self.company: TODAY},
            amount,
            is_rest_claimed=True,
        )

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
        """Post an entry with so many receivable lines, labelled K0001, K0002, …

        Odoo takes half a minute for thousands: one is posted, and divided by SQL.
        """
        receivable = self.company_data["default_account_receivable"]
        revenue = self.company_data["default_account_revenue"]
        total = lines * (lines + 1) / 2
        first = {
            "account_id": receivable.id,
            "partner_id": (partner or self.customer).id,
            "date_maturity": TODAY,
            "debit": total,
        }
        last = {"account_id": revenue.id, "credit": total}
        commands = [Command.create(first), Command.create(last)]
        entry = self.env["account.move"].create({"date": TODAY, "line_ids": commands})
        entry.action_post()
        self._divide(entry.line_ids.filtered("debit"), lines)
        return entry

    def _divide(self, line, count):
        """Make 1, 2, 3 … of an amount in company currency, a line each."""
        self.env.flush_all()
        amounts = ("debit", "balance", "amount_currency")
        amounts += ("amount_residual", "amount_residual_currency")
        changed = {*amounts, "id", "name"}
        others = [
            name
            for name, field in line._fields.items()
            if field.store and field.column_type and name not in changed
        ]
        names = SQL(", ").join(map(SQL.identifier, (*amounts, "name", *others)))
        kept = SQL(", ").join(map(SQL.identifier, others))
        values = SQL("number, number, number, number, number, %s", LABEL)
        self.env.cr.execute(
            SQL(
                "INSERT INTO account_move_line (%s) SELECT %s, %s"
                " FROM account_move_line, GENERATE_SERIES(1, %s) number WHERE id = %s",
                *(names, values, kept, count, line.id),
            )
        )
        self.env.cr.execute(SQL("DELETE FROM account_move_line WHERE id = %s", line.id))
        self.env.invalidate_all()


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

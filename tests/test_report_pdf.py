import io
import unicodedata

from freezegun import freeze_time

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from .common import TODAY, FollowupCommon


class ReportPdfCommon(FollowupCommon, HttpCase):
    """Real PDFs, with the styles of the server."""

    def setUp(self):
        super().setUp()
        if self.env["ir.actions.report"].get_wkhtmltopdf_state() != "ok":
            self.skipTest("wkhtmltopdf is missing")
        self.report = self.env["account.followup.report"].with_context(
            force_report_rendering=True
        )

    def _get_pages(self, content):
        self.assertTrue(content.startswith(b"%PDF"))
        return PdfFileReader(io.BytesIO(content)).pages

    def _get_text(self, content):
        """Return the text of all pages, words parted by one space."""
        pages = self._get_pages(content)
        text = " ".join(page.extract_text() for page in pages)
        return " ".join(unicodedata.normalize("NFKC", text).split())


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportStatements(ReportPdfCommon):
    """Rows F1, F2 and F7: the letter with the postings of a customer."""

    @mute_logger("odoo.addons.base.models.assetsbundle")
    def test_f7_statements_of_several_customers(self):
        """One call makes them, each has its own pages."""
        partners = self.env["res.partner"]
        for number in range(3):
            partner = self._create_customer(f"Customer {number}")
            self._create_late(20, 100 + number, partner=partner)
            partners += partner
        found = self.report._render_statements(partners, {"period": "all"})
        self.assertEqual(list(found), list(partners))
        for number, (name, content) in enumerate(found.values()):
            self.assertEqual(
                name, f"Customer Statement - Customer {number} 2024-05-15.pdf"
            )
            text = self._get_text(content)
            self.assertEqual(text.count(f"Customer {number}"), 1)
            self.assertIn(f"{100 + number}.00", text)
            self.assertIn("Page 1 / 1", text)

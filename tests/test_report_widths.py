import re
import shutil
import subprocess
import tempfile

from freezegun import freeze_time
from lxml import html

from odoo.tests import BaseCase, HttpCase, tagged

from ..report.engine import list as lists
from ..tools import table_widths
from .common import TODAY
from .report_files_common import ReportFilesCommon, ReportPdfCommon

WORD = re.compile(
    r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">'
    r"(.*?)</word>"
)
PAGE = re.compile(r'<page width="([\d.]+)" height="([\d.]+)">(.*?)</page>', re.S)


@tagged("post_install", "-at_install")
class TestTableWidths(BaseCase):
    """Row F7: a column is as wide as its longest text, or the letters get smaller."""

    def _make_columns(self, *texts):
        columns = [table_widths.Column("Label") for _text in texts]
        for column, text in zip(columns, texts, strict=True):
            column.add(text)
        return columns

    def test_f7_widths_are_those_of_the_longest_text(self):
        columns = self._make_columns("1.00", "987,654,321,098.76")
        size, widths = table_widths.fit(columns, 640)
        self.assertEqual(size, 12)
        self.assertAlmostEqual(sum(widths), 100, 1)
        self.assertGreater(widths[1], 2 * widths[0])

    def test_f7_letters_get_smaller_until_all_fits(self):
        texts = ["987,654,321,098.76"] * 8
        size, widths = table_widths.fit(self._make_columns(*texts), 640)
        self.assertLess(size, 12)
        least = table_widths.measure(texts[0]) * size
        self.assertLessEqual(least, widths[0] / 100 * 640)

    def test_f7_too_much_for_any_letters(self):
        texts = ["987,654,321,098.76"] * 40
        size, widths = table_widths.fit(self._make_columns(*texts), 640)
        self.assertIsNone(size)
        self.assertEqual(len(widths), 40)

    def test_f7_texts_get_what_is_left(self):
        text = table_widths.Column("Reference", is_text=True)
        text.add("a long text that may be cut between its words")
        number = table_widths.Column("Sum")
        number.add("12.00")
        _size, widths = table_widths.fit([text, number], 640)
        self.assertGreater(widths[0], 80)

    def test_f7_nothing_is_a_table_as_well(self):
        self.assertEqual(table_widths.fit([], 640), (12, []))
        size, widths = table_widths.fit([table_widths.Column("")], 640)
        self.assertEqual((size, widths), (12, [100.0]))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportWidths(ReportPdfCommon, HttpCase):
    """Row F7: on paper no text is over another one, nor beyond the edge."""

    def setUp(self):
        super().setUp()
        if not shutil.which("pdftotext"):
            self.skipTest("pdftotext is missing")

    def _get_words(self, content):
        """Return [(width of the page, [(left, top, right, bottom, word)])]."""
        with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
            file.write(content)
            file.flush()
            found = subprocess.run(
                ["pdftotext", "-bbox", file.name, "-"],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        return [
            (
                float(width),
                [(*map(float, word[:4]), word[4]) for word in WORD.findall(text)],
            )
            for width, _height, text in PAGE.findall(found)
        ]

    def _check_words(self, content, expected=()):
        """No word over another one, none beyond the edge; some are there whole."""
        pages = self._get_words(content)
        self.assertTrue(pages)
        for width, words in pages:
            for number, (left, top, right, bottom, word) in enumerate(words):
                self.assertGreaterEqual(left, 5, word)
                self.assertLessEqual(right, width - 5, word)
                for other in words[number + 1 :]:
                    height = min(bottom, other[3]) - max(top, other[1])
                    across = min(right, other[2]) - max(left, other[0])
                    self.assertFalse(
                        height > 2.5 and across > 0.8, f"{word} is over {other[4]}"
                    )
        together = {word for _width, words in pages for *_box, word in words}
        for text in expected:
            self.assertIn(text, together)

    def _settle_all(self):
        """Of a customer and another one, amounts that add up to nothing."""
        self._create_late(20, 987654321098.76, partner=self.other)
        self._create_late(
            10, 987654321098.76, partner=self.customer, move_type="out_refund"
        )

    def test_f7_letter_of_who_has_paid_all(self):
        """The running balance is longer than what is left in the end."""
        invoice = self._create_late(20, 987654321098.76, partner=self.other)
        self._pay(invoice)
        content = self.report._render_statements(self.other, {"period": "all"})
        [(_name, content)] = content.values()
        self._check_words(content, ["987,654,321,738.76", "640.00"])

    def test_f7_lists_whose_totals_are_small(self):
        self._settle_all()
        for variant in ("followup_report", "partner_ledger", "aged_receivable"):
            for currency in ("document", "company"):
                with self.subTest(variant=variant, currency=currency):
                    _name, content = self.report._render_pdf(
                        {"variant": variant, "currency": currency}
                    )
                    self._check_words(content, ["987,654,321,098.76"])

    def test_f7_twelve_comparisons(self):
        for compare in (3, 6, 12):
            with self.subTest(compare=compare):
                _name, content = self.report._render_pdf(
                    {"variant": "aged_receivable", "compare": compare}
                )
                self._check_words(content, ["04/30/2024"])

    def test_f7_what_does_not_fit_is_left_out_and_said(self):
        self._create_late(400, 987654321098.76, partner=self.other)
        self.patch(lists, "LIST_SIZES", (10, 9))
        _name, content = self.report._render_pdf(
            {"variant": "aged_receivable", "compare": 12}
        )
        self._check_words(content, ["987,654,321,738.76", "04/30/2024", "Printed:"])

    def test_f7_long_references_are_cut(self):
        """One that is higher than a page would be printed over the next head."""
        self._create_late(5, 10, partner=self.other, ref="Reference " * 150)
        for options in (
            {"variant": "partner_ledger"},
            {"variant": "customer_statement", "partner_ids": self.other.ids},
        ):
            _name, content = self.report._render_pdf(options)
            self._check_words(content)
            words = [word for _width, page in self._get_words(content) for word in page]
            count = sum("Reference" in word[4] for word in words)
            self.assertLess(count, 30)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportDirections(ReportFilesCommon):
    """Row F7: in a letter from right to left, each text has its own direction."""

    def test_f9_texts_have_a_direction_of_their_own(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.customer.lang = "ar_001"
        self._create_late(3, 10, ref="PO-4711 (B)")
        report = self.report.with_context(lang="ar_001")
        for options in (
            {"variant": "partner_ledger", "period": "all"},
            {"variant": "customer_statement", "partner_ids": self.customer.ids},
        ):
            _name, content = report._render_pdf(options)
            root = html.document_fromstring(content.decode())
            found = root.xpath("//span[normalize-space()='PO-4711 (B)']/@dir")
            self.assertEqual(found, ["auto"])
            numbers = root.xpath("//td[contains(@class, 'o_number')]/span/@dir")
            self.assertEqual(set(numbers), {"ltr"})

    def test_f9_the_period_has_a_direction_of_its_own(self):
        """Its words are those of the language, its days are read from the left."""
        for lang in ("ar_001", "de_DE"):
            self.env["res.lang"]._activate_lang(lang)
            self.customer.lang = lang
            report = self.report.with_context(lang=lang)
            options = {"period": "this_year", "partner_ids": self.customer.ids}
            subtitle = report.get_report(options)["subtitle"]
            _name, content = report._render_pdf(options)
            root = html.document_fromstring(content.decode())
            found = root.xpath("//*[normalize-space(text())=$text]", text=subtitle)
            self.assertEqual(
                [(one.tag, one.get("dir")) for one in found], [("span", "auto")]
            )
            page = next(found[0].iterancestors("div"))
            self.assertEqual(page.get("dir"), "rtl" if lang == "ar_001" else "ltr")

    def test_v11_buckets_are_read_from_left_to_right(self):
        """ "31–60" and not "60–31", where the text around it goes the other way."""
        self.env["res.lang"]._activate_lang("ar_001")
        for lang, mark in (("ar_001", "\N{LEFT-TO-RIGHT MARK}"), ("en_US", "")):
            report = self.report.with_context(lang=lang)
            columns = report.get_report({"variant": "aged_receivable"})["columns"]
            labels = {column["name"]: column["label"] for column in columns}
            self.assertEqual(labels["bucket_2"], f"{mark}31–60 days")

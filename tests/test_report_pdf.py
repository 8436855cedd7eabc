import unicodedata
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools.misc import formatLang

from odoo.addons.base.models import ir_actions_report

from ..report.engine import letter
from ..report.engine import list as printer
from .common import TODAY
from .report_files_common import LISTS, VARIANTS, ReportPdfCommon

MILLIMETRE = 72 / 25.4  # in points


class PdfCase(ReportPdfCommon, HttpCase):
    def _count_calls(self):
        """Count calls of wkhtmltopdf; return the list that they are added to."""
        calls = []
        original = ir_actions_report._run_wkhtmltopdf

        def run(args):
            calls.append(args)
            return original(args)

        self.patch(ir_actions_report, "_run_wkhtmltopdf", run)
        return calls

    def _format(self, row, name):
        currency = self.env["res.currency"].browse(row["currency_id"])
        return formatLang(self.env, row["values"][name], digits=currency.decimal_places)

    def _get_heights(self, page):
        """Return [(text, millimetres above the lower edge)] of a page."""
        heights = []

        def visit(text, cm, tm, _font, _size):
            if text.strip():
                y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
                heights.append((text.strip(), float(y) / MILLIMETRE))

        page.extract_text(visitor_text=visit)
        return heights


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportStatements(PdfCase):
    """Rows F1, F2 and F7: the letter with the postings of a customer."""

    def _render_statement(self, partner=None, **options):
        """Return the pages of a customer's statement."""
        partner = partner or self.customer
        found = self.report._render_statements(partner, {"period": "all", **options})
        [(_name, content)] = found.values()
        return self._get_pages(content)

    def test_f7_figures_of_the_statement(self):
        """Each posting once, with what the screen says of it, in two currencies."""
        document = self._get_document(
            "customer_statement", partner_ids=self.customer.ids, period="this_year"
        )
        pages = self._render_statement(period="this_year")
        text = self._get_text(pages)
        self.assertEqual(len(document["rows"]), 2)
        lines = [row for row in self._get_rows(document) if row["type"] == "line"]
        written = str([(row["name"], row["values"]["ref"]) for row in lines])
        for customer, rows in document["rows"]:
            for row in rows:
                if row["type"] == "line":
                    number = row["name"]
                    self.assertEqual(text.count(number), written.count(number))
                    for name in ("debit", "credit", "balance"):
                        if row["values"][name] is not None:
                            self.assertIn(self._format(row, name), text)
            for name in ("opening", "debit", "credit", "balance"):
                self.assertIn(self._format(customer, name), text)
        self.assertEqual(text.count("OpeningBalance"), 2)
        self.assertEqual(text.count("ClosingBalance"), 2)
        self.assertIn("EUR:balance", text)
        self.assertIn("USD:balance", text)
        self.assertIn("Order7", text)

    def test_f7_ageing_of_the_statement(self):
        document = self._get_document(
            "customer_statement", partner_ids=self.customer.ids, period="all"
        )
        text = self._get_text(self._render_statement())
        for _customer, rows in document["rows"]:
            for bucket in rows[-1]["ageing"]:
                self.assertIn("".join(bucket["label"].split()), text)
                self.assertIn(f"{bucket['value']:,.2f}", text)

    def test_f7_statement_is_no_business_of_others(self):
        """A customer sees no sum in the company's currency and no other customer."""
        text = self._get_text(self._render_statement())
        self.assertNotIn("BalanceinUSD", text)
        self.assertNotIn("160.00", text)
        self.assertNotIn("Sons", text)
        self.assertIn("LateLtd", text)
        self.assertIn("1MainStreet", text)

    def test_f7_overdue_in_red(self):
        content, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account_payment_followup.report_customer_statement", self.customer.ids
        )
        late = content.decode().split("o_late")[1:]
        late = [part for part in late if part.startswith('"')]
        self.assertEqual(len(late), 3, "one of the four is not late")

    def test_f7_statements_of_several_customers(self):
        """One call makes ten; each customer gets own pages and a file name."""
        partners = self.env["res.partner"]
        for number in range(12):
            partner = self._create_customer(f"Customer N{number:02}")
            self._create_late(20, 1000 + number, partner=partner)
            partners += partner
        calls = self._count_calls()
        found = self.report._render_statements(partners, {"period": "all"})
        self.assertEqual(len(calls), 2)
        self.assertEqual(list(found), list(partners))
        for number, (name, content) in enumerate(found.values()):
            self.assertEqual(
                name, f"Customer Statement - Customer N{number:02} 2024-05-15.pdf"
            )
            text = self._get_text(self._get_pages(content))
            self.assertEqual(text.count("CustomerN"), 1)
            self.assertIn(f"CustomerN{number:02}", text)
            self.assertIn(f"1,{number:03}.00", text)
            self.assertIn("Page1/1", text)

    def test_f7_statements_without_patched_qt(self):
        """That build makes one document in a call."""
        info = letter._wkhtml()._replace(is_patched_qt=False)
        with patch.object(letter, "_wkhtml", lambda: info):
            calls = self._count_calls()
            found = self.report._render_statements(self.customer + self.other)
        self.assertEqual(len(calls), 2)
        self.assertEqual(len(found), 2)

    def test_f7_statements_are_in_the_language_of_each(self):
        words = {
            "de_DE": ("12.345,50", "25.04.2024"),
            "en_US": ("640.00", "03/06/2024"),
        }
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        self.other.lang = "en_US"
        found = self.report._render_statements(
            self.customer + self.other, {"period": "all"}
        )
        for partner, (_name, content) in found.items():
            text = self._get_text(self._get_pages(content))
            for word in words[partner.lang]:
                self.assertIn(word, text)

    def test_f7_statement_in_arabic(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.customer.lang = "ar_001"
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account_payment_followup.report_customer_statement", self.customer.ids
        )
        self.assertIn("o_followup_rtl", html.decode())
        self.assertIn("25/04/2024", html.decode())
        pages = self._render_statement()
        text = self._get_text(pages)
        self.assertIn(unicodedata.normalize("NFKC", "25/04/2024"), text)
        self.assertIn(self.invoices[0].name, text)
        self.assertIn("12,345.50", text)

    def test_f7_every_letterhead(self):
        for layout in self.env["report.layout"].search([]):
            with self.subTest(layout=layout.name):
                self.company.external_report_layout_id = layout.view_id
                pages = self._render_statement()
                text = self._get_text(pages)
                self.assertIn("LateLtd", text)
                self.assertEqual(text.count(self.invoices[3].name), 1)

    def test_f7_two_thousand_lines(self):
        """All are there once, under letterhead and head on each page, none is cut."""
        self.company.write({"name": "First House", "street": "7 Long Lane"})
        entry = self._create_entry(2000, partner=self.other)
        self.assertEqual(len(entry.line_ids), 2001)
        calls = self._count_calls()
        pages = self._render_statement(self.other)
        self.assertEqual(len(calls), 3, "letterhead, 1,800 rows and the rest")
        texts = [self._get_text([page]) for page in pages]
        together = "".join(texts)
        for number in range(1, 2001):
            self.assertEqual(together.count(f"K{number:04}"), 1, number)
        for number, text in enumerate(texts, start=1):
            self.assertIn(f"{number}/{len(pages)}", text)
            self.assertNotIn("Page", text, "those of the letterhead begin anew")
            self.assertIn("FirstHouse", text, "the letterhead")
            if "K" in text:
                self.assertIn("DueDate", text)
        self.assertEqual(together.count("OtherSons"), 0)
        self.assertEqual(together.count("Other&Sons"), 1, "the address comes once")
        self.assertIn("2,001,640.00", together)
        self._check_edges(pages)

    def _check_edges(self, pages):
        paper = self.company.paperformat_id
        for page in pages:
            upper = float(page.mediabox.height) / MILLIMETRE - paper.margin_top
            for text, height in self._get_heights(page):
                if text.startswith("K0") or text.startswith("K1"):
                    self.assertGreater(height, paper.margin_bottom)
                    self.assertLess(height, upper - 8, "nothing under the letterhead")

    def test_f7_parts_of_a_group_have_each_their_own(self):
        """Mother and daughter, chosen with their contacts: no name of the other."""
        daughter = self._create_customer("Daughter GmbH", parent_id=self.other.id)
        self._create_late(20, 70, partner=daughter)
        contacts = self.env["res.partner"].create(
            [
                {"name": f"Clerk {partner.id}", "parent_id": partner.id}
                for partner in self.other + daughter
            ]
        )
        chosen = contacts + self.other + daughter
        found = self.report._render_statements(chosen, {"period": "all"})
        self.assertEqual(set(found), set(self.other + daughter))
        for partner, amount in ((self.other, "640.00"), (daughter, "70.00")):
            name, content = found[partner]
            text = self._get_text(self._get_pages(content))
            other = (self.other + daughter - partner).name
            self.assertIn(partner.name, name)
            self.assertNotIn(other, name)
            self.assertIn("".join(partner.name.split()), text)
            self.assertNotIn("".join(other.split()), text)
            self.assertIn(amount, text)

    def test_f7_nothing_to_say(self):
        nobody = self._create_customer("Nobody")
        text = self._get_text(self._render_statement(nobody))
        self.assertIn("nopostingsinthisperiod", text)

    def test_f7_nobody_to_write_to(self):
        with self.assertRaises(UserError) as refused:
            self.report._render_pdf({"search": "nobody at all"})
        self.assertIn("No customer has postings", str(refused.exception))

    def test_f7_statements_of_all_in_one_file(self):
        pages = self._render(period="all")
        text = self._get_text(pages)
        self.assertIn("LateLtd", text)
        self.assertIn("Other&Sons", text)

    def test_f7_what_takes_too_long_is_refused_beforehand(self):
        """With the way out; XLSX, few customers and a higher limit go through."""
        parameters = self.env["ir.config_parameter"].sudo()
        for variant in VARIANTS:
            options = {"variant": variant}
            with self.subTest(variant=variant):
                parameters.set_param("account_payment_followup.print_limit", 3)
                with self.assertRaisesRegex(
                    UserError, "the work of .* 3 are the limit"
                ):
                    self.report._render_pdf(options)
                self.assertTrue(self.report._render_xlsx(options))
                parameters.set_param("account_payment_followup.print_limit", 0)
                self.assertTrue(self.report._render_pdf(options))
        parameters.set_param("account_payment_followup.print_limit", 3)
        one = {"variant": "customer_statement", "partner_ids": self.customer.ids}
        self.assertTrue(self.report._render_pdf(one))

    def test_f7_customer_who_may_not_be_read(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.other.company_id = other
        clerk = self.report.with_user(self.responsible)
        with self.assertRaises(AccessError):
            clerk._render_statements(self.other)

    def test_f7_what_the_address_says_is_not_believed(self):
        """Only what was made here is printed, and rights are asked for again."""
        values = self.env["report.account_payment_followup.report_customer_statement"]
        forged = {"statements": {self.customer.id: {"title": "Forged"}}}
        found = values._get_report_values(self.customer.ids, forged)
        statement = found["statements"][self.customer]
        self.assertEqual(statement["title"], "Customer Statement")
        employee = self._create_user("employee", "base.group_user")
        real = {"statements": letter.Statements({self.customer.id: statement})}
        with self.assertRaises(AccessError):
            values.with_user(employee)._get_report_values(self.customer.ids, real)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportLists(PdfCase):
    """Rows F4 to F7: the lists for accountants."""

    def test_f7_figures_of_the_lists(self):
        """Each row and total of each report, in two currencies."""
        for variant in LISTS:
            with self.subTest(variant=variant):
                document = self._get_document(variant, currency="document")
                pages = self._render(variant=variant, currency="document")
                text = self._get_text(pages)
                for row in [*self._get_rows(document), *document["totals"]]:
                    self.assertIn("".join(row["name"].split()), text)
                    for name in ("debit", "credit", "balance", "total"):
                        if row["values"].get(name) is not None:
                            self.assertIn(self._format(row, name), text)
                lines = [
                    (row["name"], row["values"].get("ref"))
                    for row in self._get_rows(document)
                ]
                for name in self.invoices.mapped("name"):
                    self.assertEqual(text.count(name), str(lines).count(name))
                self.assertIn("LateLtd(EUR)", text)
                box = pages[0].mediabox
                self.assertGreater(box.width, box.height, "landscape")

    def test_x8_parts_in_dispute(self):
        """The column is printed, with the amounts of lines, customers and totals."""
        self._dispute(self.invoices[0], 345.67)
        self._dispute(self.invoices[4], 40.12)
        for variant in ("followup_report", "aged_receivable"):
            text = self._get_text(self._render(variant=variant))
            with self.subTest(variant=variant):
                self.assertIn("InDispute", text)
                self.assertEqual(text.count("345.67"), 2, "line and customer")
                self.assertEqual(text.count("40.12"), 2)
                self.assertEqual(text.count("385.79"), 1, "total")

    def test_f7_filters_are_said(self):
        pages = self._render(
            variant="aged_receivable", partner_ids=self.other.ids, search="Sons"
        )
        text = self._get_text(pages)
        self.assertIn("Customers:Other&Sons", text)
        self.assertIn("Search:Sons", text)
        self.assertIn("Asof05/15/2024,byduedate", text)
        self.assertNotIn("LateLtd", text)

    def test_f7_customers_only(self):
        text = self._get_text(self._render(variant="partner_ledger", unfold=False))
        self.assertIn("LateLtd", text)
        self.assertNotIn(self.invoices[0].name, text)

    def test_f7_list_in_parts(self):
        """Several calls, whose pages are numbered through; each row is there once."""
        self._create_entry(60)
        self.patch(printer, "CALL_SIZE", 25)
        self.patch(printer, "PIECE_SIZE", 10)
        calls = self._count_calls()
        pages = self._render(variant="partner_ledger")
        self.assertEqual(len(calls), 4, "the frame and three parts")
        texts = [self._get_text([page]) for page in pages]
        together = "".join(texts)
        for number in range(1, 61):
            self.assertEqual(together.count(f"K{number:04}"), 1)
        for number, text in enumerate(texts, start=1):
            self.assertTrue(text.endswith(f"{number}/{len(pages)}"), text[-20:])
            self.assertIn("Matching", text, "the head is on each page")
            self.assertIn("PartnerLedger·01/01/2024to12/31/2024", text)
        self.assertEqual(together.count("TotalUSD"), 1)

    def test_f7_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.report = self.report.with_context(lang="de_DE")
        text = self._get_text(self._render(variant="aged_receivable"))
        self.assertIn("12.345,50", text)
        self.assertIn("25.04.2024", text)

    def test_f7_list_in_arabic(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.report = self.report.with_context(lang="ar_001")
        pages = self._render(variant="aged_receivable")
        text = self._get_text(pages)
        self.assertIn("12,345.50", text)
        self.assertIn("25/04/2024", text)
        # the head of the page: company on the right, title on the left
        places = []
        pages[0].extract_text(
            visitor_text=lambda text, cm, tm, _font, _size: (
                places.append((float(tm[4] * cm[0] + cm[4]), text)) if text else None
            )
        )
        letters = [
            (x, letter) for x, piece in places for letter in piece if letter.strip()
        ]
        name = "".join(self.company.name.split())
        at = "".join(letter for _x, letter in letters).index(name)
        middle = float(pages[0].mediabox.width) / 2
        self.assertGreater(letters[at][0], middle, "the company is on the right")

    def test_f7_nothing_matches(self):
        text = self._get_text(self._render(variant="partner_ledger", search="nobody!"))
        self.assertIn("Nothingmatchesthesefilters", text)

    def test_f7_markup_in_names_is_text(self):
        self.customer.name = "<script>alert(1)</script>"
        text = self._get_text(self._render(variant="partner_ledger"))
        self.assertIn("<script>alert(1)</script>", text)

    def test_f7_list_is_only_made_by_the_report(self):
        values = self.env["report.account_payment_followup.report_customer_list"]
        with self.assertRaises(AccessError):
            values._get_report_values([], {"pages": {"title": "Forged"}})

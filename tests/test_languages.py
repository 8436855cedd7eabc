import io
import unicodedata
from datetime import timedelta

from freezegun import freeze_time
from lxml import html

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from .common import TODAY, FollowupCommon

#: Text of the reminder in a language, with a place for the table.
TEXTS = {
    "de_DE": ("Zahlungserinnerung", "Folgende Rechnungen sind überfällig:"),
    "ar_001": ("تذكير بالدفع", "تجاوزت الفواتير التالية تاريخ استحقاقها"),
    "zh_CN": ("付款提醒", "以下发票已逾期"),
}

MILLIMETRE = 72 / 25.4  # in points


class LanguagesCommon(FollowupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {"name": "First House", "street": "7 Long Lane", "city": "Oldtown"}
        )
        for lang, (subject, text) in TEXTS.items():
            cls.env["res.lang"]._activate_lang(lang)
            cls.template.with_context(lang=lang).write(
                {
                    "subject": subject,
                    "body_html": f"<div><p>{text}</p>"
                    "<div class='o_followup_items'></div><p>First House</p></div>",
                }
            )

    def _send(self, lang, **ticks):
        """Remind the customer by hand in a language; return the reminder."""
        self.customer.lang = lang
        window = self._open_window()
        window.write({"do_email": True, **ticks})
        with self.mock_mail_gateway():
            window.action_send()
        return window.reminder_id

    def _get_rows(self, body):
        return [
            [" ".join(cell.text_content().split()) for cell in row.iter("td")]
            for row in html.fromstring(str(body)).iter("tr")
        ]


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLanguages(LanguagesCommon):
    """Rows G1, C4 and C5: the reminder as customers of any language read it."""

    def test_c4_german(self):
        invoice = self._create_late(20, 12345.5)
        reminder = self._send("de_DE")
        self.assertEqual(reminder.subject, "Zahlungserinnerung")
        row = next(
            row
            for row in self._get_rows(reminder.body)
            if row and invoice.name in row[0]
        )
        self.assertIn("15.04.2024", row[0])
        self.assertRegex(row[1], "^25.04.2024 20 ")
        self.assertEqual(row[2], "$ 12.345,50")

    def test_c4_chinese(self):
        invoice = self._create_late(20, 12345.5)
        reminder = self._send("zh_CN")
        self.assertEqual(reminder.subject, "付款提醒")
        row = next(
            row
            for row in self._get_rows(reminder.body)
            if row and invoice.name in row[0]
        )
        self.assertIn("2024/04/15", row[0])
        self.assertRegex(row[1], "^2024/04/25 20 ")
        self.assertEqual(row[2], "$ 12,345.50")
        root = html.fragment_fromstring(str(reminder.body))
        self.assertEqual(root.get("dir"), "ltr")

    def test_c4_arabic(self):
        invoice = self._create_late(20, 12345.5)
        self._create_late(0, 30, move_type="out_refund")
        reminder = self._send("ar_001")
        self.assertEqual(reminder.subject, "تذكير بالدفع")
        root = html.fragment_fromstring(str(reminder.body))
        self.assertEqual(root.get("dir"), "rtl")
        self.assertIn("text-align: right", root.get("style"))
        heads = [cell.get("style") for cell in root.iter("th")]
        self.assertTrue(all("text-align: right" in style for style in heads[:2]))
        self.assertTrue(all("text-align: left" in style for style in heads[2:]))
        row = next(
            row
            for row in self._get_rows(reminder.body)
            if row and invoice.name in row[0]
        )
        self.assertIn("15/04/2024", row[0])
        self.assertRegex(row[1], "^25/04/2024 .*20")
        for cell in root.xpath("//td/span"):
            self.assertEqual(cell.get("dir"), "ltr", "numbers are not turned round")

    def test_c4_the_email_says_its_direction(self):
        """The layout of e-mails does not, so the text does."""
        self._create_late(20)
        self.customer.lang = "ar_001"
        window = self._open_window()
        with self.mock_mail_gateway():
            window.action_send()
            body = self._mails[0]["body"]
        self.assertIn('dir="rtl"', body)
        self.assertIn("تجاوزت الفواتير", body)

    def test_c4_language_of_the_contact_who_gets_it(self):
        self._create_late(20)
        self.env["res.partner"].create(
            {
                "name": "Invoices",
                "parent_id": self.customer.id,
                "type": "invoice",
                "email": "invoices@customer.example.com",
                "lang": "de_DE",
            }
        )
        self.assertEqual(self._send("zh_CN").subject, "Zahlungserinnerung")

    def test_c4_cron_writes_to_each_in_their_language(self):
        others = {
            lang: self._create_customer(f"Customer {lang}", lang=lang) for lang in TEXTS
        }
        for partner in others.values():
            self._create_late(20, partner=partner)
        with self.mock_mail_gateway():
            self._run_cron()
        for lang, partner in others.items():
            reminder = self._get_reminders(partner)
            self.assertEqual(reminder.subject, TEXTS[lang][0])
            self.assertEqual(reminder.lang, lang)

    def test_g1_letter_says_its_direction(self):
        self._create_late(20)
        for lang, direction in (("ar_001", "rtl"), ("de_DE", "ltr")):
            reminder = self._send(lang)
            content, _kind = self.env["ir.actions.report"]._render_qweb_html(
                "account_payment_followup.report_reminder", reminder.ids
            )
            page = html.fromstring(content).find_class("o_followup_letter")[0]
            self.assertEqual(page.get("dir"), direction)

    def test_c5_name_of_the_customer_is_below_every_letterhead(self):
        self._create_late(20)
        reminder = self._send("en_US")
        for layout in self.env["report.layout"].search([]):
            with self.subTest(layout=layout.name):
                self.company.external_report_layout_id = layout.view_id
                content, _kind = self.env["ir.actions.report"]._render_qweb_html(
                    "account_payment_followup.report_reminder", reminder.ids
                )
                root = html.fromstring(content)
                self.assertIn("First House", root.text_content())
                address = root.xpath(
                    "//div[@name='address' or @id='din5008_report_main_address']"
                )[0]
                self.assertIn("Late Ltd", address.text_content())

    def test_a2_nothing_is_overdue_before_the_due_date(self):
        self._replace_levels((-3,))
        self._create_late(-3, 40)
        with self.mock_mail_gateway():
            self._run_cron()
        rows = self._get_rows(self._get_reminders().body)
        self.assertNotIn("Total overdue", [row[0] for row in rows if row])
        self.assertIn(["Total open", "$ 40.00"], rows)

    def test_c5_totals_of_what_is_chosen_by_hand(self):
        """What is not late yet is named, but not claimed as overdue."""
        self._create_late(20, 100)
        self._create_late(-5, 60)
        window = self._open_window()
        window.item_line_ids = window.available_line_ids
        with self.mock_mail_gateway():
            window.action_send()
        rows = self._get_rows(window.reminder_id.body)
        self.assertIn(["Total overdue", "$ 100.00"], rows)
        self.assertIn(["Total open", "$ 160.00"], rows)

    def test_c4_dates_are_those_of_the_day_of_the_company(self):
        self._create_late(20)
        with freeze_time(TODAY + timedelta(days=1)):
            reminder = self._send("de_DE")
        self.assertEqual(reminder.date, TODAY + timedelta(days=1))
        row = next(row for row in self._get_rows(reminder.body) if len(row) == 3)
        self.assertIn(" 21 ", row[1])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLetterPages(LanguagesCommon, HttpCase):
    """Rows G1 and C5: the pages of the letter, with the styles of the server."""

    def _send_letter(self, lang):
        """Print the reminder; return the pages of the real PDF."""
        report = self.env["ir.actions.report"]
        if report.get_wkhtmltopdf_state() != "ok":
            self.skipTest("wkhtmltopdf is missing")
        self.env = self.env(
            context={**self.env.context, "force_report_rendering": True}
        )
        # without rtlcss the letterhead stays as it is
        with mute_logger("odoo.addons.base.models.assetsbundle"):
            reminder = self._send(lang, do_email=False, do_print=True)
        content = reminder.delivery_ids.attachment_id.raw
        self.assertTrue(content.startswith(b"%PDF"))
        return PdfFileReader(io.BytesIO(content)).pages

    def _get_text(self, page):
        """Return the text of a page without spaces, glyphs as the letters they show."""
        return "".join(unicodedata.normalize("NFKC", page.extract_text()).split())

    def _get_heights(self, page):
        """Return {text: millimetres above the lower edge} of the texts on a page."""
        heights = {}

        def visit(text, cm, tm, _font, _size):
            if text.strip():
                y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
                heights[text.strip()] = float(y) / MILLIMETRE

        page.extract_text(visitor_text=visit)
        return heights

    def test_g1_letter_in_each_language(self):
        for lang, date in (
            ("de_DE", "25.04.2024"),
            ("zh_CN", "2024/04/25"),
            ("ar_001", "25/04/2024"),
        ):
            with self.subTest(lang=lang):
                customer = self._create_customer(f"Letter {lang}")
                self.customer = customer
                invoice = self._create_late(20, 1234.5, partner=customer)
                pages = self._send_letter(lang)
                self.assertEqual(len(pages), 1)
                text = self._get_text(pages[0])
                self.assertIn(invoice.name, text)
                self.assertIn("FirstHouse", text, "the letterhead")
                self.assertIn("1MainStreet", text, "the address")
                self.assertIn(unicodedata.normalize("NFKC", date), text)
                if lang != "ar_001":
                    self.assertIn("".join(TEXTS[lang][1].split()), text)
                else:
                    # letters of a word come from the right or from the left
                    word = TEXTS[lang][0].split()[0]
                    self.assertTrue(word in text or word[::-1] in text)

    def test_c5_long_letter(self):
        """The head is on each page, no row is cut or hidden, the totals come once."""
        invoices = self.env["account.move"]
        for number in range(60):
            invoices += self._create_late(20 + number, 100 + number)
        pages = self._send_letter("en_US")
        self.assertGreater(len(pages), 1)
        texts = [self._get_text(page) for page in pages]
        for number, text in enumerate(texts, 1):
            self.assertIn(f"Page{number}/{len(pages)}", text)
            if "INV/" in text:
                self.assertEqual(text.count("OpenAmount"), 1)
        together = "".join(texts)
        for name in invoices.mapped("name"):
            self.assertEqual(together.count(name), 1)
        self.assertEqual(together.count("Totaloverdue"), 1)
        paper = self.company.paperformat_id
        upper_edge = float(pages[0].mediabox.height) / MILLIMETRE - paper.margin_top
        names = set(invoices.mapped("name"))
        heights = [
            height
            for page in pages
            for text, height in self._get_heights(page).items()
            if text in names
        ]
        self.assertEqual(len(heights), 60)
        self.assertGreater(min(heights), paper.margin_bottom)
        self.assertLess(max(heights), upper_edge - 8, "nothing under the letterhead")

    def test_y1_few_pages(self):
        """Thirty invoices, how to pay and the codes on two pages; three on one."""
        self.env["res.partner.bank"].create(
            {
                "acc_number": "DE89370400440532013000",
                "partner_id": self.company.partner_id.id,
            }
        )
        for number in range(3):
            self._create_late(20 + number, 100, ref="PO 4711")
        self.company.paperformat_id = self.env.ref("base.paperformat_us")
        self.assertEqual(len(self._send_letter("en_US")), 1)
        customer = self._create_customer("Thirty Ltd")
        for number in range(30):
            self._create_late(20 + number, 100, partner=customer, ref="PO 4711")
        self.customer = customer
        self.company.paperformat_id = self.env.ref("base.paperformat_euro")
        self.assertEqual(len(self._send_letter("de_DE")), 2)

    def test_y1_din_5008(self):
        """The address is in the window; title and facts have the layout's places."""
        layout = "l10n_din5008.external_layout_din5008"
        view = self.env.ref(layout, raise_if_not_found=False)
        if not view:
            self.skipTest("l10n_din5008 is not installed")
        self.company.external_report_layout_id = view
        self.company.paperformat_id = self.env.ref("l10n_din5008.paperformat_euro_din")
        self._create_late(20)
        (page,) = self._send_letter("de_DE")
        reminder = self._get_reminders()
        text = self._get_text(page)
        self.assertEqual(text.count("".join(reminder.subject.split())), 1)
        self.assertEqual(text.count(reminder.name), 1)
        heights = self._get_heights(page)
        # the window of a letter of form B is 45 to 90 mm below the upper edge
        for line in ("Late Ltd", "1 Main Street", "Springfield"):
            (height,) = {
                height for text, height in heights.items() if text.startswith(line)
            }
            self.assertTrue(297 - 90 < height < 297 - 45, (line, height))

    def test_c5_letter_has_no_button(self):
        self._create_late(20)._portal_ensure_token()
        pages = self._send_letter("en_US")
        self.assertNotIn("Viewonline", self._get_text(pages[0]))
        self.assertIn("View online", self._get_reminders().body)

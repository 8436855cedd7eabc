import base64
import io
from unittest import SkipTest
from unittest.mock import patch

import zxingcpp
from lxml import html
from PIL import Image

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from .test_debtor_pays import read_pdf
from .test_message import MessageCommon


def read_codes(content):
    """Return the texts of the QR codes on a page, as a phone reads them."""
    found = []
    for picture in html.fromstring(content).xpath("//img[contains(@src, 'base64')]"):
        raw = base64.b64decode(picture.get("src").split(",", 1)[1])
        image = Image.open(io.BytesIO(raw)).convert("RGB")
        framed = Image.new("RGB", [size + 80 for size in image.size], "white")
        framed.paste(image, (40, 40))
        found += [code.text for code in zxingcpp.read_barcodes(framed)]
    return found


@tagged("post_install", "-at_install")
class TestQrCode(MessageCommon):
    """Y2: who scans the letter pays the amount that it says, or opens the page."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency("EUR", rates=[("2024-01-01", 0.92)])
        methods = cls.env["res.partner.bank"].get_available_qr_methods_in_sequence()
        if not {"sct_qr", "ch_qr"} <= set(dict(methods)):
            raise SkipTest("account_qr_code_sepa or l10n_ch is not installed")

    def _print(self, **values):
        self._create_late(20, 123.45, currency_id=self.euro.id, **values)
        reminder = self._send(do_email=False, do_print=True)
        report = self.env["ir.actions.report"]
        return report._render_qweb_html(
            "account_payment_followup.report_reminder", reminder.ids
        )[0], reminder

    def test_transfer(self):
        content, reminder = self._print()
        (code,) = [one for one in read_codes(content) if one.startswith("BCD")]
        lines = code.split("\n")
        self.assertEqual(lines[4], "COBADEFFXXX")
        self.assertEqual(lines[5], self.company.partner_id.name)
        self.assertEqual(lines[6], "DE89370400440532013000")
        self.assertEqual(lines[7], "EUR123.45")
        invoice = reminder.line_ids.move_id
        self.assertIn(invoice.payment_reference, lines[9:11])

    def test_several_invoices_quote_the_number(self):
        self._create_late(9, 20, currency_id=self.euro.id)
        content, reminder = self._print()
        (code,) = [one for one in read_codes(content) if one.startswith("BCD")]
        self.assertIn("EUR143.45", code)
        self.assertIn(reminder.name, code)

    def test_currency_without_a_method(self):
        self._create_late(20)
        reminder = self._send(do_email=False, do_print=True)
        report = self.env["ir.actions.report"]
        content = report._render_qweb_html(
            "account_payment_followup.report_reminder", reminder.ids
        )[0]
        self.assertFalse([one for one in read_codes(content) if one.startswith("BCD")])
        self.assertIn(b"DE89 3704", content)

    def test_switched_off(self):
        self.company.followup_qr_code = False
        content, _reminder = self._print()
        self.assertFalse(read_codes(content))

    def test_what_cannot_be_built_stops_no_letter(self):
        model = self.env.registry["res.partner.bank"]
        with patch.object(model, "build_qr_code_base64", side_effect=ValueError("no")):
            content, reminder = self._print()
        self.assertEqual(reminder.state, "sent")
        self.assertIn(b"DE89 3704", content)

    def test_the_history_keeps_what_was_sent(self):
        """The account is another one by now: the code says what the text says."""
        _content, reminder = self._print()
        self.account.acc_holder_name = "Somebody"
        self.account.action_archive()
        report = self.env["ir.actions.report"]
        content = report._render_qweb_html(
            "account_payment_followup.report_reminder", reminder.ids
        )[0]
        (code,) = [one for one in read_codes(content) if one.startswith("BCD")]
        self.assertIn("DE89370400440532013000", code)


@tagged("post_install", "-at_install")
class TestQrCodeOnPaper(MessageCommon, HttpCase):
    """Y2: the codes that core makes of a transfer, read from the letter's PDF."""

    #: An IBAN, one for bills, and references that belong to them.
    IBAN, QR_IBAN = "CH9300762011623852957", "CH4431999123000889012"
    RF, QRR = "RF18539007547034", "210000000003139471430009017"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        methods = cls.env["res.partner.bank"].get_available_qr_methods_in_sequence()
        if not {"sct_qr", "ch_qr"} <= set(dict(methods)):
            raise SkipTest("account_qr_code_sepa or l10n_ch is not installed")
        if cls.env["ir.actions.report"].get_wkhtmltopdf_state() != "ok":
            raise SkipTest("wkhtmltopdf is missing")
        cls.franc = cls.setup_other_currency("CHF", rates=[("2024-01-01", 0.9)])
        cls.euro = cls.setup_other_currency("EUR", rates=[("2024-01-01", 0.92)])

    def _move_to_switzerland(self):
        country = self.env.ref("base.ch")
        address = {"zip": "8001", "city": "Zürich", "country_id": country.id}
        self.customer.write({**address, "street": "Bahnhofstrasse 7"})
        self.company.partner_id.write({**address, "street": "Limmatquai 12"})

    def _use_account(self, number):
        """Let the company have this account, and no other one."""
        self.account.action_archive()
        accounts = self.env["res.partner.bank"].with_context(active_test=False)
        known = accounts.search([("sanitized_acc_number", "=", number)])
        self.account = known or accounts.create(
            {"acc_number": number, "partner_id": self.company.partner_id.id}
        )
        self.account.active = True

    def _read_transfer(self, start):
        """Print the reminder; return its text and the lines of the transfer's code."""
        reminder = self._send(do_email=False, do_print=True)
        report = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        content, _kind = report._render_qweb_pdf(
            "account_payment_followup.report_reminder", reminder.ids
        )
        ((text, codes),) = read_pdf(content)
        self.assertIn(reminder.access_url, codes)
        found = [code.split("\n") for code in codes if code.startswith(start)]
        return reminder, text, found

    def test_sepa(self):
        for reference, fields in (
            (self.RF, [self.RF, ""]),
            ("INV 4711", ["", "INV 4711"]),
        ):
            with self.subTest(reference=reference):
                self.customer = self._create_customer(f"Customer {reference}")
                invoice = self._create_late(
                    20, 1234.5, partner=self.customer, currency_id=self.euro.id
                )
                invoice.payment_reference = reference
                _reminder, text, (lines,) = self._read_transfer("BCD")
                self.assertEqual(
                    lines,
                    [
                        *("BCD", "002", "1", "SCT", "COBADEFFXXX"),
                        self.company.partner_id.name,
                        *("DE89370400440532013000", "EUR1234.5", "", *fields, ""),
                    ],
                )
                for part in ("DE89 3704 0044 0532 0130 00", "1,234.50", reference):
                    self.assertIn(part, text)

    def test_swiss(self):
        """The account says which reference the code has: of a bill, or a text."""
        self._move_to_switzerland()
        for account, reference, kind in (
            (self.IBAN, self.RF, "SCOR"),
            (self.IBAN, "INV 4711", "NON"),
            (self.QR_IBAN, self.QRR, "QRR"),
        ):
            with self.subTest(kind=kind):
                self._use_account(account)
                self.customer = self.customer.copy({"name": f"Customer {kind}"})
                invoice = self._create_late(
                    20, 99.5, partner=self.customer, currency_id=self.franc.id
                )
                invoice.write(
                    {"payment_reference": reference, "partner_bank_id": self.account.id}
                )
                _reminder, text, (lines,) = self._read_transfer("SPC")
                self.assertEqual(lines[:4], ["SPC", "0200", "1", account])
                self.assertEqual(
                    lines[4:11],
                    [
                        *("S", self.company.partner_id.name, "Limmatquai", "12"),
                        *("8001", "Zürich", "CH"),
                    ],
                )
                self.assertEqual(lines[18:20], ["99.50", "CHF"])
                self.assertEqual(
                    lines[20:27],
                    [
                        *("S", self.customer.name, "Bahnhofstrasse", "7"),
                        *("8001", "Zürich", "CH"),
                    ],
                )
                said = "" if kind == "NON" else reference
                self.assertEqual(lines[27:29], [kind, said])
                self.assertEqual(lines[29:31], [reference, "EPD"])
                self.assertIn(reference, text)

    def test_swiss_debtor_of_an_account_elsewhere(self):
        """No Swiss bill for an account in another country: the code of a transfer."""
        self._move_to_switzerland()
        self._create_late(20, 50, currency_id=self.euro.id)
        _reminder, _text, (lines,) = self._read_transfer("BCD")
        self.assertEqual(lines[6:8], ["DE89370400440532013000", "EUR50.0"])

    def test_swiss_several_invoices(self):
        """The number is quoted; an account for bills alone has no code for that."""
        self._move_to_switzerland()
        for account, count in ((self.IBAN, 1), (self.QR_IBAN, 0)):
            self._use_account(account)
            self.customer = self.customer.copy({"name": f"Customer {count}"})
            for amount in (60, 40):
                self._create_late(
                    20, amount, partner=self.customer, currency_id=self.franc.id
                )
            reminder, text, found = self._read_transfer("SPC")
            self.assertEqual(len(found), count)
            self.assertIn(reminder.name, text)
            for lines in found:
                self.assertEqual(lines[18:20], ["100.00", "CHF"])
                self.assertEqual(lines[27:30], ["NON", "", reminder.name])


@tagged("post_install", "-at_install")
class TestSample(MessageCommon):
    """Y5: who sends sees before what the customer gets, and nothing is kept of it."""

    def _get_counts(self):
        models = (
            "account.followup.reminder",
            "account.followup.delivery",
            "mail.message",
        )
        return [self.env[model].sudo().search_count([]) for model in models]

    def test_preview_follows_what_is_ticked(self):
        late = self._create_late(20)
        other = self._create_late(5, 50)
        window = self._open_window()
        for text in (late.name, other.name, "150.00", "by 05/23/2024", "DE89 3704"):
            self.assertIn(text, window.preview)
        self.assertNotIn("[[", window.preview)
        window.item_line_ids = late.line_ids & window.item_line_ids
        self.assertNotIn(other.name, window.preview)
        self.assertNotIn("50.00", window.preview.replace("150.00", "", 1))
        window.body = "<p>Hello [[recipient_name]]</p>"
        self.assertIn("Hello Late Ltd", window.preview)
        window.body = "<p>[[mistyped]]</p>"
        self.assertIn("[[mistyped]]", window.preview_subject)
        window.item_line_ids = False
        self.assertFalse(window.preview)

    def test_preview_is_what_is_sent(self):
        self._create_late(20)
        window = self._open_window()
        shown = html.fromstring(window.preview).text_content()
        with self.mock_mail_gateway():
            window.action_send()
        reminder = window.reminder_id
        sent = html.fromstring(str(reminder.body)).text_content()
        self.assertEqual(shown.replace("(number)", reminder.name), sent)

    def test_letter(self):
        self._create_late(20)
        window = self._open_window(user=self.responsible)
        before = self._get_counts()
        action = window.action_preview_letter()
        self.assertEqual(self._get_counts(), before, "nothing is recorded")
        attachment = (
            self.env["ir.attachment"].sudo().browse(int(action["url"].split("/")[-1]))
        )
        self.assertIn(b"DE89 3704", attachment.raw)
        self.assertEqual(self._get_reminders(), self._get_reminders().browse())

    def test_send_me_a_test(self):
        invoice = self._create_late(20)
        window = self._open_window(user=self.responsible)
        before = self._get_counts()
        with self.mock_mail_gateway():
            window.action_send_test()
            self.level_1.with_user(self.responsible).action_send_test()
        self.assertEqual(len(self._mails), 2)
        for mail in self._mails:
            self.assertEqual(mail["email_to"], [self.responsible.email_formatted])
            self.assertTrue(mail["subject"].startswith("[Test] "))
            self.assertIn(invoice.name, mail["body"])
        self.assertEqual(self._get_counts()[:2], before[:2])
        self.assertFalse(invoice.line_ids.followup_level_id, "no level is reached")

    def test_test_of_a_level_says_what_it_needs(self):
        with self.assertRaisesRegex(UserError, "has no overdue invoice"):
            self.level_1.action_send_test()
        self._create_late(20)
        self.responsible.email = False
        with self.assertRaisesRegex(UserError, "no email address"):
            self.level_1.with_user(self.responsible).action_send_test()

    def test_no_account_is_said(self):
        """Window and level say that reminders cannot name an account, with a link."""
        self._create_late(20)
        self.assertNotIn("account", self._open_window().alerts or {})
        self.assertFalse(self.level_1.account_info)
        self.account.action_archive()
        self.env.invalidate_all()
        alert = self._open_window().alerts["account"]
        self.assertIn("no bank account", alert["message"])
        self.assertEqual(alert["action"]["res_model"], "res.partner.bank")
        self.assertIn("no bank account", self.level_1.account_info)

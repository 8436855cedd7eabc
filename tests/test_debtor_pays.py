import io
import re
import subprocess
import tempfile
from datetime import datetime, time
from pathlib import Path

import zxingcpp
from freezegun import freeze_time
from lxml import html
from PIL import Image

from odoo.tests import HttpCase, tagged
from odoo.tools import formatLang

from odoo.addons.mail.tests.common import MockEmail

from ..tools.links import TOKEN_LENGTH
from .test_demo import DUE, DemoCommon

TOKEN = re.compile(rf"/followup/([a-z2-7]{{{TOKEN_LENGTH}}})(?![a-z0-9])")

#: Seconds for a browser that pays eleven times.
PATIENCE = 180


def read_pdf(content):
    """Return (text, texts of the QR codes) of each page, as on paper."""
    pages = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "letter.pdf")
        path.write_bytes(content)
        text = subprocess.run(  # noqa: S603
            ["pdftotext", "-layout", path, "-"],  # noqa: S607
            check=True,
            capture_output=True,
        ).stdout.decode()
        subprocess.run(  # noqa: S603
            ["pdftoppm", "-r", "150", "-png", path, Path(folder, "page")],  # noqa: S607
            check=True,
        )
        pictures = sorted(Path(folder).glob("page*.png"))
        for picture, words in zip(pictures, text.split("\f"), strict=False):
            codes = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.read_bytes())))
            pages.append((" ".join(words.split()), [code.text for code in codes]))
    return pages


@tagged("post_install", "-at_install")
class TestDebtorPays(DemoCommon, HttpCase, MockEmail):
    """Each reminder of the demo data can be paid by who reads it, in both ways."""

    allow_end_on_form = True
    browser_size = "1280x800"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(datetime.combine(cls.day, time(12))))
        cls.env["mail.mail"].sudo().search([]).unlink()
        cls.env["ir.config_parameter"].sudo().set_param(
            "account_payment_followup.undo_seconds", "0"
        )
        rows = cls.env["account.followup.customer"]._get_rows(
            {cls.company: cls.day}, cls.customers
        )
        cls.due = cls.env["res.partner"].browse(
            row["partner_id"] for row in rows if row["status"] == DUE
        )

    def _process(self):
        """Process all that are due, as a clerk does; return the reminders."""
        user = self.company.followup_responsible_id
        wizard = self.env["account.followup.process.wizard"].with_user(user)
        wizard = wizard.with_context(default_partner_ids=self.due.ids)
        before = self.env["account.followup.reminder"].search([])
        with self.mock_mail_gateway():
            wizard.create({"letters": "print"}).action_process()
            self.env["mail.mail"].sudo().process_email_queue()
        return self.env["account.followup.reminder"].search([]) - before

    def _read_mail(self, reminder):
        """Return what the one e-mail of a reminder says: {label: amounts}, token."""
        address = reminder.delivery_ids.filtered(
            lambda one: one.channel == "email"
        ).recipient
        (mail,) = [one for one in self._mails if address in str(one["email_to"])]
        root = html.fromstring(mail["body"])
        tables = root.find_class("o_followup_total") + root.find_class("o_followup_way")
        found = {}
        for row in (row for table in tables for row in table.iter("tr")):
            label, text = (" ".join(one.text_content().split()) for one in row)
            found.setdefault(label, []).append(text)
        (token,) = set(TOKEN.findall(mail["body"]))
        return found, token

    def _remind_by_hand(self, partner):
        """Send an e-mail in the window; return its reminder."""
        user = self.company.followup_responsible_id
        action = partner.with_user(user).action_send_followup()
        window = self.env[action["res_model"]].with_user(user)
        window = window.with_context(**action["context"]).create({"do_email": True})
        with self.mock_mail_gateway():
            window.action_send()
            self.env["mail.mail"].sudo().process_email_queue()
        return window.reminder_id

    def _remind_all(self):
        """Return {reminder: what its e-mail says, token} of all who are due.

        One of them gets a call at its level, one has no address: a clerk writes to
        them as soon as that can be done.
        """
        reminders = self._process()
        self.assertEqual(reminders.partner_id, self.due)
        mailed = reminders.filtered(
            lambda one: (
                one.delivery_ids.filtered(lambda way: way.channel == "email").state
                == "sent"
            )
        )
        found = {reminder: self._read_mail(reminder) for reminder in mailed}
        left = (reminders - mailed).partner_id
        self.assertEqual(left, self._customer("valette") | self._customer("blackwater"))
        self._customer("blackwater").email = "office.blackwater@example.com"
        self.company.followup_min_days = 0
        for partner in left:
            reminder = self._remind_by_hand(partner)
            found[reminder] = self._read_mail(reminder)
        return found

    def _get_claims(self, reminder):
        """Return {currency: overdue, less the credits} of the lines of a reminder."""
        claims = {}
        for line in reminder.line_ids:
            currency = line.currency_id
            claims[currency] = claims.get(currency, 0) + line.residual
        return claims

    # ------------------------------------------------------------------
    # Online
    # ------------------------------------------------------------------

    def test_online(self):
        """From the e-mail, in a browser, without a login."""
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "True"
        )
        provider = self.env.ref("payment.payment_provider_demo").sudo()
        if provider.code != "demo":
            self.skipTest("the module payment_demo is not installed")
        provider.write({"state": "test", "is_published": True})
        provider.payment_method_ids.active = True
        found = self._remind_all()
        self.assertEqual(len(found), 10)
        links = []
        for reminder, (said, token) in found.items():
            claims = self._get_claims(reminder)
            links += [token] * len(claims)
            texts = [
                formatLang(self.env, amount, currency_obj=currency)
                for currency, amount in claims.items()
            ]
            texts = [" ".join(text.split()) for text in texts]
            self.assertEqual(said["Total overdue"], texts)
            self.assertEqual(said["Amount"], texts)
        self.env.flush_all()
        self.authenticate(None, None)
        self.start_tour(
            f"/followup/{links[0]}?debug=tests&links={','.join(links)}",
            "account_followup_page_pay_each",
            timeout=PATIENCE,
        )
        self.env.invalidate_all()
        for reminder in found:
            paid = self.env["payment.transaction"].search(
                [("partner_id", "=", reminder.partner_id.id), ("state", "=", "done")]
            )
            self.assertEqual(
                {one.currency_id: one.amount for one in paid},
                self._get_claims(reminder),
            )
            self.assertTrue(all(reminder.line_ids.move_line_id.mapped("reconciled")))

    # ------------------------------------------------------------------
    # By bank transfer
    # ------------------------------------------------------------------

    def test_by_transfer(self):
        """From the letter: account, amount, reference, last day, and the codes."""
        found = self._remind_all()
        report = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        if report.get_wkhtmltopdf_state() != "ok":
            self.skipTest("wkhtmltopdf is missing")
        content, _kind = report._render_qweb_pdf(
            "account_payment_followup.report_reminder",
            [reminder.id for reminder in found],
        )
        letters, names = [], [reminder.name for reminder in found]
        for text, codes in read_pdf(content):
            if any(name in text for name in names[len(letters) :][:1]):
                letters.append((text, codes))
            else:  # two currencies may take a second page
                before = letters.pop()
                letters.append((f"{before[0]} {text}", before[1] + codes))
        for (reminder, (said, _token)), letter in zip(
            found.items(), letters, strict=True
        ):
            with self.subTest(customer=reminder.partner_id.name):
                self._check_letter(reminder, said, *letter)

    def _check_letter(self, reminder, said, text, codes):
        self.assertIn(reminder.name, text)
        self.assertIn(reminder.partner_id.name, text)
        labels = ["Amount", "Account holder", "Account number"]
        self.assertEqual("Pay by" in said, bool(reminder.payment_deadline))
        if reminder.payment_deadline:  # a level may give none
            labels.append("Pay by")
        for label in labels:
            for value in said[label]:
                self.assertIn(value, text)
        self.assertIn(reminder.access_url, codes)
        for way in reminder.pay_ways:
            self.assertIn(way["reference"], text)
            currency = self.env["res.currency"].browse(way["currency_id"])
            self.assertEqual(way["amount"], self._get_claims(reminder)[currency])
            bank = self.env["res.partner.bank"].browse(way["bank_id"])
            self.assertEqual(bank.partner_id, self.company.partner_id)
            self.assertIn(bank.sanitized_acc_number, text.replace(" ", ""))
        euro = self.env.ref("base.EUR").id
        transfers = [code.split("\n") for code in codes if code.startswith("BCD")]
        self.assertEqual(
            [(lines[6], lines[7], lines[9] or lines[10]) for lines in transfers],
            [
                ("BE71096123456769", f"EUR{way['amount']}", way["reference"])
                for way in reminder.pay_ways
                if way["currency_id"] == euro
            ],
        )

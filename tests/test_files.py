import io
import re
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.tests import BaseCase, HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader, PdfFileWriter

from ..models.account_followup_document import fit_to_a4
from ..tools.names import MAX_BYTES, make_file_name
from .common import TODAY, FollowupCommon
from .iap_common import IapCommon


def make_pdf(*sizes):
    """Return a PDF of empty pages, whose sizes are (width, height) in points."""
    writer = PdfFileWriter()
    for width, height in sizes:
        writer.addBlankPage(width, height)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def get_sizes(content):
    pages = PdfFileReader(io.BytesIO(content), strict=False).pages
    return [tuple(round(float(value)) for value in page.mediaBox[2:]) for page in pages]


class TestFileNames(BaseCase):
    def test_parts(self):
        self.assertEqual(
            make_file_name("pdf", "Reminder", "Acme 2026-11-22"),
            "Reminder - Acme 2026-11-22.pdf",
        )
        self.assertEqual(make_file_name("pdf", "", "Acme"), "Acme.pdf")

    def test_any_system_can_keep_it(self):
        for hostile, name in (
            ("INV/2024/1", "INV_2024_1.pdf"),
            ('a\\b:c*d?e"f<g>h|i', "a_b_c_d_e_f_g_h_i.pdf"),
            ("two\nlines\r\n\tand\x00more", "two lines andmore.pdf"),
            ("../../etc/passwd", "_.._etc_passwd.pdf"),
            (" . ", "_.pdf"),
            ("\u202efdp.exe", "fdp.exe.pdf"),
            ("Grüße 株式会社", "Grüße 株式会社.pdf"),
        ):
            with self.subTest(name=hostile):
                self.assertEqual(make_file_name("pdf", hostile), name)

    def test_long_names_keep_their_end(self):
        for letter in ("a", "ü", "株"):
            name = make_file_name("pdf", "Reminder", letter * 300 + " 2026-11-22")
            self.assertLessEqual(len(name.encode()), MAX_BYTES + 4)
            self.assertTrue(name.startswith(f"Reminder - {letter}"), name)
            self.assertTrue(name.endswith("2026-11-22.pdf"), name)


class TestPageSizes(BaseCase):
    """The post takes A4 only."""

    def test_other_sizes_become_a4(self):
        letter, wide, small = (612, 792), (1200, 600), (200, 100)
        content = fit_to_a4(make_pdf((595.3, 841.9), letter, wide, small))
        self.assertEqual(get_sizes(content), [(595, 842)] * 4)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestFiles(FollowupCommon):
    """Rows A4 and C1: what is attached to the e-mail, how often and by which name."""

    def _send(self, customer=None, **values):
        """Send by the window; return the files of the e-mail that left."""
        window = self._open_window(customer)
        window.write({"attach_invoices": True, **values})
        with self.mock_mail_gateway():
            window.action_send()
        (mail,) = self._mails
        return mail["attachments"]

    def _create_in_instalments(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "In two",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (0, 5)
                ],
            }
        )
        return self._create_late(
            20, invoice_payment_term_id=term.id, invoice_date_due=False
        )

    def test_invoice_in_instalments_is_attached_once(self):
        invoice = self._create_in_instalments()
        report = self.env.registry["ir.actions.report"]
        calls = []
        render = report._render_qweb_pdf

        def count(report, name, ids, *args, **kwargs):
            calls.extend(ids)
            return render(report, name, ids, *args, **kwargs)

        with patch.object(report, "_render_qweb_pdf", count):
            files = self._send(do_print=True)
        self.assertEqual(len(self._get_reminders().line_ids), 2, "two are late")
        number = invoice.name.replace("/", "_")
        self.assertEqual(
            [name for name, *_rest in files],
            ["Payment Reminder - Late Ltd 2024-05-15.pdf", f"{number} - Late Ltd.pdf"],
        )
        self.assertEqual(calls.count(invoice.id), 1, "one conversion for all channels")

    def test_receipt_is_attached_like_an_invoice(self):
        receipt = self._create_late(20, move_type="out_receipt")
        invoice = self._create_late(25)
        refund = self._create_late(25, amount=10, move_type="out_refund")
        names = " ".join(name for name, *_rest in self._send())
        for move in (receipt, invoice):
            self.assertIn(move.name.replace("/", "_"), names)
        self.assertNotIn(refund.name.replace("/", "_"), names)

    def test_names_of_a_customer_that_no_file_system_likes(self):
        customer = self._create_customer("Müller / Söhne: <Ltd>")
        customer.email = "mueller@customer.example.com"
        invoice = self._create_late(20, partner=customer)
        files = self._send(customer, do_print=True)
        self.assertEqual(
            [name for name, *_rest in files],
            [
                "Payment Reminder - Müller _ Söhne_ _Ltd_ 2024-05-15.pdf",
                f"{invoice.name.replace('/', '_')} - Müller _ Söhne_ _Ltd_.pdf",
            ],
        )

    def test_name_of_the_letter_is_not_that_of_the_level(self):
        self.level_1.name = "Internal: first nagging"
        self._create_late(20)
        self._send(do_print=True, attach_invoices=False)
        letter = self._get_reminders().delivery_ids.attachment_id
        self.assertEqual(letter.name, "Payment Reminder - Late Ltd 2024-05-15.pdf")

    def test_files_of_a_run_are_those_of_the_window(self):
        self._create_in_instalments()
        receipt = self._create_late(20, move_type="out_receipt")
        self.level_1.write({"attach_invoices": True, "send_letter": False})
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        (mail,) = self._mails
        names = [name for name, *_rest in mail["attachments"]]
        self.assertEqual(len(names), 2, names)
        self.assertEqual(len(set(names)), 2)
        self.assertIn(receipt.name.replace("/", "_"), " ".join(names))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPostedFiles(IapCommon, HttpCase):
    """Issue 18: the invoices are pages of the letter, printed and posted."""

    def setUp(self):
        super().setUp()
        if self.env["ir.actions.report"].get_wkhtmltopdf_state() != "ok":
            self.skipTest("wkhtmltopdf is missing")
        self.env.company.paperformat_id = self.env.ref("base.paperformat_us")

    def _store(self, invoice, content):
        self.env["ir.attachment"].create(
            {
                "name": "stored.pdf",
                "raw": content,
                "res_model": "account.move",
                "res_id": invoice.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        invoice.invalidate_recordset()

    def _send(self, **values):
        window = self._open_window()
        window.write({"do_email": False, "attach_invoices": True, **values})
        with self.mock_mail_gateway():
            window.with_context(force_report_rendering=True).action_send()
        self.env.flush_all()
        return self._get_reminders().delivery_ids

    def _get_text(self, content):
        pages = PdfFileReader(io.BytesIO(content)).pages
        return ["".join(page.extract_text().split()) for page in pages]

    def _count_letter_pages(self, content):
        """Return how many pages the letter itself has, as its footer says."""
        return int(re.search(r"Page1/(\d+)", self._get_text(content)[0])[1])

    def test_printed(self):
        printed, stored = self._create_late(20), self._create_late(25)
        self._store(stored, make_pdf((595, 842), (612, 792)))
        content = self._send(do_print=True).attachment_id.raw
        pages = self._get_text(content)
        number = self._count_letter_pages(content)
        self.assertEqual(len(pages), number + 3, "two pages as stored, one made now")
        self.assertIn("Totaloverdue", pages[0])
        self.assertIn(printed.name.replace("/", "/"), "".join(pages[number:]))

    def test_posted(self):
        """The address is on the first page, all are A4, and nobody else's are there."""
        self._create_late(20)
        stored = self._create_late(25)
        self._store(stored, make_pdf((612, 792), (842, 595)))
        delivery = self._send(do_letter=True)
        content = delivery.attachment_id.raw
        self.assertEqual(set(get_sizes(content)), {(595, 842)})
        pages = self._get_text(content)
        self.assertEqual(len(pages), self._count_letter_pages(content) + 3)
        self.assertIn("LateLtd", pages[0])
        self.assertIn("Totaloverdue", pages[0])
        self.assertEqual(delivery.letter_id.attachment_id, delivery.attachment_id)

    def test_all_channels_at_once(self):
        """The e-mail has the letter once, and the invoice as a file of its own."""
        invoice = self._create_late(20)
        self._store(invoice, make_pdf((595, 842)))
        deliveries = self._send(do_print=True, do_letter=True, do_email=True)
        self.assertEqual(
            sorted(deliveries.mapped("channel")), ["email", "letter", "print"]
        )
        files = self._get_reminders().mail_message_id.attachment_ids
        self.assertEqual(
            sorted(files.mapped("name")),
            [
                f"{invoice.name.replace('/', '_')} - Late Ltd.pdf",
                "Payment Reminder - Late Ltd 2024-05-15.pdf",
            ],
        )
        documents = [one.raw for one in deliveries.attachment_id]
        self.assertEqual(len(documents), 2)
        for content in documents:
            number = self._count_letter_pages(content)
            self.assertEqual(len(get_sizes(content)), number + 1)
        letter = files.filtered(lambda file: file.name.startswith("Payment"))
        number = self._count_letter_pages(letter.raw)
        self.assertEqual(len(get_sizes(letter.raw)), number, "no invoice in it")

    def test_damaged_invoice(self):
        """It fails with the name of the file, and reminds nobody without it."""
        invoice = self._create_late(20)
        self._store(invoice, b"%PDF-1.4 damaged")
        self.level_1.write({"send_letter": True, "attach_invoices": True})
        cases = self._get_followup().with_context(force_report_rendering=True)
        with mute_logger("odoo.tools.pdf", "pypdf", "pypdf._reader"):
            result = cases._process(TODAY, options={"letters": "print"})
        self.assertFalse(self._get_reminders())
        (reason,) = result["failed"].values()
        self.assertIn(f"{invoice.name.replace('/', '_')} - Late Ltd.pdf", str(reason))
        self.assertIn("untick Attach Invoices", str(reason))

import io
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from .common import TODAY
from .test_queries_process import BatchCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLetterBatch(BatchCommon, HttpCase):
    """Issue 6, P7: several letters in one call of wkhtmltopdf, told apart again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.levels.write({"send_email": False, "send_letter": True})
        cls.report = cls.env.registry["ir.actions.report"]

    def setUp(self):
        super().setUp()
        if self.env["ir.actions.report"].get_wkhtmltopdf_state() != "ok":
            self.skipTest("wkhtmltopdf is missing")

    def _print(self, partners, letters="print"):
        """Return the pages of each customer's letter, and the sizes of the calls."""
        calls = []
        run = self.report._run_wkhtmltopdf

        def count(report, bodies, *args, **kwargs):
            calls.append(len(bodies))
            return run(report, bodies, *args, **kwargs)

        cases = self._get_cases(partners)
        cases = cases.with_context(force_report_rendering=True)
        with patch.object(self.report, "_run_wkhtmltopdf", count):
            result = cases._process(TODAY, options={"letters": letters})
        self.assertEqual(len(result["done"]), len(partners), result)
        pages = {}
        for partner in partners:
            deliveries = self._get_reminders(partner).delivery_ids
            pages[partner] = [
                PdfFileReader(io.BytesIO(delivery.attachment_id.raw)).pages
                for delivery in deliveries
            ]
        return pages, calls

    def _get_text(self, pages):
        return "\n".join(page.extract_text() for page in pages)

    def _assert_own(self, pages):
        """Each customer's letter names its own invoices and nobody else's."""
        lines = self.env["account.followup.reminder.line"]
        names = {
            partner: set(lines.search([("partner_id", "=", partner.id)]).mapped("name"))
            for partner in pages
        }
        for partner, letters in pages.items():
            for letter in letters:
                text = self._get_text(letter)
                for other, mine in names.items():
                    for name in mine:
                        self.assertEqual(name in text, other == partner, name)

    def test_p7_letters_of_a_batch(self):
        """Long and short ones, with headings in the text and without a subject."""
        partners = self._create_customers(12)
        for late in range(30, 70):
            self._create_invoices(partners[3], days_late=late)
        self.template.write(
            {
                "subject": "{{ '' if object.name.endswith(' 7') else 'Reminder' }}",
                "body_html": (
                    '<h1>First <t t-out="object.name"/></h1>'
                    '<div class="o_followup_items"/><h1>Second</h1><h3>Third</h3>'
                ),
            }
        )
        pages, calls = self._print(partners)
        self.assertEqual(calls, [10, 2])
        self._assert_own(pages)
        for partner, ((*letter,),) in pages.items():
            self.assertEqual(len(letter) > 1, partner == partners[3])
            text = self._get_text(letter)
            self.assertIn(f"First {partner.name}\n", f"{text}\n")
            self.assertIn("Second", text)
            for number, page in enumerate(letter, 1):
                self.assertRegex(
                    page.extract_text(), rf"Page\s*{number}\s*/\s*{len(letter)}"
                )

    def test_p7_letters_by_post(self):
        """Two contacts of a customer: two calls, and each has its own address."""
        partners = self._create_customers(2)
        for name in ("Ann", "Bob"):
            self.env["res.partner"].create(
                {
                    "name": name,
                    "type": "followup",
                    "parent_id": partners[0].id,
                    "street": f"9 {name} Street",
                    "city": "Springfield",
                    "zip": "20500",
                    "country_id": self.env.ref("base.us").id,
                }
            )
        self.company.snailmail_cover = False
        pages, calls = self._print(partners, letters="post")
        self.assertEqual(sorted(calls), [1, 2])
        self._assert_own(pages)
        ann, bob = (self._get_text(letter) for letter in pages[partners[0]])
        self.assertIn("9 Ann Street", ann)
        self.assertNotIn("Bob", ann)
        self.assertIn("9 Bob Street", bob)
        self.assertNotIn("Ann", bob)
        (other,) = pages[partners[1]]
        self.assertIn("3 Other Street", self._get_text(other))

    def test_p7_converter_without_patches(self):
        """A build that converts a single page in a call: the letters come anyway."""
        partners = self._create_customers(3)
        run = self.report._run_wkhtmltopdf

        def refuse(report, bodies, *args, **kwargs):
            if len(bodies) > 1:
                text = "This version of wkhtmltopdf is built against unpatched"
                raise UserError(text)
            return run(report, bodies, *args, **kwargs)

        with patch.object(self.report, "_run_wkhtmltopdf", refuse):
            pages, calls = self._print(partners)
        self.assertEqual(calls, [3, 1, 1, 1])
        self._assert_own(pages)

    @mute_logger("odoo.addons.base.models.ir_actions_report")
    def test_promise_3_letter_that_cannot_be_made(self):
        """Its customer has failed, with the reason; the others have their letters."""
        partners = self._create_customers(4)
        run = self.report._run_wkhtmltopdf

        def crash(report, bodies, *args, **kwargs):
            if any("Customer 2" in str(body) for body in bodies):
                text = "Wkhtmltopdf failed"
                raise UserError(text)
            return run(report, bodies, *args, **kwargs)

        cases = self._get_cases(partners).with_context(force_report_rendering=True)
        with patch.object(self.report, "_run_wkhtmltopdf", crash):
            result = cases._process(TODAY, options={"letters": "print"})
        self.assertEqual(len(result["done"]), 3)
        self.assertEqual(list(result["failed"].values()), ["Wkhtmltopdf failed"])
        for partner in partners - partners[2]:
            self.assertEqual(len(self._get_reminders(partner).delivery_ids), 1)
        documents = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "account.followup.reminder"),
                ("res_id", "in", self._get_all_reminders(partners).ids),
            ]
        )
        self.assertEqual(len(documents), 3)

import io
from datetime import timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..models.snailmail_letter import ADDRESS_FIELDS
from .common import TODAY
from .iap_common import IAP_LOGGERS, IapCommon
from .iap_server import EMPTY, ERROR_500, HANG_UP, NO_JSON, NONSENSE, SUCCESS, TIMEOUT


class LetterCommon(IapCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.levels.write({"send_email": False, "send_letter": True})
        cls.company.partner_id.write(
            {"street": "2 Sender Road", "city": "Boston", "zip": "02108"}
        )

    def _send_letter(self):
        """Remind the customers by the scheduled actions; return the last reminder."""
        self._run_cron()
        self._run_letter_queue()
        return self._get_reminders()[-1:]

    def _create_addressee(self, name, **values):
        values = {"zip": "20500", "country_id": self.country.id, **values}
        return self._create_customer(name, **values)

    def _assert_failed(self, reminder, reason, day=TODAY):
        """All deliveries of a reminder failed: rule 11."""
        self.assertEqual(set(reminder.delivery_ids.mapped("state")), {"failed"})
        self.assertRegex(reminder.failure_reason, reason)
        self.assertEqual(reminder.state, "failed")
        self.assertFalse(any(reminder.line_ids.mapped("is_standing")))
        self.assertFalse(
            reminder.line_ids.move_line_id.followup_level_id, "no level was reached"
        )
        followup = self._get_followup(reminder.partner_id)
        self.assertEqual(followup.retry_date, day + timedelta(days=1))
        activity = reminder.partner_id.activity_ids
        self.assertEqual(len(activity), 1, "one task for the responsible")
        self.assertEqual(activity.user_id, self.responsible)
        self.assertRegex(activity.note, reason)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLetter(LetterCommon, CronMixinCase):
    """Rows C1, C3, C7, E3, X2, G2: reminders by post, from the level to the service."""

    # ------------------------------------------------------------------
    # C7: what arrives
    # ------------------------------------------------------------------

    def test_c7_cron_to_service(self):
        late = self._create_late(20)
        self._run_cron()
        reminder = self._get_reminders()
        self.assertFalse(self.service.requests, "nothing leaves before the queue")
        self.assertEqual(reminder.state, "queued")
        self._run_letter_queue()
        (letter,) = self.service.letters
        self.assertEqual(
            letter["address"],
            {
                "name": "Late Ltd",
                "street": "1 Main Street",
                "street2": False,
                "zip": "20500",
                "state": False,
                "city": "Springfield",
                "country_code": "US",
            },
        )
        self.assertEqual(letter["return_address"]["name"], self.company.name)
        self.assertEqual(letter["return_address"]["street"], "2 Sender Road")
        self.assertIn(late.name.encode(), letter["pdf"])
        delivery = reminder.delivery_ids
        self.assertEqual((delivery.channel, delivery.state), ("letter", "sent"))
        self.assertIn("1 Main Street", delivery.recipient)
        self.assertEqual(delivery.attachment_id.raw, letter["pdf"], "the copy is kept")
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(late.followup_level_id, self.level_1)
        # again and again: nothing more
        for _run in range(3):
            self._run_cron()
            self._run_letter_queue()
        self.assertEqual(len(self.service.letters), 1)

    def test_c7_queue_is_woken(self):
        """Core prints letters once a day: nobody waits that long."""
        self._create_late(20)
        with self.capture_triggers("snailmail.snailmail_print") as captured:
            self._get_followup()._process(TODAY)
        self.assertTrue(captured.records)

    def test_c1_window(self):
        self._create_late(20)
        window = self._open_window()
        self.assertTrue(window.do_letter)
        self.assertFalse(window.do_email)
        self.assertIn("in-app credits", window.alerts["credits"]["message"])
        window.body = "<p>My own words, dear 客户</p>"
        with self.mock_mail_gateway():
            window.action_send()
            self.assertFalse(self._mails)
        self._run_letter_queue()
        (letter,) = self.service.letters
        self.assertIn("My own words, dear 客户", letter["pdf"].decode())
        self.assertEqual(self._get_reminders().state, "sent")

    def test_c1_all_channels_together(self):
        self._create_late(20)
        self.customer.phone = "+12025550122"
        self.level_1.sms_template_id = self.env.ref(
            "account_payment_followup.sms_template_reminder"
        )
        window = self._open_window()
        window.do_email = window.do_print = window.do_sms = True
        with self.mock_mail_gateway():
            window.action_send()
            self.assertEqual(len(self._mails), 1)
        self._run_letter_queue()
        self._run_queue("sms.ir_cron_sms_scheduler_action")
        reminder = self._get_reminders()
        self.assertEqual(
            {delivery.channel: delivery.state for delivery in reminder.delivery_ids},
            dict.fromkeys(("print", "letter", "email", "sms"), "sent"),
        )
        self.assertEqual((len(self.service.letters), len(self.service.sms)), (1, 1))

    def test_c4_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.template.with_context(lang="fr_FR").write(
            {"subject": "Rappel", "body_html": "<p>Bonjour</p>"}
        )
        self.customer.lang = "fr_FR"
        self._create_late(20)
        self._send_letter()
        text = self.service.letters[0]["pdf"].decode()
        self.assertIn("Bonjour", text)
        self.assertIn("Rappel", text)

    def test_c3_every_marked_contact_with_an_address(self):
        values = {"parent_id": self.customer.id, "type": "followup"}
        ann = self._create_addressee("Ann", street="7 Ann Street", **values)
        self._create_addressee("Bob", street="8 Bob Street", **values)
        self._create_addressee("Mailbox", street=False, **values)
        self._create_late(20)
        reminder = self._send_letter()
        self.assertEqual(reminder.state, "sent")
        letters = {one["address"]["name"]: one for one in self.service.letters}
        self.assertEqual(set(letters), {"Ann", "Bob"})
        self.assertEqual(letters["Bob"]["address"]["street"], "8 Bob Street")
        for name, other in (("Ann", "Bob"), ("Bob", "Ann")):
            text = letters[name]["pdf"].decode()
            self.assertIn(f"{name} Street", text)
            self.assertNotIn(f"{other} Street", text, "each has its own address")
        self.assertEqual(len(reminder.delivery_ids), 2)
        self.assertIn(ann.street, " ".join(reminder.delivery_ids.mapped("recipient")))

    def test_c3_one_of_two_letters_fails(self):
        values = {"parent_id": self.customer.id, "type": "followup"}
        for name in ("Ann", "Bob"):
            self._create_addressee(name, street=f"1 {name} Street", **values)
        self.service.answers["Ann"] = "NO_PRICE_AVAILABLE"
        late = self._create_late(20)
        reminder = self._send_letter()
        self.assertEqual(
            sorted(reminder.delivery_ids.mapped("state")), ["failed", "sent"]
        )
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(late.followup_level_id, self.level_1)

    # ------------------------------------------------------------------
    # C7: the paper
    # ------------------------------------------------------------------

    def _render(self, **company):
        """Send a letter with a real PDF; return it as the service has got it."""
        self.company.write(company)
        self._create_late(20)
        self._get_followup()
        with self.allow_pdf_render():
            followup = self._get_followup().with_context(force_report_rendering=True)
            followup._process(TODAY)
        self._run_letter_queue()
        (letter,) = self.service.letters
        self.assertTrue(letter["pdf"].startswith(b"%PDF"))
        return letter, PdfFileReader(io.BytesIO(letter["pdf"]))

    def _assert_a4(self, pdf):
        for page in pdf.pages:
            size = [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]]
            self.assertEqual(size, [210, 297])

    def test_c7_pdf(self):
        """US Letter is the paper of the company: the post service wants A4."""
        letter, pdf = self._render(
            paperformat_id=self.env.ref("base.paperformat_us").id, snailmail_cover=False
        )
        self._assert_a4(pdf)
        self.assertEqual(len(pdf.pages), 1)
        text = pdf.pages[0].extract_text()
        self.assertIn("Late Ltd", text)
        self.assertIn("1 Main Street", text)
        self.assertIn(self._get_reminders().line_ids.name, text)
        self.assertFalse(letter["options"]["cover"])

    def test_c7_pdf_with_cover_page(self):
        letter, pdf = self._render(
            paperformat_id=self.env.ref("base.paperformat_us").id,
            snailmail_cover=True,
            snailmail_duplex=True,
        )
        self._assert_a4(pdf)
        self.assertEqual(len(pdf.pages), 3, "cover, its blank back, letter")
        self.assertIn("1 Main Street", pdf.pages[0].extract_text())
        self.assertFalse(pdf.pages[1].extract_text())
        self.assertIn("Payment reminder", pdf.pages[2].extract_text())
        self.assertTrue(letter["options"]["cover"])

    def _post_to_corrected_address(self, street):
        """Correct the address of a letter that waits; return the text of its pages."""
        self.customer.street = street
        self._run_letter_queue()
        letter = self.service.letters[-1]
        self.assertEqual(letter["address"]["street"], street)
        delivery = self._get_reminders().delivery_ids
        self.assertEqual(delivery.attachment_id.raw, letter["pdf"], "the copy is kept")
        self.assertIn(street, delivery.recipient)
        self.assertTrue(letter["options"]["cover"])
        pdf = PdfFileReader(io.BytesIO(letter["pdf"]))
        self._assert_a4(pdf)
        return [page.extract_text() for page in pdf.pages]

    def _queue_pdf(self, **company):
        self.company.write(company)
        self._create_late(20)
        followup = self._get_followup().with_context(force_report_rendering=True)
        with self.allow_pdf_render():
            followup._process(TODAY)

    def test_c7_corrected_address_is_on_the_paper(self):
        """The post reads it there: a cover page comes before the pages of before."""
        self._queue_pdf(snailmail_cover=False, snailmail_duplex=False)
        cover, page = self._post_to_corrected_address("2 New Street")
        self.assertIn("2 New Street", cover)
        self.assertIn("Payment reminder", page)

    def _fail_pdf(self, answer):
        """Correct the address of a letter with a cover page, and let the post fail."""
        self._queue_pdf(snailmail_cover=True, snailmail_duplex=True)
        self.customer.street = "2 New Street"
        self.service.letter_answer = answer
        with mute_logger(*IAP_LOGGERS):
            self._run_letter_queue()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "failed")
        self.service.reset()
        return reminder.delivery_ids

    def _assert_pages(self, pages, street):
        cover, back, page = pages
        self.assertIn(street, cover)
        self.assertFalse(back)
        self.assertIn("Payment reminder", page)

    def test_c7_corrected_address_is_on_the_cover(self):
        """Corrected once more before it is sent again: never two cover pages."""
        delivery = self._fail_pdf("NO_PRICE_AVAILABLE")
        self.customer.street = "3 Newer Street"
        delivery.action_retry()
        pages = self._post_to_corrected_address("3 Newer Street")
        self._assert_pages(pages, "3 Newer Street")

    def test_c7_corrected_address_when_sent_again(self):
        """The post service was down when the letter was to go to the new address."""
        self._fail_pdf(ERROR_500).action_retry()
        pages = self._post_to_corrected_address("2 New Street")
        self._assert_pages(pages, "2 New Street")

    def test_c7_address_as_the_post_wants_it(self):
        """In Germany the second line of the street stands beside the first."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.company.write({"snailmail_cover": True, "snailmail_duplex": False})
        self.customer.write(
            {
                "lang": "fr_FR",
                "street": "Hauptweg 5",
                "street2": "Hinterhaus",
                "city": "Berlin",
                "zip": "10115",
                "country_id": self.env.ref("base.de").id,
            }
        )
        self._create_late(20)
        window = self._open_window().with_context(force_report_rendering=True)
        window.do_print = True
        with self.allow_pdf_render():
            window.action_send()
        printed, posted = (
            PdfFileReader(io.BytesIO(delivery.attachment_id.raw))
            for delivery in self._get_reminders().delivery_ids.sorted(
                "channel", reverse=True
            )
        )
        self.assertIn("Hauptweg 5\nHinterhaus\n", printed.pages[0].extract_text())
        self.assertEqual(len(posted.pages), 2)
        for page in posted.pages:
            text = page.extract_text()
            self.assertIn("Hauptweg 5 // Hinterhaus", text)
            self.assertEqual(text.count("10115 Berlin"), 1)

    def test_c7_letterheads_that_print_to_the_edge(self):
        for name in ("bubble", "wave", "folder"):
            layout = self.env.ref(f"web.external_layout_{name}")
            with self.subTest(layout=name):
                customer = self._create_addressee(f"Customer {name}")
                self._create_late(20, partner=customer)
                self.company.external_report_layout_id = layout
                window = self._open_window(customer)
                window.do_print = True
                window.action_send()
                printed, posted = (
                    self._get_reminders(customer)
                    .delivery_ids.sorted("channel", reverse=True)
                    .attachment_id.mapped(lambda file: file.raw.decode())
                )
                self.assertIn(f"o_report_layout_{name}", printed)
                self.assertNotIn(f"o_report_layout_{name}", posted)
                self.assertIn("o_report_layout_standard", posted)
                self.assertEqual(self.company.external_report_layout_id, layout)

    # ------------------------------------------------------------------
    # E3: what is known before
    # ------------------------------------------------------------------

    def test_c3_incomplete_address(self):
        for name in ("street", "city", "zip", "country_id"):
            with self.subTest(missing=name):
                customer = self._create_addressee(f"No {name}", **{name: False})
                self._create_late(20, partner=customer)
                alert = self._open_window(customer).alerts["letter"]
                self.assertEqual(alert["level"], "danger")
                self.assertIn("no complete postal address", alert["message"])
                self.assertEqual(alert["action"]["res_id"], customer.id)
                self._send_letter()
                reminder = self._get_reminders(customer)
                self._assert_failed(reminder, "no complete postal address")
                with self.assertRaisesRegex(UserError, "no message to send again"):
                    reminder.delivery_ids.action_retry()
        self.assertFalse(self.service.requests)
        self.assertFalse(self._get_letters())

    def test_e3_address_is_removed_while_queued(self):
        self._create_late(20)
        self._run_cron()
        self.customer.city = False
        self._run_letter_queue()
        reminder = self._get_reminders()
        self._assert_failed(reminder, "postal address is not complete")
        self.assertFalse(self.service.requests)
        self._run_letter_queue()  # core tries it again every day
        self._assert_failed(reminder, "postal address is not complete")
        # mended, and sent again by hand
        self.customer.city = "Shelbyville"
        reminder.delivery_ids.action_retry()
        self._run_letter_queue()
        self.assertEqual(self.service.letters[0]["address"]["city"], "Shelbyville")
        self.assertEqual(reminder.state, "sent")

    def test_e3_address_as_used(self):
        """Corrected while the letter waits: it goes there, and the history says so."""
        self._create_late(20)
        self._run_cron()
        delivery = self._get_reminders().delivery_ids
        place = "Springfield 20500 United States"
        self.assertEqual(delivery.recipient, f"1 Main Street {place}")
        self.customer.street = "2 New Street"
        self._run_letter_queue()
        (letter,) = self.service.letters
        self.assertEqual(letter["address"]["street"], "2 New Street")
        self.assertEqual(delivery.state, "sent")
        self.assertEqual(delivery.recipient, f"2 New Street {place}")
        self.customer.street = "3 Later Street"
        self._run_cron()
        self._run_letter_queue()
        self.assertEqual(delivery.recipient, f"2 New Street {place}")

    def test_e3_another_contact_meanwhile(self):
        """The letter is Ann's: it goes to her, and the history says so."""
        values = {"parent_id": self.customer.id, "type": "followup"}
        ann = self._create_addressee("Ann", street="7 Ann Street", **values)
        self._create_late(20)
        self._run_cron()
        ann.type = "other"
        self._create_addressee("Bob", street="8 Bob Street", **values)
        self._run_letter_queue()
        (letter,) = self.service.letters
        self.assertEqual(letter["address"]["name"], "Ann")
        delivery = self._get_reminders().delivery_ids
        self.assertEqual((delivery.partner_id, delivery.state), (ann, "sent"))
        self.assertEqual(
            delivery.recipient, "7 Ann Street Springfield 20500 United States"
        )

    # ------------------------------------------------------------------
    # E3: what the service says
    # ------------------------------------------------------------------

    def test_e3_refused(self):
        """Each way to fail ends in a failed delivery with a reason (promise 5)."""
        for answer, reason in {
            "CREDIT_ERROR": "credits.*post",
            "TRIAL_ERROR": "account.*post",
            "NO_PRICE_AVAILABLE": "country",
            "MISSING_REQUIRED_FIELDS": "address",
            "FORMAT_ERROR": "cannot print",
            "ATTACHMENT_ERROR": "post service",
            "SOMETHING_NEW": "post service",
            ERROR_500: "post service",
            HANG_UP: "post service",
            NO_JSON: "post service",
            NONSENSE: "post service",
            EMPTY: "post service",
            TIMEOUT: "post service",
        }.items():
            with self.subTest(answer=answer):
                customer = self._create_addressee(f"Like {answer}")
                self._create_late(20, partner=customer)
                self.service.letter_answer = answer
                with mute_logger(*IAP_LOGGERS):
                    self._send_letter()
                self._assert_failed(self._get_reminders(customer), reason)
                # what core does on the other days
                calls = len(self.service.requests)
                self.service.letter_answer = SUCCESS
                self._run_cron()
                for _day in range(3):
                    self._run_letter_queue()
                self.assertEqual(len(self.service.requests), calls, "it is over")
                self._assert_failed(self._get_reminders(customer), reason)
        self.assertFalse(self.service.letters)

    def test_e3_next_day_a_new_try(self):
        """The new reminder is posted once; core does not post the old one as well."""
        invoices = {
            answer: self._create_late(20, partner=self._create_addressee(answer))
            for answer in ("CREDIT_ERROR", "TRIAL_ERROR", ERROR_500)
        }
        self.service.answers = {answer: answer for answer in invoices}
        with mute_logger(*IAP_LOGGERS):
            self._send_letter()
        for invoice in invoices.values():
            self.assertEqual(self._get_reminders(invoice.partner_id).state, "failed")
            self.assertFalse(invoice.followup_level_id)
        self.service.reset()
        with freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            self._run_letter_queue()  # core's daily run is the first one
            self.assertFalse(self.service.letters)
            self._send_letter()
            self._run_letter_queue()
        self.assertEqual(len(self.service.letters), 3)
        for invoice in invoices.values():
            self.assertEqual(
                self._get_reminders(invoice.partner_id).mapped("state"),
                ["failed", "sent"],
            )
            self.assertEqual(invoice.followup_level_id, self.level_1)

    def test_e3_other_channels_go_on(self):
        self.levels.send_email = True
        late = self._create_late(20)
        self.service.letter_answer = "CREDIT_ERROR"
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        self._run_letter_queue()
        reminder = self._get_reminders()
        self.assertEqual(
            {delivery.channel: delivery.state for delivery in reminder.delivery_ids},
            {"email": "sent", "letter": "failed"},
        )
        self.assertEqual(reminder.state, "sent", "it reached the customer")
        self.assertEqual(late.followup_level_id, self.level_1)
        self.assertFalse(self.customer.activity_ids)

    def test_e3_no_credits_for_many(self):
        """Core stops at the first letter: the others do not wait for better days."""
        customers = [self._create_addressee(f"Customer {n}") for n in range(3)]
        for customer in customers:
            self._create_late(20, partner=customer)
        self.service.letter_answer = "CREDIT_ERROR"
        self._send_letter()
        for customer in customers:
            self._assert_failed(self._get_reminders(customer), "credits")
        self.assertEqual(len(self.service.requests), 1, "asked once")
        self.service.reset()
        for _day in range(3):
            self._run_letter_queue()
        self.assertFalse(self.service.requests)

    def test_e3_one_bad_letter_spares_the_others(self):
        customers = [self._create_addressee(f"Customer {n}") for n in range(3)]
        for customer in customers:
            self._create_late(20, partner=customer)
        self.service.answers["Customer 1"] = ERROR_500
        with mute_logger(*IAP_LOGGERS):
            self._send_letter()
        self.assertEqual(
            [self._get_reminders(customer).state for customer in customers],
            ["sent", "failed", "sent"],
        )

    def test_e3_letters_of_other_modules(self):
        """They stay as core leaves them, and reminders do not wait behind them."""
        other = self._create_other_letter()
        self._create_late(20)
        self.service.answers["Other Customer"] = "CREDIT_ERROR"
        self.assertEqual(self._send_letter().state, "sent")
        self.assertEqual((other.state, other.error_code), ("error", "CREDIT_ERROR"))
        self.service.reset()
        self._run_letter_queue()
        self.assertEqual(other.state, "sent", "core has tried it again")
        self.assertEqual(len(self.service.letters), 1)

    def _create_other_letter(self, attachment=None):
        """Queue a letter as other modules do."""
        partner = self._create_addressee("Other Customer")
        attachment = attachment or self.env["ir.attachment"].create(
            {"name": "other.pdf", "raw": b"%PDF other"}
        )
        return self.env["snailmail.letter"].create(
            {
                "partner_id": partner.id,
                "model": "res.partner",
                "res_id": partner.id,
                "attachment_id": attachment.id,
            }
        )

    # ------------------------------------------------------------------
    # X2: the last look
    # ------------------------------------------------------------------

    def test_x2_paid_between_queue_and_sending(self):
        late = self._create_late(20)
        other = self._create_addressee("Other")
        self._create_late(20, partner=other)
        self._run_cron()
        self._pay(late)
        self._run_letter_queue()
        self.assertEqual(
            [letter["address"]["name"] for letter in self.service.letters], ["Other"]
        )
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("ettled", reminder.failure_reason)
        self.assertEqual(reminder.delivery_ids.letter_id.sudo().state, "canceled")
        self.assertEqual(self._get_reminders(other).state, "sent")
        self.assertFalse(self.customer.activity_ids)
        self._run_letter_queue()
        self.assertEqual(len(self.service.letters), 1)

    def test_x2_sent_from_the_list_of_letters(self):
        """Core's own button Send Now looks once more, too."""
        late = self._create_late(20)
        self._run_cron()
        self._pay(late)
        with self._outside_of_tests() as env:
            env["snailmail.letter"].search([]).snailmail_print()
        self.assertFalse(self.service.requests)
        self.assertEqual(self._get_reminders().state, "withdrawn")

    def test_x1_two_queues_at_once(self):
        """A run that has looked before the other one posted does not post it again."""
        self._create_late(20)
        self._run_cron()
        with self._outside_of_tests() as env:
            letters = env["snailmail.letter"].search([])
            letters._snailmail_print()
            letters._snailmail_print()
        self.assertEqual(len(self.service.letters), 1)
        self.assertEqual(self._get_reminders().state, "sent")

    # ------------------------------------------------------------------
    # E3: by hand
    # ------------------------------------------------------------------

    def test_e3_cancelled_in_the_queue(self):
        self._create_late(20)
        self._run_cron()
        self._get_letters().cancel()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("by hand", reminder.failure_reason)
        self._run_cron()
        self._run_letter_queue()
        self.assertFalse(self.service.requests)
        self.assertEqual(self._get_reminders(), reminder, "not before tomorrow")
        with freeze_time(TODAY + timedelta(days=1)):
            self.env.invalidate_all()
            self.assertEqual(self._send_letter().state, "sent")

    def test_e3_deleted_from_the_queue(self):
        self._create_late(20)
        self._run_cron()
        self._get_letters().unlink()
        self._run_cron()
        self._assert_failed(self._get_reminders(), "deleted")
        self.assertEqual(len(self._get_reminders()), 1, "not before tomorrow")

    def test_promise_5_sweep_leaves_what_is_under_way(self):
        self._create_late(20)
        self._run_cron()
        self._run_cron()
        self.assertEqual(self._get_reminders().state, "queued")
        self._run_letter_queue()
        self.assertEqual(self._get_reminders().state, "sent")

    def test_e3_retry(self):
        for answer in ("CREDIT_ERROR", ERROR_500):
            with self.subTest(answer=answer):
                customer = self._create_addressee(f"Again {answer}")
                late = self._create_late(20, partner=customer)
                self.service.reset()
                self.service.letter_answer = answer
                with mute_logger(*IAP_LOGGERS):
                    self._send_letter()
                    self._run_letter_queue()
                reminder = self._get_reminders(customer)
                self._assert_failed(reminder, "post")
                self.service.reset()
                clerk = self.responsible
                with self.capture_triggers("snailmail.snailmail_print") as captured:
                    reminder.delivery_ids.with_user(clerk).action_retry()
                self.assertTrue(captured.records)
                self.assertEqual(reminder.state, "queued")
                self._run_letter_queue()
                self.assertEqual(len(self.service.letters), 1)
                self.assertEqual(reminder.state, "sent")
                self.assertFalse(reminder.failure_reason)
                self.assertEqual(late.followup_level_id, self.level_1)
                self.assertFalse(self._get_followup(customer).failure_reason)
                self._run_cron()
                self._run_letter_queue()
                self.assertEqual(len(self.service.letters), 1)

    def test_e3_retry_of_what_was_paid(self):
        late = self._create_late(20)
        self.service.letter_answer = "CREDIT_ERROR"
        reminder = self._send_letter()
        self._pay(late)
        self.service.reset()
        reminder.delivery_ids.action_retry()
        self._run_letter_queue()
        self.assertFalse(self.service.requests)
        self.assertEqual(reminder.state, "withdrawn")

    def test_e3_retry_needs_accounting(self):
        self._create_late(20)
        self.service.letter_answer = "CREDIT_ERROR"
        reminder = self._send_letter()
        for group in ("base.group_user", "account.group_account_readonly"):
            user = self._create_user(group, group)
            with self.assertRaises(AccessError):
                reminder.delivery_ids.with_user(user).action_retry()

    # ------------------------------------------------------------------
    # G2: who sees letters
    # ------------------------------------------------------------------

    def test_g2_letters_of_reminders_are_for_accountants(self):
        self._create_late(20)
        self._run_cron()
        letter = self._get_letters()
        letter.env.flush_all()
        letters = self.env["snailmail.letter"]
        for group in (
            "account.group_account_invoice",
            "account.group_account_readonly",
        ):
            user = self._create_user(group, group)
            self.assertEqual(letters.with_user(user).search([]), letter)
            self.assertTrue(letter.with_user(user).attachment_datas)
        employee = self._create_user("employee", "base.group_user")
        manager = self._create_user(
            "contacts", "base.group_user", "base.group_partner_manager"
        )
        system = self._create_user("system", "base.group_system")
        for user in (employee, manager, system):
            self.env.invalidate_all()
            mine = letter.with_user(user)
            self.assertFalse(letters.with_user(user).search([]))
            self.assertFalse(letters.with_user(user).search_count([]))
            for use in (
                lambda mine=mine: mine.read(["attachment_datas"]),
                lambda mine=mine: mine.attachment_id.raw,
                lambda mine=mine: mine.write({"street": "Elsewhere"}),
                lambda mine=mine: mine.cancel(),
                lambda mine=mine: mine.snailmail_print(),
                lambda mine=mine: mine.message_id.send_letter(),
                lambda mine=mine: mine.message_id.cancel_letter(),
            ):
                with self.assertRaises(AccessError):
                    use()
            with self.assertRaises(AccessError):
                letter.attachment_id.with_user(user).read(["raw"])
        self.assertEqual(letter.state, "pending")

    def _queue_letter(self, customer=None):
        """Remind a customer, and leave the letter in the queue; return it."""
        self._create_late(20, partner=customer)
        self._run_cron()
        letter = self._get_letters()[-1:]
        letter.env.flush_all()
        return letter

    def test_g2_letters_of_reminders_stay_as_they_are(self):
        """To whom they go, and what it is, is said by the service alone."""
        letter = self._queue_letter()
        street = letter.street
        for group in (
            "account.group_account_manager",
            "account.group_account_invoice",
            "account.group_account_readonly",
        ):
            mine = letter.with_user(self._create_user(group, group))
            for name, field in letter._fields.items():
                if not field.store or field.type == "one2many":
                    continue
                if name in ADDRESS_FIELDS:
                    continue
                with self.subTest(field=name, group=group):
                    with self.assertRaises(AccessError):
                        mine.write({name: False})
            # it is the contact's, whatever core writes here
            mine.write({"street": "Elsewhere"})
            self.assertEqual(letter.street, street)
        self._run_letter_queue()
        (posted,) = self.service.letters
        self.assertEqual(posted["address"]["street"], street)
        self.assertEqual(letter.street, street)

    def test_g2_who_only_reads_stops_and_sends_no_letter(self):
        letter = self._queue_letter()
        reader = self._create_user("reader", "account.group_account_readonly")
        for method in ("cancel", "snailmail_print", "_snailmail_print", "unlink"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(letter.with_user(reader), method)()
        for method in ("cancel_letter", "send_letter"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(letter.message_id.with_user(reader), method)()
        self.assertFalse(self.service.requests)
        self.assertEqual(letter.state, "pending")
        self.assertEqual(self._get_reminders().state, "queued")

    def test_g2_a_clerk_sends_and_stops_letters(self):
        """Core's buttons are for those who may send reminders."""
        letter = self._queue_letter()
        with self._outside_of_tests() as env:
            clerk = env["res.users"].browse(self.responsible.id)
            env["snailmail.letter"].browse(letter.id).with_user(clerk).snailmail_print()
        self.env.invalidate_all()
        self.assertEqual(len(self.service.letters), 1)
        self.assertEqual(self._get_reminders().state, "sent")
        other = self._create_addressee("Other")
        letter = self._queue_letter(other)
        letter.with_user(self.responsible).cancel()
        reminder = self._get_reminders(other)
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("by hand", reminder.failure_reason)

    def test_g2_letters_of_another_company(self):
        self._create_late(20)
        self._run_cron()
        other = self.env["res.company"].create({"name": "Other Company"})
        user = self._create_user("other", "account.group_account_invoice")
        user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.assertFalse(self.env["snailmail.letter"].with_user(user).search([]))

    def test_g2_other_letters_are_as_they_were(self):
        letter = self._create_other_letter()
        for group in (
            "base.group_user",
            "account.group_account_invoice",
            "account.group_account_readonly",
        ):
            user = self._create_user(group, group)
            mine = letter.with_user(user)
            self.assertEqual(mine.search([]), letter)
            self.assertTrue(mine.attachment_datas)
            mine.write({"street": f"Street of {group}"})
            with self.assertRaises(AccessError):
                mine.unlink()

    def test_g2_anybody_corrects_an_address(self):
        """Core writes it into the waiting letters of the contact: no error."""
        for group in (
            "base.group_user",
            "account.group_account_readonly",
            "account.group_account_invoice",
        ):
            customer = self._create_addressee(f"Customer of {group}")
            letter = self._queue_letter(customer)
            user = self._create_user(group, group, "base.group_partner_manager")
            customer.with_user(user).street = "9 New Street"
            self._run_letter_queue()
            with self.subTest(group=group):
                address = self.service.letters[-1]["address"]
                self.assertEqual(address["name"], customer.name)
                self.assertEqual(address["street"], "9 New Street")
                # a cover page is made of it
                self.assertEqual(letter.street, "9 New Street")

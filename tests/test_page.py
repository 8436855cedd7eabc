import re
from datetime import timedelta
from random import Random
from urllib.parse import quote

from freezegun import freeze_time

from odoo import Command, http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..models import account_followup_page as page_module
from .common import TODAY
from .test_page_link import PageLinkCommon


class PageCommon(PageLinkCommon, HttpCase):
    """A customer with a link, who opens it without a login."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["account.followup.page.limit"].sudo().search([]).unlink()
        cls.reminder = cls._record_reminder(cls.customer)
        cls.token = cls.reminder.page_link_ids._get_token()

    @classmethod
    def _record_reminder(cls, partner):
        followup = cls.env["account.followup"]._get_or_create(partner, cls.company)
        service = cls.env["account.followup.send"]
        data = service._prepare_data(followup, TODAY, trigger="automatic")
        reminder = service._send_reminder(followup, TODAY, data)
        cls.env.flush_all()
        return reminder

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _get(self, path="", token=None, **options):
        self.env.flush_all()
        with mute_logger("odoo.http"):
            return self.url_open(f"/followup/{token or self.token}{path}", **options)

    def _post(self, path, token=None, csrf=True, **values):
        if csrf:
            values["csrf_token"] = http.Request.csrf_token(self)
        self.env.flush_all()
        with mute_logger("odoo.http"):
            response = self.url_open(
                f"/followup/{token or self.token}{path}",
                data=values,
                allow_redirects=False,
            )
        self.env.invalidate_all()
        return response

    def _answer(self, kind, items=None, **values):
        items = self._get_line(self.invoice) if items is None else items
        return self._post("/answer", kind=kind, item=items.ids, **values)

    def _get_line(self, move):
        return move._get_followup_lines()

    def _get_tasks(self):
        return self.env["mail.activity"].search(
            [("res_model", "=", "res.partner"), ("res_id", "=", self.customer.id)]
        )

    def _get_text(self, response):
        text = re.sub(r"<style.*?</style>|<[^>]+>", " ", response.text, flags=re.S)
        return " ".join(text.replace("\xa0", " ").split()).replace(" ,", ",")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPage(PageCommon):
    """X11: what the page shows, and to whom."""

    def test_shows_what_is_open(self):
        self._create_late(-10, 70)  # not due yet
        excluded = self._create_late(30, 33)
        excluded.no_followup = True
        paid = self._create_late(30, 44)
        self._pay(paid)
        other = self._create_late(9, 55, partner=self._create_customer("Other"))
        response = self._get()
        self.assertEqual(response.status_code, 200)
        text = self._get_text(response)
        self.assertIn(self.company.name, text)
        self.assertIn(f"{self.invoice.name} Due 04/25/2024, 20 days late", text)
        self.assertIn("Total overdue $ 100.00", text)
        self.assertIn("Total open $ 170.00", text)
        self.assertIn(self.responsible.partner_id.email, text)
        for move in (excluded, paid, other):
            self.assertNotIn(move.name, text)

    def test_credits_are_deducted(self):
        refund = self._create_late(5, 30)
        refund = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_date": TODAY,
                "invoice_line_ids": [
                    Command.create({"name": "Back", "price_unit": 40, "tax_ids": False})
                ],
            }
        )
        refund.action_post()
        text = self._get_text(self._get())
        self.assertIn(f"{refund.name} Credit", text)
        self.assertIn("Total overdue $ 90.00", text)

    def test_currencies_have_totals_of_their_own(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self._create_late(3, 80, currency_id=euro.id)
        text = self._get_text(self._get())
        self.assertIn("Open items in EUR", text)
        self.assertIn("Total overdue $ 100.00", text)
        self.assertIn("Total overdue 80.00 €", text)

    def test_shows_the_reminder(self):
        text = self._get_text(self._get())
        self.assertIn(self.reminder.subject, text)
        self.assertIn("Our reminder of 05/15/2024", text)

    def test_nothing_is_owed(self):
        self._pay(self.invoice)
        text = self._get_text(self._get())
        self.assertIn("Nothing is open. Thank you!", text)
        self.assertNotIn("I will pay", text)

    def test_transfer(self):
        """What to type into a form of the bank, and a code that fills it in."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        bank = self.env["res.partner.bank"].create(
            {
                "acc_number": "DE89370400440532013000",
                "partner_id": self.company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        invoice = self._create_late(3, 80, currency_id=euro.id)
        (self.invoice | invoice).partner_bank_id = bank
        text = self._get_text(self._get())
        self.assertIn("Account number DE89 3704 0044 0532 0130 00", text)
        self.assertIn(f"Reference {invoice.payment_reference or invoice.name}", text)
        self.assertIn("Amount 80.00 €", text)

    def test_what_rests_is_said(self):
        line = self._get_line(self.invoice)
        line.expected_payment_date = TODAY + timedelta(days=3)
        self.assertIn("payment announced", self._get_text(self._get()))

    def test_languages(self):
        """That of the reminder, and what was chosen of those that are installed."""
        self.env["res.lang"]._activate_lang("de_DE")
        self.env["res.lang"]._activate_lang("ar_001")
        self.assertIn('lang="en-US"', self._get().text)
        self.assertIn('lang="de-DE"', self._get("?lang=de_DE").text)
        self.assertIn("25.04.2024", self._get("?lang=de_DE").text)
        self.assertIn('dir="rtl"', self._get("?lang=ar_001").text)
        self.assertIn('lang="en-US"', self._get("?lang=xx_XX").text)
        self.reminder.sudo().lang = "de_DE"
        self.assertIn('lang="de-DE"', self._get().text)

    def test_nothing_of_others_and_nothing_found(self):
        """No third party is asked, no search engine lists it, nobody frames it."""
        for response in (self._get(), self._get(token="a" * 26)):
            headers = response.headers
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            self.assertIn("noindex", headers["X-Robots-Tag"])
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            self.assertIn('name="robots" content="noindex', response.text)
            self.assertNotIn("<script", response.text)
            loaded = re.findall(
                r"<(?:img|link|script|iframe)[^>]*?(?:src|href)=\"([^\"]*)\"",
                response.text,
            )
            for address in loaded:
                self.assertTrue(address.startswith(("/", "data:")), address)

    def test_pdf_of_an_invoice(self):
        response = self._get(f"/invoice/{self.invoice.id}")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")

    def test_printing_has_a_limit(self):
        """Who opens them again and again does not keep the server from its work."""
        limits = self.env["account.followup.page.limit"].sudo()
        for _number in range(page_module.LIMIT_ADDRESS):
            limits._count("print", "127.0.0.1")
        self.assertEqual(self._get(f"/invoice/{self.invoice.id}").status_code, 429)

    def test_pdf_of_others(self):
        other = self._create_late(9, 55, partner=self._create_customer("Other"))
        paid = self._create_late(30, 44)
        self._pay(paid)
        for id_ in (
            other.id,
            paid.id,
            0,
            2**31,
            self.env["account.move"].search([], limit=1, order="id desc").id + 1,
        ):
            with self.subTest(id_=id_):
                self.assertEqual(self._get(f"/invoice/{id_}").status_code, 404)

    def _log_in(self):
        """Log in as a contact of the customer."""
        self.env["res.users"].with_context(no_reset_password=True).create(
            {
                "name": "Portal",
                "login": "followup_portal",
                "password": "followup_portal",
                "partner_id": self._create_customer(
                    "Clerk", parent_id=self.customer.id, is_company=False
                ).id,
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
            }
        )
        self.authenticate("followup_portal", "followup_portal")

    def test_customer_who_has_logged_in(self):
        self._log_in()
        for path in ("/followup", "/my/invoices/overdue"):
            response = self.url_open(path)
            self.assertEqual(response.status_code, 200)
            self.assertTrue(response.url.endswith(self.token), path)
            self.assertIn(self.invoice.name, response.text)
        self.reminder.sudo().page_link_ids.is_withdrawn = True
        self.env.flush_all()
        response = self.url_open("/followup")
        self.assertTrue(response.url.endswith("/my/invoices"))

    def test_customer_of_several_companies_who_has_logged_in(self):
        """Each has a page of its own: all of them are offered."""
        other = self.setup_other_company(name="Second House")["company"]
        reminders = self.env["account.followup.reminder"].sudo()
        for day in (TODAY - timedelta(days=9), TODAY):
            link = self.links._prepare_link(other, day)
            second = reminders.create(
                {
                    "partner_id": self.customer.id,
                    "company_id": other.id,
                    "date": day,
                    "trigger": "manual",
                    "page_link_ids": [Command.create(link)],
                }
            )
        self.env.flush_all()
        self._log_in()
        for path in ("/followup", "/my/invoices/overdue"):
            response = self.url_open(path)
            self.assertEqual(response.status_code, 200)
            found = re.findall(
                r'href="/followup/([a-z2-7]{26})">([^<]*)<', response.text
            )
            self.assertEqual(
                dict(found),
                {
                    self.token: self.company.name,
                    second.page_link_ids._get_token(): "Second House",
                },
            )
            self.assertEqual(len(found), 2)
            policy = response.headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
        second.page_link_ids.is_withdrawn = True
        self.env.flush_all()
        text = self.url_open("/followup").text
        found = set(re.findall(r"/followup/([a-z2-7]{26})", text))
        self.assertEqual(len(found), 2, "the link before it")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPageGone(PageCommon):
    """X11: what opens nothing gets one answer, and a new link goes to one address."""

    def _get_gone(self, token):
        """Return what is answered, but for the token and the session's own."""
        response = self._get(token=token)
        text = re.sub(r'value="[0-9a-fo]{40,}"', "", response.text)
        return response.status_code, text.replace(token, "")

    def test_one_answer(self):
        """Wrong, cut, expired, withdrawn, of a page switched off."""
        wrong = self._get_gone("a" * 26)
        self.assertEqual(wrong[0], 404)
        self.assertEqual(self._get_gone(self.token[:-1]), wrong)
        with freeze_time(TODAY + timedelta(days=61)):
            self.assertEqual(self._get_gone(self.token), wrong)
        self.company.followup_page_enabled = False
        self.assertEqual(self._get_gone(self.token), wrong)
        self.company.followup_page_enabled = True
        self.reminder.sudo().page_link_ids.is_withdrawn = True
        self.assertEqual(self._get_gone(self.token), wrong)

    def test_replay_of_a_withdrawn_token(self):
        """It opens, pays, answers and shows nothing any more."""
        self.reminder.sudo().page_link_ids.is_withdrawn = True
        line = self._get_line(self.invoice)
        self.assertEqual(self._get(f"/invoice/{self.invoice.id}").status_code, 404)
        self.assertEqual(self._get(f"/pay?item={line.id}").status_code, 404)
        response = self._answer("promise", date=TODAY + timedelta(days=3))
        self.assertEqual(response.status_code, 404)
        self.assertFalse(line.expected_payment_date)
        self.assertFalse(self._get_tasks())

    def _renew(self, token):
        mails = self.env["mail.mail"].sudo()
        before = mails.search([])
        response = self._post("/renew", token)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(mails.search([]), before, "nothing is sent while it answers")
        cron = self.env.ref("account_payment_followup.ir_cron_renew_page_links")
        cron.sudo().method_direct_trigger()
        return response.text.replace(token, ""), mails.search([]) - before

    def test_new_link(self):
        self.reminder.sudo().page_link_ids.is_withdrawn = True
        wrong, mails = self._renew("a" * 26)
        self.assertFalse(mails)
        text, mail = self._renew(self.token)
        self.assertEqual(text, wrong, "the answer tells nothing")
        self.assertEqual(mail.recipient_ids, self.customer)
        (url,) = set(re.findall(r"/followup/[a-z2-7]{26}", mail.body_html))
        self.assertEqual(self.url_open(url).status_code, 200)
        self.assertNotIn(url[10:], self.customer.message_ids[0].body)
        text, mails = self._renew(self.token)
        self.assertEqual((text, bool(mails)), (wrong, False), "once an hour")
        with freeze_time(f"{TODAY} 01:00:01"):
            self.assertTrue(self._renew(self.token)[1])

    def _get_chatter(self):
        return " ".join(map(str, self.customer.message_ids.mapped("body")))

    def _let_mails_leave(self):
        """Run the mail queue; return the e-mails with a new link."""
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self._run_mail_queue()
        subject = f"Your link to {self.company.name}"
        return [one for one in self._mails if one["subject"] == subject]

    def _mail_new_link(self):
        """Ask for a new link, and let it leave; return the e-mails with one."""
        self.env["account.followup.page.limit"].sudo().search([]).unlink()
        self._renew(self.token)
        return self._let_mails_leave()

    def _mail_new_link_in_vain(self):
        with self._refusing_mails():
            self._mail_new_link()

    def _get_link_tasks(self):
        summary = "The customer did not get a new link to the debtor page"
        return self._get_tasks().filtered(lambda one: one.summary == summary)

    def test_new_link_comes_from_whom_reminders_come(self):
        """The company has no address, the responsible has one."""
        self.company.partner_id.email = False
        self._renew(self.token)
        self.assertNotIn("and mailed to", self._get_chatter(), "it is queued")
        (mail,) = self._let_mails_leave()
        sender = self.responsible.partner_id
        self.assertEqual(mail["email_from"], sender.email_formatted)
        self.assertIn(self.customer.email, str(mail["email_to"]))
        self.assertNotIn("X-Followup", str(mail["headers"]))
        self.assertIn("and mailed to Late Ltd.", self._get_chatter())
        self.assertFalse(self._get_link_tasks())

    def test_new_link_from_nobody(self):
        """It is told, once, and the chatter does not say that it was mailed."""
        self.company.alias_domain_id = False
        (self.responsible.partner_id | self.company.partner_id).email = False
        servers = self.env.registry["ir.mail_server"]
        self.patch(servers, "_get_default_from_address", lambda _self: None)
        for _time in range(2):
            self.assertFalse(self._mail_new_link())
        self.assertNotIn("and mailed to", self._get_chatter())
        (task,) = self._get_link_tasks()
        self.assertEqual(task.user_id, self.responsible)
        self.assertIn("Nobody has an e-mail address to send from", task.note)

    def test_new_link_to_nobody(self):
        self.customer.email = False
        self.assertFalse(self._mail_new_link())
        (task,) = self._get_link_tasks()
        self.assertIn("Late Ltd has no valid e-mail address", task.note)

    def test_new_link_that_fails(self):
        """One task for all that fail, until one leaves."""
        for _time in range(2):
            self._mail_new_link_in_vain()
        self.assertNotIn("and mailed to", self._get_chatter())
        (task,) = self._get_link_tasks()
        self.assertIn("was not mailed to Late Ltd.", task.note)
        self.assertIn("Connection refused", task.note)
        self.assertTrue(self._mail_new_link())
        self.assertIn("and mailed to Late Ltd.", self._get_chatter())
        self.assertFalse(self._get_link_tasks())

    def test_new_links_have_a_limit_by_address(self):
        for number in range(page_module.LIMIT_RENEW + 1):
            response = self._post("/renew", f"{'a' * 25}{'abcdefghijklm'[number]}")
        self.assertEqual(response.status_code, 429)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPageAnswers(PageCommon):
    """X11: what the customer says is noted, given to somebody, and rests items."""

    def _check_noted(self, response, *texts):
        self.assertEqual(response.status_code, 303)
        (task,) = self._get_tasks()
        self.assertEqual(task.user_id, self.responsible)
        self.assertEqual(task.date_deadline, TODAY)
        message = self.customer.message_ids[0]
        self.assertEqual(message.author_id, self.customer)
        for text in texts:
            self.assertIn(text, message.body)
            self.assertIn(text, task.note)
        page = self.url_open(response.headers["Location"])
        self.assertIn("We have noted it", page.text)

    def test_paid(self):
        response = self._answer(
            "paid", date="2024-05-13", amount="60.5", reference="SEPA <b>1</b>"
        )
        self._check_noted(
            response,
            self.invoice.name,
            "05/13/2024",
            "60.50",
            "SEPA &lt;b&gt;1&lt;/b&gt;",
        )
        # five working days after a Wednesday
        line = self._get_line(self.invoice)
        self.assertEqual(str(line.expected_payment_date), "2024-05-22")
        self.assertEqual(self.invoice.payment_state, "not_paid")

    def test_paid_less_than_a_cent(self):
        response = self._answer("paid", date="2024-05-13", amount="0.001")
        self._check_noted(response, self.invoice.name, "05/13/2024")

    def test_promise(self):
        response = self._answer("promise", date="2024-05-29", text="As soon\nas I can")
        self._check_noted(response, self.invoice.name, "05/29/2024", "As soon<br>as")
        line = self._get_line(self.invoice)
        self.assertEqual(str(line.expected_payment_date), "2024-05-29")

    def test_promise_is_put_off_once(self):
        """Until the next reminder: nobody rests for ever by promising."""
        line = self._get_line(self.invoice)
        self._answer("promise", date="2024-05-20")
        self._answer("promise", date="2024-05-28")
        self.assertEqual(str(line.expected_payment_date), "2024-05-20")
        self.assertEqual(len(self._get_tasks()), 2, "but it is told")
        self.assertIn(
            "Does not rest longer: announced before, since the last reminder: "
            f"{self.invoice.name}",
            self._get_tasks()[-1].note,
        )

    def test_dispute(self):
        other = self._create_late(5, 30)
        response = self._answer("dispute", reason="amount", text="Twice <script>")
        self._check_noted(
            response, self.invoice.name, "amount is wrong", "Twice &lt;script&gt;"
        )
        dispute = self.env["account.followup.dispute"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(dispute.line_ids, self._get_line(self.invoice), "not others")
        self.assertEqual(dispute.reason_id.name, "Wrong price or amount")
        self.assertFalse(self._get_line(other).followup_hold_until)

    def test_call(self):
        response = self._answer("call", items=self.env["account.move.line"], phone="1")
        self._check_noted(response, "Phone: 1")
        self.assertEqual(self._get_tasks().activity_type_id.category, "phonecall")

    def test_a_longer_hold_stays(self):
        line = self._get_line(self.invoice)
        line.followup_hold_until = TODAY + timedelta(days=100)
        self._answer("paid", date=TODAY)
        self.assertEqual(line.followup_hold_until, TODAY + timedelta(days=100))

    def test_what_is_wrong_is_said(self):
        """In one sentence, and what was typed is still there."""
        for kind, values, sentence in (
            ("paid", {"date": "2024-05-16"}, "day on which you have paid"),
            ("paid", {"date": "x"}, "day on which you have paid"),
            ("paid", {"date": TODAY, "amount": "nan"}, "as a number"),
            ("paid", {"date": TODAY, "amount": "1e99"}, "as a number"),
            ("promise", {"date": "2024-05-30"}, "from today until 05/29/2024"),
            ("promise", {"date": "2024-05-14"}, "from today until"),
            ("dispute", {"reason": "<b>"}, "what is wrong"),
            ("pay", {}, "what you want to say"),
        ):
            with self.subTest(kind=kind, values=values):
                response = self._answer(kind, text="My words", **values)
                self.assertEqual(response.status_code, 400)
                self.assertIn(sentence, self._get_text(response))
                if kind == "promise":
                    self.assertIn("My words", response.text)
        self.assertFalse(self._get_tasks())
        self.assertFalse(self._get_line(self.invoice).expected_payment_date)

    def test_items_of_others(self):
        """Those of another customer, company, or nothing at all: not touched."""
        other = self._create_late(9, 55, partner=self._create_customer("Other"))
        paid = self._create_late(30, 44)
        self._pay(paid)
        lines = self._get_line(other) | self._get_line(paid)
        for kind, values in (
            ("paid", {"date": TODAY}),
            ("promise", {"date": TODAY}),
            ("dispute", {"reason": "other"}),
        ):
            response = self._answer(kind, items=lines, **values)
            self.assertEqual(response.status_code, 400)
        response = self._post("/answer", kind="promise", date=TODAY, item="1 OR 1=1")
        self.assertEqual(response.status_code, 400)
        self.assertFalse(lines.filtered("followup_hold_until"))
        self.assertFalse(self._get_tasks())

    def test_long_texts_are_cut(self):
        self._answer("call", phone="1" * 5000, text="x" * 100000)
        self.assertLess(len(self.customer.message_ids[0].body), 2600)

    def test_no_file(self):
        self.env.flush_all()
        before = self.env["ir.attachment"].search_count([])
        self.url_open(
            f"/followup/{self.token}/answer",
            data={
                "csrf_token": http.Request.csrf_token(self),
                "kind": "call",
                "phone": "1",
            },
            files={"text": ("a.txt", b"hello"), "phone": ("b.txt", b"1")},
        )
        self.env.invalidate_all()
        self.assertEqual(self.env["ir.attachment"].search_count([]), before)

    def test_nothing_without_csrf_token(self):
        response = self._post(
            "/answer",
            csrf=False,
            kind="promise",
            date=TODAY,
            item=self._get_line(self.invoice).ids,
        )
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self._get_tasks())

    def test_nothing_by_get(self):
        line = self._get_line(self.invoice)
        for path in (
            f"/answer?kind=promise&date={TODAY}&item={line.id}",
            "/renew",
            f"/transaction/{line.id}",
        ):
            self.assertEqual(self._get(path).status_code, 405)
        messages = self.customer.message_ids
        self._get(f"?kind=promise&date={TODAY}&item={line.id}")
        self._get(f"/pay?item={line.id}")
        self.assertEqual(self.customer.message_ids, messages)
        self.assertFalse(line.expected_payment_date)

    def test_limit_of_a_link(self):
        """Over it nothing is done; what was typed is still there."""
        for _number in range(page_module.LIMIT_TOKEN):
            response = self._answer("call", phone="1")
            self.assertEqual(response.status_code, 303)
        response = self._answer("call", phone="12345", text="My words")
        self.assertEqual(response.status_code, 429)
        self.assertIn("12345", response.text)
        self.assertIn("My words", response.text)
        self.assertEqual(len(self._get_tasks()), page_module.LIMIT_TOKEN)
        self.assertEqual(self._get().status_code, 200, "it can be read still")
        with freeze_time(f"{TODAY} 01:00:01"):
            self.assertEqual(self._answer("call", phone="1").status_code, 303)

    def test_limit_of_an_address(self):
        """Also with many links. A thousand requests in a minute: some sixty count."""
        other = self._create_customer("Other")
        self._create_late(20, partner=other)
        token = self._record_reminder(other).page_link_ids._get_token()
        limits = self.env["account.followup.page.limit"].sudo()
        for _number in range(940):  # of requests that have come already
            number = limits._count("address", "127.0.0.1")
        self.assertEqual(number, 940)
        for one in (self.token, token):
            response = self._post("/answer", one, kind="call", phone="1")
            self.assertEqual(response.status_code, 429)
        self.assertFalse(self._get_tasks())

    def test_language_of_who_reads_it(self):
        """The chatter is in the language of the responsible, not of the customer."""
        self.env["res.lang"]._activate_lang("de_DE")
        self.responsible.lang = "de_DE"
        self._answer("call", phone="1", lang="en_US")
        answers, case = self.env["account.followup.answer"]._with_reader(
            self._get_followup()
        )
        self.assertEqual((answers.env.lang, case.env.lang), ("de_DE", "de_DE"))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPageRandom(PageCommon):
    """X11: whatever is sent, it is answered, and touches nothing of others."""

    VALUES = (
        "",
        "0",
        "-1",
        "1e400",
        "nan",
        "99999999999999999999",
        "2024-02-30",
        "9999-12-31",
        "x" * 3000,
        "<script>alert(1)</script>",
        "{{7*7}}%s%(a)s",
        "\x00\x01\u202e",
        "' OR 1=1 --",
        "٣",
        "../../etc/passwd",
    )
    NAMES = ("kind", "item", "date", "amount", "reference", "reason", "text", "phone")

    def test_random_requests(self):
        random = Random(13)  # noqa: S311
        other = self._create_late(9, 55, partner=self._create_customer("Other"))
        foreign = self._get_line(other)
        kinds = ("paid", "promise", "dispute", "call")
        for _number in range(60):
            values = {name: random.choice(self.VALUES) for name in self.NAMES}
            values["kind"] = random.choice((*kinds, *kinds, values["kind"]))
            values["item"] = random.choice(
                (values["item"], foreign.id, self._get_line(self.invoice).id)
            )
            values["lang"] = random.choice(self.VALUES)
            token = random.choice((self.token, self.token, "a" * 26))
            path = random.choice(("/answer", "/answer", "/renew"))
            self.env["account.followup.page.limit"].sudo().search([]).unlink()
            with self.subTest(path=path, values=values):
                response = self._post(path, token, **values)
                self.assertIn(response.status_code, (200, 303, 400, 404))
                self.assertNotIn("<script", response.text)
        for value in self.VALUES:
            quoted = quote(value, safe="")
            for path in (f"?lang={quoted}&said={quoted}", f"/pay?item={quoted}"):
                with self.subTest(path=path):
                    response = self._get(path)
                    self.assertIn(response.status_code, (200, 400, 404))
                    self.assertNotIn("<script", response.text)
            if value:
                self.assertIn(self._get(token=quoted).status_code, (200, 400, 404))
        self.assertFalse(foreign.followup_hold_until)
        self.assertFalse(foreign.expected_payment_date)
        self.assertEqual(self.customer.credit, 100)

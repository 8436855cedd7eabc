import io
from http.server import HTTPServer
from threading import Thread

from freezegun import freeze_time
from lxml import html

from odoo import Command
from odoo.tests import BaseCase, Form, HttpCase, tagged
from odoo.tools.pdf import PdfFileReader

from ..tools import paper
from .common import TODAY, FollowupCommon
from .test_paper import PIXEL, Trap

BASE = "https://odoo.example.com"
OWN = "document.title=`PWNED`"

#: What a template editor can write; core does not clean it when it is saved by SQL, by
#: an import or with dynamic attributes, as here.
HOSTILE = f"""
    <p onclick="{OWN}" onmouseover="{OWN}">Dear customer</p>
    <img src="x" onerror="{OWN}"/><img src="/web/image/1" onload="{OWN}"/>
    <img src="{PIXEL}" onload="{OWN}"/>
    <svg onload="{OWN}"><animate onbegin="{OWN}" attributeName="x" dur="1s"/></svg>
    <details open="open" ontoggle="{OWN}"><summary>More</summary>text</details>
    <iframe srcdoc="&lt;script&gt;parent.{OWN}&lt;/script&gt;"></iframe>
    <input autofocus="autofocus" onfocus="{OWN}"/>
    <a href="javascript:{OWN}" id="link">a link</a>
    <script>{OWN}</script>
    <p t-att-onclick="'{OWN}'">Kind regards</p>
"""


class TestPaperAllowList(BaseCase):
    def _clean(self, text):
        root = html.fragment_fromstring(text, create_parent="div")
        paper.remove_fetched(root, BASE)
        return html.tostring(root, encoding="unicode")

    def test_handlers_go(self):
        self.assertNotIn("PWNED", self._clean(HOSTILE))
        for name in ("onload", "onclick", "ONERROR", "on", "formaction", "srcdoc"):
            with self.subTest(attribute=name):
                self.assertEqual(
                    self._clean(f'<p {name}="x" data-oe-model="a" id="b">a</p>'),
                    "<div><p>a</p></div>",
                )

    def test_look_stays(self):
        text = (
            '<div class="o_x" style="color: red" dir="rtl"><table width="100%">'
            '<tr><td colspan="2" align="right">a</td></tr></table></div>'
        )
        self.assertEqual(self._clean(text), f"<div>{text}</div>")

    def test_links(self):
        for address in ("https://a.example.com/?b=c", "mailto:a@b.c", "tel:+123"):
            with self.subTest(address=address):
                self.assertIn(address, self._clean(f'<a href="{address}">a</a>'))
        for address in ("javascript:1", " JavaScript:1", "data:text/html,a", "file:/a"):
            with self.subTest(address=address):
                cleaned = self._clean(f'<a href="{address}">a</a>')
                self.assertEqual(cleaned, "<div><a>a</a></div>")

    def test_unknown_elements_leave_their_text(self):
        self.assertEqual(
            self._clean(
                "<section>a<marquee>b<b>c</b></marquee><o:p>d</o:p>e</section>"
            ),
            "<div>ab<b>c</b>de</div>",
        )

    def test_no_part_of_the_letterhead(self):
        """Scripts run in header and footer, and an article would be a letter."""
        for name in ("header", "footer", "article"):
            with self.subTest(name=name):
                cleaned = self._clean(f'<div class="a {name} b">text</div>')
                self.assertEqual(cleaned, '<div><div class="a b">text</div></div>')


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestForeignCode(FollowupCommon):
    """S2-8: what a template editor writes runs nowhere."""

    def setUp(self):
        super().setUp()
        self.env.cr.execute(
            "UPDATE mail_template SET body_html = jsonb_build_object('en_US', %s)"
            " WHERE id = %s",
            (HOSTILE, self.template.id),
        )
        self.env.invalidate_all()

    def _remind(self):
        self._create_late(20)
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY, trigger="automatic")
        self.env.flush_all()
        return self._get_reminders()

    def test_kept_text_of_a_reminder(self):
        reminder = self._remind()
        self.assertNotIn("PWNED", reminder.body)
        self.assertIn("Dear customer", reminder.body)
        self.assertIn("o_followup_table", reminder.body)
        self.assertIn(
            "border-collapse: collapse", reminder.body, "the styles of the table stay"
        )
        mail = self.env["mail.mail"].search(
            [("mail_message_id", "=", reminder.mail_message_id.id)]
        )
        self.assertNotIn("PWNED", mail.body_html)

    def test_kept_text_of_a_statement(self):
        self._create_late(20)
        statement = (
            self.env["account.followup.statement"]
            .sudo()
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "date": TODAY,
                    "date_to": TODAY,
                    "trigger": "manual",
                    "body": HOSTILE,
                }
            )
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertIn("Dear customer", statement.body)
        self.assertNotIn("PWNED", statement.body)

    def test_text_in_the_windows(self):
        """They may show it before anything is saved."""
        self._create_late(20)
        window = self._open_window()
        self.assertIn("Dear customer", window.body)
        self.assertNotIn("PWNED", window.body + window.default_body)
        action = self.customer.with_company(self.company).action_send_followup()
        form = Form(self.env[action["res_model"]].with_context(**action["context"]))
        self.assertIn("Dear customer", form.body)
        self.assertNotIn("PWNED", f"{form.body} {form.default_body}")
        statements = self.env["account.followup.statement.wizard"].create(
            {"partner_ids": self.customer.ids, "mail_template_id": self.template.id}
        )
        self.assertIn("Dear customer", statements.body)
        self.assertNotIn("PWNED", statements.body)


@tagged("post_install", "-at_install")
class TestForeignCodeInBrowser(FollowupCommon, HttpCase):
    """Without a frozen clock, by which the browser's time limits are measured."""

    def test_in_a_browser(self):
        """A manager opens the reminder in the history."""
        reminder = (
            self.env["account.followup.reminder"]
            .sudo()
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "date": TODAY,
                    "trigger": "manual",
                    "body": HOSTILE,
                    "delivery_ids": [
                        Command.create({"channel": "print", "state": "sent"})
                    ],
                }
            )
        )
        self.env.flush_all()
        user = self._create_user("reader", "account.group_account_manager")
        self.browser_js(
            f"/odoo/payment-reminders/{reminder.id}",
            """
            const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
            (async () => {
                for (const tab of document.querySelectorAll(".o_notebook .nav-link")) {
                    if (!document.querySelector(".o_field_html")) {
                        tab.click();
                        await wait(500);
                    }
                }
                await wait(1500);
                for (const element of document.querySelectorAll(".o_field_html *")) {
                    for (const type of ["click", "mouseover", "focus", "load"]) {
                        element.dispatchEvent(new Event(type, { bubbles: false }));
                    }
                }
                const shown = document.querySelector(".o_field_html").textContent;
                if (document.title === "PWNED" || !shown.includes("Dear customer")) {
                    throw new Error(`${document.title}: ${shown.slice(0, 100)}`);
                }
                console.log("test successful");
            })().catch((error) => console.error(error.message));
            """,
            ready="!!document.querySelector('.o_notebook .nav-link')",
            login=user.login,
        )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestEngineWithoutScripts(FollowupCommon, HttpCase):
    """The PDF engine runs no script of a text, and still writes the page numbers."""

    def setUp(self):
        super().setUp()
        if self.env["ir.actions.report"].get_wkhtmltopdf_state() != "ok":
            self.skipTest("wkhtmltopdf is missing")
        self.trap = HTTPServer(("127.0.0.1", 0), Trap)
        self.trap.requests = []
        Thread(target=self.trap.serve_forever, daemon=True).start()
        self.addCleanup(self.trap.server_close)
        self.addCleanup(self.trap.shutdown)

    def _get_text(self, content):
        pages = PdfFileReader(io.BytesIO(content)).pages
        return ["".join(page.extract_text().split()) for page in pages]

    def _run_engine(self, report_ref):
        """Convert a page whose code asks for another address, as it is."""
        url = f"http://127.0.0.1:{self.trap.server_port}/asked"
        code = f"document.body.innerHTML = 'SCRIPT'; new Image().src = '{url}';"
        page = f"""<html><body onload="{code}"><p>Text</p>
            <img src="{PIXEL}" onload="{code}"/><script>{code}</script></body></html>"""
        content = self.env["ir.actions.report"]._run_wkhtmltopdf(
            [page], report_ref=report_ref
        )
        return self._get_text(content)

    def test_scripts_of_our_pages(self):
        """Should something get through once, it does not run."""
        for name in ("reminder", "customer_statement", "customer_list"):
            with self.subTest(report=name):
                report = f"account_payment_followup.action_report_{name}"
                self.assertEqual(self._run_engine(report), ["Text"])
        self.assertEqual(self.trap.requests, [])
        # other reports are as they were: the trap works
        self.assertEqual(self._run_engine("account.account_invoices"), ["SCRIPT"])
        self.assertEqual(self.trap.requests[:1], ["/asked"])

    def test_page_numbers(self):
        for _number in range(30):
            self._create_late(20)
        window = self._open_window()
        window.write({"do_print": True, "do_email": False})
        window.body = f"<p>Dear customer</p>{HOSTILE}"
        window.with_context(force_report_rendering=True).action_send()
        content = window.reminder_id.delivery_ids.attachment_id.raw
        pages = self._get_text(content)
        self.assertGreater(len(pages), 1)
        for number, page in enumerate(pages, 1):
            self.assertIn(f"Page{number}/{len(pages)}", page)
        self.assertNotIn("PWNED", "".join(pages))

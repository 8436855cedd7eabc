import io
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from freezegun import freeze_time
from lxml import html

from odoo.tests import BaseCase, HttpCase, tagged
from odoo.tools.pdf import PdfFileReader

from ..tools import paper
from .common import TODAY, FollowupCommon

BASE = "https://odoo.example.com"
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)

#: What may stay, and what would be fetched.
ALLOWED = (
    PIXEL,
    "DATA:image/PNG;base64,iVBORw0KGgo=",
    "/web/image/7-abc/logo.png?access_token=0f-1",
    "/web/content/7",
    f"{BASE}/web/image/res.partner/7/avatar_128",
)
FORBIDDEN = (
    "",
    "file:///etc/passwd",
    "FILE:/etc/passwd",
    "http://127.0.0.1:8069/web/image/7",
    "//127.0.0.1/web/image/7",
    "https://elsewhere.example.com/pixel.png",
    f"{BASE}.evil.example.com/web/image/7",
    f"{BASE}@evil.example.com/web/image/7",
    "/web/session/logout",
    "/web/image/../session/logout",
    "/web/image/%2e%2e/session/logout",
    "/web/image/7?x=http://127.0.0.1/",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "data:text/html,<script>1</script>",
    " javascript:alert(1)",
)


class Trap(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args):
        """Nothing on the screen."""


class TestPaper(BaseCase):
    """What may stand in a letter, without an engine."""

    def _clean(self, text):
        root = html.fragment_fromstring(text, create_parent="div")
        paper.remove_fetched(root, BASE)
        return html.tostring(root, encoding="unicode")

    def test_pictures(self):
        for address in ALLOWED:
            with self.subTest(address=address):
                cleaned = self._clean(f'<p><img src="{address}"></p>')
                self.assertEqual(cleaned.count("<img src="), 1)
        for address in FORBIDDEN:
            with self.subTest(address=address):
                cleaned = self._clean(f'<p>a<img src="{address}">b</p>')
                self.assertEqual(cleaned, "<div><p>ab</p></div>")

    def test_one_after_the_other(self):
        """What follows something that was taken out is looked at as well."""
        cleaned = self._clean(
            '<p><script>1</script><iframe src="x"></iframe><img src="file:///a">'
            '<img src="file:///b"><i src="x">c</i></p>'
        )
        self.assertEqual(cleaned, "<div><p><i>c</i></p></div>")

    def test_what_is_kept_of_a_style(self):
        cleaned = self._clean(
            '<p style="color: red; background: url(x); margin: 0">a</p>'
        )
        self.assertEqual(cleaned, '<div><p style="color: red; margin: 0">a</p></div>')

    def test_address_of_this_odoo_with_a_slash(self):
        for base in (BASE, "https://odoo.example.mx"):
            self.assertTrue(paper.is_allowed(f"{base}/web/image/7", f"{base}/"))

    def test_elements(self):
        for name in (
            *("applet", "audio", "base", "embed", "frame", "frameset", "iframe"),
            *("input", "link", "meta", "noscript", "object", "script", "source"),
            *("style", "svg", "video"),
        ):
            with self.subTest(element=name):
                cleaned = self._clean(f'<p>a<{name} src="x" href="x"></{name}>b</p>')
                self.assertNotIn(f"<{name}", cleaned)
        self.assertNotIn("secret", self._clean("<p>a<!-- secret -->b</p>"))

    def test_attributes(self):
        for name in (
            *("srcset", "background", "poster", "data"),
            *("dynsrc", "lowsrc", "longdesc"),
        ):
            with self.subTest(attribute=name):
                cleaned = self._clean(f'<table {name}="http://127.0.0.1/"></table>')
                self.assertNotIn("127.0.0.1", cleaned)
        self.assertNotIn("src", self._clean('<p src="file:///etc/passwd">a</p>'))

    def test_styles(self):
        for style in (
            "background: url(http://127.0.0.1/)",
            "background: u\\72l(http://127.0.0.1/)",
            "background: u/**/rl(http://127.0.0.1/)",
            "content: IMAGE-SET('http://127.0.0.1/' 1x)",
        ):
            with self.subTest(style=style):
                cleaned = self._clean(f'<p style="color: red; {style}; margin: 1px">a')
                self.assertNotIn("127.0.0.1", cleaned)
                self.assertIn("color: red", cleaned)
        table = '<td style="padding: 6px; border-bottom: 1px solid #dee2e6;">a</td>'
        table = f"<table><tr>{table}</tr></table>"
        self.assertIn(table, self._clean(table))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLetterFetchesNothing(FollowupCommon, HttpCase):
    """The PDF engine asks neither for files of the server nor for other addresses."""

    def setUp(self):
        super().setUp()
        self.trap = HTTPServer(("127.0.0.1", 0), Trap)
        self.trap.requests = []
        Thread(target=self.trap.serve_forever, daemon=True).start()
        self.addCleanup(self.trap.server_close)
        self.addCleanup(self.trap.shutdown)
        self.url = f"http://127.0.0.1:{self.trap.server_port}"

    def _get_body(self):
        return f"""
            <p>Dear customer,<img src="file:///etc/hostname"/></p>
            <img src="{self.url}/picture"/><img srcset="{self.url}/set 1x"/>
            <iframe src="{self.url}/frame"></iframe>
            <iframe src="file:///etc/hostname"></iframe>
            <object data="{self.url}/object"></object>
            <embed src="{self.url}/embed"/>
            <link rel="stylesheet" href="{self.url}/css"/>
            <table background="{self.url}/table"><tr><td>cell</td></tr></table>
            <p style="background: url({self.url}/style)">Kind regards</p>
            <script src="{self.url}/script"></script>
            <style>@import url({self.url}/import);</style>
            <svg><image href="{self.url}/svg"/></svg>
        """

    def _print(self, body):
        """Return the text of the letter of a reminder with such a text."""
        self._create_late(20)
        window = self._open_window()
        window.write({"do_print": True, "do_email": False})
        window.body = body
        window.with_context(force_report_rendering=True).action_send()
        raw = window.reminder_id.delivery_ids.attachment_id.raw
        self.assertTrue(raw.startswith(b"%PDF"))
        pages = PdfFileReader(io.BytesIO(raw)).pages
        return "".join(page.extract_text() for page in pages)

    def test_c2_text_of_a_user(self):
        text = self._print(self._get_body())
        self.assertIn("Kind regards", text)
        self.assertEqual(self.trap.requests, [])

    def test_c2_text_of_a_template(self):
        """Texts of templates are not cleaned when they are saved as those of users."""
        self.template.body_html = "<p>Kind regards</p>"
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mail_template SET body_html = jsonb_build_object('en_US', %s)"
            " WHERE id = %s",
            (self._get_body(), self.template.id),
        )
        self.env.invalidate_all()
        self._create_late(20)
        self.level_1.send_letter = True
        run = self.env["account.followup.run"].with_context(force_report_rendering=True)
        run._start(self.customer, self.company, "print")
        raw = self._get_reminders().delivery_ids.attachment_id.raw
        self.assertTrue(raw.startswith(b"%PDF"))
        self.assertEqual(self.trap.requests, [])

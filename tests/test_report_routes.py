import html
import json
from unittest.mock import patch
from urllib.parse import quote

from freezegun import freeze_time

from odoo import Command, http
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TODAY
from .report_files_common import ReportFilesCommon

ROUTE = "/account_payment_followup/report/%s"


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestReportRoutes(ReportFilesCommon, HttpCase):
    """Row F7: the files behind the buttons, and who gets them.

    In tests the page is the content of the PDF.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        data = cls.setup_other_company(name="Second House")
        cls.company_2 = data["company"]
        cls.stranger = cls._create_user("stranger", "account.group_account_invoice")
        cls.stranger.write(
            {
                "company_ids": [Command.set(cls.company_2.ids)],
                "company_id": cls.company_2.id,
            }
        )
        for user in cls.responsible + cls.stranger:
            user.password = user.login

    def _log_in(self, user):
        self.authenticate(user.login, user.login)

    def _open(self, kind, options="", cids=None):
        """Return the answer of a route; the cookie is what the web client sets."""
        options = options if isinstance(options, str) else json.dumps(options)
        self.env.flush_all()
        return self.url_open(
            f"{ROUTE % kind}?options={quote(options)}",
            cookies={"cids": cids} if cids else {},
        )

    def _get_error(self, answer):
        return json.loads(html.unescape(answer.text))

    def test_f7_names_of_the_files(self):
        self._log_in(self.responsible)
        self.customer.name = 'Late/"Ltd"\r\nX: é'
        for options, expected in (
            ({"partner_ids": self.customer.ids}, "Customer Statement - Late__Ltd_ X_"),
            ({"variant": "aged_receivable"}, "Aged Receivable 2024-05-15.pdf"),
        ):
            answer = self._open("pdf", options)
            self.assertEqual(answer.status_code, 200)
            self.assertEqual(answer.headers["Content-Type"], "application/pdf")
            name = answer.headers["Content-Disposition"].replace("%20", " ")
            self.assertIn(expected, name)
            self.assertTrue(name.startswith("attachment"))
        answer = self._open("xlsx", {"variant": "partner_ledger"})
        self.assertTrue(answer.content.startswith(b"PK"))
        self.assertIn("spreadsheetml", answer.headers["Content-Type"])
        self.assertIn(".xlsx", answer.headers["Content-Disposition"])

    def test_f7_errors_are_for_the_dialog(self):
        """In the form of core's reports: the web client shows the sentence."""
        self._log_in(self.responsible)
        for kind in ("pdf", "xlsx"):
            for options in (
                {"variant": "nonsense"},
                {"partner_ids": ["x"]},
                {"period": "custom", "date_from": "x"},
                "[1]",
                "{not json",
                '"text"',
            ):
                with self.subTest(kind=kind, options=options):
                    answer = self._open(kind, options)
                    self.assertEqual(answer.status_code, 422)
                    error = self._get_error(answer)["data"]
                    self.assertEqual(error["name"], "odoo.exceptions.UserError")
                    self.assertIn("Open it anew from the menu", error["message"])

    @mute_logger("odoo.addons.account_payment_followup.controllers.report")
    def test_f7_errors_of_ours(self):
        self._log_in(self.responsible)
        builder = self.env.registry["account.followup.report"]
        with patch.object(builder, "_get_document", side_effect=KeyError("oops")):
            answer = self._open("xlsx")
        self.assertEqual(answer.status_code, 500)
        self.assertEqual(self._get_error(answer)["data"]["name"], "builtins.KeyError")
        with patch.object(builder, "_get_document", side_effect=UserError("<b>x")):
            answer = self._open("xlsx")
        self.assertNotIn("<b>", answer.text)
        self.assertEqual(self._get_error(answer)["data"]["message"], "<b>x")

    def test_f7_another_company_gets_nothing(self):
        self._log_in(self.stranger)
        forged = f"{self.company.id}-{self.company_2.id}"
        for cids in (None, forged, str(self.company.id), "x-1-", f"{self.company.id}"):
            for variant in ("partner_ledger", "aged_receivable"):
                options = {"variant": variant, "partner_ids": self.customer.ids}
                with self.subTest(cids=cids, variant=variant):
                    answer = self._open("pdf", options, cids)
                    self.assertEqual(answer.status_code, 200)
                    self.assertNotIn("12,345.50", answer.text)
                    self.assertIn("Nothing matches", answer.text)
        answer = self._open("pdf", {"partner_ids": self.customer.ids}, forged)
        self.assertNotIn("12,345.50", answer.text)
        self.assertIn("There are no postings", answer.text)

    @mute_logger("odoo.http")
    def test_f7_forged_pages_of_core(self):
        """The addresses that core gives every report."""
        name = "account_payment_followup.report_customer_statement"
        context = quote(json.dumps({"allowed_company_ids": self.company.ids}))
        data = quote(json.dumps({"statements": {"1": {"title": "Forged"}}}))
        self._log_in(self.stranger)
        url = f"/report/%s/{name}/{self.customer.id}"
        for kind in ("html", "pdf"):
            answer = self.url_open(url % kind)
            self.assertNotIn("12,345.50", answer.text)
            answer = self.url_open(f"{url % kind}?context={context}")
            self.assertEqual(answer.status_code, 403)
        self._log_in(self.responsible)
        answer = self.url_open(f"{url % 'html'}?options={data}")
        self.assertIn("12,345.50", answer.text)
        self.assertNotIn("Forged", answer.text)
        for part in ("report_customer_table", "report_customer_statement_document"):
            part = f"account_payment_followup.{part}"
            answer = self.url_open(f"/report/html/{part}/{self.customer.id}")
            self.assertGreaterEqual(answer.status_code, 400)

    def test_f7_companies_that_are_ticked(self):
        """Of one's own companies those that the web client says."""
        self.responsible.company_ids += self.company_2
        self._log_in(self.responsible)
        options = {"variant": "partner_ledger"}
        answer = self._open("pdf", options, str(self.company.id))
        self.assertIn("12,345.50", answer.text)
        answer = self._open("pdf", options, str(self.company_2.id))
        self.assertNotIn("12,345.50", answer.text)
        self.assertIn("Second House", answer.text)

    @mute_logger("odoo.http")
    def test_f7_portal_public_and_employee(self):
        portal = new_test_user(
            self.env,
            "followup_portal",
            groups="base.group_portal",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        portal.partner_id.parent_id = self.customer
        employee = self._create_user("employee", "base.group_user")
        for user in portal + employee:
            user.password = user.login
            self._log_in(user)
            for kind in ("pdf", "xlsx"):
                answer = self._open(kind, {"variant": "aged_receivable"})
                self.assertEqual(answer.status_code, 403)
                self.assertIn("Only accountants", answer.text)
                self.assertNotIn("12,345.50", answer.text)
            name = "account_payment_followup.report_customer_statement"
            answer = self.url_open(f"/report/pdf/{name}/{self.customer.id}")
            self.assertEqual(answer.status_code, 403)
        self.authenticate(None, None)
        answer = self._open("xlsx")
        self.assertIn("/web/login", answer.url)

    def test_f7_posted_as_the_web_client_does(self):
        self._log_in(self.responsible)
        answer = self.url_open(
            ROUTE % "xlsx",
            data={
                "options": json.dumps({"variant": "aged_receivable"}),
                "token": "dummy-because-api-expects-one",
                "csrf_token": http.Request.csrf_token(self),
            },
        )
        self.assertEqual(answer.status_code, 200)
        self.assertTrue(answer.content.startswith(b"PK"))

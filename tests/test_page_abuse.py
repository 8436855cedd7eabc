import os
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, sql_db
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..models import account_followup_page as page_module
from .common import TODAY
from .test_page_payment import PagePaymentCommon

#: Requests of somebody who does nothing else for a minute.
FLOOD = 1000 if os.environ.get("FOLLOWUP_LONG") else 160

#: What a test alone says to the database.
OF_TESTS = ("SAVEPOINT", "ROLLBACK TO", "RELEASE")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPageAbuse(PagePaymentCommon):
    """X11: who does not mean well learns nothing, gets nothing and stops nobody."""

    @contextmanager
    def _record_statements(self):
        """Note what the database is asked, without the values."""
        statements, execute = [], sql_db.Cursor.execute

        def record(cursor, query, *args, **kwargs):
            code = query.code if isinstance(query, SQL) else query
            code = " ".join(code.split())
            if not code.upper().startswith(OF_TESTS):
                statements.append(code)
            return execute(cursor, query, *args, **kwargs)

        with patch.object(sql_db.Cursor, "execute", record):
            yield statements

    def _make_links(self):
        """Return a token of each kind that opens nothing."""
        tokens = {"wrong": "a" * 26, "cut": self.token[:-1]}
        for kind in ("expired", "withdrawn"):
            partner = self._create_customer(kind)
            self._create_late(20, partner=partner)
            link = self._record_reminder(partner).page_link_ids
            link.sudo().write(
                {"is_withdrawn": True}
                if kind == "withdrawn"
                else {"date": TODAY - timedelta(days=61)}
            )
            tokens[kind] = link._get_token()
        self.env.flush_all()
        return tokens

    def _ask_all(self, ask):
        """Return {kind: (status, statements)} of a request for each kind of token."""
        tokens, found = self._make_links(), {}
        ask(tokens["wrong"])  # what is read once for all
        for kind, token in tokens.items():
            with self._record_statements() as statements:
                status = ask(token).status_code
            found[kind] = status, statements
        return found

    def test_tokens_are_told_apart_by_nothing(self):
        """The database is asked the same for each token that opens nothing."""
        for path in ("", "/invoice/1", "/pay?item=1"):
            found = self._ask_all(lambda token, path=path: self._get(path, token))
            for kind, answer in found.items():
                self.assertEqual(answer, found["wrong"], (path, kind))
                self.assertEqual(answer[0], 404)

    def test_a_new_link_is_asked_for_alike(self):
        """Whether the token was good once shows neither in the answer nor in time."""
        found = self._ask_all(lambda token: self._post("/renew", token))
        for kind, answer in found.items():
            self.assertEqual(answer, found["wrong"], kind)
            self.assertEqual(answer[0], 200)
        asked = self.links.search([("renew_date", "!=", False)])
        self.assertEqual(len(asked), 2)

    def test_error_of_one_link_is_its_own(self):
        """One new link cannot be made: the other one is mailed."""
        tokens = self._make_links()
        for kind in ("expired", "withdrawn"):
            self._post("/renew", tokens[kind])
        model = self.env.registry["account.followup.page.link"]
        renew = model._mail

        def fail(link, contacts):
            if link.reminder_id.partner_id.name == "expired":
                raise ValueError("no")
            return renew(link, contacts)

        mails = self.env["mail.mail"].sudo()
        before = mails.search([])
        cron = self.env.ref("account_payment_followup.ir_cron_renew_page_links")
        logger = "odoo.addons.account_payment_followup.models"
        with (
            patch.object(model, "_mail", fail),
            mute_logger(f"{logger}.account_followup_page_renew"),
        ):
            cron.sudo().method_direct_trigger()
        (mail,) = mails.search([]) - before
        self.assertEqual(mail.recipient_ids.name, "withdrawn")
        self.assertFalse(self.links.search([("renew_date", "!=", False)]))

    def test_flood(self):
        """A thousand requests in a minute, of all kinds and with many tokens.

        What is over the limit is refused as such, and does nothing; what was said
        before stays; who reads the page reads it still.
        """
        line, letters = self._get_line(self.invoice), "abcdefghijklmnopqrstuvwxyz"
        form = self._open_form(self.invoice)
        found = {}
        for number in range(FLOOD):
            wrong = f"{'a' * 24}{letters[number % 26]}{letters[number // 26 % 26]}"
            kind, response = [
                lambda: ("page", self._get()),
                lambda token=wrong: ("no page", self._get(token=token)),
                lambda: ("call", self._answer("call", phone="1", text="My words")),
                lambda token=wrong: ("renew", self._post("/renew", token)),
                lambda: ("pay", self._get(f"/pay?item={line.id}")),
                lambda: ("begin", self._begin_raw(form)),
            ][number % 6]()
            found.setdefault(kind, []).append(response.status_code)
        self.assertEqual(set(found["page"]), {200})
        self.assertEqual(set(found["no page"]), {404})
        self.assertEqual(set(found["pay"]), {200})
        for kind, good in (("call", 303), ("renew", 200), ("begin", 200)):
            codes = found[kind]
            done = codes.count(good)
            self.assertTrue(done)
            self.assertEqual(codes, [good] * done + [429] * (len(codes) - done), kind)
            self.assertIn(429, codes)
        writes = found["call"].count(303) + found["begin"].count(200)
        self.assertEqual(writes, page_module.LIMIT_TOKEN)
        self.assertEqual(found["renew"].count(200), page_module.LIMIT_RENEW)
        self.assertEqual(len(self._get_tasks()), found["call"].count(303))
        self.assertEqual(len(self._get_transactions()), 1, "begun once")
        response = self._answer("call", phone="12345")
        self.assertEqual(response.status_code, 429)
        self.assertIn("12345", response.text, "what was typed is there still")
        self.assertEqual(self._get().status_code, 200)

    def _begin_raw(self, form):
        """Begin a payment; return the response, which has a status."""
        self.env.flush_all()
        with mute_logger("odoo.http"):
            return self.url_open(
                form["transaction-route"],
                json={
                    "params": {
                        "provider_id": self.provider.id,
                        "payment_method_id": self.method.id,
                        "flow": "direct",
                        "access_token": form["access-token"],
                    }
                },
            )

    def test_replay_of_a_withdrawn_token(self):
        """A form that is open still begins no payment any more."""
        form = self._open_form(self.invoice)
        self.reminder.sudo().page_link_ids.is_withdrawn = True
        answer = self._begin(form)
        self.assertEqual(answer["state"], "error")
        self.assertIn("not valid any more", answer["state_message"])
        self.assertFalse(self._get_transactions())

    def test_form_of_another_link(self):
        """What was signed for one reminder begins no payment of another one."""
        form = self._open_form(self.invoice)
        other = self._create_customer("Other")
        self._create_late(20, partner=other)
        token = self._record_reminder(other).page_link_ids._get_token()
        route = form["transaction-route"].replace(self.token, token)
        answer = self._begin({**form, "transaction-route": route})
        self.assertIn("changed meanwhile", answer["state_message"])
        again = self._record_reminder(self.customer).page_link_ids._get_token()
        route = form["transaction-route"].replace(self.token, again)
        answer = self._begin({**form, "transaction-route": route})
        self.assertIn("changed meanwhile", answer["state_message"])
        self.assertFalse(self._get_transactions())

    def test_items_of_another_company(self):
        """Of the same customer: not shown, paid, printed, or spoken of."""
        company = self.setup_other_company()["company"]
        foreign = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "out_invoice",
                    "company_id": company.id,
                    "partner_id": self.customer.id,
                    "invoice_date": TODAY - timedelta(days=30),
                    "invoice_date_due": TODAY - timedelta(days=20),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Work", "price_unit": 77, "tax_ids": False}
                        )
                    ],
                }
            )
        )
        foreign.action_post()
        line = self._get_line(foreign)
        self.assertEqual(line.partner_id, self.customer)
        self.assertNotIn("77.00", self._get().text)
        self.assertEqual(self._get(f"/invoice/{foreign.id}").status_code, 404)
        self.assertEqual(self._open_form(items=line).status_code, 400)
        both = line | self._get_line(self.invoice)
        self.assertEqual(self._open_form(items=both).status_code, 400)
        for kind, values in (
            ("paid", {"date": TODAY}),
            ("promise", {"date": TODAY}),
            ("dispute", {"reason": "other"}),
        ):
            response = self._answer(kind, items=line, **values)
            self.assertEqual(response.status_code, 400, kind)
        self.assertFalse(line.followup_hold_until)
        self.assertFalse(line.expected_payment_date)

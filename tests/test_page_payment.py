import re
from datetime import timedelta
from unittest import SkipTest

import psycopg2
from freezegun import freeze_time
from lxml import html

from odoo import Command
from odoo.tests import tagged
from odoo.tools import formatLang, mute_logger

from ..models import account_followup_page as page_module
from . import proof_lawsuit
from .common import TODAY
from .proof_common import ProofCommon
from .test_concurrency import ConcurrencyCommon
from .test_message_sample import read_codes
from .test_page import PageCommon
from .test_pay import IBAN


class PagePaymentCommon(PageCommon):
    """A company whose customers can pay with core's demo provider."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        provider = cls.env.ref("payment.payment_provider_demo").sudo()
        if provider.code != "demo":
            raise SkipTest("the module payment_demo is not installed")
        cls.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "True"
        )
        cls.provider = provider.copy(
            {"company_id": cls.company.id, "state": "test", "is_published": True}
        )
        cls.provider.journal_id = cls.company_data["default_journal_bank"]
        cls.method = cls.provider.payment_method_ids[:1]
        cls.method.active = True
        cls.env.flush_all()

    def _open_form(self, *moves, items=None):
        """Open the payment form; return what the script reads from it."""
        if items is None:
            items = self._get_line(self.env["account.move"].union(*moves))
        query = "&".join(f"item={id_}" for id_ in items.ids)
        response = self._get(f"/pay?{query}")
        if response.status_code != 200:
            return response
        names = ("amount", "transaction-route", "access-token", "landing-route")
        return {
            name: re.search(rf'data-{name}="([^"]*)"', response.text)[1]
            for name in names
        }

    def _begin(self, form, **values):
        """Press the button of the form; return the answer."""
        self.env.flush_all()
        with mute_logger("odoo.http"):
            result = self.make_jsonrpc_request(
                form["transaction-route"],
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.method.id,
                    "token_id": None,
                    "amount": float(form["amount"]),
                    "flow": "direct",
                    "tokenization_requested": False,
                    "landing_route": form["landing-route"],
                    "is_validation": False,
                    "access_token": form["access-token"],
                    **values,
                },
            )
        self.env.invalidate_all()
        return result

    def _get_transactions(self):
        return self.env["payment.transaction"].search(
            [("provider_id", "=", self.provider.id)], order="id"
        )

    def _finish(self, state="done"):
        """Let the provider say what became of the last payment."""
        transaction = self._get_transactions()[-1]
        transaction._process(
            "demo",
            {"reference": transaction.reference, "simulated_state": state},
        )
        transaction._post_process()
        self.env.flush_all()
        return transaction

    def _pay_all(self, *moves, items=None):
        answer = self._begin(self._open_form(*moves, items=items))
        self.assertNotIn("state_message", {k: v for k, v in answer.items() if v})
        return self._finish()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPagePayment(PagePaymentCommon):
    """X11: what is ticked is paid, once, and nothing else."""

    def test_all_in_one_payment(self):
        other = self._create_late(9, 55)
        transaction = self._pay_all(self.invoice, other)
        self.assertEqual(transaction.amount, 155)
        self.assertEqual(transaction.partner_id, self.customer)
        self.assertEqual(transaction.invoice_ids, self.invoice | other)
        for move in (self.invoice, other):
            self.assertEqual(move.amount_residual, 0)
        text = self._get_text(self._get("?said=payment"))
        self.assertIn("Thank you for your payment", text)

    def test_queued_reminder_is_withdrawn(self):
        self.assertEqual(self.reminder.state, "queued")
        self._pay_all(self.invoice)
        with self.mock_mail_gateway():
            self._run_mail_queue()
        self.assertFalse(self._mails)
        self.assertEqual(self.reminder.state, "withdrawn")

    def test_one_of_two(self):
        other = self._create_late(9, 55)
        self._pay_all(other)
        self.assertEqual(other.amount_residual, 0)
        self.assertEqual(self.invoice.amount_residual, 100)

    def _create_instalments(self, amount):
        """Post an invoice that was due in two parts; return its items."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Two instalments",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50}),
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": 5}
                    ),
                ],
            }
        )
        invoice = self._create_late(20, amount, invoice_payment_term_id=term.id)
        return self._get_line(invoice).sorted("date_maturity")

    def test_an_instalment(self):
        """Also a later one, which core alone would take for the first one."""
        first, second = self._create_instalments(80)
        self._pay_all(items=second)
        self.assertTrue(second.reconciled)
        self.assertEqual(first.amount_residual, 40)
        self._pay_all(items=first)
        self.assertEqual(first.move_id.amount_residual, 0)

    def test_an_instalment_less_a_credit(self):
        """Core alone would give the credit to the first one, too."""
        first, second = self._create_instalments(200)
        note = self._get_line(self._create_late(5, 40, move_type="out_refund"))
        small = self._get_line(self._create_late(9, 10))
        (note + small).reconcile()
        transaction = self._pay_all(items=second)
        self.assertEqual(transaction.amount, 70)
        self.assertTrue(second.reconciled)
        self.assertTrue(note.reconciled)
        self.assertEqual(first.amount_residual, 100)
        self.assertTrue(small.reconciled, "matched before")

    def test_an_instalment_smaller_than_the_credit_before_it(self):
        """What core has left of the payment is not all that has to be taken back."""
        first, second = self._create_instalments(200)
        self._pay(first.move_id, 80)
        self.assertEqual(first.amount_residual, 20)
        self._create_late(5, 30, move_type="out_refund")
        self._pay_all(items=second)
        self.assertTrue(second.reconciled)
        self.assertEqual(first.amount_residual, 20)

    def test_an_instalment_that_is_captured_by_hand(self):
        """The capture is a transaction of its own, which knows no invoices."""
        self.provider.capture_manually = True
        first, second = self._create_instalments(80)
        self._begin(self._open_form(items=second))
        transaction = self._finish()
        self.assertEqual(transaction.state, "authorized")
        transaction._capture()._post_process()
        self.assertTrue(second.reconciled)
        self.assertEqual(first.amount_residual, 40)

    def _credit(self, amount):
        """Book a payment that is matched with nothing."""
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.customer.id,
                "amount": amount,
                "payment_type": "inbound",
                "partner_type": "customer",
                "date": TODAY,
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        return payment

    def test_credits_are_deducted(self):
        """Those of the ledger, whatever they come from: what the table claims."""
        self._credit(30)
        transaction = self._pay_all(self.invoice)
        self.assertEqual(transaction.amount, 70)
        self.assertEqual(self.invoice.amount_residual, 0)
        self.assertIn("Nothing is open", self._get_text(self._get()))

    def _get_amount(self, move):
        return float(self._open_form(move)["amount"])

    def test_a_credit_is_deducted_once(self):
        """Not again while a payment that deducts it is under way."""
        other = self._create_late(9, 55)
        self._credit(30)
        form, late = self._open_form(self.invoice), self._open_form(other)
        self.assertEqual((float(form["amount"]), float(late["amount"])), (70, 25))
        first, second = self._begin(form), self._begin(form)
        self.assertEqual(first["reference"], second["reference"], "pressed twice")
        self.authenticate(None, None)  # another browser
        self.assertEqual(self._get_amount(other), 55, "begun")
        self.assertIn("changed meanwhile", self._begin(late)["state_message"])
        transaction = self._get_transactions()
        for state in ("pending", "authorized", "done"):
            getattr(transaction, f"_set_{state}")()
            self.assertEqual(self._get_amount(other), 55, state)
        text = self._get_text(self._get())
        self.assertIn("Credit, 05/15/2024 (payment under way)", text)
        transaction._post_process()
        self.assertEqual(self.invoice.amount_residual, 0)
        self.assertEqual(self._pay_all(other).amount, 55)
        self.assertIn("Nothing is open", self._get_text(self._get()))

    def test_a_credit_is_free_again(self):
        """When the payment that would have deducted it comes to nothing."""
        other = self._create_late(9, 55)
        self._credit(30)
        self._begin(self._open_form(self.invoice))
        self.assertEqual(self._get_amount(other), 55)
        self._finish("cancel")
        self.assertEqual(self._get_amount(other), 25)

    def test_cancelled_payment(self):
        self._begin(self._open_form(self.invoice))
        self._finish("cancel")
        self.assertEqual(self.invoice.amount_residual, 100)
        self._pay_all(self.invoice)
        self.assertEqual(self.invoice.amount_residual, 0)

    def test_pending_payment(self):
        """It is said to be under way, and cannot be paid again."""
        self._begin(self._open_form(self.invoice))
        self._finish("pending")
        self.assertIn("payment under way", self._get_text(self._get()))
        self.assertEqual(self._open_form(self.invoice).status_code, 400)

    def test_no_token_in_the_transaction(self):
        """What is kept opens nothing; the way back is in the browser's session."""
        self._begin(self._open_form(self.invoice))
        transaction = self._get_transactions()
        self.assertEqual(transaction.landing_route, "/followup/back")
        self.assertNotIn(self.token, str(transaction.read()))
        response = self.url_open("/followup/back", allow_redirects=False)
        self.assertIn(self.token, response.headers["Location"])

    # ------------------------------------------------------------------
    # Nothing is paid twice
    # ------------------------------------------------------------------

    def test_double_submit(self):
        form = self._open_form(self.invoice)
        first, second = self._begin(form), self._begin(form)
        self.assertEqual(first["reference"], second["reference"])
        self.assertEqual(len(self._get_transactions()), 1)

    def test_two_browsers(self):
        form = self._open_form(self.invoice)
        self._begin(form)
        self.authenticate(None, None)  # another session
        answer = self._begin(form)
        self.assertEqual(answer["state"], "error")
        self.assertIn("another window", answer["state_message"])
        self.assertEqual(len(self._get_transactions()), 1)

    def test_what_was_left_keeps_nobody_from_paying(self):
        self._begin(self._open_form(self.invoice))
        self.authenticate(None, None)
        begun = self._get_transactions()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = %s WHERE id = %s",
            [begun.create_date - timedelta(minutes=16), begun.id],
        )
        self.env.invalidate_all()
        self._begin(self._open_form(self.invoice))
        self.assertEqual(len(self._get_transactions()), 2)

    def test_paid_meanwhile(self):
        form = self._open_form(self.invoice)
        self._pay(self.invoice)
        answer = self._begin(form)
        self.assertIn("changed meanwhile", answer["state_message"])
        self.assertFalse(self._get_transactions())

    def test_paid_in_part_meanwhile(self):
        form = self._open_form(self.invoice)
        self._pay(self.invoice, 40)
        self.assertIn("changed meanwhile", self._begin(form)["state_message"])
        self.assertEqual(self._pay_all(self.invoice).amount, 60)

    def test_paid_while_paying(self):
        """What was paid too much is a credit of the customer, nothing is lost."""
        self._begin(self._open_form(self.invoice))
        self._pay(self.invoice)
        transaction = self._finish()
        self.assertEqual(self.invoice.amount_residual, 0)
        line = transaction.payment_id.move_id.line_ids.filtered(
            lambda one: one.account_type == "asset_receivable"
        )
        self.assertEqual(line.amount_residual, -100)

    # ------------------------------------------------------------------
    # Forged
    # ------------------------------------------------------------------

    def test_forged_amount(self):
        """The amount is the server's: what the client says counts for nothing."""
        for amount in (0.01, -100, 1e9, None, "x"):
            with self.subTest(amount=amount):
                self._begin(self._open_form(self.invoice), amount=amount)
        self.assertEqual(set(self._get_transactions().mapped("amount")), {100})

    def test_forged_values(self):
        other = self._create_customer("Other")
        self._begin(
            self._open_form(self.invoice),
            partner_id=other.id,
            currency_id=self.env.ref("base.EUR").id,
            invoice_ids=[Command.set([])],
            landing_route="https://evil.example.com",
            custom_create_values={"amount": 1},
            tokenization_requested=True,
        )
        transaction = self._get_transactions()
        self.assertEqual(transaction.partner_id, self.customer)
        self.assertEqual(transaction.currency_id, self.company.currency_id)
        self.assertEqual(transaction.invoice_ids, self.invoice)
        self.assertEqual(transaction.landing_route, "/followup/back")
        self.assertFalse(transaction.tokenize)

    def test_forged_items(self):
        """Other items than those that were signed, of whomever."""
        mine = self._create_late(9, 55)
        other = self._create_late(9, 55, partner=self._create_customer("Other"))
        form = self._open_form(self.invoice)
        for move in (mine, other, self.invoice | other):
            ids = "-".join(map(str, self._get_line(move).ids))
            route = f"/followup/{self.token}/transaction/{ids}"
            answer = self._begin({**form, "transaction-route": route})
            self.assertEqual(answer["state"], "error")
        for items in ("x", "0", "1-", "-", "9" * 30):
            route = f"/followup/{self.token}/transaction/{items}"
            answer = self._begin({**form, "transaction-route": route})
            self.assertEqual(answer["state"], "error")
        self.assertFalse(self._get_transactions())

    def test_forged_provider(self):
        """One of another company, one that is switched off, a saved card."""
        off = self.provider.copy({"state": "disabled"})
        foreign = self.env.ref("payment.payment_provider_demo")
        form = self._open_form(self.invoice)
        for values in (
            {"provider_id": off.id},
            {"provider_id": foreign.id},
            {"provider_id": 0},
            {"payment_method_id": 0},
            {"flow": "token", "token_id": 1},
        ):
            with self.subTest(values=values):
                answer = self._begin(form, **values)
                self.assertIn("how you want to pay", answer["state_message"])
        self.assertFalse(self._get_transactions())

    def test_form_for_others(self):
        other = self._create_late(9, 55, partner=self._create_customer("Other"))
        excluded = self._create_late(9, 55)
        excluded.no_followup = True
        euro = self.env.ref("base.EUR")
        euro.active = True
        foreign = self._create_late(9, 55, currency_id=euro.id)
        for moves in (other, excluded, self.invoice | other, self.invoice | foreign):
            self.assertEqual(self._open_form(moves).status_code, 400)
        self.assertEqual(self._get("/pay").status_code, 400)
        self.assertEqual(self._get("/pay?item=x").status_code, 400)

    def test_limit(self):
        form = self._open_form(self.invoice)
        limits = self.env["account.followup.page.limit"].sudo()
        for _number in range(page_module.LIMIT_TOKEN):
            limits._count("token", self.token)
        self.env.flush_all()
        with mute_logger("odoo.http"):
            response = self.url_open(
                form["transaction-route"],
                json={"params": {"access_token": form["access-token"]}},
            )
        self.assertEqual(response.status_code, 429)
        self.assertIn("Too many tries", response.json()["error"]["message"])
        self.assertFalse(self._get_transactions())

    def test_without_provider(self):
        self.provider.state = "disabled"
        text = self._get_text(self._get())
        self.assertNotIn("Pay what is ticked", text)
        form = self._get(f"/pay?item={self._get_line(self.invoice).id}")
        self.assertNotIn("o_payment_form", form.text)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPageRests(ProofCommon, PagePaymentCommon):
    """X11: the page claims what a reminder would that is made at that moment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_models([proof_lawsuit.Item])
        cls.euro = cls.setup_other_currency("EUR", rates=[("2024-01-01", 0.92)])
        cls.bank = cls.env["res.partner.bank"].create(
            {"acc_number": IBAN, "partner_id": cls.company.partner_id.id}
        )

    def _create(self, partner, days_late, amount):
        """Post an invoice in euros, of which banks have a QR code."""
        return self._create_late(
            days_late, amount, partner=partner, currency_id=self.euro.id
        )

    def _dispute(self, invoice):
        reason = self.env.ref("account_payment_followup.dispute_reason_amount")
        self.env["account.followup.dispute"]._dispute(
            self._get_line(invoice), reason, {self.company: TODAY}
        )

    def _get_ways_to_rest(self):
        """Return {reason: (what lets an invoice rest, what the page says of it)}."""
        until = TODAY + timedelta(days=3)
        looked = "being looked into"

        def write(name):
            return lambda invoice: self._get_line(invoice).write({name: until})

        return {
            "blocked": (lambda one: one.action_toggle_block_payment(), looked),
            "online_payment": (
                lambda one: self._pay_online(one, "pending"),
                "payment under way",
            ),
            "dispute": (self._dispute, looked),
            "hold": (write("followup_hold_until"), looked),
            "expected_payment": (write("expected_payment_date"), "payment announced"),
            "lawsuit": (lambda one: one.write({"ref": "at court"}), looked),
        }

    def _look(self, reminder):
        """Return what the page of a reminder shows: as text, and as HTML."""
        token = reminder.page_link_ids._get_token()
        response = self._get(token=token)
        self.assertEqual(response.status_code, 200)
        return self._get_text(response), html.fromstring(response.text)

    def _get_ticked(self, page):
        """Return the items that are ticked, wherever the page has boxes."""
        found = page.xpath("//input[@name='item'][@checked]/@value")
        return {int(one) for one in found}

    def _get_offered(self, page):
        """Return the items that can be ticked to pay them online."""
        found = page.xpath("//form[@method='get']//input[@name='item']/@value")
        return {int(one) for one in found}

    def _get_transfer(self, page):
        """Return the texts of the transfer, and what its QR code says."""
        texts = self._get_texts(page.xpath("//dl/dt|//dl/dd"))
        pairs = dict(zip(texts[::2], texts[1::2], strict=True))
        return pairs, read_codes(html.tostring(page))

    def _get_totals(self, page):
        return self._get_texts(page.find_class("fp-total"))

    def _get_texts(self, elements):
        return [" ".join(one.text_content().split()) for one in elements]

    def _check_transfer(self, reminder, page):
        """The page asks for what the reminder asks for, and for nothing else."""
        (way,) = reminder.pay_ways
        amount = formatLang(self.env, way["amount"], currency_obj=self.euro)
        pairs, codes = self._get_transfer(page)
        self.assertEqual(pairs["Amount"], " ".join(amount.split()))
        self.assertEqual(pairs["Reference"], way["reference"])
        pictures = self.env["account.followup.pay"]._get_codes(reminder)
        images = "".join(f'<img src="{one}"/>' for one in pictures)
        self.assertEqual(codes, read_codes(f"<div>{images}</div>"))
        self.assertIn(f"EUR{way['amount']}", codes[0])
        self.assertEqual(
            self._get_ticked(page), set(reminder.line_ids.move_line_id.ids)
        )

    def test_what_rests_is_not_claimed(self):
        """For each reason, also of other modules: neither ticked nor asked for."""
        reasons = self._get_ways_to_rest()
        known = self.env["account.followup.item"]._get_rest_reasons()
        self.assertEqual({one[0] for one in known} - {"excluded"}, set(reasons))
        for reason, (rest, note) in reasons.items():
            with self.subTest(reason=reason):
                partner = self._create_customer(reason)
                late, other = (
                    self._create(partner, 20, 100),
                    self._create(partner, 9, 50),
                )
                rest(late)
                reminder = self._record_reminder(partner)
                self.assertEqual(reminder.line_ids.move_line_id.move_id, other)
                text, page = self._look(reminder)
                self._check_transfer(reminder, page)
                self.assertRegex(text, rf"{late.name} Due [\d/]+ \({note}\)")
                self.assertEqual(
                    self._get_totals(page),
                    ["Total overdue50.00 €", "Total open150.00 €"],
                )
                can_be_paid = reason not in page_module.UNPAYABLE
                line = self._get_line(late)
                self.assertEqual(line.id in self._get_offered(page), can_be_paid)

    def test_all_that_is_late_rests(self):
        """Nothing is asked for; who wants to pay it ticks it."""
        partner = self._create_customer("Patient Ltd")
        invoice = self._create(partner, 20, 100)
        reminder = self._record_reminder(partner)
        self.token = reminder.page_link_ids._get_token()
        self._dispute(invoice)
        _text, page = self._look(reminder)
        self.assertEqual(self._get_totals(page), ["Total open100.00 €"])
        self.assertFalse(self._get_ticked(page))
        self.assertEqual(self._get_transfer(page), ({}, []))
        self.assertEqual(float(self._open_form(invoice)["amount"]), 100)
        later = self._create(partner, -10, 70)
        _text, page = self._look(reminder)
        self.assertEqual(self._get_transfer(page)[0]["Amount"], "70.00 €")
        self.assertEqual(self._get_ticked(page), set(self._get_line(later).ids))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPageTour(PagePaymentCommon):
    """X11: paid in a browser, on a phone and on a desk."""

    allow_end_on_form = True

    def _pay_in_browser(self, size):
        self.browser_size = size
        self._create_late(9, 55)
        self.env.flush_all()
        self.start_tour(
            f"/followup/{self.token}?debug=tests", "account_followup_page_pay"
        )
        self.env.invalidate_all()
        self.assertEqual(self.invoice.amount_residual, 0)
        self.assertEqual(self._get_transactions().state, "done")
        with self.mock_mail_gateway():
            self._run_mail_queue()
        self.assertEqual(self.reminder.state, "withdrawn")

    def test_phone(self):
        self._pay_in_browser("360x740")

    def test_desk(self):
        self._pay_in_browser("1280x800")


@tagged("post_install", "-at_install")
class TestPageAtOnce(ConcurrencyCommon):
    """X11: of two payments that begin at the same moment the second one looks anew."""

    @mute_logger("odoo.sql_db")
    def test_second_one_waits_and_is_tried_again(self):
        with self._connect() as late:
            late["res.users"].search([])  # from here on it sees what is there now
            with self._connect() as early:
                early["account.followup.page.limit"]._count("pay", self.partner_id)
            with self.assertRaises(psycopg2.errors.SerializationFailure):
                late["account.followup.page.limit"]._count("pay", self.partner_id)
            late.cr.rollback()
            number = late["account.followup.page.limit"]._count("pay", self.partner_id)
            self.assertEqual(number, 2)

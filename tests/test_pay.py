from freezegun import freeze_time

from odoo.tests import tagged

from ..tools import banks
from .common import TODAY, FollowupCommon

#: The example of an IBAN, in Germany.
IBAN = "DE89370400440532013000"


@tagged("post_install", "-at_install")
class TestPay(FollowupCommon):
    """A debtor who reads a reminder knows where to pay, how much and what to quote."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency("EUR", rates=[("2024-01-01", 0.92)])
        cls.bank = cls.env["res.bank"].create(
            {"name": "Commerzbank", "bic": "COBADEFFXXX"}
        )
        cls.account = cls._create_account(IBAN, bank_id=cls.bank.id, sequence=1)
        cls.startClassPatcher(freeze_time(TODAY))

    @classmethod
    def _create_account(cls, number, **values):
        return cls.env["res.partner.bank"].create(
            {"acc_number": number, "partner_id": cls.company.partner_id.id, **values}
        )

    def _get_ways(self, invoices, number="R/1"):
        rows = self.env["account.followup.item"]._get_rows(
            {self.company: TODAY}, invoices.partner_id
        )
        rows = [row for row in rows if row["move_id"] in invoices.ids]
        service = self.env["account.followup.pay"]
        claim = {
            "company": self.company,
            "items": self.env["account.move.line"].browse(row["id"] for row in rows),
            "amounts": service._get_amounts(rows),
            "number": number,
        }
        return service._get_ways([claim])[0]

    # ------------------------------------------------------------------
    # Account
    # ------------------------------------------------------------------

    def test_account_of_the_invoices(self):
        """All invoices say one account: that one, with its holder and bank (Y1)."""
        own = self._create_account(
            "GB33BUKB20201555555555", acc_holder_name="Company Ltd", sequence=2
        )
        invoices = self._create_late(20) + self._create_late(5, 50)
        invoices.partner_bank_id = own
        (way,) = self._get_ways(invoices)
        self.assertEqual(way["account"], "GB33 BUKB 2020 1555 5555 55")
        self.assertEqual(way["holder"], "Company Ltd")
        self.assertEqual((way["currency"].name, way["amount"]), ("USD", 150))
        own.bank_id = self.bank
        self.assertEqual(self._get_ways(invoices)[0]["bic"], "COBADEFFXXX")

    def test_account_of_the_company(self):
        """The invoices differ, or theirs is archived: the first for the currency."""
        own = self._create_account("11-22222-33", sequence=3)
        dollars = self._create_account(
            "9900", currency_id=self.env.ref("base.USD").id, sequence=4
        )
        invoices = self._create_late(20) + self._create_late(5, 50)
        invoices[0].partner_bank_id = own
        invoices[1].partner_bank_id = self.account
        self.assertEqual(self._get_ways(invoices)[0]["bank"], dollars)
        invoices.partner_bank_id = own
        self.assertEqual(self._get_ways(invoices)[0]["account"], "11-22222-33")
        own.action_archive()
        self.assertEqual(self._get_ways(invoices)[0]["bank"], dollars)
        dollars.action_archive()
        self.assertEqual(self._get_ways(invoices)[0]["bank"], self.account)

    def test_two_currencies(self):
        """Each currency has its amount, its account and its reference."""
        euros = self._create_account("77", currency_id=self.euro.id)
        invoices = self._create_late(20)
        invoices += self._create_late(20, 30, currency_id=self.euro.id)
        invoices += self._create_late(9, 40, currency_id=self.euro.id)
        invoices.partner_bank_id = False
        ways = {way["currency"].name: way for way in self._get_ways(invoices)}
        self.assertEqual(ways["USD"]["bank"], self.account)
        self.assertEqual(ways["USD"]["reference"], invoices[0].payment_reference)
        self.assertEqual((ways["EUR"]["bank"], ways["EUR"]["amount"]), (euros, 70))
        self.assertEqual(ways["EUR"]["reference"], "R/1")

    def test_no_account(self):
        """Without an account none is named, and who sends is told so."""
        service = self.env["account.followup.pay"]
        self.assertFalse(service._get_problem(self.company))
        invoice = self._create_late(20)
        invoice.partner_bank_id = False
        self.company.partner_id.bank_ids.action_archive()
        (way,) = self._get_ways(invoice)
        self.assertFalse(way["bank"] or way["account"] or way["holder"])
        self.assertEqual(way["amount"], 100)
        self.assertIn(self.company.name, service._get_problem(self.company))

    def test_groups_of_four(self):
        """An IBAN as on paper, another number as it was entered."""
        self.assertEqual(
            banks.group_account_number("de89 3704-00440532013000"),
            "DE89 3704 0044 0532 0130 00",
        )
        self.assertEqual(banks.group_account_number(" 12-345678-9"), "12-345678-9")
        self.assertEqual(banks.group_account_number(False), "")

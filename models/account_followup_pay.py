from odoo import api, fields, models

from ..tools import banks
from .account_followup_send import ITEM_FIELDS, MOVE_FIELDS, concat

#: What is read of bank accounts, all at once.
ACCOUNT_FIELDS = [
    "acc_holder_name",
    "acc_number",
    "active",
    "bank_id",
    "clearing_number",
    "company_id",
    "currency_id",
    "partner_id",
    "sanitized_acc_number",
]


class AccountFollowupPay(models.AbstractModel):
    """How a customer pays what is claimed by transfer (Y1).

    Made once for whoever shows it: e-mail, letter, window and the customer's page. It
    is what the records say: where there is no account, none is named.
    """

    _name = "account.followup.pay"
    _description = "How to Pay"

    @api.model
    def _get_ways(self, claims):
        """Return how to pay, for many customers at once.

        :param claims: list of dicts: ``company`` (the root company), ``items`` (journal
            items that are claimed, credits may be among them), ``amounts`` ({currency:
            amount}), ``number`` (what to quote for several invoices: the reminder's)
            and ``deadline`` (last day to pay, or None)
        :return: for each of them a list of dicts, one for each currency: ``currency``
            ``amount`` ``deadline``, ``bank`` (the account, as superuser; empty if there
            is none) ``holder`` ``account`` (its number, in groups of four) ``clearing``
            ``bic`` ``bank_name`` and ``reference`` (what to quote, or False), which is
            that of an invoice or not (``is_invoice``)
        """
        claims = list(claims)
        if not claims:
            return []
        items = concat(claim["items"] for claim in claims).sudo()
        items.fetch(ITEM_FIELDS)
        items.move_id.fetch(MOVE_FIELDS)
        companies = concat(claim["company"] for claim in claims).sudo()
        accounts = self._get_company_accounts(companies | items.move_id.company_id)
        return [
            [
                self._get_way(claim, currency, amount, accounts)
                for currency, amount in claim["amounts"].items()
                if currency.compare_amounts(amount, 0) > 0
            ]
            for claim in claims
        ]

    @api.model
    def _get_amounts(self, rows):
        """Return {currency: amount to pay} of what a reminder names (rule 13).

        :param rows: of account.followup.item
        """
        claimed = self._get_claimed(rows)
        return {currency: amount for currency, (amount, _debts) in claimed.items()}

    @api.model
    def _get_claimed(self, rows):
        """Return {currency: (amount to pay, rows that it is for)}.

        What is overdue, less the credits; all that is named where nothing is.

        :param rows: of account.followup.item
        """
        service = self.env["account.followup.claim"]
        found = {}
        for is_claimed in (lambda row: True, lambda row: row["days_late"] > 0):
            debts = [row for row in rows if row["residual"] > 0 and is_claimed(row)]
            claims = service._get_claims(rows, is_claimed)
            for currency, (amount, _value) in claims.items():
                mine = [row for row in debts if row["currency_id"] == currency.id]
                found[currency] = (amount, mine)
        return found

    @api.model
    def _prepare_ways(self, ways):
        """Return how to pay as a reminder keeps it, for the codes of its letter."""
        return [
            {
                "currency_id": way["currency"].id,
                "amount": way["amount"],
                "bank_id": way["bank"].id,
                "reference": way["reference"],
                "is_invoice": way["is_invoice"],
            }
            for way in ways
        ]

    @api.model
    def _get_company_accounts(self, companies):
        """Return {company: its bank accounts in their order}, read at once."""
        found = self.env["res.partner.bank"].sudo()
        domain = [("partner_id", "in", companies.partner_id.ids)]
        found = found.search_fetch(domain, ACCOUNT_FIELDS)
        found.bank_id.fetch(["name", "bic"])
        by_partner = found.grouped("partner_id")
        return {
            company: by_partner.get(company.partner_id, found.browse()).filtered(
                lambda bank, own=company: bank.company_id in (own.browse(), own)
            )
            for company in companies
        }

    @api.model
    def _get_way(self, claim, currency, amount, accounts):
        """Return how to pay the amount in one currency."""
        items = claim["items"].sudo().filtered(lambda one: one.currency_id == currency)
        moves = items.filtered(lambda item: item.amount_residual_currency > 0).move_id
        bank = self._get_account(moves, claim["company"].sudo(), currency, accounts)
        number = bank.acc_number
        is_iban = banks.is_iban(bank.sanitized_acc_number)
        return {
            "currency": currency,
            "amount": amount,
            "deadline": claim.get("deadline") or None,
            "bank": bank,
            "holder": bank.acc_holder_name or bank.partner_id.name,
            "account": banks.group_account_number(number),
            "clearing": not is_iban and bank.clearing_number,
            "bic": bank.bank_bic,
            "bank_name": bank.bank_name,
            "reference": self._get_reference(moves, claim.get("number")),
            "is_invoice": len(moves) == 1,
        }

    @api.model
    def _get_account(self, moves, company, currency, accounts):
        """Return the account to pay to, of which nobody has archived it.

        That of the invoices if they share one; else the first one of their company for
        this currency, else the first one for any.
        """
        own = moves.partner_bank_id
        if len(own) == 1 and own.active and all(move.partner_bank_id for move in moves):
            return own
        branches = moves.company_id
        for owner in [*(branches if len(branches) == 1 else ()), company]:
            for wanted in (currency, currency.browse()):
                mine = accounts[owner].filtered(
                    lambda bank, wanted=wanted: bank.currency_id == wanted
                )
                if mine:
                    return mine[0]
        return own.browse()

    @api.model
    def _get_reference(self, moves, number):
        """Return what to quote: of one invoice its own, of several the reminder's."""
        if len(moves) == 1:
            return moves.payment_reference or moves.name
        return number or False

    # ------------------------------------------------------------------
    # Beside the number of an invoice
    # ------------------------------------------------------------------

    @api.model
    def _get_invoice_references(self, move):
        """Return what else an invoice is known by, for the table of a reminder.

        :return: (payment reference or False, the customer's own number or False); none
            that is the number itself
        """
        move = move.sudo()
        if not move.is_sale_document(include_receipts=True):
            return False, False
        quoted = move.payment_reference
        return (
            quoted if quoted and quoted != move.name else False,
            move.ref if move.ref and move.ref not in (move.name, quoted) else False,
        )

    # ------------------------------------------------------------------
    # What is missing
    # ------------------------------------------------------------------

    @api.model
    def _get_problem(self, company):
        """Return that a company has no bank account, in one sentence, or None."""
        company = company.sudo()
        if self._get_company_accounts(company)[company]:
            return None
        return self.env._(
            "%s has no bank account: reminders cannot say where to pay.",
            company.name,
        )

    @api.model
    def _get_account_action(self, company):
        """Return the action that opens the bank accounts of a company."""
        partner = company.sudo().partner_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Bank Accounts"),
            "res_model": "res.partner.bank",
            "views": [(False, "list"), (False, "form")],
            "domain": [("partner_id", "=", partner.id)],
            "context": {"default_partner_id": partner.id},
        }


class AccountFollowupLevel(models.Model):
    _inherit = "account.followup.level"

    account_info = fields.Char("Where to Pay", compute="_compute_account_info")

    @api.depends_context("lang")
    @api.depends("company_id")
    def _compute_account_info(self):
        """Say that reminders have no account to name."""
        service = self.env["account.followup.pay"]
        for company, levels in self.grouped("company_id").items():
            levels.account_info = company and service._get_problem(company)

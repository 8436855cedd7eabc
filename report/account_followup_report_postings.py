from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .engine.columns import (
    make_column,
    make_due_date,
    make_foreign_amount,
    make_reference,
    sql_sum,
)
from .engine.postings import LedgerRows, Postings, StatementPostings, StatementRows


class AccountFollowupReportPostings(models.AbstractModel):
    """Postings of a period with opening, running and closing balance (F1, F5)."""

    _name = "account.followup.report.postings"
    _inherit = "account.followup.report"
    _description = "Postings of Customers"

    @api.model
    def _get_features(self):
        return [*super()._get_features(), "drafts", "settled"]

    @api.model
    def _get_query(self, options):
        return Postings(self, options)

    @api.model
    def _get_chart(self, options, rows, count):
        """Return the balance over time when there is one customer in one currency."""
        if count != 1 or not rows:
            return None
        return self._get_query(options).make_chart(rows[0]["currency_id"])


class AccountFollowupReportStatement(models.AbstractModel):
    """Customer Statement (F1): what a customer wants to see."""

    _name = "account.followup.report.customer_statement"
    _inherit = "account.followup.report.postings"
    _description = "Customer Statement"

    @api.model
    def _get_features(self):
        return [*super()._get_features(), "letter"]

    @api.model
    def _get_query(self, options):
        return StatementPostings(self, options)

    @api.model
    def _get_rows(self, options):
        return StatementRows(self, options)

    @api.model
    def _normalize_period(self, options):
        """A statement tells what is booked: it ends today at the latest."""
        period = super()._normalize_period(options)
        last = min(period["date_to"], self._get_day().isoformat())
        first = period["date_from"] and min(period["date_from"], last)
        return {**period, "date_from": first, "date_to": last}

    @api.model
    def _get_columns(self, options):
        query = self._get_query(options)
        due_date = SQL("CASE WHEN item.amount > 0 THEN item.due_date END")
        debit, credit = self.env._("Charged"), self.env._("Paid or Credited")
        return [
            make_column("date", "date", self.env._("Date"), SQL("item.date")),
            make_reference(self.env),
            make_due_date(self.env, due_date),
            *query.make_amounts(debit, credit),
            *query.make_company_balance(),
        ]


class AccountFollowupReportLedger(models.AbstractModel):
    """Partner Ledger (F5): what an accountant wants to see.

    It is the ledger of the companies that are shown, whoever pays for them.
    """

    _name = "account.followup.report.partner_ledger"
    _inherit = "account.followup.report.postings"
    _description = "Partner Ledger"

    _default_currency = "company"
    _is_settled_elsewhere = False

    @api.model
    def _get_rows(self, options):
        return LedgerRows(self, options)

    @api.model
    def _get_account_choices(self):
        """Partners may be customers and vendors: by default all that is booked."""
        return ("both", "receivable", "payable")

    @api.model
    def _get_account_domain(self, options):
        types = {
            "both": ["asset_receivable", "liability_payable"],
            "receivable": ["asset_receivable"],
            "payable": ["liability_payable"],
        }
        return Domain("account_type", "in", types[options["accounts"]])

    @api.model
    def _get_words(self):
        return {
            "who": self.env._("Partner"),
            "nobody": self.env._("Without Partner"),
        }

    @api.model
    def _get_columns(self, options):
        query, label = self._get_query(options), self.env._("Amount in Currency")
        return [
            make_column("date", "date", self.env._("Date"), SQL("item.date")),
            *self._get_entry_columns(),
            *query.make_amounts(self.env._("Debit"), self.env._("Credit")),
            *make_foreign_amount(options, label, SQL("item.amount_currency")),
            *self._get_company_columns(query),
        ]

    @api.model
    def _get_entry_columns(self):
        code = SQL("account.code_store ->> %s", str(self.env.company.root_id.id))
        matching = SQL("item.matching_number")
        return [
            make_column("text", "journal", self.env._("Journal"), SQL("journal.code")),
            make_column("text", "account", self.env._("Account"), code),
            make_reference(self.env),
            make_due_date(self.env),
            make_column("text", "matching", self.env._("Matching"), matching),
        ]

    @api.model
    def _get_company_columns(self, query):
        """Let the balance in company currency run: some lines move nothing else."""
        running = query.get_running(SQL("item.balance"))
        columns = query.make_company_balance(running)
        if not columns:
            return []
        before = SQL("NOT (%s)", query.get_in_period())
        opening = make_column(
            "amount",
            "opening_company",
            self.env._("Opening Balance"),
            total=sql_sum(SQL("item.balance"), before),
            currency="company",
            hidden=True,
        )
        return [opening, *columns]

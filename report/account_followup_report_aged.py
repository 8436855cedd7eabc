from odoo import api, models
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ..tools import periods
from .engine.aged import Buckets, OpenItems, make_compare_columns
from .engine.columns import (
    make_column,
    make_company_amount,
    make_due_date,
    make_foreign_amount,
    sql_sum,
)
from .engine.rows import NamedRows


class AccountFollowupReportAged(models.AbstractModel):
    """Aged Receivable (F6): what was open on a day, by how late it was.

    What is open now is known; for a day in the past, what was matched after that day
    is taken back. So the cost is that of open items and later matches, never that of
    the whole history.
    """

    _name = "account.followup.report.aged_receivable"
    _inherit = "account.followup.report"
    _description = "Aged Receivable"

    _default_period = "today"
    _period_names = periods.DAYS
    _default_currency = "company"

    @api.model
    def _get_features(self):
        return [*super()._get_features(), "as_of", "drafts", "ageing", "compare"]

    @api.model
    def _get_query(self, options):
        return OpenItems(self, options)

    @api.model
    def _get_rows(self, options):
        return NamedRows(self, options)

    @api.model
    def _normalize_period(self, options):
        return {**super()._normalize_period(options), "date_from": False}

    @api.model
    def _get_subtitle(self, options):
        day = format_date(self.env, options["date_to"])
        if options["age_by"] == "invoice_date":
            text = self.env._("As of %s, by invoice date", day)
        else:
            text = self.env._("As of %s, by due date", day)
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        tree = companies.search([("id", "child_of", self.env.company.root_id.id)])
        if self._get_companies() < tree:
            return self.env._("%s; paid to other companies is paid", text)
        return text

    @api.model
    def _get_columns(self, options):
        date = SQL("COALESCE(item.invoice_date, item.date)")
        amount, is_now = SQL("item.amount"), SQL("item.period = 0")
        total, company = sql_sum(amount, is_now), SQL("item.amount_company")
        currency = self.env.company.root_id.sudo().currency_id
        in_company = self.env._("Total in %s", currency.name)
        return [
            make_column("date", "date", self.env._("Invoice Date"), date),
            make_due_date(self.env),
            *Buckets(self.env, options["age_by"]).get_columns(),
            make_column("amount", "total", self.env._("Total"), amount, total),
            *make_company_amount(
                options, "total_company", in_company, company, is_now, company
            ),
            *make_foreign_amount(
                options, self.env._("Open in Currency"), SQL("item.amount_document")
            ),
            *make_compare_columns(self.env, options),
        ]

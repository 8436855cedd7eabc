from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import date_utils
from odoo.tools.misc import format_date

from ..tools import periods
from .engine.document import get_unfolded, iter_rows
from .engine.letter import Letters
from .engine.list import ListPrinter
from .engine.options import (
    MAX_INTEGER,
    Options,
    make_option_error,
    make_variant_error,
    parse_row_id,
)
from .engine.query import Query
from .engine.rows import Rows
from .engine.scope import Scope
from .engine.sheet import SheetWriter

#: Lines of a customer that are shown at once.
LINES_SIZE = 200


def open_report(face, options):
    """Return the variant that options name, the options checked, and its columns."""
    report = face._get_variant(options)
    options = report._normalize_options(options)
    return report, options, report._get_query(options).columns


def make_heads(columns):
    """Return the columns without what only a statement needs of them."""
    return [
        {
            **{key: col[key] for key in col if key not in ("line", "sum")},
            "sortable": bool(col.get("sum")),
        }
        for col in columns
    ]


class AccountFollowupReport(models.AbstractModel):
    """The face of the reports; screen, PDF and XLSX show what it returns.

    Behind it stand plain classes (``report/engine/``). A variant is a model of its own,
    which says of itself what is at the end of this class.

    A report is a head (title, columns, totals), rows of customers and, under each,
    its lines. A row is a dict:

    ``id``
        ``"<customer>-<currency>"``, for a line ``"l<journal item>"``
    ``line_count``
        lines of a customer
    ``type``
        ``customer``, ``section``, ``opening``, ``line``, ``closing``, ``ageing``
        or ``total``
    ``name``
        what stands in the first column
    ``partner_id``, ``currency_id``, ``line_id``, ``move_id``, ``line_currency_id``
        ids or ``False``
    ``flags``
        list of words that change the look: ``overdue``, ``draft``, ``excluded``,
        ``hold``, ``expected_payment``
    ``is_open``
        of a line: it is an open item now, so that it can be held or excluded
    ``values``
        {column name: number, ISO date, text or ``None``}

    A column is a dict: ``name``, ``label``, ``type`` (``text``, ``date``, ``integer``,
    ``amount``), for amounts ``currency`` (``row``, ``company`` or ``line``: whose
    currency it is), and two statements: ``line`` (its value for a line) and ``sum``
    (an aggregate for a customer), either may be missing. The head has ``sortable``
    instead of them: it has a sum. To add a column to all reports, extend
    ``_get_extra_columns``; to one, ``_get_columns`` of the variant.

    Amounts are rounded as the ledger keeps them. Readers write nothing.
    """

    _name = "account.followup.report"
    _description = "Customer Report"

    #: What a variant is by default: its period, those that it offers, its amounts, and
    #: whether companies that are not shown settle something, too.
    _default_period = "this_year"
    _period_names = periods.PERIODS
    _default_currency = "document"
    _is_settled_elsewhere = True

    # ------------------------------------------------------------------
    # Entry points
    # ------------------------------------------------------------------

    @api.model
    @api.readonly
    def get_report(self, options=None):
        """Return a report as the screen shows it: head, totals, a page of customers.

        :param dict options: see ``_normalize_options``; what is missing is by default
        :return: dict of ``_get_head`` with ``rows``, ``totals``, ``count`` (customers
            in all; one in two currencies counts twice) and ``chart``
        :raise UserError: an option makes no sense
        """
        report, options, columns = open_report(self, options)
        rows, totals, count = report._get_customers(
            options, columns, options["offset"], options["limit"]
        )
        return {
            **report._get_head(options, columns),
            "rows": report._get_rows(options).decorate(rows),
            "totals": totals,
            "count": count,
            "chart": report._get_chart(options, rows, count),
        }

    @api.model
    @api.readonly
    def get_lines(self, options=None, row_id=None, offset=0):
        """Return the lines of one customer, read when it is unfolded.

        :param dict options: those of the report
        :param str row_id: id of the customer's row
        :param int offset: lines that are shown already
        :return: dict with ``rows``, ``count`` (lines in all) and ``remaining``
        :raise UserError: an option or the row's id makes no sense
        """
        report = self._get_variant(options)
        options = report._normalize_options(options)
        keys = [parse_row_id(self.env, row_id)]
        offset = Options(report, {"offset": offset}).get_number(
            "offset", 0, MAX_INTEGER
        )
        query, builder = report._get_query(options), report._get_rows(options)
        columns = query.columns
        customers, _totals, _count = report._get_customers(
            options, columns, 0, None, keys
        )
        if not customers:
            return {"rows": [], "count": 0, "remaining": 0}
        found = query.read_lines(columns, keys, offset, LINES_SIZE)
        lines = builder.make_lines(found, columns)
        count = found[0]["count"] if found else 0
        remaining = max(count - offset - LINES_SIZE, 0)
        extra = builder.read_extra(keys)
        rows = builder.arrange(customers[0], lines, not offset, not remaining, extra)
        return {"rows": rows, "count": count, "remaining": remaining}

    @api.model
    def _get_document(self, options):
        """Return a whole report for PDF and XLSX.

        :param dict options: see ``_normalize_options``; the page is not regarded
        :return: dict of ``_get_head`` with ``totals``, ``count``, ``row_count``
            (customers and lines) and ``rows``, a generator of (customer's row, list of
            the rows under it)
        """
        report, options, columns = open_report(self, options)
        customers, totals, count = report._get_customers(options, columns, 0, None)
        unfolded = get_unfolded(options, customers)
        lines = sum(row["line_count"] for row in unfolded)
        return {
            **report._get_head(options, columns),
            "totals": totals,
            "count": count,
            "row_count": len(customers) + lines,
            "rows": iter_rows(report, options, customers),
        }

    @api.model
    def _render_pdf(self, options):
        """Return (file name, PDF) of a report.

        The customer statement is a letter to each customer, the others are lists.

        :param dict options: see ``_normalize_options``; ``unfold`` is for lists
        :raise AccessError: the user may not read the accounts
        :raise UserError: an option makes no sense, or there is nobody to write to
        """
        report = self._get_variant(options)
        if "letter" in report._get_features():
            return Letters(report).render(options or {})
        return ListPrinter(report).render(options or {})

    @api.model
    def _render_xlsx(self, options):
        """Return (file name, content) of a report as a sheet, see ``SheetWriter``.

        :param dict options: see ``_normalize_options``
        :raise AccessError: the user may not read the accounts
        :raise UserError: an option makes no sense, or there are too many rows
        """
        report = self._get_variant(options)
        return SheetWriter(report, report._get_document(options)).render()

    @api.model
    def _render_statements(self, partners, options=None):
        """Return {customer: (file name, PDF)}, a statement for each of some customers.

        Each is in the language of its customer. One without postings and balance
        gets a statement that says so.

        :param partners: customers; contacts stand for their customer
        :param dict options: see ``_normalize_options``
        :raise AccessError: the user may not read the accounts or a customer
        """
        self._check_report_access()
        statements = Letters(self).iter_statements(partners, options)
        return {partner: (name, content) for partner, name, content in statements}

    @api.model
    def _normalize_options(self, options):
        """Return complete and checked options.

        ``variant``; ``period`` (a name of ``tools.periods`` or ``custom``),
        ``date_from`` (ISO date or ``False``) and ``date_to``; ``partner_ids``
        (contacts stand for their customer), ``category_ids``, ``level_ids``,
        ``currency_ids``, ``salesperson_ids``, ``responsible_ids`` (users);
        ``trust`` and ``status`` (lists of values); ``search`` (customer's name or
        reference, or number or reference of an entry of the customer); ``draft``
        (entries that are not posted, too), ``hide_settled``; ``accounts``
        (``receivable``, and where the variant offers
        them ``payable`` and ``both``); ``currency`` (``document``: each in its own, or
        ``company``);
        ``age_by`` (``due_date`` or ``invoice_date``), ``compare`` (number of earlier
        month ends); ``unfold`` (lines, too, in PDF and XLSX; default),
        ``unfolded`` (rows of customers who alone have lines there); ``sort``
        (name of a column or ``name``), ``descending``;
        ``offset``, ``limit``. What is unknown is left out, and so are records that
        the user may not read: the answer is that for ids which do not exist.

        :raise UserError: a value makes no sense
        """
        return Options(self, options).normalize()

    @api.model
    def _get_customers(self, options, columns, offset, limit, keys=None):
        """Return a page of customers, the totals of all and their number.

        :return: (rows, rows of totals, number of customers)
        """
        page, totals = self._get_query(options).read_customers(
            columns, offset, limit, keys
        )
        rows = self._get_rows(options)
        return (
            [rows.make_customer(row, columns) for row in page],
            rows.make_totals(totals, columns),
            sum(row["count"] for row in totals),
        )

    # ------------------------------------------------------------------
    # Who may see what
    # ------------------------------------------------------------------

    @api.model
    def _get_variant(self, options):
        """Return the model of the variant that is asked for, after a look at access.

        :raise AccessError: the user may not read the accounts
        :raise UserError: there is no such variant
        """
        self._check_report_access()
        if options is not None and not isinstance(options, dict):
            raise make_option_error(self.env, "options", options)
        variants = self._get_variants()
        variant = (options or {}).get("variant") or next(iter(variants))
        if not isinstance(variant, str) or variant not in variants:
            raise make_variant_error(self.env, variant)
        name = f"account.followup.report.{variant}"
        return self.env[name].with_context(active_test=False)

    @api.model
    def _check_report_access(self):
        """As core's accounting reports: accountants, also those who only read."""
        user = self.env.user
        if not self.env.su and not (
            user.has_group("account.group_account_invoice")
            or user.has_group("account.group_account_readonly")
        ):
            raise AccessError(
                self.env._("Only accountants can open the reports on customers.")
            )
        self.env["account.move.line"].check_access("read")

    @api.model
    def _get_variants(self):
        """Return {variant: its name}, in the order of the switch."""
        variants = {
            "customer_statement": self.env._("Customer Statement"),
            "followup_report": self.env._("Follow-up Report"),
            "partner_ledger": self.env._("Partner Ledger"),
            "aged_receivable": self.env._("Aged Receivable"),
        }
        if not self.env.company.root_id.sudo().followup_enabled:
            variants.pop("followup_report")
        return variants

    @api.model
    def _get_head(self, options, columns):
        """Return what is above the rows of a report."""
        root = self.env.company.root_id.sudo()
        variants = self._get_variants()
        return {
            "options": options,
            "variants": list(variants.items()),
            "features": self._get_features(),
            "has_followups": root.followup_enabled,
            "statement_variant": "customer_statement",
            "choices": Options(self).get_choices(),
            "title": variants[options["variant"]],
            "subtitle": self._get_subtitle(options),
            "who": self._get_words()["who"],
            "company_name": root.name,
            "company_currency_id": root.currency_id.id,
            "today": self._get_day().isoformat(),
            "columns": make_heads(columns),
        }

    @api.model
    def _get_day(self):
        root = self.env.company.root_id.sudo()
        return root._get_followup_day()[root]

    @api.model
    def _get_fiscal_year(self):
        root = self.env.company.root_id.sudo()
        return date_utils.get_fiscal_year(
            self._get_day(),
            day=root.fiscalyear_last_day,
            month=int(root.fiscalyear_last_month),
        )

    @api.model
    def _get_companies(self):
        """Return the companies that are shown: those of the user in the active tree."""
        root = self.env.company.root_id
        companies = self.env.companies.filtered(lambda company: company.root_id == root)
        return companies or self.env.company

    @api.model
    def _get_period_labels(self):
        """Return {ready-made period: its name}."""
        return Options(self).get_period_labels()

    # ------------------------------------------------------------------
    # What a variant says
    # ------------------------------------------------------------------

    @api.model
    def _get_columns(self, options):
        """Return the columns of the variant, see the model."""
        raise NotImplementedError

    @api.model
    def _get_extra_columns(self, options):
        """Return columns that stand after those of every variant."""
        return []

    @api.model
    def _get_features(self):
        """Return what the variant can do beside what all can.

        ``followup``: it is about follow-ups, and needs them to be switched on;
        ``drafts``: entries in draft can be added; ``settled``: what is settled can be
        hidden; ``as_of``: it is as of a day, not for a period; ``ageing``: by due or
        invoice date; ``compare``: with earlier month ends; ``statuses``: the rows of
        customers say status, level and next reminder; ``letter``: its PDF is a letter
        to each customer, and it can be sent.
        """
        return []

    @api.model
    def _get_query(self, options):
        """Return what reads the items of the variant."""
        return Query(self, options)

    @api.model
    def _get_rows(self, options):
        """Return what makes rows of them."""
        return Rows(self, options)

    @api.model
    def _get_words(self):
        """Return what the variant calls those whose rows they are, and nobody."""
        return {
            "who": self.env._("Customer"),
            "nobody": self.env._("Without Customer"),
        }

    @api.model
    def _get_scope_domain(self, options):
        """Return the items that the variant is about, whoever owes them."""
        scope = Scope(self, options)
        return Domain(
            [
                ("account_id", "in", scope.get_accounts().ids),
                ("company_id", "in", self._get_companies().ids),
                ("parent_state", "in", scope.get_states()),
            ]
        )

    @api.model
    def _get_account_choices(self):
        """Return the accounts that the variant can be about, the default first."""
        return ("receivable",)

    @api.model
    def _get_account_domain(self, options):
        """What is booked as *Non Trade* is no debt of a customer."""
        return Domain(
            [("account_type", "=", "asset_receivable"), ("non_trade", "=", False)]
        )

    @api.model
    def _normalize_period(self, options):
        """Return ``period``, ``date_from`` and ``date_to`` of the options."""
        return Options(self, options).get_period()

    @api.model
    def _get_subtitle(self, options):
        """Return the time that a report is about, in words."""
        last = format_date(self.env, options["date_to"])
        if not options["date_from"]:
            return self.env._("Until %s", last)
        first = format_date(self.env, options["date_from"])
        return self.env._("%(first)s to %(last)s", first=first, last=last)

    @api.model
    def _get_chart(self, options, rows, count):
        """Return what is drawn above the rows, or None."""
        return None

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

#: Value of a partner or section that is not there.
NOBODY = 0

#: Up to so many customers are named in a condition, more are joined.
FEW_KEYS = 100


class AccountFollowupReport(models.AbstractModel):
    """The statements behind the rows: set-based, from posted journal items."""

    _inherit = "account.followup.report"

    # ------------------------------------------------------------------
    # Which journal items
    # ------------------------------------------------------------------

    @api.model
    def _get_companies(self):
        """Return the companies that are shown: those of the user in the active tree."""
        root = self.env.company.root_id
        companies = self.env.companies.filtered(lambda company: company.root_id == root)
        return companies or self.env.company

    @api.model
    def _get_domain(self, options, keys=None):
        """Return the items that a report is about, whatever their date.

        :param list keys: (customer id or 0, currency id), to read those only
        """
        domain = self._get_scope_domain(options)
        if options["currency_ids"]:
            domain &= Domain("currency_id", "in", options["currency_ids"])
        return domain & self._get_partner_domain(options, keys)

    @api.model
    def _get_scope_domain(self, options):
        """Return the items that the variant is about, whoever owes them."""
        accounts = self.env["account.account"].sudo().with_context(active_test=False)
        accounts = accounts.search(
            [("account_type", "=", "asset_receivable")], order="id"
        )
        states = ["posted", "draft"] if options["draft"] else ["posted"]
        return Domain(
            [
                ("account_id", "in", accounts.ids),
                ("company_id", "in", self._get_companies().ids),
                ("parent_state", "in", states),
            ]
        )

    @api.model
    def _get_partner_domain(self, options, keys=None):
        """Return the condition on the customer of an item."""
        domain = Domain.TRUE
        wanted = self._get_customer_domain(options)
        if not wanted.is_true():
            partners = self.env["res.partner"].with_context(active_test=False)
            domain &= self._get_found_domain(partners._search(wanted))
        if options["partner_ids"]:
            domain &= self._get_family_domain(options["partner_ids"])
        if keys is not None:
            domain &= self._get_family_domain({partner for partner, _cur in keys})
        return domain

    @api.model
    def _get_found_domain(self, query):
        """Return the condition that an item is of customers that a query finds."""
        customer = Domain("commercial_partner_id", "in", query)
        return Domain("partner_id", "any!", customer)

    @api.model
    def _get_family_domain(self, partner_ids):
        """Return the condition that an item is of customers or of their contacts."""
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        family = partners.search(
            [("commercial_partner_id", "in", [id_ for id_ in partner_ids if id_])]
        )
        domain = Domain("partner_id", "in", family.ids)
        if NOBODY in partner_ids:
            domain |= Domain("partner_id", "=", False)
        return domain

    @api.model
    def _get_customer_domain(self, options):
        """Return the condition on customers that the filters make."""
        domain = Domain.TRUE
        if options["category_ids"]:
            domain &= Domain("category_id", "child_of", options["category_ids"])
        if options["trust"]:
            domain &= Domain("trust", "in", options["trust"])
        if options["status"]:
            domain &= Domain("followup_status", "in", options["status"])
        if options["level_ids"]:
            domain &= Domain("followup_level_id", "in", options["level_ids"])
        if search := options["search"]:
            domain &= Domain.OR(
                Domain(name, "ilike", search) for name in ("complete_name", "ref")
            )
        return domain

    @api.model
    def _get_line_query(self, domain):
        """Return a query on journal items with the user's record rules in it."""
        lines = self.env["account.move.line"].with_context(active_test=False)
        query = lines._search(domain)
        query.order = None
        return query

    @api.model
    def _get_sql_lines(self, options, query, select, join=None, where=None):
        """Return a statement on journal items, aliases ``line`` and ``customer``.

        :param query: of ``_get_line_query``
        :param SQL select: columns that are added to ``_get_sql_fields``
        """
        return SQL(
            """
            SELECT %(fields)s, %(select)s
              FROM (%(lines)s) line
              LEFT JOIN res_partner customer ON customer.id = line.partner_id
              %(join)s
             WHERE %(where)s
            """,
            fields=self._get_sql_fields(options),
            select=select,
            lines=query.select(SQL("account_move_line.*")),
            join=join or SQL(),
            where=where or SQL("TRUE"),
            to_flush=self._get_fields_read(),
        )

    @api.model
    def _get_sql_currency(self, options):
        """Return the currency of the row in which an item is shown (rule 13)."""
        return (
            SQL("line.currency_id")
            if options["currency"] == "document"
            else SQL("line.company_currency_id")
        )

    @api.model
    def _get_sql_fields(self, options):
        """Return what every variant knows of an item; an item has one due date (B7)."""
        return SQL(
            """
            line.id, line.move_id, line.move_name, line.name AS label, line.ref,
            line.journal_id, line.account_id, line.date, line.invoice_date,
            COALESCE(customer.commercial_partner_id, 0) AS partner_id,
            %(currency)s AS currency_id,
            line.currency_id AS line_currency_id,
            %(due)s AS due_date,
            line.parent_state, line.matching_number,
            line.no_followup, line.followup_hold_until, line.expected_payment_date,
            line.amount_residual AS open_company
            """,
            currency=self._get_sql_currency(options),
            due=self.env["account.followup.item"]._get_sql_due_date(),
        )

    @api.model
    def _get_fields_read(self):
        names = {
            "account.move.line": (
                "amount_currency",
                "amount_residual",
                "amount_residual_currency",
                "balance",
                "credit",
                "date_maturity",
                "debit",
                "expected_payment_date",
                "followup_hold_until",
                "full_reconcile_id",
                "invoice_date",
                "matching_number",
                "name",
                "no_followup",
                "partner_id",
                "reconciled",
                "ref",
            ),
            "account.partial.reconcile": ("amount", "max_date"),
            "res.partner": ("commercial_partner_id", "complete_name"),
        }
        return [
            self.env[model]._fields[name]
            for model, fields_read in names.items()
            for name in fields_read
        ]

    # ------------------------------------------------------------------
    # Customers
    # ------------------------------------------------------------------

    @api.model
    def _get_sql_customers(self, options, columns, keys=None):
        """Return a row per customer and currency with the sums of the columns."""
        return SQL(
            """
            SELECT item.partner_id, item.currency_id,
                   COUNT(*) FILTER (WHERE %(where)s) AS line_count, %(sums)s
              FROM (%(items)s) item
             WHERE %(keys)s
             GROUP BY item.partner_id, item.currency_id
            HAVING %(having)s
            """,
            sums=SQL(", ").join(
                SQL("%s AS %s", col["sum"], SQL.identifier(col["name"]))
                for col in columns
                if col.get("sum")
            ),
            where=self._get_sql_where(options),
            items=self._get_sql_items(options, keys),
            keys=self._get_sql_keys(keys),
            having=self._get_sql_having(options),
        )

    @api.model
    def _get_sql_keys(self, keys):
        if keys is None:
            return SQL("TRUE")
        if len(keys) <= FEW_KEYS:
            return SQL("(item.partner_id, item.currency_id) IN %s", tuple(keys))
        # such a list would be gone through for every item
        return SQL(
            "(item.partner_id, item.currency_id) IN"
            " (SELECT * FROM unnest(%s::integer[], %s::integer[]))",
            [partner_id for partner_id, _currency_id in keys],
            [currency_id for _partner_id, currency_id in keys],
        )

    @api.model
    def _get_customers(self, options, columns, offset, limit, keys=None):
        """Return a page of customers, the totals of all and their number.

        One statement: the sums are made once.

        :return: (rows, rows of totals, number of customers)
        """
        sums = [col for col in columns if col.get("sum")]
        found = self.env.execute_query_dict(
            SQL(
                """
                WITH customer AS MATERIALIZED (
                     SELECT grouped.*, partner.complete_name AS name
                       FROM (%(customers)s) grouped
                       LEFT JOIN res_partner partner ON partner.id = grouped.partner_id
                     )
                SELECT 0 AS position, NULL AS partner_id, currency_id, NULL AS name,
                       COUNT(*) AS count, NULL AS line_count, %(totals)s
                  FROM customer
                 GROUP BY currency_id
                 UNION ALL
                SELECT *
                  FROM (
                       SELECT ROW_NUMBER() OVER (ORDER BY %(order)s) AS position,
                              partner_id, currency_id, name, 1 AS count,
                              line_count, %(columns)s
                         FROM customer
                        ORDER BY position
                       %(limit)s
                       ) page
                """,
                customers=self._get_sql_customers(options, columns, keys),
                totals=SQL(", ").join(
                    SQL(
                        "%s AS %s",
                        SQL("SUM(%s)", SQL.identifier(col["name"]))
                        if col["type"] == "amount"
                        else SQL("NULL"),
                        SQL.identifier(col["name"]),
                    )
                    for col in sums
                ),
                columns=SQL(", ").join(SQL.identifier(col["name"]) for col in sums),
                order=self._get_sql_customer_order(options, columns),
                limit=(
                    SQL("OFFSET %s", offset)
                    if limit is None
                    else SQL("LIMIT %s OFFSET %s", limit, offset)
                ),
            )
        )
        page = sorted(
            (row for row in found if row["position"]), key=lambda row: row["position"]
        )
        totals = [row for row in found if not row["position"]]
        return (
            [self._make_customer_row(row, sums) for row in page],
            self._make_total_rows(totals, sums),
            sum(row["count"] for row in totals),
        )

    @api.model
    def _get_sql_customer_order(self, options, columns):
        """Return the order of the customers: a column, else their name."""
        names = {col["name"] for col in columns if col.get("sum")}
        order = SQL("LOWER(name) NULLS LAST, partner_id, currency_id")
        descending = SQL("DESC") if options["descending"] else SQL()
        if options["sort"] in names:
            column = SQL.identifier(options["sort"])
            return SQL("%s %s NULLS LAST, %s", column, descending, order)
        if options["descending"]:
            return SQL("LOWER(name) DESC NULLS LAST, partner_id, currency_id")
        return order

    # ------------------------------------------------------------------
    # Lines
    # ------------------------------------------------------------------

    @api.model
    def _get_lines(self, options, columns, keys, offset=0, limit=None):
        """Return lines of some customers as rows, and how many there are in all.

        Of several customers all lines are returned, sorted within each.

        :param list keys: (customer id or 0, currency id)
        """
        shown = [col for col in columns if col.get("line")]
        found = self.env.execute_query_dict(
            SQL(
                """
                SELECT item.*, move.state AS move_state, move.move_type,
                       COUNT(*) OVER () AS count, %(columns)s
                  FROM (%(items)s) item
                  JOIN account_move move ON move.id = item.move_id
                  JOIN account_journal journal ON journal.id = item.journal_id
                  JOIN account_account account ON account.id = item.account_id
                 WHERE %(keys)s AND %(where)s
                 ORDER BY %(order)s
                 %(limit)s
                """,
                columns=SQL(", ").join(
                    SQL("%s AS %s", col["line"], SQL.identifier(f"_{col['name']}"))
                    for col in shown
                ),
                items=self._get_sql_items(options, keys),
                keys=self._get_sql_keys(keys),
                where=self._get_sql_where(options),
                order=self._get_sql_order(options),
                limit=(
                    SQL("OFFSET %s", offset)
                    if limit is None
                    else SQL("LIMIT %s OFFSET %s", limit, offset)
                ),
            )
        )
        day = self._get_day()
        rows = [self._make_line_row(row, shown, day) for row in found]
        count = found[0]["count"] if found else 0
        return rows, count

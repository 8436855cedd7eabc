from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

#: Value of a partner or section that is not there.
NOBODY = 0

#: Room for the id of a currency beside that of a customer, in one value.
CURRENCY_BITS = 31

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
    def _get_tree(self, root):
        """Return a root company and its branches, those of others as well."""
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        return companies.search([("id", "child_of", root.id)])

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
        return Domain(
            [
                ("account_id", "in", self._get_accounts(options).ids),
                ("company_id", "in", self._get_companies().ids),
                ("parent_state", "in", self._get_states(options)),
            ]
        )

    @api.model
    def _get_accounts(self, options):
        """Return the accounts that the report is about, archived ones as well."""
        accounts = self.env["account.account"].sudo().with_context(active_test=False)
        return accounts.search(self._get_account_domain(options), order="id")

    @api.model
    def _get_account_domain(self, options):
        """What is booked as *Non Trade* is no debt of a customer."""
        return Domain(
            [("account_type", "=", "asset_receivable"), ("non_trade", "=", False)]
        )

    @api.model
    def _get_states(self, options):
        """Return the states of entries that count; no other one settles anything."""
        return ["posted", "draft"] if options["draft"] else ["posted"]

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
                "parent_state",
                "partner_id",
                "reconciled",
                "ref",
            ),
            "account.move": ("journal_id", "state"),
            "account.partial.reconcile": (
                "amount",
                "credit_amount_currency",
                "credit_move_id",
                "debit_amount_currency",
                "debit_move_id",
                "max_date",
            ),
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
        # Such a list would be gone through for every item. The pair is one value: of
        # two the server may join on the currency alone, which all items have.
        return SQL(
            "(item.partner_id::bigint << %s | item.currency_id) IN"
            " (SELECT unnest(%s::bigint[]))",
            CURRENCY_BITS,
            [
                partner_id << CURRENCY_BITS | currency_id
                for partner_id, currency_id in keys
            ],
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
                       account.account_type, journal.type AS journal_type,
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
        rows = [
            self._make_line_row(row, shown, day) for row in self._prepare_lines(found)
        ]
        count = found[0]["count"] if found else 0
        return rows, count

    @api.model
    def _prepare_lines(self, found):
        """Read what ``_make_line_row`` needs beside the rows, for all of them."""
        return found

    # ------------------------------------------------------------------
    # Matches
    # ------------------------------------------------------------------

    @api.model
    def _get_sql_matched(self):
        """Return both sides of each match, with what it takes from the item."""
        return SQL(
            """
            SELECT partial.id, TRUE AS is_debit, partial.max_date,
                   partial.debit_move_id AS line_id,
                   partial.credit_move_id AS other_id,
                   -partial.amount AS balance,
                   -partial.debit_amount_currency AS amount_currency,
                   partial.credit_amount_currency AS other_amount_currency
              FROM account_partial_reconcile partial
             UNION ALL
            SELECT partial.id, FALSE, partial.max_date,
                   partial.credit_move_id,
                   partial.debit_move_id,
                   partial.amount,
                   partial.credit_amount_currency,
                   -partial.debit_amount_currency
              FROM account_partial_reconcile partial
            """
        )

    @api.model
    def _get_sql_ignored(self, options):
        """Return the items of entries that do not count, found by core's index.

        It begins with the journal and the state.
        """
        journals = self.env["account.journal"].sudo().with_context(active_test=False)
        states = {"draft", "posted", "cancel"} - set(self._get_states(options))
        return SQL(
            """
            SELECT ignored.id
              FROM account_move move
              JOIN account_move_line ignored ON ignored.move_id = move.id
             WHERE move.journal_id IN %(journals)s
               AND move.state IN %(states)s
               AND ignored.account_id IN %(accounts)s
            """,
            journals=tuple(journals.search([]).ids) or (None,),
            states=tuple(sorted(states)),
            accounts=tuple(self._get_accounts(options).ids) or (None,),
        )

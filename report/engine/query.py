"""The statements behind the rows: set-based, from journal items."""

from functools import cached_property

from odoo.tools import SQL

from ...tools.sql import get_fields
from .columns import sql_select
from .scope import Scope

#: Room for the id of a currency beside that of a customer, in one value.
CURRENCY_BITS = 31

#: Up to so many customers are named in a condition, more are joined.
FEW_KEYS = 100

#: Fields that the statements read, to be written before.
FIELDS_READ = {
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


class Query:
    """What a variant reads: its items, summed up by customer, and line by line.

    A variant has a class of its own, with its items (``get_items``) and the conditions
    on which customers and lines are shown. An item is a row with at least the columns
    of ``_get_fields``.
    """

    def __init__(self, report, options):
        self.report = report
        self.env = report.env
        self.options = options
        self.scope = Scope(report, options)

    @cached_property
    def columns(self):
        """The columns of the variant and those that other modules add to all."""
        columns = self.report._get_columns(self.options)
        return [*columns, *self.report._get_extra_columns(self.options)]

    @property
    def is_document(self):
        """Whether each amount is in the currency of its document."""
        return self.options["currency"] == "document"

    # ------------------------------------------------------------------
    # What a variant says
    # ------------------------------------------------------------------

    def get_items(self, keys=None):
        """Return the journal items of the variant, as SQL.

        :param list keys: (customer id or 0, currency id), to read those only
        """
        raise NotImplementedError

    def get_having(self):
        """Return the condition on which a customer is shown."""
        return SQL("TRUE")

    def get_where(self):
        """Return the condition on which a line is shown under its customer."""
        return SQL("TRUE")

    def get_order(self):
        """Return the order of the lines of a customer."""
        return SQL("item.date, item.id")

    # ------------------------------------------------------------------
    # Journal items
    # ------------------------------------------------------------------

    def get_lines(self, query, select, join=None, where=None):
        """Return a statement on journal items, aliases ``line`` and ``customer``.

        :param query: of ``Scope.get_query``
        :param SQL select: columns that are added to ``_get_fields``
        """
        return SQL(
            """
            SELECT %(fields)s, %(select)s
              FROM (%(lines)s) line
              LEFT JOIN res_partner customer ON customer.id = line.partner_id
              %(join)s
             WHERE %(where)s
            """,
            fields=self._get_fields(),
            select=select,
            lines=query.select(SQL("account_move_line.*")),
            join=join or SQL(),
            where=where or SQL("TRUE"),
            to_flush=self.get_fields_read(),
        )

    def get_currency(self):
        """Return the currency of the row in which an item is shown (rule 13)."""
        name = "currency_id" if self.is_document else "company_currency_id"
        return SQL.identifier("line", name)

    def get_due_date(self):
        """Return the due date of an item, which has only one (B7)."""
        return self.env["account.followup.item"]._get_sql_due_date()

    def _get_fields(self):
        """Return what every variant knows of an item."""
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
            line.amount_residual AS open_company,
            COALESCE(line.amount_residual_currency, 0) AS open_own
            """,
            currency=self.get_currency(),
            due=self.get_due_date(),
        )

    def get_fields_read(self):
        """Return the fields that the statements read."""
        return get_fields(self.env, FIELDS_READ)

    # ------------------------------------------------------------------
    # Customers
    # ------------------------------------------------------------------

    def read_customers(self, columns, offset, limit, keys=None):
        """Return a page of customers and the totals of all, one for each currency.

        One statement: the sums are made once.

        :return: (rows in their order, totals), as dicts
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
                %(totals)s
                 UNION ALL
                SELECT * FROM (%(page)s) page
                """,
                customers=self._get_grouped(columns, keys),
                totals=self._get_totals(sums),
                page=self._get_page(sums, offset, limit),
            )
        )
        page = sorted(
            (row for row in found if row["position"]), key=lambda row: row["position"]
        )
        return page, [row for row in found if not row["position"]]

    def _get_grouped(self, columns, keys=None):
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
            sums=sql_select(columns, "sum"),
            where=self.get_where(),
            items=self.get_items(keys),
            keys=self.get_keys(keys),
            having=self.get_having(),
        )

    def _get_totals(self, sums):
        return SQL(
            """
            SELECT 0 AS position, NULL AS partner_id, currency_id, NULL AS name,
                   COUNT(*) AS count, NULL AS line_count, %s
              FROM customer
             GROUP BY currency_id
            """,
            SQL(", ").join(
                SQL(
                    "%s AS %s",
                    SQL("SUM(%s)", SQL.identifier(col["name"]))
                    if col["type"] == "amount"
                    else SQL("NULL"),
                    SQL.identifier(col["name"]),
                )
                for col in sums
            ),
        )

    def _get_page(self, sums, offset, limit):
        return SQL(
            """
            SELECT ROW_NUMBER() OVER (ORDER BY %(order)s) AS position,
                   partner_id, currency_id, name, 1 AS count,
                   line_count, %(columns)s
              FROM customer
             ORDER BY position
            %(limit)s
            """,
            order=self._get_customer_order(sums),
            columns=SQL(", ").join(SQL.identifier(col["name"]) for col in sums),
            limit=self._get_limit(offset, limit),
        )

    def _get_limit(self, offset, limit):
        if limit is None:
            return SQL("OFFSET %s", offset)
        return SQL("LIMIT %s OFFSET %s", limit, offset)

    def _get_customer_order(self, sums):
        """Return the order of the customers: a column, else their name."""
        options = self.options
        order = SQL("LOWER(name) NULLS LAST, partner_id, currency_id")
        descending = SQL("DESC") if options["descending"] else SQL()
        if options["sort"] in {col["name"] for col in sums}:
            column = SQL.identifier(options["sort"])
            return SQL("%s %s NULLS LAST, %s", column, descending, order)
        if options["descending"]:
            return SQL("LOWER(name) DESC NULLS LAST, partner_id, currency_id")
        return order

    def get_keys(self, keys):
        """Return the condition that an item is of some customers and currencies."""
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

    # ------------------------------------------------------------------
    # Lines
    # ------------------------------------------------------------------

    def read_lines(self, columns, keys, offset=0, limit=None):
        """Return lines of some customers, as dicts; ``count`` says how many there are.

        Of several customers all lines are returned, sorted within each. The values of
        the columns are in ``_<name>``.

        :param list keys: (customer id or 0, currency id)
        """
        return self.env.execute_query_dict(
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
                columns=sql_select(columns, "line", "_%s"),
                items=self.get_items(keys),
                keys=self.get_keys(keys),
                where=self.get_where(),
                order=self.get_order(),
                limit=self._get_limit(offset, limit),
            )
        )

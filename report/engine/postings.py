"""Postings until the end of a period, with balances (F1, F5)."""

from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_date

from .aged import Buckets
from .columns import make_column, make_company_amount, sql_sum
from .query import Query
from .rows import Rows
from .settled import MovedItems, MovedWords

#: Points of the line that is drawn for a customer's balance.
MAX_POINTS = 120


class Postings(Query):
    """What was posted until the end of the period, and what has moved."""

    def get_items(self, keys=None):
        last = Domain("date", "<=", self.options["date_to"])
        query = self.scope.get_query(self.scope.get_domain(keys) & last)
        select = SQL(
            """
            %s, line.full_reconcile_id,
            NULL::integer AS match_id, NULL::boolean AS is_debit,
            NULL::integer AS other_partner_id,
            NULL::integer AS other_currency_id,
            NULL::integer AS other_company_id
            """,
            self._get_amounts(),
        )
        items = SQL(
            "%(lines)s UNION ALL %(moved)s",
            lines=self.get_lines(query, select),
            moved=MovedItems(self).get_items(query),
        )
        return self._get_unsettled(items) if self.options["hide_settled"] else items

    def _get_amounts(self):
        """Return amount, debit and credit of an item in the currency of its row."""
        if not self.is_document:
            return SQL(
                """
                line.balance AS amount, line.debit, line.credit,
                line.amount_currency, line.balance
                """
            )
        return SQL(
            """
            line.amount_currency AS amount,
            GREATEST(line.amount_currency, 0) AS debit,
            GREATEST(-line.amount_currency, 0) AS credit,
            line.amount_currency, line.balance
            """
        )

    def _get_unsettled(self, items):
        """Leave out what was settled among itself in the period, or before it.

        Whole matching groups only, as far as they are items of the row, so that what
        is left out adds up to zero and no balance changes.
        """
        return SQL(
            """
            SELECT *
              FROM (
                   SELECT item.*,
                          full_reconcile_id IS NOT NULL
                          AND SUM(amount) OVER matching = 0
                          AND SUM(balance) OVER matching = 0
                          AND (%(inside)s) AS is_settled
                     FROM (%(items)s) item
                   WINDOW matching AS (
                          PARTITION BY full_reconcile_id, partner_id, currency_id
                          )
                   ) item
             WHERE NOT is_settled
            """,
            items=items,
            inside=self._get_on_one_side(),
        )

    def _get_on_one_side(self):
        """Return the condition that a group is not cut by the beginning of a period."""
        if not self.options["date_from"]:
            return SQL("TRUE")
        return SQL(
            """
            MIN(date) OVER matching >= %(first)s
            OR MAX(date) OVER matching < %(first)s
            """,
            first=self.options["date_from"],
        )

    def get_in_period(self):
        """Return the condition that an item is of the period."""
        first = self.options["date_from"]
        return SQL("item.date >= %s", first) if first else SQL("TRUE")

    def get_having(self):
        """A customer is shown who has postings in the period or a balance."""
        return SQL(
            "SUM(item.amount) <> 0 OR SUM(item.balance) <> 0"
            " OR COUNT(*) FILTER (WHERE %s) > 0",
            self.get_where(),
        )

    def get_where(self):
        return self.get_in_period()

    def get_order(self):
        return SQL("item.date, item.id, item.match_id NULLS FIRST")

    # ------------------------------------------------------------------
    # Columns
    # ------------------------------------------------------------------

    def make_amounts(self, debit, credit):
        """Return opening balance, debit, credit and the running balance."""
        inside, amount = self.get_in_period(), SQL("item.amount")
        opening = sql_sum(amount, SQL("NOT (%s)", inside))
        label = self.env._("Opening Balance")
        columns = [make_column("amount", "opening", label, total=opening, hidden=True)]
        for name, label in (("debit", debit), ("credit", credit)):
            value = SQL.identifier("item", name)
            line = SQL("NULLIF(%s, 0)", value)
            total = sql_sum(value, inside)
            columns.append(make_column("amount", name, label, line, total))
        line, total = self.get_running(amount), SQL("SUM(item.amount)")
        label = self.env._("Balance")
        return [*columns, make_column("amount", "balance", label, line, total)]

    def make_company_balance(self, line=None):
        """Return [the balance in company currency], where rows are in another."""
        currency = self.env.company.root_id.sudo().currency_id
        label, balance = self.env._("Balance in %s", currency.name), SQL("item.balance")
        return make_company_amount(
            self.options, "balance_company", label, balance, line=line
        )

    def get_running(self, amount):
        """Return the sum of an amount until a line, in the period of the report."""
        return SQL(
            """
            SUM(%(amount)s) OVER (
                PARTITION BY item.partner_id, item.currency_id ORDER BY %(order)s
            )
            """,
            amount=amount,
            order=self.get_order(),
        )

    # ------------------------------------------------------------------
    # The balance over time
    # ------------------------------------------------------------------

    def _read_points(self, currency_id):
        """Return [(ISO date, balance)] of each day on which there is a posting."""
        query = SQL(
            """
            SELECT item.date, SUM(SUM(item.amount)) OVER (ORDER BY item.date)
              FROM (%s) item
             WHERE item.currency_id = %s
             GROUP BY item.date
             ORDER BY item.date
            """,
            self.get_items(),
            currency_id,
        )
        days = self.env.execute_query(query)
        return [(day.isoformat(), float(total)) for day, total in days]

    def make_chart(self, currency_id):
        """Return the balance over time of the one customer of the report."""
        points = self._read_points(currency_id)
        if first := self.options["date_from"]:
            before = [total for day, total in points if day < first]
            points = [point for point in points if point[0] >= first]
            points.insert(0, (first, before[-1] if before else 0.0))
        last = min(self.options["date_to"], self.report._get_day().isoformat())
        if points and points[-1][0] < last:
            points.append((last, points[-1][1]))  # nothing has happened since
        step = len(points) // MAX_POINTS + 1
        shown = points[::-step][::-1]  # the last one is always there
        return {
            "type": "balance",
            "currency_id": currency_id,
            "points": [
                {"date": day, "label": format_date(self.env, day), "value": value}
                for day, value in shown
            ],
        }


class StatementPostings(Postings):
    """What is a customer's business."""

    def get_where(self):
        """An exchange difference moves nothing in the currency of the document."""
        if self.is_document:
            return SQL("%s AND item.amount <> 0", self.get_in_period())
        return self.get_in_period()


class PostingRows(Rows):
    """Lines with a running balance, between opening and closing balance."""

    def prepare(self, found):
        return MovedWords(self.report).add(super().prepare(found))

    def make_line(self, row, columns, day):
        line = super().make_line(row, columns, day)
        if not row["match_id"]:
            return line
        side = "d" if row["is_debit"] else "c"
        label = MovedWords(self.report).get_label(row)
        return {
            **line,
            "id": f"m{row['match_id']}{side}",
            "line_id": False,
            "is_open": False,
            "flags": [],
            "values": {**line["values"], "ref": label},
        }

    def arrange(self, customer, lines, is_first, is_last, extra):
        """Put opening and closing balance around the lines, which run from it."""
        opening = customer["values"]["opening"]
        currency = self.env["res.currency"].browse(customer["currency_id"])
        for line in lines:
            balance = line["values"]["balance"] + opening
            balance = round(balance, currency.decimal_places)
            line["values"]["balance"] = balance + 0.0  # no negative zero
        rows = list(lines)
        if is_first and (first := self.options["date_from"]):
            name = self.env._("Opening Balance")
            values = {"date": first, "balance": opening}
            rows.insert(0, self._make_balance("opening", name, customer, values))
        if is_last:
            names = ("debit", "credit", "balance")
            values = {name: customer["values"][name] for name in names}
            values["date"] = self._get_last_day(lines)
            name = self.env._("Closing Balance")
            rows.append(self._make_balance("closing", name, customer, values))
        return rows

    def _get_last_day(self, lines):
        """A day that has not come is said only of what is booked until then."""
        days = [line["values"]["date"] for line in lines[-1:]]
        last = max([self.report._get_day().isoformat(), *days])
        return min(last, self.options["date_to"])

    def _make_balance(self, row_type, name, customer, values):
        return self.make(
            row_type,
            f"{customer['id']}-{row_type}",
            name,
            customer["currency_id"],
            values,
            partner_id=customer["partner_id"],
        )


class StatementRows(PostingRows):
    """Below the closing balance stands how old it is."""

    def read_extra(self, keys):
        """Return the ageing of what is open at the end of the period."""
        aged = self.env["account.followup.report.aged_receivable"]
        chosen = {
            **self.options,
            "compare": 0,
            "age_by": "due_date",
            "hide_settled": False,
        }
        labels = Buckets(self.env).get_labels()
        rows, _totals, _count = aged._get_customers(
            chosen, aged._get_columns(chosen), 0, None, keys
        )
        return {
            row["id"]: [
                {"label": label, "value": row["values"][name]}
                for name, label in labels.items()
            ]
            for row in rows
        }

    def arrange(self, customer, lines, is_first, is_last, extra):
        rows = super().arrange(customer, lines, is_first, is_last, extra)
        if is_last and extra.get(customer["id"]):
            name = self.env._("Open by Age")
            row = self._make_balance("ageing", name, customer, {})
            rows.append({**row, "ageing": extra[customer["id"]]})
        return rows


class LedgerRows(PostingRows):
    """The balance in company currency runs, too: some lines move nothing else."""

    def arrange(self, customer, lines, is_first, is_last, extra):
        rows = super().arrange(customer, lines, is_first, is_last, extra)
        opening = customer["values"].get("opening_company")
        if opening is None:
            return rows
        currency = self.env.company.root_id.sudo().currency_id
        values = {
            "opening": opening,
            "closing": customer["values"]["balance_company"],
        }
        for row in rows:
            balance = row["values"].get("balance_company", 0.0) + opening
            balance = values.get(row["type"], balance)
            row["values"]["balance_company"] = currency.round(balance) + 0.0
        return rows

"""What was open on a day, and how old it was (F6)."""

from datetime import date

from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_date, get_lang

from ...tools import ageing, periods
from .columns import make_column, sql_sum
from .matches import get_ignored, get_matched
from .query import Query

#: Of so many customers later matches are looked up item by item, by index; of more
#: customers all later matches of the ledger are read at once.
FEW_CUSTOMERS = 100


def get_compare_days(options):
    """Return the earlier month ends to compare with, as ISO text."""
    day = date.fromisoformat(options["date_to"])
    earlier = periods.get_earlier_days(day, options["compare"])
    return [day.isoformat() for day in earlier]


class OpenItems(Query):
    """What was open on the day and, to compare, on earlier days.

    ``item.period`` is 0 for the day itself, 1 for the last month end before it, …
    """

    def get_items(self, keys=None):
        days = [self.options["date_to"], *get_compare_days(self.options)]
        return SQL(" UNION ALL ").join(
            self._get_open(day, number, keys) for number, day in enumerate(days)
        )

    def get_where(self):
        return SQL("item.period = 0")

    def get_order(self):
        return SQL("item.due_date, item.id")

    def _get_open(self, day, number, keys=None):
        """Return the items that were open at the end of a day, with what was.

        :param str day: ISO date
        :param int number: becomes ``item.period``
        """
        domain = self.scope.get_domain(keys) & Domain("date", "<=", day)
        still = self.scope.get_query(domain & Domain("reconciled", "!=", True))
        later = self.scope.get_query(domain & Domain("reconciled", "=", True))
        undone = self._get_undone(day, self._is_for_few(keys))
        return SQL(
            """
            SELECT item.*, %(number)s AS period
              FROM (%(still)s UNION ALL %(later)s) item
             WHERE %(is_open)s
            """,
            number=number,
            is_open=self._get_is_open(),
            still=self._get_at(day, still, SQL("LEFT JOIN %s", undone)),
            later=self._get_at(day, later, SQL("JOIN %s", undone)),
        )

    def _get_is_open(self):
        """What is nothing in its own currency is part of the ledger all the same."""
        if self.is_document:
            return SQL("(item.amount <> 0 OR item.amount_company <> 0)")
        return SQL("item.amount <> 0")

    def _is_for_few(self, keys):
        partners = self.options["partner_ids"] if keys is None else keys
        return 0 < len(partners) <= FEW_CUSTOMERS

    def _get_at(self, day, query, join):
        company = SQL("(line.amount_residual + COALESCE(undone.amount, 0))")
        document = SQL(
            "(line.amount_residual_currency + COALESCE(undone.amount_currency, 0))"
        )
        return self.get_lines(
            query,
            SQL(
                """
                %(amount)s AS amount, %(company)s AS amount_company,
                %(document)s AS amount_document, %(age)s AS age
                """,
                amount=document if self.is_document else company,
                company=company,
                document=document,
                age=self._get_age(day),
            ),
            join=join,
        )

    def _get_age(self, day):
        base = (
            SQL("COALESCE(line.invoice_date, line.date)")
            if self.options["age_by"] == "invoice_date"
            else self.get_due_date()
        )
        return SQL("%s::date - %s", day, base)

    def _get_undone(self, day, is_for_few):
        """Return what was matched after a day, per item, to be taken back.

        So is what was matched with an entry that does not count: core keeps the match
        when an entry goes back to draft.

        :param bool is_for_few: look it up for each of the items
        :return: SQL to be joined with the items, ``line``
        """
        return SQL(
            """
            %(lateral)s (
            SELECT matched.line_id,
                   -SUM(matched.balance) AS amount,
                   -SUM(matched.amount_currency) AS amount_currency
              FROM (%(matched)s) matched
             GROUP BY matched.line_id
            ) undone ON undone.line_id = line.id
            """,
            lateral=SQL("LATERAL") if is_for_few else SQL(),
            matched=(
                self._get_undone_of_line(day)
                if is_for_few
                else self._get_undone_of_all(day)
            ),
        )

    def _get_undone_of_line(self, day):
        return SQL(
            """
            SELECT matched.*
              FROM (%(matched)s) matched
              JOIN account_move_line other ON other.id = matched.other_id
             WHERE matched.line_id = line.id
               AND (matched.max_date > %(day)s OR other.parent_state NOT IN %(states)s)
            """,
            matched=get_matched(),
            day=day,
            states=tuple(self.scope.get_states()),
        )

    def _get_undone_of_all(self, day):
        return SQL(
            """
            SELECT * FROM (%(matched)s) matched WHERE matched.max_date > %(day)s
             UNION ALL
            SELECT matched.*
              FROM (%(ignored)s) ignored
              JOIN (%(matched)s) matched ON matched.other_id = ignored.id
             WHERE matched.max_date <= %(day)s
            """,
            matched=get_matched(),
            ignored=get_ignored(self.scope),
            day=day,
        )


class Buckets:
    """The ageing buckets of the company, the first one is not late."""

    def __init__(self, env, age_by="due_date"):
        self.env = env
        self.age_by = age_by
        company = env.company.root_id.sudo()
        limits = ageing.parse_limits(company.followup_ageing_limits)
        self.buckets = ageing.get_buckets(limits)

    def get_labels(self):
        """Return {column: label} of the buckets."""
        return {
            f"bucket_{number}": self._get_label(first, last)
            for number, (first, last) in enumerate(self.buckets)
        }

    def _get_label(self, first, last):
        if first is None and self.age_by == "invoice_date":
            return self.env._("On the day")
        if first is None:
            return self.env._("Not due")
        if last is None:
            return self.env._("Over %s days", first - 1)
        label = self.env._("%(first)s–%(last)s days", first=first, last=last)
        is_rtl = get_lang(self.env).direction == "rtl"
        # else the two numbers change places
        return f"\N{LEFT-TO-RIGHT MARK}{label}" if is_rtl else label

    def get_columns(self):
        """Return a column for each bucket."""
        columns = []
        for (name, label), (first, last) in zip(
            self.get_labels().items(), self.buckets, strict=True
        ):
            inside = SQL("item.period = 0 AND %s", self._get_inside(first, last))
            line = SQL("CASE WHEN %s THEN item.amount END", inside)
            total = sql_sum(SQL("item.amount"), inside)
            columns.append(make_column("amount", name, label, line, total, bucket=True))
        return columns

    def _get_inside(self, first, last):
        if first is None:
            return SQL("item.age <= %s", last)
        if last is None:
            return SQL("item.age >= %s", first)
        return SQL("item.age BETWEEN %s AND %s", first, last)


def make_compare_columns(env, options):
    """Return the totals as of earlier month ends."""
    return [
        make_column(
            "amount",
            f"compare_{number}",
            format_date(env, day),
            total=sql_sum(SQL("item.amount"), SQL("item.period = %s", number)),
        )
        for number, day in enumerate(get_compare_days(options), start=1)
    ]

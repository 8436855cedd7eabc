from datetime import date

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_date

from ..tools import ageing, periods

#: Of so many customers later matches are looked up item by item, by index; of more
#: customers all later matches of the ledger are read at once.
FEW_CUSTOMERS = 100


class AccountFollowupReportAged(models.AbstractModel):
    """Aged Receivable (F6): what was open on a day, by how late it was.

    What is open now is known; for a day in the past, what was matched after that day
    is taken back. So the cost is that of open items and later matches, never that of
    the whole history.
    """

    _name = "account.followup.report.aged_receivable"
    _inherit = "account.followup.report"
    _description = "Aged Receivable"

    @api.model
    def _get_default_period(self):
        return "today"

    @api.model
    def _get_default_currency(self):
        return "company"

    @api.model
    def _get_period_names(self):
        return periods.DAYS

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
        root = self.env.company.root_id
        if self._get_companies() < self._get_tree(root):
            return self.env._("%s; paid to other companies is paid", text)
        return text

    # ------------------------------------------------------------------
    # What was open on a day
    # ------------------------------------------------------------------

    @api.model
    def _get_sql_items(self, options, keys=None):
        """Return what was open on the day and, to compare, on earlier days.

        ``item.period`` is 0 for the day itself, 1 for the last month end before it, …
        """
        days = [options["date_to"], *self._get_compare_days(options)]
        return SQL(" UNION ALL ").join(
            self._get_sql_open(options, day, number, keys)
            for number, day in enumerate(days)
        )

    @api.model
    def _get_compare_days(self, options):
        day = date.fromisoformat(options["date_to"])
        earlier = periods.get_earlier_days(day, options["compare"])
        return [day.isoformat() for day in earlier]

    @api.model
    def _get_sql_where(self, options):
        return SQL("item.period = 0")

    @api.model
    def _get_sql_order(self, options):
        return SQL("item.due_date, item.id")

    @api.model
    def _get_sql_open(self, options, day, number, keys=None):
        """Return the items that were open at the end of a day, with what was.

        :param str day: ISO date
        :param int number: becomes ``item.period``
        """
        domain = self._get_domain(options, keys) & Domain("date", "<=", day)
        still = self._get_line_query(domain & Domain("reconciled", "!=", True))
        later = self._get_line_query(domain & Domain("reconciled", "=", True))
        undone = self._get_sql_undone(options, day, self._is_for_few(options, keys))
        return SQL(
            """
            SELECT item.*, %(number)s AS period
              FROM (%(still)s UNION ALL %(later)s) item
             WHERE %(is_open)s
            """,
            number=number,
            is_open=self._get_sql_is_open(options),
            still=self._get_sql_at(options, day, still, SQL("LEFT JOIN %s", undone)),
            later=self._get_sql_at(options, day, later, SQL("JOIN %s", undone)),
        )

    @api.model
    def _get_sql_is_open(self, options):
        """What is nothing in its own currency is part of the ledger all the same."""
        if options["currency"] == "document":
            return SQL("(item.amount <> 0 OR item.amount_company <> 0)")
        return SQL("item.amount <> 0")

    @api.model
    def _is_for_few(self, options, keys):
        partners = options["partner_ids"] if keys is None else keys
        return 0 < len(partners) <= FEW_CUSTOMERS

    @api.model
    def _get_sql_at(self, options, day, query, join):
        is_document = options["currency"] == "document"
        company = SQL("(line.amount_residual + COALESCE(undone.amount, 0))")
        document = SQL(
            "(line.amount_residual_currency + COALESCE(undone.amount_currency, 0))"
        )
        return self._get_sql_lines(
            options,
            query,
            SQL(
                """
                %(amount)s AS amount, %(company)s AS amount_company,
                %(document)s AS amount_document, %(age)s AS age
                """,
                amount=document if is_document else company,
                company=company,
                document=document,
                age=self._get_sql_age(options, day),
            ),
            join=join,
        )

    @api.model
    def _get_sql_age(self, options, day):
        base = (
            SQL("COALESCE(line.invoice_date, line.date)")
            if options["age_by"] == "invoice_date"
            else self.env["account.followup.item"]._get_sql_due_date()
        )
        return SQL("%s::date - %s", day, base)

    @api.model
    def _get_sql_undone(self, options, day, is_for_few=False):
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
                self._get_sql_undone_of_line(options, day)
                if is_for_few
                else self._get_sql_undone_of_all(options, day)
            ),
        )

    @api.model
    def _get_sql_undone_of_line(self, options, day):
        return SQL(
            """
            SELECT matched.*
              FROM (%(matched)s) matched
              JOIN account_move_line other ON other.id = matched.other_id
             WHERE matched.line_id = line.id
               AND (matched.max_date > %(day)s OR other.parent_state NOT IN %(states)s)
            """,
            matched=self._get_sql_matched(),
            day=day,
            states=tuple(self._get_states(options)),
        )

    @api.model
    def _get_sql_undone_of_all(self, options, day):
        return SQL(
            """
            SELECT * FROM (%(matched)s) matched WHERE matched.max_date > %(day)s
             UNION ALL
            SELECT matched.*
              FROM (%(ignored)s) ignored
              JOIN (%(matched)s) matched ON matched.other_id = ignored.id
             WHERE matched.max_date <= %(day)s
            """,
            matched=self._get_sql_matched(),
            ignored=self._get_sql_ignored(options),
            day=day,
        )

    # ------------------------------------------------------------------
    # Columns
    # ------------------------------------------------------------------

    @api.model
    def _get_limits(self):
        company = self.env.company.root_id.sudo()
        return ageing.parse_limits(company.followup_ageing_limits)

    @api.model
    def _get_bucket_labels(self, options):
        """Return [(column, label)] of the buckets, the first one is not late."""
        labels = []
        for number, (first, last) in enumerate(ageing.get_buckets(self._get_limits())):
            if first is None:
                label = self._get_first_label(options)
            elif last is None:
                label = self.env._("Over %s days", first - 1)
            else:
                label = self.env._("%(first)s–%(last)s days", first=first, last=last)
            labels.append((f"bucket_{number}", label))
        return labels

    @api.model
    def _get_first_label(self, options):
        if options["age_by"] == "invoice_date":
            return self.env._("On the day")
        return self.env._("Not due")

    @api.model
    def _get_columns(self, options):
        return [
            {
                "name": "date",
                "label": self.env._("Invoice Date"),
                "type": "date",
                "line": SQL("COALESCE(item.invoice_date, item.date)"),
            },
            {
                "name": "due_date",
                "label": self.env._("Due Date"),
                "type": "date",
                "line": SQL("item.due_date"),
            },
            *self._get_bucket_columns(options),
            {
                "name": "total",
                "label": self.env._("Total"),
                "type": "amount",
                "line": SQL("item.amount"),
                "sum": SQL(
                    "COALESCE(SUM(item.amount) FILTER (WHERE item.period = 0), 0)"
                ),
            },
            *self._get_company_column(
                options,
                "total_company",
                self.env._("Total in %s"),
                SQL("item.amount_company"),
                SQL("item.period = 0"),
                line=SQL("item.amount_company"),
            ),
            *self._get_foreign_column(
                options, self.env._("Open in Currency"), SQL("item.amount_document")
            ),
            *self._get_compare_columns(options),
        ]

    @api.model
    def _get_line_name(self, row):
        return self._get_told_name(row, super()._get_line_name(row))

    @api.model
    def _get_bucket_columns(self, options):
        buckets = ageing.get_buckets(self._get_limits())
        columns = []
        for (name, label), (first, last) in zip(
            self._get_bucket_labels(options), buckets, strict=True
        ):
            inside = SQL("item.period = 0 AND %s", self._get_sql_inside(first, last))
            columns.append(
                {
                    "name": name,
                    "label": label,
                    "type": "amount",
                    "bucket": True,
                    "line": SQL("CASE WHEN %s THEN item.amount END", inside),
                    "sum": self._get_sql_sum(SQL("item.amount"), inside),
                }
            )
        return columns

    @api.model
    def _get_sql_inside(self, first, last):
        if first is None:
            return SQL("item.age <= %s", last)
        if last is None:
            return SQL("item.age >= %s", first)
        return SQL("item.age BETWEEN %s AND %s", first, last)

    @api.model
    def _get_compare_columns(self, options):
        """Return the totals as of earlier month ends."""
        return [
            {
                "name": f"compare_{number}",
                "label": format_date(self.env, day),
                "type": "amount",
                "sum": self._get_sql_sum(
                    SQL("item.amount"), SQL("item.period = %s", number)
                ),
            }
            for number, day in enumerate(self._get_compare_days(options), start=1)
        ]

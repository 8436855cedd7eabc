from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_date

#: Points of the line that is drawn for a customer's balance.
MAX_POINTS = 120


class AccountFollowupReportPostings(models.AbstractModel):
    """Postings of a period with opening, running and closing balance (F1, F5)."""

    _name = "account.followup.report.postings"
    _inherit = "account.followup.report"
    _description = "Postings of Customers"

    @api.model
    def _get_sql_items(self, options, keys=None):
        """Return what was posted until the end of the period, and what has moved."""
        domain = self._get_domain(options, keys)
        query = self._get_line_query(domain & Domain("date", "<=", options["date_to"]))
        items = SQL(
            "%(lines)s UNION ALL %(moved)s",
            lines=self._get_sql_lines(
                options,
                query,
                SQL(
                    """
                    %s, line.full_reconcile_id,
                    NULL::integer AS match_id, NULL::boolean AS is_debit,
                    NULL::integer AS other_partner_id,
                    NULL::integer AS other_currency_id,
                    NULL::integer AS other_company_id
                    """,
                    self._get_sql_amounts(options),
                ),
            ),
            moved=self._get_sql_moved(options, query),
        )
        if options["hide_settled"]:
            return self._get_sql_unsettled(options, items)
        return items

    @api.model
    def _get_sql_amounts(self, options):
        """Return amount, debit and credit of an item in the currency of its row."""
        if options["currency"] == "company":
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

    @api.model
    def _get_sql_unsettled(self, options, items):
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
            inside=self._get_sql_on_one_side(options),
        )

    @api.model
    def _get_sql_on_one_side(self, options):
        """Return the condition that a group is not cut by the beginning of a period."""
        if not options["date_from"]:
            return SQL("TRUE")
        return SQL(
            """
            MIN(date) OVER matching >= %(first)s
            OR MAX(date) OVER matching < %(first)s
            """,
            first=options["date_from"],
        )

    @api.model
    def _get_sql_in_period(self, options):
        first = options["date_from"]
        return SQL("item.date >= %s", first) if first else SQL("TRUE")

    @api.model
    def _get_sql_having(self, options):
        """A customer is shown who has postings in the period or a balance."""
        return SQL(
            "SUM(item.amount) <> 0 OR SUM(item.balance) <> 0"
            " OR COUNT(*) FILTER (WHERE %(period)s%(moves)s) > 0",
            period=self._get_sql_in_period(options),
            moves=self._get_sql_moves(options),
        )

    @api.model
    def _get_sql_where(self, options):
        return SQL(
            "%s%s", self._get_sql_in_period(options), self._get_sql_moves(options)
        )

    @api.model
    def _get_sql_moves(self, options):
        """Return the condition that an item is of interest."""
        return SQL()

    @api.model
    def _get_sql_order(self, options):
        return SQL("item.date, item.id, item.match_id NULLS FIRST")

    @api.model
    def _get_date_column(self):
        return {
            "name": "date",
            "label": self.env._("Date"),
            "type": "date",
            "line": SQL("item.date"),
        }

    @api.model
    def _get_due_date_column(self, line):
        return {
            "name": "due_date",
            "label": self.env._("Due Date"),
            "type": "date",
            "line": line,
        }

    @api.model
    def _get_company_balance_column(self, options):
        return self._get_company_column(
            options,
            "balance_company",
            self.env._("Balance in %s"),
            SQL("item.balance"),
        )

    @api.model
    def _get_amount_columns(self, options):
        period = self._get_sql_in_period(options)
        before = SQL("NOT (%s)", period)
        return [
            {
                "name": "opening",
                "label": self.env._("Opening Balance"),
                "type": "amount",
                "sum": self._get_sql_sum(SQL("item.amount"), before),
                "hidden": True,
            },
            {
                "name": "debit",
                "label": self._get_debit_label(),
                "type": "amount",
                "line": SQL("NULLIF(item.debit, 0)"),
                "sum": SQL("COALESCE(SUM(item.debit) FILTER (WHERE %s), 0)", period),
            },
            {
                "name": "credit",
                "label": self._get_credit_label(),
                "type": "amount",
                "line": SQL("NULLIF(item.credit, 0)"),
                "sum": SQL("COALESCE(SUM(item.credit) FILTER (WHERE %s), 0)", period),
            },
            {
                "name": "balance",
                "label": self.env._("Balance"),
                "type": "amount",
                "line": self._get_sql_running(options, SQL("item.amount")),
                "sum": SQL("SUM(item.amount)"),
            },
        ]

    @api.model
    def _get_sql_running(self, options, amount):
        """Return the sum of an amount until a line, in the period of the report."""
        return SQL(
            """
            SUM(%(amount)s) OVER (
                PARTITION BY item.partner_id, item.currency_id ORDER BY %(order)s
            )
            """,
            amount=amount,
            order=self._get_sql_order(options),
        )

    @api.model
    def _get_debit_label(self):
        return self.env._("Debit")

    @api.model
    def _get_credit_label(self):
        return self.env._("Credit")

    @api.model
    def _arrange(self, options, customer, lines, is_first, is_last, extra):
        """Put opening and closing balance around the lines, which run from it."""
        opening = customer["values"]["opening"]
        currency = self.env["res.currency"].browse(customer["currency_id"])
        digits = currency.decimal_places
        for line in lines:
            balance = round(line["values"]["balance"] + opening, digits)
            line["values"]["balance"] = balance + 0.0  # no negative zero
        rows = list(lines)
        if is_first and options["date_from"]:
            rows.insert(0, self._make_balance_row("opening", options, customer))
        if is_last:
            closing = self._make_balance_row("closing", options, customer)
            # a day that has not come is said only of what is booked until then
            days = [line["values"]["date"] for line in lines[-1:]]
            last = max([self._get_day().isoformat(), *days])
            closing["values"]["date"] = min(last, options["date_to"])
            rows.append(closing)
        return rows

    @api.model
    def _make_balance_row(self, row_type, options, customer):
        if row_type == "opening":
            name, day = self.env._("Opening Balance"), options["date_from"]
            values = {"date": day, "balance": customer["values"]["opening"]}
        else:
            name, day = self.env._("Closing Balance"), options["date_to"]
            values = {
                name: customer["values"][name]
                for name in ("debit", "credit", "balance")
            }
            values["date"] = day
        return self._make_row(
            row_type,
            f"{customer['id']}-{row_type}",
            name,
            customer["currency_id"],
            values,
            partner_id=customer["partner_id"],
        )

    @api.model
    def _get_chart(self, options, rows, count):
        """Return the balance over time when there is one customer in one currency."""
        if count != 1 or not rows:
            return None
        days = self.env.execute_query(
            SQL(
                """
                SELECT item.date, SUM(SUM(item.amount)) OVER (ORDER BY item.date)
                  FROM (%s) item
                 WHERE item.currency_id = %s
                 GROUP BY item.date
                 ORDER BY item.date
                """,
                self._get_sql_items(options),
                rows[0]["currency_id"],
            )
        )
        first = options["date_from"]
        before = [total for day, total in days if first and day.isoformat() < first]
        points = [
            (day.isoformat(), float(total))
            for day, total in days
            if not first or day.isoformat() >= first
        ]
        if first:
            points.insert(0, (first, float(before[-1]) if before else 0.0))
        last = min(options["date_to"], self._get_day().isoformat())
        if points and points[-1][0] < last:
            points.append((last, points[-1][1]))  # nothing has happened since
        step = len(points) // MAX_POINTS + 1
        shown = points[::-step][::-1]  # the last one is always there
        return {
            "type": "balance",
            "currency_id": rows[0]["currency_id"],
            "points": [
                {"date": day, "label": format_date(self.env, day), "value": value}
                for day, value in shown
            ],
        }


class AccountFollowupReportStatement(models.AbstractModel):
    """Customer Statement (F1): what a customer wants to see."""

    _name = "account.followup.report.customer_statement"
    _inherit = "account.followup.report.postings"
    _description = "Customer Statement"

    @api.model
    def _normalize_period(self, options):
        """A statement tells what is booked: it ends today at the latest."""
        period = super()._normalize_period(options)
        last = min(period["date_to"], self._get_day().isoformat())
        first = period["date_from"] and min(period["date_from"], last)
        return {**period, "date_from": first, "date_to": last}

    @api.model
    def _get_columns(self, options):
        return [
            self._get_date_column(),
            self._get_reference_column(),
            self._get_due_date_column(
                SQL("CASE WHEN item.amount > 0 THEN item.due_date END")
            ),
            *self._get_amount_columns(options),
            *self._get_company_balance_column(options),
        ]

    @api.model
    def _get_sql_moves(self, options):
        """An exchange difference moves nothing in the currency of the document."""
        if options["currency"] == "document":
            return SQL(" AND item.amount <> 0")
        return SQL()

    @api.model
    def _get_debit_label(self):
        return self.env._("Charged")

    @api.model
    def _get_credit_label(self):
        return self.env._("Paid or Credited")

    @api.model
    def _get_extra(self, options, keys):
        """Return the ageing of what is open at the end of the period."""
        aged = self.env["account.followup.report.aged_receivable"]
        chosen = {
            **options,
            "compare": 0,
            "age_by": "due_date",
            "hide_settled": False,
        }
        columns = aged._get_columns(chosen)
        rows, _totals, _count = aged._get_customers(chosen, columns, 0, None, keys)
        names = [name for name, _label in aged._get_bucket_labels(chosen)]
        labels = dict(aged._get_bucket_labels(chosen))
        return {
            row["id"]: [
                {"label": labels[name], "value": row["values"][name]} for name in names
            ]
            for row in rows
        }

    @api.model
    def _arrange(self, options, customer, lines, is_first, is_last, extra):
        rows = super()._arrange(options, customer, lines, is_first, is_last, extra)
        if is_last and extra.get(customer["id"]):
            rows.append(
                self._make_row(
                    "ageing",
                    f"{customer['id']}-ageing",
                    self.env._("Open by Age"),
                    customer["currency_id"],
                    {},
                    partner_id=customer["partner_id"],
                    ageing=extra[customer["id"]],
                )
            )
        return rows


class AccountFollowupReportLedger(models.AbstractModel):
    """Partner Ledger (F5): what an accountant wants to see."""

    _name = "account.followup.report.partner_ledger"
    _inherit = "account.followup.report.postings"
    _description = "Partner Ledger"

    @api.model
    def _get_default_currency(self):
        return "company"

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
    def _get_who(self):
        return self.env._("Partner")

    @api.model
    def _get_nobody(self):
        return self.env._("Without Partner")

    @api.model
    def _is_settled_elsewhere(self):
        """It is the ledger of the companies that are shown, whoever pays for them."""
        return False

    @api.model
    def _get_columns(self, options):
        return [
            self._get_date_column(),
            {
                "name": "journal",
                "label": self.env._("Journal"),
                "type": "text",
                "line": SQL("journal.code"),
            },
            {
                "name": "account",
                "label": self.env._("Account"),
                "type": "text",
                "line": SQL(
                    "account.code_store ->> %s", str(self.env.company.root_id.id)
                ),
            },
            self._get_reference_column(),
            self._get_due_date_column(SQL("item.due_date")),
            {
                "name": "matching",
                "label": self.env._("Matching"),
                "type": "text",
                "line": SQL("item.matching_number"),
            },
            *self._get_amount_columns(options),
            *self._get_foreign_column(
                options, self.env._("Amount in Currency"), SQL("item.amount_currency")
            ),
            *self._get_company_columns(options),
        ]

    @api.model
    def _get_company_columns(self, options):
        """Let the balance in company currency run: some lines move nothing else."""
        columns = self._get_company_balance_column(options)
        if not columns:
            return []
        running = self._get_sql_running(options, SQL("item.balance"))
        before = SQL("NOT (%s)", self._get_sql_in_period(options))
        opening = {
            "name": "opening_company",
            "label": self.env._("Opening Balance"),
            "type": "amount",
            "currency": "company",
            "sum": self._get_sql_sum(SQL("item.balance"), before),
            "hidden": True,
        }
        return [opening, {**columns[0], "line": running}]

    @api.model
    def _arrange(self, options, customer, lines, is_first, is_last, extra):
        rows = super()._arrange(options, customer, lines, is_first, is_last, extra)
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

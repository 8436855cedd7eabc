from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, date_utils

#: Customers of a page of the screen, lines of a customer that are shown at once.
PAGE_SIZE = 80
LINES_SIZE = 200
#: Most customers and lines that are read by one query when everything is exported.
EXPORT_CUSTOMERS = 5000
EXPORT_LINES = 10_000
#: Largest number that the database takes for an id or the place of a row.
MAX_INTEGER = 2**31 - 1


class AccountFollowupReport(models.AbstractModel):
    """The one row builder of the reports; screen, PDF and XLSX show what it returns.

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
    instead of them: it has a sum. To add a column, extend ``_get_columns`` of the
    variant.

    Amounts are rounded as the ledger keeps them. Readers write nothing.
    """

    _name = "account.followup.report"
    _description = "Customer Report"

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
        report = self._get_variant(options)
        options = report._normalize_options(options or {})
        columns = report._get_columns(options)
        rows, totals, count = report._get_customers(
            options, columns, options["offset"], options["limit"]
        )
        return {
            **report._get_head(options, columns),
            "rows": report._decorate(options, rows),
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
        options = report._normalize_options(options or {})
        key = report._parse_row_id(row_id)
        offset = report._normalize_number({"offset": offset}, "offset", 0, MAX_INTEGER)
        columns = report._get_columns(options)
        customers, _totals, _count = report._get_customers(
            options, columns, 0, None, keys=[key]
        )
        if not customers:
            return {"rows": [], "count": 0, "remaining": 0}
        lines, count = report._get_lines(options, columns, [key], offset, LINES_SIZE)
        remaining = max(count - offset - LINES_SIZE, 0)
        rows = report._arrange(
            options,
            customers[0],
            lines,
            is_first=not offset,
            is_last=not remaining,
            extra=report._get_extra(options, [key]),
        )
        return {"rows": rows, "count": count, "remaining": remaining}

    @api.model
    def _get_document(self, options):
        """Return a whole report for PDF and XLSX.

        :param dict options: see ``_normalize_options``; the page is not regarded
        :return: dict of ``_get_head`` with ``totals``, ``count``, ``row_count``
            (customers and lines) and ``rows``, a generator of (customer's row, list of
            the rows under it)
        """
        report = self._get_variant(options)
        options = report._normalize_options(options or {})
        columns = report._get_columns(options)
        customers, totals, count = report._get_customers(options, columns, 0, None)
        lines = sum(row["line_count"] for row in customers) if options["unfold"] else 0
        return {
            **report._get_head(options, columns),
            "totals": totals,
            "count": count,
            "row_count": len(customers) + lines,
            "rows": (
                report._iter_rows(options, columns, customers)
                if options["unfold"]
                else ((customer, []) for customer in customers)
            ),
        }

    @api.model
    def _iter_rows(self, options, columns, customers):
        for batch in self._split_customers(customers):
            keys = [self._parse_row_id(row["id"]) for row in batch]
            lines, _count = self._get_lines(options, columns, keys)
            extra = self._get_extra(options, keys)
            by_key = {}
            for line in lines:
                key = (line["partner_id"] or 0, line["currency_id"])
                by_key.setdefault(key, []).append(line)
            for row, key in zip(batch, keys, strict=True):
                rows = self._arrange(
                    options, row, by_key.pop(key, []), True, True, extra
                )
                yield row, rows

    @api.model
    def _split_customers(self, customers):
        """Yield customers in parts whose lines can be in memory at once."""
        batch, lines = [], 0
        for row in customers:
            if batch and (
                len(batch) == EXPORT_CUSTOMERS
                or lines + row["line_count"] > EXPORT_LINES
            ):
                yield batch
                batch, lines = [], 0
            batch.append(row)
            lines += row["line_count"]
        if batch:
            yield batch

    @api.model
    def _get_variant(self, options):
        """Return the model of the variant that is asked for, after a look at access.

        :raise AccessError: the user may not read the accounts
        :raise UserError: there is no such variant
        """
        self._check_report_access()
        if options is not None and not isinstance(options, dict):
            raise self._get_option_error("options", options)
        variant = (options or {}).get("variant") or "customer_statement"
        if not isinstance(variant, str) or variant not in self._get_variants():
            raise self._get_option_error("variant", variant)
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
            "choices": self._get_choices(),
            "title": variants[options["variant"]],
            "subtitle": self._get_subtitle(options),
            "who": self._get_variant(options)._get_who(),
            "company_name": root.name,
            "company_currency_id": root.currency_id.id,
            "today": self._get_day().isoformat(),
            "columns": [
                {
                    **{key: col[key] for key in col if key not in ("line", "sum")},
                    "sortable": bool(col.get("sum")),
                }
                for col in columns
            ],
        }

    @api.model
    def _get_who(self):
        """Return what those are called whose rows they are."""
        return self.env._("Customer")

    @api.model
    def _get_nobody(self):
        return self.env._("Without Customer")

    @api.model
    def _get_day(self):
        root = self.env.company.root_id.sudo()
        return root._get_followup_day()[root]

    @api.model
    def _get_fiscal_year(self):
        dates = date_utils.get_fiscal_year(
            self._get_day(),
            day=self.env.company.root_id.sudo().fiscalyear_last_day,
            month=int(self.env.company.root_id.sudo().fiscalyear_last_month),
        )
        return tuple(dates)

    @api.model
    def _parse_row_id(self, row_id):
        """Return (customer id or 0, currency id) of a customer's row."""
        try:
            partner, currency = (int(part) for part in row_id.split("-"))
            is_sound = max(partner, currency) <= MAX_INTEGER
        except (AttributeError, TypeError, ValueError):
            is_sound = False
        if not is_sound:
            raise self._get_option_error("row_id", row_id)
        return partner, currency

    @api.model
    def _get_option_error(self, name, value):
        is_plain = isinstance(value, str) and value.isprintable()
        return UserError(
            self.env._(
                "The report cannot be shown with %(name)s = %(value)s. Open it anew "
                "from the menu.",
                name=name,
                value=(value if is_plain else ascii(value))[:100],
            )
        )

    # ------------------------------------------------------------------
    # What a variant says
    # ------------------------------------------------------------------

    @api.model
    def _get_columns(self, options):
        """Return the columns of the variant, see the model."""
        raise NotImplementedError

    @api.model
    def _get_sql_sum(self, amount, where):
        """Return the sum of an amount of the items on a condition, 0 for none."""
        return SQL("COALESCE(SUM(%s) FILTER (WHERE %s), 0)", amount, where)

    @api.model
    def _get_company_column(self, options, name, label, amount, where=None, line=None):
        """Return [a total in company currency], nothing where all rows are in it.

        :param SQL amount: of an item, in company currency
        :param SQL where: condition for it to be added up
        :param SQL line: value of a line, if there is one
        """
        if options["currency"] == "company":
            return []
        return [
            {
                "name": name,
                "label": label % self.env.company.root_id.sudo().currency_id.name,
                "type": "amount",
                "currency": "company",
                "sum": self._get_sql_sum(amount, where or SQL("TRUE")),
                "foreign": True,
                **({"line": line} if line else {}),
            }
        ]

    @api.model
    def _get_foreign_column(self, options, label, amount):
        """Return [the amount of a line in its own currency], where that is another.

        :param SQL amount: in the currency of the document
        """
        if options["currency"] == "document":
            return []
        return [
            {
                "name": "amount_currency",
                "label": label,
                "type": "amount",
                "currency": "line",
                "line": SQL(
                    "CASE WHEN item.line_currency_id <> item.currency_id THEN %s END",
                    amount,
                ),
                "foreign": True,
            }
        ]

    @api.model
    def _get_reference_column(self):
        return {
            "name": "ref",
            "label": self.env._("Reference"),
            "type": "text",
            "line": self._get_sql_reference(),
        }

    @api.model
    def _get_sql_reference(self):
        """Return what stands beside the number of the entry, not the number again.

        Lines of one opening entry are told apart by their labels.
        """
        return SQL(
            """
            CASE WHEN journal.type = 'general' AND item.ref <> '' AND item.label <> ''
                  AND item.label NOT IN (item.ref, item.move_name)
                 THEN CONCAT(item.ref, ' – ', item.label)
                 ELSE COALESCE(
                      NULLIF(NULLIF(item.ref, ''), item.move_name),
                      NULLIF(NULLIF(item.label, ''), item.move_name)
                      )
            END
            """
        )

    @api.model
    def _get_sql_items(self, options, keys=None):
        """Return the journal items of the variant.

        :param list keys: (customer id or 0, currency id), to read those only
        :return: SQL, at least the columns of ``_get_sql_fields``
        """
        raise NotImplementedError

    @api.model
    def _get_sql_having(self, options):
        """Return the condition on which a customer is shown."""
        return SQL("TRUE")

    @api.model
    def _get_sql_where(self, options):
        """Return the condition on which a line is shown under its customer."""
        return SQL("TRUE")

    @api.model
    def _get_sql_order(self, options):
        """Return the order of the lines of a customer."""
        return SQL("item.date, item.id")

    @api.model
    def _arrange(self, options, customer, lines, is_first, is_last, extra):
        """Return the rows under a customer: lines, and what stands around them.

        :param dict customer: the customer's row
        :param list lines: rows of a page of its lines
        :param bool is_first: the page is the first one
        :param bool is_last: the page is the last one
        :param extra: of ``_get_extra``
        """
        return lines

    @api.model
    def _get_extra(self, options, keys):
        """Return what ``_arrange`` needs beside the lines, for many customers."""
        return None

    @api.model
    def _get_chart(self, options, rows, count):
        """Return what is drawn above the rows, or None."""
        return None

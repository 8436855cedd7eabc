"""How what was read becomes rows, see ``account.followup.report`` for their shape."""


class Rows:
    """The rows of a variant. A variant with rows of its own has a class of its own."""

    def __init__(self, report, options):
        self.report = report
        self.env = report.env
        self.options = options

    def make(self, row_type, row_id, name, currency_id, values, **more):
        """Return a row."""
        return {
            "id": row_id,
            "type": row_type,
            "name": name or "",
            "partner_id": False,
            "currency_id": currency_id,
            "line_currency_id": False,
            "line_id": False,
            "move_id": False,
            "flags": [],
            "values": values,
            **more,
        }

    # ------------------------------------------------------------------
    # Customers and totals
    # ------------------------------------------------------------------

    def make_customer(self, row, columns):
        """Return the row of a customer in one currency."""
        partner_id = row["partner_id"]
        return self.make(
            "customer",
            f"{partner_id}-{row['currency_id']}",
            row["name"] if partner_id else self.report._get_words()["nobody"],
            row["currency_id"],
            self._get_sums(row, columns),
            partner_id=partner_id or False,
            line_count=row["line_count"],
        )

    def make_totals(self, totals, columns):
        """Return a total for each currency, and one for all in company currency.

        Sums of different currencies mean nothing: the last one has only the columns
        that are in company currency (rule 13).
        """
        rows = []
        by_currency = {row["currency_id"]: row for row in totals}
        currencies = self.env["res.currency"].browse(by_currency)
        for currency in currencies.sorted("name"):
            key, name = f"total-{currency.id}", self.env._("Total %s", currency.name)
            sums = self._get_sums(by_currency[currency.id], columns)
            rows.append(self.make("total", key, name, currency.id, sums))
        if len(rows) > 1:
            rows.append(self._make_grand_total(rows, columns))
        return rows

    def _make_grand_total(self, rows, columns):
        currency = self.env.company.root_id.sudo().currency_id
        values = {
            col["name"]: currency.round(
                sum(row["values"][col["name"]] or 0.0 for row in rows)
            )
            for col in columns
            if col.get("sum")
            and col["type"] == "amount"
            and col.get("currency") == "company"
        }
        name = self.env._("Total in %s", currency.name)
        return self.make("total", "total", name, currency.id, values)

    # ------------------------------------------------------------------
    # Lines
    # ------------------------------------------------------------------

    def make_lines(self, found, columns):
        """Return the rows of journal items."""
        shown = [col for col in columns if col.get("line")]
        day = self.report._get_day()
        return [self.make_line(row, shown, day) for row in self.prepare(found)]

    def prepare(self, found):
        """Read what ``make_line`` needs beside the items, for all of them."""
        return found

    def _get_values(self, row, columns):
        """Return what the columns say of a journal item."""
        return {
            col["name"]: self._get_value(row[f"_{col['name']}"], col) for col in columns
        }

    def make_line(self, row, columns, day):
        """Return the row of a journal item.

        :param date day: the company's day, taken once for all
        """
        return self.make(
            "line",
            f"l{row['id']}",
            self.get_line_name(row),
            row["currency_id"],
            self._get_values(row, columns),
            partner_id=row["partner_id"] or False,
            line_currency_id=row["line_currency_id"],
            line_id=row["id"],
            move_id=row["move_id"],
            flags=self._get_flags(row, day),
            is_open=row["parent_state"] == "posted"
            and row["account_type"] == "asset_receivable"
            and bool(row["open_own"]),
        )

    def get_line_name(self, row):
        """Return the number of the entry; drafts may have none."""
        if row["move_name"] and row["move_name"] != "/":
            return row["move_name"]
        return self.env._("Draft (%s)", row["move_id"])

    def _get_flags(self, row, day):
        """Return what makes a line look different."""
        flags = []
        if row["parent_state"] == "draft":
            flags.append("draft")
        elif self._get_owed(row) > 0 and row["due_date"] < day:
            flags.append("overdue")
        if row["open_own"] and row["account_type"] == "asset_receivable":
            if row["no_followup"]:
                flags.append("excluded")
            if row["followup_hold_until"] and row["followup_hold_until"] >= day:
                flags.append("hold")
            if row["expected_payment_date"] and row["expected_payment_date"] >= day:
                flags.append("expected_payment")
        return flags

    def _get_owed(self, row):
        """Return what is open of a debt, below zero of a credit.

        What is open in company currency only is a difference of rates (rule 1).
        """
        is_ours = row["account_type"] == "liability_payable"
        return -row["open_own"] if is_ours else row["open_own"]

    def _get_value(self, value, column):
        """Return a value of a column: a plain number, a text or an ISO date.

        The database adds up decimal numbers: there is nothing to round.
        """
        if value is None:
            return None
        if column["type"] == "amount":
            return float(value)
        if column["type"] == "date":
            return value.isoformat()
        return value

    def _get_sums(self, row, columns):
        return {
            col["name"]: self._get_value(row[col["name"]], col)
            for col in columns
            if col.get("sum")
        }

    # ------------------------------------------------------------------
    # What stands around them
    # ------------------------------------------------------------------

    def read_extra(self, keys):
        """Return what ``arrange`` needs beside the lines, for many customers."""
        return None

    def arrange(self, customer, lines, is_first, is_last, extra):
        """Return the rows under a customer: lines, and what stands around them.

        :param dict customer: the customer's row
        :param list lines: rows of a page of its lines
        :param bool is_first: the page is the first one
        :param bool is_last: the page is the last one
        :param extra: of ``read_extra``
        """
        return lines

    def decorate(self, rows):
        """Add what the screen shows beside a customer: trust, status, next reminder."""
        partners = self.env["res.partner"].browse(
            {row["partner_id"] for row in rows if row["partner_id"]}
        )
        partners = partners.sudo().with_company(self.env.company)
        states = {partner.id: self._get_state(partner) for partner in partners}
        return [{**row, "state": states.get(row["partner_id"])} for row in rows]

    def _get_state(self, partner):
        day, excluded = partner.followup_next_reminder_date, partner.followup_excluded
        return {
            "trust": partner.trust,
            # nothing will be done about an excluded one, whatever is overdue
            "status": False if excluded else partner.followup_status,
            "level": partner.followup_level_id.name or False,
            "next_reminder_date": day.isoformat() if day else False,
            "excluded": excluded,
        }


class NamedRows(Rows):
    """Rows of a report without a column of references."""

    def get_line_name(self, row):
        """Return the number with the label, by which lines of one entry differ."""
        name = super().get_line_name(row)
        label = row["label"] if row["journal_type"] == "general" else None
        return f"{name} – {label}" if label and label != name else name

from odoo import api, models


class AccountFollowupReport(models.AbstractModel):
    """How what was read becomes rows, see the model for their shape."""

    _inherit = "account.followup.report"

    @api.model
    def _make_row(self, row_type, row_id, name, currency_id, values, **more):
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

    @api.model
    def _make_customer_row(self, row, columns):
        name = row["name"] if row["partner_id"] else self._get_nobody()
        return self._make_row(
            "customer",
            f"{row['partner_id']}-{row['currency_id']}",
            name,
            row["currency_id"],
            self._get_sums(row, columns),
            partner_id=row["partner_id"] or False,
            line_count=row["line_count"],
        )

    @api.model
    def _make_total_rows(self, totals, columns):
        """Return a total for each currency, and one for all in company currency.

        Sums of different currencies mean nothing: the last one has only the columns
        that are in company currency (rule 13).
        """
        rows = []
        currencies = self.env["res.currency"].browse(
            row["currency_id"] for row in totals
        )
        for currency in currencies.sorted("name"):
            row = next(row for row in totals if row["currency_id"] == currency.id)
            rows.append(
                self._make_row(
                    "total",
                    f"total-{currency.id}",
                    self.env._("Total %s", currency.name),
                    currency.id,
                    self._get_sums(row, columns),
                )
            )
        if len(rows) > 1:
            rows.append(self._make_grand_total(rows, columns))
        return rows

    @api.model
    def _make_grand_total(self, rows, columns):
        currency = self.env.company.root_id.sudo().currency_id
        values = {
            col["name"]: currency.round(
                sum(row["values"][col["name"]] or 0.0 for row in rows)
            )
            for col in columns
            if col["type"] == "amount" and col.get("currency") == "company"
        }
        return self._make_row(
            "total",
            "total",
            self.env._("Total in %s", currency.name),
            currency.id,
            values,
        )

    @api.model
    def _make_line_row(self, row, columns, day):
        """Return the row of a journal item.

        :param date day: the company's day, taken once for all
        """
        return self._make_row(
            "line",
            f"l{row['id']}",
            self._get_line_name(row),
            row["currency_id"],
            {
                col["name"]: self._get_value(row[f"_{col['name']}"], col)
                for col in columns
            },
            partner_id=row["partner_id"] or False,
            line_currency_id=row["line_currency_id"],
            line_id=row["id"],
            move_id=row["move_id"],
            flags=self._get_flags(row, day),
            is_open=row["parent_state"] == "posted"
            and row["account_type"] == "asset_receivable"
            and bool(row["open_company"]),
        )

    @api.model
    def _get_line_name(self, row):
        """Return the number of the entry; drafts may have none."""
        if row["move_name"] and row["move_name"] != "/":
            return row["move_name"]
        return self.env._("Draft (%s)", row["move_id"])

    @api.model
    def _get_told_name(self, row, name):
        """Return the number with the label, by which lines of one entry differ.

        For reports without a column of references.
        """
        label = row["label"] if row["journal_type"] == "general" else None
        return f"{name} – {label}" if label and label != name else name

    @api.model
    def _get_flags(self, row, day):
        """Return what makes a line look different."""
        flags = []
        if row["parent_state"] == "draft":
            flags.append("draft")
        elif self._get_owed(row) > 0 and row["due_date"] < day:
            flags.append("overdue")
        if row["open_company"] and row["account_type"] == "asset_receivable":
            if row["no_followup"]:
                flags.append("excluded")
            if row["followup_hold_until"] and row["followup_hold_until"] >= day:
                flags.append("hold")
            if row["expected_payment_date"] and row["expected_payment_date"] >= day:
                flags.append("expected_payment")
        return flags

    @api.model
    def _get_owed(self, row):
        """Return what is open of a debt, below zero of a credit."""
        is_ours = row["account_type"] == "liability_payable"
        return -row["open_company"] if is_ours else row["open_company"]

    @api.model
    def _is_late(self, row, column):
        """Return whether a cell is marked: what is excluded is nobody's concern."""
        return (
            column["name"] in ("due_date", "days_late")
            and "overdue" in row["flags"]
            and "excluded" not in row["flags"]
        )

    @api.model
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

    @api.model
    def _get_sums(self, row, columns):
        return {
            col["name"]: self._get_value(row[col["name"]], col)
            for col in columns
            if col.get("sum")
        }

    @api.model
    def _decorate(self, options, rows):
        """Add what the screen shows beside a customer: trust, status, next reminder."""
        partners = self.env["res.partner"].browse(
            {row["partner_id"] for row in rows if row["partner_id"]}
        )
        partners = partners.sudo().with_company(self.env.company)
        states = {partner.id: self._get_state(partner) for partner in partners}
        return [{**row, "state": states.get(row["partner_id"])} for row in rows]

    @api.model
    def _get_state(self, partner):
        day = partner.followup_next_reminder_date
        return {
            "trust": partner.trust,
            "status": partner.followup_status,
            "level": partner.followup_level_id.name or False,
            "next_reminder_date": day.isoformat() if day else False,
            "excluded": partner.followup_excluded,
        }

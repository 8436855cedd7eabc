"""Values as texts of one language."""

from odoo.tools.misc import format_amount, format_date, get_lang

#: Characters of a text on paper: what is higher than a page cannot be printed.
MAX_TEXT = 200


def shorten(text):
    """Return a text that fits on a page."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


class Texts:
    """Values as texts of one language; made for a document, since it remembers."""

    def __init__(self, env, head):
        self.env = env
        self.company_currency_id = head["company_currency_id"]
        self._lang = env["res.lang"].browse(get_lang(env).id)
        self._dates = {}
        self._number_formats = {}
        self._currency_names = {}

    def get_text(self, row, column):
        """Return what stands in a cell, empty for nothing."""
        value = row["values"].get(column["name"])
        if value is None:
            return ""
        if column["type"] == "date":
            return self.get_date(value)
        if column["type"] == "amount":
            text = self.get_number(value, self.get_currency(row, column))
            if column.get("currency") == "line":
                text = f"{text} {self.get_currency(row, column).name}"
            return text
        return str(value)

    def get_paper_text(self, row, column):
        """Return what stands in a cell on paper, where there is an end to space."""
        return shorten(self.get_text(row, column))

    def get_currency(self, row, column):
        """Return the currency of an amount."""
        return self.env["res.currency"].browse(self._get_currency_id(row, column))

    def _get_currency_id(self, row, column):
        kind = column.get("currency")
        if kind == "company":
            return self.company_currency_id
        if kind == "line":
            return row["line_currency_id"] or row["currency_id"]
        return row["currency_id"]

    # a sheet has hundreds of thousands of cells: what is the same is read once

    def get_number_format(self, row, column):
        """Return the format of an amount in a sheet."""
        currency_id = self._get_currency_id(row, column)
        if currency_id not in self._number_formats:
            places = self.env["res.currency"].browse(currency_id).decimal_places
            text = f"#,##0.{'0' * places}" if places else "#,##0"
            self._number_formats[currency_id] = text
        return self._number_formats[currency_id]

    def get_currency_name(self, currency_id):
        """Return the code of a currency, nothing if there is none."""
        if currency_id not in self._currency_names:
            currency = self.env["res.currency"].browse(currency_id or [])
            self._currency_names[currency_id] = currency.name or ""
        return self._currency_names[currency_id]

    def get_date(self, value):
        if value not in self._dates:
            self._dates[value] = format_date(self.env, value)
        return self._dates[value]

    def get_number(self, value, currency):
        places = currency.decimal_places
        return self._lang.format(f"%.{places}f", value, grouping=True)

    def get_amount(self, value, currency):
        """Return an amount with the sign of its currency."""
        return format_amount(self.env, value, currency)

from odoo import api, models
from odoo.tools import SQL
from odoo.tools.misc import format_amount, format_date, get_lang

from ..tools import table_widths
from ..tools.names import make_file_name

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


class AccountFollowupReport(models.AbstractModel):
    """What PDF and XLSX have in common: columns shown, filters in words, names."""

    _inherit = "account.followup.report"

    @api.model
    def _get_document_columns(self, document):
        """Return the columns of a document that become columns on paper."""
        is_foreign = self._is_foreign(document)
        return [
            column
            for column in document["columns"]
            if not column.get("hidden") and (is_foreign or not column.get("foreign"))
        ]

    @api.model
    def _is_foreign(self, document):
        """Return whether something of a document is in another currency."""
        options = document["options"]
        if options["currency"] == "document":
            currencies = {row["currency_id"] for row in document["totals"]}
            return bool(currencies - {document["company_currency_id"]})
        report = self._get_variant(options)
        [(found,)] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (
                    SELECT
                      FROM (%s) item
                     WHERE item.line_currency_id <> item.currency_id AND %s
                )
                """,
                report._get_sql_items(options),
                report._get_sql_where(options),
            )
        )
        return found

    @api.model
    def _get_document_name(self, row):
        """Return what stands in the first column; drafts are marked."""
        if "draft" in row["flags"]:
            return self.env._("%s (draft)", row["name"])
        return row["name"]

    @api.model
    def _get_currency_suffix(self, document, row):
        """Return the currency to write beside a name, where it is not the company's."""
        if row["currency_id"] == document["company_currency_id"]:
            return ""
        return self.env["res.currency"].browse(row["currency_id"]).name

    @api.model
    def _get_file_name(self, document, extension, partner=None):
        """Return a name such as ``Customer Statement - Acme 2026-11-22.pdf``."""
        day = document["options"]["date_to"]
        if not partner:
            return make_file_name(extension, f"{document['title']} {day}")
        customer = f"{partner.name or partner.display_name} {day}"
        return make_file_name(extension, document["title"], customer)

    @api.model
    def _get_filters(self, document):
        """Return [(name of the filter, what was chosen)] in words."""
        options = document["options"]
        filters = [
            *self._get_record_filters(options),
            *self._get_choice_filters(document),
        ]
        if options["search"]:
            filters.append((self.env._("Search"), options["search"]))
        if options["draft"]:
            filters.append((self.env._("Entries"), self.env._("Posted and draft")))
        if options["hide_settled"]:
            filters.append((self.env._("Settled Items"), self.env._("Hidden")))
        if len(document["choices"]["accounts"]) > 1:
            labels = dict(document["choices"]["accounts"])
            filters.append((self.env._("Accounts"), labels[options["accounts"]]))
        if options["currency"] == "company":
            currency = self.env["res.currency"].browse(document["company_currency_id"])
            filters.append((self.env._("Amounts"), self.env._("In %s", currency.name)))
        return filters

    @api.model
    def _get_record_filters(self, options):
        # those that the user may read: the others are not in the options any more
        partners = self.env["res.partner"].browse(options["partner_ids"])
        categories = self.env["res.partner.category"].browse(options["category_ids"])
        found = [
            (self.env._("Customers"), partners.mapped("display_name")),
            (self.env._("Tags"), categories.mapped("name")),
        ]
        return [(label, self._join_names(names)) for label, names in found if names]

    @api.model
    def _join_names(self, names):
        if len(names) > 5:
            return self.env._("%s chosen", len(names))
        return ", ".join(names)

    @api.model
    def _get_choice_filters(self, document):
        labels = {
            "trust": self.env._("Trust"),
            "status": self.env._("Status"),
            "level_ids": self.env._("Level"),
            "currency_ids": self.env._("Currency"),
        }
        filters = []
        for name, label in labels.items():
            words = dict(document["choices"][name])
            chosen = [words[one] for one in document["options"][name] if one in words]
            if chosen:
                filters.append((label, self._join_names(chosen)))
        return filters

    @api.model
    def _measure_rows(self, columns, rows):
        """Return how wide the columns of a table must be.

        :param rows: of ``_make_print_row``, all rows of the table
        """
        measured = [
            table_widths.Column(column["label"], column["type"] in ("name", "text"))
            for column in columns
        ]
        for row in rows:
            is_bold = row["style"] != "o_line"
            for column, (_style, text) in zip(measured, row["cells"], strict=True):
                column.add(text, is_bold)
        return measured

"""What PDF and XLSX have in common: columns shown, filters in words, names."""

from odoo.tools import SQL

from ...tools.names import make_file_name
from .options import parse_row_id

#: Most customers and lines that are read by one query when everything is exported.
EXPORT_CUSTOMERS = 5000
EXPORT_LINES = 10_000


def get_unfolded(options, customers):
    """Return the customers whose lines are wanted: all, some or none."""
    if options["unfold"]:
        return customers
    wanted = set(options["unfolded"])
    return [row for row in customers if row["id"] in wanted]


def iter_rows(report, options, customers):
    """Yield (customer's row, list of the rows under it), in their order."""
    unfolded = _iter_unfolded(report, options, get_unfolded(options, customers))
    first = next(unfolded, None)
    for row in customers:
        if first and first[0] is row:
            yield first
            first = next(unfolded, None)
        else:
            yield row, []


def _iter_unfolded(report, options, customers):
    query, builder = report._get_query(options), report._get_rows(options)
    for batch in split_customers(customers):
        keys = [parse_row_id(report.env, row["id"]) for row in batch]
        found = query.read_lines(query.columns, keys)
        extra = builder.read_extra(keys)
        by_key = {}
        for line in builder.make_lines(found, query.columns):
            key = (line["partner_id"] or 0, line["currency_id"])
            by_key.setdefault(key, []).append(line)
        for row, key in zip(batch, keys, strict=True):
            lines = by_key.pop(key, [])
            yield row, builder.arrange(row, lines, True, True, extra)


def split_customers(customers):
    """Yield customers in parts whose lines can be in memory at once."""
    batch, lines = [], 0
    for row in customers:
        if batch and (
            len(batch) == EXPORT_CUSTOMERS or lines + row["line_count"] > EXPORT_LINES
        ):
            yield batch
            batch, lines = [], 0
        batch.append(row)
        lines += row["line_count"]
    if batch:
        yield batch


class Document:
    """A report that becomes a file."""

    def __init__(self, report, head):
        """:param dict head: of ``_get_document`` or ``_get_head``"""
        self.report = report
        self.env = report.env
        self.head = head
        self.options = head["options"]

    # ------------------------------------------------------------------
    # Columns
    # ------------------------------------------------------------------

    def get_columns(self):
        """Return the columns of the report that become columns on paper.

        Without lines, those that only lines have are empty.
        """
        is_foreign = self._is_foreign()
        has_lines = self.options["unfold"] or self.options["unfolded"]
        return [
            column
            for column in self.head["columns"]
            if not column.get("hidden")
            and (is_foreign or not column.get("foreign"))
            and (has_lines or column["sortable"])
        ]

    def _is_foreign(self):
        """Return whether something of the report is in another currency."""
        if self.options["currency"] == "document":
            return self.has_currencies()
        query = self.report._get_query(self.options)
        [(found,)] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (
                    SELECT
                      FROM (%s) item
                     WHERE item.line_currency_id <> item.currency_id AND %s
                )
                """,
                query.get_items(),
                query.get_where(),
            )
        )
        return found

    def has_currencies(self):
        """Return whether rows are in another currency than that of the company."""
        currencies = {row["currency_id"] for row in self.head["totals"]}
        return bool(currencies - {self.head["company_currency_id"]})

    # ------------------------------------------------------------------
    # Names
    # ------------------------------------------------------------------

    def get_row_name(self, row):
        """Return what stands in the first column; drafts are marked."""
        if "draft" in row["flags"]:
            return self.env._("%s (draft)", row["name"])
        return row["name"]

    def get_currency_suffix(self, row):
        """Return the currency to write beside a name, where it is not the company's."""
        if row["currency_id"] == self.head["company_currency_id"]:
            return ""
        return self.env["res.currency"].browse(row["currency_id"]).name

    def get_file_name(self, extension, partner=None):
        """Return a name such as ``Customer Statement - Acme 2026-11-22.pdf``."""
        day, title = self.options["date_to"], self.head["title"]
        if not partner:
            return make_file_name(extension, f"{title} {day}")
        customer = f"{partner.name or partner.display_name} {day}"
        return make_file_name(extension, title, customer)

    def is_late(self, row, column):
        """Return whether a cell is marked: what is excluded is nobody's concern."""
        return (
            column["name"] in ("due_date", "days_late")
            and "overdue" in row["flags"]
            and "excluded" not in row["flags"]
        )

    # ------------------------------------------------------------------
    # Filters in words
    # ------------------------------------------------------------------

    def get_filters(self):
        """Return [(name of the filter, what was chosen)] in words."""
        options, choices = self.options, self.head["choices"]
        filters = [*self._get_record_filters(), *self._get_choice_filters()]
        if options["search"]:
            filters.append((self.env._("Search"), options["search"]))
        if options["draft"]:
            filters.append((self.env._("Entries"), self.env._("Posted and draft")))
        if options["hide_settled"]:
            filters.append((self.env._("Settled Items"), self.env._("Hidden")))
        if len(choices["accounts"]) > 1:
            label = dict(choices["accounts"])[options["accounts"]]
            filters.append((self.env._("Accounts"), label))
        if options["currency"] == "company":
            currency = self.env["res.currency"].browse(self.head["company_currency_id"])
            filters.append((self.env._("Amounts"), self.env._("In %s", currency.name)))
        return filters

    def _get_record_filters(self):
        # those that the user may read: the others are not in the options any more
        partners = self.env["res.partner"].browse(self.options["partner_ids"])
        categories = self.env["res.partner.category"].browse(
            self.options["category_ids"]
        )
        found = [
            (self.env._("Customers"), partners.mapped("display_name")),
            (self.env._("Tags"), categories.mapped("name")),
            (self.env._("Salesperson"), self._get_people("salesperson_ids")),
            (self.env._("Responsible"), self._get_people("responsible_ids")),
        ]
        return [(label, self._join_names(names)) for label, names in found if names]

    def _get_people(self, name):
        # whoever may be chosen may be named
        return self.env["res.users"].browse(self.options[name]).mapped("display_name")

    def _join_names(self, names):
        if len(names) > 5:
            return self.env._("%s chosen", len(names))
        return ", ".join(names)

    def _get_choice_filters(self):
        labels = {
            "trust": self.env._("Trust"),
            "status": self.env._("Status"),
            "level_ids": self.env._("Level"),
            "currency_ids": self.env._("Currency"),
        }
        filters = []
        for name, label in labels.items():
            words = dict(self.head["choices"][name])
            chosen = [words[one] for one in self.options[name] if one in words]
            if chosen:
                filters.append((label, self._join_names(chosen)))
        return filters

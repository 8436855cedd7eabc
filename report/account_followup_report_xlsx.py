import io
from datetime import date

import xlsxwriter

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.misc import get_lang

from .account_followup_report_document import Texts

#: Rows of a sheet, characters of a cell: limits of the file format.
MAX_ROWS = 1_048_576
MAX_LENGTH = 32_767

#: Characters of a column.
WIDTHS = {"text": 18, "date": 12, "integer": 9, "amount": 16}

#: How the date format of a language is written in a sheet.
DATE_PARTS = {
    "%d": "dd",
    "%m": "mm",
    "%Y": "yyyy",
    "%y": "yy",
    "%b": "mmm",
    "%B": "mmmm",
    "%a": "ddd",
    "%A": "dddd",
    "%-d": "d",
    "%-m": "m",
    "%e": "d",
}

#: Looks of cells: those of the head, and those of rows by their type.
BOLD = {"bold": True}
LABEL = {**BOLD, "bottom": 1, "text_wrap": True, "valign": "bottom"}
STYLES = {
    "title": {**BOLD, "font_size": 14},
    "label": {**LABEL, "align": "left"},
    "label_number": {**LABEL, "align": "right"},
    "customer": {**BOLD, "bg_color": "#E9ECEF"},
    "section": BOLD,
    "opening": {"italic": True},
    "closing": {**BOLD, "bottom": 1},
    "total": {**BOLD, "top": 1},
}
LATE = {"font_color": "#C0392B"}


class Sheet:
    """A sheet that is written row by row and never kept in memory.

    Text is text, whatever it looks like: never a formula and never a link. Styles are
    names of ``STYLES``; what is not there is plain.
    """

    def __init__(self, stream, is_rtl, date_format):
        self.book = xlsxwriter.Workbook(
            stream,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        self.sheet = self.book.add_worksheet()
        self.row = -1
        self._date_format = date_format
        self._formats = {}
        if is_rtl:
            self.sheet.right_to_left()

    def add_row(self, level=0):
        """Begin a row; a level above 0 can be folded."""
        self.row += 1
        if self.row >= MAX_ROWS:
            raise OverflowError
        if level:
            self.sheet.set_row(self.row, None, None, {"level": level})

    def _get_format(self, style, number_format=None, is_date=False, is_late=False):
        """Return a format, one for all cells that look alike."""
        key = (style, number_format, is_date, is_late)
        found = self._formats.get(key)
        if not found:
            values = dict(STYLES.get(style, {}))
            if number_format:
                values["num_format"] = number_format
            if is_date:
                values.update(num_format=self._date_format, align="left")
            if is_late:
                values.update(LATE)
            found = self._formats[key] = self.book.add_format(values)
        return found

    def write_text(self, column, text, style=""):
        text = str(text)[:MAX_LENGTH]
        self.sheet.write_string(self.row, column, text, self._get_format(style))

    def write_number(self, column, value, number_format, style="", is_late=False):
        look = self._get_format(style, number_format, is_late=is_late)
        self.sheet.write_number(self.row, column, value, look)

    def write_date(self, column, value, style="", is_late=False):
        """Write a day, given as ISO text."""
        look = self._get_format(style, is_date=True, is_late=is_late)
        self.sheet.write_datetime(self.row, column, date.fromisoformat(value), look)

    def write_blank(self, column, style):
        if style in STYLES:
            self.sheet.write_blank(self.row, column, None, self._get_format(style))


class AccountFollowupReport(models.AbstractModel):
    """Reports as XLSX (F7), streamed: memory does not grow with the rows."""

    _inherit = "account.followup.report"

    @api.model
    def _render_xlsx(self, options):
        """Return (file name, content) of a report as a sheet.

        Title and filters, a head that stays, customers with their lines one level
        below, totals. A line repeats its customer, so that filters and pivot tables
        find it.

        :param dict options: see ``_normalize_options``
        :raise AccessError: the user may not read the accounts
        :raise UserError: an option makes no sense, or there are too many rows
        """
        document = self._get_document(options)
        direction = self.env["account.followup.send"]._get_direction(
            get_lang(self.env).code
        )
        with io.BytesIO() as stream:
            sheet = Sheet(stream, direction == "rtl", self._get_sheet_date_format())
            try:
                self._write_sheet(sheet, document)
            except OverflowError:
                raise UserError(
                    self.env._(
                        "The report has more rows than a sheet can have. Choose a "
                        "shorter period or fewer customers."
                    )
                ) from None
            finally:
                sheet.book.close()
            return self._get_file_name(document, "xlsx"), stream.getvalue()

    @api.model
    def _write_sheet(self, sheet, document):
        columns = self._get_sheet_columns(document)
        self._write_title(sheet, document)
        sheet.add_row()
        head = sheet.row
        for number, column in enumerate(columns):
            self._write_head(sheet, number, column)
        sheet.sheet.freeze_panes(head + 1, 2)
        texts = Texts(self.env, document)
        last = head
        for row, customer in self._iter_sheet_rows(document):
            sheet.add_row(level=0 if row["type"] in ("customer", "total") else 1)
            self._write_row(sheet, texts, columns, row, customer)
            last = sheet.row if row["type"] != "total" else last
        sheet.sheet.autofilter(head, 0, max(last, head), len(columns) - 1)
        self._set_up_print(sheet, document, head)

    @api.model
    def _iter_sheet_rows(self, document):
        """Yield (row, name of its customer); totals come last and have none."""
        for customer, rows in document["rows"]:
            ageing = next((row["ageing"] for row in rows if "ageing" in row), [])
            values = {f"_age_{n}": age["value"] for n, age in enumerate(ageing)}
            values = {**customer["values"], **values}
            yield {**customer, "values": values}, customer["name"]
            for row in rows:
                if row["type"] != "ageing":
                    yield row, customer["name"]
        for row in document["totals"]:
            yield row, None

    @api.model
    def _get_sheet_columns(self, document):
        """Return the columns: customer, number, currency and those of the report."""
        columns = [
            {"name": "_customer", "label": document["who"], "type": "text"},
            {"name": "_name", "label": self.env._("Number"), "type": "text"},
        ]
        shown = self._get_document_columns(document)
        currencies = {row["currency_id"] for row in document["totals"]}
        if currencies - {document["company_currency_id"]}:
            label = self.env._("Currency")
            columns.append({"name": "_currency", "label": label, "type": "text"})
        if any(column.get("currency") == "line" for column in shown):
            label = self.env._("Currency of the Document")
            shown.append({"name": "_line_currency", "label": label, "type": "text"})
        return [*columns, *shown, *self._get_ageing_columns(document)]

    @api.model
    def _get_ageing_columns(self, document):
        """Return columns for the ageing that stands below a customer on the screen."""
        options = document["options"]
        if options["variant"] != "customer_statement" or not options["unfold"]:
            return []
        aged = self.env["account.followup.report.aged_receivable"]
        labels = aged._get_bucket_labels({**options, "age_by": "due_date"})
        return [
            {
                "name": f"_age_{number}",
                "label": self.env._("Open: %s", label),
                "type": "amount",
            }
            for number, (_name, label) in enumerate(labels)
        ]

    @api.model
    def _write_title(self, sheet, document):
        sheet.add_row()
        sheet.write_text(0, document["title"], "title")
        sheet.add_row()
        sheet.write_text(0, document["company_name"])
        sheet.add_row()
        sheet.write_text(0, document["subtitle"])
        for label, text in self._get_filters(document):
            sheet.add_row()
            sheet.write_text(0, label)
            sheet.write_text(1, text)
        sheet.add_row()

    @api.model
    def _write_head(self, sheet, number, column):
        is_number = column["type"] in ("amount", "integer")
        style = "label_number" if is_number else "label"
        sheet.write_text(number, column["label"], style)
        width = {"_customer": 32, "_name": 24}.get(column["name"])
        width = width or WIDTHS[column["type"]]
        sheet.sheet.set_column(number, number, width)

    @api.model
    def _write_row(self, sheet, texts, columns, row, customer):
        style = row["type"]
        values = {**row["values"], **self._get_sheet_texts(texts, row, customer)}
        for number, column in enumerate(columns):
            value = values.get(column["name"])
            kind = column["type"]
            if value is None or value == "":
                sheet.write_blank(number, style)
            elif kind == "amount":
                number_format = texts.get_number_format(row, column)
                sheet.write_number(number, value, number_format, style)
            elif kind == "integer":
                is_late = self._is_late(row, column)
                sheet.write_number(number, value, "0", style, is_late)
            elif kind == "date":
                is_late = self._is_late(row, column)
                sheet.write_date(number, value, style, is_late)
            else:
                sheet.write_text(number, value, style)

    @api.model
    def _get_sheet_texts(self, texts, row, customer):
        is_head = row["type"] in ("customer", "total")
        has_other = row["values"].get("amount_currency") is not None
        line_currency_id = has_other and row["line_currency_id"]
        return {
            "_customer": row["name"] if is_head else customer,
            "_name": "" if is_head else self._get_document_name(row),
            "_currency": texts.get_currency_name(row["currency_id"]),
            "_line_currency": texts.get_currency_name(line_currency_id),
        }

    @api.model
    def _get_sheet_date_format(self):
        """Return the date format of the user's language in the words of a sheet."""
        text = get_lang(self.env).date_format
        for part in sorted(DATE_PARTS, key=len, reverse=True):
            text = text.replace(part, DATE_PARTS[part])
        return "yyyy-mm-dd" if "%" in text else text

    @api.model
    def _set_up_print(self, sheet, document, head):
        company = self.env.company.root_id.sudo()
        paper = company.paperformat_id.format
        sheet.sheet.set_landscape()
        sheet.sheet.set_paper({"A3": 8, "Letter": 1, "Legal": 5}.get(paper, 9))
        sheet.sheet.fit_to_pages(1, 0)
        sheet.sheet.repeat_rows(head)
        sheet.sheet.outline_settings(symbols_below=False)
        title = f"{document['company_name']}: {document['title']}"
        sheet.sheet.set_header(f"&L{self._escape_print_text(title)}")
        # the places are filled in by whatever prints the sheet
        pages = self.env._("Page %(page)s of %(pages)s", page="&P", pages="&N")
        sheet.sheet.set_footer(f"&R{pages}")

    @api.model
    def _escape_print_text(self, text):
        """Return a text in which ``&`` is no command; 255 characters are allowed."""
        return text[:100].replace("&", "&&")

"""Reports as XLSX (F7), streamed: memory does not grow with the rows."""

import io

from odoo.exceptions import UserError
from odoo.tools.misc import get_lang

from ...tools.xlsx_sheet import Sheet
from .aged import Buckets
from .columns import make_column
from .document import Document
from .texts import Texts

#: Characters of a column.
WIDTHS = {"text": 18, "date": 12, "integer": 9, "amount": 16}
WIDE = {"_customer": 32, "_name": 24}


class SheetWriter:
    """A report as a sheet.

    Title and filters, a head that stays, customers with their lines one level below,
    totals. A line repeats its customer and each row says its kind, so that filters and
    pivot tables find them and count nothing twice.
    """

    def __init__(self, report, head):
        """:param dict head: of ``_get_document``"""
        self.report = report
        self.env = report.env
        self.head = head
        self.document = Document(report, head)

    def render(self):
        """Return (file name, content).

        :raise UserError: there are more rows than a sheet can have
        """
        lang = get_lang(self.env)
        direction = self.env["account.followup.body"]._get_direction(lang.code)
        with io.BytesIO() as stream:
            title, is_rtl = self.head["title"], direction == "rtl"
            sheet = Sheet(stream, title, is_rtl, lang.date_format)
            try:
                self._write(sheet)
            except OverflowError:
                raise UserError(
                    self.env._(
                        "The report has more rows than a sheet can have. Choose a "
                        "shorter period or fewer customers."
                    )
                ) from None
            finally:
                sheet.book.close()
            return self.document.get_file_name("xlsx"), stream.getvalue()

    def _write(self, sheet):
        columns = self._get_columns()
        self._write_title(sheet)
        sheet.add_row()
        head = sheet.row
        for number, column in enumerate(columns):
            self._write_head(sheet, number, column)
        sheet.sheet.freeze_panes(head + 1, 2)
        texts, kinds = Texts(self.env, self.head), self._get_kinds()
        last = head
        for row, customer in self._iter_rows():
            sheet.add_row(level=0 if row["type"] in ("customer", "total") else 1)
            more = self._get_texts(texts, kinds, row, customer)
            self._write_row(sheet, texts, columns, row, {**row["values"], **more})
            last = sheet.row if row["type"] != "total" else last
        sheet.sheet.autofilter(head, 0, max(last, head), len(columns) - 1)
        title = f"{self.head['company_name']}: {self.head['title']}"
        pages = self.env._("Page %(page)s of %(pages)s", page="&P", pages="&N")
        paper = self.env.company.root_id.sudo().paperformat_id.format
        sheet.set_up_print(head, paper, title, pages)

    def _iter_rows(self):
        """Yield (row, name of its customer); totals come last and have none."""
        for customer, rows in self.head["rows"]:
            ageing = next((row["ageing"] for row in rows if "ageing" in row), [])
            values = {f"_age_{n}": age["value"] for n, age in enumerate(ageing)}
            values = {**customer["values"], **values}
            yield {**customer, "values": values}, customer["name"]
            for row in rows:
                if row["type"] != "ageing":
                    yield row, customer["name"]
        for row in self.head["totals"]:
            yield row, None

    # ------------------------------------------------------------------
    # Columns
    # ------------------------------------------------------------------

    def _get_columns(self):
        """Return the columns: customer, number, kind and those of the report."""
        columns = [
            make_column("text", "_customer", self.head["who"]),
            make_column("text", "_name", self.env._("Number")),
            make_column("text", "_kind", self.env._("Kind of Row")),
        ]
        shown = self.document.get_columns()
        if self.document.has_currencies():
            columns.append(make_column("text", "_currency", self.env._("Currency")))
        if any(column.get("currency") == "line" for column in shown):
            label = self.env._("Currency of the Document")
            shown.append(make_column("text", "_line_currency", label))
        return [*columns, *shown, *self._get_ageing_columns()]

    def _get_ageing_columns(self):
        """Return columns for the ageing that stands below a customer on the screen."""
        if "letter" not in self.head["features"] or not self.head["options"]["unfold"]:
            return []
        labels = Buckets(self.env).get_labels().values()
        return [
            make_column("amount", f"_age_{number}", self.env._("Open: %s", label))
            for number, label in enumerate(labels)
        ]

    def _get_kinds(self):
        """Return {type of a row: its name}."""
        return {
            "customer": self.head["who"],
            "section": self.env._("Subtotal"),
            "opening": self.env._("Opening Balance"),
            "line": self.env._("Item"),
            "closing": self.env._("Closing Balance"),
            "total": self.env._("Total"),
        }

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------

    def _write_title(self, sheet):
        sheet.add_row()
        sheet.write_text(0, self.head["title"], "title")
        sheet.add_row()
        sheet.write_text(0, self.head["company_name"])
        sheet.add_row()
        sheet.write_text(0, self.head["subtitle"])
        for label, text in self.document.get_filters():
            sheet.add_row()
            sheet.write_text(0, label)
            sheet.write_text(1, text)
        sheet.add_row()

    def _write_head(self, sheet, number, column):
        is_number = column["type"] in ("amount", "integer")
        style = "label_number" if is_number else "label"
        sheet.write_text(number, column["label"], style)
        width = WIDE.get(column["name"]) or WIDTHS[column["type"]]
        sheet.sheet.set_column(number, number, width)

    def _write_row(self, sheet, texts, columns, row, values):
        style = row["type"]
        for number, column in enumerate(columns):
            value = values.get(column["name"])
            kind = column["type"]
            if value is None or value == "":
                sheet.write_blank(number, style)
            elif kind == "amount":
                number_format = texts.get_number_format(row, column)
                sheet.write_number(number, value, number_format, style)
            elif kind == "integer":
                is_late = self.document.is_late(row, column)
                sheet.write_number(number, value, "0", style, is_late)
            elif kind == "date":
                is_late = self.document.is_late(row, column)
                sheet.write_date(number, value, style, is_late)
            else:
                sheet.write_text(number, value, style)

    def _get_texts(self, texts, kinds, row, customer):
        is_head = row["type"] in ("customer", "total")
        has_other = row["values"].get("amount_currency") is not None
        line_currency_id = has_other and row["line_currency_id"]
        return {
            "_customer": row["name"] if is_head else customer,
            "_name": "" if is_head else self.document.get_row_name(row),
            "_kind": kinds.get(row["type"], ""),
            "_currency": texts.get_currency_name(row["currency_id"]),
            "_line_currency": texts.get_currency_name(line_currency_id),
        }

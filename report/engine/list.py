"""Reports as PDF (F7): lists for accountants."""

from odoo.tools import split_every
from odoo.tools.misc import get_lang

from ...tools import table_widths
from .document import Document
from .pdf import CALL_SIZE, PIECE_SIZE, Printer, make_head, make_row, measure_rows
from .texts import Texts

#: Width of a table on paper across, in pixels, and the letters that are tried.
LIST_WIDTH = 1000
LIST_SIZES = (10, 9, 8, 7, 6.5, 6)

LIST = "account_payment_followup.report_customer_list"


def find_least(columns):
    """Return the place of the comparison in the middle, None where there is none."""
    compared = [
        number
        for number, column in enumerate(columns)
        if str(column["name"]).startswith("compare_")
    ]
    return compared[len(compared) // 2] if compared else None


class Pages(dict):
    """A part of a list to print.

    A class of its own, so that a template's values can tell what was made here from
    what somebody wrote into the address of a page.
    """


class ListPrinter(Printer):
    """A list in the user's language."""

    def render(self, options):
        """Return (file name, PDF)."""
        head = self.report._get_document(options)
        self.check_size(head["row_count"])
        document = Document(self.report, head)
        columns = document.get_columns()
        columns.insert(0, {"name": None, "label": head["who"], "type": "name"})
        # all of them, since the longest text decides how wide a column is
        rows = list(self._iter_rows(document, columns))
        columns, rows, size, widths, left_out = self._fit(columns, rows)
        lang = get_lang(self.env).code
        pages = {
            "direction": self.env["account.followup.body"]._get_direction(lang),
            "title": head["title"],
            "subtitle": head["subtitle"],
            "filters": document.get_filters() + left_out,
            "company": self.env.company.root_id.sudo(),
        }
        table = {"head": make_head(columns), "widths": widths, "size": size}
        return document.get_file_name("pdf"), self._print(pages, table, rows)

    def _print(self, pages, table, rows):
        """Return the PDF of all rows, as many in one call as it can make."""
        contents, frame = [], None
        for part in split_every(CALL_SIZE, rows, list):
            pieces = list(split_every(PIECE_SIZE, part, list))
            piece = Pages(
                pages, table={**table, "pieces": pieces}, is_first=not contents
            )
            content, made = self.print_html(
                LIST,
                {"pages": piece},
                with_frame=not frame,
                landscape=True,
                specific_paperformat_args={"data-report-margin-bottom": 14},
            )
            contents.append(content)
            frame = frame or made
        return self.merge(contents, frame)

    def _fit(self, columns, rows):
        """Return columns, rows, size of the letters, widths, and what is left out.

        Where all amounts do not fit on the paper, comparisons in the middle are left
        out: what is printed over each other nobody can read.
        """
        left_out, columns = [], list(columns)
        measured = measure_rows(columns, rows)
        size, widths = table_widths.fit(measured, LIST_WIDTH, LIST_SIZES)
        while not size:
            number = find_least(columns)
            if number is None:
                break
            left_out.append(columns.pop(number)["label"])
            measured.pop(number)
            for row in rows:
                row["cells"].pop(number)
            size, widths = table_widths.fit(measured, LIST_WIDTH, LIST_SIZES)
        note = self._get_note(left_out)
        return columns, rows, size or LIST_SIZES[-1], widths, note

    def _get_note(self, left_out):
        """Return what is said among the filters of columns that are not printed."""
        if not left_out:
            return []
        text = ", ".join(left_out)
        if len(left_out) > 5:
            text = self.env._("%s comparisons; the XLSX has them", len(left_out))
        return [(self.env._("Not Printed"), text)]

    def _iter_rows(self, document, columns):
        """Yield the rows of a list for the template."""
        texts = Texts(self.env, document.head)
        is_empty = True
        for customer, rows in document.head["rows"]:
            is_empty = False
            suffix = document.get_currency_suffix(customer)
            name = f"{customer['name']} ({suffix})" if suffix else customer["name"]
            yield make_row(document, texts, columns, {**customer, "name": name})
            for row in rows:
                yield make_row(document, texts, columns, row)
        if is_empty:
            name = self.env._("Nothing matches these filters.")
            builder = self.report._get_rows(document.options)
            row = builder.make("empty", "empty", name, False, {})
            yield make_row(document, texts, columns, row)
        for total in document.head["totals"]:
            yield make_row(document, texts, columns, total)

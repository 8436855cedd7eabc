from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import split_every
from odoo.tools.misc import get_lang

from ..tools import table_widths
from .account_followup_report_document import Texts
from .account_followup_report_pdf import CALL_SIZE, PIECE_SIZE

#: Width of a table on paper across, in pixels, and the letters that are tried.
LIST_WIDTH = 1000
LIST_SIZES = (10, 9, 8, 7, 6.5, 6)

LIST = "account_payment_followup.report_customer_list"


class Pages(dict):
    """A part of a list to print.

    A class of its own, so that a template's values can tell what was made here from
    what somebody wrote into the address of a page.
    """


class AccountFollowupReport(models.AbstractModel):
    """Reports as PDF (F7): lists for accountants."""

    _inherit = "account.followup.report"

    @api.model
    def _render_list(self, options):
        """Return (file name, PDF) of a list in the user's language."""
        document = self._get_document(options)
        self._check_print_size(document["row_count"])
        columns = self._get_document_columns(document)
        texts = Texts(self.env, document)
        columns.insert(0, {"name": None, "label": document["who"], "type": "name"})
        # all of them, since the longest text decides how wide a column is
        rows = list(self._iter_print_rows(texts, columns, document))
        columns, rows, size, widths, left_out = self._fit_list(columns, rows)
        lang = get_lang(self.env).code
        pages = {
            "direction": self.env["account.followup.send"]._get_direction(lang),
            "title": document["title"],
            "subtitle": document["subtitle"],
            "filters": self._get_filters(document) + left_out,
            "company": self.env.company.root_id.sudo(),
            "is_first": True,
        }
        table = {"head": self._make_head(columns), "widths": widths, "size": size}
        contents, frame = [], None
        for part in split_every(CALL_SIZE, rows, list):
            pieces = list(split_every(PIECE_SIZE, part, list))
            pages["table"] = {**table, "pieces": pieces}
            content, made = self._print_list(Pages(pages), with_frame=not frame)
            contents.append(content)
            frame = frame or made
            pages["is_first"] = False
        name = self._get_file_name(document, "pdf")
        return name, self._merge(contents, frame)

    @api.model
    def _fit_list(self, columns, rows):
        """Return columns, rows, size of the letters, widths, and what is left out.

        Where all amounts do not fit on the paper, comparisons in the middle are left
        out: what is printed over each other nobody can read.
        """
        left_out, columns = [], list(columns)
        measured = self._measure_rows(columns, rows)
        size, widths = table_widths.fit(measured, LIST_WIDTH, LIST_SIZES)
        while not size:
            compared = [
                number
                for number, column in enumerate(columns)
                if str(column["name"]).startswith("compare_")
            ]
            if not compared:
                break
            number = compared[len(compared) // 2]
            left_out.append(columns.pop(number)["label"])
            measured.pop(number)
            for row in rows:
                row["cells"].pop(number)
            size, widths = table_widths.fit(measured, LIST_WIDTH, LIST_SIZES)
        note = (
            [(self.env._("Not Printed"), ", ".join(left_out[:5]))] if left_out else []
        )
        if len(left_out) > 5:
            text = self.env._("%s comparisons; the XLSX has them", len(left_out))
            note = [(self.env._("Not Printed"), text)]
        return columns, rows, size or LIST_SIZES[-1], widths, note

    @api.model
    def _iter_print_rows(self, texts, columns, document):
        """Yield the rows of a list for the template."""
        is_empty = True
        for customer, rows in document["rows"]:
            is_empty = False
            suffix = self._get_currency_suffix(document, customer)
            name = f"{customer['name']} ({suffix})" if suffix else customer["name"]
            yield self._make_print_row(texts, columns, {**customer, "name": name})
            for row in rows:
                yield self._make_print_row(texts, columns, row)
        if is_empty:
            name = self.env._("Nothing matches these filters.")
            row = self._make_row("empty", "empty", name, False, {})
            yield self._make_print_row(texts, columns, row)
        for total in document["totals"]:
            yield self._make_print_row(texts, columns, total)

    @api.model
    def _print_list(self, pages, with_frame):
        """Return what ``_print_html`` does, of a part of a list."""
        return self._print_html(
            LIST,
            {"pages": pages},
            with_frame,
            landscape=True,
            specific_paperformat_args={"data-report-margin-bottom": 14},
        )


class ReportCustomerList(models.AbstractModel):
    """Lists (template ``report_customer_list``)."""

    _name = "report.account_payment_followup.report_customer_list"
    _description = "Customer List"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the part of a list to print, which only ``_render_list`` makes.

        :raise AccessError: the user may not read the accounts, or somebody came by
            the address of the page
        """
        self.env["account.followup.report"]._check_report_access()
        pages = (data or {}).get("pages")
        if not isinstance(pages, Pages):
            raise AccessError(
                self.env._("Open the report from the menu and print it from there.")
            )
        return dict(pages)

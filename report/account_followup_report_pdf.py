import io

from lxml import html

from odoo import api, models, modules
from odoo.exceptions import UserError
from odoo.tools import config
from odoo.tools.misc import clean_context
from odoo.tools.pdf import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    PdfFileReader,
    PdfFileWriter,
)

from .account_followup_report_document import shorten

#: Rows of a table (wkhtmltopdf gets slow with long ones) and of one call of it: with
#: 20,000 rows it takes gigabytes and breaks.
PIECE_SIZE = 300
CALL_SIZE = 1800
#: Rows that are printed while somebody waits: about a minute's work, half of what
#: Odoo gives a request. A letter takes as long as so many rows.
PRINT_LIMIT = 30_000
LETTER_ROWS = 200
#: Characters of "Page / " in the footer, in any language.
MAX_LABEL = 20


class AccountFollowupReport(models.AbstractModel):
    """Reports as PDF (F7): what letters to customers and lists have in common."""

    _inherit = "account.followup.report"

    @api.model
    def _render_pdf(self, options):
        """Return (file name, PDF) of a report.

        The customer statement is a letter to each customer, the others are lists.

        :param dict options: see ``_normalize_options``; ``unfold`` is for lists
        :raise AccessError: the user may not read the accounts
        :raise UserError: an option makes no sense, or there is nobody to write to
        """
        report = self._get_variant(options)
        if report._get_name() == "customer_statement":
            return report._render_letters(options or {})
        return report._render_list(options or {})

    @api.model
    def _check_print_size(self, rows):
        """Refuse what Odoo would stop in the middle; XLSX has no such limit.

        The system parameter ``account_payment_followup.print_limit`` is for servers
        that give a request more time; 0 is no limit.

        :param int rows: that are to be printed
        :raise UserError: they are too many
        """
        parameters = self.env["ir.config_parameter"].sudo()
        name = "account_payment_followup.print_limit"
        limit = int(parameters.get_param(name, PRINT_LIMIT))
        if limit and rows > limit:
            raise UserError(
                self.env._(
                    "The PDF would take too long: it has the work of %(rows)s rows, "
                    "and %(limit)s are the limit. Choose fewer customers, take the "
                    "XLSX, or let Send Statements print in the background.",
                    rows=rows,
                    limit=limit,
                )
            )

    @api.model
    def _make_head(self, columns):
        return [(self._get_style(column), column["label"]) for column in columns]

    @api.model
    def _get_style(self, column):
        kinds = {"amount": "o_number", "integer": "o_number", "date": "o_date"}
        return kinds.get(column["type"], "o_text")

    @api.model
    def _make_print_row(self, texts, columns, row):
        """Return a row for the templates: its style and its cells (style, text)."""
        cells = []
        for column in columns:
            style = self._get_style(column)
            if column["name"] is None:
                style += " o_code" if row["type"] == "line" else ""
                cells.append((style, shorten(self._get_document_name(row))))
                continue
            if self._is_late(row, column):
                style += " o_late"
            cells.append((style, texts.get_paper_text(row, column)))
        return {"style": f"o_{row['type']}", "cells": cells}

    @api.model
    def _print_html(self, report_name, data, with_frame=False, **arguments):
        """Return (PDF of a template, PDF of its header and footer or None).

        wkhtmltopdf makes header and footer anew for each page, which takes four times
        as long as all the rest. So they are made once and put on the pages later.

        :param dict data: for the values of the report
        :param with_frame: make header and footer, too
        :param arguments: for wkhtmltopdf, see core
        """
        report = self.env["ir.actions.report"].with_context(
            **clean_context(self.env.context), debug=False
        )
        record = report._get_report(report_name).with_env(report.env)
        content, _kind = report._render_qweb_html(
            report_name, [], data={**data, "report_type": "pdf"}
        )
        if self._is_html_only():
            return content, None
        bodies, _ids, header, footer, args = record._prepare_html(content)
        arguments["report_ref"] = report_name
        arguments["specific_paperformat_args"] = {
            **args,
            **arguments.get("specific_paperformat_args", {}),
        }
        frame = with_frame and report._run_wkhtmltopdf(
            [self._drop_content(bodies[0])],
            header=header,
            footer=self._drop_page_numbers(footer),
            **arguments,
        )
        return report._run_wkhtmltopdf(bodies, **arguments), frame or None

    @api.model
    def _drop_content(self, body):
        """Return a page on which nothing is seen; an empty one has no header."""
        root = html.document_fromstring(str(body))
        for node in root.find_class("article"):
            node.clear()
            node.text = "\N{NO-BREAK SPACE}"
        return html.tostring(root, encoding="unicode", doctype="<!DOCTYPE html>")

    @api.model
    def _drop_page_numbers(self, footer):
        """Return a footer without page numbers, which begin anew in each call."""
        root = html.document_fromstring(str(footer))
        for name in ("topage", "page"):
            for node in root.find_class(name):
                # "Page 1 / 2" is all that is in it, in each letterhead of core
                parent = node.getparent()
                is_all = len(parent.text_content().strip()) < MAX_LABEL
                (parent if is_all else node).drop_tree()
        return html.tostring(root, encoding="unicode", doctype="<!DOCTYPE html>")

    @api.model
    def _is_html_only(self):
        """Return whether core makes a page instead of a PDF, as it does in tests."""
        is_test = modules.module.current_test or config["test_enable"]
        return is_test and not self.env.context.get("force_report_rendering")

    @api.model
    def _merge(self, contents, frame=None):
        """Return one PDF of some.

        :param frame: PDF of header and footer, which are put on each page, with page
            numbers in the lower right corner
        """
        if self._is_html_only():
            return b"".join(contents)
        writer = PdfFileWriter()
        for content in contents:
            for page in PdfFileReader(io.BytesIO(content), strict=False).pages:
                writer.addPage(page)
        if frame:
            self._put_frame(writer, frame)
        with io.BytesIO() as stream:
            writer.write(stream)
            return stream.getvalue()

    @api.model
    def _put_frame(self, writer, frame):
        """Draw header and footer on each page, and number the pages.

        What is there is put between ``q`` and ``Q``: it may have changed the scale.
        """
        form = self._make_form(writer, frame)
        font = writer._addObject(self._make_font())
        before = writer._addObject(self._make_stream("q\n"))
        count = writer.getNumPages()
        for number in range(count):
            page, text = writer.getPage(number), f"{number + 1} / {count}"
            self._add_resource(page, "/XObject", "/FollowupFrame", form)
            self._add_resource(page, "/Font", "/FollowupFont", font)
            x = float(page["/MediaBox"][2]) - 36 - 4.5 * len(text)
            after = self._make_stream(
                "\nQ q /FollowupFrame Do Q q BT /FollowupFont 8 Tf "
                f"{x:.1f} 18 Td ({text}) Tj ET Q"
            )
            contents = page["/Contents"]
            parts = contents if isinstance(contents, ArrayObject) else None
            parts = parts or [page.raw_get(NameObject("/Contents"))]
            page[NameObject("/Contents")] = ArrayObject(
                [before, *parts, writer._addObject(after)]
            )

    @api.model
    def _make_stream(self, text):
        stream = DecodedStreamObject()
        stream.setData(text.encode())
        return stream

    @api.model
    def _make_form(self, writer, frame):
        """Return a page as something that can be drawn on other pages, kept once."""
        page = PdfFileReader(io.BytesIO(frame), strict=False).pages[0]
        form = self._make_stream("")
        form.setData(page["/Contents"].getObject().getData())
        form[NameObject("/Type")] = NameObject("/XObject")
        form[NameObject("/Subtype")] = NameObject("/Form")
        form[NameObject("/BBox")] = page["/MediaBox"]
        resources = page["/Resources"].getObject()
        if hasattr(resources, "clone"):  # recent versions copy it by themselves
            resources = resources.clone(writer)
        form[NameObject("/Resources")] = resources
        return writer._addObject(form)

    @api.model
    def _add_resource(self, page, kind, name, value):
        resources = page["/Resources"].getObject()
        if kind not in resources:
            resources[NameObject(kind)] = DictionaryObject()
        resources[kind].getObject()[NameObject(name)] = value

    @api.model
    def _make_font(self):
        return DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )

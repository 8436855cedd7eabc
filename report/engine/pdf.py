"""Reports as PDF (F7): what letters to customers and lists have in common."""

from lxml import html

from odoo import modules
from odoo.exceptions import UserError
from odoo.tools import config
from odoo.tools.misc import clean_context

from ...tools import pdf_frame, table_widths
from .texts import shorten

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

STYLES = {"amount": "o_number", "integer": "o_number", "date": "o_date"}


def measure_rows(columns, rows):
    """Return how wide the columns of a table must be.

    :param rows: of ``make_row``, all rows of the table
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


def make_head(columns):
    """Return the head of a table for the templates."""
    return [(_get_style(column), column["label"]) for column in columns]


def make_row(document, texts, columns, row):
    """Return a row for the templates: its style and its cells (style, text)."""
    cells = []
    for column in columns:
        style = _get_style(column)
        if column["name"] is None:
            style += " o_code" if row["type"] == "line" else ""
            cells.append((style, shorten(document.get_row_name(row))))
            continue
        if document.is_late(row, column):
            style += " o_late"
        cells.append((style, texts.get_paper_text(row, column)))
    return {"style": f"o_{row['type']}", "cells": cells}


def _get_style(column):
    return STYLES.get(column["type"], "o_text")


class Printer:
    """What makes PDFs of a report."""

    def __init__(self, report):
        self.report = report
        self.env = report.env

    def check_size(self, rows):
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

    def print_html(self, report_name, data, with_frame=False, **arguments):
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

    def merge(self, contents, frame=None):
        """Return one PDF of some, see ``tools.pdf_frame``."""
        if self._is_html_only():
            return b"".join(contents)
        return pdf_frame.merge(contents, frame)

    def _is_html_only(self):
        """Return whether core makes a page instead of a PDF, as it does in tests."""
        is_test = modules.module.current_test or config["test_enable"]
        return is_test and not self.env.context.get("force_report_rendering")

    def _drop_content(self, body):
        """Return a page on which nothing is seen; an empty one has no header."""
        root = html.document_fromstring(str(body))
        for node in root.find_class("article"):
            node.clear()
            node.text = "\N{NO-BREAK SPACE}"
        return html.tostring(root, encoding="unicode", doctype="<!DOCTYPE html>")

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

import io

from odoo import api, models, modules
from odoo.exceptions import AccessError, UserError
from odoo.tools import config, split_every
from odoo.tools.misc import clean_context, get_lang
from odoo.tools.pdf import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    PdfFileReader,
    PdfFileWriter,
)

from odoo.addons.base.models.ir_actions_report import _wkhtml

from .account_followup_reminder_report import EDGE_LAYOUTS
from .account_followup_report_document import Texts

#: Statements that one call of wkhtmltopdf makes; many more have been seen to break it.
STATEMENTS_SIZE = 10
#: Rows of a table (wkhtmltopdf gets slow with long ones), rows of a list in one call.
PIECE_SIZE = 300
CALL_SIZE = 3000

STATEMENT = "account_payment_followup.report_customer_statement"
LIST = "account_payment_followup.report_customer_list"


class Statements(dict):
    """Statements to print, ``{customer's id: document}``.

    A class of its own, so that a template's values can tell what was made here from
    what somebody wrote into the address of a page.
    """


class Pages(dict):
    """A part of a list to print, see ``Statements`` for the reason."""


class AccountFollowupReport(models.AbstractModel):
    """Reports as PDF (F7): a letter to each customer, or a list for accountants."""

    _inherit = "account.followup.report"

    # ------------------------------------------------------------------
    # Services
    # ------------------------------------------------------------------

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
    def _render_statements(self, partners, options=None):
        """Return {customer: (file name, PDF)}, a statement for each of some customers.

        Each is in the language of its customer. One without postings and balance
        gets a statement that says so. For many customers use ``_iter_statements``.

        :param partners: customers; contacts stand for their customer
        :param dict options: see ``_normalize_options``
        :raise AccessError: the user may not read the accounts or a customer
        """
        return {
            partner: (name, content)
            for partner, name, content in self._iter_statements(partners, options)
        }

    @api.model
    def _iter_statements(self, partners, options=None):
        """Yield (customer, file name, PDF); one call of the binary makes several."""
        self._check_report_access()
        partners = partners.commercial_partner_id
        partners.check_access("read")
        size = STATEMENTS_SIZE if _wkhtml().is_patched_qt else 1
        for ids in split_every(size, partners.ids):
            batch = partners.browse(ids)
            statements = self._make_statements(batch, options or {})
            contents = self._print_statements(statements)
            for partner in batch:
                yield partner, statements[partner.id]["file_name"], contents[partner.id]

    # ------------------------------------------------------------------
    # Statements
    # ------------------------------------------------------------------

    @api.model
    def _render_letters(self, options):
        """Return (file name, PDF) of the statements of all customers of a report.

        Postings without a customer are not in it: there is nobody to write to.
        """
        chosen = self._normalize_options(options)
        columns = self._get_columns(chosen)
        rows, _totals, _count = self._get_customers(chosen, columns, 0, None)
        ids = list(dict.fromkeys(row["partner_id"] for row in rows))
        partners = self.env["res.partner"].browse(
            [id_ for id_ in ids if id_] or chosen["partner_ids"]
        )
        if not partners:
            raise UserError(
                self.env._(
                    "No customer has postings or a balance with these filters. Choose "
                    "a longer period or other customers."
                )
            )
        found = list(self._iter_statements(partners, options))
        if len(found) == 1:
            return found[0][1:]
        head = self._get_head(chosen, columns)
        name = self._get_file_name(head, "pdf")
        return name, self._merge([content for _partner, _name, content in found])

    @api.model
    def _make_statements(self, partners, options):
        """Return the statements of some customers, each in the customer's language."""
        service = self.env["account.followup.send"]
        statements = Statements()
        for lang, group in partners.sudo().grouped(service._get_lang).items():
            report = self.with_context(lang=lang)
            document = report._get_document(
                {**options, "variant": "customer_statement", "partner_ids": group.ids}
            )
            columns = report._get_statement_columns(document)
            texts = Texts(report.env, document)
            for partner in group:
                statements[partner.id] = report._make_statement(partner, document)
            for customer, rows in document["rows"]:
                table = report._make_table(texts, columns, customer, rows)
                statements[customer["partner_id"]]["tables"].append(table)
        return statements

    @api.model
    def _make_statement(self, partner, document):
        """Return a statement without its tables, for the template."""
        service = self.env["account.followup.send"]
        lang = self.env.context["lang"]
        name = self._get_file_name(document, "pdf", partner)
        return {
            "lang": lang,
            "direction": service._get_direction(lang),
            "recipient": service._get_recipients(partner)[:1].sudo(),
            "title": document["title"],
            "subtitle": document["subtitle"],
            "file_name": name,
            "tables": [],
        }

    @api.model
    def _get_statement_columns(self, document):
        """Return the columns that are a customer's business: not the company's sums.

        The date is the first one, as in any account.
        """
        columns = [
            column
            for column in self._get_document_columns(document)
            if column.get("currency") != "company"
        ]
        name = {"name": None, "label": self.env._("Number"), "type": "name"}
        columns.insert(1 if columns[0]["type"] == "date" else 0, name)
        return columns

    @api.model
    def _make_table(self, texts, columns, customer, rows):
        """Return the table of one currency of a statement."""
        currency = self.env["res.currency"].browse(customer["currency_id"])
        ageing = next((row["ageing"] for row in rows if row["type"] == "ageing"), [])
        body = [
            self._make_print_row(texts, columns, row)
            for row in rows
            if row["type"] != "ageing"
        ]
        return {
            "currency": currency.name,
            "balance": texts.get_amount(customer["values"]["balance"], currency),
            "head": self._make_head(columns),
            "widths": self._get_widths(texts, columns, [customer]),
            "pieces": list(split_every(PIECE_SIZE, body, list)),
            "ageing": [
                (bucket["label"], texts.get_amount(bucket["value"], currency))
                for bucket in ageing
            ],
        }

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
                cells.append((style, self._get_document_name(row)))
                continue
            if column["name"] == "due_date" and "overdue" in row["flags"]:
                style += " o_late"
            cells.append((style, texts.get_text(row, column)))
        return {"style": f"o_{row['type']}", "cells": cells}

    @api.model
    def _print_statements(self, statements):
        """Return {customer's id: PDF}."""
        report = self.env["ir.actions.report"].with_context(
            clean_context(self.env.context)
        )
        ids = list(statements)
        content, kind = report._pre_render_qweb_pdf(
            STATEMENT, ids, data={"statements": statements}
        )
        found = report._get_splitted_report(STATEMENT, content, kind)
        if set(ids) <= set(found):
            return found
        if len(ids) == 1:
            return dict.fromkeys(ids, next(iter(found.values())))
        contents = {}
        for id_ in ids:  # they could not be told apart
            contents |= self._print_statements(Statements({id_: statements[id_]}))
        return contents

    # ------------------------------------------------------------------
    # Lists
    # ------------------------------------------------------------------

    @api.model
    def _render_list(self, options):
        """Return (file name, PDF) of a list in the user's language."""
        document = self._get_document(options)
        columns = self._get_document_columns(document)
        texts = Texts(self.env, document)
        label = self.env._("Customer")
        columns.insert(0, {"name": None, "label": label, "type": "name"})
        widths = self._get_widths(texts, columns, document["totals"])
        lang = get_lang(self.env).code
        pages = {
            "direction": self.env["account.followup.send"]._get_direction(lang),
            "title": document["title"],
            "subtitle": document["subtitle"],
            "filters": self._get_filters(document),
            "company": self.env.company.root_id.sudo(),
            "is_first": True,
        }
        table = {"head": self._make_head(columns), "widths": widths}
        contents = []
        rows = self._iter_print_rows(texts, columns, document)
        for part in split_every(CALL_SIZE, rows, list):
            pieces = list(split_every(PIECE_SIZE, part, list))
            pages["table"] = {**table, "pieces": pieces}
            contents.append(self._print_list(Pages(pages)))
            pages["is_first"] = False
        name = self._get_file_name(document, "pdf")
        return name, self._merge(contents, is_numbered=True)

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
    def _print_list(self, pages):
        """Return the PDF of a part of a list, without page numbers."""
        report = self.env["ir.actions.report"].with_context(
            **clean_context(self.env.context), debug=False
        )
        record = report._get_report(LIST).with_env(report.env)
        data = {"pages": pages, "report_type": "pdf"}
        content, _kind = report._render_qweb_html(LIST, [], data=data)
        if self._is_html_only():
            return content
        bodies, _ids, header, footer, args = record._prepare_html(content)
        return report._run_wkhtmltopdf(
            bodies,
            report_ref=LIST,
            header=header,
            footer=footer,
            landscape=True,
            specific_paperformat_args={**args, "data-report-margin-bottom": 14},
        )

    # ------------------------------------------------------------------
    # Pages
    # ------------------------------------------------------------------

    @api.model
    def _is_html_only(self):
        """Return whether core makes a page instead of a PDF, as it does in tests."""
        is_test = modules.module.current_test or config["test_enable"]
        return is_test and not self.env.context.get("force_report_rendering")

    @api.model
    def _merge(self, contents, is_numbered=False):
        """Return one PDF of some, with page numbers in the lower right corner.

        wkhtmltopdf would begin with 1 in each of them.
        """
        if self._is_html_only():
            return b"".join(contents)
        writer = PdfFileWriter()
        for content in contents:
            for page in PdfFileReader(io.BytesIO(content), strict=False).pages:
                writer.add_page(page)
        if is_numbered:
            count = len(writer.pages)
            for number, page in enumerate(writer.pages, start=1):
                self._write_on_page(page, f"{number} / {count}")
        with io.BytesIO() as stream:
            writer.write(stream)
            return stream.getvalue()

    @api.model
    def _write_on_page(self, page, text):
        """Write digits into the lower right corner of a page.

        What is there is put between ``q`` and ``Q``: it may have changed the scale.
        """
        fonts = page["/Resources"].setdefault(NameObject("/Font"), DictionaryObject())
        fonts.get_object()[NameObject("/FollowupFont")] = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        x = float(page.mediabox.right) - 36 - 4.5 * len(text)
        before, after = DecodedStreamObject(), DecodedStreamObject()
        before.set_data(b"q\n")
        after.set_data(
            f"\nQ q BT /FollowupFont 8 Tf {x:.1f} 18 Td ({text}) Tj ET Q".encode()
        )
        contents = page["/Contents"]
        parts = contents if isinstance(contents, ArrayObject) else [contents]
        page[NameObject("/Contents")] = ArrayObject([before, *parts, after])


class ReportCustomerStatement(models.AbstractModel):
    """Letters (template ``report_customer_statement``)."""

    _name = "report.account_payment_followup.report_customer_statement"
    _description = "Customer Statement Letter"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the statements to print.

        Nothing is used that comes from the address of a page but the ids of the
        customers, who then get the statement of the default period.

        :raise AccessError: the user may not read the accounts or a customer
        :raise UserError: there is no customer
        """
        report = self.env["account.followup.report"]
        report._check_report_access()
        partners = self.env["res.partner"].browse(docids)
        statements = (data or {}).get("statements")
        if not isinstance(statements, Statements):
            partners = partners.exists()
            partners.check_access("read")
            statements = report._make_statements(partners.commercial_partner_id, {})
        if not partners:
            raise UserError(self.env._("Choose the customers to print statements of."))
        layout = self.env.company.root_id.sudo().external_report_layout_id.key
        return {
            "doc_ids": partners.ids,
            "doc_model": partners._name,
            "docs": partners,
            "company": self.env.company.root_id.sudo(),
            "layout": layout or "web.external_layout_standard",
            "is_edge_layout": layout in EDGE_LAYOUTS,
            "statements": {
                partner: statements[partner.sudo().commercial_partner_id.id]
                for partner in partners
            },
        }


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

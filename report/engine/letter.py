"""Reports as PDF (F1, F2, F7): a letter to each customer."""

from odoo.exceptions import UserError
from odoo.tools import split_every

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ...models.account_followup_statement_process import is_stated
from ...tools import table_widths
from .document import Document
from .pdf import (
    CALL_SIZE,
    LETTER_ROWS,
    PIECE_SIZE,
    Printer,
    make_head,
    make_row,
    measure_rows,
)
from .texts import Texts

#: Width of a table in pixels, less than that of the paper of any letterhead.
LETTER_WIDTH = 640

#: Statements that one call of wkhtmltopdf makes; many more have been seen to break it.
STATEMENTS_SIZE = 10

STATEMENT = "account_payment_followup.report_customer_statement"


class Statements(dict):
    """Statements to print, ``{customer's id: document}``.

    A class of its own, so that a template's values can tell what was made here from
    what somebody wrote into the address of a page.
    """


class Letters(Printer):
    """Statements of customers, each in the language of its customer."""

    def _get_partners(self, rows, options):
        """Return the customers to write to: those of the rows, or who was chosen.

        :param rows: those that are stated
        :raise UserError: there is none
        """
        ids = dict.fromkeys(row["partner_id"] for row in rows)
        if not (ids := list(ids) or options["partner_ids"]):
            raise UserError(
                self.env._(
                    "No customer has postings or a balance with these filters. Choose "
                    "a longer period or other customers."
                )
            )
        return self.env["res.partner"].browse(ids)

    def render(self, options):
        """Return (file name, PDF) of the statements of all customers of a report.

        Postings without a customer are not in it: there is nobody to write to. Nor
        is who has nothing but a difference of rates, as when statements are sent.
        """
        report = self.report
        chosen = report._normalize_options(options)
        columns = report._get_query(chosen).columns
        rows, _totals, _count = report._get_customers(chosen, columns, 0, None)
        rows = [row for row in rows if is_stated(row)]
        partners = self._get_partners(rows, chosen)
        if len(partners) > 1:  # the statement of one customer is always printed
            lines = sum(row["line_count"] for row in rows)
            self.check_size(lines + LETTER_ROWS * len(partners))
        found = list(self.iter_statements(partners, options))
        if len(found) == 1:
            return found[0][1:]
        document = Document(report, report._get_head(chosen, columns))
        contents = [content for _partner, _name, content in found]
        return document.get_file_name("pdf"), self.merge(contents)

    def iter_statements(self, partners, options=None):
        """Yield (customer, file name, PDF); one call of the binary makes several."""
        partners = self.env["res.partner"].browse(partners.commercial_partner_id.ids)
        partners.check_access("read")
        size = STATEMENTS_SIZE if _wkhtml().is_patched_qt else 1
        for ids in split_every(size, partners.ids):
            batch = partners.browse(ids)
            statements = self.make_statements(batch, options or {})
            contents = self._print_statements(statements)
            for partner in batch:
                yield partner, statements[partner.id]["file_name"], contents[partner.id]

    # ------------------------------------------------------------------
    # What stands in them
    # ------------------------------------------------------------------

    def make_statements(self, partners, options):
        """Return the statements of some customers, each in the customer's language."""
        service = self.env["account.followup.recipients"]
        statements = Statements()
        for lang, group in partners.sudo().grouped(service._get_lang).items():
            report = self.report.with_context(lang=lang)
            fixed = {"variant": "customer_statement", "unfold": True}
            head = report._get_document({**options, **fixed, "partner_ids": group.ids})
            document = Document(report._get_variant(fixed), head)
            columns = self._get_columns(document)
            texts = Texts(report.env, head)
            for partner in group:
                statements[partner.id] = self._make_statement(document, lang, partner)
            for customer, rows in head["rows"]:
                if not is_stated(customer):
                    continue
                table = self._make_table(document, texts, columns, customer, rows)
                statements[customer["partner_id"]]["tables"].append(table)
        return statements

    def _make_statement(self, document, lang, partner):
        """Return a statement without its tables, for the template."""
        env = document.env
        return {
            "lang": lang,
            "direction": env["account.followup.body"]._get_direction(lang),
            "recipient": env["account.followup.recipients"]._get_recipients(
                partner, "print"
            )[:1],
            "title": document.head["title"],
            "subtitle": document.head["subtitle"],
            "file_name": document.get_file_name("pdf", partner),
            "is_first": True,
            "tables": [],
        }

    def _get_columns(self, document):
        """Return the columns that are a customer's business: not the company's sums.

        The date is the first one, as in any account.
        """
        columns = [
            column
            for column in document.get_columns()
            if column.get("currency") != "company"
        ]
        name = {"name": None, "label": document.env._("Number"), "type": "name"}
        columns.insert(1 if columns[0]["type"] == "date" else 0, name)
        return columns

    def _get_buckets(self, texts, rows, currency):
        """Return the ageing that stands under a table, as pairs of texts."""
        ageing = next((row["ageing"] for row in rows if row["type"] == "ageing"), [])
        return [
            (bucket["label"], texts.get_amount(bucket["value"], currency))
            for bucket in ageing
        ]

    def _make_table(self, document, texts, columns, customer, rows):
        """Return the table of one currency of a statement."""
        currency = self.env["res.currency"].browse(customer["currency_id"])
        listed = [row for row in rows if row["type"] != "ageing"]
        body = [make_row(document, texts, columns, row) for row in listed]
        size, widths = table_widths.fit(measure_rows(columns, body), LETTER_WIDTH)
        buckets = self._get_buckets(texts, rows, currency)
        return {
            "is_first": True,
            "currency": currency.name,
            "balance": texts.get_amount(customer["values"]["balance"], currency),
            "head": make_head(columns),
            "widths": widths,
            "size": size or table_widths.SIZES[-1],
            "pieces": list(split_every(PIECE_SIZE, body, list)),
            "ageing": buckets,
            "ageing_size": self._get_ageing_size(buckets),
        }

    def _get_ageing_size(self, buckets):
        """Return the size of the letters of a row of amounts."""
        columns = [table_widths.Column(label) for label, _text in buckets]
        for column, (_label, text) in zip(columns, buckets, strict=True):
            column.add(text)
        for column in columns:  # they are all as wide as the widest
            column.least = max(one.least for one in columns)
        size, _widths = table_widths.fit(columns, LETTER_WIDTH)
        return size or table_widths.SIZES[-1]

    # ------------------------------------------------------------------
    # Printing
    # ------------------------------------------------------------------

    def _print_statements(self, statements):
        """Return {customer's id: PDF}, as many in one call as it can make."""
        contents, batch, size = {}, Statements(), 0
        for id_, statement in statements.items():
            parts = self._split_statement(statement)
            if len(parts) > 1:
                contents[id_] = self._print_long_statement(id_, parts)
                continue
            rows = sum(len(t["pieces"][0]) for t in parts[0]["tables"])
            if batch and size + rows > CALL_SIZE:
                contents |= self._print_batch(batch)
                batch, size = Statements(), 0
            batch[id_] = parts[0]
            size += rows
        return contents | self._print_batch(batch)

    def _split_statement(self, statement):
        """Return the parts of a statement that one call can make: mostly one.

        Each piece of a table becomes a table.
        """
        parts, size = [[]], 0
        for table in statement["tables"]:
            last = len(table["pieces"]) - 1
            for number, piece in enumerate(table["pieces"]):
                if size and size + len(piece) > CALL_SIZE:
                    parts.append([])
                    size = 0
                size += len(piece)
                ageing = table["ageing"] if number == last else []
                only = {"pieces": [piece], "is_first": not number, "ageing": ageing}
                parts[-1].append({**table, **only})
        return [
            {**statement, "tables": tables, "is_first": not number}
            for number, tables in enumerate(parts)
        ]

    def _print_batch(self, batch):
        """Return {customer's id: PDF} of statements of some pages, in one call."""
        if not batch:
            return {}
        report = self.env["ir.actions.report"]
        content, kind = report._pre_render_qweb_pdf(
            STATEMENT, list(batch), data={"statements": batch}
        )
        found = report._get_splitted_report(STATEMENT, content, kind)
        if set(batch) <= set(found):
            return found
        if len(batch) == 1:
            return dict.fromkeys(batch, next(iter(found.values())))
        contents = {}
        for id_, statement in batch.items():  # they could not be told apart
            contents |= self._print_batch(Statements({id_: statement}))
        return contents

    def _print_long_statement(self, partner_id, parts):
        """Return the PDF of a statement that takes several calls."""
        contents, frame = [], None
        for part in parts:
            data = {"statements": Statements({partner_id: part})}
            content, made = self.print_html(STATEMENT, data, with_frame=not frame)
            contents.append(content)
            frame = frame or made
        return self.merge(contents, frame)

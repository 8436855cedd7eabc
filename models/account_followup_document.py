from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.pdf import PdfFileWriter, merge_pdf

from ..tools.names import make_file_name
from ..tools.pdf_pages import get_content, get_pages

#: Width and height of A4 in points; a printer's millimetre is no other format.
A4 = (595.28, 841.89)
TOLERANCE = 3


class AccountFollowupDocument(models.AbstractModel):
    """Files of reminders: the invoices, attached to e-mails and behind the letters.

    They belong to the reminder: who may not read it cannot open them.
    """

    _name = "account.followup.document"
    _description = "Invoices with Payment Reminders"

    @api.model
    def _get_attached_invoices(self, data):
        """Return the invoices whose PDF goes with a reminder, each once (A4)."""
        moves = self.env["account.move"]
        if data["attach_invoices"]:
            moves = moves.browse(
                dict.fromkeys(
                    row["move_id"] for row in data["rows"] if row["residual"] > 0
                )
            )
        return moves.filtered(lambda move: move.is_sale_document(include_receipts=True))

    @api.model
    def _read_documents_ahead(self, batch):
        """Read the stored PDF of all invoices at once."""
        moves = self.env["account.move"].union(
            *(self._get_attached_invoices(data) for data in batch)
        )
        documents = moves.invoice_pdf_report_id
        documents.fetch(["name", "store_fname", "db_datas", "mimetype"])

    @api.model
    def _get_invoice_documents(self, data):
        """Return the PDF of the overdue invoices, stored ones as they are (A4).

        They are made once, whatever number of channels takes them.

        :return: list of (file name, content)
        """
        if "invoice_documents" not in data:
            data["invoice_documents"] = [
                self._get_invoice_document(move, data)
                for move in self._get_attached_invoices(data)
            ]
        return data["invoice_documents"]

    @api.model
    def _get_invoice_document(self, move, data):
        """Return the invoice as (file name, content).

        It is printed if none is stored, or its file is gone.
        """
        customer = data["followup"].partner_id
        name = make_file_name("pdf", move.name, customer.name or customer.display_name)
        if content := move.invoice_pdf_report_id.raw:
            return (name, content)
        report = self.env["account.move.send"]._get_default_pdf_report_id(move)
        engine = self.env["ir.actions.report"]
        with (
            engine._limiting_followup_time(),
            engine._naming_followup_partner(move.commercial_partner_id),
        ):
            content, _kind = engine.with_company(move.company_id)._render_qweb_pdf(
                report.report_name, move.ids
            )
        return (name, content)

    @api.model
    def _add_invoices(self, data, content, is_posted):
        """Return the pages of a letter with those of the invoices behind them (A4).

        :param bool is_posted: for the post, which takes A4 only
        :raise UserError: the file of an invoice cannot be read
        """
        pages = [content]
        for name, document in self._get_invoice_documents(data):
            if not (content.startswith(b"%PDF") and document.startswith(b"%PDF")):
                continue  # in tests no PDF is made
            try:
                pages.append(
                    fit_to_a4(document) if is_posted else merge_pdf([document])
                )
            except Exception as error:
                raise UserError(self._get_damaged_text(name)) from error
        return merge_pdf(pages) if len(pages) > 1 else content

    @api.model
    def _get_damaged_text(self, name):
        return self.env._(
            "%(file)s cannot be printed with the letter, since its PDF is damaged or "
            "protected. Print the invoice anew, or untick Attach Invoices.",
            file=name,
        )


def fit_to_a4(document):
    """Return a PDF with all its pages on A4: others are centred, large ones shrink."""
    writer = PdfFileWriter()
    for page in get_pages(document):
        left, bottom, right, top = (float(value) for value in page.mediaBox)
        size = (right - left, top - bottom)
        if all(abs(mine - a4) < TOLERANCE for mine, a4 in zip(size, A4, strict=True)):
            writer.addPage(page)
            continue
        scale = min(1, A4[0] / size[0], A4[1] / size[1])
        x, y = ((a4 - mine * scale) / 2 for mine, a4 in zip(size, A4, strict=True))
        target = writer.addBlankPage(*A4)
        # the name depends on the version of the library
        merge = getattr(target, "merge_transformed_page", None)
        merge = merge or target.mergeTransformedPage
        merge(page, (scale, 0, 0, scale, x - left * scale, y - bottom * scale))
    return get_content(writer)

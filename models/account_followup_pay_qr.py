import base64
import logging

from odoo import api, fields, models

from .res_company import SETTINGS_GROUPS

_logger = logging.getLogger(__name__)

#: Width and height of the code of the page, in points.
PAGE_CODE_SIZE = 160


class AccountFollowupPay(models.AbstractModel):
    """QR codes for the paper (Y2): a transfer filled in, and the debtor page.

    What cannot be built stops no letter: the same stands beside it in words.
    """

    _inherit = "account.followup.pay"

    @api.model
    def _get_transfer_code(self, way, partner):
        """Return the picture of a transfer, as core's methods make it, or None.

        :param dict way: ``bank``, ``amount``, ``currency``, ``reference`` and
            ``is_invoice``: whether the reference is that of an invoice
        :param partner: who pays
        :return: address of the picture, which is in it (``data:``)
        """
        bank, reference = way["bank"].sudo(), way["reference"] or ""
        values = (
            way["amount"],
            reference,
            reference if way["is_invoice"] else "",
            way["currency"],
            partner.sudo(),
        )
        try:
            with self.env.cr.savepoint():
                pictures = (
                    bank.build_qr_code_base64(*values, qr_method=method)
                    for method in self._get_code_methods(bank)
                )
                return next(filter(None, pictures), None)
        except Exception:  # noqa: BLE001
            _logger.info("No QR code for %s", bank.acc_number, exc_info=True)
            return None

    @api.model
    def _get_code_methods(self, bank):
        """Return core's methods for an account, in their order.

        The code of a Swiss bill names an account in Switzerland or Liechtenstein; core
        makes one of any account if the debtor lives there, which no bank takes.
        """
        if not bank:
            return []
        is_swiss = (bank.sanitized_acc_number or "").startswith(("CH", "LI"))
        methods = dict(bank.get_available_qr_methods_in_sequence())
        return [method for method in methods if is_swiss or method != "ch_qr"]

    @api.model
    def _get_page_code(self, url):
        """Return the picture of an address, None if it cannot be made."""
        try:
            picture = self.env["ir.actions.report"].barcode(
                "QR", url, width=PAGE_CODE_SIZE, height=PAGE_CODE_SIZE, quiet=0
            )
        except Exception:  # noqa: BLE001
            _logger.info("No QR code for the debtor page", exc_info=True)
            return None
        return f"data:image/png;base64,{base64.b64encode(picture).decode()}"

    @api.model
    def _get_codes(self, reminder):
        """Return the QR codes of how to pay, in the order of the text; None for none.

        :return: list of addresses of pictures
        """
        company = reminder.company_id.sudo()
        if not company.followup_qr_code:
            return []
        service = self.with_company(company)
        ways = map(self._read_way, reminder.pay_ways or ())
        return [service._get_transfer_code(way, reminder.partner_id) for way in ways]

    @api.model
    def _read_way(self, way):
        """Return a way to pay as a reminder has kept it, with its records."""
        accounts = self.env["res.partner.bank"].sudo()
        return {
            **way,
            "currency": self.env["res.currency"].browse(way["currency_id"]),
            "bank": accounts.browse(way["bank_id"] or []).exists(),
        }

    @api.model
    def _get_code_of_page(self, reminder):
        """Return the QR code of the debtor page, None without a page or codes."""
        if not reminder.company_id.sudo().followup_qr_code:
            return None
        url = reminder._get_page_url()
        return self._get_page_code(url) if url else None


class AccountFollowupReminder(models.Model):
    _inherit = "account.followup.reminder"

    pay_ways = fields.Json(
        "How to Pay",
        readonly=True,
        help="What the QR codes of the letter say: as the text that was sent.",
    )


class ResCompany(models.Model):
    _inherit = "res.company"

    followup_qr_code = fields.Boolean(
        string="QR Codes on Letters",
        default=True,
        groups=SETTINGS_GROUPS,
        help="Letters have a QR code that fills in the transfer, where bank account "
        "and currency allow one, and another one that opens the debtor page.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    followup_qr_code = fields.Boolean(
        related="company_id.root_id.followup_qr_code", readonly=False
    )

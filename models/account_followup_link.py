from odoo import api, models
from odoo.tools import str2bool

from ..tools.links import PAGE_ROUTE

#: Core's switch *Invoice Online Payment*.
ONLINE_PAYMENT = "account_payment.enable_portal_payment"

#: What core and we ask of an invoice that is to be paid online.
PAYMENT_FIELDS = [
    "amount_residual",
    "amount_residual_signed",
    "amount_total",
    "currency_id",
    "payment_state",
    "state",
]


class AccountFollowupLink(models.AbstractModel):
    """The link in a reminder: only where it leads the customer to something (C5)."""

    _name = "account.followup.link"
    _description = "Link in a Payment Reminder"

    @api.model
    def _read_links_ahead(self, batch, moves):
        """Read what the links need of all invoices, and who can be paid with."""
        providers = self._get_payment_providers(batch[0]["followup"].company_id)
        if providers:
            moves.fetch(PAYMENT_FIELDS)
            moves.mapped("transaction_ids")
            moves.partner_id.fetch(["country_id"])
        for data in batch:
            data["payment_providers"] = providers

    @api.model
    def _get_payment_providers(self, company):
        """Return what customers can pay a company with; nothing if that is off."""
        providers = self.env["payment.provider"].sudo()
        parameters = self.env["ir.config_parameter"].sudo()
        if not str2bool(parameters.get_param(ONLINE_PAYMENT) or ""):
            return providers
        return providers.search(
            [
                *providers._check_company_domain(company),
                ("state", "in", ("enabled", "test")),
                ("is_published", "=", True),
            ]
        )

    @api.model
    def _get_link_values(self, reminder, data):
        """Return the address that the button opens and whether one can pay there.

        That is the debtor page, unless it is switched off. Then: with one invoice its
        own page, which its token opens without a login. Core's page of all overdue
        invoices needs a login, and shows those that are made out to whoever has logged
        in: to most it would be a locked door, so that there is no button. No token is
        made here, since that would write on the invoice while it is being processed
        (promise 4). Of a test there is no button to core's page, where one could pay.
        """
        moves = reminder.line_ids.filtered(lambda line: line.residual > 0).move_id
        if url := reminder._get_page_url():
            providers = data["payment_providers"]
            can_pay = not reminder.is_test and any(
                self._can_be_paid(move, providers) for move in moves
            )
            return {"pay_url": url, "can_pay": can_pay}
        move = moves
        if reminder.is_test:
            return {"pay_url": None, "can_pay": False}
        # core's page collects all that is open, also what is in dispute
        can_pay = not any(reminder.line_ids.mapped("disputed_part"))
        if len(move) != 1 or not (move.is_invoice() and move.access_token):
            return {"pay_url": None, "can_pay": False}
        return {
            "pay_url": f"{reminder.company_id.get_base_url()}{move.get_portal_url()}",
            "can_pay": can_pay and self._can_be_paid(move, data["payment_providers"]),
        }

    @api.model
    def _can_be_paid(self, move, providers):
        """Return whether core's page of an invoice offers a way to pay it.

        The conditions of core's ``_get_compatible_providers``, without a query for
        each customer.
        """
        if not providers or not move._has_to_be_paid():
            return False
        return any(self._is_taken(move, provider) for provider in providers)

    @api.model
    def _is_taken(self, move, provider):
        """Return whether a provider takes payments of an invoice."""
        country, countries = move.partner_id.country_id, provider.available_country_ids
        currencies, most = provider.available_currency_ids, provider.maximum_amount
        return (
            (not country or not countries or country in countries)
            and (not currencies or move.currency_id in currencies)
            and (not most or abs(move.amount_residual_signed) <= most)
        )

    # ------------------------------------------------------------------
    # Secrets: what is kept has none, what leaves has them
    # ------------------------------------------------------------------

    @api.model
    def _get_link_text(self, company):
        """Return what stands for the link in a text that is kept.

        The debtor page, whose address opens only in what leaves; else core's page of
        overdue invoices.
        """
        stand_in = self._get_page_stand_in(company)
        return stand_in or f"{company.get_base_url()}/my/invoices/overdue"

    @api.model
    def _get_page_stand_in(self, company):
        """Return what stands for the link in a text that is written or kept.

        As the message leaves, it becomes the address that lets in its recipient. Who
        opens it as it is has to log in. Empty when the page is switched off.
        """
        company = company.sudo()
        if not company.followup_page_enabled:
            return ""
        return f"{company.get_base_url()}{PAGE_ROUTE}"

    @api.model
    def _get_page_secrets(self, reminder):
        """Return {address as it is kept: address as it leaves} of the page."""
        url = reminder._get_page_url()
        return {self._get_page_stand_in(reminder.company_id): url} if url else {}

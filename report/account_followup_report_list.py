from odoo import api, models
from odoo.exceptions import AccessError

from .engine.list import Pages


class ReportCustomerList(models.AbstractModel):
    """Lists (template ``report_customer_list``)."""

    _name = "report.account_payment_followup.report_customer_list"
    _description = "Customer List"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the part of a list to print, which only ``ListPrinter`` makes.

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

from odoo import api, models
from odoo.exceptions import UserError

from .account_followup_reminder_report import EDGE_LAYOUTS
from .engine.letter import Letters, Statements


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
        statements = (data or {}).get("statements")
        partners = self.env["res.partner"].browse(docids)
        if isinstance(statements, Statements):
            partners = partners or partners.browse(statements)
        else:
            partners = partners.exists()
            partners.check_access("read")
            customers = partners.commercial_partner_id
            statements = Letters(report).make_statements(customers, {})
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

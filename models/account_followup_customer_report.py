from odoo import models


class AccountFollowupCustomer(models.Model):
    """The way from the work-list to the statements (F3)."""

    _inherit = "account.followup.customer"

    def action_open_customer_statements(self):
        """Open the statements of the customers of these rows, in their company.

        A report speaks of the current company, which is changed first if need be.

        :raise UserError: the rows are of several companies
        """
        self._check_one_company()
        companies = self._get_companies_of_row()
        action = self.partner_id.action_open_customer_statement()
        if companies[:1].root_id == self.env.company.root_id:
            return action
        partners = ",".join(map(str, self.partner_id.ids))
        return {
            "type": "ir.actions.client",
            "tag": "account_followup_open_in_company",
            "params": {
                "company_ids": companies.ids,
                "url": "/odoo/followup-reports/customer-reports"
                f"?report=customer_statement&partner_ids={partners}",
            },
        }

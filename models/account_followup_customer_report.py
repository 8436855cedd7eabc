from odoo import models


class AccountFollowupCustomer(models.Model):
    """The way from the work-list to the statements (F3)."""

    _inherit = "account.followup.customer"

    def action_open_customer_statements(self):
        """Open the statements of the customers of these rows, in their company.

        A report speaks of the current company, which is changed first if need be.

        :raise UserError: the rows are of several companies
        """
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_to_statements(self)

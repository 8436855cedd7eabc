from odoo import api, models
from odoo.exceptions import UserError


class AccountFollowupCustomerOpen(models.AbstractModel):
    """Where the buttons of the work-list lead, in the company of the rows.

    Forms, windows and reports speak of the current company, which is the first one of
    the user's: it is changed first if need be.
    """

    _name = "account.followup.customer.open"
    _description = "Customer to Follow Up"

    @api.model
    def _get_companies_first(self, root):
        """Return the companies of the user, those of a root company first."""
        mine = self.env.companies.filtered(lambda company: company.root_id == root)
        return mine + (self.env.companies - mine)

    @api.model
    def _get_action_to_customer(self, partner, company):
        """Open a customer at the follow-ups, in a root company of the user."""
        companies = self._get_companies_first(company)
        if companies[:1] != self.env.company:
            url = f"/odoo/followup-reports/followup-customer/{partner.id}"
            return self._get_action_in_company(companies, url)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_payment_followup.action_res_partner_followup"
        )
        return {**action, "res_id": partner.id}

    @api.model
    def _get_action_in_company(self, companies, url):
        """Open a page with these companies switched on, the first one current."""
        return {
            "type": "ir.actions.client",
            "tag": "account_followup_open_in_company",
            "params": {"company_ids": companies.ids, "url": url},
        }

    @api.model
    def _check_one_company(self, customers):
        """Raise unless the user may read these rows and they are of one company.

        :raise UserError: the rows are of several companies
        """
        customers.check_access("read")
        if len(customers.company_id) > 1:
            raise UserError(
                self.env._(
                    "Select customers of one company at a time, not of %s.",
                    ", ".join(customers.company_id.mapped("name")),
                )
            )

    @api.model
    def _get_action_on_customers(self, customers, method):
        """Return the action of a button of the customers, in the company of the rows.

        :raise UserError: the rows are of several companies
        """
        self._check_one_company(customers)
        company = self._get_companies_first(customers.company_id)[:1]
        action = getattr(customers.partner_id.with_company(company), method)()
        action["context"]["default_company_id"] = customers.company_id.id
        return action

    @api.model
    def _get_action_on_customer(self, customer, method):
        """Return the action of a button of the customer.

        In another company the customer is opened there first.
        """
        customer.ensure_one()
        customer.check_access("read")
        customer.partner_id._check_followup_access()
        if customer.company_id != self.env.company.root_id:
            return self._get_action_to_customer(
                customer.partner_id, customer.company_id
            )
        return getattr(customer.partner_id, method)()

    @api.model
    def _get_action_to_statements(self, customers):
        """Open the statements of the customers of these rows.

        :raise UserError: the rows are of several companies
        """
        self._check_one_company(customers)
        companies = self._get_companies_first(customers.company_id)
        action = customers.partner_id.action_open_customer_statement()
        if companies[:1].root_id == self.env.company.root_id:
            return action
        partners = ",".join(map(str, customers.partner_id.ids))
        return self._get_action_in_company(
            companies,
            "/odoo/followup-reports/customer-reports"
            f"?report=customer_statement&partner_ids={partners}",
        )

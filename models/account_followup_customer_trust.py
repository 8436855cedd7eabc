from odoo import api, fields, models

from .account_followup_customer_find import found_by


class AccountFollowupCustomerTrust(models.AbstractModel):
    """Trust is kept at the customer, per company (B3)."""

    _name = "account.followup.customer.trust"
    _description = "Customer to Follow Up"

    @api.model
    def _get_choices(self):
        return self.env["res.partner"]._fields["trust"]._description_selection(self.env)

    @api.model
    def _get_holder(self, customer):
        """Return the customer of a row in the company whose trust the row says.

        It is the one in which the form speaks that the row opens: the user's first one
        of that house, be it a branch.

        :param customer: row of the work-list, or case
        """
        root = customer.company_id
        companies = self.env.companies.filtered(lambda one: one.root_id == root)
        company = companies[:1] or root
        return customer.partner_id.sudo().with_company(company)


class AccountFollowupCustomer(models.Model):
    """Trust: the one thing that is changed in the work-list (B3)."""

    _inherit = "account.followup.customer"

    trust = fields.Selection(
        selection=lambda self: (
            self.env["account.followup.customer.trust"]._get_choices()
        ),
        compute="_compute_trust",
        inverse="_inverse_trust",
        search=found_by("_find_trust"),
    )

    @api.model
    def _has_field_access(self, field, operation):
        # EXTENDS 'base': a row is a view of what is kept elsewhere
        if operation == "write" and not self.env.su:
            return field.name == "trust" and self.env.user.has_group(
                "account.group_account_invoice"
            )
        return super()._has_field_access(field, operation)

    # a dependency on the customer's trust would search all rows when it changes
    @api.depends("partner_id")
    @api.depends_context("company", "allowed_company_ids")
    def _compute_trust(self):
        service = self.env["account.followup.customer.trust"]
        for customer in self:
            customer.trust = service._get_holder(customer).trust

    def _inverse_trust(self):
        """Keep it at the customer, also for users who may not edit contacts."""
        self.partner_id.check_access("read")
        service = self.env["account.followup.customer.trust"]
        for customer in self:
            service._get_holder(customer).trust = customer.trust

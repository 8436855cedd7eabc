from odoo import api, fields, models
from odoo.fields import Domain


class AccountFollowupCustomer(models.Model):
    """Trust: the one thing that is changed in the work-list (B3).

    It is kept at the customer, per company: the one of the row counts, as in the form
    that the row opens.
    """

    _inherit = "account.followup.customer"

    trust = fields.Selection(
        selection=lambda self: self._get_trusts(),
        compute="_compute_trust",
        inverse="_inverse_trust",
        search="_search_trust",
    )

    @api.model
    def _get_trusts(self):
        return self.env["res.partner"]._fields["trust"]._description_selection(self.env)

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
        for customer in self:
            company = customer._get_companies_of_row()[:1] or customer.company_id
            customer.trust = customer.partner_id.sudo().with_company(company).trust

    def _inverse_trust(self):
        """Keep it at the customer, also for users who may not edit contacts."""
        self.partner_id.check_access("read")
        for customer in self:
            company = customer._get_companies_of_row()[:1] or customer.company_id
            customer.partner_id.sudo().with_company(company).trust = customer.trust

    def _search_trust(self, operator, value):
        domains = []
        for root in self.env.companies.root_id:
            company = self.env.companies.filtered(
                lambda company, root=root: company.root_id == root
            )[:1]
            partners = self.env["res.partner"].sudo().with_company(company)
            found = partners.with_context(active_test=False)._search(
                [("trust", operator, value)]
            )
            domains.append(
                Domain("company_id", "=", root.id) & Domain("partner_id", "in", found)
            )
        return Domain.OR(domains)

from odoo import api, fields, models


class AccountFollowupWizardMixin(models.AbstractModel):
    """A window about one or several customers of a root company."""

    _name = "account.followup.wizard.mixin"
    _description = "Customer Follow-up"

    #: Field with the customer or customers.
    _customers_field = "partner_id"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company.root_id,
    )

    @api.constrains(lambda self: ("company_id", self._customers_field))
    def _check_access_of_window(self):
        """Refuse what was not chosen on the screen: others' companies and customers."""
        for wizard in self.sudo(False):  # constraints run with all rights
            wizard.company_id._check_followup_access()
            wizard[self._customers_field].check_access("read")

    def _get_day(self):
        """Return today in the company, which must be one of the user's."""
        company = self.company_id or self.env.company.root_id
        company._check_followup_access()
        return company.sudo()._get_followup_day()[company]

    def _get_service(self):
        return self.env["account.followup.send"].sudo()

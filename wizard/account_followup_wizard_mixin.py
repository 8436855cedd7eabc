from odoo import api, fields, models
from odoo.exceptions import MissingError


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
    # {field: what the window proposed last}, see _set_defaults
    defaults = fields.Json()
    # what the window has said when it was opened (X9)
    is_test = fields.Boolean(
        default=lambda self: self.env["account.followup.test"]._is_on(
            self._get_default_company()
        )
    )
    test_notice = fields.Char(
        default=lambda self: self.env["account.followup.test"]._get_notice(
            self._get_default_company()
        ),
        readonly=True,
    )

    @api.model
    def _get_default_company(self):
        """Return the company that the window will be about, one of the user's."""
        chosen = self.env.context.get("default_company_id")
        roots = self.env.companies.sudo().root_id
        return roots.filtered(lambda root: root.id == chosen) or self.env.company

    @api.constrains(lambda self: ("company_id", self._customers_field))
    def _check_access_of_window(self):
        """Refuse what was not chosen on the screen: others' companies and customers."""
        for wizard in self.sudo(False):  # constraints run with all rights
            wizard.company_id._check_followup_access()
            wizard[self._customers_field].check_access("read")

    def _check_may_act(self):
        """Refuse a button to those for whom window, company or customers are not."""
        self.check_access("write")
        self.ensure_one()
        if not self.exists():
            raise MissingError(self.env._("This window is closed: open it again."))
        self.company_id._check_followup_access()
        self[self._customers_field]._check_followup_access()

    def _set_defaults(self, values):
        """Propose values; what a person has chosen differently before stays.

        A field differs from what was proposed last when somebody has changed it.

        :param dict values: {field: value}, of a many2one the id
        """
        self.ensure_one()
        proposed = self.defaults or {}
        for name, value in values.items():
            now = self[name]._origin.id if self._fields[name].relational else self[name]
            if name not in proposed or now == proposed[name]:
                self[name] = value
        self.defaults = {**proposed, **values}

    def _get_day(self):
        """Return today in the company, which must be one of the user's."""
        company = self.company_id or self.env.company.root_id
        company._check_followup_access()
        return company.sudo()._get_followup_day()[company]

    def _get_service(self, name="send"):
        """Return a service of the company, with all rights."""
        company = self.company_id[:1] or self.env.company
        return self.env[f"account.followup.{name}"].sudo().with_company(company)

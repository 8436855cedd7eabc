from odoo import fields, models


class AccountFollowupRootMixin(models.AbstractModel):
    """What belongs to a main company; its branches use the same."""

    _name = "account.followup.root.mixin"
    _description = "Company"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company.root_id,
        domain="[('parent_id', '=', False)]",
        ondelete="cascade",
    )

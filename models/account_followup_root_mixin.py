from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AccountFollowupRootMixin(models.AbstractModel):
    """What belongs to a main company; its branches use the same."""

    _name = "account.followup.root.mixin"
    _description = "Part of a Main Company"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company.root_id,
        domain="[('parent_id', '=', False)]",
        ondelete="cascade",
    )

    @api.constrains("company_id")
    def _check_root_company(self):
        for record in self:
            if record.company_id.parent_id:
                raise ValidationError(
                    self.env._(
                        '%(model)s "%(name)s" has to belong to the main company '
                        '"%(company)s": its branches use the same.',
                        model=self.env["ir.model"]._get(self._name).name,
                        name=record.display_name,
                        company=record.company_id.root_id.name,
                    )
                )

from odoo import fields, models

from .res_company import SETTINGS_GROUPS


class ResCompany(models.Model):
    """When a promise to pay counts as kept (X7)."""

    _inherit = "res.company"

    followup_promise_tolerance_days = fields.Integer(
        string="Days a Promised Payment May Take",
        default=2,
        groups=SETTINGS_GROUPS,
        help="A promise is kept by a payment that arrives so many days after the "
        "promised day.",
    )
    followup_promise_tolerance_percent = fields.Float(
        string="Per Cent a Promised Payment May Lack",
        default=1.0,
        groups=SETTINGS_GROUPS,
        help="A promise is kept by a payment that is smaller by so many per cent.",
    )

    _followup_promise_tolerance_days_sensible = models.Constraint(
        "CHECK (followup_promise_tolerance_days BETWEEN 0 AND 60)",
        "A promised payment may take 0 to 60 days longer.",
    )
    _followup_promise_tolerance_percent_sensible = models.Constraint(
        "CHECK (followup_promise_tolerance_percent BETWEEN 0 AND 50)",
        "A promised payment may lack 0 to 50 per cent.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    followup_promise_tolerance_days = fields.Integer(
        related="company_id.root_id.followup_promise_tolerance_days", readonly=False
    )
    followup_promise_tolerance_percent = fields.Float(
        related="company_id.root_id.followup_promise_tolerance_percent", readonly=False
    )

from odoo import fields, models

from .res_company import SETTINGS_GROUPS


class ResCompany(models.Model):
    """Setting of answers that come by e-mail (X17)."""

    _inherit = "res.company"

    followup_reply_pause_days = fields.Integer(
        string="Working Days to Pause after an Answer",
        default=5,
        groups=SETTINGS_GROUPS,
        help="When a customer answers a reminder by e-mail, automatic reminders to him "
        "pause for so many working days. 0: they do not.",
    )

    _followup_reply_pause_days_sensible = models.Constraint(
        "CHECK (followup_reply_pause_days BETWEEN 0 AND 365)",
        "To pause after an answer, choose 0 to 365 working days.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    followup_reply_pause_days = fields.Integer(
        related="company_id.root_id.followup_reply_pause_days", readonly=False
    )

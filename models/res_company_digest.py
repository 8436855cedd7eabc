from odoo import fields, models

from .res_company import SETTINGS_GROUPS


class ResCompany(models.Model):
    """Settings of tomorrow's list (X6)."""

    _inherit = "res.company"

    followup_digest = fields.Boolean(
        string="Tomorrow's List",
        default=True,
        groups=SETTINGS_GROUPS,
        help="In the afternoon before a working day, mail who will be reminded.",
    )
    followup_digest_user_ids = fields.Many2many(
        "res.users",
        "res_company_followup_digest_rel",
        "company_id",
        "user_id",
        string="Who Gets Tomorrow's List",
        domain="[('share', '=', False)]",
        groups=SETTINGS_GROUPS,
        help="Empty: the follow-up responsible.",
    )
    # so that it is mailed once a day
    followup_digest_date = fields.Date(
        readonly=True, copy=False, groups=SETTINGS_GROUPS
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    followup_digest = fields.Boolean(
        related="company_id.root_id.followup_digest", readonly=False
    )
    followup_digest_user_ids = fields.Many2many(
        related="company_id.root_id.followup_digest_user_ids", readonly=False
    )

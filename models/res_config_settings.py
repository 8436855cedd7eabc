from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    followup_currency_id = fields.Many2one(
        related="company_id.root_id.currency_id", string="Follow-up Currency"
    )
    followup_enabled = fields.Boolean(
        related="company_id.root_id.followup_enabled", readonly=False
    )
    followup_responsible_id = fields.Many2one(
        related="company_id.root_id.followup_responsible_id", readonly=False
    )
    followup_min_amount = fields.Monetary(
        related="company_id.root_id.followup_min_amount",
        currency_field="followup_currency_id",
        readonly=False,
    )
    followup_min_days = fields.Integer(
        related="company_id.root_id.followup_min_days", readonly=False
    )
    followup_catch_up = fields.Selection(
        related="company_id.root_id.followup_catch_up", readonly=False
    )
    followup_statement_monthly = fields.Boolean(
        related="company_id.root_id.followup_statement_monthly", readonly=False
    )
    followup_statement_day = fields.Integer(
        related="company_id.root_id.followup_statement_day", readonly=False
    )
    followup_statement_template_id = fields.Many2one(
        related="company_id.root_id.followup_statement_template_id", readonly=False
    )
    followup_ageing_limits = fields.Char(
        related="company_id.root_id.followup_ageing_limits", readonly=False
    )

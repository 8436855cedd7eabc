from odoo import fields, models

from .res_company import SETTINGS_GROUPS


class ResCompany(models.Model):
    """Settings of the debtor page (X11)."""

    _inherit = "res.company"

    followup_page_enabled = fields.Boolean(
        string="Debtor Page",
        default=True,
        groups=SETTINGS_GROUPS,
        help="Reminders lead to a page on which the customer sees what is open, pays "
        "it and answers, without a login.",
    )
    followup_page_days = fields.Integer(
        string="Days a Link is Valid",
        default=60,
        groups=SETTINGS_GROUPS,
        help="The link of a reminder opens the page for so many days.",
    )
    followup_paid_wait_days = fields.Integer(
        string="Wait for an Announced Payment",
        default=5,
        groups=SETTINGS_GROUPS,
        help="Working days for which invoices rest that a customer says to have paid.",
    )
    followup_promise_max_days = fields.Integer(
        string="Longest Promise to Pay",
        default=14,
        groups=SETTINGS_GROUPS,
        help="A customer may promise to pay within so many days, not later.",
    )

    _followup_page_days_sensible = models.Constraint(
        "CHECK (followup_page_days BETWEEN 1 AND 3650)",
        "The link to the debtor page is valid for 1 to 3,650 days.",
    )
    _followup_paid_wait_days_sensible = models.Constraint(
        "CHECK (followup_paid_wait_days BETWEEN 0 AND 365)",
        "To wait for an announced payment, choose 0 to 365 days.",
    )
    _followup_promise_max_days_sensible = models.Constraint(
        "CHECK (followup_promise_max_days BETWEEN 0 AND 365)",
        "The longest promise to pay is one of 0 to 365 days.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    followup_page_enabled = fields.Boolean(
        related="company_id.root_id.followup_page_enabled", readonly=False
    )
    followup_page_days = fields.Integer(
        related="company_id.root_id.followup_page_days", readonly=False
    )
    followup_paid_wait_days = fields.Integer(
        related="company_id.root_id.followup_paid_wait_days", readonly=False
    )
    followup_promise_max_days = fields.Integer(
        related="company_id.root_id.followup_promise_max_days", readonly=False
    )

from odoo import fields, models


class AccountFollowupCalendar(models.Model):
    """The working days of customers in a country (X15)."""

    _name = "account.followup.calendar"
    _inherit = ["account.followup.root.mixin"]
    _description = "Working Days in a Country"
    _order = "country_id, id"
    _rec_name = "country_id"

    country_id = fields.Many2one("res.country", required=True, ondelete="cascade")
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Hours",
        required=True,
        ondelete="cascade",
        help="Automatic reminders to customers in this country leave on its working "
        "days, without its public holidays.",
    )

    _country_unique = models.UniqueIndex(
        "(company_id, country_id)",
        "There is a calendar for this country already.",
    )

    def write(self, vals):
        # EXTENDS 'base'
        result = super().write(vals)
        if "company_id" in vals:  # rules are asked before it, and so of the old one
            self.check_access("write")
        return result

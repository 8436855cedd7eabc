from odoo import fields, models

from ..tools import days
from .res_company import SETTINGS_GROUPS


class ResCompany(models.Model):
    """Settings about when automatic reminders leave (X15)."""

    _inherit = "res.company"

    followup_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Days of Reminders",
        domain="[('company_id', 'in', [id, False])]",
        groups=SETTINGS_GROUPS,
        help="Automatic reminders leave on the working days of this calendar, not on "
        "its public holidays. Empty: on all days. A plan can have its own.",
    )
    followup_send_from = fields.Float(
        string="Reminders Leave From", default=0.0, groups=SETTINGS_GROUPS
    )
    followup_send_to = fields.Float(
        string="Reminders Leave Until",
        default=24.0,
        groups=SETTINGS_GROUPS,
        help="Automatic reminders leave between these hours. 0:00 to 24:00: all day.",
    )
    followup_send_zone = fields.Selection(
        [("customer", "Customer's country"), ("company", "Company")],
        string="Time Zone of Reminders",
        default="customer",
        required=True,
        groups=SETTINGS_GROUPS,
        help="By which clock the hours are meant. A country with several time zones "
        "has the company's.",
    )
    followup_sms_from = fields.Float(
        string="SMS Leave From", default=8.0, groups=SETTINGS_GROUPS
    )
    followup_sms_to = fields.Float(
        string="SMS Leave Until",
        default=20.0,
        groups=SETTINGS_GROUPS,
        help="SMS of automatic reminders leave between these hours; what is made at "
        "another time waits for them.",
    )
    followup_hour_cap = fields.Integer(
        string="Reminders an Hour",
        groups=SETTINGS_GROUPS,
        help="So many automatic reminders leave in an hour at most, those of other "
        "companies over the same mail server included. 0: no limit.",
    )

    _followup_send_hours_sensible = models.Constraint(
        "CHECK (followup_send_from >= 0 AND followup_send_to <= 24"
        " AND followup_send_from < followup_send_to)",
        "Reminders leave between two hours from 0:00 to 24:00, the second one later "
        "than the first.",
    )
    _followup_sms_hours_sensible = models.Constraint(
        "CHECK (followup_sms_from >= 0 AND followup_sms_to <= 24"
        " AND followup_sms_from < followup_sms_to)",
        "SMS leave between two hours from 0:00 to 24:00, the second one later than "
        "the first.",
    )
    _followup_hour_cap_positive = models.Constraint(
        "CHECK (followup_hour_cap >= 0)",
        "The number of reminders an hour cannot be negative; 0 means no limit.",
    )

    def _get_followup_zone(self):
        """Return the time zone by which the days of a company are counted."""
        self.ensure_one()
        return days.get_zone(*self._get_followup_zones()) or "UTC"


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    followup_calendar_id = fields.Many2one(
        related="company_id.root_id.followup_calendar_id",
        domain="['|', ('company_id', '=', False),"
        " ('company_id', 'parent_of', [company_id])]",
        readonly=False,
    )
    followup_send_from = fields.Float(
        related="company_id.root_id.followup_send_from", readonly=False
    )
    followup_send_to = fields.Float(
        related="company_id.root_id.followup_send_to", readonly=False
    )
    followup_send_zone = fields.Selection(
        related="company_id.root_id.followup_send_zone", readonly=False
    )
    followup_sms_from = fields.Float(
        related="company_id.root_id.followup_sms_from", readonly=False
    )
    followup_sms_to = fields.Float(
        related="company_id.root_id.followup_sms_to", readonly=False
    )
    followup_hour_cap = fields.Integer(
        related="company_id.root_id.followup_hour_cap", readonly=False
    )

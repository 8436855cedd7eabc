from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..tools import ageing, days
from .account_move_line import GROUPS

#: Accountants, and administrators who have no part in accounting.
SETTINGS_GROUPS = f"{GROUPS},base.group_system"


class ResCompany(models.Model):
    _inherit = "res.company"

    followup_enabled = fields.Boolean(
        string="Payment Follow-ups",
        default=True,
        groups=SETTINGS_GROUPS,
        help="Follow up on the overdue invoices of this company and its branches.",
    )
    followup_automatic = fields.Boolean(
        string="Automatic Reminders",
        groups=SETTINGS_GROUPS,
        help="The scheduled action sends the reminders of automatic levels by itself. "
        "While this is off, nothing leaves unless a person sends it.",
    )
    followup_responsible_id = fields.Many2one(
        "res.users",
        string="Default Follow-up Responsible",
        domain="[('share', '=', False)]",
        groups=SETTINGS_GROUPS,
        help="Responsible for customers that have nobody of their own.",
    )
    followup_min_amount = fields.Monetary(
        string="Minimum Amount to Remind",
        groups=SETTINGS_GROUPS,
        help="Customers who owe less than this, credits deducted, are not reminded.",
    )
    followup_min_days = fields.Integer(
        string="Minimum Days between Reminders",
        default=3,
        groups=SETTINGS_GROUPS,
        help="One customer is not reminded again before so many days have passed.",
    )
    followup_catch_up = fields.Selection(
        [
            ("step", "Step by step"),
            ("jump", "Jump to the level that matches the age"),
        ],
        string="Late Invoices Found Late",
        default="step",
        required=True,
        groups=SETTINGS_GROUPS,
        help="Step by step: an old invoice starts at the first level. Jump: it starts "
        "at the last level whose days have passed.",
    )

    followup_ageing_limits = fields.Char(
        string="Ageing Buckets",
        default=ageing.DEFAULT_LIMITS,
        required=True,
        groups=SETTINGS_GROUPS,
        help="Last day of each ageing bucket, separated by commas: 30, 60, 90 makes "
        "1–30, 31–60, 61–90 and over 90 days.",
    )

    _followup_min_days_positive = models.Constraint(
        "CHECK (followup_min_days >= 0)",
        "The minimum number of days between two reminders cannot be negative.",
    )
    _followup_min_amount_positive = models.Constraint(
        "CHECK (followup_min_amount >= 0)",
        "The minimum amount to remind cannot be negative.",
    )

    @api.constrains("followup_ageing_limits")
    def _check_followup_ageing_limits(self):
        for company in self:
            try:
                ageing.parse_limits(company.followup_ageing_limits)
            except ValueError:
                raise ValidationError(
                    self.env._(
                        "%(company)s: the ageing buckets must be increasing numbers "
                        "of days separated by commas, at most %(count)s of them, for "
                        "example 30, 60, 90, 120.",
                        company=company.display_name,
                        count=ageing.MAX_LIMITS,
                    )
                ) from None

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS 'base'
        companies = super().create(vals_list)
        self.env["account.followup.level"]._create_default_levels(
            companies.filtered(lambda company: not company.parent_id)
        )
        return companies

    def _check_followup_access(self):
        """Raise AccessError unless these are main companies of those of the user.

        A user of a branch works with the case of its main company, which the user
        need not be allowed to read. Fields of windows are computed with the rights of
        the system, for which neither rules nor the companies of the context hold: so
        this asks for those of the user, too.
        """
        if self.env.uid == SUPERUSER_ID:
            return
        companies = self.env.user.sudo().company_ids & self.env.companies.sudo()
        if self - companies.root_id:
            raise AccessError(
                self.env._("You have no access to the follow-ups of this company.")
            )

    def _get_followup_day(self):
        """Return today in each company: entry points take it once and pass it on.

        The time zone is that of the company's partner, else of its working calendar,
        else UTC.

        :return: dict {company: date}
        """
        now = fields.Datetime.now()
        result = {}
        for company in self:
            calendar = (
                company.resource_calendar_id
                if "resource_calendar_id" in company._fields
                else None
            )
            timezones = (company.partner_id.tz, calendar and calendar.tz)
            result[company] = days.get_day(now, *timezones)
        return result

    def _get_followup_days(self):
        """Return today of every root company whose follow-ups are switched on.

        :return: dict {root company: date}
        """
        companies = self.sudo().search(
            [("parent_id", "=", False), ("followup_enabled", "=", True)]
        )
        return companies._get_followup_day()

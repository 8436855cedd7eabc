from odoo import fields, models

from .res_company import SETTINGS_GROUPS

#: Automatic reminders of a day that nobody has to look at.
DEFAULT_CAP = 200

#: Days after the go-live on which that counts each day.
FIRST_DAYS = 7


class ResCompany(models.Model):
    """How many leave by themselves before somebody looks at them (X4)."""

    _inherit = "res.company"

    followup_run_cap = fields.Integer(
        string="Automatic Reminders without Approval",
        default=DEFAULT_CAP,
        groups=SETTINGS_GROUPS,
        help="When more customers than this would be reminded by themselves on a day, "
        "nothing leaves before a list of them is approved: each day in the time after "
        "the go-live, later when it is three times as many as usual. 0: never.",
    )
    followup_run_cap_until = fields.Date(
        string="Each Day Until",
        copy=False,
        groups=SETTINGS_GROUPS,
        help="Up to this day more than that is always approved, later only when it is "
        "three times as many as usual.",
    )
    # the last list; nothing else is read while there is none
    followup_approval_id = fields.Many2one(
        "account.followup.approval",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=SETTINGS_GROUPS,
    )

    _followup_run_cap_sensible = models.Constraint(
        "CHECK (followup_run_cap BETWEEN 0 AND 1000000)",
        "Automatic reminders without approval: choose a number from 0 to 1,000,000.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    followup_run_cap = fields.Integer(
        related="company_id.root_id.followup_run_cap", readonly=False
    )
    followup_run_cap_until = fields.Date(
        related="company_id.root_id.followup_run_cap_until", readonly=False
    )

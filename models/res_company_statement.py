from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

from ..tools import days
from .res_company import SETTINGS_GROUPS


class ResCompany(models.Model):
    """Monthly statements of a company: whether, when, and with which text (F3)."""

    _inherit = "res.company"

    followup_statement_monthly = fields.Boolean(
        string="Monthly Statements",
        groups=SETTINGS_GROUPS,
        help="Send the statement of the last month by e-mail to every customer who "
        "owes something at its end.",
    )
    followup_statement_day = fields.Integer(
        string="Day of the Month",
        default=1,
        groups=SETTINGS_GROUPS,
        help="Day on which the statements of the month before are sent, 1 to 28.",
    )
    followup_statement_template_id = fields.Many2one(
        "mail.template",
        string="Statement Template",
        domain="[('model', '=', 'res.partner')]",
        groups=SETTINGS_GROUPS,
        help="Text of the e-mail that a statement is attached to.",
    )
    # a schedule that is switched on begins with the next day of the month, and does
    # not flood the customers with what nobody has sent so far
    followup_statement_since = fields.Date(
        compute="_compute_followup_statement_since", store=True, groups=SETTINGS_GROUPS
    )

    _followup_statement_day_of_month = models.Constraint(
        "CHECK (followup_statement_day BETWEEN 1 AND 28)",
        "The day of the monthly statements is one from 1 to 28, which every month has.",
    )

    @api.depends("followup_statement_monthly")
    def _compute_followup_statement_since(self):
        for company in self:
            company.followup_statement_since = (
                company.followup_statement_monthly
                and company._get_followup_day()[company]
            )

    def _get_statement_month(self, day):
        """Return the month whose statements are due on a day, those of the past, too.

        :param date day: the company's day
        :return: first day of the month, or None before the first day of the schedule
        """
        self.ensure_one()
        last = days.get_last_monthly(day, self.followup_statement_day)
        if last < self.followup_statement_since:
            return None
        return last.replace(day=1) - relativedelta(months=1)

    def _get_statement_template(self):
        """Return the text of statements: the company's, else that of the module."""
        self.ensure_one()
        name = "account_payment_followup.mail_template_statement"
        return (
            self.sudo().followup_statement_template_id
            or self.env.ref(name, raise_if_not_found=False)
            or self.env["mail.template"]
        )

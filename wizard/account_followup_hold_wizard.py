from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

#: Ready-made periods of a hold (B5).
PERIODS = {
    "week_1": relativedelta(weeks=1),
    "week_2": relativedelta(weeks=2),
    "month_1": relativedelta(months=1),
    "month_2": relativedelta(months=2),
}
YEAR = relativedelta(years=1)


class AccountFollowupHoldWizard(models.TransientModel):
    """The window Hold or Exclude: what is to become of the selected open items."""

    _name = "account.followup.hold.wizard"
    _description = "Hold or Exclude from Reminders"

    line_ids = fields.Many2many("account.move.line", string="Open Items", readonly=True)
    operation = fields.Selection(
        [
            ("hold", "Hold"),
            ("expect", "Expected Payment"),
            ("exclude", "Exclude Permanently"),
            ("resume", "Resume"),
        ],
        string="What to Do",
        default="hold",
        required=True,
    )
    period = fields.Selection(
        [
            ("week_1", "1 Week"),
            ("week_2", "2 Weeks"),
            ("month_1", "1 Month"),
            ("month_2", "2 Months"),
            ("date", "Until a Day"),
        ],
        default="week_1",
        required=True,
    )
    hold_until = fields.Date(compute="_compute_hold_until", store=True, readonly=False)
    expected_date = fields.Date("Expected On")
    review_date = fields.Date(
        "Review On",
        compute="_compute_review_date",
        store=True,
        readonly=False,
        help="On this day the responsible is asked whether it is still to rest.",
    )
    reason = fields.Char()
    remark = fields.Char(compute="_compute_remark")
    is_one_customer = fields.Boolean(compute="_compute_is_one_customer")

    @api.depends("period")
    def _compute_hold_until(self):
        for wizard in self:
            if period := PERIODS.get(wizard.period):
                today = max(wizard._get_days().values())
                wizard.hold_until = today + period

    @api.depends("operation")
    def _compute_review_date(self):
        """What is excluded is looked at once a year; a hold has an end."""
        for wizard in self:
            day = max(wizard._get_days().values()) + YEAR
            wizard.review_date = wizard.operation == "exclude" and day

    @api.depends("line_ids")
    def _compute_is_one_customer(self):
        for wizard in self:
            wizard.is_one_customer = len(wizard.line_ids._origin.partner_id) < 2

    @api.depends("operation", "line_ids")
    def _compute_remark(self):
        """Say what of the selection stays as it is, and what else is touched."""
        for wizard in self:
            wizard.remark = wizard._get_remark()

    def _get_remark(self):
        self.ensure_one()
        lines = self.line_ids._origin
        if self.operation in ("hold", "expect"):
            if left := lines - lines._filter_followup_restable():
                return self.env._(
                    "Stays as it is, for it is a credit or excluded: %s",
                    left._get_followup_names(),
                )
        if self.operation == "exclude":
            if lines._get_followup_excluded_together() - lines:
                return self.env._("An invoice is excluded with all its instalments.")
        return False

    def _get_days(self):
        """Return {root company: today} of the selected items."""
        companies = self.line_ids._origin.company_id.root_id or self.env.company.root_id
        return companies.sudo()._get_followup_day()

    def action_apply(self):
        """Do it and close the window.

        :raise UserError: a day is missing or has passed, or nothing of it can rest
        """
        self.ensure_one()
        self.check_access("write")
        lines = self.line_ids
        lines._check_followup_hold_access()
        days = self._get_days()
        reason = " ".join((self.reason or "").split())
        if self.operation == "hold":
            until = self._get_day("hold_until")
            lines._hold_followup(until, reason, days, self._get_review(until))
        elif self.operation == "expect":
            lines._expect_followup_payment(self._get_day("expected_date"), reason, days)
        elif self.operation == "exclude":
            lines._exclude_followup(reason, self._get_review())
        else:
            lines._resume_followup()
        return {"type": "ir.actions.act_window_close"}

    def _get_day(self, name):
        if not self[name]:
            raise UserError(self.env._("Choose the day until which to wait."))
        return self[name]

    def _get_review(self, until=None):
        """Return the day on which to look again, if it comes before a hold ends.

        :raise UserError: it has passed
        """
        day = self.review_date
        if day and day < min(self._get_days().values()):
            raise UserError(
                self.env._(
                    "%(documents)s: nobody can look again on %(date)s, that day has "
                    "passed.",
                    documents=self.line_ids._get_followup_names(),
                    date=format_date(self.env, day),
                )
            )
        return day and (not until or day < until) and day

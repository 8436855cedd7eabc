from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .res_company import SETTINGS_GROUPS
from .res_company_golive import STARTS

#: What the ways to start mean for the ladder, see ``get_start_steps``.
START_WAYS = {"first": "step", "age": "jump"}


class AccountFollowupPlan(models.Model):
    """What of automatic reminders a plan says otherwise than its company (X16)."""

    _inherit = "account.followup.plan"

    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Days",
        domain="[('company_id', 'in', [company_id, False])]",
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
        help="Automatic reminders to customers of this plan leave on the working days "
        "of this calendar, whatever their country. Empty for what the company's "
        "settings say.",
    )
    start = fields.Selection(
        STARTS,
        string="Overdue at the Go-Live",
        copy=False,
        help="How invoices of this plan start that are overdue when the company goes "
        "live with automatic reminders; empty for what is chosen there.",
    )
    is_company_live = fields.Boolean(compute="_compute_is_company_live")

    @api.depends(
        "company_id.followup_automatic",
        "company_id.followup_start_date",
        "company_id.followup_switch_date",
    )
    def _compute_is_company_live(self):
        for plan in self:
            company = plan.company_id
            plan.is_company_live = company and not company._needs_followup_start()

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS
        plans = super().create(vals_list)
        plans.filtered("start")._check_not_live()
        return plans

    def write(self, vals):
        # EXTENDS
        if "start" in vals:
            start = vals["start"] or False
            self.filtered(lambda plan: plan.start != start)._check_not_live()
        restored = self.filtered(lambda plan: not plan.active and vals.get("active"))
        result = super().write(vals)
        if "company_id" in vals:
            self.filtered("start")._check_not_live()
        # at the go-live nobody was shown what an archived plan would do
        super(AccountFollowupPlan, restored.filtered("is_company_live")).write(
            {"start": False}
        )
        return result

    def _check_not_live(self):
        """What was overdue has started: another start would change what was shown."""
        if live := self.filtered("is_company_live"):
            raise ValidationError(
                self.env._(
                    'Follow-up plan "%(plan)s": %(company)s is live with automatic '
                    "reminders, and what was overdue then has started. For what is "
                    'found late from now on set "Late Invoices Found Late".',
                    plan=live[0].name,
                    company=live[0].company_id.name,
                )
            )

    def _get_start(self, start):
        """Return how what was overdue starts.

        :param str start: what was chosen for the company: ``first``, ``age``,
            ``reminded`` or False
        """
        self.ensure_one()
        return start and (self.start or start)

    def _get_start_texts(self, until=None):
        """Return a text for each plan that has a start of its own.

        :param date until: what is due before it counts as reminded, if that is known
        """
        text = self.company_id._get_followup_way_text
        return [f"{one.name} – {text(one.start, until)}" for one in self if one.start]

    def _get_start_ways(self, start):
        """Return {plan: ``step`` or ``jump``}: what that means for its ladder.

        What does not count as reminded starts as all that is found late.
        """
        return {
            plan: START_WAYS.get(plan._get_start(start)) or plan._get_catch_up()
            for plan in self
        }


class ResCompany(models.Model):
    _inherit = "res.company"

    followup_plan_ids = fields.One2many(
        "account.followup.plan",
        "company_id",
        string="Follow-up Plans",
        groups=SETTINGS_GROUPS,
    )
    # so that where no plan has one, nobody has to ask for it
    followup_has_plan_calendar = fields.Boolean(
        "Plans Have Working Days",
        compute="_compute_followup_has_plan_calendar",
        store=True,
        groups=SETTINGS_GROUPS,
    )

    @api.depends("followup_plan_ids.active", "followup_plan_ids.calendar_id")
    def _compute_followup_has_plan_calendar(self):
        for company in self:
            company.followup_has_plan_calendar = bool(
                company.followup_plan_ids.calendar_id
            )

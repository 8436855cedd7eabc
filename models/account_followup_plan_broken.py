from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AccountFollowupPlan(models.Model):
    """To which level a plan jumps when a promise to pay was broken (rule 14a)."""

    _inherit = "account.followup.plan"

    broken_level_id = fields.Many2one(
        "account.followup.level",
        string="After a Broken Promise",
        domain="[('plan_id', '=', id), ('delay', '>=', 0)]",
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        help="Level that is next when a promise to pay was not kept, whatever the age "
        "of the invoice; levels before it are left out. Empty: reminders go on where "
        "they stood.",
    )
    is_broken_level_archived = fields.Boolean(
        compute="_compute_is_broken_level_archived"
    )

    @api.depends("broken_level_id.active")
    def _compute_is_broken_level_archived(self):
        for plan in self:
            level = plan.broken_level_id
            plan.is_broken_level_archived = level and not level.active

    @api.constrains("broken_level_id")
    def _check_broken_level(self):
        for plan in self:
            level = plan.broken_level_id
            if level and level.plan_id != plan:
                raise ValidationError(
                    self.env._(
                        'Follow-up plan "%s": choose one of its own levels for after a '
                        "broken promise.",
                        plan.name,
                    )
                )
            if level.delay < 0:
                raise ValidationError(
                    self.env._(
                        'Follow-up plan "%(plan)s": the level after a broken promise, '
                        '"%(level)s", cannot come before the due date.',
                        plan=plan.name,
                        level=level.name,
                    )
                )

    def copy(self, default=None):
        # EXTENDS 'account_payment_followup': the same one of the copied levels
        copies = super().copy(default)
        for plan, copied in zip(self, copies, strict=True):
            level = plan.broken_level_id
            if level.active and not copied.broken_level_id:
                copied.broken_level_id = copied.level_ids.filtered_domain(
                    [("delay", "=", level.delay)]
                )
        return copies


class AccountFollowupLevel(models.Model):
    _inherit = "account.followup.level"

    @api.constrains("delay", "plan_id")
    def _check_broken_level(self):
        plans = self.env["account.followup.plan"].sudo().with_context(active_test=False)
        plans.search([("broken_level_id", "in", self.ids)])._check_broken_level()

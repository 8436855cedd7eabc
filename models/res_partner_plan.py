from odoo import api, fields, models
from odoo.tools import SQL

from .account_move_line import GROUPS


class ResPartner(models.Model):
    """The follow-up plan of a customer in the current company, and why (X16)."""

    _inherit = "res.partner"

    followup_plan_id = fields.Many2one(
        "account.followup.plan",
        string="Follow-up Plan",
        compute="_compute_followup_plan",
        inverse="_inverse_followup_plan_id",
        search="_search_followup_plan_id",
        groups=GROUPS,
        help="Levels and settings by which this customer is reminded. Empty it to go "
        "back to the plan that the rules say.",
    )
    followup_plan_info = fields.Char(
        "Why This Plan", compute="_compute_followup_plan", groups=GROUPS
    )
    has_followup_plans = fields.Boolean(compute="_compute_followup_plan", groups=GROUPS)

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "lang")
    def _compute_followup_plan(self):
        root = self.env.company.root_id
        plans = self.env["account.followup.plan"]
        choice = self.env["account.followup.plan.choice"]
        in_use = choice._get_in_use(root)
        customers = self.commercial_partner_id._origin
        mine = choice._get_plans(customers, root, in_use)
        cases = customers._get_followup().grouped("partner_id")
        for partner in self:
            customer = partner.commercial_partner_id._origin
            plan = mine.get(customer) or plans
            partner.has_followup_plans = len(in_use) > 1
            partner.followup_plan_id = plan
            partner.followup_plan_info = plan and choice._get_origin_text(
                plan, cases.get(customer) or self.env["account.followup"]
            )

    def _inverse_followup_plan_id(self):
        self._write_followup("plan_id", "followup_plan_id")

    def _search_followup_plan_id(self, operator, value):
        """Search by the plan that a customer has."""
        self._check_field_access(self._fields["followup_plan_id"], "read")
        if operator != "in":
            return NotImplemented
        choice = self.env["account.followup.plan.choice"]
        root = self.env.company.root_id
        mine = choice._get_in_use(root)
        wanted = mine.filtered(lambda plan: plan.id in value)
        default = mine.filtered("is_default")
        sql = choice._get_sql_plans(choice._get_rules({root: mine}))
        if not sql:
            return [(1, "=", 1)] if default & wanted else [(0, "=", 1)]
        others = SQL(
            "(SELECT plan.partner_id FROM (%s) plan WHERE plan.plan_id IN %s)",
            sql,
            tuple((mine - wanted).ids if default & wanted else wanted.ids) or (0,),
        )
        return [
            (
                "commercial_partner_id",
                "not in" if default & wanted else "in",
                others,
            )
        ]

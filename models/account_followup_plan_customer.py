import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.sql import get_fields
from .account_followup_plan import CONDITIONS


class AccountFollowupPlan(models.Model):
    """What is asked of plans when customers have one (X16)."""

    _inherit = "account.followup.plan"

    @api.model
    def _get_plans_in_use(self, company_ids):
        """Return {root company: its active plans, in their order}.

        :param company_ids: ids of root companies
        """
        plans = self.sudo().search_fetch(
            [("company_id", "in", company_ids)],
            [
                "name",
                "company_id",
                "is_default",
                "has_min_amount",
                "min_amount",
                "has_min_days",
                "min_days",
                "catch_up",
                "start",
                "calendar_id",
                "broken_level_id",
            ],
        )
        return plans.grouped("company_id")


class AccountFollowupPlanChoice(models.AbstractModel):
    """Which plan a customer has (X16): by hand, else by rule, else the default."""

    _name = "account.followup.plan.choice"
    _description = "Choice of Follow-up Plans"

    @api.model
    def _get_in_use(self, company):
        """Return the active plans of a root company, in their order."""
        plans = self.env["account.followup.plan"]
        return plans._get_plans_in_use(company.ids).get(company, plans)

    @api.model
    def _get_rules(self, plans):
        """Return how plans are chosen in companies in which customers may differ.

        :param dict plans: {root company: active plans}
        :return: dict {id of root company: (id of its default plan, SQL of a CASE, ids
            of plans that cannot be read)}; it is empty where each company has one plan,
            so that this costs nothing
        """
        return {
            company.id: self._get_rule(mine)
            for company, mine in plans.items()
            if len(mine) > 1
        }

    @api.model
    def _get_rule(self, plans):
        """Return which of all plans of a company ``res_partner`` has, see above.

        It is empty for the default plan; ``followup`` is the case.
        """
        rules = [
            SQL("WHEN followup.plan_id IN %s THEN followup.plan_id", tuple(plans.ids))
        ]
        default, unread = plans.filtered("is_default"), []
        for plan in plans - default:
            condition, error = self._get_sql_condition(plan)
            if condition:
                rules.append(SQL("WHEN %s THEN %s", condition, plan.id))
            if error:
                unread.append(plan.id)
        return default.id or 0, SQL("CASE %s END", SQL(" ").join(rules)), unread

    @api.model
    def _get_sql_plans(self, rules, partner_ids=None):
        """Return the customers who do not have the default plan of their company.

        :param dict rules: see ``_get_rules``
        :param partner_ids: those that are asked for, all if it is None
        :return: SQL, rows of partner_id, company_id and plan_id; None if nobody can
            have another plan
        """
        parts = [
            self._get_sql_plans_of(company_id, default_id, choice, partner_ids)
            for company_id, (default_id, choice, _unread) in rules.items()
        ]
        return SQL(" UNION ALL ").join(parts) if parts else None

    @api.model
    def _get_sql_plans_of(self, company_id, default_id, choice, partner_ids):
        """Return the same for one root company that has several plans."""
        read = {
            "account.followup": ("company_id", "partner_id", "plan_id"),
            "res.partner": ("commercial_partner_id",),
        }
        return SQL(
            """
            SELECT chosen.partner_id, %(company)s AS company_id, chosen.plan_id
              FROM (
                   SELECT res_partner.id AS partner_id,
                          %(choice)s AS plan_id
                     FROM res_partner
                     LEFT JOIN account_followup followup
                            ON followup.partner_id = res_partner.id
                           AND followup.company_id = %(company)s
                    WHERE res_partner.commercial_partner_id = res_partner.id
                      AND %(is_asked_for)s
                   OFFSET 0  -- so that the rules are asked once
                   ) chosen
             WHERE chosen.plan_id <> %(default)s
            """,
            company=company_id,
            default=default_id,
            choice=choice,
            is_asked_for=SQL("TRUE")
            if partner_ids is None
            else SQL("res_partner.id = ANY(%s)", list(partner_ids)),
            to_flush=get_fields(self.env, read),
        )

    @api.model
    def _get_sql_condition(self, plan):
        """Return the condition of the plan on ``res_partner``, None without one.

        When it cannot be read it is that of its other conditions: nobody else can have
        the plan, and whoever could have it must get no other one.

        :return: (SQL or None, the error or None)
        """
        try:
            return self._get_sql_domain(plan, plan._get_customer_domain()), None
        except psycopg2.Error:
            raise
        except Exception as error:
            return self._get_sql_domain(plan, self._get_domain_of_fields(plan)), error

    @api.model
    def _get_domain_of_fields(self, plan):
        """Return the conditions of a plan that have a field of their own."""
        domain = Domain.TRUE
        for name, field in CONDITIONS.items():
            if value := plan[name]:
                wanted = [value] if isinstance(value, str) else value.ids
                domain &= Domain(field, "in", wanted)
        if plan.customer_type:
            domain &= Domain("is_company", "=", plan.customer_type == "company")
        return domain

    @api.model
    def _get_sql_domain(self, plan, domain):
        """Return a domain of a plan as a condition on ``res_partner``, or None."""
        if domain is None:
            return None
        partners = plan.env["res.partner"].with_company(plan.company_id)
        query = partners.with_context(active_test=False)._search(domain)
        if query.is_empty():
            return None
        if query.from_clause.code == '"res_partner"':
            return query.where_clause or SQL("TRUE")
        return SQL("res_partner.id IN %s", query.subselect())

    @api.model
    def _get_plans(self, partners, company, plans=None):
        """Return {customer: plan} of commercial partners in a root company.

        :param plans: those in use of the company, if known
        """
        plans = plans or self._get_in_use(company)
        default = plans.filtered("is_default") or plans._get_default_plan(company)
        found = {}
        rules = self._get_rules({company: plans})
        if partners.ids and (sql := self._get_sql_plans(rules, partners.ids)):
            rows = self.env.execute_query(
                SQL("SELECT plan.partner_id, plan.plan_id FROM (%s) plan", sql)
            )
            found = dict(rows)
        return {
            partner: plans.browse(found.get(partner._origin.id)) or default
            for partner in partners
        }

    @api.model
    def _get_origin_text(self, plan, followup):
        """Return why a customer has a plan.

        :param followup: case of the customer, may be empty
        """
        if problem := self._get_problem(plan):
            return problem
        if followup.plan_id == plan:
            return self.env._("chosen by hand")
        if plan.is_default:
            return self.env._("default of the company")
        return self.env._("by rule: %s", plan.conditions)


class AccountFollowup(models.Model):
    _inherit = "account.followup"

    plan_id = fields.Many2one(
        "account.followup.plan",
        string="Follow-up Plan",
        domain="[('company_id', '=', company_id)]",
        ondelete="set null",
        index="btree_not_null",
        help="Chosen by hand; empty for the plan that fits the customer, else the "
        "default one.",
    )

    def _prepare_merged(self, others):
        # EXTENDS: what somebody has chosen is kept; who is not to be reminded stays so
        values = super()._prepare_merged(others)
        chosen = (self.plan_id + others.plan_id).filtered("active")
        silent = chosen.filtered(lambda plan: not plan.level_ids)
        values["plan_id"] = (silent or chosen or self.plan_id)[:1].id
        return values

    @api.constrains("plan_id")
    def _check_plan(self):
        for followup in self:
            if followup.plan_id and followup.plan_id.company_id != followup.company_id:
                raise ValidationError(
                    self.env._(
                        '%(customer)s: follow-up plan "%(plan)s" belongs to another '
                        "company. Choose one of %(company)s.",
                        customer=followup.partner_id.display_name,
                        plan=followup.plan_id.sudo().name,
                        company=followup.company_id.name,
                    )
                )

from odoo import api, models
from odoo.exceptions import UserError

from ..tools.parts import get_error_text


class AccountFollowupPlanChoice(models.AbstractModel):
    """Plans whose further condition cannot be read any more: they remind nobody.

    What a condition asks of can be gone, with its module for instance. Then nobody
    knows whom the plan is for: whoever could be is not reminded by another plan in its
    place, and a person is told of it.
    """

    _inherit = "account.followup.plan.choice"

    @api.model
    def _get_readable(self, plans, rules):
        """Return the plans that remind, see ``_get_rules``.

        :param dict plans: {root company: active plans}
        """
        unread = {id_ for *_rule, ids in rules.values() for id_ in ids}
        return {
            company: mine.filtered(lambda plan: plan.id not in unread)
            for company, mine in plans.items()
        }

    @api.model
    def _get_error(self, plan):
        """Return why the condition of a plan cannot be read, None if it can."""
        plan = plan.sudo()
        if not plan or plan.is_default:
            return None
        return self._get_sql_condition(plan)[1]

    @api.model
    def _get_unread_text(self, plan):
        """Return which plan cannot be read, and the way out."""
        return self.env._(
            'Follow-up plan "%s": the further condition cannot be read. '
            "Build it again with the editor.",
            plan.name,
        )

    @api.model
    def _get_problem(self, plan):
        """Return that a plan reminds nobody since it cannot be read, or None."""
        return self._get_unread_text(plan.sudo()) if self._get_error(plan) else None

    @api.model
    def _check_readable(self, company):
        """Refuse what is decided once for all customers, such as the go-live.

        :raise UserError: of some it is not known which plan they have
        """
        for plan in self._get_in_use(company):
            if problem := self._get_problem(plan):
                raise UserError(problem)

    @api.model
    def _tell_unread(self, days):
        """Give who can mend it a task while plans cannot be read, and end it.

        :param dict days: {root company: date that counts as today}
        """
        plans = self.env["account.followup.plan"]
        in_use = plans._get_plans_in_use([company.id for company in days])
        summary = self.env._("A follow-up plan cannot be read")
        mended = self.env["res.company"]
        for company, day in days.items():
            mine = in_use.get(company, plans)
            if texts := [*filter(None, map(self._get_task_text, mine))]:
                company._schedule_followup_task(
                    summary, " ".join(texts), day, group="account.group_account_manager"
                )
            else:
                mended += company
        mended._end_followup_tasks(summary, self.env._("All of them can be read."))

    @api.model
    def _get_task_text(self, plan):
        """Return what is to be done about a plan, None if nothing is."""
        error = self._get_error(plan)
        return error and self.env._(
            "%(company)s: %(problem)s Until then nobody whom it could fit is reminded "
            "by itself (%(error)s).",
            company=plan.company_id.name,
            problem=self._get_unread_text(plan),
            error=get_error_text(error),
        )

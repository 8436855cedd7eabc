from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.ladder import DELAY_SHIFT, get_slot


class AccountFollowupBroken(models.AbstractModel):
    """How the rule jumps to a level after a broken promise (rule 14a).

    The plan names the level. Nothing of this is in the statement where no plan does.
    """

    _name = "account.followup.broken"
    _description = "Levels after Broken Promises"

    @api.model
    def _get_levels(self, plans, levels):
        """Return {plan: the level it jumps to after a broken promise}.

        An archived level, or one of another plan, is none: reminders go on where they
        stood.

        :param dict plans: {root company: active plans}
        :param levels: levels of these companies
        """
        known = {level.id: level for level in levels if level.active}
        found = {
            plan: known.get(plan.broken_level_id.id)
            for mine in plans.values()
            for plan in mine
            if plan.broken_level_id
        }
        return {
            plan: level
            for plan, level in found.items()
            if level and level.plan_id == plan and level.delay >= 0
        }

    @api.model
    def _get_sql_date(self, parts):
        """Return the day from which the promise of ``line`` is broken, see below."""
        return SQL("broken.date") if parts["broken"] else SQL("NULL::date")

    @api.model
    def _get_sql_join(self, days, customer, plan_id, reached_date, parts):
        """Return the join that finds for which items the ladder jumps, and when.

        ``broken.date`` is the day on which the newest promise of ``line`` is broken
        unless it is paid until then; of instalments it is that of the first one that
        was not paid. It is empty when the plan says nothing, when its level was
        reached, and when anything was reached since then: the ladder jumps once. It is
        empty, too, when people have ended the newest promise, whatever became of the
        older ones that it has replaced, and when the item was in dispute on the day.

        :param SQL customer: of the item
        :param SQL plan_id: plan of the customer
        :param SQL reached_date: day on which ``line`` has reached its level
        """
        if not parts["broken"]:
            return SQL("")
        return SQL(
            """
              LEFT JOIN LATERAL (
                   SELECT MIN(promised.date) AS date
                     FROM (%(promised)s) promised
                    WHERE promised.place = 1
                      -- who says to have paid was not told of the next level
                      AND promised.is_payment IS NOT TRUE
                      AND promised.state IN ('open', 'partly', 'broken')
                      AND promised.is_wanted
                      AND NOT promised.was_at_rest
                   HAVING reached.key IS NULL OR %(reached_date)s < MIN(promised.date)
                   ) broken ON TRUE
            """,
            promised=self._get_sql_promised(days, customer, plan_id, parts),
            reached_date=reached_date,
        )

    @api.model
    def _get_sql_promised(self, days, customer, plan_id, parts):
        """Return the promises of ``line`` with their place, the newest is the first."""
        ledger = self.env["account.followup.promise.ledger"]
        last = ledger._get_sql_last_day()
        slots = [
            SQL("WHEN %s THEN %s", plan, get_slot(delay))
            for plan, delay in parts["broken"].items()
        ]
        return SQL(
            """
            SELECT found.state,
                   found.is_wanted,
                   %(was_at_rest)s AS was_at_rest,
                   promise.is_payment,
                   %(last)s + 1 AS date,
                   RANK() OVER (ORDER BY COALESCE(promise.first_id, promise.id) DESC)
                       AS place
              FROM (%(states)s) found
              JOIN account_followup_promise promise ON promise.id = found.id
             WHERE %(is_promised)s
               AND promise.partner_id = %(customer)s
               AND promise.company_id = company.root_id
               -- known before a promise is looked for
               AND COALESCE(reached.key >> %(shift)s, 0)
                   < CASE %(plan_id)s %(slots)s END
            """,
            states=ledger._get_sql_states(days, self._get_sql_is_of_line()),
            was_at_rest=ledger._get_sql_was_at_rest(last),
            is_promised=self._get_sql_is_promised(),
            last=last,
            customer=customer,
            shift=DELAY_SHIFT,
            plan_id=plan_id,
            slots=SQL(" ").join(slots),
        )

    @api.model
    def _get_sql_is_of_line(self):
        """Return the condition that ``promise`` is one of ``line``."""
        return SQL(
            """
            promise.id IN (
                SELECT rel.promise_id
                  FROM account_followup_promise_line_rel rel
                 WHERE rel.line_id = line.id
            )
            """
        )

    @api.model
    def _get_sql_is_promised(self):
        """Return the condition that ``line`` was promised: nearly none was.

        It is read once for all items, and known before all else.
        """
        return SQL(
            """
            line.id IN (
                SELECT rel.line_id
                  FROM account_followup_promise_line_rel rel
                  JOIN account_followup_promise one ON one.id = rel.promise_id
                 WHERE one.ended IS NULL
            )
            """
        )

    @api.model
    def _get_least_age(self, levels, parts):
        """Return how many days late an item is at least that is ripe for a level."""
        least = min(levels.mapped("delay"))
        return min(least, 1) if parts["broken"] else least

    @api.model
    def _get_jumps(self, partners, company, day):
        """Return {journal item id: level to which it jumps after a broken promise}.

        :param partners: commercial partners
        :param company: root company
        """
        items = self.env["account.followup.item"].sudo()
        parts = items._get_sql_parts({company: day})
        if not parts["broken"]:
            return {}
        levels = self.env["account.followup.level"].sudo()
        return {
            row["id"]: levels.browse(row["next_level_id"])
            for row in items._get_rows({company: day}, partners, parts=parts)
            if row["broken_date"] and row["next_level_id"]
        }


class AccountFollowupItem(models.Model):
    _inherit = "account.followup.item"

    broken_date = fields.Date(
        "Promise Broken On",
        readonly=True,
        help="From this day on a promise for it is broken, after which its plan names "
        "the next level.",
    )

from odoo import api, models
from odoo.tools import SQL

from ..tools import ladder
from ..tools.sql import get_fields


class AccountFollowupItem(models.Model):
    """Whether anything is due at all: what the scheduled action asks each night."""

    _inherit = "account.followup.item"

    @api.model
    def _get_ripe_partners(self, days, levels):
        """Return on whom items are booked that are ripe for a level (rule 5).

        Only their customers can require follow-up at such a level (rule 6). Nothing is
        added up, so it is cheap, and cheapest when nothing is due.

        Which plan a customer has is asked of those only who have an item that would be
        ripe in some plan. That is nobody, or few: the customers of a quick plan, and
        of a slow one those who wait longer than others would.

        :param days: dict {root company: date that counts as today}
        :param levels: levels in use
        :return: res.partner, customers and contacts
        """
        partners = self.env["res.partner"]
        if not levels:
            return partners
        parts, only = self._get_sql_parts(days), None
        if parts["plans"] and not parts["broken"]:
            any_plan = self._get_parts_of_any_plan(parts, levels)
            query = self._get_sql_ripe_items(days, levels, any_plan)
            rows = self.env.execute_query(
                SQL("SELECT item.id, item.partner_id FROM (%s) item", query)
            )
            if not rows:
                return partners
            only = SQL("line.id = ANY(%s)", [row[0] for row in rows])
            parts = self._get_parts_of(parts, list({row[1] for row in rows}))
        query = self._get_sql_ripe_partners(days, levels, parts, only)
        return partners.browse(row[0] for row in self.env.execute_query(query))

    @api.model
    def _get_sql_ripe_partners(self, days, levels, parts=None, only=None):
        return SQL(
            "SELECT DISTINCT item.line_partner_id FROM (%s) item",
            self._get_sql_ripe_items(
                days, levels, parts or self._get_sql_parts(days), only
            ),
        )

    @api.model
    def _get_sql_ripe_items(self, days, levels, parts, only=None):
        """Return the items that are ripe for a level, see ``_get_ripe_partners``.

        :param dict parts: see ``_get_sql_parts``
        :param SQL only: condition on ``line``
        """
        return SQL(
            """
            SELECT item.*
              FROM (
                   SELECT * FROM (%(items)s) item
                    -- both follow from what is asked below, but are known before the
                    -- level reached is looked up
                    WHERE item.days_late >= %(delay)s
                      AND item.residual > 0
                   OFFSET 0
                   ) item
             WHERE item.next_level_id IN %(levels)s
               AND %(ripe)s
            """,
            items=self._get_sql(days, is_whole=True, parts=parts, only=only),
            delay=self.env["account.followup.broken"]._get_least_age(levels, parts),
            levels=tuple(levels.ids),
            ripe=self._get_sql_ripe(),
        )

    @api.model
    def _get_parts_of_any_plan(self, parts, levels):
        """Return the parts of the rule as if each customer had the quickest plan.

        Of all steps after a level, in whatever plan, there is one: with the least age
        and the fewest days to wait. Who is not ripe by it is so in no plan. Its level
        stands for one of those that are asked for.

        :param dict parts: see ``_get_sql_parts``, without levels after broken promises
        """
        steps = SQL(
            """
            SELECT COALESCE(usual.id, 0) AS plan_id,
                   step.reached,
                   %(first)s AS first,
                   %(last)s AS last,
                   MIN(step.level) AS level,
                   MIN(step.delay) AS delay,
                   MIN(step.age) AS age,
                   MIN(step.wait) AS wait,
                   MIN(step.key) AS key
              FROM (%(steps)s) step
              JOIN account_followup_plan plan ON plan.id = step.plan_id
              LEFT JOIN account_followup_plan usual
                     ON usual.company_id = plan.company_id AND usual.is_default
             WHERE step.level IN %(levels)s
             GROUP BY usual.id, step.reached
            """,
            steps=parts["steps"],
            first=ladder.FIRST_DAY,
            last=ladder.LAST_DAY,
            levels=tuple(levels.ids),
            to_flush=get_fields(
                self.env, {"account.followup.plan": ("company_id", "is_default")}
            ),
        )
        return {**parts, "plans": None, "steps": steps}

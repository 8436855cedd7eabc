from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, groupby

from .account_followup_send import ITEM_FIELDS, MOVE_FIELDS
from .res_company_golive import NOT_STARTED

#: Customers whose history is written at once.
BATCH_SIZE = 500


class AccountFollowupStart(models.AbstractModel):
    """Going live with automatic reminders (X4): what would leave, doing, undoing.

    What would leave is asked of the rule itself, as if the company had started so.
    """

    _name = "account.followup.start"
    _description = "Go-Live of Automatic Reminders"

    # ------------------------------------------------------------------
    # What would leave
    # ------------------------------------------------------------------

    @api.model
    def _get_preview(self, company, day, start, until):
        """Return what a start would make of this day.

        :param company: root company
        :param str start: ``first``, ``age`` or ``reminded``
        :param date until: what is due before it counts as reminded
        :return: what would leave, and what counts as reminded, both lists of
            (level id, by itself, customers, items, amount)
        """
        return (
            self._get_due(company, day, start, until),
            self._get_counted(company, day, start, until),
        )

    @api.model
    def _get_plans(self, company):
        return self.env["account.followup.plan.choice"]._get_in_use(company)

    @api.model
    def _get_plans_counted(self, company, start):
        """Return the plans of which what is overdue counts as reminded."""
        return self._get_plans(company).filtered(
            lambda plan: plan.level_ids and plan._get_start(start) == "reminded"
        )

    @api.model
    def _get_due(self, company, day, start, until):
        """Return who would be due, by level, see ``_get_preview``."""
        days = {company: day}
        customers = self.env["account.followup.customer"]
        parts = self._get_parts(company, day, start, until)
        return self.env.execute_query(
            SQL(
                """
                SELECT customer.level_id, customer.is_automatic, COUNT(*),
                       SUM(customer.overdue_count)::integer,
                       SUM(customer.total_overdue)
                  FROM (
                       SELECT customer.*,
                              level.delay,
                              COALESCE(%(is_automatic)s, FALSE) AS is_automatic
                         FROM (%(customers)s) customer
                         JOIN account_followup_level level
                           ON level.id = customer.level_id
                        WHERE customer.status = 'in_need_of_action'
                          AND %(is_free)s
                       ) customer
                 GROUP BY customer.delay, customer.level_id, customer.is_automatic
                 ORDER BY customer.delay, customer.is_automatic DESC
                """,
                is_automatic=self.env["account.followup.due"]._get_sql_is_automatic(
                    days
                ),
                customers=customers._get_sql(days, with_next_date=False, parts=parts),
                is_free=self._get_sql_is_free(company, day, start, until),
            )
        )

    @api.model
    def _get_parts(self, company, day, start, until):
        """Return the parts of the rule, as if the company had started so."""
        ways = self._get_plans(company)._get_start_ways(start)
        items = self.env["account.followup.item"]
        parts = items._get_sql_parts({company: day}, starts={company: (ways, day)})
        if counted := self._get_plans_counted(company, start):
            # what counts as reminded today is ripe on a later day
            parts["steps"] = SQL(
                """
                SELECT step.plan_id, step.reached, step.first,
                       CASE WHEN %(is_counted)s THEN LEAST(step.last, %(late)s)
                            ELSE step.last
                       END AS last,
                       step.level, step.delay, step.age, step.wait, step.key
                  FROM (%(steps)s) step
                 WHERE NOT %(is_counted)s OR step.first <= %(late)s
                """,
                is_counted=SQL("step.plan_id IN %s", tuple(counted.ids)),
                late=(day - until).days,
                steps=parts["steps"],
            )
        return parts

    @api.model
    def _get_sql_is_free(self, company, day, start, until):
        """Return the condition that what counts as reminded today leaves room.

        It is a reminder in the history, from which the days between two count.
        """
        counted = self._get_plans_counted(company, start)
        waiting = counted.filtered(lambda plan: plan._get_min_days() > 0)
        if not waiting:
            return SQL("TRUE")
        return SQL(
            """
            NOT (
                customer.plan_id IN %s
                AND customer.partner_id IN (SELECT item.partner_id FROM (%s) item)
            )
            """,
            tuple(waiting.ids),
            self._get_sql_counted(company, day, waiting, until),
        )

    @api.model
    def _get_counted(self, company, day, start, until):
        """Return what would count as reminded, by level, see ``_get_preview``."""
        plans = self._get_plans_counted(company, start)
        if not plans:
            return []
        return self.env.execute_query(
            SQL(
                """
                SELECT item.next_level_id, FALSE, COUNT(DISTINCT item.partner_id),
                       COUNT(*), SUM(item.residual_company)
                  FROM (%s) item
                 GROUP BY item.next_delay, item.next_level_id
                 ORDER BY item.next_delay
                """,
                self._get_sql_counted(company, day, plans, until),
            )
        )

    @api.model
    def _get_sql_counted(self, company, day, plans, until):
        """Return the items that count as reminded; ``next_level_id`` fits its age.

        What is too young for a level is not reminded, and what is excluded never.
        """
        items = self.env["account.followup.item"]
        parts = items._get_sql_parts({company: day}, starts={}, catch_up="jump")
        return SQL(
            """
            SELECT item.*
              FROM (%s) item
             WHERE item.due_date < %s
               AND item.plan_id IN %s
               AND item.next_delay <= item.days_late
               AND item.rest_reason IS DISTINCT FROM 'excluded'
            """,
            items._get_sql({company: day}, is_whole=True, parts=parts),
            until,
            tuple(plans.ids),
        )

    # ------------------------------------------------------------------
    # Doing and undoing
    # ------------------------------------------------------------------

    @api.model
    def _start(self, company, day, start, until, **values):
        """Switch automatic reminders on, in the caller's transaction.

        :param str start: ``first``, ``age`` or ``reminded``
        :param date until: see ``_get_preview``
        :param values: further values of the company
        :raise UserError: it is live already, a plan cannot be read, or a customer is
            being reminded
        """
        if not company._needs_followup_start():
            raise UserError(
                self.env._(
                    "Automatic reminders of %s are live already. Load the page again.",
                    company.name,
                )
            )
        # what counts as reminded follows from the plan of a customer
        self.env["account.followup.plan.choice"]._check_readable(company)
        last_id = self._get_last_id(company)
        counted = self._get_plans_counted(company, start)
        if counted:
            self._count_as_reminded(company, day, counted, until)
        company.write(
            {
                **values,
                "followup_automatic": True,
                "followup_start": start,
                "followup_start_date": day,
                "followup_start_until": until if counted else False,
                "followup_start_user_id": self.env.uid,
                "followup_start_last_id": last_id,
            }
        )

    @api.model
    def _get_last_id(self, company):
        reminders = self.env["account.followup.reminder"]
        domain = [("company_id", "=", company.id)]
        return reminders.search(domain, limit=1, order="id DESC").id

    @api.model
    def _count_as_reminded(self, company, day, plans, until):
        """Write a reminder of each customer of some plans that nobody has got."""
        query = SQL(
            "SELECT * FROM (%s) item ORDER BY item.partner_id, item.due_date, item.id",
            self._get_sql_counted(company, day, plans, until),
        )
        rows = self.env.execute_query_dict(query)
        groups = list(groupby(rows, lambda row: row["partner_id"]))
        partners = self.env["res.partner"].browse(key for key, _mine in groups)
        self.env["account.followup"]._lock_all(partners, company)
        reminders = self.env["account.followup.reminder"].with_company(company)
        for first in range(0, len(groups), BATCH_SIZE):
            batch = groups[first : first + BATCH_SIZE]
            items = self._read_ahead(row for _partner, mine in batch for row in mine)
            reminders.create(
                [self._prepare_counted(company, id_, mine, day) for id_, mine in batch]
            )
            # the unique key decides, and memory stays flat
            self.env.flush_all()
            items.invalidate_recordset()

    @api.model
    def _read_ahead(self, rows):
        items = self.env["account.move.line"].browse(row["id"] for row in rows)
        items.fetch(ITEM_FIELDS)
        items.move_id.fetch(MOVE_FIELDS)
        items.mapped("followup_name")
        return items

    @api.model
    def _prepare_counted(self, company, partner_id, rows, day):
        """Return the values of a reminder without text, number and delivery."""
        data = {"counting": {row["id"] for row in rows}}
        service = self.env["account.followup.send"]
        lines = [service._prepare_line(row, data) for row in rows]
        return {
            **service._prepare_history(partner_id, company, day, lines),
            "level_id": max(rows, key=lambda row: row["next_key"])["next_level_id"],
            "trigger": "start",
            "state": "sent",
            "user_id": self.env.uid,
            "amount_overdue": sum(float(row["residual_company"]) for row in rows),
        }

    @api.model
    def _get_undo_problem(self, company):
        """Return why the go-live cannot be undone (any more), or None."""
        if not company.followup_start:
            return self.env._("There is no go-live to undo.")
        later = self.env["account.followup.reminder"].search(
            [
                ("company_id", "=", company.id),
                ("id", ">", company.followup_start_last_id),
                ("trigger", "not in", ("import", "start")),
                ("is_test", "=", False),
            ],
            order="id",
            limit=1,
        )
        return later and self.env._(
            "The go-live cannot be undone any more: reminders were made after it, the "
            "first one to %s.",
            later.partner_id.display_name,
        )

    @api.model
    def _undo(self, company):
        """Switch off again, and take away what counted as reminded.

        :raise UserError: a reminder was made since, which may rest upon it
        """
        if problem := self._get_undo_problem(company):
            raise UserError(problem)
        counted = self.env["account.followup.reminder"].search(
            [
                ("company_id", "=", company.id),
                ("id", ">", company.followup_start_last_id),
                ("trigger", "=", "start"),
            ]
        )
        self.env["account.followup"]._lock_all(counted.partner_id, company)
        counted.unlink()
        company.write({"followup_automatic": False, **NOT_STARTED})

    @api.model
    def _get_next_run(self):
        """Return when the scheduled action comes next, None if it is switched off."""
        job = self.env.ref("account_payment_followup.ir_cron_process_followups").sudo()
        return fields.Datetime.to_datetime(job.nextcall) if job.active else None

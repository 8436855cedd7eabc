from odoo import api, models
from odoo.tools import SQL

from ..tools import ladder
from ..tools.days import LAST
from ..tools.sql import get_fields
from .account_followup_customer import ID_SHIFT

#: The open items of so many customers are read once: there are not many of them.
FEW_CUSTOMERS = 20

#: What the statement of customers reads itself.
FIELDS_READ = {
    "account.followup": (
        "company_id",
        "excluded",
        "next_reminder_date",
        "partner_id",
        "pause_until",
        "plan_id",
        "reminder_type",
        "responsible_id",
        "retry_date",
    ),
    "account.followup.reminder": (
        "company_id",
        "date",
        "is_test",
        "noticed_date",
        "partner_id",
        "state",
    ),
    "res.currency": ("rounding",),
}


class AccountFollowupRule(models.AbstractModel):
    """Who requires follow-up, today (rule 6) and from which day on (rule 9)."""

    _name = "account.followup.rule"
    _description = "Who Requires Follow-up"

    @api.model
    def _get_sql_customers(self, days, partners, parts):
        """Return the totals with settings and memory; ``required`` is rule 6."""
        return SQL(
            """
            SELECT total.*,
                   company.today,
                   company.today - total.due_date AS days_late,
                   company.currency_id,
                   company.unit AS company_unit,
                   %(plan_id)s
                   %(setting)s.min_amount,
                   %(case)s,
                   %(gate)s AS gate,
                   %(required)s AS required
              FROM (%(totals)s) total
              -- outer joins all: none takes away a customer, and they say so
              LEFT JOIN (%(companies)s) company ON company.id = total.company_id
              LEFT JOIN account_followup followup
                     ON followup.partner_id = total.partner_id
                    AND followup.company_id = total.company_id
              LEFT JOIN (%(recent)s) recent
                     ON recent.partner_id = total.partner_id
                    AND recent.company_id = total.company_id
              %(plan)s
            OFFSET 0  -- so that rule 6 is worked out once
            """,
            plan_id=SQL() if parts["plans"] else SQL("company.plan_id,"),
            setting=self._get_sql_setting(parts),
            case=self._get_sql_case(),
            gate=self._get_sql_gate(parts),
            required=self._get_sql_required(parts),
            totals=self.env["account.followup.total"]._get_sql_totals(
                days, partners, parts
            ),
            companies=parts["companies"],
            recent=self._get_sql_recent(parts),
            plan=self._get_sql_plan(parts),
        )

    @api.model
    def _get_sql_case(self):
        """Return what a person has chosen for the customer, and what came of it."""
        return SQL(
            """
                   followup.id AS followup_id,
                   followup.reminder_type,
                   followup.retry_date,
                   followup.next_reminder_date,
                   CASE WHEN followup.pause_until >= company.today
                        THEN followup.pause_until
                   END AS pause_until,
                   COALESCE(followup.responsible_id, company.responsible_id)
                        AS responsible_id,
                   COALESCE(followup.excluded, FALSE) AS excluded
            """
        )

    @api.model
    def _get_sql_columns(self):
        """Return the columns of account.followup.customer."""
        return SQL(
            """
                   (customer.company_id::bigint << %(shift)s) | customer.partner_id
                        AS id,
                   customer.partner_id,
                   customer.company_id,
                   customer.currency_id,
                   CASE WHEN customer.required THEN 'in_need_of_action'
                        WHEN customer.days_late > 0 THEN 'with_overdue_invoices'
                        ELSE 'no_action_needed'
                   END AS status,
                   (
                       CASE WHEN customer.required
                            THEN customer.level_due ELSE customer.level_reached END
                       & %(level_mask)s
                   )::integer AS level_id,
                   (customer.level_reached & %(level_mask)s)::integer
                        AS reached_level_id,
                   customer.due::float8 AS total_due,
                   customer.overdue::float8 AS total_overdue,
                   CASE WHEN customer.days_late > 0 THEN customer.due_date
                   END AS oldest_due_date,
                   GREATEST(customer.days_late, 0) AS days_late,
                   customer.overdue_count,
                   COALESCE(customer.reminder_type, 'automatic') AS reminder_type,
                   customer.responsible_id,
                   customer.excluded,
                   customer.retry_date,
                   customer.pause_until,
                   customer.followup_id,
                   customer.plan_id
            """,
            shift=ID_SHIFT,
            level_mask=ladder.LEVEL_MASK,
        )

    @api.model
    def _get_fields_read(self):
        """Return the fields that the statement of customers reads itself."""
        return get_fields(self.env, FIELDS_READ)

    @api.model
    def _get_sql_setting(self, parts):
        """Return whose amount and days hold: of the company, or of each plan."""
        return SQL("setting") if parts["settings"] else SQL("company")

    @api.model
    def _get_sql_plan(self, parts):
        """Return the join of the settings of a customer's plan (X16)."""
        if not parts["settings"]:
            return SQL("")
        return SQL(
            "LEFT JOIN (%s) setting ON setting.plan_id = total.plan_id",
            parts["settings"],
        )

    @api.model
    def _get_sql_is_free(self, parts):
        """Return the condition that no reminder is too recent or queued."""
        if not parts["settings"]:
            return SQL("recent.date IS NULL")
        # another plan of the company may want a longer gap
        return SQL(
            "(recent.date IS NULL OR NOT (recent.is_queued"
            " OR recent.date > company.today - setting.min_days))"
        )

    @api.model
    def _get_sql_gate(self, parts):
        """Return the first day on which the customer may get a reminder at all."""
        return SQL(
            """
            GREATEST(
                company.today,
                followup.next_reminder_date,
                recent.date + %s.min_days,
                -- what is queued may have left by tomorrow
                CASE WHEN recent.is_queued THEN company.today + 1 END
            )
            """,
            self._get_sql_setting(parts),
        )

    @api.model
    def _get_sql_required(self, parts):
        """Return the condition of rule 6 on the totals."""
        return SQL(
            """
            (
                total.level_due IS NOT NULL
                AND %(is_free)s
                AND NOT COALESCE(followup.excluded, FALSE)
                AND (
                    followup.next_reminder_date IS NULL
                    OR followup.next_reminder_date <= company.today
                )
                AND %(claim)s * 2 >= company.unit
                AND %(claim)s >= %(setting)s.min_amount
            )
            """,
            is_free=self._get_sql_is_free(parts),
            setting=self._get_sql_setting(parts),
            claim=self._get_sql_claimed(),
        )

    @api.model
    def _get_sql_claimed(self):
        """Return what is claimed at the level due, over all currencies."""
        return SQL(
            "CASE WHEN total.level_due < %s"
            " THEN total.claim_early ELSE total.claim_late END",
            ladder.FIRST_LATE_KEY,
        )

    @api.model
    def _get_sql_recent(self, parts):
        """Return the last reminder of customers who must not get another one yet.

        The gap has not passed, or a message of it is still queued, however old it is:
        each has an index. On a day to come (``is_coming``) what is queued has left.
        """
        items = self.env["account.followup.item"]
        return SQL(
            """
            SELECT reminder.partner_id,
                   reminder.company_id,
                   MAX(reminder.date) AS date,
                   BOOL_OR(reminder.state = 'queued' AND %(is_today)s) AS is_queued
              FROM (
                   SELECT recent.id, recent.partner_id, recent.company_id,
                          recent.state, %(recent_date)s AS date
                     FROM account_followup_reminder recent
                     JOIN (%(companies)s) company ON company.id = recent.company_id
                    WHERE recent.state IN ('queued', 'sent')
                      AND recent.is_test IS NOT TRUE
                      AND recent.date > company.today - company.max_days
                      AND %(recent_date)s > company.today - company.max_days
                    UNION ALL
                   SELECT queued.id, queued.partner_id, queued.company_id,
                          queued.state, %(queued_date)s AS date
                     FROM account_followup_reminder queued
                     JOIN (%(companies)s) company ON company.id = queued.company_id
                    WHERE queued.state = 'queued'
                      AND queued.is_test IS NOT TRUE
                      AND %(is_today)s
                   ) reminder
             WHERE %(others)s
             GROUP BY reminder.partner_id, reminder.company_id
            """,
            recent_date=items._get_sql_counted_date(SQL("recent")),
            queued_date=items._get_sql_counted_date(SQL("queued")),
            companies=parts["companies"],
            is_today=SQL("FALSE") if parts.get("is_coming") else SQL("TRUE"),
            others=items._get_sql_others(SQL("reminder.id"), parts["without"]),
        )

    @api.model
    def _get_sql_last_reminder(self):
        return SQL(
            """
            (
                SELECT MAX(reminder.date)
                  FROM account_followup_reminder reminder
                 WHERE reminder.partner_id = customer.partner_id
                   AND reminder.company_id = customer.company_id
                   AND reminder.state IN ('queued', 'sent')
                   AND reminder.is_test IS NOT TRUE
            )
            """
        )

    @api.model
    def _get_sql_next_date(self, days, parts):
        """Return the day of rule 9.

        For nearly all customers it follows from the sums: when each item alone would
        be enough, rule 6 holds as soon as the first one is ripe and free; likewise when
        what is overdue today is enough, in one currency, and all levels to come are on
        the due date or after it. When all of them together are not enough, it never
        does. The others are worked out day by day.
        """
        return SQL(
            """
            CASE WHEN customer.excluded THEN NULL
                 WHEN customer.next_reminder_date >= customer.today
                 THEN customer.next_reminder_date
                 WHEN customer.required THEN customer.today
                 WHEN customer.first_day IS NULL THEN NULL
                 WHEN COALESCE(customer.smallest, 0) >= 0
                      AND (customer.most <= 0 OR customer.most < customer.min_amount)
                 THEN NULL
                 WHEN (
                          customer.certainty = 2
                          OR (customer.certainty = 1 AND customer.gate = customer.today)
                      )
                      AND (
                          customer.enough * 2 >= customer.company_unit
                          AND customer.enough >= customer.min_amount
                          -- what is claimed today stays so, and more is added to it
                          OR customer.certainty = 2
                          AND customer.smallest IS NULL
                          AND customer.claim_late * 2 >= customer.company_unit
                          AND customer.claim_late >= customer.min_amount
                      )
                 THEN GREATEST(customer.first_day, customer.gate)
                 ELSE %s
            END
            """,
            self._get_sql_coming(days, parts),
        )

    @api.model
    def _get_sql_coming(self, days, parts):
        """Return the first day on which rule 6 would hold, if nobody pays (rule 9).

        Rule 6 can only begin to hold on a day on which something changes: an item
        becomes ripe (for as long as that level is its next one) or becomes overdue.
        The claims of those days are added up in the order of the days.
        """
        return SQL(
            """
            (
            SELECT MIN(LEAST(day.day, %(last)s::date))  -- as Python knows it
              FROM (
                   SELECT change.day,
                          SUM(SUM(change.late_count)) OVER days AS late_count,
                          SUM(SUM(change.early_count)) OVER days AS early_count,
                          SUM(SUM(change.claim_late)) OVER days AS claim_late,
                          SUM(SUM(change.claim_early)) OVER days AS claim_early
                     FROM (%(changes)s) change
                    GROUP BY change.day
                   WINDOW days AS (ORDER BY change.day)
                   ) day
             WHERE CASE WHEN day.late_count > 0 THEN day.claim_late
                        WHEN day.early_count > 0 THEN day.claim_early
                   END >= customer.min_amount
               AND CASE WHEN day.late_count > 0 THEN day.claim_late
                        WHEN day.early_count > 0 THEN day.claim_early
                   END * 2 >= customer.company_unit
            )
            """,
            last=LAST,
            changes=self._get_sql_claim_changes(days, parts),
        )

    @api.model
    def _get_sql_claim_changes(self, days, parts):
        """Return by how much the claim in a currency changes on a day.

        The counts are 1 from the day on which a late level, or else an early one, is
        ripe in that currency and something is claimed at it.
        """
        names = ("late_count", "early_count", "claim_late", "claim_early")
        claims = self.env["account.followup.total"]
        return SQL(
            """
            SELECT claim.day, %(changes)s
              FROM (
                   SELECT net.currency_id,
                          net.day,
                          (net.late_count > 0 AND %(has_late)s)::integer AS late_count,
                          (net.late_count = 0 AND net.early_count > 0 AND %(has_early)s
                              )::integer AS early_count,
                          COALESCE(%(claim_late)s, 0) AS claim_late,
                          CASE WHEN net.late_count = 0
                               THEN COALESCE(%(claim_early)s, 0) ELSE 0
                          END AS claim_early
                     FROM (%(nets)s) net
                   ) claim
            WINDOW days AS (PARTITION BY claim.currency_id ORDER BY claim.day)
            """,
            changes=SQL(", ").join(
                SQL(
                    "%(name)s - COALESCE(LAG(%(name)s) OVER days, 0) AS %(name)s",
                    name=SQL.identifier(name),
                )
                for name in names
            ),
            has_late=claims._get_sql_is_positive("late_net"),
            has_early=claims._get_sql_is_positive("early_net"),
            claim_late=claims._get_sql_claim("late_net", "late"),
            claim_early=claims._get_sql_claim("early_net", "early"),
            nets=self._get_sql_coming_nets(days, parts),
        )

    @api.model
    def _get_sql_coming_nets(self, days, parts):
        """Return the amounts in each currency from each of those days on."""
        names = ("late", "late_company", "early", "early_company", "credits")
        return SQL(
            """
            SELECT total.*,
                   total.late + total.credits AS late_net,
                   total.early + total.credits AS early_net,
                   total.currency_id = customer.currency_id AS is_own,
                   %(unit)s AS unit,
                   customer.company_unit
              FROM (
                   SELECT change.currency_id,
                          change.day,
                          SUM(SUM(change.late_count)) OVER days AS late_count,
                          SUM(SUM(change.early_count)) OVER days AS early_count,
                          %(sums)s
                     FROM (%(changes)s) change
                    GROUP BY change.currency_id, change.day
                   WINDOW days AS (
                       PARTITION BY change.currency_id ORDER BY change.day
                   )
                   ) total
            OFFSET 0  -- so that the unit is looked up once
            """,
            sums=SQL(", ").join(
                SQL(
                    "COALESCE(SUM(SUM(change.%(name)s)) OVER days, 0) AS %(name)s",
                    name=SQL.identifier(name),
                )
                for name in names
            ),
            changes=self._get_sql_changes(days, parts),
            unit=self.env["account.followup.total"]._get_sql_unit(
                SQL("total.currency_id")
            ),
        )

    @api.model
    def _get_sql_changes(self, days, parts):
        """Return a row for each day on which an item changes what a customer owes.

        Late: for levels on or after the due date the overdue amount counts; early:
        before it that of the ripe items. Credits count from the first day on, and what
        rests without an end never does.
        """
        names = ("reached_key", "due_date", "company_id", "broken_date")
        return SQL(
            """
            SELECT candidate.currency_id, change.*
              FROM (%(candidates)s) candidate
              LEFT JOIN (%(steps)s) step
                     ON step.plan_id = candidate.plan_id
                    AND step.reached = %(slot)s
                    AND candidate.is_claim
             CROSS JOIN LATERAL (
                   SELECT GREATEST(
                              candidate.free_from,
                              -- what is past does not matter, and may be too far
                              candidate.due_date
                                   + GREATEST(step.first, candidate.days_late),
                              candidate.due_date + step.age,
                              candidate.reached_date + step.wait,
                              candidate.broken_date
                          ) AS first,
                          candidate.due_date + step.last AS last
                   ) ripe
             CROSS JOIN LATERAL (%(changes)s)
                   change(day, late_count, early_count, late, late_company, early,
                          early_company, credits)
             WHERE change.day IS NOT NULL
            """,
            candidates=self._get_sql_candidates(days, parts),
            steps=parts["steps"],
            slot=self.env["account.followup.item"]._get_sql_slot(
                *(SQL.identifier("candidate", name) for name in names), parts
            ),
            changes=self._get_sql_changes_of_item(),
        )

    @api.model
    def _get_sql_candidates(self, days, parts):
        """Return the items of ``customer`` that count on some day from ``gate`` on."""
        items = self.env["account.followup.item"]
        if parts["plans"] and not parts.get("items"):
            # known here: to look for it among those of all would cost each time
            plan = SQL(
                "SELECT customer.company_id, customer.partner_id, customer.plan_id"
            )
            parts = {**parts, "plans": plan}
        return SQL(
            """
            SELECT item.*,
                   item.residual > 0 AS is_claim,
                   GREATEST(customer.gate, item.free_date) AS free_from
              FROM (
                   SELECT item.*
                     FROM (%(items)s) item
                    WHERE item.partner_id = customer.partner_id
                      AND item.company_id = customer.company_id
                   OFFSET 0
                   ) item
             WHERE item.rest_reason IS DISTINCT FROM 'excluded'
               AND (item.residual <= 0 OR %(comes)s)
            """,
            items=(
                SQL("SELECT * FROM %s", parts["items"])
                if parts.get("items")
                else items._get_sql(days, parts=parts)
            ),
            comes=items._get_sql_comes(),
        )

    @api.model
    def _get_sql_with_items(self, days, partners, parts):
        """Return the beginning of a statement in which the items are read once.

        For a few customers it costs more to plan a statement than to carry it out, and
        the items are asked for up to three times: own currency, others, next reminder.

        :param partners: commercial partners; None for all
        :return: SQL, and the parts that name it
        """
        if partners is None or len(partners) > FEW_CUSTOMERS:
            return SQL(""), parts
        items = self.env["account.followup.item"]
        found = SQL(
            """
            WITH customer_item AS MATERIALIZED (
                SELECT item.* FROM (%s) item WHERE item.partner_id IN %s
            )
            """,
            items._get_sql(days, parts=items._get_parts_of(parts, partners.ids)),
            tuple(partners.ids) or (None,),
        )
        return found, {**parts, "items": SQL("customer_item")}

    @api.model
    def _get_sql_changes_of_item(self):
        """Return what changes with ``candidate`` at one ``step``, and when."""
        return SQL(
            """
            VALUES
            -- a credit
            (CASE WHEN NOT candidate.is_claim THEN customer.gate END, 0, 0,
             NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric,
             candidate.residual),
            -- the item is overdue from here on
            (CASE WHEN candidate.is_claim
                   AND COALESCE(step.first, %(first_day)s) = %(first_day)s
                  THEN GREATEST(candidate.free_from, candidate.due_date + 1)
             END, 0, 0,
             candidate.residual, candidate.residual_company, NULL, NULL, NULL),
            -- a level becomes ripe
            (CASE WHEN ripe.first <= ripe.last THEN ripe.first END,
             (step.delay >= 0)::integer, (step.delay < 0)::integer,
             NULL, NULL, candidate.residual, candidate.residual_company, NULL),
            -- and is not the next one any more
            (CASE WHEN ripe.first <= ripe.last THEN ripe.last + 1 END,
             -(step.delay >= 0)::integer, -(step.delay < 0)::integer,
             NULL, NULL, -candidate.residual, -candidate.residual_company, NULL)
            """,
            first_day=ladder.FIRST_DAY,
        )

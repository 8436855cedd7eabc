from odoo import api, models
from odoo.tools import SQL

from ..tools import ladder
from ..tools.days import LAST
from .account_followup_item import DATED_REASONS


class AccountFollowupCustomer(models.Model):
    """What is owed and claimed: first in each currency, then in company currency.

    A debt is settled in its own currency; a difference of rates is the creditor's.
    Therefore credits are netted within their currency, and what remains there is
    converted at the rate at which the items it is made of are booked (rules 6, 13).
    """

    _inherit = "account.followup.customer"

    @api.model
    def _get_sql_items(self, days, partners, parts):
        """Return the items that count, with what each adds to its customer's sums.

        Excluded items neither count nor are netted. The columns are few and small,
        since all items pass through a sort.

        * ``residual_company``, ``company_unit``: only if it is in another currency
        * ``kind``: 0 credit, 1 not overdue, 2 overdue but resting, 3 overdue, claimed
        * ``ripe_key``: its next level, if the item is ripe and does not rest
        * ``first_day``: from when on that is so, today or later
        * ``certainty``: 2 if it stays so on all later days, 1 if it is so on that day,
          0 if more must be known
        """
        items = self.env["account.followup.item"]
        return SQL(
            """
            SELECT item.partner_id,
                   item.company_id,
                   item.currency_id,
                   item.residual,
                   CASE WHEN item.currency_id <> item.company_currency_id
                        THEN item.residual_company
                   END AS residual_company,
                   CASE WHEN item.currency_id <> item.company_currency_id
                        THEN item.company_unit
                   END AS company_unit,
                   item.due_date,
                   CASE WHEN item.residual <= 0 THEN 0
                        WHEN item.days_late <= 0 THEN 1
                        WHEN item.rest_reason IS NOT NULL THEN 2
                        ELSE 3
                   END AS kind,
                   item.reached_key,
                   first.day AS first_day,
                   CASE WHEN %(ripe)s THEN item.next_key END AS ripe_key,
                   CASE WHEN first.day IS NULL THEN 2
                        -- on the due date itself nothing of it is overdue
                        WHEN item.next_delay = 0 AND item.days_late <= 0 THEN 0
                        WHEN item.next_last = %(last_day)s THEN 2
                        WHEN first.day <= item.due_date + item.next_last THEN 1
                        ELSE 0
                   END AS certainty
              FROM (
                   SELECT item.*
                     FROM (%(items)s) item
                    WHERE %(where)s
                   OFFSET 0  -- so that the reason to rest is worked out once
                   ) item
             CROSS JOIN LATERAL (
                   SELECT CASE WHEN item.next_key IS NOT NULL AND %(comes)s
                               THEN GREATEST(
                                   item.ripe_date,
                                   item.free_date,
                                   item.due_date + item.days_late
                               )
                          END AS day
                   ) first
             WHERE item.rest_reason IS DISTINCT FROM 'excluded'
            """,
            last_day=ladder.LAST_DAY,
            ripe=items._get_sql_ripe(),
            comes=self._get_sql_comes(),
            items=items._get_sql(days, is_whole=partners is None, parts=parts),
            where=(
                SQL("item.partner_id IN %s", tuple(partners.ids) or (None,))
                if partners is not None
                else SQL("TRUE")
            ),
        )

    @api.model
    def _get_sql_comes(self):
        """Return the condition that ``item`` rests until a day, if at all."""
        return SQL(
            "(item.rest_reason IS NULL OR item.rest_reason IN %s)", DATED_REASONS
        )

    @api.model
    def _get_sql_nets(self, days, partners, parts):
        """Return the sums of each customer in each currency, one pass over the items.

        The sums in company currency (``…_company``) are empty for its own. What is left
        when credits are deducted (``…_net``) is worked out here, too: another statement
        around this one would have to sort again. The database adds up each sum once.
        """
        return SQL(
            """
            SELECT item.partner_id,
                   item.company_id,
                   item.currency_id,
                   %(sums)s,
                   MIN(item.company_unit) AS company_unit,
                   MIN(item.company_unit) IS NULL AS is_own,
                   CASE WHEN MIN(item.company_unit) IS NOT NULL THEN %(unit)s
                   END AS unit,
                   MIN(item.residual) FILTER (WHERE item.kind > 0) AS smallest,
                   MIN(item.residual_company) FILTER (WHERE item.kind > 0)
                        AS smallest_company,
                   COUNT(*) FILTER (WHERE item.kind > 1) AS overdue_count,
                   MIN(item.due_date) FILTER (WHERE item.kind > 0) AS due_date,
                   MAX(item.ripe_key) AS level_due,
                   MAX(item.reached_key) AS level_reached,
                   MIN(item.first_day) AS first_day,
                   MIN(item.certainty) AS certainty
              FROM (%(items)s) item
             GROUP BY item.partner_id, item.company_id, item.currency_id
            """,
            sums=self._get_sql_sums(),
            unit=self._get_sql_unit(SQL("item.currency_id")),
            items=self._get_sql_items(days, partners, parts),
        )

    @api.model
    def _get_sql_sums(self):
        """Return the columns with sums, see ``_get_sql_nets``."""
        conditions = {
            "credits": SQL("item.kind = 0"),
            "not_due": SQL("item.kind = 1"),
            "resting": SQL("item.kind = 2"),
            "late": SQL("item.kind = 3"),
            "early": SQL("item.ripe_key < %s", ladder.FIRST_LATE_KEY),
        }
        added_up = {
            "credits": ("credits",),
            "open": ("not_due", "resting", "late"),
            "overdue": ("resting", "late"),
            "late": ("late",),
            "early": ("early",),
        }
        own = {
            name: SQL("COALESCE(SUM(item.residual) FILTER (WHERE %s), 0)", condition)
            for name, condition in conditions.items()
        }
        company = {
            name: SQL(
                "SUM(item.residual_company) FILTER ("
                "WHERE item.residual_company IS NOT NULL AND %s)",
                condition,
            )
            for name, condition in conditions.items()
        }
        plus = SQL(" + ")
        columns = {
            "smallest_net": SQL(
                "%s + MIN(item.residual) FILTER (WHERE item.kind > 0)", own["credits"]
            ),
        }
        for name, names in added_up.items():
            net = ("credits", *names)
            columns[f"{name}_net"] = plus.join(own[each] for each in net)
            # only of other currencies: what they are booked at tells their rate
            columns[name] = self._get_sql_foreign(own[each] for each in names)
            columns[f"{name}_company"] = self._get_sql_foreign(
                SQL("COALESCE(%s, 0)", company[each]) for each in names
            )
        return SQL(", ").join(
            SQL("%s AS %s", column, SQL.identifier(name))
            for name, column in columns.items()
        )

    @api.model
    def _get_sql_foreign(self, sums):
        return SQL(
            "CASE WHEN MIN(item.company_unit) IS NOT NULL THEN %s END",
            SQL(" + ").join(sums),
        )

    @api.model
    def _get_sql_claims(self, days, partners, parts):
        """Return what each customer owes in each currency, in company currency.

        * ``due``: all that is open, less the credits
        * ``overdue``: what is past its due date, less the credits, never below zero
        * ``claim_late``: what is claimed at a level on or after the due date
        * ``claim_early``: at a level before it; nothing if a later level is ripe there
        * ``level_due``: the highest level that is ripe, if something is claimed at it
        * ``enough``: for no item alone less would be claimed
        """
        early = SQL("net.level_due < %s", ladder.FIRST_LATE_KEY)
        return SQL(
            """
            SELECT net.partner_id,
                   net.company_id,
                   CASE WHEN net.open_net < 0 THEN %(credit)s ELSE %(due)s END AS due,
                   %(overdue)s AS overdue,
                   %(claim_late)s AS claim_late,
                   CASE WHEN %(early)s THEN %(claim_early)s END AS claim_early,
                   CASE WHEN CASE WHEN %(early)s THEN %(has_early)s
                                  ELSE %(has_late)s END
                        THEN net.level_due
                   END AS level_due,
                   CASE WHEN net.smallest IS NOT NULL THEN COALESCE(%(enough)s, 0)
                   END AS enough,
                   net.smallest_company,
                   net.overdue_count,
                   net.due_date,
                   net.level_reached,
                   net.first_day,
                   net.certainty
              FROM (%(nets)s) net
            """,
            early=early,
            credit=self._get_sql_value("open_net", "credits"),
            due=self._get_sql_value("open_net", "open"),
            overdue=self._get_sql_claim("overdue_net", "overdue"),
            claim_late=self._get_sql_claim("late_net", "late"),
            claim_early=self._get_sql_claim("early_net", "early"),
            has_late=self._get_sql_is_positive("late_net"),
            has_early=self._get_sql_is_positive("early_net"),
            enough=self._get_sql_claim("smallest_net", "smallest"),
            nets=self._get_sql_nets(days, partners, parts),
        )

    @api.model
    def _get_sql_value(self, amount, base):
        """Return an amount of ``net`` in company currency.

        :param str amount: column of ``net``
        :param str base: column of the items at whose rate it is converted
        """
        return SQL(
            """
            CASE WHEN net.is_own THEN %(amount)s
                 ELSE ROUND(
                     %(amount)s * %(company)s / NULLIF(%(own)s, 0) / net.company_unit
                 ) * net.company_unit
            END
            """,
            amount=SQL.identifier("net", amount),
            own=SQL.identifier("net", base),
            company=SQL.identifier("net", f"{base}_company"),
        )

    @api.model
    def _get_sql_claim(self, amount, base):
        """Return the same, but empty for what is not even the least amount."""
        return SQL(
            "CASE WHEN %s THEN GREATEST(%s, 0) END",
            self._get_sql_is_positive(amount),
            self._get_sql_value(amount, base),
        )

    @api.model
    def _get_sql_is_positive(self, amount):
        """Return the condition that an amount of ``net`` is more than nothing.

        Of another currency that is half of its least amount; in the company's own the
        total decides in the end.
        """
        amount = SQL.identifier("net", amount)
        return SQL(
            "CASE WHEN net.is_own THEN %(amount)s > 0"
            " ELSE %(amount)s * 2 >= net.unit END",
            amount=amount,
        )

    @api.model
    def _get_sql_unit(self, currency):
        """Return the least amount of a currency."""
        return SQL(
            "(SELECT unit.rounding FROM res_currency unit WHERE unit.id = %s)", currency
        )

    @api.model
    def _get_sql_totals(self, days, partners, parts):
        """Return the sums of each customer over all currencies.

        * ``most``: more than that is never claimed, as long as no amount of an item in
          company currency, of which ``smallest`` is the least, is below zero
        """
        return SQL(
            """
            SELECT claim.partner_id,
                   claim.company_id,
                   SUM(claim.due) AS due,
                   SUM(claim.due) FILTER (WHERE claim.due > 0) AS most,
                   COALESCE(SUM(claim.overdue), 0) AS overdue,
                   SUM(claim.claim_late) AS claim_late,
                   SUM(claim.claim_early) AS claim_early,
                   MAX(claim.level_due) AS level_due,
                   MIN(claim.enough) AS enough,
                   MIN(claim.smallest_company) AS smallest,
                   SUM(claim.overdue_count)::bigint AS overdue_count,
                   MIN(claim.due_date) AS due_date,
                   MAX(claim.level_reached) AS level_reached,
                   MIN(claim.first_day) AS first_day,
                   MIN(claim.certainty) AS certainty
              FROM (%s) claim
             GROUP BY claim.partner_id, claim.company_id
            """,
            self._get_sql_claims(days, partners, parts),
        )

    # ------------------------------------------------------------------
    # The same on coming days
    # ------------------------------------------------------------------

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
            has_late=self._get_sql_is_positive("late_net"),
            has_early=self._get_sql_is_positive("early_net"),
            claim_late=self._get_sql_claim("late_net", "late"),
            claim_early=self._get_sql_claim("early_net", "early"),
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
            """,
            sums=SQL(", ").join(
                SQL(
                    "COALESCE(SUM(SUM(change.%(name)s)) OVER days, 0) AS %(name)s",
                    name=SQL.identifier(name),
                )
                for name in names
            ),
            changes=self._get_sql_changes(days, parts),
            unit=self._get_sql_unit(SQL("total.currency_id")),
        )

    @api.model
    def _get_sql_changes(self, days, parts):
        """Return a row for each day on which an item changes what a customer owes.

        Late: for levels on or after the due date the overdue amount counts; early:
        for levels before the due date the amount of the ripe items counts. Credits
        count from the first day on, and what rests without an end never does.
        """
        items = self.env["account.followup.item"]
        return SQL(
            """
            SELECT candidate.currency_id, change.*
              FROM (
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
                   ) candidate
              LEFT JOIN (%(steps)s) step
                     ON step.company_id = candidate.company_id
                    AND step.reached
                        = COALESCE(candidate.reached_key >> %(delay_shift)s, 0)
                    AND candidate.is_claim
             CROSS JOIN LATERAL (
                   SELECT GREATEST(
                              candidate.free_from,
                              -- what is past does not matter, and may be too far
                              candidate.due_date
                                   + GREATEST(step.first, candidate.days_late),
                              candidate.due_date + step.delay,
                              candidate.reached_date + step.wait
                          ) AS first,
                          candidate.due_date + step.last AS last
                   ) ripe
             CROSS JOIN LATERAL (VALUES
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
                   ) change(day, late_count, early_count, late, late_company, early,
                            early_company, credits)
             WHERE change.day IS NOT NULL
            """,
            items=items._get_sql(days, parts=parts),
            comes=self._get_sql_comes(),
            steps=parts["steps"],
            first_day=ladder.FIRST_DAY,
            delay_shift=ladder.DELAY_SHIFT,
        )

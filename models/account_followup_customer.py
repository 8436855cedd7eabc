from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import ladder

STATUSES = [
    ("in_need_of_action", "Requires follow-up"),
    ("with_overdue_invoices", "With overdue invoices"),
    ("no_action_needed", "No action needed"),
]

#: A row's id is made of its company and its customer, so that it never changes.
ID_SHIFT = 32


class AccountFollowupCustomer(models.Model):
    """A row per customer with open items: rules 6, 7 and 9, from the rule of items.

    Work-list, status, totals, filters and the scheduled action all read this.
    """

    _name = "account.followup.customer"
    _description = "Customer to Follow Up"
    _auto = False
    _order = "total_overdue DESC, id"
    _rec_name = "partner_id"

    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    status = fields.Selection(STATUSES, readonly=True)
    level_id = fields.Many2one(
        "account.followup.level",
        string="Level",
        readonly=True,
        help="The level that is due, else the last one that was reached.",
    )
    next_reminder_date = fields.Date("Next Reminder", readonly=True)
    total_due = fields.Monetary(
        readonly=True, help="All open items, credits deducted, in company currency."
    )
    total_overdue = fields.Monetary(
        readonly=True,
        help="Open items past their due date, credits deducted, in company currency.",
    )
    oldest_due_date = fields.Date(readonly=True)
    days_late = fields.Integer(
        readonly=True, aggregator="max", help="Of the oldest overdue item."
    )
    overdue_count = fields.Integer("Overdue Items", readonly=True)
    last_reminder_date = fields.Date("Last Reminder", readonly=True)
    reminder_type = fields.Selection(
        [("automatic", "Automatic"), ("manual", "Manual")],
        string="Reminders",
        readonly=True,
    )
    responsible_id = fields.Many2one("res.users", readonly=True)
    excluded = fields.Boolean(readonly=True)
    retry_date = fields.Date(readonly=True)
    failure_reason = fields.Char(related="followup_id.failure_reason")
    followup_id = fields.Many2one("account.followup", readonly=True)

    @property
    def _table_query(self):
        return self._get_sql(self.env["res.company"]._get_followup_days())

    @api.depends("partner_id")
    def _compute_display_name(self):
        for customer in self:
            customer.display_name = customer.partner_id.display_name

    # ------------------------------------------------------------------
    # Buttons of the work-list
    # ------------------------------------------------------------------

    def action_open_customer(self):
        """Open the customer at the follow-ups, in the company of the row.

        The form speaks of the current company, which is changed first if need be.
        """
        self.ensure_one()
        self.check_access("read")
        companies = self._get_companies_of_row()
        if companies[:1] != self.env.company:
            return {
                "type": "ir.actions.client",
                "tag": "account_followup_open_in_company",
                "params": {
                    "company_ids": companies.ids,
                    "url": "/odoo/followup-reports/followup-customer/"
                    f"{self.partner_id.id}",
                },
            }
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_payment_followup.action_res_partner_followup"
        )
        return {**action, "res_id": self.partner_id.id}

    def _get_companies_of_row(self):
        """Return the companies of the user, those of the rows' company first.

        What a customer's form says belongs to the current company, which is the first.
        """
        mine = self.env.companies.filtered(
            lambda company: company.root_id == self.company_id
        )
        return mine + (self.env.companies - mine)

    def action_process_followups(self):
        """Carry out the level due for the customers of these rows (D1, D3).

        :raise UserError: the rows are of several companies
        """
        self.check_access("read")
        if len(self.company_id) > 1:
            raise UserError(
                self.env._(
                    "Select customers of one company at a time, not of %s.",
                    ", ".join(self.company_id.mapped("name")),
                )
            )
        company = self._get_companies_of_row()[:1]
        action = self.partner_id.with_company(company).action_process_followups()
        action["context"]["default_company_id"] = self.company_id.id
        return action

    # ------------------------------------------------------------------
    # The rule
    # ------------------------------------------------------------------

    @api.model
    def _get_sql(self, days, partners=None, with_next_date=True):
        """Return the statement of customers.

        :param days: dict {root company: date that counts as today}
        :param partners: only these commercial partners; None for all
        :param bool with_next_date: work out the next reminder, too
        :return: SQL with the columns of this model
        """
        items = self.env["account.followup.item"]
        return SQL(
            """
            WITH item AS MATERIALIZED (
                SELECT item.* FROM (%(items)s) item WHERE %(where)s
            ), company AS MATERIALIZED (
                %(companies)s
            ), total AS MATERIALIZED (
                %(totals)s
            ), customer AS MATERIALIZED (
                %(customers)s
            )
            %(select)s
            """,
            items=items._get_sql(days),
            where=(
                SQL("item.partner_id IN %s", tuple(partners.ids) or (None,))
                if partners is not None
                else SQL("TRUE")
            ),
            companies=items._get_sql_companies(days),
            totals=self._get_sql_totals(),
            customers=self._get_sql_customers(),
            select=self._get_sql_select(days, with_next_date),
            to_flush=self._get_fields_read(),
        )

    @api.model
    def _get_sql_totals(self):
        """Return the sums of each customer, one pass over the items.

        A level is packed with its delay into one number, so that the highest level
        is found by MAX. Excluded items neither count nor are netted.
        """
        return SQL(
            """
            SELECT item.partner_id,
                   item.company_id,
                   MIN(item.company_currency_id) AS currency_id,
                   SUM(item.residual_company) AS due,
                   SUM(item.residual_company) FILTER (
                       WHERE item.residual <= 0 OR item.days_late > 0
                   ) AS overdue,
                   -COALESCE(
                       SUM(item.residual_company) FILTER (WHERE item.residual <= 0), 0
                   ) AS credit,
                   COALESCE(
                       SUM(item.residual_company) FILTER (
                           WHERE item.residual > 0
                             AND item.days_late > 0
                             AND item.rest_reason IS NULL
                       ), 0
                   ) AS claim_late,
                   COALESCE(
                       SUM(item.residual_company) FILTER (WHERE %(ripe)s), 0
                   ) AS claim_early,
                   COUNT(*) FILTER (WHERE item.residual > 0 AND item.days_late > 0)
                        AS overdue_count,
                   MIN(item.due_date) FILTER (
                       WHERE item.residual > 0 AND item.days_late > 0
                   ) AS oldest_due_date,
                   MAX(item.days_late) FILTER (WHERE item.residual > 0) AS days_late,
                   MAX(%(next_level)s) FILTER (WHERE %(ripe)s) AS level_due,
                   MAX(%(reached_level)s) AS level_reached
              FROM item
             WHERE item.rest_reason IS DISTINCT FROM 'excluded'
             GROUP BY item.partner_id, item.company_id
            """,
            ripe=SQL(
                """
                item.residual > 0
                AND item.rest_reason IS NULL
                AND item.ripe_date <= item.due_date + item.days_late
                """
            ),
            next_level=SQL("(item.next_delay::bigint << 32) | item.next_level_id"),
            reached_level=SQL(
                "(item.reached_delay::bigint << 32) | item.reached_level_id"
            ),
        )

    @api.model
    def _get_sql_customers(self):
        """Return the totals with settings and memory; ``required`` is rule 6."""
        return SQL(
            """
            SELECT total.*,
                   company.today,
                   company.min_amount,
                   followup.id AS followup_id,
                   followup.reminder_type,
                   followup.retry_date,
                   followup.next_reminder_date,
                   COALESCE(followup.responsible_id, company.responsible_id)
                        AS responsible_id,
                   COALESCE(followup.excluded, FALSE) AS excluded,
                   reminder.date AS last_reminder_date,
                   GREATEST(
                       company.today,
                       followup.next_reminder_date,
                       reminder.date + company.min_days
                   ) AS gate,
                   (
                       total.level_due IS NOT NULL
                       AND NOT COALESCE(followup.excluded, FALSE)
                       AND (
                           followup.next_reminder_date IS NULL
                           OR followup.next_reminder_date <= company.today
                       )
                       AND (
                           reminder.date IS NULL
                           OR reminder.date + company.min_days <= company.today
                       )
                       AND CASE WHEN total.level_due < 0
                                THEN total.claim_early ELSE total.claim_late END
                           - total.credit > 0
                       AND CASE WHEN total.level_due < 0
                                THEN total.claim_early ELSE total.claim_late END
                           - total.credit >= company.min_amount
                   ) AS required
              FROM total
              JOIN company ON company.id = total.company_id
              LEFT JOIN account_followup followup
                     ON followup.partner_id = total.partner_id
                    AND followup.company_id = total.company_id
              LEFT JOIN LATERAL (
                   SELECT reminder.date
                     FROM account_followup_reminder reminder
                    WHERE reminder.partner_id = total.partner_id
                      AND reminder.company_id = total.company_id
                      AND reminder.state IN ('queued', 'sent')
                    ORDER BY reminder.date DESC
                    LIMIT 1
                   ) reminder ON TRUE
            """
        )

    @api.model
    def _get_sql_select(self, days, with_next_date):
        return SQL(
            """
            SELECT (customer.company_id::bigint << %(shift)s) | customer.partner_id
                        AS id,
                   customer.partner_id,
                   customer.company_id,
                   customer.currency_id,
                   CASE WHEN customer.required THEN 'in_need_of_action'
                        WHEN customer.overdue_count > 0 THEN 'with_overdue_invoices'
                        ELSE 'no_action_needed'
                   END AS status,
                   (
                       CASE WHEN customer.required
                            THEN customer.level_due ELSE customer.level_reached END
                       & 4294967295
                   )::integer AS level_id,
                   %(next_date)s AS next_reminder_date,
                   customer.due AS total_due,
                   GREATEST(customer.overdue, 0) AS total_overdue,
                   customer.oldest_due_date,
                   GREATEST(customer.days_late, 0) AS days_late,
                   customer.overdue_count,
                   customer.last_reminder_date,
                   COALESCE(customer.reminder_type, 'automatic') AS reminder_type,
                   customer.responsible_id,
                   customer.excluded,
                   customer.retry_date,
                   customer.followup_id
              FROM customer
              %(join)s
            """,
            shift=ID_SHIFT,
            next_date=(
                SQL(
                    """
                    CASE WHEN customer.excluded THEN NULL
                         WHEN customer.next_reminder_date >= customer.today
                         THEN customer.next_reminder_date
                         WHEN customer.required THEN customer.today
                         ELSE coming.day
                    END
                    """
                )
                if with_next_date
                else SQL("NULL::date")
            ),
            join=(
                SQL(
                    """
                    LEFT JOIN (%s) coming
                           ON coming.partner_id = customer.partner_id
                          AND coming.company_id = customer.company_id
                    """,
                    self._get_sql_coming(days),
                )
                if with_next_date
                else SQL()
            ),
        )

    @api.model
    def _get_sql_coming(self, days):
        """Return the first day on which rule 6 would hold, if nobody pays (rule 9).

        Rule 6 can only begin to hold on a day on which something changes: an item
        becomes ripe (for as long as that level is its next one) or becomes overdue.
        The amounts of those days are added up in the order of the days.
        """
        return SQL(
            """
            SELECT day.partner_id, day.company_id, MIN(day.day) AS day
              FROM (
                   SELECT change.partner_id,
                          change.company_id,
                          change.day,
                          MIN(change.min_amount) AS min_amount,
                          MIN(change.credit) AS credit,
                          SUM(SUM(change.late_count)) OVER days AS late_count,
                          SUM(SUM(change.early_count)) OVER days AS early_count,
                          COALESCE(SUM(SUM(change.late_amount)) OVER days, 0)
                               AS late_amount,
                          COALESCE(SUM(SUM(change.early_amount)) OVER days, 0)
                               AS early_amount
                     FROM (%s) change
                    GROUP BY change.partner_id, change.company_id, change.day
                   WINDOW days AS (
                          PARTITION BY change.partner_id, change.company_id
                          ORDER BY change.day
                          )
                   ) day
             WHERE CASE WHEN day.late_count > 0 THEN day.late_amount
                        WHEN day.early_count > 0 THEN day.early_amount
                   END - day.credit >= day.min_amount
               AND CASE WHEN day.late_count > 0 THEN day.late_amount
                        WHEN day.early_count > 0 THEN day.early_amount
                   END - day.credit > 0
             GROUP BY day.partner_id, day.company_id
            """,
            self._get_sql_changes(days),
        )

    @api.model
    def _get_sql_changes(self, days):
        """Return a row for each day on which an item changes what a customer owes.

        Late: for levels on or after the due date the overdue amount counts; early:
        for levels before the due date the amount of the ripe items counts.
        """
        return SQL(
            """
            SELECT candidate.partner_id,
                   candidate.company_id,
                   candidate.min_amount,
                   candidate.credit,
                   change.day,
                   change.late_count,
                   change.early_count,
                   change.late_amount,
                   change.early_amount
              FROM (
                   SELECT item.*,
                          customer.min_amount,
                          customer.credit,
                          GREATEST(customer.gate, item.free_date) AS free_from
                     FROM item
                     JOIN customer
                       ON customer.partner_id = item.partner_id
                      AND customer.company_id = item.company_id
                    WHERE NOT customer.required
                      AND NOT customer.excluded
                      AND item.residual > 0
                      AND item.rest_reason IS DISTINCT FROM 'excluded'
                   ) candidate
              LEFT JOIN (%(steps)s) step
                     ON step.company_id = candidate.company_id
                    AND step.reached = COALESCE(candidate.reached_level_id, 0)
             CROSS JOIN LATERAL (
                   SELECT GREATEST(
                              candidate.free_from,
                              candidate.due_date + step.first,
                              candidate.due_date + step.delay,
                              candidate.reached_date + step.wait
                          ) AS first,
                          candidate.due_date + step.last AS last
                   ) ripe
             CROSS JOIN LATERAL (VALUES
                   -- the item is overdue from here on
                   (GREATEST(candidate.free_from, candidate.due_date + 1), 0, 0,
                    CASE WHEN COALESCE(step.first, %(first_day)s) = %(first_day)s
                         THEN candidate.residual_company END,
                    NULL::numeric),
                   -- a level becomes ripe
                   (CASE WHEN ripe.first <= ripe.last THEN ripe.first END,
                    (step.delay >= 0)::integer, (step.delay < 0)::integer,
                    NULL::numeric,
                    candidate.residual_company),
                   -- and is not the next one any more
                   (CASE WHEN ripe.first <= ripe.last THEN ripe.last + 1 END,
                    -(step.delay >= 0)::integer, -(step.delay < 0)::integer,
                    NULL::numeric,
                    -candidate.residual_company)
                   ) change(day, late_count, early_count, late_amount, early_amount)
             WHERE change.day IS NOT NULL
            """,
            steps=self.env["account.followup.item"]._get_sql_steps(days),
            first_day=ladder.FIRST_DAY,
        )

    @api.model
    def _get_fields_read(self):
        names = {
            "account.followup": (
                "company_id",
                "excluded",
                "next_reminder_date",
                "partner_id",
                "reminder_type",
                "responsible_id",
                "retry_date",
            ),
            "account.followup.reminder": ("company_id", "date", "partner_id", "state"),
        }
        return [
            self.env[model]._fields[name]
            for model, fields_read in names.items()
            for name in fields_read
        ]

    @api.model
    def _get_rows(self, days, partners, with_next_date=True):
        """Return the rows of some customers as dicts.

        :param days: dict {root company: date that counts as today}
        :param partners: commercial partners
        """
        return self.env.execute_query_dict(
            self._get_sql(days, partners, with_next_date)
        )

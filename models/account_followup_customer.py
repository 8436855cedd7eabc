from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.ladder import LEVEL_MASK

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
        readonly=True,
        help="What is open in each currency, credits deducted, in company currency.",
    )
    total_overdue = fields.Monetary(
        readonly=True,
        help="Open items past their due date, less the credits of the same currency, "
        "in company currency.",
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
    plan_id = fields.Many2one("account.followup.plan", string="Plan", readonly=True)
    excluded = fields.Boolean(readonly=True)
    retry_date = fields.Date(readonly=True)
    failure_reason = fields.Char(related="followup_id.failure_reason")
    followup_id = fields.Many2one("account.followup", readonly=True)

    @property
    def _table_query(self):
        return self._get_sql(self.env["res.company"]._get_followup_days_seen())

    def exists(self):
        # EXTENDS 'base': a row of another company exists, it is only forbidden
        return super(AccountFollowupCustomer, self.sudo()).exists().with_env(self.env)

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
        return self._get_action_to_customer(self.partner_id, self.company_id)

    @api.model
    def _get_action_to_customer(self, partner, company):
        """Open a customer at the follow-ups, in a root company of the user."""
        companies = self._get_companies_first(company)
        if companies[:1] != self.env.company:
            return {
                "type": "ir.actions.client",
                "tag": "account_followup_open_in_company",
                "params": {
                    "company_ids": companies.ids,
                    "url": f"/odoo/followup-reports/followup-customer/{partner.id}",
                },
            }
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_payment_followup.action_res_partner_followup"
        )
        return {**action, "res_id": partner.id}

    def _get_companies_of_row(self):
        """Return the companies of the user, those of the rows' company first."""
        return self._get_companies_first(self.company_id)

    @api.model
    def _get_companies_first(self, root):
        """Return the companies of the user, those of a root company first.

        What a customer's form says belongs to the current company, which is the first.
        """
        mine = self.env.companies.filtered(lambda company: company.root_id == root)
        return mine + (self.env.companies - mine)

    def action_process_followups(self):
        """Carry out the level due for the customers of these rows (D1, D3).

        :raise UserError: the rows are of several companies
        """
        return self._get_action_on_customers("action_process_followups")

    def action_send_followup_statement(self):
        """Open the window that sends statements to the customers of these rows (F3).

        :raise UserError: the rows are of several companies
        """
        return self._get_action_on_customers("action_send_followup_statement")

    def _check_one_company(self):
        """Raise unless the user may read these rows and they are of one company.

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

    def _get_action_on_customers(self, method):
        """Return the action of a button of the customers, in the company of the rows.

        :raise UserError: the rows are of several companies
        """
        self._check_one_company()
        company = self._get_companies_of_row()[:1]
        action = getattr(self.partner_id.with_company(company), method)()
        action["context"]["default_company_id"] = self.company_id.id
        return action

    # ------------------------------------------------------------------
    # The rule
    # ------------------------------------------------------------------

    @api.model
    def _get_sql(
        self, days, partners=None, with_next_date=True, without=None, parts=None
    ):
        """Return the statement of customers.

        Who reads only some of the columns pays only for these: each costly one is
        an expression of its own, which the database leaves out when nobody asks.

        :param days: dict {root company: date that counts as today}
        :param partners: only these commercial partners; None for all
        :param bool with_next_date: work out the next reminder, too
        :param without: reminders that do not count, see ``_get_sql_parts`` of items
        :param dict parts: what that has returned, if known
        :return: SQL with the columns of this model
        """
        parts = parts or self.env["account.followup.item"]._get_sql_parts(days, without)
        rule = self.env["account.followup.rule"]
        plans, parts = rule._get_sql_with_plans(parts, partners)
        return SQL(
            """
            %(plans)s
            SELECT %(select)s,
                   %(next_date)s AS next_reminder_date,
                   %(last_reminder)s AS last_reminder_date
              FROM (%(customers)s) customer
            """,
            plans=plans,
            select=self._get_sql_select(),
            next_date=(
                rule._get_sql_next_date(days, parts)
                if with_next_date
                else SQL("NULL::date")
            ),
            last_reminder=rule._get_sql_last_reminder(),
            customers=rule._get_sql_customers(days, partners, parts),
            to_flush=self._get_fields_read(),
        )

    @api.model
    def _get_sql_select(self):
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
                   customer.followup_id,
                   customer.plan_id
            """,
            shift=ID_SHIFT,
            level_mask=LEVEL_MASK,
        )

    @api.model
    def _get_fields_read(self):
        names = {
            "account.followup": (
                "company_id",
                "excluded",
                "next_reminder_date",
                "partner_id",
                "plan_id",
                "reminder_type",
                "responsible_id",
                "retry_date",
            ),
            "account.followup.reminder": (
                "company_id",
                "date",
                "noticed_date",
                "partner_id",
                "state",
            ),
            "res.currency": ("rounding",),
        }
        return [
            self.env[model]._fields[name]
            for model, fields_read in names.items()
            for name in fields_read
        ]

    @api.model
    def _get_rows(self, days, partners, with_next_date=True, without=None, parts=None):
        """Return the rows of some customers as dicts.

        :param days: dict {root company: date that counts as today}
        :param partners: commercial partners
        :param without: reminders that do not count, see ``_get_sql_parts`` of items
        """
        return self.env.execute_query_dict(
            self._get_sql(days, partners, with_next_date, without, parts)
        )

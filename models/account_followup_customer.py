from odoo import api, fields, models
from odoo.tools import SQL

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

    # ------------------------------------------------------------------
    # Buttons of the work-list
    # ------------------------------------------------------------------

    def action_open_customer(self):
        """Open the customer at the follow-ups, in the company of the row.

        The form speaks of the current company, which is changed first if need be.
        """
        self.ensure_one()
        self.check_access("read")
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_to_customer(self.partner_id, self.company_id)

    def action_process_followups(self):
        """Carry out the level due for the customers of these rows (D1, D3).

        :raise UserError: the rows are of several companies
        """
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_on_customers(self, "action_process_followups")

    def action_send_followup_statement(self):
        """Open the window that sends statements to the customers of these rows (F3).

        :raise UserError: the rows are of several companies
        """
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_on_customers(self, "action_send_followup_statement")

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
        with_items, parts = rule._get_sql_with_items(days, partners, parts)
        return SQL(
            """
            %(with_items)s
            SELECT %(select)s,
                   %(next_date)s AS next_reminder_date,
                   %(last_reminder)s AS last_reminder_date
              FROM (%(customers)s) customer
            """,
            with_items=with_items,
            select=rule._get_sql_columns(),
            next_date=(
                rule._get_sql_next_date(days, parts)
                if with_next_date
                else SQL("NULL::date")
            ),
            last_reminder=rule._get_sql_last_reminder(),
            customers=rule._get_sql_customers(days, partners, parts),
            to_flush=rule._get_fields_read(),
        )

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

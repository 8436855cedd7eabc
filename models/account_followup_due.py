from array import array

from odoo import api, models
from odoo.tools import SQL

from ..tools import days as day_tools
from ..tools.sql import get_fields

#: Customers that the scheduled action takes in one transaction.
BATCH_SIZE = 100

#: And of those who get documents, which take time and memory.
PAPER_BATCH_SIZE = 20

#: Up to so many customers are looked up one by one; for more, all are read at once.
FEW_CUSTOMERS = 1000


class AccountFollowupDue(models.AbstractModel):
    """Whom the scheduled action reminds (rule 12)."""

    _name = "account.followup.due"
    _description = "Automatic Payment Reminders Due"

    @api.model
    def _get_automatic_due_apart(self, days):
        """Return who is due, an error of one company apart (promise 3).

        All companies are asked in one statement. When that fails, each is asked for
        itself, and whose data it is is told.

        :param days: dict {root company: date}
        :return: see ``_get_automatic_due``
        """
        due = {}
        self.env["account.followup.sweep"]._do_apart(
            lambda mine: due.update(self._get_automatic_due(mine)), days
        )
        return due

    @api.model
    def _get_automatic_due(self, days):
        """Return the customers whose automatic level is due.

        Most nights that is nobody or a few: the rule is evaluated only for those who
        have an item that is ripe for an automatic level.

        :param dict days: {root company: date}
        :return: dict {(root company, customers in a batch): array of ids}, eight bytes
            a customer, since all of them are kept until the last batch
        """
        levels = self.env["account.followup.level"].sudo()
        levels = levels.search(
            [
                ("company_id", "in", [company.id for company in days]),
                ("is_automatic", "=", True),
            ]
        )
        ripe = self.env["account.followup.item"]._get_ripe_partners(days, levels)
        if not ripe:
            return {}
        few = len(ripe) <= FEW_CUSTOMERS
        partners = ripe.sudo().commercial_partner_id if few else None
        rows = self.env.execute_query(self._get_sql_automatic_due(days, partners))
        companies = self.env["res.company"]
        return {
            (companies.browse(company_id), size): array("l", ids)
            for company_id, size, ids in rows
        }

    @api.model
    def _get_sql_automatic_due(self, days, partners):
        """Return a row per company and size of a batch, with the ids of customers."""
        customers = self.env["account.followup.customer"]
        return SQL(
            """
            SELECT customer.company_id, %s AS size,
                   ARRAY_AGG(customer.partner_id ORDER BY customer.partner_id)
              FROM (%s) customer
              JOIN account_followup_level level ON level.id = customer.level_id
             WHERE customer.status = 'in_need_of_action'
               AND %s
             GROUP BY customer.company_id, size
             ORDER BY customer.company_id, size DESC
            """,
            self._get_sql_size(),
            customers._get_sql(days, partners, with_next_date=False),
            self._get_sql_is_automatic(days),
        )

    @api.model
    def _get_sql_size(self):
        """Return how many customers a batch has: fewer, if paper is made."""
        names = {"account.followup.level": ("attach_invoices", "send_letter")}
        return SQL(
            "CASE WHEN level.send_letter OR level.attach_invoices THEN %s ELSE %s END",
            PAPER_BATCH_SIZE,
            BATCH_SIZE,
            to_flush=get_fields(self.env, names),
        )

    @api.model
    def _get_sql_is_automatic(self, days):
        """Rule 12: return the condition that ``level`` is carried out by itself."""
        return SQL(
            """
            customer.reminder_type = 'automatic'
            AND level.is_automatic
            AND (
                customer.retry_date IS NULL
                OR customer.retry_date - CASE customer.company_id %s END
                   NOT BETWEEN 1 AND %s
            )
            """,
            SQL(" ").join(
                SQL("WHEN %s THEN %s::date", company.id, day)
                for company, day in days.items()
            ),
            day_tools.BACK_OFF[-1],
            to_flush=[self.env["account.followup.level"]._fields["is_automatic"]],
        )

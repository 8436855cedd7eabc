from odoo import api, models
from odoo.tools import SQL


class AccountFollowupTakeoverSourceOverdueReminder(models.AbstractModel):
    """The tables of ``account_invoice_overdue_reminder``: reminders that are counted.

    It has no levels. The first, second … reminder counts as the level of ours that is
    nearest to how late invoices usually were when it was made.
    """

    _name = "account.followup.takeover.source.overdue_reminder"
    _inherit = "account.followup.takeover.source"
    _description = "Take Over from Overdue Invoice Reminder"

    _label = "Overdue Invoice Reminder (account_invoice_overdue_reminder)"

    @api.model
    def _is_there(self):
        return self._has(
            "account_invoice_overdue_reminder", "action_id", "counter", "invoice_id"
        ) and self._has("overdue_reminder_action", "date")

    @api.model
    def _get_sql_from(self, takeover):
        """Return the reminders of the company that were not e-mails that failed."""
        return SQL(
            """
              FROM account_invoice_overdue_reminder reminder
              JOIN overdue_reminder_action action ON action.id = reminder.action_id
              JOIN account_move move ON move.id = reminder.invoice_id
             WHERE move.company_id IN %s
               AND %s
            """,
            takeover._get_company_ids(),
            self._get_sql_has_left(),
        )

    @api.model
    def _get_sql_has_left(self):
        """Return the condition that the e-mail of an ``action`` did not fail."""
        if not self._has("overdue_reminder_action", "mail_id"):
            return SQL("TRUE")
        return SQL(
            """
            NOT EXISTS (
                SELECT 1
                  FROM mail_mail mail
                 WHERE mail.id = action.mail_id
                   AND mail.state IN ('exception', 'cancel')
            )
            """
        )

    @api.model
    def _get_levels(self, takeover):
        query = SQL(
            """
            SELECT COALESCE(reminder.counter, 0), PERCENTILE_DISC(0.5) WITHIN GROUP (
                       ORDER BY action.date - move.invoice_date_due
                   )
            %s
             GROUP BY reminder.counter
             ORDER BY reminder.counter
            """,
            self._get_sql_from(takeover),
        )
        return [
            {
                "key": str(number),
                "name": self.env._("Reminder %s", number),
                "delay": delay,
            }
            for number, delay in self.env.execute_query(query)
        ]

    @api.model
    def _get_reminders(self, takeover):
        rows = self.env.execute_query(self._get_sql_reminders(takeover))
        return [
            {
                "key": f"account.invoice.overdue.reminder,{reminder_id}",
                "where": f"account.invoice.overdue.reminder {reminder_id}",
                "move_id": move_id,
                "level": str(counter or 0),
                "date": day,
                "partner_id": partner_id,
            }
            for reminder_id, move_id, counter, day, partner_id in rows
        ]

    @api.model
    def _get_sql_reminders(self, takeover):
        partner = SQL("NULL")
        if self._has("overdue_reminder_action", "commercial_partner_id"):
            partner = SQL("action.commercial_partner_id")
        return SQL(
            "SELECT reminder.id, move.id, reminder.counter, action.date, %s %s"
            " ORDER BY reminder.id",
            partner,
            self._get_sql_from(takeover),
        )

    @api.model
    def _get_exclusions(self, takeover):
        name = "no_overdue_reminder"
        facts = self._get_customer_facts(takeover, name, "bool", "excluded")
        facts += self._get_invoice_facts(takeover, name, "bool", "excluded")
        return [fact for fact in facts if fact["excluded"]]

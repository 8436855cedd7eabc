from odoo import api, models
from odoo.tools import SQL


class AccountFollowupTakeoverSourceOmFollowup(models.AbstractModel):
    """The tables of ``om_account_followup``: the last level and day of each item."""

    _name = "account.followup.takeover.source.om_followup"
    _inherit = "account.followup.takeover.source"
    _description = "Take Over from Customer Follow Up Management"

    _label = "Customer Follow Up Management (om_account_followup)"
    _next_date_column = "payment_next_action_date"
    _responsible_column = "payment_responsible_id"

    @api.model
    def _is_there(self):
        return self._has(
            "account_move_line", "followup_date", "followup_line_id"
        ) and self._has("followup_line", "delay", "name")

    @api.model
    def _get_levels(self, takeover):
        rows = self.env.execute_query(self._get_sql_levels(takeover))
        return [
            {"key": str(level_id), "name": name, "delay": delay, "text": text}
            for level_id, name, delay, text in rows
        ]

    @api.model
    def _get_sql_levels(self, takeover):
        """Return the levels that items of the company have reached."""
        text = SQL("NULL")
        if self._has("followup_line", "description"):
            text = self._get_sql_text("followup_line", "description", "level")
        return SQL(
            """
            SELECT level.id, %(name)s, level.delay, %(text)s
              FROM followup_line level
             WHERE level.id IN (
                   SELECT item.followup_line_id
                     FROM account_move_line item
                    WHERE item.company_id IN %(companies)s
                   )
             ORDER BY level.delay, level.id
            """,
            name=self._get_sql_text("followup_line", "name", "level"),
            text=text,
            companies=takeover._get_company_ids(),
        )

    @api.model
    def _get_reminders(self, takeover):
        rows = self.env.execute_query(self._get_sql_reminders(takeover))
        return [
            {
                "key": f"account.move.line,{item_id},{level_id},{day}",
                "where": f"account.move.line {item_id}",
                "line_id": item_id,
                "level": str(level_id),
                "date": day,
            }
            for item_id, level_id, day in rows
        ]

    @api.model
    def _get_sql_reminders(self, takeover):
        """Return the items of the company that have reached a level, and when."""
        return SQL(
            """
            SELECT item.id, item.followup_line_id, item.followup_date
              FROM account_move_line item
             WHERE item.followup_line_id IS NOT NULL
               AND item.followup_date IS NOT NULL
               AND item.company_id IN %s
             ORDER BY item.id
            """,
            takeover._get_company_ids(),
        )

from odoo import api, models
from odoo.tools import SQL


class AccountFollowupTakeoverSourceCreditControl(models.AbstractModel):
    """The tables of ``account_credit_control``: a line for each reminder of an item.

    Only what was sent counts; drafts, ignored lines and errors reached nobody.
    """

    _name = "account.followup.takeover.source.credit_control"
    _inherit = "account.followup.takeover.source"
    _description = "Take Over from Account Credit Control"

    _label = "Account Credit Control (account_credit_control)"
    _next_date_column = "payment_next_action_date"
    _responsible_column = "payment_responsible_id"

    @api.model
    def _is_there(self):
        return self._has(
            "credit_control_line", "date", "move_line_id", "policy_level_id", "state"
        ) and self._has("credit_control_policy_level", "delay_days", "level", "name")

    @api.model
    def _get_levels(self, takeover):
        """Return the levels of its policies; some count from the one before."""
        levels, before = [], {}
        for row in self._get_level_rows():
            delay = row["delay_days"]
            if row["computation_mode"] == "previous_date":
                delay += before.get(row["policy_id"], 0)
            before[row["policy_id"]] = delay
            levels.append(
                {
                    "key": str(row["id"]),
                    "name": f"{row['policy']}: {row['name']}",
                    "delay": delay,
                    "text": row["text"],
                }
            )
        return levels

    @api.model
    def _get_level_rows(self):
        """Return all levels of the policies by which something was sent, in order."""
        table = "credit_control_policy_level"
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT level.id,
                       level.policy_id,
                       level.computation_mode,
                       level.delay_days,
                       %(policy)s AS policy,
                       %(name)s AS name,
                       %(text)s AS text
                  FROM credit_control_policy_level level
                  JOIN credit_control_policy policy ON policy.id = level.policy_id
                 WHERE level.policy_id IN (
                       SELECT other.policy_id
                         FROM credit_control_policy_level other
                         JOIN credit_control_line line
                           ON line.policy_level_id = other.id
                        WHERE line.state = 'sent'
                       )
                 ORDER BY level.policy_id, level.level
                """,
                policy=self._get_sql_text("credit_control_policy", "name", "policy"),
                name=self._get_sql_text(table, "name", "level"),
                text=self._get_sql_text(table, "custom_text", "level"),
            )
        )

    @api.model
    def _get_reminders(self, takeover):
        rows = self.env.execute_query(self._get_sql_lines(takeover))
        return [
            {
                "key": f"credit.control.line,{line_id}",
                "where": f"credit.control.line {line_id}",
                "line_id": item_id,
                "level": str(level_id),
                "date": day,
                "amount": float(amount or 0),
                "partner_id": partner_id,
            }
            for line_id, item_id, level_id, day, amount, partner_id in rows
        ]

    @api.model
    def _get_sql_lines(self, takeover):
        """Return the lines of the company that were sent."""
        columns = self._get_columns("credit_control_line")
        day = SQL("line.date")
        if "date_sent" in columns:
            day = SQL("COALESCE(line.date_sent, line.date)")
        return SQL(
            """
            SELECT line.id, line.move_line_id, line.policy_level_id, %(day)s,
                   %(amount)s, %(partner)s
              FROM credit_control_line line
              JOIN account_move_line item ON item.id = line.move_line_id
             WHERE line.state = 'sent' AND item.company_id IN %(companies)s
             ORDER BY line.id
            """,
            day=day,
            amount=self._get_sql_optional(columns, "balance_due"),
            partner=self._get_sql_optional(columns, "partner_id"),
            companies=takeover._get_company_ids(),
        )

    def _get_sql_optional(self, columns, name):
        return SQL("line.%s", SQL.identifier(name)) if name in columns else SQL("NULL")

    @api.model
    def _get_manuals(self, takeover):
        """Return the customers whose reminders were marked as manual."""
        facts = self._get_customer_facts(takeover, "manual_followup", "bool", "manual")
        return [fact for fact in facts if fact["manual"]]

    @api.model
    def _get_exclusions(self, takeover):
        """Return whose policy is to do nothing."""
        if not self._has("credit_control_policy", "do_nothing"):
            return []
        policies = {
            policy_id
            for (policy_id,) in self.env.execute_query(
                SQL("SELECT id FROM credit_control_policy WHERE do_nothing")
            )
        }
        facts = self._get_customer_facts(
            takeover, "credit_policy_id", "int4", "policy_id"
        )
        facts += self._get_invoice_facts(
            takeover, "credit_policy_id", "int4", "policy_id"
        )
        return [fact for fact in facts if fact["policy_id"] in policies]

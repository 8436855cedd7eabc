from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

GROUPS = "account.group_account_invoice,account.group_account_readonly"


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    followup_hold_until = fields.Date(
        "Hold Until",
        copy=False,
        groups=GROUPS,
        help="Reminders about it rest up to and including this day.",
    )
    followup_hold_reason = fields.Char("Hold Reason", copy=False, groups=GROUPS)
    expected_payment_date = fields.Date(
        copy=False,
        groups=GROUPS,
        help="Day on which the customer is expected to pay. Reminders about it rest "
        "until that day has passed.",
    )
    expected_payment_note = fields.Char(copy=False, groups=GROUPS)
    followup_level_id = fields.Many2one(
        "account.followup.level",
        string="Follow-up Level",
        compute="_compute_followup_level",
        search="_search_followup_level_id",
        groups=GROUPS,
        help="Last follow-up level that was reached.",
    )
    followup_date = fields.Date(
        "Follow-up Date",
        compute="_compute_followup_level",
        search="_search_followup_date",
        groups=GROUPS,
        help="Day on which the follow-up level was reached.",
    )

    def _compute_followup_level(self):
        query = self._get_followup_reached_sql(
            SQL("reached_line.move_line_id IN %s", tuple(self.ids) or (None,))
        )
        reached = {row[0]: row[1:] for row in self.env.execute_query(query)}
        for line in self:
            level_id, day = reached.get(line._origin.id, (False, False))
            line.followup_level_id = level_id
            line.followup_date = day

    @api.model
    def _get_followup_reached_sql(self, condition):
        """Return (journal item, level reached, when) of standing reminder lines."""
        fields_read = self.env["account.followup.reminder.line"]._fields
        return SQL(
            """
            SELECT DISTINCT ON (reached_line.move_line_id)
                   reached_line.move_line_id,
                   reached_line.level_id,
                   reached_line.date
              FROM account_followup_reminder_line reached_line
              JOIN account_followup_level level ON level.id = reached_line.level_id
             WHERE reached_line.is_standing AND %s
             ORDER BY reached_line.move_line_id, level.delay DESC, reached_line.id DESC
            """,
            condition,
            to_flush=[
                fields_read["is_standing"],
                fields_read["level_id"],
                fields_read["date"],
            ],
        )

    def _search_followup_level_id(self, operator, value):
        return self._search_followup_reached("level_id", operator, value)

    def _search_followup_date(self, operator, value):
        return self._search_followup_reached("date", operator, value)

    @api.model
    def _search_followup_reached(self, name, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        reached = self._get_followup_reached_sql(SQL("TRUE"))
        if operator == "in" and False in value:
            others = [item for item in value if item]
            any_level = SQL("(SELECT move_line_id FROM (%s) reached)", reached)
            domain = Domain("id", "not in", any_level)
            if others:
                domain |= Domain(self._search_followup_reached(name, operator, others))
            return domain
        lines = self.env["account.followup.reminder.line"].sudo()
        lines = lines._search([(name, operator, value), ("is_standing", "=", True)])
        # the line of the highest level must be the one that fits
        return Domain(
            "id",
            "in",
            SQL(
                """
                (SELECT reached.move_line_id
                   FROM (%s) reached
                  WHERE (reached.move_line_id, reached.level_id) IN (%s))
                """,
                reached,
                lines.select("move_line_id", "level_id"),
            ),
        )

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .account_move_line import GROUPS


class AccountMove(models.Model):
    _inherit = "account.move"

    followup_hold_until = fields.Date(
        "Hold Until",
        compute="_compute_followup_hold",
        inverse="_inverse_followup_hold_until",
        search="_search_followup_hold_until",
        groups=GROUPS,
        help="Reminders about this invoice rest up to and including this day.",
    )
    followup_hold_reason = fields.Char(
        "Hold Reason",
        compute="_compute_followup_hold",
        inverse="_inverse_followup_hold_reason",
        groups=GROUPS,
    )
    expected_payment_date = fields.Date(
        compute="_compute_followup_hold",
        inverse="_inverse_expected_payment_date",
        search="_search_expected_payment_date",
        groups=GROUPS,
        help="Day on which the customer is expected to pay. Reminders about this "
        "invoice rest until that day has passed.",
    )
    expected_payment_note = fields.Char(
        compute="_compute_followup_hold",
        inverse="_inverse_expected_payment_note",
        groups=GROUPS,
    )
    followup_level_id = fields.Many2one(
        "account.followup.level",
        string="Follow-up Level",
        compute="_compute_followup_level",
        search="_search_followup_level_id",
        groups=GROUPS,
        help="Highest follow-up level that one of its instalments has reached.",
    )
    followup_date = fields.Date(
        "Follow-up Date",
        compute="_compute_followup_level",
        search="_search_followup_date",
        groups=GROUPS,
        help="Day on which the follow-up level was reached.",
    )

    # the rule asks for them, of which there are few among millions
    _followup_blocked_idx = models.Index("(id) WHERE payment_state = 'blocked'")

    def _get_followup_lines(self):
        return self.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )

    @api.depends(
        "line_ids.followup_hold_until",
        "line_ids.followup_hold_reason",
        "line_ids.expected_payment_date",
        "line_ids.expected_payment_note",
    )
    def _compute_followup_hold(self):
        """Show the instalment that rests longest; what is written goes to all."""
        for move in self:
            lines = move._get_followup_lines()
            for day, note in (
                ("followup_hold_until", "followup_hold_reason"),
                ("expected_payment_date", "expected_payment_note"),
            ):
                dated = lines.filtered(day).sorted(day)
                move[day] = dated[-1:][day]
                move[note] = (dated or lines)[-1:][note]

    def _write_on_followup_lines(self, name):
        for move in self:
            move._get_followup_lines()[name] = move[name]

    def _inverse_followup_hold_until(self):
        self._write_on_followup_lines("followup_hold_until")

    def _inverse_followup_hold_reason(self):
        self._write_on_followup_lines("followup_hold_reason")

    def _inverse_expected_payment_date(self):
        self._write_on_followup_lines("expected_payment_date")

    def _inverse_expected_payment_note(self):
        self._write_on_followup_lines("expected_payment_note")

    def _search_followup_hold_until(self, operator, value):
        return self._search_on_followup_lines("followup_hold_until", operator, value)

    def _search_expected_payment_date(self, operator, value):
        return self._search_on_followup_lines("expected_payment_date", operator, value)

    def _search_on_followup_lines(self, name, operator, value):
        return [
            (
                "line_ids",
                "any",
                [("account_type", "=", "asset_receivable"), (name, operator, value)],
            )
        ]

    def _compute_followup_level(self):
        lines = self.env["account.move.line"]
        query = lines._get_followup_reached_sql(
            SQL("item.move_id"), SQL("item.move_id IN %s", tuple(self.ids) or (None,))
        )
        reached = {row[0]: row[2:] for row in self.env.execute_query(query)}
        for move in self:
            level_id, day = reached.get(move._origin.id, (False, False))
            move.followup_level_id = level_id
            move.followup_date = day

    def _search_followup_level_id(self, operator, value):
        return self._search_followup_reached("level_id", operator, value)

    def _search_followup_date(self, operator, value):
        return self._search_followup_reached("date", operator, value)

    @api.model
    def _search_followup_reached(self, name, operator, value):
        """The instalment that went furthest is the one that must fit."""
        return self.env["account.move.line"]._get_followup_reached_domain(
            SQL("item.move_id"), name, operator, value
        )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_hold_followup(self):
        """Open the window Hold or Exclude for all open instalments (B5, B6).

        :raise UserError: one of them is not a posted customer document, or all are paid
        """
        return self._get_followup_hold_lines().action_hold_followup()

    def action_followup_resume(self):
        """End hold, expected payment and exclusion of all instalments at once."""
        return self._get_followup_hold_lines().action_followup_resume()

    def _check_followed_up(self):
        """Refuse what is never reminded of.

        :raise UserError: it is no document of a customer, or not posted
        """
        if not self.is_sale_document(include_receipts=True):
            raise UserError(
                self.env._(
                    "%s is no customer document: only customer invoices, credit notes "
                    "and receipts are followed up.",
                    self.display_name,
                )
            )
        if self.state != "posted":
            raise UserError(
                self.env._(
                    "%s is not posted: it is not followed up.", self.display_name
                )
            )

    def _get_followup_hold_lines(self):
        """Return the open instalments of customer documents; paid ones are left out."""
        self.line_ids._check_followup_hold_group()
        self.check_access("read")
        for move in self:
            move._check_followed_up()
        lines = self._get_followup_lines()
        open_lines = lines.filtered(lambda line: line._is_followup_open())
        return open_lines or lines

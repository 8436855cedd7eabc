from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

#: What is between two instalments.
PERIODS = {
    "week_1": relativedelta(weeks=1),
    "week_2": relativedelta(weeks=2),
    "month": relativedelta(months=1),
}
MAX_INSTALMENTS = 60


class AccountFollowupPromiseWizard(models.TransientModel):
    """The window Promise: what one customer has promised to pay, and until when."""

    _name = "account.followup.promise.wizard"
    _inherit = "account.followup.items.mixin"
    _description = "Promise to Pay"

    currency_id = fields.Many2one("res.currency", compute="_compute_open")
    amount_open = fields.Monetary("Open Amount", compute="_compute_open")
    amount = fields.Monetary(
        "Amount Promised", compute="_compute_amount", store=True, readonly=False
    )
    date = fields.Date("Will Pay On")
    note = fields.Char()
    instalment_count = fields.Integer("Instalments", default=1)
    period = fields.Selection(
        [("week_1", "Week"), ("week_2", "2 Weeks"), ("month", "Month")],
        string="One Every",
        default="month",
        required=True,
    )
    part_ids = fields.One2many(
        "account.followup.promise.wizard.part",
        "wizard_id",
        string="Days and Amounts",
        compute="_compute_part_ids",
        store=True,
        readonly=False,
    )
    part_total = fields.Monetary("Total", compute="_compute_part_total")
    promise_id = fields.Many2one("account.followup.promise", readonly=True)

    @api.depends("partner_id", "company_id")
    def _compute_line_ids(self):
        """All that is overdue and not in dispute, of one currency."""
        for wizard in self:
            late = wizard._get_late_items()
            first = late[:1].currency_id
            late = late.filtered(lambda item, first=first: item.currency_id == first)
            wizard.line_ids = [Command.set(late.move_line_id.ids)]

    @api.depends("line_ids", "company_id")
    def _compute_open(self):
        for wizard in self:
            first = wizard.line_ids.currency_id[:1]
            wizard.currency_id = first or wizard.company_id.currency_id
            lines = wizard._get_lines_of_currency()
            wizard.amount_open = sum(lines.mapped("amount_residual_currency"))

    @api.depends("amount_open")
    def _compute_amount(self):
        disputed = self.env["account.followup.dispute.part"]
        for wizard in self:
            claimed = disputed._get_claimed(wizard._get_lines_of_currency())
            wizard.amount = wizard.currency_id.round(claimed)

    def _get_lines_of_currency(self):
        return self.line_ids.filtered(lambda line: line.currency_id == self.currency_id)

    @api.depends("amount", "date", "instalment_count", "period")
    def _compute_part_ids(self):
        """Equal instalments; the last one is what is left of the amount."""
        for wizard in self:
            parts = [Command.clear()]
            count = min(max(wizard.instalment_count, 0), MAX_INSTALMENTS)
            if count > 1 and wizard.date:
                parts += map(Command.create, wizard._prepare_parts(count))
            wizard.part_ids = parts

    def _prepare_parts(self, count):
        """Return the values of equal instalments."""
        self.ensure_one()
        each = self.currency_id.round(self.amount / count)
        last = self.currency_id.round(self.amount - each * (count - 1))
        step = PERIODS[self.period]
        return [
            {
                "date": self.date + step * number,
                "amount": last if number == count - 1 else each,
            }
            for number in range(count)
        ]

    @api.depends("part_ids.amount")
    def _compute_part_total(self):
        for wizard in self:
            wizard.part_total = sum(wizard.part_ids.mapped("amount"))

    def action_promise(self):
        """Record the promise, once for this window, and close the window.

        :raise UserError: a day is missing or has passed, the amounts do not match, or
            they are more than what is open
        """
        self._check_may_act()
        self.line_ids._check_followup_hold_access()
        if not self.promise_id:  # else a second click
            promises = self.env["account.followup.promise"]._promise(
                self._get_lines(),
                self._get_parts(),
                {self.company_id: self._get_day()},
                note=" ".join((self.note or "").split()),
                origin="clerk",
            )
            self.promise_id = promises[:1]
        return {"type": "ir.actions.act_window_close"}

    def _get_lines(self):
        """Return the invoices, of this customer and of one currency.

        :raise UserError: there are none, of several currencies or of somebody else
        """
        name = self.partner_id.display_name
        lines = self.line_ids
        if not lines:
            raise UserError(
                self.env._("Choose the invoices that %s promises to pay.", name)
            )
        if text := lines._get_followup_not_owed_text(self.partner_id, self.company_id):
            raise UserError(text)
        if len(lines.currency_id) > 1:
            raise UserError(
                self.env._(
                    "The promise of %(customer)s is about %(currencies)s. Choose "
                    "invoices of one currency, and record one promise after the other.",
                    customer=name,
                    currencies=", ".join(lines.currency_id.mapped("name")),
                )
            )
        return lines

    def _get_parts(self):
        """Return [(day, amount)].

        :raise UserError: a day is missing, or the amounts do not match
        """
        name = self.partner_id.display_name
        if self.instalment_count > 1:
            parts = [(part.date, part.amount) for part in self.part_ids]
            difference = self.currency_id.compare_amounts(self.part_total, self.amount)
            if difference or not parts:
                raise UserError(
                    self.env._(
                        "The instalments of %(customer)s are %(total)s together, but "
                        "%(amount)s is promised. Correct one of them.",
                        customer=name,
                        total=format_amount(
                            self.env, self.part_total, self.currency_id
                        ),
                        amount=format_amount(self.env, self.amount, self.currency_id),
                    )
                )
        else:
            parts = [(self.date, self.amount)]
        if not all(day for day, _amount in parts):
            raise UserError(self.env._("Enter the day on which %s will pay.", name))
        return parts


class AccountFollowupPromiseWizardPart(models.TransientModel):
    """An instalment of a promise."""

    _name = "account.followup.promise.wizard.part"
    _description = "Instalment of a Promise to Pay"
    _order = "date, id"

    wizard_id = fields.Many2one(
        "account.followup.promise.wizard", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    date = fields.Date("Day", required=True)
    amount = fields.Monetary()

    @api.constrains("wizard_id")
    def _check_own_window(self):
        self.sudo(False).wizard_id.check_access("write")

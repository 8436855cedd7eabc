from odoo import api, fields, models


class AccountFollowupReminderLine(models.Model):
    """An item as a reminder named it: what was claimed, and the level it reached."""

    _name = "account.followup.reminder.line"
    _description = "Payment Reminder Line"
    _order = "reminder_id DESC, due_date, id"
    _rec_name = "name"

    reminder_id = fields.Many2one(
        "account.followup.reminder",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(related="reminder_id.partner_id", store=True)
    company_id = fields.Many2one(related="reminder_id.company_id", store=True)
    date = fields.Date(related="reminder_id.date", store=True)
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Journal Item",
        readonly=True,  # indexed below
        ondelete="set null",
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Invoice")
    name = fields.Char("Number", readonly=True)
    invoice_date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True)
    days_late = fields.Integer(readonly=True)
    level_id = fields.Many2one(
        "account.followup.level",
        readonly=True,
        ondelete="restrict",
        help="Level that the item reached by it; none if it was only named.",
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    amount = fields.Monetary(readonly=True)
    residual = fields.Monetary("Open Amount", readonly=True)
    residual_company = fields.Monetary(
        "Open Amount in Company Currency",
        currency_field="company_currency_id",
        readonly=True,
    )
    is_standing = fields.Boolean(
        compute="_compute_is_standing",
        store=True,
        help="The reminder is under way or was sent; a void one reaches no level.",
    )

    # Promise 1: a reminder at a level is claimed once for each journal item. The key
    # is made of data, so a second run, worker or click finds it taken.
    _standing_unique = models.UniqueIndex(
        "(move_line_id, level_id) INCLUDE (date)"
        " WHERE is_standing AND level_id IS NOT NULL",
        "This invoice was already reminded at this level.",
    )
    # What an item has reached is looked up for each open item, and PostgreSQL may take
    # either index for it: both hold all that is asked, so that no row need be read.
    _reached_idx = models.Index("(move_line_id) INCLUDE (level_id, date, is_standing)")

    @api.depends("reminder_id.state")
    def _compute_is_standing(self):
        for line in self:
            line.is_standing = line.reminder_id.state in ("queued", "sent")

from odoo import api, fields, models

from .account_followup_delivery import STATES


class AccountFollowupReminder(models.Model):
    """One thing that was sent to a customer, kept for ever."""

    _name = "account.followup.reminder"
    _inherit = "account.followup.sent.mixin"
    _description = "Payment Reminder"

    level_id = fields.Many2one(
        "account.followup.level",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Highest level that it reached; none when no level was due.",
    )
    text_level_id = fields.Many2one(
        "account.followup.level",
        string="Level of the Text",
        readonly=True,
        ondelete="set null",  # never by that: its lines keep the level
        help="Level whose text it has, and whose copies: the one due, or one that was "
        "reached before, if that is higher.",
    )
    trigger = fields.Selection(
        [
            ("automatic", "Automatic"),
            ("mass", "From a List"),
            ("manual", "By Hand"),
            ("import", "Taken Over"),
            ("start", "Counted as Reminded"),
        ],
        string="Sent By",
        required=True,
        readonly=True,
    )
    state = fields.Selection(STATES, compute="_compute_state", store=True)
    line_ids = fields.One2many(
        "account.followup.reminder.line", "reminder_id", readonly=True
    )
    delivery_ids = fields.One2many(
        "account.followup.delivery", "reminder_id", readonly=True
    )
    noticed_date = fields.Date(
        "Counts as Of",
        readonly=True,
        help="The date is a day to come, since the clock of the server was ahead. It "
        "was noticed on this day, and the reminder counts as of it.",
    )
    branch_ids = fields.Many2many(
        "res.company",
        "account_followup_reminder_branch_rel",
        "reminder_id",
        "branch_id",
        string="Companies of the Invoices",
        compute="_compute_branch_ids",
        store=True,
        help="Companies and branches whose invoices it names: the text and the totals "
        "are for who may see those of all of them.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    # no sums: the next reminder claims the same debt once more
    amount_overdue = fields.Monetary(
        readonly=True,
        aggregator=None,
        help="What was past its due date of what it names, less the credits of the "
        "same currency, in company currency.",
    )
    amount_claimed = fields.Monetary(
        compute="_compute_amount_claimed",
        help="All that it names, due or not, less the credits of the same currency, in "
        "company currency.",
    )
    sms_body = fields.Text("SMS Text", readonly=True)
    call_id = fields.Many2one(
        "account.followup.call",
        string="Phone Call",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The call that carried out the level.",
    )
    resend_user_id = fields.Many2one(
        "res.users",
        string="Sent Again By",
        readonly=True,
        help="Who sent it again after it had failed.",
    )
    known_credit_ids = fields.Json(
        readonly=True,
        help="The payments and credits that were there when it was made, named or not: "
        "journal items by id.",
    )
    reply_ids = fields.Many2many(
        "mail.message", string="Replies", compute="_compute_replies"
    )
    reply_count = fields.Integer("Replies Received", compute="_compute_replies")

    _partner_company_date_idx = models.Index("(partner_id, company_id, date)")
    # the reminders of the last days, among those of many years
    _company_date_idx = models.Index("(company_id, date)")
    _queued_idx = models.Index("(partner_id, company_id) WHERE state = 'queued'")

    @api.depends_context("lang")
    @api.depends("level_id", "date", "partner_id")
    def _compute_display_name(self):
        for reminder in self:
            name = reminder.level_id.name or self.env._("Reminder")
            reminder.display_name = f"{name} – {reminder.partner_id.display_name}"

    @api.depends_context("lang")
    @api.depends("call_id", "delivery_ids.channel", "trigger")
    def _compute_channels(self):
        super()._compute_channels()
        taken_over = self.filtered(lambda reminder: reminder.trigger == "import")
        taken_over.channels = self.env._("Another System")
        counted = self.filtered(lambda reminder: reminder.trigger == "start")
        counted.channels = self.env._("Nothing Sent")
        self.filtered("call_id").channels = self.env._("Phone Call")

    @api.depends("line_ids")
    def _compute_branch_ids(self):
        # nearly all name the same companies: written together
        groups = self.grouped(lambda reminder: reminder.line_ids.branch_id)
        for branches, reminders in groups.items():
            reminders.branch_ids = branches

    @api.depends("delivery_ids.state")
    def _compute_state(self):
        for reminder in self:
            reminder.state = reminder._get_delivery_state()

    def _get_named_items(self):
        # EXTENDS 'account.followup.sent.mixin'
        return self.sudo().line_ids.move_line_id

    def _get_text_level(self):
        # EXTENDS 'account.followup.sent.mixin'
        return self.text_level_id

    @api.depends("line_ids")
    def _compute_amount_claimed(self):
        service = self.env["account.followup.claim"]
        for reminder in self:
            rows = [
                {
                    "currency_id": line.currency_id.id,
                    "company_currency_id": line.company_currency_id.id,
                    "residual": line.residual,
                    "residual_company": line.residual_company,
                }
                for line in reminder.line_ids
            ]
            reminder.amount_claimed = service._get_company_claim(rows)

    def _compute_replies(self):
        """Show what the customer answered to the e-mail of each reminder (E4)."""
        replies = self.env["mail.message"].search(
            [
                ("parent_id", "in", self.mail_message_id.ids),
                ("message_type", "=", "email"),
            ]
        )
        by_message = replies.grouped("parent_id")
        for reminder in self:
            mine = by_message.get(reminder.mail_message_id, replies.browse())
            reminder.reply_ids = mine
            reminder.reply_count = len(mine)

    def _get_history_items(self):
        return self.line_ids.move_line_id

    def _is_by_hand(self):
        """Return whether a person means this message, whatever the rule says."""
        self.ensure_one()
        return self.trigger == "manual" or bool(self.resend_user_id)

    def _record_outcome(self, is_outdated=False):
        """Rule 11: when nothing was delivered, the responsible gets one task.

        The lines of such a reminder stand no more, so that they reach no level. What
        was withdrawn because it was paid leaves nothing to do, hence no task.

        :param bool is_outdated: withdrawn since things have changed, not by hand
        """
        outcome = self.env["account.followup.outcome"].sudo()
        for reminder in self.filtered(lambda reminder: reminder.state != "queued"):
            followup = self.env["account.followup"]._get_or_create(
                reminder.partner_id, reminder.company_id
            )
            day = followup._get_day_of(reminder.company_id)
            outcome._record_outcome(followup, reminder, day, is_outdated)

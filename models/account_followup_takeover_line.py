from odoo import fields, models

KINDS = [
    ("reminder", "Reminder"),
    ("exclusion", "Exclusion"),
    ("next_date", "Next Reminder"),
    ("responsible", "Responsible"),
    ("manual", "Manual Reminders"),
]


class AccountFollowupTakeoverLine(models.Model):
    """One thing that was taken over, with how it was before.

    It is what makes a take-over repeatable, since nothing of the source is taken twice,
    and undoable.
    """

    _name = "account.followup.takeover.line"
    _description = "Taken Over"
    _order = "takeover_id, id"

    takeover_id = fields.Many2one(
        "account.followup.takeover",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="takeover_id.company_id", store=True)
    source = fields.Char(required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    followup_id = fields.Many2one(
        "account.followup", readonly=True, index="btree_not_null", ondelete="set null"
    )
    move_line_id = fields.Many2one(
        "account.move.line", readonly=True, index="btree_not_null", ondelete="set null"
    )
    reminder_id = fields.Many2one(
        "account.followup.reminder",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    date = fields.Date("Taken Date", readonly=True)
    user_id = fields.Many2one("res.users", string="Taken User", readonly=True)
    old_date = fields.Date(readonly=True)
    old_user_id = fields.Many2one(
        "res.users", string="Former Setter", readonly=True, ondelete="set null"
    )

    _key_unique = models.UniqueIndex(
        "(company_id, source, kind, key, COALESCE(move_line_id, 0))",
        "This was taken over already.",
    )

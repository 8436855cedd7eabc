from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ..tools.days import is_sensible

STATES = [
    ("open", "Open"),
    ("kept", "Kept"),
    ("partly", "Partly Kept"),
    ("broken", "Broken"),
    ("replaced", "Replaced"),
    ("cancelled", "Cancelled"),
]
ORIGINS = [
    ("clerk", "By Hand"),
    ("call", "Phone Call"),
    ("debtor", "Debtor Page"),
    ("reply", "Reply"),
]
#: Origins of which nothing stands in the customer's chatter before.
NOTED = ("clerk", "reply")


class AccountFollowupPromise(models.Model):
    """A customer has promised to pay an amount until a day (X7, rule 14).

    What became of it is worked out from the payments when somebody asks, see
    ``account_followup_promise_state.py``; only what people have ended is kept. The rest
    of the items is their expected payment date, which a promise sets.
    """

    _name = "account.followup.promise"
    _inherit = "account.followup.history.mixin"
    _description = "Promise to Pay"
    _rec_names_search = ["partner_id", "note"]

    date = fields.Date("Promised For")
    made_on = fields.Date(
        required=True,
        readonly=True,
        help="Payments from this day on count, and what was on its way and is matched "
        "later: so many days before it as may pass after the promised day.",
    )
    line_ids = fields.Many2many(
        "account.move.line",
        "account_followup_promise_line_rel",
        "promise_id",
        "line_id",
        string="Invoices",
        readonly=True,
    )
    # no sum: who promises anew promises the same debt once more
    amount = fields.Monetary(readonly=True, aggregator=None)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    origin = fields.Selection(ORIGINS, default="clerk", required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Taken By", readonly=True, ondelete="restrict"
    )
    note = fields.Char(readonly=True)
    is_payment = fields.Boolean(
        "Says to Have Paid",
        readonly=True,
        help="The customer says that the payment was made on this day.",
    )
    rest_until = fields.Date(
        "Rests Until",
        required=True,
        readonly=True,
        help="Reminders rest until this day has passed.",
    )
    state = fields.Selection(
        STATES,
        compute="_compute_state",
        search="_search_state",
        help="Kept: paid in time. Partly kept: only a part was. Credit notes and "
        "write-offs make it smaller, but do not keep it.",
    )
    paid_amount = fields.Monetary("Paid", compute="_compute_state")
    ended = fields.Selection(
        [("replaced", "Replaced"), ("cancelled", "Cancelled")],
        readonly=True,
        help="How people have ended it.",
    )
    # what it was about at that time, and the rules it was made under
    amount_open = fields.Monetary(
        "Open When Promised", readonly=True, help="What was open of these invoices."
    )
    tolerance_days = fields.Integer(readonly=True)
    tolerance_percent = fields.Float(readonly=True)
    # instalments: promises of the same invoices, each after the other
    first_id = fields.Many2one(
        "account.followup.promise",
        string="First Instalment",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    amount_before = fields.Monetary(
        "Instalments Before", readonly=True, help="What is promised for earlier days."
    )
    told_on = fields.Date(
        readonly=True, help="Day on which the responsible was told that it is broken."
    )

    _standing_idx = models.Index("(rest_until) WHERE ended IS NULL AND told_on IS NULL")

    def _get_history_items(self):
        # EXTENDS 'account.followup.history.mixin'
        return self.line_ids

    def _remove_personal_data(self):
        # EXTENDS 'account.followup.history.mixin'
        super()._remove_personal_data()
        self.write({"note": False})

    @api.depends("amount", "currency_id", "date")
    def _compute_display_name(self):
        for promise in self:
            promise.display_name = promise._get_text()

    def _get_text(self):
        """Return amount and day as words."""
        self.ensure_one()
        values = {
            "amount": format_amount(self.env, self.amount, self.currency_id),
            "date": format_date(self.env, self.date),
        }
        if self.is_payment:
            return self.env._("%(amount)s, paid on %(date)s", **values)
        return self.env._("%(amount)s by %(date)s", **values)

    @api.constrains("date", "rest_until")
    def _check_days_near(self):
        for promise in self:
            today = promise.company_id._get_followup_day()[promise.company_id]
            for day in (promise.date, promise.rest_until):
                if not is_sensible(day, today):
                    raise ValidationError(
                        self.env._(
                            "%(customer)s: %(date)s is too far away. Choose a day "
                            "within ten years.",
                            customer=promise.partner_id.display_name,
                            date=format_date(self.env, day),
                        )
                    )

    @api.constrains("amount")
    def _check_amount(self):
        for promise in self:
            if promise.currency_id.compare_amounts(promise.amount, 0) <= 0:
                raise ValidationError(
                    self.env._(
                        "%s: enter the amount that is promised, more than nothing.",
                        promise.partner_id.display_name,
                    )
                )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_cancel(self):
        """End promises that do not hold any more; reminders resume at once.

        Of a promise by instalments those that are still open end with it.
        """
        self.env["account.move.line"]._check_followup_hold_group()
        self.check_access("read")
        promises = self.sudo()
        family = promises | promises._get_instalments()
        family.line_ids.sudo(False)._check_followup_hold_access()
        family.filtered(lambda promise: promise.state == "open")._end("cancelled")
        return True

    def _get_plan(self):
        """Return the first one of its instalments, or the promise itself."""
        self.ensure_one()
        return self.first_id or self

    def _get_instalments(self):
        """Return all instalments of these promises."""
        if not self:
            return self
        first = self.first_id | self
        return self.search(Domain("first_id", "in", first.ids)) | first

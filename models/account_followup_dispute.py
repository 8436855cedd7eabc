from odoo import api, fields, models
from odoo.exceptions import MissingError, UserError, ValidationError
from odoo.tools import format_amount, format_date

from ..tools.days import is_sensible
from .account_followup_promise import ORIGINS

#: What people change; all else is noted by the window and the buttons.
PEOPLE_FIELDS = frozenset(
    {"is_rest_claimed", "note", "reason_id", "review_date", "user_id"}
)


class AccountFollowupDispute(models.Model):
    """A customer says that something is wrong with invoices (X8, rule 15).

    They rest until somebody ends it; all else of the customer goes on. A day on which
    to look again is always there, so that nothing is forgotten.
    """

    _name = "account.followup.dispute"
    _inherit = ["account.followup.history.mixin", "mail.thread"]
    _description = "Dispute of Invoices"
    _mail_post_access = "read"
    _rec_names_search = ["partner_id", "note"]

    date = fields.Date("Opened On")
    line_ids = fields.Many2many(
        "account.move.line",
        "account_followup_dispute_line_rel",
        "dispute_id",
        "line_id",
        string="Invoices",
        readonly=True,
    )
    amount = fields.Monetary(
        "Disputed Amount", readonly=True, help="Of what was open when it was opened."
    )
    is_partial = fields.Boolean(
        "Part of the Invoice", readonly=True, help="Only a part of it is disputed."
    )
    is_rest_claimed = fields.Boolean(
        "Claim the Rest",
        tracking=True,
        help="Reminders go on about what is open beside the disputed part. Otherwise "
        "the whole invoice rests.",
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    reason_id = fields.Many2one(
        "account.followup.dispute.reason",
        required=True,
        ondelete="restrict",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
    )
    user_id = fields.Many2one(
        "res.users", string="Owner", domain="[('share', '=', False)]", tracking=True
    )
    review_date = fields.Date(
        "Review On",
        required=True,
        tracking=True,
        help="On this day the owner is asked to look at it again. It rests on.",
    )
    state = fields.Selection(
        [
            ("open", "Open"),
            ("accepted", "Accepted"),
            ("rejected", "Rejected"),
            ("settled", "Settled"),
        ],
        default="open",
        required=True,
        readonly=True,
        tracking=True,
    )
    origin = fields.Selection(ORIGINS, default="clerk", required=True, readonly=True)
    note = fields.Text()
    closed_on = fields.Date(readonly=True)
    told_on = fields.Date(
        readonly=True, help="Day on which the owner was asked to look again."
    )

    _rest_of_a_part = models.Constraint(
        "CHECK (is_rest_claimed IS NOT TRUE OR is_partial)",
        "Only a part of one invoice can be disputed so that the rest of it is claimed.",
    )
    # the rule asks for them, of which there are few
    _open_idx = models.Index("(id) WHERE state = 'open'")
    _part_idx = models.Index("(company_id) WHERE state = 'open' AND is_rest_claimed")

    def _get_history_items(self):
        # EXTENDS 'account.followup.history.mixin'
        return self.line_ids

    def _remove_personal_data(self):
        # EXTENDS 'account.followup.history.mixin'
        super()._remove_personal_data()
        self.message_ids.unlink()
        self.write({"note": False})

    @api.model
    def _has_field_access(self, field, operation):
        # EXTENDS 'base'
        if operation == "write" and not self.env.su and field.name not in PEOPLE_FIELDS:
            return False
        return super()._has_field_access(field, operation)

    def _message_auto_subscribe_followers(self, updated_values, default_subtype_ids):
        # EXTENDS 'mail': a domain holds on the screen only, and a customer who has a
        # login is told nothing of a dispute
        user = self.env["res.users"].sudo().browse(updated_values.get("user_id"))
        if user.exists().share:
            return []
        return super()._message_auto_subscribe_followers(
            updated_values, default_subtype_ids
        )

    @api.depends("reason_id", "partner_id")
    def _compute_display_name(self):
        for dispute in self:
            reason = dispute.reason_id.sudo().name or ""
            dispute.display_name = f"{reason} – {dispute.partner_id.display_name}"

    def _get_text(self):
        """Return amount, reason and day of review as words."""
        self.ensure_one()
        values = {
            "amount": format_amount(self.env, self.amount, self.currency_id),
            "reason": self.reason_id.sudo().name,
            "date": format_date(self.env, self.review_date),
        }
        if self.is_rest_claimed:
            return self.env._(
                "%(amount)s: %(reason)s, the rest is claimed, review on %(date)s",
                **values,
            )
        return self.env._("%(amount)s: %(reason)s, review on %(date)s", **values)

    @api.constrains("company_id", "reason_id")
    def _check_company_of_reason(self):
        self.reason_id._check_chosen(self)

    @api.constrains("review_date")
    def _check_review_date(self):
        for dispute in self:
            today = dispute.company_id._get_followup_day()[dispute.company_id]
            if not is_sensible(dispute.review_date, today):
                raise ValidationError(
                    self.env._(
                        "The dispute with %(customer)s: %(date)s is too far away. "
                        "Choose a day within ten years.",
                        customer=dispute.partner_id.display_name,
                        date=format_date(self.env, dispute.review_date),
                    )
                )

    def write(self, vals):
        # EXTENDS 'base': what a user lets be claimed again, or rest, has to be his
        if "is_rest_claimed" in vals and not self.env.su:
            self._check_may_end()
        return super().write(vals)

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_accept(self):
        """The customer is right: open core's window for a credit note.

        :raise UserError: it has ended, or is about nothing that can be credited
        """
        self._check_may_end()
        self._end("accepted")
        moves = self.line_ids.move_id.filtered(
            lambda move: move.move_type in ("out_invoice", "out_receipt")
            and move.state == "posted"
        )
        if not moves:
            return True
        context = {"active_model": "account.move", "active_ids": moves.ids}
        # core asks a single one for its name
        return {**moves[:1].action_reverse(), "context": context}

    def action_reject(self):
        """The customer is wrong: reminders go on where they stood."""
        self._check_may_end()
        self._end("rejected")
        return True

    def action_settle(self):
        """It has come to an agreement in another way: reminders go on."""
        self._check_may_end()
        self._end("settled")
        return True

    def _check_may_end(self):
        self.env["account.move.line"]._check_followup_hold_group()
        self.check_access("write")
        if self - self.exists():
            raise MissingError(self.env._("This window is closed: open it again."))
        # those that the user sees are not all: a branch does not end another one's
        self.sudo().line_ids.sudo(False)._check_followup_hold_access()
        if ended := self.filtered(lambda dispute: dispute.state != "open"):
            raise UserError(
                self.env._(
                    "The dispute with %s has ended already.",
                    ended[:1].partner_id.display_name,
                )
            )

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountFollowupDisputeWizard(models.TransientModel):
    """The window Dispute: what one customer says is wrong, and who looks at it."""

    _name = "account.followup.dispute.wizard"
    _inherit = ["account.followup.wizard.mixin", "account.followup.part.mixin"]
    _description = "Dispute of Invoices"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True
    )
    line_ids = fields.Many2many(
        "account.move.line",
        string="Invoices",
        domain="[('id', 'in', available_line_ids)]",
    )
    available_line_ids = fields.Many2many(
        "account.move.line", compute="_compute_available_line_ids"
    )
    reason_id = fields.Many2one(
        "account.followup.dispute.reason",
        string="Reason",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        domain="[('share', '=', False)]",
    )
    review_date = fields.Date(
        "Review On", compute="_compute_review_date", store=True, readonly=False
    )
    note = fields.Text()
    dispute_id = fields.Many2one("account.followup.dispute", readonly=True)

    @api.constrains("company_id", "reason_id")
    def _check_company_of_reason(self):
        self.reason_id._check_chosen(self)

    @api.depends("partner_id", "company_id")
    def _compute_available_line_ids(self):
        """What can rest and is not in dispute."""
        for wizard in self:
            items = self.env["account.followup.item"].search(
                [
                    ("partner_id", "=", wizard.partner_id.id),
                    ("company_id", "=", wizard.company_id.id),
                    ("residual", ">", 0),
                    ("rest_kind", "not in", ["excluded", "dispute"]),
                ]
            )
            wizard.available_line_ids = items.move_line_id

    @api.depends("reason_id", "partner_id", "company_id")
    def _compute_user_id(self):
        cases = self.env["account.followup"]
        for wizard in self:
            case = cases._get_case(wizard.partner_id, wizard.company_id)
            owner = wizard.reason_id.user_id.filtered("active")
            owner = owner or case._get_responsible()
            wizard._set_defaults({"user_id": owner.id})

    @api.depends("reason_id")
    def _compute_review_date(self):
        for wizard in self:
            days = wizard.reason_id.review_days or 14
            wizard.review_date = wizard._get_day() + timedelta(days=days)

    def action_dispute(self):
        """Record the dispute, once for this window, and close the window.

        :raise UserError: invoices, reason or day are missing, or the amount is not a
            part of one invoice
        """
        self._check_may_act()
        self.line_ids._check_followup_hold_access()
        if not self.dispute_id:  # else a second click
            self._check_complete()
            disputes = self.env["account.followup.dispute"]._dispute(
                self.line_ids,
                self.reason_id,
                {self.company_id: self._get_day()},
                **self._get_part(),
                note=self.note,
                review_date=self.review_date,
                user_id=self.user_id.id,
            )
            self.dispute_id = disputes[:1]
        return {"type": "ir.actions.act_window_close"}

    def _check_complete(self):
        name = self.partner_id.display_name
        if not self.line_ids:
            raise UserError(self.env._("Choose the invoices that %s disputes.", name))
        if not self.reason_id or not self.review_date:
            raise UserError(
                self.env._(
                    "%s: choose a reason, and the day on which to look again.", name
                )
            )
        if text := self.line_ids._get_followup_not_owed_text(
            self.partner_id, self.company_id
        ):
            raise UserError(text)

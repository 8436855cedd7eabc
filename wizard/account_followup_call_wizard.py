import re
from datetime import timedelta

from markupsafe import Markup

from odoo import Command, api, fields, models

from ..models.account_followup_call import OUTCOMES


class AccountFollowupCallWizard(models.TransientModel):
    """The window Log a Call: what came of a phone call with one customer."""

    _name = "account.followup.call.wizard"
    _inherit = ["account.followup.items.mixin", "account.followup.part.mixin"]
    _description = "Log a Call"

    contact_info = fields.Html("Phone", compute="_compute_contact_info", sanitize=False)
    date = fields.Date(required=True, default=lambda self: self._get_default_date())
    outcome = fields.Selection(OUTCOMES, default="reached", required=True)
    contact_id = fields.Many2one(
        "res.partner",
        string="Spoken To",
        domain="[('id', 'child_of', partner_id), ('is_company', '=', False)]",
    )
    note = fields.Text()
    next_reminder_date = fields.Date(
        "Next Reminder", help="No reminder before this day; empty to leave it as it is."
    )
    promised_date = fields.Date("Promised For")
    reason_id = fields.Many2one(
        "account.followup.dispute.reason",
        string="Dispute Reason",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
    )
    review_date = fields.Date(
        "Review On",
        compute="_compute_review_date",
        store=True,
        readonly=False,
        help="Day on which the dispute is looked at again.",
    )
    activity_count = fields.Integer(compute="_compute_activity_count")
    close_activities = fields.Boolean(
        "Mark the Planned Call as Done",
        compute="_compute_close_activities",
        store=True,
        readonly=False,
    )
    answered_level_id = fields.Many2one(
        "account.followup.level", compute="_compute_answered_level_id"
    )
    call_id = fields.Many2one("account.followup.call", readonly=True)

    @api.constrains("company_id", "reason_id")
    def _check_company_of_reason(self):
        self.reason_id._check_chosen(self)

    @api.model
    def _get_default_date(self):
        return self._get_day()

    @api.depends("partner_id")
    def _compute_contact_info(self):
        """A click on a number calls it, where the computer can."""
        link = Markup('%s: <a href="tel:%s">%s</a>')
        for wizard in self:
            recipients = wizard._get_service("recipients")
            wizard.contact_info = Markup("; ").join(
                link % (name, re.sub(r"[^\d+*#,;]", "", number), number)
                for name, number in recipients._get_phones(wizard.partner_id)
            )

    @api.depends("partner_id")
    def _compute_activity_count(self):
        calls = self.env["account.followup.call"].sudo()
        for wizard in self:
            wizard.activity_count = len(calls._get_call_activities(wizard.partner_id))

    @api.depends("reason_id")
    def _compute_review_date(self):
        for wizard in self:
            day = wizard.review_date
            if reason := wizard.reason_id:
                day = wizard._get_day() + timedelta(days=reason.review_days)
            wizard.review_date = day

    @api.depends("outcome")
    def _compute_close_activities(self):
        """Who was not reached is still to be called."""
        for wizard in self:
            wizard._set_defaults({"close_activities": wizard.outcome != "not_reached"})

    @api.depends("partner_id", "company_id", "date", "outcome")
    def _compute_answered_level_id(self):
        """Show the level that this call carries out."""
        for wizard in self:
            wizard.answered_level_id = wizard._get_answered_level()

    def _get_answered_level(self):
        call = self.env["account.followup.call"].new({"outcome": self.outcome})
        case = self.env["account.followup"]._get_case(self.partner_id, self.company_id)
        if not (self.date and self.date <= self._get_day() and call._is_answer()):
            return self.env["account.followup.level"]
        return self._get_service("call")._get_level_of_call(case, self.date)

    def action_log(self):
        """Record the call, once for this window, and close the window.

        :raise UserError: a day is missing or on the wrong side of today, or a promise
            or dispute names no invoice
        """
        self._check_may_act()
        if not self.call_id:  # else a second click
            self.call_id = self.env["account.followup.call"]._log_call(
                self._prepare_call(),
                self._get_day(),
                self.close_activities,
                **(self._get_part() if self.outcome == "dispute" else {}),
            )
        return {"type": "ir.actions.act_window_close"}

    def _prepare_call(self):
        """Return the values of the call, without what is not of its outcome."""
        promise, dispute = self.outcome == "promise", self.outcome == "dispute"
        lines = self.line_ids if promise or dispute else self.line_ids.browse()
        return {
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "date": self.date,
            "outcome": self.outcome,
            "contact_id": self.contact_id.id,
            "note": self.note,
            "next_reminder_date": self.next_reminder_date,
            "promised_date": promise and self.promised_date,
            "review_date": dispute and self.review_date,
            "reason_id": dispute and self.reason_id.id,
            "line_ids": [Command.set(lines.ids)],
        }

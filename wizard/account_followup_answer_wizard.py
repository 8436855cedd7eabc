from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..tools.days import add_working_days

#: Working days that are proposed when the customer needs more time.
MORE_DAYS = 5


class AccountFollowupAnswerWizard(models.TransientModel):
    """The window Answer Came: what follows from the e-mail of a customer (X17)."""

    _name = "account.followup.answer.wizard"
    _inherit = ["account.followup.items.mixin", "account.followup.part.mixin"]
    _description = "Answer Came"

    answer_info = fields.Char("From", compute="_compute_answer", compute_sudo=False)
    answer = fields.Html(compute="_compute_answer", compute_sudo=False)
    pause_text = fields.Char(compute="_compute_pause_text")
    operation = fields.Selection(
        [
            ("go_on", "Go On"),
            ("hold", "Pause Longer"),
            ("promise", "Promise to Pay"),
            ("dispute", "Dispute"),
        ],
        string="What Follows",
        default="go_on",
        required=True,
    )
    pause_until = fields.Date(
        compute="_compute_pause_until", store=True, readonly=False
    )
    promised_date = fields.Date("Promised For")
    reason_id = fields.Many2one(
        "account.followup.dispute.reason",
        string="Reason",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
    )
    review_date = fields.Date("Review On")
    note = fields.Char()

    @api.constrains("company_id", "reason_id")
    def _check_company_of_reason(self):
        self.reason_id._check_chosen(self)

    def _get_case(self):
        self.company_id._check_followup_access()
        return self.env["account.followup"]._get_case(self.partner_id, self.company_id)

    @api.depends("partner_id", "company_id")
    def _compute_answer(self):
        """Show the e-mail, as far as the user may read it."""
        for wizard in self:
            message = wizard._get_case().pause_message_id.sudo(False)
            message = message.exists()._filtered_access("read")
            wizard.answer = message.body
            wizard.answer_info = self._get_info(message) if message else False

    @api.model
    def _get_info(self, message):
        """Return who has written an e-mail, when, and its subject."""
        return self.env._(
            "%(author)s, %(date)s: %(subject)s",
            author=message.author_id.display_name or message.email_from,
            date=format_date(self.env, message.date),
            subject=message.subject or self.env._("(no subject)"),
        )

    @api.depends("partner_id", "company_id")
    def _compute_pause_text(self):
        for wizard in self:
            wizard.pause_text = self.env["account.followup.pause"]._get_text(
                wizard._get_case(), wizard._get_day()
            )

    @api.depends("partner_id", "company_id")
    def _compute_pause_until(self):
        for wizard in self:
            day = max(
                wizard._get_case().pause_until or wizard._get_day(), wizard._get_day()
            )
            wizard.pause_until = add_working_days(day, MORE_DAYS)

    def action_apply(self):
        """Do what follows from the answer; the task about it is done.

        :raise UserError: a day or the invoices are missing, or a day has passed
        """
        self._check_may_act()
        getattr(self, f"_apply_{self.operation}")()
        return {"type": "ir.actions.act_window_close"}

    def _apply_go_on(self):
        self._end_pause(self.note)

    def _apply_hold(self):
        """Pause the customer for longer: somebody has read the answer."""
        day = self._get_chosen_day("pause_until")
        if day < self._get_day():
            raise UserError(
                self.env._(
                    "%(customer)s cannot be paused until %(date)s: that day has "
                    "passed.",
                    customer=self.partner_id.display_name,
                    date=format_date(self.env, day),
                )
            )
        case = self.env["account.followup"]._get_or_create(
            self.partner_id, self.company_id
        )
        self.env["account.followup.pause"]._begin_by_hand(
            case, day, self._get_note() or case.pause_reason
        )

    def _apply_promise(self):
        lines, day = self._get_chosen_lines(), self._get_chosen_day("promised_date")
        note = self._get_note() or self.env._("Promised by e-mail")
        days = {self.company_id: self._get_day()}
        lines._expect_followup_payment(day, note, days, origin="reply")
        self._end_pause(self.env._("Promise to pay on %s", format_date(self.env, day)))

    def _apply_dispute(self):
        lines, day = self._get_chosen_lines(), self._get_chosen_day("review_date")
        reason = self.reason_id or self.reason_id._get_reason()
        self.env["account.followup.dispute"]._dispute(
            lines,
            reason,
            {self.company_id: self._get_day()},
            **(self._get_part() if lines == self.line_ids else {}),
            note=self._get_note(),
            origin="reply",
            review_date=day,
        )
        self._end_pause(self.env._("Dispute: %s", reason.name))

    def _end_pause(self, feedback):
        case = self._get_case().filtered("id")
        self.env["account.followup.pause"]._end(case, feedback)

    def _get_note(self):
        return " ".join((self.note or "").split())

    def _get_chosen_day(self, name):
        if not self[name]:
            raise UserError(
                self.env._(
                    "Enter until when to wait for %s.", self.partner_id.display_name
                )
            )
        return self[name]

    def _get_chosen_lines(self):
        """Return the invoices that the answer is about, which must be the user's.

        :raise UserError: none is chosen
        """
        lines = self.line_ids & self.available_line_ids
        if not lines:
            raise UserError(
                self.env._(
                    "Choose the invoices that %s has written about.",
                    self.partner_id.display_name,
                )
            )
        lines._check_followup_hold_access()
        return lines

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ..tools import days as day_tools
from .account_move_line import GROUPS


class AccountFollowup(models.Model):
    """A customer who has answered is not reminded automatically for a while (rule 16).

    What a person does by hand stays possible.
    """

    _inherit = "account.followup"

    pause_until = fields.Date(
        "Paused Until", help="No automatic reminders up to and including this day."
    )
    pause_reason = fields.Char("Reason of the Pause")
    pause_message_id = fields.Many2one(
        "mail.message",
        string="Answer",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    pause_activity_id = fields.Many2one(
        "mail.activity",
        string="Task about the Answer",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )

    @api.constrains("pause_until")
    def _check_pause_until(self):
        for followup in self.filtered("pause_until"):
            day, company = followup.pause_until, followup.company_id
            if not day_tools.is_sensible(day, self._get_day_of(company)):
                raise ValidationError(
                    self.env._(
                        "%(customer)s: %(date)s is too far away for a pause. Choose a "
                        "day within ten years, or make the reminders manual.",
                        customer=followup.partner_id.display_name,
                        date=format_date(self.env, day),
                    )
                )

    def _prepare_merged(self, others):
        # EXTENDS: the longest pause is kept, with its reason (G5)
        values = super()._prepare_merged(others)
        paused = (self + others).filtered("pause_until").sorted("pause_until")
        if longest := paused[-1:]:
            values |= {
                "pause_until": longest.pause_until,
                "pause_reason": longest.pause_reason,
                "pause_message_id": longest.pause_message_id.id,
                "pause_activity_id": longest.pause_activity_id.id,
            }
        return values


class AccountFollowupPause(models.AbstractModel):
    """Begins and ends pauses, and says why there is one (rule 16)."""

    _name = "account.followup.pause"
    _description = "Pause of Automatic Reminders"

    @api.model
    def _get_text(self, case, day):
        """Return until when and why a customer is paused, in a sentence; else empty."""
        if not case.pause_until or case.pause_until < day:
            return ""
        until = format_date(self.env, case.pause_until)
        if case.pause_reason:
            return self.env._(
                "Paused until %(date)s: %(reason)s",
                date=until,
                reason=case.pause_reason,
            )
        return self.env._("Paused until %s.", until)

    @api.model
    def _end(self, cases, feedback=False):
        """Go on with automatic reminders; the task about the answer is done.

        :param str feedback: what came of it
        """
        cases._set_by_hand({"pause_until": False})
        cases.sudo().write({"pause_reason": False, "pause_message_id": False})
        self._close_task(cases, feedback or self.env._("Automatic reminders go on."))

    @api.model
    def _begin_by_hand(self, cases, until, reason):
        """Pause automatic reminders: somebody has read the answer, the task is done.

        :param date until: last day of the pause
        :param str reason: one line, may be empty
        """
        cases._set_by_hand({"pause_until": until, "pause_reason": reason})
        self._close_task(
            cases, self.env._("Paused until %s", format_date(self.env, until))
        )

    @api.model
    def _close_task(self, cases, feedback):
        """Mark the tasks about answers as done.

        :param str feedback: what came of it
        """
        tasks = cases.sudo().pause_activity_id.filtered("active")
        cases.sudo().write({"pause_activity_id": False})
        if tasks:
            tasks.action_feedback(feedback)


class AccountFollowupSetting(models.AbstractModel):
    _inherit = "account.followup.setting"

    @api.model
    def _get_setting_text(self, followup, name):
        # EXTENDS: a pause is of no rule
        if name == "pause_until" and not followup[name]:
            return self.env._("No")
        return super()._get_setting_text(followup, name)


class AccountFollowupCustomer(models.Model):
    _inherit = "account.followup.customer"

    pause_until = fields.Date(
        "Paused Until",
        readonly=True,
        help="The customer has answered: no automatic reminders until then.",
    )


class ResPartner(models.Model):
    _inherit = "res.partner"

    followup_pause_text = fields.Char(
        "Pause of Reminders", compute="_compute_followup_pause", groups=GROUPS
    )

    @api.depends_context("company", "lang")
    def _compute_followup_pause(self):
        root = self.env.company.root_id
        day = root.sudo()._get_followup_day()[root.sudo()]
        cases = self._get_followup().grouped("partner_id")
        pauses = self.env["account.followup.pause"]
        for partner in self:
            case = cases.get(partner._origin)
            partner.followup_pause_text = case and pauses._get_text(case, day)

    def action_end_followup_pause(self):
        """Button Go On: automatic reminders go on.

        :raise AccessError: the user may not send reminders
        """
        self.ensure_one()
        self._check_followup_access()
        case = self.commercial_partner_id._get_followup()
        self.env["account.followup.pause"]._end(case)
        return True

    def action_answer_followup(self):
        """Open the window Answer Came for the customer.

        :raise AccessError: the user may not send reminders
        """
        self.ensure_one()
        self._check_followup_access()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Answer Came"),
            "res_model": "account.followup.answer.wizard",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_partner_id": self.commercial_partner_id.id},
        }

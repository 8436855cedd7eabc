from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ..tools.days import is_sensible

OUTCOMES = [
    ("reached", "Reached"),
    ("not_reached", "Not Reached"),
    ("message", "Message Left"),
    ("promise", "Promise to Pay"),
    ("dispute", "Dispute"),
]


class AccountFollowupCall(models.Model):
    """A phone call about open invoices, logged by hand and kept for ever (C8, E3).

    It reaches no level and does not count for the gap between reminders, unless the
    level that is due is a call: then it has carried that out.
    """

    _name = "account.followup.call"
    _inherit = "account.followup.history.mixin"
    _description = "Follow-up Phone Call"
    _rec_names_search = ["partner_id", "note"]

    user_id = fields.Many2one(
        "res.users",
        string="Called By",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
    )
    outcome = fields.Selection(OUTCOMES, required=True, readonly=True)
    note = fields.Text(readonly=True)
    next_reminder_date = fields.Date("Next Reminder", readonly=True)
    promised_date = fields.Date("Promised For", readonly=True)
    review_date = fields.Date(
        "Review On", readonly=True, help="Day on which the dispute is looked at again."
    )
    reason_id = fields.Many2one(
        "account.followup.dispute.reason",
        string="Dispute Reason",
        readonly=True,
        ondelete="restrict",
    )
    line_ids = fields.Many2many(
        "account.move.line",
        "account_followup_call_line_rel",
        "call_id",
        "line_id",
        string="Invoices",
        readonly=True,
        help="What was promised or is in dispute.",
    )

    def _get_history_items(self):
        return self.line_ids

    @api.depends("outcome", "partner_id")
    def _compute_display_name(self):
        outcomes = dict(self._fields["outcome"]._description_selection(self.env))
        for call in self:
            outcome = outcomes.get(call.outcome, "")
            call.display_name = f"{outcome} – {call.partner_id.display_name}"

    @api.constrains("outcome", "promised_date", "review_date")
    def _check_day_of_outcome(self):
        for call in self:
            if call.outcome == "promise" and not call.promised_date:
                raise ValidationError(
                    self.env._(
                        "Enter the day for which %s promised to pay.",
                        call.partner_id.display_name,
                    )
                )
            if call.outcome == "dispute" and not call.review_date:
                raise ValidationError(
                    self.env._(
                        "Enter the day on which to look again at the dispute with %s.",
                        call.partner_id.display_name,
                    )
                )

    @api.constrains("date", "next_reminder_date", "promised_date", "review_date")
    def _check_days_near(self):
        for call in self:
            today = call.company_id._get_followup_day()[call.company_id]
            names = ("date", "next_reminder_date", "promised_date", "review_date")
            for day in filter(None, (call[name] for name in names)):
                if not is_sensible(day, today):
                    raise ValidationError(
                        self.env._(
                            "The call with %(customer)s: %(date)s is too far away. "
                            "Choose a day within ten years.",
                            customer=call.partner_id.display_name,
                            date=format_date(self.env, day),
                        )
                    )

    @api.constrains("company_id", "reason_id")
    def _check_company_of_reason(self):
        self.reason_id._check_chosen(self)

    @api.constrains("partner_id", "company_id", "line_ids")
    def _check_customer_of_lines(self):
        for call in self:
            text = call.line_ids._get_followup_not_owed_text(
                call.partner_id, call.company_id
            )
            if text:
                raise ValidationError(text)

    @api.model
    def _log_call(self, values, today, close_activities=True, **part):
        """Record a call, and let the invoices rest as it was agreed.

        :param dict values: values of the call, ``partner_id`` and ``company_id`` are
            commercial partner and root company
        :param date today: the company's day
        :param bool close_activities: mark the planned call as done
        :param part: ``amount`` and ``is_rest_claimed`` of a dispute
        :return: the call
        :raise UserError: a day is missing or on the wrong side of today, or a promise
            or dispute names no invoice
        """
        # nobody may create one: who called is the one who says so
        call = self.sudo().create({**values, "user_id": self.env.uid})
        call = call.sudo(self.env.su)
        call._check_days(today)
        if call._is_answer():
            call.sudo()._record_level()
        call._rest_invoices(today, **part)
        if call.next_reminder_date:
            followup = self.env["account.followup"]._get_or_create(
                call.partner_id, call.company_id
            )
            self.env["account.followup.setting"]._check_next_reminder(
                followup, call.next_reminder_date
            )
            followup.write(
                {
                    "next_reminder_date": call.next_reminder_date,
                    "next_reminder_user_id": call.user_id.id,
                }
            )
        call.partner_id._message_log(body=call._get_message())
        if close_activities:
            call._close_activities()
        return call

    def _is_answer(self):
        """Return whether somebody was reached; else the call is still to be made."""
        self.ensure_one()
        return self.outcome != "not_reached"

    def _check_days(self, today):
        self.ensure_one()
        name = self.partner_id.display_name
        if self.date > today:
            raise UserError(
                self.env._(
                    "%(customer)s: a call of %(date)s has not been made yet.",
                    customer=name,
                    date=format_date(self.env, self.date),
                )
            )
        if self.next_reminder_date and self.next_reminder_date < today:
            raise UserError(
                self.env._(
                    "%(customer)s cannot be reminded on %(date)s: that day has passed.",
                    customer=name,
                    date=format_date(self.env, self.next_reminder_date),
                )
            )
        if self.outcome in ("promise", "dispute") and not self.line_ids:
            raise UserError(
                self.env._("Choose the invoices that the call with %s was about.", name)
            )

    def _rest_invoices(self, today, **part):
        """Let rest what was promised until then, what is in dispute until review."""
        self.ensure_one()
        self.line_ids._check_followup_hold_access()
        days = {self.company_id: today}
        reason = " ".join((self.note or "").split())
        if self.outcome == "promise":
            reason = reason or self.env._("Promised on the phone")
            self.line_ids._expect_followup_payment(
                self.promised_date, reason, days, origin="call"
            )
        elif self.outcome == "dispute":
            self.env["account.followup.dispute"]._dispute(
                self.line_ids,
                self.reason_id or self.env[self.reason_id._name]._get_reason(),
                days,
                **part,
                note=self.note,
                origin="call",
                review_date=self.review_date,
            )

    def _get_message(self):
        """Return what the customer's chatter says of the call."""
        self.ensure_one()
        outcomes = dict(self._fields["outcome"]._description_selection(self.env))
        parts = [self.env._("Phone call: %s", outcomes[self.outcome])]
        if day := self.promised_date:
            parts.append(self.env._("for %s", format_date(self.env, day)))
        if day := self.review_date:
            parts.append(self.env._("to review on %s", format_date(self.env, day)))
        if self.line_ids:
            parts.append(self.line_ids._get_followup_names())
        if day := self.next_reminder_date:
            parts.append(self.env._("next reminder %s", format_date(self.env, day)))
        message = Markup("{}").format(", ".join(parts))
        if self.note:
            note = Markup("<br/>").join(self.note.splitlines())
            message += Markup("<br/>{}").format(note)
        return message

    @api.model
    def _get_call_activities(self, partner):
        """Return the calls that the follow-ups have planned with a customer.

        What somebody planned by hand for another purpose is left alone.
        """
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", "res.partner"),
                ("res_id", "=", partner.id),
                ("activity_type_id.category", "=", "phonecall"),
                ("automated", "=", True),
            ]
        )

    def _close_activities(self):
        """Mark the planned calls as done, with the note of this one as feedback."""
        self.ensure_one()
        activities = self.sudo()._get_call_activities(self.partner_id)
        if activities:
            activities.action_feedback(feedback=self.note or False)

    # ------------------------------------------------------------------
    # Levels that are a call
    # ------------------------------------------------------------------

    @api.model
    def _is_call(self, level):
        """Return whether a level is a call and nothing else."""
        return bool(
            not self.env["account.followup.channels"]._get_default_channels(level)
            and level.schedule_activity
            and level.activity_type_id.category == "phonecall"
        )

    @api.model
    def _get_level_of_call(self, followup, day):
        """Return the level that a call on a day carries out: one due that is a call.

        :param followup: case of one customer
        :param date day: day of the call
        """
        rows = self.env["account.followup.ready"]._get_due_rows(followup, day)
        row = rows.get(followup.partner_id.id) or {}
        level = self.env["account.followup.level"].sudo()
        if row.get("status") != "in_need_of_action":
            return level
        level = level.browse(row["level_id"])
        return level if self._is_call(level) else level.browse()

    def _record_level(self):
        """Record that this call has carried out the level due, if that is a call.

        It is a reminder like any other of that day, with level, key and gap; but
        nothing is sent, and no task is planned, since it is done.

        :return: the reminder, none if no such level was due
        :raise UserError: the customer is being reminded at this moment
        """
        self.ensure_one()
        reminders = self.env["account.followup.reminder"]
        followup = self.env["account.followup"]._get_case(
            self.partner_id, self.company_id
        )
        if not self._get_level_of_call(followup, self.date):
            return reminders
        followup = followup._get_or_create(self.partner_id, self.company_id)
        if not followup.try_lock_for_update(allow_referencing=True):
            raise UserError(
                self.env._(
                    "%s is being reminded at this moment. Log the call again in a "
                    "moment.",
                    self.partner_id.display_name,
                )
            )
        service = self.env["account.followup.send"]
        data = service._prepare_data(
            followup, self.date, trigger="manual", channels=set(), call=self
        )
        return service._send_reminder(followup, self.date, data)

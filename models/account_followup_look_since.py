from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_date


class AccountFollowupLook(models.AbstractModel):
    """What has come since a reminder was made, and no figure in it tells.

    Of what the rule makes the rule says it. Who names an item that rests means it; but
    what the customer has done since then that person has not seen, and is asked.
    """

    _inherit = "account.followup.look"

    @api.model
    def _get_later_objection(self, reminder, day):
        """Return what has come since a reminder was made, or None.

        :param date day: the company's day
        """
        if reminder.resend_user_id and self._is_reminded_since(reminder):
            return self.env._("The customer was reminded again since then.")
        answer = reminder._is_by_hand() and self._get_answer_objection(reminder, day)
        return answer or self._get_deadline_objection(reminder, day)

    @api.model
    def _is_reminded_since(self, reminder):
        """Return whether a newer reminder of the customer was sent, or is queued.

        Whatever its level: sent again now, the older one would come after it, with
        milder words after harder ones and another last day to pay. What counts as
        reminded since the go-live has reached nobody.
        """
        newer = reminder.sudo().search_count(
            [
                ("id", ">", reminder.id),
                ("partner_id", "=", reminder.partner_id.id),
                ("company_id", "=", reminder.company_id.id),
                ("state", "in", ("queued", "sent")),
                ("is_test", "=", False),
                ("trigger", "!=", "start"),
            ],
            limit=1,
        )
        return bool(newer)

    @api.model
    def _get_answer_objection(self, reminder, day):
        """Return what the customer has done since a reminder was made, or None.

        It may have failed since: when it was to leave, there was nothing of it yet.

        :param date day: the company's day
        """
        lines = reminder.line_ids.filtered(lambda line: line.residual > 0)
        items, moment = lines.move_line_id.sudo(), reminder.create_date
        if found := self._filter_paid_online(items, moment):
            return self.env._(
                "An online payment was begun after the reminder was made: %s.",
                found._get_followup_names(),
            )
        if found := self._filter_disputed(items, moment):
            return self.env._(
                "A dispute was opened after the reminder was made: %s.",
                found._get_followup_names(),
            )
        if found := self._filter_announced(items, moment, day):
            return self.env._(
                "A payment was announced after the reminder was made: %s.",
                found._get_followup_names(),
            )
        return None

    @api.model
    def _filter_paid_online(self, items, moment):
        """Return the items of which an online payment got under way after a moment.

        The customer may have opened its page before: its state tells when he paid.
        """
        payments = items.move_id.transaction_ids._filter_followup_under_way()
        payments = payments.filtered(
            lambda one: (one.last_state_change or one.create_date) > moment
        )
        return items.filtered(lambda item: item.move_id in payments.invoice_ids)

    @api.model
    def _filter_disputed(self, items, moment):
        """Return the items that were disputed after a moment, and still are.

        What was accepted has a credit note to come.
        """
        disputes = self.env["account.followup.dispute"].sudo()
        disputes = disputes.search(
            Domain("line_ids", "in", items.ids)
            & Domain("state", "in", ("open", "accepted"))
        )
        return items & disputes.filtered(lambda one: one.create_date > moment).line_ids

    @api.model
    def _filter_announced(self, items, moment, day):
        """Return the items that rest for a promise that was made after a moment.

        :param date day: the company's day
        """
        resting = items.filtered(
            lambda item: (
                item.expected_payment_date and item.expected_payment_date >= day
            )
        )
        promises = self.env["account.followup.promise"].sudo()
        promises = promises.search(
            Domain("line_ids", "in", resting.ids)
            & Domain("ended", "=", False)
            & Domain("rest_until", ">=", day)
        )
        new = promises.filtered(lambda one: one.create_date > moment)
        return resting & new.line_ids

    @api.model
    def _get_deadline_objection(self, reminder, day):
        """Return that the last day to pay has passed which a reminder gives, or None.

        :param date day: the company's day
        """
        last = reminder.payment_deadline
        if not last or last >= day:
            return None
        return self.env._(
            "Its last day to pay has passed: %s.", format_date(self.env, last)
        )

from odoo import api, models
from odoo.tools import format_date


class AccountFollowupLook(models.AbstractModel):
    """What has come since a reminder was made, and no figure in it tells.

    Of what the rule makes the rule says it.
    """

    _inherit = "account.followup.look"

    @api.model
    def _get_later_objection(self, reminder, day):
        """Return what has come since a reminder was made, or None.

        :param date day: the company's day
        """
        if reminder.resend_user_id and self._is_reminded_since(reminder):
            return self.env._("The customer was reminded again since then.")
        return self._get_deadline_objection(reminder, day)

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

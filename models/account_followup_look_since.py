from odoo import api, models


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
        return None

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

from odoo import fields, models


class SnailmailLetter(models.Model):
    _inherit = "snailmail.letter"

    followup_delivery_ids = fields.One2many(
        "account.followup.delivery", "letter_id", groups="base.group_system"
    )

    def _snailmail_print(self, immediate=True):
        """Check reminders once more just before they leave (promise 2, X2).

        Core tries some letters again day after day: a reminder that has failed is
        over, since its next try is a new reminder.
        """
        # EXTENDS 'snailmail'
        deliveries = self.sudo().followup_delivery_ids
        deliveries._withdraw_settled()
        over = deliveries.filtered(
            lambda delivery: delivery.state in ("failed", "withdrawn")
        ).letter_id
        over.sudo(self.env.su).cancel()
        return super(SnailmailLetter, self - over)._snailmail_print(immediate)

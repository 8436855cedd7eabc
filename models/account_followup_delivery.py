from odoo import api, fields, models
from odoo.tools import SQL

STATES = [
    ("queued", "Queued"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("withdrawn", "Withdrawn"),
]


class AccountFollowupDelivery(models.Model):
    """One reminder over one channel. Its state follows the message's own record."""

    _name = "account.followup.delivery"
    _description = "Payment Reminder Delivery"
    _order = "reminder_id DESC, id"
    _rec_name = "channel"

    reminder_id = fields.Many2one(
        "account.followup.reminder",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="reminder_id.company_id", store=True)
    channel = fields.Selection(
        [
            ("email", "Email"),
            ("sms", "SMS"),
            ("letter", "Letter by Post"),
            ("print", "Printed Letter"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        STATES, default="queued", required=True, readonly=True, index=True
    )
    recipient = fields.Char(readonly=True, help="Address, number or name as used.")
    failure_reason = fields.Char("Reason", readonly=True)
    mail_message_id = fields.Many2one(
        "mail.message", readonly=True, index="btree_not_null", ondelete="set null"
    )
    attachment_id = fields.Many2one(
        "ir.attachment", string="Document", readonly=True, ondelete="set null"
    )

    def _set_state(self, state, reason=None):
        """Set the state that the message's own record tells.

        :param str state: ``queued``, ``sent``, ``failed`` or ``withdrawn``
        :param str reason: one sentence, for ``failed`` and ``withdrawn``
        """
        changed = self.filtered(lambda delivery: delivery.state != state)
        changed.write({"state": state, "failure_reason": reason})
        changed.reminder_id._record_outcome()

    def _withdraw_settled(self):
        """Withdraw queued deliveries of which nothing is owed any more (X2).

        The deliveries are locked and the journal items read anew, just before the
        message leaves.

        :return: the deliveries that were withdrawn
        """
        queued = self.filtered(lambda delivery: delivery.state == "queued")
        if not queued:
            return queued
        queued = queued.try_lock_for_update(allow_referencing=True)
        owed = queued.reminder_id._get_still_owed()
        settled = queued.filtered(lambda delivery: delivery.reminder_id not in owed)
        settled._set_state(
            "withdrawn", self.env._("Nothing of it was owed any more: it was settled.")
        )
        return settled

    # ------------------------------------------------------------------
    # State from the message's own records
    # ------------------------------------------------------------------

    @api.model
    def _search_by_messages(self, messages):
        """Return the queued e-mail deliveries of some mail.message records."""
        return self.search(
            [("mail_message_id", "in", messages.ids), ("channel", "=", "email")]
        )

    @api.model
    def _sync_queued(self):
        """Sweep: end queued deliveries whose e-mail has ended unnoticed (promise 5)."""
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT delivery.id,
                       MAX(mail.state) FILTER (WHERE mail.state = 'outgoing'),
                       MAX(mail.state) FILTER (WHERE mail.state = 'cancel'),
                       MAX(mail.failure_reason),
                       BOOL_OR(notification.notification_status IN ('sent', 'pending'))
                  FROM account_followup_delivery delivery
                  LEFT JOIN mail_mail mail
                         ON mail.mail_message_id = delivery.mail_message_id
                  LEFT JOIN mail_notification notification
                         ON notification.mail_message_id = delivery.mail_message_id
                        AND notification.notification_type = 'email'
                 WHERE delivery.state = 'queued' AND delivery.channel = 'email'
                 GROUP BY delivery.id
                HAVING COALESCE(BOOL_AND(mail.state <> 'outgoing'), TRUE)
                """,
                to_flush=[
                    self.env["mail.mail"]._fields["state"],
                    self.env["mail.notification"]._fields["notification_status"],
                ],
            )
        )
        for delivery_id, _outgoing, cancelled, reason, was_sent in rows:
            delivery = self.browse(delivery_id)
            if was_sent:
                delivery._set_state("sent")
            elif cancelled:
                delivery._set_state(
                    "withdrawn", self.env._("The e-mail was cancelled by hand.")
                )
            else:
                delivery._set_state(
                    "failed", reason or self.env._("The e-mail is gone unsent.")
                )

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

STATES = [
    ("queued", "Queued"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("withdrawn", "Withdrawn"),
]

#: Channel: type of core's notifications to its recipients.
KINDS = {"email": "email", "sms": "sms", "letter": "snail", "print": None}


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
    letter_id = fields.Many2one(
        "snailmail.letter", readonly=True, index="btree_not_null", ondelete="set null"
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
            "withdrawn",
            self.env._("Settled, excluded or put on hold before it was sent."),
        )
        return settled

    # ------------------------------------------------------------------
    # State from the message's own records
    # ------------------------------------------------------------------

    @api.model
    def _search_by_messages(self, messages, *channels):
        """Return the deliveries of some mail.message records over some channels."""
        return self.sudo().search(
            [("mail_message_id", "in", messages.ids), ("channel", "in", channels)]
        )

    def _sync_notifications(self):
        """Take over what core has noted of the recipients of SMS, letters and e-mails.

        One recipient who got it is enough. An e-mail is noted as failed for a moment
        while core sends it: its failures are told by ``mail.mail`` itself.
        """
        self.mail_message_id.notification_ids.invalidate_recordset()
        for delivery in self:
            notifications = delivery.sudo().mail_message_id.notification_ids.filtered(
                lambda notification, kind=KINDS[delivery.channel]: (
                    notification.notification_type == kind
                )
            )
            statuses = set(notifications.mapped("notification_status"))
            if delivery.channel == "email":
                statuses -= {"exception"}
            if statuses & {"sent", "pending", "process"}:
                delivery._set_state("sent")
            elif statuses & {"exception", "bounce"}:
                delivery._set_state("failed", notifications._get_followup_reason())
            elif statuses == {"canceled"}:
                delivery._set_state(
                    "withdrawn", self.env._("It was cancelled by hand.")
                )

    def action_retry(self):
        """Send a delivery that failed once more, as it was (E3).

        :raise UserError: there is no message that could be sent again
        """
        self.ensure_one()
        self.check_access("read")
        self.reminder_id.partner_id._check_followup_access()
        delivery = self.sudo()
        queued = delivery.state == "failed" and delivery._requeue()
        if not queued:
            raise UserError(
                self.env._(
                    "%s: there is no message to send again. Correct the contact and "
                    "press Send on the customer.",
                    self.reminder_id.display_name,
                )
            )
        delivery._set_state("queued")

    def _requeue(self):
        """Put the message back into core's queue; return whether there was one."""
        if self.channel == "letter":
            return self._requeue_letter()
        model, cron = {
            "email": ("mail.mail", "mail.ir_cron_mail_scheduler_action"),
            "sms": ("sms.sms", "sms.ir_cron_sms_scheduler_action"),
        }.get(self.channel, (None, None))
        if not model or not self.mail_message_id:
            return False
        messages = self.env[model].search(
            [
                ("mail_message_id", "=", self.mail_message_id.id),
                ("state", "in", ("exception", "error")),
            ]
        )
        messages.write({"state": "outgoing", "failure_type": False})
        self._reset_notifications()
        self.env.ref(cron)._trigger()
        return bool(messages)

    def _requeue_letter(self):
        self.letter_id.write({"state": "pending", "error_code": False})
        self._reset_notifications()
        return bool(self.letter_id)

    def _reset_notifications(self):
        failed = self.mail_message_id.notification_ids.filtered(
            lambda notification: (
                notification.notification_type == KINDS[self.channel]
                and notification.notification_status in ("exception", "bounce")
            )
        )
        failed.write({"notification_status": "ready", "failure_type": False})

    @api.model
    def _sync_queued(self):
        """Sweep: end queued deliveries whose message has ended unnoticed (promise 5)."""
        self.flush_model()
        others = [("state", "=", "queued"), ("channel", "!=", "email")]
        self.search(others)._sync_notifications()
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

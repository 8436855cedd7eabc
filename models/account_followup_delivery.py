import contextlib
import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

STATES = [
    ("queued", "Queued"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("withdrawn", "Withdrawn"),
]


class AccountFollowupDelivery(models.Model):
    """One reminder or statement over one channel, to one recipient.

    Its state follows the message's own record: of its recipient, never that of
    followers, who get copies.
    """

    _name = "account.followup.delivery"
    _description = "Payment Reminder Delivery"
    _order = "reminder_id DESC, id"
    _rec_name = "channel"

    reminder_id = fields.Many2one(
        "account.followup.reminder",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    statement_id = fields.Many2one(
        "account.followup.statement",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True
    )
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
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    recipient = fields.Char(readonly=True, help="Address, number or name as used.")
    failure_reason = fields.Char("Reason", readonly=True)
    mail_message_id = fields.Many2one(
        "mail.message", readonly=True, index="btree_not_null", ondelete="set null"
    )
    mail_mail_id = fields.Many2one(
        "mail.mail",
        string="Email",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_system",
    )
    letter_id = fields.Many2one(
        "snailmail.letter", readonly=True, index="btree_not_null", ondelete="set null"
    )
    attachment_id = fields.Many2one(
        "ir.attachment", string="Document", readonly=True, ondelete="set null"
    )

    _one_owner = models.Constraint(
        "CHECK ((reminder_id IS NULL) <> (statement_id IS NULL))",
        "A delivery is either of a reminder or of a statement.",
    )

    @api.depends("reminder_id.company_id", "statement_id.company_id")
    def _compute_company_id(self):
        for delivery in self:
            delivery.company_id = delivery._get_owner().company_id

    def _get_channel(self):
        """Return the model of its channel, see ``account.followup.channel``."""
        self.ensure_one()
        return self.env["account.followup.channels"]._get(self.channel)

    def _get_owner(self):
        """Return the reminder or the statement that is delivered."""
        self.ensure_one()
        return self.reminder_id or self.statement_id

    def _set_state(self, state, reason=None, is_outdated=False):
        """Set the state that the message's own record tells.

        What is told too late, when a newer reminder has taken the level, changes
        nothing: that one stands (promise 1).

        :param str state: ``queued``, ``sent``, ``failed`` or ``withdrawn``
        :param str reason: one sentence, for ``failed`` and ``withdrawn``
        :param bool is_outdated: withdrawn since things have changed, not by hand
        """
        changed = self.filtered(lambda delivery: delivery.state != state)
        if state in ("queued", "sent"):
            look = self.env["account.followup.look"]
            replaced = look._get_replaced(changed.reminder_id)
            changed = changed.filtered(lambda one: one.reminder_id not in replaced)
        # what is known to be the same as before is not written
        changed.reminder_id.mapped("state")
        changed.reminder_id.line_ids.mapped("is_standing")
        changed.write({"state": state, "failure_reason": reason})
        changed.reminder_id._record_outcome(is_outdated)

    def _note_state(self, state, reason=None):
        """Set the state after a message has left, and never undo that it has.

        A conflict with another transaction would roll back what core has noted of the
        message: it would leave a second time. The sweep takes up what is not noted, a
        minute later.
        """
        try:
            with self.env.cr.savepoint():
                self._lock_reminders()
                self._set_state(state, reason)
        except (psycopg2.OperationalError, psycopg2.IntegrityError):
            _logger.info(
                "Deliveries %s: state %s is left to the sweep", self.ids, state
            )
            self._trigger_sweep(minutes=1)

    def _lock_reminders(self):
        """Keep others from noting another delivery of these reminders meanwhile.

        The state of a reminder is that of all its deliveries: of two who note one each
        at the same moment, neither would see the other. The update tells the second
        one; it is no error for the log, and nobody waits for anybody.

        :raise psycopg2.OperationalError: somebody else is or was at them
        """
        reminders = self.reminder_id
        if len(reminders.delivery_ids) <= len(reminders):
            return
        ids = tuple(reminders.ids)
        lock = SQL(
            "SELECT 1 FROM account_followup_reminder WHERE id IN %s"
            " FOR NO KEY UPDATE NOWAIT",
            ids,
        )
        touch = SQL(
            "UPDATE account_followup_reminder SET state = state WHERE id IN %s", ids
        )
        self.env.cr.execute(lock, log_exceptions=False)
        self.env.cr.execute(touch, log_exceptions=False)

    @api.model
    def _trigger_sweep(self, minutes=0):
        """Have the scheduled action look soon: it sweeps first, then it decides."""
        cron = self.env.ref("account_payment_followup.ir_cron_process_followups")
        cron.sudo()._trigger(
            at=fields.Datetime.add(fields.Datetime.now(), minutes=minutes)
        )

    def _withdraw_outdated(self):
        """Withdraw queued reminders that the rule would not make any more (X2).

        Everything is read anew, just before the messages leave. A statement claims
        nothing: it is as good when everything is paid. But neither leaves when the test
        mode was switched since (X9).

        :return: the deliveries that were withdrawn
        """
        queued = self.filtered(lambda delivery: delivery.state == "queued")
        withdrawn = self.env["account.followup.test"]._withdraw_crossed(queued)
        queued = (queued - withdrawn).filtered("reminder_id")
        look = self.env["account.followup.look"]
        others = queued.filtered(lambda delivery: delivery.channel != "sms")
        sms = queued.reminder_id - others.reminder_id
        for reminders in look._split_by_customer(queued.reminder_id):
            for reminder, reason in look._get_objections(reminders, sms).items():
                mine = queued.filtered(
                    lambda delivery, reminder=reminder: delivery.reminder_id == reminder
                )
                mine._set_state("withdrawn", reason, is_outdated=True)
                withdrawn += mine
        look._date_leaving((queued - withdrawn).reminder_id)
        return withdrawn

    def _get_over(self):
        """Return the deliveries whose message must not leave, outdated ones withdrawn.

        A reminder that has failed is over, since the next try is a new reminder.
        """
        self._withdraw_outdated()
        return self.filtered(lambda delivery: delivery.state in ("failed", "withdrawn"))

    def _lock_messages(self):
        """Lock what core notes of the recipients, before the messages leave.

        Core writes it afterwards: see ``_note_state`` for what a conflict would do.

        :return: the deliveries whose messages may leave, nobody else is at them
        """
        notifications = self.mail_message_id.notification_ids
        locked = notifications.try_lock_for_update(allow_referencing=True)
        held = (notifications - locked).mail_message_id
        return self.filtered(lambda delivery: delivery.mail_message_id not in held)

    # ------------------------------------------------------------------
    # State from the message's own records
    # ------------------------------------------------------------------

    @api.model
    def _search_by_messages(self, messages, channel=None):
        """Return the deliveries of messages, over a channel if one is given."""
        domain = [("mail_message_id", "in", messages.ids)]
        if channel:
            domain.append(("channel", "=", channel))
        return self.sudo().search(domain, order="id")

    @api.model
    def _search_by_mails(self, mails):
        """Return the deliveries of some mail.mail records; copies have none."""
        return self.sudo().search([("mail_mail_id", "in", mails.ids)], order="id")

    def _get_notifications(self):
        """Return what core notes of the recipient of a delivery, over its channel."""
        self.ensure_one()
        channel = self._get_channel()
        return self.sudo().mail_message_id.notification_ids.filtered(
            lambda notification: (
                notification.notification_type == channel._notification_type
                and notification.res_partner_id
                and notification.res_partner_id == self.partner_id
            )
        )

    def _get_corrected_address(self):
        """Return the address that is used by now, if it is another than was noted."""
        self.ensure_one()
        if not self.partner_id:
            return None
        used = ", ".join(self._get_channel()._get_addresses(self.partner_id))
        return used if used != self.recipient else None

    def _keep_addresses(self):
        """Note the addresses that are used, where they were corrected meanwhile."""
        for delivery in self:
            if used := delivery._get_corrected_address():
                with contextlib.suppress(psycopg2.OperationalError):
                    with self.env.cr.savepoint():
                        delivery.recipient = used

    def _sync_notifications(self):
        """Take over what core has noted of the recipients."""
        self.mail_message_id.notification_ids.invalidate_recordset()
        for delivery in self:
            notifications = delivery._get_notifications()
            statuses = delivery._get_channel()._get_statuses(notifications)
            if statuses & {"sent", "pending", "process"}:
                delivery._note_state("sent")
            elif "ready" in statuses:
                continue
            elif statuses & {"exception", "bounce"}:
                delivery._note_state("failed", notifications._get_followup_reason())
            elif statuses and delivery.state == "queued":
                delivery._note_state(
                    "withdrawn", self.env._("It was cancelled by hand.")
                )

    def action_download(self):
        """Download the document of a letter, as it was made."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.attachment_id.id}?download=true",
        }

    def _check_still_right(self, name):
        """Refuse to send once more what says by now what is not so.

        A statement claims nothing: it is as good later.

        :raise UserError: naming what was sent
        """
        look, reminder = self.env["account.followup.look"], self.reminder_id
        if not reminder:
            return
        if look._get_replaced(reminder) or look._is_reminded_since(reminder):
            raise UserError(
                self.env._("%s: the customer was reminded again since then.", name)
            )
        if look._get_misaddressed(reminder):
            raise UserError(
                self.env._("%s: an invoice in it has another customer by now.", name)
            )
        day = reminder.company_id._get_followup_day()[reminder.company_id]
        reason = look._get_answer_objection(reminder, day)
        reason = reason or look._get_deadline_objection(reminder, day)
        if reason:
            raise UserError(
                self.env._(
                    "%(reminder)s: %(reason)s Press Send on the customer to send one "
                    "with the figures of today, if it is still needed.",
                    reminder=name,
                    reason=reason,
                )
            )

    def action_retry(self):
        """Send a delivery that failed once more, as it was (E3).

        :raise UserError: there is no message that could be sent again, or another
            reminder was sent instead
        """
        self.ensure_one()
        self.check_access("read")
        owner = self._get_owner()
        owner.partner_id._check_followup_access()
        delivery = self.sudo()
        delivery.env["account.followup.test"]._check_retry(owner.sudo())
        delivery._check_still_right(owner.display_name)
        is_failed = delivery.state == "failed"
        if not is_failed or not delivery._get_channel()._requeue(delivery):
            raise UserError(
                self.env._(
                    "%s: there is no message to send again. Correct the contact and "
                    "press Send on the customer.",
                    owner.display_name,
                )
            )
        delivery.reminder_id.resend_user_id = self.env.user
        delivery._set_state("queued")

    @api.model
    def _sync_queued(self):
        """Sweep: end deliveries whose message has ended unnoticed (promise 5).

        An error of one channel, which may be of another module, stops no other one.
        """
        self.flush_model()
        queued = self._read_group([("state", "=", "queued")], ["channel"])
        names = {name for (name,) in queued}
        for channel in self.env["account.followup.channels"]._get_all():
            if channel._get_name() not in names:
                continue
            try:
                with self.env.cr.savepoint():
                    channel._sweep()
            except psycopg2.OperationalError:
                raise
            except Exception:
                self.env.invalidate_all(flush=False)
                _logger.warning(
                    "States of deliveries (%s) were not taken up",
                    channel._get_name(),
                    exc_info=True,
                )

import logging

import psycopg2

from odoo import api, models
from odoo.fields import Domain

from .mail_mail import TOLD_BY_MAIL

_logger = logging.getLogger(__name__)

FAILED = ("exception", "bounce")


class AccountFollowupDisputeText(models.AbstractModel):
    """A text that did not arrive: somebody is told, as of a reminder (rule 15).

    The customer believes that nobody has looked into it, and reminders go on. What
    core notes of the recipients says how it ended; of a test nothing is noted. Copies
    for followers say nothing.
    """

    _inherit = "account.followup.dispute.text"

    @api.model
    def _search_by_messages(self, messages):
        """Return the disputes about which customers were told by some messages."""
        messages = messages.filtered(lambda one: one.model == "res.partner")
        disputes = self.env["account.followup.dispute"].sudo()
        if not messages:
            return disputes
        return disputes.search([("text_message_id", "in", messages.ids)])

    @api.model
    def _take_up(self, disputes):
        """Note how texts ended, and never undo that they have left.

        A conflict with another transaction is left to the sweep, a minute later.
        """
        for dispute in disputes:
            try:
                with self.env.cr.savepoint():
                    self._note_outcome(dispute)
            except (psycopg2.OperationalError, psycopg2.IntegrityError):
                _logger.info("Text of dispute %s is left to the sweep", dispute.id)
                self.env["account.followup.delivery"]._trigger_sweep(minutes=1)

    @api.model
    def _sweep(self):
        """Take up what has ended unnoticed."""
        failed = Domain("notification_status", "in", FAILED)
        gone = Domain("notification_status", "=", "ready")
        gone &= Domain("mail_mail_id", "=", False)
        lost = Domain("notification_ids", "any", failed | gone)
        known = Domain("text_failure_reason", "!=", False)
        told = Domain("text_message_id", "!=", False)
        disputes = self.env["account.followup.dispute"].sudo()
        self._take_up(
            disputes.search(told & (known | Domain("text_message_id", "any", lost)))
        )

    @api.model
    def _note_outcome(self, dispute):
        """Give the responsible one task about a text that failed, or end it."""
        reason = self._get_failure(dispute.text_message_id)
        known = dispute.text_failure_reason
        if reason == known or not (reason or known):
            return
        dispute.text_failure_reason = reason
        if not reason:
            task, dispute.text_activity_id = dispute.text_activity_id, False
            if task.active:
                task.action_feedback(self.env._("The text was sent after all."))
        elif not known:
            dispute.text_activity_id = self._schedule_task(dispute, reason)

    @api.model
    def _get_failure(self, message):
        """Return why a recipient did not get a message, False if all do."""
        mine = message.notification_ids.filtered(
            lambda one: (
                one.notification_type == "email"
                and one.res_partner_id in message.partner_ids
            )
        )
        if failed := mine.filtered(lambda one: one.notification_status in FAILED):
            return failed._get_followup_reason()
        gone = mine.filtered(
            lambda one: one.notification_status == "ready" and not one.mail_mail_id
        )
        return bool(gone) and self.env._("It was deleted before it was sent.")

    @api.model
    def _schedule_task(self, dispute, reason):
        company = dispute.company_id
        case = self.env["account.followup"].sudo()
        case = case._get_or_create(dispute.partner_id, company)
        return self.env["account.followup.outcome"]._schedule_task(
            case,
            case._get_responsible(),
            self.env._("The customer was not told why a dispute was rejected"),
            self.env._(
                "%(documents)s: the text did not arrive. %(reason)s Correct the "
                "contact, and tell the customer in another way: the dispute has ended, "
                "and reminders go on.",
                documents=dispute.line_ids._get_followup_names(),
                reason=reason,
            ),
            company._get_followup_day()[company],
        )


class AccountFollowupSweep(models.AbstractModel):
    _inherit = "account.followup.sweep"

    @api.model
    def _get_steps(self):
        # EXTENDS 'account_payment_followup'
        texts = self.env["account.followup.dispute.text"]
        problem = "Texts about disputes were not taken up"
        return [*super()._get_steps(), (texts._sweep, problem)]


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(self, *args, **kwargs):
        # EXTENDS 'mail': afterwards core has noted it, but the e-mail may be gone
        texts = self.env["account.followup.dispute.text"].sudo()
        is_reminder = isinstance(self.env.context.get(TOLD_BY_MAIL), frozenset)
        mails = self.sudo().browse() if is_reminder else self.sudo()
        disputes = texts._search_by_messages(mails.mail_message_id)
        result = super()._postprocess_sent_message(*args, **kwargs)
        texts._take_up(disputes)
        return result


class MailNotification(models.Model):
    _inherit = "mail.notification"

    def write(self, vals):
        # EXTENDS 'mail': it came back later; all else is told by the e-mail
        result = super().write(vals)
        if vals.get("notification_status") == "bounce" and self.env.registry.ready:
            texts = self.env["account.followup.dispute.text"].sudo()
            texts._take_up(texts._search_by_messages(self.sudo().mail_message_id))
        return result

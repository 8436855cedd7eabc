from odoo import Command, api, models

from odoo.addons.sms.tools.sms_tools import sms_content_to_rendered_html

from ..tools import links


class AccountFollowupChannelSms(models.AbstractModel):
    """SMS, through core's ``sms`` and its queue; it needs credits."""

    _name = "account.followup.channel.sms"
    _inherit = "account.followup.channel"
    _description = "Payment Reminders by SMS"

    _place = 40
    _language_place = 40
    _texts = ("sms_body",)
    _has_statements = False
    _has_credits = True
    _has_test = True
    _notification_type = "sms"
    _cron = "sms.ir_cron_sms_scheduler_action"

    @api.model
    def _get_addresses(self, contact):
        # EXTENDS 'account.followup.channel'
        number = contact._phone_format(fname="phone")
        return [number] if number and not contact.phone_sanitized_blacklisted else []

    @api.model
    def _get_address_problem(self, contact):
        # EXTENDS 'account.followup.channel'
        if contact.phone_sanitized_blacklisted:
            return self.env._(
                "%s does not want messages to this phone number (blacklist).",
                contact.display_name,
            )
        return self.env._("%s has no valid phone number.", contact.display_name)

    # ------------------------------------------------------------------
    # Queue
    # ------------------------------------------------------------------

    @api.model
    def _queue(self, sents, parts):
        # EXTENDS 'account.followup.channel'
        numbers = {sent: self._get_numbers(sent) for sent in sents}
        messages = self.env["account.followup.chatter"]._post_messages(
            [self._prepare_post(sent, parts[sent], numbers[sent]) for sent in sents]
        )
        rows = [
            (sent, message, contact, number)
            for sent, message in zip(sents, messages, strict=True)
            for contact, number in numbers[sent].items()
        ]
        self._create_sms(rows, parts)
        self._create_deliveries(
            sent._prepare_delivery(
                "sms", contact, recipient=number, mail_message_id=message.id
            )
            for sent, message, contact, number in rows
        )

    @api.model
    def _get_number(self, contact, company):
        """Return the number to which an SMS to a contact goes."""
        return self._get_addresses(contact)[0]

    @api.model
    def _get_body(self, sent, contact, text):
        """Return the text of an SMS as it leaves."""
        secrets = self.env["account.followup.link"]._get_page_secrets(sent)
        return links.show_secrets(text, secrets)

    @api.model
    def _prepare_post(self, sent, part, numbers):
        """Return the note on the customer that stands for the SMS."""
        email = self.env["account.followup.channels"]._get("email")
        author = email._get_author(part["followup"], part["trigger"])
        return {
            "partner": sent.partner_id,
            "values": {
                "body": sms_content_to_rendered_html(sent.sms_body),
                "message_type": "sms",
                "partner_ids": [contact.id for contact in numbers],
                "author_id": author["author_id"],
            },
        }

    @api.model
    def _get_numbers(self, sent):
        """Return {contact: number} of those whom it reaches."""
        return {
            contact: self._get_number(contact, sent.company_id)
            for contact in sent._get_recipients("sms")
        }

    @api.model
    def _create_sms(self, rows, parts):
        """Put the SMS into core's queue, as its ``_notify_thread_by_sms`` does.

        :param rows: list of (reminder, message, contact, number)
        """
        all_sms = self.env["sms.sms"].create(
            [
                {
                    "body": self._get_body(
                        sent, contact, parts[sent]["sms_body"] or ""
                    ),
                    "mail_message_id": message.id,
                    "partner_id": contact.id,
                    "number": number,
                    "state": "outgoing",
                }
                for sent, message, contact, number in rows
            ]
        )
        self._create_notifications(all_sms)

    @api.model
    def _create_notifications(self, all_sms):
        """Note for each SMS that it is under way, as core does."""
        self.env["mail.notification"].create(
            [
                {
                    "author_id": sms.mail_message_id.author_id.id,
                    "mail_message_id": sms.mail_message_id.id,
                    "res_partner_id": sms.partner_id.id,
                    "sms_number": sms.number,
                    "notification_type": "sms",
                    "sms_id_int": sms.id,
                    "sms_tracker_ids": [Command.create({"sms_uuid": sms.uuid})],
                    "is_read": True,  # not for the inbox
                    "notification_status": "ready",
                }
                for sms in all_sms
            ]
        )

    # ------------------------------------------------------------------
    # State
    # ------------------------------------------------------------------

    @api.model
    def _get_sms(self, deliveries):
        """Return the SMS of some deliveries that are in core's queue."""
        found = self.env["sms.sms"].search(
            [
                ("mail_message_id", "in", deliveries.mail_message_id.ids),
                ("number", "in", deliveries.mapped("recipient")),
                ("to_delete", "=", False),
            ]
        )
        pairs = {(one.mail_message_id, one.recipient) for one in deliveries}
        return found.filtered(lambda sms: (sms.mail_message_id, sms.number) in pairs)

    @api.model
    def _get_waiting(self, deliveries):
        # EXTENDS 'account.followup.channel'
        waiting = {
            (sms.mail_message_id, sms.number)
            for sms in self._get_sms(deliveries)
            if sms.state == "outgoing"
        }
        return deliveries.filtered(
            lambda delivery: (delivery.mail_message_id, delivery.recipient) in waiting
        )

    @api.model
    def _get_queued(self, deliveries):
        # EXTENDS 'account.followup.channel'
        return self._get_sms(deliveries)

    @api.model
    def _cancel(self, messages):
        # EXTENDS 'account.followup.channel'
        messages.action_set_canceled()

    @api.model
    def _get_failed(self, delivery):
        # EXTENDS 'account.followup.channel'
        return self._get_sms(delivery).filtered(lambda sms: sms.state == "error")

    @api.model
    def _correct_address(self, delivery, messages, notifications):
        # EXTENDS 'account.followup.channel'
        messages.number = notifications.sms_number = delivery.recipient

from odoo import Command, api, models

from odoo.addons.sms.tools.sms_tools import sms_content_to_rendered_html

from ..tools import links


class AccountFollowupSend(models.AbstractModel):
    """Reminders by SMS, through core's ``sms`` and its queue; it needs credits."""

    _inherit = "account.followup.send"

    @api.model
    def _get_addresses(self, channel, contact):
        if channel != "sms":
            return super()._get_addresses(channel, contact)
        number = contact._phone_format(fname="phone")
        return [number] if number and not contact.phone_sanitized_blacklisted else []

    @api.model
    def _get_address_problem(self, channel, contact):
        if channel != "sms":
            return super()._get_address_problem(channel, contact)
        if contact.phone_sanitized_blacklisted:
            return self.env._(
                "%s does not want messages to this phone number (blacklist).",
                contact.display_name,
            )
        return self.env._("%s has no valid phone number.", contact.display_name)

    @api.model
    def _get_sms_numbers(self, reminder):
        """Return {contact: number} of the recipients."""
        return {
            contact: self._get_addresses("sms", contact)[0]
            for contact in reminder._get_recipients("sms")
        }

    @api.model
    def _queue_sms(self, batch):
        posts = [self._prepare_sms_post(data) for data in batch]
        messages = self._post_messages(posts)
        self._create_sms(batch, messages)
        self._create_deliveries(
            data["reminder"]._prepare_delivery(
                "sms", contact, recipient=number, mail_message_id=message.id
            )
            for data, message in zip(batch, messages, strict=True)
            for contact, number in self._get_sms_numbers(data["reminder"]).items()
        )

    @api.model
    def _prepare_sms_post(self, data):
        """Return the note on the customer that stands for the SMS."""
        followup = data["followup"]
        author = self._get_author(followup, data)
        return {
            "partner": followup.partner_id,
            "values": {
                "body": sms_content_to_rendered_html(data["reminder"].sms_body),
                "message_type": "sms",
                "partner_ids": [
                    contact.id for contact in self._get_sms_numbers(data["reminder"])
                ],
                "author_id": author["author_id"],
            },
        }

    @api.model
    def _create_sms(self, batch, messages):
        """Put the SMS into core's queue, as its ``_notify_thread_by_sms`` does."""
        all_sms = self.env["sms.sms"].create(
            [
                {
                    "body": links.show_secrets(
                        data["sms_body"] or "",
                        self._get_page_secrets(data["reminder"]),
                    ),
                    "mail_message_id": message.id,
                    "partner_id": contact.id,
                    "number": number,
                    "state": "outgoing",
                }
                for data, message in zip(batch, messages, strict=True)
                for contact, number in self._get_sms_numbers(data["reminder"]).items()
            ]
        )
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

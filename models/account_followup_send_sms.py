from odoo import api, models


class AccountFollowupSend(models.AbstractModel):
    """Reminders by SMS, through core's ``sms`` and its queue; it needs credits."""

    _inherit = "account.followup.send"

    @api.model
    def _get_sms_numbers(self, partner):
        """Return {contact: number} of the recipients with a number that can be used.

        Contacts who share a number get one SMS.
        """
        numbers = {}
        for contact in self._get_recipients(partner):
            number = contact._phone_format(fname="phone")
            if (
                number
                and number not in numbers.values()
                and not contact.phone_sanitized_blacklisted
            ):
                numbers[contact] = number
        return numbers

    @api.model
    def _get_channel_problem(self, channel, partner):
        if channel == "sms" and not self._get_sms_numbers(partner):
            contact = self._get_recipients(partner)[:1]
            if contact.phone_sanitized_blacklisted:
                return self.env._(
                    "%s does not want messages to this phone number (blacklist).",
                    contact.display_name,
                )
            return self.env._("%s has no valid phone number.", contact.display_name)
        return super()._get_channel_problem(channel, partner)

    @api.model
    def _queue_sms(self, followup, reminder, data):
        numbers = self._get_sms_numbers(followup.partner_id)
        author = self._get_author(followup, data)
        message = (
            followup.partner_id.with_company(followup.company_id)
            .with_context(mail_post_autofollow=False)
            ._message_sms(
                data["sms_body"],
                partner_ids=[contact.id for contact in numbers],
                sms_pid_to_number={
                    contact.id: number for contact, number in numbers.items()
                },
                put_in_queue=True,
                author_id=author["author_id"],
                record_company_id=followup.company_id.id,
            )
        )
        self.env["account.followup.delivery"].create(
            {
                "reminder_id": reminder.id,
                "channel": "sms",
                "recipient": ", ".join(numbers.values()),
                "mail_message_id": message.id,
            }
        )

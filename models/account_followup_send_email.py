from odoo import api, models
from odoo.tools import email_normalize_all

from .account_followup_send_post import LAYOUT


class AccountFollowupSend(models.AbstractModel):
    """Reminders by e-mail: a message on the customer, so that the proof stays (E1)."""

    _inherit = "account.followup.send"

    @api.model
    def _get_addresses(self, channel, contact):
        if channel == "email":  # as core writes to them: a contact may have several
            return email_normalize_all(contact.email)
        return super()._get_addresses(channel, contact)

    @api.model
    def _get_address_problem(self, channel, contact):
        if channel == "email":
            return self.env._("%s has no valid e-mail address.", contact.display_name)
        return super()._get_address_problem(channel, contact)

    @api.model
    def _queue_email(self, batch):
        self._read_documents_ahead(batch)
        said = self._read_templates(
            [data["reminder"] for data in batch],
            [data["mail_template"] for data in batch],
        )
        posts = [
            self._add_template_to_post(self._prepare_email_post(data), one)
            for data, one in zip(batch, said, strict=True)
        ]
        sents = [data["reminder"] for data in batch]
        self._send_email_posts(sents, posts, batch[0]["trigger"])

    @api.model
    def _send_email_posts(self, sents, posts, trigger):
        """Post the messages of reminders or statements, a delivery for each contact.

        Each contact gets an e-mail of its own, so that a refused one keeps nobody else
        from getting it, and only that one is sent again.

        :param sents: list of reminders or of statements, ``posts`` of each its message
        """
        messages = self._post_messages(posts)
        for sent, message in zip(sents, messages, strict=True):
            sent.mail_message_id = message
        self._create_deliveries(
            self._prepare_email_delivery(sent, contact, post)
            for sent, post in zip(sents, posts, strict=True)
            for contact in post["recipients"]
        )
        self._release_emails(messages, trigger)

    @api.model
    def _prepare_email_post(self, data):
        """Return the message on the customer that is sent as an e-mail."""
        followup, reminder = data["followup"], data["reminder"]
        return {
            "partner": followup.partner_id,
            "recipients": reminder._get_recipients("email"),
            "lang": reminder.lang,
            "owner": reminder,
            "secrets": data.get("secrets"),
            "attachments": [
                *self._get_letter_content(data),
                *self._get_invoice_documents(data),
            ],
            "values": self._prepare_email_values(
                reminder, "mt_reminder", followup, data
            ),
        }

    @api.model
    def _prepare_email_values(self, sent, subtype, followup, data):
        """Return the values of the message with a reminder or statement.

        :param sent: the reminder or statement
        :param str subtype: name of the subtype
        :param followup: the customer's case, and ``data`` with the ``trigger``: they
            decide who writes
        """
        return {
            "body": sent.body,
            "subject": sent.subject,
            # not "comment", since answers to a note are notes, which core keeps from
            # the followers (E4)
            "message_type": "auto_comment",
            "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id(
                f"account_payment_followup.{subtype}"
            ),
            "email_layout_xmlid": LAYOUT,
            **self._get_author(followup, data),
        }

    @api.model
    def _prepare_email_delivery(self, sent, contact, post):
        """Return the values of a delivery, which has failed if there is no e-mail."""
        mail = post["mails"].get(contact.id)
        values = {"mail_message_id": post["message"].id}
        if mail:
            values["mail_mail_id"] = mail.id
        else:
            values["state"] = "failed"
            values["failure_reason"] = self.env._(
                "No e-mail was made for %s.", contact.display_name
            )
        return sent._prepare_delivery("email", contact, **values)

    @api.model
    def _release_emails(self, messages, trigger):
        """Let queued e-mails go: by hand after the commit, else with the queue."""
        if trigger == "manual":
            mails = self.env["mail.mail"].search(
                [("mail_message_id", "in", messages.ids)]
            )
            mails.send_after_commit()
        else:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    @api.model
    def _get_author(self, followup, data):
        """Return who writes: the first of ``_get_senders`` who has an address.

        :return: dict of values of mail.message
        """
        senders = self._get_senders(followup, data["trigger"])
        author = next((one for one in senders if one.email_normalized), None)
        if author:
            return {"author_id": author.id, "email_from": author.email_formatted}
        return {"author_id": senders[0].id}

    @api.model
    def _get_senders(self, followup, trigger):
        """Return who may write, as partners: who sends, the responsible, the company.

        :return: list, never empty
        """
        user = self.env.user if trigger != "automatic" else self.env.user.browse()
        senders = [
            user.partner_id,
            followup._get_responsible().partner_id,
            followup.company_id.partner_id,
        ]
        return [one.sudo() for one in senders if one]

    @api.model
    def _get_sender_problem(self, followup, trigger, template):
        """Return why an e-mail has nobody to come from, in one sentence, or None.

        The address may also be that of the template, or of the mail domain.
        """
        senders = self._get_senders(followup, trigger)
        if (
            template.email_from
            or any(one.email_normalized for one in senders)
            or followup.company_id.sudo().default_from_email
            or self.env["ir.mail_server"].sudo()._get_default_from_address()
        ):
            return None
        return self.env._(
            "Nobody has an e-mail address to send from: %s. Enter one there.",
            ", ".join(dict.fromkeys(one.display_name for one in senders)),
        )

    @api.model
    def _get_blacklisted(self, partners, items=None):
        """Return the recipients of e-mails who are on the blacklist.

        It stops mailings, in core, not what is sent to one customer, as an invoice.
        """
        contacts = self.env["res.partner"].union(
            *(self._get_recipients(partner, "email", items) for partner in partners)
        )
        return contacts.filtered("is_blacklisted")

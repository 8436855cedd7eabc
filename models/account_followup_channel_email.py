from odoo import api, fields, models
from odoo.tools import SQL, email_normalize_all

#: Layout of the e-mails.
LAYOUT = "mail.mail_notification_layout"


class AccountFollowupChannelEmail(models.AbstractModel):
    """E-mail: a message on the customer, so that the proof stays (E1)."""

    _name = "account.followup.channel.email"
    _inherit = "account.followup.channel"
    _description = "Payment Reminders by E-mail"

    _place = 30
    _language_place = 10
    _has_test = True
    _has_copies = True
    _notification_type = "email"
    _cron = "mail.ir_cron_mail_scheduler_action"

    @api.model
    def _get_addresses(self, contact):
        """Return them as core writes to them: a contact may have several."""
        # EXTENDS 'account.followup.channel'
        return email_normalize_all(contact.email)

    @api.model
    def _get_address_problem(self, contact):
        # EXTENDS 'account.followup.channel'
        return self.env._("%s has no valid e-mail address.", contact.display_name)

    @api.model
    def _describe(self, contact):
        # EXTENDS 'account.followup.channel'
        return f"{contact.display_name} <{', '.join(self._get_addresses(contact))}>"

    @api.model
    def _get_missing_message(self, count, total):
        # EXTENDS 'account.followup.channel'
        return self.env._(
            "%(count)s of %(total)s customers have no valid e-mail address.",
            count=count,
            total=total,
        )

    @api.model
    def _get_problem(self, partner, items, part):
        """Add that there is nobody to come from."""
        # EXTENDS 'account.followup.channel'
        chosen = part.get("email_recipients")  # by a person, for this one
        if chosen is None:
            problem = super()._get_problem(partner, items, part)
        else:
            problem = not chosen and self.env._(
                "None of the recipients has a valid e-mail address."
            )
        return problem or self._get_sender_problem(
            part["followup"], part["trigger"], part["mail_template"]
        )

    # ------------------------------------------------------------------
    # Who writes
    # ------------------------------------------------------------------

    @api.model
    def _get_author(self, followup, trigger):
        """Return who writes: the first of ``_get_senders`` who has an address.

        :return: dict of values of mail.message
        """
        senders = self._get_senders(followup, trigger)
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
    def _get_blacklisted(self, partners, items=None, level=None):
        """Return the recipients of e-mails, copies too, who are on the blacklist.

        It stops mailings, in core, not what is sent to one customer, as an invoice.
        """
        service = self.env["account.followup.recipients"]
        contacts = self.env["res.partner"].union(
            *(
                service._get_recipients_and_copies(partner, "email", items, level)
                for partner in partners
            )
        )
        return contacts.filtered("is_blacklisted")

    # ------------------------------------------------------------------
    # Queue
    # ------------------------------------------------------------------

    @api.model
    def _queue(self, sents, parts):
        """Post a message on each customer, and queue an e-mail for each contact.

        Each has its own e-mail and delivery, so that a refused one keeps nobody else
        from getting it, and only that one is sent again.
        """
        # EXTENDS 'account.followup.channel'
        service = self.env["account.followup.text"]
        sents._read_files_ahead(parts)
        said = service._read_templates(
            sents, [parts[sent]["mail_template"] for sent in sents]
        )
        posts = [
            service._add_template_to_post(self._prepare_post(sent, parts[sent]), one)
            for sent, one in zip(sents, said, strict=True)
        ]
        messages = self.env["account.followup.chatter"]._post_messages(posts)
        for sent, message in zip(sents, messages, strict=True):
            sent.mail_message_id = message
        self._create_deliveries(
            self._prepare_delivery(sent, contact, post)
            for sent, post in zip(sents, posts, strict=True)
            for contact in post["recipients"]
        )

    @api.model
    def _prepare_post(self, sent, part):
        """Return the message on the customer that is sent as an e-mail."""
        return {
            "partner": sent.partner_id,
            "recipients": part.get("email_recipients") or sent._get_recipients("email"),
            "lang": sent.lang,
            "owner": sent,
            "secrets": part.get("secrets"),
            **sent._get_email_files(part),
            "values": self._prepare_values(sent, part),
        }

    @api.model
    def _prepare_values(self, sent, part):
        """Return the values of the message with a reminder or statement."""
        return {
            "body": sent.body,
            "subject": sent.subject,
            # not "comment", since answers to a note are notes, which core keeps from
            # the followers (E4)
            "message_type": "auto_comment",
            "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id(
                f"account_payment_followup.{sent._subtype}"
            ),
            "email_layout_xmlid": LAYOUT,
            **self._get_author(part["followup"], part["trigger"]),
        }

    @api.model
    def _prepare_delivery(self, sent, contact, post):
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
    def _release(self, sents, trigger):
        """Let queued e-mails go: by hand after the commit, else with the queue.

        A reminder by hand waits for some seconds, so that it can be called back.
        """
        # EXTENDS 'account.followup.channel'
        if trigger != "manual":
            return super()._release(sents, trigger)
        mails = self._get_queued(sents)
        undo = self.env["account.followup.undo"]
        seconds = undo._get_seconds() if sents._can_be_called_back else 0
        if not seconds:
            return mails.send_after_commit()
        moment = fields.Datetime.add(fields.Datetime.now(), seconds=seconds)
        mails.scheduled_date = moment
        return self.env["account.followup.channels"]._wake(self._cron, moment)

    # ------------------------------------------------------------------
    # State
    # ------------------------------------------------------------------

    @api.model
    def _sweep(self):
        """Ask the e-mails in one statement: they may be very many."""
        # OVERRIDES 'account.followup.channel'
        deliveries = self.env["account.followup.delivery"]
        for delivery_id, cancelled, reason, was_sent in self._get_ended():
            delivery = deliveries.browse(delivery_id)
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

    @api.model
    def _get_ended(self):
        """Return the queued deliveries whose e-mail is not queued any more.

        :return: list of (id, whether cancelled, reason of the failure, whether sent)
        """
        return self.env.execute_query(
            SQL(
                """
                SELECT delivery.id,
                       mail.state = 'cancel',
                       mail.failure_reason,
                       COALESCE(
                           notification.notification_status IN ('sent', 'pending'),
                           -- of a test nobody is notified
                           mail.state = 'sent'
                       )
                  FROM account_followup_delivery delivery
                  LEFT JOIN mail_mail mail ON mail.id = delivery.mail_mail_id
                  LEFT JOIN mail_notification notification
                         ON notification.mail_message_id = delivery.mail_message_id
                        AND notification.res_partner_id = delivery.partner_id
                        AND notification.notification_type = 'email'
                 WHERE delivery.state = 'queued' AND delivery.channel = 'email'
                   AND (mail.state <> 'outgoing' OR mail.id IS NULL)
                """,
                to_flush=[
                    self.env["mail.mail"]._fields["state"],
                    self.env["mail.notification"]._fields["notification_status"],
                ],
            )
        )

    @api.model
    def _get_statuses(self, notifications):
        """Leave out failures: core notes one for a moment while it sends an e-mail.

        They are told by ``mail.mail`` itself.
        """
        # EXTENDS 'account.followup.channel'
        return super()._get_statuses(notifications) - {"exception"}

    @api.model
    def _get_queued(self, deliveries):
        # EXTENDS 'account.followup.channel'
        messages = deliveries.mail_message_id
        return self.env["mail.mail"].search([("mail_message_id", "in", messages.ids)])

    @api.model
    def _cancel(self, messages):
        # EXTENDS 'account.followup.channel'
        messages._withdraw_reminder()

    @api.model
    def _get_failed(self, delivery):
        # EXTENDS 'account.followup.channel'
        return delivery.mail_mail_id.filtered(lambda mail: mail.state == "exception")

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context


class AccountFollowupSend(models.AbstractModel):
    """Statements of account, over the same channels and to the same contacts (F2)."""

    _inherit = "account.followup.send"

    @api.model
    def _send_statement(self, statement, document):
        """Record a statement and queue its messages, in this transaction.

        :param statement: locked by the caller, in the name of who sends
        :param tuple document: (file name, PDF)
        :raise UserError: none of the channels can be used, or the e-mail has no text
        """
        statement = (
            statement.sudo()
            .with_context(clean_context(self.env.context))
            .with_company(statement.company_id)
        )
        self = self.with_env(statement.env)  # noqa: PLW0642
        problems = self._get_statement_problems(statement)
        if all(problems.values()):
            raise UserError(" ".join(problems.values()))
        statement.lang = self._get_lang(statement.partner_id)
        statement.attachment_id = self._keep_document(statement, *document)
        for channel, problem in problems.items():
            if problem:
                self._create_statement_delivery(
                    statement, channel, state="failed", failure_reason=problem
                )
            else:
                getattr(self, f"_queue_statement_{channel}")(statement)
        if not statement.mail_message_id:
            self._log_statement(statement)

    @api.model
    def _get_statement_problems(self, statement):
        """Return {channel: why the customer cannot be reached over it, or None}."""
        chosen = statement.run_id._get_channels()
        return {
            channel: self._get_channel_problem(channel, statement.partner_id)
            for channel in self._get_channels()
            if channel in chosen
        }

    @api.model
    def _create_statement_delivery(self, statement, channel, **values):
        return self.env["account.followup.delivery"].create(
            {"statement_id": statement.id, "channel": channel, **values}
        )

    @api.model
    def _keep_document(self, statement, name, content):
        """Keep a document as an attachment of the statement; return it."""
        return self.env["ir.attachment"].create(
            {
                "name": name,
                "raw": content,
                "res_model": statement._name,
                "res_id": statement.id,
                "mimetype": "application/pdf",
            }
        )

    # ------------------------------------------------------------------
    # Text
    # ------------------------------------------------------------------

    @api.model
    def _get_statement_texts(self, statement, template):
        """Return the text of the e-mail as ``subject`` and ``body`` (C4).

        The template finds the time that it is about in ``ctx['statement_period']``.

        :raise UserError: there is no template
        """
        if not template:
            raise UserError(
                self.env._(
                    "There is no content template for statements. Choose one in the "
                    "settings of Invoicing, under Payment Follow-ups."
                )
            )
        lang = self._get_lang(statement.partner_id)
        period = statement.with_context(lang=lang)._get_period_label()
        template = template.sudo().with_context(statement_period=period)
        case = statement._get_case()
        return {
            name: self._render(case, template, field, lang)
            for name, field in (("subject", "subject"), ("body", "body_html"))
        }

    # ------------------------------------------------------------------
    # Channels
    # ------------------------------------------------------------------

    @api.model
    def _queue_statement_email(self, statement):
        """Post a message on the customer, so that the proof stays (E1)."""
        if not statement.body:
            template = statement.run_id.mail_template_id
            template = template or statement.company_id._get_statement_template()
            statement.write(self._get_statement_texts(statement, template))
        # one line: it becomes a header of the e-mail
        statement.subject = " ".join((statement.subject or "").split())
        contacts = self._get_email_contacts(statement.partner_id)
        statement.mail_message_id = self._post_statement(statement, contacts)
        self._create_statement_delivery(
            statement,
            "email",
            recipient=", ".join(self._get_email_addresses(contacts)),
            mail_message_id=statement.mail_message_id.id,
        )
        if statement.trigger == "manual":
            mails = self.env["mail.mail"].search(
                [("mail_message_id", "=", statement.mail_message_id.id)]
            )
            mails.send_after_commit()
        else:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    @api.model
    def _post_statement(self, statement, contacts):
        """Return the message on the customer, queued as an e-mail to its contacts."""
        data = {"trigger": statement.trigger}
        document = statement.attachment_id
        return statement.partner_id.with_context(
            lang=statement.lang,
            mail_notify_force_send=False,
            mail_post_autofollow=False,
            mail_post_autofollow_author_skip=True,
            email_notification_allow_footer=True,
        ).message_post(
            body=statement.body,
            subject=statement.subject,
            # not "comment", since answers to a note are notes, which core keeps from
            # the followers (E4)
            message_type="auto_comment",
            subtype_xmlid="account_payment_followup.mt_statement",
            partner_ids=contacts.ids,
            attachments=[(document.name, document.raw)],
            email_layout_xmlid="mail.mail_notification_layout",
            email_add_signature=False,
            mail_auto_delete=True,
            force_email_company=statement.company_id,
            force_email_lang=statement.lang,
            record_company_id=statement.company_id.id,
            **self._get_author(statement._get_case(), data),
        )

    @api.model
    def _log_statement(self, statement):
        """Keep in the chatter what goes out without an e-mail (E1)."""
        document = statement.attachment_id
        statement.mail_message_id = statement.partner_id.message_post(
            body=self.env._(
                "Customer statement, %(period)s (%(channels)s)",
                period=statement._get_period_label(),
                channels=statement.channels,
            ),
            attachments=[(document.name, document.raw)],
            record_company_id=statement.company_id.id,
        )

    @api.model
    def _queue_statement_print(self, statement):
        contact = self._get_recipients(statement.partner_id)[:1]
        self._create_statement_delivery(
            statement,
            "print",
            state="sent",
            recipient=contact.display_name,
            attachment_id=statement.attachment_id.id,
        )

    @api.model
    def _queue_statement_letter(self, statement):
        """Hand a letter to each contact to core's queue; it needs credits (C7)."""
        for contact in self._get_letter_contacts(statement.partner_id):
            letter = self._create_statement_letter(statement, contact)
            address = contact._display_address(without_company=True)
            self._create_statement_delivery(
                statement,
                "letter",
                recipient=" ".join(address.split()),
                attachment_id=letter.attachment_id.id,
                letter_id=letter.id,
                mail_message_id=letter.message_id.id,
            )
        self.env.ref("snailmail.snailmail_print")._trigger()

    @api.model
    def _create_statement_letter(self, statement, contact):
        """Return the letter for a contact, its address on a cover page of core."""
        letter = self.env["snailmail.letter"].create(
            {
                "partner_id": contact.id,
                "model": statement.partner_id._name,
                "res_id": statement.partner_id.id,
                "company_id": statement.company_id.id,
                "user_id": self.env.uid,
                "cover": True,
            }
        )
        document = statement.attachment_id
        content = document.raw
        if content.startswith(b"%PDF"):
            posted = letter.with_context(snailmail_layout=True)
            content = posted._append_cover_page(posted._overwrite_margins(content))
        letter.attachment_id = self._keep_document(statement, document.name, content)
        return letter

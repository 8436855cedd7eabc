from markupsafe import Markup, escape

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from ..tools import links
from .account_followup_send import concat


class AccountFollowupSend(models.AbstractModel):
    """Statements of account, over the same channels and to the same contacts (F2)."""

    _inherit = "account.followup.send"

    @api.model
    def _send_statements(self, statements, documents):
        """Record statements and queue their messages, in this transaction.

        The number of queries does not grow with the number of customers. An error of
        one of them is an error of all: the caller has a savepoint and takes smaller
        batches after it.

        :param statements: of one run, locked by the caller, in the name of who sends
        :param dict documents: {statement: (file name, PDF)}
        :return: dict {statement: why none of the channels can be used}; of these
            nothing is recorded
        :raise UserError: there is no text for the e-mails
        """
        statements = (
            statements.sudo()
            .with_context(clean_context(self.env.context))
            .with_company(statements.company_id)
        )
        self = self.with_env(statements.env)  # noqa: PLW0642
        problems = self._get_statement_problems(statements)
        reasons = {}
        for statement in statements:
            found = [problems[channel][statement] for channel in problems]
            if all(found):
                reasons[statement] = " ".join(found)
        reached = statements.filtered(lambda statement: statement not in reasons)
        if reached:
            self._keep_statements(reached, documents)
            for channel in problems:
                self._queue_statements(channel, reached, problems[channel])
            self._log_statements(
                reached.filtered(lambda statement: not statement.mail_message_id)
            )
        return reasons

    @api.model
    def _get_statement_problems(self, statements):
        """Return {channel: {statement: why it cannot go over that channel, or None}}.

        For the channels of the run, in their order.
        """
        chosen = statements.run_id._get_channels()
        problems = {
            channel: {
                statement: statement._get_channel_problem(channel)
                for statement in statements
            }
            for channel in self._get_channels()
            if channel in chosen
        }
        # else there is always a sender
        if "email" in chosen and not statements.company_id.partner_id.email_normalized:
            self._add_sender_problems(problems["email"])
        return problems

    @api.model
    def _add_sender_problems(self, problems):
        """Add why the e-mails of statements have nobody to come from.

        :param dict problems: {statement: problem or None}
        """
        statements = concat(problems)
        cases = statements._get_cases()
        template = self._get_statement_template(statements)
        for statement, problem in problems.items():
            problems[statement] = problem or self._get_sender_problem(
                cases[statement], statement.trigger, template
            )

    @api.model
    def _queue_statements(self, channel, statements, problems):
        """Queue statements over one channel, or record why that cannot be.

        :param dict problems: {statement: problem or None}
        """
        self._create_deliveries(
            {
                "statement_id": statement.id,
                "channel": channel,
                "state": "failed",
                "failure_reason": problems[statement],
            }
            for statement in statements
            if problems[statement]
        )
        possible = statements.filtered(lambda statement: not problems[statement])
        if possible:
            getattr(self, f"_queue_statement_{channel}")(possible)

    @api.model
    def _keep_statements(self, statements, documents):
        """Note the languages, and keep the documents as they are sent."""
        attachments = self._keep_documents(
            (statement, *documents[statement]) for statement in statements
        )
        for statement, attachment in zip(statements, attachments, strict=True):
            statement.lang = self._get_lang(statement.partner_id)
            statement.attachment_id = attachment

    @api.model
    def _keep_documents(self, documents):
        """Keep documents as attachments of their statements; return these.

        :param documents: (statement, file name, content) of each
        """
        return self.env["ir.attachment"].create(
            [
                {
                    "name": name,
                    "raw": content,
                    "res_model": statement._name,
                    "res_id": statement.id,
                    "mimetype": "application/pdf",
                }
                for statement, name, content in documents
            ]
        )

    # ------------------------------------------------------------------
    # Text
    # ------------------------------------------------------------------

    @api.model
    def _get_statement_texts(self, statement, template):
        """Return the text of the e-mail as ``subject`` and ``body`` (C4).

        :raise UserError: there is no template
        """
        lang = self._get_lang(statement.partner_id)
        return self._render_statement_texts(statement, template, lang)[statement]

    @api.model
    def _render_statement_texts(self, statements, template, lang):
        """Return {statement: its texts} for statements in one language.

        The template finds the time that it is about in ``ctx['statement_period']``.

        :param statements: of the same days
        :raise UserError: there is no template
        """
        if not template:
            raise UserError(
                self.env._(
                    "There is no content template for statements. Choose one in the "
                    "settings of Invoicing, under Payment Follow-ups."
                )
            )
        period = statements[:1].with_context(lang=lang)._get_period_label()
        template = template.sudo().with_context(statement_period=period)
        subjects = self._render_batch(statements, template, "subject", lang)
        bodies = self._render_batch(statements, template, "body_html", lang)
        return {
            statement: {
                "subject": subjects[statement.partner_id.id],
                "body": bodies[statement.partner_id.id],
            }
            for statement in statements
        }

    @api.model
    def _get_statement_template(self, statements):
        """Return the template of the statements of a run: chosen, or by default."""
        chosen = statements.run_id.mail_template_id
        return chosen or statements.company_id._get_statement_template()

    @api.model
    def _complete_statement_texts(self, statements):
        """Fill in the texts that nobody has written, once a language."""
        template = self._get_statement_template(statements)
        bare = statements.filtered(lambda statement: not statement.body)
        for lang, mine in bare.grouped("lang").items():
            texts = self._render_statement_texts(mine, template, lang)
            for statement in mine:
                statement.write(texts[statement])
        for statement in statements:
            # one line: it becomes a header of the e-mail
            statement.subject = " ".join((statement.subject or "").split())

    # ------------------------------------------------------------------
    # Channels
    # ------------------------------------------------------------------

    @api.model
    def _queue_statement_email(self, statements):
        """Post a message on each customer, so that the proof stays (E1)."""
        self._complete_statement_texts(statements)
        posts = self._prepare_statement_posts(statements)
        self._send_email_posts(statements, posts, statements[:1].trigger)

    @api.model
    def _prepare_statement_posts(self, statements):
        """Return the messages with statements, as their template has them sent."""
        cases = statements._get_cases()
        template = self._get_statement_template(statements)
        said = self._read_templates(statements, [template] * len(statements))
        return [
            self._add_template_to_post(
                self._prepare_statement_post(statement, cases[statement]), one
            )
            for statement, one in zip(statements, said, strict=True)
        ]

    @api.model
    def _prepare_statement_post(self, statement, followup):
        """Return the message on the customer that is sent as an e-mail."""
        body, secrets = links.hide_secrets(statement.body or "")
        statement.body = Markup(body)
        return {
            "partner": statement.partner_id,
            "owner": statement,
            "recipients": statement._get_recipients("email"),
            "lang": statement.lang,
            "files": statement.attachment_id,
            "secrets": secrets,
            "values": self._prepare_email_values(
                statement, "mt_statement", followup, {"trigger": statement.trigger}
            ),
        }

    @api.model
    def _log_statements(self, statements):
        """Keep in the chatter what goes out without an e-mail (E1)."""
        messages = self._post_messages(
            [self._prepare_statement_note(statement) for statement in statements]
        )
        for statement, message in zip(statements, messages, strict=True):
            statement.mail_message_id = message

    @api.model
    def _prepare_statement_note(self, statement):
        """Return the note that keeps a statement which goes out on paper."""
        text = self.env._(
            "Customer statement, %(period)s (%(channels)s)",
            period=statement._get_period_label(),
            channels=statement.channels,
        )
        return {
            "partner": statement.partner_id,
            "files": statement.attachment_id,
            "values": {
                "body": escape(text),
                "message_type": "notification",
                "email_add_signature": True,  # for followers of notes, as core does
            },
        }

    @api.model
    def _queue_statement_print(self, statements):
        self._create_deliveries(
            statement._prepare_delivery(
                "print",
                contact,
                state="sent",
                recipient=contact.display_name,
                attachment_id=statement.attachment_id.id,
            )
            for statement in statements
            for contact in statement._get_recipients("print")[:1]
        )

    @api.model
    def _queue_statement_letter(self, statements):
        """Hand a letter to each contact to core's queue; it needs credits (C7).

        The address is on a cover page of core, which is made letter by letter.
        """
        pairs = [
            (statement, contact)
            for statement in statements
            for contact in statement._get_recipients("letter")
        ]
        letters = self._create_snailmail_letters(pairs, cover=True)
        attachments = self._keep_documents(
            self._prepare_statement_letter(statement, letter)
            for (statement, _contact), letter in zip(pairs, letters, strict=True)
        )
        for letter, attachment in zip(letters, attachments, strict=True):
            letter.attachment_id = attachment
        self._create_deliveries(
            self._prepare_letter_delivery(statement, letter)
            for (statement, _contact), letter in zip(pairs, letters, strict=True)
        )
        self.env.ref("snailmail.snailmail_print")._trigger()

    @api.model
    def _prepare_statement_letter(self, statement, letter):
        """Return (statement, file name, PDF) of a letter: the document for the post."""
        document = statement.attachment_id
        return statement, document.name, self._finish_letter(letter, document.raw)

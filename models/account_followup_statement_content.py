from markupsafe import Markup, escape

from odoo import models

from ..tools import links


class AccountFollowupStatement(models.Model):
    """What of a statement goes out over the channels, and stays in the chatter."""

    _inherit = "account.followup.statement"

    _subtype = "mt_statement"

    def _get_parts(self):
        """Return {statement: what is not kept of it}, for statements of one run."""
        cases = self.env["account.followup"]._get_cases(
            self.partner_id, self.company_id
        )
        chosen = self.run_id.mail_template_id
        template = chosen or self.company_id._get_statement_template()
        channels = self.run_id._get_channels()
        if self[0].is_test:
            channels = self.env["account.followup.test"]._get_channels(channels)
        return {
            statement: {
                "followup": cases[statement.partner_id],
                "trigger": statement.trigger,
                "channels": channels,
                "mail_template": template,
            }
            for statement in self
        }

    # ------------------------------------------------------------------
    # Document
    # ------------------------------------------------------------------

    def _keep_documents_sent(self, documents):
        """Note the languages, and keep the documents as they are sent.

        :param dict documents: {statement: (file name, PDF)}
        """
        service = self.env["account.followup.recipients"]
        attachments = self._keep_documents(
            (statement, *documents[statement]) for statement in self
        )
        for statement, attachment in zip(self, attachments, strict=True):
            statement.lang = service._get_lang(statement.partner_id)
            statement.attachment_id = attachment

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

    def _get_email_files(self, part):
        # EXTENDS 'account.followup.sent.mixin'
        return {"files": self.attachment_id}

    def _get_letter_values(self):
        """The address is on a cover page of core, which is made letter by letter."""
        # EXTENDS 'account.followup.sent.mixin'
        return {"cover": True}

    def _make_pages(self, pairs, parts):
        """Print the document as it is; for the post it is made ready."""
        # EXTENDS 'account.followup.sent.mixin'
        if not any(letter for _statement, letter in pairs):
            return [statement.attachment_id for statement, _letter in pairs]
        finish = self.env["account.followup.letter"]._finish_letter
        return self._keep_documents(
            (
                statement,
                statement.attachment_id.name,
                finish(letter, statement.attachment_id.raw),
            )
            for statement, letter in pairs
        )

    # ------------------------------------------------------------------
    # Text
    # ------------------------------------------------------------------

    def _get_texts(self, template):
        """Return the text of the e-mail as ``subject`` and ``body`` (C4).

        :raise UserError: there is no template
        """
        self.ensure_one()
        lang = self.env["account.followup.recipients"]._get_lang(self.partner_id)
        return self.env["account.followup.text"]._render_statements(
            self, template, lang
        )[self]

    def _keep_texts(self, parts, problems):
        """Fill in the texts that nobody has written, once a language.

        Paper is the document alone.
        """
        # EXTENDS 'account.followup.sent.mixin'
        channel = self.env["account.followup.channels"]
        names = [name for name in problems if not channel._get(name)._is_paper]
        told = self.filtered(
            lambda statement: any(
                problems[name].get(statement, "") is None for name in names
            )
        )
        service = self.env["account.followup.text"]
        bare = told.filtered(lambda statement: not statement.body)
        for lang, mine in bare.grouped("lang").items():
            texts = service._render_statements(
                mine, parts[mine[0]]["mail_template"], lang
            )
            for statement in mine:
                statement.write(texts[statement])
        for statement in told:
            # one line: it becomes a header of the e-mail
            statement.subject = " ".join((statement.subject or "").split())
            body, parts[statement]["secrets"] = links.hide_secrets(statement.body or "")
            statement.body = Markup(body)

    def _prepare_note(self):
        """Return the note that keeps a statement which goes out on paper."""
        # EXTENDS 'account.followup.sent.mixin'
        self.ensure_one()
        return {
            "partner": self.partner_id,
            "files": self.attachment_id,
            "values": {
                "body": escape(self._get_note_line()),
                "message_type": "notification",
                "email_add_signature": True,  # for followers of notes, as core does
            },
        }

    def _get_note_line(self):
        # EXTENDS 'account.followup.sent.mixin'
        return self.env._(
            "Customer statement, %(period)s (%(channels)s)",
            period=self._get_period_label(),
            channels=self.channels,
        )

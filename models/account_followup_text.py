import base64
from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError

from .account_followup_send import concat

#: Who an e-mail is from, where answers go and who gets a copy.
SENDER_FIELDS = ("email_from", "reply_to", "email_cc")


class AccountFollowupText(models.AbstractModel):
    """Templates filled in for customers, and what they say beside their text.

    All is as core's own sending takes it; only the recipients are those of the
    follow-up.
    """

    _name = "account.followup.text"
    _description = "Texts of Payment Reminders"

    @api.model
    def _complete_texts(self, batch):
        """Fill in the texts that nobody has written, each template once a language.

        :raise UserError: a level has no template for one of the channels
        """
        for name, (template, field) in self._get_text_sources().items():
            groups = defaultdict(list)
            for data in batch:
                if data.get(name) is None:
                    self._check_has_template(data, template, name)
                    groups[data[template], data["lang"]].append(data)
            for (source, lang), mine in groups.items():
                followups = concat(data["followup"] for data in mine)
                texts = self._render_batch(followups, source, field, lang)
                for data in mine:
                    data[name] = texts[data["followup"].partner_id.id]

    @api.model
    def _get_text_sources(self):
        """Return {text: (template of the data, its field)}.

        Which texts a channel needs is said by the channel.
        """
        return {
            "subject": ("mail_template", "subject"),
            "body": ("mail_template", "body_html"),
            "sms_body": ("sms_template", "body"),
        }

    @api.model
    def _check_has_template(self, data, template, text):
        """Check that there is a template for the channels that need a text.

        :raise UserError: there is none
        """
        channels = self.env["account.followup.channels"]
        needed = channels._needing(text, data["channels"])
        if needed and not data[template]:
            raise UserError(
                self.env._(
                    "%(customer)s: the follow-up level has no template for "
                    "%(channels)s. Choose one on the level.",
                    customer=data["followup"].partner_id.display_name,
                    channels=channels._get_channels_label(needed),
                )
            )

    @api.model
    def _render(self, followup, template, field, lang):
        """Return a field of a template, filled in for one customer."""
        texts = self._render_batch(followup, template, field, lang)
        return texts[followup.partner_id.id]

    @api.model
    def _render_batch(self, followups, template, field, lang):
        """Return a field of a template, filled in for customers of one company.

        :param followups: cases, or statements

        The text of a template is master data: it is rendered without asking for the
        rights of whoever happens to send.

        :return: dict {customer id: text}
        """
        partners = followups.partner_id
        if not template:
            return {partner.id: "" for partner in partners}
        self._check_template(template)
        return self._render_records(
            partners, followups.company_id, template, field, lang
        )

    @api.model
    def _render_records(self, records, company, template, field, lang):
        """Return {id: a field of a template}, filled in for records of its model.

        With all rights: whoever asks has seen to it that it is the model meant.
        """
        options = {"post_process": True} if field == "body_html" else None
        template = template.sudo().with_company(company).with_context(lang=lang)
        return template._render_field(field, records.ids, options=options)

    @api.model
    def _check_template(self, template):
        """Raise UserError unless a template is about customers.

        It is filled in with all rights: a template of another model would tell of
        whatever record there has the number of the customer.
        """
        template = template.sudo()
        if template.model != "res.partner":
            raise UserError(
                self.env._(
                    'The template "%s" is not about customers (model Contact). Choose '
                    "another one.",
                    template.name,
                )
            )

    @api.model
    def _get_no_template_text(self):
        return self.env._(
            "There is no content template for statements. Choose one in the settings "
            "of Invoicing, under Payment Follow-ups."
        )

    @api.model
    def _render_statements(self, statements, template, lang):
        """Return {statement: its texts} for statements in one language.

        The template finds the time that it is about in ``ctx['statement_period']``.

        :raise UserError: there is no template
        """
        if not template:
            raise UserError(self._get_no_template_text())
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

    # ------------------------------------------------------------------
    # Beside the text
    # ------------------------------------------------------------------

    @api.model
    def _read_templates(self, sents, templates):
        """Return what the templates of some e-mails say beside their texts.

        Fields are filled in once for each template and language, with all customers.

        :param sents: list of reminders, or of statements, of one company
        :param templates: the template of each of them, or an empty one
        :return: list of dicts: ``email_from``, ``reply_to``, ``email_cc``,
            ``mail_server_id``, ``attachments`` ((name, content) pairs)
        """
        groups = defaultdict(list)
        prefetched = concat(templates)._prefetch_ids
        for sent, template in zip(sents, templates, strict=True):
            template = template.sudo().with_prefetch(prefetched)
            groups[template, sent.lang].append(sent)
        found = {}
        for (template, lang), mine in groups.items():
            if template:
                self._check_template(template)
            together = concat(mine)
            values = self._read_template(
                template, together.partner_id, together.company_id, lang
            )
            found.update({sent: values[sent.partner_id.id] for sent in mine})
        return [found[sent] for sent in sents]

    @api.model
    def _read_template(self, template, records, company, lang):
        """Return {id: what a template says beside its texts}, for records of its model.

        :param template: as superuser, or an empty one, which says nothing
        """
        result = {
            id_: {
                "mail_server_id": template.mail_server_id.id,
                "attachments": [(one.name, one.raw) for one in template.attachment_ids],
            }
            for id_ in records.ids
        }
        for name in SENDER_FIELDS:
            texts = {}
            if template[name]:
                texts = self._render_records(records, company, template, name, lang)
            for key, values in result.items():
                values[name] = " ".join((texts.get(key) or "").split())
        if template.report_template_ids:
            template = template.with_company(company).with_context(lang=lang)
            self._add_reports(template, result)
        return result

    @api.model
    def _add_reports(self, template, result):
        """Add the documents that a template has printed for each record."""
        documents = template._generate_template_attachments(
            list(result), {"report_template_ids"}
        )
        for key, values in documents.items():
            result[key]["attachments"] += [
                (name, base64.b64decode(content))
                for name, content in values.get("attachments", ())
            ]

    @api.model
    def _add_template_to_post(self, post, said):
        """Put into a message what its template says beside the text."""
        post["attachments"] = [*post.get("attachments", ()), *said["attachments"]]
        post["email_cc"] = said["email_cc"]
        for name in ("email_from", "reply_to", "mail_server_id"):
            if said[name]:
                post["values"][name] = said[name]
        return post

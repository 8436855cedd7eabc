import base64
from collections import defaultdict

from odoo import api, models

from .account_followup_send import concat

#: Who an e-mail is from, where answers go and who gets a copy.
SENDER_FIELDS = ("email_from", "reply_to", "email_cc")


class AccountFollowupSend(models.AbstractModel):
    """What a template says beside its text, as core's own sending takes it.

    Only the recipients are those of the follow-up.
    """

    _inherit = "account.followup.send"

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
        together = concat(templates)._prefetch_ids
        for sent, template in zip(sents, templates, strict=True):
            template = template.sudo().with_prefetch(together)
            groups[template, sent.lang].append(sent)
        found = {}
        for (template, lang), mine in groups.items():
            values = self._read_template(template, concat(mine), lang)
            found.update({sent: values[sent.partner_id.id] for sent in mine})
        return [found[sent] for sent in sents]

    @api.model
    def _read_template(self, template, sents, lang):
        """Return {customer id: what a template says beside its texts}."""
        result = {
            partner.id: {
                "mail_server_id": template.mail_server_id.id,
                "attachments": [(one.name, one.raw) for one in template.attachment_ids],
            }
            for partner in sents.partner_id
        }
        for name in SENDER_FIELDS:
            texts = {}
            if template[name]:
                texts = self._render_batch(sents, template, name, lang)
            for key, values in result.items():
                values[name] = " ".join((texts.get(key) or "").split())
        if template.report_template_ids:
            self._add_reports(template, sents, lang, result)
        return result

    @api.model
    def _add_reports(self, template, sents, lang, result):
        """Add the documents that a template has printed for each customer."""
        template = template.with_company(sents.company_id).with_context(lang=lang)
        documents = template._generate_template_attachments(
            sents.partner_id.ids, {"report_template_ids"}
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

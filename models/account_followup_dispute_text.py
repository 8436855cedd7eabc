from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import links
from .account_followup_channel_email import LAYOUT
from .account_followup_chatter import get_headers
from .account_followup_test import COMPANY_HEADER, TEST_HEADER


class AccountFollowupDispute(models.Model):
    _inherit = "account.followup.dispute"

    text_message_id = fields.Many2one(
        "mail.message",
        string="Text to the Customer",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )
    text_failure_reason = fields.Char(
        readonly=True, copy=False, help="Why the customer did not get the text."
    )
    text_activity_id = fields.Many2one(
        "mail.activity",
        string="Failure Task",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )

    def _remove_personal_data(self):
        # EXTENDS 'account.followup.history.mixin': a server may have named an address
        super()._remove_personal_data()
        self.env["account.followup.dispute.text"]._remove_texts(self)
        self.write({"text_failure_reason": False})


class AccountFollowupDisputeText(models.AbstractModel):
    """What a customer is told when a dispute is rejected, if somebody wants it (X8).

    It goes to whom a reminder of the disputed invoices would go by e-mail.
    """

    _name = "account.followup.dispute.text"
    _description = "Text about a Dispute"

    @api.model
    def _get_template(self):
        xmlid = "account_payment_followup.mail_template_dispute_rejected"
        return self.env.ref(xmlid, raise_if_not_found=False) or self.env[
            "mail.template"
        ].sudo().search([("model", "=", "account.followup.dispute")], limit=1)

    @api.model
    def _get_service(self, dispute, name):
        """Return a service as those who send reminders ask it: with all rights."""
        service = self.env[f"account.followup.{name}"].sudo()
        return service.with_company(dispute.company_id)

    @api.model
    def _get_recipients(self, dispute):
        """Return who gets it (C3)."""
        dispute = dispute.sudo()
        service = self._get_service(dispute, "recipients")
        return service._get_recipients(dispute.partner_id, "email", dispute.line_ids)

    @api.model
    def _get_lang(self, dispute):
        dispute = dispute.sudo()
        service = self._get_service(dispute, "recipients")
        return service._get_lang(dispute.partner_id, dispute.line_ids)

    @api.model
    def _get_problem(self, dispute, template):
        """Return why no e-mail can be sent, in one sentence, or None."""
        dispute = dispute.sudo()
        recipients = self._get_service(dispute, "recipients")
        email = self._get_service(dispute, "channel.email")
        return recipients._get_channel_problem(
            "email", dispute.partner_id, dispute.line_ids
        ) or email._get_sender_problem(
            self._get_case(dispute), "manual", template.sudo()
        )

    @api.model
    def _get_case(self, dispute):
        case = self.env["account.followup"].sudo()
        return case._get_case(dispute.partner_id, dispute.company_id)

    @api.model
    def _render(self, dispute, template, field):
        """Return a field of a template in the language of the customer.

        :raise UserError: the template is not about disputes
        """
        self._check_template(dispute, template)
        texts = self._get_service(dispute, "text")
        lang = self._get_lang(dispute)
        company = dispute.company_id
        return texts._render_records(dispute, company, template, field, lang)[
            dispute.id
        ]

    @api.model
    def _check_template(self, dispute, template):
        """Raise UserError unless a template is about disputes.

        It is filled in with all rights, and what goes with it is sent.
        """
        template = template.sudo()
        if template.model != dispute._name:
            raise UserError(
                self.env._(
                    'The template "%s" is not about disputes. Choose another one.',
                    template.name,
                )
            )

    @api.model
    def _send(self, dispute, subject, body, template):
        """Send a text to the customer, as a message in the chatter.

        In test mode it goes to the test address, as all else (X9), in place of the test
        before it.

        :raise UserError: it reaches nobody, nobody has an address to send from, or the
            template is not about disputes
        """
        if problem := self._get_problem(dispute, template):
            raise UserError(problem)
        post = self._prepare_post(dispute, subject, body, template)
        # of a dispute that is open still there can only be a test
        self._remove_texts(dispute.sudo())
        message = self._get_service(dispute, "chatter")._post_messages([post])
        dispute.sudo().text_message_id = message
        mails = self.env["mail.mail"].sudo()
        mails = mails.search([("mail_message_id", "=", message.id)])
        mails.send_after_commit()

    @api.model
    def _remove_texts(self, disputes):
        """Remove the texts to customers, with the files that went with them."""
        messages = disputes.text_message_id
        files = messages.attachment_ids
        files.filtered(lambda file: file.res_model == disputes._name).unlink()
        messages.unlink()

    @api.model
    def _prepare_post(self, dispute, subject, body, template):
        """Return the message, with what its template says beside the text.

        As of a reminder: what is kept has no secrets of links, files belong to what
        they are about.
        """
        lang = self._get_lang(dispute)
        text = self._get_service(dispute, "body")._clean_text(body)
        body, secrets = links.hide_secrets(text)
        post = {
            "partner": dispute.partner_id.sudo(),
            "recipients": self._get_recipients(dispute),
            "lang": lang,
            "company": dispute.company_id,
            "owner": dispute,
            "secrets": secrets,
            "values": self._prepare_message(dispute, subject, Markup(body)),
        }
        if template:
            self._check_template(dispute, template)
            texts, company = self._get_service(dispute, "text"), dispute.company_id
            said = texts._read_template(template.sudo(), dispute, company, lang)
            post = texts._add_template_to_post(post, said[dispute.id])
        return post

    @api.model
    def _prepare_message(self, dispute, subject, body):
        email = self._get_service(dispute, "channel.email")
        return {
            "subject": " ".join((subject or "").split()),
            "body": body,
            # answers to it reach the followers, as those to reminders (E4)
            "message_type": "auto_comment",
            "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id(
                "account_payment_followup.mt_reminder"
            ),
            "email_layout_xmlid": LAYOUT,
            **email._get_author(self._get_case(dispute), "manual"),
        }


class AccountFollowupChatter(models.AbstractModel):
    _inherit = "account.followup.chatter"

    @api.model
    def _complete_mail(self, post, mail, ids):
        # EXTENDS: say whose it is, where there is no delivery that does: in test mode
        # it is kept from anybody but the test address
        mail = super()._complete_mail(post, mail, ids)
        if company := post.get("company"):
            headers = {**get_headers(mail), COMPANY_HEADER: str(company.id)}
            mail = {**mail, "headers": repr(headers)}
        return mail


class AccountFollowupTest(models.AbstractModel):
    _inherit = "account.followup.test"

    @api.model
    def _remove(self, company):
        # EXTENDS: texts of the test mode go with it, from the chatters, too
        disputes = self.env["account.followup.dispute"].sudo()
        disputes = disputes.search(
            [("company_id", "=", company.id), ("text_message_id", "!=", False)]
        )
        mails = self.env["mail.mail"].sudo()
        messages = mails.search(
            [
                ("mail_message_id", "in", disputes.text_message_id.ids),
                ("headers", "like", TEST_HEADER),
            ]
        ).mail_message_id
        self.env["account.followup.dispute.text"]._remove_texts(
            disputes.filtered(lambda one: one.text_message_id in messages)
        )
        super()._remove(company)

from markupsafe import Markup

from odoo import api, models

from ..tools.pdf_mark import mark_pages
from .account_followup_chatter import get_headers
from .account_followup_test import TEST_HEADER

#: What is written across pages, and before names of files: the same in any language.
WORD = "TEST"


def mark_name(name):
    """Return the name of a file of the test mode."""
    return name if name.startswith(f"{WORD} ") else f"{WORD} {name}"


def mark_text(addresses, text):
    """Return a subject or an SMS of the test mode: to whom it would have gone."""
    return f"[{WORD} → {addresses}] {text}"


class AccountFollowupChatter(models.AbstractModel):
    """Test mode (X9): what is posted notifies nobody.

    Each recipient's e-mail is made as always, but it goes to the test address; and so
    do answers to it, which would else reach the followers. Copies are not made.
    """

    _inherit = "account.followup.chatter"

    @api.model
    def _get_test_address(self):
        return self.env["account.followup.test"]._get_email(self.env.company)

    @api.model
    def _complete_posts(self, posts):
        address = self._get_test_address()
        for post in posts if address else ():
            post["values"] = self._mark_values(post, address)
            if "attachments" in post:
                post["attachments"] = [
                    (mark_name(name), content) for name, content in post["attachments"]
                ]
        return super()._complete_posts(posts)

    @api.model
    def _mark_values(self, post, address):
        """Return the values of a message that says above its text that it is a test."""
        env = self.with_context(lang=post.get("lang") or self.env.lang).env
        note = env._("Test mode: no customer gets this.")
        if recipients := post.get("recipients"):
            note = env._(
                "Test mode: this goes to %(address)s. In earnest it would go to "
                "%(recipients)s.",
                address=address,
                recipients=", ".join(map(self._get_recipient_text, recipients)),
            )
        values = post["values"]
        mark = Markup("<p><strong>%s</strong></p>") % note
        body = Markup("%s%s") % (mark, values.get("body") or "")
        return {**values, "body": body, "reply_to": address}

    @api.model
    def _get_recipient_text(self, contact):
        email = self.env["account.followup.channels"]._get("email")
        return email._describe(contact)

    @api.model
    def _get_message_values(self, post):
        # EXTENDS: nobody is notified of it, who might read it for that reason
        values = super()._get_message_values(post)
        return {**values, "partner_ids": []} if self._get_test_address() else values

    @api.model
    def _get_post_recipients(self, posts):
        # EXTENDS: no followers
        result = super()._get_post_recipients(posts)
        if not self._get_test_address():
            return result
        own = [post["recipients"].ids if "recipients" in post else [] for post in posts]
        return [
            [data for data in recipients if data["id"] in ids]
            for ids, recipients in zip(own, result, strict=True)
        ]

    @api.model
    def _complete_mail(self, post, mail, ids):
        # EXTENDS: the address in place of the recipient
        mail = super()._complete_mail(post, mail, ids)
        address = self._get_test_address()
        if not address:
            return mail
        email = self.env["account.followup.channels"]._get("email")
        contacts = self.env["res.partner"].browse(ids)
        real = ", ".join(
            one for contact in contacts for one in email._get_addresses(contact)
        )
        headers = get_headers(mail)
        headers.pop("X-Msg-To-Add", None)
        return {
            **mail,
            "recipient_ids": [],
            "email_to": address,
            "auto_delete": False,  # until the test mode ends
            "headers": repr({**headers, TEST_HEADER: real}),
        }

    @api.model
    def _prepare_copies(self, post, mails):
        # EXTENDS: none for whom the template names
        return [] if self._get_test_address() else super()._prepare_copies(post, mails)

    @api.model
    def _get_notified(self, ids):
        # EXTENDS: nobody
        return [] if self._get_test_address() else super()._get_notified(ids)


class AccountFollowupChannelSms(models.AbstractModel):
    _inherit = "account.followup.channel.sms"

    @api.model
    def _get_number(self, contact, company):
        # EXTENDS: that of the test mode
        tests = self.env["account.followup.test"]
        if tests._is_on(company):
            return tests._get_phone(company)
        return super()._get_number(contact, company)

    @api.model
    def _get_body(self, sent, contact, text):
        # EXTENDS: whom it would have reached
        text = super()._get_body(sent, contact, text)
        if not sent.is_test:
            return text
        return mark_text(", ".join(self._get_addresses(contact)), text)


class AccountFollowupLetter(models.AbstractModel):
    _inherit = "account.followup.letter"

    @api.model
    def _print_letters(self, pairs):
        # EXTENDS: pages of a test are marked
        return [
            mark_pages(page, WORD) if reminder.is_test else page
            for (reminder, _letter), page in zip(
                pairs, super()._print_letters(pairs), strict=True
            )
        ]

    @api.model
    def _get_letter_name(self, reminder):
        # EXTENDS
        name = super()._get_letter_name(reminder)
        return mark_name(name) if reminder.is_test else name


class AccountFollowupDocument(models.AbstractModel):
    _inherit = "account.followup.document"

    @api.model
    def _get_invoice_document(self, move, data):
        # EXTENDS: an invoice that goes with a test is marked, too
        name, content = super()._get_invoice_document(move, data)
        if not data.get("is_test"):
            return name, content
        return mark_name(name), mark_pages(content, WORD)


class AccountFollowupStatement(models.Model):
    _inherit = "account.followup.statement"

    def _keep_documents(self, documents):
        # EXTENDS
        return super()._keep_documents(
            (statement, mark_name(name), mark_pages(content, WORD))
            if statement.is_test
            else (statement, name, content)
            for statement, name, content in documents
        )

from ast import literal_eval

from markupsafe import Markup

from odoo.tests import tagged

from .common import FollowupCommon

MESSAGE_FIELDS = (
    "author_id",
    "body",
    "email_add_signature",
    "email_from",
    "email_layout_xmlid",
    "is_internal",
    "message_type",
    "model",
    "parent_id",
    "partner_ids",
    "record_alias_domain_id",
    "record_company_id",
    "reply_to",
    "reply_to_force_new",
    "res_id",
    "subject",
    "subtype_id",
)
MAIL_FIELDS = (
    "auto_delete",
    "body_html",
    "email_cc",
    "email_from",
    "email_to",
    "headers",
    "recipient_ids",
    "reply_to",
    "state",
    "subject",
)
NOTIFICATION_FIELDS = (
    "author_id",
    "is_read",
    "notification_status",
    "notification_type",
    "res_partner_id",
)


@tagged("post_install", "-at_install")
class TestPost(FollowupCommon):
    """What is posted for many customers is what core's ``message_post`` posts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls._create_customer("Bookkeeper", parent_id=cls.customer.id)
        cls.customer.message_post(body="A talk before", message_type="comment")
        cls.values = {
            "body": Markup("<p>Please pay.</p>"),
            "subject": "Reminder",
            "message_type": "auto_comment",
            "subtype_id": cls.env.ref("account_payment_followup.mt_reminder").id,
            "email_layout_xmlid": "mail.mail_notification_layout",
            "author_id": cls.responsible.partner_id.id,
            "email_from": cls.responsible.email_formatted,
            "email_add_signature": False,
            "partner_ids": cls.contact.ids,
        }

    def _describe(self, message):
        """Return all that is kept of a message, in plain values."""
        message.flush_recordset()
        mails = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        former = [mail.references.replace(message.message_id, "own") for mail in mails]
        notifications = message.notification_ids.sorted(lambda one: one.res_partner_id)
        return {
            "message": self._read(message, MESSAGE_FIELDS),
            "mails": self._read(
                mails.sorted(lambda mail: sorted(mail.recipient_ids.ids)), MAIL_FIELDS
            ),
            "references": sorted(former),
            "notifications": self._read(notifications, NOTIFICATION_FIELDS),
        }

    def _read(self, records, names):
        rows = records.read(names, load=None)
        return [{name: self._sort(name, row[name]) for name in names} for row in rows]

    def _sort(self, name, value):
        """Return a value without the order in which the database gave people."""
        if name == "headers":
            headers = literal_eval(value or "{}")
            if added := headers.get("X-Msg-To-Add"):
                headers["X-Msg-To-Add"] = sorted(added.split(","))
            return headers
        return sorted(value) if isinstance(value, list) else value

    def _compare(self, lang=None, **values):
        values = {**self.values, **values}
        found = {}

        class Undo(Exception):
            pass

        with self.mock_mail_gateway():
            for name in ("core", "ours"):
                try:
                    with self.env.cr.savepoint():
                        message = getattr(self, f"_post_{name}")(dict(values), lang)
                        found[name] = self._describe(message)
                        raise Undo
                except Undo:
                    self.env.invalidate_all()
        self.assertEqual(len(found["core"]["message"]), 1)
        self.assertTrue(found["core"]["mails"])
        for part, expected in found["core"].items():
            self.assertEqual(found["ours"][part], expected, part)
        return found["ours"]

    def _post_core(self, values, lang):
        partner = self.customer.with_context(
            mail_notify_force_send=False, email_notification_allow_footer=True
        )
        extra = {"force_email_lang": lang} if lang else {}
        return partner.with_company(self.company).message_post(**values, **extra)

    def _post_ours(self, values, lang):
        service = self.env["account.followup.chatter"].sudo().with_company(self.company)
        post = {"partner": self.customer.with_env(service.env), "values": values}
        if lang:
            post["lang"] = lang
        return service._post_messages([post]).sudo(False)

    def test_plain(self):
        found = self._compare()
        self.assertEqual(found["mails"][0]["recipient_ids"], self.contact.ids)

    def test_followers(self):
        """An employee who reads e-mails, one who reads notices, and an outsider."""
        reader = self._create_user("reader", "account.group_account_invoice")
        reader.notification_type = "email"
        other = self._create_customer("Other Ltd")
        self.customer.message_subscribe(
            partner_ids=(reader.partner_id + self.responsible.partner_id + other).ids,
            subtype_ids=[self.values["subtype_id"]],
        )
        found = self._compare()
        told = {one["res_partner_id"] for one in found["notifications"]}
        self.assertLessEqual({reader.partner_id.id, other.id, self.contact.id}, told)

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.contact.lang = "fr_FR"
        self._compare(lang="fr_FR")

    def test_note(self):
        """A note that nobody gets but a contact, without author and subject."""
        self._compare(
            subtype_id=self.env.ref("mail.mt_note").id,
            message_type="comment",
            subject=False,
        )

import base64

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTemplateFields(FollowupCommon):
    """F5: what a template says beside its text is honoured, as core's sending does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.env["ir.mail_server"].create(
            {"name": "Dunning", "smtp_host": "dunning.example.com", "sequence": 99}
        )
        report = cls.env["ir.actions.report"].create(
            {
                "name": "Bank details",
                "model": "res.partner",
                "report_type": "qweb-text",
                "report_name": "account_payment_followup.test_bank_details",
                "print_report_name": "'Details of %s' % object.name",
            }
        )
        cls.env["ir.ui.view"].create(
            {
                "type": "qweb",
                "key": report.report_name,
                "arch": "<t t-name='x'><t t-out='docs.name'/></t>",
            }
        )
        cls.said = {
            "email_from": "Dunning of {{ object.env.company.name }} <dun@example.com>",
            "reply_to": "answers+{{ object.id }}@example.com",
            "email_cc": "boss@example.com, late.ltd@customer.example.com",
            "email_to": "nobody@example.com",
            "partner_to": str(cls.responsible.partner_id.id),
            "mail_server_id": cls.server.id,
            "attachment_ids": [
                Command.create(
                    {"name": "terms.txt", "datas": base64.b64encode(b"Pay at once")}
                )
            ],
            "report_template_ids": [Command.set(report.ids)],
        }

    def _check(self, mails, sent):
        by_address = {
            (mail["email_to"] or mail["email_cc"])[0].split("<")[-1].strip(">"): mail
            for mail in mails
        }
        self.assertEqual(
            set(by_address),
            {"late.ltd@customer.example.com", "boss@example.com"},
            "recipients are those of the follow-up, nobody gets it twice",
        )
        for mail in by_address.values():
            self.assertEqual(
                mail["email_from"],
                f'"Dunning of {self.company.name}" <dun@example.com>',
            )
            self.assertIn(f"answers+{self.customer.id}@example.com", mail["reply_to"])
            files = {name: content for name, content, *_rest in mail["attachments"]}
            self.assertEqual(files["terms.txt"], b"Pay at once")
            self.assertIn(b"Late Ltd", files["Details of Late Ltd.text"])
        message = sent.mail_message_id
        self.assertEqual(message.mail_server_id, self.server)
        self.assertEqual(set(message.attachment_ids.mapped("res_model")), {sent._name})
        self.assertEqual(sent.state, "sent")

    def test_run(self):
        self.template.write(self.said)
        self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        self._check(self._mails, self._get_reminders())

    def test_window(self):
        """The one that is chosen in the window, not that of the level."""
        chosen = self.template.copy(self.said)
        self._create_late(20)
        window = self._open_window()
        window.mail_template_id = chosen
        with self.mock_mail_gateway():
            window.action_send()
        self._check(self._mails, self._get_reminders())

    def test_statement(self):
        template = self.company._get_statement_template()
        template.write(self.said)
        self._create_late(20)
        window = self.env["account.followup.statement.wizard"].create(
            {"partner_ids": self.customer.ids}
        )
        with self.mock_mail_gateway():
            window.action_send()
        statement = self.env["account.followup.statement"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self._check(self._mails, statement)

    def test_template_that_says_nothing(self):
        self.template.write({"email_from": False, "reply_to": False})
        self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        (mail,) = self._mails
        self.assertIn(self.responsible.email, mail["email_from"])
        self.assertFalse(mail["attachments"])

    def test_line_breaks_make_no_headers(self):
        self.template.email_from = "{{ object.ref }} <dun@example.com>"
        self.customer.ref = "A\nBcc: b@example.com"
        self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        (mail,) = self._mails
        self.assertNotIn("\n", mail["email_from"])

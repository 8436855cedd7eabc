import base64

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
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
        report = cls.report = cls.env["ir.actions.report"].create(
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
                "arch": "<t t-name='x'><t t-out='docs.display_name'/></t>",
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
        self._check_mails(mails, self.customer)
        self._check_message(sent.mail_message_id, sent)
        self.assertEqual(sent.state, "sent")

    def _check_mails(self, mails, record):
        """Check what left, of a template that was filled in for a record."""
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
            self.assertIn(f"answers+{record.id}@example.com", mail["reply_to"])
            files = {name: content for name, content, *_rest in mail["attachments"]}
            self.assertEqual(files["terms.txt"], b"Pay at once")
            self.assertIn(b"Late Ltd", files["Details of Late Ltd.text"])

    def _check_message(self, message, owner):
        self.assertEqual(message.mail_server_id, self.server)
        files = message.attachment_ids
        self.assertEqual(set(files.mapped("res_model")), {owner._name})
        self.assertEqual(set(files.mapped("res_id")), {owner.id})

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

    def _reject(self, **values):
        """Reject a dispute with a text; return it."""
        dispute = self.env["account.followup.dispute"]._dispute(
            self._create_late(20)._get_followup_lines(),
            self.env.ref("account_payment_followup.dispute_reason_amount"),
            {self.company: TODAY},
        )
        window = self.env["account.followup.reject.wizard"].create(
            {
                "dispute_id": dispute.id,
                "company_id": self.company.id,
                "do_email": True,
                **values,
            }
        )
        with self.mock_mail_gateway():
            window.action_reject()
        self.assertEqual(dispute.state, "rejected")
        return dispute

    def _use_template_of_disputes(self, **values):
        """Let the template of rejected disputes say all that a template can say."""
        report = self.report.copy(
            {
                "model": "account.followup.dispute",
                "print_report_name": "'Details of %s' % object.partner_id.name",
            }
        )
        said = {**self.said, "report_template_ids": [Command.set(report.ids)], **values}
        self.env["account.followup.dispute.text"]._get_template().write(said)

    def test_rejected_dispute(self):
        self._use_template_of_disputes()
        dispute = self._reject()
        self._check_mails(self._mails, dispute)
        self._check_message(dispute.text_message_id, dispute)

    def test_rejected_dispute_from_the_template_alone(self):
        """Nobody else has an address: no problem is seen, and there is none."""
        self.company.alias_domain_id = False
        people = self.env.user | self.responsible
        (people.partner_id | self.company.partner_id).email = False
        servers = self.env.registry["ir.mail_server"]
        self.patch(servers, "_get_default_from_address", lambda _self: None)
        self._use_template_of_disputes(reply_to=False, email_cc=False)
        self._reject()
        (mail,) = self._mails
        self.assertIn("<dun@example.com>", mail["email_from"])

    def test_rejected_dispute_of_whom_files_are(self):
        """As those of a reminder: open to who may read it, gone with the text."""
        self._use_template_of_disputes()
        dispute = self._reject()
        files = dispute.text_message_id.attachment_ids
        clerk = self._create_user("files_clerk", "account.group_account_invoice")
        employee = self._create_user("files_employee", "base.group_user")
        for user, is_open in ((clerk, True), (employee, False)):
            with self.subTest(user=user.login):
                mine = files.with_user(user)
                self.assertEqual(mine.has_access("read"), is_open)
                tokens = [file._get_raw_access_token() for file in mine]
                self.assertEqual(all(tokens), is_open)
                self.assertEqual(any(tokens), is_open)
        dispute.sudo()._remove_personal_data()
        self.assertFalse(files.exists())

    def test_rejected_dispute_with_a_template_of_another_model(self):
        """Whoever names it in a call: nothing that goes with it is sent."""
        with self.assertRaisesRegex(UserError, "is not about disputes"):
            self._reject(
                mail_template_id=self.template.id, subject="Mine", body="<p>Mine</p>"
            )

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

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models.account_followup_privacy import RETENTION_PARAMETER
from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPrivacy(FollowupCommon):
    """People's data can be found and removed; what proves the reminder stays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(20, 100)
        cls.admin = cls._create_user(
            "privacy_admin", "base.group_system", "account.group_account_manager"
        )

    def _remind(self):
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "sent")
        return reminder.sudo()

    def _log_call(self):
        return (
            self.env["account.followup.call"]
            ._log_call(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "date": TODAY,
                    "outcome": "not_reached",
                    "note": "Mr Smith is on holiday",
                },
                TODAY,
            )
            .sudo()
        )

    def _anonymize(self, user=None):
        self.customer.with_user(user or self.admin).action_anonymize_followups()
        self.env.invalidate_all()

    def test_s3_7_what_is_personal_goes_and_the_proof_stays(self):
        reminder, call = self._remind(), self._log_call()
        message = reminder.mail_message_id
        delivery = reminder.delivery_ids
        self.assertIn("@customer.example.com", delivery.recipient)
        self._pay(self.invoice)
        self._anonymize()
        self.assertFalse(reminder.subject or reminder.body or reminder.sms_body)
        self.assertFalse(message.exists())
        self.assertFalse(delivery.recipient or delivery.email_normalized)
        self.assertFalse(call.note)
        for record in (reminder, call):
            self.assertEqual(record.anonymized_date, TODAY)
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(delivery.state, "sent")
        self.assertEqual(reminder.amount_overdue, 100)
        self.assertEqual(reminder.level_id, self.level_1)
        self.assertEqual(reminder.line_ids.move_line_id.move_id, self.invoice)
        self.assertTrue(reminder.line_ids.is_standing, "no level is reached anew")

    def test_s3_7_the_letter_goes(self):
        self.level_1.write({"send_letter": True, "send_email": False})
        run = self.env["account.followup.run"]._start(
            self.customer, self.company, "print"
        )
        delivery = run.sudo().line_ids.reminder_id.delivery_ids
        letter = delivery.attachment_id
        self.assertTrue(letter)
        self._pay(self.invoice)
        self._anonymize()
        self.assertFalse(letter.exists())
        self.assertFalse(delivery.attachment_id)
        self.assertEqual(delivery.state, "sent")

    def test_s3_7_an_open_case_is_kept(self):
        reminder = self._remind()
        with self.assertRaisesRegex(UserError, "Late Ltd: there are open invoices"):
            self._anonymize()
        self.assertTrue(reminder.body)

    def test_s3_7_administrators_only(self):
        self._remind()
        self._pay(self.invoice)
        manager = self._create_user("privacy_manager", "account.group_account_manager")
        with self.assertRaisesRegex(AccessError, "Only administrators"):
            self._anonymize(manager)

    def test_s3_7_retention_time(self):
        reminder, vacuum = self._remind(), self.env["account.followup"]
        parameters = self.env["ir.config_parameter"].sudo()
        for value, day in (
            ("0", "2034-06-01"),
            ("x", "2034-06-01"),
            ("7", "2030-06-01"),
        ):
            parameters.set_param(RETENTION_PARAMETER, value)
            with freeze_time(day):
                vacuum._anonymize_old_history()
            self.assertTrue(reminder.body, value)
        with freeze_time("2034-06-01"):
            vacuum._anonymize_old_history()
            self.assertTrue(reminder.body, "it is owed still")
            self._pay(self.invoice)
            vacuum._anonymize_old_history()
        self.assertFalse(reminder.body)

    def test_s3_7_what_is_under_way_waits(self):
        with self.mock_mail_gateway():
            self._run_cron()
        reminder = self._get_reminders().sudo()
        self.assertEqual(reminder.state, "queued")
        reminder._anonymize()
        self.assertTrue(reminder.body)
        self.assertFalse(reminder.anonymized_date)

    def test_s3_7_addresses_are_found(self):
        """Core's Privacy Lookup looks at this field, and at links to contacts."""
        delivery = self._remind().delivery_ids
        self.assertEqual(delivery.email_normalized, self.customer.email_normalized)
        for model in ("reminder", "statement", "call"):
            field = self.env[f"account.followup.{model}"]._fields["partner_id"]
            self.assertNotEqual(field.ondelete, "cascade")
            self.assertTrue(field.store)

    def _look_up(self, name, email):
        """Return {model: records} that core's Privacy Lookup finds, in its list."""
        wizard = self.env["privacy.lookup.wizard"].create(
            {"name": name, "email": email}
        )
        wizard.action_lookup()
        found = {}
        for line in wizard.line_ids:
            model = line.res_model_id.model
            records = found.get(model, self.env[model])
            found[model] = records + records.browse(line.res_id)
        return found

    def test_s3_7_privacy_lookup(self):
        """With core's module: what is kept of a contact is found, until it goes."""
        if "privacy.lookup.wizard" not in self.env:
            self.skipTest("privacy_lookup is not installed")
        contact = self.env["res.partner"].create(
            {
                "name": "Jane Doe",
                "type": "followup",
                "parent_id": self.customer.id,
                "email": "jane.doe@customer.example.com",
            }
        )
        reminder, call = self._remind(), self._log_call()
        delivery = reminder.delivery_ids
        email = "jane.doe@customer.example.com"
        self.assertEqual(delivery.partner_id, contact)
        self.assertIn(delivery, self._look_up("Jane Doe", email)[delivery._name])
        found = self._look_up(self.customer.name, self.customer.email)
        self.assertIn(reminder, found[reminder._name])
        self.assertIn(call, found[call._name])
        contact.unlink()
        self.assertIn(delivery, self._look_up("Jane Doe", email)[delivery._name])
        self._pay(self.invoice)
        self._anonymize()
        self.assertNotIn(delivery._name, self._look_up("Jane Doe", email))

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TODAY
from .test_delivery_recipients import DeliveryCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestSender(DeliveryCommon):
    """From whom e-mails come: the first who has an address."""

    def _take_addresses(self, *partners):
        for partner in partners:
            partner.email = False

    def _get_alerts(self):
        return self._open_window(user=self.clerk).alerts or {}

    def _get_senders(self):
        return self._get_reminders()[-1:].mail_message_id.mapped(
            lambda message: (message.author_id, message.email_from)
        )

    def test_f9_clerk_without_an_address(self):
        self._create_late(20)
        self._take_addresses(self.clerk.partner_id)
        self.assertNotIn("sender", self._get_alerts())
        self._remind_by_hand(self.clerk)
        responsible = self.responsible.partner_id
        self.assertEqual(
            self._get_senders(), [(responsible, responsible.email_formatted)]
        )
        self.assertEqual(self._get_reminders().state, "sent")

    def test_f9_responsible_without_an_address(self):
        self._create_late(20)
        self._take_addresses(self.responsible.partner_id)
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        company = self.company.partner_id
        self.assertEqual(self._get_senders(), [(company, company.email_formatted)])
        self.assertEqual(self._get_reminders().state, "sent")

    def test_f9_address_that_is_none(self):
        self._create_late(20)
        self.responsible.partner_id.email = "call me"
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        self.assertEqual(self._get_senders()[0][0], self.company.partner_id)
        self.assertEqual(self._get_reminders().state, "sent")

    def _take_all_addresses(self):
        self._take_addresses(
            self.clerk.partner_id, self.responsible.partner_id, self.company.partner_id
        )
        self.company.alias_domain_id = False
        servers = self.env.registry["ir.mail_server"]
        self.patch(servers, "_get_default_from_address", lambda _self: None)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_f9_no_address_at_all(self):
        """It is said before sending, in words of the trade, and when it is queued."""
        self._create_late(20)
        self._take_all_addresses()
        window = self._open_window(user=self.clerk)
        alert = window.alerts["sender"]
        self.assertEqual(alert["level"], "danger")
        self.assertRegex(alert["message"], "Nobody has an e-mail address to send from")
        for name in ("Clerk", "Responsible", self.company.name):
            self.assertIn(name, alert["message"])
        self.assertEqual(alert["action"]["res_id"], self.company.partner_id.id)
        with self.assertRaisesRegex(UserError, "send from.*Enter one.*Printed Letter"):
            window.action_send()
        self.assertFalse(self._get_reminders())
        self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "failed")
        self.assertRegex(reminder.failure_reason, "address to send from.*Enter one")

    def test_f9_no_address_in_a_run(self):
        self._create_late(20)
        self._take_all_addresses()
        customer = self.customer.with_user(self.clerk).with_company(self.company)
        action = customer.action_process_followups()
        window = customer.env[action["res_model"]]
        window = window.with_context(**action["context"]).create({})
        self.assertIn("address to send from", window.line_ids.reason)
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertEqual(self._get_reminders().state, "failed")
        self._assert_failed(self.customer, "address to send from")

    def test_f9_no_address_for_a_statement(self):
        self._create_late(20)
        self._take_all_addresses()
        action = self.customer.with_company(
            self.company
        ).action_send_followup_statement()
        window = self.env[action["res_model"]].with_company(self.company)
        window = window.with_user(self.clerk).with_context(**action["context"])
        window = window.create({"do_print": True})
        self.assertIn("address to send from", window.alerts["sender"]["message"])
        with self.mock_mail_gateway():
            window.action_send()
        deliveries = window.run_id.sudo().statement_ids.delivery_ids
        self.assertEqual(
            sorted(deliveries.mapped(lambda one: (one.channel, one.state))),
            [("email", "failed"), ("print", "sent")],
        )

    def test_address_of_the_mail_domain_is_one(self):
        """Core sends from notifications@, when nobody else has an address."""
        self._create_late(20)
        self._take_addresses(
            self.clerk.partner_id, self.responsible.partner_id, self.company.partner_id
        )
        self.assertTrue(self.company.default_from_email)
        self.assertNotIn("sender", self._get_alerts())
        self.assertEqual(len(self._remind_by_hand(self.clerk)), 1)
        self.assertEqual(self._get_reminders().state, "sent")

    # ------------------------------------------------------------------
    # Blacklist
    # ------------------------------------------------------------------

    def test_blacklist_stops_mailings_only(self):
        """As core does with invoices; it is said where one sends."""
        self.env["mail.blacklist"]._add(self.customer.email)
        self._create_late(20)
        window = self._open_window(user=self.clerk)
        self.assertEqual(window.alerts["blacklist"]["level"], "info")
        self.assertIn("Late Ltd", window.alerts["blacklist"]["message"])
        window.do_email, window.do_print = False, True
        self.assertNotIn("blacklist", window.alerts or {})
        self.assertEqual(len(self._remind_by_hand(self.clerk)), 1)
        self.assertEqual(self._get_reminders().state, "sent")

    def test_blacklist_in_the_window_of_statements(self):
        self.env["mail.blacklist"]._add(self.customer.email)
        self._create_late(20)
        action = self.customer.action_send_followup_statement()
        window = self.env[action["res_model"]].with_context(**action["context"])
        self.assertIn("Late Ltd", window.create({}).alerts["blacklist"]["message"])

from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models.account_followup_delivery import _logger as delivery_logger
from . import proof_channel
from .common import TODAY
from .proof_common import ProofCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestProofChannel(ProofCommon):
    """One more channel, as documented: everything treats it like the others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_models(proof_channel.MODELS)
        cls.levels.write({"send_email": False, "send_messenger": True})
        cls.customer.ref = "@late"
        cls.invoice = cls._create_late(5)

    def _get_messages(self):
        return self.env["proof.message"].sudo().search([])

    def _send(self):
        window = self._open_window()
        window.action_send()
        return self._get_reminders().delivery_ids

    def test_nightly_run(self):
        self._run_cron()
        delivery = self._get_reminders().delivery_ids
        self.assertEqual((delivery.channel, delivery.recipient), ("messenger", "@late"))
        self.assertIn(self.invoice.name, self._get_messages().text)
        self._run_cron()
        self.assertEqual(delivery.state, "queued", "it is still in the queue")
        self._get_messages()._leave()
        self.assertEqual(delivery.state, "sent")
        self.assertEqual(self._get_reminders().state, "sent")
        self.assertEqual(self._get_reminders().channels, "Messenger")

    def test_nobody_is_reached(self):
        self.customer.ref = False
        self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "failed")
        self.assertEqual(
            reminder.failure_reason, "Late Ltd has no address for this channel."
        )

    def test_sweep(self):
        delivery = self._send()
        self._get_messages().state = "sent"  # unnoticed
        self._run_cron()
        self.assertEqual(delivery.state, "sent")

    def test_sweep_of_what_was_deleted(self):
        delivery = self._send()
        self._get_messages().unlink()
        self._run_cron()
        self.assertEqual(
            (delivery.state, delivery.failure_reason),
            ("failed", "It was deleted before it was sent."),
        )

    def test_sweep_of_a_channel_that_says_nothing_of_its_queue(self):
        delivery = self._send()
        channel = self.registry["account.followup.channel.messenger"]
        base = self.registry["account.followup.channel"]
        with patch.object(channel, "_get_waiting", base._get_waiting):
            self._run_cron()
        self.assertEqual(delivery.state, "queued")

    def test_called_back(self):
        delivery = self._send()
        undo = self.env["account.followup.undo"]
        self.assertFalse(undo._call_back(self._get_reminders()))
        self.assertEqual(delivery.state, "withdrawn")
        self._get_messages()._leave()
        self.assertEqual(self._get_messages().state, "cancelled")
        with self.assertRaisesRegex(UserError, "called back already"):
            undo._call_back(self._get_reminders())

    def test_its_error_stops_no_other_channel(self):
        other = self._create_customer("Other Ltd")
        self._create_late(5, partner=other)
        window = self._open_window(other)
        window.write({"other_channels": False, "do_email": True})
        with self.mock_mail_gateway():
            window.action_send()
        email = self._get_reminders(other).delivery_ids.sudo()
        email._set_state("queued")  # unnoticed
        self._send()
        channel = self.registry["account.followup.channel.messenger"]
        with (
            patch.object(channel, "_get_waiting", side_effect=ValueError("oops")),
            self.assertLogs(delivery_logger, level="WARNING") as logs,
        ):
            self._run_cron()
        self.assertIn("(messenger)", logs.output[0])
        self.assertEqual(email.state, "sent")

    def test_send_window(self):
        window = self._open_window()
        box = {"label": "Messenger", "checked": True}
        self.assertEqual(window.other_channels, {"messenger": box})
        self.assertTrue(window.do_other)
        self.assertEqual(window.contact_info, "Messenger: Late Ltd @late")
        window.other_channels = {"messenger": {**box, "checked": False}}
        self.assertFalse(window.do_other)
        with self.assertRaisesRegex(UserError, "Tick"):
            window.action_send()
        window.other_channels = {"messenger": box}
        window.action_send()
        self.assertEqual(self._get_reminders().delivery_ids.channel, "messenger")

    def test_send_window_reaches_nobody(self):
        self.customer.ref = False
        window = self._open_window()
        self.assertEqual(window.alerts["messenger"]["level"], "danger")
        with self.assertRaisesRegex(UserError, "no address for this channel"):
            window.action_send()

    def test_nonsense_is_not_ticked(self):
        window = self._open_window()
        for nonsense in (["messenger"], {"messenger": 1}, {"fax": {"checked": True}}):
            window.other_channels = nonsense
            self.assertEqual(window._get_choice().ticked, [])

    def test_process_window(self):
        bare = self._create_customer("Bare Ltd")
        self._create_late(5, partner=bare)
        partners = (self.customer + bare).with_company(self.company)
        action = partners.action_process_followups()
        window = self.env[action["res_model"]].with_context(**action["context"])
        window = window.create({})
        lines = {line.partner_id: line for line in window.line_ids}
        self.assertEqual(lines[self.customer].channels, "Messenger")
        self.assertFalse(lines[self.customer].reason)
        self.assertIn("no address for this channel", lines[bare].reason)
        window.action_process()
        self.assertEqual(len(self._get_messages()), 1)

    def test_statement_window(self):
        partner = self.customer.with_company(self.company)
        action = partner.action_send_followup_statement()
        window = self.env[action["res_model"]].with_context(**action["context"])
        window = window.create({"do_email": False})
        self.assertEqual(window.other_channels["messenger"]["checked"], False)
        box = {"label": "Messenger", "checked": True}
        window.other_channels = {"messenger": box}
        window.action_send()
        statement = self.env["account.followup.statement"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(statement.delivery_ids.channel, "messenger")
        self.assertEqual(statement.state, "queued")
        self.assertIn("statement", self._get_messages().text)
        self._get_messages()._leave()
        self.assertEqual(statement.state, "sent")

    def test_try_again(self):
        delivery = self._send().sudo()
        self._get_messages().state = "failed"
        delivery._note_state("failed", "The messenger was on strike.")
        self.customer.ref = "@better"
        delivery.action_retry()
        self.assertEqual((delivery.state, delivery.recipient), ("queued", "@better"))
        self.assertEqual(self._get_messages().state, "waiting")

    def test_withdrawn_when_paid(self):
        self._run_cron()
        self._pay(self.invoice)
        self._get_messages()._leave()
        self.assertEqual(self._get_messages().state, "cancelled")
        self.assertEqual(self._get_reminders().state, "withdrawn")

import threading
from contextlib import contextmanager
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import UserError
from odoo.modules import module
from odoo.tests import tagged
from odoo.tools import mute_logger

from .iap_server import IapServer
from .patience import PATIENCE, wait_until
from .test_concurrency import ConcurrencyCommon

SMS, LETTER = "/api/sms/3/send", "/iap/snailmail/1/print"


@tagged("post_install", "-at_install")
class TestQueues(ConcurrencyCommon):
    """Promises 1 and 5: what leaves, when others are at the same rows meanwhile."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = IapServer()
        cls.service.start()
        cls.addClassCleanup(cls.service.stop)
        with cls._connect() as env:
            parameters = env["ir.config_parameter"]
            cls.before = {}
            for name in ("sms", "snailmail"):
                key = f"{name}.endpoint"
                cls.before[key] = parameters.get_param(key)
                parameters.set_param(key, cls.service.url)
                env["iap.account"].get(name)
        cls.addClassCleanup(cls._restore_endpoints)

    @classmethod
    def _restore_endpoints(cls):
        with cls._connect() as env:
            for key, value in cls.before.items():
                env["ir.config_parameter"].set_param(key, value)

    def setUp(self):
        super().setUp()
        self.service.reset()
        with self._connect() as env:
            partner = env["res.partner"].browse(self.partner_id)
            partner.write(
                {
                    "phone": "+12025550122",
                    "street": "1 Main Street",
                    "city": "Springfield",
                    "zip": "20500",
                    "country_id": env.ref("base.us").id,
                }
            )
            followup = env["account.followup"]._get_or_create(partner, env.company)
            service = env["account.followup.send"]
            day = env.company._get_followup_day()[env.company]
            data = service._prepare_data(
                followup,
                day,
                trigger="mass",
                channels={"sms", "letter"},
                sms_body=f"To {self.partner_id}",
            )
            self.reminder_id = service._send_reminder(followup, day, data).id

    def _get_reminder(self, env):
        return env["account.followup.reminder"].browse(self.reminder_id)

    def _run_letters(self, env):
        env["snailmail.letter"]._snailmail_cron()

    def _run_sms(self, env):
        env["sms.sms"]._process_queue()

    @contextmanager
    def _while_sending(self, run, path):
        """Run a queue in a thread; the body is executed while the service thinks."""

        def work():
            with self._connect() as env:
                run(env)

        self.service.gate.clear()
        thread = threading.Thread(target=work)
        with patch.object(module, "current_test", None):
            thread.start()
            wait_until(lambda: path in dict(self.service.requests), "nothing was sent")
            try:
                yield
            finally:
                self.service.gate.set()
                thread.join(PATIENCE)

    def _run_all(self):
        """Run both queues and the sweep once more."""
        with patch.object(module, "current_test", None), self._connect() as env:
            self._run_letters(env)
            self._run_sms(env)
            env["account.followup.delivery"]._sync_queued()

    def _assert_once(self):
        texts = [sms["text"] for sms in self.service.sms]
        self.assertEqual(texts.count(f"To {self.partner_id}"), 1)
        addressees = [letter["res_id"] for letter in self.service.letters]
        self.assertEqual(addressees.count(self.partner_id), 1)
        with self._connect() as env:
            reminder = self._get_reminder(env)
            self.assertEqual(set(reminder.delivery_ids.mapped("state")), {"sent"})
            self.assertEqual(reminder.state, "sent")

    def test_x1_letter_in_two_queues(self):
        with self._while_sending(self._run_letters, LETTER):
            with self._connect() as env:
                self._run_letters(env)
            with self._connect() as env:
                letter = self._get_reminder(env).delivery_ids.letter_id
                with self.assertRaisesRegex(UserError, "at this moment"):
                    letter.snailmail_print()
        self._run_all()
        self._assert_once()

    @mute_logger("odoo.sql_db")
    def test_x1_address_is_corrected_while_it_is_posted(self):
        """Core writes it into the letter, too: it has to wait, and to begin anew."""
        outcome = []

        def correct():
            try:
                with self._connect() as env:
                    env["res.partner"].browse(self.partner_id).street = "2 New Street"
            except psycopg2.errors.SerializationFailure as error:
                outcome.append(error)

        clerk = threading.Thread(target=correct)
        with self._while_sending(self._run_letters, LETTER):
            clerk.start()
            self._wait_for_lock()
            self.assertTrue(clerk.is_alive())
        clerk.join(PATIENCE)
        self.assertEqual(len(outcome), 1)
        self._run_all()
        self._assert_once()

    def test_x1_sms_in_two_queues(self):
        with self._while_sending(self._run_sms, SMS):
            with self._connect() as env:
                self._run_sms(env)
        self._run_all()
        self._assert_once()

    @mute_logger("odoo.sql_db")
    def test_x1_conflict_after_sending(self):
        """What has left is noted, whatever became of our own rows meanwhile."""
        for run, path in ((self._run_letters, LETTER), (self._run_sms, SMS)):
            with self._while_sending(run, path), self._connect() as env:
                for delivery in self._get_reminder(env).delivery_ids:
                    delivery.recipient += " (changed)"
        with self._connect() as env:
            reminder = self._get_reminder(env)
            self.assertEqual(reminder.state, "queued", "not noted yet")
            letter = reminder.delivery_ids.letter_id
            self.assertEqual(letter.state, "sent", "but core knows it")
        self._run_all()
        self._assert_once()

    @mute_logger("odoo.sql_db")
    def test_promise_5_two_deliveries_fail_at_the_same_moment(self):
        """The second one must not undo what core has noted: it is left to the sweep."""
        with self._connect() as first, self._connect() as second:
            for env, channel in ((first, "sms"), (second, "letter")):
                deliveries = self._get_reminder(env).delivery_ids
                notifications = deliveries.filtered(
                    lambda delivery, channel=channel: delivery.channel == channel
                ).mail_message_id.notification_ids
                self.assertEqual(len(notifications), 1)
                if env is second:
                    first.flush_all()
                    first.cr.commit()
                notifications.write(
                    {"notification_status": "exception", "failure_reason": channel}
                )
        with self._connect() as env:
            reminder = self._get_reminder(env)
            self.assertEqual(
                set(reminder.delivery_ids.mapped("state")), {"failed", "queued"}
            )
            env["account.followup.delivery"]._sync_queued()
        with self._connect() as env:
            reminder = self._get_reminder(env)
            self.assertEqual(set(reminder.delivery_ids.mapped("state")), {"failed"})
            self.assertEqual(reminder.state, "failed")
            self.assertFalse(any(reminder.line_ids.mapped("is_standing")))
            self.assertEqual(len(reminder.partner_id.activity_ids), 1)

    def _note_sent(self, env, channel):
        deliveries = self._get_reminder(env).delivery_ids
        delivery = deliveries.filtered(lambda delivery: delivery.channel == channel)
        notifications = delivery.mail_message_id.notification_ids
        notifications.write({"notification_status": "sent"})
        env.flush_all()

    def _assert_swept_soon(self):
        """What was left to the sweep is noted within minutes, not the next day."""
        with self._connect() as env:
            reminder = self._get_reminder(env)
            self.assertEqual(reminder.state, "queued")
            cron = env.ref("account_payment_followup.ir_cron_process_followups")
            soon = fields.Datetime.add(fields.Datetime.now(), minutes=2)
            triggers = env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
            self.assertTrue([one for one in triggers if one.call_at <= soon])
            env["account.followup.delivery"]._sync_queued()
        with self._connect() as env:
            self.assertEqual(self._get_reminder(env).state, "sent")

    def test_u12_two_outcomes_at_the_same_moment(self):
        """One waits for no other, nothing is lost, and it is no error for the log."""
        with self._connect() as first, self._connect() as second:
            self._get_reminder(second).read(["state"])  # an old snapshot
            self._note_sent(first, "sms")
            self._note_sent(second, "letter")
        self._assert_swept_soon()

    def test_u12_an_outcome_right_after_another(self):
        with self._connect() as second:
            self._get_reminder(second).read(["state"])  # an old snapshot
            with self._connect() as first:
                self._note_sent(first, "sms")
            self._note_sent(second, "letter")
        self._assert_swept_soon()

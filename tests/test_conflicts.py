import threading
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import UserError
from odoo.service.model import retrying
from odoo.tests import tagged
from odoo.tools import mute_logger

from .patience import PATIENCE
from .test_concurrency import ConcurrencyCommon

#: What the database says at the very end of a transaction.
CONFLICT = """
DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = 'serialization_failure'; END $$
"""


@tagged("post_install", "-at_install")
class TestConflicts(ConcurrencyCommon):
    """Issue 5: what others do between the choice, the queue and the sending."""

    def setUp(self):
        super().setUp()
        with self._connect() as env:
            self._get_followup(env)
            domain = [("company_id", "=", env.company.id)]
            env["account.followup.level"].search(domain).is_automatic = True
            self._go_live(env)

    def _get_followup(self, env):
        partner = env["res.partner"].browse(self.partner_id)
        return env["account.followup"]._get_or_create(partner, env.company)

    def _get_invoice(self, env):
        domain = [("partner_id", "=", self.partner_id), ("state", "!=", "cancel")]
        return env["account.move"].search(
            [*domain, ("move_type", "=", "out_invoice")], limit=1
        )

    def _get_reminders(self, env):
        domain = [("partner_id", "=", self.partner_id)]
        return env["account.followup.reminder"].search(domain)

    def _process_batch(self, env):
        """A batch of the scheduled action, with its own commit before the lock."""
        today = fields.Date.today()
        followups = env["account.followup"]
        return followups._process_batch(env.company, [self.partner_id], today)

    def _pay(self, env):
        invoice = self._get_invoice(env)
        register = env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        register.create({})._create_payments()

    def _credit(self, env):
        invoice = self._get_invoice(env)
        reversal = env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        values = {"journal_id": invoice.journal_id.id}
        credit_id = reversal.create(values).reverse_moves(is_modify=False)["res_id"]
        credit = env["account.move"].browse(credit_id)
        credit.action_post()
        self._reconcile(invoice + credit)

    def _reconcile(self, moves):
        lines = moves.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        lines.filtered(lambda line: not line.reconciled).reconcile()

    def _reset(self, env):
        self._get_invoice(env).button_draft()

    # ------------------------------------------------------------------
    # Between the choice and the queue
    # ------------------------------------------------------------------

    def test_x2_nothing_happens_after_the_choice(self):
        with self._connect() as run:
            self.assertIs(self._process_batch(run), True)
        with self._connect() as env:
            self.assertEqual(len(self._get_reminders(env)), 1)

    def _assert_none_after(self, change):
        with self._connect() as run:
            self._get_reminders(run)  # the snapshot of the choice
            with self._connect() as other:
                change(other)
            self._process_batch(run)
        with self._connect() as env:
            self.assertFalse(self._get_reminders(env))
            self.assertFalse(self._get_followup(env).failure_count)

    def test_x2_paid_after_the_choice(self):
        self._assert_none_after(self._pay)

    def test_x2_credited_after_the_choice(self):
        self._assert_none_after(self._credit)

    def test_x2_reset_to_draft_after_the_choice(self):
        self._assert_none_after(self._reset)

    # ------------------------------------------------------------------
    # Between the queue and the sending
    # ------------------------------------------------------------------

    def _remind(self):
        with self._connect() as env:
            self.assertEqual(len(self._get_followup(env)._process()["done"]), 1)

    def _assert_withdrawn_after(self, change):
        self._remind()
        with self._connect() as queue:
            self._get_reminders(queue)  # an old snapshot
            with self._connect() as other:
                change(other)
            queue.cr.commit()  # as before each mail
            queue.invalidate_all()
            deliveries = self._get_reminders(queue).delivery_ids
            self.assertTrue(deliveries)
            self.assertEqual(deliveries._withdraw_outdated(), deliveries)

    def test_x2_credited_while_queued(self):
        self._assert_withdrawn_after(self._credit)

    def test_x2_reset_to_draft_while_queued(self):
        self._assert_withdrawn_after(self._reset)

    # ------------------------------------------------------------------
    # Merge, deadlock, time-out
    # ------------------------------------------------------------------

    def _start(self, method):
        """Call a method with a connection in a thread; return (thread, outcome)."""
        outcome = []

        def work():
            try:
                with self._connect() as env:
                    result = method(env)
                outcome.append(result)
            except psycopg2.Error as error:
                outcome.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        return thread, outcome

    def _merge_into_other(self, env):
        partner = env["res.partner"].browse(self.partner_id)
        other = env["res.partner"].create({"name": "Heir Ltd"})
        merge = env["base.partner.merge.automatic.wizard"].create({})
        merge._merge((partner + other).ids, other, extra_checks=False)
        return other.id

    @mute_logger("odoo.sql_db", "odoo.addons.base.wizard.base_partner_merge")
    def test_g5_merge_during_a_run(self):
        """The merge waits for the run, and is then made anew: all goes with it."""
        with self._connect() as run:
            self._get_followup(run)._process()
            run.flush_all()
            thread, outcome = self._start(self._merge_into_other)
            self._wait_for_lock()
            self.assertTrue(thread.is_alive(), "it waits for the rows of the run")
        thread.join(PATIENCE)
        self.assertIsInstance(outcome[0], psycopg2.errors.SerializationFailure)
        with self._connect() as env:
            heir = self._merge_into_other(env)
        self.partner_id = heir
        with self._connect() as env:
            self.assertEqual(len(self._get_reminders(env)), 1)
            self.assertFalse(self._get_followup(env)._process()["done"])

    @mute_logger("odoo.sql_db")
    def test_run_after_a_merge_that_it_did_not_see(self):
        """The customer whom the run has chosen is gone: nothing is made of it."""
        with self._connect() as run:
            chosen = self._get_followup(run)
            with self._connect() as env:
                heir = self._merge_into_other(env)
            with self.assertRaises(psycopg2.errors.SerializationFailure):
                chosen._process()
            run.cr.rollback()
        self.partner_id = heir
        self._remind()

    @mute_logger("odoo.sql_db")
    def test_lock_timeout(self):
        """A table is locked for too long: put off, without a failure or a task."""
        with self._connect() as run:
            run.cr.execute("SET lock_timeout = '300ms'")
            run.cr.commit()
            with self._connect() as other:
                other.cr.execute("LOCK TABLE account_followup_reminder")
                self.assertIs(self._process_batch(run), False)
            run.cr.execute("SET lock_timeout = DEFAULT")
        self._assert_put_off()

    @mute_logger("odoo.sql_db")
    def test_deadlock(self):
        """Two wait for each other: the database ends one, and nothing is lost."""
        with self._connect() as other:
            other.cr.execute("LOCK TABLE account_followup_reminder")
            run, outcome = self._start(self._process_batch)
            self._wait_for_lock()
            try:
                other.cr.execute(
                    "UPDATE account_followup SET failure_count = failure_count"
                    " WHERE partner_id = %s",
                    [self.partner_id],
                )
                ended = "run"
            except psycopg2.errors.DeadlockDetected:
                other.cr.rollback()
                ended = "other"
        run.join(PATIENCE)
        self.assertEqual(outcome, [ended == "other"], "put off, or done")
        if ended == "run":
            self._assert_put_off()
        with self._connect() as env:
            self.assertEqual(len(self._get_reminders(env)), 1)

    def _assert_put_off(self):
        with self._connect() as env:
            self.assertFalse(self._get_reminders(env))
            followup = self._get_followup(env)
            self.assertFalse(followup.failure_count)
            self.assertFalse(followup.partner_id.activity_ids)
        self._remind()

    # ------------------------------------------------------------------
    # Retry of a request
    # ------------------------------------------------------------------

    def _send_by_button(self, env):
        partner = env["res.partner"].browse(self.partner_id)
        context = partner.action_send_followup()["context"]
        window = env["account.followup.send.wizard"].with_context(**context)
        window.create({"do_email": True}).action_send()

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_x1_retry_of_the_send_button(self):
        """The server repeats a request after a conflict: one reminder, one e-mail."""
        calls = []

        def conflict(service, batch):
            calls.append(batch)
            result = original(service, batch)
            if len(calls) == 1:
                service.env.cr.execute(CONFLICT)
            return result

        with self._connect() as env:
            service = env.registry["account.followup.send"]
            original = service._send_reminders
            with patch.object(service, "_send_reminders", conflict):
                retrying(lambda: self._send_by_button(env), env)
        self.assertEqual(len(calls), 2)
        self._assert_one_mail()

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_x1_retry_after_a_run_was_faster(self):
        """The run reminds while the button is at work: the person is told."""
        with self._connect() as env:
            partner = env["res.partner"].browse(self.partner_id)
            context = partner.action_send_followup()["context"]
            window = env["account.followup.send.wizard"].with_context(**context)
            window = window.create({"do_email": True})
            env.cr.commit()
            self._get_reminders(env)  # the snapshot of the request
            self._remind()
            with self.assertRaises(UserError):
                retrying(window.action_send, env)
            env.cr.rollback()
        self._assert_one_mail()

    def _assert_one_mail(self):
        with self._connect() as env:
            reminders = self._get_reminders(env)
            self.assertEqual(len(reminders), 1)
            self.assertEqual(len(reminders.delivery_ids.mail_message_id), 1)

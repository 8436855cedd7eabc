from datetime import timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.modules.neutralize import neutralize_database
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..hooks import uninstall_hook
from .common import TODAY, FollowupCommon

TOMORROW = TODAY + timedelta(days=1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestMerge(FollowupCommon):
    """Row G5: merging customers who have a history each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_customer("Late Limited")
        cls.third = cls._create_customer("Late Inc")
        cls.env["mail.mail"].sudo().search([]).unlink()

    def _remind(self, *customers):
        """Give each customer a late invoice, a reminder and a call."""
        invoices = self.env["account.move"]
        for customer in customers:
            invoices += self._create_late(20, partner=customer)
            with self.mock_mail_gateway():
                self.env["account.followup.run"]._start(customer, self.company)
            self.env["account.followup.call"]._log_call(
                {
                    "partner_id": customer.id,
                    "company_id": self.company.id,
                    "date": TODAY,
                    "outcome": "reached",
                },
                TODAY,
            )
        return invoices

    @mute_logger("odoo.addons.base.partner.merge")
    def _merge(self, partners, target):
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge(partners.ids, target)
        self.env.invalidate_all()

    def _count(self, model):
        return self.env[model].search_count([("partner_id", "=", self.customer.id)])

    def test_g5_two_customers(self):
        invoices = self._remind(self.customer, self.other)
        self._merge(self.customer + self.other, self.customer)
        self.assertFalse(self.other.exists())
        self.assertEqual(self._count("account.followup"), 1)
        self.assertEqual(self._count("account.followup.reminder"), 2)
        self.assertEqual(self._count("account.followup.reminder.line"), 2)
        self.assertEqual(self._count("account.followup.call"), 2)
        self.assertEqual(self._count("account.followup.run.line"), 2)
        self.assertEqual(invoices.partner_id, self.customer)
        self.assertEqual(invoices.followup_level_id, self.level_1)
        self.assertEqual(self.customer.total_overdue, 200)
        self.assertEqual(self.customer.followup_reminder_count, 2)
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertEqual(self._count("account.followup.reminder"), 2, "nothing twice")

    def test_g5_three_customers_go_on_together(self):
        invoices = self._remind(self.customer, self.other, self.third)
        self._merge(self.customer + self.other + self.third, self.customer)
        self.assertEqual(self._count("account.followup.reminder"), 3)
        with self.mock_mail_gateway():
            self._run_mail_queue()
        with freeze_time(TODAY + timedelta(days=14)), self.mock_mail_gateway():
            self._run_cron()
        last = self._get_reminders()[-1]
        self.assertEqual(len(self._get_reminders()), 4, "one for all three")
        self.assertEqual(last.level_id, self.level_2)
        self.assertEqual(last.line_ids.move_line_id.move_id, invoices)

    def test_g5_settings_of_both(self):
        """The more careful of two settings holds, so that nobody is surprised."""
        self._remind(self.customer, self.other)
        self._get_followup(self.other).write(
            {
                "reminder_type": "manual",
                "excluded": True,
                "next_reminder_date": TOMORROW,
                "failure_count": 2,
                "failure_reason": "Refused",
                "retry_date": TOMORROW,
                "responsible_id": self.responsible.id,
            }
        )
        self._merge(self.customer + self.other, self.customer)
        followup = self._get_followup()
        self.assertEqual(followup.reminder_type, "manual")
        self.assertTrue(followup.excluded)
        self.assertEqual(followup.next_reminder_date, TOMORROW)
        self.assertEqual(followup.retry_date, TOMORROW)
        self.assertEqual(followup.failure_reason, "Refused")
        self.assertEqual(followup.failure_count, 2)
        self.assertEqual(followup.responsible_id, self.responsible)
        self.assertTrue(followup.last_sent)

    def test_g5_plan_chosen_by_hand(self):
        """Who was to get a softer plan, or no reminders at all, keeps it."""
        plans = self.env["account.followup.plan"].create(
            [
                {"name": name, "company_id": self.company.id}
                for name in ("Soft", "Other", "Nobody", "Archived")
            ]
        )
        soft, other, nobody, archived = plans
        for plan in soft + other + archived:
            self.env["account.followup.level"].create(
                {
                    "name": plan.name,
                    "plan_id": plan.id,
                    "company_id": self.company.id,
                    "delay": 10,
                    "mail_template_id": self.template.id,
                }
            )
        archived.active = False
        none = plans.browse()
        for target, merged, kept in (
            (none, soft, soft),
            (soft, none, soft),
            (soft, other, soft),
            (soft, nobody, nobody),
            (nobody, soft, nobody),
            (archived, soft, soft),
            (none, none, none),
        ):
            with self.subTest(f"{target.name}, {merged.name}"):
                customer = self._create_customer("Kept")
                twin = self._create_customer("Goes")
                self._get_followup(customer).plan_id = target
                self._get_followup(twin).plan_id = merged
                self._merge(customer + twin, customer)
                self.assertEqual(self._get_followup(customer).plan_id, kept)

    def test_g5_target_without_a_case(self):
        self._remind(self.other, self.third)
        self._merge(self.customer + self.other + self.third, self.customer)
        self.assertEqual(self._count("account.followup"), 1)
        self.assertEqual(self._count("account.followup.reminder"), 2)
        self.assertEqual(self.customer.followup_status, "with_overdue_invoices")

    def test_g5_in_two_companies(self):
        data = self.setup_other_company(name="Second House")
        company_2 = data["company"]
        self.env.user.company_ids += company_2
        self._remind(self.customer, self.other)
        for customer in (self.customer, self.other):
            journal = data["default_journal_sale"]
            self._create_late(20, partner=customer, journal_id=journal.id)
            with self.mock_mail_gateway():
                runs = self.env["account.followup.run"].with_company(company_2)
                runs._start(customer, company_2)
        self._merge(self.customer + self.other, self.customer)
        cases = self.env["account.followup"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(cases.company_id, self.company + company_2)
        self.assertEqual(len(cases), 2)
        reminders = self._get_reminders()
        self.assertEqual(len(reminders), 4)
        for company in self.company + company_2:
            mine = reminders.filtered(lambda one, own=company: one.company_id == own)
            self.assertEqual(len(mine), 2)

    def test_g5_while_messages_are_queued(self):
        """What waits in the queue leaves, and its state reaches the merged history."""
        self._remind(self.other)
        self.assertEqual(self._get_reminders(self.other).state, "queued")
        self._merge(self.customer + self.other, self.customer)
        with self.mock_mail_gateway():
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        self.assertEqual(self._get_reminders().state, "sent")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestNeutralize(FollowupCommon):
    """Row G4: a copy of a database for tests sends nothing."""

    def _neutralize(self):
        self.env.flush_all()
        neutralize_database(self.env.cr)
        self.env.invalidate_all()

    def test_g4_nothing_leaves_a_neutralized_database(self):
        self._create_late(20)
        self._neutralize()
        self.assertFalse(self.company.followup_automatic)
        jobs = self.cron + self.env.ref("account_payment_followup.ir_cron_process_runs")
        self.assertFalse(any(jobs.mapped("active")))
        for name in ("mail.ir_cron_mail_scheduler_action", "snailmail.snailmail_print"):
            self.assertFalse(self.env.ref(name).active)
        with self.mock_mail_gateway():
            self._run_cron()  # as if somebody had switched it on again
            self._run_mail_queue()
            self.assertFalse(self._mails)
        self.assertFalse(self._get_reminders())

    def test_g4_messages_of_a_neutralized_database_reach_nobody(self):
        """Also what a person sends: mail servers and in-app purchases are dummies."""
        self.env["iap.account"].sudo().get("sms")
        self._neutralize()
        servers = self.env["ir.mail_server"].sudo().search([])
        self.assertEqual(servers.mapped("smtp_host"), ["invalid"])
        self.assertFalse(self.template.mail_server_id)
        accounts = self.env["iap.account"].sudo().search([])
        self.assertTrue(accounts)
        for account in accounts:
            self.assertTrue(account.sudo().account_token.endswith("+disabled"))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestDeletedWhileQueued(FollowupCommon):
    """Row G5: what a queued reminder refers to is archived or deleted meanwhile."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.mail"].sudo().search([]).unlink()
        cls._create_late(20)

    def _send(self):
        with self.mock_mail_gateway():
            self._run_mail_queue()
            return len(self._mails)

    def _queue(self):
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertEqual(self._get_reminders().state, "queued")

    def test_g5_archived(self):
        """Customer, template, responsible: the message was made, it leaves."""
        for name in ("customer", "template", "responsible"):
            with self.subTest(archived=name), self.env.cr.savepoint() as savepoint:
                self._queue()
                getattr(self, name).active = False
                self.assertEqual(self._send(), 1)
                self.assertEqual(self._get_reminders().state, "sent")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_g5_deleted_template(self):
        self.levels.write(
            {
                "send_email": False,
                "mail_template_id": False,
                "schedule_activity": True,
            }
        )
        template = self.template.copy()
        self.level_1.write({"send_email": True, "mail_template_id": template.id})
        self._queue()
        self.levels.write({"send_email": False, "mail_template_id": False})
        template.unlink()
        self.assertEqual(self._send(), 1)
        self.assertEqual(self._get_reminders().state, "sent")

    def test_g5_deleted_sms_template(self):
        """A level whose SMS template is gone fails for its customers, with the way out,
        and no other channel is lost when the template is chosen again."""
        sms_template = self.env["sms.template"].create(
            {
                "name": "Gone",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "body": "Please pay",
            }
        )
        self.level_1.write({"send_sms": True, "sms_template_id": sms_template.id})
        sms_template.unlink()
        self._run_cron()
        followup = self._get_followup()
        self.assertFalse(self._get_reminders())
        self.assertIn("Choose one on the level", followup.failure_reason)
        self.assertEqual(len(self.customer.activity_ids), 1)
        self.level_1.send_sms = False
        with freeze_time(TODAY + timedelta(days=1)):
            self._queue()

    def test_g5_deleted_contact(self):
        """The recipient is deleted while the e-mail waits: it is not sent to nobody."""
        contact = self.env["res.partner"].create(
            {
                "name": "Dunning desk",
                "parent_id": self.customer.id,
                "type": "followup",
                "email": "desk@customer.example.com",
            }
        )
        self._queue()
        contact.unlink()
        self._send()
        with freeze_time(TODAY + timedelta(days=1)):
            self.env["account.followup.delivery"]._sync_queued()
        self.assertIn(self._get_reminders().state, ("failed", "sent"))

    def test_g5_archived_contact(self):
        contact = self.env["res.partner"].create(
            {
                "name": "Dunning desk",
                "parent_id": self.customer.id,
                "type": "followup",
                "email": "desk@customer.example.com",
            }
        )
        contact.active = False
        self._queue()
        delivery = self._get_reminders().delivery_ids
        self.assertEqual(delivery.recipient, "late.ltd@customer.example.com")

    def test_g5_responsible_is_gone(self):
        """A task without a responsible goes to an administrator, not to nobody."""
        self.customer.email = False
        self.company.followup_responsible_id = False
        self._run_cron()
        activity = self.customer.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertTrue(activity.user_id.active)

    def test_g5_archived_responsible(self):
        self.customer.email = False
        self.responsible.active = False
        self._run_cron()
        activity = self.customer.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertTrue(activity.user_id.active, "somebody who can see it")

    def test_g5_archived_user_of_a_level(self):
        user = self._create_user("caller", "account.group_account_invoice")
        self.level_1.write(
            {
                "schedule_activity": True,
                "activity_responsible": "user",
                "activity_user_id": user.id,
                "follower_user_ids": [Command.set(user.ids)],
            }
        )
        user.active = False
        self._queue()
        self.assertTrue(self.customer.activity_ids.user_id.active)

    def test_g5_archived_level(self):
        """It is due no more: what waits is withdrawn, the next level is carried out."""
        self._queue()
        self.level_1.active = False
        self.assertEqual(self._send(), 0)
        self.assertEqual(self._get_reminders().state, "withdrawn")
        self._run_cron()
        self.assertEqual(self._send(), 1)
        self.assertEqual(self._get_reminders()[-1].level_id, self.level_2)

    def test_g5_invoice_is_deleted(self):
        """Reset to draft and deleted: the reminder stays, what waits is withdrawn."""
        self._queue()
        reminder = self._get_reminders()
        invoice = reminder.line_ids.move_line_id.move_id
        name = invoice.name
        invoice.button_draft()
        invoice.name = False
        invoice.with_context(force_delete=True).unlink()
        self.assertEqual(self._send(), 0)
        self.assertEqual(reminder.state, "withdrawn")
        self.assertEqual(reminder.line_ids.name, name)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestUninstall(FollowupCommon):
    """Row G4: what is removed first is held by nothing."""

    def test_g4_reasons_that_were_used(self):
        """By a dispute, and by the call in which it was told."""
        late = self._create_late(20)
        self.env["account.followup.call"]._log_call(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "date": TODAY,
                "outcome": "dispute",
                "review_date": TOMORROW,
                "reason_id": self.env["account.followup.dispute.reason"]
                ._get_reason()
                .id,
                "line_ids": [Command.set(late._get_followup_lines().ids)],
            },
            TODAY,
        )
        self.env.flush_all()
        uninstall_hook(self.env(su=True))
        self.env.cr.execute("DELETE FROM account_followup_dispute_reason")
        self.assertTrue(self.env.cr.rowcount)
        self.env.invalidate_all(flush=False)

import os
from datetime import timedelta
from unittest import skipUnless
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestProcess(FollowupCommon):
    """Rows D1 and D3: what a person does with many customers at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")
        cls.run_cron = cls.env.ref("account_payment_followup.ir_cron_process_runs")

    def _create_customers(self, count, days_late=20, **values):
        partners = self.env["res.partner"]
        for number in range(count):
            partner = self._create_customer(f"Customer {number}", **values)
            if days_late is not None:
                self._create_late(days_late, partner=partner)
            partners += partner
        return partners

    def _open_wizard(self, partners, user=None):
        action = (
            partners.with_user(user or self.clerk)
            .with_company(self.company)
            .action_process_followups()
        )
        model = self.env[action["res_model"]].with_user(user or self.clerk)
        wizard = model.with_company(self.company).create(
            {"partner_ids": [Command.set(action["context"]["default_partner_ids"])]}
        )
        wizard.env.flush_all()  # what it computes is computed by its user
        return wizard

    def _run_in_background(self):
        with self.enter_registry_test_mode():
            self.run_cron.sudo().method_direct_trigger()
        self.env.invalidate_all()

    def test_d3_summary_before(self):
        due = self._create_customers(2)
        silent = self._create_customer("Silent", email=False)
        self._create_late(20, partner=silent)
        idle = self._create_customer("Idle")
        wizard = self._open_wizard(due + silent + idle)
        self.assertEqual(
            (wizard.due_count, wizard.skipped_count, wizard.problem_count), (3, 1, 1)
        )
        lines = {line.partner_id: line for line in wizard.line_ids}
        self.assertEqual(lines[due[0]].level_id, self.level_1)
        self.assertEqual(lines[due[0]].channels, "Email")
        self.assertEqual(lines[due[0]].amount_claimed, 100)
        self.assertIn("no valid e-mail", lines[silent].reason)
        self.assertEqual(lines[idle].reason, "Nothing is owed.")
        self.assertEqual(wizard.line_ids[-1].partner_id, idle, "those to remind first")

    def test_u7_total_of_what_is_sent(self):
        """The skipped count nothing, an upcoming due date its invoice."""
        self.level_1.delay = -10
        early = self._create_customer("Early")
        self._create_late(-5, 40, partner=early)
        due, held = self._create_customers(2)
        self._get_followup(held).next_reminder_date = TODAY + timedelta(days=3)
        wizard = self._open_wizard(early + due + held)
        claimed = {line.partner_id: line.amount_claimed for line in wizard.line_ids}
        self.assertEqual(claimed, {early: 40, due: 100, held: 0})
        # what is chosen for the letters is what the rows say
        self.levels.write({"send_letter": True})
        line = self._open_wizard(due).line_ids
        self.assertEqual(line.channels, "Letter by Post, Email")
        self.assertEqual(line.printed_channels, "Printed Letter, Email")

    def test_d3_few_at_once(self):
        partners = self._create_customers(3)
        idle = self._create_customer("Idle")
        wizard = self._open_wizard(partners + idle)
        with self.mock_mail_gateway():
            action = wizard.action_process()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 3)
        run = self.env["account.followup.run"].browse(action["res_id"])
        self.assertEqual(run.state, "done")
        self.assertEqual(
            (run.done_count, run.skipped_count, run.failed_count), (3, 1, 0)
        )
        reminder = run.line_ids.reminder_id[0]
        self.assertEqual((reminder.trigger, reminder.user_id), ("mass", self.clerk))
        author = reminder.mail_message_id.author_id
        self.assertEqual(author, self.clerk.partner_id)

    def test_d3_many_in_the_background(self):
        partners = self._create_customers(12)
        silent = self._create_customer("Silent", email=False)
        self._create_late(20, partner=silent)
        paid = self._create_customer("Paid")
        invoice = self._create_late(20, partner=paid)
        wizard = self._open_wizard(partners + silent + paid)
        action = wizard.action_process()
        run = self.env["account.followup.run"].browse(action["res_id"])
        self.assertEqual((run.state, run.waiting_count), ("running", 14))
        self._pay(invoice)
        with (
            self.mock_mail_gateway(),
            patch(
                "odoo.addons.account_payment_followup.models.account_followup_run."
                "BATCH_SIZE",
                5,
            ),
        ):
            self._run_in_background()
        self.assertEqual((run.state, run.progress), ("done", 100))
        self.assertEqual(
            (run.done_count, run.skipped_count, run.failed_count), (12, 1, 1)
        )
        failed = run.line_ids.filtered(lambda line: line.state == "failed")
        self.assertEqual(failed.partner_id, silent, "a reminder that reaches nobody")
        self.assertEqual(failed.reminder_id, self._get_reminders(silent))
        self.assertIn("no valid e-mail", failed.reason)
        self.assertEqual(self._get_reminders(partners[0]).user_id, self.clerk)
        self._run_in_background()
        self.assertEqual(len(self._get_reminders(partners[0])), 1)

    @skipUnless(os.environ.get("FOLLOWUP_LONG"), "takes a minute: dev/test --long")
    def test_d3_five_hundred(self):
        """500 customers: the click returns at once, the counts are right in the end."""
        partners = self._create_customers(465)
        silent = self._create_customers(20, email=False)
        broken = self._create_customers(5)
        paid = self._create_customers(10)
        wizard = self._open_wizard(partners + silent + broken + paid)
        self.assertEqual(wizard.problem_count, 20)
        action = wizard.action_process()
        run = self.env["account.followup.run"].browse(action["res_id"])
        self.assertEqual(run.waiting_count, 500, "nothing is done in the click")
        for invoice in self.env["account.move"].search(
            [("partner_id", "in", paid.ids)]
        ):
            self._pay(invoice)
        service = self.env.registry["account.followup.text"]
        render = service._render_batch

        def fail_for_some(self, followups, *args, **kwargs):
            if followups.partner_id & broken:
                raise ValueError("Template went wrong")
            return render(self, followups, *args, **kwargs)

        with (
            self.mock_mail_gateway(),
            patch.object(service, "_render_batch", fail_for_some),
        ):
            while run.state == "running":
                self._run_in_background()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 465)
        self.assertEqual(
            (run.done_count, run.skipped_count, run.failed_count), (465, 10, 25)
        )
        states = run.line_ids.reminder_id.mapped("state")
        self.assertEqual((states.count("sent"), states.count("failed")), (465, 20))

    def test_d3_name_of_a_run(self):
        """The moment is said as the user writes dates."""
        self.env["res.lang"]._activate_lang("de_DE")
        self._create_late(20)
        run = self._open_wizard(self.customer).action_process()["res_id"]
        run = self.env["account.followup.run"].browse(run)
        run = run.with_context(lang="de_DE", tz="Europe/Berlin")
        self.env.cr.execute(
            "UPDATE account_followup_run SET create_date = %s WHERE id = %s",
            ["2024-05-15 22:30:00", run.id],
        )
        run.invalidate_recordset()
        self.assertIn("16.05.24, 00:30", run.display_name)

    def test_d3_failure_is_said(self):
        partners = self._create_customers(2)
        service = self.env.registry["account.followup.text"]
        render = service._render_batch

        def fail_for_one(self, followups, *args, **kwargs):
            if partners[0] in followups.partner_id:
                raise ValueError("Template went wrong")
            return render(self, followups, *args, **kwargs)

        wizard = self._open_wizard(partners)
        with (
            self.mock_mail_gateway(),
            patch.object(service, "_render_batch", fail_for_one),
        ):
            action = wizard.action_process()
        run = self.env["account.followup.run"].browse(action["res_id"])
        self.assertEqual((run.done_count, run.failed_count), (1, 1))
        self.assertEqual(run.line_ids[0].reason, "Template went wrong")

    def test_d3_one_pdf_for_all_letters(self):
        self.levels.write({"send_letter": True, "send_email": False})
        partners = self._create_customers(2)
        wizard = self._open_wizard(partners)
        self.assertTrue(wizard.has_letters)
        wizard.letters = "print"
        action = wizard.action_process()
        run = self.env["account.followup.run"].browse(action["res_id"])
        self.assertEqual(run.letter_count, 2)
        self.assertEqual(
            set(run.line_ids.reminder_id.delivery_ids.mapped("channel")), {"print"}
        )
        module = "odoo.addons.account_payment_followup.models"
        with patch(
            f"{module}.account_followup_run_mixin.merge_pdf",
            lambda contents: b"merged %d" % len(contents),
        ):
            action = run.with_user(self.clerk).action_print_letters()
        attachment_id = int(action["url"].split("/")[-1].split("?")[0])
        attachment = self.env["ir.attachment"].browse(attachment_id)
        self.assertEqual(attachment.with_user(self.clerk).raw, b"merged 2")

    def test_v2_letters_wait_to_be_printed(self):
        """A letter is to print until somebody took the file; the runs say so."""
        self.levels.write({"send_letter": True, "send_email": False})
        partners = self._create_customers(2)
        wizard = self._open_wizard(partners)
        wizard.letters = "print"
        run = self.env["account.followup.run"].browse(wizard.action_process()["res_id"])
        runs = self.env["account.followup.run"].with_user(self.clerk)
        waiting = [("to_print_count", ">", 0)]
        self.assertEqual(runs.search(waiting), run)
        self.assertEqual(run.to_print_count, 2)
        deliveries = run.line_ids.reminder_id.delivery_ids
        self.assertEqual(deliveries.mapped("is_to_print"), [True, True])
        reminders = self.env["account.followup.reminder"].with_user(self.clerk)
        to_print = [
            ("delivery_ids.is_to_print", "=", True),
            ("partner_id", "in", partners.ids),
        ]
        self.assertEqual(len(reminders.search(to_print)), 2)
        # it is not tidied away after a month
        self.env.cr.execute(
            "UPDATE account_followup_run SET create_date = '2024-01-01'"
        )
        run.invalidate_recordset()
        self.env["account.followup.run"].sudo()._gc_runs()
        self.assertTrue(run.exists())
        deliveries[0].with_user(self.clerk).action_download()
        self.assertEqual(run.to_print_count, 1, "one was taken by itself")
        module = "odoo.addons.account_payment_followup.models"
        for _time in range(2):
            with patch(
                f"{module}.account_followup_run_mixin.merge_pdf",
                lambda contents: b"merged %d" % len(contents),
            ):
                action = run.with_user(self.clerk).action_print_letters()
            attachment_id = int(action["url"].split("/")[-1].split("?")[0])
            attachment = self.env["ir.attachment"].browse(attachment_id)
            merged = attachment.with_user(self.clerk).raw
            self.assertEqual(merged, b"merged 2", "again, all of them")
            self.assertEqual(run.to_print_count, 0)
        self.assertFalse(runs.search(waiting))
        self.assertFalse(reminders.search(to_print))
        self.env["account.followup.run"].sudo()._gc_runs()
        self.assertFalse(run.exists())

    def test_v2_letter_from_the_window_is_handed_out(self):
        self.levels.write({"send_letter": True, "send_email": False})
        self._create_late(20)
        wizard = self._open_window(user=self.clerk)
        wizard.update({"do_print": True, "do_letter": False, "do_email": False})
        wizard.action_send()
        self.assertEqual(self._get_reminders().delivery_ids.channel, "print")
        self.assertFalse(self._get_reminders().delivery_ids.is_to_print)

    def test_u17_failed_are_mended_and_tried_again(self):
        """From the page of the run: open the customer, mend, Try Again."""
        partners = self._create_customers(1)
        silent = self._create_customer("Silent", email=False)
        self._create_late(20, partner=silent)
        with self.mock_mail_gateway():
            action = self._open_wizard(partners + silent).action_process()
            self._run_mail_queue()
        run = self.env["account.followup.run"].with_user(self.clerk)
        run = run.with_company(self.company).browse(action["res_id"])
        self.assertEqual((run.done_count, run.failed_count), (1, 1))
        line = run.failed_line_ids
        action = line.action_open_customer()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("res.partner", silent.id)
        )
        action = run.action_open_failed()
        rows = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(rows.partner_id, silent)
        silent.email = "silent@customer.example.com"
        other = self._create_user("other", "account.group_account_invoice")
        with self.mock_mail_gateway():
            run.with_user(other).action_retry_failed()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        self.assertEqual((run.done_count, run.failed_count), (2, 0))
        self.assertEqual(self._get_reminders(silent)[-1].state, "sent")
        self.assertEqual(self._get_reminders(silent)[-1].user_id, other)
        with self.assertRaisesRegex(UserError, "nobody to try again"):
            run.action_retry_failed()

    # ------------------------------------------------------------------
    # Shown on one day, done on another
    # ------------------------------------------------------------------

    def _show(self, partners):
        """Open the window as the browser does, which saves it when it is pressed."""
        self.company.partner_id.tz = "UTC"
        action = partners.with_user(self.clerk).with_company(self.company)
        action = action.action_process_followups()
        model = self.env[action["res_model"]].with_user(self.clerk)
        model = model.with_company(self.company).with_context(**action["context"])
        return Form(model)

    def _press(self, form):
        """Save the window and press its button; return it, and what it leads to."""
        wizard = form.save()
        with self.mock_mail_gateway():
            return wizard, wizard.action_process()

    def _assert_shown_anew(self, wizard, action):
        self.assertEqual(
            (action["res_model"], action["res_id"]), (wizard._name, wizard.id)
        )
        self.assertTrue(wizard.is_changed)
        self.assertFalse(self._get_reminders(wizard.partner_ids[0]))

    def test_d3_pressed_on_another_day(self):
        """Another level is due, and who was to be skipped: both are shown before."""
        self.company.followup_catch_up = "jump"  # level 15 comes tomorrow
        partners = self._create_customers(2, days_late=14)
        case = self._get_followup(partners[1])
        case.next_reminder_date = TODAY + timedelta(days=1)
        with freeze_time("2024-05-15 23:50:00"):
            form = self._show(partners)
            self.assertEqual((form.due_count, form.skipped_count), (1, 1))
        with freeze_time("2024-05-16 00:05:00"):
            wizard, action = self._press(form)
            self._assert_shown_anew(wizard, action)
            self.assertFalse(self._get_reminders(partners[1]))
            self.assertEqual(wizard.due_count, 2)
            self.assertEqual(wizard.line_ids.level_id, self.level_2)
            with self.mock_mail_gateway():
                action = wizard.with_user(self.clerk).action_process()
        run = self.env["account.followup.run"].browse(action["res_id"])
        self.assertEqual(run.line_ids.reminder_id.level_id, self.level_2)
        self.assertEqual(run.done_count, 2)

    def test_d3_pressed_with_more_than_was_shown(self):
        for number, change in enumerate(
            (
                lambda partner: self._create_late(20, 50, partner=partner),
                lambda _partner: self.levels.write({"send_letter": True}),
            )
        ):
            with self.subTest(number):
                partner = self._create_customers(1)
                form = self._show(partner)
                change(partner)
                self._assert_shown_anew(*self._press(form))

    def test_d3_pressed_with_less_than_was_shown(self):
        """What is paid by then is skipped, the others are as they were shown."""
        partners = self._create_customers(2)
        with freeze_time("2024-05-15 23:50:00"):
            form = self._show(partners)
        with freeze_time("2024-05-16 00:05:00"):
            self._pay(partners[0].invoice_ids)
            wizard, action = self._press(form)
        run = self.env["account.followup.run"].browse(action["res_id"])
        self.assertFalse(wizard.is_changed)
        self.assertEqual((run.done_count, run.skipped_count), (1, 1))

    def test_d3_background_goes_on_past_midnight(self):
        """With what was shown, and not at all when days have passed."""
        self.company.followup_catch_up = "jump"
        for moment, state, reason in (
            ("2024-05-16 00:05:00", "done", ""),
            ("2024-05-18 08:00:00", "skipped", "begun on 05/15/2024"),
        ):
            with self.subTest(moment):
                partner = self._create_customers(1, days_late=14)
                with (
                    freeze_time("2024-05-15 23:58:00"),
                    patch(
                        "odoo.addons.account_payment_followup.models."
                        "account_followup_run.DIRECT_LIMIT",
                        0,
                    ),
                ):
                    _wizard, action = self._press(self._show(partner))
                with freeze_time(moment), self.mock_mail_gateway():
                    self._run_in_background()
                run = self.env["account.followup.run"].browse(action["res_id"])
                self.assertEqual(run.line_ids.state, state)
                self.assertIn(reason, run.line_ids.reason or "")
                level = self.level_1 if state == "done" else self.level_1.browse()
                self.assertEqual(self._get_reminders(partner).level_id, level)

    def test_d3_nobody_due(self):
        wizard = self._open_wizard(self._create_customers(1, days_late=None))
        with self.assertRaisesRegex(UserError, "None of the selected customers"):
            wizard.action_process()

    def test_g2_process(self):
        partners = self._create_customers(1)
        reader = self._create_user("reader", "account.group_account_readonly")
        with self.assertRaises(AccessError):
            partners.with_user(reader).action_process_followups()
        wizard = self._open_wizard(partners)
        other = self._create_user("other", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            wizard.with_user(other).action_process()

from datetime import date, timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..models import account_followup_statement_schedule
from .common import TODAY, FollowupCommon
from .iap_common import IapCommon

APRIL = (date(2024, 4, 1), date(2024, 4, 30))
MAIL_QUEUE = "mail.ir_cron_mail_scheduler_action"


class StatementCommon(FollowupCommon):
    """Customers who owe something, and a clerk who sends statements."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")
        cls.cron = cls.env.ref("account_payment_followup.ir_cron_send_statements")
        cls.invoice = cls._create_late(20)

    def _create_customers(self, count, **values):
        partners = self.env["res.partner"]
        for number in range(count):
            partner = self._create_customer(f"Customer {number:02}", **values)
            self._create_late(20, partner=partner)
            partners += partner
        return partners

    def _open_statement_window(self, partners=None, user=None, **values):
        """Open Send Statements as the button does; return the window."""
        partners = (partners or self.customer).with_user(user or self.clerk)
        action = partners.with_company(self.company).action_send_followup_statement()
        windows = self.env[action["res_model"]].with_user(user or self.clerk)
        context = {**action["context"], "allowed_company_ids": self.company.ids}
        return windows.with_context(**context).create(values)

    def _get_statements(self, partner=None):
        domain = [("partner_id", "=", (partner or self.customer).id)]
        return self.env["account.followup.statement"].search(domain, order="id")

    def _send(self, window):
        """Send, with the mail queue; return (action, e-mails that have left)."""
        with self.mock_mail_gateway():
            action = window.action_send()
            self.env.flush_all()
            self._run_mail_queue()
            return action, list(self._mails)

    def _run_job(self, day=None, queue=True):
        """Run the scheduled action, and the mail queue; return the e-mails."""
        with freeze_time(day or TODAY), self.mock_mail_gateway():
            self._run_cron()
            if queue:
                self._run_mail_queue()
            return list(self._mails)

    def _patch_pages(self, method):
        """Replace the printing of pages by a method of the row builder."""
        report = self.env.registry["account.followup.report"]
        return patch.object(report, "_render_statements", method)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestStatement(StatementCommon, CronMixinCase):
    """Rows F2, F3: statements that a person sends."""

    # ------------------------------------------------------------------
    # F2: one customer
    # ------------------------------------------------------------------

    def test_f2_email_with_document(self):
        window = self._open_statement_window()
        self.assertEqual(
            window.contact_info, "Late Ltd <late.ltd@customer.example.com>"
        )
        self.assertFalse(window.alerts)
        self.assertIn("Statement of account", window.subject)
        self.assertIn("01/01/2024 to 05/15/2024", window.body)
        action, (mail,) = self._send(window)
        self.assertEqual(action["tag"], "display_notification")
        params = action["params"]
        self.assertEqual(params["next"]["type"], "ir.actions.act_window_close")
        self.assertEqual(params["links"][0]["label"], self.customer.display_name)
        self.assertIn("late.ltd@customer.example.com", mail["email_to"][0])
        self.assertIn("Please find attached", mail["body"])
        ((name, content, mimetype),) = mail["attachments"]
        self.assertTrue(name.endswith(".pdf"), name)
        statement = self._get_statements()
        self.assertEqual(statement.state, "sent")
        self.assertEqual(statement.attachment_id.raw, content, "the copy is kept")
        self.assertEqual(statement.user_id, self.clerk)
        self.assertEqual(statement.trigger, "manual")
        self.assertEqual(statement.date, TODAY)
        self.assertEqual(statement.channels, "Email")
        self.assertEqual(
            statement.delivery_ids.recipient, "late.ltd@customer.example.com"
        )
        message = self.customer.message_ids[0]
        self.assertEqual(message, statement.mail_message_id)
        self.assertEqual(message.attachment_ids.raw, content, "in the chatter, too")
        self.assertEqual(message.author_id, self.clerk.partner_id)
        self.assertEqual(message.message_type, "auto_comment", "answers: as reminders")
        self.assertFalse(self._get_reminders(), "a statement is no reminder")
        self.assertFalse(self.invoice.followup_level_id)

    def test_f2_nothing_leaves_inside(self):
        window = self._open_statement_window()
        # in tests core sends at once what else it sends after the commit
        released = patch.object(self.env.registry["mail.mail"], "send_after_commit")
        with self.mock_mail_gateway(), released as release:
            window.action_send()
            self.env.flush_all()
            self.assertFalse(self._mails, "the transaction is not over")
        release.assert_called_once()
        self.assertEqual(self._get_statements().state, "queued")

    def test_f2_own_words(self):
        window = self._open_statement_window()
        window.subject = "Your account"
        window.body = "<p>As we said on the phone</p>"
        window.period = "last_month"
        self.assertEqual((window.date_from, window.date_to), APRIL)
        self.assertEqual(window.subject, "Your account", "other days keep the words")
        _action, (mail,) = self._send(window)
        self.assertEqual(mail["subject"], "Your account")
        self.assertIn("As we said on the phone", mail["body"])
        statement = self._get_statements()
        self.assertEqual((statement.date_from, statement.date_to), APRIL)
        self.assertIn("As we said", statement.body)

    def test_f2_window_on_the_screen(self):
        action = self.customer.with_user(self.clerk).action_send_followup_statement()
        windows = self.env[action["res_model"]].with_user(self.clerk)
        form = Form(windows.with_context(**action["context"]))
        form.period = "last_month"
        self.assertIn("04/01/2024 to 04/30/2024", form.body)
        form.date_to = date(2024, 5, 3)
        self.assertEqual(form.period, "custom")
        self.assertEqual(form.date_from, APRIL[0], "own days stay")
        form.period = "all"
        self.assertFalse(form.date_from)
        self.assertIn("Until 05/15/2024", form.body)
        form.subject = "Mine"
        window = form.save()
        self.assertEqual((window.subject, window.period), ("Mine", "all"))
        self.assertEqual(window.partner_ids, self.customer)

    def test_f2_days_of_the_screen(self):
        """The report opens the window for the days that it shows."""
        partner = self.customer.with_user(self.clerk).with_context(
            default_period="custom",
            default_date_from="2024-04-01",
            default_date_to="2024-04-30",
        )
        action = partner.action_send_followup_statement()
        windows = self.env[action["res_model"]].with_user(self.clerk)
        window = windows.with_context(**action["context"]).create({})
        self.assertEqual((window.date_from, window.date_to), APRIL)

    def test_f2_double_click(self):
        window = self._open_statement_window()
        _action, mails = self._send(window)
        action, more = self._send(window)
        self.assertEqual((len(mails), len(more)), (1, 0))
        self.assertEqual(action["tag"], "display_notification")
        params = action["params"]
        self.assertEqual(params["next"]["type"], "ir.actions.act_window_close")
        self.assertEqual(params["links"][0]["label"], self.customer.display_name)
        self.assertEqual(len(self._get_statements()), 1)

    def test_f2_print(self):
        window = self._open_statement_window(do_print=True, do_email=False)
        action, mails = self._send(window)
        self.assertFalse(mails)
        statement = self._get_statements()
        self.assertEqual(
            (statement.state, statement.channels), ("sent", "Printed Letter")
        )
        self.assertEqual(
            action["url"], f"/web/content/{statement.attachment_id.id}?download=true"
        )
        self.assertTrue(action["close"])
        note = self.customer.message_ids[0]
        self.assertIn("Printed Letter", note.body)
        self.assertEqual(note.attachment_ids.raw, statement.attachment_id.raw)
        self.assertEqual(statement.action_download()["url"], action["url"])

    def test_f2_send_and_print(self):
        window = self._open_statement_window(do_print=True)
        action, mails = self._send(window)
        self.assertEqual(len(mails), 1)
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertEqual(
            set(self._get_statements().delivery_ids.mapped("channel")),
            {"email", "print"},
        )

    def test_f2_missing_address(self):
        self.customer.email = False
        window = self._open_statement_window(do_letter=True)
        self.assertEqual(
            window.alerts["email"]["message"], "Late Ltd has no valid e-mail address."
        )
        self.assertEqual(window.alerts["email"]["action"]["res_id"], self.customer.id)
        self.assertIn("no complete postal address", window.alerts["letter"]["message"])
        self.assertIn("in-app credits", window.alerts["credits"]["message"])
        with self.assertRaisesRegex(UserError, "no valid e-mail address"):
            window.action_send()

    def test_f2_nothing_to_state(self):
        idle = self._create_customer("Idle")
        window = self._open_statement_window(idle)
        self.assertIn("No balance", window.alerts["skipped"]["message"])
        with self.assertRaisesRegex(UserError, "Idle: No balance, and no postings"):
            window.action_send()

    def test_f2_balance_zero_but_postings(self):
        self._pay(self.invoice)
        window = self._open_statement_window()
        _action, mails = self._send(window)
        self.assertEqual(len(mails), 1, "it was invoiced and paid within the period")
        window = self._open_statement_window(period="custom")
        window.write(
            {"date_from": TODAY - timedelta(99), "date_to": TODAY - timedelta(90)}
        )
        with self.assertRaisesRegex(UserError, "No balance"):
            window.action_send()

    def test_f2_bad_input(self):
        window = self._open_statement_window(do_email=False)
        with self.assertRaisesRegex(UserError, "Tick Print, Email or By Post"):
            window.action_send()
        window = self._open_statement_window(period="custom", date_from=TODAY)
        window.date_to = TODAY - timedelta(1)
        with self.assertRaisesRegex(UserError, "05/15/2024.*after.*05/14/2024"):
            window.action_send()
        window.date_to = False
        with self.assertRaisesRegex(UserError, "last day"):
            window.action_send()

    def test_f2_follow_up_contacts(self):
        """Statements go to those who get the reminders (C3)."""
        contact = self.env["res.partner"].create(
            {
                "name": "Bookkeeper",
                "type": "followup",
                "parent_id": self.customer.id,
                "email": "books@customer.example.com",
            }
        )
        window = self._open_statement_window(contact)
        self.assertEqual(window.partner_ids, self.customer)
        _action, (mail,) = self._send(window)
        self.assertIn("books@customer.example.com", mail["email_to"][0])

    def test_f2_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("de_DE")
        template = self.env.ref("account_payment_followup.mail_template_statement")
        template.with_context(lang="de_DE").write(
            {
                "subject": "Kontoauszug von {{ object.env.company.name }}",
                "body_html": "<p>Ihr Kontoauszug "
                "<t t-out=\"ctx.get('statement_period')\"/></p>",
            }
        )
        self.customer.lang = "de_DE"
        window = self._open_statement_window(period="last_month")
        _action, (mail,) = self._send(window)
        self.assertTrue(mail["subject"].startswith("Kontoauszug von"))
        self.assertIn("01.04.2024", mail["body"])
        self.assertIn("30.04.2024", mail["body"])
        statement = self._get_statements()
        self.assertEqual(statement.lang, "de_DE")
        ((name, content, _mimetype),) = mail["attachments"]
        self.assertEqual(name, statement.attachment_id.name)
        self.assertIn(b"30.04.2024", content)
        self.assertNotIn(b"04/30/2024", content)

    def test_f2_failed_email(self):
        window = self._open_statement_window()
        with (
            self.mock_mail_gateway(),
            patch.object(IrMail_Server, "send_email", side_effect=OSError("refused")),
            mute_logger("odoo.addons.mail.models.mail_mail"),
        ):
            window.action_send()
            self._run_mail_queue()
        statement = self._get_statements()
        self.assertEqual(statement.state, "failed")
        self.assertTrue(statement.failure_reason)
        # once more, as it was
        with self.mock_mail_gateway():
            statement.delivery_ids.with_user(self.clerk).action_retry()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        self.assertEqual(statement.state, "sent")
        self.assertFalse(statement.failure_reason)

    def test_f2_paid_meanwhile(self):
        """A statement claims nothing: it leaves also when all is paid."""
        window = self._open_statement_window()
        with self.mock_mail_gateway():
            window.action_send()
            self._pay(self.invoice)
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        self.assertEqual(self._get_statements().state, "sent")

    def test_f2_history_of_the_customer(self):
        self.assertEqual(self.customer.followup_statement_count, 0)
        self._send(self._open_statement_window())
        self.customer.invalidate_recordset(["followup_statement_count"])
        self.assertEqual(self.customer.followup_statement_count, 1)
        action = self.customer.action_view_followup_statements()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, self._get_statements())

    def test_f2_only_clerks_send(self):
        reader = self._create_user("reader", "account.group_account_readonly")
        with self.assertRaises(AccessError):
            self.customer.with_user(reader).action_send_followup_statement()
        self._send(self._open_statement_window())
        statement = self._get_statements().with_user(reader)
        self.assertEqual(statement.state, "sent", "who may look sees the history")
        self.assertTrue(statement.action_download()["url"])

    def test_f2_two_companies(self):
        """What another company is owed is not stated, nor sent in its name."""
        other = self.setup_other_company(name="Second House")["company"]
        idle = self._create_customer("Theirs")
        self._create_late(20, partner=idle.with_company(other), company_id=other.id)
        window = self._open_statement_window(idle)
        with self.assertRaisesRegex(UserError, "No balance"):
            window.action_send()
        with self.assertRaises(AccessError):
            self._open_statement_window(company_id=other.id)
        self._send(self._open_statement_window())
        user = self._create_user("stranger", "account.group_account_manager")
        user.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        statements = self.env["account.followup.statement"].with_user(user)
        self.assertFalse(statements.search([("partner_id", "=", self.customer.id)]))

    # ------------------------------------------------------------------
    # F3: many customers
    # ------------------------------------------------------------------

    def test_f3_few_at_once(self):
        partners = self._create_customers(3)
        silent = self._create_customers(1, email=False)
        idle = self._create_customer("Idle")
        refuser = self._create_customers(1)
        refuser.followup_statement_opt_out = True
        window = self._open_statement_window(partners + silent + idle + refuser)
        self.assertEqual(window.partner_count, 6)
        self.assertEqual(
            window.alerts["email"]["message"],
            "1 of 6 customers have no valid e-mail address.",
        )
        self.assertEqual(window.alerts["email"]["action"]["res_id"], silent.id)
        self.assertIn(
            "2 of 6 customers are left out", window.alerts["skipped"]["message"]
        )
        action, mails = self._send(window)
        self.assertEqual(len(mails), 3)
        run = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(run.state, "done")
        self.assertEqual(
            (run.total_count, run.done_count, run.skipped_count, run.failed_count),
            (6, 3, 2, 1),
        )
        self.assertEqual(run.failed_statement_ids.partner_id, silent)
        self.assertEqual(run.skipped_statement_ids.partner_id, idle + refuser)
        reasons = {one.partner_id: one.failure_reason for one in run.statement_ids}
        self.assertEqual(reasons[refuser], "The customer wants no statements.")
        self.assertIn("No balance", reasons[idle])
        self.assertIn("no valid e-mail address", reasons[silent])
        self.assertFalse(reasons[partners[0]])
        self.assertEqual(
            set(run.statement_ids.filtered("delivery_ids").mapped("trigger")), {"mass"}
        )

    def test_f3_opted_out_by_hand(self):
        self.customer.followup_statement_opt_out = True
        window = self._open_statement_window()
        self.assertIn("wants no statements", window.alerts["opt_out"]["message"])
        _action, mails = self._send(window)
        self.assertEqual(len(mails), 1)

    def test_f3_opt_out_is_searched_and_kept(self):
        partners = self.env["res.partner"].with_user(self.clerk)
        condition = [("followup_statement_opt_out", "=", True)]
        self.assertNotIn(self.customer, partners.search(condition))
        self.customer.followup_statement_opt_out = True
        self.env.invalidate_all()
        self.assertTrue(self.customer.followup_statement_opt_out)
        self.assertTrue(self._get_followup().statement_opt_out)
        self.assertIn(self.customer, partners.search(condition))

    def test_f3_background(self):
        partners = self._create_customers(12)
        window = self._open_statement_window(partners)
        with self.capture_triggers(self.cron.id) as captured:
            action, mails = self._send(window)
        self.assertTrue(captured.records)
        self.assertFalse(mails)
        run = self.env[action["res_model"]].browse(action["res_id"]).sudo()
        self.assertEqual((run.state, run.waiting_count), ("running", 12))
        waiting = self._get_statements(partners[0])
        self.assertEqual((waiting.state, waiting.channels), ("waiting", False))
        mails = self._run_job()
        self.assertEqual(len(mails), 12)
        self.assertEqual((run.state, run.done_count, run.percentage), ("done", 12, 100))
        self.assertEqual(
            run.statement_ids.mail_message_id.author_id, self.clerk.partner_id
        )
        self.assertFalse(self._run_job(), "nothing is done twice")

    def test_f3_merged_print(self):
        partners = self._create_customers(3)
        window = self._open_statement_window(partners, do_print=True, do_email=False)
        contents = []

        def merge_pdf(pages):
            contents.extend(pages)
            return b"%PDF all"

        module = "odoo.addons.account_payment_followup.models"
        with patch(f"{module}.account_followup_run_mixin.merge_pdf", merge_pdf):
            action, mails = self._send(window)
        self.assertFalse(mails)
        document = self.env["ir.attachment"].browse(
            int(action["url"].split("/")[-1].split("?")[0])
        )
        self.assertEqual(document.raw, b"%PDF all")
        self.assertEqual(len(contents), 3)
        for partner, content in zip(partners, contents, strict=True):
            self.assertIn(partner.name.encode(), content)

    def test_f3_error_stays_with_its_customer(self):
        partners = self._create_customers(3)
        original = self.env.registry["account.followup.report"]._render_statements

        def render(report, customers, options):
            if partners[1] in customers:
                raise ValueError("This page is broken")
            return original(report, customers, options)

        window = self._open_statement_window(partners)
        with self._patch_pages(render):
            _action, mails = self._send(window)
        self.assertEqual(len(mails), 2)
        broken = self._get_statements(partners[1])
        self.assertEqual(broken.state, "failed")
        self.assertEqual(broken.failure_reason, "This page is broken")
        self.assertFalse(broken.delivery_ids)
        self.assertEqual(self._get_statements(partners[2]).state, "sent")

    def test_f3_error_while_queuing(self):
        """What was written for a customer that fails is taken back."""
        partners = self._create_customers(2)
        service = self.env.registry["account.followup.chatter"]
        original = service._post_messages

        def post(self, posts):
            messages = original(self, posts)
            if any(one["partner"] == partners[0] for one in posts):
                text = "No more paper"
                raise UserError(text)
            return messages

        window = self._open_statement_window(partners)
        with patch.object(service, "_post_messages", post):
            _action, mails = self._send(window)
        self.assertEqual(len(mails), 1)
        failed = self._get_statements(partners[0])
        self.assertEqual(
            (failed.state, failed.failure_reason), ("failed", "No more paper")
        )
        self.assertFalse(failed.attachment_id)

    def test_f3_sender_lost_access(self):
        """It fails with a reason; the job goes on with the next run."""
        partners = self._create_customers(11)
        window = self._open_statement_window(partners)
        self._send(window)
        self.clerk.group_ids = [Command.set(self.env.ref("base.group_user").ids)]
        self.assertFalse(self._run_job())
        statement = self._get_statements(partners[0])
        self.assertEqual(statement.state, "failed")
        self.assertIn("Only accountants", statement.failure_reason)

    def test_f3_work_list(self):
        partners = self.customer + self._create_customers(1)
        rows = self.env["account.followup.customer"].search(
            [("partner_id", "in", partners.ids)]
        )
        action = rows.with_user(self.clerk).action_send_followup_statement()
        self.assertEqual(
            set(action["context"]["default_partner_ids"]), set(partners.ids)
        )
        self.assertEqual(action["context"]["default_company_id"], self.company.id)

    def test_f3_old_runs_are_removed(self):
        window = self._open_statement_window()
        self._send(window)
        run = window.run_id.sudo()
        run._gc_runs()
        self.assertTrue(run.exists())
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_followup_statement_run SET create_date = '2024-01-01'"
        )
        run._gc_runs()
        self.assertFalse(run.exists())
        self.assertTrue(self._get_statements(), "the history stays")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestStatementLetter(IapCommon, StatementCommon):
    """Row F2: statements by post, against a stand-in for the remote service."""

    def test_f2_letter(self):
        window = self._open_statement_window(do_letter=True, do_email=False)
        window.action_send()
        self.env.flush_all()
        self.assertFalse(self.service.requests, "nothing leaves before the queue")
        statement = self._get_statements()
        self.assertEqual(statement.state, "queued")
        self._run_letter_queue()
        (letter,) = self.service.letters
        self.assertEqual(letter["address"]["street"], "1 Main Street")
        self.assertIn(b"Late Ltd", letter["pdf"])
        self.assertEqual(statement.state, "sent")
        self.assertEqual(statement.channels, "Letter by Post")
        self.assertIn("1 Main Street", statement.delivery_ids.recipient)
        self._run_letter_queue()
        self.assertEqual(len(self.service.letters), 1)

    def test_f2_letter_without_credits(self):
        self.service.letter_answer = "CREDIT_ERROR"
        window = self._open_statement_window(do_letter=True)
        with self.mock_mail_gateway():
            window.action_send()
            self._run_mail_queue()
        self._run_letter_queue()
        statement = self._get_statements()
        states = {one.channel: one.state for one in statement.delivery_ids}
        self.assertEqual(states, {"email": "sent", "letter": "failed"})
        self.assertEqual(statement.state, "sent", "one channel is enough")
        self.assertIn("credits", statement.failure_reason)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestStatementSchedule(StatementCommon, CronMixinCase):
    """Row F3: the monthly statements of a company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2024-01-10"):
            cls.company.write(
                {"followup_statement_monthly": True, "followup_statement_day": 5}
            )
            cls.env.flush_all()

    def test_f3_schedule_is_off_at_first(self):
        other = self.setup_other_company(name="Second House")["company"]
        self.assertFalse(other.followup_statement_monthly)
        self.company.followup_statement_monthly = False
        self.assertFalse(self._run_job())
        self.assertFalse(self._get_statements())

    def test_f3_schedule_of_two_months(self):
        self.assertFalse(self._run_job("2024-02-04"), "of December, before the start")
        self._create_late(90)  # dated in February
        self.assertEqual(len(self._run_job("2024-04-05")), 1)
        first = self._get_statements()
        self.assertEqual(
            (first.date_from, first.date_to), (date(2024, 3, 1), date(2024, 3, 31))
        )
        self.assertEqual((first.trigger, first.state), ("automatic", "sent"))
        self.assertFalse(first.user_id)
        self.assertEqual(first.mail_message_id.author_id, self.responsible.partner_id)
        for day in ("2024-04-05", "2024-04-06", "2024-04-30", "2024-05-04"):
            self.assertFalse(self._run_job(day), day)
        self.assertEqual(len(self._run_job("2024-05-05")), 1)
        second = self._get_statements() - first
        self.assertEqual((second.date_from, second.date_to), APRIL)

    def test_f3_schedule_catches_up(self):
        """The server was off on the day, and for the rest of the month."""
        self.assertEqual(len(self._run_job("2024-05-28")), 1)
        self.assertEqual(self._get_statements().date_to, APRIL[1])
        self.assertEqual(len(self._run_job("2024-08-02")), 1, "one, not three")
        self.assertEqual(self._get_statements()[-1].date_to, date(2024, 6, 30))

    def test_f3_schedule_starts_with_the_next_day(self):
        """Switching it on sends nothing of the past."""
        self.company.followup_statement_monthly = False
        self.company.followup_statement_monthly = True
        self.assertFalse(self._run_job(TODAY))
        self.assertFalse(self._run_job("2024-06-04"))
        self.assertEqual(len(self._run_job("2024-06-05")), 1)

    def test_f3_schedule_who(self):
        idle = self._create_customer("Idle")
        refuser, archived = self._create_customers(2)
        refuser.followup_statement_opt_out = True
        archived.active = False
        paid = self._create_customers(1)
        self._pay(self.env["account.move"].search([("partner_id", "=", paid.id)]))
        later = self._create_customer("Later")
        self._create_late(-40, partner=later)  # dated in June
        mails = self._run_job()
        self.assertEqual(len(mails), 2, "who owes, and who had postings in April")
        self.assertTrue(self._get_statements(paid))
        self.assertTrue(self._get_statements())
        for partner in (idle, refuser, archived, later):
            self.assertFalse(self._get_statements(partner), partner.name)

    def test_f3_opted_out_while_waiting(self):
        self.env["account.followup.statement.schedule"]._schedule_months()
        self.assertEqual(self._get_statements().state, "waiting")
        self.customer.followup_statement_opt_out = True
        self.assertFalse(self._run_job())
        self.assertEqual(self._get_statements().state, "skipped")

    def test_f3_day_of_the_company(self):
        """At 20:00 UTC on the 4th, it is the 5th in Auckland."""
        self.company.partner_id.tz = "UTC"
        self.assertFalse(self._run_job("2024-05-04 20:00:00"))
        self.company.partner_id.tz = "Pacific/Auckland"
        self.assertEqual(len(self._run_job("2024-05-04 20:00:00")), 1)

    def test_f3_day_that_every_month_has(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.CheckViolation),
        ):
            with self.env.cr.savepoint():
                self.company.followup_statement_day = 31

    def test_f3_killed_in_between(self):
        """What a killed job has committed is not done again, the rest is."""
        self._create_customers(4)
        module = account_followup_statement_schedule
        original = self.env.registry["account.followup.statement.run"]._process
        calls = []

        def process(run, statements):
            calls.append(statements)
            if len(calls) > 1:
                raise psycopg2.OperationalError("killed")
            return original(run, statements)

        registry = self.env.registry["account.followup.statement.run"]
        with patch.object(module, "BATCH_SIZE", 2):
            with patch.object(registry, "_process", process):
                self.assertEqual(len(self._run_job()), 2)
            self.assertEqual(len(self._run_job()), 3)
        statements = self.env["account.followup.statement"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(len(statements), 5)
        self.assertEqual(set(statements.mapped("state")), {"sent"})

    def test_f3_key_in_the_database(self):
        self._run_job()
        statement = self._get_statements().sudo()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            with self.env.cr.savepoint():
                statement.copy({"schedule_key": statement.schedule_key})
                self.env.flush_all()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            with self.env.cr.savepoint():
                statement.run_id.copy(
                    {"schedule_month": statement.run_id.schedule_month}
                )
                self.env.flush_all()

    def test_f3_two_jobs_begin_the_same_month(self):
        """The second one finds the key taken, and goes on with other companies."""
        schedule = self.env["account.followup.statement.schedule"]
        schedule._schedule_months()
        runs = type(self.env["account.followup.statement.run"])
        with patch.object(runs, "search_count", lambda *args, **kwargs: 0):
            schedule._schedule_months()
        self.assertEqual(len(self._get_statements()), 1)

    def test_f3_merged_customers(self):
        """Two customers with statements of the same month become one."""
        (other,) = self._create_customers(1)
        self._run_job()
        before = self._get_statements() + self._get_statements(other)
        self.assertEqual(len(before), 2)
        merge = self.env["base.partner.merge.automatic.wizard"]
        merge._merge((self.customer + other).ids, self.customer)
        self.env.invalidate_all()
        self.assertEqual(self._get_statements(), before.sorted("id"))

    def test_f3_two_companies(self):
        data = self.setup_other_company(name="Second House")
        other = data["company"]
        with freeze_time("2024-01-10"):
            other.write(
                {"followup_statement_monthly": True, "followup_statement_day": 20}
            )
            self.env.flush_all()
        self._create_late(
            20, partner=self.customer.with_company(other), company_id=other.id
        )
        self._run_job("2024-05-05")
        self.assertEqual(self._get_statements().company_id, self.company)
        self._run_job("2024-05-20")
        first, second = self._get_statements()
        self.assertEqual(second.company_id, other)
        self.assertEqual((first.date_to, second.date_to), (APRIL[1], APRIL[1]))
        self.assertIn("Second House", second.body)

    def test_f3_branch(self):
        """The statement of a main company has the postings of its branches."""
        branch = self._create_branch("Branch")
        partner = self._create_customer("Branch Customer")
        self._create_late(20, partner=partner, company_id=branch.id)
        self._run_job()
        self.assertEqual(self._get_statements(partner).company_id, self.company)
        self.assertFalse(branch.followup_statement_monthly)

    def test_f3_one_company_fails(self):
        other = self.setup_other_company(name="Second House")["company"]
        with freeze_time("2024-01-10"):
            other.followup_statement_monthly = True
            self.env.flush_all()
        runs = self.env.registry["account.followup.statement.schedule"]
        original = runs._schedule_month

        def schedule(self, company, month):
            if company == other:
                raise ValueError("broken")
            return original(self, company, month)

        logger = "odoo.addons.account_payment_followup.models"
        with (
            patch.object(runs, "_schedule_month", schedule),
            self.assertLogs(logger, "WARNING"),
        ):
            self.assertEqual(len(self._run_job()), 1)
        self.assertTrue(other.partner_id.activity_ids, "somebody is told")

    def test_f3_no_template(self):
        self.env.ref("account_payment_followup.mail_template_statement").unlink()
        self.assertFalse(self._run_job())
        statement = self._get_statements()
        self.assertEqual(statement.state, "failed")
        self.assertIn("no content template", statement.failure_reason)

    def test_f3_own_template(self):
        template = self.env.ref("account_payment_followup.mail_template_statement")
        self.company.followup_statement_template_id = template.copy(
            {"subject": "Ours of {{ ctx.get('statement_period') }}"}
        )
        (mail,) = self._run_job()
        self.assertEqual(mail["subject"], "Ours of 04/01/2024 to 04/30/2024")

    def test_f3_idle_job(self):
        """With nothing to do, the job ends at once and is not called again."""
        self._run_job()
        with self.capture_triggers(self.cron.id) as captured:
            self.assertFalse(self._run_job())
        self.assertFalse(captured.records)

from datetime import timedelta

from freezegun import freeze_time

from odoo import api, models
from odoo.tests import tagged
from odoo.tools import SQL

from ..report.engine.columns import make_column
from .common import TODAY
from .proof_common import ProofCommon


class ProofReport(models.AbstractModel):
    """What a module writes for one more report, beside an entry in the variants."""

    _module = None
    _name = "account.followup.report.proof"
    _inherit = "account.followup.report.aged_receivable"
    _description = "Proof"

    @api.model
    def _get_columns(self, options):
        number = make_column("text", "number", "Number", SQL("move.name"))
        return [number, *super()._get_columns(options)]


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestHooks(ProofCommon):
    """Each hook of docs/development.md without a proof of its own, as documented."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(20)
        cls.customer = cls.customer.with_company(cls.company)

    def _extend(self, model, name, method):
        """Override a method as a module does; it gets the original one first."""
        model = self.registry[model]
        original = getattr(model, name)
        self.patch(
            model,
            name,
            lambda own, *args, **kwargs: method(original, own, *args, **kwargs),
        )

    def _send(self, window=None):
        with self.mock_mail_gateway():
            (window or self._open_window()).action_send()
            self._run_mail_queue()
        return self._get_reminders()

    # ------------------------------------------------------------------
    # The rule
    # ------------------------------------------------------------------

    def test_which_items_count(self):
        journal = self.invoice.journal_id
        self._extend(
            "account.followup.item",
            "_get_sql_where",
            lambda original, own: SQL(
                "%s AND line.journal_id NOT IN %s", original(own), tuple(journal.ids)
            ),
        )
        self.assertEqual(self.customer.followup_status, "no_action_needed")
        self.assertFalse(self.customer.total_due)
        self._run_cron()
        self.assertFalse(self._get_reminders())

    def test_a_reason_that_holds_for_more(self):
        """A module widens a reason: it holds, also while core's list of it is empty."""
        items = self.env["account.followup.item"]
        more = SQL("line.id = ANY(%s)", self.invoice.line_ids.ids)
        reasons = []
        self._extend(
            "account.followup.item",
            "_get_rest_reasons",
            lambda original, own: [*original(own), *reasons],
        )
        for reason in items._get_resting():
            reasons[:] = [(reason, more, None)]
            self.env.invalidate_all()
            item = items.search([("move_id", "=", self.invoice.id)])
            self.assertEqual(item.rest_reason, reason)
            status = self.customer.followup_status
            self.assertEqual(status, "with_overdue_invoices", reason)

    def test_why_a_customer_is_not_reminded(self):
        self.invoice.line_ids.followup_hold_until = TODAY
        self._extend(
            "account.followup.reason",
            "_get_reason_text",
            lambda original, own, *args: "He is my brother." or original(own, *args),
        )
        row = self.env["account.followup.customer"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(row.reason_text, "He is my brother.")
        window = self.env["account.followup.process.wizard"].create(
            {"partner_ids": self.customer.ids, "company_id": self.company.id}
        )
        self.assertEqual(window.line_ids.reason, "He is my brother.")

    def _stop(self, _original, _own, _row, _trigger, _day):
        return "The lawyer has it."

    def test_why_no_reminder_is_made(self):
        self._extend("account.followup", "_get_stop_reason", self._stop)
        self._run_cron()
        self.assertFalse(self._get_reminders())

    def test_why_none_that_is_queued_may_leave(self):
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY, trigger="automatic")
            self._extend("account.followup", "_get_stop_reason", self._stop)
            self._run_mail_queue()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("The lawyer has it.", reminder.failure_reason)
        self.assertFalse(self._mails)

    def test_why_a_customer_is_skipped_only_now(self):
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY, trigger="automatic")
            self._extend("account.followup", "_get_skip_reason", self._stop)
            self._run_mail_queue()
        self.assertEqual(self._get_reminders().state, "sent", "what is queued leaves")
        other = self._create_customer("Other Ltd")
        self._create_late(20, partner=other)
        self._run_cron()
        self.assertFalse(self._get_reminders(other))

    def test_who_carries_out_a_batch(self):
        jobs, is_working = [], False

        def delay(original, own, company, partner_ids, day):
            jobs.extend(partner_ids)
            return original(own, company, partner_ids, day) if is_working else True

        self._extend("account.followup", "_process_batch", delay)
        self._run_cron()
        self.assertFalse(self._get_reminders())
        self.assertIn(self.customer.id, jobs)
        is_working = True
        self._run_cron()
        self.assertTrue(self._get_reminders())

    # ------------------------------------------------------------------
    # A reminder
    # ------------------------------------------------------------------

    def test_what_a_reminder_names(self):
        self._create_late(10, 4)
        self._extend(
            "account.followup.send",
            "_get_default_rows",
            lambda original, own, rows, day: [
                row for row in original(own, rows, day) if row["residual"] > 5
            ],
        )
        self.assertEqual(self._open_window().item_line_ids.move_id, self.invoice)
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertEqual(
            self._get_reminders().line_ids.move_line_id.move_id, self.invoice
        )

    def test_recipients(self):
        mine = self._create_customer("My Dunning Contact")

        def get_recipients(original, own, partner, channel, items=None):
            return (
                mine if channel == "email" else original(own, partner, channel, items)
            )

        self._extend("account.followup.recipients", "_get_recipients", get_recipients)
        self.assertIn(mine.email, self._open_window().contact_info)
        reminder = self._send()
        self.assertIn(mine.email, reminder.delivery_ids.recipient)
        self.assertIn(mine.email, str(self._mails[-1]["email_to"]))

    def test_texts_channels_and_attachments(self):
        self.assertFalse(self._open_window().attach_invoices)
        self._extend(
            "account.followup.send",
            "_get_default_content",
            lambda original, own, *args: dict(
                original(own, *args), attach_invoices=True
            ),
        )
        self.assertTrue(self._open_window().attach_invoices)

    def test_values_of_a_reminder_or_line(self):
        deadline = TODAY + timedelta(days=33)
        self._extend(
            "account.followup.send",
            "_prepare_reminder",
            lambda original, own, *args: dict(
                original(own, *args), payment_deadline=deadline
            ),
        )
        self._extend(
            "account.followup.send",
            "_prepare_line",
            lambda original, own, *args: dict(original(own, *args), name="My number"),
        )
        reminder = self._send()
        self.assertEqual(reminder.payment_deadline, deadline)
        self.assertEqual(reminder.line_ids.name, "My number")
        self.assertIn("My number", self._mails[-1]["body"])

    def test_message_that_is_sent_as_an_email(self):
        def prepare_post(original, own, sent, part):
            post = original(own, sent, part)
            files = [*post.get("attachments", ()), ("terms.txt", b"Our terms")]
            return {**post, "attachments": files}

        self._extend("account.followup.channel.email", "_prepare_post", prepare_post)
        self._send()
        files = [tuple(file[:2]) for file in self._mails[-1]["attachments"]]
        self.assertIn(("terms.txt", b"Our terms"), files)

    def test_after_reminders(self):
        done = []

        def send(original, own, batch):
            reminders = original(own, batch)
            done.extend(reminders.ids)
            return reminders

        self._extend("account.followup.send", "_send_reminders", send)
        self._send()
        self.assertEqual(done, self._get_reminders().ids)

    # ------------------------------------------------------------------
    # Statements and reports
    # ------------------------------------------------------------------

    def _open_statement_window(self):
        action = self.customer.action_send_followup_statement()
        context = {**action["context"], "allowed_company_ids": self.company.ids}
        return self.env[action["res_model"]].with_context(**context).create({})

    def test_alert_before_statements(self):
        alerts = "account.followup.statement.alert"
        self._extend(
            alerts, "_get_keys", lambda original, own: [*original(own), "paper"]
        )
        self.registry[alerts]._get_paper_alert = lambda own, choice: {
            "level": "info",
            "message": f"Paper for {choice.partners.name}",
        }
        self.addCleanup(delattr, self.registry[alerts], "_get_paper_alert")
        alerts = self._open_statement_window().alerts
        self.assertEqual(alerts["paper"]["message"], "Paper for Late Ltd")

    def test_who_gets_no_statement(self):
        self._extend(
            "account.followup.statement.run",
            "_get_skip_reasons",
            lambda original, own, partners: {
                **original(own, partners),
                **dict.fromkeys(partners, "Not this one."),
            },
        )
        alerts = self._open_statement_window().alerts
        self.assertEqual(alerts["skipped"]["message"], "Not this one.")

    def _get_report(self, variant):
        reports = self.env["account.followup.report"].with_company(self.company)
        options = {"variant": variant, "partner_ids": self.customer.ids}
        report = reports.get_report(options)
        (row,) = report["rows"]
        lines = reports.get_lines(options, row["id"])["rows"]
        return report, [line for line in lines if line["type"] == "line"]

    def test_column_in_one_report(self):
        name = "account.followup.report.aged_receivable"
        column = make_column("text", "kind", "Kind", SQL("move.move_type"))
        self._extend(
            name,
            "_get_columns",
            lambda original, own, options: [*original(own, options), column],
        )
        report, (line,) = self._get_report("aged_receivable")
        self.assertIn("Kind", [column["label"] for column in report["columns"]])
        self.assertEqual(line["values"]["kind"], "out_invoice")
        report, _lines = self._get_report("followup_report")
        self.assertNotIn("Kind", [column["label"] for column in report["columns"]])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestHookReport(ProofCommon):
    """One more report: a model and an entry in the variants."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_models([ProofReport])
        builder = cls.registry["account.followup.report"]
        variants = builder._get_variants
        cls.classPatch(
            builder, "_get_variants", lambda own: {**variants(own), "proof": "Proof"}
        )

    def test_report(self):
        invoice = self._create_late(20)
        reports = self.env["account.followup.report"].with_company(self.company)
        options = {"variant": "proof", "partner_ids": self.customer.ids}
        report = reports.get_report(options)
        self.assertEqual(report["title"], "Proof")
        self.assertIn(["proof", "Proof"], [list(one) for one in report["variants"]])
        (row,) = report["rows"]
        lines = reports.get_lines(options, row["id"])["rows"]
        (line,) = [one for one in lines if one["type"] == "line"]
        self.assertEqual(line["values"]["number"], invoice.name)

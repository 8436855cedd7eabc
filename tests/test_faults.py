import errno
import os
import stat
import tempfile
from contextlib import contextmanager
from datetime import date, timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo.modules import module
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models import ir_actions_report, ir_mail_server
from odoo.addons.base.models.ir_attachment import IrAttachment

from . import smtp_server
from .common import TODAY, FollowupCommon
from .patience import PATIENCE

MAIL_LOGGERS = (
    "odoo.addons.mail.models.mail_mail",
    "odoo.addons.base.models.ir_mail_server",
)


class FaultsCommon(FollowupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.mail"].sudo().search([]).unlink()
        cls.healthy = cls._create_customer("Zoe Healthy")

    @contextmanager
    def _on(self, days):
        """A later (or earlier) day."""
        with freeze_time(TODAY + timedelta(days=days)):
            self.env.invalidate_all()
            yield

    def _run(self):
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
            return len(self._mails)

    def _assert_failed(self, customer, reason, tasks=1):
        """The customer has failed with a reason, and somebody has one task."""
        followup = self._get_followup(customer)
        self.assertRegex(followup.failure_reason or "", reason)
        self.assertGreater(followup.retry_date, TODAY)
        self.assertEqual(len(customer.activity_ids), tasks)
        self.assertEqual(customer.activity_ids.user_id, self.responsible)


class MailServerCommon(FaultsCommon):
    """Real SMTP against a server that can be ill."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.smtp = smtp_server.SmtpServer()
        cls.smtp.start()
        cls.addClassCleanup(cls.smtp.stop)
        servers = cls.env["ir.mail_server"].sudo()
        servers.search([]).active = False
        cls.server = servers.create(
            {
                "name": "Stand-in",
                "smtp_host": "127.0.0.1",
                "smtp_port": cls.smtp.port,
                "smtp_encryption": "none",
            }
        )

    def setUp(self):
        super().setUp()
        self.smtp.answer = smtp_server.OK
        self.smtp.messages.clear()
        self.smtp.recipients.clear()
        self.smtp.refused.clear()

    def _get_timeout(self):
        """Do not wait for a server that will say nothing more."""
        return 1 if self.smtp.answer == smtp_server.HANG else PATIENCE

    def _deliver(self):
        """Run the mail queue as the server does: real connections, real commits."""
        self.env.flush_all()
        with (
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
            patch.object(module, "current_test", None),
            patch.object(ir_mail_server, "SMTP_TIMEOUT", self._get_timeout()),
            mute_logger(*MAIL_LOGGERS),
        ):
            env = self.env(cr=cr, user=self.env.ref("base.user_root").id, context={})
            env["mail.mail"].process_email_queue()
            env.flush_all()
        self.env.invalidate_all()

    def _remind(self, customer):
        self._create_late(20, partner=customer)
        with self.mock_mail_gateway():
            self._run_cron()
        self._deliver()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestMailServerFaults(MailServerCommon):
    """A failure is recorded, and it ends."""

    def test_mail_server_takes_it(self):
        self._remind(self.customer)
        self.assertEqual(len(self.smtp.messages), 1)
        self.assertEqual(self._get_reminders().state, "sent")

    def test_mail_server_is_slow(self):
        self.smtp.answer = smtp_server.SLOW
        self._remind(self.customer)
        self.assertEqual(len(self.smtp.messages), 1)
        self.assertEqual(self._get_reminders().state, "sent")

    def test_mail_server_refuses_or_hangs(self):
        """Down, busy, greylisted, unknown user, too large, hanging: recorded as failed
        with what the server said, one task; the next day it is sent."""
        for answer, reason in (
            (smtp_server.GREETING_4XX, "421|connect"),
            (smtp_server.RECIPIENT_4XX, "451|Greylisted"),
            (smtp_server.RECIPIENT_5XX, "550|No such user"),
            (smtp_server.TOO_LARGE, "552|exceeds"),
            (smtp_server.HANG, "time|Time|connect"),
        ):
            customer = self._create_customer(f"Refused {answer}")
            self.smtp.answer = answer
            with self.subTest(answer=answer):
                self._remind(customer)
                self.assertEqual(self._get_reminders(customer).state, "failed")
                self._assert_failed(customer, reason)
                self.smtp.answer = smtp_server.OK
                self._deliver()
                self.assertFalse(self.smtp.messages, "not again on the same day")
                with self._on(1):
                    self._run_cron()
                    self._deliver()
                self.assertEqual(self._get_reminders(customer)[-1].state, "sent")
                self.assertEqual(len(self.smtp.messages), 1)
            self.smtp.messages.clear()

    def test_mail_server_is_down(self):
        self.server.smtp_port = 1
        self._remind(self.customer)
        self.assertEqual(self._get_reminders().state, "failed")
        self._assert_failed(self.customer, "refused|connect")

    def test_mail_server_dies_in_mid_session(self):
        """It has the message, but did not say so: nobody knows whether it arrived.

        It is not sent again by itself on that day; the delivery ends as failed.
        """
        self.smtp.answer = smtp_server.DIE
        self._remind(self.customer)
        self.assertEqual(len(self.smtp.messages), 1)
        self.smtp.answer = smtp_server.OK
        self._deliver()
        with self.mock_mail_gateway():
            self._run_cron()
        self._deliver()
        reminders = self._get_reminders()
        self.assertEqual(len(reminders), 1)
        self.assertEqual((reminders.state, len(self.smtp.messages)), ("failed", 1))


class PdfFaultsCommon(FaultsCommon):
    """A shell script in place of the PDF engine."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level_1.delay = 1
        cls.level_2.send_letter = True  # only the customer is as late as that
        cls.company.followup_catch_up = "jump"
        cls.customer.write({"zip": "20500", "country_id": cls.env.ref("base.us").id})
        cls._create_late(20)
        cls._create_late(5, partner=cls.healthy)

    @contextmanager
    def _engine(self, script, **info):
        """The engine is a script; ``$out`` is the file that it is to write."""
        real = ir_actions_report._wkhtml()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "wkhtmltopdf")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\nfor out in "$@"; do :; done\n{script}\n')
            os.chmod(path, stat.S_IRWXU)
            fake = real._replace(bin=path, **info)
            with (
                patch.object(ir_actions_report, "_wkhtml", lambda: fake),
                mute_logger("odoo.addons.base.models.ir_actions_report"),
                self.allow_pdf_render(),
            ):
                yield

    def _run_with_engine(self, script=None, customers=None, **info):
        """Remind customers with such an engine; return what came of it."""
        followups = self.env["account.followup"]._get_or_create(
            customers or self.customer + self.healthy, self.company
        )
        with self._engine(script, **info), self.mock_mail_gateway():
            followups = followups.with_context(force_report_rendering=True)
            result = followups._process(TODAY, trigger="automatic")
            self.env.flush_all()
        self.env.invalidate_all()
        return result

    def _assert_only_one_failed(self, reason):
        self.assertFalse(self._get_reminders())
        self._assert_failed(self.customer, reason)
        self.assertEqual(self._get_reminders(self.healthy).state, "queued")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPdfFaults(PdfFaultsCommon):
    """The PDF engine is ill: the customer fails with a reason, the others go on."""

    def test_engine_is_missing(self):
        self._run_with_engine("exit 0", state="install")
        self._assert_only_one_failed("Wkhtmltopdf")

    def test_engine_crashes(self):
        self._run_with_engine("echo out of memory >&2; exit 7")
        self._assert_only_one_failed("error code: 7")

    def test_engine_writes_garbage(self):
        self._run_with_engine('echo "not a document" > "$out"')
        self._assert_only_one_failed("no PDF")

    def test_engine_writes_nothing(self):
        self._run_with_engine("exit 0")
        self._assert_only_one_failed("no PDF")

    def test_engine_is_well_again(self):
        self._run_with_engine("exit 7")
        with self._on(1):
            self._run()
        self.assertEqual(len(self._get_reminders()), 1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestContentFaults(FaultsCommon):
    """Templates, languages, attachments and the disk."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_late(20)

    def _set_body(self, body):
        """Change a text as an update of a module does: without trying it."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mail_template SET body_html = jsonb_build_object('en_US', %s)"
            " WHERE id = %s",
            (str(body), self.template.id),
        )
        self.env.invalidate_all()

    def test_template_is_broken(self):
        """All its customers fail with the reason, and go out when it is mended."""
        body = self.template.body_html
        self._set_body('<p><t t-out="object.there_is_no_such_field"/></p>')
        with mute_logger("odoo.addons.mail.models.mail_render_mixin"):
            self.assertEqual(self._run(), 0)
        self._assert_failed(self.customer, ".")
        self.assertFalse(self._get_reminders())
        self._set_body(body)
        self.assertEqual(self._run(), 0, "not before tomorrow")
        with self._on(1):
            self.assertEqual(self._run(), 1)
        self.assertFalse(self._get_followup().failure_reason)

    def test_template_is_archived(self):
        self.template.active = False
        self.assertEqual(self._run(), 1)

    def test_template_in_use_is_not_deleted(self):
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"):
            self.template.unlink()
            self.env.flush_all()
        self.assertTrue(self.template.exists())

    def test_language_is_missing(self):
        """Who speaks what is not installed any more is written to in another one."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_lang SET active = FALSE WHERE code = 'fr_FR'")
        self.env.registry.clear_all_caches()
        self.env.invalidate_all()
        self.assertEqual(self._run(), 1)
        self.assertEqual(self._get_reminders().lang, "en_US")

    def _store_invoice(self, content):
        attachment = self.env["ir.attachment"].create(
            {
                "name": "stored.pdf",
                "raw": content,
                "res_model": "account.move",
                "res_id": self.invoice.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        self.invoice.invalidate_recordset()
        self.assertEqual(self.invoice.invoice_pdf_report_id, attachment)
        return attachment

    def test_attachment_is_missing(self):
        """The file of a stored invoice is gone: it is printed anew, not sent empty."""
        self.level_1.attach_invoices = True
        attachment = self._store_invoice(b"the stored file")
        os.unlink(attachment._full_path(attachment.store_fname))
        self.env.invalidate_all()
        with mute_logger("odoo.addons.base.models.ir_attachment"):
            self.assertEqual(self._run(), 1)
        attached = self._get_reminders().mail_message_id.attachment_ids
        self.assertEqual(len(attached), 1)
        self.assertTrue(attached.raw)

    def test_attachment_is_stored(self):
        self.level_1.attach_invoices = True
        self._store_invoice(b"the stored file")
        self._run()
        attached = self._get_reminders().mail_message_id.attachment_ids
        self.assertEqual(attached.raw, b"the stored file")

    def test_disk_is_full(self):
        """No room for the letter: recorded, and those without a letter go on."""
        self.level_1.send_letter = True
        self.level_2.write({"send_letter": False})
        self.company.followup_catch_up = "jump"
        self._create_late(2, partner=self.healthy)  # level 1, with a letter
        self.customer.write({"zip": "20500", "country_id": self.env.ref("base.us").id})
        self.healthy.write({"zip": "20500", "country_id": self.env.ref("base.us").id})
        full = OSError(errno.ENOSPC, "No space left on device")
        with (
            patch.object(IrAttachment, "_file_write", side_effect=full),
            mute_logger("odoo.addons.base.models.ir_attachment"),
        ):
            self.assertEqual(self._run(), 1)
        self._assert_failed(self.healthy, "No space left")
        self.assertEqual(self._get_reminders().state, "sent")
        with self._on(1):
            self._run()
        self.assertEqual(len(self._get_reminders(self.healthy)), 1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestMonthOfFailures(FaultsCommon):
    def test_a_month_of_failures(self):
        """One customer fails at each try: the job lives, does not spin, and reminds
        the others."""
        self.customer.email = False
        self._create_late(20)
        self._create_late(0, partner=self.healthy)
        progress = self.env["ir.cron.progress"].sudo()
        for days in (*range(9), 14, 15, 16, 21, 28, 29, 30):
            with self._on(days):
                self._run()
                tries = len(self._get_reminders())
                self._run()
                self.assertEqual(len(self._get_reminders()), tries, "once a day")
                mine = [("cron_id", "=", self.cron.id)]
                last = progress.search(mine, order="id DESC", limit=1)
                self.assertTrue(last)
                self.assertFalse(last.remaining, "it does not ask to go on")
        self.assertEqual(self._get_followup().failure_count, 7)
        self.assertEqual(len(self.customer.activity_ids), 1)
        self.assertEqual(len(self._get_reminders(self.healthy)), 3)
        self.assertTrue(self.cron.active)
        self.assertEqual(self.cron.failure_count, 0)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTime(FaultsCommon):
    """Missed runs, clocks that jump, time zones, leap days and ends of months."""

    def _get_days(self):
        return [reminder.date for reminder in self._get_reminders()]

    def test_d5_missed_for_days(self):
        """After 1, 10 or 400 days without a run: one reminder, at the first level."""
        for missed in (1, 10, 400):
            customer = self._create_customer(f"Missed {missed}")
            self._create_late(0, partner=customer)
            with self._on(1 + missed):
                self.assertEqual(self._run(), 1)
                self.assertEqual(self._run(), 0)
            reminder = self._get_reminders(customer)
            self.assertEqual(reminder.level_id, self.level_1)
            self.assertEqual(reminder.line_ids.days_late, 1 + missed)
            self.customer_is_done(customer)

    def customer_is_done(self, customer):
        self._get_followup(customer).excluded = True

    def test_clock_goes_back(self):
        """Days that come twice remind once; afterwards the ladder goes on."""
        self._create_late(20)
        self.assertEqual(self._run(), 1)
        for days in (-5, -1, 0, -400, 1):
            with self._on(days):
                self.assertEqual(self._run(), 0, f"day {days}")
        with self._on(14):
            self.assertEqual(self._run(), 1)
        self.assertEqual(self._get_reminders()[-1].level_id, self.level_2)

    def test_clock_goes_far_ahead_and_back(self):
        """What a wrong clock has sent is not sent again; the ladder goes on.

        It counts as of the day on which that was noticed, not as of its own.
        """
        self._create_late(20)
        self.company.followup_min_days = 3
        with self._on(3650):
            self.assertEqual(self._run(), 1)
        for days in (0, 1, 13):
            with self._on(days):
                self.assertEqual(self._run(), 0, f"day {days}")
        with self._on(14):
            self.assertEqual(self._run(), 1)
        first, second = self._get_reminders()
        self.assertEqual(first.date, TODAY + timedelta(days=3650), "as it was")
        self.assertEqual(first.noticed_date, TODAY)
        self.assertEqual(second.level_id, self.level_2)
        with self._on(3660):
            self.assertEqual(self._run(), 1)
        self.assertEqual(self._get_reminders()[-1].level_id, self.level_3)

    def test_clock_ahead_is_told(self):
        """In the customer's chatter, and as one task of the company's responsible."""
        self._create_late(20)
        with self._on(365):
            self._run()
        for days in (0, 1):
            with self._on(days):
                self._run()
        notes = [
            message.body
            for message in self.customer.message_ids
            if "dated in the future" in message.body
        ]
        self.assertEqual(len(notes), 1)
        tasks = self.company.partner_id.activity_ids
        self.assertEqual(tasks.summary, "Reminders are dated in the future")
        self.assertEqual(tasks.user_id, self.responsible)
        self.assertIn("05/15/2025", tasks.note)

    def test_failure_while_the_clock_was_ahead(self):
        """The next try is not put off until the clock has come round."""
        self._create_late(20)
        self.customer.email = False
        with self._on(365):
            self._run()
        self.assertEqual(self._get_reminders().state, "failed")
        self.customer.email = "late@customer.example.com"
        with self._on(0):
            self.assertEqual(self._run(), 1)

    def test_clock_ahead_until_it_is_noticed(self):
        """Before the scheduled action has noticed it, it counts as of today."""
        self._create_late(20)
        self.company.followup_min_days = 3
        with self._on(365):
            self._run()
        with self._on(0):
            self.customer.invalidate_recordset()
            partner = self.customer.with_company(self.company)
            self.assertEqual(partner.followup_status, "with_overdue_invoices")
            self.assertEqual(
                partner.followup_next_reminder_date, TODAY + timedelta(days=14)
            )

    def test_g1_companies_on_both_sides_of_the_date_line(self):
        """At one moment it is the 15th at UTC-11 and the 16th at UTC+14."""
        data = self.setup_other_company(name="Kiritimati House")
        east = data["company"]
        self.env.user.company_ids += east
        self.env["account.followup.level"].search(
            [("company_id", "=", east.id)]
        ).unlink()
        self.level_1.copy({"company_id": east.id, "delay": 1, "active": True})
        self._go_live(east)
        east.followup_min_days = 0
        self.company.partner_id.tz = "Pacific/Pago_Pago"
        east.partner_id.tz = "Pacific/Kiritimati"
        self._create_late(0)  # due on the 15th in both
        journal = data["default_journal_sale"]
        self._create_late(0, journal_id=journal.id)
        with freeze_time("2024-05-15 10:30:00"):
            self.env.invalidate_all()
            self.assertEqual(self._run(), 1)
            self.assertEqual(self._get_reminders().company_id, east)
            self.assertEqual(self._get_reminders().date, date(2024, 5, 16))
        with freeze_time("2024-05-16 10:30:00"):
            self.env.invalidate_all()
            self.assertEqual(self._run(), 0, "still the 15th in the west")
        with freeze_time("2024-05-16 11:30:00"):
            self.env.invalidate_all()
            self.assertEqual(self._run(), 1)
        west = self._get_reminders().filtered(lambda one: one.company_id != east)
        self.assertEqual(west.date, date(2024, 5, 16))

    def test_leap_day_and_ends_of_months(self):
        """Days are counted, whatever the month: due day plus 1, 15 and 30."""
        for due, days in (
            ("2024-02-29", ("2024-03-01", "2024-03-15", "2024-03-30")),
            ("2024-01-31", ("2024-02-01", "2024-02-15", "2024-03-01")),
            ("2023-01-31", ("2023-02-01", "2023-02-15", "2023-03-02")),
            ("2023-12-31", ("2024-01-01", "2024-01-15", "2024-01-30")),
        ):
            customer = self._create_customer(f"Due {due}")
            self._create_late(0, partner=customer, day=date.fromisoformat(due))
            sent = []
            for offset in range(32):
                day = date.fromisoformat(due) + timedelta(days=offset)
                with freeze_time(day), self.mock_mail_gateway():
                    self.env.invalidate_all()
                    followup = self._get_followup(customer)
                    followup._process(day, trigger="automatic")
                    self._run_mail_queue()
            sent = [one.date.isoformat() for one in self._get_reminders(customer)]
            self.assertEqual(sent, list(days))

    def test_b5_hold_of_a_month_from_its_end(self):
        window = self.env["account.followup.hold.wizard"]
        for today, until in (
            ("2024-01-31", date(2024, 2, 29)),
            ("2023-01-31", date(2023, 2, 28)),
            ("2024-02-29", date(2024, 3, 29)),
        ):
            with freeze_time(today):
                self.assertEqual(window.new({"period": "month_1"}).hold_until, until)

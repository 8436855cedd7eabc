import re
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import TODAY, FollowupCommon

MODELS = "odoo.addons.account_payment_followup.models"

#: Goal P5: queries for a batch of a hundred customers.
GOAL = 60

#: What is of one reminder only: its number, and the token of its page.
OWN = r"REM/\d+/\d+|/followup/[a-z2-7]{26}"


class BatchCommon(FollowupCommon):
    """Many customers, each with an invoice that is twenty days late."""

    @classmethod
    def _create_customers(cls, count, prefix="Customer", **values):
        """Create customers, every third of them with an invoice address."""
        partners = cls.env["res.partner"].create(
            [
                {
                    "name": f"{prefix} {number}",
                    "email": f"{prefix.lower()}{number}@customer.example.com",
                    "is_company": True,
                    "phone": f"+1202555{number:04}",
                    "street": f"{number} Main Street",
                    "city": "Springfield",
                    "zip": "20500",
                    "country_id": cls.env.ref("base.us").id,
                    "property_payment_term_id": False,
                    **values,
                }
                for number in range(count)
            ]
        )
        cls.env["res.partner"].create(
            [
                {
                    "name": f"Accounts of {partner.name}",
                    "type": "invoice",
                    "parent_id": partner.id,
                    "email": f"accounts.{partner.email}",
                    "phone": partner.phone,
                    "street": "3 Other Street",
                    "city": "Springfield",
                    "zip": "20500",
                    "country_id": partner.country_id.id,
                }
                for partner in partners[1::3]
            ]
        )
        cls._create_invoices(partners)
        return partners

    @classmethod
    def _create_invoices(cls, partners, days_late=20):
        due = TODAY - timedelta(days=days_late)
        moves = cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_date": due,
                    "date": due,
                    "invoice_date_due": due,
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Work", "price_unit": 100, "tax_ids": False}
                        )
                    ],
                }
                for partner in partners
            ]
        )
        moves.action_post()
        return moves

    @contextmanager
    def _counted(self, counts):
        """Append the number of queries, with nothing in the cache before."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        yield
        self.env.flush_all()
        counts.append(self.env.cr.sql_log_count - before)

    def _assert_flat(self, counts, extra=0):
        """The hundred cost no more than the one, but for what is allowed."""
        self.assertLessEqual(max(counts), counts[0] + 2 + extra, counts)

    def _get_cases(self, partners):
        return self.env["account.followup"]._get_or_create(partners, self.company)

    def _process(self, partners, **kwargs):
        return self._get_cases(partners)._process(TODAY, **kwargs)

    def _describe_message(self, message, ids):
        """Return message, e-mail and notifications of what was sent.

        :param ids: numbers in the text that differ from run to run
        """
        mail = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        body, kept = (
            re.sub(OWN, "OWN", str(text)) for text in (mail.body_html, message.body)
        )
        # one of them may be the year of a date
        for number in (*ids, TODAY.year):
            body = re.sub(rf"\b{number}\b", "ID", body)
        references = (mail.references or "").split()
        return {
            "message": (
                message.subject,
                kept,
                message.message_type,
                message.subtype_id,
                message.author_id,
                message.email_from,
                message.reply_to,
                message.partner_ids,
                message.record_company_id,
                message.record_alias_domain_id,
                message.parent_id,
                message.email_layout_xmlid,
                message.attachment_ids.mapped("name"),
            ),
            "mail": (
                body,
                mail.headers,
                mail.auto_delete,
                mail.recipient_ids,
                references[:-1],
                references[-1:] == [message.message_id],
            ),
            "notifications": message.notification_ids.mapped(
                lambda one: (
                    one.res_partner_id,
                    one.notification_type,
                    one.notification_status,
                    one.is_read,
                    one.mail_mail_id == mail,
                )
            ),
        }

    def _break_template(self, template, customer):
        """Let the text for one customer fail."""
        template.body_html = (
            '<p>Dear <t t-out="object.name"/>'
            f'<t t-if="object.name == \'{customer.name}\'" t-out="1 / 0"/></p>'
        )

    def _get_mails(self, partners):
        messages = self._get_all_reminders(partners).mail_message_id
        return self.env["mail.mail"].search([("mail_message_id", "in", messages.ids)])

    def _get_all_reminders(self, partners):
        return self.env["account.followup.reminder"].search(
            [("partner_id", "in", partners.ids)], order="partner_id, id"
        )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestQueriesProcess(BatchCommon):
    """Issue 6, P5: queries grow with the number of batches, not of customers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls._create_customers(112)
        cls.warm, partners = partners[:1], partners[1:]
        cls.one, cls.ten, cls.hundred = partners[:1], partners[1:11], partners[11:]

    def _count_process(self, **kwargs):
        """Return the numbers of queries for one, ten and a hundred customers."""
        self._process(self.warm, **kwargs)
        counts = []
        for partners in (self.one, self.ten, self.hundred):
            cases = self._get_cases(partners)
            with self._counted(counts):
                result = cases._process(TODAY, **kwargs)
            self.assertEqual(len(result["done"]), len(partners), result)
        return counts

    def test_p5_email(self):
        counts = self._count_process(trigger="automatic")
        self._assert_flat(counts)
        self.assertLessEqual(counts[2], GOAL)
        mails = self._get_mails(self.hundred)
        self.assertEqual(len(mails), 100)
        self.assertEqual(set(mails.mapped("state")), {"outgoing"})

    def test_p5_email_by_a_user(self):
        clerk = self._create_user("clerk", "account.group_account_invoice")
        self.env = self.env(user=clerk, su=True)
        counts = self._count_process(trigger="mass")
        self._assert_flat(counts)
        self.assertLessEqual(counts[2], GOAL)

    def test_p5_payable_online(self):
        """Whether an invoice can be paid costs nothing for each customer."""
        self.env["payment.provider"].create(
            {"name": "Any", "code": "none", "state": "test", "is_published": True}
        )
        self._assert_flat(self._count_process())
        body = self._get_reminders(self.hundred[42]).body
        self.assertIn("View and pay online", body)

    def test_p5_two_languages(self):
        """Each language is rendered for itself, once a batch."""
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.ten[::2] + self.hundred[::2]
        (french + french.child_ids).lang = "fr_FR"
        counts = self._count_process()
        self._assert_flat(counts, extra=12)
        langs = self._get_all_reminders(self.hundred).mapped("lang")
        self.assertEqual((langs.count("fr_FR"), langs.count("en_US")), (50, 50))

    def test_p5_stored_invoices_attached(self):
        self.levels.attach_invoices = True
        moves = self.env["account.move"].search(
            [("partner_id", "in", (self.warm + self.one + self.ten + self.hundred).ids)]
        )
        self.env["ir.attachment"].create(
            [
                {
                    "name": f"{move.name}.pdf".replace("/", "-"),
                    "raw": b"%%PDF of %d" % move.id,
                    "res_model": "account.move",
                    "res_id": move.id,
                    "res_field": "invoice_pdf_report_file",
                }
                for move in moves
            ]
        )
        self._assert_flat(self._count_process())
        message = self._get_reminders(self.hundred[42]).mail_message_id
        (attachment,) = message.attachment_ids
        move = moves.filtered(lambda move: move.partner_id == self.hundred[42])
        self.assertEqual(attachment.raw, b"%%PDF of %d" % move.id)
        self.assertEqual(
            (attachment.res_model, attachment.res_id),
            ("account.followup.reminder", self._get_reminders(self.hundred[42]).id),
        )

    def test_p5_sms(self):
        self.levels.write(
            {
                "send_email": False,
                "send_sms": True,
                "sms_template_id": self.env.ref(
                    "account_payment_followup.sms_template_reminder"
                ).id,
            }
        )
        counts = self._count_process()
        self._assert_flat(counts)
        messages = self._get_all_reminders(self.hundred).delivery_ids.mail_message_id
        sms = self.env["sms.sms"].search([("mail_message_id", "in", messages.ids)])
        self.assertEqual(len(sms), 100)
        self.assertEqual(set(sms.mapped("state")), {"outgoing"})

    def _print_nothing(self):
        service = self.env.registry["account.followup.letter"]
        return patch.object(
            service, "_print_letters", lambda _self, pairs: [b"page"] * len(pairs)
        )

    def test_p5_letters_without_rendering(self):
        self.levels.write({"send_email": False, "send_letter": True})
        with self._print_nothing():
            counts = self._count_process()
        self._assert_flat(counts)
        deliveries = self._get_all_reminders(self.hundred).delivery_ids
        self.assertEqual(len(deliveries.letter_id), 100)

    def test_p5_printed_letters_without_rendering(self):
        self.levels.write({"send_email": False, "send_letter": True})
        with self._print_nothing():
            counts = self._count_process(options={"letters": "print"})
        self._assert_flat(counts)
        attachments = self._get_all_reminders(self.hundred).delivery_ids.attachment_id
        self.assertEqual(len(attachments), 100)

    def test_p7_ten_letters_in_one_call(self):
        self.levels.write({"send_email": False, "send_letter": True})
        report = self.env.registry["ir.actions.report"]
        calls = []
        render = report._pre_render_qweb_pdf

        def count(self, report_ref, res_ids=None, data=None):
            calls.append(len(res_ids))
            return render(self, report_ref, res_ids, data)

        with patch.object(report, "_pre_render_qweb_pdf", count):
            self._process(self.hundred[:25])
        self.assertEqual(calls, [10, 10, 5])
        for partner in self.hundred[:25]:
            page = self._get_reminders(partner).delivery_ids.attachment_id.raw.decode()
            self.assertIn(f"{partner.name}", page, "everybody gets the own letter")
            self.assertEqual(page.count("Dear <t"), 0)

    def test_a4_followers_and_activity(self):
        """What a level does besides costs no more for a hundred, either."""
        self.levels.write(
            {
                "follower_user_ids": [Command.set(self.responsible.ids)],
                "schedule_activity": True,
                "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
                "activity_responsible": "user",
                "activity_user_id": self.responsible.id,
            }
        )
        self._assert_flat(self._count_process(), extra=2)
        for partner in self.hundred:
            self.assertIn(self.responsible.partner_id, partner.message_partner_ids)
            self.assertEqual(partner.activity_ids.user_id, self.responsible)

    # ------------------------------------------------------------------
    # The jobs
    # ------------------------------------------------------------------

    def _count_job(self, partners, work):
        """Return the queries of the scheduled action when these are due."""
        everybody = self.warm + self.one + self.ten + self.hundred
        self._get_cases(everybody - partners).reminder_type = "manual"
        self._get_cases(partners).reminder_type = "automatic"
        counts = []
        with self._counted(counts):
            work()
        self.assertEqual(len(self._get_all_reminders(partners)), len(partners))
        return counts[0]

    def test_p5_scheduled_action(self):
        self._count_job(self.warm, self._run_cron)
        counts = [
            self._count_job(partners, self._run_cron)
            for partners in (self.one, self.ten, self.hundred)
        ]
        self._assert_flat(counts)

    def test_p5_scheduled_action_in_batches(self):
        """Ten batches cost ten times one, and each ends its own transaction."""
        with patch(f"{MODELS}.account_followup_due.BATCH_SIZE", 10):
            self._count_job(self.warm, self._run_cron)
            one = self._count_job(self.ten, self._run_cron)
            ten = self._count_job(self.hundred, self._run_cron)
        self.assertGreater(ten, 3 * one, "there were batches")
        self.assertLessEqual(ten, 10 * one)

    def test_p5_mass_processing(self):
        self._start_run(self.warm)
        counts = []
        for partners in (self.one, self.ten, self.hundred):
            with self._counted(counts):
                run = self._start_run(partners)
            self.assertEqual(run.done_count, len(partners))
        self._assert_flat(counts)

    def _start_run(self, partners):
        with patch(f"{MODELS}.account_followup_run.DIRECT_LIMIT", 100):
            return self.env["account.followup.run"]._start(partners, self.company)

    def test_p5_mass_processing_in_the_background(self):
        """The counts of a run are not read from all of its lines after each batch."""
        cron = self.env.ref("account_payment_followup.ir_cron_process_runs").sudo()
        runs = self.env["account.followup.run"]
        counts = []
        with (
            patch(f"{MODELS}.account_followup_run.DIRECT_LIMIT", 0),
            patch(f"{MODELS}.account_followup_run.BATCH_SIZE", 10),
        ):
            for partners in (self.warm, self.ten, self.hundred):
                run = runs._start(partners, self.company)
                with self._counted(counts), self.enter_registry_test_mode():
                    cron.method_direct_trigger()
                self.env.invalidate_all()
                self.assertEqual((run.state, run.done_count), ("done", len(partners)))
        self.assertLessEqual(counts[2], 10 * counts[1])

    # ------------------------------------------------------------------
    # Same for one and for many
    # ------------------------------------------------------------------

    def _describe(self, partner):
        """Return what a customer was sent, without what differs from run to run."""
        reminder = self._get_reminders(partner)
        message = reminder.mail_message_id
        return {
            "reminder": reminder.read(
                ["amount_overdue", "body", "date", "lang", "level_id", "state"]
                + ["subject", "trigger"]
            )[0]
            | {"id": None, "body": re.sub(OWN, "OWN", str(reminder.body))},
            "lines": reminder.line_ids.mapped(
                lambda line: (line.name, line.days_late, line.residual, line.level_id)
            ),
            "deliveries": reminder.delivery_ids.mapped(
                lambda delivery: (delivery.channel, delivery.state, delivery.recipient)
            ),
            **self._describe_message(message, {reminder.id, message.id}),
        }

    def test_same_for_one_and_for_many(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        partners = self.ten
        partners[1].lang = "fr_FR"
        partners[2].user_id = self.responsible
        self._get_cases(partners[3]).responsible_id = self.env.ref("base.user_admin")
        partners[4].message_post(body="A talk before", message_type="comment")
        partners[5].message_subscribe(partner_ids=self.responsible.partner_id.ids)
        self._create_invoices(partners[6], days_late=40)
        self._create_invoices(partners[7], days_late=-30)
        with self.env.cr.savepoint() as savepoint:
            self._process(partners)
            together = [self._describe(partner) for partner in partners]
            savepoint.rollback()
        self.env.invalidate_all()
        for partner, expected in zip(partners, together, strict=True):
            self._process(partner)
            self.assertEqual(self._describe(partner), expected)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestBatchErrors(BatchCommon):
    """Promise 3: in a batch, too, one customer's error is one customer's error."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls._create_customers(11)
        cls.broken = cls.partners[6]
        cls.others = cls.partners - cls.broken
        cls.service = cls.env.registry["account.followup.send"]

    def _assert_others_once(self):
        """Each of the others has one of everything, the broken one has nothing."""
        reminders = self._get_all_reminders(self.others)
        self.assertEqual(reminders.partner_id, self.others)
        self.assertEqual(len(reminders), len(self.others))
        self.assertEqual(len(reminders.delivery_ids), len(self.others))
        self.assertFalse(self._get_reminders(self.broken))
        mails = self.env["mail.mail"].search([])
        self.assertEqual(mails.mail_message_id, reminders.mail_message_id)
        self.assertEqual(len(mails), len(self.others))
        for partner in self.others:
            messages = partner.message_ids.filtered(
                lambda message: message.message_type == "auto_comment"
            )
            self.assertEqual(len(messages), 1, "one proof in the chatter")
        notes = self.env["mail.message"].search(
            [("model", "=", "account.move"), ("body", "ilike", "Payment reminder")]
        )
        self.assertEqual(len(notes), len(self.others), "one note on each invoice")

    def test_broken_template(self):
        self._break_template(self.template, self.broken)
        result = self._process(self.partners, trigger="automatic")
        self.assertEqual(result["done"].partner_id, self.others)
        (case,) = result["failed"]
        self.assertEqual(case.partner_id, self.broken)
        self.assertIn("Failed to render", result["failed"][case])
        self.assertEqual(case.failure_count, 1)
        self.assertEqual(len(self.broken.activity_ids), 1, "one task, not one a try")
        self._assert_others_once()

    def test_broken_template_again_and_again(self):
        """The job comes back every minute: nothing is sent twice, the task is one."""
        self._break_template(self.template, self.broken)
        for _run in range(3):
            self._run_cron()
        self._assert_others_once()
        self.assertEqual(self._get_cases(self.broken).failure_count, 1)
        with self.mock_mail_gateway():
            self._run_mail_queue()
            self.assertEqual(len(self._mails), len(self.others))
            self._run_mail_queue()
            self.assertEqual(len(self._mails), len(self.others))

    def test_conflict_is_nobodys_failure(self):
        """What the database refuses is tried again as a whole, by who called."""
        tries = []

        def refuse(service, batch):
            tries.append(len(batch))
            raise psycopg2.errors.SerializationFailure("concurrent update")

        with (
            patch.object(self.service, "_send_reminders", refuse),
            self.assertRaises(psycopg2.errors.SerializationFailure),
        ):
            self._process(self.partners, trigger="automatic")
        self.assertEqual(tries, [len(self.partners)], "not in parts")
        self.assertFalse(any(self._get_cases(self.partners).mapped("failure_count")))

    def test_error_after_everything_was_queued(self):
        """What was queued for all is undone before it is queued for each."""
        log = self.service._log_on_invoices

        def fail(service, reminders):
            log(service, reminders)
            if self.broken in reminders.partner_id:
                service.env.flush_all()
                raise ValueError("Too late")

        with patch.object(self.service, "_log_on_invoices", fail):
            result = self._process(self.partners)
        self.assertEqual(list(result["failed"].values()), ["Too late"])
        self._assert_others_once()

    def test_somebody_else_was_faster(self):
        create = self.service._create_reminders

        def collide(service, batch):
            batch = create(service, batch)
            if any(data["followup"].partner_id == self.broken for data in batch):
                raise psycopg2.errors.UniqueViolation
            return batch

        with patch.object(self.service, "_create_reminders", collide):
            result = self._process(self.partners)
        self.assertFalse(result["failed"])
        (case,) = result["skipped"]
        self.assertEqual(case.partner_id, self.broken)
        self.assertFalse(case.failure_count)
        self._assert_others_once()

    def test_conflict_puts_off_the_whole_batch(self):
        """Then the transaction is lost: neither halves nor single customers."""
        calls = []

        def conflict(service, batch):
            calls.append(len(batch))
            raise psycopg2.errors.SerializationFailure

        with (
            patch.object(self.service, "_create_reminders", conflict),
            self.assertRaises(psycopg2.OperationalError),
        ):
            self._process(self.partners)
        self.assertEqual(calls, [len(self.partners)])

    def test_cost_of_an_error(self):
        """The broken one is looked for in halves, the others are not all single."""
        self._break_template(self.template, self.broken)
        sizes = []
        create = self.service._create_reminders

        def count(service, batch):
            sizes.append(len(batch))
            return create(service, batch)

        with patch.object(self.service, "_create_reminders", count):
            self._process(self.partners)
        self.assertEqual(sum(sizes), len(self.others))
        self.assertLessEqual(len(sizes), 5)

    def test_nothing_left_to_remind_of(self):
        """Paid between selection and batch: a reason, and the others go on."""
        service = self.service
        default = service._get_default_rows

        def without(self, rows, day):
            rows = default(self, rows, day)
            return [row for row in rows if row["partner_id"] != broken]

        broken = self.broken.id
        with patch.object(service, "_get_default_rows", without):
            result = self._process(self.partners)
        self.assertIn("no open invoice", list(result["failed"].values())[0])
        self._assert_others_once()

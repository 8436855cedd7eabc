import io
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools.pdf import PdfFileReader, PdfFileWriter

from .common import TODAY
from .test_queries_process import GOAL, BatchCommon


def render_nothing(report, partners, options=None):
    """Stand in for the pages: each customer gets one that nobody has to convert."""
    return {
        partner: (f"Statement {partner.id}.pdf", b"page of %d" % partner.id)
        for partner in partners
    }


class StatementBatchCommon(BatchCommon):
    """Statements to many customers, whose pages are not converted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.env.registry["account.followup.send"]
        cls.statement_template = cls.env.ref(
            "account_payment_followup.mail_template_statement"
        )

    def setUp(self):
        super().setUp()
        self._patch_pages(render_nothing)

    def _patch_pages(self, method):
        report = self.env.registry["account.followup.report"]
        self.patch(report, "_render_statements", method)

    def _prepare_run(self, partners, trigger="mass", **values):
        """Return a run of waiting statements, by e-mail if nothing else is said."""
        runs = self.env["account.followup.statement.run"].sudo()
        channels = values or {"do_email": True}
        run = runs.create(
            {**runs._prepare_run(self.company, None, TODAY, trigger), **channels}
        )
        run._add_statements(partners)
        return run

    def _state(self, partners, **values):
        """Send statements in one batch; return them."""
        run = self._prepare_run(partners, **values)
        run._process(run.statement_ids)
        self.env.flush_all()
        return run.statement_ids.sorted("id")

    def _get_statements(self, partners):
        return self.env["account.followup.statement"].search(
            [("partner_id", "in", partners.ids)], order="partner_id, id"
        )

    def _get_queued(self, statements):
        """Return the e-mails that are queued for some statements."""
        messages = statements.mail_message_id
        return self.env["mail.mail"].search([("mail_message_id", "in", messages.ids)])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestQueriesStatement(StatementBatchCommon):
    """Issue 6, P5: queries grow with the number of batches, not of customers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls._create_customers(112)
        cls.warm, partners = partners[:1], partners[1:]
        cls.one, cls.ten, cls.hundred = partners[:1], partners[1:11], partners[11:]

    def _count_statements(self, done=True, **values):
        """Return the numbers of queries for one, ten and a hundred customers."""
        self._state(self.warm, **values)
        counts = []
        for partners in (self.one, self.ten, self.hundred):
            run = self._prepare_run(partners, **values)
            with self._counted(counts):
                run._process(run.statement_ids)
            if done:
                self.assertEqual(run.done_count, len(partners))
        return counts

    def test_p5_statements_by_email(self):
        counts = self._count_statements()
        self._assert_flat(counts)
        self.assertLessEqual(counts[2], GOAL)
        statements = self._get_statements(self.hundred)
        mails = self._get_queued(statements)
        self.assertEqual(len(mails), 100)
        self.assertEqual(set(mails.mapped("state")), {"outgoing"})
        for statement in statements:
            partner = statement.partner_id
            self.assertEqual(statement.attachment_id.raw, b"page of %d" % partner.id)
            self.assertIn(partner.name, statement.body)
            (proof,) = statement.mail_message_id.attachment_ids
            self.assertEqual(proof.raw, statement.attachment_id.raw)
            self.assertEqual(proof.name, f"Statement {partner.id}.pdf")
            self.assertEqual(proof, statement.attachment_id, "with its rights")

    def test_p5_statements_every_month(self):
        """Each comes from the responsible of its customer, who may have a case."""
        cases = self._get_cases(self.ten[::2] + self.hundred[::2])
        cases.responsible_id = self.env.ref("base.user_admin")
        # the second author has to be read, too
        self._assert_flat(self._count_statements(trigger="automatic"), extra=4)
        messages = self._get_statements(self.hundred).mail_message_id
        authors = [
            len(group) for _author, group in messages.grouped("author_id").items()
        ]
        self.assertEqual(authors, [50, 50])

    def test_p5_statements_in_two_languages(self):
        """Each language is rendered for itself, once a batch."""
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.ten[::2] + self.hundred[::2]
        (french + french.child_ids).lang = "fr_FR"
        self._assert_flat(self._count_statements(), extra=12)
        langs = self._get_statements(self.hundred).mapped("lang")
        self.assertEqual((langs.count("fr_FR"), langs.count("en_US")), (50, 50))

    def test_p5_statements_on_paper(self):
        """The note in the chatter is the proof, without an e-mail."""
        self._assert_flat(self._count_statements(do_print=True))
        statements = self._get_statements(self.hundred)
        self.assertEqual(set(statements.mapped("state")), {"sent"})
        self.assertFalse(self._get_queued(statements))
        for statement in statements:
            note = statement.mail_message_id
            self.assertEqual(note.res_id, statement.partner_id.id)
            self.assertIn("Until 05/15/2024 (Printed Letter)", note.body)
            self.assertEqual(note.attachment_ids.raw, statement.attachment_id.raw)

    def test_p5_statements_by_post(self):
        """A letter is the document behind a cover page, which takes no query."""
        writer, content = PdfFileWriter(), io.BytesIO()
        writer.add_blank_page(595, 842)
        writer.write(content)
        self._patch_pages(
            lambda _report, partners, _options: {
                partner: ("Statement.pdf", content.getvalue()) for partner in partners
            }
        )
        counts = self._count_statements(do_letter=True, do_print=True)
        self._assert_flat(counts)
        deliveries = self._get_statements(self.hundred).delivery_ids
        letters = deliveries.letter_id
        self.assertEqual(len(letters), 100)
        self.assertEqual(len(deliveries), 200)
        self.assertEqual(set(letters.mapped("cover")), {True})
        pages = PdfFileReader(io.BytesIO(letters[42].attachment_id.raw)).pages
        self.assertIn(letters[42].partner_id.name, pages[0].extract_text())
        self.assertGreater(len(pages), 1)

    def test_p5_statements_that_cannot_be_sent(self):
        """Who has no address is left out, and not looked for in smaller batches."""
        silent = self.ten[::2] + self.hundred[::2]
        (silent + silent.child_ids).email = False
        calls = []
        send = self.service._send_statements

        def count(service, statements, documents):
            calls.append(len(statements))
            return send(service, statements, documents)

        with patch.object(self.service, "_send_statements", count):
            self._assert_flat(self._count_statements(done=False))
        self.assertEqual(calls, [1, 1, 10, 100])
        failed = self._get_statements(self.hundred[::2])
        self.assertEqual(set(failed.mapped("state")), {"failed"})
        self.assertFalse(failed.attachment_id + failed.mail_message_id.attachment_ids)
        for statement in failed:
            self.assertIn("has no valid e-mail address", statement.failure_reason)
        sent = self._get_statements(self.hundred) - failed
        self.assertEqual(len(self._get_queued(sent)), 50)

    # ------------------------------------------------------------------
    # Same for one and for many
    # ------------------------------------------------------------------

    def _describe(self, statement):
        """Return what a customer was sent, without what differs from run to run."""
        message = statement.mail_message_id
        names = ["lang", "subject", "body", "state", "channels", "failure_reason"]
        return {
            "statement": [statement[name] for name in names],
            "deliveries": statement.delivery_ids.mapped(
                lambda one: (one.channel, one.state, one.recipient, one.failure_reason)
            ),
            **self._describe_message(message, {message.id}),
        }

    def test_same_for_one_and_for_many(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        partners = self.ten
        partners[1].lang = "fr_FR"
        partners[3].email = False
        self._get_cases(partners[2]).responsible_id = self.env.ref("base.user_admin")
        partners[4].message_post(body="A talk before", message_type="comment")
        partners[5].message_subscribe(partner_ids=self.responsible.partner_id.ids)
        channels = {"do_email": True, "do_print": True, "trigger": "automatic"}
        with self.env.cr.savepoint() as savepoint:
            together = [
                self._describe(statement)
                for statement in self._state(partners, **channels)
            ]
            savepoint.rollback()
        self.env.invalidate_all()
        for partner, expected in zip(partners, together, strict=True):
            self.assertEqual(self._describe(self._state(partner, **channels)), expected)
        self.assertEqual(len({one["message"][1] for one in together}), len(partners))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestStatementErrors(StatementBatchCommon):
    """Promise 3: in a batch, too, one customer's error is one customer's error."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls._create_customers(11)
        cls.broken = cls.partners[6]
        cls.others = cls.partners - cls.broken

    def _assert_others_once(self, error):
        """Each of the others has one of everything, the broken one has nothing."""
        statements = self._get_statements(self.others)
        self.assertEqual(statements.partner_id, self.others)
        self.assertEqual(set(statements.mapped("progress")), {"done"})
        self.assertEqual(len(statements.delivery_ids), len(self.others))
        mails = self.env["mail.mail"].search([])
        self.assertEqual(mails.mail_message_id, statements.mail_message_id)
        self.assertEqual(len(mails), len(self.others))
        for partner in self.partners:
            proofs = partner.message_ids.filtered(
                lambda message: message.message_type == "auto_comment"
            )
            self.assertEqual(len(proofs), int(partner != self.broken))
        failed = self._get_statements(self.broken)
        self.assertEqual(failed.state, "failed")
        self.assertIn(error, failed.failure_reason)
        self.assertFalse(failed.delivery_ids)
        self.assertFalse(failed.attachment_id)
        documents = self.env["ir.attachment"].search(
            [("res_model", "=", failed._name), ("res_id", "in", failed.ids)]
        )
        self.assertFalse(documents)
        run = failed.run_id
        self.assertEqual((run.done_count, run.failed_count), (len(self.others), 1))

    def test_f3_broken_template(self):
        self._break_template(self.statement_template, self.broken)
        self._state(self.partners)
        self._assert_others_once("Failed to render")

    def test_f3_broken_template_in_the_job(self):
        """The job comes back: what has failed is over, nothing is sent twice."""
        self._break_template(self.statement_template, self.broken)
        self._prepare_run(self.partners)
        self.cron = self.env.ref("account_payment_followup.ir_cron_send_statements")
        for _run in range(2):
            self._run_cron()
        self._assert_others_once("Failed to render")
        with self.mock_mail_gateway():
            self._run_mail_queue()
            self.assertEqual(len(self._mails), len(self.others))

    def test_f3_error_after_everything_was_queued(self):
        """What was queued for all is undone before it is queued for each."""
        outbox = self.env.registry["account.followup.outbox"]
        release = outbox._release

        def fail(service, channel, sents, trigger):
            release(service, channel, sents, trigger)
            if self.broken in sents.partner_id:
                service.env.flush_all()
                raise ValueError("Too late")

        with patch.object(outbox, "_release", fail):
            self._state(self.partners)
        self._assert_others_once("Too late")

    def test_f3_cost_of_an_error(self):
        """The broken one is looked for in halves, the others are not all single."""
        self._break_template(self.statement_template, self.broken)
        sizes = []
        chatter = self.env.registry["account.followup.chatter"]
        post = chatter._post_messages

        def count(service, posts):
            if posts:
                sizes.append(len(posts))
            return post(service, posts)

        with patch.object(chatter, "_post_messages", count):
            self._state(self.partners)
        self.assertEqual(sum(sizes), len(self.others), sizes)
        self.assertLessEqual(len(sizes), 5, sizes)

    def test_f3_conflict_is_nobodys_failure(self):
        """What the database refuses is tried again as a whole, by who called."""
        calls = []

        def conflict(_service, statements, _documents):
            calls.append(len(statements))
            raise psycopg2.errors.SerializationFailure

        run = self._prepare_run(self.partners)
        with (
            patch.object(self.service, "_send_statements", conflict),
            self.assertRaises(psycopg2.OperationalError),
        ):
            run._process(run.statement_ids)
        self.assertEqual(calls, [len(self.partners)], "not in parts")
        self.assertEqual(set(run.statement_ids.mapped("progress")), {"waiting"})

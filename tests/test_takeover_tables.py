from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL

from .common import TODAY
from .takeover_common import TakeoverCommon


class TablesCommon(TakeoverCommon):
    """Tables as the other add-on leaves them, made from the list of its fields."""

    _source = None

    def _sql(self, query, *args):
        self.env.flush_all()
        return self.env.cr.execute(SQL(query, *args))

    def _get_item(self, move):
        return move._get_followup_lines()

    def _get_sources(self):
        return dict(self.env["account.followup.takeover"]._get_source_selection())

    def _take_over_tables(self):
        takeover = self._create_takeover()
        self.assertEqual(takeover.source, self._source, "it is found and proposed")
        takeover.action_look()
        takeover.action_take_over()
        return takeover

    def _check_twice(self):
        """The second time nothing is taken."""
        again = self._take_over_tables()
        self.assertRecordValues(
            again,
            [
                {
                    "reminder_count": 0,
                    "exclusion_count": 0,
                    "next_date_count": 0,
                    "responsible_count": 0,
                    "manual_count": 0,
                }
            ],
        )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTakeoverCreditControl(TablesCommon):
    """Row X14: ``account_credit_control``."""

    _source = "credit_control"

    def _create_tables(self):
        self._sql(
            """
            CREATE TABLE credit_control_policy (
                id serial PRIMARY KEY, name varchar, do_nothing boolean
            );
            CREATE TABLE credit_control_policy_level (
                id serial PRIMARY KEY, policy_id integer, level integer, name jsonb,
                computation_mode varchar, delay_days integer, custom_text jsonb
            );
            CREATE TABLE credit_control_line (
                id serial PRIMARY KEY, move_line_id integer, policy_level_id integer,
                date date, date_sent date, state varchar, balance_due numeric,
                partner_id integer
            );
            ALTER TABLE res_partner
                ADD COLUMN credit_policy_id integer,
                ADD COLUMN manual_followup boolean,
                ADD COLUMN payment_responsible_id integer,
                ADD COLUMN payment_next_action_date date;
            ALTER TABLE account_move ADD COLUMN credit_policy_id integer;
            INSERT INTO credit_control_policy (id, name, do_nothing)
            VALUES (1, 'Three times', FALSE), (2, 'No follow', TRUE);
            INSERT INTO credit_control_policy_level
                (id, policy_id, level, name, computation_mode, delay_days, custom_text)
            VALUES (1, 1, 1, '{"en_US": "First"}', 'net_days', 2, '{"en_US": "Pay"}'),
                   (2, 1, 2, '{"en_US": "Second"}', 'net_days', 12, NULL),
                   (3, 1, 3, '{"en_US": "Third"}', 'previous_date', 16, NULL)
            """
        )

    def _add_line(self, move, level, day, state="sent", partner=None, **values):
        self._sql(
            """
            INSERT INTO credit_control_line
                (move_line_id, policy_level_id, date, date_sent, state, balance_due,
                 partner_id)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            """,
            self._get_item(move).id,
            level,
            day,
            values.get("date_sent"),
            state,
            values.get("balance_due", 100),
            (partner or move.partner_id).id,
        )

    def test_x14_what_was_sent_is_taken_and_nothing_else(self):
        self.assertNotIn(self._source, self._get_sources(), "only when there")
        self._create_tables()
        invoice, *others = [self._create_late(40) for _number in range(5)]
        self._add_line(
            invoice, 1, date(2024, 4, 8), date_sent=date(2024, 4, 9), balance_due=130
        )
        self._add_line(invoice, 3, date(2024, 5, 10))
        for move, state in zip(
            others, ("draft", "ignored", "error", "email_error"), strict=True
        ):
            self._add_line(move, 2, date(2024, 5, 1), state)
        takeover = self._take_over_tables()
        self.assertEqual(
            [(row.name, row.delay, row.level_id.delay) for row in takeover.level_ids],
            [
                ("Three times: First", 2, 1),
                ("Three times: Second", 12, 15),
                ("Three times: Third", 28, 30),
            ],
            "the third counts from the one before",
        )
        self.assertEqual(takeover.level_ids[0].text, "Pay")
        first, last = self._get_reminders().sorted("date")
        self.assertEqual(first.date, date(2024, 4, 9), "the day on which it was sent")
        self.assertEqual(first.line_ids.residual, 130, "what was claimed then")
        self.assertEqual(first.amount_overdue, 130)
        self.assertEqual(last.level_id, self.level_3)
        self.assertEqual(invoice.followup_level_id, self.level_3)
        for move in others:
            self.assertFalse(move.followup_level_id)
        self._check_twice()

    def test_x14_another_customer_starts_anew(self):
        self._create_tables()
        invoice = self._create_late(40)
        former = self._create_customer("Former Ltd")
        self._add_line(invoice, 1, date(2024, 5, 1), partner=former)
        takeover = self._take_over_tables()
        self.assertFalse(invoice.followup_level_id)
        self.assertIn("belongs to another customer", self._get_doubts(takeover)[0])

    def test_x14_manual_follow_ups(self):
        """Whom a person reminded there, a person reminds here."""
        self._create_tables()
        by_hand, known, other = (
            self._create_customer(name) for name in ("By Hand", "Known", "Other")
        )
        contact = self.env["res.partner"].create(
            {"name": "Desk", "parent_id": by_hand.id}
        )
        self._get_followup(known).reminder_type = "manual"
        self._sql(
            "UPDATE res_partner SET manual_followup = TRUE WHERE id IN %s",
            tuple((contact + known).ids),
        )
        self._sql(
            "UPDATE res_partner SET manual_followup = FALSE WHERE id = %s", other.id
        )
        takeover = self._take_over_tables()
        self.assertRecordValues(takeover, [{"manual_count": 1, "known_count": 1}])
        self.assertEqual(self._get_followup(by_hand).reminder_type, "manual")
        self.assertEqual(self._get_followup(other).reminder_type, "automatic")
        self.assertIn(
            "Automatic → Manual", " ".join(by_hand.message_ids.mapped("body"))
        )
        self._check_twice()
        self._create_late(40, partner=by_hand)
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertFalse(self._get_reminders(by_hand), "nothing goes by itself")
        takeover.action_undo()
        self.assertEqual(self._get_followup(by_hand).reminder_type, "automatic")
        self.assertEqual(self._get_followup(known).reminder_type, "manual")

    def test_p6_former_customers_are_read_at_once(self):
        """A line for each of many reminders: no query for each (years of them)."""
        self._create_tables()
        counts = []
        for number in (2, 12):
            for index in range(number):
                partner = self._create_customer(f"Firm {number} {index}")
                invoice = self._create_late(40, partner=partner)
                self._add_line(invoice, 1, date(2024, 5, 1))
            takeover = self._create_takeover()
            takeover.action_look()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            takeover.action_look()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(takeover.reminder_count, number)
            takeover.action_take_over()
        self.assertLessEqual(counts[1], counts[0] + 5, counts)

    def test_x14_after_its_tables_have_gone_it_says_so(self):
        self._create_tables()
        invoice = self._create_late(40)
        self._add_line(invoice, 1, date(2024, 5, 1))
        self._take_over_tables()
        again = self._create_takeover()
        self._sql("DROP TABLE credit_control_line")
        with self.assertRaisesRegex(UserError, "its tables are not in this database"):
            again.action_look()
        self.assertEqual(invoice.followup_level_id, self.level_1, "that stays")

    def test_x14_settled_invoices_are_counted(self):
        self._create_tables()
        invoice = self._create_late(40)
        self._add_line(invoice, 1, date(2024, 5, 1))
        self._pay(invoice)
        takeover = self._take_over_tables()
        self.assertRecordValues(
            takeover, [{"settled_count": 1, "doubt_count": 0, "reminder_count": 0}]
        )

    def test_x14_columns_that_are_missing_are_done_without(self):
        """Of another version, or after part of it went."""
        self._create_tables()
        invoice = self._create_late(40)
        self._add_line(invoice, 1, date(2024, 5, 1))
        self._sql(
            """
            ALTER TABLE credit_control_line
                DROP COLUMN date_sent, DROP COLUMN balance_due, DROP COLUMN partner_id;
            ALTER TABLE res_partner
                DROP COLUMN credit_policy_id, DROP COLUMN manual_followup,
                DROP COLUMN payment_responsible_id,
                DROP COLUMN payment_next_action_date;
            ALTER TABLE account_move DROP COLUMN credit_policy_id
            """
        )
        self._take_over_tables()
        self.assertEqual(invoice.followup_level_id, self.level_1)
        self.assertEqual(self._get_reminders().line_ids.residual, 100)

    def test_x14_the_night_after_it(self):
        self._create_tables()
        world = self._create_world(40, seed=2)
        levels = {days: key for key, days in enumerate(self.THEIR_DELAYS, 1)}
        for facts in world.values():
            for move, (_late, reminders) in zip(
                facts["moves"], facts["invoices"], strict=True
            ):
                for days, day in reminders:
                    self._add_line(move, levels[days], day)
            if facts["excluded"]:
                self._sql(
                    "UPDATE res_partner SET credit_policy_id = 2 WHERE id = %s",
                    facts["partner"].id,
                )
            if facts["wait"]:
                self._sql(
                    """
                    UPDATE res_partner
                       SET payment_next_action_date = %s, payment_responsible_id = %s
                     WHERE id = %s
                    """,
                    facts["wait"],
                    self.responsible.id,
                    facts["partner"].id,
                )
        # one invoice that nobody is to be reminded of
        facts = world["Customer 0"]
        self._sql(
            "UPDATE account_move SET credit_policy_id = 2 WHERE id = %s",
            facts["moves"][0].id,
        )
        facts["invoices"][0] = (-999, facts["invoices"][0][1])
        takeover = self._take_over_tables()
        self.assertFalse(takeover.doubts_file, self._get_doubts(takeover))
        self.assertTrue(facts["moves"][0].no_followup)
        self.assertTrue(takeover.responsible_count)
        self._check_twice()
        self._check_night(world)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTakeoverOverdueReminder(TablesCommon):
    """Row X14: ``account_invoice_overdue_reminder``, which counts reminders."""

    _source = "overdue_reminder"

    def _create_tables(self):
        self._sql(
            """
            CREATE TABLE overdue_reminder_action (
                id serial PRIMARY KEY, date date, commercial_partner_id integer,
                reminder_type varchar, mail_id integer
            );
            CREATE TABLE account_invoice_overdue_reminder (
                id serial PRIMARY KEY, invoice_id integer, action_id integer,
                counter integer
            );
            ALTER TABLE res_partner ADD COLUMN no_overdue_reminder jsonb;
            ALTER TABLE account_move ADD COLUMN no_overdue_reminder boolean
            """
        )

    def _add_reminder(self, move, counter, day, mail=None):
        self._sql(
            """
            WITH action AS (
                INSERT INTO overdue_reminder_action
                    (date, commercial_partner_id, reminder_type, mail_id)
                VALUES (%s, %s, 'mail', %s)
                RETURNING id
            )
            INSERT INTO account_invoice_overdue_reminder
                (invoice_id, action_id, counter)
            SELECT %s, id, %s FROM action
            """,
            day,
            move.partner_id.id,
            mail and mail.id,
            move.id,
            counter,
        )

    def test_x14_counted_reminders_count_by_how_late_they_usually_were(self):
        self.assertNotIn(self._source, self._get_sources(), "only when there")
        self._create_tables()
        moves = [self._create_late(40) for _number in range(4)]
        for late, move in zip((2, 2, 13), moves, strict=False):
            self._add_reminder(move, 1, TODAY - timedelta(days=40 - late))
        self._add_reminder(moves[0], 2, TODAY - timedelta(days=40 - 16))
        failed = self.env["mail.mail"].create({"state": "exception"})
        self._add_reminder(moves[3], 1, TODAY - timedelta(days=5), failed)
        takeover = self._take_over_tables()
        self.assertEqual(
            [(row.name, row.delay, row.level_id.delay) for row in takeover.level_ids],
            [("Reminder 1", 2, 1), ("Reminder 2", 16, 15)],
        )
        self.assertEqual(
            [move.followup_level_id for move in moves],
            [self.level_2, self.level_1, self.level_1, self.level_1.browse()],
            "an e-mail that failed reached nobody",
        )
        self.assertEqual(moves[0].followup_date, TODAY - timedelta(days=24))
        self._check_twice()

    def test_x14_exclusions(self):
        self._create_tables()
        other = self._create_customer("Other Ltd")
        invoice = self._create_late(40)
        self._sql(
            """
            UPDATE account_move SET no_overdue_reminder = TRUE WHERE id = %s;
            UPDATE res_partner
               SET no_overdue_reminder = jsonb_build_object(%s::text, TRUE)
             WHERE id = %s;
            UPDATE res_partner SET no_overdue_reminder = '{"999": true}' WHERE id = %s
            """,
            invoice.id,
            str(self.company.id),
            other.id,
            self.customer.id,
        )
        self._take_over_tables()
        self.assertTrue(invoice.no_followup)
        self.assertTrue(self._get_followup(other).excluded)
        self.assertFalse(self._get_followup().excluded, "that is of another company")
        self._check_twice()

    def test_x14_the_night_after_it(self):
        self._create_tables()
        world = self._create_world(40, seed=3)
        for facts in world.values():
            for move, (_late, reminders) in zip(
                facts["moves"], facts["invoices"], strict=True
            ):
                for counter, (_days, day) in enumerate(reminders, 1):
                    self._add_reminder(move, counter, day)
            if facts["excluded"]:
                self._sql(
                    """
                    UPDATE res_partner
                       SET no_overdue_reminder = jsonb_build_object(%s::text, TRUE)
                     WHERE id = %s
                    """,
                    str(self.company.id),
                    facts["partner"].id,
                )
            facts["wait"] = None  # it knows no such day
        takeover = self._take_over_tables()
        self.assertEqual(
            takeover.level_ids.level_id,
            self.levels,
            "each number counts as the level that its days are near to",
        )
        self._check_night(world)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTakeoverOmFollowup(TablesCommon):
    """Row X14: ``om_account_followup``, which keeps the last level of each item."""

    _source = "om_followup"

    def _create_tables(self):
        self._sql(
            """
            CREATE TABLE followup_line (
                id serial PRIMARY KEY, name jsonb, delay integer, description jsonb
            );
            ALTER TABLE account_move_line
                ADD COLUMN followup_line_id integer, ADD COLUMN followup_date date;
            ALTER TABLE res_partner
                ADD COLUMN payment_responsible_id jsonb,
                ADD COLUMN payment_next_action_date jsonb;
            INSERT INTO followup_line (id, name, delay, description)
            VALUES (1, '{"en_US": "Polite"}', 2, %s),
                   (2, '{"en_US": "Firm"}', 12, NULL),
                   (3, '{"en_US": "Harsh"}', 28, NULL)
            """,
            '{"en_US": "Dear %(partner_name)s,\\n\\nplease pay."}',
        )

    def _set_level(self, move, level, day):
        self._sql(
            """
            UPDATE account_move_line SET followup_line_id = %s, followup_date = %s
             WHERE id = %s
            """,
            level,
            day,
            self._get_item(move).id,
        )

    def _set_partner(self, partner, day):
        company = str(self.company.id)
        self._sql(
            """
            UPDATE res_partner
               SET payment_next_action_date = jsonb_build_object(%s::text, %s::text),
                   payment_responsible_id = jsonb_build_object(%s::text, %s::integer)
             WHERE id = %s
            """,
            company,
            str(day),
            company,
            self.responsible.id,
            partner.id,
        )

    def test_x14_last_level_next_date_and_responsible(self):
        self.assertNotIn(self._source, self._get_sources(), "only when there")
        self._create_tables()
        invoice = self._create_late(40)
        self._set_level(invoice, 2, date(2024, 5, 1))
        self._set_partner(self.customer, "2024-06-20")
        takeover = self._take_over_tables()
        self.assertRecordValues(
            takeover.level_ids,
            [{"name": "Firm", "delay": 12, "level_id": self.level_2.id}],
        )
        self.assertEqual(invoice.followup_level_id, self.level_2)
        self.assertEqual(invoice.followup_date, date(2024, 5, 1))
        followup = self._get_followup()
        self.assertEqual(followup.next_reminder_date, date(2024, 6, 20))
        self.assertEqual(followup.responsible_id, self.responsible)
        self._check_twice()

    def test_x14_levels_are_created_with_their_texts(self):
        self._create_tables()
        moves = [self._create_late(40) for _number in range(2)]
        for level, move in enumerate(moves, 1):
            self._set_level(move, level, date(2024, 5, 1))
        takeover = self._create_takeover()
        takeover.action_look()
        takeover.level_ids.is_created = True
        takeover.action_take_over()
        first, second = takeover.level_ids.created_level_id.sorted("delay")
        self.assertEqual((first.name, first.delay), ("Polite", 2))
        body = first.mail_template_id.body_html
        self.assertIn("Dear [[recipient_name]]", body)
        self.assertIn("o_followup_items", body)
        self.assertEqual(second.mail_template_id, self.template, "it has no text")
        text = first.mail_template_id
        takeover.action_undo()
        self.assertFalse(first.exists() or second.exists() or text.exists())
        self.assertTrue(self.template.exists())

    def test_x14_the_night_after_it(self):
        self._create_tables()
        world = self._create_world(40, seed=4)
        for facts in world.values():
            facts["excluded"] = False  # it knows none
            for index, (late, reminders) in enumerate(facts["invoices"]):
                if not reminders:
                    continue
                number, (_days, day) = len(reminders), reminders[-1]
                self._set_level(facts["moves"][index], number, day)
                facts["invoices"][index] = (late, reminders[-1:])
            if facts["wait"]:
                self._set_partner(facts["partner"], facts["wait"])
        self._take_over_tables()
        self._check_night(world)

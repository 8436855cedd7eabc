from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.account_payment_followup.tools import takeover_csv

from .common import TODAY, FollowupCommon
from .takeover_common import TakeoverCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTakeoverCsv(TakeoverCommon):
    """Row X14: a CSV from any other system."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.late = cls._create_late(20)
        cls.name = cls.late.name

    def test_x14_level_and_day_are_taken_over(self):
        """The customer goes on where the other system has stopped."""
        takeover = self._create_takeover(f"Invoice;Days;Date\n{self.name};2;2024-05-05")
        takeover.action_look()
        self.assertFalse(self._get_reminders(), "looking changes nothing")
        self.assertRecordValues(
            takeover,
            [
                {
                    "state": "ready",
                    "customer_count": 1,
                    "invoice_count": 1,
                    "reminder_count": 1,
                    "doubt_count": 0,
                }
            ],
        )
        self.assertIn(self.name, takeover.sample)
        self.assertEqual(takeover.level_ids.level_id, self.level_1, "2 is nearest to 1")
        takeover.action_take_over()
        reminder = self._get_reminders()
        self.assertRecordValues(
            reminder,
            [
                {
                    "date": date(2024, 5, 5),
                    "trigger": "import",
                    "state": "sent",
                    "level_id": self.level_1.id,
                    "channels": "Another System",
                    "name": False,
                    "amount_claimed": 100,
                    "amount_overdue": 100,
                    "company_id": self.company.id,
                }
            ],
        )
        self.assertFalse(reminder.delivery_ids)
        self.assertRecordValues(
            reminder.line_ids,
            [{"name": self.name, "days_late": 10, "residual": 100, "is_standing": 1}],
        )
        self.assertEqual(self.late.followup_level_id, self.level_1)
        self.assertEqual(self.late.followup_date, date(2024, 5, 5))
        item = self.env["account.followup.item"].search(
            [("move_id", "=", self.late.id)]
        )
        self.assertEqual(item.next_level_id, self.level_2)
        self.assertEqual(item.ripe_date, date(2024, 5, 19), "15 - 1 days after it")

    def test_x14_number_of_our_next_reminder_is_the_first(self):
        """Reminders of others take no number of ours."""
        self._take_over(f"Invoice,Days,Date\n{self.name},1,2024-05-01")
        with self.mock_mail_gateway():
            self._run_cron()
        taken, sent = self._get_reminders()
        self.assertEqual(sent.level_id, self.level_2)
        self.assertTrue(sent.name)
        self.assertFalse(taken.name)

    def test_x14_minimum_gap_counts_from_the_day_taken_over(self):
        self._create_late(1)  # ripe itself
        self._take_over(f"Invoice,Days,Date\n{self.name},1,2024-05-13")
        with self.mock_mail_gateway():
            self._run_cron()
            self.assertEqual(len(self._get_reminders()), 1)
            with freeze_time("2024-05-16"):
                self._run_cron()
        self.assertEqual(len(self._get_reminders()), 2)

    def test_x14_every_wrong_line_is_told_and_the_others_are_taken(self):
        paid = self._create_late(30)
        self._pay(paid)
        sheet = "\n".join(
            [
                "Invoice,Customer,Level,Days,Date,Excluded,Next Reminder,Responsible",
                f"{self.name},,,1,2024-05-05,,,",
                "INV/1,,,1,2024-05-05,,,",
                f"{self.name},,,soon,2024-05-05,,,",
                f"{self.name},,,15,05-05,,,",
                f"{self.name},,,15,,,,",
                f"{self.name},,,15,2024-05-16,,,",
                f"{self.name},,Nonsense,,2024-05-05,,,",
                f"{paid.name},,,15,2024-05-05,,,",
                ",,,15,2024-05-05,,,",
                ",Late Ltd,,15,2024-05-05,,,",
                ",Nobody Ltd,,,,yes,,",
                ",Late Ltd,,,,perhaps,,",
                ",Late Ltd,,,,,2099-01-01,",
                ",Late Ltd,,,,,,Nobody",
                f"{self.name},,,,,,,",
                ",Late Ltd,,,,no,,",
            ]
        )
        takeover = self._take_over(sheet)
        self.assertEqual(takeover.reminder_count, 1)
        doubts = self._get_doubts(takeover)
        self.assertEqual(len(doubts), takeover.doubt_count)
        lines = [int(doubt.split(",")[0].split()[1]) for doubt in doubts]
        self.assertEqual(lines, sorted(lines))
        for line, reason in {
            3: "There is no posted invoice INV/1",
            4: "soon is no number of days",
            5: "05-05 is no date",
            6: "The date of the reminder is missing",
            7: "is a day to come",
            8: "Level Nonsense counts as none of ours",
            9: "It is settled",
            10: "names neither an invoice nor a customer",
            11: "A level belongs to an invoice",
            12: "There is no such customer",
            13: "perhaps is neither yes nor no",
            14: "is too far away",
            15: "There is no such user",
            16: "It says nothing",
        }.items():
            with self.subTest(line=line):
                told = [doubt for doubt in doubts if doubt.startswith(f"Line {line},")]
                self.assertEqual(len(told), 1)
                self.assertIn(reason, told[0])
        self.assertEqual(len(doubts), 14)
        self.assertIn("Nobody Ltd", takeover.doubts)

    def test_x14_a_file_that_is_none_says_so_and_nothing_is_done(self):
        for content, reason in (
            (b"PK\x03\x04\0\0", "is no CSV file"),
            (b"\xff\xfe\x00", "is no CSV file"),
            (b"a,b\n1,2", "the first line must have the headings"),
            (b"", "Choose the CSV file first"),
        ):
            with self.subTest(content=content):
                takeover = self._create_takeover(content)
                with self.assertRaisesRegex(UserError, reason):
                    takeover.action_look()
                self.assertEqual(takeover.state, "draft")

    def test_x14_level_by_name_number_and_by_hand(self):
        others = [self._create_late(20) for _number in range(3)]
        names = [move.name for move in (self.late, *others)]
        sheet = "Number\tFollow-up Level\tDate\n" + "\n".join(
            f"{name}\t{level}\t2024-05-05"
            for name, level in zip(
                names, ("level 15", "2", "Harsh", "Harsh"), strict=True
            )
        )
        takeover = self._create_takeover(sheet)
        takeover.action_look()
        self.assertEqual(takeover.doubt_count, 2)
        row = takeover.level_ids.filtered(lambda row: row.name == "Harsh")
        self.assertFalse(row.level_id)
        row.level_id = self.level_3
        takeover.action_look()
        self.assertEqual(row.level_id, self.level_3, "what was chosen stays")
        self.assertEqual(row.count, 2)
        takeover.action_take_over()
        self.assertEqual(
            [move.followup_level_id for move in (self.late, *others)],
            [self.level_2, self.level_2, self.level_3, self.level_3],
        )

    def test_x14_an_announcement_before_the_due_date_has_no_number(self):
        """Level 1 of others is their first reminder, not a word before it is due."""
        self.env["account.followup.level"].create(
            {
                "name": "Soon",
                "company_id": self.company.id,
                "delay": -3,
                "mail_template_id": self.template.id,
            }
        )
        others = [self._create_late(20) for _number in range(3)]
        names = [move.name for move in (self.late, *others)]
        takeover = self._create_takeover(
            "Invoice,Level,Date\n"
            + "\n".join(
                f"{name},{level},2024-05-05"
                for name, level in zip(names, ("1", "3", "4", "soon"), strict=True)
            )
        )
        takeover.action_look()
        self.assertEqual(takeover.doubt_count, 1, "there is no fourth one")
        takeover.action_take_over()
        self.assertEqual(
            [move.followup_level_id.name for move in (self.late, *others)],
            [self.level_1.name, self.level_3.name, False, "Soon"],
        )

    def test_x14_a_level_can_be_created_for_theirs(self):
        takeover = self._create_takeover(
            f"Invoice,Level,Days,Date\n{self.name},Harsh,8,2024-05-05"
        )
        takeover.action_look()
        self.assertEqual(takeover.level_ids.level_id, self.level_1)
        takeover.level_ids.is_created = True
        takeover.action_take_over()
        level = self.late.followup_level_id
        self.assertRecordValues(
            level, [{"name": "Harsh", "delay": 8, "is_automatic": False}]
        )
        takeover.action_undo()
        self.assertFalse(level.exists())

    def test_x14_headings_of_the_paid_edition_are_known(self):
        """Its documentation names these labels; exports have them as headings."""
        rows = takeover_csv.read(
            b'"Display Name","Next reminder","Responsible"\r\n'
            b'"Late Ltd","2024-06-01","R"'
        )
        self.assertEqual(
            rows,
            [
                (
                    2,
                    {
                        "customer": "Late Ltd",
                        "next_date": "2024-06-01",
                        "responsible": "R",
                    },
                )
            ],
        )

    def test_x14_instalments_that_were_due_have_reached_it(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "line_ids": [
                    Command.create({"value_amount": 50, "nb_days": 0}),
                    Command.create({"value_amount": 50, "nb_days": 20}),
                ],
            }
        )
        invoice = self._create_late(20, invoice_payment_term_id=term.id)
        first, second = invoice._get_followup_lines().sorted("date_maturity")
        self.assertEqual(second.date_maturity, date(2024, 5, 5))
        self._take_over(f"Invoice,Days,Date\n{invoice.name},1,2024-05-05")
        self.assertEqual(first.followup_level_id, self.level_1)
        self.assertFalse(second.followup_level_id, "it was not late then")

    def test_x14_exclusions_next_date_and_responsible(self):
        other = self._create_customer("Other Ltd", ref="C77")
        takeover = self._take_over(
            "Invoice,Customer,Excluded,Next Reminder,Responsible\n"
            f"{self.name},,yes,,\n"
            f"{self.name},,yes,,\n"
            ",C77,yes,2024-06-01,responsible@company.example.com\n"
        )
        self.assertTrue(self.late.no_followup)
        followup = self._get_followup(other)
        self.assertRecordValues(
            followup,
            [
                {
                    "excluded": True,
                    "next_reminder_date": date(2024, 6, 1),
                    "next_reminder_user_id": self.env.uid,
                    "responsible_id": self.responsible.id,
                }
            ],
        )
        self.assertRecordValues(
            takeover,
            [{"exclusion_count": 2, "next_date_count": 1, "responsible_count": 1}],
        )
        said = " ".join(other.message_ids.mapped("body"))
        self.assertIn("Excluded: No → Yes", said)
        takeover.action_undo()
        self.assertFalse(self.late.no_followup)
        self.assertRecordValues(
            followup,
            [
                {
                    "excluded": False,
                    "next_reminder_date": False,
                    "responsible_id": False,
                }
            ],
        )

    def test_x14_what_was_decided_here_stays(self):
        followup = self._get_followup()
        followup.responsible_id = self.env.user
        followup.next_reminder_date = date(2024, 7, 1)
        takeover = self._take_over(
            "Customer,Next Reminder,Responsible\nLate Ltd,2024-06-01,Responsible"
        )
        self.assertEqual(takeover.known_count, 2)
        self.assertEqual(followup.responsible_id, self.env.user)
        self.assertEqual(followup.next_reminder_date, date(2024, 7, 1))

    def test_x14_a_next_date_before_the_rule_is_told(self):
        """The rule reminds later anyway: such a day would be shown and not kept."""
        takeover = self._take_over(
            "Invoice,Customer,Days,Date,Next Reminder\n"
            f"{self.name},Late Ltd,30,2024-05-14,\n"
            ",Late Ltd,,,2024-05-16\n"
        )
        self.assertEqual(takeover.next_date_count, 1, "no level comes: it may be set")
        other = self._create_customer("Other Ltd")
        invoice = self._create_late(10, partner=other)
        takeover = self._take_over(
            "Invoice,Customer,Days,Date,Next Reminder\n"
            f"{invoice.name},,1,2024-05-14,\n"
            ",Other Ltd,,,2024-05-16\n"
        )
        self.assertEqual(takeover.next_date_count, 0)
        self.assertIn("later anyway", self._get_doubts(takeover)[0])

    def test_x14_the_second_time_nothing_is_taken_twice(self):
        sheet = (
            "Invoice,Customer,Days,Date,Excluded,Responsible\n"
            f"{self.name},,1,2024-05-05,,\n"
            ",Late Ltd,,,yes,Responsible\n"
        )
        self._take_over(sheet)
        self._get_followup().excluded = False  # somebody has changed his mind
        again = self._create_takeover(sheet)
        again.action_look()
        again.level_ids.level_id = self.level_3
        again.action_take_over()
        self.assertEqual(len(self._get_reminders()), 1)
        self.assertFalse(self._get_followup().excluded)
        self.assertRecordValues(
            again,
            [
                {
                    "reminder_count": 0,
                    "exclusion_count": 0,
                    "responsible_count": 0,
                    "known_count": 3,
                }
            ],
        )
        other = self._take_over(f"Invoice,Days,Date\n{self.name},2,2024-05-07")
        self.assertEqual(other.reminder_count, 0, "level 1 was reached already")
        with self.assertRaisesRegex(UserError, "cannot be done"):
            other.action_take_over()
        self.assertEqual(len(self._get_reminders()), 1)

    def test_x14_undone_it_can_be_taken_over_again(self):
        sheet = f"Invoice,Days,Date\n{self.name},1,2024-05-05\n"
        takeover = self._take_over(sheet)
        takeover.action_undo()
        self.assertEqual(takeover.state, "undone")
        self.assertFalse(self._get_reminders())
        self.assertFalse(self.late.followup_level_id)
        self._take_over(sheet)
        self.env.invalidate_all()
        self.assertEqual(self.late.followup_level_id, self.level_1)

    def test_x14_undo_ends_with_the_first_reminder_after_it(self):
        takeover = self._take_over(f"Invoice,Days,Date\n{self.name},1,2024-05-01")
        with self.mock_mail_gateway():
            self._run_cron()
        with self.assertRaisesRegex(UserError, "the first one to Late Ltd"):
            takeover.action_undo()
        self.assertEqual(len(self._get_reminders()), 2)
        self.assertEqual(takeover.state, "done")

    def test_x14_undo_leaves_what_somebody_has_decided_since(self):
        """Also when it is the same: who has looked at it keeps it."""
        kept, bare, held, stale = (self._create_late(20) for _number in range(4))
        stale._get_followup_lines().followup_hold_reason = "Of a hold that has ended"
        line = held._get_followup_lines()
        line._hold_followup(
            TODAY + timedelta(days=30), "In talks", {self.company: TODAY}
        )
        other = self._create_customer("Other Ltd")
        moves = (self.late, kept, bare, held, stale)
        takeover = self._take_over(
            "Invoice,Customer,Excluded,Next Reminder\n"
            + "".join(f"{move.name},,yes,\n" for move in moves)
            + ",Late Ltd,yes,2024-06-01\n,Other Ltd,yes,2024-06-01\n"
        )
        self.assertRecordValues(
            takeover, [{"exclusion_count": 7, "next_date_count": 2}]
        )
        kept._get_followup_lines()._exclude_followup("Goodwill")
        bare._get_followup_lines()._exclude_followup("")
        case = self._get_followup(other)
        clerk = case.with_user(self.responsible)
        clerk.review_date = TODAY + timedelta(days=90)
        for day in (date(2024, 6, 2), date(2024, 6, 1)):
            clerk.next_reminder_date = day
        takeover.action_undo()
        self.assertEqual(
            [move.no_followup for move in moves], [False, True, True, False, False]
        )
        self.assertFalse(self.late._get_followup_lines().followup_hold_reason)
        self.assertEqual(kept._get_followup_lines().followup_hold_reason, "Goodwill")
        self.assertEqual(line.followup_hold_reason, "In talks")
        self.assertEqual(line.followup_hold_until, TODAY + timedelta(days=30))
        self.assertRecordValues(
            self._get_followup() + case,
            [
                {"excluded": False, "next_reminder_date": False},
                {"excluded": True, "next_reminder_date": date(2024, 6, 1)},
            ],
        )

    def test_x14_undo_in_another_language(self):
        """The reason of the exclusions is in the language of who took them over."""
        self.env["res.lang"]._activate_lang("de_DE")
        takeover = self._create_takeover(f"Invoice,Excluded\n{self.name},yes")
        german = takeover.with_context(lang="de_DE")
        german.action_look()
        german.action_take_over()
        line = self.late._get_followup_lines()
        self.assertTrue(line.followup_hold_reason)
        self.assertNotIn("Taken over", line.followup_hold_reason)
        takeover.with_context(lang="en_US").action_undo()
        self.assertFalse(self.late.no_followup)
        self.assertFalse(line.followup_hold_reason)

    def test_x14_an_error_leaves_nothing_half_done(self):
        takeover = self._create_takeover(
            f"Invoice,Excluded,Days,Date\n{self.name},yes,1,2024-05-01"
        )
        takeover.action_look()
        lines = self.env.registry["account.followup.takeover.line"]
        with (
            patch.object(lines, "create", side_effect=UserError("no room")),
            self.assertRaisesRegex(UserError, "no room"),
            self.env.cr.savepoint(),
        ):
            takeover.action_take_over()
        self.env.invalidate_all()
        self.assertFalse(self._get_reminders())
        self.assertFalse(self.late.no_followup)
        self.assertEqual(takeover.state, "ready")

    def test_x14_only_invoices_of_the_company_and_by_administrators(self):
        other = self.setup_other_company(name="Second House")["company"]
        takeover = self._create_takeover(f"Invoice,Days,Date\n{self.name},1,2024-05-01")
        clerk = self._create_user("clerk", "account.group_account_invoice")
        manager = self._create_user("boss", "account.group_account_manager")
        with self.assertRaises(AccessError):
            takeover.with_user(clerk).action_look()
        takeover.with_user(manager).action_look()
        takeover.with_user(manager).action_take_over()
        self.assertEqual(self._get_reminders().user_id, manager)
        foreign = (
            self.env["account.followup.takeover"]
            .with_company(other)
            .create({"source": "csv", "file": takeover.file})
        )
        foreign.action_look()
        self.assertEqual(foreign.reminder_count, 0)
        self.assertIn("Second House", self._get_doubts(foreign)[0])

    def test_x14_a_branch_needs_somebody_of_all_branches(self):
        self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        manager = self._create_user("boss", "account.group_account_manager")
        takeover = self._create_takeover(f"Invoice,Days,Date\n{self.name},1,2024-05-01")
        with self.assertRaisesRegex(AccessError, "with all of its branches"):
            takeover.with_user(manager).action_look()

    def test_x14_doubts_hold_no_formulas(self):
        takeover = self._create_takeover("Invoice,Days,Date\n=1+1,1,2024-05-01")
        takeover.action_look()
        self.assertIn(",'=1+1,", self._get_doubts(takeover)[0])

    def test_p6_queries_do_not_grow_with_the_lines(self):
        """Show, Take Over and Undo: one line or a hundred thousand."""
        counts = []
        for number in (2, 14):
            names = [f"Firm {number} {index}" for index in range(number)]
            rows = ["Invoice,Customer,Days,Date,Excluded,Next Reminder,Responsible"]
            for index, name in enumerate(names):
                partner = self._create_customer(name)
                reminded = self._create_late(40, partner=partner)
                excluded = self._create_late(40, partner=partner)
                day = TODAY + timedelta(days=60 + index % 2)
                rows += [
                    f"{reminded.name},,1,2024-05-05,,,",
                    f"{excluded.name},,,,yes,,",
                    f",{name},,,yes,{day},Responsible",
                ]
            takeover = self._create_takeover("\n".join(rows))
            for step in ("look", "take_over", "undo"):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                getattr(takeover, f"action_{step}")()
                self.env.flush_all()
                counts.append((step, self.env.cr.sql_log_count - before))
            self.assertRecordValues(
                takeover,
                [
                    {
                        "reminder_count": number,
                        "exclusion_count": 2 * number,
                        "next_date_count": number,
                        "responsible_count": number,
                        "doubt_count": 0,
                    }
                ],
            )
        for (step, few), (_step, many) in zip(counts[:3], counts[3:], strict=True):
            with self.subTest(step=step):
                # core reads the taxes of each item that is included again
                own = 12 if step == "undo" else 0
                self.assertLessEqual(many, few + 4 + own, counts)

    def test_x14_the_night_after_it(self):
        """Exactly what an independent calculation says is sent."""
        self.late.button_draft()
        world = self._create_world(40)
        rows = ["Invoice;Customer;Days;Date;Excluded;Next Reminder"]
        for name, facts in world.items():
            for move, (_late, reminders) in zip(
                facts["moves"], facts["invoices"], strict=True
            ):
                rows += [f"{move.name};;{days};{day};;" for days, day in reminders]
            if facts["excluded"] or facts["wait"]:
                excluded = "yes" if facts["excluded"] else ""
                rows.append(f";{name};;;{excluded};{facts['wait'] or ''}")
        takeover = self._take_over("\n".join(rows))
        self.assertFalse(takeover.doubt_count, self._get_doubts(takeover))
        self._check_night(world)


@tagged("post_install", "-at_install")
class TestTakeoverTour(FollowupCommon, HttpCase):
    """Row X14: the window, in a real browser."""

    def test_x14_window(self):
        today = self._get_real_today()
        self._create_late(20, day=today, name="INV/TAKE/0001")
        user = self._create_user(
            "person", "base.group_partner_manager", "account.group_account_manager"
        )
        user.password = user.login
        self.start_tour("/odoo", "account_followup_takeover", login=user.login)
        takeover = self.env["account.followup.takeover"].search([])
        self.assertEqual(takeover.state, "undone")
        self.assertEqual(takeover.doubt_count, 1)
        self.assertFalse(self._get_reminders())

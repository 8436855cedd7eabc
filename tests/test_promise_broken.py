from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .common import TODAY
from .test_promise import PromiseCommon, in_days


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestBrokenPromise(PromiseCommon):
    """X7: after a broken promise a plan jumps to a level, if it says so.

    The invoice is 20 days late; a promise for in five days is broken on the eighth, two
    days of tolerance later.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.customer.with_company(cls.company)
        cls.plan = cls.level_1.plan_id
        cls.plan.broken_level_id = cls.level_3

    def _get_answer(self, day=TODAY):
        """Return (level due or nothing, next reminder) as they are shown on a day."""
        with freeze_time(day):
            self.env.flush_all()
            self.env.invalidate_all()
            customer = self.customer
            level = customer.followup_level_id
            if customer.followup_status != "in_need_of_action":
                level = level.browse()
            return level, customer.followup_next_reminder_date

    def _live(self, first, last):
        """Let the scheduled action run each day; return the new reminders."""
        before = self._get_reminders()
        for number in range(first, last + 1):
            with freeze_time(in_days(number)), self.mock_mail_gateway():
                self._run_cron()
                self._run_mail_queue()
        return self._get_reminders() - before

    def _get_sent(self, first, last):
        """Return [(day, level)] of what the run has sent between two days."""
        return [
            ((one.date - TODAY).days, one.level_id) for one in self._live(first, last)
        ]

    # ------------------------------------------------------------------
    # The rule
    # ------------------------------------------------------------------

    def test_x7_broken_jumps_at_once(self):
        """Neither the days of the level nor those before it count."""
        young = self._get_lines(self._create_late(2, 40))
        self._promise(5, lines=self.line | young)
        nothing = self.level_1.browse()
        self.assertEqual(self._get_answer(), (nothing, in_days(8)))
        self.assertEqual(self._get_answer(in_days(7)), (nothing, in_days(8)))
        self.assertEqual(self._get_answer(in_days(8)), (self.level_3, in_days(8)))
        self.assertEqual(self._get_sent(0, 30), [(8, self.level_3)])
        lines = self._get_reminders().line_ids
        self.assertEqual(lines.level_id, self.level_3)
        self.assertEqual(lines.move_line_id, self.line | young)
        self.assertEqual(self._get_answer(in_days(40)), (nothing, False), "all is done")

    def test_x7_broken_says_to_have_paid(self):
        """Who says so was not told of the next level: the ladder goes on."""
        self._promise(5, origin="debtor", is_payment=True)
        self.assertEqual(self._get_sent(0, 8), [(6, self.level_1)])

    def test_x7_broken_without_the_setting(self):
        self.plan.broken_level_id = False
        self._promise(5)
        self.assertEqual(
            self._get_sent(0, 30),
            [(6, self.level_1), (20, self.level_2)],
        )

    def test_x7_broken_other_items_go_on(self):
        """Only what was promised jumps."""
        self._promise(5)
        other = self._get_lines(self._create_late(-9, 40))
        [reminder] = self._live(8, 8)
        self.assertEqual(reminder.line_ids.move_line_id, self.line)
        self.assertEqual(
            self._get_sent(9, 30), [(10, self.level_1), (24, self.level_2)]
        )
        self.assertEqual(
            self._get_reminders().line_ids.filtered("level_id").move_line_id,
            self.line | other,
        )

    def test_x7_broken_once(self):
        """Afterwards the ladder goes on; another promise does not lead back."""
        self.plan.broken_level_id = self.level_2
        self.assertEqual(self._get_sent(0, 0), [(0, self.level_1)])
        self._promise(2)
        self.assertEqual(self._get_sent(1, 6), [(5, self.level_2)])
        with freeze_time(in_days(6)):
            self._promise_parts([(in_days(9), None)], day=in_days(6))
        self.assertEqual(self._get_sent(7, 40), [(20, self.level_3)])

    def test_x7_broken_never_lower(self):
        """Whoever is further by the ladder, or by the age of the invoice, stays so."""
        self.plan.write({"catch_up": "jump", "broken_level_id": self.level_2.id})
        self.line = self._get_lines(self._create_late(60))
        self.invoice.no_followup = True
        self._promise(5)
        self.assertEqual(self._get_answer(in_days(8))[0], self.level_3)

    def test_x7_broken_before_the_setting(self):
        """What was reminded since then goes on where it stands."""
        self.plan.broken_level_id = False
        self._promise(0)
        self.assertEqual(self._get_sent(0, 15), [(1, self.level_1), (15, self.level_2)])
        self.plan.broken_level_id = self.level_3
        self.assertEqual(self._get_sent(16, 31), [(30, self.level_3)])

    def test_x7_broken_states(self):
        """Replaced, cancelled and kept ones do not count; one kept in part does."""
        promise = self._promise(5)
        newer = self._promise(12)
        self.assertEqual(promise.state, "replaced")
        self.assertEqual(self._get_answer()[1], in_days(15))
        newer.action_cancel()
        self.assertEqual(self._get_answer(), (self.level_1, TODAY))
        self._promise(5, 60)
        self._pay(self.invoice, 60, in_days(2))
        self.assertEqual(self._get_answer(in_days(8))[0], self.level_1, "kept")
        self.invoice.no_followup = True
        other = self._create_late(20)
        self._promise(5, lines=self._get_lines(other))
        self._pay(other, 10, in_days(2))
        self.assertEqual(self._get_answer(in_days(8))[0], self.level_3, "in part")

    def test_x7_broken_and_replaced(self):
        """The newest one counts: when it is cancelled, no older one comes back."""
        self._promise(0)
        with freeze_time(in_days(3)):
            newer = self._promise_parts([(in_days(9), None)], day=in_days(3))
            newer.action_cancel()
            self.assertEqual(newer.state, "cancelled")
        self.assertEqual(self._get_answer(in_days(3)), (self.level_1, in_days(3)))
        self.assertEqual(self._get_answer(in_days(20))[0], self.level_1)

    def test_x7_broken_and_replaced_by_hand(self):
        """Also when only the date on the invoice is taken away."""
        self._promise(0)
        with freeze_time(in_days(3)):
            self.line.expected_payment_date = in_days(9)
            self.env.cr.flush()
            self.line.expected_payment_date = False
            self.env.cr.flush()
        self.assertEqual(self._get_answer(in_days(3))[0], self.level_1)

    def test_x7_broken_and_replaced_by_one_in_dispute(self):
        """Of the newest nothing is left to be paid: the older one does not count."""
        self._promise(0)
        with freeze_time(in_days(3)):
            newer = self._promise_parts([(in_days(9), None)], day=in_days(3))
            dispute = self._dispute(day=in_days(3))
        with freeze_time(in_days(15)):
            dispute.action_reject()
        self.assertEqual(self._get_state(newer, in_days(15)), "cancelled")
        self.assertEqual(self._get_answer(in_days(15))[0], self.level_1)

    def _dispute(self, amount=None, day=TODAY, lines=None):
        return self.env["account.followup.dispute"]._dispute(
            lines or self.line,
            self.env.ref("account_payment_followup.dispute_reason_amount"),
            {self.company: day},
            amount,
            is_rest_claimed=True,
        )

    def test_x7_broken_while_in_dispute(self):
        """Rejected after the day: who was wrong was not late, reminders go on."""
        self._promise(5)
        dispute = self._dispute()
        self.assertFalse(self._get_answer(in_days(9))[0])
        with freeze_time(in_days(10)):
            dispute.action_reject()
        self.assertEqual(self._get_answer(in_days(10))[0], self.level_1)

    def test_x7_broken_of_a_part_in_dispute(self):
        """What is claimed was not paid: the promise is broken, and the rest jumps."""
        self._promise(5)
        self._dispute(40)
        self.assertEqual(self._get_answer(in_days(8))[0], self.level_3)
        self._pay(self.invoice, 60, in_days(7))
        self.assertFalse(self._get_answer(in_days(8))[0])

    def test_x7_broken_with_another_item_in_dispute(self):
        """Of a promise of several items, the one in dispute does not jump."""
        other = self._get_lines(self._create_late(20, 40))
        self._promise(5, lines=self.line | other)
        dispute = self._dispute(lines=other)
        self._pay(self.invoice, 30, in_days(5))
        self.assertEqual(self._get_answer(in_days(8))[0], self.level_3)
        with freeze_time(in_days(9)):
            dispute.action_reject()
        self.invoice.no_followup = True
        self.assertEqual(self._get_answer(in_days(9))[0], self.level_1)

    def test_x7_broken_before_the_dispute(self):
        """Who has broken it before does not undo that by a complaint."""
        self._promise(0)
        with freeze_time(in_days(4)):
            dispute = self._dispute(day=in_days(4))
            self.assertFalse(self._get_answer(in_days(4))[0])
            dispute.action_reject()
        self.assertEqual(self._get_answer(in_days(4))[0], self.level_3)

    def test_x7_broken_payment_is_taken_back(self):
        """A promise is broken afterwards when the bank takes the money back."""
        self._promise(5)
        self._pay(self.invoice, day=in_days(4))
        self.assertFalse(self._get_answer(in_days(8))[0])
        self.line.remove_move_reconcile()
        self.customer.invalidate_recordset()
        payment = self.env["account.payment"].search(
            [("partner_id", "=", self.customer.id)]
        )
        payment.action_draft()
        self.assertEqual(self._get_answer(in_days(20))[0], self.level_3)

    def test_x7_broken_instalment(self):
        """The first one that is not paid counts, and none before it."""
        self._promise_parts([(in_days(2), 40), (in_days(9), 60)])
        self.assertEqual(self._get_answer(in_days(3))[1], in_days(5))
        self._pay(self.invoice, 40, in_days(1))
        nothing = self.level_1.browse()
        self.assertEqual(self._get_answer(in_days(5)), (nothing, in_days(12)))
        self.assertEqual(self._get_answer(in_days(12))[0], self.level_3)

    def test_x7_broken_of_another_customer(self):
        """A promise is of who made it."""
        self._promise(0)
        other = self._create_customer("Other Ltd")
        self.invoice.button_draft()
        self.invoice.partner_id = other
        self.invoice.action_post()
        self.customer = other.with_company(self.company)
        self.assertEqual(self._get_answer(in_days(5))[0], self.level_1)

    def test_x7_broken_all_else_holds(self):
        """Hold, next reminder by hand, minimum days and amount."""
        self._promise(5)
        day = in_days(8)
        self.assertEqual(self._get_answer(day)[0], self.level_3)
        for model, values, reset in (
            (self.line, {"followup_hold_until": day}, {"followup_hold_until": False}),
            (
                self._get_followup(),
                {"next_reminder_date": in_days(11)},
                {"next_reminder_date": False},
            ),
            (
                self.plan,
                {"has_min_amount": True, "min_amount": 500},
                {"has_min_amount": False},
            ),
        ):
            model.write(values)
            self.assertFalse(self._get_answer(day)[0], values)
            model.write(reset)
        self.plan.write({"has_min_days": True, "min_days": 9})
        self._create_late(16, 10)
        self.assertEqual(
            self._get_sent(0, 20),
            [(0, self.level_1), (9, self.level_3), (18, self.level_2)],
        )

    def test_x7_broken_not_yet_due(self):
        """What is not overdue is not claimed: the level comes with the day after."""
        self.line = self._get_lines(self._create_late(-20))
        self.invoice.no_followup = True
        self._promise(5)
        self.assertEqual(self._get_sent(0, 30), [(21, self.level_3)])

    def test_x7_broken_other_plan(self):
        """A plan that says nothing does not jump."""
        plan = self.plan.copy({"name": "Quiet", "broken_level_id": False})
        plan.broken_level_id = False
        self._get_followup().plan_id = plan
        self._promise(5)
        level = self._get_answer(in_days(8))[0]
        self.assertEqual((level.plan_id, level.delay), (plan, 1))
        self._get_followup().plan_id = False
        self.assertEqual(self._get_answer(in_days(8))[0], self.level_3)

    def test_x7_broken_costs_nothing_unused(self):
        """Without a plan that says so the statement does not look for promises."""
        items = self.env["account.followup.item"]

        def get_statement():
            return items._get_sql({self.company: TODAY}, is_whole=True).code

        self.assertIn("account_followup_promise", get_statement())
        self.plan.broken_level_id = False
        self.assertNotIn("account_followup_promise", get_statement())

    # ------------------------------------------------------------------
    # What is told
    # ------------------------------------------------------------------

    def test_x7_broken_is_explained(self):
        self._promise(5)
        case = self._get_followup()
        for number, expected in (
            (7, "After a broken promise the level “Level 30” comes on 05/23/2024."),
            (8, "Due for the level “Level 30” after a broken promise."),
        ):
            with freeze_time(in_days(number)):
                self.env.invalidate_all()
                item = self.env["account.followup.item"].search(
                    [("move_line_id", "=", self.line.id)]
                )
                self.assertEqual(item.explanation, expected)
                answer = case._get_explanation(in_days(number))
                texts = {one["code"]: one["text"] for one in answer["reasons"]}
                if number == 7:
                    self.assertEqual(
                        answer["headline"],
                        "Will not be reminded today: A payment was promised: without "
                        "it the level “Level 30” comes on 05/23/2024.",
                    )
        self.assertEqual(answer["level"], self.level_3)
        self.assertTrue(answer["will_be_reminded"])
        self.assertEqual(
            texts["broken_promise"],
            "A promise was broken: the plan goes on with the level “Level 30”.",
        )
        with freeze_time(in_days(8)):
            self.env.invalidate_all()
            steps = {step["id"]: step for step in self.customer.followup_ladder}
        text = steps[self.level_3.id]["next_text"]
        self.assertEqual(text, "1 due now, after a broken promise")

    def test_x7_broken_task_names_the_level(self):
        self._promise(5)
        self._live(8, 8)
        [task] = self._get_tasks()
        self.assertIn("Reminders go on with the level “Level 30”.", task.note)

    # ------------------------------------------------------------------
    # The setting
    # ------------------------------------------------------------------

    def test_x7_broken_setting_is_of_the_plan(self):
        plans = self.env["account.followup.plan"]
        other = plans.create({"name": "Others", "company_id": self.company.id})
        self.env.flush_all()
        for record, vals, text in (
            (other, {"broken_level_id": self.level_3.id}, "one of its own levels"),
            (self.level_3, {"plan_id": other.id}, "one of its own levels"),
            (self.level_3, {"delay": -2}, "before the due date"),
        ):
            with (
                self.subTest(vals),
                self.assertRaisesRegex(ValidationError, text),
                self.env.cr.savepoint(),
            ):
                record.write(vals)
            self.env.invalidate_all(flush=False)

    def test_x7_broken_setting_is_copied(self):
        """The copy jumps to its own level, not to that of the plan it was made of."""
        copied = self.plan.copy()
        self.assertEqual(copied.broken_level_id.plan_id, copied)
        self.assertEqual(copied.broken_level_id.delay, 30)
        self.level_3.active = False
        self.assertFalse(self.plan.copy().broken_level_id)

    def test_x7_broken_level_archived_or_deleted(self):
        """Reminders go on where they stood, and the form says so."""
        self._promise(5)
        self.level_3.active = False
        self.assertEqual(self._get_answer(in_days(8))[0], self.level_1)
        with Form(self.plan) as form:
            self.assertTrue(form.is_broken_level_archived)
        self.level_3.active = True
        self.assertEqual(self._get_answer(in_days(8))[0], self.level_3)
        self.level_3.unlink()
        self.assertFalse(self.plan.broken_level_id)
        self.assertEqual(self._get_answer(in_days(8))[0], self.level_1)

    def test_x7_broken_setting_in_the_form(self):
        """It is there as soon as the plan has levels, and offers those alone."""
        with Form(self.plan) as form:
            form.broken_level_id = self.level_2
        self.assertEqual(self.plan.broken_level_id, self.level_2)

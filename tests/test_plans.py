from datetime import timedelta

import psycopg2
from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import html2plaintext, mute_logger

from ..models.res_company_golive import NOT_STARTED
from .common import TODAY, FollowupCommon


class PlansCommon(FollowupCommon):
    """A company with its default plan (1, 15, 30 days) and one for consumers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user(
            "manager", "account.group_account_manager", "base.group_partner_manager"
        )
        cls.plans = cls.env["account.followup.plan"]
        cls.standard = cls.plans._get_default_plan(cls.company)
        cls.tag = cls.env["res.partner.category"].create({"name": "Consumer"})
        cls.consumers = cls.plans.create(
            {
                "name": "Consumers",
                "company_id": cls.company.id,
                "category_ids": [Command.link(cls.tag.id)],
            }
        )
        cls.soft_1, cls.soft_2 = cls._create_levels(cls.consumers, (7, 20))

    @classmethod
    def _create_levels(cls, plan, delays):
        return cls.env["account.followup.level"].create(
            [
                {
                    "name": f"{plan.name} {delay}",
                    "plan_id": plan.id,
                    "company_id": plan.company_id.id,
                    "delay": delay,
                    "is_automatic": True,
                    "send_email": True,
                    "mail_template_id": cls.template.id,
                }
                for delay in delays
            ]
        )

    def _as(self, user, partner=None):
        partner = (partner or self.customer).with_user(user)
        return partner.with_company(self.company)

    def _get_plan(self, partner=None):
        self.env.flush_all()
        self.env.invalidate_all()
        partner = (partner or self.customer).with_company(self.company)
        return partner.followup_plan_id

    def _get_level_due(self, partner=None):
        self.env.flush_all()
        self.env.invalidate_all()
        partner = (partner or self.customer).with_company(self.company)
        if partner.followup_status != "in_need_of_action":
            return self.env["account.followup.level"]
        return partner.followup_level_id

    def _get_reason(self):
        self.env.flush_all()
        self.env.invalidate_all()
        reasons = self.env["account.followup.reason"].with_company(self.company)
        return reasons._get_reason_texts(self.customer)[self.customer]

    def _process(self, day=TODAY):
        """Let the scheduled action and the mail queue do their work on a day."""
        with freeze_time(day), self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPlans(PlansCommon):
    """X16: several plans, chosen by hand or by rule, one of them the default."""

    # ------------------------------------------------------------------
    # Which plan a customer has
    # ------------------------------------------------------------------

    def test_x16_new_company_has_one_default_plan(self):
        company = self.env["res.company"].create({"name": "Newly Founded"})
        plan = self.plans.search([("company_id", "=", company.id)])
        self.assertRecordValues(plan, [{"name": "Standard", "is_default": True}])
        self.assertEqual(plan.level_ids.mapped("delay"), [5, 15, 25, 40])

    def test_x16_branch_has_the_plans_of_its_main_company(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.assertFalse(self.plans.search([("company_id", "=", branch.id)]))
        self.env.user.company_ids += branch
        self.customer.category_id = self.tag
        customer = self.customer.with_company(branch)
        self.assertEqual(customer.followup_plan_id, self.consumers)
        with self.assertRaisesRegex(ValidationError, "belong to the main company"):
            self.plans.create({"name": "Of a branch", "company_id": branch.id})
        with self.assertRaisesRegex(ValidationError, "belong to the main company"):
            self.level_1.copy({"company_id": branch.id, "delay": 77})

    def test_x16_by_rule_else_default(self):
        self.assertEqual(self._get_plan(), self.standard)
        self.customer.category_id = self.tag
        self.assertEqual(self._get_plan(), self.consumers)
        self.customer.category_id = False
        self.assertEqual(self._get_plan(), self.standard)

    def test_x16_each_condition(self):
        france, spain = self.env.ref("base.fr"), self.env.ref("base.es")
        term = self.env.ref("account.account_payment_term_30days")
        customer = self.customer.with_company(self.company)
        for fits, differs, condition in (
            ({"country_id": france}, {"country_id": spain}, {"country_ids": france}),
            ({"is_company": False}, {"is_company": True}, {"customer_type": "person"}),
            ({"is_company": True}, {"is_company": False}, {"customer_type": "company"}),
            ({"trust": "bad"}, {"trust": "normal"}, {"trust": "bad"}),
            (
                {"property_payment_term_id": term},
                {"property_payment_term_id": term.browse()},
                {"payment_term_ids": term},
            ),
            (
                {"ref": "A17"},
                {"ref": "B17"},
                {"customer_domain": "[('ref', '=like', 'A%')]"},
            ),
        ):
            with self.subTest(condition=condition):
                plan = self.plans.create(
                    {
                        "name": "Special",
                        "company_id": self.company.id,
                        **{
                            name: value if isinstance(value, str) else value.ids
                            for name, value in condition.items()
                        },
                    }
                )
                for name, value in differs.items():
                    customer[name] = value
                self.assertEqual(self._get_plan(), self.standard)
                for name, value in fits.items():
                    customer[name] = value
                self.assertEqual(self._get_plan(), plan)
                self.assertIn("by rule: ", customer.followup_plan_info)
                plan.unlink()

    def test_x16_all_conditions_of_a_plan_must_hold(self):
        self.consumers.customer_type = "person"
        self.customer.category_id = self.tag
        self.assertEqual(self._get_plan(), self.standard)
        self.customer.is_company = False
        self.assertEqual(self._get_plan(), self.consumers)

    def test_x16_first_of_those_that_fit(self):
        other = self.consumers.copy({"name": "Other"})
        self.customer.category_id = self.tag
        for sequences, expected in (((1, 2), self.consumers), ((2, 1), other)):
            self.consumers.sequence, other.sequence = sequences
            self.assertEqual(self._get_plan(), expected)
        other.active = False
        self.assertEqual(self._get_plan(), self.consumers)

    def test_x16_plan_without_conditions_is_for_nobody_but_by_hand(self):
        self.consumers.category_ids = False
        self.assertEqual(self._get_plan(), self.standard)
        self.assertEqual(self.consumers.conditions, "customers chosen by hand")
        self.customer.with_company(self.company).followup_plan_id = self.consumers
        self.assertEqual(self._get_plan(), self.consumers)

    def test_x16_by_hand_goes_before_the_rule_and_leaves_a_trace(self):
        self.customer.category_id = self.tag
        with Form(self._as(self.manager)) as form:
            self.assertEqual(form.followup_plan_id, self.consumers)
            self.assertEqual(form.followup_plan_info, "by rule: Consumer")
            form.followup_plan_id = self.standard
        self.assertEqual(self._get_plan(), self.standard)
        customer = self.customer.with_company(self.company)
        self.assertEqual(customer.followup_plan_info, "chosen by hand")
        self.assertIn("Follow-up Plan: by the rule → Standard", self._get_note())
        with Form(self._as(self.manager)) as form:
            form.followup_plan_id = self.plans
        self.assertEqual(self._get_plan(), self.consumers)
        self.assertIn("Follow-up Plan: Standard → by the rule", self._get_note())

    def _get_note(self):
        return str(self.customer.message_ids.sorted("id")[-1:].body)

    def test_x16_search_of_customers_by_plan(self):
        other = self._create_customer("Consumer Carl", category_id=self.tag.ids)
        third = self._create_customer("Third Ltd")
        third.with_company(self.company).followup_plan_id = self.consumers
        both = other + third
        partners = self.env["res.partner"].with_company(self.company)
        mine = [("id", "in", (self.customer + both).ids)]

        def find(*condition):
            return partners.search([*mine, condition])

        self.assertEqual(find("followup_plan_id", "=", self.consumers.id), both)
        self.assertEqual(
            find("followup_plan_id", "!=", self.consumers.id), self.customer
        )
        self.assertEqual(find("followup_plan_id", "=", self.standard.id), self.customer)
        self.assertEqual(
            find("followup_plan_id", "in", (self.standard + self.consumers).ids),
            self.customer + both,
        )
        self.consumers.active = False
        self.assertEqual(
            find("followup_plan_id", "=", self.standard.id), self.customer + both
        )

    def test_x16_work_list_shows_and_groups_by_plan(self):
        self._create_late(20)
        other = self._create_customer("Consumer Carl", category_id=self.tag.ids)
        self._create_late(20, partner=other)
        self.env.flush_all()
        rows = self.env["account.followup.customer"]._read_group(
            [("partner_id", "in", (self.customer + other).ids)],
            ["plan_id"],
            ["partner_id:recordset"],
        )
        self.assertEqual(
            dict(rows), {self.standard: self.customer, self.consumers: other}
        )

    # ------------------------------------------------------------------
    # What a plan decides
    # ------------------------------------------------------------------

    def test_x16_levels_of_the_plan(self):
        self._create_late(6)
        self.assertEqual(self._get_level_due(), self.level_1)
        self.customer.category_id = self.tag
        self.assertFalse(self._get_level_due(), "7 days is the first of the others")
        self.assertEqual(
            self.customer.with_company(self.company).followup_next_reminder_date,
            TODAY + timedelta(days=1),
        )
        with freeze_time(TODAY + timedelta(days=1)):
            self.assertEqual(self._get_level_due(), self.soft_1)

    def test_x16_run_sends_each_the_level_of_his_plan(self):
        other = self._create_customer("Consumer Carl", category_id=self.tag.ids)
        self._create_late(8)
        self._create_late(8, partner=other)
        self._process()
        self.assertEqual(self._get_reminders().level_id, self.level_1)
        self.assertEqual(self._get_reminders(other).level_id, self.soft_1)
        self.assertEqual(self._get_reminders(other).state, "sent")

    def test_x16_change_of_plan_keeps_what_was_reached(self):
        """Nobody starts again, nothing is sent twice: levels count by their delay."""
        self._create_late(1)
        self._process()
        self.assertEqual(self._get_reminders().level_id, self.level_1)
        self.customer.category_id = self.tag
        for days, expected in ((5, 1), (6, 2), (7, 2)):
            self._process(TODAY + timedelta(days=days))
            self.assertEqual(len(self._get_reminders()), expected, days)
        self.assertEqual(self._get_reminders()[-1].level_id, self.soft_1)
        self.customer.category_id = False  # back: 7 days were reached, 15 is next
        for days, expected in ((8, 2), (13, 2), (14, 3), (15, 3)):
            self._process(TODAY + timedelta(days=days))
            self.assertEqual(len(self._get_reminders()), expected, days)
        self.assertEqual(self._get_reminders()[-1].level_id, self.level_2)

    def test_x16_same_days_in_two_plans_are_not_sent_twice(self):
        [same] = self._create_levels(self.consumers, (1,))
        self._create_late(1)
        self._process()
        self.customer.category_id = self.tag
        for days in (1, 2, 5):
            self._process(TODAY + timedelta(days=days))
        self.assertEqual(self._get_reminders().level_id, self.level_1)
        self.assertFalse(same.reminder_count)

    def test_x16_changed_while_queued_is_withdrawn(self):
        """The last look asks the plan as well: the other level is not due."""
        self._create_late(3)
        with self.mock_mail_gateway():
            self._run_cron()
            self.assertEqual(self._get_reminders().state, "queued")
            self.customer.category_id = self.tag
            self._run_mail_queue()
        self.assertEqual(self._get_reminders().state, "withdrawn")
        self.assertFalse(self._new_mails.filtered("email_to"))

    def test_x16_no_reminders(self):
        nobody = self.plans.create({"name": "Nobody", "company_id": self.company.id})
        self.customer.with_company(self.company).followup_plan_id = nobody
        self._create_late(50)
        self._process()
        self.assertFalse(self._get_reminders())
        customer = self.customer.with_company(self.company)
        self.assertEqual(customer.followup_status, "with_overdue_invoices")
        self.assertFalse(customer.followup_next_reminder_date)
        reason = self._get_reason()
        self.assertEqual(reason, 'Follow-up plan "Nobody" has no levels.')

    def test_x16_own_minimum_amount(self):
        self._create_late(20, 80)
        self.customer.category_id = self.tag
        self.assertEqual(self._get_level_due(), self.soft_1)
        self.consumers.write({"has_min_amount": True, "min_amount": 100})
        self.assertFalse(self._get_level_due())
        self.assertIn("less than the minimum amount of $\xa0100.00", self._get_reason())
        self.company.followup_min_amount = 500  # of the others
        self.consumers.min_amount = 80
        self.assertEqual(self._get_level_due(), self.soft_1)
        self.consumers.has_min_amount = False
        self.assertFalse(self._get_level_due())

    def test_x16_own_days_between_reminders(self):
        invoice = self._create_late(8)
        self.customer.category_id = self.tag
        self._process()
        self.assertEqual(len(self._get_reminders()), 1)
        self._create_late(9)
        later = TODAY + timedelta(days=4)
        with freeze_time(later):
            self.assertEqual(self._get_level_due(), self.soft_1, "the company wants 0")
            self.consumers.write({"has_min_days": True, "min_days": 9})
            self.assertFalse(self._get_level_due())
            self.assertIn("the next one is not before 05/24/2024", self._get_reason())
            self.assertEqual(
                self.customer.with_company(self.company).followup_next_reminder_date,
                TODAY + timedelta(days=9),
            )
            self.company.followup_min_days = 30  # of the others
            self.consumers.min_days = 4
            self.assertEqual(self._get_level_due(), self.soft_1)
        self.assertTrue(invoice)

    def test_x16_longer_gap_of_another_plan_does_not_count(self):
        """The default plan wants a shorter gap than another one of the company."""
        self.consumers.write({"has_min_days": True, "min_days": 60})
        self._create_late(1)
        self._process()
        self._create_late(1, day=TODAY + timedelta(days=2))
        with freeze_time(TODAY + timedelta(days=2)):
            self.assertEqual(self._get_level_due(), self.level_1)

    def test_x16_own_start_of_late_invoices(self):
        self._create_late(50)
        self.customer.category_id = self.tag
        self.assertEqual(self._get_level_due(), self.soft_1)
        self.consumers.catch_up = "jump"
        self.assertEqual(self._get_level_due(), self.soft_2)
        self.customer.category_id = False
        self.assertEqual(self._get_level_due(), self.level_1)

    def test_x16_ladder_of_the_customer(self):
        self._create_late(8)
        self._process()
        self.customer.category_id = self.tag
        self.env.invalidate_all()
        steps = self.customer.with_company(self.company).followup_ladder
        self.assertEqual(
            [(step["name"], step["items"]) for step in steps],
            [("Level 1", 1), ("Consumers 7", 0), ("Consumers 20", 0)],
        )

    # ------------------------------------------------------------------
    # Plans themselves
    # ------------------------------------------------------------------

    def test_x16_a_copy_has_the_levels(self):
        copied = self.consumers.copy()
        self.assertEqual(copied.name, "Consumers (copy)")
        self.assertFalse(copied.is_default)
        self.assertEqual(copied.category_ids, self.tag)
        self.assertEqual(copied.level_ids.mapped("delay"), [7, 20])
        self.assertEqual(
            copied.level_ids.mapped("name"), self.consumers.level_ids.mapped("name")
        )
        self.assertFalse(copied.level_ids & self.consumers.level_ids)

    def test_x16_a_level_without_a_plan_is_of_the_default_one(self):
        self.assertEqual(self.levels.plan_id, self.standard)

    def test_x16_days_are_unique_in_a_plan(self):
        self._create_levels(self.standard, (7,))  # as in the other plan
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self._create_levels(self.consumers, (7,))

    def test_x16_make_another_one_the_default(self):
        plans = self.consumers.with_user(self.manager)
        plans.action_set_default()
        self.assertFalse(self.standard.is_default)
        self.assertTrue(self.consumers.is_default)
        self.assertEqual(self._get_plan(), self.consumers)
        self.assertEqual(self.consumers.conditions, "all other customers")

    def test_x16_the_default_plan_stays(self):
        manager = self.standard.with_user(self.manager)
        with self._refused(UserError, '"Standard" is the default'):
            manager.active = False
        with self._refused(UserError, '"Standard" is the default'):
            manager.unlink()
        with self._refused(AccessError, "is_default"):
            manager.is_default = False
        self.consumers.active = False
        with self._refused(UserError, '"Consumers" is archived'):
            self.consumers.with_user(self.manager).action_set_default()

    def test_x16_a_plan_with_levels_is_not_deleted(self):
        plan = self.consumers.with_user(self.manager)
        with self._refused(UserError, "Consumers: delete or move the levels first"):
            plan.unlink()
        self.consumers.level_ids.unlink()
        self.customer.with_company(self.company).followup_plan_id = self.consumers
        plan.unlink()
        self.assertEqual(self._get_plan(), self.standard)

    def test_x16_archived_plan_counts_no_more(self):
        self._create_late(8)
        self.customer.with_company(self.company).followup_plan_id = self.consumers
        self.consumers.active = False
        self.assertEqual(self._get_plan(), self.standard)
        self.assertEqual(self._get_level_due(), self.level_1)

    def test_x16_broken_condition_names_the_plan(self):
        for domain in (
            "[(",
            "[('no_such_field', '=', 1)]",
            "[('id', '=', 'abc')]",
            "open('x')",
            "17",
        ):
            with (
                self.subTest(domain=domain),
                self._refused(ValidationError, '"Consumers": the further condition'),
                mute_logger("odoo.domains"),
            ):
                self.consumers.customer_domain = domain

    def test_x16_plans_of_another_company_are_refused(self):
        other = self.setup_other_company(name="Other root")["company"]
        foreign = self.plans._get_default_plan(other)
        with self._refused(ValidationError, "belongs to another company"):
            self.customer.with_company(self.company).followup_plan_id = foreign
        with self._refused(ValidationError, "belongs to another company"):
            self.level_1.plan_id = foreign
        with self._refused(ValidationError, "stays with its company"):
            self.consumers.company_id = other
        self.soft_1.company_id = other
        self.assertEqual(self.soft_1.plan_id, foreign, "its default plan")

    def test_x16_who_may_change_plans(self):
        clerk = self.responsible
        self.assertEqual(self.consumers.with_user(clerk).name, "Consumers")
        for change in (
            lambda plan: plan.write({"name": "Other"}),
            lambda plan: plan.copy(),
            lambda plan: plan.action_set_default(),
        ):
            with self._refused(AccessError, "."):
                change(self.consumers.with_user(clerk))

    def test_x16_form_of_a_plan(self):
        with Form(self.plans.with_user(self.manager)) as form:
            form.name = "Abroad"
            form.country_ids.add(self.env.ref("base.fr"))
            form.has_min_days = True
            form.min_days = 14
        plan = form.record
        self.assertEqual(plan.company_id, self.manager.company_id)
        self.assertEqual(plan.conditions, "France")
        with Form(self.env["account.followup.level"].with_user(self.manager)) as form:
            form.name = "By letter"
            form.plan_id = plan
            form.delay = 10
            form.mail_template_id = self.template
        self.assertEqual(plan.level_ids.mapped("name"), ["By letter"])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestUnreadPlan(PlansCommon):
    """X16: a field is gone of which the further condition of a plan asks."""

    PROBLEM = (
        'Follow-up plan "Consumers": the further condition cannot be read. '
        "Build it again with the editor."
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.category_id = cls.tag
        cls.stranger = cls._create_customer("Stranger Ltd")
        cls.chosen = cls._create_customer("Chosen Ltd", category_id=cls.tag.ids)
        cls.chosen.with_company(cls.company).followup_plan_id = cls.standard
        data = cls.setup_other_company(name="Other House")
        cls.other = data["company"]
        cls.env.user.company_ids += cls.other
        cls._go_live(cls.other)
        cls.other.partner_id.email = "accounts@other.example.com"
        cls.neighbour = cls._create_customer("Neighbour Ltd")
        journal = data["default_journal_sale"]
        cls._create_late(20, partner=cls.neighbour, journal_id=journal.id)
        plan = cls.plans._get_default_plan(cls.other)
        [cls.level_of_other] = cls._create_levels(plan, (1,))
        for partner in cls.customer + cls.stranger + cls.chosen:
            cls._create_late(20, partner=partner)
        cls._lose_field()

    @classmethod
    def _lose_field(cls):
        """Leave behind what an uninstalled module does."""
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE account_followup_plan SET customer_domain = %s WHERE id = %s",
            ["[('no_such_field', '=', 1)]", cls.consumers.id],
        )
        cls.env.invalidate_all()

    def test_x16_nobody_gets_another_plan(self):
        """Who could have the plan gets no reminder; all others get theirs."""
        self._process()
        self.assertFalse(self._get_reminders())
        for partner, level in (
            (self.stranger, self.level_1),
            (self.chosen, self.level_1),
            (self.neighbour, self.level_of_other),
        ):
            self.assertRecordValues(
                self._get_reminders(partner), [{"level_id": level.id, "state": "sent"}]
            )
        # by the further condition alone it could be the plan of anybody
        self.consumers.category_ids = False
        late = self._create_customer("Late Too Ltd")
        self._create_late(20, partner=late)
        self._process(TODAY + timedelta(days=1))
        self.assertFalse(self._get_reminders(late) + self._get_reminders())

    def test_x16_unread_is_told_until_it_is_mended(self):
        self._process()
        self._process()
        task = self.company.partner_id.activity_ids
        self.assertEqual(len(task), 1)
        self.assertIn(self.PROBLEM, html2plaintext(task.note))
        self.assertFalse(self.other.partner_id.activity_ids)
        self.consumers.with_user(self.manager).customer_domain = False
        self._process(TODAY + timedelta(days=1))
        self.assertFalse(self.company.partner_id.activity_ids)
        self.assertEqual(self._get_reminders().level_id, self.soft_1)

    def test_x16_unread_is_said_and_all_screens_open(self):
        self.responsible.company_ids += self.other
        companies = (self.company + self.other).ids
        env = self.env(user=self.responsible)
        env = env(context={"allowed_company_ids": companies})
        partners = self.customer + self.stranger + self.neighbour
        rows = env["account.followup.customer"].search(
            [("partner_id", "in", partners.ids)]
        )
        self.assertEqual(
            {row.partner_id: row.reason_text or "" for row in rows},
            {self.customer: self.PROBLEM, self.stranger: "", self.neighbour: ""},
        )
        item = env["account.followup.item"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(item.explanation, self.PROBLEM)
        customer = self._as(self.responsible)
        self.assertEqual(customer.followup_plan_id, self.consumers)
        self.assertEqual(customer.followup_plan_info, self.PROBLEM)
        self.assertEqual(customer.followup_status, "with_overdue_invoices")
        self.assertIn(self.PROBLEM, customer.followup_explanation["headline"])
        self.assertTrue(customer.followup_ladder)
        Form(self._as(self.manager))
        self.assertFalse(self._open_window(user=self.responsible).level_id)
        windows = env["account.followup.process.wizard"]
        window = windows.create({"partner_ids": self.customer.ids})
        self.assertEqual(window.line_ids.reason, self.PROBLEM)
        report = env["account.followup.report"].get_report(
            {"variant": "followup_report"}
        )
        shown = {row["partner_id"] for row in report["rows"]}
        mine = self.customer + self.stranger + self.chosen
        self.assertGreaterEqual(shown, set(mine.ids))
        with Form(self.consumers.with_user(self.manager)) as form:
            form.customer_domain = False

    def test_x16_unread_while_queued_is_withdrawn(self):
        self.consumers.customer_domain = False
        with self.mock_mail_gateway():
            self._run_cron()
            self.assertEqual(self._get_reminders().state, "queued")
            self._lose_field()
            self._run_mail_queue()
        self.assertEqual(self._get_reminders().state, "withdrawn")
        self.assertEqual(self._get_reason(), self.PROBLEM)

    def test_x16_no_go_live_with_an_unread_plan(self):
        """Of its customers nothing could count as reminded."""
        self.company.write(
            {
                **NOT_STARTED,
                "followup_automatic": False,
                "followup_switch_date": False,
            }
        )
        admin = self._create_user(
            "admin", "account.group_account_manager", "base.group_system"
        )
        windows = self.env["account.followup.start.wizard"].with_user(admin)
        window = windows.with_company(self.company).create({"start": "reminded"})
        self.assertTrue(window.line_ids)
        with self._refused(UserError, '"Consumers": the further condition'):
            window.action_start()


@tagged("post_install", "-at_install")
class TestPlanTour(FollowupCommon, HttpCase):
    """X16 on the screen."""

    def test_x16_second_plan(self):
        """A second plan is made, and a customer changes over to it."""
        self.level_1.name = "Friendly Reminder"
        self.customer.category_id = self.env["res.partner.category"].create(
            {"name": "Consumer"}
        )
        self._create_late(20, 250, day=self._get_real_today())
        user = self._create_user(
            "person", "base.group_partner_manager", "account.group_account_manager"
        )
        user.password = user.login
        self.start_tour("/odoo", "account_followup_second_plan", login=user.login)
        plan = self.env["account.followup.plan"].search([("name", "=", "Consumers")])
        self.assertEqual(plan.company_id, self.company)
        self.assertRecordValues(
            plan.level_ids, [{"name": "Soft Reminder", "delay": 10, "send_email": True}]
        )

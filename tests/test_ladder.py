from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, freeze_time, tagged

from .common import TODAY, FollowupCommon

VIEW = "account_payment_followup.res_partner_view_form_followup"


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLadder(FollowupCommon):
    """Row B1: the customer shows the levels, with what stands on each of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.customer.with_company(cls.company)
        cls.old = cls._create_late(20, 300)
        with freeze_time(TODAY - timedelta(days=10)):
            cls.env["account.followup"].sudo()._get_or_create(
                cls.customer, cls.company
            )._process()
        cls.young = cls._create_late(3, 70)
        cls.fresh = cls._create_late(-9, 50)
        cls.credit = cls._create_late(3, 20, move_type="out_refund")
        cls.env.flush_all()
        cls.env.invalidate_all()

    def _get_steps(self):
        self.env.invalidate_all()
        return {step["id"]: step for step in self.customer.followup_ladder}

    def _open(self, level, kind, user=None):
        customer = self.customer.with_user(user or self.responsible)
        action = customer.with_company(self.company).action_view_followup_level(
            level.id, kind
        )
        return self.env[action["res_model"]].search(action["domain"])

    def test_where_each_item_stands(self):
        steps = self._get_steps()
        self.assertEqual(list(steps), [0, *self.levels.ids], "from first to last")
        self.assertEqual(steps[0]["items"], 2, "nothing was sent about these")
        self.assertEqual(steps[0]["amount"], "$\xa0120.00", "credits stand on no level")
        self.assertEqual(steps[self.level_1.id]["items"], 1)
        self.assertEqual(steps[self.level_1.id]["amount"], "$\xa0300.00")
        self.assertFalse(steps[self.level_2.id]["items"])

    def test_what_was_sent_when(self):
        steps = self._get_steps()
        self.assertEqual(steps[self.level_1.id]["sent"], "05/05/2024")
        self.assertFalse(steps[self.level_2.id]["sent"])

    def test_what_comes_next(self):
        steps = self._get_steps()
        first, second, third = (steps[level.id] for level in self.levels)
        self.assertEqual((first["next"], first["next_text"]), (2, "2 due now"))
        self.assertTrue(first["is_due"])
        self.assertEqual(second["next_text"], "1 from 05/19/2024")
        self.assertFalse(second["is_due"])
        self.assertFalse(third["next"])

    def test_what_rests(self):
        """On hold it comes later, excluded never; where it stands stays."""
        line = self.young.line_ids.filtered("date_maturity")
        line.followup_hold_until = TODAY + timedelta(days=9)
        self.fresh.no_followup = True
        step = self._get_steps()[self.level_1.id]
        self.assertEqual(step["next_text"], "1 from 05/25/2024")
        self.assertEqual(self._get_steps()[0]["items"], 2)

    def test_click_says_what_it_shows(self):
        customer = self.customer.with_company(self.company)
        for level, name in ((self.level_1.id, self.level_1.name), (0, "No level yet")):
            action = customer.action_view_followup_level(level, "items")
            self.assertEqual(action["display_name"], name)

    def test_click_shows_it(self):
        none = self.level_1.browse()
        self.assertEqual(self._open(none, "items").move_id, self.young + self.fresh)
        self.assertEqual(self._open(self.level_1, "items").move_id, self.old)
        self.assertEqual(self._open(self.level_2, "next").move_id, self.old)
        reminder = self._open(self.level_1, "reminders")
        self.assertEqual(reminder, self._get_reminders())
        self.assertFalse(self._open(self.level_2, "reminders"))
        self.assertTrue(self._open(self.level_1, "anything else"), "the items")

    def test_nothing_open(self):
        """Hidden when there is nothing to show, on a contact as well."""
        quiet = self._create_customer("Quiet Ltd")
        contact = self.env["res.partner"].create(
            {"name": "Jane", "parent_id": self.customer.id}
        )
        for partner in (quiet, contact, self.env["res.partner"].new()):
            self.assertFalse(partner.with_company(self.company).followup_ladder)
        for invoice in (self.old, self.young, self.fresh):
            self._pay(invoice)
        self.env.invalidate_all()
        self.assertFalse(self.customer.followup_ladder)

    def test_archived_level(self):
        """It is shown as long as something stands on it."""
        self.level_1.active = self.level_2.active = False
        self.assertEqual(list(self._get_steps()), [0, self.level_1.id, self.level_3.id])

    def test_void_reminder(self):
        """What reached nobody was not sent (rule 11)."""
        self._get_reminders().delivery_ids.sudo().state = "failed"
        self.env.flush_all()
        steps = self._get_steps()
        self.assertFalse(steps[self.level_1.id]["sent"])
        self.assertEqual(steps[0]["items"], 3)

    def test_who_sees_it(self):
        reader = self._create_user(
            "reader", "account.group_account_readonly", "base.group_user"
        )
        mine = self.customer.with_user(reader).with_company(self.company)
        self.assertTrue(mine.followup_ladder)
        self.assertEqual(self._open(self.level_1, "items", reader).move_id, self.old)
        with Form(mine, VIEW) as form:
            self.assertTrue(form.followup_ladder)
        employee = self._create_user("employee", "base.group_user")
        with self.assertRaises(AccessError):
            self.customer.with_user(employee).read(["followup_ladder"])
        with self.assertRaises(AccessError):
            self._open(self.level_1, "items", employee)

    def test_words_of_the_user(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.level_1.with_context(lang="de_DE").name = "Erste Stufe"
        german = self.customer.with_context(lang="de_DE")
        step = {one["id"]: one for one in german.followup_ladder}[self.level_1.id]
        self.assertEqual(step["name"], "Erste Stufe")
        self.assertEqual(step["sent"], "05.05.2024")


@tagged("post_install", "-at_install")
class TestLadderTour(FollowupCommon, HttpCase):
    """The same on the screen: a click shows what stands on a level."""

    def test_b1_ladder(self):
        self.level_1.name = "Friendly Reminder"
        today = self._get_real_today()
        self._create_late(20, 250, day=today)
        user = self._create_user(
            "person", "base.group_partner_manager", "account.group_account_invoice"
        )
        user.password = user.login
        self.start_tour("/odoo", "account_followup_ladder", login=user.login)

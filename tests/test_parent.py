from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestParent(FollowupCommon):
    """Row G5: a customer becomes part of a company, and leaves it again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.mail"].sudo().search([]).unlink()
        cls.group = cls._create_customer("Group")
        cls.customer.is_company = False
        cls.invoice = cls._create_late(20)

    def setUp(self):
        super().setUp()
        self.company.followup_min_days = 3
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
        self.reminder = self._get_reminders()

    def _call(self, partner, lines=()):
        return self.env["account.followup.call"]._log_call(
            {
                "partner_id": partner.id,
                "company_id": self.company.id,
                "date": TODAY,
                "outcome": "reached",
                "line_ids": list(lines),
            },
            TODAY,
        )

    def _get_history(self, partner):
        """Return the reminders behind the button of a contact."""
        partner = partner.with_company(self.company)
        action = partner.action_view_followup_reminders()
        found = self.env[action["res_model"]].search(action["domain"])
        partner.invalidate_recordset()
        if partner.commercial_partner_id == partner:
            self.assertEqual(partner.followup_reminder_count, len(found))
        return found

    def test_g5_history_goes_along(self):
        call = self._call(self.customer)
        self.customer.parent_id = self.group
        self.assertEqual(self.invoice.line_ids.partner_id, self.group)
        for partner in (self.customer, self.group):
            self.assertEqual(self._get_history(partner), self.reminder)
        self.assertEqual(call.partner_id, self.group)
        self.assertEqual(self.reminder.origin_partner_id, self.customer)
        self.assertEqual(self.invoice.followup_level_id, self.level_1)

    def test_g5_the_gap_holds(self):
        """What is late at the parent waits for the gap, and no level comes twice."""
        self.customer.parent_id = self.group
        self._create_late(5, partner=self.group)
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertEqual(self._get_reminders(self.group), self.reminder)
        with freeze_time(TODAY + timedelta(days=3)), self.mock_mail_gateway():
            self._run_cron()
        new = self._get_reminders(self.group) - self.reminder
        self.assertEqual(new.level_id, self.level_1)
        old_line = self.invoice._get_followup_lines()
        named = new.line_ids.filtered(lambda line: line.move_line_id == old_line)
        self.assertFalse(named.level_id, "it had that level already")

    def test_g5_more_careful_settings(self):
        day = TODAY + timedelta(days=9)
        self._get_followup(self.customer).write(
            {"reminder_type": "manual", "next_reminder_date": day}
        )
        self._get_followup(self.group).write(
            {"excluded": True, "responsible_id": self.responsible.id}
        )
        self.customer.parent_id = self.group
        case = self._get_followup(self.group)
        self.assertEqual(case.reminder_type, "manual")
        self.assertEqual(case.next_reminder_date, day)
        self.assertTrue(case.excluded)
        self.assertEqual(case.responsible_id, self.responsible)
        self.assertTrue(case.last_sent)

    def test_g5_plan_chosen_by_hand(self):
        """It goes along to the parent, and who leaves a parent with one has it."""
        plan = self.env["account.followup.plan"].create(
            {"name": "Nobody", "company_id": self.company.id}
        )
        self._get_followup(self.customer).plan_id = plan
        self.customer.parent_id = self.group
        self.assertEqual(self._get_followup(self.group).plan_id, plan)
        other = self._create_customer("Never set", is_company=False)
        other.parent_id = self.group
        other.parent_id = False
        self.assertEqual(self._get_followup(other).plan_id, plan)

    def test_g5_settings_come_back(self):
        self._get_followup(self.group).excluded = True
        self.customer.parent_id = self.group
        self.customer.parent_id = False
        case = self._get_followup(self.customer)
        self.assertFalse(case.excluded, "as before")
        other = self._create_customer("Never set", is_company=False)
        other.parent_id = self.group
        other.parent_id = False
        self.assertTrue(self._get_followup(other).excluded, "as its parent")

    def test_g5_history_of_what_stays(self):
        """Odoo leaves the entries with the former parent, and so do their levels."""
        self.customer.parent_id = self.group
        self.customer.parent_id = False
        self.assertEqual(self.invoice.line_ids.partner_id, self.group)
        self.assertEqual(self.invoice.followup_level_id, self.level_1)
        for partner in (self.customer, self.group):
            self.assertEqual(self._get_history(partner), self.reminder)

    def test_g5_history_comes_back(self):
        """Of entries that come back: the contact was a company for a while."""
        self.customer.is_company = True
        self.customer.parent_id = self.group
        call = self._call(self.customer)
        self.customer.is_company = False
        item = self.env["account.followup.item"].search(
            [("move_id", "=", self.invoice.id)]
        )
        self.assertEqual(item.partner_id, self.group)
        self.assertEqual(self.invoice.followup_level_id, self.level_1)
        self.assertEqual(self.reminder.partner_id, self.group)
        self.assertEqual(call.partner_id, self.group)
        self.customer.is_company = True
        self.assertEqual(self.reminder.partner_id, self.customer)
        self.assertEqual(call.partner_id, self.customer)
        self.assertFalse(self.reminder.origin_partner_id)
        self.assertEqual(self.invoice.followup_level_id, self.level_1)
        self.assertFalse(self._get_history(self.group))

    def test_g5_both_were_reminded_of_it(self):
        """The invoice was the parent's for a while: one memory, and no error."""
        for partner in (self.group, self.customer):
            self.invoice.button_draft()
            self.invoice.partner_id = partner
            self.invoice.action_post()
            with self.mock_mail_gateway():
                self._run_cron()
        self.assertEqual(len(self._get_reminders(self.group)), 1)
        self.customer.parent_id = self.group
        self.assertEqual(len(self._get_reminders(self.group)), 2)
        self.assertEqual(self.invoice.followup_level_id, self.level_1)

    def test_g5_a_hold_goes_along(self):
        until = TODAY + timedelta(days=30)
        self.invoice.followup_hold_until = until
        self.customer.parent_id = self.group
        self.assertEqual(self.invoice.followup_hold_until, until)

    def test_g5_queued_reminder_still_leaves(self):
        """The debt is the same, only under another roof."""
        late = self._create_customer("Single", is_company=False)
        self._create_late(20, partner=late)
        with self.mock_mail_gateway():
            self._run_cron()
        reminder = self._get_reminders(late)
        late.parent_id = self.group
        with self.mock_mail_gateway():
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(reminder.partner_id, self.group)

    def test_g5_contact_without_a_case(self):
        """Nothing is made for contacts of whom nobody knows anything."""
        contact = self._create_customer("Desk", is_company=False)
        cases = self.env["account.followup"].search([])
        contact.parent_id = self.group
        contact.parent_id = False
        self.assertEqual(self.env["account.followup"].search([]), cases)

    def test_g5_by_whoever_keeps_the_contacts(self):
        """Who changes contacts need not know anything of follow-ups."""
        keeper = self._create_user(
            "keeper", "base.group_user", "base.group_partner_manager"
        )
        late = self._create_customer("Single", is_company=False)
        self._get_followup(late).excluded = True
        late.with_user(keeper).parent_id = self.group
        self.assertTrue(self._get_followup(self.group).excluded)

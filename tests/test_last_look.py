from freezegun import freeze_time

from odoo.tests import tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLastLook(FollowupCommon):
    """Promise 2: a message leaves only if the rule would make its reminder now."""

    def _ask_rule(self, without):
        """Return status and level due, and the reached levels of the items."""
        days = {self.company: TODAY}
        customers = self.env["account.followup.customer"]
        (row,) = customers._get_rows(days, self.customer, without=without)
        rows = self.env["account.followup.item"]._get_rows(
            days, self.customer, without=without
        )
        reached = [row["reached_level_id"] for row in rows]
        return row["status"], row["level_id"], reached

    def test_rule_without_some_reminders(self):
        """The rule can be asked as if a reminder had not been made."""
        self.company.followup_min_days = 10
        self._create_late(20)
        followup = self._get_followup()
        first = followup._process(TODAY)["done"]
        level_1 = self.level_1.id
        self.assertEqual(
            self._ask_rule(first.browse()),
            ("with_overdue_invoices", level_1, [level_1]),
        )
        self.assertEqual(
            self._ask_rule(first), ("in_need_of_action", level_1, [None]), "no gap, too"
        )
        self.company.followup_min_days = 0
        second = self._open_window()
        second.action_send()
        self.company.followup_min_days = 10
        status, _level, _reached = self._ask_rule(first)
        self.assertEqual(status, "with_overdue_invoices", "the other one counts")
        self.assertEqual(
            self._ask_rule(first + second.reminder_id),
            ("in_need_of_action", level_1, [None]),
        )

from datetime import timedelta

from freezegun import freeze_time
from lxml import etree

from odoo import Command
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)  # a Wednesday
@tagged("post_install", "-at_install")
class TestRests(FollowupCommon):
    """U19: what rests, until when and why, in one list; V5: what an address shows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")
        cls.items = cls.env["account.followup.item"].with_user(cls.clerk)
        cls.items = cls.items.with_company(cls.company)

    def _rest(self, **values):
        invoice = self._create_late(20)
        line = invoice.line_ids.filtered("date_maturity")
        line.write(values)
        return line

    def _find(self, name):
        """Return what a filter of the list finds."""
        self.env.flush_all()
        self.env.invalidate_all()
        view = "account_payment_followup.account_followup_item_view_search"
        arch = etree.fromstring(self.env.ref(view).arch)
        found = arch.xpath(f"//filter[@name='{name}']/@domain")
        domain = safe_eval(found[0])
        return self.items.search(
            [("company_id", "=", self.company.id), *domain]
        ).move_line_id

    def test_u19_until_and_why(self):
        until = TODAY + timedelta(days=9)
        held = self._rest(followup_hold_until=until, followup_hold_reason="Parcel lost")
        promised = self._rest(
            expected_payment_date=TODAY, expected_payment_note="On the phone"
        )
        free = self._rest()
        excluded = self._rest(no_followup=True)
        self.env.flush_all()
        rows = {
            item.move_line_id: item
            for item in self.items.search([("company_id", "=", self.company.id)])
        }
        self.assertEqual(
            (rows[held].rest_until, rows[held].rest_why), (until, "Parcel lost")
        )
        self.assertEqual(
            (rows[promised].rest_until, rows[promised].rest_why),
            (TODAY, "On the phone"),
        )
        self.assertFalse(rows[free].rest_until or rows[free].rest_why)
        self.assertEqual(rows[held].responsible_id, self.responsible)
        self._get_followup().responsible_id = self.clerk
        self.env.invalidate_all()
        self.assertEqual(rows[held].responsible_id, self.clerk)
        self.assertEqual(self._find("at_rest"), held + promised + excluded)
        groups = self.items.formatted_read_group(
            [("company_id", "=", self.company.id), ("rest_reason", "!=", False)],
            ["rest_reason"],
            ["__count"],
        )
        self.assertEqual(
            {group["rest_reason"]: group["__count"] for group in groups},
            {"excluded": 1, "expected_payment": 1, "hold": 1},
        )

    def test_u19_filters(self):
        def promise(days):
            return self._rest(expected_payment_date=TODAY + timedelta(days=days))

        today, sunday, monday = map(promise, (0, 4, 5))
        late = promise(-9)  # noted by hand after its day
        broken = self._rest()
        past = TODAY - timedelta(days=9)
        with freeze_time(past):
            self.env["account.followup.promise"]._promise(
                broken, [(past, None)], {self.company: past}, origin="clerk"
            )
        self.assertEqual(self._find("promised"), today + sunday)
        self.assertEqual(self._find("promise_broken"), late + broken)
        self.assertNotIn(monday, self._find("promised"))
        disputed = self._rest()
        self.env.flush_all()
        wizard = (
            self.env["account.followup.call.wizard"]
            .with_user(self.clerk)
            .with_company(self.company)
            .create({"partner_id": self.customer.id, "outcome": "dispute"})
        )
        wizard.write(
            {
                "review_date": TODAY + timedelta(days=14),
                "note": "Goods damaged",
                "line_ids": [Command.set(disputed.ids)],
            }
        )
        wizard.action_log()
        self.assertEqual(self._find("disputed"), disputed)
        self.items.search([("move_line_id", "=", disputed.id)]).action_followup_resume()
        self.assertFalse(self._find("disputed"), "the dispute has ended")

    def test_v5_address_of_a_customer(self):
        """The stored action says whose items they are, as the button does."""
        mine = self._rest()
        other = self._create_customer("Another")
        self._create_late(20, partner=other)
        contact = self.env["res.partner"].create(
            {"name": "Clerk", "parent_id": self.customer.id}
        )
        self.env.flush_all()
        for name in ("items", "reminders", "calls", "statements"):
            button = getattr(
                self.customer.with_user(self.clerk).with_company(self.company),
                f"action_view_followup_{name}",
            )()
            action = self.env["ir.actions.act_window"].browse(button["id"])
            self.assertTrue(action.path)
            for partner in (self.customer, contact):
                domain = safe_eval(action.domain, {"active_id": partner.id})
                records = self.env[action.res_model].with_user(self.clerk)
                records = records.with_company(self.company)
                self.assertEqual(
                    records.search(domain), records.search(button["domain"])
                )
        found = self.items.search([("for_partner_id", "=", contact.id)])
        self.assertEqual(found.move_line_id, mine)

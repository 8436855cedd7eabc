from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.web.tests.test_js import unit_test_error_checker

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTrust(FollowupCommon):
    """Trust in the work-list: kept at the customer, in the company of the row."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reader = cls._create_user("reader", "account.group_account_readonly")
        cls._create_late(20)

    def _get_row(self, user=None, company=None):
        self.env.invalidate_all()
        rows = self.env["account.followup.customer"].with_user(user or self.responsible)
        return rows.search(
            [
                ("partner_id", "=", self.customer.id),
                ("company_id", "=", (company or self.company).id),
            ]
        )

    def _get_trust(self, company=None):
        self.env.invalidate_all()
        return self.customer.with_company(company or self.company).trust

    def test_b3_default(self):
        """B3: a customer of whom nothing is known is a normal one."""
        self.assertEqual(self._get_row().trust, "normal")

    def test_b3_change_in_the_work_list(self):
        """B3: a click in the work-list changes the customer."""
        specification = {"trust": {}}
        result = self._get_row().web_save({"trust": "bad"}, specification)
        self.assertEqual(result[0]["trust"], "bad")
        self.assertEqual(self._get_trust(), "bad")
        self.customer.with_company(self.company).trust = "good"
        self.assertEqual(self._get_row().trust, "good")

    def test_b3_several_rows(self):
        """B3: several customers in one go."""
        other = self._create_customer("Other Ltd")
        self._create_late(3, partner=other)
        rows = self._get_row()
        rows += rows.search([("partner_id", "=", other.id)])
        rows.trust = "good"
        self.env.invalidate_all()
        partners = (self.customer + other).with_company(self.company)
        self.assertEqual(partners.mapped("trust"), ["good", "good"])

    def test_b3_g1_company_of_the_row(self):
        """B3, G1: trust is kept per company; the row's company counts."""
        other = self.setup_other_company()["company"]
        self._create_late(20, company_id=other.id)
        self.responsible.company_ids += other
        companies = (self.company + other).ids
        self.customer.with_company(other).trust = "bad"
        rows = self._get_row(company=self.company).with_context(
            allowed_company_ids=companies
        )
        rows += self._get_row(company=other).with_context(allowed_company_ids=companies)
        self.assertEqual(rows.mapped("trust"), ["normal", "bad"])
        rows[1].trust = "good"
        self.assertEqual(self._get_trust(), "normal")
        self.assertEqual(self._get_trust(other), "good")

    def test_b3_g1_company_of_the_case(self):
        """B3, G1: the settings of a customer say and change that of their company."""
        other = self.setup_other_company()["company"]
        self.responsible.company_ids += other
        self.customer.with_company(other).trust = "bad"
        case = self._get_followup().with_user(self.responsible)
        case = case.with_context(allowed_company_ids=(other + self.company).ids)
        self.assertEqual(case.env.company, other)
        self.assertEqual(case.trust, "normal")
        case.trust = "good"
        self.assertEqual(self._get_trust(), "good")
        self.assertEqual(self._get_trust(other), "bad")

    def test_b3_search(self):
        """B3: the work-list is searched by the trust that it shows."""
        rows = self.env["account.followup.customer"].with_user(self.responsible)
        mine = [("partner_id", "=", self.customer.id)]
        self.assertTrue(rows.search([*mine, ("trust", "=", "normal")]))
        self.assertFalse(rows.search([*mine, ("trust", "=", "bad")]))
        self.customer.with_company(self.company).trust = "bad"
        self.assertTrue(rows.search([*mine, ("trust", "in", ["bad", "good"])]))
        self.assertFalse(rows.search([*mine, ("trust", "!=", "bad")]))

    def test_b3_g2_access(self):
        """B3, G2: Invoicing changes it, also without the right to edit contacts."""
        self.assertFalse(self.customer.with_user(self.responsible).has_access("write"))
        row = self._get_row()
        row.trust = "bad"
        self.assertEqual(self._get_trust(), "bad")
        with self.assertRaises(AccessError):
            self._get_row(self.reader).trust = "good"
        both = self._create_user(
            "both", "account.group_account_readonly", "base.group_partner_manager"
        )
        with self.assertRaises(AccessError):
            self._get_row(both).trust = "good"
        self.assertEqual(self._get_trust(), "bad")

    def test_b3_g2_nothing_else(self):
        """Nothing else of a row is written, and no row is made or deleted."""
        row = self._get_row()
        for name in ("status", "total_due", "excluded", "partner_id", "level_id"):
            with self.assertRaises(AccessError):
                row.write({name: False})
        with self.assertRaises(AccessError):
            row.write({"trust": "good", "excluded": True})
        with self.assertRaises(AccessError):
            row.unlink()
        with self.assertRaises(AccessError):
            row.create({"partner_id": self.customer.id})
        self.assertEqual(self._get_trust(), "normal")

    def test_b3_g2_other_company(self):
        """G2: a row of a company that is not the user's own stays closed."""
        other = self.setup_other_company()["company"]
        self._create_late(20, company_id=other.id)
        rows = self.env["account.followup.customer"].search(
            [("partner_id", "=", self.customer.id), ("company_id", "=", other.id)]
        )
        self.assertTrue(rows)
        with self.assertRaises(AccessError):
            rows.with_user(self.responsible).write({"trust": "bad"})

    def test_b3_g2_what_the_screen_offers(self):
        """G2: the widget is told who may write; read-only accountants see a picture."""
        for user, readonly in ((self.responsible, False), (self.reader, True)):
            rows = self.env["account.followup.customer"].with_user(user)
            info = rows.fields_get(["trust", "status"], ["readonly", "selection"])
            self.assertEqual(info["trust"]["readonly"], readonly, user.login)
            self.assertTrue(info["status"]["readonly"])
            self.assertEqual(
                [value for value, _label in info["trust"]["selection"]],
                ["good", "normal", "bad"],
            )
            arch = rows.get_view(view_type="list")["arch"]
            self.assertIn('widget="followup_trust"', arch)

    def test_b3_g1_branch(self):
        """G1: who works in a branch changes what the customer's form shows there."""
        branch = self._create_company(parent_id=self.company.id, name="Branch")
        user = self._create_user("branch", "account.group_account_invoice")
        user.write({"company_ids": [Command.set(branch.ids)], "company_id": branch.id})
        row = self._get_row(user).with_context(allowed_company_ids=branch.ids)
        row.trust = "bad"
        self.assertEqual(self._get_trust(branch), "bad")
        self.assertEqual(self._get_trust(), "normal")


@tagged("post_install", "-at_install")
class TestTrustWidget(HttpCase):
    """The unit tests of the widget, in a browser."""

    def test_b3_widget(self):
        """B3: colours, names, menu, keyboard and who may press."""
        suite = self._get_hoot_id("@account_payment_followup")
        self.browser_js(
            f"/web/tests?headless&loglevel=2&preset=desktop&timeout=60000&id={suite}",
            "",
            login="admin",
            timeout=600,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=unit_test_error_checker,
        )

    def _get_hoot_id(self, name):
        """Return the id by which Hoot knows a suite."""
        number = 0
        for char in name:
            number = ((number << 5) - number + ord(char)) & 0xFFFFFFFF
        return f"{number:08x}"

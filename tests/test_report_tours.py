from odoo.tests import HttpCase, tagged

from .common import FollowupCommon

ADDRESS = "/odoo/customer-reports"


@tagged("post_install", "-at_install")
class TestReportTours(FollowupCommon, HttpCase):
    """The four reports on the screen, in a real browser."""

    lang = "en_US"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level_1.name = "Friendly Reminder"
        today = cls._get_real_today()
        cls.prompt = cls._create_customer("Prompt Ltd")
        cls.invoice = cls._create_late(20, 250, day=today)
        cls._create_late(-5, 60, partner=cls.prompt, day=today)

    def _start(self, path, tour, *groups):
        groups = groups or (
            "account.group_account_invoice",
            "base.group_partner_manager",
        )
        user = self.env["res.users"].search([("login", "=", "followup_person")])
        user = user or self._create_user("person", *groups)
        user.write({"password": user.login, "lang": self.lang})
        self.start_tour(path, tour, login=user.login)

    def test_f6_aged_receivable(self):
        """Sorting, comparing, unfolding, the entry and back, the statement."""
        self._start("/odoo", "account_followup_report_aged")

    def test_f5_accounts_of_the_ledger(self):
        """Receivable, payable or both: chosen in the options, and remembered."""
        day = self._get_real_today()
        vendor = self._create_customer("Vendor Ltd")
        self._create_late(
            10, 30.0, vendor, day=day, move_type="in_invoice", invoice_date=day
        )
        self._start(
            f"{ADDRESS}?report=partner_ledger", "account_followup_report_accounts"
        )

    def test_f1_statement(self):
        self.invoice.copy({"invoice_date": self.invoice.invoice_date})
        self._start(
            f"{ADDRESS}?report=customer_statement&partner_ids={self.customer.id}",
            "account_followup_report_statement",
        )

    def test_g2_names_are_text(self):
        """A customer's name and reference are never run, wherever they are shown."""
        self.customer.write(
            {
                "name": '<img src="x" onerror="window.followupScriptRan = 1"/>',
                "ref": "<script>window.followupScriptRan = 1</script>",
            }
        )
        self._start("/odoo/followup-reports", "account_followup_names_are_text")

    def test_f1_windows_in_the_users_language(self):
        """A window is opened by the screen, not by a view: it has the language, too."""
        self.env["res.lang"]._activate_lang("de_DE")
        self.env["ir.module.module"]._load_module_terms(
            ["account_payment_followup"], ["de_DE"]
        )
        self.lang = "de_DE"
        self._start(
            f"{ADDRESS}?report=customer_statement&partner_ids={self.customer.id}",
            "account_followup_report_german",
        )

    def test_f1_statement_from_the_customer(self):
        self._start(
            f"/odoo/res.partner/{self.customer.id}",
            "account_followup_report_from_customer",
        )
        self.assertEqual(self.customer.trust, "bad")

    def test_f3_statements_from_a_list(self):
        action = self.env.ref("account.res_partner_action_customer")
        action.view_mode = "list,form"
        action.view_ids.unlink()
        self._start(f"/odoo/action-{action.id}", "account_followup_report_from_list")

    def test_f3_statements_from_the_work_list(self):
        self._create_late(3, 10, partner=self.prompt, day=self._get_real_today())
        self._start("/odoo/followup-reports", "account_followup_report_from_list")

    def test_f4_followup_report(self):
        """Exclude from a line, resume, a note in the customer's chatter (F8)."""
        self._start("/odoo", "account_followup_report_followup")
        self.assertFalse(self.invoice.no_followup)
        note = self.customer.message_ids.filtered(
            lambda message: "They will pay on Friday" in message.body
        )
        self.assertTrue(note)
        self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))

    def test_f5_partner_ledger(self):
        """Search, empty screen, unfold all, choice of customers."""
        self._start("/odoo", "account_followup_report_ledger")

    def test_f6_address(self):
        """An address says what is shown; back goes to the choice before."""
        self._start(
            f"{ADDRESS}?report=aged_receivable&partner_ids={self.customer.id}"
            "&sort=total&descending=1",
            "account_followup_report_address",
        )

    def test_f6_address_that_makes_no_sense(self):
        with self.assertLogs("odoo.http", "WARNING") as logs:
            self._start(
                f"{ADDRESS}?report=aged_receivable&period=whenever",
                "account_followup_report_error",
            )
        self.assertIn("period = whenever", "".join(logs.output))

    def test_g2_read_only_accountant(self):
        self._start(
            f"{ADDRESS}?report=customer_statement&partner_ids={self.customer.id}",
            "account_followup_report_read_only",
            "account.group_account_readonly",
        )

    def test_v5_address_of_a_customers_items(self):
        """Opened by somebody who has nothing but the address."""
        self._create_late(5, 60, partner=self.prompt, day=self._get_real_today())
        contact = self.customer.child_ids.create(
            {"name": "Contact", "parent_id": self.customer.id}
        )
        for partner in self.customer + contact:
            self._start(
                f"/odoo/res.partner/{partner.id}/customer-overdue-invoices",
                "account_followup_items_of_customer",
            )

    def test_v4_follow_ups_are_off(self):
        self.company.followup_enabled = False
        with self.assertLogs("odoo.http", "WARNING") as logs:
            self._start(
                f"{ADDRESS}?report=followup_report", "account_followup_report_is_off"
            )
        self.assertEqual(len(logs.output), 1, "it is not asked for again")

    def test_v7_search_that_looks_like_a_number(self):
        self.invoice.ref = "00017"
        self._start(
            f"{ADDRESS}?report=aged_receivable", "account_followup_report_search"
        )

    def test_f1_keyboard(self):
        self._start(
            f"{ADDRESS}?report=customer_statement", "account_followup_report_keyboard"
        )

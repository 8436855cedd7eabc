from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)  # a Wednesday
@tagged("post_install", "-at_install")
class TestWorkList(FollowupCommon):
    """Issue 12, the working day: what the work-list shows, finds and offers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")
        cls.rows = cls.env["account.followup.customer"].with_user(cls.clerk)
        cls.own = [("company_id", "=", cls.company.id)]

    def _get_row(self, partner):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.rows.search([*self.own, ("partner_id", "=", partner.id)])

    def _find(self, *domain):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.rows.search([*self.own, *domain]).partner_id

    def _create_with(self, name, days_late=20, amount=100.0):
        partner = self._create_customer(name)
        return partner, self._create_late(days_late, amount, partner=partner)

    def _promise(self, invoice, days):
        """Promise all of it for a day; on that day, if it has passed."""
        line = invoice.line_ids.filtered("date_maturity")
        day = TODAY + timedelta(days=days)
        made = min(day, TODAY)
        with freeze_time(made):
            self.env["account.followup.promise"]._promise(
                line, [(day, None)], {self.company: made}, origin="clerk"
            )
        return line

    def test_u18_opens_on_what_requires_followup(self):
        """The filters narrow each other, they do not add up."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_payment_followup.action_account_followup_customer"
        )
        self.assertIn("search_default_in_need_of_action", action["context"])
        arch = self.rows.get_view(view_type="search")["arch"]
        between = arch[arch.index('name="overdue"') : arch.index('"in_need_of_action"')]
        self.assertIn("<separator/>", between)

    def test_wish8_numbers(self):
        due, _invoice = self._create_with("Due")
        early, _invoice = self._create_with("Early", days_late=-5)
        _promised, invoice = self._create_with("Promised")
        self._promise(invoice, 2)
        _next_week, invoice = self._create_with("Next Week")
        self._promise(invoice, 6)
        broken, invoice = self._create_with("Broken")
        self._promise(invoice, -9)
        kept, invoice = self._create_with("Kept")
        self._promise(invoice, -9)
        self._pay(invoice)
        self.env.flush_all()
        self.env.invalidate_all()
        numbers = self.rows.with_company(self.company).get_work_list_numbers()
        self.assertEqual(
            numbers,
            {
                "customers": 5,
                "overdue": 4,
                "in_need_of_action": 2,
                "promised": 1,
                "promise_broken": 1,
                "to_process": 2,
                "test_notice": "",
            },
        )
        # each number is what its filter shows
        self.assertEqual(self._find(("promised", "=", True)), _promised)
        self.assertEqual(self._find(("promise_broken", "=", True)), broken)
        self.assertEqual(
            self._find(("promise_broken", "=", False)) & (broken + due), due
        )
        self.assertEqual(self._find(("status", "=", "in_need_of_action")), due + broken)
        self.assertNotIn(early + kept, self._find(("promised", "=", True)))

    def test_wish5_process_all_due(self):
        due, _invoice = self._create_with("Due")
        _early, _invoice = self._create_with("Early", days_late=-5)
        self.env.flush_all()
        rows = self.rows.with_company(self.company)
        action = rows.action_process_all_due()
        self.assertEqual(action["res_model"], "account.followup.process.wizard")
        self.assertEqual(action["context"]["default_partner_ids"], due.ids)
        self._get_followup(due).excluded = True
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "no customer requires a follow-up"):
            rows.action_process_all_due()
        reader = self._create_user("reader", "account.group_account_readonly")
        with self.assertRaises(AccessError):
            rows.with_user(reader).action_process_all_due()

    def test_u16_buttons_of_a_row(self):
        partner, _invoice = self._create_with("Due")
        row = self._get_row(partner).with_company(self.company)
        action = row.action_send_followup()
        self.assertEqual(action["res_model"], "account.followup.send.wizard")
        self.assertEqual(action["context"]["default_partner_id"], partner.id)
        action = row.action_log_followup_call()
        self.assertEqual(action["res_model"], "account.followup.call.wizard")
        other = self._create_company(name="Second Company")
        self.clerk.company_ids += other
        action = row.with_context(
            allowed_company_ids=[other.id, self.company.id]
        ).action_send_followup()
        self.assertEqual(action["tag"], "account_followup_open_in_company")

    def test_u15_all_levels_done(self):
        partner, _invoice = self._create_with("Done", days_late=40)
        self._create_with("Due")
        self.assertFalse(self._find(("ladder_done", "=", True)))
        self.company.followup_catch_up = "jump"
        with self.mock_mail_gateway():
            self._get_followup(partner)._process(TODAY, trigger="mass")
            self._run_mail_queue()
        row = self._get_row(partner)
        self.assertEqual(row.reached_level_id, self.level_3)
        self.assertFalse(row.coming_level_id)
        self.assertTrue(row.ladder_done)
        self.assertEqual(self._find(("ladder_done", "=", True)), partner)
        name = "account_payment_followup.action_hand_over"
        self.assertEqual(self.env.ref(name).binding_view_types, "list,kanban")
        action = row.action_hand_over()
        self.assertEqual(action["context"]["active_ids"], partner.ids)
        self.assertFalse(partner.with_user(self.clerk).has_access("write"))
        wizard = (
            self.env["mail.activity.schedule"]
            .with_user(self.clerk)
            .with_context(**action["context"])
            .create({"activity_user_id": self.responsible.id})
        )
        wizard.action_schedule_activities()
        self.assertEqual(partner.activity_ids.summary, "All reminders sent: hand over")
        self.assertEqual(partner.activity_ids.create_uid, self.clerk)
        stranger = self._create_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            wizard.with_user(stranger).sudo(False).action_schedule_activities()
        wizard = wizard.with_user(stranger).create({"res_ids": str(partner.ids)})
        with self.assertRaises(AccessError):
            wizard.action_schedule_activities()

    def test_u31_reached_and_next(self):
        partner, _invoice = self._create_with("Due", days_late=20)
        row = self._get_row(partner)
        self.assertFalse(row.reached_level_id)
        self.assertEqual(row.coming_level_id, self.level_1)
        self.assertEqual(row.due_since, TODAY - timedelta(days=19))
        with self.mock_mail_gateway():
            self._get_followup(partner)._process(TODAY, trigger="mass")
            self._run_mail_queue()
        row = self._get_row(partner)
        self.assertEqual(row.reached_level_id, self.level_1)
        self.assertFalse(row.coming_level_id, "nothing is due")
        self.assertFalse(row.due_since)

    def test_u10_v6_remarks(self):
        partner, _invoice = self._create_with("Covered")
        refund = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": partner.id,
                "invoice_date": TODAY,
                "invoice_line_ids": [
                    Command.create({"name": "Back", "price_unit": 150.0})
                ],
            }
        )
        refund.invoice_line_ids.tax_ids = False
        refund.action_post()
        self.assertEqual(self._get_row(partner).status_note, "Covered by credits")
        plain, _invoice = self._create_with("Plain")
        self.assertEqual(self._get_row(plain).status_note, "Requires follow-up")
        self._get_followup(plain).excluded = True
        self.assertEqual(self._get_row(plain).status_note, "Excluded")
        self.level_1.delay = -10
        early, _invoice = self._create_with("Early", days_late=-5)
        row = self._get_row(early)
        self.assertEqual(row.status, "in_need_of_action")
        self.assertEqual(row.status_note, "Falls due soon")

    def test_u32_search(self):
        partner, invoice = self._create_with("Found", amount=4711.25)
        self._create_with("Another")
        invoice.ref = "PO 31-X"
        partner.email = "purchase@found.example.com"
        self._create_with("Paid", amount=4711.25)
        paid = self.env["res.partner"].search([("name", "=", "Paid")])
        self._pay(self.env["account.move"].search([("partner_id", "=", paid.id)]))
        self.assertEqual(self._find(("document", "ilike", invoice.name)), partner)
        self.assertEqual(self._find(("document", "ilike", "31-x")), partner)
        self.assertEqual(
            self._find(("document", "ilike", invoice.payment_reference)), partner
        )
        self.assertEqual(self._find(("amount", "=", 4711.25)), partner)
        self.assertFalse(self._find(("amount", "=", 4711.26)))
        domain = [("partner_id.email", "ilike", "purchase@found")]
        self.assertEqual(self._find(*domain), partner)
        arch = self.rows.get_view(view_type="search")["arch"]
        self.assertIn("partner_id.email", arch)

    def test_wish9_pivot_is_right(self):
        """What pivot and graph read: sums by level, responsible and status."""
        self._create_with("One", amount=100)
        self._create_with("Two", amount=50)
        self.env.flush_all()
        groups = self.rows.formatted_read_group(
            self.own, ["level_id"], ["total_overdue:sum", "__count"]
        )
        found = {
            group["level_id"][0]: (group["total_overdue:sum"], group["__count"])
            for group in groups
        }
        self.assertEqual(found, {self.level_1.id: (150.0, 2)})
        groups = self.rows.formatted_read_group(
            self.own, ["responsible_id", "status"], ["total_due:sum"]
        )
        self.assertEqual([group["total_due:sum"] for group in groups], [150.0])
        for kind in ("pivot", "graph"):
            self.rows.get_view(view_type=kind)

    def test_u11_empty_list_says_why(self):
        action = self.env.ref(
            "account_payment_followup.action_account_followup_customer"
        )
        manager = self._create_user(
            "manager", "account.group_account_manager", "base.group_system"
        )

        def read(user):
            self.env.invalidate_all()
            mine = action.with_user(user).with_company(self.company)
            return mine.sudo().read()[0]["help"]

        self.assertIn("No customer is late", read(self.clerk))
        self.company.followup_enabled = False
        self.assertIn("are switched off", read(self.clerk))
        self.assertNotIn("<a ", read(self.clerk))
        self.assertIn("/odoo/action-account.action_account_config", read(manager))

    def test_u28_no_group_is_deleted(self):
        """Grouped by level, a list does not offer to delete the level."""
        models = ("customer", "item", "level", "reminder", "call", "statement")
        for name in models:
            arch = self.env[f"account.followup.{name}"].get_view(view_type="list")
            root = etree.fromstring(arch["arch"])
            for attribute in ("group_create", "group_edit", "group_delete"):
                self.assertEqual(root.get(attribute), "0", (name, attribute))

    def test_u30_switch_is_off(self):
        partner, _invoice = self._create_with("Due")
        by_hand, _invoice = self._create_with("By Hand")
        self._get_followup(by_hand).reminder_type = "manual"
        self.company.followup_automatic = False
        partner = partner.with_user(self.clerk).with_company(self.company)
        self.assertIn("switched off", partner.followup_switch_info)
        by_hand = by_hand.with_user(self.clerk).with_company(self.company)
        self.assertFalse(by_hand.followup_switch_info)
        self.env.flush_all()
        settings = self.env["res.config.settings"].with_company(self.company)
        values = {"company_id": self.company.id, "followup_enabled": True}
        off = settings.new({**values, "followup_automatic": False})
        self.assertFalse(off.followup_automatic_info)
        ticked = settings.new({**values, "followup_automatic": True})
        self.assertIn("would remind 1 customers", ticked.followup_automatic_info)

    def test_s4_new_level_has_fitting_texts(self):
        form = Form(self.env["account.followup.level"].with_company(self.company))
        self.assertEqual(form.mail_template_id, self.template)
        form.name = "Early"
        form.delay = -3
        upcoming = self.env.ref("account_payment_followup.mail_template_upcoming")
        self.assertEqual(form.mail_template_id, upcoming)
        form.send_sms = True
        self.assertTrue(form.sms_template_id)
        final = self.env.ref("account_payment_followup.mail_template_final_notice")
        form.mail_template_id = final
        form.delay = 50
        self.assertEqual(form.mail_template_id, final, "what was chosen stays")
        form.save()
        statement = self.env.ref("account_payment_followup.mail_template_statement")
        level = self.env["account.followup.level"]
        domain = level.fields_get(["mail_template_id"])["mail_template_id"]["domain"]
        found = self.env["mail.template"].search(domain)
        self.assertIn(final, found)
        self.assertNotIn(statement, found)

    def test_p17_list_of_customers_asks_the_rule_once(self):
        """Page and number of a filtered list of customers: the same as core's way."""
        partners = self.env["res.partner"]
        for number in range(5):
            partners += self._create_with(f"Due {number}")[0]
        idle = self._create_customer("Idle")
        self.env.flush_all()
        model = partners.with_user(self.clerk).with_company(self.company)
        own = ("id", "in", (partners + idle).ids)
        asked = []
        execute = type(self.env.cr).execute

        def count(cursor, query, *args, **kwargs):
            if "account_followup_reminder_line" in str(query):
                asked.append(query)
            return execute(cursor, query, *args, **kwargs)

        for condition, length in (
            (("followup_status", "=", "in_need_of_action"), 5),
            (("followup_status", "!=", "in_need_of_action"), 1),
            (("followup_status", "=", "no_action_needed"), 1),
            (("total_overdue", ">", 50), 5),
        ):
            self.env.invalidate_all()
            asked.clear()
            with patch.object(type(self.env.cr), "execute", count):
                page = model.web_search_read(
                    [own, condition], {"display_name": {}}, limit=1, count_limit=100
                )
            self.assertEqual(page["length"], length, condition)
            self.assertEqual(len(asked), 1, condition)

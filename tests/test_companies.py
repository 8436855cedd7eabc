from datetime import timedelta
from html import unescape

from freezegun import freeze_time
from lxml import html

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from .common import TODAY, FollowupCommon

INVOICE = "account.group_account_invoice"


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCompanies(FollowupCommon):
    """Rows G1 and B4: several companies, branches and currencies, each on its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.name = "First House"
        cls.data_2 = cls.setup_other_company(name="Second House")
        cls.company_2 = cls.data_2["company"]
        cls.company_2.partner_id.email = "accounts@second.example.com"
        cls.company_2.write({"street": "2 Second Road", "city": "Secondville"})
        cls.env.user.company_ids += cls.company_2
        cls.template_2 = cls.template.copy({"name": "Second"})
        cls.template_2.body_html = "<p>The Second House writes to you.</p>"
        cls.levels_2 = cls._create_levels_of_second((3, 20))
        cls.clerk = cls._create_user("clerk", INVOICE)
        cls.clerk_2 = cls._create_user("clerk_2", INVOICE)
        cls.clerk_2.write(
            {
                "company_id": cls.company_2.id,
                "company_ids": [Command.set(cls.company_2.ids)],
            }
        )
        cls.clerk_of_both = cls._create_user("both", INVOICE)
        cls.clerk_of_both.company_ids += cls.company_2
        cls._go_live(cls.company_2)
        cls.company_2.write(
            {
                "followup_min_days": 0,
                "followup_responsible_id": cls.clerk_2.id,
            }
        )

    @classmethod
    def _create_levels_of_second(cls, delays):
        levels = cls.env["account.followup.level"]
        levels.search([("company_id", "=", cls.company_2.id)]).unlink()
        return levels.create(
            [
                {
                    "name": f"Second House {delay}",
                    "company_id": cls.company_2.id,
                    "delay": delay,
                    "is_automatic": True,
                    "mail_template_id": cls.template_2.id,
                }
                for delay in delays
            ]
        )

    @classmethod
    def _create_late_2(cls, days_late, amount=100.0, **values):
        """Post an invoice of the second company."""
        journal = cls.data_2["default_journal_sale"]
        return cls._create_late(days_late, amount, journal_id=journal.id, **values)

    def _get_status(self, company, partner=None, user=None):
        partner = (partner or self.customer).with_user(user or self.env.user)
        return partner.with_company(company).followup_status

    def _get_currency_totals(self, partner=None):
        """Return the rows of the totals by currency, without the head."""
        content = (partner or self.customer).followup_currency_totals
        root = html.fragment_fromstring(str(content or ""), create_parent="div")
        rows = [[cell.text for cell in row.iter("td")] for row in root.iter("tr")]
        return rows[1:]

    # ------------------------------------------------------------------
    # B4: several currencies
    # ------------------------------------------------------------------

    def test_b4_totals_in_each_currency(self):
        euro = self.setup_other_currency("EUR")
        self._create_late(20, 100)
        self._create_late(-20, 50)
        self.assertFalse(self.customer.followup_currency_totals, "one currency only")
        self._create_late(20, 300, currency_id=euro.id)
        self._create_late(-5, 40, currency_id=euro.id)
        self._create_late(0, 60, currency_id=euro.id, move_type="out_refund")
        excluded = self._create_late(20, 1000, currency_id=euro.id)
        excluded.no_followup = True
        self.env.invalidate_all()
        self.assertEqual(
            sorted(self._get_currency_totals()),
            [
                ["EUR", "280.00\xa0€", "240.00\xa0€"],
                ["USD", "$\xa0150.00", "$\xa0100.00"],
            ],
        )
        # 280 EUR are 140 USD: shown beside, never instead
        self.assertEqual(self.customer.total_due, 290)
        self.assertEqual(self.customer.total_overdue, 220)

    def test_b4_totals_where_all_is_foreign(self):
        euro = self.setup_other_currency("EUR")
        self._create_late(20, 10, currency_id=euro.id)
        self._create_late(0, 30, currency_id=euro.id, move_type="out_refund")
        other = self._create_customer("Other")
        self._create_late(20, 10, partner=other)
        self.assertEqual(
            self._get_currency_totals(), [["EUR", "-20.00\xa0€", "0.00\xa0€"]]
        )
        self.assertFalse(other.followup_currency_totals)

    def test_b4_totals_in_the_format_of_the_user(self):
        self.env["res.lang"]._activate_lang("de_DE")
        euro = self.setup_other_currency("EUR")
        self._create_late(20, 12345.5, currency_id=euro.id)
        german = self.customer.with_context(lang="de_DE")
        self.assertEqual(
            self._get_currency_totals(german),
            [["EUR", "12.345,50\xa0€", "12.345,50\xa0€"]],
        )

    def test_b4_totals_of_many_cost_no_more_queries(self):
        euro = self.setup_other_currency("EUR")
        customers = self.customer
        self._create_late(20, 10, currency_id=euro.id)
        for number in range(5):
            customers += self._create_customer(f"Customer {number}")
            self._create_late(20, 10, partner=customers[-1:], currency_id=euro.id)
        self.env.flush_all()
        counts = []
        for some in (customers[:1], customers[:1], customers):
            some.invalidate_recordset(["followup_currency_totals"])
            before = self.cr.sql_log_count
            self.assertTrue(all(some.mapped("followup_currency_totals")))
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    # ------------------------------------------------------------------
    # G1: two companies that share a customer
    # ------------------------------------------------------------------

    def test_g1_status_is_that_of_the_current_company(self):
        self._create_late(2)
        self._create_late_2(2)
        first, second = (
            self.customer.with_company(company)
            for company in (self.company, self.company_2)
        )
        # one day is enough for the first plan, the second begins after three
        self.assertEqual(first.followup_status, "in_need_of_action")
        self.assertEqual(second.followup_status, "with_overdue_invoices")
        self.assertEqual(first.followup_level_id, self.level_1)
        self.assertFalse(second.followup_level_id)
        self.assertEqual(first.followup_next_reminder_date, TODAY)
        self.assertEqual(second.followup_next_reminder_date, TODAY + timedelta(days=1))
        self.assertEqual(first.followup_responsible_id, self.responsible)
        self.assertEqual(second.followup_responsible_id, self.clerk_2)

    def test_g1_settings_are_those_of_the_current_company(self):
        self._create_late(20)
        self._create_late_2(20)
        self.company_2.followup_min_amount = 500
        self.env.invalidate_all()
        self.assertEqual(self._get_status(self.company), "in_need_of_action")
        self.assertEqual(self._get_status(self.company_2), "with_overdue_invoices")
        self.customer.with_company(self.company).followup_excluded = True
        self.company_2.followup_min_amount = 0
        self.env.invalidate_all()
        self.assertEqual(self._get_status(self.company), "with_overdue_invoices")
        self.assertEqual(self._get_status(self.company_2), "in_need_of_action")
        second = self.customer.with_company(self.company_2)
        self.assertFalse(second.followup_excluded)
        second.followup_next_reminder_date = TODAY + timedelta(days=9)
        second.followup_reminder_type = "manual"
        self.env.invalidate_all()
        first = self.customer.with_company(self.company)
        self.assertFalse(first.followup_next_reminder_date)
        self.assertEqual(first.followup_reminder_type, "automatic")

    def test_g1_searches_are_those_of_the_current_company(self):
        self._create_late_2(20)
        domain = [
            ("id", "=", self.customer.id),
            ("followup_status", "=", "in_need_of_action"),
            ("total_overdue", ">", 0),
        ]
        partners = self.env["res.partner"]
        self.assertFalse(partners.with_company(self.company).search(domain))
        self.assertTrue(partners.with_company(self.company_2).search(domain))

    def test_g1_each_company_sends_its_own_reminder(self):
        first, second = self._create_late(20, 100), self._create_late_2(20, 70)
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
            mails = {mail["email_from"]: mail for mail in self._mails}
        self.assertEqual(
            set(mails),
            {self.responsible.email_formatted, self.clerk_2.email_formatted},
        )
        mail = mails[self.responsible.email_formatted]
        self.assertEqual(mail["subject"], "Payment reminder from First House")
        self.assertIn(first.name, mail["body"])
        self.assertNotIn("Second House", mail["body"])
        other = mails[self.clerk_2.email_formatted]
        self.assertEqual(other["subject"], "Payment reminder from Second House")
        self.assertIn("The Second House writes to you.", other["body"])
        self.assertIn("70.00", other["body"])
        self.assertNotIn("First House", other["body"])
        reminders = self._get_reminders().grouped("company_id")
        self.assertEqual(reminders[self.company].level_id, self.level_1)
        self.assertEqual(reminders[self.company_2].level_id, self.levels_2[0])
        self.assertEqual(reminders[self.company].line_ids.move_id, first)
        self.assertEqual(reminders[self.company_2].line_ids.move_id, second)

    def test_g1_each_company_prints_on_its_own_letterhead(self):
        layout = self.company.external_report_layout_id
        self.company_2.external_report_layout_id = layout
        self._create_late(20)
        self._create_late_2(20)
        for company, name, other in (
            (self.company, "First House", "Second House"),
            (self.company_2, "Second House", "First House"),
        ):
            window = self._open_window_in(company)
            window.do_email, window.do_print = False, True
            window.action_send()
            letter = window.reminder_id.delivery_ids.attachment_id
            self.assertEqual(letter.company_id, company)
            text = html.fromstring(letter.raw).text_content()
            self.assertIn(name, text)
            self.assertNotIn(other, text)
        self.assertIn("Secondville", text, "the address of the letterhead")

    def _open_window_in(self, company, user=None):
        partner = self.customer.with_company(company)
        if user:
            partner = partner.with_user(user)
        action = partner.action_send_followup()
        window = partner.env[action["res_model"]]
        return Form(window.with_context(**action["context"])).save()

    def test_g1_history_and_levels_are_separate(self):
        first, second = self._create_late(20), self._create_late_2(20)
        with self.mock_mail_gateway():
            self._run_cron()
        for company, move, level in (
            (self.company, first, self.level_1),
            (self.company_2, second, self.levels_2[0]),
        ):
            partner = self.customer.with_company(company)
            self.assertEqual(partner.followup_reminder_count, 1)
            self.assertEqual(partner.followup_item_ids.move_id, move)
            self.assertEqual(move.followup_level_id, level)
            for name in ("reminders", "items"):
                action = getattr(partner, f"action_view_followup_{name}")()
                found = self.env[action["res_model"]].search(action["domain"])
                self.assertEqual(found.company_id, company)
        followups = self.env["account.followup"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(followups.company_id, self.company + self.company_2)

    def test_g1_same_delay_in_two_companies(self):
        level = self.levels_2[0]
        level.delay = self.level_1.delay
        self.env.flush_all()
        self.assertEqual(level.delay, self.level_1.delay)

    # ------------------------------------------------------------------
    # G1: who sees what of which company
    # ------------------------------------------------------------------

    def _create_history_of_second(self):
        """Create everything there can be of the second company; return its invoice."""
        invoice = self._create_late_2(20)
        with self.mock_mail_gateway():
            self._run_cron()
        self.env["account.followup.run"]._start(self.customer, self.company_2)
        self.env["account.followup.call"].sudo().create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company_2.id,
                "date": TODAY,
                "outcome": "reached",
            }
        )
        self._create_late_2(1)
        self.env.flush_all()
        return invoice

    def test_g1_nothing_of_another_company_is_visible(self):
        self._create_history_of_second()
        for name in (
            "account.followup",
            "account.followup.call",
            "account.followup.customer",
            "account.followup.delivery",
            "account.followup.item",
            "account.followup.level",
            "account.followup.reminder",
            "account.followup.reminder.line",
            "account.followup.run",
            "account.followup.run.line",
        ):
            with self.subTest(model=name):
                model = self.env[name]
                records = model.search([("company_id", "=", self.company_2.id)])
                self.assertTrue(records, "there is something to hide")
                self._check_hidden(records.with_user(self.clerk))
                seen = records.with_user(self.clerk_2)
                self.assertTrue(seen.read(["display_name"]))

    def _check_hidden(self, records):
        """Assert that a user gets at none of the records, whatever the way."""
        mine = [("id", "in", records.ids)]
        self.assertFalse(records.search(mine))
        self.assertFalse(records.search_count(mine))
        self.assertFalse(
            records.formatted_read_group(mine, ["company_id"], ["__count"])
        )
        self.assertFalse(records.web_search_read(mine, {"display_name": {}})["length"])
        for record in records[:3]:
            with self.assertRaises(AccessError):
                record.invalidate_recordset()
                record.read(["display_name"])
            with self.assertRaises(AccessError):
                record.web_read({"company_id": {}})
            with self.assertRaises(AccessError):
                record.write({"company_id": self.company.id})

    def test_g1_searching_by_hidden_fields_tells_nothing(self):
        invoice = self._create_history_of_second()
        level = self.levels_2[0]
        reminder = self._get_reminders()[:1]
        for name, domain in (
            ("res.partner", [("followup_level_id", "=", level.id)]),
            ("res.partner", [("followup_level_id.name", "ilike", "Second House")]),
            ("res.partner", [("followup_responsible_id", "=", self.clerk_2.id)]),
            ("res.partner", [("total_due", ">", 0)]),
            ("account.move", [("followup_level_id", "=", level.id)]),
            ("account.move", [("followup_date", "=", TODAY)]),
            ("account.move.line", [("followup_level_id", "=", level.id)]),
            ("account.move.line", [("followup_date", "=", TODAY)]),
            ("account.followup.item", [("move_id", "=", invoice.id)]),
            ("account.followup.item", [("move_line_id.move_id", "=", invoice.id)]),
            ("account.followup.item", [("followup_hold_until", "=", False)]),
            ("account.followup.customer", [("followup_id", "!=", False)]),
            ("account.followup.customer", [("level_id", "=", level.id)]),
            ("account.followup.reminder", [("line_ids.name", "=", invoice.name)]),
            ("account.followup.reminder", [("delivery_ids.channel", "=", "email")]),
            ("account.followup.reminder", [("display_name", "ilike", "Late Ltd")]),
            ("account.followup.reminder.line", [("move_id", "=", invoice.id)]),
            ("account.followup.reminder.line", [("reminder_id", "=", reminder.id)]),
            ("account.followup.delivery", [("recipient", "ilike", "late")]),
            ("account.followup.run.line", [("reminder_id", "=", reminder.id)]),
            ("account.followup.call", [("partner_id", "=", self.customer.id)]),
            ("account.followup.run", [("line_ids.partner_id", "=", self.customer.id)]),
        ):
            with self.subTest(model=name, domain=domain):
                model = self.env[name].with_user(self.clerk).with_company(self.company)
                if name == "res.partner":
                    domain = [*domain, ("id", "=", self.customer.id)]
                self.assertFalse(model.search(domain))

    def test_g1_another_company_cannot_be_asked_for(self):
        self._create_late_2(20)
        self.env.invalidate_all()
        partner = self.customer.with_user(self.clerk)
        partner = partner.with_context(allowed_company_ids=self.company_2.ids)
        for name in (
            "followup_status",
            "total_due",
            "followup_currency_totals",
            "followup_item_ids",
        ):
            with self.assertRaises(AccessError):
                partner.read([name])
        with self.assertRaises(AccessError):
            partner.action_send_followup()
        window = self.env["account.followup.send.wizard"].with_user(self.clerk)
        with self.assertRaises(AccessError):
            window.create(
                {"partner_id": self.customer.id, "company_id": self.company_2.id}
            ).action_send()
        process = self.env["account.followup.process.wizard"].with_user(self.clerk)
        with self.assertRaises(AccessError):
            process.create(
                {
                    "partner_ids": [Command.set(self.customer.ids)],
                    "company_id": self.company_2.id,
                }
            ).action_process()
        call = self.env["account.followup.call.wizard"].with_user(self.clerk)
        with self.assertRaises(AccessError):
            call.create(
                {"partner_id": self.customer.id, "company_id": self.company_2.id}
            ).action_log()
        self.assertFalse(self._get_reminders())

    def test_g1_work_list_with_both_companies(self):
        self._create_late(20, 100)
        self._create_late_2(20, 70)
        for user, companies in (
            (self.clerk, self.company),
            (self.clerk_2, self.company_2),
            (self.clerk_of_both, self.company + self.company_2),
        ):
            rows = self.env["account.followup.customer"].with_user(user)
            rows = rows.with_context(allowed_company_ids=companies.ids)
            rows = rows.search([("partner_id", "=", self.customer.id)])
            self.assertEqual(rows.company_id, companies)
            self.assertEqual(len(rows), len(companies))
        totals = {row.company_id: row.total_overdue for row in rows}
        self.assertEqual(totals, {self.company: 100, self.company_2: 70})
        levels = {row.company_id: row.level_id for row in rows}
        self.assertEqual(levels[self.company_2], self.levels_2[0])
        # a click opens the customer in the company of the row
        second = rows.filtered(lambda row: row.company_id == self.company_2)
        action = second.action_open_customer()
        self.assertEqual(action["params"]["company_ids"][0], self.company_2.id)
        # what is processed is what was selected
        action = second.action_process_followups()
        window = rows.env[action["res_model"]].with_context(**action["context"])
        window = Form(window).save()
        self.assertEqual(window.company_id, self.company_2)
        self.assertEqual(window.line_ids.amount_claimed, 70)
        with self.mock_mail_gateway():
            window.action_process()
        self.assertEqual(self._get_reminders().company_id, self.company_2)
        self.assertEqual(self._get_reminders().user_id, self.clerk_of_both)

    def test_g1_window_with_both_companies(self):
        self._create_late(20, 100)
        self._create_late_2(20, 70)
        both = self.company_2 + self.company  # the second is the current one
        partner = self.customer.with_user(self.clerk_of_both)
        partner = partner.with_context(allowed_company_ids=both.ids)
        action = partner.action_send_followup()
        window = partner.env[action["res_model"]].with_context(**action["context"])
        window = Form(window).save()
        self.assertEqual(window.item_line_ids.company_id, self.company_2)
        self.assertEqual(window.available_line_ids.company_id, self.company_2)
        with self.mock_mail_gateway():
            window.action_send()
        self.assertEqual(self._get_reminders().company_id, self.company_2)

    def test_g1_customer_of_one_company_only(self):
        self.customer.company_id = self.company
        self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertEqual(self._get_reminders().company_id, self.company)
        rows = self.env["account.followup.customer"].with_user(self.clerk_2)
        self.assertFalse(rows.search([("partner_id", "=", self.customer.id)]))
        with self.assertRaises(AccessError):
            self.customer.with_user(self.clerk_2).read(["followup_status"])
        self.assertEqual(
            self._get_status(self.company, user=self.clerk), "with_overdue_invoices"
        )

    def test_g1_customer_hidden_from_the_user(self):
        """A row of a customer whom the user may not see does not break the list."""
        self._create_late(20)
        self.customer.company_id = self.company_2
        self.env.flush_all()
        rows = self.env["account.followup.customer"].with_user(self.clerk)
        found = rows.web_search_read(
            [("company_id", "=", self.company.id)],
            {
                "partner_id": {"fields": {"display_name": {}}},
                "display_name": {},
                "trust": {},
                "total_due": {},
            },
        )
        self.assertTrue(found["length"])

    # ------------------------------------------------------------------
    # G1: a branch
    # ------------------------------------------------------------------

    def _create_branch_with_clerk(self):
        branch = self._create_branch("Branch Office")
        clerk = self._create_user("branch_clerk", INVOICE)
        clerk.write({"company_id": branch.id, "company_ids": [Command.set(branch.ids)]})
        return branch, clerk

    def test_g1_user_of_the_branch_ends_nothing_of_others(self):
        """Promises and disputes about invoices that the user may not hold, either."""
        branch, clerk = self._create_branch_with_clerk()
        days = {self.company: TODAY}
        line = self._create_late(20, 100)._get_followup_lines()
        other = self._create_late(10, 40)._get_followup_lines()
        promises = self.env["account.followup.promise"]
        promise = promises._promise(line, [(TODAY, None)], days, origin="clerk")
        reason = self.env["account.followup.dispute.reason"]._get_reason()
        dispute = self.env["account.followup.dispute"]._dispute(other, reason, days)
        self.env.flush_all()
        self.env.invalidate_all()
        for record, button in (
            (promise, "action_cancel"),
            (dispute, "action_settle"),
        ):
            mine = record.with_user(clerk)
            mine = mine.with_context(allowed_company_ids=branch.ids)
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                mine.read(["state"])
            with self.subTest(button=button), self.assertRaises(AccessError):
                getattr(mine, button)()
        self.assertEqual((promise.state, dispute.state), ("open", "open"))

    def test_g1_branch_has_the_case_of_its_main_company(self):
        branch, _clerk = self._create_branch_with_clerk()
        self.assertFalse(
            self.env["account.followup.level"].search([("company_id", "=", branch.id)]),
            "the plan of a branch is that of its main company",
        )
        self._create_late(2, 100)
        self._create_late(20, 30, company_id=branch.id)
        self.company.followup_min_amount = 130
        for company in (self.company, branch):
            partner = self.customer.with_company(company)
            self.assertEqual(partner.followup_status, "in_need_of_action")
            self.assertEqual(partner.total_overdue, 130)
            self.assertEqual(partner.followup_level_id, self.level_1)
            self.assertEqual(partner.followup_responsible_id, self.responsible)
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1, "one reminder for both")
        reminder = self._get_reminders()
        self.assertEqual(reminder.company_id, self.company)
        self.assertEqual(reminder.amount_overdue, 130)
        self.assertEqual(
            reminder.line_ids.move_line_id.company_id, self.company + branch
        )
        self.customer.with_company(branch).followup_reminder_type = "manual"
        self.assertEqual(self._get_followup().reminder_type, "manual")

    def test_g1_branch_settings_are_those_of_the_main_company(self):
        branch, _clerk = self._create_branch_with_clerk()
        settings = self.env["res.config.settings"].with_company(branch).create({})
        self.assertTrue(settings.followup_automatic)
        settings.followup_min_days = 12
        settings.execute()
        self.assertEqual(self.company.followup_min_days, 12)
        level = Form(self.env["account.followup.level"].with_company(branch))
        self.assertEqual(level.company_id, self.company)

    def test_g1_user_of_the_branch_looks(self):
        """The state is that of the whole case, the items only those of the branch."""
        branch, clerk = self._create_branch_with_clerk()
        self._create_late(20, 100)
        own = self._create_late(20, 30, company_id=branch.id)
        with self.mock_mail_gateway():
            self._run_cron()
            # the branch alone is named in a reminder of its own
            self._create_late(2, 25, company_id=branch.id)
            self._open_window_in(branch, clerk).action_send()
        self.env.invalidate_all()
        partner = self.customer.with_user(clerk)
        spec = {name: {} for name in self.customer._fields if "followup" in name}
        spec |= {"total_due": {}, "total_overdue": {}}
        spec["followup_item_ids"] = {"fields": {"move_id": {"fields": {}}}}
        spec["followup_level_id"] = {"fields": {"display_name": {}}}
        spec["followup_responsible_id"] = {"fields": {"display_name": {}}}
        values = partner.web_read(spec)[0]
        self.assertEqual(values["followup_status"], "with_overdue_invoices")
        self.assertEqual(values["total_overdue"], 155)
        items = [item["move_id"]["id"] for item in values["followup_item_ids"]]
        self.assertEqual(items[0], own.id)
        self.assertEqual(len(items), 2)
        self.assertEqual(values["followup_reminder_count"], 1, "not the joint one")
        self.env.invalidate_all()
        form = Form(partner)
        self.assertEqual(form.followup_status, "with_overdue_invoices")
        self.env.invalidate_all()
        move = own.with_user(clerk)
        self.assertEqual(move.followup_level_id, self.level_1)
        self.assertTrue(Form(move))
        for name in (
            "account.followup",
            "account.followup.customer",
            "account.followup.delivery",
            "account.followup.item",
            "account.followup.level",
            "account.followup.reminder",
            "account.followup.reminder.line",
        ):
            with self.subTest(model=name):
                self._check_views(self.env[name].with_user(clerk))

    def _check_views(self, model):
        """Read what the views of a model show of all records that a user sees."""
        self.env.invalidate_all()
        for kind in ("list", "kanban", "form"):
            view = model.get_view(view_type=kind)
            names = {
                node.get("name") for node in html.fromstring(view["arch"]).iter("field")
            }
            spec = {}
            for name in names & set(model._fields):
                relational = model._fields[name].relational
                spec[name] = {"fields": {"display_name": {}}} if relational else {}
            self.env.invalidate_all()
            found = model.web_search_read([], spec)
            self.assertTrue(found["length"])

    def test_g1_user_of_the_branch_sends(self):
        branch, clerk = self._create_branch_with_clerk()
        other = self._create_late(20, 100)
        own = self._create_late(20, 30, company_id=branch.id)
        self.env.invalidate_all()
        window = self._open_window_in(branch, clerk)
        self.assertEqual(window.item_line_ids.move_id, own)
        self.assertEqual(window.level_id, self.level_1)
        self.assertIn("hidden", window.alerts)
        with self.mock_mail_gateway():
            window.action_send()
        reminder = self._get_reminders()
        self.assertEqual(reminder.line_ids.move_id, own)
        self.assertEqual(reminder.user_id, clerk)
        self.assertEqual(reminder.company_id, self.company)
        self.assertEqual(own.followup_level_id, self.level_1)
        self.assertFalse(other.followup_level_id, "what is left out keeps its level")

    def test_g1_user_of_the_branch_processes(self):
        branch, clerk = self._create_branch_with_clerk()
        self._create_late(20, 100)
        self._create_late(20, 30, company_id=branch.id)
        self.env.invalidate_all()
        rows = self.env["account.followup.customer"].with_user(clerk)
        row = rows.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(row.total_overdue, 130)
        self.assertEqual(row.action_open_customer()["res_id"], self.customer.id)
        action = row.action_process_followups()
        window = rows.env[action["res_model"]].with_context(**action["context"])
        self.env.invalidate_all()
        window = Form(window).save()
        self.assertEqual(window.line_ids.amount_claimed, 130)
        with self.mock_mail_gateway():
            action = window.action_process()
        run = window.env[action["res_model"]].browse(action["res_id"])
        self.env.invalidate_all()
        self.assertEqual(run.done_count, 1)
        self.assertTrue(Form(run).line_ids)
        self.assertEqual(self._get_reminders().amount_overdue, 130)

    def test_g1_user_of_the_branch_calls_and_holds(self):
        branch, clerk = self._create_branch_with_clerk()
        other = self._create_late(20, 100)
        own = self._create_late(20, 30, company_id=branch.id)
        self.env.invalidate_all()
        partner = self.customer.with_user(clerk)
        action = partner.action_log_followup_call()
        window = partner.env[action["res_model"]].with_context(**action["context"])
        form = Form(window)
        form.outcome = "promise"
        form.promised_date = TODAY + timedelta(days=5)
        form.save().action_log()
        self.env.invalidate_all()
        self.assertEqual(own.expected_payment_date, TODAY + timedelta(days=5))
        self.assertFalse(other.expected_payment_date)
        self.assertEqual(partner.followup_call_count, 1)
        call = self.env["account.followup.call"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(call.company_id, self.company)
        own.with_user(clerk).action_followup_resume()
        action = own.with_user(clerk).action_hold_followup()
        window = partner.env[action["res_model"]].with_context(**action["context"])
        self.env.invalidate_all()
        form = Form(window)
        form.period = "week_2"
        form.save().action_apply()
        self.assertEqual(own.followup_hold_until, TODAY + timedelta(days=14))

    def test_g1_items_of_the_branch_for_a_user_of_the_main_company(self):
        """Core lets a user of the main company alone see nothing of its branches."""
        branch, _clerk = self._create_branch_with_clerk()
        self._create_late(20, 30, company_id=branch.id)
        self.customer.company_id = branch
        self.env.invalidate_all()
        items = self.env["account.followup.item"].with_user(self.clerk)
        self.assertFalse(items.search([("partner_id", "=", self.customer.id)]))
        customers = self.env["account.followup.customer"].with_user(self.clerk)
        self.assertTrue(customers.search([("partner_id", "=", self.customer.id)]))
        self._check_views(customers)

    def test_g1_no_level_or_case_of_a_branch(self):
        branch, _clerk = self._create_branch_with_clerk()
        with self.assertRaisesRegex(ValidationError, "First House"):
            self.level_1.company_id = branch
        with self.assertRaisesRegex(ValidationError, "First House"):
            self.env["account.followup"].create(
                {"partner_id": self.customer.id, "company_id": branch.id}
            )

    # ------------------------------------------------------------------
    # G1: several currencies
    # ------------------------------------------------------------------

    def test_g1_reminder_in_two_currencies(self):
        euro = self.setup_other_currency("EUR")
        self._create_late(20, 100)
        self._create_late(20, 300, currency_id=euro.id)
        self._create_late(0, 60, currency_id=euro.id, move_type="out_refund")
        self._create_late(-20, 500, currency_id=euro.id)
        with self.mock_mail_gateway():
            self._open_window().action_send()
        reminder = self._get_reminders()
        rows = [
            [" ".join(cell.text_content().split()) for cell in row.iter("td")]
            for row in html.fromstring(str(reminder.body)).iter("tr")
        ]
        self.assertIn(["Total overdue", "$ 100.00"], rows)
        self.assertIn(["Total overdue", "240.00 €"], rows)
        self.assertNotIn(["Total open", "$ 100.00"], rows, "the same is said once")
        more = "Total open, including what is not listed here"
        self.assertIn([more, "740.00 €"], rows)
        self.assertEqual(reminder.amount_overdue, 220, "in company currency")
        for line in reminder.line_ids:
            self.assertEqual(line.currency_id, line.move_id.currency_id)

    def test_g1_minimum_amount_is_in_company_currency(self):
        euro = self.setup_other_currency("EUR")  # two euros are a dollar
        self._create_late(20, 300, currency_id=euro.id)
        self.company.followup_min_amount = 150
        self.assertEqual(self._get_status(self.company), "in_need_of_action")
        self.company.followup_min_amount = 150.01
        self.env.invalidate_all()
        self.assertEqual(self._get_status(self.company), "with_overdue_invoices")

    def test_g1_company_with_another_currency(self):
        euro = self.setup_other_currency("EUR")
        self.company_2.currency_id = euro
        self._create_late(20, 100)
        self._create_late_2(20, 70, currency_id=euro.id)
        second = self.customer.with_company(self.company_2)
        self.assertEqual(second.total_overdue, 70)
        self.assertFalse(second.followup_currency_totals, "it is that company's own")
        self.assertEqual(second.currency_id, euro)
        with self.mock_mail_gateway():
            self._run_cron()
        reminders = self._get_reminders().grouped("company_id")
        self.assertEqual(reminders[self.company_2].currency_id, euro)
        self.assertEqual(reminders[self.company_2].amount_overdue, 70)
        body = unescape(str(reminders[self.company_2].body))
        self.assertIn("70.00\xa0€", body)

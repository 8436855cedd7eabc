from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, freeze_time, tagged

from . import proof_gate
from .common import TODAY, FollowupCommon
from .proof_common import ProofCommon
from .test_proof_gate import THIRTEENTH

YESTERDAY = TODAY - timedelta(days=1)
VIEW = "account_payment_followup.res_partner_view_form_explanation"


class ExplanationCommon(FollowupCommon):
    def _explain(self, partner=None, day=TODAY, **options):
        self.env.flush_all()
        self.env.invalidate_all()
        cases = self.env["account.followup"]
        case = cases._get_case(partner or self.customer, self.company)
        return case._get_explanation(day, **options)

    def _get_reasons(self, partner=None, day=TODAY):
        """Return {code: text} of what keeps the customer from being reminded."""
        reasons = self._explain(partner, day)["reasons"]
        return {one["code"]: one["text"] for one in reasons if one["blocks"]}

    def _get_item(self, invoice):
        items = self._explain(move_ids=invoice.ids)["items"]
        self.assertEqual(len(items), 1)
        return items[0]

    def _set(self, **values):
        self.customer.with_company(self.company).write(values)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestExplanation(ExplanationCommon):
    """Row X3: why a customer is reminded, or is not."""

    def test_x3_will_be_reminded(self):
        invoice = self._create_late(20)
        explanation = self._explain()
        self.assertTrue(explanation["will_be_reminded"])
        self.assertEqual(explanation["status"], "in_need_of_action")
        self.assertEqual(explanation["level"], self.level_1)
        self.assertEqual(explanation["next_date"], TODAY)
        self.assertEqual(
            explanation["headline"],
            "Will be reminded today at the level “Level 1”: Email to "
            "late.ltd@customer.example.com.",
        )
        self.assertFalse(explanation["reasons"])
        [recipient] = explanation["recipients"]
        self.assertEqual(recipient["channel"], "email")
        self.assertEqual(recipient["address"], "late.ltd@customer.example.com")
        self.assertEqual(recipient["rule"], "the customer itself")
        message = explanation["message"]
        self.assertEqual(message["template"], self.template)
        self.assertEqual(
            message["subject"], f"Payment reminder from {self.company.name}"
        )
        item = self._get_item(invoice)
        self.assertTrue(item["counted"])
        self.assertEqual(item["days_late"], 20)
        self.assertFalse(item["reached"])
        self.assertEqual(item["next_level"], self.level_1)
        self.assertFalse(item["reasons"])
        self._run_cron()
        self.assertEqual(self._get_reminders().level_id, self.level_1)

    def test_x3_nothing_is_owed(self):
        self.assertEqual(self._get_reasons(), {"nothing_open": "Nothing is owed."})
        self.assertFalse(self._explain()["will_be_reminded"])

    def test_x3_all_reasons_not_only_the_first(self):
        self._create_late(20)
        self._set(followup_excluded=True, followup_reminder_type="manual")
        self._set(followup_next_reminder_date=TODAY + timedelta(days=5))
        self.company.followup_automatic = False
        self.company.followup_min_amount = 500
        self.level_1.is_automatic = False
        reasons = self._get_reasons()
        self.assertEqual(
            list(reasons),
            [
                "excluded",
                "next_reminder",
                "min_amount",
                "automatic_off",
                "manual",
                "level_manual",
            ],
        )
        self.assertIn("100.00, is less", reasons["min_amount"])
        self.assertIn("500.00", reasons["min_amount"])

    def test_x3_less_than_the_smallest_amount(self):
        """A claim that is nothing in the company's currency has a reason of its own."""
        yen = self.setup_other_currency(
            "JPY", rounding=1, rates=[("2020-01-01", 900.0)]
        )
        self._create_late(20, amount=1, currency_id=yen.id)
        text = "Less than $\xa00.01 would be claimed."
        self.assertEqual(self._get_reasons(), {"no_amount": text})
        self.company.followup_min_amount = 5
        self.assertEqual(self._get_reasons(), {"no_amount": text})

    def test_x3_since_when_and_by_whom(self):
        """Who has excluded, put off or made manual, and when."""
        self._create_late(20)
        with freeze_time(YESTERDAY):
            customer = self.customer.with_user(self.responsible).sudo()
            customer = customer.with_company(self.company)
            customer.followup_excluded = True
            customer.followup_reminder_type = "manual"
        details = {one["code"]: one["details"] for one in self._explain()["reasons"]}
        for code in ("excluded", "manual"):
            self.assertEqual(details[code], "since 05/14/2024, by Responsible")

    def test_x3_of_an_item_that_rests(self):
        """All reasons of an item: until when, why, and who has said so."""
        invoice = self._create_late(20)
        with freeze_time(YESTERDAY):
            lines = invoice.line_ids.filtered("date_maturity")
            lines = lines.with_user(self.responsible)
            day = TODAY + timedelta(days=2)
            lines._hold_followup(day, "asks for a copy", {self.company: YESTERDAY})
            lines._expect_followup_payment(
                day, "on the phone", {self.company: YESTERDAY}
            )
        item = self._get_item(invoice)
        self.assertFalse(item["counted"])
        self.assertEqual(
            [one["code"] for one in item["reasons"]], ["hold", "expected_payment"]
        )
        self.assertEqual(
            [one["text"] for one in item["reasons"]],
            [
                "On hold until 05/17/2024: asks for a copy "
                "(since 05/14/2024, by Responsible)",
                "Payment expected until 05/17/2024: on the phone "
                "(since 05/14/2024, by Responsible)",
            ],
        )
        self.assertEqual(list(self._get_reasons()), ["resting"])

    def test_x3_of_an_item_that_is_blocked_or_excluded(self):
        invoice = self._create_late(20)
        with freeze_time(YESTERDAY):
            mine = invoice.with_user(self.responsible).sudo()
            mine = mine.with_context(tracking_disable=False, mail_notrack=False)
            self.flush_tracking()
            mine.action_toggle_block_payment()
            self.flush_tracking()
        [reason] = self._get_item(invoice)["reasons"]
        self.assertEqual(reason["code"], "blocked")
        self.assertIn("by Responsible", reason["text"])
        lines = invoice.line_ids.filtered("date_maturity")
        lines.with_user(self.responsible)._exclude_followup("a friend")
        codes = [one["code"] for one in self._get_item(invoice)["reasons"]]
        self.assertEqual(codes, ["excluded", "blocked"])
        text = self._get_item(invoice)["reasons"][0]["text"]
        self.assertIn("Excluded: a friend (since 05/15/2024, by Responsible)", text)
        self.assertEqual(list(self._get_reasons()), ["all_excluded"])

    def test_x3_of_an_item_in_dispute(self):
        invoice = self._create_late(20)
        reason = self.env.ref("account_payment_followup.dispute_reason_amount")
        self.env["account.followup.dispute"]._dispute(
            invoice._get_followup_lines(), reason, {self.company: TODAY}
        )
        [found] = self._get_item(invoice)["reasons"]
        self.assertEqual(found["code"], "dispute")
        self.assertIn(f"In dispute: {reason.display_name} (since", found["text"])
        self.assertIn(f"by {self.env.user.name})", found["text"])
        self.assertEqual(list(self._get_reasons()), ["resting"])

    def test_x3_credits(self):
        self._create_late(20, 100)
        credit = self._create_late(0, 100, move_type="out_refund")
        self.assertEqual(list(self._get_reasons()), ["credits"])
        item = self._get_item(credit)
        self.assertTrue(item["counted"], "it is deducted")
        self.assertEqual(item["reasons"][0]["code"], "credit")

    def test_x3_what_comes(self):
        invoice = self._create_late(-5)
        reasons = self._get_reasons()
        self.assertEqual(
            reasons,
            {
                "not_ripe": "Nothing is overdue: the next level, “Level 1”, comes on "
                "05/21/2024."
            },
        )
        explanation = self._explain()
        self.assertEqual(str(explanation["next_date"]), "2024-05-21")
        self.assertEqual(explanation["message"]["level"], self.level_1)
        self.assertTrue(explanation["recipients"], "who would get it then")
        self.assertEqual(self._get_item(invoice)["reasons"][0]["code"], "not_ripe")

    def test_x3_gap_and_levels(self):
        self._create_late(5)
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY)
            self.assertEqual(list(self._get_reasons()), ["queued", "not_ripe"])
            self._run_mail_queue()
        self.assertEqual(list(self._get_reasons()), ["not_ripe"])
        self._create_late(20)
        self.company.followup_min_days = 7
        self.assertEqual(
            self._get_reasons(),
            {
                "min_days": "The last reminder was on 05/15/2024; the next one is not "
                "before 05/22/2024."
            },
        )
        item = self._explain()["items"][1]
        self.assertEqual(item["reached"], self.level_1)
        self.assertEqual(item["reached_date"], TODAY)

    def test_x3_levels_done_and_failures(self):
        (self.level_2 + self.level_3).active = False
        self._create_late(5)
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY)
            self._run_mail_queue()
        self.assertEqual(self._get_reasons(), {"no_level": "All levels are done."})
        other = self._create_customer("Other Ltd")
        self._create_late(5, partner=other)
        self._get_followup(other).sudo().write(
            {"retry_date": TODAY + timedelta(days=2), "failure_reason": "No server."}
        )
        self.assertEqual(
            self._get_reasons(other),
            {"retry": "The last try failed: No server. The next one is on 05/17/2024."},
        )

    def test_x3_switches(self):
        self._create_late(20)
        self.cron.sudo().active = False
        self.assertEqual(list(self._get_reasons()), ["cron_off"])
        self.company.followup_enabled = False
        self.assertEqual(list(self._get_reasons())[0], "disabled")

    def test_x3_who_cannot_be_reached(self):
        """It is said, and the run tries it all the same."""
        self._create_late(20)
        self.customer.email = False
        explanation = self._explain()
        self.assertTrue(explanation["will_be_reminded"])
        [reason] = explanation["reasons"]
        self.assertEqual((reason["code"], reason["blocks"]), ("no_address", False))
        self.assertIn("Email reaches nobody", explanation["headline"])
        contact = self._create_customer(
            "Books", parent_id=self.customer.id, type="followup", is_company=False
        )
        [recipient] = self._explain()["recipients"]
        self.assertEqual(recipient["contact"], contact)
        self.assertEqual(recipient["rule"], "contact marked for follow-ups")

    def test_x3_a_level_that_would_fail(self):
        self._create_late(20)
        self.env.cr.execute(
            "UPDATE account_followup_level SET mail_template_id = NULL WHERE id = %s",
            [self.level_1.id],
        )
        self.assertIn("has no template", self._get_reasons()["level_idle"])

    def test_x3_in_the_language_of_the_user(self):
        lang = self.env["res.lang"]._activate_lang("de_DE").code
        self._create_late(-5)
        case = self._get_followup().with_context(lang=lang)
        self.assertIn("21.05.2024", case._get_explanation(TODAY)["headline"])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestExplanationGate(ProofCommon, ExplanationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_models(proof_gate.MODELS)

    def test_x3_a_gate_is_a_reason(self):
        self._create_late(20)
        self.assertTrue(self._explain()["will_be_reminded"])
        self.customer.ref = "wait"
        self.assertEqual(self._get_reasons(), {"proof": "The customer is marked."})
        explanation = self._explain(day=THIRTEENTH)
        self.assertEqual(explanation["status"], "in_need_of_action", "rule 17")
        self.assertIn("Not on the 13th.", explanation["headline"])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestExplanationWindow(ExplanationCommon):
    """What the button Why? opens."""

    def _open(self, record, user=None):
        """Press the button; return the customer as the window shows it."""
        self.env.flush_all()
        self.env.invalidate_all()
        record = record.with_user(user or self.responsible)
        action = record.with_context(
            allowed_company_ids=self.company.ids
        ).action_explain_followup()
        self.assertEqual(
            (action["res_model"], action["target"]), ("res.partner", "new")
        )
        partner = self.env["res.partner"].with_user(user or self.responsible)
        partner = partner.with_context(
            **action["context"], allowed_company_ids=self.company.ids
        )
        return partner.browse(action["res_id"])

    def test_x3_window(self):
        invoice = self._create_late(20)
        other = self._create_late(5)
        self._set(followup_excluded=True)
        customer = self._open(self.customer)
        shown = customer.followup_explanation
        self.assertEqual(shown["kind"], "warning")
        self.assertIn("The customer is excluded", shown["headline"])
        [reason] = shown["reasons"]
        self.assertEqual(reason["action"]["res_id"], self.customer.id)
        self.assertEqual(customer.followup_explained_item_ids.move_id, invoice + other)
        item = customer.followup_explained_item_ids[0]
        self.assertEqual(item.explanation, "Due for the level “Level 1”.")
        form = Form(customer, view=VIEW)
        self.assertIn("excluded", form.followup_explanation["headline"])

    def test_x3_from_an_invoice(self):
        self._create_late(30)
        invoice = self._create_late(-5)
        item = self.env["account.followup.item"].search([("move_id", "=", invoice.id)])
        for record in (invoice, item):
            customer = self._open(record)
            self.assertEqual(customer, self.customer)
            shown = customer.followup_explanation["invoice"]
            self.assertEqual(shown["name"], invoice.display_name)
            self.assertEqual(
                shown["texts"], ["The level “Level 1” comes on 05/21/2024."]
            )
            first = customer.followup_explained_item_ids[0]
            self.assertEqual(first.move_id, invoice, "those of the invoice first")

    def test_x3_from_the_work_list(self):
        self._create_late(20)
        row = self.env["account.followup.customer"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(self._open(row), self.customer)

    def test_x3_who_may_look(self):
        self._create_late(20)
        reader = self._create_user("reader", "account.group_account_readonly")
        self.assertTrue(self._open(self.customer, reader).followup_explanation)
        stranger = self._create_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self._open(self.customer, stranger)
        with self.assertRaises(AccessError):
            str(self.customer.with_user(stranger).followup_explanation)

    def test_x3_other_companies_are_not_shown(self):
        """Neither what a branch is owed that is not the user's, nor another company."""
        self._create_late(20)
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.env.user.company_ids += branch
        self.env.cr.precommit.run()
        hidden = self._create_late(25)
        hidden.line_ids.flush_recordset()
        self.env.cr.execute(
            "UPDATE account_move_line SET company_id = %s WHERE move_id = %s",
            [branch.id, hidden.id],
        )
        self.env.invalidate_all()
        customer = self._open(self.customer)
        self.assertNotIn(hidden, customer.followup_explained_item_ids.move_id)
        self.assertNotIn(hidden.name, str(customer.followup_explanation))
        other = self.setup_other_company(name="Second House")["company"]
        with self.assertRaises(AccessError):
            str(
                customer.with_context(followup_company_id=other.id).followup_explanation
            )

    def test_x3_looking_writes_nothing(self):
        self._create_late(20)
        self.assertTrue(self._open(self.customer).followup_explanation)
        cases = self.env["account.followup"].sudo()
        self.assertFalse(cases.search([("partner_id", "=", self.customer.id)]))

    def test_x3_many_items_cost_no_more_queries(self):
        self._create_late(20)
        self._explain()
        with self.assertQueryCount(60) as few:
            self._explain()
        for days_late in range(1, 12):
            self._create_late(days_late).line_ids.filtered(
                "date_maturity"
            ).followup_hold_until = TODAY
        self._explain()
        before = self.env.cr.sql_log_count
        self._explain()
        self.assertLess(self.env.cr.sql_log_count - before, 60)
        del few


@tagged("post_install", "-at_install")
class TestExplanationTour(FollowupCommon, HttpCase):
    def test_x3_tour(self):
        today = self._get_real_today()
        self._create_late(20, 250, day=today)
        self.level_1.name = "Friendly Reminder"
        self.customer.with_company(self.company).followup_reminder_type = "manual"
        user = self._create_user(
            "person", "base.group_partner_manager", "account.group_account_invoice"
        )
        user.password = user.login
        self.start_tour("/odoo", "account_followup_explanation", login=user.login)

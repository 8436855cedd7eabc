from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestHold(FollowupCommon):
    """Hold, expected payment and exclusion, by the window and with one click."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=False))
        cls.reader = cls._create_user("reader", "account.group_account_readonly")
        cls.invoice = cls._create_late(20)
        cls.line = cls.invoice._get_followup_lines()

    @classmethod
    def _create_instalments(cls, days_late=20):
        """Post an invoice of two instalments, 30 days apart."""
        term = cls.env["account.payment.term"].create(
            {
                "name": "Two instalments",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (0, 30)
                ],
            }
        )
        invoice = cls._create_late(
            days_late,
            invoice_date=TODAY - timedelta(days=days_late),
            invoice_payment_term_id=term.id,
        )
        return invoice, invoice._get_followup_lines().sorted("date_maturity")

    def test_c2_instalments_are_told_apart(self):
        """Lists and windows say which instalment of the invoice it is."""
        invoice, lines = self._create_instalments(days_late=40)
        names = [f"{invoice.name} (1/2)", f"{invoice.name} (2/2)"]
        items = self.customer.with_company(self.company).followup_item_ids
        by_line = {item.move_line_id: item.name for item in items}
        self.assertEqual([by_line[line] for line in lines], names)
        self.assertEqual(by_line[self.line], self.invoice.name, "there is only one")
        window = self._open_window(user=self.responsible)
        chosen = window.item_line_ids.sorted("date_maturity").mapped("followup_name")
        self.assertEqual(chosen, [names[0], self.invoice.name, names[1]])
        window.do_email = True
        window.action_send()
        sent = window.reminder_id.line_ids.sorted("due_date").mapped("name")
        self.assertEqual(sent, chosen)

    def test_c2_names_of_many_items(self):
        """A list of items asks once for the names of all of them."""
        for _number in range(5):
            self._create_instalments()
        items = self.env["account.followup.item"].search([])
        lines = items.move_line_id
        lines.mapped("move_id.name")
        with self.assertQueryCount(1):
            names = {item.name for item in items}
        self.assertEqual(len(names), len(items))

    def _get_item(self, line):
        self.env.invalidate_all()
        return self.env["account.followup.item"].browse(line.id)

    def _get_status(self):
        self.customer.invalidate_recordset()
        return self.customer.with_company(self.company).followup_status

    def _apply(self, records, operation, user=None, **values):
        """Open the window as the button does, choose and apply."""
        user = user or self.responsible
        action = records.with_user(user).action_hold_followup()
        window = self.env[action["res_model"]].with_user(user)
        window = window.with_context(**action["context"])
        form = Form(window)
        form.operation = operation
        for name, value in values.items():
            setattr(form, name, value)
        return form.save().action_apply()

    def _get_log(self, move):
        self.env.invalidate_all()
        return move.message_ids.sorted("id")[-1:]

    def test_b5_ready_made_periods(self):
        """B5: one week, two weeks, one month, two months from the company's day."""
        for period, day in (
            ("week_1", "2024-05-22"),
            ("week_2", "2024-05-29"),
            ("month_1", "2024-06-15"),
            ("month_2", "2024-07-15"),
        ):
            self._apply(self.invoice, "hold", period=period)
            self.assertEqual(str(self.line.followup_hold_until), day, period)
            self.assertEqual(self._get_item(self.line).rest_reason, "hold", period)

    def test_b5_hold_until_a_day(self):
        """B5: held up to and including a chosen day, then it comes back by itself."""
        self.assertEqual(self._get_status(), "in_need_of_action")
        self._apply(
            self.invoice,
            "hold",
            period="date",
            hold_until=TODAY + timedelta(days=3),
            reason="Goods are\nbeing replaced",
        )
        self.assertEqual(self.line.followup_hold_reason, "Goods are being replaced")
        self.assertEqual(self._get_status(), "with_overdue_invoices")
        with freeze_time(TODAY + timedelta(days=3)):
            self.assertEqual(self._get_status(), "with_overdue_invoices")
        with freeze_time(TODAY + timedelta(days=4)):
            self.assertEqual(self._get_status(), "in_need_of_action")

    def test_b5_logged_in_one_line(self):
        """B5: who, what, until when and why stand in the chatter of the invoice."""
        self._apply(self.invoice, "hold", period="week_1", reason="a < b & <b>c</b>")
        message = self._get_log(self.invoice)
        self.assertEqual(message.author_id, self.responsible.partner_id)
        self.assertIn("Reminders on hold until 05/22/2024: a &lt; b", message.body)
        self.assertNotIn("<b>", message.body)
        self.assertFalse(message.notified_partner_ids)

    def test_b5_one_instalment(self):
        """B5: from the list of items one instalment, from the invoice all of them."""
        invoice, (first, second) = self._create_instalments()
        item = self._get_item(first)
        self._apply(item, "hold", period="week_1")
        self.assertTrue(first.followup_hold_until)
        self.assertFalse(second.followup_hold_until)
        self.assertIn("(instalment due 04/25/2024)", self._get_log(invoice).body)
        self._apply(invoice, "hold", period="week_2")
        self.assertEqual(
            (first + second).mapped("followup_hold_until"),
            [TODAY + timedelta(days=14)] * 2,
        )
        self.assertNotIn("instalment", self._get_log(invoice).body)

    def test_b5_paid_instalment_stays(self):
        """What is paid is not touched when the rest of the invoice is held."""
        invoice, (first, second) = self._create_instalments()
        self._pay(invoice, amount=50)
        self.assertTrue(first.reconciled)
        self._apply(invoice, "hold", period="week_1")
        self.assertFalse(first.followup_hold_until)
        self.assertTrue(second.followup_hold_until)
        self.assertNotIn("instalment", self._get_log(invoice).body)

    def test_b5_exclude_permanently(self):
        """B5: excluded with reason, all instalments, for ever."""
        invoice, lines = self._create_instalments()
        self._apply(self._get_item(lines[0]), "exclude", reason="In court")
        self.assertTrue(invoice.no_followup)
        self.assertEqual(lines.mapped("no_followup"), [True, True])
        self.assertEqual(lines.mapped("followup_hold_reason"), ["In court"] * 2)
        self.assertIn("Excluded from reminders: In court", self._get_log(invoice).body)
        with freeze_time(TODAY + timedelta(days=900)):
            self.assertEqual(self._get_item(lines[1]).rest_reason, "excluded")

    def test_b5_exclude_ends_hold(self):
        """The reason of an exclusion is not shown as that of an old hold."""
        self._apply(self.invoice, "hold", period="week_1", reason="Replaced")
        self._apply(self.invoice, "exclude")
        self.assertFalse(self.line.followup_hold_until)
        self.assertFalse(self.line.followup_hold_reason)

    def test_b5_exclude_receipt(self):
        """Core keeps no exclusion for a whole receipt: the items carry it."""
        receipt = self._create_late(20, move_type="out_receipt")
        self._apply(receipt, "exclude", reason="Staff")
        lines = receipt._get_followup_lines()
        self.assertTrue(lines.no_followup)
        self._apply(receipt, "resume")
        self.assertFalse(lines.no_followup)

    def test_b5_exclude_credit(self):
        """An excluded credit is not netted any more, a held one does not exist."""
        credit = self._create_late(5, amount=30.0, move_type="out_refund")
        customer = self.customer.with_company(self.company)
        self.assertEqual(customer.total_due, 70.0)
        with self.assertRaisesRegex(UserError, "a credit is deducted at any time"):
            self._apply(credit, "hold", period="week_1")
        self._apply(credit, "exclude")
        customer.invalidate_recordset()
        self.assertEqual(customer.total_due, 100.0)

    def test_b5_several_items(self):
        """B5: several items in one go; credits and excluded ones stay as they are."""
        credit = self._create_late(5, amount=30.0, move_type="out_refund")
        excluded = self._create_late(8)
        excluded.no_followup = True
        other = self._create_late(3, partner=self._create_customer("Other Ltd"))
        moves = self.invoice + credit + excluded + other
        action = moves.with_user(self.responsible).action_hold_followup()
        window = (
            self.env[action["res_model"]]
            .with_user(self.responsible)
            .with_context(**action["context"])
            .create({})
        )
        self.assertIn(credit.name, window.remark)
        self.assertIn(excluded.name, window.remark)
        self.assertNotIn(other.name, window.remark)
        window.action_apply()
        held = moves.filtered("followup_hold_until")
        self.assertEqual(held, self.invoice + other)
        self.assertTrue(excluded.no_followup)

    def test_b6_expected_payment(self):
        """B6: rests until the day has passed, with a note."""
        day = TODAY + timedelta(days=5)
        self._apply(
            self.invoice, "expect", expected_date=day, reason="Ms Jones said so"
        )
        self.assertEqual(self.line.expected_payment_date, day)
        self.assertEqual(self.line.expected_payment_note, "Ms Jones said so")
        self.assertEqual(self._get_item(self.line).rest_reason, "expected_payment")
        self.assertIn(
            "Payment expected on 05/20/2024: Ms Jones said so",
            self._get_log(self.invoice).body,
        )
        with freeze_time(day + timedelta(days=1)):
            self.assertFalse(self._get_item(self.line).rest_reason)

    def test_b5_b6_resume(self):
        """B5, B6: hold, expected payment and exclusion end with one click."""
        for operation, values, words in (
            ("hold", {"period": "week_1"}, "was on hold until 05/22/2024"),
            ("exclude", {}, "was excluded"),
            (
                "expect",
                {"expected_date": TODAY},
                "payment was expected on 05/15/2024",
            ),
        ):
            self._apply(self.invoice, operation, reason="Why", **values)
            self.assertTrue(self._get_item(self.line).rest_reason, operation)
            self.invoice.with_user(self.responsible).action_followup_resume()
            item = self._get_item(self.line)
            self.assertFalse(item.rest_reason, operation)
            self.assertFalse(self.line.followup_hold_reason, operation)
            self.assertFalse(self.line.expected_payment_note, operation)
            self.assertIn(words, self._get_log(self.invoice).body)

    def test_b5_resume_by_window_and_item(self):
        """B5: resumed from the window, from the item and from the journal item."""
        for resume in (
            lambda: self._apply(self.invoice, "resume"),
            lambda: self._get_item(self.line)
            .with_user(self.responsible)
            .action_followup_resume(),
            lambda: self.line.with_user(self.responsible).action_followup_resume(),
        ):
            self._apply(self.invoice, "hold", period="week_1")
            resume()
            self.assertFalse(self.line.followup_hold_until)

    def test_b5_resume_twice(self):
        """A second click finds nothing to end and writes nothing to the chatter."""
        self._apply(self.invoice, "hold", period="week_1")
        self.invoice.with_user(self.responsible).action_followup_resume()
        message = self._get_log(self.invoice)
        self.invoice.with_user(self.responsible).action_followup_resume()
        self.assertEqual(self._get_log(self.invoice), message)

    def test_b5_resume_one_instalment(self):
        """B5: the other instalment keeps its hold; an exclusion ends for both."""
        invoice, lines = self._create_instalments()
        self._apply(invoice, "hold", period="week_1")
        self._get_item(lines[0]).with_user(self.responsible).action_followup_resume()
        self.assertEqual(
            lines.mapped("followup_hold_until"), [False, TODAY + timedelta(days=7)]
        )
        self._apply(invoice, "exclude", reason="In court")
        self._get_item(lines[0]).with_user(self.responsible).action_followup_resume()
        self.assertEqual(lines.mapped("no_followup"), [False, False])
        self.assertEqual(lines.mapped("followup_hold_reason"), [False, False])

    def test_b5_opening_balance(self):
        """What core excludes by default is taken in by hand, item by item."""
        account = self.company_data["default_account_receivable"]
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": TODAY - timedelta(days=30),
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": self.customer.id,
                            "debit": debit,
                            "date_maturity": TODAY - timedelta(days=20),
                        }
                    )
                    for debit in (10.0, 20.0)
                ]
                + [
                    Command.create(
                        {
                            "account_id": self.company_data[
                                "default_account_revenue"
                            ].id,
                            "credit": 30.0,
                        }
                    )
                ],
            }
        )
        entry.action_post()
        first, second = entry.line_ids.filtered("debit").sorted("debit")
        self.assertTrue(first.no_followup)
        self._apply(self._get_item(first), "resume")
        self.assertFalse(first.no_followup)
        self.assertTrue(second.no_followup)
        self._apply(self._get_item(first), "exclude")
        self.assertTrue(first.no_followup)
        with self.assertRaisesRegex(UserError, "is no customer document"):
            entry.with_user(self.responsible).action_hold_followup()

    def test_b5_past_day_is_refused(self):
        """A day that has passed is refused in one sentence that names the invoice."""
        day = TODAY - timedelta(days=1)
        for operation, values in (
            ("hold", {"period": "date", "hold_until": day}),
            ("expect", {"expected_date": day}),
        ):
            with self.assertRaises(UserError) as error:
                self._apply(self.invoice, operation, **values)
            self.assertEqual(
                str(error.exception),
                f"{self.invoice.name} cannot rest until 05/14/2024: that day has "
                "passed.",
            )
        self.assertFalse(self.line.followup_hold_until)
        self.assertFalse(self.line.expected_payment_date)
        self._apply(self.invoice, "hold", period="date", hold_until=TODAY)

    def test_b5_today_is_the_companys(self):
        """The day is that of the company, not of the server."""
        self.company.partner_id.tz = "Pacific/Auckland"
        with freeze_time("2024-05-15 14:00:00"):  # there it is the 16th
            with self.assertRaises(UserError):
                self._apply(self.invoice, "hold", period="date", hold_until=TODAY)
            self._apply(self.invoice, "hold", period="week_1")
            self.assertEqual(
                self.line.followup_hold_until, fields.Date.to_date("2024-05-23")
            )

    def test_b5_wrong_documents(self):
        """Bills, drafts and paid invoices are refused, by name."""
        bill = self.init_invoice(
            "in_invoice", partner=self.partner_a, amounts=[10], post=True
        )
        draft = self._create_late(5).copy()
        paid = self._create_late(5)
        self._pay(paid)
        for moves, words in (
            (bill, f"{bill.name} is no customer document"),
            (self.invoice + bill, f"{bill.name} is no customer document"),
            (draft, "is not posted"),
            (paid, f"{paid.name}: it is not open any more"),
        ):
            with self.assertRaisesRegex(UserError, words):
                moves.with_user(self.responsible).action_hold_followup()
        self._apply(self.invoice + paid, "hold", period="week_1")
        self.assertFalse(paid._get_followup_lines().followup_hold_until)
        self.assertTrue(self.line.followup_hold_until)

    def test_b5_paid_meanwhile(self):
        """What was paid while the window was open is not held."""
        action = self.invoice.action_hold_followup()
        window = self.env[action["res_model"]].with_context(**action["context"])
        window = window.create({})
        self._pay(self.invoice)
        with self.assertRaisesRegex(UserError, "not open any more"):
            window.action_apply()

    def test_b5_many_names(self):
        """A message names a few documents and counts the others."""
        moves = self.env["account.move"]
        for _number in range(5):
            moves += self._create_late(2)
        with self.assertRaisesRegex(UserError, "and 2 more cannot rest until"):
            self._apply(
                moves, "hold", period="date", hold_until=TODAY - timedelta(days=9)
            )

    def test_b5_no_day(self):
        """Without a day nothing is done."""
        for operation in ("hold", "expect"):
            action = self.invoice.action_hold_followup()
            window = self.env[action["res_model"]].with_context(**action["context"])
            window = window.create(
                {"operation": operation, "period": "date", "hold_until": False}
            )
            with self.assertRaisesRegex(UserError, "Choose the day"):
                window.action_apply()

    def test_b5_locked_books(self):
        """Holding an invoice of a closed year is no change of the books."""
        self.company.fiscalyear_lock_date = TODAY
        self._apply(self.invoice, "hold", period="week_1")
        self._apply(self.invoice, "exclude")
        self._apply(self.invoice, "resume")
        self.assertFalse(self.line.no_followup)

    def test_b5_branch(self):
        """B5, G1: the items of a branch rest by the day of the main company."""
        branch = self._create_company(parent_id=self.company.id, name="Branch")
        self.responsible.company_ids += branch
        invoice = self._create_late(20, company_id=branch.id)
        user_env = invoice.with_user(self.responsible).with_company(branch)
        self._apply(user_env, "hold", period="week_1")
        self.assertEqual(
            invoice._get_followup_lines().followup_hold_until,
            TODAY + timedelta(days=7),
        )

    def test_b5_g2_access(self):
        """G2: who only reads cannot hold, exclude or resume, nor use the window."""
        employee = self._create_user("employee", "base.group_user")
        self._apply(self.invoice, "hold", period="week_1")
        item = self._get_item(self.line)
        for user in (self.reader, employee):
            for record in (self.invoice, self.line, item):
                with self.assertRaises(AccessError):
                    record.with_user(user).action_hold_followup()
                with self.assertRaises(AccessError):
                    record.with_user(user).action_followup_resume()
            with self.assertRaises(AccessError):
                self.env["account.followup.hold.wizard"].with_user(user).create({})
        self.assertTrue(self.line.followup_hold_until)

    def test_b5_g2_own_window(self):
        """G2: nobody applies the window of somebody else."""
        action = self.invoice.action_hold_followup()
        window = self.env[action["res_model"]].with_context(**action["context"])
        window = window.create({})
        with self.assertRaises(AccessError):
            window.with_user(self.responsible).action_apply()

    def test_b5_g2_other_company(self):
        """G2: items of a company that the user does not work for stay closed."""
        other = self.setup_other_company()
        invoice = self._create_late(20, company_id=other["company"].id)
        lines = invoice._get_followup_lines()
        with self.assertRaises(AccessError):
            lines.with_user(self.responsible).action_hold_followup()
        wizards = self.env["account.followup.hold.wizard"].with_user(self.responsible)
        with self.assertRaises(AccessError):
            wizards.create({"line_ids": [Command.set(lines.ids)]}).action_apply()
        self.assertFalse(lines.followup_hold_until)

    def test_b5_g2_menu(self):
        """G2: the entry in the list's actions is there for Invoicing only."""
        name = "Hold or Exclude…"
        for user, expected in ((self.responsible, True), (self.reader, False)):
            lists = {
                model: self.env[model]
                .with_user(user)
                .get_views([(False, "list")], {"toolbar": True})["views"]["list"]
                for model in ("account.move", "account.followup.item")
            }
            toolbar = lists["account.move"].get("toolbar", {})
            names = [action["name"] for action in toolbar.get("action", [])]
            self.assertEqual(name in names, expected, user.login)
            # open items have a button instead
            arch = lists["account.followup.item"]["arch"]
            self.assertEqual("action_hold_followup" in arch, expected, user.login)
        action = self.env.ref("account_payment_followup.action_hold_followup_move")
        result = (
            action.with_user(self.responsible)
            .with_context(
                active_model="account.move",
                active_id=self.invoice.id,
                active_ids=self.invoice.ids,
            )
            .run()
        )
        self.assertEqual(result["res_model"], "account.followup.hold.wizard")

    def test_b5_g2_buttons(self):
        """G2: the buttons of list and form are there for Invoicing only."""
        for model, view_type in (
            ("account.followup.item", "list"),
            ("account.move", "form"),
        ):
            for user, expected in ((self.responsible, True), (self.reader, False)):
                arch = self.env[model].with_user(user).get_view(view_type=view_type)
                for name in ("action_hold_followup", "action_followup_resume"):
                    found = f'name="{name}"' in arch["arch"]
                    self.assertEqual(found, expected, (model, name, user.login))

    def test_b5_form_of_a_receipt(self):
        """Core says that every receipt is excluded: its form holds it all the same."""
        receipt = self._create_late(20, move_type="out_receipt")
        self.assertTrue(receipt.no_followup)
        with Form(receipt.with_user(self.responsible)) as form:
            form.followup_hold_until = TODAY
            form.followup_hold_reason = "Staff"
        self.assertEqual(receipt._get_followup_lines().followup_hold_until, TODAY)
        self.assertFalse(receipt._get_followup_lines().no_followup)

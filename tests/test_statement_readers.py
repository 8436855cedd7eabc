from datetime import date, timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TODAY
from .test_statement import APRIL, StatementCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestStatementReaders(StatementCommon):
    """Row G2: a statement is read by who may see all the companies named in it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.child_ids = [
            Command.create({"name": name, "currency_id": cls.company.currency_id.id})
            for name in ("North", "South")
        ]
        cls.north, cls.south = cls.company.child_ids
        cls.env.user.company_ids += cls.company.child_ids
        cls.tree = cls.company + cls.company.child_ids
        cls.chief = cls._create_user("chief", "account.group_account_invoice")
        cls.chief.company_ids = cls.tree
        cls.branch_clerk = cls._create_user("north", "account.group_account_invoice")
        cls.branch_clerk.write(
            {
                "company_id": cls.north.id,
                "company_ids": [Command.set(cls.north.ids)],
            }
        )
        cls.northern = cls._create_customer("Northern Ltd")
        cls.mixed = cls._create_customer("Mixed Ltd")
        cls._book(cls.north, cls._create_late(20, 30.0, cls.northern))
        cls._book(cls.north, cls._create_late(20, 40.0, cls.mixed))
        cls._book(cls.south, cls._create_late(20, 3336.0, cls.mixed))

    @classmethod
    def _book(cls, company, invoice):
        """Book an entry in a branch, which has the journals of its parent."""
        cls.env.flush_all()
        for table, column in (("account_move_line", "move_id"), ("account_move", "id")):
            cls.env.cr.execute(
                f"UPDATE {table} SET company_id = %s WHERE {column} = %s",
                [company.id, invoice.id],
            )
        cls.env.invalidate_all()

    def _send_to(self, partners):
        """Send statements of the whole tree; return the run."""
        runs = self.env["account.followup.statement.run"]
        runs = runs.with_context(allowed_company_ids=self.tree.ids)
        runs = runs.with_user(self.chief)
        values = runs._prepare_run(self.tree, None, TODAY, "mass")
        return runs._start(partners, {**values, "do_print": True})

    def _get_readable(self, user, records):
        records = records.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids
        )
        records.invalidate_recordset()
        return records.sudo(False)._filtered_access("read").sudo()

    def test_s2_9_companies_that_are_named(self):
        run = self._send_to(self.northern + self.mixed + self.customer).sudo()
        companies = {one.partner_id: one.company_ids for one in run.statement_ids}
        self.assertEqual(companies[self.northern], self.north)
        self.assertEqual(companies[self.mixed], self.north + self.south)
        self.assertEqual(companies[self.customer], self.company)

    def test_s2_9_clerk_of_a_branch(self):
        """Statement, deliveries, document, letters and run: only what is his."""
        run = self._send_to(self.northern + self.mixed).sudo()
        statements = run.statement_ids
        own = statements.filtered(lambda one: one.partner_id == self.northern)
        for records, readable in (
            (statements, own),
            (statements.delivery_ids, own.delivery_ids),
            (statements.attachment_id, own.attachment_id),
            (run, run.browse()),
        ):
            with self.subTest(model=records._name):
                self.assertTrue(records)
                self.assertEqual(
                    self._get_readable(self.branch_clerk, records), readable
                )
                self.assertEqual(self._get_readable(self.chief, records), records)
        found = self.env["account.followup.statement"].with_user(self.branch_clerk)
        found = found.with_context(allowed_company_ids=self.north.ids)
        found = found.search([("partner_id", "in", (self.northern + self.mixed).ids)])
        self.assertEqual(found.sudo(), own)

    def test_s2_9_what_the_clerk_of_a_branch_cannot_do(self):
        run = self._send_to(self.mixed).sudo()
        as_clerk = {"allowed_company_ids": self.north.ids}
        for record, method in (
            (run, "action_print_statements"),
            (run.statement_ids, "action_download"),
            (run.statement_ids, "action_open_customer"),
        ):
            record = record.with_user(self.branch_clerk).with_context(**as_clerk)
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(record.sudo(False), method)()

    def test_s2_9_his_own_statement_is_of_his_branch(self):
        runs = self.env["account.followup.statement.run"].with_user(self.branch_clerk)
        runs = runs.with_context(allowed_company_ids=self.north.ids)
        values = runs._prepare_run(self.north, None, TODAY, "manual")
        run = runs._start(self.mixed, {**values, "do_print": True}).sudo()
        self.assertEqual(run.statement_ids.company_ids, self.north)
        self.assertEqual(
            self._get_readable(self.branch_clerk, run.statement_ids), run.statement_ids
        )
        content = run.statement_ids.attachment_id.raw.decode()
        self.assertIn("40.00", content)
        self.assertNotIn("3,336.00", content)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestStatementDays(StatementCommon):
    """Rows F2 and F3: until when, and to whom."""

    def test_u9_a_statement_ends_today_at_the_latest(self):
        window = self._open_statement_window()
        self.assertEqual(window.period, "this_year")
        self.assertEqual((window.date_from, window.date_to), (date(2024, 1, 1), TODAY))
        _action, (mail,) = self._send(window)
        self.assertIn("01/01/2024 to 05/15/2024", mail["body"])
        ((name, content, _type),) = mail["attachments"]
        self.assertIn("2024-05-15", name)
        self.assertNotIn("12/31/2024", content.decode())

    def test_u9_a_day_that_has_not_come_is_refused(self):
        window = self._open_statement_window(
            period="custom", date_to=TODAY + timedelta(1)
        )
        with self.assertRaisesRegex(UserError, "has not come yet"):
            window.action_send()
        runs = self.env["account.followup.statement.run"]
        values = runs._prepare_run(self.company, None, date(2030, 1, 1), "manual")
        self.assertEqual(values["date_to"], TODAY)

    def test_u9_on_the_screen(self):
        reports = self.env["account.followup.report"].with_company(self.company)
        for variant in ("customer_statement", "partner_ledger"):
            report = reports.get_report({"variant": variant, "period": "this_year"})
            lines = reports.get_lines(report["options"], report["rows"][0]["id"])
            closing = [row for row in lines["rows"] if row["type"] == "closing"]
            self.assertEqual(closing[0]["values"]["date"], "2024-05-15")

    def test_u9_what_is_booked_with_a_coming_day(self):
        """The ledger has it, and says the day; the statement waits for it."""
        self._create_late(-40, 70.0, day=TODAY)
        invoice = self.env["account.move"].search([], order="id desc", limit=1)
        self.assertGreater(invoice.date, TODAY)
        reports = self.env["account.followup.report"].with_company(self.company)
        for variant, balance, day in (
            ("customer_statement", 100.0, TODAY),
            ("partner_ledger", 170.0, invoice.date),
        ):
            report = reports.get_report({"variant": variant, "period": "this_year"})
            self.assertEqual(report["rows"][0]["values"]["balance"], balance)
            lines = reports.get_lines(report["options"], report["rows"][0]["id"])
            closing = [row for row in lines["rows"] if row["type"] == "closing"]
            self.assertEqual(closing[0]["values"]["date"], str(day))

    def _revalue(self, partner, euro):
        """Book a difference that is nothing in the currency of the document."""
        day, receivable = APRIL[1], self.company_data["default_account_receivable"]
        foreign = {"currency_id": euro.id, "amount_currency": 0.0}
        lines = [
            {"account_id": receivable.id, "balance": 25.0, **foreign},
            {
                "account_id": self.company_data["default_account_revenue"].id,
                "balance": -25.0,
            },
        ]
        commands = [Command.create({"partner_id": partner.id, **one}) for one in lines]
        self.env["account.move"].create(
            {"date": day, "line_ids": commands}
        ).action_post()

    def _pay_in_dollars(self, invoice):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        dollar = self.company.currency_id
        wizard.create(
            {"payment_date": APRIL[1], "currency_id": dollar.id}
        )._create_payments()
        self.assertEqual(invoice.amount_residual, 0.0)

    def _get_owed(self, partner):
        """Return {currency: (balance, balance in company currency)} in April."""
        report = self.env["account.followup.report"].with_company(self.company)
        rows = report.get_report(
            {
                "partner_ids": partner.ids,
                "period": "custom",
                "date_from": str(APRIL[0]),
                "date_to": str(APRIL[1]),
            }
        )["rows"]
        names = ("balance", "balance_company")
        currencies = self.env["res.currency"]
        return {
            currencies.browse(row["currency_id"]).name: tuple(
                row["values"][name] for name in names
            )
            for row in rows
        }

    def test_f2_no_letter_about_a_difference_of_rates(self):
        """The file of the screen has the letters that would be sent, no empty ones."""
        self._revalue(
            self._create_customer("Revalued Ltd"),
            self.setup_other_currency("EUR", rates=[("2024-01-01", 0.5)]),
        )
        report = self.env["account.followup.report"].with_company(self.company)
        self.assertEqual(report.get_report({})["count"], 2)
        name, content = report._render_pdf({})
        self.assertIn("Late Ltd", name, "a file of one customer")
        self.assertNotIn("Revalued Ltd", content.decode())
        with self.assertRaisesRegex(UserError, "No customer has postings"):
            report._render_pdf({"search": "Revalued Ltd"})

    def test_f10_monthly_statements_go_to_who_owes(self):
        """Neither to who has paid, nor to who has a credit, nor for a revaluation."""
        paid = self._create_customer("Paid Ltd")
        self._pay(self._create_late(30, 50.0, paid), day=APRIL[1])
        credit = self._create_customer("Credit Ltd")
        self._create_late(30, 50.0, credit, move_type="out_refund")
        euro = self.setup_other_currency(
            "EUR", rates=[("2024-01-01", 0.5), ("2024-04-30", 0.8)]
        )
        revalued = self._create_customer("Revalued Ltd")
        self._revalue(revalued, euro)
        self.assertEqual(self._get_owed(revalued), {"EUR": (0.0, 25.0)})
        foreign = self._create_customer("Foreign Ltd")
        self._pay_in_dollars(self._create_late(20, 80.0, foreign, currency_id=euro.id))
        settled = dict.fromkeys(("EUR", "USD"), (0.0, 0.0))
        self.assertEqual(self._get_owed(foreign), settled)
        with freeze_time("2024-04-20"):
            self.company.write(
                {"followup_statement_monthly": True, "followup_statement_day": 1}
            )
            self.env.flush_all()
        mails = self._run_job("2024-05-02")
        self.assertEqual(len(mails), 1)
        self.assertIn("late.ltd@", mails[0]["email_to"][0])
        for partner in (paid, credit, revalued, foreign):
            self.assertFalse(self._get_statements(partner), partner.name)

    def test_f10_paid_between_writing_and_sending(self):
        """What is said of the end of the month is true when it leaves."""
        with freeze_time("2024-04-20"):
            self.company.write(
                {"followup_statement_monthly": True, "followup_statement_day": 1}
            )
            self.env.flush_all()
        with freeze_time("2024-05-02"):
            runs = self.env["account.followup.statement.schedule"]
            runs._schedule_months()
            self._pay(self.invoice, day=APRIL[1])
            mails = self._run_job("2024-05-02")
        self.assertFalse(mails)
        statement = self._get_statements()
        self.assertEqual(statement.state, "skipped")
        self.assertIn("Nothing is owed", statement.error)

    def test_f10_by_hand_who_owes_nothing_gets_one(self):
        self._pay(self.invoice)
        _action, mails = self._send(self._open_statement_window())
        self.assertEqual(len(mails), 1)

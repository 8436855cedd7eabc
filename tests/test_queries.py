import re
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.sql_db import Cursor
from odoo.tests import freeze_time, tagged

from .common import TODAY, FollowupCommon

#: Numbers of customers: what is read may cost more for many, but no more queries.
NUMBERS = (1, 10, 100)
#: Fields of a customer that the rule or the settings tell.
PARTNER_FIELDS = (
    "display_name",
    "followup_status",
    "followup_level_id",
    "followup_next_reminder_date",
    "followup_responsible_id",
    "total_due",
    "total_overdue",
)


#: Columns of the work-list that the client reads only when they are shown.
LAZY = frozenset({"average_days_late", "late_share", "suggested_trust", "waiting_text"})


class QueriesCommon(FollowupCommon):
    """Counts queries, and reads lists as the client does."""

    @classmethod
    def _create_reader(cls):
        return cls._create_user("queries", "account.group_account_invoice")

    @contextmanager
    def _collect_queries(self):
        """Yield a list that gets the text of each query."""
        texts = []
        execute = Cursor.execute

        def collect(cursor, query, *args, **kwargs):
            texts.append(getattr(query, "code", query))
            return execute(cursor, query, *args, **kwargs)

        self.env.flush_all()
        self.env.invalidate_all()
        with patch.object(Cursor, "execute", collect):
            yield texts
            self.env.flush_all()

    def _get_list_reader(self, model, domain, order=None, companies=None, without=LAZY):
        """Return a function that reads a list of some customers as the client does."""
        companies = companies or self.company
        records = self.env[model].with_user(self.reader)
        records = records.with_context(allowed_company_ids=companies.ids)
        names = records.get_views([(False, "list")])["models"][model]["fields"]
        names = set(names) - without
        specification = {
            name: {"fields": {"display_name": {}}}
            if records._fields[name].type == "many2one"
            else {}
            for name in names
        }

        def read(customers):
            page = records.web_search_read(
                [*domain, ("partner_id", "in", customers.ids)],
                specification,
                limit=max(NUMBERS) + 1,
                order=order,
            )
            return len(page["records"])

        return read


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestQueries(QueriesCommon):
    """Lists of many customers take no more queries than those of one (P8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["res.partner"]
        for number in range(max(NUMBERS)):
            cls.customers += cls._create_customer(f"Customer {number}")
        moves = cls.env["account.move"].create(
            [cls._prepare_invoice(customer) for customer in cls.customers]
        )
        moves.action_post()
        cls.reader = cls._create_reader()
        cls.env.flush_all()

    @classmethod
    def _prepare_invoice(cls, customer):
        return {
            "move_type": "out_invoice",
            "partner_id": customer.id,
            "invoice_date": "2024-04-01",
            "invoice_date_due": "2024-04-20",
            "invoice_payment_term_id": False,
            "invoice_line_ids": [
                Command.create({"name": "Work", "price_unit": 100, "tax_ids": False})
            ],
        }

    def _assert_no_more_queries(self, read, limit):
        """Assert that reading takes as many queries for any number of customers.

        :param read: function of some customers that returns how many it has read
        :param int limit: most queries that are allowed
        """
        texts = {}
        read(self.customers[:1])  # fills what is kept in memory
        for number in NUMBERS:
            with self._collect_queries() as texts[number]:
                self.assertEqual(read(self.customers[:number]), number)
        counts = {number: len(found) for number, found in texts.items()}
        self.assertEqual(len(set(counts.values())), 1, f"{counts}")
        self.assertLessEqual(counts[1], limit, "\n".join(texts[1]))

    def test_p8_work_list(self):
        """The work-list in need of action, sorted by what is overdue."""
        read = self._get_list_reader(
            "account.followup.customer",
            [("status", "=", "in_need_of_action")],
            order="total_overdue DESC, id",
        )
        self._assert_no_more_queries(read, 15)

    def test_p8_payers(self):
        """The payer's record in the work-list, sorted by it."""
        records = self.env["account.followup.customer"].with_user(self.reader)

        def read(customers):
            page = records.web_search_read(
                [("partner_id", "in", customers.ids)],
                dict.fromkeys(LAZY, {}),
                limit=max(NUMBERS) + 1,
                order="average_days_late DESC, id",
            )
            return len(page["records"])

        self._assert_no_more_queries(read, 15)

    def test_p8_items(self):
        read = self._get_list_reader("account.followup.item", [])
        self._assert_no_more_queries(read, 20)

    def test_p8_customers(self):
        """The list of customers with status, level, amounts and next reminder."""

        def read(customers):
            found = customers.with_user(self.reader).read(PARTNER_FIELDS)
            self.assertEqual(
                {values["followup_status"] for values in found}, {"in_need_of_action"}
            )
            return len(found)

        self._assert_no_more_queries(read, 20)

    def test_p8_search(self):
        def search(customers):
            return (
                self.env["res.partner"]
                .with_user(self.reader)
                .search_count(
                    [
                        ("followup_status", "=", "in_need_of_action"),
                        ("total_overdue", ">=", 100),
                        ("id", "in", customers.ids),
                    ]
                )
            )

        self._assert_no_more_queries(search, 15)

    def test_p9_posting_and_paying(self):
        """Invoices are posted and paid without a query of ours (promise 4)."""
        with self._collect_queries() as texts:
            moves = self.env["account.move"].create(
                [self._prepare_invoice(customer) for customer in self.customers[:3]]
            )
            moves.action_post()
            for move in moves:
                self._pay(move)
        ours = [text for text in texts if re.search(r"\baccount_followup", str(text))]
        self.assertEqual(ours, [])
        self.assertGreater(len(texts), 50, "the queries were seen")
        self.assertEqual(set(moves.mapped("payment_state")), {"paid"})

    def test_p9_paying_what_was_promised(self):
        """It costs what any other payment costs, and so does to take it back."""
        self.level_3.plan_id.broken_level_id = self.level_3
        found = []
        # the first ones fill what is kept, and the journal: core looks at the numbers
        for is_promised in (False, False, False, True):
            move = self._create_late(20, partner=self.customers[0])
            lines = move._get_followup_lines()
            if is_promised:
                self.env["account.followup.promise"]._promise(
                    lines, [(TODAY, None)], {self.company: TODAY}, origin="clerk"
                )
            self.env.flush_all()
            self.env.invalidate_all()
            with self._collect_queries() as texts:
                self._pay(move)
                lines.remove_move_reconcile()
            ours = [one for one in texts if re.search("account_followup", str(one))]
            self.assertEqual(ours, [])
            found.append(Counter(map(str, texts)))
        self.assertEqual(found[3].total(), found[2].total(), found[3] - found[2])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestQueriesOfCompanies(QueriesCommon):
    """G1: what each further company costs those who have many of them."""

    #: Numbers of companies that share a customer.
    FEW, MANY = 3, 30
    #: List, and fields that it leaves out: queries for each further company in it.
    LISTS = {
        ("account.followup.item", frozenset()): 0,
        ("account.followup.customer", frozenset({"trust"})): 0,
        # core keeps the trust by company, and reads it in one company at a time
        ("account.followup.customer", frozenset()): 1,
    }

    def setUp(self):
        super().setUp()
        self.companies = self.env["res.company"]
        self.reader = self._create_reader()

    def _add_companies(self, number):
        """Let there be so many companies that are owed something by one customer.

        It is overdue, but no level is due yet.
        """
        names = [f"House {one}" for one in range(len(self.companies), number)]
        added = self.env["res.company"].create([{"name": name} for name in names])
        self._go_live(added)
        self.env.user.company_ids += added
        self.reader.company_ids += added
        for company in added:
            self._create_debt(company)
        self.companies += added
        self.env.flush_all()

    def _create_debt(self, company):
        """Post a receivable that is three days late, with what this takes."""
        env = self.env(context={"allowed_company_ids": company.ids})
        receivable, income = env["account.account"].create(
            [
                {"code": "101000", "name": "Debt", "account_type": "asset_receivable"},
                {"code": "400000", "name": "Income", "account_type": "income"},
            ]
        )
        journal = env["account.journal"].create(
            {"name": "Miscellaneous", "code": "MISC", "type": "general"}
        )
        due = {
            "account_id": receivable.id,
            "partner_id": self.customer.id,
            "date_maturity": TODAY - timedelta(days=3),
            "no_followup": False,  # as it is for invoices
            "debit": 100,
        }
        move = env["account.move"].create(
            {
                "journal_id": journal.id,
                "date": TODAY - timedelta(days=20),
                "line_ids": [
                    Command.create(due),
                    Command.create({"account_id": income.id, "credit": 100}),
                ],
            }
        )
        move.action_post()

    def _collect(self, get_works):
        """Return the queries of some works for few and for many companies.

        :param get_works: function that returns {name: function} when the companies
            are there
        :return: {name: [queries of few, queries of many]}
        """
        found = defaultdict(list)
        for number in (self.FEW, self.MANY):
            self._add_companies(number)
            for name, work in get_works().items():
                work()  # fills what is kept in memory
                with self._collect_queries() as texts:
                    work()
                found[name].append(Counter(map(str, texts)))
        return found

    def test_g1_idle_run(self):
        """The scheduled action looks at all companies together."""
        [(few, many)] = self._collect(lambda: {"run": self._run_cron}).values()
        self.assertFalse(self._get_reminders(), "it was idle")
        rows = self.env["account.followup.customer"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertEqual(
            rows.mapped("status"), ["with_overdue_invoices"] * self.MANY, "all are owed"
        )
        self.assertEqual(many.total(), few.total(), many - few)

    def test_g1_lists(self):
        """A list of thirty companies reads hardly more often than one of three."""
        for kind, (few, many) in self._collect(self._get_readers).items():
            with self.subTest(list=kind):
                more = self.LISTS[kind] * (self.MANY - self.FEW)
                self.assertEqual(many.total(), few.total() + more, many - few)

    def _get_readers(self):
        """Return functions that read a list, and assert that all is in it."""
        companies = self.companies

        def get_work(model, without):
            read = self._get_list_reader(
                model, [], companies=companies, without=LAZY | without
            )
            return lambda: self.assertEqual(read(self.customer), len(companies))

        return {kind: get_work(*kind) for kind in self.LISTS}

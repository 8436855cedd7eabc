from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from odoo.addons.web.models.models import Base

from .common import TODAY, FollowupCommon

SPECIFICATION = {
    "partner_id": {"fields": {"display_name": {}}},
    "status": {},
    "level_id": {"fields": {"display_name": {}}},
    "next_reminder_date": {},
    "last_reminder_date": {},
    "total_due": {},
    "total_overdue": {},
    "days_late": {},
    "oldest_due_date": {},
    "trust": {},
    "failure_reason": {},
}
DOMAINS = (
    [],
    [("status", "=", "in_need_of_action")],
    [("status", "!=", "in_need_of_action"), ("total_overdue", ">=", 100)],
    [("partner_id.name", "ilike", "customer 1")],
    [("trust", "=", "good")],
    [("partner_id", "=", False)],
    [("next_reminder_date", "<=", "2024-05-10")],
)
ORDERS = (
    None,
    "total_overdue DESC, id",
    "next_reminder_date, id",
    "last_reminder_date DESC, id DESC",
    "partner_id, id",
    "status, days_late, id",
)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestWorkListPage(FollowupCommon):
    """Issue 6, P8: the page read at once is the one that core would read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["res.partner"]
        moves = cls.env["account.move"]
        for number in range(13):
            customer = cls._create_customer(f"Customer {number}")
            customer.trust = "good" if number % 3 else "normal"
            cls.customers += customer
            for due in ("2024-04-20", "2024-05-20")[number % 2 :]:
                moves += cls.env["account.move"].create(
                    {
                        "move_type": "out_invoice",
                        "partner_id": customer.id,
                        "invoice_date": "2024-04-01",
                        "invoice_date_due": due,
                        "invoice_payment_term_id": False,
                        "invoice_line_ids": [
                            Command.create(
                                {
                                    "name": "Work",
                                    "price_unit": 100 + number % 5,
                                    "tax_ids": False,
                                }
                            )
                        ],
                    }
                )
        moves.action_post()
        cls.reader = cls._create_user("page", "account.group_account_readonly")
        cls.env.flush_all()

    def _get_page(self, read, domain, **options):
        self.env.invalidate_all()
        rows = self.env["account.followup.customer"].with_user(self.reader)
        return read(rows, domain, SPECIFICATION, **options)

    def _assert_same(self, domain, **options):
        """Return our page after comparing it with core's."""
        ours = self._get_page(
            lambda rows, *args, **kwargs: rows.web_search_read(*args, **kwargs),
            domain,
            **options,
        )
        theirs = self._get_page(Base.web_search_read, domain, **options)
        self.assertEqual(ours, theirs, (domain, options))
        return ours

    def test_p8_filters(self):
        found = [self._assert_same(domain, limit=5)["length"] for domain in DOMAINS]
        self.assertGreaterEqual(found[0], 13)
        self.assertGreaterEqual(found[1], 7)
        self.assertEqual(found[5], 0, "one of them finds nobody")

    def test_p8_orders(self):
        firsts = set()
        for order in ORDERS:
            page = self._assert_same([], limit=4, order=order)
            firsts.add(tuple(row["id"] for row in page["records"]))
        self.assertGreater(len(firsts), 3, "the orders differ")

    def test_p8_pages(self):
        domain = [("partner_id", "in", self.customers.ids)]
        for offset, limit in ((0, 5), (5, 5), (10, 5), (15, 5), (0, 13), (0, None)):
            page = self._assert_same(domain, offset=offset, limit=limit)
            self.assertEqual(page["length"], 0 if offset > 13 else 13)

    def test_p8_count_limit(self):
        """The client asks for no more than so many; beyond it shows "10+"."""
        domain = [("partner_id", "in", self.customers.ids)]
        for count_limit, length in ((3, 5), (5, 5), (10, 10), (100, 13)):
            page = self._assert_same(domain, limit=5, count_limit=count_limit)
            self.assertEqual(page["length"], length)

    def test_p8_reads_what_was_just_written(self):
        page = self._assert_same([("partner_id", "=", self.customers[0].id)], limit=1)
        self.assertEqual(page["records"][0]["total_due"], 200)
        self._pay(
            self.env["account.move"].search(
                [("partner_id", "=", self.customers[0].id)], limit=1
            )
        )
        page = self._assert_same([("partner_id", "=", self.customers[0].id)], limit=1)
        self.assertEqual(page["records"][0]["total_due"], 100)

    def test_p8_access(self):
        """The rules of companies and groups hold as they do in core's way."""
        other = self._create_user("clerk of nothing", "base.group_user")
        rows = self.env["account.followup.customer"]
        with self.assertRaises(AccessError):
            rows.with_user(other).web_search_read([], SPECIFICATION, limit=5)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.reader.write(
            {"company_ids": [Command.set(company.ids)], "company_id": company.id}
        )
        page = self._assert_same([], limit=5)
        self.assertEqual(page, {"length": 0, "records": []})

import re

from odoo.tests import tagged
from odoo.tools import SQL

from ..models.account_followup_item_ground import OTHER_CURRENCIES, OWN_CURRENCY
from .common import TODAY, FollowupCommon

#: What the rule of all customers reads: tables, and the indexes that hold all of it.
OPEN_INDEX = "account_move_line_followup_open_idx"
FOREIGN_INDEX = "account_move_line_followup_foreign_idx"
INDEXES = {
    OPEN_INDEX: "account_move_line",
    FOREIGN_INDEX: "account_move_line",
    "account_followup_reminder_line_memory_idx": "account_followup_reminder_line",
    "res_partner_followup_contact_idx": "res_partner",
}


@tagged("post_install", "-at_install")
class TestIndexes(FollowupCommon):
    """The rule of all customers reads two indexes and no row of the big tables.

    Whether PostgreSQL does so depends on the numbers; that it can does not.
    """

    def _get_plan(self, query):
        """Return how a statement is carried out with our indexes and no others."""
        for name in ("seqscan", "bitmapscan"):
            setting = SQL.identifier(f"enable_{name}")
            self.env.cr.execute(SQL("SET LOCAL %s = off", setting))
        # of two indexes of a small table PostgreSQL takes one or the other
        self.env.cr.execute(
            """
            SELECT index.indexrelid::regclass::text
              FROM pg_index index
              LEFT JOIN pg_constraint con ON con.conindid = index.indexrelid
             WHERE index.indrelid::regclass::text = ANY(%s)
               AND index.indexrelid::regclass::text <> ALL(%s)
               AND con.oid IS NULL
            """,
            [list(INDEXES.values()), list(INDEXES)],
        )
        for (name,) in self.env.cr.fetchall():
            self.env.cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))
        self.env.cr.execute(SQL("EXPLAIN %s", query))
        return "\n".join(row[0] for row in self.env.cr.fetchall())

    def _check_plan(self, query, is_only=True):
        """Check that indexes are read and, with ``is_only``, no rows beside them.

        :return: the names of those
        """
        plan = self._get_plan(query)
        used = set()
        for table in set(INDEXES.values()):
            scans = re.findall(f".*Scan.* on {table} .*", plan)
            # the few that are in dispute in part are read by their keys, and what is
            # matched with them
            by_key = rf"{table}_pkey on {table} (item|credited)(_\d+)? "
            scans = [one for one in scans if not re.search(by_key, one)]
            self.assertTrue(scans)
            for scan in scans:
                if is_only:
                    self.assertRegex(scan, rf"Index Only Scan using \w+ on {table} ")
                used.add(re.search(r" using (\w+) on ", scan)[1])
        self.assertLessEqual(used, set(INDEXES))
        return used

    def test_p4_all_customers(self):
        days = {self.company: TODAY}
        customers = self.env["account.followup.customer"]
        items = self.env["account.followup.item"]
        # as if there were something of all that is asked for
        rests = list(items._get_resting())
        parts = {**items._get_sql_parts(days), "foreign": True, "rests": rests}
        query = customers._get_sql(days, with_next_date=False, parts=parts)
        self._check_plan(query, is_only=False)
        totals = self.env["account.followup.total"]
        own = totals._get_sql_items(days, None, parts, OWN_CURRENCY)
        self.assertEqual(self._check_plan(own), set(INDEXES) - {FOREIGN_INDEX})
        # of the few others it may take the large index, depending on the numbers
        self.env.cr.execute(SQL("DROP INDEX %s", SQL.identifier(OPEN_INDEX)))
        others = totals._get_sql_items(days, None, parts, OTHER_CURRENCIES)
        self.assertEqual(self._check_plan(others), set(INDEXES) - {OPEN_INDEX})

    def test_p4_what_the_rule_stands_on(self):
        """Whether anything is in another currency is one look into an index."""
        items = self.env["account.followup.item"]
        self.env.cr.execute("ANALYZE account_move_line, account_move")
        self.env.cr.execute(
            SQL("EXPLAIN %s", items._get_sql_ground({self.company: TODAY}))
        )
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        scans = re.findall(r".*Scan.* on account_move_line line .*", plan)
        self.assertEqual(len(scans), 1, plan)
        self.assertRegex(scans[0], f"Index Only Scan using {FOREIGN_INDEX} on ")
        self.assertNotIn("Seq Scan on account_move ", plan)

    def test_p4_online_payments(self):
        """Of all that was ever paid online only what is under way is read."""
        provider = self.env["payment.provider"].create({"name": "Any", "code": "none"})
        method = self.env["payment.method"].create({"name": "Card", "code": "any_card"})
        paid = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "amount": 100,
                "currency_id": self.company.currency_id.id,
                "partner_id": self.customer.id,
                "reference": "Paid",
                "state": "done",
                "is_post_processed": True,
            }
        )
        paid.flush_recordset()
        self.env.cr.execute(
            """
            INSERT INTO payment_transaction
                   (provider_id, payment_method_id, company_id, currency_id,
                    partner_id, amount, reference, state, is_post_processed)
            SELECT provider_id, payment_method_id, company_id, currency_id,
                   partner_id, amount, 'Paid ' || number, state, is_post_processed
              FROM payment_transaction
             CROSS JOIN generate_series(1, 500) number
             WHERE id = %s
            """,
            [paid.id],
        )
        self.env.cr.execute("ANALYZE payment_transaction")
        items = self.env["account.followup.item"]
        days = {self.company: TODAY}
        parts = {**items._get_sql_parts(days), "rests": ["online_payment"]}
        for query in (
            items._get_sql_ground(days),
            items._get_sql(days, is_whole=True, parts=parts),
        ):
            plan = self._get_plan(query)
            scans = re.findall(".*Scan.* on payment_transaction.*", plan)
            self.assertTrue(scans)
            for scan in scans:
                self.assertIn("payment_transaction_followup_under_way_idx", scan)

    def test_p12_ripe_items(self):
        """So does the question whether anything is due at all."""
        levels = self.env["account.followup.level"].search(
            [("company_id", "=", self.company.id)]
        )
        items = self.env["account.followup.item"]
        self._check_plan(items._get_sql_ripe_partners({self.company: TODAY}, levels))

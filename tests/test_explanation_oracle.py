import logging
from collections import Counter
from pprint import pformat

from odoo.tests import tagged

from ..models.account_followup_processing import Result
from . import oracle
from .test_rule_oracle import SEED, LedgerCase

_logger = logging.getLogger(__name__)

#: What nobody can take away but time, payments or other facts.
FACTS = {"nothing_open", "not_ripe", "no_level", "credits", "no_amount", "rule"}
#: So many ledgers, and so many customers of each from whom reasons are taken.
LEDGERS = 3
CHANGED = 30


@tagged("post_install", "-at_install")
class TestExplanationOracle(LedgerCase):
    """Row X3: the explanation says what the run does, whatever the ledger."""

    def test_x3_random_ledgers(self):
        counts = Counter()
        for seed in range(SEED, SEED + LEDGERS):
            with self._round(seed) as (rng, days):
                self._set_switches(seed % 2)
                for root, day in days.items():
                    counts += self._check_company(rng, root, day)
        _logger.info("Explained: %s", dict(counts))
        self.assertGreater(counts["reminded"], 5, "the ledgers are too tame")
        self.assertGreater(counts["changed"], 30)
        for code in (
            "excluded next_reminder queued all_excluded resting min_days min_amount "
            "automatic_off manual level_manual retry not_ripe no_level"
        ).split():
            self.assertTrue(counts[code], f"{code}: the ledgers are too tame")

    def _set_switches(self, is_on):
        self.root.followup_automatic = True
        self.other_root.followup_automatic = bool(is_on)
        levels = self.env["account.followup.level"].search([])
        levels.filtered(lambda level: level.id % 4).is_automatic = True
        cases = self.env["account.followup"].sudo().search([])
        cases.filtered(lambda case: case.id % 4 == 0).reminder_type = "manual"

    def _check_company(self, rng, root, day):
        counts = Counter()
        oracles = self._read_customers()
        followups = self.env["account.followup"]
        cases = followups._get_or_create(self.partners, root)
        parts = self.env["account.followup.item"]._get_sql_parts({root: day})
        result = Result(self.env["account.followup.reminder"])
        service = self.env["account.followup.ready"]
        ready = set(service._get_ready(cases, day, "automatic", parts, result))
        rows = service._get_due_rows(cases, day, parts)
        waiting = []
        for case in cases:
            explanation = case._get_explanation(day, limit=0)
            customer = oracles[case.partner_id.id, root.id]
            self._check_explanation(explanation, case.id in ready, customer, day)
            if case.id in ready:
                level_id = rows[case.partner_id.id]["level_id"]
                self.assertEqual(explanation["level"].id, level_id)
                counts["reminded"] += 1
            else:
                waiting.append(case)
            counts.update(one["code"] for one in explanation["reasons"])
        for case in rng.sample(waiting, min(CHANGED, len(waiting))):
            counts["changed"] += self._check_taking_away(case, day)
        return counts

    def _check_explanation(self, explanation, is_ready, customer, day):
        """The answer is that of the run, and every other one has a reason."""
        blocking = [one for one in explanation["reasons"] if one["blocks"]]
        says = pformat((customer, explanation))
        self.assertEqual(explanation["will_be_reminded"], is_ready, says)
        self.assertEqual(not blocking, is_ready, says)
        self.assertTrue(all(one["text"] for one in blocking), says)
        customer = oracle.get_customer_as_of(customer, day)
        level = oracle.get_level_due(customer, day)
        is_due = explanation["status"] == "in_need_of_action"
        self.assertEqual(is_due, bool(level), says)
        if level:
            self.assertEqual(explanation["level"].delay, level.delay, says)

    def _check_taking_away(self, case, day):
        """Each reason, taken away, is gone; without any the run reminds.

        :return: how many were taken away
        """
        taken = 0
        savepoint = self.env.cr.savepoint()
        try:
            for _number in range(20):
                explanation = case._get_explanation(day)
                codes = [one["code"] for one in explanation["reasons"] if one["blocks"]]
                wanted = [code for code in codes if code not in FACTS]
                if not wanted:
                    break
                getattr(self, f"_take_away_{wanted[0]}")(case, explanation)
                self.env.flush_all()
                self.env.invalidate_all()
                after = case._get_explanation(day)
                left = [one["code"] for one in after["reasons"]]
                self.assertNotIn(wanted[0], left, pformat((case, explanation, after)))
                taken += 1
            self.assertEqual(
                explanation["will_be_reminded"],
                not set(codes) & FACTS,
                pformat(explanation),
            )
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()
        return taken

    def _take_away_excluded(self, case, explanation):
        case.excluded = False

    def _take_away_next_reminder(self, case, explanation):
        case.next_reminder_date = False

    def _take_away_queued(self, case, explanation):
        deliveries = self.env["account.followup.delivery"].sudo()
        deliveries.search(
            [
                ("reminder_id.partner_id", "=", case.partner_id.id),
                ("company_id", "=", case.company_id.id),
                ("state", "=", "queued"),
            ]
        ).state = "sent"

    def _take_away_resting(self, case, explanation):
        ids = [one["move_line_id"] for one in explanation["items"]]
        lines = self.env["account.move.line"].browse(ids)
        self.env.cr.execute(
            "UPDATE account_move_line SET no_followup = FALSE,"
            " followup_hold_until = NULL, expected_payment_date = NULL"
            " WHERE id IN %s",
            [tuple(ids)],
        )
        self.env.cr.execute(
            "UPDATE account_move SET payment_state = 'not_paid' WHERE id IN %s",
            [tuple(lines.move_id.ids)],
        )
        self.env.cr.execute(
            "UPDATE account_followup_dispute SET state = 'rejected' WHERE id IN ("
            "SELECT dispute_id FROM account_followup_dispute_line_rel"
            " WHERE line_id IN %s)",
            [tuple(ids)],
        )
        self.env.cr.execute(
            "DELETE FROM account_invoice_transaction_rel WHERE invoice_id IN %s",
            [tuple(lines.move_id.ids)],
        )

    _take_away_all_excluded = _take_away_resting

    def _take_away_min_days(self, case, explanation):
        case.company_id.followup_min_days = 0
        self._get_plans(case).min_days = 0

    def _take_away_min_amount(self, case, explanation):
        case.company_id.followup_min_amount = 0
        self._get_plans(case).min_amount = 0

    def _get_plans(self, case):
        plans = self.env["account.followup.plan"].with_context(active_test=False)
        return plans.search([("company_id", "=", case.company_id.id)])

    def _take_away_automatic_off(self, case, explanation):
        case.company_id.followup_automatic = True

    def _take_away_manual(self, case, explanation):
        case.reminder_type = "automatic"

    def _take_away_level_manual(self, case, explanation):
        explanation["level"].is_automatic = True

    def _take_away_retry(self, case, explanation):
        case.retry_date = False

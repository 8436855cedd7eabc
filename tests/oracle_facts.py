"""Reads what the oracle has to know from the database."""

from ast import literal_eval
from collections import defaultdict
from decimal import Decimal

from . import oracle, oracle_promise


class OracleFacts:
    """For tests with ``roots`` and ``companies`` (records) and ``partners``."""

    def _read_plans(self, root):
        """Return {oracle.Plan: oracle.Settings} of the plans in use, in their order."""
        plans = self.env["account.followup.plan"].search([("company_id", "=", root.id)])
        return {
            self._read_plan(plan): self._read_settings(root, plan) for plan in plans
        }

    def _read_plan(self, plan):
        others = None
        if plan.customer_domain:
            others = self.partners.filtered_domain(literal_eval(plan.customer_domain))
            others = frozenset(others.ids)
        return oracle.Plan(
            id=plan.id,
            is_default=plan.is_default,
            countries=frozenset(plan.country_ids.ids),
            tags=frozenset(plan.category_ids.ids),
            terms=frozenset(plan.payment_term_ids.ids),
            trust=plan.trust or "",
            is_company={"company": True, "person": False}.get(plan.customer_type),
            others=others,
        )

    def _read_traits(self, partner, root, case):
        partner = partner.with_company(root)
        return oracle.Traits(
            id=partner.id,
            country=partner.country_id.id or None,
            tags=frozenset(partner.category_id.ids),
            term=partner.property_payment_term_id.id or None,
            trust=partner.trust or "",
            is_company=partner.is_company,
            chosen=case.plan_id.id or None,
        )

    def _read_settings(self, root, plan):
        levels = self.env["account.followup.level"].with_context(active_test=False)
        min_amount, min_days = root.followup_min_amount, root.followup_min_days
        return oracle.Settings(
            levels=tuple(
                oracle.Level(
                    level.id, level.delay, level.active and level.plan_id == plan
                )
                for level in levels.search([("company_id", "=", root.id)])
            ),
            enabled=root.followup_enabled,
            min_amount=Decimal(
                str(plan.min_amount if plan.has_min_amount else min_amount)
            ),
            min_days=plan.min_days if plan.has_min_days else min_days,
            catch_up=plan.catch_up or root.followup_catch_up,
            broken=plan.broken_level_id.id or None,
            start=(root.followup_start and plan.start) or root.followup_start or "",
            start_day=root.followup_start_date,
            currency=root.currency_id.name,
            units={
                currency.name: Decimal(str(currency.rounding))
                for currency in self.env["res.currency"]
                .with_context(active_test=False)
                .search([])
            },
        )

    def _read_customers(self):
        """Return dict {(customer id, root company id): oracle.Customer}."""
        env = self.env(su=True)
        customers = {}
        ours = [("partner_id", "in", self.partners.ids)]
        cases = env["account.followup"].search(ours)
        for root in self.roots:
            plans = self._read_plans(root)
            mine = cases.filtered(lambda case, root=root: case.company_id == root)
            mine = mine.grouped("partner_id")
            for partner in self.partners:
                case = mine.get(partner, cases.browse())
                traits = self._read_traits(partner, root, case)
                settings = plans[oracle.get_plan(traits, plans)]
                key = (partner.id, root.id)
                customers[key] = oracle.Customer(partner.id, settings)
        for case in cases:
            customer = customers[case.partner_id.id, case.company_id.id]
            customer.excluded = case.excluded
            customer.set_by_hand = case.next_reminder_date or None
        mentions = defaultdict(list)
        for reminder in env["account.followup.reminder"].search(ours):
            states = tuple(reminder.delivery_ids.mapped("state"))
            customer = customers[reminder.partner_id.id, reminder.company_id.id]
            noticed = reminder.noticed_date or None
            if not reminder.is_test:
                customer.reminders.append((reminder.date, states, noticed))
            for line in reminder.line_ids:
                mentions[line.move_id.id].append(
                    oracle.Mention(
                        (not line.is_double and line.level_id.id) or None,
                        reminder.date,
                        states,
                        customer=reminder.partner_id.id,
                        entry=line.move_line_id.id or None,
                        newest=line.horizon,
                        noticed=noticed,
                        is_test=reminder.is_test,
                    )
                )
        self.known_disputes = self._read_disputes(env)
        self.known_promises = self._read_promises(env)
        for line in env["account.move.line"].search(
            [
                ("company_id", "in", self.companies.ids),
                ("partner_id", "child_of", self.partners.ids),
            ]
        ):
            partner = line.partner_id.commercial_partner_id
            customer = customers[partner.id, line.company_id.root_id.id]
            customer.entries.append(self._read_entry(line, mentions[line.move_id.id]))
        return customers

    def _read_disputes(self, env):
        """Return {journal item id: its disputes}."""
        disputes = defaultdict(list)
        for dispute in env["account.followup.dispute"].search([]):
            for line in dispute.line_ids:
                credited = line.matched_credit_ids.filtered(
                    lambda match, since=dispute.create_date: (
                        match.create_date >= since
                        and match.credit_move_id.move_id.move_type == "out_refund"
                    )
                )
                fact = oracle.Dispute(
                    dispute.state,
                    Decimal(str(dispute.amount)),
                    dispute.is_rest_claimed,
                    sum(
                        (Decimal(str(one.debit_amount_currency)) for one in credited),
                        Decimal(),
                    ),
                )
                disputes[line.id].append(fact)
        return disputes

    def _read_promises(self, env):
        """Return {journal item id: its promises}."""
        promises = defaultdict(list)
        for promise in env["account.followup.promise"].search([]):
            for line in promise.line_ids:
                customer = line.partner_id.commercial_partner_id
                facts = oracle_promise.read_promise(promise, customer)
                promises[line.id].append(facts)
        return promises

    def _read_entry(self, line, mentions):
        return oracle.Entry(
            id=line.id,
            account_type=line.account_type,
            state=line.parent_state,
            reconciled=line.reconciled,
            currency=line.currency_id.name,
            residual=Decimal(str(line.amount_residual_currency)),
            residual_company=Decimal(str(line.amount_residual)),
            maturity=line.date_maturity or None,
            invoice_date=line.invoice_date or None,
            entry_date=line.date,
            excluded=line.no_followup,
            hold_until=line.followup_hold_until or None,
            expected=line.expected_payment_date or None,
            mentions=tuple(mentions),
            customer=line.partner_id.commercial_partner_id.id,
            is_document=line.move_id.is_sale_document(include_receipts=True),
            non_trade=line.account_id.non_trade,
            payment_state=line.move_id.payment_state,
            disputes=tuple(self.known_disputes[line.id]),
            promises=tuple(self.known_promises[line.id]),
            transactions=tuple(
                oracle.OnlinePayment(
                    transaction.state,
                    transaction.provider_id.code,
                    Decimal(str(transaction.amount)),
                    transaction.is_post_processed,
                )
                for transaction in line.move_id.transaction_ids
            ),
        )

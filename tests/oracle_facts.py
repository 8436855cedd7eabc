"""Reads what the oracle has to know from the database."""

from collections import defaultdict
from decimal import Decimal

from . import oracle


class OracleFacts:
    """For tests with ``roots`` and ``companies`` (records) and ``partners``."""

    def _read_settings(self, root):
        levels = self.env["account.followup.level"].with_context(active_test=False)
        return oracle.Settings(
            levels=tuple(
                oracle.Level(level.id, level.delay, level.active)
                for level in levels.search([("company_id", "=", root.id)])
            ),
            enabled=root.followup_enabled,
            min_amount=Decimal(str(root.followup_min_amount)),
            min_days=root.followup_min_days,
            catch_up=root.followup_catch_up,
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
        for root in self.roots:
            settings = self._read_settings(root)
            for partner in self.partners:
                key = (partner.id, root.id)
                customers[key] = oracle.Customer(partner.id, settings)
        ours = [("partner_id", "in", self.partners.ids)]
        for case in env["account.followup"].search(ours):
            customer = customers[case.partner_id.id, case.company_id.id]
            customer.excluded = case.excluded
            customer.set_by_hand = case.next_reminder_date or None
        mentions = defaultdict(list)
        for reminder in env["account.followup.reminder"].search(ours):
            states = tuple(reminder.delivery_ids.mapped("state"))
            customer = customers[reminder.partner_id.id, reminder.company_id.id]
            noticed = reminder.noticed_date or None
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
                    )
                )
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
            transactions=tuple(
                (transaction.state, transaction.provider_id.code)
                for transaction in line.move_id.transaction_ids
            ),
        )

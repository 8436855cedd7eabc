"""A random ledger, and the reports' figures worked out the slow and plain way."""

from collections import defaultdict
from datetime import timedelta
from random import Random

from odoo import Command, fields

from ..tools import ageing
from .common import TODAY, FollowupCommon

EPOCH = TODAY - timedelta(days=400)
AGES = (30, 60, 90, 120)


class ReportCommon(FollowupCommon):
    """A ledger with all that makes reports go wrong, made through the real models."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.name = "First House"
        cls.reports = cls.env["account.followup.report"]
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")
        cls.euro = cls.setup_other_currency("EUR", rates=cls._get_rates(1))
        cls.franc = cls.setup_other_currency("CHF", rates=cls._get_rates(2))
        cls.term = cls.env["account.payment.term"].create(
            {
                "name": "In three parts",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": share, "nb_days": days}
                    )
                    for share, days in ((30, 0), (30, 30), (40, 60))
                ],
            }
        )

    @classmethod
    def _get_rates(cls, seed):
        """Return a rate that changes every month, so matching makes differences."""
        dice = Random(seed)
        days = [EPOCH + timedelta(days=30 * month) for month in range(14)]
        return [(str(day), round(dice.uniform(0.5, 2.5), 4)) for day in days]

    @classmethod
    def _create_ledger(cls, seed, size=40, customers=6):
        """Post a random ledger; return its customers."""
        dice = Random(seed)
        partners = cls.env["res.partner"]
        for number in range(customers):
            partners += cls._create_customer(f"Customer {seed} {number}")
        moves = cls.env["account.move"]
        for _number in range(size):
            moves += cls._create_random_invoice(dice, dice.choice(partners))
        for _number in range(size):
            cls._do_something(dice, moves, partners)
        for number in range(size):
            cls._do_something_rare(number, dice, moves, partners)
        cls.env.flush_all()
        return partners

    @classmethod
    def _choose_company(cls):
        """Return the company in whose books the next entry is."""
        return cls.company

    @classmethod
    def _create_random_invoice(cls, dice, partner):
        day = EPOCH + timedelta(days=dice.randrange(400))
        contact = cls.env["res.partner"]
        if dice.random() < 0.1:
            contact = contact.create({"name": "Contact", "parent_id": partner.id})
        currency = dice.choice([cls.company.currency_id, cls.euro, cls.franc])
        term = cls.term if dice.random() < 0.3 else cls.env["account.payment.term"]
        move = cls.env["account.move"].create(
            {
                "move_type": dice.choice(["out_invoice"] * 4 + ["out_refund"]),
                "company_id": cls._choose_company().id,
                "partner_id": (contact or partner).id,
                "currency_id": currency.id,
                "invoice_date": day,
                "date": day,
                "invoice_payment_term_id": term.id,
                "invoice_date_due": day + timedelta(days=dice.randrange(60)),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Work",
                            "price_unit": round(dice.uniform(1, 900), 2),
                            "tax_ids": False,
                        }
                    )
                ],
            }
        )
        if dice.random() < 0.9:
            move.action_post()
        return move

    @classmethod
    def _do_something(cls, dice, moves, partners):
        """Pay, pay a part, un-reconcile, cancel or pay in advance."""
        move = dice.choice(moves)
        day = min(move.date + timedelta(days=dice.randrange(120)), TODAY)
        action = dice.choice(["pay"] * 4 + ["part"] * 3 + ["undo", "cancel", "advance"])
        if action == "advance":
            cls._create_advance(dice, dice.choice(partners), day)
        elif move.state != "posted":
            if action == "cancel":
                move.button_cancel()
        elif action in ("pay", "part") and move.amount_residual:
            amount = move.amount_residual
            if action == "part":
                amount = move.currency_id.round(amount * dice.uniform(0.1, 0.9))
            cls._pay(move, amount or move.amount_residual, day)
        elif action == "undo":
            move.line_ids.remove_move_reconcile()

    @classmethod
    def _create_advance(cls, dice, partner, day):
        payment = cls.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": partner.id,
                "amount": round(dice.uniform(1, 300), 2),
                "date": day,
            }
        )
        payment.action_post()

    # ------------------------------------------------------------------
    # What makes rows of a report depend on each other
    # ------------------------------------------------------------------

    @classmethod
    def _do_something_rare(cls, number, dice, moves, partners):
        """Settle across currencies and customers, revalue, or reset to draft."""
        rare = (
            cls._pay_in_other_currency,
            cls._settle_by_customer,
            cls._settle_by_nobody,
            cls._revalue,
            cls._reset_to_draft,
        )
        open_moves = moves.filtered(
            lambda move: move.state == "posted" and move.amount_residual
        )
        if open_moves:
            rare[number % len(rare)](dice, dice.choice(open_moves), partners)

    @classmethod
    def _get_later_day(cls, dice, move):
        return min(move.date + timedelta(days=dice.randrange(60)), TODAY)

    @classmethod
    def _pay_in_other_currency(cls, dice, move, _partners):
        currencies = cls.company.currency_id + cls.euro + cls.franc
        wizard = cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        return wizard.create(
            {
                "payment_date": cls._get_later_day(dice, move),
                "currency_id": dice.choice(currencies - move.currency_id).id,
            }
        )._create_payments()

    @classmethod
    def _settle_by_customer(cls, dice, move, partners):
        partner = dice.choice(partners - move.commercial_partner_id)
        return cls._settle_by(dice, move, partner)

    @classmethod
    def _settle_by_nobody(cls, dice, move, _partners):
        return cls._settle_by(dice, move, cls.env["res.partner"])

    @classmethod
    def _get_receivables(cls, moves):
        return moves.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )

    @classmethod
    def _settle_by(cls, dice, move, partner, share=None):
        """Match a move with an entry booked on another customer, or on none."""
        lines = cls._get_receivables(move).filtered(lambda line: not line.reconciled)
        balance = -sum(lines.mapped("amount_residual"))
        balance *= share or dice.choice([0.4, 1, 1.5])
        if cls.company.currency_id.is_zero(balance):
            return None
        entry = cls._create_entry(cls._get_later_day(dice, move), partner, balance)
        (lines + cls._get_receivables(entry)).reconcile()
        return entry

    @classmethod
    def _create_entry(cls, day, partner, balance, **values):
        """Post an entry on the receivable account in the company's currency."""
        balance = cls.company.currency_id.round(balance)
        other = cls.company_data["default_account_revenue"]
        entry = cls.env["account.move"].create(
            {
                "company_id": cls._choose_company().id,
                "date": day,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": partner.id,
                            "balance": amount,
                            **(values if amount == balance else {}),
                        }
                    )
                    for account, amount in (
                        (cls.company_data["default_account_receivable"], balance),
                        (other, -balance),
                    )
                ],
            }
        )
        entry.action_post()
        return entry

    @classmethod
    def _revalue(cls, dice, move, _partners):
        """Book a difference that is nothing in the currency of the document."""
        return cls._create_entry(
            cls._get_later_day(dice, move),
            move.partner_id,
            dice.uniform(-90, 90),
            currency_id=cls.euro.id,
            amount_currency=0.0,
        )

    @classmethod
    def _reset_to_draft(cls, dice, move, _partners):
        """Pay, then reset invoice or payment to draft: core keeps the match."""
        payment = cls._pay(move, day=cls._get_later_day(dice, move))
        if dice.random() < 0.5:
            payment.move_id.button_draft()
        else:
            move.button_draft()

    # ------------------------------------------------------------------
    # The plain way
    # ------------------------------------------------------------------

    def _get_ledger(self, last=None, first=None, companies=None, states=("posted",)):
        """Return the journal items on receivable accounts of a time."""
        domain = [
            ("account_id.account_type", "=", "asset_receivable"),
            ("company_id", "in", (companies or self.company).ids),
            ("parent_state", "in", states),
        ]
        if last:
            domain.append(("date", "<=", last))
        if first:
            domain.append(("date", ">=", first))
        return self.env["account.move.line"].search(domain)

    def _get_open_at(self, line, day):
        """Return (company amount, own amount) that was open at the end of a day.

        Forward from the beginning: the amount less each match whose both sides were
        booked by then. The report goes backward from what is open now. What is not
        posted settles nothing.
        """
        amount, own = line.balance, line.amount_currency
        for match in line.matched_credit_ids:
            if self._is_settled(match, day):
                amount -= match.amount
                own -= match.debit_amount_currency
        for match in line.matched_debit_ids:
            if self._is_settled(match, day):
                amount += match.amount
                own += match.credit_amount_currency
        return (
            line.company_currency_id.round(amount),
            line.currency_id.round(own),
        )

    def _is_settled(self, match, day):
        sides = match.debit_move_id + match.credit_move_id
        return max(sides.mapped("date")) <= day and set(
            sides.mapped("parent_state")
        ) == {"posted"}

    def _get_sums(self, lines, document, amounts):
        """Return {(customer, currency): sum} of {line: (company, own)}."""
        sums = defaultdict(float)
        for line in lines:
            currency = line.currency_id if document else line.company_currency_id
            key = (line.partner_id.commercial_partner_id.id or False, currency.id)
            sums[key] += amounts(line)[1 if document else 0]
        return {key: self._round(value, key[1]) for key, value in sums.items()}

    def _get_ages(self, lines, document, day):
        """Return {(customer, currency): what was open in each bucket} of a ledger."""
        ages = {}
        for line in lines:
            currency = line.currency_id if document else line.company_currency_id
            key = (line.partner_id.commercial_partner_id.id or False, currency.id)
            due = line.date_maturity or line.invoice_date or line.date
            sums = ages.setdefault(key, [0.0] * (len(AGES) + 2))
            bucket = ageing.get_bucket(AGES, (day - due).days)
            sums[bucket] += self._get_open_at(line, day)[1 if document else 0]
        return {
            key: [self._round(value, key[1]) for value in sums]
            for key, sums in ages.items()
        }

    def _round(self, value, currency_id):
        return self.env["res.currency"].browse(currency_id).round(value) + 0.0

    # ------------------------------------------------------------------
    # The reports
    # ------------------------------------------------------------------

    def _get_reports(self):
        """Return the reports with the companies that are ticked."""
        return self.reports.with_company(self.company)

    def _get_report(self, variant, **options):
        options = {"variant": variant, "limit": 1000, **options}
        return self._get_reports().get_report(options)

    def _get_all_lines(self, report, row):
        """Return all rows under a customer, as a person who loads more and more."""
        rows, remaining = [], 1
        while remaining:
            shown = len([one for one in rows if one["type"] == "line"])
            page = self._get_reports().get_lines(report["options"], row["id"], shown)
            rows += page["rows"]
            remaining = page["remaining"]
        return rows

    def _check_open_by_age(self, currency, day, companies=None):
        """Each row of a statement says how old its closing balance is."""
        options = {"currency": currency, "period": "custom", "date_to": str(day)}
        report, shown = self._get_report("customer_statement", **options), {}
        for row in report["rows"]:
            lines = self._get_all_lines(report, row)
            balance = row["values"]["balance"]
            closing = [line for line in lines if line["type"] == "closing"]
            self.assertEqual([line["values"]["balance"] for line in closing], [balance])
            aged = [line for line in lines if line["type"] == "ageing"]
            ages = [age["value"] for line in aged for age in line["ageing"]]
            self.assertEqual(self._round(sum(ages), row["currency_id"]), balance)
            shown[row["partner_id"], row["currency_id"]] = ages
        ledger = self._get_ledger(day, companies=companies)
        expected = self._get_ages(ledger, currency == "document", day)
        self.assertEqual(self._with_some(shown), self._with_some(expected))
        return shown

    def _with_some(self, ages):
        return {key: values for key, values in ages.items() if any(values)}

    def _get_figures(self, rows, column):
        """Return {(customer, currency): value} of a column of customers' rows."""
        return {
            (row["partner_id"], row["currency_id"]): row["values"][column]
            for row in rows
        }

    def _without_zeros(self, figures):
        return {key: value for key, value in figures.items() if value}

    @staticmethod
    def _date(text):
        return fields.Date.to_date(text)

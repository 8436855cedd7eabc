import logging
import os
import random
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pprint import pformat
from unittest.mock import patch

from odoo import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import SQL

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from ..tools.days import is_put_off
from . import oracle
from .oracle_facts import OracleFacts

_logger = logging.getLogger(__name__)

MODELS = "odoo.addons.account_payment_followup.models"

#: The day around which everything happens.
BASE = date(2024, 6, 12)
#: Seed of the documents; the rounds count on from it. ``FOLLOWUP_SEED`` is another one.
SEED = int(os.environ.get("FOLLOWUP_SEED") or 20240612)
#: A round compares some 190 customers; ``FOLLOWUP_ROUNDS`` asks for so many.
ROUNDS = int(
    os.environ.get("FOLLOWUP_ROUNDS")
    or (500 if os.environ.get("FOLLOWUP_LONG") else 40)
)
SEEDS = range(SEED, SEED + ROUNDS)
#: Customers of the ledger; a large one is cheaper for each of them.
CUSTOMERS = int(os.environ.get("FOLLOWUP_CUSTOMERS") or 150)
AMOUNTS = ("10", "20", "25.5", "33.33", "50", "100", "0.01", "333.333")
MINIMUM = ("0", "0", "0", "10", "25.5", "50", "66.66", "100", "1000")
STATES = ("queued", "sent", "failed", "withdrawn")
#: What lets nothing rest for a reason, see ``_get_resting``; demo data included.
NOTHING_RESTS = {
    "blocked": "UPDATE account_move SET payment_state = 'not_paid'"
    " WHERE payment_state = 'blocked'",
    "online_payment": "UPDATE payment_transaction SET state = 'draft'",
    "dispute": "UPDATE account_followup_dispute SET state = 'settled'"
    " WHERE state = 'open'",
}


def shift(day, rng, first, last):
    return day + timedelta(days=rng.randint(first, last))


class LedgerCase(OracleFacts, AccountTestInvoicingCommon):
    """Two root companies, one with a branch, whose customers owe all sorts of things.

    Some items come from invoices, payments and credit notes. The others are booked
    once, and a round scatters their dates, amounts and marks straight in the database.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = cls.company_data["company"]
        cls.other_data = cls.setup_other_company(
            name="Other root", currency_id=cls.setup_other_currency("BHD").id
        )
        cls.other_root = cls.other_data["company"]
        cls.roots = cls.root + cls.other_root
        cls.branch = cls.env["res.company"].create(
            {"name": "Branch", "parent_id": cls.root.id}
        )
        cls.companies = cls.roots + cls.branch
        cls.env.user.company_ids += cls.companies
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.companies.ids}
        )
        cls.foreign = cls.setup_other_currency("CHF")
        cls.yen = cls.setup_other_currency("JPY", rounding=1)
        cls.env["account.followup.level"].search(
            [("company_id", "in", cls.roots.ids)]
        ).unlink()
        rng = random.Random(SEED)
        cls._create_partners()
        cls._create_documents(rng)
        cls.document_lines = cls._get_lines()
        cls._create_transactions()
        for company, data, share in (
            (cls.root, cls.company_data, 0.9),
            (cls.branch, cls.company_data, 0.3),
            (cls.other_root, cls.other_data, 0.6),
        ):
            cls._post_entry(rng, company, data, share)
        cls.scattered = cls._get_lines() - cls.document_lines
        cls.env.flush_all()

    @classmethod
    def _get_lines(cls):
        return cls.env["account.move.line"].search(
            [
                ("company_id", "in", cls.companies.ids),
                ("partner_id", "child_of", cls.partners.ids),
                ("account_type", "=", "asset_receivable"),
            ]
        )

    @classmethod
    def _create_partners(cls):
        create = cls.env["res.partner"].create
        cls.partners = create(
            [
                {"name": f"Customer {number}", "is_company": True}
                for number in range(CUSTOMERS)
            ]
        )
        cls._create_traits()
        cls.contacts = create(
            [
                {"name": f"Contact of {partner.name}", "parent_id": partner.id}
                for partner in cls.partners[::3]
            ]
        )

    @classmethod
    def _create_traits(cls):
        """What the rules of plans tell customers apart by (X16)."""
        rng = random.Random(SEED)
        cls.countries = cls.env["res.country"].search([], limit=3)
        cls.tags = cls.env["res.partner.category"].create(
            [{"name": "Consumer"}, {"name": "Authority"}]
        )
        cls.terms = cls.env["account.payment.term"].create(
            [{"name": "At once"}, {"name": "Later"}]
        )
        for partner in cls.partners:
            partner.write(
                {
                    "country_id": rng.choice((False, *cls.countries.ids)),
                    "category_id": [
                        Command.link(tag.id) for tag in cls.tags if rng.random() < 0.4
                    ],
                    "ref": rng.choice((False, "A1", "B1")),
                }
            )
            for root in cls.roots:
                partner.with_company(root).write(
                    {
                        "trust": rng.choice(("good", "normal", "bad")),
                        "property_payment_term_id": rng.choice((False, *cls.terms.ids)),
                    }
                )
        cls.partners[100:].is_company = False

    @classmethod
    def _create_documents(cls, rng):
        """Invoices by instalments, some of them paid or credited in part."""
        terms = cls.env["account.payment.term"].create(
            {
                "name": "Two instalments",
                "line_ids": [
                    Command.create({"value_amount": 40, "nb_days": 0}),
                    Command.create({"value_amount": 60, "nb_days": 15}),
                ],
            }
        )
        for number, partner in enumerate(cls.partners[:16]):
            invoice = cls._create_invoice(
                post=True,
                partner_id=partner,
                invoice_date=shift(BASE, rng, -40, -1),
                invoice_payment_term_id=terms if number % 3 else cls.pay_terms_a,
                currency_id=cls.foreign if number % 4 == 1 else cls.root.currency_id,
                invoice_line_ids=[
                    cls._prepare_invoice_line(
                        price_unit=float(rng.choice(AMOUNTS)), quantity=2, tax_ids=[]
                    )
                ],
            )
            if number % 2:
                cls._register_payment(
                    invoice,
                    amount=invoice.amount_total * rng.choice((0.25, 0.5, 1)),
                    payment_date=BASE,
                )
            elif number % 4 == 0:
                note = cls._reverse_invoice(invoice, date=BASE)
                note.invoice_line_ids.quantity = rng.choice((1, 3))
                note.action_post()
                if number % 8:
                    cls._get_receivable(invoice + note).reconcile()

    @classmethod
    def _get_receivable(cls, moves):
        return moves.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )

    @classmethod
    def _create_transactions(cls):
        """Online payments; which invoice they are of, a round says."""
        providers = cls.env["payment.provider"].create(
            [{"name": "By hand", "code": "none"}, {"name": "Online", "code": "none"}]
        )
        providers.flush_recordset()
        cls.env.cr.execute(  # the modules of real ones are not installed here
            "UPDATE payment_provider SET code = 'online' WHERE id = %s",
            [providers[1].id],
        )
        providers.invalidate_recordset()
        method = cls.env["payment.method"].create({"name": "Card", "code": "any_card"})
        cls.transactions = cls.env["payment.transaction"].create(
            [
                {
                    "provider_id": provider.id,
                    "payment_method_id": method.id,
                    "amount": 10,
                    "currency_id": cls.root.currency_id.id,
                    "partner_id": cls.partners[0].id,
                    "reference": f"{provider.name} {number}",
                }
                for provider in providers
                for number in range(4)
            ]
        )

    @classmethod
    def _post_entry(cls, rng, company, data, share):
        """Book some lines of most customers, in three accounts and three currencies.

        They are spread over some entries, of which a round blocks one or the other.
        """
        receivable = data["default_account_receivable"].with_company(data["company"])
        accounts = receivable + cls.copy_account(receivable)
        accounts += cls.copy_account(receivable)
        accounts[2].non_trade = True
        currency = data["company"].currency_id
        moves = [[] for _number in range(8)]
        for partner in cls.partners + cls.contacts:
            while rng.random() < share * (0.7 if partner.is_company else 0.3):
                sign = 1 if rng.random() < 0.8 else -1
                balance = sign * currency.round(float(rng.choice(AMOUNTS)))
                own, rate = rng.choices(
                    ((currency, 1), (cls.foreign, 2), (cls.yen, 100)), (60, 25, 15)
                )[0]
                rng.choice(moves).append(
                    {
                        "name": "Item",
                        "partner_id": partner.id,
                        "account_id": rng.choices(accounts, (45, 45, 10))[0].id,
                        "currency_id": own.id,
                        "amount_currency": own.round(balance * rate),
                        "balance": balance,
                    }
                )
        for vals_list in moves:
            cls._post_lines(company, data, vals_list)

    @classmethod
    def _post_lines(cls, company, data, vals_list):
        counterpart = {
            "account_id": data["default_account_revenue"].id,
            "balance": -sum(vals["balance"] for vals in vals_list),
        }
        move = cls.env["account.move"].create(
            {
                "company_id": company.id,
                "journal_id": data["default_journal_misc"].id,
                "date": BASE,
                "line_ids": [
                    Command.create(vals) for vals in [*vals_list, counterpart]
                ],
            }
        )
        move.action_post()

    # ------------------------------------------------------------------
    # A round: settings, levels, items, reminders
    # ------------------------------------------------------------------

    @contextmanager
    def _round(self, seed, days=None):
        """Make another ledger for a while. Return its random numbers and its days."""
        rng = random.Random(seed)
        days = days or {root: shift(BASE, rng, -20, 20) for root in self.roots}
        with self.subTest(seed=seed):
            savepoint = self.env.cr.savepoint()
            try:
                for root in self.roots:
                    self._set_up_company(rng, root)
                self._scatter_items(rng, days)
                absent = self._choose_absent(seed)
                if "currencies" in absent:
                    self._make_one_currency()
                self._scatter_payments(rng)
                if "dispute" not in absent:
                    self._create_disputes(rng, days)
                self._let_not_rest(absent)
                self._create_promises(rng, days)
                self._create_cases(rng, days)
                self._create_reminders(rng, days)
                self.env.flush_all()
                self.env.invalidate_all()
                self._analyze()
                yield rng, days
            finally:
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def _analyze(self):
        """Let the planner know of the rows of this transaction."""
        for table in ("line", "reminder", "reminder_line", "delivery"):
            prefix = "account_move" if table == "line" else "account_followup"
            name = SQL.identifier(f"{prefix}_{table}")
            self.env.cr.execute(SQL("ANALYZE %s", name))

    def _set_up_company(self, rng, root):
        root.write(
            {
                "followup_min_amount": float(rng.choice(MINIMUM)),
                "followup_min_days": rng.choice((0, 0, 1, 3, 3, 7)),
                "followup_catch_up": rng.choice(("step", "step", "jump")),
            }
        )
        root.followup_start_date = False  # plans say how they start before
        plans = self.env["account.followup.plan"]
        default = plans._get_default_plan(root)
        plans = plans.create(
            [
                self._prepare_plan(rng, root, number)
                for number in range(rng.choice((0, 0, 2, 2, 3)))
            ]
        )
        for plan in default + plans:
            self._create_levels(rng, plan)
        self._set_broken_levels(rng, default + plans)
        self._set_start(rng, root, default + plans)

    def _set_broken_levels(self, rng, plans):
        """Jump to a level after a broken promise (X7), by dice of its own."""
        dice = random.Random()
        dice.setstate(rng.getstate())
        for plan in plans.with_context(active_test=False):
            levels = plan.level_ids.filtered(lambda level: level.delay >= 0)
            if levels and dice.random() < 0.6:
                plan.broken_level_id = dice.choice(levels)
                plan.broken_level_id.active &= dice.random() < 0.9

    def _set_start(self, rng, root, plans):
        """Go live on some day, by dice of its own: the ledgers stay as they are."""
        dice = random.Random()
        dice.setstate(rng.getstate())
        for plan in plans:
            plan.start = dice.choice((False, False, "first", "age", "reminded"))
        start = dice.choice((False, "first", "age", "age", "reminded"))
        day = BASE - timedelta(days=dice.choice((0, 3, 10, 30)))
        root.write(
            {
                "followup_start": start,
                "followup_start_date": day,
                "followup_run_cap": 0,
            }
        )

    def _prepare_plan(self, rng, root, number):
        """Return a plan for some customers, or for those only who are given it."""
        conditions = {
            "country_ids": [Command.set(rng.sample(self.countries.ids, 2))],
            "category_ids": [Command.set(rng.choice(self.tags).ids)],
            "payment_term_ids": [Command.set(rng.choice(self.terms).ids)],
            "trust": rng.choice(("good", "bad")),
            "customer_type": rng.choice(("company", "person")),
            "customer_domain": "[('ref', '=like', 'A%')]",
        }
        names = rng.sample(sorted(conditions), rng.choice((0, 1, 1, 2)))
        return {
            "name": f"Plan {number}",
            "company_id": root.id,
            "sequence": rng.randint(1, 20),
            "active": rng.random() < 0.9,
            "has_min_amount": rng.random() < 0.4,
            "min_amount": float(rng.choice(MINIMUM)),
            "has_min_days": rng.random() < 0.4,
            "min_days": rng.choice((0, 0, 1, 3, 7)),
            "catch_up": rng.choice((False, False, "step", "jump")),
            **{name: conditions[name] for name in names},
        }

    def _create_levels(self, rng, plan):
        delays = rng.sample(range(-14, 21), rng.choice((0, 1, 1, 2, 3, 3, 4, 6)))
        if delays and rng.random() < 0.3:
            delays = sorted({0, *delays[1:]})
        archived = [
            rng.choice((*delays, rng.randint(-14, 21)))
            for _number in range(rng.choice((0, 0, 1, 2)))
        ]
        self.env["account.followup.level"].create(
            [
                {
                    "name": f"Level {delay}{'' if active else ' (old)'}",
                    "company_id": plan.company_id.id,
                    "plan_id": plan.id,
                    "delay": delay,
                    "active": active,
                    "send_email": False,
                    "schedule_activity": True,
                }
                for active, some in ((True, delays), (False, archived))
                for delay in some
            ]
        )

    def _scatter_items(self, rng, days):
        marks, rows = [], []
        oldest = {root: rng.choice((-30, -8, -8)) for root in self.roots}
        for line in self.document_lines + self.scattered:
            today = days[line.company_id.root_id]
            marks.append(
                SQL(
                    "(%s, %s, %s, %s)",
                    line.id,
                    rng.random() < 0.15,
                    shift(today, rng, -4, 9) if rng.random() < 0.2 else None,
                    shift(today, rng, -4, 9) if rng.random() < 0.2 else None,
                )
            )
        for line in self.scattered:
            root = line.company_id.root_id
            today = days[root]
            residual, company_residual = self._get_random_residual(rng, line)
            rows.append(
                SQL(
                    "(%s, %s, %s, %s, %s, %s, %s, %s)",
                    line.id,
                    shift(today, rng, oldest[root], 20) if rng.random() < 0.9 else None,
                    shift(today, rng, -35, 0) if rng.random() < 0.5 else None,
                    shift(today, rng, -35, 0),
                    residual,
                    company_residual,
                    rng.random() < 0.05,
                    rng.choices(("posted", "draft", "cancel"), (95, 3, 2))[0],
                )
            )
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_move_line line
                   SET no_followup = mark.excluded,
                       followup_hold_until = mark.hold::date,
                       expected_payment_date = mark.expected::date
                  FROM (VALUES %s) mark(id, excluded, hold, expected)
                 WHERE line.id = mark.id
                """,
                SQL(", ").join(marks),
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_move_line line
                   SET date_maturity = fact.maturity::date,
                       invoice_date = fact.invoice_date::date,
                       date = fact.date,
                       amount_residual_currency = fact.residual,
                       amount_residual = fact.company_residual,
                       reconciled = fact.reconciled,
                       parent_state = fact.state
                  FROM (VALUES %s) fact(id, maturity, invoice_date, date, residual,
                                        company_residual, reconciled, state)
                 WHERE line.id = fact.id
                """,
                SQL(", ").join(rows),
            )
        )
        self.env.invalidate_all()

    def _make_one_currency(self):
        """Let all that is open be so in the company's currency, demo data, too.

        Then the statement does not ask for others, see ``_read_ground``.
        """
        self.env.cr.execute(
            """
            UPDATE account_move_line
               SET currency_id = company_currency_id,
                   amount_residual_currency = ROUND(amount_residual_currency, 2),
                   amount_residual = ROUND(amount_residual_currency, 2)
             WHERE currency_id <> company_currency_id
            """
        )
        self.env.invalidate_all()

    def _choose_absent(self, seed):
        """Return what is nowhere in a ledger: others have all of it."""
        rare = ("blocked", "online_payment", "dispute")
        chosen = {
            1: ("currencies",),
            3: rare,
            4: ("currencies", *rare),
            5: (random.Random(seed).choice(rare),),
        }
        return chosen.get(seed % 7, ())

    def _let_not_rest(self, absent):
        """Likewise for the reasons to rest that are rare."""
        for reason in absent:
            if query := NOTHING_RESTS.get(reason):
                self.env.cr.execute(query)
        self.env.invalidate_all()

    def _get_random_residual(self, rng, line):
        """Return an open amount in the item's currency and in the company's."""
        sign = 1 if rng.random() < 0.8 else -1
        residual = sign * line.currency_id.round(float(rng.choice(AMOUNTS)))
        if line.currency_id == line.company_currency_id:
            return residual, residual
        # what differences of exchange, revaluations and imports can leave behind
        odd = rng.random()
        if odd < 0.05:
            return sign * 0.01, 0.0
        if odd < 0.1:
            return 0.0, sign * rng.choice((0.01, 75))
        if odd < 0.12:
            return sign * 0.004, sign * 0.1
        if odd < 0.13:
            return residual, -residual
        rate = rng.choice((2, 0.5, 1, 1.0870, 1.0753))
        return residual, line.company_currency_id.round(residual * rate)

    def _scatter_payments(self, rng):
        """Block some documents, and let some of them be paid online."""
        moves = (self.document_lines + self.scattered).move_id
        blocked = [move.id for move in moves if rng.random() < 0.08]
        self.env.cr.execute(
            SQL(
                "UPDATE account_move SET payment_state = CASE WHEN id IN %s"
                " THEN 'blocked' ELSE 'not_paid' END WHERE id IN %s",
                tuple(blocked) or (None,),
                tuple(moves.ids),
            )
        )
        dice = random.Random()  # of their own: the ledgers stay as they are
        dice.setstate(rng.getstate())
        states = ("draft", "pending", "authorized", "done", "cancel", "error")
        for transaction in self.transactions:
            self.env.cr.execute(
                SQL(
                    "UPDATE payment_transaction SET state = %s,"
                    " is_post_processed = %s, amount = %s WHERE id = %s",
                    rng.choice(states),
                    dice.choice((True, False, None)),
                    dice.choice((10, 10, 0, -10)),
                    transaction.id,
                )
            )
            self.env.cr.execute(
                SQL(
                    "INSERT INTO account_invoice_transaction_rel"
                    " (transaction_id, invoice_id) VALUES (%s, %s)",
                    transaction.id,
                    rng.choice(moves.ids),
                )
            )
        self.env.invalidate_all()

    def _create_disputes(self, rng, days):
        """Some items are in dispute, or were; of some only a part, the rest claimed."""
        dice = random.Random()  # of their own: the ledgers stay as they are
        dice.setstate(rng.getstate())
        vals_list = [
            self._prepare_dispute(rng, lines, root, today)
            for root, today in days.items()
            for partner_lines in self._group_lines(root).values()
            if rng.random() < 0.2
            and (
                lines := partner_lines.filtered(
                    lambda _line: rng.random() < 0.4  # noqa: B023
                )
            )
        ]
        if dice.random() < 0.8:  # else the statement is the one without parts
            vals_list += [
                self._prepare_disputed_part(dice, line, root, today)
                for root, today in days.items()
                for line in (self.document_lines + self.scattered)
                if line.company_id.root_id == root and dice.random() < 0.45
            ]
        for vals in vals_list:
            day = days[self.env["res.company"].browse(vals["company_id"])]
            vals["date"] = shift(day, dice, -20, 0)
            if vals["state"] != "open":
                vals["closed_on"] = shift(vals["date"], dice, 0, 15)
        disputes = self.env["account.followup.dispute"].sudo()
        disputes = disputes.with_context(tracking_disable=True).create(vals_list)
        self._scatter_credits(dice, disputes.filtered("is_partial"))

    def _prepare_dispute(self, rng, lines, root, today):
        return {
            "partner_id": lines.partner_id.commercial_partner_id.id,
            "company_id": root.id,
            "currency_id": lines[0].currency_id.id,
            "line_ids": [Command.set(lines.ids)],
            "amount": 1,
            "date": today,
            "reason_id": self.env["account.followup.dispute.reason"]._get_reason().id,
            "review_date": shift(today, rng, -9, 9),
            "state": rng.choice(("open", "open", "accepted", "rejected", "settled")),
        }

    def _scatter_credits(self, dice, disputes):
        """Match credit notes and payments with disputed parts, or had so before."""
        others = self.document_lines.filtered("matched_debit_ids")
        rows = [
            SQL(
                "(%s, %s, %s, %s::timestamp)",
                dispute.line_ids.id,
                dice.choice(others).id,
                dispute.currency_id.round(dispute.amount * dice.choice((0.3, 1, 1.5))),
                dispute.create_date - timedelta(hours=dice.choice((0, 0, 1))),
            )
            for dispute in disputes
            if dice.random() < 0.4
        ]
        if rows:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO account_partial_reconcile (debit_move_id,"
                    " credit_move_id, debit_amount_currency, create_date) VALUES %s",
                    SQL(", ").join(rows),
                )
            )

    def _prepare_disputed_part(self, rng, line, root, today):
        """Return the dispute of a part, which may have been paid or credited since."""
        share = rng.choice((0.1, 1 / 3, 0.5, 0.9, 0.99, 1, 2))
        amount = abs(line.amount_residual_currency) * share
        return {
            **self._prepare_dispute(rng, line, root, today),
            "amount": line.currency_id.round(amount) or 1,
            "is_partial": True,
            "is_rest_claimed": rng.random() < 0.8,
        }

    def _create_promises(self, rng, days):
        """Some items were promised, once or twice, some in two instalments."""
        dice = random.Random()
        dice.setstate(rng.getstate())
        vals_list = []
        for root, today in days.items():
            for partner, partner_lines in self._group_lines(root).items():
                for _number in range(dice.choice((0, 0, 1, 1, 2))):
                    lines = partner_lines.filtered(
                        lambda line: (
                            line.amount_residual_currency > 0 and dice.random() < 0.5
                        )
                    )
                    if lines:
                        vals_list += self._prepare_promises(
                            dice, root, today, partner, lines
                        )
        self.env["account.followup.promise"].sudo().create(vals_list)

    def _prepare_promises(self, dice, root, today, partner, lines):
        currency = lines[0].currency_id
        amount_open = sum(lines.mapped("amount_residual_currency"))
        amount_open = currency.round(amount_open * dice.choice((1, 1, 1, 1.5, 0.5)))
        if amount_open <= 0:
            return []
        day = shift(today, dice, -25, 6)
        vals = {
            "partner_id": (
                dice.choice(self.partners) if dice.random() < 0.1 else partner
            ).id,
            "company_id": root.id,
            "currency_id": currency.id,
            "line_ids": [Command.set(lines.ids)],
            "date": day,
            "rest_until": day,
            "made_on": shift(day, dice, -20, 0),
            "amount": amount_open,
            "amount_open": amount_open,
            "tolerance_days": dice.choice((0, 2, 2, 5)),
            "tolerance_percent": dice.choice((0, 1)),
            "ended": dice.choice((False, False, False, "replaced", "cancelled")),
        }
        half = currency.round(amount_open / 2)
        if dice.random() < 0.75 or amount_open < 1:
            return [vals]
        later = day + timedelta(days=7)
        return [
            {**vals, "amount": half},
            {
                **vals,
                "amount": half,
                "amount_before": half,
                "date": later,
                "rest_until": later,
            },
        ]

    def _create_cases(self, rng, days):
        plans = self.env["account.followup.plan"].with_context(active_test=False)
        plans = {root: plans.search([("company_id", "=", root.id)]) for root in days}
        self.env["account.followup"].sudo().create(
            [
                {
                    "plan_id": (
                        rng.choice(plans[root]).id if rng.random() < 0.3 else False
                    ),
                    "partner_id": partner.id,
                    "company_id": root.id,
                    "excluded": rng.random() < 0.2,
                    "next_reminder_date": (
                        shift(today, rng, -4, 9) if rng.random() < 0.5 else False
                    ),
                    "retry_date": (
                        shift(today, rng, -4, 9) if rng.random() < 0.3 else False
                    ),
                }
                for root, today in days.items()
                for partner in self.partners
                if rng.random() < 0.3
            ]
        )

    def _create_reminders(self, rng, days):
        all_levels = self.env["account.followup.level"].with_context(active_test=False)
        vals_list = []
        for root, today in days.items():
            levels = all_levels.search([("company_id", "=", root.id)])
            for partner, partner_lines in self._group_lines(root).items():
                taken = set()
                for _number in range(rng.choice((0, 0, 1, 1, 2, 3))):
                    is_test = rng.random() < 0.15
                    vals = self._prepare_reminder(
                        rng, partner_lines, levels, set() if is_test else taken
                    )
                    vals |= {
                        "partner_id": (
                            # who owed it before
                            rng.choice(self.partners) if rng.random() < 0.1 else partner
                        ).id,
                        "company_id": root.id,
                        "date": shift(today, rng, -18, 2),
                        "noticed_date": (
                            shift(today, rng, -9, 0) if rng.random() < 0.5 else False
                        ),
                        "trigger": "manual",
                        "is_test": is_test,
                    }
                    vals_list.append(vals)
        self.env["account.followup.reminder"].sudo().create(vals_list)

    def _group_lines(self, root):
        """Return dict {customer: what was booked in the tree of a root company}."""
        lines = self.document_lines + self.scattered
        lines = lines.filtered(lambda line: line.company_id.root_id == root)
        return lines.grouped(lambda line: line.partner_id.commercial_partner_id)

    def _prepare_reminder(self, rng, lines, levels, taken):
        """Return deliveries and lines of a reminder.

        :param set taken: (item, delay) that a standing reminder has already
        """
        states = rng.choices(STATES, (1, 5, 2, 2), k=rng.choice((0, 1, 1, 2)))
        stands = not states or not set(states) <= {"failed", "withdrawn"}
        line_vals = []
        for line in lines:
            if rng.random() < 0.4:
                continue
            level = rng.choice(levels) if levels and rng.random() < 0.8 else None
            if level and stands:
                key = (line.id, level.delay)
                if key in taken:
                    continue
                taken.add(key)
            line_vals.append({"move_line_id": line.id, "level_id": level and level.id})
            if line.move_id.is_sale_document() and rng.random() < 0.2:
                # its instalments are new, or others were there
                line_vals[-1]["horizon"] = line.id - rng.choice((0, 1))
                line_vals[-1]["move_id"] = line.move_id.id
                if rng.random() < 0.5:  # and it is gone
                    line_vals[-1]["move_line_id"] = False
        if levels and rng.random() < 0.1:  # the journal item was deleted since then
            line_vals.append({"level_id": levels[0].id})
        return {
            "delivery_ids": [
                Command.create({"channel": "email", "state": state}) for state in states
            ],
            "line_ids": [Command.create(vals) for vals in line_vals],
        }

    def _fail_on(self, mismatches, seed):
        """Fail with the smallest customer of those that differ."""
        if not mismatches:
            return
        customer, today, expected, got = min(
            mismatches,
            key=lambda mismatch: len(mismatch[0].entries) + len(mismatch[0].reminders),
        )
        self.fail(
            f"Seed {seed}: {len(mismatches)} answers differ from the oracle's.\n"
            f"Today: {today}\nFacts: {pformat(customer)}\n"
            f"Oracle: {pformat(expected)}\nModule: {pformat(got)}"
        )


@tagged("post_install", "-at_install")
class TestRuleOracle(LedgerCase):
    def _get_item_mismatches(self, customers, days):
        rows = self.env["account.followup.item"]._get_rows(days, self.partners)
        rows = {row["move_line_id"]: row for row in rows}
        for (partner_id, root_id), customer in customers.items():
            today = days.get(self.env["res.company"].browse(root_id))
            for entry in customer.entries:
                row = rows.pop(entry.id, None)
                got = row and {
                    "partner_id": row["partner_id"],
                    "company_id": row["company_id"],
                    "due": row["due_date"],
                    "days_late": row["days_late"],
                    "residual": Decimal(str(row["residual"])),
                    "residual_company": Decimal(str(row["residual_company"])),
                    "part": Decimal(str(row.get("disputed_part") or 0)),
                    "reached": row["reached_level_id"],
                    "reached_day": row["reached_date"],
                    "next": row["next_level_id"],
                    "ripe_day": row["ripe_date"],
                    "is_ripe": row["is_ripe"],
                    "section": row["section"],
                    "rests": row["rest_reason"],
                }
                expected = None
                if today and oracle.is_item(entry):
                    answer = oracle.explain_item(entry, customer.settings, today)
                    expected = {
                        "partner_id": partner_id,
                        "company_id": root_id,
                        **vars(answer),
                    }
                    # one of several that fit
                    for name, several in (
                        ("reached", answer.reached),
                        ("rests", expected.pop("reasons")),
                    ):
                        value = got and got[name]
                        expected[name] = value if value in several else None
                        if several and value not in several:
                            expected[name] = several
                if got != expected:
                    yield customer, today, expected, got
        self.assertFalse(rows, "Items of other customers")

    def _get_customer_mismatches(self, customers, days):
        model = self.env["account.followup.customer"]
        rows = {
            (row["partner_id"], row["company_id"]): row
            for row in model._get_rows(days, self.partners)
        }
        short_rows = {
            (row["partner_id"], row["company_id"]): row
            for row in model._get_rows(days, self.partners, with_next_date=False)
        }
        self.assertEqual(rows.keys(), short_rows.keys())
        # of a few customers the items are read once
        with patch(f"{MODELS}.account_followup_rule.FEW_CUSTOMERS", 10_000):
            read_once = model._get_rows(days, self.partners)
        self.assertEqual(
            {(row["partner_id"], row["company_id"]): row for row in read_once}, rows
        )
        for key, customer in customers.items():
            today = days.get(self.env["res.company"].browse(key[1]))
            row = rows.pop(key, None)
            got = row and self._get_answer(row)
            expected = None
            items = oracle.get_items(customer)
            if today and any(not entry.excluded for entry in items):
                expected = self._get_expected(customer, today, got)
            if got != expected:
                yield replace(customer, entries=items), today, expected, got
            if row:
                day = row["next_reminder_date"]
                self.assertEqual({**short_rows[key], "next_reminder_date": day}, row)
        self.assertFalse(rows, "Rows of other customers")

    def _get_answer(self, row):
        return {
            "status": row["status"],
            "level": row["level_id"],
            "next_reminder": row["next_reminder_date"],
            "total_due": Decimal(str(row["total_due"])),
            "total_overdue": Decimal(str(row["total_overdue"])),
        }

    def _get_expected(self, customer, today, got):
        """Return the oracle's answer, the level chosen among those that fit."""
        expected = dict(vars(oracle.explain_customer(customer, today)))
        levels = expected.pop("levels")
        level = got and got["level"]
        expected["level"] = level if level in levels else min(levels, default=None)
        return expected

    def test_random_ledgers(self):
        """Whatever the ledger, the rule in SQL says what the rules say."""
        counts = Counter()
        for seed in SEEDS:
            with self._round(seed) as (rng, days):
                if rng.random() < 0.1:  # follow-ups are switched off there
                    days.pop(rng.choice(self.roots))
                customers = self._read_customers()
                self._fail_on([*self._get_item_mismatches(customers, days)], seed)
                self._fail_on([*self._get_customer_mismatches(customers, days)], seed)
                if seed % 10 == 0:
                    self._check_reminders(customers, days)
                counts["automatic"] += self._check_automatic(days)
                counts += self._count(customers, days)
                counts += self._count_ground(days)
            _logger.info("Seed %s: %s customers so far", seed, counts["customers"])
        _logger.info("Compared with the oracle: %s", dict(counts))
        self.assertGreater(counts["customers"], 5000)
        for name in (
            "due",
            "due before the due date",
            "later",
            "never",
            "automatic",
            "broken promises",
            "claimed without a part",
        ):
            self.assertGreater(counts[name], 50, f"{name}: the ledgers are too tame")
        for name in (
            "one currency",
            "several currencies",
            "without blocked",
            "without online_payment",
            "without dispute",
        ):
            self.assertGreater(counts[name], 5, f"{name}: no such ledgers")

    def _check_reminders(self, customers, days):
        """The reminder that would be made claims what the oracle says (rule 8)."""
        service = self.env["account.followup.send"]
        claims = self.env["account.followup.claim"]
        for (partner_id, root_id), customer in customers.items():
            root = self.env["res.company"].browse(root_id)
            level = root in days and oracle.get_level_due(customer, days[root])
            if not level:
                continue
            today = days[root]
            _level, amount = oracle.get_level_and_claim(customer, today)
            items = self.env["account.followup.item"]
            partner = self.env["res.partner"].browse(partner_id)
            rows = items._get_rows({root: today}, partner)
            named = service._get_default_rows(rows, today)
            due = claims._get_level_due(named, today)
            self.assertEqual(due.delay, level.delay, pformat(customer))
            claim = claims._get_company_claim(named, lambda row: row["days_late"] > 0)
            if level.delay >= 0:
                self.assertAlmostEqual(claim, float(amount), 3, pformat(customer))

    def _check_automatic(self, days):
        """The scheduled action finds who is due, be they few or many (rule 12).

        :return: how many these are
        """
        levels = self.env["account.followup.level"].search([])
        levels.filtered(lambda level: level.id % 3).is_automatic = True
        cases = self.env["account.followup"].sudo().search([])
        cases.filtered(lambda case: case.id % 4 == 0).reminder_type = "manual"
        rows = self.env["account.followup.customer"]._get_rows(days, self.partners)
        automatic = set(levels.filtered("is_automatic").ids)
        expected = {
            (row["company_id"], row["partner_id"])
            for row in rows
            if row["status"] == "in_need_of_action"
            and row["level_id"] in automatic
            and row["reminder_type"] == "automatic"
            and not is_put_off(
                row["retry_date"],
                days[self.env["res.company"].browse(row["company_id"])],
            )
        }
        for few in (0, 10_000):
            with patch(f"{MODELS}.account_followup_due.FEW_CUSTOMERS", few):
                due = self.env["account.followup.due"]._get_automatic_due(days)
            found = {
                (company.id, partner_id)
                for (company, _size), ids in due.items()
                for partner_id in ids
            }
            self.assertEqual(found, expected, f"Up to {few} one by one")
        self._check_paused(expected, days)
        self._check_ripe(days, levels.filtered("is_automatic"))
        return len(expected)

    def _check_ripe(self, days, levels):
        """Who is ripe in the quickest plan is asked first: nobody is overlooked (X16).

        Also where plans name a level after a broken promise, for which all are asked.
        """
        broken = type(self.env["account.followup.broken"])
        self._check_ripe_partners(days, levels)
        with patch.object(broken, "_get_levels", return_value={}):
            self._check_ripe_partners(days, levels)

    def _check_ripe_partners(self, days, levels):
        items = self.env["account.followup.item"]
        query = items._get_sql_ripe_partners(days, levels)
        exact = {row[0] for row in self.env.execute_query(query)}
        self.assertEqual(set(items._get_ripe_partners(days, levels).ids), exact)

    def _check_paused(self, due, days):
        """Whom the run would remind is not reminded while paused (rule 16)."""
        cases = self.env["account.followup"].sudo().search([])
        gate = self.env["account.followup.gate.pause"]
        for root, day in days.items():
            mine = {partner_id for root_id, partner_id in due if root_id == root.id}
            paused = set()
            for case in cases.filtered(lambda case, root=root: case.company_id == root):
                dice = random.Random(case.id)  # noqa: S311
                if dice.random() < 0.5:
                    case.pause_until = shift(day, dice, -3, 3)
                    if case.pause_until >= day:
                        paused.add(case.partner_id.id)
            passed = gate._let_pass(root, sorted(mine), day, None)
            self.assertEqual(set(passed), mine - paused)
            texts = gate._get_case_reasons(cases, day)
            told = {one.partner_id.id for one in texts if one.company_id == root}
            self.assertEqual(told, paused)

    def _count_ground(self, days):
        """Return what the statement had to ask for."""
        items = self.env["account.followup.item"]
        ground = items._read_ground(days)
        counts = Counter("without " + name for name in items._get_resting())
        counts.subtract("without " + name for name in ground["rests"])
        counts["several currencies" if ground["foreign"] else "one currency"] += 1
        return counts

    def _count(self, customers, days):
        """Return what sorts of customers there were."""
        counts = Counter()
        for (_partner_id, root_id), customer in customers.items():
            today = days.get(self.env["res.company"].browse(root_id))
            if not today or not oracle.get_items(customer):
                continue
            customer = oracle.get_customer_as_of(customer, today)  # noqa: PLW2901
            counts["customers"] += 1
            counts["claimed without a part"] += any(
                oracle.get_part(entry) and not oracle.get_reasons(entry, today)
                for entry in oracle.get_items(customer)
            )
            level = oracle.get_level_due(customer, today)
            if level:
                counts["due"] += 1
                counts["due before the due date"] += level.delay < 0
            elif not customer.set_by_hand and not customer.excluded:
                later = oracle.get_next_reminder(customer, today)
                counts["later" if later else "never"] += 1
            counts["broken promises"] += sum(
                oracle.get_jump(entry, customer.settings) is not None
                for entry in oracle.get_items(customer)
            )
        return counts

    def test_unflushed(self):
        """The statements read what was written a moment ago."""
        invoice = self._create_invoice(
            post=True,
            partner_id=self.partners[-1],
            invoice_date=BASE - timedelta(days=9),
            invoice_date_due=BASE - timedelta(days=9),
            invoice_line_ids=[self._prepare_invoice_line(price_unit=10, tax_ids=[])],
        )
        level = self.env["account.followup.level"].create(
            {
                "name": "First",
                "company_id": self.root.id,
                "delay": 5,
                "send_email": False,
                "schedule_activity": True,
            }
        )
        days = {self.root: BASE}
        customers = self.env["account.followup.customer"]
        items = self.env["account.followup.item"]
        line = self._get_receivable(invoice)

        def check(status, reason):
            [row] = [
                row
                for row in items._get_rows(days, self.partners[-1])
                if row["move_line_id"] == line.id
            ]
            self.assertEqual(row["rest_reason"], reason)
            [row] = customers._get_rows(days, self.partners[-1])
            self.assertEqual(row["status"], status)

        # what was booked in setUpClass is out of the way
        self.scattered.filtered(
            lambda line: line.partner_id == self.partners[-1]
        ).no_followup = True
        check("in_need_of_action", None)
        line.followup_hold_until = BASE
        check("with_overdue_invoices", "hold")
        line.followup_hold_until = False
        check("in_need_of_action", None)
        line.expected_payment_date = BASE
        check("with_overdue_invoices", "expected_payment")
        line.expected_payment_date = False
        level.delay = 10
        check("with_overdue_invoices", None)
        level.delay = 9
        check("in_need_of_action", None)
        case = self.env(su=True)["account.followup"].create(
            {"partner_id": self.partners[-1].id, "company_id": self.root.id}
        )
        case.excluded = True
        check("with_overdue_invoices", None)
        case.excluded = False
        check("in_need_of_action", None)
        case.next_reminder_date = BASE + timedelta(days=1)
        check("with_overdue_invoices", None)
        case.next_reminder_date = False
        self.root.followup_min_amount = 10.01
        check("with_overdue_invoices", None)
        self.root.followup_min_amount = 10
        check("in_need_of_action", None)
        reminder = self.env(su=True)["account.followup.reminder"].create(
            {
                "partner_id": self.partners[-1].id,
                "company_id": self.root.id,
                "date": BASE,
                "trigger": "manual",
                "delivery_ids": [Command.create({"channel": "print", "state": "sent"})],
                "line_ids": [
                    Command.create({"move_line_id": line.id, "level_id": level.id})
                ],
            }
        )
        check("with_overdue_invoices", None)
        reminder.delivery_ids.state = "withdrawn"
        check("in_need_of_action", None)


def fits(value, operator, wanted):
    """Say whether a value fits a condition; ``False`` is no value."""
    if operator == "=":
        return value == wanted
    if operator == "in":
        return value in wanted
    if operator == "ilike":
        return bool(value) and wanted.lower() in value.lower()
    if operator in ("!=", "not in", "not ilike"):
        return not fits(value, {"!=": "="}.get(operator, operator[4:]), wanted)
    if value is False:
        return False
    return {
        "<": value < wanted,
        "<=": value <= wanted,
        ">": value > wanted,
        ">=": value >= wanted,
    }[operator]


@tagged("post_install", "-at_install")
class TestSearchOracle(LedgerCase):
    """What can be seen on customers, invoices and journal items, and searched there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root.partner_id.tz = "Pacific/Kiritimati"
        cls.other_root.partner_id.tz = "Pacific/Pago_Pago"

    @contextmanager
    def _frozen_round(self, seed):
        """Make a ledger on a day that is another one in each company.

        :return: the facts and the days
        """
        now = datetime.combine(BASE, time(random.Random(seed).randint(0, 23), 30))
        days = {
            self.root: (now + timedelta(hours=14)).date(),
            self.other_root: (now - timedelta(hours=11)).date(),
        }
        with freeze_time(now), self._round(seed, days):
            self.other_root.followup_enabled = seed % 4 != 1
            yield self._read_customers(), days

    def _check_search(self, records, values, field, operator, wanted):
        """Check that a search finds the records whose value fits.

        :param dict values: {record: value that is compared}
        """
        found = records.search([("id", "in", records.ids), (field, operator, wanted)])
        expected = records.filtered(
            lambda record: fits(values[record], operator, wanted)
        )
        message = f"{records._name}: ({field!r}, {operator!r}, {wanted!r})"
        for text, differing in (
            ("finds too much", found - expected),
            ("does not find", expected - found),
        ):
            if differing:
                self.fail(
                    f"{message} {text}: {len(differing)} records, the first is "
                    f"{differing[0].display_name!r} ({differing[0].id}) with "
                    f"{values[differing[0]]!r}, in {records.env.company.name}"
                )

    def _check_searches(self, records, values, field, samples, operators):
        for operator in operators:
            if operator in ("in", "not in"):
                for wanted in (samples[1:], [False, *samples[:2]]):
                    if wanted:
                        self._check_search(records, values, field, operator, wanted)
            else:
                for wanted in samples:
                    self._check_search(records, values, field, operator, wanted)
        if not isinstance(next(iter(values.values())), float):
            for operator in ("=", "!="):
                self._check_search(records, values, field, operator, False)

    def _check_date_searches(self, records, field, around):
        values = {record: record[field] for record in records}
        samples = [around + timedelta(days=days) for days in (-3, 0, 4)]
        operators = ("=", "!=", "<", "<=", ">", ">=", "in", "not in")
        self._check_searches(records, values, field, samples, operators)

    def _check_level_searches(self, records, field):
        levels = self.env["account.followup.level"].with_context(active_test=False)
        levels = levels.search([("company_id", "in", self.roots.ids)])
        values = {record: record[field].id for record in records}
        samples = levels.ids[:3]
        operators = ("=", "!=", "in", "not in")
        self._check_searches(records, values, field, samples, operators)
        names = {record: record[field].name for record in records}
        for operator in ("ilike", "not ilike"):
            for name in ("Level", "level 1", "Nothing"):
                self._check_search(records, names, field, operator, name)

    def test_partner_fields(self):
        """Fields of customers say what the oracle says."""
        for seed in SEEDS[:6]:
            with self._frozen_round(seed) as (customers, days):
                for company in self.companies:
                    # core keeps currency_id of the company it was first read in
                    self.env.invalidate_all()
                    partners = (self.partners + self.contacts).with_company(company)
                    self._check_partner_fields(partners, customers, days)

    def test_partner_searches(self):
        """A search finds the customers whose value fits."""
        for seed in SEEDS[:6]:
            with self._frozen_round(seed) as (_customers, days):
                company = self.companies[seed % len(self.companies)]
                partners = (self.partners + self.contacts).with_company(company)
                self._check_partner_searches(partners, days[company.root_id])

    def _check_partner_fields(self, partners, customers, days):
        root = partners.env.company.root_id
        for partner in partners:
            customer = customers.get((partner.id, root.id))
            today = days[root]
            got = {
                "status": partner.followup_status,
                "level": partner.followup_level_id.id or None,
                "next_reminder": partner.followup_next_reminder_date or None,
                "total_due": round(partner.total_due, 3),
                "total_overdue": round(partner.total_overdue, 3),
            }
            expected = {
                "status": "no_action_needed",
                "level": None,
                "next_reminder": None,
                "total_due": 0.0,
                "total_overdue": 0.0,
            }
            if customer and root.followup_enabled:
                answer = vars(oracle.explain_customer(customer, today))
                levels = answer["levels"]
                expected = {
                    "status": answer["status"],
                    "level": (
                        got["level"]
                        if got["level"] in levels
                        else min(levels, default=None)
                    ),
                    "next_reminder": answer["next_reminder"],
                    "total_due": float(answer["total_due"]),
                    "total_overdue": float(answer["total_overdue"]),
                }
            if got != expected:
                self.fail(
                    f"{partner.display_name} in {root.name} on {today}:\n"
                    f"Facts: {pformat(customer)}\n"
                    f"Oracle: {pformat(expected)}\nModule: {pformat(got)}"
                )

    def _check_partner_searches(self, partners, today):
        values = {partner: partner.followup_status for partner in partners}
        self._check_searches(
            partners,
            values,
            "followup_status",
            ["in_need_of_action", "with_overdue_invoices", "no_action_needed"],
            ("=", "!=", "in", "not in"),
        )
        for field in ("total_due", "total_overdue"):
            values = {partner: partner[field] for partner in partners}
            different = sorted(set(values.values()))
            self._check_searches(
                partners,
                values,
                field,
                [0.0, *different[:: max(1, len(different) // 2)]],
                ("=", "!=", "<", "<=", ">", ">=", "in", "not in"),
            )
        self._check_date_searches(partners, "followup_next_reminder_date", today)
        self._check_level_searches(partners, "followup_level_id")

    def _get_records(self):
        lines = self.document_lines.move_id.line_ids + self.scattered
        return lines, lines.move_id

    def test_move_fields(self):
        """Journal items and invoices show the highest level that was reached."""
        for seed in SEEDS[:6]:
            with self._frozen_round(seed) as (customers, _days):
                lines, moves = self._get_records()
                reached = {
                    entry.id: oracle.get_reached(entry, customer.settings)
                    for customer in customers.values()
                    for entry in customer.entries
                }
                for line in lines:
                    self._check_level(line, [reached.get(line.id)])
                for move in moves:
                    self._check_level(
                        move, [reached.get(line.id) for line in move.line_ids]
                    )

    def test_line_searches(self):
        """A search finds the journal items that have reached a level."""
        for seed in SEEDS[:3]:
            with self._frozen_round(seed) as (_customers, days):
                self._check_move_searches(self._get_records()[0], days)

    def test_move_searches(self):
        """A search finds the invoices by the highest level of their instalments."""
        for seed in SEEDS[:3]:
            with self._frozen_round(seed) as (_customers, days):
                self._check_move_searches(self._get_records()[1], days)

    def _check_move_searches(self, records, days):
        self._check_level_searches(records, "followup_level_id")
        for today in days.values():
            day = today - timedelta(days=8)
            self._check_date_searches(records, "followup_date", day)

    def _check_level(self, record, reached):
        """Check what a record shows against what its items have reached."""
        reached = [answer for answer in reached if answer]
        highest = max((delay for delay, _levels, _day in reached), default=None)
        allowed = {
            (level, day)
            for delay, levels, day in reached
            if delay == highest
            for level in levels
        }
        got = (record.followup_level_id.id, record.followup_date)
        self.assertIn(got, allowed or {(False, False)}, record.display_name)

"""What becomes of promises to pay, once more: slow, in plain Python (rule 14)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal


@dataclass(frozen=True)
class Match:
    """That something has settled a part of an item."""

    day: date  # of what has settled it
    amount: Decimal
    money: Decimal  # of which money: none of a credit note


@dataclass(frozen=True)
class Held:
    """That an item of a promise is in dispute, or was."""

    line: int
    state: str
    opened: date
    closed: date | None
    is_later: bool  # it was opened after the promise was made
    is_partial: bool
    is_rest_claimed: bool
    amount: Decimal
    credits: tuple[tuple[date, Decimal], ...]  # of credit notes since it was opened
    residual: Decimal  # now
    matches: tuple[tuple[date, Decimal], ...]  # since the promise was made


@dataclass(frozen=True)
class Promise:
    amount: Decimal
    amount_open: Decimal  # of its items, when it was made
    before: Decimal  # earlier instalments
    made_on: date
    rest_until: date
    tolerance_days: int
    tolerance_percent: Decimal
    ended: str
    residuals: tuple[Decimal, ...]  # now, of those that are the customer's still
    matches: tuple[Match, ...]
    unit: Decimal
    is_payment: bool = False  # says to have paid
    family: int = 0  # the first one of its instalments, or itself
    is_mine: bool = True  # of the customer who owes the item now
    held: tuple[Held, ...] = ()


def get_last(promise):
    return promise.rest_until + timedelta(days=promise.tolerance_days)


def is_held(dispute, promise):
    """Return whether what was in dispute was not wanted of a promise."""
    last = get_last(promise)
    if dispute.opened > last:
        return False  # it was broken by then
    if dispute.state == "accepted" and dispute.closed >= promise.made_on:
        return True  # there is to be a credit note
    if not dispute.is_later:
        return False  # it was promised all the same
    return dispute.state == "open" or dispute.closed >= last


def is_at_rest(dispute, promise):
    """Return whether all of the item was at rest on the last day of a promise."""
    if not is_held(dispute, promise):
        return False
    was_open = dispute.state == "open" or dispute.closed >= get_last(promise)
    return not dispute.is_partial or (not dispute.is_rest_claimed and was_open)


def get_disputed(promise):
    """Return how much was not wanted on the last day, since it was in dispute."""
    last, amounts = get_last(promise), {}
    for dispute in promise.held:
        if not is_held(dispute, promise):
            continue
        still = max(dispute.residual, Decimal())
        still += sum(amount for day, amount in dispute.matches if day > last)
        credited = sum(amount for day, amount in dispute.credits if day <= last)
        part = min(max(dispute.amount - credited, Decimal()), still)
        amount = still if is_at_rest(dispute, promise) else part
        amounts[dispute.line] = max(amounts.get(dispute.line, Decimal()), amount)
    return sum(amounts.values(), Decimal())


def get_state(promise, today):
    """Return (state, what was paid of it in time)."""
    last = get_last(promise)
    money = Decimal()
    slack = timedelta(days=promise.tolerance_days)
    if promise.is_payment:
        slack = promise.rest_until - promise.made_on
    left = sum((max(one, Decimal()) for one in promise.residuals), Decimal())
    for match in promise.matches:
        if match.day > last:
            left += match.amount  # it was open at that time
        elif match.day >= promise.made_on - slack:
            money += match.money
    settled = max(promise.amount_open - left - money, Decimal())
    owed = promise.amount_open - settled - promise.before
    agreed = min(promise.amount, owed)
    wanted = min(promise.amount, owed - get_disputed(promise))
    paid = max(money - promise.before, Decimal())
    shown = min(paid, promise.amount)
    if promise.ended:
        return promise.ended, shown
    is_paid = paid >= promise.unit / 2
    enough = wanted * (1 - promise.tolerance_percent / 100)
    if is_paid and paid + promise.unit / 2 >= enough:
        return "kept", shown
    if agreed < promise.unit / 2:
        return "cancelled", shown
    if today <= last:
        return "open", shown
    if wanted < promise.unit / 2:
        return "cancelled", shown
    return ("partly" if is_paid else "broken"), shown


def get_broken_day(promise):
    """Return the day on which it is broken if nobody pays, None if it was kept."""
    day = get_last(promise) + timedelta(days=1)
    return day if get_state(promise, day)[0] in ("broken", "partly") else None


def read_promise(promise, customer=None):
    """Return the facts of a promise, from the records.

    :param customer: who owes an item of it now
    """
    lines = promise.line_ids.filtered(
        lambda line: (
            line.parent_state == "posted"
            and line.partner_id.commercial_partner_id == promise.partner_id
        )
    )
    return Promise(
        amount=to_decimal(promise.amount),
        amount_open=to_decimal(promise.amount_open),
        before=to_decimal(promise.amount_before),
        made_on=promise.made_on,
        rest_until=promise.rest_until,
        tolerance_days=promise.tolerance_days,
        tolerance_percent=to_decimal(promise.tolerance_percent),
        ended=promise.ended or "",
        residuals=tuple(to_decimal(one.amount_residual_currency) for one in lines),
        matches=tuple(
            read_match(match)
            for match in lines.matched_credit_ids
            if match.create_date >= promise.create_date
        ),
        unit=to_decimal(promise.currency_id.rounding),
        is_payment=promise.is_payment,
        family=(promise.first_id or promise).id,
        is_mine=customer in (None, promise.partner_id),
        held=tuple(read_held(promise, lines)),
    )


def read_held(promise, lines):
    """Return the disputes of items of a promise."""
    disputes = promise.env["account.followup.dispute"].sudo()
    for dispute in disputes.search([("line_ids", "in", lines.ids)]):
        for line in dispute.line_ids & lines:
            yield Held(
                line=line.id,
                state=dispute.state,
                opened=dispute.date,
                closed=dispute.closed_on or None,
                is_later=dispute.create_date >= promise.create_date,
                is_partial=dispute.is_partial,
                is_rest_claimed=dispute.is_rest_claimed,
                amount=to_decimal(dispute.amount),
                credits=tuple(
                    (match.credit_move_id.date, to_decimal(match.debit_amount_currency))
                    for match in line.matched_credit_ids
                    if match.create_date >= dispute.create_date
                    and match.credit_move_id.move_id.move_type == "out_refund"
                ),
                residual=to_decimal(line.amount_residual_currency),
                matches=tuple(
                    (match.credit_move_id.date, to_decimal(match.debit_amount_currency))
                    for match in line.matched_credit_ids
                    if match.create_date >= promise.create_date
                ),
            )


def read_match(match):
    entry = match.credit_move_id.move_id
    amount = to_decimal(match.debit_amount_currency)
    share = Decimal()
    credit = sum(
        (
            -to_decimal(line.balance)
            for line in entry.line_ids
            if line.account_type == "asset_receivable" and line.balance < 0
        ),
        Decimal(),
    )
    if entry.journal_id.type in ("bank", "cash", "credit"):
        cost = sum(
            (
                to_decimal(line.balance)
                for line in entry.line_ids
                if line.account_type.startswith(("income", "expense"))
            ),
            Decimal(),
        )
        share = max(1 - max(cost, Decimal()) / credit, Decimal())
    elif entry.journal_id.type == "general" and credit:
        cash = sum(
            (
                to_decimal(line.balance)
                for line in entry.line_ids
                if line.account_type == "asset_cash"
            ),
            Decimal(),
        )
        share = max(min(cash / credit, Decimal(1)), Decimal())
    return Match(match.credit_move_id.date, amount, amount * share)


def to_decimal(amount):
    return Decimal(str(round(amount or 0.0, 6)))

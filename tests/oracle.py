"""The rules of follow-ups once more: slow, in plain Python, a day at a time.

It shares no code with the module and reads a ledger from plain facts, so that what the
SQL says can be compared with it. Where both differ, one of them is wrong.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from . import oracle_promise


@dataclass(frozen=True)
class Level:
    id: int
    delay: int
    active: bool = True


@dataclass(frozen=True)
class Plan:
    """Whom a plan of a root company is for; an empty condition says nothing."""

    id: int
    is_default: bool = False
    countries: frozenset[int] = frozenset()
    tags: frozenset[int] = frozenset()
    terms: frozenset[int] = frozenset()
    trust: str = ""
    is_company: bool | None = None
    others: frozenset[int] | None = None  # customers whom a further condition fits


@dataclass(frozen=True)
class Traits:
    """What the rules of plans ask of a customer."""

    id: int
    country: int | None = None
    tags: frozenset[int] = frozenset()
    term: int | None = None
    trust: str = ""
    is_company: bool = False
    chosen: int | None = None  # plan, by hand


@dataclass(frozen=True)
class Settings:
    """What holds for a customer: of his plan, else of the root company.

    The levels are those of all plans; only those of his plan are active.
    """

    levels: tuple[Level, ...] = ()
    enabled: bool = True
    min_amount: Decimal = Decimal()
    min_days: int = 3
    catch_up: str = "step"
    broken: int | None = None  # level after a broken promise (X7)
    start: str = ""  # how what was due before the go-live starts (X4)
    start_day: date | None = None
    currency: str = ""
    units: dict = field(default_factory=dict)  # the least amount of each currency


@dataclass(frozen=True)
class Mention:
    """That a reminder named a journal item, at a level or not."""

    level: int | None
    day: date
    deliveries: tuple[str, ...]  # states
    customer: int | None = None  # who was reminded
    entry: int | None = None  # the journal item, None when it is gone
    newest: int | None = None  # last journal item of the document at that time
    noticed: date | None = None  # on that day it was seen that its day is to come
    is_test: bool = False  # X9: made in test mode


@dataclass(frozen=True)
class Dispute:
    state: str
    amount: Decimal = Decimal()
    is_rest_claimed: bool = False  # only a part of the item is disputed
    credited: Decimal = Decimal()  # by credit notes that were matched with it since


@dataclass(frozen=True)
class OnlinePayment:
    """What a customer has paid, or begun to pay, through a provider."""

    state: str
    provider: str  # its code
    amount: Decimal  # less than nothing is paid back
    is_booked: bool  # core has made an entry of it, or has seen that there is none


@dataclass(frozen=True)
class Entry:
    """A journal item as the ledger keeps it."""

    id: int
    account_type: str
    state: str
    reconciled: bool
    currency: str
    residual: Decimal | None  # in its own currency
    residual_company: Decimal
    maturity: date | None
    invoice_date: date | None
    entry_date: date
    excluded: bool = False
    hold_until: date | None = None
    expected: date | None = None
    mentions: tuple[Mention, ...] = ()  # of its document
    customer: int | None = None
    is_document: bool = True  # instalments of a document belong together
    non_trade: bool = False  # its account
    payment_state: str = ""  # of its invoice
    transactions: tuple[OnlinePayment, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    promises: tuple[oracle_promise.Promise, ...] = ()  # in which it is


@dataclass
class Customer:
    """A commercial partner in the tree of a root company."""

    id: int
    settings: Settings
    entries: list[Entry] = field(default_factory=list)
    excluded: bool = False
    set_by_hand: date | None = None
    # without those of the test mode (X9): they neither are recent nor wait
    reminders: list[tuple[date, tuple[str, ...], date | None]] = field(
        default_factory=list
    )


@dataclass(frozen=True)
class ItemAnswer:
    due: date
    days_late: int
    residual: Decimal  # as far as it is claimed
    residual_company: Decimal
    part: Decimal  # is open, too, but in dispute
    reached: frozenset[int]  # more than one when an old level has the same delay
    reached_day: date | None
    next: int | None
    ripe_day: date | None
    is_ripe: bool  # and does not rest
    section: str  # what it is in a reminder
    reasons: frozenset[str]  # why it rests, any of them


@dataclass(frozen=True)
class CustomerAnswer:
    status: str
    levels: frozenset[int]
    next_reminder: date | None
    total_due: Decimal
    total_overdue: Decimal


def is_standing(deliveries):
    """Rule 11: a reminder is void when all of its deliveries came to nothing."""
    void = [state for state in deliveries if state in ("failed", "withdrawn")]
    return not deliveries or len(void) < len(deliveries)


def get_counted_day(day, noticed, today):
    """One of a day to come counts as of when that was noticed, else as of today."""
    return day if day <= today else min(noticed or today, today)


def get_mention_as_of(mention, today):
    return replace(mention, day=get_counted_day(mention.day, mention.noticed, today))


def get_entry_as_of(entry, today):
    mentions = [get_mention_as_of(mention, today) for mention in entry.mentions]
    return replace(entry, mentions=tuple(mentions))


def get_customer_as_of(customer, today):
    """Return the customer with the days as they count today."""
    return replace(
        customer,
        entries=[get_entry_as_of(entry, today) for entry in customer.entries],
        reminders=[
            (get_counted_day(day, noticed, today), states, None)
            for day, states, noticed in customer.reminders
        ],
    )


# ----------------------------------------------------------------------
# X16: which plan a customer has
# ----------------------------------------------------------------------


def fits_plan(plan, traits):
    """Return whether the conditions of a plan hold; without any it fits nobody."""
    answers = [
        condition(traits)
        for wanted, condition in (
            (plan.countries, lambda one: one.country in plan.countries),
            (plan.tags, lambda one: one.tags & plan.tags),
            (plan.terms, lambda one: one.term in plan.terms),
            (plan.trust, lambda one: one.trust == plan.trust),
            (
                plan.is_company is not None,
                lambda one: one.is_company == plan.is_company,
            ),
            (plan.others is not None, lambda one: one.id in plan.others),
        )
        if wanted
    ]
    return bool(answers) and all(answers)


def get_plan(traits, plans):
    """Return the plan of a customer: by hand, else the first that fits, else default.

    :param plans: active ones of the root company, in their order
    """
    for plan in plans:
        if plan.id == traits.chosen:
            return plan
    for plan in plans:
        if not plan.is_default and fits_plan(plan, traits):
            return plan
    return next(plan for plan in plans if plan.is_default)


# ----------------------------------------------------------------------
# Rules 1 to 5: one item
# ----------------------------------------------------------------------


def is_item(entry):
    return (
        entry.account_type == "asset_receivable"
        and entry.state == "posted"
        and not entry.reconciled
        and not entry.non_trade
        and bool(entry.residual)
    )


def is_credit(entry):
    return entry.residual <= 0


def get_due(entry):
    return entry.maturity or entry.invoice_date or entry.entry_date


def get_days_late(entry, today):
    return (today - get_due(entry)).days


def is_overdue(entry, today):
    return not is_credit(entry) and get_due(entry) < today


def get_left(dispute):
    """Rule 15: return how much of a disputed part the credit notes have left."""
    return max(dispute.amount - dispute.credited, Decimal())


def leaves_rest(dispute, entry):
    """Rule 15: return whether something is claimed beside what is disputed."""
    return dispute.is_rest_claimed and get_left(dispute) < entry.residual


def get_part(entry):
    """Return how much of an item is in dispute by itself; nothing if it rests."""
    part = max(
        (
            get_left(dispute)
            for dispute in entry.disputes
            if dispute.state == "open" and dispute.is_rest_claimed
        ),
        default=Decimal(),
    )
    return part if part < entry.residual else Decimal()


def without_part(entry, settings):
    """Return an item as far as it is claimed, at the rate at which it is booked."""
    part = get_part(entry)
    if not part:
        return entry
    residual = entry.residual - part
    share = Fraction(residual) / Fraction(entry.residual)
    booked = round_to(
        Fraction(entry.residual_company) * share, settings.units[settings.currency]
    )
    return replace(entry, residual=residual, residual_company=booked)


def get_reasons(entry, today):
    reasons = set()
    if entry.excluded:
        reasons.add("excluded")
    if entry.hold_until and entry.hold_until >= today:
        reasons.add("hold")
    if entry.expected and entry.expected >= today:
        reasons.add("expected_payment")
    if any(
        dispute.state == "open" and not leaves_rest(dispute, entry)
        for dispute in entry.disputes
    ):
        reasons.add("dispute")
    if entry.payment_state == "blocked":
        reasons.add("blocked")
    if any(is_under_way(payment) for payment in entry.transactions):
        reasons.add("online_payment")
    return reasons


def is_under_way(payment):
    """Rule 3: money comes, or has come and is not in the books yet."""
    if payment.provider in ("none", "custom"):
        return False
    if payment.state == "done":
        return payment.amount > 0 and not payment.is_booked
    return payment.state in ("pending", "authorized")


def is_memory_of(mention, entry):
    """Rule 4: a level belongs to the invoice and its customer."""
    if mention.customer != entry.customer:
        return False
    if mention.entry == entry.id:
        return True
    is_gone = mention.entry is None
    return entry.is_document and (is_gone or entry.id > mention.newest)


def get_reached(entry, settings):
    """Return (delay, levels, day) of the level that was reached, or None."""
    delays = {level.id: level.delay for level in settings.levels}
    standing = [
        mention
        for mention in entry.mentions
        if mention.level
        and is_standing(mention.deliveries)
        and not mention.is_test
        and is_memory_of(mention, entry)
    ]
    if not standing:
        return None
    delay = max(delays[mention.level] for mention in standing)
    last = [mention for mention in standing if delays[mention.level] == delay]
    return (
        delay,
        {mention.level for mention in last},
        max(mention.day for mention in last),
    )


def get_next(entry, settings, today):
    """Return the level that is next for an item, or None."""
    if is_credit(entry):
        return None
    reached = get_reached(entry, settings)
    days_late = get_days_late(entry, today)
    allowed = []
    for level in sorted(settings.levels, key=lambda level: level.delay):
        if not level.active:
            continue
        if reached and level.delay <= reached[0]:
            continue
        if level.delay < 0 and days_late > 0:
            continue
        allowed.append(level)
    jump = get_jump(entry, settings)
    catch_up = settings.catch_up
    if not reached and settings.start and get_due(entry) < settings.start_day:
        catch_up = {"first": "step", "age": "jump"}.get(settings.start, catch_up)
    level = allowed[0] if allowed else None
    if catch_up == "jump":
        fitting = [level for level in allowed if level.delay <= days_late]
        if fitting:
            level = fitting[-1]
    if jump and (level is None or level.delay < jump[0].delay):
        return jump[0]
    return level


def was_at_rest(entry, promise):
    return any(
        one.line == entry.id and oracle_promise.is_at_rest(one, promise)
        for one in promise.held
    )


def get_jump(entry, settings):
    """Return the level to which a broken promise leads and from when on, or None.

    Only the newest promise counts, also when somebody has ended it, of instalments the
    first one that is not paid: what nobody pays until then is broken on the day after
    its last one. Once: not when the level was reached, nor when anything was since the
    promise was broken. Not when the item was in dispute then.
    """
    levels = [one for one in settings.levels if one.id == settings.broken]
    mine = [one for one in entry.promises if one.is_mine]
    if not mine or not levels or not levels[0].active or levels[0].delay < 0:
        return None
    newest = max(one.family for one in mine)
    days = [
        day
        for one in mine
        if one.family == newest
        and not (one.ended or one.is_payment or was_at_rest(entry, one))
        and (day := oracle_promise.get_broken_day(one))
    ]
    reached = get_reached(entry, settings)
    if not days or (
        reached and (reached[0] >= levels[0].delay or reached[2] >= min(days))
    ):
        return None
    return levels[0], min(days)


def get_ripe_day(entry, settings, today):
    level = get_next(entry, settings, today)
    if level is None:
        return None
    jump = get_jump(entry, settings)
    if jump and level == jump[0]:
        # at once, and whatever its age, but not before it is overdue
        overdue = get_due(entry) + timedelta(days=min(level.delay, 1))
        return max(jump[1], overdue)
    ripe_day = get_due(entry) + timedelta(days=level.delay)
    if jump:
        ripe_day = max(ripe_day, jump[1])
    reached = get_reached(entry, settings)
    if reached and not jump:
        delay, _levels, day = reached
        ripe_day = max(ripe_day, day + timedelta(days=level.delay - delay))
    return ripe_day


def is_ripe(entry, settings, today):
    ripe_day = get_ripe_day(entry, settings, today)
    return ripe_day is not None and ripe_day <= today


def get_section(entry, today):
    reasons = get_reasons(entry, today)
    if "excluded" in reasons:
        return "excluded"
    if is_credit(entry):
        return "credit"
    if reasons:
        return "resting"
    return "overdue" if is_overdue(entry, today) else "not_due"


def explain_item(entry, settings, today):
    entry = get_entry_as_of(entry, today)
    reasons = get_reasons(entry, today)
    reached = get_reached(entry, settings)
    level = get_next(entry, settings, today)
    claimed = without_part(entry, settings)
    return ItemAnswer(
        due=get_due(entry),
        days_late=get_days_late(entry, today),
        residual=claimed.residual,
        residual_company=claimed.residual_company,
        part=get_part(entry),
        reached=frozenset(reached[1] if reached else ()),
        reached_day=reached[2] if reached else None,
        next=level.id if level else None,
        ripe_day=get_ripe_day(entry, settings, today),
        is_ripe=not reasons and is_ripe(entry, settings, today),
        section=get_section(entry, today),
        reasons=frozenset(reasons),
    )


# ----------------------------------------------------------------------
# Rules 6, 7 and 9: one customer
# ----------------------------------------------------------------------


def get_items(customer):
    return [entry for entry in customer.entries if is_item(entry)]


def by_currency(entries):
    """Return dict {currency: its entries}."""
    groups = defaultdict(list)
    for entry in entries:
        groups[entry.currency].append(entry)
    return groups


def round_to(amount, unit):
    """Return the multiple of a currency's least amount that is next, half up."""
    ratio = Fraction(amount) / Fraction(unit)
    whole = (Decimal(ratio.numerator) / ratio.denominator).quantize(
        Decimal(1), ROUND_HALF_UP
    )
    return whole * unit


def get_net(entries):
    return sum((entry.residual for entry in entries), Decimal())


def convert(amount, entries, settings):
    """Return an amount in company currency, at the rate at which entries are booked."""
    own = get_net(entries)
    if not own:
        return Decimal()
    booked = sum((entry.residual_company for entry in entries), Decimal())
    value = Fraction(amount) * Fraction(booked) / Fraction(own)
    return round_to(value, settings.units[settings.currency])


def get_claim(claimed, credits, settings):
    """Return what is claimed in a currency, in company currency; None for nothing."""
    if not claimed:
        return None
    amount = get_net(claimed) + get_net(credits)
    if round_to(amount, settings.units[claimed[0].currency]) <= 0:
        return None
    return max(convert(amount, claimed, settings), Decimal())


def get_highest(entries, settings, today):
    """Return the highest next level of the ripe ones, or None."""
    levels = [
        get_next(entry, settings, today)
        for entry in entries
        if is_ripe(entry, settings, today)
    ]
    return max(levels, key=lambda level: level.delay, default=None)


def get_level_due(customer, today, is_coming=False):
    """Rule 6: return the level due when the customer requires follow-up, or None.

    :param bool is_coming: it is a later day: what is queued now will have left by then
    """
    settings = customer.settings
    if customer.excluded:
        return None
    if customer.set_by_hand and customer.set_by_hand > today:
        return None
    queued = any("queued" in states for _day, states, _noticed in customer.reminders)
    if queued and not is_coming:
        return None
    standing = [
        day for day, states, _noticed in customer.reminders if is_standing(states)
    ]
    if standing and (today - max(standing)).days < settings.min_days:
        return None
    level, amount = get_level_and_claim(customer, today)
    return level if level and amount > 0 and amount >= settings.min_amount else None


def get_level_and_claim(customer, today):
    """Return the highest level that counts and what is claimed over all currencies."""
    settings = customer.settings
    late = early = Decimal()
    counting = []
    items = [entry for entry in get_items(customer) if not entry.excluded]
    for mine in by_currency(items).values():
        credits = [entry for entry in mine if is_credit(entry)]
        free = [
            entry
            for entry in mine
            if not is_credit(entry) and not get_reasons(entry, today)
        ]
        ripe = [entry for entry in free if is_ripe(entry, settings, today)]
        overdue = [entry for entry in free if is_overdue(entry, today)]
        level = get_highest(free, settings, today)
        overdue = [without_part(entry, settings) for entry in overdue]
        ripe = [without_part(entry, settings) for entry in ripe]
        claim_late = get_claim(overdue, credits, settings)
        claim_early = get_claim(ripe, credits, settings)
        late += claim_late or 0
        if level and level.delay < 0 and claim_early is not None:
            counting.append(level)
            early += claim_early
        elif level and level.delay >= 0 and claim_late is not None:
            counting.append(level)
    level = max(counting, key=lambda level: level.delay, default=None)
    return level, late if level and level.delay >= 0 else early


def get_horizon(customer, today):
    """Return a day after which the calendar alone changes nothing any more."""
    dates = [today, *(day for day, _states, _noticed in customer.reminders)]
    for entry in get_items(customer):
        dates.append(get_due(entry))
        dates += [mention.day for mention in entry.mentions]
        dates += [day for day in (entry.hold_until, entry.expected) if day]
        if jump := get_jump(entry, customer.settings):
            dates.append(jump[1])
    delays = [level.delay for level in customer.settings.levels] or [0]
    spread = max(*delays, 0) - min(*delays, 0)
    return max(dates) + timedelta(days=spread + customer.settings.min_days + 2)


def get_next_reminder(customer, today):
    """Rule 9: return the first day on which something is to be done, or None."""
    if customer.excluded:
        return None
    if customer.set_by_hand and customer.set_by_hand >= today:
        return customer.set_by_hand
    horizon = get_horizon(customer, today)
    day = today
    while day <= horizon:
        if get_level_due(customer, day, is_coming=day > today):
            return day
        day += timedelta(days=1)
    return None


def is_refused_by_hand(customer, day, today):
    """Return whether a person may not set this day: it has passed, or is too early."""
    by_rule = explain_customer(replace(customer, set_by_hand=None), today).next_reminder
    return day < max(by_rule or today, today)


def get_highest_reached(customer):
    """Return the levels with the largest delay that open items have reached."""
    reached = [
        get_reached(entry, customer.settings)
        for entry in get_items(customer)
        if not entry.excluded
    ]
    reached = [answer for answer in reached if answer]
    highest = max((delay for delay, _levels, _day in reached), default=None)
    return {
        level for delay, levels, _day in reached if delay == highest for level in levels
    }


def explain_customer(customer, today):
    customer = get_customer_as_of(customer, today)
    level = get_level_due(customer, today)
    items = [entry for entry in get_items(customer) if not entry.excluded]
    if level:
        status = "in_need_of_action"
    elif any(is_overdue(entry, today) for entry in items):
        status = "with_overdue_invoices"
    else:
        status = "no_action_needed"
    return CustomerAnswer(
        status=status,
        levels=frozenset({level.id} if level else get_highest_reached(customer)),
        next_reminder=get_next_reminder(customer, today),
        total_due=get_total_due(items, customer.settings),
        total_overdue=get_total_overdue(items, customer.settings, today),
    )


def get_total_due(items, settings):
    """Rule 13: what remains in each currency, at the rate of what outweighs."""
    total = Decimal()
    for mine in by_currency(items).values():
        net = get_net(mine)
        outweighs = [entry for entry in mine if is_credit(entry) == (net < 0)]
        total += convert(net, outweighs, settings)
    return total


def get_total_overdue(items, settings, today):
    """Rule 13: in no currency less than nothing."""
    total = Decimal()
    for mine in by_currency(items).values():
        overdue = [entry for entry in mine if is_overdue(entry, today)]
        credits = [entry for entry in mine if is_credit(entry)]
        total += get_claim(overdue, credits, settings) or 0
    return total

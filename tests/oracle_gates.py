"""The gates once more: slow, in plain Python, from plain facts (rule 17).

It shares no code with the module, see ``oracle``.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from zlib import crc32
from zoneinfo import ZoneInfo

HOUSE = "Europe/Berlin"
#: Countries, and the time zone where there is only one.
ZONES = {
    "": HOUSE,
    "de": HOUSE,
    "uk": "Europe/London",
    "jp": "Asia/Tokyo",
    "nz": HOUSE,  # has two
    "us": HOUSE,  # has many
}
#: Money received that is matched with nothing, and is known to be the customer's.
UNMATCHED = {"partner", "account", "payment"}
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Reminder:
    """One that was made before, to whomever."""

    moment: datetime
    day: date
    is_automatic: bool = True
    is_withdrawn: bool = False
    is_test: bool = False


@dataclass(frozen=True)
class Approval:
    """The last list of the company."""

    state: str
    day: date
    last_day: date | None
    chosen: frozenset[int]
    taken_off: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Person:
    id: int
    country: str
    ripe_on: date  # its first level
    is_stopped: bool  # excluded, or reminders to it are manual
    money: str
    pause_until: date | None
    tested: str  # "level": the level due was tested today, "other": another one
    has_plan: bool = False  # another one than the default plan


@dataclass
class House:
    """A company at a moment. A calendar is (weekdays, holidays)."""

    now: datetime
    is_live: bool = True
    is_test: bool = False
    max_age: int = 0
    lines: tuple[date, ...] = ()
    matching: bool = False
    calendar: tuple | None = None
    countries: dict = field(default_factory=dict)
    plan_calendar: tuple | None = None  # of the other plan
    window: tuple = (0, 24)
    zone: str = "customer"
    cap: int = 0
    cap_until: date | None = None
    hour_cap: int = 0
    approval: Approval | None = None
    reminders: tuple[Reminder, ...] = ()

    @property
    def day(self):
        return get_local(self.now, HOUSE).date()


def get_local(now, zone):
    return now.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone))


def is_required(person, house):
    """Rules 6 and 12, of a customer with one debt that nobody has reminded of."""
    return not person.is_stopped and person.ripe_on <= house.day


def is_bank_old(house):
    """Whether the newest entry is older than so many working days (X5)."""
    if not house.max_age:
        return False
    newest = max((one for one in house.lines if one <= house.day), default=None)
    if not newest or (house.day - newest).days > 180:
        return True
    between = [newest + timedelta(n + 1) for n in range((house.day - newest).days)]
    weekdays, holidays = house.calendar or (set(range(5)), set())
    worked = [
        one for one in between if one.weekday() in weekdays and one not in holidays
    ]
    return len(worked) > house.max_age


def get_calendar(person, house):
    """Return the days of the plan, else of the country, else of the company."""
    if person.has_plan and house.plan_calendar:
        return house.plan_calendar
    return house.calendar and house.countries.get(person.country, house.calendar)


def is_closed(person, house):
    """Whether it is no day or no hour to write to a customer (X15)."""
    zone = ZONES[person.country] if house.zone == "customer" else HOUSE
    local = get_local(house.now, zone)
    start, end = house.window
    if not start <= local.hour + local.minute / 60 < end:
        return True
    if not (calendar := get_calendar(person, house)):
        return False
    weekdays, holidays = calendar
    return local.weekday() not in weekdays or local.date() in holidays


def is_held(person, house):
    """Whether something of the customer itself keeps it back."""
    return (
        (house.is_test and person.tested == "level")
        or (house.matching and person.money in UNMATCHED)
        or is_closed(person, house)
        or bool(person.pause_until and person.pause_until >= house.day)
    )


def get_counted(house):
    """Return the reminders that count for a number."""
    return [one for one in house.reminders if one.is_automatic and not one.is_withdrawn]


def needs_approval(count, house):
    """Whether so many are more than leave unasked on the day (X4)."""
    counted = [one.day for one in get_counted(house) if one.is_test == house.is_test]
    first_week = house.cap_until and house.day <= house.cap_until
    if not first_week and count * 10 <= house.cap:
        return False
    count += counted.count(house.day)
    if first_week:
        return count > house.cap
    before = {day for day in counted if 0 < (house.day - day).days <= 60}
    last = sorted(before)[-10:]
    usual = sum(counted.count(day) for day in last) / len(last) if last else 0
    return count > house.cap and count > 3 * usual


def get_after_cap(people, house):
    """Return (who leaves without or with approval, whether a list is made)."""
    approval = house.approval
    if not house.cap or not people:
        return people, False
    if approval and approval.state == "approved":
        if approval.day <= house.day <= approval.last_day:
            return [one for one in people if one.id in approval.chosen], False
    if needs_approval(len(people), house):
        return [], True
    return people, False


def get_after_hour_cap(people, house):
    """Return those for whom the hour has room (X15): who waits longest goes first."""
    if not house.hour_cap:
        return people
    moments = [one.moment for one in get_counted(house)]
    hour = sum(moment > house.now - HOUR for moment in moments)
    part = sum(moment > house.now - HOUR / 6 for moment in moments)
    free = max(min(house.hour_cap - hour, -(-house.hour_cap // 6) - part), 0)
    turns = sorted(people, key=lambda one: (one.ripe_on, crc32(str(one.id).encode())))
    return turns[:free]


@dataclass(frozen=True)
class Answer:
    reminded: set[int]
    listed: set[int] = frozenset()  # who has to be approved
    is_over: bool = False  # a list that was open is not needed any more


def decide(people, house):
    """Return what the run of the moment does."""
    if is_bank_old(house) or not (house.is_live or house.is_test):
        return Answer(set())
    free = [
        one for one in people if is_required(one, house) and not is_held(one, house)
    ]
    passing, is_listed = get_after_cap(free, house)
    if is_listed:
        return Answer(set(), {one.id for one in free})
    was_open = house.approval and house.approval.state == "open"
    return Answer(
        {one.id for one in get_after_hour_cap(passing, house)},
        is_over=bool(house.cap and free and was_open),
    )

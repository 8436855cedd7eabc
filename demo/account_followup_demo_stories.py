"""What the demo customers did. No database and no clock: days are counted back from
the day of the installation, so that a negative number lies ahead.

The default levels come 5, 15, 25 and 40 days after the due date.
"""

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Invoice:
    """An invoice that was posted ``ago``; without ``due`` it has three instalments."""

    ago: int
    due: int | None
    text: str
    quantity: float
    price: float
    foreign: bool = False
    refund: bool = False


@dataclass(frozen=True, eq=False)
class Payment:
    """Money that came: a share of what is open, or an amount that nobody matched."""

    ago: int
    share: float = 1.0
    unmatched: float = 0.0


@dataclass(frozen=True, eq=False)
class Reminder:
    """A reminder of all that was late then; its e-mail left at the end of that day,
    unless all was paid by then."""

    ago: int
    trigger: str = "mass"
    channels: tuple[str, ...] = ()  # empty for those of the level
    bounced: bool = False


@dataclass(frozen=True, eq=False)
class Call:
    """A phone call that was made and logged: ends the activity. All that was open is
    promised for a day, or in dispute until a day; days as above."""

    ago: int
    outcome: str
    note: str
    promised: int | None = None
    review: int | None = None


@dataclass(frozen=True, eq=False)
class OnInvoices:
    """Fields that somebody set on all open invoices of the customer; days as above."""

    ago: int
    values: dict


@dataclass(frozen=True, eq=False)
class OnCustomer:
    """Fields that somebody set on the customer's follow-up; days as above."""

    ago: int
    values: dict


STORIES = {
    # nothing to do yet
    "cascade": [
        Invoice(10, -20, "Climbing ropes, 60 m", 12, 164.0),
    ],
    "fournil": [
        Invoice(57, 27, "Proofing baskets, oval", 40, 18.5),
        Payment(29),
        Invoice(27, -3, "Deck oven, service contract", 1, 620.0),
    ],
    # late, but not yet late enough
    "kettle": [
        Invoice(32, 2, "Loose leaf teas, assorted tins", 96, 7.25),
    ],
    # a level is due for the first time; in a foreign currency
    "hafenkontor": [
        Invoice(38, 8, "Warehouse shelving, bay of five", 14, 286.0, foreign=True),
    ],
    # on the ladder: at the first, second, third level
    "tulpenveld": [
        Invoice(39, 9, "Cold store, rental of the month", 1, 1480.0),
        Reminder(4, "automatic"),
    ],
    "valdemora": [
        Invoice(52, 22, "Bottling line, spare nozzles", 30, 74.9),
        Reminder(17, "automatic"),
        Invoice(14, -16, "Bottling line, yearly inspection", 1, 1950.0),
        Reminder(7),
    ],
    "bellandi": [
        Invoice(55, 25, "Gear sets, hardened", 8, 412.0),
        Reminder(20, "automatic"),
        Reminder(10),
        Reminder(0),
    ],
    # the call, the final notice are due
    "valette": [
        Invoice(58, 28, "Offset plates, box of 50", 9, 238.0),
        Reminder(23),
        Reminder(13),
    ],
    "maplewood": [
        Invoice(74, 44, "Autoclaves, 18 litres", 3, 2890.0),
        Reminder(39),
        Reminder(29),
        Reminder(19),
        Call(18, "message", "Nobody in accounts payable. Asked to be called back."),
    ],
    # the final notice was sent: the ladder ends
    "grindstone": [
        Invoice(91, 61, "Conveyor belt, 40 m", 1, 7340.0),
        Reminder(56),
        Reminder(46),
        Reminder(36),
        Call(36, "reached", "Mr Hale: they wait for a payment themselves. No date."),
        Reminder(21, "manual", ("email", "print")),
    ],
    # three instalments: at the second level, due for the first, not due yet
    "lindqvist": [
        Invoice(24, None, "Exhibition stand, joinery", 1, 9600.0),
        Reminder(19),
        Reminder(9),
    ],
    # credits: a part of the debt, more than the debt
    "harbour": [
        Invoice(42, 12, "Porcelain tableware, 48 pieces", 25, 92.0),
        Invoice(15, 15, "Breakage on arrival, 6 sets", 6, 92.0, refund=True),
    ],
    "hoshizora": [
        Invoice(43, 13, "Calibration of spectrometers", 2, 515.0),
        Payment(6, unmatched=1500.0),
    ],
    # two currencies
    "alpenblick": [
        Invoice(48, 18, "Room textiles, winter set", 60, 41.5),
        Invoice(36, 6, "Ski storage, lockers", 20, 129.0, foreign=True),
        Reminder(13),
    ],
    # what rests: an invoice for ever, until a day, until it should be paid; a customer
    # for ever, until a day
    "pampa": [
        Invoice(80, 50, "Saddle leather, first delivery", 15, 188.0),
        OnInvoices(60, {"no_followup": True}),
        Invoice(40, 10, "Saddle leather, second delivery", 15, 188.0),
        Reminder(5),
        Call(1, "not_reached", "Number engaged, twice."),
    ],
    "oakfield": [
        Invoice(50, 20, "Street furniture, oak benches", 10, 356.0),
        Reminder(15),
        Call(12, "dispute", "The council checks the delivery note.", review=-14),
    ],
    "solana": [
        Invoice(47, 17, "Surfboard blanks", 36, 58.0),
        Reminder(12),
        Call(11, "promise", "Ms Ortega: with the next payment run.", promised=-6),
    ],
    "brigid": [
        OnCustomer(65, {"excluded": True}),
        Invoice(65, 35, "Playroom furniture", 1, 3275.0),
    ],
    "karoo": [
        Invoice(41, 11, "Mohair yarn, dyed", 220, 6.8),
        OnCustomer(8, {"next_reminder_date": -9}),
    ],
    # reminded by hand only
    "fjordlys": [
        OnCustomer(47, {"reminder_type": "manual"}),
        Invoice(47, 17, "Pendant lamps, brushed brass", 18, 134.0),
        Reminder(11, "manual"),
    ],
    # contacts: no e-mail address, one of its own for reminders, one that bounced
    "blackwater": [
        Invoice(37, 7, "Restoration of a longcase clock", 1, 845.0),
    ],
    "pacific": [
        Invoice(46, 16, "Container handling, last quarter", 1, 4120.0),
        Reminder(11),
    ],
    "rioclaro": [
        Invoice(36, 6, "Drum roaster, gas conversion", 1, 2260.0),
        Reminder(0, bounced=True),
    ],
    # paid while the reminder was on its way
    "ostwald": [
        Invoice(39, 9, "Micrometer screws, set", 16, 87.0),
        Reminder(4),
        Payment(4),
        Invoice(3, -27, "Dial gauges", 24, 63.5),
    ],
    # paid in part since the reminder
    "tamarind": [
        Invoice(44, 14, "Spice grinders, stainless", 32, 69.0),
        Reminder(9),
        Payment(6, share=0.6),
    ],
}

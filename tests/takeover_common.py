import base64
import random
from datetime import timedelta

from .common import TODAY, FollowupCommon


def get_nearest(delays, days):
    """Return the delay that is nearest, of two the earlier."""
    return sorted(delays, key=lambda delay: (abs(delay - days), delay))[0]


def get_expected(customers, delays, today, gap):
    """Return {customer: delay of the level} of whom the next night reminds.

    It knows nothing of the module: plain facts of what another system has sent.

    :param customers: {name: dict of ``invoices`` (pairs of days late and reminders,
        pairs of level there in days and day), ``excluded``, ``wait`` (date or None)}
    :param delays: days of our levels
    :param gap: minimum days between reminders
    """
    expected = {}
    for name, customer in customers.items():
        sent = [
            day for _late, reminders in customer["invoices"] for _lv, day in reminders
        ]
        if customer.get("excluded") or (sent and (today - max(sent)).days < gap):
            continue
        if customer.get("wait") and customer["wait"] > today:
            continue
        due = []
        for late, reminders in customer["invoices"]:
            reached = {}
            for level, day in reminders:
                delay = get_nearest(delays, level)
                reached[delay] = max(day, reached.get(delay, day))
            base = max(reached, default=None)
            later = [d for d in sorted(delays) if base is None or d > base]
            if not later or late < later[0]:
                continue
            if base is not None:
                waited = (today - reached[base]).days
                if waited < later[0] - base:
                    continue
            due.append(later[0])
        if due:
            expected[name] = max(due)
    return expected


class TakeoverCommon(FollowupCommon):
    """Customers whom another system has reminded, and what a take-over makes of it."""

    #: Days of the levels of the other system.
    THEIR_DELAYS = (2, 12, 28)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.followup_min_days = 3
        cls.env["account.move"].search(
            [("company_id", "=", cls.company.id), ("state", "=", "posted")]
        ).button_draft()

    @classmethod
    def _create_world(cls, number, seed=1):
        """Post invoices of customers; return facts as ``get_expected`` wants them.

        Each fact has the ``partner`` and its ``moves``, in the order of ``invoices``.
        """
        chance = random.Random(seed)
        world = {}
        for index in range(number):
            name = f"Customer {index}"
            invoices = []
            for _index in range(chance.randint(1, 3)):
                late = chance.randint(1, 60)
                reached = chance.randint(0, len(cls.THEIR_DELAYS))
                reminders = [
                    (delay, TODAY - timedelta(days=late - delay - chance.randint(0, 6)))
                    for delay in cls.THEIR_DELAYS[:reached]
                    if late >= delay
                ]
                reminders = [(delay, min(day, TODAY)) for delay, day in reminders]
                invoices.append((late, reminders))
            world[name] = {
                "invoices": invoices,
                "excluded": chance.random() < 0.1,
                "wait": TODAY + timedelta(days=5) if chance.random() < 0.1 else None,
            }
        for name, facts in world.items():
            facts["partner"] = partner = cls._create_customer(name)
            facts["moves"] = [
                cls._create_late(late, 100, partner=partner)
                for late, _reminders in facts["invoices"]
            ]
        return world

    @classmethod
    def _create_takeover(cls, sheet=None, **values):
        if sheet is not None:
            content = sheet if isinstance(sheet, bytes) else sheet.encode()
            values = {"source": "csv", "file": base64.b64encode(content), **values}
            values.setdefault("file_name", "reminders.csv")
        return cls.env["account.followup.takeover"].create(values)

    @classmethod
    def _take_over(cls, sheet=None, **values):
        takeover = cls._create_takeover(sheet, **values)
        takeover.action_look()
        takeover.action_take_over()
        return takeover

    def _get_doubts(self, takeover):
        """Return the lines of the file with what was not taken over."""
        text = base64.b64decode(takeover.doubts_file or b"").decode("utf-8-sig")
        return text.splitlines()[1:]

    def _check_night(self, world):
        """The next night reminds whom the independent calculation says, no one else."""
        delays = tuple(self.levels.mapped("delay"))
        expected = get_expected(world, delays, TODAY, self.company.followup_min_days)
        self.assertTrue(expected, "somebody is due")
        before = self.env["account.followup.reminder"].search([])
        with self.mock_mail_gateway():
            self._run_cron()
        made = self.env["account.followup.reminder"].search([]) - before
        self.assertFalse(made.filtered(lambda one: one.trigger != "automatic"))
        self.assertEqual(
            {one.partner_id.name: one.level_id.delay for one in made}, expected
        )
        return made

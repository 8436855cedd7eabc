import os
import random
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import IrMail_Server

from .common import TODAY, FollowupCommon

LONG = os.environ.get("FOLLOWUP_LONG")
SEEDS = range(12) if LONG else range(2)
HOURS = 7 * 24 if LONG else 3 * 24
CUSTOMERS = 8
GAP = 2
#: Time zones of the company, one after the other: no, the first, the last, in between.
TIMEZONES = (False, "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestWeek(FollowupCommon):
    """A week of hourly runs, in which everything goes wrong that can.

    The mail server refuses at random, the queue is switched off and on, the clock
    jumps and is wrong for some hours, customers pay, in part or all, clerks edit and
    send between. What the mail server has accepted is compared with what the history
    says.
    """

    def _begin(self, seed):
        self.dice = random.Random(seed)
        self.company.followup_min_days = GAP
        self.company.partner_id.tz = TIMEZONES[seed % len(TIMEZONES)]
        self._replace_levels((1, 3, 5, 8))
        self.moment = datetime.combine(TODAY, time(1))
        self.ahead = timedelta()  # by which the clock is wrong
        self.accepted = {}  # Message-Id: day on which the mail server took it
        self.latest = {}  # customer: day as of which the latest of these counts
        self.refused = set()
        self.is_queue_on, self.is_server_good = True, True
        self.partners = [
            self._create_customer(f"Week {seed} {number}")
            for number in range(CUSTOMERS)
        ]
        with freeze_time(self.moment):
            for partner in self.partners:
                self._invoice(partner)

    # ------------------------------------------------------------------
    # The mail server
    # ------------------------------------------------------------------

    @contextmanager
    def _serve(self):
        case = self

        def send_email(server, message, *args, **kwargs):
            key = message["Message-Id"]
            if not case.is_server_good and case.dice.random() < 0.4:
                case.refused.add(key)
                raise OSError("450 try again later")
            case._check_leaving(key)
            case.assertNotIn(key, case.accepted, "a message left twice")
            case.accepted[key] = case._get_today()
            return key

        with (
            self.mock_mail_gateway(),
            patch.object(IrMail_Server, "send_email", send_email),
            mute_logger("odoo.addons.mail.models.mail_mail"),
        ):
            yield

    def _check_leaving(self, key):
        """What leaves says what is so at this moment."""
        reminder = self._find_reminder(key)
        self.assertEqual(reminder.state, "queued")
        self.assertTrue(reminder.company_id.followup_automatic)
        for line in reminder.line_ids:
            item = line.move_line_id
            self.assertAlmostEqual(item.amount_residual_currency, line.residual)
            self.assertFalse(item.no_followup)
        day, partner = self._get_today(), reminder.partner_id
        if partner in self.latest:
            waited = (day - self.latest[partner]).days
            self.assertGreaterEqual(waited, GAP, partner.name)
        self.latest[partner] = day

    def _find_reminder(self, key):
        messages = self.env["mail.message"].sudo().search([("message_id", "=", key)])
        reminders = self.env["account.followup.reminder"]
        return reminders.search([("mail_message_id", "in", messages.ids)])

    # ------------------------------------------------------------------
    # What happens between
    # ------------------------------------------------------------------

    def _get_today(self):
        """Return the day in the company, as the clock has it."""
        return self.company._get_followup_day()[self.company]

    def _invoice(self, partner=None):
        self._create_late(
            self.dice.randint(-2, 6),
            self.dice.choice([10.0, 250.0]),
            partner or self.dice.choice(self.partners),
            self._get_today(),
        )

    def _find_open(self):
        ids = [partner.id for partner in self.partners]
        moves = self.env["account.move"].search(
            [("partner_id", "in", ids), ("state", "=", "posted")]
        )
        moves = moves.filtered(
            lambda move: move.line_ids.filtered(
                lambda line: (
                    line.account_type == "asset_receivable" and not line.reconciled
                )
            )
        )
        return self.dice.choice(moves) if moves else moves

    def _settle(self):
        if move := self._find_open():
            part = self.dice.choice([1, 1, 0.5, 0.1])
            amount = self.company.currency_id.round(move.amount_residual * part)
            self._pay(move, amount or move.amount_residual, self._get_today())

    def _exclude(self):
        if move := self._find_open():
            move.no_followup = not move.no_followup

    def _hold(self):
        if move := self._find_open():
            move.followup_hold_until = self._get_today()

    def _switch(self):
        self.company.followup_automatic = not self.company.followup_automatic

    def _switch_queue(self):
        self.is_queue_on = not self.is_queue_on

    def _switch_server(self):
        self.is_server_good = not self.is_server_good

    def _jump(self):
        self.moment += timedelta(hours=self.dice.choice([5, 20]))

    def _set_clock(self, ahead):
        """Set the clock; what it has dated in days to come counts from now on."""
        self.moment += ahead - self.ahead
        self.ahead = ahead
        with freeze_time(self.moment):
            day = self._get_today()
        for partner, latest in self.latest.items():
            self.latest[partner] = min(latest, day)

    def _mistake_clock(self):
        """The clock is a month ahead, or some days behind; then it is right again."""
        wrong = timedelta(days=self.dice.choice([30, -4]))
        self._set_clock(timedelta() if self.ahead else wrong)

    def _remind_by_hand(self):
        """A clerk presses Send for a customer who has not been reminded just now."""
        partner = self.dice.choice(self.partners).with_company(self.company)
        if partner.followup_status == "in_need_of_action" and self.is_queue_on:
            if self.company.followup_automatic:
                self._open_window(partner).action_send()

    def _disturb(self):
        happening = self.dice.choices(
            [
                self._settle,
                self._invoice,
                self._exclude,
                self._hold,
                self._switch,
                self._switch_queue,
                self._switch_server,
                self._jump,
                self._mistake_clock,
                self._remind_by_hand,
            ],
            weights=[4, 4, 1, 1, 1, 2, 2, 1, 1, 2],
        )
        happening[0]()
        self.env.invalidate_all()

    # ------------------------------------------------------------------
    # The week
    # ------------------------------------------------------------------

    def _live_hour(self, disturb=True):
        with freeze_time(self.moment):
            self.env.invalidate_all()
            if disturb and self.dice.random() < 0.5:
                self._disturb()
        with freeze_time(self.moment):
            self.env.invalidate_all()
            self._run_cron()
            if self.is_queue_on:
                self._run_mail_queue()
        self.moment += timedelta(hours=1)

    def _calm_down(self):
        """All is switched on again, and what failed has had its time."""
        self.company.followup_automatic = True
        self.is_queue_on = self.is_server_good = True
        self._set_clock(timedelta())
        self.moment = datetime.combine(self.moment.date() + timedelta(days=9), time(12))

    def _live_quiet_day(self):
        with freeze_time(self.moment):
            self.env.invalidate_all()
            day = self._get_today()
            due = self._get_due()
        for _hour in range(4):
            self._live_hour(disturb=False)
        reminded = {
            self._find_reminder(key).partner_id
            for key, when in self.accepted.items()
            if when == day
        }
        self.assertLessEqual(due, reminded, "nobody is skipped")
        with freeze_time(self.moment - timedelta(hours=1)):
            self.env.invalidate_all()
            self.assertFalse(self._get_due())
        return due

    def _get_due(self):
        return {
            partner
            for partner in self.partners
            if partner.with_company(self.company).followup_status == "in_need_of_action"
        }

    def _check_history(self):
        """Every state and day is what the mail server has logged."""
        states = Counter()
        for partner in self.partners:
            for reminder in self._get_reminders(partner):
                key = reminder.mail_message_id.message_id
                states[reminder.state] += 1
                self.assertEqual(reminder.state == "sent", key in self.accepted)
                self.assertEqual(
                    reminder.state == "failed",
                    key in self.refused and key not in self.accepted,
                )
                self.assertNotEqual(reminder.state, "queued")
                if key in self.accepted:
                    self.assertEqual(reminder.date, self.accepted[key])
        return states

    def test_week(self):
        states = Counter()
        due = set()
        for seed in SEEDS:
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self._begin(seed)
                with self._serve():
                    for _hour in range(HOURS):
                        self._live_hour()
                    self._calm_down()
                    for _day in range(3):
                        due |= self._live_quiet_day()
                        self.moment += timedelta(hours=20)
                states += self._check_history()
                savepoint.rollback()
            self.env.invalidate_all()
        self.assertTrue(states["sent"])
        if LONG:  # a few days are too short for everything to happen
            self.assertLessEqual({"sent", "failed", "withdrawn"}, set(states))
            self.assertTrue(due)

import json
import os
import socket
import subprocess
import sys
from collections import Counter
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from random import Random
from unittest import skipUnless

from aiosmtpd.controller import Controller

from odoo import Command, fields
from odoo.tests import get_db_name, tagged
from odoo.tools import config

from .iap_server import IapServer
from .test_concurrency import ConcurrencyCommon

LEVEL_FIELDS = [
    *("active", "delay", "is_automatic", "send_email", "send_sms", "send_letter"),
    *("schedule_activity", "attach_invoices", "mail_template_id"),
]
LONG = os.environ.get("FOLLOWUP_LONG")
CUSTOMERS = 3
#: Queue of each channel.
QUEUES = {"email": ["email"], "sms": ["sms"], "letter": ["letter"]}


class Sink:
    """Takes all e-mails; knows who got which."""

    def __init__(self):
        self.messages = []

    async def handle_DATA(self, _server, _session, envelope):
        message = message_from_bytes(envelope.content, policy=default)
        for address in envelope.rcpt_tos:
            self.messages.append((address, message["Message-Id"]))
        return "250 OK"


@tagged("post_install", "-at_install")
class TestKill(ConcurrencyCommon):
    """Row X1, promises 1, 2 and 5: a run that is killed anywhere and started again.

    The run and the queues are processes of their own, as on a server. Each kill has
    customers of its own; after the restart they have exactly what an undisturbed run
    gives them. Only between the answer of the mail server and the commit a message may
    be repeated, and then it has the same Message-Id (an SMS the same uuid).
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sink = Sink()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            cls.smtp_port = free.getsockname()[1]
        mail_server = Controller(cls.sink, hostname="127.0.0.1", port=cls.smtp_port)
        mail_server.start()
        cls.addClassCleanup(mail_server.stop)
        cls.service = IapServer()
        cls.service.start()
        cls.addClassCleanup(cls.service.stop)
        cls._prepare_company()
        cls._turn_gates_on()
        cls._start_worker()
        cls.dice = Random(20)
        cls.counter = 0

    @classmethod
    def _prepare_company(cls):
        with cls._connect() as env:
            cls.parameters = {}
            cls.levels = cls._get_levels(env).read(LEVEL_FIELDS, load=None)
            for name in ("sms", "snailmail"):
                key = f"{name}.endpoint"
                parameters = env["ir.config_parameter"]
                cls.parameters[key] = parameters.get_param(key)
                parameters.set_param(key, cls.service.url)
                env["iap.account"].get(name)
            cls._go_live(env)
            env.company.write(
                {
                    "followup_min_days": 0,
                    "email": "accounts@kill.example.com",
                    "street": "1 Main Street",
                    "city": "Springfield",
                    "zip": "20500",
                    "country_id": env.ref("base.us").id,
                }
            )
        cls.addClassCleanup(cls._restore)

    @classmethod
    def _restore(cls):
        with cls._connect() as env:
            env.company.followup_automatic = False
            # out of the lists that other tests look at
            killed = env["res.partner"].search([("name", "like", "Killed ")])
            killed.active = False
            for values in cls.levels:
                env["account.followup.level"].browse(values.pop("id")).write(values)
            for key, value in cls.parameters.items():
                env["ir.config_parameter"].set_param(key, value)

    @classmethod
    def _start_worker(cls):
        cls.worker = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).with_name("killable.py")),
                *("-c", config["config"], "-d", get_db_name(), "--log-level=error"),
                *("--smtp=127.0.0.1", f"--smtp-port={cls.smtp_port}"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        cls.addClassCleanup(cls._stop_worker)
        assert cls.worker.stdout.readline() == "ready\n"

    @classmethod
    def _stop_worker(cls):
        cls.worker.stdin.close()
        cls.worker.wait(600)
        cls.worker.stdout.close()

    #: Address of the test mode, while it is on.
    tester = None

    def setUp(self):  # pylint: disable=method-required-super
        # without the customer of the other tests
        pass

    @classmethod
    def _get_levels(cls, env):
        levels = env["account.followup.level"].with_context(active_test=False)
        levels = levels.search([("company_id", "=", cls.company_id)])
        return levels.sorted("delay")

    # ------------------------------------------------------------------

    def _set_channel(self, channel):
        """Make one level that sends over one channel."""
        with self._connect() as env:
            levels = self._get_levels(env)
            levels[1:].active = False
            levels[:1].write(
                {
                    "active": True,
                    "delay": 1,
                    "is_automatic": True,
                    "send_email": channel == "email",
                    "send_sms": channel == "sms",
                    "send_letter": channel == "letter",
                    "schedule_activity": False,
                    "attach_invoices": False,
                    "mail_template_id": env.ref(
                        "account_payment_followup.mail_template_reminder"
                    ).id,
                }
            )

    def _create_customers(self):
        """Return the ids of customers who are late, none of whom was reminded."""
        day = fields.Date.subtract(fields.Date.today(), days=30)
        self.__class__.counter += 1
        with self._connect() as env:
            partners = env["res.partner"].create(
                [
                    {
                        "name": f"Killed {self.counter} {number}",
                        "email": f"killed.{self.counter}.{number}@example.com",
                        "phone": f"+1202555{self.counter % 1000:03}{number}",
                        "street": "1 Main Street",
                        "city": "Springfield",
                        "zip": "20500",
                        "country_id": env.ref("base.us").id,
                    }
                    for number in range(CUSTOMERS)
                ]
            )
            line = {"name": "Work", "price_unit": 100, "tax_ids": False}
            env["account.move"].create(
                [
                    {
                        "move_type": "out_invoice",
                        "partner_id": partner.id,
                        "invoice_date": day,
                        "invoice_date_due": day,
                        "invoice_line_ids": [Command.create(line)],
                    }
                    for partner in partners
                ]
            ).action_post()
        return partners.ids

    def _order(self, actions, partners, **kill):
        order = {"actions": actions, "partners": partners, **kill}
        self.worker.stdin.write(json.dumps(order) + "\n")
        self.worker.stdin.flush()
        return json.loads(self.worker.stdout.readline())

    def _get_tests_received(self, partners):
        """Return the same of e-mails in test mode: all of them went to one address."""
        with self._connect() as env:
            partners = env["res.partner"].browse(partners)
            emails = partners.mapped("email")
            messages = env["mail.message"].search(
                [("model", "=", "res.partner"), ("res_id", "in", partners.ids)]
            )
            names = {one.message_id: one.res_id for one in messages}
        self.assertFalse([one for one in self.sink.messages if one[0] in emails])
        return [
            (names[message_id], message_id)
            for address, message_id in self.sink.messages
            if address == self.tester and message_id in names
        ]

    def _get_received(self, channel, partners):
        """Return a list of (recipient, identity) of what left the house."""
        if self.tester:
            return self._get_tests_received(partners)
        with self._connect() as env:
            partners = env["res.partner"].browse(partners)
            emails = partners.mapped("email")
            numbers = [partner._phone_format(fname="phone") for partner in partners]
            names = partners.mapped("name")
        if channel == "email":
            return [one for one in self.sink.messages if one[0] in emails]
        if channel == "sms":
            return [
                (sms["number"], sms["uuid"])
                for sms in self.service.sms
                if sms["number"] in numbers
            ]
        return [
            (letter["address"]["name"], letter["letter_id"])
            for letter in self.service.letters
            if letter["address"]["name"] in names
        ]

    def _check(self, channel, partners):
        """All is as after a run that nobody disturbed; return the messages repeated."""
        received = self._get_received(channel, partners)
        identities = {}
        for recipient, identity in received:
            self.assertEqual(identities.setdefault(recipient, identity), identity)
        self.assertEqual(len(identities), CUSTOMERS, received)
        with self._connect() as env:
            reminders = env["account.followup.reminder"].search(
                [("partner_id", "in", partners)]
            )
            self.assertEqual(len(reminders.partner_id), CUSTOMERS)
            self.assertEqual(reminders.mapped("state"), ["sent"] * CUSTOMERS)
            self.assertEqual(
                reminders.delivery_ids.mapped("state"), ["sent"] * CUSTOMERS
            )
            self.assertEqual(len(reminders), CUSTOMERS)
            lines = reminders.line_ids.filtered("is_standing")
            self.assertEqual(len(lines), 0 if self.tester else CUSTOMERS)
        return len(received) - CUSTOMERS

    def _run_undisturbed(self, channel):
        """Return the number of steps of the run and of the queue."""
        partners = self._create_customers()
        steps = []
        for actions in (["process"], QUEUES[channel]):
            answer = self._order(actions, partners)
            self.assertEqual(answer["code"], 0)
            steps.append(answer["steps"])
        self.assertEqual(self._check(channel, partners), 0)
        return steps

    def _run_killed(self, channel, actions, **kill):
        """Kill one of the two, then run both; return the messages repeated."""
        partners = self._create_customers()
        if actions != ["process"]:
            self.assertEqual(self._order(["process"], partners)["code"], 0)
        answer = self._order(actions, partners, **kill)
        self.assertIn(answer["code"], (-9, 0))
        killed = answer["code"] == -9
        for again in (["process"], QUEUES[channel], ["process"]):
            self.assertEqual(self._order(again, partners)["code"], 0)
        repeated = self._check(channel, partners)
        # the run sends nothing; a queue was between the answer and its commit: one
        # e-mail or letter, or the one request with which core sends all SMS
        allowed = {"process": 0, "email": 1, "letter": 1, "sms": CUSTOMERS}
        self.assertLessEqual(repeated, allowed[actions[0]])
        return killed, repeated

    def _run_matrix(self, channel, count):
        """Kill at steps from first to last, in the run and in the queue."""
        self._set_channel(channel)
        result = Counter()
        process_steps, queue_steps = self._run_undisturbed(channel)
        for actions, steps in (
            (["process"], process_steps),
            (QUEUES[channel], queue_steps),
        ):
            if LONG:
                points = range(1, steps + 1, max(steps // count, 1))
            else:
                points = sorted(self.dice.sample(range(1, steps + 1), count))
            for step in points:
                with self.subTest(channel=channel, actions=actions, step=step):
                    killed, repeated = self._run_killed(channel, actions, kill_at=step)
                    result["killed"] += killed
                    result["repeated"] += repeated
        self.assertGreater(result["killed"], count)
        return result

    def test_x4_x5_x15_the_gates_are_asked(self):
        """Those with which all runs are killed here hold everybody when they close."""
        self._set_channel("email")
        partners = self._create_customers()
        for closed, opened in self._get_closed_gates():
            with self.subTest(closed=closed):
                self._write(closed)
                self.assertEqual(self._order(["process"], partners)["code"], 0)
                with self._connect() as env:
                    made = [("partner_id", "in", partners)]
                    self.assertFalse(env["account.followup.reminder"].search(made))
                self._write(opened)
        for again in (["process"], ["email"]):
            self.assertEqual(self._order(again, partners)["code"], 0)
        self.assertEqual(self._check("email", partners), 0)

    def _write(self, values):
        with self._connect() as env:
            env.company.write(values)

    def test_x1_killed_in_a_statement(self):
        """The database is still at work for the dead process when all starts again."""
        self._set_channel("email")
        partners = self._create_customers()
        answer = self._order(["die in a statement"], partners)
        self.assertEqual(answer["code"], -9)
        for again in (["process"], ["email"]):
            self.assertEqual(self._order(again, partners)["code"], 0)
        self.assertEqual(self._check("email", partners), 0)

    def test_x1_killed_at_a_step_email(self):
        self._run_matrix("email", 100 if LONG else 4)

    def test_x9_killed_in_test_mode(self):
        """Nobody gets a test twice, nor anything else."""
        self.tester = "tester@kill.example.com"
        with self._connect() as env:
            env.company.write(
                {"followup_test_mode": True, "followup_test_email": self.tester}
            )
        self.addCleanup(self._end_test_mode)
        self._run_matrix("email", 2)

    def _end_test_mode(self):
        with self._connect() as env:
            env.company.followup_test_mode = False
            tests = env["account.followup.reminder"].search([("is_test", "=", True)])
            self.assertFalse(tests)

    def test_x1_killed_at_a_step_sms(self):
        self._run_matrix("sms", 50 if LONG else 2)

    def test_x4_killed_with_a_cap(self):
        """Killed while the list is made, then while what was approved is sent."""
        self._set_channel("email")
        self._set_cap(1)
        self.addCleanup(self._set_cap, self.CAP["followup_run_cap"])
        partners, steps = self._create_customers(), []
        for _time in range(2):
            steps.append(self._order(["process"], partners)["steps"])
            self._approve(partners)
        self.assertEqual(self._order(["email"], partners)["code"], 0)
        self._check("email", partners)
        for _number in range(25 if LONG else 3):
            points = [self.dice.randint(1, count) for count in steps]
            with self.subTest(points=points):
                self._run_killed_twice(*points)

    def _run_killed_twice(self, list_point, send_point):
        with self._connect() as env:  # as on another day: what comes now has no list
            env.company.followup_approval_id = False
        partners = self._create_customers()
        self._order(["process"], partners, kill_at=list_point)
        self.assertEqual(self._order(["process"], partners)["code"], 0)
        self.assertEqual(self._get_received("email", partners), [])
        self._approve(partners)
        self._order(["process"], partners, kill_at=send_point)
        for again in (["process"], ["email"], ["process"]):
            self.assertEqual(self._order(again, partners)["code"], 0)
        self.assertEqual(self._check("email", partners), 0)

    def _set_cap(self, cap):
        self._write({**self.CAP, "followup_run_cap": cap})

    def _approve(self, partners):
        """Approve the list, if there is one: it names these customers, once."""
        with self._connect() as env:
            approval = env["account.followup.approval"].search(
                [("company_id", "=", self.company_id), ("state", "=", "open")]
            )
            if approval:
                names = approval.line_ids.partner_id.ids
                self.assertEqual(sorted(names), sorted(partners))
                approval.action_approve()

    @skipUnless(LONG, "renders many letters: dev/test --long")
    def test_x1_killed_at_a_step_letter(self):
        self._run_matrix("letter", 25)

    @skipUnless(LONG, "takes minutes: dev/test --long")
    def test_x1_killed_at_any_moment(self):
        self._set_channel("email")
        for _number in range(100):
            seconds = self.dice.uniform(0.02, 1.0)
            actions = self.dice.choice([["process"], ["email"]])
            with self.subTest(actions=actions, seconds=seconds):
                self._run_killed("email", actions, kill_after=seconds)

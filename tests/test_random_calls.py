import random
import re
import traceback
from pathlib import Path

import psycopg2
from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from .access_common import AccessCommon
from .access_tables import METHODS
from .common import TODAY

#: Calls of each method by each user; the seed is the name of both.
ROUNDS = 12

#: What a client may send, from what is right to what makes no sense.
NONSENSE = (None, True, False, -1, 0, 2**31, "", "x", "7", [], ["x"], {}, {"a": 1}, 0.5)

#: Options of the reports, with values that make sense.
OPTIONS = {
    "variant": ("customer_statement", "aged_receivable", "partner_ledger"),
    "period": ("custom", "this_year", "today"),
    "date_from": ("2024-01-01", "0001-01-01"),
    "date_to": ("2024-12-31", "9999-12-31", "0001-01-05"),
    "partner_ids": ([1],),
    "trust": (["good"],),
    "currency": ("company",),
    "age_by": ("due_date",),
    "compare": (1, 12, 10**6),
    "sort": ("name",),
    "search": ("'; --", "%", "\\", "\x00"),
    "offset": (0, 10**9, 2**70, -(2**70)),
    "limit": (1, 2**70),
}

#: Keys of the context that our code reads: from a client they mean nothing, but for
#: those that only choose what a window or a list begins with.
CONTEXT_KEYS = {
    "followup_contact_ids": False,
    "followup_list_partner_ids": True,
    "followup_mark": False,
    "followup_partner_id": True,
    "followup_without_scripts": True,  # only makes it stricter
}
FOLLOWUP_KEY = re.compile(
    r"""["'](followup_\w+)["'](?= in self\.env\.context)"""
    r"""|context(?:\.get\(|\[)["'](followup_\w+)["']"""
)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestRandomCalls(AccessCommon):
    """Issue 5: whatever is sent to a public method, the answer is a clean error, or
    data that the user could read anyway; never a database error, never our traceback.
    """

    def test_every_public_method(self):
        with self.mock_mail_gateway():  # once: to enter it takes eight milliseconds
            for (model, method), allowed in METHODS.items():
                for name in ("portal", "employee", "readonly", "invoice", "stranger"):
                    self._try_often(model, method, name, allowed)

    def _try_often(self, model, method, name, allowed):
        user = self.users.get(name) or self.strangers["invoice"]
        rng = random.Random(f"{model} {method} {name}")
        for _round in range(ROUNDS):
            args, kwargs = self._get_arguments(rng, model, method, user)
            with self.subTest(user=name, call=(model, method, args, kwargs)):
                outcome = self._try(model, method, user, args, kwargs)
                if name not in allowed and name != "stranger":
                    self.assertEqual(outcome, "error")

    def _get_arguments(self, rng, model, method, user):
        if method in ("get_report", "get_lines"):
            arguments = [self._get_options(rng)]
            if method == "get_lines":
                arguments += [rng.choice(("1-1", "0-0", "-1-1", *NONSENSE))]
                arguments += [rng.choice((0, *NONSENSE))]
            context = {"context": self._get_context(rng)}
            return arguments[: rng.randint(0, 3)], rng.choice(({}, context))
        record = self.records.get(model)
        known = record.ids if record else []
        ids = rng.choice((known, known * 2, [*known, 10**9], [10**9], [-1], [0], []))
        args = rng.choices(([ids], [rng.choice(NONSENSE)], [ids, 1], []), (6, 3, 1, 1))
        kwargs = rng.choices(
            (
                {},
                {"context": {"allowed_company_ids": [self.company.id]}},
                {"context": {"active_ids": [10**9], "lang": "xx_XX", "tz": "Nowhere"}},
                {"context": self._get_context(rng)},
                {"x": 1},
            ),
            (4, 2, 2, 3, 1),
        )
        return args[0], kwargs[0]

    def _get_context(self, rng):
        return {
            name: rng.choice(NONSENSE)
            for name in (*CONTEXT_KEYS, "statement_period", "snailmail_layout")
            if rng.random() < 0.5
        }

    def _get_options(self, rng):
        options = {
            name: rng.choice((*values, rng.choice(NONSENSE)))
            for name, values in OPTIONS.items()
            if rng.random() < 0.3
        }
        return rng.choices((options, rng.choice(NONSENSE)), (6, 1))[0]

    def _try(self, model, method, user, args, kwargs):
        """Call and undo it; return ``error`` or ``answer``."""
        self.env.flush_all()
        self.env.invalidate_all()
        savepoint = self.env.cr.savepoint()
        try:
            records = self.env(user=user, context={})[model]
            self._init_mail_mock()
            with mute_logger("odoo.sql_db"):
                call_kw(records, method, list(args), dict(kwargs))
                records.env.flush_all()
            return "answer"
        except (AccessError, UserError):
            return "error"
        except psycopg2.IntegrityError:
            return "error"  # a request tells it as a ValidationError
        except psycopg2.Error as error:
            # core looks up whatever is sent as an id
            self.assertFalse(self._are_ids(args), f"error of the database: {error}")
            return "error"
        except Exception as error:
            self._check_clean(error)
            return "error"
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)

    def _are_ids(self, args):
        ids = args[0] if args else None
        ids = ids if isinstance(ids, list) else [ids]
        return all(type(one) in (int, bool, type(None)) for one in ids)

    def _check_clean(self, error):
        """Only what Odoo itself says of a call that cannot be made is a clean error."""
        text = str(error)
        if isinstance(error, ValueError) and "Expected singleton" in text:
            return
        if isinstance(error, TypeError) and "argument" in text and "()" in text:
            return  # it was not called as it must be
        frames = traceback.extract_tb(error.__traceback__)
        ours = [
            frame
            for frame in frames
            if "/addons/account_payment_followup/" in frame.filename
            and "/tests/" not in frame.filename
        ]
        self.assertFalse(ours, f"{error!r} in {ours[-1:]}")

    def test_every_context_key_is_in_the_table(self):
        """What the code reads of a context may come from a client."""
        found = set()
        for folder in ("controllers", "models", "report", "tools", "wizard"):
            for path in (Path(__file__).parent.parent / folder).rglob("*.py"):
                for match in FOLLOWUP_KEY.finditer(path.read_text()):
                    found.add(match[1] or match[2])
        self.assertEqual(found, set(CONTEXT_KEYS))

    def test_context_keys_of_a_client_do_nothing(self):
        """They are carried by objects that JSON cannot make."""
        contact = self._create_customer("Somebody Else")
        user = self.users["invoice"]
        reminder = self.records["account.followup.reminder"]
        reports = self.env["report.account_payment_followup.report_reminder"]
        for value in (contact.ids, contact.id, "7", {"a": 1}, 0.5, True):
            context = {name: value for name in CONTEXT_KEYS}
            env = self.env(user=user, context=context)
            with self.subTest(value=value):
                found = reports.with_env(env)._get_recipient(reminder.with_env(env))
                self.assertEqual(found, reports._get_recipient(reminder))
                report = env["ir.actions.report"]
                command = report._build_wkhtmltopdf_args(
                    self.env["report.paperformat"], False
                )
                self.assertNotIn("X-Mark", command)

    def test_answers_are_of_the_own_company(self):
        """What a stranger is told of a shared customer has nothing of the company."""
        stranger = self.strangers["manager"]
        for (model, method), _allowed in METHODS.items():
            if model != "res.partner" or not method.startswith("action_"):
                continue
            records = self.customer.with_env(self.env(user=stranger, context={}))
            try:
                action = call_kw(records.browse(), method, [records.ids], {})
            except UserError:
                continue
            if not isinstance(action, dict):
                continue
            with self.subTest(method=method):
                if action["type"] == "ir.actions.client":
                    report = records.env["account.followup.report"]
                    rows = report.get_report(action["params"])["rows"]
                    self.assertFalse(rows, "nothing of another company")
                    continue
                if res_id := action.get("res_id"):
                    record = records.env[action["res_model"]].browse(res_id)
                    self.assertNotEqual(record.sudo().company_id, self.company)
                    continue
                domain = action.get("domain") or []
                self.assertNotIn(("company_id", "=", self.company.id), domain)
                found = records.env[action["res_model"]].search(domain)
                self.assertFalse(found, "nothing of another company")

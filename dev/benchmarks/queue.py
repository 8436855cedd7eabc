"""P16: queued reminders leave, against plain e-mails of the same template.

Core deletes a plain e-mail with its message after it has left: so are templates set up
by default. P16a: plain e-mails that are kept; a reminder keeps its message only.
"""

import time
from contextlib import contextmanager
from unittest.mock import patch

from odoo.modules import module

from .processing import BATCH, process, set_up
from .timing import Figure, compare

#: E-mails that leave in one go; the goal speaks of a thousand, each costs the same.
COUNT = 10 * BATCH


@contextmanager
def queue_at_hand(env):
    """Nothing leaves, and a commit does all but commit."""
    servers = env.registry["ir.mail_server"]

    def commit():
        env.cr.flush()
        env.cr.clear()

    with (
        patch.object(servers, "_connect__", lambda *args, **kwargs: None),
        patch.object(
            servers, "send_email", lambda self, message, **kw: message["Message-Id"]
        ),
        patch.object(module, "current_test", None),
        patch.object(env.cr, "commit", commit),
    ):
        yield


def find_mails(env):
    return env["mail.mail"].search([("state", "=", "outgoing")])


def run_p16(env, runs):
    """Time and queries of the mail queue for each e-mail, in turns."""
    find_mails(env).unlink()
    cases, template = set_up(env, COUNT)
    values = {"partner_to": "{{ object.id }}", "use_default_to": False}
    plain = template.copy({**values, "auto_delete": True})
    kept = template.copy({**values, "auto_delete": False})
    fills = {
        "plain": lambda: queue_plain(plain, cases),
        "kept": lambda: queue_plain(kept, cases),
        "reminders": lambda: process(env, cases),
    }
    seconds = {name: [] for name in fills}
    queries = {}
    for _number in range(runs):
        for name, fill in fills.items():
            time_taken, queries[name] = leave(env, fill, len(cases))
            seconds[name].append(time_taken)
    figures = {name: Figure(times) for name, times in seconds.items()}
    return [
        compare(
            id_,
            f"{len(cases)} queued reminders leave, {queries['reminders']:.1f} queries "
            f"each, against {what}, {queries[name]:.1f} queries each",
            {name: figures[name], "reminders": figures["reminders"]},
            goal,
        )
        for id_, name, what, goal in (
            ("P16", "plain", "plain e-mails", "≤ 1.3×"),
            ("P16a", "kept", "plain e-mails that are kept", ""),
        )
    ]


def queue_plain(template, cases):
    template.send_mail_batch(
        cases.partner_id.ids, email_layout_xmlid="mail.mail_notification_layout"
    )


def leave(env, fill, count):
    """Queue e-mails and let them leave; return seconds and queries for each."""
    with env.cr.savepoint() as savepoint, queue_at_hand(env):
        fill()
        env.flush_all()
        env.invalidate_all()
        mails = find_mails(env)
        if len(mails) != count:
            raise RuntimeError(f"{len(mails)} e-mails of {count} customers")
        before, start = env.cr.sql_log_count, time.perf_counter()
        mails.send(auto_commit=True)
        env.flush_all()
        seconds = time.perf_counter() - start
        queries = (env.cr.sql_log_count - before) / count
        savepoint.rollback()
    env.invalidate_all()
    return seconds, queries

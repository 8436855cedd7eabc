"""P16: queued reminders leave, against plain e-mails of the same template."""

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
    plain = template.copy({"partner_to": "{{ object.id }}", "use_default_to": False})

    def queue_plain():
        plain.send_mail_batch(
            cases.partner_id.ids,
            email_layout_xmlid="mail.mail_notification_layout",
        )

    figures = {"plain": [], "reminders": []}
    queries = {}
    for _number in range(runs):
        for name, fill in (
            ("plain", queue_plain),
            ("reminders", lambda: process(env, cases)),
        ):
            seconds, queries[name] = leave(env, fill, len(cases))
            figures[name].append(seconds)
    number = len(cases)
    what = (
        f"{number} queued reminders leave, {queries['reminders']:.1f} queries each, "
        f"against {number} plain e-mails, {queries['plain']:.1f} queries each"
    )
    figures = {name: Figure(times) for name, times in figures.items()}
    return [compare("P16", what, figures, "≤ 1.3×, ≤ 10 queries more")]


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

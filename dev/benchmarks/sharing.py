"""P15: a run of the scheduled action by several processes at once."""

import time

from odoo.tools import SQL

from . import ledger
from .timing import Figure, compare

#: One of so many customers is reminded, so that a run takes seconds.
SHARE = 4


def thin_out(env):
    """Leave items of some customers only, and levels by e-mail; this is kept."""
    env["account.followup.level"].search([]).write(
        {"attach_invoices": False, "send_letter": False, "send_sms": False}
    )
    env.cr.execute(
        "UPDATE account_move_line SET no_followup = TRUE WHERE partner_id %% %s <> 0",
        [SHARE],
    )
    env.cr.commit()


def work(env, start):
    """Do what a worker does with the scheduled action.

    :param float start: seconds since the epoch, when all of them begin
    :return: seconds that it took
    """
    followups = env["account.followup"]
    followups._get_automatic_due(env["res.company"]._get_followup_days())  # warm up
    env.cr.rollback()
    env.invalidate_all()
    time.sleep(max(0, start - time.time()))
    followups._cron_process_followups()
    return time.time() - start


def check(env):
    """Return how many customers were reminded: each once, none left, none failed.

    :raise SystemExit: that is not so
    """
    due = env["account.followup.due"]._get_automatic_due(
        env["res.company"]._get_followup_days()
    )
    rows = env.execute_query(
        SQL(
            """
            SELECT COUNT(*), COUNT(DISTINCT partner_id),
                   COUNT(*) FILTER (WHERE state NOT IN ('queued', 'sent'))
              FROM account_followup_reminder
             WHERE date = %s
            """,
            ledger.DAY,
        )
    )
    [(count, customers, failed)] = rows
    if due or failed or not count or count != customers:
        raise SystemExit(f"Reminded {count} times {customers}, failed {failed}: {due}")
    return count


def get_row(count, alone, shared):
    """Return the row of two workers against one.

    :param list alone: seconds of the runs with one worker
    :param list shared: and with two
    """
    what = f"{count} customers reminded by two workers, against one"
    return compare("P15", what, {"one": Figure(alone), "two": Figure(shared)}, "")

"""Runs the scheduled actions in processes of their own, which can be killed.

Started by ``test_kill.py`` with a configuration and a database. Reads an order a line
(JSON), does it in a child process, and answers with a line: how the child ended, and
in how many steps. A step is a statement or a commit; ``kill_at`` is the step before
which the child dies, ``kill_after`` a time in seconds after which it is killed.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from contextlib import closing

import psycopg2

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import Cursor, close_all, connection_info_for
from odoo.tools import config

ACTION = "account_payment_followup.ir_cron_process_followups"
#: Seconds until the database must have noticed that a process is dead.
PATIENCE = 600


def die_in_a_statement(env, _partners):
    """Be killed while the database is at work for us, the action's lock in hand."""
    env.ref(ACTION).lock_for_update()
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGKILL)).start()
    env.cr.execute("SELECT pg_sleep(3)")
    signal.pause()  # on a busy machine it may be late


STEPS = {
    "process": lambda env, partners: env.ref(ACTION).method_direct_trigger(),
    "die in a statement": die_in_a_statement,
    "email": lambda env, partners: (
        env["mail.mail"]
        .with_context(
            filters=[("model", "=", "res.partner"), ("res_id", "in", partners)]
        )
        .process_email_queue()
    ),
    "sms": lambda env, partners: env.ref(
        "sms.ir_cron_sms_scheduler_action"
    ).method_direct_trigger(),
    "letter": lambda env, partners: env.ref(
        "snailmail.snailmail_print"
    ).method_direct_trigger(),
}


class Steps:
    """Counts what a process asks of its database, and ends it in the middle."""

    def __init__(self, kill_at):
        self.kill_at = kill_at
        self.count = 0

    def watch(self, name):
        method = getattr(Cursor, name)

        def watched(cursor, *args, **kwargs):
            self.count += 1
            if self.count == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return method(cursor, *args, **kwargs)

        setattr(Cursor, name, watched)


def work(order):
    """Do what the scheduler does, in this process."""
    steps = Steps(order.get("kill_at"))
    for name in ("execute", "commit"):
        steps.watch(name)
    for name in order["actions"]:
        with Registry(config["db_name"][0]).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            STEPS[name](env, order["partners"])
    return steps.count


def wait_for_backends():
    """Wait until the database has ended the connections of the child that is dead.

    It notices the death when it next speaks to the process; what the transaction had
    locked stays locked until then. A server starts again later than that.
    """
    _name, info = connection_info_for(config["db_name"][0])
    with closing(psycopg2.connect(**info)) as connection:
        connection.autocommit = True  # in a transaction the activity stays the same
        cursor = connection.cursor()
        for _try in range(PATIENCE * 20):
            # the child has the name of this process, whose registry it uses
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity"
                " WHERE application_name = %s AND pid <> pg_backend_pid()",
                [info["application_name"]],
            )
            if not cursor.fetchone():
                return
            time.sleep(0.05)
    raise TimeoutError(f"a connection of {info['application_name']} is still there")


def run_child(order):
    """Return (how the child ended, its steps or None)."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        try:
            os.write(writer, str(work(order)).encode())
        except BaseException:
            logging.exception("the child ended badly")
            os._exit(1)
        os._exit(0)
    os.close(writer)
    if seconds := order.get("kill_after"):
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reader) as pipe:
        steps = pipe.read()
    _pid, status = os.waitpid(child, 0)
    wait_for_backends()
    return os.waitstatus_to_exitcode(status), int(steps) if steps else None


def main():
    config.parse_config(sys.argv[1:], setup_logging=True)
    with Registry(config["db_name"][0]).cursor() as cr:
        api.Environment(cr, SUPERUSER_ID, {})["account.followup"].search([], limit=1)
    close_all()  # a child must not share a connection
    print("ready", flush=True)  # pylint: disable=print-used
    for line in sys.stdin:
        code, steps = run_child(json.loads(line))
        answer = json.dumps({"code": code, "steps": steps})
        print(answer, flush=True)  # pylint: disable=print-used


if __name__ == "__main__":
    assert odoo
    main()

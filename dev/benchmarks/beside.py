"""How long people wait who read and write while something is done to the database."""

import contextlib
import subprocess
import threading
import time

import psycopg2

PAUSE = 0.05
#: Who works meanwhile, and what he does.
PEOPLE = {
    "reads journal items": """
        SELECT COUNT(*) FROM account_move_line WHERE partner_id = %(partner)s
    """,
    "reads entries": "SELECT name FROM account_move WHERE id = %(move)s",
    "reads companies": "SELECT name FROM res_company",
    "writes journal items": """
        UPDATE account_move_line SET name = name WHERE id = %(line)s
    """,
    "writes entries": "UPDATE account_move SET ref = ref WHERE id = %(move)s",
    "writes customers": """
        UPDATE res_partner SET comment = comment WHERE id = %(partner)s
    """,
}


def watch(database, command):
    """Run a command and return the longest wait of each who works beside it.

    :return: dict {who: seconds}; and whether the command has succeeded
    """
    with contextlib.closing(psycopg2.connect(dbname=database)) as connection:
        cr = connection.cursor()
        cr.execute(
            "SELECT MAX(id), MAX(partner_id), MAX(move_id) FROM account_move_line"
        )
        ids = dict(zip(("line", "partner", "move"), cr.fetchone(), strict=True))
    waits, done = {}, threading.Event()
    people = [
        threading.Thread(target=work, args=(database, who, query, ids, waits, done))
        for who, query in PEOPLE.items()
    ]
    for person in people:
        person.start()
    try:
        result = subprocess.run(command, check=False)
    finally:
        done.set()
        for person in people:
            person.join()
    return waits, result.returncode == 0


def work(database, who, query, ids, waits, done):
    """Do one thing again and again, and remember how long the slowest time took."""
    with contextlib.closing(psycopg2.connect(dbname=database)) as connection:
        connection.autocommit = True
        cr = connection.cursor()
        while not done.is_set():
            start = time.perf_counter()
            cr.execute(query, ids)
            waits[who] = max(waits.get(who, 0), time.perf_counter() - start)
            done.wait(PAUSE)

"""The rows of the table, by the ids of the goals. Each returns a list of Row."""

import resource
from datetime import timedelta

from odoo.tools import SQL

from . import floor, ledger, looking, peer, plans, processing, queue, reports
from .multiply import vacuum
from .timing import Row, compare, counted, measure

#: What a list of customers shows.
COLUMNS = ("partner_id", "status", "level_id", "total_due", "total_overdue")
PAGE = 80
#: Columns that the web client asks for when they are shown: ``LAZY`` of the work-list.
LAZY = {"average_days_late", "late_share", "suggested_trust", "waiting_text"}
#: Documents of P9.
DOCUMENTS = 20
#: And how often more: it is about two percent.
DOCUMENT_RUNS = 2


def set_day(env):
    """Let it be the day of the ledger, for as long as this process lives."""
    companies = env.registry["res.company"]
    companies._get_followup_day = lambda self: dict.fromkeys(self, ledger.DAY)


def get_rule(env, names=(*COLUMNS, "next_reminder_date")):
    """Return the SQL of the rule for all customers."""
    days = env["res.company"]._get_followup_days()
    return SQL(
        "SELECT %s FROM (%s) customer",
        SQL(", ").join(map(SQL.identifier, names)),
        env["account.followup.customer"]._get_sql(days),
    )


def compare_rule(env, rule, runs):
    base = floor.get_sums(env)
    return measure(
        {
            "floor": lambda: env.execute_query(base),
            "rule": lambda: env.execute_query(rule),
        },
        runs,
    )


def run_p1(env, runs):
    """Status, level, amounts and next reminder of all customers, into Python."""
    rows = []
    for id_, what, names, goal in (
        ("P1", "state of all customers", (*COLUMNS, "next_reminder_date"), "≤ 2×"),
        ("P1a", "the same without next reminder", COLUMNS, ""),
        ("P1b", "status only", ("partner_id", "status"), ""),
    ):
        figures = compare_rule(env, get_rule(env, names), runs)
        rows.append(compare(id_, what, figures, goal))
    return rows


def get_page(env):
    """Return what reads a page of the work-list, as the web client asks for it."""
    customers = env["account.followup.customer"]
    names = customers.get_views([(False, "list")])["models"][
        "account.followup.customer"
    ]
    specification = {
        name: {"fields": {"display_name": {}}}
        if customers._fields[name].type == "many2one"
        else {}
        for name in names["fields"]
        if (customers._fields[name].column_type or name == "trust") and name not in LAZY
    }

    def read_page():
        env.invalidate_all()
        customers.web_search_read(
            [("status", "=", "in_need_of_action")],
            specification,
            limit=PAGE,
            order="total_overdue DESC, id",
        )

    return read_page


def run_p8(env, runs):
    """A page of the work-list."""
    read_page = get_page(env)
    base = floor.get_page(env, PAGE)
    figures = measure(
        {"floor": lambda: env.execute_query(base), "page": read_page}, runs
    )
    with counted(env) as queries:
        read_page()
    what = f"work-list page of {PAGE}, {queries[0]} queries"
    return [compare("P8", what, figures, "≤ 1.5×, ≤ 15 queries")]


def run_p17(env, runs):
    """A page of the customers' list, filtered by the rule, against the rule once."""
    partners = env["res.partner"]
    rule = get_rule(env)

    def read_page():
        env.invalidate_all()
        partners.web_search_read(
            [("followup_status", "=", "in_need_of_action")],
            {"display_name": {}, "email": {}},
            limit=PAGE,
            count_limit=10000,
        )

    figures = measure(
        {"rule": lambda: env.execute_query(rule), "page": read_page}, runs
    )
    return [compare("P17", f"customers filtered, page of {PAGE}", figures, "≤ 1.3× P1")]


def run_p11(env, runs):
    """One customer has all open items; another one is looked at meanwhile."""
    env.cr.execute("SELECT MAX(partner_id) FROM account_move_line WHERE balance > 0")
    giant = env.cr.fetchone()[0]
    env.cr.execute(
        SQL(
            """
            SELECT partner_id FROM account_move_line
             WHERE partner_id <> %s AND reconciled AND balance > 0 LIMIT 1
            """,
            giant,
        )
    )
    other = env["res.partner"].browse(env.cr.fetchone()[0])
    env.cr.execute(
        SQL(
            """
            CREATE TEMPORARY TABLE taken AS
            SELECT id, partner_id
              FROM account_move_line
             WHERE account_id IN %s AND reconciled IS NOT TRUE AND partner_id <> %s
            """,
            floor.get_account_ids(env),
            other.id,
        )
    )
    update = "UPDATE account_move_line line SET %s FROM taken WHERE taken.id = line.id"
    env.cr.execute(SQL(update, SQL("partner_id = %s", giant)))
    vacuum(env.cr)  # commits
    figures = compare_rule(env, get_rule(env), runs)
    days = env["res.company"]._get_followup_days()
    customers = env["account.followup.customer"]
    alone = measure({"other": lambda: customers._get_rows(days, other)}, runs)
    env.cr.execute(SQL(update, SQL("partner_id = taken.partner_id")))
    vacuum(env.cr)
    return [
        compare("P11", "one customer has all open items", figures, "≤ 2×"),
        Row("P11a", "another customer meanwhile", str(alone["other"]), "", "", ""),
    ]


def run_p12(env, runs):
    """The scheduled action when nothing is due: all was done, or nobody owes enough."""
    go_live(env)
    rows = []
    for id_, what, prepare, goal in (
        ("P12a", "nobody owes the minimum", set_minimum, ""),
        ("P12", "all was reminded", remind_all, "≤ 1.5×, ≤ 15 queries"),
    ):
        prepare(env)
        rows.append(run_idle(env, runs, id_, what, goal))
        env.cr.rollback()
        env.invalidate_all()
    return rows


def go_live(env):
    """Switch automatic reminders on, for runs that are taken back."""
    env.company.write(
        {
            "followup_automatic": True,
            "followup_start_date": "2024-01-01",
            "followup_run_cap": 0,
        }
    )
    # its commits would end that
    env.registry["ir.cron"]._commit_progress = lambda self, *args, **kwargs: 60


def get_run(env):
    def run():
        env.invalidate_all()
        env["account.followup"]._cron_process_followups()

    return run


def get_idle(env):
    """Let all be reminded, and return what the scheduled action does then."""
    go_live(env)
    remind_all(env)
    return get_run(env)


def run_idle(env, runs, id_, what, goal):
    run = get_run(env)
    base = floor.get_sums(env)
    figures = measure({"floor": lambda: env.execute_query(base), "job": run}, runs)
    with counted(env) as queries:
        run()
    what = f"idle scheduled action, {what}, {queries[0]} queries"
    return compare(id_, what, figures, goal)


def set_minimum(env):
    env.company.followup_min_amount = 10**12
    env.flush_all()


def remind_all(env):
    """Let every item that is ripe have reached its next level yesterday."""
    items = env["account.followup.item"]
    env.execute_query(
        SQL(
            """
            INSERT INTO account_followup_reminder_line (
                reminder_id, move_line_id, move_id, partner_id, horizon, level_id,
                date, is_standing
            )
            SELECT (SELECT MAX(id) FROM account_followup_reminder),
                   item.id, item.move_id, item.partner_id, item.id,
                   item.next_level_id, %s, TRUE
              FROM (%s) item
             WHERE %s
            RETURNING id
            """,
            ledger.DAY - timedelta(days=1),
            items._get_sql(env["res.company"]._get_followup_days(), is_whole=True),
            items._get_sql_ripe(),
        )
    )
    vacuum(env.cr)  # commits


def run_p10(env, runs):
    """Peak memory of choosing whom to remind, in this process so far."""
    days = env["res.company"]._get_followup_days()
    before = get_peak()
    env["account.followup.due"]._get_automatic_due(days)
    after = get_peak()
    return [
        Row(
            "P10",
            "peak memory, choosing whom to remind",
            f"{after:.0f} MB (before: {before:.0f} MB)",
            "",
            "",
            "flat",
            after,
        )
    ]


def get_peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_p9(env, runs, core_env):
    """Post invoices and register payments with the module and without, in turns.

    :param core_env: environment of a database with the same ledger, without the module
    """
    vacuum(env.cr)
    vacuum(core_env.cr)
    figures = measure(
        {
            "without": lambda: post_and_pay(core_env),
            "with": lambda: post_and_pay(env),
        },
        DOCUMENT_RUNS * runs,
    )
    own, core = post_and_pay(env), post_and_pay(core_env)
    what = f"{DOCUMENTS} invoices posted and paid: {own} queries, {core} without"
    return [compare("P9", what, figures, "≤ 1.02×, 0 extra queries")]


def post_and_pay(env):
    """Post invoices, pay each, and take it all back. Return how many queries it took.

    Half of the time lies in the database; the indexes of the module are part of it.
    """
    customer = env["res.partner"].search([("customer_rank", ">", 0)], limit=1)
    with counted(env) as queries:
        moves = env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": customer.id,
                    "invoice_date": ledger.DAY,
                    "invoice_line_ids": [
                        (0, 0, {"name": "Work", "price_unit": 100, "tax_ids": False})
                    ],
                }
                for _number in range(DOCUMENTS)
            ]
        )
        moves.action_post()
        env.flush_all()
        for move in moves:
            ledger.pay(move)
    env.cr.rollback()
    env.invalidate_all()
    return queries[0]


ROWS = {
    "P1": run_p1,
    "P2": peer.run_p2,
    "P5": processing.run_p5,
    "P6": processing.run_p6,
    "P7": processing.run_p7,
    "P16": queue.run_p16,
    "P8": run_p8,
    "P17": run_p17,
    "P9": run_p9,
    "P10": run_p10,
    "P11": run_p11,
    "P12": run_p12,
    "P14": reports.run_p14,
    "P19": lambda env, runs: looking.run_p19(env, runs, get_rule(env)),
    "P20": looking.run_p20,
    "P21": lambda env, runs: plans.run_p21(env, runs, get_rule, get_page, get_idle),
}

"""P19 and P20: what will be sent, and why something is not."""

from odoo.tools import SQL

from . import floor
from .timing import Figure, Row, counted, measure

#: Days that the screen Planned shows.
DAYS = 14
#: Open items of the customer whose window Why? is opened, at most.
ITEMS = 20_000
#: Rows of the page of items in it.
PAGE = 20
#: Columns of that page.
COLUMNS = (
    *("name", "due_date", "days_late", "residual", "reached_level_id"),
    *("reached_date", "is_counted", "explanation", "rest_reason", "currency_id"),
)


def go_live(env):
    """Switch automatic reminders on, so that gates are asked."""
    env.company.write(
        {
            "followup_automatic": True,
            "followup_start_date": "2024-01-01",
            "followup_run_cap": 0,
        }
    )
    env.flush_all()


def run_p19(env, runs, rule):
    """The screen Planned is filled, against the rule for as many days.

    :param SQL rule: of P1
    """
    go_live(env)
    planned = env["account.followup.planned"]
    companies = env.company.root_id

    def fill():
        env.invalidate_all()
        planned._fill(companies)

    figures = measure({"rule": lambda: env.execute_query(rule), "planned": fill}, runs)
    with counted(env) as queries:
        fill()
    count = planned.search_count([])
    env.cr.rollback()
    env.invalidate_all()
    base = Figure([DAYS * seconds for seconds in figures["rule"].runs])
    ratio = figures["planned"].median / base.median
    return [
        Row(
            "P19",
            f"planned reminders of {DAYS} days, {count:,} rows, {queries[0]} queries",
            str(figures["planned"]),
            str(base),
            f"{ratio:.2f}× {DAYS} P1",
            "< 1×",
        )
    ]


def run_p20(env, runs):
    """The window Why? of a customer with very many items, as the client reads it."""
    go_live(env)
    giant, count = give_items(env)
    view = env.ref("account_payment_followup.res_partner_view_form_explanation")
    assert f'limit="{PAGE}"' in view.arch_db
    items = {name: {} for name in COLUMNS}
    items["reached_level_id"] = {"fields": {"display_name": {}}}
    specification = {
        "display_name": {},
        "followup_explanation": {},
        "followup_explained_item_ids": {"fields": items, "limit": PAGE},
    }

    def look():
        env.invalidate_all()
        giant.web_read(specification)

    figures = measure({"window": look}, runs)
    with counted(env) as queries:
        look()
    env.cr.rollback()
    env.invalidate_all()
    what = f"why?, of a customer with {count:,} open items, {queries[0]} queries"
    return [Row("P20", what, str(figures["window"]), "", "", "< 1 s")]


def give_items(env):
    """Give one customer the items of others; return it and their number."""
    env.cr.execute("SELECT MAX(partner_id) FROM account_move_line WHERE balance > 0")
    giant = env["res.partner"].browse(env.cr.fetchone()[0])
    rows = env.execute_query(
        SQL(
            """
            UPDATE account_move_line line
               SET partner_id = %s
              FROM (
                   SELECT id
                     FROM account_move_line
                    WHERE account_id IN %s AND reconciled IS NOT TRUE
                    ORDER BY id
                    LIMIT %s
                   ) taken
             WHERE taken.id = line.id
            RETURNING line.id
            """,
            giant.id,
            floor.get_account_ids(env),
            ITEMS,
        )
    )
    return giant.commercial_partner_id, len(rows)

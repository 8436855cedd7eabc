"""P14: reports, against a hand-written query and against bare XlsxWriter."""

import io
from contextlib import contextmanager
from unittest.mock import patch

import xlsxwriter

from odoo.tools import SQL

from . import floor, ledger
from .timing import compare, measure

GOAL = "≤ 2×"
PAGE = 80
#: A sheet has a row for each of them and for each open item.
MAX_CUSTOMERS = 400_000
#: Of a worksheet, what writes cells and folds rows.
CELL_METHODS = ("write_string", "write_number", "write_datetime", "write_blank")
ROW_METHODS = ("set_row",)


def run_p14(env, runs):
    """Statement of one customer, aged items of all: on the screen and as a sheet."""
    report = env["account.followup.report"]
    partner = find_customer(env)
    statement = {
        "variant": "customer_statement",
        "period": "all",
        "partner_ids": partner.ids,
    }
    aged = {"variant": "aged_receivable"}

    def read(query):
        return lambda: env.execute_query_dict(query)

    def show(options):
        env.invalidate_all()
        return report.get_report(options)

    def show_statement():
        page = show(statement)
        return [report.get_lines(statement, row["id"]) for row in page["rows"]]

    rows = [
        compare(
            "P14a",
            "statement of one customer with its lines, on the screen",
            measure(
                {
                    "query": read(get_statement(env, partner)),
                    "report": show_statement,
                },
                runs,
            ),
            GOAL,
        ),
        compare(
            "P14b",
            f"aged items of all, first {PAGE} customers and totals",
            measure({"query": read(get_aged(env)), "report": lambda: show(aged)}, runs),
            GOAL,
        ),
    ]
    return [*rows, *compare_sheets(env, aged, runs)]


def find_customer(env):
    """Return the customer with most journal items."""
    env.cr.execute(
        SQL(
            """
            SELECT partner_id FROM account_move_line WHERE account_id IN %s
             GROUP BY partner_id ORDER BY COUNT(*) DESC, partner_id LIMIT 1
            """,
            floor.get_account_ids(env),
        )
    )
    return env["res.partner"].browse(env.cr.fetchone()[0]).commercial_partner_id


def get_statement(env, partner):
    """Return the SQL of a customer's items, with a running balance."""
    return SQL(
        """
        SELECT line.id, line.date, line.move_name, line.ref, line.name, move.move_type,
               COALESCE(line.date_maturity, line.date) AS due_date,
               line.amount_currency, line.amount_residual_currency, line.currency_id,
               SUM(line.amount_currency) OVER (
                   PARTITION BY line.currency_id ORDER BY line.date, line.id
               ) AS balance
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id
          JOIN res_partner partner ON partner.id = line.partner_id
         WHERE partner.commercial_partner_id = %s
           AND line.account_id IN %s
           AND line.parent_state = 'posted'
         ORDER BY line.currency_id, line.date, line.id
        """,
        partner.id,
        floor.get_account_ids(env),
    )


def get_aged(env):
    """Return the SQL of the first customers by name with buckets, and of all sums."""
    buckets = SQL(
        ", ".join(
            "COALESCE(SUM(amount_residual) FILTER"
            " (WHERE late BETWEEN %s AND %s), 0) AS bucket_%s"
            for _bucket in range(6)
        ),
        *(
            value
            for number, (first, last) in enumerate(
                [(-9999, 0), (1, 30), (31, 60), (61, 90), (91, 120), (121, 99999)]
            )
            for value in (first, last, number)
        ),
    )
    return SQL(
        """
        WITH item AS (
             SELECT COALESCE(contact.commercial_partner_id, line.partner_id) AS owner,
                    line.amount_residual,
                    %(day)s::date - COALESCE(line.date_maturity, line.date) AS late
               FROM account_move_line line
               LEFT JOIN res_partner contact ON contact.id = line.partner_id
              WHERE line.account_id IN %(accounts)s
                AND line.reconciled IS NOT TRUE
                AND line.parent_state = 'posted'
             ),
             customer AS MATERIALIZED (
             SELECT grouped.*, partner.complete_name
               FROM (
                    SELECT owner, SUM(amount_residual) AS total, %(buckets)s
                      FROM item GROUP BY owner
                    ) grouped
               LEFT JOIN res_partner partner ON partner.id = grouped.owner
             )
        (SELECT * FROM customer ORDER BY LOWER(complete_name), owner LIMIT %(page)s)
         UNION ALL
        SELECT COUNT(*), SUM(total), %(sums)s, NULL FROM customer
        """,
        day=ledger.DAY,
        accounts=floor.get_account_ids(env),
        buckets=buckets,
        page=PAGE,
        sums=SQL(", ").join(
            SQL("SUM(%s)", SQL.identifier(f"bucket_{number}")) for number in range(6)
        ),
    )


# ----------------------------------------------------------------------
# Sheets
# ----------------------------------------------------------------------


def compare_sheets(env, options, runs):
    """Return the row of a sheet against XlsxWriter with the same cells.

    Nothing of XL, which has more rows than a sheet can have.
    """
    if len(env.execute_query(floor.get_sums(env))) > MAX_CUSTOMERS:
        return []
    report = env["account.followup.report"]
    with recorded() as calls:
        report._render_xlsx(options)

    def render():
        env.invalidate_all()
        return report._render_xlsx(options)

    figures = measure({"bare": lambda: write(calls), "report": render}, runs, True)
    rows = 1 + max(row for _name, row, _arguments, _look in calls)
    what = f"XLSX of aged items of all, {rows} rows"
    return [compare("P14c", what, figures, GOAL)]


@contextmanager
def recorded():
    """Yield a list that gets what is written into sheets.

    :return: tuples (method, row, arguments, look of the cell as sorted pairs or None)
    """
    calls, looks, patches = [], {}, []
    add_format = xlsxwriter.Workbook.add_format

    def add(self, properties=None):
        result = add_format(self, properties)
        looks[id(result)] = tuple(sorted((properties or {}).items()))
        return result

    patches.append(patch.object(xlsxwriter.Workbook, "add_format", add))
    for name in (*CELL_METHODS, *ROW_METHODS):
        patches.append(record(name, calls, looks))
    for one in patches:
        one.start()
    try:
        yield calls
    finally:
        for one in patches:
            one.stop()


def record(name, calls, looks):
    """Return the patch that notes the calls of one method of worksheets."""
    original = getattr(xlsxwriter.worksheet.Worksheet, name)

    def call(self, row, *arguments):
        *values, look = arguments if name in CELL_METHODS else (*arguments, None)
        calls.append((name, row, tuple(values), looks.get(id(look))))
        return original(self, row, *arguments)

    return patch.object(xlsxwriter.worksheet.Worksheet, name, call)


def write(calls):
    """Write cells that were recorded, and nothing else."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    sheet = book.add_worksheet()
    looks = {look for *_call, look in calls if look is not None}
    formats = {look: book.add_format(dict(look)) for look in looks}
    methods = {name: getattr(sheet, name) for name in (*CELL_METHODS, *ROW_METHODS)}
    for name, row, values, look in calls:
        if look is None:
            methods[name](row, *values)
        else:
            methods[name](row, *values, formats[look])
    book.close()
    return stream.getvalue()

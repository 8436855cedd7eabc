"""Reminders of the past and settings, for a ledger in a database with the module."""

from odoo import Command
from odoo.tools import SQL

from .floor import get_account_ids
from .ledger import DAY
from .multiply import vacuum

#: What is on: share of the lines or customers, in percent.
OPEN_REMINDED, CLOSED_REMINDED = 60, 30
ON_HOLD, EXPECTED, EXCLUDED = 2, 2, 1
WITH_SETTINGS = 5


def chance(key, salt):
    """Return the SQL of a number from 0 to 99, by hash."""
    return SQL("((hashint8extended(%s, %s) & 2147483647) %% 100)::integer", key, salt)


def create_reminder(env, level):
    """Make one reminder through the ORM; its rows are the pattern of all others."""
    line = env["account.move.line"].search(
        [
            ("account_id", "in", get_account_ids(env)),
            ("reconciled", "=", False),
            ("amount_residual", ">", 0),
        ],
        limit=1,
        order="id",
    )
    reminder = env["account.followup.reminder"].create(
        {
            "partner_id": line.partner_id.id,
            "company_id": line.company_id.id,
            "level_id": level.id,
            "date": DAY,
            "trigger": "automatic",
            "lang": "en_US",
            "subject": "Payment reminder",
            "body": "<p>Text</p>",
            "amount_overdue": line.amount_residual,
            "line_ids": [
                Command.create(
                    {
                        "level_id": level.id,
                        "name": line.move_name,
                        "due_date": line.date_maturity,
                        "currency_id": line.currency_id.id,
                        "amount": line.amount_currency,
                        "residual": line.amount_residual_currency,
                        "residual_company": line.amount_residual,
                    }
                )
            ],
            "delivery_ids": [
                Command.create({"channel": "email", "state": "sent", "recipient": "x"})
            ],
        }
    )
    env.flush_all()
    return reminder


def write_reminders(env, pattern, condition, level):
    """Write a reminder of a level for each journal item that a condition selects."""
    env.cr.execute(
        SQL(
            """
            CREATE TEMPORARY TABLE reminded ON COMMIT DROP AS
            SELECT line.*,
                   line.date_maturity + %(delay)s + 1
                       + %(late)s %% 4 AS reminder_date,
                   %(reminders)s + row_number() OVER () AS reminder_id,
                   'PAST/' || %(reminders)s + row_number() OVER () AS reminder_name,
                   %(lines)s + row_number() OVER () AS line_id,
                   %(deliveries)s + row_number() OVER () AS delivery_id
              FROM account_move_line line
             WHERE line.account_id IN %(accounts)s
               AND line.balance > 0
               AND %(condition)s
            """,
            delay=level.delay,
            late=chance(SQL("line.id"), 5),
            reminders=get_last_id(env, "account_followup_reminder"),
            lines=get_last_id(env, "account_followup_reminder_line"),
            deliveries=get_last_id(env, "account_followup_delivery"),
            accounts=get_account_ids(env),
            condition=condition,
        )
    )
    for table, source_id, changes in (
        (
            "account_followup_reminder",
            pattern.id,
            {
                "id": "reminder_id",
                "name": "reminder_name",
                "partner_id": "partner_id",
                "date": "reminder_date",
                "amount_overdue": "balance",
            },
        ),
        (
            "account_followup_reminder_line",
            pattern.line_ids.id,
            {
                "id": "line_id",
                "reminder_id": "reminder_id",
                "partner_id": "partner_id",
                "date": "reminder_date",
                "move_line_id": "id",
                "move_id": "move_id",
                "horizon": "id",
                "name": "move_name",
                "due_date": "date_maturity",
                "residual_company": "balance",
            },
        ),
        (
            "account_followup_delivery",
            pattern.delivery_ids.id,
            {"id": "delivery_id", "reminder_id": "reminder_id"},
        ),
    ):
        copy_rows(env, table, source_id, changes, level)
    env.cr.commit()


def copy_rows(env, table, source_id, changes, level):
    """Copy a row for each reminded item; what is in changes comes from the item."""
    env.cr.execute(
        SQL(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s",
            table,
        )
    )
    columns = [name for (name,) in env.cr.fetchall()]
    values = []
    for name in columns:
        if name in changes:
            values.append(SQL("reminded.%s", SQL.identifier(changes[name])))
        elif name == "level_id":
            values.append(SQL("%s", level.id))
        else:
            values.append(SQL("source.%s", SQL.identifier(name)))
    env.cr.execute(
        SQL(
            "INSERT INTO %s (%s)"
            " SELECT %s FROM %s source, reminded WHERE source.id = %s",
            SQL.identifier(table),
            SQL(", ").join(map(SQL.identifier, columns)),
            SQL(", ").join(values),
            SQL.identifier(table),
            source_id,
        )
    )
    env.cr.execute(
        SQL(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT MAX(id) FROM %s))",
            table,
            SQL.identifier(table),
        )
    )


def get_last_id(env, table):
    env.cr.execute(SQL("SELECT COALESCE(MAX(id), 0) FROM %s", SQL.identifier(table)))
    return env.cr.fetchone()[0]


def write_marks(env):
    """Put some items on hold, expect some payments, exclude some documents."""
    env.cr.execute(
        SQL(
            """
            UPDATE account_move_line line
               SET followup_hold_until = CASE WHEN mark < %(hold)s THEN %(day)s + 7 END,
                   expected_payment_date =
                       CASE WHEN mark BETWEEN %(hold)s AND %(expected)s - 1
                            THEN %(day)s + 3 END,
                   no_followup = mark >= %(expected)s
              FROM (
                   SELECT id, %(chance)s AS mark
                     FROM account_move_line item
                    WHERE item.account_id IN %(accounts)s
                      AND item.reconciled IS NOT TRUE
                   ) marked
             WHERE marked.id = line.id AND mark < %(all)s
            """,
            hold=ON_HOLD,
            expected=ON_HOLD + EXPECTED,
            all=ON_HOLD + EXPECTED + EXCLUDED,
            day=SQL("%s::date", DAY),
            chance=chance(SQL("item.id"), 7),
            accounts=get_account_ids(env),
        )
    )


def write_settings(env):
    """Give some customers settings: by hand, excluded, held until a day."""
    env.cr.execute(
        SQL(
            """
            INSERT INTO account_followup (
                partner_id, company_id, reminder_type, excluded, next_reminder_date,
                create_uid, write_uid, create_date, write_date
            )
            SELECT partner.id,
                   1,
                   CASE WHEN mark < 2 THEN 'manual' ELSE 'automatic' END,
                   mark = 2,
                   CASE WHEN mark = 3 THEN %(day)s + 10 END,
                   1, 1, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM (
                   SELECT id, %(chance)s AS mark
                     FROM res_partner partner
                    WHERE partner.commercial_partner_id = partner.id
                   ) partner
             WHERE mark < %(share)s
            """,
            day=SQL("%s::date", DAY),
            chance=chance(SQL("partner.id"), 9),
            share=WITH_SETTINGS,
        )
    )


def fill(env):
    """Write what the module would have written in the years before the day."""
    company = env.ref("base.main_company")
    company.write(
        {"followup_automatic": True, "followup_start_date": DAY, "followup_run_cap": 0}
    )
    levels = env["account.followup.level"].search(
        [("company_id", "=", company.id)], order="delay"
    )
    pattern = create_reminder(env, levels[0])
    env.cr.execute("SET session_replication_role = replica")
    late = SQL("%s::date - line.date_maturity", DAY)
    for number, level in enumerate(levels[:2]):
        write_reminders(
            env,
            pattern,
            SQL(
                "line.reconciled IS NOT TRUE AND %s > %s AND %s < %s",
                late,
                level.delay + 5,
                chance(SQL("line.id"), 11 + number),
                OPEN_REMINDED,
            ),
            level,
        )
    write_reminders(
        env,
        pattern,
        SQL("line.reconciled AND %s < %s", chance(SQL("line.id"), 13), CLOSED_REMINDED),
        levels[0],
    )
    env.cr.execute("SET session_replication_role = origin")
    pattern.unlink()
    write_marks(env)
    write_settings(env)
    vacuum(env.cr)

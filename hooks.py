import logging
import time
from contextlib import closing

import psycopg2

from odoo.fields import Field
from odoo.models import Index, MetaModel
from odoo.sql_db import db_connect
from odoo.tools import SQL, make_identifier

_logger = logging.getLogger(__name__)

MODULE = "account_payment_followup"
#: How long others may wait because of a statement, and how often it is tried again.
LOCK_TIMEOUT = "500ms"
TRIES = 20
#: An index that is built beside others waits for their transactions, nobody for it.
INDEX_TIMEOUT = "60s"
INDEX_TRIES = 2


def pre_init_hook(env):
    """Prepare the big tables without keeping anybody from working with them (G1).

    Odoo installs a module in one transaction, which would hold the locks of new columns
    and indexes on the journal items for seconds. Here each column has a transaction of
    an instant, and the indexes are built beside those who read and write. What cannot
    be had in time is left to Odoo, which finds the rest.
    """
    # what was read so far would hold up the statements of the other connection
    env.cr.commit()  # pylint: disable=invalid-commit
    with closing(db_connect(env.cr.dbname).cursor()) as cr:
        cr._cnx.autocommit = True  # CREATE INDEX CONCURRENTLY wants no transaction
        additions = [
            (env[model._name], model)
            for model in MetaModel._module_to_models__[MODULE]
            if model._name in env and env[model._name]._auto
        ]
        for timeout, prepare in (
            (LOCK_TIMEOUT, _prepare_columns),
            (INDEX_TIMEOUT, _prepare_indexes),
        ):
            cr.execute(SQL("SET lock_timeout = %s", timeout))
            for records, model in additions:
                prepare(cr, records, model)
        cr.execute("RESET lock_timeout")


def let_others_work(env):
    """End the locks that making tables has put on core's, while it is going on (G1).

    Whatever goes wrong after it, the tables stay, and the next installation finds them.
    """
    if not env.registry.ready:
        env.cr.commit()  # pylint: disable=invalid-commit


def _prepare_columns(cr, records, model):
    """Add the columns of new fields.

    :param records: the model as it is without the module
    :param model: what the module adds to it, a class
    """
    new = [
        field
        for field in model._field_definitions
        if field.name not in records._fields and _is_simple(field)
    ]
    if not new:
        return
    table = SQL.identifier(records._table)
    changes = [
        SQL("ALTER TABLE %s %s", table, SQL(", ").join(actions))
        for actions in _prepare_actions(new)
        if actions
    ]
    _execute(cr, *changes, *_make_comments(records._table, new))


def _make_comments(table, new):
    """Return the statements that note the labels of new fields, as Odoo does."""
    return [
        SQL(
            "COMMENT ON COLUMN %s IS %s",
            SQL.identifier(table, field.name),
            field._args__["string"],
        )
        for field in new
        if field._args__.get("string")
    ]


def _prepare_actions(new):
    """Return how a table gets the columns of some fields.

    :return: two lists: what adds the columns, and what is taken back after that
    """
    columns, ends = [], []
    for field in new:
        name = SQL.identifier(field.name)
        column = SQL("ADD COLUMN IF NOT EXISTS %s %s", name, SQL(field.column_type[1]))
        if "default" in field._args__:
            # a constant costs no rewriting; later Odoo fills in what it wants itself
            column = SQL("%s DEFAULT %s", column, field._args__["default"])
            ends.append(SQL("ALTER COLUMN %s DROP DEFAULT", name))
        if field._args__.get("required"):
            column = SQL("%s NOT NULL", column)
        columns.append(column)
    return columns, ends


def _is_simple(field: Field):
    """Return whether a field is a column whose value can be said beforehand."""
    settings = field._args__
    default = settings.get("default")
    return (
        field.column_type
        and settings.get("store", True)
        and not any(settings.get(name) for name in ("compute", "related", "translate"))
        and not settings.get("company_dependent")
        and not callable(default)
        and (default is not None or not settings.get("required"))
    )


def _make_index(table, name, definition):
    """Return the statement that builds an index beside the work of others."""
    kind, _index, columns = definition.partition("INDEX ")
    return SQL(
        "CREATE %s INDEX CONCURRENTLY IF NOT EXISTS %s ON %s %s",
        SQL(kind),
        SQL.identifier(name),
        SQL.identifier(table),
        SQL(columns.replace("%", "%%")),
    )


def _prepare_indexes(cr, records, model):
    for index in model._table_object_definitions:
        if not isinstance(index, Index):
            continue
        name = make_identifier(f"{records._table}_{index.name}")
        definition = index.get_definition(records.pool)
        create = _make_index(records._table, name, definition)
        done = any(
            _drop_broken(cr, name) and _execute(cr, create, tries=1)
            for _number in range(INDEX_TRIES)
        )
        # by the comment Odoo knows it again; with another one it builds it anew
        if done or not _drop_broken(cr, name):
            comment = definition if done else "not valid"
            _execute(
                cr, SQL("COMMENT ON INDEX %s IS %s", SQL.identifier(name), comment)
            )


def _drop_broken(cr, name):
    """Drop what is left of an index when building it was broken off.

    PostgreSQL keeps it by its name, and never uses it.

    :return: whether nothing of the kind is left
    """
    cr.execute(
        SQL(
            "SELECT 1 FROM pg_index"
            " WHERE indexrelid = to_regclass(%s) AND NOT indisvalid",
            name,
        )
    )
    drop = SQL("DROP INDEX CONCURRENTLY IF EXISTS %s", SQL.identifier(name))
    return not cr.fetchone() or _execute(cr, drop, tries=INDEX_TRIES)


def _execute(cr, *statements, tries=TRIES):
    """Run statements, each again if somebody was in the way.

    :return: whether all were done
    """
    for statement in statements:
        for _number in range(tries):
            try:
                cr.execute(statement, log_exceptions=False)
                break
            except psycopg2.errors.LockNotAvailable:
                time.sleep(0.5)  # let pass who waits behind it
        else:
            _logger.info("Left to the installation: %s", statement.code)
            return False
    return True


def post_init_hook(env):
    """Give every company that exists already what a new one starts with (A1, Y3)."""
    companies = env["res.company"].search([("parent_id", "=", False)])
    env["account.followup.number"]._create_sequences(companies)
    env["account.followup.default"]._create_default_levels(companies)


def uninstall_hook(env):
    """Let go of what would hold on to the models, or stay behind them (G4)."""
    # templates go before the levels that use them
    env.cr.execute("UPDATE account_followup_level SET mail_template_id = NULL")
    # and disputes before their reasons, which calls have noted, too
    env.cr.execute("DELETE FROM account_followup_dispute")
    env.cr.execute("UPDATE account_followup_call SET reason_id = NULL")
    # filters that people have saved; the name of a model is all they know of it
    filters = env["ir.filters"].with_context(active_test=False)
    filters.search([("model_id", "=like", "account.followup%")]).unlink()
    sequences = env["ir.sequence"].with_context(active_test=False)
    sequences.search([("code", "=", "account.followup.reminder")]).unlink()
    # parameters that an administrator has set
    parameters = env["ir.config_parameter"]
    parameters.search([("key", "=like", "account_payment_followup.%")]).unlink()

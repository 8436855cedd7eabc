from contextlib import contextmanager
from unittest.mock import patch

import psycopg2

from odoo.models import MetaModel
from odoo.tests import tagged
from odoo.tools import SQL

from .. import hooks
from .common import FollowupCommon

#: Columns whose default only Odoo can work out.
LEFT_TO_ODOO = {"followup_statement_since", "followup_has_plan_calendar"}


class Cursor:
    """A cursor inside a transaction, where nothing can be built concurrently."""

    def __init__(self, cr):
        self.cr = cr
        self.statements = []

    def execute(self, statement, **kwargs):
        self.statements.append(statement.code)
        code = statement.code.replace("CONCURRENTLY ", "")
        self.cr.execute(SQL(code, *statement.params), **kwargs)

    def fetchone(self):
        return self.cr.fetchone()


class Busy(Cursor):
    """A cursor for which somebody is always in the way, and was when it began."""

    def execute(self, statement, **kwargs):
        self.statements.append(statement.code)
        if not statement.code.startswith("SELECT"):
            raise psycopg2.errors.LockNotAvailable()

    def fetchone(self):
        return (1,)


class Late(Cursor):
    """A cursor for which somebody is in the way until the index is half built."""

    broken = False

    def execute(self, statement, **kwargs):
        super().execute(statement, **kwargs)
        if statement.code.startswith("CREATE"):
            self.broken = sum(code.startswith("CREATE") for code in self.statements) < 2
            if self.broken:
                raise psycopg2.errors.LockNotAvailable()
        elif statement.code.startswith("DROP"):
            self.broken = False

    def fetchone(self):
        return (1,) if self.broken else None


@tagged("post_install", "-at_install")
class TestInstallBeside(FollowupCommon):
    """Installing keeps nobody waiting: what is made beforehand is what Odoo wants."""

    def _get_additions(self):
        """Yield model and class of what this module adds to core's tables."""
        for addition in MetaModel._module_to_models__[hooks.MODULE]:
            model = self.env.get(addition._name)
            if model is None or not model._auto or model._abstract:
                continue
            if model._original_module != hooks.MODULE:
                yield model, addition

    def _get_columns(self, table):
        return self.env.execute_query(
            SQL(
                """
                SELECT attname, atttypid::regtype, attnotnull, atthasdef
                  FROM pg_attribute
                 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
                 ORDER BY attname
                """,
                table,
            )
        )

    @contextmanager
    def _without_fields(self, model, names):
        """Let a model be as it is before the installation."""
        left = {n: f for n, f in model._fields.items() if n not in names}
        with patch.object(type(model), "_fields", left):
            yield

    def _remove_columns(self, table, names):
        for name in names:
            statement = "ALTER TABLE %s DROP COLUMN %s CASCADE"
            self.env.cr.execute(
                SQL(statement, SQL.identifier(table), SQL.identifier(name))
            )

    def test_g1_every_new_column_is_prepared(self):
        """A new field with a column is prepared, or somebody has thought about it."""
        left = set()
        for model, addition in self._get_additions():
            for field in addition._field_definitions:
                real = model._fields[field.name]
                if real._module == hooks.MODULE and real.store and real.column_type:
                    if not hooks._is_simple(field):
                        left.add(field.name)
        self.assertEqual(left, LEFT_TO_ODOO)

    def test_g1_columns_are_those_that_odoo_makes(self):
        tables = set()
        for model, addition in self._get_additions():
            names = [
                field.name
                for field in addition._field_definitions
                if hooks._is_simple(field) and field.name not in LEFT_TO_ODOO
                if model._fields[field.name]._module == hooks.MODULE
                if model._fields[field.name].store
            ]
            if not names:
                continue
            wanted = self._get_columns(model._table)
            self._remove_columns(model._table, names)
            self.assertNotEqual(self._get_columns(model._table), wanted)
            with self._without_fields(model, names):
                hooks._prepare_columns(Cursor(self.env.cr), model, addition)
            self.assertEqual(self._get_columns(model._table), wanted)
            tables.add(model._table)
        self.assertLessEqual({"account_move_line", "res_company"}, tables)
        # those that were there have the default
        self.env.cr.execute("SELECT DISTINCT followup_min_days FROM res_company")
        self.assertEqual(self.env.cr.fetchall(), [(3,)])

    def test_g1_indexes_are_those_that_odoo_makes(self):
        look = SQL(
            """
            SELECT indexdef, obj_description(indexname::regclass)
              FROM pg_indexes
             WHERE indexname ~ '^(account_move|payment_tr|res_partner).*_followup_'
             ORDER BY indexname
            """
        )
        wanted = self.env.execute_query(look)
        self.assertEqual(len(wanted), 6)
        cr = Cursor(self.env.cr)
        for name in (
            "account_move_line_followup_open_idx",
            "account_move_line_followup_foreign_idx",
            "account_move_line_followup_review_idx",
            "account_move_followup_blocked_idx",
            "payment_transaction_followup_under_way_idx",
            "res_partner_followup_contact_idx",
        ):
            self.env.cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))
        for model, addition in self._get_additions():
            hooks._prepare_indexes(cr, model, addition)
        self.assertEqual(self.env.execute_query(look), wanted)
        builds = [code for code in cr.statements if code.startswith("CREATE")]
        self.assertEqual(len(builds), 6)
        for code in builds:
            self.assertIn("INDEX CONCURRENTLY", code)

    def _prepare_blocked_index(self, cr):
        """Prepare the index of account.move; return how often it was waited."""
        with patch.object(hooks.time, "sleep") as sleep:
            for model, addition in self._get_additions():
                if model._name == "account.move":
                    hooks._prepare_indexes(cr, model, addition)
        return sleep.call_count

    def test_g1_who_is_in_the_way_is_not_kept_waiting(self):
        """After some tries it is left to Odoo, which keeps nothing half done."""
        cr = Busy(self.env.cr)
        self.assertGreater(self._prepare_blocked_index(cr), 0)
        self.assertFalse([code for code in cr.statements if code.startswith("CREATE")])
        self.assertIn("COMMENT ON INDEX", cr.statements[-1], "Odoo builds it anew")

    def test_g1_half_an_index_is_none(self):
        """PostgreSQL keeps what it has begun under the name, and does not use it."""
        name = "account_move_followup_blocked_idx"
        look = "SELECT obj_description(%s::regclass)"
        (wanted,) = self.env.execute_query(SQL(look, name))
        self.env.cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))
        cr = Late(self.env.cr)
        self.assertEqual(self._prepare_blocked_index(cr), 1)
        done = [code.split()[0] for code in cr.statements]
        self.assertEqual(
            [one for one in done if one != "SELECT"],
            ["CREATE", "DROP", "CREATE", "COMMENT"],
        )
        self.assertEqual(self.env.execute_query(SQL(look, name)), [wanted])

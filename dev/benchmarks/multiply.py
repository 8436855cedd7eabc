"""Multiply rows of a database in SQL, ids and links included.

A group is a handful of rows that belong together, posted through the ORM: an invoice,
its payment, their journal items, what reconciles them. A copy of a group has the same
rows with new ids, linked to each other as the originals are; all else is copied.
"""

from collections import defaultdict

from odoo.tools import SQL

#: Seed of everything that is spread by hash.
SEED = 19


def spread(count, salt):
    """Return the SQL of a number from 0 to count - 1, by hash of the copy's number."""
    return SQL(
        "((hashint8extended(copy.number, %s) & 2147483647) %% %s)",
        SEED * 1000 + salt,
        count,
    )


class Multiplier:
    """Writes copies of groups of rows.

    :param cr: cursor of a superuser of the database
    """

    def __init__(self, cr):
        self.cr = cr
        self.links = self._read_links()
        self.columns = {}
        self.next_ids = {}

    def _query(self, query):
        self.cr.execute(query)
        return self.cr.fetchall()

    def _read_links(self):
        """Return {table: {column: table it points to}} of all foreign keys."""
        links = defaultdict(dict)
        for table, column, target in self._query(
            SQL(
                """
                SELECT conrelid::regclass::text, attname, confrelid::regclass::text
                  FROM pg_constraint
                  JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
                 WHERE contype = 'f' AND array_length(conkey, 1) = 1
                """
            )
        ):
            links[table][column] = target
        return links

    def get_columns(self, table):
        """Return {column: type} of a table."""
        if table not in self.columns:
            rows = self._query(
                SQL(
                    """
                    SELECT column_name, udt_name FROM information_schema.columns
                     WHERE table_schema = 'public' AND table_name = %s
                     ORDER BY ordinal_position
                    """,
                    table,
                )
            )
            self.columns[table] = dict(rows)
        return self.columns[table]

    def reserve(self, table, count):
        """Return the first of so many ids that nobody has."""
        if table not in self.next_ids:
            query = SQL("SELECT COALESCE(MAX(id), 0) FROM %s", SQL.identifier(table))
            self.next_ids[table] = self._query(query)[0][0] + 1
        first = self.next_ids[table]
        self.next_ids[table] += count
        return first

    def copy(self, group, count, picks, get_values):
        """Write copies of a group.

        :param dict group: {table: ids of its rows}
        :param int count: number of copies
        :param dict picks: {name: SQL}, worked out once for each copy and row, read as
            ``pick.name``; ``copy.number`` counts the copies from 0
        :param get_values: function (table, row, column, type, ids) that returns the SQL
            of a value, or None to copy it; ids(table, id) is the SQL of a new id
        """
        if count <= 0:
            return
        starts = {
            table: self.reserve(table, count * len(row_ids))
            for table, row_ids in group.items()
            if "id" in self.get_columns(table)
        }

        def get_id(table, row_id):
            row_ids = group[table]
            return SQL(
                "(%s + copy.number * %s)",
                starts[table] + row_ids.index(row_id),
                len(row_ids),
            )

        for table, row_ids in group.items():
            for row_id in row_ids:
                self._copy_row(table, row_id, group, count, picks, get_values, get_id)

    def _copy_row(self, table, row_id, group, count, picks, get_values, get_id):
        columns = self.get_columns(table)
        self.cr.execute(
            SQL("SELECT * FROM %s WHERE id = %s", SQL.identifier(table), row_id)
        )
        row = self.cr.dictfetchone()
        values = []
        for column, kind in columns.items():
            target = self.links[table].get(column)
            if column == "id":
                value = get_id(table, row_id)
            elif target in group and row[column] in group[target]:
                value = get_id(target, row[column])
            else:
                value = get_values(table, row, column, kind, get_id)
            values.append(value or SQL("source.%s", SQL.identifier(column)))
        self.cr.execute(
            SQL(
                """
                INSERT INTO %(table)s (%(columns)s)
                SELECT %(values)s
                  FROM %(table)s source
                 CROSS JOIN generate_series(0::bigint, %(last)s) copy(number)
                 CROSS JOIN LATERAL (SELECT %(picks)s OFFSET 0) pick
                 WHERE source.id = %(id)s
                """,
                table=SQL.identifier(table),
                columns=SQL(", ").join(map(SQL.identifier, columns)),
                values=SQL(", ").join(values),
                last=count - 1,
                picks=SQL(", ").join(
                    SQL("%s AS %s", value, SQL.identifier(name))
                    for name, value in picks.items()
                ),
                id=row_id,
            )
        )

    # ------------------------------------------------------------------
    # Before and after
    # ------------------------------------------------------------------

    def begin(self, tables):
        """Switch off triggers and put away the indexes that only make reading fast."""
        self.cr.execute("SET session_replication_role = replica")
        self.cr.execute("SET maintenance_work_mem = '512MB'")
        self.indexes = self._query(
            SQL(
                """
                SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
                  FROM pg_index
                 WHERE indrelid::regclass::text IN %s AND NOT indisprimary
                   AND indexrelid NOT IN (SELECT conindid FROM pg_constraint)
                """,
                tuple(tables),
            )
        )
        for name, _definition in self.indexes:
            self.cr.execute(SQL("DROP INDEX %s", SQL.identifier(name)))

    def end(self):
        """Make the indexes again, set the sequences, and let triggers work."""
        for _name, definition in self.indexes:
            self.cr.execute(definition)
        for table, following in self.next_ids.items():
            self.cr.execute(
                SQL(
                    "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)",
                    table,
                    following,
                )
            )
        self.cr.execute("SET session_replication_role = origin")
        self.cr.execute("RESET maintenance_work_mem")
        self.cr.commit()


def vacuum(cr):
    """Count rows and mark pages as seen, as the server does in quiet hours."""
    cr.commit()
    cr.connection.autocommit = True
    try:
        cr.execute("VACUUM (ANALYZE)")
    finally:
        cr.connection.autocommit = False

"""Columns of the reports, see ``account.followup.report`` for their shape."""

from odoo.tools import SQL


def sql_sum(amount, where):
    """Return the sum of an amount of the items on a condition, 0 for none."""
    return SQL("COALESCE(SUM(%s) FILTER (WHERE %s), 0)", amount, where)


def sql_select(columns, key, name="%s"):
    """Return what columns have as ``key``, named after them, for a statement."""
    return SQL(", ").join(
        SQL("%s AS %s", col[key], SQL.identifier(name % col["name"]))
        for col in columns
        if col.get(key)
    )


def make_column(kind, name, label, line=None, total=None, **more):
    """Return a column.

    :param str kind: ``text``, ``date``, ``integer`` or ``amount``
    :param SQL line: its value for a line
    :param SQL total: an aggregate over ``item`` for a customer
    """
    column = {"name": name, "label": label, "type": kind, **more}
    if line:
        column["line"] = line
    if total:
        column["sum"] = total
    return column


def make_due_date(env, line=None):
    line = line or SQL("item.due_date")
    return make_column("date", "due_date", env._("Due Date"), line)


def make_reference(env):
    """Return what stands beside the number of the entry, not the number again.

    Lines of one opening entry are told apart by their labels.
    """
    line = SQL(
        """
        CASE WHEN journal.type = 'general' AND item.ref <> '' AND item.label <> ''
              AND item.label NOT IN (item.ref, item.move_name)
             THEN CONCAT(item.ref, ' – ', item.label)
             ELSE COALESCE(
                  NULLIF(NULLIF(item.ref, ''), item.move_name),
                  NULLIF(NULLIF(item.label, ''), item.move_name)
                  )
        END
        """
    )
    return make_column("text", "ref", env._("Reference"), line)


def make_company_amount(options, name, label, amount, where=None, line=None):
    """Return [a total in company currency], nothing where all rows are in it.

    :param SQL amount: of an item, in company currency
    :param SQL where: condition for it to be added up
    :param SQL line: value of a line, if there is one
    """
    if options["currency"] == "company":
        return []
    total = sql_sum(amount, where or SQL("TRUE"))
    more = {"currency": "company", "foreign": True}
    return [make_column("amount", name, label, line, total, **more)]


def make_foreign_amount(options, label, amount):
    """Return [the amount of a line in its own currency], where that is another.

    :param SQL amount: in the currency of the document
    """
    if options["currency"] == "document":
        return []
    line = SQL(
        "CASE WHEN item.line_currency_id <> item.currency_id THEN %s END", amount
    )
    more = {"currency": "line", "foreign": True}
    return [make_column("amount", "amount_currency", label, line, **more)]

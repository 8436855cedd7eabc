from odoo import api, models
from odoo.tools import SQL

PREFIX = "account.followup.takeover.source."


class AccountFollowupTakeoverSource(models.AbstractModel):
    """What another follow-up add-on has left behind: one way to read it (X14).

    A module adds a source with a model ``account.followup.takeover.source.<name>``
    that inherits this one; the window finds it by that name. It reads, and decides
    nothing: how things are found in this database, what of it is taken and what is
    told as a doubt is the business of ``account.followup.takeover``.

    What is read are lists of dicts with these keys:

    * ``key``: what it is in the source, always the same, so that it is taken once
    * ``where``: where a person finds it there, for doubts
    * of an invoice one of ``line_id``, ``move_id``, ``number``
    * of a customer one of ``partner_id``, ``partner`` (name, reference, e-mail)
    """

    _name = "account.followup.takeover.source"
    _description = "Source of Another Follow-up Add-on"

    #: Place in the order in which they are offered; the last one there is proposed.
    _place = 50

    #: Name of the add-on, as the window shows it.
    _label = None

    #: Whether it is a file that the user uploads.
    _is_file = False

    #: Whether what is settled by now is a doubt. Add-ons keep years of it.
    _tells_settled = False

    #: Columns of res_partner with the day and the user of the two methods below.
    _next_date_column = None
    _responsible_column = None

    # ------------------------------------------------------------------
    # What a source says
    # ------------------------------------------------------------------

    @api.model
    def _get_label(self):
        return self._label

    @api.model
    def _is_there(self):
        """Return whether there is something to read in this database."""
        return True

    @api.model
    def _get_levels(self, takeover):
        """Return its levels: dicts of ``key``, ``name``, ``delay`` (None if it says
        none) and ``text``."""
        return []

    @api.model
    def _get_reminders(self, takeover):
        """Return what was sent: ``level`` (key), ``date``, and an invoice.

        The ``partner_id`` is whom it went to, if that is known; ``amount`` is what was
        claimed, in the currency of the journal item. What was not sent is left out.
        """
        return []

    @api.model
    def _get_exclusions(self, takeover):
        """Return who or what is never reminded: an invoice, else a customer."""
        return []

    @api.model
    def _get_next_dates(self, takeover):
        """Return ``date`` before which a customer is not to be reminded."""
        column = self._next_date_column
        return self._get_customer_facts(takeover, column, "date", "date")

    @api.model
    def _get_responsibles(self, takeover):
        """Return who looks after a customer: ``user_id`` or ``user`` (name)."""
        column = self._responsible_column
        return self._get_customer_facts(takeover, column, "int4", "user_id")

    @api.model
    def _get_manuals(self, takeover):
        """Return which customers are reminded by a person only."""
        return []

    @api.model
    def _get_problems(self, takeover):
        """Return what cannot be read, as (where, what it says, reason)."""
        return []

    @api.model
    def _get_facts(self, takeover):
        """Return all that it says, {kind: list}."""
        self.env.flush_all()  # the other add-on may be installed
        return {
            "levels": self._get_levels(takeover),
            "reminder": self._get_reminders(takeover),
            "exclusion": self._get_exclusions(takeover),
            "next_date": self._get_next_dates(takeover),
            "responsible": self._get_responsibles(takeover),
            "manual": self._get_manuals(takeover),
            "problem": self._get_problems(takeover),
        }

    # ------------------------------------------------------------------
    # All of them
    # ------------------------------------------------------------------

    @api.model
    def _get_names(self):
        """Return the names of the sources, in the order in which they are offered."""
        names = [
            name.removeprefix(PREFIX)
            for name in self.env.registry
            if name.startswith(PREFIX)
        ]
        return sorted(names, key=lambda name: (self._get(name)._place, name))

    @api.model
    def _get(self, name):
        """Return a source by its name."""
        return self.env[f"{PREFIX}{name}"]

    # ------------------------------------------------------------------
    # Tables
    # ------------------------------------------------------------------

    @api.model
    def _get_columns(self, table):
        """Return {column: type} of a table, nothing if it is not there.

        The other add-on may be installed, or gone with its tables left.
        """
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT column_name, data_type
                      FROM information_schema.columns
                     WHERE table_schema = current_schema() AND table_name = %s
                    """,
                    table,
                )
            )
        )

    @api.model
    def _has(self, table, *columns):
        """Return whether a table has all of some columns."""
        return bool(columns) and set(columns) <= self._get_columns(table).keys()

    @api.model
    def _get_sql_text(self, table, column, alias):
        """Return the text of a column, which may be translated: the user's words."""
        sql = SQL.identifier(alias, column)
        if self._get_columns(table).get(column) != "jsonb":
            return SQL("%s::text", sql)
        return SQL(
            "COALESCE(%(text)s ->> %(lang)s, %(text)s ->> 'en_US')",
            text=sql,
            lang=self.env.lang or "en_US",
        )

    @api.model
    def _get_customer_facts(self, takeover, column, kind, name):
        """Return a fact for each customer of whom a column says something.

        :param str column: of res_partner; None if there is none
        :param str kind: its type in PostgreSQL
        :param str name: key of the value in the fact
        """
        return self._get_column_facts("res.partner", takeover, column, kind, name)

    @api.model
    def _get_invoice_facts(self, takeover, column, kind, name):
        """Return a fact for each invoice of which a column says something.

        :param str column: of account_move
        """
        return self._get_column_facts("account.move", takeover, column, kind, name)

    @api.model
    def _get_column_facts(self, model, takeover, column, kind, name):
        table = model.replace(".", "_")
        columns = self._get_columns(table) if column else {}
        if column not in columns:
            return []
        value = SQL.identifier("record", column)
        if columns[column] == "jsonb":  # one for each company
            value = SQL("(%s ->> %s)", value, str(takeover.company_id.id))
        query = self._get_sql_column(takeover, table, value, kind)
        whom = {"res.partner": "partner_id", "account.move": "move_id"}[model]
        return [
            {
                "key": f"{model},{record_id},{value}",
                "where": f"{model} {record_id}",
                whom: record_id,
                name: value,
            }
            for record_id, value in self.env.execute_query(query)
        ]

    @api.model
    def _get_sql_column(self, takeover, table, value, kind):
        """Return what stands in a column of each record of the companies."""
        return SQL(
            """
            SELECT record.id, %(value)s::%(kind)s
              FROM %(table)s record
             WHERE %(value)s IS NOT NULL
               AND (record.company_id IS NULL OR record.company_id IN %(companies)s)
             ORDER BY record.id
            """,
            value=value,
            kind=SQL.identifier(kind),
            table=SQL.identifier(table),
            companies=takeover._get_company_ids(),
        )

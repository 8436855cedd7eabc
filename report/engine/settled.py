"""What was settled by an item of another row (F1, F5).

A payment may be matched with an invoice in another currency, of another customer,
of nobody, or of a company that is not shown. Its own row would then say for ever
that it is there to be used, and that of the invoice that something is owed. So
what was used moves, on the day of the match, from the row of the credit to that of
the debit: in the column of the credits, less there and more here, so that debits
and credits of all rows stay those of the ledger. With it the balance of a row is
what is open in it, on any day.
"""

from odoo.tools import SQL

from .matches import get_matched

#: Condition that the other side is of another customer.
OF_ANOTHER = SQL(
    """
    line.partner_id IS DISTINCT FROM other.partner_id
    AND COALESCE(customer.commercial_partner_id, 0)
        <> COALESCE(giver.commercial_partner_id, 0)
    """
)


class MovedItems:
    """A row for each side of such a match, as the items have them.

    The side is ``line``; ``other`` is what it was matched with.
    """

    def __init__(self, query):
        """:param query: a ``Query`` of the variant"""
        self.query = query
        self.options = query.options
        companies = query.report._get_companies()
        self.is_shown = SQL("other.company_id IN %s", tuple(companies.ids))

    def get_items(self, lines):
        """Return the rows, as SQL.

        :param lines: of ``Scope.get_query``
        """
        query = self.query
        return SQL(
            """
            SELECT %(fields)s, %(amounts)s, line.full_reconcile_id,
                   matched.id AS match_id, matched.is_debit,
                   COALESCE(giver.commercial_partner_id, 0) AS other_partner_id,
                   other.currency_id AS other_currency_id,
                   other.company_id AS other_company_id
              FROM (%(lines)s) line
              LEFT JOIN res_partner customer ON customer.id = line.partner_id
              JOIN (%(matched)s) matched ON matched.line_id = line.id
              JOIN account_move_line other ON other.id = matched.other_id
              LEFT JOIN res_partner giver ON giver.id = other.partner_id
             WHERE matched.max_date <= %(last)s
               AND other.parent_state IN %(states)s
               AND (%(crossing)s)
            """,
            fields=self._get_fields(),
            amounts=self._get_amounts(),
            lines=lines.select(SQL("account_move_line.*")),
            matched=get_matched(),
            last=self.options["date_to"],
            states=tuple(query.scope.get_states()),
            crossing=self._get_crossing(),
            to_flush=query.get_fields_read(),
        )

    def _get_crossing(self):
        """Return the condition that a match has its sides in two rows."""
        reasons = [OF_ANOTHER]
        if self.query.is_document:
            # the amounts differ where core matched in company currency only
            reasons.append(SQL("line.currency_id <> other.currency_id"))
            reasons.append(
                SQL("matched.amount_currency <> -matched.other_amount_currency")
            )
        if self.options["currency_ids"]:
            chosen = tuple(self.options["currency_ids"])
            reasons.append(SQL("other.currency_id NOT IN %s", chosen))
        if self.query.report._is_settled_elsewhere:
            return SQL(" OR ").join([SQL("NOT (%s)", self.is_shown), *reasons])
        return SQL("%s AND (%s)", self.is_shown, SQL(" OR ").join(reasons))

    def _get_amounts(self):
        """Return the amounts as those of items: a credit, or less of it."""
        name = "amount_currency" if self.query.is_document else "balance"
        return SQL(
            """
            %(amount)s AS amount, 0.0 AS debit, -%(amount)s AS credit,
            matched.amount_currency, matched.balance
            """,
            amount=SQL.identifier("matched", name),
        )

    def _get_fields(self):
        """Return the columns of an item: those of the entry that settles.

        An entry of another company is not named.
        """
        move_id, move_name, journal_id = (
            SQL(
                "CASE WHEN %s THEN other.%s ELSE line.%s END",
                self.is_shown,
                *[SQL.identifier(name)] * 2,
            )
            for name in ("move_id", "move_name", "journal_id")
        )
        return SQL(
            """
            line.id, %(move_id)s AS move_id, %(move_name)s AS move_name,
            NULL::varchar AS label, NULL::varchar AS ref, %(journal_id)s AS journal_id,
            line.account_id, matched.max_date AS date, NULL::date AS invoice_date,
            COALESCE(customer.commercial_partner_id, 0) AS partner_id,
            %(currency)s AS currency_id,
            line.currency_id AS line_currency_id, NULL::date AS due_date,
            line.parent_state, line.matching_number, NULL::boolean AS no_followup,
            NULL::date AS followup_hold_until, NULL::date AS expected_payment_date,
            0.0 AS open_company, 0.0 AS open_own
            """,
            move_id=move_id,
            move_name=move_name,
            journal_id=journal_id,
            currency=self.query.get_currency(),
        )


class MovedWords:
    """What is said of such a row: what it was settled by or used for."""

    def __init__(self, report):
        self.report = report
        self.env = report.env

    def add(self, found):
        """Add ``settled_with`` to the rows that have moved, and return all rows."""
        moved = [row for row in found if row["match_id"]]
        if moved:
            partners = self.env["res.partner"].browse(
                {row["other_partner_id"] for row in moved if row["other_partner_id"]}
            )
            names = {
                partner.id: partner.display_name
                for partner in partners._filtered_access("read")
            }
            for row in moved:
                row["settled_with"] = self._get_other_name(row, names)
        return found

    def _get_other_name(self, row, names):
        """Return whose or what the other side of a match is.

        :param dict names: those of the customers that the user may read
        """
        if row["other_partner_id"] != row["partner_id"]:
            if not row["other_partner_id"]:
                return self.env._("an entry without customer")
            unknown = self.env._("another customer")
            return names.get(row["other_partner_id"], unknown)
        company = self.env["res.company"].browse(row["other_company_id"])
        if company not in self.report._get_companies():
            is_own = company in self.env.user.company_ids
            return company.name if is_own else self.env._("another company")
        return self.env["res.currency"].browse(row["other_currency_id"]).name

    def get_label(self, row):
        """Return what stands beside the number of the entry."""
        if row["other_partner_id"] != row["partner_id"]:
            if row["is_debit"]:
                return self.env._("Settled by %s", row["settled_with"])
            return self.env._("Used for %s", row["settled_with"])
        if row["is_debit"]:
            return self.env._("Settled in %s", row["settled_with"])
        return self.env._("Used in %s", row["settled_with"])

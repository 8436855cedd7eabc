"""What was matched with what, as SQL."""

from odoo.tools import SQL


def get_matched():
    """Return both sides of each match, with what it takes from the item."""
    return SQL(
        """
        SELECT partial.id, TRUE AS is_debit, partial.max_date,
               partial.debit_move_id AS line_id, partial.credit_move_id AS other_id,
               -partial.amount AS balance,
               -partial.debit_amount_currency AS amount_currency,
               partial.credit_amount_currency AS other_amount_currency
          FROM account_partial_reconcile partial
         UNION ALL
        SELECT partial.id, FALSE, partial.max_date,
               partial.credit_move_id, partial.debit_move_id,
               partial.amount,
               partial.credit_amount_currency,
               -partial.debit_amount_currency
          FROM account_partial_reconcile partial
        """
    )


def get_ignored(scope):
    """Return the items of entries that do not count, found by core's index.

    It begins with the journal and the state.
    """
    journals = scope.env["account.journal"].sudo().with_context(active_test=False)
    states = {"draft", "posted", "cancel"} - set(scope.get_states())
    return SQL(
        """
        SELECT ignored.id
          FROM account_move move
          JOIN account_move_line ignored ON ignored.move_id = move.id
         WHERE move.journal_id IN %(journals)s
           AND move.state IN %(states)s
           AND ignored.account_id IN %(accounts)s
        """,
        journals=tuple(journals.search([]).ids) or (None,),
        states=tuple(sorted(states)),
        accounts=tuple(scope.get_accounts().ids) or (None,),
    )

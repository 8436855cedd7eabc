from odoo import api, models
from odoo.tools import SQL

from ..tools.sql import get_fields

#: Items in the currency of the company, and those in others as the index has it: a
#: branch has the currency of its main company.
OWN_CURRENCY = SQL("line.currency_id = company.currency_id")
OTHER_CURRENCIES = SQL("line.currency_id <> line.company_currency_id")


class AccountFollowupItem(models.Model):
    """What is nowhere in the books, the statement need not ask for."""

    _inherit = "account.followup.item"

    @api.model
    def _read_ground(self, days):
        """Return what the statement stands on, in one query.

        :param days: dict {root company: date that counts as today}
        :return: dict with ``account_ids`` (receivable accounts), ``rests`` (reasons of
            ``_get_resting`` for which something rests), ``disputed`` (a part of some
            item is in dispute by itself) and ``foreign`` (something is open in another
            currency than that of its company)
        """
        return self.env.execute_query_dict(self._get_sql_ground(days))[0]

    @api.model
    def _get_sql_ground(self, days):
        names = {"account.account": ("account_type", "non_trade")}
        return SQL(
            """
            SELECT ARRAY(
                       SELECT account.id
                         FROM account_account account
                        WHERE account.account_type = 'asset_receivable'
                          AND account.non_trade IS NOT TRUE
                        ORDER BY account.id
                   ) AS account_ids,
                   ARRAY_REMOVE(ARRAY[%(rests)s], NULL) AS rests,
                   EXISTS (
                       SELECT
                         FROM account_followup_dispute dispute
                        WHERE dispute.state = 'open'
                          AND dispute.is_rest_claimed
                          AND dispute.company_id IN %(companies)s
                   ) AS disputed,
                   %(foreign)s AS "foreign"
            """,
            rests=self._get_sql_rests(),
            companies=tuple(company.id for company in days) or (None,),
            foreign=self._get_sql_is_foreign(),
            to_flush=[
                *get_fields(self.env, names),
                *self._get_fields_read(),
                *self._get_dispute_fields(),
            ],
        )

    @api.model
    def _get_sql_rests(self):
        """Return a list of the reasons for which something rests, empty for others.

        They are counted: whether there are any at all the database would look for in
        the whole table, since it takes for granted that there are.
        """
        return SQL(", ").join(
            SQL(
                "CASE WHEN (SELECT COUNT(*) FROM (%s) resting) > 0 THEN %s::text END",
                resting,
                reason,
            )
            for reason, (_column, resting) in self._get_resting().items()
        )

    @api.model
    def _get_sql_is_foreign(self):
        """Return whether something is open in another currency.

        The least account is the first one of the index; see ``_get_sql_rests``.
        """
        return SQL(
            """
            (
                SELECT MIN(line.account_id)
                  FROM account_move_line line
                 WHERE %s AND %s
            ) IS NOT NULL
            """,
            self._get_sql_where(),
            OTHER_CURRENCIES,
        )

from odoo import api, models
from odoo.tools import SQL

from ..tools.sql import get_fields


class AccountFollowupPromiseLedger(models.AbstractModel):
    """What is in dispute is not wanted of a promise (rule 14).

    It counts what was so on the last day of the promise, before that what is so now:
    nobody had to pay then what was being looked into, and who is told later that he
    was wrong was not late with his promise. A promise that was broken before stays so,
    and who promises what is in dispute already means it.
    """

    _inherit = "account.followup.promise.ledger"

    @api.model
    def _get_sql_disputed(self):
        """Return how much of what was open on the last day was not wanted of it.

        Of several disputes of an item the greatest one counts.
        """
        parts = self.env["account.followup.dispute.part"]
        return SQL(
            """
            SELECT COALESCE(SUM(held.amount), 0) AS amount
              FROM (
                   SELECT MAX(
                              CASE WHEN %(is_whole)s THEN still.amount
                                   ELSE LEAST(%(left)s, still.amount)
                              END
                          ) AS amount
                     FROM account_followup_promise_line_rel rel
                     JOIN account_followup_dispute_line_rel disputed
                       ON disputed.line_id = rel.line_id
                     JOIN account_followup_dispute dispute
                       ON dispute.id = disputed.dispute_id
                     JOIN account_move_line line ON line.id = rel.line_id
                     JOIN res_partner owner ON owner.id = line.partner_id
                    CROSS JOIN LATERAL (%(still)s) still
                    WHERE rel.promise_id = promise.id
                      AND line.parent_state = 'posted'
                      AND owner.commercial_partner_id = promise.partner_id
                      AND %(is_held)s
                    GROUP BY rel.line_id
                   ) held
            """,
            is_whole=self._get_sql_is_whole(SQL("day.last")),
            left=parts._get_sql_left(until=SQL("day.last")),
            still=self._get_sql_still_open(),
            is_held=self._get_sql_is_held(SQL("day.last")),
        )

    @api.model
    def _get_sql_is_held(self, last):
        """Return the condition that ``dispute`` keeps ``promise`` from being due.

        What was accepted counts on, since there is to be a credit note.

        :param SQL last: last day of the promise
        """
        return SQL(
            """
            (
                dispute.date <= %(last)s
                AND (
                    (
                        dispute.state = 'accepted'
                        AND dispute.closed_on >= promise.made_on
                    )
                    OR (
                        (dispute.create_date < promise.create_date) IS NOT TRUE
                        AND (dispute.state = 'open' OR dispute.closed_on >= %(last)s)
                    )
                )
            )
            """,
            last=last,
        )

    @api.model
    def _get_sql_is_whole(self, last):
        """Return the condition that all of an item was at rest for ``dispute``.

        It is so, too, for a part whose rest was not claimed, as long as it was open.

        :param SQL last: last day of the promise
        """
        return SQL(
            """
            (
                dispute.is_partial IS NOT TRUE
                OR (
                    dispute.is_rest_claimed IS NOT TRUE
                    AND (dispute.state = 'open' OR dispute.closed_on >= %s)
                )
            )
            """,
            last,
        )

    @api.model
    def _get_sql_still_open(self):
        """Return what was open of ``line`` on the last day of the promise."""
        return SQL(
            """
            SELECT GREATEST(line.amount_residual_currency, 0) + COALESCE((
                       SELECT SUM(matched.debit_amount_currency)
                         FROM account_partial_reconcile matched
                         JOIN account_move_line other
                           ON other.id = matched.credit_move_id
                        WHERE matched.debit_move_id = line.id
                          AND other.parent_state = 'posted'
                          AND other.date > day.last
                          AND (matched.create_date < promise.create_date) IS NOT TRUE
                   ), 0) AS amount
            """
        )

    @api.model
    def _get_sql_was_at_rest(self, last):
        """Return the condition that all of ``line`` was at rest on the last day.

        :param SQL last: last day of ``promise``
        """
        return SQL(
            """
            EXISTS (
                SELECT
                  FROM account_followup_dispute_line_rel disputed
                  JOIN account_followup_dispute dispute
                    ON dispute.id = disputed.dispute_id
                 WHERE disputed.line_id = line.id
                   AND %s
                   AND %s
            )
            """,
            self._get_sql_is_held(last),
            self._get_sql_is_whole(last),
        )

    @api.model
    def _get_dispute_fields(self):
        """Return what the statement reads of disputes."""
        names = ("closed_on", "date", "is_partial", "is_rest_claimed", "state")
        return [
            *get_fields(self.env, {"account.followup.dispute": names}),
            *self.env["account.followup.dispute.part"]._get_fields_read(),
        ]

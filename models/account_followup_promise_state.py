from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

#: What the statement reads of others, whatever the promises are.
FIELDS_READ = {
    "account.move.line": (
        "account_id",
        "amount_residual_currency",
        "balance",
        "date",
        "journal_id",
        "move_id",
        "parent_state",
        "partner_id",
    ),
    "account.partial.reconcile": (
        "credit_move_id",
        "debit_amount_currency",
        "debit_move_id",
    ),
    "account.account": ("account_type",),
    "account.journal": ("type",),
    "res.partner": ("commercial_partner_id",),
    "res.currency": ("rounding",),
}


class AccountFollowupPromise(models.Model):
    """What became of a promise: read from the ledger, right at any time (rule 14).

    Nothing is noted when a payment is matched or taken back, so these cost nothing,
    and no job has to run before the answer is right.
    """

    _inherit = "account.followup.promise"

    @api.depends("amount", "ended", "line_ids", "rest_until")
    def _compute_state(self):
        states = self._get_states()
        for promise in self:
            state, paid = states.get(promise._origin.id, ("open", 0.0))
            promise.state = state
            promise.paid_amount = paid

    def _get_states(self):
        """Return {id: (state, paid amount)} of these promises."""
        days = self.sudo().company_id._get_followup_day()
        condition = SQL("promise.id IN %s", tuple(self._origin.ids) or (None,))
        rows = self.env.execute_query(
            self.env["account.followup.promise.ledger"]._get_sql_states(days, condition)
        )
        return {id_: (state, float(paid)) for id_, state, paid, _wanted in rows}

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        ledger = self.env["account.followup.promise.ledger"]
        states = ledger._get_sql_states(self._get_days_seen(), SQL("TRUE"))
        values = tuple(item for item in value if item) or (None,)
        found = SQL(
            "(SELECT found.id FROM (%s) found WHERE found.state IN %s)", states, values
        )
        return Domain("id", "in", found)

    def _field_to_sql(self, alias, field_expr, query=None):
        # EXTENDS 'base': so that lists can group by it
        name, _property = fields.parse_field_expr(field_expr)
        if name != "state":
            return super()._field_to_sql(alias, field_expr, query)
        condition = SQL("promise.id = %s", SQL.identifier(alias, "id"))
        ledger = self.env["account.followup.promise.ledger"]
        states = ledger._get_sql_states(self._get_days_seen(), condition)
        return SQL("(SELECT found.state FROM (%s) found)", states)

    @api.model
    def _get_days_seen(self):
        """Return {root company: today} of those whose promises can be asked for."""
        companies = self.env.companies.sudo().root_id
        if self.env.su:
            companies = self.env["res.company"].search([("parent_id", "=", False)])
        return companies._get_followup_day()


class AccountFollowupPromiseLedger(models.AbstractModel):
    """What the ledger says of promises, as one statement."""

    _name = "account.followup.promise.ledger"
    _description = "Promises to Pay in the Ledger"

    @api.model
    def _get_sql_states(self, days, condition):
        """Return a row per promise: id, state, paid in time, is anything wanted of it.

        * ``paid``: by payments, lines of bank statements and what general entries
          book on bank or cash, from the day on which it was made until its last day,
          both with the tolerance
        * ``wanted``: the amount, less what was settled otherwise: credit notes and
          write-offs make a promise smaller, but nobody has kept it by them; and less
          what is in dispute (``_get_sql_disputed``)
        * of instalments the money counts for the earlier ones first

        :param days: dict {root company: date that counts as today}
        :param SQL condition: on ``promise``
        """
        return SQL(
            """
            SELECT promise.id,
                   %(state)s AS state,
                   LEAST(share.paid, promise.amount) AS paid_amount,
                   share.wanted * 2 >= currency.rounding AS is_wanted
              FROM account_followup_promise promise
              JOIN (%(days)s) company(id, today) ON company.id = promise.company_id
              JOIN res_currency currency ON currency.id = promise.currency_id
             CROSS JOIN LATERAL (SELECT %(last)s AS last) day
             CROSS JOIN LATERAL (%(items)s) item
             CROSS JOIN LATERAL (%(money)s) money
             CROSS JOIN LATERAL (%(disputed)s) disputed
             CROSS JOIN LATERAL (%(share)s) share
             WHERE %(condition)s
            """,
            last=self._get_sql_last_day(),
            state=self._get_sql_state(),
            days=self._get_sql_days(days),
            items=self._get_sql_promised(),
            money=self._get_sql_money(),
            disputed=self._get_sql_disputed(),
            share=self._get_sql_shares(),
            condition=condition,
            to_flush=self._get_fields_read(),
        )

    @api.model
    def _get_sql_shares(self):
        """Return what was paid of it, and what was to be paid, see above.

        ``agreed`` is what was to be paid with what is in dispute.
        """
        return SQL(
            """
            SELECT GREATEST(money.paid - COALESCE(promise.amount_before, 0), 0) AS paid,
                   LEAST(promise.amount, owed.amount) AS agreed,
                   LEAST(promise.amount, owed.amount - disputed.amount) AS wanted
              FROM (
                   SELECT promise.amount_open - COALESCE(promise.amount_before, 0)
                          - GREATEST(
                              promise.amount_open - money.paid
                              - item.residual - money.settled_later, 0
                          ) AS amount
                   ) owed
            """
        )

    @api.model
    def _get_sql_state(self):
        return SQL(
            """
            CASE WHEN promise.ended IS NOT NULL THEN promise.ended
                 WHEN share.paid * 2 >= currency.rounding
                      AND share.paid + currency.rounding / 2
                          >= share.wanted * (1 - promise.tolerance_percent / 100.0)
                 THEN 'kept'
                 -- nothing of it is left to be paid
                 WHEN share.agreed * 2 < currency.rounding THEN 'cancelled'
                 WHEN company.today <= day.last THEN 'open'
                 -- all of it was in dispute
                 WHEN share.wanted * 2 < currency.rounding THEN 'cancelled'
                 WHEN share.paid * 2 >= currency.rounding THEN 'partly'
                 ELSE 'broken'
            END
            """
        )

    @api.model
    def _get_sql_days(self, days):
        rows = [SQL("(%s, %s::date)", company.id, day) for company, day in days.items()]
        return SQL("VALUES %s", SQL(", ").join(rows or [SQL("(0, NULL::date)")]))

    @api.model
    def _get_sql_promised(self):
        """Return what is open now of the items that are still the customer's."""
        return SQL(
            """
            SELECT COALESCE(SUM(GREATEST(line.amount_residual_currency, 0)), 0)
                   AS residual
              FROM account_followup_promise_line_rel rel
              JOIN account_move_line line ON line.id = rel.line_id
              JOIN res_partner owner ON owner.id = line.partner_id
             WHERE rel.promise_id = promise.id
               AND line.parent_state = 'posted'
               AND owner.commercial_partner_id = promise.partner_id
            """
        )

    @api.model
    def _get_sql_money(self):
        """Return what payments have settled in time, and what was settled later."""
        in_time = SQL("other.date BETWEEN %s AND day.last", self._get_sql_first_day())
        return SQL(
            """
            SELECT COALESCE(SUM(matched.debit_amount_currency * %(share)s)
                            FILTER (WHERE %(in_time)s), 0) AS paid,
                   COALESCE(SUM(matched.debit_amount_currency)
                            FILTER (WHERE other.date > day.last), 0) AS settled_later
              FROM account_followup_promise_line_rel rel
              JOIN account_move_line line ON line.id = rel.line_id
              JOIN res_partner owner ON owner.id = line.partner_id
              JOIN account_partial_reconcile matched
                ON matched.debit_move_id = line.id
              JOIN account_move_line other ON other.id = matched.credit_move_id
             WHERE rel.promise_id = promise.id
               AND line.parent_state = 'posted'
               AND other.parent_state = 'posted'
               AND owner.commercial_partner_id = promise.partner_id
               -- what was matched before is no part of what was open then
               AND (matched.create_date < promise.create_date) IS NOT TRUE
            """,
            share=self._get_sql_share(SQL("other.move_id")),
            in_time=in_time,
        )

    @api.model
    def _get_sql_last_day(self):
        return SQL("(promise.rest_until + promise.tolerance_days)")

    @api.model
    def _get_sql_first_day(self):
        """Return the day from which money counts that was matched after the promise.

        It may have been on its way when somebody noted it, or have the bank's day: so
        many days before as the tolerance is after it. Of a payment that the customer
        says to have made as many before its day as reminders rest for it after it.
        """
        return SQL(
            """
            promise.made_on - CASE WHEN promise.is_payment
                                   THEN promise.rest_until - promise.made_on
                                   ELSE promise.tolerance_days
                              END
            """
        )

    @api.model
    def _get_sql_share(self, move):
        """Return how much of an entry is money: 1 of a payment, 0 of a credit note.

        What a payment writes off beside the money is a part of its own entry. Who books
        payments as general entries has no payment at all, but an account of bank or
        cash: that part of what the entry credits to customers is money.

        :param SQL move: id of the entry
        """
        credited = SQL(
            "NULLIF(-SUM(part.balance) FILTER (WHERE part.balance < 0"
            " AND account.account_type = 'asset_receivable'), 0)"
        )
        return SQL(
            """
            (
                SELECT CASE WHEN MIN(journal.type) IN ('bank', 'cash', 'credit')
                            THEN GREATEST(1 - GREATEST(
                                SUM(part.balance) FILTER (
                                    WHERE account.account_type LIKE 'income%%'
                                       OR account.account_type LIKE 'expense%%'
                                ), 0
                            ) / %(credited)s, 0)
                            WHEN MIN(journal.type) = 'general'
                            -- a missing number would be passed over, not be zero
                            THEN GREATEST(LEAST(COALESCE(
                                SUM(part.balance) FILTER (
                                    WHERE account.account_type = 'asset_cash'
                                ) / %(credited)s, 0), 1), 0)
                            ELSE 0
                       END
                  FROM account_move_line part
                  JOIN account_account account ON account.id = part.account_id
                  JOIN account_journal journal ON journal.id = part.journal_id
                 WHERE part.move_id = %(move)s
            )
            """,
            credited=credited,
            move=move,
        )

    @api.model
    def _get_fields_read(self):
        own = (
            "amount",
            "amount_before",
            "amount_open",
            "company_id",
            "currency_id",
            "ended",
            "is_payment",
            "line_ids",
            "made_on",
            "partner_id",
            "rest_until",
            "tolerance_days",
            "tolerance_percent",
        )
        return [
            *(self.env["account.followup.promise"]._fields[name] for name in own),
            *(
                self.env[model]._fields[name]
                for model, names in FIELDS_READ.items()
                for name in names
            ),
            *self._get_dispute_fields(),
        ]

from odoo import api, models
from odoo.tools import SQL

from .payment_transaction import NO_PROVIDERS, UNDER_WAY


class AccountFollowupItem(models.Model):
    """Why and until when an item rests (rule 3)."""

    _inherit = "account.followup.item"

    @api.model
    def _get_rest_reasons(self):
        """Rule 3: return why an item rests. Modules that know another reason add it.

        All else follows from it: status, claims, next reminder, run, filters. The label
        is that of ``rest_reason``.

        :return: list of (reason, condition on ``line`` and ``company``, last day, None
            if it is not known); what has no last day goes before what has one
        """
        hold = SQL("line.followup_hold_until")
        expected = SQL("line.expected_payment_date")
        return [
            ("excluded", SQL("line.no_followup"), None),
            ("blocked", self._get_sql_is_resting("blocked"), None),
            ("online_payment", self._get_sql_is_resting("online_payment"), None),
            ("hold", SQL("%s >= company.today", hold), hold),
            ("expected_payment", SQL("%s >= company.today", expected), expected),
        ]

    @api.model
    def _get_resting(self):
        """Return the reasons that are rare: of these the database has a list.

        Where that is empty, the rule does not ask for it (``_read_ground``). Therefore
        it has all for which the condition of the reason holds, and what it reads is in
        its ``to_flush``.

        Core keeps an invoice blocked when it has been paid, but then nothing is open. A
        wire transfer that is announced (``custom``) is no payment yet; what the
        provider has got is one, also while core has not made an entry of it
        (``UNDER_WAY``).

        :return: dict {reason: (column of ``line``, statement of its values)}
        """
        blocked = SQL(
            "SELECT blocked.id"
            "  FROM account_move blocked"
            " WHERE blocked.payment_state = 'blocked'"
        )
        paid = SQL(
            """
            SELECT paid.invoice_id
              FROM (SELECT id, provider_id FROM payment_transaction WHERE %s) payment
              JOIN payment_provider provider ON provider.id = payment.provider_id
              JOIN account_invoice_transaction_rel paid
                ON paid.transaction_id = payment.id
             WHERE provider.code NOT IN %s
            """,
            SQL(UNDER_WAY),
            NO_PROVIDERS,
        )
        return {
            "blocked": (SQL("line.move_id"), blocked),
            "online_payment": (SQL("line.move_id"), paid),
        }

    @api.model
    def _get_sql_is_resting(self, reason):
        """Return the condition of a rare reason, see ``_get_resting``."""
        return SQL("%s IN (%s)", *self._get_resting()[reason])

    @api.model
    def _get_dated_reasons(self):
        """Return the reasons that end on a day which is known, see ``free_date``."""
        return tuple(
            reason for reason, _condition, day in self._get_rest_reasons() if day
        )

    @api.model
    def _get_sql_rest_reason(self, parts):
        """Return the reason that counts: one without a last day, if there is one.

        :param dict parts: see ``_get_sql_parts``
        """
        # what another module adds to a reason is no such condition, and stays
        absent = [
            self._get_sql_is_resting(reason)
            for reason in self._get_resting()
            if reason not in parts["rests"]
        ]
        reasons = sorted(
            (reason for reason in self._get_rest_reasons() if reason[1] not in absent),
            key=lambda reason: (reason[0] != "excluded", reason[2] is not None),
        )
        return SQL(
            "CASE %s END",
            SQL(" ").join(
                SQL("WHEN %s THEN %s", condition, SQL("%s::text", reason))
                for reason, condition, _day in reasons
            ),
        )

    @api.model
    def _get_sql_free_date(self):
        """Return the day after all those on which it rests, empty if there is none."""
        days = [day for _reason, _condition, day in self._get_rest_reasons() if day]
        if not days:
            return SQL("NULL::date")
        return self._get_sql_clamped(
            SQL("COALESCE(%s)", SQL(", ").join(days)),
            *(SQL("%s + 1", day) for day in days),
        )

    @api.model
    def _get_sql_comes(self):
        """Return the condition that ``item`` rests until a day, if at all."""
        return SQL(
            "(item.rest_reason IS NULL OR item.rest_reason IN %s)",
            self._get_dated_reasons() or (None,),
        )

from odoo import api, models
from odoo.tools import SQL

from ..tools.sql import get_fields

#: What the amount that is left of a disputed part is read from.
FIELDS_READ = {
    "account.followup.dispute": ("amount", "line_ids"),
    "account.partial.reconcile": (
        "credit_move_id",
        "debit_amount_currency",
        "debit_move_id",
    ),
    "account.move.line": ("date", "move_id"),
    "account.move": ("move_type",),
}


class AccountFollowupDisputePart(models.AbstractModel):
    """How much of a disputed part is left, said once (rule 15).

    A credit note that is matched after the dispute was opened is made for what the
    customer complains of: it settles the disputed part first. Money settles what is
    claimed first, since nobody pays what he disputes.
    """

    _name = "account.followup.dispute.part"
    _description = "Parts of Invoices in Dispute"

    @api.model
    def _get_sql_left(self, until=None):
        """Return what is left of ``dispute.amount`` of the item ``disputed.line_id``.

        Who uses it flushes what ``_get_fields_read`` says.

        :param SQL until: credit notes of later days do not count
        """
        in_time = SQL("credited.date <= %s", until) if until else SQL("TRUE")
        return SQL(
            """
            GREATEST(dispute.amount - COALESCE((
                SELECT SUM(matched.debit_amount_currency)
                  FROM account_partial_reconcile matched
                  JOIN account_move_line credited
                    ON credited.id = matched.credit_move_id
                  JOIN account_move note ON note.id = credited.move_id
                 WHERE matched.debit_move_id = disputed.line_id
                   AND (matched.create_date < dispute.create_date) IS NOT TRUE
                   AND note.move_type = 'out_refund'
                   AND %s
            ), 0), 0)
            """,
            in_time,
        )

    @api.model
    def _get_fields_read(self):
        return get_fields(self.env, FIELDS_READ)

    @api.model
    def _get_left(self, disputes):
        """Return {dispute id: what is left of the part}, of disputes of a part."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT dispute.id, MAX(%s)
                  FROM account_followup_dispute dispute
                  JOIN account_followup_dispute_line_rel disputed
                    ON disputed.dispute_id = dispute.id
                 WHERE dispute.id IN %s AND dispute.is_partial
                 GROUP BY dispute.id
                """,
                self._get_sql_left(),
                tuple(disputes.ids) or (None,),
                to_flush=[
                    *self._get_fields_read(),
                    disputes._fields["is_partial"],
                ],
            )
        )
        return {id_: float(left) for id_, left in rows}

    @api.model
    def _get_claimed(self, lines):
        """Return what is claimed of some items of one currency (rule 15).

        It is what is open, without the parts that are in dispute by themselves.
        """
        disputes = self.env["account.followup.dispute"]._get_open(lines)
        disputes = disputes.filtered("is_rest_claimed")
        left = self._get_left(disputes) if disputes else {}
        parts = {
            line.id: left[dispute.id]
            for dispute in disputes
            for line in dispute.line_ids
        }
        amounts = [
            (line.amount_residual_currency, parts.get(line._origin.id, 0.0))
            for line in lines
        ]
        return sum(
            residual - part if part < residual else residual
            for residual, part in amounts
        )

    @api.model
    def _get_over(self, disputes):
        """Return the disputes of which nothing is left: all of the part is credited."""
        partial = disputes.filtered("is_partial")
        left = self._get_left(partial) if partial else {}
        return partial.filtered(
            lambda one: one.currency_id.is_zero(left.get(one.id, one.amount))
        )

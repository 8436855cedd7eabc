from odoo import api, fields, models
from odoo.tools import SQL


class AccountFollowupItem(models.Model):
    """A part of an item is in dispute, the rest of it is claimed (rule 15).

    Here is said once how much is claimed; claims, minimum amount and messages follow
    from ``residual``. Who asks what is open in the books adds the part to it. Where no
    such dispute is open, the statement knows nothing of it.
    """

    _inherit = "account.followup.item"

    disputed_part = fields.Monetary(
        readonly=True,
        help="In dispute by itself: it rests, and what is open beside it is claimed.",
    )
    amount_open = fields.Monetary(
        "Open Amount", readonly=True, help="In the currency of the item."
    )
    amount_open_company = fields.Monetary(
        "Open Amount in Company Currency",
        currency_field="company_currency_id",
        readonly=True,
    )
    amount_resting = fields.Monetary(
        "Amount at Rest",
        readonly=True,
        help="What is open of what rests, else the part that is in dispute.",
    )
    rest_kind = fields.Selection(
        "_get_rest_kinds",
        string="Resting",
        readonly=True,
        help="Why it rests, or a part of it.",
    )

    @api.model
    def _get_rest_kinds(self):
        return self._fields["rest_reason"]._description_selection(self.env)

    # ------------------------------------------------------------------
    # The rule
    # ------------------------------------------------------------------

    @api.model
    def _get_sql_partner(self, is_whole, parts):
        # EXTENDS 'account_payment_followup'
        partner = super()._get_sql_partner(is_whole, parts)
        if not parts["disputed"]:
            return partner
        return SQL(
            """
            %s
              LEFT JOIN (
                   SELECT disputed.line_id, MAX(%s) AS amount
                     FROM account_followup_dispute dispute
                     JOIN account_followup_dispute_line_rel disputed
                       ON disputed.dispute_id = dispute.id
                    WHERE dispute.state = 'open' AND dispute.is_rest_claimed
                    GROUP BY disputed.line_id
                   ) part ON part.line_id = line.id
            """,
            partner,
            self.env["account.followup.dispute.part"]._get_sql_left(),
        )

    @api.model
    def _get_sql_amounts(self, parts):
        # EXTENDS 'account_payment_followup': when nothing is left beside the part, all
        # of it rests, see ``_get_resting``
        if not parts["disputed"]:
            return super()._get_sql_amounts(parts)
        open_amount = SQL("line.amount_residual_currency")
        open_company = SQL("COALESCE(line.amount_residual, 0)")
        is_split = SQL("part.amount < %s", open_amount)
        claimed = SQL("%s - part.amount", open_amount)
        claimed_company = SQL(
            "ROUND(%s * (%s) / %s / company.unit) * company.unit",
            open_company,
            claimed,
            open_amount,
        )
        columns = {
            "residual": (claimed, open_amount),
            "residual_company": (claimed_company, open_company),
            "disputed_part": (SQL("part.amount"), SQL("0")),
            "disputed_part_company": (
                SQL("%s - %s", open_company, claimed_company),
                SQL("0"),
            ),
        }
        return SQL(", ").join(
            SQL(
                "CASE WHEN %s THEN %s ELSE %s END AS %s",
                is_split,
                split,
                whole,
                SQL.identifier(name),
            )
            for name, (split, whole) in columns.items()
        )

    @api.model
    def _get_sql_open(self, parts, suffix=""):
        """Return what is open of ``item`` in the books.

        :param str suffix: ``_company`` for the amount in company currency
        """
        claimed = SQL.identifier("item", f"residual{suffix}")
        if not parts["disputed"]:
            return claimed
        part = SQL.identifier("item", f"disputed_part{suffix}")
        return SQL("(%s + %s)", claimed, part)

    @api.model
    def _get_sql_listed(self, parts):
        """Return the columns that lists have beside those of the rule.

        Beside ``item`` there is ``excluded``, the case of a customer who is excluded.
        """
        is_split = parts["disputed"]
        part = SQL("item.disputed_part") if is_split else SQL("0::numeric")
        return SQL(
            """
            %(no_part)s
            %(open)s AS amount_open,
            %(open_company)s AS amount_open_company,
            CASE WHEN item.rest_reason IS NOT NULL
                   OR (excluded.excluded AND item.residual > 0) THEN %(open)s
                 ELSE %(part)s
            END AS amount_resting,
            COALESCE(
                item.rest_reason,
                CASE WHEN %(part)s > 0 THEN 'dispute'
                     WHEN excluded.excluded AND item.residual > 0 THEN 'customer'
                END
            ) AS rest_kind
            """,
            no_part=SQL() if is_split else SQL("0::numeric AS disputed_part,"),
            open=self._get_sql_open(parts),
            open_company=self._get_sql_open(parts, "_company"),
            part=part,
        )

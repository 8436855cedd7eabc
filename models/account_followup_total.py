from odoo import api, models
from odoo.tools import SQL

from ..tools import ladder
from .account_followup_item_ground import OTHER_CURRENCIES, OWN_CURRENCY

#: What is owed in a currency, and of which sums it is made.
ADDED_UP = {
    "open": ("not_due", "resting", "late"),
    "overdue": ("resting", "late"),
    "late": ("late",),
    "early": ("early",),
}
#: The same where parts of items are in dispute: these are owed, but not claimed.
ADDED_UP_WITH_PARTS = {
    **ADDED_UP,
    "open": (*ADDED_UP["open"], "part_not_due", "part_late"),
    "overdue": (*ADDED_UP["overdue"], "part_late"),
}

#: The same of what is read already.
IN_CURRENCIES = {
    OWN_CURRENCY: SQL("item.currency_id = item.company_currency_id"),
    OTHER_CURRENCIES: SQL("item.currency_id <> item.company_currency_id"),
}

#: What the items of other currencies say of a customer, and its type.
FOREIGN = {
    "due": "numeric",
    "most": "numeric",
    "overdue": "numeric",
    "claim_late": "numeric",
    "claim_early": "numeric",
    "level_claimed": "bigint",
    "enough": "numeric",
    "smallest": "numeric",
    "overdue_count": "bigint",
}


class AccountFollowupTotal(models.AbstractModel):
    """What is owed and claimed: first in each currency, then in company currency.

    A debt is settled in its own currency; a difference of rates is the creditor's.
    Therefore credits are netted within their currency, and what remains there is
    converted at the rate at which the items it is made of are booked (rules 6, 13).
    ``_get_sql_totals`` is what all else is for.
    """

    _name = "account.followup.total"
    _description = "Totals and Claims of Customers"

    @api.model
    def _get_sql_items(self, days, partners, parts, currencies):
        """Return the items that count, with what each adds to its customer's sums.

        Excluded items neither count nor are netted. The columns are few and small,
        since all items pass through a sort.

        * ``kind``: 0 credit, 1 not overdue, 2 overdue but resting, 3 overdue, claimed
        * ``ripe_key``: its next level, if the item is ripe and does not rest
        * ``first_day``: from when on that is so, today or later
        * ``certainty``: 2 if it stays so on all later days, 1 if it is so on that day,
          0 if more must be known

        :param SQL currencies: condition on the currency of ``line``
        """
        return SQL(
            """
            SELECT item.partner_id,
                   item.company_id,
                   item.currency_id,
                   item.residual,
                   item.residual_company, %(used)s
                   item.company_unit,
                   item.due_date,
                   item.reached_key,
                   first.day AS first_day,
                   CASE WHEN %(ripe)s THEN item.next_key END AS ripe_key,
                   %(kind)s AS kind,
                   %(certainty)s AS certainty
              FROM (%(items)s) item
             CROSS JOIN LATERAL (SELECT %(first_day)s AS day) first
             WHERE item.rest_reason IS DISTINCT FROM 'excluded'
            OFFSET 0  -- and what is added up, too
            """,
            used=self._get_sql_used(parts),
            ripe=self.env["account.followup.item"]._get_sql_ripe(),
            kind=self._get_sql_kind(),
            certainty=self._get_sql_certainty(),
            items=self._get_sql_items_of(days, partners, parts, currencies),
            first_day=self._get_sql_first_day(),
        )

    @api.model
    def _get_sql_used(self, parts):
        """Return the columns that are there only where somebody makes use of them.

        The plan, where there are several; what is in dispute by itself, if anything.
        """
        return SQL(
            "%s %s",
            self._get_sql_plan(parts, "item.plan_id"),
            SQL("item.disputed_part, item.disputed_part_company,")
            if parts["disputed"]
            else SQL(),
        )

    @api.model
    def _get_sql_items_of(self, days, partners, parts, currencies):
        """Return the open items of some customers, or of all, in some currencies."""
        items = self.env["account.followup.item"]
        if parts.get("items"):
            return SQL(
                "SELECT item.* FROM %s item WHERE %s",
                parts["items"],
                IN_CURRENCIES[currencies],
            )
        return SQL(
            """
            SELECT item.*
              FROM (%(items)s) item
             WHERE %(where)s
            OFFSET 0  -- so that the reason to rest is worked out once
            """,
            items=items._get_sql(days, partners is None, parts, currencies),
            where=(
                SQL("item.partner_id IN %s", tuple(partners.ids) or (None,))
                if partners is not None
                else SQL("TRUE")
            ),
        )

    @api.model
    def _get_sql_kind(self):
        return SQL(
            """
            CASE WHEN item.residual <= 0 THEN 0
                 WHEN item.days_late <= 0 THEN 1
                 WHEN item.rest_reason IS NOT NULL THEN 2
                 ELSE 3
            END
            """
        )

    @api.model
    def _get_sql_first_day(self):
        return SQL(
            """
            CASE WHEN item.next_key IS NOT NULL AND %s
                 THEN GREATEST(
                     item.ripe_date, item.free_date, item.due_date + item.days_late
                 )
            END
            """,
            self.env["account.followup.item"]._get_sql_comes(),
        )

    @api.model
    def _get_sql_certainty(self):
        return SQL(
            """
            CASE WHEN first.day IS NULL THEN 2
                 -- on the due date itself nothing of it is overdue
                 WHEN item.next_delay = 0 AND item.days_late <= 0 THEN 0
                 WHEN item.next_last = %s THEN 2
                 WHEN first.day <= item.due_date + item.next_last THEN 1
                 ELSE 0
            END
            """,
            ladder.LAST_DAY,
        )

    @api.model
    def _get_added_up(self, parts):
        """Return of which sums is made what is owed, see ``ADDED_UP``."""
        return ADDED_UP_WITH_PARTS if parts["disputed"] else ADDED_UP

    @api.model
    def _get_sql_sums(self, parts, suffix=""):
        """Return what the items of each kind add up to, by name.

        :param str suffix: ``_company`` for amounts in company currency
        """
        residual = SQL.identifier("item", f"residual{suffix}")
        sums = {
            "credits": (residual, SQL("item.kind = 0")),
            "not_due": (residual, SQL("item.kind = 1")),
            "resting": (residual, SQL("item.kind = 2")),
            "late": (residual, SQL("item.kind = 3")),
            "early": (residual, SQL("item.ripe_key < %s", ladder.FIRST_LATE_KEY)),
        }
        if parts["disputed"]:
            part = SQL.identifier("item", f"disputed_part{suffix}")
            sums["part_not_due"] = (part, SQL("item.kind = 1"))
            sums["part_late"] = (part, SQL("item.kind > 1"))
        return {
            name: SQL("COALESCE(SUM(%s) FILTER (WHERE %s), 0)", column, condition)
            for name, (column, condition) in sums.items()
        }

    @api.model
    def _get_sql_nets(self, parts):
        """Return the columns ``…_net``: sums less the credits.

        They are worked out where the items are added up: another statement around it
        would have to sort again. The database adds up each sum once.
        """
        own = self._get_sql_sums(parts)
        columns = {
            f"{name}_net": SQL(" + ").join(own[each] for each in ("credits", *names))
            for name, names in self._get_added_up(parts).items()
        }
        smallest = SQL("MIN(item.residual) FILTER (WHERE item.kind > 0)")
        columns["smallest_net"] = SQL("%s + %s", own["credits"], smallest)
        columns["smallest"] = smallest
        return self._get_sql_columns(columns)

    @api.model
    def _get_sql_columns(self, columns):
        return SQL(", ").join(
            SQL("%s AS %s", column, SQL.identifier(name))
            for name, column in columns.items()
        )

    @api.model
    def _get_sql_facts(self, parts):
        """Return the columns that need no amount, for each customer or currency."""
        return SQL(
            """
            %s
            COUNT(*) FILTER (WHERE item.kind > 1) AS overdue_count,
            MIN(item.due_date) FILTER (WHERE item.kind IS DISTINCT FROM 0) AS due_date,
            MAX(item.ripe_key) AS level_due,
            MAX(item.reached_key) AS level_reached,
            MIN(item.first_day) AS first_day,
            MIN(item.certainty) AS certainty
            """,
            # a customer has one; to look for it again would cost more
            self._get_sql_plan(parts, "MAX(item.plan_id) AS plan_id"),
        )

    @api.model
    def _get_sql_is_early(self):
        return SQL("net.level_due < %s", ladder.FIRST_LATE_KEY)

    @api.model
    def _get_sql_foreign_nets(self, days, partners, parts):
        """Return the sums of each customer in each other currency.

        What the items are booked at in company currency (``…_company``) tells the rate.
        """
        own = self._get_sql_sums(parts)
        company = self._get_sql_sums(parts, "_company")
        plus = SQL(" + ")
        bases = {}
        added_up = self._get_added_up(parts)
        for name, names in {"credits": ("credits",), **added_up}.items():
            bases[name] = plus.join(own[each] for each in names)
            bases[f"{name}_company"] = plus.join(company[each] for each in names)
        return SQL(
            """
            SELECT item.partner_id,
                   item.company_id,
                   %(nets)s,
                   %(bases)s,
                   MIN(item.company_unit) AS company_unit,
                   FALSE AS is_own,
                   MIN(currency.rounding) AS unit,
                   MIN(item.residual_company) FILTER (WHERE item.kind > 0)
                        AS smallest_company,
                   %(facts)s
              FROM (%(items)s) item
              -- to look for it once a row would cost more
              LEFT JOIN res_currency currency ON currency.id = item.currency_id
             GROUP BY item.partner_id, item.company_id, item.currency_id
            """,
            nets=self._get_sql_nets(parts),
            bases=self._get_sql_columns(bases),
            facts=self._get_sql_facts(parts),
            items=self._get_sql_items(
                days,
                partners,
                parts,
                OTHER_CURRENCIES,
            ),
        )

    @api.model
    def _get_sql_foreign_claims(self, days, partners, parts):
        """Return the same as ``_get_sql_totals`` for each other currency."""
        return SQL(
            """
            SELECT net.partner_id,
                   net.company_id,
                   net.smallest_company,
                   net.overdue_count,
                   net.due_date,
                   net.level_reached,
                   net.first_day,
                   net.certainty, %(plan)s
                   CASE WHEN net.open_net < 0 THEN %(credit)s ELSE %(due)s END AS due,
                   %(overdue)s AS overdue,
                   %(claim_late)s AS claim_late,
                   CASE WHEN %(early)s THEN %(claim_early)s END AS claim_early,
                   CASE WHEN net.smallest IS NOT NULL THEN COALESCE(%(enough)s, 0)
                   END AS enough,
                   CASE WHEN CASE WHEN %(early)s THEN %(has_early)s
                                  ELSE %(has_late)s END
                        THEN net.level_due
                   END AS level_claimed
              FROM (%(nets)s) net
            OFFSET 0  -- so that amounts are converted once
            """,
            early=self._get_sql_is_early(),
            plan=self._get_sql_plan(parts, "net.plan_id"),
            credit=self._get_sql_value("open_net", "credits"),
            due=self._get_sql_value("open_net", "open"),
            overdue=self._get_sql_claim("overdue_net", "overdue"),
            claim_late=self._get_sql_claim("late_net", "late"),
            claim_early=self._get_sql_claim("early_net", "early"),
            has_late=self._get_sql_is_positive("late_net"),
            has_early=self._get_sql_is_positive("early_net"),
            enough=self._get_sql_claim("smallest_net", "smallest"),
            nets=self._get_sql_foreign_nets(days, partners, parts),
        )

    @api.model
    def _get_sql_foreign(self, days, partners, parts):
        """Return the sums of each customer over all other currencies."""
        return SQL(
            """
            SELECT claim.partner_id,
                   claim.company_id,
                   SUM(claim.due) AS due,
                   SUM(claim.due) FILTER (WHERE claim.due > 0) AS most,
                   SUM(claim.overdue) AS overdue,
                   SUM(claim.claim_late) AS claim_late,
                   SUM(claim.claim_early) AS claim_early,
                   MAX(claim.level_claimed) AS level_claimed,
                   MIN(claim.enough) AS enough,
                   MIN(claim.smallest_company) AS smallest,
                   SUM(claim.overdue_count)::bigint AS overdue_count,
                   %(plan)s
                   MIN(claim.due_date) AS due_date,
                   MAX(claim.level_reached) AS reached_key,
                   MIN(claim.first_day) AS first_day,
                   MIN(claim.certainty) AS certainty
              FROM (%(claims)s) claim
             GROUP BY claim.partner_id, claim.company_id
            """,
            plan=self._get_sql_plan(parts, "MAX(claim.plan_id) AS plan_id"),
            claims=self._get_sql_foreign_claims(days, partners, parts),
        )

    @api.model
    def _get_sql_plan(self, parts, column):
        """Return the column of a customer's plan, nothing where each has the same."""
        return SQL("%s,", SQL(column)) if parts["plans"] else SQL()

    @api.model
    def _get_sql_with_plans(self, parts, partners):
        """Return the beginning of a statement in which the plans are looked up once.

        It stands where the items are read: further out the database could not leave
        out what nobody asks for.

        :return: SQL, and the parts that name it
        """
        if not parts["plans"] or parts.get("items"):
            return SQL(""), parts
        if partners is not None:
            items = self.env["account.followup.item"]
            parts = items._get_parts_of(parts, partners.ids)
        plans = SQL("WITH customer_plan AS MATERIALIZED (%s)", parts["plans"])
        return plans, {**parts, "plans": SQL("SELECT * FROM customer_plan")}

    @api.model
    def _get_sql_own_and_foreign(self, days, partners, parts):
        """Return the items in the currency of the company, and what the others sum to.

        Nearly all items are in the currency of the company: these are added up at once,
        and only the others currency by currency, if there are any.
        """
        plans, parts = self._get_sql_with_plans(parts, partners)
        items = self._get_sql_items(days, partners, parts, OWN_CURRENCY)
        if not parts["foreign"]:
            return SQL("%s %s", plans, items)
        names = ["partner_id", "company_id", "reached_key", "first_day", "certainty"]
        if parts["plans"]:
            names.append("plan_id")
        own = {"residual": "numeric", "kind": "integer", "ripe_key": "bigint"}
        if parts["disputed"]:
            own["disputed_part"] = "numeric"
        return SQL(
            """
            %(plans)s
            SELECT %(names)s, item.due_date, %(own)s, %(no_foreign)s
              FROM (%(items)s) item
             UNION ALL
            SELECT %(names)s, item.due_date, %(no_own)s, %(foreign)s
              FROM (%(others)s) item
            """,
            plans=plans,
            names=self._get_sql_names(names),
            own=self._get_sql_names(own),
            no_own=self._get_sql_nothing(own),
            foreign=self._get_sql_names(FOREIGN),
            no_foreign=self._get_sql_nothing(FOREIGN),
            items=items,
            others=self._get_sql_foreign(days, partners, parts),
        )

    @api.model
    def _get_sql_nothing(self, types):
        """Return empty columns: {name: type}."""
        return SQL(", ").join(
            SQL("NULL::%s AS %s", SQL(kind), SQL.identifier(name))
            for name, kind in types.items()
        )

    @api.model
    def _get_sql_names(self, names):
        return SQL(", ").join(SQL.identifier("item", name) for name in names)

    @api.model
    def _get_sql_total_nets(self, days, partners, parts):
        """Return the sums of each customer, one pass over the items.

        What is owed in other currencies is one row: a maximum costs nothing where there
        is none, a sum does.
        """
        foreign = {
            f"foreign_{name}": SQL(
                "%s(%s)",
                SQL("MIN" if name in ("enough", "smallest") else "MAX"),
                SQL.identifier("item", name),
            )
            if parts["foreign"]
            else SQL("NULL::%s", SQL(kind))
            for name, kind in FOREIGN.items()
        }
        return SQL(
            """
            SELECT item.partner_id,
                   item.company_id,
                   %(nets)s,
                   %(facts)s,
                   %(foreign)s
              FROM (%(items)s) item
             GROUP BY item.partner_id, item.company_id
            """,
            nets=self._get_sql_nets(parts),
            facts=self._get_sql_facts(parts),
            foreign=self._get_sql_columns(foreign),
            items=self._get_sql_own_and_foreign(days, partners, parts),
        )

    @api.model
    def _get_sql_totals(self, days, partners, parts):
        """Return what each customer owes over all currencies, in company currency.

        * ``due``: all that is open, less the credits
        * ``most``: more than that is never claimed, as long as no amount of an item in
          company currency, of which ``smallest`` is the least, is below zero
        * ``overdue``: what is past its due date, less the credits, never below zero
        * ``claim_late``: what is claimed at a level on or after the due date
        * ``claim_early``: at a level before it; nothing if a later level is ripe there
        * ``level_due``: the highest level that is ripe, if something is claimed at it
        * ``enough``: for no item alone less would be claimed
        """
        return SQL(
            """
            SELECT net.partner_id,
                   net.company_id,
                   %(sums)s,
                   %(level_due)s AS level_due,
                   LEAST(
                       CASE WHEN net.smallest IS NOT NULL
                            THEN GREATEST(net.smallest_net, 0)
                       END,
                       net.foreign_enough
                   ) AS enough,
                   net.foreign_smallest AS smallest,
                   net.overdue_count + COALESCE(net.foreign_overdue_count, 0)
                        AS overdue_count,
                   net.due_date,
                   net.level_reached,
                   net.first_day, %(plan)s
                   net.certainty
              FROM (%(nets)s) net
            """,
            plan=self._get_sql_plan(parts, "net.plan_id"),
            sums=self._get_sql_total_sums(),
            level_due=self._get_sql_level_due(),
            nets=self._get_sql_total_nets(days, partners, parts),
        )

    @api.model
    def _get_sql_level_due(self):
        return SQL(
            """
            GREATEST(
                CASE WHEN CASE WHEN %s THEN net.early_net ELSE net.late_net END > 0
                     THEN net.level_due
                END,
                net.foreign_level_claimed
            )
            """,
            self._get_sql_is_early(),
        )

    @api.model
    def _get_sql_total_sums(self):
        """Return the amounts of ``_get_sql_totals``: own currency and the others."""
        own = {
            "due": SQL("net.open_net"),
            "most": SQL("GREATEST(net.open_net, 0)"),
            "overdue": SQL("GREATEST(net.overdue_net, 0)"),
            "claim_late": SQL("GREATEST(net.late_net, 0)"),
            "claim_early": SQL(
                "CASE WHEN %s THEN GREATEST(net.early_net, 0) ELSE 0 END",
                self._get_sql_is_early(),
            ),
        }
        return self._get_sql_columns(
            {name: self._get_sql_with_foreign(name, own[name]) for name in own}
        )

    @api.model
    def _get_sql_with_foreign(self, name, own):
        """Return an amount in the own currency with that of the others, if any."""
        return SQL(
            "CASE WHEN %(foreign)s IS NULL THEN %(own)s ELSE %(own)s + %(foreign)s END",
            own=own,
            foreign=SQL.identifier("net", f"foreign_{name}"),
        )

    @api.model
    def _get_sql_value(self, amount, base):
        """Return an amount of ``net`` in company currency.

        :param str amount: column of ``net``
        :param str base: column of the items at whose rate it is converted
        """
        return SQL(
            """
            CASE WHEN net.is_own THEN %(amount)s
                 WHEN %(amount)s = %(own)s THEN %(company)s  -- nothing is netted
                 ELSE ROUND(
                     %(amount)s * %(company)s / NULLIF(%(own)s, 0) / net.company_unit
                 ) * net.company_unit
            END
            """,
            amount=SQL.identifier("net", amount),
            own=SQL.identifier("net", base),
            company=SQL.identifier("net", f"{base}_company"),
        )

    @api.model
    def _get_sql_claim(self, amount, base):
        """Return the same, but empty for what is not even the least amount."""
        return SQL(
            "CASE WHEN %s THEN GREATEST(%s, 0) END",
            self._get_sql_is_positive(amount),
            self._get_sql_value(amount, base),
        )

    @api.model
    def _get_sql_is_positive(self, amount):
        """Return the condition that an amount of ``net`` is more than nothing.

        Of another currency that is half of its least amount; in the company's own the
        total decides in the end.
        """
        amount = SQL.identifier("net", amount)
        return SQL(
            "CASE WHEN net.is_own THEN %(amount)s > 0"
            " ELSE %(amount)s * 2 >= net.unit END",
            amount=amount,
        )

    @api.model
    def _get_sql_unit(self, currency):
        """Return the least amount of a currency."""
        return SQL(
            "(SELECT unit.rounding FROM res_currency unit WHERE unit.id = %s)", currency
        )

from itertools import starmap

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from ..tools import payer
from ..tools.sql import get_fields
from .account_move_line import GROUPS

#: Months of the record, and as many before them for the trend.
MONTHS = 12

#: The record of who has paid nothing.
UNPAID = {"paid": 0, "average": None, "average_before": None, "late_share": None}

#: What the numbers of promises and disputes are read from, beside their states.
FIELDS_READ = {
    "account.followup.dispute": ("date", "partner_id"),
    "account.followup.promise": ("first_id",),
}

#: What is read of journal items.
ITEMS_READ = {
    "account.move.line": (
        "balance",
        "date",
        "date_maturity",
        "invoice_date",
        "parent_state",
        "partner_id",
    )
}


class AccountFollowupPayer(models.AbstractModel):
    """How a customer has paid: from payments and due dates, nothing is stored.

    All amounts are in company currency. What was credited or written off was not paid.
    It is read for the customers on the screen, with one query for all of them.
    """

    _name = "account.followup.payer"
    _description = "Payer's Record"

    @api.model
    def _get_records(self, partners, days, open_days):
        """Return the record of each customer who has one.

        :param partners: commercial partners
        :param dict days: {root company: date that counts as today}
        :param dict open_days: {(customer id, company id): days late of the oldest item}
        :return: dict {(customer id, company id): dict}, see ``suggest_trust``
        """
        if not partners.ids or not days:
            return {}
        rows = self.env.execute_query_dict(self._get_sql_paid(days, partners))
        records = {(row["partner_id"], row["company_id"]): row for row in rows}
        promises = self._count_promises(partners, days)
        for key in {*records, *open_days, *promises}:
            record = records.setdefault(key, dict(UNPAID))
            record["open_days"] = open_days.get(key, 0)
            record |= promises.get(key, {"kept": 0, "broken": 0, "disputes": 0})
            self._judge(record)
        return records

    @api.model
    def _judge(self, record):
        """Add to a record what it suggests."""
        record["trust"], record["codes"] = payer.suggest_trust(record)
        record["trend"] = payer.get_trend(record["average"], record["average_before"])

    @api.model
    def _count_promises(self, partners, days):
        """Return {(customer id, company id): dict} of promises of the last year.

        What was kept in part was not kept. A plan of instalments that is broken is
        one broken promise, however many of them come after. Disputes are counted
        beside.
        """
        rows = self.env.execute_query_dict(self._get_sql_promises(partners, days))
        counts = {}
        for row in rows:
            key = (row["partner_id"], row["company_id"])
            mine = counts.setdefault(key, {"kept": 0, "broken": 0, "disputes": 0})
            mine[row["name"]] += row["count"]
        return counts

    @api.model
    def _get_sql_promises(self, partners, days):
        """Return the numbers of promises, by what came of them, and of disputes."""
        chosen = {
            "first": min(days.values()) - relativedelta(months=MONTHS),
            "ids": tuple(partners.ids),
            "roots": tuple(root.id for root in days),
        }
        return SQL(
            "%s UNION ALL %s",
            self._get_sql_outcomes(days, chosen),
            self._get_sql_disputes(chosen),
            to_flush=get_fields(self.env, FIELDS_READ),
        )

    @api.model
    def _get_sql_outcomes(self, days, chosen):
        """Return the numbers of promises, by what came of them."""
        mine = SQL(
            "promise.rest_until > %(first)s AND promise.partner_id IN %(ids)s"
            " AND promise.company_id IN %(roots)s",
            **chosen,
        )
        return SQL(
            """
            SELECT promise.partner_id, promise.company_id, outcome.name,
                   COUNT(DISTINCT outcome.counted) AS count
              FROM (%s) found
              JOIN account_followup_promise promise ON promise.id = found.id
             CROSS JOIN LATERAL (%s) outcome
             WHERE found.state IN ('kept', 'partly', 'broken')
             GROUP BY promise.partner_id, promise.company_id, outcome.name
            """,
            self.env["account.followup.promise.ledger"]._get_sql_states(days, mine),
            self._get_sql_outcome(),
        )

    @api.model
    def _get_sql_disputes(self, chosen):
        """Return the numbers of disputes, whatever came of them."""
        return SQL(
            """
            SELECT partner_id, company_id, 'disputes', COUNT(*)
              FROM account_followup_dispute
             WHERE date > %(first)s
               AND partner_id IN %(ids)s
               AND company_id IN %(roots)s
             GROUP BY partner_id, company_id
            """,
            **chosen,
        )

    @api.model
    def _get_sql_outcome(self):
        """Return what came of a promise; a plan of instalments is broken once."""
        return SQL(
            """
            SELECT CASE WHEN found.state = 'kept' THEN 'kept' ELSE 'broken' END AS name,
                   CASE WHEN found.state = 'kept' THEN promise.id
                        ELSE COALESCE(promise.first_id, promise.id)
                   END AS counted
            """
        )

    @api.model
    def _get_sql_paid(self, days, partners=None):
        """Return a row per customer and root company with what was paid, and how late.

        Days late are weighted by the amount; what was paid early is not late, but makes
        up for nothing.

        :param dict days: {root company: date that counts as today}
        :param partners: commercial partners; None for all
        """
        return SQL(
            """
            SELECT paid.partner_id,
                   paid.company_id,
                   COALESCE(SUM(paid.amount) FILTER (WHERE paid.is_new), 0) AS paid,
                   SUM(paid.amount * paid.days_late) FILTER (WHERE paid.is_new)
                       / NULLIF(SUM(paid.amount) FILTER (WHERE paid.is_new), 0)
                       AS average,
                   SUM(paid.amount * paid.days_late) FILTER (WHERE NOT paid.is_new)
                       / NULLIF(SUM(paid.amount) FILTER (WHERE NOT paid.is_new), 0)
                       AS average_before,
                   COALESCE(
                       SUM(paid.amount)
                           FILTER (WHERE paid.is_new AND paid.days_late > 0), 0)
                       / NULLIF(SUM(paid.amount) FILTER (WHERE paid.is_new), 0)
                       AS late_share
              FROM (%s) paid
             GROUP BY paid.partner_id, paid.company_id
            """,
            self._get_sql_payments(days, partners),
        )

    @api.model
    def _get_sql_payments(self, days, partners):
        """Return a row per match of an invoice with money, of the last two years."""
        return SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id,
                   root.id AS company_id,
                   paid.amount,
                   money.date > root.since AS is_new,
                   GREATEST(money.date - %(due)s, 0) AS days_late
              FROM (VALUES %(roots)s) root(id, today, since, before)
              JOIN res_company company
                ON company.parent_path LIKE root.id || '/%%'
              JOIN account_move_line line ON line.company_id = company.id
              JOIN res_partner partner ON partner.id = line.partner_id
              JOIN account_partial_reconcile part ON part.debit_move_id = line.id
              JOIN account_move_line money ON money.id = part.credit_move_id
              JOIN account_journal journal ON journal.id = money.journal_id
              JOIN account_journal origin ON origin.id = line.journal_id
              JOIN account_account account ON account.id = line.account_id
             CROSS JOIN LATERAL (%(paid)s) paid
             WHERE %(is_payment)s
               AND %(is_chosen)s
            """,
            due=self.env["account.followup.item"]._get_sql_due_date(),
            paid=self._get_sql_paid_amount(),
            roots=SQL(", ").join(starmap(self._get_sql_period, days.items())),
            is_payment=self._get_sql_is_payment(),
            is_chosen=self._get_sql_is_chosen(partners),
            to_flush=get_fields(self.env, ITEMS_READ),
        )

    @api.model
    def _get_sql_is_payment(self):
        """Return the condition that an invoice was paid in one of both years."""
        return SQL(
            """
            account.account_type = 'asset_receivable'
            AND line.parent_state = 'posted'
            -- core keeps the match when a payment goes back to draft
            AND money.parent_state = 'posted'
            AND journal.type IN ('bank', 'cash', 'credit', 'general')
            -- a payment that came back, or was paid back, is no debt
            AND origin.type NOT IN ('bank', 'cash', 'credit')
            AND money.date > root.before
            AND money.date <= root.today
            AND paid.amount > 0
            """
        )

    @api.model
    def _get_sql_is_chosen(self, partners):
        """Return the condition on the customer; None is for all."""
        if partners is None:
            return SQL("TRUE")
        return SQL("partner.commercial_partner_id IN %s", tuple(partners.ids))

    @api.model
    def _get_sql_paid_amount(self):
        """Return how much of a match ``part`` is money: what keeps promises, too."""
        ledger = self.env["account.followup.promise.ledger"]
        return SQL(
            "SELECT part.amount * %s AS amount",
            ledger._get_sql_share(SQL("money.move_id")),
        )

    @api.model
    def _get_sql_period(self, root, day):
        """Return a root company, its day, and since when both years are."""
        return SQL(
            "(%s, %s::date, %s::date, %s::date)",
            root.id,
            day,
            day - relativedelta(months=MONTHS),
            day - relativedelta(months=2 * MONTHS),
        )

    @api.model
    def _get_largest_balances(self, partners, root, day):
        """Return {customer id: the most that was open on a day of the last year}."""
        if not partners.ids:
            return {}
        query = SQL(
            "SELECT daily.partner_id, MAX(daily.balance) FROM (%s) daily"
            " GROUP BY daily.partner_id",
            self._get_sql_balances(partners, root, day),
        )
        rows = self.env.execute_query(query)
        return {partner_id: max(balance, 0) for partner_id, balance in rows}

    @api.model
    def _get_sql_balances(self, partners, root, day):
        """Return what was open on each day of the last year on which that changed."""
        return SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id,
                   GREATEST(item.date, %(since)s) AS date,
                   SUM(SUM(item.balance)) OVER (
                       PARTITION BY partner.commercial_partner_id
                       ORDER BY GREATEST(item.date, %(since)s)
                   ) AS balance
              FROM account_move_line item
              JOIN res_company company ON company.id = item.company_id
              JOIN account_account account ON account.id = item.account_id
              JOIN res_partner partner ON partner.id = item.partner_id
             WHERE partner.commercial_partner_id IN %(partners)s
               AND company.parent_path LIKE %(tree)s
               AND account.account_type = 'asset_receivable'
               AND item.parent_state = 'posted'
               AND item.date <= %(today)s
             GROUP BY 1, 2
            """,
            since=day - relativedelta(months=MONTHS),
            today=day,
            partners=tuple(partners.ids),
            tree=f"{root.id}/%",
            to_flush=get_fields(self.env, ITEMS_READ),
        )

    @api.model
    def _get_reason_texts(self, record):
        """Return why a trust is suggested, and what else the record says, as words."""
        values = {
            "days": formatLang(self.env, record["average"] or 0, digits=0),
            "open": record["open_days"],
            "broken": record["broken"],
        }
        texts = {
            "slow": self.env._("pays %(days)s days late on average", **values),
            "open": self.env._("has been owing for %(open)s days", **values),
            "broken": self.env._("%(broken)s promises were broken", **values),
            "unknown": self.env._("nothing was paid in the last 12 months"),
            "prompt": self.env._("pays on time"),
            "usual": self.env._("pays %(days)s days late on average", **values),
            "slower": self.env._("slower than the year before"),
            "faster": self.env._("faster than the year before"),
        }
        codes = [*record["codes"], record["trend"]]
        return [texts[code] for code in codes if code in texts]

    @api.model
    def _get_average_text(self, record):
        """Return the average and that of the year before."""
        if record["average"] is None:
            return False
        average = formatLang(self.env, record["average"], digits=1)
        if record["average_before"] is None:
            return average
        return self.env._(
            "%(days)s (the year before: %(before)s)",
            days=average,
            before=formatLang(self.env, record["average_before"], digits=1),
        )

    @api.model
    def _get_kept_text(self, record):
        """Return how many promises were kept, if there were any."""
        made = record["kept"] + record["broken"]
        if not made:
            return False
        return self.env._("%(kept)s of %(made)s", kept=record["kept"], made=made)

    @api.model
    def _get_shown(self, record):
        """Return {field of the customer: what it says of a record, if there is one}."""
        return {
            "followup_payer_text": record and self._get_average_text(record),
            "followup_late_share": record and record["late_share"],
            "followup_promises_kept": record and self._get_kept_text(record),
            "followup_suggested_trust": record and record["trust"],
            "followup_trust_reasons": record
            and ", ".join(self._get_reason_texts(record)),
        }


class ResPartner(models.Model):
    """The payer's record of a customer in the current company."""

    _inherit = "res.partner"

    followup_payer_text = fields.Char(
        "Days Late on Average",
        compute="_compute_followup_payer",
        groups=GROUPS,
        help="Between due date and payment, weighted by amount, in the last 12 months. "
        "What was credited was not paid.",
    )
    followup_late_share = fields.Float(
        "Share Paid Late", compute="_compute_followup_payer", groups=GROUPS
    )
    followup_largest_balance = fields.Monetary(
        compute="_compute_followup_payer",
        groups=GROUPS,
        help="The most that was open on a day of the last 12 months.",
    )
    followup_promises_kept = fields.Char(
        "Promises Kept", compute="_compute_followup_payer", groups=GROUPS
    )
    followup_suggested_trust = fields.Selection(
        selection=lambda self: self._fields["trust"]._description_selection(self.env),
        string="Suggested Trust",
        compute="_compute_followup_payer",
        groups=GROUPS,
        help="What the record suggests. Trust is set by people only.",
    )
    followup_trust_reasons = fields.Char(
        "Why This Trust", compute="_compute_followup_payer", groups=GROUPS
    )

    @api.depends_context("company", "lang")
    def _compute_followup_payer(self):
        root = self.env.company.root_id.sudo()
        day = root._get_followup_day()[root]
        service = self.env["account.followup.payer"].sudo()
        partners = self._origin
        open_days = {
            (partner._origin.id, root.id): partner.followup_days_late
            for partner in self
            if partner.followup_days_late
        }
        records = service._get_records(partners, {root: day}, open_days)
        balances = service._get_largest_balances(partners, root, day)
        for partner in self:
            record = records.get((partner._origin.id, root.id))
            for name, value in service._get_shown(record).items():
                partner[name] = value
            partner.followup_largest_balance = balances.get(partner._origin.id)

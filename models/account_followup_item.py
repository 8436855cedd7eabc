from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import ladder
from ..tools.days import FIRST, LAST
from ..tools.ladder import DATE_MASK, DELAY_SHIFT, EPOCH, LEVEL_BITS, LEVEL_MASK
from ..tools.sql import get_fields

#: Of so many companies only their own branches are read, of more all companies.
FEW_COMPANIES = 50

#: Labels of the reasons for which an item rests, see ``_get_rest_reasons``.
REST_REASONS = [
    ("excluded", "Excluded"),
    ("blocked", "Payment blocked"),
    ("online_payment", "Being paid online"),
    ("hold", "On hold"),
    ("expected_payment", "Payment expected"),
]

#: What an item is on its day, in the order of the Follow-up Report.
SECTIONS = [
    ("overdue", "Overdue"),
    ("not_due", "Not Due"),
    ("credit", "Credits"),
    ("resting", "Resting"),
    ("excluded", "Excluded"),
]

#: What the statement reads.
FIELDS_READ = {
    "account.move.line": (
        "account_id",
        "amount_currency",
        "amount_residual",
        "amount_residual_currency",
        "company_currency_id",
        "company_id",
        "currency_id",
        "date",
        "date_maturity",
        "expected_payment_date",
        "followup_hold_until",
        "invoice_date",
        "move_id",
        "no_followup",
        "parent_state",
        "partner_id",
        "reconciled",
    ),
    "res.partner": ("commercial_partner_id",),
    "account.followup.level": ("delay",),
    "account.move": ("payment_state",),
    "payment.provider": ("code",),
    "payment.transaction": ("amount", "is_post_processed", "provider_id", "state"),
    "account.followup.reminder.line": (
        "date",
        "horizon",
        "is_standing",
        "level_id",
        "move_id",
        "move_line_id",
        "noticed_date",
        "partner_id",
    ),
}


class AccountFollowupItem(models.Model):
    """A row per open receivable journal item, with all that the rule says of it.

    Rules 1 to 5 of the design stand here, rule 3 in ``account_followup_item_rest.py``,
    and the steps of rule 4 in ``tools/ladder.py``, nowhere else.
    The day is a value that is joined in: the same statement answers for any day. Beside
    the fields it has

    * ``line_partner_id``: whom it is booked on, the customer or a contact
    * ``company_unit``: the least amount of the company's currency
    * ``reached_key``: level reached and when, see ``_get_sql_reached_key``
    * ``disputed_part``, ``disputed_part_company``: what of the open amount is not
      claimed, only where such a dispute is open (``disputed`` of the parts)
    * ``next_key``: next level, see ``_get_sql_steps``
    * ``next_delay``, ``next_last``: its delay, and how many days late an item is on the
      last day on which it is the next one
    * ``broken_date``: day on which a promise is broken after which it jumps to a level

    Dates are within Python's calendar, also after a due date of the year 9999.
    """

    _name = "account.followup.item"
    _description = "Open Item"
    _auto = False
    _order = "due_date, id"
    _rec_name = "move_line_id"

    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    branch_id = fields.Many2one(
        "res.company",
        readonly=True,
        help="Company of the journal item: the company itself or one of its branches.",
    )
    move_line_id = fields.Many2one("account.move.line", readonly=True)
    move_id = fields.Many2one("account.move", string="Invoice", readonly=True)
    name = fields.Char("Number", related="move_line_id.followup_name")
    invoice_date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True)
    days_late = fields.Integer(readonly=True, aggregator="max")
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one(
        "res.currency", string="Company Currency", readonly=True
    )
    amount = fields.Monetary(readonly=True, help="In the currency of the item.")
    residual = fields.Monetary(
        "Amount Claimed",
        readonly=True,
        help="What is open, without a part of it that is in dispute by itself. In the "
        "currency of the item.",
    )
    residual_company = fields.Monetary(
        "Amount Claimed in Company Currency",
        currency_field="company_currency_id",
        readonly=True,
    )
    reached_level_id = fields.Many2one(
        "account.followup.level", string="Level Reached", readonly=True
    )
    reached_date = fields.Date("Level Reached On", readonly=True)
    next_level_id = fields.Many2one(
        "account.followup.level", string="Next Level", readonly=True
    )
    plan_id = fields.Many2one(
        "account.followup.plan", string="Follow-up Plan", readonly=True
    )
    ripe_date = fields.Date(
        "Next Level On", readonly=True, help="First day of the next level."
    )
    is_ripe = fields.Boolean(
        "Due for Its Next Level",
        readonly=True,
        help="The day of the next level has come, and the item does not rest.",
    )
    rest_reason = fields.Selection(REST_REASONS, string="Rests", readonly=True)
    free_date = fields.Date(
        "Rests Until Before",
        readonly=True,
        help="First day on which it does not rest, if it rests until a day.",
    )
    section = fields.Selection(
        SECTIONS, string="Kind", readonly=True, help="What it is in a reminder."
    )
    followup_hold_until = fields.Date(related="move_line_id.followup_hold_until")
    followup_hold_reason = fields.Char(related="move_line_id.followup_hold_reason")
    expected_payment_date = fields.Date(related="move_line_id.expected_payment_date")
    expected_payment_note = fields.Char(related="move_line_id.expected_payment_note")
    no_followup = fields.Boolean(related="move_line_id.no_followup", readonly=False)

    @property
    def _table_query(self):
        days = self.env["res.company"]._get_followup_days_seen()
        parts = self._get_sql_parts(days)
        return SQL(
            """
            SELECT item.*, %s
              FROM (%s) item
              -- one row at most: who does not ask for it does not read it
              LEFT JOIN account_followup excluded
                     ON excluded.partner_id = item.partner_id
                    AND excluded.company_id = item.company_id
                    AND excluded.excluded
            """,
            self._get_sql_listed(parts),
            self._get_sql_shown(days, parts),
            to_flush=get_fields(
                self.env, {"account.followup": ("company_id", "excluded", "partner_id")}
            ),
        )

    def exists(self):
        # EXTENDS 'base': an item of another company exists, it is only forbidden
        return super(AccountFollowupItem, self.sudo()).exists().with_env(self.env)

    @api.depends("move_line_id")
    def _compute_display_name(self):
        for item in self:
            item.display_name = item.move_line_id.sudo().display_name

    def action_open_move(self):
        """Open the invoice or journal entry of the item."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
        }

    def action_view_invoices(self):
        """Open core's list of invoices, where they are paid, sent and printed.

        With items chosen their invoices, else those to pay. Core's filter Overdue is
        not set: it looks at the last due date of an invoice, so that an invoice with
        a late instalment may be missing there.
        """
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        domain = [("move_type", "in", self.env["account.move"].get_sale_types(True))]
        context = {"default_move_type": "out_invoice"}
        if self:
            domain.append(("id", "in", self.move_id.ids))
        else:
            context["search_default_open"] = 1
            if partner_id := self.env.context.get("followup_partner_id"):
                partner = self.env["res.partner"].browse(partner_id)
                customer = partner.commercial_partner_id
                domain.append(("commercial_partner_id", "=", customer.id))
        return {**action, "domain": domain, "context": context}

    def action_hold_followup(self):
        """Open the window Hold or Exclude for these items (B5, B6)."""
        return self._get_hold_lines().action_hold_followup()

    def action_followup_resume(self):
        """End hold, expected payment, exclusion and dispute of these items at once."""
        return self._get_hold_lines().action_followup_resume()

    def _get_hold_lines(self):
        lines = self.env["account.move.line"]
        lines._check_followup_hold_group()
        self.check_access("read")
        return self.move_line_id

    # ------------------------------------------------------------------
    # The rule
    # ------------------------------------------------------------------

    @api.model
    def _get_sql(self, days, is_whole=False, parts=None, only=None):
        """Return the statement of open items.

        :param days: dict {root company: date that counts as today}
        :param bool is_whole: it is for all customers: faster then, but a condition on
            the customer would not be used to find the items
        :param dict parts: what ``_get_sql_parts(days)`` has returned, if known
        :param SQL only: condition on ``line`` and ``company``, so that an index for it
            is used
        :return: SQL, a row per item, see the class for its columns
        """
        parts = parts or self._get_sql_parts(days)
        plan_id = self._get_sql_plan_id(parts)
        customer = self._get_sql_customer(is_whole)
        reached_date = self._get_sql_reached_date()
        broken = self.env["account.followup.broken"]
        return SQL(
            """
            SELECT %(select)s, %(broken_date)s AS broken_date
              FROM account_move_line line
              JOIN (%(companies)s) company ON company.id = line.company_id
              %(partner)s
              LEFT JOIN LATERAL (%(reached)s) reached ON TRUE
              %(broken)s
              LEFT JOIN (%(steps)s) step ON %(is_step)s
             WHERE %(where)s AND %(only)s
            """,
            select=self._get_sql_select(is_whole, plan_id, parts),
            broken_date=broken._get_sql_date(parts),
            partner=self._get_sql_partner(is_whole, parts),
            companies=parts["companies"],
            reached=self._get_sql_reached(customer, parts),
            broken=broken._get_sql_join(days, customer, plan_id, reached_date, parts),
            steps=parts["steps"],
            is_step=self._get_sql_is_step(plan_id, parts),
            where=parts["where"],
            only=only or SQL("TRUE"),
            # all that the statement reads must be in the database
            to_flush=self._get_fields_read(),
        )

    @api.model
    def _get_sql_is_step(self, plan_id, parts):
        """Rule 4: return the condition that ``step`` leads to the next level.

        :param SQL plan_id: plan of the customer
        """
        due = self._get_sql_due_date()
        return SQL(
            """
            step.plan_id = %(plan_id)s
            AND step.reached = %(slot)s
            AND company.today - %(due)s BETWEEN step.first AND step.last
            AND line.amount_residual_currency > 0  -- no level for a credit
            """,
            plan_id=plan_id,
            slot=self._get_sql_slot(
                SQL("reached.key"),
                due,
                SQL("company.root_id"),
                self.env["account.followup.broken"]._get_sql_date(parts),
                parts,
            ),
            due=due,
        )

    @api.model
    def _get_sql_slot(self, key, due, company, broken_date, parts):
        """Return which steps of the ladder are those of an item.

        :param SQL key: what it has reached, see ``_get_sql_reached_key``
        :param SQL due: due date
        :param SQL company: root company
        :param SQL broken_date: day of its broken promise, empty without a jump
        """
        nothing = SQL("0")
        if starts := parts["starts"]:
            # what was overdue at the go-live (X4)
            days = [SQL("WHEN %s THEN %s::date", *pair) for pair in starts.items()]
            nothing = SQL(
                "CASE WHEN %s < CASE %s %s END THEN %s ELSE 0 END",
                due,
                company,
                SQL(" ").join(days),
                ladder.START_SLOT,
            )
        slot = SQL("COALESCE(%s >> %s, %s)", key, DELAY_SHIFT, nothing)
        if parts["broken"]:
            shift = SQL(
                "CASE WHEN %s IS NULL THEN 0 ELSE %s END",
                broken_date,
                ladder.BROKEN_SHIFT,
            )
            slot = SQL("%s - %s", slot, shift)
        return slot

    @api.model
    def _get_sql_reached(self, customer, parts):
        """Return what ``line`` has reached, see ``_get_sql_reached_key``."""
        lines = self.env["account.followup.reminder.line"]
        return SQL(
            """
            SELECT MAX(%(key)s) AS key
              FROM account_followup_reminder_line reached_line
             WHERE %(remembers)s
               AND %(others)s
            """,
            key=parts["reached_key"],
            remembers=lines._get_sql_remembers(SQL("line"), customer),
            others=self._get_sql_others(
                SQL("reached_line.reminder_id"), parts["without"]
            ),
        )

    @api.model
    def _get_sql_parts(self, days, without=None, starts=None, catch_up=None):
        """Return what is read from companies, levels and accounts, each once.

        :param days: dict {root company: date that counts as today}
        :param without: reminders that count as if they had not been made, so that the
            rule can be asked whether it would make them now
        :param dict starts: as if companies had started so, see ``_get_starts``
        :param str catch_up: as if all plans said so
        :return: dict of SQL, what ``_read_ground`` returns, and ``without``: ids; for
            one transaction, as long as it writes nothing of that
        """
        levels = self.env["account.followup.level"].sudo()
        company_ids = [company.id for company in days]
        levels = levels.with_context(active_test=False).search_fetch(
            [("company_id", "in", company_ids)], order="id"
        )
        plans = self.env["account.followup.plan"]._get_plans_in_use(company_ids)
        companies = self._get_sql_companies(days, plans)
        starts = self._get_starts(plans) if starts is None else starts
        broken = self.env["account.followup.broken"]
        # what counts as reminded does so at the level of its age
        broken = {} if catch_up else broken._get_levels(plans, levels)
        ground = self._read_ground(days)
        choice = self.env["account.followup.plan.choice"]
        rules = choice._get_rules(plans)
        readable = choice._get_readable(plans, rules)
        return {
            "broken": {plan.id: level.delay for plan, level in broken.items()},
            "companies": companies,
            **ground,
            "plans": choice._get_sql_plans(rules),
            "rules": rules,
            # those of one plan stand with the company
            "settings": rules and self._get_sql_settings(plans),
            "reached_key": self._get_sql_reached_key(levels),
            "starts": {company.id: day for company, (_ways, day) in starts.items()},
            "steps": self._get_sql_steps(readable, levels, starts, broken, catch_up),
            "where": self._get_sql_on(ground["account_ids"]),
            "without": tuple(without.ids) if without else (),
        }

    @api.model
    def _get_parts_of(self, parts, partner_ids):
        """Return the parts of the rule for some customers: only their plans are read.

        :param dict parts: see ``_get_sql_parts``
        """
        if not parts["plans"]:
            return parts
        choice = self.env["account.followup.plan.choice"]
        return {**parts, "plans": choice._get_sql_plans(parts["rules"], partner_ids)}

    @api.model
    def _get_sql_others(self, column, without):
        """Return the condition that leaves out the reminders that do not count.

        :param SQL column: the id of a reminder
        :param tuple without: ids, see ``_get_sql_parts``
        """
        return SQL("%s NOT IN %s", column, without) if without else SQL("TRUE")

    @api.model
    def _get_sql_plan(self, parts, company, partner):
        """Return the join of customers with another plan than the default (X16).

        :param SQL company: root company
        :param SQL partner: customer
        :return: nothing where each company has one plan
        """
        if not parts["plans"]:
            return SQL("")
        return SQL(
            """
              LEFT JOIN (%s) plan
                     ON plan.company_id = %s
                    AND plan.partner_id = %s
            """,
            parts["plans"],
            company,
            partner,
        )

    @api.model
    def _get_sql_plan_id(self, parts):
        """Return the plan of a customer, see ``_get_sql_plan``."""
        if not parts["plans"]:
            return SQL("company.plan_id")
        return SQL("COALESCE(plan.plan_id, company.plan_id)")

    @api.model
    def _get_sql_settings(self, plans):
        """Return a row per plan: its settings, where they are not the company's.

        :return: None where no plan has settings of its own
        """
        if not any(
            plan.has_min_amount or plan.has_min_days
            for mine in plans.values()
            for plan in mine
        ):
            return None
        rows = [
            (plan.id, plan._get_min_amount(), plan._get_min_days())
            for mine in plans.values()
            for plan in mine
        ]
        return SQL(
            "SELECT * FROM (%s) setting(plan_id, min_amount, min_days)",
            self._get_sql_values("(%s, %s::numeric, %s)", rows),
        )

    @api.model
    def _get_sql_select(self, is_whole, plan_id, parts):
        return SQL(
            """
                   line.id,
                   line.id AS move_line_id,
                   line.move_id,
                   %(partner)s AS partner_id,
                   line.partner_id AS line_partner_id,
                   company.root_id AS company_id,
                   line.company_id AS branch_id,
                   %(plan_id)s AS plan_id,
                   line.invoice_date,
                   %(due)s AS due_date,
                   company.today - %(due)s AS days_late,
                   line.currency_id,
                   company.currency_id AS company_currency_id,
                   company.unit AS company_unit,
                   line.amount_currency AS amount,
                   %(amounts)s,
                   (reached.key & %(level_mask)s)::integer AS reached_level_id,
                   %(reached_date)s AS reached_date,
                   reached.key AS reached_key,
                   step.level AS next_level_id,
                   step.delay AS next_delay,
                   step.key AS next_key,
                   step.last AS next_last,
                   %(ripe_date)s AS ripe_date,
                   %(free_date)s AS free_date,
                   %(rest_reason)s AS rest_reason
            """,
            partner=self._get_sql_customer(is_whole),
            plan_id=plan_id,
            due=self._get_sql_due_date(),
            amounts=self._get_sql_amounts(parts),
            level_mask=LEVEL_MASK,
            reached_date=self._get_sql_reached_date(),
            ripe_date=self._get_sql_ripe_date(parts),
            free_date=self._get_sql_free_date(),
            rest_reason=self._get_sql_rest_reason(parts),
        )

    @api.model
    def _get_sql_amounts(self, parts):
        """Return what of an item is claimed: all that is open."""
        return SQL(
            """
                   line.amount_residual_currency AS residual,
                   COALESCE(line.amount_residual, 0) AS residual_company
            """
        )

    @api.model
    def _get_sql_reached_date(self):
        return SQL(
            "(%s::date + (reached.key >> %s & %s)::integer)",
            EPOCH,
            LEVEL_BITS,
            DATE_MASK,
        )

    @api.model
    def _get_sql_ripe_date(self, parts):
        """Rule 5: when the next level can be carried out."""
        days = [
            SQL("%s + step.age", self._get_sql_due_date()),
            SQL("%s + step.wait", self._get_sql_reached_date()),
        ]
        if parts["broken"]:
            days.append(self.env["account.followup.broken"]._get_sql_date(parts))
        return self._get_sql_clamped(SQL("step.delay"), *days)

    @api.model
    def _get_sql_clamped(self, condition, *days):
        """Return the last of some dates, as one that Python knows.

        PostgreSQL's calendar is longer: people type 9999-12-31 for "never", and a day
        more cannot be read any more.

        :param SQL condition: it is empty when that is empty
        :param SQL days: some of them may be empty
        """
        return SQL(
            "CASE WHEN %s IS NOT NULL THEN LEAST(GREATEST(%s, %s::date), %s::date) END",
            condition,
            SQL(", ").join(days),
            FIRST,
            LAST,
        )

    @api.model
    def _get_sql_customer(self, is_whole):
        """Return the customer of an item, see ``_get_sql_partner``."""
        if is_whole:
            return SQL("COALESCE(contact.commercial_partner_id, line.partner_id)")
        return SQL("partner.commercial_partner_id")

    @api.model
    def _get_sql_partner(self, is_whole, parts):
        """Return the joins that find the customer of an item, and its plan.

        Nearly all items are booked on customers; to look up only those on contacts is
        much cheaper when all items are read. It does not help to find a customer's.
        """
        partner = SQL("JOIN res_partner partner ON partner.id = line.partner_id")
        if is_whole:
            partner = SQL(
                """
                LEFT JOIN (
                     SELECT partner.id, partner.commercial_partner_id
                       FROM res_partner partner
                      WHERE partner.commercial_partner_id <> partner.id
                     ) contact ON contact.id = line.partner_id
                """
            )
        customer = self._get_sql_customer(is_whole)
        plan = self._get_sql_plan(parts, SQL("company.root_id"), customer)
        return SQL("%s %s", partner, plan)

    @api.model
    def _get_sql_reached_key(self, levels):
        """Return a number whose maximum is what an item has reached (rule 4).

        Delay, day and level are packed into one, so that the highest level and its
        last day come from the index alone, without sorting.

        :param levels: all levels of the companies, archived ones included, by id
        """
        return SQL(
            """
            (COALESCE(
                %(key)s,
                %(unknown)s
            ) + (
                LEAST(GREATEST(%(date)s - %(epoch)s::date, 0), %(date_mask)s)::bigint
                << %(bits)s
            ))
            """,
            key=self._get_sql_known_key(levels),
            unknown=self._get_sql_unknown_key(),
            date=self._get_sql_counted_date(SQL("reached_line")),
            epoch=EPOCH,
            date_mask=DATE_MASK,
            bits=LEVEL_BITS,
        )

    @api.model
    def _get_sql_known_key(self, levels):
        """Return the key of a level of the company's ladder, empty for another one."""
        keys = {level.id: ladder.get_key(level.id, level.delay) for level in levels}
        owners = {level.id: level.company_id.id for level in levels}
        for level in levels:
            keys.setdefault(level.id + 1, None)  # no level, as long as none comes
        ids = sorted(keys)
        bucket = SQL(
            "[width_bucket(reached_line.level_id, %s::integer[])]",
            [min(level_id, LEVEL_MASK) for level_id in ids],
        )
        key = SQL("(%s::bigint[])%s", [keys[level_id] for level_id in ids], bucket)
        if len(set(owners.values())) > 1:
            key = SQL(
                "CASE WHEN (%s::integer[])%s = company.root_id THEN %s END",
                [owners.get(level_id) for level_id in ids],
                bucket,
                key,
            )
        return key

    @api.model
    def _get_sql_unknown_key(self):
        """Return the key of a level that is not of the company's ladder.

        It counts by its delay: as the last level of the ladder that is not later.
        """
        return SQL(
            """
            (
                SELECT (
                           CASE WHEN COUNT(known.id) > 0
                                THEN GREATEST(MAX(known.delay), %(least)s)
                                ELSE %(none)s
                           END + %(offset)s
                       )::bigint << %(shift)s | MAX(level.id)
                  FROM account_followup_level level
                  LEFT JOIN account_followup_level known
                         ON known.company_id = company.root_id
                        AND known.delay <= level.delay
                 WHERE level.id = reached_line.level_id
            )
            """,
            least=-ladder.MAX_KEY_DELAY,
            none=-ladder.DELAY_OFFSET,
            offset=ladder.DELAY_OFFSET,
            shift=DELAY_SHIFT,
        )

    @api.model
    def _get_sql_counted_date(self, reminder):
        """Return the day as of which a reminder counts: its own, unless it is to come.

        A clock that was ahead has made it then. It counts as of the day on which that
        was noticed (``_notice_ahead``), until then as of today: nobody is reminded
        again too early, and nobody waits until the clock has come round.

        :param SQL reminder: a reminder or its line, beside ``company``
        """
        return SQL(
            """
            CASE WHEN %(reminder)s.date > company.today
                 THEN LEAST(%(reminder)s.noticed_date, company.today)
                 ELSE %(reminder)s.date
            END
            """,
            reminder=reminder,
        )

    @api.model
    def _get_sql_due_date(self):
        """Rule 2: the instalment's date, else the invoice's, else the entry's (B7)."""
        return SQL("COALESCE(line.date_maturity, line.invoice_date, line.date)")

    @api.model
    def _get_sql_where(self):
        """Rule 1, but for the accounts: a condition on ``line`` alone.

        What is open in company currency only is a difference of rates, no debt.
        """
        return SQL(
            """
                   line.reconciled IS NOT TRUE
               AND line.parent_state = 'posted'
               AND line.amount_residual_currency <> 0
               AND line.partner_id IS NOT NULL
            """
        )

    @api.model
    def _get_sql_on(self, account_ids):
        """Rule 1. The accounts are listed: core's index on open lines begins so."""
        return SQL(
            "line.account_id IN %s AND %s",
            tuple(account_ids) or (None,),
            self._get_sql_where(),
        )

    @api.model
    def _get_sql_companies(self, days, plans):
        """Return a row per company: root company, its day and its settings.

        Amount and days are those of the default plan; ``max_days`` is the longest gap
        of all its plans.

        :param dict plans: {root company: active plans}
        """
        return SQL(
            """
            SELECT company.*, currency.rounding AS unit
              FROM (%s)
                   company(id, root_id, currency_id, today, plan_id, min_amount,
                           min_days, max_days, responsible_id)
              LEFT JOIN res_currency currency ON currency.id = company.currency_id
            """,
            self._get_sql_values(
                "(%s, %s, %s, %s::date, %s, %s::numeric, %s, %s, %s::integer)",
                self._get_company_rows(days, plans)
                or [(0, 0, 0, None, 0, 0, 0, 0, None)],
            ),
        )

    @api.model
    def _get_company_rows(self, days, plans):
        # what is owed to an archived branch is owed all the same
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        domain = Domain.TRUE
        if len(days) <= FEW_COMPANIES:
            # that of a root company is its id: it need not be read
            domain = Domain.OR(
                Domain("parent_path", "=like", f"{company.id}/%") for company in days
            )
        companies = companies.search_fetch(
            domain,
            [
                "currency_id",
                "followup_catch_up",
                "followup_min_amount",
                "followup_min_days",
                "followup_responsible_id",
                "followup_start",
                "followup_start_date",
                "parent_path",
            ],
            order="id",
        )
        settings = {root: self._get_settings(plans.get(root)) for root in days}
        return [
            (
                company.id,
                root.id,
                root.currency_id.id,
                days[root],
                *settings[root],
                root.followup_responsible_id.id or None,
            )
            for company in companies
            if (root := company.root_id) in days
        ]

    @api.model
    def _get_settings(self, plans):
        """Return the default plan of a company, its amount and days, the longest days.

        :param plans: active plans of the company
        """
        default = plans and plans.filtered("is_default")
        if not default:
            return 0, 0, 0, 0
        return (
            default.id,
            default._get_min_amount(),
            default._get_min_days(),
            max(plan._get_min_days() for plan in plans),
        )

    @api.model
    def _get_sql_values(self, template, rows):
        """Return the rows as VALUES, made in one go: there may be thousands.

        :param str template: a row
        """
        values = [value for row in rows for value in row]
        return SQL("VALUES " + ", ".join([template] * len(rows)), *values)

    @api.model
    def _get_starts(self, plans):
        """Return how items start that were overdue when their company went live (X4).

        :param dict plans: {root company: active plans}
        :return: dict {root company: ({plan: ``step`` or ``jump``}, first due date for
            which it does not hold)}, where that is not what a plan says of all others
        """
        starts = {}
        for company, mine in plans.items():
            ways = mine._get_start_ways(company.followup_start)
            if any(plan._get_catch_up() != way for plan, way in ways.items()):
                starts[company] = ways, company.followup_start_date
        return starts

    @api.model
    def _get_sql_steps(self, plans, levels, starts, broken, catch_up=None):
        """Return a row per step of each plan's ladder, see ``tools/ladder.py``.

        The greatest ``key`` is that of the highest level. What was reached at a level
        of another plan of the company counts by its delay (X16).

        :param dict plans: {root company: active plans}
        :param levels: all levels of the companies, archived ones included
        :param dict starts: see ``_get_starts``
        :param dict broken: {plan: its level after a broken promise}
        :param str catch_up: for all plans, instead of what they say
        """
        rows = []
        by_company = levels.grouped("company_id")
        for company, mine in plans.items():
            known = by_company.get(company, levels.browse())
            reached = [(level.id, level.delay) for level in known]
            active = known.filtered("active").grouped("plan_id")
            for plan in mine:
                used = [(level.id, level.delay) for level in active.get(plan, ())]
                how = catch_up or plan._get_catch_up()
                steps = ladder.get_steps(used, how, reached)
                if company in starts:
                    steps += ladder.get_start_steps(used, starts[company][0][plan])
                if level := broken.get(plan):
                    steps += ladder.get_broken_steps(steps, (level.id, level.delay))
                rows += [
                    (plan.id, *step, ladder.get_key(step.level, step.delay))
                    for step in steps
                ]
        return SQL(
            """
            SELECT *
              FROM (%s)
                   step(plan_id, reached, first, last, level, delay, age, wait, key)
            """,
            self._get_sql_values(
                "(%s, %s, %s, %s, %s, %s, %s, %s, %s::bigint)", rows or [(0,) * 9]
            ),
        )

    @api.model
    def _get_sql_ripe(self):
        """Return the condition that the next level of ``item`` can be carried out."""
        return SQL(
            "item.rest_reason IS NULL"
            " AND item.ripe_date <= item.due_date + item.days_late"
        )

    @api.model
    def _get_sql_section(self):
        """Return what kind of item ``item`` is, see ``SECTIONS``."""
        return SQL(
            """
            CASE WHEN item.rest_reason = 'excluded' THEN 'excluded'
                 WHEN item.residual <= 0 THEN 'credit'
                 WHEN item.rest_reason IS NOT NULL THEN 'resting'
                 WHEN item.days_late > 0 THEN 'overdue'
                 ELSE 'not_due'
            END
            """
        )

    @api.model
    def _get_sql_shown(self, days, parts=None):
        """Return the statement of open items with what follows from its columns."""
        return SQL(
            """
            SELECT item.*,
                   %(section)s AS section,
                   COALESCE(%(ripe)s, FALSE) AS is_ripe
              FROM (%(items)s) item
            """,
            section=self._get_sql_section(),
            ripe=self._get_sql_ripe(),
            items=self._get_sql(days, parts=parts),
        )

    @api.model
    def _get_fields_read(self):
        return get_fields(self.env, FIELDS_READ)

    @api.model
    def _get_rows(self, days, partners, without=None, parts=None):
        """Return the open items of some customers as dicts, oldest first.

        :param days: dict {root company: date that counts as today}
        :param partners: commercial partners
        :param without: reminders that do not count, see ``_get_sql_parts``
        :param dict parts: what ``_get_sql_parts`` has returned, if known
        """
        parts = parts or self._get_sql_parts(days, without)
        parts = self._get_parts_of(parts, partners.ids)
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT * FROM (%s) item
                 WHERE item.partner_id IN %s
                 ORDER BY item.due_date, item.id
                """,
                self._get_sql_shown(days, parts),
                tuple(partners.ids) or (None,),
            )
        )

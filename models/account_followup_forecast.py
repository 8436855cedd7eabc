from ast import literal_eval
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

from ..tools import days as day_tools


class AccountFollowupForecast(models.AbstractModel):
    """Who will be reminded on the days to come, if nobody pays meanwhile (X6).

    The same statements as today, asked for other days. Rule 9 says in one statement who
    comes on which day; the rule of that day is asked for those alone. A customer is
    planned once: what follows a reminder depends on whether it leaves.
    """

    _name = "account.followup.forecast"
    _description = "Payment Reminders to Come"

    @api.model
    def action_open_planned(self):
        """Work out the coming days for the user, and show them."""
        self.env["account.followup"].check_access("read")
        companies = self.env.companies.root_id
        companies._check_followup_access()
        self.env["account.followup.planned"]._fill(companies)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_payment_followup.action_account_followup_planned"
        )
        if self.env["account.followup.planned"]._has_currencies():
            context = literal_eval(action["context"])
            action["context"] = {**context, "search_default_group_currency": 3}
        now = format_datetime(self.env, fields.Datetime.now(), dt_format="short")
        return {
            **action,
            "display_name": self.env._("Planned Reminders, as of %s", now),
        }

    @api.model
    def _get_planned(self, company, today, first, last):
        """Return who will be reminded from the first to the last day.

        What a gate holds, or waits after a failure, comes on the first day on which it
        may leave; if there is none, on its own day, with the reason.

        :param company: root company
        :param date today: the company's day
        :param date first: today or a later day; what is due before is planned for it
        :return: list of dicts: ``day``, ``row`` (of account.followup.customer on that
            day), ``way`` (``automatic``, ``manual`` or ``held``), ``reason``
        """
        self = self.sudo().with_company(company)  # noqa: PLW0642
        company = company.with_env(self.env)
        if not company.followup_enabled:
            return []
        plan = Plan(self.env, company, today)
        waiting = self._get_days(company, today, last)
        day = first
        while day <= last:
            asked = [id_ for id_, begin in waiting.items() if begin <= day]
            for partner_id in plan.ask(day, asked):
                del waiting[partner_id]
            day += timedelta(days=1)
        return plan.get_planned()

    @api.model
    def _get_days(self, company, today, last):
        """Return {customer id: day of rule 9}, of those who come until the last day."""
        customers = self.env["account.followup.customer"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT customer.partner_id, customer.next_reminder_date
                  FROM (%s) customer
                 WHERE customer.next_reminder_date <= %s
                """,
                customers._get_sql({company: today}),
                last,
            )
        )
        return dict(rows)

    @api.model
    def _get_claims(self, planned, company):
        """Return {(customer id, currency id): what a reminder would claim}, at once.

        :param planned: from ``_get_planned``
        :return: dict of (amount, amount in company currency, days late)
        """
        groups = defaultdict(list)
        for one in planned:
            groups[one["day"]].append(one["row"]["partner_id"])
        claims = {}
        for day, partner_ids in groups.items():
            rows = self.env.execute_query(
                self._get_sql_claims({company: day}, partner_ids)
            )
            for partner_id, currency_id, *values in rows:
                claims[partner_id, currency_id] = values
        return claims

    @api.model
    def _get_sql_claims(self, days, partner_ids):
        """Return what a reminder of that day claims in each currency (rule 13).

        It is converted as all claims are, at the rate of the debts, not of the credits.
        """
        return SQL(
            """
            SELECT net.partner_id,
                   net.currency_id,
                   net.claimed_net::float8,
                   GREATEST(%(value)s, 0)::float8,
                   net.days_late
              FROM (%(nets)s) net
             WHERE net.claimed_net * 2 >= net.unit
            """,
            value=self.env["account.followup.total"]._get_sql_value(
                "claimed_net", "debts"
            ),
            nets=self._get_sql_nets(days, partner_ids),
        )

    @api.model
    def _get_sql_nets(self, days, partner_ids):
        """Return what a reminder of that day names, added up by currency (rule 8)."""
        return SQL(
            """
            SELECT item.partner_id,
                   item.currency_id,
                   BOOL_AND(item.currency_id = item.company_currency_id) AS is_own,
                   MIN(item.company_unit) AS company_unit,
                   %(unit)s AS unit,
                   SUM(item.residual) AS claimed_net,
                   SUM(item.residual) FILTER (WHERE item.residual > 0) AS debts,
                   SUM(item.residual_company) FILTER (WHERE item.residual > 0)
                        AS debts_company,
                   MAX(item.days_late) FILTER (WHERE item.residual > 0) AS days_late
              FROM (%(items)s) item
             WHERE item.partner_id IN %(partners)s
               AND (
                   item.section IN ('credit', 'overdue')
                   OR (item.is_ripe AND item.next_delay < 0)
               )
             GROUP BY item.partner_id, item.currency_id
            """,
            unit=self.env["account.followup.total"]._get_sql_unit(
                SQL("item.currency_id")
            ),
            items=self.env["account.followup.item"]._get_sql_shown(days),
            partners=tuple(partner_ids),
        )


class Plan:
    """The days to come of one company: who is placed, and who is held until when."""

    def __init__(self, env, company, today):
        self.env, self.company, self.today = env, company, today
        cases = env["account.followup"].search([("company_id", "=", company.id)])
        self.cases = {case.partner_id.id: case for case in cases}
        # of all who have no settings
        self.default = self._create_case(False)
        self.placed, self.held = [], {}
        self.gates = env["account.followup.gates"]

    def ask(self, day, partner_ids):
        """Place those who are reminded on a day; return their ids.

        :param partner_ids: those who have come until then and are not placed
        """
        free = self._let_pass(day, partner_ids)
        rows = self._get_rows(day, free)
        reasons = {row["partner_id"]: self._get_reason(row, day) for row in rows}
        automatic = [row for row in rows if reasons[row["partner_id"]] is None]
        held = self._get_held(day, automatic)
        placed = []
        for row in rows:
            partner_id, reason = row["partner_id"], reasons[row["partner_id"]]
            if partner_id in held:
                first = {"day": day, "row": row, "way": "held"}
                self.held.setdefault(partner_id, {**first, "reason": held[partner_id]})
                continue
            way = "automatic" if reason is None else "manual"
            self.placed.append({"day": day, "row": row, "way": way, "reason": reason})
            self.held.pop(partner_id, None)
            placed.append(partner_id)
        return placed

    def get_planned(self):
        """Return all of them in the order of the days, also those still held."""
        planned = [*self.placed, *self.held.values()]
        planned.sort(key=lambda one: (one["day"], one["row"]["partner_id"]))
        return planned

    def _let_pass(self, day, partner_ids):
        """Return those whom the rule is asked about: not those held all the same."""
        known = [one["row"] for id_, one in self.held.items() if id_ in partner_ids]
        if not known:
            return partner_ids
        held = self._get_held(day, known)
        return [id_ for id_ in partner_ids if id_ not in held]

    def _get_rows(self, day, partner_ids):
        """Return the rows of the rule of those who require follow-up on a day."""
        if not partner_ids:
            return []
        days = {self.company: day}
        parts = self.env["account.followup.item"]._get_sql_parts(days)
        parts["is_coming"] = day > self.today
        rows = self.env["account.followup.customer"]._get_rows(
            days,
            self.env["res.partner"].browse(partner_ids),
            with_next_date=False,
            parts=parts,
        )
        return [row for row in rows if row["status"] == "in_need_of_action"]

    def _create_case(self, partner_id):
        return self.env["account.followup"].new(
            {"partner_id": partner_id, "company_id": self.company.id}
        )

    def _get_reason(self, row, day):
        """Return why a person has to do it (rule 12), None if it leaves by itself."""
        case = self.cases.get(row["partner_id"], self.default)
        return case._get_stop_reason(row, "automatic", day)

    def _get_held(self, day, rows):
        """Return {customer id: why what would leave by itself waits on a day}."""
        held = {}
        for row in rows:
            if day_tools.is_put_off(row["retry_date"], day):
                held[row["partner_id"]] = self.env._("The last try failed.")
        rows = [row for row in rows if row["partner_id"] not in held]
        if not rows or not self.gates._get_all():
            return held
        ids = [row["partner_id"] for row in rows]
        cases = [self.cases.get(id_) or self._create_case(id_) for id_ in ids]
        cases = self.env["account.followup"].concat(*cases)
        reasons = self.gates._get_reasons(cases, day)
        for case, found in reasons.items():
            held[case.partner_id._origin.id] = found[0][1]
        return held

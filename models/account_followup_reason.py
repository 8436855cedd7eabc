from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_amount, format_date

from .account_followup_customer_fill import filled_by

#: So many invoices are named one by one.
NAMED = 3


class AccountFollowupItem(models.Model):
    """Why an item rests, until when and why: one text for all screens."""

    _inherit = "account.followup.item"

    rest_text = fields.Char("Why It Rests", compute="_compute_rest_text")

    @api.depends("rest_reason")
    def _compute_rest_text(self):
        texts = self._get_rest_texts(
            [{"id": item.id, "rest_reason": item.rest_reason} for item in self]
        )
        for item in self:
            item.rest_text = texts.get(item.id, "")

    @api.model
    def _get_rest_texts(self, rows):
        """Return {item id: its number, until when and why it rests}, of those that do.

        :param rows: dicts with ``id`` and ``rest_reason``
        """
        rows = [row for row in rows if row["rest_reason"]]
        lines = self.env["account.move.line"].sudo().browse(row["id"] for row in rows)
        labels = dict(self._fields["rest_reason"]._description_selection(self.env))
        texts = {}
        for line, row in zip(lines, rows, strict=True):
            day, why = self._get_rest_details(line, row["rest_reason"])
            values = {
                "invoice": line.followup_name,
                "reason": why or labels[row["rest_reason"]],
                "date": format_date(self.env, day),
            }
            texts[line.id] = (
                self.env._("%(invoice)s until %(date)s (%(reason)s)", **values)
                if day
                else self.env._("%(invoice)s (%(reason)s)", **values)
            )
        return texts

    @api.model
    def _get_rest_details(self, line, reason):
        """Return until when a journal item rests, and what a person noted about it."""
        if reason == "hold":
            return line.followup_hold_until, line.followup_hold_reason
        if reason == "expected_payment":
            return line.expected_payment_date, line.expected_payment_note
        return None, None


class AccountFollowupReason(models.AbstractModel):
    """Why a customer is not reminded: one sentence, from the rows that decide."""

    _name = "account.followup.reason"
    _description = "Why No Follow-up Is Required"

    @api.model
    def _get_reason_texts(self, partners, company_days=None, parts=None):
        """Return {customer: why no follow-up is required, in one sentence}.

        It is empty for a customer who requires it. The rows of the rule are read once
        for all; in which order the reasons are looked at is that of rule 6.

        :param partners: commercial partners
        :param dict company_days: {root company: its day}; today in the current company,
            if not given
        :param dict parts: of the rule, ``_get_sql_parts`` of items, if known
        """
        if company_days is None:
            company_days = self.env.company.sudo().root_id._get_followup_day()
        [(company, day)] = company_days.items()
        company = company.sudo()
        if not company.followup_enabled:
            off = self.env._("Payment follow-ups are switched off.")
            return dict.fromkeys(partners, off)
        parts = parts or self.env["account.followup.item"]._get_sql_parts(company_days)
        cases = self._get_cases(company, partners)
        customers = self.env["account.followup.customer"]
        rows = customers._get_rows(company_days, partners, parts=parts)
        customers = {row["partner_id"]: row for row in rows}
        service = self.env["account.followup.send"]
        items = service._get_rows_by_customer(company, partners, day, parts)
        rests = self.env["account.followup.item"]._get_rest_texts(
            [row for rows in items.values() for row in self._get_all_resting(rows)]
        )
        return {
            partner: self._get_reason_text(
                cases.get(partner),
                customers.get(partner.id),
                items[partner.id],
                day,
                rests,
            )
            for partner in partners
        }

    @api.model
    def _get_all_resting(self, items):
        """Return the overdue items when all of them rest, else none."""
        late = [
            row
            for row in items
            if row["residual"] > 0
            and row["days_late"] > 0
            and row["section"] != "excluded"
        ]
        return late if all(row["rest_reason"] for row in late) else []

    @api.model
    def _get_cases(self, company, partners):
        followups = self.env["account.followup"].sudo()
        domain = [("company_id", "=", company.id), ("partner_id", "in", partners.ids)]
        return {case.partner_id: case for case in followups.search(domain)}

    @api.model
    def _get_reason_text(self, case, customer, items, day, rests):
        """Return why a customer requires no follow-up; empty if it is required.

        :param case: account.followup, if there is one
        :param dict customer: row of account.followup.customer, if something is open
        :param items: rows of the open items
        :param dict rests: see ``_get_rest_texts``
        """
        if customer and customer["status"] == "in_need_of_action":
            return ""
        return (
            (case and self._get_case_reason_text(case, day))
            or self._get_items_reason_text(items, rests)
            or self._get_ripe_reason_text(customer, items, day)
            or self._get_coming_reason_text(customer, items)
        )

    @api.model
    def _get_case_reason_text(self, case, day):
        """Return what a person decided about the customer, or what is under way."""
        if case.excluded:
            return self.env._("The customer is excluded from follow-ups.")
        if case.next_reminder_date and case.next_reminder_date > day:
            date = format_date(self.env, case.next_reminder_date)
            if user := case.next_reminder_user_id:
                return self.env._(
                    "The next reminder was set to %(date)s by %(user)s.",
                    date=date,
                    user=user.name,
                )
            return self.env._("The next reminder was set to %s by hand.", date)
        if case.queued_since:
            return self.env._(
                "A reminder of %s is still waiting to be sent.",
                format_date(self.env, case.queued_since),
            )
        return ""

    @api.model
    def _get_items_reason_text(self, items, rests):
        """Return that nothing is open, late or free to be reminded of."""
        open_items = [row for row in items if row["residual"] > 0]
        if not open_items:
            return self.env._("Nothing is owed.")
        counting = [row for row in open_items if row["rest_reason"] != "excluded"]
        if not counting:
            return self.env._("All open invoices are excluded from follow-ups.")
        late = self._get_all_resting(items)
        if not late:
            return ""
        named = [rests[row["id"]] for row in late[:NAMED]]
        if len(late) > NAMED:
            named.append(self.env._("%s more", len(late) - NAMED))
        return self.env._("All overdue invoices rest: %s.", ", ".join(named))

    @api.model
    def _get_ripe_reason_text(self, customer, items, day):
        """Return why a level that is ripe is not due, if there is one."""
        claim = self.env["account.followup.claim"]
        if not any(row["is_ripe"] for row in items):
            return ""
        named = self.env["account.followup.send"]._get_default_rows(items, day)
        plan = self.env["account.followup.plan"].sudo().browse(customer["plan_id"])
        gap = timedelta(days=plan._get_min_days())
        last = customer["last_reminder_date"]
        counting = claim._get_counting_rows(named, day)
        if counting and last and last + gap > day:
            return self.env._(
                "The last reminder was on %(date)s; the next one is not before "
                "%(next)s.",
                date=format_date(self.env, last),
                next=format_date(self.env, last + gap),
            )
        return self._get_amount_reason_text(plan, counting)

    @api.model
    def _get_amount_reason_text(self, plan, claimed):
        """Return that too little would be claimed.

        :param plan: follow-up plan of the customer
        :param claimed: rows that are claimed; none when credits cover them
        """
        if not claimed:
            return self.env._("Payments or credits cover what would be claimed.")
        if not plan._get_min_amount():
            return self._get_no_amount_text(plan.currency_id)
        return self.env._(
            "What would be claimed is less than the minimum amount of %s.",
            format_amount(self.env, plan._get_min_amount(), plan.currency_id),
        )

    @api.model
    def _get_coming(self, items):
        """Return the items that count some day: credits, and what does not rest on."""
        comes = (None, *self.env["account.followup.item"]._get_dated_reasons())
        return [
            row
            for row in items
            if row["rest_reason"] != "excluded"
            and (row["residual"] <= 0 or row["rest_reason"] in comes)
        ]

    @api.model
    def _get_no_amount_text(self, currency):
        """Return that too little is claimed to be an amount in company currency."""
        return self.env._(
            "Less than %s would be claimed.",
            format_amount(self.env, currency.rounding, currency),
        )

    @api.model
    def _get_coming_reason_text(self, customer, items):
        """Return what comes next, or that nothing does."""
        coming = self._get_coming(items)
        if all(row["residual"] <= 0 for row in coming):
            return self.env._("What is open rests; until when is not known.")
        plan = self.env["account.followup.plan"].sudo().browse(customer["plan_id"])
        if not any(row["next_level_id"] for row in coming):
            choice = self.env["account.followup.plan.choice"]
            if problem := choice._get_problem(plan):
                return problem
            if plan.level_ids:
                return self.env._("All levels are done.")
            return self.env._('Follow-up plan "%s" has no levels.', plan.name)
        if not (date := customer["next_reminder_date"]):
            claims = self.env["account.followup.claim"]._get_claims(coming)
            return self._get_amount_reason_text(plan, claims)
        if not customer["days_late"]:
            return self.env._(
                "Nothing is overdue; the next reminder is due on %s.",
                format_date(self.env, date),
            )
        return self.env._("The next level comes on %s.", format_date(self.env, date))


class AccountFollowupCustomerFill(models.AbstractModel):
    _inherit = "account.followup.customer.fill"

    @api.model
    def _fill_reason_text(self, customers):
        reasons = self.env["account.followup.reason"]
        for company, rows in customers.grouped("company_id").items():
            days = company.sudo()._get_followup_day()
            texts = reasons._get_reason_texts(rows.partner_id, days)
            for row in rows:
                row.reason_text = texts[row.partner_id]


class AccountFollowupCustomer(models.Model):
    _inherit = "account.followup.customer"

    reason_text = fields.Char(
        "Why Not Now",
        compute=filled_by("_fill_reason_text", "partner_id", "company_id", "status"),
        help="Why no follow-up is required.",
    )

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..tools.sql import get_fields
from .account_move_line import GROUPS
from .account_move_line_review import check_review_near

#: Who is excluded is looked at once a year, unless somebody says another day.
YEAR = relativedelta(years=1)


class AccountFollowup(models.Model):
    """When somebody is to look again at a customer who is excluded (X8)."""

    _inherit = "account.followup"

    review_date = fields.Date(
        "Review On",
        help="On this day the responsible is asked whether the customer is still to be "
        "excluded.",
    )
    review_asked_on = fields.Date(
        readonly=True,
        help="Day on which the responsible was asked about the excluded customer.",
    )

    _excluded_review_idx = models.Index(
        "(review_date) WHERE excluded AND review_date IS NOT NULL"
    )

    @api.constrains("review_date")
    def _check_review_date(self):
        for case in self.filtered("review_date"):
            check_review_near(
                self.env,
                case.partner_id.display_name,
                case.review_date,
                self._get_day_of(case.company_id),
            )

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS 'base'
        cases = super().create(vals_list)
        cases._follow_exclusion()
        return cases

    def write(self, vals):
        # EXTENDS 'base'
        result = super().write(vals)
        if "excluded" in vals:
            self._follow_exclusion()
        return result

    def _follow_exclusion(self):
        """Give who is excluded a day of review; it ends with the exclusion."""
        for case in self.sudo():
            if case.excluded and not case.review_date:
                case.review_date = self._get_day_of(case.company_id) + YEAR
            elif case.review_date and not case.excluded:
                case.review_date = False

    def _prepare_merged(self, others):
        # EXTENDS: the first day of those who are excluded
        values = super()._prepare_merged(others)
        excluded = (self + others).filtered("excluded")
        if days := [day for day in excluded.mapped("review_date") if day]:
            values["review_date"] = min(days)
        return values


class AccountFollowupReview(models.AbstractModel):
    """Who is asked to look again at excluded customers."""

    _name = "account.followup.review"
    _description = "Review of Excluded Customers"

    @api.model
    def _ask(self, days):
        """Give the responsible of excluded customers who owe something a task, once.

        :param dict days: {root company: date that counts as today}
        """
        passed = [
            Domain("company_id", "=", company.id) & Domain("review_date", "<=", day)
            for company, day in days.items()
        ]
        cases = self.env["account.followup"].search(
            Domain.OR(passed) & Domain("excluded", "=", True)
        )
        cases = cases.filtered(
            lambda case: (
                not case.review_asked_on or case.review_asked_on < case.review_date
            )
        )
        for company, mine in cases.grouped("company_id").items():
            owing = self._filter_owing(mine, {company: days[company]})
            self._tell(owing, days[company])

    @api.model
    def _filter_owing(self, cases, days):
        """Return the cases of customers of whom something is open (rule 1)."""
        rows = self.env["account.followup.item"]._get_rows(days, cases.partner_id)
        owing = {row["partner_id"] for row in rows if row["residual"] > 0}
        return cases.filtered(lambda case: case.partner_id.id in owing)

    @api.model
    def _tell(self, cases, day):
        for case in cases:
            self.env["account.followup.outcome"]._schedule_task(
                case,
                case._get_responsible(),
                self.env._("Look again at an excluded customer"),
                self.env._(
                    "%s: is the customer still to be excluded? Take the tick away, or "
                    "choose another day on which to look at it.",
                    case.partner_id.display_name,
                ),
                day,
            )
        cases.review_asked_on = day


class AccountFollowupSetting(models.AbstractModel):
    _inherit = "account.followup.setting"

    @api.model
    def _prepare_by_hand(self, followups, vals):
        # EXTENDS: nobody can look again on a day that has passed
        if day := fields.Date.to_date(vals.get("review_date")):
            for followup in followups.sudo():
                if day < followup._get_day_of(followup.company_id):
                    raise UserError(
                        self.env._(
                            "%(documents)s: nobody can look again on %(date)s, that "
                            "day has passed.",
                            documents=followup.partner_id.display_name,
                            date=format_date(self.env, day),
                        )
                    )
        return super()._prepare_by_hand(followups, vals)

    @api.model
    def _get_setting_text(self, followup, name):
        # EXTENDS: no rule says this day
        if name == "review_date" and not followup.review_date:
            return self.env._("none")
        return super()._get_setting_text(followup, name)


class ResPartner(models.Model):
    _inherit = "res.partner"

    followup_review_date = fields.Date(
        "Review On",
        compute="_compute_followup_settings",
        inverse="_inverse_followup_review_date",
        groups=GROUPS,
        help="On this day the responsible is asked whether the customer is still to be "
        "excluded.",
    )

    def _inverse_followup_review_date(self):
        self._write_followup("review_date", "followup_review_date")


class AccountFollowupItem(models.Model):
    """Items of excluded customers rest, too, and somebody is to look at them."""

    _inherit = "account.followup.item"

    @api.model
    def _get_rest_kinds(self):
        # EXTENDS 'account_payment_followup'
        label = self.env._("Customer excluded")
        return [*super()._get_rest_kinds(), ("customer", label)]

    @api.depends("rest_kind", "partner_id")
    def _compute_review_date(self):
        # EXTENDS 'account_payment_followup'
        super()._compute_review_date()
        cases = self._get_excluded_cases()
        for item in self.filtered(lambda item: item.rest_kind == "customer"):
            case = cases.get((item.partner_id, item.company_id))
            item.review_date = case and case.review_date

    def _compute_rest(self):
        # EXTENDS 'account_payment_followup'
        super()._compute_rest()
        mine = self.filtered(lambda item: item.rest_kind == "customer")
        mine.rest_why = self.env._("The customer is excluded from follow-ups.")

    def _get_excluded_cases(self):
        """Return {(customer, root company): its case} of those who are excluded."""
        mine = self.filtered(lambda item: item.rest_kind == "customer")
        cases = self.env["account.followup"]
        if mine:
            domain = [
                ("partner_id", "in", mine.partner_id.ids),
                ("excluded", "=", True),
            ]
            cases = cases.sudo().search(domain)
        return {(case.partner_id, case.company_id): case for case in cases}

    @api.model
    def _get_forgotten_domain(self, company, day):
        # EXTENDS 'account_payment_followup'
        names = ("company_id", "excluded", "partner_id", "review_date")
        looked_at = SQL(
            """
            (
                SELECT partner_id
                  FROM account_followup
                 WHERE company_id = %s AND excluded AND review_date >= %s
            )
            """,
            company.id,
            day,
            to_flush=get_fields(self.env, {"account.followup": names}),
        )
        return super()._get_forgotten_domain(company, day) | (
            Domain("company_id", "=", company.id)
            & Domain("rest_kind", "=", "customer")
            & Domain("partner_id", "not in", looked_at)
        )

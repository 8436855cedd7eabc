from odoo import api, models
from odoo.tools import SQL
from odoo.tools.misc import format_date

from .engine.columns import make_column, make_company_amount, make_due_date
from .engine.followup import (
    RuleItems,
    RuleRows,
    make_expected,
    make_section_columns,
)


class AccountFollowupReportFollowup(models.AbstractModel):
    """Follow-up Report (F4): what is due, overdue, resting and excluded, apart.

    It reads ``account.followup.item``: what it says of an item is what the reminder
    does with it. It is about today; what is open includes entries of coming days.
    """

    _name = "account.followup.report.followup_report"
    _inherit = "account.followup.report"
    _description = "Follow-up Report"

    _default_period = "today"
    _period_names = ("today",)

    @api.model
    def _get_features(self):
        return [*super()._get_features(), "as_of", "followup", "statuses"]

    @api.model
    def _get_query(self, options):
        return RuleItems(self, options)

    @api.model
    def _get_rows(self, options):
        return RuleRows(self, options)

    @api.model
    def _get_subtitle(self, options):
        return self.env._("As of %s", format_date(self.env, options["date_to"]))

    @api.model
    def _get_columns(self, options):
        company = SQL("item.amount_company")
        amount, total = SQL("item.amount"), SQL("SUM(item.amount)")
        currency = self.env.company.root_id.sudo().currency_id
        in_company = self.env._("Total in %s", currency.name)
        return [
            make_due_date(self.env),
            self._get_days_column(),
            *self._get_level_columns(),
            make_expected(self.env),
            *make_section_columns(self.env),
            make_column("amount", "total", self.env._("Total"), amount, total),
            *make_company_amount(
                options, "total_company", in_company, company, line=company
            ),
        ]

    @api.model
    def _get_days_column(self):
        """Return how late a debt is, and the latest of a customer."""
        line = SQL(
            """
            CASE WHEN item.amount > 0
                 THEN NULLIF(GREATEST(item.days_late, 0), 0)
            END
            """
        )
        total = SQL(
            "NULLIF(MAX(item.days_late) FILTER (WHERE item.section = 'overdue'), 0)"
        )
        label = self.env._("Days Late")
        return make_column("integer", "days_late", label, line, total)

    @api.model
    def _get_level_columns(self):
        next_level = SQL(
            "CASE WHEN item.section <> 'excluded' THEN item.next_level_id END"
        )
        return [
            make_column(
                "text",
                "level",
                self.env._("Level Reached"),
                SQL("item.reached_level_id"),
            ),
            make_column("text", "next_level", self.env._("Next Level"), next_level),
        ]

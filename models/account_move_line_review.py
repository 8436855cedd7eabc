from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..tools.days import is_sensible
from ..tools.sql import get_fields
from .account_move_line import GROUPS

#: Who holds an item for longer is to look at it in between.
LONG_DAYS = 90


def check_review_near(env, documents, day, today):
    """Check that somebody chose a day of review to plan with.

    :param str documents: what is to be looked at
    :raise ValidationError: it is not
    """
    if not is_sensible(day, today):
        raise ValidationError(
            env._(
                "%(documents)s: %(date)s is too far away. Choose a day within ten "
                "years.",
                documents=documents,
                date=format_date(env, day),
            )
        )


class AccountMoveLine(models.Model):
    """When somebody is to look again at what is excluded or on hold (X8)."""

    _inherit = "account.move.line"

    followup_review_date = fields.Date(
        "Review On",
        copy=False,
        groups=GROUPS,
        help="On this day the responsible is asked whether it is still to rest.",
    )

    _followup_review_idx = models.Index(
        "(followup_review_date) WHERE followup_review_date IS NOT NULL"
    )

    @api.constrains("followup_review_date")
    def _check_followup_review_near(self):
        today = self.company_id.root_id.sudo()._get_followup_day()
        for line in self.sudo().filtered("followup_review_date"):
            check_review_near(
                self.env,
                line._get_followup_names(),
                line.followup_review_date,
                today[line.company_id.root_id],
            )

    @api.model
    def _ask_for_followup_review(self, days):
        """Give the responsible one task a customer for what is to be looked at again.

        :param dict days: {root company: date that counts as today}
        """
        passed = [
            Domain("company_id", "child_of", company.id)
            & Domain("followup_review_date", "<=", day)
            for company, day in days.items()
        ]
        lines = self.search(Domain.OR(passed) & Domain("reconciled", "=", False))
        for company, mine in lines.grouped(lambda one: one.company_id.root_id).items():
            mine._tell_followup_review(company, days[company])

    def _tell_followup_review(self, company, day):
        """Give the responsible of each customer a task, unless it was given before.

        Of the items of the last day those are kept that were named on it: another one
        whose review was set to that day afterwards is still to be asked about.

        :param self: items of a root company
        """
        groups = self.grouped(lambda line: line.partner_id.commercial_partner_id)
        partners = self.partner_id.commercial_partner_id
        outcome = self.env["account.followup.outcome"]
        for case in self.env["account.followup"]._get_or_create(partners, company):
            told_on, told = case.review_told_on, case.review_told_line_ids
            mine = groups[case.partner_id].filtered(
                lambda line, told_on=told_on, told=told: (
                    not told_on
                    or line.followup_review_date > told_on
                    or (line.followup_review_date == told_on and line not in told)
                )
            )
            if mine:
                outcome._schedule_task(
                    case,
                    case._get_responsible(),
                    self.env._("Look again at what rests"),
                    self.env._(
                        "%s: is it still to be excluded or on hold? Resume it, or "
                        "choose another day on which to look at it.",
                        mine._get_followup_names(),
                    ),
                    day,
                )
                ids = mine.ids if told_on != day else [*told.ids, *mine.ids]
                case.write(
                    {
                        "review_told_on": day,
                        "review_told_line_ids": [Command.set(ids)],
                    }
                )


class AccountFollowup(models.Model):
    _inherit = "account.followup"

    review_told_on = fields.Date(
        readonly=True, help="Day on which the responsible was asked to look again."
    )
    # about which, on that day
    review_told_line_ids = fields.Many2many(
        "account.move.line",
        "account_followup_review_told_rel",
        "followup_id",
        "line_id",
        string="Invoices",
        readonly=True,
        copy=False,
    )


class AccountFollowupItem(models.Model):
    """What rests and nobody looks at (X8)."""

    _inherit = "account.followup.item"

    is_forgotten = fields.Boolean(
        "Forgotten",
        compute="_compute_is_forgotten",
        search="_search_is_forgotten",
        help="It rests, and no day is noted on which somebody looks at it again.",
    )

    def _compute_is_forgotten(self):
        forgotten = self.search([("id", "in", self.ids), ("is_forgotten", "=", True)])
        for item in self:
            item.is_forgotten = item in forgotten

    def _search_is_forgotten(self, operator, value):
        """Find what rests without an end, or for long, and without a review to come."""
        if operator != "in" or True not in value:
            return NotImplemented
        days = self.env["res.company"]._get_followup_days_seen()
        return Domain.OR(
            self._get_forgotten_domain(company, day) for company, day in days.items()
        )

    @api.model
    def _get_forgotten_domain(self, company, day):
        """Return what is forgotten in a root company on a day."""
        rests = (
            Domain("rest_kind", "in", ("excluded", "blocked", "dispute"))
            & Domain("residual", ">", 0)
        ) | (
            Domain("rest_reason", "in", ("hold", "expected_payment"))
            & Domain("free_date", ">", fields.Date.add(day, days=LONG_DAYS))
        )
        return (
            Domain("company_id", "=", company.id)
            & rests
            & Domain("move_line_id", "not in", self._get_sql_reviewed(day))
        )

    @api.model
    def _get_sql_reviewed(self, day):
        """Return the journal items that somebody looks at after a day, or on it."""
        names = {
            "account.followup.dispute": ("line_ids", "review_date", "state"),
            "account.move.line": ("followup_review_date",),
        }
        return SQL(
            """
            (
                SELECT id FROM account_move_line WHERE followup_review_date >= %(day)s
                 UNION ALL
                SELECT disputed.line_id
                  FROM account_followup_dispute dispute
                  JOIN account_followup_dispute_line_rel disputed
                    ON disputed.dispute_id = dispute.id
                 WHERE dispute.state = 'open' AND dispute.review_date >= %(day)s
            )
            """,
            day=day,
            to_flush=get_fields(self.env, names),
        )

from datetime import timedelta

import psycopg2

from odoo import api, models
from odoo.tools import SQL, format_date

#: More than so many times the usual number is asked for.
TIMES = 3

#: The last days with automatic reminders say what is usual, in so many days.
RUNS, DAYS = 10, 60

#: Up to this part of the cap nobody asks who was reminded on that day before.
QUIET = 10


class AccountFollowupGateCap(models.AbstractModel):
    """Many reminders at once leave only when somebody has looked at them (X4).

    The run makes a list then, once a day; what is approved leaves on that day. It
    counts customers, over all runs of a day: else the next run would do the rest.
    """

    _name = "account.followup.gate.cap"
    _inherit = ["account.followup.gate"]
    _description = "Gate: Approval of Many Reminders"

    _place = 90
    _is_asked_again = False

    @api.model
    def _get_company_reason(self, company, day, now=None):
        approval = company.followup_run_cap and company.followup_approval_id
        if not approval or approval.state != "open":
            return None
        return self.env._(
            "%s customers wait for the approval of their automatic reminders.",
            approval.customer_count,
        )

    @api.model
    def _get_case_reasons(self, cases, day, now=None):
        company = cases.company_id
        approval = company.followup_run_cap and company.followup_approval_id
        if not approval or not approval._is_for(day):
            return {}
        chosen = approval._get_chosen_ids()
        return {
            case: self.env._(
                "Not on the list of automatic reminders that was approved for today."
            )
            for case in cases
            if case.partner_id._origin.id not in chosen
        }

    @api.model
    def _let_pass(self, company, partner_ids, day, now):
        if not company.followup_run_cap:
            return partner_ids
        approval = company.followup_approval_id
        if approval and approval._is_for(day):
            chosen = approval._get_chosen_ids()
            return [id_ for id_ in partner_ids if id_ in chosen]
        reason = self._get_reason(company, len(partner_ids), day)
        if not reason:
            if approval.state == "open":
                approval._end("over")
            return partner_ids
        try:
            with self.env.cr.savepoint():
                approval._keep_others_off(company)
        except psycopg2.OperationalError:
            # another worker is at it at this moment
            self.env["account.followup.gates"]._put_off(now)
            return []
        approval._list(company, partner_ids, day, reason)
        return []

    @api.model
    def _get_reason(self, company, count, day):
        """Return why so many customers are not reminded unasked, or None."""
        cap, until = company.followup_run_cap, company.followup_run_cap_until
        if until and day <= until:
            done = self._get_done(company, day)
            if count + done <= cap:
                return None
            return self.env._(
                "%(count)s customers are due, and until %(date)s more than %(cap)s on "
                "a day are to be approved.",
                count=count + done,
                date=format_date(self.env, until),
                cap=cap,
            )
        if count * QUIET <= cap:
            return None
        count += self._get_done(company, day)
        if count <= cap:
            return None
        usual = self._get_usual(company, day)
        if count <= TIMES * usual:
            return None
        return self.env._(
            "%(count)s customers are due, usually it is %(usual)s on a day.",
            count=count,
            usual=round(usual),
        )

    @api.model
    def _get_done(self, company, day):
        """Return how many were reminded by themselves on that day.

        Tests count in test mode only, and nothing else does there.
        """
        return self.env["account.followup.reminder"].search_count(
            [
                ("company_id", "=", company.id),
                ("date", "=", day),
                ("trigger", "=", "automatic"),
                ("state", "!=", "withdrawn"),
                ("is_test", "=", self.env["account.followup.test"]._is_on(company)),
            ]
        )

    @api.model
    def _get_usual(self, company, day):
        """Return how many were reminded by themselves on each of the last days.

        Tests count in test mode only, and nothing else does there. The history is the
        memory: it is read only when there are many.
        """
        reminders = self.env["account.followup.reminder"]
        [(usual,)] = self.env.execute_query(
            SQL(
                """
                SELECT AVG(run.count)
                  FROM (
                       SELECT COUNT(*) AS count
                         FROM account_followup_reminder reminder
                        WHERE reminder.company_id = %s
                          AND reminder.date >= %s
                          AND reminder.date < %s
                          AND reminder.trigger = 'automatic'
                          AND reminder.state <> 'withdrawn'
                          AND COALESCE(reminder.is_test, FALSE) = %s
                        GROUP BY reminder.date
                        ORDER BY reminder.date DESC
                        LIMIT %s
                       ) run
                """,
                company.id,
                day - timedelta(days=DAYS),
                day,
                bool(self.env["account.followup.test"]._is_on(company)),
                RUNS,
                to_flush=[
                    reminders._fields[name]
                    for name in ("company_id", "date", "is_test", "trigger", "state")
                ],
            )
        )
        return float(usual or 0)

    @api.model
    def _get_setting(self, facts):
        return facts.company.followup_approval_id or facts.company

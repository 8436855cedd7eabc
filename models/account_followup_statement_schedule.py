import logging

import psycopg2
from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, api, models
from odoo.fields import Domain
from odoo.tools import mute_logger

from .account_followup_run import IN_MODE

_logger = logging.getLogger(__name__)

#: Statements of one transaction: so many pages are made by one call of wkhtmltopdf.
BATCH_SIZE = 10


class AccountFollowupStatementSchedule(models.AbstractModel):
    """Monthly statements: each company has a day in the month."""

    _name = "account.followup.statement.schedule"
    _description = "Schedule of Statements"

    @api.model
    def _schedule_months(self):
        """Begin the monthly statements of each company whose day has come."""
        companies = self.env["res.company"].search(
            [("parent_id", "=", False), ("followup_statement_monthly", "=", True)]
        )
        for company, day in companies._get_followup_day().items():
            try:
                with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                    self._schedule_month_of(company, day)
            except psycopg2.IntegrityError:
                _logger.info("Statements of company %s: begun elsewhere", company.id)
            except psycopg2.OperationalError:
                raise
            except Exception as error:  # another company must not wait for this one
                self.env.invalidate_all(flush=False)
                company._note_followup_error(error, day)

    @api.model
    def _schedule_month_of(self, company, day):
        """Begin the monthly statements of a company, unless that is done."""
        month = company._get_statement_month(day)
        domain = [("company_id", "=", company.id), ("schedule_month", "=", month)]
        if month and not self.env["account.followup.statement.run"].search_count(
            domain, limit=1
        ):
            self._schedule_month(company, month)

    @api.model
    def _schedule_month(self, company, month):
        """Write the statements of a month of a company, all of them or none.

        The run is there even if nobody gets a statement: the month is done.

        :param date month: its first day
        :raise psycopg2.errors.UniqueViolation: another transaction was faster
        """
        runs = self.env["account.followup.statement.run"].with_user(SUPERUSER_ID)
        companies = runs.env["res.company"].search([("id", "child_of", company.id)])
        last = month + relativedelta(months=1, days=-1)
        run = runs.create(
            {
                **runs._prepare_run(companies, month, last, "automatic"),
                "schedule_month": month,
                "mail_template_id": company._get_statement_template().id,
                "do_email": True,
            }
        )
        partners = run._get_stated() - run._get_opted_out(company)
        run._add_statements(partners.filtered("active"))


class AccountFollowupStatementRun(models.Model):
    """Statements in the background: monthly ones, and what a person has begun."""

    _inherit = "account.followup.statement.run"

    @api.model
    def _cron_send_statements(self):
        """Begin the monthly statements that are due, then send what waits.

        One short transaction a batch. Every batch ends its statements, so the number
        that remains shrinks and the job never spins (promises 2 and 3).
        """
        progress = self.env["ir.cron"]._commit_progress
        self.env["account.followup.sweep"]._sweep()
        self.env["account.followup.statement.schedule"]._schedule_months()
        statements = self.env["account.followup.statement"]
        waiting = (
            Domain("progress", "=", "waiting") & Domain("run_id", "!=", False) & IN_MODE
        )
        progress(remaining=statements.search_count(waiting))
        while batch := statements.search(waiting, limit=BATCH_SIZE, order="run_id, id"):
            ended = self._process_batch(batch)
            if not ended:
                break  # another worker has them
            if not progress(ended, remaining=statements.search_count(waiting)):
                break

    @api.model
    def _process_batch(self, statements):
        """Send the statements of the first run of these; return their number."""
        run = statements[:1].run_id
        mine = statements.filtered(lambda statement: statement.run_id == run)
        try:
            ended = run._process(mine)
        except psycopg2.OperationalError:
            # another transaction was faster: the next call looks again
            _logger.info("Statements of run %s were put off: concurrent update", run.id)
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
            return 0
        if ended and run.state == "done":
            run._notify_end()
        return len(ended)

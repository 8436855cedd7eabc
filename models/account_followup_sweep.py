import logging

import psycopg2

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import mute_logger

from .account_followup_gate import SOON

_logger = logging.getLogger(__name__)


class AccountFollowupSweep(models.AbstractModel):
    """What the scheduled action looks at before it reminds anybody."""

    _name = "account.followup.sweep"
    _description = "Follow-up Sweep"

    @api.model
    def _sweep(self):
        """Do each step; an error in one does not stop the others, nor the run.

        When another transaction was faster, the run comes again for the step.
        """
        steps = self._get_steps()
        for step, problem in steps:
            try:
                with self.env.cr.savepoint():
                    step()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.invalidate_all(flush=False)
                _logger.info("%s: concurrent update", problem)
                soon = fields.Datetime.now() + SOON
                self.env["account.followup.gate"]._run_again_at(soon)
            except psycopg2.OperationalError:
                raise
            except Exception:
                self.env.invalidate_all(flush=False)
                _logger.warning("%s", problem, exc_info=True)

    @api.model
    def _get_steps(self):
        """Return a list of (function, what did not happen if it fails)."""
        return [
            (self._end_deliveries, "States of deliveries were not taken up"),
            (self._follow_up_promises, "Promises to pay were not looked at"),
            (self._tell_unbooked, "Online payments that hang were not told"),
            (self._ask_for_review, "Nobody was asked to look again"),
            (self._tell_unread_plans, "Plans that cannot be read were not told"),
        ]

    @api.model
    def _end_deliveries(self):
        """End deliveries that have ended unnoticed, and tell of queues that stand."""
        self.env["account.followup.delivery"]._sync_queued()
        self.env["account.followup.delivery"]._tell_waiting()

    @api.model
    def _follow_up_promises(self):
        self._do_apart(self.env["account.followup.promise"]._follow_up)

    @api.model
    def _tell_unbooked(self):
        days = self.env["res.company"]._get_followup_days()
        self.env["payment.transaction"]._tell_followup_unbooked(days)

    @api.model
    def _ask_for_review(self):
        days = self.env["res.company"]._get_followup_days()
        self._do_apart(self.env["account.followup.dispute"]._ask_for_review, days)
        self._do_apart(self.env["account.move.line"]._ask_for_followup_review, days)
        self._do_apart(self.env["account.followup.review"]._ask, days)

    @api.model
    def _tell_unread_plans(self):
        self._do_apart(self.env["account.followup.plan.choice"]._tell_unread)

    @api.model
    def _do_apart(self, step, days=None):
        """Do a step for all companies, an error of one company apart (promise 3).

        All of them are taken together. When that fails, nothing of it stays, each is
        taken for itself, and whose data it is is told.

        :param step: function of {root company: date that counts as today}
        :param dict days: such a dict, of all companies by default
        """
        if days is None:
            days = self.env["res.company"]._get_followup_days()
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                step(days)
            return
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            self.env.invalidate_all(flush=False)
            if len(days) == 1:
                [(company, day)] = days.items()
                company._note_followup_error(error, day)
                return
        for company, day in days.items():
            self._do_apart(step, {company: day})

import logging

import psycopg2

from odoo.exceptions import UserError

from ..tools.parts import get_error_text, halve, work_in_parts
from .ir_actions_report import PdfHangsError, PdfPutOffError

_logger = logging.getLogger(__name__)


class Result:
    """What came of reminding customers: ``done``, ``skipped`` and ``failed``.

    The customers are taken together; when that fails, in smaller and smaller parts with
    a savepoint each: an error stays with its customer (promise 3).
    """

    def __init__(self, none):
        """:param none: an empty recordset of reminders"""
        self.done = none
        self.skipped = {}
        self.failed = {}

    def remind(self, followups, day, trigger, options):
        """Remind customers of one company, see ``work_in_parts``."""
        service = followups.env["account.followup.send"]

        def send(cases):
            batch = service._prepare_batch(cases, day, trigger=trigger, **options)
            return service._send_reminders(batch)

        work_in_parts(
            followups,
            send,
            done=self._note_done,
            failed=lambda case, error: self._note_problem(case, error, day),
            split=lambda cases, error: self._take_apart(cases, error, day),
        )

    def _note_done(self, _followups, reminders):
        self.done += reminders

    def _take_apart(self, followups, error, day):
        """Return the parts of a batch that are to be tried after an error.

        A document that hangs costs time, so that customer is not looked for.
        """
        if isinstance(error, PdfHangsError) and error.partner:
            culprit = followups.filtered(lambda case: case.partner_id == error.partner)
            if culprit:
                self._note_problem(culprit, error, day)
                return [followups - culprit]
        return halve(followups, error)

    def _note_problem(self, followup, error, day):
        """Note why the reminder of a customer could not be made."""
        env = followup.env
        if isinstance(error, psycopg2.errors.UniqueViolation):
            self.skipped[followup] = env._("Somebody else reminded just now.")
            return
        reason = get_error_text(error)
        if isinstance(error, PdfPutOffError):
            self.skipped[followup] = reason
            return
        if not isinstance(error, UserError):
            partner = followup.partner_id
            _logger.info("Follow-up of customer %s failed", partner.id, exc_info=error)
        env["account.followup.outcome"]._record_failure(followup, reason, day)
        self.failed[followup] = reason

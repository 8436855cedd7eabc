import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools.parts import get_error_text

_logger = logging.getLogger(__name__)

#: Customers in one transaction, with letters or without: the screen shows how far it is
#: after each.
BATCH_SIZE = 20

#: Up to so many customers are processed at once, more in the background.
DIRECT_LIMIT = 10


#: What was begun in earnest waits until the test mode has ended (X9).
IN_MODE = Domain("run_id.is_test", "=", True) | Domain(
    "company_id.followup_test_mode", "=", False
)


class AccountFollowupRun(models.Model):
    """Processing of selected customers by a person, with what came of it (D3)."""

    _name = "account.followup.run"
    _inherit = "account.followup.run.mixin"
    _description = "Follow-up Processing"

    _part_model = "account.followup.run.line"

    letters = fields.Selection(
        [("post", "By Post"), ("print", "Print them here")],
        default="post",
        required=True,
        readonly=True,
    )
    # the company's day when it was begun: past midnight it does what was shown
    date = fields.Date(readonly=True)
    state = fields.Selection(store=True)
    line_ids = fields.One2many("account.followup.run.line", "run_id", readonly=True)
    failed_line_ids = fields.One2many(
        "account.followup.run.line", "run_id", domain=[("state", "=", "failed")]
    )
    skipped_line_ids = fields.One2many(
        "account.followup.run.line", "run_id", domain=[("state", "=", "skipped")]
    )
    total_count = fields.Integer(store=True)
    waiting_count = fields.Integer(store=True)
    done_count = fields.Integer("Reminded", store=True)
    skipped_count = fields.Integer(store=True)
    failed_count = fields.Integer(store=True)
    progress = fields.Float(compute="_compute_progress")
    letter_count = fields.Integer("Letters to Print", compute="_compute_letter_count")
    hidden_letter_count = fields.Integer(
        "Letters for Others", compute="_compute_letter_count"
    )

    def _get_title(self, moment):
        return self.env._("Processing of %s", moment)

    @api.depends("line_ids.state")
    def _compute_counts(self):
        return super()._compute_counts()

    @api.depends("total_count", "waiting_count")
    def _compute_progress(self):
        for run in self:
            run.progress = run._get_progress()

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_letter_count(self):
        own = self._get_own_printed()
        for run in self:
            printed = run._get_printed()
            run.letter_count = len((printed & own).attachment_id)
            run.hidden_letter_count = len((printed - own).attachment_id)

    def _get_printed(self):
        """Return the deliveries that a person has to print."""
        deliveries = self.sudo().line_ids.reminder_id.delivery_ids
        return deliveries.filtered(lambda delivery: delivery.channel == "print")

    def _get_own_printed(self):
        """Return those of them whose letters the user may read.

        A run is of the whole house: it may have letters that name invoices of companies
        which its reader does not see.
        """
        printed = self._get_printed().sudo(self.env.su)
        return printed._filtered_access("read").sudo()

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_print_letters(self):
        """Download all letters of the run that one may read, as one PDF.

        :raise UserError: there is none
        """
        self.ensure_one()
        self.check_access("read")
        letters = self._get_own_printed().attachment_id
        if not letters:
            raise UserError(
                self.env._("%s: there is no letter to print.", self.display_name)
            )
        printing = self.env["account.followup.printing"].sudo()
        printing = printing.create({"run_id": self.id})
        attachment = self._merge_documents(letters, printing)
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
        }

    def action_retry_failed(self):
        """Remind those who failed once more: what was wrong has been mended.

        :raise UserError: nobody has failed
        """
        self.ensure_one()
        self.check_access("read")
        self.company_id._check_followup_access()
        self.env["res.partner"]._check_followup_access()
        run = self.sudo()
        lines = run.failed_line_ids.try_lock_for_update()
        if not lines:
            raise UserError(
                self.env._("%s: there is nobody to try again.", self.display_name)
            )
        lines.write({"state": "waiting", "reason": False, "reminder_id": False})
        run.write({"user_id": self.env.uid, "date": run._get_today()})
        run._work_on(lines)
        return self.action_refresh()

    def action_open_failed(self):
        """Open the work-list with the customers who failed."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_payment_followup.action_account_followup_customer"
        )
        return {
            **action,
            "display_name": self.env._("Failed: %s", self.display_name),
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("partner_id", "in", self.failed_line_ids.partner_id.ids),
            ],
            "context": {},
        }

    def _get_action_name(self):
        return self.env._("Process Follow-ups")

    # ------------------------------------------------------------------
    # Work
    # ------------------------------------------------------------------

    @api.model
    def _start(self, partners, company, letters="post"):
        """Process customers: a few at once, more in the background.

        :param partners: commercial partners
        :param company: root company
        :param str letters: ``post`` or ``print``
        :return: the run
        """
        lines = [fields.Command.create({"partner_id": one.id}) for one in partners]
        run = self.sudo().create(
            {
                "company_id": company.id,
                "date": company.sudo()._get_followup_day()[company],
                "user_id": self.env.uid,
                "is_test": self.env["account.followup.test"]._is_on(company),
                "letters": letters,
                "line_ids": lines,
            }
        )
        run._work_on(run.line_ids)
        return run.sudo(self.env.su)

    def _work_on(self, lines):
        """Process waiting lines at once if they are few, else in the background."""
        if len(lines) <= DIRECT_LIMIT:
            self._process_lines(lines)
        else:
            cron = self.env.ref("account_payment_followup.ir_cron_process_runs")
            cron.sudo()._trigger()

    def _process_lines(self, lines):
        """Process some waiting lines of one run in this transaction."""
        self.ensure_one()
        if reason := self._get_over_text():
            lines.write({"state": "skipped", "reason": reason})
            return
        day = self.date or self._get_today()
        followups = self.env["account.followup"].with_user(self.user_id).sudo()
        followups = followups._get_or_create(lines.partner_id, self.company_id)
        options = {"letters": self.letters}
        self._note_result(
            lines, followups._process(day, trigger="mass", options=options)
        )

    def _get_today(self):
        """Return today in the company of the run."""
        return self.company_id._get_followup_day()[self.company_id]

    def _get_over_text(self):
        """Return why what waits is not done any more, or None.

        It is not what was shown: the mode was switched, or days have passed.
        """
        tests = self.env["account.followup.test"]
        if self.is_test != tests._is_on(self.company_id):
            return tests._get_switched_text(self.is_test)
        if self.date and self._get_today() - self.date > timedelta(days=1):
            return self.env._(
                "It was begun on %s: look at what is due now, and process it again.",
                format_date(self.env, self.date),
            )
        return None

    def _note_result(self, lines, result):
        """Note in the lines what has become of their customers, see ``_process``."""
        by_partner = {line.partner_id: line for line in lines}
        for reminder in result["done"]:
            # recorded, but it reached nobody: that is no success
            failed = reminder.state == "failed"
            by_partner[reminder.partner_id].write(
                {
                    "state": "failed" if failed else "done",
                    "reason": reminder.failure_reason if failed else False,
                    "reminder_id": reminder.id,
                }
            )
        for state in ("skipped", "failed"):
            for followup, reason in result[state].items():
                by_partner[followup.partner_id].write(
                    {"state": state, "reason": reason}
                )

    @api.model
    def _cron_process_runs(self):
        """Go on with the runs that wait, one short transaction a batch.

        What cannot be locked is reported as skipped, so every batch ends its lines. An
        error that is none of a customer ends those of its batch: others go on.
        """
        progress = self.env["ir.cron"]._commit_progress
        waiting = Domain("state", "=", "waiting") & IN_MODE
        lines = self.env["account.followup.run.line"]
        progress(remaining=lines.search_count(waiting))
        while batch := lines.search(waiting, limit=BATCH_SIZE, order="run_id, id"):
            batch = batch.filtered(
                lambda line, run=batch[:1].run_id: line.run_id == run
            )
            run = batch.run_id
            batch = batch.try_lock_for_update()
            if not batch:
                break  # another worker has them
            try:
                run._process_lines(batch)
                self.env.flush_all()
            except psycopg2.OperationalError:
                # another transaction was faster: the next call looks again
                self.env.cr.rollback()
                break
            except Exception as error:
                run._note_error(batch, error)
            if run.state == "done":
                run._notify_end()
            if not progress(len(batch), remaining=lines.search_count(waiting)):
                break

    def _note_error(self, lines, error):
        """Undo what was begun with lines, which have failed: they can be tried again.

        The error is one of the company, since those of customers are noted by
        ``_process``; the user of the run is told (promise 3).
        """
        self.env.cr.rollback()
        self.env.invalidate_all(flush=False)
        _logger.warning("Follow-up run %s failed", self.id, exc_info=error)
        lines.write({"state": "failed", "reason": get_error_text(error)})

    def _notify_end(self):
        """Tell the user what came of the run."""
        self._notify_user(
            self.env._("Follow-ups processed"),
            self.env._(
                "%(done)s reminded, %(skipped)s skipped, %(failed)s failed.",
                done=self.done_count,
                skipped=self.skipped_count,
                failed=self.failed_count,
            ),
        )

    @api.autovacuum
    def _gc_runs(self):
        """Remove runs after a month: the reminders they made stay.

        A run whose letters nobody has printed yet stays, too.
        """
        limit = fields.Datetime.subtract(fields.Datetime.now(), months=1)
        runs = self.search([("create_date", "<", limit), ("state", "=", "done")])
        runs.filtered(lambda run: not run.to_print_count).unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_printings(self):
        """Remove them with their files, which the database by itself would leave."""
        printings = self.env["account.followup.printing"].sudo()
        printings.search([("run_id", "in", self.ids)]).unlink()


class AccountFollowupRunLine(models.Model):
    """A customer in a run."""

    _name = "account.followup.run.line"
    _description = "Follow-up Processing of a Customer"
    _order = "id"
    _rec_name = "partner_id"

    run_id = fields.Many2one(
        "account.followup.run",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("done", "Reminded"),
            ("skipped", "Skipped"),
            ("failed", "Failed"),
        ],
        default="waiting",
        required=True,
        readonly=True,
        index=True,
    )
    reason = fields.Char(readonly=True)
    reminder_id = fields.Many2one(
        "account.followup.reminder", readonly=True, ondelete="set null"
    )

    def action_open_customer(self):
        """Open the customer at the follow-ups, in the company of the run."""
        self.ensure_one()
        self.check_access("read")
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_to_customer(self.partner_id, self.company_id)

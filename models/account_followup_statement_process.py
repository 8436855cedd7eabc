import logging
from collections import defaultdict

import psycopg2

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.parts import get_error_text, work_in_parts

_logger = logging.getLogger(__name__)


def get_user_text(error):
    """Return an error as one line; what is none of a user is logged."""
    if not isinstance(error, UserError):
        _logger.info("Statements were not sent", exc_info=error)
    return get_error_text(error)


def is_stated(row, is_automatic=False):
    """Return whether a row of the report belongs in a statement to its customer."""
    balance = row["values"]["balance"]
    if not row["partner_id"]:
        return False
    if is_automatic:
        return balance > 0
    # what is nothing but a difference of rates is no business of his
    return balance or row["line_count"]


class AccountFollowupStatementRun(models.Model):
    """Who gets a statement, its pages, and what becomes of an error."""

    _inherit = "account.followup.statement.run"

    def _process(self, statements):
        """Send some waiting statements of one run in this transaction.

        Each ends as done, skipped or failed; nothing leaves the server inside.

        :return: the statements, less those that another worker has
        :raise psycopg2.OperationalError: another transaction was faster
        """
        self.ensure_one()
        self = self._as_sender()  # noqa: PLW0642
        locked = statements.with_env(self.env).try_lock_for_update()
        waiting = locked.filtered(lambda statement: statement.progress == "waiting")
        waiting -= waiting._skip_crossed()
        reasons, error = self._attempt(self._look_at, waiting)
        if error:
            waiting._end("failed", error)
            reasons = {}
        for statement in waiting:
            if reason := reasons.get(statement.partner_id):
                statement._end("skipped", reason)
        due = waiting.filtered(lambda statement: statement.progress == "waiting")
        documents = {}
        with self.env["ir.actions.report"]._limiting_followup_time():
            printed = self._print(due)
        for statement, (document, error) in printed.items():
            if error:
                statement._end("failed", error)
            else:
                documents[statement] = document
        self._send_together(due.filtered(lambda one: one in documents), documents)
        self.env.flush_all()
        return locked

    def _send_together(self, statements, documents):
        """Send statements together, and note what came of each.

        On an error smaller and smaller parts are tried, see ``work_in_parts``.

        :param dict documents: {statement: (file name, PDF)}
        """
        send = self.env["account.followup.send"]._send_statements

        def note_sent(sent, reasons):
            for statement, reason in reasons.items():
                statement._end("failed", reason)
            sent.filtered(lambda one: one not in reasons)._end("done")

        work_in_parts(
            statements,
            lambda part: send(part, documents),
            done=note_sent,
            failed=lambda one, error: one._end("failed", get_user_text(error)),
        )

    def _attempt(self, method, *args):
        """Call a method in a savepoint, so that its error goes no further (promise 3).

        :return: (what it returns, None) or (None, its error as one line)
        :raise psycopg2.OperationalError: another transaction was faster
        """
        try:
            with self.env.cr.savepoint():
                return method(*args), None
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            return None, get_user_text(error)

    def _as_sender(self):
        """Return the run in the name and language of who sends, with all rights."""
        companies = self.company_ids.sorted(lambda one: one != self.company_id)
        user = self.user_id
        speaker = user
        if self.trigger == "automatic":
            speaker = self.company_id.followup_responsible_id or user
        return (
            self.with_user(user)
            .sudo()
            .with_context(
                lang=speaker.lang,
                tz=speaker.tz,
                allowed_company_ids=companies.ids or self.company_id.ids,
            )
        )

    def _get_report(self):
        """Return the row builder with the rights of who sends (G2)."""
        return self._as_sender().env["account.followup.report"].sudo(False)

    def _get_options(self):
        """Return the options of the report that is sent."""
        return {
            "variant": "customer_statement",
            "period": "custom",
            "date_from": self.date_from and self.date_from.isoformat(),
            "date_to": self.date_to.isoformat(),
        }

    def _look_at(self, statements):
        """Return what ``_get_skip_reasons`` does, having noted the companies."""
        self._note_companies(statements)
        return self._get_skip_reasons(statements.partner_id)

    def _note_companies(self, statements):
        """Keep whose postings each statement names: who may not see them must not
        read it (S2-9)."""
        if not statements:
            return
        report = self._get_report()._get_variant(self._get_options())
        domain = report._get_scope_domain({"draft": False}) & Domain(
            [
                ("partner_id.commercial_partner_id", "in", statements.partner_id.ids),
                ("date", "<=", self.date_to),
            ]
        )
        companies = defaultdict(self.env["res.company"].browse)
        for partner, company in report.env["account.move.line"]._read_group(
            domain, ["partner_id", "company_id"]
        ):
            companies[partner.sudo().commercial_partner_id.id] |= company.sudo()
        by_companies = statements.grouped(lambda one: companies[one.partner_id.id])
        for named, mine in by_companies.items():
            mine.company_ids = named.ids

    def _get_stated(self, partners=None):
        """Return the customers who have a balance or postings in the period.

        Monthly statements go to those who owe something: nobody else waits for one.

        :param partners: only these commercial partners; None for all
        """
        options = self._get_options()
        if partners is not None:
            options["partner_ids"] = partners.ids
        report = self._get_report()._get_variant(options)
        options = report._normalize_options(options)
        columns = report._get_columns(options)
        rows, _totals, _count = report._get_customers(options, columns, 0, None)
        is_automatic = self.trigger == "automatic"
        stated = [row for row in rows if is_stated(row, is_automatic)]
        ids = dict.fromkeys(row["partner_id"] for row in stated)
        return self.env["res.partner"].browse(ids)

    def _get_skip_reasons(self, partners):
        """Return {customer: why there is no statement for it}, for some of them."""
        if not partners:
            return {}
        reason = self.env._("No balance, and no postings in this period.")
        if self.trigger == "automatic":
            reason = self.env._("Nothing is owed at the end of this period.")
        stated = self._get_stated(partners)
        reasons = dict.fromkeys(partners - stated, reason)
        if self.trigger != "manual":
            for partner in self._get_opted_out(self.company_id) & partners:
                reasons[partner] = self.env._("The customer wants no statements.")
        return reasons

    @api.model
    def _get_opted_out(self, company):
        """Return the customers who want no statements of a root company."""
        cases = self.env["account.followup"].sudo()
        domain = [("company_id", "=", company.id), ("statement_opt_out", "=", True)]
        return cases.search(domain).partner_id.with_env(self.env)

    def _print(self, statements):
        """Return {statement: ((file name, PDF), None) or (None, error)}.

        One by one where printing all of them together fails.
        """
        if not statements:
            return {}
        report = self._get_report()
        pages, error = self._attempt(
            lambda: report._render_statements(
                statements.partner_id.with_env(report.env), self._get_options()
            )
        )
        if error and len(statements) > 1:
            result = {}
            for statement in statements:
                result.update(self._print(statement))
            return result
        pages = {partner.id: page for partner, page in (pages or {}).items()}
        error = error or self.env._("The statement could not be printed.")
        return {
            statement: (page, None)
            if (page := pages.get(statement.partner_id.id))
            else (None, error)
            for statement in statements
        }

    def _notify_end(self):
        """Tell the user what came of the run; nobody waits for the monthly one."""
        if self.trigger == "automatic":
            return
        self._notify_user(
            self.env._("Statements sent"),
            self.env._(
                "%(done)s sent, %(skipped)s skipped, %(failed)s failed.",
                done=self.done_count,
                skipped=self.skipped_count,
                failed=self.failed_count,
            ),
        )

import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)

PREFIX = "account.followup.gate."

#: After a conflict with another transaction the run comes again.
SOON = timedelta(minutes=1)


class AccountFollowupGate(models.AbstractModel):
    """What stands between the rule and the scheduled action (rule 17).

    A gate holds what would leave by itself, and says why. It never changes who requires
    follow-up: the work-list shows those customers as before, and by hand they can be
    reminded, with a warning.

    A module adds one with a model ``account.followup.gate.<code>`` that inherits this
    one. It is asked when the scheduled action begins (``_let_pass``), for each batch
    under the lock, when somebody looks, and before a queued reminder leaves. One that
    is off costs no query.
    """

    _name = "account.followup.gate"
    _description = "Gate of Automatic Reminders"

    #: Place in the order in which gates are asked: the first one that holds is named.
    _place = 50

    #: Whether it is asked again before what is queued leaves. Not what counts what was
    #: made: that would hold what it let pass.
    _is_asked_again = True

    @api.model
    def _get_code(self):
        """Return the code of the gate, which does not change."""
        return self._name.removeprefix(PREFIX)

    @api.model
    def _get_company_reason(self, company, day, now=None):
        """Return why all automatic reminders of a company wait, in one sentence.

        :param company: root company, with all rights
        :param date day: the company's day
        :param datetime now: UTC; None for a day to come, of which no hour is known
        :return: str, or None if it does not hold all of them
        """
        return None

    @api.model
    def _get_case_reasons(self, cases, day, now=None):
        """Return why automatic reminders to some customers wait.

        :param cases: account.followup of one company, with all rights; of a customer
            without settings it may be a new one
        :param date day: the company's day
        :param datetime now: see ``_get_company_reason``
        :return: dict {case: one sentence}, of those that are held
        """
        return {}

    @api.model
    def _let_pass(self, company, partner_ids, day, now):
        """Return those of the customers due who may pass, before the run begins.

        Here is the place for what is to be noted once a run: a task, a list. All that
        is held here is no work of the run.

        :param partner_ids: sequence of ids of those who are due, in one company
        :return: such a sequence
        """
        return [] if self._get_company_reason(company, day, now) else partner_ids

    @api.model
    def _run_again_at(self, moment):
        """Have the scheduled action come again then, for what may leave by then.

        When it comes anyhow before that, it will ask for what is still needed then: so
        there is one call to come, however many gates and runs have asked for it.

        :param datetime moment: UTC; the scheduler knows whole minutes
        """
        moment = moment.replace(second=0, microsecond=0) + timedelta(
            minutes=bool(moment.second or moment.microsecond)
        )
        cron = self.env.ref("account_payment_followup.ir_cron_process_followups").sudo()
        triggers = self.env["ir.cron.trigger"].sudo()
        domain = [
            ("cron_id", "=", cron.id),
            ("call_at", ">", fields.Datetime.now()),
            ("call_at", "<=", moment),
        ]
        if not triggers.search_count(domain, limit=1):
            cron._trigger(at=moment)

    @api.model
    def _get_locked(self, company):
        """Return what a batch has to lock, so that workers make theirs in turns.

        It is for gates that count what was made: who cannot lock it makes nothing.

        :return: an empty recordset of companies if there is nothing to count
        """
        return self.env["res.company"]

    @api.model
    def _get_setting(self, facts):
        """Return the record on which the gate can be changed, for a link.

        :param facts: of the customer whom it holds, see ``Facts`` of the explanation
        """
        return facts.company


class AccountFollowupGates(models.AbstractModel):
    """All gates that there are, see ``account.followup.gate``."""

    _name = "account.followup.gates"
    _description = "Gates of Automatic Reminders"

    @api.model
    def _get_all(self):
        """Return all gates in the order in which they are asked, as a list."""
        gates = [self.env[name] for name in self.env if name.startswith(PREFIX)]
        return sorted(gates, key=lambda gate: (gate._place, gate._name))

    @api.model
    def _get_locked(self, company):
        """Return the companies that a batch of a company has to lock, usually none."""
        locked = self.env["res.company"].sudo()
        return locked.union(*(gate._get_locked(company) for gate in self._get_all()))

    @api.model
    def _let_pass_apart(self, due, days, now):
        """Return those of the customers due whom no gate holds.

        When a gate fails, nobody of that company passes, and the others go on
        (promise 3). When another transaction was faster, such as of a user who
        approves, that is no failure: the run comes again for it.

        :param dict due: {(root company, customers in a batch): ids}
        :param dict days: {root company: date}
        :param datetime now: UTC
        :return: such a dict; companies of which nobody passes are left out
        """
        passed = {}
        for company in dict.fromkeys(company for company, _size in due):
            sizes = {size: ids for (mine, size), ids in due.items() if mine == company}
            try:
                with self.env.cr.savepoint():
                    passing = self._get_passing(company, sizes, days[company], now)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.invalidate_all(flush=False)
                _logger.info("Gates of %s were put off: concurrent update", company)
                self._put_off(now)
                continue
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                self.env.invalidate_all(flush=False)
                company._note_followup_error(error, days[company])
                continue
            for size, ids in sizes.items():
                if ids := [id_ for id_ in ids if id_ in passing]:
                    passed[company, size] = ids
        return passed

    @api.model
    def _put_off(self, now):
        """Have the run come again soon: another transaction was faster."""
        self.env["account.followup.gate"]._run_again_at(now + SOON)

    @api.model
    def _get_passing(self, company, sizes, day, now):
        """Return the ids of customers of a company that pass all gates, as a set."""
        passing = [id_ for ids in sizes.values() for id_ in ids]
        passing = self.env["account.followup.test"]._leave_out_tested(
            company, passing, day
        )
        for gate in self._get_all():
            passing = gate._let_pass(company, passing, day, now) if passing else []
        return set(passing)

    @api.model
    def _get_reasons(self, cases, day, now=None, again=False):
        """Return which gates hold the automatic reminders to customers, and why.

        :param cases: account.followup of one company
        :param bool again: for what is queued already
        :return: dict {case: list of (gate, one sentence)}, of those that are held
        """
        cases = cases.sudo()
        company = cases.company_id
        held = {}
        for gate in self._get_all() if cases else ():
            if again and not gate._is_asked_again:
                continue
            if text := gate._get_company_reason(company, day, now):
                reasons = dict.fromkeys(cases, text)
            else:
                reasons = gate._get_case_reasons(cases, day, now)
            for case, text in reasons.items():
                held.setdefault(case, []).append((gate, text))
        return held

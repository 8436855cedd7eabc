import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ..tools import days as day_tools
from .account_followup_processing import Result

_logger = logging.getLogger(__name__)

#: Whose case it is: said when the row is made, by whoever may see the customer.
KEYS = frozenset({"partner_id", "company_id"})

#: What people set. All else is noted by reminders, with all rights.
PEOPLE_FIELDS = KEYS | {
    "excluded",
    "next_reminder_date",
    "pause_reason",
    "pause_until",
    "plan_id",
    "reminder_type",
    "responsible_id",
    "review_date",
    "statement_opt_out",
    "trust",
}


def get_insert(partners, company, user_id):
    """Return the statement that makes cases of customers who have none."""
    return SQL(
        """
        INSERT INTO account_followup (
            partner_id, company_id, reminder_type,
            create_uid, create_date, write_uid, write_date
        )
        SELECT partner.id, %(company)s, 'automatic',
               %(user)s, %(now)s, %(user)s, %(now)s
          FROM unnest(%(partners)s) partner(id)
            ON CONFLICT DO NOTHING
        """,
        company=company.id,
        user=user_id,
        now=fields.Datetime.now(),
        partners=partners.ids,
    )


class AccountFollowup(models.Model):
    """The running case of a customer in a root company: settings and memory only.

    Nothing is kept here that time or a payment could make wrong. There is a row as
    soon as somebody sets something or a reminder was tried.
    """

    _name = "account.followup"
    _description = "Customer Follow-up"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    reminder_type = fields.Selection(
        [("automatic", "Automatic"), ("manual", "Manual")],
        string="Reminders",
        default="automatic",
        required=True,
    )
    responsible_id = fields.Many2one("res.users", domain="[('share', '=', False)]")
    excluded = fields.Boolean(help="Never remind this customer.")
    statement_opt_out = fields.Boolean(
        "No Statements",
        help="Neither the monthly statement nor one that is sent to many customers.",
    )
    next_reminder_date = fields.Date(help="Set by hand: no reminder before this day.")
    next_reminder_user_id = fields.Many2one(
        "res.users",
        string="Next Reminder Set By",
        readonly=True,
        ondelete="set null",
    )
    failure_reason = fields.Char(readonly=True, help="Why the last try failed.")
    failure_count = fields.Integer(readonly=True, help="Failures in a row.")
    retry_date = fields.Date(
        readonly=True, help="First day of the next automatic try after a failure."
    )
    failure_activity_id = fields.Many2one(
        "mail.activity",
        string="Failure Task",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    # written by every reminder: a transaction that began before it cannot lock the
    # row any more, so it cannot act on what it read back then (promise 2)
    last_sent = fields.Datetime(readonly=True)

    _partner_company_unique = models.UniqueIndex(
        "(partner_id, company_id)",
        "A customer has one follow-up in a company.",
    )

    @api.constrains("company_id")
    def _check_root_company(self):
        for followup in self:
            if followup.company_id.parent_id:
                raise ValidationError(
                    self.env._(
                        'The follow-up of "%(customer)s" belongs to the main company '
                        '"%(company)s", not to a branch.',
                        customer=followup.partner_id.display_name,
                        company=followup.company_id.root_id.name,
                    )
                )

    @api.constrains("next_reminder_date")
    def _check_next_reminder_date(self):
        for followup in self.filtered("next_reminder_date"):
            day, company = followup.next_reminder_date, followup.company_id
            if not day_tools.is_sensible(day, self._get_day_of(company)):
                raise ValidationError(
                    self.env._(
                        "%(customer)s: %(date)s is too far away for the next reminder. "
                        "Choose a day within ten years, or exclude the customer, who "
                        "is never reminded then.",
                        customer=followup.partner_id.display_name,
                        date=format_date(self.env, day),
                    )
                )

    # ------------------------------------------------------------------
    # What people may write (G2)
    # ------------------------------------------------------------------

    @api.model
    def _has_field_access(self, field, operation):
        # EXTENDS 'base'
        if operation == "write" and not self.env.su and field.name not in PEOPLE_FIELDS:
            return False
        return super()._has_field_access(field, operation)

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS 'base'
        followups = super().create(vals_list)
        followups._check_customer_access()
        return followups

    def write(self, vals):
        # EXTENDS 'base'
        if not self.env.su:
            self._check_keys_stay(vals)
            self._check_customer_access()
        return super().write(vals)

    def _check_customer_access(self):
        """Raise AccessError unless the user may see the customers; all rights may."""
        self.partner_id.check_access("read")

    def _check_keys_stay(self, vals):
        """Raise AccessError if a case would become another customer's or company's."""
        if KEYS & vals.keys():
            raise AccessError(
                self.env._(
                    "The follow-up of %(customer)s stays with this customer and "
                    "company. Change the settings on the form of the other customer.",
                    customer=self.sudo().partner_id[:1].display_name,
                )
            )

    @api.model
    def _get_or_create(self, partners, company):
        """Return the follow-ups of customers in a root company, new ones included.

        :param partners: commercial partners
        :param company: root company
        """
        domain = [("partner_id", "in", partners.ids), ("company_id", "=", company.id)]
        followups = self.sudo().search(domain)
        missing = partners - followups.partner_id
        if not missing.ids:
            return followups
        # When another transaction has just made the row, this ends in a serialization
        # failure, which the caller repeats, instead of an error on the unique key. It
        # is no news: two workers that share a run meet so.
        insert = get_insert(missing, company, self.env.uid)
        self.env.cr.execute(insert, log_exceptions=False)
        return self.sudo().search(domain)

    @api.model
    def _lock_all(self, partners, company):
        """Return the follow-ups of customers, locked and noted as just changed.

        So a run that began before cannot act on what it read then (promise 2).

        :raise UserError: a customer is being reminded at this moment
        """
        followups = self._get_or_create(partners, company)
        if followups.try_lock_for_update(allow_referencing=True) != followups:
            raise UserError(
                self.env._(
                    "Reminders are being made at this moment: try again in a minute."
                )
            )
        followups.write({"last_sent": fields.Datetime.now()})
        return followups

    def _prepare_merged(self, others):
        """Return the settings of several follow-ups: the more careful one wins.

        :param others: those of customers who become one with that of this follow-up
        """
        self.ensure_one()
        every = self + others
        manual = "manual" in every.mapped("reminder_type")
        failed = every.sorted(lambda one: (one.failure_count, one == self))[-1]
        latest = {
            name: max(filter(None, every.mapped(name)), default=False)
            for name in ("next_reminder_date", "retry_date", "last_sent")
        }
        if latest["next_reminder_date"] == self.next_reminder_date:
            del latest["next_reminder_date"]  # as it is, whatever an import wrote
        return {
            **latest,
            "reminder_type": "manual" if manual else "automatic",
            "excluded": any(every.mapped("excluded")),
            "statement_opt_out": any(every.mapped("statement_opt_out")),
            "responsible_id": (self.responsible_id or others.responsible_id[:1]).id,
            "failure_count": failed.failure_count,
            "failure_reason": failed.failure_reason,
        }

    @api.model
    def _get_case(self, partner, company):
        """Return the follow-up of a customer to look at; looking creates none."""
        domain = [("partner_id", "=", partner.id), ("company_id", "=", company.id)]
        followups = self.sudo()
        return followups.search(domain) or followups.new(
            {"partner_id": partner.id, "company_id": company.id}
        )

    @api.model
    def _get_cases(self, partners, company):
        """Return {customer: follow-up to look at}, see ``_get_case``."""
        domain = [("partner_id", "in", partners.ids), ("company_id", "=", company.id)]
        followups = self.sudo()
        found = followups.search(domain).grouped("partner_id")
        return {
            partner: found.get(partner)
            or followups.new({"partner_id": partner.id, "company_id": company.id})
            for partner in partners
        }

    @api.model
    def _get_day_of(self, company):
        """Return today in a root company. Entry points only, see ``res.company``."""
        return company._get_followup_day()[company]

    def _get_responsible(self):
        """Return the user who looks after the case: own, else the company's.

        Who has left sees no task any more.
        """
        self.ensure_one()
        users = self.responsible_id + self.company_id.sudo().followup_responsible_id
        return users.filtered("active")[:1]

    # ------------------------------------------------------------------
    # Processing
    # ------------------------------------------------------------------

    def _process(self, today=None, trigger="mass", options=None, now=None):
        """Carry out the level that is due for each of these customers, once.

        The one way of the scheduled action and of the list's action. The follow-ups
        are locked first; what another transaction holds is skipped. All PDF have one
        time limit together.

        :param date today: the company's day, taken by the entry point
        :param str trigger: ``automatic`` or ``mass``
        :param dict options: values for ``_prepare_batch`` of account.followup.send
        :param datetime now: UTC, for gates of the automatic run that know hours
        :return: dict with ``done`` (reminders), ``skipped`` and ``failed`` (dicts
            {follow-up: reason})
        :raise psycopg2.OperationalError: serialization failure or deadlock, nothing
            was done: try again in a new transaction
        """
        result = Result(self.env["account.followup.reminder"])
        locked = self.sudo().try_lock_for_update(allow_referencing=True)
        for followup in self - locked:
            result.skipped[followup] = self.env._("It is being processed elsewhere.")
        with self.env["ir.actions.report"]._limiting_followup_time():
            for company, followups in locked.grouped("company_id").items():
                day = today or self._get_day_of(company)
                # companies, levels and accounts, read once for all questions
                item = self.env["account.followup.item"]
                parts = item._get_sql_parts({company: day})
                ready = self.env["account.followup.ready"]._get_ready(
                    followups, day, trigger, parts, result, now
                )
                chosen = {**(options or {}), "parts": parts}
                result.remind(self.browse(ready), day, trigger, chosen)
        return {"done": result.done, "skipped": result.skipped, "failed": result.failed}

    def _get_skip_reason(self, row, trigger, day):
        """Return why a customer is not reminded now, in one sentence, or None."""
        self.ensure_one()
        if reason := self._get_stop_reason(row, trigger, day):
            return reason
        if trigger == "automatic" and day_tools.is_put_off(self.retry_date, day):
            return self.env._("The last try failed; the next one is on a later day.")
        return None

    def _get_stop_reason(self, row, trigger, day):
        """Return why the rule makes no reminder, in one sentence, or None.

        It is asked again before a queued reminder leaves, which is therefore none of
        those that count, see ``account.followup.reminder._get_objections``.

        :param dict row: of account.followup.customer, if there is one
        :param str trigger: ``automatic`` or ``mass``
        """
        self.ensure_one()
        if not row or row["status"] != "in_need_of_action":
            return self.env["account.followup.ready"]._get_rest_reason(self, day)
        if trigger != "automatic":
            return None
        # rule 12
        if self.reminder_type != "automatic":
            return self.env._("Reminders to this customer are manual.")
        if not self.company_id.followup_automatic:
            return self.env._("Automatic reminders are switched off.")
        if not self.env["account.followup.level"].browse(row["level_id"]).is_automatic:
            return self.env._("The level is not automatic.")
        return None

    # ------------------------------------------------------------------
    # Scheduled action
    # ------------------------------------------------------------------

    @api.model
    def _cron_process_followups(self):
        """Send the automatic levels that are due (D4). May run at any time.

        One short transaction for each batch of customers. What fails is put off to
        another day, what is locked elsewhere is left to the next run: so the number
        that remains shrinks with every batch and the job never spins.
        """
        progress = self.env["ir.cron"]._commit_progress
        self.env["account.followup.sweep"]._sweep()
        days = self.env["res.company"]._get_followup_days()
        self.env["account.followup.clock"]._notice_ahead(days)
        days = {
            company: day for company, day in days.items() if company.followup_automatic
        }
        due = self.env["account.followup.due"]._get_automatic_due_apart(days)
        gates = self.env["account.followup.gates"]
        due = gates._let_pass_apart(due, days, fields.Datetime.now())
        tests = self.env["account.followup.test"]
        modes = {company: tests._is_on(company) for company in days}
        remaining = sum(len(ids) for ids in due.values())
        progress(remaining=remaining)
        for (company, size), ids in due.items():
            for start in range(0, len(ids), size):
                batch = ids[start : start + size]
                # what the gates let pass as a test does not leave in earnest
                if tests._is_on(company) == modes[company]:
                    self._process_batch(company, list(batch), days[company])
                remaining -= len(batch)
                if not progress(len(batch), remaining=remaining):
                    return

    @api.model
    def _process_batch(self, company, partner_ids, day):
        """Process some customers in one transaction, on a snapshot of their own.

        :return: False if another transaction was faster: nothing was done, and the
            next run looks again. A queue of jobs can try it again at once.
        """
        partners = self.env["res.partner"].browse(partner_ids)
        gates = self.env["account.followup.gates"]
        try:
            counted = gates._get_locked(company)
            followups = self._get_or_create(partners, company)
            # rows must exist before they can be locked, and the lock must be the first
            # thing that the transaction of the reminders does
            self.env["ir.cron"]._commit_progress()
            now = fields.Datetime.now()
            if counted.try_lock_for_update(allow_referencing=True) < counted:
                gates._put_off(now)  # another worker is at what is counted
                return False
            followups._process(day, trigger="automatic", now=now)
            self.env.flush_all()
        except psycopg2.OperationalError:
            # another transaction was faster: the next run looks again
            _logger.info("Follow-up batch was put off: concurrent update")
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
            return False
        except Exception as error:
            # of the company, since those of a customer are noted by ``_process``
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
            company._note_followup_error(error, day)
        return True

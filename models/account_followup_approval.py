from datetime import timedelta

from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..tools import windows
from .account_followup_times import SendingTimes

#: Working days and hours of countries begin all round the world in that time.
DAY = timedelta(days=1)


class AccountFollowupApproval(models.Model):
    """Automatic reminders of a day that somebody has to look at first (X4).

    It is made by the run, and brought up to date by the next one. What is approved
    leaves on the same day, or on the next one on which reminders leave: the rule
    decides anew, so that nobody gets what is not due.
    """

    _name = "account.followup.approval"
    _description = "Approval of Automatic Reminders"
    _order = "id DESC"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Date(required=True, readonly=True, help="Day of the run.")
    reason = fields.Char(readonly=True)
    state = fields.Selection(
        [
            ("open", "To Approve"),
            ("approved", "Approved"),
            ("over", "Not Needed Any More"),
        ],
        default="open",
        required=True,
        readonly=True,
    )
    line_ids = fields.One2many(
        "account.followup.approval.line", "approval_id", string="List", readonly=True
    )
    customer_count = fields.Integer("Customers", compute="_compute_counts")
    chosen_count = fields.Integer("To Remind", compute="_compute_counts")
    currency_id = fields.Many2one(related="company_id.currency_id")
    chosen_amount = fields.Monetary("Overdue", compute="_compute_counts")
    user_id = fields.Many2one("res.users", string="Approved By", readonly=True)
    approved_on = fields.Datetime(readonly=True)
    approved_day = fields.Date(readonly=True, help="It counts up to this day.")
    activity_id = fields.Many2one(
        "mail.activity", string="Task", readonly=True, ondelete="set null"
    )

    _company_open_unique = models.UniqueIndex(
        "(company_id) WHERE state = 'open'",
        "A company has one list of automatic reminders to approve.",
    )

    @api.depends_context("lang")
    @api.depends("date")
    def _compute_display_name(self):
        for approval in self:
            approval.display_name = self.env._(
                "Automatic reminders of %s", format_date(self.env, approval.date)
            )

    @api.depends("line_ids.is_chosen")
    def _compute_counts(self):
        counts = {}
        for approval, chosen, count, amount in self.env[
            "account.followup.approval.line"
        ]._read_group(
            [("approval_id", "in", self.ids)],
            ["approval_id", "is_chosen"],
            ["__count", "amount:sum"],
        ):
            counts.setdefault(approval.id, {})[chosen] = count, amount
        for approval in self:
            mine = counts.get(approval.id, {})
            approval.customer_count = sum(count for count, _amount in mine.values())
            approval.chosen_count, approval.chosen_amount = mine.get(True, (0, 0.0))

    # ------------------------------------------------------------------
    # The run
    # ------------------------------------------------------------------

    def _is_for(self, day):
        """Return whether what it names may leave on a day."""
        return self.state == "approved" and self.date <= day <= self.approved_day

    def _get_last_day(self):
        """Return the day up to which it counts, if it is approved now.

        That is today; when nothing may leave at this hour, the day on which it may
        next: days and hours of the calendar would else hold what is approved until it
        is out of date. Where customers differ, it is the last one of those who follow
        the first one within a day.
        """
        self.ensure_one()
        company = self.company_id
        today = company._get_followup_day()[company]
        times = SendingTimes(company, today, fields.Datetime.now())
        if not times.is_on:
            return today
        places = set(times.get_places(self._get_chosen_ids()).values())
        openings = [times.get_opening(place) for place in places]
        openings = [moment for moment in openings if moment]
        days = [
            windows.get_local(moment, times.company_zone).date()
            for moment in openings
            if moment <= min(openings) + DAY
        ]
        return max(days, default=today)

    def _get_chosen_ids(self):
        """Return the ids of the customers who may be reminded, as a set."""
        return set(self.line_ids.filtered("is_chosen").partner_id.ids)

    def _keep_others_off(self, company):
        """Lock the list of a company, so that one worker only makes it.

        The update tells a transaction that began before that somebody was faster; it
        is no error for the log, and nobody waits for anybody.

        :raise psycopg2.OperationalError: somebody else is or was at it
        """
        for statement in (
            "SELECT 1 FROM res_company WHERE id = %s FOR NO KEY UPDATE NOWAIT",
            "UPDATE res_company SET followup_approval_id = followup_approval_id"
            " WHERE id = %s",
        ):
            self.env.cr.execute(SQL(statement, company.id), log_exceptions=False)

    def _list(self, company, partner_ids, day, reason):
        """Make the list of a company, or bring the one that is open up to date.

        Who was taken off it stays off.

        :param self: the last list of the company, or none
        """
        approval = self
        if approval.state != "open":
            approval = self.create({"company_id": company.id, "date": day})
            company.followup_approval_id = approval
        approval.write({"date": day, "reason": reason})
        partners = self.env["res.partner"].browse(partner_ids)
        customers = self.env["account.followup.customer"]
        rows = customers._get_rows({company: day}, partners, with_next_date=False)
        rows = {row["partner_id"]: row for row in rows}
        known = approval.line_ids.grouped("partner_id")
        # who was taken off waits for a person, also if not due for a while
        gone = [
            line.id
            for line in approval.line_ids
            if line.is_chosen and line.partner_id.id not in rows
        ]
        approval.line_ids.browse(gone).unlink()
        for partner, line in known.items():
            if row := rows.pop(partner.id, None):
                line.write(self._prepare_line(row))
        approval.line_ids = [
            Command.create({"partner_id": partner_id, **self._prepare_line(row)})
            for partner_id, row in rows.items()
        ]
        approval._plan_task(reason)
        self.env.flush_all()

    @api.model
    def _prepare_line(self, row):
        return {
            "level_id": row["level_id"],
            "amount": row["total_overdue"],
            "invoice_count": row["overdue_count"],
            "days_late": row["days_late"],
        }

    def _plan_task(self, reason):
        """Give who may approve it one task, with a link."""
        self.ensure_one()
        if self.activity_id.active:
            return
        note = Markup('%s <a href="/odoo/followup-approvals/%s">%s</a>') % (
            reason,
            self.id,
            self.env._("Look at the list and approve it"),
        )
        self.activity_id = self.company_id._schedule_followup_task(
            self.env._("Automatic reminders wait for approval"),
            note,
            self.date,
            group="account.group_account_manager",
        )

    def _end(self, state, **values):
        """End a list and its task."""
        self.ensure_one()
        task = self.activity_id
        self.write({"state": state, "activity_id": False, **values})
        if task.active:
            label = dict(self._fields["state"]._description_selection(self.env))
            task.action_feedback(label[state])

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_approve(self):
        """Let those leave who are on the list, as soon as reminders may leave.

        Reminders to the others become manual: they wait for a person. What is approved
        in test mode changes nobody.

        :raise UserError: somebody else was faster, or nobody is on the list
        """
        approval = self._start()
        if not approval.chosen_count:
            raise UserError(
                self.env._(
                    "%s: nobody is on the list. Choose “Remind Nobody” if that is what "
                    "you want: reminders to all of them become manual.",
                    approval.display_name,
                )
            )
        approval._approve()
        job = self.env.ref("account_payment_followup.ir_cron_process_followups")
        job.sudo()._trigger()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_remind_nobody(self):
        """End the list without a reminder: all of them become manual.

        As one who is taken off, each waits in the work-list for a person. Who becomes
        due after that is asked about anew.

        :raise UserError: somebody else was faster
        """
        approval = self._start()
        approval.line_ids.is_chosen = False
        approval._approve()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _approve(self):
        """Keep what was decided, and let those who were taken off wait for a person."""
        self.ensure_one()
        taken_off = self.line_ids.filtered(lambda line: not line.is_chosen)
        if not self.env["account.followup.test"]._is_on(self.company_id):
            self._set_manual(taken_off.partner_id)
        self._end(
            "approved",
            user_id=self.env.uid,
            approved_on=fields.Datetime.now(),
            approved_day=self._get_last_day(),
        )

    def action_view_lines(self):
        """Open the list to search, group and thin out."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_payment_followup.action_account_followup_approval_line"
        )
        return {**action, "domain": [("approval_id", "=", self.id)]}

    def _start(self):
        """Check rights and state, keep others off, and return it with all rights."""
        self.ensure_one()
        if not self.env.user.has_group("account.group_account_manager"):
            raise AccessError(
                self.env._("Only administrators of Invoicing approve reminders.")
            )
        self.check_access("read")
        self.company_id._check_followup_access()
        approval = self.sudo()
        if not approval.try_lock_for_update() or approval.state != "open":
            raise UserError(
                self.env._(
                    "%s: this cannot be done (any more). Load the page again to see "
                    "what became of it.",
                    approval.display_name,
                )
            )
        return approval

    def _set_manual(self, partners):
        """Let customers wait for a person, with a line in their chatters (E1)."""
        followups = self.env["account.followup"]
        followups = followups._get_or_create(partners, self.company_id)
        settings = self.env["account.followup.setting"]
        values = {"reminder_type": "manual"}
        before = settings._prepare_by_hand(followups, values)
        followups.write(values)
        settings._log_settings(before)

    @api.autovacuum
    def _gc_approvals(self):
        """Remove lists after a year: the reminders stay."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), years=1)
        self.search([("create_date", "<", limit), ("state", "!=", "open")]).unlink()


class AccountFollowupApprovalLine(models.Model):
    """A customer on the list."""

    _name = "account.followup.approval.line"
    _description = "Customer to Approve"
    _order = "approval_id DESC, amount DESC, id"
    _rec_name = "partner_id"

    approval_id = fields.Many2one(
        "account.followup.approval",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="approval_id.company_id", store=True)
    state = fields.Selection(related="approval_id.state")
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    level_id = fields.Many2one(
        "account.followup.level", readonly=True, ondelete="set null"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary("Overdue", readonly=True)
    invoice_count = fields.Integer("Overdue Invoices", readonly=True)
    days_late = fields.Integer(readonly=True, aggregator="max")
    is_chosen = fields.Boolean(
        "Remind",
        default=True,
        help="Reminders to who is taken off become manual when the list is approved.",
    )

    @api.model
    def _has_field_access(self, field, operation):
        # EXTENDS 'base'
        if operation == "write" and not self.env.su and field.name != "is_chosen":
            return False
        return super()._has_field_access(field, operation)

    def write(self, vals):
        # EXTENDS 'base'
        if not self.env.su and set(self.mapped("state")) - {"open"}:
            raise UserError(
                self.env._("The list was approved already, or is not needed any more.")
            )
        return super().write(vals)

    def action_open_customer(self):
        """Open the customer at the follow-ups, in the company of the list."""
        self.ensure_one()
        self.check_access("read")
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_to_customer(self.partner_id, self.company_id)

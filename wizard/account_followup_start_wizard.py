from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_datetime

from ..models.res_company_cap import DEFAULT_CAP, FIRST_DAYS
from ..models.res_company_golive import STARTS


class AccountFollowupStartWizard(models.TransientModel):
    """Switch automatic reminders on, knowing what leaves tonight (X4)."""

    _name = "account.followup.start.wizard"
    _description = "Go Live with Automatic Reminders"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company.root_id,
    )
    start = fields.Selection(
        STARTS,
        string="Invoices that are overdue today",
        default="first",
        required=True,
    )
    until_date = fields.Date(
        "Due Before",
        default=lambda self: self._get_day(self.env.company.root_id),
        required=True,
        help="Everything that is due before this day counts as reminded at the level "
        "of its age, as the history says then. Nothing is sent.",
    )
    run_cap = fields.Integer(
        "Without Approval",
        default=DEFAULT_CAP,
        help="When more customers than this would be reminded by themselves on a day "
        "of the first week, a list of them is approved first. 0: never.",
    )
    line_ids = fields.One2many(
        "account.followup.start.wizard.line",
        "wizard_id",
        compute="_compute_line_ids",
        store=True,
    )
    is_until_needed = fields.Boolean(compute="_compute_is_until_needed")
    plan_info = fields.Char(compute="_compute_plan_info")
    live_info = fields.Char(compute="_compute_live")
    is_live = fields.Boolean(compute="_compute_live")
    can_undo = fields.Boolean(compute="_compute_live")
    next_run_info = fields.Char(compute="_compute_live")

    # ------------------------------------------------------------------
    # Fields
    # ------------------------------------------------------------------

    @api.model
    def _get_day(self, company):
        return company.sudo()._get_followup_day()[company]

    def _get_service(self):
        return self.env["account.followup.start"].sudo()

    def _get_company(self):
        """Return the company with all rights, if it is one of the user's."""
        self.company_id._check_followup_access()
        return self.company_id.sudo()

    @api.constrains("company_id")
    def _check_access_of_window(self):
        for wizard in self.sudo(False):  # constraints run with all rights
            wizard.company_id._check_followup_access()

    @api.constrains("until_date", "start")
    def _check_until_date(self):
        for wizard in self.filtered("is_until_needed"):
            if wizard.until_date > self._get_day(wizard.company_id):
                raise ValidationError(
                    self.env._(
                        "Only what is overdue can count as reminded: choose today or "
                        "a day before."
                    )
                )

    @api.depends("company_id", "start")
    def _compute_is_until_needed(self):
        """Find whether anything would count as reminded, in all plans or in one."""
        service = self._get_service()
        for wizard in self:
            counted = service._get_plans_counted(wizard._get_company(), wizard.start)
            wizard.is_until_needed = bool(counted)

    @api.depends("company_id")
    def _compute_plan_info(self):
        for wizard in self:
            plans = wizard._get_service()._get_plans(wizard._get_company())
            wizard.plan_info = ", ".join(plans._get_start_texts()) or False

    @api.depends("company_id")
    def _compute_live(self):
        service = self._get_service()
        next_run = service._get_next_run()
        for wizard in self:
            company = wizard._get_company()
            wizard.live_info = company._get_followup_start_text()
            wizard.is_live = not company._needs_followup_start()
            wizard.can_undo = wizard.is_live and not service._get_undo_problem(company)
            wizard.next_run_info = (
                self.env._(
                    "The next run is on %s.",
                    format_datetime(self.env, next_run, dt_format="short"),
                )
                if next_run
                else self.env._(
                    "The scheduled action is switched off: an administrator can switch "
                    "it on in Settings, Technical, Scheduled Actions."
                )
            )

    @api.depends("company_id", "until_date")
    def _compute_line_ids(self):
        for wizard in self:
            starts = [] if wizard.is_live else dict(STARTS)
            lines = wizard._prepare_lines(starts)
            wizard.line_ids = [Command.clear(), *map(Command.create, lines)]

    def _prepare_lines(self, starts):
        """Return the values of the lines: for each start its sum, then its levels."""
        company = self._get_company()
        day = self._get_day(company)
        until = min(self.until_date or day, day)
        service = self._get_service()
        labels = dict(self._fields["start"]._description_selection(self.env))
        with_plan = len(service._get_plans(company)) > 1
        lines = []
        way = self.env._("nothing sent")
        for start in starts:
            due, counted = service._get_preview(company, day, start, until)
            lines.append(self._prepare_total(start, labels[start], due))
            lines += [self._prepare_level(start, row, with_plan) for row in due]
            lines += [
                {**self._prepare_level(start, row, with_plan), "way": way}
                for row in counted
            ]
        return lines

    def _prepare_total(self, start, label, rows):
        """Return the values of the sum of what would leave by itself."""
        return self._prepare_line(
            start,
            [row for row in rows if row[1]],
            name=label,
            way=self.env._("leave by themselves"),
            is_total=True,
        )

    @api.model
    def _prepare_level(self, start, row, with_plan):
        level = self.env["account.followup.level"].sudo().browse(row[0])
        way = self.env._("by itself") if row[1] else self.env._("waits for a person")
        name = level.name
        if with_plan:
            name = f"{level.plan_id.name}: {name}"
        # indented below the sum of its start
        name = f"\N{EM SPACE}{name}"
        return self._prepare_line(start, [row], name=name, way=way)

    @api.model
    def _prepare_line(self, start, rows, **values):
        return {
            "start": start,
            "customer_count": sum(row[2] for row in rows),
            "invoice_count": sum(row[3] or 0 for row in rows),
            "amount": sum(float(row[4] or 0) for row in rows),
            **values,
        }

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    @api.model
    def _get_open_action(self, company):
        """Return the action that opens the window for a root company."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_payment_followup.action_account_followup_start"
        )
        return {**action, "context": {"default_company_id": company.id}}

    def action_start(self):
        """Switch automatic reminders on, with the start that was chosen.

        :raise UserError: they are live already, or something else would leave by now
        """
        company = self._check_may_act()
        self._check_until_date()
        self._check_shown()
        day = self._get_day(company)
        self._get_service()._start(
            company,
            day,
            self.start,
            self.until_date,
            followup_run_cap=self.run_cap,
            followup_run_cap_until=day + timedelta(days=FIRST_DAYS - 1),
        )
        return self._get_reload()

    def _check_shown(self):
        """Check that what leaves is what the window has shown."""
        if self.is_live:
            return  # the service says so
        names = ("name", "way", "customer_count", "invoice_count")
        shown, now = (
            sorted(tuple(line[name] for name in names) for line in lines)
            for lines in (
                self.line_ids.filtered(lambda line: line.start == self.start),
                self._prepare_lines([self.start]),
            )
        )
        if shown != now:
            raise UserError(
                self.env._(
                    "%s: something else would leave by now than this window shows. "
                    "Close it and open it again.",
                    self.company_id.name,
                )
            )

    def action_undo(self):
        """Switch them off again, as long as no reminder was made.

        :raise UserError: one was made
        """
        self._get_service()._undo(self._check_may_act())
        return self._get_reload()

    @api.model
    def _get_reload(self):
        return {"type": "ir.actions.client", "tag": "reload"}

    def _check_may_act(self):
        """Raise AccessError unless the user may decide it; return the company.

        What leaves is up to the administrators of Invoicing, the switch is a setting.
        """
        self.check_access("write")
        self.ensure_one()
        if not self.exists():
            raise MissingError(self.env._("This window is closed: open it again."))
        company = self._get_company()
        may_change = self.company_id.has_access("write") or company.followup_automatic
        if not may_change:
            raise AccessError(
                self.env._(
                    "Only administrators of settings can switch automatic reminders on."
                )
            )
        return company


class AccountFollowupStartWizardLine(models.TransientModel):
    """What a start would make of the day, at one level or in all."""

    _name = "account.followup.start.wizard.line"
    _description = "Go Live: Level"

    wizard_id = fields.Many2one(
        "account.followup.start.wizard", required=True, ondelete="cascade"
    )
    start = fields.Selection(STARTS, readonly=True)
    is_total = fields.Boolean(readonly=True)
    name = fields.Char("Start and Level", readonly=True)
    way = fields.Char("How", readonly=True)
    customer_count = fields.Integer("Customers", readonly=True)
    invoice_count = fields.Integer("Overdue Invoices", readonly=True)
    currency_id = fields.Many2one(related="wizard_id.company_id.currency_id")
    amount = fields.Monetary("Overdue", readonly=True)

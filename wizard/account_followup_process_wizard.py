from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_repr

from .window_actions import get_window_action


class AccountFollowupProcessWizard(models.TransientModel):
    """What processing the selected customers would do, before it is done (D3)."""

    _name = "account.followup.process.wizard"
    _inherit = "account.followup.wizard.mixin"
    _description = "Process Follow-ups"

    _customers_field = "partner_ids"

    partner_ids = fields.Many2many("res.partner", string="Customers", readonly=True)
    letters = fields.Selection(
        [("post", "By Post"), ("print", "Print them here")],
        default="post",
        required=True,
        help="How the letters of this run go out. Printed ones come as one PDF.",
    )
    line_ids = fields.One2many(
        "account.followup.process.wizard.line",
        "wizard_id",
        compute="_compute_line_ids",
        store=True,
    )
    # what leaves by what the window has shown, a line for each customer; the rows are
    # made anew when the browser saves the window, which is when its button is pressed
    shown = fields.Text(compute="_compute_shown", store=True, readonly=False)
    is_changed = fields.Boolean(readonly=True)
    due_count = fields.Integer("To Remind", compute="_compute_counts")
    skipped_count = fields.Integer("To Skip", compute="_compute_counts")
    problem_count = fields.Integer("Incomplete Contacts", compute="_compute_counts")
    has_letters = fields.Boolean(compute="_compute_counts")

    @api.depends("partner_ids", "company_id")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [fields.Command.clear()] + [
                fields.Command.create(values) for values in wizard._prepare_lines()
            ]

    @api.depends("partner_ids", "company_id")
    def _compute_shown(self):
        for wizard in self:
            wizard.shown = wizard._get_shown(wizard.line_ids)

    def _get_shown(self, lines):
        """Return customer, level, channels and amount of all who are due, as a text."""
        digits = self.company_id.currency_id.decimal_places
        return "\n".join(
            f"{line.partner_id._origin.id} {line.level_id._origin.id} {line.channels} "
            f"{float_repr(line.amount_claimed, digits)}"
            for line in lines
            if line.is_due
        )

    def _prepare_lines(self):
        """Return the values of a line for each customer, those to remind first."""
        self.ensure_one()
        partners = self.partner_ids._origin.commercial_partner_id
        day = self._get_day()
        days = {self.company_id: day}
        customers = self.env["account.followup.customer"].sudo()
        rows = customers._get_rows(days, partners, with_next_date=False)
        rows = {row["partner_id"]: row for row in rows}
        named = self._get_named_rows(partners, day)
        items = self._get_service()._browse_items(named.values())
        items = dict(zip(named, items, strict=True))
        reasons = self._get_reasons(partners, rows, day)
        lines = []
        for partner in partners:
            line = self._prepare_line(
                partner, rows.get(partner.id), day, items[partner], reasons[partner]
            )
            if line["is_due"]:
                claim = self._get_service("claim")._get_company_claim(named[partner])
                line["amount_claimed"] = claim
            lines.append(line)
        return sorted(lines, key=lambda line: not line["is_due"])

    def _get_named_rows(self, partners, day):
        """Return {customer: rows of the open items that a reminder would name}."""
        service = self._get_service()
        rows = service._get_rows_by_customer(self.company_id, partners, day)
        return {
            partner: service._get_default_rows(rows[partner.id], day)
            for partner in partners
        }

    @api.model
    def _is_required(self, row):
        return bool(row) and row["status"] == "in_need_of_action"

    def _get_reasons(self, partners, rows, day):
        """Return {customer: why nothing is due now, or None}."""
        reasons = self.env["account.followup.reason"].sudo()
        idle = partners.filtered(lambda one: not self._is_required(rows.get(one.id)))
        texts = reasons._get_reason_texts(idle, {self.company_id: day})
        tests = self._get_service("test")
        tested = tests._get_tested_reasons(self.company_id, rows, day)
        return {one: texts.get(one) or tested.get(one.id) for one in partners}

    def _prepare_line(self, partner, row, day, items, reason):
        followups = self.env["account.followup"].sudo()
        values = {"partner_id": partner.id, "company_id": self.company_id.id}
        case = followups.new(values)
        reason = reason or case._get_skip_reason(row, "mass", day)
        level = self.env["account.followup.level"].browse(
            row["level_id"] if row and not reason else None
        )
        service = self._get_service("channels")
        channels = service._get_default_channels(level)
        return {
            "partner_id": partner.id,
            "is_due": not reason,
            "level_id": level.id,
            "channels": service._get_channels_label(channels) if level else "",
            "printed_channels": self._get_printed_label(channels) if level else "",
            "has_letter": "letter" in channels,
            "reason": reason or self._get_problems_text(case, level, items, channels),
        }

    def _get_problems_text(self, case, level, items, channels):
        """Return why channels of a level reach nobody, in one line."""
        template = level.mail_template_id.sudo()
        part = {"followup": case, "trigger": "mass", "mail_template": template}
        service = self._get_service("channels")
        partner = case.partner_id.with_env(self.env)
        problems = [
            service._get(name)._get_problem(partner, items, part)
            for name in service._get_channels()
            if name in channels
        ]
        return " ".join(filter(None, problems))

    def _get_printed_label(self, channels):
        """Name the channels of a level when its letters are printed here."""
        if "letter" in channels:
            channels = {*channels} - {"letter"} | {"print"}
        return self._get_service("channels")._get_channels_label(channels)

    @api.depends("line_ids")
    def _compute_counts(self):
        for wizard in self:
            due = wizard.line_ids.filtered("is_due")
            wizard.due_count = len(due)
            wizard.skipped_count = len(wizard.line_ids) - len(due)
            wizard.problem_count = len(due.filtered("reason"))
            wizard.has_letters = any(due.mapped("has_letter"))

    def action_process(self):
        """Process the customers that are due; the others are reported as skipped.

        Only what was shown leaves, also when the window was opened on another day.

        :return: action that opens the run, which shows progress and result; or this
            window once more, when something else would leave by now
        :raise UserError: nobody is due
        """
        self._check_may_act()
        partners = self.partner_ids.commercial_partner_id
        partners._check_followup_access()
        self.env["account.followup.test"]._check_window(self)
        if self._has_changed():
            return self._show_anew()
        if not self.due_count:
            raise UserError(
                self.env._("None of the selected customers requires a follow-up now.")
            )
        run = self.env["account.followup.run"]._start(
            partners, self.company_id, self.letters
        )
        return run._get_open_action()

    def _has_changed(self):
        """Return whether anything would leave now that the window has not shown.

        Who is not due any more is no change: the run says so.
        """
        lines = (self.line_ids.new(values) for values in self._prepare_lines())
        now = self._get_shown(lines).splitlines()
        return not set(now) <= set((self.shown or "").splitlines())

    def _show_anew(self):
        """Show what is so now.

        :return: action: the same window
        """
        window = self.sudo()  # as for what is computed
        window._compute_line_ids()
        window._compute_shown()
        window.is_changed = True
        return {**get_window_action(self), "name": self.env._("Process Follow-ups")}


class AccountFollowupProcessWizardLine(models.TransientModel):
    """What processing would do for one customer."""

    _name = "account.followup.process.wizard.line"
    _description = "Customer in Process Follow-ups"

    wizard_id = fields.Many2one(
        "account.followup.process.wizard", required=True, ondelete="cascade"
    )
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    currency_id = fields.Many2one(related="wizard_id.company_id.currency_id")
    amount_claimed = fields.Monetary("Claimed", readonly=True)
    is_due = fields.Boolean("To Remind", readonly=True)
    level_id = fields.Many2one("account.followup.level", readonly=True)
    channels = fields.Char(readonly=True)
    printed_channels = fields.Char("Channels When Printed", readonly=True)
    has_letter = fields.Boolean(readonly=True)
    reason = fields.Char("Remark", readonly=True)

    @api.constrains("wizard_id")
    def _check_own_window(self):
        self.sudo(False).wizard_id.check_access("write")

    @api.constrains("partner_id")
    def _check_customer_of_window(self):
        """Refuse customers who were not chosen on the screen, see the window."""
        self.sudo(False).partner_id.check_access("read")

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..tools import periods
from .statement_choice import StatementChoice


class AccountFollowupStatementWizard(models.TransientModel):
    """The window Send Statements, for one customer or for many (F2, F3)."""

    _name = "account.followup.statement.wizard"
    _inherit = "account.followup.content.mixin"
    _description = "Send Customer Statements"

    _customers_field = "partner_ids"
    _choice_class = StatementChoice
    _alert_model = "account.followup.statement.alert"
    _text_fields = ("mail_template_id", "partner_ids", "date_from", "date_to")
    _recipient_fields = (
        "partner_ids",
        "contact_changes",
        "do_email",
        "do_letter",
        "do_print",
        "other_channels",
    )
    _alert_fields = (*_recipient_fields, "date_from", "date_to", "mail_template_id")

    partner_ids = fields.Many2many(
        "res.partner", string="Customers", required=True, readonly=True
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", compute="_compute_partner_id"
    )
    partner_count = fields.Integer("Number of Customers", compute="_compute_partner_id")
    period = fields.Selection(
        selection="_get_periods", default="this_year", required=True
    )
    date_from = fields.Date(
        "From", compute="_compute_dates", store=True, readonly=False
    )
    date_to = fields.Date("To", compute="_compute_dates", store=True, readonly=False)
    do_print = fields.Boolean("Print")
    do_email = fields.Boolean("Email", default=True)
    do_letter = fields.Boolean("By Post")
    other_channels = fields.Json(
        default=lambda self: StatementChoice(self).get_ticks(())["other_channels"]
    )
    mail_template_id = fields.Many2one(compute="_compute_mail_template_id")
    run_id = fields.Many2one("account.followup.statement.run", readonly=True)

    # ------------------------------------------------------------------
    # Defaults
    # ------------------------------------------------------------------

    @api.model
    def _get_periods(self):
        labels = self.env["account.followup.report"]._get_period_labels()
        return [(name, labels[name]) for name in periods.PERIODS]

    def _get_report(self):
        """Return the row builder in the company of the window."""
        return self.env["account.followup.report"].with_company(
            self._get_companies()[:1]
        )

    def _get_companies(self):
        """Return the companies whose postings are stated: those switched on (G1)."""
        self.company_id._check_followup_access()
        return self.env.companies.filtered(
            lambda company: company.root_id == self.company_id
        ).sorted(lambda company: company != self.company_id)

    @api.depends("partner_ids")
    def _compute_partner_id(self):
        for wizard in self:
            partners = wizard.partner_ids._origin
            wizard.partner_count = len(partners)
            wizard.partner_id = partners if len(partners) == 1 else False

    @api.depends("period", "company_id")
    def _compute_dates(self):
        for wizard in self:
            if wizard.period and wizard.period != "custom":
                wizard.date_from, wizard.date_to = wizard._get_dates()

    def _get_dates(self):
        """Return the days of the chosen period, until today at the latest."""
        report = self._get_report()
        day = report._get_day()
        first, last = periods.get_period(self.period, day, report._get_fiscal_year())
        return first, min(last, day)

    @api.onchange("date_from", "date_to")
    def _onchange_dates(self):
        """Other days than those of the period are days of one's own."""
        dates = (self.date_from or None, self.date_to)
        if self.period != "custom" and dates != self._get_dates():
            self.period = "custom"

    @api.depends("company_id")
    def _compute_mail_template_id(self):
        for wizard in self:
            wizard.mail_template_id = wizard.company_id._get_statement_template()

    # ------------------------------------------------------------------
    # Send
    # ------------------------------------------------------------------

    def action_send(self):
        """Send the statements over the ticked channels, once for this window.

        :return: action: the document to print, the progress, or the window closes
        :raise UserError: nothing is ticked or nobody can be sent anything
        """
        self._check_may_act()
        if not self.try_lock_for_update():
            raise UserError(self.env._("The statements are being sent already."))
        if not self.run_id:  # else a second click
            self.env["account.followup.test"]._check_window(self)
            self._check_ready()
            texts = None
            if self.partner_id and self.do_email:
                texts = {"subject": self.subject, "body": self.body}
            runs = self.env["account.followup.statement.run"]
            partners = self.partner_ids.commercial_partner_id
            self.run_id = runs._start(partners, self._prepare_run(), texts)
            self._check_sent()
        return self._get_closing_action()

    def _prepare_run(self):
        trigger = "manual" if self.partner_count == 1 else "mass"
        return {
            **self.env["account.followup.statement.run"]._prepare_run(
                self._get_companies(), self.date_from, self.date_to, trigger
            ),
            **self._get_choice().get_channels_of_run(),
            "mail_template_id": self.mail_template_id.id,
        }

    def _check_ready(self):
        if not self._get_choice().ticked:
            raise UserError(self.env._("Tick Print, Email or By Post first."))
        self._check_dates()
        if self.do_email and not self.mail_template_id and not self.partner_id:
            raise UserError(self.env._("Choose a content template for the e-mails."))

    def _check_dates(self):
        if not self.date_to:
            raise UserError(self.env._("Choose the last day of the statement."))
        if self.date_to > self._get_report()._get_day():
            raise UserError(
                self.env._(
                    "The last day of the statement (%s) has not come yet. Choose "
                    "today or an earlier day.",
                    format_date(self.env, self.date_to),
                )
            )
        if self.date_from and self.date_from > self.date_to:
            raise UserError(
                self.env._(
                    "The first day of the statement (%(first)s) is after its last day "
                    "(%(last)s).",
                    first=format_date(self.env, self.date_from),
                    last=format_date(self.env, self.date_to),
                )
            )

    def _check_sent(self):
        """Say at once what has become of a single statement if it came to nothing.

        :raise UserError: it was not sent, and nothing is recorded
        """
        statement = self.run_id.sudo().statement_ids
        if self.partner_id and statement.progress != "done":
            raise UserError(
                self.env._(
                    "%(customer)s: %(reason)s",
                    customer=self.partner_id.display_name,
                    reason=statement.error,
                )
            )

    def _get_closing_action(self):
        is_over = self.run_id.state == "done"
        if self.do_print and is_over and (self.partner_id or not self.do_email):
            return self.run_id.action_print_statements()
        if self.partner_id:
            return self._get_notice()
        return self.run_id._get_open_action()

    def _get_notice(self):
        """Say that the statement is on its way, wherever it was sent from."""
        partner = self.partner_id
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Test: no statement was sent to %s.")
                if self.is_test
                else self.env._("The statement is on its way to %s."),
                "links": [
                    {
                        "label": partner.display_name,
                        "url": f"/odoo/res.partner/{partner.id}",
                    }
                ],
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

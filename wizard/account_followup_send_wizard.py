from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class AccountFollowupSendWizard(models.TransientModel):
    """The window Send and Print: collects what a person chooses, then sends once."""

    _name = "account.followup.send.wizard"
    _inherit = "account.followup.content.mixin"
    _description = "Send and Print a Payment Reminder"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True
    )
    level_id = fields.Many2one(
        "account.followup.level",
        string="Level",
        compute="_compute_level_id",
        store=True,
        help="The level that is due. When none is due, the reminder reaches no level.",
    )
    do_print = fields.Boolean(
        "Print", compute="_compute_from_level", store=True, readonly=False
    )
    do_email = fields.Boolean(
        "Email", compute="_compute_from_level", store=True, readonly=False
    )
    do_sms = fields.Boolean(
        "SMS", compute="_compute_from_level", store=True, readonly=False
    )
    do_letter = fields.Boolean(
        "By Post", compute="_compute_from_level", store=True, readonly=False
    )
    other_channels = fields.Json(compute="_compute_from_level")
    attach_invoices = fields.Boolean(
        compute="_compute_from_level",
        store=True,
        readonly=False,
        help="As files of the e-mail, and as pages behind a printed or posted letter.",
    )
    mail_template_id = fields.Many2one(compute="_compute_from_level")
    sms_template_id = fields.Many2one(
        "sms.template",
        string="SMS Template",
        compute="_compute_from_level",
        store=True,
        readonly=False,
        domain="[('model', '=', 'res.partner')]",
    )
    item_line_ids = fields.Many2many(
        "account.move.line",
        string="Open Invoices",
        compute="_compute_item_line_ids",
        store=True,
        readonly=False,
        domain="[('id', 'in', available_line_ids)]",
    )
    available_line_ids = fields.Many2many(
        "account.move.line", compute="_compute_available_line_ids"
    )
    sms_body = fields.Text(
        "SMS Text", compute="_compute_sms_body", store=True, readonly=False
    )
    default_sms_body = fields.Text()
    task = fields.Char(compute="_compute_task")
    # the newest reminder when the window was opened, and the one that it sent
    seen_reminder_id = fields.Many2one(
        "account.followup.reminder",
        compute="_compute_seen_reminder_id",
        store=True,
        readonly=False,
    )
    reminder_id = fields.Many2one("account.followup.reminder", readonly=True)

    # ------------------------------------------------------------------
    # Defaults: all from the service
    # ------------------------------------------------------------------

    def _get_case(self):
        """Return the follow-up for the defaults; nothing is created by looking."""
        self.ensure_one()
        return self.env["account.followup"]._get_case(self.partner_id, self.company_id)

    def _get_chosen_items(self):
        # EXTENDS 'account.followup.content.mixin'
        return self.item_line_ids._origin

    @api.depends(
        "partner_id",
        "contact_changes",
        "do_email",
        "do_letter",
        "do_print",
        "do_sms",
        "other_channels",
        "email_recipient_ids",
        "item_line_ids",
    )
    def _compute_contact_info(self):
        return super()._compute_contact_info()

    def _get_lang(self):
        """Return the language of who gets it (C4)."""
        return self._get_service("recipients")._get_lang(
            self.partner_id, self._get_chosen_items(), self._get_ticked()
        )

    def _get_all_rows(self):
        rows = self.env["account.followup.item"].sudo()
        return rows._get_rows({self.company_id: self._get_day()}, self.partner_id)

    def _get_rows(self):
        """Return the items that the user may see: of the companies switched on (G1)."""
        companies = set(self.env.companies.ids)
        return [row for row in self._get_all_rows() if row["branch_id"] in companies]

    def _get_chosen_rows(self):
        chosen = set(self.item_line_ids._origin.ids)
        return [row for row in self._get_rows() if row["id"] in chosen]

    @api.depends("partner_id", "company_id")
    def _compute_seen_reminder_id(self):
        for wizard in self:
            wizard.seen_reminder_id = wizard._get_newest_reminder()

    def _get_newest_reminder(self):
        """Return the last reminder, whoever sent it, and for whichever branch."""
        reminders = self.env["account.followup.reminder"].sudo()
        return reminders.search(
            [
                ("partner_id", "=", self.partner_id._origin.id),
                ("company_id", "=", self.company_id.id),
            ],
            order="id DESC",
            limit=1,
        )

    @api.depends("partner_id", "company_id")
    def _compute_available_line_ids(self):
        for wizard in self:
            rows = wizard._get_rows() if wizard.partner_id else []
            wizard.available_line_ids = [row["id"] for row in rows]

    @api.depends("partner_id", "company_id")
    def _compute_item_line_ids(self):
        """Tick what a reminder names by itself; with nothing late, all that is open."""
        for wizard in self:
            rows = wizard._get_rows() if wizard.partner_id else []
            named = wizard._get_service()._get_default_rows(rows, wizard._get_day())
            if not any(row["residual"] > 0 for row in named):
                named = [row for row in rows if not row["rest_reason"]]
            wizard.item_line_ids = [row["id"] for row in named]

    @api.depends("item_line_ids")
    def _compute_level_id(self):
        for wizard in self:
            rows = wizard._get_chosen_rows()
            wizard.level_id = wizard._get_service("claim")._get_level_due(
                rows, wizard._get_day()
            )

    @api.depends("partner_id", "company_id", "level_id", "item_line_ids")
    def _compute_from_level(self):
        for wizard in self:
            wizard._set_defaults(wizard._get_level_defaults())

    def _get_level_defaults(self):
        """Return {field: value} of what the level due sends, and how."""
        content = self._get_service()._get_content(
            self._get_case(),
            self._get_chosen_rows(),
            self.level_id.sudo(),
            self._get_day(),
        )
        channels = content["channels"]
        if not channels and not self.level_id:
            channels = {"email"}  # a level that is due and sends nothing is a task
        return {
            **self._get_ticks(channels),
            "attach_invoices": content["attach_invoices"],
            "mail_template_id": content["mail_template"].id,
            "sms_template_id": content["sms_template"].id,
        }

    @api.depends(
        "mail_template_id",
        "do_email",
        "do_letter",
        "do_print",
        "other_channels",
        "item_line_ids",
    )
    def _compute_content(self):
        return super()._compute_content()

    def _get_texts(self):
        case, template = self._get_case(), self.mail_template_id
        service = self._get_service("text")
        lang = self._get_lang()
        return {
            "subject": service._render(case, template, "subject", lang),
            "body": service._render(case, template, "body_html", lang),
        }

    @api.depends("sms_template_id")
    def _compute_sms_body(self):
        """Fill the text from the template; what was edited by hand stays."""
        for wizard in self:
            case = wizard._get_case()
            service = wizard._get_service("text")
            lang = wizard._get_lang()
            text = service._render(case, wizard.sms_template_id, "body", lang)
            if text == wizard.default_sms_body:
                continue
            if not wizard.sms_body or wizard.sms_body == wizard.default_sms_body:
                wizard.sms_body = text
            wizard.default_sms_body = text

    @api.depends("partner_id", "company_id", "level_id")
    def _compute_task(self):
        """Say what is done when nothing is ticked, if that is anything."""
        for wizard in self:
            level = wizard.level_id.sudo()
            wizard.task = wizard._get_service("task")._has_task(level) and (
                wizard._get_service("task")._get_task_text(wizard._get_case(), level)
            )

    # ------------------------------------------------------------------
    # Send
    # ------------------------------------------------------------------

    def action_send(self):
        """Send the reminder over the ticked channels, once for this window.

        :return: action: the notice of what left, with the letter to print
        :raise UserError: nothing is ticked, nothing is open any more, or somebody
            reminded the customer since the window was opened
        """
        self.ensure_one()
        self.check_access("write")
        self.partner_id._check_followup_access()
        if self.reminder_id:  # a second click
            return self._get_closing_action()
        if not self._get_ticked() and not self.task:
            raise UserError(self.env._("Tick Print, Email, SMS or By Post first."))
        self.reminder_id = self._send()
        return self._get_closing_action()

    def _send(self):
        """Make the reminder and return it."""
        followup = self._lock_followup()
        self._check_nothing_sent_since()
        service, day = self._get_service(), self._get_day()
        data = service._prepare_data(
            followup, day, trigger="manual", **self._get_chosen()
        )
        return service._send_reminder(followup, day, data)

    def _lock_followup(self):
        """Return the customer's case, locked until the reminder is made."""
        followup = self.env["account.followup"]._get_or_create(
            self.partner_id, self.company_id
        )
        followup = followup.try_lock_for_update(allow_referencing=True)
        if not followup:
            raise UserError(
                self.env._(
                    "%s is being reminded at this moment. Close the window and look at "
                    "the history.",
                    self.partner_id.display_name,
                )
            )
        return followup

    def _get_chosen(self):
        """Return what a person has chosen, for ``_prepare_data`` of the service."""
        return {
            "items": self.item_line_ids._filtered_access("read"),
            "channels": set(self._get_ticked()),
            "mail_template": self.mail_template_id.sudo(),
            "subject": self.subject,
            "body": self.body,
            "sms_template": self.sms_template_id.sudo(),
            "sms_body": self.sms_body,
            "attach_invoices": self.attach_invoices,
        }

    def _check_nothing_sent_since(self):
        newest = self._get_newest_reminder()
        if newest != self.seen_reminder_id:
            raise UserError(
                self.env._(
                    "%(customer)s was reminded on %(date)s while this window was open. "
                    "Close it and look at the history before you send again.",
                    customer=self.partner_id.display_name,
                    date=format_date(self.env, newest.date),
                )
            )

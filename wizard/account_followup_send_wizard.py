import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import formatLang

from .send_choice import SendChoice
from .sent_notice import SentNotice
from .window_actions import get_layout_question, get_window_action


class AccountFollowupSendWizard(models.TransientModel):
    """The window Send and Print: collects what a person chooses, then sends once.

    What is chosen is read by ``SendChoice``, what is to be known before sending is said
    by ``account.followup.send.alert``, and ``account.followup.manual`` sends.
    """

    _name = "account.followup.send.wizard"
    _inherit = "account.followup.content.mixin"
    _description = "Send and Print a Payment Reminder"
    _rec_name = "partner_id"

    _choice_class = SendChoice
    _alert_model = "account.followup.send.alert"
    # the language of the text is that of who gets it
    _text_fields = (
        "mail_template_id",
        "do_email",
        "do_letter",
        "do_print",
        "other_channels",
        "item_line_ids",
    )
    _recipient_fields = (
        "partner_id",
        "contact_changes",
        "do_email",
        "do_letter",
        "do_print",
        "do_sms",
        "other_channels",
        "email_recipient_ids",
        "item_line_ids",
        "level_id",
    )
    _alert_fields = (*_recipient_fields, "mail_template_id")

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
    is_call = fields.Boolean(compute="_compute_task")
    # the newest reminder when the window was opened, and the one that it sent
    seen_reminder_id = fields.Many2one(
        "account.followup.reminder",
        compute="_compute_seen",
        store=True,
        readonly=False,
    )
    reminder_id = fields.Many2one("account.followup.reminder", readonly=True)
    # ids of the payments and credits that were there when the window was opened
    known_credit_ids = fields.Json(compute="_compute_seen", store=True, readonly=False)

    # whom the e-mail reaches and what goes with it (C3, C5)
    email_recipient_ids = fields.Many2many(
        "res.partner",
        "account_followup_send_wizard_recipient_rel",
        string="Recipients",
        compute="_compute_email_recipient_ids",
        store=True,
        readonly=False,
        help="For this e-mail only: who gets it otherwise follows from the contacts.",
    )
    default_recipient_ids = fields.Json()
    attachment_ids = fields.Many2many(
        "ir.attachment",
        string="Attachments",
        help="Files of your own that go with the e-mail.",
    )
    amount_claimed = fields.Char(
        "To Be Claimed",
        compute="_compute_amount_claimed",
        help="What is chosen, less the credits of the same currency.",
    )
    # the message as the customer will get it (Y5), cleaned as messages are
    preview_subject = fields.Char("Subject as Sent", compute="_compute_preview")
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    preview_sms = fields.Text("SMS as Sent", compute="_compute_preview")
    # day, level and open amounts that the window has shown: what leaves is that
    shown = fields.Char(compute="_compute_shown", store=True, readonly=False)
    changed_note = fields.Char(readonly=True)
    # the day set by hand that sending ends, to set it again when it is called back
    rest_until = fields.Date(readonly=True)
    # ids of the customers of the list from which the window was opened, in its order
    list_partner_ids = fields.Json(
        default=lambda self: get_list_partner_ids(self.env), readonly=True
    )
    has_next = fields.Boolean(compute="_compute_has_next")

    # ------------------------------------------------------------------
    # Defaults: all from the services
    # ------------------------------------------------------------------

    @api.depends("partner_id", "company_id")
    def _compute_seen(self):
        """Note what was there when the window was opened."""
        manual = self.env["account.followup.manual"]
        for wizard in self:
            wizard.known_credit_ids = wizard._get_choice().credit_ids
            wizard.seen_reminder_id = manual._get_newest_reminder(
                wizard.partner_id._origin, wizard.company_id
            )

    @api.depends("partner_id", "company_id")
    def _compute_available_line_ids(self):
        for wizard in self:
            rows = wizard._get_choice().rows
            wizard.available_line_ids = [row["id"] for row in rows]

    @api.depends("partner_id", "company_id")
    def _compute_item_line_ids(self):
        for wizard in self:
            choice = wizard._get_choice()
            rows = choice.manual._get_proposed_rows(choice.rows, choice.day)
            wizard.item_line_ids = [row["id"] for row in rows]

    @api.depends("item_line_ids")
    def _compute_level_id(self):
        for wizard in self:
            wizard.level_id = wizard._get_choice().level

    @api.depends("partner_id", "company_id", "level_id", "item_line_ids")
    def _compute_from_level(self):
        for wizard in self:
            wizard._set_defaults(wizard._get_choice().get_level_defaults())

    @api.depends(
        "partner_id", "company_id", "contact_changes", "item_line_ids", "level_id"
    )
    def _compute_email_recipient_ids(self):
        """Propose whom the rule names; who was chosen by hand stays."""
        for wizard in self:
            found = self.env["res.partner"]
            if wizard.partner_id:
                found = wizard._get_choice().get_default_recipients()
            proposed = set(wizard.default_recipient_ids or [])
            if set(wizard.email_recipient_ids._origin.ids) == proposed:
                wizard.email_recipient_ids = found
            wizard.default_recipient_ids = found.ids

    @api.depends("sms_template_id")
    def _compute_sms_body(self):
        """Fill the text from the template; what was edited by hand stays."""
        for wizard in self:
            text = wizard._get_choice().get_sms_text()
            if text == wizard.default_sms_body:
                continue
            if not wizard.sms_body or wizard.sms_body == wizard.default_sms_body:
                wizard.sms_body = text
            wizard.default_sms_body = text

    # ------------------------------------------------------------------
    # What the window says
    # ------------------------------------------------------------------

    @api.depends("partner_id", "company_id", "level_id")
    def _compute_task(self):
        """Say what is done when nothing is ticked, if that is anything."""
        for wizard in self:
            service, level = wizard._get_service("task"), wizard.level_id.sudo()
            wizard.task = service._has_task(level) and service._get_task_text(
                wizard._get_choice().case, level
            )
            wizard.is_call = wizard._get_service("call")._is_call(level)

    @api.depends("item_line_ids")
    def _compute_amount_claimed(self):
        for wizard in self:
            choice = wizard._get_choice()
            claims = choice.claim._get_claims(choice.chosen)
            wizard.amount_claimed = " + ".join(
                formatLang(self.env, amount, currency_obj=currency)
                for currency, (amount, _company) in claims.items()
            )

    @api.depends(
        "body",
        "do_email",
        "do_letter",
        "do_print",
        "do_sms",
        "item_line_ids",
        "partner_id",
        "sms_body",
        "subject",
    )
    def _compute_preview(self):
        for wizard in self:
            choice, service = wizard._get_choice(), wizard._get_service("sample")
            try:
                sample = wizard.partner_id and service._get_sample(
                    *choice.get_sample_data()
                )
            except UserError as error:  # nothing is ticked, or a word is mistyped
                wizard.preview_subject = str(error)
                wizard.preview = wizard.preview_sms = False
                continue
            wizard.preview_subject = sample and sample.subject
            wizard.preview = sample and sample.body
            wizard.preview_sms = sample and sample.sms_body

    @api.depends("partner_id", "company_id", "item_line_ids")
    def _compute_shown(self):
        for wizard in self:
            wizard.shown = json.dumps(wizard._get_choice().shown)

    @api.depends("partner_id", "list_partner_ids")
    def _compute_has_next(self):
        for wizard in self:
            wizard.has_next = bool(wizard._get_choice().others)

    def action_log_call(self):
        """Open Log a Call instead: the call of the level due was made already."""
        self.ensure_one()
        return self.partner_id.action_log_followup_call()

    # ------------------------------------------------------------------
    # Send
    # ------------------------------------------------------------------

    def action_send(self):
        """Send the reminder over the ticked channels, once for this window.

        Only what was shown leaves, to somebody who can be reached.

        :return: action: the notice of what left, with the letter to print; or core's
            question for the layout, or the window once more, with what has changed
        :raise UserError: nothing is ticked, nothing is open any more, nobody can be
            reached, or somebody reminded the customer since the window was opened
        """
        self._check_may_act()
        if self.reminder_id:  # a second click
            return SentNotice(self).get_action()
        self.env["account.followup.test"]._check_window(self)
        choice = self._get_choice()
        choice.manual._check_reached(choice.ticked, choice.offered, choice.get_problem)
        if action := get_layout_question(self, choice.ticked):
            return action
        newest = choice.manual._get_newest_reminder(self.partner_id, self.company_id)
        if newest == self.seen_reminder_id and (note := choice.get_change()):
            return self._show_anew(note)
        if not choice.ticked and not self.task:
            raise UserError(self.env._("Tick Print, Email, SMS or By Post first."))
        self.rest_until = choice.case.next_reminder_date
        self.reminder_id = choice.manual._send(
            self.partner_id,
            self.company_id,
            choice.day,
            self.seen_reminder_id,
            choice.get_values(),
        )
        return SentNotice(self).get_action()

    def action_send_next(self):
        """Send, then open the window for the next customer of the list.

        :return: action: the notice with the next window, or this window once more
        """
        action = self.action_send()
        if not self.reminder_id:
            return action  # to be looked at again
        choice = self._get_choice()
        partner = choice.manual._get_next_customer(
            choice.others, self.company_id, choice.day
        )
        return SentNotice(self).get_action_with_next(partner)

    def _show_anew(self, note):
        """Show what is so now; what the person has typed stays.

        :return: action: the same window
        """
        choice = self._get_choice()
        rows = choice.chosen + choice.new_credits
        self.item_line_ids = self.item_line_ids.browse(row["id"] for row in rows)
        choice = self._get_choice()
        self.write(
            {
                "level_id": choice.level.id,
                "shown": json.dumps(choice.shown),
                "known_credit_ids": choice.credit_ids,
                "changed_note": note,
            }
        )
        self._compute_content()
        self._compute_sms_body()
        return get_window_action(self)

    def action_undo(self):
        """Call the reminder back that this window sent, while it has not left.

        :return: one sentence that says so
        :raise UserError: it has left
        """
        self._check_may_act()
        reminder = self.reminder_id
        reminder.check_access("read")
        if not reminder or reminder.partner_id != self.partner_id:
            raise UserError(self.env._("This window has not sent anything."))
        manual = self.env["account.followup.manual"]
        return manual._call_back(reminder, self.rest_until, self._get_day())

    # ------------------------------------------------------------------
    # Try
    # ------------------------------------------------------------------

    def action_preview_letter(self):
        """Open the letter as it would be printed; nothing is sent or recorded."""
        self._check_may_act()
        service = self._get_service("sample")
        name, content = service._print_sample(*self._get_choice().get_sample_data())
        files = self.env["ir.attachment"].sudo()
        attachment = files.create(
            {
                "name": name,
                "raw": content,
                "mimetype": "application/pdf",
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}",
            "target": "new",
        }

    def action_send_test(self):
        """Send the user the e-mail, marked as a test; nothing is recorded."""
        self._check_may_act()
        choice = self._get_choice()
        service = self._get_service("sample")
        service._send_sample(*choice.get_sample_data(), self.env.user)
        return service._get_sample_notice(self.env.user)


def get_list_partner_ids(env):
    """Return the customers of the list that opens the window, as its context says."""
    ids = env.context.get("followup_list_partner_ids")
    ids = ids if isinstance(ids, list | tuple) else []
    return [id_ for id_ in ids if isinstance(id_, int)]

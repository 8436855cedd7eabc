from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools import ladder


class AccountFollowupLevel(models.Model):
    _name = "account.followup.level"
    _inherit = "account.followup.root.mixin"
    _description = "Follow-up Level"
    _order = "company_id, plan_id, delay, id"

    name = fields.Char("Description", required=True, translate=True)
    plan_id = fields.Many2one(
        "account.followup.plan",
        required=True,
        default=lambda self: self.env["account.followup.plan"]._get_default_plan(
            self.env.company.root_id
        ),
        index=True,
        domain="[('company_id', '=', company_id)]",
        ondelete="restrict",
    )
    active = fields.Boolean(default=True)
    delay = fields.Integer(
        "Days",
        required=True,
        aggregator=None,
        help="Days after the due date. A negative number reminds before the due date.",
    )
    is_automatic = fields.Boolean(
        "Automatic",
        help="The scheduled action carries out this level by itself, for customers "
        "whose reminders are automatic, when automatic reminders are switched on in "
        "the settings.",
    )
    send_email = fields.Boolean(default=True)
    send_letter = fields.Boolean("Send a Letter")
    send_sms = fields.Boolean("Send SMS Message")
    mail_template_id = fields.Many2one(
        "mail.template",
        string="Content Template",
        domain=lambda self: self._get_template_domain(),
        ondelete="restrict",
        help="Text of the e-mail and of the letter.",
    )
    sms_template_id = fields.Many2one(
        "sms.template",
        string="SMS Template",
        domain="[('model', '=', 'res.partner')]",
        ondelete="set null",
    )
    attach_invoices = fields.Boolean(
        help="The invoices that the reminder names go with it: as files of the e-mail, "
        "and as pages behind the letter, printed or posted. Of a posted letter each "
        "page costs; pages of other sizes are fitted to A4."
    )
    follower_user_ids = fields.Many2many(
        "res.users",
        string="Add Followers",
        domain="[('share', '=', False)]",
        help="These users follow the customer from this level on, so that they receive "
        "the customer's replies.",
    )
    schedule_activity = fields.Boolean()
    activity_type_id = fields.Many2one(
        "mail.activity.type",
        domain="[('res_model', 'in', (False, 'res.partner'))]",
        default=lambda self: self.env.ref(
            "mail.mail_activity_data_todo", raise_if_not_found=False
        ),
        ondelete="set null",
    )
    activity_responsible = fields.Selection(
        [
            ("followup_responsible", "Follow-up Responsible"),
            ("salesperson", "Salesperson"),
            ("user", "Named User"),
        ],
        string="Responsible",
        default="followup_responsible",
        required=True,
    )
    activity_user_id = fields.Many2one(
        "res.users", string="User", domain="[('share', '=', False)]"
    )
    activity_summary = fields.Char("Summary", translate=True)
    activity_note = fields.Html("Note", translate=True)
    reminder_count = fields.Integer(compute="_compute_reminder_count")
    timing = fields.Char("When", compute="_compute_timing")
    switch_info = fields.Char("Switched Off", compute="_compute_switch_info")
    is_reply_lost = fields.Boolean(compute="_compute_is_reply_lost")

    # The archived levels are left out: a new level may take the place of an old one.
    _plan_delay_unique = models.UniqueIndex(
        "(plan_id, delay) WHERE active",
        "Two follow-up levels of a plan cannot have the same number of days.",
    )

    _delay_within_ten_years = models.Constraint(
        "CHECK (delay BETWEEN -3650 AND 3650)",
        "The days of a follow-up level are between -3,650 and 3,650, which are ten "
        "years before and after the due date.",
    )

    @api.model
    def _get_template_domain(self):
        """Return the domain of texts for reminders: that of statements has no table."""
        statement = self.env.ref(
            "account_payment_followup.mail_template_statement", raise_if_not_found=False
        )
        others = statement.ids if statement else []
        return [("model", "=", "res.partner"), ("id", "not in", others)]

    @api.onchange("company_id")
    def _onchange_company_id(self):
        if self.company_id and self.plan_id.company_id != self.company_id:
            plans = self.env["account.followup.plan"]
            self.plan_id = plans._get_default_plan(self.company_id)

    @api.onchange("plan_id")
    def _onchange_plan_id(self):
        if self.plan_id:
            self.company_id = self.plan_id.company_id

    @api.onchange("delay", "send_email", "send_letter", "send_sms")
    def _onchange_channels(self):
        """Propose the shipped text that fits, unless somebody chose another one."""
        names = ("mail_template_upcoming", "mail_template_reminder")
        shipped = [
            self.env.ref(f"account_payment_followup.{name}", raise_if_not_found=False)
            for name in names
        ]
        known = [*shipped, self.mail_template_id.browse()]
        if (self.send_email or self.send_letter) and self.mail_template_id in known:
            self.mail_template_id = shipped[0 if self.delay < 0 else 1]
        if self.send_sms and not self.sms_template_id:
            self.sms_template_id = self.env.ref(
                "account_payment_followup.sms_template_reminder",
                raise_if_not_found=False,
            )

    def _compute_reminder_count(self):
        # also those that name invoices of branches that the user may not see
        counts = self.env["account.followup.reminder"].sudo()
        counts = counts._read_group(
            [("level_id", "in", self.ids)], ["level_id"], ["__count"]
        )
        counts = {level.id: count for level, count in counts}
        for level in self:
            level.reminder_count = counts.get(level.id, 0)

    @api.depends_context("lang")
    @api.depends("delay")
    def _compute_timing(self):
        """Say the delay in words (A2)."""
        for level in self:
            days = abs(level.delay)
            if not days:
                level.timing = self.env._("on the due date")
            elif level.delay > 0:
                level.timing = (
                    self.env._("1 day after the due date")
                    if days == 1
                    else self.env._("%s days after the due date", days)
                )
            else:
                level.timing = (
                    self.env._("1 day before the due date")
                    if days == 1
                    else self.env._("%s days before the due date", days)
                )

    @api.depends(
        "company_id.followup_automatic", "company_id.followup_enabled", "is_automatic"
    )
    def _compute_switch_info(self):
        """Say which switch of the settings keeps a level from being carried out."""
        for level in self:
            company = level.company_id.sudo()
            if company and not company.followup_enabled:
                level.switch_info = self.env._("Payment follow-ups are switched off")
            elif level.is_automatic and not company.followup_automatic:
                level.switch_info = self.env._(
                    "Waits for a person: automatic reminders are switched off"
                )
            else:
                level.switch_info = False

    @api.depends("company_id.alias_domain_id")
    def _compute_is_reply_lost(self):
        """Without an alias domain an answer goes to whoever sent, not to Odoo (A4)."""
        for level in self:
            level.is_reply_lost = not level.company_id.sudo().alias_domain_id

    @api.depends("name", "delay")
    def _compute_display_name(self):
        for level in self:
            level.display_name = level.name

    @api.constrains("company_id", "plan_id")
    def _check_company_of_plan(self):
        for level in self:
            if level.plan_id.company_id != level.company_id.root_id:
                raise ValidationError(
                    self.env._(
                        'Follow-up level "%(level)s": plan "%(plan)s" belongs to '
                        "another company. Choose one of %(company)s.",
                        level=level.name,
                        plan=level.plan_id.sudo().name,
                        company=level.company_id.name,
                    )
                )

    @api.constrains("active", "plan_id")
    def _check_number_of_levels(self):
        counts = self.sudo()._read_group(
            [("plan_id", "in", self.plan_id.ids), ("active", "=", True)],
            ["plan_id"],
            ["__count"],
        )
        for plan, count in counts:
            if count > ladder.MAX_LEVELS:
                raise ValidationError(
                    self.env._(
                        'Follow-up plan "%(plan)s" cannot have more than %(count)s '
                        "levels. Archive one that is not needed.",
                        plan=plan.name,
                        count=ladder.MAX_LEVELS,
                    )
                )

    @api.constrains("send_email", "send_letter", "mail_template_id")
    def _check_mail_template(self):
        for level in self:
            if (level.send_email or level.send_letter) and not level.mail_template_id:
                raise ValidationError(
                    self.env._(
                        'Follow-up level "%(level)s": choose a Content Template, it is '
                        "the text of the e-mail and the letter.",
                        level=level.name,
                    )
                )

    @api.constrains("send_sms", "sms_template_id")
    def _check_sms_template(self):
        for level in self:
            if level.send_sms and not level.sms_template_id:
                raise ValidationError(
                    self.env._(
                        'Follow-up level "%(level)s": choose an SMS Template, it is '
                        "the text of the message.",
                        level=level.name,
                    )
                )

    @api.constrains(
        "active",
        "send_email",
        "send_letter",
        "send_sms",
        "schedule_activity",
        "activity_type_id",
    )
    def _check_does_something(self):
        """A level that does nothing would count as a reminder that nobody got (A3)."""
        for level in self:
            if level.active and not level._does_something():
                raise ValidationError(level._get_idle_text())

    def _does_something(self):
        """Return whether a customer or a person hears of it."""
        self.ensure_one()
        has_task = self.schedule_activity and self.activity_type_id
        return bool(
            has_task
            or self.env["account.followup.channels"]._get_default_channels(self)
        )

    def _get_idle_text(self):
        self.ensure_one()
        return self.env._(
            'Follow-up level "%s" does nothing: choose what it sends, or have it '
            "schedule an activity with its type.",
            self.name,
        )

    @api.constrains("schedule_activity", "activity_responsible", "activity_user_id")
    def _check_activity_user(self):
        for level in self:
            if (
                level.schedule_activity
                and level.activity_responsible == "user"
                and not level.activity_user_id
            ):
                raise ValidationError(
                    self.env._(
                        'Follow-up level "%(level)s": choose the user who gets the '
                        "activity.",
                        level=level.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.filtered("reminder_count")
        if used:
            raise UserError(
                self.env._(
                    "%(levels)s: reminders were sent at this level. Archive it "
                    "instead, so that the history stays and nobody is reminded again.",
                    levels=", ".join(used.mapped("name")),
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS 'base'
        service = self.env["account.followup.default"]
        return super().create([service._complete_level(vals) for vals in vals_list])

    def write(self, vals):
        # EXTENDS 'base'
        if "company_id" in vals:
            vals = self.env["account.followup.default"]._complete_level(vals)
            self._check_company_of_used(vals["company_id"])
        result = super().write(vals)
        if "company_id" in vals:  # rules are asked before it, and so of the old one
            self.check_access("write")
        return result

    def _check_company_of_used(self, company_id):
        """Refuse to move levels that were reached: there the ladder would break off.

        :raise UserError: reminders were sent at one of them
        """
        moved = self.filtered(lambda level: level.company_id.id != company_id)
        reached = [("level_id", "in", moved.ids)]
        used = self.browse()
        for model in ("account.followup.reminder", "account.followup.reminder.line"):
            rows = self.env[model].sudo()._read_group(reached, ["level_id"])
            used += used.browse(level.id for (level,) in rows)
        if used:
            raise UserError(
                self.env._(
                    "%(levels)s: reminders were sent at this level, so it stays with "
                    "its company. Create a new level for the other one.",
                    levels=", ".join((moved & used).mapped("name")),
                )
            )

    def copy_data(self, default=None):
        # EXTENDS 'base': two levels of a plan cannot share their days
        vals_list = super().copy_data(default)
        default = default or {}
        if "company_id" in default and "plan_id" not in default:
            for vals in vals_list:
                vals.pop("plan_id", None)  # the default one of that company
        if "delay" in default:
            return vals_list
        for level, vals in zip(self, vals_list, strict=True):
            vals["name"] = self.env._("%s (copy)", level.name)
            mine = self.search([("plan_id", "=", level.plan_id.id)])
            vals["delay"] = ladder.get_free_delay(level.delay, mine.mapped("delay"))
        return vals_list

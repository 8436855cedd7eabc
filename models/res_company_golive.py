from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_date

from .res_company import SETTINGS_GROUPS

#: Who has been off for longer has a new backlog: the go-live is confirmed again.
LONG_OFF = timedelta(days=30)

#: How what was overdue on the day of the go-live starts.
STARTS = [
    ("first", "At the first level"),
    ("age", "At the level of its age"),
    ("reminded", "What is due before a day counts as reminded"),
]

#: A company that has not gone live.
NOT_STARTED = {
    "followup_start": False,
    "followup_start_date": False,
    "followup_start_until": False,
    "followup_start_user_id": False,
    "followup_start_last_id": 0,
}


class ResCompany(models.Model):
    """Switching automatic reminders on (X4): confirmed with the assistant.

    Until then the run does nothing, see ``account.followup.gate.golive``.
    """

    _inherit = "res.company"

    followup_start = fields.Selection(
        STARTS, string="Start", readonly=True, copy=False, groups=SETTINGS_GROUPS
    )
    followup_start_date = fields.Date(
        "Go-Live",
        readonly=True,
        copy=False,
        groups=SETTINGS_GROUPS,
        help="Day on which the start of automatic reminders was confirmed. Until then "
        "nothing leaves by itself.",
    )
    followup_start_until = fields.Date(
        "Counts as Reminded Before", readonly=True, copy=False, groups=SETTINGS_GROUPS
    )
    followup_start_user_id = fields.Many2one(
        "res.users",
        "Go-Live Confirmed By",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=SETTINGS_GROUPS,
    )
    # the last reminder before: those that count as reminded come after it
    followup_start_last_id = fields.Integer(
        readonly=True, copy=False, groups=SETTINGS_GROUPS
    )
    followup_switch_date = fields.Datetime(
        "Automatic Reminders Switched On or Off On",
        readonly=True,
        copy=False,
        groups=SETTINGS_GROUPS,
    )
    followup_switch_user_id = fields.Many2one(
        "res.users",
        "Automatic Reminders Switched On or Off By",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=SETTINGS_GROUPS,
    )

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS 'base'
        companies = super().create(vals_list)
        companies.filtered("followup_automatic")._note_followup_switch()
        return companies

    def write(self, vals):
        # EXTENDS 'base': whoever switches, by whatever way
        if "followup_automatic" not in vals:
            return super().write(vals)
        is_on = bool(vals["followup_automatic"])
        changed = self.sudo().filtered(
            lambda company: company.followup_automatic != is_on
        )
        if is_on:
            changed.filtered(lambda company: company._is_followup_long_off()).write(
                NOT_STARTED
            )
        result = super().write(vals)
        changed._note_followup_switch()
        return result

    def _note_followup_switch(self):
        """Note when and by whom automatic reminders were switched on or off."""
        if self:
            now = fields.Datetime.now()
            self.sudo().write(
                {"followup_switch_date": now, "followup_switch_user_id": self.env.uid}
            )

    def _is_followup_long_off(self):
        """Return whether it has been off for so long that there is a new backlog."""
        since = self.followup_switch_date
        return bool(since) and since + LONG_OFF < fields.Datetime.now()

    def _needs_followup_start(self):
        """Return whether automatic reminders cannot just be switched on (X4)."""
        self.ensure_one()
        company = self.sudo()
        if not company.followup_start_date:
            return True
        return not company.followup_automatic and company._is_followup_long_off()

    def _get_followup_start_text(self):
        """Return when, how and by whom the go-live was confirmed, or None."""
        self.ensure_one()
        company = self.sudo()
        if not company.followup_start_date:
            return None
        until = company.followup_start_until
        how = self._get_followup_way_text(company.followup_start, until)
        since = format_date(self.env, company.followup_start_date)
        parts = [
            self.env._("Live since %s", since),
            how,
            *(company.followup_plan_ids._get_start_texts(until) if how else ()),
            company.followup_start_user_id.name,
        ]
        return " · ".join(filter(None, parts))

    @api.model
    def _get_followup_way_text(self, start, until=None):
        """Return what a start means, see ``STARTS``; None without one.

        :param date until: what is due before it counts as reminded, if that is known
        """
        if start == "reminded" and until:
            return self.env._(
                "What is due before %s counts as reminded",
                format_date(self.env, until),
            )
        labels = dict(self._fields["followup_start"]._description_selection(self.env))
        return labels.get(start)


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # not related: ticking it asks for the assistant, where that is needed
    followup_automatic = fields.Boolean(
        "Automatic Reminders",
        compute="_compute_followup_automatic",
        inverse="_inverse_followup_automatic",
        readonly=False,
    )
    followup_start_wanted = fields.Boolean(readonly=True)
    followup_start_info = fields.Char(compute="_compute_followup_start_info")
    followup_needs_start = fields.Boolean(compute="_compute_followup_start_info")

    @api.depends("company_id")
    def _compute_followup_automatic(self):
        for settings in self:
            root = settings.company_id.root_id
            settings.followup_automatic = root.followup_automatic

    def _inverse_followup_automatic(self):
        for settings in self:
            root = settings.company_id.root_id
            is_on = settings.followup_automatic
            if is_on == root.followup_automatic:
                continue
            if is_on and root._needs_followup_start():
                settings.followup_start_wanted = True
            else:
                root.followup_automatic = is_on

    @api.depends("company_id")
    def _compute_followup_start_info(self):
        for settings in self:
            root = settings.company_id.root_id
            settings.followup_start_info = root._get_followup_start_text()
            settings.followup_needs_start = root._needs_followup_start()

    def execute(self):
        # EXTENDS 'base': what is saved is shown first; ``set_values`` cannot answer
        action = super().execute()
        if not self.followup_start_wanted or action.get("tag") != "reload":
            return action
        root = self.company_id.root_id
        return root.env["account.followup.start.wizard"]._get_open_action(root)

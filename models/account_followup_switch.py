from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime

from .account_move_line import GROUPS
from .res_company import ROOTS


class AccountFollowupCustomer(models.Model):
    """What the switches of the settings mean for the lists."""

    _inherit = "account.followup.customer"

    @api.model
    def get_empty_list_help(self, help_message):
        # OVERRIDE 'base': an empty list says whether it is off
        root = self.env.company.root_id.sudo()
        if root.followup_enabled:
            return super().get_empty_list_help(help_message)
        title = self.env._("Payment follow-ups of %s are switched off", root.name)
        text = self.env._("An administrator can switch them on in the settings.")
        if self.env.user.has_group("base.group_system"):
            text = Markup('<a href="%s">%s</a>') % (
                "/odoo/action-account.action_account_config",
                self.env._("Switch them on in the settings"),
            )
        return Markup('<p class="o_view_nocontent_smiling_face">%s</p><p>%s</p>') % (
            title,
            text,
        )


class AccountFollowupDue(models.AbstractModel):
    _inherit = "account.followup.due"

    @api.model
    def _count_automatic_due(self, root):
        """Return how many customers the next run would remind, were it switched on."""
        day = root._get_followup_day()[root]
        customers = self.env["account.followup.customer"].sudo()
        customers = customers.with_context(**{ROOTS: frozenset(root.ids)})
        return customers.search_count(
            Domain("company_id", "=", root.id)
            & Domain("status", "=", "in_need_of_action")
            & Domain("reminder_type", "=", "automatic")
            & Domain("level_id.is_automatic", "=", True)
            & (Domain("retry_date", "=", False) | Domain("retry_date", "<=", day))
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    followup_switch_info = fields.Char(
        compute="_compute_followup_switch_info", groups=GROUPS
    )

    @api.depends("followup_reminder_type")
    @api.depends_context("company", "lang")
    def _compute_followup_switch_info(self):
        """Say that automatic reminders wait, where the switch is off."""
        is_on = self.env.company.root_id.sudo().followup_automatic
        for partner in self:
            waits = not is_on and partner.followup_reminder_type == "automatic"
            partner.followup_switch_info = waits and self.env._(
                "Automatic reminders are switched off in the settings: all wait for a "
                "person."
            )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    followup_automatic_info = fields.Char(compute="_compute_followup_automatic_info")

    @api.depends("followup_automatic", "company_id")
    def _compute_followup_automatic_info(self):
        """Say whom the switch lets remind, before it is saved."""
        for settings in self:
            is_on = settings.followup_automatic and settings.followup_enabled
            root = settings.company_id.root_id
            settings.followup_automatic_info = (
                is_on and settings._get_followup_automatic_info(root)
            )

    @api.model
    def _get_followup_automatic_info(self, root):
        if root._needs_followup_start() and root.followup_automatic:
            return self.env._(
                "Nothing is sent, since the go-live is not confirmed: press Go Live."
            )
        if root._needs_followup_start():
            return self.env._(
                "When you save, you see who would get what, and choose how old "
                "invoices start. Nothing is sent before."
            )
        cron = self.env.ref("account_payment_followup.ir_cron_process_followups").sudo()
        return self.env._(
            "The next run, on %(moment)s, would remind %(count)s customers.",
            moment=format_datetime(self.env, cron.nextcall, dt_format="short"),
            count=self.env["account.followup.due"]._count_automatic_due(root),
        )

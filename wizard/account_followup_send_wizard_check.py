import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class AccountFollowupSendWizard(models.TransientModel):
    """What a person saw is what is sent, and what came of it is told."""

    _inherit = "account.followup.send.wizard"

    # day, level and open amounts that the window has shown
    shown = fields.Char(compute="_compute_shown", store=True, readonly=False)
    changed_note = fields.Char(readonly=True)

    @api.depends("partner_id", "company_id", "item_line_ids")
    def _compute_shown(self):
        for wizard in self:
            wizard.shown = json.dumps(wizard._get_shown())

    def _get_shown(self):
        """Return what the text and the table of the reminder are about."""
        day = self._get_day()
        rows = self._get_chosen_rows()
        level = self._get_service("claim")._get_level_due(rows, day)
        return {
            "day": str(day),
            "level": level.id,
            "items": {str(row["id"]): float(row["residual"]) for row in rows},
        }

    def action_send(self):
        # EXTENDS: only what was shown leaves, to somebody who can be reached
        self.ensure_one()
        self.check_access("write")
        self.partner_id._check_followup_access()
        if self.reminder_id:
            return super().action_send()
        self._check_can_be_reached()
        if action := self._ask_for_layout():
            return action
        if self._get_newest_reminder() == self.seen_reminder_id and (
            note := self._get_change()
        ):
            return self._show_anew(note)
        return super().action_send()

    def _ask_for_layout(self):
        """Return core's question for the layout of documents before the first letter.

        As core asks before its first print: who administers, as long as none is set.
        """
        company = self.company_id.sudo()
        if (
            not {"print", "letter"} & set(self._get_ticked())
            or company.external_report_layout_id
            or not self.env.user._is_admin()
        ):
            return None
        return self.env["ir.actions.report"]._action_configure_external_report_layout(
            self._get_window_action(),
            "account.action_base_document_layout_configurator",
        )

    def _check_can_be_reached(self):
        """Raise UserError when none of the ticked channels reaches the customer."""
        problems = [self._get_problem(channel) for channel in self._get_ticked()]
        if problems and all(problems):
            others = {
                channel
                for channel in self._get_offered()
                if not self._get_problem(channel)
            }
            raise UserError(
                self.env._(
                    "%(problems)s Correct that, or tick another way that works: "
                    "%(channels)s.",
                    problems=" ".join(problems),
                    channels=self._get_service("channels")._get_channels_label(others),
                )
            )

    def _get_problem(self, channel):
        """Return why a channel cannot reach the customer now, or None."""
        part = {
            "followup": self._get_case(),
            "trigger": "manual",
            "mail_template": self.mail_template_id.sudo(),
        }
        if contacts := self._get_own_recipients():
            part["email_recipients"] = self._get_service("recipients")._get_reached(
                "email", contacts
            )
        channel = self._get_channel(channel)
        return channel._get_problem(self.partner_id, self._get_chosen_items(), part)

    def _read_shown(self):
        """Return what the window has shown; what is no such text has shown nothing."""
        try:
            shown = json.loads(self.shown or "{}")
        except ValueError:
            shown = {}
        return shown if isinstance(shown, dict) else {}

    def _get_change(self):
        """Return what is not as the window has shown it, in one sentence, or None.

        When nothing is left to remind of, sending says so.
        """
        old, new = self._read_shown(), self._get_shown()
        if old == new or not any(value > 0 for value in new["items"].values()):
            return None
        if old.get("items") != new["items"]:
            return self.env._(
                "Open invoices or amounts have changed since this window was opened."
            )
        if old.get("level") != new["level"]:
            return self.env._(
                "Another level is due since this window was opened: %s.",
                self.env["account.followup.level"].browse(new["level"]).name
                or self.env._("none"),
            )
        return self.env._(
            "This window was opened on %s, another day than today.",
            format_date(self.env, old.get("day")),
        )

    def _show_anew(self, note):
        """Show what is so now; what the person has typed stays.

        :return: action: the same window
        """
        rows = self._get_chosen_rows()
        self.item_line_ids = self.item_line_ids.browse(row["id"] for row in rows)
        level = self._get_service("claim")._get_level_due(rows, self._get_day())
        self.write(
            {
                "level_id": level.id,
                "shown": json.dumps(self._get_shown()),
                "changed_note": note,
            }
        )
        self._compute_content()
        self._compute_sms_body()
        return self._get_window_action()

    def _get_alert_keys(self):
        # EXTENDS 'account.followup.content.mixin'
        return ["changed", *super()._get_alert_keys()]

    def _get_changed_alert(self):
        return self.changed_note and {
            "level": "warning",
            "message": self.env._(
                "%s Please look at it again before you send.", self.changed_note
            ),
        }

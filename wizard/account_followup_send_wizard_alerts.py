from odoo import api, models
from odoo.tools import format_date

#: So many resting invoices are named, with more of them their number.
NAMED = 4


class AccountFollowupSendWizard(models.TransientModel):
    """What a person should know before sending: one method for each alert."""

    _inherit = "account.followup.send.wizard"

    @api.depends(
        "partner_id",
        "do_email",
        "do_print",
        "do_sms",
        "do_letter",
        "other_channels",
        "mail_template_id",
        "level_id",
        "item_line_ids",
        "email_recipient_ids",
        "contact_changes",
    )
    def _compute_alerts(self):
        return super()._compute_alerts()

    def _get_alert_keys(self):
        # EXTENDS 'account.followup.content.mixin'
        return [
            *super()._get_alert_keys(),
            "credits",
            "hidden",
            "excluded",
            "waiting",
            "rest",
            "nothing",
            "credit",
            "level",
            "recent",
        ]

    def _get_alerts(self):
        # EXTENDS 'account.followup.content.mixin'
        if not self.partner_id:
            return {}
        return {**self._get_address_alerts(), **super()._get_alerts()}

    def _get_address_alerts(self):
        """Return what is missing to reach the customer over what is ticked (C3)."""
        service = self._get_service("recipients")
        partner, items = self.partner_id, self._get_chosen_items()
        contact = service._get_contact_to_mend(partner, items)
        problems = {
            channel: ("danger", self._get_address_problem(channel))
            for channel in self._get_ticked()
        }
        if self.do_print and not any(
            self._get_channel("print")._get_addresses(recipient)
            for recipient in service._get_recipients(partner, "print", items)[:1]
        ):
            problem = self.env._("%s has no postal address.", contact.display_name)
            problems["address"] = ("warning", problem)
        return {
            name: {
                "level": level,
                "message": problem,
                **self._get_contact_link(contact),
            }
            for name, (level, problem) in problems.items()
            if problem
        }

    def _get_address_problem(self, channel):
        """Return why a channel reaches none of its recipients, or None."""
        service = self._get_service("recipients")
        if channel == "email" and (contacts := self._get_own_recipients()):
            if service._get_reached(channel, contacts):
                return None
            return self._get_channel(channel)._get_address_problem(contacts[:1])
        return service._get_channel_problem(
            channel, self.partner_id, self._get_chosen_items()
        )

    def _get_contact_link(self, contact):
        return {
            "action_text": self.env._("Open Contact"),
            "action": {
                "type": "ir.actions.act_window",
                "res_model": "res.partner",
                "res_id": contact.id,
                "views": [(False, "form")],
                "target": "current",
            },
        }

    def _get_credits_alert(self):
        get = self._get_channel
        if not any(get(channel)._has_credits for channel in self._get_ticked()):
            return None
        return {
            "level": "info",
            "message": self.env._(
                "SMS and post are paid with in-app credits (IAP). Without credits "
                "that delivery fails, is recorded as failed, and the other ones "
                "go on."
            ),
        }

    def _get_hidden_alert(self):
        companies = set(self.env.companies.ids)
        if all(row["branch_id"] in companies for row in self._get_all_rows()):
            return None
        return {
            "level": "warning",
            "message": self.env._(
                "Open invoices of other companies or branches are left out, since "
                "you have not switched these on."
            ),
        }

    def _get_excluded_alert(self):
        if not self._get_case().excluded:
            return None
        return {
            "level": "warning",
            "message": self.env._("This customer is excluded from follow-ups."),
        }

    def _get_waiting_alert(self):
        """Say that somebody has put the customer off; sending ends that."""
        case = self._get_case()
        day = case.next_reminder_date
        if case.excluded or not day or day <= self._get_day():
            return None
        values = {
            "date": format_date(self.env, day),
            "user": case.next_reminder_user_id.name,
        }
        message = (
            self.env._(
                "Resting until %(date)s, set by %(user)s. Sending ends the rest.",
                **values,
            )
            if values["user"]
            else self.env._(
                "Resting until %(date)s, set by hand. Sending ends the rest.", **values
            )
        )
        return {"level": "warning", "message": message}

    def _get_rest_alert(self):
        """Say which invoices rest when that is all that is overdue."""
        late = [
            row
            for row in self._get_rows()
            if row["residual"] > 0 and row["days_late"] > 0
        ]
        chosen = set(self.item_line_ids._origin.ids)
        if not late or any(
            row["id"] in chosen or not row["rest_reason"] for row in late
        ):
            return None
        items = self.env["account.followup.item"]
        texts = list(items._get_rest_texts(late[:NAMED]).values())
        if len(late) > NAMED:
            texts.append(self.env._("%s more", len(late) - NAMED))
        return {
            "level": "warning",
            "message": self.env._(
                "All overdue invoices rest: %s. Add one to claim it anyway.",
                ", ".join(texts),
            ),
        }

    def _get_nothing_alert(self):
        """Say that no invoice is chosen, unless it is said why."""
        if any(row["residual"] > 0 for row in self._get_chosen_rows()) or (
            self._get_rest_alert()
        ):
            return None
        return {
            "level": "warning",
            "message": self.env._("No open invoice is chosen. Add one to remind of."),
        }

    def _get_credit_alert(self):
        """Say that credits cover the invoices, if both are chosen."""
        rows = self._get_chosen_rows()
        if len({row["residual"] > 0 for row in rows}) < 2 or (
            self._get_service("claim")._get_claims(rows)
        ):
            return None
        return {
            "level": "warning",
            "message": self.env._(
                "The credits cover the chosen invoices: nothing is left to claim."
            ),
        }

    def _get_level_alert(self):
        if self.level_id:
            return None
        return {
            "level": "info",
            "message": self.env._(
                "No level is due. The reminder is recorded, the invoices keep "
                "their level."
            ),
        }

    def _get_recent_alert(self):
        """Say what there is of earlier reminders; what failed was none."""
        reminders = self.env["account.followup.reminder"].sudo()
        reminders = reminders.search(
            [
                ("partner_id", "=", self.partner_id._origin.id),
                ("company_id", "=", self.company_id.id),
                ("id", "<=", self.seen_reminder_id.id or 0),
                ("state", "in", ("queued", "sent")),
            ],
            order="date DESC, id DESC",
        )
        queued = reminders.filtered(lambda reminder: reminder.state == "queued")
        last = (queued or reminders)[:1]
        days = (self._get_day() - last.date).days if last else None
        plans = self.env["account.followup.plan"]
        partner = self.partner_id._origin
        gap = plans._get_plans(partner, self.company_id)[partner]._get_min_days()
        if not last or (not queued and days >= max(gap, 1)):
            return None
        values = {
            "date": format_date(self.env, last.date),
            "name": last.level_id.name or self.env._("no level"),
        }
        message = (
            self.env._(
                "A reminder of %(date)s (%(name)s) is still waiting to be sent.",
                **values,
            )
            if queued
            else self.env._(
                "The last reminder was sent on %(date)s (%(name)s).", **values
            )
        )
        return {"level": "warning", "message": message}

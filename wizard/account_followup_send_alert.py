from odoo import api, fields, models
from odoo.tools import format_date

from ..models.account_followup_times import Place, SendingTimes

#: So many resting invoices are named, with more of them their number.
NAMED = 4


class AccountFollowupSendAlert(models.AbstractModel):
    """What a person should know before sending a reminder."""

    _name = "account.followup.send.alert"
    _inherit = "account.followup.alert"
    _description = "Alerts before a Payment Reminder"

    @api.model
    def _get_keys(self):
        # EXTENDS 'account.followup.alert'
        return [
            "changed",
            *super()._get_keys(),
            "credits",
            "hidden",
            "excluded",
            "waiting",
            "gate",
            "sms_hours",
            "rest",
            "nothing",
            "credit",
            "level",
            "recent",
            "account",
        ]

    @api.model
    def _get_alerts(self, choice):
        # EXTENDS 'account.followup.alert'
        return super()._get_alerts(choice) if choice.window.partner_id else {}

    # ------------------------------------------------------------------
    # Addresses
    # ------------------------------------------------------------------

    @api.model
    def _has_postal_address(self, choice):
        """Return whether the first one who gets the printed letter has an address."""
        partner = choice.window.partner_id
        found = choice.recipients._get_recipients(partner, "print", choice.items)
        channel = choice.channels._get("print")
        return any(channel._get_addresses(recipient) for recipient in found[:1])

    @api.model
    def _get_channel_alerts(self, choice):
        # EXTENDS: what is missing to reach the customer (C3)
        service, partner = choice.recipients, choice.window.partner_id
        contact = service._get_contact_to_mend(partner, choice.items)
        problems = {
            channel: ("danger", self._get_address_problem(choice, channel))
            for channel in choice.ticked
        }
        if "print" in choice.ticked and not self._has_postal_address(choice):
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

    @api.model
    def _get_address_problem(self, choice, channel):
        """Return why a channel reaches none of its recipients, or None."""
        service = choice.recipients
        if channel == "email" and (contacts := choice.own_recipients):
            if service._get_reached(channel, contacts):
                return None
            return choice.channels._get(channel)._get_address_problem(contacts[:1])
        return service._get_channel_problem(
            channel, choice.window.partner_id, choice.items
        )

    @api.model
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

    # ------------------------------------------------------------------
    # One method for each alert
    # ------------------------------------------------------------------

    @api.model
    def _get_changed_alert(self, choice):
        note = choice.window.changed_note
        return note and {
            "level": "warning",
            "message": self.env._("%s Please look at it again before you send.", note),
        }

    @api.model
    def _get_credits_alert(self, choice):
        return self._has_credits(choice) and {
            "level": "info",
            "message": self.env._(
                "SMS and post are paid with in-app credits (IAP). Without credits "
                "that delivery fails, is recorded as failed, and the other ones "
                "go on."
            ),
        }

    @api.model
    def _get_hidden_alert(self, choice):
        return len(choice.rows) < len(choice.all_rows) and {
            "level": "warning",
            "message": self.env._(
                "Open invoices of other companies or branches are left out, since "
                "you have not switched these on."
            ),
        }

    @api.model
    def _get_excluded_alert(self, choice):
        return choice.case.excluded and {
            "level": "warning",
            "message": self.env._("This customer is excluded from follow-ups."),
        }

    @api.model
    def _get_waiting_alert(self, choice):
        """Say that somebody has put the customer off; sending ends that."""
        case = choice.case
        day = case.next_reminder_date
        if case.excluded or not day or day <= choice.day:
            return None
        user = case.next_reminder_user_id.name
        values = {"date": format_date(self.env, day), "user": user}
        message = (
            self.env._(
                "Resting until %(date)s, set by %(user)s. Sending ends the rest.",
                **values,
            )
            if user
            else self.env._(
                "Resting until %(date)s, set by hand. Sending ends the rest.", **values
            )
        )
        return {"level": "warning", "message": message}

    @api.model
    def _get_gate_alert(self, choice):
        """Say what holds the automatic reminders to the customer (rule 17)."""
        gates = self.env["account.followup.gates"]
        case = choice.case
        reasons = gates._get_reasons(case, choice.day, fields.Datetime.now())
        texts = [text for _gate, text in reasons.get(case, ())]
        return texts and {
            "level": "warning",
            "message": self.env._(
                "Automatic reminders wait: %s You can send by hand all the same.",
                " ".join(texts),
            ),
        }

    @api.model
    def _get_sms_hours_alert(self, choice):
        """Say that an SMS would reach the customer at night (X15)."""
        if "sms" not in choice.ticked:
            return None
        company = choice.window.company_id.sudo()
        times = SendingTimes(company, choice.day, fields.Datetime.now())
        reason = times.get_sms_reason(Place(choice.window.partner_id.country_id.id))
        return reason and {"level": "warning", "message": reason}

    @api.model
    def _get_rest_alert(self, choice):
        """Say which invoices rest when that is all that is overdue."""
        late = choice.resting_rows
        if not late:
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

    @api.model
    def _get_nothing_alert(self, choice):
        """Say that no invoice is chosen, unless it is said why."""
        if choice.resting_rows or any(row["residual"] > 0 for row in choice.chosen):
            return None
        return {
            "level": "warning",
            "message": self.env._("No open invoice is chosen. Add one to remind of."),
        }

    @api.model
    def _get_credit_alert(self, choice):
        """Say that credits cover the invoices, if both are chosen."""
        has_both = len({row["residual"] > 0 for row in choice.chosen}) == 2
        if not has_both or choice.claim._get_claims(choice.chosen):
            return None
        return {
            "level": "warning",
            "message": self.env._(
                "The credits cover the chosen invoices: nothing is left to claim."
            ),
        }

    @api.model
    def _get_level_alert(self, choice):
        if choice.window.level_id:
            return None
        return {
            "level": "info",
            "message": self.env._(
                "No level is due. The reminder is recorded, the invoices keep "
                "their level."
            ),
        }

    @api.model
    def _get_recent_alert(self, choice):
        """Say what there is of earlier reminders; what failed was none."""
        window = choice.window
        last = choice.manual._get_recent_reminder(
            choice.partners, window.company_id, choice.day, window.seen_reminder_id
        )
        if not last:
            return None
        name = last.level_id.name or self.env._("no level")
        values = {"date": format_date(self.env, last.date), "name": name}
        if last.state == "queued":
            message = self.env._(
                "A reminder of %(date)s (%(name)s) is still waiting to be sent.",
                **values,
            )
        else:
            message = self.env._(
                "The last reminder was sent on %(date)s (%(name)s).", **values
            )
        return {"level": "warning", "message": message}

    @api.model
    def _get_account_alert(self, choice):
        """Say that the message cannot name an account to pay to (Y1)."""
        service, company = self.env["account.followup.pay"], choice.window.company_id
        problem = service._get_problem(company)
        return problem and {
            "level": "info",
            "message": problem,
            "action_text": self.env._("Bank Accounts"),
            "action": service._get_account_action(company),
        }

from odoo import api, models


class AccountFollowupAlert(models.AbstractModel):
    """What a person should know before sending: one method for each alert.

    A module with one more adds its key to ``_get_keys`` and a method
    ``_get_<key>_alert(choice)``, which returns a dict for the widget
    ``actionable_errors``, or nothing.
    """

    _name = "account.followup.alert"
    _description = "Alerts before Sending"

    @api.model
    def _get_keys(self):
        """Return the keys of all alerts in their order."""
        return ["sender", "blacklist"]

    @api.model
    def _get_alerts(self, choice):
        """Return what to know before sending, for the widget ``actionable_errors``.

        :param choice: what the window is about, see ``Choice``
        :return: dict {key: {level, message, action_text, action}}
        """
        alerts = self._get_channel_alerts(choice)
        for key in self._get_keys():
            alerts[key] = getattr(self, f"_get_{key}_alert")(choice)
        return {key: alert for key, alert in alerts.items() if alert}

    @api.model
    def _get_channel_alerts(self, choice):
        """Return {channel: alert} on those whom what is ticked does not reach."""
        return {}

    @api.model
    def _get_sender_alert(self, choice):
        """Say that e-mails have nobody to come from."""
        if "email" not in choice.ticked:
            return None
        company = choice.window.company_id
        case = self.env["account.followup"]._get_case(choice.partners[:1], company)
        problem = choice.channels._get("email")._get_sender_problem(
            case, "manual", choice.window.mail_template_id.sudo()
        )
        return problem and {
            "level": "danger",
            "message": problem,
            **self._get_contacts_link(company.sudo().partner_id),
        }

    @api.model
    def _get_blacklist_alert(self, choice):
        """Say that the blacklist does not stop what is no mailing."""
        if "email" not in choice.ticked:
            return None
        email = choice.channels._get("email")
        contacts = email._get_blacklisted(
            choice.partners, choice.items, choice.text_level
        )
        return contacts and {
            "level": "info",
            "message": self.env["account.followup.recipients"]._get_blacklist_text(
                contacts
            ),
            **self._get_contacts_link(contacts),
        }

    @api.model
    def _has_credits(self, choice):
        """Return whether something is ticked that is paid with in-app credits."""
        get = choice.channels._get
        return any(get(channel)._has_credits for channel in choice.ticked)

    @api.model
    def _get_contacts_link(self, contacts):
        """Return the button of an alert that opens contacts."""
        return {
            "action_text": self.env._("Open Contacts"),
            "action": contacts._get_records_action(name=self.env._("Contacts")),
        }

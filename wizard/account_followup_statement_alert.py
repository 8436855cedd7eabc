from odoo import api, models


class AccountFollowupStatementAlert(models.AbstractModel):
    """What a person should know before sending statements."""

    _name = "account.followup.statement.alert"
    _inherit = "account.followup.alert"
    _description = "Alerts before Customer Statements"

    @api.model
    def _get_keys(self):
        # EXTENDS 'account.followup.alert'
        return [*super()._get_keys(), "skipped", "opt_out", "credits"]

    @api.model
    def _get_alerts(self, choice):
        # EXTENDS 'account.followup.alert'
        is_ready = choice.partners and choice.window.date_to
        return super()._get_alerts(choice) if is_ready else {}

    @api.model
    def _get_channel_alerts(self, choice):
        # EXTENDS 'account.followup.alert'
        return {name: self._get_channel_alert(name, choice) for name in choice.ticked}

    @api.model
    def _get_channel_alert(self, channel, choice):
        """Return the alert on those who cannot be reached over a channel, or None."""
        service, partners = choice.recipients, choice.partners
        texts = {one: service._get_channel_problem(channel, one) for one in partners}
        problems = {one: text for one, text in texts.items() if text}
        if not problems:
            return None
        contacts = partners.concat(
            *(service._get_contact_to_mend(partner) for partner in problems)
        )[len(partners) :]
        message = next(iter(problems.values()))
        if len(partners) > 1:
            message = choice.channels._get(channel)._get_missing_message(
                len(problems), len(partners)
            )
        return {
            "level": "danger" if len(problems) == len(partners) else "warning",
            "message": message,
            **self._get_contacts_link(contacts),
        }

    @api.model
    def _get_skipped_alert(self, choice):
        """Say who will get nothing."""
        reasons, total = choice.skip_reasons, len(choice.partners)
        if not reasons:
            return None
        if total == 1:
            message = next(iter(reasons.values()))
        else:
            message = self.env._(
                "%(count)s of %(total)s customers are left out: they want no "
                "statements, or have neither a balance nor postings in this period.",
                count=len(reasons),
                total=total,
            )
        level = "danger" if len(reasons) == total else "warning"
        return {"level": level, "message": message}

    @api.model
    def _get_opt_out_alert(self, choice):
        partner = choice.window.partner_id
        if not partner.followup_statement_opt_out or choice.skip_reasons:
            return None
        return {
            "level": "warning",
            "message": self.env._("This customer wants no statements."),
        }

    @api.model
    def _get_credits_alert(self, choice):
        return self._has_credits(choice) and {
            "level": "info",
            "message": self.env._(
                "Post is paid with in-app credits (IAP). Without credits that "
                "delivery fails, is recorded as failed, and the other ones go on."
            ),
        }

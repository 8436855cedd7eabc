from odoo import api, models


class AccountFollowupGateGolive(models.AbstractModel):
    """Nothing leaves by itself before somebody has seen what would (X4)."""

    _name = "account.followup.gate.golive"
    _inherit = ["account.followup.gate"]
    _description = "Gate: Go-Live Is Confirmed"

    _place = 10

    @api.model
    def _get_company_reason(self, company, day, now=None):
        if not company.followup_automatic or company.followup_start_date:
            return None
        if self.env["account.followup.test"]._is_on(company):
            return None  # one may look at a night of tests before
        return self.env._(
            "The go-live of automatic reminders is not confirmed: look at what would "
            "leave first, with Go Live in the settings of Invoicing."
        )

    @api.model
    def _let_pass(self, company, partner_ids, day, now):
        if not (reason := self._get_company_reason(company, day, now)):
            return partner_ids
        company._schedule_followup_task(
            self.env._("Confirm the go-live of automatic reminders"),
            self.env._(
                "%(company)s: %(count)s customers would be reminded by themselves. "
                "%(reason)s",
                company=company.name,
                count=len(partner_ids),
                reason=reason,
            ),
            day,
        )
        return []

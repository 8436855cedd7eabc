from markupsafe import Markup

from odoo import api, models
from odoo.tools import format_date

from .account_followup_bank import DORMANT_AFTER


class AccountFollowupGateBank(models.AbstractModel):
    """Automatic reminders wait while the bank data of the company is old (X5)."""

    _name = "account.followup.gate.bank"
    _inherit = ["account.followup.gate"]
    _description = "Fresh Bank Data"

    _place = 30

    @api.model
    def _get_company_reason(self, company, day, now=None):
        # EXTENDS 'account.followup.gate'
        limit = company.followup_bank_max_age
        if not limit:
            return None
        if now is None:
            # what will have come in by then is not known: as it is today
            day = min(day, company._get_followup_day()[company])
        newest = self.env["account.followup.bank"]._get_newest_entries(company, day)
        oldest = day - DORMANT_AFTER
        living = {
            journal: date for journal, date in newest.items() if date and date >= oldest
        }
        dormant = [journal for journal in newest if journal not in living]
        if not living:
            return self._get_dormant_text(dormant)
        workdays = self.env["account.followup.workdays"]
        calendar = workdays._get_calendar(company)
        age = workdays._count_since(calendar, company, max(living.values()), day)
        return self._get_text(limit, living, dormant) if age > limit else None

    @api.model
    def _get_text(self, limit, living, dormant):
        """Return how old the data of each journal is, in one sentence."""
        values = {
            "journals": ", ".join(
                f"{journal.name} {format_date(self.env, date)}"
                for journal, date in living.items()
            ),
            "count": limit,
        }
        if dormant:
            return self.env._(
                "The newest bank entries are older than %(count)s working days: "
                "%(journals)s (left out, without an entry for %(days)s days: "
                "%(dormant)s).",
                **values,
                days=DORMANT_AFTER.days,
                dormant=", ".join(journal.name for journal in dormant),
            )
        return self.env._(
            "The newest bank entries are older than %(count)s working days: "
            "%(journals)s.",
            **values,
        )

    @api.model
    def _get_dormant_text(self, dormant):
        if not dormant:
            return self.env._("There is no bank journal whose entries could be new.")
        return self.env._(
            "There is no bank entry of the last %(days)s days: %(journals)s.",
            days=DORMANT_AFTER.days,
            journals=", ".join(journal.name for journal in dormant),
        )

    @api.model
    def _let_pass(self, company, partner_ids, day, now):
        # EXTENDS 'account.followup.gate': with one task for who looks after it
        if not company.followup_bank_max_age:
            return partner_ids
        summary = self.env._("Automatic reminders wait for bank data")
        reason = self._get_company_reason(company, day, now)
        if not reason:
            company._end_followup_task(summary, self.env._("There is new bank data."))
            return partner_ids
        note = Markup('%s<br/><a href="/odoo/accounting">%s</a>') % (
            self.env._(
                "%(company)s: %(reason)s Import the bank statements, or enter what "
                "came in; reminders leave by themselves then, and by hand at any time.",
                company=company.name,
                reason=reason,
            ),
            self.env._("Open the bank journals"),
        )
        company._schedule_followup_task(summary, note, day)
        return []

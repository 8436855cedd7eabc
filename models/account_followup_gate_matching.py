from markupsafe import Markup

from odoo import api, models
from odoo.tools import format_date, formatLang

#: So many customers or lines are named in a task, with more of them their number.
NAMED = 10


class AccountFollowupGateMatching(models.AbstractModel):
    """Automatic reminders wait for money of the customer that is not matched (X5)."""

    _name = "account.followup.gate.matching"
    _inherit = ["account.followup.gate"]
    _description = "Unmatched Payments"

    _place = 40

    @api.model
    def _get_case_reasons(self, cases, day, now=None):
        # EXTENDS 'account.followup.gate'
        company = cases.company_id
        if not company.followup_wait_for_matching:
            return {}
        bank = self.env["account.followup.bank"]
        unmatched = bank._get_unmatched(company, cases.partner_id)
        return {
            case: self._get_text(unmatched[case.partner_id.id])
            for case in cases
            if case.partner_id.id in unmatched
        }

    @api.model
    def _get_text(self, rows):
        """Return which money is not matched, in one sentence."""
        if len(rows) > 1:
            return self.env._(
                "%(count)s payments received are not matched yet, the newest one: "
                "%(payment)s.",
                count=len(rows),
                payment=self._describe(rows[0]),
            )
        return self.env._(
            "A payment received is not matched yet: %s.", self._describe(rows[0])
        )

    @api.model
    def _describe(self, row):
        """Return the amount, the day and the label of money received."""
        currency = self.env["res.currency"].browse(row["currency_id"])
        amount = formatLang(self.env, row["amount"], currency_obj=currency)
        parts = (amount, format_date(self.env, row["date"]), row["label"])
        return ", ".join(filter(None, parts))

    # ------------------------------------------------------------------
    # Before the run: one task for who looks after the company
    # ------------------------------------------------------------------

    @api.model
    def _let_pass(self, company, partner_ids, day, now):
        # EXTENDS 'account.followup.gate'
        if not company.followup_wait_for_matching:
            return partner_ids
        bank = self.env["account.followup.bank"]
        partners = self.env["res.partner"].sudo().browse(partner_ids)
        unmatched = bank._get_unmatched(company, partners)
        passing = [id_ for id_ in partner_ids if id_ not in unmatched]
        hints = bank._get_hints(company, passing)
        summary = self.env._("Match payments received")
        if unmatched or hints:
            note = self._get_note(company, unmatched, hints)
            company._schedule_followup_task(summary, note, day)
        else:
            company._end_followup_task(summary, self.env._("All of them are matched."))
        return passing

    @api.model
    def _get_note(self, company, unmatched, hints):
        """Return what is to be matched: whose reminders wait, and what may be whose."""
        note = Markup()
        if unmatched:
            partners = self.env["res.partner"].sudo().browse(unmatched)
            note += self._get_list(
                self.env._(
                    "%s: automatic reminders to these customers wait until what they "
                    "have paid is matched with invoices.",
                    company.name,
                ),
                [
                    (f"{partner.display_name}: {self._describe(row)}", row["move_id"])
                    for partner in partners
                    for row in unmatched[partner.id][:1]
                ],
            )
        if hints:
            note += self._get_list(
                self.env._(
                    "These payments received may be of customers who are due to be "
                    "reminded, since they name an open invoice. Nobody waits for them."
                ),
                [
                    (f"{row['invoice']}: {self._describe(row)}", row["move_id"])
                    for row in hints
                ],
            )
        return note

    @api.model
    def _get_list(self, title, entries):
        """Return a list with a link to each entry.

        :param entries: list of (text, id of the journal entry or None)
        """
        rest = len(entries) - NAMED
        items = [
            Markup('<li><a href="%s">%s</a></li>')
            % (f"/odoo/entries/{move_id}" if move_id else "/odoo/accounting", text)
            for text, move_id in entries[:NAMED]
        ]
        if rest > 0:
            items.append(Markup("<li>%s</li>") % self.env._("%s more", rest))
        return Markup("<p>%s</p><ul>%s</ul>") % (title, Markup().join(items))

from datetime import timedelta

from markupsafe import Markup

from odoo import Command, api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from .account_followup_promise import NOTED

#: So long what was accepted rests still: until then there is a credit note.
ACCEPTED_DAYS = 7


def get_amount_then(dispute, lines):
    """Return what was open of some items when they were disputed.

    What was paid or credited since is added again.
    """
    since = lines.matched_credit_ids.filtered(
        lambda match: match.create_date >= dispute.create_date
    )
    amounts = lines.mapped("amount_residual_currency")
    amounts += since.mapped("debit_amount_currency")
    return dispute.currency_id.round(max(sum(amounts), 0.0))


class AccountFollowupDispute(models.Model):
    """How disputes are opened, told and ended."""

    _inherit = "account.followup.dispute"

    @api.model
    def _dispute(self, lines, reason, days, amount=None, **values):
        """Record that customers dispute invoices; they rest from now on.

        :param lines: open items; one dispute for each customer and currency
        :param reason: account.followup.dispute.reason
        :param dict days: {root company: date that counts as today}
        :param float amount: the part of one invoice that is disputed; None for all
        :param values: of the disputes: note, origin, review_date, user_id, and
            is_rest_claimed, which says something of a part only
        :return: the disputes
        :raise UserError: nothing of it can rest, it is in dispute already, a day has
            passed, or the amount is not a part of one invoice
        """
        lines = lines._check_followup_restable()
        if day := values.get("review_date"):
            lines._check_followup_day(day, days)
        if known := self._get_open(lines).line_ids & lines:
            raise UserError(
                self.env._("%s: in dispute already.", known._get_followup_names())
            )
        groups = lines.grouped(
            lambda line: (
                line.partner_id.commercial_partner_id,
                line.company_id.root_id,
                line.currency_id,
            )
        )
        vals_list = [
            self._prepare_dispute(key, mine, reason, days, amount, values)
            for key, mine in groups.items()
        ]
        # nobody may create one but by a window, a call or an answer
        disputes = self.sudo().create(vals_list)
        disputes._note_opened()
        return disputes.sudo(self.env.su)

    @api.model
    def _prepare_dispute(self, key, lines, reason, days, amount, values):
        partner, company, currency = key
        today = days[company]
        total = sum(lines.mapped("amount_residual_currency"))
        is_partial = amount is not None and currency.compare_amounts(amount, total) < 0
        self._check_amount(lines, currency, amount, total)
        case = self.env["account.followup"]._get_case(partner, company)
        owner = reason.user_id.filtered("active") or case._get_responsible()
        return {
            "user_id": owner.id,
            "review_date": today + timedelta(days=reason.review_days),
            **values,
            "is_rest_claimed": is_partial and values.get("is_rest_claimed", False),
            "partner_id": partner.id,
            "company_id": company.id,
            "currency_id": currency.id,
            "line_ids": [Command.set(lines.ids)],
            "amount": amount if is_partial else total,
            "is_partial": is_partial,
            "date": today,
            "reason_id": reason.id,
        }

    @api.model
    def _check_amount(self, lines, currency, amount, total):
        if amount is None:
            return
        values = {
            "documents": lines._get_followup_names(),
            "amount": format_amount(self.env, amount, currency),
            "open": format_amount(self.env, total, currency),
        }
        if currency.compare_amounts(amount, 0) <= 0:
            raise UserError(
                self.env._("%(documents)s: enter the disputed amount.", **values)
            )
        if currency.compare_amounts(amount, total) > 0:
            raise UserError(
                self.env._(
                    "%(amount)s is more than the %(open)s that is open of "
                    "%(documents)s.",
                    **values,
                )
            )
        if currency.compare_amounts(amount, total) < 0 and len(lines) > 1:
            raise UserError(
                self.env._(
                    "%(amount)s is a part of %(documents)s. Dispute one invoice "
                    "after the other, so that it is known what is disputed of which.",
                    **values,
                )
            )

    @api.model
    def _get_open(self, lines):
        """Return the open disputes of some items."""
        return self.sudo().search(
            Domain("line_ids", "in", lines.ids) & Domain("state", "=", "open")
        )

    @api.model
    def _get_rejected(self, lines):
        """Return the disputes of customers themselves that were rejected."""
        return self.sudo().search(
            Domain("line_ids", "in", lines.ids)
            & Domain("origin", "=", "debtor")
            & Domain("state", "=", "rejected")
        )

    def _note_opened(self):
        """Say it in the chatter of documents and customers; a call is there already."""

        def get_text(dispute):
            return self.env._("In dispute: %s", dispute._get_text())

        self._note(get_text, self.filtered(lambda one: one.origin in NOTED))

    def _note(self, get_text, of_customers):
        """Say something of each dispute where people look for it.

        :param of_customers: those of which the chatter of the customer says it, too
        """
        partners, moves = {}, {}
        for dispute in self:
            text = get_text(dispute)
            names = dispute.line_ids._get_followup_names()
            body = Markup("{} ({})").format(text, names)
            if dispute.note:
                note = Markup("<br/>").join(dispute.note.splitlines())
                body += Markup("<br/>{}").format(note)
            if dispute in of_customers:
                partners[dispute.partner_id.id] = body
            moves |= dict.fromkeys(dispute.line_ids.move_id.ids, text)
        self.env["res.partner"].browse(partners)._message_log_batch(partners)
        self.env["account.move"].browse(moves)._message_log_batch(moves)

    def _end(self, state):
        """End disputes; reminders go on, of what was accepted a little later."""
        days = self.company_id.sudo()._get_followup_day()
        disputes = self.sudo()
        labels = dict(disputes._fields["state"]._description_selection(self.env))
        for company, mine in disputes.grouped("company_id").items():
            mine.write({"state": state, "closed_on": days[company]})
        disputes._note(
            lambda dispute: self.env._(
                "Dispute %(state)s: %(reason)s",
                state=labels[dispute.state].lower(),
                reason=dispute.reason_id.name,
            ),
            disputes,
        )
        if state == "accepted":
            disputes._rest_for_credit_note(days)

    @api.model
    def _take_out(self, lines):
        """Take items out of disputes; one of which nothing is left is settled."""
        for dispute in self._get_open(lines):
            left = dispute.line_ids - lines
            if left:
                amount = min(dispute.amount, get_amount_then(dispute, left))
                dispute.write({"line_ids": [Command.set(left.ids)], "amount": amount})
            else:
                dispute._end("settled")

    def _rest_for_credit_note(self, days):
        for company, mine in self.grouped("company_id").items():
            lines = mine.line_ids.filtered(lambda line: line._is_followup_open())
            lines = lines._filter_followup_restable()
            if lines:
                until = days[company] + timedelta(days=ACCEPTED_DAYS)
                reason = self.env._("Dispute accepted: a credit note is to be made")
                lines._hold_followup(until, reason, days)

    # ------------------------------------------------------------------
    # By the scheduled action
    # ------------------------------------------------------------------

    @api.model
    def _ask_for_review(self, days):
        """Ask the owners of disputes to look again, once for each day of review.

        One that has nothing to be claimed any more has ended by itself: nobody is
        asked about what was paid, credited or cancelled.

        :param dict days: {root company: date that counts as today}
        """
        companies = [company.id for company in days]
        disputes = self.search(
            Domain("company_id", "in", companies) & Domain("state", "=", "open")
        )
        over = disputes.filtered(lambda one: not one._has_open_items())
        over |= self.env["account.followup.dispute.part"]._get_over(disputes - over)
        if over:
            over._end("settled")
        asked = (disputes - over).filtered(
            lambda one: (
                one.review_date <= days[one.company_id]
                and (not one.told_on or one.told_on < one.review_date)
            )
        )
        for company, mine in asked.grouped("company_id").items():
            mine._tell(company, days[company])

    def _has_open_items(self):
        """Return whether something of it is open, or will be when it is posted again.

        Who corrects an invoice in draft has not decided anything about the dispute.
        """
        self.ensure_one()
        return any(
            line.parent_state == "draft" or line._is_followup_open()
            for line in self.line_ids
        )

    def _tell(self, company, day):
        """Give the owners of disputes in a root company a task for each."""
        outcome = self.env["account.followup.outcome"]
        cases = self.env["account.followup"]._get_or_create(self.partner_id, company)
        cases = cases.grouped("partner_id")
        for dispute in self:
            case = cases[dispute.partner_id]
            outcome._schedule_task(
                case,
                dispute.user_id.filtered("active") or case._get_responsible(),
                self.env._("Look again at a dispute"),
                dispute._get_review_text(),
                day,
            )
        self.told_on = day

    def _get_review_text(self):
        self.ensure_one()
        return self.env._(
            "%(documents)s: in dispute since %(date)s (%(text)s). It rests until "
            "somebody ends the dispute.",
            documents=self.line_ids._get_followup_names(),
            date=format_date(self.env, self.date),
            text=self._get_text(),
        )

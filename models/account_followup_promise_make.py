from datetime import timedelta

from odoo import Command, api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_amount

from .account_followup_promise import NOTED

#: So often a customer may promise the same invoice on the page without keeping it.
MAX_UNKEPT = 2
#: A payment that is taken back so many days after the promise is told still.
TOLD_DAYS = 90


class AccountFollowupPromise(models.Model):
    """How promises are made, replaced and told.

    The newest promise of an item counts: it takes the item out of older ones that are
    open, and one of which nothing is left ends as replaced.
    """

    _inherit = "account.followup.promise"

    @api.model
    def _promise(self, lines, parts, days, **values):
        """Record that customers have promised to pay; the items rest until then.

        :param lines: open items; one promise for each customer and currency
        :param parts: list of (day, amount), several ones are instalments; no amount:
            all that is open
        :param dict days: {root company: date that counts as today}
        :param values: of the promises: origin, note, is_payment, rest_until
        :return: the promises, in the order of the days
        :raise UserError: nothing of it can rest, a day has passed, or the amounts are
            more than what is open
        """
        lines = lines._check_followup_restable()
        parts = sorted(parts, key=lambda part: part[0])
        first = values.get("rest_until") or parts[0][0]
        lines._check_followup_day(first, days)
        vals_list = self._prepare_promises(lines, parts, days, values)
        standing = self._get_standing(lines)
        if values.get("origin") == "debtor":
            # who is late with one does not make up for it with the next one
            standing = standing.filtered(
                lambda promise: promise.rest_until >= days[promise.company_id]
            )
        standing._take_out(lines, "replaced")
        promises = self._create_promises(vals_list)
        lines.write(
            {
                "expected_payment_date": first,
                "expected_payment_note": values.get("note") or False,
            }
        )
        lines._log_followup_changes()
        if values.get("origin") in NOTED:
            promises._note_made()
        return promises

    def _note_made(self):
        """Say it in the chatter of the customers; a call or an answer is there."""
        bodies = {}
        for partner, mine in self.grouped("partner_id").items():
            body = self.env._(
                "Promise to pay: %(promises)s (%(documents)s)",
                promises=", ".join(promise._get_text() for promise in mine),
                documents=mine.line_ids._get_followup_names(),
            )
            note = mine[:1].note
            bodies[partner.id] = f"{body}. {note}" if note else body
        self.env["res.partner"].browse(bodies)._message_log_batch(bodies)

    @api.model
    def _create_promises(self, vals_list):
        """Create promises; nobody has the right to, but whoever may let items rest."""
        return self.sudo().create(vals_list).sudo(self.env.su)

    @api.model
    def _prepare_promises(self, lines, parts, days, values):
        """Return the values of a promise for each customer, currency and day."""
        groups = lines.grouped(
            lambda line: (
                line.partner_id.commercial_partner_id,
                line.company_id.root_id,
                line.currency_id,
            )
        )
        vals_list = []
        for (partner, company, currency), mine in groups.items():
            settings = company.sudo()
            is_payment = values.get("is_payment", False)
            common = {
                "partner_id": partner.id,
                "company_id": company.id,
                "currency_id": currency.id,
                "line_ids": [Command.set(mine.ids)],
                "amount_open": sum(mine.mapped("amount_residual_currency")),
                "made_on": min(parts[0][0], days[company]),
                "tolerance_percent": settings.followup_promise_tolerance_percent,
                "tolerance_days": (
                    0 if is_payment else settings.followup_promise_tolerance_days
                ),
                "user_id": self.env.user.active and self.env.uid,
                **values,
            }
            vals_list += self._prepare_parts(common, parts, currency, mine)
        return vals_list

    @api.model
    def _prepare_parts(self, common, parts, currency, lines):
        """Return the values of each instalment of a promise."""
        total, before, vals_list = common["amount_open"], 0.0, []
        disputed = self.env["account.followup.dispute.part"]
        for day, amount in parts:
            # what is in dispute by itself is promised by nobody
            amount = disputed._get_claimed(lines) if amount is None else amount
            vals_list.append(
                {
                    "date": day,
                    "rest_until": day,
                    **common,
                    "amount": amount,
                    "amount_before": before,
                }
            )
            before += amount
        if currency.compare_amounts(before, total) > 0:
            raise UserError(
                self.env._(
                    "%(promised)s is more than the %(open)s that is open of "
                    "%(documents)s.",
                    promised=format_amount(self.env, before, currency),
                    open=format_amount(self.env, total, currency),
                    documents=lines._get_followup_names(),
                )
            )
        return vals_list

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS 'base': instalments know the first one of them
        promises = super().create(vals_list)
        first = self.browse()
        for promise in promises:
            if not promise.amount_before:
                first = promise
            elif not promise.first_id:
                promise.first_id = first
        return promises

    # ------------------------------------------------------------------
    # Ended by people
    # ------------------------------------------------------------------

    @api.model
    def _get_standing(self, lines):
        """Return the open promises of some items."""
        return self.sudo().search(
            Domain("line_ids", "in", lines.ids)
            & Domain("ended", "=", False)
            & Domain("state", "=", "open")
        )

    def _take_out(self, lines, ended):
        """Take items out of open promises; what is left of them goes on.

        Instalments are of all their items, or end.

        :param str ended: how those end of which nothing is left
        """
        promises = self.filtered(lambda promise: promise.line_ids & lines)
        plans = promises._get_instalments().first_id
        gone = self.browse()
        for promise in promises:
            left = promise.line_ids - lines
            out = sum((promise.line_ids & lines).mapped("amount_residual_currency"))
            rest = promise.amount_open - out
            amount = min(promise.amount, rest)
            is_empty = promise.currency_id.compare_amounts(amount, 0) <= 0
            if not left or is_empty or (promise.first_id or promise) in plans:
                gone |= promise
            else:
                promise.write(
                    {
                        "line_ids": [Command.set(left.ids)],
                        "amount_open": rest,
                        "amount": amount,
                    }
                )
        gone.ended = ended

    def _end(self, ended):
        """End promises, and the rest of their items that they have set."""
        days = {
            (line, promise.rest_until) for promise in self for line in promise.line_ids
        }
        lines = self.line_ids.filtered(
            lambda line: (line, line.expected_payment_date) in days
        )
        lines.write({"expected_payment_date": False, "expected_payment_note": False})
        self.ended = ended
        bodies = {
            partner.id: self.env._(
                "Promise to pay cancelled: %s",
                ", ".join(promise._get_text() for promise in mine),
            )
            for partner, mine in self.grouped("partner_id").items()
        }
        self.env["res.partner"].browse(bodies)._message_log_batch(bodies)
        lines._log_followup_changes()

    # ------------------------------------------------------------------
    # Limits of what customers promise themselves
    # ------------------------------------------------------------------

    @api.model
    def _get_unkept(self, lines):
        """Return the items that the customer has promised too often by now."""
        known = self.sudo().search(
            Domain("line_ids", "in", lines.ids)
            & Domain("origin", "=", "debtor")
            & Domain("state", "in", ("broken", "partly"))
        )
        return lines.filtered(
            lambda line: (
                len(known.filtered(lambda promise: line in promise.line_ids))
                >= MAX_UNKEPT
            )
        )

    # ------------------------------------------------------------------
    # By the scheduled action
    # ------------------------------------------------------------------

    @api.model
    def _follow_up(self, days):
        """Tell of broken promises, and let the next instalment count.

        :param dict days: {root company: date that counts as today}
        """
        if not days or not self.search_count([("ended", "=", False)], limit=1):
            return
        past, coming = [], []
        for company, day in days.items():
            mine = Domain("company_id", "=", company.id)
            oldest = day - timedelta(days=TOLD_DAYS)
            past.append(
                mine
                & Domain("rest_until", ">=", oldest)
                & Domain("rest_until", "<", day)
            )
            coming.append(mine & Domain("rest_until", ">=", day))
        standing = Domain("ended", "=", False)
        untold = standing & Domain("told_on", "=", False) & Domain.OR(past)
        broken = Domain("state", "in", ("broken", "partly"))
        self.search(untold & broken)._tell(days)
        later = standing & Domain("first_id", "!=", False) & Domain.OR(coming)
        self.search(later)._carry_on(days)

    def _tell(self, days):
        """Give the responsible one task for each broken promise.

        Instalments are one promise: whoever was told that the plan is broken is not
        told of each later instalment, too.
        """
        outcome = self.env["account.followup.outcome"]
        cases = self.env["account.followup"]
        broken = self.env["account.followup.broken"]
        known_plans = {
            promise._get_plan()
            for promise in self._get_instalments()
            if promise.told_on
        }
        for company, mine in self.grouped("company_id").items():
            known = cases._get_or_create(mine.partner_id, company)
            known = known.grouped("partner_id")
            jumps = broken._get_jumps(mine.partner_id, company, days[company])
            for promise in mine.sorted("rest_until"):
                if promise._get_plan() in known_plans:
                    continue
                known_plans.add(promise._get_plan())
                case = known[promise.partner_id]
                outcome._schedule_task(
                    case,
                    case._get_responsible(),
                    self.env._("A promise to pay was broken"),
                    promise._get_broken_text(jumps),
                    days[company],
                )
            mine.told_on = days[company]

    def _get_broken_text(self, jumps):
        """Return what was promised and paid, and how reminders go on.

        :param dict jumps: {journal item id: level to which its plan jumps}
        """
        self.ensure_one()
        values = {
            "promise": self._get_text(),
            "documents": self.line_ids._get_followup_names(),
            "paid": format_amount(self.env, self.paid_amount, self.currency_id),
        }
        levels = [jumps[line.id] for line in self.line_ids if line.id in jumps]
        if levels:
            return self.env._(
                "%(promise)s was promised (%(documents)s), and %(paid)s was paid in "
                "time. Reminders go on with the level “%(level)s”.",
                level=max(levels, key=lambda level: level.delay).name,
                **values,
            )
        return self.env._(
            "%(promise)s was promised (%(documents)s), and %(paid)s was paid in time. "
            "Reminders go on where they stood.",
            **values,
        )

    def _carry_on(self, days):
        """Let the items of instalments rest for the first one that is not paid yet.

        As long as those before it were kept.
        """
        family = self._get_instalments().sorted("date")
        for mine in family.grouped(lambda one: one.first_id or one).values():
            day = days[mine.company_id]
            ahead = mine.filtered(lambda one: one.state == "open")[:1]
            before = mine.filtered(
                lambda one, ahead=ahead: ahead and one.date < ahead.date
            )
            was_kept = all(one.state == "kept" for one in before)
            if not ahead or ahead.rest_until < day or not was_kept:
                continue
            lines = mine.line_ids.filtered(
                lambda line, ahead=ahead: (
                    line.expected_payment_date
                    and line.expected_payment_date < ahead.rest_until
                )
            )
            lines.write({"expected_payment_date": ahead.rest_until})
        self.env["account.move.line"]._log_followup_changes()

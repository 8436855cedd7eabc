from odoo import Command, api, models
from odoo.fields import Domain

from .account_move_line_trace import TRACED

#: Until when an item rests, and what is said with it.
SAID_WITH = {
    "followup_hold_until": ("followup_hold_reason", "followup_review_date"),
    "expected_payment_date": ("expected_payment_note",),
}


class AccountMove(models.Model):
    """What becomes of exclusion, hold, promise and dispute when a term is changed.

    Odoo makes instalments anew, takes some away and gives others the days of those: in
    draft, in one write of the document. What it gives another day, it does not exclude
    any more.
    """

    _inherit = "account.move"

    def write(self, vals):
        # EXTENDS 'account'
        instalments = self.env["account.followup.instalments"].sudo()
        # Odoo's own marks, which it writes while it makes instalments, are not stored
        fields = [self._fields[name] for name in vals if name in self._fields]
        if not any(field.store or field.inverse for field in fields):
            return super().write(vals)
        is_ended = instalments._ends_exclusion(vals)
        before = instalments._get_before(self)
        result = super().write(vals)
        for move, states in before.items():
            instalments._take_over(move, states, is_ended)
        return result


class AccountFollowupInstalments(models.AbstractModel):
    """What is handed on to instalments that are new, or left of several (rule 4).

    A document stays excluded with all of them. A new one takes over all else for which
    every open one before it rested: nobody has agreed that it be reminded. What one had
    that Odoo takes away goes to those that are left, whose amount has grown by it. It
    is kept in memory only: who deletes all lines of an invoice, saves it and writes new
    ones begins anew.
    """

    _name = "account.followup.instalments"
    _description = "Instalments That Are Changed"

    @api.model
    def _ends_exclusion(self, vals):
        """Return whether somebody says that a document is not to be excluded any more.

        With another journal Odoo says so by itself.
        """
        lines = [command[-1] for command in vals.get("line_ids") or []]
        return "journal_id" not in vals and any(
            isinstance(said, dict) and not said.get("no_followup", True)
            for said in (vals, *lines)
        )

    @api.model
    def _get_before(self, moves):
        """Return for what the items of documents rest that may be changed now.

        What was never posted rests for nothing, so that posting asks nothing
        (promise 4).

        :return: dict {document: {journal item id: see ``_get_state``}}
        """
        moves = moves.sudo().filtered(
            lambda move: (
                move.posted_before
                and move.state == "draft"
                and move.is_sale_document(include_receipts=True)
            )
        )
        lines = moves._get_followup_lines()
        if not lines:
            return {}
        states = self._get_states(lines)
        return {
            move: {line.id: states[line.id] for line in mine}
            for move, mine in lines.grouped("move_id").items()
            if any(
                states[line.id][kind]
                for line in mine
                for kind in ("no_followup", "disputes", *SAID_WITH)
            )
        }

    @api.model
    def _get_states(self, lines):
        """Return {journal item id: see ``_get_state``}."""
        disputes = self.env["account.followup.dispute"]._get_open(lines)
        # in draft nothing is open of them, so that their state says nothing
        promises = self.env["account.followup.promise"].search(
            Domain("line_ids", "in", lines.ids) & Domain("ended", "=", False)
        )
        days = lines.company_id.root_id._get_followup_day()
        return {
            line.id: self._get_state(
                line, days[line.company_id.root_id], disputes, promises
            )
            for line in lines
        }

    @api.model
    def _get_state(self, line, today, disputes, promises):
        """Return for what an item rests still, and what is said with it."""
        state = {name: line[name] for names in SAID_WITH.values() for name in names}
        for kind in SAID_WITH:
            state[kind] = line[kind] and line[kind] >= today and line[kind]
        return {
            **state,
            "no_followup": line.no_followup,
            "customer": line.partner_id.commercial_partner_id,
            "is_open": bool(line.amount_residual or line.amount_residual_currency),
            "disputes": disputes.filtered(lambda one: line in one.line_ids),
            "promises": promises.filtered(
                lambda one: line in one.line_ids and one.rest_until >= today
            ),
        }

    # ------------------------------------------------------------------
    # After the change
    # ------------------------------------------------------------------

    @api.model
    def _take_over(self, move, before, is_ended):
        """Hand on what the instalments of a document had, and say so in its chatter.

        :param dict before: {journal item id: see ``_get_state``}
        :param bool is_ended: see ``_ends_exclusion``
        """
        lines = move._get_followup_lines()
        if not is_ended:
            self._keep_excluded(lines, before)
        if not lines or before.keys() == set(lines.ids):
            return
        new = lines.filtered(lambda line: line.id not in before)
        taken = new.filtered("no_followup")
        for kind in SAID_WITH:
            taken |= self._hand_on(kind, lines, before)
        disputes = self._hand_on_disputes(lines, before)
        texts = [self.env._("In dispute: %s", one._get_text()) for one in disputes]
        if taken:
            nothing = dict.fromkeys(TRACED, False)
            texts = [*taken[:1]._get_followup_news(nothing), *texts]
        if texts:
            move._message_log(
                body=self.env._(
                    "The instalments have changed, and this goes on: %s",
                    "; ".join(texts),
                )
            )

    @api.model
    def _keep_excluded(self, lines, before):
        """Exclude what is new of a document, and what Odoo has forgotten to exclude."""
        having = [state for state in before.values() if state["no_followup"]]
        takers = lines.filtered(
            lambda line: (
                not line.no_followup
                and (line.id not in before or before[line.id]["no_followup"])
            )
        )
        if having and takers:
            names = SAID_WITH["followup_hold_until"]
            said = {name: having[0][name] for name in names if having[0][name]}
            takers.write({"no_followup": True, **said})

    @api.model
    def _hand_on(self, kind, lines, before):
        """Let items rest for what others rested for.

        :param str kind: a key of ``SAID_WITH``
        :return: those that have taken it over
        """
        state, takers = self._get_heirs(kind, lines, before)
        takers = takers.filtered(
            lambda line: (
                line.balance > 0
                and line.partner_id.commercial_partner_id == state["customer"]
            )
        )
        if takers:
            said = {name: state[name] for name in SAID_WITH[kind] if state[name]}
            takers.write({kind: state[kind], **said})
        if takers and kind == "expected_payment_date":
            links = [Command.link(line.id) for line in takers]
            state["promises"].exists().write({"line_ids": links})
        return takers

    @api.model
    def _get_heirs(self, kind, lines, before):
        """Return what is handed on, that of the longest rest, and the items it is for.

        :return: (see ``_get_state``, journal items)
        """
        having = [state for state in before.values() if state[kind]]
        lost = [
            state
            for line_id, state in before.items()
            if state[kind] and state["is_open"] and line_id not in lines.ids
        ]
        if lost:
            state = max(lost, key=lambda one: one[kind])
            return state, lines.filtered(
                lambda line: (
                    line.id not in before
                    or not before[line.id][kind]
                    or before[line.id][kind] < state[kind]
                )
            )
        others = [
            state for state in before.values() if state["is_open"] and not state[kind]
        ]
        if others or not having:
            return None, lines.browse()
        new = lines.filtered(lambda line: line.id not in before)
        return max(having, key=lambda one: one[kind]), new

    # ------------------------------------------------------------------
    # Disputes
    # ------------------------------------------------------------------

    @api.model
    def _hand_on_disputes(self, lines, before):
        """Let items join the disputes of others (rule 15); return those disputes."""
        disputes = self.env["account.followup.dispute"].union(
            *(state["disputes"] for state in before.values())
        )
        joined = disputes.browse()
        for dispute in disputes.exists().filtered(lambda one: one.state == "open"):
            mine = lines.filtered(
                lambda line, customer=dispute.partner_id: (
                    line.balance > 0
                    and line.partner_id.commercial_partner_id == customer
                )
            )
            takers = self._get_disputed(dispute, mine, before) - dispute.line_ids
            if takers:
                dispute.line_ids += takers
                joined |= dispute
        return joined

    @api.model
    def _get_disputed(self, dispute, lines, before):
        """Return the items of a customer that a dispute is about now.

        A part of an amount stays with its item, or goes to the largest one that is
        left; when it is more than that item has now, the new ones rest, too.
        """
        new = lines.filtered(lambda line: line.id not in before)
        if dispute.is_rest_claimed:
            holder = (lines & dispute.line_ids) or lines.sorted("balance")[-1:]
            there = sum(holder.mapped("amount_currency"))
            is_more = dispute.currency_id.compare_amounts(dispute.amount, there) > 0
            return holder | new if is_more else holder
        if any(
            dispute in state["disputes"] and line_id not in lines.ids
            for line_id, state in before.items()
        ):
            return lines
        is_all = all(
            any(not one.is_rest_claimed for one in state["disputes"])
            for state in before.values()
            if state["is_open"]
        )
        return new if is_all else lines.browse()

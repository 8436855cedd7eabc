from collections import defaultdict

from markupsafe import Markup, escape

from odoo import models
from odoo.tools import format_date

#: What a person says of an item; whoever changes it leaves a line in the chatter.
TRACED = (
    "no_followup",
    "followup_hold_until",
    "followup_hold_reason",
    "expected_payment_date",
    "expected_payment_note",
)
#: Field for which an item rests: beginning of the names of what is said with it.
RESTS_TRACED = {
    "no_followup": "no_followup",
    "followup_hold_until": "followup_hold_",
    "expected_payment_date": "expected_payment_",
}
#: Where a transaction keeps how the items were before, as core does for tracked fields.
BEFORE = "account_payment_followup.before"


class AccountMoveLine(models.Model):
    """Who let an item rest, until when and why, in the chatter of its document (E1).

    The one way for window, form, list, import and RPC: what was changed in a
    transaction is said once, at its end. Nothing is done when none of these fields is
    written.
    """

    _inherit = "account.move.line"

    def write(self, vals):
        # EXTENDS 'account'
        if any(name in vals for name in TRACED):
            self._trace_followup()
        return super().write(vals)

    def _trace_followup(self):
        """Remember how these items are before they are changed."""
        precommit = self.env.cr.precommit
        if BEFORE not in precommit.data:
            precommit.data[BEFORE] = {}
            precommit.add(self.browse()._log_followup_changes)
        before = precommit.data[BEFORE]
        for line in self.sudo():
            if (
                line.id not in before
                and line.account_type == "asset_receivable"
                and line.parent_state == "posted"
            ):
                before[line.id] = {name: line[name] for name in TRACED}

    def _forget_followup_changes(self):
        """Say nothing of what was changed on these items so far."""
        before = self.env.cr.precommit.data.get(BEFORE, {})
        for line_id in self.ids:
            before.pop(line_id, None)

    def _log_followup_changes(self):
        """Say in the chatter of each document what was changed since."""
        before = self.env.cr.precommit.data.pop(BEFORE, {})
        lines = self.sudo().browse(before).exists()
        bodies = {}
        for move, mine in lines.grouped("move_id").items():
            if texts := mine._get_followup_changes(before):
                bodies[move.id] = Markup("<br/>").join(map(escape, texts))
        self.env["account.move"].browse(bodies)._message_log_batch(bodies)
        lines._keep_followup_traces(before)

    def _keep_followup_traces(self, before):
        """Keep who has let which item rest, for those who ask why (X3).

        :param dict before: {id: {field: value}}
        """
        self.env["account.followup.trace"]._keep(
            [
                (line, name)
                for line in self
                for name, prefix in RESTS_TRACED.items()
                if line[name] and line._has_followup_change(before[line.id], prefix)
            ]
        )

    def _get_followup_changes(self, before):
        """Return what was changed on items of one document, a line for each thing.

        :param dict before: {id: {field: value}}
        """
        texts, ends = defaultdict(self.browse), {}
        ended = self.browse()
        for line in self:
            for text in line._get_followup_news(before[line.id]):
                texts[text] += line
            if mine := line._get_followup_ends(before[line.id]):
                ends.update(dict.fromkeys(mine))
                ended += line
        news = [text + its._get_followup_instalments() for text, its in texts.items()]
        if ends:
            text = self.env._("Reminders resumed: %s", ", ".join(ends))
            # an exclusion ends for the whole document
            whole = any(before[line.id]["no_followup"] for line in ended)
            news.append(text + ("" if whole else ended._get_followup_instalments()))
        return news

    def _get_followup_news(self, before):
        """Return what begins to hold for an item, with the reason."""
        self.ensure_one()
        if self.no_followup:
            text = self.env._("Excluded from reminders")
            changed = self._has_followup_change(before, "no_followup")
            return [self._add_followup_reason(text, "hold_reason")] if changed else []
        news = []
        day = self.followup_hold_until
        if day and self._has_followup_change(before, "followup_hold_"):
            text = self.env._("Reminders on hold until %s", format_date(self.env, day))
            news.append(self._add_followup_reason(text, "hold_reason"))
        day = self.expected_payment_date
        if day and self._has_followup_change(before, "expected_payment_"):
            text = self.env._("Payment expected on %s", format_date(self.env, day))
            news.append(self._add_followup_reason(text, "note"))
        return news

    def _get_followup_ends(self, before):
        """Return what held for an item and does no more, unless it is excluded now."""
        self.ensure_one()
        if self.no_followup:
            return []
        ended = {name: not self[name] and before[name] for name in TRACED}
        return self._get_followup_rest_texts(ended)

    def _has_followup_change(self, before, prefix):
        return any(
            (self[name] or False) != (before[name] or False)
            for name in TRACED
            if name.startswith(prefix)
        )

    def _add_followup_reason(self, text, suffix):
        """Return a text with the reason that stands in the field with this ending."""
        name = next(name for name in TRACED if name.endswith(suffix))
        return f"{text}: {self[name]}" if self[name] else text

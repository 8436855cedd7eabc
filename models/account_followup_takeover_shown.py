import base64
from collections import Counter

from markupsafe import Markup

from odoo import models
from odoo.tools import format_date

from ..tools import takeover_csv

#: So many rows are shown on the screen; all doubts are in the file.
SHOWN = 15


class AccountFollowupTakeover(models.Model):
    """What the window shows of a look: levels, numbers, a sample, doubts."""

    _inherit = "account.followup.takeover"

    def _update_levels(self, facts):
        """Note the levels of the source; what a person has chosen for one stays."""
        own = self._get_own_levels()
        known = {row.key: row for row in self.sudo().level_ids}
        gone = known.keys() - {fact["key"] for fact in facts}
        levels = self.env["account.followup.takeover.level"].sudo()
        levels.concat(*(known[key] for key in gone)).unlink()
        levels.create(
            [
                self._prepare_level(fact, own)
                for fact in facts
                if fact["key"] not in known
            ]
        )

    def _prepare_level(self, fact, own):
        """Return the values of a level of the source, with the nearest one of ours."""
        return {
            "takeover_id": self.id,
            "key": fact["key"],
            "name": fact["name"] or fact["key"],
            "has_delay": fact["delay"] is not None,
            "delay": fact["delay"] or 0,
            "text": fact.get("text"),
            "level_id": self.level_ids._get_nearest(own, fact).id,
        }

    def _note_look(self, look):
        """Keep counts, sample and doubts to show them."""
        items = self.env["account.move.line"].union(*(one for one, _ in look.reminders))
        counts = Counter(one["row"] for one in look.reminders.values())
        for row in self.sudo().level_ids:
            row.count = counts[row]
        self.sudo().write(
            {
                "customer_count": len(look.get_partners()),
                "invoice_count": len(items.move_id),
                "reminder_count": len(look.reminders),
                "exclusion_count": len(look.exclusions),
                "next_date_count": len(look.next_dates),
                "responsible_count": len(look.responsibles),
                "manual_count": len(look.manuals),
                "known_count": look.known,
                "settled_count": look.settled,
                "doubt_count": len(look.doubts),
                "sample": self._get_sample(look),
                "doubts": self._get_doubts(look),
                "doubts_file": self._get_doubts_file(look),
            }
        )

    def _get_sample(self, look):
        rows = sorted(
            look.reminders.items(), key=lambda pair: (pair[1]["date"], pair[0][0].id)
        )[-SHOWN:]
        heads = [
            self.env._("Invoice"),
            self.env._("Customer"),
            self.env._("Level There"),
            self.env._("Counts as"),
            self.env._("Reached On"),
        ]
        return self._get_table(
            heads,
            [
                self._get_sample_row(item, level, one)
                for (item, level), one in reversed(rows)
            ],
        )

    def _get_sample_row(self, item, level, one):
        return (
            item.move_id.name,
            one["partner"].display_name,
            one["row"].name,
            level.name,
            format_date(self.env, one["date"]),
        )

    def _get_doubt_heads(self):
        return [self.env._("Where"), self.env._("What"), self.env._("Reason")]

    def _get_doubts(self, look):
        return self._get_table(self._get_doubt_heads(), look.doubts[:SHOWN])

    def _get_doubts_file(self, look):
        if not look.doubts:
            return False
        rows = [self._get_doubt_heads(), *look.doubts]
        return base64.b64encode(takeover_csv.write(rows))

    def _get_table(self, heads, rows):
        """Return rows of texts as a table; the texts are data, no markup."""
        if not rows:
            return False
        head = Markup().join(Markup("<th>%s</th>") % one for one in heads)
        body = Markup().join(
            Markup("<tr>%s</tr>")
            % Markup().join(Markup("<td>%s</td>") % cell for cell in row)
            for row in rows
        )
        return Markup(
            '<div class="table-responsive"><table class="table table-sm">'
            "<thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>"
        ) % (head, body)

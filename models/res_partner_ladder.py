from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from .account_move_line import GROUPS

#: What a click on a step of the ladder opens: action, field that names the level.
LADDER_ACTIONS = {
    "items": ("action_account_followup_item_customer", "reached_level_id"),
    "next": ("action_account_followup_item_customer", "next_level_id"),
    "reminders": ("action_account_followup_reminder_customer", "line_ids.level_id"),
}


class ResPartner(models.Model):
    """The ladder of a customer: where each open item stands, and what comes next."""

    _inherit = "res.partner"

    followup_ladder = fields.Json(compute="_compute_followup_ladder", groups=GROUPS)

    @api.depends_context("company", "lang")
    def _compute_followup_ladder(self):
        days = self.env["res.company"]._get_followup_days()
        root = self.env.company.root_id
        rows = defaultdict(list)
        if root in days and self._origin:
            items = self.env["account.followup.item"].sudo()
            for row in items._get_rows({root: days[root]}, self._origin):
                if row["residual"] > 0:
                    rows[row["partner_id"]].append(row)
        for partner in self:
            mine = rows[partner._origin.id]
            partner.followup_ladder = mine and partner._get_followup_steps(
                mine, days[root]
            )

    def _get_followup_steps(self, rows, day):
        """Return the steps of the ladder, from the first level to the last.

        :param rows: open items of the customer, credits left out
        :return: list of dicts of texts, with the ``id`` of the level, 0 for none yet
        """
        levels = self.env["account.followup.level"].sudo()
        used = {row["reached_level_id"] for row in rows} - {None, 0}
        root = self.env.company.root_id
        levels = levels.with_context(active_test=False).search(
            [("company_id", "=", root.id)], order="delay, id"
        )
        plan = self.env["account.followup.plan.choice"]._get_plans(self, root)[self]
        levels = levels.filtered(
            lambda level: (level.active and level.plan_id == plan) or level.id in used
        )
        sent = self._get_followup_sent([row["id"] for row in rows])
        steps = [self._prepare_followup_step(one, rows, day, sent) for one in levels]
        first = self._prepare_followup_step(levels.browse(), rows, day, sent)
        return [first, *steps] if first["items"] else steps

    def _get_followup_sent(self, item_ids):
        """Return {level id: last day on which one of these items reached it}."""
        lines = self.env["account.followup.reminder.line"].sudo()
        groups = lines._read_group(
            [
                ("move_line_id", "in", item_ids),
                ("partner_id", "=", self._origin.id),
                ("is_standing", "=", True),
                ("level_id", "!=", False),
            ],
            ["level_id"],
            ["date:max"],
        )
        return {level.id: day for level, day in groups}

    @api.model
    def _get_followup_coming(self, level, rows):
        """Return the items that come to a level next, and do not rest for ever."""
        comes = (None, *self.env["account.followup.item"]._get_dated_reasons())
        return [
            row
            for row in rows
            if row["next_level_id"] == level.id and row["rest_reason"] in comes
        ]

    def _prepare_followup_step(self, level, rows, day, sent):
        """Return what a step says: who stands on it, and who comes to it when."""
        level_id = level.id or 0
        here = [row for row in rows if (row["reached_level_id"] or 0) == level_id]
        coming = self._get_followup_coming(level, rows) if level else []
        return {
            "id": level_id,
            "name": level.name or self.env._("No level yet"),
            "timing": level.timing or "",
            "sent": format_date(self.env, sent.get(level.id)) or "",
            "items": len(here),
            "amount": self._format_followup_amount(here),
            "next": len(coming),
            "next_text": self._get_followup_next_text(coming, day),
            "is_due": any(self._get_followup_day_of(row) <= day for row in coming),
        }

    @api.model
    def _get_followup_day_of(self, row):
        """Return the day on which an item comes to its next level."""
        return max(filter(None, (row["ripe_date"], row["free_date"])))

    def _get_followup_next_text(self, coming, day):
        """Return how many items come to a level, and from which day on."""
        if not coming:
            return ""
        first = min(self._get_followup_day_of(row) for row in coming)
        if first <= day:
            text = self.env._("%s due now", len(coming))
        else:
            text = self.env._(
                "%(count)s from %(date)s",
                count=len(coming),
                date=format_date(self.env, first),
            )
        if any(row["broken_date"] for row in coming):
            return self.env._("%s, after a broken promise", text)
        return text

    def _format_followup_amount(self, rows):
        if not rows:
            return ""
        currency = self.env.company.root_id.sudo().currency_id
        names = ("residual_company", "disputed_part_company")
        total = sum(float(row.get(name) or 0) for row in rows for name in names)
        return formatLang(self.env, total, currency_obj=currency)

    def action_view_followup_level(self, level_id=False, kind="items"):
        """Open what a step of the ladder is about (B1).

        :param int level_id: its level, none for the items without a level
        :param str kind: ``items`` on it, ``next`` for those to come, ``reminders``
        """
        name, field = LADDER_ACTIONS.get(kind, LADDER_ACTIONS["items"])
        action = self._get_followup_action(name)
        action["domain"] = [*action["domain"], (field, "=", level_id or False)]
        levels = self.env["account.followup.level"].with_context(active_test=False)
        level = levels.search([("id", "=", level_id)])
        action["display_name"] = level.name or self.env._("No level yet")
        if kind != "reminders":
            action["domain"].append(("residual", ">", 0))
            action["context"] = {
                "hide_customer": True,
                "followup_partner_id": self.commercial_partner_id.id,
            }
        return action

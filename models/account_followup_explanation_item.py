from odoo import api, fields, models
from odoo.tools import SQL, format_amount, format_date

from .account_move_line_trace import TRACED

#: Reason to rest: field of the journal item that says so.
FIELDS = {
    "excluded": "no_followup",
    "hold": "followup_hold_until",
    "expected_payment": "expected_payment_date",
}

#: Columns of an item that are looked at.
COLUMNS = (
    "id",
    "disputed_part",
    "residual",
    "rest_reason",
    "is_ripe",
    "ripe_date",
    "section",
    "broken_date",
)


class AccountFollowupExplanationItem(models.AbstractModel):
    """What the rule makes of each open item, and why it rests (X3)."""

    _name = "account.followup.explanation.item"
    _description = "Open Items to Explain"

    @api.model
    def _get_items(self, rows, facts):
        """Return a dict for each row, see ``account.followup.explanation``."""
        named = {row["id"] for row in facts.named}
        reasons = self._get_reasons(rows, facts.parts)
        levels = self.env["account.followup.level"]
        return [
            {
                "move_line_id": row["id"],
                "counted": row["id"] in named,
                "days_late": row["days_late"],
                "reached": levels.browse(row["reached_level_id"]),
                "reached_date": row["reached_date"],
                "next_level": levels.browse(row["next_level_id"]),
                "ripe_date": row["ripe_date"],
                "reasons": reasons[row["id"]],
            }
            for row in rows
        ]

    @api.model
    def _get_reasons(self, rows, parts):
        """Return {item id: all reasons why it is due for no level}, of some rows.

        A part that is in dispute by itself is said, too.

        :param rows: dicts with columns of account.followup.item
        :param dict parts: of the rule, ``_get_sql_parts`` of items
        """
        rests = self._get_rests(rows, parts)
        split = self._get_parts_in_dispute(rows)
        return {
            row["id"]: [
                *(rests.get(row["id"]) or self._get_other_reasons(row)),
                *split.get(row["id"], []),
            ]
            for row in rows
        }

    @api.model
    def _get_parts_in_dispute(self, rows):
        """Return {item id: that a part of it is in dispute}, where the rest is claimed.

        :param rows: dicts with columns of account.followup.item
        """
        split = {row["id"]: row for row in rows if row.get("disputed_part")}
        if not split:
            return {}
        lines = self.env["account.move.line"].browse(split)
        reasons = {}
        for dispute in self.env["account.followup.dispute"]._get_open(lines):
            for line in dispute.line_ids & lines:
                part = split[line.id]["disputed_part"]
                text = self.env._(
                    "%(amount)s of it are in dispute: %(reason)s (%(details)s). The "
                    "rest is claimed.",
                    amount=format_amount(self.env, part, dispute.currency_id),
                    reason=dispute.reason_id.display_name,
                    details=self._get_trace_text(dispute),
                )
                reason = {"code": "disputed_part", "text": text, "record": dispute}
                reasons[line.id] = [reason]
        return reasons

    @api.model
    def _get_other_reasons(self, row):
        """Return why an item that does not rest is due for no level."""
        line = self.env["account.move.line"].browse(row["id"])
        if row["residual"] <= 0:
            text = self.env._("A credit: it is deducted from what is claimed.")
            return [{"code": "credit", "text": text, "record": line}]
        if row["is_ripe"]:
            return []
        if not row["next_level_id"]:
            choice = self.env["account.followup.plan.choice"]
            plan = self.env["account.followup.plan"].browse(row["plan_id"])
            text = choice._get_problem(plan) or self.env._("All levels are done.")
            return [{"code": "no_level", "text": text, "record": line}]
        values = {
            "level": self.env["account.followup.level"]
            .browse(row["next_level_id"])
            .name,
            "date": format_date(self.env, row["ripe_date"]),
        }
        text = self.env._("The level “%(level)s” comes on %(date)s.", **values)
        if row["broken_date"]:
            text = self.env._(
                "After a broken promise the level “%(level)s” comes on %(date)s.",
                **values,
            )
        return [{"code": "not_ripe", "text": text, "record": line}]

    # ------------------------------------------------------------------
    # What rests
    # ------------------------------------------------------------------

    @api.model
    def _get_rests(self, rows, parts):
        """Return {item id: why it rests}, all reasons, of those that do."""
        rows = [row for row in rows if row["rest_reason"]]
        if not rows:
            return {}
        lines = self.env["account.move.line"].browse(row["id"] for row in rows)
        lines.fetch(["move_id", *TRACED])
        codes = self._get_codes(lines, parts)
        traces = self.env["account.followup.trace"]._get_last(lines)
        traces |= self._get_other_traces(lines, codes)
        return {
            line.id: [
                {
                    "code": code,
                    "text": self._get_rest_text(
                        line, code, traces.get((line.id, FIELDS.get(code, code)))
                    ),
                    "record": line,
                }
                for code in codes[line.id]
            ]
            for line in lines
        }

    @api.model
    def _get_other_traces(self, lines, codes):
        """Return {(item id, code): who has said it}, where it is kept elsewhere.

        :param dict codes: {item id: codes of all reasons}
        """
        blocked = lines.filtered(lambda line: "blocked" in codes[line.id])
        by_move = self._get_blocked_traces(blocked.move_id)
        traces = {
            (line.id, "blocked"): by_move[line.move_id.id]
            for line in blocked
            if line.move_id.id in by_move
        }
        disputed = lines.filtered(lambda line: "dispute" in codes[line.id])
        if disputed:
            for dispute in self.env["account.followup.dispute"]._get_open(disputed):
                mine = disputed & dispute.line_ids
                traces.update({(line.id, "dispute"): dispute for line in mine})
        return traces

    @api.model
    def _get_codes(self, lines, parts):
        """Return {item id: codes of all reasons for which it rests}.

        These are the conditions of the rule itself, which names the first one only.
        """
        items = self.env["account.followup.item"]
        conditions = SQL(", ").join(
            SQL("CASE WHEN %s THEN %s::text END", condition, code)
            for code, condition, _day in items._get_rest_reasons()
        )
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT line.id, ARRAY_REMOVE(ARRAY[%s], NULL)
                      FROM account_move_line line
                      JOIN (%s) company ON company.id = line.company_id
                     WHERE line.id IN %s
                    """,
                    conditions,
                    parts["companies"],
                    tuple(lines.ids),
                    to_flush=items._get_fields_read(),
                )
            )
        )

    @api.model
    def _get_rest_text(self, line, code, trace):
        """Return why an item rests, until when, what was noted, and who has said so."""
        items = self.env["account.followup.item"]
        labels = dict(items._fields["rest_reason"]._description_selection(self.env))
        day, why = items._get_rest_details(line, code)
        if code == "excluded":
            why = line.followup_hold_reason
        text = labels[code]
        if day:
            text = self.env._(
                "%(reason)s until %(date)s",
                reason=text,
                date=format_date(self.env, day),
            )
        if code == "dispute" and trace:
            why = trace.reason_id.display_name
        if code == "online_payment":
            paid = line.move_id.transaction_ids._filter_followup_under_way()
            why = ", ".join(paid.mapped("reference"))
        text = f"{text}: {why}" if why else text
        if trace:
            text = f"{text} ({self._get_trace_text(trace)})"
        return text

    @api.model
    def _get_trace_text(self, trace):
        if trace._name == "account.followup.trace":
            return self.env["account.followup.explanation"]._get_trace_text(trace)
        day = fields.Datetime.context_timestamp(self, trace.create_date)
        return self.env._(
            "since %(date)s, by %(user)s",
            date=format_date(self.env, day.date()),
            user=trace.create_uid.name,
        )

    @api.model
    def _get_blocked_traces(self, moves):
        """Return {invoice id: core's last trace of its payment state}."""
        if not moves:
            return {}
        field = self.env["ir.model.fields"]._get("account.move", "payment_state")
        traces = self.env["mail.tracking.value"].search(
            [
                ("field_id", "=", field.id),
                ("mail_message_id.model", "=", "account.move"),
                ("mail_message_id.res_id", "in", moves.ids),
            ],
            order="id",
        )
        return {trace.mail_message_id.res_id: trace for trace in traces}


class AccountFollowupItem(models.Model):
    """The same of the items in a list."""

    _inherit = "account.followup.item"

    explanation = fields.Char(
        "Why?",
        compute="_compute_explanation",
        help="What the rule makes of it today.",
    )
    is_counted = fields.Boolean(
        "Counted",
        compute="_compute_explanation",
        help="A reminder that leaves today would name it.",
    )

    @api.depends("rest_kind", "is_ripe", "section")
    @api.depends_context("lang")
    def _compute_explanation(self):
        days = self.env["res.company"].sudo()._get_followup_days(self.company_id)
        service = self.env["account.followup.explanation.item"].sudo()
        rows = [
            {
                **{name: item[name] for name in COLUMNS},
                "plan_id": item.plan_id.id,
                "next_level_id": item.next_level_id.id,
                "next_delay": item.next_level_id.sudo().delay,
            }
            for item in self
        ]
        reasons = service._get_reasons(rows, self._get_sql_parts(days))
        named = self.env["account.followup.send"]._get_default_rows(rows, None)
        named = {row["id"] for row in named}
        for item in self:
            texts = [one["text"] for one in reasons[item.id]]
            if item.is_ripe:
                texts.insert(0, item._get_due_text())
            item.is_counted = item.id in named
            item.explanation = " ".join(texts)

    def _get_due_text(self):
        level = self.next_level_id.sudo().name
        if self.broken_date:
            return self.env._("Due for the level “%s” after a broken promise.", level)
        return self.env._("Due for the level “%s”.", level)

from functools import cached_property

from odoo.tools import SQL


class Facts:
    """What the rule says of one customer on a day: the rows that decide, read once."""

    def __init__(self, case, day, now=None):
        """Read them.

        :param case: account.followup with all rights, stored or not
        :param date day: the company's day
        :param datetime now: UTC, for gates that know hours
        """
        self.env = case.env
        self.case, self.day, self.now = case, day, now
        self.company = case.company_id._origin.sudo()
        self.partner = case.partner_id._origin
        days = {self.company: day}
        items = self.env["account.followup.item"]
        self.parts = items._get_sql_parts(days)
        customers = self.env["account.followup.customer"]
        rows = customers._get_rows(days, self.partner, parts=self.parts)
        #: row of account.followup.customer; empty if nothing open counts
        self.row = rows[0] if rows else {}
        #: rows of account.followup.item: all that is open
        self.items = items._get_rows(days, self.partner, parts=self.parts)

    @property
    def is_required(self):
        """Whether the rule asks for a reminder (rule 6)."""
        return self.row.get("status") == "in_need_of_action"

    @cached_property
    def owed(self):
        """Open items that can be reminded of, resting and excluded ones included."""
        return [row for row in self.items if row["residual"] > 0]

    @cached_property
    def counted(self):
        """Open items that are not excluded."""
        return [row for row in self.owed if row["rest_reason"] != "excluded"]

    @cached_property
    def ripe(self):
        return [row for row in self.owed if row["is_ripe"]]

    @cached_property
    def named(self):
        """What a reminder would name (rule 8)."""
        service = self.env["account.followup.send"]
        return service._get_default_rows(self.items, self.day)

    @cached_property
    def counting(self):
        """Ripe items in a currency with a claim (rule 6).

        What is due for its level on the due date itself says at which level a currency
        is claimed, though a reminder does not name it yet.
        """
        claims = self.env["account.followup.claim"]
        named = {row["id"] for row in self.named}
        others = [row for row in self.ripe if row["id"] not in named]
        return claims._get_counting_rows(self.named + others, self.day)

    @cached_property
    def level(self):
        """The level due: of the rule, else the one that what is ripe would have."""
        levels = self.env["account.followup.level"]
        if self.is_required:
            return levels.browse(self.row["level_id"])
        last = max(self.counting, key=lambda row: row["next_delay"], default=None)
        return levels.browse(last and last["next_level_id"])

    @cached_property
    def coming(self):
        """What comes to a level later: [(day, row)], the first one first."""
        comes = (None, *self.env["account.followup.item"]._get_dated_reasons())
        coming = [
            (max(filter(None, (row["ripe_date"], row["free_date"]))), row)
            for row in self.counted
            if row["next_level_id"] and row["rest_reason"] in comes
        ]
        coming.sort(key=lambda one: (one[0], one[1]["next_delay"]))
        return [one for one in coming if one[0] > self.day]

    @cached_property
    def claim(self):
        """What would be claimed, in company currency."""
        claims = self.env["account.followup.claim"]
        ids = {row["id"] for row in self.counting}
        is_late = any(row["next_delay"] >= 0 for row in self.counting)
        return claims._get_company_claim(
            self.named,
            lambda row: row["days_late"] > 0 if is_late else row["id"] in ids,
        )

    @cached_property
    def plan(self):
        plans = self.env["account.followup.plan"].sudo()
        if self.row:
            return plans.browse(self.row["plan_id"])
        choice = self.env["account.followup.plan.choice"].sudo()
        return choice._get_plans(self.partner, self.company)[self.partner]

    @cached_property
    def recent(self):
        """The last reminder that may keep others back: {date, is_queued}, or empty."""
        rule = self.env["account.followup.rule"]
        rows = self.env.execute_query_dict(
            SQL(
                "SELECT * FROM (%s) recent WHERE partner_id = %s AND company_id = %s",
                rule._get_sql_recent(self.parts),
                self.partner.id,
                self.company.id,
                to_flush=rule._get_fields_read(),
            )
        )
        return rows[0] if rows else {}

    @cached_property
    def message(self):
        """What the level due would send, see ``_get_message``."""
        return self.env["account.followup.explanation.message"]._get_message(self)

    @cached_property
    def traces(self):
        """Who has set what of the customer: {field: trace}."""
        if not self.case.id:
            return {}
        traces = self.env["account.followup.trace"]._get_last(self.case)
        return {name: trace for (_id, name), trace in traces.items()}

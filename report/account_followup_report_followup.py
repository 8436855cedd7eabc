from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import format_date

#: Parts of the report, in this order, and the column in which each is added up.
SECTIONS = ("overdue", "not_due", "credit", "resting", "excluded")


class AccountFollowupReportFollowup(models.AbstractModel):
    """Follow-up Report (F4): what is due, overdue, resting and excluded, apart.

    It reads ``account.followup.item``: what it says of an item is what the reminder
    does with it. It is about today; what is open includes entries of coming days.
    """

    _name = "account.followup.report.followup_report"
    _inherit = "account.followup.report"
    _description = "Follow-up Report"

    @api.model
    def _get_default_period(self):
        return "today"

    @api.model
    def _get_period_names(self):
        return ("today",)

    @api.model
    def _get_subtitle(self, options):
        return self.env._("As of %s", format_date(self.env, options["date_to"]))

    @api.model
    def _get_sql_items(self, options, keys=None):
        """Return what is open, with what the rule says, as visible as in its list.

        What is open and no item of the rule is named, too, so that the totals are
        those of the ledger: what nobody is named for, what is nothing in its own
        currency, and what only an entry in draft would settle.
        """
        items = self.env["account.followup.item"]
        rules = items._search(self._get_rule_domain(options, keys))
        rules.order = None
        domain = self._get_domain(options, keys)
        still = self._get_line_query(domain & Domain("reconciled", "!=", True))
        ignored = self._get_line_query(domain & Domain("matching_number", "!=", False))
        rule = SQL(
            "LEFT JOIN (%s) rule ON rule.id = line.id",
            rules.select(SQL("account_followup_item.*")),
        )
        parts = (
            self._get_sql_part(options, still, rule, None),
            self._get_sql_part(
                options, ignored, self._get_sql_ignored_matches(options), "matched"
            ),
        )
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _get_rule_domain(self, options, keys):
        """Return the items of the rule; their partner is the customer."""
        domain = Domain("company_id", "=", self.env.company.root_id.id)
        domain &= Domain("branch_id", "in", self._get_companies().ids)
        if options["partner_ids"]:
            domain &= Domain("partner_id", "in", options["partner_ids"])
        if keys is not None:
            domain &= Domain("partner_id", "in", [partner for partner, _cur in keys])
        return domain

    @api.model
    def _get_sql_ignored_matches(self, options):
        """Return what only entries that do not count have settled, per item."""
        return SQL(
            """
            JOIN (
                 SELECT matched.line_id AS id, NULL::integer AS days_late,
                        NULL::integer AS reached_level_id,
                        NULL::integer AS next_level_id,
                        NULL::date AS ripe_date, 'excluded' AS rest_reason,
                        -SUM(matched.balance) AS amount_residual,
                        -SUM(matched.amount_currency) AS amount_residual_currency
                   FROM (%(ignored)s) ignored
                   JOIN (%(matched)s) matched ON matched.other_id = ignored.id
                  GROUP BY matched.line_id
                 ) rule ON rule.id = line.id
            """,
            ignored=self._get_sql_ignored(options),
            matched=self._get_sql_matched(),
        )

    @api.model
    def _get_sql_part(self, options, query, join, note):
        """Return open items of one kind.

        :param SQL join: gives ``rule``, what is known of an item
        :param str note: why the rule does not know it
        """
        source = SQL.identifier("rule" if note else "line")
        company = SQL("%s.amount_residual", source)
        document = SQL("%s.amount_residual_currency", source)
        amount = document if options["currency"] == "document" else company
        return SQL(
            """
            SELECT * FROM (%s) item
             WHERE item.amount <> 0 OR item.amount_company <> 0
            """,
            self._get_sql_lines(
                options,
                query,
                SQL(
                    """
                    %(amount)s AS amount, %(company)s AS amount_company,
                    %(note)s::varchar AS note, rule.days_late,
                    rule.reached_level_id, rule.next_level_id, rule.ripe_date,
                    rule.rest_reason, %(section)s AS section
                    """,
                    amount=amount,
                    company=company,
                    note=note,
                    section=self._get_sql_section(document),
                ),
                join=join,
            ),
        )

    @api.model
    def _get_sql_section(self, residual):
        return SQL(
            """
            CASE WHEN rule.id IS NULL OR rule.rest_reason = 'excluded' THEN 'excluded'
                 WHEN %(residual)s <= 0 THEN 'credit'
                 WHEN rule.rest_reason IS NOT NULL THEN 'resting'
                 WHEN rule.days_late > 0 THEN 'overdue'
                 ELSE 'not_due'
            END
            """,
            residual=residual,
        )

    @api.model
    def _get_sql_order(self, options):
        cases = SQL(" ").join(
            SQL("WHEN %s THEN %s", name, number) for number, name in enumerate(SECTIONS)
        )
        return SQL("CASE item.section %s END, item.due_date, item.id", cases)

    @api.model
    def _get_section_labels(self):
        return {
            "overdue": self.env._("Overdue"),
            "not_due": self.env._("Not Due"),
            "credit": self.env._("Credits"),
            "resting": self.env._("Resting"),
            "excluded": self.env._("Excluded"),
        }

    @api.model
    def _get_columns(self, options):
        return [
            {
                "name": "due_date",
                "label": self.env._("Due Date"),
                "type": "date",
                "line": SQL("item.due_date"),
            },
            {
                "name": "days_late",
                "label": self.env._("Days Late"),
                "type": "integer",
                "line": SQL(
                    """
                    CASE WHEN item.amount > 0
                         THEN NULLIF(GREATEST(item.days_late, 0), 0)
                    END
                    """
                ),
                "sum": SQL(
                    """
                    NULLIF(
                        MAX(item.days_late) FILTER (WHERE item.section = 'overdue'), 0
                    )
                    """
                ),
            },
            {
                "name": "level",
                "label": self.env._("Level Reached"),
                "type": "text",
                "line": SQL("item.reached_level_id"),
            },
            {
                "name": "next_level",
                "label": self.env._("Next Level"),
                "type": "text",
                "line": SQL(
                    "CASE WHEN item.section <> 'excluded' THEN item.next_level_id END"
                ),
            },
            {
                "name": "expected_payment_date",
                "label": self.env._("Expected"),
                "type": "date",
                "line": SQL("item.expected_payment_date"),
            },
            *self._get_section_columns(),
            {
                "name": "total",
                "label": self.env._("Total"),
                "type": "amount",
                "line": SQL("item.amount"),
                "sum": SQL("SUM(item.amount)"),
            },
            *self._get_company_column(
                options,
                "total_company",
                self.env._("Total in %s"),
                SQL("item.amount_company"),
                line=SQL("item.amount_company"),
            ),
        ]

    @api.model
    def _get_section_columns(self):
        return [
            {
                "name": name,
                "label": label,
                "type": "amount",
                "section": True,
                "sum": self._get_sql_sum(
                    SQL("item.amount"), SQL("item.section = %s", name)
                ),
            }
            for name, label in self._get_section_labels().items()
        ]

    @api.model
    def _get_line_name(self, row):
        return self._get_told_name(row, super()._get_line_name(row))

    @api.model
    def _make_line_row(self, row, columns, day):
        """Put the open amount into the column of its part, and names for levels."""
        line = super()._make_line_row(row, columns, day)
        values = line["values"]
        levels = self.env["account.followup.level"].sudo()
        for name in ("level", "next_level"):
            values[name] = levels.browse(values[name]).name or None
        values[row["section"]] = values["total"]
        line["section"] = row["section"]
        if row["note"]:
            line["id"] = f"{row['note']}{row['id']}"
            line["name"] = self.env._("%s (matched with a draft)", line["name"])
            line["is_open"] = False
        return line

    @api.model
    def _arrange(self, options, customer, lines, is_first, is_last, extra):
        """Put a heading with its total before each part.

        The first line of a later page may belong to a part that began before it: the
        heading is repeated, which is what somebody who scrolls wants to see.
        """
        labels = self._get_section_labels()
        rows, section = [], None
        for line in lines:
            if line["section"] != section:
                section = line["section"]
                total = customer["values"][section]
                rows.append(
                    self._make_row(
                        "section",
                        f"{customer['id']}-{section}",
                        labels[section],
                        customer["currency_id"],
                        {section: total, "total": total},
                        partner_id=customer["partner_id"],
                        section=section,
                    )
                )
            rows.append(line)
        return rows

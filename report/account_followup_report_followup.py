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
        """Return the open items with what the rule says, as visible as in their list.

        A journal item is joined for what is shown of a line only: a left join of
        which nothing is used costs nothing.
        """
        items = self.env["account.followup.item"]
        query = items._search(self._get_domain(options, keys))
        query.order = None
        amount = (
            SQL("rule.residual")
            if options["currency"] == "document"
            else SQL("rule.residual_company")
        )
        return SQL(
            """
            SELECT %(fields)s, %(states)s
              FROM (%(items)s) rule
              LEFT JOIN account_move_line line ON line.id = rule.id
             WHERE %(amount)s <> 0
            """,
            fields=self._get_sql_fields(options),
            states=self._get_sql_states(amount),
            items=query.select(SQL("account_followup_item.*")),
            amount=amount,
            to_flush=self._get_fields_read(),
        )

    @api.model
    def _get_scope_domain(self, options):
        """Return the open items; their partner is the customer, not a contact."""
        root = self.env.company.root_id
        domain = Domain("company_id", "=", root.id)
        return domain & Domain("branch_id", "in", self._get_companies().ids)

    @api.model
    def _get_found_domain(self, query):
        return Domain("partner_id", "in", query)

    @api.model
    def _get_family_domain(self, partner_ids):
        return Domain("partner_id", "in", list(partner_ids))

    @api.model
    def _get_sql_fields(self, options):
        return SQL(
            """
            rule.id, rule.move_id, line.move_name, line.name AS label, line.ref,
            line.journal_id, line.account_id, line.date, rule.invoice_date,
            rule.partner_id,
            %(currency)s AS currency_id,
            rule.currency_id AS line_currency_id,
            rule.due_date, line.parent_state, line.matching_number,
            line.no_followup, line.followup_hold_until, line.expected_payment_date,
            rule.residual_company AS open_company
            """,
            currency=(
                SQL("rule.currency_id")
                if options["currency"] == "document"
                else SQL("rule.company_currency_id")
            ),
        )

    @api.model
    def _get_sql_states(self, amount):
        return SQL(
            """
            %(amount)s AS amount,
            rule.residual_company AS amount_company,
            rule.days_late,
            rule.reached_level_id, rule.next_level_id, rule.ripe_date,
            rule.rest_reason,
            CASE WHEN rule.rest_reason = 'excluded' THEN 'excluded'
                 WHEN rule.residual <= 0 THEN 'credit'
                 WHEN rule.rest_reason IS NOT NULL THEN 'resting'
                 WHEN rule.days_late > 0 THEN 'overdue'
                 ELSE 'not_due'
            END AS section
            """,
            amount=amount,
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
            "resting": self.env._("On Hold or Expected"),
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
                "line": SQL("NULLIF(GREATEST(item.days_late, 0), 0)"),
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
    def _make_line_row(self, row, columns, day):
        """Put the open amount into the column of its part, and names for levels."""
        line = super()._make_line_row(row, columns, day)
        values = line["values"]
        levels = self.env["account.followup.level"].sudo()
        for name in ("level", "next_level"):
            values[name] = levels.browse(values[name]).name or None
        values[row["section"]] = values["total"]
        return {**line, "section": row["section"]}

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

"""What is open now, with what the rule says of it (F4)."""

from odoo.fields import Domain
from odoo.tools import SQL

from .columns import make_column, sql_sum
from .matches import get_ignored, get_matched
from .query import Query
from .rows import NamedRows

#: Parts of the report, in this order, and the column in which each is added up.
SECTIONS = ("overdue", "not_due", "credit", "resting", "excluded")


class RuleItems(Query):
    """What is open, with what the rule says, as visible as in its list.

    What is open and no item of the rule is named, too, so that the totals are
    those of the ledger: what nobody is named for, what is nothing in its own
    currency, and what only an entry in draft would settle.
    """

    def get_items(self, keys=None):
        items = self.env["account.followup.item"]
        rules = items._search(self._get_rule_domain(keys))
        rules.order = None
        domain = self.scope.get_domain(keys)
        still = self.scope.get_query(domain & Domain("reconciled", "!=", True))
        ignored = self.scope.get_query(domain & Domain("matching_number", "!=", False))
        rule = SQL(
            "LEFT JOIN (%s) rule ON rule.id = line.id",
            rules.select(SQL("account_followup_item.*")),
        )
        parts = (
            self._get_part(still, rule, None),
            self._get_part(ignored, self._get_ignored_matches(), "matched"),
        )
        return SQL(" UNION ALL ").join(parts)

    def get_order(self):
        cases = SQL(" ").join(
            SQL("WHEN %s THEN %s", name, number) for number, name in enumerate(SECTIONS)
        )
        return SQL("CASE item.section %s END, item.due_date, item.id", cases)

    def _get_rule_domain(self, keys):
        """Return the items of the rule; their partner is the customer."""
        domain = Domain("company_id", "=", self.env.company.root_id.id)
        domain &= Domain("branch_id", "in", self.report._get_companies().ids)
        if self.options["partner_ids"]:
            domain &= Domain("partner_id", "in", self.options["partner_ids"])
        if keys is not None:
            domain &= Domain("partner_id", "in", [partner for partner, _cur in keys])
        return domain

    def _get_ignored_matches(self):
        """Return what only entries that do not count have settled, per item."""
        return SQL(
            """
            JOIN (
                 SELECT matched.line_id AS id, NULL::integer AS days_late,
                        NULL::integer AS reached_level_id,
                        NULL::integer AS next_level_id,
                        NULL::date AS ripe_date, 'excluded' AS rest_reason,
                        'excluded' AS section,
                        -SUM(matched.balance) AS amount_residual,
                        -SUM(matched.amount_currency) AS amount_residual_currency
                   FROM (%(ignored)s) ignored
                   JOIN (%(matched)s) matched ON matched.other_id = ignored.id
                  GROUP BY matched.line_id
                 ) rule ON rule.id = line.id
            """,
            ignored=get_ignored(self.scope),
            matched=get_matched(),
        )

    def _get_part(self, query, join, note):
        """Return open items of one kind.

        :param SQL join: gives ``rule``, what is known of an item
        :param str note: why the rule does not know it
        """
        source = SQL.identifier("rule" if note else "line")
        company = SQL("%s.amount_residual", source)
        document = SQL("%s.amount_residual_currency", source)
        select = SQL(
            """
            %(amount)s AS amount, %(company)s AS amount_company,
            %(note)s::varchar AS note, rule.days_late,
            rule.reached_level_id, rule.next_level_id, rule.ripe_date,
            rule.rest_reason, COALESCE(rule.section, 'excluded') AS section
            """,
            amount=document if self.is_document else company,
            company=company,
            note=note,
        )
        return SQL(
            """
            SELECT * FROM (%s) item
             WHERE item.amount <> 0 OR item.amount_company <> 0
            """,
            self.get_lines(query, select, join=join),
        )


def get_section_labels(env):
    """Return {part of the report: its heading}."""
    return {
        "overdue": env._("Overdue"),
        "not_due": env._("Not Due"),
        "credit": env._("Credits"),
        "resting": env._("Resting"),
        "excluded": env._("Excluded"),
    }


def make_expected(env):
    """Return the column of the day for which a payment is expected."""
    day = SQL("item.expected_payment_date")
    return make_column("date", "expected_payment_date", env._("Expected"), day)


def make_section_columns(env):
    """Return a column for each part."""
    return [
        make_column(
            "amount",
            name,
            label,
            total=sql_sum(SQL("item.amount"), SQL("item.section = %s", name)),
            section=True,
        )
        for name, label in get_section_labels(env).items()
    ]


class RuleRows(NamedRows):
    """Lines in parts, each with a heading."""

    def make_line(self, row, columns, day):
        """Put the open amount into the column of its part, and names for levels."""
        line = super().make_line(row, columns, day)
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

    def arrange(self, customer, lines, is_first, is_last, extra):
        """Put a heading with its total before each part.

        The first line of a later page may belong to a part that began before it: the
        heading is repeated, which is what somebody who scrolls wants to see.
        """
        labels = get_section_labels(self.env)
        rows, section = [], None
        for line in lines:
            if line["section"] != section:
                section = line["section"]
                rows.append(self._make_heading(customer, section, labels[section]))
            rows.append(line)
        return rows

    def _make_heading(self, customer, section, label):
        total = customer["values"][section]
        return self.make(
            "section",
            f"{customer['id']}-{section}",
            label,
            customer["currency_id"],
            {section: total, "total": total},
            partner_id=customer["partner_id"],
            section=section,
        )

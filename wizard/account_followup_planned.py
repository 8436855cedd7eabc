from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: Days that the screen shows, today included.
DAYS = 14

#: How a reminder will be made.
WAYS = [
    ("automatic", "Leaves by itself"),
    ("manual", "Waits for a person"),
    ("held", "Held"),
]


class AccountFollowupPlanned(models.TransientModel):
    """The screen Planned: who will be reminded in the coming days (X6).

    A row for each customer and currency, worked out when the screen is opened, for the
    user who has opened it.
    """

    _name = "account.followup.planned"
    _description = "Planned Payment Reminder"
    _order = "date, level_delay desc, amount_company desc, id"
    _rec_name = "partner_id"

    date = fields.Date("Day", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    level_id = fields.Many2one(
        "account.followup.level", string="Level", readonly=True, ondelete="cascade"
    )
    level_delay = fields.Integer(readonly=True)
    way = fields.Selection(WAYS, string="How", readonly=True)
    reason = fields.Char("Why It Waits", readonly=True)
    responsible_id = fields.Many2one("res.users", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary("Claimed", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    amount_company = fields.Monetary(
        "Claimed in Company Currency",
        currency_field="company_currency_id",
        readonly=True,
    )
    days_late = fields.Integer(readonly=True, aggregator="max")

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_open_customer(self):
        """Open the customer at the follow-ups, in the company of the row."""
        self.ensure_one()
        self.check_access("read")
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_to_customer(self.partner_id, self.company_id)

    def action_explain_followup(self):
        """Open the window Why? for the customer of the row."""
        self.ensure_one()
        self.check_access("read")
        self.partner_id._check_followup_read_access()
        return self.partner_id._get_followup_explanation_action(self.company_id)

    # ------------------------------------------------------------------
    # Filling in
    # ------------------------------------------------------------------

    @api.model
    def _fill(self, companies):
        """Work out the coming days of root companies anew, for the user."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE create_uid = %s",
                self._get_sql_table(),
                self.env.uid,
            )
        )
        self.invalidate_model()
        for company, today in companies.sudo()._get_followup_days(companies).items():
            self._insert(self._prepare_rows(company, today))

    @api.model
    def _has_currencies(self):
        """Return whether the user's rows are of several currencies."""
        groups = self._read_group([], ["currency_id"], limit=2)
        return len(groups) > 1

    @api.model
    def _get_sql_table(self):
        return SQL.identifier(self._table)

    @api.model
    def _prepare_rows(self, company, today):
        """Return the rows of a root company as dicts."""
        last = today + timedelta(days=DAYS - 1)
        forecast = self.env["account.followup.forecast"].sudo()
        planned = forecast._get_planned(company, today, today, last)
        claims = forecast._get_claims(planned, company)
        levels = self.env["account.followup.level"].sudo()
        levels = levels.browse({one["row"]["level_id"] for one in planned})
        delays = {level.id: level.delay for level in levels}
        by_partner = {one["row"]["partner_id"]: one for one in planned}
        return [
            self._prepare_row(by_partner[partner_id], delays, currency_id, claim)
            for (partner_id, currency_id), claim in claims.items()
        ]

    @api.model
    def _insert(self, rows):
        """Insert rows in one statement: there may be tens of thousands."""
        if not rows:
            return
        names = list(rows[0])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO %(table)s (
                    %(names)s, create_uid, create_date, write_uid, write_date
                )
                SELECT planned.*, %(user)s, %(now)s, %(user)s, %(now)s
                  FROM unnest(%(columns)s) planned
                """,
                table=self._get_sql_table(),
                names=SQL(", ").join(map(SQL.identifier, names)),
                user=self.env.uid,
                now=fields.Datetime.now(),
                columns=SQL(", ").join(
                    SQL(
                        "%s::%s[]",
                        [row[name] for row in rows],
                        SQL(self._fields[name].column_type[1]),
                    )
                    for name in names
                ),
            )
        )

    @api.model
    def _prepare_row(self, one, delays, currency_id, claim):
        row, (amount, amount_company, days_late) = one["row"], claim
        return {
            "date": one["day"],
            "company_id": row["company_id"],
            "partner_id": row["partner_id"],
            "level_id": row["level_id"],
            "level_delay": delays[row["level_id"]],
            "way": one["way"],
            "reason": one["reason"] or None,
            "responsible_id": row["responsible_id"],
            "currency_id": currency_id,
            "amount": amount,
            "company_currency_id": row["currency_id"],
            "amount_company": amount_company,
            "days_late": max(days_late, 0),
        }

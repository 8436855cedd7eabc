from odoo import api, fields, models
from odoo.tools import SQL

#: Code of the sequence that each root company has.
SEQUENCE = "account.followup.reminder"


class AccountFollowupNumber(models.AbstractModel):
    """Numbers of reminders: a sequence of each root company."""

    _name = "account.followup.number"
    _description = "Numbers of Payment Reminders"

    @api.model
    def _take_numbers(self, company, days):
        """Return new numbers of a root company, without a lock: gaps are allowed.

        :param days: of each reminder its day, which prefixes may name
        """
        if not days:
            return []
        sequences = self.env["ir.sequence"].sudo()
        rows = self.env.execute_query(self._get_sql_numbers(company, len(days)))
        # it may have been taken away by hand
        rows = rows or [(self._create_sequences(company).id, *[None] * 4)]
        ((id_, prefix, suffix, padding, numbers),) = rows
        if not numbers:
            sequence = sequences.browse(id_)
            return [sequence.next_by_id(sequence_date=day) for day in days]
        values = {"prefix": prefix, "suffix": suffix, "padding": padding}
        sequence = sequences.new(values)
        return [
            sequence.with_context(ir_sequence_date=day).get_next_char(number)
            for day, number in zip(days, numbers, strict=True)
        ]

    @api.model
    def _get_sql_numbers(self, company, count):
        """Return SQL: the sequence of a company and its next numbers, if it is one of
        PostgreSQL; core takes those of another kind one by one."""
        sequences = self.env["ir.sequence"]
        names = ("code", "company_id", "implementation", "prefix", "suffix", "padding")
        return SQL(
            """
            SELECT id, prefix, suffix, padding,
                   CASE WHEN implementation = 'standard'
                         AND use_date_range IS NOT TRUE
                        THEN ARRAY(
                            SELECT nextval(
                                'ir_sequence_'
                                || CASE WHEN id < 1000 THEN LPAD(id::text, 3, '0')
                                        ELSE id::text END
                            )
                              FROM generate_series(1, %(count)s)
                        )
                    END
              FROM ir_sequence
             WHERE code = %(code)s AND company_id = %(company)s
             ORDER BY id
             LIMIT 1
            """,
            count=count,
            code=SEQUENCE,
            company=company.id,
            to_flush=[sequences._fields[name] for name in (*names, "use_date_range")],
        )

    @api.model
    def _create_sequences(self, companies):
        """Give root companies the sequence of their reminders' numbers."""
        return (
            self.env["ir.sequence"]
            .sudo()
            .create(
                [
                    {
                        "name": self.env._("Payment Reminders"),
                        "code": SEQUENCE,
                        "company_id": company.id,
                        "prefix": "REM/%(year)s/",
                        "padding": 5,
                    }
                    for company in companies
                ]
            )
        )


class AccountFollowupReminder(models.Model):
    """The number of a reminder, which the customer quotes, and its last day (Y3)."""

    _inherit = "account.followup.reminder"
    _rec_names_search = ["name", "partner_id", "subject"]

    name = fields.Char(
        "Number",
        readonly=True,
        copy=False,
        help="What the customer quotes who pays several invoices at once.",
    )
    payment_deadline = fields.Date(
        "Pay By",
        readonly=True,
        help="The last day to pay that the reminder gives, if its level has one.",
    )

    _company_name_unique = models.UniqueIndex(
        "(company_id, name) WHERE name IS NOT NULL",
        "Two reminders of a company cannot have the same number.",
    )

    @api.depends("name")
    def _compute_display_name(self):
        # EXTENDS: the number says which one it is
        super()._compute_display_name()
        for reminder in self.filtered("name"):
            reminder.display_name = f"{reminder.name} {reminder.display_name}"

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS 'base'
        companies = self.env["res.company"]
        service = self.env["account.followup.number"]
        for company_id in {vals.get("company_id") for vals in vals_list} - {None}:
            mine = [
                vals
                for vals in vals_list
                if vals.get("company_id") == company_id
                and not vals.get("name")
                # the customer knows another one, or none
                and vals.get("trigger") not in ("import", "start")
            ]
            days = [vals.get("date") for vals in mine]
            numbers = service._take_numbers(companies.browse(company_id), days)
            for vals, number in zip(mine, numbers, strict=True):
                vals["name"] = number
        return super().create(vals_list)


class AccountFollowupLevel(models.Model):
    _inherit = "account.followup.level"

    payment_days = fields.Integer(
        "Days to Pay",
        aggregator=None,
        help="The reminder asks for payment within so many days, and names the last "
        "one. 0: it names no day.",
    )
    deadline_info = fields.Char("Deadline", compute="_compute_deadline_info")

    _payment_days_within_a_year = models.Constraint(
        "CHECK (payment_days BETWEEN 0 AND 366)",
        "The days to pay of a follow-up level are between 0 and 366.",
    )

    @api.depends_context("lang")
    @api.depends("active", "plan_id", "delay", "payment_days")
    def _compute_deadline_info(self):
        """Say when the next level comes before the last day to pay has passed."""
        every = self.search([("plan_id", "in", self.plan_id.ids)])
        delays = {
            plan: sorted(levels.mapped("delay"))
            for plan, levels in every.grouped("plan_id").items()
        }
        for level in self:
            later = [d for d in delays.get(level.plan_id, ()) if d > level.delay]
            gap = later[0] - level.delay if later else None
            level.deadline_info = (
                self.env._(
                    "The next level comes %(gap)s days after this one, when its "
                    "%(days)s days to pay have not passed.",
                    gap=gap,
                    days=level.payment_days,
                )
                if level.payment_days and gap is not None and gap <= level.payment_days
                else False
            )


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS 'base'
        companies = super().create(vals_list)
        self.env["account.followup.number"]._create_sequences(
            companies.filtered(lambda company: not company.parent_id)
        )
        return companies

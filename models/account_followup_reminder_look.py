from odoo import fields, models
from odoo.tools import SQL

#: So often on one day a customer's reminder is made anew after it was withdrawn.
WITHDRAWALS_A_DAY = 3


class AccountFollowupReminder(models.Model):
    """The last look: may what is queued still leave? (promise 2)

    The rule itself is asked, in the same statements, whether it would make the reminder
    now: as if it had not been made, naming the same, at the same level. What a person
    has sent is held back only when something that it claims is another than it says.
    """

    _inherit = "account.followup.reminder"

    resend_user_id = fields.Many2one(
        "res.users",
        string="Sent Again By",
        readonly=True,
        help="Who sent it again after it had failed.",
    )

    def _is_by_hand(self):
        """Return whether a person means this message, whatever the rule says."""
        self.ensure_one()
        return self.trigger == "manual" or bool(self.resend_user_id)

    def _split_by_customer(self):
        """Return the reminders in parts, the oldest first, one of a customer in each.

        Each is looked at as if it had not been made, but all others of the customer
        had: so not two of them.
        """
        parts = []
        for reminders in self.sorted("id").grouped(lambda one: one.partner_id).values():
            for number, reminder in enumerate(reminders):
                if number == len(parts):
                    parts.append(self.browse())
                parts[number] += reminder
        return parts

    def _get_objections(self):
        """Return why reminders must not leave, as {reminder: one sentence}.

        :param self: one of each customer, see ``_split_by_customer``
        """
        objections = {}
        for company, reminders in self.grouped("company_id").items():
            day = company._get_followup_day()[company]
            # companies, levels and accounts, read once for both questions of the rule
            parts = self.env["account.followup.item"]._get_sql_parts(
                {company: day}, without=reminders
            )
            cases = reminders._get_cases(company, day, parts)
            rows = self.env["account.followup.send"]._get_rows_by_customer(
                company, reminders.partner_id, day, parts
            )
            for reminder in reminders:
                mine = {row["id"]: row for row in rows[reminder.partner_id.id]}
                objection = (
                    reminder._get_objection_by_hand(mine)
                    if reminder._is_by_hand()
                    else reminder._get_objection(mine, cases, day)
                )
                if objection:
                    objections[reminder] = objection
        return objections

    def _get_cases(self, company, day, parts):
        """Return {customer: (follow-up, row of the rule)} without these reminders.

        :param dict parts: of the rule, ``_get_sql_parts`` of items without them
        """
        partners = self.filtered(lambda one: not one._is_by_hand()).partner_id
        if not partners:
            return {}
        followups = self.env["account.followup"]._get_or_create(partners, company)
        rows = self.env["account.followup.customer"].sudo()
        rows = rows._get_rows({company: day}, partners, False, parts=parts)
        by_partner = {row["partner_id"]: row for row in rows}
        return {
            followup.partner_id: (followup, by_partner.get(followup.partner_id.id))
            for followup in followups
        }

    def _get_objection(self, rows, cases, day):
        """Return why the rule would not make this reminder now, or None.

        :param dict rows: {journal item id: row of an open item of the customer}
        :param cases: see ``_get_cases``
        """
        followup, case = cases[self.partner_id]
        if not self.company_id.sudo().followup_enabled:
            return self.env._("Payment follow-ups were switched off.")
        named = self.env["account.followup.send"]._get_default_rows(
            list(rows.values()), day
        )
        return (
            self._get_items_objection(rows, {row["id"] for row in named})
            or followup._get_stop_reason(case, self.trigger, day)
            or self._get_level_objection(case)
            or self._get_age_objection(day)
        )

    def _get_items_objection(self, rows, named):
        """Return which item is another than the reminder says, or None.

        :param set named: ids of what a reminder would name now (rule 8)
        """
        for line in self.line_ids:
            row = rows.get(line.move_line_id.id)
            if objection := line._get_objection(row):
                return objection
            if row["id"] not in named:
                return line._get_rest_text(row)
        new = [
            row
            for row in rows.values()
            if row["id"] in named - set(self.line_ids.move_line_id.ids)
            and row["residual"] <= 0
        ]
        return self._get_credit_objection(new)

    def _get_objection_by_hand(self, rows):
        """Return what has changed since a person sent the reminder, or None.

        Who names an item that rests means it, and who leaves out a credit, too; but
        nobody knows of a payment that comes later.
        """
        for line in self.line_ids.filtered(lambda line: line.residual > 0):
            if objection := line._get_objection(rows.get(line.move_line_id.id)):
                return objection
        others = [row for row in rows.values() if row["residual"] <= 0]
        items = self.env["account.move.line"].sudo().browse(row["id"] for row in others)
        new = items.filtered(lambda item: item.create_date > self.create_date)
        new -= self.line_ids.move_line_id
        ids = set(new.ids)
        return self._get_credit_objection([row for row in others if row["id"] in ids])

    def _get_credit_objection(self, rows):
        """Return that payments or credits came in, or None."""
        items = self.env["account.move.line"].sudo().browse(row["id"] for row in rows)
        if not items:
            return None
        return self.env._(
            "A payment or credit came in: %s.", ", ".join(items.mapped("followup_name"))
        )

    def _get_level_objection(self, case):
        level = self.env["account.followup.level"].browse(case["level_id"])
        if level == self.level_id:
            return None
        return self.env._("Another level is due now: %s.", level.sudo().name)

    def _get_age_objection(self, day):
        """Words and figures of what stood in the queue for long are out of date."""
        age = (day - self.date).days
        if age <= 1:
            return None
        plans = self.env["account.followup.plan"]
        plan = plans._get_plans(self.partner_id, self.company_id)[self.partner_id]
        if age <= plan._get_min_days():
            return None
        return self.env._("It has waited in the queue for too long.")

    def _get_fingerprints(self):
        """Return {id: what tells whether the items, the case or the switches changed}.

        One cheap query: PostgreSQL notes in each row which transaction wrote it.
        """
        if not self:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT reminder.id,
                       MAX(company.xmin::text),
                       MAX(followup.xmin::text),
                       ARRAY_AGG(item.xmin::text ORDER BY line.id)
                  FROM account_followup_reminder reminder
                  JOIN res_company company ON company.id = reminder.company_id
                  LEFT JOIN account_followup followup
                         ON followup.partner_id = reminder.partner_id
                        AND followup.company_id = reminder.company_id
                  LEFT JOIN account_followup_reminder_line line
                         ON line.reminder_id = reminder.id
                  LEFT JOIN account_move_line item ON item.id = line.move_line_id
                 WHERE reminder.id IN %s
                 GROUP BY reminder.id
                """,
                tuple(self.ids),
            )
        )
        return {reminder_id: marks for reminder_id, *marks in rows}

    # ------------------------------------------------------------------
    # What becomes of it
    # ------------------------------------------------------------------

    def _date_leaving(self):
        """Note on which day reminders leave: from then on the gap and the level count.

        Usually it is the day on which they were queued. That of a clock which was ahead
        then does not stay either.
        """
        for company, reminders in self.grouped("company_id").items():
            day = company._get_followup_day()[company]
            reminders.filtered(
                lambda reminder, day=day: (
                    reminder.date != day
                    and "sent" not in reminder.delivery_ids.mapped("state")
                )
            ).write({"date": day, "noticed_date": False})

    def _is_made_anew(self, day):
        """Return whether the rule decides anew at once, after this was withdrawn.

        Not for ever: whatever it is that changes, a day has an end.
        """
        self.ensure_one()
        withdrawn = self.search_count(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "withdrawn"),
                ("date", "=", day),
            ]
        )
        return withdrawn < WITHDRAWALS_A_DAY

    def _ask_sender(self, day):
        """Ask who sent a reminder by hand what to do, since it was withdrawn."""
        self.ensure_one()
        followup = self.env["account.followup"]._get_or_create(
            self.partner_id, self.company_id
        )
        user = (self.resend_user_id or self.user_id).filtered("active")
        followup._schedule_task(
            user or followup._get_responsible(),
            self.env._("Your payment reminder was not sent"),
            self.env._(
                "%(reason)s Press Send on the customer to send one with the figures of "
                "today, if it is still needed.",
                reason=self.failure_reason,
            ),
            day,
        )


class AccountFollowupReminderLine(models.Model):
    _inherit = "account.followup.reminder.line"

    def _get_objection(self, row):
        """Return why the item is not what the reminder says of it any more, or None.

        :param dict row: the open item of the customer; None if there is none
        """
        self.ensure_one()
        if not row:
            return self._get_gone_text()
        residual = float(row["residual"])
        if self.currency_id.compare_amounts(self.residual, residual):
            return self.env._("The open amount of %s has changed.", self.name)
        return None

    def _get_gone_text(self):
        """Return what became of an item that is no open item of the customer."""
        item = self.move_line_id.sudo()
        if not item:
            return self.env._("%s was deleted.", self.name)
        if item.parent_state != "posted":
            return self.env._("%s is not posted any more.", self.name)
        if item.partner_id.commercial_partner_id != self.partner_id:
            return self.env._("%s belongs to another customer now.", self.name)
        return self.env._("%s is settled.", self.name)

    def _get_rest_text(self, row):
        """Return why an open item is not to be reminded of now."""
        if not row["rest_reason"]:
            return self.env._("%s is not to be reminded of now.", self.name)
        texts = self.env["account.followup.item"]._get_rest_texts([row])
        return self.env._("It rests: %s.", texts[row["id"]])

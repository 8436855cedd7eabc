from odoo import api, fields, models
from odoo.tools import SQL

from .account_followup_gate_calendar import SMS_MOMENT


class AccountFollowupLook(models.AbstractModel):
    """The last look: may what is queued still leave? (promise 2)

    The rule itself is asked, in the same statements, whether it would make the reminder
    now: as if it had not been made, naming the same, at the same level. What a person
    has sent is held back only when something that it claims is another than it says.
    """

    _name = "account.followup.look"
    _description = "Last Look at Payment Reminders"

    @api.model
    def _split_by_customer(self, reminders):
        """Return the reminders in parts, the oldest first, one of a customer in each.

        Each is looked at as if it had not been made, but all others of the customer
        had: so not two of them.
        """
        parts = []
        by_customer = reminders.sorted("id").grouped("partner_id")
        for mine in by_customer.values():
            for number, reminder in enumerate(mine):
                if number == len(parts):
                    parts.append(reminders.browse())
                parts[number] += reminder
        return parts

    @api.model
    def _get_objections(self, reminders, sms=()):
        """Return why reminders must not leave, as {reminder: one sentence}.

        :param reminders: one of each customer, see ``_split_by_customer``
        :param sms: those of which only SMS are about to leave
        """
        objections = {}
        for company, mine in reminders.grouped("company_id").items():
            day = company._get_followup_day()[company]
            # companies, levels and accounts, read once for both questions of the rule
            parts = self.env["account.followup.item"]._get_sql_parts(
                {company: day}, without=mine
            )
            cases = self._get_cases(mine, company, day, parts, sms)
            rows = self.env["account.followup.send"]._get_rows_by_customer(
                company, mine.partner_id, day, parts
            )
            for reminder in mine:
                items = {row["id"]: row for row in rows[reminder.partner_id.id]}
                objection = (
                    self._get_objection_by_hand(reminder, items)
                    if reminder._is_by_hand()
                    else self._get_objection(reminder, items, cases, day)
                )
                objection = objection or self._get_later_objection(reminder, day)
                if objection:
                    objections[reminder] = objection
        return objections

    @api.model
    def _get_cases(self, reminders, company, day, parts, sms=()):
        """Return {customer: (follow-up, row of the rule, why a gate holds it)}.

        It is as if these reminders had not been made.

        :param dict parts: of the rule, ``_get_sql_parts`` of items without them
        :param sms: reminders of which only SMS are about to leave
        """
        partners = reminders.filtered(lambda one: not one._is_by_hand()).partner_id
        if not partners:
            return {}
        followups = self.env["account.followup"]._get_or_create(partners, company)
        rows = self.env["account.followup.customer"].sudo()
        rows = rows._get_rows({company: day}, partners, False, parts=parts)
        by_partner = {row["partner_id"]: row for row in rows}
        by_sms = reminders.filtered(lambda one: one in sms).partner_id
        of_sms = followups.filtered(lambda case: case.partner_id in by_sms)
        held = self._get_held(followups - of_sms, of_sms, day)
        return {
            followup.partner_id: (
                followup,
                by_partner.get(followup.partner_id.id),
                held[followup][0][1] if followup in held else None,
            )
            for followup in followups
        }

    @api.model
    def _get_held(self, cases, of_sms, day):
        """Return {case: list of (gate, one sentence)} of those that gates hold.

        :param of_sms: cases of SMS. Their queue has hours of its own: of gates, only
            those that know days hold them
        """
        gates, now = self.env["account.followup.gates"], fields.Datetime.now()
        held = gates._get_reasons(cases, day, now, again=True)
        gates = gates.with_context(**{SMS_MOMENT: now})
        return {**held, **gates._get_reasons(of_sms, day, None, again=True)}

    @api.model
    def _get_objection(self, reminder, rows, cases, day):
        """Return why the rule would not make this reminder now, or None.

        :param dict rows: {journal item id: row of an open item of the customer}
        :param cases: see ``_get_cases``
        """
        followup, case, held = cases[reminder.partner_id]
        if not reminder.company_id.sudo().followup_enabled:
            return self.env._("Payment follow-ups were switched off.")
        service = self.env["account.followup.send"]
        named = service._get_default_rows(list(rows.values()), day)
        return (
            self._get_items_objection(reminder, rows, {row["id"] for row in named})
            or followup._get_stop_reason(case, reminder.trigger, day)
            or self._get_level_objection(reminder, case)
            or self._get_age_objection(reminder, day)
            or (held if reminder.trigger == "automatic" else None)
        )

    @api.model
    def _get_items_objection(self, reminder, rows, named):
        """Return which item is another than the reminder says, or None.

        :param set named: ids of what a reminder would name now (rule 8)
        """
        for line in reminder.line_ids:
            row = rows.get(line.move_line_id.id)
            if objection := line._get_objection(row):
                return objection
            if row["id"] not in named:
                return line._get_rest_text(row)
        new = [
            row
            for row in rows.values()
            if row["id"] in named - set(reminder.line_ids.move_line_id.ids)
            and row["residual"] <= 0
        ]
        return self._get_credit_objection(new)

    @api.model
    def _get_objection_by_hand(self, reminder, rows):
        """Return what has changed since a person sent the reminder, or None.

        Who names an item that rests means it, and who leaves out a credit, too; but
        nobody knows of a payment that comes later, whenever its entry was written.
        """
        for line in reminder.line_ids.filtered(lambda line: line.residual > 0):
            if objection := line._get_objection(rows.get(line.move_line_id.id)):
                return objection
        known = {
            *(reminder.known_credit_ids or ()),
            *reminder.line_ids.move_line_id.ids,
        }
        return self._get_credit_objection(
            [
                row
                for row in rows.values()
                if row["residual"] <= 0 and row["id"] not in known
            ]
        )

    @api.model
    def _get_credit_objection(self, rows):
        """Return that payments or credits came in, or None."""
        items = self.env["account.move.line"].sudo().browse(row["id"] for row in rows)
        if not items:
            return None
        return self.env._(
            "A payment or credit came in: %s.", ", ".join(items.mapped("followup_name"))
        )

    @api.model
    def _get_level_objection(self, reminder, case):
        level = self.env["account.followup.level"].browse(case["level_id"])
        if level == reminder.level_id:
            return None
        return self.env._("Another level is due now: %s.", level.sudo().name)

    @api.model
    def _get_age_objection(self, reminder, day):
        """Words and figures of what stood in the queue for long are out of date."""
        age = (day - reminder.date).days
        if age <= 1:
            return None
        partner = reminder.partner_id
        choice = self.env["account.followup.plan.choice"]
        plan = choice._get_plans(partner, reminder.company_id)[partner]
        if age <= plan._get_min_days() or self._has_waited_for_hours(reminder, day):
            return None
        return self.env._("It has waited in the queue for too long.")

    @api.model
    def _has_waited_for_hours(self, reminder, day):
        """Return whether only SMS are left, whose hours have just begun.

        Over days off they wait for longer than a day, and are not too old for it.
        """
        queued = reminder.delivery_ids.filtered(lambda one: one.state == "queued")
        if set(queued.mapped("channel")) != {"sms"}:
            return False
        sms = self.env["sms.sms"].sudo()
        sms = sms.search([("mail_message_id", "in", queued.mail_message_id.ids)])
        openings = [moment for moment in sms.mapped("followup_not_before") if moment]
        return bool(openings) and (day - max(openings).date()).days <= 1

    @api.model
    def _get_misaddressed(self, reminders):
        """Return the reminders that claim what is owed by somebody else by now.

        The invoice got another customer, after it was reminded. Nothing of it may reach
        the former one, whoever sent it.
        """
        reminders.flush_model(["partner_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT reminder.id
                  FROM account_followup_reminder reminder
                  JOIN account_followup_reminder_line line
                    ON line.reminder_id = reminder.id
                  JOIN account_move_line item ON item.id = line.move_line_id
                  LEFT JOIN res_partner partner ON partner.id = item.partner_id
                 WHERE reminder.id IN %s
                   AND line.residual > 0
                   AND partner.commercial_partner_id
                       IS DISTINCT FROM reminder.partner_id
                """,
                tuple(reminders.ids) or (None,),
                to_flush=[
                    self.env["account.move.line"]._fields["partner_id"],
                    self.env["res.partner"]._fields["commercial_partner_id"],
                ],
            )
        )
        return reminders.browse(reminder_id for (reminder_id,) in rows)

    @api.model
    def _get_replaced(self, reminders):
        """Return the void reminders of which a level was reached by another one since.

        They can stand no more: a level is reached once (promise 1).
        """
        lines = reminders.filtered(
            lambda reminder: reminder.state in ("failed", "withdrawn")
        ).line_ids.filtered("level_id")
        return lines._get_replaced().reminder_id

    @api.model
    def _get_fingerprints(self, reminders):
        """Return {id: what tells whether items, credits, case or switches changed}.

        One cheap query: PostgreSQL notes in each row which transaction wrote it.
        """
        if not reminders:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT reminder.id,
                       MAX(company.xmin::text),
                       MAX(followup.xmin::text),
                       MAX(level.xmin::text),
                       ARRAY_AGG(item.xmin::text ORDER BY line.id),
                       ARRAY_AGG(invoice.xmin::text ORDER BY line.id),
                       %s
                  FROM account_followup_reminder reminder
                  JOIN res_company company ON company.id = reminder.company_id
                  LEFT JOIN account_followup followup
                         ON followup.partner_id = reminder.partner_id
                        AND followup.company_id = reminder.company_id
                  LEFT JOIN account_followup_level level
                         ON level.id = reminder.level_id
                  LEFT JOIN account_followup_reminder_line line
                         ON line.reminder_id = reminder.id
                  LEFT JOIN account_move_line item ON item.id = line.move_line_id
                  LEFT JOIN account_move invoice ON invoice.id = item.move_id
                 WHERE reminder.id IN %s
                 GROUP BY reminder.id
                """,
                self._get_sql_marks(),
                tuple(reminders.ids),
            )
        )
        return {reminder_id: marks for reminder_id, *marks in rows}

    @api.model
    def _get_sql_marks(self):
        """Return what else keeps ``reminder`` back: it is written or comes in anew."""
        return SQL(
            """
            (
                SELECT ARRAY_AGG(line.xmin::text ORDER BY line.id)
                  FROM res_partner contact
                  JOIN account_move_line line ON line.partner_id = contact.id
                 WHERE contact.commercial_partner_id = reminder.partner_id
                   AND line.amount_residual_currency < 0
                   AND %s
            ),
            (
                SELECT ARRAY_AGG(dispute.xmin::text ORDER BY dispute.id)
                  FROM account_followup_reminder_line named
                  JOIN account_followup_dispute_line_rel disputed
                    ON disputed.line_id = named.move_line_id
                  JOIN account_followup_dispute dispute
                    ON dispute.id = disputed.dispute_id
                 WHERE named.reminder_id = reminder.id
            ),
            (
                SELECT ARRAY_AGG(payment.xmin::text ORDER BY payment.id)
                  FROM account_followup_reminder_line named
                  JOIN account_invoice_transaction_rel paid
                    ON paid.invoice_id = named.move_id
                  JOIN payment_transaction payment ON payment.id = paid.transaction_id
                 WHERE named.reminder_id = reminder.id
            )
            """,
            self.env["account.followup.item"]._get_sql_where(),
        )

    @api.model
    def _date_leaving(self, reminders):
        """Note on which day reminders leave: from then on the gap and the level count.

        Usually it is the day on which they were queued. That of a clock which was ahead
        then does not stay either.
        """
        for company, mine in reminders.grouped("company_id").items():
            day = company._get_followup_day()[company]
            mine.filtered(
                lambda reminder, day=day: (
                    reminder.date != day
                    and "sent" not in reminder.delivery_ids.mapped("state")
                )
            ).write({"date": day, "noticed_date": False})

    @api.model
    def _get_queued_since(self, cases):
        """Return {(customer, root company): date of the first reminder that is queued}.

        :param cases: records with a customer and a company
        """
        groups = self.env["account.followup.reminder"]._read_group(
            [
                ("state", "=", "queued"),
                ("is_test", "=", False),
                ("partner_id", "in", cases.partner_id.ids),
                ("company_id", "in", cases.company_id.ids),
            ],
            ["partner_id", "company_id"],
            ["date:min"],
        )
        return {(partner, company): date for partner, company, date in groups}

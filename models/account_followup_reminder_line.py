from odoo import api, fields, models
from odoo.tools import SQL

#: Horizon of journal items that are no instalments of a document: nothing is newer.
NO_HORIZON = 2**31 - 1


class AccountFollowupReminderLine(models.Model):
    """An item as a reminder named it: what was claimed, and the level it reached."""

    _name = "account.followup.reminder.line"
    _description = "Payment Reminder Line"
    _order = "reminder_id DESC, due_date, id"
    _rec_name = "name"

    reminder_id = fields.Many2one(
        "account.followup.reminder",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(related="reminder_id.partner_id", store=True)
    company_id = fields.Many2one(related="reminder_id.company_id", store=True)
    date = fields.Date(related="reminder_id.date", store=True)
    noticed_date = fields.Date(related="reminder_id.noticed_date", store=True)
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Journal Item",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    # Kept here, since Odoo may delete the journal item when the invoice is changed, and
    # since the memory of an invoice is looked up for each open item. No dependency:
    # what is posted or reconciled must not ask for it.
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        compute="_compute_move_id",
        store=True,
        precompute=True,
        index="btree_not_null",
        ondelete="set null",
    )
    branch_id = fields.Many2one(
        "res.company",
        string="Company of the Invoice",
        compute="_compute_branch_id",
        store=True,
        precompute=True,
        help="Company or branch whose invoice it is: who may not see its invoices, "
        "does not see the line.",
    )
    horizon = fields.Integer(
        compute="_compute_horizon",
        store=True,
        precompute=True,
        help="Last journal item of the invoice when it was reminded. Instalments that "
        "came later take over the level.",
    )
    name = fields.Char("Number", readonly=True)
    invoice_date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True)
    days_late = fields.Integer(readonly=True)
    level_id = fields.Many2one(
        "account.followup.level",
        readonly=True,
        ondelete="restrict",
        help="Level that the item reached by it; none if it was only named.",
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    amount = fields.Monetary(readonly=True)
    residual = fields.Monetary("Amount Claimed", readonly=True)
    residual_company = fields.Monetary(
        "Amount Claimed in Company Currency",
        currency_field="company_currency_id",
        readonly=True,
    )
    disputed_part = fields.Monetary(
        "In Dispute", readonly=True, help="Was open, too, but not claimed."
    )
    is_standing = fields.Boolean(
        compute="_compute_is_standing",
        store=True,
        help="The reminder is under way or was sent; a void one or a test reaches no "
        "level.",
    )
    is_double = fields.Boolean(
        readonly=True,
        help="Two customers who became one were both reminded of it at this level, and "
        "the other reminder counts.",
    )

    # Promise 1: a customer is reminded of a journal item at a level once. The key is
    # made of data, so a second run, worker or click finds it taken. An invoice that
    # gets another customer starts anew there, therefore the customer is part of it.
    _standing_unique = models.UniqueIndex(
        "(move_line_id, partner_id, level_id)"
        " WHERE is_standing AND level_id IS NOT NULL",
        "This invoice was already reminded at this level.",
    )
    # What an item has reached is looked up for each open item: the index holds all that
    # is asked, so that no row need be read. Open items come customer by customer, so
    # their memory lies side by side.
    _memory_idx = models.Index(
        "(partner_id, move_id)"
        " INCLUDE (move_line_id, level_id, date, noticed_date, horizon)"
        " WHERE is_standing AND level_id IS NOT NULL"
    )

    @api.depends()
    def _compute_move_id(self):
        for line in self:
            line.move_id = line.move_line_id.move_id

    @api.depends()
    def _compute_branch_id(self):
        for line in self:
            line.branch_id = line.move_line_id.company_id or line.company_id

    @api.depends()
    def _compute_horizon(self):
        documents = self.move_id.filtered(
            lambda move: move.is_sale_document(include_receipts=True)
        )
        last = dict(
            self.env["account.move.line"]
            .sudo()
            ._read_group([("move_id", "in", documents.ids)], ["move_id"], ["id:max"])
        )
        for line in self:
            line.horizon = last.get(line.move_id, NO_HORIZON)

    @api.depends("is_double", "reminder_id.is_test", "reminder_id.state")
    def _compute_is_standing(self):
        for line in self:
            stands = line.reminder_id.state in ("queued", "sent")
            stands = stands and not line.reminder_id.is_test
            line.is_standing = stands and not line.is_double

    def _get_replaced(self):
        """Return those whose level another line of the same memory has reached."""
        if not self:
            return self
        others = self.search(
            [
                ("is_standing", "=", True),
                ("move_id", "in", self.move_id.ids),
                ("level_id", "in", self.level_id.ids),
            ]
        ).grouped(lambda line: (line.move_id, line.partner_id, line.level_id))
        return self.filtered(
            lambda line: any(
                other._is_same_memory(line)
                for other in others.get(
                    (line.move_id, line.partner_id, line.level_id), ()
                )
            )
        )

    def _is_same_memory(self, older):
        """Return whether the item of this line is one of which an older line speaks.

        See ``_get_sql_remembers``; both are of one invoice and customer.
        """
        item = self.move_line_id
        if older.move_line_id and item == older.move_line_id:
            return True
        is_deleted = not older.move_line_id and older.horizon < NO_HORIZON
        return is_deleted or item.id > older.horizon

    def _note_doubles(self, partners):
        """Note the lines that would be doubles if some customers were one.

        Both were reminded of an invoice at a level, since it changed hands in between.
        The later reminder stays the one that counts.

        :param partners: customers that become one
        """
        self.env.flush_all()
        self.env.cr.execute(self._get_sql_doubles(partners))
        doubles = self.sudo().browse(line_id for (line_id,) in self.env.cr.fetchall())
        doubles.is_double = True
        self.env.flush_all()

    @api.model
    def _get_sql_doubles(self, partners):
        """Return the lines of an invoice at a level but for the latest one of each."""
        return SQL(
            """
            SELECT id FROM (
                   SELECT line.id,
                          ROW_NUMBER() OVER (
                              PARTITION BY line.move_line_id, line.level_id
                              ORDER BY line.date DESC, line.id DESC
                          ) AS number
                     FROM account_followup_reminder_line line
                    WHERE line.partner_id IN %s
                      AND line.move_line_id IS NOT NULL
                      AND line.level_id IS NOT NULL
                      AND line.is_standing
                   ) line
             WHERE number > 1
            """,
            tuple(partners.ids),
        )

    @api.model
    def _get_sql_remembers(self, item, customer):
        """Return the condition that ``reached_line`` is the memory of an item (rule 4).

        A level belongs to the invoice and its customer. An instalment has what it has
        reached itself; one that came after the reminder, or that was there when Odoo
        took the reminded one away, takes over what the invoice had reached.

        :param SQL item: table of journal items
        :param SQL customer: commercial partner of the item
        """
        return SQL(
            """
            reached_line.partner_id = %(customer)s
            -- a range, so that the index of the invoice alone is not taken for it
            AND reached_line.move_id BETWEEN %(item)s.move_id AND %(item)s.move_id
            AND (
                reached_line.move_line_id = %(item)s.id
                OR reached_line.horizon < %(item)s.id
                OR (
                    reached_line.move_line_id IS NULL
                    AND reached_line.horizon < %(no_horizon)s
                )
            )
            AND reached_line.level_id IS NOT NULL
            AND reached_line.is_standing
            """,
            item=item,
            customer=customer,
            no_horizon=NO_HORIZON,
        )

    # ------------------------------------------------------------------
    # Last look, see ``account.followup.look``
    # ------------------------------------------------------------------

    def _get_objection(self, row):
        """Return why the item is not what the reminder says of it any more, or None.

        :param dict row: the open item of the customer; None if there is none
        """
        self.ensure_one()
        if not row:
            return self._get_gone_text()
        residual = float(row["residual"])
        part = float(row.get("disputed_part") or 0)
        if self.currency_id.compare_amounts(self.residual, residual):
            return self.env._("The open amount of %s has changed.", self.name)
        if self.currency_id.compare_amounts(self.disputed_part, part):
            return self.env._("Another part of %s is in dispute now.", self.name)
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

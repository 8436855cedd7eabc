from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..hooks import let_others_work

GROUPS = "account.group_account_invoice,account.group_account_readonly"


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    followup_hold_until = fields.Date(
        "Hold Until",
        copy=False,
        groups=GROUPS,
        help="Reminders about it rest up to and including this day.",
    )
    followup_hold_reason = fields.Char("Hold Reason", copy=False, groups=GROUPS)
    expected_payment_date = fields.Date(
        copy=False,
        groups=GROUPS,
        help="Day on which the customer is expected to pay. Reminders about it rest "
        "until that day has passed.",
    )
    expected_payment_note = fields.Char(copy=False, groups=GROUPS)
    followup_level_id = fields.Many2one(
        "account.followup.level",
        string="Follow-up Level",
        compute="_compute_followup_level",
        search="_search_followup_level_id",
        groups=GROUPS,
        help="Last follow-up level that was reached.",
    )
    followup_date = fields.Date(
        "Follow-up Date",
        compute="_compute_followup_level",
        search="_search_followup_date",
        groups=GROUPS,
        help="Day on which the follow-up level was reached.",
    )

    # All that the rule reads of the items of all customers, in one place: with years of
    # history every open item lies on a page of its own, and reading these pages takes
    # ten times as long. See docs/benchmark.md for what it costs and buys.
    _followup_open_idx = models.Index(
        """
        (account_id, partner_id) INCLUDE (
            id, move_id, company_id, date, date_maturity, invoice_date,
            currency_id, amount_residual, amount_residual_currency,
            no_followup, followup_hold_until, expected_payment_date
        )
        WHERE reconciled IS NOT TRUE
          AND parent_state = 'posted'
          AND (amount_residual_currency <> 0 OR amount_residual <> 0)
          AND partner_id IS NOT NULL
        """
    )
    # what is claimed in other currencies is added up apart: nothing is read, and
    # nothing written, where there is one currency
    _followup_foreign_idx = models.Index(
        """
        (account_id, partner_id) INCLUDE (
            id, move_id, company_id, date, date_maturity, invoice_date,
            currency_id, company_currency_id, amount_residual,
            amount_residual_currency,
            no_followup, followup_hold_until, expected_payment_date
        )
        WHERE reconciled IS NOT TRUE
          AND parent_state = 'posted'
          AND (amount_residual_currency <> 0 OR amount_residual <> 0)
          AND partner_id IS NOT NULL
          AND currency_id <> company_currency_id
        """
    )

    def init(self):
        # EXTENDS 'account': core locks the table to see whether an index is there
        super().init()
        let_others_work(self.env)

    def _compute_followup_level(self):
        query = self._get_followup_reached_sql(
            SQL("item.id"), SQL("item.id IN %s", tuple(self.ids) or (None,))
        )
        reached = {row[0]: row[2:] for row in self.env.execute_query(query)}
        for line in self:
            level_id, day = reached.get(line._origin.id, (False, False))
            line.followup_level_id = level_id
            line.followup_date = day

    @api.model
    def _get_followup_reached_sql(self, key, condition):
        """Return what was reached: a row for each journal item, or for each invoice.

        :param SQL key: column of the journal item ``item``
        :param SQL condition: which of them
        :return: SQL of (key, reminder line, level, day)
        """
        lines = self.env["account.followup.reminder.line"]
        read = ("date", "horizon", "is_standing", "level_id", "move_id", "move_line_id")
        return SQL(
            """
            SELECT DISTINCT ON (%(key)s)
                   %(key)s AS key,
                   reached_line.id,
                   reached_line.level_id,
                   reached_line.date
              FROM account_move_line item
              JOIN account_account account
                ON account.id = item.account_id
               AND account.account_type = 'asset_receivable'
              JOIN res_partner partner ON partner.id = item.partner_id
              JOIN account_followup_reminder_line reached_line ON %(remembers)s
              JOIN account_followup_level level ON level.id = reached_line.level_id
             WHERE %(condition)s
             ORDER BY %(key)s, level.delay DESC, reached_line.date DESC,
                      reached_line.id DESC
            """,
            key=key,
            condition=condition,
            remembers=lines._get_sql_remembers(
                SQL("item"), SQL("partner.commercial_partner_id")
            ),
            to_flush=[
                *(lines._fields[name] for name in (*read, "partner_id")),
                *(self._fields[name] for name in ("account_id", "partner_id")),
                self.env["res.partner"]._fields["commercial_partner_id"],
                self.env["account.followup.level"]._fields["delay"],
            ],
        )

    def _search_followup_level_id(self, operator, value):
        return self._search_followup_reached("level_id", operator, value)

    def _search_followup_date(self, operator, value):
        return self._search_followup_reached("date", operator, value)

    @api.model
    def _search_followup_reached(self, name, operator, value):
        return self._get_followup_reached_domain(SQL("item.id"), name, operator, value)

    @api.model
    def _get_followup_reached_domain(self, key, name, operator, value):
        """Return the domain of what has reached a level, or reached it on a day.

        The line of the highest level is the one that must fit.

        :param SQL key: see ``_get_followup_reached_sql``
        :param str name: field of ``account.followup.reminder.line``
        :raise AccessError: the user may not read the field
        """
        self._check_field_access(self._fields[f"followup_{name}"], "read")
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        reached = self._get_followup_reached_sql(key, SQL("TRUE"))
        if operator == "in" and False in value:
            domain = Domain(
                "id", "not in", SQL("(SELECT key FROM (%s) reached)", reached)
            )
            if others := [item for item in value if item]:
                domain |= self._get_followup_reached_domain(key, name, "in", others)
            return domain
        lines = self.env["account.followup.reminder.line"].sudo()
        lines = lines._search([(name, operator, value), ("is_standing", "=", True)])
        return Domain(
            "id",
            "in",
            SQL(
                "(SELECT key FROM (%s) reached WHERE id IN %s)",
                reached,
                lines.subselect(),
            ),
        )

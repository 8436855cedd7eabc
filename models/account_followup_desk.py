from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import MissingError, UserError
from odoo.tools import SQL, format_date

from .account_followup_customer import STATUSES


class AccountFollowupDesk(models.Model):
    """The desk: a customer with all that a caller needs, on one screen (Y6).

    It is a case seen by who works through the work-list: the pager leads to the next
    one. Settings are changed here also by who may not edit contacts. All else is read
    for the one customer that is shown.
    """

    _name = "account.followup.desk"
    _description = "Desk"
    _auto = False
    _rec_name = "partner_id"

    followup_id = fields.Many2one("account.followup", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    # settings, kept in the case
    reminder_type = fields.Selection(
        related="followup_id.reminder_type", readonly=False
    )
    responsible_id = fields.Many2one(
        related="followup_id.responsible_id", readonly=False
    )
    next_reminder_date = fields.Date(
        related="followup_id.next_reminder_date", readonly=False
    )
    excluded = fields.Boolean(related="followup_id.excluded", readonly=False)
    review_date = fields.Date(related="followup_id.review_date", readonly=False)
    trust = fields.Selection(related="followup_id.trust", readonly=False)
    failure_reason = fields.Char(related="followup_id.failure_reason")
    # what the rule says
    status = fields.Selection(STATUSES, compute="_compute_state")
    level_id = fields.Many2one("account.followup.level", compute="_compute_state")
    total_due = fields.Monetary(compute="_compute_state")
    total_overdue = fields.Monetary(compute="_compute_state")
    days_late = fields.Integer(compute="_compute_state")
    reason_text = fields.Char("Why Not Now", compute="_compute_state")
    pause_text = fields.Char(compute="_compute_state")
    item_ids = fields.Many2many(
        "account.followup.item", string="Open Items", compute="_compute_item_ids"
    )
    # what a caller has to know
    contacts = fields.Html("Whom to Call", compute="_compute_calling", sanitize=False)
    history = fields.Html(
        "Last Reminders and Answers", compute="_compute_calling", sanitize=False
    )
    payer = fields.Char("Payer's Record", compute="_compute_calling")
    agreed = fields.Char("Promises and Disputes", compute="_compute_calling")

    @property
    def _table_query(self):
        names = ("partner_id", "company_id")
        return SQL(
            "SELECT id, id AS followup_id, partner_id, company_id"
            " FROM account_followup",
            to_flush=[self.env["account.followup"]._fields[name] for name in names],
        )

    def _get_days(self):
        """Return {root company: today} of the rows."""
        return self.env["res.company"]._get_followup_days(self.company_id)

    @api.depends("partner_id", "company_id")
    @api.depends_context("lang")
    def _compute_state(self):
        days = self._get_days()
        customers = self.env["account.followup.customer"].sudo()
        rows = customers._get_rows(days, self.partner_id, False) if days else []
        rows = {(row["partner_id"], row["company_id"]): row for row in rows}
        for desk in self:
            row = rows.get((desk.partner_id.id, desk.company_id.id), {})
            desk.status = row.get("status", "no_action_needed")
            for name in ("level_id", "total_due", "total_overdue", "days_late"):
                desk[name] = row.get(name)
            desk.reason_text = desk._get_reason_text(days)
            day = days.get(desk.company_id.sudo())
            case = desk.followup_id.sudo()
            pauses = self.env["account.followup.pause"]
            desk.pause_text = day and pauses._get_text(case, day)

    def _get_reason_text(self, days):
        reasons = self.env["account.followup.reason"].sudo()
        company = self.company_id.sudo()
        if company not in days:
            return False
        mine = {company: days[company]}
        return reasons._get_reason_texts(self.partner_id, mine)[self.partner_id]

    @api.depends("partner_id", "company_id")
    def _compute_item_ids(self):
        items = self.env["account.followup.item"].search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("company_id", "in", self.company_id.ids),
            ],
            order="due_date, id",
        )
        for desk in self:
            desk.item_ids = items.filtered(
                lambda item, desk=desk: (item.partner_id, item.company_id)
                == (desk.partner_id, desk.company_id)
            )

    @api.depends("partner_id", "company_id")
    @api.depends_context("lang", "tz", "uid")
    def _compute_calling(self):
        caller = self.env["account.followup.caller"]
        payers = self.env["account.followup.payer"].sudo()
        late = {(one.partner_id.id, one.company_id.id): one.days_late for one in self}
        records = payers._get_records(self.partner_id, self._get_days(), late)
        for desk in self:
            partner, company = desk.partner_id, desk.company_id
            record = records.get((partner.id, company.id))
            mine = partner.with_company(company)
            texts = (mine.followup_promise_text, mine.followup_dispute_text)
            desk.agreed = "; ".join(filter(None, texts))
            desk.contacts = caller._get_contacts(partner, company)
            desk.history = caller._get_history(partner, company)
            desk.payer = record and caller._get_payer_text(record)

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def _get_customer(self):
        """Return the customer in the company of the desk, for who may act.

        :raise AccessError: the user may not send reminders, or not there
        """
        self.ensure_one()
        self.check_access("read")
        self.company_id._check_followup_access()
        self.partner_id._check_followup_access()
        if not self.partner_id:
            raise MissingError(self.env._("This window is closed: open it again."))
        return self.partner_id.with_company(self.company_id)

    def action_send_followup(self):
        """Open Send and Print."""
        return self._get_customer().action_send_followup()

    def action_log_followup_call(self):
        """Open Log a Call."""
        return self._get_customer().action_log_followup_call()

    def action_promise_followup(self):
        """Open the window in which the customer promises to pay."""
        return self._get_customer().action_promise_followup()

    def action_dispute_followup(self):
        """Open the window in which the customer disputes invoices.

        When one alone is late, it is that; a row of the list disputes another one.
        """
        action = self._get_customer().action_dispute_followup()
        late = self.item_ids.filtered(
            lambda item: (
                item.days_late > 0
                and item.residual > 0
                and item.rest_kind not in ("excluded", "dispute")
            )
        )
        if len(late) == 1:
            action["context"]["default_line_ids"] = late.move_line_id.ids
        return action

    def action_hold_followup(self):
        """Open Hold or Exclude for all that is overdue."""
        self._get_customer()
        items = self.item_ids.filtered(
            lambda item: item.days_late > 0 and item.residual > 0
        )
        return items.action_hold_followup()

    def action_answer_followup(self):
        """Open the window Answer Came."""
        return self._get_customer().action_answer_followup()

    def action_open_customer(self):
        """Open the form of the customer, at the follow-ups."""
        partner = self._get_customer()
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_to_customer(partner, self.company_id)

    def action_skip_until_tomorrow(self):
        """Put the customer off until tomorrow; the desk goes on to the next one."""
        self._get_customer()
        case = self.followup_id.sudo()
        tomorrow = case._get_day_of(self.company_id) + timedelta(days=1)
        # else the rule, or somebody, says a later day
        if self.status == "in_need_of_action":
            case._set_by_hand({"next_reminder_date": tomorrow})
        return {
            "type": "ir.actions.client",
            "tag": "account_followup_desk_next",
            "params": {
                "message": self.env._(
                    "%(customer)s: again on %(date)s.",
                    customer=self.partner_id.display_name,
                    date=format_date(self.env, tomorrow),
                ),
            },
        }


class AccountFollowupCustomer(models.Model):
    _inherit = "account.followup.customer"

    def action_open_desk(self):
        """Open the desk for the customers of these rows, in their order.

        :return: dict with the ``action``, and ``ids`` for the pager
        :raise UserError: none of them is of the current company
        """
        self.check_access("read")
        self.partner_id._check_followup_access()
        root = self.env.company.root_id
        partners = self.filtered(lambda row: row.company_id == root).partner_id
        if not partners:
            raise UserError(
                self.env._(
                    "There is no customer of %s to go through.", root.sudo().name
                )
            )
        cases = self.env["account.followup"]._get_or_create(partners, root)
        by_partner = cases.grouped("partner_id")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_payment_followup.action_account_followup_desk"
        )
        ids = [by_partner[partner].id for partner in partners]
        return {"action": {**action, "res_id": ids[0]}, "ids": ids}

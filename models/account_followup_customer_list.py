from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.date_utils import end_of

from .account_followup_customer import ID_SHIFT


class AccountFollowupCustomer(models.Model):
    """What the work-list says and finds beside the columns of the rule."""

    _inherit = "account.followup.customer"

    reached_level_id = fields.Many2one(
        "account.followup.level",
        string="Reached",
        readonly=True,
        help="The highest level that an open item has reached.",
    )
    coming_level_id = fields.Many2one(
        "account.followup.level",
        string="Next",
        compute="_compute_coming_level_id",
        help="The level that is due.",
    )
    due_since = fields.Date(
        compute="_compute_due_since",
        help="Since this day an item of a customer who requires follow-up is due for "
        "its next level.",
    )
    status_note = fields.Char("Status Shown", compute="_compute_status_note")
    promised = fields.Boolean(
        "Promised This Week", compute="_compute_promises", search="_search_promised"
    )
    promise_broken = fields.Boolean(
        "Broken Promise", compute="_compute_promises", search="_search_promise_broken"
    )
    ladder_done = fields.Boolean(
        "All Levels Done",
        compute="_compute_ladder_done",
        search="_search_ladder_done",
        help="An overdue item has reached its last level: no further reminder of it "
        "comes by the rule.",
    )
    document = fields.Char(
        "Invoice", compute="_compute_document", search="_search_document"
    )
    amount = fields.Monetary(compute="_compute_document", search="_search_amount")

    # ------------------------------------------------------------------
    # What the rows say
    # ------------------------------------------------------------------

    def _get_items_by_row(self):
        """Return {row id: its open items that can be reminded of, as dicts}."""
        items = self.env["account.followup.item"].sudo()
        days = self.env["res.company"]._get_followup_days(self.company_id)
        result = {}
        for row in items._get_rows(days, self.partner_id):
            if row["residual"] > 0 and row["rest_reason"] != "excluded":
                key = (row["company_id"] << ID_SHIFT) | row["partner_id"]
                result.setdefault(key, []).append(row)
        return result

    @api.depends("status", "level_id")
    def _compute_coming_level_id(self):
        for customer in self:
            is_due = customer.status == "in_need_of_action"
            customer.coming_level_id = is_due and customer.level_id

    # a dependency on the items would search all rows when one changes
    @api.depends("partner_id", "company_id")
    def _compute_due_since(self):
        by_row = self._get_items_by_row()
        for customer in self:
            ripe = [
                item["ripe_date"]
                for item in by_row.get(customer.id, [])
                if item["is_ripe"]
            ]
            is_due = customer.status == "in_need_of_action"
            customer.due_since = min(ripe) if is_due and ripe else False

    @api.depends("status", "excluded", "total_overdue", "days_late")
    @api.depends_context("lang")
    def _compute_status_note(self):
        """Name the status, or what the amount beside it would not explain."""
        names = dict(self._fields["status"]._description_selection(self.env))
        for customer in self:
            is_due = customer.status == "in_need_of_action"
            if customer.excluded:
                note = self.env._("Excluded")
            elif is_due and not customer.days_late:
                note = self.env._("Falls due soon")
            elif customer.days_late and not is_due and customer.total_overdue <= 0:
                note = self.env._("Covered by credits")
            else:
                note = names[customer.status]
            customer.status_note = note

    # ------------------------------------------------------------------
    # Searches
    # ------------------------------------------------------------------

    def _compute_promises(self):
        this_week, broken = self._get_promise_ids("promised"), self._get_promise_ids()
        for customer in self:
            customer.promised = customer.id in this_week
            customer.promise_broken = customer.id in broken

    def _search_promised(self, operator, value):
        return self._search_in(self._get_promise_ids("promised"), operator, value)

    def _search_promise_broken(self, operator, value):
        return self._search_in(self._get_promise_ids(), operator, value)

    def _compute_ladder_done(self):
        done = self.search([("id", "in", self.ids), ("ladder_done", "=", True)])
        for customer in self:
            customer.ladder_done = customer in done

    def _search_ladder_done(self, operator, value):
        query = self.env["account.followup.item"]._search(
            [
                ("days_late", ">", 0),
                ("residual", ">", 0),
                ("reached_level_id", "!=", False),
                ("next_level_id", "=", False),
                ("rest_reason", "!=", "excluded"),
            ]
        )
        row = SQL(
            "(%s::bigint << %s) | %s",
            SQL.identifier(query.table, "company_id"),
            ID_SHIFT,
            SQL.identifier(query.table, "partner_id"),
        )
        return self._search_in(query.subselect(row), operator, value)

    @api.model
    def _search_in(self, ids, operator, value):
        """Return the domain of a yes or no that holds for these rows."""
        if operator not in ("in", "=") or (operator == "in" and True not in value):
            return NotImplemented
        return Domain("id", "in", ids if not isinstance(ids, set) else list(ids))

    @api.model
    def _get_promise_ids(self, kind="broken"):
        """Return the ids of rows with a promise that is not kept yet.

        :param str kind: ``promised`` for the rest of this week, ``broken`` for a day
            that has passed; items that are paid, held or excluded are none
        """
        days = self.env["res.company"]._get_followup_days_seen()
        domains = []
        for root, day in days.items():
            dates = Domain("expected_payment_date", "<", day)
            if kind == "promised":
                dates = Domain("expected_payment_date", ">=", day) & Domain(
                    "expected_payment_date", "<=", end_of(day, "week")
                )
            domains.append(Domain("company_id", "child_of", root.id) & dates)
        lines = self.env["account.move.line"].search(
            Domain.OR(domains) & self._get_open_domain() & Domain("no_followup", "=", 0)
        )
        return {
            (line.company_id.root_id.id << ID_SHIFT)
            | line.partner_id.commercial_partner_id.id
            for line in lines
        }

    @api.model
    def _get_open_domain(self):
        """Return the domain of journal items that can be claimed (rule 1)."""
        return (
            Domain("account_type", "=", "asset_receivable")
            & Domain("parent_state", "=", "posted")
            & Domain("reconciled", "=", False)
            & Domain("partner_id", "!=", False)
            & Domain("amount_residual_currency", ">", 0)
        )

    def _compute_document(self):
        """These two are for searching: a customer has many invoices."""
        self.document = False
        self.amount = 0.0

    def _search_document(self, operator, value):
        if operator not in ("ilike", "=ilike", "like", "in", "="):
            return NotImplemented
        names = Domain.OR(
            Domain(name, operator, value)
            for name in ("move_id.name", "move_id.ref", "move_id.payment_reference")
        )
        return self._search_items(names | Domain("name", operator, value))

    def _search_amount(self, operator, value):
        """Find a total, or what is open of an invoice, as it is written."""
        if operator != "in":
            return NotImplemented
        domains = [
            Domain(name, ">=", number - 0.005) & Domain(name, "<", number + 0.005)
            for number in value
            for name in ("total_due", "total_overdue")
        ]
        items = [
            Domain(name, ">=", number - 0.005) & Domain(name, "<", number + 0.005)
            for number in value
            for name in ("amount_residual_currency", "amount_currency")
        ]
        return Domain.OR(domains) | self._search_items(Domain.OR(items))

    @api.model
    def _search_items(self, domain):
        """Return the domain of customers who have such an open item."""
        lines = self.env["account.move.line"]._search(domain & self._get_open_domain())
        owners = lines.subselect(SQL.identifier(lines.table, "partner_id"))
        partners = self.env["res.partner"].with_context(active_test=False)
        partners = partners._search([("id", "in", owners)])
        customers = SQL.identifier(partners.table, "commercial_partner_id")
        return Domain("partner_id", "in", partners.subselect(customers))

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    @api.readonly
    def get_work_list_numbers(self):
        """Return the numbers at the head of the list: customers, by filter.

        ``to_process`` are those of the current company, which are reminded together.
        """
        self.check_access("read")
        counts = self._read_group([], ["company_id", "status"], ["__count"])
        due = {
            company: count
            for company, status, count in counts
            if status == "in_need_of_action"
        }
        return {
            "customers": sum(count for _company, _status, count in counts),
            "overdue": sum(
                count for _, status, count in counts if status != "no_action_needed"
            ),
            "in_need_of_action": sum(due.values()),
            "promised": len(self._get_promise_ids("promised")),
            "promise_broken": len(self._get_promise_ids()),
            "to_process": due.get(self.env.company.root_id, 0),
        }

    def action_process_all_due(self):
        """Open the window for all customers of the company who require follow-up.

        :raise UserError: nobody does
        """
        self.check_access("read")
        customers = self.search(
            [
                ("company_id", "=", self.env.company.root_id.id),
                ("status", "=", "in_need_of_action"),
            ]
        )
        if not customers:
            self.env["res.partner"]._check_followup_access()
            raise UserError(
                self.env._(
                    "%s: no customer requires a follow-up now.",
                    self.env.company.root_id.sudo().name,
                )
            )
        return customers.action_process_followups()

    def action_send_followup(self):
        """Open Send and Print for the customer of the row."""
        return self._get_action_on_customer("action_send_followup")

    def action_log_followup_call(self):
        """Open Log a Call for the customer of the row."""
        return self._get_action_on_customer("action_log_followup_call")

    def action_hold_followup(self):
        """Open Hold or Exclude for all that is overdue of the customer of the row."""
        self.ensure_one()
        self.check_access("read")
        items = self.env["account.followup.item"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("days_late", ">", 0),
                ("residual", ">", 0),
            ]
        )
        return items.action_hold_followup()

    def action_hand_over(self):
        """Open core's window that schedules an activity for these customers.

        It is what is left to do when all levels are done.
        """
        self._check_one_company()
        self.partner_id._check_followup_access()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Schedule Activity"),
            "res_model": "mail.activity.schedule",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "active_model": "res.partner",
                "active_ids": self.partner_id.ids,
                "active_id": self.partner_id[:1].id,
                "default_summary": self.env._("All reminders sent: hand over"),
            },
        }

    def _get_action_on_customer(self, method):
        """Return the action of a button of the customer.

        In another company the customer is opened there first: windows speak of the
        current company.
        """
        self.ensure_one()
        self.check_access("read")
        self.partner_id._check_followup_access()
        if self.company_id != self.env.company.root_id:
            return self.action_open_customer()
        return getattr(self.partner_id, method)()

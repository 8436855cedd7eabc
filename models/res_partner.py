from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..tools.actions import get_window
from .account_followup_customer import STATUSES
from .account_move_line import GROUPS
from .res_company import ROOTS

#: Field of the customer: column of account.followup.customer, value without open items.
COLUMNS = {
    "followup_status": ("status", "no_action_needed"),
    "followup_level_id": ("level_id", False),
    "followup_next_reminder_date": ("next_reminder_date", False),
    "total_due": ("total_due", 0.0),
    "total_overdue": ("total_overdue", 0.0),
    "followup_overdue_count": ("overdue_count", 0),
    "followup_days_late": ("days_late", 0),
}

#: Field of the customer: setting of account.followup, its default.
SETTINGS = {
    "followup_reminder_type": ("reminder_type", "automatic"),
    "followup_responsible_id": ("responsible_id", False),
    "followup_excluded": ("excluded", False),
    "followup_review_date": ("review_date", False),
    "followup_statement_opt_out": ("statement_opt_out", False),
}


class ResPartner(models.Model):
    """What the follow-up of the current company says of a customer.

    It belongs to the commercial partner, as core's ``credit``: its contacts show
    nothing of their own, and their buttons lead to it.
    """

    _inherit = "res.partner"

    # nearly all partners are customers themselves: whose contacts there are is read of
    # all open items, and this one has nothing but them
    _followup_contact_idx = models.Index(
        "(id) INCLUDE (commercial_partner_id) WHERE commercial_partner_id <> id"
    )

    type = fields.Selection(
        selection_add=[("followup", "Follow-up Address")],
        ondelete={"followup": "set default"},
    )
    followup_status = fields.Selection(
        STATUSES,
        string="Follow-up Status",
        compute="_compute_followup",
        search="_search_followup_status",
        groups=GROUPS,
    )
    followup_level_id = fields.Many2one(
        "account.followup.level",
        string="Follow-up Level",
        compute="_compute_followup",
        search="_search_followup_level_id",
        groups=GROUPS,
        help="The level that is due, else the last one that was reached.",
    )
    followup_next_reminder_date = fields.Date(
        "Next Reminder",
        compute="_compute_followup",
        inverse="_inverse_followup_next_reminder_date",
        search="_search_followup_next_reminder_date",
        groups=GROUPS,
        help="First day on which the customer is to be reminded. A later day that is "
        "set by hand holds the customer until then; empty it to go back to the rule. "
        "Send reminds at any time.",
    )
    followup_reminder_type = fields.Selection(
        [("automatic", "Automatic"), ("manual", "Manual")],
        string="Reminders",
        compute="_compute_followup_settings",
        inverse="_inverse_followup_reminder_type",
        search="_search_followup_reminder_type",
        groups=GROUPS,
        help="Automatic: the scheduled action sends the automatic levels. Manual: "
        "somebody presses Send.",
    )
    followup_responsible_id = fields.Many2one(
        "res.users",
        string="Follow-up Responsible",
        compute="_compute_followup_settings",
        inverse="_inverse_followup_responsible_id",
        search="_search_followup_responsible_id",
        domain="[('share', '=', False)]",
        groups=GROUPS,
        help="Looks after the follow-ups of this customer; empty for the company's "
        "default responsible.",
    )
    followup_excluded = fields.Boolean(
        "Exclude from Follow-ups",
        compute="_compute_followup_settings",
        inverse="_inverse_followup_excluded",
        search="_search_followup_excluded",
        groups=GROUPS,
        help="Never remind this customer.",
    )
    followup_failure_reason = fields.Char(
        compute="_compute_followup_settings", groups=GROUPS
    )
    followup_enabled = fields.Boolean(
        compute="_compute_followup_enabled", groups=GROUPS
    )
    followup_item_ids = fields.One2many(
        "account.followup.item",
        string="Open Items",
        compute="_compute_followup_item_ids",
        groups=GROUPS,
    )
    followup_overdue_count = fields.Integer(
        "Overdue Invoices", compute="_compute_followup", groups=GROUPS
    )
    followup_days_late = fields.Integer(
        "Days Late",
        compute="_compute_followup",
        groups=GROUPS,
        help="Of the oldest overdue item.",
    )
    followup_reminder_count = fields.Integer(
        compute="_compute_followup_reminder_count", groups=GROUPS
    )
    total_due = fields.Monetary(
        compute="_compute_followup",
        search="_search_total_due",
        groups=GROUPS,
        help="What is open in each currency, credits deducted, excluded items left "
        "out, in company currency.",
    )
    total_overdue = fields.Monetary(
        compute="_compute_followup",
        search="_search_total_overdue",
        groups=GROUPS,
        help="Open items past their due date, less the credits of the same currency, "
        "excluded ones left out, in company currency.",
    )

    # ------------------------------------------------------------------
    # State: read from the rule
    # ------------------------------------------------------------------

    # no dependency on the settings: on the form, ticking one must not take back
    # another that is not saved yet; saving one makes the state invalid instead
    @api.depends_context("company")
    def _compute_followup(self):
        root = self.env.company.root_id
        days = root._get_followup_days(root)
        rows = {}
        if root in days and self.ids:
            customers = self.env["account.followup.customer"].sudo()
            rows = customers._get_rows({root: days[root]}, self._origin)
            rows = {row["partner_id"]: row for row in rows}
        domain = self._get_followup_by_hand_domain(days)
        domain &= Domain("partner_id", "in", self._origin.ids)
        cases = self.env["account.followup"].sudo().search(domain)
        by_hand = {case.partner_id: case.next_reminder_date for case in cases}
        for partner in self:
            row = rows.get(partner._origin.id) or {}
            for name, (column, default) in COLUMNS.items():
                partner[name] = row.get(column) or default
            # a day set by hand shows also when nothing is open
            if day := by_hand.get(partner._origin):
                partner.followup_next_reminder_date = day

    @api.depends_context("company")
    def _compute_followup_enabled(self):
        self.followup_enabled = self.env.company.root_id.sudo().followup_enabled

    @api.depends_context("company")
    def _compute_followup_item_ids(self):
        items = self.env["account.followup.item"].search(
            [
                ("partner_id", "in", self._origin.ids),
                ("company_id", "=", self.env.company.root_id.id),
            ]
        )
        by_partner = items.grouped("partner_id")
        for partner in self:
            partner.followup_item_ids = by_partner.get(partner._origin, items.browse())

    @api.depends_context("company")
    def _compute_followup_reminder_count(self):
        counts = self._count_followup_records("account.followup.reminder")
        for partner in self:
            partner.followup_reminder_count = counts.get(partner._origin.id, 0)

    def _count_followup_records(self, model):
        """Return {customer id: number of records} in the current root company.

        What stayed with a former parent company counts for both.
        """
        company = Domain("company_id", "=", self.env.company.root_id.id)
        counts = Counter()
        for name in ("partner_id", "origin_partner_id"):
            rows = self.env[model]._read_group(
                company & Domain(name, "in", self._origin.ids), [name], ["__count"]
            )
            for partner, count in rows:
                if name == "partner_id" or partner.commercial_partner_id == partner:
                    counts[partner.id] += count
        return counts

    def _search_followup_status(self, operator, value):
        return self._search_followup("followup_status", operator, value)

    def _search_followup_level_id(self, operator, value):
        return self._search_followup("followup_level_id", operator, value)

    def _search_followup_next_reminder_date(self, operator, value):
        """Search by the day set by hand (also when nothing is open), else the rule's.

        A day set by hand is never empty.
        """
        domain = self._search_followup("followup_next_reminder_date", operator, value)
        if domain is NotImplemented:
            return domain
        followups = self.env["account.followup"].sudo()
        root = self.env.company.root_id
        days = root._get_followup_days(root)
        by_hand = self._get_followup_by_hand_domain(days)
        cases = followups._search(by_hand)
        fitting = followups._search(
            by_hand & Domain("next_reminder_date", operator, value)
        )
        return Domain("id", "in", fitting.subselect("partner_id")) | (
            domain & Domain("id", "not in", cases.subselect("partner_id"))
        )

    @api.model
    def _get_followup_by_hand_domain(self, days):
        """Return the domain of cases whose day set by hand counts (rule 9).

        :param days: dict {root company: date that counts as today}
        """
        root = self.env.company.root_id
        if root not in days:
            return Domain.FALSE
        return (
            Domain("company_id", "=", root.id)
            & Domain("excluded", "=", False)
            & Domain("next_reminder_date", ">=", days[root])
        )

    def _search_total_due(self, operator, value):
        return self._search_followup("total_due", operator, value)

    def _search_total_overdue(self, operator, value):
        return self._search_followup("total_overdue", operator, value)

    @api.model
    def _search_followup(self, name, operator, value):
        """Search by a column of the rule, as a sub-query.

        Customers without open items have no row there: where their value fits, those
        whose row does not fit are left out instead.
        """
        self._check_field_access(self._fields[name], "read")
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        column, default = COLUMNS[name]
        root = self.env.company.root_id
        customers = self.env["account.followup.customer"].sudo()
        customers = customers.with_context(**{ROOTS: frozenset(root.ids)})
        condition = Domain(column, operator, value)
        company = Domain("company_id", "=", root.id)
        if self._fits(default, operator, value):
            others = customers._search(~condition & company)
            return Domain("id", "not in", others.subselect("partner_id"))
        found = customers._search(condition & company)
        return Domain("id", "in", found.subselect("partner_id"))

    @api.model
    def _fits(self, default, operator, value):
        """Return whether the value of a customer without open items fits a search."""
        if operator == "in":
            return default in value
        if isinstance(default, float) and operator in ("<", "<=", ">", ">="):
            return {
                "<": default < value,
                "<=": default <= value,
                ">": default > value,
                ">=": default >= value,
            }[operator]
        return False

    # ------------------------------------------------------------------
    # Settings: kept in account.followup
    # ------------------------------------------------------------------

    def _get_followup(self):
        """Return the case of each customer in the current root company, if any."""
        return (
            self.env["account.followup"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", self._origin.ids),
                    ("company_id", "=", self.env.company.root_id.id),
                ]
            )
        )

    @api.depends_context("company")
    def _compute_followup_settings(self):
        followups = self._get_followup().grouped("partner_id")
        default_user = self.env.company.root_id.sudo().followup_responsible_id
        for partner in self:
            followup = followups.get(partner._origin)
            for name, (field, default) in SETTINGS.items():
                partner[name] = followup[field] if followup else default
            if not partner.followup_responsible_id:
                partner.followup_responsible_id = default_user
            partner.followup_failure_reason = followup and followup.failure_reason

    def _write_followup(self, field, name):
        """Keep a setting of these customers, see ``account.followup``."""
        self.check_access("write")
        followups = self.env["account.followup"]
        followups.check_access("write")
        company = self.env.company.root_id
        for partner in self:
            followup = followups._get_or_create(
                partner._origin.commercial_partner_id, company
            )
            value = self._fields[name].convert_to_write(partner[name], partner)
            followup._set_by_hand({field: value})
        self.invalidate_recordset(list(COLUMNS))

    def _inverse_followup_next_reminder_date(self):
        self._write_followup("next_reminder_date", "followup_next_reminder_date")

    def _inverse_followup_reminder_type(self):
        self._write_followup("reminder_type", "followup_reminder_type")

    def _inverse_followup_responsible_id(self):
        self._write_followup("responsible_id", "followup_responsible_id")

    def _inverse_followup_excluded(self):
        self._write_followup("excluded", "followup_excluded")

    def _search_followup_reminder_type(self, operator, value):
        return self._search_followup_setting("reminder_type", operator, value)

    def _search_followup_excluded(self, operator, value):
        return self._search_followup_setting("excluded", operator, value)

    @api.model
    def _search_followup_setting(self, field, operator, value):
        self._check_field_access(self._fields[f"followup_{field}"], "read")
        if operator != "in":
            return NotImplemented
        _field, default = SETTINGS[f"followup_{field}"]
        followups = self.env["account.followup"].sudo()
        company = Domain("company_id", "=", self.env.company.root_id.id)
        if default in value:
            others = followups._search(Domain(field, "not in", value) & company)
            return Domain("id", "not in", others.subselect("partner_id"))
        found = followups._search(Domain(field, "in", value) & company)
        return Domain("id", "in", found.subselect("partner_id"))

    def _search_followup_responsible_id(self, operator, value):
        """Search by the effective responsible: the customer's own, else the default."""
        self._check_field_access(self._fields["followup_responsible_id"], "read")
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        root = self.env.company.root_id.sudo()
        followups = self.env["account.followup"].sudo()
        named = Domain("responsible_id", "!=", False)
        named &= Domain("company_id", "=", root.id)
        own = followups._search(named & Domain("responsible_id", operator, value))
        domain = Domain("id", "in", own.subselect("partner_id"))
        fits = operator == "in" and False in value
        if default := root.followup_responsible_id:
            fits = default.filtered_domain([("id", operator, value)])
        if fits:
            anybody = followups._search(named)
            domain |= Domain("id", "not in", anybody.subselect("partner_id"))
        return domain

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def _check_followup_access(self):
        """Raise AccessError unless the user may send reminders."""
        if not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(
                self.env._("Only users of Invoicing may send payment reminders.")
            )
        self.check_access("read")

    def _check_followup_read_access(self):
        """Raise AccessError unless the user may look at the follow-ups."""
        self.env["account.followup"].check_access("read")
        self.check_access("read")

    def action_send_followup(self):
        """Open the window Send and Print for the customer.

        :raise UserError: the customer has no open invoice
        """
        self.ensure_one()
        self._check_followup_access()
        partner = self.commercial_partner_id
        domain = [
            ("partner_id", "=", partner.id),
            ("company_id", "=", self.env.company.root_id.id),
            ("residual", ">", 0),
        ]
        if not self.env["account.followup.item"].search_count(domain, limit=1):
            raise UserError(
                self.env._(
                    "%(customer)s has no open invoice to remind of.",
                    customer=partner.display_name,
                )
            )
        return get_window(
            "account.followup.send.wizard",
            self.env._("Send and Print"),
            default_partner_id=partner.id,
        )

    def action_process_followups(self):
        """Open the window that carries out the level due for each of them (D1, D3)."""
        self._check_followup_access()
        return get_window(
            "account.followup.process.wizard",
            self.env._("Process Follow-ups"),
            default_partner_ids=self.commercial_partner_id.ids,
        )

    def action_view_followup_items(self):
        """Open the list of open items of the customer (B1)."""
        action = self._get_followup_action("action_account_followup_item_customer")
        action["context"] = {
            "search_default_overdue": 1,
            "hide_customer": True,
            "followup_partner_id": self.commercial_partner_id.id,
        }
        action["display_name"] = self.env._(
            "Overdue Invoices of %s", self.commercial_partner_id.display_name
        )
        return action

    def action_view_followup_reminders(self):
        """Open the history of reminders to the customer (E3)."""
        return self._get_followup_action("action_account_followup_reminder_customer")

    def _get_followup_action(self, name):
        """Return one of our actions, for the customer in the current root company.

        The action itself says the same of the customer in the address, so that the
        page is the same when it is loaded again.

        :raise AccessError: the user may not look at the follow-ups
        """
        self.ensure_one()
        self._check_followup_read_access()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"account_payment_followup.{name}"
        )
        partner = self.commercial_partner_id
        domain = Domain("partner_id", "=", partner.id)
        if "origin_partner_id" in self.env[action["res_model"]]._fields:
            domain |= Domain("origin_partner_id", "=", partner.id)
        company = Domain("company_id", "=", self.env.company.root_id.id)
        action["domain"] = list(domain & company)
        return action

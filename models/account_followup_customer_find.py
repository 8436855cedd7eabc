from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.date_utils import end_of

from .account_followup_customer import ID_SHIFT


def found_by(method):
    """Return what searches a field of a row: a method of the model below."""

    def search(customers, operator, value):
        service = customers.env["account.followup.customer.find"]
        return getattr(service, method)(operator, value)

    return search


class AccountFollowupCustomerFind(models.AbstractModel):
    """Finding rows of the work-list by what is no column of the rule.

    Each method answers a search of the field that names it (``found_by``).
    """

    _name = "account.followup.customer.find"
    _description = "Customer to Follow Up"

    @api.model
    def _find_activity_state(self, operator, value):
        return Domain("partner_id.activity_state", operator, value)

    @api.model
    def _find_activity_user_id(self, operator, value):
        return Domain("partner_id.activity_user_id", operator, value)

    @api.model
    def _find_trust(self, operator, value):
        domains = []
        for root in self.env.companies.root_id:
            company = self.env.companies.filtered(
                lambda company, root=root: company.root_id == root
            )[:1]
            partners = self.env["res.partner"].sudo().with_company(company)
            found = partners.with_context(active_test=False)._search(
                [("trust", operator, value)]
            )
            domains.append(
                Domain("company_id", "=", root.id) & Domain("partner_id", "in", found)
            )
        return Domain.OR(domains)

    @api.model
    def _find_waiting_since(self, operator, value):
        if operator == "in" and False in value:
            return NotImplemented  # the opposite is asked instead
        queued = self.env["account.followup.reminder"].search(
            [
                ("state", "=", "queued"),
                ("is_test", "=", False),
                ("date", operator, value),
            ]
        )
        ids = {(one.company_id.id << ID_SHIFT) | one.partner_id.id for one in queued}
        return [("id", "in", list(ids))]

    # ------------------------------------------------------------------
    # By the items
    # ------------------------------------------------------------------

    @api.model
    def _find_promised(self, operator, value):
        return self._get_yes_domain(self._get_promise_ids("promised"), operator, value)

    @api.model
    def _find_promise_broken(self, operator, value):
        return self._get_yes_domain(self._get_promise_ids(), operator, value)

    @api.model
    def _find_ladder_done(self, operator, value):
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
        return self._get_yes_domain(query.subselect(row), operator, value)

    @api.model
    def _find_document(self, operator, value):
        if operator not in ("ilike", "=ilike", "like", "in", "="):
            return NotImplemented
        names = Domain.OR(
            Domain(name, operator, value)
            for name in ("move_id.name", "move_id.ref", "move_id.payment_reference")
        )
        return self._get_items_domain(names | Domain("name", operator, value))

    @api.model
    def _find_amount(self, operator, value):
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
        return Domain.OR(domains) | self._get_items_domain(Domain.OR(items))

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------

    @api.model
    def _get_yes_domain(self, ids, operator, value):
        """Return the domain of a yes or no that holds for these rows."""
        if operator not in ("in", "=") or (operator == "in" and True not in value):
            return NotImplemented
        return Domain("id", "in", ids if not isinstance(ids, set) else list(ids))

    @api.model
    def _get_promise_ids(self, kind="broken"):
        """Return the ids of rows with a promise that is not kept.

        :param str kind: see ``_get_promised_lines``
        """
        return {
            (line.company_id.root_id.id << ID_SHIFT)
            | line.partner_id.commercial_partner_id.id
            for line in self._get_promised_lines(kind)
        }

    @api.model
    def _get_promised_lines(self, kind="broken"):
        """Return the open items with a promise that is not kept; none is excluded.

        :param str kind: ``promised`` for those that are to be paid in the rest of this
            week, ``broken`` for those of a promise that was broken, or kept in part
            only, and for which they do not rest any more
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
        return self._filter_broken(lines) if kind == "broken" else lines

    @api.model
    def _filter_broken(self, lines):
        """Return the items of which the ledger says that a promise was broken.

        A day that has passed says nothing: of a promise for a part, or within the
        tolerance, it may be kept, or be so still (rule 14).
        """
        promises = self.env["account.followup.promise"].sudo()
        promises = promises.search(
            Domain("line_ids", "in", lines.ids) & Domain("ended", "=", False)
        )
        if not promises:
            return lines.browse()
        states = promises._get_states()
        broken = promises.filtered(
            lambda promise: (
                promise.id in states and states[promise.id][0] in ("broken", "partly")
            )
        )
        return lines & broken.line_ids

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

    @api.model
    def _get_items_domain(self, domain):
        """Return the domain of customers who have such an open item."""
        lines = self.env["account.move.line"]._search(domain & self._get_open_domain())
        owners = lines.subselect(SQL.identifier(lines.table, "partner_id"))
        partners = self.env["res.partner"].with_context(active_test=False)
        partners = partners._search([("id", "in", owners)])
        customers = SQL.identifier(partners.table, "commercial_partner_id")
        return Domain("partner_id", "in", partners.subselect(customers))

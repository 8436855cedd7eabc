from odoo import api, fields, models
from odoo.exceptions import UserError

from .account_move_line import GROUPS


class ResPartner(models.Model):
    """What a customer has promised to pay (X7)."""

    _inherit = "res.partner"

    followup_promise_count = fields.Integer(
        compute="_compute_followup_promise_count", groups=GROUPS
    )
    followup_promise_text = fields.Char(
        "Promised", compute="_compute_followup_promise_text", groups=GROUPS
    )

    @api.depends_context("company")
    def _compute_followup_promise_count(self):
        counts = self._count_followup_records("account.followup.promise")
        for partner in self:
            partner.followup_promise_count = counts.get(partner._origin.id, 0)

    @api.depends_context("company", "lang")
    def _compute_followup_promise_text(self):
        """Say what is promised and not paid yet."""
        promises = self.env["account.followup.promise"].search(
            [
                ("partner_id", "in", self._origin.ids),
                ("company_id", "=", self.env.company.root_id.id),
                ("state", "=", "open"),
            ],
            order="date, id",
        )
        by_partner = promises.grouped("partner_id")
        for partner in self:
            mine = by_partner.get(partner._origin, promises.browse())
            partner.followup_promise_text = ", ".join(
                promise._get_text() for promise in mine
            )

    def action_promise_followup(self):
        """Open the window Promise for the customer."""
        self.ensure_one()
        self._check_followup_access()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Promise to Pay"),
            "res_model": "account.followup.promise.wizard",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_partner_id": self.commercial_partner_id.id},
        }

    def action_view_followup_promises(self):
        """Open the promises of the customer (E3)."""
        return self._get_followup_action("action_account_followup_promise_customer")


class AccountFollowupCustomer(models.Model):
    _inherit = "account.followup.customer"

    def action_promise_followup(self):
        """Open Promise for the customer of the row."""
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_on_customer(self, "action_promise_followup")


class AccountFollowupItem(models.Model):
    _inherit = "account.followup.item"

    def action_promise_followup(self):
        """Open Promise for these items of one customer.

        :raise UserError: they are of several customers or companies
        """
        return self._get_action_on_lines("action_promise_followup")

    def _get_action_on_lines(self, method):
        """Return the action of a button of the customer, for these items of it.

        :raise UserError: they are of several customers or companies
        """
        lines = self._get_hold_lines()
        if len(self.partner_id) > 1 or len(self.company_id) > 1:
            raise UserError(
                self.env._(
                    "Select the invoices of one customer at a time, not of %s.",
                    ", ".join(self.partner_id.mapped("display_name")),
                )
            )
        lines._check_followup_open()
        ways = self.env["account.followup.customer.open"]
        company = ways._get_companies_first(self.company_id)[:1]
        action = getattr(self.partner_id.with_company(company), method)()
        action["context"] |= {
            "default_line_ids": lines.ids,
            "default_company_id": self.company_id.id,
        }
        return action

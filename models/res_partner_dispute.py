from odoo import api, fields, models

from .account_move_line import GROUPS


class ResPartner(models.Model):
    """What a customer says is wrong (X8)."""

    _inherit = "res.partner"

    followup_dispute_count = fields.Integer(
        compute="_compute_followup_dispute_count", groups=GROUPS
    )
    followup_dispute_text = fields.Char(
        "In Dispute", compute="_compute_followup_dispute_text", groups=GROUPS
    )

    @api.depends_context("company")
    def _compute_followup_dispute_count(self):
        counts = self._count_followup_records("account.followup.dispute")
        for partner in self:
            partner.followup_dispute_count = counts.get(partner._origin.id, 0)

    @api.depends_context("company", "lang")
    def _compute_followup_dispute_text(self):
        """Say what is in dispute still."""
        disputes = self.env["account.followup.dispute"].search(
            [
                ("partner_id", "in", self._origin.ids),
                ("company_id", "=", self.env.company.root_id.id),
                ("state", "=", "open"),
            ],
            order="review_date, id",
        )
        by_partner = disputes.grouped("partner_id")
        for partner in self:
            mine = by_partner.get(partner._origin, disputes.browse())
            partner.followup_dispute_text = "; ".join(
                dispute._get_text() for dispute in mine
            )

    def action_dispute_followup(self):
        """Open the window Dispute for the customer."""
        self.ensure_one()
        self._check_followup_access()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Dispute"),
            "res_model": "account.followup.dispute.wizard",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_partner_id": self.commercial_partner_id.id},
        }

    def action_view_followup_disputes(self):
        """Open the disputes of the customer (E3)."""
        return self._get_followup_action("action_account_followup_dispute_customer")


class AccountFollowupCustomer(models.Model):
    _inherit = "account.followup.customer"

    def action_dispute_followup(self):
        """Open Dispute for the customer of the row."""
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_on_customer(self, "action_dispute_followup")


class AccountFollowupItem(models.Model):
    _inherit = "account.followup.item"

    def action_dispute_followup(self):
        """Open Dispute for these items of one customer.

        :raise UserError: they are of several customers or companies
        """
        return self._get_action_on_lines("action_dispute_followup")

from odoo import api, fields, models


class AccountFollowup(models.Model):
    """The settings of a customer for who may remind, but not edit contacts (G2)."""

    _inherit = "account.followup"

    trust = fields.Selection(
        selection=lambda self: (
            self.env["account.followup.customer.trust"]._get_choices()
        ),
        compute="_compute_trust",
        inverse="_inverse_trust",
    )

    @api.depends("partner_id")
    @api.depends_context("company", "allowed_company_ids")
    def _compute_trust(self):
        service = self.env["account.followup.customer.trust"]
        for followup in self:
            followup.trust = service._get_holder(followup).trust

    def _inverse_trust(self):
        """Keep it at the customer, in the company of the case, like the work-list."""
        self._check_customer_access()
        service = self.env["account.followup.customer.trust"]
        for followup in self:
            service._get_holder(followup).trust = followup.trust


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_edit_followup_settings(self):
        """Open the settings of the customer, also on a form that is read-only."""
        self.ensure_one()
        self._check_followup_access()
        followup = self.env["account.followup"]._get_or_create(
            self.commercial_partner_id, self.env.company.root_id
        )
        followup.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Follow-up Settings"),
            "res_model": followup._name,
            "res_id": followup.id,
            "views": [(False, "form")],
            "target": "new",
        }

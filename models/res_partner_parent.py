from odoo import models


class ResPartner(models.Model):
    """What becomes of a case when a customer gets a parent company, or leaves it.

    Odoo moves the journal items to the new commercial partner, as a merge would: so
    does the history, and the settings are the more careful ones of both (G5).
    """

    _inherit = "res.partner"

    def write(self, vals):
        # EXTENDS 'account', which moves the journal items
        if not {"is_company", "parent_id"} & vals.keys():
            return super().write(vals)
        customers = {partner: partner.commercial_partner_id for partner in self}
        result = super().write(vals)
        for partner, customer in customers.items():
            now = partner.commercial_partner_id
            if now == customer:
                continue
            if customer == partner:
                partner.sudo()._join_followups_of(now.sudo())
            elif now == partner:
                partner.sudo()._leave_followups_of(customer.sudo())
        return result

    def _get_followup_history(self):
        """Return what happened with these customers, one recordset a model."""
        mixin = self.env.registry["account.followup.history.mixin"]
        return [
            self.env[name].search([("partner_id", "in", self.ids)])
            for name, model in sorted(self.env.registry.items())
            if issubclass(model, mixin) and not model._abstract
        ]

    def _join_followups_of(self, customer):
        """Take case and history along to the customer of which it is a part now.

        The case stays where it is, in case the partner leaves again.
        """
        self.ensure_one()
        cases = self.env["account.followup"]
        for case in cases.search([("partner_id", "=", self.id)]):
            kept = cases._get_or_create(customer, case.company_id)
            kept.write(kept._prepare_merged(case))
        lines = self.env["account.followup.reminder.line"]
        lines._note_doubles(self + customer)
        for records in self._get_followup_history():
            first = records.filtered(lambda record: not record.origin_partner_id)
            first.origin_partner_id = self
            records.partner_id = customer

    def _leave_followups_of(self, customer):
        """Take the history back which is about nothing that stays with the customer.

        Odoo leaves the journal items with the former parent: what was reminded of them
        stays there, and is shown here, too. Settings are those of before; a partner who
        had none goes on with those of the parent.
        """
        self.ensure_one()
        cases = self.env["account.followup"]
        mine = cases.search([("partner_id", "=", self.id)])
        for case in cases.search([("partner_id", "=", customer.id)]):
            if case.company_id not in mine.company_id:
                own = cases._get_or_create(self, case.company_id)
                own.write(own._prepare_merged(case))
        for records in customer._get_followup_history():
            records.filtered(
                lambda record: record.origin_partner_id == self
                and customer
                not in record._get_history_items().partner_id.commercial_partner_id
            ).write({"partner_id": self.id, "origin_partner_id": False})

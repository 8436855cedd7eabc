from datetime import timedelta

from odoo import api, fields, models

#: Core tries every ten minutes, for four days: what hangs for longer is told.
PATIENCE = timedelta(days=1)


class PaymentTransaction(models.Model):
    """Money that the provider has and core does not book: its invoices rest (rule 3).

    Without a word to somebody they would rest for ever.
    """

    _inherit = "payment.transaction"

    @api.model
    def _tell_followup_unbooked(self, days):
        """Give who looks after a company a task while such payments hang, and end it.

        :param dict days: {root company: date that counts as today}
        """
        summary = self.env._("Online payments are not in the books")
        hanging = self._get_followup_unbooked()
        hanging = hanging.grouped(lambda one: one.company_id.root_id)
        for company in hanging.keys() & days.keys():
            note = hanging[company]._get_followup_unbooked_text(company)
            company._schedule_followup_task(summary, note, days[company])
        others = {one.partner_id.id: one for one in days if one not in hanging}
        told = self.env["mail.activity"].sudo()
        told = told.search(
            [
                ("res_model", "=", "res.partner"),
                ("res_id", "in", list(others)),
                ("summary", "=", summary),
            ]
        )
        for partner_id in set(told.mapped("res_id")):
            company = others[partner_id]
            company._end_followup_task(summary, self.env._("All of them are booked."))

    @api.model
    def _get_followup_unbooked(self):
        """Return what has hung for more than a day, of invoices that are open."""
        found = self.sudo().search(
            [
                ("state", "=", "done"),
                ("is_post_processed", "=", False),
                ("amount", ">", 0),  # as the index has it
                ("last_state_change", "<", fields.Datetime.now() - PATIENCE),
            ]
        )
        found = found._filter_followup_under_way()
        return found.filtered(lambda one: one._is_followup_open())

    def _is_followup_open(self):
        """Return whether something of its invoices is still open."""
        self.ensure_one()
        return any(
            move.state == "posted"
            and not move.currency_id.is_zero(move.amount_residual)
            for move in self.invoice_ids
        )

    def _get_followup_unbooked_text(self, company):
        """Return what hangs, and the way out."""
        return self.env._(
            "%(company)s: what was paid online more than a day ago is not in the books "
            "(%(payments)s). Until it is, these invoices are not reminded: "
            "%(documents)s. Register the payments on the invoices, or ask an "
            "administrator for the server's log and the scheduled action that "
            "post-processes payment transactions.",
            company=company.name,
            payments=", ".join(self.mapped("reference")),
            documents=", ".join(self.invoice_ids.mapped("display_name")),
        )

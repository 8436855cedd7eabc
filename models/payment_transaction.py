from odoo import fields, models


class PaymentTransaction(models.Model):
    """Payments of the debtor page: they settle the items that were chosen (X11)."""

    _inherit = "payment.transaction"

    followup_item_ids = fields.Many2many(
        "account.move.line",
        "account_followup_transaction_rel",
        "transaction_id",
        "line_id",
        string="Paid Items",
        readonly=True,
        copy=False,
        groups="account.group_account_invoice,account.group_account_readonly",
        help="Instalments that the customer has chosen to pay, and credits deducted.",
    )

    def _create_payment(self, **extra_create_values):
        # EXTENDS 'account_payment': that settles the oldest instalments of the invoices
        payment = super()._create_payment(**extra_create_values)
        items = self.sudo().followup_item_ids
        if items:
            self._match_followup_items(payment, items)
        return payment

    def _match_followup_items(self, payment, items):
        """Settle what was chosen, credits included, as far as it is still open."""
        account = payment.destination_account_id
        line = payment.move_id.line_ids.filtered(lambda one: one.account_id == account)
        items = items.filtered(lambda one: one.account_id == account)
        if not items.filtered(lambda one: not one.reconciled):
            return
        if line.matched_debit_ids.debit_move_id - items:
            line.remove_move_reconcile()
        (line + items).filtered(lambda one: not one.reconciled).reconcile()

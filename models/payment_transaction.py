from odoo import fields, models

#: Codes of providers through which nothing is paid online.
NO_PROVIDERS = ("none", "custom")

#: Money is on its way (rule 3). What the provider has got is ``done`` at once; core
#: makes an entry of it minutes later, or never if that fails. A refund takes it back.
UNDER_WAY = (
    "state IN ('pending', 'authorized')"
    " OR (state = 'done' AND is_post_processed IS NOT TRUE AND amount > 0)"
)


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

    # the rule asks for them, of which there are few among all that was ever paid
    _followup_under_way_idx = models.Index(f"(id) WHERE {UNDER_WAY}")

    def _filter_followup_under_way(self):
        """Return those because of which an invoice rests, as the rule says it."""
        return self.filtered(
            lambda one: (
                one.provider_code not in NO_PROVIDERS
                and (
                    one.state in ("pending", "authorized")
                    or (
                        one.state == "done"
                        and not one.is_post_processed
                        and one.amount > 0
                    )
                )
            )
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

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
        items = self.sudo()._get_followup_chosen()
        before = self._get_followup_matches(items.move_id.line_ids)
        payment = super()._create_payment(**extra_create_values)
        if items:
            self._match_followup_items(payment, items, before)
        return payment

    def _get_followup_chosen(self):
        """Return the items that it pays; a capture pays those of what it captures."""
        source = self.source_transaction_id
        is_capture = source and source.operation == self.operation
        return source.followup_item_ids if is_capture else self.followup_item_ids

    def _get_followup_matches(self, lines):
        return lines.matched_debit_ids | lines.matched_credit_ids

    def _match_followup_items(self, payment, items, before):
        """Settle what was chosen, credits included, as far as it is still open.

        What core has just matched with other instalments is taken back first, whether
        it was the payment or a credit; what was matched ``before`` stays.
        """
        account = payment.destination_account_id
        line = payment.move_id.line_ids.filtered(lambda one: one.account_id == account)
        items = items.filtered(lambda one: one.account_id == account)
        if all(one.reconciled for one in items if one.balance > 0):
            return
        chosen = items + line
        made = self._get_followup_matches(items.move_id.line_ids + line) - before
        made.filtered(
            lambda one: one.debit_move_id + one.credit_move_id - chosen
        ).unlink()
        chosen.filtered(lambda one: not one.reconciled).reconcile()

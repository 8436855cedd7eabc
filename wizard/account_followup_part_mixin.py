from odoo import api, fields, models


class AccountFollowupPartMixin(models.AbstractModel):
    """A window in which a customer disputes invoices, or a part of one (rule 15)."""

    _name = "account.followup.part.mixin"
    _description = "Window about Disputed Invoices"

    currency_id = fields.Many2one("res.currency", compute="_compute_open")
    amount_open = fields.Monetary("Open Amount", compute="_compute_open")
    amount = fields.Monetary(
        "Disputed Amount", compute="_compute_amount", store=True, readonly=False
    )
    is_partial = fields.Boolean(compute="_compute_is_partial")
    is_rest_claimed = fields.Boolean(
        "Claim the Rest",
        help="Reminders go on about what is open beside the disputed part. Otherwise "
        "the whole invoice rests.",
    )

    @api.depends("line_ids", "company_id")
    def _compute_open(self):
        for wizard in self:
            lines = wizard.line_ids
            wizard.currency_id = lines.currency_id[:1] or wizard.company_id.currency_id
            is_one = len(lines.currency_id) == 1
            residuals = lines.mapped("amount_residual_currency")
            wizard.amount_open = sum(residuals) if is_one else 0.0

    @api.depends("amount_open")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.amount_open

    @api.depends("amount", "amount_open", "line_ids")
    def _compute_is_partial(self):
        for wizard in self:
            currency, amount = wizard.currency_id, wizard.amount
            wizard.is_partial = (
                len(wizard.line_ids) == 1
                and currency.compare_amounts(amount, 0) > 0
                and currency.compare_amounts(amount, wizard.amount_open) < 0
            )

    def _get_part(self):
        """Return how much is disputed and whether the rest is claimed, as values."""
        is_one = len(self.line_ids.currency_id) == 1
        return {
            "amount": self.amount if is_one else None,
            "is_rest_claimed": self.is_partial and self.is_rest_claimed,
        }

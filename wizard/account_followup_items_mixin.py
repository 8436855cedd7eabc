from odoo import Command, api, fields, models


class AccountFollowupItemsMixin(models.AbstractModel):
    """A window about some open items of one customer: all that is overdue at first."""

    _name = "account.followup.items.mixin"
    _inherit = "account.followup.wizard.mixin"
    _description = "Window about Open Items of a Customer"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True
    )
    line_ids = fields.Many2many(
        "account.move.line",
        string="Invoices",
        compute="_compute_line_ids",
        compute_sudo=False,  # what the user may see, no more
        store=True,
        readonly=False,
        domain="[('id', 'in', available_line_ids)]",
    )
    available_line_ids = fields.Many2many(
        "account.move.line", compute="_compute_available_line_ids"
    )

    def _get_items(self):
        """Return the open items of the customer that can rest."""
        self.company_id._check_followup_access()
        return self.env["account.followup.item"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("residual", ">", 0),
                ("rest_reason", "!=", "excluded"),
            ]
        )

    @api.depends("partner_id", "company_id")
    def _compute_line_ids(self):
        """All that is overdue; what else is open can be added."""
        for wizard in self:
            late = wizard._get_late_items()
            wizard.line_ids = [Command.set(late.move_line_id.ids)]

    def _get_late_items(self):
        """Return what is overdue and not in dispute."""
        return self._get_items().filtered(
            lambda item: item.days_late > 0 and item.rest_kind != "dispute"
        )

    @api.depends("partner_id", "company_id")
    def _compute_available_line_ids(self):
        for wizard in self:
            wizard.available_line_ids = wizard._get_items().move_line_id

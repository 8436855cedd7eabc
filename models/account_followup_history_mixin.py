from odoo import fields, models


class AccountFollowupHistoryMixin(models.AbstractModel):
    """What happened with a customer on a day, kept for ever.

    The customer is a commercial partner, the company a root company.
    """

    _name = "account.followup.history.mixin"
    _description = "Customer Follow-up"
    _order = "date DESC, id DESC"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    origin_partner_id = fields.Many2one(
        "res.partner",
        string="Former Customer",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Whom it was about, before that customer became part of this one.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="restrict"
    )
    date = fields.Date(required=True, readonly=True)

    def _get_history_items(self):
        """Return the journal items that it is about."""
        return self.env["account.move.line"]

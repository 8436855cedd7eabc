"""What a module writes for one more reason to rest: docs/development.md, hooks.

``_module = None`` keeps it out of the registry but for the test that adds it.
"""

from odoo import api, fields, models
from odoo.tools import SQL


class Item(models.Model):
    """What a customer disputes is not claimed until somebody ends the dispute."""

    _module = None
    _inherit = "account.followup.item"

    rest_reason = fields.Selection(selection_add=[("dispute", "In dispute")])

    @api.model
    def _get_rest_reasons(self):
        disputed = SQL(
            "line.move_id IN (SELECT id FROM account_move WHERE ref = 'disputed')",
            to_flush=self.env["account.move"]._fields["ref"],
        )
        return [*super()._get_rest_reasons(), ("dispute", disputed, None)]

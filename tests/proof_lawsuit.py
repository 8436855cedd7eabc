"""What a module writes for one more reason to rest: docs/development.md, hooks.

``_module = None`` keeps it out of the registry but for the test that adds it.
"""

from odoo import api, fields, models
from odoo.tools import SQL


class Item(models.Model):
    """What is at court is not claimed until that ends."""

    _module = None
    _inherit = "account.followup.item"

    rest_reason = fields.Selection(selection_add=[("lawsuit", "At court")])

    @api.model
    def _get_rest_reasons(self):
        pending = self._get_sql_is_resting("lawsuit")
        return [*super()._get_rest_reasons(), ("lawsuit", pending, None)]

    @api.model
    def _get_resting(self):
        """It is rare: where nothing is at court, the rule does not ask for it."""
        pending = SQL(
            "SELECT id FROM account_move WHERE ref = 'at court'",
            to_flush=self.env["account.move"]._fields["ref"],
        )
        return {**super()._get_resting(), "lawsuit": (SQL("line.move_id"), pending)}

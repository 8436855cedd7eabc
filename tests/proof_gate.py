"""What a module writes for one more gate of the automatic run: see docs/development.md.

``_module = None`` keeps it out of the registry but for the test that adds it.
"""

from odoo import api, models


class Gate(models.AbstractModel):
    """Nothing leaves by itself on the 13th, and never to who is marked so."""

    _module = None
    _name = "account.followup.gate.proof"
    _inherit = ["account.followup.gate"]
    _description = "Proof"

    @api.model
    def _get_company_reason(self, company, day, now=None):
        return "Not on the 13th." if day.day == 13 else None

    @api.model
    def _get_case_reasons(self, cases, day, now=None):
        marked = cases.filtered(lambda case: case.partner_id.ref == "wait")
        return dict.fromkeys(marked, "The customer is marked.")


MODELS = [Gate]

from odoo import api, models


class AccountFollowupGatePause(models.AbstractModel):
    """Who has answered is not reminded by itself for a while (rule 16, X17).

    The setting is a column of the case, which is read anyway.
    """

    _name = "account.followup.gate.pause"
    _inherit = ["account.followup.gate"]
    _description = "Pause after an Answer"

    _place = 70

    @api.model
    def _get_case_reasons(self, cases, day, now=None):
        # EXTENDS 'account.followup.gate'
        pauses = self.env["account.followup.pause"]
        texts = {case: pauses._get_text(case, day) for case in cases}
        return {case: text for case, text in texts.items() if text}

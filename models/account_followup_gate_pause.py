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

    @api.model
    def _let_pass(self, company, partner_ids, day, now):
        # EXTENDS 'account.followup.gate': they neither fill the list to approve nor
        # take the turns of others, which the gates after this one count
        cases = self.env["account.followup"].sudo()
        paused = cases.search(
            [("company_id", "=", company.id), ("pause_until", ">=", day)]
        )
        held = set(paused.partner_id.ids)
        return [id_ for id_ in partner_ids if id_ not in held]

"""What a module writes for a fee in its reminders: docs/development.md, hooks.

``_module = None`` keeps it out of the registry but for the test that adds it.
"""

from odoo import api, fields, models


class Level(models.Model):
    _module = None
    _inherit = "account.followup.level"

    fee = fields.Float(help="In the currency of the company.")


class Reminder(models.Model):
    _module = None
    _inherit = "account.followup.reminder"

    fee = fields.Float(readonly=True)


class Claim(models.AbstractModel):
    _module = None
    _inherit = "account.followup.claim"

    @api.model
    def _get_extra_lines(self, data):
        lines = super()._get_extra_lines(data)
        if not data["level"].fee:
            return lines
        fee = {
            "name": self.env._("Reminder fee"),
            "currency": data["followup"].company_id.currency_id,
            "amount": data["level"].fee,
        }
        return [*lines, fee]


class Send(models.AbstractModel):
    _module = None
    _inherit = "account.followup.send"

    @api.model
    def _prepare_reminder(self, followup, data):
        values = super()._prepare_reminder(followup, data)
        return {**values, "fee": sum(line["amount"] for line in data["extra_lines"])}


MODELS = [Level, Reminder, Claim, Send]

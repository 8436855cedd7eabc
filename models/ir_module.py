from odoo import api, models

MODULE = "account_payment_followup"


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    @api.model
    def _load_module_terms(self, modules, langs, overwrite=False):
        # EXTENDS 'base': each company has levels of its own, which no file translates
        super()._load_module_terms(modules, langs, overwrite=overwrite)
        if MODULE in modules:
            levels = self.env["account.followup.level"].sudo()
            levels = levels.with_context(active_test=False).search([])
            active = {code for code, _name in self.env["res.lang"].get_installed()}
            defaults = self.env["account.followup.default"].sudo()
            defaults._translate_default_levels(levels, active.intersection(langs))

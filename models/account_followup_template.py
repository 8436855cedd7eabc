from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import placeholders
from .account_followup_placeholder import PLACEHOLDERS


class FollowupTemplateMixin(models.AbstractModel):
    """A template whose texts may have placeholders, if it is about customers (Y4)."""

    _name = "account.followup.template.mixin"
    _description = "Text with Placeholders"

    followup_placeholders = fields.Json(
        "Placeholders", compute="_compute_followup_placeholders"
    )

    @api.depends_context("lang")
    @api.depends("model_id")
    def _compute_followup_placeholders(self):
        """Offer the placeholders with their meaning, as [[name, meaning]]."""
        every = [[name, self.env._(label)] for name, label in PLACEHOLDERS.items()]
        for template in self:
            template.followup_placeholders = every if template._is_followup() else False

    def _is_followup(self):
        """Return whether it is about customers; not everybody may read models."""
        return self.sudo().model_id.model == "res.partner"

    def _update_field_translations(self, *args, **kwargs):
        # EXTENDS 'base'
        result = super()._update_field_translations(*args, **kwargs)
        for code, _name in self.env["res.lang"].get_installed():
            self.with_context(lang=code)._check_followup_placeholders()
        return result

    def _check_followup_texts(self, names):
        """Refuse texts about customers that name what is no placeholder.

        :raise ValidationError: one of them does: it would be a hole in a letter
        """
        service = self.env["account.followup.placeholder"]
        for template in self.filtered(lambda one: one._is_followup()):
            found = [one for name in names for one in placeholders.find(template[name])]
            if problem := service._get_unknown(found):
                raise ValidationError(
                    self.env._(
                        'Template "%(template)s": %(problem)s',
                        template=template.name,
                        problem=problem,
                    )
                )


class MailTemplate(models.Model):
    _name = "mail.template"
    _inherit = ["mail.template", "account.followup.template.mixin"]

    @api.constrains("body_html", "model_id", "subject")
    def _check_followup_placeholders(self):
        self._check_followup_texts(("subject", "body_html"))


class SmsTemplate(models.Model):
    _name = "sms.template"
    _inherit = ["sms.template", "account.followup.template.mixin"]

    @api.constrains("body", "model_id")
    def _check_followup_placeholders(self):
        self._check_followup_texts(("body",))

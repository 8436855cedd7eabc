from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools.mail import email_normalize

from .res_company import SETTINGS_GROUPS

#: Fields of the test mode, which are set together.
TEST_FIELDS = ("followup_test_mode", "followup_test_email", "followup_test_phone")


class ResCompany(models.Model):
    """Test mode of a main company (X9): whether, and who gets everything."""

    _inherit = "res.company"

    followup_test_mode = fields.Boolean(
        string="Test Mode",
        groups=SETTINGS_GROUPS,
        help="Reminders and statements are made as always, but all of them go to one "
        "address and number. They reach no level, and are removed when the mode ends.",
    )
    followup_test_email = fields.Char(
        string="Test Address",
        groups=SETTINGS_GROUPS,
        help="Gets all e-mails of the test mode in place of the customers.",
    )
    followup_test_phone = fields.Char(
        string="Test Phone Number",
        groups=SETTINGS_GROUPS,
        help="Gets all SMS of the test mode. While it is empty, none is sent.",
    )

    @api.constrains(*TEST_FIELDS)
    def _check_followup_test(self):
        tests = self.env["account.followup.test"]
        for company in self.filtered("followup_test_mode"):
            if not email_normalize(company.followup_test_email):
                raise ValidationError(
                    self.env._(
                        "%s: enter one Test Address that gets all e-mails, then the "
                        "test mode can be switched on.",
                        company.name,
                    )
                )
            if company.followup_test_phone and not tests._get_phone(company):
                raise ValidationError(
                    self.env._(
                        "%(company)s: the Test Phone Number %(phone)s is not valid. "
                        "Enter it with the country code, or leave it empty: no SMS is "
                        "sent then.",
                        company=company.name,
                        phone=company.followup_test_phone,
                    )
                )

    def write(self, vals):
        # EXTENDS 'base': what waits and what was tested belongs to one side only
        if "followup_test_mode" not in vals:
            return super().write(vals)
        before = self.sudo().filtered("followup_test_mode")
        result = super().write(vals)
        after = self.sudo().filtered("followup_test_mode")
        tests = self.env["account.followup.test"].sudo()
        if after - before:
            tests._begin(after - before)
        if before - after:
            tests._end(before - after)
        return result


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # one inverse for all: the mode without its address would be refused
    followup_test_mode = fields.Boolean(
        string="Test Mode",
        compute="_compute_followup_test",
        inverse="_inverse_followup_test",
        readonly=False,
    )
    followup_test_email = fields.Char(
        string="Test Address",
        compute="_compute_followup_test",
        inverse="_inverse_followup_test",
        readonly=False,
    )
    followup_test_phone = fields.Char(
        string="Test Phone Number",
        compute="_compute_followup_test",
        inverse="_inverse_followup_test",
        readonly=False,
    )
    followup_is_testing = fields.Boolean(compute="_compute_followup_test")
    followup_test_notice = fields.Char(compute="_compute_followup_test")

    @api.depends("company_id")
    def _compute_followup_test(self):
        tests = self.env["account.followup.test"]
        for settings in self:
            company = settings.company_id.root_id
            for name in TEST_FIELDS:
                settings[name] = company[name]
            settings.followup_is_testing = company.followup_test_mode
            settings.followup_test_notice = tests._get_notice(company)

    def _inverse_followup_test(self):
        """Switch on, never off: settings that were opened before another one has
        switched it on are not meant to end it."""
        for settings in self:
            company = settings.company_id.root_id
            if company.followup_test_mode and not settings.followup_test_mode:
                continue
            company.write(
                {
                    name: settings[name]
                    for name in TEST_FIELDS
                    if settings[name] != company[name]
                }
            )

    def action_end_followup_test_mode(self):
        """End the test mode of the company: all of its tests are removed.

        :return: action that shows the settings anew
        """
        self.ensure_one()
        if not self.env.is_admin():
            raise AccessError(self.env._("Only administrators can end the test mode."))
        self.company_id.root_id.followup_test_mode = False
        return {"type": "ir.actions.client", "tag": "reload"}

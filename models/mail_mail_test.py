from odoo import models

from .account_followup_test import COMPANY_HEADER, TEST_HEADER
from .account_followup_test_message import mark_name, mark_text


class MailMail(models.Model):
    """Test mode (X9): marked, and refused to anybody but the test address."""

    _inherit = "mail.mail"

    def _prepare_outgoing_list(self, *args, **kwargs):
        # EXTENDS 'mail': the last place before it leaves
        result = super()._prepare_outgoing_list(*args, **kwargs)
        for values in result:
            if real := (values["headers"] or {}).get(TEST_HEADER):
                values["subject"] = mark_text(real, values["subject"] or "")
                values["attachments"] = [
                    (mark_name(name), *rest) for name, *rest in values["attachments"]
                ]
        self.env["account.followup.test"]._check_outgoing(self, result)
        for values in result:
            for name in (TEST_HEADER, COMPANY_HEADER):
                (values["headers"] or {}).pop(name, None)
        return result

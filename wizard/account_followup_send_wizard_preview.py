from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountFollowupSendWizard(models.TransientModel):
    """The window shows the message as the customer will get it (Y5)."""

    _inherit = "account.followup.send.wizard"

    # made by us of what is cleaned as messages are
    preview_subject = fields.Char("Subject as Sent", compute="_compute_preview")
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    preview_sms = fields.Text("SMS as Sent", compute="_compute_preview")

    @api.depends(
        "body",
        "do_email",
        "do_letter",
        "do_print",
        "do_sms",
        "item_line_ids",
        "partner_id",
        "sms_body",
        "subject",
    )
    def _compute_preview(self):
        for wizard in self:
            try:
                sample = wizard._get_sample() if wizard.partner_id else None
            except UserError as error:  # nothing is ticked, or a word is mistyped
                wizard.preview_subject = str(error)
                wizard.preview = wizard.preview_sms = False
                continue
            wizard.preview_subject = sample and sample.subject
            wizard.preview = sample and sample.body
            wizard.preview_sms = sample and sample.sms_body

    def _get_sample_data(self):
        """Return case and data of what is chosen, as for sending it."""
        case, service = self._get_case(), self._get_service()
        items = self.item_line_ids._origin._filtered_access("read")
        chosen = {**self._get_chosen(), "items": items}
        data = service._prepare_data(case, self._get_day(), trigger="manual", **chosen)
        return case, data

    def _get_sample(self):
        case, data = self._get_sample_data()
        return self._get_service("sample")._get_sample(case, data)

    def _check_sample_access(self):
        self.ensure_one()
        self.check_access("write")
        self.partner_id._check_followup_access()
        self.partner_id.ensure_one()

    def action_preview_letter(self):
        """Open the letter as it would be printed; nothing is sent or recorded."""
        self._check_sample_access()
        case, data = self._get_sample_data()
        name, content = self._get_service("sample")._print_sample(case, data)
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": name,
                    "raw": content,
                    "mimetype": "application/pdf",
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}",
            "target": "new",
        }

    def action_send_test(self):
        """Send the user the e-mail, marked as a test; nothing is recorded."""
        self._check_sample_access()
        case, data = self._get_sample_data()
        service = self._get_service("sample")
        service._send_sample(case, data, self.env.user)
        return service._get_sample_notice(self.env.user)

    # ------------------------------------------------------------------
    # What is missing
    # ------------------------------------------------------------------

    def _get_alert_keys(self):
        # EXTENDS 'account.followup.content.mixin'
        return [*super()._get_alert_keys(), "account"]

    def _get_account_alert(self):
        """Say that the message cannot name an account to pay to (Y1)."""
        service = self.env["account.followup.pay"]
        problem = service._get_problem(self.company_id)
        return problem and {
            "level": "info",
            "message": problem,
            "action_text": self.env._("Bank Accounts"),
            "action": service._get_account_action(self.company_id),
        }

from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountFollowupRejectWizard(models.TransientModel):
    """The window Reject: a dispute ends, and the customer is told why, or not (X8).

    In test mode the customer learns nothing of a text, so the dispute stays open: a
    test reaches nothing (X9).
    """

    _name = "account.followup.reject.wizard"
    _inherit = "account.followup.wizard.mixin"
    _description = "Reject a Dispute"
    _rec_name = "dispute_id"

    dispute_id = fields.Many2one(
        "account.followup.dispute", required=True, readonly=True, ondelete="cascade"
    )
    # with the rights of the user: a client says which dispute it is
    partner_id = fields.Many2one(
        related="dispute_id.partner_id",
        string="Customer",
        related_sudo=False,
        store=True,
    )
    documents = fields.Char(compute="_compute_documents")
    do_email = fields.Boolean("Send a Text to the Customer")
    mail_template_id = fields.Many2one(
        "mail.template",
        string="Content Template",
        domain="[('model', '=', 'account.followup.dispute')]",
        default=lambda self: self.env["account.followup.dispute.text"]._get_template(),
    )
    subject = fields.Char(compute="_compute_content", store=True, readonly=False)
    body = fields.Html(compute="_compute_content", store=True, readonly=False)
    contact_info = fields.Char("To", compute="_compute_recipients")
    problem = fields.Char(compute="_compute_recipients")
    notice = fields.Char(compute="_compute_recipients")
    is_done = fields.Boolean(readonly=True)
    test_notice = fields.Char(default=lambda self: self._get_test_notice())

    @api.model
    def _get_test_notice(self):
        """Return what becomes of a text in test mode; empty while it is off."""
        company = self._get_default_company()
        email = self.env["account.followup.test"]._get_email(company)
        return email and self.env._(
            "Test mode: the text goes to %s, not to the customer, and the dispute "
            "stays open; without a text it is rejected in earnest.",
            email,
        )

    @api.constrains("dispute_id")
    def _check_access_of_dispute(self):
        for wizard in self:
            wizard._get_dispute()

    @api.depends("dispute_id")
    def _compute_documents(self):
        for wizard in self:
            wizard.documents = wizard._get_dispute().line_ids._get_followup_names()

    @api.depends("dispute_id", "mail_template_id", "do_email")
    def _compute_content(self):
        """Fill in the template; without an e-mail nobody reads it."""
        for wizard in self:
            template = wizard.mail_template_id
            if not wizard.do_email or not template:
                wizard.subject = wizard.body = False
                continue
            text, dispute = self._get_text_service(), wizard._get_dispute()
            wizard.subject = text._render(dispute, template, "subject")
            wizard.body = text._render(dispute, template, "body_html")

    @api.depends("dispute_id", "mail_template_id", "do_email")
    def _compute_recipients(self):
        """Say who gets it, or why nobody does."""
        self.contact_info = self.problem = self.notice = False
        for wizard in self.filtered("do_email"):
            text, dispute = self._get_text_service(), wizard._get_dispute()
            recipients = text._get_recipients(dispute)
            email = text._get_service(dispute, "channel.email")
            wizard.contact_info = ", ".join(map(email._describe, recipients))
            wizard.problem = text._get_problem(dispute, wizard.mail_template_id)
            if blocked := recipients.filtered("is_blacklisted"):
                service = self.env["account.followup.recipients"]
                wizard.notice = service._get_blacklist_text(blocked)

    @api.model
    def _get_text_service(self):
        return self.env["account.followup.dispute.text"]

    def _get_dispute(self):
        """Return the dispute, if the user may read it."""
        dispute = self.dispute_id._origin.sudo(False)
        dispute.check_access("read")
        return dispute

    def action_reject(self):
        """Reject the dispute, once for this window, and send the text if it is ticked.

        A text of the test mode is only sent.

        :raise UserError: it has ended, there is no text, or it reaches nobody
        """
        self._check_may_act()
        if not self.is_done:  # else a second click
            dispute = self._get_dispute()
            dispute._check_may_end()
            if self.do_email:
                self._send(dispute)
            if not (self.do_email and self.is_test):
                dispute._end("rejected")
            self.is_done = True
        return {"type": "ir.actions.act_window_close"}

    def _send(self, dispute):
        if self.company_id != dispute.company_id:
            raise UserError(self.env._("This window is closed: open it again."))
        self.env["account.followup.test"]._check_window(self)
        if not (self.subject or "").strip() or not self.body:
            raise UserError(
                self.env._(
                    "%s: enter subject and text, or do not send them.",
                    dispute.partner_id.display_name,
                )
            )
        text = self._get_text_service()
        text._send(dispute, self.subject, self.body, self.mail_template_id)

from odoo import api, fields, models
from odoo.tools.misc import formatLang


class AccountFollowupSendWizard(models.TransientModel):
    """Whom the e-mail reaches, what goes with it, and what it claims (C3, C5)."""

    _inherit = "account.followup.send.wizard"

    email_recipient_ids = fields.Many2many(
        "res.partner",
        "account_followup_send_wizard_recipient_rel",
        string="Recipients",
        compute="_compute_email_recipient_ids",
        store=True,
        readonly=False,
        help="For this e-mail only: who gets it otherwise follows from the contacts.",
    )
    default_recipient_ids = fields.Json()
    attachment_ids = fields.Many2many(
        "ir.attachment",
        string="Attachments",
        help="Files of your own that go with the e-mail.",
    )
    amount_claimed = fields.Char(
        "To Be Claimed",
        compute="_compute_amount_claimed",
        help="What is chosen, less the credits of the same currency.",
    )

    @api.depends("partner_id", "company_id", "contact_changes", "item_line_ids")
    def _compute_email_recipient_ids(self):
        """Propose whom the rule names; who was chosen by hand stays."""
        for wizard in self:
            found = self.env["res.partner"]
            if wizard.partner_id:
                found = wizard._get_default_recipients()
            proposed = set(wizard.default_recipient_ids or [])
            if set(wizard.email_recipient_ids._origin.ids) == proposed:
                wizard.email_recipient_ids = found
            wizard.default_recipient_ids = found.ids

    def _get_default_recipients(self):
        contacts = self._get_service("recipients")._get_recipients(
            self.partner_id, "email", self._get_chosen_items()
        )
        # with the user's rights in his companies, which may be a branch
        mine = self.env["res.partner"].sudo(False).browse(contacts.ids)
        return mine._filtered_access("read")

    def _get_own_recipients(self):
        """Return the contacts chosen by hand, if they are others than proposed."""
        contacts = self.email_recipient_ids._origin
        if set(contacts.ids) == set(self.default_recipient_ids or []):
            return contacts.browse()
        return contacts

    @api.depends("item_line_ids")
    def _compute_amount_claimed(self):
        for wizard in self:
            rows = wizard._get_chosen_rows() if wizard.partner_id else []
            claims = wizard._get_service("claim")._get_claims(rows)
            wizard.amount_claimed = " + ".join(
                formatLang(self.env, amount, currency_obj=currency)
                for currency, (amount, _company) in claims.items()
            )

    def _get_channel_info(self, channel, *, label):
        # EXTENDS 'account.followup.content.mixin'
        contacts = self._get_own_recipients() if channel == "email" else None
        if not contacts:
            return super()._get_channel_info(channel, label=label)
        name = self._get_service("channels")._get_channels_label({channel}) + ": "
        return (name if label else "") + "; ".join(
            f"{contact.display_name} <{contact.email or ''}>" for contact in contacts
        )

    def _get_chosen(self):
        # EXTENDS: what goes by e-mail, as far as the user may read it
        chosen = super()._get_chosen()
        contacts = self._get_own_recipients()
        contacts.check_access("read")
        files = self.attachment_ids._origin
        files.check_access("read")
        if contacts:
            reached = self._get_service("recipients")._get_reached(
                "email", contacts.sudo()
            )
            chosen["email_recipients"] = contacts.sudo().browse().union(*reached)
        if files:
            chosen["attachments"] = [(one.name, one.raw or b"") for one in files]
        return chosen

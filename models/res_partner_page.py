from odoo import models
from odoo.exceptions import UserError

from ..tools.actions import get_notice


class ResPartner(models.Model):
    """Links of a customer to the debtor page (X11)."""

    _inherit = "res.partner"

    def action_withdraw_followup_links(self):
        """Let the links in the customer's reminders open nothing any more."""
        self._check_followup_access()
        if not (links := self._get_followup_links()):
            raise UserError(
                self.env._(
                    "%s has no link to the debtor page that could be withdrawn.",
                    ", ".join(self.mapped("display_name")),
                )
            )
        links.is_withdrawn = True
        for partner in links.reminder_id.partner_id:
            partner.with_user(self.env.user)._message_log(
                body=self.env._("The links to the debtor page were withdrawn.")
            )
        return get_notice(
            self.env._("The links in reminders sent so far open nothing any more."),
            type="success",
            next={"type": "ir.actions.client", "tag": "soft_reload"},
        )

    def _get_followup_links(self):
        """Return the links of these customers that open something still."""
        domain = [
            ("reminder_id.partner_id", "in", self.commercial_partner_id.ids),
            ("company_id", "=", self.env.company.root_id.id),
            ("is_withdrawn", "=", False),
        ]
        return self.env["account.followup.page.link"].sudo().search(domain)

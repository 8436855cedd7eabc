from odoo import models

#: What is sent, whose files are for those who may read it.
SENT_MODELS = ("account.followup.reminder", "account.followup.statement")
#: All that texts to customers are about, whose files go with them.
CLOSED_MODELS = (*SENT_MODELS, "account.followup.dispute")


class IrAttachment(models.Model):
    """Files that went to a customer, whose chatter shows them.

    Core shows the files of a message to whoever may read the message, with tokens that
    open them: many more people than those who may read the invoices.
    """

    _inherit = "ir.attachment"

    def _is_closed_followup(self):
        """Return whether it belongs to a reminder that the user may not read."""
        is_sent = self.sudo().res_model in CLOSED_MODELS
        return is_sent and not self.sudo(False).has_access("read")

    def _get_raw_access_token(self):
        # EXTENDS 'base'
        return False if self._is_closed_followup() else super()._get_raw_access_token()

    def _get_thumbnail_token(self):
        # EXTENDS 'mail'
        return False if self._is_closed_followup() else super()._get_thumbnail_token()

    def _get_ownership_token(self):
        # EXTENDS 'mail': what was sent stays, its author does not delete it either
        if self.sudo().res_model in SENT_MODELS or self._is_closed_followup():
            return False
        return super()._get_ownership_token()

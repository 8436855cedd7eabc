from markupsafe import Markup

from odoo import models

from ..tools import links


class ResPartner(models.Model):
    _inherit = "res.partner"

    def message_post(self, *, body="", message_type="notification", **kwargs):
        """Keep answers without the secrets of the message that they quote."""
        # EXTENDS 'mail'
        if message_type == "email" and body:
            kept = links.hide_secrets(body)[0]
            body = Markup(kept) if isinstance(body, Markup) else kept
        return super().message_post(body=body, message_type=message_type, **kwargs)

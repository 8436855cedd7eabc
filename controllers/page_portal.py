from odoo import http
from odoo.http import request

from odoo.addons.account_payment.controllers.portal import PortalAccount

from .page import get_own_path


class FollowupPortal(PortalAccount):
    """Customers who have logged in see the same list as those who have a link (X11)."""

    @http.route()
    def portal_my_overdue_invoices(self, access_token=None, **kw):
        # EXTENDS 'account_payment': its page knows one currency and no instalments
        user = request.env.user
        if not user._is_public() and not user._is_internal():
            if path := get_own_path(user):
                return request.redirect(path)
        return super().portal_my_overdue_invoices(access_token=access_token, **kw)

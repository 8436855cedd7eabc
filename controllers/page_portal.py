from odoo import fields, http
from odoo.http import request

from odoo.addons.account_payment.controllers.portal import PortalAccount

from ..tools.links import PAGE_ROUTE
from .page import FollowupPage


class FollowupPageOfUser(FollowupPage):
    """The debtor page of customers who have logged in (X11)."""

    @http.route(PAGE_ROUTE, type="http", auth="user", methods=["GET"], readonly=True)
    def page_of_user(self, **_params):
        """Lead a customer who has logged in to the same page.

        It is what a text names where nobody is to get in without a login. Who has been
        reminded by several companies chooses one.
        """
        user = request.env.user
        if user._is_internal():
            return request.redirect("/odoo")
        paths = get_own_paths(user)
        if len(paths) < 2:
            return request.redirect(next(iter(paths.values()), "/my/invoices"))
        values = self._get_layout_values(user.lang)
        return self._render(
            "account_payment_followup.page_choice", {**values, "paths": paths}
        )


class FollowupPortal(PortalAccount):
    """Customers who have logged in see the same list as those who have a link (X11)."""

    @http.route()
    def portal_my_overdue_invoices(self, access_token=None, **kw):
        # EXTENDS 'account_payment': its page knows one currency and no instalments
        user = request.env.user
        if not user._is_public() and not user._is_internal():
            if get_own_paths(user):
                return request.redirect(PAGE_ROUTE)
        return super().portal_my_overdue_invoices(access_token=access_token, **kw)


def get_own_paths(user):
    """Return where a customer who has logged in finds the page, {company: path}.

    It is the page of each main company's last reminder, if its link is still open.
    """
    links = user.env["account.followup.page.link"].sudo()
    found = links._read_group(
        [
            ("reminder_id.partner_id", "=", user.partner_id.commercial_partner_id.id),
            ("reminder_id.is_test", "=", False),
            ("is_withdrawn", "=", False),
        ],
        ["company_id"],
        ["id:max"],
    )
    last = [(company, links.browse(id_)) for company, id_ in found]
    return {
        company: f"{PAGE_ROUTE}/{link._get_token()}"
        for company, link in last
        if link._is_open(fields.Date.today())
    }

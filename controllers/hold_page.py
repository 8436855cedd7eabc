from odoo import http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools.misc import format_date, get_lang

from ..models.account_followup_hold_link import PERIODS, UNDO
from .page import HEADERS, POLICY

#: Where the last token that undoes something is kept, for who presses twice.
SESSION_KEY = "followup_hold_undo"


class FollowupHoldPage(http.Controller):
    """What the links of tomorrow's list open (X6): one page that asks, then does it.

    Nothing is done by GET. What opens no page gets one answer, whatever the reason.
    """

    @http.route(
        "/account_payment_followup/hold/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
    )
    def hold_page(self, token, **_params):
        """Ask for how long the customer is to be held."""
        found = self._find(token)
        if not found:
            return self._render_gone()
        return self._render_ask(token, found)

    @http.route(
        "/account_payment_followup/hold/<string:token>/do",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def hold_do(self, token, period="next", **_params):
        """Hold the customer, and offer to take it back."""
        found = self._find(token)
        if not found:
            return self._render_gone()
        links = request.env["account.followup.hold.link"]
        period = period if period in PERIODS else "next"
        try:
            with request.env.cr.savepoint():
                undo = links._hold(found, period, request.session.get(SESSION_KEY))
        except UserError as error:
            return self._render_ask(token, found, error=str(error), status=400)
        request.session[SESSION_KEY] = undo
        until = links._get_until(found, period)
        return self._render_page(
            found, state="done", token=undo, until=self._format(found, until)
        )

    @http.route(
        "/account_payment_followup/hold/<string:token>/undo",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def hold_undo(self, token, **_params):
        """Take the hold back."""
        found = self._find(token, UNDO)
        if not found:
            return self._render_gone()
        is_undone = request.env["account.followup.hold.link"]._undo(found)
        return self._render_page(found, state="undone" if is_undone else "changed")

    # ------------------------------------------------------------------
    # What the others need
    # ------------------------------------------------------------------

    def _find(self, token, *scope):
        found = request.env["account.followup.hold.link"]._find(token, *scope)
        if found:
            request.update_context(lang=get_lang(request.env, found["user"].lang).code)
        return found

    def _format(self, found, day):
        return format_date(found["case"].env, day)

    def _render_ask(self, token, found, error=None, status=200):
        links = request.env["account.followup.hold.link"]
        days = {
            period: self._format(found, links._get_until(found, period))
            for period in PERIODS
        }
        return self._render_page(
            found, status, state="ask", token=token, days=days, error=error
        )

    def _render_page(self, found, status=200, **values):
        case = found["case"].sudo()
        return self._render(
            "account_payment_followup.hold_page",
            {
                "company": case.company_id,
                "customer": case.partner_id.display_name,
                "error": None,
                **values,
            },
            status,
        )

    def _render_gone(self):
        """Return the answer to any link that opens nothing: always the same."""
        lang = request.best_lang or request.env["res.lang"].get_installed()[0][0]
        request.update_context(lang=get_lang(request.env, lang).code)
        return self._render("account_payment_followup.hold_gone", {}, 404)

    def _render(self, template, values, status):
        lang = request.env.context["lang"]
        known = {
            "lang": lang,
            "languages": [],
            "direction": request.env["res.lang"]._get_data(code=lang).direction,
            "with_scripts": False,
        }
        response = request.render(template, {**known, **values}, status=status)
        response.headers.update({**HEADERS, "Content-Security-Policy": POLICY})
        return response

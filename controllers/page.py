import math
from datetime import timedelta

from werkzeug.exceptions import HTTPException

from odoo import fields, http
from odoo.http import Response, content_disposition, request
from odoo.tools.misc import format_date, get_lang

from ..models.account_followup_answer import MAX_LINE, MAX_TEXT
from ..models.account_followup_page import LIMIT_ADDRESS, LIMIT_RENEW, LIMIT_TOKEN

#: Nothing is kept, found, framed or told to others; and nothing of others is loaded.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

#: What is said after something was done: the name of it in the address.
SAID = ("paid", "promise", "dispute", "call", "payment")

#: Items that a client may name at once.
MAX_ITEMS = 500


class FollowupPage(http.Controller):
    """The debtor page (X11): who has the link of a reminder needs no login.

    Nothing is done by GET, since programs open the links of e-mails. What opens no page
    gets one answer, whatever the reason.
    """

    # ------------------------------------------------------------------
    # Looking
    # ------------------------------------------------------------------

    @http.route(
        "/followup/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
    )
    def page(self, token, lang=None, said=None, **_params):
        """Show what is open."""
        link = self._find(token)
        if not link:
            return self._render_gone(token)
        said = said if said in SAID else None
        return self._render_page(link, token, lang, said=said)

    @http.route(
        "/followup/<string:token>/invoice/<int:move_id>",
        type="http",
        auth="public",
        methods=["GET"],
    )
    def page_invoice(self, token, move_id, **_params):
        """Return the PDF of an invoice that the page shows."""
        link = self._find(token)
        move = link and self._page(link)._get_invoice(link.reminder_id, move_id)
        if not move:
            return self._render_gone(token)
        if not move.invoice_pdf_report_id and self._is_too_much_to_print():
            return self._render_page(link, token, None, status=429)
        service = request.env["account.followup.document"].sudo()
        case = {"followup": link.reminder_id}  # whose customer it is
        name, content = service._get_invoice_document(move, case)
        return request.make_response(
            content,
            headers=[
                *HEADERS.items(),
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(name)),
            ],
        )

    # ------------------------------------------------------------------
    # Saying something
    # ------------------------------------------------------------------

    @http.route(
        "/followup/<string:token>/answer",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def page_answer(self, token, kind=None, lang=None, **values):
        """Record what the customer says, and say thank you."""
        link = self._find(token)
        if not link:
            return self._render_gone(token)
        typed = dict(values, kind=kind)
        if self._is_too_much(token):
            return self._render_page(link, token, lang, status=429, values=typed)
        self._use_lang(link, lang)
        if link.reminder_id.is_test:
            return self._render_test(link, token, lang)
        if error := self._record(link, kind, _Answer(values)):
            return self._render_page(
                link, token, lang, status=400, error=error, values=typed
            )
        return request.redirect(self._get_path(token, lang, said=kind))

    def _render_test(self, link, token, lang):
        """Say that the link of a test does nothing (X9)."""
        error = request.env._("This is a test: nothing was recorded, nothing is paid.")
        return self._render_page(link, token, lang, error=error)

    def _record(self, link, kind, answer):
        """Record what the customer says; return what is wrong, or None."""
        record = {
            "paid": self._answer_paid,
            "promise": self._answer_promise,
            "dispute": self._answer_dispute,
            "call": self._answer_call,
        }.get(kind)
        if not record:
            return request.env._("Choose what you want to say.")
        return record(link, answer)

    def _answer_paid(self, link, answer):
        """Record a payment that was made; return what is wrong, or None."""
        today = self._get_today(link)
        items, day = self._get_items(link), answer.day("date")
        if not items:
            return request.env._("Choose at least one invoice.")
        if not day or not today - timedelta(days=366) <= day <= today:
            return request.env._("Enter the day on which you have paid.")
        amount = answer.amount("amount")
        if amount is None and answer.line("amount"):
            return request.env._("Enter the amount as a number, for example 120.50.")
        currencies = items.currency_id
        text = ""
        if amount is not None:
            text = (
                self._page(link)._format_amount(amount, currencies)
                if len(currencies) == 1
                else f"{amount:.2f}"
            )
        self._get_answers()._record_paid(
            self._get_case(link),
            items,
            day,
            today,
            text,
            answer.line("reference"),
            paid=amount if len(currencies) == 1 else None,
        )
        return None

    def _answer_promise(self, link, answer):
        """Record a promise to pay; return what is wrong, or None."""
        today = self._get_today(link)
        items, day = self._get_items(link), answer.day("date")
        if not items:
            return request.env._("Choose at least one invoice.")
        last = today + timedelta(days=link.company_id.followup_promise_max_days)
        if not day or not today <= day <= last:
            return request.env._(
                "Enter the day on which you will pay: from today until %s.",
                format_date(request.env, last),
            )
        self._get_answers()._record_promise(
            self._get_case(link), items, day, today, answer.text("text")
        )
        return None

    def _answer_dispute(self, link, answer):
        """Record that something is wrong; return what is missing, or None."""
        items, today = self._get_items(link), self._get_today(link)
        code = answer.line("reason")
        reason = dict(self._get_reasons()).get(code)
        if not items:
            return request.env._("Choose at least one invoice.")
        if not reason:
            return request.env._("Choose what is wrong.")
        self._get_answers()._record_dispute(
            self._get_case(link), items, reason, today, answer.text("text"), code
        )
        return None

    def _answer_call(self, link, answer):
        """Record that the customer wants to be called."""
        self._get_answers()._record_call(
            self._get_case(link),
            self._get_today(link),
            answer.line("phone"),
            answer.text("text"),
        )

    def _get_reasons(self):
        """Return [(code, label)] of what can be wrong with an invoice."""
        _ = request.env._
        return [
            ("paid", _("It is paid already")),
            ("amount", _("The amount is wrong")),
            ("goods", _("Goods or services are missing or have a defect")),
            ("unknown", _("We have not ordered this, or do not know the invoice")),
            ("other", _("Something else")),
        ]

    # ------------------------------------------------------------------
    # A new link
    # ------------------------------------------------------------------

    @http.route(
        "/followup/<string:token>/renew",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def page_renew(self, token, **_params):
        """Mail a new link to where the follow-ups go; the answer tells nothing."""
        limits = request.env["account.followup.page.limit"].sudo()
        address = request.httprequest.remote_addr
        if limits._count("renew", address) > LIMIT_RENEW:
            return self._render_gone(token, status=429)
        request.env["account.followup.page.link"]._ask_for_new_link(token)
        return self._render_gone(token, status=200, is_asked=True)

    # ------------------------------------------------------------------
    # What the others need
    # ------------------------------------------------------------------

    def _find(self, token):
        return request.env["account.followup.page.link"]._find(token)

    def _page(self, link):
        page = request.env["account.followup.page"]
        return page.sudo().with_company(link.company_id)

    def _get_today(self, link):
        return link.company_id._get_followup_day()[link.company_id]

    def _get_answers(self):
        return request.env["account.followup.answer"].sudo()

    def _get_case(self, link):
        cases = request.env["account.followup"].sudo()
        return cases._get_or_create(link.reminder_id.partner_id, link.company_id)

    def _get_ids(self, name="item"):
        """Return the ids that a form or an address names; what is no id is left out."""
        given = request.httprequest.values.getlist(name)[:MAX_ITEMS]
        return [int(one) for one in given if one.isascii() and one.isdigit()]

    def _get_items(self, link):
        return self._page(link)._get_named_items(link.reminder_id, self._get_ids())

    def _is_too_much(self, token):
        """Count a write; return whether it is over the limit of link or address."""
        limits = request.env["account.followup.page.limit"].sudo()
        by_address = limits._count("address", request.httprequest.remote_addr)
        by_token = limits._count("token", token.strip().lower())
        return by_address > LIMIT_ADDRESS or by_token > LIMIT_TOKEN

    def _is_too_much_to_print(self):
        """Count an invoice that has to be printed first, which takes a while."""
        limits = request.env["account.followup.page.limit"].sudo()
        address = request.httprequest.remote_addr
        return limits._count("print", address) > LIMIT_ADDRESS

    def _use_lang(self, link, lang):
        chosen = self._page(link)._get_lang(link.reminder_id, lang)
        request.update_context(lang=chosen)
        return chosen

    def _get_path(self, token, lang=None, **params):
        """Return the address of the page within this server."""
        installed = dict(request.env["res.lang"].get_installed())
        if lang in installed:
            params["lang"] = lang
        query = "&".join(f"{name}={value}" for name, value in params.items())
        return f"/followup/{token}{'?' if query else ''}{query}"

    def _get_values(self, link, token, lang):
        """Return what all pages of a link need."""
        chosen = self._use_lang(link, lang)
        page = self._page(link)
        reminder = link.reminder_id.with_env(page.env)
        responsible = self._get_contact(link)
        installed = request.env["res.lang"].get_installed()
        return {
            "token": token,
            "lang": chosen,
            "asked_lang": lang if lang in dict(installed) else None,
            "languages": installed if len(installed) > 1 else [],
            "direction": request.env["res.lang"]._get_data(code=chosen).direction,
            "company": reminder.company_id,
            "reminder": reminder,
            "contact": responsible,
            "format_amount": page._format_amount,
            "format_day": lambda day: format_date(page.env, day),
            "with_scripts": "tests" in (request.session.debug or ""),
        }

    def _get_contact(self, link):
        """Return name, phone and e-mail of who looks after the customer."""
        reminder = link.reminder_id
        case = request.env["account.followup"].sudo()
        case = case.search(
            [
                ("partner_id", "=", reminder.partner_id.id),
                ("company_id", "=", reminder.company_id.id),
            ]
        )
        person = case._get_responsible().partner_id if case else None
        return person or reminder.company_id.partner_id

    def _render_page(
        self, link, token, lang, status=200, error=None, said=None, values=None
    ):
        """Return the page of a link, with what was typed if it could not be done."""
        known = self._get_values(link, token, lang)
        page, today = self._page(link), self._get_today(link)
        groups = page._get_groups(link.reminder_id)
        rows = [row for group in groups for row in group["rows"]]
        return self._render(
            "account_payment_followup.page",
            {
                **known,
                "groups": groups,
                "debts": [row for row in rows if not row["is_credit"]],
                "is_owing": any(not row["is_credit"] for row in rows),
                "said": said,
                "error": error,
                "is_too_much": status == 429,
                "values": values or {},
                "chosen": set(self._get_ids()) if values else None,
                "reasons": self._get_reasons(),
                "today": today,
                "first_day": today - timedelta(days=366),
                "last_promise": today
                + timedelta(days=link.company_id.followup_promise_max_days),
                "max_line": MAX_LINE,
                "max_text": MAX_TEXT,
                **self._get_payment_values(link, groups),
            },
            status,
        )

    def _get_payment_values(self, link, groups):
        """Return how each group can be paid: online, or by transfer."""
        service = request.env["account.followup.link"].sudo()
        online = {
            group["key"]: group["can_be_paid"]
            and not link.reminder_id.is_test
            and bool(service._get_payment_providers(group["company"]))
            for group in groups
        }
        page = self._page(link)
        transfers = {
            group["key"]: page._get_transfer(link.reminder_id, group)
            for group in groups
        }
        return {"online": online, "transfers": transfers}

    def _render_gone(self, token, status=404, is_asked=False):
        """Return the answer to any link that opens nothing: always the same."""
        lang = request.best_lang or request.env["res.lang"].get_installed()[0][0]
        return self._render(
            "account_payment_followup.page_gone",
            {
                **self._get_layout_values(lang),
                "token": token[:64],
                "is_asked": is_asked,
                "is_too_much": status == 429,
            },
            status,
        )

    def _get_layout_values(self, lang):
        """Return what a page needs that belongs to no link, and use its language."""
        lang = get_lang(request.env, lang).code
        request.update_context(lang=lang)
        return {
            "lang": lang,
            "languages": [],
            "direction": request.env["res.lang"]._get_data(code=lang).direction,
        }

    def _render(self, template, values, status=200):
        response = request.render(template, values, status=status)
        response.headers.update(HEADERS)
        if not values.get("with_scripts"):
            response.headers["Content-Security-Policy"] = POLICY
        return response


class _Answer:
    """What a form has sent: strings of some length, or nothing."""

    def __init__(self, values):
        self.values = values

    def text(self, name, limit=MAX_TEXT):
        value = self.values.get(name)
        value = value if isinstance(value, str) else ""
        value = "".join(one for one in value if one.isprintable() or one == "\n")
        return value.strip()[:limit]

    def line(self, name):
        return " ".join(self.text(name).split())[:MAX_LINE]

    def day(self, name):
        try:
            return fields.Date.to_date(self.line(name)) or None
        except ValueError:
            return None

    def amount(self, name):
        try:
            amount = float(self.line(name))
        except ValueError:
            return None
        return amount if math.isfinite(amount) and 0 < amount < 1e12 else None


def refuse(message):
    """Return the refusal of a call of the page's script, as that shows it."""
    body = {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": 429, "message": message, "data": {"message": message}},
    }
    response = Response(
        http.json.dumps(body), status=429, content_type="application/json"
    )
    return HTTPException(response=response)

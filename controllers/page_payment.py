import hmac

from odoo import Command
from odoo.http import request, route
from odoo.tools import is_html_empty

from odoo.addons.account_payment.controllers.payment import PaymentPortal

from .page import FollowupPage, refuse

#: Where the token is kept while a customer pays: not in the transaction.
SESSION_KEY = "followup_page_token"


class FollowupPagePayment(FollowupPage):
    """Paying on the debtor page, through core's payment form and transactions (X11).

    The form is signed with what it pays. What the client sends of amount, currency and
    invoices counts for nothing.
    """

    @route(
        "/followup/<string:token>/pay",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
    )
    def page_pay(self, token, lang=None, **_params):
        """Show the payment form for some items."""
        link = self._find(token)
        if not link:
            return self._render_gone(token)
        if link.reminder_id.is_test:
            return self._render_test(link, token, lang)
        known = self._get_values(link, token, lang)
        page = self._page(link)
        payment = page._get_payment(link.reminder_id, self._get_ids())
        if error := self._get_error(payment):
            return self._render_page(link, token, lang, status=400, error=error)
        return self._render(
            "account_payment_followup.page_pay",
            {
                **known,
                **self._get_form_values(link, payment),
                "transaction_route": self._get_transaction_route(token, payment),
            },
        )

    def _get_transaction_route(self, token, payment):
        items = "-".join(map(str, sorted(payment["items"].ids)))
        return f"/followup/{token}/transaction/{items}"

    def _get_error(self, payment):
        """Return why what was chosen cannot be paid, or None."""
        if not payment:
            return request.env._("Choose what you want to pay, in one currency.")
        if not payment["amount"]:
            return request.env._("Your credit covers this: there is nothing to pay.")
        return None

    def _get_form_values(self, link, payment):
        """Return what core's payment form needs, but for where it sends it."""
        page, reminder = self._page(link), link.reminder_id
        providers, methods = page._get_payment_options(reminder, payment)
        under_way = page._get_under_way(payment)
        reference = page._get_payment_reference(reminder, payment)
        return {
            "payment": payment,
            "is_under_way": bool(under_way - self._get_own(under_way)),
            "reference_prefix": reference,
            "payment_reference": reference,
            "amount": payment["amount"],
            "currency": payment["currency"],
            "partner_id": reminder.partner_id.id,
            "providers_sudo": providers,
            "payment_methods_sudo": methods,
            "tokens_sudo": request.env["payment.token"].sudo(),
            "show_tokenize_input_mapping": dict.fromkeys(providers.ids, False),
            "landing_route": "/followup/back",
            "access_token": page._get_signature(link, payment),
            "with_scripts": True,
            # what core's pages give to the form
            "is_html_empty": is_html_empty,
            "res_company": payment["company"],
        }

    @route(
        "/followup/<string:token>/transaction/<string:items>",
        type="jsonrpc",
        auth="public",
        methods=["POST"],
    )
    def page_transaction(
        self,
        token,
        items,
        provider_id=None,
        payment_method_id=None,
        flow=None,
        access_token=None,
        **_params,
    ):
        """Begin a payment; return what the form needs to go on, or what is wrong.

        The count is written first: of two that come at once the second one waits, and
        then sees the first one's payment.
        """
        link = self._find(token)
        if not link:
            return self._refuse(request.env._("This link is not valid any more."))
        self._use_lang(link, None)
        if link.reminder_id.is_test:
            return self._refuse(request.env._("This is a test: nothing is paid."))
        if self._is_too_much(token):
            raise refuse(request.env._("Too many tries. Please wait an hour."))
        reminder, page = link.reminder_id, self._page(link)
        limits = request.env["account.followup.page.limit"].sudo()
        limits._count("pay", (reminder.partner_id.id, reminder.company_id.id))
        ids = [int(one) for one in items.split("-") if one.isascii() and one.isdigit()]
        payment = page._get_payment(reminder, ids)
        if not self._is_signed(link, payment, access_token):
            return self._refuse(
                request.env._(
                    "What is open has changed meanwhile. Go back and look again."
                )
            )
        return self._begin(link, payment, token, (provider_id, payment_method_id, flow))

    def _is_signed(self, link, payment, signature):
        """Return whether this is what the form was signed for, and something to pay."""
        if not (payment and payment["amount"]):
            return False
        expected = self._page(link)._get_signature(link, payment)
        return hmac.compare_digest(expected, str(signature))

    def _begin(self, link, payment, token, chosen):
        """Create the transaction, or return the one that was begun already."""
        page = self._page(link)
        provider_id, method_id, flow = chosen
        providers, methods = page._get_payment_options(link.reminder_id, payment)
        if (
            provider_id not in providers.ids
            or method_id not in methods.ids
            or flow not in ("redirect", "direct")
        ):
            return self._refuse(request.env._("Choose how you want to pay."))
        under_way = page._get_under_way(payment)
        own = self._get_own(under_way)
        if under_way - own:
            return self._refuse(
                request.env._(
                    "A payment of this is under way in another window. Finish it there,"
                    " or try again in a quarter of an hour."
                )
            )
        items = payment["items"] | payment["credits"]
        if own and self._is_same(own, payment, items, chosen):
            return own._get_processing_values()
        request.session[SESSION_KEY] = token
        transaction = self._create_transaction(link, payment, items, chosen)
        return transaction._get_processing_values()

    def _create_transaction(self, link, payment, items, chosen):
        provider_id, method_id, flow = chosen
        page, reminder = self._page(link), link.reminder_id
        return PaymentPortal()._create_transaction(
            provider_id=provider_id,
            payment_method_id=method_id,
            token_id=None,
            amount=payment["amount"],
            currency_id=payment["currency"].id,
            partner_id=reminder.partner_id.id,
            flow=flow,
            tokenization_requested=False,
            landing_route="/followup/back",
            reference_prefix=page._get_payment_reference(reminder, payment),
            custom_create_values={
                "invoice_ids": [Command.set(self._get_invoices(items).ids)],
                "followup_item_ids": [Command.set(items.ids)],
            },
        )

    def _get_invoices(self, items):
        """Return the invoices and credit notes that the payment is linked to."""
        return items.move_id.filtered(
            lambda move: move.is_sale_document(include_receipts=True)
        )

    def _get_own(self, transactions):
        """Return the draft that this browser has begun last, if it is among them."""
        key = "__payment_monitored_tx_id__"
        return transactions.filtered(
            lambda one: one.state == "draft" and one.id == request.session.get(key)
        )

    def _is_same(self, transaction, payment, items, chosen):
        """Return whether a draft is what is asked for once more (a double click)."""
        provider_id, method_id, flow = chosen
        return (
            transaction.provider_id.id == provider_id
            and transaction.payment_method_id.id == method_id
            and transaction.operation == f"online_{flow}"
            and transaction.currency_id == payment["currency"]
            and not payment["currency"].compare_amounts(
                transaction.amount, payment["amount"]
            )
            and transaction.followup_item_ids == items
        )

    def _refuse(self, message):
        """Return an answer that the payment form shows as an error."""
        return {"state": "error", "state_message": message}

    @route("/followup/back", type="http", auth="public", methods=["GET"])
    def page_back(self, **_params):
        """Lead back to the page after core's page of the payment's state."""
        token = request.session.get(SESSION_KEY)
        if not token:
            return self._render_gone("")
        return request.redirect(self._get_path(token, said="payment"))

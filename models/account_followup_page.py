from odoo import api, fields, models
from odoo.tools.misc import formatLang, get_lang, hmac

from .payment_transaction import NO_PROVIDERS

#: Documents that can be paid on the page: what core's payments can be linked to.
PAYABLE = ("out_invoice", "out_receipt")
#: What rests for these reasons cannot be paid now.
UNPAYABLE = ("blocked", "online_payment")

#: Writes of one link, and of one address, in an hour.
LIMIT_TOKEN = 20
LIMIT_ADDRESS = 60
#: New links that one address can ask for in an hour.
LIMIT_RENEW = 10


class AccountFollowupPage(models.AbstractModel):
    """What the debtor page shows and lets do (X11, rule 19).

    All of it is about the customer of one reminder in its root company; who has the
    link may see it. Nothing here trusts what a client sends: it names items by their
    ids, and those that are not among the customer's are passed over or refused.
    """

    _name = "account.followup.page"
    _description = "Debtor Page"

    # ------------------------------------------------------------------
    # What is shown
    # ------------------------------------------------------------------

    @api.model
    def _get_groups(self, reminder):
        """Return the open items of the customer as they stand now, in groups.

        A group can be paid together: one currency, and with it one company or branch
        and one account, since a payment has one of each.

        :return: list of dicts: ``key``, ``currency``, ``company`` (of the invoices),
            ``rows`` (see ``_prepare_row``), ``total``, ``overdue``, ``claimed``
        """
        company = reminder.company_id
        day = company._get_followup_day()[company]
        service = self.env["account.followup.send"].sudo().with_company(company)
        rows = service._get_rows_by_customer(company, reminder.partner_id, day)
        rows = [
            row
            for row in rows[reminder.partner_id.id]
            if row["rest_reason"] != "excluded"
        ]
        named = {row["id"] for row in service._get_default_rows(rows, day)}
        items = self.env["account.move.line"].sudo().browse(row["id"] for row in rows)
        items.mapped("followup_name")
        groups = {}
        for row, item in zip(rows, items, strict=True):
            key = (row["currency_id"], row["branch_id"], item.account_id.id)
            group = groups.setdefault(key, self._prepare_group(key))
            group["rows"].append(self._prepare_row(row, item))
        for group in groups.values():
            self._complete_group(group)
            self._add_claim(group, named)
        return list(groups.values())

    @api.model
    def _prepare_group(self, key):
        currency_id, company_id, _account_id = key
        return {
            "key": "-".join(map(str, key)),
            "currency": self.env["res.currency"].browse(currency_id),
            "company": self.env["res.company"].sudo().browse(company_id),
            "rows": [],
        }

    @api.model
    def _prepare_row(self, row, item):
        """Return what the page says of an open item.

        What rests is listed, with a note in place of the days that it is late.
        """
        move = item.move_id
        is_credit = row["residual"] <= 0
        return {
            "id": item.id,
            "item": item,
            "rule": row,
            "name": item.followup_name,
            "date": row["invoice_date"] or item.date,
            "due_date": row["due_date"],
            "days_late": row["days_late"],
            "residual": float(row["residual"]),
            "disputed": float(row.get("disputed_part") or 0),
            "is_credit": is_credit,
            "is_late": row["section"] == "overdue",
            "note": "" if is_credit else self._get_rest_note(row["rest_reason"]),
            "can_be_paid": not is_credit
            and move.move_type in PAYABLE
            and row["rest_reason"] not in UNPAYABLE,
            "move_id": move.is_sale_document(include_receipts=True) and move.id,
        }

    @api.model
    def _get_rest_note(self, reason):
        """Return why an item is not reminded now, in words for the customer.

        Whatever other reason there is: somebody looks into it.
        """
        if not reason:
            return ""
        return {
            "online_payment": self.env._("payment under way"),
            "expected_payment": self.env._("payment announced"),
        }.get(reason) or self.env._("being looked into")

    @api.model
    def _complete_group(self, group):
        """Add the totals of a group, credits deducted (rule 13)."""
        currency, rows = group["currency"], group["rows"]
        rows.sort(key=lambda row: (row["is_credit"], row["due_date"], row["id"]))
        late = sum(row["residual"] for row in rows if row["is_late"])
        credit = sum(row["residual"] for row in rows if row["is_credit"])
        total = sum(row["residual"] + row["disputed"] for row in rows)
        group["total"] = currency.round(total)
        group["overdue"] = currency.round(max(late + credit, 0.0)) if late else 0.0
        group["can_be_paid"] = any(row["can_be_paid"] for row in rows)
        group["deducting"] = self._get_deducting(rows)
        begun = group["deducting"].filtered(lambda one: one.state != "draft")
        for row in rows:
            if row["item"] in begun.followup_item_ids and row["is_credit"]:
                row["note"] = self._get_rest_note("online_payment")

    @api.model
    def _add_claim(self, group, named):
        """Say what is claimed of a group: as by a reminder that is made now (rule 19).

        It is what is ticked, and what the transfer is for. Where such a reminder would
        claim nothing, it is what does not rest: nobody asks for it, but it can be paid.

        :param named: ids of the items that such a reminder would name
        """
        service, currency = self.env["account.followup.pay"], group["currency"]
        rows = [row["rule"] for row in group["rows"]]
        free = [row for row in rows if row["section"] != "resting"]
        amount, claimed, about = 0.0, [], []
        for part in ([row for row in rows if row["id"] in named], free):
            if found := service._get_claimed(part).get(currency):
                (amount, claimed), about = found, part
                break
        group["claimed"] = amount
        claimed, about = ({row["id"] for row in part} for part in (claimed, about))
        for row in group["rows"]:
            row["is_claimed"] = row["id"] in claimed
            row["is_named"] = row["id"] in about

    @api.model
    def _get_invoice(self, reminder, move_id):
        """Return an invoice that the page shows, none if it does not."""
        shown = {
            row["move_id"]
            for group in self._get_groups(reminder)
            for row in group["rows"]
        }
        moves = self.env["account.move"].sudo()
        return moves.browse(move_id if move_id and move_id in shown else [])

    @api.model
    def _get_named_items(self, reminder, ids):
        """Return the items of the page among some ids; credits cannot be named.

        :param ids: as a client sent them
        """
        wanted = set(ids)
        return (
            self.env["account.move.line"]
            .sudo()
            .browse(
                row["id"]
                for group in self._get_groups(reminder)
                for row in group["rows"]
                if row["id"] in wanted and not row["is_credit"]
            )
        )

    @api.model
    def _get_lang(self, reminder, wanted=None):
        """Return the language to show it in: chosen, else that of the reminder."""
        installed = dict(self.env["res.lang"].get_installed())
        return get_lang(self.env, wanted if wanted in installed else reminder.lang).code

    @api.model
    def _format_amount(self, amount, currency):
        return formatLang(self.env, amount, currency_obj=currency)

    # ------------------------------------------------------------------
    # Paying
    # ------------------------------------------------------------------

    @api.model
    def _get_payment(self, reminder, ids):
        """Return what is paid when a customer chooses some items, or None.

        None if they cannot be paid together; the amount is 0 if credits cover it. It
        is that of the items, as they stand now. The credits of the same group are
        deducted, the first ones first, as far as they go: who owes 100 and has 30 to
        his credit pays 70.

        :param ids: as a client sent them; all have to be of one group and payable
        :return: dict with ``items``, ``credits``, ``amount``, ``currency``, ``company``
        """
        wanted = set(ids)
        for group in self._get_groups(reminder):
            rows = [row for row in group["rows"] if row["id"] in wanted]
            if not rows:
                continue
            if len(rows) < len(wanted) or not all(row["can_be_paid"] for row in rows):
                return None
            used, amount = self._deduct(group, rows)
            return {
                "items": self._get_items(rows),
                "credits": self._get_items(used),
                "rows": [*rows, *used],
                "amount": amount,
                "currency": group["currency"],
                "company": group["company"],
            }
        return None

    @api.model
    def _deduct(self, group, rows):
        """Return the credits that are deducted from some items, and what is left.

        What a payment of other invoices deducts is passed over: it will settle those.
        Of the same ones there is one at a time, see ``_get_under_way``, and that one
        may be asked for again.
        """
        currency, used = group["currency"], []
        amount = sum(row["residual"] for row in rows)
        moves = self._get_items(rows).move_id
        others = group["deducting"].filtered(lambda one: not one.invoice_ids & moves)
        for row in group["rows"]:
            if not row["is_credit"] or row["item"] in others.followup_item_ids:
                continue
            if currency.compare_amounts(amount, 0) > 0:
                used.append(row)
                amount += row["residual"]
        return used, max(currency.round(amount), 0.0)

    @api.model
    def _get_deducting(self, rows):
        """Return payments that deduct credits among some rows, and may still arrive."""
        payments = self.env["payment.transaction"].sudo()
        found = self._get_items(row for row in rows if row["is_credit"])
        if not found:
            return payments
        domain = [("followup_item_ids", "in", found.ids)]
        return self._filter_under_way(payments.search(domain))

    @api.model
    def _get_items(self, rows):
        lines = self.env["account.move.line"].sudo()
        return lines.browse(row["id"] for row in rows)

    @api.model
    def _get_signature(self, link, payment):
        """Return what a payment is recognized by: link, items and amount.

        Who sends it back pays what the page has shown, or is told that it has changed.
        """
        return hmac(
            self.env(su=True),
            "followup_page_payment",
            (
                link.id,
                sorted(payment["items"].ids),
                sorted(payment["credits"].ids),
                payment["currency"].id,
                payment["currency"].round(payment["amount"]),
            ),
        )

    @api.model
    def _get_payment_options(self, reminder, payment):
        """Return (providers, payment methods) with which the customer can pay."""
        service = self.env["account.followup.link"].sudo()
        providers = service._get_payment_providers(payment["company"])
        partner = reminder.partner_id
        currency_id = payment["currency"].id
        if providers:
            compatible = providers._get_compatible_providers(
                payment["company"].id,
                partner.id,
                payment["amount"],
                currency_id=currency_id,
            )
            providers = providers & compatible
        methods = self.env["payment.method"].sudo()
        methods = methods._get_compatible_payment_methods(
            providers.ids, partner.id, currency_id=currency_id
        )
        return providers, methods

    @api.model
    def _get_under_way(self, payment):
        """Return payments of the same invoices that may still arrive."""
        return self._filter_under_way(payment["items"].move_id.transaction_ids)

    @api.model
    def _filter_under_way(self, payments):
        """Return those that may still arrive.

        What was begun a quarter of an hour ago and not finished keeps nobody from
        paying any more. A wire transfer that is announced is no payment yet.
        """
        begun = fields.Datetime.subtract(fields.Datetime.now(), minutes=15)
        drafts = payments.filtered(
            lambda one: (
                one.provider_code not in NO_PROVIDERS
                and one.state == "draft"
                and one.create_date >= begun
            )
        )
        return payments._filter_followup_under_way() | drafts

    @api.model
    def _get_payment_reference(self, reminder, payment):
        """Return what the payment is called, at the provider and in the ledger."""
        move = payment["items"].move_id
        if len(move) == 1:
            return move.payment_reference or move.name
        return reminder.name or move[:1].name

    @api.model
    def _get_transfer(self, reminder, group):
        """Return how to pay a group by bank transfer, None if there is no account.

        As a reminder would say it, see ``_add_claim``; None if nothing is claimed, too.

        :return: dict with ``pairs`` (label, text) and ``qr`` (address of a picture)
        """
        service = self.env["account.followup.pay"].sudo()
        service = service.with_company(group["company"])
        claim = self._prepare_claim(reminder, group)
        way = next(iter(service._get_ways([claim])[0]), None)
        if not way or not way["bank"]:
            return None
        is_shown = reminder.company_id.followup_qr_code
        return {
            "pairs": self._get_transfer_pairs(way),
            "qr": is_shown and service._get_transfer_code(way, reminder.partner_id),
        }

    @api.model
    def _prepare_claim(self, reminder, group):
        """Return what is claimed of a group, see ``_get_ways``."""
        return {
            "company": reminder.company_id,
            "items": self._get_items(row for row in group["rows"] if row["is_named"]),
            "amounts": {group["currency"]: group["claimed"]},
            "number": reminder.name,
        }

    @api.model
    def _get_transfer_pairs(self, way):
        """Return (label, text) of what is filled in for a transfer."""
        amount = self._format_amount(way["amount"], way["currency"])
        pairs = [
            (self.env._("Account holder"), way["holder"]),
            (self.env._("Account number"), way["account"]),
            (self.env._("Clearing number"), way["clearing"]),
            (self.env._("BIC"), way["bic"]),
            (self.env._("Bank"), way["bank_name"]),
            (self.env._("Amount"), amount),
            (self.env._("Reference"), way["reference"]),
        ]
        return [(label, text) for label, text in pairs if text]

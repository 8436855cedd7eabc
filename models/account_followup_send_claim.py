from collections import defaultdict

from odoo import api, models


class AccountFollowupSend(models.AbstractModel):
    """What a reminder claims of the items that it names: rules 6 and 13.

    For the items that the rule names by itself it says what the rule says; a person may
    choose others. Credits are deducted within their currency, never across.
    """

    _inherit = "account.followup.send"

    @api.model
    def _get_claims(self, rows, is_claimed=lambda row: True):
        """Return what is claimed: {currency: (amount, amount in company currency)}.

        A currency in which the credits cover the claimed items is left out. The amount
        is converted at the rate at which the claimed items are booked.

        :param rows: of account.followup.item, those that are named
        :param is_claimed: which of them are claimed; all, if not given
        """
        groups = defaultdict(list)
        for row in rows:
            groups[row["currency_id"]].append(row)
        currencies = self.env["res.currency"]
        claims = {}
        for currency_id, mine in groups.items():
            currency = currencies.browse(currency_id)
            claimed = [row for row in mine if row["residual"] > 0 and is_claimed(row)]
            own = sum(float(row["residual"]) for row in claimed)
            booked = sum(float(row["residual_company"]) for row in claimed)
            credits = sum(float(row["residual"]) for row in mine if row["residual"] < 0)
            if not claimed or currency.compare_amounts(own + credits, 0) <= 0:
                continue
            company = currencies.browse(claimed[0]["company_currency_id"])
            value = company.round((own + credits) * booked / own)
            claims[currency] = (currency.round(own + credits), max(value, 0.0))
        return claims

    @api.model
    def _get_company_claim(self, rows, is_claimed=lambda row: True):
        """Return what is claimed over all currencies, in company currency."""
        return sum(
            value for _amount, value in self._get_claims(rows, is_claimed).values()
        )

    @api.model
    def _get_counting_rows(self, rows, day):
        """Return the ripe items that count: those in a currency with a claim (rule 6).

        The claim is what is overdue, or, for a level before the due date, what is ripe.
        """
        ripe = [row for row in rows if row["is_ripe"]]
        highest = {}
        for row in ripe:
            delay = highest.get(row["currency_id"], row["next_delay"])
            highest[row["currency_id"]] = max(delay, row["next_delay"])
        ids = {row["id"] for row in ripe}
        claims = self._get_claims(
            rows,
            lambda row: (
                row["days_late"] > 0
                if highest.get(row["currency_id"], 0) >= 0
                else row["id"] in ids
            ),
        )
        claimed = {currency.id for currency in claims}
        return [row for row in ripe if row["currency_id"] in claimed]

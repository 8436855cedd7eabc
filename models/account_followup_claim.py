from odoo import api, models
from odoo.tools import groupby


class AccountFollowupClaim(models.AbstractModel):
    """What a reminder claims of the items that it names: rules 6 and 13.

    For the items that the rule names by itself it says what the rule says; a person may
    choose others. Credits are deducted within their currency, never across.
    """

    _name = "account.followup.claim"
    _description = "Claim of a Payment Reminder"

    @api.model
    def _get_claims(self, rows, is_claimed=lambda row: True):
        """Return what is claimed: {currency: (amount, amount in company currency)}.

        A currency in which the credits cover the claimed items is left out. The amount
        is converted at the rate at which the claimed items are booked.

        :param rows: of account.followup.item, those that are named
        :param is_claimed: which of them are claimed; all, if not given
        """
        claims = {}
        for currency_id, mine in groupby(rows, lambda row: row["currency_id"]):
            currency = self.env["res.currency"].browse(currency_id)
            if claim := self._get_claim(currency, mine, is_claimed):
                claims[currency] = claim
        return claims

    @api.model
    def _get_claim(self, currency, rows, is_claimed):
        """Return what is claimed in one currency, None if credits cover it."""
        claimed = [row for row in rows if row["residual"] > 0 and is_claimed(row)]
        own = sum(float(row["residual"]) for row in claimed)
        booked = sum(float(row["residual_company"]) for row in claimed)
        credits = sum(float(row["residual"]) for row in rows if row["residual"] < 0)
        if not claimed or currency.compare_amounts(own + credits, 0) <= 0:
            return None
        company = currency.browse(claimed[0]["company_currency_id"])
        value = company.round((own + credits) * booked / own)
        return currency.round(own + credits), max(value, 0.0)

    @api.model
    def _get_company_claim(self, rows, is_claimed=lambda row: True):
        """Return what is claimed over all currencies, in company currency."""
        return sum(
            value for _amount, value in self._get_claims(rows, is_claimed).values()
        )

    @api.model
    def _get_counting_rows(self, rows, day):
        """Return the ripe items that count: in a currency with a claim (rule 6)."""
        claimed = self._get_claimed_currency_ids(rows)
        return [row for row in rows if row["is_ripe"] and row["currency_id"] in claimed]

    @api.model
    def _get_claimed_currency_ids(self, rows):
        """Return the ids of the currencies in which something is claimed (rule 6).

        The claim is what is overdue, or, for a level before the due date, what is ripe.
        """
        highest = {}
        for row in rows:
            if row["is_ripe"]:
                delay = highest.get(row["currency_id"], row["next_delay"])
                highest[row["currency_id"]] = max(delay, row["next_delay"])
        claims = self._get_claims(
            rows,
            lambda row: (
                row["days_late"] > 0
                if highest.get(row["currency_id"], 0) >= 0
                else row["is_ripe"]
            ),
        )
        return {currency.id for currency in claims}

    @api.model
    def _get_level_due(self, rows, day):
        """Return the highest next level among the ripe items that count, or none."""
        ripe = self._get_counting_rows(rows, day)
        ripe.sort(key=lambda row: row["next_delay"])
        return self.env["account.followup.level"].browse(
            ripe[-1]["next_level_id"] if ripe else None
        )

    @api.model
    def _get_due_since(self, rows, day):
        """Return since when the first of the items that count is ripe (rules 5, 6).

        :param rows: all open items of a customer
        """
        named = self.env["account.followup.send"]._get_default_rows(rows, day)
        counting = self._get_counting_rows(named, day)
        return min((row["ripe_date"] for row in counting), default=None)

    @api.model
    def _get_totals(self, rows):
        """Return [(currency, due, overdue, credit)] of rows that are not excluded.

        Amounts are in the currency of the items, one entry a currency (rule 13). Where
        the credits exceed what is late, nothing is overdue. What is in dispute is owed.
        """
        totals = {}
        for row in rows:
            if row["rest_reason"] == "excluded":
                continue
            total = totals.setdefault(row["currency_id"], [0.0, 0.0, 0.0])
            amount = float(row["residual"]) + float(row.get("disputed_part") or 0)
            total[0] += amount
            if amount <= 0:
                total[2] -= amount
            if amount <= 0 or row["days_late"] > 0:
                total[1] += amount
        result = []
        for key in sorted(totals):
            currency = self.env["res.currency"].browse(key)
            due, overdue, credit = map(currency.round, totals[key])
            result.append((currency, due, max(overdue, 0.0), credit))
        return result

    # ------------------------------------------------------------------
    # Beside journal items
    # ------------------------------------------------------------------

    @api.model
    def _get_extra_lines(self, data):
        """Return what a reminder claims beside the journal items that it names.

        Each is a line of the table and part of the totals of table and texts, and of
        what is to be paid. Nothing is booked, and no rule counts it.

        :param dict data: see ``_prepare_batch`` of the service; the context has the
            language of who gets it
        :return: list of dicts: ``name`` ``currency`` ``amount``
        """
        return []

    @api.model
    def _add_extra_lines(self, amounts, lines):
        """Return {currency: amount} with what some extra lines add to it."""
        amounts = dict(amounts)
        for line in lines:
            currency = line["currency"]
            total = amounts.get(currency, 0.0) + line["amount"]
            amounts[currency] = currency.round(total)
        return amounts

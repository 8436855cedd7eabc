from odoo import models

#: What a person agreed with a customer about an item.
AGREED = (
    "followup_hold_until",
    "followup_hold_reason",
    "expected_payment_date",
    "expected_payment_note",
)


class AccountMove(models.Model):
    """What becomes of hold and expected payment when a document changes hands."""

    _inherit = "account.move"

    def write(self, vals):
        # EXTENDS 'account'
        if "partner_id" not in vals:
            return super().write(vals)
        agreed = self.line_ids._get_followup_agreed()
        result = super().write(vals)
        if agreed:
            self.env["account.move.line"]._end_followup_agreed(agreed)
        return result


class AccountMoveLine(models.Model):
    """What was agreed, and what is disputed, is between us and one customer.

    Core writes the customer of an invoice on its items, so that it is seen here
    whichever of both somebody changes.
    """

    _inherit = "account.move.line"

    def write(self, vals):
        # EXTENDS 'account'
        if "partner_id" not in vals:
            return super().write(vals)
        agreed = self._get_followup_agreed()
        leaving = self._get_followup_leaving(vals["partner_id"])
        result = super().write(vals)
        if agreed:
            self._end_followup_agreed(agreed)
        if leaving:
            leaving._end_followup_disputes()
        return result

    def _get_followup_leaving(self, partner_id):
        """Return the items that another customer gets, and that may be disputed.

        What was never posted cannot be, so that posting asks nothing (promise 4).
        """
        customer = self.env["res.partner"].sudo().browse(partner_id)
        customer = customer.commercial_partner_id
        return self.sudo().filtered(
            lambda line: (
                line.move_id.posted_before
                and line.account_type == "asset_receivable"
                and line.balance > 0
                and line.partner_id.commercial_partner_id != customer
            )
        )

    def _end_followup_disputes(self):
        """Take items that got another customer out of disputes of the former one.

        The new customer has disputed nothing: a dispute of somebody else would let
        the invoice rest for ever, and nobody of both would be asked about it.
        """
        for dispute in self.env["account.followup.dispute"]._get_open(self):
            former = dispute.partner_id
            lines = (dispute.line_ids & self).filtered(
                lambda line, former=former: (
                    line.partner_id.commercial_partner_id != former
                )
            )
            if not lines:
                continue
            text = self.env._(
                "The customer is not %(customer)s any more, so this ends: %(agreed)s",
                customer=former.display_name,
                agreed=self.env._("In dispute: %s", dispute._get_text()),
            )
            moves = lines.move_id
            moves._message_log_batch(dict.fromkeys(moves.ids, text))
            dispute._take_out(lines)

    def _get_followup_agreed(self):
        """Return {item: its customer} of those for which something was agreed."""
        return {
            line: line.partner_id.commercial_partner_id
            for line in self.sudo()
            if line.followup_hold_until or line.expected_payment_date
        }

    def _end_followup_agreed(self, agreed):
        """Take hold and expected payment from items that got another customer.

        They were agreed with the former one, as levels belong to it (rule 4). A
        customer who gets a parent company is no other customer.
        """
        for line, customer in agreed.items():
            if not line.exists() or line.partner_id.commercial_partner_id == customer:
                continue
            texts = line._get_followup_agreed_texts()
            if not texts:  # said already, when core wrote the customer on the item
                continue
            text = self.env._(
                "The customer is not %(customer)s any more, so this ends: %(agreed)s",
                customer=customer.display_name,
                agreed=", ".join(texts),
            )
            line.write(dict.fromkeys(AGREED, False))
            line._forget_followup_changes()  # the text says more
            line.move_id._message_log(body=text)

    def _get_followup_agreed_texts(self):
        """Return hold and expected payment of an item as words."""
        notes = (self.followup_hold_reason, self.expected_payment_note)
        rests = self._get_followup_rests(with_exclusion=False)
        return [*rests, *filter(None, notes)]

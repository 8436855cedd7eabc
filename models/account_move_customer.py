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
    _inherit = "account.move.line"

    def write(self, vals):
        # EXTENDS 'account'
        if "partner_id" not in vals:
            return super().write(vals)
        agreed = self._get_followup_agreed()
        result = super().write(vals)
        if agreed:
            self._end_followup_agreed(agreed)
        return result

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
            text = self.env._(
                "The customer is not %(customer)s any more, so this ends: %(agreed)s",
                customer=customer.display_name,
                agreed=", ".join(line._get_followup_agreed_texts()),
            )
            line.write(dict.fromkeys(AGREED, False))
            line._forget_followup_changes()  # the text says more
            line.move_id._message_log(body=text)

    def _get_followup_agreed_texts(self):
        """Return hold and expected payment of an item as words."""
        notes = (self.followup_hold_reason, self.expected_payment_note)
        rests = self._get_followup_rests(with_exclusion=False)
        return [*rests, *filter(None, notes)]

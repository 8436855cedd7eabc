from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class AccountFollowupDisputeReason(models.Model):
    """What customers say is wrong with an invoice, and who looks at it (X8)."""

    _name = "account.followup.dispute.reason"
    _description = "Reason of a Dispute"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        domain="[('parent_id', '=', False)]",
        ondelete="cascade",
        help="Empty for all companies.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Looks After It",
        domain="[('share', '=', False)]",
        help="Owner of disputes for this reason; empty for the responsible of the "
        "customer.",
    )
    review_days = fields.Integer(
        "Days Until Review",
        default=14,
        required=True,
        help="After so many days somebody is asked to look at it again.",
    )

    _review_days_sensible = models.Constraint(
        "CHECK (review_days BETWEEN 1 AND 365)",
        "A dispute is looked at again after 1 to 365 days.",
    )

    @api.model
    def _get_reason(self, code=""):
        """Return one of the reasons that are shipped, else the last one in use."""
        xmlid = f"account_payment_followup.dispute_reason_{code or 'other'}"
        reason = self.env.ref(xmlid, raise_if_not_found=False)
        if not reason:
            reasons = self.with_context(active_test=False)
            reason = reasons.search([("company_id", "=", False)], limit=1)
        return reason

    @api.model
    def _check_chosen(self, records):
        """Refuse the reason of another company: a domain holds on the screen only.

        :param records: disputes, calls or windows about one customer
        """
        for record in records.sudo():
            company = record.reason_id.company_id
            if company and company != record.company_id:
                raise ValidationError(
                    self.env._(
                        "%s: this reason is one of another company. Choose one of the "
                        "list.",
                        record.partner_id.display_name,
                    )
                )

    def write(self, vals):
        # EXTENDS 'base'
        result = super().write(vals)
        if "company_id" in vals:  # rules are asked before it, and so of the old one
            self.check_access("write")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for model in ("account.followup.dispute", "account.followup.call"):
            used = self.env[model].sudo().search([("reason_id", "in", self.ids)])
            if used:
                raise UserError(
                    self.env._(
                        "%s: disputes have this reason. Archive it, so that the "
                        "history stays.",
                        used[:1].reason_id.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_last(self):
        """What customers say on the debtor page needs one for all companies."""
        shared = self.with_context(active_test=False).sudo()
        if not shared.search([("company_id", "=", False)]) - self:
            raise UserError(
                self.env._(
                    "%s: keep at least one reason for all companies. Archive it if "
                    "nobody is to choose it.",
                    self[-1:].name,
                )
            )

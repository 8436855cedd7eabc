from odoo import api, fields, models
from odoo.fields import Domain


@api.depends("partner_id")
def fill_for_partner(records):
    for record in records:
        record.for_partner_id = record.partner_id


class AccountFollowupItem(models.Model):
    """What the lists of open items say of an item that rests, and find."""

    _inherit = "account.followup.item"

    rest_until = fields.Date(
        "Until", compute="_compute_rest", help="Last day on which it rests, if known."
    )
    rest_why = fields.Char("Why", compute="_compute_rest")
    responsible_id = fields.Many2one(
        "res.users",
        string="Responsible",
        compute="_compute_responsible_id",
        help="Looks after the follow-ups of the customer.",
    )
    is_disputed = fields.Boolean(
        "Disputed", compute="_compute_is_disputed", search="_search_is_disputed"
    )
    is_promise_broken = fields.Boolean(
        "Broken Promise",
        compute="_compute_is_promise_broken",
        search="_search_is_promise_broken",
    )
    for_partner_id = fields.Many2one(
        "res.partner",
        string="Of the Customer",
        compute=fill_for_partner,
        search="_search_for_partner_id",
    )

    @api.depends("rest_reason", "move_line_id")
    def _compute_rest(self):
        """Say until when and why, as far as a person has said it."""
        for item in self:
            is_promise = item.rest_reason == "expected_payment"
            day = {
                "hold": item.followup_hold_until,
                "expected_payment": item.expected_payment_date,
            }
            item.rest_until = day.get(item.rest_reason, False)
            item.rest_why = item.rest_reason and (
                item.expected_payment_note if is_promise else item.followup_hold_reason
            )

    @api.depends("partner_id", "company_id")
    def _compute_responsible_id(self):
        cases = self.env["account.followup"].sudo()
        cases = cases.search([("partner_id", "in", self.partner_id.ids)])
        own = {(case.partner_id, case.company_id): case for case in cases}
        for item in self:
            case = own.get((item.partner_id, item.company_id), cases.browse())
            default = item.company_id.sudo().followup_responsible_id
            item.responsible_id = case.responsible_id or default

    @api.depends("rest_kind")
    def _compute_is_disputed(self):
        for item in self:
            item.is_disputed = item.rest_kind == "dispute"

    def _search_is_disputed(self, operator, value):
        """Find what is in dispute, or in part, and rests for it."""
        if operator != "in" or True not in value:
            return NotImplemented
        return Domain("rest_kind", "=", "dispute")

    def _compute_is_promise_broken(self):
        chosen = [("id", "in", self.ids), ("is_promise_broken", "=", True)]
        broken = self.search(chosen)
        for item in self:
            item.is_promise_broken = item in broken

    def _search_is_promise_broken(self, operator, value):
        """Find what the work-list counts as broken: one place says what that is."""
        if operator != "in" or True not in value:
            return NotImplemented
        lines = self.env["account.followup.customer.find"]._get_promised_lines()
        return (
            Domain("move_line_id", "in", lines.ids)
            & Domain("residual", ">", 0)
            & Domain("rest_reason", "!=", "excluded")
        )

    def _search_for_partner_id(self, operator, value):
        """Find what a customer's form shows, also that of a contact.

        The address of such a list says whose it is, and says the same when it is
        opened once more.
        """
        return self.env["res.partner"]._get_followup_domain_of(operator, value)

    def action_register_payment(self):
        """Open core's window Pay for these items."""
        lines = self._get_hold_lines()
        return lines.action_register_payment({"dont_redirect_to_payments": True})


class AccountFollowupHistoryMixin(models.AbstractModel):
    _inherit = "account.followup.history.mixin"

    for_partner_id = fields.Many2one(
        "res.partner",
        string="Of the Customer",
        compute=fill_for_partner,
        search="_search_for_partner_id",
    )

    def _search_for_partner_id(self, operator, value):
        """Find what a customer's form shows, what was with a former parent, too."""
        partners = self.env["res.partner"]
        domain = partners._get_followup_domain_of(operator, value)
        if domain is NotImplemented:
            return domain
        customers = partners.browse(value).commercial_partner_id
        return domain | (
            Domain("origin_partner_id", "in", customers.ids)
            & Domain("company_id", "=", self.env.company.root_id.id)
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _get_followup_domain_of(self, operator, value):
        """Return the domain of records of some customers in the current company."""
        if operator != "in":
            return NotImplemented
        customers = self.browse(value).exists().commercial_partner_id
        return Domain("partner_id", "in", customers.ids) & Domain(
            "company_id", "=", self.env.company.root_id.id
        )

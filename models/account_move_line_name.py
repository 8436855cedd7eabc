from odoo import fields, models

from .account_move_line import GROUPS


class AccountMoveLine(models.Model):
    """The name of an open item: which invoice, and which instalment of it."""

    _inherit = "account.move.line"

    followup_name = fields.Char(
        "Invoice or Instalment", compute="_compute_followup_name", groups=GROUPS
    )

    # no dependency: it is shown of what is posted, whose number and dates stay; and
    # posting an invoice is not to cost anything for it
    def _compute_followup_name(self):
        """Say the number of the invoice, and of the instalment if there are more."""
        terms_of = self._get_followup_terms()
        for line in self:
            name = line.move_id.name or line.name or ""
            terms = terms_of.get(line.move_id.id, [])
            if len(terms) > 1 and line._origin.id in terms:
                number = terms.index(line._origin.id) + 1
                name = f"{name} ({number}/{len(terms)})"
            line.followup_name = name

    def _get_followup_terms(self):
        """Return {id of an invoice: ids of its instalments, the first due first}."""
        invoices = self.move_id.filtered(lambda move: move.is_invoice())
        lines = self.sudo().search_fetch(
            [
                ("move_id", "in", invoices.ids),
                ("account_type", "=", "asset_receivable"),
            ],
            ["move_id", "date_maturity", "date"],
        )
        lines = lines.sorted(lambda line: (line.date_maturity or line.date, line.id))
        by_move = lines.grouped("move_id")
        return {move.id: terms.ids for move, terms in by_move.items()}

    def _get_followup_not_owed_text(self, partner, company):
        """Return that some of these items are not owed by a customer, or None.

        :param partner: commercial partner
        :param company: root company
        """
        others = self.filtered(
            lambda line: (
                line.partner_id.commercial_partner_id != partner
                or line.company_id.root_id != company
            )
        )
        if not others:
            return None
        return self.env._(
            "%(documents)s: this is not owed by %(customer)s.",
            documents=others._get_followup_names(),
            customer=partner.display_name,
        )

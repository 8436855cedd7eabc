from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.sql import get_fields
from .payment_transaction import NO_PROVIDERS

#: Core tries every ten minutes, for four days: what hangs for longer is told.
PATIENCE = timedelta(days=1)
#: A direct debit may take days until the provider knows, a capture waits for people.
LONG_PATIENCE = timedelta(days=14)


class PaymentTransaction(models.Model):
    """Online payments that hang: their invoices rest (rule 3).

    The provider has the money and core does not book it, or nobody captures it, or the
    provider's answer got lost. Without a word to somebody they would rest for ever.
    """

    _inherit = "payment.transaction"

    @api.model
    def _tell_followup_unbooked(self, days):
        """Give who looks after a company a task while such payments hang, and end it.

        :param dict days: {root company: date that counts as today}
        """
        summary = self.env._("Online payments are not in the books")
        hanging = self._get_followup_unbooked()
        hanging = hanging.grouped(lambda one: one.company_id.root_id)
        for company in hanging.keys() & days.keys():
            note = hanging[company]._get_followup_unbooked_text(company)
            company._schedule_followup_task(summary, note, days[company])
        others = self.env["res.company"].union(*(days.keys() - hanging.keys()))
        others._end_followup_tasks(summary, self.env._("None of them hangs any more."))

    @api.model
    def _get_followup_unbooked(self):
        """Return what hangs, of invoices that are open."""
        found = self.sudo().search(self._get_followup_hanging_domain())
        return found.filtered(lambda one: one._is_followup_open())

    @api.model
    def _get_followup_hanging_domain(self):
        """Return what has hung for too long of that because of which invoices rest."""
        now = fields.Datetime.now()
        unbooked = (
            Domain("state", "=", "done")
            & Domain("is_post_processed", "=", False)
            & Domain("amount", ">", 0)  # as the index has it
            & Domain("last_state_change", "<", now - PATIENCE)
        )
        undecided = Domain("state", "in", ("pending", "authorized")) & Domain(
            "last_state_change", "<", now - LONG_PATIENCE
        )
        online = Domain("provider_id.code", "not in", NO_PROVIDERS)
        return (unbooked | undecided) & online

    def _is_followup_open(self):
        """Return whether something of its invoices is still open."""
        self.ensure_one()
        return any(
            move.state == "posted"
            and not move.currency_id.is_zero(move.amount_residual)
            for move in self.invoice_ids
        )

    def _get_followup_unbooked_text(self, company):
        """Return what hangs, and the way out."""
        unbooked = self.filtered(lambda one: one.state == "done")
        texts = []
        if unbooked:
            texts.append(
                self.env._(
                    "%(company)s: what was paid online more than a day ago is not in "
                    "the books (%(payments)s). Until it is, these invoices are not "
                    "reminded: %(documents)s. Register the payments on the invoices, "
                    "or ask an administrator for the server's log and the scheduled "
                    "action that post-processes payment transactions.",
                    **unbooked._get_followup_values(company),
                )
            )
        if undecided := self - unbooked:
            texts.append(
                self.env._(
                    "%(company)s: online payments have been pending or authorized for "
                    "more than %(days)s days (%(payments)s). As long as they are, "
                    "these invoices are not reminded: %(documents)s. Capture or void "
                    "what is authorized, and ask the payment provider what became of "
                    "the others. Register on the invoice what was paid; of what never "
                    "will be, remind by hand.",
                    days=LONG_PATIENCE.days,
                    **undecided._get_followup_values(company),
                )
            )
        return Markup("<br/>").join(texts)

    def _get_followup_values(self, company):
        """Return which payments, and of which invoices, as words."""
        return {
            "company": company.name,
            "payments": ", ".join(self.mapped("reference")),
            "documents": ", ".join(self.invoice_ids.mapped("display_name")),
        }


class AccountFollowupItem(models.Model):
    """What rests for an online payment that hangs is forgotten, too (X8)."""

    _inherit = "account.followup.item"

    @api.model
    def _get_forgotten_domain(self, company, day):
        # EXTENDS 'account_payment_followup'
        transactions = self.env["payment.transaction"].sudo()
        hanging = transactions._search(transactions._get_followup_hanging_domain())
        paid = SQL(
            """
            (
                SELECT paid.invoice_id
                  FROM account_invoice_transaction_rel paid
                 WHERE paid.transaction_id IN %s
            )
            """,
            hanging.subselect(),
            to_flush=get_fields(self.env, {"payment.transaction": ("invoice_ids",)}),
        )
        return super()._get_forgotten_domain(company, day) | (
            Domain("company_id", "=", company.id)
            & Domain("rest_kind", "=", "online_payment")
            & Domain("move_id", "in", paid)
            & Domain("move_line_id", "not in", self._get_sql_reviewed(day))
        )

from collections import defaultdict

from odoo import api, models

from .account_followup_customer import ID_SHIFT


def filled_by(method, *depends, context=()):
    """Return what computes fields of a row: a method of the model below.

    Fields that are computed together share what this returns.
    """

    @api.depends(*depends)
    @api.depends_context(*context)
    def fill(customers):
        service = customers.env["account.followup.customer.fill"]
        getattr(service, method)(customers)

    return fill


class AccountFollowupCustomerFill(models.AbstractModel):
    """What rows of the work-list say beside the columns of the rule.

    Each method fills the fields that name it (``filled_by``).
    """

    _name = "account.followup.customer.fill"
    _description = "Customer to Follow Up"

    @api.model
    def _get_items_by_row(self, customers, days):
        """Return {row id: its open items, as dicts}."""
        items = self.env["account.followup.item"].sudo()
        result = defaultdict(list)
        for row in items._get_rows(days, customers.partner_id):
            result[(row["company_id"] << ID_SHIFT) | row["partner_id"]].append(row)
        return result

    @api.model
    def _fill_coming_level(self, customers):
        for customer in customers:
            is_due = customer.status == "in_need_of_action"
            customer.coming_level_id = is_due and customer.level_id

    @api.model
    def _fill_due_since(self, customers):
        days = self.env["res.company"]._get_followup_days(customers.company_id)
        by_row = self._get_items_by_row(customers, days)
        claim = self.env["account.followup.claim"]
        for customer in customers:
            day = days.get(customer.company_id)
            is_due = customer.status == "in_need_of_action"
            customer.due_since = is_due and claim._get_due_since(
                by_row[customer.id], day
            )

    @api.model
    def _fill_status_note(self, customers):
        """Name the status, or what the amount beside it would not explain."""
        names = dict(customers._fields["status"]._description_selection(self.env))
        for customer in customers:
            is_due = customer.status == "in_need_of_action"
            if customer.excluded:
                note = self.env._("Excluded")
            elif is_due and customer.pause_until:
                note = self.env._("Answer came")
            elif is_due and not customer.days_late:
                note = self.env._("Falls due soon")
            elif customer.days_late and not is_due and customer.total_overdue <= 0:
                note = self.env._("Covered by credits")
            else:
                note = names[customer.status]
            customer.status_note = note

    @api.model
    def _fill_promises(self, customers):
        service = self.env["account.followup.customer.find"]
        this_week = service._get_promise_ids("promised")
        broken = service._get_promise_ids()
        for customer in customers:
            customer.promised = customer.id in this_week
            customer.promise_broken = customer.id in broken

    @api.model
    def _fill_ladder_done(self, customers):
        done = [("id", "in", customers.ids), ("ladder_done", "=", True)]
        done = customers.search(done)
        for customer in customers:
            customer.ladder_done = customer in done

    @api.model
    def _fill_document(self, customers):
        """These two are for searching: a customer has many invoices."""
        customers.document = False
        customers.amount = 0.0

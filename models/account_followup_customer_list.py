from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.actions import get_window
from .account_followup_customer_fill import filled_by
from .account_followup_customer_find import found_by

fill_promises = filled_by("_fill_promises")
fill_document = filled_by("_fill_document")


class AccountFollowupCustomer(models.Model):
    """What the work-list says and finds beside the columns of the rule."""

    _inherit = "account.followup.customer"

    reached_level_id = fields.Many2one(
        "account.followup.level",
        string="Reached",
        readonly=True,
        help="The highest level that an open item has reached.",
    )
    coming_level_id = fields.Many2one(
        "account.followup.level",
        string="Next",
        compute=filled_by("_fill_coming_level", "status", "level_id"),
        help="The level that is due.",
    )
    # a dependency on the items would search all rows when one changes
    due_since = fields.Date(
        compute=filled_by("_fill_due_since", "partner_id", "company_id"),
        help="Since this day an item of a customer who requires follow-up is due for "
        "its next level.",
    )
    status_note = fields.Char(
        "Status Shown",
        compute=filled_by(
            "_fill_status_note",
            "status",
            "excluded",
            "total_overdue",
            "days_late",
            "pause_until",
            context=["lang"],
        ),
    )
    promised = fields.Boolean(
        "Promised This Week",
        compute=fill_promises,
        search=found_by("_find_promised"),
    )
    promise_broken = fields.Boolean(
        "Broken Promise",
        compute=fill_promises,
        search=found_by("_find_promise_broken"),
    )
    ladder_done = fields.Boolean(
        "All Levels Done",
        compute=filled_by("_fill_ladder_done"),
        search=found_by("_find_ladder_done"),
        help="An overdue item has reached its last level: no further reminder of it "
        "comes by the rule.",
    )
    document = fields.Char(
        "Invoice", compute=fill_document, search=found_by("_find_document")
    )
    amount = fields.Monetary(compute=fill_document, search=found_by("_find_amount"))

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    @api.readonly
    def get_work_list_numbers(self):
        """Return the numbers at the head of the list: customers, by filter.

        ``to_process`` are those of the current company, which are reminded together.
        """
        self.check_access("read")
        service = self.env["account.followup.customer.find"]
        counts = self._read_group([], ["company_id", "status"], ["__count"])
        due = {
            company: count
            for company, status, count in counts
            if status == "in_need_of_action"
        }
        return {
            "customers": sum(count for _company, _status, count in counts),
            "overdue": sum(
                count for _, status, count in counts if status != "no_action_needed"
            ),
            "in_need_of_action": sum(due.values()),
            "promised": len(service._get_promise_ids("promised")),
            "promise_broken": len(service._get_promise_ids()),
            "to_process": due.get(self.env.company.root_id, 0),
            "test_notice": self.env["account.followup.test"]._get_notice(
                self.env.company
            ),
        }

    def action_process_all_due(self):
        """Open the window for all customers of the company who require follow-up.

        :raise UserError: nobody does
        """
        self.check_access("read")
        root = self.env.company.root_id
        due = [("company_id", "=", root.id), ("status", "=", "in_need_of_action")]
        customers = self.search(due)
        if not customers:
            self.env["res.partner"]._check_followup_access()
            raise UserError(
                self.env._(
                    "%s: no customer requires a follow-up now.",
                    root.sudo().name,
                )
            )
        return customers.action_process_followups()

    def action_send_followup(self):
        """Open Send and Print for the customer of the row."""
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_on_customer(self, "action_send_followup")

    def action_log_followup_call(self):
        """Open Log a Call for the customer of the row."""
        ways = self.env["account.followup.customer.open"]
        return ways._get_action_on_customer(self, "action_log_followup_call")

    def action_hold_followup(self):
        """Open Hold or Exclude for all that is overdue of the customer of the row."""
        self.ensure_one()
        self.check_access("read")
        items = self.env["account.followup.item"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("days_late", ">", 0),
                ("residual", ">", 0),
            ]
        )
        return items.action_hold_followup()

    def action_hand_over(self):
        """Open core's window that schedules an activity for these customers.

        It is what is left to do when all levels are done.
        """
        self.env["account.followup.customer.open"]._check_one_company(self)
        self.partner_id._check_followup_access()
        return get_window(
            "mail.activity.schedule",
            self.env._("Schedule Activity"),
            active_model="res.partner",
            active_ids=self.partner_id.ids,
            active_id=self.partner_id[:1].id,
            default_summary=self.env._("All reminders sent: hand over"),
        )

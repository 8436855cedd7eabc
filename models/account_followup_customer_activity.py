from odoo import api, fields, models

from .account_followup_customer_fill import filled_by
from .account_followup_customer_find import found_by

#: Fields of the customer that the widget of its activities reads, the deadline, and
#: the number to call.
NAMES = (
    "activity_ids",
    "activity_state",
    "activity_summary",
    "activity_type_id",
    "activity_type_icon",
    "activity_date_deadline",
    "activity_exception_decoration",
    "activity_exception_icon",
    "phone",
)


# a dependency on the customer's activities would search all rows when one changes
fill_activities = filled_by("_fill_activities", "partner_id")


class AccountFollowupCustomerFill(models.AbstractModel):
    _inherit = "account.followup.customer.fill"

    @api.model
    def _fill_activities(self, customers):
        readable = customers.partner_id._filtered_access("read")
        for customer in customers:
            partner = (customer.partner_id & readable).with_prefetch(readable.ids)
            for name in (*NAMES, "activity_user_id"):
                customer[name] = partner[name]


class AccountFollowupCustomer(models.Model):
    """The open activities of the customer, beside what is to be reminded (D2).

    They belong to the customer's record: a row is a view and has none of its own.
    """

    _inherit = "account.followup.customer"

    activity_ids = fields.Many2many(
        "mail.activity", string="Activities", compute=fill_activities
    )
    activity_state = fields.Selection(
        [("overdue", "Late"), ("today", "Today"), ("planned", "Planned")],
        compute=fill_activities,
        search=found_by("_find_activity_state"),
        help="Of the customer's next activity, whoever has to do it.",
    )
    activity_user_id = fields.Many2one(
        "res.users",
        string="Activity Of",
        compute=fill_activities,
        search=found_by("_find_activity_user_id"),
    )
    activity_summary = fields.Char(compute=fill_activities)
    activity_type_id = fields.Many2one("mail.activity.type", compute=fill_activities)
    activity_type_icon = fields.Char(compute=fill_activities)
    activity_date_deadline = fields.Date("Activity Deadline", compute=fill_activities)
    activity_exception_decoration = fields.Selection(
        [("warning", "Alert"), ("danger", "Error")], compute=fill_activities
    )
    activity_exception_icon = fields.Char(compute=fill_activities)
    phone = fields.Char(compute=fill_activities)

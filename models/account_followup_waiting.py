from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .account_followup_customer_fill import filled_by
from .account_followup_customer_find import found_by
from .res_company import SETTINGS_GROUPS

#: A message that waits for longer is told (promise 5: never "queued" for ever).
PATIENCE = timedelta(days=1)


class AccountFollowupDelivery(models.Model):
    """Queues that stand still are told, once for each outage and company."""

    _inherit = "account.followup.delivery"

    @api.model
    def _tell_waiting(self):
        """Give the responsible a task when messages wait for too long, and end it."""
        waiting = self._get_waiting()
        told = (
            self.env["res.company"]
            .sudo()
            .with_context(active_test=False)
            .search([("followup_waiting_since", "!=", False)])
        )
        for company in told.filtered(lambda company: company.id not in waiting):
            company._end_followup_outage()
        for company in self.env["res.company"].sudo().browse(waiting) - told:
            company._tell_followup_outage(*waiting[company.id])

    @api.model
    def _get_waiting(self):
        """Return {root company id: (messages, first moment, channels)}."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT company_id, COUNT(*), MIN(write_date),
                       ARRAY_AGG(DISTINCT channel)
                  FROM account_followup_delivery delivery
                 WHERE state = 'queued' AND write_date < %(limit)s
                   -- over days off SMS wait for their hours
                   AND NOT EXISTS (
                       SELECT 1
                         FROM sms_sms sms
                        WHERE delivery.channel = 'sms'
                          AND sms.mail_message_id = delivery.mail_message_id
                          AND sms.followup_not_before >= %(limit)s
                   )
                 GROUP BY company_id
                """,
                limit=fields.Datetime.now() - PATIENCE,
                to_flush=[
                    *(self._fields[name] for name in ("company_id", "state")),
                    self.env["sms.sms"]._fields["followup_not_before"],
                ],
            )
        )
        return {company_id: values for company_id, *values in rows}


class ResCompany(models.Model):
    _inherit = "res.company"

    # since when messages wait, told to the responsible; empty when none does
    followup_waiting_since = fields.Datetime(
        readonly=True, copy=False, groups=SETTINGS_GROUPS
    )
    followup_waiting_activity_id = fields.Many2one(
        "mail.activity",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=SETTINGS_GROUPS,
    )

    def _tell_followup_outage(self, count, since, channels):
        """Plan a task about messages that do not leave, with the way out."""
        self.ensure_one()
        user = self.followup_responsible_id.filtered("active")
        task = self.partner_id.with_company(self).activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=self._get_followup_day()[self],
            summary=self.env._("Messages to customers are not being sent"),
            note=self._get_followup_outage_text(count, since, channels),
            user_id=(user or self.env.ref("base.user_admin")).id,
        )
        self.write(
            {"followup_waiting_since": since, "followup_waiting_activity_id": task.id}
        )

    def _get_followup_outage_text(self, count, since, channels):
        """Return what waits, and what to do about it."""
        models = map(self.env["account.followup.channels"]._get, channels)
        queues = [self.env.ref(one._cron).sudo() for one in models if one._cron]
        off = [queue.name for queue in queues if not queue.active]
        way = (
            self.env._("Switched off: %s.", ", ".join(off))
            if off
            else self.env._("All of them are switched on, so look at the mail server.")
        )
        return self.env._(
            "%(count)s messages of payment follow-ups to customers (%(channels)s) have "
            "been waiting since %(date)s; until they have left, these customers get no "
            "other reminder. Have an administrator look at Settings, Technical, "
            "Scheduled Actions (%(queues)s) and Outgoing Mail Servers. %(way)s",
            count=count,
            channels=self.env["account.followup.channels"]._get_channels_label(
                channels
            ),
            date=format_date(self.env, since),
            queues=", ".join(queue.name for queue in queues),
            way=way,
        )

    def _end_followup_outage(self):
        """Mark the task as done: nothing waits any more."""
        self.ensure_one()
        task = self.followup_waiting_activity_id
        self.write(
            {"followup_waiting_since": False, "followup_waiting_activity_id": False}
        )
        if task.active:
            task.action_feedback(self.env._("The messages have left."))


class AccountFollowup(models.Model):
    _inherit = "account.followup"

    queued_since = fields.Date(compute="_compute_queued_since")

    @api.depends("partner_id", "company_id")
    def _compute_queued_since(self):
        first = self.env["account.followup.look"]._get_queued_since(self)
        for case in self:
            key = (case.partner_id._origin, case.company_id._origin)
            case.queued_since = first.get(key)


class AccountFollowupCustomerFill(models.AbstractModel):
    _inherit = "account.followup.customer.fill"

    @api.model
    def _fill_waiting_since(self, customers):
        first = self.env["account.followup.look"]._get_queued_since(customers)
        for row in customers:
            row.waiting_since = first.get((row.partner_id, row.company_id))


class AccountFollowupCustomer(models.Model):
    _inherit = "account.followup.customer"

    waiting_since = fields.Date(
        compute=filled_by("_fill_waiting_since", "partner_id", "company_id"),
        search=found_by("_find_waiting_since"),
        help="A reminder has been waiting to be sent since this day. Until it has "
        "left, no other one is made.",
    )

from odoo import api, fields, models
from odoo.fields import Domain

from .account_followup_times import SendingTimes

#: Context key: moment of the queue, which passes over what waits for a later one.
QUEUE = "followup_sms_queue"


class SmsSms(models.Model):
    """SMS of automatic reminders wait for the hours in which they may leave (X15)."""

    _inherit = "sms.sms"

    followup_not_before = fields.Datetime(
        "Leaves After",
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="An automatic reminder, which waits for the hours of SMS.",
    )

    @api.model
    def _search(self, domain, *args, **kwargs):
        # EXTENDS 'base'
        if moment := self.env.context.get(QUEUE):
            domain = Domain(domain) & (
                Domain("followup_not_before", "=", False)
                | Domain("followup_not_before", "<=", moment)
            )
        return super()._search(domain, *args, **kwargs)

    def _process_queue(self):
        # EXTENDS 'sms': what waits is not in the way of the others
        queue = self.with_context(**{QUEUE: fields.Datetime.now()})
        return super(SmsSms, queue)._process_queue()

    def _hold_followups(self, deliveries):
        """Return those of some SMS of reminders that must not leave at this hour.

        :param deliveries: those of their messages
        """
        by_message = deliveries.grouped("mail_message_id")
        known = self._get_followup_openings(deliveries.reminder_id)
        now, openings = fields.Datetime.now(), {}
        for sms in self.sudo():
            reminder = by_message[sms.mail_message_id].reminder_id[:1]
            opening = known.get(reminder, now)
            if opening > now:
                openings.setdefault(opening, sms.browse())
                openings[opening] += sms
        for opening, waiting in openings.items():
            waiting._hold_followups_until(opening)
        return self.browse(id_ for waiting in openings.values() for id_ in waiting.ids)

    def _hold_followups_until(self, opening):
        """Let SMS wait for a moment, and the queue come again then."""
        if new := self.filtered(lambda sms: sms.followup_not_before != opening):
            new.followup_not_before = opening
            cron = self.env.ref("sms.ir_cron_sms_scheduler_action")
            cron.sudo()._trigger(at=opening)

    @api.model
    def _get_followup_openings(self, reminders):
        """Return {reminder: moment from which on its SMS may leave}.

        Those that a person sends are left out: they leave at once.
        """
        now, found = fields.Datetime.now(), {}
        automatic = reminders.filtered(
            lambda one: one.trigger == "automatic" and not one._is_by_hand()
        )
        for company, mine in automatic.sudo().grouped("company_id").items():
            times = SendingTimes(company, mine[0].date, now)
            places = times.get_places(mine.partner_id.ids)
            openings = {one: times.get_sms_opening(one) for one in set(places.values())}
            found.update((one, openings[places[one.partner_id.id]]) for one in mine)
        return found

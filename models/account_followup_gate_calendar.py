from odoo import api, models

from .account_followup_times import Place, SendingTimes

#: Context key: moment at which SMS are about to leave, for which only days count.
SMS_MOMENT = "followup_sms_moment"


class AccountFollowupGateCalendar(models.AbstractModel):
    """Automatic reminders leave on working days, in the hours of the window (X15).

    Levels count calendar days all the same: what becomes ripe on a Sunday leaves on
    Monday, and is not late for it; the gap and the next level count from that Monday,
    the day on which it was sent (rules 5, 6 and 18).
    """

    _name = "account.followup.gate.calendar"
    _inherit = ["account.followup.gate"]
    _description = "Working Days and Hours"

    _place = 60

    @api.model
    def _get_times(self, company, day, now):
        """Return when reminders leave; SMS wait for their hours in their queue.

        What has waited there for its opening must not be withdrawn by it: the day is
        that at the customer's place, as it was for the opening.
        """
        moment = self.env.context.get(SMS_MOMENT)
        return SendingTimes(company, day, moment or now, is_sms=bool(moment))

    @api.model
    def _get_company_reason(self, company, day, now=None):
        # EXTENDS 'account.followup.gate'
        times = self._get_times(company, day, now)
        if not times.is_on or times.is_by_customer:
            return None
        return times.get_reason(Place())

    @api.model
    def _get_case_reasons(self, cases, day, now=None):
        # EXTENDS 'account.followup.gate'
        times = self._get_times(cases.company_id, day, now)
        if not times.is_on or not times.is_by_customer:
            return {}
        places = times.get_places(cases.partner_id.ids)
        reasons = {}
        for case in cases:
            place = places.get(case.partner_id.id, Place())
            if reason := times.get_reason(place):
                reasons[case] = reason
        return reasons

    @api.model
    def _get_setting(self, facts):
        # EXTENDS 'account.followup.gate': the working days may be those of the plan
        times = self._get_times(facts.company, facts.day, facts.now)
        [place] = times.get_places(facts.partner.ids).values()
        if place.calendar_id and times.is_day_off(place):
            return facts.plan
        return facts.company

    @api.model
    def _let_pass(self, company, partner_ids, day, now):
        # EXTENDS 'account.followup.gate': the run comes again when they may leave
        times = SendingTimes(company, day, now)
        if not times.is_on:
            return partner_ids
        places = times.get_places(partner_ids)
        held = {place for place in set(places.values()) if times.get_reason(place)}
        openings = [moment for place in held if (moment := times.get_opening(place))]
        if openings:
            self._run_again_at(min(openings))
        return [id_ for id_ in partner_ids if places[id_] not in held]

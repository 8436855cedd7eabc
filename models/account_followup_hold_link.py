from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import hash_sign, verify_hash_signed

#: What a link may do, and for how long.
HOLD, UNDO = "account_payment_followup.hold", "account_payment_followup.hold.undo"
VALID = timedelta(days=7)

#: For how long one can hold: name in the form, and working days or days.
PERIODS = ("next", "week", "month")


class AccountFollowupHoldLink(models.AbstractModel):
    """Links of the digest that hold the reminders to a customer (X6).

    They are signed, name the user who got them, and do what that user may do when they
    are used. Opening one changes nothing: programs open the links of e-mails.
    """

    _name = "account.followup.hold.link"
    _description = "Links to Hold Payment Reminders"

    @api.model
    def _get_token(self, company, partner, user, day):
        """Return the token of a link.

        :param company: root company
        :param partner: customer
        :param user: who gets it
        :param date day: of the reminder that it is about
        """
        values = [company.id, partner.id, user.id, fields.Date.to_string(day)]
        return hash_sign(self.sudo().env, HOLD, values, expiration=VALID)

    @api.model
    def _find(self, token, scope=HOLD):
        """Return what a token stands for, None for any that is good for nothing.

        :return: dict with ``case`` (account.followup with the rights of the user),
            ``user``, and ``values``: what follows in the token
        """
        try:
            found = verify_hash_signed(self.sudo().env, scope, token)
        except ValueError:  # cut, or typed
            return None
        if not found:
            return None
        company_id, partner_id, user_id, *values = found
        user = self.env["res.users"].sudo().browse(user_id).exists()
        company = self.env["res.company"].sudo().browse(company_id).exists()
        partner = self.env["res.partner"].sudo().browse(partner_id).exists()
        if not (user.active and company and partner):
            return None
        return self._get_case_of(user, company, partner, values)

    @api.model
    def _get_case_of(self, user, company, partner, values):
        """Return the case as the user may change it, None if he may not."""
        companies = user.company_ids.filtered(lambda one: one.root_id == company)
        mine = self.env(
            user=user.id,
            su=False,
            context={"allowed_company_ids": companies.ids, "lang": user.lang},
        )
        partner = mine["res.partner"].browse(partner.id)
        try:
            partner._check_followup_access()
            mine["res.company"].browse(company.id)._check_followup_access()
            mine["account.followup"].check_access("write")
        except AccessError:
            return None
        case = mine["account.followup"]._get_case(partner, company.with_env(mine))
        return {"case": case, "user": user, "values": values}

    @api.model
    def _get_until(self, found, period):
        """Return the first day on which the customer may be reminded again.

        :param str period: one of ``PERIODS``
        """
        case, (day,) = found["case"], found["values"]
        company = case.sudo().company_id._origin
        first = max(fields.Date.to_date(day), company._get_followup_day()[company])
        workdays = self.env["account.followup.workdays"].sudo()
        return {
            "next": workdays._get_following(company, first),
            "week": first + timedelta(days=7),
            "month": first + timedelta(days=30),
        }[period]

    @api.model
    def _hold(self, found, period, last=None):
        """Hold the reminders to a customer; return the token that undoes it.

        Who presses twice gets the same once more.

        :param str last: token that undoes what this browser has done before
        :raise UserError: a person has set a later day, or it cannot be done
        """
        case, until = found["case"], self._get_until(found, period)
        company, partner = case.sudo().company_id._origin, case.partner_id._origin
        case = self._get_stored(case, company, partner)
        before = case.next_reminder_date
        if before == until and case.next_reminder_user_id == found["user"]:
            return self._get_undo_again(case, found["user"], until, last)
        if before and before >= until:
            raise UserError(
                case.env._("A later day is set already: nothing was changed.")
            )
        case.with_env(found["case"].env)._set_by_hand({"next_reminder_date": until})
        return self._make_undo(case, found["user"], before, until)

    @api.model
    def _make_undo(self, case, user, before, until):
        """Return the token that sets the day before again, see ``_undo``."""
        values = [
            case.company_id.id,
            case.partner_id.id,
            user.id,
            fields.Date.to_string(before) if before else None,
            fields.Date.to_string(until),
        ]
        return hash_sign(self.sudo().env, UNDO, values, expiration=VALID)

    @api.model
    def _get_undo_again(self, case, user, until, last):
        """Return the token that undoes what is done already.

        :param str last: the one that the browser has got, which knows the day before
        """
        known = last and self._find(last, UNDO)
        if (
            known
            and known["case"] == case
            and known["user"] == user
            and known["values"][1] == fields.Date.to_string(until)
        ):
            return last
        return self._make_undo(case, user, None, until)

    @api.model
    def _get_stored(self, case, company, partner):
        cases = case.env["account.followup"].sudo()
        return cases._get_or_create(partner, company).sudo(False)

    @api.model
    def _undo(self, found):
        """Take back a hold, unless somebody has set another day meanwhile.

        :return: whether it was, or is already: who presses twice is told the same
        """
        before, until = map(fields.Date.to_date, found["values"])
        case = found["case"]
        if not case.id:
            return False
        company = case.sudo().company_id
        if before and before <= company._get_followup_day()[company]:
            before = None
        if case.next_reminder_date == (before or False):
            return True
        if case.next_reminder_date != until:
            return False
        try:
            with self.env.cr.savepoint():
                case._set_by_hand({"next_reminder_date": before or False})
        except UserError:  # by now the rule is later than that day
            case._set_by_hand({"next_reminder_date": False})
        return True

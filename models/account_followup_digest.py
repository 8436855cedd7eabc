import logging
from datetime import timedelta

import psycopg2
import pytz

from odoo import api, fields, models
from odoo.tools import format_date, format_datetime, formatLang

from .account_followup_channel_email import LAYOUT

_logger = logging.getLogger(__name__)

#: From this hour on, in the company's time zone, the list of tomorrow is mailed.
HOUR = 15

#: So many customers are listed for each level; the screen shows all of them.
MAX_LISTED = 50

#: What becomes of a reminder, in the order of the e-mail.
WAYS = ("automatic", "manual", "held")


class AccountFollowupDigest(models.AbstractModel):
    """Tomorrow's list: who will get what, a day before (X6).

    In the afternoon of a working day, by the company's calendar and its holidays, it
    says who is reminded until the next one, what waits for a person, and why nothing
    leaves, if a gate stops it. One e-mail for each
    user, own customers first. When there is nothing to say, there is none.
    """

    _name = "account.followup.digest"
    _description = "Digest of Planned Payment Reminders"

    @api.model
    def _cron_send_digests(self):
        """Mail the lists of companies in which it is afternoon, once a day each."""
        progress = self.env["ir.cron"]._commit_progress
        now = fields.Datetime.now()
        companies = self.env["res.company"].sudo()
        companies = companies.search([("parent_id", "=", False)])
        days = companies._get_followup_days(companies)
        due = [
            company
            for company, day in days.items()
            if company._is_followup_digest_due(day, now)
        ]
        progress(remaining=len(due))
        for number, company in enumerate(due, 1):
            try:
                with self.env.cr.savepoint():
                    self._send_digest(company, days[company], now)
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                self.env.invalidate_all(flush=False)
                company._note_followup_error(error, days[company])
            company.followup_digest_date = days[company]
            if not progress(1, remaining=len(due) - number):
                return

    @api.model
    def _send_digest(self, company, day, now):
        """Mail the list of a company to those who want it."""
        users = company._get_followup_digest_users()
        if not users:
            return
        last = self.env["account.followup.workdays"]._get_following(company, day)
        forecast = self.env["account.followup.forecast"].sudo()
        planned = forecast._get_planned(company, day, day + timedelta(days=1), last)
        if not planned:
            return
        claims = forecast._get_claims(planned, company)
        for user in users:
            mine = self.with_context(lang=user.lang, tz=user.tz).with_company(company)
            mine._mail(company, user, planned, claims, last, now)
        self.env["account.followup.channels"]._wake(
            "mail.ir_cron_mail_scheduler_action"
        )

    @api.model
    def _mail(self, company, user, planned, claims, last, now):
        """Queue the e-mail to one user."""
        body = self._render_mail(company, user, planned, claims, last, now)
        by_itself = [one for one in planned if one["way"] == "automatic"]
        self.env["mail.mail"].sudo().create(
            {
                "subject": self.env._(
                    "%(company)s: reminders until %(day)s, %(automatic)s of %(count)s "
                    "leave by themselves",
                    company=company.name,
                    day=format_date(self.env, last),
                    automatic=len(by_itself),
                    count=len(planned),
                ),
                "body_html": body,
                "email_from": company.email_formatted or user.email_formatted,
                "email_to": user.email_formatted,
                "auto_delete": True,
            }
        )

    @api.model
    def _render_mail(self, company, user, planned, claims, last, now):
        """Return the text of the e-mail to one user."""
        values = {
            "company": company,
            "user": user,
            "day": format_date(self.env, last, date_format="full"),
            "as_of": format_datetime(self.env, now, dt_format="short"),
            "stopped": self._get_stop_text(company, planned),
            "sections": self._get_sections(company, user, planned, claims),
            "planned_url": f"{company.get_base_url()}/odoo/action-"
            "account_payment_followup.action_open_planned",
        }
        body = self.env["ir.qweb"]._render(
            "account_payment_followup.digest_mail", values, lang=user.lang
        )
        return self.env["mail.render.mixin"]._render_encapsulate(
            LAYOUT,
            body,
            add_context={"company": company, "lang": user.lang},
            context_record=company.partner_id,
        )

    @api.model
    def _get_stop_text(self, company, planned):
        """Return why nothing at all leaves by itself, or nothing."""
        if any(one["way"] == "automatic" for one in planned):
            return ""
        if not company.followup_automatic:
            return self.env._("Automatic reminders are switched off.")
        reasons = {one["reason"] for one in planned if one["way"] == "held"}
        return reasons.pop() if len(reasons) == 1 else ""

    # ------------------------------------------------------------------
    # What the e-mail lists
    # ------------------------------------------------------------------

    @api.model
    def _get_sections(self, company, user, planned, claims):
        """Return what leaves by itself, waits for a person, and is held, by level."""
        names = {
            "automatic": self.env._("Leaves by itself"),
            "manual": self.env._("Waits for a person"),
            "held": self.env._("Held"),
        }
        sections = []
        for way in WAYS:
            mine = [one for one in planned if one["way"] == way]
            if mine:
                sections.append(
                    {
                        "way": way,
                        "name": names[way],
                        "count": len(mine),
                        "total": self._get_total(mine, claims),
                        "levels": self._get_levels(company, user, mine, claims),
                    }
                )
        return sections

    @api.model
    def _get_levels(self, company, user, planned, claims):
        """Return the customers of a section by level, the highest level first."""
        levels = self.env["account.followup.level"].sudo()
        levels = levels.browse({one["row"]["level_id"] for one in planned})
        result = []
        for level in levels.sorted(lambda one: (-one.delay, one.id)):
            mine = [one for one in planned if one["row"]["level_id"] == level.id]
            # own customers first
            mine.sort(
                key=lambda one: (
                    one["row"]["responsible_id"] != user.id,
                    -one["row"]["total_overdue"],
                )
            )
            result.append(
                {
                    "name": level.name,
                    "count": len(mine),
                    "total": self._get_total(mine, claims),
                    "rows": [
                        self._get_row(company, user, one, claims)
                        for one in mine[:MAX_LISTED]
                    ],
                    "more": max(len(mine) - MAX_LISTED, 0),
                }
            )
        return result

    @api.model
    def _get_row(self, company, user, one, claims):
        """Return what is said of a customer."""
        partner = self.env["res.partner"].sudo().browse(one["row"]["partner_id"])
        links = self.env["account.followup.hold.link"]
        token = links._get_token(company, partner, user, one["day"])
        base = company.get_base_url()
        return {
            "name": partner.display_name,
            "url": f"{base}/odoo/followup-reports/followup-customer/{partner.id}",
            "amount": self._get_total([one], claims),
            "days_late": self._get_days_late(partner.id, claims),
            "day": format_date(self.env, one["day"]),
            "reason": one["reason"] or "",
            "hold_url": f"{base}/account_payment_followup/hold/{token}",
        }

    @api.model
    def _get_days_late(self, partner_id, claims):
        """Return how late the oldest of what is claimed is, not what credits cover."""
        mine = [claim for key, claim in claims.items() if key[0] == partner_id]
        return max([0, *(days_late for _amount, _value, days_late in mine)])

    @api.model
    def _get_total(self, planned, claims):
        """Return what is claimed of some customers, for each currency, as text."""
        ids = {one["row"]["partner_id"] for one in planned}
        totals = {}
        for (partner_id, currency_id), (amount, *_rest) in claims.items():
            if partner_id in ids:
                totals[currency_id] = totals.get(currency_id, 0.0) + amount
        currencies = self.env["res.currency"]
        return ", ".join(
            formatLang(self.env, totals[id_], currency_obj=currencies.browse(id_))
            for id_ in sorted(totals)
        )


class ResCompany(models.Model):
    _inherit = "res.company"

    def _is_followup_digest_due(self, day, now):
        """Return whether the list of tomorrow is to be mailed now.

        :param date day: the company's day
        :param datetime now: UTC
        """
        self.ensure_one()
        return (
            self.followup_digest
            # whoever was chosen wants to know also that nothing leaves
            and (self.followup_automatic or self.followup_digest_user_ids)
            and self.followup_digest_date != day
            and self._get_followup_hour(now) >= HOUR
            and self.env["account.followup.workdays"]._is_worked(self, day)
        )

    def _get_followup_hour(self, now):
        """Return the hour in the company's time zone, see ``_get_followup_day``."""
        zone = pytz.timezone(self._get_followup_zone())
        return pytz.utc.localize(now).astimezone(zone).hour

    def _get_followup_digest_users(self):
        """Return who gets the list: those chosen, else the responsible.

        Whoever has left, sees no follow-ups, or has no address gets nothing.
        """
        self.ensure_one()
        users = self.followup_digest_user_ids or self.followup_responsible_id
        return users.filtered(
            lambda user: (
                user.active
                and user.email_normalized
                and self in user.company_ids.root_id
                and user.has_group("account.group_account_invoice")
            )
        )

import re

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date, html2plaintext
from odoo.tools.misc import formatLang

from ..tools.local_time import get_local_times

#: So many of the last reminders, calls and answers are shown, so much of each.
EVENTS = 6
LETTERS = 90

#: Outcomes of a call in which somebody was spoken to.
SPOKEN = ("reached", "promise", "dispute")

CALL = Markup('<div>{name}: <a href="tel:{digits}">{number}</a></div>')
EVENT = Markup(
    '<tr><td class="text-nowrap text-muted pe-2">{date}</td>'
    '<td class="text-nowrap pe-2">{kind}</td><td>{text}</td></tr>'
)


class AccountFollowupCaller(models.AbstractModel):
    """What a caller has to know of one customer (Y6)."""

    _name = "account.followup.caller"
    _description = "What a Caller Has to Know"

    @api.model
    def _get_contacts(self, partner, company):
        """Return whom to call, what time it is there, and who was spoken to last."""
        recipients = self.env["account.followup.recipients"].with_company(company)
        phones = recipients.sudo()._get_phones(partner)
        lines = [
            CALL.format(
                name=name, digits=re.sub(r"[^\d+*#,;]", "", number), number=number
            )
            for name, number in phones
        ]
        if not phones:
            lines.append(
                Markup('<div class="text-danger">{}</div>').format(
                    self.env._("No phone number")
                )
            )
        for text in (self._get_time_text(partner), self._get_spoken_text(partner)):
            if text:
                lines.append(Markup('<div class="text-muted">{}</div>').format(text))
        return Markup().join(lines)

    @api.model
    def _get_time_text(self, partner):
        """Return what time it is in the customer's country, which may be several."""
        country = partner.country_id
        times = get_local_times(fields.Datetime.now(), country.code)
        if not times:
            return ""
        first, last = (f"{time:%H:%M}" for time in (times[0], times[-1]))
        if first == last:
            return self.env._(
                "%(time)s in %(country)s now", time=first, country=country.name
            )
        return self.env._(
            "%(first)s to %(last)s in %(country)s now",
            first=first,
            last=last,
            country=country.name,
        )

    @api.model
    def _get_spoken_text(self, partner):
        """Return when who of us has spoken to the customer last, and what came of it.

        :param partner: customer; the call is one of the user's companies
        """
        call = self.env["account.followup.call"].search(
            [("partner_id", "=", partner.id), ("outcome", "in", SPOKEN)], limit=1
        )
        if not call:
            return ""
        return self.env._(
            "%(date)s, %(user)s spoke to %(contact)s: %(text)s",
            date=format_date(self.env, call.date),
            user=call.sudo().user_id.name,
            contact=call.contact_id.name or self.env._("somebody"),
            text=self._get_call_text(call),
        )

    @api.model
    def _get_call_text(self, call):
        outcomes = dict(call._fields["outcome"]._description_selection(self.env))
        note = self._shorten(call.note)
        return f"{outcomes[call.outcome]}, {note}" if note else outcomes[call.outcome]

    @api.model
    def _shorten(self, text):
        """Return the beginning of a text, as one line."""
        text = " ".join((text or "").split())
        return text if len(text) <= LETTERS else f"{text[:LETTERS]}…"

    @api.model
    def _get_history(self, partner, company):
        """Return the last reminders, calls and answers as a table, the newest first."""
        events = [
            *self._get_reminder_events(partner, company),
            *self._get_call_events(partner, company),
            *self._get_answer_events(partner),
        ]
        events.sort(key=lambda event: (event[0], event[1]), reverse=True)
        if not events:
            return Markup('<div class="text-muted">{}</div>').format(
                self.env._("Nothing was sent yet.")
            )
        rows = Markup().join(
            EVENT.format(date=format_date(self.env, day), kind=kind, text=text)
            for day, _id, kind, text in events[:EVENTS]
        )
        return Markup('<table class="table-sm">{}</table>').format(rows)

    @api.model
    def _get_reminder_events(self, partner, company):
        """Return [(date, id, kind, text)] of the last reminders."""
        reminders = self.env["account.followup.reminder"].search(
            [("partner_id", "=", partner.id), ("company_id", "=", company.id)],
            limit=EVENTS,
        )
        states = dict(reminders._fields["state"]._description_selection(self.env))
        events = []
        for one in reminders:
            parts = [one.level_id.name, one.channels, states.get(one.state)]
            text = ", ".join(filter(None, parts))
            events.append((one.date, one.id, self.env._("Reminder"), text))
        return events

    @api.model
    def _get_call_events(self, partner, company):
        calls = self.env["account.followup.call"].search(
            [("partner_id", "=", partner.id), ("company_id", "=", company.id)],
            limit=EVENTS,
        )
        kind = self.env._("Call")
        return [(one.date, one.id, kind, self._get_call_text(one)) for one in calls]

    @api.model
    def _get_answer_events(self, partner):
        """Return the last e-mails that came in, in the chatter of the customer."""
        messages = self.env["mail.message"].search(
            [
                ("model", "=", "res.partner"),
                ("res_id", "=", partner.id),
                ("message_type", "=", "email"),
            ],
            limit=EVENTS,
            order="id DESC",
        )
        return [
            (
                fields.Datetime.context_timestamp(self, one.date).date(),
                one.id,
                self.env._("Answer"),
                self._shorten(html2plaintext(one.body or "")) or one.subject or "",
            )
            for one in messages
        ]

    @api.model
    def _get_payer_text(self, record):
        """Return the payer's record in one line."""
        service = self.env["account.followup.payer"]
        texts = service._get_reason_texts(record)
        if record["late_share"] is not None:
            texts.append(
                self.env._(
                    "%(share)s %% paid late",
                    share=formatLang(self.env, 100 * record["late_share"], digits=0),
                )
            )
        if promises := self.env["account.followup.payer"]._get_kept_text(record):
            texts.append(self.env._("promises kept: %s", promises))
        if record["disputes"]:
            texts.append(self.env._("disputes: %s", record["disputes"]))
        return ", ".join(texts)

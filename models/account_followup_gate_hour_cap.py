from datetime import timedelta
from math import ceil
from zlib import crc32

from odoo import api, models
from odoo.tools import SQL

HOUR = timedelta(hours=1)
#: What an hour may send is spread over so many parts of it.
PARTS = 6


def get_turn(partner_id):
    """Return a number by which customers of one day take turns: as if drawn."""
    return crc32(str(partner_id).encode())


class AccountFollowupGateHourCap(models.AbstractModel):
    """So many automatic reminders leave in an hour over one mail server (X15)."""

    _name = "account.followup.gate.hour_cap"
    _inherit = ["account.followup.gate"]
    _description = "Reminders an Hour"

    _place = 95
    _is_asked_again = False

    @api.model
    def _get_case_reasons(self, cases, day, now=None):
        # EXTENDS 'account.followup.gate'
        company = cases.company_id
        cap = company.followup_hour_cap
        if not cap or now is None:
            return {}
        free = max(cap - self._count(company, now - HOUR), 0)
        partner_ids = cases.partner_id._origin.ids
        held = set(self._get_turns(company, partner_ids, day, free)[free:])
        text = self.env._(
            "%s reminders left in the last hour, which is the limit.", cap
        )
        waiting = cases.filtered(lambda case: case.partner_id._origin.id in held)
        return dict.fromkeys(waiting, text)

    @api.model
    def _let_pass(self, company, partner_ids, day, now):
        # EXTENDS 'account.followup.gate': a part of the hour at a time
        cap = company.followup_hour_cap
        if not cap:
            return partner_ids
        part = HOUR / PARTS
        free = min(
            cap - self._count(company, now - HOUR),
            ceil(cap / PARTS) - self._count(company, now - part),
        )
        free = max(free, 0)
        turns = self._get_turns(company, partner_ids, day, free)
        if free < len(turns):
            self._run_again_at(self._get_next_moment(company, cap, free, now))
        passing = set(turns[:free])
        return [id_ for id_ in partner_ids if id_ in passing]

    @api.model
    def _get_locked(self, company):
        # EXTENDS 'account.followup.gate': two workers would count the same
        if not company.followup_hour_cap:
            return super()._get_locked(company)
        return self._get_companies(company)

    @api.model
    def _get_turns(self, company, partner_ids, day, free):
        """Return customers in their order: who has waited longest goes first.

        So nobody waits for ever where each day brings more than leave on it.

        :param int free: when all of them may go there is no order
        """
        if free >= len(partner_ids):
            return list(partner_ids)
        since = self._get_ripe_days(company, partner_ids, day)
        return sorted(partner_ids, key=lambda id_: (since.get(id_, day), get_turn(id_)))

    @api.model
    def _get_ripe_days(self, company, partner_ids, day):
        """Return {customer id: since when an item that counts is ripe (rules 5, 6)}.

        Who is to be reminded and has ripe items in one currency is so for these. Only
        of several currencies it has to be asked which of them count.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT item.partner_id,
                       MIN(item.ripe_date),
                       MIN(item.currency_id) < MAX(item.currency_id)
                  FROM (%s) item
                 WHERE item.partner_id = ANY(%s) AND item.is_ripe
                 GROUP BY item.partner_id
                """,
                self.env["account.followup.item"]._get_sql_shown({company: day}),
                list(partner_ids),
            )
        )
        since = {partner_id: ripe for partner_id, ripe, _is_several in rows}
        several = [partner_id for partner_id, _ripe, is_several in rows if is_several]
        return since | self._get_counting_days(company, several, day)

    @api.model
    def _get_counting_days(self, company, partner_ids, day):
        """Return the same of customers who owe in several currencies."""
        if not partner_ids:
            return {}
        rows = self.env["account.followup.send"]._get_rows_by_customer(
            company, self.env["res.partner"].browse(partner_ids), day
        )
        claim = self.env["account.followup.claim"]
        return {id_: claim._get_due_since(rows[id_], day) or day for id_ in partner_ids}

    @api.model
    def _get_next_moment(self, company, cap, free, now):
        """Return when the next ones may leave: not before the hour has room for them.

        :param int free: how many leave now
        """
        moment = now + HOUR / PARTS
        if free >= cap:
            return max(moment, now + HOUR)
        # of the last so many, the first one has to be an hour ago
        reminders = self.env["account.followup.reminder"].sudo()
        full = reminders.search(
            self._get_domain(company, now - HOUR),
            order="create_date DESC",
            offset=cap - free - 1,
            limit=1,
        )
        return max(moment, full.create_date + HOUR) if full else moment

    @api.model
    def _count(self, company, since):
        """Return the number of automatic reminders since then, over its mail server."""
        reminders = self.env["account.followup.reminder"].sudo()
        reminders.flush_model()
        return reminders.search_count(self._get_domain(company, since))

    @api.model
    def _get_domain(self, company, since):
        return [
            ("company_id", "in", self._get_companies(company).ids),
            ("trigger", "=", "automatic"),
            ("state", "!=", "withdrawn"),
            ("create_date", ">", since),
            # for the index
            ("date", ">", (since - timedelta(days=2)).date()),
        ]

    @api.model
    def _get_companies(self, company):
        """Return the companies whose automatic reminders leave over one mail server.

        That is the one which core finds for the company's address.
        """
        companies = company.search(
            [("parent_id", "=", False), ("followup_automatic", "=", True)]
        )
        if len(companies) < 2:
            return company
        if self.env["ir.mail_server"].sudo().search_count([], limit=2) < 2:
            return company | companies
        own = self._get_server(company)
        return company | companies.filtered(lambda one: self._get_server(one) == own)

    @api.model
    def _get_server(self, company):
        servers = self.env["ir.mail_server"].sudo()
        server, _sender = servers._find_mail_server(company.email_formatted)
        return server

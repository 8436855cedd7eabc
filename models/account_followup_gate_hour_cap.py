from datetime import timedelta
from math import ceil
from zlib import crc32

from odoo import api, models

HOUR = timedelta(hours=1)
#: What an hour may send is spread over so many parts of it.
PARTS = 6


def get_turn(partner_id):
    """Return a number by which customers take turns: as if drawn, always the same."""
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
        turns = cases.sorted(lambda case: get_turn(case.partner_id.id))
        text = self.env._(
            "%s reminders left in the last hour, which is the limit.", cap
        )
        return dict.fromkeys(turns[free:], text)

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
        turns = sorted(partner_ids, key=get_turn)
        passing = set(turns[: max(free, 0)])
        if len(passing) < len(turns):
            self._run_again_at(now + part)
        return [id_ for id_ in partner_ids if id_ in passing]

    @api.model
    def _count(self, company, since):
        """Return the number of automatic reminders since then, over its mail server."""
        companies = self._get_companies(company)
        self.env["account.followup.reminder"].flush_model()
        return (
            self.env["account.followup.reminder"]
            .sudo()
            .search_count(
                [
                    ("company_id", "in", companies.ids),
                    ("trigger", "=", "automatic"),
                    ("state", "!=", "withdrawn"),
                    ("create_date", ">", since),
                    # for the index
                    ("date", ">", (since - timedelta(days=2)).date()),
                ]
            )
        )

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

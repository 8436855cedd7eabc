import base64
import hashlib
import secrets
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import hmac

from ..tools.links import PAGE_ROUTE, TOKEN_LENGTH
from ..tools.sql import get_fields

#: What decides whether a link opens something.
FIELDS_READ = {
    "account.followup.page.link": ("token_hash", "is_withdrawn", "date"),
    "res.company": ("followup_page_enabled", "followup_page_days"),
}


class AccountFollowupPageLink(models.Model):
    """A link to the debtor page (X11): who has it sees and pays what a customer owes.

    Nothing that is kept opens the page. The token is made of a random seed and the
    secret of the database when a message leaves, and found again by its hash.
    """

    _name = "account.followup.page.link"
    _description = "Link to the Debtor Page"
    _order = "id DESC"
    _rec_name = "reminder_id"

    reminder_id = fields.Many2one(
        "account.followup.reminder",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Date(required=True, readonly=True)
    is_withdrawn = fields.Boolean("Withdrawn", readonly=True)
    seed = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    token_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)

    _token_hash_uniq = models.UniqueIndex("(token_hash)")

    @api.model
    def _prepare_link(self, company, day):
        """Return the values of a new link, but for its reminder."""
        seed = secrets.token_hex(16)
        return {
            "company_id": company.id,
            "date": day,
            "seed": seed,
            "token_hash": self._get_hash(self._make_token(seed)),
        }

    @api.model
    def _prepare_links(self, company, data):
        """Return the commands that give a reminder its link, if it leaves."""
        if not (company.followup_page_enabled and data["channels"]):
            return []
        return [Command.create(self._prepare_link(company, data["day"]))]

    @api.model
    def _make_token(self, seed):
        """Return the token of a seed: 130 bits, in letters and digits that can be typed
        and are the same in capitals."""
        digest = bytes.fromhex(hmac(self.env(su=True), "followup_page", seed))
        return base64.b32encode(digest).decode().lower()[:TOKEN_LENGTH]

    @api.model
    def _get_hash(self, token):
        return hashlib.sha256(token.strip().lower().encode()).hexdigest()

    def _get_token(self):
        self.ensure_one()
        return self._make_token(self.sudo().seed)

    def _get_url(self):
        """Return the address that opens the page."""
        self.ensure_one()
        base = self.sudo().company_id.get_base_url()
        return f"{base}{PAGE_ROUTE}/{self._get_token()}"

    @api.model
    def _find(self, token):
        """Return the link of a token, none if that opens nothing.

        The hash is looked up, so that the time it takes says nothing about the token;
        and one statement refuses wrong, expired and withdrawn ones alike.
        """
        query = SQL(
            """
            SELECT link.id FROM account_followup_page_link link
              JOIN res_company company ON company.id = link.company_id
             WHERE link.token_hash = %(hash)s
               AND link.is_withdrawn IS NOT TRUE
               AND company.followup_page_enabled
               AND link.date + company.followup_page_days >= %(today)s
            """,
            hash=self._get_hash(token),
            today=fields.Date.today(),
            to_flush=get_fields(self.env, FIELDS_READ),
        )
        return self.sudo().browse(id_ for (id_,) in self.env.execute_query(query))

    def _is_open(self, day):
        """Return whether it opens the page on a day."""
        self.ensure_one()
        company = self.sudo().company_id
        last = self.date + timedelta(days=company.followup_page_days)
        return company.followup_page_enabled and not self.is_withdrawn and day <= last


class AccountFollowupReminder(models.Model):
    _inherit = "account.followup.reminder"

    page_link_ids = fields.One2many(
        "account.followup.page.link", "reminder_id", readonly=True
    )
    access_url = fields.Char(
        "Debtor Page",
        compute="_compute_access_url",
        groups="account.group_account_invoice",
        help="Where the customer sees and pays what is open, without a login.",
    )

    @api.depends("page_link_ids.is_withdrawn")
    def _compute_access_url(self):
        for reminder in self:
            reminder.access_url = reminder._get_page_url()

    def _get_page_url(self):
        """Return the address of the debtor page, False if it has none (any more).

        It lets in whoever has it: it may be put into what leaves to the customer, not
        into what is kept.
        """
        self.ensure_one()
        link = self.sudo().page_link_ids[:1]
        return link._get_url() if link and link._is_open(fields.Date.today()) else False

    def _remove_personal_data(self):
        # EXTENDS 'account.followup.history.mixin'
        super()._remove_personal_data()
        self.sudo().page_link_ids.is_withdrawn = True

import logging

from odoo import Command, api, fields, models
from odoo.tools import SQL

from .account_followup_test import COMPANY_HEADER, TEST_HEADER

_logger = logging.getLogger(__name__)

#: New links that are made in one transaction.
BATCH = 20


class AccountFollowupPageLink(models.Model):
    """Who asks for a new link only leaves a wish: a scheduled action carries it out.

    So a link that was good once takes the server as long as one that never was.
    """

    _inherit = "account.followup.page.link"

    renew_date = fields.Datetime("New Link Asked For", readonly=True)

    _renew_date_idx = models.Index("(renew_date) WHERE renew_date IS NOT NULL")

    @api.model
    def _ask_for_new_link(self, token):
        """Note that somebody wants a new link in the place of one, if there is one."""
        self.env.execute_query(
            SQL(
                """
                UPDATE account_followup_page_link
                   SET renew_date = %(now)s
                 WHERE token_hash = %(hash)s
                RETURNING id
                """,
                now=fields.Datetime.now(),
                hash=self._get_hash(token),
                to_flush=[self._fields["renew_date"], self._fields["token_hash"]],
            )
        )
        self._get_renew_cron()._trigger(fields.Datetime.now())

    @api.model
    def _get_renew_cron(self):
        xml_id = "account_payment_followup.ir_cron_renew_page_links"
        return self.env.ref(xml_id).sudo()

    @api.model
    def _cron_renew_page_links(self):
        """Mail the new links that were asked for; one error is that of one link."""
        domain = [("renew_date", "!=", False)]
        links = self.sudo().search(domain, limit=BATCH, order="renew_date, id")
        links = links.try_lock_for_update()
        links.renew_date = False
        for link in links:
            try:
                with self.env.cr.savepoint():
                    link._renew()
            except Exception:
                _logger.exception("No new link for %s", link.reminder_id.display_name)
        self.env["ir.cron"]._commit_progress(len(links))
        if links and self.sudo().search_count(domain, limit=1):
            self._get_renew_cron()._trigger(fields.Datetime.now())

    def _renew(self):
        """Mail a new link to whom the reminder is for, once an hour at most.

        Whoever asks for it: it goes to the address of the follow-ups and nowhere else.
        """
        self.ensure_one()
        reminder = self.reminder_id
        company = reminder.company_id
        if not company.followup_page_enabled or reminder.anonymized_date:
            return
        contacts = reminder._get_recipients("email")
        limits = self.env["account.followup.page.limit"].sudo()
        known = limits._count("link", (reminder.partner_id.id, company.id))
        if not contacts or known > 1:
            return
        day = company._get_followup_day()[company]
        values = self._prepare_link(company, day)
        link = self.sudo().create({**values, "reminder_id": reminder.id})
        link._mail(contacts)

    def _get_recipient_values(self, contacts):
        """Return who gets the e-mail, as values of mail.mail (X9: the test address).

        The headers say whose it is, which decides in test mode whether it may leave;
        they do not leave themselves.
        """
        headers = {COMPANY_HEADER: str(self.company_id.id)}
        address = self.env["account.followup.test"]._get_email(self.company_id)
        if not address:
            return {
                "recipient_ids": [Command.link(contact.id) for contact in contacts],
                "headers": repr(headers),
            }
        email = self.env["account.followup.channels"]._get("email")
        real = [one for contact in contacts for one in email._get_addresses(contact)]
        return {
            "email_to": address,
            "reply_to": address,
            "headers": repr({**headers, TEST_HEADER: ", ".join(real)}),
        }

    def _log_mailed(self, contacts):
        """Say in the customer's chatter that somebody has asked."""
        self.reminder_id.partner_id._message_log(
            body=self.env._(
                "A new link to the debtor page was asked for, and mailed to %s.",
                ", ".join(contacts.mapped("display_name")),
            )
        )

    def _mail(self, contacts):
        """Queue the e-mail with a link; it is gone from here as soon as it has left."""
        company = self.company_id
        writer = self.with_context(lang=self.reminder_id.lang)
        self.env["mail.mail"].sudo().create(
            {
                "subject": writer.env._("Your link to %s", company.name),
                "body_html": writer._render_mail(),
                "email_from": company.email_formatted
                or company.partner_id.email_formatted,
                "auto_delete": True,
                **self._get_recipient_values(contacts),
            }
        )
        if not self.env["account.followup.test"]._is_on(company):
            self._log_mailed(contacts)
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()
        queue._trigger(fields.Datetime.now())

    def _render_mail(self):
        """Return the text of the e-mail, in the language of the context."""
        lang = self.reminder_id.lang
        service = self.env["account.followup.body"]
        values = {
            "company": self.company_id,
            "url": self._get_url(),
            "direction": service._get_direction(lang),
        }
        return self.env["ir.qweb"]._render(
            "account_payment_followup.page_mail", values, lang=lang
        )

import logging

import psycopg2

from odoo import Command, api, fields, models
from odoo.tools import SQL

from .account_followup_chatter import get_headers
from .account_followup_test import COMPANY_HEADER, TEST_HEADER

_logger = logging.getLogger(__name__)

#: Header of an e-mail with a new link: which one it is. It does not leave the server.
LINK_HEADER = "X-Followup-Link"

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
        if known > 1:
            return
        if problem := self._get_problem(contacts):
            self._tell_not_mailed(contacts or reminder.partner_id, problem)
            return
        day = company._get_followup_day()[company]
        values = self._prepare_link(company, day)
        link = self.sudo().create({**values, "reminder_id": reminder.id})
        link._mail(contacts)

    def _get_case(self):
        cases = self.env["account.followup"].sudo()
        return cases._get_case(self.reminder_id.partner_id, self.company_id)

    def _get_problem(self, contacts):
        """Return why there can be no e-mail, in one sentence, or None.

        :param contacts: who would get it
        """
        reminder = self.reminder_id
        if not contacts:
            service = self.env["account.followup.recipients"]
            return service.with_company(self.company_id)._get_channel_problem(
                "email", reminder.partner_id, reminder._get_named_items()
            )
        email = self.env["account.followup.channels"]._get("email")
        template = self.env["mail.template"]
        return email._get_sender_problem(self._get_case(), "automatic", template)

    def _get_sender_values(self):
        """Return from whom the e-mail is, as values of mail.mail: as a reminder."""
        company, partner = self.company_id, self.reminder_id.partner_id
        domains = partner._mail_get_alias_domains(default_company=company)
        email = self.env["account.followup.channels"]._get("email")
        return {
            **email._get_author(self._get_case(), "automatic"),
            "record_alias_domain_id": domains[partner.id].id,
            "record_company_id": company.id,
        }

    def _get_recipient_values(self, contacts):
        """Return who gets the e-mail, as values of mail.mail (X9: the test address).

        The headers say whose it is, which decides in test mode whether it may leave,
        and which link, so that its end is noted; they do not leave themselves.
        """
        headers = {COMPANY_HEADER: str(self.company_id.id)}
        address = self.env["account.followup.test"]._get_email(self.company_id)
        if not address:
            headers[LINK_HEADER] = str(self.id)
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

    def _mail(self, contacts):
        """Queue the e-mail with a link; it is gone from here as soon as it has left."""
        company = self.company_id
        writer = self.with_context(lang=self.reminder_id.lang)
        self.env["mail.mail"].sudo().with_company(company).create(
            {
                "subject": writer.env._("Your link to %s", company.name),
                "body_html": writer._render_mail(),
                "auto_delete": True,
                **self._get_sender_values(),
                **self._get_recipient_values(contacts),
            }
        )
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

    # ------------------------------------------------------------------
    # What became of it
    # ------------------------------------------------------------------

    def _note_outcome(self, reached, missed, reason):
        """Note how the e-mail ended, and never undo that it has left.

        :param reached: contacts who got it
        :param missed: contacts who did not, for a reason
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                if reached:
                    self._log_mailed(reached)
                if missed:
                    self._tell_not_mailed(missed, reason)
        except (psycopg2.OperationalError, psycopg2.IntegrityError):
            _logger.info("It is not noted what became of link %s", self.id)

    def _log_mailed(self, contacts):
        """Say in the customer's chatter that somebody has asked."""
        self.reminder_id.partner_id._message_log(
            body=self.env._(
                "A new link to the debtor page was asked for, and mailed to %s.",
                ", ".join(contacts.mapped("display_name")),
            )
        )
        if tasks := self._get_tasks():
            tasks.action_feedback(self.env._("A new link was mailed."))

    def _get_task_summary(self):
        return self.env._("The customer did not get a new link to the debtor page")

    def _get_tasks(self):
        """Return the open task about a link that did not leave, if there is one."""
        partner = self.reminder_id.partner_id.with_company(self.company_id)
        tasks = self.env["account.followup.task"]
        return tasks._get_open(partner, self._get_task_summary())

    def _tell_not_mailed(self, contacts, reason):
        """Give the responsible a task, one at a time: the customer waits for it.

        Of a test nobody is told (X9).
        """
        company, case = self.company_id, self._get_case()
        if self.env["account.followup.test"]._is_on(company) or self._get_tasks():
            return
        self.env["account.followup.outcome"]._schedule_task(
            case,
            case._get_responsible(),
            self._get_task_summary(),
            self.env._(
                "A new link to the debtor page was asked for, and was not mailed to "
                "%(recipients)s. When the cause is mended, send a reminder, which has "
                "a link of its own. The cause: %(reason)s",
                recipients=", ".join(contacts.mapped("display_name")),
                reason=reason or self.env._("It was not delivered."),
            ),
            company._get_followup_day()[company],
        )


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _get_followup_new_link(self):
        """Return the link to the debtor page that an e-mail brings, or none."""
        links = self.env["account.followup.page.link"].sudo()
        headers = self.sudo().headers or ""
        if LINK_HEADER not in headers:
            return links
        return links.browse(
            int(get_headers({"headers": headers})[LINK_HEADER])
        ).exists()

    def _prepare_outgoing_list(self, *args, **kwargs):
        # EXTENDS 'mail': the header is for the server alone
        result = super()._prepare_outgoing_list(*args, **kwargs)
        for values in result:
            (values["headers"] or {}).pop(LINK_HEADER, None)
        return result

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        # EXTENDS 'mail': the last moment at which the e-mail is sure to exist
        for mail in self:
            if link := mail._get_followup_new_link():
                contacts = mail.sudo().recipient_ids
                reached = contacts.filtered(lambda one: one in success_pids)
                reason = failure_reason or mail.failure_reason
                link._note_outcome(reached, contacts - reached, reason)
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason, failure_type
        )

from odoo import Command, fields, models


class AccountFollowupReminder(models.Model):
    """A new link to the debtor page, for who has one that opens nothing any more."""

    _inherit = "account.followup.reminder"

    def _renew_page_link(self):
        """Mail a new link to whom the reminder is for, once an hour at most.

        Whoever asks for it: it goes to the address of the follow-ups and nowhere else.
        """
        self.ensure_one()
        company = self.company_id
        if not company.followup_page_enabled or self.anonymized_date:
            return
        contacts = self._get_recipients("email")
        limits = self.env["account.followup.page.limit"].sudo()
        known = limits._count("link", (self.partner_id.id, company.id))
        if not contacts or known > 1:
            return
        links = self.env["account.followup.page.link"].sudo()
        day = company._get_followup_day()[company]
        values = links._prepare_link(company, day)
        link = links.create({**values, "reminder_id": self.id})
        self._mail_page_link(link, contacts)

    def _mail_page_link(self, link, contacts):
        """Queue the e-mail with a link; it is gone from here as soon as it has left."""
        service = self.env["account.followup.send"]
        writer = self.with_context(lang=self.lang)
        body = writer.env["ir.qweb"]._render(
            "account_payment_followup.page_mail",
            {
                "company": self.company_id,
                "url": link._get_url(),
                "direction": service._get_direction(self.lang),
            },
            lang=self.lang,
        )
        company = self.company_id
        self.env["mail.mail"].sudo().create(
            {
                "subject": writer.env._("Your link to %s", company.name),
                "body_html": body,
                "email_from": company.email_formatted
                or company.partner_id.email_formatted,
                "recipient_ids": [Command.link(contact.id) for contact in contacts],
                "auto_delete": True,
            }
        )
        self.partner_id._message_log(
            body=self.env._(
                "A new link to the debtor page was asked for, and mailed to %s.",
                ", ".join(contacts.mapped("display_name")),
            )
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger(
            fields.Datetime.now()
        )

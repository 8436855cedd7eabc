from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError

from ..tools import links
from .account_followup_channel_email import LAYOUT


class _Undo(Exception):
    """What was made for a sample goes again."""


class AccountFollowupSample(models.AbstractModel):
    """Messages as the customer would get them, of which nothing is kept (Y5)."""

    _name = "account.followup.sample"
    _description = "Samples of Payment Reminders"

    @api.model
    def _get_sample(self, followup, data):
        """Return a reminder as it would be, as a new record that is not stored.

        Its links open nothing without a login: it is not what leaves.

        :param followup: the customer's case, which need not be stored either
        :param dict data: from ``_prepare_data``
        """
        self = self.sudo().with_company(followup.company_id)  # noqa: PLW0642
        service = self.env["account.followup.send"]
        (data,) = service._complete_batch([{**data, "is_sample": True}])
        service._read_ahead([data])
        reminder = self.env["account.followup.reminder"].new(
            service._prepare_reminder(data["followup"], data)
        )
        body = self.env["account.followup.body"]._get_full_body(reminder, data)
        reminder.body = Markup(links.hide_secrets(body)[0])
        return reminder

    @api.model
    def _print_sample(self, followup, data):
        """Return the letter of a reminder as (file name, content).

        It is recorded to be printed, and then all of it is taken back.
        """
        made = []
        self = self.sudo().with_company(followup.company_id)  # noqa: PLW0642
        data = {**data, "channels": {"print"}, "is_sample": True}
        letters = self.env["account.followup.letter"]
        documents = self.env["account.followup.document"]
        try:
            with self.env.cr.savepoint():
                (data,) = self.env["account.followup.send"]._create_reminders([data])
                reminder = data["reminder"]
                self.env["account.followup.body"]._keep_body(data)
                (content,) = letters._print_letters(
                    [(reminder, self.env["snailmail.letter"])]
                )
                documents._read_documents_ahead([data])
                content = documents._add_invoices(data, content, False)
                made.append((letters._get_letter_name(reminder), content))
                raise _Undo
        except _Undo:
            return made[0]

    @api.model
    def _send_sample(self, followup, data, user):
        """Send a user the e-mail that a customer would get, marked as a test.

        :raise UserError: the user has no e-mail address
        """
        if not user.email_normalized:
            raise UserError(
                self.env._(
                    "You have no email address: enter one in your preferences, and try "
                    "again."
                )
            )
        sample = self._get_sample(followup, data)
        body = self.env["mail.render.mixin"]._render_encapsulate(
            LAYOUT,
            sample.body,
            add_context={"company": followup.company_id.sudo(), "lang": sample.lang},
            context_record=followup.partner_id,
        )
        mail = (
            self.env["mail.mail"]
            .sudo()
            .create(
                {
                    "subject": self.env._("[Test] %s", sample.subject),
                    "body_html": body,
                    "email_from": user.email_formatted,
                    "email_to": user.email_formatted,
                    "auto_delete": True,
                }
            )
        )
        mail.send_after_commit()

    @api.model
    def _get_sample_notice(self, user):
        """Return the action that says where a test has gone."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("A test was sent to %s.", user.email),
            },
        }

    @api.model
    def _get_test_customer(self, level):
        """Return a customer whom a test can be about: one whom the user may see.

        :raise UserError: there is none, or nothing to say
        """
        if not level.sudo().mail_template_id:
            raise UserError(
                self.env._(
                    'Follow-up level "%s" has no Content Template to make a test of.',
                    level.name,
                )
            )
        item = self.env["account.followup.item"].search(
            [
                ("company_id", "=", level.company_id.id),
                ("days_late", ">", 0),
                ("residual", ">", 0),
                ("rest_reason", "=", False),
            ],
            limit=1,
        )
        if not item:
            raise UserError(
                self.env._(
                    "%s has no overdue invoice to make a test of. Open the customer "
                    "and use Send and Print instead.",
                    level.company_id.name,
                )
            )
        return item.partner_id


class AccountFollowupLevel(models.Model):
    _inherit = "account.followup.level"

    def action_send_test(self):
        """Send the user the e-mail of this level, about some late customer.

        :raise UserError: no customer is late, or the level has no text
        """
        self.ensure_one()
        self.check_access("read")
        self.env["res.partner"]._check_followup_access()
        company = self.company_id
        samples = self.env["account.followup.sample"].sudo().with_company(company)
        service = samples.env["account.followup.send"]
        partner = self.env["account.followup.sample"]._get_test_customer(self)
        partner.check_access("read")
        followup = self.env["account.followup"]._get_case(partner.sudo(), company)
        data = service._prepare_data(
            followup,
            company._get_followup_day()[company],
            trigger="manual",
            channels={"email"},
            mail_template=self.sudo().mail_template_id,
            payment_days=self.payment_days,
        )
        samples._send_sample(followup, data, self.env.user)
        return samples._get_sample_notice(self.env.user)

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError

from ..tools import links
from ..tools.actions import get_notice
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
        try:
            with self.env.cr.savepoint():
                made.append(self._make_letter(data))
                raise _Undo
        except _Undo:
            return made[0]

    @api.model
    def _make_letter(self, data):
        """Record a reminder to be printed; return its letter with the invoices."""
        letters = self.env["account.followup.letter"]
        documents = self.env["account.followup.document"]
        (data,) = self.env["account.followup.send"]._create_reminders([data])
        reminder = data["reminder"]
        self.env["account.followup.body"]._keep_body(data)
        pairs = [(reminder, self.env["snailmail.letter"])]
        (content,) = letters._print_letters(pairs)
        documents._read_documents_ahead([data])
        content = documents._add_invoices(data, content, False)
        return letters._get_letter_name(reminder), content

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
        mail = self.env["mail.mail"].sudo()
        mail = mail.create(
            {
                "subject": self.env._("[Test] %s", sample.subject),
                "body_html": self._render_mail(followup, sample),
                "email_from": user.email_formatted,
                "email_to": user.email_formatted,
                "auto_delete": True,
            }
        )
        mail.send_after_commit()

    @api.model
    def _render_mail(self, followup, sample):
        """Return the text of an e-mail in the layout of those that leave."""
        company = followup.company_id.sudo()
        return self.env["mail.render.mixin"]._render_encapsulate(
            LAYOUT,
            sample.body,
            add_context={"company": company, "lang": sample.lang},
            context_record=followup.partner_id,
        )

    @api.model
    def _get_sample_notice(self, user):
        """Return the action that says where a test has gone."""
        message = self.env._("A test was sent to %s.", user.email)
        return get_notice(message, type="success")

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

    @api.model
    def _prepare_test(self, level, partner):
        """Return case and data of a reminder at a level, whatever is due."""
        company = level.company_id
        case = level.env["account.followup"]._get_case(partner.sudo(), company)
        data = self.env["account.followup.send"]._prepare_data(
            case,
            company._get_followup_day()[company],
            trigger="manual",
            channels={"email"},
            mail_template=level.sudo().mail_template_id,
            payment_days=level.payment_days,
        )
        return case, data


class AccountFollowupLevel(models.Model):
    _inherit = "account.followup.level"

    def action_send_test(self):
        """Send the user the e-mail of this level, about some late customer.

        :raise UserError: no customer is late, or the level has no text
        """
        self.ensure_one()
        self.check_access("read")
        self.env["res.partner"]._check_followup_access()
        service = self.env["account.followup.sample"]
        partner = service._get_test_customer(self)
        partner.check_access("read")
        service = service.sudo().with_company(self.company_id)
        service._send_sample(*service._prepare_test(self, partner), self.env.user)
        return service._get_sample_notice(self.env.user)

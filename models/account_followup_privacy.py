from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import email_normalize

#: System parameter: years after which texts and addresses of closed cases go. Empty
#: or 0: they stay until an administrator removes them from a customer.
RETENTION_PARAMETER = "account_payment_followup.retention_years"

#: What happened with a customer, kept for ever.
HISTORY = (
    "account.followup.reminder",
    "account.followup.statement",
    "account.followup.call",
    "account.followup.promise",
    "account.followup.dispute",
)

UNDER_WAY = ("waiting", "queued")

#: Records of each model that one run of the clean-up takes.
LIMIT = 1000


class AccountFollowupHistoryMixin(models.AbstractModel):
    """People's data: texts, addresses, documents and notes can go.

    What stays is what proves the reminder, and has no person in it: customer (who is a
    record of its own), day, level, channels and their states, invoices, amounts, user.
    """

    _inherit = "account.followup.history.mixin"

    anonymized_date = fields.Date(
        readonly=True, help="Day on which texts, addresses and documents were removed."
    )

    def _anonymize(self):
        """Remove what tells of persons, once; what is under way needs it still."""
        todo = self.filtered(lambda record: not record.anonymized_date)
        if "state" in self._fields:
            todo = todo.filtered(lambda record: record.state not in UNDER_WAY)
        if todo:
            todo._remove_personal_data()
            todo.write({"anonymized_date": fields.Date.today()})

    def _remove_personal_data(self):
        """Each model removes its own."""


class AccountFollowupSentMixin(models.AbstractModel):
    _inherit = "account.followup.sent.mixin"

    def _remove_personal_data(self):
        # EXTENDS 'account.followup.history.mixin'
        super()._remove_personal_data()
        deliveries = self.delivery_ids
        # the message in the chatter is the text once more
        messages = self.mail_message_id | deliveries.mail_message_id
        deliveries.mail_mail_id.unlink()
        messages.exists().unlink()
        deliveries.letter_id.unlink()
        deliveries.attachment_id.unlink()
        deliveries.write({"recipient": False, "failure_reason": False})
        self.write({"subject": False, "body": False})


class AccountFollowupDelivery(models.Model):
    _inherit = "account.followup.delivery"

    # found by core's Privacy Lookup, also when the contact is deleted
    email_normalized = fields.Char(
        compute="_compute_email_normalized", store=True, precompute=True
    )

    @api.depends("channel", "recipient")
    def _compute_email_normalized(self):
        for delivery in self:
            is_email = delivery.channel == "email"
            delivery.email_normalized = is_email and email_normalize(
                delivery.recipient, strict=False
            )


class AccountFollowupReminder(models.Model):
    _inherit = "account.followup.reminder"

    def _remove_personal_data(self):
        # EXTENDS 'account.followup.sent.mixin'
        super()._remove_personal_data()
        self.write({"sms_body": False})


class AccountFollowupStatement(models.Model):
    _inherit = "account.followup.statement"

    def _remove_personal_data(self):
        # EXTENDS 'account.followup.sent.mixin'
        super()._remove_personal_data()
        self.attachment_id.unlink()
        self.write({"error": False})


class AccountFollowupCall(models.Model):
    _inherit = "account.followup.call"

    def _remove_personal_data(self):
        # EXTENDS 'account.followup.history.mixin'
        super()._remove_personal_data()
        self.write({"note": False})


class AccountFollowup(models.Model):
    _inherit = "account.followup"

    @api.autovacuum
    def _anonymize_old_history(self):
        """Remove people's data from what is older than the retention time.

        A customer who owes anything is left alone: the case is not closed.
        """
        parameters = self.env["ir.config_parameter"].sudo()
        value = parameters.get_param(RETENTION_PARAMETER) or "0"
        years = int(value) if value.isdigit() else 0
        if not years:
            return
        limit = fields.Date.today() - relativedelta(years=min(years, 1000))
        for model in HISTORY:
            domain = Domain("date", "<", limit) & Domain("anonymized_date", "=", False)
            records = self.env[model].sudo().search(domain)
            owing = records.partner_id._filter_followup_owing()
            closed = records.filtered(
                lambda one, owing=owing: one.partner_id not in owing
            )
            closed[:LIMIT]._anonymize()


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _filter_followup_owing(self):
        """Return the customers who have an open item, in any company."""
        groups = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("partner_id.commercial_partner_id", "in", self.ids),
                    ("account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("reconciled", "=", False),
                ],
                ["partner_id"],
            )
        )
        owing = self.browse()
        for (partner,) in groups:
            owing |= partner.commercial_partner_id
        return owing & self

    def _check_followup_anonymize(self):
        """Refuse what others ask for, and what is needed as proof."""
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(
                self.env._(
                    "Only administrators may remove people's data from the history of "
                    "payment reminders."
                )
            )
        self.check_access("write")
        if owing := self.commercial_partner_id._filter_followup_owing():
            raise UserError(
                self.env._(
                    "%s: there are open invoices, and the reminders are needed as "
                    "proof. Settle or write them off first.",
                    ", ".join(owing.mapped("display_name")),
                )
            )

    def action_anonymize_followups(self):
        """Remove texts, addresses, documents and notes from the customers' history.

        For administrators, when somebody asks for it or the time of keeping is over.

        :raise AccessError: the user is no administrator
        :raise UserError: a customer has open invoices: the case is not closed
        """
        self._check_followup_anonymize()
        customers = self.commercial_partner_id
        domain = [("partner_id", "in", customers.ids)]
        for model in HISTORY:
            self.env[model].sudo().search(domain)._anonymize()
        cases = self.env["account.followup"].sudo().search(domain)
        cases.write({"failure_reason": False, "pause_reason": False})
        return {"type": "ir.actions.client", "tag": "soft_reload"}

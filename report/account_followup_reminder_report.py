from lxml import html
from markupsafe import Markup

from odoo import api, models


class AccountFollowupReminderReport(models.AbstractModel):
    """The letter of a reminder (template ``report_reminder``)."""

    _name = "report.account_payment_followup.report_reminder"
    _description = "Payment Reminder Letter"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the reminders to print, which the user must be allowed to read.

        Nothing of ``data`` is used: it comes from the address of the page.

        :raise AccessError: one of them is not for this user
        """
        reminders = self.env["account.followup.reminder"].browse(docids)
        reminders.check_access("read")
        return {
            "doc_ids": docids,
            "doc_model": reminders._name,
            "docs": reminders,
            "get_recipient": self._get_recipient,
            "letter_body": self._get_letter_body,
        }

    @api.model
    def _get_recipient(self, reminder):
        send = self.env["account.followup.send"]
        return send._get_recipients(reminder.partner_id)[:1]

    @api.model
    def _get_letter_body(self, reminder):
        """Return the text as it was sent, without the button that paper cannot press."""
        if not reminder.body:
            return Markup()
        root = html.fragment_fromstring(str(reminder.body), create_parent="div")
        for button in root.find_class("o_followup_pay"):
            button.drop_tree()
        return Markup(html.tostring(root, encoding="unicode"))

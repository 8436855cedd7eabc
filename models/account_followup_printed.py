from odoo import api, fields, models
from odoo.fields import Domain

#: Letters of a run that nobody has taken, and of whose delivery nothing was undone.
TO_PRINT = (
    Domain("channel", "=", "print")
    & Domain("printed_on", "=", False)
    & Domain("state", "=", "sent")
    & Domain("reminder_id.trigger", "=", "mass")
)


class AccountFollowupDelivery(models.Model):
    """A letter of a run is to be printed until somebody has taken the file.

    One that is sent from the window is handed out at once.
    """

    _inherit = "account.followup.delivery"

    printed_on = fields.Datetime(
        readonly=True, help="When somebody took the file of the letter."
    )
    is_to_print = fields.Boolean(
        "To Print", compute="_compute_is_to_print", search="_search_is_to_print"
    )

    @api.depends("channel", "printed_on", "state", "reminder_id.trigger")
    def _compute_is_to_print(self):
        for delivery in self:
            delivery.is_to_print = (
                delivery.channel == "print"
                and not delivery.printed_on
                and delivery.state == "sent"
                and delivery.reminder_id.trigger == "mass"
            )

    def _search_is_to_print(self, operator, value):
        return TO_PRINT if operator == "in" and True in value else NotImplemented

    def action_download(self):
        # EXTENDS: who may send has taken the letter
        action = super().action_download()
        if self.env.user.has_group("account.group_account_invoice"):
            self._note_printed()
        return action

    def _note_printed(self):
        """Note that somebody has taken the files of these letters."""
        letters = self.sudo().filtered("is_to_print")
        letters.printed_on = fields.Datetime.now()
        self.env["account.followup.run"].invalidate_model(["to_print_count"])


class AccountFollowupRun(models.Model):
    _inherit = "account.followup.run"

    to_print_count = fields.Integer(
        "Not Printed Yet",
        compute="_compute_letter_count",
        search="_search_to_print_count",
    )

    def _compute_letter_count(self):
        # EXTENDS
        super()._compute_letter_count()
        own = self._get_own_printed()
        for run in self:
            printed = run._get_printed() & own
            run.to_print_count = len(printed.filtered("is_to_print"))

    def _search_to_print_count(self, operator, value):
        if (operator, value) != (">", 0):
            return NotImplemented
        letters = self.env["account.followup.delivery"].search(TO_PRINT)
        return Domain("line_ids.reminder_id", "in", letters.reminder_id.ids)

    def action_print_letters(self):
        # EXTENDS
        action = super().action_print_letters()
        self._get_own_printed()._note_printed()
        return action

import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.pdf_pages import leave_out_pages

_logger = logging.getLogger(__name__)

#: What a letter takes over from its recipient.
ADDRESS_FIELDS = ("street", "street2", "zip", "city", "state_id", "country_id")


class NoteOfLetter(models.AbstractModel):
    """Stands for the record on which core posts the note of a letter.

    Its id is that of the message, which is there already.
    """

    _name = "account.followup.letter.note"
    _description = "Note of a Letter by Post"

    @api.private
    def message_post(self, **kwargs):
        """Return the message instead of posting one."""
        return self.env["mail.message"].browse(self.id)


class SnailmailLetter(models.Model):
    _inherit = "snailmail.letter"

    followup_delivery_ids = fields.One2many(
        "account.followup.delivery", "letter_id", groups="base.group_system"
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Take notes that were posted already, many at once, see ``NoteOfLetter``.

        Core posts one for each letter, on the record of its ``model``.
        """
        # EXTENDS 'snailmail'
        if not self.env.su or not all(vals.get("message_id") for vals in vals_list):
            return super().create(vals_list)
        letters = super().create(
            [
                {**vals, "model": NoteOfLetter._name, "res_id": vals["message_id"]}
                for vals in vals_list
            ]
        )
        for letter, vals in zip(letters, vals_list, strict=True):
            letter.write({"model": vals["model"], "res_id": vals["res_id"]})
        return letters

    def write(self, vals):
        """Keep the letters of reminders as the service has made them.

        Core writes the address of a contact into the letters that wait, with the rights
        of whoever corrects it; those of reminders take it over as they leave.

        :raise AccessError: something else of such a letter would be changed
        """
        # EXTENDS 'snailmail'
        kept = self.browse()
        if not self.env.su:
            kept = self.filtered(lambda letter: letter.sudo().followup_delivery_ids)
        kept.check_access("read")
        if kept and not vals.keys() <= set(ADDRESS_FIELDS):
            raise AccessError(
                self.env._(
                    "The letter of a payment reminder or statement stays as it was "
                    "made. Correct the address on the contact: the letter takes it "
                    "over when it leaves."
                )
            )
        return super(SnailmailLetter, self - kept).write(vals)

    def _as_service(self):
        """Return the letters with the rights to do what core's buttons do.

        Nobody writes those of reminders by himself, see ``write``.

        :raise AccessError: the user may not send reminders
        """
        if self.env.su or not self.sudo().followup_delivery_ids:
            return self
        self.check_access("write")
        return self.sudo()

    @api.model
    def _snailmail_cron(self, autocommit=True):
        """Post the letters of reminders first, in a queue of their own.

        Core stops at the first letter that it cannot send, and tries it again day after
        day. Reminders neither wait behind it (promise 5) nor do they leave days later.
        """
        # EXTENDS 'snailmail'
        letters = self.search(
            [("state", "=", "pending"), ("followup_delivery_ids", "!=", False)],
            order="id",
        )
        for number, letter in enumerate(letters, 1):
            letter._snailmail_print()
            if letter.error_code == "CREDIT_ERROR":
                behind = letters[number:].filtered(lambda left: left.state == "pending")
                behind._fail_followup("CREDIT_ERROR")
                break
        return super()._snailmail_cron(autocommit)

    def snailmail_print(self):
        """Send Now and Retry of core's list: only what is still to be posted.

        :raise UserError: the letter of a reminder has been sent, has failed, or is
            being sent at this moment
        """
        # EXTENDS 'snailmail'
        letters = self._as_service()
        deliveries = self.sudo().followup_delivery_ids
        if deliveries != deliveries._lock_messages():
            raise UserError(self.env._("The letter is being sent at this moment."))
        if set(deliveries.mapped("state")) - {"queued"}:
            raise UserError(
                self.env._(
                    "The letter of a payment reminder is sent again from the history "
                    "of its customer."
                )
            )
        return super(SnailmailLetter, letters).snailmail_print()

    def cancel(self):
        """Cancel in core's list: for those who may send, also without writing."""
        # EXTENDS 'snailmail'
        return super(SnailmailLetter, self._as_service()).cancel()

    def _snailmail_print(self, immediate=True):
        """Check reminders once more just before they leave (promise 2, X2).

        The letter is locked, so that two runs do not post it twice.
        """
        # EXTENDS 'snailmail'
        reminders = self.sudo().followup_delivery_ids.letter_id
        if not reminders:
            return super()._snailmail_print(immediate)
        letters = self._as_service()
        locked = reminders.try_lock_for_update(allow_referencing=True)
        deliveries = locked.followup_delivery_ids._lock_messages()
        deliveries._get_over().letter_id.cancel()
        tests = self.env["account.followup.test"]
        leaving = deliveries.filtered(
            lambda delivery: (
                delivery.state == "queued" and not tests._is_on(delivery.company_id)
            )
        )
        leaving.letter_id._take_over_address()
        letters = letters.filtered(
            lambda letter: letter not in reminders or letter in leaving.letter_id
        )
        return super(SnailmailLetter, letters)._snailmail_print(immediate)

    def _snailmail_print_valid_address(self):
        """Post a letter; whatever is answered, a reminder ends as sent or as failed."""
        # EXTENDS 'snailmail'
        if not self.sudo().followup_delivery_ids:
            return super()._snailmail_print_valid_address()
        try:
            with self.env.cr.savepoint():
                self._renew_cover()
                super()._snailmail_print_valid_address()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            _logger.info("Letter %s: no usable answer: %r", self.id, error)
        else:
            self.sudo().followup_delivery_ids._keep_addresses()
        if "ready" in self.sudo().notification_ids.mapped("notification_status"):
            self._fail_followup(self.error_code or "UNKNOWN_ERROR")

    def _fail_followup(self, error_code):
        """Note letters of reminders as failed, in the way of core."""
        message = self._get_error_message(error_code)
        self.sudo().write(
            {"state": "error", "error_code": error_code, "info_msg": message}
        )
        self.notification_ids.sudo().write(
            {
                "notification_status": "exception",
                "failure_type": self._get_failure_type(error_code),
                "failure_reason": message,
            }
        )

    def _renew_cover(self):
        """Let the paper show the address of the contact, where it was corrected.

        The post reads it there: a cover page comes before what was printed before.
        """
        for delivery in self.sudo().followup_delivery_ids:
            content = delivery.attachment_id.raw or b""
            is_pdf = content.startswith(b"%PDF")  # in tests none is made
            if not (is_pdf and delivery._get_corrected_address()):
                continue
            letter = delivery.letter_id.with_context(snailmail_layout=True)
            letter.partner_id.invalidate_recordset(["display_name"])
            if letter.cover:
                content = leave_out_pages(content, 2 if letter.duplex else 1)
            letter.cover = True
            delivery.attachment_id.raw = letter._append_cover_page(content)

    def _requeue_followup(self):
        """Put the letters back into the queue, with the address as it is now."""
        self._take_over_address()
        self._renew_cover()
        self.write({"state": "pending", "error_code": False, "info_msg": False})

    def _take_over_address(self):
        """Address the letters to where their contacts are by now, see ``write``."""
        for letter in self:
            letter.write(self._prepare_followup_address(letter.partner_id))

    @api.model
    def _prepare_followup_address(self, contact):
        """Return the address of a contact as values of a letter."""
        return {
            name: contact._fields[name].convert_to_write(contact[name], contact)
            for name in ADDRESS_FIELDS
        }

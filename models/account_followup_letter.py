import logging

import psycopg2

from odoo import api, models
from odoo.exceptions import UserError

from ..tools.names import make_file_name

_logger = logging.getLogger(__name__)

REPORT = "account_payment_followup.action_report_reminder"

#: Letters that are converted in one call of wkhtmltopdf: ten of them take about as long
#: as two, more than that have been seen to break.
LETTERS_PER_CALL = 10


class AccountFollowupLetter(models.AbstractModel):
    """The letters, their pages made by several in one call of wkhtmltopdf."""

    _name = "account.followup.letter"
    _description = "Letters of Payment Reminders"

    @api.model
    def _create_letters(self, pairs):
        """Make the letters and keep them as attachments of their reminders.

        The letter as such is kept in ``data["letter"]``, for the e-mail.

        :param pairs: list of (data of a reminder, ``snailmail.letter`` or an empty
            one): for the post the page is laid out on A4, with margins, and the
            address in the window of the envelope
        :return: the attachments, in this order
        """
        letters = [(data["reminder"], letter) for data, letter in pairs]
        pages = self._print_letters(letters)
        for (data, _letter), content in zip(pairs, pages, strict=True):
            data.setdefault("letter", content)
        documents = self.env["account.followup.document"]
        documents._read_documents_ahead([data for data, _letter in pairs])
        return self.env["ir.attachment"].create(
            [
                self._prepare_attachment(data, letter, content)
                for (data, letter), content in zip(pairs, pages, strict=True)
            ]
        )

    @api.model
    def _prepare_attachment(self, data, letter, content):
        """Return the values of a letter's file, with the pages of the invoices."""
        documents = self.env["account.followup.document"]
        content = documents._add_invoices(data, content, bool(letter))
        return {
            "name": self._get_letter_name(data["reminder"]),
            "raw": self._finish_letter(letter, content),
            "res_model": data["reminder"]._name,
            "res_id": data["reminder"].id,
            "mimetype": "application/pdf",
        }

    @api.model
    def _get_letter_content(self, data):
        """Return the letter as (file name, content) in a list; nothing without one.

        It is the same for all channels and contacts, and comes without the invoices,
        which an e-mail has as files of their own.
        """
        if "letter" not in data:
            return []
        return [(self._get_letter_name(data["reminder"]), data["letter"])]

    @api.model
    def _get_letter_name(self, reminder):
        """Return the name of the file: in the customer's language, and his own.

        Not that of the level: it is for the company's own use.
        """
        customer = reminder.partner_id
        return make_file_name(
            "pdf",
            reminder.with_context(lang=reminder.lang).env._("Payment Reminder"),
            f"{customer.name or customer.display_name} {reminder.date}",
        )

    # ------------------------------------------------------------------
    # Pages
    # ------------------------------------------------------------------

    @api.model
    def _print_letters(self, pairs):
        """Return the pages of letters.

        :param pairs: list of (reminder, ``snailmail.letter`` or an empty one), all of
            them with one or all without
        :return: list of PDF, in this order
        """
        pages = {}
        waiting = list(enumerate(pairs))
        while waiting:
            part = self._take_letters(waiting)
            waiting = [entry for entry in waiting if entry not in part]
            contents = self._convert_letters([pair for _number, pair in part])
            for (number, _pair), content in zip(part, contents, strict=True):
                pages[number] = content
        return [pages[number] for number in range(len(pairs))]

    @api.model
    def _take_letters(self, waiting):
        """Return the next letters for one call: not two of the same reminder."""
        part = {}
        for entry in waiting:
            part.setdefault(entry[1][0], entry)
            if len(part) == LETTERS_PER_CALL:
                break
        return list(part.values())

    @api.model
    def _convert_letters(self, pairs):
        """Return the pages of some letters, each of another reminder.

        When they cannot be made together or taken apart again, they are made one by
        one: a build of wkhtmltopdf without patches converts a single one in a call.
        """
        contents = {}
        if len(pairs) > 1:
            try:
                contents = self._call_report(pairs)
            except psycopg2.Error:
                raise
            except Exception as error:
                _logger.info("%s letters in one call: %r", len(pairs), error)
        if set(contents) != {reminder.id for reminder, _letter in pairs}:
            contents = self._convert_apart(pairs)
        return [contents[reminder.id] for reminder, _letter in pairs]

    @api.model
    def _convert_apart(self, pairs):
        """Return {id of the reminder: pages of its letter}, made one by one."""
        naming = self.env["ir.actions.report"]._naming_followup_partner
        contents = {}
        for pair in pairs:
            with naming(pair[0].partner_id):
                contents.update(self._call_report([pair]))
        return contents

    @api.model
    def _forget_addresses(self, reminders):
        """For the post an address is written otherwise: core's cache holds only one."""
        for reminder in reminders:
            contacts = reminder._get_recipients("print")
            contacts |= reminder._get_recipients("letter")
            contacts.invalidate_recordset(["display_name"])

    @api.model
    def _call_report(self, pairs):
        """Return {id of the reminder: its page}, as far as they can be told apart."""
        ids = [reminder.id for reminder, _letter in pairs]
        reminders = self.env["account.followup.reminder"].browse(ids)
        letters = self.env["snailmail.letter"].union(*(pair[1] for pair in pairs))
        self._forget_addresses(reminders)
        report = self.env["ir.actions.report"]
        if letters:
            report = report.with_context(
                snailmail_layout=True,
                followup_contact_ids=frozenset(letters.partner_id.ids),
            )
        with report._limiting_followup_time():
            content, kind = report._pre_render_qweb_pdf(REPORT, ids)
        if kind == "html":  # no PDF is made: whole pages, with their letterhead
            return {id_: report._render_qweb_html(REPORT, [id_])[0] for id_ in ids}
        contents = report._get_splitted_report(REPORT, content, kind)
        for content in contents.values():
            self._check_pdf(content, kind)
        return contents

    @api.model
    def _check_pdf(self, content, kind):
        """Raise UserError when the PDF engine has ended well, but made no PDF."""
        if kind == "pdf" and not content.startswith(b"%PDF"):
            raise UserError(
                self.env._(
                    "The letter was not made: wkhtmltopdf gave no PDF. Ask your "
                    "administrator to look at it, the next try is tomorrow."
                )
            )

    @api.model
    def _finish_letter(self, letter, content):
        """Return a page made ready for the post: empty margins, a cover if wanted."""
        if letter and content.startswith(b"%PDF"):
            letter = letter.with_context(snailmail_layout=True)
            content = letter._overwrite_margins(content)
            if letter.cover:
                content = letter._append_cover_page(content)
        return content

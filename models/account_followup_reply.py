import logging
from functools import partial

import psycopg2
from markupsafe import Markup

from odoo import SUPERUSER_ID, api, models
from odoo.tools import SQL, format_date, mute_logger

from ..tools.auto_reply import is_automatic
from ..tools.days import add_working_days

_logger = logging.getLogger(__name__)

#: Chatters in which a customer answers.
THREADS = ("res.partner", "account.move")

#: So long is the note of a task about answers at most: the chatter has them all.
NOTE_LENGTH = 4000


class AccountFollowupReply(models.AbstractModel):
    """E-mails that answer a reminder (X17, rule 16).

    Automatic reminders to the customer pause, and the responsible gets one task. What
    a machine or a colleague has written is no answer.
    """

    _name = "account.followup.reply"
    _description = "Answers to Payment Reminders"

    @api.model
    def _note_incoming(self, message, message_id, threads):
        """Look at an e-mail that has just been posted; it is never lost by that.

        Core throws away an e-mail when an error comes out of here.

        :param message: :class:`email.message.EmailMessage`
        :param str message_id: its Message-Id
        :param threads: list of (model, id) of the chatters to which it was posted
        """
        threads = [thread for thread in threads if thread[0] in THREADS]
        if not threads or is_automatic(message):
            return
        self = self.with_user(SUPERUSER_ID)  # noqa: PLW0642
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                self._note_posted(message_id, threads)
        except psycopg2.OperationalError:
            # the customer is being reminded at this moment: once more, afterwards
            again = partial(self._note_again, self.pool, message_id, threads)
            self.env.cr.postcommit.add(again)
        except Exception:
            self.env.invalidate_all(flush=False)
            _logger.warning("An answer to a reminder was not noted", exc_info=True)

    @staticmethod
    def _note_again(registry, message_id, threads):
        """Note an answer in a transaction of its own, which sees what has happened."""
        try:
            with registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                env["account.followup.reply"]._note_posted(message_id, threads)
        except psycopg2.OperationalError:
            _logger.warning("An answer to a reminder was not noted", exc_info=True)

    @api.model
    def _note_posted(self, message_id, threads):
        """Pause the customers in whose chatters an answer stands."""
        messages = self.env["mail.message"].search([("message_id", "=", message_id)])
        for message in messages.filtered(lambda one: not self._is_colleague(one)):
            thread = (message.model, message.res_id)
            if thread in threads:
                partner, company = self._get_customer(*thread)
                cases = self._get_answered_cases(partner, company)
                for case in self._filter_asked(cases, message):
                    self._pause(case, message)

    @api.model
    def _is_colleague(self, message):
        """Return whether somebody of us has written it."""
        author = message.author_id
        return bool(author) and not author.partner_share

    @api.model
    def _get_customer(self, model, res_id):
        """Return customer and root company of a chatter, empty if it has none.

        That of a contact is of all companies.
        """
        record = self.env[model].browse(res_id)
        companies = self.env["res.company"]
        if model == "res.partner":
            return record.commercial_partner_id, companies
        if not record.is_sale_document(include_receipts=True):
            return self.env["res.partner"], companies
        return record.commercial_partner_id, record.company_id.root_id

    @api.model
    def _get_answered_cases(self, partner, company):
        """Return the cases with a reminder that has left about what is still open.

        :param company: root company, none for all
        """
        cases = self.env["account.followup"]
        if not partner:
            return cases
        companies = self._get_asking_companies(partner)
        for root in companies & (company or companies):
            if root.followup_enabled and root.followup_reply_pause_days:
                cases += cases._get_or_create(partner, root)
        return cases

    @api.model
    def _get_asking_companies(self, partner):
        """Return the root companies that have reminded a customer of what is open.

        A reminder is queued as long as any message of it is: of several channels one
        has left, and is answered, while another one waits for its hours.
        """
        lines = self.env["account.followup.reminder.line"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT reminder.company_id
                  FROM account_followup_reminder_line line
                  JOIN account_followup_reminder reminder
                    ON reminder.id = line.reminder_id
                  JOIN account_move_line item ON item.id = line.move_line_id
                 WHERE reminder.partner_id = %s
                   AND (
                       reminder.state = 'sent'
                       OR reminder.state = 'queued' AND EXISTS (
                           SELECT 1
                             FROM account_followup_delivery delivery
                            WHERE delivery.reminder_id = reminder.id
                              AND delivery.state = 'sent'
                       )
                   )
                   AND line.is_standing
                   AND line.residual > 0
                   AND item.reconciled IS NOT TRUE
                """,
                partner.id,
                to_flush=[
                    lines._fields["is_standing"],
                    self.env["account.followup.delivery"]._fields["state"],
                    self.env["account.followup.reminder"]._fields["state"],
                    self.env["account.move.line"]._fields["reconciled"],
                ],
            )
        )
        return self.env["res.company"].browse(id_ for (id_,) in rows)

    @api.model
    def _filter_asked(self, cases, message):
        """Return the case that an e-mail answers, if it says so; else all."""
        if len(cases) < 2 or not message.parent_id:
            return cases
        reminders = self.env["account.followup.reminder"].search(
            [("mail_message_id", "=", message.parent_id.id)]
        )
        asked = cases.filtered(lambda case: case.company_id in reminders.company_id)
        return asked or cases

    @api.model
    def _pause(self, case, message):
        """Pause automatic reminders, and give the responsible a task, one at a time.

        The pause runs from the first answer that nobody has read yet: whoever sends
        more of them does not make it longer.
        """
        responsible = case._get_responsible()
        lang = responsible.lang or case.company_id.partner_id.lang
        case = case.with_context(lang=lang)
        self = self.with_env(case.env)  # noqa: PLW0642
        if case.pause_activity_id.active:
            self._add_to_task(case.pause_activity_id, message)
            return
        today = case._get_day_of(case.company_id)
        until = add_working_days(today, case.company_id.followup_reply_pause_days)
        values = {
            "pause_reason": self.env._("answered on %s", format_date(self.env, today)),
            "pause_message_id": message.id,
            "pause_activity_id": self._schedule_task(case, message, today).id,
        }
        if not case.pause_until or case.pause_until < until:
            values["pause_until"] = until
        case.write(values)

    @api.model
    def _add_to_task(self, task, message):
        """Name another answer in the task about the first one, which is still open."""
        if len(task.note or "") < NOTE_LENGTH:
            info = self.env["account.followup.answer.wizard"]._get_info(message)
            task.note = (task.note or "") + Markup("<div>{}</div>").format(info)

    @api.model
    def _schedule_task(self, case, message, today):
        """Plan the task to look at an answer."""
        outcome = self.env["account.followup.outcome"]
        return outcome._schedule_task(
            case,
            case._get_responsible(),
            self.env._("The customer has answered a payment reminder"),
            self.env._(
                "%(author)s has written: %(subject)s. Automatic reminders are paused. "
                "Press Answer on the customer to note a promise, a dispute or a hold, "
                "or Go On.",
                author=message.author_id.display_name or message.email_from,
                subject=message.subject or self.env._("(no subject)"),
            ),
            today,
        )

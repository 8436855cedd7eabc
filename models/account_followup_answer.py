from datetime import timedelta

from markupsafe import Markup

from odoo import SUPERUSER_ID, models
from odoo.tools import format_date

from ..tools.days import add_working_days

#: Letters of what a customer writes.
MAX_TEXT = 2000
MAX_LINE = 200

#: What is in dispute rests so long, unless somebody has looked and resumes it.
DISPUTE_DAYS = 365


class AccountFollowup(models.Model):
    """What a customer says about open invoices, on the debtor page (X11, rule 19).

    A claim of the customer, no fact: a line in the chatter, a task of the responsible,
    and the items rest for a while. One method for each kind of answer.
    """

    _inherit = "account.followup"

    def _record_paid(self, items, day, today, amount="", reference=""):
        """The customer says to have paid on a day; the items wait for the money."""
        self = self._with_reader()  # noqa: PLW0642
        until = add_working_days(today, self.company_id.followup_paid_wait_days)
        title = self.env._("The customer says to have paid")
        details = [
            (self.env._("Paid on"), format_date(self.env, day)),
            (self.env._("Amount"), amount),
            (self.env._("Reference"), reference),
        ]
        self._hold_answered(items.with_env(self.env), until, title, today)
        self._note_answer(title, items, details, today)

    def _record_promise(self, items, day, today, text=""):
        """The customer promises to pay on a day; the items rest until then."""
        self = self._with_reader()  # noqa: PLW0642
        title = self.env._("The customer promises to pay")
        details = [
            (self.env._("Will pay on"), format_date(self.env, day)),
            (self.env._("Message"), text),
        ]
        lines = items.with_env(self.env)._filter_followup_restable()
        lines -= self._filter_promised(lines)
        if lines:
            days = {self.company_id: today}
            note = self.env._("Promised on the debtor page")
            lines._expect_followup_payment(day, note, days)
        self._note_answer(title, items, details, today)

    def _record_dispute(self, items, reason, today, text=""):
        """The customer says that something is wrong; it rests until it is looked at."""
        self = self._with_reader()  # noqa: PLW0642
        title = self.env._("The customer disputes")
        until = today + timedelta(days=DISPUTE_DAYS)
        details = [(self.env._("Reason"), reason), (self.env._("Message"), text)]
        self._hold_answered(items.with_env(self.env), until, title, today)
        self._note_answer(title, items, details, today)

    def _record_call(self, today, phone="", text=""):
        """The customer wants to be called."""
        self = self._with_reader()  # noqa: PLW0642
        title = self.env._("The customer asks to be called")
        details = [(self.env._("Phone"), phone), (self.env._("Message"), text)]
        items = self.env["account.move.line"]
        call = self.env.ref("mail.mail_activity_data_call", raise_if_not_found=False)
        self._note_answer(title, items, details, today, call)

    # ------------------------------------------------------------------

    def _with_reader(self):
        """Return the case as the system sees it, in the language of who reads it."""
        self.ensure_one()
        responsible = self.sudo()._get_responsible()
        lang = responsible.lang or self.sudo().company_id.partner_id.lang
        return self.with_user(SUPERUSER_ID).with_context(lang=lang)

    def _filter_promised(self, lines):
        """Return the items that were promised since the last reminder, or later.

        So a customer promises once for each reminder, and puts off nothing for ever.
        """
        last = self.env["account.followup.reminder"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("queued", "sent")),
            ],
            limit=1,
        )
        return lines.filtered(
            lambda line: (
                line.expected_payment_date
                and last
                and line.expected_payment_date >= last.date
            )
        )

    def _hold_answered(self, items, until, reason, today):
        """Let items rest, unless they rest longer already."""
        lines = items._filter_followup_restable().filtered(
            lambda line: (
                not line.followup_hold_until or line.followup_hold_until < until
            )
        )
        if lines and until >= today:
            lines._hold_followup(until, reason, {self.company_id: today})

    def _note_answer(self, title, items, details, today, activity_type=None):
        """Write an answer into the customer's chatter, and give a task.

        :param details: list of (label, text of the customer), empty ones are left out
        """
        body = Markup("<strong>{}</strong>").format(title)
        if items:
            body += Markup("<br/>{}").format(
                ", ".join(items.with_env(self.env).mapped("followup_name"))
            )
        for label, text in details:
            if text:
                lines = Markup("<br/>").join(str(text).splitlines())
                body += Markup("<br/>{}: {}").format(label, lines)
        partner = self.partner_id.with_context(mail_activity_quick_update=True)
        partner._message_log(body=body, author_id=partner.id)
        todo = activity_type or self.env.ref("mail.mail_activity_data_todo")
        user = self._get_responsible() or self.env.ref("base.user_admin")
        partner.activity_schedule(
            activity_type_id=todo.id,
            date_deadline=today,
            summary=title,
            note=body,
            user_id=user.id,
        )

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, models
from odoo.tools import format_date

from ..tools.days import add_working_days

#: Letters of what a customer writes.
MAX_TEXT = 2000
MAX_LINE = 200


class AccountFollowupAnswer(models.AbstractModel):
    """What a customer says about open invoices, on the debtor page (X11, rule 19).

    A claim of the customer, no fact: a line in the chatter, a task of the responsible,
    and the items rest for a while. One method for each kind of answer.
    """

    _name = "account.followup.answer"
    _description = "Answers on the Debtor Page"

    @api.model
    def _record_paid(self, case, items, day, today, amount="", reference="", paid=None):
        """The customer says to have paid on a day; the items wait for the money.

        :param float paid: the amount, if it was said of items of one currency
        """
        self, case = self._with_reader(case)  # noqa: PLW0642
        title = self.env._("The customer says to have paid")
        details = [
            (self.env._("Paid on"), format_date(self.env, day)),
            (self.env._("Amount"), amount),
            (self.env._("Reference"), reference),
        ]
        until = add_working_days(today, case.company_id.followup_paid_wait_days)
        details += self._promise(
            case,
            items,
            (day, paid),
            today,
            rest_until=until,
            is_payment=True,
            note=reference or title,
        )
        self._note_answer(case, title, items, details, today)

    @api.model
    def _record_promise(self, case, items, day, today, text=""):
        """The customer promises to pay on a day; the items rest until then."""
        self, case = self._with_reader(case)  # noqa: PLW0642
        title = self.env._("The customer promises to pay")
        details = [
            (self.env._("Will pay on"), format_date(self.env, day)),
            (self.env._("Message"), text),
        ]
        note = self.env._("Promised on the debtor page")
        details += self._promise(case, items, (day, None), today, note=note)
        self._note_answer(case, title, items, details, today)

    @api.model
    def _promise(self, case, items, part, today, **values):
        """Let items rest that the customer has promised, within limits (X7).

        Who promises alone stops nothing for ever: once for each reminder, and not
        what was promised and not paid before.

        :param tuple part: day, amount (None for all that is open)
        :return: what is to be said beside it: list of (label, text)
        """
        promises = self.env["account.followup.promise"]
        until = values.get("rest_until", part[0])
        lines = items.with_env(self.env)._filter_followup_restable()
        lines = lines.filtered(
            lambda line: (
                not line.expected_payment_date or line.expected_payment_date < until
            )
        )
        unkept = promises._get_unkept(lines)
        said = self._filter_said(case, lines, values.get("is_payment")) - unkept
        rests = lines - unkept - said
        if rests and until >= today:
            total = sum(rests.mapped("amount_residual_currency"))
            day, amount = part
            # what is less than a cent is no amount
            amount = len(rests.currency_id) == 1 and rests.currency_id.round(
                amount or 0
            )
            part = (day, amount if amount and amount < total else None)
            days = {case.company_id: today}
            promises._promise(rests, [part], days, origin="debtor", **values)
        return self._get_limits(unkept, said, today)

    @api.model
    def _get_limits(self, unkept, said, today):
        """Return what is told of items that do not rest: list of (label, text).

        :param unkept: items that were promised too often
        :param said: items that have rested for the last reminder already
        """
        resting = said.filtered(
            lambda line: (
                line.expected_payment_date and line.expected_payment_date >= today
            )
        )
        limits = []
        if unkept:
            text = self.env._(
                "promised before and not paid: %s", unkept._get_followup_names()
            )
            limits.append((self.env._("Does not rest"), text))
        for label, lines in (
            (self.env._("Does not rest"), said - resting),
            (self.env._("Does not rest longer"), resting),
        ):
            if lines:
                text = self.env._(
                    "announced before, since the last reminder: %s",
                    lines._get_followup_names(),
                )
                limits.append((label, text))
        return limits

    @api.model
    def _record_dispute(self, case, items, reason, today, text="", code=""):
        """The customer says that something is wrong; it rests until it is looked at.

        :param str reason: what the customer has chosen
        :param str code: which of the reasons of disputes it is
        """
        self, case = self._with_reader(case)  # noqa: PLW0642
        title = self.env._("The customer disputes")
        details = [(self.env._("Reason"), reason), (self.env._("Message"), text)]
        disputes = self.env["account.followup.dispute"]
        lines = items.with_env(self.env)._filter_followup_restable()
        lines -= disputes._get_open(lines).line_ids
        rejected = lines & disputes._get_rejected(lines).line_ids
        if rejected:
            names = rejected._get_followup_names()
            details.append((self.env._("Does not rest"), names))
        lines -= rejected
        if lines:
            disputes._dispute(
                lines,
                self.env["account.followup.dispute.reason"]._get_reason(code),
                {case.company_id: today},
                note=text,
                origin="debtor",
            )
        self._note_answer(case, title, items, details, today)

    @api.model
    def _record_call(self, case, today, phone="", text=""):
        """The customer wants to be called."""
        self, case = self._with_reader(case)  # noqa: PLW0642
        title = self.env._("The customer asks to be called")
        details = [(self.env._("Phone"), phone), (self.env._("Message"), text)]
        items = self.env["account.move.line"]
        call = self.env.ref("mail.mail_activity_data_call", raise_if_not_found=False)
        self._note_answer(case, title, items, details, today, call)

    # ------------------------------------------------------------------

    @api.model
    def _with_reader(self, case):
        """Return service and case as the system sees them, in the reader's language."""
        case.ensure_one()
        responsible = case.sudo()._get_responsible()
        lang = responsible.lang or case.sudo().company_id.partner_id.lang
        case = case.with_user(SUPERUSER_ID).with_context(lang=lang)
        return self.with_env(case.env), case

    @api.model
    def _filter_said(self, case, lines, is_payment=False):
        """Return the items that have rested since the last reminder, or are to rest.

        So a customer puts off nothing for ever: he promises once for each reminder.
        After that he says once to have paid, since that is what a promise leads to,
        and the money needs some days.
        """
        last = self.env["account.followup.reminder"].search(
            [
                ("partner_id", "=", case.partner_id.id),
                ("company_id", "=", case.company_id.id),
                ("state", "in", ("queued", "sent")),
                ("is_test", "=", False),
            ],
            limit=1,
        )
        if not last:
            return lines.browse()
        if is_payment:
            said = self.env["account.followup.promise"].search(
                [
                    ("line_ids", "in", lines.ids),
                    ("origin", "=", "debtor"),
                    ("is_payment", "=", True),
                    ("ended", "=", False),
                    ("rest_until", ">=", last.date),
                ]
            )
            return lines & said.line_ids
        return lines.filtered(
            lambda line: (
                line.expected_payment_date and line.expected_payment_date >= last.date
            )
        )

    @api.model
    def _make_note(self, title, items, details):
        """Return an answer as HTML, see ``_note_answer``."""
        body = Markup("<strong>{}</strong>").format(title)
        if items:
            names = ", ".join(items.mapped("followup_name"))
            body += Markup("<br/>{}").format(names)
        for label, text in details:
            if text:
                lines = Markup("<br/>").join(str(text).splitlines())
                body += Markup("<br/>{}: {}").format(label, lines)
        return body

    @api.model
    def _note_answer(self, case, title, items, details, today, activity_type=None):
        """Write an answer into the customer's chatter, and give a task.

        :param details: list of (label, text of the customer), empty ones are left out
        """
        body = self._make_note(title, items.with_env(self.env), details)
        partner = case.partner_id.with_context(mail_activity_quick_update=True)
        partner._message_log(body=body, author_id=partner.id)
        todo = activity_type or self.env.ref("mail.mail_activity_data_todo")
        user = case._get_responsible() or self.env.ref("base.user_admin")
        partner.activity_schedule(
            activity_type_id=todo.id,
            date_deadline=today,
            summary=title,
            note=body,
            user_id=user.id,
        )

from odoo import Command, api, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from ..tools.actions import get_window
from ..tools.days import is_sensible

#: So many documents are named in a message, the others are counted.
NAMED_LIMIT = 3

#: Fields for which an item rests.
RESTS = ("no_followup", "followup_hold_until", "expected_payment_date")

#: Fields of what was agreed with a customer, or said of an item, until it ends.
AGREED = (
    "followup_hold_until",
    "followup_hold_reason",
    "expected_payment_date",
    "expected_payment_note",
    "followup_review_date",
)


class AccountMoveLine(models.Model):
    """Hold, expected payment and exclusion of open items by a person (B5, B6).

    Hold and expected payment belong to the instalment. An exclusion belongs to the
    document, as core's ``no_followup``; only entries that are no sale document keep
    it per journal item. Credits do not rest, for they are deducted at any time.
    """

    _inherit = "account.move.line"

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_hold_followup(self):
        """Open the window Hold or Exclude for these open items."""
        self._check_followup_hold_access()
        self._check_followup_open()
        return get_window(
            "account.followup.hold.wizard",
            self.env._("Hold or Exclude"),
            default_line_ids=[Command.set(self.ids)],
        )

    def action_followup_resume(self):
        """End hold, expected payment and exclusion at once."""
        self._check_followup_hold_access()
        self._resume_followup()
        return True

    def _check_followup_hold_access(self):
        """Raise AccessError unless the user may say what rests."""
        self.env["account.move.line"]._check_followup_hold_group()
        self.check_access("write")

    def _check_followup_hold_group(self):
        if not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(
                self.env._("Only users of Invoicing may hold or exclude invoices.")
            )

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------

    @api.constrains("followup_hold_until", "expected_payment_date")
    def _check_followup_days_near(self):
        """Refuse what people type for "never", and what is a slip of the pen."""
        today = self.company_id.root_id.sudo()._get_followup_day()
        for line in self.sudo():
            for day in (line.followup_hold_until, line.expected_payment_date):
                if day and not is_sensible(day, today[line.company_id.root_id]):
                    raise ValidationError(
                        self.env._(
                            "%(documents)s: %(date)s is too far away. Choose a day "
                            "within ten years; what is never to be reminded of can be "
                            "excluded.",
                            documents=line._get_followup_names(),
                            date=format_date(self.env, day),
                        )
                    )

    def _check_followup_open(self):
        """Raise UserError unless all are open items of customers."""
        if not self:
            raise UserError(self.env._("Select at least one open item."))
        others = self.filtered(lambda line: not line._is_followup_open())
        if others:
            raise UserError(
                self.env._(
                    "%s: it is not open any more, there is nothing to remind of.",
                    others._get_followup_names(),
                )
            )

    def _is_followup_open(self):
        """Return whether it is an open item, rule 1."""
        self.ensure_one()
        return (
            self.account_type == "asset_receivable"
            and self.parent_state == "posted"
            and not self.reconciled
            and bool(self.amount_residual or self.amount_residual_currency)
        )

    def _check_followup_day(self, day, days):
        """Raise UserError when a day has passed.

        :param date day: until when they are to rest
        :param dict days: {root company: date that counts as today}
        """
        late = self.filtered(lambda line: day < days[line.company_id.root_id])
        if late:
            raise UserError(
                self.env._(
                    "%(documents)s cannot rest until %(date)s: that day has passed.",
                    documents=late._get_followup_names(),
                    date=format_date(self.env, day),
                )
            )

    def _get_followup_names(self):
        """Return the documents for a message: a few by name."""
        names = [move.display_name for move in self.move_id]
        if len(names) > NAMED_LIMIT:
            return self.env._(
                "%(names)s and %(count)s more",
                names=", ".join(names[:NAMED_LIMIT]),
                count=len(names) - NAMED_LIMIT,
            )
        return ", ".join(names)

    def _filter_followup_restable(self):
        """Return those that can rest: neither credits nor excluded."""
        return self.filtered(
            lambda line: line.amount_residual_currency > 0 and not line.no_followup
        )

    def _check_followup_restable(self):
        """Return those that can rest.

        :raise UserError: none of them can
        """
        self._check_followup_open()
        lines = self._filter_followup_restable()
        if not lines:
            raise UserError(
                self.env._(
                    "%s cannot rest: a credit is deducted at any time, and what is "
                    "excluded has to be resumed first.",
                    self._get_followup_names(),
                )
            )
        return lines

    # ------------------------------------------------------------------
    # Service
    # ------------------------------------------------------------------

    def _hold_followup(self, until, reason, days, review=False):
        """Let reminders rest up to and including a day (B5).

        :param date until: last day of rest
        :param str reason: one line, may be empty
        :param dict days: {root company: date that counts as today}
        :param date review: day on which to look again, if it is earlier
        :raise UserError: the day has passed, or nothing of it can rest
        """
        lines = self._check_followup_restable()
        lines._check_followup_day(until, days)
        lines.write(
            {
                "followup_hold_until": until,
                "followup_hold_reason": reason,
                "followup_review_date": review,
            }
        )
        lines._log_followup_changes()

    def _expect_followup_payment(self, day, note, days, origin="clerk"):
        """Note when the customer is expected to pay; reminders rest until then (B6).

        :param date day: expected day
        :param str note: one line, may be empty
        :param dict days: {root company: date that counts as today}
        :param str origin: of the promise, see ``account.followup.promise``
        :raise UserError: the day has passed, or nothing of it can rest
        """
        promises = self.env["account.followup.promise"]
        promises._promise(self, [(day, None)], days, note=note, origin=origin)

    def _exclude_followup(self, reason, review=False):
        """Never remind of them (B5). An invoice is excluded with all instalments.

        :param str reason: one line, may be empty
        :param date review: day on which to look again
        """
        self._check_followup_open()
        lines = self._get_followup_excluded_together()
        lines.write(
            {
                "no_followup": True,
                "followup_hold_until": False,
                "followup_hold_reason": reason,
                "followup_review_date": review,
            }
        )
        lines._log_followup_changes()

    def _resume_followup(self):
        """End hold, expected payment, exclusion and dispute; what does not rest stays.

        An exclusion ends for the whole invoice, all else for these.
        """
        self.env["account.followup.dispute"]._take_out(self)
        excluded = self.filtered("no_followup")._get_followup_excluded_together()
        # the reason of the exclusion must not stay behind as that of a hold
        excluded.filtered(lambda line: not line.followup_hold_until).write(
            {"followup_hold_reason": False}
        )
        excluded.write({"no_followup": False})
        self.write(dict.fromkeys(AGREED, False))
        self._log_followup_changes()

    def _get_followup_rests(self, with_exclusion=True):
        """Return what keeps an item from being reminded, as words."""
        self.ensure_one()
        values = {name: self[name] for name in RESTS}
        values["no_followup"] = with_exclusion and self.no_followup
        return self._get_followup_rest_texts(values)

    def _get_followup_rest_texts(self, values):
        """Return what kept an item from being reminded, as words.

        :param dict values: {field: value}
        """
        rests = []
        if values["no_followup"]:
            rests.append(self.env._("was excluded"))
        if day := values["followup_hold_until"]:
            rests.append(self.env._("was on hold until %s", format_date(self.env, day)))
        if day := values["expected_payment_date"]:
            rests.append(
                self.env._("payment was expected on %s", format_date(self.env, day))
            )
        return rests

    def _get_followup_excluded_together(self):
        """Return the receivable items that are excluded together with these.

        Core keeps the instalments of an invoice together, but not those of a receipt.
        """
        documents = self.move_id.filtered(
            lambda move: move.is_sale_document(include_receipts=True)
        )
        return self | documents._get_followup_lines()

    def _get_followup_instalments(self):
        """Return which instalments of one document these are, unless all open ones."""
        lines = self.move_id._get_followup_lines()
        if not lines.filtered(lambda line: line._is_followup_open()) - self:
            return ""
        days = [
            format_date(self.env, line.date_maturity)
            for line in self.sorted("date_maturity")
            if line.date_maturity
        ]
        return self.env._(" (instalment due %s)", ", ".join(days))

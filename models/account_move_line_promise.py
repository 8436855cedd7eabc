from odoo import models
from odoo.fields import Domain

from .account_move_line_trace import BEFORE


class AccountMoveLine(models.Model):
    """Promise and expected payment date say the same (X7).

    A date that somebody sets by hand, in whatever way, is a promise; one that is taken
    away ends it. It is looked at where it is noted in the chatter: once, at the end.
    """

    _inherit = "account.move.line"

    def _log_followup_changes(self):
        # EXTENDS 'account_payment_followup'
        before = dict(self.env.cr.precommit.data.get(BEFORE, {}))
        super()._log_followup_changes()
        changed = (
            self.sudo()
            .browse(before)
            .exists()
            .filtered(
                lambda line: (
                    line.expected_payment_date
                    != before[line.id]["expected_payment_date"]
                )
            )
        )
        if changed:
            changed._take_up_followup_promises()

    def _take_up_followup_promises(self):
        """Make promises of the dates that were set, and end those taken away."""
        promises = self.env["account.followup.promise"].sudo()
        standing = promises._get_standing(self)
        days = self.company_id.root_id._get_followup_day()
        known = {
            (line, promise.rest_until)
            for promise in standing
            for line in promise.line_ids
        }
        new = self.filtered(
            lambda line: (
                line.expected_payment_date
                and line.expected_payment_date >= days[line.company_id.root_id]
                and (line, line.expected_payment_date) not in known
                and line._filter_followup_restable()
            )
        )
        ended = self.filtered(
            lambda line: (line, line.expected_payment_date) not in known
        )
        standing._take_out(ended - new, "cancelled")
        standing._take_out(new, "replaced")
        vals_list = []
        groups = new.grouped(
            lambda line: (line.expected_payment_date, line.expected_payment_note)
        )
        for (day, note), lines in groups.items():
            vals_list += promises._prepare_promises(
                lines, [(day, None)], days, {"note": note, "origin": "clerk"}
            )
        if vals_list:
            promises._create_promises(vals_list)

    def _end_followup_agreed(self, agreed):
        # EXTENDS 'account_payment_followup': what was promised by another customer
        result = super()._end_followup_agreed(agreed)
        lines = self.browse(line.id for line in agreed).exists()
        moved = lines.filtered(lambda line: not line.expected_payment_date)
        promises = self.env["account.followup.promise"].sudo()
        promises = promises.search(
            Domain("line_ids", "in", moved.ids)
            & Domain("state", "in", ("open", "cancelled"))
        )
        promises._take_out(moved, "cancelled")
        return result

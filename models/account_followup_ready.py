from odoo import api, models


class AccountFollowupReady(models.AbstractModel):
    """Which of some customers are reminded now, and why the others are not."""

    _name = "account.followup.ready"
    _description = "Customers Ready to Be Reminded"

    @api.model
    def _get_ready(self, cases, day, trigger, parts, result, now=None):
        """Return the ids of those who are reminded now; why others are not is noted.

        :param cases: account.followup of one company, locked
        :param date day: the company's day
        :param str trigger: ``automatic`` or ``mass``
        :param dict parts: of the rule, see ``_get_rows`` of items
        :param Result result: of account.followup
        :param datetime now: UTC, for gates that know hours
        """
        due = self._get_due_rows(cases, day, parts)
        reasons = self._get_idle_reasons(cases, due, day, parts)
        tests = self.env["account.followup.test"]
        tested = tests._get_tested_reasons(cases.company_id, due, day)
        ready = cases.browse()
        for case in cases:
            row = due.get(case.partner_id.id)
            reason = reasons.get(case.partner_id) or tested.get(case.partner_id.id)
            if reason := reason or case._get_skip_reason(row, trigger, day):
                result.skipped[case] = reason
            else:
                ready += case
        if trigger != "automatic":
            return ready.ids
        held = self.env["account.followup.gates"]._get_reasons(ready, day, now)
        result.skipped.update({case: held[case][0][1] for case in held})
        return [case.id for case in ready if case not in held]

    @api.model
    def _get_due_rows(self, cases, day, parts=None):
        """Return {customer id: row of account.followup.customer} on a day."""
        rows = self.env["account.followup.customer"]._get_rows(
            {cases.company_id: day}, cases.partner_id, with_next_date=False, parts=parts
        )
        return {row["partner_id"]: row for row in rows}

    @api.model
    def _get_idle_reasons(self, cases, due, day, parts):
        """Return {customer: why it requires no follow-up}, of those for whom it is so.

        :param dict due: {customer id: row of account.followup.customer}
        """
        idle = cases.partner_id.filtered(
            lambda partner: (
                due.get(partner.id, {}).get("status") != "in_need_of_action"
            )
        )
        if not idle:
            return {}
        reasons = self.env["account.followup.reason"]
        return reasons._get_reason_texts(idle, {cases.company_id: day}, parts)

    @api.model
    def _get_rest_reason(self, case, day):
        """Return why a customer requires no follow-up (rule 6), as one sentence."""
        partner = case.partner_id._origin
        reasons = self.env["account.followup.reason"].sudo()
        texts = reasons._get_reason_texts(partner, {case.company_id._origin: day})
        return texts[partner] or self.env._("No follow-up is due.")

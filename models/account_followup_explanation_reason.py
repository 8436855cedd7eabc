from collections import namedtuple
from datetime import timedelta

from odoo import api, models
from odoo.tools import format_amount, format_date

from ..tools import days as day_tools

#: Since when something holds, and who has said so, where it is kept elsewhere.
Trace = namedtuple("Trace", "date user_id")


class AccountFollowupExplanationReason(models.AbstractModel):
    """All that keeps a customer from being reminded, in the order of the rules (X3).

    One method for each code: it returns the sentence and the record on which it can be
    changed, or nothing. A module with one more adds its code to ``_get_codes``, and a
    method ``_get_<code>_reason(facts)``.
    """

    _name = "account.followup.explanation.reason"
    _description = "Reasons Why No Payment Reminder Is Sent"

    @api.model
    def _get_codes(self):
        """Return the codes of reasons: rule 6, then rule 12 and the run."""
        return [
            "disabled",
            "excluded",
            "next_reminder",
            "queued",
            "nothing_open",
            "all_excluded",
            "resting",
            "not_ripe",
            "no_level",
            "credits",
            "min_days",
            "no_amount",
            "min_amount",
            "automatic_off",
            "manual",
            "level_manual",
            "level_idle",
            "retry",
            "cron_off",
        ]

    @api.model
    def _get_reasons(self, facts, gates):
        """Return all reasons as dicts, see ``account.followup.explanation``.

        :param gates: list of (gate, sentence) that hold the customer
        """
        reasons = []
        for code in self._get_codes():
            if found := getattr(self, f"_get_{code}_reason")(facts):
                reasons.append(self._prepare_reason(code, *found))
        if facts.level:
            for gate, text in gates:
                record = gate._get_setting(facts)
                reasons.append(self._prepare_reason(gate._get_code(), text, record))
        if not facts.is_required and not reasons:
            reasons.append(self._get_rule_reason(facts))
        return reasons + self._get_notes(facts) + self._get_warnings(facts.message)

    @api.model
    def _get_notes(self, facts):
        """Return what has led to another level than the next one of the ladder."""
        jumps = [
            row
            for row in facts.counting
            if row["broken_date"] and row["next_level_id"] == facts.level.id
        ]
        if not jumps:
            return []
        text = self.env._(
            "A promise was broken: the plan goes on with the level “%s”.",
            facts.level.name,
        )
        line = self._get_lines(jumps)
        return [self._prepare_reason("broken_promise", text, line, blocks=False)]

    @api.model
    def _get_rule_reason(self, facts):
        """Return the rule's own sentence, where nothing above says more."""
        service = self.env["account.followup.reason"]
        days = {facts.company: facts.day}
        texts = service._get_reason_texts(facts.partner, days, facts.parts)
        text = texts[facts.partner] or self.env._("No follow-up is due.")
        return self._prepare_reason("rule", text, facts.plan)

    @api.model
    def _prepare_reason(self, code, text, record, trace=None, blocks=True):
        return {
            "code": code,
            "text": text,
            "details": self.env["account.followup.explanation"]._get_trace_text(trace),
            "record": record,
            "blocks": blocks,
        }

    @api.model
    def _get_warnings(self, message):
        """Return which channels reach nobody: the others carry the reminder."""
        return [
            self._prepare_reason(
                "no_address", one["problem"], one["contact"], blocks=False
            )
            for one in message["recipients"]
            if one["problem"]
        ]

    # ------------------------------------------------------------------
    # Rule 6: the customer
    # ------------------------------------------------------------------

    @api.model
    def _get_disabled_reason(self, facts):
        if facts.company.followup_enabled:
            return None
        return self.env._("Payment follow-ups are switched off."), facts.company

    @api.model
    def _get_excluded_reason(self, facts):
        if not facts.case.excluded:
            return None
        text = self.env._("The customer is excluded from follow-ups.")
        return text, facts.partner, facts.traces.get("excluded")

    @api.model
    def _get_next_reminder_reason(self, facts):
        day = facts.case.next_reminder_date
        if not day or day <= facts.day:
            return None
        text = self.env._(
            "The next reminder was set to %s by hand.", format_date(self.env, day)
        )
        return text, facts.partner, facts.traces.get("next_reminder_date")

    @api.model
    def _get_queued_reason(self, facts):
        if not facts.recent.get("is_queued"):
            return None
        reminder = self.env["account.followup.reminder"].search(
            [
                ("partner_id", "=", facts.partner.id),
                ("company_id", "=", facts.company.id),
                ("state", "=", "queued"),
                ("is_test", "=", False),
            ],
            order="date, id",
            limit=1,
        )
        text = self.env._(
            "A reminder of %s is still waiting to be sent.",
            format_date(self.env, reminder.date),
        )
        return text, reminder

    # ------------------------------------------------------------------
    # Rule 6: the items
    # ------------------------------------------------------------------

    @api.model
    def _get_nothing_open_reason(self, facts):
        return None if facts.owed else (self.env._("Nothing is owed."), facts.partner)

    @api.model
    def _get_all_excluded_reason(self, facts):
        if not facts.owed or facts.counted:
            return None
        text = self.env._("All open invoices are excluded from follow-ups.")
        return text, facts.partner

    @api.model
    def _get_resting_reason(self, facts):
        """Say what would be due for a level but rests, when nothing else is."""
        if facts.ripe or not facts.counted:
            return None
        rests = [row for row in facts.owed if row["rest_reason"] and row["ripe_date"]]
        due = [row for row in rests if row["ripe_date"] <= facts.day]
        if due:
            text = self.env._(
                "Open items that are due for a level rest or are excluded: %s.",
                len(due),
            )
            return text, self._get_lines(due)
        rests = [row for row in rests if row["rest_reason"] != "excluded"]
        if not rests or facts.coming:
            return None
        text = self.env._("What is open rests; until when is not known.")
        return text, self._get_lines(rests)

    @api.model
    def _get_lines(self, rows):
        return self.env["account.move.line"].browse(row["id"] for row in rows[:1])

    @api.model
    def _get_not_ripe_reason(self, facts):
        """Say what comes next, when no item is due for a level."""
        coming = [one for one in facts.coming if one[1]["ripe_date"] > facts.day]
        if facts.ripe or not coming:
            return None
        day, row = coming[0]
        level = self.env["account.followup.level"].browse(row["next_level_id"])
        values = {"level": level.name, "date": format_date(self.env, day)}
        if row["broken_date"]:
            text = self.env._(
                "A payment was promised: without it the level “%(level)s” comes on "
                "%(date)s.",
                **values,
            )
        elif any(row["days_late"] > 0 for row in facts.counted):
            text = self.env._(
                "No level is due: the next one, “%(level)s”, comes on %(date)s.",
                **values,
            )
        else:
            text = self.env._(
                "Nothing is overdue: the next level, “%(level)s”, comes on %(date)s.",
                **values,
            )
        return text, self._get_lines([row])

    @api.model
    def _get_no_level_reason(self, facts):
        if not facts.counted or any(row["next_level_id"] for row in facts.counted):
            return None
        choice = self.env["account.followup.plan.choice"]
        if problem := choice._get_problem(facts.plan):
            return problem, facts.plan
        if facts.plan.level_ids:
            return self.env._("All levels are done."), facts.plan
        text = self.env._('Follow-up plan "%s" has no levels.', facts.plan.name)
        return text, facts.plan

    @api.model
    def _get_credits_reason(self, facts):
        if not facts.ripe or facts.counting:
            return None
        text = self.env._("Payments or credits cover what would be claimed.")
        credits = [row for row in facts.items if row["section"] == "credit"]
        return text, self._get_lines(credits or facts.ripe)

    @api.model
    def _get_min_days_reason(self, facts):
        last, gap = facts.recent.get("date"), facts.plan._get_min_days()
        if not facts.level or not last or last <= facts.day - timedelta(days=gap):
            return None
        text = self.env._(
            "The last reminder was on %(date)s; the next one is not before %(next)s.",
            date=format_date(self.env, last),
            next=format_date(self.env, last + timedelta(days=gap)),
        )
        return text, self._get_setting(facts.plan, "has_min_days")

    @api.model
    def _get_no_amount_reason(self, facts):
        currency = facts.company.currency_id
        if not facts.level or currency.compare_amounts(facts.claim, 0) > 0:
            return None
        text = self.env["account.followup.reason"]._get_no_amount_text(currency)
        return text, self._get_lines(facts.counting)

    @api.model
    def _get_min_amount_reason(self, facts):
        currency, least = facts.company.currency_id, facts.plan._get_min_amount()
        if not facts.level or currency.compare_amounts(facts.claim, 0) <= 0:
            return None
        if currency.compare_amounts(facts.claim, least) >= 0:
            return None
        text = self.env._(
            "What would be claimed, %(amount)s, is less than the minimum amount of "
            "%(least)s.",
            amount=format_amount(self.env, facts.claim, currency),
            least=format_amount(self.env, least, currency),
        )
        return text, self._get_setting(facts.plan, "has_min_amount")

    @api.model
    def _get_setting(self, plan, field):
        """Return where a setting stands: on the plan, else on the company."""
        return plan if plan[field] else plan.company_id

    # ------------------------------------------------------------------
    # Rule 12: the run
    # ------------------------------------------------------------------

    @api.model
    def _get_automatic_off_reason(self, facts):
        if not facts.counted or facts.company.followup_automatic:
            return None
        text = self.env._("Automatic reminders are switched off.")
        moment = facts.company.followup_switch_date
        trace = moment and Trace(moment, facts.company.followup_switch_user_id)
        return text, facts.company, trace

    @api.model
    def _get_manual_reason(self, facts):
        if not facts.counted or facts.case.reminder_type != "manual":
            return None
        text = self.env._("Reminders to this customer are manual.")
        return text, facts.partner, facts.traces.get("reminder_type")

    @api.model
    def _get_level_manual_reason(self, facts):
        level = facts.level
        if not level or level.is_automatic:
            return None
        text = self.env._('The level "%s" is not automatic.', level.name)
        return text, level

    @api.model
    def _get_level_idle_reason(self, facts):
        """Say what the level lacks, so that the run would fail on it."""
        if not facts.level or not facts.message["error"]:
            return None
        return facts.message["error"], facts.level

    @api.model
    def _get_retry_reason(self, facts):
        day = facts.case.retry_date
        if not facts.counted or not day_tools.is_put_off(day, facts.day):
            return None
        text = self.env._(
            "The last try failed: %(reason)s The next one is on %(date)s.",
            reason=facts.case.failure_reason or "",
            date=format_date(self.env, day),
        )
        return text, facts.partner

    @api.model
    def _get_cron_off_reason(self, facts):
        if not facts.level or self.env["account.followup.explanation"]._is_run_active():
            return None
        cron = self.env.ref(
            "account_payment_followup.ir_cron_process_followups",
            raise_if_not_found=False,
        )
        text = self.env._("The scheduled action of the reminders is switched off.")
        return text, cron or facts.company

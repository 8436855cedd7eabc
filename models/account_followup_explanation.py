from odoo import api, fields, models
from odoo.tools import format_date

from .account_followup_explanation_facts import Facts


class AccountFollowupExplanation(models.AbstractModel):
    """Why a customer is reminded today, or is not (X3).

    It decides nothing: the rule, ``_get_skip_reason`` and the gates do, and here is
    said in words what they looked at. All reasons, in the order of the rules.

    An explanation is a dict:

    ``status``, ``level`` (due, or that would be due but for the reasons),
    ``will_be_reminded`` (by the automatic run), ``next_date`` (rule 9) and

    * ``headline``: the answer in one sentence
    * ``reasons``: list of dicts: ``code``, ``text``, ``details`` (since when and by
      whom, if known), ``record`` (where to change it) and ``blocks``: it alone
      keeps the run from reminding
    * ``items``: list of dicts: ``move_line_id``, ``counted``, ``days_late``,
      ``reached`` and ``next_level`` (levels), ``reached_date``, ``ripe_date`` and
      ``reasons``
    * ``recipients``: list of dicts: ``channel``, ``address``, ``rule``,
      ``contact``, ``problem``
    * ``message``: ``level``, ``template`` and ``subject`` of what would be sent
    """

    _name = "account.followup.explanation"
    _description = "Explanation of Payment Reminders"

    @api.model
    def _get_explanation(self, case, day, now=None, limit=None, move_ids=None):
        """Explain the automatic run of a day for one customer, see the class.

        :param case: account.followup, stored or not
        :param date day: the company's day
        :param datetime now: UTC, for gates that know hours
        :param int limit: so many items only, the oldest ones
        :param move_ids: items of these invoices only
        :return: dict
        """
        self, case = self._get_ready(case)  # noqa: PLW0642
        facts = Facts(case, day, now)
        held = self.env["account.followup.gates"]._get_reasons(case, day, now)
        gates = held.get(case, [])
        will = self._is_reminded(facts, gates)
        reasons = self._get_service("reason")._get_reasons(facts, gates)
        items = [
            row for row in facts.items if not move_ids or row["move_id"] in move_ids
        ]
        return {
            "status": facts.row.get("status", "no_action_needed"),
            "level": facts.level,
            "will_be_reminded": will,
            "next_date": self._get_next_date(facts),
            "headline": self._get_headline(facts, will, reasons),
            "reasons": reasons,
            "items": self._get_service("item")._get_items(items[:limit], facts),
            "recipients": facts.message["recipients"],
            "message": facts.message,
        }

    @api.model
    def _get_ready(self, case):
        """Return this and a case with all rights, in the case's company."""
        company = case.sudo().company_id._origin
        lang = self.env.context.get("lang") or self.env.user.lang
        service = self.sudo().with_company(company).with_context(lang=lang)
        return service, case.with_env(service.env)

    @api.model
    def _get_service(self, name):
        return self.env[f"account.followup.explanation.{name}"]

    @api.model
    def _is_reminded(self, facts, gates):
        """Return whether the automatic run of the day reminds the customer."""
        case, row = facts.case, facts.row
        return bool(
            facts.company.followup_enabled
            and facts.is_required
            and not case._get_skip_reason(row, "automatic", facts.day)
            and not facts.message["error"]
            and not gates
            and self._is_run_active()
        )

    @api.model
    def _is_run_active(self):
        cron = self.env.ref(
            "account_payment_followup.ir_cron_process_followups",
            raise_if_not_found=False,
        )
        return bool(cron) and cron.sudo().active

    @api.model
    def _get_next_date(self, facts):
        """Return the day of rule 9; one set by hand also when nothing is open."""
        case = facts.case
        if facts.row:
            return facts.row["next_reminder_date"]
        by_hand = case.next_reminder_date
        counts = by_hand and by_hand >= facts.day and not case.excluded
        return by_hand if counts else None

    @api.model
    def _get_headline(self, facts, will, reasons):
        """Return the answer in one sentence."""
        level = facts.level.name
        if will:
            return self.env._(
                "Will be reminded today at the level “%(level)s”: %(how)s.",
                level=level,
                how=self._get_ways_text(facts.message),
            )
        first = next((one["text"] for one in reasons if one["blocks"]), "")
        if facts.is_required:
            return self.env._(
                "The level “%(level)s” is due, but nothing leaves by itself: "
                "%(reason)s",
                level=level,
                reason=first,
            )
        return self.env._("Will not be reminded today: %(reason)s", reason=first)

    @api.model
    def _get_ways_text(self, message):
        """Return over which channels it goes and where, as a list in words."""
        ways = {}
        for one in message["recipients"]:
            ways.setdefault(one["channel_label"], []).append(one["address"])
        return ", ".join(
            self.env._(
                "%(channel)s to %(address)s",
                channel=channel,
                address=", ".join(filter(None, addresses)),
            )
            if any(addresses)
            else self.env._("%s reaches nobody", channel)
            for channel, addresses in ways.items()
        )

    @api.model
    def _get_trace_text(self, trace):
        """Return since when something holds, and who has said so."""
        if not trace:
            return ""
        day = fields.Datetime.context_timestamp(self, trace.date)
        return self.env._(
            "since %(date)s, by %(user)s",
            date=format_date(self.env, day.date()),
            user=trace.user_id.name or self.env._("an unknown user"),
        )


class AccountFollowup(models.Model):
    _inherit = "account.followup"

    def _get_explanation(self, day, **options):
        """Return why this customer is reminded on a day, or is not.

        :param options: see ``account.followup.explanation``
        """
        self.ensure_one()
        explanation = self.env["account.followup.explanation"]
        return explanation._get_explanation(self, day, **options)

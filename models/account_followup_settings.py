from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

#: What a person sets for a customer; each change leaves a line in the chatter (E1).
SETTINGS_BY_HAND = (
    "excluded",
    "reminder_type",
    "next_reminder_date",
    "responsible_id",
    "statement_opt_out",
    "plan_id",
    "pause_until",
    "review_date",
)


class AccountFollowupSetting(models.AbstractModel):
    """Settings of customers that people change: checked first, then told (E1)."""

    _name = "account.followup.setting"
    _description = "Follow-up Settings by Hand"

    @api.model
    def _prepare_by_hand(self, followups, vals):
        """Return how the settings were that are about to be changed.

        :return: dict {follow-up: {field: text}}
        """
        names = [name for name in SETTINGS_BY_HAND if name in vals]
        before = {
            followup: {name: self._get_setting_text(followup, name) for name in names}
            for followup in followups.sudo()
        }
        if day := vals.get("next_reminder_date"):
            self._check_next_reminder(followups, fields.Date.to_date(day))
        return before

    @api.model
    def _end_by_hand(self, followups, vals, before):
        """Note who has set what, and say so in the chatter."""
        if "next_reminder_date" in vals:
            user = self.env.user if vals["next_reminder_date"] else False
            followups.sudo().next_reminder_user_id = user
        self._log_settings(before)
        self._trace_settings(before)

    @api.model
    def _trace_settings(self, before):
        """Keep who has set what, for those who ask why (X3).

        :param dict before: from ``_prepare_by_hand``
        """
        self.env["account.followup.trace"]._keep(
            [
                (followup, name)
                for followup, texts in before.items()
                for name, old in texts.items()
                if self._get_setting_text(followup, name) != old
            ]
        )

    @api.model
    def _check_next_reminder(self, followups, day):
        """Refuse a day before the one of the rule: it would remind no earlier (rule 9).

        What was set by hand before is taken away, so that the rule speaks alone. What
        is still queued does not count: a later day is the way to hold it back (X2).

        :raise UserError: the day is earlier, or has passed
        """
        self = self.sudo()  # noqa: PLW0642
        followups = followups.with_env(self.env)
        followups.write({"next_reminder_date": False})
        customers = self.env["account.followup.customer"]
        for company, mine in followups.grouped("company_id").items():
            today = mine._get_day_of(company)
            queued = self.env["account.followup.reminder"].search(
                [
                    ("company_id", "=", company.id),
                    ("partner_id", "in", mine.partner_id.ids),
                    ("state", "=", "queued"),
                ]
            )
            rows = customers._get_rows(
                {company: today}, mine.partner_id, without=queued
            )
            by_rule = {row["partner_id"]: row["next_reminder_date"] for row in rows}
            for followup in mine:
                first = by_rule.get(followup.partner_id.id)
                if day < max(first or today, today):
                    raise UserError(self._get_too_early_text(followup, day, first))

    @api.model
    def _get_too_early_text(self, followup, day, first):
        """Return why a day is refused, and the ways out.

        :param date first: day of the rule, None if nothing is to come
        """
        if first:
            return self.env._(
                "%(customer)s: by the rule the next reminder is on %(first)s; "
                "%(date)s, set by hand, would not bring it forward. Press Send on the "
                "customer to remind at any time, set a later day to wait, or empty "
                "Next Reminder to follow the rule.",
                customer=followup.partner_id.display_name,
                first=format_date(self.env, first),
                date=format_date(self.env, day),
            )
        return self.env._(
            "%(customer)s: %(date)s has passed, and by the rule no reminder is to "
            "come. Press Send on the customer to remind at any time, or empty Next "
            "Reminder to follow the rule.",
            customer=followup.partner_id.display_name,
            date=format_date(self.env, day),
        )

    @api.model
    def _log_settings(self, before):
        """Say in the chatter of each customer what was changed, from what to what.

        :param dict before: from ``_prepare_by_hand``
        """
        bodies = {}
        for followup, texts in before.items():
            changes = [
                self.env._(
                    "%(setting)s: %(old)s → %(new)s", setting=label, old=old, new=new
                )
                for name, old in texts.items()
                if (new := self._get_setting_text(followup, name)) != old
                for label in [followup._fields[name]._description_string(self.env)]
            ]
            if changes:
                bodies[followup.partner_id.id] = self.env._(
                    "Payment follow-up: %s", ", ".join(changes)
                )
        self.env["res.partner"].browse(bodies)._message_log_batch(bodies)

    @api.model
    def _get_setting_text(self, followup, name):
        """Return the value of a setting as a person reads it."""
        field, value = followup._fields[name], followup[name]
        if field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "date":
            return format_date(self.env, value) or self.env._("by the rule")
        if name == "plan_id":
            return value.display_name or self.env._("by the rule")
        return value.display_name or self.env._("the company's")


class AccountFollowup(models.Model):
    """Settings of a customer as people set them: on the form, in a list, by RPC."""

    _inherit = "account.followup"

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS 'base'
        if self.env.su:  # the code's own, see _set_by_hand
            return super().create(vals_list)
        followups = super().create(
            [
                {name: vals[name] for name in vals if name not in SETTINGS_BY_HAND}
                for vals in vals_list
            ]
        )
        for followup, vals in zip(followups, vals_list, strict=True):
            followup.write(
                {name: vals[name] for name in SETTINGS_BY_HAND if name in vals}
            )
        return followups

    def write(self, vals):
        # EXTENDS 'base'
        if self.env.su or not any(name in vals for name in SETTINGS_BY_HAND):
            return super().write(vals)
        self.check_access("write")
        before = self.env["account.followup.setting"]._prepare_by_hand(self, vals)
        result = super().write(vals)
        self.env["account.followup.setting"]._end_by_hand(self, vals, before)
        return result

    def _set_by_hand(self, vals):
        """Set what a person has decided; the caller has checked that they may.

        :raise UserError: the next reminder would be earlier than the rule says
        """
        before = self.env["account.followup.setting"]._prepare_by_hand(self, vals)
        self.sudo().write(vals)
        self.env["account.followup.setting"]._end_by_hand(self, vals, before)

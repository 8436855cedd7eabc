from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date


class AccountFollowupManual(models.AbstractModel):
    """A reminder that a person sends: what is proposed, checked, and called back.

    Windows collect the input; what holds for it is here.
    """

    _name = "account.followup.manual"
    _description = "Payment Reminder Sent by Hand"

    # ------------------------------------------------------------------
    # What is proposed, and what a person has seen
    # ------------------------------------------------------------------

    @api.model
    def _get_proposed_rows(self, rows, day):
        """Return what a reminder names; with nothing late, all that is open."""
        service = self.env["account.followup.send"].sudo()
        named = service._get_default_rows(rows, day)
        if any(row["residual"] > 0 for row in named):
            return named
        return [row for row in rows if not row["rest_reason"]]

    @api.model
    def _get_newest_reminder(self, partner, company):
        """Return the last reminder, whoever sent it, and for whichever branch."""
        reminders = self.env["account.followup.reminder"].sudo()
        domain = [("partner_id", "=", partner.id), ("company_id", "=", company.id)]
        return reminders.search(domain, order="id DESC", limit=1)

    @api.model
    def _get_recent_reminder(self, partner, company, day, newest):
        """Return the earlier reminder that makes another one too soon, if any.

        It waits in a queue, or is younger than the minimum gap. What failed was none,
        nor is a test.

        :param newest: the last reminder that the person knows of
        """
        reminders = self.env["account.followup.reminder"].sudo()
        reminders = reminders.search(
            [
                ("partner_id", "=", partner.id),
                ("company_id", "=", company.id),
                ("id", "<=", newest.id or 0),
                ("state", "in", ("queued", "sent")),
                ("is_test", "=", False),
            ],
            order="date DESC, id DESC",
        )
        if queued := reminders.filtered(lambda reminder: reminder.state == "queued"):
            return queued[:1]
        choice = self.env["account.followup.plan.choice"]
        gap = max(choice._get_plans(partner, company)[partner]._get_min_days(), 1)
        last = reminders[:1]
        return last if last and (day - last.date).days < gap else last.browse()

    @api.model
    def _get_shown(self, rows, day):
        """Return what text and table of a reminder are about, to compare it later."""
        claim = self.env["account.followup.claim"].sudo()
        return {
            "day": str(day),
            "level": claim._get_level_due(rows, day).id,
            "items": {str(row["id"]): float(row["residual"]) for row in rows},
        }

    @api.model
    def _get_change(self, old, new):
        """Return what is not as it was shown, in one sentence, or None.

        When nothing is left to remind of, sending says so.

        :param dict old: what was shown, as it came back from the screen
        :param dict new: from ``_get_shown``
        """
        if old == new or not any(value > 0 for value in new["items"].values()):
            return None
        if old.get("items") != new["items"]:
            return self.env._(
                "Open invoices or amounts have changed since this window was opened."
            )
        if old.get("level") != new["level"]:
            level = self.env["account.followup.level"].browse(new["level"])
            return self.env._(
                "Another level is due since this window was opened: %s.",
                level.name or self.env._("none"),
            )
        return self.env._(
            "This window was opened on %s, another day than today.",
            format_date(self.env, old.get("day")),
        )

    @api.model
    def _check_reached(self, chosen, offered, get_problem):
        """Check that a chosen channel reaches the customer.

        :param chosen: names of channels
        :param offered: names of all that could be chosen
        :param get_problem: takes a name, returns why it does not reach, or None
        :raise UserError: none of them does
        """
        problems = [get_problem(channel) for channel in chosen]
        if problems and all(problems):
            others = {channel for channel in offered if not get_problem(channel)}
            labels = self.env["account.followup.channels"]
            raise UserError(
                self.env._(
                    "%(problems)s Correct that, or tick another way that works: "
                    "%(channels)s.",
                    problems=" ".join(problems),
                    channels=labels._get_channels_label(others),
                )
            )

    @api.model
    def _get_next_customer(self, partners, company, day):
        """Return the first one of some customers who requires a follow-up, if any."""
        rows = self.env["account.followup.customer"].sudo()
        rows = rows._get_rows({company: day}, partners, with_next_date=False)
        due = {
            row["partner_id"] for row in rows if row["status"] == "in_need_of_action"
        }
        return partners.filtered(lambda partner: partner.id in due)[:1]

    # ------------------------------------------------------------------
    # Send, call back
    # ------------------------------------------------------------------

    @api.model
    def _send(self, partner, company, day, newest, chosen):
        """Make the reminder of one customer and return it.

        :param newest: the last reminder that the person knows of
        :param dict chosen: see ``_prepare_batch`` of the service
        :raise UserError: nothing is open any more, or somebody was faster
        """
        followup = self._lock(partner, company)
        self._check_nothing_sent_since(partner, company, newest)
        service = self.env["account.followup.send"].sudo().with_company(company)
        data = service._prepare_data(followup, day, trigger="manual", **chosen)
        return service._send_reminder(followup, day, data)

    @api.model
    def _lock(self, partner, company):
        """Return the customer's case, locked until the reminder is made."""
        followup = self.env["account.followup"]._get_or_create(partner, company)
        followup = followup.try_lock_for_update(allow_referencing=True)
        if not followup:
            raise UserError(
                self.env._(
                    "%s is being reminded at this moment. Close the window and look at "
                    "the history.",
                    partner.display_name,
                )
            )
        return followup

    @api.model
    def _check_nothing_sent_since(self, partner, company, newest):
        last = self._get_newest_reminder(partner, company)
        if last != newest:
            raise UserError(
                self.env._(
                    "%(customer)s was reminded on %(date)s while this window was open. "
                    "Close it and look at the history before you send again.",
                    customer=partner.display_name,
                    date=format_date(self.env, last.date),
                )
            )

    @api.model
    def _call_back(self, reminder, rest_until, day):
        """Call back what has not left, and let the customer rest again as before.

        :param reminder: one that the user may read
        :param date rest_until: the day set by hand that sending has ended, if any
        :return: one sentence that says so
        :raise UserError: it has left
        """
        if reminder.user_id != self.env.user:
            raise AccessError(
                self.env._("Only who has sent a reminder can call it back.")
            )
        followup = self._lock(reminder.partner_id, reminder.company_id)
        left = self.env["account.followup.undo"]._call_back(reminder)
        if rest_until and rest_until > day:
            followup._set_by_hand({"next_reminder_date": rest_until})
        customer = reminder.partner_id.display_name
        if not left:
            return self.env._("The reminder to %s was called back.", customer)
        return self.env._(
            "The rest of the reminder to %(customer)s was called back. Left "
            "already: %(left)s.",
            customer=customer,
            left=", ".join(self._get_channel_text(*item) for item in left.items()),
        )

    @api.model
    def _get_channel_text(self, channel, text):
        """Return what is to be said of a channel, after its name."""
        label = self.env["account.followup.channels"]._get_channels_label({channel})
        return self.env._("%(channel)s: %(text)s", channel=label, text=text or "")

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class AccountFollowupSendWizard(models.TransientModel):
    """After sending: what left, how to call it back, and who is next."""

    _inherit = "account.followup.send.wizard"

    # the day set by hand that sending ends, to set it again when it is called back
    rest_until = fields.Date(readonly=True)
    # ids of the customers of the list from which the window was opened, in its order
    list_partner_ids = fields.Json(
        default=lambda self: self._get_list_partner_ids(), readonly=True
    )
    has_next = fields.Boolean(compute="_compute_has_next")

    @api.model
    def _get_list_partner_ids(self):
        ids = self.env.context.get("followup_list_partner_ids")
        ids = ids if isinstance(ids, list | tuple) else []
        return [id_ for id_ in ids if isinstance(id_, int)]

    @api.depends("partner_id", "list_partner_ids")
    def _compute_has_next(self):
        for wizard in self:
            wizard.has_next = bool(wizard._get_others())

    def _get_others(self):
        """Return the customers of the list after this one, then those before it."""
        ids = self.list_partner_ids or []
        own = self.partner_id._origin.id
        place = ids.index(own) if own in ids else -1
        ids = dict.fromkeys(ids[place + 1 :] + ids[: place + 1])
        ids.pop(own, None)
        partners = self.env["res.partner"].browse(ids).exists()
        return partners._filtered_access("read")

    def _get_next_customer(self):
        """Return the next customer of the list who requires a follow-up, if any."""
        others = self._get_others()
        rows = self.env["account.followup.customer"].sudo()
        rows = rows._get_rows(
            {self.company_id: self._get_day()}, others, with_next_date=False
        )
        due = {
            row["partner_id"] for row in rows if row["status"] == "in_need_of_action"
        }
        return others.filtered(lambda partner: partner.id in due)[:1]

    def action_send_next(self):
        """Send, then open the window for the next customer of the list.

        :return: action: the notice with the next window, or this window once more
        """
        self.ensure_one()
        self.check_access("write")
        self.partner_id._check_followup_access()
        action = self.action_send()
        if not self.reminder_id:
            return action  # to be looked at again
        if partner := self._get_next_customer():
            window = partner.action_send_followup()
            window["context"] = {
                **window["context"],
                "followup_list_partner_ids": self.list_partner_ids,
            }
            window["views"] = [(False, "form")]
            action["params"]["next"] = window
        else:
            action["params"]["message"] += " · " + self.env._(
                "That was the last one of the list who requires a follow-up."
            )
        return action

    def _send(self):
        # EXTENDS: note what sending ends
        self.rest_until = self._get_case().next_reminder_date
        return super()._send()

    # ------------------------------------------------------------------
    # What left
    # ------------------------------------------------------------------

    def _get_closing_action(self):
        """Return the notice of what left, and the letter to print."""
        letters = self.reminder_id.sudo().delivery_ids.attachment_id
        return {
            "type": "ir.actions.client",
            "tag": "account_followup_sent",
            "params": {
                **self._get_notice(),
                "link": {
                    "name": self.env._("History"),
                    "action": self._get_history_action(),
                },
                "undo": self._get_undo(),
                "download": f"/web/content/{letters[:1].id}?download=true"
                if self.do_print and letters
                else False,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _get_history_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.followup.reminder",
            "res_id": self.reminder_id.id,
            "views": [(False, "form")],
        }

    def _get_undo(self):
        """Return how to call it back, if anything is still to leave."""
        if self.reminder_id.state != "queued":
            return False
        seconds = self._get_service("undo")._get_seconds()
        return seconds and {"model": self._name, "id": self.id, "seconds": seconds}

    def _get_notice(self):
        """Return type, title and message of the notice."""
        deliveries = self.reminder_id.sudo().delivery_ids
        failed = deliveries.filtered(lambda one: one.state == "failed")
        texts = [
            self._get_channel_text(channel, ", ".join(filter(None, addresses)))
            for channel, addresses in (
                (channel, mine.mapped("recipient"))
                for channel, mine in (deliveries - failed).grouped("channel").items()
            )
        ]
        texts += [
            self._get_channel_text(one.channel, one.failure_reason) for one in failed
        ]
        if not deliveries:
            texts = [self.reminder_id.channels]
        customer = self.partner_id.display_name
        return {
            "type": "danger" if failed else "success",
            "sticky": bool(failed),
            "title": self.env._("Not everything could be sent to %s", customer)
            if failed
            else self.env._("Reminder sent to %s", customer),
            "message": " · ".join(texts),
        }

    def _get_channel_text(self, channel, text):
        label = self._get_service("channels")._get_channels_label({channel})
        return self.env._("%(channel)s: %(text)s", channel=label, text=text or "")

    # ------------------------------------------------------------------
    # Call back
    # ------------------------------------------------------------------

    def action_undo(self):
        """Call the reminder back that this window sent, while it has not left.

        :return: one sentence that says so
        :raise UserError: it has left
        """
        self.ensure_one()
        self.check_access("write")
        self.partner_id._check_followup_access()
        reminder = self.reminder_id
        reminder.check_access("read")
        if not reminder or reminder.partner_id != self.partner_id:
            raise UserError(self.env._("This window has not sent anything."))
        if reminder.user_id != self.env.user:
            raise AccessError(
                self.env._("Only who has sent a reminder can call it back.")
            )
        followup = self._lock_followup()
        left = self.env["account.followup.undo"]._call_back(reminder)
        if self.rest_until and self.rest_until > self._get_day():
            followup._set_by_hand({"next_reminder_date": self.rest_until})
        customer = self.partner_id.display_name
        if left:
            return self.env._(
                "The rest of the reminder to %(customer)s was called back. Left "
                "already: %(left)s.",
                customer=customer,
                left=", ".join(
                    self._get_channel_text(channel, text)
                    for channel, text in left.items()
                ),
            )
        return self.env._("The reminder to %s was called back.", customer)

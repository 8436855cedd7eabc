class SentNotice:
    """What left of the reminder that a window sent, and how to call it back.

    :param window: ``account.followup.send.wizard`` that has sent
    """

    def __init__(self, window):
        self.window = window
        self.env = window.env
        self.reminder = window.reminder_id

    def get_action(self):
        """Return the action that shows the notice, and the letter to print."""
        letters = self.reminder.sudo().delivery_ids.attachment_id
        return {
            "type": "ir.actions.client",
            "tag": "account_followup_sent",
            "params": {
                **self._get_text(),
                "link": {
                    "name": self.env._("History"),
                    "action": self._get_history_action(),
                },
                "undo": self._get_undo(),
                "download": f"/web/content/{letters[:1].id}?download=true"
                if (self.window.do_print or self.reminder.is_test) and letters
                else False,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def get_action_with_next(self, partner):
        """Return the notice that opens the window for the next customer, if any."""
        action = self.get_action()
        if not partner:
            action["params"]["message"] += " · " + self.env._(
                "That was the last one of the list who requires a follow-up."
            )
            return action
        window = partner.action_send_followup()
        window["context"] = {
            **window["context"],
            "followup_list_partner_ids": self.window.list_partner_ids,
        }
        window["views"] = [(False, "form")]
        action["params"]["next"] = window
        return action

    def _get_history_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.followup.reminder",
            "res_id": self.reminder.id,
            "views": [(False, "form")],
        }

    def _get_undo(self):
        """Return how to call it back, if anything is still to leave."""
        if self.reminder.state != "queued":
            return False
        seconds = self.env["account.followup.undo"]._get_seconds()
        window = self.window
        return seconds and {"model": window._name, "id": window.id, "seconds": seconds}

    def _get_text(self):
        """Return type, title and message of the notice."""
        deliveries = self.reminder.sudo().delivery_ids
        failed = deliveries.filtered(lambda one: one.state == "failed")
        customer = self.window.partner_id.display_name
        return {
            "type": "danger" if failed else "success",
            "sticky": bool(failed),
            "title": self._get_title(customer, failed),
            "message": " · ".join(self._get_channel_texts(deliveries, failed))
            or self.reminder.channels,
        }

    def _get_title(self, customer, failed):
        if self.reminder.is_test:
            return self.env._("Test: nothing was sent to %s", customer)
        if failed:
            return self.env._("Not everything could be sent to %s", customer)
        return self.env._("Reminder sent to %s", customer)

    def _get_channel_texts(self, deliveries, failed):
        """Return a text for each channel: addresses, or why it failed."""
        texts = [
            (channel, ", ".join(filter(None, mine.mapped("recipient"))))
            for channel, mine in (deliveries - failed).grouped("channel").items()
        ]
        texts += [(one.channel, one.failure_reason) for one in failed]
        get_text = self.env["account.followup.manual"]._get_channel_text
        return [get_text(channel, text) for channel, text in texts]

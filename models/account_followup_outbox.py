from odoo import api, models


class AccountFollowupOutbox(models.AbstractModel):
    """How reminders and statements go out: one way for both, over all channels."""

    _name = "account.followup.outbox"
    _description = "Outbox of Payment Reminders"

    @api.model
    def _get_problems(self, sents, parts):
        """Return {channel: {sent: why it cannot go over that channel, or None}}.

        For the channels that are used, in their order.

        :param parts: {sent: dict}, of each its ``channels``
        """
        result = {}
        for channel in self.env["account.followup.channels"]._get_all():
            name = channel._get_name()
            mine = {
                sent: self._get_problem(channel, sent, parts[sent])
                for sent in sents
                if name in parts[sent]["channels"]
            }
            if mine:
                result[name] = mine
        return result

    @api.model
    def _get_problem(self, channel, sent, part):
        """Return why one cannot go over a channel, or None."""
        if problem := self.env["account.followup.test"]._get_problem(channel, sent):
            return problem
        return channel._get_problem(sent.partner_id, sent._get_named_items(), part)

    @api.model
    def _deliver(self, sents, parts, problems=None):
        """Queue reminders or statements over their channels, and keep them (E1).

        :param parts: {sent: dict} of what is not kept of them
        :param problems: see ``_get_problems``, if they are known
        """
        if problems is None:
            problems = self._get_problems(sents, parts)
        sents._keep_texts(parts, problems)
        for name, by_sent in problems.items():
            self._deliver_over(name, sents, parts, by_sent)
        self._log_sents(sents.filtered(lambda sent: not sent.mail_message_id))

    @api.model
    def _deliver_over(self, name, sents, parts, problems):
        """Queue over one channel, or record why that cannot be.

        :param dict problems: {sent: problem or None}
        """
        channel = self.env["account.followup.channels"]._get(name)
        channel._create_deliveries(
            {
                sents._fields["delivery_ids"].inverse_name: sent.id,
                "channel": name,
                "state": "failed",
                "failure_reason": problem,
            }
            for sent, problem in problems.items()
            if problem
        )
        possible = sents.filtered(lambda sent: sent in problems and not problems[sent])
        if possible:
            channel._queue(possible, parts)
            self._release(channel, possible, parts[possible[0]]["trigger"])

    @api.model
    def _release(self, channel, sents, trigger):
        """Let go what was queued over a channel."""
        channel._release(sents, trigger)

    @api.model
    def _log_sents(self, sents):
        """Keep in the chatter what goes out without an e-mail of its own (E1)."""
        notes = {sent: sent._prepare_note() for sent in sents}
        lines = {
            sent.partner_id.id: sent._get_note_line()
            for sent, note in notes.items()
            if not (note or sent.is_test)  # nobody could find it to remove it
        }
        self.env["res.partner"].browse(lines)._message_log_batch(lines)
        kept = [sent for sent, note in notes.items() if note]
        messages = self.env["account.followup.chatter"]._post_messages(
            [notes[sent] for sent in kept]
        )
        for sent, message in zip(kept, messages, strict=True):
            sent.mail_message_id = message

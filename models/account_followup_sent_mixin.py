from odoo import api, fields, models

from .account_followup_delivery import STATES


class AccountFollowupSentMixin(models.AbstractModel):
    """What is sent to a customer over one or several channels.

    A model that inherits it has the field ``delivery_ids``.
    """

    _name = "account.followup.sent.mixin"
    _inherit = "account.followup.history.mixin"
    _description = "Sent"
    _rec_names_search = ["partner_id", "subject"]

    #: Whether e-mails that are sent by hand wait for some seconds.
    _can_be_called_back = False

    #: Name of the subtype of the message that is sent as an e-mail.
    _subtype = None

    user_id = fields.Many2one("res.users", string="User", readonly=True)
    channels = fields.Char(compute="_compute_channels")
    failure_reason = fields.Char("Reason", compute="_compute_failure_reason")
    lang = fields.Char("Language", readonly=True)
    subject = fields.Char(readonly=True)
    # sanitized as messages are, but for the styles of the table, which is ours
    body = fields.Html(readonly=True, help="Text as it was sent.")
    mail_message_id = fields.Many2one(
        "mail.message", string="Message", readonly=True, ondelete="set null"
    )

    def _get_delivery_state(self):
        """Queued while one delivery is; sent when one is; else failed when one is."""
        self.ensure_one()
        states = set(self.delivery_ids.mapped("state")) or {"sent"}
        return next(name for name, _label in STATES if name in states)

    def _get_named_items(self):
        """Return the journal items that decide who gets it; None for all open ones."""
        return None

    def _get_text_level(self):
        """Return the level that says who gets copies; None if nobody does."""
        return None

    # ------------------------------------------------------------------
    # What goes out over the channels
    # ------------------------------------------------------------------

    def _keep_texts(self, parts, problems):
        """Note the texts as they are sent, with the ``secrets`` of links in the parts.

        :param parts: {sent: dict} of what is not kept of it
        :param problems: {channel: {sent: why it cannot be used, or None}}
        """
        raise NotImplementedError

    def _read_files_ahead(self, parts):
        """Read what the files of e-mails are made of, for many at once."""

    def _get_email_files(self, part):
        """Return what goes with an e-mail: ``files`` or ``attachments`` of a post."""
        raise NotImplementedError

    def _get_letter_values(self):
        """Return values of all letters by post."""
        return {}

    def _make_pages(self, pairs, parts):
        """Return the documents on paper, as a list of attachments.

        :param pairs: list of (sent, ``snailmail.letter`` or an empty one)
        """
        raise NotImplementedError

    def _prepare_note(self):
        """Return the note in the chatter that keeps what goes out without an e-mail.

        :return: a post, see ``_post_messages``; None if a line says all
        """
        raise NotImplementedError

    def _get_note_line(self):
        """Return the line that stands for it in a chatter."""
        raise NotImplementedError

    # ------------------------------------------------------------------
    # Recipients
    # ------------------------------------------------------------------

    def _get_recipients(self, channel):
        """Return the contacts whom it reaches over a channel, copies last (C3)."""
        self.ensure_one()
        service = self.env["account.followup.recipients"].with_company(self.company_id)
        return service._get_recipients_and_copies(
            self.partner_id, channel, self._get_named_items(), self._get_text_level()
        )

    def _prepare_delivery(self, channel, contact, **values):
        """Return the values of a delivery to a contact."""
        self.ensure_one()
        channels = self.env["account.followup.channels"]
        return {
            self._fields["delivery_ids"].inverse_name: self.id,
            "channel": channel,
            "partner_id": contact.id,
            "recipient": ", ".join(channels._get(channel)._get_addresses(contact)),
            **values,
        }

    @api.depends_context("lang")
    @api.depends("delivery_ids.channel")
    def _compute_channels(self):
        service = self.env["account.followup.channels"]
        for record in self:
            names = set(record.delivery_ids.mapped("channel"))
            record.channels = service._get_channels_label(names)

    @api.depends("delivery_ids.failure_reason")
    def _compute_failure_reason(self):
        for record in self:
            reasons = record._get_failure_reasons()
            record.failure_reason = " ".join(filter(None, reasons))

    def _get_failure_reasons(self):
        """Return why deliveries failed, with the address where there are several."""
        deliveries = self.delivery_ids
        return [
            f"{delivery.recipient}: {delivery.failure_reason}"
            if delivery.recipient and len(deliveries) > 1 and delivery.failure_reason
            else delivery.failure_reason
            for delivery in deliveries
        ]

    def action_open_customer(self):
        """Open the customer."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "view_mode": "form",
        }

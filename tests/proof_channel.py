"""What a module writes for one more channel: the example of docs/development.md.

``_module = None`` keeps it out of the registry but for the tests that add it.
"""

from odoo import api, fields, models


class Message(models.Model):
    """The queue of the messenger."""

    _module = None
    _name = "proof.message"
    _description = "Message of the Messenger"

    delivery_id = fields.Many2one("account.followup.delivery", ondelete="cascade")
    text = fields.Html()
    state = fields.Char(default="waiting")

    def _leave(self):
        """Hand the messages over, but for what must not leave any more."""
        over = self.delivery_id._get_over()
        leaving = self.filtered(lambda message: message.delivery_id not in over)
        leaving.state = "sent"
        (self - leaving).state = "cancelled"
        leaving.delivery_id._note_state("sent")


class Level(models.Model):
    _module = None
    _inherit = "account.followup.level"

    send_messenger = fields.Boolean()


class Delivery(models.Model):
    _module = None
    _inherit = "account.followup.delivery"

    channel = fields.Selection(
        selection_add=[("messenger", "Messenger")], ondelete={"messenger": "cascade"}
    )


class Messenger(models.AbstractModel):
    _module = None
    _name = "account.followup.channel.messenger"
    _inherit = "account.followup.channel"
    _description = "Payment Reminders by Messenger"

    @api.model
    def _get_addresses(self, contact):
        return [contact.ref] if contact.ref else []

    @api.model
    def _queue(self, sents, parts):
        deliveries = self._create_deliveries(
            sent._prepare_delivery("messenger", contact)
            for sent in sents
            for contact in sent._get_recipients("messenger")
        )
        self.env["proof.message"].create(
            [
                {"delivery_id": delivery.id, "text": delivery._get_owner().body}
                for delivery in deliveries
            ]
        )

    @api.model
    def _get_messages(self, deliveries, state):
        domain = [("delivery_id", "in", deliveries.ids), ("state", "=", state)]
        return self.env["proof.message"].search(domain)

    @api.model
    def _sync(self, deliveries):
        self._get_messages(deliveries, "sent").delivery_id._note_state("sent")

    @api.model
    def _get_waiting(self, deliveries):
        return self._get_messages(deliveries, "waiting").delivery_id

    @api.model
    def _get_failed(self, delivery):
        return self._get_messages(delivery, "failed")

    @api.model
    def _put_back(self, messages):
        messages.state = "waiting"


MODELS = [Message, Level, Delivery, Messenger]

from odoo import api, models

from .account_followup_channels import PREFIX

#: Values of a notification whose message goes once more.
READY = {
    "notification_status": "ready",
    "failure_type": False,
    "failure_reason": False,
}


class AccountFollowupChannel(models.AbstractModel):
    """What a channel is: one way over which reminders and statements reach somebody.

    A module adds one with a value of ``channel`` of account.followup.delivery, and a
    model ``account.followup.channel.<value>`` that inherits this one. Windows, runs,
    history and sweep find it by that name.

    What is sent is a *sent* record, see ``account.followup.sent.mixin``: a reminder or
    a statement. What is not kept of it (followup, trigger, mail_template, …) is in its
    *part*, a dict.
    """

    _name = "account.followup.channel"
    _description = "Channel of Payment Reminders"

    #: Place in the order in which channels are shown and carried out.
    _place = 50

    #: Place in the order in which they are asked for the language of a message (C4).
    _language_place = 50

    #: Texts that it needs, see ``_get_text_sources`` of account.followup.text.
    _texts = ("subject", "body")

    #: Whether nobody is reached without an address.
    _needs_address = True

    #: Whether it sends the document, which says all, and no text beside it.
    _is_paper = False

    #: Whether what was made is still in the house, until a person hands it over.
    _stays_here = False

    #: Whether further contacts get a copy over it, see ``_get_copies``.
    _has_copies = False

    #: Whether statements can go over it.
    _has_statements = True

    #: Whether it is paid with in-app credits (IAP).
    _has_credits = False

    #: Whether it sends what is a test (X9) to the address of the test mode. One that
    #: does not know of it sends nothing then.
    _has_test = False

    #: Type of core's notifications to its recipients, if it makes any.
    _notification_type = None

    #: Scheduled action that sends what is queued.
    _cron = None

    # ------------------------------------------------------------------
    # All channels
    # ------------------------------------------------------------------

    @api.model
    def _get_name(self):
        """Return the name of this channel."""
        return self._name.removeprefix(PREFIX)

    @api.model
    def _get_label(self):
        """Return its name for the screen."""
        field = self.env["account.followup.delivery"]._fields["channel"]
        return dict(field._description_selection(self.env))[self._get_name()]

    @api.model
    def _is_used_by(self, level):
        """Return whether a level uses it: by its field ``send_<channel>``, if any."""
        name = f"send_{self._get_name()}"
        return name in level._fields and level[name]

    # ------------------------------------------------------------------
    # Whom it reaches
    # ------------------------------------------------------------------

    @api.model
    def _get_addresses(self, contact):
        """Return the addresses at which it reaches a contact, as it uses them.

        :return: list of str, empty if the contact cannot be reached
        """
        return [contact.display_name]

    @api.model
    def _get_address_problem(self, contact):
        """Return why a contact cannot be reached, in one sentence."""
        return self.env._("%s has no address for this channel.", contact.display_name)

    @api.model
    def _describe(self, contact):
        """Return a contact with its address, for the screen."""
        addresses = ", ".join(self._get_addresses(contact))
        return f"{contact.display_name} {addresses}".strip()

    @api.model
    def _get_missing_message(self, count, total):
        """Return how many of some customers cannot be reached."""
        return self.env._(
            "%(count)s of %(total)s customers cannot be reached: %(channel)s.",
            count=count,
            total=total,
            channel=self._get_label(),
        )

    @api.model
    def _get_problem(self, partner, items, part):
        """Return why nothing can go to a customer over it, in one sentence, or None.

        :param items: journal items that are named, None for all open ones
        :param dict part: ``followup``, ``trigger`` and ``mail_template``
        """
        service = self.env["account.followup.recipients"]
        return service._get_channel_problem(self._get_name(), partner, items)

    # ------------------------------------------------------------------
    # Queue
    # ------------------------------------------------------------------

    @api.model
    def _queue(self, sents, parts):
        """Queue what is sent to some customers of a company, in this transaction.

        Nothing leaves the server inside. The number of queries is not to grow with the
        number of customers. A delivery for each recipient is made with
        ``_create_deliveries``.

        :param sents: reminders, or statements, that it can reach
        :param parts: {sent: dict}
        """
        raise NotImplementedError

    @api.model
    def _release(self, sents, trigger):
        """Let what was queued go: wake its scheduled action, after the commit.

        :param str trigger: ``automatic``, ``mass`` or ``manual``
        """
        if self._cron:
            self.env["account.followup.channels"]._wake(self._cron)

    @api.model
    def _create_deliveries(self, values):
        """Create deliveries of the company's reminders or statements."""
        company = {"company_id": self.env.company.id}
        return self.env["account.followup.delivery"].create(
            [{**value, **company} for value in values]
        )

    # ------------------------------------------------------------------
    # State
    # ------------------------------------------------------------------

    @api.model
    def _sweep(self):
        """End deliveries whose message has ended unnoticed (promise 5)."""
        deliveries = self.env["account.followup.delivery"]
        domain = [("state", "=", "queued"), ("channel", "=", self._get_name())]
        queued = deliveries.search(domain)
        self._sync(queued)
        queued = queued.filtered(lambda delivery: delivery.state == "queued")
        lost = queued - self._get_waiting(queued)
        lost._set_state("failed", self.env._("It was deleted before it was sent."))

    @api.model
    def _sync(self, deliveries):
        """Take over what is noted of the messages of some queued deliveries.

        By default from core's notifications; a channel without them asks its queue.
        """
        deliveries._sync_notifications()

    @api.model
    def _get_waiting(self, deliveries):
        """Return those of some queued deliveries whose message is still in the queue.

        A channel with a queue of its own says it, so that what was deleted there ends
        as failed. By default all of them wait: who looks after the company is told.
        """
        return deliveries

    @api.model
    def _get_queued(self, deliveries):
        """Return the messages of queued deliveries, copies included, to cancel them.

        By default none: a queue of another module asks ``_get_over`` before they leave.
        """
        return None

    @api.model
    def _cancel(self, messages):
        """Cancel messages: a queue that has read them before fails on that."""

    @api.model
    def _get_statuses(self, notifications):
        """Return what core's notifications say of a delivery, as a set."""
        return set(notifications.mapped("notification_status"))

    # ------------------------------------------------------------------
    # Try again
    # ------------------------------------------------------------------

    @api.model
    def _requeue(self, delivery):
        """Put the message of a delivery that failed back into the queue (E3).

        It goes to the address that the contact has by now.

        :return: whether there was one
        """
        messages = self._get_failed(delivery)
        if not messages:
            return False
        self._put_back(messages)
        notifications = self._get_failed_notifications(delivery)
        notifications.write(READY)
        addresses = delivery.partner_id and self._get_addresses(delivery.partner_id)
        if addresses:
            delivery.recipient = ", ".join(addresses)
            self._correct_address(delivery, messages, notifications)
        if self._cron:
            self.env["account.followup.channels"]._wake(self._cron)
        return True

    @api.model
    def _get_failed(self, delivery):
        """Return the failed message of a delivery in the queue; nothing if none."""
        return None

    @api.model
    def _put_back(self, messages):
        """Put failed messages back into the queue."""
        messages.write({"state": "outgoing", "failure_type": False})

    @api.model
    def _get_failed_notifications(self, delivery):
        """Return what core has noted of the failure."""
        return delivery._get_notifications().filtered(
            lambda notification: (
                notification.notification_status in ("exception", "bounce")
            )
        )

    @api.model
    def _correct_address(self, delivery, messages, notifications):
        """Note a corrected address where the queue has it: ``delivery.recipient``."""

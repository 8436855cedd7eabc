from functools import cached_property


class Choice:
    """What a window is about and what was ticked in it, read once.

    Whoever changes the window takes a new one.

    :param window: a record that inherits ``account.followup.content.mixin``
    """

    def __init__(self, window):
        self.window = window
        self.env = window.env
        self.service = window._get_service()
        self.channels = window._get_service("channels")
        self.claim = window._get_service("claim")
        self.recipients = window._get_service("recipients")
        self.text = window._get_service("text")

    @property
    def partners(self):
        return self.window[self.window._customers_field]._origin

    @property
    def items(self):
        """The journal items that decide who gets it; None for all open ones."""
        return None

    @property
    def text_level(self):
        """The level that says who gets copies; None if nobody does."""
        return None

    @property
    def own_recipients(self):
        """The contacts for the e-mail that were chosen by hand."""
        return self.env["res.partner"]

    def get_texts(self):
        """Return ``subject`` and ``body`` as the template gives them."""
        raise NotImplementedError

    # ------------------------------------------------------------------
    # Channels: those of this module have a check box ``do_<name>``, those of other
    # modules share ``other_channels``, which is {name: {label, checked}}
    # ------------------------------------------------------------------

    @property
    def offered(self):
        """The names of the channels that a person can tick, in their order."""
        return self.channels._get_channels()

    @cached_property
    def ticked(self):
        """The names of the channels that are ticked, in their order."""
        return [name for name in self.offered if self._is_ticked(name)]

    def has_box(self, name):
        return f"do_{name}" in self.window._fields

    def _is_ticked(self, name):
        if self.has_box(name):
            return self.window[f"do_{name}"]
        boxes = self.window.other_channels
        box = boxes.get(name) if isinstance(boxes, dict) else None
        return isinstance(box, dict) and bool(box.get("checked"))

    def get_ticks(self, channels):
        """Return {field: value} that ticks these channels and no other one."""
        values, others = {}, {}
        for name in self.offered:
            if self.has_box(name):
                values[f"do_{name}"] = name in channels
            else:
                label = self.channels._get(name)._get_label()
                others[name] = {"label": label, "checked": name in channels}
        return {**values, "other_channels": others or False}

    # ------------------------------------------------------------------
    # Recipients
    # ------------------------------------------------------------------

    def get_contact_info(self):
        """Return who gets it, at which address, for each ticked channel (C3)."""
        channels = self.window.partner_id and (self.ticked or ["email"])
        return " · ".join(
            self._get_channel_info(channel, label=channels != ["email"])
            for channel in channels
        )

    def _get_channel_info(self, channel, *, label):
        """Return whom a channel reaches, else whose address is missing."""
        own = self.own_recipients if channel == "email" else None
        if own:
            texts = [f"{one.display_name} <{one.email or ''}>" for one in own]
        else:
            partner = self.window.partner_id
            describe = self.channels._get(channel)._describe
            contacts = self.recipients._get_recipients(partner, channel, self.items)
            texts = [describe(contact) for contact in contacts] or [
                self.recipients._get_contact_to_mend(partner, self.items).display_name
            ]
            copies = self.recipients._get_copies(
                partner, channel, contacts, self.text_level
            )
            texts += [self.env._("copy to %s", describe(one)) for one in copies]
        name = f"{self.channels._get_channels_label({channel})}: " if label else ""
        return name + "; ".join(texts)

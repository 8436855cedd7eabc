from odoo import api, models

PREFIX = "account.followup.channel."


class AccountFollowupChannels(models.AbstractModel):
    """All channels that there are, see ``account.followup.channel``."""

    _name = "account.followup.channels"
    _description = "Channels of Payment Reminders"

    @api.model
    def _get_all(self):
        """Return all channels in the order in which they are carried out, as a list."""
        names = self.env["account.followup.delivery"]._fields["channel"]
        names = names.get_values(self.env)
        channels = [self._get(name) for name in names if f"{PREFIX}{name}" in self.env]
        return sorted(channels, key=lambda channel: channel._place)

    @api.model
    def _get(self, name):
        """Return a channel by its name: the value of a delivery, or ``call``."""
        return self.env[f"{PREFIX}{name}"]

    @api.model
    def _needing(self, text, channels):
        """Return those of some channels that need a text, as a set."""
        return {name for name in channels if text in self._get(name)._texts}

    @api.model
    def _get_channels(self):
        """Return the names of all channels in the order in which they are carried out.

        They are models: see ``account.followup.channel``.
        """
        channels = self._get_all()
        return [channel._get_name() for channel in channels]

    @api.model
    def _get_default_channels(self, level):
        """Return the set of channels that a level uses."""
        return {
            channel._get_name()
            for channel in self._get_all()
            if channel._is_used_by(level)
        }

    @api.model
    def _get_channels_label(self, channels):
        """Return the names of some channels, for the screen."""
        field = self.env["account.followup.delivery"]._fields["channel"]
        labels = dict(field._description_selection(self.env))
        names = [labels[name] for name in self._get_channels() if name in channels]
        return ", ".join(names) or self.env._("Activity")

    @api.model
    def _wake(self, cron, at=None):
        """Have a scheduled action run after the commit, or at a moment.

        :param str cron: its external id
        """
        id_ = self.env["ir.model.data"]._xmlid_to_res_id(cron, raise_if_not_found=True)
        self.env["ir.cron"].browse(id_)._trigger(at)

from odoo import api, models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """Look at what has come in whether it answers a reminder (X17).

        Here the message is still whole, with its headers, and its way is known.
        """
        # EXTENDS 'mail'
        message_id = message_dict["message_id"]
        thread_id = super()._message_route_process(message, message_dict, routes)
        threads = [(model, id_) for model, id_, *_rest in routes or () if id_]
        self.env["account.followup.reply"]._note_incoming(message, message_id, threads)
        return thread_id

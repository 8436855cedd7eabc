from odoo import fields, models


class AccountFollowupPrinting(models.TransientModel):
    """The letters of a run that somebody prints, as one file for him alone.

    What a user may read of a run others may not. It goes after some hours, and can be
    made again.
    """

    _name = "account.followup.printing"
    _description = "Letters Printed Together"

    run_id = fields.Many2one(
        "account.followup.run",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )

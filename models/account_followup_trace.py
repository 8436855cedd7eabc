from odoo import api, fields, models

#: Whose traces are kept: in which field.
OWNERS = {"account.followup": "followup_id", "account.move.line": "move_line_id"}


class AccountFollowupTrace(models.Model):
    """Who has set something of a customer or an item, and when (X3).

    The chatter tells it to people (E1); this says it to whoever explains why somebody
    is not reminded. A row is written when the chatter's line is, and never changed.
    """

    _name = "account.followup.trace"
    _description = "Trace of Follow-up Settings"
    _order = "id desc"
    _rec_name = "name"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    followup_id = fields.Many2one(
        "account.followup",
        string="Follow-up",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Journal Item",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
    )
    name = fields.Char("Setting", required=True, readonly=True)
    user_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    date = fields.Datetime(required=True, readonly=True)

    @api.model
    def _keep(self, changes):
        """Note what the user has just set.

        :param changes: list of (case or journal item, name of the field)
        """
        now = fields.Datetime.now()
        self.sudo().create(
            [
                {
                    "company_id": record.company_id.id,
                    OWNERS[record._name]: record.id,
                    "name": name,
                    "user_id": self.env.uid,
                    "date": now,
                }
                for record, name in changes
            ]
        )

    @api.model
    def _get_last(self, records):
        """Return {(id, name of the field): its last trace}, read at once.

        :param records: cases or journal items
        """
        field = OWNERS[records._name]
        traces = self.sudo().search_fetch(
            [(field, "in", records.ids)], [field, "name", "user_id", "date"]
        )
        return {(trace[field].id, trace.name): trace for trace in reversed(traces)}

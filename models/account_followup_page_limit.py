from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import hmac


class AccountFollowupPageLimit(models.Model):
    """How often something was done on the debtor page in the last hour (X11).

    A row is of a link, of an address, or of a customer. Neither is written down: the
    key is a hash. Who counts up waits for others who do, and looks anew after them: so
    two payments of one customer do not begin at the same time.
    """

    _name = "account.followup.page.limit"
    _description = "Limit of the Debtor Page"
    _rec_name = "key"

    key = fields.Char(required=True, readonly=True)
    since = fields.Datetime(required=True, readonly=True)
    number = fields.Integer(required=True, readonly=True)

    _key_uniq = models.UniqueIndex("(key)")

    @api.model
    def _count(self, kind, of_what):
        """Count up what is done now.

        :return: how often it was done within an hour, this time included
        """
        now = fields.Datetime.now()
        ((number,),) = self.env.execute_query(
            SQL(
                """
                INSERT INTO account_followup_page_limit AS known (key, since, number)
                VALUES (%(key)s, %(now)s, 1)
                ON CONFLICT (key) DO UPDATE
                   SET since = CASE WHEN known.since <= %(start)s
                                    THEN %(now)s ELSE known.since END,
                       number = CASE WHEN known.since <= %(start)s
                                     THEN 1 ELSE known.number + 1 END
                RETURNING number
                """,
                key=hmac(self.env(su=True), "followup_page_limit", (kind, of_what)),
                now=now,
                start=now - timedelta(hours=1),
            )
        )
        return number

    @api.autovacuum
    def _remove_old(self):
        start = fields.Datetime.subtract(fields.Datetime.now(), hours=2)
        self.sudo().search([("since", "<", start)]).unlink()

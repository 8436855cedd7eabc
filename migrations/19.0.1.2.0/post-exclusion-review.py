"""Customers who are excluded come back on a day of the coming year (X8).

Not all of them on the same one.
"""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE account_followup
           SET review_date = CURRENT_DATE + 180 + id % 180
         WHERE excluded AND review_date IS NULL
        """
    )

from odoo import api, models
from odoo.tools import SQL


def fetch_page(customers, domain, names, offset, limit, order):
    """Read a page of rows into the cache.

    One statement: the costly columns are worked out for the page only, after it
    was cut, and the rows are counted on the way.

    :param names: fields to read
    :return: (rows of the page, number of all; 0 if the page is empty)
    :raise AccessError: the user may not read the rows or a field
    """
    query = customers._search(domain, offset, limit, order or customers._order)
    columns = [
        field
        for field in customers._determine_fields_to_fetch(names)
        if field.column_type and field.name != "id"
    ]
    if query.is_empty():
        return customers.browse(), 0
    rows = customers.env.execute_query(
        query.select(
            SQL.identifier(customers._table, "id"),
            SQL("COUNT(*) OVER ()"),
            *(
                customers._field_to_sql(customers._table, col.name, query)
                for col in columns
            ),
        )
    )
    if not rows:
        return customers.browse(), 0
    ids, counts, *values = zip(*rows, strict=True)
    page = customers.browse(ids)
    for column, column_values in zip(columns, values, strict=True):
        column._insert_cache(page, column_values)
    return page, counts[0]


class AccountFollowupCustomer(models.Model):
    """Pages of the work-list, with the rule evaluated once for each (P8)."""

    _inherit = "account.followup.customer"

    @api.model
    @api.readonly
    def web_search_read(
        self, domain, specification, offset=0, limit=None, order=None, count_limit=None
    ):
        # OVERRIDE 'web': it would evaluate the rule for the page, then for its number
        page, count = fetch_page(self, domain, specification, offset, limit, order)
        if count_limit:
            count = min(count, max(count_limit, offset + len(page)))
        return {"length": count, "records": page.web_read(specification)}

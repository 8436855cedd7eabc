"""Which journal items a report is about, and whose."""

from odoo.fields import Domain
from odoo.tools import SQL

#: Value of a partner or section that is not there.
NOBODY = 0


def find_in(text, *names):
    """Return the domain of what has a text in one of these fields."""
    return Domain.OR(Domain(name, "ilike", text) for name in names)


class Scope:
    """The items that the options leave, with the user's rights."""

    def __init__(self, report, options):
        self.report = report
        self.env = report.env
        self.options = options

    def get_domain(self, keys=None):
        """Return the items that the report is about, whatever their date.

        :param list keys: (customer id or 0, currency id), to read those only
        """
        domain = self.report._get_scope_domain(self.options)
        if self.options["currency_ids"]:
            domain &= Domain("currency_id", "in", self.options["currency_ids"])
        return domain & self._get_partner_domain(keys)

    def get_accounts(self):
        """Return the accounts that the report is about, archived ones as well."""
        accounts = self.env["account.account"].sudo().with_context(active_test=False)
        domain = self.report._get_account_domain(self.options)
        return accounts.search(domain, order="id")

    def get_states(self):
        """Return the states of entries that count; no other one settles anything."""
        return ["posted", "draft"] if self.options["draft"] else ["posted"]

    def _get_partner_domain(self, keys=None):
        """Return the condition on the customer of an item."""
        domain = Domain.TRUE
        wanted = self._get_customer_domain()
        if not wanted.is_true():
            domain &= self._get_found_domain(self._search_partners(wanted))
        if self.options["search"]:
            domain &= self._get_search_domain(self.options["search"])
        if self.options["partner_ids"]:
            domain &= self._get_family_domain(self.options["partner_ids"])
        if keys is not None:
            domain &= self._get_family_domain({partner for partner, _cur in keys})
        return domain

    def _get_found_domain(self, query):
        """Return the condition that an item is of customers that a query finds."""
        customer = Domain("commercial_partner_id", "in", query)
        return Domain("partner_id", "any!", customer)

    def _search_partners(self, domain):
        return self.env["res.partner"].with_context(active_test=False)._search(domain)

    def _get_search_domain(self, text):
        """Return the items of customers with such a name, reference or entry.

        An entry is found by its number or reference, as it stands on a bank slip.
        """
        named = find_in(text, "complete_name", "ref")
        entry = find_in(text, "name", "ref", "payment_reference")
        scope = self.report._get_scope_domain(self.options)
        lines = self.get_query(scope & Domain("move_id", "any", entry))
        owners = SQL(
            """(
            SELECT owner.commercial_partner_id
              FROM (%s) line
              JOIN res_partner owner ON owner.id = line.partner_id
            )""",
            lines.select(SQL("account_move_line.partner_id")),
        )
        found = self._get_found_domain(self._search_partners(named))
        return found | self._get_found_domain(owners)

    def _get_family_domain(self, partner_ids):
        """Return the condition that an item is of customers or of their contacts."""
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        family = partners.search(
            [("commercial_partner_id", "in", [id_ for id_ in partner_ids if id_])]
        )
        domain = Domain("partner_id", "in", family.ids)
        if NOBODY in partner_ids:
            domain |= Domain("partner_id", "=", False)
        return domain

    def _get_customer_domain(self):
        """Return the condition on customers that the filters make."""
        options, domain = self.options, Domain.TRUE
        if options["category_ids"]:
            domain &= Domain("category_id", "child_of", options["category_ids"])
        if options["trust"]:
            domain &= Domain("trust", "in", options["trust"])
        if options["status"]:
            domain &= Domain("followup_status", "in", options["status"])
        if options["level_ids"]:
            domain &= Domain("followup_level_id", "in", options["level_ids"])
        if options["salesperson_ids"]:
            domain &= Domain("user_id", "in", options["salesperson_ids"])
        if people := options["responsible_ids"]:
            domain &= Domain("followup_responsible_id", "in", people)
        return domain

    def get_query(self, domain):
        """Return a query on journal items with the user's record rules in it."""
        lines = self.env["account.move.line"].with_context(active_test=False)
        query = lines._search(domain)
        query.order = None
        return query

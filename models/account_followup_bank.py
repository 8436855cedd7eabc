from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

#: A bank journal without an entry for so many days is dormant.
DORMANT_AFTER = timedelta(days=180)

#: Open statement lines whose text is searched for numbers of invoices, the newest ones.
SEARCHED_LINES = 50
#: Shorter numbers are found in every text.
SHORTEST_NUMBER = 5


class AccountFollowupBank(models.AbstractModel):
    """What is known of the bank accounts: how new, and which money is not matched."""

    _name = "account.followup.bank"
    _description = "Bank Data of Payment Follow-ups"

    @api.model
    def _get_tree(self, company):
        """Return a root company with its branches."""
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        return companies.search([("id", "child_of", company.id)])

    @api.model
    def _flush(self):
        """Write what is read by statements."""
        for model in (
            "account.bank.statement.line",
            "account.move",
            "account.payment",
            "res.partner",
            "res.partner.bank",
        ):
            self.env[model].flush_model()

    # ------------------------------------------------------------------
    # How new
    # ------------------------------------------------------------------

    @api.model
    def _get_newest_entries(self, company, day):
        """Return {journal: date of its newest entry up to a day, or None}.

        An entry is a statement line, by its own date: what is imported today may be of
        last month. In a company that has never had one it is a payment received.

        :param company: root company, with all rights
        """
        tree = self._get_tree(company)
        journals = company.followup_bank_journal_ids or self.env[
            "account.journal"
        ].sudo().search([("type", "=", "bank"), ("company_id", "in", tree.ids)])
        if not journals:
            return {}
        dates = self._get_dates(journals, tree, day, self._get_sql_newest_line(day))
        if not any(dates.values()):
            newest = self._get_sql_newest_payment(day)
            dates = self._get_dates(journals, tree, day, newest)
        return {journal: dates.get(journal.id) for journal in journals}

    @api.model
    def _get_dates(self, journals, tree, day, newest):
        """Return {journal id: date}, each found at the end of an index.

        :param SQL newest: the newest entry of ``journal`` in ``company``
        """
        self._flush()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT journal.id, MAX(newest.date)
                  FROM unnest(%s) journal(id)
                 CROSS JOIN unnest(%s) company(id)
                 CROSS JOIN LATERAL (%s) newest
                 GROUP BY journal.id
                """,
                journals.ids,
                tree.ids,
                newest,
            )
        )
        return dict(rows)

    @api.model
    def _get_sql_newest_line(self, day):
        return SQL(
            """
            SELECT move.date
              FROM account_bank_statement_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE line.journal_id = journal.id
               AND line.company_id = company.id
               AND line.internal_index < %s
               AND move.state = 'posted'
             ORDER BY line.internal_index DESC
             LIMIT 1
            """,
            # the index begins with the date
            f"{day + timedelta(days=1):%Y%m%d}",
        )

    @api.model
    def _get_sql_newest_payment(self, day):
        """Return the newest payment received, with or without an entry."""
        return SQL(
            """
            (
                SELECT move.date
                  FROM account_move move
                  JOIN account_payment payment ON payment.move_id = move.id
                 WHERE move.journal_id = journal.id
                   AND move.company_id = company.id
                   AND move.date <= %(day)s
                   AND move.state = 'posted'
                   AND payment.payment_type = 'inbound'
                 ORDER BY move.date DESC
                 LIMIT 1
            )
            UNION ALL
            SELECT MAX(payment.date)
              FROM account_payment payment
             WHERE payment.move_id IS NULL
               AND payment.journal_id = journal.id
               AND payment.company_id = company.id
               AND payment.date <= %(day)s
               AND payment.payment_type = 'inbound'
               AND payment.state IN ('in_process', 'paid')
            """,
            day=day,
        )

    # ------------------------------------------------------------------
    # Not matched
    # ------------------------------------------------------------------

    @api.model
    def _get_unmatched(self, company, partners):
        """Return {customer id: money received that is not matched, newest first}.

        That is what no rule nets: statement lines that nobody has matched, of the
        customer or of one of its bank accounts, and payments that are no entry yet. A
        payment with an entry is matched with an invoice, or a credit, which is netted.

        :param company: root company
        :param partners: commercial partners
        :return: dict of lists of dicts with ``date``, ``amount``, ``currency_id``,
            ``label`` and ``move_id``
        """
        if not partners:
            return {}
        self._flush()
        tree, customers = tuple(self._get_tree(company).ids), tuple(partners.ids)
        rows = self.env.execute_query_dict(
            SQL(
                "%s UNION ALL %s ORDER BY date DESC, move_id DESC",
                self._get_sql_unmatched_lines(tree, customers),
                self._get_sql_unmatched_payments(tree, customers),
            )
        )
        result = {}
        for row in rows:
            result.setdefault(row["customer_id"], []).append(row)
        return result

    @api.model
    def _get_sql_open_lines(self, tree):
        """Return the lines with money received that nobody has matched."""
        return SQL(
            """
            SELECT line.*, move.date
              FROM account_bank_statement_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE line.is_reconciled IS NOT TRUE
               AND line.company_id IN %s
               AND line.amount > 0
               AND move.state = 'posted'
            """,
            tree,
        )

    @api.model
    def _get_sql_unmatched_lines(self, tree, customers):
        return SQL(
            """
            SELECT COALESCE(
                       partner.commercial_partner_id, owner.commercial_partner_id
                   ) AS customer_id,
                   line.date, line.amount, line.currency_id,
                   line.payment_ref AS label, line.move_id
              FROM (%(lines)s) line
              LEFT JOIN res_partner partner ON partner.id = line.partner_id
              LEFT JOIN res_partner_bank bank
                     ON line.partner_id IS NULL
                    AND bank.active
                    AND bank.sanitized_acc_number = %(number)s
              LEFT JOIN res_partner owner ON owner.id = bank.partner_id
             WHERE COALESCE(
                       partner.commercial_partner_id, owner.commercial_partner_id
                   ) IN %(customers)s
            """,
            lines=self._get_sql_open_lines(tree),
            number=self._get_sql_account_number(),
            customers=customers,
        )

    @api.model
    def _get_sql_account_number(self):
        """Return the account number of ``line`` as core compares them."""
        return SQL("UPPER(REGEXP_REPLACE(line.account_number, '\\W+', '', 'g'))")

    @api.model
    def _get_sql_unmatched_payments(self, tree, customers):
        return SQL(
            """
            SELECT partner.commercial_partner_id AS customer_id,
                   payment.date, payment.amount, payment.currency_id,
                   COALESCE(payment.memo, payment.name) AS label, NULL AS move_id
              FROM account_payment payment
              JOIN res_partner partner ON partner.id = payment.partner_id
             WHERE payment.move_id IS NULL
               AND payment.state = 'in_process'
               AND payment.payment_type = 'inbound'
               AND payment.partner_type = 'customer'
               AND payment.is_matched IS NOT TRUE
               AND payment.company_id IN %s
               AND partner.commercial_partner_id IN %s
            """,
            tree,
            customers,
        )

    @api.model
    def _get_hints(self, company, partner_ids):
        """Return money received of nobody known that names an open invoice of these.

        :param partner_ids: ids of commercial partners
        :return: list of dicts, the columns below, newest first
        """
        self._flush()
        tree = tuple(self._get_tree(company).ids)
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT line.date, line.amount, line.currency_id,
                       line.payment_ref AS label, line.move_id,
                       MIN(invoice.name) AS invoice
                  FROM (
                       SELECT line.*
                         FROM (%(lines)s) line
                        WHERE line.partner_id IS NULL AND line.payment_ref <> ''
                        ORDER BY line.internal_index DESC
                        LIMIT %(limit)s
                       ) line
                  JOIN account_move invoice ON %(names)s
                 WHERE invoice.company_id IN %(tree)s
                   AND invoice.move_type = 'out_invoice'
                   AND invoice.state = 'posted'
                   AND invoice.payment_state IN ('not_paid', 'partial')
                   AND invoice.commercial_partner_id = ANY(%(partners)s)
                 GROUP BY line.internal_index, 1, 2, 3, 4, 5
                 ORDER BY line.internal_index DESC
                """,
                lines=self._get_sql_open_lines(tree),
                limit=SEARCHED_LINES,
                names=SQL(" OR ").join(
                    self._get_sql_is_named(SQL.identifier("invoice", name))
                    for name in ("name", "payment_reference")
                ),
                tree=tree,
                partners=list(partner_ids),
            )
        )

    @api.model
    def _get_sql_is_named(self, number):
        """Return the condition that the text of ``line`` contains a number."""
        return SQL(
            "(LENGTH(%(number)s) >= %(shortest)s"
            " AND STRPOS(UPPER(line.payment_ref), UPPER(%(number)s)) > 0)",
            number=number,
            shortest=SHORTEST_NUMBER,
        )

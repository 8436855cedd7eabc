"""The floor: what somebody would write by hand, without rules, levels and settings."""

from odoo.tools import SQL


def get_account_ids(env):
    accounts = env["account.account"].search(
        [("account_type", "=", "asset_receivable")]
    )
    return tuple(accounts.ids)


def get_sums(env):
    """Return the SQL of sum, oldest due date and number of open items a customer."""
    return SQL(
        """
        SELECT partner_id, SUM(amount_residual), MIN(date_maturity), COUNT(*)
          FROM account_move_line
         WHERE account_id IN %s
           AND reconciled IS NOT TRUE
           AND parent_state = 'posted'
         GROUP BY partner_id
        """,
        get_account_ids(env),
    )


def get_page(env, limit):
    """Return the SQL of the customers who owe most, with the number of all."""
    return SQL(
        """
        SELECT *, COUNT(*) OVER () FROM (%s) customer
         WHERE min < %s ORDER BY sum DESC LIMIT %s
        """,
        get_sums(env),
        env["res.company"]._get_followup_days()[env.company],
        limit,
    )

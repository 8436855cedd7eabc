"""Expected payment dates of open items become promises to pay (X7).

What was promised on the phone knows its call. A day that has passed is a promise that
was broken; the responsible has seen that long ago, and gets no task now.
"""

from odoo import SUPERUSER_ID, Command, api
from odoo.fields import Domain

from odoo.addons.account_payment_followup.tools.days import is_sensible


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    lines = env["account.move.line"].search(
        Domain("account_type", "=", "asset_receivable")
        & Domain("parent_state", "=", "posted")
        & Domain("reconciled", "=", False)
        & Domain("partner_id", "!=", False)
        & Domain("expected_payment_date", "!=", False)
        & Domain("amount_residual_currency", ">", 0)
    )
    calls = get_calls(env, lines)
    days = lines.company_id.root_id._get_followup_day()
    # an import may have written "never", or the fraction of a cent
    lines = lines.filtered(
        lambda line: (
            is_sensible(line.expected_payment_date, days[line.company_id.root_id])
            and line.currency_id.compare_amounts(line.amount_residual_currency, 0) > 0
        )
    )
    groups = lines.grouped(
        lambda line: (
            line.partner_id.commercial_partner_id,
            line.company_id.root_id,
            line.currency_id,
            line.expected_payment_date,
            line.expected_payment_note,
            calls.get((line, line.expected_payment_date)),
        )
    )
    env["account.followup.promise"].create(
        [prepare(key, mine, days) for key, mine in groups.items()]
    )


def get_calls(env, lines):
    """Return {(item, day): last call in which it was promised for that day}."""
    calls = env["account.followup.call"].search(
        Domain("outcome", "=", "promise") & Domain("line_ids", "in", lines.ids),
        order="date, id",
    )
    return {
        (line, call.promised_date): call for call in calls for line in call.line_ids
    }


def prepare(key, lines, days):
    partner, company, currency, date, note, call = key
    today = days[company]
    total = sum(lines.mapped("amount_residual_currency"))
    made_on = call.date if call else min(date, today)
    return {
        "partner_id": partner.id,
        "company_id": company.id,
        "currency_id": currency.id,
        "line_ids": [Command.set(lines.ids)],
        "amount": total,
        "amount_open": total,
        "date": date,
        "rest_until": date,
        "made_on": made_on,
        "origin": "call" if call else "clerk",
        "user_id": call.user_id.id if call else False,
        "note": note,
        "tolerance_days": company.followup_promise_tolerance_days,
        "tolerance_percent": company.followup_promise_tolerance_percent,
        "told_on": today if date < today else False,
    }

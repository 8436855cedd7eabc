"""Customers and journal items by the thousand, for a database without the module.

One real document of each kind is posted through the ORM, its rows multiplied in SQL.
"""

from datetime import date
from typing import NamedTuple

from odoo import Command
from odoo.tools import SQL

from .multiply import Multiplier, spread, vacuum

#: The day on which everything happens: fixed, so that a kept database does not age.
DAY = date(2026, 6, 30)
#: Every so many customers one has a contact.
CONTACTS = 10
#: Amounts are those of the document times 1 to this.
FACTORS = 9

AMOUNTS = ("amount", "balance", "credit", "debit", "price", "tax_base")
TABLES = (
    "res_partner",
    "account_move",
    "account_move_line",
    "account_payment",
    "account_partial_reconcile",
    "account_full_reconcile",
)


class Size(NamedTuple):
    customers: int
    journal_items: int
    open_items: int


SIZES = {
    "S": Size(10_000, 100_000, 10_000),
    "M": Size(100_000, 1_000_000, 100_000),
    "L": Size(100_000, 10_000_000, 100_000),
    "XL": Size(1_000_000, 10_000_000, 1_000_000),
}


class Kind(NamedTuple):
    """A kind of document, and what its copies are like."""

    share: float  # of the open items, 0 for those that are paid
    open_items: int
    journal_items: int
    first: int  # due so many days before the day (negative: after it) ...
    last: int  # ... to so many


KINDS = {
    "open": Kind(0.60, 1, 2, -30, 120),
    "partly_paid": Kind(0.10, 1, 4, -30, 120),
    "credit_note": Kind(0.05, 1, 2, 0, 120),
    "instalments": Kind(0.20, 2, 3, -30, 120),
    "other_currency": Kind(0.05, 1, 2, -30, 120),
    "paid": Kind(0, 0, 4, 30, 1500),
}


def get_counts(size):
    """Return {kind: number of documents} of a size."""
    counts = {
        name: round(size.open_items * kind.share / kind.open_items)
        for name, kind in KINDS.items()
        if kind.open_items
    }
    used = sum(KINDS[name].journal_items * count for name, count in counts.items())
    counts["paid"] = (size.journal_items - used) // KINDS["paid"].journal_items
    return counts


# ----------------------------------------------------------------------
# One document of each kind
# ----------------------------------------------------------------------


def create_customer(env):
    return env["res.partner"].create(
        {
            "name": "Customer",
            "is_company": True,
            "email": "customer@example.com",
            "street": "1 Main Street",
            "zip": "1000",
            "city": "Springfield",
            "country_id": env.ref("base.us").id,
            "lang": "en_US",
            "customer_rank": 1,
        }
    )


def create_contact(env, customer):
    return env["res.partner"].create(
        {"name": "Contact", "parent_id": customer.id, "email": "contact@example.com"}
    )


def post(env, customer, **values):
    move = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": customer.id,
            "invoice_date": DAY,
            "date": DAY,
            "invoice_date_due": DAY,
            "invoice_payment_term_id": False,
            "invoice_line_ids": [
                Command.create({"name": "Work", "price_unit": 100, "tax_ids": False})
            ],
            **values,
        }
    )
    move.action_post()
    return move


def pay(invoice, **values):
    wizard = invoice.env["account.payment.register"].with_context(
        active_model="account.move", active_ids=invoice.ids
    )
    return wizard.create({"payment_date": DAY, **values})._create_payments()


def create_term(env):
    return env["account.payment.term"].create(
        {
            "name": "Two instalments",
            "line_ids": [
                Command.create({"value_amount": 50, "nb_days": 0}),
                Command.create({"value_amount": 50, "nb_days": 30}),
            ],
        }
    )


def create_euro(env):
    euro = env.ref("base.EUR")
    euro.active = True
    env["res.currency.rate"].create(
        {"name": "2020-01-01", "currency_id": euro.id, "rate": 0.8}
    )
    return euro


def create_documents(env, customer):
    """Return {kind: invoice or credit note}, one posted document of each."""
    documents = {
        "open": post(env, customer),
        "partly_paid": post(env, customer),
        "credit_note": post(env, customer, move_type="out_refund"),
        "instalments": post(env, customer, invoice_payment_term_id=create_term(env).id),
        "other_currency": post(env, customer, currency_id=create_euro(env).id),
        "paid": post(env, customer),
    }
    pay(documents["partly_paid"], amount=40, payment_difference_handling="open")
    pay(documents["paid"])
    env.flush_all()
    return documents


def get_group(invoice):
    """Return {table: ids} of a document and all that belongs to it."""
    lines = invoice.line_ids
    partials = lines.matched_debit_ids | lines.matched_credit_ids
    moves = invoice | (partials.debit_move_id | partials.credit_move_id).move_id
    lines = moves.line_ids
    payments = invoice.env["account.payment"].search([("move_id", "in", moves.ids)])
    group = {
        "account_move": moves.ids,
        "account_move_line": lines.ids,
        "account_payment": payments.ids,
        "account_partial_reconcile": partials.ids,
        "account_full_reconcile": lines.full_reconcile_id.ids,
    }
    return {table: ids for table, ids in group.items() if ids}


# ----------------------------------------------------------------------
# Many of them
# ----------------------------------------------------------------------


def copy_customers(multiplier, customer, contact, count):
    """Write customers, every tenth with a contact; return the first customer's id."""

    def get_values(table, row, column, kind, get_id):
        name = SQL("'Customer ' || (copy.number + 1)")
        mail = SQL("'customer' || (copy.number + 1) || '@example.com'")
        return {
            "name": name,
            "complete_name": name,
            "commercial_company_name": name,
            "email": mail,
            "email_normalized": mail,
        }.get(column)

    first = multiplier.next_ids.get("res_partner") or multiplier.reserve(
        "res_partner", 0
    )
    picks = {"nothing": SQL("0")}
    multiplier.copy({"res_partner": customer.ids}, count, picks, get_values)

    def get_contact_values(table, row, column, kind, get_id):
        if column in ("parent_id", "commercial_partner_id"):
            return SQL("%s + copy.number * %s", first, CONTACTS)
        return None

    multiplier.copy(
        {"res_partner": contact.ids}, count // CONTACTS, picks, get_contact_values
    )
    return first


def copy_documents(multiplier, invoice, kind, count, first_customer, customers):
    """Write documents of a kind, spread over customers, due dates and amounts."""
    group = get_group(invoice)
    moves = invoice.browse(group["account_move"])
    matching = {
        line.id: get_matching(line)
        for line in invoice.env["account.move.line"].browse(group["account_move_line"])
    }

    def get_values(table, row, column, kind_of_column, get_id):
        source = SQL("source.%s", SQL.identifier(column))
        if column in ("partner_id", "commercial_partner_id", "partner_shipping_id"):
            return SQL("pick.customer")
        if column == "invoice_partner_display_name":
            return SQL("'Customer ' || (pick.customer - %s)", first_customer - 1)
        if column == "sequence_number":
            return SQL("%s::integer", get_id("account_move", row["id"]))
        if column == "access_token":
            return SQL("NULL")
        if column == "matching_number" and matching[row["id"]]:
            sign, target, target_id = matching[row["id"]]
            return SQL("%s || %s", sign, get_id(target, target_id))
        if kind_of_column == "date":
            return SQL("%s - pick.days", source)
        if kind_of_column == "numeric" and column.startswith(AMOUNTS):
            return SQL("%s * pick.factor", source)
        if column == "sequence_prefix":
            return get_prefix(row[column])
        if kind_of_column == "varchar" and row[column]:
            for move in moves:
                if move.name in row[column]:
                    prefix = get_prefix(move.sequence_prefix)
                    number = get_id("account_move", move.id)
                    new = SQL("%s || %s", prefix, number)
                    source = SQL("replace(%s, %s, %s)", source, move.name, new)
            return source
        return None

    salt = 10 * list(KINDS.values()).index(kind)
    days = spread(kind.last - kind.first + 1, salt + 2)
    picks = {
        "customer": SQL(
            "(%s + %s)::integer", first_customer, spread(customers, salt + 1)
        ),
        "days": SQL("(%s + %s)::integer", kind.first, days),
        "factor": SQL("(1 + %s)", spread(FACTORS, salt + 3)),
    }
    multiplier.copy(group, count, picks, get_values)


def get_prefix(prefix):
    """Return the SQL of a number's prefix, with the year of the copy's date."""
    return SQL(
        "replace(%s, %s, to_char(%s::date - pick.days, 'YYYY'))",
        prefix,
        str(DAY.year),
        DAY,
    )


def get_matching(line):
    """Return how a line's matching number is made: prefix, table and id; or None."""
    if line.full_reconcile_id:
        return "", "account_full_reconcile", line.full_reconcile_id.id
    partial = line.matched_debit_ids | line.matched_credit_ids
    return ("P", "account_partial_reconcile", partial[0].id) if partial else None


def fill(env, size):
    """Fill a database that has a chart of accounts and no documents."""
    customer = create_customer(env)
    contact = create_contact(env, customer)
    documents = create_documents(env, customer)
    env.cr.commit()
    multiplier = Multiplier(env.cr)
    multiplier.begin(TABLES)
    first = copy_customers(multiplier, customer, contact, size.customers)
    for name, count in get_counts(size).items():
        copy_documents(
            multiplier, documents[name], KINDS[name], count, first, size.customers
        )
    multiplier.end()
    vacuum(env.cr)

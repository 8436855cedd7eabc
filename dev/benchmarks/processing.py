"""P5 to P7: reminding a batch of customers. What is written is taken back."""

import os
import time
from contextlib import contextmanager
from io import BytesIO
from unittest.mock import patch

from odoo.tools.pdf import PdfFileWriter

from . import ledger
from .floor import get_account_ids
from .timing import Figure, Row, compare, counted, get_ratio, measure

#: Customers of a batch that is sent by e-mail, and of one with documents.
BATCH, PAPER_BATCH = 100, 20
#: Bytes of a stored invoice.
DOCUMENT_SIZE = 20_000
PLACE = "<p><em>The table of open invoices appears here.</em></p>"
#: What somebody would write into a template to show the items, which are at hand.
TABLE = """
<table width="100%" style="width: 100%; border-collapse: collapse; font-size: 13px;">
  <thead><tr><th>Invoice</th><th>Date</th><th>Due Date</th><th>Days Late</th>
    <th>Amount</th><th>Open Amount</th></tr></thead>
  <tbody><tr t-foreach="ctx.get('items', {}).get(object.id, [])"
      t-as="item">
    <td t-out="item.move_id.name"/>
    <td><span t-out="item.move_id.invoice_date" t-options="{'widget': 'date'}"/></td>
    <td><span t-out="item.date_maturity" t-options="{'widget': 'date'}"/></td>
    <td t-out="(ctx['day'] - item.date_maturity).days"/>
    <td><span t-out="item.amount_currency" t-options="{'widget': 'monetary',
        'display_currency': item.currency_id}"/></td>
    <td><span t-out="item.amount_residual_currency" t-options="{'widget': 'monetary',
        'display_currency': item.currency_id}"/></td>
  </tr></tbody>
  <tbody><tr><td colspan="5">Total overdue</td>
    <td><span t-out="sum(item.amount_residual
        for item in ctx.get('items', {}).get(object.id, []))"
        t-options="{'widget': 'monetary',
        'display_currency': object.env.company.currency_id}"/></td></tr></tbody>
</table>
"""


def set_up(env, count, **values):
    """Write to all levels; return the cases of customers for whom one is due."""
    levels = env["account.followup.level"].search([("company_id", "=", env.company.id)])
    levels.write({"attach_invoices": False, **values})
    customers = env["account.followup.customer"].search(
        [("status", "=", "in_need_of_action"), ("reminder_type", "=", "automatic")],
        order="level_id, id",
    )
    customers = customers.filtered(lambda one: one.level_id == customers[:1].level_id)
    partners = customers[:count].partner_id
    cases = env["account.followup"]._get_or_create(partners, env.company)
    env.flush_all()
    return cases, customers[:1].level_id.mail_template_id


@contextmanager
def taken_back(env):
    """Take back what a block has written."""
    env.invalidate_all()
    with env.cr.savepoint() as savepoint:
        yield
        env.flush_all()
        savepoint.rollback()
    env.invalidate_all()


def process(env, cases, **options):
    result = cases._process(ledger.DAY, trigger="automatic", options=options)
    env.flush_all()
    if len(result["done"]) != len(cases):
        raise RuntimeError(f"not all were reminded: {result}")


def run_p5(env, runs):
    """Queries of a batch that is reminded by e-mail, without PDF."""
    cases, _template = set_up(env, BATCH)
    numbers = []
    for _number in range(runs + 1):
        with taken_back(env), counted(env) as queries:
            process(env, cases)
        numbers += queries
    numbers = sorted(numbers[1:])
    figure = f"{numbers[runs // 2]} queries ({numbers[0]}–{numbers[-1]})"
    return [Row("P5", f"{BATCH} customers by e-mail", figure, "", "", "≤ 60 queries")]


def run_p6(env, runs):
    """The same, against a template of core that shows the same items."""
    cases, template = set_up(env, BATCH)
    partners = cases.partner_id
    plain = template.copy({"partner_to": "{{ object.id }}", "use_default_to": False})
    table = plain.copy({"body_html": str(plain.body_html).replace(PLACE, TABLE)})
    if plain.body_html == table.body_html:
        raise RuntimeError("the template has no place for the table")

    def send(template):
        with taken_back(env):
            context = {"day": ledger.DAY, "items": read_items(env, partners)}
            mails = template.with_context(**context).send_mail_batch(
                partners.ids, email_layout_xmlid="mail.mail_notification_layout"
            )
            env.flush_all()
        if len(mails) != len(partners):
            raise RuntimeError("not all were written to")

    def remind():
        with taken_back(env):
            process(env, cases)

    figures = measure(
        {
            "plain": lambda: send(plain),
            "table": lambda: send(table),
            "reminders": remind,
        },
        runs,
    )
    what = f"{BATCH} customers by e-mail, against core's send_mail_batch"
    pairs = (
        ("P6", f"{what} with the same table", "table", "≤ 2×"),
        ("P6a", f"{what} without table", "plain", ""),
    )
    return [
        compare(
            id_,
            text,
            {"base": figures[base], "reminders": figures["reminders"]},
            goal,
        )
        for id_, text, base, goal in pairs
    ]


def read_items(env, partners):
    """Return {customer id: its open journal items}, as somebody would read them."""
    lines = env["account.move.line"].search(
        [
            ("partner_id.commercial_partner_id", "in", partners.ids),
            ("account_id", "in", get_account_ids(env)),
            ("reconciled", "=", False),
            ("parent_state", "=", "posted"),
        ]
    )
    by_customer = lines.grouped(lambda line: line.partner_id.commercial_partner_id.id)
    return dict(by_customer)


def run_p7(env, runs):
    """With letters as PDF and stored invoices, against wkhtmltopdf alone."""
    cases, _template = set_up(
        env, PAPER_BATCH, send_email=True, send_letter=True, attach_invoices=True
    )
    store_invoices(env, cases.partner_id)
    inside = []
    reports = env.registry["ir.actions.report"]
    convert = reports._run_wkhtmltopdf

    def timed(self, *args, **kwargs):
        start = time.perf_counter()
        try:
            return convert(self, *args, **kwargs)
        finally:
            inside[-1] += time.perf_counter() - start

    def remind():
        inside.append(0)
        with taken_back(env):
            process(env, cases, letters="print")

    with patch.object(reports, "_run_wkhtmltopdf", timed):
        whole = measure({"whole": remind}, runs)["whole"]
    alone = Figure(inside[1:])
    what = f"{PAPER_BATCH} customers by e-mail and letter with stored invoices"
    ratio = get_ratio(whole, alone)
    return [Row("P7", what, str(whole), str(alone), ratio, "≤ 1.5×", whole.median)]


def make_document():
    """Return a PDF of a page, as large as that of an invoice."""
    writer = PdfFileWriter()
    writer.add_blank_page(595, 842)
    writer.add_metadata({"/Keywords": os.urandom(DOCUMENT_SIZE // 2).hex()})
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def store_invoices(env, partners):
    """Give the open invoices of customers a stored PDF each."""
    items = env["account.followup.item"].search([("partner_id", "in", partners.ids)])
    env["ir.attachment"].create(
        [
            {
                "name": f"{move.id}.pdf",
                "raw": make_document(),
                "res_model": "account.move",
                "res_id": move.id,
                "res_field": "invoice_pdf_report_file",
            }
            for move in items.move_id
        ]
    )
    env.flush_all()

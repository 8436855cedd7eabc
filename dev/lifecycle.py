"""Gives a database of its own something of all that the module keeps.

Read by ``odoo shell`` in ``dev/test install``, before the module is taken out: what is
left behind shows only where something was.
"""

# ruff: noqa: F821  (env is given by the shell)
from datetime import timedelta

from odoo import Command, fields

company = env.company
if not company.chart_template:
    env["account.chart.template"].try_loading(
        "generic_coa", company, install_demo=False
    )
today = fields.Date.today()
customer = env["res.partner"].create(
    {
        "name": "Left Behind Ltd",
        "email": "left@customer.example.com",
        "phone": "+12025550122",
        "street": "1 Main Street",
        "city": "Springfield",
        "zip": "20500",
        "country_id": env.ref("base.us").id,
        "child_ids": [
            Command.create(
                {"name": "Desk", "type": "followup", "email": "d@customer.example.com"}
            )
        ],
    }
)
invoice = env["account.move"].create(
    {
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": today - timedelta(days=60),
        "invoice_date_due": today - timedelta(days=50),
        "invoice_payment_term_id": False,
        "invoice_line_ids": [
            Command.create({"name": "Work", "price_unit": 100, "tax_ids": False})
        ],
    }
)
invoice.action_post()
level = env["account.followup.level"].search(
    [("company_id", "=", company.id), ("send_email", "=", True)], limit=1
)
level.write({"send_letter": True, "schedule_activity": True})
company.write({"followup_automatic": True, "followup_responsible_id": env.uid})
run = env["account.followup.run"]._start(customer, company, "print")
assert run.done_count == 1, run.line_ids.mapped("reason")
printing = env["account.followup.printing"].create({"run_id": run.id})
document = {"name": "letters.pdf", "raw": b"x", "res_id": printing.id}
env["ir.attachment"].create({**document, "res_model": printing._name})
line = invoice.line_ids.filtered("date_maturity")
env["account.followup.call"]._log_call(
    {
        "partner_id": customer.id,
        "company_id": company.id,
        "date": today,
        "outcome": "dispute",
        "review_date": today,
        "reason_id": env["account.followup.dispute.reason"]._get_reason().id,
        "line_ids": [Command.set(line.ids)],
    },
    today,
)
customer.followup_reminder_type = "manual"
model = env["ir.model"]._get_id("account.followup.level")
env["ir.cron"].create(
    {"name": "Left behind", "model_id": model, "code": "pass", "state": "code"}
)
env["ir.filters"].create(
    {"name": "Left behind", "model_id": "account.followup.customer", "domain": "[]"}
)
env["ir.config_parameter"].set_param("account_payment_followup.pdf_time_limit", "20")
env.cr.commit()

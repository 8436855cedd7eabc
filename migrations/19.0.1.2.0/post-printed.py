"""What was printed of a run is for who has printed it.

Until now the file of all its letters was for whoever could see the run, also when they
named invoices of branches that he may not see. It can be printed again.
"""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    files = env["ir.attachment"].search([("res_model", "=", "account.followup.run")])
    files.unlink()

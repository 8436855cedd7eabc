"""The new plans get their name in the languages that are there."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    env["account.followup.plan"].search([])._translate_name()

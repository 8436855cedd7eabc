from odoo import fields, models

from .res_company import SETTINGS_GROUPS


class ResCompany(models.Model):
    """Settings of the gates that wait for bank data (X5)."""

    _inherit = "res.company"

    followup_bank_max_age = fields.Integer(
        string="Bank Data Not Older Than",
        groups=SETTINGS_GROUPS,
        help="Automatic reminders wait while the newest bank entry is older than so "
        "many working days. 0: they do not wait.",
    )
    followup_bank_journal_ids = fields.Many2many(
        "account.journal",
        "account_followup_bank_journal_rel",
        "company_id",
        "journal_id",
        string="Banks to Look At",
        domain="[('type', '=', 'bank')]",
        groups=SETTINGS_GROUPS,
        help="Whose entries are looked at. While none is chosen, all bank journals.",
    )
    followup_wait_for_matching = fields.Boolean(
        string="Wait for Matching",
        groups=SETTINGS_GROUPS,
        help="Automatic reminders to a customer wait while money came in from there "
        "that is not matched with invoices yet.",
    )

    _followup_bank_max_age_sensible = models.Constraint(
        "CHECK (followup_bank_max_age BETWEEN 0 AND 365)",
        "Bank data may be 1 to 365 working days old; 0 means that reminders do not "
        "wait for it.",
    )

    def _end_followup_task(self, summary, feedback):
        """Mark a task as done whose reason is gone.

        :param str summary: see ``_schedule_followup_task``
        """
        self.ensure_one()
        partner = self.sudo().partner_id.with_company(self)
        if tasks := self.env["account.followup.task"]._get_open(partner, summary):
            tasks.action_feedback(feedback)

    def _end_followup_tasks(self, summary, feedback):
        """Do so in those of these companies that have such a task."""
        by_partner = {company.partner_id.id: company for company in self.sudo()}
        told = self.env["mail.activity"].sudo()
        told = told.search(
            [
                ("res_model", "=", "res.partner"),
                ("res_id", "in", list(by_partner)),
                ("summary", "=", summary),
            ]
        )
        for partner_id in set(told.mapped("res_id")):
            by_partner[partner_id]._end_followup_task(summary, feedback)


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    followup_bank_max_age = fields.Integer(
        related="company_id.root_id.followup_bank_max_age", readonly=False
    )
    followup_bank_journal_ids = fields.Many2many(
        related="company_id.root_id.followup_bank_journal_ids", readonly=False
    )
    followup_wait_for_matching = fields.Boolean(
        related="company_id.root_id.followup_wait_for_matching", readonly=False
    )

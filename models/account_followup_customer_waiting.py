from odoo import api, fields, models

from .account_followup_customer_fill import filled_by
from .account_move_line import GROUPS


class AccountFollowupGates(models.AbstractModel):
    _inherit = "account.followup.gates"

    @api.model
    def _get_texts(self, partners, company, day):
        """Return why automatic reminders to customers who are due do not leave now.

        All gates are asked for all of these customers together.

        :param partners: commercial partners who would be reminded by themselves
        :param company: root company
        :return: dict {customer: one sentence for each gate that holds}
        """
        if not partners:
            return {}
        cases = self.env["account.followup"]
        cases = cases.concat(*cases._get_cases(partners, company).values())
        held = self._get_reasons(cases, day, fields.Datetime.now())
        return {
            case.partner_id: " ".join(text for _gate, text in reasons)
            for case, reasons in held.items()
        }


class AccountFollowupCustomerFill(models.AbstractModel):
    _inherit = "account.followup.customer.fill"

    @api.model
    def _fill_waiting_text(self, customers):
        customers.waiting_text = False
        would_go = customers.filtered(
            lambda row: (
                row.status == "in_need_of_action"
                and row.reminder_type == "automatic"
                and row.level_id.sudo().is_automatic
                and row.company_id.sudo().followup_automatic
            )
        )
        days = self.env["res.company"]._get_followup_days(would_go.company_id)
        for company, rows in would_go.grouped("company_id").items():
            texts = self.env["account.followup.gates"]._get_texts(
                rows.partner_id.sudo(), company.sudo(), days[company]
            )
            for row in rows:
                row.waiting_text = texts.get(row.partner_id)


class AccountFollowupCustomer(models.Model):
    _inherit = "account.followup.customer"

    waiting_text = fields.Char(
        "Why It Waits",
        compute=filled_by(
            "_fill_waiting_text",
            "partner_id",
            "company_id",
            "status",
            "level_id",
            "reminder_type",
            context=["lang"],
        ),
        help="Why automatic reminders to a customer who requires follow-up do not "
        "leave now. By hand they can be sent.",
    )


class ResPartner(models.Model):
    _inherit = "res.partner"

    followup_waiting_text = fields.Char(
        "Automatic Reminders Wait",
        compute="_compute_followup_waiting_text",
        groups=GROUPS,
    )

    @api.depends("followup_status", "followup_level_id", "followup_reminder_type")
    @api.depends_context("company", "lang")
    def _compute_followup_waiting_text(self):
        company = self.env.company.root_id.sudo()
        would_go = self._origin.filtered(
            lambda partner: (
                partner.followup_status == "in_need_of_action"
                and partner.followup_reminder_type == "automatic"
                and partner.followup_level_id.sudo().is_automatic
                and company.followup_automatic
            )
        )
        day = company._get_followup_day()[company]
        texts = self.env["account.followup.gates"]._get_texts(
            would_go.sudo(), company, day
        )
        for partner in self:
            partner.followup_waiting_text = texts.get(partner._origin)

from odoo import api, fields, models
from odoo.tools import format_date

from .account_move_line import GROUPS

#: Context of the window: root company, and the invoice from which it is opened.
COMPANY, MOVE = "followup_company_id", "followup_move_id"

#: The page on which the settings of a company stand.
SETTINGS = "account.action_account_config"


class ResPartner(models.Model):
    """The window Why? of a customer (X3): what is shown of its explanation."""

    _inherit = "res.partner"

    followup_explanation = fields.Json(
        compute="_compute_followup_explanation", groups=GROUPS
    )
    followup_explained_item_ids = fields.One2many(
        "account.followup.item",
        compute="_compute_followup_explained_item_ids",
        groups=GROUPS,
    )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_explain_followup(self):
        """Open the window that says why the customer is reminded, or is not (X3)."""
        self.ensure_one()
        self._check_followup_read_access()
        return self._get_followup_explanation_action(self.env.company.root_id)

    def _get_followup_explanation_action(self, company, move=None):
        """Return the action of the button Why?.

        :param company: root company that it is about
        :param move: invoice from which it is opened
        """
        view = self.env.ref(
            "account_payment_followup.res_partner_view_form_explanation"
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Why?"),
            "res_model": "res.partner",
            "res_id": self.commercial_partner_id.id,
            "views": [(view.id, "form")],
            "target": "new",
            "context": {COMPANY: company.id, MOVE: move and move.id},
        }

    # ------------------------------------------------------------------
    # What the window shows
    # ------------------------------------------------------------------

    @api.model
    def _get_explained_company(self):
        """Return the root company that the window is about, one of the user's."""
        company_id = self.env.context.get(COMPANY)
        company = self.env["res.company"].browse(company_id or ())
        company = company or self.env.company.root_id
        company._check_followup_access()
        return company

    @api.depends_context("company", "lang", COMPANY, MOVE)
    def _compute_followup_explanation(self):
        company = self._get_explained_company()
        day = company.sudo()._get_followup_day()[company]
        move = self.env["account.move"].browse(self.env.context.get(MOVE) or ())
        for partner in self:
            customer = partner._origin.commercial_partner_id
            if not customer:
                partner.followup_explanation = False
                continue
            customer._check_followup_read_access()
            case = self.env["account.followup"]._get_case(customer, company)
            explanation = case._get_explanation(day, now=fields.Datetime.now(), limit=0)
            partner.followup_explanation = partner._get_followup_explanation_shown(
                explanation, company, move
            )

    def _get_followup_explanation_shown(self, explanation, company, move):
        """Return the explanation as texts, with the actions of its links."""
        return {
            "headline": explanation["headline"],
            "kind": "success" if explanation["will_be_reminded"] else "warning",
            "invoice": self._get_followup_explained_invoice(move),
            "next": self._get_followup_next_reminder_text(explanation),
            "reasons": [
                self._get_followup_reason_shown(one) for one in explanation["reasons"]
            ],
            "message": self._get_followup_message_shown(explanation["message"]),
            "recipients": [
                self._get_followup_recipient_shown(one)
                for one in explanation["recipients"]
            ],
        }

    def _get_followup_reason_shown(self, reason):
        names = ("code", "text", "details", "blocks")
        return {
            **{name: reason[name] for name in names},
            "action": self._get_followup_link(reason["record"]),
        }

    def _get_followup_message_shown(self, message):
        """Return what the level due would send, False if there is none."""
        return bool(message["level"]) and {
            "level": message["level"].name,
            "level_action": self._get_followup_link(message["level"]),
            "template": message["template"].name or "",
            "template_action": self._get_followup_link(message["template"]),
            "subject": message["subject"],
        }

    def _get_followup_recipient_shown(self, recipient):
        """Return whom it would reach, with the way to the contact."""
        names = ("address", "rule", "problem")
        return {
            **{name: recipient[name] for name in names},
            "channel": recipient["channel_label"],
            "contact": recipient["contact"].display_name,
            "action": self._get_followup_link(recipient["contact"]),
        }

    def _get_followup_next_reminder_text(self, explanation):
        """Return when the next reminder comes, where the headline does not say it."""
        day = explanation["next_date"]
        if not day or explanation["status"] == "in_need_of_action":
            return ""
        return self.env._(
            "If nobody pays, the next reminder is on %s.", format_date(self.env, day)
        )

    def _get_followup_link(self, record):
        """Return the action that opens a record, if the user may read it."""
        record = record.sudo(False).with_env(self.env)
        if record._name == "account.move.line":
            record = record.sudo().move_id.sudo(False)
        record = record[:1]
        if not record or not record.has_access("read"):
            return False
        if record._name == "res.company":
            if not self.env.user.has_group("base.group_system"):
                return False
            return self.env["ir.actions.act_window"]._for_xml_id(SETTINGS)
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def _get_followup_explained_invoice(self, move):
        """Return what the rule makes of the invoice from which the window is opened."""
        if not move or not move.has_access("read"):
            return False
        items = self.env["account.followup.item"].search([("move_id", "=", move.id)])
        texts = items.mapped("explanation")
        if not items:
            texts = [self.env._("Nothing of it is open that could be reminded of.")]
        return {"name": move.display_name, "texts": texts}

    @api.depends_context("company", COMPANY, MOVE)
    def _compute_followup_explained_item_ids(self):
        """All open items that the user may see, those of the invoice first."""
        company = self._get_explained_company()
        move_id = self.env.context.get(MOVE)
        items = self.env["account.followup.item"]
        for partner in self:
            customer = partner._origin.commercial_partner_id
            found = items.search(
                [("partner_id", "=", customer.id), ("company_id", "=", company.id)]
            )
            if move_id:
                found = found.search([("move_id", "=", move_id)]) | found
            partner.followup_explained_item_ids = found


class AccountFollowupItem(models.Model):
    _inherit = "account.followup.item"

    def action_explain_followup(self):
        """Open the window Why? for the customer of the item."""
        self.ensure_one()
        self.check_access("read")
        self.partner_id._check_followup_read_access()
        return self.partner_id._get_followup_explanation_action(
            self.company_id, self.move_id
        )


class AccountFollowupCustomer(models.Model):
    _inherit = "account.followup.customer"

    def action_explain_followup(self):
        """Open the window Why? for the customer of the row."""
        self.ensure_one()
        self.check_access("read")
        self.partner_id._check_followup_read_access()
        return self.partner_id._get_followup_explanation_action(self.company_id)


class AccountMove(models.Model):
    _inherit = "account.move"

    def action_explain_followup(self):
        """Open the window Why? for the customer of the invoice."""
        self.ensure_one()
        self.check_access("read")
        self.commercial_partner_id._check_followup_read_access()
        return self.commercial_partner_id._get_followup_explanation_action(
            self.company_id.root_id, self
        )

from ast import literal_eval

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import mute_logger
from odoo.tools.translate import LazyTranslate

from ..tools import ladder

_lt = LazyTranslate(__name__)

#: Name of the plan that a company starts with. It is translated when created.
DEFAULT_NAME = _lt("Standard")

#: Condition: the field of a customer that it is about.
CONDITIONS = {
    "country_ids": "country_id",
    "category_ids": "category_id",
    "payment_term_ids": "property_payment_term_id",
    "trust": "trust",
}


class AccountFollowupPlan(models.Model):
    """A ladder of levels with settings of its own, and whom it is for (X16).

    A customer has the plan that was chosen by hand, else the first one whose conditions
    fit, else the default of the root company. A plan without levels reminds nobody.
    """

    _name = "account.followup.plan"
    _inherit = "account.followup.root.mixin"
    _description = "Follow-up Plan"
    _order = "company_id, sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(
        default=10, help="Of several plans that fit a customer, the first one counts."
    )
    active = fields.Boolean(default=True)
    is_default = fields.Boolean(
        "Default",
        readonly=True,
        copy=False,
        help="For customers without a plan of their own whom no other plan fits.",
    )
    level_ids = fields.One2many("account.followup.level", "plan_id", string="Levels")
    level_count = fields.Integer(compute="_compute_level_count")
    currency_id = fields.Many2one(related="company_id.currency_id")

    # settings: empty ones are the company's
    has_min_amount = fields.Boolean("Own Minimum Amount")
    min_amount = fields.Monetary(
        "Minimum Amount to Remind",
        help="Customers of this plan who owe less, credits deducted, are not reminded.",
    )
    has_min_days = fields.Boolean("Own Days between Reminders")
    min_days = fields.Integer(
        "Minimum Days between Reminders",
        help="A customer of this plan is not reminded again before so many days have "
        "passed.",
    )
    catch_up = fields.Selection(
        selection=lambda self: (
            self.env["res.company"]._fields["followup_catch_up"].selection
        ),
        string="Late Invoices Found Late",
        help="The level at which an invoice starts that is found far overdue; empty "
        "for what the company's settings say.",
    )

    # whom it is for
    country_ids = fields.Many2many("res.country", string="Countries")
    category_ids = fields.Many2many(
        "res.partner.category", string="Customer Tags", help="One of them is enough."
    )
    customer_type = fields.Selection(
        [("company", "Companies"), ("person", "Persons")], string="Kind of Customer"
    )
    payment_term_ids = fields.Many2many("account.payment.term", string="Payment Terms")
    trust = fields.Selection(
        selection=lambda self: (
            self.env["account.followup.customer.trust"]._get_choices()
        )
    )
    customer_domain = fields.Char(
        "Further Condition",
        help="Any other condition on the customer, for example on the sales team.",
    )
    has_conditions = fields.Boolean(compute="_compute_conditions")
    conditions = fields.Char("For", compute="_compute_conditions")

    _company_default_unique = models.UniqueIndex(
        "(company_id) WHERE is_default",
        "A company has one default follow-up plan.",
    )
    _min_amount_positive = models.Constraint(
        "CHECK (min_amount IS NULL OR min_amount >= 0)",
        "The minimum amount of a follow-up plan cannot be negative.",
    )
    _min_days_positive = models.Constraint(
        "CHECK (min_days IS NULL OR min_days BETWEEN 0 AND 3650)",
        "The days between two reminders of a follow-up plan are from 0 to 3,650.",
    )

    # ------------------------------------------------------------------
    # What is shown
    # ------------------------------------------------------------------

    @api.depends("level_ids")
    def _compute_level_count(self):
        for plan in self:
            plan.level_count = len(plan.level_ids)

    @api.depends_context("lang")
    @api.depends("is_default", "customer_type", "customer_domain", *CONDITIONS)
    def _compute_conditions(self):
        """Say in words whom a plan is for."""
        for plan in self:
            texts = plan._get_condition_texts()
            plan.has_conditions = bool(texts)
            if plan.is_default:
                plan.conditions = self.env._("all other customers")
            else:
                plan.conditions = ", ".join(texts) or self.env._(
                    "customers chosen by hand"
                )

    def _get_condition_texts(self):
        """Return each condition of the plan as a person reads it."""
        self.ensure_one()
        texts = []
        for name in ("country_ids", "category_ids", "payment_term_ids"):
            if self[name]:
                texts.append(", ".join(self[name].mapped("display_name")))
        for name in ("customer_type", "trust"):
            if self[name]:
                labels = dict(self._fields[name]._description_selection(self.env))
                texts.append(labels[self[name]])
        if self._get_domain_by_hand():
            texts.append(self.env._("further condition"))
        return texts

    # ------------------------------------------------------------------
    # Settings
    # ------------------------------------------------------------------

    def _get_min_amount(self):
        """Return the least claim that is reminded, in the currency of the company."""
        self.ensure_one()
        company = self.company_id
        return self.min_amount if self.has_min_amount else company.followup_min_amount

    def _get_min_days(self):
        """Return the days between two reminders, within the bounds of the calendar."""
        self.ensure_one()
        days = self.min_days if self.has_min_days else self.company_id.followup_min_days
        # what is out of bounds must not stop the statement
        return min(max(days, 0), ladder.MAX_DELAY)

    def _get_catch_up(self):
        self.ensure_one()
        return self.catch_up or self.company_id.followup_catch_up

    # ------------------------------------------------------------------
    # One default for each company
    # ------------------------------------------------------------------

    @api.model
    def _create_default_plans(self, companies):
        """Give root companies a default plan, if they have none.

        :return: the default plans of all of them
        """
        sudo = self.sudo().with_context(active_test=False)
        known = sudo.search(
            [("company_id", "in", companies.ids), ("is_default", "=", True)]
        )
        new = sudo.create(
            [
                {"name": "Standard", "company_id": company.id, "is_default": True}
                for company in companies - known.company_id
            ]
        )
        new._translate_name()
        return known + new

    def _translate_name(self):
        """Put the shipped name into the languages that are there."""
        langs = [code for code, _name in self.env["res.lang"].get_installed()]
        for plan in self:
            plan._update_field_translations(
                "name",
                {
                    lang: self.with_context(lang=lang).env._(DEFAULT_NAME)
                    for lang in langs
                    if lang != "en_US"
                },
            )

    @api.model
    def _get_default_plan(self, company):
        """Return the default plan of a root company."""
        domain = [("company_id", "=", company.id), ("is_default", "=", True)]
        return self.sudo().search(domain, limit=1) or self._create_default_plans(
            company
        )

    def action_set_default(self):
        """Make it the default plan of its company."""
        self.ensure_one()
        self.check_access("write")
        if not self.active:
            raise UserError(
                self.env._(
                    'Follow-up plan "%s" is archived: restore it first.', self.name
                )
            )
        sudo = self.sudo()
        others = [("company_id", "=", sudo.company_id.id), ("is_default", "=", True)]
        former = sudo.search(others)
        former.is_default = False
        former.flush_recordset(["is_default"])  # there is one at any moment
        sudo.is_default = True

    @api.model
    def _has_field_access(self, field, operation):
        # EXTENDS 'base': which one is the default is said by a button alone
        if operation == "write" and not self.env.su and field.name == "is_default":
            return False
        return super()._has_field_access(field, operation)

    def write(self, vals):
        # EXTENDS 'base'
        if "active" in vals and not vals["active"]:
            self._check_not_default()
        result = super().write(vals)
        if "company_id" in vals:  # rules are asked before it, and so of the old one
            self.check_access("write")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_needed(self):
        self._check_not_default()
        used = self.with_context(active_test=False).filtered("level_ids")
        if used:
            raise UserError(
                self.env._(
                    "%(plans)s: delete or move the levels first, or archive the plan, "
                    "so that the history stays.",
                    plans=", ".join(used.mapped("name")),
                )
            )

    def _check_not_default(self):
        if default := self.filtered("is_default"):
            raise UserError(
                self.env._(
                    'Follow-up plan "%s" is the default of its company. Make another '
                    "one the default first.",
                    default[0].name,
                )
            )

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------

    @api.constrains("company_id", "level_ids")
    def _check_company_of_plan(self):
        for plan in self:
            levels = plan.with_context(active_test=False).level_ids
            if levels.company_id - plan.company_id:
                raise ValidationError(
                    self.env._(
                        'Follow-up plan "%s" stays with its company as long as it has '
                        "levels. Copy it for another one.",
                        plan.name,
                    )
                )

    @api.constrains("customer_domain")
    def _check_customer_domain(self):
        """Refuse a condition that cannot be asked, which would stop all lists."""
        choice = self.env["account.followup.plan.choice"]
        for plan in self:
            partners = self.env["res.partner"].with_company(plan.company_id)
            try:
                with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                    partners.search(plan._get_domain_by_hand(), limit=1)
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                raise ValidationError(choice._get_unread_text(plan)) from error

    def _get_domain_by_hand(self):
        return Domain(literal_eval(self.customer_domain or "[]")) & Domain.TRUE

    def _get_customer_domain(self):
        """Return whom the plan is for, as a domain on customers; None for nobody.

        A plan without conditions is for those only for whom it was chosen by hand.
        """
        self.ensure_one()
        if not self.has_conditions:
            return None
        choice = self.env["account.followup.plan.choice"]
        return self._get_domain_by_hand() & choice._get_domain_of_fields(self)

    # ------------------------------------------------------------------
    # Copy
    # ------------------------------------------------------------------

    def copy_data(self, default=None):
        # EXTENDS 'base'
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for plan, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", plan.name)
        return vals_list

    def copy(self, default=None):
        # EXTENDS 'base': with its levels, as they are
        copies = super().copy(default)
        for plan, copied in zip(self, copies, strict=True):
            for level in plan.level_ids:
                level.copy(
                    {
                        "plan_id": copied.id,
                        "company_id": copied.company_id.id,
                        "delay": level.delay,
                    }
                )
        return copies

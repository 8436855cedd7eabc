from odoo import api, models
from odoo.tools.translate import LazyGettext, LazyTranslate

from ..hooks import let_others_work

_lt = LazyTranslate(__name__)

#: Levels that a company starts with (A1). Names are translated when created.
DEFAULT_LEVELS = (
    {
        "name": _lt("Payment Reminder"),
        "delay": 5,
        "payment_days": 8,
        "template": "account_payment_followup.mail_template_reminder",
        "is_automatic": True,
        "send_email": True,
    },
    {
        "name": _lt("Second Reminder"),
        "delay": 15,
        "payment_days": 5,
        "template": "account_payment_followup.mail_template_second_reminder",
        "is_automatic": True,
        "send_email": True,
        "attach_invoices": True,
    },
    {
        "name": _lt("Phone Call"),
        "delay": 25,
        "template": "account_payment_followup.mail_template_second_reminder",
        "is_automatic": True,
        "schedule_activity": True,
        "activity_type": "mail.mail_activity_data_call",
        "activity_summary": _lt("Call about the overdue invoices"),
    },
    {
        "name": _lt("Final Notice"),
        "delay": 40,
        "payment_days": 8,
        "template": "account_payment_followup.mail_template_final_notice",
        "send_email": True,
        "attach_invoices": True,
    },
)

#: Field of a level: its texts that are shipped, to translate.
DEFAULT_TEXTS = {
    name: [values[name] for values in DEFAULT_LEVELS if name in values]
    for name in ("name", "activity_summary")
}


class AccountFollowupDefault(models.AbstractModel):
    """The levels that a company starts with, in its languages (A1)."""

    _name = "account.followup.default"
    _description = "Follow-up Levels to Start With"

    @api.model
    def _create_default_levels(self, companies):
        """Create the default levels of root companies that have none yet (A1).

        :param companies: root companies
        :return: the new levels
        """
        levels = self.env["account.followup.level"].sudo()
        levels = levels.with_context(active_test=False)
        known = levels.search([("company_id", "in", companies.ids)]).company_id
        self.env["account.followup.plan"]._create_default_plans(companies)
        sudo = self.with_context(lang="en_US").sudo()
        levels = sudo.env["account.followup.level"].create(
            [
                sudo._prepare_default_level(company, values)
                for company in companies - known
                for values in DEFAULT_LEVELS
            ]
        )
        self._translate_default_levels(levels, self._get_active_langs())
        return levels

    @api.model
    def _complete_level(self, vals):
        """Return values in which the company has its plan, and a plan its company.

        A level of a company that names no plan belongs to the default one (X16).
        """
        plans = self.env["account.followup.plan"]
        default = self.env.context.get("default_company_id")
        company_id, plan_id = vals.get("company_id", default), vals.get("plan_id")
        if company_id and not plan_id:
            company = self.env["res.company"].browse(company_id).root_id
            return {**vals, "plan_id": plans._get_default_plan(company).id}
        if plan_id and not company_id:
            return {**vals, "company_id": plans.browse(plan_id).sudo().company_id.id}
        return vals

    @api.model
    def _end_making_tables(self):
        """Let others work while the data is loaded, which takes seconds (G1)."""
        let_others_work(self.env)

    @api.model
    def _prepare_default_level(self, company, values):
        values = dict(values, company_id=company.id)
        template = self.env.ref(values.pop("template"), raise_if_not_found=False)
        values["mail_template_id"] = template and template.id
        sms_template = self.env.ref(
            "account_payment_followup.sms_template_reminder", raise_if_not_found=False
        )
        values["sms_template_id"] = sms_template and sms_template.id
        if activity_type := values.pop("activity_type", None):
            activity_type = self.env.ref(activity_type, raise_if_not_found=False)
            values["activity_type_id"] = activity_type and activity_type.id
        values.setdefault("send_email", False)
        return {
            name: self.env._(value) if isinstance(value, LazyGettext) else value
            for name, value in values.items()
        }

    @api.model
    def _get_active_langs(self):
        return [code for code, _name in self.env["res.lang"].get_installed()]

    @api.model
    def _translate_default_levels(self, levels, langs):
        """Put the shipped texts of levels in some languages (A1).

        A text that somebody has changed or translated stays as it is.

        :param langs: codes of active languages
        """
        active = self._get_active_langs()
        for name, sources in DEFAULT_TEXTS.items():
            shipped = {
                lang: [self.with_context(lang=lang).env._(text) for text in sources]
                for lang in ["en_US", *sorted(set(active) - {"en_US"})]
            }
            for level in levels:
                self._translate_default_text(level, name, shipped, set(langs), active)

    @api.model
    def _translate_default_text(self, level, name, shipped, langs, active):
        """Put one shipped text of a level in some languages.

        What is stored as en_US also stands for languages without a text of their own.
        Where English is not active that is the company's language, or the first one:
        in which order languages are loaded makes no difference.

        :param str name: field
        :param dict shipped: {language: texts}, in the same order, English first
        """
        stored = level._fields[name]._get_stored_translations(level) or {}
        source = stored.get("en_US")
        found = [texts.index(source) for texts in shipped.values() if source in texts]
        if not found:
            return
        texts = {
            lang: shipped[lang][found[0]]
            for lang in langs - {"en_US"}
            if stored.get(lang, source) == source
        }
        if "en_US" not in active and source in shipped["en_US"]:
            own = level.company_id.partner_id.lang
            first = own if own in active else min(active)
            texts["en_US"] = shipped[first][found[0]]
        elif langs == {"en_US"}:  # it has just been loaded
            texts["en_US"] = shipped["en_US"][found[0]]
        if texts:
            level._update_field_translations(name, texts)

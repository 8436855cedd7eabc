from datetime import date

from odoo import api, models
from odoo.tools.misc import format_date

from ..models.account_followup_customer import STATUSES
from ..tools import periods
from .account_followup_report import MAX_INTEGER, PAGE_SIZE

#: Most customers that one page may have, most earlier month ends to compare with.
MAX_LIMIT = 1000
MAX_COMPARE = 12

#: Options that are lists of ids, and the model of their records.
ID_LISTS = {
    "partner_ids": "res.partner",
    "category_ids": "res.partner.category",
    "level_ids": "account.followup.level",
    "currency_ids": "res.currency",
}
#: Years of days that a person can mean; with earlier ones no sheet can be made.
YEARS = (1900, 9999)
FLAGS = ("draft", "hide_settled", "descending")


class AccountFollowupReport(models.AbstractModel):
    """What a person chose: checked here, once, for every renderer."""

    _inherit = "account.followup.report"

    @api.model
    def _normalize_options(self, options):
        """Return complete and checked options.

        ``variant``; ``period`` (a name of ``tools.periods`` or ``custom``),
        ``date_from`` (ISO date or ``False``) and ``date_to``; ``partner_ids``
        (contacts stand for their customer), ``category_ids``, ``level_ids``,
        ``currency_ids``; ``trust`` and ``status`` (lists of values); ``search``
        (customer's name or reference); ``draft`` (entries that are not posted, too),
        ``hide_settled``; ``accounts`` (``receivable``, and where the variant offers
        them ``payable`` and ``both``); ``currency`` (``document``: each in its own, or
        ``company``);
        ``age_by`` (``due_date`` or ``invoice_date``), ``compare`` (number of earlier
        month ends); ``unfold`` (lines, too, in PDF and XLSX; default); ``sort``
        (name of a column or ``name``), ``descending``;
        ``offset``, ``limit``. What is unknown is left out, and so are records that
        the user may not read: the answer is that for ids which do not exist.

        :raise UserError: a value makes no sense
        """
        result = {"variant": self._get_name()}
        result.update(self._normalize_period(options))
        for name in ID_LISTS:
            result[name] = self._normalize_records(name, options.get(name))
        for name, values in self._get_choice_values().items():
            result[name] = self._normalize_choices(name, options.get(name), values)
        for name in FLAGS:
            result[name] = bool(options.get(name))
        result["unfold"] = options.get("unfold") in (None, True)
        result["currency"] = self._normalize_choice(
            options, "currency", ("document", "company"), self._get_default_currency()
        )
        result["age_by"] = self._normalize_choice(
            options, "age_by", ("due_date", "invoice_date"), "due_date"
        )
        accounts = self._get_account_choices()
        result["accounts"] = self._normalize_choice(
            options, "accounts", accounts, accounts[0]
        )
        result["search"] = self._normalize_text(options, "search").strip()[:100]
        result["sort"] = self._normalize_text(options, "sort") or "name"
        result["compare"] = self._normalize_number(options, "compare", 0, MAX_COMPARE)
        result["offset"] = self._normalize_number(options, "offset", 0, MAX_INTEGER)
        result["limit"] = self._normalize_number(options, "limit", PAGE_SIZE, MAX_LIMIT)
        return result

    @api.model
    def _get_name(self):
        return self._name.removeprefix("account.followup.report.")

    @api.model
    def _get_default_period(self):
        return "this_year"

    @api.model
    def _get_period_names(self):
        """Return the ready-made periods of the variant."""
        return periods.PERIODS

    @api.model
    def _get_default_currency(self):
        return "document"

    @api.model
    def _normalize_period(self, options):
        period = options.get("period") or self._get_default_period()
        if not isinstance(period, str) or period not in self._get_period_names():
            raise self._get_option_error("period", period)
        if period == "custom":
            first = self._normalize_date(options, "date_from")
            last = self._normalize_date(options, "date_to") or self._get_day()
            if first and first > last:
                raise self._get_option_error("date_from", first)
        else:
            first, last = periods.get_period(
                period, self._get_day(), self._get_fiscal_year()
            )
        return {
            "period": period,
            "date_from": first.isoformat() if first else False,
            "date_to": last.isoformat(),
        }

    @api.model
    def _normalize_date(self, options, name):
        value = options.get(name) or None
        try:
            day = value and date.fromisoformat(value)
        except (TypeError, ValueError):
            raise self._get_option_error(name, value) from None
        if day and not YEARS[0] <= day.year <= YEARS[1]:
            raise self._get_option_error(name, value)
        return day

    @api.model
    def _normalize_ids(self, name, value):
        value = value or []
        if not isinstance(value, list) or not all(type(id_) is int for id_ in value):
            raise self._get_option_error(name, value)
        return value

    @api.model
    def _normalize_records(self, name, value):
        """Return the ids of the records that the user may read.

        :raise UserError: there is none of these
        """
        ids = self._normalize_ids(name, value)
        if not ids:
            return []
        records = self.env[ID_LISTS[name]].with_context(active_test=False)
        known = [("id", "in", [id_ for id_ in ids if 0 < id_ <= MAX_INTEGER])]
        found = records.search(known)
        if name == "partner_ids" and found:
            # contacts stand for their customer, if that may be read as well
            customers = found.sudo().commercial_partner_id
            if customers - found:
                customers = records.search([("id", "in", customers.ids)])
            found = customers
        if not found:
            raise self._get_option_error(name, value)
        order = {id_: number for number, id_ in enumerate(ids)}
        return sorted(found.ids, key=lambda id_: (order.get(id_, len(ids)), id_))

    @api.model
    def _normalize_text(self, options, name):
        """Return a text that the database can take."""
        value = options.get(name) or ""
        try:
            is_sound = isinstance(value, str) and b"\0" not in value.encode()
        except UnicodeEncodeError:
            is_sound = False
        if not is_sound:
            raise self._get_option_error(name, value)
        return value

    @api.model
    def _normalize_choices(self, name, value, values):
        value = value or []
        if not isinstance(value, list) or set(map(str, value)) - set(values):
            raise self._get_option_error(name, value)
        return value

    @api.model
    def _normalize_choice(self, options, name, values, default):
        value = options.get(name) or default
        if value not in values:
            raise self._get_option_error(name, value)
        return value

    @api.model
    def _normalize_number(self, options, name, default, highest):
        value = options.get(name)
        value = default if value is None or value is False else value
        if type(value) is not int or not 0 <= value <= highest:
            raise self._get_option_error(name, value)
        return value

    # ------------------------------------------------------------------
    # Words for the screen
    # ------------------------------------------------------------------

    @api.model
    def _get_choice_values(self):
        partners = self.env["res.partner"]
        trusts = partners._fields["trust"].get_values(self.env)
        return {"trust": trusts, "status": [value for value, _label in STATUSES]}

    @api.model
    def _get_choices(self):
        """Return what the filters offer: {option: [(value, label)]}."""
        partners = self.env["res.partner"]
        levels = self.env["account.followup.level"].with_context(active_test=True)
        levels = levels.search([("company_id", "=", self.env.company.root_id.id)])
        currencies = self.env["res.currency"].with_context(active_test=True)
        labels = self._get_period_labels()
        return {
            "period": [(name, labels[name]) for name in self._get_period_names()],
            "trust": partners._fields["trust"]._description_selection(self.env),
            "status": partners._fields["followup_status"]._description_selection(
                self.env
            ),
            "level_ids": [(level.id, level.name) for level in levels],
            "currency_ids": [(cur.id, cur.name) for cur in currencies.search([])],
            "accounts": [
                (name, label)
                for name, label in self._get_account_labels().items()
                if name in self._get_account_choices()
            ],
        }

    @api.model
    def _get_account_choices(self):
        """Return the accounts that the variant can be about, the default first."""
        return ("receivable",)

    @api.model
    def _get_account_labels(self):
        return {
            "receivable": self.env._("Receivable"),
            "payable": self.env._("Payable"),
            "both": self.env._("Receivable and payable"),
        }

    @api.model
    def _get_period_labels(self):
        return {
            "all": self.env._("All until today"),
            "today": self.env._("Today"),
            "this_month": self.env._("This month"),
            "last_month": self.env._("Last month"),
            "this_quarter": self.env._("This quarter"),
            "last_quarter": self.env._("Last quarter"),
            "this_year": self.env._("This financial year"),
            "last_year": self.env._("Last financial year"),
            "custom": self.env._("Choose dates"),
        }

    @api.model
    def _get_subtitle(self, options):
        """Return the time that a report is about, in words."""
        last = format_date(self.env, options["date_to"])
        if not options["date_from"]:
            return self.env._("Until %s", last)
        first = format_date(self.env, options["date_from"])
        return self.env._("%(first)s to %(last)s", first=first, last=last)

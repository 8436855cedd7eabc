"""What a person chose: checked here, once, for every renderer."""

from datetime import date

from odoo.exceptions import UserError

from ...models.account_followup_customer import STATUSES
from ...tools import periods

#: Customers of a page of the screen, most that one may have.
PAGE_SIZE = 80
MAX_LIMIT = 1000
#: Most earlier month ends to compare with.
MAX_COMPARE = 12
#: Largest number that the database takes for an id or the place of a row.
MAX_INTEGER = 2**31 - 1
#: Years of days that a person can mean; with earlier ones no sheet can be made.
YEARS = (1900, 9999)

#: Options that are lists of ids, and the model of their records.
ID_LISTS = {
    "partner_ids": "res.partner",
    "category_ids": "res.partner.category",
    "level_ids": "account.followup.level",
    "currency_ids": "res.currency",
    "salesperson_ids": "res.users",
    "responsible_ids": "res.users",
}
FLAGS = ("draft", "hide_settled", "descending")


def make_option_error(env, name, value):
    """Return the error about an option that makes no sense."""
    is_plain = isinstance(value, str) and value.isprintable()
    return UserError(
        env._(
            "The report cannot be shown with %(name)s = %(value)s. Open it anew "
            "from the menu.",
            name=name,
            value=(value if is_plain else ascii(value))[:100],
        )
    )


def make_variant_error(env, variant):
    """Return the error about a variant that is not there, or switched off."""
    root = env.company.root_id.sudo()
    name = f"account.followup.report.{variant}"
    is_known = isinstance(variant, str) and name in env
    if is_known and not root.followup_enabled:
        if "followup" in env[name]._get_features():
            return UserError(
                env._(
                    "Payment follow-ups are switched off for %(company)s. An "
                    "administrator switches them on in the settings of Invoicing, "
                    "under Payment Follow-ups.",
                    company=root.name,
                )
            )
    return make_option_error(env, "variant", variant)


def parse_row_id(env, row_id):
    """Return (customer id or 0, currency id) of a customer's row."""
    try:
        partner, currency = (int(part) for part in row_id.split("-"))
        is_sound = max(partner, currency) <= MAX_INTEGER
    except (AttributeError, TypeError, ValueError):
        is_sound = False
    if not is_sound:
        raise make_option_error(env, "row_id", row_id)
    return partner, currency


class Options:
    """The options of a variant: how they are checked, and what is offered."""

    def __init__(self, report, given=None):
        """:param dict given: what a client sent"""
        self.report = report
        self.env = report.env
        self.given = given or {}

    def normalize(self):
        """Return complete and checked options, see ``_normalize_options``."""
        report = self.report
        result = {"variant": report._name.removeprefix("account.followup.report.")}
        result.update(report._normalize_period(self.given))
        for name in ID_LISTS:
            result[name] = self._get_records(name)
        for name, values in self._get_choice_values().items():
            result[name] = self._get_choices_of(name, values)
        for name in FLAGS:
            result[name] = bool(self.given.get(name))
        result["unfold"] = self.given.get("unfold") in (None, True)
        result["unfolded"] = self._get_row_ids("unfolded")
        accounts = report._get_account_choices()
        for name, values, default in (
            ("currency", ("document", "company"), report._default_currency),
            ("age_by", ("due_date", "invoice_date"), "due_date"),
            ("accounts", accounts, accounts[0]),
        ):
            result[name] = self._get_choice(name, values, default)
        result["search"] = self._get_text("search").strip()[:100]
        result["sort"] = self._get_text("sort") or "name"
        for name, default, highest in (
            ("compare", 0, MAX_COMPARE),
            ("offset", 0, MAX_INTEGER),
            ("limit", PAGE_SIZE, MAX_LIMIT),
        ):
            result[name] = self.get_number(name, default, highest)
        return result

    # ------------------------------------------------------------------
    # One by one
    # ------------------------------------------------------------------

    def get_period(self):
        """Return ``period``, ``date_from`` and ``date_to``."""
        report = self.report
        period = self.given.get("period") or report._default_period
        if not isinstance(period, str) or period not in report._period_names:
            raise make_option_error(self.env, "period", period)
        if period == "custom":
            first = self._get_date("date_from")
            last = self._get_date("date_to") or report._get_day()
            if first and first > last:
                raise make_option_error(self.env, "date_from", first)
        else:
            first, last = periods.get_period(
                period, report._get_day(), report._get_fiscal_year()
            )
        return {
            "period": period,
            "date_from": first.isoformat() if first else False,
            "date_to": last.isoformat(),
        }

    def _get_date(self, name):
        value = self.given.get(name) or None
        try:
            day = value and date.fromisoformat(value)
        except (TypeError, ValueError):
            raise make_option_error(self.env, name, value) from None
        if day and not YEARS[0] <= day.year <= YEARS[1]:
            raise make_option_error(self.env, name, value)
        return day

    def _get_ids(self, name):
        value = self.given.get(name) or []
        if not isinstance(value, list) or not all(type(id_) is int for id_ in value):
            raise make_option_error(self.env, name, value)
        return value

    def _get_records(self, name):
        """Return the ids of the records that the user may read.

        :raise UserError: there is none of these
        """
        ids = self._get_ids(name)
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
            raise make_option_error(self.env, name, ids)
        order = {id_: number for number, id_ in enumerate(ids)}
        return sorted(found.ids, key=lambda id_: (order.get(id_, len(ids)), id_))

    def _get_row_ids(self, name):
        value = self.given.get(name) or []
        if not isinstance(value, list) or len(value) > MAX_LIMIT:
            raise make_option_error(self.env, name, value)
        for row_id in value:
            parse_row_id(self.env, row_id)
        return value

    def _get_text(self, name):
        """Return a text that the database can take."""
        value = self.given.get(name) or ""
        try:
            is_sound = isinstance(value, str) and b"\0" not in value.encode()
        except UnicodeEncodeError:
            is_sound = False
        if not is_sound:
            raise make_option_error(self.env, name, value)
        return value

    def _get_choices_of(self, name, values):
        value = self.given.get(name) or []
        if not isinstance(value, list) or set(map(str, value)) - set(values):
            raise make_option_error(self.env, name, value)
        return value

    def _get_choice(self, name, values, default):
        value = self.given.get(name) or default
        if value not in values:
            raise make_option_error(self.env, name, value)
        return value

    def get_number(self, name, default, highest):
        """Return a whole number from 0 to the highest one."""
        value = self.given.get(name)
        value = default if value is None or value is False else value
        if type(value) is not int or not 0 <= value <= highest:
            raise make_option_error(self.env, name, value)
        return value

    # ------------------------------------------------------------------
    # What is offered
    # ------------------------------------------------------------------

    def _get_choice_values(self):
        trusts = self.env["res.partner"]._fields["trust"].get_values(self.env)
        return {"trust": trusts, "status": [value for value, _label in STATUSES]}

    def get_choices(self):
        """Return what the filters offer: {option: [(value, label)]}."""
        fields = self.env["res.partner"]._fields
        levels = self.env["account.followup.level"].with_context(active_test=True)
        levels = levels.search([("company_id", "=", self.env.company.root_id.id)])
        currencies = self.env["res.currency"].with_context(active_test=True)
        labels, accounts = self.get_period_labels(), self._get_account_labels()
        return {
            "period": [(name, labels[name]) for name in self.report._period_names],
            "trust": fields["trust"]._description_selection(self.env),
            "status": fields["followup_status"]._description_selection(self.env),
            "level_ids": [(level.id, level.name) for level in levels],
            "currency_ids": [(cur.id, cur.name) for cur in currencies.search([])],
            "accounts": [
                (name, label)
                for name, label in accounts.items()
                if name in self.report._get_account_choices()
            ],
        }

    def _get_account_labels(self):
        return {
            "receivable": self.env._("Receivable"),
            "payable": self.env._("Payable"),
            "both": self.env._("Receivable and payable"),
        }

    def get_period_labels(self):
        """Return {ready-made period: its name}."""
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

from lxml import html
from markupsafe import Markup

from odoo import api, models
from odoo.tools.mail import html_sanitize
from odoo.tools.misc import format_date, formatLang

from ..tools import links

#: In a text, the element with this class is replaced by the table of open invoices.
TABLE_CLASS = "o_followup_items"


class AccountFollowupBody(models.AbstractModel):
    """The text of a reminder with the table of open invoices, as it is kept."""

    _name = "account.followup.body"
    _description = "Body of a Payment Reminder"

    @api.model
    def _get_full_body(self, reminder, data):
        """Return the text with the table of open invoices in its place (C5)."""
        table = self._render_table(reminder, data)
        return self._insert_table(
            self._clean_text(data["body"]), table, self._get_direction(reminder.lang)
        )

    @api.model
    def _clean_text(self, body):
        """Return a text of people with what core lets into its messages, and no more.

        Whoever writes templates is not to run anything in the browser of whoever reads
        the history.
        """
        return html_sanitize(
            body or "", sanitize_attributes=True, sanitize_style=True, silent=True
        )

    @api.model
    def _get_direction(self, lang):
        """Return ``ltr`` or ``rtl``, the direction in which a language is written."""
        return self.env["res.lang"]._get_data(code=lang).direction or "ltr"

    @api.model
    def _insert_table(self, body, table, direction):
        """Put the table where the text has a place for it, else below the text.

        The text says its direction, since neither the layout of e-mails nor the screen
        of another user would know it.
        """
        root = html.fragment_fromstring(str(body), create_parent="div")
        root.set("dir", direction)
        root.set("style", f"text-align: {'right' if direction == 'rtl' else 'left'};")
        table_element = html.fragment_fromstring(str(table), create_parent="div")
        if places := root.find_class(TABLE_CLASS):
            place, *others = places
            table_element.tail = place.tail
            place.getparent().replace(place, table_element)
            for other in others:
                other.drop_tree()
        else:
            root.append(table_element)
        return Markup(html.tostring(root, encoding="unicode"))

    @api.model
    def _render_table(self, reminder, data):
        """Return the table of the items that a reminder names, in its language."""
        return (
            self.env["ir.qweb"]
            .with_context(lang=reminder.lang)
            ._render(
                "account_payment_followup.reminder_items",
                self._get_table_values(reminder, data),
                lang=reminder.lang,
            )
        )

    @api.model
    def _get_table_values(self, reminder, data):
        reminder = reminder.with_context(lang=reminder.lang)
        return {
            "reminder": reminder,
            "direction": self._get_direction(reminder.lang),
            "lines": reminder.line_ids.sorted(
                lambda one: (one.residual <= 0, one.due_date)
            ),
            "extra_lines": data["extra_lines"],
            "overdue_by_currency": self._get_overdue_totals(reminder.line_ids, data),
            "open_by_currency": self._get_open_totals(reminder.line_ids, data),
            "ways": data.get("ways", ()),
            "get_references": lambda line: self.env[
                "account.followup.pay"
            ]._get_invoice_references(line.move_line_id.move_id),
            **self.env["account.followup.link"]._get_link_values(reminder, data),
            **self._get_formats(reminder.env),
        }

    @api.model
    def _get_formats(self, env):
        """Return what writes days and amounts in the language of the text."""
        return {
            "format_day": lambda day: format_date(env, day),
            "format_amount": lambda amount, currency: formatLang(
                env, amount, currency_obj=currency
            ),
        }

    @api.model
    def _get_overdue_totals(self, lines, data):
        """Return [(currency, amount)] of the lines past their due date, less credits.

        A currency in which nothing is late has no entry: before the due date, nothing
        is called overdue (A2). Nor has one in which credits cover what is late.
        """
        counted = lines.filtered(lambda line: line.residual <= 0 or line.days_late > 0)
        totals = {
            currency: currency.round(total)
            for currency, mine in counted.grouped("currency_id").items()
            if currency.compare_amounts(total := sum(mine.mapped("residual")), 0) > 0
        }
        extra = data["extra_lines"] if totals else ()
        claim = self.env["account.followup.claim"]
        return list(claim._add_extra_lines(totals, extra).items())

    @api.model
    def _get_open_totals(self, lines, data):
        """Return [(currency, amount, whether it has more than the lines)].

        What is open and what is overdue are one amount to a customer who owes nothing
        else: it is said once.
        """
        claim, extra = self.env["account.followup.claim"], data["extra_lines"]
        overdue = dict(self._get_overdue_totals(lines, data))
        grouped = lines.grouped("currency_id").items()
        listed = {currency: sum(mine.mapped("residual")) for currency, mine in grouped}
        listed = claim._add_extra_lines(listed, extra)
        due = {currency: amount for currency, amount, *_rest in data["total_due"]}
        result = []
        for currency, amount in claim._add_extra_lines(due, extra).items():
            is_more = currency.compare_amounts(amount, listed.get(currency, 0.0))
            said = overdue.get(currency)
            if is_more or said is None or currency.compare_amounts(amount, said):
                result.append((currency, amount, bool(is_more)))
        return result

    @api.model
    def _keep_body(self, data):
        """Note the text of a reminder, its links without what opens them.

        The secrets stay in ``data["secrets"]`` until the e-mail is made.
        """
        reminder = data["reminder"]
        body, data["secrets"] = links.hide_secrets(self._get_full_body(reminder, data))
        data["secrets"].update(
            self.env["account.followup.link"]._get_page_secrets(reminder)
        )
        # what people have written was cleaned before the table was put into it, and the
        # table is ours: to clean both again takes a tenth of the time of a reminder
        field = reminder._fields["body"]
        field._update_cache(reminder, str(body), dirty=True)

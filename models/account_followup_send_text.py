from lxml import html
from markupsafe import Markup

from odoo import api, models
from odoo.tools.misc import format_date, formatLang

#: In a text, the element with this class is replaced by the table of open invoices.
TABLE_CLASS = "o_followup_items"


class AccountFollowupSend(models.AbstractModel):
    """Text of reminders: templates filled in, with the table of open invoices."""

    _inherit = "account.followup.send"

    @api.model
    def _get_full_body(self, reminder, data):
        """Return the text with the table of open invoices in its place (C5)."""
        table = self._render_table(reminder, data)
        return self._insert_table(
            data["body"] or "", table, self._get_direction(reminder.lang)
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
        places = root.find_class(TABLE_CLASS)
        table_element = html.fragment_fromstring(str(table), create_parent="div")
        if places:
            place = places[0]
            table_element.tail = place.tail
            place.getparent().replace(place, table_element)
            for other in places[1:]:
                other.drop_tree()
        else:
            root.append(table_element)
        content = html.tostring(root, encoding="unicode")
        return Markup(content)

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
                lambda line: (line.residual <= 0, line.due_date, line.id)
            ),
            "overdue_by_currency": self._get_overdue_totals(reminder.line_ids),
            "due_by_currency": [(total[0], total[1]) for total in data["total_due"]],
            "pay_url": self._get_pay_url(reminder),
            "format_day": lambda day: format_date(reminder.env, day),
            "format_amount": lambda amount, currency: formatLang(
                reminder.env, amount, currency_obj=currency
            ),
        }

    @api.model
    def _get_overdue_totals(self, lines):
        """Return [(currency, amount)] of the lines past their due date, less credits.

        A currency in which nothing is late has no entry: before the due date, nothing
        is called overdue (A2).
        """
        counted = lines.filtered(lambda line: line.residual <= 0 or line.days_late > 0)
        return [
            (currency, max(sum(mine.mapped("residual")), 0.0))
            for currency, mine in counted.grouped("currency_id").items()
            if any(line.residual > 0 for line in mine)
        ]

    @api.model
    def _get_pay_url(self, reminder):
        """Return the address at which the customer can pay: core's payment page (C5).

        With one invoice its own page, which the token opens without a login, else the
        page of all overdue invoices. No token is made here, since that would write on
        the invoice while it is being processed (promise 4).
        """
        moves = reminder.line_ids.filtered(lambda line: line.residual > 0).move_id
        base = reminder.company_id.get_base_url()
        if len(moves) == 1 and moves.is_invoice() and moves.access_token:
            return f"{base}{moves.get_portal_url()}"
        return f"{base}/my/invoices/overdue"

import base64

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.misc import get_lang

from ..tools import takeover_csv


class AccountFollowupTakeoverSourceCsv(models.AbstractModel):
    """A sheet with a line for each invoice or customer, from any other system.

    Columns are found by their headings (``tools/takeover_csv.py``), among them the
    labels that the paid edition's documentation gives for what is on its screens.
    """

    _name = "account.followup.takeover.source.csv"
    _inherit = "account.followup.takeover.source"
    _description = "Take Over from a CSV File"

    _place = 0
    _is_file = True
    _tells_settled = True

    @api.model
    def _get_label(self):
        # EXTENDS 'account.followup.takeover.source'
        return self.env._("CSV file")

    @api.model
    def _read(self, takeover):
        """Return the lines of the file, see ``tools/takeover_csv.py``.

        :raise UserError: there is no file, or it is none that can be read
        """
        if not takeover.file:
            raise UserError(
                self.env._(
                    "Choose the CSV file first. Its first line has the headings, such "
                    "as Invoice, Days and Date."
                )
            )
        try:
            return takeover_csv.read(base64.b64decode(takeover.file))
        except KeyError as error:
            raise self._get_no_heading_error(takeover) from error
        except (ValueError, takeover_csv.csv.Error) as error:
            raise self._get_no_sheet_error(takeover) from error

    def _get_no_heading_error(self, takeover):
        return UserError(
            self.env._(
                "%s: the first line must have the headings, among them Invoice or "
                "Customer. Add them and choose the file again.",
                takeover.file_name or self.env._("The file"),
            )
        )

    @api.model
    def _get_no_sheet_error(self, takeover):
        return UserError(
            self.env._(
                "%s is no CSV file. Save the sheet as CSV (UTF-8) and choose it again.",
                takeover.file_name or self.env._("The file"),
            )
        )

    @api.model
    def _get_facts(self, takeover):
        # EXTENDS 'account.followup.takeover.source': all is said in one file
        facts = super()._get_facts(takeover)
        levels = {}
        for number, row in self._read(takeover):
            where = self.env._("Line %s", number)
            said = {"where": where, "customer": row.get("customer")}
            try:
                found = self._get_facts_of_line(takeover, row)
            except ValueError as error:
                text = "; ".join(row.values())
                facts["problem"].append((where, text, str(error)))
                continue
            for kind, fact in found.items():
                facts[kind].append({**fact, **said})
                if level := fact.get("level_data"):
                    levels.setdefault(level["key"], level)
        return {**facts, "levels": list(levels.values())}

    def _get_facts_of_line(self, takeover, row):
        """Return {kind: fact} of a line.

        :raise ValueError: a cell cannot be read, with the reason
        """
        invoice, customer = row.get("invoice"), row.get("customer")
        if not (invoice or customer):
            raise ValueError(self.env._("It names neither an invoice nor a customer."))
        whom = {"number": invoice} if invoice else {"partner": customer}
        key = f"{invoice or ''}|{customer if not invoice else ''}"
        found = {}
        if row.get("level") or row.get("days"):
            found["reminder"] = self._get_reminder(takeover, row, key)
        if self._get_excluded(row):
            found["exclusion"] = {"key": f"{key}|excluded", **whom}
        # both are of the customer, also when the line names an invoice
        whom = {"partner": customer} if customer else {"number": invoice}
        if row.get("next_date"):
            day = self._get_day(row["next_date"])
            key = f"{customer or invoice}|{day}"
            found["next_date"] = {"key": key, "date": day, **whom}
        if user := row.get("responsible"):
            key = f"{customer or invoice}|{user}"
            found["responsible"] = {"key": key, "user": user, **whom}
        if not found and "excluded" not in row:
            raise ValueError(
                self.env._(
                    "It says nothing: level or days, exclusion, next reminder and "
                    "responsible are empty."
                )
            )
        return found

    def _get_reminder(self, takeover, row, key):
        if not row.get("invoice"):
            raise ValueError(
                self.env._("A level belongs to an invoice: its number is missing.")
            )
        level = self._get_level(row)
        day = self._get_reminder_day(takeover, row)
        return {
            "key": f"{key}|{level['key']}|{day}",
            "number": row["invoice"],
            "level": level["key"],
            "level_data": level,
            "date": day,
        }

    @api.model
    def _get_level(self, row):
        """Return the level that a line names, by its name or its days."""
        name, days = row.get("level"), row.get("days")
        if days and not days.lstrip("-").isdecimal():
            raise ValueError(self.env._("%s is no number of days.", days))
        return {
            "key": f"{name or ''}|{days or ''}",
            "name": name or self.env._("%s days", days),
            "delay": int(days) if days else None,
        }

    @api.model
    def _get_reminder_day(self, takeover, row):
        """Return the day of a reminder, that of the take-over if a line has none."""
        if row.get("date"):
            return self._get_day(row["date"])
        if takeover.default_date:
            return takeover.default_date
        raise ValueError(
            self.env._(
                "The date of the reminder is missing. Add it, or choose a day for "
                "lines without one."
            )
        )

    def _get_day(self, text):
        day = takeover_csv.get_date(text, get_lang(self.env).date_format)
        if not day:
            raise ValueError(
                self.env._("%s is no date. Write it as 2024-12-31.", text),
            )
        return day

    def _get_excluded(self, row):
        excluded = takeover_csv.get_choice(row.get("excluded", ""))
        if excluded is None:
            raise ValueError(
                self.env._(
                    "%s is neither yes nor no. Write yes for what is excluded.",
                    row["excluded"],
                )
            )
        return excluded

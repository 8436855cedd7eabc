from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang
from odoo.tools.translate import LazyTranslate

from ..tools import placeholders

_lt = LazyTranslate(__name__)

#: Placeholder: what it stands for (Y4). Texts of people name them, so that a name stays
#: for ever.
PLACEHOLDERS = {
    "number": _lt("Number of the reminder"),
    "deadline": _lt("Last day to pay"),
    "by_deadline": _lt("“by” and the last day to pay; else “without delay”"),
    "amount": _lt("Amount claimed, per currency"),
    "total_overdue": _lt("Total overdue of what is listed, per currency"),
    "total_due": _lt("Total open, also what is not listed, per currency"),
    "oldest_due_date": _lt("Oldest due date"),
    "days_late": _lt("Days late of the oldest invoice"),
    "count": _lt("Number of invoices listed"),
    "recipient_name": _lt("Name of the recipient"),
    "company_name": _lt("Name of your company"),
    "contact": _lt("Contact person: name, phone and email"),
    "contact_name": _lt("Contact person: name"),
    "contact_phone": _lt("Contact person: phone"),
    "contact_email": _lt("Contact person: email"),
    "link": _lt("Link to see and pay what is open"),
}

#: Texts of a reminder, and whether they are HTML.
TEXTS = {"subject": False, "body": True, "sms_body": False}


class AccountFollowupPlaceholder(models.AbstractModel):
    """What is put into the texts of reminders when they are recorded (Y3, Y4).

    Before that a text keeps its placeholders, so that what a person has written stays
    right, whatever is paid or ticked meanwhile.
    """

    _name = "account.followup.placeholder"
    _description = "Placeholders in Payment Reminders"

    # ------------------------------------------------------------------
    # Placeholders
    # ------------------------------------------------------------------

    @api.model
    def _fill_in(self, data):
        """Return the data with the texts filled in.

        :raise UserError: a text names what is no placeholder
        """
        found = {name: placeholders.find(data.get(name)) for name in TEXTS}
        wanted = {one for names in found.values() for one in names}
        if not wanted:
            return data
        if unknown := self._get_unknown(wanted):
            raise UserError(
                self.env._(
                    "%(customer)s: %(problem)s",
                    customer=data["followup"].partner_id.display_name,
                    problem=unknown,
                )
            )
        values = self.with_context(lang=data["lang"])._get_placeholder_values(data)
        filled = {
            name: placeholders.fill(data[name], values, is_html=is_html)
            for name, is_html in TEXTS.items()
            if found[name]
        }
        if "sms_body" in filled:  # blanks that would make it several messages
            filled["sms_body"] = filled["sms_body"].translate({0xA0: " ", 0x202F: " "})
        return {**data, **filled}

    @api.model
    def _get_unknown(self, names):
        """Return that some names are no placeholders, in one sentence, or None."""
        unknown = sorted(set(names) - set(PLACEHOLDERS))
        if not unknown:
            return None
        return self.env._(
            "%(unknown)s is no placeholder. There are: %(known)s.",
            unknown=", ".join(f"[[{name}]]" for name in unknown),
            known=", ".join(f"[[{name}]]" for name in PLACEHOLDERS),
        )

    @api.model
    def _get_placeholder_deadlines(self, data):
        """Return the last day to pay, alone and in a sentence."""
        if not data["deadline"]:
            without = self.env._("without delay")
            return {"deadline": self.env._("today"), "by_deadline": without}
        deadline = format_date(self.env, data["deadline"])
        return {"deadline": deadline, "by_deadline": self.env._("by %s", deadline)}

    @api.model
    def _get_placeholder_values(self, data):
        """Return {placeholder: text} in the language of the context."""
        followup, rows = data["followup"], data["rows"]
        company = followup.company_id.sudo()
        listed = [row for row in rows if row["residual"] > 0]
        claimed = self._get_claimed(listed, rows)
        oldest = min(row["due_date"] for row in claimed)
        addressee = self._get_addressee(data)
        return {
            "number": data["number"],
            **self._get_placeholder_deadlines(data),
            **self._get_placeholder_amounts(data),
            "oldest_due_date": format_date(self.env, oldest),
            "days_late": str(max(row["days_late"] for row in claimed)),
            "count": str(len(listed)),
            "recipient_name": addressee.name or followup.partner_id.sudo().name or "",
            "company_name": company.name,
            **self._get_placeholder_contact(followup),
            "link": self.env["account.followup.link"]._get_link_text(company),
        }

    @api.model
    def _get_claimed(self, listed, rows):
        """Return the invoices in whose currency something is claimed (rule 6).

        How late others are, which credits cover, says nothing to who reads it. A person
        may remind of nothing else: then it is said of them.

        :param list listed: those of ``rows`` that are debts
        """
        claims = self.env["account.followup.claim"]._get_claims(rows)
        currency_ids = {currency.id for currency in claims}
        return [row for row in listed if row["currency_id"] in currency_ids] or listed

    @api.model
    def _get_placeholder_amounts(self, data):
        """Return the placeholders of amounts; each currency has its own."""
        claim, extra = self.env["account.followup.claim"], data["extra_lines"]
        claims = claim._get_claims(data["rows"], lambda row: row["days_late"] > 0)
        overdue = {key: value for key, (value, _) in claims.items()}
        due = {key: value for key, value, *_rest in data["total_due"]}
        none = data["followup"].company_id.currency_id
        amounts = {
            "amount": {way["currency"]: way["amount"] for way in data["ways"]},
            "total_overdue": claim._add_extra_lines(overdue, overdue and extra),
            "total_due": claim._add_extra_lines(due, extra),
        }
        return {
            name: ", ".join(
                formatLang(self.env, amount, currency_obj=currency)
                for currency, amount in (found or {none: 0.0}).items()
            )
            for name, found in amounts.items()
        }

    @api.model
    def _get_placeholder_contact(self, followup):
        """Return the placeholders of who answers: the responsible, else the company."""
        company = followup.company_id.sudo()
        person = followup._get_responsible().sudo().partner_id or company.partner_id
        contact = {
            "contact_name": person.name or "",
            "contact_phone": person.phone or company.phone or "",
            "contact_email": person.email_normalized or company.email or "",
        }
        return {"contact": ", ".join(filter(None, contact.values())), **contact}

    @api.model
    def _get_addressee(self, data):
        """Return whom the text speaks to: who gets it; the customer, if several do."""
        partner = data["followup"].partner_id
        found = self.env["account.followup.recipients"]._get_first_reached(
            partner, data["items"], data["channels"]
        )
        return found if len(found) == 1 else partner.sudo()

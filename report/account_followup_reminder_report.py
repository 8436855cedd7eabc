from lxml import html
from markupsafe import Markup

from odoo import api, models

from ..tools import paper

#: Letterheads that print to the edge of the paper, which the post service does not;
#: core, too, posts its letters without them.
EDGE_LAYOUTS = {f"web.external_layout_{name}" for name in ("bubble", "folder", "wave")}

#: The letterhead by DIN 5008 of core, which has places of its own for title and facts.
DIN_LAYOUT = "l10n_din5008.external_layout_din5008"

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


class AccountFollowupReminderReport(models.AbstractModel):
    """The letter of a reminder (template ``report_reminder``)."""

    _name = "report.account_payment_followup.report_reminder"
    _description = "Payment Reminder Letter"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the reminders to print, which the user must be allowed to read.

        Nothing of ``data`` is used: it comes from the address of the page.

        :raise AccessError: one of them is not for this user
        """
        reminders = self.env["account.followup.reminder"].browse(docids)
        reminders.check_access("read")
        return {
            "doc_ids": docids,
            "doc_model": reminders._name,
            "docs": reminders,
            "get_direction": self._get_direction,
            "get_layout": self._get_layout,
            "get_recipient": self._get_recipient,
            "is_din_layout": lambda o: self._get_layout(o) == DIN_LAYOUT,
            "is_edge_layout": lambda o: self._get_layout(o) in EDGE_LAYOUTS,
            "letter_body": self._get_letter_body,
        }

    @api.model
    def _get_layout(self, reminder):
        """Return the letterhead of the company, or what replaces it for the post."""
        layout = reminder.company_id.sudo().external_report_layout_id.key
        if self.env.context.get("snailmail_layout") and layout in EDGE_LAYOUTS:
            return "web.external_layout_standard"
        return layout or "web.external_layout_standard"

    @api.model
    def _get_direction(self, reminder):
        return self.env["account.followup.body"]._get_direction(reminder.lang)

    @api.model
    def _get_recipient(self, reminder):
        """Return the contact of a letter by post, else the first of the recipients."""
        chosen = self.env.context.get("followup_contact_ids")
        if not isinstance(chosen, frozenset):  # what a client sends is none
            chosen = ()
        posted = reminder._get_recipients("letter")
        posted = posted.filtered(lambda one: one.id in chosen)
        return (posted or reminder._get_recipients("print"))[:1]

    @api.model
    def _get_head_room(self):
        """Return an empty row that comes before the head of the table on each page.

        See the style of the letter: there it is taken back on the first page.
        """
        return html.fragment_fromstring(
            '<tr class="o_followup_head_room"><th colspan="3"></th></tr>'
        )

    @api.model
    def _add_codes(self, root, reminder, page_code):
        """Put the QR codes beside how to pay, in place (Y2).

        :param page_code: picture of the address of the debtor page, or None
        """
        ways = root.find_class("o_followup_way")
        codes = self.env["account.followup.pay"]._get_codes(reminder)
        service = reminder.with_context(lang=reminder.lang)
        for way, code in zip(ways, codes, strict=False):
            labels = [(code, service.env._("Scan to transfer"))] if code else []
            if page_code:
                labels.append((page_code, service.env._("Scan to view and pay")))
                page_code = None
            if labels:
                self._put_codes(way, labels)

    @api.model
    def _put_codes(self, way, labels):
        """Make an element the first cell of a row whose others are pictures."""
        frame = html.fragment_fromstring(
            '<table class="o_followup_codes o_ignore_layout_styling">'
            "<tr><td></td></tr></table>"
        )
        frame.tail, way.tail = way.tail, None
        way.getparent().replace(way, frame)
        row = next(frame.iter("tr"))
        row[0].append(way)
        for code, label in labels:
            cell = html.Element("td", {"class": "o_followup_code"})
            cell.append(html.Element("img", {"src": code, "alt": label}))
            text = html.Element("div")
            text.text = label
            cell.append(text)
            row.append(cell)

    @api.model
    def _get_letter_body(self, reminder):
        """Return the text as it was sent, less the button that paper cannot press.

        Pictures from elsewhere are left out: the server would fetch them.
        Its headings only look like some: several letters that are converted in one
        call are told apart by the one heading that each of them begins with.
        """
        if not reminder.body:
            return Markup()
        root = html.fragment_fromstring(str(reminder.body), create_parent="div")
        places = root.find_class("o_followup_pay")
        pay = self.env["account.followup.pay"]
        page_code = pay._get_code_of_page(reminder) if places else None
        for button in places:
            button.drop_tree()
        if reminder.name:  # it stands beside the date
            for number in root.find_class("o_followup_number"):
                number.drop_tree()
        paper.remove_fetched(root, reminder.get_base_url())
        self._add_codes(root, reminder, page_code)
        for heading in list(root.iter(*HEADINGS)):
            heading.set("class", f"{heading.get('class', '')} {heading.tag}".strip())
            heading.tag = "p"
        for head in root.xpath("//table[hasclass('o_followup_table')]/thead"):
            head.insert(0, self._get_head_room())
        return Markup(html.tostring(root, encoding="unicode"))

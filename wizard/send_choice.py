import json
from functools import cached_property

from .choice import Choice

#: Fields that are sent as they stand in the window.
AS_TYPED = ("subject", "body", "sms_body", "attach_invoices")


class SendChoice(Choice):
    """What Send and Print is about: a customer's open items, and what was chosen."""

    @property
    def manual(self):
        return self.env["account.followup.manual"]

    @cached_property
    def case(self):
        """The follow-up for the defaults; nothing is created by looking."""
        window = self.window
        return self.env["account.followup"]._get_case(
            window.partner_id, window.company_id
        )

    @cached_property
    def day(self):
        return self.window._get_day()

    @property
    def lang(self):
        """The language of who gets it (C4)."""
        return self.recipients._get_lang(
            self.window.partner_id, self.items, self.ticked
        )

    def get_contact_info(self):
        # EXTENDS: who has to be called is named with the number instead
        calls = self.env["account.followup.call"]
        if not self.ticked and calls._is_call(self.window.level_id.sudo()):
            return "; ".join(
                map(": ".join, self.recipients._get_phones(self.window.partner_id))
            )
        return super().get_contact_info()

    # ------------------------------------------------------------------
    # Open items
    # ------------------------------------------------------------------

    @property
    def items(self):
        # EXTENDS: the invoices that a person has chosen
        return self.window.item_line_ids._origin

    @cached_property
    def all_rows(self):
        if not self.window.partner_id:
            return []
        rows = self.env["account.followup.item"].sudo()
        return rows._get_rows(
            {self.window.company_id: self.day}, self.window.partner_id
        )

    @property
    def rows(self):
        """The items that the user may see: of the companies switched on (G1)."""
        companies = set(self.env.companies.ids)
        return [row for row in self.all_rows if row["branch_id"] in companies]

    @property
    def chosen(self):
        ids = set(self.items.ids)
        return [row for row in self.rows if row["id"] in ids]

    @property
    def credit_ids(self):
        """The payments and credits that the user may see, chosen or not."""
        return [row["id"] for row in self.rows if row["residual"] <= 0]

    @property
    def new_credits(self):
        """What is proposed and came in since the window was opened."""
        known = self.window.known_credit_ids
        known = [*(known if isinstance(known, list) else ()), *self.items.ids]
        rows = self.manual._get_proposed_rows(self.rows, self.day)
        return [row for row in rows if row["residual"] <= 0 and row["id"] not in known]

    @property
    def resting_rows(self):
        """What is overdue, if all of it rests and nothing of it was chosen."""
        ids = set(self.items.ids)
        late = [
            row for row in self.rows if row["residual"] > 0 and row["days_late"] > 0
        ]
        is_resting = all(row["rest_reason"] and row["id"] not in ids for row in late)
        return late if is_resting else []

    @property
    def level(self):
        return self.claim._get_level_due(self.chosen, self.day)

    @cached_property
    def content(self):
        """What the level due sends, and how, see ``_get_content`` of the service."""
        return self.service._get_content(
            self.case, self.chosen, self.window.level_id.sudo(), self.day
        )

    @property
    def text_level(self):
        # EXTENDS: of the reminder as it would be recorded
        return self.window.partner_id and self.content["text_level"]

    # ------------------------------------------------------------------
    # Recipients
    # ------------------------------------------------------------------

    @property
    def own_recipients(self):
        # EXTENDS: if they are others than proposed
        contacts = self.window.email_recipient_ids._origin
        if set(contacts.ids) == set(self.window.default_recipient_ids or []):
            return contacts.browse()
        return contacts

    def get_default_recipients(self):
        contacts = self.recipients._get_recipients_and_copies(
            self.window.partner_id, "email", self.items, self.text_level
        )
        # with the user's rights in his companies, which may be a branch
        mine = self.env["res.partner"].sudo(False).browse(contacts.ids)
        return mine._filtered_access("read")

    def get_problem(self, channel):
        """Return why a channel cannot reach the customer now, or None."""
        part = {
            "followup": self.case,
            "trigger": "manual",
            "mail_template": self.window.mail_template_id.sudo(),
        }
        if contacts := self.own_recipients:
            part["email_recipients"] = self.recipients._get_reached("email", contacts)
        return self.channels._get(channel)._get_problem(
            self.window.partner_id, self.items, part
        )

    # ------------------------------------------------------------------
    # Content
    # ------------------------------------------------------------------

    def get_level_defaults(self):
        """Return {field: value} of what the level due sends, and how."""
        level, content = self.window.level_id, self.content
        channels = content["channels"]
        if not channels and not level:
            channels = {"email"}  # a level that is due and sends nothing is a task
        return {
            **self.get_ticks(channels),
            "attach_invoices": content["attach_invoices"],
            "mail_template_id": content["mail_template"].id,
            "sms_template_id": content["sms_template"].id,
        }

    def get_texts(self):
        # EXTENDS: in the language of who gets it
        template, lang = self.window.mail_template_id, self.lang
        render = self.text._render
        return {
            "subject": render(self.case, template, "subject", lang),
            "body": render(self.case, template, "body_html", lang),
        }

    def get_sms_text(self):
        return self.text._render(
            self.case, self.window.sms_template_id, "body", self.lang
        )

    def get_values(self):
        """Return what a person has chosen, for ``_prepare_batch`` of the service."""
        window = self.window
        contacts, files = self.own_recipients, window.attachment_ids._origin
        contacts.check_access("read")
        files.check_access("read")
        values = {
            "items": window.item_line_ids._filtered_access("read"),
            "channels": set(self.ticked),
            "mail_template": window.mail_template_id.sudo(),
            "sms_template": window.sms_template_id.sudo(),
            **{name: window[name] for name in AS_TYPED},
        }
        if contacts:
            reached = self.recipients._get_reached("email", contacts.sudo())
            values["email_recipients"] = contacts.sudo().browse().union(*reached)
        if files:
            values["attachments"] = [(one.name, one.raw or b"") for one in files]
        return values

    def get_sample_data(self):
        """Return case and data of what is chosen, as for sending it."""
        chosen = self.get_values()
        chosen["items"] = self.items._filtered_access("read")
        data = self.service._prepare_data(
            self.case, self.day, trigger="manual", **chosen
        )
        return self.case, data

    # ------------------------------------------------------------------
    # What the window has shown
    # ------------------------------------------------------------------

    @property
    def shown(self):
        """What text and table of the reminder are about."""
        return self.manual._get_shown(self.chosen, self.day)

    def get_change(self):
        """Return what is not as the window has shown it, in one sentence, or None."""
        try:
            shown = json.loads(self.window.shown or "{}")
        except ValueError:  # what is no such text has shown nothing
            shown = {}
        change = self.manual._get_change(
            shown if isinstance(shown, dict) else {}, self.shown
        )
        look = self.env["account.followup.look"].sudo()
        return change or look._get_credit_objection(self.new_credits)

    # ------------------------------------------------------------------
    # The list from which the window was opened
    # ------------------------------------------------------------------

    @property
    def others(self):
        """The customers of the list after this one, then those before it."""
        ids = self.window.list_partner_ids or []
        own = self.window.partner_id._origin.id
        place = ids.index(own) if own in ids else -1
        ids = dict.fromkeys(ids[place + 1 :] + ids[: place + 1])
        ids.pop(own, None)
        partners = self.env["res.partner"].browse(ids).exists()
        return partners._filtered_access("read")

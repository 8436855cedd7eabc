from odoo import api, fields, models
from odoo.tools import html2plaintext


class AccountFollowupContentMixin(models.AbstractModel):
    """A window that sends a text to a customer, or a document to several.

    A model that inherits it has the field ``partner_id`` and says what its texts and
    alerts depend on.
    """

    _name = "account.followup.content.mixin"
    _inherit = "account.followup.wizard.mixin"
    _description = "Send and Print"

    mail_template_id = fields.Many2one(
        "mail.template",
        string="Content Template",
        store=True,
        readonly=False,
        domain="[('model', '=', 'res.partner')]",
    )
    subject = fields.Char(compute="_compute_content", store=True, readonly=False)
    body = fields.Html(compute="_compute_content", store=True, readonly=False)
    # the text as the template gave it: what differs from it was edited by hand
    default_subject = fields.Char()
    default_body = fields.Html()
    # channels of other modules, which have no field of their own: {name: check box}
    other_channels = fields.Json(store=True, readonly=False)
    do_other = fields.Boolean(compute="_compute_do_other")
    # another template was chosen, but the text was edited before
    is_text_kept = fields.Boolean(readonly=True)
    contact_info = fields.Char("Contact", compute="_compute_contact_info")
    # counts contacts that were corrected on top of the window, to look at them anew
    contact_changes = fields.Integer()
    alerts = fields.Json(compute="_compute_alerts")

    def _compute_content(self):
        """Fill the texts from the template; what was edited by hand stays.

        Subject and text belong together: when one was edited both stay, and the window
        asks. A text that is the same as before fills nothing: what was emptied stays
        empty.
        """
        for wizard in self:
            texts = wizard._get_texts()
            if not (wizard.default_subject or wizard.default_body):
                wizard._fill_texts(texts)
                continue
            is_new = texts["subject"] != wizard.default_subject or (
                not wizard._is_same_text(texts["body"], wizard.default_body)
            )
            wizard.is_text_kept = is_new and wizard._is_edited()
            if is_new and not wizard.is_text_kept:
                wizard._use_texts(texts)

    def _fill_texts(self, texts):
        """Take from the template what is empty, for the first time."""
        own = {"subject": self.subject}
        if self._is_body_edited():
            own["body"] = self.body
        self._use_texts(texts)
        for name, text in own.items():
            self[name] = text or self[name]

    def _is_edited(self):
        """Return whether subject or text are not as the template gave them."""
        self.ensure_one()
        is_subject = self.subject and self.subject != self.default_subject
        return bool(is_subject or self._is_body_edited())

    def _use_texts(self, texts):
        """Take the texts of the template, whatever is there."""
        self.subject = self.default_subject = texts["subject"]
        if not self._is_same_text(texts["body"], self.body):
            self.body = texts["body"]  # the screen may write its markup otherwise
        self.default_body = texts["body"]
        self.is_text_kept = False

    def action_use_template(self):
        """Replace what was edited by the texts of the template that is chosen now."""
        self.check_access("write")
        self.ensure_one()
        self.company_id._check_followup_access()
        self[self._customers_field]._check_followup_access()
        self._use_texts(self._get_texts())
        return self._get_window_action()

    def _get_window_action(self):
        """Return the action that shows this window, as it is now."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send and Print"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _get_texts(self):
        """Return ``subject`` and ``body`` as the template gives them."""
        raise NotImplementedError

    def _is_body_edited(self):
        self.ensure_one()
        return bool(html2plaintext(self.body or "").strip()) and not (
            self._is_same_text(self.body, self.default_body)
        )

    @api.model
    def _is_same_text(self, body, other):
        """Return whether two texts say the same, however they are marked up."""
        texts = [html2plaintext(text or "").strip() for text in (body, other)]
        return texts[0] == texts[1]

    def _compute_contact_info(self):
        """Say who gets it, at which address, for each channel that is ticked (C3)."""
        for wizard in self:
            channels = wizard.partner_id and (wizard._get_ticked() or ["email"])
            wizard.contact_info = " · ".join(
                wizard._get_channel_info(channel, label=channels != ["email"])
                for channel in channels
            )

    def _get_channel_info(self, channel, *, label):
        """Return whom a channel reaches, else whose address is missing."""
        service = self._get_service("recipients")
        partner, items = self.partner_id, self._get_chosen_items()
        contacts = [
            self._get_channel(channel)._describe(contact)
            for contact in service._get_recipients(partner, channel, items)
        ]
        contacts = contacts or [
            service._get_contact_to_mend(partner, items).display_name
        ]
        labels = self._get_service("channels")
        name = f"{labels._get_channels_label({channel})}: " if label else ""
        return name + "; ".join(contacts)

    def _get_sender_alert(self):
        """Say that e-mails have nobody to come from."""
        if "email" not in self._get_ticked():
            return None
        partner = self[self._customers_field]._origin[:1]
        case = self.env["account.followup"]._get_case(partner, self.company_id)
        email = self._get_channel("email")
        problem = email._get_sender_problem(
            case, "manual", self.mail_template_id.sudo()
        )
        return problem and {
            "level": "danger",
            "message": problem,
            **self._get_contacts_link(self.company_id.sudo().partner_id),
        }

    def _get_blacklist_alert(self):
        """Say that the blacklist does not stop what is no mailing."""
        if "email" not in self._get_ticked():
            return None
        partners = self[self._customers_field]._origin
        email = self._get_channel("email")
        contacts = email._get_blacklisted(partners, self._get_chosen_items())
        return contacts and {
            "level": "info",
            "message": self.env._(
                "On the e-mail blacklist, which stops mailings only: %s. This is "
                "no mailing, it is sent all the same.",
                ", ".join(contacts[:3].mapped("display_name")),
            ),
            **self._get_contacts_link(contacts),
        }

    def _get_contacts_link(self, contacts):
        """Return the button of an alert that opens contacts."""
        return {
            "action_text": self.env._("Open Contacts"),
            "action": contacts._get_records_action(name=self.env._("Contacts")),
        }

    # ------------------------------------------------------------------
    # Channels
    # ------------------------------------------------------------------

    @api.model
    def _get_offered(self):
        """Return the names of the channels that a person can tick, in their order."""
        return self._get_service("channels")._get_channels()

    def _get_ticks(self, channels):
        """Return {field: value} that ticks these channels and no other one."""
        values, others = {}, {}
        for name in self._get_offered():
            if f"do_{name}" in self._fields:
                values[f"do_{name}"] = name in channels
            else:
                label = self._get_channel(name)._get_label()
                others[name] = {"label": label, "checked": name in channels}
        return {**values, "other_channels": others or False}

    def _get_ticked(self):
        """Return the names of the channels that are ticked, in their order."""
        return [name for name in self._get_offered() if self._is_ticked(name)]

    def _is_ticked(self, name):
        if f"do_{name}" in self._fields:
            return self[f"do_{name}"]
        boxes = self.other_channels
        box = boxes.get(name) if isinstance(boxes, dict) else None
        return isinstance(box, dict) and bool(box.get("checked"))

    @api.depends("other_channels")
    def _compute_do_other(self):
        for wizard in self:
            wizard.do_other = any(
                f"do_{name}" not in wizard._fields for name in wizard._get_ticked()
            )

    def _get_chosen_items(self):
        """Return the journal items that decide who gets it; None for all open ones."""
        return None

    def _compute_alerts(self):
        for wizard in self:
            wizard.alerts = wizard._get_alerts()

    def _get_alert_keys(self):
        """Return the keys of all alerts in their order.

        A module with one more adds its key here, and a method ``_get_<key>_alert()``
        that returns a dict for the widget ``actionable_errors``, or nothing.
        """
        return ["sender", "blacklist"]

    def _get_alerts(self):
        """Return what to know before sending, for the widget ``actionable_errors``.

        :return: dict {key: {level, message, action_text, action}}
        """
        self.ensure_one()
        alerts = {
            key: getattr(self, f"_get_{key}_alert")() for key in self._get_alert_keys()
        }
        return {key: alert for key, alert in alerts.items() if alert}

from odoo import api, models
from odoo.exceptions import UserError

#: Of so many items at most the recipients are worked out.
MAX_ITEMS = 500


class AccountFollowupExplanationMessage(models.AbstractModel):
    """What would be sent to a customer, to whom, and why to them (X3)."""

    _name = "account.followup.explanation.message"
    _description = "Message of a Payment Reminder to Explain"

    @api.model
    def _get_message(self, facts):
        """Return what the level due would send, else the first one to come.

        :return: dict with ``level``, ``template``, ``subject``, ``recipients``, and
            ``error``: what the level lacks, in one sentence
        """
        level = facts.level or self._get_coming_level(facts)
        message = {
            "level": level,
            "template": self.env["mail.template"],
            "subject": "",
            "recipients": [],
            "error": "",
        }
        if not level:
            return message
        named = facts.named or [row for _day, row in facts.coming]
        service = self.env["account.followup.send"]
        content = service._get_content(facts.case, named, level, facts.day)
        message["template"] = content["mail_template"]
        message["error"] = self._get_error(facts, level, content)
        message["recipients"] = self._get_recipients(facts, level, content, named)
        if not message["error"] and content["channels"]:
            message["subject"] = self._get_subject(facts, content)
        return message

    @api.model
    def _get_coming_level(self, facts):
        row = facts.coming[0][1] if facts.coming else {}
        return self.env["account.followup.level"].browse(row.get("next_level_id"))

    @api.model
    def _get_error(self, facts, level, content):
        """Return why the level cannot be carried out, in one sentence, or nothing."""
        if not level._does_something():
            return level._get_idle_text()
        texts = self.env["account.followup.text"]
        data = {**content, "followup": facts.case}
        try:
            for name, (template, _field) in texts._get_text_sources().items():
                texts._check_has_template(data, template, name)
                if content[template]:
                    texts._check_template(content[template])
        except UserError as error:
            return str(error)
        return ""

    @api.model
    def _get_subject(self, facts, content):
        service = self.env["account.followup.recipients"]
        lang = service._get_lang(facts.partner, channels=content["channels"])
        return self.env["account.followup.text"]._render(
            facts.case, content["mail_template"], "subject", lang
        )

    @api.model
    def _get_recipients(self, facts, level, content, named):
        """Return whom each channel reaches, and the rule that has chosen them."""
        lines = self.env["account.move.line"].browse(
            row["id"] for row in named[:MAX_ITEMS] if row["residual"] > 0
        )
        found = []
        for channel in self.env["account.followup.channels"]._get_all():
            if channel._get_name() in content["channels"]:
                found += self._get_recipients_of(facts, channel, lines)
        tasks = self.env["account.followup.task"]
        if tasks._has_task(level):
            user = tasks._get_task_user(facts.case, level)
            labels = level._fields["activity_responsible"]
            labels = dict(labels._description_selection(self.env))
            found.append(
                {
                    "channel": "activity",
                    "channel_label": level.activity_type_id.name,
                    "contact": user.partner_id,
                    "address": user.name,
                    "rule": labels[level.activity_responsible],
                    "problem": "",
                }
            )
        return found

    @api.model
    def _get_recipients_of(self, facts, channel, lines):
        service = self.env["account.followup.recipients"]
        name, partner = channel._get_name(), facts.partner
        rule, contacts = service._choose_recipients(partner, name, lines)
        base = {"channel": name, "channel_label": channel._get_label()}
        if not contacts:
            return [
                {
                    **base,
                    "contact": service._get_contact_to_mend(partner, lines),
                    "address": "",
                    "rule": "",
                    "problem": service._get_channel_problem(name, partner, lines) or "",
                }
            ]
        return [
            {
                **base,
                "contact": contact,
                "address": ", ".join(channel._get_addresses(contact))
                or contact.display_name,
                "rule": self._get_rule_text(rule),
                "problem": "",
            }
            for contact in contacts
        ]

    @api.model
    def _get_rule_text(self, rule):
        """Return why a contact was chosen (C3)."""
        texts = {
            "marked": self.env._("contact marked for follow-ups"),
            "invoice": self.env._("the invoices are made out to it"),
            "invoice_address": self.env._("invoice address of the customer"),
            "customer": self.env._("the customer itself"),
        }
        return texts.get(rule, rule or "")

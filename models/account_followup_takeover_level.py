import re

from markupsafe import Markup

from odoo import api, fields, models

#: What the texts of other add-ons are filled in with: those whose meaning is known.
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
PLACEHOLDERS = {
    "company_name": "[[company_name]]",
    "partner_name": "[[recipient_name]]",
}
#: What would be code in a template, or filled in.
CODE = re.compile(r"%\(|\{\{|\$\{|<\s*t[\s>]")

#: Stands for the table of open invoices.
TABLE = Markup(
    '<div class="o_followup_items"><p><em>The table of open invoices appears here.</em>'
    "</p></div>"
)

#: What people choose; all else says what the source has.
PEOPLE_FIELDS = frozenset({"is_created", "level_id"})


def to_paragraphs(text):
    """Return plain text as HTML."""
    return Markup().join(
        Markup("<p>%s</p>") % Markup("<br/>").join(part.split("\n"))
        for part in re.split(r"\n\s*\n", text.strip())
    )


class AccountFollowupTakeoverLevel(models.Model):
    """A level of the other add-on, and which of ours it counts as."""

    _name = "account.followup.takeover.level"
    _description = "Level Taken Over"
    _order = "takeover_id, delay, id"

    takeover_id = fields.Many2one(
        "account.followup.takeover",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="takeover_id.company_id")
    key = fields.Char(required=True, readonly=True)
    name = fields.Char("Level There", required=True, readonly=True)
    has_delay = fields.Boolean(readonly=True)
    delay = fields.Integer("Days", readonly=True)
    text = fields.Text("Text There", readonly=True)
    count = fields.Integer("Reminders", readonly=True)
    level_id = fields.Many2one(
        "account.followup.level",
        string="Counts as",
        domain="[('company_id', '=', company_id)]",
        ondelete="cascade",
        help="Level that the invoices have reached by it: proposed is the one whose "
        "days are nearest.",
    )
    is_created = fields.Boolean(
        "Create",
        help="Create a level with these days, which sends nothing by itself until you "
        "mark it as automatic.",
    )
    created_level_id = fields.Many2one(
        "account.followup.level", readonly=True, ondelete="set null"
    )

    @api.model
    def _has_field_access(self, field, operation):
        # EXTENDS 'base'
        if operation == "write" and not self.env.su and field.name not in PEOPLE_FIELDS:
            return False
        return super()._has_field_access(field, operation)

    @api.model
    def _get_nearest(self, levels, fact):
        """Return the level of ours that one of the source counts as.

        The one of its name, else the one whose days are nearest; of two the earlier,
        so that no step is left out. A number counts those from the due date on: what
        others call the first reminder is no announcement before it.

        :param levels: of the company
        :param dict fact: see ``_get_levels`` of account.followup.takeover.source
        """
        name = (fact["name"] or "").strip().lower()
        if fact["delay"] is None:
            same = levels.filtered(lambda level: level.name.strip().lower() == name)
            numbered = levels.filtered(lambda level: level.delay >= 0)
            if not same and name.isdecimal() and 0 < int(name) <= len(numbered):
                same = numbered[int(name) - 1]
            return same[:1]
        return min(
            levels,
            key=lambda level: (abs(level.delay - fact["delay"]), level.delay, level.id),
            default=levels,
        )

    def _create_level(self):
        """Create the level of ours that is asked for; the same days are the same."""
        self.ensure_one()
        levels = self.takeover_id._get_own_levels()
        found = levels.filtered(lambda level: level.delay == self.delay)
        if found:
            self.sudo().level_id = found[:1]
            return
        level = self.env["account.followup.level"].create(
            {
                "name": self.name,
                "company_id": self.company_id.id,
                "plan_id": self.takeover_id._get_plan().id,
                "delay": self.delay,
                "is_automatic": False,
                "send_email": True,
                "mail_template_id": self._create_template().id,
            }
        )
        self.sudo().write({"level_id": level.id, "created_level_id": level.id})

    def _create_template(self):
        """Return the text of a new level: theirs, else ours.

        Theirs is plain text and is kept as such. What their add-on fills in is not
        known here, but for a few words; with others of them ours is taken.
        """
        name = "mail_template_upcoming" if self.delay < 0 else "mail_template_reminder"
        shipped = self.env.ref(f"account_payment_followup.{name}")
        text = PLACEHOLDER.sub(
            lambda found: PLACEHOLDERS.get(found[1], found[0]), self.text or ""
        )
        if not text.strip() or CODE.search(text):
            return shipped
        paragraphs = to_paragraphs(text)
        return shipped.sudo().copy(
            {
                "name": self.env._("Payment Follow-up: %s", self.name),
                "body_html": Markup("<div>%s%s</div>") % (paragraphs, TABLE),
            }
        )

    def _delete_created(self):
        """Delete the levels that were created, with their texts, unless in use."""
        levels = self.created_level_id
        lines = self.env["account.followup.reminder.line"]
        levels -= lines.search([("level_id", "in", levels.ids)]).level_id
        texts = self.env["mail.template"].union(
            *(
                level.mail_template_id
                for level in levels
                if level.mail_template_id.create_date == level.create_date
            )
        )
        levels.unlink()
        others = self.env["account.followup.level"].with_context(active_test=False)
        texts -= others.search([("mail_template_id", "in", texts.ids)]).mail_template_id
        texts.unlink()

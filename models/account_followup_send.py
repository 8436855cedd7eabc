from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError

#: What is read of the items that a reminder names, and of their invoices, at once.
ITEM_FIELDS = [
    "amount_residual_currency",
    "company_id",
    "currency_id",
    "date",
    "move_id",
    "name",
]
MOVE_FIELDS = [
    "access_token",
    "company_id",
    "move_type",
    "name",
    "partner_bank_id",
    "partner_id",
    "payment_reference",
    "ref",
]


def concat(records):
    """Return some recordsets of a model as one, in their order."""
    first, *others = records
    return first.concat(*others)


class AccountFollowupSend(models.AbstractModel):
    """The one way in which a reminder is made, whoever asks for it.

    Buttons, the list's action and the scheduled action prepare the data with
    ``_prepare_batch``, change what a person chose, and pass it to ``_send_reminders``.
    A single customer is a batch of one. Nothing leaves the server inside: messages are
    queued (promise 2).

    A *batch* is a list of dicts, the data of one reminder each, of one company.
    """

    _name = "account.followup.send"
    _description = "Payment Reminder Service"

    # ------------------------------------------------------------------
    # What to say: defaults, each a small method to extend
    # ------------------------------------------------------------------

    @api.model
    def _prepare_data(self, followup, day, *, trigger, **chosen):
        """Return all that the reminder of one customer needs, see ``_prepare_batch``.

        :return: dict
        """
        return self._prepare_batch(followup, day, trigger=trigger, **chosen)[0]

    @api.model
    def _prepare_batch(self, followups, day, *, trigger, parts=None, **chosen):
        """Return all that reminders need, with what a person chose on top.

        :param followups: cases of some customers in one company
        :param date day: the company's day
        :param str trigger: ``automatic``, ``mass`` or ``manual``
        :param dict parts: of the rule, see ``_get_rows`` of items
        :param chosen: values that replace the defaults: ``items`` (journal items),
            ``channels`` (set), ``mail_template``, ``subject``, ``body``,
            ``sms_template``, ``sms_body``, ``attach_invoices``; and ``letters``:
            ``print`` to print here what the level sends by post
        :return: list of dicts, one for each case in their order, which is their
            ``followup``
        :raise UserError: there is nothing to remind of
        """
        company = followups.company_id
        followups = followups.with_company(company)
        rows = self._get_rows_by_customer(company, followups.partner_id, day, parts)
        batch = [
            self._prepare_defaults(
                followup, rows[followup.partner_id.id], day, trigger, chosen
            )
            for followup in followups
        ]
        items = self._browse_items(data["rows"] for data in batch)
        for data, named in zip(batch, items, strict=True):
            data["lang"] = self.env["account.followup.recipients"]._get_lang(
                data["followup"].partner_id, named, data["channels"]
            )
        self._complete_texts(batch)
        return batch

    @api.model
    def _get_rows_by_customer(self, company, partners, day, parts=None):
        """Return {customer's id: rows of all open items}, read at once."""
        rows = defaultdict(list)
        for row in self.env["account.followup.item"]._get_rows(
            {company: day}, partners, parts=parts
        ):
            rows[row["partner_id"]].append(row)
        return rows

    @api.model
    def _browse_items(self, parts):
        """Return the journal items of some customers, with their invoices read at once.

        :param parts: of each customer some rows
        :return: list of recordsets, in this order
        """
        parts = [[row["id"] for row in rows] for rows in parts]
        items = self.env["account.move.line"].sudo()
        items = items.browse(id_ for ids in parts for id_ in ids)
        items.fetch(ITEM_FIELDS)
        items.move_id.fetch(MOVE_FIELDS)
        return [items.browse(ids).with_prefetch(items._prefetch_ids) for ids in parts]

    @api.model
    def _prepare_defaults(self, followup, rows, day, trigger, chosen):
        """Return what a reminder says and how, but for the texts.

        :param rows: all open items of the customer
        """
        claim = self.env["account.followup.claim"]
        named = self._get_named_rows(followup, rows, day, chosen)
        level = claim._get_level_due(named, day)
        data = {
            "followup": followup,
            "day": day,
            "trigger": trigger,
            "rows": named,
            "total_due": claim._get_totals(rows),
            "level": level,
            "counting": {row["id"] for row in claim._get_counting_rows(named, day)},
            **self._get_content(followup, named, level, day),
        }
        if level and not (level._does_something() or chosen.get("channels")):
            raise UserError(level._get_idle_text())
        if chosen.get("letters") == "print" and "letter" in data["channels"]:
            data["channels"] = data["channels"] - {"letter"} | {"print"}
        data.update(
            {
                name: value
                for name, value in chosen.items()
                if name not in ("items", "letters")
            }
        )
        return data

    @api.model
    def _get_named_rows(self, followup, rows, day, chosen):
        """Return the items to name: those that a person chose, else the default."""
        if "items" in chosen:
            ids = set(chosen["items"].ids)
            named = [row for row in rows if row["id"] in ids]
        else:
            named = self._get_default_rows(rows, day)
        if not any(row["residual"] > 0 for row in named):
            raise UserError(
                self.env._(
                    "%(customer)s: no open invoice is left to remind of.",
                    customer=followup.partner_id.display_name,
                )
            )
        return named

    @api.model
    def _complete_texts(self, batch):
        """Fill in the texts that nobody has written, each template once a language.

        :raise UserError: a level has no template for one of the channels
        """
        for name, (template, field) in self._get_text_sources().items():
            groups = defaultdict(list)
            for data in batch:
                if data.get(name) is None:
                    self._check_has_template(data, template, name)
                    groups[data[template], data["lang"]].append(data)
            for (source, lang), mine in groups.items():
                followups = concat(data["followup"] for data in mine)
                texts = self._render_batch(followups, source, field, lang)
                for data in mine:
                    data[name] = texts[data["followup"].partner_id.id]

    @api.model
    def _get_text_sources(self):
        """Return {text: (template of the data, its field)}.

        Which texts a channel needs is said by the channel.
        """
        return {
            "subject": ("mail_template", "subject"),
            "body": ("mail_template", "body_html"),
            "sms_body": ("sms_template", "body"),
        }

    @api.model
    def _check_has_template(self, data, template, text):
        """Check that there is a template for the channels that need a text.

        :raise UserError: there is none
        """
        channels = self.env["account.followup.channels"]
        needed = channels._needing(text, data["channels"])
        if needed and not data[template]:
            raise UserError(
                self.env._(
                    "%(customer)s: the follow-up level has no template for "
                    "%(channels)s. Choose one on the level.",
                    customer=data["followup"].partner_id.display_name,
                    channels=channels._get_channels_label(needed),
                )
            )

    @api.model
    def _get_default_rows(self, rows, day):
        """Rule 8: overdue items that do not rest, early ripe ones, and the credits."""
        claim = self.env["account.followup.claim"]
        return [
            row
            for row in rows
            if (
                row["rest_reason"] != "excluded"
                if row["residual"] <= 0
                else not row["rest_reason"]
                and (
                    row["days_late"] > 0
                    or (claim._is_ripe(row, day) and row["next_delay"] < 0)
                )
            )
        ]

    @api.model
    def _get_content(self, followup, rows, level, day):
        """Return channels and texts for items: never a milder text than they had.

        The level due says how it is sent; the wording is that of the highest level
        that one of the items has reached, if that is a higher one (rule 8). What comes
        before the due date stays an announcement.

        :param rows: of the items that are named
        """
        content = self._get_default_content(followup, level, day)
        reached = level.browse(
            row["reached_level_id"]
            for row in rows
            if row["residual"] > 0 and row["reached_level_id"]
        )
        highest = max(level | reached, key=lambda one: one.delay, default=level)
        if level and highest.delay > level.delay >= 0:
            for name in ("mail_template", "sms_template"):
                if template := highest[f"{name}_id"].sudo():
                    content[name] = template
        return content

    @api.model
    def _get_default_content(self, followup, level, day):
        """Return channels and texts: of the level due, else of the last one reached.

        With no level at all the first one lends its text and nothing else (C6).
        """
        source = level
        if not source:
            row = followup._get_due_rows(day).get(followup.partner_id.id) or {}
            source = level.browse(row.get("level_id")) or level.search(
                [
                    ("company_id", "=", followup.company_id.id),
                    ("delay", ">=", 0),
                    ("mail_template_id", "!=", False),
                ],
                limit=1,
            )
        channels = self.env["account.followup.channels"]
        return {
            "channels": channels._get_default_channels(source),
            "mail_template": source.mail_template_id.sudo(),
            "sms_template": source.sms_template_id.sudo(),
            "attach_invoices": source.attach_invoices,
        }

    @api.model
    def _render(self, followup, template, field, lang):
        """Return a field of a template, filled in for one customer."""
        texts = self._render_batch(followup, template, field, lang)
        return texts[followup.partner_id.id]

    @api.model
    def _render_batch(self, followups, template, field, lang):
        """Return a field of a template, filled in for customers of one company.

        :param followups: cases, or statements

        The text of a template is master data: it is rendered without asking for the
        rights of whoever happens to send.

        :return: dict {customer id: text}
        """
        partners = followups.partner_id
        if not template:
            return {partner.id: "" for partner in partners}
        self._check_template(template)
        options = {"post_process": True} if field == "body_html" else None
        return (
            template.sudo()
            .with_company(followups.company_id)
            .with_context(lang=lang)
            ._render_field(field, partners.ids, options=options)
        )

    @api.model
    def _check_template(self, template):
        """Raise UserError unless a template is about customers.

        It is filled in with all rights: a template of another model would tell of
        whatever record there has the number of the customer.
        """
        template = template.sudo()
        if template.model != "res.partner":
            raise UserError(
                self.env._(
                    'The template "%s" is not about customers (model Contact). Choose '
                    "another one.",
                    template.name,
                )
            )

from collections import defaultdict

from odoo import Command, api, models
from odoo.exceptions import UserError

from .account_followup_link import PAYMENT_FIELDS

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
    *PAYMENT_FIELDS,
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
        self = self.with_company(company)  # noqa: PLW0642
        followups = followups.with_company(company)
        rows = self._get_rows_by_customer(company, followups.partner_id, day, parts)
        self._read_rows_ahead(rows)
        self._read_people_ahead(followups)
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
        self.env["account.followup.text"]._complete_texts(batch)
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
    def _read_rows_ahead(self, rows):
        """Read levels, their templates and currencies of all customers at once.

        :param dict rows: see ``_get_rows_by_customer``
        """
        rows = [row for mine in rows.values() for row in mine]
        names = ("reached_level_id", "next_level_id")
        levels = self.env["account.followup.level"].browse(
            {row[name] for row in rows for name in names if row[name]}
        )
        for name in ("mail_template_id", "sms_template_id"):
            levels[name].sudo().mapped("model")
        currencies = self.env["res.currency"]
        currencies.browse({row["currency_id"] for row in rows}).mapped("rounding")

    @api.model
    def _read_people_ahead(self, followups):
        """Read the customers, and who answers them, at once."""
        users = self.env.user.browse(
            {followup._get_responsible().id for followup in followups}
        )
        users = (self.env.user | users).sudo()
        people = users.partner_id | followups.company_id.sudo().partner_id
        (followups.partner_id.sudo() | people).mapped("name")

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
            "credit_ids": [row["id"] for row in rows if row["residual"] <= 0],
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
    def _get_default_rows(self, rows, day):
        """Rule 8: overdue items that do not rest, early ripe ones, and the credits."""
        return [
            row
            for row in rows
            if row["section"] in ("credit", "overdue")
            or (row["is_ripe"] and row["next_delay"] < 0)
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
        highest = self._get_reached_level(rows)
        if level and highest.delay > level.delay >= 0:
            content["text_level"] = highest
            for name in ("mail_template", "sms_template"):
                if template := highest[f"{name}_id"].sudo():
                    content[name] = template
        return content

    @api.model
    def _get_reached_level(self, rows):
        """Return the highest level that a claimed item has reached, or none.

        What credits cover in its currency is as good as paid, and says nothing, unless
        nothing is claimed at all.
        """
        levels = self.env["account.followup.level"]
        reached = [
            row for row in rows if row["residual"] > 0 and row["reached_level_id"]
        ]
        if not reached:  # as of most
            return levels
        claimed = self.env["account.followup.claim"]._get_claimed_currency_ids(rows)
        levels = levels.browse(
            row["reached_level_id"]
            for row in reached
            if row["currency_id"] in claimed or not claimed
        )
        return max(levels, key=lambda level: level.delay, default=levels)

    @api.model
    def _get_default_content(self, followup, level, day):
        """Return channels and texts: of the level due, else of the last one reached."""
        source = text_level = level
        if not source:
            partner, company = followup.partner_id, followup.company_id
            rows = self._get_rows_by_customer(company, partner, day)[partner.id]
            text_level = self._get_reached_level(
                [row for row in rows if row["rest_reason"] != "excluded"]
            )
            source = text_level or self._get_lender(level, followup.company_id)
        channels = self.env["account.followup.channels"]
        has_days = level or source.mail_template_id
        return {
            "text_level": text_level,
            "channels": channels._get_default_channels(source),
            "mail_template": source.mail_template_id.sudo(),
            "sms_template": source.sms_template_id.sudo(),
            "attach_invoices": source.attach_invoices,
            "payment_days": source.payment_days if has_days else 0,
        }

    @api.model
    def _get_lender(self, levels, company):
        """Return the first level: it lends its text, no more, where none fits (C6)."""
        domain = [
            ("company_id", "=", company.id),
            ("delay", ">=", 0),
            ("mail_template_id", "!=", False),
        ]
        return levels.search(domain, limit=1)

    @api.model
    def _prepare_history(self, partner_id, company, day, lines, is_standing=True):
        """Return what every reminder has, whoever has sent it: key, day and lines.

        :param lines: list of dicts, see ``_prepare_line``
        """
        known = {"partner_id": partner_id, "company_id": company.id, "date": day}
        own = {**known, "is_standing": is_standing}
        branches = sorted({line["branch_id"] for line in lines})
        return {
            **known,
            "line_ids": [Command.create({**line, **own}) for line in lines],
            "branch_ids": [Command.set(branches)],
        }

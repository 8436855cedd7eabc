from collections import defaultdict
from datetime import timedelta
from itertools import zip_longest

from odoo import api, models
from odoo.tools.misc import clean_context

from ..tools import links
from .account_followup_send import ITEM_FIELDS, MOVE_FIELDS, concat


class AccountFollowupSend(models.AbstractModel):
    """Reminders recorded and queued, many at once."""

    _inherit = "account.followup.send"

    @api.model
    def _send_reminder(self, followup, day, data):
        """Record the reminder of one customer and queue its messages.

        :param dict data: from ``_prepare_data``
        :return: the reminder
        """
        return self._send_reminders([dict(data, followup=followup, day=day)])

    @api.model
    def _send_reminders(self, batch):
        """Record reminders and queue their messages, in this transaction.

        The number of queries does not grow with the number of customers. An error of
        one of them is an error of all: the caller has a savepoint and takes smaller
        batches after it.

        :param batch: data of customers of one company, their cases locked by the caller
        :return: the reminders, in the order of the batch
        :raise psycopg2.errors.UniqueViolation: an item was reminded at this level by
            somebody else
        """
        company = batch[0]["followup"].company_id
        self = self.sudo().with_company(company)  # noqa: PLW0642
        context = clean_context(self.env.context)
        self = self.with_context(context)  # noqa: PLW0642 # pylint: disable=context-overridden
        batch = self._create_reminders(batch)
        reminders = concat(data["reminder"] for data in batch)
        # the unique key decides before anything else is done
        self.env.flush_all()
        self.env["account.followup.outbox"]._deliver(
            reminders, {data["reminder"]: data for data in batch}
        )
        self.env["account.followup.task"]._do_level_extras(batch)
        self._log_on_invoices(reminders)
        followups = concat(data["followup"] for data in batch)
        self.env["account.followup.outcome"]._record_reminders(followups, reminders)
        self.env.flush_all()
        return reminders

    @api.model
    def _create_reminders(self, batch):
        """Create the reminders with their lines.

        :return: the batch, with the ``reminder`` in the data of each
        """
        batch = self.env["account.followup.test"]._mark_batch(batch)
        batch = self._complete_batch(batch)
        self._read_ahead(batch)
        followups = concat(data["followup"] for data in batch)
        followups = followups.sudo().with_company(followups.company_id)
        pairs = zip(followups, batch, strict=True)
        reminders = self.env["account.followup.reminder"].create(
            [self._prepare_reminder(*pair) for pair in pairs]
        )
        made = zip(batch, followups, reminders, strict=True)
        return [
            dict(data, followup=followup, reminder=reminder)
            for data, followup, reminder in made
        ]

    @api.model
    def _complete_batch(self, batch):
        """Return the batch with number, deadline, how to pay, and texts filled in.

        What is only shown (``is_sample``) takes no number.
        """
        followups = concat(data["followup"] for data in batch)
        company = followups.company_id
        numbers = self._take_numbers(company, batch)
        parts = [[row["id"] for row in data["rows"]] for data in batch]
        items = self.env["account.move.line"].sudo()
        items = items.browse(id_ for ids in parts for id_ in ids)
        batch = [
            {
                **data,
                "followup": followup,  # to be read together
                "extra_lines": self._get_extra_lines(data),
                "number": number,
                "deadline": self._get_deadline(data),
                "items": items.browse(ids).with_prefetch(items._prefetch_ids),
            }
            for data, followup, number, ids in zip(
                batch, followups, numbers, parts, strict=True
            )
        ]
        self._add_ways(batch)
        placeholders = self.env["account.followup.placeholder"]
        return [placeholders._fill_in(data) for data in batch]

    @api.model
    def _get_extra_lines(self, data):
        """Return what is claimed beside journal items, in the customer's language."""
        claim = self.env["account.followup.claim"].with_context(lang=data["lang"])
        return claim._get_extra_lines(data)

    @api.model
    def _get_deadline(self, data):
        """Return the last day to pay, False if the level gives none."""
        days = data.get("payment_days")
        return days and data["day"] + timedelta(days=days)

    @api.model
    def _add_ways(self, batch):
        """Note how to pay, for all customers at once (Y1)."""
        service = self.env["account.followup.pay"]
        add_lines = self.env["account.followup.claim"]._add_extra_lines
        ways = service._get_ways(
            {
                "company": data["followup"].company_id,
                "items": data["items"],
                "amounts": add_lines(
                    service._get_amounts(data["rows"]), data["extra_lines"]
                ),
                "number": data["number"],
                "deadline": data["deadline"],
            }
            for data in batch
        )
        for data, mine in zip(batch, ways, strict=True):
            data["ways"] = mine

    @api.model
    def _read_ahead(self, batch):
        """Read what the lines are made of, for all customers at once."""
        items = self.env["account.move.line"].browse(
            row["id"] for data in batch for row in data["rows"]
        )
        items.fetch(ITEM_FIELDS)
        items.move_id.fetch(MOVE_FIELDS)
        items.mapped("followup_name")
        self.env["account.followup.link"]._read_links_ahead(batch, items.move_id)

    @api.model
    def _take_numbers(self, company, batch):
        """Return the numbers of new reminders; a sample has none."""
        if batch[0].get("is_sample"):
            return [self.env._("(number)")] * len(batch)
        numbers = self.env["account.followup.number"]
        return numbers._take_numbers(company, [data["day"] for data in batch])

    @api.model
    def _prepare_reminder(self, followup, data):
        """Return the values of the reminder with its lines.

        What is computed of it is given with them, as it is before anything is queued:
        so the rows are complete at once, and the unique key sees them.
        """
        is_test = bool(data.get("is_test"))
        partner, company = followup.partner_id, followup.company_id
        lines = [self._prepare_line(row, data) for row in data["rows"]]
        claim = self.env["account.followup.claim"]
        return {
            **self._prepare_history(
                partner.id, company, data["day"], lines, is_standing=not is_test
            ),
            "level_id": data["level"].id,
            "text_level_id": data["text_level"].id,
            "trigger": data["trigger"],
            "is_test": is_test,
            "state": "sent",
            "user_id": self.env.uid if data["trigger"] != "automatic" else False,
            "amount_overdue": claim._get_company_claim(
                data["rows"], lambda row: row["days_late"] > 0
            ),
            "call_id": data["call"].id if data.get("call") else False,
            **self._prepare_kept(followup, data),
        }

    @api.model
    def _prepare_kept(self, followup, data):
        """Return the values of what a reminder says, as it is kept."""
        channels = self.env["account.followup.channels"]
        page_links = self.env["account.followup.page.link"]
        has_sms = channels._needing("sms_body", data["channels"])
        # one line: it becomes a header of the e-mail
        subject = " ".join((data["subject"] or "").split())
        return {
            "name": data["number"],
            "lang": data["lang"],
            "subject": subject if data["channels"] else False,
            "sms_body": links.hide_secrets(data["sms_body"] or "")[0]
            if has_sms
            else False,
            "payment_deadline": data["deadline"],
            "pay_ways": self.env["account.followup.pay"]._prepare_ways(data["ways"]),
            "known_credit_ids": data["credit_ids"],
            "page_link_ids": page_links._prepare_links(followup.company_id, data),
        }

    @api.model
    def _prepare_line(self, row, data):
        """Return the values of a line: a ripe item at its own next level (rule 8).

        An item that credits of its currency cover is named, but reaches no level: the
        text may be that of a lower one.
        """
        move_line = self.env["account.move.line"].browse(row["id"])
        return {
            "move_line_id": row["id"],
            "branch_id": row["branch_id"],
            "name": move_line.followup_name,
            "invoice_date": row["invoice_date"] or move_line.date,
            "due_date": row["due_date"],
            "days_late": row["days_late"],
            "level_id": row["id"] in data["counting"] and row["next_level_id"],
            "currency_id": row["currency_id"],
            "amount": row["amount"],
            "residual": row["residual"],
            "residual_company": row["residual_company"],
            "disputed_part": row.get("disputed_part") or 0.0,
        }

    @api.model
    def _log_on_invoices(self, reminders):
        """Note the reminders in the chatter of each invoice that they name (E2).

        A test leaves none: nobody could find it when it is removed.
        """
        notes = defaultdict(list)  # an entry may have items of several customers
        for reminder in reminders.filtered(lambda one: not one.is_test):
            note = reminder._get_note_line()
            for move in reminder.line_ids.move_line_id.move_id:
                notes[move.id].append(note)
        for texts in zip_longest(*notes.values()):
            bodies = {key: text for key, text in zip(notes, texts, strict=True) if text}
            self.env["account.move"].browse(bodies)._message_log_batch(bodies)

    # ------------------------------------------------------------------
    # Statements
    # ------------------------------------------------------------------

    @api.model
    def _send_statements(self, statements, documents):
        """Record statements and queue their messages, in this transaction.

        The number of queries does not grow with the number of customers. An error of
        one of them is an error of all: the caller has a savepoint and takes smaller
        batches after it.

        :param statements: of one run, locked by the caller, in the name of who sends
        :param dict documents: {statement: (file name, PDF)}
        :return: dict {statement: why none of the channels can be used}; of these
            nothing is recorded
        :raise UserError: there is no text for the e-mails
        """
        context = clean_context(self.env.context)
        statements = statements.sudo().with_context(context)  # pylint: disable=context-overridden
        statements = statements.with_company(statements.company_id)
        self = self.with_env(statements.env)  # noqa: PLW0642
        parts = statements._get_parts()
        problems = self.env["account.followup.outbox"]._get_problems(statements, parts)
        reasons = {}
        for statement in statements:
            found = [by_sent[statement] for by_sent in problems.values()]
            if all(found):
                reasons[statement] = " ".join(found)
        reached = statements.filtered(lambda statement: statement not in reasons)
        if reached:
            reached._keep_documents_sent(documents)
            self.env["account.followup.outbox"]._deliver(reached, parts, problems)
        return reasons

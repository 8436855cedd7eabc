from collections import defaultdict
from itertools import zip_longest

from odoo import api, fields, models
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
        self = self.with_context(clean_context(self.env.context))  # noqa: PLW0642
        batch = self._create_reminders(batch)
        reminders = concat(data["reminder"] for data in batch)
        # the unique key decides before anything else is done
        self.env.flush_all()
        self._deliver(reminders, {data["reminder"]: data for data in batch})
        self._do_level_extras(batch)
        self._log_on_invoices(reminders)
        concat(data["followup"] for data in batch)._record_reminders(reminders)
        self.env.flush_all()
        return reminders

    @api.model
    def _create_reminders(self, batch):
        """Create the reminders with their lines.

        :return: the batch, with the ``reminder`` in the data of each
        """
        self._read_ahead(batch)
        followups = concat(data["followup"] for data in batch)
        followups = followups.sudo().with_company(followups.company_id)
        reminders = self.env["account.followup.reminder"].create(
            [
                self._prepare_reminder(followup, data)
                for followup, data in zip(followups, batch, strict=True)
            ]
        )
        return [
            dict(data, followup=followup, reminder=reminder)
            for data, followup, reminder in zip(
                batch, followups, reminders, strict=True
            )
        ]

    @api.model
    def _read_ahead(self, batch):
        """Read what the lines are made of, for all customers at once."""
        items = self.env["account.move.line"].browse(
            row["id"] for data in batch for row in data["rows"]
        )
        items.fetch(ITEM_FIELDS)
        items.move_id.fetch(MOVE_FIELDS)
        items.mapped("followup_name")
        self._read_links_ahead(batch, items.move_id)

    @api.model
    def _prepare_reminder(self, followup, data):
        """Return the values of the reminder with its lines.

        What is computed of it is given with them, as it is before anything is queued:
        so the rows are complete at once, and the unique key sees them.
        """
        known = {
            "partner_id": followup.partner_id.id,
            "company_id": followup.company_id.id,
            "date": data["day"],
            "is_standing": True,
        }
        lines = [{**self._prepare_line(row, data), **known} for row in data["rows"]]
        return {
            "partner_id": followup.partner_id.id,
            "company_id": followup.company_id.id,
            "level_id": data["level"].id,
            "date": data["day"],
            "trigger": data["trigger"],
            "state": "sent",
            "user_id": self.env.uid if data["trigger"] != "automatic" else False,
            "amount_overdue": self.env["account.followup.claim"]._get_company_claim(
                data["rows"], lambda row: row["days_late"] > 0
            ),
            "lang": data["lang"],
            # one line: it becomes a header of the e-mail
            "subject": " ".join((data["subject"] or "").split())
            if data["channels"]
            else False,
            "sms_body": links.hide_secrets(data["sms_body"] or "")[0]
            if self.env["account.followup.channels"]._needing(
                "sms_body", data["channels"]
            )
            else False,
            "call_id": data["call"].id if data.get("call") else False,
            "line_ids": [fields.Command.create(line) for line in lines],
            "branch_ids": [
                fields.Command.set(sorted({line["branch_id"] for line in lines}))
            ],
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
            "level_id": row["next_level_id"]
            if row["id"] in data["counting"]
            else False,
            "currency_id": row["currency_id"],
            "amount": row["amount"],
            "residual": row["residual"],
            "residual_company": row["residual_company"],
        }

    # ------------------------------------------------------------------
    # Around it
    # ------------------------------------------------------------------

    @api.model
    def _do_level_extras(self, batch):
        """Add the followers and the activity of the level that is due (A4, A5)."""
        groups = defaultdict(list)
        for data in batch:
            is_done = bool(data.get("call"))
            groups[data["level"], data["day"], is_done].append(data["followup"])
        for (level, day, is_done), cases in groups.items():
            followups = concat(cases)
            if users := level.follower_user_ids.filtered("active"):
                followups.partner_id.message_subscribe(partner_ids=users.partner_id.ids)
            if level.schedule_activity and level.activity_type_id and not is_done:
                is_manual = batch[0]["trigger"] == "manual"
                self._schedule_activities(followups, level, day, is_manual)

    @api.model
    def _schedule_activities(self, followups, level, day, is_manual):
        """Plan the activity of a level, in one go for each user.

        :param bool is_manual: core tells the user by e-mail of a task that somebody
            else has planned; a run plans hundreds, which stand in the work-list
        """
        groups = followups.grouped(
            lambda followup: self._get_task_user(followup, level)
        )
        for user, mine in groups.items():
            partners = mine.partner_id.with_context(
                mail_activity_quick_update=not is_manual
            )
            partners.activity_schedule(
                activity_type_id=level.activity_type_id.id,
                date_deadline=day,
                summary=level.activity_summary or level.name,
                note=level.activity_note,
                user_id=user.id,
            )

    @api.model
    def _get_task_user(self, followup, level):
        """Return who gets the activity of a level; somebody always does."""
        user = self._get_activity_user(followup, level)
        return user or self.env.ref("base.user_admin")

    @api.model
    def _get_activity_user(self, followup, level):
        user = {
            "followup_responsible": followup._get_responsible(),
            "salesperson": followup.partner_id.user_id,
            "user": level.activity_user_id,
        }[level.activity_responsible]
        return user.filtered("active") or followup._get_responsible()

    @api.model
    def _log_on_invoices(self, reminders):
        """Note the reminders in the chatter of each invoice that they name (E2)."""
        notes = defaultdict(list)  # an entry may have items of several customers
        for reminder in reminders:
            note = reminder._get_note_line()
            for move in reminder.line_ids.move_line_id.move_id:
                notes[move.id].append(note)
        for texts in zip_longest(*notes.values()):
            bodies = {key: text for key, text in zip(notes, texts, strict=True) if text}
            self.env["account.move"].browse(bodies)._message_log_batch(bodies)

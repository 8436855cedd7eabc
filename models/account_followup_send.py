from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context, get_lang


class AccountFollowupSend(models.AbstractModel):
    """The one way in which a reminder is made, whoever asks for it.

    Buttons, the list's action and the scheduled action prepare the data with
    ``_prepare_data``, change what a person chose, and pass it to ``_send_reminder``.
    Nothing leaves the server inside: messages are queued (promise 2).
    """

    _name = "account.followup.send"
    _description = "Payment Reminder Service"

    # ------------------------------------------------------------------
    # What to say: defaults, each a small method to extend
    # ------------------------------------------------------------------

    @api.model
    def _prepare_data(self, followup, day, *, trigger, **chosen):
        """Return all that a reminder needs, with what a person chose on top.

        :param followup: the case of one customer
        :param date day: the company's day
        :param str trigger: ``automatic``, ``mass`` or ``manual``
        :param chosen: values that replace the defaults: ``items`` (journal items),
            ``channels`` (set), ``mail_template``, ``subject``, ``body``,
            ``sms_template``, ``sms_body``, ``attach_invoices``; and ``letters``:
            ``print`` to print here what the level sends by post
        :return: dict
        :raise UserError: there is nothing to remind of
        """
        followup = followup.with_company(followup.company_id)
        rows = self.env["account.followup.item"]._get_rows(
            {followup.company_id: day}, followup.partner_id
        )
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
        level = self._get_level_due(named, day)
        data = {
            "day": day,
            "trigger": trigger,
            "rows": named,
            "total_due": self._get_totals(rows),
            "level": level,
            **self._get_default_content(followup, level, day),
        }
        if chosen.get("letters") == "print" and "letter" in data["channels"]:
            data["channels"] = data["channels"] - {"letter"} | {"print"}
        data.update(
            {
                name: value
                for name, value in chosen.items()
                if name not in ("items", "letters")
            }
        )
        data["lang"] = self._get_lang(followup.partner_id)
        self._complete_texts(followup, data)
        return data

    @api.model
    def _complete_texts(self, followup, data):
        """Fill in the texts that nobody has written, from the templates.

        :raise UserError: the level has no template for one of the channels
        """
        needed = {
            "subject": ("mail_template", "subject", {"email", "print", "letter"}),
            "body": ("mail_template", "body_html", {"email", "print", "letter"}),
            "sms_body": ("sms_template", "body", {"sms"}),
        }
        for name, (template, field, channels) in needed.items():
            if data.get(name) is not None:
                continue
            if data["channels"] & channels and not data[template]:
                raise UserError(
                    self.env._(
                        "%(customer)s: the follow-up level has no template for "
                        "%(channels)s. Choose one on the level.",
                        customer=followup.partner_id.display_name,
                        channels=self._get_channels_label(data["channels"] & channels),
                    )
                )
            data[name] = self._render(followup, data[template], field, data["lang"])

    @api.model
    def _is_ripe(self, row, day):
        return bool(
            row["residual"] > 0
            and not row["rest_reason"]
            and row["ripe_date"]
            and row["ripe_date"] <= day
        )

    @api.model
    def _get_default_rows(self, rows, day):
        """Rule 8: overdue items that do not rest, early ripe ones, and the credits."""
        return [
            row
            for row in rows
            if (
                row["rest_reason"] != "excluded"
                if row["residual"] <= 0
                else not row["rest_reason"]
                and (
                    row["days_late"] > 0
                    or (self._is_ripe(row, day) and row["next_delay"] < 0)
                )
            )
        ]

    @api.model
    def _get_level_due(self, rows, day):
        """Return the highest next level among the ripe items, or none."""
        ripe = [row for row in rows if self._is_ripe(row, day)]
        ripe.sort(key=lambda row: row["next_delay"])
        return self.env["account.followup.level"].browse(
            ripe[-1]["next_level_id"] if ripe else None
        )

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
        return {
            "channels": self._get_default_channels(source),
            "mail_template": source.mail_template_id.sudo(),
            "sms_template": source.sms_template_id.sudo(),
            "attach_invoices": source.attach_invoices,
        }

    @api.model
    def _get_channels(self):
        """Return all channels in the order in which they are carried out.

        A module with one more channel adds it here, a method ``_queue_<channel>`` and
        what it needs to ``_get_default_channels`` and ``_get_channel_problem``.
        """
        return ["print", "letter", "email", "sms"]

    @api.model
    def _get_default_channels(self, level):
        """Return the set of channels that a level uses."""
        channels = set()
        if level.send_email:
            channels.add("email")
        if level.send_letter:
            channels.add("letter")
        if level.send_sms:
            channels.add("sms")
        return channels

    @api.model
    def _get_channels_label(self, channels):
        """Return the names of some channels, for the screen."""
        field = self.env["account.followup.delivery"]._fields["channel"]
        labels = dict(field._description_selection(self.env))
        names = [labels[name] for name in self._get_channels() if name in channels]
        return ", ".join(names) or self.env._("Activity")

    @api.model
    def _get_channel_problem(self, channel, partner):
        """Return why a customer cannot be reached over a channel, or None (C3).

        :param str channel: ``email``, ``sms``, ``letter`` or ``print``
        :param partner: commercial partner
        :return: one sentence
        """
        return None

    @api.model
    def _get_recipients(self, partner):
        """Return the contacts who get the reminders (C3).

        The contacts marked for follow-ups, else the invoice address, which is the
        customer when there is none.
        """
        marked = partner.child_ids.filtered(lambda child: child.type == "followup")
        return marked or partner.browse(partner.address_get(["invoice"])["invoice"])

    @api.model
    def _get_lang(self, partner):
        """Return the code of the language to write in (C4)."""
        recipient = self._get_recipients(partner)[:1]
        return get_lang(self.env, recipient.lang or partner.lang).code

    @api.model
    def _render(self, followup, template, field, lang):
        """Return a field of a template, filled in for the customer.

        The text of a template is master data: it is rendered without asking for the
        rights of whoever happens to send.
        """
        if not template:
            return ""
        self._check_template(template)
        partner = followup.partner_id.with_company(followup.company_id)
        options = {"post_process": True} if field == "body_html" else None
        return (
            template.sudo()
            .with_company(followup.company_id)
            .with_context(lang=lang)
            ._render_field(field, partner.ids, options=options)[partner.id]
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

    @api.model
    def _get_totals(self, rows):
        """Return [(currency, due, overdue, credit)] of rows that are not excluded.

        Amounts are in the currency of the items, one entry a currency (rule 13).
        """
        totals = {}
        for row in rows:
            if row["rest_reason"] == "excluded":
                continue
            total = totals.setdefault(row["currency_id"], [0.0, 0.0, 0.0])
            total[0] += float(row["residual"])
            if row["residual"] <= 0:
                total[2] -= float(row["residual"])
            if row["residual"] <= 0 or row["days_late"] > 0:
                total[1] += float(row["residual"])
        currencies = self.env["res.currency"]
        return [(currencies.browse(key), *totals[key]) for key in sorted(totals)]

    # ------------------------------------------------------------------
    # Record and queue
    # ------------------------------------------------------------------

    @api.model
    def _send_reminder(self, followup, day, data):
        """Record a reminder and queue its messages, in this transaction.

        :param followup: the case, locked by the caller
        :param date day: the company's day
        :param dict data: from ``_prepare_data``
        :return: the reminder
        :raise psycopg2.errors.UniqueViolation: an item was reminded at this level by
            somebody else; nothing was written if the caller has a savepoint
        """
        followup = followup.sudo().with_company(followup.company_id)
        self = self.sudo().with_company(followup.company_id)  # noqa: PLW0642
        self = self.with_context(clean_context(self.env.context))  # noqa: PLW0642
        reminder = self.env["account.followup.reminder"].create(
            self._prepare_reminder(followup, data)
        )
        # the unique key decides before anything else is done
        self.env.flush_all()
        if data["channels"] - {"sms"}:
            reminder.body = self._get_full_body(reminder, data)
        for channel in self._get_channels():
            if channel in data["channels"]:
                self._queue_channel(channel, followup, reminder, data)
        self._log_reminder(followup, reminder)
        self._do_level_extras(followup, reminder, data)
        self._log_on_invoices(reminder)
        followup._record_reminder(reminder)
        self.env.flush_all()
        return reminder

    @api.model
    def _queue_channel(self, channel, followup, reminder, data):
        """Queue a reminder over one channel, or record why that cannot be."""
        if problem := self._get_channel_problem(channel, followup.partner_id):
            self.env["account.followup.delivery"].create(
                {
                    "reminder_id": reminder.id,
                    "channel": channel,
                    "state": "failed",
                    "failure_reason": problem,
                }
            )
            return
        getattr(self, f"_queue_{channel}")(followup, reminder, data)

    @api.model
    def _prepare_reminder(self, followup, data):
        """Return the values of the reminder with its lines."""
        lines = [self._prepare_line(row, data) for row in data["rows"]]
        return {
            "partner_id": followup.partner_id.id,
            "company_id": followup.company_id.id,
            "level_id": data["level"].id,
            "date": data["day"],
            "trigger": data["trigger"],
            "user_id": self.env.uid if data["trigger"] != "automatic" else False,
            "amount_overdue": sum(
                float(row["residual_company"]) for row in data["rows"]
            ),
            "lang": data["lang"],
            # one line: it becomes a header of the e-mail
            "subject": " ".join((data["subject"] or "").split()),
            "sms_body": data["sms_body"] if "sms" in data["channels"] else False,
            "line_ids": [fields.Command.create(line) for line in lines],
        }

    @api.model
    def _prepare_line(self, row, data):
        """Return the values of a line: a ripe item at its own next level (rule 8)."""
        move_line = self.env["account.move.line"].browse(row["id"])
        move_line = move_line.with_prefetch([row["id"] for row in data["rows"]])
        ripe = self._is_ripe(row, data["day"])
        return {
            "move_line_id": row["id"],
            "name": move_line.followup_name,
            "invoice_date": row["invoice_date"] or move_line.date,
            "due_date": row["due_date"],
            "days_late": row["days_late"],
            "level_id": row["next_level_id"] if ripe else False,
            "currency_id": row["currency_id"],
            "amount": row["amount"],
            "residual": row["residual"],
            "residual_company": row["residual_company"],
        }

    # ------------------------------------------------------------------
    # Around it
    # ------------------------------------------------------------------

    @api.model
    def _do_level_extras(self, followup, reminder, data):
        """Add the followers and the activity of the level that is due (A4, A5)."""
        level = data["level"]
        partner = followup.partner_id
        if users := level.follower_user_ids.filtered("active"):
            partner.message_subscribe(partner_ids=users.partner_id.ids)
        if level.schedule_activity and level.activity_type_id:
            user = self._get_activity_user(followup, level)
            partner.activity_schedule(
                activity_type_id=level.activity_type_id.id,
                date_deadline=data["day"],
                summary=level.activity_summary or level.name,
                note=level.activity_note,
                user_id=user.id,
            )

    @api.model
    def _get_activity_user(self, followup, level):
        user = {
            "followup_responsible": followup._get_responsible(),
            "salesperson": followup.partner_id.user_id,
            "user": level.activity_user_id,
        }[level.activity_responsible]
        user = user.filtered("active") or followup._get_responsible()
        return user or self.env.ref("base.user_admin")

    @api.model
    def _log_reminder(self, followup, reminder):
        """Keep in the chatter what goes out without an e-mail of its own (E1)."""
        if reminder.mail_message_id:
            return
        if not reminder.body or not reminder.delivery_ids:
            followup.partner_id._message_log(body=self._get_log_note(reminder))
            return
        reminder.mail_message_id = followup.partner_id.message_post(
            body=reminder.body,
            subject=reminder.subject,
            message_type="comment",
            attachments=self._get_letter_content(reminder),
        )

    @api.model
    def _log_on_invoices(self, reminder):
        """Note the reminder in the chatter of each invoice that it names (E2)."""
        moves = reminder.line_ids.move_line_id.move_id
        note = self._get_log_note(reminder)
        moves._message_log_batch(bodies=dict.fromkeys(moves.ids, note))

    @api.model
    def _get_log_note(self, reminder):
        """Return the line that stands for a reminder in a chatter."""
        return self.env._(
            "Payment reminder: %(reminder)s (%(channels)s)",
            reminder=reminder._get_html_link(),
            channels=reminder.channels,
        )

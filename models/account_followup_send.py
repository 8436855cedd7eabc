from lxml import html
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context, format_date, formatLang, get_lang

#: In a text, the element with this class is replaced by the table of open invoices.
TABLE_CLASS = "o_followup_items"


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
            ``attach_invoices``
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
        if not named:
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
        data.update({name: value for name, value in chosen.items() if name != "items"})
        lang = self._get_lang(followup.partner_id)
        data["lang"] = lang
        template = data["mail_template"]
        if data["channels"] & {"email", "print", "letter"} and not template:
            if data.get("body") is None:
                raise UserError(
                    self.env._(
                        'Follow-up level "%(level)s" has no content template.',
                        level=level.name or "",
                    )
                )
        for name, field in (("subject", "subject"), ("body", "body_html")):
            if data.get(name) is None:
                data[name] = self._render(followup, template, field, lang)
        return data

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
            "attach_invoices": source.attach_invoices,
        }

    @api.model
    def _get_default_channels(self, level):
        channels = set()
        if level.send_email:
            channels.add("email")
        if level.send_letter:
            channels.add("print")
        return channels

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
        partner = followup.partner_id.with_company(followup.company_id)
        options = {"post_process": True} if field == "body_html" else None
        return (
            template.sudo()
            .with_company(followup.company_id)
            .with_context(lang=lang)
            ._render_field(field, partner.ids, options=options)[partner.id]
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
        reminder.body = self._get_full_body(reminder, data)
        attachments = self._get_invoice_documents(data)
        if data["channels"] & {"print", "letter"}:
            self._create_letter(reminder)
        if "email" in data["channels"]:
            self._queue_email(followup, reminder, data, attachments)
        elif reminder.delivery_ids:
            self._log_letter(followup, reminder)
        self._do_level_extras(followup, reminder, data)
        self._log_on_invoices(reminder)
        followup._record_reminder(reminder)
        self.env.flush_all()
        return reminder

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
            "subject": data["subject"],
            "line_ids": [fields.Command.create(line) for line in lines],
        }

    @api.model
    def _prepare_line(self, row, data):
        """Return the values of a line: each ripe item at its own next level (rule 8)."""
        move_line = self.env["account.move.line"].browse(row["id"])
        ripe = self._is_ripe(row, data["day"])
        return {
            "move_line_id": row["id"],
            "name": self._get_item_name(move_line),
            "invoice_date": row["invoice_date"] or move_line.date,
            "due_date": row["due_date"],
            "days_late": row["days_late"],
            "level_id": row["next_level_id"] if ripe else False,
            "currency_id": row["currency_id"],
            "amount": row["amount"],
            "residual": row["residual"],
            "residual_company": row["residual_company"],
        }

    @api.model
    def _get_item_name(self, move_line):
        """Return the number of the invoice, with the instalment where there are more."""
        move = move_line.move_id
        name = move.name or move_line.name or ""
        terms = move.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        if move.is_invoice() and len(terms) > 1:
            terms = terms.sorted(lambda line: (line.date_maturity or line.date, line.id))
            number = list(terms).index(move_line) + 1
            return f"{name} ({number}/{len(terms)})"
        return name

    # ------------------------------------------------------------------
    # Text
    # ------------------------------------------------------------------

    @api.model
    def _get_full_body(self, reminder, data):
        """Return the text with the table of open invoices in its place (C5)."""
        table = self._render_table(reminder, data)
        return self._insert_table(data["body"] or "", table)

    @api.model
    def _insert_table(self, body, table):
        """Put the table where the text has a place for it, else below the text."""
        root = html.fragment_fromstring(str(body), create_parent="div")
        places = root.find_class(TABLE_CLASS)
        table_element = html.fragment_fromstring(str(table), create_parent="div")
        if places:
            place = places[0]
            table_element.tail = place.tail
            place.getparent().replace(place, table_element)
            for other in places[1:]:
                other.drop_tree()
        else:
            root.append(table_element)
        content = html.tostring(root, encoding="unicode")
        return Markup(content)

    @api.model
    def _render_table(self, reminder, data):
        """Return the table of the items that a reminder names, in its language."""
        return (
            self.env["ir.qweb"]
            .with_context(lang=reminder.lang)
            ._render(
                "account_payment_followup.reminder_items",
                self._get_table_values(reminder, data),
                lang=reminder.lang,
            )
        )

    @api.model
    def _get_table_values(self, reminder, data):
        reminder = reminder.with_context(lang=reminder.lang)
        overdue = {}
        for line in reminder.line_ids:
            total = overdue.setdefault(line.currency_id, 0.0)
            overdue[line.currency_id] = total + line.residual
        return {
            "reminder": reminder,
            "lines": reminder.line_ids.sorted(
                lambda line: (line.residual <= 0, line.due_date, line.id)
            ),
            "overdue_by_currency": list(overdue.items()),
            "due_by_currency": [(total[0], total[1]) for total in data["total_due"]],
            "pay_url": self._get_pay_url(reminder),
            "format_day": lambda day: format_date(reminder.env, day),
            "format_amount": lambda amount, currency: formatLang(
                reminder.env, amount, currency_obj=currency
            ),
        }

    @api.model
    def _get_pay_url(self, reminder):
        """Return the address at which the customer can pay: core's payment page (C5).

        With one invoice its own page, which the token opens without a login, else the
        page of all overdue invoices. No token is made here, since that would write on
        the invoice while it is being processed (promise 4).
        """
        moves = reminder.line_ids.filtered(lambda line: line.residual > 0).move_id
        base = reminder.company_id.get_base_url()
        if len(moves) == 1 and moves.is_invoice() and moves.access_token:
            return f"{base}{moves.get_portal_url()}"
        return f"{base}/my/invoices/overdue"

    # ------------------------------------------------------------------
    # Channels
    # ------------------------------------------------------------------

    @api.model
    def _queue_email(self, followup, reminder, data, attachments):
        """Queue the e-mail as a message on the customer, so that the proof stays (E1)."""
        recipients = self._get_recipients(followup.partner_id)
        with_email = recipients.filtered("email_normalized")
        values = {"reminder_id": reminder.id, "channel": "email"}
        if not with_email:
            values["state"] = "failed"
            values["failure_reason"] = self.env._(
                "%(contact)s has no valid e-mail address.",
                contact=recipients[:1].display_name,
            )
            self.env["account.followup.delivery"].create(values)
            self._log_letter(followup, reminder)
            return
        message = (
            followup.partner_id.with_context(
                lang=reminder.lang,
                mail_notify_force_send=False,
                mail_post_autofollow=False,
                mail_post_autofollow_author_skip=True,
                email_notification_allow_footer=True,
            )
            .with_company(followup.company_id)
            .message_post(
                body=reminder.body,
                subject=reminder.subject,
                message_type="comment",
                partner_ids=with_email.ids,
                attachments=attachments + self._get_letter_content(reminder),
                email_layout_xmlid="mail.mail_notification_layout",
                email_add_signature=False,
                mail_auto_delete=True,
                force_email_company=followup.company_id,
                force_email_lang=reminder.lang,
                record_company_id=followup.company_id.id,
                **self._get_author(followup, data),
            )
        )
        reminder.mail_message_id = message
        self.env["account.followup.delivery"].create(
            {
                **values,
                "recipient": ", ".join(with_email.mapped("email_normalized")),
                "mail_message_id": message.id,
            }
        )
        self._release_email(message, data)

    @api.model
    def _release_email(self, message, data):
        """Let the queued e-mail go: by hand after the commit, else with the queue."""
        if data["trigger"] == "manual":
            mails = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
            mails.send_after_commit()
        else:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    @api.model
    def _get_author(self, followup, data):
        """Return who writes: the person who sends, else the responsible, else the company."""
        user = self.env.user if data["trigger"] != "automatic" else None
        partner = user and user.partner_id
        partner = partner or followup._get_responsible().partner_id
        partner = partner or followup.company_id.partner_id
        values = {"author_id": partner.id}
        if partner.email_formatted:
            values["email_from"] = partner.email_formatted
        return values

    @api.model
    def _create_letter(self, reminder):
        """Make the letter and keep it as an attachment of the reminder."""
        report = self.env["ir.actions.report"].with_company(reminder.company_id)
        content, _kind = report._render_qweb_pdf(
            "account_payment_followup.action_report_reminder", reminder.ids
        )
        attachment = self.env["ir.attachment"].create(
            {
                "name": self._get_letter_name(reminder),
                "raw": content,
                "res_model": reminder._name,
                "res_id": reminder.id,
                "mimetype": "application/pdf",
            }
        )
        recipients = self._get_recipients(reminder.partner_id)
        return self.env["account.followup.delivery"].create(
            {
                "reminder_id": reminder.id,
                "channel": "print",
                "state": "sent",
                "recipient": recipients[:1].display_name,
                "attachment_id": attachment.id,
            }
        )

    @api.model
    def _get_letter_name(self, reminder):
        level = reminder.level_id.with_context(lang=reminder.lang)
        name = level.name or reminder.with_context(lang=reminder.lang).env._("Reminder")
        return f"{name} {reminder.date}.pdf".replace("/", "-")

    @api.model
    def _get_letter_content(self, reminder):
        """Return the letter as attachments of a message."""
        letters = reminder.delivery_ids.attachment_id
        return [(letter.name, letter.raw) for letter in letters]

    @api.model
    def _log_letter(self, followup, reminder):
        """Keep a reminder that goes out without an e-mail in the chatter (E1)."""
        reminder.mail_message_id = followup.partner_id.message_post(
            body=reminder.body,
            subject=reminder.subject,
            message_type="comment",
            attachments=self._get_letter_content(reminder),
        )

    @api.model
    def _get_invoice_documents(self, data):
        """Return the PDF of the overdue invoices; stored ones are used as they are (A4)."""
        if not data["attach_invoices"] or "email" not in data["channels"]:
            return []
        moves = self.env["account.move"].browse(
            row["move_id"] for row in data["rows"] if row["residual"] > 0
        )
        documents = []
        for move in moves.filtered(lambda move: move.is_sale_document()):
            document = move._get_invoice_legal_documents("pdf", allow_fallback=True)
            documents.append((document["filename"], document["content"]))
        return documents

    # ------------------------------------------------------------------
    # Around it
    # ------------------------------------------------------------------

    @api.model
    def _do_level_extras(self, followup, reminder, data):
        """Add the followers and the activity of the level that is due (A4, A5)."""
        level = data["level"]
        partner = followup.partner_id
        if users := level.follower_user_ids:
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
        return user or followup._get_responsible() or self.env.ref("base.user_admin")

    @api.model
    def _log_on_invoices(self, reminder):
        """Note the reminder in the chatter of each invoice that it names (E2)."""
        moves = reminder.line_ids.move_line_id.move_id
        note = self.env._(
            "Payment reminder: %(reminder)s (%(channels)s)",
            reminder=reminder._get_html_link(),
            channels=reminder.channels,
        )
        moves._message_log_batch(bodies=dict.fromkeys(moves.ids, note))

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

#: What a take-over sets for customers: kind, and the settings that say it.
SETTINGS = {
    "exclusion": ("excluded", "review_date"),
    "responsible": ("responsible_id",),
    "manual": ("reminder_type",),
    "next_date": ("next_reminder_date",),
}


class AccountFollowupTakeoverAct(models.AbstractModel):
    """Doing and undoing, in the caller's transaction and the take-over's environment.

    The cases are locked and written, as each reminder does it: a run that began before
    cannot act on what it read then (promise 2).
    """

    _name = "account.followup.takeover.act"
    _description = "Take-over from Another Add-on"

    @api.model
    def _take_over(self, takeover):
        """Look once more, do it, and return what was done.

        :rtype: Look
        """
        for row in takeover.level_ids.filtered("is_created"):
            row._create_level()
        service = self.env["account.followup.takeover.look"]
        look = service._look(takeover, takeover._get_facts())
        cases = self._lock_cases(takeover, look.get_partners())
        lines = self._create_reminders(look)
        lines += self._exclude(look, cases)
        lines += self._set_responsibles(look, cases)
        lines += self._set_manuals(look, cases)
        self.env.flush_all()
        lines += self._set_next_dates(look, cases)
        self._create_lines(takeover, lines)
        self._note_done(takeover)
        return look

    @api.model
    def _note_done(self, takeover):
        """Note who did it, and which reminder was the last one then."""
        reminders = self.env["account.followup.reminder"].sudo()
        last = reminders.search([], limit=1, order="id DESC")
        takeover.sudo().write(
            {
                "state": "done",
                "done_date": fields.Datetime.now(),
                "done_user_id": self.env.uid,
                "last_reminder_id": last.id,
            }
        )

    @api.model
    def _lock_cases(self, takeover, partners):
        """Return {customer: follow-up}, locked and noted as just changed.

        :raise UserError: a customer is being reminded at this moment
        """
        followups = self.env["account.followup"]
        followups = followups._lock_all(partners, takeover.company_id)
        return followups.grouped("partner_id")

    @api.model
    def _create_lines(self, takeover, lines):
        self.env["account.followup.takeover.line"].sudo().create(
            [
                {"takeover_id": takeover.id, "source": takeover.source, **values}
                for values in lines
            ]
        )

    # ------------------------------------------------------------------
    # What was sent
    # ------------------------------------------------------------------

    @api.model
    def _create_reminders(self, look):
        """Create a reminder for what one customer got at one level on one day.

        :return: values of account.followup.takeover.line
        """
        # the names are asked one by one below: worked out here at once
        items = self.env["account.move.line"].union(*(one for one, _ in look.reminders))
        items.mapped("followup_name")
        groups = self._group_reminders(look)
        reminders = self.env["account.followup.reminder"].sudo()
        company = look.takeover.company_id
        reminders = reminders.with_company(company).create(
            [
                self._prepare_reminder(company, partner, day, level, mine)
                for (partner, day, level), mine in groups
            ]
        )
        # the unique key decides before anything else is done
        self.env.flush_all()
        return [
            self._prepare_reminded(reminder, item, one)
            for reminder, (_group, mine) in zip(reminders, groups, strict=True)
            for item, one in mine
        ]

    @api.model
    def _group_reminders(self, look):
        """Return [((customer, day, level), [(item, fact)])], by day and customer."""
        groups = defaultdict(list)
        for (item, level), one in look.reminders.items():
            groups[one["partner"], one["date"], level].append((item, one))
        return sorted(groups.items(), key=lambda pair: (pair[0][1], pair[0][0].id))

    @api.model
    def _prepare_reminded(self, reminder, item, fact):
        return {
            "kind": "reminder",
            "key": fact["key"],
            "move_line_id": item.id,
            "reminder_id": reminder.id,
            "date": fact["date"],
        }

    @api.model
    def _prepare_reminder(self, company, partner, day, level, items):
        """Return the values of a reminder that another add-on has sent.

        It has no number, text or delivery here, and counts as sent.

        :param items: list of (journal item, what was found of it)
        """
        service = self.env["account.followup.send"]
        lines = [self._prepare_line(item, one, level) for item, one in items]
        overdue = [line["residual_company"] for line in lines if line["days_late"] > 0]
        return {
            **service._prepare_history(partner.id, company, day, lines),
            "level_id": level.id,
            "trigger": "import",
            "state": "sent",
            "user_id": self.env.uid,
            "lang": partner.lang,
            "amount_overdue": sum(overdue),
        }

    @api.model
    def _prepare_line(self, item, one, level):
        """Return the values of a line; what was claimed then, if that is known."""
        residual = item.amount_residual_currency
        amount = one["amount"] or residual
        rate = item.amount_residual / residual
        due = self.env["account.followup.takeover.look"]._get_due(item)
        return {
            "move_line_id": item.id,
            "branch_id": item.company_id.id,
            "name": item.followup_name,
            "invoice_date": item.invoice_date or item.date,
            "due_date": due,
            "days_late": (one["date"] - due).days,
            "level_id": level.id,
            "currency_id": item.currency_id.id,
            "amount": item.amount_currency,
            "residual": amount,
            "residual_company": item.company_currency_id.round(amount * rate),
        }

    # ------------------------------------------------------------------
    # What people had decided
    # ------------------------------------------------------------------

    @api.model
    def _get_reason(self, takeover):
        source = takeover._get_source()
        return self.env._("Taken over from %s", source._get_label())

    @api.model
    def _exclude(self, look, cases):
        """Exclude customers and invoices; return the values of lines."""
        lines, excluded = [], []
        for one in look.exclusions:
            if not one["items"]:
                case = cases[one["partner"]]
                excluded.append(case)
                values = {"kind": "exclusion", "key": one["key"]}
                lines.append({**values, "followup_id": case.id})
        lines += self._exclude_items(look)
        self._set(self.env["account.followup"].union(*excluded), {"excluded": True})
        return lines

    @api.model
    def _exclude_items(self, look):
        """Exclude invoices; return the values of lines."""
        keys = {}
        for one in look.exclusions:
            for move in one["items"].move_id:
                keys.setdefault(move.id, one["key"])
        # core keeps the instalments of an invoice together
        items = self.env["account.move.line"].union(
            *(one["items"] for one in look.exclusions)
        )
        items = items.sudo()._get_followup_excluded_together()
        items = items.filtered(lambda item: not item.no_followup)
        # a hold keeps its own; what is left of one that has ended says nothing
        free = items.filtered(
            lambda item: not (item.followup_hold_reason and item.followup_hold_until)
        )
        free.write({"followup_hold_reason": self._get_reason(look.takeover)})
        items.write({"no_followup": True})
        return [
            {"kind": "exclusion", "key": keys[item.move_id.id], "move_line_id": item.id}
            for item in items
        ]

    @api.model
    def _set_responsibles(self, look, cases):
        by_user = defaultdict(list)
        lines = []
        for one in look.responsibles:
            case = cases[one["partner"]]
            by_user[one["user"]].append(case)
            lines.append(
                {
                    "kind": "responsible",
                    "key": one["key"],
                    "followup_id": case.id,
                    "user_id": one["user"].id,
                }
            )
        for user, mine in by_user.items():
            followups = self.env["account.followup"].union(*mine)
            self._set(followups, {"responsible_id": user.id})
        return lines

    @api.model
    def _set_manuals(self, look, cases):
        """Have those reminded by a person only of whom the source says so."""
        mine = [cases[one["partner"]] for one in look.manuals]
        self._set(
            self.env["account.followup"].union(*mine), {"reminder_type": "manual"}
        )
        return [
            {"kind": "manual", "key": one["key"], "followup_id": case.id}
            for one, case in zip(look.manuals, mine, strict=True)
        ]

    @api.model
    def _set_next_dates(self, look, cases):
        """Set the days before which nobody is reminded.

        A day before that of the rule would not bring the reminder forward (rule 9): it
        is told as a doubt, and the rule counts.
        """
        found = {cases[one["partner"]]: one for one in look.next_dates}
        partners = [one["partner"] for one in look.next_dates]
        first = self._get_rule_dates(look.takeover.company_id, partners)
        by_day, lines = defaultdict(list), []
        look.next_dates = []
        for case, one in found.items():
            by_rule = first.get(case.partner_id.id)
            if by_rule and one["date"] < by_rule:
                reason = self.env._("By the rule the next reminder is later anyway.")
                look.doubt(one, case.partner_id.display_name, reason)
                continue
            look.next_dates.append(one)
            by_day[one["date"]].append(case)
            lines.append(self._prepare_next_date(case, one))
        for day, mine in by_day.items():
            followups = self.env["account.followup"].union(*mine)
            values = {"next_reminder_date": day}
            self._set(followups, values, next_reminder_user_id=self.env.uid)
        return lines

    @api.model
    def _prepare_next_date(self, case, fact):
        return {
            "kind": "next_date",
            "key": fact["key"],
            "followup_id": case.id,
            "date": fact["date"],
            "old_date": case.next_reminder_date,
            "old_user_id": case.next_reminder_user_id.id,
        }

    @api.model
    def _get_rule_dates(self, company, partners):
        """Return {customer id: next reminder by the rule alone}."""
        today = company._get_followup_day()
        partners = self.env["res.partner"].union(*partners)
        rows = self.env["account.followup.customer"].sudo()._get_rows(today, partners)
        return {row["partner_id"]: row["next_reminder_date"] for row in rows}

    @api.model
    def _set(self, followups, values, **silent):
        """Set settings of customers, with a line in their chatters (E1).

        :param silent: values that go with them
        """
        followups = followups.sudo()
        trace = self.env["account.followup.setting"].sudo()
        before = {
            followup: {name: trace._get_setting_text(followup, name) for name in values}
            for followup in followups
        }
        followups.write({**values, **silent})
        trace._log_settings(before)

    # ------------------------------------------------------------------
    # Undo
    # ------------------------------------------------------------------

    @api.model
    def _undo(self, takeover):
        """Take away what was taken over, unless somebody has changed it since."""
        self._check_no_reminder_since(takeover)
        lines = takeover.sudo().line_ids
        lines = lines.browse(lines.ids)  # read together, also after a deletion
        partners = lines.followup_id.partner_id | lines.reminder_id.partner_id
        self._lock_cases(takeover, partners)
        by_kind = self._leave_out_changed(takeover, lines).grouped("kind")
        none = lines.browse()
        by_kind.get("reminder", none).reminder_id.unlink()
        self._undo_exclusions(takeover, by_kind.get("exclusion", none))
        self._undo_responsibles(by_kind.get("responsible", none))
        self._undo_manuals(by_kind.get("manual", none))
        self._undo_next_dates(by_kind.get("next_date", none))
        lines.unlink()
        takeover.sudo().level_ids._delete_created()
        takeover.sudo().state = "undone"

    @api.model
    def _undo_next_dates(self, lines):
        """Set the days that were there before, unless they were changed since."""
        lines = lines.filtered(
            lambda line: line.followup_id.next_reminder_date == line.date
        )
        groups = lines.grouped(lambda line: (line.old_date, line.old_user_id))
        for (day, user), mine in groups.items():
            values = {"next_reminder_date": day}
            self._set(mine.followup_id, values, next_reminder_user_id=user.id)

    @api.model
    def _check_no_reminder_since(self, takeover):
        """Raise UserError when a reminder may rest upon what was taken over."""
        reminders = self.env["account.followup.reminder"].sudo()
        domain = [
            ("company_id", "=", takeover.company_id.id),
            ("id", ">", takeover.last_reminder_id),
            ("trigger", "!=", "import"),
        ]
        later = reminders.search(domain, order="id", limit=1)
        if later:
            raise UserError(
                self.env._(
                    "%(name)s cannot be undone any more: reminders were made after it, "
                    "the first one to %(customer)s.",
                    name=takeover.display_name,
                    customer=later.partner_id.display_name,
                )
            )

    @api.model
    def _undo_responsibles(self, lines):
        same = lines.filtered(
            lambda line: line.followup_id.responsible_id == line.user_id
        )
        self._set(same.followup_id, {"responsible_id": False})

    @api.model
    def _undo_manuals(self, lines):
        manuals = lines.followup_id.filtered(lambda one: one.reminder_type == "manual")
        self._set(manuals, {"reminder_type": "automatic"})

    @api.model
    def _undo_exclusions(self, takeover, lines):
        self._set(lines.followup_id.filtered("excluded"), {"excluded": False})
        items = lines.move_line_id.filtered("no_followup")
        mine = self._filter_own_reason(takeover, items)
        # a hold that was there before has kept its reason
        changed = items.filtered(lambda item: not item.followup_hold_until) - mine
        items -= changed._get_followup_excluded_together()
        (mine & items).write({"followup_hold_reason": False})
        items.write({"no_followup": False})

    @api.model
    def _filter_own_reason(self, takeover, items):
        """Return the items that are excluded for the take-over's reason still.

        Who has excluded them anew has given another one, or none. It is in the language
        of who took it over.
        """
        reasons = {
            self.with_context(lang=code)._get_reason(takeover.with_context(lang=code))
            for code, _name in self.env["res.lang"].get_installed()
        }
        return items.filtered(lambda item: item.followup_hold_reason in reasons)

    @api.model
    def _leave_out_changed(self, takeover, lines):
        """Return the lines but those of settings that somebody has set since.

        Also to what they are: who looks at an exclusion and keeps it has decided so.
        """
        traces = self.env["account.followup.trace"].sudo()
        traces = traces.search(
            [
                ("followup_id", "in", lines.followup_id.ids),
                ("date", ">=", takeover.done_date),
            ]
        )
        changed = {(trace.followup_id, trace.name) for trace in traces}
        return lines.filtered(
            lambda line: changed.isdisjoint(
                (line.followup_id, name) for name in SETTINGS.get(line.kind, ())
            )
        )

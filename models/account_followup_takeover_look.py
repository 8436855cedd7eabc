import re
from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools.days import EARLIEST, is_sensible

#: Fields by which a source can name a customer.
CALLED = ("name", "complete_name", "ref", "email")


def get_order(where):
    """Return what sorts places as people count: line 9 before line 10."""
    return [
        (int(part), "") if part.isdecimal() else (0, part)
        for part in re.split(r"(\d+)", where)
    ]


class Look:
    """What a take-over would do: collected once, shown or done."""

    def __init__(self, takeover):
        self.takeover = takeover
        company = takeover.company_id
        self.today = company._get_followup_day()[company]
        #: (kind, key, id of the item) of what was taken over before
        self.taken = set()
        #: what the facts name, see ``_find_items`` and ``_find_partners``
        self.places = {}
        self.partners = {}
        #: {id: customer} of those to whom reminders went, see ``_find_reminded``
        self.reminded = {}
        self.doubts = []  # (where, what, reason)
        self.known = 0
        self.settled = 0
        #: {(journal item, level): dict of ``key``, ``date``, ``amount``, ``partner``}
        self.reminders = {}
        #: dicts of ``key``, and ``partner`` or ``items``
        self.exclusions = []
        self.next_dates = []
        self.responsibles = []
        self.manuals = []

    def doubt(self, fact, what, reason):
        self.doubts.append((fact.get("where") or "", what or "", reason))

    def sort(self):
        """Put the doubts into the order in which they stand in the source."""
        self.doubts.sort(key=lambda doubt: get_order(doubt[0]))

    def get_partners(self):
        """Return all customers whom something is taken over for."""
        every = [one["partner"] for one in self.reminders.values()]
        for facts in (
            self.exclusions,
            self.next_dates,
            self.responsibles,
            self.manuals,
        ):
            every += [fact["partner"] for fact in facts]
        return self.takeover.env["res.partner"].union(*every)


class AccountFollowupTakeoverLook(models.AbstractModel):
    """Looking: what a source says is found in this database, or told as a doubt.

    Nothing is changed; it is called in the environment of the take-over.
    """

    _name = "account.followup.takeover.look"
    _description = "Take-over from Another Add-on"

    @api.model
    def _look(self, takeover, facts):
        """Return what would be done.

        :param dict facts: see ``_get_facts`` of account.followup.takeover.source
        :rtype: Look
        """
        look = Look(takeover)
        look.doubts += facts["problem"]
        look.taken = self._get_taken(takeover)
        look.places = self._find_items(takeover, facts)
        look.partners = self._find_partners(takeover, facts)
        look.reminded = self._find_reminded(facts["reminder"])
        self._look_at_reminders(look, facts["reminder"])
        self._look_at_exclusions(look, facts["exclusion"])
        self._look_at_next_dates(look, facts["next_date"])
        self._look_at_responsibles(look, facts["responsible"])
        self._look_at_manuals(look, facts["manual"])
        look.sort()
        return look

    @api.model
    def _get_taken(self, takeover):
        """Return what was taken over before, as (kind, key, id of the item)."""
        lines = self.env["account.followup.takeover.line"].sudo()
        lines = lines.search_fetch(
            [
                ("company_id", "=", takeover.company_id.id),
                ("source", "=", takeover.source),
            ],
            ["kind", "key", "move_line_id"],
        )
        return {(line.kind, line.key, line.move_line_id.id) for line in lines}

    # ------------------------------------------------------------------
    # Finding
    # ------------------------------------------------------------------

    @api.model
    def _find_items(self, takeover, facts):
        """Return {(``line_id``, id) or (``number``, text) …: (moves, their items)}.

        Only receivable items of posted entries that the user may read.
        """
        moves, items = self._search_items(takeover, self._get_wanted(facts))
        # each is looked at for itself below: what is asked then is read here, at once
        items.partner_id.mapped("commercial_partner_id")
        moves.mapped("commercial_partner_id")
        places = {("line_id", item.id): (item.move_id, item) for item in items}
        by_move = items.grouped("move_id")
        for move in moves:
            mine = by_move.get(move, items.browse())
            for key in (("move_id", move.id), ("number", move.name)):
                others, theirs = places.get(key, (moves.browse(), items.browse()))
                places[key] = (others + move, theirs + mine)
        return places

    @api.model
    def _get_wanted(self, facts):
        """Return {name: values} by which facts name what they are about."""
        wanted = defaultdict(set)
        for kind in ("reminder", "exclusion", "next_date", "responsible", "manual"):
            for fact in facts[kind]:
                for name in ("line_id", "move_id", "number"):
                    if fact.get(name):
                        wanted[name].add(fact[name])
        return wanted

    @api.model
    def _search_items(self, takeover, wanted):
        """Return (moves, receivable items) that were named, and can be read."""
        here = Domain("company_id", "in", takeover._get_company_ids())
        named = Domain("id", "in", list(wanted["move_id"]))
        named |= Domain("name", "in", list(wanted["number"]))
        posted = here & Domain("state", "=", "posted")
        moves = self.env["account.move"].search(posted & named)
        items = self.env["account.move.line"].search(
            here
            & Domain("parent_state", "=", "posted")
            & Domain("account_type", "=", "asset_receivable")
            & (
                Domain("id", "in", list(wanted["line_id"]))
                | Domain("move_id", "in", moves.ids)
            )
        )
        return moves, items

    @api.model
    def _get_place(self, look, fact):
        """Return (move, receivable items) of a fact about an invoice.

        :return: None when it is a doubt
        """
        name = next(one for one in ("line_id", "move_id", "number") if fact.get(one))
        moves, items = look.places.get((name, fact[name]), (None, None))
        what = str(fact[name])
        if not moves:
            reason = self.env._(
                "There is no posted invoice %(number)s in %(company)s.",
                number=what,
                company=look.takeover.company_id.name,
            )
        elif len(moves) > 1:
            reason = self.env._("There are %s invoices with this number.", len(moves))
        elif not items:
            reason = self.env._("It is no invoice to a customer.")
        else:
            return moves, items
        look.doubt(fact, what, reason)
        return None

    @api.model
    def _get_open(self, look, fact):
        """Return the open items of a fact about an invoice, None if there are none."""
        place = self._get_place(look, fact)
        if not place:
            return None
        move, items = place
        items = items.filtered(
            lambda item: item._is_followup_open() and item.amount_residual_currency > 0
        )
        if items:
            return items
        look.settled += 1
        if look.takeover._get_source()._tells_settled:
            reason = self.env._("It is settled: nothing is left to remind of.")
            look.doubt(fact, move.name, reason)
        return None

    @api.model
    def _find_partners(self, takeover, facts):
        """Return {id or text: commercial partners} of the facts about customers."""
        every = [
            fact
            for kind in ("exclusion", "next_date", "responsible", "manual")
            for fact in facts[kind]
        ]
        ids = [fact["partner_id"] for fact in every if fact.get("partner_id")]
        texts = [fact["partner"] for fact in every if fact.get("partner")]
        partners = self._search_partners(takeover, ids, texts)
        found = defaultdict(partners.browse)
        wanted = set(texts)
        for partner in partners:
            customer = partner.commercial_partner_id
            found[partner.id] |= customer
            for text in {partner[name] for name in CALLED} & wanted:
                found[text] |= customer
        return found

    @api.model
    def _search_partners(self, takeover, ids, texts):
        """Return the contacts with these ids or names, archived ones included."""
        partners = self.env["res.partner"].with_context(active_test=False)
        return partners.search(
            Domain("company_id", "in", (False, *takeover._get_company_ids()))
            & (
                Domain("id", "in", ids)
                | Domain.OR(Domain(name, "in", texts) for name in CALLED)
            )
        )

    @api.model
    def _find_reminded(self, facts):
        """Return {id: commercial partner} of those to whom reminders went."""
        ids = {fact["partner_id"] for fact in facts if fact.get("partner_id")}
        partners = self.env["res.partner"].sudo().browse(ids).exists()
        return {partner.id: partner.commercial_partner_id for partner in partners}

    @api.model
    def _get_partner(self, look, fact):
        """Return the customer of a fact, None when it is a doubt."""
        if not (key := fact.get("partner_id") or fact.get("partner")):
            place = self._get_place(look, fact)
            return place[0].commercial_partner_id if place else None
        found = look.partners.get(key, ())
        if len(found) == 1:
            return found
        reason = (
            self.env._("There are %s customers of this name.", len(found))
            if found
            else self.env._("There is no such customer.")
        )
        look.doubt(fact, str(key), reason)
        return None

    # ------------------------------------------------------------------
    # What was sent
    # ------------------------------------------------------------------

    @api.model
    def _look_at_reminders(self, look, facts):
        """Collect the last day on which each open item reached each level of ours."""
        levels = {row.key: row for row in look.takeover.level_ids}
        for fact in facts:
            items = self._get_reminded(look, fact, levels)
            row = levels.get(fact["level"])
            for item in items or ():
                if ("reminder", fact["key"], item.id) in look.taken:
                    look.known += 1
                    continue
                found = look.reminders.get((item, row.level_id))
                if not found or found["date"] < fact["date"]:
                    look.reminders[item, row.level_id] = {
                        "key": fact["key"],
                        "date": fact["date"],
                        "amount": fact.get("amount"),
                        "partner": item.partner_id.commercial_partner_id,
                        "row": row,
                    }
        self._leave_out_reached(look)

    @api.model
    def _get_reminded(self, look, fact, levels):
        """Return the open items that a reminder was about, or None."""
        items = self._get_open(look, fact)
        if not items:
            return None
        customer = items.partner_id.commercial_partner_id[:1]
        row = levels.get(fact["level"])
        if reason := self._get_reminder_doubt(look, fact, row, customer):
            look.doubt(fact, items.move_id.name, reason)
            return None
        return items if fact.get("line_id") else self._get_late(items, fact["date"])

    @api.model
    def _get_reminder_doubt(self, look, fact, row, customer):
        """Return why a reminder cannot be taken over, or None.

        :param row: the level of the source, if it is known
        """
        partner_id = fact.get("partner_id")
        if not row or row.level_id.company_id != look.takeover.company_id:
            return self.env._(
                "Level %s counts as none of ours: choose one in the list of levels.",
                row.name if row else fact["level"],
            )
        if fact["date"] > look.today:
            return self.env._(
                "%s is a day to come.", format_date(self.env, fact["date"])
            )
        if fact["date"] < EARLIEST:
            return self.env._("%s is too long ago.", fact["date"])
        if partner_id and look.reminded.get(partner_id) != customer:
            return self.env._("It belongs to another customer now: it starts anew.")
        return None

    @api.model
    def _get_late(self, items, day):
        """Return the instalments that were due on a day, else the first one."""
        late = items.filtered(lambda item: self._get_due(item) < day)
        return late or items.sorted(lambda item: (self._get_due(item), item.id))[:1]

    @api.model
    def _get_due(self, item):
        """Rule 2."""
        return item.date_maturity or item.invoice_date or item.date

    @api.model
    def _leave_out_reached(self, look):
        """Leave out what was reminded at that level here: it stays as it is."""
        items = self.env["account.move.line"].union(*(one for one, _ in look.reminders))
        lines = self.env["account.followup.reminder.line"].sudo()
        lines = lines.search(
            [
                ("move_line_id", "in", items.ids),
                ("level_id", "!=", False),
                ("is_standing", "=", True),
            ]
        )
        reached = {
            (line.move_line_id.id, line.level_id.id, line.partner_id.id)
            for line in lines
        }
        for (item, level), one in list(look.reminders.items()):
            if (item.id, level.id, one["partner"].id) in reached:
                look.known += 1
                del look.reminders[item, level]

    # ------------------------------------------------------------------
    # What people had decided
    # ------------------------------------------------------------------

    @api.model
    def _get_cases(self, takeover, partners):
        """Return {customer: follow-up} of those that have one."""
        followups = self.env["account.followup"].sudo()
        followups = followups.search(
            [
                ("company_id", "=", takeover.company_id.id),
                ("partner_id", "in", partners.ids),
            ]
        )
        return followups.grouped("partner_id")

    @api.model
    def _look_at_exclusions(self, look, facts):
        found = self._get_excluded(look, facts)
        partners = self.env["res.partner"].union(*(one["partner"] for one in found))
        cases = self._get_cases(look.takeover, partners)
        for one in found:
            if one["items"]:
                is_done = all(one["items"].mapped("no_followup"))
                marks = [("exclusion", one["key"], item.id) for item in one["items"]]
            else:
                case = cases.get(one["partner"])
                is_done = bool(case) and case.excluded
                marks = [("exclusion", one["key"], False)]
            if is_done or look.taken.intersection(marks):
                look.known += 1
            else:
                look.exclusions.append(one)

    @api.model
    def _get_excluded(self, look, facts):
        """Return who is excluded, or which items are, as dicts, each once."""
        found = []
        # of lines that are the same one counts
        for fact in {fact["key"]: fact for fact in facts}.values():
            if fact.get("partner_id") or fact.get("partner"):
                partner = self._get_partner(look, fact)
                items = self.env["account.move.line"]
            else:
                items = self._get_open(look, fact)
                partner = items and items.partner_id.commercial_partner_id[:1]
            if partner:
                found.append({"key": fact["key"], "partner": partner, "items": items})
        return found

    @api.model
    def _look_at_next_dates(self, look, facts):
        """Days that have passed have done their work; a later one here stays."""
        latest = self._get_latest_dates(look, facts)
        partners = self.env["res.partner"].union(*latest)
        cases = self._get_cases(look.takeover, partners)
        for partner, fact in latest.items():
            case = cases.get(partner)
            if case and (case.next_reminder_date or look.today) >= fact["date"]:
                look.known += 1
            else:
                look.next_dates.append(fact)

    @api.model
    def _get_latest_dates(self, look, facts):
        """Return {customer: the fact with the latest day to come}."""
        latest = {}
        for fact in facts:
            if fact["date"] <= look.today:
                continue
            if not (partner := self._get_partner(look, fact)):
                continue
            if not is_sensible(fact["date"], look.today):
                reason = self.env._("%s is too far away.", fact["date"])
                look.doubt(fact, partner.display_name, reason)
            elif ("next_date", fact["key"], False) in look.taken:
                look.known += 1
            elif partner not in latest or latest[partner]["date"] < fact["date"]:
                latest[partner] = {**fact, "partner": partner}
        return latest

    @api.model
    def _look_at_responsibles(self, look, facts):
        first = self._get_first_responsibles(look, facts)
        partners = self.env["res.partner"].union(*first)
        cases = self._get_cases(look.takeover, partners)
        for partner, fact in first.items():
            if (case := cases.get(partner)) and case.responsible_id:
                look.known += 1
            else:
                look.responsibles.append(fact)

    @api.model
    def _get_first_responsibles(self, look, facts):
        """Return {customer: the first fact that names a user of the company}."""
        users = self._find_users(look.takeover, facts)
        first = {}
        for fact in facts:
            if not (partner := self._get_partner(look, fact)):
                continue
            user = users.get(fact.get("user_id") or fact.get("user"), ())
            if len(user) != 1:
                what = fact.get("user") or partner.display_name
                reason = self.env._("There is no such user in this company.")
                look.doubt(fact, what, reason)
            elif ("responsible", fact["key"], False) in look.taken:
                look.known += 1
            else:
                first.setdefault(partner, {**fact, "partner": partner, "user": user})
        return first

    @api.model
    def _look_at_manuals(self, look, facts):
        """A customer whose reminders are manual here stays so."""
        found = {}
        for fact in facts:
            if not (partner := self._get_partner(look, fact)):
                continue
            if ("manual", fact["key"], False) in look.taken:
                look.known += 1
            else:
                found.setdefault(partner, {**fact, "partner": partner})
        partners = self.env["res.partner"].union(*found)
        cases = self._get_cases(look.takeover, partners)
        for partner, fact in found.items():
            if (case := cases.get(partner)) and case.reminder_type == "manual":
                look.known += 1
            else:
                look.manuals.append(fact)

    @api.model
    def _find_users(self, takeover, facts):
        """Return {id or text: users} of the facts about responsibles."""
        names = ("name", "login", "email")
        texts = [fact["user"] for fact in facts if fact.get("user")]
        ids = [fact["user_id"] for fact in facts if fact.get("user_id")]
        users = self.env["res.users"].search(
            Domain("share", "=", False)
            & Domain("company_ids", "in", takeover.company_id.ids)
            & (
                Domain("id", "in", ids)
                | Domain.OR(Domain(name, "in", texts) for name in names)
            )
        )
        found = defaultdict(users.browse)
        for user in users:
            for key in {user.id, *(user[name] for name in names)}:
                found[key] |= user
        return found

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

#: What people choose; all else is noted by the take-over.
PEOPLE_FIELDS = frozenset(
    {"company_id", "default_date", "file", "file_name", "level_ids", "source"}
)


class AccountFollowupTakeover(models.Model):
    """One take-over of what another follow-up add-on has done (X14).

    It shows first what it would do, does it in one transaction, keeps what it has done
    line by line, and can be undone until the first reminder that is made after it.

    The record has fields, buttons and checks; ``account.followup.takeover.look`` looks,
    ``account.followup.takeover.act`` does it, after having looked once more.
    """

    _name = "account.followup.takeover"
    _description = "Take-over from Another Add-on"
    _order = "id DESC"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company.root_id,
        ondelete="cascade",
    )
    source = fields.Selection(
        selection="_get_source_selection",
        string="From",
        required=True,
        default=lambda self: self._get_source_selection()[-1][0],
        help="Other add-ons are offered when their tables are found in this database.",
    )
    is_file = fields.Boolean(compute="_compute_is_file")
    file = fields.Binary("CSV File", attachment=False)
    file_name = fields.Char()
    default_date = fields.Date(
        "Day If None Is Given", help="For lines with a level, but without a date."
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("ready", "Looked At"),
            ("done", "Taken Over"),
            ("undone", "Undone"),
        ],
        default="draft",
        required=True,
        readonly=True,
    )
    level_ids = fields.One2many(
        "account.followup.takeover.level", "takeover_id", string="Levels"
    )
    line_ids = fields.One2many(
        "account.followup.takeover.line", "takeover_id", readonly=True
    )
    customer_count = fields.Integer("Customers", readonly=True)
    invoice_count = fields.Integer("Invoices", readonly=True)
    reminder_count = fields.Integer("Reminders", readonly=True)
    exclusion_count = fields.Integer("Exclusions", readonly=True)
    next_date_count = fields.Integer("Next Reminders", readonly=True)
    responsible_count = fields.Integer("Responsibles", readonly=True)
    manual_count = fields.Integer("Manual Reminders", readonly=True)
    known_count = fields.Integer(
        "Here Already",
        readonly=True,
        help="Taken over before, or done here meanwhile: it stays as it is.",
    )
    settled_count = fields.Integer(
        "Settled by Now", readonly=True, help="Nothing is left to remind of."
    )
    doubt_count = fields.Integer("Doubts", readonly=True)
    sample = fields.Html(readonly=True)
    doubts = fields.Html("What Is Not Taken Over", readonly=True)
    doubts_file = fields.Binary("All Doubts", readonly=True, attachment=False)
    doubts_file_name = fields.Char(compute="_compute_doubts_file_name")
    done_date = fields.Datetime("Taken Over On", readonly=True)
    done_user_id = fields.Many2one("res.users", string="Taken Over By", readonly=True)
    last_reminder_id = fields.Integer(
        readonly=True, help="Last reminder when it was done: the next one ends undoing."
    )

    # ------------------------------------------------------------------
    # Fields
    # ------------------------------------------------------------------

    @api.model
    def _has_field_access(self, field, operation):
        # EXTENDS 'base'
        if operation == "write" and not self.env.su and field.name not in PEOPLE_FIELDS:
            return False
        return super()._has_field_access(field, operation)

    def write(self, vals):
        # EXTENDS 'base'
        if "company_id" in vals and not self.env.su:
            raise AccessError(
                self.env._("What is taken over stays with its company: make a new one.")
            )
        return super().write(vals)

    @api.model
    def _get_source_selection(self):
        """Return the sources that are there, and those that were used before."""
        sources = self.env["account.followup.takeover.source"]
        used = self.env.execute_query(
            SQL("SELECT DISTINCT source FROM account_followup_takeover")
        )
        return [
            (name, sources._get(name)._get_label())
            for name in sources._get_names()
            if (name,) in used or sources._get(name)._is_there()
        ]

    @api.depends("source")
    def _compute_is_file(self):
        for takeover in self:
            takeover.is_file = bool(takeover.source) and takeover._get_source()._is_file

    @api.depends("company_id")
    def _compute_doubts_file_name(self):
        self.doubts_file_name = self.env._("doubts.csv")

    @api.depends_context("lang")
    @api.depends("create_date", "source")
    def _compute_display_name(self):
        labels = dict(self._get_source_selection())
        for takeover in self:
            name = labels.get(takeover.source) or takeover.source or ""
            if takeover.create_date:
                name = f"{name} {format_date(self.env, takeover.create_date)}"
            takeover.display_name = name

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_look(self):
        """Show what would be taken over; nothing is changed.

        :raise UserError: the source cannot be read
        """
        takeover = self._start(("draft", "ready"))
        facts = takeover._get_facts()
        takeover._update_levels(facts["levels"])
        service = takeover.env["account.followup.takeover.look"]
        takeover._note_look(service._look(takeover, facts))
        takeover.sudo().state = "ready"
        return True

    def action_take_over(self):
        """Take over what *Show* has shown, as it is now, once.

        :raise UserError: it was done already, or a customer is being reminded
        """
        takeover = self._start(("ready",))
        service = takeover.env["account.followup.takeover.act"]
        takeover._note_look(service._take_over(takeover))
        return True

    def action_undo(self):
        """Take away what was taken over.

        :raise UserError: a reminder was made since, which may rest upon it
        """
        takeover = self._start(("done",))
        takeover.env["account.followup.takeover.act"]._undo(takeover)
        return True

    def action_view_reminders(self):
        """Open the reminders that were taken over."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_payment_followup.action_account_followup_reminder"
        )
        return {
            **action,
            "domain": [("id", "in", self.sudo().line_ids.reminder_id.ids)],
            "context": {},
        }

    def _start(self, states):
        """Check rights and state, and keep others off; return it to work with.

        :param states: those in which it can be done
        """
        self.ensure_one()
        self._check_rights()
        locked = self.try_lock_for_update(allow_referencing=True)
        if not locked or self.state not in states:
            raise UserError(
                self.env._(
                    "%s: this cannot be done (any more). Load the page again to see "
                    "what became of it.",
                    self.display_name,
                )
            )
        return self.with_context(allowed_company_ids=list(self._get_company_ids()))

    def _check_rights(self):
        """Raise AccessError unless the user may decide for the whole company."""
        if not self.env.user.has_group("account.group_account_manager"):
            raise AccessError(
                self.env._("Only administrators of Invoicing may take over reminders.")
            )
        self.check_access("write")
        self.company_id._check_followup_access()
        mine = set(self.env.user.sudo().company_ids.ids)
        if not self.env.su and not set(self._get_company_ids()) <= mine:
            raise AccessError(
                self.env._(
                    "Reminders are taken over for %s with all of its branches: ask "
                    "somebody who may work in all of them.",
                    self.company_id.name,
                )
            )

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------

    def _get_source(self):
        return self.env["account.followup.takeover.source"]._get(self.source)

    def _get_facts(self):
        """Return what the source says.

        :raise UserError: it is not there, or cannot be read
        """
        source = self._get_source()
        if not source._is_there():
            raise UserError(
                self.env._(
                    "%s: its tables are not in this database (any more). Export what "
                    "it has from a copy of the database, and take it over as a CSV "
                    "file.",
                    source._get_label(),
                )
            )
        return source._get_facts(self)

    def _get_company_ids(self):
        """Return the ids of the root company and its branches, archived ones too."""
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        tree = companies.search([("id", "child_of", self.company_id.id)])
        return tuple(tree.ids)

    def _get_plan(self):
        return self.env["account.followup.plan"]._get_default_plan(self.company_id)

    def _get_own_levels(self):
        """Return the levels of the company's default plan, the first one first.

        Those of other plans are reached with them, since they count by their delay.
        """
        levels = self.env["account.followup.level"].sudo()
        domain = [("plan_id", "=", self._get_plan().id)]
        return levels.search(domain).sorted(lambda level: (level.delay, level.id))

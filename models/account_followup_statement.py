from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_date

from .account_followup_delivery import STATES


class AccountFollowupStatement(models.Model):
    """One statement of account for one customer, kept for ever (F2).

    It is written before it is sent: *waiting* rows are what a run has still to do. A
    statement claims nothing, so it reaches no level and is not withdrawn when paid.
    """

    _name = "account.followup.statement"
    _inherit = "account.followup.sent.mixin"
    _description = "Customer Statement"

    run_id = fields.Many2one(
        "account.followup.statement.run",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    company_ids = fields.Many2many(
        "res.company",
        "account_followup_statement_company_rel",
        "statement_id",
        "company_id",
        string="Companies Named",
        readonly=True,
        copy=False,
        help="Companies and branches whose postings are in it: it is shown to those "
        "who may see all of them.",
    )
    date_from = fields.Date("From", readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    trigger = fields.Selection(
        [("automatic", "Monthly"), ("mass", "From a List"), ("manual", "By Hand")],
        string="Sent By",
        required=True,
        readonly=True,
    )
    # "<customer>/<first day of the month>". The customer is part of a text, since
    # merging two contacts moves what refers to them, and would hit upon the key
    schedule_key = fields.Char(readonly=True)
    progress = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("done", "Done"),
            ("skipped", "Skipped"),
            ("failed", "Failed"),
        ],
        default="waiting",
        required=True,
        readonly=True,
    )
    error = fields.Char(readonly=True, help="Why it was skipped or could not be made.")
    state = fields.Selection(
        [("waiting", "Waiting"), *STATES, ("skipped", "Skipped")],
        compute="_compute_state",
        store=True,
    )
    delivery_ids = fields.One2many(
        "account.followup.delivery", "statement_id", readonly=True
    )
    attachment_id = fields.Many2one(
        "ir.attachment", string="Document", readonly=True, ondelete="set null"
    )

    _schedule_key_unique = models.UniqueIndex(
        "(company_id, schedule_key) WHERE schedule_key IS NOT NULL",
        "A customer gets one monthly statement of a month.",
    )
    _waiting_idx = models.Index("(run_id, id) WHERE progress = 'waiting'")
    _partner_company_date_idx = models.Index("(partner_id, company_id, date)")

    @api.depends_context("lang")
    @api.depends("date_from", "date_to", "partner_id")
    def _compute_display_name(self):
        for statement in self:
            period = statement._get_period_label()
            statement.display_name = f"{period} – {statement.partner_id.display_name}"

    @api.depends("progress", "delivery_ids.state")
    def _compute_state(self):
        """What became of it; once it is made, its deliveries say it."""
        for statement in self:
            is_made = statement.progress == "done"
            statement.state = (
                statement._get_delivery_state() if is_made else statement.progress
            )

    def _compute_channels(self):
        """Name none until it is sent: without a delivery it is no activity."""
        made = self.filtered("delivery_ids")
        super(AccountFollowupStatement, made)._compute_channels()
        (self - made).channels = False

    @api.depends("error", "delivery_ids.failure_reason")
    def _compute_failure_reason(self):
        return super()._compute_failure_reason()

    def _get_failure_reasons(self):
        return [self.error, *super()._get_failure_reasons()]

    def _get_period_label(self):
        """Return the time that a statement is about, in the language of the context."""
        self.ensure_one()
        last = format_date(self.env, self.date_to)
        if not self.date_from:
            return self.env._("Until %s", last)
        first = format_date(self.env, self.date_from)
        return self.env._("%(first)s to %(last)s", first=first, last=last)

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_download(self):
        """Download the statement as it was sent.

        :raise UserError: there is no document
        """
        self.ensure_one()
        self.check_access("read")
        if not self.sudo().attachment_id:
            raise UserError(
                self.env._("%s: there is no document.", self.display_name),
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.sudo().attachment_id.id}?download=true",
        }

    # ------------------------------------------------------------------
    # Work, called by the run
    # ------------------------------------------------------------------

    def _skip_crossed(self):
        """Skip those that were begun before the test mode was switched; return them."""
        tests = self.env["account.followup.test"]
        crossed = self.filtered(
            lambda statement: (
                bool(statement.is_test) != tests._is_on(statement.company_id)
            )
        )
        for is_test, mine in crossed.grouped("is_test").items():
            mine._end("skipped", tests._get_switched_text(is_test))
        return crossed

    def _end(self, progress, error=None):
        """Note how the work at these statements ended.

        :param str progress: ``done``, ``skipped`` or ``failed``
        :param str error: why, for the last two
        """
        self.write({"progress": progress, "error": error})

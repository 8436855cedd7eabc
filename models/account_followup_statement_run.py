from odoo import api, fields, models
from odoo.exceptions import UserError

from .account_followup_run import DIRECT_LIMIT


class AccountFollowupStatementRun(models.Model):
    """Statements that are sent together: what was chosen, how far it is (F3)."""

    _name = "account.followup.statement.run"
    _inherit = "account.followup.run.mixin"
    _description = "Sending of Customer Statements"

    _part_model = "account.followup.statement"

    company_ids = fields.Many2many(
        "res.company",
        "account_followup_statement_run_company_rel",
        "run_id",
        "company_id",
        string="Companies",
        readonly=True,
        help="Postings of these companies and branches are stated.",
    )
    trigger = fields.Selection(
        [("automatic", "Monthly"), ("mass", "From a List"), ("manual", "By Hand")],
        string="Sent By",
        required=True,
        readonly=True,
    )
    schedule_month = fields.Date(
        readonly=True, help="First day of the month, for the monthly statements."
    )
    date_from = fields.Date("From", readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    do_print = fields.Boolean("Print", readonly=True)
    do_email = fields.Boolean("Email", readonly=True)
    do_letter = fields.Boolean("By Post", readonly=True)
    # names of the channels of other modules
    other_channels = fields.Json(readonly=True)
    mail_template_id = fields.Many2one(
        "mail.template", string="Content Template", readonly=True, ondelete="set null"
    )
    statement_ids = fields.One2many(
        "account.followup.statement", "run_id", readonly=True
    )
    failed_statement_ids = fields.One2many(
        "account.followup.statement", "run_id", domain=[("state", "=", "failed")]
    )
    skipped_statement_ids = fields.One2many(
        "account.followup.statement", "run_id", domain=[("state", "=", "skipped")]
    )
    # counts are not stored: every e-mail that leaves would write here, in the way of
    # each other
    done_count = fields.Integer("Made")
    queued_count = fields.Integer("Still Queued", compute="_compute_counts")
    percentage = fields.Float("Progress", compute="_compute_counts")

    _company_month_unique = models.UniqueIndex(
        "(company_id, schedule_month) WHERE schedule_month IS NOT NULL",
        "A company sends its monthly statements of a month once.",
    )

    def _get_title(self, moment):
        return self.env._("Statements of %s", moment)

    @api.depends("statement_ids.state")
    def _compute_counts(self):
        super()._compute_counts()
        queued = dict(
            self.env[self._part_model]._read_group(
                [("run_id", "in", self.ids), ("state", "=", "queued")],
                ["run_id"],
                ["__count"],
            )
        )
        for run in self:
            run.percentage = run._get_progress()
            run.queued_count = queued.get(run._origin, 0)

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_print_statements(self):
        """Download all statements of the run as one PDF.

        :raise UserError: there is none
        """
        self.ensure_one()
        self.check_access("read")
        documents = self.sudo().statement_ids.sorted("id").attachment_id
        if not documents:
            raise UserError(
                self.env._("%s: there is no statement to print.", self.display_name)
            )
        attachment = documents
        if len(documents) > 1:
            attachment = self._merge_documents(documents, self)
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "close": True,
        }

    def _get_action_name(self):
        return self.env._("Send Statements")

    # ------------------------------------------------------------------
    # Start
    # ------------------------------------------------------------------

    @api.model
    def _start(self, partners, values, texts=None):
        """Send statements: a few at once, more in the background.

        :param partners: commercial partners
        :param dict values: of the run, see ``_prepare_run``
        :param dict texts: ``subject`` and ``body`` as a person wrote them
        :return: the run
        """
        run = self.sudo().create(values)
        run._add_statements(partners, texts)
        if len(partners) <= DIRECT_LIMIT:
            run._process(run.statement_ids)
        else:
            cron = self.env.ref("account_payment_followup.ir_cron_send_statements")
            cron.sudo()._trigger()
        return run.sudo(self.env.su)

    @api.model
    def _prepare_run(self, companies, date_from, date_to, trigger):
        """Return the values of a run but for the channels and the template.

        A statement tells what is booked: it ends today at the latest.

        :param companies: of one tree, whose postings are stated
        """
        day = companies.root_id._get_followup_day()[companies.root_id]
        return {
            "company_id": companies.root_id.id,
            "company_ids": companies.ids,
            "user_id": self.env.uid,
            "is_test": self.env["account.followup.test"]._is_on(companies.root_id),
            "trigger": trigger,
            "date_from": date_from,
            "date_to": min(date_to, day),
        }

    def _add_statements(self, partners, texts=None):
        """Write a waiting statement for each customer."""
        self.ensure_one()
        day = self.company_id._get_followup_day()[self.company_id]
        month = self.schedule_month
        values = {
            "run_id": self.id,
            "company_id": self.company_id.id,
            "date": day,
            "date_from": self.date_from,
            "date_to": self.date_to,
            "trigger": self.trigger,
            "is_test": self.is_test,
            "user_id": self.user_id.id if self.trigger != "automatic" else False,
            **(texts or {}),
        }
        return self.env["account.followup.statement"].create(
            [
                {
                    **values,
                    "partner_id": partner.id,
                    "schedule_key": month and f"{partner.id}/{month}",
                }
                for partner in partners
            ]
        )

    def _get_channels(self):
        """Return the set of channels of account.followup.delivery that are used."""
        self.ensure_one()
        others = self.other_channels or []
        return {
            name
            for name in self.env["account.followup.channels"]._get_channels()
            if (f"do_{name}" in self._fields and self[f"do_{name}"]) or name in others
        }

    @api.autovacuum
    def _gc_runs(self):
        """Remove runs after a month, but for the schedule; their statements stay."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), months=1)
        runs = self.search(
            [("create_date", "<", limit), ("schedule_month", "=", False)]
        )
        runs.filtered(lambda run: run.state == "done").unlink()

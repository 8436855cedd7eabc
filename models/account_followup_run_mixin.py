from odoo import api, fields, models
from odoo.tools import format_datetime
from odoo.tools.pdf import merge_pdf


class AccountFollowupRunMixin(models.AbstractModel):
    """Work on many customers that a person can watch: how far it is, what came of it.

    A model that inherits it names the model with a record a customer, which has the
    fields ``run_id`` and ``state``, and says when the counts change.
    """

    _name = "account.followup.run.mixin"
    _description = "Process"
    _order = "id DESC"

    #: Model with a record a customer.
    _part_model = None

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    user_id = fields.Many2one("res.users", required=True, readonly=True)
    state = fields.Selection(
        [("running", "Running"), ("done", "Done")], compute="_compute_counts"
    )
    total_count = fields.Integer("Customers", compute="_compute_counts")
    waiting_count = fields.Integer("Waiting", compute="_compute_counts")
    done_count = fields.Integer("Done", compute="_compute_counts")
    skipped_count = fields.Integer("Skipped", compute="_compute_counts")
    failed_count = fields.Integer("Failed", compute="_compute_counts")

    @api.depends_context("lang", "tz")
    @api.depends("create_date")
    def _compute_display_name(self):
        for run in self:
            moment = format_datetime(
                self.env,
                run.create_date,
                tz=self.env.context.get("tz") or False,
                dt_format="short",
            )
            title = run._get_title(moment)
            run.display_name = f"[TEST] {title}" if run.is_test else title

    def _get_title(self, moment):
        """Return the name of the run.

        :param str moment: when it began, in the language and time zone of the user
        """
        raise NotImplementedError

    def _compute_counts(self):
        """Count by state: after each batch, so the records are not read.

        What was made is done, whatever the state of its deliveries since then.
        """
        counts = {}
        for run, state, count in self.env[self._part_model]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "state"], ["__count"]
        ):
            counts.setdefault(run.id, {})[state] = count
        for run in self:
            mine = counts.get(run.id, {})
            run.total_count = sum(mine.values())
            run.waiting_count = mine.pop("waiting", 0)
            run.skipped_count = mine.pop("skipped", 0)
            run.failed_count = mine.pop("failed", 0)
            run.done_count = sum(mine.values())
            run.state = "running" if run.waiting_count else "done"

    def _get_progress(self):
        """Return how much has ended, in percent."""
        self.ensure_one()
        ended = self.total_count - self.waiting_count
        return 100.0 * ended / (self.total_count or 1)

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_refresh(self):
        """Show the progress anew."""
        self.check_access("read")
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _get_action_name(self):
        """Return the title of the window that shows the run."""
        raise NotImplementedError

    def _get_open_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self._get_action_name(),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _merge_documents(self, documents, owner):
        """Return a new attachment: all documents as one PDF.

        :param owner: record whose readers get it
        """
        self.ensure_one()
        return documents.sudo().create(
            {
                "name": f"{self.display_name}.pdf".replace("/", "-"),
                "raw": merge_pdf(documents.mapped("raw")),
                "res_model": owner._name,
                "res_id": owner.id,
                "mimetype": "application/pdf",
            }
        )

    # ------------------------------------------------------------------
    # Work
    # ------------------------------------------------------------------

    def _notify_user(self, title, message):
        """Tell the user that the run has ended, with a link to the result."""
        self.user_id.partner_id._bus_send(
            "account_notification",
            {
                "type": "warning" if self.failed_count else "success",
                "title": title,
                "message": message,
                "action_button": {
                    "name": self.env._("Show"),
                    "action_name": self._get_action_name(),
                    "model": self._name,
                    "res_ids": self.ids,
                },
            },
        )

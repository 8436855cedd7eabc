import logging

from markupsafe import escape

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..hooks import let_others_work
from ..tools import ageing, days
from ..tools.parts import get_error_text
from .account_move_line import GROUPS

_logger = logging.getLogger(__name__)

#: Accountants, and administrators who have no part in accounting.
SETTINGS_GROUPS = f"{GROUPS},base.group_system"


#: Context key: ids of the root companies that are asked for. It counts as a frozenset
#: only, which no client can send.
ROOTS = "followup_root_ids"


class ResCompany(models.Model):
    _inherit = "res.company"

    followup_enabled = fields.Boolean(
        string="Payment Follow-ups",
        default=True,
        groups=SETTINGS_GROUPS,
        help="Follow up on the overdue invoices of this company and its branches.",
    )
    followup_automatic = fields.Boolean(
        string="Automatic Reminders",
        groups=SETTINGS_GROUPS,
        help="The scheduled action sends the reminders of automatic levels by itself. "
        "While this is off, nothing leaves unless a person sends it.",
    )
    followup_responsible_id = fields.Many2one(
        "res.users",
        string="Default Follow-up Responsible",
        domain="[('share', '=', False)]",
        groups=SETTINGS_GROUPS,
        help="Responsible for customers that have nobody of their own.",
    )
    followup_min_amount = fields.Monetary(
        string="Minimum Amount to Remind",
        groups=SETTINGS_GROUPS,
        help="Customers who owe less than this, credits deducted, are not reminded.",
    )
    followup_min_days = fields.Integer(
        string="Minimum Days between Reminders",
        default=3,
        groups=SETTINGS_GROUPS,
        help="One customer is not reminded again before so many days have passed.",
    )
    followup_catch_up = fields.Selection(
        [
            ("step", "Step by step"),
            ("jump", "Jump to the level that matches the age"),
        ],
        string="Late Invoices Found Late",
        default="step",
        required=True,
        groups=SETTINGS_GROUPS,
        help="Step by step: an old invoice starts at the first level. Jump: it starts "
        "at the last level whose days have passed.",
    )

    followup_ageing_limits = fields.Char(
        string="Ageing Buckets",
        default=ageing.DEFAULT_LIMITS,
        required=True,
        groups=SETTINGS_GROUPS,
        help="Last day of each ageing bucket, separated by commas: 30, 60, 90 makes "
        "1–30, 31–60, 61–90 and over 90 days.",
    )

    _followup_min_days_positive = models.Constraint(
        "CHECK (followup_min_days BETWEEN 0 AND 3650)",
        "The minimum number of days between two reminders is one from 0 to 3,650, "
        "which are ten years.",
    )
    _followup_min_amount_positive = models.Constraint(
        "CHECK (followup_min_amount >= 0)",
        "The minimum amount to remind cannot be negative.",
    )

    @api.constrains("followup_ageing_limits")
    def _check_followup_ageing_limits(self):
        for company in self:
            try:
                ageing.parse_limits(company.followup_ageing_limits)
            except ValueError:
                raise ValidationError(
                    self.env._(
                        "%(company)s: the ageing buckets must be increasing numbers "
                        "of days up to %(days)s separated by commas, at most %(count)s "
                        "of them, for example 30, 60, 90, 120.",
                        company=company.display_name,
                        days=ageing.MAX_DAYS,
                        count=ageing.MAX_LIMITS,
                    )
                ) from None

    def init(self):
        # EXTENDS 'base': constraints and columns that need a default have locked it
        super().init()
        let_others_work(self.env)

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS 'base'
        companies = super().create(vals_list)
        self.env["account.followup.default"]._create_default_levels(
            companies.filtered(lambda company: not company.parent_id)
        )
        return companies

    def _check_followup_access(self):
        """Raise AccessError unless these are main companies of those of the user.

        A user of a branch works with the case of its main company, which the user
        need not be allowed to read. Fields of windows are computed with the rights of
        the system, for which neither rules nor the companies of the context hold: so
        this asks for those of the user, too.
        """
        if self.env.uid == SUPERUSER_ID:
            return
        companies = self.env.user.sudo().company_ids & self.env.companies.sudo()
        if self - companies.root_id:
            raise AccessError(
                self.env._("You have no access to the follow-ups of this company.")
            )

    def _schedule_followup_task(self, summary, note, day, group=None):
        """Give who looks after the follow-ups of a company a task, one of a kind.

        :param str summary: while such a task is open there is no other
        :param str note: text, or Markup
        :param str group: of those who can do it; the first one, if need be
        :return: the task
        """
        self.ensure_one()
        # as every task of a run, without an e-mail to the user
        partner = self.sudo().partner_id.with_context(mail_activity_quick_update=True)
        partner = partner.with_company(self)
        if known := self.env["account.followup.task"]._get_open(partner, summary):
            return known[:1]
        user = self.sudo().followup_responsible_id.filtered("active")
        if not user or (group and not user.has_group(group)):
            managers = self.env.ref("account.group_account_manager").sudo()
            users = managers.all_user_ids.filtered(
                lambda user: user.active and self in user.company_ids
            )
            user = users[:1] or self.env.ref("base.user_admin")
        return partner.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=day,
            summary=summary,
            note=escape(note),
            user_id=user.id,
        )

    def _note_followup_error(self, error, day):
        """Log an error that is of one company, and tell who looks after it.

        Other companies go on (promise 3). What was written is undone before.
        """
        self.ensure_one()
        _logger.warning("Follow-ups of company %s failed", self.id, exc_info=error)
        self._schedule_followup_task(
            self.env._("Automatic reminders do not work"),
            self.env._(
                "%(company)s: the scheduled action has failed: %(error)s. Look at the "
                "follow-up levels and the settings, and ask an administrator for the "
                "server's log.",
                company=self.name,
                error=get_error_text(error),
            ),
            day,
        )

    def _get_followup_day(self):
        """Return today in each company: entry points take it once and pass it on.

        The time zone is that of the company's partner, else of its working calendar,
        else UTC.

        :return: dict {company: date}
        """
        now = fields.Datetime.now()
        result = {}
        for company in self:
            result[company] = days.get_day(now, *company._get_followup_zones())
        return result

    def _get_followup_zones(self):
        """Return the time zones of a company, best first; some may be empty."""
        self.ensure_one()
        calendar = (
            self.resource_calendar_id
            if "resource_calendar_id" in self._fields
            else None
        )
        return self.partner_id.tz, calendar and calendar.tz

    def _get_followup_days(self, roots=None):
        """Return today of root companies whose follow-ups are switched on.

        :param roots: only these; None for all
        :return: dict {root company: date}
        """
        if roots is None:
            roots = self.sudo().search([("parent_id", "=", False)])
        roots = roots.sudo().filtered(
            lambda company: company.active and company.followup_enabled
        )
        return roots._get_followup_day()

    def _get_followup_days_seen(self):
        """Return today of the companies whose rows can be asked for.

        Those of the user: what a company costs is paid by its own users. With all
        rights it is all companies, unless the code says which (``ROOTS``).
        """
        roots = self.env.context.get(ROOTS)
        if isinstance(roots, frozenset):
            return self._get_followup_days(self.browse(sorted(roots)))
        if self.env.su:
            return self._get_followup_days()
        return self._get_followup_days(self.env.companies.sudo().root_id)

import base64
import io

from odoo import Command
from odoo.tests import HttpCase, new_test_user
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileWriter

from .access_tables import USERS
from .common import TODAY, FollowupCommon

MODULE = "account_payment_followup"

#: Ways to find records: arguments from a domain and a field to group by.
SEARCHES = {
    "search": lambda domain, field: [domain],
    "search_count": lambda domain, field: [domain],
    "search_read": lambda domain, field: [domain, ["id"]],
    "web_search_read": lambda domain, field: [domain, {"id": {}}],
    "name_search": lambda domain, field: ["", domain],
    "formatted_read_group": lambda domain, field: [domain, [field], ["__count"]],
    "web_read_group": lambda domain, field: [domain, [field]],
}


class AccessCommon(FollowupCommon, HttpCase):
    """Each kind of user, in the company and in another one, and a record of all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_2 = cls.setup_other_company(name="Second House")["company"]
        cls.users = cls._create_users("access", cls.company)
        cls.strangers = cls._create_users("stranger", cls.company_2)
        cls.invoice = cls._create_late(20, 100)
        cls._create_late(2, 50)
        cls.second_customer = cls._create_customer("Second Ltd")
        # the portal user is the customer's, and can read these invoices in core
        cls.users["portal"].partner_id.parent_id = cls.customer
        cls.records = cls._create_records()
        cls.env.flush_all()

    @classmethod
    def _create_users(cls, prefix, company):
        """Return {name: user} of a company; the public has none of its own."""
        users = {
            name: new_test_user(
                cls.env,
                f"{prefix}_{name}",
                groups=group,
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            ).sudo()
            for name, group in USERS.items()
            if group
        }
        return {"public": cls.env.ref("base.public_user").sudo(), **users}

    @staticmethod
    def _create_pdf():
        writer, content = PdfFileWriter(), io.BytesIO()
        writer.add_blank_page(100, 100)
        writer.write(content)
        return content.getvalue()

    @classmethod
    def _create_records(cls):
        """Create a record of each model; return {model: record}."""
        cls.level_1.send_letter = True  # printed, so there is a document
        run = cls.env["account.followup.run"]._start(cls.customer, cls.company, "print")
        partner = [("partner_id", "=", cls.customer.id)]
        reminder = cls.env["account.followup.reminder"].search(partner)
        reminder.ensure_one()
        reminder.sudo().delivery_ids.attachment_id.raw = cls._create_pdf()
        run_of_statements = cls._create_statements()
        records = {
            "account.followup.call": cls.env["account.followup.call"]
            .sudo()
            .create(cls._prepare_call())
            .sudo(False),
            "account.followup.calendar": cls.env["account.followup.calendar"].create(
                cls._prepare_calendar("us")
            ),
            "account.followup.delivery": reminder.delivery_ids.filtered(
                "attachment_id"
            ),
            "account.followup.level": cls.level_1,
            "account.followup.plan": cls.env["account.followup.plan"].create(
                {"name": "Another", "company_id": cls.company.id}
            ),
            **cls._create_dispute(),
            "account.followup.promise": cls._create_promise(),
            "account.followup.page.limit": cls._create_limit(),
            "account.followup.page.link": reminder.page_link_ids,
            "account.followup.reminder": reminder,
            "account.followup.reminder.line": reminder.line_ids,
            "account.followup.run": run,
            "account.followup.run.line": run.line_ids,
            "account.followup.statement": run_of_statements.statement_ids,
            "account.followup.statement.run": run_of_statements,
            **cls._create_takeover(),
            **cls._create_approval(),
            "account.followup.trace": cls._create_trace(),
            "account.move": cls.invoice,
            "account.move.line": cls.invoice.line_ids.filtered("date_maturity"),
            "res.config.settings": cls.env["res.config.settings"].create({}),
            "res.partner": cls.customer,
        }
        for model in (
            "followup",
            "followup.customer",
            "followup.desk",
            "followup.item",
        ):
            records[f"account.{model}"] = cls.env[f"account.{model}"].search(partner)
        return {model: record[:1] for model, record in records.items()}

    @classmethod
    def _post_reminder(cls, partner):
        """Remind a customer by post; return the letter that core keeps of it."""
        partner.write({"zip": "20500", "country_id": cls.env.ref("base.us").id})
        cls.env["account.followup.run"]._start(partner, cls.company, "post")
        reminders = cls.env["account.followup.reminder"].sudo()
        reminder = reminders.search([("partner_id", "=", partner.id)])
        return reminder.delivery_ids.letter_id.sudo(False)

    @classmethod
    def _create_takeover(cls):
        """Return {model: record} of a take-over that was done."""
        invoice = cls._create_late(30, 70, partner=cls._create_customer("Third Ltd"))
        sheet = f"Invoice,Days,Date\n{invoice.name},1,2024-05-01\n"
        takeover = cls.env["account.followup.takeover"].create(
            {"source": "csv", "file": base64.b64encode(sheet.encode())}
        )
        takeover.action_look()
        takeover.action_take_over()
        return {
            record._name: record
            for record in (takeover, takeover.level_ids, takeover.line_ids)
        }

    @classmethod
    def _create_approval(cls):
        """Return {model: record} of a list that nobody has approved."""
        approval = cls.env["account.followup.approval"].sudo()
        approval = approval.create(
            {
                "company_id": cls.company.id,
                "date": TODAY,
                "line_ids": [Command.create({"partner_id": cls.customer.id})],
            }
        ).sudo(False)
        return {record._name: record for record in (approval, approval.line_ids)}

    @classmethod
    def _create_trace(cls):
        line = cls.invoice.line_ids.filtered("date_maturity")
        cls.env["account.followup.trace"]._keep([(line, "no_followup")])
        return cls.env["account.followup.trace"].search([], limit=1)

    @classmethod
    def _create_limit(cls):
        limits = cls.env["account.followup.page.limit"].sudo()
        limits._count("token", "somebody")
        return limits.search([], limit=1).sudo(False)

    @classmethod
    def _create_dispute(cls):
        """Return {model: record} of another customer, whose invoice may rest."""
        invoice = cls._create_late(20, 60, partner=cls.second_customer)
        reason = cls.env["account.followup.dispute.reason"].create(
            {"name": "Broken", "company_id": cls.company.id}
        )
        dispute = cls.env["account.followup.dispute"]._dispute(
            invoice._get_followup_lines(), reason, {cls.company: TODAY}
        )
        return {record._name: record for record in (reason, dispute)}

    @classmethod
    def _create_promise(cls):
        """Of another customer, whose invoice may rest."""
        invoice = cls._create_late(20, 60, partner=cls.second_customer)
        return cls.env["account.followup.promise"]._promise(
            invoice._get_followup_lines(), [(TODAY, None)], {cls.company: TODAY}
        )

    @classmethod
    def _create_statements(cls):
        runs = cls.env["account.followup.statement.run"]
        values = runs._prepare_run(cls.company, None, TODAY, "manual")
        run = runs._start(cls.customer, {**values, "do_print": True})
        run.sudo().statement_ids.attachment_id.raw = cls._create_pdf()
        return run

    @classmethod
    def _prepare_calendar(cls, country):
        return {
            "company_id": cls.company.id,
            "country_id": cls.env.ref(f"base.{country}").id,
            "calendar_id": cls.company.resource_calendar_id.id,
        }

    @classmethod
    def _prepare_call(cls):
        return {
            "partner_id": cls.customer.id,
            "company_id": cls.company.id,
            "date": TODAY,
            "outcome": "reached",
        }

    def _prepare_values(self, model):
        """Return values with which a record of the company can be created."""
        customer = {"partner_id": self.customer.id, "company_id": self.company.id}
        lines = self.records["account.move.line"]
        return {
            "account.followup": {**customer, "partner_id": self.second_customer.id},
            "account.followup.calendar": self._prepare_calendar("fr"),
            "account.followup.call": self._prepare_call(),
            "account.followup.takeover": {
                "source": "csv",
                "company_id": self.company.id,
            },
            "account.followup.takeover.level": {
                "takeover_id": self.records["account.followup.takeover"].id,
                "key": "new",
                "name": "New",
            },
            "account.followup.plan": {
                "name": "New",
                "company_id": self.company.id,
            },
            "account.followup.trace": {"name": "excluded"},
            "account.followup.level": {
                "name": "New",
                "delay": 77,
                "company_id": self.company.id,
                "send_email": False,
                "schedule_activity": True,
            },
            "account.followup.dispute": {
                **customer,
                "currency_id": self.company.currency_id.id,
                "date": TODAY,
                "reason_id": self.env["account.followup.dispute.reason"]
                ._get_reason()
                .id,
                "review_date": TODAY,
            },
            "account.followup.dispute.reason": {
                "name": "New",
                "company_id": self.company.id,
            },
            "account.followup.reject.wizard": {
                "dispute_id": self.records["account.followup.dispute"].id,
                "company_id": self.company.id,
            },
            "account.followup.promise": {
                **customer,
                "amount": 10,
                "currency_id": self.company.currency_id.id,
                "date": TODAY,
                "made_on": TODAY,
                "rest_until": TODAY,
            },
            "account.followup.printing": {
                "run_id": self.records["account.followup.run"].id
            },
            "account.followup.promise.wizard": {**customer, "date": TODAY},
            "account.followup.promise.wizard.part": {"date": TODAY, "amount": 10},
            "account.followup.process.wizard": {
                "partner_ids": [Command.set(self.customer.ids)],
                "company_id": self.company.id,
            },
            "account.followup.statement.wizard": {
                "partner_ids": [Command.set(self.customer.ids)],
                "company_id": self.company.id,
                "do_email": False,
                "do_print": True,
            },
            "account.followup.start.wizard": {"company_id": self.company.id},
            "account.followup.hold.wizard": {
                "line_ids": [Command.set(lines.ids)],
                "operation": "resume",
            },
        }.get(model, customer)

    def _get_record(self, model, user):
        """Return a record of a model; a window is the user's own."""
        if self.env[model]._abstract:
            return self.env[model].with_user(user)
        if model in self.records:
            return self.records[model].with_user(user)
        if model == "account.followup.process.wizard.line":
            window = self._get_record("account.followup.process.wizard", user)
            return window.sudo().line_ids[:1].sudo(False)
        if model == "account.followup.promise.wizard.part":
            window = self._get_record("account.followup.promise.wizard", user)
            values = {**self._prepare_values(model), "wizard_id": window.id}
            return self.env[model].with_user(user).sudo().create(values).sudo(False)
        window = self.env[model].with_user(user).sudo().with_company(self.company)
        if model == "account.followup.start.wizard.line":
            owner = self._get_record("account.followup.start.wizard", user)
            return window.create({"wizard_id": owner.id}).sudo(False)
        window = window.create(self._prepare_values(model))
        window.env.flush_all()  # computed by its user, not by who comes next
        return window.sudo(False)

    def _get_status(self, url):
        with mute_logger("odoo.http"):
            return self.url_open(url, allow_redirects=False).status_code

    def _log_in(self, user):
        login = None if user == self.users["public"] else user.login
        self.authenticate(login, login)

import os
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import freezegun
from hypothesis import HealthCheck, settings

from odoo import Command, fields
from odoo.tools import mute_logger

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.mail.tests.common import MailCase, MailCommon

from .ground import Ground
from .patience import Patience

TODAY = fields.Date.to_date("2024-05-15")

# Odoo takes the time of tests, also of those that hold the clock
freezegun.configure(extend_ignore_list=["odoo.tests.result"])

# on a busy machine a test is slow, and no worse for that
settings.register_profile(
    "followup",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("FOLLOWUP_PROFILE", "followup"))


class FollowupBase(Patience, AccountTestInvoicingCommon, MailCommon):
    """A company with levels of its own and a customer who can be late."""

    @classmethod
    def _gc_filestore(cls):
        """Keep the files of what is not committed, but stays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.mail"].sudo().search([]).unlink()  # of the demo data
        cls.company = cls.company_data["company"]
        cls.env["ir.config_parameter"].sudo().set_param(
            "account_payment_followup.undo_seconds", "0"
        )
        cls._go_live(cls.company)
        cls.company.external_report_layout_id = cls.env.ref(
            "web.external_layout_standard"
        )
        cls.company.followup_min_days = 0
        # SMS leave at any hour, but for the tests about their window
        cls.company.write({"followup_sms_from": 0, "followup_sms_to": 24})
        cls.company.partner_id.email = "accounts@company.example.com"
        cls.responsible = cls._create_user(
            "responsible", "account.group_account_invoice"
        )
        cls.company.followup_responsible_id = cls.responsible
        cls.cron = cls.env.ref("account_payment_followup.ir_cron_process_followups")
        cls.template = cls.env.ref("account_payment_followup.mail_template_reminder")
        cls.levels = cls._replace_levels((1, 15, 30))
        cls.level_1, cls.level_2, cls.level_3 = cls.levels
        cls.customer = cls._create_customer("Late Ltd")

    @classmethod
    def _go_live(cls, company):
        """Switch automatic reminders on, as the assistant does it, without a cap."""
        company.write(
            {
                "followup_automatic": True,
                "followup_start_date": TODAY,
                "followup_run_cap": 0,
            }
        )

    @classmethod
    def _get_real_today(cls):
        """Return the day, for tests by the real clock, of which a browser has one, too.

        It is the same for the company, its users and the browser: late in the evening
        it would be tomorrow already in the company's working calendar.
        """
        cls.company.partner_id.tz = "UTC"
        return fields.Date.today()

    @classmethod
    def _create_branch(cls, name):
        """Return a branch of the company, with its accounts, that the user may see."""
        branch = cls.env["res.company"].create(
            {"name": name, "parent_id": cls.company.id}
        )
        cls.env.user.company_ids += branch
        cls.cr.precommit.run()  # loads what the chart of accounts gives a branch
        return branch

    @classmethod
    def _create_user(cls, login, *groups):
        return (
            cls.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": login.capitalize(),
                    "login": f"followup_{login}",
                    "email": f"{login}@company.example.com",
                    "notification_type": "inbox",
                    "company_id": cls.company.id,
                    "company_ids": [Command.set(cls.company.ids)],
                    "group_ids": [
                        Command.set([cls.env.ref(xmlid).id for xmlid in groups])
                    ],
                }
            )
        )

    @classmethod
    def _replace_levels(cls, delays, **values):
        """Replace the levels of the company by automatic e-mail levels."""
        levels = cls.env["account.followup.level"]
        levels.search([("company_id", "=", cls.company.id)]).unlink()
        return levels.create(
            [
                {
                    "name": f"Level {delay}",
                    "company_id": cls.company.id,
                    "delay": delay,
                    "is_automatic": True,
                    "send_email": True,
                    "mail_template_id": cls.template.id,
                    **values,
                }
                for delay in delays
            ]
        )

    @classmethod
    def _create_customer(cls, name, **values):
        slug = name.lower().replace(" ", ".")
        return cls.env["res.partner"].create(
            {
                "name": name,
                "email": f"{slug}@customer.example.com",
                "is_company": True,
                "street": "1 Main Street",
                "city": "Springfield",
                "property_payment_term_id": False,
                **values,
            }
        )

    def _match_before(self, line):
        """What was matched with an item until now was so an hour ago."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_partial_reconcile"
            " SET create_date = create_date - interval '1 hour'"
            " WHERE debit_move_id = %s",
            [line.id],
        )
        self.env.invalidate_all()

    @classmethod
    def _create_late(cls, days_late, amount=100.0, partner=None, day=TODAY, **values):
        """Post an invoice that is so many days late on a day; return it."""
        due = day - timedelta(days=days_late)
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.customer).id,
                "invoice_date": due - timedelta(days=10),
                "date": due - timedelta(days=10),
                "invoice_date_due": due,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Work",
                            "quantity": 1,
                            "price_unit": amount,
                            "tax_ids": False,
                        }
                    )
                ],
                **values,
            }
        )
        invoice.action_post()
        return invoice

    @classmethod
    def _pay_online(cls, invoice, state, code="online"):
        """Return the payment of an invoice with a provider of some code."""
        provider = cls.env["payment.provider"].create({"name": "Any", "code": "none"})
        provider.flush_recordset()
        cls.env.cr.execute(  # the module of a real one is not installed here
            "UPDATE payment_provider SET code = %s WHERE id = %s", [code, provider.id]
        )
        provider.invalidate_recordset()
        method = cls.env["payment.method"].create({"name": "Card", "code": "any_card"})
        return cls.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "amount": 100,
                "currency_id": cls.company.currency_id.id,
                "partner_id": invoice.partner_id.id,
                "reference": f"{code} {state} {provider.id}",
                "state": state,
                "invoice_ids": [Command.set(invoice.ids)],
            }
        )

    @classmethod
    def _pay(cls, invoice, amount=None, day=TODAY):
        values = {"payment_date": day}
        if amount:
            values["amount"] = amount
        wizard = cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        return wizard.create(values)._create_payments()

    def _run_cron(self):
        """Run the scheduled action as the server does, commits included."""
        with self.enter_registry_test_mode():
            self.cron.sudo().method_direct_trigger()
        self.env.invalidate_all()

    def _run_mail_queue(self):
        self.env["mail.mail"].sudo().process_email_queue()
        self.env.invalidate_all()

    @contextmanager
    def _refusing_mails(self):
        """Let the mail server refuse everything."""

        def refuse(*args, **kwargs):
            raise OSError("Connection refused")

        with (
            patch.object(IrMail_Server, "send_email", refuse),
            mute_logger("odoo.addons.mail.models.mail_mail"),
        ):
            yield

    def _get_reminders(self, partner=None):
        return self.env["account.followup.reminder"].search(
            [("partner_id", "=", (partner or self.customer).id)], order="id"
        )

    def _get_followup(self, partner=None):
        return self.env["account.followup"]._get_or_create(
            partner or self.customer, self.company
        )

    @contextmanager
    def _refused(self, error, text):
        """Expect an error that matches a text, and nothing left of what was tried."""
        with self.assertRaisesRegex(error, text), self.env.cr.savepoint():
            yield

    def _open_window(self, partner=None, user=None):
        """Open Send and Print as the button does; return the window."""
        partner = (partner or self.customer).with_company(self.company)
        partner = partner.with_user(user) if user else partner
        action = partner.action_send_followup()
        return (
            self.env[action["res_model"]]
            .with_user(user or self.env.user)
            .with_context(**action["context"])
            .create({})
        )


class FollowupCommon(FollowupBase):
    """Stands on the ground that FollowupBase has laid once for many classes."""

    @classmethod
    def setUpClass(cls):
        ground = Ground.lead(FollowupBase, TODAY)
        # what comes behind the data of Odoo's own common classes: cursor, server
        ground.carry(cls, super(MailCase, cls).setUpClass)

from datetime import timedelta

import psycopg2
from freezegun import freeze_time
from lxml import html

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.account_followup_placeholder import PLACEHOLDERS
from ..tools import placeholders
from .common import TODAY, FollowupCommon

#: What one part of an SMS can hold, and the characters that need no other alphabet.
SMS_PART = 160
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


class MessageCommon(FollowupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.levels.payment_days = 8
        cls.account = cls.env["res.partner.bank"].create(
            {
                "acc_number": "DE89370400440532013000",
                "partner_id": cls.company.partner_id.id,
                "bank_id": cls.env["res.bank"]
                .create({"name": "Commerzbank", "bic": "COBADEFFXXX"})
                .id,
            }
        )
        cls.startClassPatcher(freeze_time(TODAY))

    def _send(self, partner=None, **chosen):
        window = self._open_window(partner)
        window.write(chosen)
        with self.mock_mail_gateway():
            window.action_send()
        return window.reminder_id

    def _get_details(self, body):
        """Return how to pay as the customer reads it: a dict for each currency."""
        root = html.fragment_fromstring(str(body), create_parent="div")
        return [
            dict(
                [" ".join(cell.text_content().split()) for cell in row.iter("td")]
                for row in table.iter("tr")
            )
            for table in root.find_class("o_followup_way")
        ]


@tagged("post_install", "-at_install")
class TestNumber(MessageCommon):
    """Y3: a reminder has a number of its own and a last day to pay."""

    def test_number_and_deadline(self):
        self._create_late(20)
        first = self._send()
        self.assertEqual(first.payment_deadline, TODAY + timedelta(days=8))
        self.assertRegex(first.name, r"^REM/2024/\d{5}$")
        mail = self._new_mails[-1]
        self.assertIn(first.name, mail.body_html)
        self.assertIn("by 05/23/2024", mail.body_html, "the day instead of some days")
        self.assertIn(first.name, first.mail_message_id.body)
        self.assertIn(first.name, first.display_name)
        found = self.env["account.followup.reminder"].name_search(first.name)
        self.assertEqual([id_ for id_, _name in found], first.ids)
        other = self._create_customer("Other Ltd")
        self._create_late(20, partner=other)
        second = self._send(other)
        self.assertGreater(second.name, first.name)

    def test_v10_the_number_of_the_customers_order(self):
        """What the debtor's clerk looks for, in the row of its invoice: on paper too.

        That of the statement is tested with its figures (``test_report_pdf``).
        """
        ordered = self._create_late(20, ref="PO-4711")
        other = self._create_late(20)
        reminder = self._send()
        letter, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account_payment_followup.action_report_reminder", reminder.ids
        )
        for text in (self._new_mails[-1].body_html, letter.decode()):
            rows = [
                " ".join(row.text_content().split())
                for row in html.document_fromstring(text).iter("tr")
                if not row.xpath(".//tr")
            ]
            [mine] = [row for row in rows if ordered.name in row]
            self.assertIn("Your reference PO-4711", mine)
            [theirs] = [row for row in rows if other.name in row]
            self.assertNotIn("Your reference", theirs)

    def test_number_is_unique_in_a_company(self):
        self._create_late(20)
        reminder = self._send()
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.env["account.followup.reminder"].sudo().create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "date": TODAY,
                    "trigger": "manual",
                    "name": reminder.name,
                }
            )

    def test_a_new_company_numbers_its_own(self):
        company = self.env["res.company"].create({"name": "Second Ltd"})
        service = self.env["account.followup.number"]
        numbers = service._take_numbers(company, [TODAY, TODAY])
        self.assertEqual(numbers, ["REM/2024/00001", "REM/2024/00002"])

    def test_numbers_by_another_sequence(self):
        """A sequence that was changed by hand counts as it says."""
        service = self.env["account.followup.number"]
        sequence = self.env["ir.sequence"].search(
            [
                ("code", "=", "account.followup.reminder"),
                ("company_id", "=", self.company.id),
            ]
        )
        sequence.write({"implementation": "no_gap", "prefix": "M", "number_next": 7})
        numbers = service._take_numbers(self.company, [TODAY, TODAY])
        self.assertEqual(numbers, ["M00007", "M00008"])

    def test_level_without_deadline(self):
        self.levels.payment_days = 0
        self._create_late(20)
        reminder = self._send()
        self.assertFalse(reminder.payment_deadline)
        self.assertIn("pay the overdue amount without delay", reminder.body)
        self.assertNotIn("Pay by", self._get_details(reminder.body)[0])

    def test_level_says_that_the_next_one_comes_too_early(self):
        self.level_1.payment_days = 14
        self.assertIn("14 days after", self.level_1.deadline_info)
        self.level_1.payment_days = 13
        self.assertFalse(self.level_1.deadline_info)
        self.assertFalse(self.level_3.deadline_info, "none comes after it")

    def test_shipped_levels_leave_time_to_pay(self):
        company = self.env["res.company"].create({"name": "Second Ltd"})
        levels = self.env["account.followup.level"].search(
            [("company_id", "=", company.id)]
        )
        self.assertEqual(levels.mapped("payment_days"), [8, 5, 0, 8])
        self.assertFalse(any(levels.mapped("deadline_info")))


@tagged("post_install", "-at_install")
class TestMessage(MessageCommon):
    """Y1: what a debtor reads is enough to pay by transfer."""

    def test_one_invoice(self):
        invoice = self._create_late(20, ref="PO 4711")
        invoice.payment_reference = "RF18 5390 0754 7034"
        body = self._send().body
        (details,) = self._get_details(body)
        self.assertEqual(
            details,
            {
                "Amount": "$ 100.00",
                "Pay by": "05/23/2024",
                "Account holder": self.company.partner_id.name,
                "Account number": "DE89 3704 0044 0532 0130 00",
                "BIC": "COBADEFFXXX",
                "Bank": "Commerzbank",
                "Reference": "RF18 5390 0754 7034",
            },
        )
        table = html.fromstring(str(body)).find_class("o_followup_table")[0]
        self.assertIn("RF18 5390 0754 7034", table.text_content())
        self.assertIn("PO 4711", table.text_content())

    def test_several_invoices(self):
        self._create_late(20)
        self._create_late(5, 50)
        self._create_late(0, 30, move_type="out_refund")
        reminder = self._send()
        (details,) = self._get_details(reminder.body)
        self.assertEqual(details["Amount"], "$ 120.00", "as the table says")
        self.assertEqual(details["Reference"], reminder.name)

    def test_without_an_account(self):
        self.account.action_archive()
        self._create_late(20)
        (details,) = self._get_details(self._send().body)
        self.assertEqual(set(details), {"Amount", "Pay by", "Reference"})

    def test_letter_says_it_too(self):
        self._create_late(20)
        reminder = self._send(do_email=False, do_print=True)
        content = reminder.delivery_ids.attachment_id.raw.decode(errors="ignore")
        for text in (reminder.name, "DE89 3704 0044 0532 0130 00", "05/23/2024"):
            self.assertIn(text, content)

    def test_three_columns(self):
        """The open amount can be read on a phone and in a chatter; colours are said."""
        self._create_late(20)
        root = html.fromstring(str(self._send().body))
        table = root.find_class("o_followup_table")[0]
        self.assertEqual(len(list(table.iter("th"))), 3)
        for cell in [*root.iter("td"), *root.iter("th")]:
            self.assertIn("background-color", cell.get("style"))
            self.assertRegex(cell.get("style"), r"(^|[; ])color:")

    def test_button_in_the_colour_of_the_company(self):
        self.company.email_secondary_color = "#123456"
        self._create_late(20)._portal_ensure_token()
        button = html.fromstring(str(self._send().body)).find_class("o_followup_pay")[0]
        self.assertIn("#123456", button[0].get("style"))


@tagged("post_install", "-at_install")
class TestPlaceholders(MessageCommon):
    """Y4: words that a clerk can put into any text, which come out as values."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.responsible.partner_id.phone = "+1 555 0100"
        cls.every = " ".join(f"{name}=[[{name}]];" for name in PLACEHOLDERS)

    def test_values(self):
        """All of them, in subject, text and SMS, with what the customer owes."""
        self.env["res.partner"].create(
            {
                "name": "Ann <b>Payer</b>",
                "parent_id": self.customer.id,
                "type": "followup",
                "email": "ann@customer.example.com",
                "phone": "+12025550100",
            }
        )
        self._create_late(20)
        self._create_late(5, 50)
        self._create_late(-5, 7)
        sms = self.env["sms.template"].create(
            {
                "name": "All",
                "model_id": self.env.ref("base.model_res_partner").id,
                "body": self.every,
            }
        )
        reminder = self._send(
            subject=self.every,
            body=f"<p>{self.every}</p>",
            do_sms=True,
            sms_template_id=sms.id,
            sms_body=self.every,
        )
        texts = dict.fromkeys(PLACEHOLDERS)
        for text in (reminder.subject, reminder.sms_body):
            self.assertFalse(placeholders.find(text))
            texts = dict(one.strip().split("=", 1) for one in text.split(";")[:-1])
            self.assertEqual(
                {name: " ".join(texts[name].split()) for name in list(texts)[:-1]},
                {
                    "number": reminder.name,
                    "deadline": "05/23/2024",
                    "by_deadline": "by 05/23/2024",
                    "amount": "$ 150.00",
                    "total_overdue": "$ 150.00",
                    "total_due": "$ 157.00",
                    "oldest_due_date": "04/25/2024",
                    "days_late": "20",
                    "count": "2",
                    "recipient_name": "Ann <b>Payer</b>",
                    "company_name": self.company.name,
                    "contact": "Responsible, +1 555 0100, "
                    "responsible@company.example.com",
                    "contact_name": "Responsible",
                    "contact_phone": "+1 555 0100",
                    "contact_email": "responsible@company.example.com",
                },
            )
            self.assertTrue(texts["link"].startswith("http"))
        self.assertIn("Ann &lt;b&gt;Payer&lt;/b&gt;", reminder.body, "it is no code")

    def test_unknown_one_is_an_error(self):
        """A typing mistake is told when the template is saved, not by the debtor."""
        template = self.template.copy({"name": "Mine"})
        for values in (
            {"subject": "[[deadlin]]"},
            {"body_html": "<p>Pay by [[deadlin]].</p>"},
        ):
            with self.assertRaisesRegex(ValidationError, r"Mine.*\[\[deadlin\]\]"):
                template.write(values)
        sms = self.env.ref("account_payment_followup.sms_template_reminder")
        with self.assertRaisesRegex(ValidationError, r"\[\[amont\]\]"):
            sms.body = "[[amont]]"
        self._create_late(20)
        window = self._open_window()
        window.body = "<p>[[deadlin]]</p>"
        with self.assertRaisesRegex(UserError, r"Late Ltd.*\[\[deadlin\]\]"):
            window.action_send()

    def test_other_templates_are_let_alone(self):
        template = self.env["mail.template"].create(
            {
                "name": "Else",
                "model_id": self.env.ref("base.model_res_users").id,
                "subject": "[[whatever]]",
            }
        )
        self.assertTrue(template)

    def test_no_right_to_code_is_needed(self):
        """Who may not put code into templates may put placeholders there."""
        user = new_test_user(
            self.env,
            "followup_writer",
            groups="base.group_user,account.group_account_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.env.ref("mail.group_mail_template_editor").user_ids -= user
        self.env["ir.config_parameter"].sudo().set_param(
            "mail.restrict.template.rendering", "1"
        )
        template = (
            self.env["mail.template"]
            .with_user(user)
            .create(
                {
                    "name": "Mine",
                    "model_id": self.env.ref("base.model_res_partner").id,
                    "subject": "Pay [[amount]]",
                    "body_html": "<p>Dear [[recipient_name]]</p>",
                }
            )
        )
        self.levels.mail_template_id = template
        self._create_late(20)
        reminder = self._send()
        self.assertEqual(reminder.subject, "Pay $ 100.00")
        self.assertIn("Dear Late Ltd", reminder.body)

    def test_shipped_sms_is_one_part(self):
        """Amount and link in one part, with a host of 25 characters."""
        self.env["ir.config_parameter"].sudo().set_param(
            "web.base.url", "https://" + "h" * 21 + ".com"
        )
        self.customer.phone = "+12025550100"
        self.levels.write(
            {
                "send_sms": True,
                "sms_template_id": self.env.ref(
                    "account_payment_followup.sms_template_reminder"
                ).id,
            }
        )
        self._create_late(20, 123456.78)
        reminder = self._send()
        sms = self.env["sms.sms"].search([("partner_id", "=", self.customer.id)])
        self.assertIn("$ 123,456.78", sms.body)
        self.assertIn("https://" + "h" * 21 + ".com/", sms.body)
        self.assertLessEqual(len(sms.body), SMS_PART)
        self.assertFalse(set(sms.body) - GSM, sms.body)
        self.assertEqual(
            reminder.sms_body.split("https")[0], sms.body.split("https")[0]
        )

import warnings

from freezegun import freeze_time
from markupsafe import Markup

from odoo import Command
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import BaseCase, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tools.discuss import Store

from ..tools import links
from .access_common import SEARCHES
from .access_tables import LEFT_IN_CORE
from .common import TODAY, FollowupCommon


class TestHiddenSecrets(BaseCase):
    def test_taken_out_and_put_back(self):
        for text, kept in (
            (
                '<a href="https://a/x?access_token=b-1">c</a>',
                '<a href="https://a/x">c</a>',
            ),
            ("see https://a/x?b=1&access_token=2", "see https://a/x?b=1"),
            (
                '<a href="/x?token=1&amp;b=2#c">https://a/y?hash=3</a>',
                '<a href="/x?b=2#c">https://a/y</a>',
            ),
            ('<a href="/x?a=1&amp;token=2&amp;b=3">', '<a href="/x?a=1&amp;b=3">'),
            ("(https://a/?ACCESS_TOKEN=1&token=2)", None),
            (
                f"Pay: https://a/followup/{'a7' * 13}, or call.",
                "Pay: https://a/followup, or call.",
            ),
        ):
            with self.subTest(text=text):
                hidden, found = links.hide_secrets(text)
                if kept:
                    self.assertEqual(hidden, kept)
                self.assertNotIn("token=", hidden.lower())
                self.assertEqual(links.show_secrets(hidden, found), text)

    def test_left_alone(self):
        for text in (
            '<img src="/web/image/5?access_token=2">',
            "a = b; token=5",
            "https://a/?mytoken=5",
            "<p>hash=1</p>",
        ):
            with self.subTest(text=text):
                self.assertEqual(links.hide_secrets(text), (text, {}))

    def test_address_that_got_the_name_of_the_server(self):
        _hidden, found = links.hide_secrets('<a href="/x?token=1">')
        self.assertEqual(
            links.show_secrets('<a href="https://a.b/x">', found),
            '<a href="https://a.b/x?token=1">',
        )


class SecretsCommon(FollowupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.followup_page_enabled = False  # its links: test_page_link
        cls.invoice = cls._create_late(20)
        cls.token = cls.invoice._portal_ensure_token()
        cls.level_1.attach_invoices = True
        cls.employee = cls._create_user("employee", "base.group_user")
        cls.accountant = cls._create_user("clerk", "account.group_account_invoice")

    def _remind(self, by_run=True, **values):
        with self.mock_mail_gateway(mail_unlink_sent=False):
            if by_run:
                self._run_cron()
                self._run_mail_queue()
            else:
                window = self._open_window()
                window.write(values)
                window.action_send()
        self.env.flush_all()
        self.env.invalidate_all()
        return self._get_reminders()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestSecrets(SecretsCommon):
    """S1-4, F15: the link opens the invoice for the customer, and for nobody else."""

    def _get_kept_texts(self, reminder):
        return f"{reminder.body} {reminder.sms_body} {reminder.mail_message_id.body}"

    def test_link_of_the_customer(self):
        for by_run in (True, False):
            with self.subTest(by_run=by_run):
                reminder = self._remind(by_run)[-1:]
                self.assertNotIn(self.token, self._get_kept_texts(reminder))
                self.assertIn(f"/my/invoices/{self.invoice.id}", reminder.body)
                (mail,) = self._mails
                self.assertIn(
                    f"/my/invoices/{self.invoice.id}?access_token={self.token}",
                    mail["body"],
                )

    def test_copy_of_a_follower(self):
        """A follower gets neither the token nor files that it may not open itself."""
        subtype = self.env.ref("account_payment_followup.mt_reminder")
        self.employee.notification_type = self.accountant.notification_type = "email"
        for user in (self.employee, self.accountant):
            self.customer.message_subscribe(user.partner_id.ids, subtype.ids)
        self._remind()
        mails = {
            mail["email_to"][0].split("<")[-1].strip(">"): mail for mail in self._mails
        }
        self.assertEqual(len(mails), 3, list(mails))
        for address, files in (
            (self.customer.email, 1),
            (self.accountant.email, 1),
            (self.employee.email, 0),
        ):
            with self.subTest(address=address):
                mail = mails[address]
                self.assertEqual(len(mail["attachments"]), files)
                self.assertEqual(
                    self.token in mail["body"], address == self.customer.email
                )

    def test_text_of_a_person_with_a_secret(self):
        secret = "https://odoo.example.com/my/orders/7?access_token=abc-7"
        reminder = self._remind(False, body=f'<p>See <a href="{secret}">it</a></p>')
        self.assertNotIn("abc-7", self._get_kept_texts(reminder))
        self.assertIn(secret, self._mails[0]["body"])

    def test_answer_that_quotes_the_link(self):
        self._remind()
        link = f"/my/invoices/{self.invoice.id}?access_token={self.token}"
        answer = self.customer.message_post(
            body=Markup(f'<p>Paid.</p><blockquote><a href="{link}">a</a></blockquote>'),
            message_type="email",
            author_id=self.customer.id,
        )
        self.assertIn("<p>Paid.</p>", answer.body)
        self.assertNotIn(self.token, answer.body)

    def test_what_failed_is_sent_again(self):
        """What failed is sent again as it was, token included."""
        with self.mock_mail_gateway(mail_unlink_sent=False):
            window = self._open_window()
            window.action_send()
        reminder = self._get_reminders()
        mail = self.env["mail.mail"].search(
            [("mail_message_id", "=", reminder.mail_message_id.id)]
        )
        self.assertIn(self.token, mail.body_html)
        with self.assertRaises(AccessError):
            mail.with_user(self.accountant).read(["body_html"])

    def test_text_about_a_dispute(self):
        """Links of a document, and of the debtor page, that a person has pasted."""
        dispute = self.env["account.followup.dispute"]._dispute(
            self.invoice._get_followup_lines(),
            self.env.ref("account_payment_followup.dispute_reason_amount"),
            {self.company: TODAY},
        )
        secrets = (
            "https://odoo.example.com/my/invoices/7?access_token=abc-7",
            f"https://odoo.example.com/followup/{'a7' * 13}",
        )
        window = self.env["account.followup.reject.wizard"].create(
            {
                "dispute_id": dispute.id,
                "company_id": self.company.id,
                "do_email": True,
                "subject": "Of Monday",
                "body": "".join(f'<p><a href="{one}">See</a></p>' for one in secrets),
            }
        )
        with self.mock_mail_gateway():
            window.action_reject()
        kept = dispute.text_message_id.body
        self.assertIn("https://odoo.example.com/my/invoices/7", kept)
        self.assertNotIn("abc-7", kept)
        self.assertNotIn("a7a7", kept)
        for secret in secrets:
            self.assertIn(secret, self._mails[0]["body"])

    def test_statement(self):
        secret = "https://odoo.example.com/my/invoices/7?access_token=abc-7"
        window = self.env["account.followup.statement.wizard"].create(
            {"partner_ids": self.customer.ids}
        )
        window.body = f'<p><a href="{secret}">Pay</a></p>'
        with self.mock_mail_gateway():
            window.action_send()
        statement = self.env["account.followup.statement"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertNotIn("abc-7", f"{statement.body} {statement.mail_message_id.body}")
        self.assertIn(secret, self._mails[0]["body"])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPayButton(SecretsCommon):
    """F15: the button is there only where it leads to something."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["payment.provider"].search([]).write({"is_published": False})
        cls.provider = cls.env["payment.provider"].create(
            {
                "name": "Test Provider",
                "company_id": cls.company.id,
                "state": "test",
                "is_published": True,
            }
        )
        cls.env["ir.config_parameter"].set_param(
            "account_payment.enable_portal_payment", "True"
        )

    def _get_label(self):
        """Return what the button in the reminder of the customer says."""
        body = self._remind().body
        return next(
            (name for name in ("View and pay online", "View online") if name in body),
            "",
        )

    def test_pay(self):
        self.assertEqual(self._get_label(), "View and pay online")

    def test_payment_is_off(self):
        self.env["ir.config_parameter"].set_param(
            "account_payment.enable_portal_payment", "False"
        )
        self.assertEqual(self._get_label(), "View online")

    def test_no_provider(self):
        self.provider.is_published = False
        self.assertEqual(self._get_label(), "View online")

    def test_provider_of_another_currency_country_or_smaller_amounts(self):
        euro = self.env.ref("base.EUR")
        self.assertNotEqual(self.invoice.currency_id, euro)
        self.customer.country_id = self.env.ref("base.us")
        service = self.env["account.followup.link"]
        for values in (
            {"available_currency_ids": [Command.set(euro.ids)]},
            {"available_country_ids": [Command.set(self.env.ref("base.de").ids)]},
            {"maximum_amount": 50},
        ):
            with self.subTest(values=values):
                self.provider.write(
                    {
                        "available_currency_ids": [Command.clear()],
                        "available_country_ids": [Command.clear()],
                        "maximum_amount": 0,
                    }
                )
                self.assertTrue(service._can_be_paid(self.invoice, self.provider))
                self.provider.write(values)
                self.assertFalse(service._can_be_paid(self.invoice, self.provider))

    def test_no_link_that_opens(self):
        self.invoice.access_token = False
        self.assertEqual(self._get_label(), "")

    def test_two_invoices(self):
        """Core's page of all of them would be a locked door to most."""
        self._create_late(25)._portal_ensure_token()
        self.assertEqual(self._get_label(), "")
        self.assertNotIn("/my/invoices", self._get_reminders().body)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestFilesAreClosed(SecretsCommon, HttpCase):
    """F19: who may read the customer, but no invoices, opens none of the files."""

    def _get_shown(self, user, message):
        """Return the files that the chatter shows to a user, with their tokens."""
        store = Store()
        store.add(
            message.with_user(user).with_context(allowed_company_ids=self.company.ids)
        )
        return store.get_result().get("ir.attachment", [])

    def test_chatter(self):
        message = self._remind(by_run=False).mail_message_id
        self.assertEqual(len(message.attachment_ids), 1)
        self.assertEqual(message.attachment_ids.res_model, "account.followup.reminder")
        (shown,) = self._get_shown(self.accountant, message)
        self.assertTrue(shown["raw_access_token"])
        self.assertEqual(self._get_shown(self.employee, message), [])

    def test_rpc(self):
        attachment = self._remind(by_run=False).mail_message_id.attachment_ids
        self.assertTrue(attachment.with_user(self.accountant).raw)
        attachments = self.env["ir.attachment"].with_user(self.employee)
        with self.assertRaises(AccessError):
            attachments.browse(attachment.id).read(["name", "raw"])
        for domain in (
            [("id", "=", attachment.id)],
            [("res_model", "=", "res.partner"), ("res_id", "=", self.customer.id)],
            [("name", "=", attachment.name)],
        ):
            with self.subTest(domain=domain):
                self.assertFalse(attachments.search(domain))

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_attachment")
    def test_http(self):
        attachment = self._remind(by_run=False).mail_message_id.attachment_ids
        for user, statuses in ((self.accountant, [200]), (self.employee, [403, 404])):
            with self.subTest(user=user.login):
                user.password = user.login
                self.authenticate(user.login, user.login)
                answer = self.url_open(f"/web/content/{attachment.id}")
                self.assertIn(answer.status_code, statuses)

    def _create_strangers(self):
        """Return an employee and an accountant of another company.

        They see the customer and its chatter, since companies share it.
        """
        other = self.env["res.company"].create({"name": "Second House"})
        strangers = self.env["res.users"]
        for group in ("base.group_user", "account.group_account_manager"):
            user = self._create_user(group.replace(".", "_"), group)
            user.write(
                {"company_id": other.id, "company_ids": [Command.set(other.ids)]}
            )
            strangers += user
        return strangers

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_attachment")
    def test_other_company(self):
        """The invoices stay closed in the chatter of a customer whom it shares."""
        message = self._remind(by_run=False, do_print=True).mail_message_id
        self.assertEqual(len(message.attachment_ids), 2)
        for user in self._create_strangers():
            user.password = user.login
            self.authenticate(user.login, user.login)
            mine = self.env(user=user, context={})
            customer = self.customer.with_env(mine)
            self.assertIn(message, customer.message_ids, "they see the chatter")
            store = Store()
            store.add(message.with_env(mine))
            self.assertFalse(store.get_result().get("ir.attachment"))
            attachments = mine["ir.attachment"]
            self.assertFalse(
                attachments.search([("id", "in", message.attachment_ids.ids)])
            )
            for attachment in message.attachment_ids:
                with self.subTest(user=user.login, name=attachment.name):
                    with self.assertRaises(AccessError):
                        attachments.browse(attachment.id).read(["name", "raw"])
                    answer = self.url_open(f"/web/content/{attachment.id}")
                    self.assertIn(answer.status_code, (403, 404))

    def test_statement_and_letter_on_paper(self):
        window = self.env["account.followup.statement.wizard"].create(
            {"partner_ids": self.customer.ids}
        )
        window.do_print, window.do_email = True, False
        window.action_send()
        self._remind(False, do_email=False, do_print=True)
        for model in ("statement", "reminder"):
            with self.subTest(model=model):
                sent = self.env[f"account.followup.{model}"].search(
                    [("partner_id", "=", self.customer.id)]
                )
                files = sent.mail_message_id.attachment_ids
                self.assertEqual((files.res_model, files.res_id), (sent._name, sent.id))
                self.assertEqual(
                    self._get_shown(self.employee, sent.mail_message_id), []
                )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPortalUser(SecretsCommon):
    """A debtor's own user reads what was sent to the debtor, and nothing internal."""

    #: The way of older clients is still open.
    WAYS = {
        **SEARCHES,
        "read_group": lambda domain, field: [domain, [field], [field]],
    }

    def _create_portal_user(self, login, customer):
        contact = self._create_customer(
            "Contact", parent_id=customer.id, is_company=False
        )
        return new_test_user(
            self.env, login, "base.group_portal", partner_id=contact.id
        )

    def test_messages(self):
        user = self._create_portal_user("debtor", self.customer)
        reminder = self._remind()
        self._get_followup()
        note = self.customer.message_post(
            body="They will not pay",
            message_type="comment",
            subtype_xmlid="mail.mt_note",
        )
        auto = self.customer._message_log(
            body="Put on hold", message_type="notification"
        )
        messages = self.env["mail.message"].with_user(user)
        sent = messages.browse(reminder.mail_message_id.id)
        self.assertIn("Total overdue", sent.body)
        for hidden in (note, auto):
            with self.subTest(text=str(hidden.body)), self.assertRaises(AccessError):
                messages.browse(hidden.id).read(["body"])
        found = messages.search(
            [("model", "=", "res.partner"), ("res_id", "=", self.customer.id)]
        )
        self.assertEqual(found, sent)
        with self.assertRaises(AccessError):
            reminder.mail_message_id.attachment_ids.with_user(user).read(["raw"])

    def _call(self, user, records, method, *args):
        """Call a method as a client does; return the answer, none if it is refused."""
        mine = self.env(user=user, context={})[records._name]
        self.env.invalidate_all()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                found = call_kw(mine, method, list(args), {})
        except AccessError:
            return None
        return found.get("length", found) if isinstance(found, dict) else found

    def _get_ways(self, user, records):
        """Return the methods by which a user finds or reads some records."""
        domain = [("id", "in", records.ids)]
        found = {
            method: self._call(user, records, method, *prepare(domain, "create_uid"))
            for method, prepare in self.WAYS.items()
        }
        field = LEFT_IN_CORE.get(records._name, {}).get("field", "display_name")
        found["read"] = self._call(user, records, "read", records.ids, [field])
        return {method for method, answer in found.items() if answer}

    def _get_left(self, reminder):
        """Return {name: records} of all that a reminder has left."""
        notes = self.invoice.message_ids.filtered(
            lambda message: "Payment reminder" in message.body
        )
        return {
            "reminder": reminder,
            "items": reminder.line_ids,
            "deliveries": reminder.delivery_ids,
            "message": reminder.mail_message_id,
            "notes on the invoice": notes,
            "files": reminder.mail_message_id.attachment_ids,
        }

    def test_user_of_another_customer(self):
        """It finds and reads nothing of a reminder, by whatever call."""
        other = self._create_customer("Other Ltd")
        self._create_late(20, partner=other)
        users = {
            "own": self._create_portal_user("debtor", self.customer),
            "other": self._create_portal_user("stranger", other),
        }
        left = self._get_left(self._remind())
        everything = {*self.WAYS, "read"}
        accountants = {
            name: self._get_ways(self.accountant, records)
            for name, records in left.items()
        }
        self.assertEqual(accountants, dict.fromkeys(left, everything))
        ways = {
            kind: {name: self._get_ways(user, left[name]) for name in left}
            for kind, user in users.items()
        }
        self.assertEqual(ways["other"], dict.fromkeys(left, set()))
        expected = {**dict.fromkeys(left, set()), "message": everything}
        self.assertEqual(ways["own"], expected)

    def test_notes_on_an_invoice(self):
        """It reads what was written to it there, but neither holds nor levels."""
        user = self._create_portal_user("debtor", self.customer)
        self._remind()
        self.invoice._get_followup_lines().write(
            {"followup_hold_until": TODAY, "followup_hold_reason": "They lie"}
        )
        self.env.cr.precommit.run()
        notes = self.invoice.message_ids
        self.assertIn("They lie", str(notes.mapped("body")))
        self.assertIn(self.level_1.name, str(notes.mapped("body")))
        answer = self.invoice.message_post(
            body="Thank you for your question",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        for note in notes:
            self.assertFalse(self._call(user, note, "read", note.ids, ["body"]))
        (read,) = self._call(user, answer, "read", answer.ids, ["body"])
        self.assertIn("Thank you", read["body"])

    def test_text_that_another_customer_searches_for(self):
        """Nor does it find the text by its words."""
        user = self._create_portal_user("stranger", self._create_customer("Other Ltd"))
        reminder = self._remind()
        messages = self.env["mail.message"]
        for domain in (
            [("body", "ilike", "Total overdue")],
            [("body", "ilike", self.invoice.name)],
            [("model", "=", "res.partner"), ("res_id", "=", self.customer.id)],
            [("attachment_ids", "in", reminder.mail_message_id.attachment_ids.ids)],
        ):
            with self.subTest(domain=domain):
                self.assertIn(reminder.mail_message_id, messages.search(domain))
                self.assertFalse(messages.with_user(user).search(domain))

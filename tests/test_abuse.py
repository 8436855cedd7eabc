import email
import email.policy
import json

import psycopg2
from freezegun import freeze_time
from lxml import html

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from .access_common import AccessCommon
from .common import TODAY

SCRIPT = '<script>alert("x")</script>'
IMAGE = "<img src=x onerror=alert(1)>"
LINK = '<a href="https://evil.example.com">click</a>'
HOSTILE = f"{SCRIPT}{IMAGE}{LINK}"
WINDOWS = {
    "account.followup.call.wizard": "partner_id",
    "account.followup.process.wizard": "partner_ids",
    "account.followup.send.wizard": "partner_id",
}


class AbuseCommon(AccessCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mail.mail"].sudo().search([]).unlink()

    def _as(self, user, **context):
        """Return the environment of a request of a user with a forged context."""
        return self.env(user=user, context=context)

    def _call(self, env, model, method, *args, **kwargs):
        self.env.flush_all()
        self.env.invalidate_all()
        with self.mock_mail_gateway():
            kwargs.setdefault("context", dict(env.context))
            answer = call_kw(env[model], method, list(args), kwargs)
            env.flush_all()
            return answer

    def _create_late_of(self, partner, **values):
        partner.property_payment_term_id = False
        return self._create_late(20, 100, partner=partner, **values)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestAbuse(AbuseCommon):
    """Issue 5: what users try who know the RPC interface, but not their place."""

    # ------------------------------------------------------------------
    # Windows: other companies, other customers, other people
    # ------------------------------------------------------------------

    def _forge(self, user, **context):
        """Yield (model, call) that ask windows for the case of the company."""
        for model, field in WINDOWS.items():
            customer = self.customer.ids if field.endswith("s") else self.customer.id
            if field.endswith("s"):
                customer = [Command.set(customer)]
            values = {field: customer, "company_id": self.company.id}
            env = self._as(user, **context)
            yield env, model, values

    def test_g2_windows_do_not_tell_other_companies(self):
        stranger = self.strangers["manager"]
        for context in ({}, {"allowed_company_ids": [self.company.id]}):
            for env, model, values in self._forge(stranger, **context):
                with self.subTest(model=model, context=context):
                    spec = {name: {} for name in self.env[model]._fields}
                    with self.assertRaises(AccessError):
                        self._call(env, model, "onchange", [], values, [], spec)
                    with self.assertRaises(AccessError):
                        self._call(env, model, "create", [values])

    def test_g2_windows_by_forged_defaults(self):
        for model, field in WINDOWS.items():
            customer = self.customer.ids if field.endswith("s") else self.customer.id
            context = {
                f"default_{field}": customer,
                "default_company_id": self.company.id,
            }
            env = self._as(self.strangers["invoice"], **context)
            with self.subTest(model=model), self.assertRaises(AccessError):
                self._call(env, model, "create", [{}])

    def test_g2_windows_do_not_tell_hidden_customers(self):
        """A customer of another company, by a window of one's own company."""
        hidden = self._create_customer("Hidden Ltd", company_id=self.company_2.id)
        for model, field in WINDOWS.items():
            many = field.endswith("s")
            value = [Command.set(hidden.ids)] if many else hidden.id
            env = self._as(self.users["invoice"])
            with self.subTest(model=model):
                with self.assertRaises(AccessError):
                    self._call(env, model, "create", [{field: value}])
                spec = {name: {} for name in self.env[model]._fields}
                try:
                    told = self._call(
                        env, model, "onchange", [], {field: value}, [], spec
                    )
                except AccessError:
                    continue
                self.assertNotIn("hidden.ltd@", json.dumps(told, default=str))

    def test_g2_windows_are_closed_to_others(self):
        for name in ("public", "portal", "employee", "readonly"):
            for env, model, values in self._forge(self.users[name]):
                with (
                    self.subTest(model=model, user=name),
                    self.assertRaises(AccessError),
                ):
                    self._call(
                        env, model, "onchange", [], values, [], {"company_id": {}}
                    )

    def test_g2_forged_active_ids(self):
        """What is selected is told by active_ids in other modules, not in this one."""
        env = self._as(
            self.users["invoice"],
            active_model="res.partner",
            active_id=self.second_customer.id,
            active_ids=self.second_customer.ids,
        )
        action = self._call(
            env, "res.partner", "action_process_followups", self.customer.ids
        )
        self.assertEqual(action["context"]["default_partner_ids"], self.customer.ids)
        window = self._call(
            env,
            "account.followup.send.wizard",
            "create",
            [{"partner_id": self.customer.id}],
        )
        wizard = self.env["account.followup.send.wizard"].browse(window)
        self.assertEqual(wizard.sudo().partner_id, self.customer)

    def test_g2_forged_defaults_of_a_reminder(self):
        """Context keys cannot make a reminder something else than it is."""
        invoice = self._create_late_of(self.second_customer)
        env = self._as(
            self.users["invoice"],
            default_state="sent",
            default_partner_id=self.customer.id,
            default_company_id=self.company.id,
            default_level_id=self.level_3.id,
            default_reminder_id=self.records["account.followup.reminder"].id,
            default_channel="print",
            default_trigger="automatic",
            default_user_id=self.env.uid,
        )
        model = "account.followup.process.wizard"
        values = {"partner_ids": [Command.set(self.second_customer.ids)]}
        window = self._call(env, model, "create", [values])
        self._call(env, model, "action_process", window)
        reminder = self._get_reminders(self.second_customer)
        self.assertEqual(reminder.line_ids.move_line_id.move_id, invoice)
        self.assertEqual(reminder.trigger, "mass")
        self.assertEqual(reminder.user_id, self.users["invoice"])
        self.assertEqual(reminder.line_ids.level_id, self.level_1)
        channels = set(reminder.delivery_ids.mapped("channel"))
        self.assertEqual(channels, {"email", "letter"})
        by_email = reminder.delivery_ids.filtered(lambda one: one.channel == "email")
        self.assertEqual(by_email.state, "queued")

    def test_c1_items_of_others_are_not_named(self):
        """Invoices of another customer or company cannot be put into a reminder."""
        self._create_late_of(self.second_customer)
        other = self._create_late_of(self.customer, name="INV/OTHER/1")
        journal = self.env["account.journal"].search(
            [("company_id", "=", self.company_2.id), ("type", "=", "sale")], limit=1
        )
        foreign = self._create_late_of(self.customer, journal_id=journal.id)
        window = self._open_window(self.second_customer, self.users["invoice"])
        line = foreign.line_ids.filtered("date_maturity")
        with self.assertRaises(AccessError):
            window.item_line_ids = [Command.link(line.id)]
        window = self._open_window(self.second_customer, self.users["invoice"])
        self.assertTrue(window.item_line_ids, "ticked by itself")
        line = other.line_ids.filtered("date_maturity")
        window.item_line_ids = [Command.link(line.id)]
        with self.mock_mail_gateway():
            window.action_send()
        reminder = self._get_reminders(self.second_customer)
        self.assertEqual(
            reminder.line_ids.move_line_id.partner_id, self.second_customer
        )
        self.assertNotIn("INV/OTHER/1", reminder.body)

    def test_a4_attachments_in_a_mass_run(self):
        """Each e-mail has the invoices of its own customer and company, no others."""
        self.level_1.attach_invoices = True
        customers = [self._create_customer(f"Mass {number}") for number in range(3)]
        names = {one: self._create_late_of(one).name for one in customers}
        journal = self.env["account.journal"].search(
            [("company_id", "=", self.company_2.id), ("type", "=", "sale")], limit=1
        )
        self._create_late_of(customers[0], journal_id=journal.id)
        partners = self.env["res.partner"].union(*customers)
        with self.mock_mail_gateway():
            self.env["account.followup.run"]._start(partners, self.company)
        for one in customers:
            attachments = self._get_reminders(one).mail_message_id.attachment_ids
            self.assertEqual(len(attachments), 1)
            self.assertIn(names[one].replace("/", "_"), attachments.name)

    # ------------------------------------------------------------------
    # Templates
    # ------------------------------------------------------------------

    def test_c2_nothing_typed_is_a_template(self):
        """Text of a user who may not edit templates goes out as it was typed."""
        window = self._open_window(user=self.users["invoice"])
        code = "{{ object.company_id.name }} ${7*7}"
        window.write(
            {
                "subject": code,
                "body": f'<p>{code}<t t-out="7*7"/><b t-esc="object.name">x</b></p>',
                "sms_body": code,
                "do_email": True,
                "do_sms": True,
            }
        )
        self.customer.phone = "+12025550122"
        with self.mock_mail_gateway():
            window.action_send()
            self._run_mail_queue()
        sent = self._mails[-1]
        self.assertEqual(sent["subject"], code)
        self.assertIn(code, sent["body"])
        self.assertNotIn("49", sent["body"].split("o_followup_table")[0])
        sms = self.env["sms.sms"].sudo().search([], order="id DESC", limit=1)
        self.assertEqual(sms.body, code)

    def test_c2_templates_of_other_models(self):
        """A template is filled in with all rights: it must be one about customers."""
        template = self.env["mail.template"].create(
            {
                "name": "Secret",
                "model_id": self.env["ir.model"]._get_id("res.users"),
                "subject": "{{ object.login }}",
                "body_html": '<p t-out="object.login"/>',
            }
        )
        window = self._open_window(user=self.users["invoice"])
        with self.assertRaisesRegex(UserError, 'template "Secret"'):
            window.mail_template_id = template
            window.env.flush_all()
        env = self._as(self.users["invoice"])
        values = {"partner_id": self.customer.id, "mail_template_id": template.id}
        with self.assertRaisesRegex(UserError, 'template "Secret"'):
            self._call(
                env,
                "account.followup.send.wizard",
                "onchange",
                [],
                values,
                ["mail_template_id"],
                {"subject": {}, "body": {}, "mail_template_id": {}, "partner_id": {}},
            )

    def test_a3_levels_are_for_administrators_of_accounting(self):
        for name in ("invoice", "readonly", "employee", "portal"):
            level = self.level_1.with_user(self.users[name])
            for values in ({"name": SCRIPT}, {"activity_note": SCRIPT}):
                with self.subTest(user=name), self.assertRaises(AccessError):
                    level.write(values)

    # ------------------------------------------------------------------
    # Script and markup in names, notes and labels
    # ------------------------------------------------------------------

    def _assert_harmless(self, *texts):
        """Nothing of it runs or links: it is written as text, or gone."""
        for text in filter(None, texts):
            root = html.fragment_fromstring(str(text), create_parent="div")
            hostile = [element for element in root.iter("script", "img")]
            hostile = [one for one in hostile if "alert" in html.tostring(one).decode()]
            hostile += root.xpath("//*[@onerror]|//a[contains(@href, 'evil')]")
            self.assertFalse(hostile, html.tostring(root))

    def _create_hostile(self):
        customer = self._create_customer("Hostile", ref=HOSTILE, phone="+12025550122")
        customer.name = f"Hostile {HOSTILE}"
        invoice = self._create_late_of(customer, name=f"INV{HOSTILE}", ref=HOSTILE)
        invoice.line_ids.filtered("date_maturity").name = HOSTILE
        return customer, invoice

    def test_c5_hostile_names_in_messages(self):
        customer, invoice = self._create_hostile()
        self.level_1.write({"name": f"Level {HOSTILE}", "send_letter": True})
        self.level_1.activity_summary = HOSTILE
        with self.mock_mail_gateway():
            self.env["account.followup.run"]._start(customer, self.company, "print")
            self._run_mail_queue()
        (sent,) = self._mails
        self.assertIn("Hostile", sent["body"])
        self._assert_harmless(sent["body"])
        reminder = self._get_reminders(customer)
        self._assert_harmless(reminder.body)
        self._assert_harmless(*customer.message_ids.mapped("body"))
        self._assert_harmless(*invoice.message_ids.mapped("body"))
        page, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account_payment_followup.report_reminder", reminder.ids
        )
        self.assertIn("Hostile", page.decode())
        letter = html.document_fromstring(page.decode())
        (letter,) = letter.find_class("o_followup_letter")
        self._assert_harmless(html.tostring(letter, encoding="unicode"))

    def test_e1_hostile_reason_of_a_failure(self):
        customer, _invoice = self._create_hostile()
        customer.email = False
        with self.mock_mail_gateway():
            self.env["account.followup.run"]._start(customer, self.company)
        notes = customer.activity_ids.mapped("note")
        self.assertIn("Hostile", "".join(notes))
        self._assert_harmless(*notes)

    def test_c8_b5_hostile_notes(self):
        """What a user types at a call or a hold is text in the chatters."""
        customer, invoice = self._create_hostile()
        env = self._as(self.users["invoice"])
        call = env["account.followup.call.wizard"].create(
            {
                "partner_id": customer.id,
                "outcome": "dispute",
                "review_date": TODAY,
                "note": HOSTILE,
            }
        )
        call.action_log()
        lines = invoice.line_ids.filtered("date_maturity")
        hold = env["account.followup.hold.wizard"].create(
            {"line_ids": [Command.set(lines.ids)], "reason": HOSTILE}
        )
        hold.action_apply()
        bodies = customer.message_ids.mapped("body") + invoice.message_ids.mapped(
            "body"
        )
        self.assertIn("click", "".join(bodies))
        self._assert_harmless(*bodies)

    def test_b4_hostile_names_of_currencies(self):
        currency = self.setup_other_currency("EUR")
        currency.name = "<b>"
        self._create_late(20, currency_id=currency.id)
        self.assertNotIn("<b>", self.customer.followup_currency_totals)
        self.assertIn("&lt;b&gt;", self.customer.followup_currency_totals)

    def test_c2_script_typed_into_the_window(self):
        window = self._open_window(user=self.users["invoice"])
        window.write({"subject": HOSTILE, "body": f"<p>Hello {HOSTILE}</p>"})
        with self.mock_mail_gateway():
            window.action_send()
            self._run_mail_queue()
        (sent,) = self._mails
        for text in (sent["body"], window.reminder_id.body):
            self.assertIn("Hello", text)
            self.assertNotIn("<script", text)
            self.assertNotIn("onerror=alert", text.split("<table")[0])

    # ------------------------------------------------------------------
    # Headers and recipients
    # ------------------------------------------------------------------

    def _send_by_smtp(self, customer):
        """Return the messages as they would leave, headers and all."""
        sent = []
        server = self.env["ir.mail_server"]
        original = type(server)._build_email__

        def build(this, *args, **kwargs):
            message = original(this, *args, **kwargs)
            sent.append(message.as_bytes(policy=email.policy.SMTP))
            return message

        with self.mock_mail_gateway():
            self.patch(type(server), "_build_email__", build)
            self.env["account.followup.run"]._start(customer, self.company)
            self._run_mail_queue()
        return [
            email.message_from_bytes(raw, policy=email.policy.default) for raw in sent
        ]

    def test_headers_of_hostile_names(self):
        """Line breaks in names and subjects make neither headers nor recipients."""
        line_break = "\r\nBcc: thief@evil.example.com\r\n\r\nbody"
        self.template.subject = "{{ object.ref }}"
        for number, values in enumerate(
            (
                {"ref": f"Subject{line_break}"},
                {"name": f"Line{line_break}"},
                {"email": f"a@customer.example.com{line_break}"},
            )
        ):
            customer = self._create_customer(f"Line {number}")
            customer.write({"ref": "Subject", **values})
            self._create_late_of(customer)
            with self.subTest(values=values), mute_logger("odoo.addons.mail"):
                self._check_headers(customer)

    def _check_headers(self, customer):
        """What leaves has no header of the attacker; else the failure is recorded."""
        messages = self._send_by_smtp(customer)
        delivery = self._get_reminders(customer).delivery_ids
        delivery = delivery.filtered(lambda one: one.channel == "email")
        self.assertEqual(delivery.state, "sent" if messages else "failed")
        for message in messages:
            self.assertFalse(message["Bcc"])
            self.assertIn("Subject", message["Subject"])
            self.assertNotIn("body", message.get_body().get_content()[:4])
        if "ref" in customer and customer.ref != "Subject":
            self.assertEqual(len(messages), 1, "a subject is written in one line")

    def test_e3_several_addresses_are_recorded(self):
        """Core writes to each address in the field: the history says to which."""
        for address in (
            "a@customer.example.com, b@customer.example.com",
            "a@customer.example.com;b@customer.example.com",
        ):
            customer = self._create_customer("Several", email=address)
            self._create_late_of(customer)
            (message,) = self._send_by_smtp(customer)
            delivery = self._get_reminders(customer).delivery_ids[-1:]
            with self.subTest(address=address):
                self.assertIn("a@customer.example.com", message["To"])
                self.assertIn("b@customer.example.com", message["To"])
                self.assertEqual(
                    delivery.recipient, "a@customer.example.com, b@customer.example.com"
                )

    def test_e3_file_name_of_a_letter(self):
        self.level_1.write({"name": '../..\\x"\r\nX-Evil: 1', "send_letter": True})
        customer = self._create_customer("File")
        self._create_late_of(customer)
        with self.mock_mail_gateway():
            self.env["account.followup.run"]._start(customer, self.company, "print")
        letter = self._get_reminders(customer).delivery_ids.attachment_id
        self.assertNotRegex(letter.name, r"[/\r\n]")
        self._log_in(self.users["invoice"])
        answer = self.url_open(f"/web/content/{letter.id}?download=true")
        self.assertEqual(answer.status_code, 200)
        self.assertNotIn("X-Evil", answer.headers)

    # ------------------------------------------------------------------
    # SQL, size, documents
    # ------------------------------------------------------------------

    def test_sql_through_order_group_and_domain(self):
        """The SQL models take names of fields and values, never statements."""
        attack = "id); DELETE FROM account_followup; --"
        quote = "x' OR '1'='1"
        for model in ("account.followup.customer", "account.followup.item"):
            env = self._as(self.users["invoice"])
            for method, args, kwargs in (
                ("search", [[]], {"order": attack}),
                ("search", [[]], {"order": "total_due DESC, (SELECT 1)"}),
                ("search", [[(attack, "=", 1)]], {}),
                ("search", [[("partner_id", "= 1 or id", 1)]], {}),
                ("search", [[]], {"limit": attack}),
                ("formatted_read_group", [[], [attack], ["__count"]], {}),
                ("formatted_read_group", [[], ["partner_id"], [f"{attack}:sum"]], {}),
                (
                    "formatted_read_group",
                    [[], ["partner_id"], [f"residual:{quote}"]],
                    {},
                ),
                ("web_read_group", [[], ["partner_id"]], {"order": attack}),
            ):
                with self.subTest(model=model, method=method, args=args, kwargs=kwargs):
                    try:
                        with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                            self._call(env, model, method, *args, **kwargs)
                    except (ValueError, TypeError, UserError, psycopg2.DataError):
                        continue  # a value of the wrong type, but never a statement
                    self.fail("it is not refused")
            domain = [("display_name", "=", quote)]
            self.assertFalse(self._call(env, model, "search", domain))
        self.assertTrue(self.records["account.followup"].exists())

    def test_searches_of_partners_take_no_sql(self):
        env = self._as(self.users["invoice"])
        for field in ("followup_status", "total_due", "followup_next_reminder_date"):
            for value in ("1) OR (1=1", "'; --"):
                domain = [(field, "=", value)]
                with self.subTest(domain=domain), mute_logger("odoo.sql_db"):
                    found = False
                    try:
                        with self.env.cr.savepoint():
                            found = self._call(env, "res.partner", "search", domain)
                    except (ValueError, UserError, psycopg2.DataError):
                        continue
                    self.assertFalse(found)

    def test_large_requests_are_refused_at_once(self):
        """Who may not, is told so before anything is looked up for many ids."""
        ids = list(range(1, 100_000))
        for model, method in (
            ("res.partner", "action_process_followups"),
            ("account.followup.customer", "action_process_followups"),
            ("account.move.line", "action_hold_followup"),
            ("account.followup.item", "action_followup_resume"),
        ):
            for name in ("portal", "employee"):
                env = self._as(self.users[name])
                env[model].has_access("read")  # what every request looks up
                before = self.env.cr.sql_log_count
                with self.subTest(model=model, user=name):
                    with self.assertRaises(AccessError):
                        call_kw(env[model], method, [ids], {})
                    self.assertLess(self.env.cr.sql_log_count - before, 15)

    def test_letters_by_their_attachments(self):
        """Nobody else finds the letter or reads its content, whatever the way."""
        delivery = self.records["account.followup.delivery"]
        letter = delivery.attachment_id
        self.assertTrue(letter.raw)
        readers = ("readonly", "invoice", "manager")
        for users, allowed in ((self.users, readers), (self.strangers, ())):
            for name, user in users.items():
                with self.subTest(user=user.login):
                    env = self._as(user)
                    try:
                        found = env["ir.attachment"].search([("id", "=", letter.id)])
                    except AccessError:
                        found = letter.browse()
                    self.assertEqual(bool(found), name in allowed)
                    if name in allowed:
                        continue
                    with self.assertRaises(AccessError):
                        self._call(env, "ir.attachment", "read", letter.ids, ["raw"])

    def test_letters_of_a_run(self):
        """The PDF of all letters is for the user who has printed them."""
        run = self.records["account.followup.run"].with_user(self.users["invoice"])
        action = run.action_print_letters()
        document = self.env["ir.attachment"].browse(
            int(action["url"].split("/")[-1].split("?")[0])
        )
        self.assertTrue(document.with_user(self.users["invoice"]).raw)
        for user in (
            self.users["manager"],
            self.users["readonly"],
            self.users["employee"],
            self.users["portal"],
            self.strangers["manager"],
        ):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._call(
                    self._as(user), "ir.attachment", "read", document.ids, ["raw"]
                )

from datetime import date

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common import TODAY, FollowupCommon
from .iap_common import IapCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestRecipients(FollowupCommon):
    """Who gets it (C3): by the items that are named, for each channel."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.country = cls.env.ref("base.us")
        cls.customer.write(
            {"phone": "+12025550100", "zip": "20500", "country_id": cls.country.id}
        )
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")
        cls.service = cls.env["account.followup.recipients"].with_company(cls.company)

    @classmethod
    def _create_contact(cls, name, parent=None, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "parent_id": (parent or cls.customer).id,
                "email": f"{name.lower()}@customer.example.com",
                **values,
            }
        )

    def _send_by_run(self):
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
            return sorted(self._get_addresses(self._mails))

    def _send_by_window(self, user=None, **values):
        window = self._open_window(user=user)
        window.write(values)
        info = window.contact_info
        with self.mock_mail_gateway():
            window.action_send()
            return info, sorted(self._get_addresses(self._mails))

    def _get_addresses(self, mails):
        return [
            address.partition("<")[2].rstrip(">") or address
            for mail in mails
            for address in mail["email_to"]
        ]

    def _get_names(self, channel, items=None):
        self.env.invalidate_all()
        return self.service._get_recipients(self.customer, channel, items).mapped(
            "name"
        )

    # ------------------------------------------------------------------
    # The contacts of the invoices
    # ------------------------------------------------------------------

    def test_c3_the_contact_that_the_invoice_is_made_out_to(self):
        """Two invoice addresses: the reminder goes where the invoice went."""
        self._create_contact("Aa", type="invoice")
        bb = self._create_contact("Bb", type="invoice")
        self._create_late(20, partner=bb)
        self.assertEqual(self._send_by_run(), ["bb@customer.example.com"])
        reminder = self._get_reminders()
        self.assertEqual(reminder.partner_id, self.customer)
        self.assertEqual(reminder.delivery_ids.recipient, "bb@customer.example.com")

    def test_c3_window_and_statement_as_the_run(self):
        self._create_contact("Aa", type="invoice")
        bb = self._create_contact("Bb", type="invoice")
        self._create_late(20, partner=bb)
        info, addresses = self._send_by_window()
        self.assertEqual(info, "Late Ltd, Bb <bb@customer.example.com>")
        self.assertEqual(addresses, ["bb@customer.example.com"])
        action = self.customer.action_send_followup_statement()
        window = self.env[action["res_model"]].with_context(**action["context"])
        window = window.create({"period": "custom", "date_to": TODAY})
        self.assertEqual(window.contact_info, info)
        with self.mock_mail_gateway():
            window.action_send()
            self.assertEqual(self._get_addresses(self._mails), addresses)

    def test_c3_company_without_an_email(self):
        """Only the contact of the invoice can be reached: it is."""
        self.customer.email = False
        jane = self._create_contact("Jane")
        self._create_late(20, partner=jane)
        self.assertEqual(self._send_by_run(), ["jane@customer.example.com"])
        self.assertEqual(self._get_reminders().state, "sent")

    def test_c3_each_contact_with_the_reminder_of_the_customer(self):
        contacts = [self._create_contact(name) for name in ("Ann", "Bob")]
        invoices = [self._create_late(20, partner=contact) for contact in contacts]
        self.assertEqual(
            self._send_by_run(),
            ["ann@customer.example.com", "bob@customer.example.com"],
        )
        reminder = self._get_reminders()
        self.assertEqual(len(reminder), 1)
        for invoice in invoices:
            self.assertIn(invoice.name, reminder.body)

    def test_c3_only_the_invoices_that_are_named(self):
        """Removing an invoice in the window removes its contact, too."""
        ann, bob = self._create_contact("Ann"), self._create_contact("Bob")
        self._create_late(20, partner=ann)
        other = self._create_late(20, partner=bob)
        window = self._open_window()
        self.assertIn("ann@", window.contact_info)
        self.assertIn("bob@", window.contact_info)
        window.item_line_ids -= other.line_ids
        self.assertNotIn("bob@", window.contact_info)
        with self.mock_mail_gateway():
            window.action_send()
            addresses = self._get_addresses(self._mails)
        self.assertEqual(addresses, ["ann@customer.example.com"])

    def test_c3_made_out_to_the_customer_means_the_invoice_address(self):
        self._create_contact("Aa", type="invoice")
        bob = self._create_contact("Bob")
        self._create_late(20)
        self.assertEqual(self._get_names("email"), ["Aa"])
        self._create_late(20, partner=bob)
        self.assertEqual(self._get_names("email"), ["Aa", "Bob"])

    def test_c3_credit_notes_name_nobody(self):
        bob = self._create_contact("Bob")
        self._create_late(20, 100)
        self._create_late(20, 10, partner=bob, move_type="out_refund")
        self.assertEqual(self._get_names("email"), ["Late Ltd"])

    def test_c3_receipts_are_invoices(self):
        jane = self._create_contact("Jane")
        self._create_late(20, partner=jane, move_type="out_receipt")
        self.assertEqual(self._get_names("email"), ["Jane"])

    def test_c3_marked_before_invoiced(self):
        self._create_contact("Desk", type="followup")
        self._create_late(20, partner=self._create_contact("Bob"))
        self.assertEqual(self._send_by_run(), ["desk@customer.example.com"])

    def test_c3_contact_moved_to_another_customer(self):
        """The contact of an invoice left for another company: it gets nothing."""
        bob = self._create_contact("Bob")
        self._create_late(20, partner=bob)
        items = self.env["account.move.line"].search(
            [("move_id.partner_id", "=", bob.id), ("date_maturity", "!=", False)]
        )
        other = self._create_customer("Other Ltd")
        self.env.cr.execute(
            "UPDATE res_partner SET parent_id = %s, commercial_partner_id = %s "
            "WHERE id = %s",
            (other.id, other.id, bob.id),
        )
        self.env.invalidate_all()
        self.assertEqual(self._get_names("email", items), ["Late Ltd"])

    # ------------------------------------------------------------------
    # Marked contacts
    # ------------------------------------------------------------------

    def test_c3_marked_below_a_department(self):
        department = self._create_contact("Department")
        office = self._create_contact("Office", parent=department)
        self._create_contact("Desk", parent=office, type="followup")
        self._create_late(20)
        self.assertEqual(self._send_by_run(), ["desk@customer.example.com"])

    def test_c3_subsidiary_is_a_customer_of_its_own(self):
        subsidiary = self._create_contact("Subsidiary", is_company=True)
        self._create_contact("Desk", parent=subsidiary, type="followup")
        self.assertEqual(self._get_names("email"), ["Late Ltd"])
        subsidiary.type = "followup"  # somebody means it
        self.assertEqual(self._get_names("email"), ["Subsidiary"])

    def test_c3_archived_contacts_are_passed_over(self):
        marked = self._create_contact("Desk", type="followup")
        bob = self._create_contact("Bob")
        self._create_late(20, partner=bob)
        self.assertEqual(self._get_names("email"), ["Desk"])
        marked.active = False
        self.assertEqual(self._get_names("email"), ["Bob"])
        bob.active = False
        self.assertEqual(self._get_names("email"), ["Late Ltd"])

    def test_c3_each_channel_for_itself(self):
        """A desk with an e-mail and nothing else: letter and SMS reach the customer."""
        self._create_contact("Desk", type="followup")
        self._create_late(20)
        self.assertEqual(self._get_names("email"), ["Desk"])
        for channel in ("sms", "letter", "print", "call"):
            self.assertEqual(self._get_names(channel), ["Late Ltd"], channel)
        window = self._open_window()
        window.write({"do_sms": True, "do_letter": True, "do_print": True})
        self.assertFalse({"sms", "letter", "address"} & window.alerts.keys())
        self.assertIn("Email: Late Ltd, Desk <desk@", window.contact_info)
        self.assertIn("SMS: Late Ltd +12025550100", window.contact_info)
        self.assertIn("Late Ltd 1 Main Street", window.contact_info)

    def test_c3_email_when_the_marked_contact_has_none(self):
        self._create_contact("Desk", type="followup", email=False, phone="+12025550101")
        self._create_late(20)
        self.assertEqual(self._get_names("sms"), ["Desk"])
        self.assertEqual(self._send_by_run(), ["late.ltd@customer.example.com"])

    def test_c3_language_of_who_is_reached(self):
        """The desk that cannot be reached by e-mail does not decide its language."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "fr_FR"
        self._create_contact(
            "Desk", type="followup", email=False, phone="+12025550101", lang="de_DE"
        )
        items = self._create_late(20).line_ids
        get_lang = self.service._get_lang
        self.assertEqual(get_lang(self.customer, items, {"email", "sms"}), "fr_FR")
        self.assertEqual(get_lang(self.customer, items, {"sms"}), "de_DE")
        self._send_by_run()
        self.assertEqual(self._get_reminders().lang, "fr_FR")

    def test_c3_nobody_is_reached(self):
        """The sentence names the contact that was meant, the button opens it."""
        desk = self._create_contact("Desk", type="followup", email=False)
        self.customer.email = False
        self._create_late(20)
        alert = self._open_window().alerts["email"]
        self.assertEqual(
            alert["message"], "Late Ltd, Desk has no valid e-mail address."
        )
        self.assertEqual(alert["action"]["res_id"], desk.id)

    # ------------------------------------------------------------------
    # One message for each address
    # ------------------------------------------------------------------

    def test_c3_one_email_for_each_address(self):
        for name, email in (("Ann", "ap@x.example.com"), ("Bob", "AP@x.example.com")):
            self._create_contact(name, type="followup", email=email)
        self._create_contact("Cleo", type="followup", email="cleo@x.example.com")
        self._create_late(20)
        self.assertEqual(
            self._send_by_run(), ["ap@x.example.com", "cleo@x.example.com"]
        )

    def test_c3_one_letter_for_each_address(self):
        for name in ("Ann", "Bob"):
            self._create_contact(
                name,
                type="followup",
                street="2 Side Street",
                city="Springfield",
                zip="20500",
                country_id=self.country.id,
            )
        self._create_contact(
            "Cleo",
            type="followup",
            street="3 Side Street",
            city="Springfield",
            zip="20500",
            country_id=self.country.id,
        )
        self.assertEqual(self._get_names("letter"), ["Ann", "Cleo"])

    # ------------------------------------------------------------------
    # Companies
    # ------------------------------------------------------------------

    def test_c3_contacts_of_another_company(self):
        """A shared customer: contacts of the other company get nothing of ours, and
        the window says the same, whoever looks."""
        other = self.env["res.company"].create({"name": "Second"})
        self._create_contact("Two", type="followup", company_id=other.id)
        self._create_contact("Inv2", type="invoice", company_id=other.id)
        ours = self._create_contact("Ours", type="invoice", company_id=self.company.id)
        self._create_late(20)
        self.assertEqual(self._get_names("email"), ["Ours"])
        info, addresses = self._send_by_window(self.clerk)
        self.assertEqual(info, "Late Ltd, Ours <ours@customer.example.com>")
        self.assertEqual(addresses, [ours.email])
        theirs = self.env["account.followup.recipients"].with_company(other)
        names = theirs._get_recipients(self.customer, "email").mapped("name")
        self.assertEqual(names, ["Two"])

    def test_c3_contact_of_a_branch(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self._create_contact("Branch desk", type="followup", company_id=branch.id)
        self.assertEqual(self._get_names("email"), ["Branch desk"])

    # ------------------------------------------------------------------
    # Archived customer
    # ------------------------------------------------------------------

    def test_c3_archived_customer(self):
        """Nothing leaves, the reason is the true one, and is said before sending."""
        self.customer.write({"phone": "+12025550100"})
        self._create_late(20)
        self.customer.active = False
        window = self._open_window()
        self.assertIn("Late Ltd is archived", window.alerts["email"]["message"])
        self.assertEqual(self._send_by_run(), [])
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "failed")
        self.assertIn("Late Ltd is archived", reminder.failure_reason)
        for channel in ("sms", "letter"):
            self.assertFalse(self._get_names(channel))

    def test_c3_contact_of_an_archived_customer(self):
        self._create_contact("Desk", type="followup")
        self._create_late(20)
        self.customer.active = False
        self.assertEqual(self._send_by_run(), ["desk@customer.example.com"])

    # ------------------------------------------------------------------
    # Cost
    # ------------------------------------------------------------------

    def test_p5_many_customers_are_read_together(self):
        partners = self.env["res.partner"].browse()
        for number in range(12):
            partner = self._create_customer(f"Firm {number}")
            desk = self._create_contact(f"Desk{number}", parent=partner)
            self._create_late(20, partner=desk)
            partners += partner
        day = date(2024, 5, 15)
        send = self.env["account.followup.send"].with_company(self.company)
        counts = []
        for some in (partners[:1], partners[1:3], partners[3:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = send._get_rows_by_customer(self.company, some, day)
            items = send._browse_items(rows[one.id] for one in some)
            for partner, named in zip(some, items, strict=True):
                for channel in ("email", "sms", "letter", "print"):
                    self.service._get_recipients(partner, channel, named)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(max(counts), counts[0] + 1, counts)

    def test_c3_same_for_one_and_for_many(self):
        partners = self.env["res.partner"].browse()
        for number in range(4):
            partner = self._create_customer(f"Firm {number}")
            self._create_contact(f"Aa{number}", parent=partner, type="invoice")
            desk = self._create_contact(f"Bb{number}", parent=partner)
            self._create_late(20, partner=desk)
            partners += partner
        with self.mock_mail_gateway():
            followups = self.env["account.followup"]._get_or_create(
                partners, self.company
            )
            followups._process(TODAY)
        for number, partner in enumerate(partners):
            reminder = self._get_reminders(partner)
            self.assertEqual(
                reminder.delivery_ids.recipient, f"bb{number}@customer.example.com"
            )

    def test_c3_marked_by_a_form(self):
        """The kind of contact that marks it can be chosen where contacts are made."""
        self.customer.child_ids = [
            Command.create({"name": "Desk", "type": "followup", "email": "d@x.example"})
        ]
        self.assertEqual(self._get_names("email"), ["Desk"])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestRecipientsOfAnotherCompany(IapCommon):
    """C3: what a company sends to a shared customer never goes to contacts of others.

    The other company has marked a contact of its own, and has its own invoice address.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "Second"})
        cls.company.partner_id.write(
            {"street": "2 Sender Road", "city": "Boston", "zip": "02108"}
        )
        cls.theirs = cls._create_contact("Two", "followup", cls.other)
        cls.theirs += cls._create_contact("Inv2", "invoice", cls.other)
        cls._create_late(20)

    @classmethod
    def _create_contact(cls, name, kind, company):
        number = len(cls.customer.child_ids)
        return cls.env["res.partner"].create(
            {
                "name": name,
                "parent_id": cls.customer.id,
                "type": kind,
                "company_id": company.id,
                "email": f"{name.lower()}@customer.example.com",
                "phone": f"+120255501{70 + number}",
                "street": f"9 {name} Street",
                "city": "Springfield",
                "zip": "20500",
                "country_id": cls.country.id,
            }
        )

    def _assert_nothing_of_theirs(self, *texts):
        for text in texts:
            for contact in self.theirs:
                for name in (contact.name, contact.email, contact.phone):
                    self.assertNotIn(name, text)

    def _check_channels(self, number, street, email):
        """Send all that a company sends, by run and by hand; check where it went."""
        sms_template = self.env.ref("account_payment_followup.sms_template_reminder")
        self.level_1.write(
            {"send_sms": True, "send_letter": True, "sms_template_id": sms_template.id}
        )
        with self.mock_mail_gateway():
            self._run_cron()
        self._run_sms_queue()
        self._run_letter_queue()
        self.assertEqual([one["number"] for one in self.service.sms], [number])
        (letter,) = self.service.letters
        self.assertEqual(letter["address"]["street"], street)
        self.assertIn(street, letter["pdf"].decode())
        deliveries = self._get_reminders().delivery_ids
        self.assertEqual(
            sorted(deliveries.mapped("channel")), ["email", "letter", "sms"]
        )
        self._assert_nothing_of_theirs(
            letter["pdf"].decode(), *deliveries.mapped("recipient")
        )
        self._check_window(number, street, email)
        self._check_statement(street, email)

    def _check_window(self, number, street, email):
        window = self._open_window()
        window.write({"do_sms": True, "do_letter": True, "do_print": True})
        for address in (number, street, email):
            self.assertIn(address, window.contact_info)
        self._assert_nothing_of_theirs(window.contact_info)

    def _check_statement(self, street, email):
        action = self.customer.action_send_followup_statement()
        window = self.env[action["res_model"]].with_context(**action["context"])
        window = window.create({"do_print": True})
        self.assertIn(email, window.contact_info)
        self._assert_nothing_of_theirs(window.contact_info)
        with self.mock_mail_gateway():
            window.action_send()
            (mail,) = self._mails
        self.assertEqual(len(mail["email_to"]), 1)
        self.assertIn(email, mail["email_to"][0])
        statement = self.env["account.followup.statement"].search(
            [("partner_id", "=", self.customer.id)]
        )
        paper = statement.attachment_id.raw.decode()
        self.assertIn(street, paper)
        self._assert_nothing_of_theirs(
            paper, *statement.delivery_ids.mapped("recipient")
        )

    def test_c3_the_customer_gets_it(self):
        self._check_channels("+12025550122", "1 Main Street", self.customer.email)

    def test_c3_own_contact_gets_it(self):
        ours = self._create_contact("Ours", "followup", self.company)
        self._check_channels(ours.phone, "9 Ours Street", ours.email)

    def test_c3_language_of_who_gets_it(self):
        """The scheduled action works for all companies, in the name of one of them."""
        self.theirs.lang = self.env["res.lang"]._activate_lang("de_DE").code
        ours = self._create_contact("Ours", "followup", self.company)
        ours.lang = self.env["res.lang"]._activate_lang("fr_FR").code
        user = self.cron.sudo().user_id
        user.write(
            {"company_ids": [Command.link(self.other.id)], "company_id": self.other.id}
        )
        with self.mock_mail_gateway():
            self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.delivery_ids.partner_id, ours)
        self.assertEqual(reminder.lang, "fr_FR")

    def test_c3_the_other_company_writes_to_its_own(self):
        """They are passed over for whose they are, and for nothing else."""
        service = self.env["account.followup.recipients"].with_company(self.other)
        for channel in ("email", "sms", "letter", "print"):
            with self.subTest(channel=channel):
                found = service._get_recipients(self.customer, channel)
                self.assertEqual(found.mapped("name"), ["Two"])

from freezegun import freeze_time
from lxml import html

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import TODAY, FollowupCommon


def get_cells(body):
    """Return the rows of the table in a body as lists of texts."""
    root = html.fromstring(str(body))
    return [
        [" ".join(cell.text_content().split()) for cell in row.iter("td", "th")]
        for row in root.iter("tr")
    ]


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestSend(FollowupCommon):
    """Rows C1 to C6, E1, E2: what one customer gets, and what is remembered."""

    def _open_form(self):
        action = self.customer.action_send_followup()
        return Form(self.env[action["res_model"]].with_context(**action["context"]))

    def test_c5_email_names_the_overdue_invoices(self):
        late = self._create_late(20, 100)
        later = self._create_late(3, 50.5)
        self._create_late(-5, 1000)
        credit = self._create_late(0, 30, move_type="out_refund")
        window = self._open_window()
        with self.mock_mail_gateway():
            window.action_send()
        mail = self.assertSentEmail(
            self.company.partner_id.browse(self.env.user.partner_id.id),
            [self.customer],
            subject=f"Payment reminder from {self.company.name}",
        )
        rows = get_cells(mail["body"])
        by_number = {row[0].split(" ")[0]: row for row in rows if len(row) == 3}
        self.assertEqual(
            by_number[late.name],
            [f"{late.name} 04/15/2024", "04/25/2024 20 days late", "$ 100.00"],
        )
        self.assertEqual(
            by_number[later.name][1:], ["05/12/2024 3 days late", "$ 50.50"]
        )
        self.assertEqual(by_number[credit.name][1:], ["", "$ -30.00"])
        self.assertEqual(len(by_number), 4, "the head and three items: not the undue")
        self.assertIn(["Total overdue", "$ 120.50"], rows)
        self.assertIn(
            ["Total open, including what is not listed here", "$ 1,120.50"], rows
        )
        due = html.fromstring(str(mail["body"])).xpath("//td/span[text()='04/25/2024']")
        self.assertIn("#c0392b", due[0].get("style"), "overdue dates are red")
        self.assertNotIn("/my/invoices", str(mail["body"]), "no locked door")

    def test_e1_chatter_keeps_the_message(self):
        self._create_late(20)
        window = self._open_window()
        window.do_print = True
        with self.mock_mail_gateway(mail_unlink_sent=True):
            window.action_send()
        reminder = self._get_reminders()
        message = reminder.mail_message_id
        self.assertEqual(
            (message.model, message.res_id), ("res.partner", self.customer.id)
        )
        self.assertEqual(get_cells(message.body), get_cells(reminder.body))
        self.assertEqual(len(message.attachment_ids), 1, "the letter")
        self.assertFalse(
            self.env["mail.mail"].search([("mail_message_id", "=", message.id)]),
            "the queue's row is gone, the message is not",
        )
        self.assertTrue(message.exists())

    def test_e2_each_invoice_has_a_note(self):
        late = self._create_late(20)
        other = self._create_late(-20)
        with self.mock_mail_gateway():
            self._open_window().action_send()
        reminder = self._get_reminders()
        self.assertIn(reminder.display_name, late.message_ids[0].body)
        self.assertNotIn("reminder", "".join(other.message_ids.mapped("body")))

    def test_level_of_each_item(self):
        """Rule 8: each ripe item at its own next level, the others without."""
        old, young = self._create_late(20), self._create_late(2)
        fresh = self._create_late(-3)
        with self.mock_mail_gateway():
            self._open_window().action_send()
        reminder = self._get_reminders()
        levels = {line.move_id: line.level_id for line in reminder.line_ids}
        self.assertEqual(levels, {old: self.level_1, young: self.level_1})
        self.assertEqual(old.followup_level_id, self.level_1)
        self.assertEqual(old.followup_date, TODAY)
        self.assertFalse(fresh.followup_level_id)

    def test_status_and_next_reminder_move_on(self):
        self._create_late(20)
        self.assertEqual(self.customer.followup_status, "in_need_of_action")
        self.assertEqual(self.customer.followup_next_reminder_date, TODAY)
        with self.mock_mail_gateway():
            self._open_window().action_send()
        self.env.invalidate_all()
        self.assertEqual(self.customer.followup_status, "with_overdue_invoices")
        self.assertEqual(self.customer.followup_level_id, self.level_1)
        # level 2 comes 14 days after level 1, as in the plan
        self.assertEqual(str(self.customer.followup_next_reminder_date), "2024-05-29")

    def test_second_click_sends_nothing(self):
        self._create_late(20)
        window = self._open_window()
        with self.mock_mail_gateway():
            window.action_send()
            window.action_send()
            self.assertEqual(len(self._mails), 1)
        self.assertEqual(len(self._get_reminders()), 1)

    def test_two_windows_open_at_once(self):
        self._create_late(20)
        first, second = self._open_window(), self._open_window()
        with self.mock_mail_gateway():
            first.action_send()
            with self.assertRaisesRegex(UserError, "was reminded on"):
                second.action_send()
            self.assertEqual(len(self._mails), 1)

    def test_form_that_is_older_than_a_reminder(self):
        """The window in a browser is saved only by the click on Send."""
        self._create_late(20)
        form = self._open_form()
        with self.mock_mail_gateway():
            self._open_window().action_send()
            window = form.save()
            with self.assertRaisesRegex(UserError, "was reminded on"):
                window.action_send()

    def test_cron_right_after_sends_nothing(self):
        self._create_late(20)
        with self.mock_mail_gateway():
            self._open_window().action_send()
            self._run_cron()
            self._run_mail_queue()
            self.assertEqual(len(self._mails), 1)

    def test_c6_no_level_due(self):
        """Rule 10: recorded, counts for the gap, reaches no level."""
        invoice = self._create_late(-3)
        window = self._open_window()
        self.assertFalse(window.level_id)
        self.assertIn("level", window.alerts)
        self.assertTrue(window.do_email)
        with self.mock_mail_gateway():
            window.action_send()
        reminder = self._get_reminders()
        self.assertEqual(reminder.line_ids.move_id, invoice)
        self.assertFalse(reminder.line_ids.level_id)
        self.assertEqual(reminder.state, "sent")
        self.company.followup_min_days = 10
        with freeze_time("2024-05-20"):
            self.env.invalidate_all()
            self.assertEqual(self.customer.followup_status, "with_overdue_invoices")
            self.assertEqual(
                str(self.customer.followup_next_reminder_date), "2024-05-25"
            )

    def test_c2_chosen_items_only(self):
        kept, left_out = self._create_late(20), self._create_late(20)
        window = self._open_form().save()
        window.item_line_ids = window.item_line_ids.filtered(
            lambda line: line.move_id == kept
        )
        with self.mock_mail_gateway():
            window.action_send()
        self.assertEqual(self._get_reminders().line_ids.move_id, kept)
        self.assertFalse(left_out.followup_level_id, "what is left out keeps its level")
        self.env.invalidate_all()
        self.assertEqual(self.customer.followup_status, "in_need_of_action")

    def test_c2_edited_text_is_sent(self):
        self._create_late(20)
        window = self._open_window()
        window.subject = "Please call us"
        window.body = "<p>Hello there</p><div class='o_followup_items'>x</div>"
        with self.mock_mail_gateway():
            window.action_send()
        mail = self._new_mails or self.env["mail.message"].search([], limit=1)
        reminder = self._get_reminders()
        self.assertEqual(reminder.subject, "Please call us")
        self.assertIn("Hello there", reminder.body)
        self.assertIn("Total overdue", reminder.body)
        self.assertNotIn(">x<", reminder.body, "the table takes the place of the mark")
        self.assertTrue(mail)

    def test_c2_changing_the_template_keeps_edited_text(self):
        self._create_late(20)
        final = self.env.ref("account_payment_followup.mail_template_final_notice")
        form = self._open_form()
        form.mail_template_id = final
        self.assertIn("final notice", form.body)
        self.assertIn("Final notice", form.subject)
        form.body = "<p>My own words</p>"
        form.mail_template_id = self.template
        self.assertIn("My own words", form.body)
        self.assertIn("Final notice", form.subject, "they belong together (V1)")
        self.assertTrue(form.is_text_kept, "and the window asks")
        form.mail_template_id = final
        self.assertFalse(form.is_text_kept)

    def test_c3_recipients(self):
        self._create_late(20)
        invoice_contact = self.env["res.partner"].create(
            {
                "name": "Invoices",
                "parent_id": self.customer.id,
                "type": "invoice",
                "email": "invoices@customer.example.com",
            }
        )
        self.assertIn("invoices@customer", self._open_window().contact_info)
        marked = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "parent_id": self.customer.id,
                    "type": "followup",
                    "email": f"{name}@customer.example.com",
                }
                for name in ("ann", "bob")
            ]
        )
        window = self._open_window()
        with self.mock_mail_gateway():
            window.action_send()
            recipients = {
                address for mail in self._mails for address in mail["email_to"]
            }
        self.assertEqual(len(recipients), 2)
        message = self._get_reminders().mail_message_id
        self.assertEqual(message.notified_partner_ids, marked)
        self.assertNotIn(invoice_contact, message.notified_partner_ids)

    def test_c3_missing_email_is_said_and_recorded(self):
        self.customer.email = False
        self._create_late(20)
        window = self._open_window()
        self.assertEqual(window.alerts["email"]["level"], "danger")
        self.assertEqual(window.alerts["email"]["action"]["res_id"], self.customer.id)
        with self.assertRaisesRegex(UserError, "no valid e-mail.*tick another way"):
            window.action_send()
        self.assertFalse(self._get_reminders(), "nothing is half done")
        window.do_print = True
        with self.mock_mail_gateway():
            window.action_send()
        reminder = self._get_reminders()
        states = {one.channel: one.state for one in reminder.delivery_ids}
        self.assertEqual(states, {"email": "failed", "print": "sent"})
        self.assertIn("no valid e-mail", reminder.failure_reason)

    def test_c4_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.template.with_context(lang="fr_FR").write(
            {
                "subject": "Rappel de paiement",
                "body_html": "<p>Bonjour</p><div class='o_followup_items'/>",
            }
        )
        self.customer.lang = "fr_FR"
        late = self._create_late(20, 1234.5)
        with self.mock_mail_gateway():
            self._open_window().action_send()
        reminder = self._get_reminders()
        self.assertEqual(reminder.subject, "Rappel de paiement")
        invoice, due, amount = next(
            row for row in get_cells(reminder.body) if row[0].startswith(late.name)
        )
        self.assertEqual(invoice, f"{late.name} 15/04/2024")
        self.assertTrue(due.startswith("25/04/2024"), due)
        self.assertEqual(amount.replace("\u202f", " "), "$ 1 234,50")

    def test_c1_print_only(self):
        self._create_late(20)
        window = self._open_window()
        window.do_email, window.do_print = False, True
        with self.mock_mail_gateway():
            action = window.action_send()
            self.assertFalse(self._mails)
        reminder = self._get_reminders()
        self.assertEqual(reminder.delivery_ids.channel, "print")
        self.assertEqual(reminder.state, "sent")
        letter = reminder.delivery_ids.attachment_id
        self.assertIn(str(letter.id), action["params"]["download"])
        self.assertIn(
            letter.checksum,
            reminder.mail_message_id.attachment_ids.mapped("checksum"),
            "the customer's chatter has it, too",
        )

    def test_c1_nothing_ticked(self):
        self._create_late(20)
        window = self._open_window()
        window.do_email = window.do_print = False
        with self.assertRaisesRegex(UserError, "Tick Print, Email"):
            window.action_send()

    def test_nothing_open(self):
        with self.assertRaisesRegex(UserError, "Late Ltd has no open invoice"):
            self.customer.action_send_followup()
        invoice = self._create_late(20)
        window = self._open_window()
        self._pay(invoice)
        with self.assertRaisesRegex(UserError, "Late Ltd: no open invoice is left"):
            window.action_send()

    def test_a4_attach_invoices(self):
        late, other = self._create_late(20), self._create_late(25)
        self._create_late(-20)
        stored = self.env["ir.attachment"].create(
            {
                "name": "stored.pdf",
                "raw": b"%PDF stored",
                "res_model": "account.move",
                "res_id": late.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        late.invalidate_recordset()
        window = self._open_window()
        window.attach_invoices = True
        with self.mock_mail_gateway():
            window.action_send()
        files = self._get_reminders().mail_message_id.attachment_ids
        self.assertEqual(len(files), 2)
        self.assertIn(stored.checksum, files.mapped("checksum"))
        self.assertIn(
            other.name.replace("/", "_"),
            "".join(files.mapped("name")),
        )
        self.assertNotIn("proforma", "".join(files.mapped("name")))

    def test_a4_followers_and_a5_activity(self):
        follower = self._create_user("follower", "base.group_user")
        self.level_1.write(
            {
                "follower_user_ids": [Command.set(follower.ids)],
                "schedule_activity": True,
                "activity_summary": "Call them",
                "activity_note": "<p>Be nice</p>",
            }
        )
        self._create_late(20)
        with self.mock_mail_gateway():
            self._open_window().action_send()
        self.assertIn(follower.partner_id, self.customer.message_partner_ids)
        activity = self.customer.activity_ids
        self.assertEqual(activity.summary, "Call them")
        self.assertEqual(activity.user_id, self.responsible)
        self.assertEqual(activity.date_deadline, TODAY)
        self.assertTrue(self._get_notices(), "core tells the one who was assigned")

    def test_a5_run_sends_no_mail_about_each_activity(self):
        """A night plans hundreds; they stand in the work-list."""
        self.level_1.schedule_activity = True
        self._create_late(20)
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY)
        self.assertEqual(self.customer.activity_ids.user_id, self.responsible)
        self.assertFalse(self._get_notices())
        failing = self._create_customer("Nowhere", email="nowhere")
        self._create_late(20, partner=failing)
        with self.mock_mail_gateway():
            self._get_followup(failing)._process(TODAY)
        self.assertEqual(failing.activity_ids.user_id, self.responsible)
        self.assertFalse(self._get_notices())

    def test_defaults_of_another_window_stay_out(self):
        """What a menu or a button has set as a default is not for the messages."""
        self._create_late(20)
        followup = self._get_followup().with_context(
            default_email_cc="spy@example.com",
            default_subject="Something else",
            default_failure_reason="Nothing",
        )
        with self.mock_mail_gateway():
            followup._process(TODAY)
        reminder = self._get_reminders()
        self.assertFalse(reminder.failure_reason)
        self.assertNotEqual(reminder.subject, "Something else")
        mail = reminder.mail_message_id.mail_ids
        self.assertEqual(len(mail), 1)
        self.assertFalse(mail.email_cc)

    def _get_notices(self):
        """Return what core has told the responsible about tasks."""
        return self.env["mail.message"].search(
            [
                ("message_type", "=", "user_notification"),
                ("partner_ids", "in", self.responsible.partner_id.ids),
            ]
        )

    def test_e1_activity_alone_is_in_the_chatter(self):
        self.level_1.write({"send_email": False, "schedule_activity": True})
        self._create_late(20)
        self._get_followup()._process(TODAY)
        reminder = self._get_reminders()
        self.assertEqual((reminder.state, reminder.channels), ("sent", "Activity"))
        bodies = "".join(self.customer.message_ids.mapped("body"))
        self.assertIn(reminder.display_name, bodies)
        self.assertEqual(len(self.customer.activity_ids), 1)

    def test_a5_activity_users(self):
        salesperson = self._create_user("salesperson", "base.group_user")
        named = self._create_user("named", "base.group_user")
        service = self.env["account.followup.task"]
        self.customer.user_id = salesperson
        self.level_1.activity_user_id = named
        for responsible, user in (
            ("followup_responsible", self.responsible),
            ("salesperson", salesperson),
            ("user", named),
        ):
            self.level_1.activity_responsible = responsible
            found = service._get_activity_user(self._get_followup(), self.level_1)
            self.assertEqual(found, user)

    def test_followers_do_not_get_the_reminder(self):
        """Another contact who follows the customer is not reminded."""
        stranger = self._create_customer("Stranger")
        self.customer.message_subscribe(partner_ids=stranger.ids)
        self._create_late(20)
        with self.mock_mail_gateway():
            self._open_window().action_send()
            addresses = [
                address for mail in self._mails for address in mail["email_to"]
            ]
        self.assertEqual(len(addresses), 1)
        self.assertIn("late.ltd", addresses[0])

    def test_g2_who_may_send(self):
        self._create_late(20)
        employee = self._create_user("employee", "base.group_user")
        reader = self._create_user("reader", "account.group_account_readonly")
        clerk = self._create_user("clerk", "account.group_account_invoice")
        for user in (employee, reader):
            with self.assertRaises(AccessError):
                self.customer.with_user(user).action_send_followup()
        window = self._open_window(user=clerk)
        other_clerk = self._create_user("other", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            window.with_user(other_clerk).action_send()
        with self.mock_mail_gateway():
            window.action_send()
        self.assertEqual(self._get_reminders().user_id, clerk)

    def test_a2_before_the_due_date(self):
        levels = self._replace_levels((-3, 10))
        self._create_late(-2, 100)
        self._create_late(-30, 100)
        with self.mock_mail_gateway():
            self._open_window().action_send()
        reminder = self._get_reminders()
        self.assertEqual(reminder.level_id, levels[0])
        self.assertEqual(len(reminder.line_ids), 1)

    def test_c2_credits_that_cover_everything(self):
        self._create_late(20, 100)
        self._create_late(0, 150, move_type="out_refund")
        self.assertIn("credit", self._open_window().alerts)

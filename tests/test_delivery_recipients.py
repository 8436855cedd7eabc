from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TODAY
from .test_faults import MailServerCommon

DESK = "desk@customer.example.com"
OFFICE = "office@customer.example.com"


class DeliveryCommon(MailServerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_user("clerk", "account.group_account_invoice")

    @classmethod
    def _create_contact(cls, name, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "parent_id": cls.customer.id,
                "type": "followup",
                "email": f"{name.lower()}@customer.example.com",
                **values,
            }
        )

    def _get_states(self, partner=None):
        """Return {recipient: state} of the newest reminder."""
        deliveries = self._get_reminders(partner)[-1:].delivery_ids
        return dict(
            zip(deliveries.mapped("recipient"), deliveries.mapped("state"), strict=True)
        )

    def _get_taken(self):
        """Return the addresses that the mail server took a message for."""
        return sorted(
            address for recipients in self.smtp.recipients for address in recipients
        )

    def _remind_by_hand(self, user):
        window = self._open_window(user=user)
        with self.mock_mail_gateway():
            window.action_send()
            return [address for mail in self._mails for address in mail["email_to"]]

    def _follow(self, partner, user=None):
        """Let a user (or a contact) follow the customer's reminders."""
        subtype = self.env.ref("account_payment_followup.mt_reminder")
        partner.message_subscribe(
            partner_ids=(user or self.clerk).partner_id.ids, subtype_ids=subtype.ids
        )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestDeliveryRecipients(DeliveryCommon):
    """The delivery says who was reached; only its recipient decides about it."""

    def _remind_desk_in_vain(self):
        """Remind two contacts: the office gets it, the desk's address is refused."""
        self._create_contact("Desk")
        self._create_contact("Office")
        self.smtp.refused = {DESK}
        self._remind(self.customer)

    def test_refused_first_contact_keeps_nobody_from_getting_it(self):
        self._remind_desk_in_vain()
        self.assertEqual(self._get_taken(), [OFFICE])
        self.assertEqual(self._get_states(), {DESK: "failed", OFFICE: "sent"})
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "sent")
        self.assertRegex(reminder.failure_reason, f"{DESK}: .*550")
        self.assertFalse(self.customer.activity_ids, "somebody was reached")

    def test_sent_again_to_whom_it_failed(self):
        self._remind_desk_in_vain()
        self.smtp.refused = set()
        failed = self._get_reminders().delivery_ids.filtered(
            lambda delivery: delivery.state == "failed"
        )
        failed.with_user(self.clerk).action_retry()
        self.assertEqual(self._get_reminders().state, "queued")
        self._deliver()
        self.assertEqual(self._get_taken(), [DESK, OFFICE])
        self.assertEqual(self._get_states(), {DESK: "sent", OFFICE: "sent"})

    def test_not_sent_again_after_the_next_reminder(self):
        """Who missed the first one, and got the second, does not get the first."""
        self._remind_desk_in_vain()
        self.smtp.refused = set()
        failed = self._get_reminders().delivery_ids.filtered(
            lambda delivery: delivery.state == "failed"
        )
        with self._on(14), self.mock_mail_gateway():
            self._run_cron()
        with self._on(14):
            self._deliver()
            self.assertEqual(self._get_reminders()[-1].level_id, self.level_2)
            self.assertEqual(self._get_taken(), [DESK, OFFICE, OFFICE])
            with self._refused(UserError, "reminded again since then"):
                failed.with_user(self.clerk).action_retry()
        self.assertEqual(failed.state, "failed")

    def test_sent_again_to_the_corrected_address(self):
        contact = self._create_contact("Desk")
        self._create_contact("Office")
        self.smtp.refused = {DESK}
        self._remind(self.customer)
        contact.email = "new@customer.example.com"
        self._get_reminders().delivery_ids[0].action_retry()
        self._deliver()
        self.assertEqual(
            self._get_states(), {"new@customer.example.com": "sent", OFFICE: "sent"}
        )

    def test_all_refused(self):
        self._create_contact("Desk")
        self._create_contact("Office")
        self.smtp.refused = {DESK, OFFICE}
        self._remind(self.customer)
        self.assertEqual(self._get_reminders().state, "failed")
        self._assert_failed(self.customer, "550")
        self.assertEqual(self._get_followup().failure_count, 1)

    def test_copy_of_an_employee_is_no_delivery(self):
        """The customer's address is refused, an employee has a copy."""
        self.clerk.notification_type = "email"
        self._follow(self.customer)
        self.smtp.refused = {self.customer.email}
        self._remind(self.customer)
        self.assertEqual(self._get_taken(), [self.clerk.email])
        self.assertEqual(self._get_states(), {self.customer.email: "failed"})
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "failed")
        self.assertFalse(reminder.line_ids.move_id.followup_level_id)
        self._assert_failed(self.customer, "550")

    def test_refused_copy_is_no_failure(self):
        self.clerk.notification_type = "email"
        self._follow(self.customer)
        self.smtp.refused = {self.clerk.email}
        self._remind(self.customer)
        self.assertEqual(self._get_states(), {self.customer.email: "sent"})
        self.assertEqual(self._get_reminders().state, "sent")

    def test_copies_are_withdrawn_with_the_reminder(self):
        self._create_contact("Desk")
        self._create_contact("Office")
        self.clerk.notification_type = "email"
        self._follow(self.customer)
        invoice = self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
        self._pay(invoice)
        self._deliver()
        self.assertEqual(self._get_taken(), [])
        self.assertEqual(self._get_states(), {DESK: "withdrawn", OFFICE: "withdrawn"})

    def test_follower_at_the_address_of_a_recipient(self):
        """One e-mail for each address, also for who follows besides."""
        self._create_contact("Desk")
        follower = self._create_contact("Follower", type="contact", email=DESK)
        subtype = self.env.ref("account_payment_followup.mt_reminder")
        self.customer.message_subscribe(follower.ids, subtype.ids)
        self._remind(self.customer)
        self.assertEqual(self._get_taken(), [DESK])

    def test_address_as_used(self):
        """Corrected while the e-mail waits: it goes there, and the history says so."""
        self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
        self.customer.email = "new@customer.example.com"
        self._deliver()
        self.assertEqual(self._get_taken(), ["new@customer.example.com"])
        self.assertEqual(self._get_states(), {"new@customer.example.com": "sent"})
        self.customer.email = "later@customer.example.com"
        self.assertEqual(self._get_states(), {"new@customer.example.com": "sent"})

    def test_deleted_contact_is_told(self):
        contact = self._create_contact("Desk")
        self._create_contact("Office")
        self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
        contact.unlink()
        self._deliver()
        self.env["account.followup.delivery"]._sync_queued()
        self.assertEqual(self._get_taken(), [OFFICE])
        self.assertEqual(self._get_states(), {DESK: "failed", OFFICE: "sent"})
        self.assertIn("contact was deleted", self._get_reminders().failure_reason)

    def test_contact_of_two_deliveries(self):
        """A merged contact keeps its deliveries."""
        desk, office = self._create_contact("Desk"), self._create_contact("Office")
        self._remind(self.customer)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((desk | office).ids, office)
        deliveries = self._get_reminders().delivery_ids
        self.assertEqual(deliveries.partner_id, office)
        self.assertEqual(self._get_states(), {DESK: "sent", OFFICE: "sent"})

    # ------------------------------------------------------------------
    # A reminder is an e-mail, whoever gets it
    # ------------------------------------------------------------------

    def test_customer_who_reads_notices_in_odoo(self):
        user = self._create_user("buyer", "base.group_user")
        self.assertEqual(user.notification_type, "inbox")
        user.partner_id.property_payment_term_id = False
        self._remind(user.partner_id)
        self.assertEqual(self._get_taken(), [user.email])
        reminder = self._get_reminders(user.partner_id)
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(
            reminder.mail_message_id.notification_ids.mapped("notification_type"),
            ["email"],
        )
        self.assertNotIn(b"/mail/view", self.smtp.messages[0], "no button of users")

    def test_customer_is_the_one_who_sends(self):
        partner = self.clerk.partner_id
        partner.property_payment_term_id = False
        self._create_late(20, partner=partner)
        window = self._open_window(partner, user=self.clerk)
        with self.mock_mail_gateway():
            window.action_send()
            self.assertEqual(len(self._mails), 1)
            self.assertIn(self.clerk.email, self._mails[0]["email_to"][0])
        self.assertEqual(self._get_reminders(partner).state, "sent")

    def test_customer_is_the_responsible_of_a_run(self):
        partner = self.responsible.partner_id
        partner.property_payment_term_id = False
        self._remind(partner)
        self.assertEqual(self._get_taken(), [self.responsible.email])
        self.assertEqual(self._get_reminders(partner).state, "sent")

    def test_statement_to_who_sends_it(self):
        partner = self.clerk.partner_id
        self._create_late(20, partner=partner)
        partner = partner.with_user(self.clerk).with_company(self.company)
        action = partner.action_send_followup_statement()
        window = self.env[action["res_model"]].with_user(self.clerk)
        window = window.with_context(**action["context"]).create({})
        with self.mock_mail_gateway():
            window.action_send()
            self.assertEqual(len(self._mails), 1)
        statement = window.run_id.sudo().statement_ids
        self.assertEqual(statement.state, "sent")

    def test_statement_to_several(self):
        self._create_contact("Desk")
        self._create_contact("Office")
        self._create_late(20)
        action = self.customer.action_send_followup_statement()
        window = self.env[action["res_model"]].with_context(**action["context"])
        window = window.create({})
        with self.mock_mail_gateway():
            window.action_send()
            self.assertEqual(len(self._mails), 2)
            self.assertTrue(all(len(mail["email_to"]) == 1 for mail in self._mails))
        deliveries = window.run_id.statement_ids.delivery_ids
        self.assertEqual(sorted(deliveries.mapped("recipient")), [DESK, OFFICE])

    def test_answers_go_to_everybody_outside(self):
        """Each e-mail names all recipients to who answers it (E4), as core does."""
        self._create_contact("Desk")
        self._create_contact("Office")
        self._remind(self.customer)
        for message in self.smtp.messages:
            head = message.partition(b"\r\n\r\n")[0]
            self.assertIn(DESK.encode(), head)
            self.assertIn(OFFICE.encode(), head)

    def test_no_email_could_be_made(self):
        """It has failed when it is queued, not by a sweep."""
        service = self.env.registry["account.followup.chatter"]
        self.patch(service, "_prepare_mails", lambda *args: [])
        self._create_late(20)
        with self.mock_mail_gateway():
            self._run_cron()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "failed")
        self.assertIn("No e-mail was made for Late Ltd", reminder.failure_reason)
        with self.assertRaisesRegex(UserError, "no message to send again"):
            reminder.delivery_ids.action_retry()

    def test_history_shows_each_recipient(self):
        self._create_contact("Desk")
        self._create_contact("Office")
        self.levels.write(
            {
                "send_sms": True,
                "sms_template_id": self.env.ref(
                    "account_payment_followup.sms_template_reminder"
                ).id,
            }
        )
        self.customer.phone = "+12025550123"
        self._remind(self.customer)
        reminder = self._get_reminders().with_user(self.clerk)
        rows = reminder.delivery_ids.mapped(
            lambda one: (one.channel, one.partner_id.name, one.recipient)
        )
        self.assertEqual(
            rows,
            [
                ("email", "Desk", DESK),
                ("email", "Office", OFFICE),
                ("sms", "Late Ltd", "+12025550123"),
            ],
        )
        self.assertEqual(reminder.channels, "Email, SMS")

    def test_level_with_followers_who_are_recipients(self):
        """A follower of the level is told in Odoo, as before."""
        self.level_1.follower_user_ids = [Command.set(self.clerk.ids)]
        self._remind(self.customer)
        self.assertEqual(self._get_taken(), [self.customer.email])

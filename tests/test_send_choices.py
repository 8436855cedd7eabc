from freezegun import freeze_time

from odoo import fields
from odoo.tests import Form, HttpCase, tagged

from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestSendChoices(FollowupCommon):
    """Row C2: what a person chose in the window stays, whatever else is changed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.final = cls.env.ref("account_payment_followup.mail_template_final_notice")
        cls.level_2.write({"send_letter": True, "mail_template_id": cls.final.id})
        cls.old, cls.young = cls._create_late(25, 300), cls._create_late(4, 70)
        # the old one has reached level 1, so that level 2 is due with it
        cls.env["account.followup.reminder"].sudo().create(
            {
                "partner_id": cls.customer.id,
                "company_id": cls.company.id,
                "level_id": cls.level_1.id,
                "date": "2024-04-25",
                "trigger": "manual",
                "line_ids": [
                    fields.Command.create(
                        {
                            "move_line_id": cls._get_item(cls.old).id,
                            "level_id": cls.level_1.id,
                        }
                    )
                ],
            }
        )

    @classmethod
    def _get_item(cls, invoice):
        return invoice.line_ids.filtered("date_maturity")

    def _open_form(self):
        action = self.customer.action_send_followup()
        return Form(self.env[action["res_model"]].with_context(**action["context"]))

    def test_the_level_follows_the_invoices(self):
        """Nobody has changed anything: all is as the level says."""
        form = self._open_form()
        self.assertEqual(form.level_id, self.level_2)
        self.assertTrue(form.do_letter)
        form.item_line_ids.remove(self._get_item(self.old).id)
        self.assertEqual(form.level_id, self.level_1)
        self.assertFalse(form.do_letter)
        self.assertTrue(form.do_email)
        self.assertEqual(form.mail_template_id, self.template)
        self.assertIn("Payment reminder", form.subject)
        form.item_line_ids.add(self._get_item(self.old))
        self.assertEqual(form.level_id, self.level_2)
        self.assertTrue(form.do_letter)
        self.assertIn("Final notice", form.subject)

    def test_ticks_stay(self):
        """Print ticked, Email unticked, one invoice removed: as it was ticked."""
        form = self._open_form()
        form.do_print, form.do_email = True, False
        form.item_line_ids.remove(self._get_item(self.young).id)
        self.assertTrue(form.do_print)
        self.assertFalse(form.do_email)
        self.assertTrue(form.do_letter, "nobody has touched it, the level is the same")
        form.item_line_ids.add(self._get_item(self.young))
        form.item_line_ids.remove(self._get_item(self.old).id)
        self.assertEqual(form.level_id, self.level_1, "another level is due")
        self.assertTrue(form.do_print)
        self.assertFalse(form.do_email)
        self.assertFalse(form.do_letter, "nobody has touched it, the level has changed")
        window = form.save()
        with self.mock_mail_gateway():
            window.action_send()
            self.assertFalse(self._mails)
        reminders = self._get_reminders()
        self.assertEqual(reminders[-1].delivery_ids.mapped("channel"), ["print"])

    def test_template_and_texts_stay(self):
        upcoming = self.env.ref("account_payment_followup.mail_template_upcoming")
        form = self._open_form()
        form.mail_template_id = upcoming
        form.attach_invoices = True
        form.subject = "Please call us"
        form.body = "<p>My own words</p>"
        for invoice in (self.young, self.old):
            form.item_line_ids.remove(self._get_item(invoice).id)
            self.assertEqual(form.mail_template_id, upcoming)
            self.assertTrue(form.attach_invoices)
            self.assertEqual(form.subject, "Please call us")
            self.assertIn("My own words", form.body)
            form.item_line_ids.add(self._get_item(invoice))
        self.assertEqual(form.mail_template_id, upcoming)
        self.assertEqual(form.subject, "Please call us")

    def test_what_was_emptied_stays_empty(self):
        """The table of invoices is enough for some: a text that was deleted is gone."""
        form = self._open_form()
        form.subject, form.body = "", ""
        form.item_line_ids.remove(self._get_item(self.young).id)
        self.assertFalse(form.subject)
        self.assertFalse(form.body)
        form.mail_template_id = self.template
        self.assertIn("Payment reminder", form.subject, "another text was asked for")
        self.assertTrue(form.body)

    def test_bold_words_stay(self):
        """The same words, only marked: no text, but work all the same."""
        form = self._open_form()
        bold = form.body.replace("<p", "<p class='bold'", 1)
        form.body = bold
        self.assertIn("bold", form.body)
        form.item_line_ids.remove(self._get_item(self.young).id)
        self.assertIn("bold", form.body)

    def test_text_message_stays(self):
        sms = self.env.ref("account_payment_followup.sms_template_reminder")
        self.levels.write({"sms_template_id": sms.id})
        other = sms.copy({"body": "Something else"})
        form = self._open_form()
        form.do_sms = True
        form.sms_template_id = other
        self.assertEqual(form.sms_body, "Something else")
        form.item_line_ids.remove(self._get_item(self.old).id)
        self.assertTrue(form.do_sms)
        self.assertEqual(form.sms_template_id, other)
        self.assertEqual(form.sms_body, "Something else")
        form.sms_body = ""
        form.item_line_ids.add(self._get_item(self.old))
        self.assertFalse(form.sms_body)

    def test_a_saved_window_keeps_them(self):
        """By RPC as in the form: the window is written after it was saved."""
        window = self._open_window()
        window.write({"do_print": True, "do_email": False, "subject": "Please call us"})
        window.item_line_ids -= self._get_item(self.old)
        self.assertEqual(window.level_id, self.level_1)
        self.assertTrue(window.do_print)
        self.assertFalse(window.do_email)
        self.assertEqual(window.subject, "Please call us")

    def test_call_that_stays_planned(self):
        """The same in the window of calls: a tick taken away does not come back."""
        action = self.customer.action_log_followup_call()
        self.customer.activity_schedule(
            "mail.mail_activity_data_call", automated=True, user_id=self.env.uid
        )
        form = Form(self.env[action["res_model"]].with_context(**action["context"]))
        self.assertTrue(form.close_activities)
        form.outcome = "not_reached"
        self.assertFalse(form.close_activities)
        form.outcome = "message"
        self.assertTrue(form.close_activities)
        form.close_activities = False
        form.outcome = "reached"
        self.assertFalse(form.close_activities)


@tagged("post_install", "-at_install")
class TestSendChoicesTour(FollowupCommon, HttpCase):
    """The same in a real browser, whose editor writes a text in its own way."""

    def test_c2_choices_stay(self):
        self.level_1.name = "Friendly Reminder"
        today = self._get_real_today()
        kept = self._create_late(20, 250, day=today)
        self._create_late(20, 99, day=today)
        user = self._create_user(
            "person", "base.group_partner_manager", "account.group_account_invoice"
        )
        user.password = user.login
        self.start_tour("/odoo", "account_followup_send_choices", login=user.login)
        reminder = self._get_reminders()
        self.assertEqual(reminder.subject, "Please pay, Late Ltd")
        self.assertEqual(reminder.delivery_ids.mapped("channel"), ["print"])
        self.assertEqual(reminder.line_ids.move_id, kept)

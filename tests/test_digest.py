import re
from datetime import datetime, timedelta
from html import unescape

from freezegun import freeze_time

from odoo import Command, http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.misc import hash_sign

from ..models.account_followup_hold_link import HOLD
from . import proof_gate
from .common import TODAY, FollowupCommon
from .proof_common import ProofCommon

#: In the afternoon, in UTC, of a Wednesday; and of the day before.
AFTERNOON = datetime.combine(TODAY, datetime.min.time()).replace(hour=15)
FRIDAY = AFTERNOON + timedelta(days=2)


class DigestCommon(FollowupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "UTC"
        others = cls.env["res.company"].search([("id", "!=", cls.company.id)])
        others.followup_digest = False
        cls.digest_cron = cls.env.ref("account_payment_followup.ir_cron_send_digests")

    def _run_digest(self):
        """Run the scheduled action; return the e-mails that leave."""
        self.env.flush_all()
        with self.mock_mail_gateway():
            with self.enter_registry_test_mode():
                self.digest_cron.sudo().method_direct_trigger()
            self.env.invalidate_all()
            self.env["mail.mail"].sudo().process_email_queue()
            mails = list(self._mails)
        self.env.invalidate_all()
        return mails

    def _get_mail(self):
        [mail] = self._run_digest()
        return mail

    def _get_text(self, html):
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())

    def _get_hold_paths(self, mail):
        paths = re.findall(r"/account_payment_followup/hold/[\w-]+", mail["body"])
        return list(dict.fromkeys(paths))


@tagged("post_install", "-at_install")
class TestDigest(DigestCommon):
    """Row X6: in the afternoon, who will get what tomorrow."""

    @freeze_time(AFTERNOON)
    def test_x6_who_gets_what(self):
        self._create_late(20, 100)
        self._create_late(20, 40, currency_id=self.setup_other_currency("CHF").id)
        later = self._create_customer("Later Ltd")
        self._create_late(0, 50, partner=later)
        never = self._create_customer("Next Week Ltd")
        self._create_late(-5, 50, partner=never)
        manual = self._create_customer("By Hand Ltd")
        self._create_late(30, 70, partner=manual)
        self._get_followup(manual).sudo().reminder_type = "manual"
        mail = self._get_mail()
        self.assertEqual(mail["email_to"], [self.responsible.email_formatted])
        self.assertIn("05/16/2024, 2 of 3 leave by themselves", mail["subject"])
        text = self._get_text(mail["body"])
        for part in (
            "Thursday, May 16, 2024",
            "Leaves by itself: 2",
            "Waits for a person: 1",
            "Level 1",
            "Late Ltd",
            "Later Ltd",
            "Reminders to this customer are manual.",
            "CHF",
        ):
            self.assertIn(part, text)
        self.assertNotIn("Next Week Ltd", text)
        self.assertIn("action_open_planned", mail["body"])
        self.assertEqual(len(self._get_hold_paths(mail)), 3)
        self.assertFalse(self._run_digest(), "once a day")

    @freeze_time(AFTERNOON)
    def test_x6_how_late_is_what_is_claimed(self):
        """Beside the amount stands its age, not that of what credits cover."""
        franc = {"currency_id": self.setup_other_currency("CHF").id}
        self._create_late(90, **franc)
        self._create_late(0, move_type="out_refund", **franc)
        self._create_late(5)
        text = self._get_text(self._get_mail()["body"])
        self.assertIn(", 6 days late", text)
        self.assertNotIn("91 days late", text)

    def test_x6_before_a_working_day(self):
        """Not in the morning, not on a Saturday; on Friday until Monday."""
        self._create_late(20, 100)
        with freeze_time(AFTERNOON.replace(hour=14)):
            self.assertFalse(self._run_digest())
        with freeze_time(FRIDAY + timedelta(days=1)):
            self.assertFalse(self._run_digest())
        with freeze_time(FRIDAY):
            self.assertIn("Monday, May 20, 2024", self._get_mail()["body"])

    def _close_on(self, day):
        """Make a public holiday of the company."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "date_from": datetime.combine(day, datetime.min.time()),
                "date_to": datetime.combine(day, datetime.max.time()),
            }
        )

    def test_x6_before_a_public_holiday(self):
        """It tells of the working day behind it, and is not mailed on it."""
        self.company.resource_calendar_id.tz = "UTC"
        self._create_late(20, 100)
        self._close_on(TODAY + timedelta(days=1))
        with freeze_time(AFTERNOON):
            self.assertIn("Friday, May 17, 2024", self._get_mail()["body"])
        with freeze_time(AFTERNOON + timedelta(days=1)):
            self.assertFalse(self._run_digest())
        with freeze_time(FRIDAY):
            self.assertIn("Monday, May 20, 2024", self._get_mail()["body"])

    def test_x6_working_days_are_those_of_the_calendar(self):
        """Of the one for reminders, if there is one; a house may work on Saturdays."""
        self._create_late(20, 100)
        calendar = self.company.resource_calendar_id.copy({"tz": "UTC"})
        friday = calendar.attendance_ids.filtered(lambda one: one.dayofweek == "4")
        friday.dayofweek = "5"
        self.company.followup_calendar_id = calendar
        with freeze_time(FRIDAY):
            self.assertFalse(self._run_digest())
        with freeze_time(FRIDAY + timedelta(days=1)):
            self.assertIn("Monday, May 20, 2024", self._get_mail()["body"])
        calendar.attendance_ids.unlink()
        with freeze_time(FRIDAY):
            self.assertIn("Monday, May 20, 2024", self._get_mail()["body"])

    def test_x6_in_the_zone_of_the_company(self):
        self._create_late(20, 100)
        self.company.partner_id.tz = "Europe/Berlin"  # two hours ahead
        with freeze_time(AFTERNOON.replace(hour=12, minute=59)):
            self.assertFalse(self._run_digest())
        with freeze_time(AFTERNOON.replace(hour=13)):
            self._get_mail()

    @freeze_time(AFTERNOON)
    def test_x6_nothing_to_tell(self):
        self.assertFalse(self._run_digest())
        self.assertEqual(self.company.followup_digest_date, TODAY)

    @freeze_time(AFTERNOON)
    def test_x6_who_wants_it(self):
        self._create_late(20, 100)
        other = self._create_user("other", "account.group_account_invoice")
        other.lang = self.env["res.lang"]._activate_lang("de_DE").code
        nobody = self._create_user("nobody", "base.group_user")
        self.company.followup_digest_user_ids = other + nobody
        mail = self._get_mail()
        self.assertEqual(mail["email_to"], [other.email_formatted])
        self.assertIn("Donnerstag, 16. Mai 2024", mail["body"])
        self.company.followup_digest_date = False
        self.company.followup_digest = False
        self.assertFalse(self._run_digest())

    @freeze_time(AFTERNOON)
    def test_x6_own_customers_first(self):
        self._create_late(20, 900)
        own = self._create_customer("Own Ltd")
        self._create_late(20, 10, partner=own)
        other = self._create_user("other", "account.group_account_invoice")
        self._get_followup(own).sudo().responsible_id = other
        self.company.followup_digest_user_ids = other + self.responsible
        for mail in self._run_digest():
            text = self._get_text(mail["body"])
            is_own = mail["email_to"] == [other.email_formatted]
            self.assertEqual(text.index("Own Ltd") < text.index("Late Ltd"), is_own)

    @freeze_time(AFTERNOON)
    def test_x6_switched_off(self):
        """Who has asked for the list learns why nothing leaves."""
        self._create_late(20, 100)
        self.company.followup_automatic = False
        self.assertFalse(self._run_digest())
        self.company.followup_digest_user_ids = self.responsible
        self.company.followup_digest_date = False
        text = self._get_text(self._get_mail()["body"])
        self.assertIn(
            "Nothing leaves by itself: Automatic reminders are switched off.", text
        )


@tagged("post_install", "-at_install")
class TestDigestGate(ProofCommon, DigestCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._add_models(proof_gate.MODELS)

    @freeze_time(AFTERNOON)
    def test_x6_a_gate_that_stops_it(self):
        self._create_late(20, 100)
        self.customer.ref = "wait"
        text = self._get_text(self._get_mail()["body"])
        self.assertIn("Nothing leaves by itself: The customer is marked.", text)
        self.assertIn("Held: 1", text)


@freeze_time(AFTERNOON)
@tagged("post_install", "-at_install")
class TestHoldPage(DigestCommon, HttpCase):
    """Row X6: the link of the list holds a customer, after it has asked."""

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)
        self._create_late(20, 100)
        links = self.env["account.followup.hold.link"]
        self.day = TODAY + timedelta(days=1)
        self.token = links._get_token(
            self.company, self.customer, self.responsible, self.day
        )

    def _url(self, token=None, path=""):
        return f"/account_payment_followup/hold/{token or self.token}{path}"

    def _get(self, token=None):
        self.env.flush_all()
        with mute_logger("odoo.http"):
            return self.url_open(self._url(token))

    def _post(self, path, token=None, csrf=True, **values):
        if csrf:
            values["csrf_token"] = http.Request.csrf_token(self)
        self.env.flush_all()
        with mute_logger("odoo.http"):
            response = self.url_open(self._url(token, path), data=values)
        self.env.invalidate_all()
        return response

    def _get_day(self):
        case = self._get_followup().sudo()
        return case.next_reminder_date

    def _get_undo(self, response):
        return re.search(r"/hold/([\w-]+)/undo", response.text)[1]

    def test_x6_hold_and_undo(self):
        page = self._get()
        self.assertEqual(page.status_code, 200)
        self.assertIn("Late Ltd", page.text)
        self.assertFalse(self._get_day(), "looking changes nothing")
        done = self._post("/do", period="week")
        self.assertIn("is not reminded before 05/23/2024", self._get_text(done.text))
        self.assertEqual(self._get_day(), TODAY + timedelta(days=8))
        case = self._get_followup().sudo()
        self.assertEqual(case.next_reminder_user_id, self.responsible)
        message = self.customer.message_ids[:1]
        self.assertEqual(message.author_id, self.responsible.partner_id)
        with freeze_time(AFTERNOON + timedelta(days=1)):
            # the pages have put the registry into test mode already
            self.cron.sudo().method_direct_trigger()
            self.env.invalidate_all()
        self.assertFalse(self._get_reminders(), "it is held")
        undone = self._post("/undo", self._get_undo(done))
        self.assertIn("is reminded as before", self._get_text(undone.text))
        self.assertFalse(self._get_day())

    def test_x6_until_the_next_working_day(self):
        """What is due on Friday is held until Monday."""
        links = self.env["account.followup.hold.link"]
        token = links._get_token(
            self.company, self.customer, self.responsible, FRIDAY.date()
        )
        self._post("/do", token)
        self.assertEqual(self._get_day(), FRIDAY.date() + timedelta(days=3))

    def test_x6_until_the_day_after_a_holiday(self):
        self.company.resource_calendar_id.tz = "UTC"
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "date_from": FRIDAY.replace(hour=0),
                "date_to": FRIDAY.replace(hour=23, minute=59, second=59),
            }
        )
        self._post("/do", period="next")  # what is due on Thursday
        self.assertEqual(self._get_day(), FRIDAY.date() + timedelta(days=3))

    def test_x6_what_was_set_before_comes_back(self):
        case = self._get_followup().sudo()
        case.next_reminder_date = self.day + timedelta(days=2)
        done = self._post("/do", period="week")
        self._post("/undo", self._get_undo(done))
        self.assertEqual(self._get_day(), self.day + timedelta(days=2))
        case.next_reminder_date = self.day + timedelta(days=90)
        page = self._post("/do", period="week")
        self.assertEqual(page.status_code, 400)
        self.assertIn("A later day is set already", page.text)
        self.assertEqual(self._get_day(), self.day + timedelta(days=90))

    def test_x6_pressed_twice(self):
        """The answer that is seen says what was done, and takes it back wholly."""
        case = self._get_followup().sudo()
        case.next_reminder_date = self.day + timedelta(days=2)
        for _number in range(2):
            done = self._post("/do", period="week")
            self.assertEqual(done.status_code, 200)
            self.assertIn(
                "is not reminded before 05/23/2024", self._get_text(done.text)
            )
        for _number in range(2):
            undone = self._post("/undo", self._get_undo(done))
            self.assertIn("is reminded as before", self._get_text(undone.text))
            self.assertEqual(self._get_day(), self.day + timedelta(days=2))

    def test_x6_the_same_day_once_more(self):
        """In another browser: who has set the day can take it back."""
        self._post("/do", period="week")
        self.authenticate(None, None)
        done = self._post("/do", period="week")
        self._post("/undo", self._get_undo(done))
        self.assertFalse(self._get_day())
        case = self._get_followup().sudo()
        case.write(
            {
                "next_reminder_date": self.day + timedelta(days=7),
                "next_reminder_user_id": self.env.ref("base.user_admin").id,
            }
        )
        page = self._post("/do", period="week")
        self.assertEqual(page.status_code, 400, "set by somebody else")

    def test_x6_undone_by_somebody_else(self):
        done = self._post("/do", period="week")
        self._get_followup().sudo().next_reminder_date = self.day + timedelta(days=20)
        page = self._post("/undo", self._get_undo(done))
        self.assertIn("Nothing was changed", page.text)
        self.assertEqual(self._get_day(), self.day + timedelta(days=20))

    def test_x6_all_other_links_get_one_answer(self):
        env = self.env(su=True)
        ids = [self.company.id, self.customer.id, self.responsible.id]
        tokens = {
            "made up": "made-up",
            "cut": self.token[:-3],
            "changed": self.token[:-8] + "AAAAAAAA",
            "not ASCII": "%C3%A4%C3%B6",
            "one letter": "a",
            "of another scope": hash_sign(env, "other", [*ids, str(self.day)]),
            "of a user who is gone": hash_sign(
                env, HOLD, [*ids[:2], 2**31 - 1, str(self.day)]
            ),
            "of a customer who is gone": hash_sign(
                env, HOLD, [ids[0], 2**31 - 1, ids[2], str(self.day)]
            ),
        }
        with freeze_time(AFTERNOON - timedelta(days=8)):
            links = self.env["account.followup.hold.link"]
            tokens["expired"] = links._get_token(
                self.company, self.customer, self.responsible, self.day
            )
        gone = self._get("made-up")
        self.assertEqual(gone.status_code, 404)
        for name, token in tokens.items():
            with self.subTest(name):
                for page in (
                    self._get(token),
                    self._post("/do", token),
                    self._post("/undo", token),
                ):
                    self.assertEqual((page.status_code, page.text), (404, gone.text))
        self.assertFalse(self._get_day())

    def test_x6_only_what_the_user_may_do(self):
        """Whoever has left, or works there no more, has a link that opens nothing."""
        self.responsible.group_ids = [Command.set(self.env.ref("base.group_user").ids)]
        self.assertEqual(self._get().status_code, 404)
        self.responsible.group_ids = [
            Command.set(self.env.ref("account.group_account_invoice").ids)
        ]
        self.assertEqual(self._get().status_code, 200)
        other = self.setup_other_company(name="Second House")["company"]
        self.responsible.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        self.assertEqual(self._get().status_code, 404)
        self.responsible.active = False
        self.assertEqual(self._post("/do").status_code, 404)
        self.assertFalse(self._get_day())

    def test_x6_no_post_from_elsewhere(self):
        self.assertEqual(self._post("/do", csrf=False, period="week").status_code, 400)
        self.assertFalse(self._get_day())

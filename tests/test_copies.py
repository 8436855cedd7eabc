from datetime import timedelta

from odoo import Command
from odoo.tests import Form, freeze_time, tagged

from .common import TODAY
from .test_letter import LetterCommon
from .test_queries_process import BatchCommon


class CopiesCommon:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tag = cls.env["res.partner.category"].create({"name": "Management"})
        cls.boss = cls._create_contact("Boss", category_id=[Command.set(cls.tag.ids)])

    @classmethod
    def _create_contact(cls, name, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "parent_id": cls.customer.id,
                "email": f"{name.lower()}@customer.example.com",
                **values,
            }
        )

    def _run(self):
        """Run the scheduled action; return who got an e-mail."""
        with self.mock_mail_gateway():
            self._run_cron()
            self._run_mail_queue()
            return sorted(self._get_addresses(self._mails))

    def _get_addresses(self, mails):
        return [
            address.partition("<")[2].rstrip(">").partition("@")[0]
            for mail in mails
            for address in mail["email_to"]
        ]


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCopies(CopiesCommon, LetterCommon):
    """X16, C3: from which level on who else gets a copy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.levels.write({"send_email": True, "send_letter": False})

    # ------------------------------------------------------------------
    # From a level on
    # ------------------------------------------------------------------

    def test_x16_the_boss_from_a_level_on(self):
        """Also at the levels after it, whose forms say nothing."""
        self.level_2.copy_category_ids = self.tag
        late = self._create_late(1)
        self.assertEqual(self._run(), ["late.ltd"])
        with freeze_time(TODAY + timedelta(days=14)):
            self.assertEqual(self._run(), ["boss", "late.ltd"])
        reminder = self._get_reminders()[-1]
        self.assertEqual(reminder.level_id, self.level_2)
        self.assertEqual(
            [(one.recipient, one.state) for one in reminder.delivery_ids],
            [
                ("late.ltd@customer.example.com", "sent"),
                ("boss@customer.example.com", "sent"),
            ],
            "the copy has a delivery of its own",
        )
        self.assertIn(late.name, self._mails[-1]["body"], "and says the same")
        with freeze_time(TODAY + timedelta(days=29)):
            self.assertEqual(self._run(), ["boss", "late.ltd"])
        self.assertEqual(self._get_reminders()[-1].level_id, self.level_3)

    def test_x16_main_address(self):
        """The marked contact gets it first; the customer's own address from level 2."""
        self._create_contact("Desk", type="followup")
        self.level_2.copy_customer = True
        self._create_late(1)
        self.assertEqual(self._run(), ["desk"])
        with freeze_time(TODAY + timedelta(days=14)):
            self.assertEqual(self._run(), ["desk", "late.ltd"])

    def test_x16_nobody_gets_it_twice(self):
        """Who is a recipient already, or has his address, gets no copy."""
        self.level_1.write(
            {"copy_customer": True, "copy_category_ids": [Command.set(self.tag.ids)]}
        )
        self.boss.email = "LATE.LTD@customer.example.com"
        self._create_late(1)
        self.assertEqual(self._run(), ["late.ltd"])

    def test_x16_a_copy_alone_is_none(self):
        """Where the reminder reaches nobody the boss does not get it either."""
        self.level_1.copy_category_ids = self.tag
        self.customer.email = False
        self._create_late(1)
        self.assertEqual(self._run(), [])
        self.assertEqual(self._get_reminders().state, "failed")

    def test_x16_archived_and_foreign_contacts(self):
        self.level_1.copy_category_ids = self.tag
        other = self.env["res.company"].create({"name": "Second"})
        self._create_contact(
            "Theirs", category_id=[Command.set(self.tag.ids)], company_id=other.id
        )
        self.boss.active = False
        self._create_late(1)
        self.assertEqual(self._run(), ["late.ltd"])

    def test_x16_with_the_text_of_a_higher_level(self):
        """A new invoice at level 1 beside one that has reached level 2."""
        self.level_2.copy_category_ids = self.tag
        self._create_late(15)
        self._run()
        with freeze_time(TODAY + timedelta(days=14)):
            self._run()  # level 2
        with freeze_time(TODAY + timedelta(days=20)):
            self._create_late(1, day=TODAY + timedelta(days=20))
            self.assertEqual(self._run(), ["boss", "late.ltd"])
        reminder = self._get_reminders()[-1]
        self.assertEqual(reminder.level_id, self.level_1)
        self.assertEqual(reminder.text_level_id, self.level_2)

    def test_x16_by_hand_after_the_last_level(self):
        """No level is due: the text is that of the last one, and so are the copies."""
        (self.level_1 | self.level_2).active = False
        self.level_3.copy_category_ids = self.tag
        self._create_late(30)
        self._run()
        with freeze_time(TODAY + timedelta(days=3)), self.mock_mail_gateway():
            self._open_window().action_send()
            self.assertEqual(
                sorted(self._get_addresses(self._mails)), ["boss", "late.ltd"]
            )
        self.assertFalse(self._get_reminders()[-1].level_id)

    def test_x16_by_hand_before_any_level(self):
        """The first level lends its text, but nobody is copied."""
        self.level_1.copy_category_ids = self.tag
        self._create_late(0)
        with self.mock_mail_gateway():
            self._open_window().action_send()
            self.assertEqual(self._get_addresses(self._mails), ["late.ltd"])

    # ------------------------------------------------------------------
    # The window
    # ------------------------------------------------------------------

    def test_x16_window_shows_them(self):
        self.level_1.copy_category_ids = self.tag
        self._create_late(1)
        window = self._open_window()
        self.assertIn(
            "copy to Late Ltd, Boss <boss@customer.example.com>", window.contact_info
        )
        self.assertEqual(window.email_recipient_ids, self.customer | self.boss)
        window.email_recipient_ids -= self.boss
        self.assertNotIn("boss@", window.contact_info)
        with self.mock_mail_gateway():
            window.action_send()
            self.assertEqual(self._get_addresses(self._mails), ["late.ltd"])

    def test_x16_blacklisted_copy_is_told(self):
        self.level_1.copy_category_ids = self.tag
        self.env["mail.blacklist"]._add(self.boss.email)
        self._create_late(1)
        self.assertIn("Boss", self._open_window().alerts["blacklist"]["message"])

    # ------------------------------------------------------------------
    # Other channels
    # ------------------------------------------------------------------

    def test_x16_letter_to_another_address(self):
        """A letter of its own, in the name of the boss; no SMS, and one on paper."""
        self.level_1.write(
            {
                "copy_category_ids": [Command.set(self.tag.ids)],
                "send_email": False,
                "send_letter": True,
            }
        )
        self.boss.write(
            {
                "type": "other",
                "street": "7 Hill Road",
                "city": "Boston",
                "zip": "02108",
                "country_id": self.country.id,
                "phone": "+12025550177",
            }
        )
        self._create_late(1)
        self._send_letter()
        letters = self.service.letters
        self.assertEqual(
            [letter["address"]["street"] for letter in letters],
            ["1 Main Street", "7 Hill Road"],
        )
        self.assertIn(b"Boss", letters[1]["pdf"])
        self.assertNotIn(b"Boss", letters[0]["pdf"])
        reminder = self._get_reminders()
        self.assertEqual(reminder._get_recipients("sms"), self.customer)
        self.assertEqual(reminder._get_recipients("print"), self.customer)

    def test_x16_no_second_letter_to_the_same_address(self):
        self.level_1.write(
            {
                "copy_category_ids": [Command.set(self.tag.ids)],
                "send_email": False,
                "send_letter": True,
            }
        )
        self._create_late(1)  # a contact has the address of his company
        self._send_letter()
        self.assertEqual(len(self.service.letters), 1)

    # ------------------------------------------------------------------
    # Levels and plans
    # ------------------------------------------------------------------

    def test_x16_levels_say_it(self):
        """Form and list, of the levels after it, too."""
        user = self._create_user("administrator", "account.group_account_manager")
        form = Form(self.level_2.with_user(user))
        form.copy_customer = True
        form.copy_category_ids.add(self.tag)
        form.save()
        self.assertEqual(
            self.levels.mapped("copy_info"),
            [""] + ["main address, contacts with tag Management"] * 2,
        )
        self.assertEqual(self.levels.mapped("has_copies"), [False, True, True])

    def test_x16_levels_that_are_archived_or_moved(self):
        self.level_2.copy_customer = True
        self.level_2.active = False
        self.assertFalse(self.level_3.has_copies)
        self.level_2.active = True
        self.assertTrue(self.level_3.has_copies)
        self.level_2.delay = 45
        self.assertFalse(self.level_3.has_copies)
        self.level_2.delay = 20
        self.assertTrue(self.level_3.has_copies)
        self.level_2.unlink()
        self.assertFalse(self.level_3.has_copies)

    def test_x16_a_plan_that_is_copied(self):
        self.level_2.write(
            {"copy_customer": True, "copy_category_ids": [Command.set(self.tag.ids)]}
        )
        copy = self.level_2.plan_id.copy()
        self.assertEqual(copy.level_ids.mapped("has_copies"), [False, True, True])
        self.assertEqual(copy.level_ids[1].copy_category_ids, self.tag)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestQueriesCopies(CopiesCommon, BatchCommon):
    """P5: copies are read for all customers of a batch."""

    def test_p5_copies(self):
        partners = self._create_customers(14)
        self.env["res.partner"].create(
            [
                {
                    "name": "Boss",
                    "parent_id": partner.id,
                    "email": f"boss.{partner.email}",
                    "category_id": [Command.set(self.tag.ids)],
                }
                for partner in partners
            ]
        )
        self.level_1.copy_category_ids = self.tag
        self._process(partners[0], trigger="automatic")
        counts = []
        for some in (partners[1:2], partners[2:]):
            cases = self._get_cases(some)
            with self._counted(counts):
                cases._process(TODAY, trigger="automatic")
        self._assert_flat(counts)
        reminders = self._get_all_reminders(partners)
        self.assertEqual(len(reminders.delivery_ids), 2 * len(partners))

import json
from datetime import timedelta

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import TODAY, FollowupCommon

#: Groups of the people who look at the screens.
CLERK = "account.group_account_invoice"
READER = "account.group_account_readonly"
MANAGER = "account.group_account_manager"
CONTACTS = "base.group_partner_manager"

#: Screens of the module and the kinds of view that a person can switch to.
ACTIONS = (
    "action_account_followup_customer",
    "action_account_followup_item",
    "action_account_followup_level",
    "action_account_followup_reminder",
)


class ViewsCommon(FollowupCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._create_user("clerk", CLERK, CONTACTS)
        cls.reader = cls._create_user("reader", READER)
        cls.manager = cls._create_user("manager", MANAGER, CONTACTS)
        cls.employee = cls._create_user("employee", "base.group_user")

    def _get_arch(self, model, view_type, user, view=None):
        view_id = self.env.ref(view).id if view else False
        views = self.env[model].with_user(user).get_views([(view_id, view_type)])
        return etree.fromstring(views["views"][view_type]["arch"])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLevelForm(ViewsCommon):
    """Rows A1 to A5: the form of a level."""

    def _open(self, **values):
        form = Form(self.env["account.followup.level"].with_user(self.manager))
        form.name = "Level 7"
        form.delay = 7
        form.mail_template_id = self.template
        for name, value in values.items():
            form[name] = value
        return form

    def test_a1_create_a_level(self):
        level = self._open().save()
        self.assertEqual(level.company_id, self.company)
        self.assertEqual((level.delay, level.send_email), (7, True))
        self.assertFalse(level.reminder_count)

    def test_a2_days_in_words(self):
        with self._open() as form:
            for delay, words in (
                (-3, "3 days before the due date"),
                (-1, "1 day before the due date"),
                (0, "on the due date"),
                (1, "1 day after the due date"),
                (40, "40 days after the due date"),
            ):
                form.delay = delay
                self.assertEqual(form.timing, words)

    def test_a3_template_is_asked_for(self):
        form = self._open(mail_template_id=self.template.browse())
        with self.assertRaisesRegex(AssertionError, "mail_template_id is a required"):
            form.save()
        form.send_email = False
        form.schedule_activity = True
        form.save()

    def test_v3_level_that_does_nothing(self):
        """It would be recorded as sent, and move the customer up."""
        form = self._open(send_email=False)
        with self.assertRaisesRegex(ValidationError, "does nothing: choose what"):
            form.save()
        with self.assertRaisesRegex(ValidationError, "does nothing: choose what"):
            self.level_1.write({"send_email": False})
        self.level_1.write({"send_email": False, "active": False})

    def test_a3_message_without_template(self):
        with self.assertRaisesRegex(ValidationError, "choose a Content Template"):
            self.level_1.mail_template_id = False
        with self.assertRaisesRegex(ValidationError, "choose an SMS Template"):
            self.level_1.write({"send_sms": True, "sms_template_id": False})

    def test_a3_sms_template_is_asked_for(self):
        form = self._open(send_sms=True)
        form.sms_template_id = self.env["sms.template"]
        with self.assertRaisesRegex(AssertionError, "sms_template_id is a required"):
            form.save()

    def test_a5_named_user_is_asked_for(self):
        form = self._open(schedule_activity=True, activity_responsible="user")
        with self.assertRaisesRegex(AssertionError, "activity_user_id is a required"):
            form.save()
        form.activity_user_id = self.responsible
        self.assertEqual(form.save().activity_user_id, self.responsible)
        with self.assertRaisesRegex(ValidationError, "who gets the"):
            self.level_1.write(
                {"schedule_activity": True, "activity_responsible": "user"}
            )

    def test_a1_manager_edits_others_read(self):
        for user in (self.clerk, self.reader):
            level = self.level_1.with_user(user)
            self.assertEqual(level.name, "Level 1")
            with self.assertRaises(AccessError):
                level.name = "Changed"
            arch = self._get_arch(level._name, "form", user)
            self.assertEqual(arch.get("create"), "False")
            self.assertEqual(arch.get("edit"), "False")
        self.level_1.with_user(self.manager).name = "Changed"

    def test_a1_reminders_of_the_level(self):
        self._create_late(20)
        self._open_window().action_send()
        self.assertEqual(self.level_1.reminder_count, 1)
        with self.assertRaisesRegex(UserError, "Archive it instead"):
            self.level_1.unlink()
        self.level_1.active = False


@tagged("post_install", "-at_install")
class TestLevelMessages(FollowupCommon, HttpCase):
    """What the database refuses is said in words on the screen."""

    @mute_logger("odoo.http", "odoo.sql_db")
    def test_a1_same_days(self):
        manager = self._create_user("manager", MANAGER)
        manager.password = manager.login
        self.authenticate(manager.login, manager.login)
        response = self.url_open(
            "/web/dataset/call_kw/account.followup.level/web_save",
            data=json.dumps(
                {
                    "params": {
                        "model": "account.followup.level",
                        "method": "web_save",
                        "args": [
                            [],
                            {
                                "name": "Another",
                                "delay": self.level_1.delay,
                                "mail_template_id": self.template.id,
                            },
                            {},
                        ],
                        "kwargs": {},
                    }
                }
            ),
            headers={"Content-Type": "application/json"},
        )
        error = response.json()["error"]["data"]
        self.assertEqual(error["name"], "odoo.exceptions.ValidationError")
        self.assertIn("cannot have the same number of days", error["message"])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestSettingsForm(ViewsCommon):
    """Row A6: the block in the settings of Invoicing."""

    def setUp(self):
        super().setUp()
        self.env.user.group_ids += self.env.ref("base.group_system")
        # core warns of taxes of the test company
        self.enterContext(mute_logger("odoo.tests.form.onchange"))

    def test_a6_settings_of_the_company(self):
        with Form(self.env["res.config.settings"]) as form:
            self.assertTrue(form.followup_enabled)
            form.followup_automatic = False
            form.followup_responsible_id = self.clerk
            form.followup_min_amount = 25
            form.followup_min_days = 6
            form.followup_catch_up = "jump"
        form.record.execute()
        self.assertRecordValues(
            self.company,
            [
                {
                    "followup_enabled": True,
                    "followup_automatic": False,
                    "followup_responsible_id": self.clerk.id,
                    "followup_min_amount": 25,
                    "followup_min_days": 6,
                    "followup_catch_up": "jump",
                }
            ],
        )

    def test_a6_switched_off(self):
        with Form(self.env["res.config.settings"]) as form:
            form.followup_enabled = False
            for name in (
                "followup_automatic",
                "followup_min_days",
                "followup_catch_up",
            ):
                self.assertTrue(form._get_modifier(name, "invisible"), name)
        form.record.execute()
        self.assertFalse(self.company.followup_enabled)

    def test_a6_branch_shares_the_settings(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.env.user.company_ids += branch
        settings = self.env["res.config.settings"].with_company(branch)
        settings.create({"followup_min_days": 9}).execute()
        self.assertEqual(self.company.followup_min_days, 9)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCustomerForm(ViewsCommon):
    """Rows B1 and B8: the section on the customer."""

    VIEW = "account_payment_followup.res_partner_view_form_followup"

    def _open(self, partner=None, user=None):
        partner = (partner or self.customer).with_company(self.company)
        return Form(partner.with_user(user or self.clerk), self.VIEW)

    def _get_next_date(self, form):
        return fields.Date.to_date(form.followup_next_reminder_date)

    def test_b1_what_is_shown(self):
        self._create_late(20, 100)
        self._create_late(-5, 40)
        form = self._open()
        self.assertEqual(form.followup_status, "in_need_of_action")
        self.assertEqual(form.followup_level_id, self.level_1)
        self.assertEqual((form.total_due, form.total_overdue), (140, 100))
        self.assertEqual(form.followup_overdue_count, 1)
        self.assertEqual(self._get_next_date(form), TODAY)
        self.assertEqual(form.followup_reminder_type, "automatic")
        self.assertEqual(form.followup_responsible_id, self.responsible)

    def test_b1_settings_are_kept(self):
        with self._open() as form:
            form.followup_reminder_type = "manual"
            form.followup_responsible_id = self.clerk
            form.followup_excluded = True
        self.assertRecordValues(
            self._get_followup(),
            [
                {
                    "reminder_type": "manual",
                    "responsible_id": self.clerk.id,
                    "excluded": True,
                }
            ],
        )

    def test_b8_next_reminder_holds(self):
        self._create_late(20)
        later = TODAY + timedelta(days=4)
        with self._open() as form:
            form.followup_next_reminder_date = later
        self.assertEqual(self._get_followup().next_reminder_date, later)
        self.customer.invalidate_recordset()
        form = self._open()
        self.assertEqual(form.followup_status, "with_overdue_invoices")
        self.assertEqual(self._get_next_date(form), later)

    def test_b8_other_ticks_leave_the_date(self):
        self._create_late(20)
        later = TODAY + timedelta(days=4)
        with self._open() as form:
            form.followup_next_reminder_date = later
            form.followup_reminder_type = "manual"
            self.assertEqual(self._get_next_date(form), later)
        self.assertEqual(self._get_followup().next_reminder_date, later)
        self.assertEqual(self._get_followup().reminder_type, "manual")

    def test_b1_new_customer(self):
        form = Form(self.env["res.partner"].with_user(self.clerk))
        form.name = "New Customer"
        self.assertEqual(form.followup_status, "no_action_needed")
        self.assertTrue(form.save())

    def test_b1_section_is_hidden(self):
        """It needs follow-ups, and belongs to the customer, not to its contacts."""
        self.assertFalse(self._is_section_hidden(self.customer))
        self.company.followup_enabled = False
        self.env.invalidate_all()
        self.assertTrue(self._is_section_hidden(self.customer))

    def _is_section_hidden(self, partner):
        form = self._open(partner)
        return form._get_modifier("followup_next_reminder_date", "invisible")

    def test_b1_contacts_show_nothing(self):
        self._create_late(20)
        contact = self._create_customer(
            "Ann", parent_id=self.customer.id, is_company=False
        )
        self.assertTrue(self._is_section_hidden(contact))
        form = self._open(contact)
        self.assertFalse(form.followup_overdue_count)

    def test_b1_failure_is_shown(self):
        self._create_late(20)
        self._get_followup().sudo().failure_reason = "Mailbox full"
        self.assertEqual(self._open().followup_failure_reason, "Mailbox full")

    def test_b1_buttons(self):
        self._create_late(20)
        self._open_window().action_send()
        self.env.invalidate_all()
        partner = self.customer.with_user(self.reader).with_company(self.company)
        items = partner.action_view_followup_items()
        found = self.env[items["res_model"]].with_user(self.reader)
        self.assertEqual(len(found.search(items["domain"])), 1)
        history = partner.action_view_followup_reminders()
        found = self.env[history["res_model"]].with_user(self.reader)
        self.assertEqual(len(found.search(history["domain"])), 1)
        self.assertEqual(partner.followup_reminder_count, 1)

    def test_g2_read_only_accountant(self):
        arch = self._get_arch("res.partner", "form", self.reader, self.VIEW)
        self.assertFalse(arch.xpath("//button[@name='action_send_followup']"))
        self.assertTrue(arch.xpath("//button[@name='action_view_followup_items']"))
        for name in (
            "followup_next_reminder_date",
            "followup_reminder_type",
            "followup_responsible_id",
            "followup_excluded",
        ):
            (node,) = arch.xpath(f"//field[@name='{name}'][not(@invisible='True')]")
            self.assertEqual(node.get("readonly"), "1", name)
        self.reader.group_ids += self.env.ref(CONTACTS)
        partner = self.customer.with_user(self.reader).with_company(self.company)
        with self.assertRaises(AccessError):
            partner.followup_excluded = True
        with self.assertRaises(AccessError):
            partner.action_send_followup()

    def test_g2_employee(self):
        for view_type, view in (
            ("form", self.VIEW),
            ("form", None),
            ("list", None),
            ("search", None),
        ):
            arch = self._get_arch("res.partner", view_type, self.employee, view)
            arch.attrib.pop("js_class", None)  # it adds nothing to what is read
            text = etree.tostring(arch, encoding="unicode")
            for word in ("followup_", "total_overdue", "total_due"):
                self.assertNotIn(f'"{word}', text, view_type)
        partner = self.customer.with_user(self.employee)
        with self.assertRaises(AccessError):
            partner.action_send_followup()
        with self.assertRaises(AccessError):
            partner.search([("followup_status", "=", "in_need_of_action")])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestInvoiceForm(ViewsCommon):
    """Rows B5 and B6: the section on a posted invoice."""

    def _open(self, invoice):
        return Form(invoice.with_user(self.clerk))

    def _get_items(self, invoice):
        return invoice.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )

    def test_b5_exclude(self):
        invoice = self._create_late(20)
        with self._open(invoice) as form:
            form.no_followup = True
        self.assertTrue(self._get_items(invoice).no_followup)
        self.assertEqual(self.customer.followup_status, "no_action_needed")

    def test_b5_hold_with_reason(self):
        invoice = self._create_late(20)
        until = TODAY + timedelta(days=14)
        with self._open(invoice) as form:
            form.followup_hold_until = until
            form.followup_hold_reason = "Goods are being replaced"
        self.assertRecordValues(
            self._get_items(invoice),
            [
                {
                    "followup_hold_until": until,
                    "followup_hold_reason": "Goods are being replaced",
                }
            ],
        )
        self.assertEqual(self.customer.followup_status, "with_overdue_invoices")

    def test_b6_expected_payment(self):
        invoice = self._create_late(20)
        with self._open(invoice) as form:
            form.expected_payment_date = TODAY
            form.expected_payment_note = "Promised on the phone"
        self.assertRecordValues(
            self._get_items(invoice),
            [
                {
                    "expected_payment_date": TODAY,
                    "expected_payment_note": "Promised on the phone",
                }
            ],
        )
        self.assertEqual(self.customer.followup_status, "with_overdue_invoices")

    def test_level_reached(self):
        invoice = self._create_late(20)
        self.assertTrue(self._open(invoice)._get_modifier("followup_date", "invisible"))
        self._open_window().action_send()
        self.env.invalidate_all()
        form = self._open(invoice)
        self.assertEqual(form.followup_level_id, self.level_1)
        self.assertEqual(fields.Date.to_date(form.followup_date), TODAY)

    def test_only_posted_customer_invoices(self):
        bill = self.init_invoice("in_invoice", products=self.product_a, post=True)
        draft = self.init_invoice("out_invoice", products=self.product_a)
        refund = self.init_invoice("out_refund", products=self.product_a, post=True)
        for move in (bill, draft):
            self.assertTrue(self._open(move)._get_modifier("no_followup", "invisible"))
        form = self._open(refund)
        self.assertFalse(form._get_modifier("no_followup", "invisible"))
        self.assertTrue(form._get_modifier("followup_hold_until", "invisible"))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestScreens(ViewsCommon):
    """Rows D1, D2, E3, G2: every screen opens for those who may, and shows its rows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._create_late(20)
        followup = cls.env["account.followup"]._get_or_create(cls.customer, cls.company)
        followup._process(TODAY)
        cls.other = cls._create_customer("Other Ltd")
        cls._create_late(40, partner=cls.other)

    def _read(self, model, arch, user, domain):
        """Read what a view shows as the web client does."""
        names = {node.get("name") for node in arch.iter("field")}
        for node in arch.xpath("//field//field"):
            names.discard(node.get("name"))
        model = self.env[model].with_user(user).with_company(self.company)
        return model.web_search_read(domain, {name: {} for name in names})["records"]

    def test_g2_screens_open(self):
        company = [("company_id", "=", self.company.id)]
        for name in ACTIONS:
            action = self.env.ref(f"account_payment_followup.{name}")
            for user in (self.clerk, self.reader, self.manager):
                for view_type in [*action.view_mode.split(","), "search"]:
                    with self.subTest(name, user=user.name, view_type=view_type):
                        model = action.res_model
                        arch = self._get_arch(model, view_type, user)
                        if view_type != "search":
                            rows = self._read(model, arch, user, company)
                            self.assertTrue(rows)
            with self.assertRaises(AccessError):
                self.env[action.res_model].with_user(self.employee).search([])

    def test_g2_menus(self):
        menus = self.env["ir.ui.menu"]
        names = ("customer", "reminder", "level")
        top = self.env.ref("account_payment_followup.menu_account_followup")
        mine = {
            name: self.env.ref(f"account_payment_followup.menu_account_followup_{name}")
            for name in names
        }
        for user, expected in (
            (self.employee, ()),
            (self.clerk, ("customer", "reminder")),
            (self.reader, ("customer", "reminder")),
            (self.manager, names),
        ):
            root = menus.with_user(user).load_menus(False)
            seen = {name for name in names if mine[name].id in root}
            self.assertEqual(seen, set(expected), user.name)
            self.assertEqual(top.id in root, "customer" in seen, user.name)

    def test_d2_default_filter(self):
        """Every filter and group of the search views can be used."""
        for name in ACTIONS:
            model = self.env.ref(f"account_payment_followup.{name}").res_model
            arch = self._get_arch(model, "search", self.manager)
            records = self.env[model].with_user(self.manager)
            for node in arch.iter("filter"):
                with self.subTest(model, filter=node.get("name")):
                    self._use_filter(records, node)

    def _use_filter(self, records, node):
        values = {"uid": self.manager.id}
        if node.get("date"):
            records.search([(node.get("date"), ">=", TODAY)])
        elif node.get("context"):
            group = safe_eval(node.get("context"), values)["group_by"]
            if records._fields[group].type == "date":
                group = f"{group}:month"
            records.web_read_group([], [group], ["__count"])
        else:
            domain = safe_eval(node.get("domain"), values)
            records.search(domain)

    def test_d1_filters_of_customers(self):
        arch = self._get_arch("res.partner", "search", self.clerk)
        partners = self.env["res.partner"].with_user(self.clerk)
        partners = partners.with_company(self.company)
        mine = [("id", "in", (self.customer + self.other).ids)]
        for name, expected in (
            ("followup_overdue", self.customer + self.other),
            ("followup_required", self.other),
        ):
            (node,) = arch.xpath(f"//filter[@name='{name}']")
            domain = safe_eval(node.get("domain"))
            self.assertEqual(partners.search(mine + domain), expected, name)

    def test_d1_list_action(self):
        action = "account_payment_followup.action_process_followups"
        for user, expected in ((self.clerk, True), (self.reader, False)):
            bindings = self.env["ir.actions.actions"].with_user(user)
            bindings = bindings.get_bindings("res.partner").get("action", [])
            ids = [binding["id"] for binding in bindings]
            self.assertEqual(self.env.ref(action).id in ids, expected, user.name)

    def _get_rows(self, user=None):
        rows = self.env["account.followup.customer"].with_user(user or self.clerk)
        return rows.with_company(self.company).search(
            [
                ("company_id", "=", self.company.id),
                ("partner_id", "in", (self.customer + self.other).ids),
            ]
        )

    def test_d2_row_opens_the_customer(self):
        row = self._get_rows().filtered(lambda row: row.partner_id == self.other)
        action = row.action_open_customer()
        self.assertEqual(action["res_id"], self.other.id)

    def test_d2_row_of_another_company(self):
        """The form says what the row's company knows, not what the current one does."""
        other = self._create_company(name="Second")
        self.clerk.company_ids += other
        row = self._get_rows()[:1].with_context(
            allowed_company_ids=(other + self.company).ids
        )
        params = row.action_open_customer()["params"]
        self.assertEqual(params["company_ids"], (self.company + other).ids)
        self.assertTrue(params["url"].endswith(f"/{row.partner_id.id}"))

    def test_d1_process_rows(self):
        action = self._get_rows().action_process_followups()
        self.assertEqual(
            sorted(action["context"]["default_partner_ids"]),
            sorted((self.customer + self.other).ids),
        )
        with self.assertRaises(AccessError):
            self._get_rows(self.reader).action_process_followups()

    def test_e3_letter_can_be_downloaded(self):
        window = self._open_window(self.other)
        window.do_print = True
        window.action_send()
        deliveries = self._get_reminders(self.other).delivery_ids
        letter = deliveries.filtered("attachment_id").with_user(self.reader)
        action = letter.action_download()
        self.assertIn(f"/web/content/{letter.attachment_id.id}", action["url"])
        self.assertTrue(letter.attachment_id.raw)

    def test_b1_item_opens_the_invoice(self):
        items = self.env["account.followup.item"].with_user(self.reader)
        item = items.search([("partner_id", "=", self.other.id)])
        action = item.action_open_move()
        self.assertEqual(action["res_id"], item.move_id.id)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestWindowForm(ViewsCommon):
    """Rows C1 to C3: the window Send and Print."""

    def _open(self):
        partner = self.customer.with_user(self.clerk).with_company(self.company)
        action = partner.action_send_followup()
        wizard = self.env[action["res_model"]].with_user(self.clerk)
        return Form(wizard.with_company(self.company).with_context(**action["context"]))

    def test_c1_buttons_read_what_is_ticked(self):
        arch = self._get_arch("account.followup.send.wizard", "form", self.clerk)
        buttons = arch.xpath("//footer/button[@name='action_send']")
        ticks = ("do_print", "do_email", "do_sms", "do_letter", "do_other")
        for ticked, expected in (
            ((), []),
            (("task",), ["Plan Activity"]),
            (("task", "do_email"), ["Send"]),
            (("do_email",), ["Send"]),
            (("do_sms",), ["Send"]),
            (("do_letter",), ["Send"]),
            (("do_other",), ["Send"]),
            (("do_print",), ["Print"]),
            (("do_print", "do_email"), ["Send & Print"]),
            (("do_print", "do_sms"), ["Send & Print"]),
        ):
            values = {name: name in ticked for name in (*ticks, "task")}
            shown = [
                button.get("string")
                for button in buttons
                if not safe_eval(button.get("invisible"), dict(values))
            ]
            self.assertEqual(shown, expected, ticked)

    def test_c2_what_is_proposed(self):
        late = self._create_late(20)
        self._create_late(-5)
        form = self._open()
        self.assertEqual(form.level_id, self.level_1)
        self.assertEqual(form.mail_template_id, self.template)
        self.assertIn(self.customer.email, form.contact_info)
        self.assertEqual(form.item_line_ids[:].move_id, late)
        self.assertEqual(set(form.alerts), {"account"}, "only that no bank is known")

    def test_c2_choose_invoices(self):
        first, second = self._create_late(20), self._create_late(18)
        form = self._open()
        form.item_line_ids.remove(index=0)
        wizard = form.save()
        self.assertEqual(wizard.item_line_ids.move_id, second)
        wizard.action_send()
        reminder = self._get_reminders()
        self.assertEqual(reminder.line_ids.move_line_id.move_id, second)
        self.assertFalse(first.followup_level_id)

    def test_c3_missing_address_is_said(self):
        self._create_late(20)
        self.customer.email = False
        form = self._open()
        self.assertIn("no valid e-mail", form.alerts["email"]["message"])
        self.assertEqual(
            form.alerts["email"]["action"]["res_id"],
            self.customer.id,
            "a link to fix it",
        )
        form.do_email = False
        self.assertNotIn("email", form.alerts or {})

    def test_c6_no_level_is_due(self):
        self._create_late(-10)
        form = self._open()
        self.assertFalse(form.level_id)
        self.assertEqual(form.alerts["level"]["level"], "info")
        form.save().action_send()
        self.assertFalse(self._get_reminders().level_id)

import inspect
import io

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.service.model import call_kw
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileWriter

from .common import TODAY, FollowupCommon

MODULE = "account_payment_followup"
OPERATIONS = ("read", "write", "create", "unlink")

#: User: groups.
USERS = {
    "public": None,
    "portal": "base.group_portal",
    "employee": "base.group_user",
    "readonly": "account.group_account_readonly",
    "invoice": "account.group_account_invoice",
    "manager": "account.group_account_manager",
}

#: Builders of the rows of reports: no records, only methods.
REPORTS = (
    "account.followup.report",
    "account.followup.report.aged_receivable",
    "account.followup.report.customer_statement",
    "account.followup.report.followup_report",
    "account.followup.report.partner_ledger",
    "account.followup.report.postings",
)

#: Who works with a model and who looks at it; everybody else has nothing of it.
NOBODY = {}
LOOK = {"readonly": {"read"}, "invoice": {"read"}, "manager": {"read"}}
WORK = {"read", "write", "create"}
WINDOW = {"invoice": WORK, "manager": WORK}
RIGHTS = {
    "account.followup": {"readonly": {"read"}, "invoice": WORK, "manager": WORK},
    "account.followup.call": {
        "readonly": {"read"},
        "invoice": {"read", "create"},
        "manager": {"read", "create"},
    },
    "account.followup.call.wizard": WINDOW,
    # trust is changed in the work-list, nothing else can be
    "account.followup.customer": {
        "readonly": {"read"},
        "invoice": {"read", "write"},
        "manager": {"read", "write"},
    },
    "account.followup.delivery": LOOK,
    "account.followup.demo": NOBODY,
    "account.followup.hold.wizard": WINDOW,
    "account.followup.item": LOOK,
    "account.followup.level": {**LOOK, "manager": set(OPERATIONS)},
    "account.followup.process.wizard": WINDOW,
    "account.followup.process.wizard.line": {
        "invoice": set(OPERATIONS),
        "manager": set(OPERATIONS),
    },
    "account.followup.reminder": LOOK,
    "account.followup.reminder.line": LOOK,
    **dict.fromkeys(REPORTS, NOBODY),
    "account.followup.run": {"invoice": {"read"}, "manager": {"read"}},
    "account.followup.run.line": {"invoice": {"read"}, "manager": {"read"}},
    "account.followup.send": NOBODY,
    "account.followup.send.wizard": WINDOW,
    "report.account_payment_followup.report_reminder": NOBODY,
}

#: Who may call a public method.
ALL = frozenset(USERS)
ACCOUNTANTS = frozenset({"readonly", "invoice", "manager"})
CLERKS = frozenset({"invoice", "manager"})
METHODS = {
    ("account.followup.call.wizard", "action_log"): CLERKS,
    ("account.followup.customer", "action_open_customer"): ACCOUNTANTS,
    ("account.followup.customer", "action_process_followups"): CLERKS,
    ("account.followup.delivery", "action_download"): ACCOUNTANTS,
    ("account.followup.delivery", "action_retry"): CLERKS,
    ("account.followup.hold.wizard", "action_apply"): CLERKS,
    ("account.followup.item", "action_followup_resume"): CLERKS,
    ("account.followup.item", "action_hold_followup"): CLERKS,
    ("account.followup.item", "action_open_move"): ACCOUNTANTS,
    ("account.followup.process.wizard", "action_process"): CLERKS,
    ("account.followup.reminder", "action_open_customer"): ACCOUNTANTS,
    ("account.followup.run", "action_print_letters"): CLERKS,
    ("account.followup.run", "action_refresh"): CLERKS,
    ("account.followup.send.wizard", "action_send"): CLERKS,
    **{
        (model, method): ACCOUNTANTS
        for model in REPORTS
        for method in ("get_report", "get_lines")
    },
    ("account.move", "action_followup_resume"): CLERKS,
    ("account.move", "action_hold_followup"): CLERKS,
    ("account.move.line", "action_followup_resume"): CLERKS,
    ("account.move.line", "action_hold_followup"): CLERKS,
    ("res.partner", "action_log_followup_call"): CLERKS,
    ("res.partner", "action_process_followups"): CLERKS,
    ("res.partner", "action_send_followup"): CLERKS,
    ("res.partner", "action_view_followup_calls"): ACCOUNTANTS,
    ("res.partner", "action_view_followup_items"): ACCOUNTANTS,
    ("res.partner", "action_view_followup_reminders"): ACCOUNTANTS,
}

#: Who sees a menu.
MENUS = {
    "menu_account_followup_customer": ACCOUNTANTS,
    "menu_account_followup_level": ACCOUNTANTS,
    "menu_account_followup_reminder": ACCOUNTANTS,
}

#: Fields of other models that are no secret: one more type of contact.
OPEN_FIELDS = {("res.partner", "type")}
#: Fields for administrators: settings, and what joins a letter to its reminder.
ADMINISTRATORS_FIELDS = {"res.config.settings", "snailmail.letter"}


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestAccess(FollowupCommon, HttpCase):
    """Row G2: each kind of user has exactly what is in the tables above.

    What is not in them fails, so that nothing new is open by oversight.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: cls._create_reader(name, group) for name, group in USERS.items()
        }
        cls.invoice = cls._create_late(20, 100)
        cls._create_late(2, 50)
        # the portal user is the customer's, and can read these invoices in core
        cls.users["portal"].partner_id.parent_id = cls.customer
        cls.records = cls._create_records()
        cls.env.flush_all()

    @classmethod
    def _create_reader(cls, name, group):
        if not group:
            return cls.env.ref("base.public_user")
        return new_test_user(
            cls.env,
            f"access_{name}",
            groups=group,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @staticmethod
    def _create_pdf():
        writer, content = PdfFileWriter(), io.BytesIO()
        writer.add_blank_page(100, 100)
        writer.write(content)
        return content.getvalue()

    @classmethod
    def _create_records(cls):
        """Create a record of each model; return {model: record}."""
        cls.level_1.send_letter = True  # printed, so there is a document
        run = cls.env["account.followup.run"]._start(cls.customer, cls.company, "print")
        partner = [("partner_id", "=", cls.customer.id)]
        reminder = cls.env["account.followup.reminder"].search(partner)
        reminder.ensure_one()
        reminder.sudo().delivery_ids.attachment_id.raw = cls._create_pdf()
        call = cls.env["account.followup.call"].create(
            {
                "partner_id": cls.customer.id,
                "company_id": cls.company.id,
                "date": TODAY,
                "outcome": "reached",
            }
        )
        records = {
            "account.followup": cls.env["account.followup"].search(partner),
            "account.followup.call": call,
            "account.followup.customer": cls.env["account.followup.customer"].search(
                partner
            ),
            "account.followup.delivery": reminder.delivery_ids.filtered(
                "attachment_id"
            ),
            "account.followup.item": cls.env["account.followup.item"].search(partner),
            "account.followup.level": cls.level_1,
            "account.followup.reminder": reminder,
            "account.followup.reminder.line": reminder.line_ids,
            "account.followup.run": run,
            "account.followup.run.line": run.line_ids,
            "account.move": cls.invoice,
            "account.move.line": cls.invoice.line_ids.filtered("date_maturity"),
            "res.partner": cls.customer,
        }
        return {model: record[:1] for model, record in records.items()}

    def _get_record(self, model, user):
        """Return a record of a model; a window is the user's own."""
        if self.env[model]._abstract:
            return self.env[model].with_user(user)
        if model in self.records:
            return self.records[model].with_user(user)
        if model == "account.followup.process.wizard.line":
            window = self._get_record("account.followup.process.wizard", user)
            return window.sudo().line_ids[:1].sudo(False)
        window = self.env[model].with_user(user).sudo()
        values = {
            "account.followup.process.wizard": {
                "partner_ids": [Command.set(self.customer.ids)]
            },
            "account.followup.hold.wizard": {
                "line_ids": [Command.set(self.records["account.move.line"].ids)],
                "operation": "resume",
            },
        }.get(model, {"partner_id": self.customer.id})
        return window.with_company(self.company).create(values).sudo(False)

    # ------------------------------------------------------------------
    # Models
    # ------------------------------------------------------------------

    def _get_own_models(self):
        return {
            name
            for name, model in self.env.registry.items()
            if model._original_module == MODULE or name.startswith("account.followup")
        }

    def test_g2_every_model_is_in_the_table(self):
        self.assertEqual(self._get_own_models(), set(RIGHTS))

    def test_g2_rights(self):
        for model, rights in RIGHTS.items():
            for name, user in self.users.items():
                with self.subTest(model=model, user=name):
                    access = self.env[model].with_user(user)
                    if access._abstract:
                        continue
                    allowed = {one for one in OPERATIONS if access.has_access(one)}
                    self.assertEqual(allowed, rights.get(name, set()))

    def test_g2_reading_records(self):
        """With the rules: who has the right gets the record, nobody else anything."""
        for model, rights in RIGHTS.items():
            for name, user in self.users.items():
                if self.env[model]._abstract:
                    continue
                with self.subTest(model=model, user=name):
                    self.env.invalidate_all()
                    record = self._get_record(model, user)
                    self.env.flush_all()
                    self.env.invalidate_all()
                    if name in rights:
                        self.assertTrue(record.read())
                        self.assertIn(record, record.search([]))
                        continue
                    with self.assertRaises(AccessError):
                        record.read()
                    with self.assertRaises(AccessError):
                        record.search([])
                    with self.assertRaises(AccessError):
                        record.formatted_read_group([], ["create_uid"], ["__count"])

    # ------------------------------------------------------------------
    # Methods
    # ------------------------------------------------------------------

    def _get_public_methods(self):
        """Return {(model, method)} that this module adds and a client can call."""
        methods = set()
        for name, model in self.env.registry.items():
            for cls in model.__mro__:
                if not cls.__module__.startswith(f"odoo.addons.{MODULE}."):
                    continue
                for method, value in vars(cls).items():
                    if method.startswith("_") or not inspect.isfunction(value):
                        continue
                    if not self._is_override(model, method):
                        methods.add((name, method))
        return methods

    def _is_override(self, model, method):
        return any(
            method in vars(cls)
            for cls in model.__mro__
            if not cls.__module__.startswith(f"odoo.addons.{MODULE}.")
            and cls.__module__ != "odoo.api"
        )

    def test_g2_every_public_method_is_in_the_table(self):
        self.assertEqual(self._get_public_methods(), set(METHODS))

    def test_g2_methods(self):
        for (model, method), allowed in METHODS.items():
            for name, user in self.users.items():
                with self.subTest(model=model, method=method, user=name):
                    self._check_method(model, method, user, name in allowed)

    def _check_method(self, model, method, user, allowed):
        record = self._get_record(model, user)
        self.env.flush_all()
        self.env.invalidate_all()
        savepoint = self.env.cr.savepoint()
        try:
            if allowed:
                self._call(record, method)
            else:
                with self.assertRaises(AccessError):
                    self._call(record, method)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)

    def _call(self, record, method):
        """Call a method as a client does; that there is nothing to do is no refusal."""
        with self.mock_mail_gateway():
            try:
                call_kw(record.browse(), method, [record.ids], {})
            except AccessError:
                raise
            except UserError:
                return

    # ------------------------------------------------------------------
    # Menus
    # ------------------------------------------------------------------

    def test_g2_menus(self):
        menus = {
            data.name: data.res_id
            for data in self.env["ir.model.data"].search(
                [("module", "=", MODULE), ("model", "=", "ir.ui.menu")]
            )
        }
        self.assertEqual(set(menus), set(MENUS))
        for name, user in self.users.items():
            visible = ()
            if user._is_internal():
                visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            for menu, menu_id in menus.items():
                with self.subTest(menu=menu, user=name):
                    self.assertEqual(menu_id in visible, name in MENUS[menu])

    def test_g2_actions_of_the_list(self):
        for name, user in self.users.items():
            bindings = self.env["ir.actions.actions"].with_user(user)
            bindings = bindings.get_bindings("res.partner")
            names = [action["name"] for action in bindings.get("action", [])]
            with self.subTest(user=name):
                self.assertEqual("Process Follow-ups" in names, name in CLERKS)

    # ------------------------------------------------------------------
    # Fields of other models
    # ------------------------------------------------------------------

    def _get_added_fields(self):
        """Return [field] that this module adds to models of others."""
        return [
            field
            for name, model in self.env.registry.items()
            if name not in RIGHTS
            for field in model._fields.values()
            if field._modules == (MODULE,) and (name, field.name) not in OPEN_FIELDS
        ]

    def test_g2_added_fields_are_for_accountants(self):
        fields = self._get_added_fields()
        models = {field.model_name for field in fields}
        self.assertGreaterEqual(
            models, {"res.partner", "account.move", "account.move.line", "res.company"}
        )
        for field in fields:
            if field.model_name in ADMINISTRATORS_FIELDS:
                continue
            for name, user in self.users.items():
                with self.subTest(field=str(field), user=name):
                    model = self.env[field.model_name].with_user(user)
                    self.assertEqual(
                        model._has_field_access(field, "read"), name in ACCOUNTANTS
                    )
                    described = (
                        model.fields_get([field.name])
                        if (model.has_access("read"))
                        else {}
                    )
                    self.assertEqual(bool(described), name in ACCOUNTANTS)

    def test_g2_reading_and_searching_added_fields(self):
        for field in self._get_added_fields():
            if field.model_name not in self.records:
                continue
            for name, user in self.users.items():
                with self.subTest(field=str(field), user=name):
                    self._check_field(field, user, name in ACCOUNTANTS)

    def _check_field(self, field, user, allowed):
        self.env.invalidate_all()
        record = self.records[field.model_name].with_user(user)
        condition = Domain(field.name, "!=", False)
        if allowed:
            self.assertIn(field.name, record.read([field.name])[0])
            if field._description_searchable:
                record.search(condition & Domain("id", "=", record.id))
            return
        with self.assertRaises(AccessError):
            record.read([field.name])
        for domain in (condition, ~condition):
            if not field._description_searchable:
                break
            with self.assertRaises(AccessError):
                record.search(domain)
            with self.assertRaises(AccessError):
                record.search_count(domain)
        self._assert_refused(record.search, [], order=field.name)
        self._assert_refused(record.formatted_read_group, [], [field.name], ["__count"])
        with self.assertRaises(AccessError):
            record.write({field.name: False})

    def _assert_refused(self, method, *args, **kwargs):
        """A field that is not stored may also be unfit for it, for anybody."""
        try:
            method(*args, **kwargs)
        except (AccessError, ValueError):
            return
        self.fail(f"{method.__name__}{args} is not refused")

    def test_g2_searching_hidden_fields_on_a_detour(self):
        """An employee who may read customers learns nothing over other models."""
        for name in ("employee", "portal"):
            for model, path in (
                ("res.partner", "commercial_partner_id.followup_status"),
                ("res.partner", "child_ids.followup_excluded"),
                ("res.users", "partner_id.total_due"),
                ("res.company", "partner_id.followup_status"),
                ("res.company", "followup_responsible_id"),
                ("mail.activity", "user_id.partner_id.total_overdue"),
            ):
                records = self.env[model].with_user(self.users[name])
                with self.subTest(path=path, user=name):
                    with self.assertRaises(AccessError):
                        records.search([(path, "!=", False)])
            records = self.env["res.partner"].with_user(self.users[name])
            with self.assertRaises(AccessError):
                records.search(
                    [("commercial_partner_id", "any", [("total_due", ">", 0)])]
                )

    def test_g2_reader_changes_nothing(self):
        """Who may only look can neither set nor send, whatever the way."""
        user = self.users["readonly"]
        partner = self.customer.with_user(user)
        for values in (
            {"followup_excluded": True},
            {"followup_next_reminder_date": "2030-01-01"},
            {"followup_reminder_type": "manual"},
            {"followup_responsible_id": user.id},
        ):
            with self.assertRaises(AccessError):
                partner.write(values)
        for values in (
            {"followup_hold_until": "2030-01-01"},
            {"expected_payment_date": "2030-01-01"},
            {"no_followup": True},
        ):
            with self.assertRaises(AccessError):
                self.invoice.with_user(user).write(values)
        with self.assertRaises(AccessError):
            self.records["account.followup.item"].with_user(user).no_followup = True

    # ------------------------------------------------------------------
    # Documents
    # ------------------------------------------------------------------

    def _get_status(self, url):
        with mute_logger("odoo.http"):
            return self.url_open(url, allow_redirects=False).status_code

    def _log_in(self, name):
        login = self.users[name].sudo().login
        self.authenticate(None if name == "public" else login, login)

    def test_g2_letter_by_its_address(self):
        reminder = self.records["account.followup.reminder"]
        report = f"/report/html/{MODULE}.report_reminder/{reminder.id}"
        letter = reminder.delivery_ids.attachment_id
        self.assertTrue(letter)
        for name in USERS:
            with self.subTest(user=name):
                self._log_in(name)
                refused = {303} if name == "public" else {403}
                statuses = {200} if name in ACCOUNTANTS else refused
                self.assertIn(self._get_status(report), statuses)
                self.assertIn(
                    self._get_status(f"{report}?context=%7B%22lang%22:%22en_US%22%7D"),
                    statuses,
                )
                status = self._get_status(f"/web/content/{letter.id}")
                self.assertEqual(status == 200, name in ACCOUNTANTS)

    def test_g2_letter_of_another_company(self):
        other = self.setup_other_company(name="Second House")["company"]
        reminder = self.records["account.followup.reminder"]
        user = self.users["manager"]
        user.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        self.env.flush_all()
        self._log_in("manager")
        self.assertEqual(
            self._get_status(f"/report/html/{MODULE}.report_reminder/{reminder.id}"),
            403,
        )

    def test_g2_parts_of_the_letter_are_no_reports(self):
        reminder = self.records["account.followup.reminder"]
        self._log_in("portal")
        for part in ("report_reminder_document", "reminder_items"):
            status = self._get_status(f"/report/html/{MODULE}.{part}/{reminder.id}")
            self.assertGreaterEqual(status, 400)

    def test_g2_posted_letters_are_for_accountants(self):
        letter = self.env["snailmail.letter"].create(
            {
                "partner_id": self.customer.id,
                "model": "res.partner",
                "res_id": self.customer.id,
                "company_id": self.company.id,
                "user_id": self.env.uid,
            }
        )
        self.records["account.followup.delivery"].sudo().letter_id = letter
        self.env.flush_all()
        for name in ("employee", "readonly", "invoice", "manager"):
            letters = letter.with_user(self.users[name])
            with self.subTest(user=name):
                found = letters.search([("id", "=", letter.id)])
                self.assertEqual(bool(found), name in ACCOUNTANTS)

    def test_g2_only_trust_is_changed_in_the_work_list(self):
        row = self.records["account.followup.customer"].with_user(self.users["invoice"])
        row.trust = "good"
        self.assertEqual(self.customer.trust, "good")
        for name in row._fields:
            if name in ("trust", "id", "display_name") or name.startswith("__"):
                continue
            with self.subTest(field=name), self.assertRaises(AccessError):
                row.write({name: False})
                self.env.flush_all()

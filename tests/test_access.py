from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import tagged

from .access_common import MODULE, AccessCommon
from .access_tables import (
    ACCOUNTANTS,
    ADMINISTRATORS_FIELDS,
    CLERKS,
    MENUS,
    OPEN_FIELDS,
    RIGHTS,
)
from .common import TODAY


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestAccess(AccessCommon):
    """Row G2: menus, fields of other models and documents, as the tables say.

    Models, methods, reports and routes are tried in ``test_access_matrix.py``.
    """

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
                    if model.has_access("read"):
                        described = model.fields_get([field.name])
                        self.assertEqual(bool(described), name in ACCOUNTANTS)

    def test_g2_reading_and_searching_added_fields(self):
        for field in self._get_added_fields():
            name = field.model_name
            if name not in self.records or name in ADMINISTRATORS_FIELDS:
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

    def test_g2_letter_by_its_address(self):
        letter = self.records["account.followup.delivery"].attachment_id
        self.assertTrue(letter)
        for users, allowed in ((self.users, ACCOUNTANTS), (self.strangers, ())):
            for name, user in users.items():
                with self.subTest(user=user.login):
                    self._log_in(user)
                    status = self._get_status(f"/web/content/{letter.id}")
                    self.assertEqual(status == 200, name in allowed)

    def test_g2_parts_of_the_letter_are_no_reports(self):
        reminder = self.records["account.followup.reminder"]
        self._log_in(self.users["portal"])
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

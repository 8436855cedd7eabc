import psycopg2
from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .access_common import MODULE
from .access_fields import FIELDS, KEY, PEOPLE, SERVICE
from .access_tables import RIGHTS
from .common import TODAY
from .test_access_matrix import MatrixCommon

#: What the framework keeps of each record.
MAGIC = {"id", "create_uid", "create_date", "write_uid", "write_date"}
HELP = (
    "%s: stored, but not in tests/access_fields.py. Add a line there that says who may "
    "change it by RPC: SERVICE (only the code; the usual case), KEY or PEOPLE."
)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestAccessFields(MatrixCommon):
    """Row G2: each stored field: set by people, or by the service alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hidden_customer = cls._create_customer(
            "Hidden Ltd", company_id=cls.company_2.id
        )

    def _get_stored(self):
        """Return {model: stored fields}, ours and what we add to others.

        What is stored at the other side of a relation is in the table there.
        """
        stored = {}
        for name, model in self.env.registry.items():
            if model._abstract or not model._auto:
                continue
            for field in model._fields.values():
                ours = name in RIGHTS or field._modules == (MODULE,)
                if not ours or not field.store or field.type == "one2many":
                    continue
                if field.name not in MAGIC:
                    stored.setdefault(name, set()).add(field.name)
        return stored

    def test_g2_every_stored_field_is_in_the_table(self):
        stored = self._get_stored()
        for model in sorted(stored.keys() | FIELDS.keys()):
            with self.subTest(model=model):
                names, known = stored.get(model, set()), set(FIELDS.get(model, ()))
                missing = sorted(names - known)
                self.assertFalse(
                    missing, HELP % ", ".join(f"{model}.{one}" for one in missing)
                )
                self.assertFalse(known - names, "Not stored (any more)")

    def test_g2_who_writes_no_model_sets_no_field(self):
        for model, fields in FIELDS.items():
            if model in RIGHTS and not self._get_users_who(model, "write", "create"):
                with self.subTest(model=model):
                    self.assertEqual(set(fields.values()), {SERVICE})

    def _get_users_who(self, model, *operations):
        """Return the users of the company who may do one of the operations."""
        return [
            self.users[name]
            for name, rights in RIGHTS.get(model, {}).items()
            if rights & set(operations)
        ]

    def _get_fields(self, kind):
        """Yield (model, field) of a kind, of our models that somebody may write."""
        for model, fields in FIELDS.items():
            for name, one in fields.items():
                if one == kind and self._get_users_who(model, "write", "create"):
                    yield model, name

    def _get_value(self, model, name):
        """Return a value that a client could send."""
        field = self.env[model]._fields[name]
        if field.type == "selection":
            return field.get_values(self.env)[-1]
        if field.relational:
            found = self.env[field.comodel_name].search([], limit=1)
            return found.id if field.type == "many2one" else [Command.set(found.ids)]
        return {
            "boolean": True,
            "date": "2024-06-01",
            "datetime": "2024-06-01 12:00:00",
            "integer": 7,
            "float": 7.0,
            "monetary": 7.0,
        }.get(field.type, "7")

    def _open(self, model, user):
        record = self._get_record(model, user)
        if model == "account.followup.level":
            record = self.level_3  # a level that was used cannot be moved at all
        return record.with_env(self._get_env(user))

    def _get_create_values(self, model, user):
        if model == "account.followup.process.wizard.line":
            window = self._get_record("account.followup.process.wizard", user)
            return {"wizard_id": window.id}
        if model == "account.followup.promise.wizard.part":
            window = self._get_record("account.followup.promise.wizard", user)
            return {**self._prepare_values(model), "wizard_id": window.id}
        return self._prepare_values(model)

    # ------------------------------------------------------------------

    def test_g2_people_set_what_is_theirs(self):
        for model, name in self._get_fields(PEOPLE):
            for user in self._get_users_who(model, "write"):
                with self.subTest(field=f"{model}.{name}", user=user.login):
                    record = self._open(model, user)
                    values = {name: self._get_value(model, name)}
                    try:
                        with mute_logger("odoo.sql_db"):
                            self._try(True, record, "write", record.ids, values)
                    except psycopg2.IntegrityError:
                        continue  # it was let through to the database

    def test_g2_what_the_service_writes_is_not_changed(self):
        for model, name in self._get_fields(SERVICE):
            for user in self._get_users_who(model, "write"):
                with self.subTest(field=f"{model}.{name}", user=user.login):
                    record = self._open(model, user)
                    for value in (self._get_value(model, name), False):
                        self._try(False, record, "write", record.ids, {name: value})

    def test_g2_what_the_service_writes_is_not_forged(self):
        """Neither as a value of a new record nor as a default of the context."""
        for model, name in self._get_fields(SERVICE):
            for user in self._get_users_who(model, "create"):
                values = self._get_create_values(model, user)
                value = self._get_value(model, name)
                records = self.env[model].with_env(self._get_env(user))
                with self.subTest(field=f"{model}.{name}", user=user.login):
                    self._try(False, records, "create", [{**values, name: value}])
                    context = {f"default_{name}": value}
                    self._try(False, records, "create", [values], context=context)

    def test_g2_keys_are_not_moved(self):
        """To another company, or to a customer whom the user may not see."""
        for model, name in self._get_fields(KEY):
            value = self._get_hidden(model, name)
            for user in self._get_users_who(model, "write"):
                with self.subTest(field=f"{model}.{name}", user=user.login):
                    record = self._open(model, user)
                    self._try(False, record, "write", record.ids, {name: value})

    def test_g2_keys_are_not_forged(self):
        for model, name in self._get_fields(KEY):
            value = self._get_hidden(model, name)
            for user in self._get_users_who(model, "create"):
                values = self._get_create_values(model, user)
                with self.subTest(field=f"{model}.{name}", user=user.login):
                    records = self.env[model].with_env(self._get_env(user))
                    self._try(False, records, "create", [{**values, name: value}])
                    values = {key: one for key, one in values.items() if key != name}
                    context = {f"default_{name}": value}
                    self._try(False, records, "create", [values], context=context)

    def _get_hidden(self, model, name):
        """Return a company or a customer that the users may not see."""
        field = self.env[model]._fields[name]
        hidden = {"res.company": self.company_2, "res.partner": self.hidden_customer}
        found = hidden[field.comodel_name]
        return found.id if field.type == "many2one" else [Command.set(found.ids)]

    # ------------------------------------------------------------------

    def test_g2_settings_of_a_hidden_customer_stay(self):
        """A customer who has become another company's is no business of the first."""
        followup = self._get_followup(self.second_customer).sudo(False)
        self.second_customer.company_id = self.company_2
        for name in ("invoice", "manager"):
            with self.subTest(user=name):
                record = followup.with_env(self._get_env(self.users[name]))
                self._try(False, record, "write", record.ids, {"excluded": True})

    def test_g2_settings_still_work_from_the_customer(self):
        user = self.users["invoice"]
        user.group_ids += self.env.ref("base.group_partner_manager")
        customer = self.customer.with_env(self._get_env(user))
        values = {
            "followup_excluded": True,
            "followup_reminder_type": "manual",
            "followup_responsible_id": user.id,
            "followup_next_reminder_date": "2030-01-01",
            "followup_statement_opt_out": True,
        }
        self._call(customer, "write", customer.ids, values)
        followup = self.records["account.followup"]
        self.assertTrue(followup.excluded)
        self.assertEqual(followup.reminder_type, "manual")
        self.assertEqual(followup.responsible_id, user)
        self.assertTrue(followup.statement_opt_out)
        self._call(
            followup.with_env(self._get_env(user)),
            "write",
            followup.ids,
            {"excluded": False, "next_reminder_date": False},
        )
        self.assertFalse(followup.excluded)

    def test_g2_a_call_is_logged_in_the_own_name(self):
        """The window writes who and, by the window, for whom; nothing else can."""
        user = self.users["invoice"]
        windows = self.env["account.followup.call.wizard"]
        windows = windows.with_env(self._get_env(user)).with_context(
            default_partner_id=self.customer.id,
            default_user_id=self.users["manager"].id,
        )
        window = windows.create({"note": "They will pay"})
        window.action_log()
        call = window.call_id
        self.assertEqual(call.user_id, user)
        self.assertEqual(call.partner_id, self.customer)
        self.assertEqual(call.create_uid, user)

import inspect
from contextlib import ExitStack
from types import SimpleNamespace
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged

from .access_common import MODULE, SEARCHES, AccessCommon
from .access_tables import (
    LEFT_IN_CORE,
    METHODS,
    OPERATIONS,
    REPORT_MODELS,
    REPORTS,
    RIGHTS,
    ROUTES,
    SHARED,
    SHARED_ROUTES,
)
from .common import TODAY

#: Model: field that a user with the right to write may change.
CHANGES = {
    "account.followup": {"excluded": True},
    "account.followup.approval.line": {"is_chosen": False},
    "account.followup.calendar": {"country_id": 1},
    "account.followup.call.wizard": {"note": "New"},
    "account.followup.answer.wizard": {"note": "New"},
    "account.followup.customer": {"trust": "bad"},
    "account.followup.desk": {"excluded": True},
    "account.followup.hold.wizard": {"reason": "New"},
    "account.followup.level": {"name": "New"},
    "account.followup.plan": {"name": "New"},
    "account.followup.process.wizard": {"letters": "print"},
    "account.followup.process.wizard.line": {"reason": "New"},
    "account.followup.dispute": {"note": "New"},
    "account.followup.dispute.reason": {"name": "New"},
    "account.followup.dispute.wizard": {"note": "New"},
    "account.followup.reject.wizard": {"subject": "New"},
    "account.followup.promise.wizard": {"note": "New"},
    "account.followup.promise.wizard.part": {"amount": 7},
    "account.followup.send.wizard": {"sms_body": "New"},
    "account.followup.start.wizard": {"start": "age"},
    "account.followup.takeover": {"file_name": "new.csv"},
    "account.followup.takeover.level": {"is_created": True},
}

#: Lines of a window: the window.
PARTS = {
    "account.followup.process.wizard.line": "account.followup.process.wizard",
    "account.followup.promise.wizard.part": "account.followup.promise.wizard",
}


class MatrixCommon(AccessCommon):
    """Calls as a client makes them, and who gets an answer."""

    def setUp(self):
        super().setUp()
        stack = ExitStack()
        self.addCleanup(stack.close)
        stack.enter_context(
            self.mock_mail_gateway()
        )  # eight milliseconds: not each time

    def _get_kinds(self):
        """Yield (name, user, whether the records are of the user's company)."""
        for name, user in self.users.items():
            yield name, user, True
        for name, user in self.strangers.items():
            if name != "public":
                yield name, user, False

    def _get_env(self, user):
        """Return the environment of a user, with nothing of that of the tests."""
        return self.env(user=user, context={})

    def _get_owner(self, model, name, user, is_own):
        """Return who has opened a window: who may not, tries that of somebody else."""
        may = is_own and RIGHTS.get(model, {}).get(name)
        return user if may else self.users["invoice"]

    def _call(self, record, method, *args, **kwargs):
        """Call a method as a client does, on a fresh cache; return the answer."""
        self.env.flush_all()
        self.env.invalidate_all()
        self._init_mail_mock()
        answer = call_kw(record.browse(), method, list(args), kwargs)
        record.env.flush_all()  # as at the end of a request
        return answer

    def _try(self, allowed, record, method, *args, **kwargs):
        """Call a method and undo it: refused with an AccessError, or not.

        That there is nothing to do, or that it cannot be done, is no refusal.
        """
        savepoint = self.env.cr.savepoint()
        try:
            if not allowed:
                with self.assertRaises(AccessError):
                    self._call(record, method, *args, **kwargs)
                return
            try:
                self._call(record, method, *args, **kwargs)
            except AccessError:
                raise
            except UserError:
                return
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestAccessModels(MatrixCommon):
    """Row G2: each model, each operation, each kind of user, own and other company."""

    def _get_own_models(self):
        return {
            name
            for name, model in self.env.registry.items()
            if model._original_module == MODULE
        }

    def _get_concrete_models(self):
        return [name for name in RIGHTS if not self.env[name]._abstract]

    def test_g2_every_model_is_in_the_table(self):
        self.assertEqual(self._get_own_models(), set(RIGHTS))

    def test_g2_models_of_other_modules_are_not_ours(self):
        """Somebody else's model may be named like ours: it is his to grant rights."""
        other = SimpleNamespace(_original_module="followup_other")
        models = {**self.env.registry.models, "account.followup.other": other}
        with patch.object(self.env.registry, "models", models):
            self.assertIn("account.followup.other", self.env.registry)
            self.test_g2_every_model_is_in_the_table()

    def test_g2_every_model_has_a_global_rule(self):
        rules = self.env["ir.rule"].search([("groups", "=", False)])
        without = set(self._get_concrete_models()) - set(rules.model_id.mapped("model"))
        self.assertFalse(without)

    def test_g2_rights(self):
        for model in self._get_concrete_models():
            for name, user, _is_own in self._get_kinds():
                with self.subTest(model=model, user=user.login):
                    access = self.env[model].with_user(user)
                    allowed = {one for one in OPERATIONS if access.has_access(one)}
                    self.assertEqual(allowed, RIGHTS[model].get(name, set()))

    def test_g2_searching(self):
        """Who may read finds the records of the company, others none or a refusal."""
        for model in self._get_concrete_models():
            record = self.records.get(model)
            for name, user, is_own in self._get_kinds():
                if model not in self.records:  # a window, of one's own if possible
                    owner = self._get_owner(model, name, user, is_own)
                    record = self._get_record(model, owner)
                for method in SEARCHES:
                    with self.subTest(model=model, user=user.login, method=method):
                        self._check_search(record, user, name, is_own, method)

    def _check_search(self, record, user, name, is_own, method):
        if name not in RIGHTS[record._name]:
            searched = record.with_env(self._get_env(user))
            self._try(False, searched, method, *self._get_search(record, method))
            return
        self.assertEqual(self._is_found(record, user, method), is_own)

    def _get_search(self, record, method):
        field = "company_id" if "company_id" in record._fields else "create_uid"
        return SEARCHES[method]([("id", "=", record.id)], field)

    def _is_found(self, record, user, method):
        searched = record.with_env(self._get_env(user))
        found = self._call(searched, method, *self._get_search(record, method))
        if isinstance(found, dict):
            found = found.get("length", found)
        return bool(found)

    def test_g2_what_a_reminder_leaves_in_core(self):
        """Its text and its files: the debtor's own user reads the text only."""
        left = self._get_left()
        fields = self.env["account.followup.delivery"]._fields.values()
        models = {field.comodel_name for field in fields if field.type == "many2one"}
        models -= {"res.company", "res.partner", "res.users", *RIGHTS}
        self.assertEqual(models, set(LEFT_IN_CORE))
        self.assertEqual(models, set(left))
        for model, record in left.items():
            record.ensure_one()
            readers = LEFT_IN_CORE[model]
            for name, user, is_own in self._get_kinds():
                allowed = name in readers["own" if is_own else "other"]
                with self.subTest(model=model, user=user.login):
                    mine = record.with_env(self._get_env(user))
                    self._try(allowed, mine, "read", record.ids, [readers["field"]])
                    for method in SEARCHES:
                        self._check_left(record, user, allowed, method)

    def _get_left(self):
        """Return {model of core: what reminders have left there}."""
        reminder = self.records["account.followup.reminder"]
        message = reminder.mail_message_id
        posted = self._create_customer("Posted Ltd")
        self._create_late(20, 100, partner=posted)
        return {
            "mail.message": message,
            "ir.attachment": message.attachment_ids,
            "mail.mail": reminder.sudo().delivery_ids.mail_mail_id.sudo(False),
            "snailmail.letter": self._post_reminder(posted),
        }

    def _check_left(self, record, user, allowed, method):
        """Who may not read it does not find it, or is refused."""
        with self.subTest(method=method):
            try:
                found = self._is_found(record, user, method)
            except AccessError:
                found = False
            self.assertEqual(found, allowed)

    def test_g2_reading(self):
        for model in self._get_concrete_models():
            for name, user, is_own in self._get_kinds():
                with self.subTest(model=model, user=user.login):
                    allowed = is_own and "read" in RIGHTS[model].get(name, ())
                    record = self._get_record(
                        model, self._get_owner(model, name, user, is_own)
                    )
                    record = record.with_env(self._get_env(user))
                    self._try(allowed, record, "read", record.ids)
                    self._try(
                        allowed, record, "web_read", record.ids, {"display_name": {}}
                    )

    def test_g2_writing(self):
        for model in self._get_concrete_models():
            changes = CHANGES.get(model, {"create_uid": False})
            for name, user, is_own in self._get_kinds():
                with self.subTest(model=model, user=user.login):
                    allowed = is_own and "write" in RIGHTS[model].get(name, ())
                    record = self._get_record(
                        model, self._get_owner(model, name, user, is_own)
                    )
                    record = record.with_env(self._get_env(user))
                    self._try(allowed, record, "write", record.ids, changes)

    def test_g2_deleting(self):
        for model in self._get_concrete_models():
            for name, user, is_own in self._get_kinds():
                with self.subTest(model=model, user=user.login):
                    allowed = is_own and "unlink" in RIGHTS[model].get(name, ())
                    record = self._get_record(
                        model, self._get_owner(model, name, user, is_own)
                    )
                    record = record.with_env(self._get_env(user))
                    self._try(allowed, record, "unlink", record.ids)

    def test_g2_creating(self):
        """Nobody creates a record in a company that is not theirs."""
        for model in self._get_concrete_models():
            for name, user, is_own in self._get_kinds():
                with self.subTest(model=model, user=user.login):
                    allowed = is_own and "create" in RIGHTS[model].get(name, ())
                    values = self._prepare_values(model)
                    if model in PARTS:
                        owner = self._get_owner(PARTS[model], name, user, is_own)
                        window = self._get_record(PARTS[model], owner)
                        values = {**values, "wizard_id": window.id}
                        values.pop("partner_id", None)
                        values.pop("company_id", None)
                    records = self.env[model].with_env(self._get_env(user))
                    self._try(allowed, records, "create", [values])


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestAccessMethods(MatrixCommon):
    """Row G2: each public method, each kind of user, own and other company."""

    def _get_public_methods(self):
        """Return {(model, method)} that this module adds and a client can call."""
        return {
            (name, method)
            for name, model in self.env.registry.items()
            for cls in model.__mro__
            if cls.__module__.startswith(f"odoo.addons.{MODULE}.")
            for method, value in vars(cls).items()
            if self._is_public(method, value) and not self._is_override(model, method)
        }

    def _is_public(self, name, value):
        return (
            not name.startswith("_")
            and inspect.isroutine(value)
            and not getattr(value, "_api_private", False)
        )

    def _is_override(self, model, method):
        return any(
            method in vars(cls)
            for cls in model.__mro__
            if not cls.__module__.startswith(f"odoo.addons.{MODULE}.")
            and cls.__module__ != "odoo.api"
        )

    def test_g2_every_public_method_is_in_the_table(self):
        self.assertEqual(self._get_public_methods(), set(METHODS))

    def _get_args(self, records, method):
        """Return the ids, which a method of the model itself does not take."""
        is_on_model = getattr(getattr(type(records), method), "_api_model", False)
        return [] if is_on_model else [records.ids]

    def test_g2_methods(self):
        for (model, method), allowed in METHODS.items():
            for name, user, is_own in self._get_kinds():
                with self.subTest(model=model, method=method, user=user.login):
                    owner = self._get_owner(model, name, user, is_own)
                    record = self._get_record(model, owner)
                    record = record.with_env(self._get_env(user))
                    expected = name in allowed and (is_own or model in SHARED)
                    args = self._get_args(record, method)
                    self._try(expected, record, method, *args)

    def test_g2_methods_of_no_record(self):
        """Also an empty selection is refused to those who may not, or is an error."""
        for (model, method), allowed in METHODS.items():
            for name in set(self.users) - set(allowed):
                with self.subTest(model=model, method=method, user=name):
                    record = self.env[model].with_env(self._get_env(self.users[name]))
                    try:
                        self._call(record, method, *self._get_args(record, method))
                    except (AccessError, ValueError):
                        continue
                    self.fail("it is not refused")


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestAccessPages(MatrixCommon):
    """Row G2: each report and route, each kind of user, own and other company."""

    def test_g2_every_report_is_in_the_table(self):
        data = self.env["ir.model.data"].search(
            [("module", "=", MODULE), ("model", "=", "ir.actions.report")]
        )
        reports = self.env["ir.actions.report"].browse(data.mapped("res_id"))
        self.assertEqual(set(reports.mapped("report_name")), set(REPORTS))
        self.assertEqual(set(REPORT_MODELS), set(REPORTS))

    def test_g2_reports(self):
        for report, allowed in REPORTS.items():
            model = REPORT_MODELS[report]
            record = self.records[model]
            for name, user, is_own in self._get_kinds():
                self._log_in(user)
                for converter in ("html", "text", "pdf"):
                    url = f"/report/{converter}/{report}/{record.id}"
                    with self.subTest(url=url, user=user.login):
                        is_mine = is_own or model in SHARED
                        self._check_page(url, is_mine and name in allowed)
                        forged = "?context=%7B%22allowed_company_ids%22:%5B{}%5D%7D"
                        forged = forged.format(self.company.id)
                        self._check_page(url + forged, is_own and name in allowed)

    def _check_page(self, url, allowed):
        """A page is there, or refused (the public is asked to log in)."""
        status = self._get_status(url)
        if allowed:
            self.assertEqual(status, 200)
        else:
            self.assertIn(status, (303, 403, 404, 405))

    def _get_routes(self, module):
        """Return {route: endpoint} of a module."""
        return {
            rule.rule: rule.endpoint
            for rule in self.env["ir.http"].routing_map().iter_rules()
            if rule.endpoint.func.__module__.startswith(f"odoo.addons.{module}.")
        }

    def test_g2_every_route_is_in_the_table(self):
        self.assertEqual(set(self._get_routes(MODULE)), set(ROUTES))
        # what looks for them finds those of a module that has some
        self.assertIn(
            "/invoice/transaction/overdue", self._get_routes("account_payment")
        )

    def test_g2_routes(self):
        ids = {
            model.replace(".", "_"): record.id for model, record in self.records.items()
        }
        ids["token"] = self.records["account.followup.page.link"]._get_token()
        for route, (url, allowed) in ROUTES.items():
            for name, user, is_own in self._get_kinds():
                with self.subTest(route=route, user=user.login):
                    self._log_in(user)
                    is_mine = is_own or route in SHARED_ROUTES
                    self._check_page(url.format(**ids), is_mine and name in allowed)

from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .access_common import AccessCommon
from .access_tables import ACCOUNTANTS, CLERKS
from .common import TODAY
from .test_access_matrix import MatrixCommon

#: What is looked at as a record of a reminder.
MODELS = (
    "account.followup.reminder",
    "account.followup.reminder.line",
    "account.followup.delivery",
)

#: What is about invoices, and the number of it at the customer.
COUNTS = {
    "account.followup.promise": "followup_promise_count",
    "account.followup.dispute": "followup_dispute_count",
    "account.followup.call": "followup_call_count",
}


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestAccessBranch(MatrixCommon):
    """Row G2, S2-9: users of one branch, and users of the main company alone.

    Line, text, letter and totals name amounts: a line is for who may see its invoice,
    the rest for who may see the invoices of all companies that the reminder names.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls._create_branch("Branch Office")
        cls.branch_users = AccessCommon._create_users.__func__(
            cls, "branch", cls.branch
        )
        cls.head_users = cls.users  # of the main company alone
        cls.all_users = AccessCommon._create_users.__func__(cls, "both", cls.company)
        for name in ACCOUNTANTS:
            cls.all_users[name].company_ids = [
                Command.set((cls.company + cls.branch).ids)
            ]
        joint = cls._create_customer("Joint Ltd")
        cls._create_late(20, 100, partner=joint)
        cls._create_late(20, 30, partner=joint, company_id=cls.branch.id)
        lone = cls._create_customer("Lone Ltd")
        cls._create_late(20, 40, partner=lone, company_id=cls.branch.id)
        runs = cls.env["account.followup.run"]
        cls.run_of_both = runs._start(joint + lone, cls.company, "print")
        cls.reminder = cls.records["account.followup.reminder"]
        cls.joint, cls.lone = (
            cls.env["account.followup.reminder"].search(
                [("partner_id", "=", customer.id)]
            )
            for customer in (joint, lone)
        )
        for reminder in (cls.joint, cls.lone):
            reminder.sudo().delivery_ids.attachment_id.raw = cls._create_pdf()
        cls.env.flush_all()

    def _get_seen(self, model, user, companies):
        """Return what a user finds of our three reminders, his companies switched on.

        As (customer, amount) for lines, else as reminders.
        """
        reminders = self.reminder + self.joint + self.lone
        self.env.invalidate_all()
        context = {"allowed_company_ids": companies.ids}
        records = self.env(user=user, context=context)[model]
        own = model == "account.followup.reminder"
        field = "id" if own else "reminder_id"
        found = records.search([(field, "in", reminders.ids)])
        found.read()  # and all of it can be read
        if model.endswith("line"):
            return {(line.partner_id.name, line.residual) for line in found.sudo()}
        return found if own else found.sudo().reminder_id

    def test_g2_the_branch_of_each_line_is_kept(self):
        self.assertEqual(
            {line.branch_id: line.residual for line in self.joint.line_ids},
            {self.company: 100, self.branch: 30},
        )
        self.assertEqual(self.joint.branch_ids, self.company + self.branch)
        self.assertEqual(self.lone.branch_ids, self.branch)
        self.assertEqual(self.reminder.branch_ids, self.company)

    def test_g2_a_branch_sees_its_own(self):
        for name in ACCOUNTANTS:
            user = self.branch_users[name]
            for model in MODELS:
                with self.subTest(user=user.login, model=model):
                    seen = self._get_seen(model, user, self.branch)
                    expected = self.lone
                    if model.endswith("line"):
                        expected = {("Joint Ltd", 30.0), ("Lone Ltd", 40.0)}
                    self.assertEqual(seen, expected)

    def test_g2_the_main_company_sees_its_own(self):
        for name in ACCOUNTANTS:
            user = self.head_users[name]
            for model in MODELS[::2]:
                with self.subTest(user=user.login, model=model):
                    seen = self._get_seen(model, user, self.company)
                    self.assertEqual(seen, self.reminder)
            lines = self._get_seen(MODELS[1], user, self.company)
            self.assertIn(("Joint Ltd", 100.0), lines)
            self.assertNotIn(("Joint Ltd", 30.0), lines)

    def test_g2_who_has_all_companies_sees_all(self):
        for name in ACCOUNTANTS:
            user = self.all_users[name]
            for model in MODELS[::2]:
                with self.subTest(user=user.login, model=model):
                    seen = self._get_seen(model, user, self.company + self.branch)
                    self.assertEqual(seen, self.reminder + self.joint + self.lone)

    def _create_talks(self, partner):
        """Return {model: {whose invoices: record}}: of each alone, and of both."""
        days = {self.company: TODAY}
        reason = self.env["account.followup.dispute.reason"]._get_reason()
        talks = {model: {} for model in COUNTS}
        for whose, companies in {
            "head": self.company,
            "branch": self.branch,
            "both": self.company + self.branch,
        }.items():
            promised, disputed = (
                self.env["account.move"]
                .union(
                    *(
                        self._create_late(20, 50, partner=partner, company_id=one.id)
                        for one in companies
                    )
                )
                ._get_followup_lines()
                for _number in range(2)
            )
            talks["account.followup.promise"][whose] = self.env[
                "account.followup.promise"
            ]._promise(promised, [(TODAY, None)], days, note="Secret")
            talks["account.followup.dispute"][whose] = self.env[
                "account.followup.dispute"
            ]._dispute(disputed, reason, days, note="Secret")
            talks["account.followup.call"][whose] = (
                self.env["account.followup.call"]
                .sudo()
                .create(
                    {
                        "partner_id": partner.id,
                        "company_id": self.company.id,
                        "date": TODAY,
                        "outcome": "promise",
                        "promised_date": TODAY,
                        "note": "Secret",
                        "line_ids": [Command.set(promised.ids)],
                    }
                )
            )
        self.env.flush_all()
        return talks

    def test_g2_promises_disputes_and_calls(self):
        """They are for who may see all invoices that they are about."""
        partner = self._create_customer("Talking Ltd")
        talks = self._create_talks(partner)
        both = self.company + self.branch
        for users, companies, expected in (
            (self.branch_users, self.branch, {"branch"}),
            (self.head_users, self.company, {"head"}),
            (self.all_users, both, {"head", "branch", "both"}),
            (self.all_users, self.branch, {"branch"}),
        ):
            for name in ACCOUNTANTS:
                context = {"allowed_company_ids": companies.ids}
                env = self.env(user=users[name], context=context)
                for model, count in COUNTS.items():
                    self.env.invalidate_all()
                    with self.subTest(user=users[name].login, model=model):
                        records = talks[model]
                        found = env[model].search([("partner_id", "=", partner.id)])
                        seen = {key for key in records if records[key].id in found.ids}
                        self.assertEqual(seen, expected)
                        self.assertEqual(len(found), len(expected))
                        self.assertEqual(partner.with_env(env)[count], len(expected))
                        self.assertEqual(set(found.mapped("note")), {"Secret"})
                        for key in records.keys() - expected:
                            hidden = records[key].with_env(env)
                            with self.assertRaises(AccessError):
                                hidden.read(["note"])
        for model in COUNTS:
            every = self.env[model].sudo().search([("partner_id", "=", partner.id)])
            self.assertEqual(len(every), 3, "the service sees all")

    def test_g2_a_call_about_no_invoice(self):
        """It is of the whole house, like the case."""
        partner = self._create_customer("Silent Ltd")
        call = self.env["account.followup.call"].sudo()
        call = call.create({**self._prepare_call(), "partner_id": partner.id})
        for user in (self.branch_users["readonly"], self.head_users["readonly"]):
            self.env.invalidate_all()
            mine = call.with_env(self.env(user=user, context={}))
            self.assertEqual(mine.outcome, "reached")

    def test_g2_nothing_of_it_by_other_ways(self):
        """The documents by their address, and what the buttons of it do."""
        delivery = self.joint.delivery_ids.filtered("attachment_id")
        self.assertTrue(delivery)
        for name in ACCOUNTANTS:
            user = self.branch_users[name]
            joint = self.joint.with_env(self._get_env(user))
            with self.subTest(user=name):
                self._try(False, joint, "read", joint.ids, ["body"])
                self._try(False, joint, "action_open_customer", joint.ids)
                for method in ("action_download", "action_retry"):
                    hidden = delivery.with_env(self._get_env(user))
                    self._try(False, hidden, method, hidden.ids)
                self._log_in(user)
                report = "account_payment_followup.report_reminder"
                for url in (
                    f"/report/html/{report}/{joint.id}",
                    f"/web/content/{delivery.attachment_id.id}",
                ):
                    self.assertIn(self._get_status(url), (303, 403, 404), url)
                own = self.lone.delivery_ids.attachment_id
                self.assertEqual(self._get_status(f"/web/content/{own.id}"), 200)

    def test_g2_letters_by_post(self):
        """Core keeps their files, too: letter, invoices, and the code of the page."""
        head, branch = self.company, self.branch
        letters = {}
        for whose, companies in (
            ("head", head),
            ("branch", branch),
            ("both", head + branch),
        ):
            partner = self._create_customer(f"Posted to {whose}")
            for one in companies:
                self._create_late(20, 50, partner=partner, company_id=one.id)
            letters[whose] = self._post_reminder(partner)
        for users, companies, expected in (
            (self.branch_users, branch, {"branch"}),
            (self.head_users, head, {"head"}),
            (self.all_users, head + branch, {"head", "branch", "both"}),
            (self.all_users, branch, {"branch"}),
        ):
            for name in ACCOUNTANTS:
                context = {"allowed_company_ids": companies.ids}
                env = self.env(user=users[name], context=context)
                found = env["snailmail.letter"].search([])
                for whose, letter in letters.items():
                    self.env.invalidate_all()
                    with self.subTest(user=users[name].login, letter=whose):
                        mine = letter.with_env(env)
                        self.assertEqual(letter in found, whose in expected)
                        if whose in expected:
                            self.assertTrue(mine.attachment_datas)
                            continue
                        for use in (
                            lambda mine=mine: mine.read(["attachment_datas"]),
                            lambda mine=mine: mine.cancel(),
                            lambda mine=mine: mine.snailmail_print(),
                        ):
                            with self.assertRaises(AccessError):
                                use()

    def _print(self, user):
        """Print the letters of the run as a client does; return the file."""
        run = self.run_of_both.with_env(self._get_env(user))
        mixin = "odoo.addons.account_payment_followup.models.account_followup_run_mixin"
        with patch(f"{mixin}.merge_pdf", b" ".join):
            action = self._call(run, "action_print_letters", run.ids)
        document_id = int(action["url"].split("/")[-1].split("?")[0])
        return self.env["ir.attachment"].browse(document_id)

    def _get_letter_counts(self, user):
        """Return (to print, all, of others) of the letters of the run."""
        self.env.invalidate_all()
        run = self.run_of_both.with_env(self._get_env(user))
        waits = run.search([("to_print_count", ">", 0), ("id", "=", run.id)])
        self.assertEqual(bool(waits), bool(run.to_print_count))
        return run.to_print_count, run.letter_count, run.hidden_letter_count

    def test_g2_letters_of_a_run(self):
        """A run is of the whole house, a letter is for who may read it."""
        printed = {}
        for reminder in (self.joint, self.lone):
            delivery = reminder.sudo().delivery_ids.filtered("attachment_id")
            delivery.attachment_id.raw = reminder.partner_id.name.encode()
            printed[reminder] = delivery
        branch, head = self.branch_users["invoice"], self.head_users["invoice"]
        both = self.all_users["invoice"]
        self.assertEqual(self._get_letter_counts(branch), (1, 1, 1))
        self.assertEqual(self._get_letter_counts(head), (0, 0, 2))
        self.assertEqual(self._get_letter_counts(both), (2, 2, 0))
        with self.assertRaisesRegex(UserError, "no letter to print"):
            self._print(head)
        self.assertEqual(self._get_letter_counts(both), (2, 2, 0))
        # a letter that he does not get is not printed
        document = self._print(branch)
        self.assertEqual(document.sudo().raw, b"Lone Ltd")
        self.assertTrue(printed[self.lone].printed_on)
        self.assertFalse(printed[self.joint].printed_on)
        self.assertEqual(self._get_letter_counts(branch), (0, 1, 1))
        self.assertEqual(self._get_letter_counts(both), (1, 2, 0))
        # and who prints all of them does not share the file
        of_both = self._print(both)
        for reminder in printed:
            self.assertIn(reminder.partner_id.name.encode(), of_both.sudo().raw)
        self.assertEqual(self._get_letter_counts(both), (0, 2, 0))
        self._check_files({branch: document, both: of_both})
        self.run_of_both.sudo().unlink()
        self.assertFalse((document + of_both).sudo().exists())

    def _is_file_found(self, document):
        domain = [("res_model", "=", "account.followup.printing")]
        try:
            return document in document.search(domain)
        except AccessError:
            return False

    def _check_files(self, files):
        """Each file is for the user who has made it, and for nobody else."""
        system = self._create_user("system", "base.group_system")
        others = (*self.branch_users.values(), self.head_users["manager"], system)
        for user in {*files, *others}:
            for owner, document in files.items():
                mine = document.with_env(self._get_env(user))
                with self.subTest(user=user.login, owner=owner.login):
                    self._try(user == owner, mine, "read", mine.ids, ["raw"])
                    self.assertEqual(self._is_file_found(mine), user == owner)
        for user in files:
            self._log_in(user)
            for owner, document in files.items():
                status = self._get_status(f"/web/content/{document.id}")
                self.assertEqual(status == 200, user == owner)

    def test_g2_the_window_tells_of_a_reminder_that_it_hides(self):
        """Nobody is reminded twice because one of both may not see the other's."""
        self.company.followup_min_days = 3
        for name in CLERKS:
            partner = self.joint.partner_id.with_user(self.branch_users[name])
            action = partner.with_company(self.branch).action_send_followup()
            window = partner.env[action["res_model"]]
            window = window.with_context(**action["context"]).create({})
            with self.subTest(user=name):
                self.assertIn("recent", window.alerts)
                spec = {"alerts": {}, "seen_reminder_id": {"fields": {}}}
                self.assertTrue(window.web_read(spec)[0]["alerts"])

    def test_g2_branch_users_in_other_models(self):
        """Cases, levels and the work-list are those of the whole house."""
        partner = self.joint.partner_id
        for name in ACCOUNTANTS:
            env = self.env(user=self.branch_users[name], context={})
            items = env["account.followup.item"].search(
                [("partner_id", "=", partner.id)]
            )
            with self.subTest(user=name):
                self.assertEqual(items.mapped("residual"), [30.0])
                row = env["account.followup.customer"].search(
                    [("partner_id", "=", partner.id)]
                )
                self.assertEqual(row.total_overdue, 130)
                self.assertTrue(env["account.followup.level"].search([]))

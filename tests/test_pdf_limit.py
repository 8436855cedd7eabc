import time
from pathlib import Path
from unittest.mock import Mock, patch

import psutil
from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.base.models import ir_actions_report

from ..models.ir_actions_report import TIME_LIMIT_PARAMETER, PdfPutOffError
from ..tools.pdf_limit import PATIENCE, Mark, Patience, Watch
from .common import TODAY
from .patience import PATIENCE as LONG
from .test_faults import PdfFaultsCommon

#: Much longer than the limit of the tests: whoever waits for it fails.
HANG = 600

#: Hangs for the letters of whoever is named so, and says it; else is the real engine.
HANGS_FOR_SOME = f"""
for name in "$@"; do
  case "$name" in
    *body*) grep -q "Hangman" "$name" && touch "$0.hangs" && sleep {HANG} ;;
  esac
done
exec {{real}} "$@"
"""


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPdfLimit(PdfFaultsCommon):
    """The PDF engine hangs: it is stopped, and only whose letter it was has failed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param(TIME_LIMIT_PARAMETER, "1")

    def _create_late_customers(self, *names):
        address = {"zip": "20500", "country_id": self.env.ref("base.us").id}
        customers = self.env["res.partner"]
        for name in names:
            customer = self._create_customer(name)
            customer.write({"street": "1 Main St", "city": "Washington", **address})
            self._create_late(20, partner=customer)
            customers += customer
        return customers

    def _need_engine(self):
        info = ir_actions_report._wkhtml()
        if info.state != "ok":
            self.skipTest("wkhtmltopdf is missing")
        return HANGS_FOR_SOME.format(real=info.bin)

    def _get_own_sleepers(self):
        return [
            process
            for process in psutil.Process().children(recursive=True)
            if process.name() == "sleep"
        ]

    def test_engine_hangs(self):
        """The customer fails with the reason, back-off and one task; others go on.

        The script is ended together with what it has started.
        """
        began = time.monotonic()
        self._run_with_engine(f"sleep {HANG}")
        self.assertLess(time.monotonic() - began, HANG / 2)
        self._assert_only_one_failed("did not end within 1 seconds")
        for process in self._get_own_sleepers():
            process.wait(LONG)
        self.assertFalse(self._get_own_sleepers())

    def test_engine_ends_with_its_child(self):
        """Busy machine: a script is gone before it is killed itself. It hung, too."""
        watch = Watch(Mark("7"), 1)
        child = Mock()
        script = Mock()
        script.cmdline.return_value = [watch.mark]
        script.children.return_value = [child]
        script.kill.side_effect = psutil.NoSuchProcess(7)
        with patch.object(psutil, "Process") as process:
            process.return_value.children.return_value = [script]
            watch._kill()
        child.kill.assert_called_once()
        self.assertTrue(watch.has_killed)

    def test_engine_hangs_for_one_of_many(self):
        script = self._need_engine()
        # more than the real engine needs on a busy machine
        self.env["ir.config_parameter"].set_param(TIME_LIMIT_PARAMETER, LONG)
        customers = self._create_late_customers("Ann", "Hangman", "Carla", "Dora")
        with patch.object(Watch, "run", self._end_who_hangs):
            result = self._run_with_engine(script, customers)
        self.assertEqual(result["done"].partner_id, customers - customers[1])
        self.assertFalse(result["skipped"])
        self._assert_failed(customers[1], "did not end within")

    @staticmethod
    def _end_who_hangs(watch):
        """Let the time of a watch be up when the engine hangs, not before."""
        told = Path(f"{ir_actions_report._wkhtml().bin}.hangs")
        while not watch.is_over.wait(0.05) and not watch.has_killed:
            if told.exists():
                watch._kill()
        told.unlink(missing_ok=True)

    def test_engine_hangs_for_all(self):
        """Some have failed, the rest is left to the next run: the worker lives on."""
        customers = self._create_late_customers(*"ABCDEFGH")
        result = self._run_with_engine(f"sleep {HANG}", customers)
        self.assertFalse(result["done"])
        self.assertTrue(result["failed"])
        self.assertTrue(result["skipped"])
        for followup, reason in result["skipped"].items():
            self.assertIn("The next run tries again", reason)
            self.assertFalse(followup.failure_count)
            self.assertFalse(followup.retry_date)

    def test_engine_is_slow_but_ends(self):
        self._need_engine()
        real = ir_actions_report._wkhtml().bin
        self.env["ir.config_parameter"].set_param(TIME_LIMIT_PARAMETER, LONG)
        self._run_with_engine(f'sleep 1; exec {real} "$@"')
        self.assertEqual(
            self._get_reminders().delivery_ids.mapped("state")[0], "queued"
        )

    def test_engine_hangs_for_an_invoice(self):
        self.level_1.attach_invoices = True
        self.level_2.write({"attach_invoices": False, "send_letter": False})
        self._run_with_engine(f"sleep {HANG}")
        self.assertFalse(self._get_reminders(self.healthy))
        self._assert_failed(self.healthy, "did not end within 1 seconds")
        self.assertEqual(self._get_reminders().state, "queued")

    def test_engine_hangs_for_a_person(self):
        """By the button the person gets the reason, and nothing is left behind."""
        followup = self.env["account.followup"]._get_or_create(
            self.customer, self.company
        )
        service = self.env["account.followup.send"].with_context(
            force_report_rendering=True
        )
        with (
            self._engine(f"sleep {HANG}"),
            self.assertRaisesRegex(UserError, "stopped"),
        ):
            data = service._prepare_data(followup, TODAY, trigger="manual")
            service._send_reminder(followup, TODAY, data)

    def test_f2_engine_hangs_for_a_statement(self):
        values = {
            "company_id": self.company.id,
            "company_ids": self.company.ids,
            "user_id": self.env.uid,
            "trigger": "manual",
            "date_to": TODAY,
            "do_print": True,
        }
        run = self.env["account.followup.statement.run"].sudo().create(values)
        run = run.with_context(force_report_rendering=True)
        run._add_statements(self.customer)
        with self._engine(f"sleep {HANG}"):
            run._process(run.statement_ids)
        self.assertEqual(run.statement_ids.progress, "failed")
        self.assertIn("did not end within", run.statement_ids.error)

    def test_limit_is_not_a_number(self):
        report = self.env["ir.actions.report"]
        for text in ("soon", "0", "-5", ""):
            self.env["ir.config_parameter"].set_param(TIME_LIMIT_PARAMETER, text)
            self.assertEqual(report._get_followup_patience().limit, 30)
        self.env["ir.config_parameter"].set_param(TIME_LIMIT_PARAMETER, "7.5")
        self.assertEqual(report._get_followup_patience().limit, 7.5)

    def test_patience(self):
        """All waiting of one transaction ends before the worker's two minutes."""
        patience = Patience(30)
        waits = []
        while not patience.is_at_end:
            waits.append(patience.limit)
            patience.note_hang()
        self.assertEqual(waits[:5], [30, 15, 7.5, 3.75, 3])
        self.assertLess(sum(waits), 100)
        self.assertGreater(len(waits), 10, "a batch can be halved down to one customer")

    def test_other_reports_have_no_limit(self):
        """What is not ours is printed as Odoo does, however long it takes."""
        report = self.env["ir.actions.report"]
        with (
            self._engine(f"sleep {HANG}"),
            patch.object(ir_actions_report, "_run_wkhtmltopdf", self._refuse) as run,
        ):
            with self.assertRaisesRegex(UserError, "no mark"):
                report._run_wkhtmltopdf(["<p/>"])
            with (
                report._limiting_followup_time(),
                self.assertRaisesRegex(UserError, "with a mark"),
            ):
                report._run_wkhtmltopdf(["<p/>"])
            with self.assertRaisesRegex(UserError, "no mark"):
                report._run_wkhtmltopdf(["<p/>"])
        self.assertTrue(run)

    @staticmethod
    def _refuse(arguments):
        raise UserError("with a mark" if "X-Mark" in arguments else "no mark")

    def test_nobody_is_called_after_the_end(self):
        patience = Patience(1)
        patience.waited = 3
        report = self.env["ir.actions.report"]
        self.addCleanup(PATIENCE.reset, PATIENCE.set(patience))
        with report._limiting_followup_time(), self.assertRaises(PdfPutOffError):
            report._run_wkhtmltopdf(["<p/>"])

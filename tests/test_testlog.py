import contextlib
import importlib.util
import io
from pathlib import Path

from odoo.tests import BaseCase, tagged

PATH = Path(__file__).parent.parent / "dev" / "testlog.py"
HEAD = "2026-01-01 00:00:0{second},000 1 {level} db {logger}: {text}"
LOGGER = "odoo.addons.account_payment_followup.tests.test_a"


@tagged("post_install", "-at_install")
class TestTestLog(BaseCase):
    """What dev/test says about its tests is so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        spec = importlib.util.spec_from_file_location("testlog", PATH)
        cls.testlog = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(cls.testlog)

    def _show(self, *entries):
        """Return what is shown of (level, logger, text)."""
        report = self.testlog.Report([])
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            for second, (level, logger, text) in enumerate(entries):
                head = HEAD.format(second=second, level=level, logger=logger, text=text)
                report.add(head + "\n")
            report.finish_test()
            report.times = dict.fromkeys(report.times, 100.0)
            report.show(0)
        return shown.getvalue(), report

    def test_slowest_is_the_test_itself(self):
        """What comes before a test, like the set-up of its class, is not its own."""
        shown, report = self._show(
            ("INFO", LOGGER, "Starting TestA.test_quick ... "),
            ("INFO", LOGGER, "Took 0.03 s: TestA.test_quick"),
            ("INFO", LOGGER, "Starting TestA.test_slow ... "),
            ("INFO", LOGGER, "Took 13.97 s: TestA.test_slow"),
        )
        slowest = "slowest: TestA.test_slow 14.0 s, TestA.test_quick 0.0 s"
        self.assertIn(slowest, shown)
        self.assertEqual(report.counts(0), (2, 0, 0))

    def test_a_warning_is_a_failure(self):
        shown, report = self._show(
            ("INFO", LOGGER, "Starting TestA.test_quick ... "),
            ("WARNING", "odoo.http", "something is wrong"),
        )
        self.assertEqual(report.counts(0), (1, 1, 0))
        self.assertIn("something is wrong", shown)
        self.assertIn("during TestA.test_quick", shown)

from ast import literal_eval
from datetime import timedelta

from lxml import etree

from odoo.orm.model_classes import add_to_registry
from odoo.tests import freeze_time, tagged

from . import proof_lawsuit
from .common import TODAY, FollowupCommon


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestProofLawsuit(FollowupCommon):
    """One more reason to rest, in one method: all that follows from it is right."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        item = cls.registry["account.followup.item"]
        bases = item._base_classes__
        add_to_registry(cls.registry, proof_lawsuit.Item)
        cls.registry._setup_models__(cls.env.cr, [item._name])
        cls.addClassCleanup(cls._remove, bases)
        cls.invoice = cls._create_late(20)
        cls.customer = cls.customer.with_company(cls.company)

    @classmethod
    def _remove(cls, bases):
        item = cls.registry["account.followup.item"]
        item._base_classes__ = bases
        cls.registry._setup_models__(cls.env.cr, [item._name])

    def _sue(self, invoice=None):
        (invoice or self.invoice).ref = "at court"
        self.env.invalidate_all()

    def _get_item(self):
        self.env.invalidate_all()
        return self.env["account.followup.item"].search(
            [("move_id", "=", self.invoice.id)]
        )

    def test_status_and_next_reminder(self):
        self.assertEqual(self.customer.followup_status, "in_need_of_action")
        self._sue()
        self.assertEqual(self.customer.followup_status, "with_overdue_invoices")
        self.assertFalse(self.customer.followup_next_reminder_date)
        row = self.env["account.followup.customer"].search(
            [("partner_id", "=", self.customer.id)]
        )
        self.assertFalse(row.next_reminder_date)
        self.assertEqual(
            row.reason_text,
            f"All overdue invoices rest: {self.invoice.name} (At court).",
        )

    def test_it_counts_before_a_hold(self):
        """The end of the hold is no day on which a reminder would go out."""
        self._sue()
        lines = self.invoice.line_ids
        lines.write({"followup_hold_until": TODAY + timedelta(days=5)})
        self.assertEqual(self._get_item().rest_reason, "lawsuit")
        self.assertFalse(self.customer.followup_next_reminder_date)
        lines.write({"no_followup": True})
        self.assertEqual(self._get_item().rest_reason, "excluded")

    def test_nightly_run(self):
        self._sue()
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertFalse(self._get_reminders())

    def test_another_invoice_is_reminded(self):
        other = self._create_late(20)
        self._sue()
        window = self._open_window()
        self.assertEqual(window.item_line_ids.move_id, other)
        with self.mock_mail_gateway():
            self._run_cron()
        self.assertEqual(self._get_reminders().line_ids.move_id, other)

    def test_what_is_queued_does_not_leave(self):
        with self.mock_mail_gateway():
            self._get_followup()._process(TODAY)
            self._sue()
            self._run_mail_queue()
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "withdrawn")
        self.assertIn("(At court)", reminder.failure_reason)

    def test_list_of_items(self):
        """Badge, text and the filter Resting."""
        self._sue()
        item = self._get_item()
        labels = dict(item._fields["rest_reason"]._description_selection(self.env))
        self.assertEqual(labels[item.rest_reason], "At court")
        self.assertEqual(item.rest_text, f"{self.invoice.name} (At court)")
        view = etree.fromstring(item.get_view(False, "search")["arch"])
        [resting] = view.xpath("//filter[@name='resting']")
        domain = literal_eval(resting.get("domain"))
        self.assertIn(item, item.search(domain))

    def test_report(self):
        self._sue()
        reports = self.env["account.followup.report"].with_company(self.company)
        report = reports.get_report(
            {"variant": "followup_report", "partner_ids": self.customer.ids}
        )
        [row] = [row for row in report["rows"] if row.get("partner_id")]
        self.assertEqual(row["values"]["resting"], 100.0)
        self.assertFalse(row["values"]["overdue"])

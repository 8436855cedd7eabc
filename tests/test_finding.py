from pathlib import Path

from lxml import html

from odoo.modules import get_module_path
from odoo.tests import Form, tagged

from .common import FollowupCommon

MODULE = "account_payment_followup"


@tagged("post_install", "-at_install")
class TestFinding(FollowupCommon):
    """What an administrator finds: the module, its pictures, what the switches hold."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.module = cls.env["ir.module.module"].search([("name", "=", MODULE)])

    def test_apps_shows_it(self):
        """Apps opens with a filter of its own, under which the module is found."""
        action = self.env["ir.actions.act_window"]._for_xml_id("base.open_module_tree")
        self.assertIn("search_default_app", action["context"])
        view = self.env.ref("base.view_module_filter").arch
        domain = html.fromstring(view).xpath("//filter[@name='app']/@domain")
        self.assertEqual(domain, ["[('application', '=', True)]"])
        self.assertTrue(self.module.application)

    def test_pictures(self):
        """All that is shipped is shown where the module is described."""
        folder = Path(get_module_path(MODULE)) / "static" / "description"
        shipped = {path.name for path in folder.glob("*.png")} - {"icon.png"}
        root = html.fromstring(self.module.description_html)
        shown = root.xpath("//img")
        self.assertEqual(
            {image.get("src") for image in shown},
            {f"/{MODULE}/static/description/{name}" for name in shipped},
        )
        for image in shown:
            self.assertTrue(image.get("alt"), image.get("src"))
        self.assertTrue((folder / "icon.png").exists())

    def test_who_looks_after_it(self):
        self.assertTrue(self.module.author)
        self.assertEqual(self.module.maintainer, self.module.author)
        self.assertFalse(self.module.website, "there is none")

    def test_switches_in_the_list_of_levels(self):
        self.level_3.is_automatic = False
        self.company.followup_automatic = False
        self.assertIn("automatic reminders are switched off", self.level_1.switch_info)
        self.assertFalse(self.level_3.switch_info, "it waits for a person anyway")
        self.company.followup_automatic = True
        self.env.invalidate_all()
        self.assertFalse(self.level_1.switch_info)
        self.company.followup_enabled = False
        self.env.invalidate_all()
        for level in self.levels:
            self.assertIn("follow-ups are switched off", level.switch_info)
        view = self.env["account.followup.level"].get_view(view_type="list")
        self.assertIn("switch_info", view["arch"])

    def test_replies_without_alias_domain(self):
        self.company.alias_domain_id = self.env["mail.alias.domain"].create(
            {"name": "company.example.com"}
        )
        with Form(self.level_1) as form:
            form.follower_user_ids.add(self.responsible)
            self.assertFalse(form.is_reply_lost)
        self.company.alias_domain_id = False
        self.env.invalidate_all()
        with Form(self.level_1) as form:
            self.assertTrue(form.is_reply_lost)

from odoo.tests import TransactionCase, tagged

MODULE = "account_payment_followup"

NAMES = {
    "en_US": "Payment Reminder",
    "de_DE": "Zahlungserinnerung",
    "fr_FR": "Rappel de paiement",
    "it_IT": "Sollecito di pagamento",
}


@tagged("post_install", "-at_install")
class TestLevelNames(TransactionCase):
    """Rows A1, G1: the levels to start with speak the languages that are there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for lang in ("de_DE", "fr_FR"):
            cls.env["res.lang"]._activate_lang(lang)

    def _load(self, *langs):
        """Load languages as their installation does."""
        for lang in langs:
            self.env["res.lang"]._activate_lang(lang)
        self.env["ir.module.module"]._load_module_terms([MODULE], langs)

    def _drop_english(self):
        """Make the database one that was created in German, without English."""
        partners = self.env["res.partner"].with_context(active_test=False)
        partners.search([("lang", "=", "en_US")]).write({"lang": "de_DE"})
        self.env.ref("base.lang_en").active = False
        self.env = self.env(context={**self.env.context, "lang": "de_DE"})

    def _create_level(self, lang):
        """Return the first level of a new company that speaks a language."""
        partner = self.env["res.partner"].create({"name": "New", "lang": lang})
        company = self.env["res.company"].create(
            {"name": f"Company in {lang}", "partner_id": partner.id}
        )
        levels = self.env["account.followup.level"]
        return levels.search([("company_id", "=", company.id)], limit=1)

    def _get_names(self, level):
        return level._fields["name"]._get_stored_translations(level)

    def _get_expected(self, fallback, *langs):
        return {"en_US": NAMES[fallback], **{lang: NAMES[lang] for lang in langs}}

    def test_with_english(self):
        level = self._create_level("fr_FR")
        expected = self._get_expected("en_US", "de_DE", "fr_FR")
        self.assertEqual(self._get_names(level), expected)

    def test_without_english(self):
        """Both languages that are there; the company's own stands for all others."""
        self._drop_english()
        for lang in ("fr_FR", "de_DE"):
            with self.subTest(company=lang):
                level = self._create_level(lang)
                expected = self._get_expected(lang, "de_DE", "fr_FR")
                self.assertEqual(self._get_names(level), expected)

    def test_company_without_language(self):
        """The first one by code: the same in each installation."""
        self._drop_english()
        level = self._create_level(False)
        expected = self._get_expected("de_DE", "de_DE", "fr_FR")
        self.assertEqual(self._get_names(level), expected)

    def test_language_loaded_later(self):
        self._drop_english()
        level = self._create_level("fr_FR")
        self._load("it_IT")
        expected = self._get_expected("fr_FR", "de_DE", "fr_FR", "it_IT")
        self.assertEqual(self._get_names(level), expected)
        call = level.search([("company_id", "=", level.company_id.id)])[2]
        self.assertIn("scadute", call.with_context(lang="it_IT").activity_summary)

    def test_english_loaded_later(self):
        self._drop_english()
        level = self._create_level("fr_FR")
        self._load("en_US")
        expected = self._get_expected("en_US", "de_DE", "fr_FR")
        self.assertEqual(self._get_names(level), expected)

    def test_installed_wrongly_before(self):
        """A database whose levels all speak the language that came first is mended."""
        self._drop_english()
        level = self._create_level("fr_FR")
        self.env.cr.execute(
            "UPDATE account_followup_level SET name = %s WHERE id = %s",
            [
                '{"en_US": "Zahlungserinnerung", "de_DE": "Zahlungserinnerung"}',
                level.id,
            ],
        )
        level.invalidate_recordset()
        self._load("de_DE", "fr_FR")
        self.assertEqual(level.with_context(lang="fr_FR").name, NAMES["fr_FR"])

    def test_what_somebody_changed_stays(self):
        self._drop_english()
        level = self._create_level("de_DE")
        level.with_context(lang="fr_FR").name = "Mon rappel"
        level.with_context(lang="de_DE").name = "Meine Mahnung"
        self._load("it_IT", "de_DE", "fr_FR")
        for lang, name in (
            ("de_DE", "Meine Mahnung"),
            ("fr_FR", "Mon rappel"),
            ("it_IT", "Meine Mahnung"),
        ):
            self.assertEqual(level.with_context(lang=lang).name, name)

    def test_english_name_of_ones_own_stays(self):
        """An update of the module loads all languages again."""
        level = self._create_level("fr_FR")
        level.with_context(lang="en_US").name = "My Reminder"
        self._load("en_US", "de_DE", "fr_FR")
        self.assertEqual(level.with_context(lang="en_US").name, "My Reminder")
        self.assertEqual(level.with_context(lang="de_DE").name, NAMES["de_DE"])

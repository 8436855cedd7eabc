import re

import polib

from odoo.modules import get_module_path
from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import TranslationModuleReader

MODULE = "account_payment_followup"

#: Language of Odoo by the file in i18n/.
LANGS = {
    "de": "de_DE",
    "es": "es_ES",
    "fr": "fr_FR",
    "it": "it_IT",
    "nl": "nl_NL",
    "zh_CN": "zh_CN",
}

#: Terms that are the same in every language, or in one: left empty in the files.
SAME = {
    "%(channel)s: %(reason)s",
    "%(channel)s: %(text)s",
    "%(customer)s: %(problem)s",
    "%(customer)s: %(reason)s",
    "%(invoice)s (%(reason)s)",
    "%(level)s, %(date)s",
    "%(setting)s: %(old)s → %(new)s",
    "'%s %s' % (object.display_name, object.date)",
    "'%s - %s' % (object.env._(\"Customer Statement\"), object.name)",
    "30, 60, 90, 120",
    "BIC",
    "ID",
    "PDF",
    "XLSX",
    "doubts.csv",
}
SAME_IN = {
    "de": {
        "%(author)s, %(date)s: %(subject)s",
        "Bank",
        "Journal",
        "Name",
        "Partner",
        "Plan",
        "Problem",
        "SMS",
        "Standard",
        "Status",
        "Test",
        "Tests",
        "[Test] %s",
        "you@yourcompany.com",
    },
    "es": {
        "%(author)s, %(date)s: %(subject)s",
        "Error",
        "Manual",
        "No",
        "Plan",
        "SMS",
        "Subtotal",
        "Total",
        "Total %s",
    },
    "fr": {
        "<span>Message</span>",
        "Contact",
        "Contacts",
        "Copies",
        "Date",
        "Description",
        "Document",
        "Exclusion",
        "Exclusions",
        "Horizon",
        "Journal",
        "Message",
        "Messages",
        "Module",
        "Note",
        "Notification",
        "Options",
        "Plan",
        "SMS",
        "Source",
        "Standard",
        "Test",
        "Tests",
        "Total",
        "Total %s",
        "[Test] %s",
        "you@yourcompany.com",
    },
    "it": {
        "%(author)s, %(date)s: %(subject)s",
        "Follow-up",
        "In %s",
        "No",
        "Partner",
        "SMS",
        "Standard",
        "Test",
        "[Test] %s",
    },
    "nl": {
        "%(author)s, %(date)s: %(subject)s",
        "Bank",
        "Contact",
        "Credit",
        "Document",
        "Filters",
        "Horizon",
        "Later",
        "Module",
        "Open",
        "Plan",
        "SMS",
        "Start",
        "Status",
        "Test",
        "Tests",
        "Week",
        "Wizard",
        "[Test] %s",
    },
    "zh_CN": {
        "you@yourcompany.com",
    },
}

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\{.*?\}\}|<[^>]+>")
PARAGRAPH = re.compile(r"<p>.*?</p>")
TRANSLATED_ATTRIBUTE = re.compile(r' (aria-label|title|placeholder)="[^"]*"')

TEMPLATES = (
    "mail_template_upcoming",
    "mail_template_reminder",
    "mail_template_second_reminder",
    "mail_template_final_notice",
)


def read(name):
    return polib.pofile(f"{get_module_path(MODULE)}/i18n/{name}")


def get_placeholders(text):
    """Return placeholders and tags, without what of a tag is read by people."""
    found = PLACEHOLDER.findall(text)
    return sorted(TRANSLATED_ATTRIBUTE.sub("", token) for token in found)


@tagged("post_install", "-at_install")
class TestI18n(TransactionCase):
    """Row G1: the module speaks the languages that it has a file for, all of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files = {lang: read(f"{lang}.po") for lang in LANGS}

    def _activate(self, *langs):
        """Load languages as their installation does, for this module only."""
        for lang in langs:
            self.env["res.lang"]._activate_lang(lang)
        self.env["ir.module.module"]._load_module_terms([MODULE], langs)

    def _export_terms(self):
        """Return the terms of the sources; those of demo data are left out."""
        terms = set()
        for row in TranslationModuleReader(self.env.cr, modules=[MODULE]):
            _module, kind, _name, origin, source, _value, _comments = row
            is_record = kind in ("model", "model_terms")
            if not (is_record and origin.startswith(f"{MODULE}.demo_")):
                terms.add(source)
        return terms

    def test_g3_template_is_up_to_date(self):
        """If not: run dev/i18n, then translate what it lists.

        In a database that was updated, texts of templates may be older than the file.
        """
        known = {entry.msgid for entry in read(f"{MODULE}.pot")}
        terms = self._export_terms()
        self.assertFalse(terms - known, "new in the sources")
        self.assertFalse(known - terms, "gone from the sources")

    def test_g3_every_term_is_translated(self):
        terms = {entry.msgid for entry in read(f"{MODULE}.pot")}
        for lang, file in self.files.items():
            with self.subTest(lang=lang):
                translated = {entry.msgid for entry in file if entry.translated()}
                self.assertFalse(terms - translated - SAME - SAME_IN[lang])
                self.assertFalse({entry.msgid for entry in file} - terms, "gone")
                self.assertFalse(file.obsolete_entries())

    def test_g1_placeholders_are_kept(self):
        for lang, file in self.files.items():
            for entry in file.translated_entries():
                with self.subTest(lang=lang, term=entry.msgid):
                    self.assertEqual(
                        get_placeholders(entry.msgstr), get_placeholders(entry.msgid)
                    )
                    if entry.msgid.startswith(" "):
                        self.assertIn(entry.msgstr[0], " （")

    def test_g1_no_paragraph_is_left_in_english(self):
        """A text of a template is one term: half of it may be translated."""
        for lang, file in self.files.items():
            for entry in file:
                with self.subTest(lang=lang, term=entry.msgid):
                    left = set(PARAGRAPH.findall(entry.msgid))
                    self.assertFalse(left & set(PARAGRAPH.findall(entry.msgstr)))

    def test_g1_screens(self):
        self._activate("de_DE")
        menu = self.env.ref(f"{MODULE}.menu_account_followup_level")
        self.assertEqual(menu.with_context(lang="de_DE").name, "Mahnstufen")
        level = self.env["account.followup.level"].with_context(lang="de_DE")
        arch = level.get_view(view_type="form")["arch"]
        self.assertIn("z. B. Erste Mahnung", arch)
        fields = level.fields_get(["delay", "activity_responsible"])
        self.assertEqual(fields["delay"]["string"], "Tage")
        self.assertIn(
            ("salesperson", "Vertriebsmitarbeiter"),
            fields["activity_responsible"]["selection"],
        )
        self.assertEqual(
            level.new({"delay": -5}).timing, "5 Tage vor dem Fälligkeitsdatum"
        )

    def test_g1_texts_to_customers(self):
        """Each text can be rendered in each language, with a place for the table."""
        self._activate(*LANGS.values())
        partner = self.env["res.partner"].create({"name": "Late Ltd"})
        for name in TEMPLATES:
            template = self.env.ref(f"{MODULE}.{name}")
            english = template.with_context(lang="en_US").body_html
            for lang in LANGS.values():
                partner.lang = lang
                with self.subTest(template=name, lang=lang):
                    fields = ("subject", "body_html")
                    values = template._generate_template(partner.ids, fields)
                    subject, body = (values[partner.id][field] for field in fields)
                    self.assertIn(self.env.company.name, subject)
                    # the words that a reminder fills in are those of the source
                    words = sorted(re.findall(r"\[\[\w+\]\]", body))
                    self.assertIn("[[recipient_name]]", words)
                    self.assertEqual(words, sorted(re.findall(r"\[\[\w+\]\]", english)))
                    self.assertIn('class="o_followup_items"', body)
                    translated = template.with_context(lang=lang).body_html
                    self.assertNotEqual(translated, english)

    def test_a1_default_levels_in_a_language_that_comes_later(self):
        """The shipped texts are translated; what somebody wrote stays as it is."""
        company = self.env["res.company"].create({"name": "Neue Firma"})
        levels = self.env["account.followup.level"].search(
            [("company_id", "=", company.id)]
        )
        self.env["res.lang"]._activate_lang("it_IT")
        levels[0].delay = 7
        levels[1].name = "Stern Words"
        levels[2].active = False
        levels[3].with_context(lang="it_IT").name = "Basta"
        module = self.env.ref(f"base.module_{MODULE}")
        module._update_translations("it_IT", overwrite=True)
        names = levels.with_context(lang="it_IT").mapped("name")
        self.assertEqual(
            names, ["Sollecito di pagamento", "Stern Words", "Telefonata", "Basta"]
        )
        call = levels[2].with_context(lang="it_IT")
        self.assertIn("scadute", call.activity_summary)
        self.assertEqual(levels[3].name, "Final Notice", "English stays")

    def test_a1_default_levels_in_every_language(self):
        """A new company's levels have their names in each language installed."""
        self._activate("de_DE", "fr_FR")
        company = self.env["res.company"].create({"name": "Neue Firma"})
        levels = self.env["account.followup.level"].search(
            [("company_id", "=", company.id)]
        )
        names = {
            lang: levels.with_context(lang=lang).mapped("name")
            for lang in ("en_US", "de_DE", "fr_FR")
        }
        self.assertEqual(names["en_US"][0], "Payment Reminder")
        self.assertEqual(
            names["de_DE"],
            ["Zahlungserinnerung", "Zweite Mahnung", "Telefonanruf", "Letzte Mahnung"],
        )
        self.assertEqual(names["fr_FR"][0], "Rappel de paiement")
        call = levels.filtered("schedule_activity").with_context(lang="de_DE")
        self.assertEqual(
            call.activity_summary, "Wegen der überfälligen Rechnungen anrufen"
        )

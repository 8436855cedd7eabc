import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.mail import email_normalize

from .ir_attachment import CLOSED_MODELS, SENT_MODELS

_logger = logging.getLogger(__name__)

#: Header of an e-mail of the test mode: to whom it would have gone.
TEST_HEADER = "X-Followup-Test-To"
#: Header of an e-mail that has no delivery: whose it is. Neither leaves the server.
COMPANY_HEADER = "X-Followup-Company"

#: What is removed together when the test mode ends.
TEST_MODELS = (
    *SENT_MODELS,
    "account.followup.run",
    "account.followup.statement.run",
)


class AccountFollowupTest(models.AbstractModel):
    """Test mode (X9, rule 17): all is real, but no message reaches a customer.

    What is made while it is on is marked ``is_test``, for one address and number, and
    reaches no level. Two things keep it from customers: recipients are replaced where
    messages are queued, and each queue refuses at its outermost edge what would go to
    anybody else.
    """

    _name = "account.followup.test"
    _description = "Test Mode of Payment Follow-ups"

    # ------------------------------------------------------------------
    # The switch
    # ------------------------------------------------------------------

    @api.model
    def _is_on(self, company):
        """Return whether the follow-ups of a company are in test mode."""
        return company.sudo().root_id.followup_test_mode

    @api.model
    def _get_email(self, company):
        """Return the address that gets all e-mails, None while the mode is off."""
        company = company.sudo().root_id
        return (
            email_normalize(company.followup_test_email)
            if self._is_on(company)
            else None
        )

    @api.model
    def _get_phone(self, company):
        """Return the number that gets all SMS; empty if there is none."""
        company = company.sudo().root_id
        return company.partner_id._phone_format(
            number=company.followup_test_phone, country=company.country_id
        )

    @api.model
    def _get_notice(self, company):
        """Return what a person is to know wherever one sends; empty while it is off."""
        if not company or not self._is_on(company):
            return ""
        root = company.sudo().root_id
        return self.env._(
            "Test mode: reminders and statements of %(company)s go to %(email)s, SMS "
            "to %(phone)s. Customers get nothing, letters are not posted, and no level "
            "is reached.",
            company=root.name,
            email=root.followup_test_email,
            phone=self._get_phone(root) or self.env._("nobody (no number is entered)"),
        )

    @api.model
    def _get_switched_text(self, is_test):
        """Return why what was made before the switch does not leave after it."""
        if is_test:
            return self.env._("It was a test, and the test mode has ended.")
        return self.env._("The test mode was switched on before it had left.")

    @api.model
    def _check_window(self, window):
        """Send in the mode that a window has shown, and in no other.

        :raise UserError: the mode was switched since
        """
        company = window.company_id
        is_test = self._is_on(company)
        if window.is_test == is_test:
            return
        raise UserError(
            self.env._(
                "The test mode of %s was switched on since this window was opened. "
                "Close it, and open it again.",
                company.name,
            )
            if is_test
            else self.env._(
                "The test mode of %s has ended since this window was opened: now it "
                "would go to the customer. Close it, and open it again.",
                company.name,
            )
        )

    @api.model
    def _begin(self, companies):
        """Wake the queues: what waits in them for customers is withdrawn there."""
        channels = self.env["account.followup.channels"]
        queued = self.env["account.followup.delivery"].sudo()
        queued = queued._read_group(
            [("company_id", "in", companies.ids), ("state", "=", "queued")], ["channel"]
        )
        names = {name for (name,) in queued}
        for channel in channels._get_all():
            if channel._get_name() in names and channel._cron:
                channels._wake(channel._cron)

    @api.model
    def _end(self, companies):
        """Remove all tests, and let go on what has waited for the end."""
        for company in companies:
            # a list that was approved as a test lets nobody be reminded in earnest
            if company.followup_approval_id.state == "approved":
                company.followup_approval_id = False
            self._remove(company)
        channels = self.env["account.followup.channels"]
        for name in ("ir_cron_process_runs", "ir_cron_send_statements"):
            channels._wake(f"account_payment_followup.{name}")

    # ------------------------------------------------------------------
    # What is made
    # ------------------------------------------------------------------

    @api.model
    def _mark_batch(self, batch):
        """Return the data of reminders of a company, as tests while the mode is on."""
        if not self._is_on(batch[0]["followup"].company_id):
            return batch
        return [
            {
                **data,
                "is_test": True,
                "channels": self._get_channels(data["channels"]),
            }
            for data in batch
        ]

    @api.model
    def _get_channels(self, channels):
        """Return the channels of a test: what would be posted is only printed."""
        return channels - {"letter"} | {"print"} if "letter" in channels else channels

    @api.model
    def _get_problem(self, channel, sent):
        """Return why a channel cannot carry a test, in one sentence, or None."""
        if not sent.is_test:
            return None
        if not channel._has_test:
            return self.env._(
                "%s has no test mode: nothing was sent.", channel._get_label()
            )
        if channel._get_name() == "sms" and not self._get_phone(sent.company_id):
            return self.env._(
                "The test mode of %s has no phone number: enter one in the settings.",
                sent.company_id.name,
            )
        return None

    @api.model
    def _get_domain(self, company, day):
        """Return the domain of the tests of a day."""
        return [
            ("company_id", "=", company.id),
            ("date", "=", day),
            ("is_test", "=", True),
            ("state", "!=", "withdrawn"),
        ]

    @api.model
    def _get_tested_reasons(self, company, rows, day):
        """Return {customer id: why there is no other test of this level today}.

        A test reaches no level, so that the rule would ask for it in every run.

        :param dict rows: {customer id: row of account.followup.customer}
        """
        if not rows or not self._is_on(company):
            return {}
        tests = self.env["account.followup.reminder"].sudo()
        domain = [("partner_id", "in", list(rows)), *self._get_domain(company, day)]
        groups = tests._read_group(domain, ["partner_id", "level_id"])
        reason = self.env._("Test mode: this level was tested today.")
        return {
            partner.id: reason
            for partner, level in groups
            if rows[partner.id]["level_id"] == level.id
        }

    @api.model
    def _leave_out_tested(self, company, partner_ids, day):
        """Return those of the customers due whose level was not tested today.

        Tests reach nothing: who was tested stays due, and would take the turns of the
        others until tomorrow.

        :param company: root company
        :param list partner_ids: ids
        """
        if not partner_ids or not self._is_on(company):
            return partner_ids
        tests = self.env["account.followup.reminder"].sudo()
        groups = tests._read_group(self._get_domain(company, day), ["partner_id"])
        found = {partner.id for (partner,) in groups}.intersection(partner_ids)
        if not found:
            return partner_ids
        rows = self.env["account.followup.customer"]._get_rows(
            {company: day}, self.env["res.partner"].browse(found), with_next_date=False
        )
        rows = {row["partner_id"]: row for row in rows}
        tested = self._get_tested_reasons(company, rows, day)
        return [id_ for id_ in partner_ids if id_ not in tested]

    # ------------------------------------------------------------------
    # What leaves
    # ------------------------------------------------------------------

    @api.model
    def _get_crossed(self, deliveries):
        """Return the deliveries that were made before the mode was switched."""
        return deliveries.filtered(
            lambda delivery: (
                bool(delivery._get_owner().is_test) != self._is_on(delivery.company_id)
            )
        )

    @api.model
    def _withdraw_crossed(self, deliveries):
        """Withdraw what was made before the mode was switched; return it."""
        crossed = self._get_crossed(deliveries)
        for is_test, mine in crossed.grouped(
            lambda delivery: bool(delivery._get_owner().is_test)
        ).items():
            mine._set_state(
                "withdrawn", self._get_switched_text(is_test), is_outdated=True
            )
        return crossed

    @api.model
    def _check_retry(self, sent):
        """Refuse to send again, to the customer's address, in test mode.

        :raise UserError: it is a test, or the mode is on
        """
        if sent.is_test:
            raise UserError(
                self.env._(
                    "%s is a test, which is not sent again. Send a new one instead.",
                    sent.display_name,
                )
            )
        if self._is_on(sent.company_id):
            raise UserError(
                self.env._(
                    "%(company)s is in test mode: nothing is sent again. End the test "
                    "mode in the settings first.",
                    company=sent.company_id.name,
                )
            )

    @api.model
    def _get_testing(self):
        """Return the companies in test mode: asked anew for each e-mail that leaves."""
        return (
            self.env["res.company"].sudo().search([("followup_test_mode", "=", True)])
        )

    @api.model
    def _get_company_of_mail(self, mail, headers):
        """Return the company whose reminder or statement an e-mail is about.

        By its deliveries, by its headers, or by a file that goes with it; no company if
        it is none of ours.
        """
        deliveries = self.env["account.followup.delivery"]
        if mine := deliveries._search_by_messages(mail.mail_message_id):
            return mine.company_id
        companies = self.env["res.company"].sudo()
        if id_ := headers.get(COMPANY_HEADER):
            return companies.browse(int(id_))
        owners = {
            (file.res_model, file.res_id)
            for file in mail.sudo().attachment_ids
            if file.res_model in CLOSED_MODELS and file.res_id
        }
        for model, res_id in owners:
            companies |= self.env[model].sudo().browse(res_id).exists().company_id
        return companies

    @api.model
    def _check_outgoing(self, mail, outgoing):
        """Refuse an e-mail of ours to anybody but the test address (X9).

        The last place before it leaves, where all addresses are known: whoever has
        queued it, and by whichever way.

        :param outgoing: list of dicts, see ``_prepare_outgoing_list`` of mail.mail
        :raise UserError: somebody else would get it
        """
        testing = self._get_testing()
        if not testing:
            return
        headers = (outgoing[0]["headers"] if outgoing else None) or {}
        for company in self._get_company_of_mail(mail, headers) & testing:
            allowed = self._get_email(company)
            for values in outgoing:
                named = [*(values["email_to"] or ()), *(values["email_cc"] or ())]
                if any(email_normalize(address) != allowed for address in named):
                    raise UserError(self._get_refusal(company, allowed))

    @api.model
    def _get_refusal(self, company, email):
        """Return why an e-mail does not leave, and the way out."""
        return self.env._(
            "Not sent: %(company)s is in test mode, and this e-mail would not go to "
            "%(email)s. End the test mode in the settings, and send it again.",
            company=company.name,
            email=email,
        )

    @api.model
    def _get_refused_sms(self, all_sms, deliveries):
        """Return the SMS of ours to other numbers than that of the test mode.

        :param deliveries: those of the messages of the SMS
        """
        companies = {one.mail_message_id: one.company_id for one in deliveries}
        return all_sms.filtered(
            lambda sms: (
                (company := companies.get(sms.mail_message_id))
                and self._is_on(company)
                and sms.number != self._get_phone(company)
            )
        )

    # ------------------------------------------------------------------
    # The end
    # ------------------------------------------------------------------

    @api.model
    def _get_tests(self, company, model):
        domain = [("company_id", "=", company.id), ("is_test", "=", True)]
        return self.env[model].sudo().search(domain)

    @api.model
    def _remove(self, company):
        """Remove the tests of a company with their files, messages and e-mails."""
        for model in SENT_MODELS:
            sents = self._get_tests(company, model)
            messages = sents.mail_message_id | sents.delivery_ids.mail_message_id
            domain = [("mail_message_id", "in", messages.ids)]
            for queue in ("mail.mail", "sms.sms"):
                self.env[queue].sudo().search(domain).unlink()
            messages.exists().unlink()
            sents.unlink()
        for model in TEST_MODELS:
            self._get_tests(company, model).unlink()
        self.env["mail.mail"].sudo().search(
            [
                ("headers", "like", TEST_HEADER),
                ("headers", "like", repr({COMPANY_HEADER: str(company.id)})[1:-1]),
            ]
        ).unlink()

    @api.autovacuum
    def _gc_tests(self):
        """Remove what another transaction has made while the mode ended."""
        companies = (
            self.env["res.company"]
            .sudo()
            .search([("parent_id", "=", False), ("followup_test_mode", "=", False)])
        )
        for model in TEST_MODELS:
            left = (
                self.env[model]
                .sudo()
                ._read_group(
                    [("company_id", "in", companies.ids), ("is_test", "=", True)],
                    ["company_id"],
                )
            )
            for (company,) in left:
                _logger.info("Tests of company %s are removed", company.id)
                self._remove(company)


class AccountFollowupSentMixin(models.AbstractModel):
    _inherit = "account.followup.sent.mixin"

    is_test = fields.Boolean(
        "Test",
        readonly=True,
        help="Made in test mode: no customer got it, and it reaches no level.",
    )


class AccountFollowupRunMixin(models.AbstractModel):
    _inherit = "account.followup.run.mixin"

    is_test = fields.Boolean(
        "Test", readonly=True, help="Begun in test mode: no customer gets anything."
    )

import logging
from collections import Counter
from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import groupby

from .account_followup_demo_stories import (
    STORIES,
    Call,
    Invoice,
    OnCustomer,
    OnInvoices,
    Payment,
    Reminder,
)

_logger = logging.getLogger(__name__)

MODULE = "account_payment_followup"

#: What happens on one day happens in this order.
ORDER = (Invoice, Reminder, Payment, Call, OnInvoices, OnCustomer)

#: Events whose record gets an external id. At uninstallation the last ones go first.
NAMED = {Invoice: "invoice", Payment: "payment", Reminder: "reminder", Call: "call"}

#: Answer of a mail server, for the e-mail that was not delivered.
BOUNCE = "550 5.1.1 The mailbox that you tried to reach does not exist."

#: Where the demo customers pay: in euros to the example of an IBAN, in Belgium.
EURO_ACCOUNT = "BE71 0961 2345 6769"
OWN_ACCOUNT = "4801 2203 7719"
EURO_BANK = {"name": "Demo Bank", "bic": "GKCCBEBB"}

#: Foreign currency of the demo invoices by currency of the company, and its rate.
FOREIGN = {"USD": ("EUR", 0.92), "EUR": ("USD", 1.09)}


class AccountFollowupDemo(models.AbstractModel):
    """Lives through the demo customers' past, day by day, with the real service.

    Only its outer edge is another: no PDF is made, since no server runs yet that
    could give it its style, and no message leaves.
    """

    _name = "account.followup.demo"
    _inherit = "account.followup.send"
    _description = "Demo Data of Payment Follow-ups"

    @api.model
    def _install(self):
        """Install the demo data in the main company, once, if it can post invoices."""
        company = self._ref("base.main_company")
        done = self._ref(f"{MODULE}.demo_invoice_cascade_1")
        if done or not company or not self._has_accounting(company):
            return
        company = company.root_id
        self.env["account.followup.default"]._create_default_levels(company)
        user = self._get_demo_responsible(company)
        demo = self.with_user(user).with_company(company).sudo()
        # one user does it all: nobody is notified of what somebody else assigned
        demo = demo.with_context(tracking_disable=True, mail_create_nosubscribe=True)
        try:
            with self.env.cr.savepoint():
                demo._live(company, company._get_followup_day()[company])
        except Exception:
            # an own chart of accounts may want what the stories do not know; the
            # customers stay, since core writes on them when the transaction ends
            _logger.exception("The demo invoices could not be made")

    @api.model
    def _ref(self, xml_id):
        return self.env.ref(xml_id, raise_if_not_found=False)

    @api.model
    def _has_accounting(self, company):
        """Return whether a company has a chart of accounts, thus its journals."""
        journals = self.env["account.journal"].search(
            self.env["account.journal"]._check_company_domain(company)
        )
        types = set(journals.mapped("type"))
        return bool(company.chart_template) and {"sale", "bank"} <= types

    @api.model
    def _get_demo_responsible(self, company):
        """Return the default responsible, a user who can work with invoices."""
        if not company.followup_responsible_id:
            user = self._ref("base.user_demo")
            if user and company in user.company_ids:
                user.group_ids += self.env.ref("account.group_account_invoice")
            else:
                user = self.env.ref("base.user_admin")
            company.followup_responsible_id = user
        return company.followup_responsible_id

    # ------------------------------------------------------------------
    # From the first day to the last
    # ------------------------------------------------------------------

    @api.model
    def _live(self, company, today):
        """Let happen what the stories tell, in the order of the days."""
        self._give_accounts(company)
        cases = self._get_cases(company)
        events = [(event, key) for key, story in STORIES.items() for event in story]
        events.sort(key=lambda pair: (-pair[0].ago, ORDER.index(type(pair[0]))))
        moves = self._create_invoices(cases, today, events)
        first = today - timedelta(days=events[0][0].ago)
        for case in cases.values():
            case.partner_id.message_ids.date = self._get_moment(first)
        records = {}
        for ago, happening in groupby(events, key=lambda pair: pair[0].ago):
            day = today - timedelta(days=ago)
            newest = self.env["mail.message"].search([], order="id DESC", limit=1).id
            for event, key in happening:
                record = self._do(event, cases[key], day, moves.get(event))
                records[event, key] = record
            self._end_day(records, ago)
            self._date_messages(newest, day)
        self._name_records(records)

    @api.model
    def _give_accounts(self, company):
        """Let customers pay to an account in euros, and to one for the company's own
        currency."""
        owner, euro = company.partner_id, self.env.ref("base.EUR")
        # whose accounts can be trusted, which invoices prefer
        accounts = self.env["res.partner.bank"].with_user(api.SUPERUSER_ID)
        values = {"partner_id": owner.id, "allow_out_payment": True}
        if euro not in owner.bank_ids.currency_id:
            bank = accounts.env["res.bank"].create(EURO_BANK)
            account = {"acc_number": EURO_ACCOUNT, "bank_id": bank.id}
            new = accounts.create({**values, **account, "currency_id": euro.id})
            self._add_xml_id("bank", bank)
            self._add_xml_id("account_euro", new)
        others = owner.bank_ids.filtered(lambda bank: bank.currency_id != euro)
        if company.currency_id != euro and not others:
            new = accounts.create({**values, "acc_number": OWN_ACCOUNT})
            self._add_xml_id("account", new)

    @api.model
    def _get_cases(self, company):
        """Return {key of the customer: follow-up}; customers get their language."""
        customers = {
            key: self.env.ref(f"{MODULE}.demo_customer_{key}") for key in STORIES
        }
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        for customer in customers.values():
            ending = f"_{customer.country_id.code}"
            lang = next((code for code in installed if code.endswith(ending)), None)
            customer.lang = lang or customer.lang
        partners = self.env["res.partner"].union(*customers.values())
        cases = self.env["account.followup"]._get_or_create(partners, company)
        by_partner = {case.partner_id: case.with_env(self.env) for case in cases}
        return {key: by_partner[customer] for key, customer in customers.items()}

    @api.model
    def _do(self, event, case, day, move):
        match event:
            case Invoice():
                return move._post(soft=False)
            case Payment():
                return self._pay(case, day, event.share, event.unmatched)
            case Reminder():
                return self._remind(event, case, day)
            case Call():
                return self._call(event, case, day)
            case OnInvoices():
                return self._change(event, self._get_open_lines(case).move_id, day)
            case OnCustomer():
                return self._change(event, case, day)

    @api.model
    def _date_messages(self, newest, day):
        """Put what was written since then into the chatter of that day."""
        messages = self.env["mail.message"].search([("id", ">", newest or 0)])
        messages.date = self._get_moment(day)

    @api.model
    def _get_moment(self, day):
        return min(datetime.combine(day, time(8, 30)), fields.Datetime.now())

    @api.model
    def _name_records(self, records):
        """Give external ids to invoices first, then payments, reminders, calls."""
        kinds = list(NAMED)
        named = [pair for pair in records if type(pair[0]) in kinds]
        named.sort(key=lambda pair: kinds.index(type(pair[0])))
        counts = Counter()
        for event, key in named:
            name = f"{NAMED[type(event)]}_{key}"
            counts[name] += 1
            self._add_xml_id(f"{name}_{counts[name]}", records[event, key])

    @api.model
    def _add_xml_id(self, name, record):
        xml_id = f"{MODULE}.demo_{name}"
        values = {"xml_id": xml_id, "record": record, "noupdate": True}
        self.env["ir.model.data"]._update_xmlids([values])

    # ------------------------------------------------------------------
    # Invoices and payments
    # ------------------------------------------------------------------

    @api.model
    def _create_invoices(self, cases, today, events):
        """Return {event: draft}, all of them made at once."""
        pairs = [pair for pair in events if isinstance(pair[0], Invoice)]
        foreign = self._get_foreign_currency(today)
        moves = self.env["account.move"].create(
            [
                self._prepare_invoice(event, cases[key], today, foreign)
                for event, key in pairs
            ]
        )
        return {event: move for (event, _key), move in zip(pairs, moves, strict=True)}

    @api.model
    def _prepare_invoice(self, event, case, today, foreign):
        term = self.env.ref(f"{MODULE}.demo_payment_term")
        day = today - timedelta(days=event.ago)
        due = event.due is not None and today - timedelta(days=event.due)
        currency = foreign if event.foreign else case.company_id.currency_id
        line = {"name": event.text, "quantity": event.quantity}
        line["price_unit"] = event.price
        return {
            "move_type": "out_refund" if event.refund else "out_invoice",
            "partner_id": case.partner_id.id,
            "company_id": case.company_id.id,
            "currency_id": currency.id,
            "invoice_date": day,
            "date": day,
            "invoice_payment_term_id": False if due else term.id,
            **({"invoice_date_due": due} if due else {}),
            "invoice_line_ids": [Command.create(line)],
        }

    @api.model
    def _get_foreign_currency(self, today):
        """Return a currency that is not the company's, in use and with a rate."""
        company = self.env.company
        code, rate = FOREIGN.get(company.currency_id.name, ("EUR", None))
        currency = self.env.ref(f"base.{code}")
        currency.active = True
        if rate:
            # on the 1st of January before all invoices; one that exists stays
            day = (today - timedelta(days=100)).replace(month=1, day=1)
            rates = self.env["res.currency.rate"]
            known = [("currency_id", "=", currency.id), ("name", ">=", day)]
            if not rates.search_count([*known, ("company_id", "=", company.id)]):
                values = {"currency_id": currency.id, "company_id": company.id}
                new = rates.create({**values, "name": day, "company_rate": rate})
                self._add_xml_id("currency_rate", new)
        return currency

    @api.model
    def _change(self, event, records, day):
        """Write the values of an event, days that are counted back made dates."""
        today = day + timedelta(days=event.ago)
        for name, value in event.values.items():
            is_date = records._fields[name].type == "date"
            records[name] = today - timedelta(days=value) if is_date else value
        return records

    @api.model
    def _get_open_lines(self, case):
        return self.env["account.move.line"].search(
            [
                ("partner_id", "=", case.partner_id.id),
                ("company_id", "=", case.company_id.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )

    @api.model
    def _pay(self, case, day, share=1.0, unmatched=0.0):
        """Pay a share of all that is open, or an amount that stays unmatched."""
        lines = self._get_open_lines(case)
        amount = unmatched or share * sum(lines.mapped("amount_residual"))
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": case.partner_id.id,
                "company_id": case.company_id.id,
                "amount": case.company_id.currency_id.round(amount),
                "date": day,
                "memo": not unmatched and ", ".join(lines.move_id.mapped("name")),
            }
        )
        payment.action_post()
        if not unmatched:
            lines += payment.move_id.line_ids.filtered(
                lambda line: line.account_id in lines.account_id
            )
            lines.reconcile()
        return payment

    # ------------------------------------------------------------------
    # Reminders
    # ------------------------------------------------------------------

    @api.model
    def _remind(self, event, case, day):
        chosen = {"channels": set(event.channels)} if event.channels else {}
        data = self._prepare_data(case, day, trigger=event.trigger, **chosen)
        data["is_paperless"] = True  # no PDF is made
        data["invoice_documents"] = []
        reminder = self._send_reminder(case, day, data)
        # the e-mails do not leave
        mails = [("mail_message_id", "in", reminder.mail_message_id.ids)]
        self.env["mail.mail"].search(mails).unlink()
        case.last_sent = self._get_moment(day)
        return reminder

    @api.model
    def _end_day(self, records, ago):
        """Say what became of the e-mails of the day."""
        for (event, _key), reminder in records.items():
            if type(event) is Reminder and event.ago == ago:
                values = self._end_deliveries(event, reminder.delivery_ids)
                reminder.mail_message_id.notification_ids.write(values)

    @api.model
    def _end_deliveries(self, event, deliveries):
        """End what is queued and return the values of the notifications."""
        queued = deliveries.filtered(lambda delivery: delivery.state == "queued")
        lines = queued.reminder_id.line_ids
        settled = lines.filtered(lambda line: line.move_line_id.reconciled)[:1]
        if settled:
            reason = settled._get_gone_text()
            queued._set_state("withdrawn", reason, is_outdated=True)
            return {"notification_status": "canceled"}
        if event.bounced:
            queued._set_state("failed", BOUNCE)
            return {
                "notification_status": "bounce",
                "failure_type": "mail_bounce",
                "failure_reason": BOUNCE,
            }
        queued._set_state("sent")
        return {"notification_status": "sent"}

    @api.model
    def _call(self, event, case, day):
        """Log a phone call; the one that a level asked for is done."""
        activities = case.partner_id.activity_ids
        today = day + timedelta(days=event.ago)
        days = {
            name: today - timedelta(days=ago)
            for name, ago in (
                ("promised_date", event.promised),
                ("review_date", event.review),
            )
            if ago is not None
        }
        values = {
            "partner_id": case.partner_id.id,
            "company_id": case.company_id.id,
            "date": day,
            "outcome": event.outcome,
            "note": event.note,
            **days,
        }
        if days:
            values["line_ids"] = [Command.set(self._get_open_lines(case).ids)]
        call = self.env["account.followup.call"]._log_call(values, day)
        activities.filtered(lambda activity: not activity.active).date_done = day
        return call

from odoo import api, models
from odoo.tools.misc import get_lang

from .account_followup_send import concat

#: What is made out to somebody: contacts of credit notes and entries get nothing by it.
INVOICES = ("out_invoice", "out_receipt")


class AccountFollowupRecipients(models.AbstractModel):
    """Who gets it (C3): one choice for reminders, statements, window and language.

    It is made for each channel, with all rights, among the contacts that the company
    may write to: those without a company, and those of its tree.
    """

    _name = "account.followup.recipients"
    _description = "Recipients of Payment Reminders"

    @api.model
    def _get_recipients(self, partner, channel, items=None):
        """Return the contacts whom a channel reaches; none if it reaches nobody.

        The first of these rules that names somebody whom the channel reaches: the
        contacts marked for follow-ups; those that the invoices are made out to; the
        invoice address; the customer. Contacts who share an address get one message.

        :param partner: commercial partner
        :param str channel: ``email``, ``sms``, ``letter``, ``print``, or ``call``
        :param items: the journal items that are named; None for all open
            invoices, as a statement does
        """
        return self._choose_recipients(partner, channel, items)[1]

    @api.model
    def _choose_recipients(self, partner, channel, items=None):
        """Return the rule that decides about a channel, and whom it names.

        :return: (``marked``, ``invoice``, ``invoice_address`` or ``customer``,
            contacts); (None, no contacts) if nobody is reached
        """
        candidates = self._get_candidates(partner, items)
        for rule, contacts in candidates:
            if reached := self._get_reached(channel, contacts):
                return rule, concat(reached).with_prefetch(reached[0]._prefetch_ids)
        if not self.env["account.followup.channels"]._get(channel)._needs_address:
            return candidates[0]
        return None, partner.sudo().browse()

    @api.model
    def _get_blacklist_text(self, contacts):
        """Return that the blacklist does not stop what is no mailing."""
        return self.env._(
            "On the e-mail blacklist, which stops mailings only: %s. This is no "
            "mailing, it is sent all the same.",
            ", ".join(contacts[:3].mapped("display_name")),
        )

    @api.model
    def _get_candidates(self, partner, items=None):
        """Return [(rule, contacts)] in the order in which they are asked (C3).

        An invoice that is made out to the customer as such says nothing about a
        contact: its place is that of the invoice address.
        """
        partner = partner.sudo().with_company(self.env.company)
        contacts = self._get_contacts(partner)
        address = self._get_invoice_address(partner, contacts)
        rules = {
            "marked": [one for one in contacts if one.type == "followup"],
            "invoice": self._get_invoiced(partner, contacts, address, items),
            "invoice_address": [address] if address != partner else [],
            "customer": [partner],
        }
        return [
            (rule, concat(found).with_prefetch(found[0]._prefetch_ids))
            for rule, found in rules.items()
            if found
        ]

    @api.model
    def _get_contacts(self, partner):
        """Return the contacts of a customer at any depth, in the order of core.

        Those who are archived, or of another company, are passed over. Each is kept in
        one set with the contacts of other customers, to be read together.

        :return: list of contacts
        """
        found, waiting = [], list(partner.child_ids)
        root = self.env.company.root_id
        while waiting:
            contact = waiting.pop(0)
            if not contact.is_company:
                waiting = [*contact.child_ids, *waiting]
            elif contact.type != "followup":  # a customer of its own
                continue
            company = contact.company_id
            if contact.active and (not company or company.root_id == root):
                found.append(contact)
        return found

    @api.model
    def _get_invoice_address(self, partner, contacts):
        """Return the invoice address, which is the customer when there is none."""
        id_ = partner.address_get(["invoice"])["invoice"]
        if id_ == partner.id:
            return partner
        chosen = [one for one in contacts if one.id == id_]
        others = [one for one in contacts if one.type == "invoice"]
        return next(iter(chosen or others), partner)

    @api.model
    def _get_invoiced(self, partner, contacts, address, items):
        """Return the contacts that the invoices among the items are made out to.

        :return: list, empty when all are made out to the customer as such
        """
        if items is None:
            invoiced = partner.followup_invoiced_ids
        else:
            moves = items.sudo().move_id
            moves = moves.filtered(lambda move: move.move_type in INVOICES)
            invoiced = moves.partner_id
        allowed = {contact.id: contact for contact in contacts}
        found = {}
        for id_ in sorted(invoiced.ids):
            contact = allowed.get(id_, address)
            found[contact.id] = contact
        return list(found.values()) if found.keys() & allowed.keys() else []

    @api.model
    def _get_reached(self, channel, contacts):
        """Return those whom a channel reaches, one for each address.

        Nothing is sent to a customer who is archived.

        :return: list of contacts
        """
        found, known = [], set()
        for contact in contacts:
            addresses = {
                address.casefold()
                for address in self.env["account.followup.channels"]
                ._get(channel)
                ._get_addresses(contact)
            }
            if contact.active and addresses - known:
                found.append(contact)
            known |= addresses
        return found

    @api.model
    def _get_channel_problem(self, channel, partner, items=None):
        """Return why a customer cannot be reached over a channel, or None (C3).

        :param partner: commercial partner, and ``items`` that are named: see
            ``_get_recipients``
        :return: one sentence
        """
        if self._get_recipients(partner, channel, items):
            return None
        contact = self._get_contact_to_mend(partner, items)
        if not contact.active:
            return self.env._(
                "%s is archived. Restore it, or mark one of its contacts for "
                "follow-ups.",
                contact.display_name,
            )
        channels = self.env["account.followup.channels"]
        return channels._get(channel)._get_address_problem(contact)

    @api.model
    def _get_phones(self, partner):
        """Return [(name, number)] of whom one calls about a customer's invoices."""
        contacts = self._get_recipients(partner, "call") | partner.sudo()
        return [(one.display_name, one.phone) for one in contacts if one.phone]

    @api.model
    def _get_contact_to_mend(self, partner, items=None):
        """Return whose address to complete when nobody is reached."""
        return self._get_candidates(partner, items)[0][1][:1]

    @api.model
    def _get_lang(self, partner, items=None, channels=("email",)):
        """Return the code of the language to write in: of the first recipient (C4).

        :param channels: names of those that are used
        """
        recipient = self._get_first_reached(partner, items, channels)[:1]
        recipient = recipient or self._get_contact_to_mend(partner, items)
        return get_lang(self.env, recipient.lang or partner.sudo().lang).code

    @api.model
    def _get_first_reached(self, partner, items, channels):
        """Return the recipients of the first channel that reaches anybody (C4).

        :param channels: names of those that are used
        """
        get = self.env["account.followup.channels"]._get
        for name in sorted(channels, key=lambda name: get(name)._language_place):
            if recipients := self._get_recipients(partner, name, items):
                return recipients
        return partner.browse()

from odoo import api, fields, models


class AccountFollowupCopy(models.AbstractModel):
    """Who gets a copy at a level: what it says itself, and the levels before it."""

    _name = "account.followup.copy"
    _description = "Copies of Payment Reminders"

    @api.model
    def _get_rules(self, level):
        """Return the levels of the plan up to one: a copy goes from a level on."""
        levels = level.plan_id.with_context(active_test=False).level_ids
        return level | levels.filtered(
            lambda other: other.active and other.delay <= level.delay
        )

    @api.model
    def _get_copied(self, level, partner, contacts):
        """Return those of a customer and his contacts who get copies, as a list."""
        if not level.has_copies:
            return []
        rules = self._get_rules(level)
        tags = rules.copy_category_ids
        found = [one for one in contacts if one.category_id & tags]
        return [partner, *found] if any(rules.mapped("copy_customer")) else found


class AccountFollowupLevel(models.Model):
    """Who gets a copy from a level on, beside those who get the reminder (C3)."""

    _inherit = "account.followup.level"

    copy_customer = fields.Boolean(
        "Copy to the Main Address",
        help="From this level on, where a reminder goes to contacts of a customer, the "
        "customer's own address gets it, too.",
    )
    copy_category_ids = fields.Many2many(
        "res.partner.category",
        string="Copy to Contacts with Tag",
        help="From this level on, the contacts of the customer with one of these tags "
        "get the reminder, too: those of the management, for example.",
    )
    # stored, so that without copies nothing is read for them
    has_copies = fields.Boolean(compute="_compute_has_copies", store=True)
    copy_info = fields.Char("Copies", compute="_compute_copy_info")

    @api.depends(
        "delay",
        "plan_id.level_ids.active",
        "plan_id.level_ids.copy_category_ids",
        "plan_id.level_ids.copy_customer",
        "plan_id.level_ids.delay",
    )
    def _compute_has_copies(self):
        service = self.env["account.followup.copy"]
        for level in self:
            rules = service._get_rules(level)
            level.has_copies = any(
                rule.copy_customer or rule.copy_category_ids for rule in rules
            )

    @api.depends_context("lang")
    @api.depends("has_copies", "copy_customer", "copy_category_ids.name")
    def _compute_copy_info(self):
        """Say who gets a copy at each level, also by the levels before it."""
        service = self.env["account.followup.copy"]
        for level in self:
            rules = service._get_rules(level)
            texts = []
            if any(rules.mapped("copy_customer")):
                texts.append(self.env._("main address"))
            if tags := rules.copy_category_ids:
                names = ", ".join(tags.mapped("name"))
                texts.append(self.env._("contacts with tag %s", names))
            level.copy_info = ", ".join(texts)

    @api.model
    def _has_field_access(self, field, operation):
        # EXTENDS 'base': a stored field of ours alone
        if operation == "write" and not self.env.su and field.name == "has_copies":
            return False
        return super()._has_field_access(field, operation)


class AccountFollowupRecipients(models.AbstractModel):
    """Those who get a copy, as recipients after those whom C3 names."""

    _inherit = "account.followup.recipients"

    @api.model
    def _get_copies(self, partner, channel, recipients, level):
        """Return who gets a copy over a channel, for an e-mail or letter of his own.

        A copy is one beside a reminder: where that reaches nobody there is none. Who
        gets the reminder, at this address, gets no copy of it.

        :param recipients: see ``_get_recipients``
        :param level: the one whose text the reminder has, None for a statement
        """
        none = partner.sudo().browse()
        channels = self.env["account.followup.channels"]
        if not (level and level.has_copies and recipients):
            return none
        if not channels._get(channel)._has_copies:
            return none
        partner = partner.sudo().with_company(self.env.company)
        copies = self.env["account.followup.copy"]
        copied = copies._get_copied(level.sudo(), partner, self._get_contacts(partner))
        reached = self._get_reached(channel, [*recipients, *copied])
        return none.union(*(one for one in reached if one not in recipients))

    @api.model
    def _get_recipients_and_copies(self, partner, channel, items=None, level=None):
        """Return all who get it over a channel, those of ``_get_recipients`` first."""
        recipients = self._get_recipients(partner, channel, items)
        copies = self._get_copies(partner, channel, recipients, level)
        return recipients + copies if copies else recipients

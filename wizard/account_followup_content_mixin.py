from odoo import api, fields, models

from .choice import Choice
from .window_actions import get_window_action
from .window_text import WindowText


class AccountFollowupContentMixin(models.AbstractModel):
    """A window that sends a text to a customer, or a document to several.

    A model that inherits it has the field ``partner_id`` and says what its texts,
    recipients and alerts depend on.
    """

    _name = "account.followup.content.mixin"
    _inherit = "account.followup.wizard.mixin"
    _description = "Send and Print"

    #: What texts, recipients and alerts follow from.
    _text_fields = ()
    _recipient_fields = ()
    _alert_fields = ()
    #: Reads the window.
    _choice_class = Choice
    #: Model with the alerts.
    _alert_model = "account.followup.alert"

    mail_template_id = fields.Many2one(
        "mail.template",
        string="Content Template",
        store=True,
        readonly=False,
        domain="[('model', '=', 'res.partner')]",
    )
    subject = fields.Char(compute="_compute_content", store=True, readonly=False)
    body = fields.Html(compute="_compute_content", store=True, readonly=False)
    # the text as the template gave it: what differs from it was edited by hand
    default_subject = fields.Char()
    default_body = fields.Html()
    # channels of other modules, which have no field of their own: {name: check box}
    other_channels = fields.Json(store=True, readonly=False)
    do_other = fields.Boolean(compute="_compute_recipients")
    # another template was chosen, but the text was edited before
    is_text_kept = fields.Boolean(readonly=True)
    contact_info = fields.Char("Contact", compute="_compute_recipients")
    # counts contacts that were corrected on top of the window, to look at them anew
    contact_changes = fields.Integer()
    alerts = fields.Json(compute="_compute_alerts")

    def _get_choice(self):
        """Return what the window is about and what was ticked in it."""
        self.ensure_one()
        return self._choice_class(self)

    @api.depends(lambda self: self._text_fields)
    def _compute_content(self):
        """Fill the texts from the template; what was edited by hand stays."""
        for wizard in self:
            WindowText(wizard).follow(wizard._get_choice().get_texts())

    def action_use_template(self):
        """Replace what was edited by the texts of the template that is chosen now."""
        self._check_may_act()
        WindowText(self).use(self._get_choice().get_texts())
        return get_window_action(self)

    @api.depends(lambda self: self._recipient_fields)
    def _compute_recipients(self):
        """Say who gets it, and whether by a channel of another module."""
        for wizard in self:
            choice = wizard._get_choice()
            wizard.contact_info = choice.get_contact_info()
            wizard.do_other = not all(map(choice.has_box, choice.ticked))

    @api.depends(lambda self: self._alert_fields)
    def _compute_alerts(self):
        alerts = self.env[self._alert_model]
        for wizard in self:
            wizard.alerts = alerts._get_alerts(wizard._get_choice())

from contextlib import contextmanager
from unittest.mock import patch

import requests

from odoo import SUPERUSER_ID
from odoo.modules import module

from .common import FollowupCommon
from .iap_server import IapServer
from .patience import PATIENCE

_send_request = requests.Session.send

#: They warn of each answer that is none; the text has no language outside of a request.
IAP_LOGGERS = ("odoo.addons.iap.tools.iap_tools", "odoo.tools.translate")


class IapCommon(FollowupCommon):
    """Core's SMS and letters against a stand-in of the remote service, nothing patched.

    ``_run_sms_queue`` and ``_run_letter_queue`` do what core's scheduled actions do.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = IapServer()
        cls.service.start()
        cls.addClassCleanup(cls.service.stop)
        parameters = cls.env["ir.config_parameter"].sudo()
        for name in ("sms", "snailmail"):
            parameters.set_param(f"{name}.endpoint", cls.service.url)
            # else core makes them in a transaction of their own
            cls.env["iap.account"].sudo().get(name)
        cls.country = cls.env.ref("base.us")
        cls.company.country_id = cls.country
        cls.customer.write(
            {"phone": "+12025550122", "zip": "20500", "country_id": cls.country.id}
        )
        cls.env["sms.sms"].sudo().search([]).unlink()
        cls.env["snailmail.letter"].sudo().search([]).unlink()

    def setUp(self):
        super().setUp()
        self.service.reset()

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        """Let a time-out be one, but a short one: Odoo's tests prolong it."""
        if r.url.startswith(cls.service.url):
            timeout = 1 if cls.service.is_silent else PATIENCE
            return _send_request(s, r, **{**kw, "timeout": timeout})
        return super()._request_handler(s, r, **kw)

    @contextmanager
    def _outside_of_tests(self):
        """Give an environment in which core calls remote services, commits included."""
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            with patch.object(module, "current_test", None):
                yield self.env(cr=cr, user=SUPERUSER_ID, context={})

    def _run_queue(self, xmlid):
        with self.mock_mail_gateway(), self._outside_of_tests() as env:
            env.ref(xmlid).ir_actions_server_id.run()
            env.flush_all()

    def _run_sms_queue(self):
        self._run_queue("sms.ir_cron_sms_scheduler_action")

    def _run_letter_queue(self):
        self._run_queue("snailmail.snailmail_print")

    def _get_queued_sms(self):
        return self.env["sms.sms"].sudo().search([("state", "=", "outgoing")])

    def _get_letters(self):
        return self.env["snailmail.letter"].sudo().search([], order="id")

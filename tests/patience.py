"""Limits of waiting: on a busy machine what a test waits for comes late, but comes."""

import time
from unittest.mock import patch

from odoo.tests import common
from odoo.tests.common import ChromeBrowser

#: Seconds. Nobody waits for so long unless something is stuck.
PATIENCE = 600


def wait_until(is_so, what):
    """Return as soon as it is so."""
    for _try in range(PATIENCE * 20):
        if is_so():
            return
        time.sleep(0.05)
    raise TimeoutError(what)


class PatientBrowser(ChromeBrowser):
    """Takes its time over what Odoo expects within seconds."""

    def __init__(self, *args, **kwargs):
        with patch.object(common, "CHECK_BROWSER_ITERATIONS", PATIENCE * 10):
            super().__init__(*args, **kwargs)
        self.throttling_factor = 10

    def _websocket_request(self, method, *, params=None, timeout=10.0):
        timeout = max(timeout, PATIENCE)
        return super()._websocket_request(method, params=params, timeout=timeout)

    def _json_command(self, command, timeout=3):
        return super()._json_command(command, max(timeout, PATIENCE))


class Patience:
    """For a test case, before Odoo's own classes."""

    test_cursor_lock_timeout = PATIENCE

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        return super()._request_handler(s, r, **{**kw, "timeout": PATIENCE})

    def browser_js(self, url_path, code, **kwargs):
        kwargs["timeout"] = max(kwargs.get("timeout", 0), PATIENCE)
        with patch.object(common, "ChromeBrowser", PatientBrowser):
            return super().browser_js(url_path, code, **kwargs)

    def _wait_remaining_requests(self, timeout=PATIENCE):
        return super()._wait_remaining_requests(timeout)

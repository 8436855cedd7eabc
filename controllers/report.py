import json
import logging

import psycopg2

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request
from odoo.tools.misc import html_escape
from odoo.tools.osutil import clean_filename

_logger = logging.getLogger(__name__)

TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class FollowupReportController(http.Controller):
    """The files behind the buttons PDF and XLSX of the reports (F7)."""

    @http.route(
        "/account_payment_followup/report/pdf",
        type="http",
        auth="user",
        methods=["GET", "POST"],
        readonly=True,
    )
    def report_pdf(self, options=None, **_params):
        """Return a report as PDF.

        :param str options: JSON, see ``_normalize_options`` of the report
        """
        return self._make_response("pdf", options)

    @http.route(
        "/account_payment_followup/report/xlsx",
        type="http",
        auth="user",
        methods=["GET", "POST"],
        readonly=True,
    )
    def report_xlsx(self, options=None, **_params):
        """Return a report as XLSX.

        :param str options: JSON, see ``_normalize_options`` of the report
        """
        return self._make_response("xlsx", options)

    def _make_response(self, extension, options):
        """Return the file, or the error in the form that the web client shows."""
        try:
            report = self._get_report()
            render = getattr(report, f"_render_{extension}")
            name, content = render(self._parse_options(options))
        except psycopg2.Error:
            raise  # tried again by the server, where that helps
        except Exception as error:
            return self._make_error(extension, error)
        return request.make_response(
            content,
            headers=[
                ("Content-Type", TYPES[extension]),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(clean_filename(name))),
            ],
        )

    def _make_error(self, extension, error):
        """Return what the web client's ``download`` makes a dialog of.

        What a person did has the status that it has elsewhere, too.
        """
        status = getattr(error, "http_status", 500)
        if isinstance(error, UserError):
            _logger.info("No report as %s: %s", extension, error)
        else:
            _logger.warning("No report as %s", extension, exc_info=True)
        data = {
            "code": 0,
            "message": "Odoo Server Error",
            "data": http.serialize_exception(error),
        }
        return request.make_response(html_escape(json.dumps(data)), status=status)

    def _parse_options(self, options):
        """Return the options; what is no JSON object is refused by the report."""
        try:
            return json.loads(options or "{}")
        except ValueError:
            return options

    def _get_report(self):
        """Return the report in the companies that the user has ticked.

        A company that is not the user's is left out.
        """
        own = request.env.user.company_ids.ids
        ticked = request.cookies.get("cids", "").split("-")
        chosen = [int(one) for one in ticked if one.isdecimal() and int(one) in own]
        if chosen:
            request.update_context(allowed_company_ids=chosen)
        return request.env["account.followup.report"]

import uuid
from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import UserError

from ..tools.pdf_limit import PATIENCE, TIME_LIMIT, Mark, Patience, Watch

#: System parameter: seconds that one call of wkhtmltopdf may take for a letter, an
#: invoice that is attached, or a statement.
TIME_LIMIT_PARAMETER = "account_payment_followup.pdf_time_limit"


class PdfHangsError(UserError):
    """wkhtmltopdf was stopped because it took too long.

    ``partner``: the customer whose document it was, if it was one document.
    """

    partner = None


class PdfPutOffError(UserError):
    """wkhtmltopdf hung so often in this transaction that it is not called any more."""


class IrActionsReport(models.Model):
    """A time limit for the PDF engine, which Odoo waits for without end."""

    _inherit = "ir.actions.report"

    @api.model
    def _get_followup_patience(self):
        """Return a new ``Patience`` with the limit of the system parameter."""
        parameters = self.env["ir.config_parameter"].sudo()
        try:
            seconds = float(parameters.get_param(TIME_LIMIT_PARAMETER) or TIME_LIMIT)
        except ValueError:
            seconds = TIME_LIMIT
        return Patience(seconds if seconds > 0 else TIME_LIMIT)

    @contextmanager
    def _limiting_followup_time(self):
        """Give all PDF that are made inside one time limit together.

        It is kept with the thread, where no client reaches it and no error of a part
        ends it. Inside of another one, that one counts.
        """
        if PATIENCE.get():
            yield
            return
        token = PATIENCE.set(self._get_followup_patience())
        try:
            yield
        finally:
            PATIENCE.reset(token)

    @contextmanager
    def _naming_followup_partner(self, partner):
        """Say of a document that hangs which customer it was for."""
        try:
            yield
        except PdfHangsError as error:
            error.partner = partner
            raise

    @api.model
    def _build_wkhtmltopdf_args(self, *args, **kwargs):
        command = super()._build_wkhtmltopdf_args(*args, **kwargs)
        if self.env.context.get("followup_without_scripts"):
            # of the pages only: a script in the letterhead writes the page numbers
            command += ["--disable-javascript"]
        mark = self.env.context.get("followup_mark")
        if isinstance(mark, Mark):
            # without meaning for a local file; the watch knows the process by it
            command += ["--custom-header", "X-Mark", mark]
        return command

    def _run_wkhtmltopdf(self, bodies, report_ref=False, **kwargs):
        """Convert with a time limit, if there is one, and ours without scripts.

        A letter has a text of people, whose code the engine would run on the server.

        :raise PdfHangsError: it took too long and was ended
        :raise PdfPutOffError: that has happened too often in this transaction
        """
        # EXTENDS 'base'
        kwargs["report_ref"] = report_ref
        if report_ref and self._is_followup_report(report_ref):
            self = self.with_context(followup_without_scripts=True)  # noqa: PLW0642
        patience = PATIENCE.get()
        if not patience:
            return super()._run_wkhtmltopdf(bodies, **kwargs)
        if patience.is_at_end:
            raise PdfPutOffError(
                self.env._(
                    "wkhtmltopdf has hung for others, so it was not tried for this "
                    "customer. The next run tries again."
                )
            )
        watch = Watch(Mark(uuid.uuid4().hex), patience.limit)
        report = self.with_context(followup_mark=watch.mark)
        watch.start()
        try:
            content = super(IrActionsReport, report)._run_wkhtmltopdf(bodies, **kwargs)
        except UserError:
            watch.stop()  # until then it may be about to say that it was its doing
            if not watch.has_killed:
                raise
        finally:
            watch.stop()
        if watch.has_killed:
            self._raise_pdf_hangs(patience)
        return content

    @api.model
    def _is_followup_report(self, report_ref):
        name = self._get_report(report_ref).report_name
        return name.startswith("account_payment_followup.")

    def _raise_pdf_hangs(self, patience):
        seconds = round(patience.limit, 1)
        patience.note_hang()
        raise PdfHangsError(
            self.env._(
                "wkhtmltopdf did not end within %(seconds)s seconds and was stopped. "
                "Ask your administrator to look at it, or to allow more time with the "
                "system parameter %(parameter)s.",
                seconds=f"{seconds:g}",
                parameter=TIME_LIMIT_PARAMETER,
            )
        )

from functools import cached_property

from .choice import Choice


class StatementChoice(Choice):
    """What Send Statements is about: some customers, a period, and what was ticked."""

    @property
    def offered(self):
        # EXTENDS: the channels that take statements
        get = self.channels._get
        return [name for name in super().offered if get(name)._has_statements]

    def get_channels_of_run(self):
        """Return the values of the run that say what is ticked."""
        own = [name for name in self.offered if self.has_box(name)]
        others = [name for name in self.ticked if name not in own]
        return {
            **{f"do_{name}": name in self.ticked for name in own},
            "other_channels": others or False,
        }

    def get_texts(self):
        # EXTENDS: for a single customer, since many get each their own
        window = self.window
        if not (window.partner_id and window.mail_template_id and window.date_to):
            return {"subject": False, "body": False}
        statement = self.env["account.followup.statement"].sudo()
        statement = statement.new(
            {
                "partner_id": window.partner_id.id,
                "company_id": window.company_id.id,
                "date_from": window.date_from,
                "date_to": window.date_to,
            }
        )
        return statement._get_texts(window.mail_template_id)

    @cached_property
    def skip_reasons(self):
        """{customer: why he gets no statement}"""
        runs = self.env["account.followup.statement.run"].sudo()
        run = runs.new(self.window._prepare_run())
        return run._get_skip_reasons(self.partners)

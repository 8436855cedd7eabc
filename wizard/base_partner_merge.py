from odoo import models


class BasePartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Make one follow-up of those of the contacts, in each company (G5).

        A customer has only one there: core would stop at the second.
        """
        # EXTENDS 'base'
        lines = self.env["account.followup.reminder.line"]
        lines._note_doubles(src_partners + dst_partner)
        followups = self.env["account.followup"].sudo()
        followups = followups.search(
            [("partner_id", "in", (src_partners + dst_partner).ids)]
        )
        for mine in followups.grouped("company_id").values():
            kept = mine.filtered(lambda one: one.partner_id == dst_partner) or mine[:1]
            if others := mine - kept:
                kept.write(self._prepare_merged_followup(kept, others))
                others.unlink()
        followups.env.flush_all()
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _prepare_merged_followup(self, kept, others):
        """Return the settings of several follow-ups: the more careful one wins.

        :param kept: the one that stays
        :param others: those that go
        """
        every = kept + others
        manual = "manual" in every.mapped("reminder_type")
        failed = every.sorted(lambda one: (one.failure_count, one == kept))[-1]
        latest = {
            name: max(filter(None, every.mapped(name)), default=False)
            for name in ("next_reminder_date", "retry_date", "last_sent")
        }
        return {
            **latest,
            "reminder_type": "manual" if manual else "automatic",
            "excluded": any(every.mapped("excluded")),
            "statement_opt_out": any(every.mapped("statement_opt_out")),
            "responsible_id": (kept.responsible_id or others.responsible_id[:1]).id,
            "failure_count": failed.failure_count,
            "failure_reason": failed.failure_reason,
        }

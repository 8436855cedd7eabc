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
                kept.write(kept._prepare_merged(others))
                others.unlink()
        followups.env.flush_all()
        return super()._update_foreign_keys(src_partners, dst_partner)

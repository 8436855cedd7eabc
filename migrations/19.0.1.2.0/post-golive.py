"""Companies that send by themselves already have gone live (X4)."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE res_company
           SET followup_start_date = CURRENT_DATE
         WHERE followup_automatic
           AND followup_start_date IS NULL
        """
    )

"""Portal users read no internal notes on invoices, as they read none on contacts."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE ir_rule
           SET domain_force = REPLACE(
                   domain_force,
                   $$('model', '!=', 'res.partner')$$,
                   $$('model', 'not in', ('res.partner', 'account.move'))$$
               )
          FROM ir_model_data data
         WHERE data.module = 'account_payment_followup'
           AND data.name = 'rule_message_portal'
           AND data.model = 'ir.rule'
           AND data.res_id = ir_rule.id
        """
    )

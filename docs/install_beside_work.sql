-- To be run with psql before the module is installed into a database with many journal items in which people work
-- (README, Install it into your Odoo). The columns take an instant. The index is built without a lock that readers or
-- writers would wait for; Odoo finds it when it installs the module, and does not build it again.

SET lock_timeout = '1s';

ALTER TABLE account_move_line
    ADD COLUMN IF NOT EXISTS followup_hold_until date,
    ADD COLUMN IF NOT EXISTS followup_hold_reason varchar,
    ADD COLUMN IF NOT EXISTS expected_payment_date date,
    ADD COLUMN IF NOT EXISTS expected_payment_note varchar;

RESET lock_timeout;

CREATE INDEX CONCURRENTLY IF NOT EXISTS account_move_line_followup_open_idx ON account_move_line
    (account_id, partner_id) INCLUDE (
        id, move_id, company_id, date, date_maturity, invoice_date,
        currency_id, amount_residual, amount_residual_currency,
        no_followup, followup_hold_until, expected_payment_date
    )
    WHERE reconciled IS NOT TRUE
      AND parent_state = 'posted'
      AND (amount_residual_currency <> 0 OR amount_residual <> 0)
      AND partner_id IS NOT NULL;

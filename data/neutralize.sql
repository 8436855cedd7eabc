-- a copy of a database writes to nobody by itself, also when its scheduled actions are
-- switched on again
UPDATE res_company
   SET followup_automatic = false,
       followup_statement_monthly = false;

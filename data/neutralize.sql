-- a copy of a database reminds nobody by itself, also when its scheduled actions are
-- switched on again
UPDATE res_company
   SET followup_automatic = false;

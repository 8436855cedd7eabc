from . import account_followup_wizard_mixin
from . import account_followup_content_mixin
from . import account_followup_call_wizard
from . import account_followup_hold_wizard
from . import account_followup_process_wizard
from . import account_followup_send_wizard
from . import base_partner_merge
from . import account_followup_statement_wizard

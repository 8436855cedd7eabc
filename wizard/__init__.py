from . import account_followup_send_wizard

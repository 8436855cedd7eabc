from . import account_followup_reminder_report

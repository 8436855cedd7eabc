from . import account_followup_reminder_report
from . import account_followup_report
from . import account_followup_report_postings
from . import account_followup_report_aged
from . import account_followup_report_followup
from . import account_followup_report_letter
from . import account_followup_report_list
from . import account_followup_report_dispute

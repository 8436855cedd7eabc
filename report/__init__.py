from . import account_followup_reminder_report
from . import account_followup_report
from . import account_followup_report_options
from . import account_followup_report_query
from . import account_followup_report_row
from . import account_followup_report_postings
from . import account_followup_report_aged
from . import account_followup_report_followup

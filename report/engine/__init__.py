"""What stands behind the reports: plain classes that take a report.

One direction: options → query → rows → document → letter, list, sheet. Of the report
they use what a variant says (`_get_columns`, …); what they share is no model.
"""

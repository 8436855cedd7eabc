from . import hold_page, page, page_payment, page_portal, report
